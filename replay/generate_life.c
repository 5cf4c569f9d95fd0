/* The days of the county: visits, stays that end, corrections, what arrives late, what is sent twice, and the planted
 * problems in between.  Each day's arrivals are written in the order of their time. */
#include "replay/generate.h"

#include <stdlib.h>

#define LATE 300                        /* shares in 10,000 */
#define LATE_CLOSED 100                 /* of these, after the window has closed */
#define REFUND 120
#define RESTATED 50
#define VOID_SHARE 30
#define DUPLICATE 20
#define BROKEN 10
#define READMISSION 900
#define LONG_STAY 180
#define FORCED_DAYS 24                  /* on so many first days one record is sent twice and one is broken, however small */

/* ---- the ring ---- */

static struct bucket *
bucket_of(struct world *world, int32_t day)
{
	return &world->ring[(uint32_t)day % RING_DAYS];
}

static void
event_post(struct world *world, const struct event *event)
{
	struct bucket *bucket = bucket_of(world, time_day(event->arrival));
	if (bucket->count == bucket->capacity) {
		bucket->capacity = bucket->capacity ? bucket->capacity * 2 : 64;
		bucket->event = memory_grow(bucket->event, bucket->capacity, sizeof *bucket->event);
	}
	bucket->event[bucket->count++] = *event;
}

static void
seed_post(struct world *world, int32_t day, struct seed seed)
{
	struct bucket *bucket = bucket_of(world, day);
	if (bucket->seeds == bucket->seed_capacity) {
		bucket->seed_capacity = bucket->seed_capacity ? bucket->seed_capacity * 2 : 16;
		bucket->seed = memory_grow(bucket->seed, bucket->seed_capacity, sizeof *bucket->seed);
	}
	bucket->seed[bucket->seeds++] = seed;
}

static int64_t
time_of_day(int32_t day, struct chance *chance)
{
	return (int64_t)day * DAY_SECONDS + 27000 + chance_below(chance, 45000);
}

/* ---- corrections ---- */

static void
post_refund(struct world *world, const struct event *event, int64_t time, struct chance *chance)
{
	struct event refund = *event;
	uint32_t how = chance_below(chance, 10);        /* 0..5 names its original, 6..8 by visit and amounts, 9 part of it */
	if (how == 9)
		care_scale(&refund, 200 + (int32_t)chance_below(chance, 600));
	care_scale(&refund, -1000);
	refund.variant = VARIANT_REFUND;
	refund.flags = (uint8_t)((event->flags & EVENT_PLANTED) | (how < 6 || how == 9 ? EVENT_LINKED : 0) | (how == 9 ? EVENT_PARTIAL : 0));
	refund.original_day = event->day;
	refund.original_letter = event->letter;
	refund.arrival = refund.time = time;
	refund.updated = time + 20;
	refund.day = time_day(time);
	refund.letter = 'R';
	event_post(world, &refund);
}

static void
post_restatement(struct world *world, const struct event *event, int64_t time, struct chance *chance)
{
	struct event restated = *event;
	restated.variant = VARIANT_RESTATED;
	restated.previous_hifp = event->hifp;
	restated.arrival = time;
	restated.updated = time - 5;
	care_scale(&restated, 850 + (int32_t)chance_below(chance, 140));
	if (restated.care == CARE_STAY)
		care_pay_stay(world, &restated);
	event_post(world, &restated);
}

static void
post_void(struct world *world, const struct event *event, int64_t time)
{
	struct event gone = *event;
	gone.variant = VARIANT_VOID;
	gone.previous_hifp = event->hifp;
	gone.arrival = time;
	gone.updated = time - 5;
	event_post(world, &gone);
}

/* A settlement of normal life goes on its way: late, corrected later, or neither. */
static void
event_send(struct world *world, struct event *event)
{
	struct chance chance = chance_of(world->seed, CHANCE_CORRECTION, event->person, (uint32_t)event->day * 64u + (unsigned char)event->letter);
	uint32_t fate = chance_below(&chance, 10000);
	if (fate < LATE) {
		int32_t delay = fate < LATE_CLOSED ? (int32_t)chance_between(&chance, 8, 45) : (int32_t)chance_between(&chance, 1, 6);
		event->flags |= EVENT_LATE;
		event->arrival += (int64_t)delay * DAY_SECONDS;
		event_post(world, event);
		return;
	}
	event_post(world, event);
	int64_t later = time_of_day(event->day + 1 + (int32_t)chance_below(&chance, 20), &chance);
	if (fate < LATE + REFUND)
		post_refund(world, event, later, &chance);
	else if (fate < LATE + REFUND + RESTATED)
		post_restatement(world, event, later, &chance);
	else if (fate < LATE + REFUND + RESTATED + VOID_SHARE)
		post_void(world, event, later);
}

/* ---- stays ---- */

/* Settled by item or by group, before any planting: the shares stay above 93 % of cases and 82 % of money however small
 * the area is. */
static bool
is_by_item(struct share_plan *plan, const struct event *event, bool bed_days)
{
	int64_t cases = plan->all_cases + 1, money = plan->all_fen + event->hifp;
	bool by_item = (bed_days || event->fee % 5 == 0) && (plan->item_cases + 1) * (bed_days ? 16 : 25) <= cases
	    && (plan->item_fen + event->hifp) * 100 <= money * 18;
	plan->all_cases++;
	plan->all_fen = money;
	plan->item_cases += by_item;
	plan->item_fen += by_item ? event->hifp : 0;
	return by_item;
}

/* What planted shares make of it.  Low money: a few dear stays become very dear and are paid by the day, the rest by group.
 * Low cases: many cheap stays are paid by item. */
static bool
plant_share(struct world *world, struct event *event, bool by_item, bool *bed_days)
{
	uint8_t area = world->person[event->person].area;
	struct share_plan *plan = &world->share_plan[area];
	if (day_year(event->day) != world->low_year)
		return by_item;
	if (world->low_money[area] && !*bed_days) {
		by_item = event->fee > 400000 && (plan->dear_cases + 1) * 100 <= plan->all_cases * 6;
		if (by_item) {
			care_scale(event, 8000);
			care_pay_stay(world, event);
			plan->dear_cases++;
			*bed_days = true;
		}
	}
	if (world->low_cases[area] && !by_item && event->fee < 500000 && (plan->cheap_cases + 1) * 100 <= plan->all_cases * 17) {
		plan->cheap_cases++;
		by_item = true;
	}
	return by_item;
}

static void
choose_payment(struct world *world, struct event *event, bool bed_days)
{
	const struct person *person = &world->person[event->person];
	bool by_item = is_by_item(&world->share_plan[person->area], event, bed_days);
	by_item = plant_share(world, event, by_item, &bed_days);
	event->payment = by_item ? (bed_days ? PAYMENT_BED_DAY : PAYMENT_ITEM)
	    : strcmp(world->area[person->area].pool, "1405") == 0 ? PAYMENT_DIP : PAYMENT_DRG;
}

static void
long_stay(struct world *world, struct event *event, struct chance *chance)
{
	int32_t end = event->day + (int32_t)chance_between(chance, 20, 40);
	event->begin = event->day - 30;
	event->flags |= EVENT_INTERIM;
	care_pay_stay(world, event);
	event->payment = PAYMENT_BED_DAY;
	world->share_plan[world->person[event->person].area].item_fen += event->hifp;
	world->share_plan[world->person[event->person].area].all_fen += event->hifp;
	seed_post(world, end, (struct seed){event->person, event->begin, event->visit_day, event->institution, event->visit_letter, true});
	world->person[event->person].busy = end;
	event_post(world, event);
}

static void
stay_end(struct world *world, uint32_t number, int64_t time, struct chance *chance)
{
	struct person *person = &world->person[number];
	struct event event = care_stay(world, number, time, care_stay_place(person, chance), chance);
	const struct share_plan *plan = &world->share_plan[person->area];
	if (chance_is(chance, LONG_STAY) && (plan->item_fen + 2 * event.hifp) * 100 <= plan->all_fen * 18
	    && plan->item_cases * 16 <= plan->all_cases) {
		long_stay(world, &event, chance);
		return;
	}
	choose_payment(world, &event, false);
	if (chance_is(chance, READMISSION)) {
		int32_t gap = 3 + (int32_t)chance_below(chance, 10) + (int32_t)chance_below(chance, 18);
		seed_post(world, event.day + gap, (struct seed){number, 0, 0, event.institution, 0, false});
	}
	event_send(world, &event);
}

static void
seed_grow(struct world *world, int32_t day, const struct seed *seed)
{
	struct chance chance = chance_of(world->seed, CHANCE_VISIT, seed->person, (uint32_t)day | UINT64_C(1) << 40);
	struct person *person = &world->person[seed->person];
	int64_t time = time_of_day(day, &chance);
	uint8_t place = (uint8_t)(seed->institution % PLACES);
	if (!seed->final && person->busy >= day)
		return;
	if (!seed->final && chance_is(&chance, 4000))
		place = care_stay_place(person, &chance);
	struct event event = care_stay(world, seed->person, time, place, &chance);
	event.letter = event.visit_letter = '2';
	if (seed->final) {
		event.begin = seed->begin;
		event.visit_day = seed->visit_day;
		event.visit_letter = seed->visit_letter;
	}
	choose_payment(world, &event, seed->final);
	if (seed->final)
		event_post(world, &event);
	else
		event_send(world, &event);
}

/* ---- one day ---- */

static void
person_visit(struct world *world, uint32_t number, int32_t day)
{
	struct person *person = &world->person[number];
	struct chance chance = chance_of(world->seed, CHANCE_VISIT, number, (uint32_t)day);
	if (person->busy >= day)
		return;
	uint32_t rate[CARES];
	person_rates(person, rate);
	uint32_t sum = rate[0] + rate[1] + rate[2] + rate[3], at = chance_below(&chance, sum), care = 0;
	while (at >= rate[care])
		at -= rate[care++];
	int64_t time = time_of_day(day, &chance);
	struct event event;
	if (care == CARE_STAY) {
		stay_end(world, number, time, &chance);
		return;
	}
	if (care == CARE_OUTPATIENT && person->flags & PERSON_SCRIPTED)
		return;
	event = care == CARE_OUTPATIENT ? care_outpatient(world, number, time, PLACES, -1, &chance)
	    : care == CARE_CHRONIC ? care_chronic(world, number, time, &chance) : care_pharmacy(world, number, time, &chance);
	event_send(world, &event);
}

static void
day_visits(struct world *world, int32_t day)
{
	uint64_t factor = day_factor(day), key = chance_of(world->seed, CHANCE_DAY, (uint32_t)day, 0).state;
	for (uint32_t i = 0; i < world->persons; i++) {
		uint32_t draw = (uint32_t)(chance_mix(key + CHANCE_STEP * (i + UINT64_C(1))) >> 32);
		if (draw < world->person[i].rate * factor >> 10)
			person_visit(world, i, day);
	}
}

static void
plan_send(struct world *world, const struct plan *plan)
{
	struct chance chance = chance_of(world->seed, CHANCE_PLANT, plan->person, (uint64_t)plan->draw);
	int32_t busy = world->person[plan->person].busy;
	struct event event;
	if (plan->what == PLAN_STAY) {
		event = care_stay(world, plan->person, plan->time, plan->place, &chance);
		event.begin = event.day - 4 - (int32_t)chance_below(&chance, 4);
		if (event.fee > 400000) {
			care_scale(&event, 300);
			care_pay_stay(world, &event);
		}
		event.payment = strcmp(world->area[world->person[plan->person].area].pool, "1405") == 0 ? PAYMENT_DIP : PAYMENT_DRG;
		world->truth[plan->truth].amount_fen += event.hifp;
	} else {
		event = care_outpatient(world, plan->person, plan->time, plan->place, plan->fen, &chance);
	}
	world->person[plan->person].busy = busy;        /* what is planted does not change the rest of the person's life */
	event.flags |= EVENT_PLANTED;
	event.letter = event.visit_letter = plan->letter;
	if (plan->what == PLAN_REFUND) {
		care_scale(&event, -1000);
		event.variant = VARIANT_REFUND;
		event.flags |= plan->linked ? EVENT_LINKED : 0;
		event.visit_day = event.original_day = plan->original_day;
		event.visit_letter = event.original_letter = plan->original_letter;
	}
	event_post(world, &event);
}

static int
event_order(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->arrival != y->arrival)
		return x->arrival < y->arrival ? -1 : 1;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->letter != y->letter)
		return x->letter < y->letter ? -1 : 1;
	return (x->variant > y->variant) - (x->variant < y->variant);
}

/* Copies that the feed sends again, and copies that arrive broken. */
static void
feed_faults(struct world *world, int32_t day, const struct event *event, bool first_of_day)
{
	struct chance chance = chance_of(world->seed, CHANCE_FEED, event->person, (uint32_t)event->day * 64u + (unsigned char)event->letter);
	bool forced = first_of_day && day < world->from + FORCED_DAYS;
	struct event copy = *event;
	if (world->duplicates && (chance_is(&chance, DUPLICATE) || forced)) {
		copy.variant = VARIANT_AGAIN;
		copy.arrival += chance_between(&chance, DAY_SECONDS, 4 * DAY_SECONDS);        /* never today: today's bucket is being emptied */
		event_post(world, &copy);
	}
	copy = *event;
	if (world->broken && (chance_is(&chance, BROKEN) || forced)) {
		copy.variant = VARIANT_BROKEN;
		copy.letter = 'X';
		copy.arrival += DAY_SECONDS + 1;
		copy.refusal = (uint8_t)(forced ? (uint32_t)(day - world->from) % breakage_count : chance_below(&chance, (uint32_t)breakage_count - 1));   /* too_large, the last, only when forced */
		event_post(world, &copy);
	}
}

/* What a correction gives back may be spent from the next day on. */
static void
ledger_credit(struct world *world, int32_t day, const struct event *event)
{
	struct person *person = &world->person[event->person];
	int32_t booked = event->variant == VARIANT_REFUND ? event->original_day : event->day;
	if (event->care != CARE_OUTPATIENT || person->flags & PERSON_EMPLOYEE || day_year(booked) != day_year(day + 1))
		return;
	if (event->variant == VARIANT_REFUND)
		person->ledger += event->hifp;
	else if (event->variant == VARIANT_VOID)
		person->ledger -= event->previous_hifp;
	else if (event->variant == VARIANT_RESTATED)
		person->ledger -= event->previous_hifp - event->hifp;
}

/* Nothing that came into being after the last day is written. */
static bool
is_in_range(const struct world *world, const struct event *event)
{
	int64_t end = ((int64_t)world->to + 1) * DAY_SECONDS;
	if (event->variant == VARIANT_RESTATED || event->variant == VARIANT_VOID)
		return event->arrival < end;
	return event->time < end;
}

static void
day_arrivals(struct world *world, int32_t day)
{
	struct bucket *bucket = bucket_of(world, day);
	if (bucket->count)
		qsort(bucket->event, bucket->count, sizeof *bucket->event, event_order);
	size_t count = bucket->count;
	bool first = true;
	for (size_t i = 0; i < count; i++) {
		struct event event = bucket->event[i];  /* the bucket may move while a copy is posted */
		if (!is_in_range(world, &event))
			continue;
		write_event(world, &event);
		if (event.variant == VARIANT_REFUND || event.variant == VARIANT_VOID || event.variant == VARIANT_RESTATED)
			ledger_credit(world, day, &event);
		if (event.variant == VARIANT_FIRST && !(event.flags & EVENT_PLANTED)) {
			feed_faults(world, day, &event, first);
			first = false;
		}
	}
	free(bucket->event);            /* a day's memory is not kept: only what is still to come */
	bucket->event = NULL;
	bucket->count = bucket->capacity = 0;
}

static void
day_seeds(struct world *world, int32_t day)
{
	struct bucket *bucket = bucket_of(world, day);
	for (size_t i = 0; i < bucket->seeds; i++) {
		struct seed seed = bucket->seed[i];
		seed_grow(world, day, &seed);
	}
	bucket->seeds = 0;
}

static void
year_begin(struct world *world)
{
	for (uint32_t i = 0; i < world->persons; i++)
		world->person[i].ledger = 0;
	memset(world->share_plan, 0, sizeof world->share_plan);
}

void
life_run(struct world *world)
{
	int64_t end = ((int64_t)world->to + 1) * DAY_SECONDS;
	for (int32_t day = world->from; day < world->to + RING_DAYS && !world->failed; day++) {
		if (day == world->from || day_year(day) != day_year(day - 1))
			year_begin(world);
		if (day <= world->to) {
			day_visits(world, day);
			day_seeds(world, day);
		}
		for (; world->plan_at < world->plans && time_day(world->plan[world->plan_at].time) == day; world->plan_at++)
			if (world->plan[world->plan_at].time < end)
				plan_send(world, &world->plan[world->plan_at]);
		day_arrivals(world, day);
		progress_show(&world->progress, (uint64_t)(day - world->from), world->counts.lines);
	}
}
