/* How far every partition was read: part of every snapshot, moved on by every record entry. */
#ifndef FW_ARCHIVE_CURSOR_H
#define FW_ARCHIVE_CURSOR_H

#include "core/archive/entry.h"
#include "core/base/buffer.h"
#include "core/base/hash.h"

struct cursor {
	char *topic;
	int32_t partition;
	int64_t next;                   /* offset that comes next */
	int64_t last, last_arrival_ms;  /* the last record archived: offset and Kafka timestamp */
	struct hash128 last_bytes;      /* hash of its bytes: a topic made anew holds others */
};

struct cursors {
	struct cursor *cursor;
	size_t count;
};

void cursors_note(struct cursors *, const struct entry *);      /* a record or an accepted gap; files are passed over */
const struct cursor *cursors_find(const struct cursors *, const char *topic, int32_t partition);
void cursors_copy(struct cursors *to, const struct cursors *from);      /* what was in to is freed */
void cursors_write(const struct cursors *, struct buffer *);
bool cursors_read(struct cursors *, struct slice *);    /* takes its part off the slice */
void cursors_free(struct cursors *);

#endif
