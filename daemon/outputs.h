/* Reads what the output topics hold from the floors of the snapshot on, so that what is derived again is not said again. */
#ifndef FW_OUTPUTS_H
#define FW_OUTPUTS_H

#include "core/archive/snapshot.h"
#include "daemon/known.h"
#include "daemon/probe.h"
#include "daemon/publisher.h"

/* Fills known from the topics' partitions, each from its floor (or its beginning) to its present end, and tells the
 * publisher where that is.  The client is asked for the ends. */
enum probe_answer outputs_read(const struct config *, struct status *, rd_kafka_t *, const struct output_floor *, size_t floors, struct known *,
    struct publisher *, const volatile bool *stop);

#endif
