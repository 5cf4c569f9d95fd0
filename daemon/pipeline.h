/* One turn of the daemon: take, judge, publish, move on.  One thread owns it and everything in it.
 *
 * A pipeline is one shard: one scorer, one ordered sequence of records, one archive.  Always holds: received = judged +
 * refused + duplicate for every partition, at the end of every turn; a ruleset changes only between batches; what is judged
 * is handed to the archivist first, in that order, and nothing is said of it before it is synced. */
#ifndef FW_PIPELINE_H
#define FW_PIPELINE_H

#include "daemon/answer.h"
#include "daemon/archivist.h"
#include "daemon/consumer.h"
#include "daemon/feed.h"
#include "daemon/fill.h"
#include "daemon/key.h"
#include "daemon/ownership.h"
#include "daemon/reload.h"
#include "daemon/restore.h"
#include "daemon/snapshots.h"
#include "daemon/ticks.h"

struct filling {                        /* a load whose new state is being derived from the archive */
	struct fill *fill;              /* NULL: none */
	struct loaded loaded;
	bool hold;                      /* nothing is judged until it has caught up */
	int64_t begin_ns, hold_ns;
};

struct pipeline {
	const struct config *config;
	struct status *status;
	const struct key *key;
	const volatile bool *stop;
	struct ruleset *rules;          /* that the scorer judges by */
	struct ruleset *wanted;         /* at the start: those of the configuration */
	struct entry_settings settings;
	struct scorer *scorer;          /* NULL: before the first ruleset of an empty archive */
	struct consumer *consumer;
	struct publisher *publisher;
	struct ownership *ownership;    /* NULL: every pool is ours */
	struct feed feed;
	struct reload reload;
	struct filling filling;
	uint8_t refused_digest[DIGEST_BYTES];   /* of the refusal that was told last */
	struct archivist *archivist;    /* NULL: no archive */
	struct restored restored;       /* what the start brought back: cursors, floors, names of sources */
	struct snapshots snapshots;
	struct ticks ticks;
	enum fate *fate;
	uint64_t judged;                /* position of the next entry, without an archive a count of records */
	uint64_t commit_at;             /* group offsets may be told when this is synced */
	int wake_fd;                    /* messages, delivery reports or syncs have come */
	int64_t heartbeat_ns, stats_ns, copy_ns, commit_ns;     /* when next */
};

#define PIPELINE_GO_ON (-1)

/* Takes over rules.  Brings the state back from the archive.  PIPELINE_GO_ON, or an exit code after telling why;
 * pipeline_close all the same. */
int pipeline_open(struct pipeline *, const struct config *, struct status *, struct ruleset *rules, const struct key *,
    const volatile bool *stop);

/* The topics are there: are they those of the archive, what was said already; then rules, assignment, first heartbeat.
 * accept_gap: what is missing is recorded in the archive and passed over.  As pipeline_open; EX_OK: asked to stop. */
int pipeline_begin(struct pipeline *, bool accept_gap);

/* One turn; waits at most about 100 ms when there is nothing to do. */
void pipeline_turn(struct pipeline *);

/* No more records: everything is synced, published and delivered, or the deadline passes.  Gives the number of messages that
 * were not delivered. */
uint64_t pipeline_drain(struct pipeline *, int64_t deadline_ns);

/* False: the Kafka client did not let go in time; end the process without freeing more. */
bool pipeline_close(struct pipeline *, int64_t deadline_ns);

/* ---- rules.c ---- */

/* At the start: the ruleset and settings begin to hold from here on, and the archive says so.  False: they are refused, told. */
bool pipeline_rules(struct pipeline *, struct ruleset *);

/* Between batches: takes a step of a reload that is asked for; true: one has ended, and those who asked are answered. */
bool pipeline_reload(struct pipeline *);

/* Keeps the set's files in the archive; false: told. */
bool rules_store(struct pipeline *, const struct ruleset *);

/* The archive says that pipeline->rules hold from here on; gives the position of that entry. */
uint64_t rules_note(struct pipeline *, bool rejudged, bool backfilled);

/* At the end: all who wait for a reload are told that there will be none; pipeline_close does it too. */
void pipeline_ask_no_more(struct pipeline *);

/* Adds a judged batch to the counts of its partitions (tests). */
void pipeline_account(const struct batch *, size_t first, size_t used, const struct scored *);

/* Reason of a dead letter's line; REFUSAL_COUNT: none that is known. */
enum refusal_reason refusal_of_line(struct slice line);

#endif
