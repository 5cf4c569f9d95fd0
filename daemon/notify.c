/* See notify.h. */
#include "daemon/notify.h"

#include "daemon/clock.h"

#include <systemd/sd-daemon.h>

void
notify_ready(const char *status_text)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status_text);
}

void
notify_reloading(int64_t monotonic_ns)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(monotonic_ns / 1000));
}

void
notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void
notify_alive(int64_t monotonic_ns)
{
	static int64_t next_ns;
	static uint64_t interval_us = UINT64_MAX;
	if (interval_us == UINT64_MAX && sd_watchdog_enabled(0, &interval_us) <= 0)
		interval_us = 0;
	if (!interval_us || monotonic_ns < next_ns)
		return;
	next_ns = monotonic_ns + (int64_t)interval_us * 1000 / 3;
	sd_notify(0, "WATCHDOG=1");
}
