/* One settlement: where, how much, who pays.  The arithmetic identities between the amounts always hold. */
#include "replay/generate.h"

static const uint16_t outpatient_place[] = {550, 300, 110, 40};         /* clinic, centre, county, Chinese medicine */
static const uint16_t level_share[] = {280, 460, 260};
static const uint16_t tertiary_place[] = {70, 30};
static const uint16_t secondary_place[] = {60, 28, 12};
static const uint16_t primary_place[] = {80, 12, 8};

/* Residents: deductibles taken off, about 0.70 of the in-policy costs of all levels together, above 0.85 of the primary one's. */
static const struct level_money {
	int64_t mean_fen;
	int32_t sigma;
	int32_t days, deductible_fen;
	int16_t resident, employee;             /* ratio, 1/1000 */
} level_money[] = {
	[LEVEL_TERTIARY] = {1330000, 950, 90, 100000, 660, 850},
	[LEVEL_SECONDARY] = {650000, 750, 82, 40000, 800, 880},
	[LEVEL_PRIMARY] = {340000, 550, 63, 15000, 920, 920},
};

#define RATIO_LOW 80                    /* planted: so many thousandths less than a resident should be paid */
#define CATASTROPHE_FROM 1200000        /* fen of in-policy costs of one stay left to the person */

uint8_t
care_stay_place(const struct person *person, struct chance *chance)
{
	switch (chance_pick(chance, level_share, 3)) {
	case LEVEL_TERTIARY:
		return (uint8_t)(PLACE_CITY + chance_pick(chance, tertiary_place, 2));
	case LEVEL_SECONDARY:
		return (uint8_t)(PLACE_COUNTY + chance_pick(chance, secondary_place, 3));
	}
	int kind = (int)chance_pick(chance, primary_place, 3);
	return (uint8_t)(kind == 0 ? PLACE_CENTRE + person->township : PLACE_PRIVATE_A + kind - 1);
}

static struct event
care_start(struct world *world, uint32_t number, enum care care, int64_t time, uint8_t place)
{
	struct person *person = &world->person[number];
	int32_t day = time_day(time);
	struct event event = {
		.arrival = time, .time = time, .updated = time + 20, .person = number, .day = day, .visit_day = day, .begin = day,
		.care = (uint8_t)care, .institution = (uint16_t)(person->area * PLACES + place), .letter = '1', .visit_letter = '1',
	};
	person->busy = day;
	return event;
}

/* Splits the fee into what the catalogue takes and what it does not. */
static void
split_fee(struct event *event, int64_t fee, int32_t own_share, struct chance *chance)
{
	event->fee = (int32_t)fee;
	event->own = (int32_t)(fee * chance_between(chance, own_share / 2, own_share * 3 / 2) / 1000);
	event->over = chance_is(chance, 1500) ? (int32_t)(fee * 8 / 1000) : 0;
	event->first = (int32_t)(fee * chance_between(chance, 20, 60) / 1000);
}

static int32_t
in_policy(const struct event *event)
{
	return event->fee - event->own - event->over - event->first;
}

static int32_t
person_part(const struct event *event)
{
	return event->fee - event->hifp - event->hifmi - event->hifob - event->maf;
}

static void
pay_from_account(const struct world *world, struct event *event, int32_t share, int32_t most)
{
	if (!(world->person[event->person].flags & PERSON_EMPLOYEE))
		return;
	int32_t part = (int32_t)((int64_t)person_part(event) * share / 1000);
	event->account = part < most ? part : most;
}

/* exact_hifp >= 0: a planted settlement, the fund pays this much; else what the ledger allows. */
struct event
care_outpatient(struct world *world, uint32_t number, int64_t time, uint8_t place, int32_t exact_hifp, struct chance *chance)
{
	struct person *person = &world->person[number];
	bool employee = person->flags & PERSON_EMPLOYEE;
	if (place == PLACES) {
		int kind = (int)chance_pick(chance, outpatient_place, 4);
		place = (uint8_t)(kind == 0 ? PLACE_CLINIC + person->township : kind == 1 ? PLACE_CENTRE + person->township
		    : PLACE_COUNTY + kind - 2);
	}
	struct event event = care_start(world, number, CARE_OUTPATIENT, time, place);
	int64_t fee = 300 + lognormal_value(employee ? 16000 : 7500, 800, chance_normal(chance));
	if (exact_hifp >= 0)
		fee = (int64_t)exact_hifp * 2 + 1000;
	split_fee(&event, fee, 40, chance);
	event.ratio = 600;
	int64_t paid = (int64_t)in_policy(&event) * event.ratio / 1000, left = world_cap(world, person) - person->ledger;
	if (!employee && paid > left)
		paid = left;
	event.hifp = exact_hifp >= 0 ? exact_hifp : (int32_t)paid;
	if (!employee)
		person->ledger += event.hifp;
	pay_from_account(world, &event, 800, 30000);
	return event;
}

struct event
care_chronic(struct world *world, uint32_t number, int64_t time, struct chance *chance)
{
	const struct person *person = &world->person[number];
	uint8_t place = (uint8_t)(chance_is(chance, 6000) ? PLACE_CENTRE + person->township : PLACE_COUNTY);
	struct event event = care_start(world, number, CARE_CHRONIC, time, place);
	split_fee(&event, 2000 + lognormal_value(24000, 600, chance_normal(chance)), 30, chance);
	event.ratio = person->flags & PERSON_EMPLOYEE ? 800 : 680;
	event.hifp = (int32_t)((int64_t)in_policy(&event) * event.ratio / 1000);
	event.disease = (uint8_t)chance_below(chance, 3);
	pay_from_account(world, &event, 500, 50000);
	return event;
}

struct event
care_pharmacy(struct world *world, uint32_t number, int64_t time, struct chance *chance)
{
	struct event event = care_start(world, number, CARE_PHARMACY, time, (uint8_t)(PLACE_PHARMACY + chance_below(chance, 6)));
	split_fee(&event, 500 + lognormal_value(8500, 700, chance_normal(chance)), 60, chance);
	pay_from_account(world, &event, 1000, 40000);
	return event;
}

void
care_pay_stay(const struct world *world, struct event *event)
{
	const struct person *person = &world->person[event->person];
	const struct level_money *money = &level_money[world->institution[event->institution].level];
	bool employee = person->flags & PERSON_EMPLOYEE;
	int32_t covered = in_policy(event);
	event->deductible = event->flags & EVENT_INTERIM ? 0 : covered < money->deductible_fen ? covered : money->deductible_fen;
	event->ratio = employee ? money->employee : money->resident;
	if (!employee && world->low_ratio[person->area] && day_year(event->day) == world->low_year)
		event->ratio = (int16_t)(event->ratio - RATIO_LOW);
	event->hifp = (int32_t)((int64_t)(covered - event->deductible) * event->ratio / 1000);
	int64_t left = covered - event->hifp - CATASTROPHE_FROM;
	event->hifmi = !employee && left > 0 ? (int32_t)(left * 600 / 1000) : 0;
	event->hifob = employee && left > 0 ? (int32_t)(left * 800 / 1000) : 0;
	bool aided = person->identity != IDENTITY_NONE && person->identity != IDENTITY_OTHER;
	event->maf = aided ? (int32_t)((int64_t)(covered - event->hifp - event->hifmi - event->hifob) * 700 / 1000) : 0;
	event->account = 0;
	pay_from_account(world, event, 300, 100000);
}

/* The first day of a stay: no earlier visit of the person lies inside it. */
static int32_t
stay_begin(int32_t day, int64_t days, int32_t busy_before)
{
	int32_t begin = (int32_t)(day - days);
	return begin <= busy_before ? (busy_before < day ? busy_before + 1 : day) : begin;
}

struct event
care_stay(struct world *world, uint32_t number, int64_t time, uint8_t place, struct chance *chance)
{
	int32_t busy = world->person[number].busy;
	struct event event = care_start(world, number, CARE_STAY, time, place);
	const struct level_money *money = &level_money[world->institution[event.institution].level];
	int32_t z = chance_normal(chance), other = chance_normal(chance);
	int64_t fee = 40000 + lognormal_value(money->mean_fen - 40000, money->sigma, z);
	int64_t tenths = lognormal_value(money->days, 600, (int32_t)((6LL * z + 8LL * other) / 10));
	event.begin = stay_begin(event.day, 1 + tenths / 10, busy);
	split_fee(&event, fee < 60000000 ? fee : 60000000, 90, chance);
	event.disease = (uint8_t)chance_below(chance, 12);
	care_pay_stay(world, &event);
	return event;
}

void
care_scale(struct event *event, int32_t permille)
{
	int32_t *const amounts[] = {&event->fee, &event->own, &event->over, &event->first, &event->deductible, &event->hifp,
		&event->hifmi, &event->hifob, &event->maf, &event->account};
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++)
		*amounts[i] = (int32_t)((int64_t)*amounts[i] * permille / 1000);
}
