/* What another ruleset would do to the state, told before it is done. */
#include "core/score/plan.h"

#include <stdlib.h>

struct comparing {
	const struct scorer *scorer;
	const struct plan *plan;
	struct buffer *out;
	bool can_backfill;
	struct state_change change;
};

/* ---- bytes ---- */

/* The sums of one ledger; a new one will have as many. */
static uint64_t
ledger_bytes(const struct scorer *scorer)
{
	return (uint64_t)scorer->persons.chunks.count * YEARS_KEPT * sizeof(int64_t);
}

static uint64_t
series_bytes(const struct scorer *scorer, size_t series_rule)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < scorer->pools; i++) {
		const struct pool *pool = &scorer->pool[i];
		for (size_t j = 0; j < pool->series_count; j++) {
			const struct series *series = &pool->series[j];
			if (series->series_rule == series_rule)
				bytes += sizeof *series + series->months * sizeof *series->month + series->years * sizeof *series->year;
		}
	}
	return bytes;
}

static uint64_t
family_bytes(const struct scorer *scorer, size_t family_rule)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < scorer->pools; i++) {
		const struct pool *pool = &scorer->pool[i];
		for (size_t j = 0; j < pool->months; j++) {
			const struct family_month *month = pool->month[j] ? &pool->month[j]->family[family_rule] : NULL;
			if (month)
				bytes += month->count * sizeof *month->said + month->units * sizeof *month->unit;
		}
	}
	return bytes;
}

/* ---- one aggregate of one rule ---- */

static void
entry_begin(struct buffer *out, const struct rule *rule)
{
	json_open(out, '{');
	json_key(out, "rule");
	json_text(out, rule->id);
	json_key(out, "aggregate");
}

static void
entry_end(struct comparing *comparing, uint64_t bytes, bool is_new)
{
	json_key(comparing->out, "bytes");
	json_unsigned(comparing->out, bytes);
	if (is_new) {
		comparing->change.new_aggregates++;
		json_key(comparing->out, "backfill");
		json_bool(comparing->out, comparing->can_backfill);
	}
	json_close(comparing->out, '}');
}

static void
ledger_text(struct buffer *out, const struct ruleset *set, const struct layout *layout, const struct ledger *ledger)
{
	struct buffer text = {0};
	buffer_printf(&text, "sum=%s;where=%s", settlement_fields[layout->amount_field[ledger->amount]].name, set->condition[ledger->where].text);
	json_string(out, (struct slice){text.data, text.length});
	buffer_free(&text);
}

/* A ledger belongs to every rule that asks for it; its bytes count once, for the first. */
static bool
is_first_of_ledger(const struct layout *layout, size_t ledger_rule)
{
	for (size_t i = 0; i < ledger_rule; i++)
		if (layout->ledger_rule[i].ledger == layout->ledger_rule[ledger_rule].ledger)
			return false;
	return true;
}

enum place { PLACE_KEPT, PLACE_NEW, PLACE_DROPPED };

static bool
is_there(const int32_t *map, size_t count, size_t number)
{
	for (size_t i = 0; i < count; i++)
		if (map[i] == (int32_t)number)
			return true;
	return false;
}

static void
ledgers_list(struct comparing *comparing, enum place place, uint64_t *sum)
{
	const struct plan *plan = comparing->plan;
	bool of_new = place != PLACE_DROPPED;
	const struct layout *layout = of_new ? &plan->new_layout : &plan->old_layout;
	const struct ruleset *set = of_new ? plan->new_rules : plan->old_rules;
	for (size_t i = 0; i < layout->ledger_rules; i++) {
		const struct ledger_rule *rule = &layout->ledger_rule[i];
		bool stays = of_new ? plan->ledger[rule->ledger] >= 0 : is_there(plan->ledger, plan->new_layout.ledgers, rule->ledger);
		if (rule->notice || stays != (place == PLACE_KEPT))
			continue;
		uint64_t bytes = ledger_bytes(comparing->scorer);
		entry_begin(comparing->out, &set->rule[rule->rule]);
		ledger_text(comparing->out, set, layout, &layout->ledger[rule->ledger]);
		entry_end(comparing, bytes, place == PLACE_NEW);
		*sum += is_first_of_ledger(layout, i) ? bytes : 0;
	}
}

static void
window_entry(struct comparing *comparing, const struct ruleset *set, int32_t rule, uint64_t bytes, bool is_new)
{
	entry_begin(comparing->out, &set->rule[rule]);
	json_text(comparing->out, set->rule[rule].settings_text);
	entry_end(comparing, bytes, is_new);
}

static void
series_list(struct comparing *comparing, enum place place, uint64_t *sum)
{
	const struct plan *plan = comparing->plan;
	bool of_new = place != PLACE_DROPPED;
	const struct layout *layout = of_new ? &plan->new_layout : &plan->old_layout;
	for (size_t i = 0; i < layout->series_rules; i++) {
		bool stays = of_new ? plan->series_rule[i] >= 0 : is_there(plan->series_rule, plan->new_layout.series_rules, i);
		if (stays != (place == PLACE_KEPT))
			continue;
		uint64_t bytes = place == PLACE_NEW ? 0 : series_bytes(comparing->scorer, of_new ? (size_t)plan->series_rule[i] : i);
		window_entry(comparing, of_new ? plan->new_rules : plan->old_rules, layout->series_rule[i].rule, bytes, place == PLACE_NEW);
		*sum += bytes;
	}
}

static void
families_list(struct comparing *comparing, enum place place, uint64_t *sum)
{
	const struct plan *plan = comparing->plan;
	bool of_new = place != PLACE_DROPPED;
	const struct layout *layout = of_new ? &plan->new_layout : &plan->old_layout;
	for (size_t i = 0; i < layout->family_rules; i++) {
		bool stays = of_new ? plan->family_rule[i] >= 0 : is_there(plan->family_rule, plan->new_layout.family_rules, i);
		if (stays != (place == PLACE_KEPT))
			continue;
		uint64_t bytes = place == PLACE_NEW ? 0 : family_bytes(comparing->scorer, of_new ? (size_t)plan->family_rule[i] : i);
		window_entry(comparing, of_new ? plan->new_rules : plan->old_rules, layout->family_rule[i].rule, bytes, place == PLACE_NEW);
		*sum += bytes;
	}
}

static uint64_t
list(struct comparing *comparing, const char *name, enum place place)
{
	uint64_t sum = 0;
	json_key(comparing->out, name);
	json_open(comparing->out, '[');
	ledgers_list(comparing, place, &sum);
	series_list(comparing, place, &sum);
	families_list(comparing, place, &sum);
	json_close(comparing->out, ']');
	return sum;
}

/* ---- rules ---- */

/* Ids of rules whose text is another, with those that are new or gone; both sets are sorted by id. */
static void
changed_list(struct comparing *comparing)
{
	const struct ruleset *old = comparing->plan->old_rules, *fresh = comparing->plan->new_rules;
	json_key(comparing->out, "changed");
	json_open(comparing->out, '[');
	for (size_t i = 0, j = 0; i < old->rules || j < fresh->rules;) {
		int order = i == old->rules ? 1 : j == fresh->rules ? -1 : strcmp(old->rule[i].id, fresh->rule[j].id);
		if (order != 0 || strcmp(fresh->rule[j].text, old->rule[i].text) != 0)
			json_text(comparing->out, order <= 0 ? old->rule[i].id : fresh->rule[j].id);
		i += order <= 0;
		j += order >= 0;
	}
	json_close(comparing->out, ']');
}

struct state_change
scorer_compare(const struct scorer *scorer, const struct ruleset *rules, bool can_backfill, struct buffer *json)
{
	struct plan plan;
	plan_make(&plan, scorer->rules, &scorer->layout, rules);
	struct comparing comparing = {.scorer = scorer, .plan = &plan, .out = json, .can_backfill = can_backfill};
	json_open(json, '{');
	json_key(json, "ruleset");
	json_text(json, rules->digest);
	changed_list(&comparing);
	comparing.change.kept_bytes = list(&comparing, "kept", PLACE_KEPT);
	comparing.change.new_bytes = list(&comparing, "new", PLACE_NEW);
	comparing.change.dropped_bytes = list(&comparing, "dropped", PLACE_DROPPED);
	json_key(json, "kept_bytes");
	json_unsigned(json, comparing.change.kept_bytes);
	json_key(json, "new_bytes");
	json_unsigned(json, comparing.change.new_bytes);
	json_key(json, "dropped_bytes");
	json_unsigned(json, comparing.change.dropped_bytes);
	json_close(json, '}');
	plan_free(&plan);
	return comparing.change;
}
