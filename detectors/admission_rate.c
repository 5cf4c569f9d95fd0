/* admission_rate: is the admission rate of a unit (township or institution) and class abnormally high this month?
 * Exact mid-p of the negative binomial law with Var = phi mu + tau^2 mu^2, Benjamini-Hochberg over the family, and two
 * filters of effect: the excess itself, and the posterior probability that the true ratio is above a bound. */
#include "core/base/special.h"
#include "detectors/registry.h"

#include <math.h>

#define MILLION 1e6
#define POWER 0.8               /* of the detectable ratio */
#define COUNT_MAX 1e9           /* a critical count or ratio beyond these is none */
#define RATIO_MAX 1e4
#define OVER_PLACES 1000000

struct admission_config {
	int32_t level, applies;
	int64_t q, excess, ratio, posterior, phi, tau, min_expected;
};

static const char *const levels[] = {"township", "institution", NULL};

static const struct setting settings[] = {
	{"level", SETTING_CHOICE, offsetof(struct admission_config, level), true, NULL, levels,
	    "评判对象：township 乡镇，institution 机构", "what is judged: township or institution"},
	{"q", SETTING_DECIMAL, offsetof(struct admission_config, q), false, "0.05", NULL,
	    "同族检验的错误发现率上限", "false discovery rate of a family"},
	{"excess", SETTING_DECIMAL, offsetof(struct admission_config, excess), false, "5", NULL,
	    "至少比预期多住院的人次", "admissions above the expected ones, at least"},
	{"ratio", SETTING_DECIMAL, offsetof(struct admission_config, ratio), false, "1.25", NULL,
	    "真实比值的界限", "bound for the true ratio"},
	{"posterior", SETTING_DECIMAL, offsetof(struct admission_config, posterior), false, "0.95", NULL,
	    "真实比值超过界限的后验概率，至少", "posterior probability that the true ratio is above the bound, at least"},
	{"phi", SETTING_DECIMAL, offsetof(struct admission_config, phi), false, "1.2", NULL,
	    "重复住院造成的离散系数", "dispersion from repeated stays"},
	{"tau", SETTING_DECIMAL, offsetof(struct admission_config, tau), false, "0.3", NULL,
	    "单位之间的相对标准差", "relative spread between units"},
	{"min_expected", SETTING_DECIMAL, offsetof(struct admission_config, min_expected), false, "0.25", NULL,
	    "预期人次低于此数不评判", "fewer expected admissions than this are not judged"},
	{"applies", SETTING_PARAM, offsetof(struct admission_config, applies), false, NULL, NULL,
	    "在哪些地区、何时适用的参数；不写则处处适用", "parameter whose rows say where and when the rule holds; everywhere when left out"},
};

static const char *const evidence_names[] = {
	"admissions", "population", "expected", "size", "ratio", "p_value", "q_value", "detectable_ratio", NULL};

enum { ADMISSIONS, POPULATION, EXPECTED, SIZE, RATIO, P_VALUE, Q_VALUE, DETECTABLE };     /* places in the finding */

struct law {
	double q, excess, ratio, posterior, phi, tau, min_expected;
};

static struct law
law_of(const struct admission_config *config)
{
	return (struct law){(double)config->q / MILLION, (double)config->excess / MILLION, (double)config->ratio / MILLION,
	    (double)config->posterior / MILLION, (double)config->phi / MILLION, (double)config->tau / MILLION,
	    (double)config->min_expected / MILLION};
}

/* Size of the negative binomial law of that mean; INFINITY (Poisson) when the variance does not exceed the mean. */
static double
size_of(const struct law *law, double mean)
{
	double beyond = law->phi - 1.0 + law->tau * law->tau * mean;
	return beyond > 0.0 ? mean / beyond : INFINITY;
}

/* P(true ratio > law->ratio): gamma prior of mean 1 and variance tau^2 (none when tau is 0), counts thinned by phi. */
static double
posterior_above(const struct law *law, double observed, double expected)
{
	double prior = law->tau > 0.0 ? 1.0 / (law->tau * law->tau) : 0.0;
	double shape = prior + observed / law->phi, rate = prior + expected / law->phi;
	return shape > 0.0 ? gamma_tail(shape, rate * law->ratio).upper : 0.0;
}

static bool
has_effect(const struct law *law, double observed, double expected)
{
	return observed - expected >= law->excess && posterior_above(law, observed, expected) >= law->posterior;
}

/* ---- detectable ratio ---- */

static bool
would_alert(const struct law *law, double count, double expected, double size, double p_limit)
{
	return has_effect(law, count, expected) && count_upper_mid(count, expected, size) <= p_limit;
}

/* The smallest count that would alert; all its conditions rise with the count. */
static double
critical_count(const struct law *law, double expected, double size, double p_limit)
{
	double low = floor(expected), high = low + 1.0;
	while (!would_alert(law, high, expected, size, p_limit)) {
		low = high;
		high *= 2.0;
		if (high > COUNT_MAX)
			return NAN;
	}
	while (high - low > 1.0) {
		double middle = floor((low + high) / 2.0);
		if (would_alert(law, middle, expected, size, p_limit))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static double
power_at(const struct law *law, double count, double mean)
{
	return count_tail(count, mean, size_of(law, mean)).upper;
}

/* The true ratio that would alert with probability POWER; NAN when none would. */
static double
detectable_ratio(const struct law *law, double expected, double size, double p_limit)
{
	double count = critical_count(law, expected, size, p_limit), low = 1.0, high = 2.0;
	if (isnan(count))
		return NAN;
	while (power_at(law, count, high * expected) < POWER) {
		low = high;
		high *= 2.0;
		if (high > RATIO_MAX)
			return NAN;
	}
	for (int i = 0; i < 44; i++) {
		double middle = (low + high) / 2.0;
		if (power_at(law, count, middle * expected) < POWER)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* ---- false discovery rate ---- */

/* How many of the sorted values are <= the given one. */
static size_t
rank_of(const double *sorted, size_t count, double value)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (sorted[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_tested(const struct verdict *verdict)
{
	return verdict->word != VERDICT_INSUFFICIENT;
}

/* Fills the q-values of the tested verdicts and gives the largest p that is rejected, or would be as the only one. */
static double
adjust(const struct law *law, struct verdict *verdicts, size_t count, double *scratch)
{
	size_t tested = 0, rejected = 0;
	for (size_t i = 0; i < count; i++)
		if (is_tested(&verdicts[i]))
			scratch[tested++] = verdicts[i].value[P_VALUE].real;
	doubles_sort(scratch, tested);
	for (size_t i = 0; i < count; i++)
		if (is_tested(&verdicts[i]))
			verdicts[i].value[Q_VALUE].number = (int64_t)rank_of(scratch, tested, verdicts[i].value[P_VALUE].real);
	false_discovery_adjust(scratch, tested);
	while (rejected < tested && scratch[rejected] <= law->q)
		rejected++;
	for (size_t i = 0; i < count; i++) {
		struct finding_value *value = &verdicts[i].value[Q_VALUE];
		if (is_tested(&verdicts[i]))
			value->real = scratch[value->number - 1];
		value->number = 0;
	}
	return tested ? law->q * (double)(rejected ? rejected : 1) / (double)tested : 0.0;
}

/* ---- what was worked out before ---- */

enum { MEMO_OBSERVED, MEMO_EXPECTED, MEMO_P, MEMO_P_LIMIT, MEMO_DETECTABLE };

static double
p_value(const struct family_key *key, double size)
{
	double observed = (double)key->observed, *memo = key->memo ? key->memo->value : NULL;
	if (memo && memo[MEMO_OBSERVED] == observed && memo[MEMO_EXPECTED] == key->expected)
		return memo[MEMO_P];
	double p = count_upper_mid(observed, key->expected, size);
	if (!memo)
		return p;
	if (memo[MEMO_EXPECTED] != key->expected)
		memo[MEMO_P_LIMIT] = 0.0;       /* what is detectable belongs to another expectation */
	memo[MEMO_OBSERVED] = observed;
	memo[MEMO_EXPECTED] = key->expected;
	memo[MEMO_P] = p;
	return p;
}

static double
detectable(const struct law *law, const struct family_key *key, double size, double p_limit)
{
	double *memo = key->memo ? key->memo->value : NULL;
	if (memo && memo[MEMO_P_LIMIT] == p_limit && p_limit > 0.0)
		return memo[MEMO_DETECTABLE];
	double ratio = detectable_ratio(law, key->expected, size, p_limit);
	if (memo) {
		memo[MEMO_P_LIMIT] = p_limit;
		memo[MEMO_DETECTABLE] = ratio;
	}
	return ratio;
}

/* ---- judgement ---- */

/* ratio - 1 in the six places in which the finding shows it. */
static int64_t
ratio_above_one(double ratio)
{
	double above = (ratio < RATIO_MAX ? ratio : RATIO_MAX) - 1.0;
	return above > 0.0 ? llrint(above * OVER_PLACES) : 0;
}

static void
first_look(const struct law *law, const struct family_key *key, struct verdict *verdict)
{
	double size = size_of(law, key->expected);
	bool is_enough = !key->is_few && key->expected > 0.0 && key->expected >= law->min_expected;
	verdict_add(verdict, "admissions", FINDING_COUNT)->number = key->observed;
	verdict_add(verdict, "population", FINDING_COUNT)->number = key->population;
	verdict_add(verdict, "expected", FINDING_STATISTIC)->real = key->expected;
	verdict_add(verdict, "size", FINDING_STATISTIC)->real = is_enough ? size : NAN;
	verdict_add(verdict, "ratio", FINDING_REAL)->real = key->expected > 0.0 ? (double)key->observed / key->expected : NAN;
	verdict_add(verdict, "p_value", FINDING_STATISTIC)->real =
	    is_enough ? p_value(key, size) : NAN;
	verdict_add(verdict, "q_value", FINDING_STATISTIC)->real = NAN;
	verdict_add(verdict, "detectable_ratio", FINDING_REAL)->real = NAN;
	verdict->word = is_enough ? VERDICT_OK : VERDICT_INSUFFICIENT;
}

static void
judge(const void *config, const struct family_key *keys, size_t count, double *scratch, struct verdict *verdicts)
{
	struct law law = law_of(config);
	for (size_t i = 0; i < count; i++)
		first_look(&law, &keys[i], &verdicts[i]);
	double p_limit = adjust(&law, verdicts, count, scratch);
	for (size_t i = 0; i < count; i++) {
		if (!is_tested(&verdicts[i]))
			continue;
		struct finding_value *value = verdicts[i].value;
		value[DETECTABLE].real = detectable(&law, &keys[i], value[SIZE].real, p_limit);
		if (value[Q_VALUE].real > law.q || !has_effect(&law, (double)keys[i].observed, keys[i].expected))
			continue;
		verdicts[i].word = VERDICT_ALERT;
		verdicts[i].over_numerator = ratio_above_one(value[RATIO].real);
		verdicts[i].over_denominator = OVER_PLACES;
	}
}

const struct detector detector_admission_rate = {
	.name = "admission_rate",
	.shape = SHAPE_FAMILY,
	.help_zh = "住院率是否畸高：乡镇或机构的困难人群与同类人群相比",
	.help_en = "is the admission rate abnormal: poor classes of a township or institution against their own class",
	.settings = settings,
	.setting_count = sizeof settings / sizeof settings[0],
	.config_size = sizeof(struct admission_config),
	.evidence_names = evidence_names,
	.judge_family = judge,
	.gives_over = true,
};
