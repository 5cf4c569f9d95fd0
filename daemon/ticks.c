/* See ticks.h. */
#include "daemon/ticks.h"

#include "core/base/time.h"
#include "daemon/clock.h"
#include "daemon/log.h"

#include <stdlib.h>

#define LOOK_NS NS_PER_SECOND
#define JUMP_MS (300 * 1000)            /* more than the clocks of a machine drift apart or NTP steps */

void
ticks_open(struct ticks *ticks, const struct config *config, struct status *status)
{
	*ticks = (struct ticks){.after_s = config->tick_after, .status = status, .wall_ms = clock_wall_ms(), .monotonic_ns = clock_monotonic_ns()};
}

/* A clock that jumped is not believed until the daemon is started again. */
static bool
clock_is_sane(struct ticks *ticks, int64_t now_ns)
{
	int64_t wall_ms = clock_wall_ms();
	int64_t off_ms = wall_ms - ticks->wall_ms - (now_ns - ticks->monotonic_ns) / NS_PER_MS;
	if (atomic_load(&ticks->status->clock_jumped))
		return false;
	if (llabs(off_ms) <= JUMP_MS) {
		ticks->wall_ms = wall_ms;
		ticks->monotonic_ns = now_ns;
		return true;
	}
	atomic_store(&ticks->status->clock_jumped, true);
	log_say(LEVEL_ERROR, "系统时钟跳动了 %lld 秒；不再按时钟关闭月份，校准时钟后重启 fundwatchd",
	    "the wall clock jumped by %lld s; months are not closed by the clock any more: set the clock right and restart fundwatchd", (long long)(off_ms / 1000));
	return false;
}

int64_t
ticks_time(struct ticks *ticks, int64_t now_ns)
{
	if (!ticks->after_s || now_ns < ticks->next_ns)
		return INT64_MIN;
	ticks->next_ns = now_ns + LOOK_NS;
	if (!clock_is_sane(ticks, now_ns))
		return INT64_MIN;
	if (status_caught_up(ticks->status, now_ns))
		ticks->caught_ns = now_ns;
	/* Caught up at that moment means: what had arrived by then, and so by `after` before it, is judged. */
	if (!ticks->caught_ns || now_ns - ticks->caught_ns >= ticks->after_s * NS_PER_SECOND)
		return INT64_MIN;
	return ticks->wall_ms / 1000 - ticks->after_s + BEIJING_OFFSET_SECONDS;
}
