/* Another ruleset between two batches.  What an aggregate's definition still asks for is kept; what is new starts
 * empty; what nothing asks for any more is dropped. */
#include "core/score/private.h"

#include <stdlib.h>

struct plan {
	const struct scorer *scorer;
	const struct ruleset *old_rules, *new_rules;
	struct layout old_layout, new_layout;
	size_t old_words, new_words;
	int32_t *condition;             /* of the new set: number in the old one, -1: none */
	int32_t *amount;                /* likewise */
	int32_t *ledger, *ledger_rule, *series_rule, *family_rule;
};

static int32_t *
map_make(size_t count)
{
	int32_t *map = memory_resize(NULL, (count + 1) * sizeof *map);
	for (size_t i = 0; i <= count; i++)
		map[i] = -1;
	return map;
}

static bool
is_same_rule(const struct plan *plan, int32_t new_rule, int32_t old_rule)
{
	const struct rule *fresh = &plan->new_rules->rule[new_rule], *old = &plan->old_rules->rule[old_rule];
	return strcmp(fresh->id, old->id) == 0 && strcmp(fresh->settings_text, old->settings_text) == 0;
}

static void
map_conditions(struct plan *plan)
{
	plan->condition = map_make(plan->new_rules->conditions);
	for (size_t i = 0; i < plan->new_rules->conditions; i++)
		for (size_t j = 0; j < plan->old_rules->conditions; j++)
			if (strcmp(plan->new_rules->condition[i].text, plan->old_rules->condition[j].text) == 0)
				plan->condition[i] = (int32_t)j;
}

static void
map_amounts(struct plan *plan)
{
	plan->amount = map_make(plan->new_layout.amounts);
	for (size_t i = 0; i < plan->new_layout.amounts; i++)
		for (size_t j = 0; j < plan->old_layout.amounts; j++)
			if (plan->new_layout.amount_field[i] == plan->old_layout.amount_field[j])
				plan->amount[i] = (int32_t)j;
}

static void
map_ledgers(struct plan *plan)
{
	const struct layout *fresh = &plan->new_layout, *old = &plan->old_layout;
	plan->ledger = map_make(fresh->ledgers);
	plan->ledger_rule = map_make(fresh->ledger_rules);
	for (size_t i = 0; i < fresh->ledgers; i++)
		for (size_t j = 0; j < old->ledgers; j++)
			if (plan->condition[fresh->ledger[i].where] == old->ledger[j].where
			    && plan->amount[fresh->ledger[i].amount] == (int32_t)old->ledger[j].amount)
				plan->ledger[i] = (int32_t)j;
	for (size_t i = 0; i < fresh->ledger_rules; i++)
		for (size_t j = 0; j < old->ledger_rules; j++)
			if (fresh->ledger_rule[i].notice == old->ledger_rule[j].notice
			    && is_same_rule(plan, fresh->ledger_rule[i].rule, old->ledger_rule[j].rule))
				plan->ledger_rule[i] = (int32_t)j;
}

static void
map_windows(struct plan *plan)
{
	const struct layout *fresh = &plan->new_layout, *old = &plan->old_layout;
	plan->series_rule = map_make(fresh->series_rules);
	plan->family_rule = map_make(fresh->family_rules);
	for (size_t i = 0; i < fresh->series_rules; i++)
		for (size_t j = 0; j < old->series_rules; j++)
			if (is_same_rule(plan, fresh->series_rule[i].rule, old->series_rule[j].rule))
				plan->series_rule[i] = (int32_t)j;
	for (size_t i = 0; i < fresh->family_rules; i++)
		for (size_t j = 0; j < old->family_rules; j++)
			if (is_same_rule(plan, fresh->family_rule[i].rule, old->family_rule[j].rule))
				plan->family_rule[i] = (int32_t)j;
}

/* ---- bookings and persons ---- */

static void
rewrite_booking(const void *context, const int64_t *old_data, int64_t *new_data)
{
	const struct plan *plan = context;
	for (size_t i = 0; i < plan->new_rules->conditions; i++) {
		int32_t from = plan->condition[i];
		bool bit = from >= 0 && (uint64_t)old_data[from >> 6] >> (from & 63) & 1;
		new_data[i >> 6] = (int64_t)((uint64_t)new_data[i >> 6] | (uint64_t)bit << (i & 63));
	}
	for (size_t i = 0; i < plan->new_layout.amounts; i++)
		if (plan->amount[i] >= 0)
			new_data[plan->new_words + i] = old_data[plan->old_words + (size_t)plan->amount[i]];
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
			if (wanted)
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
		window->family[i] = *from;
		for (size_t j = 0; j < from->count; j++) {
			from->said[j].memo = (struct family_memo){0};
			from->said[j].seen = 0;
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

static int32_t
rule_find(const struct ruleset *set, const char *id)
{
	for (size_t i = 0; i < set->rules; i++)
		if (strcmp(set->rule[i].id, id) == 0)
			return (int32_t)i;
	return -1;
}

static void
counts_move(struct scorer *scorer, const struct plan *plan)
{
	struct rule_counts *old = scorer->rule_counts;
	scorer->rule_counts = memory_resize(NULL, (plan->new_rules->rules + 1) * sizeof *old);
	memset(scorer->rule_counts, 0, (plan->new_rules->rules + 1) * sizeof *old);
	for (size_t i = 0; i < plan->new_rules->rules; i++) {
		int32_t from = rule_find(plan->old_rules, plan->new_rules->rule[i].id);
		if (from >= 0)
			scorer->rule_counts[i] = old[from];
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

static void
answer_write(struct buffer *out, const struct plan *plan)
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
static bool
pools_differ(struct scorer *scorer, struct ruleset *rules)
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
	if (pools_differ(scorer, rules)) {
		*old = rules;
		answer->length = 0;
		buffer_text(answer, "{\"refused\":\"an area would move to another pool; start with an empty state instead\"}");
		buffer_char(answer, '\0');
		return answer->data;
	}
	struct plan plan = {.scorer = scorer, .old_rules = scorer->rules, .new_rules = rules, .old_layout = scorer->layout,
	    .old_words = scorer->words, .new_words = MATCH_WORDS(rules)};
	layout_make(&plan.new_layout, rules);
	map_conditions(&plan);
	map_amounts(&plan);
	map_ledgers(&plan);
	map_windows(&plan);
	bookings_relayout(&scorer->bookings, plan.new_words, plan.new_layout.amounts, rewrite_booking, &plan);
	persons_relayout(&scorer->persons, plan.new_layout.ledgers, plan.new_layout.ledger_rules, rewrite_year, &plan);
	windows_move(scorer, &plan);
	counts_move(scorer, &plan);
	answer_write(answer, &plan);
	*old = scorer->rules;
	layout_free(&plan.old_layout);
	layout_free(&plan.new_layout);
	areas_bind(scorer, rules);
	free(plan.condition);
	free(plan.amount);
	free(plan.ledger);
	free(plan.ledger_rule);
	free(plan.series_rule);
	free(plan.family_rule);
	return answer->data;
}
