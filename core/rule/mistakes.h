/* The mistakes that an analyst can be told about rules, parameters and tables: rows of mistakes.def.  Told with
 * source_mistake() (source.h); listed here for whoever explains them.  Read-only, any thread. */
#ifndef FW_MISTAKES_H
#define FW_MISTAKES_H

#include "core/base/buffer.h"
#include "core/base/diag.h"

enum mistake {
#define MISTAKE(name, code, level, zh, en, remedy_zh, remedy_en) MISTAKE_##name,
#include "core/rule/mistakes.def"
#undef MISTAKE
	MISTAKE_COUNT
};

struct mistake_row {
	const char *name, *code;
	enum diag_level level;
	const char *message[2];         /* by enum language: formats that take the same arguments in the same order */
	const char *remedy[2];          /* what to do when there is no better hint */
};

extern const struct mistake_row mistake_rows[MISTAKE_COUNT];

/* What the codes that begin with the same three characters are about. */
struct mistake_group {
	const char *code;               /* "R01" */
	const char *title[2];
};

#define MISTAKE_GROUPS 10
extern const struct mistake_group mistake_groups[MISTAKE_GROUPS];

/* The row of the code ("R0501"; small letters are taken too), NULL: there is none. */
const struct mistake_row *mistake_find(const char *code);

/* The group of the row. */
const struct mistake_group *mistake_group(const struct mistake_row *);

/* The message with "…" where a place is filled when it is told. */
void mistake_message(struct buffer *, const struct mistake_row *, enum language);

#endif
