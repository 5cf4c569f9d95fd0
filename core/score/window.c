/* Months of a pool: which stays they hold, and when they close (contract 2).  The watermark is the largest setl_time
 * judged, never beyond the largest arrival where arrivals are known, or the largest tick if that is later, minus the
 * allowed lateness; a month closes when the watermark passes its end.  A closed month that changes is judged again at
 * once, a year to date with the later months of its year; what else depends on it waits for the next close. */
#include "core/score/private.h"

#include <stdlib.h>

struct pool *
pool_get(struct scorer *scorer, uint32_t name)
{
	if (name >= scorer->pool_index_slots) {
		size_t slots = 2 * (size_t)name + 64;
		scorer->pool_index = memory_resize(scorer->pool_index, slots * sizeof *scorer->pool_index);
		memset(scorer->pool_index + scorer->pool_index_slots, 0,
		    (slots - scorer->pool_index_slots) * sizeof *scorer->pool_index);
		scorer->pool_index_slots = slots;
	}
	if (!scorer->pool_index[name]) {
		scorer->pool = memory_resize(scorer->pool, (scorer->pools + 1) * sizeof *scorer->pool);
		scorer->pool[scorer->pools] = (struct pool){.name = name, .newest_setl_time = INT64_MIN, .newest_arrival = INT64_MIN,
		    .newest_tick = INT64_MIN, .next_close = NO_MONTH, .closed_through = NO_MONTH, .newest_month = NO_MONTH};
		scorer->pool_index[name] = (uint32_t)++scorer->pools;
	}
	return &scorer->pool[scorer->pool_index[name] - 1];
}

/* ---- months ---- */

struct pool_month *
pool_month_if(const struct pool *pool, int32_t month)
{
	if (month < pool->first_month || (size_t)(month - pool->first_month) >= pool->months)
		return NULL;
	return pool->month[month - pool->first_month];
}

static void
months_make_room(struct pool *pool, int32_t month)
{
	if (pool->months == 0)
		pool->first_month = month;
	size_t before = month < pool->first_month ? (size_t)(pool->first_month - month) : 0;
	size_t last = before + pool->months, wanted = (size_t)(month - pool->first_month + (int32_t)before) + 1;
	size_t months = wanted > last ? wanted : last;
	if (months == pool->months)
		return;
	pool->month = memory_resize(pool->month, months * sizeof *pool->month);
	memmove(pool->month + before, pool->month, pool->months * sizeof *pool->month);
	memset(pool->month, 0, before * sizeof *pool->month);
	memset(pool->month + last, 0, (months - last) * sizeof *pool->month);
	pool->first_month -= (int32_t)before;
	pool->months = months;
}

struct pool_month *
pool_month(struct scorer *scorer, struct pool *pool, int32_t month)
{
	struct pool_month *window = pool_month_if(pool, month);
	if (window)
		return window;
	months_make_room(pool, month);
	window = memory_resize(NULL, sizeof *window);
	memset(window, 0, sizeof *window);
	window->month = month;
	window->family = memory_resize(NULL, (scorer->layout.family_rules + 1) * sizeof *window->family);
	memset(window->family, 0, (scorer->layout.family_rules + 1) * sizeof *window->family);
	pool->month[month - pool->first_month] = window;
	return window;
}

static void
month_free(struct scorer *scorer, struct pool_month *window)
{
	if (!window)
		return;
	for (size_t i = 0; i < scorer->layout.family_rules; i++) {
		free(window->family[i].said);
		free(window->family[i].unit);
	}
	free(window->family);
	free(window->stay);
	free(window->cell);
	free(window);
}

bool
pool_is_closed(const struct pool *pool, int32_t month)
{
	return pool->closed_through != NO_MONTH && month <= pool->closed_through;
}

static int32_t
oldest_month(const struct scorer *scorer, const struct pool *pool)
{
	return pool->newest_month - scorer->limits.history_months;
}

bool
pool_beyond(const struct scorer *scorer, const struct pool *pool, int32_t month)
{
	return pool->newest_month != NO_MONTH && month < oldest_month(scorer, pool);
}

/* Where the month is, or belongs, among those that changed. */
static size_t
changed_place(const struct scorer *scorer, struct changed_month wanted)
{
	size_t place = scorer->changed_count;
	while (place > 0 && (scorer->changed[place - 1].pool > wanted.pool
	    || (scorer->changed[place - 1].pool == wanted.pool && scorer->changed[place - 1].month >= wanted.month)))
		place--;
	return place;
}

void
pool_change(struct scorer *scorer, struct pool *pool, int32_t month)
{
	if (!pool_is_closed(pool, month) || pool_beyond(scorer, pool, month))
		return;
	struct changed_month wanted = {(size_t)(pool - scorer->pool), month};
	size_t place = changed_place(scorer, wanted);
	if (place < scorer->changed_count && scorer->changed[place].pool == wanted.pool && scorer->changed[place].month == month)
		return;
	if (scorer->changed_count == scorer->changed_slots) {
		scorer->changed_slots = 2 * scorer->changed_slots + 16;
		scorer->changed = memory_resize(scorer->changed, scorer->changed_slots * sizeof *scorer->changed);
	}
	memmove(scorer->changed + place + 1, scorer->changed + place, (scorer->changed_count++ - place) * sizeof wanted);
	scorer->changed[place] = wanted;
}

int32_t
pool_begins(const struct pool *pool)
{
	for (size_t i = 0; i < pool->months; i++)
		if (pool->month[i] && pool->month[i]->entries > 0)
			return pool->month[i]->month;
	return NO_MONTH;
}

/* The pool begins with the month, or no longer: those from there to where it began, or begins now, are judged or no longer
 * part of a baseline. */
static void
pool_begins_otherwise(struct scorer *scorer, struct pool *pool, int32_t month)
{
	int32_t begins = pool_begins(pool);
	if (begins != NO_MONTH && begins < month)
		return;
	for (int32_t changed = month; changed <= pool->closed_through; changed++) {
		const struct pool_month *window = pool_month_if(pool, changed);
		if (changed > month && window && window->entries > 0)
			return;
		pool_change(scorer, pool, changed);
	}
}

void
pool_note(struct scorer *scorer, struct pool *pool, int32_t month, int sign)
{
	if (pool_beyond(scorer, pool, month))
		return;
	struct pool_month *window = pool_month(scorer, pool, month);
	int64_t before = window->entries;
	window->entries += sign;
	if (pool_is_closed(pool, month) && (before == 0 || window->entries == 0))
		pool_begins_otherwise(scorer, pool, month);
}

/* Months older than the history give their memory back. */
static void
pool_trim(struct scorer *scorer, struct pool *pool)
{
	int32_t oldest = oldest_month(scorer, pool);
	size_t gone = 0;
	for (; gone < pool->months && pool->first_month + (int32_t)gone < oldest; gone++) {
		month_free(scorer, pool->month[gone]);
		series_stays_changed(pool, pool->first_month + (int32_t)gone);
	}
	if (gone == 0)
		return;
	memmove(pool->month, pool->month + gone, (pool->months - gone) * sizeof *pool->month);
	pool->months -= gone;
	pool->first_month += (int32_t)gone;
	series_trim(scorer, pool, oldest);
}

/* Settlements older than `remember` go, in whole chunks; a pool that stands still for that long holds nothing back. */
static void
forget(struct scorer *scorer)
{
	int64_t remember = (int64_t)scorer->limits.remember_days * DAY_SECONDS, newest = INT64_MIN, slowest = INT64_MAX;
	for (size_t i = 0; i < scorer->pools; i++)
		if (scorer->pool[i].newest_setl_time > newest)
			newest = scorer->pool[i].newest_setl_time;
	if (newest == INT64_MIN)
		return;
	for (size_t i = 0; i < scorer->pools; i++) {
		int64_t time = scorer->pool[i].newest_setl_time;
		if (time != INT64_MIN && time >= newest - remember && time < slowest)
			slowest = time;
	}
	bookings_forget(&scorer->bookings, slowest - remember);
	claim_said_forget(scorer);
}

/* ---- closing ---- */

/* The changed months of one pool: families month by month, then each series from the first month of a year on. */
static void
judge_changed(struct scorer *scorer, struct pool *pool, const struct changed_month *changed, size_t count, enum cause cause)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < scorer->layout.family_rules; j++)
			family_close(scorer, pool, j, changed[i].month, cause);
	for (size_t j = 0; j < scorer->layout.series_rules; j++)
		for (size_t i = 0; i < count; i++) {
			int32_t year = changed[i].month / 12, last = year * 12 + 11;
			if (i > 0 && changed[i - 1].month / 12 == year)
				continue;
			series_close(scorer, pool, j, changed[i].month, last < pool->closed_through ? last : pool->closed_through, cause);
		}
}

void
pools_judge_changed(struct scorer *scorer, enum cause cause)
{
	if (cause == CAUSE_CLAIM)
		cause = CAUSE_LATE;
	for (size_t i = 0, count; i < scorer->changed_count; i += count) {
		struct pool *pool = &scorer->pool[scorer->changed[i].pool];
		for (count = 0; i + count < scorer->changed_count && scorer->changed[i + count].pool == scorer->changed[i].pool; count++) {
			struct pool_month *window = pool_month(scorer, pool, scorer->changed[i + count].month);
			window->stale = true;
			window->stale_cause = cause;
		}
		judge_changed(scorer, pool, scorer->changed + i, count, cause);
	}
	scorer->changed_count = 0;
}

/* What a change reaches beyond its year: in families the months whose baseline it is part of, in a year to date the
 * later years, which it completes.  Each is judged once, oldest first. */
static void
judge_stale(struct scorer *scorer, struct pool *pool)
{
	int32_t first = NO_MONTH, newest_stale = NO_MONTH;
	enum cause first_cause = CAUSE_LATE;
	scorer->closing = true;
	for (int32_t month = pool->first_month; month <= pool->closed_through && month < pool->first_month + (int32_t)pool->months; month++) {
		struct pool_month *window = pool_month_if(pool, month);
		bool stale = window && window->stale;
		if (stale && first == NO_MONTH) {
			first = month;
			first_cause = window->stale_cause;
		}
		if (stale)
			newest_stale = month;
		for (size_t i = 0; newest_stale != NO_MONTH && month <= newest_stale + BASELINE_MONTHS && i < scorer->layout.family_rules; i++)
			family_close(scorer, pool, i, month, stale ? window->stale_cause : CAUSE_LATE);
		if (stale)
			window->stale = false;
	}
	for (size_t i = 0; first != NO_MONTH && i < scorer->layout.series_rules; i++)
		series_close(scorer, pool, i, first, pool->closed_through, first_cause);
	scorer->closing = false;
}

static void
close_next(struct scorer *scorer, struct pool *pool)
{
	int32_t month = pool->next_close;
	judge_stale(scorer, pool);
	pool_month(scorer, pool, month);
	pool->closed_through = month;
	pool->next_close = month + 1;
	scorer->closing = true;
	for (size_t i = 0; i < scorer->layout.series_rules; i++)
		series_close(scorer, pool, i, month, month, CAUSE_CLOSE);
	for (size_t i = 0; i < scorer->layout.family_rules; i++)
		family_close(scorer, pool, i, month, CAUSE_CLOSE);
	hold_close(scorer, pool);
	say_quality(scorer, pool, month);
	scorer->closing = false;
	pool_trim(scorer, pool);
	forget(scorer);
}

static int64_t
pool_newest(const struct pool *pool)
{
	bool held_back = pool->newest_arrival != INT64_MIN && pool->newest_arrival < pool->newest_setl_time;
	int64_t newest = held_back ? pool->newest_arrival : pool->newest_setl_time;
	return newest > pool->newest_tick ? newest : pool->newest_tick;
}

/* Whether the month that closes next would, were the newest time this one. */
static bool
is_passed(const struct scorer *scorer, const struct pool *pool, int64_t newest)
{
	int64_t watermark = newest - (int64_t)scorer->limits.lateness_days * DAY_SECONDS;
	return (int64_t)month_first_day(pool->next_close + 1) * DAY_SECONDS <= watermark;
}

static void
pool_move_on(struct scorer *scorer, struct pool *pool)
{
	int64_t newest = pool_newest(pool);
	pool->newest_month = scorer_month(scorer, newest);
	if (pool->next_close < oldest_month(scorer, pool))
		pool->next_close = oldest_month(scorer, pool);
	while (is_passed(scorer, pool, newest))
		close_next(scorer, pool);
}

/* A pool that a record came for at that time or later is not idle: the clock says nothing about it. */
static bool
is_idle(const struct pool *pool, int64_t time)
{
	return pool->newest_month != NO_MONTH && time > pool->newest_tick && (pool->newest_arrival == INT64_MIN || pool->newest_arrival < time);
}

void
pool_tick(struct scorer *scorer, struct pool *pool, int64_t time)
{
	if (!is_idle(pool, time))
		return;
	pool->newest_tick = time;
	pool_move_on(scorer, pool);
}

bool
scorer_wants_tick(const struct scorer *scorer, int64_t time)
{
	for (size_t i = 0; i < scorer->pools; i++)
		if (is_idle(&scorer->pool[i], time) && is_passed(scorer, &scorer->pool[i], time))
			return true;
	return false;
}

void
pool_advance(struct scorer *scorer, struct pool *pool, int64_t setl_time, int64_t arrival_ms)
{
	if (setl_time > pool->newest_setl_time)
		pool->newest_setl_time = setl_time;
	if (arrival_ms != ARRIVAL_UNKNOWN && arrival_ms / 1000 + BEIJING_OFFSET_SECONDS > pool->newest_arrival)
		pool->newest_arrival = arrival_ms / 1000 + BEIJING_OFFSET_SECONDS;
	int32_t month = scorer_month(scorer, setl_time);
	bool first_seen = pool->closed_through == NO_MONTH && (pool->next_close == NO_MONTH || month < pool->next_close);
	if (first_seen)
		pool->next_close = month;
	pool_move_on(scorer, pool);
}

void
pool_close_all(struct scorer *scorer, struct pool *pool)
{
	if (pool->newest_month == NO_MONTH)
		return;
	int32_t last = day_month(time_day(pool->newest_setl_time));
	while (pool->next_close <= last)
		close_next(scorer, pool);
	judge_stale(scorer, pool);
	scorer->closing = true;
	hold_close(scorer, pool);
	scorer->closing = false;
}

int32_t
scorer_closed_through(const struct scorer *scorer)
{
	int32_t day = INT32_MIN;
	for (size_t i = 0; i < scorer->pools; i++) {
		int32_t month = scorer->pool[i].closed_through;
		if (month != NO_MONTH && month_first_day(month + 1) - 1 > day)
			day = month_first_day(month + 1) - 1;
	}
	return day;
}

void
scorer_open_windows(struct scorer *scorer, struct buffer *buffer)
{
	json_open(buffer, '[');
	for (size_t i = 0; i < scorer->pools; i++) {
		const struct pool *pool = &scorer->pool[i];
		if (pool->newest_month == NO_MONTH)
			continue;
		int32_t last = day_month(time_day(pool->newest_setl_time));
		for (int32_t month = pool->next_close; month <= last; month++) {
			char text[TIME_TEXT_SIZE];
			json_open(buffer, '{');
			json_key(buffer, "pool");
			json_string(buffer, names_text(&scorer->names, pool->name));
			json_key(buffer, "month");
			json_text(buffer, month_text(month, text));
			json_close(buffer, '}');
		}
	}
	json_close(buffer, ']');
}

/* ---- stays ---- */

void
stay_put(struct scorer *scorer, struct pool *pool, uint32_t number, int32_t month)
{
	struct booking *booking = booking_at(&scorer->bookings, number);
	if (pool_beyond(scorer, pool, month))
		return;
	pool_change(scorer, pool, month);
	struct pool_month *window = pool_month(scorer, pool, month);
	if (window->stays == window->stay_slots) {
		window->stay_slots = window->stay_slots ? window->stay_slots * 2 : 64;
		window->stay = memory_resize(window->stay, window->stay_slots * sizeof *window->stay);
	}
	booking->stay_month = month;
	booking->stay_slot = (uint32_t)window->stays;
	struct stay *stay = &window->stay[window->stays++];
	*stay = (struct stay){.booking = number, .institution = booking->institution};
	if (window->persons_counted)
		stay->of = census_stay(scorer, booking, window);
	census_change(scorer, window, stay, 1);
	series_stays_changed(pool, month);
	series_add_stay(scorer, booking, month, 1);
}

void
stay_take(struct scorer *scorer, struct pool *pool, uint32_t number)
{
	struct booking *booking = booking_at(&scorer->bookings, number);
	struct pool_month *window = pool_month_if(pool, booking->stay_month);
	if (window) {
		struct stay *stay = &window->stay[booking->stay_slot];
		census_change(scorer, window, stay, -1);
		stay->booking = NOBODY;
		pool_change(scorer, pool, booking->stay_month);
		series_stays_changed(pool, booking->stay_month);
		series_add_stay(scorer, booking, booking->stay_month, -1);
	}
	booking->stay_month = -1;
}

void
pool_free(struct scorer *scorer, struct pool *pool)
{
	for (size_t i = 0; i < pool->months; i++)
		month_free(scorer, pool->month[i]);
	for (size_t i = 0; i < pool->series_count; i++)
		series_free(&pool->series[i]);
	free(pool->month);
	free(pool->series);
	free(pool->quality);
	free(pool->quality_place);
}
