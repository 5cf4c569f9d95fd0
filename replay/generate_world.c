/* The places, institutions and persons of the synthetic county.  Shares and rates: the published figures for residents
 * of 2024 (age shape and class shares are judgement). */
#include "replay/generate.h"

#include <stdlib.h>

const char *const identity_class_names[IDENTITIES] = {
	"general", "extreme_hardship", "orphan", "dibao", "dibao_marginal", "relapsed_poverty", "unstable_out_of_poverty",
	"marginal_poverty", "sudden_hardship", "stable_out_of_poverty", "severe_disability", "preferential_treatment",
	"illness_poverty", "other"};

#define BANDS 11
static const int32_t band_age[BANDS + 1] = {0, 1, 5, 15, 25, 35, 45, 55, 65, 75, 85, 96};
static const uint16_t band_share[BANDS] = {8, 45, 165, 90, 80, 95, 145, 147, 138, 68, 19};
static const uint16_t stays[BANDS] = {2980, 1700, 510, 430, 850, 850, 1450, 2380, 3830, 5100, 4680};    /* a year, 1/10,000 */
static const uint16_t female_stays[BANDS] = {900, 900, 950, 1200, 1700, 1300, 1050, 980, 950, 900, 850};        /* 1/1,000 */
static const uint16_t visit_shape[BANDS] = {1500, 1500, 800, 500, 600, 700, 900, 1200, 1500, 1600, 1400};       /* 1/1,000 */
static const uint16_t chronic_share[BANDS] = {0, 0, 5, 10, 20, 40, 120, 230, 360, 400, 380};            /* 1/1,000 */
static const uint16_t identity_share[IDENTITIES] = {8700, 45, 5, 440, 80, 10, 25, 25, 10, 550, 55, 20, 10, 25};
static const uint16_t identity_stays[IDENTITIES] = {100, 160, 100, 135, 130, 150, 150, 150, 140, 120, 140, 140, 160, 100};
static const uint8_t identity_older[IDENTITIES] = {0, 14, 0, 6, 6, 3, 3, 3, 3, 4, 5, 5, 5, 0};          /* years */
static const uint16_t township_share[TOWNSHIPS] = {140, 110, 95, 90, 85, 75, 70, 65, 60, 55, 50, 40, 35, 30};
/* Means of 16 equal slices of a gamma law with mean 1 and variance 1.5, in 1/256. */
static const uint16_t frailty_value[16] = {2, 10, 21, 36, 53, 74, 99, 128, 163, 204, 253, 314, 394, 504, 679, 1162};

#define DAY_2023 19358                  /* 2023-01-01 */
#define DAY_2024 19723
#define DAY_MAX 2932896                 /* 9999-12-31 */
#define NO_CAP DAY_MAX, 0, {0, 0}
static const struct area_facts known_areas[] = {
	{"141121", "文水", DAY_2024, DAY_MAX, {30000, 30000}, true, true, false, 2023, 9999},
	{"1409", "忻州", DAY_2024, DAY_MAX, {30000, 30000}, false, false, false, 2024, 9999},
	{"1405", "晋城", NO_CAP, false, false, true, 2020, 2020},
	{"500230", "丰都", DAY_2023, DAY_2024 - 1, {30000, 50000}, false, false, false, 2023, 2023},
	{"37", "山东", NO_CAP, true, false, false, 2023, 9999},
	{"", "示例", NO_CAP, false, false, false, 0, 0},
};

static const struct place_plan {
	enum level level;
	const char *name, *type;
	const char *elsewhere;                  /* last digits of the area code where it stands, NULL: in the area */
} place_plan[] = {
	[PLACE_CITY] = {LEVEL_TERTIARY, "市人民医院", "general", "02"},
	[PLACE_PROVINCE] = {LEVEL_TERTIARY, "省立医院", "general", "0106"},
	[PLACE_COUNTY] = {LEVEL_SECONDARY, "县人民医院", "general", NULL},
	[PLACE_CHINESE] = {LEVEL_SECONDARY, "县中医医院", "chinese_medicine", NULL},
	[PLACE_PRIVATE_SECONDARY] = {LEVEL_SECONDARY, "康和医院", "private", NULL},
	[PLACE_PRIVATE_A] = {LEVEL_PRIMARY, "仁济医院", "private", NULL},
	[PLACE_PRIVATE_B] = {LEVEL_PRIMARY, "安宁医院", "private", NULL},
	[PLACE_CENTRE] = {LEVEL_PRIMARY, "乡镇卫生院", "township_centre", NULL},
	[PLACE_CLINIC] = {LEVEL_PRIMARY, "村卫生室", "village_clinic", NULL},
	[PLACE_PHARMACY] = {LEVEL_PHARMACY, "大药房", "pharmacy", NULL},
};

/* ---- areas ---- */

bool
world_area_add(struct world *world, const char *code)
{
	if (strlen(code) != 6 || strspn(code, "0123456789") != 6 || world->areas == AREAS_MAX)
		return false;
	for (size_t i = 0; i < world->areas; i++)
		if (strcmp(world->area[i].code, code) == 0)
			return false;
	const struct area_facts *facts = known_areas;
	while (strncmp(code, facts->prefix, strlen(facts->prefix)) != 0)
		facts++;
	struct area *area = &world->area[world->areas++];
	snprintf(area->code, sizeof area->code, "%s", code);
	area->facts = facts;
	area->name = facts->name;
	bool city = strncmp(code, "11", 2) == 0 || strncmp(code, "12", 2) == 0 || strncmp(code, "31", 2) == 0
	    || strncmp(code, "50", 2) == 0;
	snprintf(area->pool, sizeof area->pool, "%.*s", city ? 2 : 4, code);
	return true;
}

char *
township_code(const struct world *world, int area, int township, char text[16])
{
	snprintf(text, 16, "%s%03d", world->area[area].code, 100 + township);
	return text;
}

/* ---- institutions ---- */

static const struct place_plan *
plan_of(int place)
{
	return &place_plan[place < PLACE_CENTRE ? place : place < PLACE_CLINIC ? PLACE_CENTRE
	    : place < PLACE_PHARMACY ? PLACE_CLINIC : PLACE_PHARMACY];
}

static void
institution_fill(struct world *world, size_t area, int place)
{
	struct institution *institution = &world->institution[area * PLACES + (size_t)place];
	const struct place_plan *plan = plan_of(place);
	int running = place < PLACE_CENTRE ? 0 : place < PLACE_CLINIC ? place - PLACE_CENTRE + 1
	    : place < PLACE_PHARMACY ? place - PLACE_CLINIC + 1 : place - PLACE_PHARMACY + 1;
	snprintf(institution->area, sizeof institution->area, "%.*s%s", 6 - (plan->elsewhere ? (int)strlen(plan->elsewhere) : 0),
	    world->area[area].code, plan->elsewhere ? plan->elsewhere : "");
	snprintf(institution->code, sizeof institution->code, "%c%s%05d", plan->level == LEVEL_PHARMACY ? 'P' : 'H',
	    institution->area, (int)area * 100 + place + 1);
	if (running)
		snprintf(institution->name, sizeof institution->name, "示例%s第%d%s", world->area[area].name, running, plan->name);
	else
		snprintf(institution->name, sizeof institution->name, "示例%s%s", world->area[area].name, plan->name);
	institution->level = plan->level;
	institution->type = plan->type;
}

/* ---- persons ---- */

/* Chongqing's codes know fewer classes. */
static const uint8_t chongqing_class[IDENTITIES] = {IDENTITY_NONE, IDENTITY_HARDSHIP, IDENTITY_ORPHAN, IDENTITY_DIBAO, IDENTITY_OTHER,
	IDENTITY_OTHER, IDENTITY_OTHER, IDENTITY_OTHER, IDENTITY_OTHER, IDENTITY_STABLE, IDENTITY_OTHER, IDENTITY_PREFERENTIAL,
	IDENTITY_ILLNESS, IDENTITY_OTHER};

char *
person_number(const struct world *world, uint32_t person, char text[24])
{
	snprintf(text, 24, "%s%014u", world->area[world->person[person].area].code, person);
	return text;
}

int
person_age(const struct person *person, int32_t day)
{
	return (int)((day - person->birth) * 10000LL / 3652425);
}

int32_t
world_cap(const struct world *world, const struct person *person)
{
	const struct area_facts *facts = world->area[person->area].facts;
	return person->flags & PERSON_TIER_2 && facts->cap_fen[1] ? facts->cap_fen[1] : 30000;
}

void
person_rates(const struct person *person, uint32_t rate[CARES])
{
	bool employee = person->flags & PERSON_EMPLOYEE;
	uint32_t frailty = frailty_value[person->frailty];
	uint32_t stay = (uint32_t)stays[person->band] * identity_stays[person->identity] / 100;
	if (person->flags & PERSON_FEMALE)
		stay = stay * female_stays[person->band] / 1000;
	rate[CARE_STAY] = stay * frailty / 256;
	rate[CARE_OUTPATIENT] = (employee ? 69000u : 25100u) * visit_shape[person->band] / 1000 * frailty / 256;
	rate[CARE_CHRONIC] = person->flags & PERSON_CHRONIC ? (employee ? 60000 : 40000) : 0;
	rate[CARE_PHARMACY] = (employee ? 60000u : 400u) * frailty / 256;
}

static void
person_fill(struct world *world, uint32_t number)
{
	struct person *person = &world->person[number];
	struct chance chance = chance_of(world->seed, CHANCE_PERSON, number, 0);
	person->area = (uint8_t)(number % world->areas);
	person->township = (uint8_t)chance_pick(&chance, township_share, TOWNSHIPS);
	person->identity = (uint8_t)chance_pick(&chance, identity_share, IDENTITIES);
	if (strcmp(world->area[person->area].pool, "50") == 0)
		person->identity = chongqing_class[person->identity];
	size_t band = chance_pick(&chance, band_share, BANDS);
	int32_t days = (int32_t)chance_between(&chance, band_age[band] * 365 + 30, band_age[band + 1] * 365);
	days += identity_older[person->identity] * 365;
	if (person->identity == IDENTITY_ORPHAN)
		days = (int32_t)chance_between(&chance, 365, 17 * 365);
	person->birth = world->from - days;
	int age = person_age(person, world->from);
	while (person->band + 1 < BANDS && age >= band_age[person->band + 1])
		person->band++;
	person->frailty = (uint8_t)chance_below(&chance, 16);
	person->busy = INT32_MIN;
	if (chance_is(&chance, 4850))
		person->flags |= PERSON_FEMALE;
	if (chance_is(&chance, 2600) && person->identity == IDENTITY_NONE && age >= 22)
		person->flags |= PERSON_EMPLOYEE;
	if (chance_is(&chance, chronic_share[person->band] * 10u))
		person->flags |= PERSON_CHRONIC;
	if (chance_is(&chance, 2500) && world->area[person->area].facts->cap_fen[0] != world->area[person->area].facts->cap_fen[1]
	    && !(person->flags & PERSON_EMPLOYEE))
		person->flags |= PERSON_TIER_2;
	uint32_t rate[CARES];
	person_rates(person, rate);
	uint64_t sum = 0;
	for (int i = 0; i < CARES; i++)
		sum += rate[i];
	uint64_t daily = (sum << 32) / 3652425;
	person->rate = daily > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)daily;
}

void
world_build(struct world *world)
{
	world->institution = memory_get(world->areas * PLACES, sizeof *world->institution);
	for (size_t area = 0; area < world->areas; area++)
		for (int place = 0; place < PLACES; place++)
			institution_fill(world, area, place);
	world->person = memory_get(world->persons, sizeof *world->person);
	for (uint32_t i = 0; i < world->persons; i++)
		person_fill(world, i);
}

void
world_free(struct world *world)
{
	free(world->institution);
	free(world->person);
	free(world->plan);
	free(world->truth);
	for (size_t i = 0; i < RING_DAYS; i++) {
		free(world->ring[i].event);
		free(world->ring[i].seed);
	}
	buffer_free(&world->line);
}

/* ---- the calendar ---- */

/* Lunar new year's days. */
static const int32_t new_year[][3] = {{2018, 2, 16}, {2019, 2, 5}, {2020, 1, 25}, {2021, 2, 12}, {2022, 2, 1}, {2023, 1, 22},
	{2024, 2, 10}, {2025, 1, 29}, {2026, 2, 17}, {2027, 2, 6}, {2028, 1, 26}, {2029, 2, 13}, {2030, 2, 3}};

static uint32_t
festival_factor(int32_t day, int32_t year)
{
	for (size_t i = 0; i < sizeof new_year / sizeof new_year[0]; i++) {
		if (new_year[i][0] != year)
			continue;
		int32_t since = day - day_from_civil(year, new_year[i][1], new_year[i][2]);
		return since >= -7 && since <= -3 ? 85 : since >= -2 && since <= 6 ? 55 : since >= 7 && since <= 20 ? 118 : 100;
	}
	return 100;
}

uint32_t
day_factor(int32_t day)
{
	static const uint16_t weekday[7] = {1050, 1200, 950, 600, 1100, 1050, 1050};    /* 1970-01-01 was a Thursday */
	static const uint16_t season[12] = {109, 107, 103, 99, 95, 92, 91, 93, 97, 101, 105, 108};
	int32_t year, month, of_month;
	day_to_civil(day, &year, &month, &of_month);
	uint32_t factor = 1024u * weekday[(day % 7 + 7) % 7] / 1000 * season[month - 1] / 100;
	factor = factor * festival_factor(day, year) / 100;
	if (month == 10 && of_month <= 7)
		factor = factor * 80 / 100;
	if (month == 12 && of_month >= 22)
		factor = factor * 93 / 100;
	if (month == 1 && of_month <= 15)
		factor = factor * 105 / 100;
	return factor;
}
