/* What the tests inside a rule reach of it. */
#ifndef FW_COVERAGE_H
#define FW_COVERAGE_H

#include "core/score/scorer.h"

enum cover_kind {
	COVER_EXPRESSION,               /* an expression of the rule as a whole: outcome true or false */
	COVER_COMPARISON,               /* one comparison in it: outcome true or false */
	COVER_ROW,                      /* a parameter row: a settlement of a test was judged by it */
	COVER_BAND,                     /* a severity of the rule's bands */
	COVER_STATUS,                   /* a status that the rule's alerts can have */
	COVER_KINDS
};
extern const char *const cover_kind_names[COVER_KINDS];

struct cover {
	enum cover_kind kind;
	const char *key;                /* key of the expression, or name of the parameter; NULL: none */
	const char *text;               /* the expression, the row as region and first day, the severity or the status */
	const char *outcome;            /* "true", "false"; NULL: none */
	const char *file;
	int line, column;
	bool is_reached;
};

struct coverage {
	struct cover *item;
	size_t count, reached;
};

/* Runs the tests of one rule of the set, whatever its mode, and says of everything in it whether a test reaches it.  Rows that
 * are floors are not judged by and not listed.  The answer is in the arena; one thread. */
struct coverage *coverage_run(const struct ruleset *, size_t rule, struct arena *);

#endif
