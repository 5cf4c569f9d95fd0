/* Values 0..15 have a bucket each; above, an octave 2^e..2^(e+1)-1 is cut into 16 equal buckets. */
#include "core/base/hist.h"

#include <math.h>

#define SUB_BITS 4
#define SUB_BUCKETS (1u << SUB_BITS)

static unsigned
bucket_of(uint64_t ns)
{
	if (ns < SUB_BUCKETS)
		return (unsigned)ns;
	unsigned exponent = 63 - (unsigned)__builtin_clzll(ns);
	unsigned shift = exponent - SUB_BITS;
	return (shift + 1) * SUB_BUCKETS + (unsigned)(ns >> shift & (SUB_BUCKETS - 1));
}

uint64_t
hist_bucket_upper(unsigned bucket)
{
	if (bucket < SUB_BUCKETS)
		return bucket;
	unsigned shift = bucket / SUB_BUCKETS - 1;
	uint64_t lower = (uint64_t)(SUB_BUCKETS + bucket % SUB_BUCKETS) << shift;
	return lower + ((UINT64_C(1) << shift) - 1);
}

/* One writer: a load and a store, no locked instruction. */
static void
counter_add(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_relaxed);
}

static uint64_t
counter_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void
hist_add(struct hist *hist, int64_t ns, uint64_t count)
{
	if (ns < 0) {
		counter_add(&hist->negative, count);
		return;
	}
	uint64_t value = (uint64_t)ns;
	counter_add(&hist->bucket[bucket_of(value)], count);
	counter_add(&hist->count, count);
	counter_add(&hist->sum, value * count);
	if (count && value > counter_get(&hist->max))
		atomic_store_explicit(&hist->max, value, memory_order_relaxed);
}

uint64_t
hist_quantile(const struct hist *hist, double q)
{
	/* The buckets are summed here: the writer may be between bucket and count. */
	uint64_t total = 0;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		total += counter_get(&hist->bucket[i]);
	if (!total)
		return 0;
	double rank = ceil(q * (double)total);
	uint64_t wanted = rank < 1 ? 1 : rank > (double)total ? total : (uint64_t)rank;
	uint64_t seen = 0;
	unsigned last = 0;
	for (unsigned i = 0; i < HIST_BUCKETS && seen < wanted; i++) {
		seen += counter_get(&hist->bucket[i]);
		last = i;
	}
	uint64_t upper = hist_bucket_upper(last), max = counter_get(&hist->max);
	return max && upper > max ? max : upper;        /* nothing was ever longer than the longest */
}

uint64_t
hist_below(const struct hist *hist, uint64_t ns)
{
	uint64_t seen = 0;
	for (unsigned i = 0; i < HIST_BUCKETS && hist_bucket_upper(i) <= ns; i++)
		seen += counter_get(&hist->bucket[i]);
	return seen;
}
