/* PRIVATE to core/rule: the tables of contract 1.5 as loaded.  Read-only after tables_load. */
#ifndef FW_TABLES_H
#define FW_TABLES_H

#include "core/base/buffer.h"
#include "core/rule/ruleset.h"
#include "core/rule/source.h"

#define NO_FIELD (-1)                   /* of a code of identity.csv */

struct code_row {                       /* identity, level, medtype, payment, codes: sorted by field, code, longest region first */
	int field;                      /* settlement field, or NO_FIELD */
	const char *code;               /* without leading zeros */
	const char *region;             /* prefix of insu_admdvs, "" everywhere */
	int value;                      /* class, level, or number of the set */
};

struct code_table {
	struct code_row *row;
	size_t rows;
};

struct pool_row {
	const char *prefix, *pool;
};

struct population_row {                 /* sorted by pool, township, class, month */
	const char *pool, *township;
	enum identity_class class;
	int32_t month;
	int64_t persons;
};

struct benefit_row {                    /* whose benefit year begins when: the longest region first, then a psn_type before none */
	const char *region, *psn_type;  /* psn_type without leading zeros, "": any */
	int begins;                     /* 0 January ... 11 December */
	int32_t from, to;               /* days, both included */
};

#define TABLES_SETS_MAX 256
#define TABLES_MAX 10

struct code_set {
	int field;
	const char *name;
};

struct tables {
	struct code_table identity, level, sets;        /* sets: medtype, payment and codes together */
	struct code_set set[TABLES_SETS_MAX];
	size_t set_count;
	struct pool_row *pool;
	size_t pools;
	struct population_row *population;
	size_t populations;
	struct benefit_row *benefit;
	size_t benefits;
	const char **set_region;        /* distinct regions of those three, sorted */
	size_t set_regions;
	bool has_medtype, has_payment, has_codes;       /* could be read: a set that is not there is the rule's mistake */
	struct source source[TABLES_MAX];       /* of those that are there */
	size_t sources;
	struct buffer canonical;        /* for the digest: every row of every table in a fixed order; freed after it */
};

/* All mistakes are reported; what is left is usable to check expressions against.  directory ends without a slash. */
struct tables *tables_load(struct arena *, const char *directory, struct diags *);

/* Number of the set of that name for the field, -1: none. */
int tables_set(const struct tables *, int field, struct slice name);

/* Names of the field's sets (at most TABLES_SETS_MAX) into list; how many. */
size_t tables_set_names(const struct tables *, int field, const char *list[TABLES_SETS_MAX]);

/* Is the code of that field in the set, for an area?  The longest region that says anything about the code decides. */
bool tables_in_set(const struct tables *, int field, struct slice code, struct slice area, int set);

/* The pool of an area, in the arena. */
const char *tables_pool(const struct tables *, struct arena *, struct slice area);

#endif
