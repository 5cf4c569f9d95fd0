/* See world.h. */
#include "tests/property/world.h"

#include "core/base/time.h"

#include <stdlib.h>
#include <string.h>

#define HOUR 3600
#define UNKNOWN_ID 900                  /* an original that never comes */

const struct place places[PLACES] = {
	{"140902", "1409", false}, {"140981", "1409", false}, {"141121", "1411", false}, {"500230", "50", false},
	{"370812", "3708", true}, {"370883", "3708", true}, {"140502", "1405", true}, {"140581", "1405", true},
	{"500101", "5001", false},
};

/* ---- chance ---- */

uint64_t
chance_next(struct chance *chance)      /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = chance->state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

unsigned
below(struct chance *chance, unsigned bound)
{
	return (unsigned)((chance_next(chance) >> 11) % bound);
}

bool
percent(struct chance *chance, unsigned of_hundred)
{
	return below(chance, 100) < of_hundred;
}

/* ---- the making ---- */

struct maker {
	struct world *world;
	struct chance chance;
	int place[4], places;
	int home[7], persons;           /* place of each person, from 1 */
	int visits, ids, changes;
	bool is_dense;                  /* one or two persons and visits, two amounts, refunds of refunds: much to confuse */
	int64_t first, seconds;         /* the world's event time */
};

static struct event *
event_add(struct maker *maker, const struct event *event)
{
	struct world *world = maker->world;
	if (world->events == EVENTS_MAX)
		return NULL;
	struct event *added = &world->event[world->events++];
	*added = *event;
	added->partition = (int)below(&maker->chance, PARTITIONS);
	added->delay = (int64_t)below(&maker->chance, 9 * DAY_SECONDS);
	return added;
}

static int64_t
moment(struct maker *maker)
{
	int64_t time = maker->first + (int64_t)below(&maker->chance, (unsigned)maker->seconds);
	return percent(&maker->chance, 15) ? time / DAY_SECONDS * DAY_SECONDS : time;
}

static int64_t
later(struct maker *maker, int64_t time)
{
	static const int64_t delay[] = {0, 1, HOUR, DAY_SECONDS, 3 * DAY_SECONDS, 35 * DAY_SECONDS, 70 * DAY_SECONDS};
	int64_t last = maker->first + maker->seconds - 1, when = time + delay[below(&maker->chance, 7)];
	return when > last ? last : when;
}

static struct settlement
settlement_new(struct maker *maker)
{
	static const int64_t amount[] = {5000, 10000, 14999, 15000, 25000, 29000, 30000, 30001, 40000, 50001};
	static const enum care cares[] = {CARE_OUTPATIENT, CARE_OUTPATIENT, CARE_OUTPATIENT, CARE_SPECIAL, CARE_CHRONIC,
	    CARE_INPATIENT, CARE_INPATIENT, CARE_INPATIENT_ABROAD};
	struct chance *chance = &maker->chance;
	struct settlement made = {.id = ++maker->ids, .visit = (int)below(chance, (unsigned)maker->visits + 1),
	    .person = 1 + (int)below(chance, (unsigned)maker->persons), .institution = 1 + (int)below(chance, 2), .time = moment(maker),
	    .total = amount[maker->is_dense ? 1 + 5 * below(chance, 2) : below(chance, 10)], .care = cares[below(chance, 8)], .is_employee = percent(chance, 8),
	    .by_case = percent(chance, 50), .is_interim = percent(chance, 8), .is_void = percent(chance, 4)};
	made.place = percent(chance, 95) ? maker->home[made.person] : maker->place[below(chance, (unsigned)maker->places)];
	made.fund = percent(chance, 70) ? made.total : percent(chance, 75) ? made.total / 2 : made.total + 100;
	return made;
}

static void
settle(struct maker *maker, const struct settlement *settlement)
{
	event_add(maker, &(struct event){.kind = EVENT_SETTLEMENT, .time = settlement->time, .settlement = *settlement});
}

/* Any settlement so far, refunds too now and then; NULL: none yet. */
static struct settlement *
any_settlement(struct maker *maker, bool refunds_too)
{
	struct world *world = maker->world;
	for (int tries = 0; tries < 12 && world->events; tries++) {
		struct event *event = &world->event[below(&maker->chance, (unsigned)world->events)];
		if (event->kind == EVENT_SETTLEMENT && (refunds_too || !event->settlement.is_refund))
			return &event->settlement;
	}
	return NULL;
}

/* By id, by visit and amounts, by both, by an id that never comes, or by nothing that would find it. */
static void
refund(struct maker *maker)
{
	struct chance *chance = &maker->chance;
	const struct settlement *original = any_settlement(maker, percent(chance, maker->is_dense ? 50 : 8));
	if (!original)
		return;
	struct settlement made = *original;
	made.id = ++maker->ids;
	made.changed = 0;
	made.is_refund = true;
	made.is_void = made.is_interim = false;
	made.original = 0;
	if (percent(chance, 45))
		made.original = original->id;
	else if (percent(chance, 20))
		made.original = UNKNOWN_ID + made.id;
	if (percent(chance, 15))
		made.visit = (int)below(chance, (unsigned)maker->visits + 1);
	made.time = percent(chance, 92) ? later(maker, original->time) : moment(maker);
	made.total = -original->total;
	made.fund = -original->fund;
	if (percent(chance, 12))
		made.total = made.fund = made.fund / 2;
	if (percent(chance, 6))
		made.care = (enum care)below(chance, CARES);
	settle(maker, &made);
}

static void
change_one_thing(struct maker *maker, struct settlement *made)
{
	struct chance *chance = &maker->chance;
	switch (below(chance, made->is_refund ? 12 : 11)) {
	case 11: made->original = percent(chance, 70) ? 1 + (int)below(chance, (unsigned)maker->ids) : 0; break;
	case 0: made->person = 1 + (int)below(chance, (unsigned)maker->persons); break;
	case 1: made->visit = (int)below(chance, (unsigned)maker->visits + 1); break;
	case 2: made->time = moment(maker); break;
	case 3: made->total += made->is_refund ? -100 : 100; break;
	case 4: made->fund /= 2; break;
	case 5: made->care = (enum care)below(chance, CARES); break;
	case 6: made->place = maker->place[below(chance, (unsigned)maker->places)]; break;
	case 7: made->is_interim = !made->is_interim; break;
	case 8: made->by_case = !made->by_case; break;
	case 9: made->institution = 3 - made->institution; break;
	default: made->is_void = !made->is_void; break;
	}
}

/* Another version of what is there: newer, or older (stale wherever it comes after). */
static void
restate(struct maker *maker)
{
	struct settlement *before = any_settlement(maker, true);
	if (!before)
		return;
	int versions = 0;
	for (size_t i = 0; i < maker->world->events; i++) {
		struct event *event = &maker->world->event[i];
		if (event->kind != EVENT_SETTLEMENT || event->settlement.id != before->id)
			continue;
		versions++;
		if (!event->settlement.changed)
			event->settlement.changed = ++maker->changes;
	}
	struct settlement made = *before;
	for (unsigned changes = 1 + (unsigned)(versions < 3) * below(&maker->chance, 2); changes; changes--)
		change_one_thing(maker, &made);
	made.changed = ++maker->changes;
	settle(maker, &made);
}

static void
send_again(struct maker *maker)
{
	const struct settlement *before = any_settlement(maker, true);
	if (before)
		settle(maker, before);
}

static void
settle_new(struct maker *maker)
{
	struct settlement made = settlement_new(maker);
	settle(maker, &made);
}

/* The same visit settled twice for the same amounts, and one refund that does not say of which. */
static void
twins(struct maker *maker)
{
	struct settlement made = settlement_new(maker);
	if (!made.visit)
		made.visit = 1;
	for (int i = 0; i < 3; i++) {
		settle(maker, &made);
		made.id = ++maker->ids;
		made.time = later(maker, made.time);
	}
	made.is_refund = true;
	made.is_void = made.is_interim = false;
	made.total = -made.total;
	made.fund = -made.fund;
	for (int i = 1 + (int)below(&maker->chance, 2); i > 0; i--) {
		settle(maker, &made);
		made.id = ++maker->ids;
		made.time = later(maker, made.time);
	}
}

static void
break_one(struct maker *maker)
{
	event_add(maker, &(struct event){.kind = EVENT_BROKEN, .time = moment(maker)});
}

/* The clock of an idle pool: up to a week ahead of the records. */
static void
tick(struct maker *maker)
{
	event_add(maker, &(struct event){.kind = EVENT_TICK, .time = moment(maker) + (int64_t)below(&maker->chance, 7) * DAY_SECONDS});
}

/* ---- persons ---- */

static void
enrol(struct maker *maker, int person, int place, int year)
{
	struct chance *chance = &maker->chance;
	struct world *world = maker->world;
	int versions = percent(chance, 25) ? 2 : 1;
	struct enrolment_of made = {.person = person, .place = place, .year = year, .tier = (int)below(chance, 3),
	    .township = 1 + (int)below(chance, 2), .class_code = (int)below(chance, 7), .changed = 0};
	for (int i = 0; i < versions; i++) {
		if (versions > 1)
			made.changed = ++maker->changes;
		bool is_late = !world->has_admissions && percent(chance, 40);
		event_add(maker, &(struct event){.kind = EVENT_ENROLMENT, .time = is_late ? moment(maker) : maker->first, .enrolment = made});
		made.tier = 2 - made.tier;
		made.class_code = (int)below(chance, 7);
	}
}

/* In worlds with admission rates a few persons more, who have no settlements, make a population. */
static void
people(struct maker *maker)
{
	struct chance *chance = &maker->chance;
	maker->persons = 1 + (int)below(chance, maker->is_dense ? 2 : 6);
	for (int person = 1; person <= maker->persons; person++) {
		maker->home[person] = maker->place[below(chance, (unsigned)maker->places)];
		for (int year = 2023; year <= 2024; year++)
			if (percent(chance, 80))
				enrol(maker, person, maker->home[person], year);
	}
	for (int other = maker->world->has_admissions ? (int)below(chance, 9) : 0; other > 0; other--)
		enrol(maker, 10 + other, maker->place[below(chance, (unsigned)maker->places)], 2023 + (int)below(chance, 2));
}

static void
country(struct maker *maker)
{
	struct chance *chance = &maker->chance;
	maker->world->has_admissions = percent(chance, 50);
	maker->places = 1 + (int)below(chance, 3);
	for (int i = 0; i < maker->places; i++) {
		do
			maker->place[i] = (int)below(chance, PLACES);
		while (places[maker->place[i]].has_admissions && !maker->world->has_admissions);
	}
}

/* Around a new month or a new year, a few days or a few months long. */
static void
calendar(struct maker *maker)
{
	struct chance *chance = &maker->chance;
	struct world *world = maker->world;
	static const int32_t month[] = {2023 * 12 + 9, 2023 * 12 + 10, 2023 * 12 + 11, 2024 * 12, 2024 * 12 + 1};
	world->is_compact = percent(chance, 30);
	world->has_arrivals = percent(chance, 40);
	int32_t first = month_first_day(month[below(chance, 5)] + 1) - (int32_t)below(chance, 7);
	int32_t days = world->is_compact ? 7 : 20 + (int32_t)below(chance, 200);
	world->first_day = first;
	maker->first = (int64_t)first * DAY_SECONDS;
	maker->seconds = (int64_t)days * DAY_SECONDS;
}

/* A settlement long after everything else, in every pool that has any: what months there are does not hang on a version
 * that was replaced. */
static void
endings(struct maker *maker)
{
	struct world *world = maker->world;
	size_t events = world->events;
	int64_t end = maker->first + maker->seconds + 15 * DAY_SECONDS;
	for (int place = 0; place < PLACES; place++) {
		bool is_used = false;
		for (size_t i = 0; i < events; i++)
			is_used |= world->event[i].kind == EVENT_SETTLEMENT && world->event[i].settlement.place == place;
		if (is_used)
			settle(maker, &(struct settlement){.id = ++maker->ids, .person = 7, .place = place, .institution = 1, .time = end,
			    .total = 100, .fund = 100, .care = CARE_OUTPATIENT});
	}
}

/* What happens next, by parts of a hundred. */
static void
make_event(struct maker *maker, unsigned part)
{
	static const struct {
		unsigned below, below_if_dense;
		void (*make)(struct maker *);
	} kinds[] = {{45, 25, settle_new}, {68, 62, refund}, {86, 88, restate}, {93, 93, send_again}, {96, 97, twins}, {98, 98, break_one},
	    {100, 100, tick}};
	size_t i = 0;
	while (part >= (maker->is_dense ? kinds[i].below_if_dense : kinds[i].below))
		i++;
	kinds[i].make(maker);
}

void
world_make(struct world *world, uint64_t seed)
{
	struct maker maker = {.world = world, .chance = {seed * UINT64_C(0xD1342543DE82EF95) + 1}};
	*world = (struct world){.seed = seed};
	struct chance *chance = &maker.chance;
	country(&maker);
	calendar(&maker);
	maker.is_dense = percent(chance, 35);
	maker.visits = 1 + (int)below(chance, maker.is_dense ? 2 : 3);
	people(&maker);
	size_t wanted = world->events + 5 + below(chance, 36);
	if (wanted > EVENTS_MAX - PLACES)
		wanted = EVENTS_MAX - PLACES;
	while (world->events < wanted)
		make_event(&maker, below(chance, 100));
	endings(&maker);
}

/* ---- what is fair ---- */

static bool
are_equal(const struct world *world, const struct event *a, const struct event *b)
{
	struct buffer line[2] = {{0}, {0}};
	event_line(world, a, &line[0]);
	event_line(world, b, &line[1]);
	bool equal = line[0].length == line[1].length && memcmp(line[0].data, line[1].data, line[0].length) == 0;
	buffer_free(&line[0]);
	buffer_free(&line[1]);
	return equal;
}

static int
changed_of(const struct event *event)
{
	return event->kind == EVENT_SETTLEMENT ? event->settlement.changed : event->enrolment.changed;
}

static bool
are_versions(const struct event *a, const struct event *b)
{
	if (a->kind != b->kind || a->kind == EVENT_BROKEN || a->kind == EVENT_TICK)
		return false;
	if (a->kind == EVENT_SETTLEMENT)
		return a->settlement.id == b->settlement.id;
	return a->enrolment.person == b->enrolment.person && a->enrolment.year == b->enrolment.year;
}

bool
world_is_fair(const struct world *world)
{
	for (size_t i = 0; i < world->events; i++)
		for (size_t k = 0; k < i; k++) {
			const struct event *a = &world->event[i], *b = &world->event[k];
			if (!are_versions(a, b) || are_equal(world, a, b))
				continue;
			if (!changed_of(a) || !changed_of(b) || changed_of(a) == changed_of(b))
				return false;
		}
	return true;
}

bool
event_is_newest(const struct world *world, const struct event *event)
{
	if (event->kind != EVENT_SETTLEMENT)
		return false;
	for (const struct event *other = world->event; other < world->event + world->events; other++) {
		if (!are_versions(event, other) || other == event)
			continue;
		if (changed_of(other) > changed_of(event) || (changed_of(other) == changed_of(event) && other < event))
			return false;
	}
	return true;
}

const char *
place_pool(int place)
{
	return places[place].pool;
}

/* ---- lines ---- */

static void
text_put(struct buffer *out, const char *name, const char *prefix, int number)
{
	json_key(out, name);
	buffer_printf(out, "\"%s%d\"", prefix, number);
}

static void
word_put(struct buffer *out, const char *name, const char *word)
{
	json_key(out, name);
	json_text(out, word);
}

static void
time_put(struct buffer *out, const char *name, int64_t time)
{
	char text[TIME_TEXT_SIZE];
	time_text(time, text);
	text[10] = ' ';
	text[19] = '\0';
	word_put(out, name, text);
}

static void
money_put(struct buffer *out, const char *name, int64_t fen)
{
	json_key(out, name);
	buffer_printf(out, "%s%lld.%02lld", fen < 0 ? "-" : "", llabs((long long)fen) / 100, llabs((long long)fen) % 100);
}

static void
changed_put(const struct world *world, struct buffer *out, int changed)
{
	if (changed)
		time_put(out, "updt_time", (int64_t)world->first_day * DAY_SECONDS + (int64_t)changed * 60);
}

static void
settlement_put(const struct world *world, const struct settlement *one, struct buffer *out)
{
	static const char *const codes[CARES] = {"11", "12", "14", "21", "22"};
	text_put(out, "setl_id", "s", one->id);
	if (one->original)
		text_put(out, "init_setl_id", "s", one->original);
	if (one->visit)
		text_put(out, "mdtrt_id", "v", one->visit);
	text_put(out, "psn_no", "p", one->person);
	time_put(out, "setl_time", one->time);
	word_put(out, "insu_admdvs", places[one->place].area);
	word_put(out, "insutype", one->is_employee ? "310" : "390");
	word_put(out, "med_type", codes[one->care]);
	if (one->by_case)
		word_put(out, "clr_way", "50");
	text_put(out, "fixmedins_code", "H", one->institution);
	if (one->institution > 1)
		word_put(out, "hosp_lv", "3");
	money_put(out, "medfee_sumamt", one->total);
	money_put(out, "hifp_pay", one->fund);
	if (one->is_refund)
		word_put(out, "refd_setl_flag", "1");
	word_put(out, "mid_setl_flag", one->is_interim ? "1" : "0");
	if (one->is_void)
		word_put(out, "vali_flag", "0");
	changed_put(world, out, one->changed);
}

static void
enrolment_put(const struct world *world, const struct enrolment_of *one, struct buffer *out)
{
	text_put(out, "psn_no", "p", one->person);
	text_put(out, "year", "", one->year);
	word_put(out, "insu_admdvs", places[one->place].area);
	word_put(out, "insutype", "390");
	word_put(out, "gend", "1");
	word_put(out, "brdy", "1980-01-01");
	text_put(out, "township", "T", one->township);
	if (one->tier)
		text_put(out, "tier", "", one->tier);
	if (one->class_code) {
		json_key(out, "identities");
		buffer_printf(out, "[{\"psn_idet_type\":\"%d\"}]", one->class_code);
	}
	changed_put(world, out, one->changed);
}

void
event_line(const struct world *world, const struct event *event, struct buffer *out)
{
	if (event->kind == EVENT_TICK) {
		char text[TIME_TEXT_SIZE];
		buffer_printf(out, "tick %.19s", time_text(event->time, text));
		return;
	}
	if (event->kind == EVENT_BROKEN) {
		buffer_text(out, "{\"setl_id\":\"s0\",\"psn_no\":\"p1\",\"setl_time\":\"2024-02-30 00:00:00\"}");
		return;
	}
	json_open(out, '{');
	if (event->kind == EVENT_SETTLEMENT)
		settlement_put(world, &event->settlement, out);
	else
		enrolment_put(world, &event->enrolment, out);
	json_close(out, '}');
}
