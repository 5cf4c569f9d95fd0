/* See order.h. */
#include "tests/property/order.h"

#include "core/base/time.h"

#include <stdlib.h>

#define LATENESS (7 * (int64_t)DAY_SECONDS)

const char *const order_names[ORDER_KINDS] = {"in order", "within lateness", "by partitions", "any"};

struct arrival {
	int64_t key;
	uint16_t event;
};

static int
arrival_compare(const void *one, const void *two)
{
	const struct arrival *a = one, *b = two;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (int)a->event - (int)b->event;
}

static void
by_key(struct order *order, struct arrival *arrival, size_t count)
{
	qsort(arrival, count, sizeof *arrival, arrival_compare);
	for (size_t i = 0; i < count; i++)
		order->event[i] = arrival[i].event;
	order->count = count;
}

/* Enrolments that make a population are there before its first month closes: contract 2 speaks of records with an event
 * time, and an enrolment has none. */
static bool
comes_first(const struct world *world, const struct event *event)
{
	return world->has_admissions && event->kind == EVENT_ENROLMENT;
}

/* The keys of partitions that are read by turns: runs of one partition, then of another, each partition in its order. */
static void
partitions_key(const struct world *world, struct arrival *arrival, struct chance *chance)
{
	struct order plain = {0};
	struct arrival sorted[EVENTS_MAX];
	for (size_t i = 0; i < world->events; i++)
		sorted[i] = (struct arrival){world->event[i].time, (uint16_t)i};
	by_key(&plain, sorted, world->events);
	size_t at[PARTITIONS] = {0}, left = world->events;
	bool wholly = percent(chance, 50);
	int64_t key = 0;
	for (unsigned partition = below(chance, PARTITIONS); left; partition = (partition + 1 + below(chance, PARTITIONS - 1)) % PARTITIONS) {
		size_t run = wholly ? world->events : below(chance, 12);
		for (; at[partition] < plain.count && run; at[partition]++) {
			uint16_t event = plain.event[at[partition]];
			if (world->event[event].partition != (int)partition)
				continue;
			arrival[event].key = key++;
			run--;
			left--;
		}
	}
}

void
order_make(struct order *order, const struct world *world, enum order_kind kind, struct chance *chance)
{
	struct arrival arrival[EVENTS_MAX];
	for (size_t i = 0; i < world->events; i++) {
		const struct event *event = &world->event[i];
		arrival[i].event = (uint16_t)i;
		if (kind == ORDER_GIVEN)
			arrival[i].key = event->time;
		else if (kind == ORDER_LATE)
			arrival[i].key = event->time + (int64_t)below(chance, (unsigned)LATENESS);
		else
			arrival[i].key = (int64_t)(chance_next(chance) >> 2);
	}
	if (kind == ORDER_PARTITIONS)
		partitions_key(world, arrival, chance);
	for (size_t i = 0; i < world->events && kind >= ORDER_PARTITIONS; i++)
		if (comes_first(world, &world->event[i]))
			arrival[i].key = -1 - (arrival[i].key & 0xffff);
	order->kind = kind;
	by_key(order, arrival, world->events);
	order->batches = percent(chance, 25) ? 0 : chance_next(chance);
	order->cut = NO_CUT;
}

bool
order_is_fair(const struct world *world, const struct order *order)
{
	if (order->kind >= ORDER_PARTITIONS)
		return true;
	int64_t latest = INT64_MIN;
	for (size_t i = 0; i < order->count; i++) {
		int64_t time = world->event[order->event[i]].time;
		if (latest != INT64_MIN && time < latest - LATENESS)
			return false;
		if (time > latest)
			latest = time;
	}
	return true;
}
