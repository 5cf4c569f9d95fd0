/* A scorer that judged the same records under other rules takes the place of the running one: its state is whole, as if its
 * rules had always held; what was said is the running one's.  Persons, pools, subjects and claims are found by their keys, for
 * the numbering of names depends on the rules. */
#include "core/score/matches.h"
#include "core/score/plan.h"

#include <stdlib.h>

/* ---- persons ---- */

static void
person_unsay(struct scorer *fresh, uint32_t number)
{
	struct person *person = person_at(&fresh->persons, number);
	for (size_t slot = 0; slot < persons_years(fresh->persons.beginnings); slot++) {
		struct ledger_year *block = person_year_at(&fresh->persons, person, slot);
		if (fresh->layout.ledger_rules)
			memset(ledger_said(&fresh->persons, block, 0), 0, fresh->layout.ledger_rules * sizeof(struct said));
	}
}

static void
year_carry(struct scorer *fresh, struct ledger_year *to, const struct scorer *live, struct ledger_year *from, const struct plan *plan)
{
	for (size_t i = 0; to && to->year == from->year && i < plan->new_layout.ledger_rules; i++)
		if (plan->ledger_rule[i] >= 0)
			*ledger_said(&fresh->persons, to, i) = *ledger_said(&live->persons, from, (size_t)plan->ledger_rule[i]);
}

static void
person_carry(struct scorer *fresh, const struct scorer *live, uint32_t number, const struct plan *plan)
{
	struct person *from = person_at(&live->persons, number);
	struct slice psn_no = person_psn_no(&live->persons, from);
	uint32_t pool;
	if (!names_find(&fresh->names, names_text(&live->names, from->pool), &pool))
		return;
	uint32_t found = persons_find(&fresh->persons, pool, psn_no, person_hash(pool, psn_no));
	if (found == NOBODY)
		return;
	struct person *to = person_at(&fresh->persons, found);
	for (size_t slot = 0; slot < persons_years(live->persons.beginnings); slot++) {
		struct ledger_year *year = person_year_at(&live->persons, from, slot);
		if (year->year)
			year_carry(fresh, person_year_slot(&fresh->persons, to, (int32_t)year->year), live, year, plan);
	}
}

static void
persons_carry(struct scorer *fresh, const struct scorer *live, const struct plan *plan)
{
	for (uint32_t i = fresh->persons.chunks.first; i < fresh->persons.chunks.count; i++)
		person_unsay(fresh, i);
	for (uint32_t i = live->persons.chunks.first; i < live->persons.chunks.count; i++)
		person_carry(fresh, live, i, plan);
}

/* ---- series ---- */

static struct series *
series_alike(const struct scorer *fresh, struct pool *pool, size_t series_rule, const struct series *like, struct slice subject)
{
	for (size_t i = 0; i < pool->series_count; i++)
		if (pool->series[i].series_rule == series_rule && pool->series[i].level == like->level && pool->series[i].class == like->class
		    && slice_equal(names_text(&fresh->names, pool->series[i].subject), subject))
			return &pool->series[i];
	return NULL;
}

static void
series_carry(struct series *to, const struct series *from)
{
	for (size_t i = 0; i < from->months; i++) {
		int64_t place = (int64_t)from->first_month + (int64_t)i - to->first_month;
		if (place >= 0 && place < (int64_t)to->months)
			to->month[place].indicator = from->month[i].indicator;
	}
	for (size_t i = 0; i < from->years; i++)
		series_year(to, from->year[i].year)->alert = from->year[i].alert;
}

static void
pool_series_carry(struct scorer *fresh, struct pool *to, const struct scorer *live, const struct pool *from, const struct plan *plan)
{
	for (size_t i = 0; i < to->series_count; i++)
		series_unsay(&to->series[i]);
	for (size_t i = 0; i < from->series_count; i++)
		for (size_t j = 0; j < plan->new_layout.series_rules; j++) {
			const struct series *series = &from->series[i];
			if (plan->series_rule[j] != (int32_t)series->series_rule
			    || !plan_same_voice(plan, plan->new_layout.series_rule[j].rule, plan->old_layout.series_rule[series->series_rule].rule))
				continue;
			struct series *alike = series_alike(fresh, to, j, series, names_text(&live->names, series->subject));
			if (alike)
				series_carry(alike, series);
		}
}

/* ---- families ---- */

static void
family_unsay(struct family_month *month)
{
	for (size_t i = 0; i < month->count; i++)
		month->said[i] = (struct unit_said){.unit = month->said[i].unit, .class = month->said[i].class};
}

static void
unit_carry(struct family_month *to, uint32_t unit, const struct unit_said *from)
{
	size_t i = 0;
	while (i < to->count && (to->said[i].unit != unit || to->said[i].class != from->class))
		i++;
	if (i == to->count) {
		to->said = memory_resize(to->said, (to->count + 1) * sizeof *to->said);
		to->said[to->count++] = (struct unit_said){.unit = unit, .class = from->class};
	}
	to->said[i].alert = from->alert;
	to->said[i].indicator = from->indicator;
}

static void
family_carry(struct scorer *fresh, struct family_month *to, const struct scorer *live, const struct family_month *from)
{
	for (size_t i = 0; i < from->count; i++)
		unit_carry(to, names_number(&fresh->names, names_text(&live->names, from->said[i].unit)), &from->said[i]);
}

static void
month_carry(struct scorer *fresh, struct pool_month *to, const struct scorer *live, const struct pool_month *from, const struct plan *plan)
{
	for (size_t i = 0; i < plan->new_layout.family_rules; i++) {
		int32_t old = plan->family_rule[i];
		family_unsay(&to->family[i]);
		if (from && old >= 0 && plan_same_voice(plan, plan->new_layout.family_rule[i].rule, plan->old_layout.family_rule[old].rule))
			family_carry(fresh, &to->family[i], live, &from->family[old]);
	}
}

/* ---- pools ---- */

static const struct pool *
pool_alike(const struct scorer *live, struct slice name)
{
	for (size_t i = 0; i < live->pools; i++)
		if (slice_equal(names_text(&live->names, live->pool[i].name), name))
			return &live->pool[i];
	return NULL;
}

static void
pools_carry(struct scorer *fresh, const struct scorer *live, const struct plan *plan)
{
	for (size_t i = 0; i < fresh->pools; i++) {
		struct pool *to = &fresh->pool[i];
		const struct pool *from = pool_alike(live, names_text(&fresh->names, to->name)), none = {0};
		pool_series_carry(fresh, to, live, from ? from : &none, plan);
		for (size_t month = 0; month < to->months; month++)
			if (to->month[month])
				month_carry(fresh, to->month[month], live, from ? pool_month_if(from, to->month[month]->month) : NULL, plan);
	}
}

/* ---- counts ---- */

static void
counts_carry(struct scorer *fresh, const struct scorer *live, const struct plan *plan)
{
	asked_settle(fresh);
	for (size_t i = 0; i < fresh->rules->rules; i++) {
		int32_t old = plan_voice_of(plan, (int32_t)i);
		uint64_t matched = fresh->rule_counts[i].matched, evaluated = fresh->rule_counts[i].evaluated;
		fresh->rule_counts[i] = old >= 0 ? live->rule_counts[old] : (struct rule_counts){0};
		fresh->rule_counts[i].matched = matched;
		fresh->rule_counts[i].evaluated = evaluated;
	}
}

const char *
scorer_adopt(struct scorer *fresh, const struct scorer *live)
{
	struct plan plan;
	plan_make(&plan, live->rules, &live->layout, fresh->rules);
	persons_carry(fresh, live, &plan);
	pools_carry(fresh, live, &plan);
	claim_said_adopt(fresh, live, &plan);
	counts_carry(fresh, live, &plan);
	suppressions_adopt(fresh, live);
	rejudge_all(fresh);
	plan_answer(&fresh->answer, &plan);
	plan_free(&plan);
	return fresh->answer.data;
}
