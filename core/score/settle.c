/* What one settlement does to everything remembered: duplicates, restatements, voids, refunds, interim settlements and
 * stays (contract 1.3).  A restatement takes the earlier version and the refunds linked to it out of every sum, changes
 * the booking, and books them again; the record is judged once, after all its bookings. */
#include "core/score/private.h"

#include "core/base/arena.h"
#include "core/base/hash.h"

#include <stdio.h>

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

/* Its linked refunds add up to minus its medfee_sumamt and hifp_pay: no longer a visit, stay or case. */
static bool
booking_is_refunded(const struct scorer *scorer, const struct booking *booking)
{
	return booking->refunds > 0
	    && booking->refunded_medfee == -booking_amount(&scorer->bookings, booking, AMOUNT_MEDFEE)
	    && booking->refunded_hifp == -booking_amount(&scorer->bookings, booking, AMOUNT_HIFP);
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

/* Adds (sign 1) or takes out (sign -1) the amounts of one booking, at its booked_time, under the conditions that
 * its original met when it is a linked refund. */
static void
book_amounts(struct scorer *scorer, uint32_t number, int sign)
{
	const struct booking *booking = at(scorer, number);
	if (booking->flags & (BOOKING_VOID | BOOKING_BEYOND))
		return;
	const struct booking *bits = is_remembered(scorer, booking->original) ? at(scorer, booking->original) : booking;
	int32_t year = scorer_month(scorer, booking->booked_time) / 12;
	ledger_add(scorer, bits->person, year, bits, booking, sign);
	touch(scorer, bits->person, year);
	if (scorer->layout.series_rules)
		series_add(scorer, bits, booking, sign);
}

static void
book_refunds_of(struct scorer *scorer, uint32_t original, int sign)
{
	const struct booking *booking = at(scorer, original);
	if (booking->refunds == 0)
		return;
	const struct person *person = person_at(&scorer->persons, booking->person);
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = at(scorer, n)->previous) {
		struct booking *refund = at(scorer, n);
		if (refund->original != original)
			continue;
		if (sign > 0)
			refund->booked_time = booking->setl_time;
		book_amounts(scorer, n, sign);
	}
}

/* ---- stays ---- */

static bool
same_visit(const struct scorer *scorer, const struct booking *a, const struct booking *b)
{
	struct slice visit = booking_mdtrt_id(&scorer->bookings, b);
	if (visit.length == 0)
		return a == b;
	return a->mdtrt_hash == b->mdtrt_hash && slice_equal(booking_mdtrt_id(&scorer->bookings, a), visit);
}

static bool
makes_stay(const struct scorer *scorer, const struct booking *booking)
{
	return booking_is_standing(booking) && !(booking->flags & BOOKING_INTERIM)
	    && booking_mdtrt_id(&scorer->bookings, booking).length > 0             /* an unknown visit is no stay: it never aggregates */
	    && booking_bit(booking, CONDITION_INPATIENT) && !booking_is_refunded(scorer, booking);
}

static bool
is_later(const struct scorer *scorer, const struct booking *a, const struct booking *b)
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
		if (makes_stay(scorer, booking) && (deciding == NOBODY || is_later(scorer, booking, at(scorer, deciding))))
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
	return booking->stay_month >= 0 || booking_bit(booking, CONDITION_INPATIENT);
}

/* ---- refunds ---- */

static bool
is_opposite(const struct scorer *scorer, const struct booking *original, const struct booking *refund)
{
	return booking_amount(&scorer->bookings, original, AMOUNT_MEDFEE) == -booking_amount(&scorer->bookings, refund, AMOUNT_MEDFEE)
	    && booking_amount(&scorer->bookings, original, AMOUNT_HIFP) == -booking_amount(&scorer->bookings, refund, AMOUNT_HIFP);
}

/* The latest standing settlement of the same visit and person with exactly opposite amounts. */
static uint32_t
original_by_visit(const struct scorer *scorer, uint32_t number)
{
	const struct booking *refund = at(scorer, number);
	if (booking_mdtrt_id(&scorer->bookings, refund).length == 0)
		return NOBODY;
	uint32_t found = NOBODY;
	const struct person *person = person_at(&scorer->persons, refund->person);
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = at(scorer, n)->previous) {
		const struct booking *booking = at(scorer, n);
		if (n == number || !booking_is_standing(booking) || booking_is_refunded(scorer, booking))
			continue;
		if (booking->setl_time > refund->setl_time)
			continue;       /* what is settled again afterwards is not what was refunded */
		if (!same_visit(scorer, booking, refund) || !is_opposite(scorer, booking, refund))
			continue;
		if (found == NOBODY || is_later(scorer, booking, at(scorer, found)))
			found = n;
	}
	return found;
}

static uint32_t
original_of(const struct scorer *scorer, uint32_t number, struct slice init_setl_id)
{
	if (init_setl_id.length) {
		uint32_t original = bookings_find(&scorer->bookings, init_setl_id, setl_hash(init_setl_id));
		if (original != NOBODY && at(scorer, original)->flags & BOOKING_REFUND && is_remembered(scorer, at(scorer, original)->original))
			original = at(scorer, original)->original;      /* a refund taken back belongs to the first original */
		if (original != NOBODY && original != number && !(at(scorer, original)->flags & BOOKING_REFUND))
			return original;
	}
	return original_by_visit(scorer, number);
}

static void
refund_link(struct scorer *scorer, uint32_t number, struct slice init_setl_id)
{
	struct booking *refund = at(scorer, number);
	uint32_t original = original_of(scorer, number, init_setl_id);
	scorer->counts.refunds++;
	if (original == NOBODY) {
		scorer->counts.unlinked_refunds++;
		return;
	}
	struct booking *booking = at(scorer, original);
	refund->original = original;
	refund->booked_time = booking->setl_time;
	booking->refunds++;
	booking->refunded_medfee += booking_amount(&scorer->bookings, refund, AMOUNT_MEDFEE);
	booking->refunded_hifp += booking_amount(&scorer->bookings, refund, AMOUNT_HIFP);
}

static void
refund_unlink(struct scorer *scorer, uint32_t number)
{
	struct booking *refund = at(scorer, number);
	scorer->counts.refunds--;
	if (!is_remembered(scorer, refund->original)) {
		scorer->counts.unlinked_refunds--;
		return;
	}
	struct booking *booking = at(scorer, refund->original);
	booking->refunds--;
	booking->refunded_medfee -= booking_amount(&scorer->bookings, refund, AMOUNT_MEDFEE);
	booking->refunded_hifp -= booking_amount(&scorer->bookings, refund, AMOUNT_HIFP);
	refund->original = NOBODY;
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

static void
chain_add(struct scorer *scorer, uint32_t number, uint32_t person_number)
{
	struct booking *booking = at(scorer, number);
	struct person *person = person_at(&scorer->persons, person_number);
	booking->person = person_number;
	booking->previous = person->last_booking;
	person->last_booking = number;
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
	booking->flags = claim_flags(claim);
	memcpy(booking->data, truth, scorer->words * sizeof *truth);
	for (size_t i = 0; i < scorer->layout.amounts; i++)
		booking->data[scorer->words + i] = claim_amount(claim, (unsigned)scorer->layout.amount_field[i]);
	const struct pool *pool = pool_get(scorer, turn->pool_name);
	if (pool_beyond(scorer, pool, scorer_month(scorer, booking->setl_time))) {
		booking->flags |= BOOKING_BEYOND;
		scorer->counts.beyond_history++;
	}
}

/* Takes the version that stands out of every sum. */
static void
booking_take_out(struct scorer *scorer, uint32_t number)
{
	struct booking *booking = at(scorer, number);
	book_refunds_of(scorer, number, -1);
	book_amounts(scorer, number, -1);
	uint32_t original = booking->original;
	if (booking->flags & BOOKING_REFUND && !(booking->flags & BOOKING_VOID)) {
		refund_unlink(scorer, number);
		if (is_remembered(scorer, original) && concerns_stays(at(scorer, original)))
			refresh_stay(scorer, original);
	}
	if (booking->stay_month < 0)
		return;
	booking->flags |= BOOKING_VOID;         /* for the moment: another settlement of the visit may decide now */
	refresh_stay(scorer, number);
}

static void
booking_put_in(struct scorer *scorer, uint32_t number, const struct turn *turn)
{
	struct booking *booking = at(scorer, number);
	if (booking->flags & BOOKING_REFUND && !(booking->flags & BOOKING_VOID))
		refund_link(scorer, number, claim_text(turn->claim, FIELD_init_setl_id));
	book_amounts(scorer, number, 1);
	book_refunds_of(scorer, number, 1);
	if (is_remembered(scorer, booking->original) && concerns_stays(at(scorer, booking->original)))
		refresh_stay(scorer, booking->original);
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

/* Where nobody's enrolment is known nobody is missed. */
static bool
is_enrolled(const struct scorer *scorer, const struct turn *turn, uint32_t person)
{
	if (scorer->layout.family_rules == 0 || scorer->enrolments.count == 0)
		return true;
	int32_t year = day_year(time_day(turn->claim->value[FIELD_setl_time].number));
	return enrolment_find(scorer, person_at(&scorer->persons, person), year, 0) != NULL;
}

static void
note_quality(struct scorer *scorer, const struct turn *turn, const struct booking *old, bool inpatient, bool enrolled)
{
	const struct claim *claim = turn->claim;
	uint32_t institution = turn->institution;
	struct slice year = claim_text(claim, FIELD_year);
	if (year.length && number_of(year) != scorer_month(scorer, claim->value[FIELD_setl_time].number) / 12)
		quality_note(scorer, turn->pool_name, institution, QUALITY_year_unlike_setl_time);
	if (institution == 0)
		quality_note(scorer, turn->pool_name, 0, QUALITY_no_institution);
	if (inpatient && !claim_has(claim, FIELD_mdtrt_id))
		quality_note(scorer, turn->pool_name, institution, QUALITY_no_visit);
	if (code_is(claim, FIELD_refd_setl_flag, '1') && (claim_amount(claim, FIELD_medfee_sumamt) > 0 || claim_amount(claim, FIELD_hifp_pay) > 0))
		quality_note(scorer, turn->pool_name, institution, QUALITY_refund_not_negative);
	if (inpatient && !enrolled)
		quality_note(scorer, turn->pool_name, institution, QUALITY_not_enrolled);
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

static void
judge_claim_rules(struct scorer *scorer, const struct turn *turn, uint32_t number, const uint64_t *truth,
    const uint64_t *falsehood, enum cause cause);

/* The earlier version leaves every sum before its booking is written over. */
static void
booking_reopen(struct scorer *scorer, uint32_t number, const struct turn *turn, uint32_t person)
{
	scorer->counts.restated++;
	booking_take_out(scorer, number);
	bookings_visit_change(&scorer->bookings, number, claim_text(turn->claim, FIELD_mdtrt_id));
	if (at(scorer, number)->person == person)
		return;
	chain_remove(scorer, number);
	chain_add(scorer, number, person);
}

static uint32_t
booking_open(struct scorer *scorer, const struct turn *turn, uint32_t person)
{
	uint32_t number = bookings_add(&scorer->bookings, turn->claim->value[FIELD_setl_id].text, turn->setl_hash,
	    claim_text(turn->claim, FIELD_mdtrt_id));
	chain_add(scorer, number, person);
	return number;
}

static void
count_matches(struct scorer *scorer, const uint64_t *truth)
{
	for (size_t i = 0; i < scorer->rules->rules; i++) {
		int32_t where = scorer->rules->rule[i].where;
		scorer->rule_counts[i].matched += truth[where >> 6] >> (where & 63) & 1;
	}
}

enum fate
settle(struct scorer *scorer, const struct turn *turn, const uint64_t *truth, const uint64_t *falsehood)
{
	const struct claim *claim = turn->claim;
	struct slice psn_no = claim->value[FIELD_psn_no].text;
	uint32_t number = bookings_find(&scorer->bookings, claim->value[FIELD_setl_id].text, turn->setl_hash);
	bool restated = number != NOBODY;
	if (restated && is_duplicate(at(scorer, number), claim))
		return FATE_DUPLICATE;
	uint32_t person = persons_find(&scorer->persons, turn->pool_name, psn_no, turn->person_hash);
	if (person == NOBODY)
		person = persons_add(&scorer->persons, turn->pool_name, psn_no, turn->person_hash);
	pool_get(scorer, turn->pool_name);
	enum cause cause = scorer->cause = settle_cause(scorer, turn, restated);
	bool inpatient = truth[0] >> CONDITION_INPATIENT & 1;
	note_quality(scorer, turn, restated ? at(scorer, number) : NULL, inpatient, !inpatient || is_enrolled(scorer, turn, person));

	scorer->touched_count = 0;
	if (restated)
		booking_reopen(scorer, number, turn, person);
	else
		number = booking_open(scorer, turn, person);
	booking_fill(scorer, number, turn, truth);
	booking_put_in(scorer, number, turn);
	pool_note(scorer, pool_get(scorer, turn->pool_name), scorer_month(scorer, at(scorer, number)->booked_time));
	scorer->counts.voids += (at(scorer, number)->flags & BOOKING_VOID) != 0;

	count_matches(scorer, truth);
	judge_claim_rules(scorer, turn, number, truth, falsehood, cause);
	for (size_t i = 0; i < scorer->touched_count; i++)
		ledger_judge(scorer, scorer->touched[i].person, scorer->touched[i].year, cause);
	pools_judge_changed(scorer, cause);
	pool_advance(scorer, pool_get(scorer, turn->pool_name), claim->value[FIELD_setl_time].number, turn->record->arrival_ms);
	return FATE_JUDGED;
}

/* ---- rules that judge one claim by itself ---- */

static struct said *
claim_said_get(struct claim_said *store, const struct rule *rule, struct slice setl_id, bool add)
{
	char key[256];
	int length = snprintf(key, sizeof key, "%s %.*s", rule->id, (int)setl_id.length, setl_id.data);
	struct slice text = {key, (size_t)length};
	uint32_t number;
	if (names_find(&store->keys, text, &number))
		return &store->said[number];
	if (!add)
		return NULL;
	number = names_number(&store->keys, text);
	if (number >= store->capacity) {
		size_t capacity = 2 * ((size_t)number + 16);
		store->said = memory_resize(store->said, capacity * sizeof *store->said);
		memset(store->said + store->capacity, 0, (capacity - store->capacity) * sizeof *store->said);
		store->capacity = capacity;
	}
	return &store->said[number];
}

static void
judge_claim_rule(struct scorer *scorer, const struct turn *turn, const struct claim_rule *made, const struct booking *booking,
    enum truth assertion, bool matched, enum cause cause)
{
	const struct rule *rule = &scorer->rules->rule[made->rule];
	const struct condition *condition = &scorer->rules->condition[made->assertion];
	struct claim_input input = {turn->claim, assertion, condition->amount_field, condition->amount_fields};
	struct verdict verdict = {0};
	rule->detector->judge_claim(rule->config, &input, &verdict);
	if (!matched || booking->flags & BOOKING_VOID)
		verdict.word = VERDICT_OK;
	struct slice setl_id = booking_setl_id(&scorer->bookings, booking);
	struct said *said = claim_said_get(&scorer->claim_said, rule, setl_id, verdict.word == VERDICT_ALERT);
	if (!said)
		return;
	struct subject subject = {
		.kind = "claim", .pool = turn->pool_name, .area = turn->area_name, .institution = booking->institution,
		.psn_no = turn->claim->value[FIELD_psn_no].text, .setl_id = setl_id, .variant = "",
	};
	month_text(scorer_month(scorer, booking->setl_time), subject.period);
	evidence_clear(&scorer->evidence);
	evidence_add(&scorer->evidence, (struct evidence_claim){booking->setl_time, setl_id, booking->institution, booking->area,
	    NOBODY, booking_amount(&scorer->bookings, booking, AMOUNT_HIFP)});
	say_alert(scorer, said, &(struct statement){
		.rule = made->rule, .subject = &subject, .verdict = &verdict, .param = -1, .cause = cause,
		.event_time = booking->setl_time, .evidence = &scorer->evidence,
	});
}

static void
judge_claim_rules(struct scorer *scorer, const struct turn *turn, uint32_t number, const uint64_t *truth,
    const uint64_t *falsehood, enum cause cause)
{
	for (size_t i = 0; i < scorer->layout.claim_rules; i++) {
		const struct claim_rule *made = &scorer->layout.claim_rule[i];
		bool matched = truth[made->where >> 6] >> (made->where & 63) & 1;
		bool holds = truth[made->assertion >> 6] >> (made->assertion & 63) & 1;
		bool fails = falsehood[made->assertion >> 6] >> (made->assertion & 63) & 1;
		enum truth assertion = holds ? TRUTH_TRUE : fails ? TRUTH_FALSE : TRUTH_UNKNOWN;
		if ((matched && fails) || cause == CAUSE_RESTATED)
			judge_claim_rule(scorer, turn, made, at(scorer, number), assertion, matched, cause);
	}
}
