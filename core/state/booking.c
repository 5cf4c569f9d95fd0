/* See booking.h. */
#include "core/state/booking.h"

#include "core/base/arena.h"
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

static struct arena *
booking_ids(struct bookings *bookings, uint32_t number)
{
	size_t slot = number >> CHUNK_SHIFT;
	if (slot >= bookings->id_slots) {
		size_t slots = bookings->id_slots ? bookings->id_slots * 2 : 64;
		bookings->ids = memory_resize(bookings->ids, slots * sizeof *bookings->ids);
		memset(bookings->ids + bookings->id_slots, 0, (slots - bookings->id_slots) * sizeof *bookings->ids);
		bookings->id_slots = slots;
	}
	if (!bookings->ids[slot])
		bookings->ids[slot] = memset(memory_resize(NULL, sizeof(struct arena)), 0, sizeof(struct arena));
	return bookings->ids[slot];
}

uint32_t
bookings_find(const struct bookings *bookings, struct slice setl_id, uint64_t hash)
{
	struct probe probe = table_probe(&bookings->table, hash);
	uint32_t number;
	while (table_next(&bookings->table, &probe, &number))
		if (slice_equal(booking_setl_id(booking_at(bookings, number)), setl_id))
			return number;
	return NOBODY;
}

uint32_t
bookings_add(struct bookings *bookings, struct slice setl_id, uint64_t hash, struct slice mdtrt_id)
{
	uint32_t number = chunks_add(&bookings->chunks);
	struct booking *booking = booking_at(bookings, number);
	size_t bytes = setl_id.length + mdtrt_id.length + 2;
	char *ids = arena_alloc(booking_ids(bookings, number), bytes);
	ids[0] = (char)setl_id.length;
	memcpy(ids + 1, setl_id.data, setl_id.length);
	ids[1 + setl_id.length] = (char)mdtrt_id.length;
	if (mdtrt_id.length)
		memcpy(ids + 2 + setl_id.length, mdtrt_id.data, mdtrt_id.length);
	booking->ids = ids;
	booking->person = booking->previous = booking->original = NOBODY;
	booking->stay_month = -1;
	bookings->id_bytes += (bytes + 15) & ~(size_t)15;
	table_add(&bookings->table, hash, number);
	return number;
}

void
bookings_forget(struct bookings *bookings, int64_t before)
{
	while (bookings->chunks.first + CHUNK_RECORDS <= bookings->chunks.count) {
		uint32_t first = bookings->chunks.first;
		for (uint32_t number = first; number < first + CHUNK_RECORDS; number++)
			if (booking_at(bookings, number)->setl_time >= before)
				return;
		struct arena *ids = bookings->ids[first >> CHUNK_SHIFT];
		arena_free(ids);
		free(ids);
		bookings->ids[first >> CHUNK_SHIFT] = NULL;
		chunks_drop_first(&bookings->chunks);
		bookings->table.first = bookings->chunks.first;
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
	return chunks_bytes(&bookings->chunks) + table_bytes(&bookings->table) + bookings->id_bytes;
}

void
bookings_free(struct bookings *bookings)
{
	for (size_t slot = 0; slot < bookings->id_slots; slot++)
		if (bookings->ids[slot]) {
			arena_free(bookings->ids[slot]);
			free(bookings->ids[slot]);
		}
	free(bookings->ids);
	chunks_free(&bookings->chunks);
	table_free(&bookings->table);
}
