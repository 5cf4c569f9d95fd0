/* See memory.h. */
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *memory, size_t bytes)
{
	if (!memory) {
		fprintf(stderr, "fundwatch: out of memory (%zu bytes)\n", bytes);
		abort();
	}
	return memory;
}

void *
memory_resize(void *memory, size_t bytes)
{
	return must(realloc(memory, bytes), bytes);
}

void *
memory_aligned(size_t alignment, size_t bytes)
{
	return memset(must(aligned_alloc(alignment, bytes), bytes), 0, bytes);
}
