/* Memory that is there or the process ends: nothing above has a way to go on without it. */
#ifndef FW_MEMORY_H
#define FW_MEMORY_H

#include <stddef.h>

/* realloc that aborts with a message when the system has none left; bytes > 0. */
void *memory_resize(void *, size_t bytes);

/* Zeroed; bytes is a multiple of the alignment, a power of two.  free gives it back. */
void *memory_aligned(size_t alignment, size_t bytes);

/* Zeroed pages straight from the system, so that huge ones can back them.  Given back by memory_pages_free alone. */
void *memory_pages(size_t bytes);
void memory_pages_free(void *, size_t bytes);

#endif
