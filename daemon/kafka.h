/* What consumer and publisher share of librdkafka: properties, errors in words, logs, topics. */
#ifndef FW_KAFKA_H
#define FW_KAFKA_H

#include "daemon/config.h"
#include "daemon/status.h"

#include <librdkafka/rdkafka.h>

/* Checks every property of the kafka: map on both sides; mistakes go to diags with their place and the nearest known
 * name, without the line itself: it may hold a password. */
void kafka_check(const struct config *, struct diags *);

/* One sentence when SASL SCRAM is configured with a library that Kafka 4.x refuses. */
void kafka_warn_scram(const struct config *);

/* Our settings, then the map's.  side: KAFKA_CONSUMER or KAFKA_PRODUCER.  The callbacks log and count into status.
 * The caller owns it until rd_kafka_new took it. */
rd_kafka_conf_t *kafka_conf(const struct config *, enum kafka_side side, struct status *);

/* The value that the map gives to a property of that side, NULL: none. */
const char *kafka_property(const struct config *, enum kafka_side, const char *name);

/* May a message about this be said, or was it within LOG_QUIET_SECONDS?  key: any hash of what it is about.  Any thread. */
bool kafka_may_say(uint64_t key);

/* In one sentence: what the error means and what to do. */
const char *kafka_explain(rd_kafka_resp_err_t, enum language);

#define KAFKA_TOPICS_MAX 7

struct kafka_topic {                    /* of the configuration */
	const char *name;
	int32_t partitions;             /* -1: not there */
	bool is_read;
};

/* The topics that are configured, each once; how many. */
size_t kafka_topics(const struct config *, struct kafka_topic list[KAFKA_TOPICS_MAX]);

/* Asks the broker how many partitions each has.  RD_KAFKA_RESP_ERR_NO_ERROR when it answered. */
rd_kafka_resp_err_t kafka_ask_topics(rd_kafka_t *, struct kafka_topic *, size_t count, int timeout_ms);

/* Creates those that are not there; false after telling why. */
bool kafka_create_topics(rd_kafka_t *, const struct config *, const struct kafka_topic *, size_t count);

#endif
