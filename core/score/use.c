/* Another ruleset between two batches.  What an aggregate's definition still asks for is kept; what is new starts
 * empty; what nothing asks for any more is dropped. */
#include "core/score/matches.h"
#include "core/score/plan.h"

#include <stdlib.h>

/* ---- bookings and persons ---- */

static void
rewrite_booking(const void *context, const int64_t *old_data, int64_t *new_data)
{
	const struct plan *plan = context;
	for (size_t i = 0; i < plan->new_layout.keeps; i++) {
		int32_t from = plan->bit[i];
		bool bit = from >= 0 && (uint64_t)old_data[from >> 6] >> (from & 63) & 1;
		new_data[i >> 6] = (int64_t)((uint64_t)new_data[i >> 6] | (uint64_t)bit << (i & 63));
	}
	for (size_t i = 0; i < plan->new_layout.amounts; i++)
		if (plan->amount[i] >= 0)
			new_data[plan->new_words + i] = old_data[plan->old_words + (size_t)plan->amount[i]];
	for (size_t i = 0; i < plan->new_layout.nets; i++)
		if (plan->net[i] >= 0)
			new_data[plan->new_words + plan->new_layout.amounts + i] = old_data[plan->old_words + plan->old_layout.amounts + (size_t)plan->net[i]];
}

static void
rewrite_year(const void *context, const struct ledger_year *old_year, struct ledger_year *new_year)
{
	const struct plan *plan = context;
	const struct said *old_said = (const struct said *)(old_year->sum + plan->old_layout.ledgers);
	struct said *new_said = (struct said *)(new_year->sum + plan->new_layout.ledgers);
	new_year->year = old_year->year;
	for (size_t i = 0; i < plan->new_layout.ledgers; i++)
		if (plan->ledger[i] >= 0)
			new_year->sum[i] = old_year->sum[plan->ledger[i]];
	for (size_t i = 0; i < plan->new_layout.ledger_rules; i++)
		if (plan->ledger_rule[i] >= 0)
			new_said[i] = old_said[plan->ledger_rule[i]];
}

/* ---- windows ---- */

static void
series_move(const struct plan *plan, struct pool *pool)
{
	size_t kept = 0;
	for (size_t i = 0; i < pool->series_count; i++) {
		struct series series = pool->series[i];
		free(series.evidence);          /* collected under the old rules */
		series.evidence = NULL;
		bool wanted = false;
		for (size_t j = 0; j < plan->new_layout.series_rules && !wanted; j++) {
			wanted = plan->series_rule[j] == (int32_t)series.series_rule;
			if (!wanted)
				continue;
			if (!plan_same_voice(plan, plan->new_layout.series_rule[j].rule, plan->old_layout.series_rule[series.series_rule].rule))
				series_unsay(&series);
			series.series_rule = j;
		}
		if (wanted)
			pool->series[kept++] = series;
		else
			series_free(&series);
	}
	pool->series_count = kept;
}

static void
families_move(const struct plan *plan, struct pool_month *window)
{
	struct family_month *old = window->family;
	window->family = memory_resize(NULL, (plan->new_layout.family_rules + 1) * sizeof *old);
	memset(window->family, 0, (plan->new_layout.family_rules + 1) * sizeof *old);
	for (size_t i = 0; i < plan->new_layout.family_rules; i++) {
		if (plan->family_rule[i] < 0)
			continue;
		struct family_month *from = &old[plan->family_rule[i]];
		bool goes_on = plan_same_voice(plan, plan->new_layout.family_rule[i].rule, plan->old_layout.family_rule[plan->family_rule[i]].rule);
		window->family[i] = *from;
		for (size_t j = 0; j < from->count; j++) {
			struct unit_said *said = &from->said[j];
			*said = (struct unit_said){.unit = said->unit, .class = said->class, .alert = goes_on ? said->alert : (struct said){0},
			    .indicator = goes_on ? said->indicator : (struct said){0}};
		}
		*from = (struct family_month){0};
	}
	for (size_t i = 0; i < plan->old_layout.family_rules; i++) {
		free(old[i].said);
		free(old[i].unit);
	}
	free(old);
}

static void
windows_move(struct scorer *scorer, const struct plan *plan)
{
	for (size_t i = 0; i < scorer->pools; i++) {
		struct pool *pool = &scorer->pool[i];
		series_move(plan, pool);
		for (size_t j = 0; j < pool->months; j++)
			if (pool->month[j])
				families_move(plan, pool->month[j]);
	}
	for (size_t i = 0; i < scorer->area_slots; i++)
		scorer->area_series[i].known = false;
}

/* ---- counts and the answer ---- */

static void
counts_move(struct scorer *scorer, const struct plan *plan)
{
	asked_settle(scorer);
	struct rule_counts *old = scorer->rule_counts;
	scorer->rule_counts = memory_resize(NULL, (plan->new_rules->rules + 1) * sizeof *old);
	memset(scorer->rule_counts, 0, (plan->new_rules->rules + 1) * sizeof *old);
	for (size_t i = 0; i < plan->new_rules->rules; i++) {
		int32_t from = rule_find(plan->old_rules, plan->new_rules->rule[i].id);
		bool on_trial = plan->new_rules->rule[i].mode == MODE_SHADOW;
		if (from < 0 || on_trial != (plan->old_rules->rule[from].mode == MODE_SHADOW))
			continue;
		scorer->rule_counts[i] = old[from];
		if (!plan_same_rule(plan, (int32_t)i, from)) {
			scorer->rule_counts[i].open = scorer->rule_counts[i].retracted = 0;
			scorer->rule_counts[i].amount_at_risk_fen = 0;
		}
	}
	free(old);
}

static void
answer_list(const struct plan *plan, struct buffer *out, const char *name, bool of_new, bool kept)
{
	const struct ruleset *set = of_new ? plan->new_rules : plan->old_rules;
	const struct ruleset *other = of_new ? plan->old_rules : plan->new_rules;
	json_key(out, name);
	json_open(out, '[');
	for (size_t i = 0; i < set->rules; i++) {
		int32_t match = rule_find(other, set->rule[i].id);
		bool same = match >= 0 && strcmp(set->rule[i].settings_text, other->rule[match].settings_text) == 0
		    && (set->rule[i].mode == MODE_OFF) == (other->rule[match].mode == MODE_OFF);
		if (same == kept && set->rule[i].mode != MODE_OFF)
			json_text(out, set->rule[i].id);
	}
	json_close(out, ']');
}

void
plan_answer(struct buffer *out, const struct plan *plan)
{
	out->length = 0;
	json_open(out, '{');
	json_key(out, "ruleset");
	json_text(out, plan->new_rules->digest);
	answer_list(plan, out, "kept", true, true);
	answer_list(plan, out, "new", true, false);
	answer_list(plan, out, "dropped", false, false);
	json_close(out, '}');
	buffer_char(out, '\0');
}

/* An area that would move to another pool takes its persons' state with it, which nobody can do: refused. */
bool
scorer_moves_pool(const struct scorer *scorer, const struct ruleset *rules)
{
	struct matcher *matcher = matcher_open(rules);
	bool differ = false;
	for (size_t name = 0; name < scorer->area_slots && !differ; name++) {
		if (!scorer->area[name])
			continue;
		const struct area *area = matcher_area(matcher, names_text(&scorer->names, (uint32_t)name));
		differ = strcmp(area->pool, scorer->area[name]->pool) != 0;
	}
	matcher_close(matcher);
	return differ;
}

/* The areas that there were are met again under the new set: in order of number, before any record. */
static void
areas_bind(struct scorer *scorer, struct ruleset *rules)
{
	uint32_t slots = (uint32_t)scorer->area_slots;
	bool *known = memory_resize(NULL, slots * sizeof *known);
	for (uint32_t name = 0; name < slots; name++)
		known[name] = scorer->area[name] != NULL;
	matcher_close(scorer->matcher);
	scorer_bind(scorer, rules);
	for (uint32_t name = 0; name < slots; name++)
		if (known[name])
			scorer_meet_area(scorer, name);
	free(known);
}

const char *
scorer_use(struct scorer *scorer, struct ruleset *rules, struct ruleset **old)
{
	struct buffer *answer = &scorer->answer;
	if (scorer_moves_pool(scorer, rules)) {
		*old = rules;
		answer->length = 0;
		buffer_text(answer, "{\"refused\":\"an area would move to another pool; start with an empty state instead\"}");
		buffer_char(answer, '\0');
		return answer->data;
	}
	struct plan plan;
	plan_make(&plan, scorer->rules, &scorer->layout, rules);
	bookings_relayout(&scorer->bookings, plan.new_words, plan.new_layout.amounts + plan.new_layout.nets, rewrite_booking, &plan);
	persons_relayout(&scorer->persons, plan.new_layout.ledgers, plan.new_layout.ledger_rules, plan.new_layout.beginnings,
	    rewrite_year, &plan);
	windows_move(scorer, &plan);
	claim_said_keep(scorer, &plan);
	counts_move(scorer, &plan);
	hold_move(scorer, &plan);
	suppressions_move(scorer, plan.old_rules, plan.new_rules);
	rejudge_plan(scorer, &plan);
	plan_answer(answer, &plan);
	*old = scorer->rules;
	layout_free(&scorer->layout);
	areas_bind(scorer, rules);
	plan_free(&plan);
	return answer->data;
}
