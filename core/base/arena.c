/* Blocks in a list, the one in use first; a big request gets a block of its own behind it. */
#include "core/base/arena.h"

#include "core/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 16384
#define ALIGNMENT 16

struct arena_block {
	struct arena_block *next;
	size_t used, capacity;
	_Alignas(ALIGNMENT) char data[];
};

static struct arena_block *
block_new(size_t capacity)
{
	struct arena_block *block = memory_resize(NULL, sizeof *block + capacity);
	*block = (struct arena_block){.capacity = capacity};
	return block;
}

static struct arena_block *
block_for(struct arena *arena, size_t bytes)
{
	struct arena_block *first = arena->first;
	if (first && first->capacity - first->used >= bytes)
		return first;
	struct arena_block *block = block_new(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
	if (first && bytes > BLOCK_BYTES) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		arena->first = block;
	}
	return block;
}

void *
arena_alloc(struct arena *arena, size_t bytes)
{
	if (bytes > SIZE_MAX / 2) {
		fprintf(stderr, "fundwatch: out of memory (%zu bytes)\n", bytes);
		abort();
	}
	size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct arena_block *block = block_for(arena, rounded);
	void *memory = block->data + block->used;
	block->used += rounded;
	arena->bytes += bytes;
	return memset(memory, 0, rounded);
}

char *
arena_copy(struct arena *arena, const char *data, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);
	if (length)
		memcpy(copy, data, length);
	return copy;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		length = 0;
	char *text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

void
arena_free(struct arena *arena)
{
	for (struct arena_block *block = arena->first, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct arena){0};
}
