/* PRIVATE to core/rule: from the text of an expression to a program that the matcher runs.
 *
 *   text -> words (lexer.c) -> tree (parser.c) -> typed tree with canonical text (typecheck.c, expression.c)
 *        -> normal form: an OR of ANDs of atoms and negated atoms (normal.c)
 *
 * Always holds: conditions with the same canonical text are one condition; atoms with the same canonical text are one
 * atom.  The logic is three-valued (docs/rules.md), in which the normal form is exact: it uses only De Morgan and
 * distribution, never "a or not a". */
#ifndef FW_EXPRESSION_H
#define FW_EXPRESSION_H

#include "core/rule/pattern.h"
#include "core/rule/ruleset.h"
#include "core/rule/source.h"
#include "core/rule/tables.h"
#include "core/rule/yaml.h"

#define EXPRESSION_BYTES_MAX 4096
#define EXPRESSION_DEPTH_MAX 64
#define EXPRESSION_TERMS_MAX 512
#define EXPRESSION_LITERALS_MAX 16384   /* terms times the literals of the longest */

/* ---- words ---- */

enum word_kind {
	WORD_END, WORD_NAME, WORD_STRING, WORD_NUMBER, WORD_DATE, WORD_TIME, WORD_SET,
	WORD_AND, WORD_OR, WORD_NOT, WORD_IN, WORD_BETWEEN, WORD_PRESENT, WORD_DEFAULT,
	WORD_EQUAL, WORD_UNEQUAL, WORD_LESS, WORD_LESS_EQUAL, WORD_GREATER, WORD_GREATER_EQUAL, WORD_MATCHES,
	WORD_PLUS, WORD_MINUS, WORD_OPEN, WORD_CLOSE, WORD_LIST_OPEN, WORD_LIST_CLOSE, WORD_COMMA,
	WORD_WRONG
};

struct word {
	enum word_kind kind;
	struct extent at;               /* in the expression's text */
	struct slice text;              /* name, set name without $, number, date, the string without quotes and escapes */
};

/* ---- tree ---- */

enum expression_type {
	EXPRESSION_WRONG,               /* was reported; says nothing more */
	EXPRESSION_TRUTH, EXPRESSION_CODE, EXPRESSION_ID, EXPRESSION_AMOUNT, EXPRESSION_DECIMAL, EXPRESSION_DATE,
	EXPRESSION_TIME, EXPRESSION_UNKEPT,
	EXPRESSION_STRING_LITERAL, EXPRESSION_NUMBER_LITERAL, EXPRESSION_DATE_LITERAL, EXPRESSION_TIME_LITERAL
};

enum node_kind {
	NODE_OR, NODE_AND, NODE_NOT,
	NODE_COMPARE, NODE_BETWEEN, NODE_IN_LIST, NODE_IN_SET, NODE_MATCHES, NODE_PRESENT,
	NODE_ADD, NODE_SUBTRACT, NODE_FIELD, NODE_DEFAULT, NODE_LITERAL
};

struct node {
	enum node_kind kind;
	enum expression_type type;      /* after the check */
	enum word_kind op;              /* NODE_COMPARE */
	bool negated;                   /* not in */
	int field;                      /* NODE_FIELD, NODE_DEFAULT, NODE_PRESENT */
	int set;                        /* NODE_IN_SET, number in the tables */
	int64_t number;                 /* a literal once its type is known */
	struct slice text;              /* literal as written, later normalised; set name; pattern */
	struct extent at;
	struct node *left, *right, *third;
	struct node *next;              /* in a list */
	const struct pattern *pattern;
};

/* ---- atoms and programs ---- */

struct addend {
	int field;                      /* -1: none, the constant alone */
	int sign;
	bool as_day, has_default;
	int64_t fallback;
};

struct sum {
	struct addend *addend;
	size_t addends;
	int64_t constant;
};

enum atom_kind {
	ATOM_EQUAL,                     /* text field == text */
	ATOM_IN_LIST, ATOM_IN_SET, ATOM_MATCHES,
	ATOM_PRESENT,
	ATOM_SAME,                      /* text field == text field */
	ATOM_ZERO,                      /* sum[0] == 0 */
	ATOM_NEGATIVE,                  /* sum[0] < 0 */
	ATOM_NOT_POSITIVE,              /* sum[0] <= 0 */
	ATOM_BETWEEN                    /* sum[0] >= 0 and sum[1] >= 0 */
};

struct atom {
	enum atom_kind kind;
	uint32_t number;                /* dense, in the ruleset */
	const char *text;               /* canonical */
	int field, other;               /* text fields */
	bool has_default;
	struct slice fallback;          /* of the text field */
	struct slice *list;             /* ATOM_EQUAL (one), ATOM_IN_LIST: sorted */
	size_t count;
	int set;
	const struct pattern *pattern;
	uint64_t need[2];               /* fields that must be there, else neither true nor false */
	struct sum sum[2];
};

/* One text field against constants: the answer depends on the code (and for a set on the area) alone. */
static inline bool
atom_is_of_code(const struct atom *atom)
{
	return atom->kind <= ATOM_MATCHES;
}

struct literal {
	const struct atom *atom;
	bool negated;
};

struct term {                           /* all literals hold */
	struct literal *literal;
	size_t count;
};

struct program {                        /* one of the terms holds */
	struct term *term;
	size_t count;
};

/* ---- building ---- */

struct expressions {                    /* what a ruleset's expressions share while it is loaded */
	struct arena *arena;            /* of the ruleset */
	struct diags *diags;
	const struct tables *tables;
	struct atom **atom;
	size_t atoms, atom_slots;
	struct condition *condition;    /* malloc'd while it grows */
	size_t conditions, condition_slots;
};

/* One expression on its way: where its mistakes are told, and whether there were any. */
struct writing {
	struct expressions *shared;
	const struct source *source;
	const struct yaml *scalar;      /* NULL: the source's whole text is the expression */
	struct slice text;
	bool failed;
	size_t depth;
};

void expressions_init(struct expressions *, struct arena *, const struct tables *, struct diags *);
void expressions_free(struct expressions *);

/* Number of the condition, -1: mistakes were reported. */
int32_t expression_compile(struct expressions *, const struct source *, const struct yaml *scalar);
/* The condition `where`, false as soon as one of the others is true; its number. */
int32_t expression_unless(struct expressions *, int32_t where, const int32_t *unless, size_t count);
int32_t expression_builtin(struct expressions *, const char *text);

/* lexer.c.  A word of kind WORD_WRONG was reported. */
struct word lexer_next(struct writing *, size_t *offset);

/* parser.c.  NULL: reported.  Unknown fields are reported too, and their nodes have field -1. */
struct node *parser_run(struct writing *);

/* typecheck.c.  False: reported.  Normalises literals in place. */
bool typecheck(struct writing *, struct node *);
const struct message *expression_type_name(enum expression_type);

/* expression.c.  Canonical text, in the arena. */
const char *node_text(struct arena *, const struct node *);
void writing_mistake(struct writing *, struct extent in_text, struct message hint, enum mistake, ...);
void writing_mistake_list(struct writing *, struct extent in_text, struct message hint, enum mistake, va_list);

/* normal.c.  NULL: too many terms. */
struct program *normal_form(struct expressions *, const struct node *);

#endif
