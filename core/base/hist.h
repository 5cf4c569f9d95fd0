/* Log-linear latency histogram: one writer, no lock; readers on other threads see relaxed stores.
 * 16 sub-buckets an octave: at most 6.25 % relative error over the whole 64-bit range.  Values in ns. */
#ifndef FW_HIST_H
#define FW_HIST_H

#include <stdatomic.h>
#include <stdint.h>

#define HIST_BUCKETS 976

struct hist {
	_Atomic uint64_t bucket[HIST_BUCKETS];
	_Atomic uint64_t count, sum, max, negative;     /* negative: values below zero, counted apart (clock skew) */
};

/* Adds count values of ns each.  One thread only. */
void hist_add(struct hist *, int64_t ns, uint64_t count);

/* Upper bound in ns of the bucket that holds the q-quantile (0 < q <= 1), at most the largest value; 0 when empty.
 * Any thread. */
uint64_t hist_quantile(const struct hist *, double q);

/* Number of values <= ns by whole buckets (the bucket that holds ns counts when its upper bound is <= ns). */
uint64_t hist_below(const struct hist *, uint64_t ns);

uint64_t hist_bucket_upper(unsigned bucket);

#endif
