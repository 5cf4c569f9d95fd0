/* The clock where no record comes.  A tick says: the clock was at this time, and what had arrived before it was judged.  It
 * is an entry of the archive, so a replay closes the same months.
 *
 * Always holds: no tick while a partition has lag, a broker is silent, or the wall clock has jumped against the monotonic. */
#ifndef FW_TICKS_H
#define FW_TICKS_H

#include "daemon/config.h"
#include "daemon/status.h"

struct ticks {
	int64_t after_s;                /* 0: never */
	struct status *status;
	int64_t caught_ns;              /* when every partition was last seen at its end */
	int64_t wall_ms, monotonic_ns;  /* at the start, or at the last look that fitted */
	int64_t next_ns;
};

void ticks_open(struct ticks *, const struct config *, struct status *);

/* The time a tick could say now, in Beijing seconds; INT64_MIN: none. */
int64_t ticks_time(struct ticks *, int64_t now_ns);

#endif
