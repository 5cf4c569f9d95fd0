/* PRIVATE to core/rule: the matcher's parts.
 *
 * The terms of all conditions are numbered together: term c is the first term of condition c, further terms of a
 * condition come behind.  For each text field that conditions ask about there is a dictionary: code -> outcome, two bit
 * vectors over the terms: "no literal on this field is false" and "every literal on this field is true".  ANDed over the
 * fields they decide every term that asks about codes alone; only terms that are still possible look at amounts. */
#ifndef FW_MATCHER_H
#define FW_MATCHER_H

#include "core/rule/expression.h"

#define DICTIONARY_ENTRIES_MAX 65536    /* a full dictionary is emptied: memory is bounded whatever codes come */

/* Areas that see the same sets.  Regions are prefixes, so the longest one that holds decides which others do: the
 * number is that region's in tables->set_region + 1, 0 for none. */
struct view {
	uint32_t number;
};

struct area_rows {                      /* what areas with the same longest region of any parameter have in common */
	const struct rule *rule;        /* the set's rules */
	const uint32_t *first;          /* by rule: number of its first parameter */
	struct candidates {
		const struct param_row **row;   /* longest region first */
		size_t count;
	} param[];
};

struct text_literal {
	uint32_t term;
	bool negated;
	const struct atom *atom;
};

struct entry {                          /* outcome + 1; 0 is an empty slot */
	uint64_t first, last;           /* first and last eight bytes, or two hashes when the text is longer than 16 */
	uint32_t length, view, outcome;
	const char *text;               /* longer than 16: the text itself */
};

struct dictionary {
	int field;
	bool asks_area, only_off;       /* only_off: asked by rules with mode off alone */
	struct text_literal *literal;
	size_t literals, literal_slots;
	struct arena texts;             /* codes longer than 16 bytes */
	struct entry *entry;            /* open addressing, a power of two */
	size_t slots, entries;
	uint64_t *outcome;              /* 2 * words each: possible, certain */
	size_t outcomes, outcome_slots;
	uint32_t *absent;               /* by view: outcome + 1 */
	size_t absent_slots;
};

struct other_literal {
	uint32_t other;                 /* number in matcher.other */
	bool negated;
};

struct other_term {
	struct other_literal *literal;
	size_t count;
};

struct many {                           /* a condition of several terms */
	uint32_t condition, first, count;       /* the further terms */
};

struct matcher {
	const struct ruleset *set;
	struct arena arena;
	struct pattern_scratch *scratch;
	size_t terms, words, set_words;
	struct dictionary *dictionary;
	size_t dictionaries;
	uint64_t *work;                 /* possible, certain */
	uint64_t *direct;               /* outcome of the code that is being learnt */
	uint64_t *all, *in_force;       /* by term: every one; those that are not of rules with mode off alone */
	const uint64_t *start;          /* one of the two: the terms that are asked */
	uint64_t *has_other;            /* terms that ask about more than codes */
	uint64_t last_mask;             /* conditions in the last word of a set */
	struct other_term *other_term;  /* by term */
	const struct atom **other;      /* atoms that are not of one code */
	size_t others;
	uint32_t *stamp, now;           /* other atoms answered for this claim */
	uint8_t *answer;
	struct many *many;
	size_t manys;

	const struct area **area;       /* open addressing by code */
	size_t area_slots, areas;
	struct view *view;              /* by number */
	const char **row_region;        /* distinct regions of all parameter rows, sorted */
	size_t row_regions;
	const struct area_rows **rows;  /* by number of the longest region + 1; NULL: not made yet */
	uint32_t *first_param;
	size_t params;
};

/* dictionary.c */
void dictionary_init(struct dictionary *, int field);
void dictionary_free(struct dictionary *);
/* Two times words bit words, valid until the next call. */
const uint64_t *dictionary_find(struct matcher *, struct dictionary *, const struct area *, bool is_present, struct slice code);

/* area.c */
void areas_init(struct matcher *);
void areas_free(struct matcher *);

#endif
