/* The one interface of a detector.  A detector is a pure function of (settings, claim or aggregate): no clock, no
 * I/O, no allocation, no globals, no callbacks.  What a detector needs the core to remember is said by its shape; the
 * core keeps it, corrects it when claims are refunded, restated or late, and hands it over to be judged. */
#ifndef FW_DETECTOR_H
#define FW_DETECTOR_H

#include "core/claim/claim.h"

enum detector_shape {
	SHAPE_CLAIM,    /* one claim by itself; judged at once */
	SHAPE_LEDGER,   /* exact sum and count per person and benefit year; judged at each claim */
	SHAPE_SERIES,   /* numerator and denominator per month for a pool or area; judged when a month closes */
	SHAPE_FAMILY    /* stays per person for many units of a pool at once; judged when a month closes */
};

/* One setting that a rule of this detector may or must give; a row of the detector's table. */
enum setting_type {
	SETTING_AMOUNT_FIELD,   /* name of an amount field           -> int32_t settlement field */
	SETTING_CHOICE,         /* one of the words in choices       -> int32_t index */
	SETTING_PARAM,          /* $name of a parameter of the rule  -> int32_t index in rule->param, -1 when not given */
	SETTING_CONDITION,      /* an expression                     -> int32_t index in ruleset->condition, -1 when not given */
	SETTING_DECIMAL,        /* exact decimal                     -> int64_t, six places */
	SETTING_COUNT           /* integer >= 0                      -> int64_t */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;                  /* in the config struct */
	bool required;
	const char *fallback;           /* text of the default, NULL: none (index -1, number 0) */
	const char *const *choices;     /* SETTING_CHOICE, ends with NULL */
	const char *help_zh, *help_en;
};

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

enum finding_type {
	FINDING_FEN,            /* number: "name_fen":123 (the name is given without _fen) */
	FINDING_COUNT,          /* number: integer */
	FINDING_RATIO,          /* number / denominator: "0.700000", half to even; denominator 0 is null */
	FINDING_STATISTIC,      /* real: "%.6e"; not finite is null */
	FINDING_REAL,           /* real: "%.6f"; not finite is null */
	FINDING_MONTH,          /* number is a month: "2024-03" */
	FINDING_NULL
};

#define FINDING_VALUES_MAX 24

struct finding_value {
	const char *name;
	enum finding_type type;
	bool is_silent;                 /* no line shows it: a gauge alone does */
	int64_t number, denominator;
	double real;
};

enum verdict_word { VERDICT_OK, VERDICT_WATCH, VERDICT_ALERT, VERDICT_INSUFFICIENT };

struct verdict {
	enum verdict_word word;         /* VERDICT_ALERT: an alert stands */
	size_t count;
	struct finding_value value[FINDING_VALUES_MAX];
	bool has_amount_at_risk;
	int64_t amount_at_risk_fen;
	/* How far beyond its limit an alert is, relative to it: the exact fraction that bands of severity ask.  Never negative;
	 * denominator 0 is beyond every bound.  Filled by detectors that say so (gives_over). */
	__int128 over_numerator, over_denominator;
};

static inline struct finding_value *
verdict_add(struct verdict *verdict, const char *name, enum finding_type type)
{
	struct finding_value *value = &verdict->value[verdict->count++];
	*value = (struct finding_value){.name = name, .type = type, .denominator = 1};
	return value;
}

/* What each shape hands over. */

struct claim_input {                    /* SHAPE_CLAIM */
	const struct claim *claim;
	enum truth assertion;           /* of the config's SETTING_CONDITION named "assert" */
	const int32_t *fields;          /* amount fields the assertion names */
	size_t field_count;
};

struct ledger_input {                   /* SHAPE_LEDGER */
	int64_t sum_fen, limit_fen;
	int64_t count;                  /* standing settlements that made the sum */
};

#define SERIES_MONTHS_MAX 48

enum { SQUARES_NUMERATOR, SQUARES_PRODUCT, SQUARES_DENOMINATOR, SQUARES };

struct series_input {                   /* SHAPE_SERIES */
	int32_t through;                /* the closed month that is judged; its year is the year judged */
	size_t months;                  /* how many months are given, the last one is through */
	int64_t numerator[SERIES_MONTHS_MAX], denominator[SERIES_MONTHS_MAX];  /* oldest first; fen or stays */
	bool money;                     /* fen, else cases */
	int64_t target;                 /* six places */
	int32_t due;                    /* day */
	bool watch_before;              /* the probability to reach was below 0.5 at the previous close */
	/* Of two amounts, year to date: how many settlements stand, each net of its refunds, and the sums of the squares of
	 * their numerators and denominators and of the products of both: exact below 2^127. */
	int64_t settlements;
	unsigned __int128 squares[SQUARES];
};

struct series_result {
	bool watch_now;                 /* the probability to reach is below 0.5 at this close */
};

/* What the costliest steps of a judgement took and gave, kept by the core from one judgement of a key to the next: what
 * has not changed need not be worked out again.  It never changes a result.  All zero: nothing yet. */
struct family_memo {
	double value[5];
};

struct family_key {                     /* SHAPE_FAMILY: one unit x class */
	int64_t observed, population;
	double expected;
	struct family_memo *memo;       /* NULL: none is kept */
	bool is_few;                    /* fewer persons than the rule asks for: `insufficient`, and not in the family of tests */
};

struct detector {
	const char *name;               /* as rules name it */
	enum detector_shape shape;
	const char *help_zh, *help_en;
	const struct setting *settings;
	size_t setting_count, config_size;
	const char *const *evidence_names;      /* finding names that an evidence text may use, ends with NULL */
	void (*judge_claim)(const void *config, const struct claim_input *, struct verdict *);
	void (*judge_ledger)(const void *config, const struct ledger_input *, struct verdict *);
	void (*judge_series)(const void *config, const struct series_input *, struct series_result *, struct verdict *);
	/* keys[count] in, verdicts[count] out; scratch has count doubles. */
	void (*judge_family)(const void *config, const struct family_key *keys, size_t count, double *scratch, struct verdict *verdicts);
	bool gives_over;                /* verdict.over_numerator / over_denominator of an alert */
};

struct detector_registry {
	const struct detector *const *list;
	size_t count;
};

#endif
