/* See memory.h. */
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>

void *
memory_resize(void *memory, size_t bytes)
{
	void *resized = realloc(memory, bytes);
	if (!resized) {
		fprintf(stderr, "fundwatch: out of memory (%zu bytes)\n", bytes);
		abort();
	}
	return resized;
}
