/* Chunks, tables and names: records stay where they are, what was given back is used again and is zero, keys are found. */
#include "core/state/chunks.h"
#include "core/state/names.h"
#include "tests/unit/run.h"

#include <stdio.h>
#include <string.h>

START_TEST(chunks_given_back_are_used_again_and_zero)
{
	struct chunks chunks;
	chunks_init(&chunks, 24);
	for (uint32_t i = 0; i < 3 * CHUNK_RECORDS; i++) {
		uint32_t number = chunks_add(&chunks);
		NEED(number == i, "at %u", i);
		memset(chunks_at(&chunks, number), 0xA5, 24);
	}
	size_t bytes = chunks_bytes(&chunks);
	const char *kept = chunks_at(&chunks, 2 * CHUNK_RECORDS);
	chunks_drop_first(&chunks);
	chunks_drop_first(&chunks);
	ck_assert_uint_eq(chunks.first, 2 * CHUNK_RECORDS);
	for (uint32_t i = 0; i < 2 * CHUNK_RECORDS; i++) {
		const char *record = chunks_at(&chunks, chunks_add(&chunks));
		for (int k = 0; k < 24; k++)
			NEED(record[k] == 0, "at %u", i);
	}
	ck_assert_uint_eq(chunks_bytes(&chunks), bytes);
	ck_assert_uint_eq(chunks.spares, 0);
	ck_assert_ptr_eq(chunks_at(&chunks, 2 * CHUNK_RECORDS), kept);
	chunks_free(&chunks);
}
END_TEST

START_TEST(chunks_may_begin_late)
{
	struct chunks chunks;
	chunks_init(&chunks, 8);
	chunks.first = chunks.count = 200 * CHUNK_RECORDS;
	ck_assert_uint_eq(chunks_add(&chunks), 200 * CHUNK_RECORDS);
	ck_assert_ptr_nonnull(chunks_at(&chunks, 200 * CHUNK_RECORDS));
	chunks_free(&chunks);
}
END_TEST

#define NAMES 200000

START_TEST(names_keep_their_numbers_through_growth)
{
	struct names names;
	char text[32];
	uint32_t number;
	names_init(&names);
	for (uint32_t i = 1; i <= NAMES; i++) {
		snprintf(text, sizeof text, "H%u", i);
		NEED(names_number(&names, slice_of(text)) == i, "at %u", i);
	}
	for (uint32_t i = 1; i <= NAMES; i++) {
		snprintf(text, sizeof text, "H%u", i);
		NEED(names_number(&names, slice_of(text)) == i, "at %u", i);
		NEED(names_find(&names, slice_of(text), &number) && number == i, "at %u", i);
		NEED(slice_equal(names_text(&names, i), slice_of(text)), "at %u", i);
	}
	ck_assert(!names_find(&names, SLICE("H0"), &number));
	ck_assert_uint_eq(names_number(&names, SLICE("")), 0);
	ck_assert_uint_eq(names.count, NAMES + 1);
	names_free(&names);
}
END_TEST

/* Records below `first` are gone, although their slots are still there. */
START_TEST(a_table_passes_over_what_is_gone)
{
	struct table table;
	uint32_t number;
	table_init(&table);
	for (uint32_t i = 0; i < 10000; i++)
		table_add(&table, (uint64_t)i << 32 | i, i);
	table_forget(&table, 5000);
	for (uint32_t i = 0; i < 10000; i++) {
		struct probe probe = table_probe(&table, (uint64_t)i << 32 | i);
		bool found = table_next(&table, &probe, &number);
		NEED(found == (i >= 5000), "at %u", i);
		NEED(!found || number == i, "at %u", i);
	}
	table_free(&table);
}
END_TEST

#define AT_A_TIME 30000
#define ALL_IN_ALL 400000

static uint64_t
scattered(uint32_t number)              /* runs of slots, with places of their own and without, around the end of the table too */
{
	uint32_t place = number % 3 ? number * 2654435761u : UINT32_MAX - number % 7;
	return (uint64_t)place << 32;
}

static bool
holds(const struct table *table, uint32_t wanted)
{
	struct probe probe = table_probe(table, scattered(wanted));
	uint32_t number;
	while (table_next(table, &probe, &number))
		if (number == wanted)
			return true;
	return false;
}

/* As many go as come: the table stays as large as it is, loses nothing and holds little of what is gone. */
START_TEST(a_table_is_swept_where_it_is)
{
	struct table table;
	size_t bytes = 0, most = 0;
	table_init(&table);
	for (uint32_t i = 0; i < ALL_IN_ALL; i++) {
		if (i % 3 == 0 && i % 512)
			continue;       /* few share one place */
		table_add(&table, scattered(i), i);
		if (i % 1000 || i < AT_A_TIME)
			continue;
		table_forget(&table, i - AT_A_TIME);
		for (uint32_t k = i - AT_A_TIME; k <= i; k += 1 + k % 17)
			NEED(holds(&table, k) == (k % 3 || k % 512 == 0), "at %u of %u", k, i);
		NEED(!holds(&table, i - AT_A_TIME - 1), "at %u", i);
		bytes = bytes ? bytes : table_bytes(&table);
		most = most > table.used ? most : table.used;
	}
	ck_assert_uint_eq(table_bytes(&table), bytes);
	ck_assert_uint_lt(most, AT_A_TIME + AT_A_TIME / 10);
	table_free(&table);
}
END_TEST

RUN_TESTS("state", chunks_given_back_are_used_again_and_zero, chunks_may_begin_late, names_keep_their_numbers_through_growth,
    a_table_passes_over_what_is_gone, a_table_is_swept_where_it_is)
