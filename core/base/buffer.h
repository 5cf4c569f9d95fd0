/* A growing byte buffer and a small JSON writer on it.  The writer never reads a locale and prints the same bytes
 * on every machine: no blank between tokens, UTF-8 as it is, control characters as \u00XX. */
#ifndef FW_BUFFER_H
#define FW_BUFFER_H

#include "core/base/slice.h"

#include <stdint.h>

struct buffer {
	char *data;
	size_t length, capacity;
};

void buffer_reserve(struct buffer *, size_t more);
void buffer_add(struct buffer *, const void *data, size_t length);
void buffer_text(struct buffer *, const char *text);
void buffer_char(struct buffer *, char c);
void buffer_printf(struct buffer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_free(struct buffer *);

/* JSON: commas are set by the writer itself, from the last byte written. */
void json_open(struct buffer *, char bracket);               /* '{' or '[' */
void json_close(struct buffer *, char bracket);              /* '}' or ']' */
void json_key(struct buffer *, const char *name);            /* "name": */
void json_string(struct buffer *, struct slice);             /* a quoted value, escaped */
void json_text(struct buffer *, const char *text);           /* NULL is null */
void json_integer(struct buffer *, int64_t);
void json_unsigned(struct buffer *, uint64_t);
void json_bool(struct buffer *, bool);
void json_null(struct buffer *);
void json_double(struct buffer *, double);                   /* "%.6e" as a string, non-finite is null: statistics, contract 3 */

#endif
