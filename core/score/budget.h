/* Bytes of state that a ruleset makes the core keep for each entity: known before the first record is read. */
#ifndef FW_BUDGET_H
#define FW_BUDGET_H

#include "core/base/buffer.h"
#include "core/rule/ruleset.h"

/* One JSON object, bytes each: {"person":...,"settlement":...,"enrolment":...,"pool_month":...}. */
void scorer_state_budget(const struct ruleset *, struct buffer *);

#endif
