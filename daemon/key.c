/* See key.h. */
#include "daemon/key.h"

#include "core/base/pseudonym.h"

#include <errno.h>

static bool
refuse(struct diags *diags, const char *path, const char *zh, const char *en)
{
	diag_add(diags, DIAG_ERROR, path, 0, 0, 1, NULL, zh, en, NULL, NULL);
	return false;
}

bool
key_read(struct key *key, const char *path, struct diags *diags)
{
	char text[sizeof key->bytes + 2];
	size_t length = 0;
	if (!path[0]) {
		length = strlen(PSEUDONYM_DEFAULT_KEY);
		memcpy(text, PSEUDONYM_DEFAULT_KEY, length);
	} else {
		FILE *file = fopen(path, "rbe");
		if (!file)
			return refuse(diags, path, arena_printf(&diags->arena, "读不了假名密钥文件：%s", strerror(errno)),
			    arena_printf(&diags->arena, "cannot read the file of the pseudonym key: %s", strerror(errno)));
		length = fread(text, 1, sizeof text, file);
		fclose(file);
	}
	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	if (!length || length > sizeof key->bytes)
		return refuse(diags, path, "假名密钥要 1 到 1024 个字节", "the pseudonym key has 1 to 1,024 bytes");
	memcpy(key->bytes, text, length);
	key->length = length;
	return true;
}
