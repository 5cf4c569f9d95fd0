/* `fundwatch check`: everything that loading the rules checks, and their canonical text, which loads again to the same
 * rules. */
#include "replay/commands.h"
#include "replay/mistake.h"
#include "replay/session.h"
#include "replay/sink.h"

#include "core/base/buffer.h"
#include "core/base/time.h"
#include "core/rule/schema.h"
#include "core/score/budget.h"
#include "detectors/registry.h"

#include <sysexits.h>

struct check_options {
	struct common_options common;
	bool schema;
	const char *explain;
};

static const struct option_row check_row[] = {
	{"schema", OPTION_FLAG, offsetof(struct check_options, schema), NULL, {"输出 JSON Schema，供编辑器使用：规则文件的，或后面写 params、suppressions",
	    "print a JSON Schema for editors: of rule files, or of params or suppressions when that word follows"}, 0, 0, NULL},
	{"explain", OPTION_TEXT, offsetof(struct check_options, explain), "CODE", {"说明一个错误代码，如 R0501：消息和怎么办",
	    "explain one code of a mistake, like R0501: its message and what to do"}, 0, 0, NULL},
};

static const struct command_form check_form = {
	.name = "check", .operands = "[DIR]", .operands_least = 0, .operands_most = 1,
	.summary = {"检查规则、参数和参照表，一次报告所有文件的所有错误；无误时输出每条规则的规范文本。",
	    "Checks rules, parameters and tables and tells every mistake of every file in one run; when there is none,\n"
	    "prints the canonical text of every rule."},
	.row = check_row, .rows = sizeof check_row / sizeof check_row[0],
	.common = COMMON_RULES | COMMON_JSON,
	.example = {
		{"fundwatch check", {"检查当前目录下的 rules/", "checks rules/ in the current folder"}},
		{"fundwatch check --lang en --json my-rules", {"检查 my-rules/，以 JSON 输出规则和状态字节数",
		    "checks my-rules/ and prints rules and bytes of state as JSON"}}},
};

static const char *const mode_names[] = {[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"};

static void
json_member(struct buffer *json, const char *name, const char *text)
{
	json_key(json, name);
	json_text(json, text);
}

/* What of a person is left out; a reader sees that there is one. */
static void
json_suppressions(const struct ruleset *rules, struct buffer *json)
{
	char day[TIME_TEXT_SIZE];
	json_key(json, "suppressions");
	json_open(json, '[');
	for (size_t i = 0; i < rules->suppressions; i++) {
		const struct suppression *entry = &rules->suppression[i];
		json_open(json, '{');
		json_member(json, "id", entry->id);
		json_member(json, "rule", entry->rule);
		json_member(json, "author", entry->author);
		json_member(json, "from", day_text(entry->from, day));
		json_member(json, "until", day_text(entry->until, day));
		json_key(json, "psn_no");
		json_bool(json, entry->psn_no != NULL);
		json_member(json, "fixmedins_code", entry->fixmedins_code);
		json_member(json, "region", entry->region);
		json_member(json, "setl_id", entry->setl_id);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* There is no clock in here: all are listed with their days. */
static void
print_suppressions(const struct ruleset *rules, enum language language)
{
	char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
	for (size_t i = 0; i < rules->suppressions; i++) {
		const struct suppression *entry = &rules->suppression[i];
		TELL(language, "压下不报 %s：规则 %s，%s 至 %s，%s：%s（%s:%d）", "suppression %s: rule %s, %s to %s, by %s: %s (%s:%d)", entry->id, entry->rule,
		    day_text(entry->from, from), day_text(entry->until, until), entry->author, entry->reason[language], entry->file, entry->line);
	}
}

static void
print_json(const struct ruleset *rules, struct sink *sink)
{
	struct buffer json = {0};
	json_open(&json, '{');
	json_member(&json, "ruleset", rules->digest);
	json_key(&json, "rules");
	json_open(&json, '[');
	for (size_t i = 0; i < rules->rules; i++) {
		const struct rule *rule = &rules->rule[i];
		json_open(&json, '{');
		json_member(&json, "id", rule->id);
		json_key(&json, "revision");
		json_integer(&json, rule->revision);
		json_member(&json, "mode", mode_names[rule->mode]);
		json_member(&json, "detector", rule->detector->name);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_suppressions(rules, &json);
	json_key(&json, "bytes_per");
	scorer_state_budget(rules, &json);
	json_key(&json, "layout");
	scorer_layout_json(rules, &json);
	json_close(&json, '}');
	sink_line(sink, (struct slice){json.data, json.length});
	buffer_free(&json);
}

/* One YAML document a rule; the comment before it says where the rule lives. */
static void
print_canonical(struct ruleset *rules, struct sink *sink)
{
	struct buffer text = {0};
	for (size_t i = 0; i < rules->rules; i++) {
		const struct rule *rule = &rules->rule[i];
		text.length = 0;
		buffer_printf(&text, "%s# %s/%s.yaml\n%s", i ? "---\n" : "", rule->family, rule->id, rule_text(rules, rule));
		if (text.data[text.length - 1] == '\n')
			text.length--;
		sink_line(sink, (struct slice){text.data, text.length});
	}
	buffer_free(&text);
}

/* {"person":256,"area":64} as "person 256, area 64". */
static void
print_budget(const struct ruleset *rules, enum language language)
{
	struct buffer json = {0}, text = {0};
	scorer_state_budget(rules, &json);
	for (size_t i = 0; i < json.length; i++) {
		if (json.data[i] == ':')
			buffer_char(&text, ' ');
		else if (json.data[i] == ',')
			buffer_text(&text, ", ");
		else if (!strchr("{}\"", json.data[i]))
			buffer_char(&text, json.data[i]);
	}
	TELL(language, "每个实体的状态字节数：%.*s", "bytes of state for each: %.*s", (int)text.length, text.data ? text.data : "");
	text.length = 0;
	scorer_layout_text(rules, language, &text);
	fprintf(stderr, "%.*s", (int)text.length, text.data);
	buffer_free(&json);
	buffer_free(&text);
}

static void
print_counts(const struct ruleset *rules, enum language language)
{
	size_t mode[3] = {0}, tests = 0;
	for (size_t i = 0; i < rules->rules; i++) {
		mode[rules->rule[i].mode]++;
		tests += rules->rule[i].tests;
	}
	TELL(language, "规则集 %s：规则 %zu 条（执行 %zu，试运行 %zu，停用 %zu），测试 %zu 个",
	    "ruleset %s: rules %zu (enforced %zu, shadow %zu, off %zu), tests %zu",
	    rules->digest, rules->rules, mode[MODE_ENFORCE], mode[MODE_SHADOW], mode[MODE_OFF], tests);
}

/* The word behind --schema; -1 after telling what is wrong with it. */
static int
schema_kind(const struct operands *operands, enum language language)
{
	const char *word = operands->count ? operands->item[0] : schema_kind_names[SCHEMA_RULE];
	for (int kind = 0; kind < SCHEMA_KINDS; kind++)
		if (strcmp(word, schema_kind_names[kind]) == 0)
			return kind;
	TELL(language, "--schema 后面可以写 rule、params、suppressions，没有“%s”", "--schema takes rule, params or suppressions, not \"%s\"", word);
	return -1;
}

static int
print_schema(const struct operands *operands, enum language language)
{
	int kind = schema_kind(operands, language);
	struct buffer json = {0};
	struct sink sink;
	if (kind < 0)
		return EX_USAGE;
	schema_write((enum schema_kind)kind, detectors_registry(), &json);
	sink_open(&sink, "-", language);
	sink_line(&sink, (struct slice){json.data, json.length});
	buffer_free(&json);
	return sink_close(&sink) == OPTIONS_GO_ON ? EX_OK : EX_IOERR;
}

static int
check_rules(const struct common_options *options, const char *directory)
{
	enum language language = (enum language)options->language;
	struct ruleset *rules = rules_open(options, directory);
	struct sink sink;
	if (!rules)
		return EX_CONFIG;
	sink_open(&sink, "-", language);
	if (options->json)
		print_json(rules, &sink);
	else
		print_canonical(rules, &sink);
	int result = sink_close(&sink) == OPTIONS_GO_ON ? EX_OK : EX_IOERR;
	if (!options->quiet && !options->json) {
		print_counts(rules, language);
		print_budget(rules, language);
		print_suppressions(rules, language);
	}
	ruleset_free(rules);
	return result;
}

int
command_check(int argc, char **argv)
{
	struct check_options options = {0};
	struct operands operands;
	int result = options_parse(&check_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	if (options.explain)
		result = mistake_explain(options.explain, &options.common);
	else if (options.schema)
		result = print_schema(&operands, (enum language)options.common.language);
	else
		result = check_rules(&options.common, operands.count ? operands.item[0] : options_rules(&options.common));
	options_free(&check_form, &options, &operands);
	return result;
}
