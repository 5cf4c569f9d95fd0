/* Bytes of state that a ruleset makes the core keep for each entity: known before the first record is read. */
#ifndef FW_BUDGET_H
#define FW_BUDGET_H

#include "core/base/buffer.h"
#include "core/rule/ruleset.h"

/* One JSON object, bytes each: {"person":...,"settlement":...,"enrolment":...,"pool_month":...,"institution_month":...}. */
void scorer_state_budget(const struct ruleset *, struct buffer *);

/* The record layout: every aggregate with the rules that share it and its bytes (of a person: for all years kept; of a region,
 * institution or township: for each month), and what the conditions cost.  A JSON object, or lines for people. */
void scorer_layout_json(const struct ruleset *, struct buffer *);
void scorer_layout_text(const struct ruleset *, enum language, struct buffer *);

#endif
