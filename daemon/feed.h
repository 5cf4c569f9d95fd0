/* What leaves the daemon: every line of the scorer to its topic with its headers, the daemon's own lines between them,
 * the mirror, and the running digest of the alert lines.
 *
 * Lines wait until the entry that they come from is synced in the archive, and go out in the order of the entries.  Always
 * holds: nothing is published, mirrored or added to the digest that a power cut could make unsaid. */
#ifndef FW_FEED_H
#define FW_FEED_H

#include "core/base/digest.h"
#include "daemon/batch.h"
#include "daemon/known.h"
#include "daemon/mirror.h"
#include "daemon/publisher.h"
#include "daemon/seal.h"

struct waiting;                         /* a line that waits */

struct feed {
	const struct config *config;
	struct status *status;
	struct publisher *publisher;
	struct mirror mirror;
	struct digest *digest;          /* SHA-256 of every alert line and its newline, in order */
	struct seal *seal;              /* NULL: bytes of refused records are left out */
	struct buffer line, sealed;
	const volatile bool *stop;      /* true: do not wait for a full queue any more */
	uint64_t alerts;
	struct waiting *first, **last;  /* in the order of their entries */
	struct known *known;            /* what the topics hold already; NULL: nothing was derived again */
	bool is_open;                   /* the publisher has begun: lines may go */
};

/* False after telling why (the certificate). */
bool feed_open(struct feed *, const struct config *, struct status *, struct publisher *, const volatile bool *stop);

/* After a restart: goes on with this digest (taken over) and count of alert lines. */
void feed_go_on(struct feed *, struct digest *, uint64_t alerts);

/* Takes what the scorer said about the records batch[first..first + used); position is that of batch->record[0] in the
 * archive, of a tick's entry when used is 0. */
void feed_outputs(struct feed *, const struct ruleset *, const struct batch *, size_t first, size_t used, const struct scored *, uint64_t position);

/* The publisher has begun.  known (may be NULL, taken over): lines that are not to be published again. */
void feed_begin(struct feed *, struct known *);

/* Everything that was derived again has gone. */
void feed_forget_known(struct feed *);

/* Publishes the lines of entries below the position. */
void feed_release(struct feed *, uint64_t synced);

/* Position of the oldest line that waits; UINT64_MAX: none does. */
uint64_t feed_oldest(const struct feed *);

/* Position below which every line is acknowledged; UINT64_MAX: every line there was. */
uint64_t feed_acknowledged(const struct feed *);

/* Lines of the daemon itself: on the feed, on the mirror, not in the digest. */
void feed_heartbeat(struct feed *);

struct rules_change {
	const char *old_digest, *new_digest;
	uint64_t generation;
	struct slice state;             /* JSON of scorer_compare */
	uint64_t position;              /* of the entry that says so in the archive; lines of entries before go first */
	bool is_archived;               /* else position is a count of records */
	bool backfilled;                /* what is new was derived from the archive */
};

/* Waits as other lines do until its entry is synced. */
void feed_rules_changed(struct feed *, const struct rules_change *);
void feed_stats(struct feed *);

void feed_digest(const struct feed *, char text[DIGEST_TEXT_SIZE]);
void feed_close(struct feed *);

#endif
