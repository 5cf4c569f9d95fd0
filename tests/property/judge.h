/* What the program says of a world in one order of arrival: the last line of every alert and indicator. */
#ifndef FW_PROPERTY_JUDGE_H
#define FW_PROPERTY_JUDGE_H

#include "core/score/scorer.h"
#include "tests/property/order.h"

/* Ways to break the program's promise on purpose, so that the test is seen to fail. */
enum breakage {
	BREAK_NOTHING,
	BREAK_VERSIONS,                 /* updt_time is kept from the program: the later arrival wins */
	BREAK_REFUNDS                   /* a refund that comes before its original loses what would link it */
};

struct said {
	const char *key;                /* alert_id, or rule and subject */
	const char *text;               /* the line without what depends on the order */
	int rule;                       /* index in the ruleset */
	bool is_alert;
};

struct outcome {
	struct said *said;              /* sorted by key */
	size_t count;
	uint64_t lines;                 /* said in all, revisions too */
	uint64_t digest;                /* of all lines in their order */
	uint64_t state;                 /* hash of what scorer_save gives at the end; 0: it could not be loaded on the way */
	struct scorer_counts counts;
	struct buffer text;             /* memory of the keys and texts */
};

void outcome_free(struct outcome *);

/* Judges the whole world, at the end closes every window. */
void judge(struct ruleset *, const struct world *, const struct order *, enum breakage, struct outcome *);

#endif
