/* Kafka in: explicit assignment of every partition, records in batches, contiguity, and a watch over the log's ends.
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

/* Assigns the enrolment partitions (the settlements follow by themselves) and starts the watch thread. */
void consumer_begin(struct consumer *);

/* Wakes the file descriptor (an eventfd) whenever a message comes to an empty queue. */
void consumer_wake_by(struct consumer *, int fd);

/* What is there, up to the batch's capacity, without waiting.  True: something was. */
bool consumer_take(struct consumer *, struct batch *);

/* Everything taken was judged: positions move on. */
void consumer_done(struct consumer *);

/* Tells the group how far it is, for dashboards of the lag; nothing without group.id.  wait: for the broker's answer. */
void consumer_commit(struct consumer *, bool wait);

/* Stops the watch thread and leaves.  At most about the deadline; false: the client did not let go in time and the
 * process should end without it. */
bool consumer_close(struct consumer *, int64_t deadline_ns);

#endif
