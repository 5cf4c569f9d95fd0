/* Admissions of many units at once (statistics D1): townships or institutions of a pool, each poor class against its own
 * class in the pool, with the neighbours' factor from the general class.
 *
 *   rate of class c, stratum s       stays / persons over the last 12 closed months before this one, or over this
 *                                    month where there are none (contract 4)
 *   expected of a township           sum over its persons of their rate
 *   expected of an institution       expected of the class in the pool, times the institution's part of the general
 *                                    class's stays over the same months
 *   neighbours' factor               (1/tau^2 + O/phi) / (1/tau^2 + E/phi) of the general class, same unit and month
 */
#include "core/score/matches.h"

#include "core/base/hash.h"

#include <stdlib.h>

struct unit {                           /* a township or an institution, name order */
	uint32_t name;
	int64_t observed[CLASS_COUNT], population[CLASS_COUNT];
	double expected[CLASS_COUNT];
	int64_t general;                /* an institution's stays of the general class in the baseline months */
	uint32_t said;                  /* a bit for each class of which something was said before */
};

struct family {                         /* one judgement: rule, pool, month */
	struct scorer *scorer;
	struct pool *pool;
	struct pool_month *window;
	const struct family_rule *made;
	const struct rule *rule;
	double rate[CLASS_COUNT][STRATA];
	struct unit *unit;
	size_t units;
	uint32_t *place;                /* by name: index + 1 in unit, while it is being filled */
	int64_t general_total;          /* sum of unit.general */
};

static struct unit *
unit_get(struct family *family, uint32_t name)
{
	if (family->place[name])
		return &family->unit[family->place[name] - 1];
	family->unit = memory_resize(family->unit, (family->units + 1) * sizeof *family->unit);
	struct unit *unit = &family->unit[family->units++];
	family->place[name] = (uint32_t)family->units;
	memset(unit, 0, sizeof *unit);
	unit->name = name;
	return unit;
}

/* ---- baseline ---- */

static struct family_month *
month_count(const struct family *family, struct pool_month *window)
{
	struct family_month *month = &window->family[family->made - family->scorer->layout.family_rule];
	if (!window->persons_counted)
		census_persons(family->scorer, family->pool, window);
	if (!month->stays_counted)
		census_stays(family->scorer, window, family->made, month);
	return month;
}

/* The institutions that had stays are units, whatever they have in the month itself. */
static void
general_add(struct family *family, const struct family_month *month)
{
	for (size_t i = 0; i < month->units; i++) {
		if (month->unit[i].stays == 0)
			continue;
		unit_get(family, month->unit[i].unit)->general += month->unit[i].observed[CLASS_general];
		family->general_total += month->unit[i].observed[CLASS_general];
	}
}

static void
rates_make(struct family *family)
{
	int64_t observed[CLASS_COUNT][STRATA] = {{0}}, population[CLASS_COUNT][STRATA] = {{0}};
	int32_t month = family->window->month, begins = pool_begins(family->pool);
	bool any = false;
	for (int32_t before = month - BASELINE_MONTHS; before <= month; before++) {
		struct pool_month *window = before < begins && before < month ? NULL : pool_month_if(family->pool, before);
		if (!window || (before == month && any))
			continue;
		any = true;
		const struct family_month *counts = month_count(family, window);
		if (family->made->institutions)
			general_add(family, counts);
		for (int class = 0; class < CLASS_COUNT; class++)
			for (int stratum = 0; stratum < STRATA; stratum++) {
				observed[class][stratum] += counts->observed[class][stratum];
				population[class][stratum] += window->population[class][stratum];
			}
	}
	for (int class = 0; class < CLASS_COUNT; class++)
		for (int stratum = 0; stratum < STRATA; stratum++)
			family->rate[class][stratum] = population[class][stratum]
			    ? (double)observed[class][stratum] / (double)population[class][stratum] : 0.0;
}

/* ---- units ---- */

static int
unit_order(const void *a, const void *b, void *scorer)
{
	const struct names *names = &((struct scorer *)scorer)->names;
	return slice_compare(names_text(names, ((const struct unit *)a)->name), names_text(names, ((const struct unit *)b)->name));
}

static void
townships_make(struct family *family)
{
	const struct pool_month *window = family->window;
	for (size_t i = 0; i < window->cells; i++) {
		const struct cell *cell = &window->cell[i];
		if (cell->township == 0)
			continue;       /* an unknown township is none */
		struct unit *unit = unit_get(family, cell->township);
		unit->population[cell->class] += cell->persons;
		unit->expected[cell->class] += (double)cell->persons * family->rate[cell->class][cell->stratum];
	}
}

static void
institutions_make(struct family *family)
{
	double expected[CLASS_COUNT] = {0};
	int64_t population[CLASS_COUNT] = {0};
	for (int class = 0; class < CLASS_COUNT; class++)
		for (int stratum = 0; stratum < STRATA; stratum++) {
			population[class] += family->window->population[class][stratum];
			expected[class] += (double)family->window->population[class][stratum] * family->rate[class][stratum];
		}
	for (size_t i = 0; i < family->units; i++) {
		struct unit *unit = &family->unit[i];
		double part = family->general_total ? (double)unit->general / (double)family->general_total : 0.0;
		for (int class = 0; class < CLASS_COUNT; class++)
			unit->expected[class] = part * expected[class];
		memcpy(unit->population, population, sizeof population);
	}
}

static void
stays_take(struct family *family, const struct family_month *month)
{
	for (size_t i = 0; i < month->units; i++) {
		if (month->unit[i].stays == 0)
			continue;
		struct unit *unit = unit_get(family, month->unit[i].unit);
		for (int class = 0; class < CLASS_COUNT; class++)
			unit->observed[class] = month->unit[i].observed[class];
	}
}

/* Units of which something was said and whose stays have moved or gone since: that is said too. */
static void
said_before(struct family *family, const struct family_month *month)
{
	for (size_t i = 0; i < month->count; i++)
		unit_get(family, month->said[i].unit)->said |= 1u << month->said[i].class;
}

static void
units_make(struct family *family, const struct family_month *month)
{
	stays_take(family, month);
	said_before(family, month);
	if (family->made->institutions)
		institutions_make(family);
	else
		townships_make(family);
	if (family->units)
		qsort_r(family->unit, family->units, sizeof *family->unit, unit_order, family->scorer);
}

/* ---- judgement ---- */

static double
setting(const struct rule *rule, const char *name)
{
	const int64_t *value = rule_setting(rule, name);
	return value ? (double)*value / 1e6 : 0.0;
}

static double
neighbours(const struct family *family, const struct unit *unit)
{
	double tau = setting(family->rule, "tau"), phi = setting(family->rule, "phi");
	double observed = (double)unit->observed[CLASS_general], expected = unit->expected[CLASS_general];
	if (tau <= 0.0)
		return expected > 0.0 ? observed / expected : 1.0;
	double prior = 1.0 / (tau * tau);
	return (prior + observed / phi) / (prior + expected / phi);
}

struct place {                          /* which unit and class a key of the family is */
	const struct unit *unit;
	int class;
	size_t said;                    /* index in the month's list */
};

static size_t
said_place(struct family_month *month, uint32_t unit, int class)
{
	for (size_t i = 0; i < month->count; i++) {
		size_t at = (month->cursor + i) % month->count;
		if (month->said[at].unit != unit || month->said[at].class != class)
			continue;
		month->cursor = at + 1;
		return at;
	}
	month->said = memory_resize(month->said, (month->count + 1) * sizeof *month->said);
	month->said[month->count] = (struct unit_said){.unit = unit, .class = (uint8_t)class};
	return month->count++;
}

static size_t
keys_make(const struct family *family, struct family_month *month, struct family_key *key, struct place *place)
{
	size_t count = 0;
	for (size_t i = 0; i < family->units; i++) {
		const struct unit *unit = &family->unit[i];
		double factor = neighbours(family, unit);
		for (int class = 0; class < CLASS_other; class++) {
			if (unit->population[class] == 0 && unit->observed[class] == 0 && !(unit->said >> class & 1))
				continue;
			key[count] = (struct family_key){.observed = unit->observed[class], .population = unit->population[class],
			    .expected = unit->expected[class] * factor, .is_few = unit->population[class] < family->rule->minimum};
			place[count++] = (struct place){unit, class, said_place(month, unit->name, class)};
		}
	}
	for (size_t i = 0; i < count; i++)
		key[i].memo = &month->said[place[i].said].memo;
	return count;
}

/* How many stays of the unit and class there are in the month; the dearest of them are the evidence. */
static size_t
collect_stays(const struct family *family, const struct place *place)
{
	struct scorer *scorer = family->scorer;
	size_t total = 0;
	evidence_clear(&scorer->evidence);
	for (size_t i = 0; i < family->window->stays; i++) {
		const struct stay *stay = &family->window->stay[i];
		uint32_t name = family->made->institutions ? stay->institution : stay->of.township;
		if (!is_remembered(scorer, stay->booking) || !stay->of.known || name != place->unit->name || stay->of.class != place->class)
			continue;
		const struct booking *booking = booking_at(&scorer->bookings, stay->booking);
		if (!booking_bit(booking, family->made->bit))
			continue;
		total++;
		evidence_keep_dearest(&scorer->evidence, (struct evidence_claim){booking->setl_time, booking_setl_id(&scorer->bookings, booking),
		    booking->institution, booking->area, stay->booking, booking_amount(&scorer->bookings, booking, AMOUNT_HIFP)});
	}
	return total;
}

/* A hash of all that the finding says; never 0. */
static uint64_t
verdict_hash(const struct verdict *verdict)
{
	uint64_t bits[2 * FINDING_VALUES_MAX + 1] = {(uint64_t)verdict->word};
	for (size_t i = 0; i < verdict->count; i++) {
		bits[2 * i + 1] = (uint64_t)verdict->value[i].number;
		memcpy(&bits[2 * i + 2], &verdict->value[i].real, sizeof bits[0]);
	}
	return hash64(bits, (2 * verdict->count + 1) * sizeof bits[0]) | 1;
}

static void
say(const struct family *family, const struct place *place, const struct verdict *verdict, const struct param_row *row, enum cause cause)
{
	struct scorer *scorer = family->scorer;
	int32_t month = family->window->month;
	size_t index = (size_t)(family->made - scorer->layout.family_rule);
	struct unit_said *said = &family->window->family[index].said[place->said];
	uint64_t seen = verdict_hash(verdict);
	if (said->seen == seen && !alert_may_speak(&said->alert, verdict))
		return;
	said->seen = seen;
	struct subject subject = {.kind = family->made->institutions ? "institution" : "township", .pool = family->pool->name,
	    .class = class_names[place->class], .variant = ""};
	if (family->made->institutions)
		subject.institution = place->unit->name;
	else
		subject.township = place->unit->name;
	month_text(month, subject.period);
	struct statement statement = {.rule = family->made->rule, .subject = &subject, .verdict = verdict, .row = row,
	    .param = family->made->applies, .cause = cause, .event_time = (int64_t)month_first_day(month + 1) * DAY_SECONDS - 1};
	say_indicator(scorer, &said->indicator, &statement);
	if (!alert_may_speak(&said->alert, verdict))
		return;
	statement.claims_total = collect_stays(family, place);
	statement.evidence = &scorer->evidence;
	say_alert(scorer, &said->alert, &statement);
}

static void
judge(struct family *family, const struct param_row *row, enum cause cause)
{
	struct family_month *month = &family->window->family[family->made - family->scorer->layout.family_rule];
	size_t most = family->units * CLASS_other + 1;
	struct family_key *key = memory_resize(NULL, most * sizeof *key);
	struct place *place = memory_resize(NULL, most * sizeof *place);
	size_t count = keys_make(family, month, key, place);
	double *scratch = memory_resize(NULL, (count + 1) * sizeof *scratch);
	struct verdict *verdict = memory_resize(NULL, (count + 1) * sizeof *verdict);
	for (size_t i = 0; i < count; i++) {
		verdict[i].count = 0;           /* values are written whole */
		verdict[i].has_amount_at_risk = false;
		verdict[i].amount_at_risk_fen = 0;
		verdict[i].over_numerator = verdict[i].over_denominator = 0;
	}
	family->rule->detector->judge_family(family->rule->config, key, count, scratch, verdict);
	for (size_t i = 0; i < count; i++)
		say(family, &place[i], &verdict[i], row, cause);
	free(key);
	free(place);
	free(scratch);
	free(verdict);
}

static void
month_judge(struct scorer *scorer, struct pool *pool, size_t family_rule, int32_t month, enum cause cause)
{
	const struct family_rule *made = &scorer->layout.family_rule[family_rule];
	struct family family = {.scorer = scorer, .pool = pool, .made = made, .rule = &scorer->rules->rule[made->rule]};
	const struct param_row *row = param_find(family.rule, made->applies, scorer_area(scorer, pool->name), SLICE(""),
	    month_first_day(month + 1) - 1, NULL);
	if (!row && made->applies >= 0)
		return;
	family.window = pool_month(scorer, pool, month);
	int32_t begins = pool_begins(pool);
	if ((begins == NO_MONTH || month < begins) && family.window->family[family_rule].count == 0)
		return;         /* the pool begins with what stands: before it there is nothing to judge */
	family.place = memory_resize(NULL, (scorer->names.count + 1) * sizeof *family.place);
	memset(family.place, 0, (scorer->names.count + 1) * sizeof *family.place);
	const struct family_month *counts = month_count(&family, family.window);
	rates_make(&family);
	units_make(&family, counts);
	judge(&family, row, cause);
	free(family.unit);
	free(family.place);
}

void
family_close(struct scorer *scorer, struct pool *pool, size_t family_rule, int32_t month, enum cause cause)
{
	uint64_t start = close_start(scorer);
	month_judge(scorer, pool, family_rule, month, cause);
	close_stop(scorer, scorer->layout.family_rule[family_rule].rule, start);
}
