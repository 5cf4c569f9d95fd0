/* One turn of the daemon: take, judge, publish, move on.  One thread owns it and everything in it.
 *
 * A pipeline is one shard: one scorer, one ordered sequence of records.  Always holds: received = judged + refused +
 * duplicate for every partition, at the end of every turn; a ruleset changes only between batches. */
#ifndef FW_PIPELINE_H
#define FW_PIPELINE_H

#include "daemon/consumer.h"
#include "daemon/feed.h"
#include "daemon/key.h"
#include "daemon/ownership.h"
#include "daemon/reload.h"

struct pipeline {
	const struct config *config;
	struct status *status;
	struct ruleset *rules;
	struct scorer *scorer;
	struct consumer *consumer;
	struct publisher *publisher;
	struct ownership *ownership;    /* NULL: every pool is ours */
	struct feed feed;
	struct reload reload;
	enum fate *fate;
	int wake_fd;                    /* messages or delivery reports have come */
	int64_t heartbeat_ns, stats_ns, copy_ns, commit_ns;     /* when next */
};

/* Takes over rules.  False after telling why; pipeline_close all the same. */
bool pipeline_open(struct pipeline *, const struct config *, struct status *, struct ruleset *rules, const struct key *,
    const volatile bool *stop);

/* The topics are there: assignment, first heartbeat. */
void pipeline_begin(struct pipeline *);

/* One turn; waits at most about 100 ms when there is nothing to do. */
void pipeline_turn(struct pipeline *);

/* No more records: everything published is delivered, or the deadline passes.  Gives the number of messages that were
 * not delivered. */
uint64_t pipeline_drain(struct pipeline *, int64_t deadline_ns);

/* False: the Kafka client did not let go in time; end the process without freeing more. */
bool pipeline_close(struct pipeline *, int64_t deadline_ns);

/* Adds a judged batch to the counts of its partitions (tests). */
void pipeline_account(const struct batch *, size_t first, size_t used, const struct scored *);

/* Reason of a dead letter's line; REFUSAL_COUNT: none that is known. */
enum refusal_reason refusal_of_line(struct slice line);

#endif
