/* Records on their way to the scorer.
 *
 * Bytes are always copied out of the client: the fast call of librdkafka (a callback a message) takes its message back
 * when the callback returns, and its buffers do not promise the RECORD_PADDING readable bytes that the decoder wants
 * behind a record.  A copy of one to two kilobytes costs about 50 ns, and the decoder finds it in the cache. */
#ifndef FW_BATCH_H
#define FW_BATCH_H

#include "core/base/buffer.h"
#include "core/score/scorer.h"

#include <stdatomic.h>

/* A batch is full then, whatever its count: copied, decoded and judged while it is in the second-level cache. */
#define BATCH_BYTES_MAX (512u << 10)

struct partition;

struct progress {                       /* what its partition comes to when the batch is judged */
	struct partition *partition;
	int64_t next;
};

struct batch {
	struct batch *after;            /* in a list of the consumer */
	struct record *record;
	struct partition **partition;   /* of every record */
	size_t *start;                  /* of its bytes; pointers are set by batch_seal */
	size_t count, capacity;
	struct buffer bytes;
	struct progress *progress;
	size_t progresses, progress_capacity;
	struct decoder *decoder;        /* its scratch lives as long as the batch */
	struct decoded_record *decoded; /* of every record */
	int64_t decode_ns;              /* of the whole batch */
	int64_t taken_ns, taken_wall_ms;        /* when the batch was complete */
	uint64_t first;                 /* position of its first record in the archive */
	_Atomic unsigned users;         /* threads that still look at it: the turn, the archivist */
};

void batch_init(struct batch *, size_t capacity, struct decode_limits);
void batch_free(struct batch *);

/* Copies the record's bytes; its bytes pointer is set by batch_seal.  Not when the batch is full. */
void batch_add(struct batch *, struct partition *, struct record, const void *bytes);

static inline bool
batch_full(const struct batch *batch)
{
	return batch->count == batch->capacity || batch->bytes.length >= BATCH_BYTES_MAX;
}

void batch_progress(struct batch *, struct partition *, int64_t next);

/* No more records come: their bytes get their final place. */
void batch_seal(struct batch *);

/* Decodes what was sealed, on the thread that reads: judging is the dearer half, and has the other core to itself. */
void batch_decode(struct batch *);
void batch_clear(struct batch *);

#endif
