/* A thread that asks the broker, every few seconds, where every partition ends, and every minute how many there are: a
 * frozen broker, a missing right and a dead partition make no noise of their own. */
#ifndef FW_WATCH_H
#define FW_WATCH_H

#include "daemon/kafka.h"

struct watch;

/* topics is copied.  The client must outlive the watch.  With an archivist (NULL: none) the topics are held against the
 * archive whenever status->suspect is set: then it is cleared, and partitions that do not fit are stopped. */
struct archivist;
struct watch *watch_start(rd_kafka_t *client, const struct config *, struct status *, const struct kafka_topic *topics, size_t count,
    struct archivist *);

/* Waits until the point in real time; false: it is still asking. */
bool watch_stop(struct watch *, const struct timespec *until);

#endif
