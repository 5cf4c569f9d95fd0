/* What is answered to who asked for a reload: one JSON object, docs/operation.md. */
#ifndef FW_ANSWER_H
#define FW_ANSWER_H

#include "core/score/scorer.h"
#include "daemon/reload.h"

enum reload_result {
	RESULT_TAKEN, RESULT_UNCHANGED,
	RESULT_REFUSED,                 /* mistakes, or tests that fail */
	RESULT_WOULD_DROP,              /* state would go, and nobody accepted that */
	RESULT_MOVES_POOL,              /* an area would move to another pool */
	RESULT_NO_BACKFILL,             /* asked for, and not to be had */
	RESULT_FAILED,                  /* the set cannot be stored in the archive */
	RESULT_STOPPING,
	RESULT_FILLING                  /* not yet: what is new is being derived from the archive; never answered */
};

extern const char *const result_names[];        /* by enum reload_result */

struct outcome {                        /* what became of one set */
	enum reload_result result;
	const char *ruleset;            /* digest that is live now */
	uint64_t generation;
	struct buffer state;            /* JSON of scorer_compare; empty: it was not compared */
	struct state_change change;
	uint64_t position;              /* of its entry in the archive, RESULT_TAKEN */
	bool is_archived;
	int64_t pause_ns;               /* judging stood still */
	uint64_t fill_entries;          /* judged again by a backfill; 0: there was none */
	int64_t fill_ns;
};

void answer_write(struct buffer *, const struct loaded *, const struct outcome *);
void answer_short(struct buffer *, enum reload_result);        /* nothing but the result */

/* "diagnostics": [...], a member of an object that is open. */
void answer_diags(struct buffer *, const struct diags *);

#endif
