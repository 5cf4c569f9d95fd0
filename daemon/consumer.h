/* Kafka in: explicit assignment of every partition, records in batches, contiguity, and a watch over the log's ends.
 * A thread of its own reads, copies and decodes while the turn thread judges; a few batches lie between them, and when these are
 * full the reading waits.
 *
 * Always holds: enrolments are read to their end before the first settlement is asked for; offsets of a partition that
 * are not contiguous are counted and said; nothing is ever skipped by resetting an offset. */
#ifndef FW_CONSUMER_H
#define FW_CONSUMER_H

#include "daemon/batch.h"
#include "daemon/kafka.h"

struct consumer;

/* NULL after telling why. */
struct consumer *consumer_open(const struct config *, struct status *);

enum topics_answer { TOPICS_THERE, TOPICS_UNREACHABLE, TOPICS_MISSING };

/* Asks for the topics once (at most timeout_ms); tells each missing one and how to create it, creates it when the
 * configuration says so.  The turn thread. */
enum topics_answer consumer_find_topics(struct consumer *, int timeout_ms);

/* Serves the client's errors while it waits for a broker. */
void consumer_wait(struct consumer *, int timeout_ms);

/* Starts the reading thread, which assigns the enrolment partitions, later the settlements too, and copies what comes
 * into batches; and the watch thread.  wake_fd is an eventfd that is written when a batch is there.  With an archivist (NULL:
 * none) the topics are held against the archive again after every silence of the broker; reading waits meanwhile. */
struct archivist;
void consumer_begin(struct consumer *, int wake_fd, struct archivist *);

/* For questions at the start, before consumer_begin. */
rd_kafka_t *consumer_client(const struct consumer *);

/* The oldest batch that was read, NULL: none.  Never waits.  The turn thread. */
struct batch *consumer_take(struct consumer *);

/* The batch was judged: positions move on.  The turn thread. */
void consumer_done(struct batch *);

/* One of its users is done with the batch; after the last its memory goes back to the reading thread.  Any thread. */
void consumer_release(struct consumer *, struct batch *);

/* Where reading goes on after a restart: once, after the topics are found. */
struct cursors;
void consumer_go_on(struct consumer *, const struct cursors *);

/* Tells the group how far it was at the last consumer_mark, for dashboards of the lag; nothing without group.id.  wait: for
 * the broker's answer. */
void consumer_mark(struct consumer *);
void consumer_commit(struct consumer *, bool wait);

/* Stops both threads, at most about the deadline.  Batches that were read and not taken are forgotten: their positions
 * never moved.  False: a thread hangs in the client. */
bool consumer_stop(struct consumer *, int64_t deadline_ns);

/* Leaves, when it is stopped and no batch is held by anybody.  At most about the deadline; false: the client did not let go in
 * time and the process should end without it. */
bool consumer_close(struct consumer *, int64_t deadline_ns);

#endif
