/* Bytes that never move, each known by a 32-bit number instead of a pointer: half the size, and the same number after
 * they were written to a file and read again.  The oldest blocks can be given back and are used again. */
#ifndef FW_TEXTS_H
#define FW_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_UNIT 4             /* bytes; a number counts units, so there is room for 16 GiB at a time */
#define TEXT_BLOCK_SHIFT 19     /* units a block */
#define TEXT_BLOCK_BYTES ((size_t)TEXT_UNIT << TEXT_BLOCK_SHIFT)
#define TEXT_BLOCKS (1u << (32 - TEXT_BLOCK_SHIFT))

struct texts {
	char **block;           /* TEXT_BLOCKS of them, a ring; NULL before the first text */
	uint32_t first, blocks; /* oldest that is there, and how many follow each other from it */
	uint32_t used;          /* units of the newest one */
	char **spare;           /* blocks given back */
	size_t spares, spare_slots;
};

/* Room for so many bytes, at most TEXT_BLOCK_BYTES / 2; *place is where they go.  Aligned to TEXT_UNIT; they and the bytes
 * up to the next unit are zero.  The number is never 0.  Aborts when memory ends. */
uint32_t texts_add(struct texts *, size_t bytes, char **place);

/* Block that the next text may go into; for texts_drop. */
uint32_t texts_newest(const struct texts *);

/* Gives back the blocks before this one. */
void texts_drop(struct texts *, uint32_t block);

/* One more block, empty, for who reads blocks from a file and then sets `used`. */
char *texts_extend(struct texts *);
void texts_free(struct texts *);
size_t texts_bytes(const struct texts *);

/* Whether a number points to bytes that were given out; for numbers that come from a file. */
bool texts_holds(const struct texts *, uint32_t number, size_t bytes);

static inline char *
texts_at(const struct texts *texts, uint32_t number)
{
	return texts->block[number >> TEXT_BLOCK_SHIFT] + (size_t)(number & ((1u << TEXT_BLOCK_SHIFT) - 1)) * TEXT_UNIT;
}

#endif
