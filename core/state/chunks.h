/* A growing array of fixed-size records in chunks of 65,536: records never move, growth copies nothing, the oldest
 * chunks can be given back and are used again: what comes and goes at one pace asks the system for nothing.  All-zero is
 * a record never written. */
#ifndef FW_CHUNKS_H
#define FW_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_SHIFT 16
#define CHUNK_RECORDS (1u << CHUNK_SHIFT)

struct chunks {
	size_t stride;          /* bytes a record */
	char **chunk;
	size_t chunk_slots;
	uint32_t count;         /* records ever added; numbers are 0 .. count - 1 */
	uint32_t first;         /* records below this number have been given back; a multiple of CHUNK_RECORDS */
	char **spare;           /* chunks given back */
	size_t spares, spare_slots;
};

void chunks_init(struct chunks *, size_t stride);
uint32_t chunks_add(struct chunks *);           /* a zeroed record; its number.  Aborts when memory ends. */
void chunks_drop_first(struct chunks *);        /* gives the oldest whole chunk back */
void chunks_free(struct chunks *);
size_t chunks_bytes(const struct chunks *);

static inline void *
chunks_at(const struct chunks *chunks, uint32_t number)
{
	return chunks->chunk[number >> CHUNK_SHIFT] + (size_t)(number & (CHUNK_RECORDS - 1)) * chunks->stride;
}

#endif
