/* ratio: is numerator / denominator, two amounts of the same settlements, at its target: about it (a band on both sides), or
 * not below it?  Year to date, judged at each month's close.  Whether it is, is decided with integers; how far it may be off by
 * chance (statistics D5) is told beside it and decides nothing. */
#include "detectors/ratio.h"

#include "core/base/time.h"
#include "detectors/registry.h"

#include <math.h>

#define MILLION 1000000
#define RATIO_MOST (10 * MILLION)       /* a ratio beyond ten, either way, is no ratio of payment: its error is not told */
#define SQUARE_BITS 78                  /* RATIO_MOST^2 times a square of so many bits stays inside __int128 */

struct ratio_config {
	int64_t band;
	int32_t numerator, denominator, level, class, target;
};

static const char *const level_words[] = {"any", "each", "tertiary", "secondary", "primary", NULL};
static const char *const class_words[] = {"any", "each", "poor", NULL};

static const struct setting settings[] = {
	{"numerator", SETTING_AMOUNT_FIELD, offsetof(struct ratio_config, numerator), true, NULL, NULL,
	    "分子：支付的金额字段", "the amount field above the line: what was paid"},
	{"denominator", SETTING_AMOUNT_FIELD, offsetof(struct ratio_config, denominator), true, NULL, NULL,
	    "分母：费用的金额字段", "the amount field below the line: what it cost"},
	{"level", SETTING_CHOICE, offsetof(struct ratio_config, level), false, "any", level_words,
	    "按机构等级：any 不区分，each 各等级分别，或只看一个等级；等级不明的不计", "by level of institution: any (all together), each, or one level alone; an unknown level is not counted"},
	{"class", SETTING_CHOICE, offsetof(struct ratio_config, class), false, "any", class_words,
	    "按身份类别：any 不区分，each 各类分别，poor 困难群体合并；未见参保登记的不计", "by identity class: any (all together), each, or poor (all poor classes together); who is not enrolled is not counted"},
	{"target", SETTING_PARAM, offsetof(struct ratio_config, target), true, NULL, NULL,
	    "目标比例参数", "parameter with the target"},
	{"band", SETTING_DECIMAL, offsetof(struct ratio_config, band), false, "0", NULL,
	    "“左右”允许的上下偏差；0 表示不低于目标", "how far from the target is still about it, on both sides; 0: not below the target"},
};

static const char *const evidence_names[] = {"numerator", "denominator", "value", "target", "band", "z", "n", "through", NULL};

/* ---- sums ---- */

static struct ratio_sums
add_up(const struct series_input *input)
{
	struct ratio_sums sums = {.settlements = input->settlements};
	size_t months = (size_t)(input->through % 12) + 1, end = input->months;
	for (size_t i = end > months ? end - months : 0; i < end; i++) {
		sums.numerator += input->numerator[i];
		sums.denominator += input->denominator[i];
	}
	for (size_t i = 0; i < SQUARES; i++)
		sums.squares[i] = input->squares[i];
	return sums;
}

/* ---- how far it may be off ---- */

static __int128
magnitude(__int128 number)
{
	return number < 0 ? -number : number;
}

/* numerator / denominator in millionths, cut. */
static int64_t
millionths(const struct ratio_sums *sums)
{
	__int128 value = sums->numerator * MILLION / sums->denominator;
	return magnitude(value) > RATIO_MOST ? INT64_MAX : (int64_t)value;
}

/* Sum of (f - R c)^2.  With k = R cut to six places and d = 10^6 f - k c, an integer, f - R c = (d - e c) / 10^6, where
 * e = 10^6 R - k is less than one: the sums of d^2 and d c are exact, and what e takes off is small.  Squares beyond all money
 * there is lose digits rather than overflow. */
static double
residuals(const struct ratio_sums *sums)
{
	__int128 square[SQUARES], k = millionths(sums);
	for (size_t i = 0; i < SQUARES; i++)
		square[i] = (__int128)sums->squares[i];
	int shift = 0;
	while (magnitude(square[SQUARES_NUMERATOR]) >> shift >> SQUARE_BITS || magnitude(square[SQUARES_DENOMINATOR]) >> shift >> SQUARE_BITS
	    || magnitude(square[SQUARES_PRODUCT]) >> shift >> SQUARE_BITS)
		shift++;
	for (size_t i = 0; i < SQUARES; i++)
		square[i] /= (__int128)1 << shift;
	double dd = (double)((__int128)MILLION * MILLION * square[SQUARES_NUMERATOR] - 2 * MILLION * k * square[SQUARES_PRODUCT]
	    + k * k * square[SQUARES_DENOMINATOR]);
	double dc = (double)(MILLION * square[SQUARES_PRODUCT] - k * square[SQUARES_DENOMINATOR]);
	double e = (double)(sums->numerator * MILLION - k * sums->denominator) / (double)sums->denominator;
	double sum = dd - 2.0 * e * dc + e * e * (double)square[SQUARES_DENOMINATOR];
	return ldexp(sum / ((double)MILLION * MILLION), shift);
}

double
ratio_error(const struct ratio_sums *sums)
{
	if (sums->settlements < 2 || sums->denominator <= 0 || millionths(sums) == INT64_MAX)
		return NAN;
	double n = (double)sums->settlements, sum = residuals(sums);
	return sum < 0.0 ? NAN : sqrt(n / (n - 1.0) * sum) / (double)sums->denominator;
}

double
ratio_z(const struct ratio_sums *sums, int64_t target)
{
	double error = ratio_error(sums);
	if (!(error > 0.0))
		return NAN;
	return (double)(sums->numerator * MILLION - sums->denominator * target) / ((double)sums->denominator * MILLION) / error;
}

/* ---- judgement ---- */

static void
add_ratio(struct verdict *verdict, const char *name, int64_t number, int64_t denominator)
{
	struct finding_value *value = verdict_add(verdict, name, FINDING_RATIO);
	value->number = number;
	value->denominator = denominator;
}

static void
add_findings(struct verdict *verdict, const struct series_input *input, const struct ratio_sums *sums, int64_t band)
{
	int64_t numerator = (int64_t)sums->numerator, denominator = (int64_t)sums->denominator;
	verdict_add(verdict, "numerator", FINDING_FEN)->number = numerator;
	verdict_add(verdict, "denominator", FINDING_FEN)->number = denominator;
	add_ratio(verdict, "value", numerator, denominator > 0 ? denominator : 0);
	add_ratio(verdict, "target", input->target, MILLION);
	add_ratio(verdict, "band", band, MILLION);
	verdict_add(verdict, "z", FINDING_REAL)->real = ratio_z(sums, input->target);
	verdict_add(verdict, "n", FINDING_COUNT)->number = sums->settlements;
	verdict_add(verdict, "through", FINDING_MONTH)->number = input->through;
}

/* A target is in force at once, or from its due date on. */
static bool
is_due(const struct series_input *input)
{
	return input->due == INT32_MAX || month_first_day(input->through + 1) - 1 >= input->due;
}

static void
judge(const void *config, const struct series_input *input, struct series_result *result, struct verdict *verdict)
{
	const struct ratio_config *own = config;
	struct ratio_sums sums = add_up(input);
	result->watch_now = false;
	add_findings(verdict, input, &sums, own->band);
	if (sums.denominator <= 0) {
		verdict->word = VERDICT_INSUFFICIENT;
		return;
	}
	/* 10^6 times: how far the sum above the line is from what the target asks for, and how far it may be */
	__int128 off = sums.numerator * MILLION - sums.denominator * input->target, allowed = sums.denominator * own->band;
	__int128 beyond = own->band ? magnitude(off) - allowed : -off;
	verdict->word = beyond <= 0 ? VERDICT_OK : is_due(input) ? VERDICT_ALERT : VERDICT_WATCH;
	verdict->over_numerator = beyond > 0 ? beyond : 0;
	verdict->over_denominator = sums.denominator * input->target;
}

const struct detector detector_ratio = {
	.name = "ratio",
	.shape = SHAPE_SERIES,
	.help_zh = "支付比例是否达到目标，或稳定在目标左右",
	.help_en = "is a ratio of payment at its target, or about it",
	.settings = settings,
	.setting_count = sizeof settings / sizeof settings[0],
	.config_size = sizeof(struct ratio_config),
	.evidence_names = evidence_names,
	.judge_series = judge,
	.gives_over = true,
};
