/* Chunks of memory, taken straight from the system so that huge pages can back them. */
#include "core/state/chunks.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

void
chunks_init(struct chunks *chunks, size_t stride)
{
	*chunks = (struct chunks){.stride = (stride + 7) & ~(size_t)7};
}

uint32_t
chunks_add(struct chunks *chunks)
{
	size_t slot = chunks->count >> CHUNK_SHIFT;
	if (slot >= chunks->chunk_slots) {
		size_t slots = 2 * slot + 64;
		chunks->chunk = memory_resize(chunks->chunk, slots * sizeof *chunks->chunk);
		memset(chunks->chunk + chunks->chunk_slots, 0, (slots - chunks->chunk_slots) * sizeof *chunks->chunk);
		chunks->chunk_slots = slots;
	}
	if (!chunks->chunk[slot])
		chunks->chunk[slot] = chunks->spares ? chunks->spare[--chunks->spares] : memory_pages(chunks->stride * CHUNK_RECORDS);
	memset(chunks_at(chunks, chunks->count), 0, chunks->stride);    /* one by one: who adds it fills it now, in the cache */
	return chunks->count++;
}

void
chunks_drop_first(struct chunks *chunks)
{
	size_t slot = chunks->first >> CHUNK_SHIFT;
	if (chunks->spares == chunks->spare_slots) {
		chunks->spare_slots = chunks->spare_slots ? chunks->spare_slots * 2 : 16;
		chunks->spare = memory_resize(chunks->spare, chunks->spare_slots * sizeof *chunks->spare);
	}
	chunks->spare[chunks->spares++] = chunks->chunk[slot];
	chunks->chunk[slot] = NULL;
	chunks->first += CHUNK_RECORDS;
}

void
chunks_free(struct chunks *chunks)
{
	for (size_t slot = 0; slot < chunks->chunk_slots; slot++)
		if (chunks->chunk[slot])
			memory_pages_free(chunks->chunk[slot], chunks->stride * CHUNK_RECORDS);
	for (size_t i = 0; i < chunks->spares; i++)
		memory_pages_free(chunks->spare[i], chunks->stride * CHUNK_RECORDS);
	free(chunks->spare);
	free(chunks->chunk);
	*chunks = (struct chunks){.stride = chunks->stride};
}

size_t
chunks_bytes(const struct chunks *chunks)
{
	uint32_t live = chunks->count - chunks->first;
	return (((size_t)live + CHUNK_RECORDS - 1) / CHUNK_RECORDS + chunks->spares) * CHUNK_RECORDS * chunks->stride;
}
