/* Kafka out: an idempotent producer that drops nothing.  One thread, the one that owns the turn.
 *
 * Always holds: what publisher_send took is delivered, or is held and sent again, until the process ends; what was not
 * delivered by then is counted and said.  Alert ids are deterministic, so sending again is harmless. */
#ifndef FW_PUBLISHER_H
#define FW_PUBLISHER_H

#include "daemon/headers.h"
#include "daemon/kafka.h"

enum feed_topic { TOPIC_ALERTS, TOPIC_SHADOW, TOPIC_INDICATORS, TOPIC_STATS, TOPIC_REFUSED, TOPIC_COUNT };

struct message {
	enum feed_topic topic;
	struct slice key, value;
	const struct headers *headers;
	struct slice sealed;            /* header fundwatch_record: encrypted bytes of a refused record; empty: none */
	bool is_alert;                  /* its way is measured */
	int64_t record_ms;              /* Kafka timestamp of its record, INT64_MIN: none */
	int64_t setl_time;              /* Beijing seconds, INT64_MIN: none */
	uint64_t position;              /* of the entry it comes from; UINT64_MAX: of none */
};

struct publisher;

/* NULL after telling why. */
struct publisher *publisher_open(const struct config *, struct status *);

void publisher_wake_by(struct publisher *, int fd);

/* The topics are known to be there; not before: a producer's first word about a topic creates it on many brokers.  Asks
 * for their metadata, so that the first line does not wait for it.  Nothing is sent before this. */
void publisher_begin(struct publisher *);

/* Copies the message.  A full queue is waited for: delivery reports are served meanwhile; stop (may be NULL) ends the
 * wait when it becomes true, then the message is held. */
void publisher_send(struct publisher *, const struct message *, const volatile bool *stop);

/* Serves delivery reports, sends again what failed, makes a new producer after a fatal error. */
void publisher_serve(struct publisher *);

/* Something failed and is not yet sent again with success: take no new records meanwhile. */
bool publisher_blocked(const struct publisher *);

/* Position of the oldest message that is not acknowledged; UINT64_MAX: there is none. */
uint64_t publisher_oldest(const struct publisher *);

/* For every partition of the output topics that lines of the scorer were acknowledged in: one past the largest offset, with
 * what publisher_floor_set said before.  The list is the publisher's. */
struct output_floor;
void publisher_floor_set(struct publisher *, const char *topic, int32_t partition, int64_t offset);
const struct output_floor *publisher_floors(const struct publisher *, size_t *count);

/* Waits until everything is acknowledged, at most to the deadline; gives the number of messages that are not. */
uint64_t publisher_flush(struct publisher *, int64_t deadline_ns);

/* For tests: the client fails for good, as after a lost sequence. */
void publisher_break(struct publisher *);

void publisher_close(struct publisher *);

#endif
