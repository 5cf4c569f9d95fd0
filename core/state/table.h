/* Open addressing from a 64-bit hash to a record number.  The table keeps the upper half of the hash, which also says
 * where the slot is, and the number; the caller compares the real key, so no hash ever stands for an identity.  Growth
 * happens at counts fixed by the data and touches no key; no answer depends on the order of slots.  Slots of numbers that are
gone are swept where they are, some at every table_add: a table from which as many go as come is never built anew.
 *
 *     struct probe probe = table_probe(table, hash);
 *     uint32_t number;
 *     while (table_next(table, &probe, &number))
 *         if (key of record `number` is the one wanted) return number;
 */
#ifndef FW_TABLE_H
#define FW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint32_t tag, number_plus_1;    /* number_plus_1 0: never used */
};

struct table {
	struct table_slot *slot;
	size_t mask;                    /* slots - 1 */
	size_t used;
	uint32_t first;                 /* numbers below are gone: such slots are passed over, and swept by and by */
	size_t sweep, unswept;          /* slot to go on sweeping at, and how many may still hold numbers that are gone */
};

struct probe {
	size_t position;
	uint32_t tag;
};

void table_init(struct table *);
void table_add(struct table *, uint64_t hash, uint32_t number);

/* Room for so many numbers, so that they are added without growth; an empty table alone. */
void table_reserve(struct table *, size_t count);

/* Numbers below are gone; never fewer than before. */
void table_forget(struct table *, uint32_t first);
void table_free(struct table *);
size_t table_bytes(const struct table *);

static inline uint32_t
table_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static inline struct probe
table_probe(const struct table *table, uint64_t hash)
{
	return (struct probe){table_tag(hash) & table->mask, table_tag(hash)};
}

static inline bool
table_next(const struct table *table, struct probe *probe, uint32_t *number)
{
	for (;; probe->position = (probe->position + 1) & table->mask) {
		struct table_slot slot = table->slot[probe->position];
		if (slot.number_plus_1 == 0)
			return false;
		if (slot.tag == probe->tag && slot.number_plus_1 > table->first) {
			*number = slot.number_plus_1 - 1;
			probe->position = (probe->position + 1) & table->mask;
			return true;
		}
	}
}

/* Asks for the cache line of the first slot; a hint, changes nothing. */
static inline __attribute__((always_inline)) void
table_prefetch(const struct table *table, uint64_t hash)
{
	__builtin_prefetch(&table->slot[table_tag(hash) & table->mask]);
}

#endif
