/* The conditions of a ruleset the plain way: every one of them is walked as it was written, with three truth values, and
 * nothing is shared between two of them.  What the matcher says has to be the same. */
#ifndef FW_PLAIN_H
#define FW_PLAIN_H

#include "core/rule/ruleset.h"

/* Reads the canonical text of every condition again.  NULL: one of them does not read. */
struct plain *plain_open(const struct ruleset *);
void plain_close(struct plain *);

/* As matcher_run with rules that are off asked too. */
void plain_run(const struct plain *, const struct area *, const struct claim *, uint64_t *truth, uint64_t *falsehood);

/* Times that a pattern was run over a text since plain_open. */
uint64_t plain_pattern_runs(const struct plain *);

#endif
