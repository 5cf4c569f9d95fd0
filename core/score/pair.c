/* Ratios of two amounts, by level of institution and identity class: sums per month as of any series, and the sums of
 * squares that say how far a ratio may be off by chance (statistics D5).
 *
 * A settlement counts as one with the refunds that are booked with it: what stands of it is kept behind its booking, and
 * when that changes its old square leaves the sum and the new one comes.  All sums are integers, and those of squares wrap
 * at 2^128, so that whatever was refunded, restated or void leaves them as if it had never been seen. */
#include "core/score/matches.h"

#include <stdlib.h>

#define UNKNOWN UINT8_MAX

/* ---- keys ---- */

/* Of the series it goes into; 0: all levels together; UNKNOWN: none. */
static uint8_t
level_key(const struct series_rule *made, const struct booking *booking)
{
	uint8_t level = booking_level(booking);
	if (made->levels == KEYS_ANY)
		return 0;
	if (level == 0 || (made->levels == KEYS_SOME && level != made->level))
		return UNKNOWN;
	return level;
}

static uint8_t
class_key(const struct scorer *scorer, const struct series_rule *made, const struct booking *booking)
{
	if (made->classes == KEYS_ANY)
		return 0;
	int32_t day = time_day(booking->setl_time);
	const struct enrolment_record *record = enrolment_find(scorer, person_at(&scorer->persons, booking->person), day_year(day), 0);
	if (!record)
		return UNKNOWN;
	enum identity_class class = enrolment_class(scorer, record, day);
	if (made->classes == KEYS_EACH)
		return (uint8_t)(1 + class);
	return class < CLASS_other ? 0 : UNKNOWN;
}

bool
pair_has(struct scorer *scorer, const struct series *series, const struct booking *booking)
{
	const struct series_rule *made = &scorer->layout.series_rule[series->series_rule];
	return level_key(made, booking) == series->level && class_key(scorer, made, booking) == series->class;
}

static struct series *
place_series(struct pool *pool, struct pair_place *place, uint8_t level, uint8_t class)
{
	uint32_t *number = &place->number[level][class];
	if (*number == 0)
		*number = 1 + series_number(pool, place->series_rule, place->subject, level, class);
	return &pool->series[*number - 1];
}

/* ---- sums ---- */

struct pair {
	int64_t above, below;
};

static void
square(struct series_month *sums, struct pair pair, int sign)
{
	unsigned __int128 above = (unsigned __int128)pair.above, below = (unsigned __int128)pair.below, one = (unsigned __int128)sign;
	if (pair.above == 0 && pair.below == 0)
		return;
	sums->entries += sign;
	sums->squares[SQUARES_NUMERATOR] += one * above * above;
	sums->squares[SQUARES_PRODUCT] += one * above * below;
	sums->squares[SQUARES_DENOMINATOR] += one * below * below;
}

/* What stands of a settlement was `before` and is `now`. */
static void
series_change(struct series *series, int32_t month, struct pair before, struct pair now)
{
	struct series_month *sums = series_month(series, month);
	sums->numerator += now.above - before.above;
	sums->denominator += now.below - before.below;
	square(sums, before, -1);
	square(sums, now, 1);
}

static int64_t
standing(const struct scorer *scorer, const struct booking *booking, size_t amount)
{
	for (size_t i = 0; i < scorer->layout.nets; i++)
		if (scorer->layout.net[i] == amount)
			return booking_amount(&scorer->bookings, booking, scorer->layout.amounts + i);
	return 0;
}

static struct pair
pair_standing(const struct scorer *scorer, const struct series_rule *made, const struct booking *booking)
{
	return (struct pair){standing(scorer, booking, made->above), standing(scorer, booking, made->amount)};
}

/* The settlement's place among the series of one rule and subject, NULL: it is not looked at. */
static struct series *
series_of(struct scorer *scorer, struct pool *pool, const struct booking *booking, struct pair_place *place)
{
	const struct series_rule *made = &scorer->layout.series_rule[place->series_rule];
	if (!booking_bit(booking, made->where_bit))
		return NULL;
	uint8_t level = level_key(made, booking);
	uint8_t class = level == UNKNOWN ? UNKNOWN : class_key(scorer, made, booking);
	return class == UNKNOWN ? NULL : place_series(pool, place, level, class);
}

void
pairs_add(struct scorer *scorer, uint32_t target, const struct booking *amounts, int sign)
{
	struct booking *booking = booking_at(&scorer->bookings, target);
	struct pool *pool = pool_get(scorer, person_at(&scorer->persons, booking->person)->pool);
	int32_t month = scorer_month(scorer, amounts->booked_time);
	if (pool_beyond(scorer, pool, month))
		return;
	const struct area_series *list = area_series(scorer, pool, booking->area);
	bool any = false;
	for (size_t i = 0; i < list->pairs; i++) {
		const struct series_rule *made = &scorer->layout.series_rule[list->pair[i].series_rule];
		struct series *series = series_of(scorer, pool, booking, &list->pair[i]);
		any |= booking_bit(booking, made->where_bit);
		if (!series)
			continue;
		struct pair before = pair_standing(scorer, made, booking), now = before;
		now.above += sign * booking_amount(&scorer->bookings, amounts, made->above);
		now.below += sign * booking_amount(&scorer->bookings, amounts, made->amount);
		pool_change(scorer, pool, month);
		series_change(series, month, before, now);
	}
	for (size_t i = 0; any && i < scorer->layout.nets; i++)
		booking->data[scorer->layout.words + scorer->layout.amounts + i] += sign * booking_amount(&scorer->bookings, amounts, scorer->layout.net[i]);
}

/* ---- a person of another class ---- */

static void
booking_move(struct scorer *scorer, struct pool *pool, const struct booking *booking, int sign)
{
	static const struct pair nothing = {0, 0};
	int32_t month = scorer_month(scorer, booking->setl_time);
	if (pool_beyond(scorer, pool, month))
		return;
	const struct area_series *list = area_series(scorer, pool, booking->area);
	for (size_t i = 0; i < list->pairs; i++) {
		const struct series_rule *made = &scorer->layout.series_rule[list->pair[i].series_rule];
		struct pair pair = pair_standing(scorer, made, booking);
		struct series *series = made->classes == KEYS_ANY ? NULL : series_of(scorer, pool, booking, &list->pair[i]);
		if (!series || (pair.above == 0 && pair.below == 0))
			continue;
		pool_change(scorer, pool, month);
		series_change(series, month, sign < 0 ? pair : nothing, sign < 0 ? nothing : pair);
		series_stays_changed(pool, month);
	}
}

void
pairs_move(struct scorer *scorer, uint32_t number, int32_t year, int sign)
{
	const struct person *person = person_at(&scorer->persons, number);
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = booking_at(&scorer->bookings, n)->previous) {
		const struct booking *booking = booking_at(&scorer->bookings, n);
		if (day_year(time_day(booking->setl_time)) == year)
			booking_move(scorer, pool_get(scorer, person->pool), booking, sign);
	}
}
