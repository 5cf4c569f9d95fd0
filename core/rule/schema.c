/* See schema.h.  Editors give YAML scalars types of their own, so that a code or an amount may be a number here. */
#include "core/rule/schema.h"

#include "core/rule/load.h"
#include "core/rule/schema_keys.h"

const char *const schema_kind_names[SCHEMA_KINDS] = {"rule", "params", "suppressions"};

#define SCALAR "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}"

static void
raw(struct buffer *json, const char *key, const char *value)
{
	json_key(json, key);
	buffer_text(json, value);
}

/* ---- settings ---- */

static void
setting_values(struct buffer *json, const struct setting *setting)
{
	json_key(json, "enum");
	json_open(json, '[');
	for (size_t i = 0; setting->type == SETTING_CHOICE && setting->choices[i]; i++)
		json_text(json, setting->choices[i]);
	for (int i = 0; setting->type == SETTING_AMOUNT_FIELD && i < SETTLEMENT_FIELDS; i++)
		if (settlement_fields[i].type == TYPE_AMOUNT)
			json_text(json, settlement_fields[i].name);
	json_close(json, ']');
}

static void
setting_write(struct buffer *json, const struct setting *setting)
{
	json_key(json, setting->name);
	json_open(json, '{');
	schema_describe(json, setting->help_zh, setting->help_en, "", "");
	switch (setting->type) {
	case SETTING_AMOUNT_FIELD:
	case SETTING_CHOICE: setting_values(json, setting); break;
	case SETTING_PARAM: raw(json, "pattern", "\"^[$][A-Za-z_][A-Za-z0-9_]*$\""); break;
	case SETTING_CONDITION: raw(json, "type", "\"string\""); break;
	case SETTING_DECIMAL: raw(json, "type", "[\"number\",\"string\"]"); break;
	case SETTING_COUNT: raw(json, "type", "\"integer\""); break;
	}
	json_close(json, '}');
}

/* if detector is this one, then its settings. */
static void
detector_write(struct buffer *json, const struct detector *detector)
{
	json_open(json, '{');
	json_key(json, "if");
	buffer_printf(json, "{\"properties\":{\"detector\":{\"const\":\"%s\"}}}", detector->name);
	json_key(json, "then");
	json_open(json, '{');
	json_key(json, "required");
	json_open(json, '[');
	for (size_t i = 0; i < detector->setting_count; i++)
		if (detector->settings[i].required)
			json_text(json, detector->settings[i].name);
	json_close(json, ']');
	json_key(json, "properties");
	json_open(json, '{');
	for (size_t i = 0; i < detector->setting_count; i++)
		setting_write(json, &detector->settings[i]);
	json_close(json, '}');
	json_close(json, '}');
	json_close(json, '}');
}

static bool
is_named_before(const struct detector_registry *registry, size_t detector, const char *name)
{
	for (size_t i = 0; i < detector; i++)
		for (size_t j = 0; j < registry->list[i]->setting_count; j++)
			if (strcmp(registry->list[i]->settings[j].name, name) == 0)
				return true;
	return false;
}

static void
settings_write(struct buffer *json, const struct detector_registry *registry)
{
	for (size_t i = 0; i < registry->count; i++)
		for (size_t j = 0; j < registry->list[i]->setting_count; j++)
			if (!is_named_before(registry, i, registry->list[i]->settings[j].name))
				raw(json, registry->list[i]->settings[j].name, "{}");
}

/* ---- tests ---- */

static void
fields_write(struct buffer *json, const struct field *field, size_t count, bool may_repeat)
{
	schema_object(json, "[]");
	for (size_t i = 0; i < count; i++) {
		json_key(json, field[i].name);
		json_open(json, '{');
		schema_describe(json, field[i].zh, field[i].en, "", "");
		json_close(json, '}');
	}
	if (may_repeat)
		schema_member(json, "tests.repeat", "\"type\":\"integer\",\"minimum\":1,\"maximum\":100000");
	schema_object_close(json);
}

static void
records_write(struct buffer *json, const char *where, const char *defaults, const struct field *field, size_t count)
{
	schema_key(json, where);
	buffer_text(json, ",\"type\":\"array\"");
	json_key(json, "items");
	json_open(json, '{');
	fields_write(json, field, count, true);
	json_close(json, '}');
	json_close(json, '}');
	schema_key(json, defaults);
	fields_write(json, field, count, false);
	json_close(json, '}');
}

static void
tests_write(struct buffer *json)
{
	schema_key(json, "tests");
	buffer_text(json, ",\"type\":\"array\",\"minItems\":1");
	json_key(json, "items");
	json_open(json, '{');
	schema_object(json, "[\"name\",\"claims\",\"expect\"]");
	schema_member(json, "tests.name", SCHEMA_TEXT);
	records_write(json, "tests.claims", "tests.defaults", settlement_fields, SETTLEMENT_FIELDS);
	records_write(json, "tests.enrolments", "tests.enrolment_defaults", enrolment_fields, ENROLMENT_FIELDS);
	schema_member(json, "tests.close_all", "\"type\":\"boolean\"");
	schema_member(json, "tests.expect", "\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":" SCALAR "}");
	schema_object_close(json);
	json_close(json, '}');
	json_close(json, '}');
}

/* ---- the rule ---- */

static void
bands_write(struct buffer *json)
{
	static const char *const severities[] = RULE_SEVERITIES;
	schema_key(json, "bands");
	buffer_text(json, ",\"type\":\"array\",\"minItems\":1,\"maxItems\":8");
	json_key(json, "items");
	json_open(json, '{');
	schema_object(json, "[\"over\",\"severity\"]");
	schema_member(json, "bands.over", SCHEMA_NUMBER);
	schema_words(json, "bands.severity", severities, COUNT(severities));
	schema_object_close(json);
	json_close(json, '}');
	json_close(json, '}');
}

static void
exclude_write(struct buffer *json)
{
	schema_key(json, "exclude");
	buffer_text(json, ",\"type\":\"array\",\"minItems\":1,\"maxItems\":16");
	json_key(json, "items");
	json_open(json, '{');
	schema_object(json, "[\"name\",\"when\",\"because\"]");
	schema_member(json, "exclude.name", SCHEMA_NAME);
	schema_member(json, "exclude.when", SCHEMA_TEXT);
	schema_both(json, "exclude.because");
	schema_object_close(json);
	json_close(json, '}');
	json_close(json, '}');
}

static void
head_write(struct buffer *json)
{
	static const char *const families[] = RULE_FAMILIES, *const grades[] = RULE_GRADES, *const severities[] = RULE_SEVERITIES,
	    *const stages[] = RULE_STAGES, *const modes[] = RULE_MODES, *const scenes[] = RULE_SCENES;
	schema_member(json, "id", "\"type\":\"string\",\"pattern\":\"^[A-Z][A-Z0-9-]{0,47}$\"");
	schema_member(json, "revision", "\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000");
	schema_both(json, "title");
	schema_words(json, "family", families, COUNT(families));
	schema_words(json, "grade", grades, COUNT(grades));
	schema_word_list(json, "stage", stages, COUNT(stages));
	schema_word_list(json, "scene", scenes, COUNT(scenes));
	schema_member(json, "library", "\"type\":\"string\",\"pattern\":\"^(GZ|ZB)10000[1-3][0-9]{8}$\"");
	schema_words(json, "severity", severities, COUNT(severities));
	bands_write(json);
	schema_words(json, "mode", modes, COUNT(modes));
	schema_member(json, "where", SCHEMA_TEXT);
	exclude_write(json);
	schema_member(json, "minimum", "\"type\":\"integer\",\"minimum\":1");
	schema_member(json, "repeat_after", "\"type\":\"integer\",\"minimum\":1,\"maximum\":366");
	schema_word_list(json, "group", group_words, GROUP_WORDS);
}

static void
detectors_write(struct buffer *json, const struct detector_registry *registry)
{
	struct buffer more_zh = {0}, more_en = {0};
	for (size_t i = 0; i < registry->count; i++) {
		buffer_printf(&more_zh, "%s%s：%s", i ? "\n" : "", registry->list[i]->name, registry->list[i]->help_zh);
		buffer_printf(&more_en, "%s%s: %s", i ? "\n" : "", registry->list[i]->name, registry->list[i]->help_en);
	}
	json_key(json, "detector");
	json_open(json, '{');
	schema_describe(json, "检测器", "detector", more_zh.data, more_en.data);
	json_key(json, "enum");
	json_open(json, '[');
	for (size_t i = 0; i < registry->count; i++)
		json_text(json, registry->list[i]->name);
	json_close(json, ']');
	json_close(json, '}');
	buffer_free(&more_zh);
	buffer_free(&more_en);
}

static void
rule_write(const struct detector_registry *registry, struct buffer *json)
{
	schema_object(json, "[\"id\",\"revision\",\"title\",\"family\",\"grade\",\"stage\",\"severity\",\"mode\",\"where\",\"detector\","
	    "\"basis\",\"evidence\",\"tests\"]");
	head_write(json);
	detectors_write(json, registry);
	settings_write(json, registry);
	schema_params(json);
	schema_basis(json);
	schema_both(json, "evidence");
	tests_write(json);
	schema_object_close(json);
	json_key(json, "allOf");
	json_open(json, '[');
	for (size_t i = 0; i < registry->count; i++)
		detector_write(json, registry->list[i]);
	json_close(json, ']');
}

/* ---- the other files ---- */

static void
params_file_write(struct buffer *json)
{
	schema_object(json, "[\"region\",\"params\",\"basis\"]");
	schema_member(json, "region", "\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9]+$\"");
	schema_params(json);
	schema_basis(json);
	schema_object_close(json);
}

static void
scope_write(struct buffer *json)
{
	schema_key(json, "suppression.scope");
	buffer_text(json, ",\"minProperties\":1");
	schema_object(json, "[]");
	schema_member(json, "scope.psn_no", SCHEMA_CODE);
	schema_member(json, "scope.fixmedins_code", SCHEMA_CODE);
	schema_member(json, "scope.region", "\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9]+$\"");
	schema_member(json, "scope.setl_id", SCHEMA_CODE);
	schema_object_close(json);
	json_close(json, '}');
}

static void
suppressions_write(struct buffer *json)
{
	buffer_text(json, ",\"type\":\"array\"");
	json_key(json, "items");
	json_open(json, '{');
	schema_object(json, "[\"id\",\"rule\",\"author\",\"reason\",\"scope\",\"from\",\"until\"]");
	schema_member(json, "suppression.id", "\"type\":\"string\",\"pattern\":\"^[A-Z0-9-]+$\"");
	schema_member(json, "suppression.rule", SCHEMA_TEXT);
	schema_member(json, "suppression.author", SCHEMA_TEXT);
	schema_member(json, "suppression.reason", "\"anyOf\":[{" SCHEMA_TEXT "},{\"type\":\"object\",\"additionalProperties\":false,"
	    "\"required\":[\"zh\",\"en\"],\"properties\":{\"zh\":{" SCHEMA_TEXT "},\"en\":{" SCHEMA_TEXT "}}}]");
	scope_write(json);
	schema_member(json, "suppression.from", SCHEMA_DAY);
	schema_member(json, "suppression.until", SCHEMA_DAY);
	schema_member(json, "suppression.document", SCHEMA_TEXT);
	schema_object_close(json);
	json_close(json, '}');
}

void
schema_write(enum schema_kind kind, const struct detector_registry *registry, struct buffer *json)
{
	buffer_printf(json, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":\"fundwatch %s\"", schema_kind_names[kind]);
	if (kind == SCHEMA_RULE)
		rule_write(registry, json);
	else if (kind == SCHEMA_PARAMS)
		params_file_write(json);
	else
		suppressions_write(json);
	json_close(json, '}');
}
