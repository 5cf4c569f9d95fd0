/* PRIVATE to core/score: what becomes of the state of one ruleset under another. */
#ifndef FW_SCORE_PLAN_H
#define FW_SCORE_PLAN_H

#include "core/score/private.h"

struct plan {
	const struct ruleset *old_rules, *new_rules;
	struct layout old_layout, new_layout;
	size_t old_words, new_words;
	int32_t *condition;             /* of the new set: number in the old one, -1: none */
	int32_t *bit;                   /* of a booking, likewise */
	int32_t *amount, *net;          /* likewise */
	int32_t *ledger, *ledger_rule, *series_rule, *family_rule;
};

/* Both sets frozen; the layout of the old one is borrowed, not owned. */
void plan_make(struct plan *, const struct ruleset *old_rules, const struct layout *old_layout, const struct ruleset *new_rules);
void plan_free(struct plan *);

/* The same rule with the same aggregate. */
bool plan_same_rule(const struct plan *, int32_t new_rule, int32_t old_rule);
/* And neither or both of them on trial: what was said goes on.  Otherwise the other topic has heard nothing yet. */
bool plan_same_voice(const struct plan *, int32_t new_rule, int32_t old_rule);
/* The rule of the old set that a rule of the new one goes on from, -1: none. */
int32_t plan_voice_of(const struct plan *, int32_t new_rule);

/* Number in the set, -1: none. */
int32_t rule_find(const struct ruleset *, const char *id);

/* {"ruleset","kept","new","dropped"} and an end of text. */
void plan_answer(struct buffer *, const struct plan *);

/* ---- single.c ---- */
/* What was said about single claims stays where the rule goes on. */
void claim_said_keep(struct scorer *, const struct plan *);
/* The same, out of another scorer's store into this one's, which is emptied first. */
void claim_said_adopt(struct scorer *, const struct scorer *from, const struct plan *);

/* ---- rejudge.c ---- */
/* Which rules scorer_rejudge will ask again: those whose law changed, that are no longer on trial, or whose sums were there
 * before they were.  To be called before the layout of the new set is bound. */
void rejudge_plan(struct scorer *, const struct plan *);
/* Every rule that is judged. */
void rejudge_all(struct scorer *);

#endif
