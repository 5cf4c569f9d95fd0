/* A pointer and a length; never owns, never ends with NUL by promise. */
#ifndef FW_SLICE_H
#define FW_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data;
	size_t length;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

static inline struct slice
slice_of(const char *text)
{
	return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Byte order; a proper prefix comes first.  Used wherever an order must not depend on arrival. */
static inline int
slice_compare(struct slice a, struct slice b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;
	int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
	return order ? order : (a.length > b.length) - (a.length < b.length);
}

static inline bool
slice_starts_with(struct slice text, struct slice prefix)
{
	return text.length >= prefix.length
	    && (prefix.length == 0 || memcmp(text.data, prefix.data, prefix.length) == 0);
}

#endif
