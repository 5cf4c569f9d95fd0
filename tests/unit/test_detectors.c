/* The detectors by themselves: their tables, their verdicts, and share and admission_rate against R. */
#include "core/base/special.h"
#include "core/base/time.h"
#include "detectors/registry.h"
#include "detectors/share.h"

#include "tests/unit/reference_csv.h"
#include "tests/unit/run.h"

static const struct finding_value *
value_of(const struct verdict *verdict, const char *name)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (strcmp(verdict->value[i].name, name) == 0)
			return &verdict->value[i];
	ck_abort_msg("the finding has no %s", name);
	return NULL;
}

/* ---- registry ---- */

static size_t
setting_bytes(enum setting_type type)
{
	return type == SETTING_DECIMAL || type == SETTING_COUNT ? 8 : 4;
}

START_TEST(test_registry)
{
	const struct detector_registry *registry = detectors_registry();
	ck_assert_uint_eq(registry->count, 5);
	for (size_t i = 0; i < registry->count; i++) {
		const struct detector *detector = registry->list[i];
		ck_assert(i == 0 || strcmp(registry->list[i - 1]->name, detector->name) < 0);
		ck_assert(detector->help_zh[0] && detector->help_en[0]);
		ck_assert((detector->judge_claim != NULL) == (detector->shape == SHAPE_CLAIM));
		ck_assert((detector->judge_ledger != NULL) == (detector->shape == SHAPE_LEDGER));
		ck_assert((detector->judge_series != NULL) == (detector->shape == SHAPE_SERIES));
		ck_assert((detector->judge_family != NULL) == (detector->shape == SHAPE_FAMILY));
		for (size_t j = 0; j < detector->setting_count; j++) {
			const struct setting *setting = &detector->settings[j];
			ck_assert(setting->help_zh[0] && setting->help_en[0]);
			ck_assert_uint_le(setting->offset + setting_bytes(setting->type), detector->config_size);
			ck_assert((setting->choices != NULL) == (setting->type == SETTING_CHOICE));
			for (size_t k = 0; k < j; k++)
				ck_assert_uint_ne(setting->offset, detector->settings[k].offset);
		}
	}
}
END_TEST

static void
check_evidence_names(const struct detector *detector, const struct verdict *verdict)
{
	size_t count = 0;
	for (const char *const *name = detector->evidence_names; *name; name++, count++)
		value_of(verdict, *name);
	for (size_t i = 0; i < verdict->count; i++)
		count += verdict->value[i].is_silent;   /* of a gauge alone: no sentence can name it */
	ck_assert_uint_eq(count, verdict->count);
}

/* ---- check ---- */

START_TEST(test_check)
{
	static const enum verdict_word words[] = {[TRUTH_FALSE] = VERDICT_ALERT, [TRUTH_TRUE] = VERDICT_OK, [TRUTH_UNKNOWN] = VERDICT_OK};
	static const int32_t fields[] = {FIELD_medfee_sumamt, FIELD_hosp_part_amt};
	struct claim claim = {.present = {0}};
	claim.present[FIELD_medfee_sumamt >> 6] |= UINT64_C(1) << (FIELD_medfee_sumamt & 63);
	claim.value[FIELD_medfee_sumamt].number = 12345;
	for (int truth = TRUTH_FALSE; truth <= TRUTH_UNKNOWN; truth++) {
		struct claim_input input = {&claim, (enum truth)truth, fields, 2};
		struct verdict verdict = {0};
		detector_check.judge_claim(NULL, &input, &verdict);
		ck_assert_int_eq(verdict.word, words[truth]);
		ck_assert_int_eq(value_of(&verdict, "medfee_sumamt")->number, 12345);
		ck_assert_int_eq(value_of(&verdict, "hosp_part_amt")->number, 0);
		ck_assert_int_eq(value_of(&verdict, "hosp_part_amt")->type, FINDING_FEN);
		ck_assert(!verdict.has_amount_at_risk);
	}
}
END_TEST

/* ---- cap ---- */

static void
check_cap(int64_t sum, enum verdict_word word, int64_t excess)
{
	struct ledger_input input = {sum, 30000, 3};
	struct verdict verdict = {0};
	detector_cap.judge_ledger(NULL, &input, &verdict);
	ck_assert_int_eq(verdict.word, word);
	ck_assert_int_eq(value_of(&verdict, "sum")->number, sum);
	ck_assert_int_eq(value_of(&verdict, "limit")->number, 30000);
	ck_assert_int_eq(value_of(&verdict, "excess")->number, excess);
	ck_assert_int_eq(value_of(&verdict, "count")->number, 3);
	ck_assert_int_eq(value_of(&verdict, "count")->type, FINDING_COUNT);
	ck_assert(verdict.has_amount_at_risk);
	ck_assert_int_eq(verdict.amount_at_risk_fen, excess);
	ck_assert(verdict.over_numerator == excess && verdict.over_denominator == 30000);
	check_evidence_names(&detector_cap, &verdict);
}

START_TEST(test_cap)
{
	check_cap(29999, VERDICT_OK, 0);
	check_cap(30000, VERDICT_OK, 0);
	check_cap(30001, VERDICT_ALERT, 1);
	check_cap(-500, VERDICT_OK, 0);
	check_cap(INT64_MAX, VERDICT_ALERT, INT64_MAX - 30000);
}
END_TEST

/* ---- share: the projection against R ---- */

#define YEARS 16

struct monthly {
	int first_year;
	int64_t numerator[12 * YEARS], denominator[12 * YEARS];
};

static void
monthly_read(struct monthly *series, const char *name, const char *numerator, const char *denominator)
{
	const struct reference *file = reference_open(name);
	ck_assert_uint_le(file->rows, 12 * YEARS);
	series->first_year = (int)reference_get(file, 0, "year");
	for (size_t i = 0; i < file->rows; i++) {
		series->numerator[i] = numerator ? (int64_t)reference_get(file, i, numerator) : 0;
		series->denominator[i] = (int64_t)reference_get(file, i, denominator);
	}
}

/* R takes every past year; a detector is given four years.  Completion only needs the sums of past years by month, so
 * all years but the last are added up into one. */
static struct series_input
input_at(const struct monthly *series, int year, int month, int64_t target)
{
	struct series_input input = {.through = year * 12 + month - 1, .target = target, .due = INT32_MAX};
	size_t last = (size_t)(year - 1 - series->first_year) * 12;
	for (size_t i = 0; i < last; i++) {
		input.numerator[i % 12] += series->numerator[i];
		input.denominator[i % 12] += series->denominator[i];
	}
	input.months = last ? 12 : 0;
	for (size_t i = last; i < last + 12 + (size_t)month; i++) {
		input.numerator[input.months] = series->numerator[i];
		input.denominator[input.months++] = series->denominator[i];
	}
	return input;
}

static void
judge_share(const struct series_input *input, struct series_result *result, struct verdict *verdict)
{
	*result = (struct series_result){0};
	*verdict = (struct verdict){0};
	detector_share.judge_series(NULL, input, result, verdict);
}

START_TEST(test_share_reference)
{
	struct monthly series;
	monthly_read(&series, "share_seatbelts_input", "numerator", "denominator");
	const struct reference *file = reference_open("share_seatbelts_expected");
	struct deviation deviation = {1e-9, 1e-15, 0, 0};
	for (size_t i = 0; i < file->rows; i++) {
		int year = (int)reference_get(file, i, "year"), month = (int)reference_get(file, i, "month");
		struct series_input input = input_at(&series, year, month, 73500);
		struct share_projection projection;
		struct series_result result;
		struct verdict verdict;
		share_project(&input, &projection);
		deviation_check(&deviation, file, i, "run_rate", projection.run_rate);
		deviation_check(&deviation, file, i, "yearend_share", projection.year_end);
		deviation_check(&deviation, file, i, "se", projection.error);
		deviation_check(&deviation, file, i, "p_reach", projection.reach);
		judge_share(&input, &result, &verdict);
		const struct finding_value *value = value_of(&verdict, "value"), *need = value_of(&verdict, "need");
		deviation_check(&deviation, file, i, "ytd_share", (double)value->number / (double)value->denominator);
		ck_assert_double_eq_tol((double)need->number / 1e6, reference_get(file, i, "required_rate"), 0.51e-6);
		ck_assert_double_eq(value_of(&verdict, "reach_probability")->real, projection.reach);
		ck_assert(result.watch_now == (reference_get(file, i, "p_reach") < 0.5));
	}
	deviation_print(&deviation, "year-end share");
}
END_TEST

START_TEST(test_completion_reference)
{
	struct monthly series;
	monthly_read(&series, "yearend_usacc_input", NULL, "value");
	const struct reference *file = reference_open("yearend_usacc_expected");
	struct deviation deviation = {1e-9, 0, 0, 0};
	for (size_t i = 0; i < file->rows; i++) {
		struct series_input input = input_at(&series, (int)reference_get(file, i, "year"), (int)reference_get(file, i, "month"), 1);
		struct share_projection projection;
		share_project(&input, &projection);
		deviation_check(&deviation, file, i, "p_complete", projection.completion);
		deviation_check(&deviation, file, i, "chain_ladder", projection.total);
	}
	deviation_print(&deviation, "completion, chain ladder");
}
END_TEST

/* ---- share: verdicts ---- */

/* One month's figures; the year is 2023 and the target is due at its end. */
static struct series_input
input_of(int month, int64_t numerator, int64_t denominator, int64_t target)
{
	struct series_input input = {.through = 2023 * 12 + month - 1, .months = 1, .money = true, .target = target,
	    .due = day_from_civil(2023, 12, 31)};
	input.numerator[0] = numerator;
	input.denominator[0] = denominator;
	return input;
}

static enum verdict_word
word_of(struct series_input input)
{
	struct series_result result;
	struct verdict verdict;
	judge_share(&input, &result, &verdict);
	check_evidence_names(&detector_share, &verdict);
	return verdict.word;
}

START_TEST(test_share_due)
{
	ck_assert_int_eq(word_of(input_of(12, 70000, 100000, 700000)), VERDICT_OK);
	ck_assert_int_eq(word_of(input_of(12, 69999, 100000, 700000)), VERDICT_ALERT);
	/* 2/3 against 0.666667 and 0.666666: both print 0.666667 and 0.666666, only one is met. */
	ck_assert_int_eq(word_of(input_of(12, 2, 3, 666667)), VERDICT_ALERT);
	ck_assert_int_eq(word_of(input_of(12, 2, 3, 666666)), VERDICT_OK);
	/* Beyond what a double holds. */
	ck_assert_int_eq(word_of(input_of(12, INT64_C(6999999999999999), INT64_C(10000000000000000), 700000)), VERDICT_ALERT);
	ck_assert_int_eq(word_of(input_of(12, INT64_C(7000000000000000), INT64_C(10000000000000000), 700000)), VERDICT_OK);
	ck_assert_int_eq(word_of(input_of(12, 0, 0, 700000)), VERDICT_INSUFFICIENT);
	ck_assert_int_eq(word_of(input_of(12, -5, -10, 700000)), VERDICT_INSUFFICIENT);
	/* From the due date on, whatever the month. */
	struct series_input input = input_of(2, 69999, 100000, 700000);
	input.due = day_from_civil(2023, 2, 28);
	ck_assert_int_eq(word_of(input), VERDICT_ALERT);
	input.due = day_from_civil(2023, 3, 1);
	ck_assert_int_eq(word_of(input), VERDICT_OK);
}
END_TEST

/* Without history November is eleven twelfths: of 110 there are 10 to come, and need = (0.7 * 120 - numerator) / 10. */
START_TEST(test_share_before_due)
{
	ck_assert_int_eq(word_of(input_of(11, 74, 110, 700000)), VERDICT_WATCH);        /* need is exactly 1 */
	ck_assert_int_eq(word_of(input_of(11, 73, 110, 700000)), VERDICT_ALERT);
	ck_assert_int_eq(word_of(input_of(11, 77, 110, 700000)), VERDICT_OK);
	struct series_result result;
	struct verdict verdict;
	struct series_input input = input_of(11, 74, 110, 700000);
	judge_share(&input, &result, &verdict);
	ck_assert_int_eq(value_of(&verdict, "need")->number, 1000000);
	ck_assert_int_eq(value_of(&verdict, "need")->denominator, 1000000);
	ck_assert(isnan(value_of(&verdict, "reach_probability")->real) && !result.watch_now);
	input = input_of(12, 74, 110, 700000);
	judge_share(&input, &result, &verdict);
	ck_assert_int_eq(value_of(&verdict, "need")->type, FINDING_NULL);
	ck_assert_double_eq(value_of(&verdict, "reach_probability")->real, 0);
	ck_assert_int_eq(value_of(&verdict, "through")->number, 2023 * 12 + 11);
}
END_TEST

/* A little below the target in every month: need is near the run rate, but the target is unlikely to be reached. */
START_TEST(test_share_watch_twice)
{
	struct series_input input = {.through = 2023 * 12 + 5, .months = 6, .target = 700000, .due = day_from_civil(2023, 12, 31)};
	for (size_t i = 0; i < 6; i++) {
		input.numerator[i] = 6850 + (int64_t)(i % 2) * 60;
		input.denominator[i] = 10000;
	}
	struct series_result result;
	struct verdict verdict;
	judge_share(&input, &result, &verdict);
	ck_assert(result.watch_now);
	ck_assert_int_eq(verdict.word, VERDICT_OK);
	ck_assert_int_eq(value_of(&verdict, "numerator")->type, FINDING_COUNT);
	input.watch_before = true;
	judge_share(&input, &result, &verdict);
	ck_assert_int_eq(verdict.word, VERDICT_WATCH);
}
END_TEST

/* Every month exactly at the target: the error is nothing but rounding, and the target is reached. */
START_TEST(test_share_constant)
{
	struct series_input input = {.through = 2023 * 12 + 8, .months = 9, .target = 700000, .due = day_from_civil(2023, 12, 31)};
	for (size_t i = 0; i < 9; i++) {
		input.numerator[i] = 7 * (int64_t)(i + 1) * 31;
		input.denominator[i] = 10 * (int64_t)(i + 1) * 31;
	}
	struct series_result result;
	struct verdict verdict;
	judge_share(&input, &result, &verdict);
	ck_assert_double_eq(value_of(&verdict, "reach_probability")->real, 1);
	ck_assert(!result.watch_now);
	ck_assert_int_eq(value_of(&verdict, "need")->number, 700000);
}
END_TEST

START_TEST(test_share_need_rounding)
{
	struct series_result result;
	struct verdict verdict;
	/* need = (0.5 * 12 - numerator / 4e5 ...): chosen so that the seventh decimal is exactly 5, on both sides of even. */
	struct series_input input = input_of(6, 999999, 2000000, 500000);
	judge_share(&input, &result, &verdict);
	ck_assert_int_eq(value_of(&verdict, "need")->number, 500000);           /* 0.5000005 */
	input = input_of(6, 999997, 2000000, 500000);
	judge_share(&input, &result, &verdict);
	ck_assert_int_eq(value_of(&verdict, "need")->number, 500002);           /* 0.5000015 */
	input = input_of(6, INT64_MAX / 2, INT64_MAX / 2, 500000);
	judge_share(&input, &result, &verdict);
	ck_assert_int_eq(value_of(&verdict, "need")->number, 0);                /* sums that no __int128 product holds */
}
END_TEST

/* ---- admission_rate ---- */

struct admission_config {               /* as in detectors/admission_rate.c, filled through its settings */
	int32_t level, applies;
	int64_t decimal[7];
};

static void
config_set(void *config, const char *name, double value)
{
	for (size_t i = 0; i < detector_admission_rate.setting_count; i++) {
		const struct setting *setting = &detector_admission_rate.settings[i];
		if (strcmp(setting->name, name) != 0)
			continue;
		*(int64_t *)((char *)config + setting->offset) = llround(value * 1e6);
		return;
	}
	ck_abort_msg("no setting %s", name);
}

static struct admission_config
config_default(void)
{
	struct admission_config config = {0};
	ck_assert_uint_eq(sizeof config, detector_admission_rate.config_size);
	for (size_t i = 0; i < detector_admission_rate.setting_count; i++) {
		const struct setting *setting = &detector_admission_rate.settings[i];
		if (setting->type == SETTING_DECIMAL)
			config_set(&config, setting->name, atof(setting->fallback));
	}
	return config;
}

#define KEYS_MAX 512
static double scratch[KEYS_MAX];
static struct verdict verdicts[KEYS_MAX];

static void
judge_family(const struct admission_config *config, const struct family_key *keys, size_t count)
{
	memset(verdicts, 0, sizeof verdicts);
	detector_admission_rate.judge_family(config, keys, count, scratch, verdicts);
}

static struct family_key
key_of(int64_t observed, int64_t population, double expected)
{
	return (struct family_key){.observed = observed, .population = population, .expected = expected};
}

static double
real_of(size_t key, const char *name)
{
	return value_of(&verdicts[key], name)->real;
}

/* The 100 counties as one family: phi 1 and tau^2 = 1/size give R's law. */
START_TEST(test_family_reference)
{
	const struct reference *file = reference_open("funnel_ncsids74");
	struct admission_config config = config_default();
	struct family_key keys[KEYS_MAX];
	double size = 6.371976748651925, mean = 1.0505667731556225;
	struct deviation deviation = {1e-5, 1e-9, 0, 0};        /* tau has six decimals */
	config_set(&config, "phi", 1);
	config_set(&config, "tau", sqrt(1 / size));
	config_set(&config, "min_expected", 0);
	for (size_t i = 0; i < file->rows; i++)
		keys[i] = key_of((int64_t)reference_get(file, i, "O"), (int64_t)reference_get(file, i, "N"), mean * reference_get(file, i, "E"));
	judge_family(&config, keys, file->rows);
	for (size_t i = 0; i < file->rows; i++) {
		deviation_check(&deviation, file, i, "nb_mid_up", real_of(i, "p_value"));
		deviation_check(&deviation, file, i, "nb_BH", real_of(i, "q_value"));
		ck_assert_double_eq_tol(real_of(i, "size"), size, 1e-4);
		check_evidence_names(&detector_admission_rate, &verdicts[i]);
	}
	deviation_print(&deviation, "a family of 100 counties");
}
END_TEST

/* Thirty units as expected, some above; the order they come in must not matter. */
static size_t
family_make(struct family_key *keys, size_t rotate)
{
	for (size_t i = 0; i < 30; i++) {
		size_t unit = (i + rotate) % 30;
		int64_t observed = 10 + (int64_t)(unit * 7 % 5) - 2;
		keys[i] = key_of(unit == 3 ? 60 : unit == 4 ? 24 : observed, 400, unit == 5 ? 0.2 : 10.0 + (double)unit / 10);
	}
	return 30;
}

START_TEST(test_family_verdicts)
{
	struct admission_config config = config_default();
	struct family_key keys[KEYS_MAX];
	size_t count = family_make(keys, 0);
	judge_family(&config, keys, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(verdicts[i].word, i == 3 ? VERDICT_ALERT : i == 5 ? VERDICT_INSUFFICIENT : VERDICT_OK);
	/* Var = 1.2 * 10.3 + 0.09 * 10.3^2, size = mean^2 / (Var - mean) */
	ck_assert_double_eq_tol(real_of(3, "size"), 10.3 * 10.3 / (0.2 * 10.3 + 0.09 * 10.3 * 10.3), 1e-12);
	ck_assert_double_eq(real_of(3, "p_value"), count_upper_mid(60, 10.3, real_of(3, "size")));
	ck_assert_double_eq_tol(real_of(3, "q_value"), 29 * real_of(3, "p_value"), 1e-20);
	ck_assert_double_eq(real_of(3, "ratio"), 60 / 10.3);
	ck_assert_int_eq(value_of(&verdicts[3], "population")->number, 400);
	ck_assert(isnan(real_of(5, "p_value")) && isnan(real_of(5, "q_value")) && isnan(real_of(5, "detectable_ratio")));
	ck_assert_double_eq(real_of(5, "expected"), 0.2);
}
END_TEST

START_TEST(test_family_order)
{
	struct admission_config config = config_default();
	struct family_key keys[KEYS_MAX];
	static struct verdict first[30];
	judge_family(&config, keys, family_make(keys, 0));
	memcpy(first, verdicts, sizeof first);
	judge_family(&config, keys, family_make(keys, 11));
	for (size_t i = 0; i < 30; i++)
		ck_assert_mem_eq(&verdicts[i], &first[(i + 11) % 30], sizeof first[0]);
}
END_TEST

/* Each filter alone keeps an alert from standing. */
START_TEST(test_family_filters)
{
	struct admission_config config = config_default();
	struct family_key key = key_of(60, 400, 10.3);
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_ALERT);
	config_set(&config, "excess", 49.7);
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_ALERT);
	config_set(&config, "excess", 49.8);
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_OK);
	config = config_default();
	config_set(&config, "ratio", 3);
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_OK);
	config = config_default();
	config_set(&config, "q", 1e-6);
	key.observed = 35;
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_OK);
	config = config_default();
	config_set(&config, "min_expected", 10.4);
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_INSUFFICIENT);
}
END_TEST

/* How far above: ratio - 1 in six places.  A unit of too few persons is not tested, and the others' q-values know nothing of it. */
START_TEST(test_family_over_and_few)
{
	struct admission_config config = config_default();
	struct family_key keys[KEYS_MAX];
	size_t count = family_make(keys, 0);
	judge_family(&config, keys, count);
	double q = real_of(3, "q_value");
	ck_assert(verdicts[3].over_numerator == 4825243 && verdicts[3].over_denominator == 1000000);       /* 60 / 10.3 - 1 */
	keys[7].is_few = true;
	judge_family(&config, keys, count);
	ck_assert_int_eq(verdicts[7].word, VERDICT_INSUFFICIENT);
	ck_assert(isnan(real_of(7, "p_value")));
	ck_assert_double_eq_tol(real_of(3, "q_value"), q * 28 / 29, 1e-20);
	keys[3].is_few = true;
	judge_family(&config, keys, count);
	ck_assert_int_eq(verdicts[3].word, VERDICT_INSUFFICIENT);
}
END_TEST

/* The posterior by its definition: P(R > ratio), R ~ gamma(1/tau^2 + O/phi, 1/tau^2 + E/phi). */
START_TEST(test_family_posterior)
{
	struct admission_config config = config_default();
	config_set(&config, "q", 1);
	config_set(&config, "excess", 0);
	for (int64_t observed = 10; observed < 60; observed++) {
		struct family_key key = key_of(observed, 400, 10);
		judge_family(&config, &key, 1);
		double above = gamma_tail(1 / 0.09 + (double)observed / 1.2, 1.25 * (1 / 0.09 + 10 / 1.2)).upper;
		ck_assert_int_eq(verdicts[0].word, above >= 0.95 ? VERDICT_ALERT : VERDICT_OK);
	}
}
END_TEST

/* At the detectable ratio the smallest count that alerts is reached with probability 0.8. */
START_TEST(test_family_detectable)
{
	struct admission_config config = config_default();
	for (double expected = 0.4; expected < 3000; expected *= 2.5) {
		struct family_key key = key_of(0, 400, expected);
		do {
			key.observed++;
			judge_family(&config, &key, 1);
		} while (verdicts[0].word != VERDICT_ALERT);
		double ratio = real_of(0, "detectable_ratio"), mean = ratio * expected;
		ck_assert_double_eq_tol(count_tail((double)key.observed, mean, mean / (0.2 + 0.09 * mean)).upper, 0.8, 1e-9);
		printf("%-28s expected %7.1f: detectable ratio %.3f, alert from %lld admissions\n", "", expected, ratio, (long long)key.observed);
	}
}
END_TEST

/* The more units are rejected, the higher the limit for p, and the smaller the ratio that is found. */
START_TEST(test_family_detectable_among_many)
{
	struct admission_config config = config_default();
	struct family_key keys[KEYS_MAX];
	for (size_t i = 0; i < 200; i++)
		keys[i] = key_of(i < 50 ? 2000 : 300, 4000, 300);
	config_set(&config, "ratio", 0.5);      /* so that p alone decides */
	judge_family(&config, keys, 200);
	double size = real_of(0, "size"), count = 300;
	ck_assert_int_eq(verdicts[49].word, VERDICT_ALERT);
	ck_assert_int_eq(verdicts[50].word, VERDICT_OK);
	while (count_upper_mid(count, 300, size) > 0.05 * 50 / 200)
		count++;
	double mean = real_of(199, "detectable_ratio") * 300;
	ck_assert_double_eq_tol(count_tail(count, mean, mean / (0.2 + 0.09 * mean)).upper, 0.8, 1e-9);
}
END_TEST

/* What was worked out before never changes a value. */
START_TEST(test_family_memo)
{
	struct admission_config config = config_default();
	struct family_memo memo[40] = {{{0}}};
	struct family_key keys[40];
	struct verdict plain[40];
	for (int round = 0; round < 12; round++) {      /* counts, expectations and the limit move to and fro */
		for (int i = 0; i < 40; i++)
			keys[i] = key_of((i * 7 + round * (i % 3)) % 50 + (i < 4 * (round % 3) ? 60 : 0), 400, 8.0 + i % 5 + round % 4 * (i % 2));
		judge_family(&config, keys, 40);
		memcpy(plain, verdicts, sizeof plain);
		for (int i = 0; i < 40; i++)
			keys[i].memo = &memo[i];
		judge_family(&config, keys, 40);
		for (size_t i = 0; i < 40 * verdicts[0].count; i++)
			ck_assert_mem_eq(&verdicts[i % 40].value[i / 40].real, &plain[i % 40].value[i / 40].real, sizeof(double));
	}
}
END_TEST

START_TEST(test_family_edges)
{
	struct admission_config config = config_default();
	judge_family(&config, NULL, 0);
	struct family_key key = key_of(7, 0, 0);
	config_set(&config, "min_expected", 0);
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_INSUFFICIENT);
	ck_assert(isnan(real_of(0, "ratio")));
	key.expected = NAN;
	judge_family(&config, &key, 1);
	ck_assert_int_eq(verdicts[0].word, VERDICT_INSUFFICIENT);
	/* phi 1 and tau 0: Poisson, size is null; no prior. */
	config_set(&config, "phi", 1);
	config_set(&config, "tau", 0);
	key = key_of(40, 400, 10);
	judge_family(&config, &key, 1);
	ck_assert(isinf(real_of(0, "size")));
	ck_assert_double_eq(real_of(0, "p_value"), count_upper_mid(40, 10, INFINITY));
	ck_assert_int_eq(verdicts[0].word, VERDICT_ALERT);
}
END_TEST

RUN_TESTS("detectors", test_registry, test_check, test_cap, test_share_reference, test_completion_reference,
    test_share_due, test_share_before_due, test_share_watch_twice, test_share_constant, test_share_need_rounding,
    test_family_reference, test_family_verdicts, test_family_order, test_family_filters, test_family_over_and_few, test_family_posterior,
    test_family_detectable, test_family_detectable_among_many, test_family_memo, test_family_edges)
