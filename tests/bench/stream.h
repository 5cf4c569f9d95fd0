/* The settlements of a city in its steady state: whole messages of about 1.5 kB with every field that a platform sends, in
 * order of time, STREAM_A_YEAR a person and year, one in twenty inpatient.  First everybody comes once, then anybody.
 * Everybody in it is made up. */
#ifndef FW_BENCH_STREAM_H
#define FW_BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_MESSAGE_MAX 4096
#define STREAM_A_YEAR 7

struct stream {
	uint64_t persons;
	unsigned pools, first_pool;     /* a person is of pool first_pool + number % pools; of more than one each has an area of its own */
	bool one_area;                  /* all of area 141121, whose pool is 1411 */
	int64_t time;                   /* Beijing seconds of the next settlement */
	uint64_t made, random, clock;   /* zero at the beginning */
};

/* Writes the next settlement with a NUL behind it and gives its length.  out has STREAM_MESSAGE_MAX bytes. */
size_t stream_next(struct stream *, char *out);

/* The row of tables/pools.csv that makes a pool of its own out of an area of the stream. */
int stream_pool_row(unsigned pool, char *out, size_t size);

#endif
