/* See memory.h. */
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

void *
memory_pages(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory == MAP_FAILED ? NULL : memory, bytes);
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

void
memory_pages_free(void *memory, size_t bytes)
{
	munmap(memory, bytes);
}
