/* The detector `ratio` by itself: its error against R and against leaving one out, and verdicts at the edges. */
#include "core/base/time.h"
#include "detectors/ratio.h"
#include "detectors/registry.h"

#include "tests/unit/reference_csv.h"
#include "tests/unit/run.h"

#define CLAIMS 192

static int64_t paid[CLAIMS], cost[CLAIMS];

static struct ratio_sums
sums_of(size_t first, size_t end)
{
	struct ratio_sums sums = {0};
	for (size_t i = first; i < end; i++) {
		sums.numerator += paid[i];
		sums.denominator += cost[i];
		sums.settlements++;
		sums.squares[SQUARES_NUMERATOR] += (unsigned __int128)((__int128)paid[i] * paid[i]);
		sums.squares[SQUARES_PRODUCT] += (unsigned __int128)((__int128)paid[i] * cost[i]);
		sums.squares[SQUARES_DENOMINATOR] += (unsigned __int128)((__int128)cost[i] * cost[i]);
	}
	return sums;
}

/* The error by leaving each settlement out in turn: another way to the same thing, which is not in the program. */
static double
jackknife(size_t first, size_t end)
{
	double n = (double)(end - first), above = 0.0, below = 0.0, mean = 0.0, squares = 0.0;
	for (size_t i = first; i < end; i++) {
		above += (double)paid[i];
		below += (double)cost[i];
	}
	for (size_t i = first; i < end; i++)
		mean += (above - (double)paid[i]) / (below - (double)cost[i]) / n;
	for (size_t i = first; i < end; i++) {
		double off = (above - (double)paid[i]) / (below - (double)cost[i]) - mean;
		squares += off * off;
	}
	return sqrt((n - 1.0) / n * squares);
}

static void
read_claims(void)
{
	const struct reference *file = reference_open("ratio_seatbelts_input");
	ck_assert_uint_eq(file->rows, CLAIMS);
	for (size_t i = 0; i < CLAIMS; i++) {
		paid[i] = (int64_t)reference_get(file, i, "paid");
		cost[i] = (int64_t)reference_get(file, i, "cost");
	}
}

START_TEST(test_reference)
{
	static const size_t first[] = {0, 0, 179}, end[] = {192, 24, 192};
	read_claims();
	const struct reference *file = reference_open("ratio_seatbelts");
	struct deviation deviation = {1e-9, 0, 0, 0};
	ck_assert_uint_eq(file->rows, 3);
	for (size_t i = 0; i < file->rows; i++) {
		struct ratio_sums sums = sums_of(first[i], end[i]);
		deviation_check(&deviation, file, i, "n", (double)sums.settlements);
		deviation_check(&deviation, file, i, "sum_paid", (double)sums.numerator);
		deviation_check(&deviation, file, i, "sum_cost", (double)sums.denominator);
		deviation_check(&deviation, file, i, "sum_paid2", (double)sums.squares[SQUARES_NUMERATOR]);
		deviation_check(&deviation, file, i, "sum_cross", (double)sums.squares[SQUARES_PRODUCT]);
		deviation_check(&deviation, file, i, "sum_cost2", (double)sums.squares[SQUARES_DENOMINATOR]);
		deviation_check(&deviation, file, i, "se_linear", ratio_error(&sums));
		deviation_check(&deviation, file, i, "se_jackknife", jackknife(first[i], end[i]));
		deviation_check(&deviation, file, i, "z", ratio_z(&sums, 73500));
		ck_assert_double_eq_tol(ratio_error(&sums) / jackknife(first[i], end[i]), 1.0, 0.02);
	}
	deviation_print(&deviation, "ratio of sums");
	struct ratio_sums all = sums_of(0, CLAIMS);
	ck_assert_double_eq_tol(ratio_error(&all) / jackknife(0, CLAIMS), 1.0, 1e-4);
}
END_TEST

/* As many fen as there are: nothing cancels, whatever the size; the truth is made in two passes. */
START_TEST(test_large)
{
	for (int64_t scale = 1; scale <= INT64_C(10000000000000); scale *= 1000) {
		read_claims();
		for (size_t i = 0; i < CLAIMS; i++) {
			cost[i] *= scale;
			paid[i] = cost[i] / 10 * 7 + (paid[i] % 5 - 2) * scale / 1000;         /* next to nothing off 0.7 */
		}
		struct ratio_sums sums = sums_of(0, CLAIMS);
		long double ratio = (long double)sums.numerator / (long double)sums.denominator, squares = 0;
		for (size_t i = 0; i < CLAIMS; i++)
			squares += ((long double)paid[i] - ratio * (long double)cost[i]) * ((long double)paid[i] - ratio * (long double)cost[i]);
		double error = (double)(sqrtl(squares * CLAIMS / (CLAIMS - 1)) / (long double)sums.denominator);
		ck_assert_double_eq_tol(ratio_error(&sums) / error, 1.0, 1e-7);
	}
}
END_TEST

/* Where there is no error to tell. */
START_TEST(test_undefined)
{
	read_claims();
	struct ratio_sums sums = sums_of(0, 1);
	ck_assert(isnan(ratio_error(&sums)) && isnan(ratio_z(&sums, 1)));               /* one settlement */
	for (size_t i = 0; i < CLAIMS; i++)
		paid[i] = cost[i] / 2, cost[i] = 2 * paid[i];
	sums = sums_of(0, CLAIMS);
	ck_assert_double_eq(ratio_error(&sums), 0.0);                                   /* nothing varies */
	ck_assert(isnan(ratio_z(&sums, 700000)));
	for (size_t i = 0; i < CLAIMS; i++)
		cost[i] = -cost[i];
	sums = sums_of(0, CLAIMS);
	ck_assert(isnan(ratio_error(&sums)));                                           /* a negative denominator */
	read_claims();
	for (size_t i = 0; i < CLAIMS; i++)
		paid[i] = 11 * cost[i] + paid[i];
	sums = sums_of(0, CLAIMS);
	ck_assert(isnan(ratio_error(&sums)));                                           /* a ratio beyond ten */
}
END_TEST

/* ---- verdicts ---- */

struct ratio_config {                   /* as in detectors/ratio.c, filled through its settings */
	int64_t decimal[1];
	int32_t index[8];
};

static enum verdict_word
word_of(int month, int64_t numerator, int64_t denominator, int64_t target, const char *band, int32_t due, struct verdict *verdict)
{
	struct ratio_config config = {0};
	for (size_t i = 0; i < detector_ratio.setting_count; i++)
		if (strcmp(detector_ratio.settings[i].name, "band") == 0)
			*(int64_t *)(void *)((char *)&config + detector_ratio.settings[i].offset) = (int64_t)(atof(band) * 1e6 + 0.5);
	struct series_input input = {.through = 2023 * 12 + month - 1, .months = 1, .target = target, .due = due, .settlements = 3};
	struct series_result result;
	input.numerator[0] = numerator;
	input.denominator[0] = denominator;
	*verdict = (struct verdict){0};
	detector_ratio.judge_series(&config, &input, &result, verdict);
	size_t names = 0;
	for (const char *const *name = detector_ratio.evidence_names; *name; name++, names++)
		ck_assert_str_eq(*name, verdict->value[names].name);
	ck_assert_uint_eq(names, verdict->count);
	ck_assert(!result.watch_now && !verdict->has_amount_at_risk);
	return verdict->word;
}

START_TEST(test_floor)
{
	struct verdict verdict;
	ck_assert_int_eq(word_of(3, 85000, 100000, 850000, "0", INT32_MAX, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, 99999, 100000, 850000, "0", INT32_MAX, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, 84999, 100000, 850000, "0", INT32_MAX, &verdict), VERDICT_ALERT);
	ck_assert(verdict.over_numerator * 85000 == verdict.over_denominator);         /* one fen of 85,000 */
	/* 2/3 prints 0.666667 and is below it; and fen beyond what a double holds. */
	ck_assert_int_eq(word_of(3, 2, 3, 666667, "0", INT32_MAX, &verdict), VERDICT_ALERT);
	ck_assert_int_eq(word_of(3, 2, 3, 666666, "0", INT32_MAX, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, INT64_C(8499999999999999), INT64_C(10000000000000000), 850000, "0", INT32_MAX, &verdict), VERDICT_ALERT);
	ck_assert_int_eq(word_of(3, INT64_C(8500000000000000), INT64_C(10000000000000000), 850000, "0", INT32_MAX, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, 0, 0, 850000, "0", INT32_MAX, &verdict), VERDICT_INSUFFICIENT);
	ck_assert_int_eq(word_of(3, 9, -3, 850000, "0", INT32_MAX, &verdict), VERDICT_INSUFFICIENT);
}
END_TEST

START_TEST(test_band)
{
	struct verdict verdict;
	ck_assert_int_eq(word_of(3, 65000, 100000, 700000, "0.05", INT32_MAX, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, 75000, 100000, 700000, "0.05", INT32_MAX, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, 64999, 100000, 700000, "0.05", INT32_MAX, &verdict), VERDICT_ALERT);
	ck_assert_int_eq(word_of(3, 75001, 100000, 700000, "0.05", INT32_MAX, &verdict), VERDICT_ALERT);
	ck_assert(verdict.over_numerator * 70000 == verdict.over_denominator);
	ck_assert_int_eq(word_of(3, -1, 100000, 700000, "0.05", INT32_MAX, &verdict), VERDICT_ALERT);
}
END_TEST

START_TEST(test_due)
{
	struct verdict verdict;
	int32_t end_of_march = day_from_civil(2023, 3, 31);
	ck_assert_int_eq(word_of(2, 60, 100, 650000, "0", end_of_march, &verdict), VERDICT_WATCH);
	ck_assert_int_eq(word_of(2, 65, 100, 650000, "0", end_of_march, &verdict), VERDICT_OK);
	ck_assert_int_eq(word_of(3, 60, 100, 650000, "0", end_of_march, &verdict), VERDICT_ALERT);
	ck_assert_int_eq(word_of(3, 60, 100, 650000, "0", end_of_march + 1, &verdict), VERDICT_WATCH);
	ck_assert_int_eq(word_of(4, 60, 100, 650000, "0", end_of_march, &verdict), VERDICT_ALERT);
}
END_TEST

RUN_TESTS("ratio", test_reference, test_large, test_undefined, test_floor, test_band, test_due)
