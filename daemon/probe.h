/* Reads parts of topics at the start, with a client of its own: what the output topics hold already, and the last record
 * of every partition once more. */
#ifndef FW_PROBE_H
#define FW_PROBE_H

#include "daemon/kafka.h"

struct probe_part {                     /* of one partition */
	const char *topic;
	int32_t partition;
	int64_t from;                   /* offset, or RD_KAFKA_OFFSET_BEGINNING */
	int64_t until;                  /* offset that is not read any more; what lies between is read */
	size_t tag;                     /* the caller's */
	bool done;
};

typedef void probe_take(void *context, const struct probe_part *, const rd_kafka_message_t *);

enum probe_answer { PROBE_DONE, PROBE_NO_ANSWER, PROBE_STOPPED };

/* The ends of a partition's log.  RD_KAFKA_RESP_ERR_NO_ERROR: they are known. */
rd_kafka_resp_err_t probe_ends(rd_kafka_t *, const char *topic, int32_t partition, int64_t *low, int64_t *high);

/* Gives every message of the parts to take, in the order of each partition.  No answer for some seconds, or an error of a
 * partition: PROBE_NO_ANSWER, ask again.  stop ends it. */
enum probe_answer probe_read(const struct config *, struct status *, struct probe_part *, size_t count, probe_take *, void *context,
    const volatile bool *stop);

#endif
