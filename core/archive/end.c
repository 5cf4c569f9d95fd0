/* DIR/end says that entries below a position were there, with that chain: written at every seal and at archive_close, so that
 * an archive that lost its newest frames while it lay is found out.  Little endian:
 *
 *      0  8  "FWEND  1"
 *      8  8  position
 *     16 32  chain after the entries below it
 *     48 32  HMAC-SHA-256(chain key, bytes 0 .. 47)
 *
 * DIR/start says that segments before a position may be gone: written by archive_prune before it removes any, so that a lost
 * segment is not taken for a pruned one.  It has no key: whoever may prune may write it.
 *
 *      0  8  "FWSTART1"
 *      8  8  position
 *     16  8  checksum: XXH3 of bytes 0 .. 15 */
#include "core/archive/segment.h"

#include "core/archive/bytes.h"
#include "core/archive/store.h"
#include "core/base/digest.h"
#include "core/base/hash.h"

#include <errno.h>

#define MAGIC "FWEND  1"
#define END_BYTES 80
#define END_KEYED 48
#define START_MAGIC "FWSTART1"
#define START_BYTES 24

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

uint64_t
archive_least_end(const char *dir, const struct archive_options *keys)
{
	uint64_t position;
	uint8_t chain[CHAIN_BYTES];
	return end_read(dir, chain_key(keys), &position, chain) == END_GOOD ? position : 0;
}

int
start_write(const char *dir, uint64_t position)
{
	char path[PATH_BYTES];
	uint8_t bytes[START_BYTES];
	path_join(path, dir, "start");
	memcpy(bytes, START_MAGIC, 8);
	put64(bytes + 8, position);
	put64(bytes + 16, hash64(bytes, 16));
	return store_file(path, (struct slice){(const char *)bytes, sizeof bytes}, true);
}

uint64_t
start_read(const char *dir)
{
	char path[PATH_BYTES];
	struct buffer bytes = {0};
	uint64_t position = 0;
	path_join(path, dir, "start");
	bool good = store_read(path, &bytes) == 0 && bytes.length == START_BYTES && memcmp(bytes.data, START_MAGIC, 8) == 0
	    && get64((const uint8_t *)bytes.data + 16) == hash64(bytes.data, 16);
	if (good)
		position = get64((const uint8_t *)bytes.data + 8);
	buffer_free(&bytes);
	return position;
}
