/* Settings of a detector, as its table of settings says, into its config struct. */
#include "core/rule/load.h"

#include "core/base/buffer.h"
#include "core/base/money.h"

#include <stdlib.h>

struct setting_place {
	struct load *load;
	struct rule_draft *draft;
	const struct setting *setting;
	const struct yaml *node;        /* NULL: the fallback is taken */
	char *at;                       /* in the config struct */
};

static bool
wrong(const struct setting_place *place, struct message hint, enum mistake mistake, ...)
{
	struct extent at = place->node->at;
	if (yaml_is_missing(place->node))
		at = place->node->key->at;
	va_list list;
	va_start(list, mistake);
	source_mistake_list(&place->draft->source, at, hint, mistake, list);
	va_end(list);
	return false;
}

static void
put_index(const struct setting_place *place, int32_t index)
{
	memcpy(place->at, &index, sizeof index);
}

static void
put_number(const struct setting_place *place, int64_t number)
{
	memcpy(place->at, &number, sizeof number);
}

/* ---- one function a type ---- */

static bool
set_amount_field(const struct setting_place *place, struct slice text)
{
	const char *names[SETTLEMENT_FIELDS];
	size_t count = 0;
	for (int i = 0; i < SETTLEMENT_FIELDS; i++) {
		if (settlement_fields[i].type != TYPE_AMOUNT)
			continue;
		names[count++] = settlement_fields[i].name;
		if (!slice_equal(text, slice_of(settlement_fields[i].name)))
			continue;
		put_index(place, i);
		return true;
	}
	return wrong(place, hint_word(place->load->diags, text, names, count), MISTAKE_amount_field, place->setting->name);
}

static bool
set_choice(const struct setting_place *place, struct slice text)
{
	const char *const *choices = place->setting->choices;
	size_t count = 0;
	for (; choices[count]; count++) {
		if (!slice_equal(text, slice_of(choices[count])))
			continue;
		put_index(place, (int32_t)count);
		return true;
	}
	return wrong(place, hint_word(place->load->diags, text, choices, count), MISTAKE_choice_unknown, place->setting->name,
	    SLICE_ARG(text));
}

/* A limit is money, a target is a ratio: what the shape of the detector adds up. */
static bool
check_unit(const struct setting_place *place, const struct param_draft *param)
{
	enum detector_shape shape = place->draft->rule.detector->shape;
	enum param_unit wanted = shape == SHAPE_LEDGER ? UNIT_YUAN : UNIT_RATIO;
	if ((shape != SHAPE_LEDGER && shape != SHAPE_SERIES) || param->unit == wanted)
		return true;
	return wrong(place, NO_HINT, MISTAKE_param_unit, param->name, param_unit_names[wanted]);
}

static bool
set_param(const struct setting_place *place, struct slice text)
{
	struct param_list *params = &place->draft->params;
	if (text.length < 2 || text.data[0] != '$')
		return wrong(place, NO_HINT, MISTAKE_param_form, place->setting->name);
	struct slice name = {text.data + 1, text.length - 1};
	const char **names = arena_alloc(place->load->arena, (params->count + 1) * sizeof *names);
	for (size_t i = 0; i < params->count; i++) {
		names[i] = params->param[i].name;
		if (!slice_equal(name, slice_of(names[i])))
			continue;
		params->param[i].is_used = true;
		put_index(place, (int32_t)i);
		return check_unit(place, &params->param[i]);
	}
	return wrong(place, hint_word(place->load->diags, name, names, params->count), MISTAKE_param_unknown, SLICE_ARG(name));
}

static bool
set_condition(const struct setting_place *place)
{
	int32_t condition = expression_compile(&place->load->expressions, &place->draft->source, place->node);
	put_index(place, condition);
	return condition >= 0;
}

static bool
set_decimal(const struct setting_place *place, struct slice text)
{
	int64_t number;
	if (decimal_parse(text.data, text.length, 6, &number) && number >= 0) {
		put_number(place, number);
		return true;
	}
	return wrong(place, NO_HINT, MISTAKE_setting_decimal, place->setting->name);
}

static bool
set_count(const struct setting_place *place, struct slice text)
{
	if (!place->node) {
		put_number(place, atoll(text.data));
		return true;
	}
	int64_t number;
	if (!want_integer(&place->draft->source, place->node, 0, 1000000000, &number))
		return false;
	put_number(place, number);
	return true;
}

static bool
set_value(const struct setting_place *place, struct slice text)
{
	switch (place->setting->type) {
	case SETTING_AMOUNT_FIELD: return set_amount_field(place, text);
	case SETTING_CHOICE: return set_choice(place, text);
	case SETTING_PARAM: return set_param(place, text);
	case SETTING_CONDITION: return set_condition(place);
	case SETTING_DECIMAL: return set_decimal(place, text);
	case SETTING_COUNT: return set_count(place, text);
	}
	return false;
}

static void
set_nothing(const struct setting_place *place)
{
	if (place->setting->type == SETTING_DECIMAL || place->setting->type == SETTING_COUNT)
		put_number(place, 0);
	else
		put_index(place, -1);
}

static bool
load_setting(const struct setting_place *place, const struct yaml *root)
{
	const struct setting *setting = place->setting;
	if (!place->node) {
		if (setting->required)
			return want_member(&place->draft->source, root, setting->name) != NULL;
		if (setting->fallback)
			return set_value(place, slice_of(setting->fallback));
		set_nothing(place);
		return true;
	}
	if (!want_kind(&place->draft->source, place->node, YAML_SCALAR))
		return false;
	if (yaml_is_missing(place->node))
		return want_member(&place->draft->source, root, setting->name) != NULL;
	return set_value(place, place->node->text);
}

/* ---- what belongs together ---- */

static const struct setting *
find_setting(const struct detector *detector, const char *name, enum setting_type type)
{
	for (size_t i = 0; i < detector->setting_count; i++)
		if (strcmp(detector->settings[i].name, name) == 0 && detector->settings[i].type == type)
			return &detector->settings[i];
	return NULL;
}

/* A series of money needs the amount that it adds up; a series of cases has none. */
static bool
check_series_sum(struct rule_draft *draft)
{
	const struct rule *rule = &draft->rule;
	const struct setting *of = find_setting(rule->detector, "of", SETTING_CHOICE);
	const struct setting *sum = find_setting(rule->detector, "sum", SETTING_AMOUNT_FIELD);
	if (rule->detector->shape != SHAPE_SERIES || !of || !sum)
		return true;
	int32_t choice, field;
	memcpy(&choice, (const char *)rule->config + of->offset, sizeof choice);
	memcpy(&field, (const char *)rule->config + sum->offset, sizeof field);
	bool is_money = choice >= 0 && strcmp(of->choices[choice], "money") == 0;
	if (is_money == (field >= 0))
		return true;
	const struct yaml *written = yaml_get(draft->root, "sum");
	if (is_money || !written)
		return want_member(&draft->source, draft->root, "sum") != NULL;
	source_mistake(&draft->source, written->key->at, NO_HINT, MISTAKE_sum_stray);
	return false;
}

/* "where=...;sum=hifp_pay;period=benefit_year": what shapes the aggregate, without values of parameters. */
static const char *
make_settings_text(struct load *load, const struct rule *rule)
{
	struct buffer out = {0};
	const struct condition *conditions = load->expressions.condition;
	buffer_printf(&out, "where=%s", conditions[rule->where].text);
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		int32_t index;
		memcpy(&index, (const char *)rule->config + setting->offset, sizeof index);
		if (setting->type == SETTING_PARAM || setting->type == SETTING_DECIMAL || setting->type == SETTING_COUNT || index < 0)
			continue;
		const char *text = setting->type == SETTING_AMOUNT_FIELD ? settlement_fields[index].name
		    : setting->type == SETTING_CHOICE ? setting->choices[index] : conditions[index].text;
		buffer_printf(&out, ";%s=%s", setting->name, text);
	}
	const char *text = arena_copy(load->arena, out.data, out.length);
	buffer_free(&out);
	return text;
}

size_t
settings_names(const struct detector *detector, const char **list)
{
	for (size_t i = 0; i < detector->setting_count; i++)
		list[i] = detector->settings[i].name;
	return detector->setting_count;
}

bool
settings_load(struct load *load, struct rule_draft *draft)
{
	struct rule *rule = &draft->rule;
	char *config = arena_alloc(load->arena, rule->detector->config_size + 8);
	rule->config = config;
	bool is_good = true;
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		struct setting_place place = {load, draft, setting, yaml_get(draft->root, setting->name), config + setting->offset};
		is_good &= load_setting(&place, draft->root);
	}
	is_good = is_good && check_series_sum(draft);
	if (is_good && rule->where >= 0)
		rule->settings_text = make_settings_text(load, rule);
	return is_good;
}
