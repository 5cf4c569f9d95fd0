/* Canonical text of a rule.  Loading it again gives the same rule and the same text: fixed order of keys, one spelling
 * of every value, everything that is text in double quotes. */
#include "core/rule/print.h"

#include "core/base/time.h"
#include "core/rule/expression.h"
#include "core/rule/load.h"

void
print_quoted(struct buffer *out, struct slice text)
{
	buffer_char(out, '"');
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == '"' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else if (c == '\n')
			buffer_text(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buffer_printf(out, "\\x%02x", c);
		else
			buffer_char(out, (char)c);
	}
	buffer_char(out, '"');
}

static void
print_text(struct buffer *out, const char *text)
{
	print_quoted(out, slice_of(text));
}

/* ---- tests ---- */

/* Any node in flow form. */
static void
print_flow(struct buffer *out, const struct yaml *node)
{
	if (node->kind == YAML_SCALAR) {
		if (!yaml_is_missing(node))
			print_quoted(out, node->text);
		return;
	}
	buffer_char(out, node->kind == YAML_LIST ? '[' : '{');
	for (const struct yaml *member = node->first; member; member = member->next) {
		if (node->kind == YAML_MAP)
			buffer_printf(out, "%s: ", member->key->text.data);
		print_flow(out, member);
		if (member->next)
			buffer_text(out, ", ");
	}
	buffer_char(out, node->kind == YAML_LIST ? ']' : '}');
}

static void
print_lines(struct buffer *out, const char *key, const struct yaml *list)
{
	if (!list)
		return;
	buffer_printf(out, "    %s:%s\n", key, list->count ? "" : " []");
	for (const struct yaml *item = list->first; item; item = item->next) {
		buffer_text(out, "      - ");
		print_flow(out, item);
		buffer_char(out, '\n');
	}
}

static void
print_map(struct buffer *out, const char *key, const struct yaml *map)
{
	if (!map || map->count == 0)
		return;
	buffer_printf(out, "    %s: ", key);
	print_flow(out, map);
	buffer_char(out, '\n');
}

const char *
print_tests(struct arena *arena, const struct yaml *list)
{
	struct buffer out = {0};
	buffer_text(&out, "tests:\n");
	for (const struct yaml *test = list->first; test; test = test->next) {
		const struct yaml *close_all = yaml_get(test, "close_all");
		buffer_text(&out, "  - name: ");
		print_quoted(&out, yaml_get(test, "name")->text);
		buffer_char(&out, '\n');
		print_map(&out, "defaults", yaml_get(test, "defaults"));
		print_map(&out, "enrolment_defaults", yaml_get(test, "enrolment_defaults"));
		print_lines(&out, "enrolments", yaml_get(test, "enrolments"));
		print_lines(&out, "claims", yaml_get(test, "claims"));
		if (close_all && strcmp(close_all->text.data, "true") == 0)
			buffer_text(&out, "    close_all: true\n");
		print_lines(&out, "expect", yaml_get(test, "expect"));
	}
	const char *text = arena_copy(arena, out.data, out.length);
	buffer_free(&out);
	return text;
}

/* ---- the rule ---- */

static void
print_head(struct buffer *out, const struct rule *rule)
{
	static const char *const modes[] = RULE_MODES;
	buffer_printf(out, "id: %s\nrevision: %d\ntitle:\n  zh: ", rule->id, rule->revision);
	print_text(out, rule->title[LANGUAGE_ZH]);
	buffer_text(out, "\n  en: ");
	print_text(out, rule->title[LANGUAGE_EN]);
	buffer_printf(out, "\nfamily: %s\ngrade: %s\nstage: [", rule->family, rule->grade);
	for (size_t i = 0; i < rule->stages; i++)
		buffer_printf(out, "%s%s", i ? ", " : "", rule->stage[i]);
	buffer_text(out, "]\n");
	if (rule->scenes)
		buffer_text(out, "scene: [");
	for (size_t i = 0; i < rule->scenes; i++)
		buffer_printf(out, "%s%s%s", i ? ", " : "", rule->scene[i], i + 1 < rule->scenes ? "" : "]\n");
	if (rule->library)
		buffer_printf(out, "library: %s\n", rule->library);
	buffer_printf(out, "severity: %s\n", rule->severity);
	bands_print(out, rule);
	buffer_printf(out, "mode: %s\n", modes[rule->mode]);
}

void
print_decimal(struct buffer *out, int64_t value)
{
	uint64_t size = value < 0 ? (uint64_t)-value : (uint64_t)value;
	buffer_printf(out, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(size / 1000000));
	char places[8];
	snprintf(places, sizeof places, "%06llu", (unsigned long long)(size % 1000000));
	size_t length = 6;
	while (length > 0 && places[length - 1] == '0')
		length--;
	if (length)
		buffer_printf(out, ".%.*s", (int)length, places);
}

static void
print_setting(struct buffer *out, const struct ruleset *set, const struct rule *rule, const struct setting *setting)
{
	const char *at = (const char *)rule->config + setting->offset;
	int32_t index = 0;
	int64_t number = 0;
	bool is_number = setting->type == SETTING_DECIMAL || setting->type == SETTING_COUNT;
	memcpy(is_number ? (void *)&number : (void *)&index, at, is_number ? sizeof number : sizeof index);
	if (index < 0 || (is_number && number == 0 && !setting->required && !setting->fallback))
		return;         /* as if it were not written */
	buffer_printf(out, "%s: ", setting->name);
	switch (setting->type) {
	case SETTING_AMOUNT_FIELD: buffer_text(out, settlement_fields[index].name); break;
	case SETTING_CHOICE: buffer_text(out, setting->choices[index]); break;
	case SETTING_PARAM: buffer_printf(out, "$%s", rule->param[index].name); break;
	case SETTING_CONDITION: print_text(out, set->condition[index].text); break;
	case SETTING_DECIMAL: print_decimal(out, number); break;
	case SETTING_COUNT: buffer_printf(out, "%lld", (long long)number); break;
	}
	buffer_char(out, '\n');
}

static void
print_row(struct buffer *out, const struct param_row *row)
{
	char day[TIME_TEXT_SIZE];
	buffer_printf(out, "      - {region: \"%s\"", row->region);
	if (row->tier) {
		buffer_text(out, ", tier: ");
		print_text(out, row->tier);
	}
	buffer_printf(out, ", from: %s", day_text(row->from, day));
	if (row->to != INT32_MAX)
		buffer_printf(out, ", to: %s", day_text(row->to, day));
	if (row->due != INT32_MAX)
		buffer_printf(out, ", due: %s", day_text(row->due, day));
	buffer_printf(out, ", %s: %s", row->is_floor ? "floor" : "value", row->value_text);
	if (row->is_final)
		buffer_text(out, ", final: true");
	if (row->final_basis)
		buffer_printf(out, ", final_basis: %s", row->final_basis->name);
	buffer_printf(out, ", basis: %s", row->basis->name);
	if (row->note) {
		buffer_text(out, ", note: ");
		print_text(out, row->note);
	}
	buffer_text(out, "}\n");
}

static void
print_params(struct buffer *out, const struct rule *rule)
{
	if (rule->params)
		buffer_text(out, "params:\n");
	for (size_t i = 0; i < rule->params; i++) {
		const struct param *param = &rule->param[i];
		buffer_printf(out, "  %s:\n    unit: %s\n    rows:%s\n", param->name, param_unit_names[param->unit],
		    param->rows ? "" : " []");
		for (size_t j = 0; j < param->rows; j++)
			print_row(out, &param->row[j]);
	}
}

static void
print_basis(struct buffer *out, const struct rule *rule)
{
	buffer_text(out, "basis:\n");
	for (size_t i = 0; i < rule->bases; i++) {
		buffer_printf(out, "  %s:\n    document: ", rule->basis[i].name);
		print_text(out, rule->basis[i].document);
		buffer_text(out, "\n    quote: ");
		print_text(out, rule->basis[i].quote);
		buffer_char(out, '\n');
	}
}

/* What decides a verdict and its legal ground. */
static void
print_law(struct buffer *out, const struct ruleset *set, const struct rule *rule)
{
	buffer_text(out, "where: ");
	print_text(out, set->condition[rule->where_written].text);
	buffer_char(out, '\n');
	exclusions_print(out, set, rule);
	if (rule->minimum)
		buffer_printf(out, "minimum: %lld\n", (long long)rule->minimum);
	buffer_printf(out, "detector: %s\n", rule->detector->name);
	for (size_t i = 0; i < rule->detector->setting_count; i++)
		print_setting(out, set, rule, &rule->detector->settings[i]);
	print_params(out, rule);
	print_basis(out, rule);
}

bool
rule_same_law(const struct ruleset *set, const struct rule *rule, const struct ruleset *other_set, const struct rule *other)
{
	struct buffer mine = {0}, theirs = {0};
	bands_print(&mine, rule);
	print_law(&mine, set, rule);
	bands_print(&theirs, other);
	print_law(&theirs, other_set, other);
	bool same = mine.length == theirs.length && memcmp(mine.data, theirs.data, mine.length) == 0;
	buffer_free(&mine);
	buffer_free(&theirs);
	return same;
}

const char *
rule_text(struct ruleset *set, const struct rule *rule)
{
	struct buffer out = {0};
	print_head(&out, rule);
	repeat_print(&out, rule);
	print_law(&out, set, rule);
	buffer_text(&out, "evidence:\n  zh: ");
	print_text(&out, rule->evidence[LANGUAGE_ZH]);
	buffer_text(&out, "\n  en: ");
	print_text(&out, rule->evidence[LANGUAGE_EN]);
	buffer_char(&out, '\n');
	buffer_text(&out, rule->tests_text);
	const char *text = arena_copy(&set->arena, out.data, out.length);
	buffer_free(&out);
	return text;
}
