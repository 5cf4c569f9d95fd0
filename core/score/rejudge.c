/* After a change of rules: what stands is judged again by the new law, cause `rules`, from what is remembered.  A rule that
 * judges single claims is not asked about past ones: the claims themselves are not kept. */
#include "core/score/plan.h"

#include <stdlib.h>

void
rejudge_plan(struct scorer *scorer, const struct plan *plan)
{
	const struct layout *layout = &plan->new_layout;
	bool *wanted = memory_resize(scorer->rejudge.wanted, (plan->new_rules->rules + 1) * sizeof *wanted);
	memset(wanted, 0, (plan->new_rules->rules + 1) * sizeof *wanted);
	scorer->rejudge = (struct rejudge){.wanted = wanted, .on = true};
	for (size_t i = 0; i < plan->new_rules->rules; i++) {
		const struct rule *rule = &plan->new_rules->rule[i];
		int32_t old = rule_find(plan->old_rules, rule->id);
		wanted[i] = old >= 0 && plan_same_rule(plan, (int32_t)i, old)
		    && (!plan_same_voice(plan, (int32_t)i, old) || !rule_same_law(plan->new_rules, rule, plan->old_rules, &plan->old_rules->rule[old]));
	}
	for (size_t i = 0; i < layout->ledger_rules; i++)
		wanted[layout->ledger_rule[i].rule] |= plan->ledger_rule[i] < 0 && plan->ledger[layout->ledger_rule[i].ledger] >= 0;
}

void
rejudge_all(struct scorer *scorer)
{
	bool *wanted = memory_resize(scorer->rejudge.wanted, (scorer->rules->rules + 1) * sizeof *wanted);
	for (size_t i = 0; i < scorer->rules->rules; i++)
		wanted[i] = true;
	scorer->rejudge = (struct rejudge){.wanted = wanted, .on = true};
}

/* ---- windows: step by step, each of them one rule of a pool, and of a family one month ---- */

static bool
window_rejudge(struct scorer *scorer, struct pool *pool, size_t step)
{
	const struct layout *layout = &scorer->layout;
	if (pool->closed_through == NO_MONTH)
		return false;
	if (step < layout->series_rules) {
		if (scorer->rejudge.wanted[layout->series_rule[step].rule])
			series_close(scorer, pool, step, pool->first_month, pool->closed_through, CAUSE_RULES);
		return true;
	}
	step -= layout->series_rules;
	size_t months = pool->closed_through < pool->first_month ? 0 : (size_t)(pool->closed_through - pool->first_month) + 1;
	if (step >= months * layout->family_rules)
		return false;
	size_t rule = step / months;
	if (scorer->rejudge.wanted[layout->family_rule[rule].rule])
		family_close(scorer, pool, rule, pool->first_month + (int32_t)(step % months), CAUSE_RULES);
	return true;
}

static void
windows_rejudge(struct scorer *scorer)
{
	struct rejudge *rejudge = &scorer->rejudge;
	while (rejudge->pool < scorer->pools && scorer->outputs < scorer->limits.outputs_max) {
		if (window_rejudge(scorer, &scorer->pool[rejudge->pool], rejudge->step))
			rejudge->step++;
		else
			rejudge->pool++, rejudge->step = 0;
	}
}

/* ---- persons ---- */

static bool
any_ledger_wanted(const struct scorer *scorer)
{
	bool any = false;
	for (size_t i = 0; i < scorer->layout.ledger_rules; i++)
		any |= scorer->rejudge.wanted[scorer->layout.ledger_rule[i].rule];
	return any;
}

static void
persons_rejudge(struct scorer *scorer)
{
	struct rejudge *rejudge = &scorer->rejudge;
	uint32_t count = any_ledger_wanted(scorer) ? scorer->persons.chunks.count : 0;
	if (rejudge->person < scorer->persons.chunks.first)
		rejudge->person = scorer->persons.chunks.first;
	while (rejudge->person < count && scorer->outputs < scorer->limits.outputs_max)
		ledger_rejudge(scorer, rejudge->person++, rejudge->wanted);
	if (rejudge->person >= count)
		rejudge->on = false;
}

bool
scorer_rejudge(struct scorer *scorer, struct scored *out)
{
	outputs_clear(scorer);
	scorer->now = NULL;
	if (scorer->rejudge.on)
		windows_rejudge(scorer);
	if (scorer->rejudge.on && scorer->rejudge.pool == scorer->pools)
		persons_rejudge(scorer);
	out->output = scorer->output;
	out->outputs = scorer->outputs;
	out->decode_ns = out->score_ns = 0;
	return scorer->rejudge.on;
}
