/* See texts.h. */
#include "core/state/texts.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
ring(uint32_t block)
{
	return block & (TEXT_BLOCKS - 1);
}

char *
texts_extend(struct texts *texts)
{
	if (!texts->block)
		texts->block = memset(memory_resize(NULL, TEXT_BLOCKS * sizeof *texts->block), 0, TEXT_BLOCKS * sizeof *texts->block);
	if (texts->blocks == TEXT_BLOCKS) {
		fprintf(stderr, "fundwatch: more than 16 GiB of identifiers in one shard\n");
		abort();
	}
	char *memory = texts->spares ? texts->spare[--texts->spares] : memory_pages(TEXT_BLOCK_BYTES);
	texts->block[ring(texts->first + texts->blocks++)] = memory;
	texts->used = 1;        /* so that no number is 0 */
	return memory;
}

uint32_t
texts_newest(const struct texts *texts)
{
	return texts->blocks ? ring(texts->first + texts->blocks - 1) : texts->first;
}

/* What no text fits in any more is zero, whatever stood there when the block was used before. */
static void
block_begin(struct texts *texts)
{
	if (texts->blocks)
		memset(texts->block[texts_newest(texts)] + (size_t)texts->used * TEXT_UNIT, 0,
		    TEXT_BLOCK_BYTES - (size_t)texts->used * TEXT_UNIT);
	texts_extend(texts);
}

uint32_t
texts_add(struct texts *texts, size_t bytes, char **place)
{
	uint32_t units = (uint32_t)((bytes + TEXT_UNIT - 1) / TEXT_UNIT);
	if (texts->blocks == 0 || texts->used + units > 1u << TEXT_BLOCK_SHIFT)
		block_begin(texts);
	uint32_t number = texts_newest(texts) << TEXT_BLOCK_SHIFT | texts->used;
	texts->used += units;
	*place = memset(texts_at(texts, number), 0, units * TEXT_UNIT);
	return number;
}

void
texts_drop(struct texts *texts, uint32_t block)
{
	for (; texts->blocks > 1 && texts->first != block; texts->blocks--) {
		if (texts->spares == texts->spare_slots) {
			texts->spare_slots = texts->spare_slots ? texts->spare_slots * 2 : 16;
			texts->spare = memory_resize(texts->spare, texts->spare_slots * sizeof *texts->spare);
		}
		texts->spare[texts->spares++] = texts->block[texts->first];
		texts->block[texts->first] = NULL;
		texts->first = ring(texts->first + 1);
	}
}

bool
texts_holds(const struct texts *texts, uint32_t number, size_t bytes)
{
	uint32_t block = number >> TEXT_BLOCK_SHIFT, unit = number & ((1u << TEXT_BLOCK_SHIFT) - 1);
	if (ring(block - texts->first) >= texts->blocks || unit == 0)
		return false;
	uint32_t end = block == texts_newest(texts) ? texts->used : 1u << TEXT_BLOCK_SHIFT;
	return unit < end && bytes <= (size_t)(end - unit) * TEXT_UNIT;
}

size_t
texts_bytes(const struct texts *texts)
{
	return (texts->blocks + texts->spares) * TEXT_BLOCK_BYTES;
}

void
texts_free(struct texts *texts)
{
	for (uint32_t i = 0; i < texts->blocks; i++)
		memory_pages_free(texts->block[ring(texts->first + i)], TEXT_BLOCK_BYTES);
	for (size_t i = 0; i < texts->spares; i++)
		memory_pages_free(texts->spare[i], TEXT_BLOCK_BYTES);
	free(texts->block);
	free(texts->spare);
	*texts = (struct texts){0};
}
