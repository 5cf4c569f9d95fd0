/* Smaller worlds that fail in the same way: fewer events, plainer events, orders that differ less. */
#include "tests/property/trial.h"

#include "core/base/time.h"

#include <stdlib.h>
#include <string.h>

struct shrinker {
	struct trial *trial, candidate;
	const struct failure *failure;
	struct failure found;
};

/* Takes the candidate over when it is a fair world and fails in the same way. */
static bool
take(struct shrinker *shrinker)
{
	const struct trial *candidate = &shrinker->candidate;
	if (!world_is_fair(&candidate->world) || !order_is_fair(&candidate->world, &candidate->order[0]) ||
	    !order_is_fair(&candidate->world, &candidate->order[1]) || !trial_fails(candidate, &shrinker->found))
		return false;
	if (shrinker->found.kind != shrinker->failure->kind || shrinker->found.rule != shrinker->failure->rule)
		return false;
	*shrinker->trial = *candidate;
	return true;
}

/* ---- fewer events ---- */

static void
order_without(struct order *order, size_t from, size_t count)
{
	size_t kept = 0, before = 0;
	for (size_t i = 0; i < order->count; i++) {
		size_t event = order->event[i];
		if (event >= from && event < from + count) {
			before += order->cut != NO_CUT && i < order->cut;
			continue;
		}
		order->event[kept++] = (uint16_t)(event < from ? event : event - count);
	}
	order->count = kept;
	order->cut -= before;
}

static bool
remove_events(struct shrinker *shrinker, size_t from, size_t count)
{
	shrinker->candidate = *shrinker->trial;
	struct world *world = &shrinker->candidate.world;
	memmove(world->event + from, world->event + from + count, (world->events - from - count) * sizeof world->event[0]);
	world->events -= count;
	order_without(&shrinker->candidate.order[0], from, count);
	order_without(&shrinker->candidate.order[1], from, count);
	return take(shrinker);
}

static bool
fewer_events(struct shrinker *shrinker)
{
	bool less = false;
	const struct world *world = &shrinker->trial->world;
	for (size_t size = (world->events + 1) / 2; size; size /= 2)
		for (size_t from = 0; from + size <= world->events;) {
			if (remove_events(shrinker, from, size))
				less = true;
			else
				from += size;
		}
	return less;
}

/* ---- plainer events ---- */

#define PLAIN_FORMS 19

static void
amount_plain(struct settlement *one, int64_t fen)
{
	int64_t size = llabs(one->total);
	if (size != 100 && size != 10000 && size != 100000)
		one->total = one->fund = fen;
}

/* The numbered way of making a settlement plainer.  No way undoes another. */
static void
settlement_plain(struct settlement *one, int64_t *time, unsigned form)
{
	int64_t sign = one->is_refund ? -1 : 1;
	switch (form) {
	case 0: one->original = 0; break;
	case 1: one->visit = 0; break;
	case 2: one->is_interim = false; break;
	case 3: one->is_void = false; break;
	case 4: one->by_case = false; break;
	case 5: one->care = CARE_OUTPATIENT; break;
	case 6: one->care = one->care == CARE_INPATIENT_ABROAD ? CARE_INPATIENT : one->care; break;
	case 7: one->is_employee = false; break;
	case 8: one->institution = 1; break;
	case 9: one->person = 1; break;
	case 10: one->place = 0; break;
	case 11: one->changed = 0; break;
	case 12: amount_plain(one, sign * 100); break;
	case 13: amount_plain(one, sign * 10000); break;
	case 14: amount_plain(one, sign * 100000); break;
	case 15: one->fund = one->total; break;
	case 16: one->total = one->fund; break;
	case 17: one->time = one->time / DAY_SECONDS * DAY_SECONDS; break;
	case 18: one->visit = one->visit ? 1 : 0; break;
	default: break;
	}
	*time = one->time;
}

static void
enrolment_plain(struct enrolment_of *one, unsigned form)
{
	switch (form) {
	case 0: one->tier = 0; break;
	case 1: one->class_code = 0; break;
	case 2: one->township = 1; break;
	case 3: one->changed = 0; break;
	case 4: one->place = 0; break;
	case 5: one->person = 1; break;
	default: break;
	}
}

static bool
plain_event(struct shrinker *shrinker, size_t i, unsigned form)
{
	shrinker->candidate = *shrinker->trial;
	struct event *event = &shrinker->candidate.world.event[i];
	if (event->kind == EVENT_SETTLEMENT)
		settlement_plain(&event->settlement, &event->time, form);
	else
		enrolment_plain(&event->enrolment, form);
	return memcmp(event, &shrinker->trial->world.event[i], sizeof *event) != 0 && take(shrinker);
}

static bool
plainer_events(struct shrinker *shrinker)
{
	bool plainer = false;
	for (size_t i = 0; i < shrinker->trial->world.events; i++)
		for (unsigned form = 0; form < PLAIN_FORMS; form++)
			plainer |= plain_event(shrinker, i, form);
	return plainer;
}

/* Arrivals that nobody knows. */
static bool
no_arrivals(struct shrinker *shrinker)
{
	shrinker->candidate = *shrinker->trial;
	shrinker->candidate.world.has_arrivals = false;
	return shrinker->trial->world.has_arrivals && take(shrinker);
}

/* Everybody and everything of one number moves to another: persons and places of all events together. */
static bool
merged(struct shrinker *shrinker)
{
	shrinker->candidate = *shrinker->trial;
	struct world *world = &shrinker->candidate.world;
	for (size_t i = 0; i < world->events; i++)
		world->event[i].settlement.person = world->event[i].enrolment.person = 1;
	bool done = memcmp(world, &shrinker->trial->world, sizeof *world) != 0 && take(shrinker);
	for (int place = 0; place < PLACES; place++) {
		shrinker->candidate = *shrinker->trial;
		for (size_t i = 0; i < world->events; i++)
			world->event[i].settlement.place = world->event[i].enrolment.place = place;
		if (memcmp(world, &shrinker->trial->world, sizeof *world) == 0)
			break;
		if (take(shrinker))
			return true;
	}
	return done;
}

/* ---- orders ---- */

static size_t
place_in(const struct order *order, uint16_t event)
{
	size_t i = 0;
	while (order->event[i] != event)
		i++;
	return i;
}

/* Neighbours of the second order that stand the other way round in the first are turned round. */
static bool
closer_orders(struct shrinker *shrinker)
{
	bool closer = false;
	for (size_t i = 0; i + 1 < shrinker->trial->order[1].count; i++) {
		shrinker->candidate = *shrinker->trial;
		struct order *first = &shrinker->candidate.order[0], *second = &shrinker->candidate.order[1];
		uint16_t a = second->event[i], b = second->event[i + 1];
		if (place_in(first, a) < place_in(first, b))
			continue;
		second->event[i] = b;
		second->event[i + 1] = a;
		closer |= take(shrinker);
	}
	return closer;
}

static bool
single_records(struct shrinker *shrinker)
{
	shrinker->candidate = *shrinker->trial;
	struct order *order = shrinker->candidate.order;
	if (shrinker->failure->kind == FAILURE_BATCH || shrinker->failure->kind == FAILURE_STATE || (!order[0].batches && !order[1].batches))
		return false;
	order[0].batches = order[1].batches = 0;
	return take(shrinker);
}

void
trial_shrink(struct trial *trial, const struct failure *failure)
{
	struct shrinker shrinker = {.trial = trial, .failure = failure};
	bool again = true;
	for (int rounds = 0; again && rounds < 10; rounds++) {
		again = fewer_events(&shrinker);
		again |= single_records(&shrinker);
		again |= no_arrivals(&shrinker);
		again |= merged(&shrinker);
		again |= plainer_events(&shrinker);
		again |= closer_orders(&shrinker);
	}
	failure_free(&shrinker.found);
}
