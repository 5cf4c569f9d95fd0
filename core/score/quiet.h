/* PRIVATE to core/score: alerts that are not said, or not yet: hidden by an entry of the suppressions, or held back by
 * repeat_after; and the group that an alert is of. */
#ifndef FW_SCORE_QUIET_H
#define FW_SCORE_QUIET_H

#include "core/score/scorer.h"
#include "core/state/table.h"

struct codec;
struct plan;
struct pool;
struct statement;

struct hidden {                         /* an alert that an entry of the suppressions kept from being said */
	uint64_t identity, body;        /* hashes: they only count; body 0: it is said, or over */
	int64_t at_risk_fen;
	uint32_t entry, unused;
};

struct hiding {
	struct hidden *hidden;          /* in order of first sight */
	size_t count, slots;
	struct table table;             /* by identity; no slots before the first */
	struct suppression_counts *counts;      /* by entry */
};

struct hold_key {                       /* one person's year under one judgement of a ledger */
	uint32_t person;
	int32_t year;                   /* as a ledger year's */
	uint32_t ledger_rule;
};

struct held {                           /* an alert of a rule with repeat_after */
	struct hold_key key;
	int32_t day;                    /* event day of the line that was said last */
	uint8_t severity;               /* of that line: place in the list of severities */
	uint8_t stands;
	uint8_t waiting;                /* something newer was held back */
	uint8_t listed;                 /* in holding.waiting */
};

struct holding {
	struct held *held;              /* in order of first sight */
	size_t count, slots;
	struct table table;             /* by key; no slots before the first */
	uint32_t *waiting;              /* in order: numbers of held that may wait */
	size_t waitings, waiting_slots;
	size_t kept;                    /* how many there were when those that are over were last taken out */
};

/* ---- line.c ---- */
/* A hash of who an alert is about and by which rule: of what its id is made of. */
uint64_t alert_identity(struct scorer *, const struct statement *);

/* ---- group.c ---- */
/* What the rule's group words say of the alert, as a hash that is the same for all alerts of one group; "": no group. */
struct slice alert_group(struct scorer *, const struct statement *);

/* ---- hold.c: lines of standing alerts that wait until repeat_after has passed or a month closes ---- */
/* Whether this next line of a standing alert waits. */
bool is_held_back(struct scorer *, const struct statement *);
/* A line was said. */
void hold_said(struct scorer *, const struct statement *, enum alert_status);
/* Says what waits in the pool. */
void hold_close(struct scorer *, const struct pool *);
void hold_move(struct scorer *, const struct plan *);
void hold_state(struct codec *, struct scorer *);
void hold_free(struct scorer *);

/* ---- suppress.c: entries that keep alerts from being said ---- */
void suppressions_open(struct scorer *);
/* Whether an entry hides the line; counts it then.  A line that takes back what was said is never hidden.  body: hash of what
 * would be said. */
bool is_suppressed(struct scorer *, const struct statement *, bool takes_back, uint64_t body);
/* The counts of entries that the new set has too go on; what entries hid that it has not is forgotten. */
void suppressions_move(struct scorer *, const struct ruleset *old_rules, const struct ruleset *new_rules);
/* What the entries of the running scorer hid, in place of what fresh itself did not say. */
void suppressions_adopt(struct scorer *fresh, const struct scorer *live);
void suppressions_state(struct codec *, struct scorer *);
void suppressions_close(struct scorer *);

#endif
