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
	table_init(&bookings->named);
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

static char *
id_put(char *to, struct slice id)
{
	*to = (char)id.length;
	if (id.length)
		memcpy(to + 1, id.data, id.length);
	return to + 1 + id.length;
}

static uint32_t
ids_add(struct bookings *bookings, struct slice setl_id, struct slice mdtrt_id, struct slice init_setl_id)
{
	char *ids;
	uint32_t number = texts_add(&bookings->ids, setl_id.length + mdtrt_id.length + init_setl_id.length + 3, &ids);
	id_put(id_put(id_put(ids, setl_id), mdtrt_id), init_setl_id);
	return number;
}

/* Once for each id, though a booking may name it again. */
void
bookings_name(struct bookings *bookings, uint32_t number)
{
	struct slice init_setl_id = booking_init_setl_id(bookings, booking_at(bookings, number));
	if (init_setl_id.length == 0)
		return;
	uint64_t hash = setl_hash(init_setl_id);
	struct probe probe = table_probe(&bookings->named, hash);
	uint32_t other;
	while (table_next(&bookings->named, &probe, &other))
		if (other == number)
			return;
	table_add(&bookings->named, hash, number);
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
bookings_add(struct bookings *bookings, struct slice setl_id, uint64_t hash, struct slice mdtrt_id, struct slice init_setl_id)
{
	uint32_t number = chunks_add(&bookings->chunks);
	struct booking *booking = booking_at(bookings, number);
	if (number % CHUNK_RECORDS == 0)
		ids_note(bookings, number >> CHUNK_SHIFT);
	booking->ids = ids_add(bookings, setl_id, mdtrt_id, init_setl_id);
	booking->person = booking->previous = booking->original = NOBODY;
	booking->stay_month = -1;
	table_add(&bookings->table, hash, number);
	bookings_name(bookings, number);
	return number;
}

void
bookings_ids_change(struct bookings *bookings, uint32_t number, struct slice mdtrt_id, struct slice init_setl_id)
{
	struct booking *booking = booking_at(bookings, number);
	bool is_same = slice_equal(booking_mdtrt_id(bookings, booking), mdtrt_id)
	    && slice_equal(booking_init_setl_id(bookings, booking), init_setl_id);
	if (is_same)
		return;
	booking->ids = ids_add(bookings, booking_setl_id(bookings, booking), mdtrt_id, init_setl_id);
	bookings_name(bookings, number);
}

void
booking_leave_original(struct bookings *bookings, uint32_t number)
{
	struct booking *refund = booking_at(bookings, number);
	uint32_t *place = &booking_at(bookings, refund->original)->first_refund;
	while (*place != number && *place != NOBODY)
		place = &booking_at(bookings, *place)->next_refund;
	if (*place == number)
		*place = refund->next_refund;
	refund->original = refund->next_refund = NOBODY;
}

/* Before a booking goes, with all below `end`: a refund leaves an original that stays; refunds that stay behind keep the
 * truth bits under which they are booked. */
static void
booking_part(struct bookings *bookings, uint32_t number, uint32_t end)
{
	const struct booking *booking = booking_at(bookings, number);
	if (booking->flags & BOOKING_REFUND) {
		if (booking->original != NOBODY && booking->original >= end)
			booking_leave_original(bookings, number);
		return;
	}
	for (uint32_t n = booking->first_refund; n != NOBODY; n = booking_at(bookings, n)->next_refund)
		if (n >= end)
			memcpy(booking_at(bookings, n)->data, booking->data, bookings->words * sizeof *booking->data);
}

void
bookings_forget(struct bookings *bookings, int64_t before)
{
	while (bookings->chunks.first + CHUNK_RECORDS <= bookings->chunks.count) {
		uint32_t first = bookings->chunks.first;
		for (uint32_t number = first; number < first + CHUNK_RECORDS; number++)
			if (booking_at(bookings, number)->setl_time >= before)
				return;
		for (uint32_t number = first; number < first + CHUNK_RECORDS; number++)
			booking_part(bookings, number, first + CHUNK_RECORDS);
		chunks_drop_first(&bookings->chunks);
		table_forget(&bookings->table, bookings->chunks.first);
		table_forget(&bookings->named, bookings->chunks.first);
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
	return chunks_bytes(&bookings->chunks) + table_bytes(&bookings->table) + table_bytes(&bookings->named) + texts_bytes(&bookings->ids);
}

void
bookings_free(struct bookings *bookings)
{
	texts_free(&bookings->ids);
	free(bookings->ids_from);
	chunks_free(&bookings->chunks);
	table_free(&bookings->table);
	table_free(&bookings->named);
}
