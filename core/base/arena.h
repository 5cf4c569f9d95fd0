/* Bump memory: many small allocations, one free.  Not for several threads. */
#ifndef FW_ARENA_H
#define FW_ARENA_H

#include "core/base/slice.h"

struct arena_block;
struct arena {
	struct arena_block *first;
	size_t bytes;           /* handed out so far */
};

/* Zeroed memory aligned to 16 bytes.  Aborts with a message when the system has none left. */
void *arena_alloc(struct arena *, size_t bytes);

/* A copy that ends with NUL (the NUL is not counted in a slice's length). */
char *arena_copy(struct arena *, const char *data, size_t length);
char *arena_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees everything; the arena may be used again. */
void arena_free(struct arena *);

#endif
