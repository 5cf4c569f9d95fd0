/* Bytes from a file (replay/inflate.c takes off the compression), cut into lines in blocks of 1 MiB.
 *
 * Blocks that hold lines of the batch stay until the next call; the newest goes on being filled.  What must hold: a
 * line given to the caller lies whole in one block, with padding behind it; a line is searched once, however long. */
#include "replay/reader.h"

#include "core/claim/decode.h"
#include "replay/inflate.h"
#include "replay/options.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES ((size_t)1 << 20)
#define ROOM_LEAST ((size_t)1 << 16)    /* less room than this: a new block */
#define BATCH_BLOCKS 32                 /* blocks one batch may hold */

struct block {
	struct block *older;
	size_t length;
	char data[];
};

struct reader {
	struct inlet inlet;
	size_t limit, capacity;         /* of a line, of a block */
	struct block *current, *spare;  /* current->older: blocks whose lines the last batch still holds */
	size_t blocks;                  /* in the list of current */
	size_t at, searched;            /* in current: next line, and up to where no newline was found */
	int64_t line;
	bool skipping;                  /* the rest of a line that was handed on cut */
	bool prompt;
};

struct reader *
reader_open(const char *path, size_t limit, int *error)
{
	struct reader *reader = memory_get(1, sizeof *reader);
	reader->limit = limit;
	reader->capacity = READ_BYTES + limit + 1;
	*error = inlet_open(&reader->inlet, path);
	if (*error == 0)
		return reader;
	free(reader);
	return NULL;
}

static void
blocks_free(struct block *block)
{
	while (block) {
		struct block *older = block->older;
		free(block);
		block = older;
	}
}

void
reader_close(struct reader *reader)
{
	if (!reader)
		return;
	blocks_free(reader->current);
	blocks_free(reader->spare);
	inlet_close(&reader->inlet);
	free(reader);
}

/* Nothing of the older blocks is wanted any more. */
static void
blocks_recycle(struct reader *reader)
{
	struct block *block = reader->current ? reader->current->older : NULL;
	while (block) {
		struct block *older = block->older;
		block->older = reader->spare;
		reader->spare = block;
		block = older;
	}
	if (reader->current)
		reader->current->older = NULL;
	reader->blocks = reader->current ? 1 : 0;
}

/* A fresh block that begins with the part of a line at the end of the current one. */
static void
block_next(struct reader *reader)
{
	struct block *block = reader->spare, *old = reader->current;
	if (block)
		reader->spare = block->older;
	else
		block = memory_get(1, sizeof *block + reader->capacity + RECORD_PADDING);
	block->length = old ? old->length - reader->at : 0;
	if (block->length)
		memcpy(block->data, old->data + reader->at, block->length);
	block->older = old;
	reader->searched -= reader->at;
	reader->at = 0;
	reader->current = block;
	reader->blocks++;
}

static bool
is_blank(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
			return false;
	return true;
}

/* The next physical line, which is length bytes at reader->at; false: blank. */
static bool
line_take(struct reader *reader, size_t length, struct line *line)
{
	const char *bytes = reader->current->data + reader->at;
	line->number = ++reader->line;
	if (reader->line == 1 && length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
		bytes += 3;
		length -= 3;
	}
	line->bytes = bytes;
	line->length = length <= reader->limit ? length : reader->limit + 1;
	return line->length > reader->limit || !is_blank(bytes, length);
}

/* Lines that lie whole in the current block, and one that is already too long. */
static size_t
lines_cut(struct reader *reader, struct line *lines, size_t count)
{
	struct block *block = reader->current;
	size_t got = 0;
	while (got < count) {
		const char *start = block->data + reader->searched;
		const char *end = memchr(start, '\n', block->length - reader->searched);
		if (!end)
			break;
		size_t next = (size_t)(end - block->data) + 1;
		if (!reader->skipping)
			got += line_take(reader, next - 1 - reader->at, &lines[got]);
		reader->skipping = false;
		reader->at = reader->searched = next;
	}
	if (got == count)
		return got;
	reader->searched = block->length;
	if (!reader->skipping && block->length - reader->at > reader->limit + 3) {      /* 3: a byte order mark */
		got += line_take(reader, block->length - reader->at, &lines[got]);
		reader->skipping = true;
	}
	if (reader->skipping)
		reader->at = block->length;
	return got;
}

static void
start_again(struct reader *reader)
{
	reader->current->length = reader->at = reader->searched = 0;
	reader->line = 0;
	reader->skipping = false;
}

/* More bytes into the current block or a new one; got: lines of this batch that must not be moved. */
static size_t
block_fill(struct reader *reader, size_t got)
{
	struct block *block = reader->current;
	if (got == 0 && reader->at == block->length)
		block->length = reader->at = reader->searched = 0;
	if (reader->capacity - block->length < ROOM_LEAST) {
		block_next(reader);
		if (got == 0)
			blocks_recycle(reader);
		block = reader->current;
	}
	size_t room = reader->capacity - block->length;
	bool again = false;
	size_t bytes = inlet_read(&reader->inlet, block->data + block->length, room < READ_BYTES ? room : READ_BYTES, &again);
	if (again)
		start_again(reader);
	block->length += bytes;
	return bytes;
}

size_t
reader_lines(struct reader *reader, struct line *lines, size_t count)
{
	if (!reader->current)
		block_next(reader);
	blocks_recycle(reader);
	size_t got = lines_cut(reader, lines, count);
	while (got < count && reader->inlet.state == READER_GOING) {
		if (got && (reader->prompt || reader->blocks >= BATCH_BLOCKS))
			break;
		size_t bytes = block_fill(reader, got);
		got += lines_cut(reader, lines + got, count - got);
		if (reader->prompt || (bytes == 0 && reader->inlet.state == READER_GOING))
			break;
	}
	if (got < count && reader->inlet.state == READER_ENDED && !reader->skipping && reader->at < reader->current->length) {
		got += line_take(reader, reader->current->length - reader->at, &lines[got]);
		reader->at = reader->searched = reader->current->length;
	}
	return got;
}

void
reader_prompt(struct reader *reader, bool follow)
{
	reader->prompt = true;
	reader->inlet.prompt = true;
	reader->inlet.follow = follow;
}

enum reader_state
reader_state(const struct reader *reader)
{
	bool waiting = reader->current && reader->at < reader->current->length && !reader->skipping;
	return reader->inlet.state == READER_ENDED && waiting ? READER_GOING : reader->inlet.state;
}

int
reader_error(const struct reader *reader)
{
	return reader->inlet.error;
}

int64_t
reader_line(const struct reader *reader)
{
	return reader->line;
}

uint64_t
reader_bytes(const struct reader *reader)
{
	return reader->inlet.bytes;
}

uint64_t
reader_size(const struct reader *reader)
{
	return reader->inlet.size;
}

void
reader_identity(const struct reader *reader, dev_t *device, ino_t *file)
{
	*device = reader->inlet.device;
	*file = reader->inlet.file;
}

int
reader_descriptor(const struct reader *reader)
{
	return reader->inlet.descriptor;
}
