/* What a replay says at its end: counts that add up (received = judged + refused + duplicate), as JSON and as text. */
#ifndef FW_SUMMARY_H
#define FW_SUMMARY_H

#include "core/base/buffer.h"
#include "replay/session.h"

struct summary {
	uint64_t offered[RECORD_KINDS]; /* records given to the scorer, counted by replay itself */
	uint64_t before;                /* settlements of these that an earlier run judged: no part of the speed */
	bool incomplete;                /* a damaged archive ended it */
	double seconds;
	char feed_digest[DIGEST_TEXT_SIZE];
};

/* Alert ids that stand and that were retracted, and lines said, over the rules in force. */
struct summary_alerts {
	uint64_t open, retracted, lines;
	int64_t amount_at_risk_fen;
};
struct summary_alerts summary_alerts(const struct session *);

/* Does every record have one fate, and has the scorer seen them all?  False is a mistake of the program. */
bool summary_is_whole(const struct session *, const struct summary *);

/* One JSON object without newline, the keys of the contract. */
void summary_json(const struct session *, const struct summary *, struct buffer *);

/* A few lines for people. */
void summary_text(const struct session *, const struct summary *, struct buffer *);

#endif
