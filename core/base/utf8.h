/* UTF-8: validity, and (the door to utf8proc) how wide a character is on a terminal. */
#ifndef FW_UTF8_H
#define FW_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).  False: *bad is the offset of the first
 * byte that is not. */
bool utf8_valid(const char *text, size_t length, size_t *bad);

/* Bytes of the character at text (1..4) and its code point; a byte that begins none counts as one byte, U+FFFD.
 * length > 0. */
size_t utf8_next(const char *text, size_t length, int32_t *code_point);

/* Columns on a terminal: 0, 1 or 2 (East Asian wide). */
int utf8_width(int32_t code_point);

#endif
