/* What the benchmarks share: a clock, a core of one's own, and how a figure is printed. */
#ifndef FW_BENCH_H
#define FW_BENCH_H

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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

/* Takes so much memory once and gives it back, so that a virtual machine has it: what the first touch of a page costs
 * there is the host's affair. */
static inline void
bench_warm_memory(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return;
	for (size_t i = 0; i < bytes; i += 4096)
		memory[i] = 1;
	munmap(memory, bytes);
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
