/* PRIVATE to core/rule: a YAML tree together with what YAML forgets, its comments and blank lines. */
#ifndef FW_LAYOUT_PIECES_H
#define FW_LAYOUT_PIECES_H

#include "core/rule/yaml.h"

struct comment {
	struct slice text;              /* from # to the end of the line */
	bool blank_before;              /* a blank line stands before it */
	struct comment *next;
};

struct comments {
	struct comment *first, *last;
};

/* A node with its key. */
struct piece {
	const struct yaml *node;
	struct comments lead, trail;    /* lines before it; lines after its last member */
	struct slice beside;            /* comment at the end of its line; empty: none */
	bool blank_before;              /* a blank line stands right before it */
	bool needs_lines;               /* comments or text over several lines in it: it is not written in one line */
	struct piece *first, *next;
	size_t rank;                    /* place among its siblings, while they are put in order */
};

/* Every comment of the text belongs to exactly one piece of the tree.  In the arena. */
struct piece *pieces_of(const struct source *, struct arena *, const struct yaml *root);

/* Whether the scalar is a block (| or >), and the mark of its quotes, 0 when it has none. */
bool scalar_is_block(const struct source *, const struct yaml *);
char scalar_quote(const struct source *, const struct yaml *);

#endif
