/* The planted problems.  Each is described in generate_scenarios.def; here is how it is made, and when it cannot be. */
#include "replay/generate.h"

#include <stdlib.h>

#define SCENARIO(name, family, detector, rule, zh, en) static const char *name(struct world *, const struct scenario *);
#include "replay/generate_scenarios.def"
#undef SCENARIO

const struct scenario scenarios[] = {
#define SCENARIO(name, family, detector, rule, zh, en) {#name, family, detector, rule, {zh, en}, name},
#include "replay/generate_scenarios.def"
#undef SCENARIO
};
const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];

#define PERSON_CLASSES 16       /* scenarios take persons of different remainders: no person is planted twice */

/* ---- pieces ---- */

static struct truth *
truth_add(struct world *world, const struct scenario *scenario, const char *kind, enum expectation expect, int area)
{
	world->truth = memory_grow(world->truth, world->truths + 1, sizeof *world->truth);
	struct truth *truth = &world->truth[world->truths++];
	*truth = (struct truth){.scenario = scenario, .kind = kind, .expect = expect, .area = area, .township = -1, .place = -1};
	return truth;
}

static struct plan *
plan_add(struct world *world, enum plan_what what, uint32_t person, int64_t time, int place)
{
	world->plan = memory_grow(world->plan, world->plans + 1, sizeof *world->plan);
	struct plan *plan = &world->plan[world->plans++];
	*plan = (struct plan){.time = time, .draw = time, .person = person, .truth = (uint32_t)world->truths - 1,
	    .what = what, .place = (uint8_t)place, .letter = 'A'};
	return plan;
}

static void
pay(struct world *world, uint32_t person, int64_t time, int place, int32_t fen)
{
	plan_add(world, PLAN_OUTPATIENT, person, time, place)->fen = fen;
}

/* Takes back the planted payment that came last. */
static void
take_back(struct world *world, int64_t time, bool linked)
{
	struct plan paid = world->plan[world->plans - 1];
	struct plan *refund = plan_add(world, PLAN_REFUND, paid.person, time, paid.place);
	refund->draw = paid.time;
	refund->fen = paid.fen;
	refund->letter = 'C';
	refund->original_day = time_day(paid.time);
	refund->original_letter = paid.letter;
	refund->linked = linked;
}

/* A person of that area and tier with no identity, insured as a resident, whose outpatient life is the script's from now
 * on; UINT32_MAX: none left. */
static uint32_t
script_person(struct world *world, const struct scenario *scenario, int area, bool tier_2, size_t *from)
{
	size_t class = (size_t)(scenario - scenarios) % PERSON_CLASSES;
	for (size_t i = *from; i < world->persons; i++) {
		struct person *person = &world->person[i];
		if (person->area != area || i / world->areas % PERSON_CLASSES != class || person->identity != IDENTITY_NONE)
			continue;
		bool adult = person->band >= 3 && person->band <= 8;
		if (!adult || person->flags & PERSON_EMPLOYEE || !(person->flags & PERSON_TIER_2) != !tier_2)
			continue;
		person->flags |= PERSON_SCRIPTED;
		*from = i + 1;
		return (uint32_t)i;
	}
	return UINT32_MAX;
}

static size_t
script_count(const struct world *world)
{
	size_t count = world->persons / 20000;
	return count < 2 ? 2 : count > 25 ? 25 : count;
}

/* Days of one year on which the area has a cap and the range lasts. */
struct span {
	int area;
	int32_t year, first, last;
};

static struct span
cap_span(const struct world *world, bool by_tier)
{
	struct span best = {.area = -1};
	for (size_t area = 0; area < world->areas; area++) {
		const struct area_facts *facts = world->area[area].facts;
		bool fits = !by_tier || facts->cap_fen[0] != facts->cap_fen[1];
		for (int32_t year = day_year(world->from); fits && year <= day_year(world->to); year++) {
			int32_t first = day_from_civil(year, 1, 1), last = day_from_civil(year, 12, 31);
			first = first < world->from ? world->from : first;
			last = last > world->to ? world->to : last;
			if (first < facts->cap_from || last > facts->cap_to || last - first < 6)
				continue;
			if (best.area < 0 || last - first > best.last - best.first)
				best = (struct span){(int)area, year, first, last};
		}
	}
	return best;
}

#define NO_CAP_SPAN "no area has a cap of its own on six days of the range"
#define TOO_FEW "too few persons"

static int64_t
span_time(const struct span *span, int permille, struct chance *chance)
{
	int32_t day = span->first + (span->last - span->first) * permille / 1000;
	return (int64_t)day * DAY_SECONDS + 28800 + chance_below(chance, 30000);
}

static struct chance
script_chance(const struct world *world, uint32_t person)
{
	return chance_of(world->seed, CHANCE_PLANT, person, UINT64_MAX);
}

static void
truth_person(struct truth *truth, uint32_t person, int32_t year, int64_t amount_fen)
{
	truth->person = person;
	truth->amount_fen = amount_fen;
	if (year)
		snprintf(truth->period, sizeof truth->period, "%d", year);
}

/* ---- caps ---- */

enum cap_script { SCRIPT_TWO, SCRIPT_ONE_FEN, SCRIPT_REFUNDED };

/* Over the cap at the second payment, early or late in the span: at so many of its thousand parts. */
static void
script_cap(struct world *world, const struct span *span, uint32_t person, struct truth *truth, enum cap_script script, int permille, bool linked)
{
	struct chance chance = script_chance(world, person);
	int32_t cap = world->area[span->area].facts->cap_fen[0];
	int32_t under = 500 + (int32_t)chance_below(&chance, 3000), over = 1000 + (int32_t)chance_below(&chance, 5000);
	if (script == SCRIPT_ONE_FEN)
		over = 1;
	truth_person(truth, person, span->year, over);
	int64_t first = span_time(span, 30, &chance), second = span_time(span, permille, &chance), third = span_time(span, 850, &chance);
	pay(world, person, first, PLACE_COUNTY, cap - under);
	pay(world, person, second, PLACE_CENTRE + world->person[person].township, under + over);
	world->plan[world->plans - 1].letter = 'B';
	if (script == SCRIPT_REFUNDED)
		take_back(world, third, linked);
}

static const char *
plant_caps(struct world *world, const struct scenario *scenario, enum cap_script script)
{
	struct span span = cap_span(world, false);
	if (span.area < 0)
		return NO_CAP_SPAN;
	size_t from = 0, count = script_count(world);
	for (size_t i = 0; i < count; i++) {
		uint32_t person = script_person(world, scenario, span.area, false, &from);
		if (person == UINT32_MAX)
			return i ? NULL : TOO_FEW;
		struct truth *truth = truth_add(world, scenario, "person", script == SCRIPT_REFUNDED ? EXPECT_RETRACTED : EXPECT_ALERT, span.area);
		script_cap(world, &span, person, truth, script, 90 + (int)(i * 500 / count), i % 2 == 0);
	}
	return NULL;
}

static const char *
cap_two_institutions(struct world *world, const struct scenario *scenario)
{
	return plant_caps(world, scenario, SCRIPT_TWO);
}

static const char *
cap_one_fen(struct world *world, const struct scenario *scenario)
{
	return plant_caps(world, scenario, SCRIPT_ONE_FEN);
}

static const char *
cap_refunded(struct world *world, const struct scenario *scenario)
{
	return plant_caps(world, scenario, SCRIPT_REFUNDED);
}

/* Up to the cap on the last days of one year, up to the cap again in the first half hour of the next. */
static void
script_year_change(struct world *world, uint32_t person, int32_t new_year, int32_t cap)
{
	int64_t midnight = (int64_t)new_year * DAY_SECONDS;
	int centre = PLACE_CENTRE + world->person[person].township;
	pay(world, person, midnight - 10 * DAY_SECONDS - 50000, PLACE_COUNTY, cap - 10000);
	pay(world, person, midnight - 30, centre, 10000);
	pay(world, person, midnight, PLACE_COUNTY, 15000);
	pay(world, person, midnight + 1810, centre, cap - 15000);
	world->plan[world->plans - 1].letter = 'B';
}

static const char *
cap_year_change(struct world *world, const struct scenario *scenario)
{
	for (size_t area = 0; area < world->areas; area++) {
		const struct area_facts *facts = world->area[area].facts;
		for (int32_t year = day_year(world->from); year < day_year(world->to); year++) {
			int32_t new_year = day_from_civil(year + 1, 1, 1);
			if (new_year - 20 < facts->cap_from || new_year - 20 < world->from || new_year + 1 > facts->cap_to)
				continue;
			size_t from = 0, count = script_count(world);
			for (size_t i = 0; i < count; i++) {
				uint32_t person = script_person(world, scenario, (int)area, false, &from);
				if (person == UINT32_MAX)
					return i ? NULL : TOO_FEW;
				truth_person(truth_add(world, scenario, "person", EXPECT_SILENCE, (int)area), person, 0, 0);
				script_year_change(world, person, new_year, facts->cap_fen[0]);
			}
			return NULL;
		}
	}
	return "the range holds no new year with twenty days before it and a cap in both years";
}

static const char *
cap_tiers(struct world *world, const struct scenario *scenario)
{
	static const struct {
		bool tier_2;
		int32_t over;           /* fen over the cap of the tier; negative: under it */
	} script[] = {{false, 5000}, {true, -5000}, {true, 1}, {true, 0}};
	struct span span = cap_span(world, true);
	if (span.area < 0)
		return "no area has caps by tier on six days of the range";
	const int32_t *cap = world->area[span.area].facts->cap_fen;
	size_t from = 0;
	for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
		uint32_t person = script_person(world, scenario, span.area, script[i].tier_2, &from);
		if (person == UINT32_MAX)
			return i ? NULL : TOO_FEW;
		int32_t over = script[i].over;
		truth_person(truth_add(world, scenario, "person", over > 0 ? EXPECT_ALERT : EXPECT_SILENCE, span.area), person, span.year,
		    over > 0 ? over : 0);
		struct chance chance = script_chance(world, person);
		pay(world, person, span_time(&span, 100, &chance), PLACE_COUNTY, 20000);
		pay(world, person, span_time(&span, 600, &chance), PLACE_CENTRE + world->person[person].township,
		    cap[script[i].tier_2] - 20000 + over);
	}
	return NULL;
}

/* ---- DRG/DIP shares, ratios of payment ---- */

/* The last year of which the range holds a month and a week; 0: none. */
static int32_t
share_year(const struct world *world)
{
	for (int32_t year = day_year(world->to); year >= day_year(world->from) && year >= 2023; year--) {
		int32_t first = day_from_civil(year, 1, 1), last = day_from_civil(year, 12, 31);
		first = first < world->from ? world->from : first;
		last = last > world->to ? world->to : last;
		if (last - first >= 38)
			return year;
	}
	return 0;
}

static const char *
plant_share(struct world *world, const struct scenario *scenario, bool money)
{
	int32_t year = share_year(world);
	if (!year)
		return "the range holds no month and a week of a year with a target";
	const char *pool = NULL;
	for (size_t area = 0; area < world->areas; area++) {
		const struct area_facts *facts = world->area[area].facts;
		bool holds = money ? facts->share_money : facts->share_cases;
		if (!pool && holds) {
			pool = world->area[area].pool;
			bool alone = strlen(facts->prefix) > strlen(pool);      /* a row longer than the pool's name is about its area */
			struct truth *truth = truth_add(world, scenario, alone ? "area" : "pool", EXPECT_ALERT, (int)area);
			snprintf(truth->period, sizeof truth->period, "%d", year);
		}
		if (pool && strcmp(pool, world->area[area].pool) == 0)
			(money ? world->low_money : world->low_cases)[area] = true;
	}
	world->low_year = year;
	return pool ? NULL : "no area has such a target";
}

static const char *
share_low_money(struct world *world, const struct scenario *scenario)
{
	return plant_share(world, scenario, true);
}

static const char *
share_low_cases(struct world *world, const struct scenario *scenario)
{
	return plant_share(world, scenario, false);
}

#define RATIO_STAYS 150                 /* that an area has to have: the rule asks for 100 in closed months */
#define STAYS_A_YEAR 177                /* of residents, 1/1,000 */

/* The whole pool, or the area that has a target of its own. */
static const char *
ratio_low(struct world *world, const struct scenario *scenario)
{
	int32_t year = share_year(world), first = day_from_civil(year, 1, 1), last = day_from_civil(year, 12, 31);
	int64_t days = (last < world->to ? last : world->to) - (first > world->from ? first : world->from) - 37;
	int target = -1;
	for (size_t area = 0; area < world->areas && target < 0; area++) {
		const struct area_facts *facts = world->area[area].facts;
		if (year && facts->ratio_from <= year && year <= facts->ratio_to)
			target = (int)area;
	}
	if (target < 0)
		return "no area has such a target in the last year of the range";
	if ((int64_t)(world->persons / world->areas) * days * STAYS_A_YEAR / 365 / 1000 < RATIO_STAYS)
		return "the range and the persons make too few stays";
	const struct area *judged = &world->area[target];
	bool alone = strlen(judged->facts->prefix) > strlen(judged->pool);
	struct truth *truth = truth_add(world, scenario, alone ? "area" : "pool", EXPECT_ALERT, target);
	snprintf(truth->period, sizeof truth->period, "%d", year);
	for (size_t area = 0; area < world->areas; area++)
		world->low_ratio[area] = alone ? area == (size_t)target : strcmp(world->area[area].pool, judged->pool) == 0;
	world->low_year = year;
	return NULL;
}

/* ---- admissions of the poor classes ---- */

/* Stays a month, 1/10,000.  The rule judges nothing below 0.25, and its expectation is an estimate. */
#define LEAST_EXPECTED_TOWNSHIP 6500
#define LEAST_EXPECTED_INSTITUTION 5000
#define LATENESS 7              /* days until a month closes */

struct members {
	uint32_t *person;
	size_t count;
	int64_t stays_month;                    /* expected, 1/10,000 */
};

static struct members
members_find(const struct world *world, int area, int township, int identity)
{
	struct members members = {0};
	for (uint32_t i = 0; i < world->persons; i++) {
		const struct person *person = &world->person[i];
		if (person->area != area || person->identity != identity || (township >= 0 && person->township != township))
			continue;
		if (members.count % 256 == 0)
			members.person = memory_grow(members.person, members.count + 256, sizeof *members.person);
		members.person[members.count++] = i;
		uint32_t rate[CARES];
		person_rates(person, rate);
		members.stays_month += rate[CARE_STAY] / 12;
	}
	return members;
}

/* place -1: a few stays at each of the hospitals and centres, so that only the township stands out. */
static void
plant_month(struct world *world, const struct members *members, int32_t month, int place, size_t extra)
{
	int32_t first = month_first_day(month), days = month_first_day(month + 1) - first;
	size_t rounds = (extra + members->count - 1) / members->count;
	for (size_t i = 0; i < extra; i++) {
		size_t round = i / members->count;
		uint32_t person = members->person[i % members->count];
		struct chance chance = chance_of(world->seed, CHANCE_PLANT, person, (uint64_t)month << 16 | round);
		int32_t slot = days / (int32_t)rounds > 0 ? days / (int32_t)rounds : 1;
		int32_t day = first + (int32_t)((int64_t)round * days / (int64_t)rounds) + (int32_t)chance_below(&chance, (uint32_t)slot);
		int at = place >= 0 ? place : (int)(((size_t)month * 5 + i) % PLACE_CLINIC);
		struct plan *plan = plan_add(world, PLAN_STAY, person, (int64_t)day * DAY_SECONDS + 30000 + chance_below(&chance, 30000), at);
		plan->letter = (char)('A' + round % 20);
	}
}

static const char *
plant_admissions(struct world *world, const struct scenario *scenario, int identity, bool by_township)
{
	int area = 0;
	while (area < (int)world->areas && !world->area[area].facts->admissions)
		area++;
	if (area == (int)world->areas)
		return "no area has a rule on admissions of the poor";
	int32_t first = day_month(world->from - 1) + 1, last = day_month(world->to - LATENESS) - 1, months = last - first + 1;
	if (months < 2)
		return "the range holds no two whole months and a week after them";
	struct members members = members_find(world, area, by_township ? 0 : -1, identity);
	/* An institution sees its part of the class only: about an eighteenth. */
	int64_t expected = members.stays_month / (by_township ? 1 : 18);
	if (members.count < 3 || expected < (by_township ? LEAST_EXPECTED_TOWNSHIP : LEAST_EXPECTED_INSTITUTION)) {
		free(members.person);
		return TOO_FEW;
	}
	/* Never the first month: what is normal must be known before. */
	int32_t start = months >= 6 ? first + months / 2 - (by_township ? 1 : -1) : last < first + 2 ? last : last - 1;
	for (int32_t month = start; month < start + 2 && month <= last; month++) {
		struct truth *truth = truth_add(world, scenario, by_township ? "township" : "institution", EXPECT_ALERT, area);
		truth->identity = identity;
		truth->township = by_township ? 0 : -1;
		truth->place = by_township ? -1 : PLACE_PRIVATE_SECONDARY;
		month_text(month, truth->period);
		plant_month(world, &members, month, truth->place, (size_t)(20 + expected * 2 / 10000));
	}
	free(members.person);
	return NULL;
}

static const char *
poor_admissions_township(struct world *world, const struct scenario *scenario)
{
	return plant_admissions(world, scenario, IDENTITY_DIBAO, true);
}

static const char *
poor_admissions_institution(struct world *world, const struct scenario *scenario)
{
	return plant_admissions(world, scenario, IDENTITY_STABLE, false);
}

/* ---- the feed ---- */

static const char *
duplicates(struct world *world, const struct scenario *scenario)
{
	truth_add(world, scenario, "feed", EXPECT_SILENCE, -1);
	world->duplicates = true;
	return NULL;
}

static const char *
broken(struct world *world, const struct scenario *scenario)
{
	truth_add(world, scenario, "feed", EXPECT_SILENCE, -1);
	world->broken = true;
	return NULL;
}

/* ---- all that is asked for ---- */

static bool
is_wanted(const struct world *world, const char *name)
{
	const struct text_list *plants = &world->options->plants;
	for (size_t i = 0; i < plants->count; i++)
		if (strcmp(plants->item[i], name) == 0)
			return true;
	return plants->count == 0 && !world->options->clean;
}

static int
plan_order(const void *a, const void *b)
{
	const struct plan *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return (x->letter > y->letter) - (x->letter < y->letter);
}

void
plant_all(struct world *world)
{
	for (size_t i = 0; i < scenario_count; i++) {
		if (!is_wanted(world, scenarios[i].name))
			continue;
		const char *why = scenarios[i].plant(world, &scenarios[i]);
		if (why && world->skips < sizeof world->skipped / sizeof world->skipped[0]) {
			world->skipped[world->skips].scenario = scenarios[i].name;
			world->skipped[world->skips++].why = why;
		}
	}
	if (world->plans)
		qsort(world->plan, world->plans, sizeof *world->plan, plan_order);
}
