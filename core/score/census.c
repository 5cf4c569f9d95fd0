/* Who is enrolled on the first day of a month, and who stayed in it: by class, stratum (sex and five-year age band) and
 * unit.  Identity classes and populations are those of contract 1.4; strata those of statistics 1.2. */
#include "core/score/private.h"

#include <stdlib.h>

/* Sex and age in full years on the first day of the month. */
static uint8_t
stratum_of(const struct enrolment_record *record, int32_t month)
{
	unsigned sex = record->gend == '1' ? 1 : record->gend == '2' ? 2 : 0, band = AGE_BANDS - 1;
	int32_t first_day = month_first_day(month);
	if (record->brdy != INT32_MIN && record->brdy <= first_day) {
		int32_t year, month_of_year, day, birth_year, birth_month, birth_day;
		day_to_civil(first_day, &year, &month_of_year, &day);
		day_to_civil(record->brdy, &birth_year, &birth_month, &birth_day);
		bool had_birthday = month_of_year > birth_month || (month_of_year == birth_month && day >= birth_day);
		int32_t age = year - birth_year - !had_birthday;
		band = age / 5 < AGE_BANDS - 2 ? (unsigned)(age / 5) : AGE_BANDS - 2;
	}
	return (uint8_t)(sex * AGE_BANDS + band);
}

#define NO_STRATUM (AGE_BANDS - 1)      /* sex and age unknown */

struct stay_of
census_stay(const struct scorer *scorer, const struct booking *booking, const struct pool_month *window)
{
	int32_t month = window->month;
	const struct person *person = person_at(&scorer->persons, booking->person);
	const struct enrolment_record *record = enrolment_find(scorer, person, month / 12, 0);
	if (!record)
		return (struct stay_of){0, CLASS_general, NO_STRATUM, !window->has_enrolments};
	uint8_t class = (uint8_t)enrolment_class(scorer, record, time_day(booking->setl_time));
	return (struct stay_of){record->township, class, stratum_of(record, month), true};
}

/* ---- persons ---- */

struct cell_list {
	struct cell *cell;
	size_t count, capacity;
};

static void
cell_list_add(struct cell_list *list, struct cell cell)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 1024;
		list->cell = memory_resize(list->cell, list->capacity * sizeof *list->cell);
	}
	list->cell[list->count++] = cell;
}

/* Order of names by text, so that sums of doubles are made in the same order whatever came first. */
static int
name_order(const struct scorer *scorer, uint32_t a, uint32_t b)
{
	return a == b ? 0 : slice_compare(names_text(&scorer->names, a), names_text(&scorer->names, b));
}

static int
cell_order(const void *a, const void *b, void *scorer)
{
	const struct cell *left = a, *right = b;
	int order = name_order(scorer, left->township, right->township);
	if (order)
		return order;
	if (left->class != right->class)
		return left->class < right->class ? -1 : 1;
	return (left->stratum > right->stratum) - (left->stratum < right->stratum);
}

/* One dense table of class x stratum for each township seen. */
struct township_table {
	int64_t persons[CLASS_COUNT][STRATA];
};

/* What population.csv says of classes of which nobody is enrolled. */
static void
count_table(struct scorer *scorer, const struct pool *pool, const struct pool_month *window, struct cell_list *list)
{
	struct arena arena = {0};
	const char *pool_text = arena_copy(&arena, names_text(&scorer->names, pool->name).data, names_text(&scorer->names, pool->name).length);
	for (int class = 0; class < CLASS_COUNT; class++) {
		bool enrolled = false;
		for (size_t i = 0; i < list->count && !enrolled; i++)
			enrolled = list->cell[i].class == class;
		int64_t persons = enrolled ? -1
		    : tables_population(scorer->rules, pool_text, SLICE(""), (enum identity_class)class, window->month);
		if (persons > 0)
			cell_list_add(list, (struct cell){0, (uint8_t)class, NO_STRATUM, persons});
	}
	arena_free(&arena);
}

void
census_persons(struct scorer *scorer, const struct pool *pool, struct pool_month *window)
{
	struct township_table **table = memory_resize(NULL, (scorer->names.count + 1) * sizeof *table);
	memset(table, 0, (scorer->names.count + 1) * sizeof *table);
	int32_t first_day = month_first_day(window->month);
	for (uint32_t number = 0; number < scorer->persons.chunks.count; number++) {
		const struct person *person = person_at(&scorer->persons, number);
		if (person->pool != pool->name || person->last_enrolment == NOBODY)
			continue;
		const struct enrolment_record *record = enrolment_find(scorer, person, window->month / 12, 0);
		if (!record)
			continue;
		struct township_table **slot = &table[record->township];
		if (!*slot)
			*slot = memset(memory_resize(NULL, sizeof **slot), 0, sizeof **slot);
		(*slot)->persons[enrolment_class(scorer, record, first_day)][stratum_of(record, window->month)]++;
	}
	struct cell_list list = {0};
	for (uint32_t township = 0; township < scorer->names.count; township++) {
		for (int cell = 0; table[township] && cell < CLASS_COUNT * STRATA; cell++) {
			int class = cell / STRATA, stratum = cell % STRATA;
			int64_t persons = table[township]->persons[class][stratum];
			if (persons)
				cell_list_add(&list, (struct cell){township, (uint8_t)class, (uint8_t)stratum, persons});
		}
		free(table[township]);
	}
	free(table);
	window->has_enrolments = list.count > 0;
	count_table(scorer, pool, window, &list);
	if (list.count)
		qsort_r(list.cell, list.count, sizeof *list.cell, cell_order, scorer);
	free(window->cell);
	window->cell = list.cell;
	window->cells = list.count;
	memset(window->population, 0, sizeof window->population);
	for (size_t i = 0; i < list.count; i++)
		window->population[list.cell[i].class][list.cell[i].stratum] += list.cell[i].persons;
	window->persons_counted = true;
	for (size_t i = 0; i < window->stays; i++)
		if (is_remembered(scorer, window->stay[i].booking))
			window->stay[i].of = census_stay(scorer, booking_at(&scorer->bookings, window->stay[i].booking), window);
}

/* ---- stays ---- */

/* A month of which settlements are no longer remembered keeps the counts it had. */
static bool
is_whole(const struct scorer *scorer, const struct pool_month *window)
{
	for (size_t i = 0; i < window->stays; i++)
		if (window->stay[i].booking != NOBODY && !is_remembered(scorer, window->stay[i].booking))
			return false;
	return true;
}

static struct unit_count *
unit_add(struct family_month *family, uint32_t unit)
{
	family->unit = memory_resize(family->unit, (family->units + 1) * sizeof *family->unit);
	family->unit[family->units] = (struct unit_count){.unit = unit};
	return &family->unit[family->units++];
}

static void
unit_change(struct unit_count *unit, const struct stay_of *of, int sign)
{
	unit->stays += (uint32_t)sign;
	if (of->known)
		unit->observed[of->class] += (uint32_t)sign;
}

void
census_stays(struct scorer *scorer, const struct pool_month *window, const struct family_rule *made, struct family_month *family)
{
	family->stays_counted = true;
	if (!is_whole(scorer, window))
		return;
	uint32_t *place = memory_resize(NULL, (scorer->names.count + 1) * sizeof *place);
	memset(place, 0, (scorer->names.count + 1) * sizeof *place);
	for (size_t i = 0; i < window->stays; i++) {
		const struct stay *stay = &window->stay[i];
		if (stay->booking == NOBODY || !booking_bit(booking_at(&scorer->bookings, stay->booking), made->bit))
			continue;
		if (stay->of.known)
			family->observed[stay->of.class][stay->of.stratum]++;
		uint32_t name = made->institutions ? stay->institution : stay->of.township;
		if (name == 0)
			continue;       /* an unknown institution or township is none */
		if (!place[name]) {
			unit_add(family, name);
			place[name] = (uint32_t)family->units;
		}
		unit_change(&family->unit[place[name] - 1], &stay->of, 1);
	}
	free(place);
}

static void
family_change(struct family_month *family, const struct stay *stay, bool institutions, int sign)
{
	uint32_t name = institutions ? stay->institution : stay->of.township;
	if (stay->of.known)
		family->observed[stay->of.class][stay->of.stratum] += sign;
	if (name == 0)
		return;
	size_t place = 0;
	while (place < family->units && family->unit[place].unit != name)
		place++;
	unit_change(place < family->units ? &family->unit[place] : unit_add(family, name), &stay->of, sign);
}

void
census_change(struct scorer *scorer, struct pool_month *window, const struct stay *stay, int sign)
{
	const struct booking *booking = booking_at(&scorer->bookings, stay->booking);
	for (size_t i = 0; i < scorer->layout.family_rules; i++) {
		const struct family_rule *made = &scorer->layout.family_rule[i];
		if (window->family[i].stays_counted && booking_bit(booking, made->bit))
			family_change(&window->family[i], stay, made->institutions, sign);
	}
}
