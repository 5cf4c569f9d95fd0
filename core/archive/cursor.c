/* See cursor.h. */
#include "core/archive/cursor.h"

#include "core/archive/bytes.h"
#include "core/base/memory.h"

#include <stdlib.h>

static struct cursor *
find(const struct cursors *cursors, struct slice topic, int32_t partition)
{
	for (size_t i = 0; i < cursors->count; i++)
		if (cursors->cursor[i].partition == partition && slice_equal(slice_of(cursors->cursor[i].topic), topic))
			return &cursors->cursor[i];
	return NULL;
}

static struct cursor *
add(struct cursors *cursors, struct slice topic, int32_t partition)
{
	if ((cursors->count & (cursors->count - 1)) == 0)
		cursors->cursor = memory_resize(cursors->cursor, (cursors->count ? 2 * cursors->count : 1) * sizeof *cursors->cursor);
	char *name = memory_resize(NULL, topic.length + 1);
	memcpy(name, topic.data, topic.length);
	name[topic.length] = '\0';
	cursors->cursor[cursors->count] = (struct cursor){.topic = name, .partition = partition, .last = -1, .last_arrival_ms = ARRIVAL_UNKNOWN};
	return &cursors->cursor[cursors->count++];
}

static struct cursor *
find_or_add(struct cursors *cursors, struct slice topic, int32_t partition)
{
	struct cursor *cursor = find(cursors, topic, partition);
	return cursor ? cursor : add(cursors, topic, partition);
}

void
cursors_note(struct cursors *cursors, const struct entry *entry)
{
	if (entry->kind == ENTRY_RECORD && !entry->record.is_file) {
		struct cursor *cursor = find_or_add(cursors, entry->record.source, entry->record.partition);
		cursor->next = entry->record.offset + 1;
		cursor->last = entry->record.offset;
		cursor->last_arrival_ms = entry->record.arrival_ms;
		cursor->last_bytes = hash128(entry->record.bytes.data, entry->record.bytes.length);
	} else if (entry->kind == ENTRY_GAP) {
		/* What was read last is not there any more, or is another record now: nothing to compare with. */
		struct cursor *cursor = find_or_add(cursors, entry->gap.topic, entry->gap.partition);
		cursor->next = entry->gap.found;
		cursor->last = -1;
		cursor->last_arrival_ms = ARRIVAL_UNKNOWN;
		cursor->last_bytes = (struct hash128){0};
	}
}

const struct cursor *
cursors_find(const struct cursors *cursors, const char *topic, int32_t partition)
{
	return find(cursors, slice_of(topic), partition);
}

void
cursors_copy(struct cursors *to, const struct cursors *from)
{
	struct cursors copy = {.cursor = memory_resize(NULL, (from->count + 1) * sizeof *copy.cursor), .count = from->count};
	for (size_t i = 0; i < from->count; i++) {
		size_t bytes = strlen(from->cursor[i].topic) + 1;
		copy.cursor[i] = from->cursor[i];
		copy.cursor[i].topic = memcpy(memory_resize(NULL, bytes), from->cursor[i].topic, bytes);
	}
	cursors_free(to);
	*to = copy;
}

void
cursors_write(const struct cursors *cursors, struct buffer *out)
{
	varint_add(out, cursors->count);
	for (size_t i = 0; i < cursors->count; i++) {
		const struct cursor *cursor = &cursors->cursor[i];
		slice_add(out, slice_of(cursor->topic));
		varint_add(out, fold(cursor->partition));
		varint_add(out, fold(cursor->next));
		varint_add(out, fold(cursor->last));
		varint_add(out, fold(cursor->last_arrival_ms));
		varint_add(out, cursor->last_bytes.low);
		varint_add(out, cursor->last_bytes.high);
	}
}

bool
cursors_read(struct cursors *cursors, struct slice *from)
{
	uint64_t count;
	*cursors = (struct cursors){0};
	if (!varint_take(from, &count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		struct slice topic;
		int64_t partition;
		if (!slice_take(from, &topic) || !signed_take(from, &partition) || partition != (int32_t)partition)
			return false;
		struct cursor *cursor = add(cursors, topic, (int32_t)partition);
		if (!signed_take(from, &cursor->next) || !signed_take(from, &cursor->last) || !signed_take(from, &cursor->last_arrival_ms)
		    || !varint_take(from, &cursor->last_bytes.low) || !varint_take(from, &cursor->last_bytes.high))
			return false;
	}
	return true;
}

void
cursors_free(struct cursors *cursors)
{
	for (size_t i = 0; i < cursors->count; i++)
		free(cursors->cursor[i].topic);
	free(cursors->cursor);
	*cursors = (struct cursors){0};
}
