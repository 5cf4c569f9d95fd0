/* Headers of what is published: CloudEvents 1.0 in binary mode for Kafka.  The value of a message depends on records,
 * rules and tables alone; where its record came from and every timing travel here.  docs/operation.md lists them. */
#ifndef FW_HEADERS_H
#define FW_HEADERS_H

#include "core/base/slice.h"

#include <stdint.h>

#define HEADERS_MAX 16
#define HEADER_VALUE_SIZE 256
#define EVENT_ID_SIZE 33

struct headers {
	struct {
		const char *name;
		char value[HEADER_VALUE_SIZE];
	} item[HEADERS_MAX];
	size_t count;
};

struct origin {                         /* of the record that brought the line about */
	const char *topic;              /* NULL: none, as with a heartbeat */
	int32_t partition;
	int64_t offset;
	int64_t record_ms;              /* Kafka timestamp, INT64_MIN: none */
	int64_t taken_ms;               /* when the daemon had it in hand */
	int64_t decode_ns, score_ns;    /* of its batch, per record */
};

/* Identical lines are the same event: the first 32 hexadecimal digits of the SHA-256 of the line. */
void headers_event_id(struct slice line, char id[EVENT_ID_SIZE]);

/* type: "alert" becomes ce_type fundwatch.alert.  now_ms: wall clock. */
void headers_make(struct headers *, const char *instance, const char *type, struct slice line, const struct origin *, int64_t now_ms);

/* What alerts of one group have in common. */
void headers_group(struct headers *, const char *group);

/* The place in the archive of what the line tells. */
void headers_position(struct headers *, uint64_t position);

#endif
