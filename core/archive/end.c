/* DIR/end says that entries below a position were there, with that chain: written at every seal and at archive_close, so that
 * an archive that lost its newest frames while it lay is found out.  Little endian:
 *
 *      0  8  "FWEND  1"
 *      8  8  position
 *     16 32  chain after the entries below it
 *     48 32  HMAC-SHA-256(chain key, bytes 0 .. 47) */
#include "core/archive/writer.h"

#include "core/archive/bytes.h"
#include "core/archive/store.h"
#include "core/base/digest.h"

#include <errno.h>

#define MAGIC "FWEND  1"
#define END_BYTES 80
#define END_KEYED 48

static void
end_path(const char *dir, char path[PATH_BYTES])
{
	path_join(path, dir, "end");
}

int
end_write(const char *dir, const uint8_t key[ARCHIVE_KEY_BYTES], uint64_t position, const uint8_t chain[CHAIN_BYTES])
{
	char path[PATH_BYTES];
	uint8_t bytes[END_BYTES];
	end_path(dir, path);
	memcpy(bytes, MAGIC, 8);
	put64(bytes + 8, position);
	memcpy(bytes + 16, chain, CHAIN_BYTES);
	hmac_sha256(key, ARCHIVE_KEY_BYTES, bytes, END_KEYED, bytes + END_KEYED);
	return store_file(path, (struct slice){(const char *)bytes, sizeof bytes}, true);
}

enum end_state
end_read(const char *dir, const uint8_t key[ARCHIVE_KEY_BYTES], uint64_t *position, uint8_t chain[CHAIN_BYTES])
{
	char path[PATH_BYTES];
	struct buffer bytes = {0};
	uint8_t keyed[DIGEST_BYTES];
	end_path(dir, path);
	int error = store_read(path, &bytes);
	const uint8_t *at = (const uint8_t *)bytes.data;
	enum end_state state = error == ENOENT ? END_NONE : END_BAD;
	if (!error && bytes.length == END_BYTES && memcmp(at, MAGIC, 8) == 0) {
		hmac_sha256(key, ARCHIVE_KEY_BYTES, at, END_KEYED, keyed);
		*position = get64(at + 8);
		memcpy(chain, at + 16, CHAIN_BYTES);
		if (memcmp(keyed, at + END_KEYED, DIGEST_BYTES) == 0)
			state = END_GOOD;
	}
	buffer_free(&bytes);
	return state;
}
