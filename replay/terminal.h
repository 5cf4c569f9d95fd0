/* What the terminal can do, and text that fits it.  Text from records is never printed raw: control characters could
 * steer the terminal. */
#ifndef FW_TERMINAL_H
#define FW_TERMINAL_H

#include "core/base/buffer.h"

#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_BOLD_RED, STYLE_YELLOW, STYLE_GREEN, STYLE_CYAN };

struct terminal {
	bool is_terminal, colours;      /* colours: a terminal, not "dumb", and NO_COLOR is not set */
	int width;                      /* columns; 0: not a terminal, nothing is cut */
};

struct terminal terminal_of(FILE *);

/* The sequence that starts a style, "" without colours; terminal_end ends it. */
const char *terminal_style(const struct terminal *, enum style);
const char *terminal_end(const struct terminal *, enum style);

/* Columns that a text takes; Chinese characters take two. */
size_t text_columns(struct slice);

/* Adds the text with control characters made to blanks, cut with "…" when it takes more than columns (0: never cut). */
void text_add_cut(struct buffer *, struct slice text, size_t columns);

/* The same, then blanks up to columns. */
void text_add_padded(struct buffer *, struct slice text, size_t columns);

#endif
