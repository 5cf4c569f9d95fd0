/* The latency histogram against a sorted list. */
#include "core/base/hist.h"
#include "tests/unit/run.h"

#include <math.h>

static struct hist hist;

static void
fresh(void)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		hist.bucket[i] = 0;
	hist.count = hist.sum = hist.max = hist.negative = 0;
}

START_TEST(buckets_cover_everything_once)
{
	ck_assert_uint_eq(hist_bucket_upper(0), 0);
	ck_assert_uint_eq(hist_bucket_upper(HIST_BUCKETS - 1), UINT64_MAX);
	for (unsigned i = 1; i < HIST_BUCKETS; i++) {
		uint64_t before = hist_bucket_upper(i - 1), upper = hist_bucket_upper(i);
		ck_assert_uint_gt(upper, before);
		/* What can be wrong by taking the upper bound for the smallest value of the bucket. */
		ck_assert((double)(upper - (before + 1)) <= 0.0625 * (double)(before + 1));
	}
}
END_TEST

START_TEST(a_value_goes_to_the_bucket_that_holds_it)
{
	for (unsigned shift = 0; shift < 63; shift++)
		for (int64_t off = -1; off <= 1; off++) {
			int64_t value = (INT64_C(1) << shift) + off;
			fresh();
			hist_add(&hist, value, 1);
			uint64_t upper = hist_quantile(&hist, 1);
			ck_assert_uint_ge(upper, (uint64_t)value);
			ck_assert((double)upper <= 1.0625 * (double)value);
			ck_assert_uint_eq(hist.max, (uint64_t)value);
		}
}
END_TEST

START_TEST(quantiles_are_those_of_the_sorted_list)
{
	fresh();
	for (int64_t value = 1; value <= 10000; value++)
		hist_add(&hist, value, 1);
	ck_assert_uint_eq(hist.count, 10000);
	ck_assert_uint_eq(hist.sum, 50005000);
	static const double quantiles[] = {0.0001, 0.01, 0.5, 0.9, 0.99, 0.999, 1};
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
		double exact = ceil(quantiles[i] * 10000);
		double got = (double)hist_quantile(&hist, quantiles[i]);
		ck_assert(got >= exact && got <= exact * 1.0625);
	}
}
END_TEST

START_TEST(an_empty_histogram_says_zero)
{
	fresh();
	ck_assert_uint_eq(hist_quantile(&hist, 0.5), 0);
	ck_assert_uint_eq(hist_below(&hist, UINT64_MAX), 0);
}
END_TEST

START_TEST(negative_values_are_counted_apart)
{
	fresh();
	hist_add(&hist, -1, 3);
	hist_add(&hist, 7, 2);
	ck_assert_uint_eq(hist.negative, 3);
	ck_assert_uint_eq(hist.count, 2);
	ck_assert_uint_eq(hist_quantile(&hist, 0.01), 7);
}
END_TEST

START_TEST(several_at_once_are_several)
{
	fresh();
	hist_add(&hist, 100, 99);
	hist_add(&hist, 1000000, 1);
	ck_assert_uint_eq(hist.count, 100);
	ck_assert_uint_eq(hist.sum, 9900 + 1000000);
	ck_assert_uint_lt(hist_quantile(&hist, 0.99), 110);
	ck_assert_uint_ge(hist_quantile(&hist, 0.991), 1000000);
	hist_add(&hist, 5000000, 0);
	ck_assert_uint_eq(hist.max, 1000000);
}
END_TEST

START_TEST(below_counts_whole_buckets)
{
	fresh();
	hist_add(&hist, 3, 1);
	hist_add(&hist, 16, 1);
	hist_add(&hist, 40, 1);                 /* in 40..41 */
	ck_assert_uint_eq(hist_below(&hist, 2), 0);
	ck_assert_uint_eq(hist_below(&hist, 3), 1);
	ck_assert_uint_eq(hist_below(&hist, 16), 2);
	ck_assert_uint_eq(hist_below(&hist, 40), 2);
	ck_assert_uint_eq(hist_below(&hist, 41), 3);
	ck_assert_uint_eq(hist_below(&hist, UINT64_MAX), 3);
}
END_TEST

START_TEST(no_quantile_is_above_the_largest_value)
{
	fresh();
	hist_add(&hist, 1000001, 3);
	hist_add(&hist, 7, 3);
	ck_assert_uint_eq(hist_quantile(&hist, 1), 1000001);
	ck_assert_uint_eq(hist_quantile(&hist, 0.9), 1000001);
	ck_assert_uint_eq(hist_quantile(&hist, 0.5), 7);
}
END_TEST

RUN_TESTS("hist", no_quantile_is_above_the_largest_value, buckets_cover_everything_once, a_value_goes_to_the_bucket_that_holds_it, quantiles_are_those_of_the_sorted_list,
    an_empty_histogram_says_zero, negative_values_are_counted_apart, several_at_once_are_several, below_counts_whole_buckets)
