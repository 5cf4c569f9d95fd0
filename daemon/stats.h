/* The stats record: latency histograms with their bounds and counts, counts per rule and partition, lag.  Cumulative
 * since the start; docs/schema/stats.schema.json says every field. */
#ifndef FW_STATS_H
#define FW_STATS_H

#include "daemon/status.h"

void stats_line(struct status *, const char *instance, int64_t now_wall_ms, int64_t now_ns, struct buffer *);

/* The rules and what reloads came to, as one JSON object. */
void stats_reload(const struct status *, struct buffer *);

#endif
