/* Reading from a position on.  A frame is unpacked into a block of its own; entries point into it until the caller lets go. */
#include "core/archive/code.h"
#include "core/archive/index.h"

#include "core/base/memory.h"
#include "core/base/pack.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)2 << 20)

struct block {                          /* the entries of some frames, RECORD_PADDING zero bytes behind those of each */
	struct block *next;
	size_t capacity, length;
	char bytes[];
};

struct archive_reader {
	char *dir;
	struct archive_options keys;
	struct diags *diags;
	uint64_t from;                  /* entries before it are passed over */
	uint64_t position;              /* of the next entry */
	uint64_t start, skipped;        /* segment that reading began in, and bytes of it that were passed over */
	uint64_t bytes;                 /* read so far */
	struct walk walk;               /* descriptor -1: between segments */
	struct segment_head head;
	char path[PATH_BYTES];
	struct cipher *cipher;
	struct unpacker *unpacker;
	struct coder *coder;
	bool in_stream;                 /* a BEGIN frame was met in this segment */
	bool is_damaged;
	struct buffer opened;           /* a payload that was encrypted */
	struct block *used, *spare;     /* used: newest first; its first one is being read */
	struct slice left;              /* of the frame's entries */
	uint32_t entries_left;
};

static enum archive_step
damaged(struct archive_reader *reader, uint64_t byte, const char *zh, const char *en)
{
	struct diags *diags = reader->diags;
	if (!reader->is_damaged)
		tell(diags, reader->path, say(diags, "档案已损坏：第 %llu 条、第 %llu 字节处%s", (unsigned long long)reader->position,
		    (unsigned long long)byte, zh), say(diags, "the archive is damaged: at position %llu, byte %llu: %s",
		    (unsigned long long)reader->position, (unsigned long long)byte, en));
	reader->is_damaged = true;
	return ARCHIVE_DAMAGED;
}

/* ---- blocks ---- */

/* Room for the entries of one frame, zero bytes behind it. */
static char *
block_get(struct archive_reader *reader, size_t bytes)
{
	struct block *block = reader->used;
	size_t room = bytes + RECORD_PADDING;
	if (!block || block->capacity - block->length < room) {
		block = reader->spare;
		if (block)
			reader->spare = block->next;
		if (!block || block->capacity < room) {
			size_t capacity = room > BLOCK_BYTES ? room : BLOCK_BYTES;
			free(block);
			block = memory_resize(NULL, sizeof *block + capacity);
			block->capacity = capacity;
		}
		block->length = 0;
		block->next = reader->used;
		reader->used = block;
	}
	char *at = block->bytes + block->length;
	memset(at + bytes, 0, RECORD_PADDING);
	block->length += room;
	return at;
}

static void
blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
}

void
archive_recycle(struct archive_reader *reader)
{
	struct block *keep = reader->entries_left ? reader->used : NULL, *block = keep ? keep->next : reader->used;
	while (block) {
		struct block *next = block->next;
		block->next = reader->spare;
		reader->spare = block;
		block = next;
	}
	reader->used = keep;
	if (keep)
		keep->next = NULL;
}

/* ---- frames ---- */

static bool
payload_open(struct archive_reader *reader, const struct frame *frame, const uint8_t *bytes, struct slice *payload)
{
	*payload = (struct slice){(const char *)bytes + FRAME_HEAD, frame->payload};
	if (!reader->cipher)
		return true;
	uint8_t nonce[CIPHER_NONCE_BYTES];
	frame_nonce(frame, nonce);
	reader->opened.length = 0;
	buffer_reserve(&reader->opened, frame->payload + 1);
	if (!cipher_unseal(reader->cipher, nonce, frame_beside(bytes), payload->data, payload->length, reader->opened.data))
		return false;
	*payload = (struct slice){reader->opened.data, frame->payload - CIPHER_TAG_BYTES};
	return true;
}

static enum archive_step
frame_open(struct archive_reader *reader, const struct frame *frame, const uint8_t *bytes)
{
	uint64_t byte = reader->walk.at - frame_bytes(frame);
	struct slice payload;
	if (frame->flags & FRAME_BEGIN) {
		unpacker_begin(reader->unpacker);
		coder_begin(reader->coder);
		reader->in_stream = true;
	}
	if (!reader->in_stream)
		return damaged(reader, byte, "流没有开头", "a stream has no beginning");
	if (!payload_open(reader, frame, bytes, &payload))
		return damaged(reader, byte, "密文与密钥不符", "the encrypted bytes do not fit the key");
	char *raw = block_get(reader, frame->raw);
	if (!unpacker_exact(reader->unpacker, payload.data, payload.length, raw, frame->raw))
		return damaged(reader, byte, "解压失败", "the packed bytes cannot be unpacked");
	reader->left = (struct slice){raw, frame->raw};
	reader->entries_left = frame->entries;
	reader->bytes += frame_bytes(frame);
	return ARCHIVE_ENTRY;
}

/* ---- segments ---- */

static void
segment_leave(struct archive_reader *reader)
{
	segment_close(&reader->walk);
	cipher_close(reader->cipher);
	reader->cipher = NULL;
	reader->in_stream = false;
}

/* Is there a segment behind the position? */
static bool
goes_on_behind(const struct archive_reader *reader, uint64_t position)
{
	struct segment_files files;
	bool behind = segment_files_read(reader->dir, &files) == 0 && files.count && files.file[files.count - 1].first > position;
	segment_files_free(&files);
	return behind;
}

/* The segment whose first entry is due.  END: it is not there yet. */
static enum archive_step
segment_enter(struct archive_reader *reader, uint64_t first)
{
	bool has_head;
	enum archive_failure failure;
	segment_path(reader->dir, first, ".fwa", reader->path);
	int error = segment_open(&reader->walk, reader->path, &reader->head, &has_head);
	if (error == ENOENT && !goes_on_behind(reader, first))
		return ARCHIVE_END;
	if (error) {
		tell_errno(reader->diags, reader->path, "读不了档案的段", "cannot read a segment of the archive", error);
		reader->is_damaged = true;
		return ARCHIVE_DAMAGED;
	}
	if (!has_head) {
		bool behind = goes_on_behind(reader, first);
		segment_close(&reader->walk);
		return behind ? damaged(reader, 0, "段首不完整", "the head of the segment is not whole") : ARCHIVE_END;
	}
	if (reader->head.first != first)
		return damaged(reader, 0, "段首与文件名不符", "the head is not that of the file's name");
	reader->cipher = segment_cipher(&reader->keys, &reader->head, reader->path, &failure, reader->diags);
	reader->is_damaged |= failure != ARCHIVE_FINE;
	return failure ? ARCHIVE_DAMAGED : ARCHIVE_ENTRY;
}

/* No whole frame follows: not yet written, or damage? */
static enum archive_step
tail_judge(struct archive_reader *reader, enum walk_step step)
{
	struct frame frame;
	const uint8_t *bytes;
	if (reader->walk.error) {
		tell_errno(reader->diags, reader->path, "读不了档案的段", "cannot read a segment of the archive", reader->walk.error);
		reader->is_damaged = true;
		return ARCHIVE_DAMAGED;
	}
	bool is_wrong = goes_on_behind(reader, reader->head.first) || (step == WALK_TORN && walk_was_synced(&reader->walk));
	if (!is_wrong)
		return ARCHIVE_END;
	/* The writer may have come by in between. */
	uint64_t at = reader->walk.at, position = reader->walk.position;
	uint32_t number = reader->walk.number;
	if (walk_next(&reader->walk, &frame, &bytes) != WALK_FRAME)
		return damaged(reader, at, "这里没有完整的帧", "no whole frame stands here");
	walk_to(&reader->walk, at, number, position);
	return ARCHIVE_ENTRY;
}

/* Makes the next frame's entries ready. */
static enum archive_step
frame_next(struct archive_reader *reader)
{
	struct frame frame;
	const uint8_t *bytes;
	for (;;) {
		enum archive_step state = reader->walk.descriptor < 0 ? segment_enter(reader, reader->position) : ARCHIVE_ENTRY;
		if (state != ARCHIVE_ENTRY)
			return state;
		enum walk_step step = walk_next(&reader->walk, &frame, &bytes);
		if (step != WALK_FRAME) {
			state = tail_judge(reader, step);
			if (state != ARCHIVE_ENTRY)
				return state;
			continue;
		}
		if (!(frame.flags & FRAME_SEAL))
			return frame_open(reader, &frame, bytes);
		reader->bytes += frame_bytes(&frame);
		segment_leave(reader);
	}
}

enum archive_step
archive_reader_next(struct archive_reader *reader, struct entry *entry)
{
	for (;;) {
		if (reader->is_damaged)
			return ARCHIVE_DAMAGED;
		if (!reader->entries_left) {
			enum archive_step step = frame_next(reader);
			if (step != ARCHIVE_ENTRY)
				return step;
		}
		if (!coder_take(reader->coder, &reader->left, entry) || (reader->entries_left == 1 && reader->left.length))
			return damaged(reader, reader->walk.at, "条目无法解码", "an entry cannot be decoded");
		entry->position = reader->position++;
		reader->entries_left--;
		if (entry->position >= reader->from)
			return ARCHIVE_ENTRY;
	}
}

/* ---- opening, progress ---- */

/* To the stream that holds reader->from. */
static enum archive_failure
seek(struct archive_reader *reader)
{
	struct segment_files files;
	struct diags *diags = reader->diags;
	int error = segment_files_read(reader->dir, &files);
	if (error) {
		tell_errno(diags, reader->dir, "读不了档案目录", "cannot read the folder of the archive", error);
		return ARCHIVE_SYSTEM;
	}
	int64_t number = segment_files_find(&files, reader->from);
	if (files.count && number < 0) {
		tell(diags, reader->dir, say(diags, "第 %llu 条以前的条目已经清除", (unsigned long long)files.file[0].first),
		    say(diags, "the entries before position %llu have been pruned", (unsigned long long)files.file[0].first));
		segment_files_free(&files);
		return ARCHIVE_BROKEN;
	}
	struct segment_file file = number >= 0 ? files.file[number] : (struct segment_file){0};
	bool is_last = number + 1 == (int64_t)files.count;
	segment_files_free(&files);
	reader->start = reader->position = file.first;
	enum archive_step step = segment_enter(reader, file.first);
	if (step == ARCHIVE_DAMAGED)
		return reader->head.cipher != CIPHER_NONE && !reader->cipher ? ARCHIVE_KEY : ARCHIVE_BROKEN;
	if (step == ARCHIVE_ENTRY && !(is_last && reader->from == file.first)) {
		index_seek(&reader->walk, reader->dir, &file, reader->from);
		reader->position = reader->walk.position;
		reader->skipped = reader->walk.at - SEGMENT_HEAD;
	}
	return ARCHIVE_FINE;
}

struct archive_reader *
archive_read(const char *dir, const struct archive_options *keys, uint64_t from, enum archive_failure *failure, struct diags *diags)
{
	struct archive_reader *reader = memory_resize(NULL, sizeof *reader);
	*reader = (struct archive_reader){.dir = strdup(dir), .diags = diags, .from = from, .walk = {.descriptor = -1}};
	if (!reader->dir)
		abort();
	if (keys)
		reader->keys = *keys;
	reader->unpacker = unpacker_open();
	reader->coder = coder_open();
	*failure = seek(reader);
	if (*failure == ARCHIVE_FINE)
		return reader;
	archive_reader_free(reader);
	return NULL;
}

void
archive_reader_free(struct archive_reader *reader)
{
	if (!reader)
		return;
	segment_leave(reader);
	blocks_free(reader->used);
	blocks_free(reader->spare);
	buffer_free(&reader->opened);
	unpacker_close(reader->unpacker);
	coder_close(reader->coder);
	free(reader->dir);
	free(reader);
}

uint64_t
archive_reader_bytes(const struct archive_reader *reader)
{
	return reader->bytes;
}

uint64_t
archive_reader_total(const struct archive_reader *reader)
{
	struct segment_files files;
	uint64_t bytes = 0;
	if (segment_files_read(reader->dir, &files) != 0)
		return 0;
	for (size_t i = 0; i < files.count; i++)
		bytes += files.file[i].first >= reader->start ? files.file[i].bytes : 0;
	segment_files_free(&files);
	return bytes > reader->skipped ? bytes - reader->skipped : 0;
}
