/* A segment file, little endian: a head of 160 bytes, frames (frame.c), a seal.
 *
 *      0  8  "FWARCHIV"
 *      8  4  format: 1
 *     12  1  cipher: 0 none, 1 AES-256-GCM, 2 SM4-GCM
 *     13  1  level of zstd
 *     14  2  0
 *     16  8  position of the first entry, the same as in the file's name
 *     24  8  id of the chain key: the first 8 bytes of its SHA-256
 *     32  8  id of the cipher key, 0 without cipher
 *     40 16  salt, 0 without cipher
 *     56  8  largest event time of all entries before, INT64_MIN: none
 *     64 32  chain after the seal of the segment before, 0 at position 0
 *     96 32  chain after the last entry of the segment before, 0 at position 0
 *    128 24  0
 *    152  8  checksum: XXH3 of bytes 0 .. 151 */
#include "core/archive/segment.h"

#include "core/archive/bytes.h"
#include "core/base/digest.h"
#include "core/base/hash.h"

#include <stdarg.h>

#define MAGIC "FWARCHIV"
#define HEAD_CHECKED 152

void
segment_head_write(const struct segment_head *head, uint8_t bytes[SEGMENT_HEAD])
{
	memset(bytes, 0, SEGMENT_HEAD);
	memcpy(bytes, MAGIC, 8);
	put32(bytes + 8, SEGMENT_FORMAT);
	bytes[12] = (uint8_t)head->cipher;
	bytes[13] = (uint8_t)head->level;
	put64(bytes + 16, head->first);
	memcpy(bytes + 24, head->chain_key_id, KEY_ID_BYTES);
	memcpy(bytes + 32, head->cipher_key_id, KEY_ID_BYTES);
	memcpy(bytes + 40, head->salt, SALT_BYTES);
	put64(bytes + 56, (uint64_t)head->newest_event);
	memcpy(bytes + 64, head->chain, CHAIN_BYTES);
	memcpy(bytes + 96, head->entry_chain, CHAIN_BYTES);
	put64(bytes + HEAD_CHECKED, hash64(bytes, HEAD_CHECKED));
}

bool
segment_head_read(const uint8_t bytes[SEGMENT_HEAD], struct segment_head *head)
{
	*head = (struct segment_head){
		.first = get64(bytes + 16),
		.cipher = (enum archive_cipher)bytes[12],
		.level = (int8_t)bytes[13],
		.newest_event = (int64_t)get64(bytes + 56),
	};
	memcpy(head->chain_key_id, bytes + 24, KEY_ID_BYTES);
	memcpy(head->cipher_key_id, bytes + 32, KEY_ID_BYTES);
	memcpy(head->salt, bytes + 40, SALT_BYTES);
	memcpy(head->chain, bytes + 64, CHAIN_BYTES);
	memcpy(head->entry_chain, bytes + 96, CHAIN_BYTES);
	return memcmp(bytes, MAGIC, 8) == 0 && get32(bytes + 8) == SEGMENT_FORMAT && bytes[12] <= CIPHER_SM4_GCM
	    && get64(bytes + HEAD_CHECKED) == hash64(bytes, HEAD_CHECKED);
}

void
segment_chain(const uint8_t key[ARCHIVE_KEY_BYTES], const struct segment_head *head, uint8_t chain[CHAIN_BYTES])
{
	uint8_t bytes[SEGMENT_HEAD];
	segment_head_write(head, bytes);
	memcpy(chain, head->chain, CHAIN_BYTES);
	chain_next(key, chain, bytes, sizeof bytes);
}

/* ---- telling ---- */

void
tell(struct diags *diags, const char *file, const char *zh, const char *en)
{
	if (diags)
		diag_add(diags, DIAG_ERROR, file, 0, 0, 1, NULL, zh, en, NULL, NULL);
}

const char *
say(struct diags *diags, const char *format, ...)
{
	if (!diags)
		return "";
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return arena_copy(&diags->arena, text, strlen(text));
}

void
tell_errno(struct diags *diags, const char *file, const char *zh, const char *en, int error)
{
	tell(diags, file, say(diags, "%s：%s", zh, strerror(error)), say(diags, "%s: %s", en, strerror(error)));
}
