/* PRIVATE to core/rule: the matcher's parts.
 *
 * The terms of all conditions are numbered together: term c is the first term of condition c, further terms of a
 * condition come behind.  What is asked about one field, or about one sum of fields, is a column: for every value, or
 * interval of values, it has a bit vector over the terms, "no literal of this column is false", and where an answer may be
 * missing a second one, "every literal of this column is true".
 *
 *   dictionary   a text field against constants: code -> outcome
 *   scale        a number, or a sum of numbers, against constants: interval between two thresholds -> outcome
 *   presence     present(field): two outcomes
 *
 * ANDed over the columns they decide every term that has no other literals; only terms that are still possible are asked
 * for the rest: text fields against each other, and sums that few terms ask about. */
#ifndef FW_MATCHER_H
#define FW_MATCHER_H

#include "core/rule/expression.h"

#define DICTIONARY_ENTRIES_MAX 65536    /* a full dictionary is emptied: memory is bounded whatever codes come */
#define SCALE_LITERALS_LEAST 4          /* a sum of several fields that fewer ask about is added up for the terms still possible */
#define SCALE_STEPS 2                   /* thresholds in a bucket at most */
#define LANE_WORDS 8                    /* vectors are that many words, or a multiple */

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
	uint32_t term, question;
	bool negated;
};

/* An outcome is its number times two, plus one when its two vectors differ, plus one: 0 is none. */
struct entry {                          /* outcome 0: an empty slot */
	uint64_t first, last;           /* first and last eight bytes, or two hashes when the text is longer than 16 */
	uint32_t length, view, outcome;
	const char *text;               /* longer than 16: the text itself */
};

struct dictionary {
	int field;
	bool asks_area, only_off;       /* only_off: asked by rules with mode off alone */
	struct text_literal *literal;
	size_t literals, literal_slots;
	const struct atom **question;   /* each once, whatever number of terms asks it */
	size_t questions, question_slots;
	struct arena texts;             /* codes longer than 16 bytes */
	struct entry *entry;            /* open addressing, a power of two */
	size_t slots, entries;
	uint64_t *outcome;              /* 2 * words each: possible, certain */
	size_t outcomes, outcome_slots;
	uint32_t *absent;               /* by view: outcome */
	size_t absent_slots;
};

struct scale_literal {
	uint32_t term;
	bool negated;
	const struct atom *atom;
};

struct scale {
	/* what a claim needs */
	int32_t field;                  /* of a sum that is one field as it is; -1: another one */
	uint8_t shift;                  /* width of a bucket */
	int64_t low;                    /* where the first bucket begins */
	uint64_t last_bucket;
	const uint16_t *bucket;         /* thresholds below each bucket; NULL: they lie too unevenly, they are searched */
	int64_t *threshold;             /* ascending, distinct, then SCALE_STEPS that nothing reaches */
	uint64_t *interval;             /* thresholds + 1 vectors: below the first, from the first on, ... */
	uint64_t *absent;               /* two vectors: possible, certain */
	size_t thresholds;
	uint64_t need[2];               /* fields without which there is no sum */
	struct sum form;                /* without its constant; sorted by field, the first one added */
	bool only_off;
	struct scale_literal *literal;
	size_t literals, literal_slots;
};

struct presence {
	int field;
	bool only_off;
	uint64_t *absent, *there;       /* a vector each */
	size_t literals;
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
	size_t terms, words, set_words; /* words of a vector over the terms (whole lanes), of a set of conditions */
	size_t used_words;              /* of a vector: those that have terms */
	struct dictionary *dictionary;
	size_t dictionaries;
	struct scale *scale;
	size_t scales, scale_slots;
	struct presence *presence;
	size_t presences;
	struct {                        /* the columns that are asked: all, or those that not only rules with mode off ask about */
		struct dictionary **dictionary;
		const struct scale **field, **sum;
		const struct presence **presence;
		size_t dictionaries, fields, sums, presences;
	} asked;
	const uint64_t **mask, **doubt; /* of the claim at hand: outcomes to be ANDed */
	uint64_t *work;                 /* possible, certain */
	uint64_t *direct;               /* outcome of the code that is being learnt */
	uint64_t *all, *in_force;       /* by term: every one; those that are not of rules with mode off alone */
	const uint64_t *start;          /* one of the two: the terms that are asked */
	uint64_t *has_other;            /* terms that ask about more than codes */
	uint64_t last_mask;             /* conditions in the last word of a set */
	enum truth *answered;           /* by question, while a code is learnt */
	uint64_t pattern_runs;          /* texts that patterns were run over, since the start */
	struct other_term *other_term;  /* by term */
	const struct atom **other;      /* atoms that are in no column */
	size_t others;
	uint32_t *stamp, now;           /* other atoms answered for this claim */
	uint8_t *answer;
	struct many *many;
	size_t manys;
	uint32_t *condition_of;         /* by further term, from term set->conditions on */

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
void dictionary_add(struct dictionary *, uint32_t term, const struct literal *);

/* scale.c */
/* Takes the literal when its atom compares one sum with constants; false: it does not. */
bool scales_take(struct matcher *, uint32_t term, const struct literal *);
/* Once all literals are known: thresholds and vectors.  Scales that are not worth it are left out, give(term, literal)
 * gets theirs. */
void scales_finish(struct matcher *, void (*give)(struct matcher *, uint32_t term, const struct literal *));
void scales_free(struct matcher *);
int64_t sum_of(const struct sum *, const struct claim *);

/* What an atom of sums says when its sums are these. */
static inline bool
sum_decides(enum atom_kind kind, __int128 first, __int128 second)
{
	switch (kind) {
	case ATOM_ZERO: return first == 0;
	case ATOM_NEGATIVE: return first < 0;
	case ATOM_NOT_POSITIVE: return first <= 0;
	case ATOM_BETWEEN: return first >= 0 && second >= 0;
	default: return false;
	}
}

/* area.c */
void areas_init(struct matcher *);
void areas_free(struct matcher *);

#endif
