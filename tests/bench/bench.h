/* What the benchmarks share: a clock, a core of one's own, and how a figure is printed. */
#ifndef FW_BENCH_H
#define FW_BENCH_H

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_RUNS_MAX 101

static inline double
bench_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Stays on the core it is on now. */
static inline void
bench_pin(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof set, &set);
}

static int
bench_order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

/* "name":{"median":..,"min":..,"max":..,"n":..,"unit":".."}; sorts the values. */
static inline void
bench_print(const char *name, double *value, int count, const char *unit)
{
	qsort(value, (size_t)count, sizeof *value, bench_order);
	printf("\"%s\":{\"median\":%.6g,\"min\":%.6g,\"max\":%.6g,\"n\":%d,\"unit\":\"%s\"}", name, value[count / 2], value[0],
	    value[count - 1], count, unit);
}

#endif
