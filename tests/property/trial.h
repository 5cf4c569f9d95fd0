/* One world in two orders of arrival, and what must hold of them. */
#ifndef FW_PROPERTY_TRIAL_H
#define FW_PROPERTY_TRIAL_H

#include "tests/property/judge.h"

struct trial {
	struct ruleset *rules;
	struct world world;
	struct order order[2];
	enum breakage breakage;
};

enum failure_kind { FAILURE_ORDER, FAILURE_BATCH, FAILURE_STATE, FAILURE_COUNT, FAILURE_SUM, FAILURE_KINDS };
extern const char *const failure_names[FAILURE_KINDS];

struct failure {
	enum failure_kind kind;
	int rule;                       /* index in the ruleset, -1: none */
	struct buffer text;             /* for people */
};

/* Received = judged + refused + duplicate; the sums of the caps are those of the plain count.  True: it does not hold. */
bool outcome_fails(const struct trial *, const struct outcome *, struct failure *);

/* The final lines of both orders are the same; all lines and the saved state too when the orders differ in their batches
 * alone, or by a save and a load on the way. */
bool outcomes_differ(const struct trial *, const struct outcome *, const struct outcome *, struct failure *);

/* Judges both orders; all of the above. */
bool trial_fails(const struct trial *, struct failure *);

/* Makes the world of a failing trial smaller as long as it fails in the same way. */
void trial_shrink(struct trial *, const struct failure *);

void failure_free(struct failure *);

#endif
