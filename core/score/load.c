/* From bytes to a scorer (save.c says what they are).  Every number that points somewhere is checked to point into what
 * there is: damaged bytes are refused or give wrong answers, but never reach outside of memory. */
#include "core/score/private.h"
#include "core/state/codec.h"

static bool
points_below(uint32_t number, size_t count)
{
	return number == NOBODY || number < count;
}

#define RESERVE_MOST ((size_t)1 << 26)  /* numbers that are believed to come before they do */

static void
reserve(struct table *table, size_t count)
{
	if (table->used == 0)
		table_reserve(table, count < RESERVE_MOST ? count : RESERVE_MOST);
}

void
persons_loaded(struct codec *codec, void *context, uint32_t first, uint32_t count)
{
	struct loading *loading = context;
	struct scorer *scorer = loading->scorer;
	uint64_t hash[CODEC_GROUP];
	reserve(&scorer->persons.table, loading->persons);
	for (uint32_t i = 0; i < count; i++) {
		const struct person *person = person_at(&scorer->persons, first + i);
		uint32_t number;
		memcpy(&number, person->long_number, sizeof number);
		if (person->pool >= scorer->names.count || !points_below(person->last_booking, loading->bookings)
		    || !points_below(person->last_enrolment, loading->enrolments)
		    || (person->length > PERSON_INLINE && !texts_holds(&scorer->persons.long_texts, number, person->length))) {
			codec_refuse(codec);
			return;
		}
		hash[i] = person_hash(person->pool, person_psn_no(&scorer->persons, person));
		table_prefetch(&scorer->persons.table, hash[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		table_add(&scorer->persons.table, hash[i], first + i);
}

void
enrolments_loaded(struct codec *codec, void *context, uint32_t first, uint32_t count)
{
	struct loading *loading = context;
	struct scorer *scorer = loading->scorer;
	uint32_t names = scorer->names.count;
	for (uint32_t number = first; number < first + count; number++) {
		const struct enrolment_record *record = chunks_at(&scorer->enrolments, number);
		if (!points_below(record->previous, number) || record->insutype >= names || record->tier >= names || record->township >= names
		    || record->area >= names || record->identities > record->room
		    || (record->room && !texts_holds(&scorer->identities, record->identity, record->room * sizeof(struct enrolment_identity))))
			codec_refuse(codec);
	}
}

/* The stay that it decides is where the booking says; a month that was given back has none. */
static bool
stay_is_there(const struct scorer *scorer, const struct booking *booking, uint32_t number)
{
	uint32_t name = person_at(&scorer->persons, booking->person)->pool;
	const struct pool *pool = name < scorer->pool_index_slots && scorer->pool_index[name] ? &scorer->pool[scorer->pool_index[name] - 1] : NULL;
	const struct pool_month *window = pool ? pool_month_if(pool, (int32_t)booking->stay_month) : NULL;
	return !window || (booking->stay_slot < window->stays && window->stay[booking->stay_slot].booking == number);
}

/* Lists of refunds hold what is remembered; what they held under a forgotten original nobody follows. */
static bool
refunds_are_sound(const struct loading *loading, const struct booking *booking)
{
	uint32_t next = booking->flags & BOOKING_REFUND ? booking->next_refund : booking->first_refund;
	if (booking->flags & BOOKING_REFUND && !is_remembered(loading->scorer, booking->original))
		return true;
	return next == NOBODY || (is_remembered(loading->scorer, next) && next < loading->bookings);
}

static bool
booking_is_sound(const struct loading *loading, const struct booking *booking, uint32_t number)
{
	const struct scorer *scorer = loading->scorer;
	const struct bookings *bookings = &scorer->bookings;
	if (!texts_holds(&bookings->ids, booking->ids, 2))
		return false;
	size_t length = booking_setl_id(bookings, booking).length + 2;
	if (!texts_holds(&bookings->ids, booking->ids, length))
		return false;
	length += booking_mdtrt_id(bookings, booking).length + 1;
	if (!texts_holds(&bookings->ids, booking->ids, length)
	    || !texts_holds(&bookings->ids, booking->ids, length + booking_init_setl_id(bookings, booking).length))
		return false;
	return refunds_are_sound(loading, booking) && booking->person < scorer->persons.chunks.count && points_below(booking->previous, loading->bookings)
	    && points_below(booking->original, loading->bookings) && booking->institution < scorer->names.count
	    && booking->area < scorer->names.count && (booking->stay_month < 0 || stay_is_there(scorer, booking, number));
}

void
bookings_loaded(struct codec *codec, void *context, uint32_t first, uint32_t count)
{
	struct loading *loading = context;
	struct scorer *scorer = loading->scorer;
	struct bookings *bookings = &scorer->bookings;
	uint64_t hash[CODEC_GROUP];
	bookings->table.first = bookings->named.first = bookings->chunks.first;
	reserve(&bookings->table, loading->bookings - bookings->chunks.first);
	for (uint32_t i = 0; i < count; i++) {
		const struct booking *booking = booking_at(bookings, first + i);
		if (!booking_is_sound(loading, booking, first + i)) {
			codec_refuse(codec);
			return;
		}
		hash[i] = setl_hash(booking_setl_id(bookings, booking));
		table_prefetch(&bookings->table, hash[i]);
	}
	for (uint32_t i = 0; i < count; i++) {
		table_add(&bookings->table, hash[i], first + i);
		bookings_name(bookings, first + i);
	}
}

static bool
stays_are_sound(const struct scorer *scorer, const struct pool *pool)
{
	for (size_t i = 0; i < pool->months; i++)
		for (size_t j = 0; pool->month[i] && j < pool->month[i]->stays; j++)
			if (!points_below(pool->month[i]->stay[j].booking, scorer->bookings.chunks.count))
				return false;
	return true;
}

struct scorer *
scorer_load(struct ruleset *rules, const struct scorer_limits *limits, bool (*read)(void *context, void *bytes, size_t length), void *context)
{
	struct scorer *scorer = scorer_open(rules, limits);
	struct codec codec = {.read = read, .context = context};
	scorer_state(&codec, scorer);
	bool good = codec_end(&codec);
	for (size_t i = 0; i < scorer->pools && good; i++)
		good = stays_are_sound(scorer, &scorer->pool[i]);
	if (good)
		return scorer;
	scorer_close(scorer);
	return NULL;
}
