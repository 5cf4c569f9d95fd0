/* The process and the disks under it, as metrics. */
#ifndef FW_HOST_H
#define FW_HOST_H

#include "daemon/status.h"

/* process_* under the names that Prometheus clients use.  Any thread. */
void process_metrics(struct buffer *, const struct status *);

/* fundwatch_filesystem_*: size and room of the file systems of the archive and the mirror, as far as there are any. */
void filesystem_metrics(struct buffer *, const struct status *);

#endif
