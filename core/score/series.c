/* Numerator and denominator per month, for a pool or for a longer area that a parameter row names; judged from January
 * of the year to the month that closes.  A row whose region is longer than the pool's name is about that area alone. */
#include "core/score/matches.h"

#include <stdio.h>
#include <stdlib.h>

static const struct param *
series_param(const struct scorer *scorer, size_t series_rule)
{
	const struct series_rule *made = &scorer->layout.series_rule[series_rule];
	return &scorer->rules->rule[made->rule].param[made->target];
}

/* ---- which series an area's bookings go into ---- */

uint32_t
series_number(struct pool *pool, size_t series_rule, uint32_t subject, uint8_t level, uint8_t class)
{
	for (size_t i = 0; i < pool->series_count; i++)
		if (pool->series[i].series_rule == series_rule && pool->series[i].subject == subject && pool->series[i].level == level
		    && pool->series[i].class == class)
			return (uint32_t)i;
	pool->series = memory_resize(pool->series, (pool->series_count + 1) * sizeof *pool->series);
	pool->series[pool->series_count] = (struct series){.series_rule = series_rule, .subject = subject, .level = level, .class = class};
	return (uint32_t)pool->series_count++;
}

static void
area_series_add(struct area_series *list, uint32_t number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->series[i] == number)
			return;
	list->series = memory_resize(list->series, (list->count + 1) * sizeof *list->series);
	list->series[list->count++] = number;
}

static void
area_pair_add(struct area_series *list, size_t series_rule, uint32_t subject)
{
	for (size_t i = 0; i < list->pairs; i++)
		if (list->pair[i].series_rule == series_rule && list->pair[i].subject == subject)
			return;
	list->pair = memory_resize(list->pair, (list->pairs + 1) * sizeof *list->pair);
	list->pair[list->pairs++] = (struct pair_place){.series_rule = series_rule, .subject = subject};
}

void
series_name_regions(struct scorer *scorer, uint32_t area)
{
	struct slice code = names_text(&scorer->names, area), pool_name = names_text(&scorer->names, scorer->area_pool[area]);
	for (size_t i = 0; i < scorer->layout.series_rules; i++) {
		const struct param *param = series_param(scorer, i);
		for (size_t j = 0; j < param->rows; j++) {
			struct slice region = slice_of(param->row[j].region);
			if (!param->row[j].is_floor && slice_starts_with(code, region) && region.length > pool_name.length)
				scorer_area(scorer, names_number(&scorer->names, region));
		}
	}
}

const struct area_series *
area_series(struct scorer *scorer, struct pool *pool, uint32_t area)
{
	struct area_series *list = &scorer->area_series[area];
	if (list->known)
		return list;
	list->known = true;
	list->count = list->pairs = 0;
	struct slice code = names_text(&scorer->names, area), pool_name = names_text(&scorer->names, pool->name);
	for (size_t i = 0; i < scorer->layout.series_rules; i++) {
		const struct param *param = series_param(scorer, i);
		for (size_t j = 0; j < param->rows; j++) {
			struct slice region = slice_of(param->row[j].region);
			if (param->row[j].is_floor || !slice_starts_with(code, region))
				continue;
			uint32_t subject = region.length > pool_name.length ? names_number(&scorer->names, region) : pool->name;
			if (scorer->layout.series_rule[i].is_pair)
				area_pair_add(list, i, subject);
			else
				area_series_add(list, series_number(pool, i, subject, 0, 0));
		}
	}
	return list;
}

/* ---- sums ---- */

struct series_month *
series_month(struct series *series, int32_t month)
{
	if (series->months == 0)
		series->first_month = month;
	size_t before = month < series->first_month ? (size_t)(series->first_month - month) : 0;
	size_t place = before ? 0 : (size_t)(month - series->first_month);
	size_t months = before ? series->months + before : place + 1 > series->months ? place + 1 : series->months;
	if (months > series->months) {
		series->month = memory_resize(series->month, months * sizeof *series->month);
		memmove(series->month + before, series->month, series->months * sizeof *series->month);
		memset(series->month + (before ? 0 : series->months), 0, (months - series->months) * sizeof *series->month);
		series->first_month -= (int32_t)before;
		series->months = months;
	}
	return &series->month[place];
}

static void
add(struct scorer *scorer, const struct booking *bits, int32_t month, bool stays, const struct booking *amounts, int sign)
{
	struct pool *pool = pool_get(scorer, person_at(&scorer->persons, bits->person)->pool);
	if (pool_beyond(scorer, pool, month))
		return;
	const struct area_series *list = area_series(scorer, pool, bits->area);
	for (size_t i = 0; i < list->count; i++) {
		struct series *series = &pool->series[list->series[i]];
		const struct series_rule *made = &scorer->layout.series_rule[series->series_rule];
		if ((made->amount == CASES) != stays || !booking_bit(bits, made->where_bit))
			continue;
		int64_t value = sign * (stays ? 1 : booking_amount(&scorer->bookings, amounts, made->amount));
		pool_change(scorer, pool, month);
		struct series_month *sums = series_month(series, month);
		sums->entries += sign;
		sums->denominator += value;
		if (booking_bit(bits, made->numerator_bit))
			sums->numerator += value;
	}
}

void
series_add(struct scorer *scorer, const struct booking *bits, const struct booking *amounts, int sign)
{
	add(scorer, bits, scorer_month(scorer, amounts->booked_time), false, amounts, sign);
}

void
series_add_stay(struct scorer *scorer, const struct booking *booking, int32_t month, int sign)
{
	if (scorer->layout.series_rules)
		add(scorer, booking, month, true, booking, sign);
}

void
series_trim(struct scorer *scorer, struct pool *pool, int32_t oldest)
{
	(void)scorer;
	int32_t keep = oldest - BASELINE_MONTHS;        /* so that a year to date and the months before it stay whole */
	for (size_t i = 0; i < pool->series_count; i++) {
		struct series *series = &pool->series[i];
		size_t gone = series->months && series->first_month < keep ? (size_t)(keep - series->first_month) : 0;
		if (gone == 0 || gone > series->months)
			continue;
		memmove(series->month, series->month + gone, (series->months - gone) * sizeof *series->month);
		series->months -= gone;
		series->first_month += (int32_t)gone;
	}
}

void
series_free(struct series *series)
{
	free(series->month);
	free(series->year);
	free(series->evidence);
}

void
series_unsay(struct series *series)
{
	for (size_t i = 0; i < series->months; i++)
		series->month[i].indicator = (struct said){0};
	for (size_t i = 0; i < series->years; i++)
		series->year[i].alert = (struct said){0};
}

/* ---- evidence: the stays that keep the share down, or that a ratio is made of, the dearest first ---- */

#define STAYS_AHEAD 16          /* bookings asked for before they are looked at */

static struct evidence_claim
claim_of(const struct scorer *scorer, uint32_t number, size_t amount)
{
	const struct booking *booking = booking_at(&scorer->bookings, number);
	return (struct evidence_claim){booking->setl_time, booking_setl_id(&scorer->bookings, booking), booking->institution,
	    booking->area, number, booking_amount(&scorer->bookings, booking, amount)};
}

static bool
keeps_down(struct scorer *scorer, const struct pool *pool, const struct series *series, uint32_t number)
{
	const struct series_rule *made = &scorer->layout.series_rule[series->series_rule];
	const struct booking *booking = booking_at(&scorer->bookings, number);
	if (!booking_bit(booking, made->where_bit) || (made->is_pair ? !pair_has(scorer, series, booking) : booking_bit(booking, made->numerator_bit)))
		return false;
	return series->subject == pool->name
	    || slice_starts_with(names_text(&scorer->names, booking->area), names_text(&scorer->names, series->subject));
}

static void
collect_month(struct scorer *scorer, const struct pool *pool, const struct series *series, size_t amount, struct month_evidence *kept)
{
	const struct pool_month *window = pool_month_if(pool, kept->month);
	struct evidence_list *list = &scorer->evidence;
	evidence_clear(list);
	for (size_t i = 0; window && i < window->stays; i++) {
		uint32_t number = window->stay[i].booking;
		uint32_t ahead = i + STAYS_AHEAD < window->stays ? window->stay[i + STAYS_AHEAD].booking : NOBODY;
		if (is_remembered(scorer, ahead))
			__builtin_prefetch(booking_at(&scorer->bookings, ahead));
		if (!is_remembered(scorer, number) || !keeps_down(scorer, pool, series, number))
			continue;
		kept->total++;
		evidence_keep_dearest(list, claim_of(scorer, number, amount));
	}
	kept->count = list->count;
	for (size_t i = 0; i < list->count; i++)
		kept->booking[i] = list->claim[i].booking;
}

/* The month's, collected again only when its stays have changed, or fewer settlements are remembered. */
static const struct month_evidence *
evidence_of(struct scorer *scorer, const struct pool *pool, struct series *series, size_t amount, int32_t month)
{
	if (!series->evidence) {
		series->evidence = memory_resize(NULL, EVIDENCE_MONTHS * sizeof *series->evidence);
		memset(series->evidence, 0, EVIDENCE_MONTHS * sizeof *series->evidence);
	}
	struct month_evidence *kept = &series->evidence[(size_t)month % EVIDENCE_MONTHS];
	if (kept->is_whole && kept->month == month && kept->remembered_from == scorer->bookings.chunks.first)
		return kept;
	*kept = (struct month_evidence){.month = month, .is_whole = true, .remembered_from = scorer->bookings.chunks.first};
	collect_month(scorer, pool, series, amount, kept);
	return kept;
}

void
series_stays_changed(struct pool *pool, int32_t month)
{
	for (size_t i = 0; i < pool->series_count; i++)
		if (pool->series[i].evidence)
			pool->series[i].evidence[(size_t)month % EVIDENCE_MONTHS].is_whole = false;
}

/* How many there are; the dearest of them are the evidence. */
static size_t
collect_year(struct scorer *scorer, const struct pool *pool, struct series *series, int32_t through)
{
	const struct series_rule *made = &scorer->layout.series_rule[series->series_rule];
	const struct month_evidence *kept[12];
	size_t total = 0, months = 0, amount = made->amount == CASES ? AMOUNT_HIFP : made->amount;
	for (int32_t month = through / 12 * 12; month <= through; month++)
		kept[months++] = evidence_of(scorer, pool, series, amount, month);
	evidence_clear(&scorer->evidence);
	for (size_t i = 0; i < months; i++) {
		total += kept[i]->total;
		for (size_t j = 0; j < kept[i]->count; j++)
			evidence_keep_dearest(&scorer->evidence, claim_of(scorer, kept[i]->booking[j], amount));
	}
	return total;
}

/* ---- judgement ---- */

struct series_year *
series_year(struct series *series, int32_t year)
{
	for (size_t i = 0; i < series->years; i++)
		if (series->year[i].year == year)
			return &series->year[i];
	series->year = memory_resize(series->year, (series->years + 1) * sizeof *series->year);
	series->year[series->years] = (struct series_year){.year = year};
	return &series->year[series->years++];
}

static void
input_fill(struct series_input *input, const struct series *series, int32_t through)
{
	int32_t first = series->first_month;
	if (through - first >= SERIES_MONTHS_MAX)
		first = through - SERIES_MONTHS_MAX + 1;
	input->through = through;
	for (int32_t month = first; month <= through; month++) {
		size_t place = (size_t)(month - series->first_month);
		bool known = place < series->months;
		input->numerator[input->months] = known ? series->month[place].numerator : 0;
		input->denominator[input->months++] = known ? series->month[place].denominator : 0;
	}
	size_t before = (size_t)(through - 1 - series->first_month);
	for (size_t i = 0; i < series->months; i++) {
		const struct series_month *sums = &series->month[i];
		int32_t month = series->first_month + (int32_t)i;
		bool counts = month / 12 == through / 12 && month <= through;
		input->settlements += counts ? sums->entries : 0;
		for (size_t j = 0; counts && j < SQUARES; j++)
			input->squares[j] += sums->squares[j];
	}
	input->watch_before = through > series->first_month && before < series->months
	    && (through - 1) / 12 == through / 12 && series->month[before].watch;
}

/* Settlements and refunds, or stays, from January on. */
static int64_t
entries_of_year(const struct series *series, int32_t through)
{
	int64_t entries = 0;
	for (size_t i = 0; i < series->months; i++) {
		int32_t month = series->first_month + (int32_t)i;
		if (month / 12 == through / 12 && month <= through)
			entries += series->month[i].entries;
	}
	return entries;
}

static void
say_alert_of_year(struct scorer *scorer, const struct pool *pool, struct series *series, int32_t through, struct statement *statement,
    struct subject *subject)
{
	struct said *said = &series_year(series, through / 12)->alert;
	if (!alert_may_speak(said, statement->verdict))
		return;
	statement->claims_total = collect_year(scorer, pool, series, through);
	if (scorer->layout.series_rule[series->series_rule].is_pair)
		statement->claims_total = (size_t)entries_of_year(series, through);
	statement->evidence = &scorer->evidence;
	snprintf(subject->period, sizeof subject->period, "%d", through / 12);
	say_alert(scorer, said, statement);
}

/* A series begins with its first booking: before it there is nothing to judge, unless something was said of a month
 * whose bookings have gone since. */
static bool
has_begun(const struct series *series, int32_t through)
{
	for (size_t i = 0; i < series->months && series->first_month + (int32_t)i <= through; i++)
		if (series->month[i].entries > 0)
			return true;
	size_t place = (size_t)(through - series->first_month);
	return series->months > 0 && through >= series->first_month && place < series->months && series->month[place].indicator.revision > 0;
}

static void
judge_month(struct scorer *scorer, const struct pool *pool, struct series *series, int32_t through, bool last_of_year, enum cause cause)
{
	const struct series_rule *made = &scorer->layout.series_rule[series->series_rule];
	const struct rule *rule = &scorer->rules->rule[made->rule];
	bool is_pool = series->subject == pool->name;
	int32_t last_day = month_first_day(through + 1) - 1;
	const struct param_row *row = param_find(rule, made->target, scorer_area(scorer, series->subject), SLICE(""), last_day, NULL);
	if (!row || !has_begun(series, through))
		return;
	struct series_input input = {.money = made->amount != CASES, .target = row->value, .due = row->due};
	struct series_result result = {0};
	struct verdict verdict = {0};
	input_fill(&input, series, through);
	rule->detector->judge_series(rule->config, &input, &result, &verdict);
	if (rule->minimum && entries_of_year(series, through) < rule->minimum)
		verdict.word = VERDICT_INSUFFICIENT;
	struct series_month *month = series_month(series, through);
	month->watch = result.watch_now;
	struct subject subject = {.kind = is_pool ? "pool" : "area", .pool = pool->name, .area = is_pool ? 0 : series->subject,
	    .area_is_identity = !is_pool, .variant = "", .level = series->level ? level_names[series->level - 1] : NULL,
	    .class = series->class ? class_names[series->class - 1] : NULL};
	month_text(through, subject.period);
	struct statement statement = {.rule = made->rule, .subject = &subject, .verdict = &verdict, .row = row, .param = made->target,
	    .cause = cause, .event_time = (int64_t)(last_day + 1) * DAY_SECONDS - 1};
	say_indicator(scorer, &month->indicator, &statement);
	if (last_of_year)
		say_alert_of_year(scorer, pool, series, through, &statement, &subject);
}

static int
series_order(const struct scorer *scorer, const struct series *a, const struct series *b)
{
	int order = slice_compare(names_text(&scorer->names, a->subject), names_text(&scorer->names, b->subject));
	if (order == 0)
		order = (a->level > b->level) - (a->level < b->level);
	return order ? order : (a->class > b->class) - (a->class < b->class);
}

static void
months_judge(struct scorer *scorer, struct pool *pool, size_t series_rule, int32_t first, int32_t last, enum cause cause)
{
	const struct series *done = NULL;
	for (;;) {      /* in order of the subject's text, level and class: few subjects, so a scan for the next one will do */
		struct series *next = NULL;
		for (size_t i = 0; i < pool->series_count; i++) {
			struct series *series = &pool->series[i];
			if (series->series_rule != series_rule || (done && series_order(scorer, series, done) <= 0))
				continue;
			if (!next || series_order(scorer, series, next) < 0)
				next = series;
		}
		if (!next)
			return;
		for (int32_t month = first; month <= last; month++)
			judge_month(scorer, pool, next, month, month == last || month % 12 == 11, cause == CAUSE_RULES || month / 12 == first / 12 ? cause : CAUSE_LATE);
		done = next;
	}
}

void
series_close(struct scorer *scorer, struct pool *pool, size_t series_rule, int32_t first, int32_t last, enum cause cause)
{
	uint64_t start = close_start(scorer);
	months_judge(scorer, pool, series_rule, first, last, cause);
	close_stop(scorer, scorer->layout.series_rule[series_rule].rule, start);
}
