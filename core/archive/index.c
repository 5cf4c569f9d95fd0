/* An index file, little endian:
 *
 *      0  8  "FWINDEX1"
 *      8  8  position of the segment's first entry
 *     16  8  position behind its last entry
 *     24  8  bytes of the segment's file
 *     32  8  points
 *     40  8  sources; 2^64 - 1: not known
 *     48     56 a point: position, byte in the file, number of the frame (8 bytes each), event time low and high, arrival low
 *            and high
 *            24 a source and its name: smallest and largest offset (8 bytes each), partition (4), 1 for a file (2), bytes of the
 *            name (2)
 *         8  checksum: XXH3 of all before */
#include "core/archive/index.h"

#include "core/archive/bytes.h"
#include "core/archive/store.h"
#include "core/base/hash.h"
#include "core/base/memory.h"

#include <stdlib.h>

#define MAGIC "FWINDEX1"
#define HEAD_BYTES 48
#define POINT_BYTES 56
#define SOURCE_BYTES 24
#define NAME_MAX_BYTES 65535

void
index_note(struct index *index, const struct frame *frame, uint64_t at)
{
	if (frame->flags & FRAME_BEGIN) {
		if ((index->count & (index->count - 1)) == 0)
			index->point = memory_resize(index->point, (index->count ? 2 * index->count : 1) * sizeof *index->point);
		index->point[index->count++] = (struct index_point){frame->first, at, frame->number, SPREAD_NONE};
	}
	if (index->count)
		spread_join(&index->point[index->count - 1].spread, &frame->spread);
	index->end = frame->first + frame->entries;
	index->bytes = at + frame_bytes(frame);
}

const struct source_range *
index_source(const struct index *index, struct slice name, int32_t partition, bool is_file)
{
	for (size_t i = 0; i < index->sources; i++)
		if (index->source[i].is_file == is_file && (is_file || index->source[i].partition == partition)
		    && slice_equal(index->source[i].name, name))
			return &index->source[i];
	return NULL;
}

void
index_note_source(struct index *index, const struct source_range *range)
{
	struct source_range *known = (struct source_range *)index_source(index, range->name, range->partition, range->is_file);
	if (known) {
		known->low = range->low < known->low ? range->low : known->low;
		known->high = range->high > known->high ? range->high : known->high;
		return;
	}
	if ((index->sources & (index->sources - 1)) == 0)
		index->source = memory_resize(index->source, (index->sources ? 2 * index->sources : 1) * sizeof *index->source);
	index->source[index->sources] = *range;
	index->source[index->sources++].name.data = arena_copy(&index->names, range->name.data, range->name.length);
	index->knows_sources &= range->name.length <= NAME_MAX_BYTES;
}

void
index_note_stream(struct index *index, const struct coder *coder)
{
	struct source_range range;
	for (size_t i = 0; coder_source(coder, i, &range); i++)
		index_note_source(index, &range);
}

void
index_free(struct index *index)
{
	free(index->point);
	free(index->source);
	arena_free(&index->names);
	*index = (struct index){0};
}

static uint8_t *
source_write(const struct source_range *source, uint8_t *at)
{
	put64(at, (uint64_t)source->low);
	put64(at + 8, (uint64_t)source->high);
	put32(at + 16, (uint32_t)source->partition);
	put32(at + 20, (uint32_t)source->is_file | (uint32_t)source->name.length << 16);
	memcpy(at + SOURCE_BYTES, source->name.data, source->name.length);
	return at + SOURCE_BYTES + source->name.length;
}

void
index_bytes(const struct index *index, struct buffer *out)
{
	size_t bytes = HEAD_BYTES + index->count * POINT_BYTES + 8, sources = index->knows_sources ? index->sources : 0;
	for (size_t i = 0; i < sources; i++)
		bytes += SOURCE_BYTES + index->source[i].name.length;
	buffer_reserve(out, bytes);
	uint8_t *start = (uint8_t *)out->data + out->length, *at = start;
	memcpy(at, MAGIC, 8);
	put64(at + 8, index->first);
	put64(at + 16, index->end);
	put64(at + 24, index->bytes);
	put64(at + 32, index->count);
	put64(at + 40, index->knows_sources ? sources : UINT64_MAX);
	at += HEAD_BYTES;
	for (size_t i = 0; i < index->count; i++, at += POINT_BYTES) {
		const struct index_point *point = &index->point[i];
		put64(at, point->position);
		put64(at + 8, point->at);
		put64(at + 16, point->number);
		put64(at + 24, (uint64_t)point->spread.event_low);
		put64(at + 32, (uint64_t)point->spread.event_high);
		put64(at + 40, (uint64_t)point->spread.arrival_low);
		put64(at + 48, (uint64_t)point->spread.arrival_high);
	}
	for (size_t i = 0; i < sources; i++)
		at = source_write(&index->source[i], at);
	put64(at, hash64(start, bytes - 8));
	out->length += bytes;
}

int
index_write(const char *dir, const struct index *index)
{
	char path[PATH_BYTES];
	struct buffer bytes = {0};
	segment_path(dir, index->first, ".fwx", path);
	index_bytes(index, &bytes);
	int error = store_file(path, (struct slice){bytes.data, bytes.length}, false);
	buffer_free(&bytes);
	return error;
}

static bool
sources_parse(struct index *index, uint64_t sources, struct slice left)
{
	index->knows_sources = sources != UINT64_MAX;
	for (uint64_t i = 0; index->knows_sources && i < sources; i++) {
		const uint8_t *at = (const uint8_t *)left.data;
		if (left.length < SOURCE_BYTES || left.length - SOURCE_BYTES < get32(at + 20) >> 16)
			return false;
		struct source_range range = {{left.data + SOURCE_BYTES, get32(at + 20) >> 16}, (int32_t)get32(at + 16), get32(at + 20) & 1,
		    (int64_t)get64(at), (int64_t)get64(at + 8)};
		index_note_source(index, &range);
		left.data += SOURCE_BYTES + range.name.length;
		left.length -= SOURCE_BYTES + range.name.length;
	}
	return left.length == 0;
}

static bool
index_parse(struct slice bytes, const struct segment_file *file, struct index *index)
{
	const uint8_t *at = (const uint8_t *)bytes.data;
	if (bytes.length < HEAD_BYTES + 8 || memcmp(at, MAGIC, 8) != 0 || get64(at + bytes.length - 8) != hash64(at, bytes.length - 8))
		return false;
	uint64_t count = get64(at + 32);
	*index = (struct index){.first = get64(at + 8), .end = get64(at + 16), .bytes = get64(at + 24)};
	if (count == 0 || count > (bytes.length - HEAD_BYTES - 8) / POINT_BYTES || index->first != file->first || index->bytes != file->bytes)
		return false;
	index->point = memory_resize(NULL, count * sizeof *index->point);
	index->count = count;
	uint64_t sources = get64(at + 40);
	at += HEAD_BYTES;
	for (size_t i = 0; i < count; i++, at += POINT_BYTES)
		index->point[i] = (struct index_point){get64(at), get64(at + 8), (uint32_t)get64(at + 16),
		    {(int64_t)get64(at + 24), (int64_t)get64(at + 32), (int64_t)get64(at + 40), (int64_t)get64(at + 48)}};
	size_t behind = HEAD_BYTES + (size_t)count * POINT_BYTES;
	return sources_parse(index, sources, (struct slice){bytes.data + behind, bytes.length - behind - 8});
}

bool
index_read(const char *dir, const struct segment_file *file, struct index *index)
{
	char path[PATH_BYTES];
	struct buffer bytes = {0};
	segment_path(dir, file->first, ".fwx", path);
	*index = (struct index){0};
	bool good = store_read(path, &bytes) == 0 && index_parse((struct slice){bytes.data, bytes.length}, file, index);
	buffer_free(&bytes);
	return good;
}

bool
index_make(const char *dir, const struct segment_file *file, struct index *index)
{
	char path[PATH_BYTES];
	struct walk walk;
	struct segment_head head;
	struct frame frame = {0};
	bool has_head;
	segment_path(dir, file->first, ".fwa", path);
	*index = (struct index){.first = file->first};
	if (segment_open(&walk, path, &head, &has_head) != 0)
		return false;
	for (uint64_t at = walk.at; has_head && walk_hop(&walk, &frame) == WALK_FRAME; at = walk.at)
		index_note(index, &frame, at);
	segment_close(&walk);
	return has_head && frame.flags == FRAME_SEAL;
}

void
index_seek(struct walk *walk, const char *dir, const struct segment_file *file, uint64_t position)
{
	struct index index = {0};
	if (!index_read(dir, file, &index)) {
		struct frame frame;
		index_free(&index);
		index.first = file->first;
		for (uint64_t at = walk->at; walk_hop(walk, &frame) == WALK_FRAME && frame.first <= position; at = walk->at)
			index_note(&index, &frame, at);
		walk_to(walk, SEGMENT_HEAD, 0, file->first);
	}
	for (size_t i = index.count; i-- > 0;)
		if (index.point[i].position <= position) {
			walk_to(walk, index.point[i].at, index.point[i].number, index.point[i].position);
			break;
		}
	index_free(&index);
}
