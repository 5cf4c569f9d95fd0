/* Everything that is remembered, named once: the same functions save and load it (state/codec.h).
 *
 * A field that decides later output must be named here.  What is not named is made again: hash tables, maps by name
 * number, what the ruleset gives (matcher, layout, areas, which series an area goes into), and what lives no longer than
 * a record or a batch.  KNOWN stops the compiler when a struct grows, so that nothing is forgotten; test_scorer_save cuts
 * random worlds in two and wants the same bytes. */
#include "core/score/matches.h"
#include "core/state/codec.h"

#define STATE_LAYOUT 10                 /* grows with every change of what is written */

#define KNOWN(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed: name its new field below, then its size here, and count STATE_LAYOUT up")
KNOWN(struct said, 24);
KNOWN(struct series_month, 112);
KNOWN(struct series_year, 32);
KNOWN(struct series, 64);
KNOWN(struct cell, 16);
KNOWN(struct unit_said, 104);
KNOWN(struct unit_count, 64);
KNOWN(struct stay, 16);
KNOWN(struct family_month, 6432);
KNOWN(struct pool_month, 6464);
KNOWN(struct quality_count, 36);
KNOWN(struct pool, 120);
KNOWN(struct claim_said, 104);
KNOWN(struct booking, 88);
KNOWN(struct bookings, 232);
KNOWN(struct person, 56);
KNOWN(struct persons, 176);
KNOWN(struct enrolment_record, 64);
KNOWN(struct rule_counts, 80);
KNOWN(struct scorer_counts, 256);
KNOWN(struct hidden, 32);
KNOWN(struct hiding, 80);
KNOWN(struct suppression_counts, 24);
KNOWN(struct held, 20);
KNOWN(struct holding, 104);
KNOWN(struct latest_value, 16);
KNOWN(struct latest_entry, 64);
KNOWN(struct latest, 184);
KNOWN(struct scorer, 24288);

#define MONTHS_MOST 200000              /* from year 0 to 9999 there are fewer */
#define TIME_MOST (INT64_C(1) << 39)    /* as far as a booking reaches */
#define LIST_MOST UINT32_MAX

/* ---- numbers that point somewhere ---- */

static void
name_state(struct codec *codec, const struct scorer *scorer, uint32_t *name)
{
	CODEC(codec, *name);
	if (*name >= scorer->names.count)
		codec_refuse(codec);
}

static void
flag_state(struct codec *codec, bool *flag)
{
	uint8_t byte = *flag;
	CODEC(codec, byte);
	*flag = byte != 0;
}

static void
month_number_state(struct codec *codec, int32_t *month)
{
	CODEC(codec, *month);
	if (*month != NO_MONTH && (*month < -MONTHS_MOST || *month > MONTHS_MOST))
		codec_refuse(codec);
}

static void
time_state(struct codec *codec, int64_t *time)
{
	CODEC(codec, *time);
	if (*time != INT64_MIN && (*time < -TIME_MOST || *time > TIME_MOST))
		codec_refuse(codec);
}

static void
said_state(struct codec *codec, struct said *said)
{
	CODEC(codec, *said);
	if (said->status > STATUS_INSUFFICIENT)
		codec_refuse(codec);
}

/* An array whose elements are named one by one: room for the next of them, zero when it is to be loaded. */
static void *
next_room(struct codec *codec, void *list, size_t index, size_t bytes)
{
	if (!codec_loads(codec))
		return list;
	bool full = (index & (index - 1)) == 0;         /* 0, 1, 2, 4, 8, ...: a count that lies takes no memory */
	if (full)
		list = memory_resize(list, (index ? 2 * index : 1) * bytes);
	memset((char *)list + index * bytes, 0, bytes);
	return list;
}

/* ---- series ---- */

static void
series_month_state(struct codec *codec, struct series_month *month)
{
	CODEC(codec, month->numerator);
	CODEC(codec, month->denominator);
	CODEC(codec, month->entries);
	flag_state(codec, &month->watch);
	said_state(codec, &month->indicator);
	CODEC(codec, month->squares);
}

static void
series_state(struct codec *codec, struct scorer *scorer, struct series *series)
{
	CODEC(codec, series->series_rule);
	if (series->series_rule >= scorer->layout.series_rules)
		codec_refuse(codec);
	name_state(codec, scorer, &series->subject);
	CODEC(codec, series->level);
	CODEC(codec, series->class);
	if (series->level > LEVELS || series->class > CLASS_COUNT)
		codec_refuse(codec);
	month_number_state(codec, &series->first_month);
	size_t months = series->months, years = series->years;
	codec_count(codec, &months, MONTHS_MOST);
	for (size_t i = 0; i < months && !codec->bad; i++) {
		series->month = next_room(codec, series->month, i, sizeof *series->month);
		series->months = codec_loads(codec) ? i + 1 : months;
		series_month_state(codec, &series->month[i]);
	}
	codec_count(codec, &years, MONTHS_MOST);
	for (size_t i = 0; i < years && !codec->bad; i++) {
		series->year = next_room(codec, series->year, i, sizeof *series->year);
		series->years = codec_loads(codec) ? i + 1 : years;
		CODEC(codec, series->year[i].year);
		said_state(codec, &series->year[i].alert);
	}
}

/* ---- months ---- */

static void
unit_said_state(struct codec *codec, struct scorer *scorer, struct unit_said *said)
{
	name_state(codec, scorer, &said->unit);
	CODEC(codec, said->class);
	if (said->class >= CLASS_COUNT)
		codec_refuse(codec);
	said_state(codec, &said->alert);
	said_state(codec, &said->indicator);
}

/* Where the last one was found is no state: it only saves steps. */
static void
family_month_state(struct codec *codec, struct scorer *scorer, struct family_month *family)
{
	size_t said = family->count, units = family->units;
	codec_count(codec, &said, LIST_MOST);
	for (size_t i = 0; i < said && !codec->bad; i++) {
		family->said = next_room(codec, family->said, i, sizeof *family->said);
		family->count = codec_loads(codec) ? i + 1 : said;
		unit_said_state(codec, scorer, &family->said[i]);
	}
	flag_state(codec, &family->stays_counted);
	codec_words(codec, family->observed[0], sizeof family->observed / sizeof family->observed[0][0]);
	codec_count(codec, &units, LIST_MOST);
	for (size_t i = 0; i < units && !codec->bad; i++) {
		family->unit = next_room(codec, family->unit, i, sizeof *family->unit);
		family->units = codec_loads(codec) ? i + 1 : units;
		name_state(codec, scorer, &family->unit[i].unit);
		CODEC(codec, family->unit[i].stays);
		CODEC(codec, family->unit[i].observed);
	}
}

static void
cell_state(struct codec *codec, struct scorer *scorer, struct cell *cell)
{
	name_state(codec, scorer, &cell->township);
	CODEC(codec, cell->class);
	CODEC(codec, cell->stratum);
	CODEC(codec, cell->persons);
	if (cell->class >= CLASS_COUNT || cell->stratum >= STRATA)
		codec_refuse(codec);
}

static void
stay_state(struct codec *codec, struct scorer *scorer, struct stay *stay)
{
	CODEC(codec, stay->booking);
	name_state(codec, scorer, &stay->institution);
	name_state(codec, scorer, &stay->of.township);
	CODEC(codec, stay->of.class);
	CODEC(codec, stay->of.stratum);
	flag_state(codec, &stay->of.known);
	if (stay->of.class >= CLASS_COUNT || stay->of.stratum >= STRATA)
		codec_refuse(codec);
}

static void
month_state(struct codec *codec, struct scorer *scorer, struct pool_month *window)
{
	size_t stays = window->stays;
	CODEC(codec, window->entries);
	codec_count(codec, &stays, LIST_MOST);
	for (size_t i = 0; i < stays && !codec->bad; i++) {
		window->stay = next_room(codec, window->stay, i, sizeof *window->stay);
		if (codec_loads(codec))
			window->stays = window->stay_slots = i + 1;
		stay_state(codec, scorer, &window->stay[i]);
	}
	flag_state(codec, &window->stale);
	CODEC(codec, window->stale_cause);
	if (window->stale_cause > CAUSE_RULES)
		codec_refuse(codec);
	flag_state(codec, &window->persons_counted);
	flag_state(codec, &window->has_enrolments);
	size_t cells = window->cells;
	codec_count(codec, &cells, LIST_MOST);
	for (size_t i = 0; i < cells && !codec->bad; i++) {
		window->cell = next_room(codec, window->cell, i, sizeof *window->cell);
		window->cells = codec_loads(codec) ? i + 1 : cells;
		cell_state(codec, scorer, &window->cell[i]);
	}
	codec_words(codec, window->population[0], sizeof window->population / sizeof window->population[0][0]);
	for (size_t i = 0; i < scorer->layout.family_rules; i++)
		family_month_state(codec, scorer, &window->family[i]);
}

/* ---- pools ---- */

static void
months_state(struct codec *codec, struct scorer *scorer, struct pool *pool)
{
	int32_t first = pool->first_month;
	size_t months = pool->months;
	month_number_state(codec, &first);
	codec_count(codec, &months, MONTHS_MOST);
	if (codec_loads(codec) && !codec->bad && months) {
		pool->month = memory_resize(pool->month, months * sizeof *pool->month);
		memset(pool->month, 0, months * sizeof *pool->month);
		pool->months = months;
	}
	pool->first_month = first;
	for (size_t i = 0; i < months && !codec->bad; i++) {
		bool there = pool->month[i] != NULL;
		flag_state(codec, &there);
		if (there && !codec->bad)
			month_state(codec, scorer, pool_month(scorer, pool, first + (int32_t)i));
	}
}

static void
quality_state(struct codec *codec, struct scorer *scorer, struct pool *pool)
{
	size_t count = pool->quality_count;
	codec_count(codec, &count, LIST_MOST);
	for (size_t i = 0; i < count && !codec->bad; i++) {
		struct quality_count quality = {0};
		if (!codec_loads(codec))
			quality = pool->quality[i];
		name_state(codec, scorer, &quality.institution);
		CODEC(codec, quality.count);
		if (codec_loads(codec) && !codec->bad)
			*quality_of(pool, quality.institution) = quality;
	}
}

static void
pool_state(struct codec *codec, struct scorer *scorer, struct pool *pool)
{
	time_state(codec, &pool->newest_setl_time);
	time_state(codec, &pool->newest_arrival);
	time_state(codec, &pool->newest_tick);
	month_number_state(codec, &pool->next_close);
	month_number_state(codec, &pool->closed_through);
	month_number_state(codec, &pool->newest_month);
	months_state(codec, scorer, pool);
	size_t series = pool->series_count;
	codec_count(codec, &series, LIST_MOST);
	for (size_t i = 0; i < series && !codec->bad; i++) {
		pool->series = next_room(codec, pool->series, i, sizeof *pool->series);
		pool->series_count = codec_loads(codec) ? i + 1 : series;
		series_state(codec, scorer, &pool->series[i]);
	}
	quality_state(codec, scorer, pool);
}

static void
pools_state(struct codec *codec, struct scorer *scorer)
{
	size_t pools = scorer->pools;
	codec_count(codec, &pools, scorer->names.count);
	for (size_t i = 0; i < pools && !codec->bad; i++) {
		uint32_t name = codec_loads(codec) ? 0 : scorer->pool[i].name;
		name_state(codec, scorer, &name);
		if (codec->bad)
			return;
		struct pool *pool = pool_get(scorer, name);
		if ((size_t)(pool - scorer->pool) != i)
			codec_refuse(codec);    /* the same pool twice */
		else
			pool_state(codec, scorer, pool);
	}
}

/* ---- the rest ---- */

/* Which block of ids each chunk of bookings began with; after the bookings. */
static void
ids_from_state(struct codec *codec, struct bookings *bookings)
{
	uint32_t slots = (bookings->chunks.count + CHUNK_RECORDS - 1) >> CHUNK_SHIFT;
	if (codec_loads(codec)) {
		bookings->ids_from = memory_resize(NULL, (slots + 1) * sizeof *bookings->ids_from);
		bookings->chunk_slots = slots + 1;
	}
	for (uint32_t slot = bookings->chunks.first >> CHUNK_SHIFT; slot < slots; slot++) {
		CODEC(codec, bookings->ids_from[slot]);
		if (bookings->ids_from[slot] >= TEXT_BLOCKS)
			codec_refuse(codec);
	}
}

static void
areas_state(struct codec *codec, struct scorer *scorer)
{
	size_t areas = 0;
	for (uint32_t name = 0; !codec_loads(codec) && name < scorer->area_slots; name++)
		areas += scorer->area[name] != NULL;
	codec_count(codec, &areas, scorer->names.count);
	uint32_t name = 0;
	for (size_t i = 0; i < areas && !codec->bad; i++, name++) {
		while (!codec_loads(codec) && !scorer->area[name])
			name++;
		name_state(codec, scorer, &name);
		if (!codec->bad)
			scorer_area(scorer, name);
	}
}

static void
claim_said_state(struct codec *codec, struct claim_said *store)
{
	codec_names(codec, &store->keys);
	CODEC(codec, store->kept);
	if (codec_loads(codec)) {
		store->capacity = store->keys.count;
		store->said = memory_resize(NULL, store->capacity * sizeof *store->said);
		memset(store->said, 0, store->capacity * sizeof *store->said);
	}
	for (uint32_t i = 1; i < store->keys.count; i++)
		said_state(codec, &store->said[i]);
}

/* What is remembered now is counted when somebody asks. */
static void
counts_state(struct codec *codec, struct scorer *scorer)
{
	struct scorer_counts *counts = &scorer->counts;
	CODEC(codec, counts->received);
	CODEC(codec, counts->judged);
	CODEC(codec, counts->refused);
	CODEC(codec, counts->duplicate);
	CODEC(codec, counts->refused_by_reason);
	CODEC(codec, counts->refunds);
	CODEC(codec, counts->unlinked_refunds);
	CODEC(codec, counts->voids);
	CODEC(codec, counts->restated);
	CODEC(codec, counts->beyond_history);
	asked_settle(scorer);
	for (size_t i = 0; i < scorer->rules->rules; i++)
		CODEC(codec, scorer->rule_counts[i]);
	CODEC(codec, scorer->quality);
	suppressions_state(codec, scorer);
}

/* Of another ruleset or another program nothing is read. */
static void
layout_same(struct codec *codec, const struct scorer *scorer)
{
	const struct layout *layout = &scorer->layout;
	codec_same(codec, STATE_LAYOUT);
	for (size_t i = 0; i < DIGEST_TEXT_SIZE; i++)
		codec_same(codec, (uint8_t)scorer->rules->digest[i]);
	codec_same(codec, scorer->rules->rules);
	codec_same(codec, layout->words);
	codec_same(codec, layout->amounts);
	codec_same(codec, layout->nets);
	codec_same(codec, layout->ledgers);
	codec_same(codec, layout->ledger_rules);
	codec_same(codec, layout->beginnings);
	codec_same(codec, layout->series_rules);
	codec_same(codec, layout->family_rules);
}

void
scorer_state(struct codec *codec, struct scorer *scorer)
{
	struct loading loading = {scorer, scorer->persons.chunks.count, scorer->bookings.chunks.count, scorer->enrolments.count};
	layout_same(codec, scorer);
	codec_count(codec, &loading.persons, UINT32_MAX);
	codec_count(codec, &loading.bookings, UINT32_MAX);
	codec_count(codec, &loading.enrolments, UINT32_MAX);
	counts_state(codec, scorer);
	codec_names(codec, &scorer->names);
	areas_state(codec, scorer);
	claim_said_state(codec, &scorer->claim_said);
	pools_state(codec, scorer);
	codec_texts(codec, &scorer->persons.long_texts);
	codec_chunks(codec, &scorer->persons.chunks, persons_loaded, &loading);
	codec_texts(codec, &scorer->identities);
	codec_chunks(codec, &scorer->enrolments, enrolments_loaded, &loading);
	codec_texts(codec, &scorer->bookings.ids);
	codec_chunks(codec, &scorer->bookings.chunks, bookings_loaded, &loading);
	ids_from_state(codec, &scorer->bookings);
	hold_state(codec, scorer);
	latest_state(codec, scorer);
	if (loading.persons != scorer->persons.chunks.count || loading.bookings != scorer->bookings.chunks.count
	    || loading.enrolments != scorer->enrolments.count)
		codec_refuse(codec);
}

void
scorer_save(const struct scorer *scorer, void (*write)(void *context, const void *bytes, size_t length), void *context)
{
	struct codec codec = {.write = write, .context = context};
	scorer_state(&codec, (struct scorer *)scorer);          /* a codec that writes changes nothing */
	codec_end(&codec);
}
