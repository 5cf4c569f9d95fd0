/* share: does numerator / denominator miss its target, and will it by the end of the year?  Year to date, judged at each
 * month's close.  Whether the target is met, and whether it is out of reach, is decided with integers; the projection
 * (a ratio estimator with discounted weights on a chain-ladder denominator) uses doubles. */
#include "detectors/share.h"

#include "core/base/special.h"
#include "core/base/time.h"
#include "detectors/registry.h"

#include <math.h>

#define MILLION 1000000
#define WEIGHT 0.7              /* of a month against the next one */
#define RATE_MONTHS 12
#define ROUNDING 1e-9           /* an error below this is the rounding of equal months */
#define MARGIN 0.10             /* need above the run rate that is worth a watch */
#define PART_MAX 1000000000000000       /* ten trillion yuan */
#define TARGET_MAX 100000000            /* a hundred; PART_MAX^2 times this stays inside __int128 */

struct share_config {
	int32_t of, sum, numerator, target;
};

static const char *const of_words[] = {"money", "cases", NULL};

static const struct setting settings[] = {
	{"of", SETTING_CHOICE, offsetof(struct share_config, of), true, NULL, of_words,
	    "占比的口径：money 金额，cases 例数", "share of what: money or cases"},
	{"sum", SETTING_AMOUNT_FIELD, offsetof(struct share_config, sum), false, NULL, NULL,
	    "累计的金额字段（of: money）", "the amount field that is added up (of: money)"},
	{"numerator", SETTING_CONDITION, offsetof(struct share_config, numerator), true, NULL, NULL,
	    "哪些计入分子", "what counts in the numerator"},
	{"target", SETTING_PARAM, offsetof(struct share_config, target), true, NULL, NULL,
	    "目标占比参数", "parameter with the target"},
};

static const char *const evidence_names[] = {
	"numerator", "denominator", "value", "target", "need", "reach_probability", "through", NULL};

/* ---- sums ---- */

/* Year to date, and the same months and whole of the past years in the history.  Without a past year every month is
 * a twelfth. */
struct sums {
	__int128 numerator, denominator;
	__int128 part, whole;
};

static size_t
month_of_year(const struct series_input *input)
{
	return (size_t)(input->through % 12) + 1;
}

static struct sums
add_up(const struct series_input *input)
{
	struct sums sums = {0};
	size_t months = month_of_year(input), end = input->months;
	size_t start = end > months ? end - months : 0;
	for (size_t i = start; i < end; i++) {
		sums.numerator += input->numerator[i];
		sums.denominator += input->denominator[i];
	}
	for (size_t january = start; january >= 12;) {
		january -= 12;
		for (size_t i = 0; i < 12; i++) {
			sums.whole += input->denominator[january + i];
			sums.part += i < months ? input->denominator[january + i] : 0;
		}
	}
	if (sums.part <= 0 || sums.whole < sums.part || (sums.whole == sums.part && months < 12)) {
		sums.part = (__int128)months;
		sums.whole = 12;
	}
	return sums;
}

static __int128
magnitude(__int128 number)
{
	return number < 0 ? -number : number;
}

/* Sums beyond all money there is lose digits rather than overflow; the verdict on what is met never sees this. */
static void
shrink(struct sums *sums)
{
	while (magnitude(sums->numerator) > PART_MAX || magnitude(sums->denominator) > PART_MAX) {
		sums->numerator /= 2;
		sums->denominator /= 2;
	}
	while (sums->whole > PART_MAX) {
		sums->part /= 2;
		sums->whole /= 2;
	}
}

/* ---- projection ---- */

struct weighted {
	double weight, weight_squares, numerator, denominator;
	size_t months;
};

static struct weighted
weigh(const struct series_input *input)
{
	struct weighted sum = {0};
	double weight = 1.0;
	for (size_t i = input->months; i > 0 && input->months - i < RATE_MONTHS; i--, weight *= WEIGHT) {
		sum.numerator += weight * (double)input->numerator[i - 1];
		sum.denominator += weight * (double)input->denominator[i - 1];
		if (input->denominator[i - 1] <= 0)
			continue;
		sum.weight += weight;
		sum.weight_squares += weight * weight;
		sum.months++;
	}
	return sum;
}

/* Weighted variance of the monthly shares around the run rate. */
static double
variance(const struct series_input *input, const struct weighted *sum, double run_rate)
{
	double squares = 0.0, weight = 1.0;
	for (size_t i = input->months; i > 0 && input->months - i < RATE_MONTHS; i--, weight *= WEIGHT) {
		if (input->denominator[i - 1] <= 0)
			continue;
		double off = (double)input->numerator[i - 1] / (double)input->denominator[i - 1] - run_rate;
		squares += weight * off * off;
	}
	return squares / (sum->weight - sum->weight_squares / sum->weight);
}

static double
reach(double year_end, double error, double target)
{
	if (error < ROUNDING)
		return year_end >= target - ROUNDING ? 1.0 : 0.0;
	return normal_lower((year_end - target) / error);
}

void
share_project(const struct series_input *input, struct share_projection *out)
{
	*out = (struct share_projection){NAN, NAN, NAN, NAN, NAN, NAN};
	struct sums sums = add_up(input);
	struct weighted weighted = weigh(input);
	double numerator = (double)sums.numerator, denominator = (double)sums.denominator;
	double target = (double)input->target / MILLION, left = 12.0 - (double)month_of_year(input);
	if (sums.denominator <= 0)
		return;
	out->completion = left > 0.0 ? (double)sums.part / (double)sums.whole : 1.0;
	out->total = denominator / out->completion;
	if (weighted.denominator > 0.0)
		out->run_rate = weighted.numerator / weighted.denominator;
	if (left == 0.0) {
		out->year_end = numerator / denominator;
		out->error = 0.0;
		out->reach = sums.numerator * MILLION >= sums.denominator * input->target ? 1.0 : 0.0;
		return;
	}
	double rest = out->total - denominator;
	out->year_end = (numerator + out->run_rate * rest) / out->total;
	if (weighted.months < 2)
		return;
	double squares = weighted.weight_squares / (weighted.weight * weighted.weight);
	out->error = rest / out->total * sqrt(variance(input, &weighted, out->run_rate) * (1.0 / left + squares));
	out->reach = reach(out->year_end, out->error, target);
}

/* ---- judgement ---- */

/* need = (target * total - numerator) / (total - denominator), total = denominator * whole / part, as the exact
 * fraction over / (MILLION * under); under is 0 when nothing is left of the year. */
struct need {
	__int128 over, under;
};

static struct need
need_make(const struct series_input *input, struct sums sums)
{
	int64_t target = input->target < TARGET_MAX ? input->target : TARGET_MAX;
	shrink(&sums);
	if (month_of_year(input) == 12 || sums.denominator <= 0)
		return (struct need){0, 0};
	return (struct need){target * sums.denominator * sums.whole - MILLION * sums.numerator * sums.part,
	    sums.denominator * (sums.whole - sums.part)};
}

/* Six decimals, half to even. */
static int64_t
need_millionths(const struct need *need)
{
	__int128 above = magnitude(need->over), quotient = above / need->under, rest = above % need->under;
	if (rest > need->under - rest || (rest == need->under - rest && quotient % 2))
		quotient++;
	if (quotient > PART_MAX)
		quotient = PART_MAX;
	return (int64_t)(need->over < 0 ? -quotient : quotient);
}

static enum verdict_word
word_before_due(const struct need *need, const struct share_projection *projection, bool watch_twice)
{
	if (need->under > 0 && need->over > MILLION * need->under)
		return VERDICT_ALERT;
	if (need->under > 0 && (double)need->over / ((double)need->under * MILLION) > projection->run_rate + MARGIN)
		return VERDICT_WATCH;
	return watch_twice ? VERDICT_WATCH : VERDICT_OK;
}

static void
add_ratio(struct verdict *verdict, const char *name, int64_t number, int64_t denominator)
{
	struct finding_value *value = verdict_add(verdict, name, FINDING_RATIO);
	value->number = number;
	value->denominator = denominator;
}

static void
add_findings(struct verdict *verdict, const struct series_input *input, const struct sums *sums, const struct need *need,
    const struct share_projection *projection)
{
	enum finding_type type = input->money ? FINDING_FEN : FINDING_COUNT;
	int64_t numerator = (int64_t)sums->numerator, denominator = (int64_t)sums->denominator;
	verdict_add(verdict, "numerator", type)->number = numerator;
	verdict_add(verdict, "denominator", type)->number = denominator;
	add_ratio(verdict, "value", numerator, denominator > 0 ? denominator : 0);
	add_ratio(verdict, "target", input->target, MILLION);
	if (need->under > 0)
		add_ratio(verdict, "need", need_millionths(need), MILLION);
	else
		verdict_add(verdict, "need", FINDING_NULL);
	verdict_add(verdict, "reach_probability", FINDING_REAL)->real = projection->reach;
	verdict_add(verdict, "through", FINDING_MONTH)->number = input->through;
	struct finding_value *year_end = verdict_add(verdict, "year_end", FINDING_REAL);
	year_end->real = projection->year_end;
	year_end->is_silent = true;
}

/* (target - value) / target = (target * denominator - numerator) / (target * denominator). */
static void
fill_over(struct verdict *verdict, const struct series_input *input, struct sums sums)
{
	int64_t target = input->target < TARGET_MAX ? input->target : TARGET_MAX;
	shrink(&sums);
	__int128 due = sums.denominator > 0 ? sums.denominator * target : 0, missing = due - sums.numerator * MILLION;
	verdict->over_numerator = missing > 0 ? missing : 0;
	verdict->over_denominator = due;
}

static void
judge(const void *config, const struct series_input *input, struct series_result *result, struct verdict *verdict)
{
	(void)config;
	struct sums sums = add_up(input);
	struct need need = need_make(input, sums);
	struct share_projection projection;
	share_project(input, &projection);
	add_findings(verdict, input, &sums, &need, &projection);
	fill_over(verdict, input, sums);
	result->watch_now = projection.reach < 0.5;
	bool is_due = month_first_day(input->through + 1) - 1 >= input->due;
	bool is_met = sums.numerator * MILLION >= sums.denominator * input->target;
	if (sums.denominator <= 0)
		verdict->word = VERDICT_INSUFFICIENT;
	else if (is_due)
		verdict->word = is_met ? VERDICT_OK : VERDICT_ALERT;
	else
		verdict->word = word_before_due(&need, &projection, result->watch_now && input->watch_before);
}

const struct detector detector_share = {
	.name = "share",
	.shape = SHAPE_SERIES,
	.help_zh = "占比是否达到目标，按目前走势年底能否达到",
	.help_en = "does a share miss its target, and will it by the end of the year",
	.settings = settings,
	.setting_count = sizeof settings / sizeof settings[0],
	.config_size = sizeof(struct share_config),
	.evidence_names = evidence_names,
	.judge_series = judge,
	.gives_over = true,
};
