/* A compiled, frozen set of rules with its parameters and tables.  Built beside the running one; read-only after
 * ruleset_load; freed in one call. */
#ifndef FW_RULESET_H
#define FW_RULESET_H

#include "core/base/diag.h"
#include "core/base/digest.h"
#include "core/detector.h"

enum rule_mode { MODE_ENFORCE, MODE_SHADOW, MODE_OFF };

struct basis {
	const char *name;               /* within its file, e.g. XZ */
	const char *document, *quote;
};

enum param_unit { UNIT_YUAN, UNIT_RATIO, UNIT_COUNT, UNIT_DAYS };

struct param_row {
	const char *region;             /* prefix of insu_admdvs, "" is everywhere */
	const char *tier;               /* code without leading zeros, NULL: any */
	int32_t from, to;               /* days, both included; to INT32_MAX when open */
	int32_t due;                    /* day the target is due; INT32_MAX when not given */
	bool is_floor;                  /* a minimum for rows of longer regions, never a value by itself */
	bool is_final;                  /* no row of a longer region may stand beside it */
	const struct basis *final_basis;        /* what forbids them; NULL: the row's own basis */
	int64_t value;                  /* fen, or six places (ratio), or a plain number */
	const char *value_text;         /* as an alert shows it: "300.00", "0.70" */
	const struct basis *basis;
	const char *note;               /* NULL: none */
	const char *file;
	int line, column;
};

struct param {
	const char *name;
	enum param_unit unit;
	struct param_row *row;
	size_t rows;
};

/* A distinct expression of the ruleset: where, numerator, assert.  Evaluated together by the matcher. */
struct condition {
	const char *text;               /* canonical */
	int32_t amount_field[16];       /* amount fields it names, for the finding of a check */
	size_t amount_fields;
	const void *program;            /* private to rule/ */
	const int32_t *unless;          /* conditions whose truth takes the claim out; their being unknown does not */
	size_t unlesses;
};

/* Conditions that the core itself asks for; always present with these numbers. */
enum { CONDITION_INPATIENT, CONDITION_BUILTIN };

/* From this excess on, relative to the limit, an alert is so severe. */
struct band {
	int64_t over;                   /* six places; more than this */
	const char *severity;
};

struct exclusion {                      /* claims that the rule does not look at */
	const char *name;
	int32_t when;                   /* index in ruleset->condition */
	const char *because[2];         /* by enum language */
};

#define SCENES_MAX 5

struct rule_test;                       /* see core/rule/trial.h */

struct rule {
	const char *id;
	int32_t revision;
	const char *title[2];           /* by enum language */
	const char *family, *grade, *severity;  /* the words themselves */
	const char *stage[3];
	size_t stages;
	const char *scene[SCENES_MAX];  /* of the official libraries */
	size_t scenes;
	const char *library;            /* official code of its class, NULL: none is given */
	const struct band *band;        /* rising from 0; none: every alert has `severity` */
	size_t bands;
	enum rule_mode mode;
	const struct detector *detector;
	const void *config;             /* the detector's config struct, filled from its settings */
	const char *settings_text;      /* canonical "name=value;..." of what shapes the aggregate (no parameter values) */
	int32_t where;                  /* index in ruleset->condition: what is looked at, without what is excluded */
	int32_t where_written;          /* as it is written, exclusions apart; the same when there are none */
	struct exclusion *exclusion;
	size_t exclusions;
	int32_t repeat_after;           /* days of event time between two lines of a standing alert; 0: every change is said */
	uint32_t group;                 /* bit by enum group_word: what alerts of one group have in common; 0: no group */
	int64_t minimum;                /* a smaller sample is not judged: `insufficient`; 0: none is asked for */
	struct param *param;
	size_t params;
	struct basis *basis;
	size_t bases;
	const char *evidence[2];        /* template text by enum language */
	struct rule_test *test;
	size_t tests;
	const char *tests_text;         /* the tests in canonical form, for rule_text */
	const char *file;
	const char *text;               /* canonical, as rule_text gives it */
};

struct tables;                          /* identity, level, medtype, payment, codes, pools, institutions, population, benefit_years */

struct ruleset_file {                   /* what the set was loaded from, byte for byte */
	const char *name;               /* "rules/<family>/<id>.yaml", "rules/params/<region>.yaml", "rules/suppressions/<name>.yaml", "tables/<table>.csv" */
	struct slice bytes;
};

enum group_word { GROUP_rule, GROUP_pool, GROUP_insu_admdvs, GROUP_psn_no, GROUP_fixmedins_code, GROUP_township, GROUP_class, GROUP_period, GROUP_WORDS };
extern const char *const group_words[GROUP_WORDS];

/* Alerts of one rule that are known and are not to be said for a while.  What is NULL in the scope asks nothing. */
struct suppression {
	const char *id;
	const char *rule;               /* id */
	const char *author, *reason[2], *document;      /* document NULL: none */
	const char *psn_no;             /* in the clear: never printed */
	const char *fixmedins_code, *region, *setl_id;  /* region: prefix of the subject's area */
	int32_t from, until;            /* days of event time, both included */
	const char *file;
	int line;
};

struct ruleset {
	struct rule *rule;              /* sorted by id; mode off is kept here but never judged */
	size_t rules;
	struct condition *condition;
	size_t conditions;
	int32_t *excluding;             /* conditions with `unless` */
	size_t excludings;
	struct tables *tables;
	struct suppression *suppression;        /* sorted by id */
	size_t suppressions;
	char digest[DIGEST_TEXT_SIZE];  /* SHA-256 of the canonical text of rules, suppressions and tables, hexadecimal */
	struct ruleset_file *file;      /* in the order they were read */
	size_t files;
	struct arena arena;
};

/* Reads every rules/<family>/<id>.yaml, rules/params/<region>.yaml, rules/suppressions/<name>.yaml and the tables (tables_dir NULL: rules_dir/tables).
 * All errors of all files go to diags; NULL when there is at least one.  Warnings do not refuse. */
struct ruleset *ruleset_load(const struct detector_registry *, const char *rules_dir, const char *tables_dir, struct diags *);

struct param_override {
	const char *rule, *param;       /* by name; one that the set does not have changes nothing */
	const char *region;             /* rows of exactly this region; NULL: of all */
	const char *value;              /* as a rule file would have it */
	const char *spelling;           /* stands for the file's name in what is told about the value */
};

/* The same with other values in value rows (floors stay), as if the files said so: text, digest and the checks of floors and
 * final rows are of those values.  The basis that the rows cite stays and says nothing about them. */
struct ruleset *ruleset_variant(const struct detector_registry *, const char *rules_dir, const char *tables_dir,
    const struct param_override *, size_t count, struct diags *);

void ruleset_free(struct ruleset *);

/* Canonical text of one rule; loading it again gives the same rule.  Into the set's arena. */
const char *rule_text(struct ruleset *, const struct rule *);

/* Whether both rules decide alike: same where, exclusions, minimum, bands, settings, parameters and basis.  Titles,
 * sentences, tests, revision and mode are not asked. */
bool rule_same_law(const struct ruleset *, const struct rule *, const struct ruleset *other_set, const struct rule *other);

/* The severity of a line: of an alert the highest band that its excess is over, else the rule's own. */
const char *rule_severity(const struct rule *, const struct verdict *);

/* ---- questions about areas, asked with the claim's insu_admdvs ---- */

struct area {
	uint32_t number;                /* dense, in order of first sight */
	const char *code, *pool;
	const void *rows;               /* private: rows of every parameter that hold for this area, most specific first */
	const void *sets;               /* private: the sets of codes as this area sees them */
};

/* One thread.  Learns areas and codes as they come: the numbers differ from run to run, no answer depends on them. */
struct matcher;
struct matcher *matcher_open(const struct ruleset *);
void matcher_close(struct matcher *);
const struct area *matcher_area(struct matcher *, struct slice insu_admdvs);

/* Bit c of truth is set when condition c is true for the claim, bit c of falsehood when it is false; neither when a
 * value it needs is absent.  Both arrays have MATCH_WORDS(set) words. */
#define MATCH_WORDS(set) (((set)->conditions + 63) / 64)
void matcher_run(struct matcher *, const struct area *, const struct claim *, uint64_t *truth, uint64_t *falsehood);

/* Conditions that only rules with mode off have are not asked and count as false, unless this is set (explain). */
void matcher_ask_off(struct matcher *, bool);

/* What asking the conditions takes, known before the first claim. */
struct matcher_figures {
	size_t conditions, terms, literals;
	size_t dictionaries, fields, sums, presences;   /* columns: codes; one number; sums of several; present() */
	size_t thresholds;
	size_t vectors, vector_bytes;   /* of numbers and presence; those of codes come with the codes */
	size_t bytes;                   /* of vectors and tables now */
	size_t passes;                  /* vectors that are ANDed for a claim */
	size_t other_terms;             /* terms that are asked one by one where they are still possible */
};
void matcher_measure(const struct matcher *, struct matcher_figures *);

/* The row of the parameter that holds in the area on that day: the longest region, then a row with this tier before
 * a row for any tier.  tier empty (unknown): where a row of that region names a tier, the one of the region's rows with
 * the highest value, and *tier_unknown is set.  NULL: none.  Floors are never given. */
const struct param_row *param_find(const struct rule *, int32_t param, const struct area *, struct slice tier, int32_t day,
    bool *tier_unknown);

/* Identity classes, contract 1.4; smaller is higher (就高). */
#define IDENTITY_CLASSES(X) \
	X(extreme_hardship, "特困") X(orphan, "孤儿") X(dibao, "低保") X(dibao_marginal, "低保边缘") \
	X(relapsed_poverty, "返贫致贫") X(unstable_out_of_poverty, "脱贫不稳定") X(marginal_poverty, "边缘易致贫") \
	X(sudden_hardship, "突发严重困难") X(stable_out_of_poverty, "稳定脱贫") X(severe_disability, "重度残疾") \
	X(preferential_treatment, "重点优抚") X(illness_poverty, "因病致贫重病") X(other, "其他") X(general, "普通居民")

enum identity_class {
#define X(name, zh) CLASS_##name,
	IDENTITY_CLASSES(X)
#undef X
	CLASS_COUNT
};

extern const char *const class_names[CLASS_COUNT], *const class_names_zh[CLASS_COUNT];

/* Class of an identity code in an area; CLASS_other for a code the table does not know. */
enum identity_class tables_class(const struct ruleset *, const struct area *, struct slice psn_idet_type);

#define LEVELS 5
extern const char *const level_names[LEVELS];   /* "tertiary" "secondary" "primary" "pharmacy" "none" */

/* The place in level_names, -1: unknown.  By dedc_hosp_lv, else hosp_lv. */
int tables_level(const struct ruleset *, const struct area *, const struct claim *);

/* The month in which the benefit year begins for a person of that kind (psn_type empty: not known) in the area on that day:
 * 0 January, where the table says nothing. */
uint32_t tables_begins(const struct ruleset *, const struct area *, struct slice psn_type, int32_t day);

/* The months in which any benefit year begins, a bit each; January always. */
uint32_t tables_beginnings(const struct ruleset *);

/* Population of a class in a township (or of the whole pool with township empty) from population.csv for that month;
 * -1: not in the table. */
int64_t tables_population(const struct ruleset *, const char *pool, struct slice township, enum identity_class, int32_t month);

#endif
