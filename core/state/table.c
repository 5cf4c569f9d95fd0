/* Linear probing at a load of at most 5/8; growth sweeps what is gone. */
#include "core/state/table.h"

#include "core/base/memory.h"

#define FIRST_SLOTS 4096

static struct table_slot *
slots_map(size_t slots)
{
	return memory_pages(slots * sizeof(struct table_slot));
}

void
table_init(struct table *table)
{
	*table = (struct table){.mask = FIRST_SLOTS - 1};
	table->slot = slots_map(FIRST_SLOTS);
}

static void
slot_put(struct table *table, struct table_slot slot)
{
	size_t position = slot.tag & table->mask;
	while (table->slot[position].number_plus_1)
		position = (position + 1) & table->mask;
	table->slot[position] = slot;
	table->used++;
}

static void
table_grow(struct table *table)
{
	struct table_slot *old = table->slot;
	size_t old_slots = table->mask + 1, live = 0;
	for (size_t i = 0; i < old_slots; i++)
		live += old[i].number_plus_1 > table->first;
	size_t slots = FIRST_SLOTS;
	while (live * 2 >= slots)
		slots *= 2;
	table->slot = slots_map(slots);
	table->mask = slots - 1;
	table->used = 0;
	for (size_t i = 0; i < old_slots; i++)
		if (old[i].number_plus_1 > table->first)
			slot_put(table, old[i]);
	memory_pages_free(old, old_slots * sizeof *old);
}

void
table_add(struct table *table, uint64_t hash, uint32_t number)
{
	if ((table->used + 1) * 8 > (table->mask + 1) * 5)
		table_grow(table);
	slot_put(table, (struct table_slot){table_tag(hash), number + 1});
}

void
table_reserve(struct table *table, size_t count)
{
	size_t slots = table->mask + 1;
	while ((count + 1) * 8 > slots * 5)
		slots *= 2;
	table_free(table);
	*table = (struct table){.slot = slots_map(slots), .mask = slots - 1, .first = table->first};
}

void
table_free(struct table *table)
{
	if (table->slot)
		memory_pages_free(table->slot, (table->mask + 1) * sizeof *table->slot);
	table->slot = NULL;
}

size_t
table_bytes(const struct table *table)
{
	return (table->mask + 1) * sizeof *table->slot;
}
