/* From a ruleset to what the core keeps: distinct ledgers, series, families, and the amounts behind a booking. */
#include "core/score/private.h"

#include <stdlib.h>

const void *
rule_setting(const struct rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->detector->setting_count; i++)
		if (strcmp(rule->detector->settings[i].name, name) == 0)
			return (const char *)rule->config + rule->detector->settings[i].offset;
	return NULL;
}

static int32_t
setting_index(const struct rule *rule, const char *name)
{
	const int32_t *index = rule_setting(rule, name);
	return index ? *index : -1;
}

static bool
choice_is(const struct rule *rule, const char *name, const char *word)
{
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		if (strcmp(setting->name, name) == 0 && setting->type == SETTING_CHOICE)
			return strcmp(setting->choices[setting_index(rule, name)], word) == 0;
	}
	return false;
}

static size_t
layout_amount(struct layout *layout, int32_t field)
{
	for (size_t i = 0; i < layout->amounts; i++)
		if (layout->amount_field[i] == field)
			return i;
	layout->amount_field[layout->amounts] = field;
	return layout->amounts++;
}

/* Its number among the bits of a booking. */
static uint32_t
layout_bit(struct layout *layout, int32_t condition)
{
	size_t bit = 0;
	while (bit < layout->keeps && layout->kept[bit] != condition)
		bit++;
	if (bit == layout->keeps)
		layout->kept[layout->keeps++] = condition;
	layout->words = (layout->keeps + 63) / 64;
	return (uint32_t)bit;
}

static size_t
layout_ledger(struct layout *layout, int32_t where, size_t amount)
{
	for (size_t i = 0; i < layout->ledgers; i++)
		if (layout->ledger[i].where == where && layout->ledger[i].amount == amount)
			return i;
	layout->ledger[layout->ledgers] = (struct ledger){where, layout_bit(layout, where), amount};
	return layout->ledgers++;
}

static int64_t
smallest_value(const struct param *param)
{
	int64_t smallest = INT64_MAX;
	for (size_t i = 0; i < param->rows; i++)
		if (!param->row[i].is_floor && param->row[i].value < smallest)
			smallest = param->row[i].value;
	return smallest;
}

static void
layout_ledger_rule(struct layout *layout, const struct ruleset *rules, int32_t index)
{
	const struct rule *rule = &rules->rule[index];
	struct ledger_rule made = {
		.rule = index,
		.limit = setting_index(rule, "limit"),
		.ledger = layout_ledger(layout, rule->where, layout_amount(layout, setting_index(rule, "sum"))),
	};
	made.smallest_limit = smallest_value(&rule->param[made.limit]);
	layout->ledger_rule[layout->ledger_rules++] = made;
	const int64_t *notice_at = rule_setting(rule, "notice_at");
	if (!notice_at || *notice_at == 0)
		return;
	made.notice = true;
	made.notice_at = *notice_at;
	made.smallest_limit = (int64_t)((__int128)made.smallest_limit * *notice_at / 1000000);
	layout->ledger_rule[layout->ledger_rules++] = made;
}

static size_t
layout_net(struct layout *layout, size_t amount)
{
	size_t net = 0;
	while (net < layout->nets && layout->net[net] != amount)
		net++;
	if (net == layout->nets)
		layout->net[layout->nets++] = amount;
	return amount;
}

static enum series_keys
layout_keys(const struct rule *rule, const char *name)
{
	return choice_is(rule, name, "any") ? KEYS_ANY : choice_is(rule, name, "each") ? KEYS_EACH : KEYS_SOME;
}

/* A ratio of two amounts. */
static void
layout_pair(struct layout *layout, const struct ruleset *rules, int32_t index)
{
	const struct rule *rule = &rules->rule[index];
	struct series_rule made = {.rule = index, .target = setting_index(rule, "target"), .where = rule->where, .numerator = -1, .is_pair = true,
	    .above = layout_net(layout, layout_amount(layout, setting_index(rule, "numerator"))),
	    .amount = layout_net(layout, layout_amount(layout, setting_index(rule, "denominator"))),
	    .where_bit = layout_bit(layout, rule->where), .levels = layout_keys(rule, "level"), .classes = layout_keys(rule, "class")};
	for (uint8_t i = 0; i < LEVELS; i++)
		if (choice_is(rule, "level", level_names[i]))
			made.level = (uint8_t)(1 + i);
	layout->has_pairs = true;
	layout->has_levels |= made.levels != KEYS_ANY;
	layout->has_classes |= made.classes != KEYS_ANY;
	layout->series_rule[layout->series_rules++] = made;
}

static void
layout_rule(struct layout *layout, const struct ruleset *rules, int32_t index)
{
	const struct rule *rule = &rules->rule[index];
	switch (rule->detector->shape) {
	case SHAPE_CLAIM:
		layout->claim_rule[layout->claim_rules++] = (struct claim_rule){
		    index, rule->where, setting_index(rule, "assert")};
		break;
	case SHAPE_LEDGER:
		layout_ledger_rule(layout, rules, index);
		break;
	case SHAPE_SERIES:
		if (rule_setting(rule, "denominator")) {
			layout_pair(layout, rules, index);
			break;
		}
		layout->series_rule[layout->series_rules++] = (struct series_rule){
		    .rule = index, .target = setting_index(rule, "target"), .where = rule->where, .numerator = setting_index(rule, "numerator"),
		    .amount = choice_is(rule, "of", "money") ? layout_amount(layout, setting_index(rule, "sum")) : CASES,
		    .where_bit = layout_bit(layout, rule->where), .numerator_bit = layout_bit(layout, setting_index(rule, "numerator"))};
		break;
	case SHAPE_FAMILY:
		layout->has_townships |= !choice_is(rule, "level", "institution");
		layout->family_rule[layout->family_rules++] = (struct family_rule){
		    index, setting_index(rule, "applies"), rule->where, choice_is(rule, "level", "institution"),
		    layout_bit(layout, rule->where)};
		break;
	}
}

void
layout_make(struct layout *layout, const struct ruleset *rules)
{
	size_t most = 2 * rules->rules + 2;
	*layout = (struct layout){
		.kept = calloc(most + 1, sizeof(int32_t)),
		.amount_field = calloc(most + 2, sizeof(int32_t)),
		.net = calloc(most + 2, sizeof(size_t)),
		.ledger = calloc(most, sizeof(struct ledger)),
		.ledger_rule = calloc(most, sizeof(struct ledger_rule)),
		.series_rule = calloc(most, sizeof(struct series_rule)),
		.family_rule = calloc(most, sizeof(struct family_rule)),
		.claim_rule = calloc(most, sizeof(struct claim_rule)),
		.claim_rule_of = calloc(most, sizeof(int32_t)),
	};
	layout->beginnings = tables_beginnings(rules);
	layout_bit(layout, CONDITION_INPATIENT);
	layout_amount(layout, FIELD_medfee_sumamt);
	layout_amount(layout, FIELD_hifp_pay);
	for (size_t i = 0; i < rules->rules; i++)
		if (rules->rule[i].mode != MODE_OFF)
			layout_rule(layout, rules, (int32_t)i);
	for (size_t i = 0; i < rules->rules; i++)
		layout->claim_rule_of[i] = -1;
	for (size_t i = 0; i < layout->claim_rules; i++)
		layout->claim_rule_of[layout->claim_rule[i].rule] = (int32_t)i;
	layout->ledger_words = (layout->ledger_rules + 63) / 64;
	layout->ledger_rules_of = calloc(layout->ledgers * layout->ledger_words + 1, sizeof(uint64_t));
	for (size_t i = 0; i < layout->ledger_rules; i++)
		layout->ledger_rules_of[layout->ledger_rule[i].ledger * layout->ledger_words + i / 64] |= UINT64_C(1) << i % 64;
	where_index_make(&layout->where, rules);
}

void
layout_free(struct layout *layout)
{
	free(layout->kept);
	free(layout->amount_field);
	free(layout->net);
	free(layout->ledger);
	free(layout->ledger_rule);
	free(layout->series_rule);
	free(layout->family_rule);
	free(layout->claim_rule);
	free(layout->claim_rule_of);
	free(layout->ledger_rules_of);
	where_index_free(&layout->where);
	*layout = (struct layout){0};
}
