/* PRIVATE to core: the branches of a rule's expressions, each as a condition of its own, so that the matcher answers them
 * one by one.  Nothing is counted while settlements are judged. */
#ifndef FW_BRANCHES_H
#define FW_BRANCHES_H

#include "core/rule/ruleset.h"

struct place {
	int line, column;               /* in the rule's file; 0: not there */
};

struct branch {
	const char *key;                /* "where", "exclude" and the exclusion's name, or the setting that holds the expression */
	const char *text;               /* canonical: of the whole expression, or of one comparison in it */
	bool is_whole, is_where, is_exclusion;
	bool is_always;                 /* it asks whether a field is there without which no settlement is taken */
	int32_t condition;              /* in the set of the branches */
	struct place place;             /* of the expression */
};

struct branches {
	struct ruleset set;             /* the set that was given with one condition more for each comparison; its rules are on */
	struct branch *branch;          /* where first, then exclusions; of each expression the whole first, then what it compares, each once */
	size_t count;
};

struct branches *branches_of(const struct ruleset *, const struct rule *, struct arena *);

/* Where a key of the rule's file stands, read from the bytes that the set was loaded from.  Scratch goes to the arena. */
struct place rule_place(const struct ruleset *, const struct rule *, const char *key, struct arena *);

#endif
