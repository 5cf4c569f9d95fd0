/* Diagnostics: where, what was expected, what to do; in Chinese and English.  Collected, not thrown: all errors of
 * all files are told in one run. */
#ifndef FW_DIAG_H
#define FW_DIAG_H

#include "core/base/arena.h"

#include <stdio.h>

enum language { LANGUAGE_ZH, LANGUAGE_EN };

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_level level;
	const char *code;               /* of the mistake, e.g. R0104; NULL: none */
	const char *file;               /* as the user named it */
	int line, column;               /* from 1; column counts characters, not bytes; 0: the whole file */
	int width;                      /* characters to mark, at least 1 */
	const char *source_line;        /* the line itself, without its newline, or NULL */
	int left_out;                   /* characters of a very long line in front of source_line */
	const char *message[2];         /* by enum language: what is wrong and what was expected */
	const char *hint[2];            /* nearest known word or what to do; NULL: none */
};

struct diags {
	struct arena arena;
	struct diag *list;
	size_t count, capacity, errors;
};

/* Adds one; message_* and hint_* are copied; hints may be NULL. */
void diag_add(struct diags *, enum diag_level, const char *file, int line, int column, int width,
    const char *source_line, const char *message_zh, const char *message_en, const char *hint_zh, const char *hint_en);

/* Gives the diagnostic that was added last a code; the text stays the caller's. */
void diag_code(struct diags *, const char *code);

/* Says that so many characters of the line stand in front of the source line of the diagnostic that was added last. */
void diag_left_out(struct diags *, int characters);

/* file:line:column: error: message [code] / the line / a caret (width-aware for Chinese) / hint, sorted by file, line, column. */
void diags_print(struct diags *, enum language, FILE *);
void diags_free(struct diags *);

/* The candidate with the smallest edit distance to word when it is near enough to be a typing mistake, else NULL. */
const char *nearest_word(struct slice word, const char *const candidates[], size_t count);

#endif
