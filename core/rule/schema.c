/* See schema.h.  Editors give YAML scalars types of their own, so that a code or an amount may be a number here. */
#include "core/rule/schema.h"

#include "core/rule/load.h"

#define OBJECT "\"type\":\"object\",\"additionalProperties\":false"
#define SCALAR "{\"type\":[\"string\",\"number\",\"null\"]}"
#define TEXT "{\"type\":\"string\",\"minLength\":1}"
#define DAY "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\"}"
#define BOTH "{" OBJECT ",\"required\":[\"zh\",\"en\"],\"properties\":{\"zh\":" TEXT ",\"en\":" TEXT "}}"
#define BASIS "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":{" OBJECT \
	",\"required\":[\"document\",\"quote\"],\"properties\":{\"document\":" TEXT ",\"quote\":" TEXT "}}}"
#define ROW "{" OBJECT ",\"required\":[\"region\",\"from\",\"basis\"],\"oneOf\":[{\"required\":[\"value\"]},{\"required\":[\"floor\"]}]," \
	"\"properties\":{\"region\":{\"type\":[\"string\",\"integer\"]},\"tier\":{\"type\":[\"string\",\"integer\"]}," \
	"\"from\":" DAY ",\"to\":" DAY ",\"due\":" DAY ",\"value\":{\"type\":[\"number\",\"string\"]},\"floor\":{\"type\":[\"number\",\"string\"]}," \
	"\"final\":{\"type\":\"boolean\"},\"final_basis\":" TEXT "," \
	"\"basis\":" TEXT ",\"note\":" TEXT "}}"

static void
raw(struct buffer *json, const char *key, const char *value)
{
	json_key(json, key);
	buffer_text(json, value);
}

static void
words(struct buffer *json, const char *key, const char *const *word, size_t count)
{
	json_key(json, key);
	json_open(json, '{');
	json_key(json, "enum");
	json_open(json, '[');
	for (size_t i = 0; i < count; i++)
		json_text(json, word[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void
describe(struct buffer *json, const char *zh, const char *en)
{
	json_key(json, "description");
	struct buffer both = {0};
	buffer_printf(&both, "%s / %s", zh, en);
	json_string(json, (struct slice){both.data, both.length});
	buffer_free(&both);
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
	describe(json, setting->help_zh, setting->help_en);
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
record_write(struct buffer *json, const struct field *field, size_t count, bool may_repeat)
{
	buffer_text(json, "{" OBJECT);
	json_key(json, "properties");
	json_open(json, '{');
	for (size_t i = 0; i < count; i++) {
		json_key(json, field[i].name);
		json_open(json, '{');
		describe(json, field[i].zh, field[i].en);
		json_close(json, '}');
	}
	if (may_repeat)
		raw(json, "repeat", "{\"type\":\"integer\",\"minimum\":1}");
	json_close(json, '}');
	json_close(json, '}');
}

static void
records_write(struct buffer *json, const char *key, const char *defaults, const struct field *field, size_t count)
{
	json_key(json, key);
	buffer_text(json, "{\"type\":\"array\",\"items\":");
	record_write(json, field, count, true);
	json_close(json, '}');
	json_key(json, defaults);
	record_write(json, field, count, false);
}

static void
tests_write(struct buffer *json)
{
	json_key(json, "tests");
	buffer_text(json, "{\"type\":\"array\",\"minItems\":1,\"items\":{" OBJECT ",\"required\":[\"name\",\"claims\",\"expect\"]");
	json_key(json, "properties");
	json_open(json, '{');
	raw(json, "name", TEXT);
	records_write(json, "claims", "defaults", settlement_fields, SETTLEMENT_FIELDS);
	records_write(json, "enrolments", "enrolment_defaults", enrolment_fields, ENROLMENT_FIELDS);
	raw(json, "close_all", "{\"type\":\"boolean\"}");
	raw(json, "expect", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":" SCALAR "}}");
	json_close(json, '}');
	json_close(json, '}');
	json_close(json, '}');
}

/* ---- the rule ---- */

static void
params_write(struct buffer *json)
{
	json_key(json, "params");
	buffer_text(json, "{\"type\":\"object\",\"additionalProperties\":{" OBJECT ",\"required\":[\"unit\",\"rows\"]");
	json_key(json, "properties");
	json_open(json, '{');
	words(json, "unit", param_unit_names, COUNT(param_unit_names));
	raw(json, "rows", "{\"type\":\"array\",\"items\":" ROW "}");
	json_close(json, '}');
	json_close(json, '}');
	json_close(json, '}');
}

static void
head_write(struct buffer *json)
{
	static const char *const families[] = RULE_FAMILIES, *const grades[] = RULE_GRADES, *const severities[] = RULE_SEVERITIES,
	    *const stages[] = RULE_STAGES, *const modes[] = RULE_MODES;
	raw(json, "id", "{\"type\":\"string\",\"pattern\":\"^[A-Z][A-Z0-9-]{0,47}$\"}");
	raw(json, "revision", "{\"type\":\"integer\",\"minimum\":1}");
	raw(json, "title", BOTH);
	words(json, "family", families, COUNT(families));
	words(json, "grade", grades, COUNT(grades));
	json_key(json, "stage");
	json_open(json, '{');
	buffer_text(json, "\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true");
	words(json, "items", stages, COUNT(stages));
	json_close(json, '}');
	words(json, "severity", severities, COUNT(severities));
	words(json, "mode", modes, COUNT(modes));
	raw(json, "where", TEXT);
}

/* Keys that most rules leave out. */
static void
further_write(struct buffer *json)
{
	static const char *const severities[] = RULE_SEVERITIES, *const scenes[] = RULE_SCENES;
	json_key(json, "scene");
	json_open(json, '{');
	buffer_text(json, "\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true");
	words(json, "items", scenes, COUNT(scenes));
	json_close(json, '}');
	raw(json, "library", "{\"type\":\"string\",\"pattern\":\"^(GZ|ZB)10000[1-3][0-9]{8}$\"}");
	json_key(json, "bands");
	buffer_text(json, "{\"type\":\"array\",\"minItems\":1,\"maxItems\":8,\"items\":{" OBJECT ",\"required\":[\"over\",\"severity\"]");
	json_key(json, "properties");
	json_open(json, '{');
	raw(json, "over", "{\"type\":[\"number\",\"string\"]}");
	words(json, "severity", severities, COUNT(severities));
	json_close(json, '}');
	buffer_text(json, "}}");
	raw(json, "minimum", "{\"type\":\"integer\",\"minimum\":1}");
	raw(json, "exclude", "{\"type\":\"array\",\"minItems\":1,\"maxItems\":16,\"items\":{" OBJECT
	    ",\"required\":[\"name\",\"when\",\"because\"],\"properties\":{\"name\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][A-Za-z0-9_]{0,39}$\"},"
	    "\"when\":" TEXT ",\"because\":" BOTH "}}}");
}

void
rule_schema(const struct detector_registry *registry, struct buffer *json)
{
	buffer_text(json, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":\"fundwatch rule\"," OBJECT ",\"required\":[\"id\","
	    "\"revision\",\"title\",\"family\",\"grade\",\"stage\",\"severity\",\"mode\",\"where\",\"detector\",\"basis\",\"evidence\",\"tests\"]");
	json_key(json, "properties");
	json_open(json, '{');
	head_write(json);
	further_write(json);
	json_key(json, "detector");
	json_open(json, '{');
	json_key(json, "enum");
	json_open(json, '[');
	for (size_t i = 0; i < registry->count; i++)
		json_text(json, registry->list[i]->name);
	json_close(json, ']');
	json_close(json, '}');
	settings_write(json, registry);
	params_write(json);
	raw(json, "basis", BASIS);
	raw(json, "evidence", BOTH);
	tests_write(json);
	json_close(json, '}');
	json_key(json, "allOf");
	json_open(json, '[');
	for (size_t i = 0; i < registry->count; i++)
		detector_write(json, registry->list[i]);
	json_close(json, ']');
	json_close(json, '}');
}
