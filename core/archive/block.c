/* A snapshot's file, little endian.  First what it is:
 *
 *      0  8  checksum: XXH3 of the bytes behind it, up to 64
 *      8  4  "FWSN"
 *     12  4  format
 *     16  4  cipher: enum archive_cipher
 *     20  4  0
 *     24  8  position
 *     32  8  which key: the first bytes of SHA-256 over it; 0 when not encrypted
 *     40 16  salt: the snapshot's own key is HMAC-SHA-256(key, "fundwatch snap.", 0, salt); 0 when not encrypted
 *     56  8  0
 *
 * then blocks, numbered from 0: one head, as much state as there is, one end.
 *
 *      0  8  checksum: XXH3 of everything behind it in the block
 *      8  4  number
 *     12  4  kind: 1 head, 2 state, 3 end
 *     16  4  bytes unpacked
 *     20  4  bytes of the payload
 *     24     payload: one zstd frame, then encrypted (nonce: number, 0; bound to bytes 8 .. 24; tag of 16 bytes at its end)
 *
 * The end holds the number of the blocks before it, their bytes unpacked, and XXH3 over their checksums, each hashed with
 * what was there before.  Behind it is nothing. */
#include "core/archive/block.h"

#include "core/archive/bytes.h"
#include "core/base/digest.h"
#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/step.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC 0x4E535746u                       /* "FWSN" */
#define PREFIX_BYTES 64
#define HEAD_BYTES 24
#define END_BYTES 20
#define CHECKED 8                               /* the checksum covers all from here on */
#define LEVEL (-1)                            /* of zstd: loads a seventh faster than 1 and takes a sixteenth more room */

static struct cipher *
snapshot_cipher(enum archive_cipher cipher, const uint8_t archive_key[ARCHIVE_KEY_BYTES], const uint8_t salt[SALT_BYTES])
{
	uint8_t key[CIPHER_KEY_BYTES], label[16 + SALT_BYTES] = "fundwatch snap.";
	memcpy(label + 16, salt, SALT_BYTES);
	hmac_sha256(archive_key, ARCHIVE_KEY_BYTES, label, sizeof label, key);
	return cipher_open(cipher_name(cipher), key);
}

static void
block_nonce(uint32_t number, uint8_t nonce[CIPHER_NONCE_BYTES])
{
	memset(nonce, 0, CIPHER_NONCE_BYTES);
	put32(nonce, number);
}

/* The checksum of all checksums so far. */
static uint64_t
total_next(uint64_t total, uint64_t checksum)
{
	uint8_t bytes[16];
	put64(bytes, total);
	put64(bytes + 8, checksum);
	return hash64(bytes, sizeof bytes);
}

/* ---- writing ---- */

static void
put(struct block_writer *writer, const void *bytes, size_t length)
{
	if (writer->error)
		return;
	writer->error = write_at(writer->descriptor, bytes, length, writer->at);
	writer->at += length;
}

void
block_writer_open(struct block_writer *writer, int descriptor, uint64_t position, const struct archive_options *keys)
{
	uint8_t prefix[PREFIX_BYTES] = {0};
	enum archive_cipher cipher = keys ? keys->cipher : CIPHER_NONE;
	*writer = (struct block_writer){.descriptor = descriptor, .packer = packer_open(LEVEL)};
	put32(prefix + 8, MAGIC);
	put32(prefix + 12, SNAPSHOT_FORMAT);
	put32(prefix + 16, cipher);
	put64(prefix + 24, position);
	if (cipher != CIPHER_NONE) {
		key_id(keys->cipher_key, prefix + 32);
		cipher_random(prefix + 40, SALT_BYTES);
		writer->cipher = snapshot_cipher(cipher, keys->cipher_key, prefix + 40);
		if (!writer->cipher)
			writer->error = ENOTSUP;
	}
	put64(prefix, hash64(prefix + CHECKED, PREFIX_BYTES - CHECKED));
	put(writer, prefix, sizeof prefix);
}

void
block_write(struct block_writer *writer, enum block_kind kind, const void *bytes, size_t length)
{
	struct buffer *block = &writer->block;
	uint8_t nonce[CIPHER_NONCE_BYTES];
	if (writer->error)
		return;
	step("snapshot_write");
	block->length = 0;
	buffer_reserve(block, HEAD_BYTES);
	block->length = HEAD_BYTES;
	packer_whole(writer->packer, bytes, length, block);
	buffer_reserve(block, CIPHER_TAG_BYTES);
	size_t packed = block->length - HEAD_BYTES;
	uint8_t *head = (uint8_t *)block->data;
	put32(head + 8, writer->number);
	put32(head + 12, kind);
	put32(head + 16, (uint32_t)length);
	put32(head + 20, (uint32_t)(packed + (writer->cipher ? CIPHER_TAG_BYTES : 0)));
	if (writer->cipher) {
		block_nonce(writer->number, nonce);
		cipher_seal(writer->cipher, nonce, (struct slice){block->data + CHECKED, HEAD_BYTES - CHECKED}, head + HEAD_BYTES, packed, head + HEAD_BYTES);
		block->length += CIPHER_TAG_BYTES;
	}
	uint64_t checksum = hash64(head + CHECKED, block->length - CHECKED);
	put64(head, checksum);
	writer->total = total_next(writer->total, checksum);
	writer->raw += length;
	writer->number++;
	put(writer, block->data, block->length);
}

void
block_write_state(void *context, const void *bytes, size_t length)
{
	struct block_writer *writer = context;
	while (length && !writer->error) {
		size_t room = BLOCK_RAW_BYTES - writer->state.length, more = length < room ? length : room;
		buffer_add(&writer->state, bytes, more);
		bytes = (const char *)bytes + more;
		length -= more;
		if (writer->state.length < BLOCK_RAW_BYTES)
			continue;
		block_write(writer, BLOCK_STATE, writer->state.data, writer->state.length);
		writer->state.length = 0;
	}
}

int
block_writer_close(struct block_writer *writer)
{
	uint8_t end[END_BYTES];
	if (writer->state.length)
		block_write(writer, BLOCK_STATE, writer->state.data, writer->state.length);
	put32(end, writer->number);
	put64(end + 4, writer->raw);
	put64(end + 12, writer->total);
	block_write(writer, BLOCK_END, end, sizeof end);
	packer_close(writer->packer);
	cipher_close(writer->cipher);
	buffer_free(&writer->state);
	buffer_free(&writer->block);
	return writer->error;
}

/* ---- reading ---- */

static bool
fails(struct block_reader *reader, enum block_wrong wrong)
{
	if (reader->wrong == BLOCK_FINE)
		reader->wrong = wrong;
	return false;
}

/* All the bytes; false: the file ends before or cannot be read. */
static bool
get(struct block_reader *reader, void *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = read(reader->descriptor, (char *)bytes + done, length - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			reader->error = errno;
		if (got <= 0)
			return fails(reader, got < 0 ? BLOCK_SYSTEM : BLOCK_DAMAGED);
		done += (size_t)got;
	}
	return true;
}

static bool
prefix_read(struct block_reader *reader, uint64_t position, const struct archive_options *keys)
{
	uint8_t prefix[PREFIX_BYTES], id[KEY_ID_BYTES] = {0};
	if (!get(reader, prefix, sizeof prefix))
		return false;
	if (get32(prefix + 8) != MAGIC || get32(prefix + 12) != SNAPSHOT_FORMAT)
		return fails(reader, BLOCK_FORMAT);
	uint32_t cipher = get32(prefix + 16);
	if (get64(prefix) != hash64(prefix + CHECKED, PREFIX_BYTES - CHECKED) || get64(prefix + 24) != position || cipher > CIPHER_SM4_GCM)
		return fails(reader, BLOCK_DAMAGED);
	if (cipher == CIPHER_NONE)
		return true;
	if (keys)
		key_id(keys->cipher_key, id);
	if (!keys || memcmp(id, prefix + 32, KEY_ID_BYTES) != 0)
		return fails(reader, BLOCK_KEY);
	reader->cipher = snapshot_cipher((enum archive_cipher)cipher, keys->cipher_key, prefix + 40);
	return reader->cipher || fails(reader, BLOCK_KEY);
}

void
block_reader_open(struct block_reader *reader, int descriptor, uint64_t position, const struct archive_options *keys)
{
	*reader = (struct block_reader){.descriptor = descriptor, .unpacker = unpacker_open()};
	prefix_read(reader, position, keys);
}

static void
room_for(struct block *block, size_t bytes)
{
	if (block->room >= bytes)
		return;
	block->raw = memory_resize(block->raw, bytes);
	block->room = bytes;
}

static bool
payload_unpack(struct block_reader *reader, const uint8_t *head, size_t payload, struct block *block)
{
	uint8_t nonce[CIPHER_NONCE_BYTES];
	char *bytes = reader->packed.data + HEAD_BYTES;
	block->length = get32(head + 16);
	room_for(block, block->length + 1);
	if (reader->cipher) {
		block_nonce(reader->number, nonce);
		if (!cipher_unseal(reader->cipher, nonce, (struct slice){(const char *)head + CHECKED, HEAD_BYTES - CHECKED}, bytes, payload, bytes))
			return false;
		payload -= CIPHER_TAG_BYTES;
	}
	return unpacker_whole(reader->unpacker, bytes, payload, block->raw, block->length);
}

static bool
end_fits(const struct block_reader *reader, const struct block *block)
{
	const uint8_t *end = (const uint8_t *)block->raw;
	return block->length == END_BYTES && get32(end) == reader->number && get64(end + 4) == reader->raw && get64(end + 12) == reader->total;
}

/* One block from the file into `ahead`; on whatever thread. */
static bool
block_make(struct block_reader *reader)
{
	struct block *block = &reader->ahead;
	block->kind = 0;
	buffer_reserve(&reader->packed, HEAD_BYTES);
	reader->packed.length = 0;
	if (reader->wrong != BLOCK_FINE || !get(reader, reader->packed.data, HEAD_BYTES))
		return false;
	uint8_t head[HEAD_BYTES];
	memcpy(head, reader->packed.data, sizeof head);
	uint32_t kind = get32(head + 12), raw = get32(head + 16), payload = get32(head + 20);
	if (get32(head + 8) != reader->number || kind < BLOCK_HEAD || kind > BLOCK_END || raw > BLOCK_RAW_MOST || payload > BLOCK_RAW_MOST)
		return fails(reader, BLOCK_DAMAGED);
	reader->packed.length = HEAD_BYTES;
	buffer_reserve(&reader->packed, payload);
	if (!get(reader, reader->packed.data + HEAD_BYTES, payload))
		return false;
	if (hash64(reader->packed.data + CHECKED, HEAD_BYTES - CHECKED + payload) != get64(head) || !payload_unpack(reader, head, payload, block))
		return fails(reader, BLOCK_DAMAGED);
	if (kind == BLOCK_END && !end_fits(reader, block))
		return fails(reader, BLOCK_DAMAGED);
	block->kind = (enum block_kind)kind;
	reader->total = total_next(reader->total, get64(head));
	reader->raw += raw;
	reader->number++;
	return true;
}

static void
work(void *reader)
{
	block_make(reader);
}

/* With a helper: what it made is taken, and it begins with the one behind it. */
bool
block_next(struct block_reader *reader)
{
	const struct snapshot_helper *helper = reader->helper;
	if (reader->begun)
		helper->finish(helper->context);
	else
		block_make(reader);
	reader->begun = false;
	struct block made = reader->ahead;
	reader->ahead = reader->ready;
	reader->ready = made;
	reader->taken = 0;
	if (reader->wrong != BLOCK_FINE || made.kind == 0)
		return false;
	if (helper && made.kind != BLOCK_END) {
		reader->begun = true;
		helper->begin(helper->context, work, reader);
	}
	return true;
}

bool
block_read_state(void *context, void *bytes, size_t length)
{
	struct block_reader *reader = context;
	while (length) {
		size_t left = reader->ready.kind == BLOCK_STATE ? reader->ready.length - reader->taken : 0;
		if (left == 0) {
			if (!block_next(reader) || reader->ready.kind != BLOCK_STATE)
				return false;
			continue;
		}
		size_t more = length < left ? length : left;
		memcpy(bytes, reader->ready.raw + reader->taken, more);
		bytes = (char *)bytes + more;
		reader->taken += more;
		length -= more;
	}
	return true;
}

bool
block_reader_ended(struct block_reader *reader)
{
	char behind;
	bool all = reader->ready.kind != BLOCK_STATE || reader->taken == reader->ready.length;
	if (!all || !block_next(reader) || reader->ready.kind != BLOCK_END || read(reader->descriptor, &behind, 1) != 0)
		return fails(reader, BLOCK_DAMAGED);
	return true;
}

void
block_reader_close(struct block_reader *reader)
{
	if (reader->begun)
		reader->helper->finish(reader->helper->context);
	unpacker_close(reader->unpacker);
	cipher_close(reader->cipher);
	buffer_free(&reader->packed);
	free(reader->ready.raw);
	free(reader->ahead.raw);
	close(reader->descriptor);
}
