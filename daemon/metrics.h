/* /metrics: Prometheus text format 0.0.4.  Labels are of bounded size: rule, status, stage, topic, partition, reason;
 * never a person or an institution. */
#ifndef FW_METRICS_H
#define FW_METRICS_H

#include "daemon/status.h"

/* Any thread. */
void metrics_text(struct status *, struct buffer *);

#endif
