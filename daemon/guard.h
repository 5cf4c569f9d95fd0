/* Is a topic still the one that was read?  librdkafka reads on in silence at the old position of a topic that was deleted,
 * made again and filled beyond it.  So the last record that the archive has of every partition is read once more and
 * compared, and the position is held against both ends of the log. */
#ifndef FW_GUARD_H
#define FW_GUARD_H

#include "core/archive/cursor.h"
#include "daemon/kafka.h"

#define GUARD_WORD 16

struct guard_gap {                      /* what is wrong with one partition */
	const char *topic;              /* the cursor's */
	int32_t partition;
	int64_t expected, found;        /* offset that was due; where the log begins now */
	char reason[GUARD_WORD];        /* truncated, shortened, recreated */
};

struct guard {
	struct guard_gap *gap;
	size_t gaps;
};

enum guard_answer { GUARD_LOOKED, GUARD_NO_ANSWER, GUARD_STOPPED };

/* Looks at every cursor.  GUARD_LOOKED: what is wrong is in the list, told to the log; an empty list: all is well.  The
 * client is asked for the ends, the records are read by one of its own.  The caller frees the list. */
enum guard_answer guard_look(const struct config *, struct status *, rd_kafka_t *, const struct cursors *, struct guard *,
    const volatile bool *stop);

#endif
