/* The daemon's clocks.  The core has none: what it needs of time comes with its records. */
#ifndef FW_CLOCK_H
#define FW_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* Never goes back; for durations and deadlines. */
static inline int64_t
clock_monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Unix milliseconds, as Kafka stamps its records. */
static inline int64_t
clock_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / NS_PER_MS;
}

#define CLOCK_TEXT_SIZE 40

/* "2024-04-01T09:00:00.123+08:00" for Unix milliseconds; gives the buffer back. */
char *clock_text(int64_t wall_ms, char buffer[CLOCK_TEXT_SIZE]);

#endif
