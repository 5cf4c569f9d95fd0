/* What a person's yearly sums must be, counted again from the whole set of settlements, plainly and without the program:
 * contract 1.3.  No order of arrival is known here. */
#ifndef FW_PROPERTY_TRUTH_H
#define FW_PROPERTY_TRUTH_H

#include "tests/property/world.h"

struct ledger {
	int person, year;
	const char *pool;
	int64_t outpatient;             /* hifp_pay of residents' outpatient settlements */
	int64_t everything;             /* medfee_sumamt of all */
	int outpatient_count, everything_count;         /* settlements and unlinked refunds that an alert lists */
};

/* Fills ledgers (room for EVENTS_MAX) and gives their number. */
size_t truth_ledgers(const struct world *, struct ledger *ledgers);

#endif
