/* See plan.h.  An aggregate is kept when the new set defines one alike, whatever the rules around it say. */
#include "core/score/plan.h"

#include <stdlib.h>

static int32_t *
map_make(size_t count)
{
	int32_t *map = memory_resize(NULL, (count + 1) * sizeof *map);
	for (size_t i = 0; i <= count; i++)
		map[i] = -1;
	return map;
}

bool
plan_same_rule(const struct plan *plan, int32_t new_rule, int32_t old_rule)
{
	const struct rule *fresh = &plan->new_rules->rule[new_rule], *old = &plan->old_rules->rule[old_rule];
	return strcmp(fresh->id, old->id) == 0 && strcmp(fresh->settings_text, old->settings_text) == 0;
}

bool
plan_same_voice(const struct plan *plan, int32_t new_rule, int32_t old_rule)
{
	bool on_trial = plan->new_rules->rule[new_rule].mode == MODE_SHADOW, was_on_trial = plan->old_rules->rule[old_rule].mode == MODE_SHADOW;
	return on_trial == was_on_trial && plan_same_rule(plan, new_rule, old_rule);
}

int32_t
plan_voice_of(const struct plan *plan, int32_t new_rule)
{
	int32_t old_rule = rule_find(plan->old_rules, plan->new_rules->rule[new_rule].id);
	return old_rule >= 0 && plan_same_voice(plan, new_rule, old_rule) ? old_rule : -1;
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
map_bits(struct plan *plan)
{
	plan->bit = map_make(plan->new_layout.keeps);
	for (size_t i = 0; i < plan->new_layout.keeps; i++)
		for (size_t j = 0; j < plan->old_layout.keeps; j++)
			if (plan->condition[plan->new_layout.kept[i]] == plan->old_layout.kept[j])
				plan->bit[i] = (int32_t)j;
}

static void
map_amounts(struct plan *plan)
{
	plan->amount = map_make(plan->new_layout.amounts);
	for (size_t i = 0; i < plan->new_layout.amounts; i++)
		for (size_t j = 0; j < plan->old_layout.amounts; j++)
			if (plan->new_layout.amount_field[i] == plan->old_layout.amount_field[j])
				plan->amount[i] = (int32_t)j;
	plan->net = map_make(plan->new_layout.nets);
	for (size_t i = 0; i < plan->new_layout.nets; i++)
		for (size_t j = 0; j < plan->old_layout.nets; j++)
			if (plan->amount[plan->new_layout.net[i]] == (int32_t)plan->old_layout.net[j])
				plan->net[i] = (int32_t)j;
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
			    && plan_same_voice(plan, fresh->ledger_rule[i].rule, old->ledger_rule[j].rule))
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
			if (plan_same_rule(plan, fresh->series_rule[i].rule, old->series_rule[j].rule))
				plan->series_rule[i] = (int32_t)j;
	for (size_t i = 0; i < fresh->family_rules; i++)
		for (size_t j = 0; j < old->family_rules; j++)
			if (plan_same_rule(plan, fresh->family_rule[i].rule, old->family_rule[j].rule))
				plan->family_rule[i] = (int32_t)j;
}

void
plan_make(struct plan *plan, const struct ruleset *old_rules, const struct layout *old_layout, const struct ruleset *new_rules)
{
	*plan = (struct plan){.old_rules = old_rules, .new_rules = new_rules, .old_layout = *old_layout,
	    .old_words = old_layout->words};
	layout_make(&plan->new_layout, new_rules);
	plan->new_words = plan->new_layout.words;
	map_conditions(plan);
	map_bits(plan);
	map_amounts(plan);
	map_ledgers(plan);
	map_windows(plan);
}

void
plan_free(struct plan *plan)
{
	layout_free(&plan->new_layout);
	free(plan->condition);
	free(plan->bit);
	free(plan->amount);
	free(plan->net);
	free(plan->ledger);
	free(plan->ledger_rule);
	free(plan->series_rule);
	free(plan->family_rule);
}

int32_t
rule_find(const struct ruleset *set, const char *id)
{
	for (size_t i = 0; i < set->rules; i++)
		if (strcmp(set->rule[i].id, id) == 0)
			return (int32_t)i;
	return -1;
}
