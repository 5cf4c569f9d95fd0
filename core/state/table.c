/* Linear probing at a load of at most 5/8. */
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
	size_t old_slots = table->mask + 1;
	table->slot = slots_map(2 * old_slots);
	table->mask = 2 * old_slots - 1;
	table->used = 0;
	for (size_t i = 0; i < old_slots; i++)
		if (old[i].number_plus_1 > table->first)
			slot_put(table, old[i]);
	memory_pages_free(old, old_slots * sizeof *old);
}

/* ---- sweeping ---- */

/* A slot behind a gap moves to the first gap from its own place on, or stays. */
static void
slot_close_up(struct table *table, size_t position)
{
	struct table_slot slot = table->slot[position];
	size_t place = slot.tag & table->mask;
	while (place != position && table->slot[place].number_plus_1)
		place = (place + 1) & table->mask;
	if (place == position)
		return;
	table->slot[place] = slot;
	table->slot[position] = (struct table_slot){0, 0};
}

/* At least so many slots from where it was left, in whole runs between two free ones: slots move within a run alone. */
static void
table_sweep(struct table *table, size_t slots)
{
	size_t at = table->sweep;
	bool gap = false;
	for (; table->slot[(at - 1) & table->mask].number_plus_1; slots++)      /* what came since may have joined two runs */
		at = (at - 1) & table->mask;
	size_t seen = 0;
	for (; seen < slots || table->slot[at].number_plus_1; seen++, at = (at + 1) & table->mask) {
		uint32_t number_plus_1 = table->slot[at].number_plus_1;
		if (number_plus_1 == 0) {
			gap = false;
		} else if (number_plus_1 <= table->first) {
			table->slot[at] = (struct table_slot){0, 0};
			table->used--;
			gap = true;
		} else if (gap) {
			slot_close_up(table, at);
		}
	}
	table->sweep = at;
	table->unswept -= seen < table->unswept ? seen : table->unswept;
}

void
table_forget(struct table *table, uint32_t first)
{
	if (first == table->first)
		return;
	table->first = first;
	table->unswept = table->used ? table->mask + 1 : 0;
}

#define SWEEP_SLOTS 16          /* an addition: a table is through before a tenth of it is gone again */

static bool
is_full(const struct table *table)
{
	return (table->used + 1) * 8 > (table->mask + 1) * 5;
}

void
table_add(struct table *table, uint64_t hash, uint32_t number)
{
	if (table->unswept)
		table_sweep(table, SWEEP_SLOTS);
	if (is_full(table) && table->unswept)
		table_sweep(table, table->unswept);
	if (is_full(table))
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
