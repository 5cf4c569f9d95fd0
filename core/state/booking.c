/* See booking.h. */
#include "core/state/booking.h"

#include "core/base/memory.h"

#include <stdlib.h>

static size_t
booking_stride(size_t words, size_t amounts)
{
	return sizeof(struct booking) + (words + amounts) * sizeof(int64_t);
}

uint64_t
setl_hash(struct slice setl_id)
{
	return hash64(setl_id.data, setl_id.length);
}

void
bookings_init(struct bookings *bookings, size_t words, size_t amounts)
{
	*bookings = (struct bookings){.words = words, .amounts = amounts};
	chunks_init(&bookings->chunks, booking_stride(words, amounts));
	table_init(&bookings->table);
}

uint32_t
bookings_find(const struct bookings *bookings, struct slice setl_id, uint64_t hash)
{
	struct probe probe = table_probe(&bookings->table, hash);
	uint32_t number;
	while (table_next(&bookings->table, &probe, &number))
		if (slice_equal(booking_setl_id(bookings, booking_at(bookings, number)), setl_id))
			return number;
	return NOBODY;
}

static uint32_t
ids_add(struct bookings *bookings, struct slice setl_id, struct slice mdtrt_id)
{
	char *ids;
	uint32_t number = texts_add(&bookings->ids, setl_id.length + mdtrt_id.length + 2, &ids);
	ids[0] = (char)setl_id.length;
	memcpy(ids + 1, setl_id.data, setl_id.length);
	ids[1 + setl_id.length] = (char)mdtrt_id.length;
	if (mdtrt_id.length)
		memcpy(ids + 2 + setl_id.length, mdtrt_id.data, mdtrt_id.length);
	return number;
}

/* Ids of a booking stand in the block that was the newest when its chunk began, or behind it. */
static void
ids_note(struct bookings *bookings, uint32_t chunk)
{
	if (chunk >= bookings->chunk_slots) {
		bookings->chunk_slots = 2 * (size_t)chunk + 64;
		bookings->ids_from = memory_resize(bookings->ids_from, bookings->chunk_slots * sizeof *bookings->ids_from);
	}
	bookings->ids_from[chunk] = texts_newest(&bookings->ids);
}

uint32_t
bookings_add(struct bookings *bookings, struct slice setl_id, uint64_t hash, struct slice mdtrt_id)
{
	uint32_t number = chunks_add(&bookings->chunks);
	struct booking *booking = booking_at(bookings, number);
	if (number % CHUNK_RECORDS == 0)
		ids_note(bookings, number >> CHUNK_SHIFT);
	booking->ids = ids_add(bookings, setl_id, mdtrt_id);
	booking->person = booking->previous = booking->original = NOBODY;
	booking->stay_month = -1;
	table_add(&bookings->table, hash, number);
	return number;
}

void
bookings_visit_change(struct bookings *bookings, uint32_t number, struct slice mdtrt_id)
{
	struct booking *booking = booking_at(bookings, number);
	if (!slice_equal(booking_mdtrt_id(bookings, booking), mdtrt_id))
		booking->ids = ids_add(bookings, booking_setl_id(bookings, booking), mdtrt_id);
}

void
bookings_forget(struct bookings *bookings, int64_t before)
{
	while (bookings->chunks.first + CHUNK_RECORDS <= bookings->chunks.count) {
		uint32_t first = bookings->chunks.first;
		for (uint32_t number = first; number < first + CHUNK_RECORDS; number++)
			if (booking_at(bookings, number)->setl_time >= before)
				return;
		chunks_drop_first(&bookings->chunks);
		bookings->table.first = bookings->chunks.first;
		bool is_last = bookings->chunks.first == bookings->chunks.count;
		texts_drop(&bookings->ids, is_last ? texts_newest(&bookings->ids) : bookings->ids_from[bookings->chunks.first >> CHUNK_SHIFT]);
	}
}

void
bookings_relayout(struct bookings *bookings, size_t words, size_t amounts,
    void (*rewrite)(const void *plan, const int64_t *old_data, int64_t *new_data), const void *plan)
{
	struct chunks old = bookings->chunks;
	chunks_init(&bookings->chunks, booking_stride(words, amounts));
	bookings->words = words;
	bookings->amounts = amounts;
	bookings->chunks.first = old.first;
	bookings->chunks.count = old.first;
	for (uint32_t number = old.first; number < old.count; number++) {
		const struct booking *from = chunks_at(&old, number);
		struct booking *to = chunks_at(&bookings->chunks, chunks_add(&bookings->chunks));
		memcpy(to, from, sizeof *to);
		rewrite(plan, from->data, to->data);
	}
	chunks_free(&old);
}

size_t
bookings_bytes(const struct bookings *bookings)
{
	return chunks_bytes(&bookings->chunks) + table_bytes(&bookings->table) + texts_bytes(&bookings->ids);
}

void
bookings_free(struct bookings *bookings)
{
	texts_free(&bookings->ids);
	free(bookings->ids_from);
	chunks_free(&bookings->chunks);
	table_free(&bookings->table);
}
