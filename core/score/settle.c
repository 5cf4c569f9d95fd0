/* What one settlement does to everything remembered: duplicates, restatements, voids, refunds, interim settlements and
 * stays (contract 1.3).  A restatement takes the earlier version and the refunds linked to it out of every sum, changes
 * the booking, and books them again where they belong now; the record is judged once, after all its bookings. */
#include "core/score/matches.h"

#include "core/base/hash.h"

#include <stdlib.h>

static bool
code_is(const struct claim *claim, unsigned field, char digit)
{
	struct slice code = claim_text(claim, field);
	return code.length == 1 && code.data[0] == digit;
}

bool
booking_is_standing(const struct booking *booking)
{
	return !(booking->flags & (BOOKING_VOID | BOOKING_REFUND | BOOKING_BEYOND));
}

int64_t
booking_amount_field(const struct scorer *scorer, const struct booking *booking, int32_t field)
{
	for (size_t i = 0; i < scorer->layout.amounts; i++)
		if (scorer->layout.amount_field[i] == field)
			return booking_amount(&scorer->bookings, booking, i);
	return 0;
}

static struct booking *
at(const struct scorer *scorer, uint32_t number)
{
	return booking_at(&scorer->bookings, number);
}

/* ---- sums ---- */

static void
touch(struct scorer *scorer, uint32_t person, int32_t year)
{
	for (size_t i = 0; i < scorer->touched_count; i++)
		if (scorer->touched[i].person == person && scorer->touched[i].year == year)
			return;
	if (scorer->touched_count == scorer->touched_slots) {
		scorer->touched_slots = 2 * scorer->touched_slots + 16;
		scorer->touched = memory_resize(scorer->touched, scorer->touched_slots * sizeof *scorer->touched);
	}
	scorer->touched[scorer->touched_count++] = (struct touched){person, year};
}

/* Adds (sign 1) or takes out (sign -1) the amounts of one booking, at its booked_time, under the conditions that its
 * original met when it is a linked refund; original NOBODY: under its own. */
static void
book(struct scorer *scorer, uint32_t number, uint32_t original, int sign)
{
	const struct booking *booking = at(scorer, number);
	const struct booking *bits = original == NOBODY ? booking : at(scorer, original);
	if (booking->flags & (BOOKING_VOID | BOOKING_BEYOND) || bits->flags & BOOKING_BEYOND)
		return;
	int32_t month = scorer_month(scorer, booking->booked_time), year = year_holding(month, booking_booked_begins(booking));
	if (ledger_add(scorer, bits->person, year, bits, booking, sign))
		touch(scorer, bits->person, year);
	if (scorer->layout.series_rules)
		series_add(scorer, bits, booking, sign);
	if (scorer->layout.has_pairs)
		pairs_add(scorer, original == NOBODY ? number : original, booking, sign);
	pool_note(scorer, pool_get(scorer, person_at(&scorer->persons, bits->person)->pool), month, sign);
}

/* ---- stays ---- */

bool
same_visit(const struct scorer *scorer, const struct booking *a, const struct booking *b)
{
	if (a->mdtrt_hash != b->mdtrt_hash)
		return false;
	struct slice visit = booking_mdtrt_id(&scorer->bookings, b);
	return visit.length ? slice_equal(booking_mdtrt_id(&scorer->bookings, a), visit) : a == b;
}

static bool
makes_stay(const struct scorer *scorer, const struct booking *booking)
{
	return booking_is_standing(booking) && !(booking->flags & BOOKING_INTERIM)
	    && booking_mdtrt_id(&scorer->bookings, booking).length > 0             /* an unknown visit is no stay: it never aggregates */
	    && booking_bit(booking, BIT_INPATIENT) && !booking_is_refunded(scorer, booking);
}

bool
booking_is_later(const struct scorer *scorer, const struct booking *a, const struct booking *b)
{
	if (a->setl_time != b->setl_time)
		return a->setl_time > b->setl_time;
	return slice_compare(booking_setl_id(&scorer->bookings, a), booking_setl_id(&scorer->bookings, b)) > 0;
}

/* Counts the stay of this booking's visit where its last standing final inpatient settlement says. */
static void
refresh_stay(struct scorer *scorer, uint32_t number)
{
	const struct booking *visit = at(scorer, number);
	const struct person *person = person_at(&scorer->persons, visit->person);
	uint32_t counted = NOBODY, deciding = NOBODY;
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = at(scorer, n)->previous) {
		const struct booking *booking = at(scorer, n);
		if (!same_visit(scorer, booking, visit))
			continue;
		if (booking->stay_month >= 0)
			counted = n;
		if (makes_stay(scorer, booking) && (deciding == NOBODY || booking_is_later(scorer, booking, at(scorer, deciding))))
			deciding = n;
	}
	struct pool *pool = pool_get(scorer, person->pool);
	int32_t month = deciding == NOBODY ? -1 : scorer_month(scorer, at(scorer, deciding)->setl_time);
	if (counted == deciding && (counted == NOBODY || at(scorer, counted)->stay_month == month))
		return;
	if (counted != NOBODY)
		stay_take(scorer, pool, counted);
	if (deciding != NOBODY)
		stay_put(scorer, pool, deciding, month);
}

/* A visit that nobody saw before needs no walk over the person's settlements. */
static void
place_stay(struct scorer *scorer, uint32_t number)
{
	const struct booking *booking = at(scorer, number);
	if (!scorer->is_new_visit)
		refresh_stay(scorer, number);
	else if (makes_stay(scorer, booking))
		stay_put(scorer, pool_get(scorer, person_at(&scorer->persons, booking->person)->pool), number, scorer_month(scorer, booking->setl_time));
}

static bool
concerns_stays(const struct booking *booking)
{
	return booking->stay_month >= 0 || booking_bit(booking, BIT_INPATIENT);
}

/* Takes the stay out that the booking decides.  Another settlement of the visit that may decide it instead, NOBODY: none. */
static uint32_t
leave_stay(struct scorer *scorer, uint32_t number)
{
	const struct booking *booking = at(scorer, number);
	const struct person *person = person_at(&scorer->persons, booking->person);
	if (booking->stay_month >= 0)
		stay_take(scorer, pool_get(scorer, person->pool), number);
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = at(scorer, n)->previous)
		if (n != number && concerns_stays(at(scorer, n)) && same_visit(scorer, at(scorer, n), booking))
			return n;
	return NOBODY;
}

/* ---- one version of a settlement into its booking ---- */

static uint32_t
claim_flags(const struct claim *claim)
{
	return (code_is(claim, FIELD_vali_flag, '0') ? BOOKING_VOID : 0)
	    | (code_is(claim, FIELD_refd_setl_flag, '1') ? BOOKING_REFUND : 0)
	    | (code_is(claim, FIELD_mid_setl_flag, '1') ? BOOKING_INTERIM : 0)
	    | (claim_has(claim, FIELD_updt_time) ? BOOKING_UPDATED : 0);
}

static void
chain_remove(struct scorer *scorer, uint32_t number)
{
	struct booking *booking = at(scorer, number);
	struct person *person = person_at(&scorer->persons, booking->person);
	uint32_t *link = &person->last_booking;
	while (is_remembered(scorer, *link) && *link != number)
		link = &at(scorer, *link)->previous;
	if (*link == number)
		*link = booking->previous;
}

/* The latest to arrive comes first, so that what is no longer remembered is the end of the chain. */
static void
chain_add(struct scorer *scorer, uint32_t number, uint32_t person_number)
{
	struct booking *booking = at(scorer, number);
	uint32_t *place = &person_at(&scorer->persons, person_number)->last_booking;
	while (is_remembered(scorer, *place) && *place > number)
		place = &at(scorer, *place)->previous;
	booking->person = person_number;
	booking->previous = *place;
	*place = number;
}

/* The month in which the person's benefit year begins. */
static uint32_t
claim_begins(const struct scorer *scorer, const struct turn *turn)
{
	if (scorer->layout.beginnings == 1)
		return 0;
	return tables_begins(scorer->rules, turn->area, claim_text(turn->claim, FIELD_psn_type), time_day(turn->claim->value[FIELD_setl_time].number));
}

static uint32_t
claim_level(const struct scorer *scorer, const struct turn *turn)
{
	return scorer->layout.has_levels ? (uint32_t)(1 + tables_level(scorer->rules, turn->area, turn->claim)) : 0;
}

/* Of all that was asked about the claim only what aggregates ask for stays. */
static void
keep_bits(const struct layout *layout, int64_t *data, const uint64_t *truth)
{
	for (size_t word = 0; word < layout->words; word++) {
		uint64_t bits = 0;
		for (size_t i = 64 * word; i < layout->keeps && i < 64 * word + 64; i++)
			bits |= (truth[layout->kept[i] >> 6] >> (layout->kept[i] & 63) & 1) << (i & 63);
		data[word] = (int64_t)bits;
	}
}

static void
booking_fill(struct scorer *scorer, uint32_t number, const struct turn *turn, const uint64_t *truth)
{
	const struct claim *claim = turn->claim;
	struct booking *booking = at(scorer, number);
	struct slice visit = claim_text(claim, FIELD_mdtrt_id);
	booking->content = claim->content;
	booking->setl_time = booking->booked_time = claim->value[FIELD_setl_time].number;
	booking->updt_time = claim_has(claim, FIELD_updt_time) ? claim->value[FIELD_updt_time].number : 0;
	booking->institution = turn->institution;
	booking->area = turn->area_name;
	booking->mdtrt_hash = hash64(visit.data ? visit.data : "", visit.length) & 0xFFFFFF;
	struct person *person = person_at(&scorer->persons, booking->person);
	uint64_t bit = UINT64_C(1) << (booking->mdtrt_hash & 63);
	scorer->is_new_visit = !(person->visits & bit);
	person->visits |= bit;
	uint32_t flags = claim_flags(claim);
	if ((flags ^ booking->flags) & BOOKING_REFUND) {        /* the list of the one is the place in a list of the other */
		booking->original = NOBODY;
		booking->refunds = 0;
		booking->refunded_medfee = booking->refunded_hifp = 0;
	}
	booking->flags = flags | (booking->flags & BOOKING_GATHERED) | claim_begins(scorer, turn) << BOOKING_BEGINS_SHIFT
	    | claim_level(scorer, turn) << BOOKING_LEVEL_SHIFT;
	booking_book_begins(booking, booking_begins(booking));
	keep_bits(&scorer->layout, booking->data, truth);
	for (size_t i = 0; i < scorer->layout.amounts; i++)
		booking->data[scorer->layout.words + i] = claim_amount(claim, (unsigned)scorer->layout.amount_field[i]);
	const struct pool *pool = pool_get(scorer, turn->pool_name);
	if (pool_beyond(scorer, pool, scorer_month(scorer, booking->setl_time))) {
		booking->flags |= BOOKING_BEYOND;
		scorer->counts.beyond_history++;
	}
}

/* The version that stands leaves every sum, with the refunds that are booked by its codes.  What may decide its stay
 * now, NOBODY: nothing. */
static uint32_t
booking_take_out(struct scorer *scorer, uint32_t number, uint64_t hash)
{
	struct booking *booking = at(scorer, number);
	bool is_refund = booking->flags & BOOKING_REFUND;
	scorer->counts.refunds -= is_linkable(booking);
	if (is_refund && !is_remembered(scorer, booking->original))
		booking->original = NOBODY;     /* whom nobody remembers it can leave */
	refunds_gather(scorer, number, hash);
	for (size_t i = 0; i < scorer->relinks; i++) {
		struct relink *relink = &scorer->relink[i];
		if (relink->refund != number && relink->before != number)
			continue;
		book(scorer, relink->refund, relink->before, -1);
		relink->is_booked = false;
	}
	if (!is_refund)
		book(scorer, number, NOBODY, -1);
	return concerns_stays(booking) ? leave_stay(scorer, number) : NOBODY;
}

/* The refunds that got another original, or whose original changed, and the stays of their originals. */
static void
book_relinked(struct scorer *scorer, uint32_t number)
{
	for (size_t i = 0; i < scorer->relinks; i++) {
		const struct relink *relink = &scorer->relink[i];
		struct booking *refund = at(scorer, relink->refund);
		uint32_t now = refund->flags & BOOKING_REFUND ? refund->original : NOBODY;
		if (relink->is_booked && now == relink->before)
			continue;
		if (relink->is_booked)
			book(scorer, relink->refund, relink->before, -1);
		refund->booked_time = now == NOBODY ? refund->setl_time : at(scorer, now)->setl_time;
		booking_book_begins(refund, booking_begins(now == NOBODY ? refund : at(scorer, now)));
		if (refund->flags & BOOKING_REFUND)
			book(scorer, relink->refund, now, 1);
		if (relink->before != NOBODY && relink->before != number && concerns_stays(at(scorer, relink->before)))
			refresh_stay(scorer, relink->before);
		if (now != NOBODY && now != number && concerns_stays(at(scorer, now)))
			refresh_stay(scorer, now);
	}
	scorer->relinks = 0;
}

static void
booking_put_in(struct scorer *scorer, uint32_t number, uint64_t hash)
{
	struct booking *booking = at(scorer, number);
	scorer->counts.refunds += is_linkable(booking);
	refunds_gather(scorer, number, hash);
	for (size_t i = 0; i < scorer->relinks; i++)
		scorer->relink[i].is_booked &= scorer->relink[i].refund != number;
	refunds_link(scorer);
	if (!(booking->flags & BOOKING_REFUND))
		book(scorer, number, NOBODY, 1);
	if (scorer->relinks)
		book_relinked(scorer, number);
	if (concerns_stays(booking))
		place_stay(scorer, number);
}

/* ---- the settlement ---- */

static bool
is_duplicate(const struct booking *booking, const struct claim *claim)
{
	if (booking->content.low == claim->content.low && booking->content.high == claim->content.high)
		return true;
	return claim_has(claim, FIELD_updt_time) && booking->flags & BOOKING_UPDATED
	    && claim->value[FIELD_updt_time].number < booking->updt_time;
}

/* The number that a code of digits writes; -1: it is none, or a long one. */
static int32_t
number_of(struct slice code)
{
	int32_t number = 0;
	for (size_t i = 0; i < code.length; i++) {
		if (code.data[i] < '0' || code.data[i] > '9' || i == 9)
			return -1;
		number = number * 10 + (code.data[i] - '0');
	}
	return number;
}

/* What keeps a stay out of the rates of admission, QUALITY_REASONS: nothing.  Where nobody's enrolment is known nobody is missed. */
static enum quality_reason
stay_problem(const struct scorer *scorer, const struct turn *turn, uint32_t person)
{
	if (scorer->layout.family_rules == 0 || scorer->enrolments.count == 0)
		return QUALITY_REASONS;
	int32_t year = day_year(time_day(turn->claim->value[FIELD_setl_time].number));
	const struct enrolment_record *enrolment = enrolment_find(scorer, person_at(&scorer->persons, person), year, 0);
	if (!enrolment)
		return QUALITY_not_enrolled;
	return scorer->layout.has_townships && enrolment->township == 0 ? QUALITY_no_township : QUALITY_REASONS;
}

static void
note_quality(struct scorer *scorer, const struct turn *turn, const struct booking *old, bool inpatient, enum quality_reason of_stay)
{
	const struct claim *claim = turn->claim;
	uint32_t institution = turn->institution;
	struct slice year = claim_text(claim, FIELD_year);
	int32_t month = scorer_month(scorer, claim->value[FIELD_setl_time].number);
	if (year.length && number_of(year) != month / 12 && number_of(year) != year_calendar(year_holding(month, claim_begins(scorer, turn))))
		quality_note(scorer, turn->pool_name, institution, QUALITY_year_unlike_setl_time);
	if (institution == 0)
		quality_note(scorer, turn->pool_name, 0, QUALITY_no_institution);
	if (inpatient && !claim_has(claim, FIELD_mdtrt_id))
		quality_note(scorer, turn->pool_name, institution, QUALITY_no_visit);
	if (code_is(claim, FIELD_refd_setl_flag, '1') && (claim_amount(claim, FIELD_medfee_sumamt) > 0 || claim_amount(claim, FIELD_hifp_pay) > 0))
		quality_note(scorer, turn->pool_name, institution, QUALITY_refund_not_negative);
	if (of_stay != QUALITY_REASONS)
		quality_note(scorer, turn->pool_name, institution, of_stay);
	bool newer = old && claim_has(claim, FIELD_updt_time) && old->flags & BOOKING_UPDATED
	    && claim->value[FIELD_updt_time].number > old->updt_time;
	if (old && !newer)
		quality_note(scorer, turn->pool_name, institution, QUALITY_replaced_without_newer_updt_time);
}

static enum cause
settle_cause(struct scorer *scorer, const struct turn *turn, bool restated)
{
	if (restated || code_is(turn->claim, FIELD_vali_flag, '0'))
		return CAUSE_RESTATED;
	if (code_is(turn->claim, FIELD_refd_setl_flag, '1'))
		return CAUSE_REFUND;
	int32_t month = scorer_month(scorer, turn->claim->value[FIELD_setl_time].number);
	const struct pool *pool = &scorer->pool[scorer->pool_index[turn->pool_name] - 1];
	return pool_is_closed(pool, month) ? CAUSE_LATE : CAUSE_CLAIM;
}

static struct slice
init_setl_id(const struct claim *claim)
{
	return code_is(claim, FIELD_refd_setl_flag, '1') ? claim_text(claim, FIELD_init_setl_id) : SLICE("");
}

/* The earlier version leaves every sum before its booking is written over.  As booking_take_out. */
static uint32_t
booking_reopen(struct scorer *scorer, uint32_t number, const struct turn *turn, uint32_t person)
{
	scorer->counts.restated++;
	uint32_t left = booking_take_out(scorer, number, turn->setl_hash);
	bookings_ids_change(&scorer->bookings, number, claim_text(turn->claim, FIELD_mdtrt_id), init_setl_id(turn->claim));
	if (at(scorer, number)->person != person) {
		chain_remove(scorer, number);
		chain_add(scorer, number, person);
	}
	return left;
}

static uint32_t
booking_open(struct scorer *scorer, const struct turn *turn, uint32_t person)
{
	uint32_t number = bookings_add(&scorer->bookings, turn->claim->value[FIELD_setl_id].text, turn->setl_hash,
	    claim_text(turn->claim, FIELD_mdtrt_id), init_setl_id(turn->claim));
	chain_add(scorer, number, person);
	return number;
}

static int
touched_order(const void *a, const void *b)
{
	const struct touched *left = a, *right = b;
	if (left->person != right->person)
		return left->person < right->person ? -1 : 1;
	return (left->year > right->year) - (left->year < right->year);
}

static void
judge_touched(struct scorer *scorer, enum cause cause)
{
	if (scorer->touched_count > 1)
		qsort(scorer->touched, scorer->touched_count, sizeof *scorer->touched, touched_order);
	for (size_t i = 0; i < scorer->touched_count; i++)
		ledger_judge(scorer, scorer->touched[i].person, scorer->touched[i].year, scorer->ledger_changed, cause);
}

enum fate
settle(struct scorer *scorer, const struct turn *turn, const uint64_t *truth, const uint64_t *falsehood)
{
	const struct claim *claim = turn->claim;
	struct slice psn_no = claim->value[FIELD_psn_no].text;
	uint32_t number = bookings_find(&scorer->bookings, claim->value[FIELD_setl_id].text, turn->setl_hash);
	bool restated = number != NOBODY;
	uint64_t start = cost_start(scorer);
	if (restated && is_duplicate(at(scorer, number), claim))
		return FATE_DUPLICATE;
	uint32_t person = persons_find(&scorer->persons, turn->pool_name, psn_no, turn->person_hash);
	if (person == NOBODY)
		person = persons_add(&scorer->persons, turn->pool_name, psn_no, turn->person_hash);
	pool_get(scorer, turn->pool_name);
	enum cause cause = scorer->cause = settle_cause(scorer, turn, restated);
	bool inpatient = truth[0] >> CONDITION_INPATIENT & 1;
	note_quality(scorer, turn, restated ? at(scorer, number) : NULL, inpatient,
	    inpatient ? stay_problem(scorer, turn, person) : QUALITY_REASONS);

	uint32_t left = NOBODY;
	struct claim_place before = restated ? claim_place(scorer, number) : (struct claim_place){0};
	scorer->touched_count = 0;
	memset(scorer->ledger_changed, 0, scorer->layout.ledger_words * sizeof *scorer->ledger_changed);
	if (restated)
		left = booking_reopen(scorer, number, turn, person);
	else
		number = booking_open(scorer, turn, person);
	booking_fill(scorer, number, turn, truth);
	booking_put_in(scorer, number, turn->setl_hash);
	if (left != NOBODY)
		refresh_stay(scorer, left);
	scorer->counts.voids += (at(scorer, number)->flags & BOOKING_VOID) != 0;

	matches_find(scorer, truth, falsehood);
	judge_claim_rules(scorer, turn, number, &before, truth, falsehood, cause);
	judge_touched(scorer, cause);
	cost_stop(scorer, &scorer->cost.settling, start);
	scorer->cost.is_timed = false;          /* what closes now is timed by itself */
	pools_judge_changed(scorer, cause);
	pool_advance(scorer, pool_get(scorer, turn->pool_name), claim->value[FIELD_setl_time].number, turn->record->arrival_ms);
	return FATE_JUDGED;
}
