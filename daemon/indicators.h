/* Indicators as gauges: of every subject the figures of the last closed month, one family a figure.  Made on the turn thread
 * when a figure changed, not at each scrape; the core has them again after a restart. */
#ifndef FW_INDICATORS_H
#define FW_INDICATORS_H

#include "core/score/scorer.h"

/* Subjects of each sort that get gauges: the first ones that were judged.  What is beyond is counted in a metric. */
enum subject_sort { SORT_POOL, SORT_TOWNSHIP, SORT_INSTITUTION, SUBJECT_SORTS };  /* pool: areas, classes and levels too */

struct indicator_bounds {
	uint64_t most[SUBJECT_SORTS];
};

/* Appends fundwatch_indicator_* and how many subjects there are, and are beyond the bounds.  Rules in shadow mode have none. */
void indicators_text(struct buffer *, const struct scorer *, const struct ruleset *, const struct indicator_bounds *);

/* Appends fundwatch_rule_info: what each rule is, for joins by `rule`. */
void rule_info_text(struct buffer *, const struct ruleset *);

#endif
