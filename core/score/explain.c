/* For one settlement: every rule, whether its `where` holds, and the values of the fields that it names. */
#include "core/score/private.h"

#include "core/base/money.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static void
value_print(struct buffer *out, const struct scorer *scorer, const struct claim *claim, unsigned field)
{
	const struct field *row = &settlement_fields[field];
	char text[MONEY_TEXT_SIZE > TIME_TEXT_SIZE ? MONEY_TEXT_SIZE : TIME_TEXT_SIZE], person[80];
	const union value *value = &claim->value[field];
	if (!claim_has(claim, field)) {
		buffer_text(out, "-");
		return;
	}
	switch (row->type) {
	case TYPE_ID:
	case TYPE_CODE:
		if (row->sensitivity == PSEUDONYM)
			buffer_text(out, psn_text(scorer, value->text, person));
		else
			buffer_printf(out, "\"%.*s\"", (int)value->text.length, value->text.data);
		break;
	case TYPE_AMOUNT:
		buffer_text(out, money_text(value->number, text));
		break;
	case TYPE_DATE:
		buffer_text(out, day_text((int32_t)value->number, text));
		break;
	case TYPE_TIME:
		buffer_text(out, time_text(value->number, text));
		break;
	case TYPE_DECIMAL:
		buffer_printf(out, "%s%lld.%04lld", value->number < 0 ? "-" : "", llabs((long long)value->number) / 10000,
		    llabs((long long)value->number) % 10000);
		break;
	case TYPE_TEXT:
	case TYPE_NESTED:
		buffer_text(out, "...");        /* never kept, never shown */
		break;
	}
}

/* The fields that the expression's canonical text names, each once, in that order. */
static void
fields_print(struct buffer *out, const struct scorer *scorer, const struct claim *claim, const char *text)
{
	bool printed[SETTLEMENT_FIELDS] = {false};
	for (const char *at = text; *at;) {
		if (*at == '"') {
			for (at++; *at && *at != '"'; at++)
				if (*at == '\\' && at[1])
					at++;
			at += *at == '"';
			continue;
		}
		size_t length = 0;
		while (isalnum((unsigned char)at[length]) || at[length] == '_')
			length++;
		bool is_name = length > 0 && (at == text || at[-1] != '$');
		int field = is_name ? settlement_field_find((struct slice){at, length}) : -1;
		at += length ? length : 1;
		if (field < 0 || printed[field])
			continue;
		printed[field] = true;
		buffer_printf(out, "    %s = ", settlement_fields[field].name);
		value_print(out, scorer, claim, (unsigned)field);
		buffer_char(out, '\n');
	}
}

static void
params_print(struct scorer *scorer, struct buffer *out, const struct turn *turn, const struct rule *rule, enum language language)
{
	int32_t day = time_day(turn->claim->value[FIELD_setl_time].number);
	uint32_t number = persons_find(&scorer->persons, turn->pool_name, turn->claim->value[FIELD_psn_no].text, turn->person_hash);
	const struct enrolment_record *enrolment = number == NOBODY ? NULL
	    : enrolment_find(scorer, person_at(&scorer->persons, number),
		  year_calendar(year_holding(day_month(day), tables_begins(scorer->rules, turn->area, claim_text(turn->claim, FIELD_psn_type), day))), 0);
	struct slice tier = enrolment ? names_text(&scorer->names, enrolment->tier) : SLICE("");
	for (size_t i = 0; i < rule->params; i++) {
		bool unknown;
		const struct param_row *row = param_find(rule, (int32_t)i, turn->area, tier, day, &unknown);
		if (!row)
			buffer_printf(out, language == LANGUAGE_ZH ? "    $%s：该区划当日无参数\n" : "    $%s: no row holds for this area and day\n",
			    rule->param[i].name);
		else
			buffer_printf(out, language == LANGUAGE_ZH ? "    $%s = %s（区划 %s，依据 %s）\n" : "    $%s = %s (region %s, %s)\n",
			    rule->param[i].name, row->value_text, *row->region ? row->region : "*", row->basis->document);
	}
}

/* The detector's own conditions (assert, numerator) of a rule that matched. */
static void
conditions_print(struct buffer *out, const struct scorer *scorer, const struct claim *claim, const struct rule *rule,
    const uint64_t *truth, const uint64_t *falsehood, bool zh)
{
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		int32_t index;
		if (setting->type != SETTING_CONDITION)
			continue;
		memcpy(&index, (const char *)rule->config + setting->offset, sizeof index);
		if (index < 0)
			continue;
		bool yes = truth[index >> 6] >> (index & 63) & 1, no = falsehood[index >> 6] >> (index & 63) & 1;
		const char *answer = yes ? (zh ? "成立" : "true") : no ? (zh ? "不成立" : "false")
		    : (zh ? "无法判断（缺少字段）" : "unknown (a field is absent)");
		const char *text = scorer->rules->condition[index].text;
		buffer_printf(out, zh ? "    %s %s：%s\n" : "    %s %s: %s\n", setting->name, text, answer);
		fields_print(out, scorer, claim, text);
	}
}

static bool
is_true(const uint64_t *truth, int32_t condition)
{
	return truth[condition >> 6] >> (condition & 63) & 1;
}

/* Which exclusions hold for a settlement that `where` would have taken. */
static void
excluded_print(struct buffer *out, const struct scorer *scorer, const struct claim *claim, const struct rule *rule,
    const uint64_t *truth, enum language language)
{
	for (size_t i = 0; i < rule->exclusions && is_true(truth, rule->where_written); i++) {
		const struct exclusion *exclusion = &rule->exclusion[i];
		const char *when = scorer->rules->condition[exclusion->when].text;
		if (!is_true(truth, exclusion->when))
			continue;
		buffer_printf(out, language == LANGUAGE_ZH ? "    排除 %s：%s（%s）\n" : "    excluded by %s: %s (%s)\n", exclusion->name,
		    exclusion->because[language], when);
		fields_print(out, scorer, claim, when);
	}
}

static void
rule_print(struct scorer *scorer, struct buffer *out, const struct turn *turn, const struct rule *rule, const uint64_t *truth,
    const uint64_t *falsehood, enum language language)
{
	bool zh = language == LANGUAGE_ZH;
	bool yes = truth[rule->where >> 6] >> (rule->where & 63) & 1, no = falsehood[rule->where >> 6] >> (rule->where & 63) & 1;
	const char *answer = yes ? (zh ? "命中" : "matched") : no ? (zh ? "未命中" : "not matched")
	    : (zh ? "未命中（缺少字段）" : "not matched (a field is absent)");
	const char *off = rule->mode != MODE_OFF ? "" : zh ? "（停用）" : " (off)";
	const char *where = scorer->rules->condition[rule->where_written].text;
	buffer_printf(out, zh ? "%s%s：%s  %s\n    条件 %s\n" : "%s%s: %s  %s\n    where %s\n", rule->id, off, answer, rule->title[language], where);
	fields_print(out, scorer, turn->claim, where);
	excluded_print(out, scorer, turn->claim, rule, truth, language);
	if (yes)
		conditions_print(out, scorer, turn->claim, rule, truth, falsehood, zh);
	if (yes)
		params_print(scorer, out, turn, rule, language);
}

void
scorer_explain(struct scorer *scorer, const struct record *record, enum language language, struct buffer *out)
{
	struct turn *turn = calloc(1, sizeof *turn);
	uint64_t *truth = calloc(2 * scorer->words + 1, sizeof *truth), *falsehood = truth + scorer->words;
	if (!turn || !truth)
		abort();
	turn->record = record;
	matcher_ask_off(scorer->matcher, true);
	turn_prepare(scorer, turn, truth, falsehood);
	matcher_ask_off(scorer->matcher, false);
	if (!turn->decoded) {
		buffer_printf(out, language == LANGUAGE_ZH ? "拒收：%s" : "refused: %s", refusal_names[turn->refusal.reason]);
		if (turn->refusal.field)
			buffer_printf(out, " %s", turn->refusal.field);
		buffer_char(out, '\n');
	}
	for (size_t i = 0; turn->decoded && i < scorer->rules->rules; i++)
		rule_print(scorer, out, turn, &scorer->rules->rule[i], truth, falsehood, language);
	decoder_reset(scorer->decoder);
	free(truth);
	free(turn);
}
