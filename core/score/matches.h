/* PRIVATE to core/score: which rules a claim is of, and what rules cost. */
#ifndef FW_SCORE_MATCHES_H
#define FW_SCORE_MATCHES_H

#include "core/score/private.h"

/* Counts the rules whose where holds, and lists the claim rules that fail. */
void matches_find(struct scorer *, const uint64_t *truth, const uint64_t *falsehood);
/* Counts that are kept once for all rules into each of them: before rules change, are counted or saved. */
void asked_settle(struct scorer *);
void cost_add(struct scorer *, struct cost *, uint64_t start, uint64_t weight);

/* Around what a sampled claim makes a rule do; 0: this claim is not timed. */
static inline uint64_t
cost_start(const struct scorer *scorer)
{
	return scorer->cost.is_timed ? scorer->limits.clock() : 0;
}

/* A close is timed whenever there is a clock. */
static inline uint64_t
close_start(const struct scorer *scorer)
{
	return scorer->limits.clock ? scorer->limits.clock() : 0;
}

static inline void
close_stop(struct scorer *scorer, int32_t rule, uint64_t start)
{
	if (start)
		cost_add(scorer, &scorer->cost.rule[rule], start, 1);
}

static inline void
cost_stop(struct scorer *scorer, struct cost *cost, uint64_t start)
{
	if (start)
		cost_add(scorer, cost, start, COST_EVERY);
}

static inline void
rule_stop(struct scorer *scorer, int32_t rule, uint64_t start)
{
	if (!start)
		return;
	uint64_t before = scorer->cost.rule[rule].ns;
	cost_add(scorer, &scorer->cost.rule[rule], start, COST_EVERY);
	scorer->cost.judging += scorer->cost.rule[rule].ns - before;
}

#endif
