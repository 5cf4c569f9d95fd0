/* See batch.h. */
#include "daemon/batch.h"

#include "core/base/memory.h"
#include "daemon/clock.h"

#include <stdlib.h>

void
batch_init(struct batch *batch, size_t capacity, struct decode_limits limits)
{
	*batch = (struct batch){.capacity = capacity};
	batch->record = memory_resize(NULL, capacity * sizeof *batch->record);
	batch->partition = memory_resize(NULL, capacity * sizeof(struct partition *));
	batch->start = memory_resize(NULL, capacity * sizeof *batch->start);
	batch->decoded = memory_resize(NULL, capacity * sizeof *batch->decoded);
	batch->decoder = decoder_open(limits);
}

void
batch_free(struct batch *batch)
{
	free(batch->record);
	free(batch->partition);
	free(batch->start);
	free(batch->progress);
	free(batch->decoded);
	decoder_close(batch->decoder);
	buffer_free(&batch->bytes);
}

void
batch_add(struct batch *batch, struct partition *partition, struct record record, const void *bytes)
{
	buffer_reserve(&batch->bytes, record.length + RECORD_PADDING);
	batch->start[batch->count] = batch->bytes.length;
	batch->partition[batch->count] = partition;
	batch->record[batch->count++] = record;
	if (record.length)
		memcpy(batch->bytes.data + batch->bytes.length, bytes, record.length);
	memset(batch->bytes.data + batch->bytes.length + record.length, 0, RECORD_PADDING);
	batch->bytes.length += record.length + RECORD_PADDING;
}

void
batch_progress(struct batch *batch, struct partition *partition, int64_t next)
{
	if (batch->progresses == batch->progress_capacity) {
		batch->progress_capacity = batch->progress_capacity ? 2 * batch->progress_capacity : 16;
		batch->progress = memory_resize(batch->progress, batch->progress_capacity * sizeof *batch->progress);
	}
	batch->progress[batch->progresses++] = (struct progress){partition, next};
}

void
batch_seal(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->record[i].bytes = batch->bytes.data + batch->start[i];
}

void
batch_decode(struct batch *batch)
{
	int64_t begin = clock_monotonic_ns();
	for (size_t i = 0; i < batch->count; i++) {
		record_decode(batch->decoder, &batch->record[i], &batch->decoded[i]);
		batch->record[i].decoded = &batch->decoded[i];
	}
	batch->decode_ns = clock_monotonic_ns() - begin;
}

void
batch_clear(struct batch *batch)
{
	decoder_reset(batch->decoder);
	batch->count = 0;
	batch->progresses = 0;
	batch->bytes.length = 0;
}
