/* Exact sums per person and benefit year (statistics D4): what is paid is what stands, whatever the order of arrival.
 * Keyed by person across all institutions (济医保发〔2023〕15号: 一个自然年度内，居民门诊统筹支付限额累计计算). */
#include "core/score/matches.h"

#include <stdio.h>
#include <stdlib.h>

void
evidence_clear(struct evidence_list *list)
{
	list->count = 0;
}

void
evidence_add(struct evidence_list *list, struct evidence_claim claim)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->claim = memory_resize(list->claim, list->capacity * sizeof *list->claim);
	}
	list->claim[list->count++] = claim;
}

static bool
is_dearer(const struct evidence_claim *a, const struct evidence_claim *b)
{
	if (a->fen != b->fen)
		return a->fen > b->fen;
	if (a->time != b->time)
		return a->time < b->time;
	return slice_compare(a->setl_id, b->setl_id) < 0;
}

void
evidence_keep_dearest(struct evidence_list *list, struct evidence_claim claim)
{
	if (list->count < EVIDENCE_CLAIMS)
		evidence_add(list, claim);
	else if (!is_dearer(&claim, &list->claim[list->count - 1]))
		return;
	size_t place = list->count - 1;
	for (; place > 0 && is_dearer(&claim, &list->claim[place - 1]); place--)
		list->claim[place] = list->claim[place - 1];
	list->claim[place] = claim;
}

static int
evidence_order(const void *a, const void *b)
{
	const struct evidence_claim *left = a, *right = b;
	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return slice_compare(left->setl_id, right->setl_id);
}

void
evidence_sort(struct evidence_list *list)
{
	if (list->count > 1)
		qsort(list->claim, list->count, sizeof *list->claim, evidence_order);
}

/* The year's block, emptied when it still holds a year four years older; NULL when it holds a newer one, or when no benefit
 * year begins in that month any more. */
static struct ledger_year *
year_open(struct scorer *scorer, struct person *person, int32_t year)
{
	struct ledger_year *block = person_year_slot(&scorer->persons, person, year);
	if (!block || block->year == year)
		return block;
	if (block->year > year)
		return NULL;
	memset(block, 0, ledger_year_words(scorer->persons.ledgers, scorer->persons.ledger_rules) * sizeof(int64_t));
	block->year = year;
	return block;
}

bool
ledger_add(struct scorer *scorer, uint32_t person_number, int32_t year, const struct booking *bits,
    const struct booking *amounts, int sign)
{
	const struct layout *layout = &scorer->layout;
	struct person *person = person_at(&scorer->persons, person_number);
	struct ledger_year *block = NULL;
	for (size_t i = 0; i < layout->ledgers; i++) {
		const struct ledger *ledger = &layout->ledger[i];
		if (!booking_bit(bits, ledger->bit))
			continue;
		if (!block && !(block = year_open(scorer, person, year)))
			return false;
		block->sum[i] += sign * booking_amount(&scorer->bookings, amounts, ledger->amount);
		for (size_t w = 0; w < layout->ledger_words; w++)
			scorer->ledger_changed[w] |= layout->ledger_rules_of[i * layout->ledger_words + w];
	}
	return block != NULL;
}

/* ---- what made a sum ---- */

static void
list_booking(struct scorer *scorer, uint32_t number, int64_t fen)
{
	const struct booking *booking = booking_at(&scorer->bookings, number);
	evidence_add(&scorer->evidence, (struct evidence_claim){booking->booked_time, booking_setl_id(&scorer->bookings, booking),
	    booking->institution, booking->area, number, fen});
}

/* A settlement net of its linked refunds, wherever those came from; refunds of a void one by themselves. */
static void
list_with_refunds(struct scorer *scorer, uint32_t number, size_t amount)
{
	const struct booking *booking = booking_at(&scorer->bookings, number);
	bool is_void = booking->flags & BOOKING_VOID;
	int64_t net = booking_amount(&scorer->bookings, booking, amount);
	for (uint32_t n = booking->first_refund; n != NOBODY; n = booking_at(&scorer->bookings, n)->next_refund) {
		const struct booking *refund = booking_at(&scorer->bookings, n);
		int64_t fen = booking_amount(&scorer->bookings, refund, amount);
		if (refund->flags & BOOKING_BEYOND)
			continue;
		net += fen;
		if (is_void)
			list_booking(scorer, n, fen);
	}
	if (!is_void && !booking_is_refunded(scorer, booking))
		list_booking(scorer, number, net);
}

/* The standing settlements of the person's year under the ledger's condition, net of their linked refunds, in order of
 * (setl_time, setl_id).  A refund without a standing original is listed by itself, negative. */
static void
collect_year(struct scorer *scorer, const struct person *person, int32_t year, const struct ledger *ledger)
{
	evidence_clear(&scorer->evidence);
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = booking_at(&scorer->bookings, n)->previous) {
		const struct booking *booking = booking_at(&scorer->bookings, n);
		if (booking->flags & BOOKING_BEYOND || !booking_bit(booking, ledger->bit))
			continue;
		if (year_holding(scorer_month(scorer, booking->booked_time), booking_booked_begins(booking)) != year)
			continue;
		if (!(booking->flags & BOOKING_REFUND))
			list_with_refunds(scorer, n, ledger->amount);
		else if (!(booking->flags & BOOKING_VOID) && !is_remembered(scorer, booking->original))
			list_booking(scorer, n, booking_amount(&scorer->bookings, booking, ledger->amount));
	}
	evidence_sort(&scorer->evidence);
}

/* ---- judgement ---- */

/* No row holds any more for what once was over: there is no limit to show. */
static void
limit_unknown(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (strcmp(verdict->value[i].name, "limit") == 0) {
			verdict->value[i].type = FINDING_NULL;
			verdict->value[i].denominator = 0;      /* still an amount: limit_fen */
		}
}

struct place {                          /* where and when a sum stands */
	uint32_t area;
	int64_t time;
};

/* How near a settlement is to the ledger's year: 2 it would be added up if it stood, 1 it is of the year, 0 neither, or a
 * refund, which stands where its original does. */
static int
nearness(const struct booking *booking, int32_t year, const struct ledger *ledger)
{
	bool is_of_year = !(booking->flags & BOOKING_REFUND)
	    && year_holding(day_month(time_day(booking->setl_time)), booking_begins(booking)) == year;
	return is_of_year + (is_of_year && booking_bit(booking, ledger->bit));
}

static const struct booking *
nearest(const struct scorer *scorer, const struct person *person, int32_t year, const struct ledger *ledger)
{
	const struct booking *found = NULL;
	int best = -1;
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = booking_at(&scorer->bookings, n)->previous) {
		const struct booking *booking = booking_at(&scorer->bookings, n);
		int near = nearness(booking, year, ledger);
		if (near < best || (near == best && !booking_is_later(scorer, booking, found)))
			continue;
		found = booking;
		best = near;
	}
	return found;
}

/* Those of the latest settlement that made the sum.  When none is left: of the latest that once may have; else the beginning
 * of the year, where another one of the person was, or he is enrolled, or the pool.  Never of the record that emptied the
 * sum, which may be any. */
static struct place
place_of(const struct scorer *scorer, const struct person *person, int32_t year, const struct ledger *ledger)
{
	const struct evidence_list *list = &scorer->evidence;
	if (list->count)
		return (struct place){list->claim[list->count - 1].area, list->claim[list->count - 1].time};
	const struct booking *latest = nearest(scorer, person, year, ledger);
	const struct enrolment_record *enrolment = latest ? NULL : enrolment_find(scorer, person, year_calendar(year), 0);
	int64_t time = latest && nearness(latest, year, ledger) > 0 ? latest->setl_time : (int64_t)month_first_day(year) * DAY_SECONDS;
	return (struct place){latest ? latest->area : enrolment ? enrolment->area : person->pool, time};
}

/* The parameter row of the latest settlement that has one: the answer does not depend on which arrived last. */
static const struct param_row *
row_of(struct scorer *scorer, const struct ledger_rule *made, struct slice tier, const struct place *place, bool *tier_unknown)
{
	const struct rule *rule = &scorer->rules->rule[made->rule];
	const struct param_row *row = NULL;
	for (size_t i = scorer->evidence.count; i > 0 && !row; i--) {
		const struct evidence_claim *claim = &scorer->evidence.claim[i - 1];
		row = param_find(rule, made->limit, scorer_area(scorer, claim->area), tier, time_day(claim->time), tier_unknown);
	}
	if (scorer->evidence.count == 0)
		row = param_find(rule, made->limit, scorer_area(scorer, place->area), tier, time_day(place->time), tier_unknown);
	return row;
}

const struct param_row *
ledger_row(struct scorer *scorer, uint32_t person_number, int32_t year, size_t ledger_rule)
{
	const struct ledger_rule *made = &scorer->layout.ledger_rule[ledger_rule];
	const struct ledger *ledger = &scorer->layout.ledger[made->ledger];
	const struct person *person = person_at(&scorer->persons, person_number);
	bool tier_unknown = false;
	collect_year(scorer, person, year, ledger);
	struct place place = place_of(scorer, person, year, ledger);
	return row_of(scorer, made, enrolment_tier(scorer, person, year_calendar(year)), &place, &tier_unknown);
}

static void
judge_one(struct scorer *scorer, uint32_t person_number, struct ledger_year *block, size_t index, enum cause cause)
{
	const struct ledger_rule *made = &scorer->layout.ledger_rule[index];
	const struct ledger *ledger = &scorer->layout.ledger[made->ledger];
	const struct rule *rule = &scorer->rules->rule[made->rule];
	const struct person *person = person_at(&scorer->persons, person_number);
	struct said *said = ledger_said(&scorer->persons, block, index);
	int32_t year = (int32_t)block->year;
	collect_year(scorer, person, year, ledger);
	struct place place = place_of(scorer, person, year, ledger);
	bool tier_unknown = false;
	const struct param_row *row = row_of(scorer, made, enrolment_tier(scorer, person, year_calendar(year)), &place, &tier_unknown);
	if (!row && said->revision == 0)
		return;
	struct ledger_input input = {
		.sum_fen = block->sum[made->ledger], .limit_fen = row ? row->value : INT64_MAX,
		.count = (int64_t)scorer->evidence.count,
	};
	struct verdict verdict = {0};
	rule->detector->judge_ledger(rule->config, &input, &verdict);
	if (!row)
		limit_unknown(&verdict);
	if (made->notice)
		verdict.word = row && (__int128)input.sum_fen * 1000000 > (__int128)row->value * made->notice_at
		    ? VERDICT_ALERT : VERDICT_OK;
	bool is_few = verdict.word == VERDICT_ALERT && input.count < rule->minimum;
	if (is_few)
		verdict.word = VERDICT_INSUFFICIENT;
	struct subject subject = {
		.kind = "person", .pool = person->pool, .area = place.area, .psn_no = person_psn_no(&scorer->persons, person),
		.variant = made->notice ? "notice" : "",
	};
	year_text(year, subject.period);
	struct hold_key hold = {person_number, year, (uint32_t)index};
	say_alert(scorer, said, &(struct statement){
		.rule = made->rule, .subject = &subject, .verdict = &verdict, .row = row, .param = made->limit,
		.tier_unknown = tier_unknown, .cause = cause, .event_time = place.time, .evidence = &scorer->evidence,
		.hold = rule->repeat_after ? &hold : NULL, .tells_few = rule->minimum > 0,
	});
}

static bool
may_speak(const struct scorer *scorer, struct ledger_year *block, size_t index)
{
	const struct ledger_rule *made = &scorer->layout.ledger_rule[index];
	const struct said *said = ledger_said(&scorer->persons, block, index);
	return block->sum[made->ledger] > made->smallest_limit || (said->revision && said->status != STATUS_RETRACTED);
}

static void
judge_timed(struct scorer *scorer, uint32_t person_number, struct ledger_year *block, size_t index, enum cause cause)
{
	uint64_t start = cost_start(scorer);
	judge_one(scorer, person_number, block, index, cause);
	rule_stop(scorer, scorer->layout.ledger_rule[index].rule, start);
}

void
ledger_judge(struct scorer *scorer, uint32_t person_number, int32_t year, const uint64_t *changed, enum cause cause)
{
	struct person *person = person_at(&scorer->persons, person_number);
	struct ledger_year *block = person_year_slot(&scorer->persons, person, year);
	if (!block || block->year != year)
		return;
	for (size_t w = 0; w < scorer->layout.ledger_words; w++) {
		size_t rest = scorer->layout.ledger_rules - 64 * w;
		uint64_t all = rest < 64 ? (UINT64_C(1) << rest) - 1 : UINT64_MAX;
		for (uint64_t left = changed ? changed[w] : all; left; left &= left - 1) {
			size_t index = 64 * w + (size_t)__builtin_ctzll(left);
			if (may_speak(scorer, block, index))
				judge_timed(scorer, person_number, block, index, cause);
		}
	}
}

bool
ledger_is_there(const struct scorer *scorer, const struct hold_key *key)
{
	const struct ledger_year *block = person_year_slot(&scorer->persons, person_at(&scorer->persons, key->person), key->year);
	return block && block->year == key->year;
}

void
ledger_judge_one(struct scorer *scorer, const struct hold_key *key)
{
	struct ledger_year *block = person_year_slot(&scorer->persons, person_at(&scorer->persons, key->person), key->year);
	if (block && block->year == key->year && may_speak(scorer, block, key->ledger_rule))
		judge_one(scorer, key->person, block, key->ledger_rule, CAUSE_CLOSE);
}

void
ledger_rejudge(struct scorer *scorer, uint32_t person_number, const bool *wanted)
{
	struct person *person = person_at(&scorer->persons, person_number);
	for (size_t slot = 0; slot < persons_years(scorer->persons.beginnings); slot++) {
		struct ledger_year *block = person_year_at(&scorer->persons, person, slot);
		for (size_t i = 0; block->year && i < scorer->layout.ledger_rules; i++)
			if (wanted[scorer->layout.ledger_rule[i].rule] && may_speak(scorer, block, i))
				judge_one(scorer, person_number, block, i, CAUSE_RULES);
	}
}
