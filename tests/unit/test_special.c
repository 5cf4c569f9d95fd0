/* Special functions and tails against R: tests/reference. */
#include "core/base/special.h"

#include "tests/unit/reference_csv.h"

START_TEST(test_gamma)
{
	const struct reference *file = reference_open("gamma_inc");
	struct deviation tails = {1e-10, 1e-300, 0, 0}, logs = tails, gamma = tails;
	for (size_t i = 0; i < file->rows; i++) {
		double a = reference_get(file, i, "a");
		struct tail tail = gamma_tail(a, reference_get(file, i, "x"));
		deviation_check(&tails, file, i, "P", tail.lower);
		deviation_check(&tails, file, i, "Q", tail.upper);
		deviation_check(&logs, file, i, "logQ", tail.log_upper);
		deviation_check(&gamma, file, i, "lgamma_a", log_gamma(a));
	}
	deviation_print(&tails, "incomplete gamma");
	deviation_print(&logs, "incomplete gamma, ln Q");
	deviation_print(&gamma, "ln gamma");
}
END_TEST

START_TEST(test_beta)
{
	const struct reference *file = reference_open("beta_inc");
	struct deviation tails = {1e-10, 1e-300, 0, 0};
	for (size_t i = 0; i < file->rows; i++) {
		double x = reference_get(file, i, "x");
		struct tail tail = beta_tail(reference_get(file, i, "a"), reference_get(file, i, "b"), x, 1 - x);
		deviation_check(&tails, file, i, "I", tail.lower);
		deviation_check(&tails, file, i, "Iup", tail.upper);
	}
	deviation_print(&tails, "incomplete beta");
}
END_TEST

START_TEST(test_normal)
{
	const struct reference *file = reference_open("normal");
	struct deviation tails = {1e-12, 1e-300, 0, 0};
	for (size_t i = 0; i < file->rows; i++) {
		double z = reference_get(file, i, "z");
		deviation_check(&tails, file, i, "Phi", normal_lower(z));
		deviation_check(&tails, file, i, "upper", normal_lower(-z));
	}
	deviation_print(&tails, "normal");
}
END_TEST

static void
check_count_row(const struct reference *file, size_t row, double size, struct deviation *tails, struct deviation *logs)
{
	double x = reference_get(file, row, "x"), mean = reference_get(file, row, "mu");
	struct tail tail = count_tail(x, mean, size);
	deviation_check(logs, file, row, "lup", tail.log_upper);
	if (reference_get(file, row, "lup") > -690) {
		deviation_check(tails, file, row, "up", tail.upper);
		deviation_check(tails, file, row, "mid", count_upper_mid(x, mean, size));
	}
	deviation_check(tails, file, row, "lo", count_tail(x + 1, mean, size).lower);
}

START_TEST(test_poisson)
{
	const struct reference *file = reference_open("tails_poisson");
	struct deviation tails = {1e-10, 1e-300, 0, 0}, logs = tails;
	for (size_t i = 0; i < file->rows; i++)
		check_count_row(file, i, INFINITY, &tails, &logs);
	deviation_print(&tails, "Poisson tails");
	deviation_print(&logs, "Poisson tails, logarithm");
}
END_TEST

START_TEST(test_negative_binomial)
{
	const struct reference *file = reference_open("tails_nbinom");
	struct deviation tails = {1e-9, 1e-300, 0, 0}, logs = tails, large = {1e-7, 1e-300, 0, 0}, large_logs = large;
	for (size_t i = 0; i < file->rows; i++) {
		double size = reference_get(file, i, "size");
		bool is_large = size >= 1e6;
		check_count_row(file, i, size, is_large ? &large : &tails, is_large ? &large_logs : &logs);
	}
	deviation_print(&tails, "negative binomial tails");
	deviation_print(&logs, "the same, logarithm");
	deviation_print(&large, "the same, size >= 1e6");
}
END_TEST

/* Exact limits of O/E are where the gamma tails are (1 - level) / 2. */
START_TEST(test_exact_limits)
{
	const struct reference *file = reference_open("ci_smr");
	struct deviation tails = {1e-8, 1e-12, 0, 0};
	double worst = 0;
	for (size_t i = 0; i < file->rows; i++) {
		double observed = reference_get(file, i, "O"), expected = reference_get(file, i, "E");
		double outside = (1 - reference_get(file, i, "level")) / 2;
		deviation_check(&tails, file, i, "p_greater", count_tail(observed, expected, INFINITY).upper);
		deviation_check(&tails, file, i, "p_less", count_tail(observed + 1, expected, INFINITY).lower);
		double high = gamma_tail(observed + 1, expected * reference_get(file, i, "exact_hi")).upper;
		worst = fmax(worst, fabs(high / outside - 1));
		if (observed > 0)
			worst = fmax(worst, fabs(gamma_tail(observed, expected * reference_get(file, i, "exact_lo")).lower / outside - 1));
	}
	ck_assert_double_lt(worst, 1e-8);
	deviation_print(&tails, "one-sided exact p");
	printf("%-28s largest relative deviation %.1e (allowed 1e-08)\n", "exact limits", worst);
}
END_TEST

/* The tail is the sum of the masses, whatever the size; a size beyond all bounds is the Poisson law. */
START_TEST(test_masses_add_up)
{
	static const double sizes[] = {0.05, 0.7, 3, 44.4, 1e5, INFINITY};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		double below = 0;
		for (int count = 0; count < 60; count++) {
			struct tail tail = count_tail(count, 7.5, sizes[i]);
			ck_assert_double_eq_tol(tail.lower, below, 1e-12);
			ck_assert_double_eq_tol(tail.lower + tail.upper, 1, 1e-15);
			below += exp(count_log_mass(count, 7.5, sizes[i]));
		}
	}
	ck_assert_double_eq_tol(count_upper_mid(12, 7.5, 1e12), count_upper_mid(12, 7.5, INFINITY), 1e-10);
}
END_TEST

START_TEST(test_far_tail)
{
	/* P(X >= 400) with mean 10: leading term is the mass, the rest is a geometric series with ratio below 10/401. */
	double mass = count_log_mass(400, 10, INFINITY), tail = count_tail(400, 10, INFINITY).log_upper;
	ck_assert_double_gt(tail, mass);
	ck_assert_double_lt(tail, mass + log(1 / (1 - 10.0 / 401)));
	ck_assert_double_lt(count_tail(400, 1e-3, INFINITY).log_upper, -4000);
	ck_assert_double_eq(count_tail(400, 1e-3, INFINITY).upper, 0);
	ck_assert_double_eq(count_upper_mid(400, 1e-3, INFINITY), 0);
}
END_TEST

static int
double_order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

START_TEST(test_false_discovery)
{
	const struct reference *file = reference_open("fdr_batch_counts");
	struct deviation values = {1e-10, 1e-15, 0, 0};
	double rejected_05[2], rejected_10[2];
	for (size_t i = 0; i < 2; i++) {
		rejected_05[i] = reference_get(file, i, "BH_05");
		rejected_10[i] = reference_get(file, i, "BH_10");
	}
	file = reference_open("fdr_batch");
	for (size_t first = 0, family = 0; first < file->rows; family++) {
		size_t count = 0;
		double p[REFERENCE_ROWS], sorted[REFERENCE_ROWS], q[REFERENCE_ROWS];
		while (first + count < file->rows && strcmp(file->first[first + count], file->first[first]) == 0) {
			p[count] = sorted[count] = reference_get(file, first + count, "p");
			count++;
		}
		doubles_sort(sorted, count);
		memcpy(q, p, count * sizeof *q);
		qsort(q, count, sizeof *q, double_order);
		ck_assert_mem_eq(sorted, q, count * sizeof *q);
		false_discovery_adjust(q, count);
		int at_05 = 0, at_10 = 0;
		for (size_t i = 0; i < count; i++) {
			size_t rank = 0;
			while (sorted[rank] != p[i])
				rank++;
			deviation_check(&values, file, first + i, "BH", q[rank]);
			at_05 += q[i] <= 0.05;
			at_10 += q[i] <= 0.10;
		}
		ck_assert_double_eq(at_05, rejected_05[family]);
		ck_assert_double_eq(at_10, rejected_10[family]);
		first += count;
	}
	deviation_print(&values, "Benjamini-Hochberg");
}
END_TEST

/* 100 counties: the law of the level test with the size and mean that R fitted. */
START_TEST(test_funnel)
{
	const struct reference *file = reference_open("funnel_ncsids74");
	struct deviation tails = {1e-9, 1e-9, 0, 0}, posterior = tails;
	double size = 6.371976748651925, mean = 1.0505667731556225;
	for (size_t i = 0; i < file->rows; i++) {
		double observed = reference_get(file, i, "O"), expected = reference_get(file, i, "E");
		deviation_check(&tails, file, i, "nb_mid_up", count_upper_mid(observed, mean * expected, size));
		deviation_check(&tails, file, i, "pois_mid_up", count_upper_mid(observed, expected, INFINITY));
		deviation_check(&posterior, file, i, "post_p_gt_1.5", gamma_tail(size + observed, 1.5 * (size / mean + expected)).upper);
	}
	deviation_print(&tails, "funnel, mid-p");
	deviation_print(&posterior, "funnel, posterior");
}
END_TEST

START_TEST(test_edges)
{
	ck_assert_double_eq(count_tail(0, 5, 2).upper, 1);
	ck_assert_double_eq(count_tail(1, 0, 2).upper, 0);
	ck_assert_double_eq(count_upper_mid(0, 0, 2), 0.5);
	ck_assert_double_eq(gamma_tail(2, 0).lower, 0);
	ck_assert_double_eq(gamma_tail(2, INFINITY).upper, 0);
	ck_assert_double_eq(beta_tail(2, 3, 0, 1).lower, 0);
	ck_assert_double_eq(beta_tail(2, 3, 1, 0).lower, 1);
	ck_assert(isnan(gamma_tail(0, 1).upper) && isnan(beta_tail(1, -1, 0.5, 0.5).upper) && isnan(count_tail(-1, 1, 1).upper));
	ck_assert(isnan(count_log_mass(1, NAN, 1)));
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("special");
	tcase_add_test(tests, test_gamma);
	tcase_add_test(tests, test_beta);
	tcase_add_test(tests, test_normal);
	tcase_add_test(tests, test_poisson);
	tcase_add_test(tests, test_negative_binomial);
	tcase_add_test(tests, test_exact_limits);
	tcase_add_test(tests, test_masses_add_up);
	tcase_add_test(tests, test_far_tail);
	tcase_add_test(tests, test_false_discovery);
	tcase_add_test(tests, test_funnel);
	tcase_add_test(tests, test_edges);
	tcase_set_timeout(tests, 60);
	Suite *suite = suite_create("special");
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
