/* `fundwatch coverage`: what no test inside the rule files reaches. */
#include "core/score/coverage.h"

#include "core/base/buffer.h"
#include "replay/commands.h"
#include "replay/session.h"
#include "replay/sink.h"

#include <stdlib.h>
#include <sysexits.h>

struct coverage_options {
	struct common_options common;
	int64_t fail_under;
};

static const struct option_row coverage_row[] = {
	{"fail-under", OPTION_NUMBER, offsetof(struct coverage_options, fail_under), "PERCENT",
	    {"不到这个百分比时以 1 退出", "exit 1 when less than so many per cent are reached"}, 0, 100, NULL},
};

static const struct command_form coverage_form = {
	.name = "coverage", .operands = "[DIR]", .operands_least = 0, .operands_most = 1,
	.summary = {"运行规则文件内的测试，列出没有测试到的：条件的真假、参数行、严重程度分档、告警状态。",
	    "Runs the tests inside the rules and lists what none of them reaches: expressions true and false, parameter\n"
	    "rows, statuses of alerts."},
	.row = coverage_row, .rows = sizeof coverage_row / sizeof coverage_row[0],
	.common = COMMON_RULES | COMMON_JSON,
	.example = {
		{"fundwatch coverage", {"检查当前目录下的 rules/", "looks at rules/ in the current folder"}},
		{"fundwatch coverage --lang en --fail-under 100 my-rules", {"有没测试到的就以 1 退出", "exits 1 when anything is not reached"}}},
};

struct covered {
	const struct ruleset *rules;
	struct coverage **rule;         /* by rule of the set */
	size_t count, reached;
	struct arena arena;
	struct sink sink;
	enum language language;
};

/* In tenths, rounded down: 100.0 means everything. */
static unsigned
permille(size_t reached, size_t count)
{
	return count ? (unsigned)(reached * 1000 / count) : 1000;
}

/* ---- text ---- */

static void
print_item(struct covered *covered, const struct cover *item)
{
	bool zh = covered->language == LANGUAGE_ZH;
	struct buffer line = {0};
	buffer_printf(&line, "    %s:%d:%d: ", item->file, item->line, item->column);
	switch (item->kind) {
	case COVER_EXPRESSION:
	case COVER_COMPARISON:
		if (strcmp(item->outcome, "true") == 0)
			buffer_printf(&line, zh ? "%s：从未成立：%s" : "%s: never true: %s", item->key, item->text);
		else
			buffer_printf(&line, zh ? "%s：从未不成立：%s" : "%s: never false: %s", item->key, item->text);
		break;
	case COVER_ROW: buffer_printf(&line, zh ? "参数 %s：没有用到这一行：%s" : "%s: no settlement was judged by this row: %s", item->key, item->text); break;
	case COVER_BAND: buffer_printf(&line, zh ? "分档：没有这样严重的告警：%s" : "bands: no alert is so severe: %s", item->text); break;
	case COVER_STATUS: buffer_printf(&line, zh ? "没有这种状态的告警：%s" : "no alert has the status %s", item->text); break;
	case COVER_KINDS: break;
	}
	sink_line(&covered->sink, (struct slice){line.data, line.length});
	buffer_free(&line);
}

static void
print_counts(struct covered *covered, const char *name, size_t reached, size_t count, const char *title)
{
	struct buffer line = {0};
	unsigned tenths = permille(reached, count);
	buffer_printf(&line, "%-18s %4zu/%-4zu %3u.%u%%%s%s", name, reached, count, tenths / 10, tenths % 10, *title ? "  " : "", title);
	sink_line(&covered->sink, (struct slice){line.data, line.length});
	buffer_free(&line);
}

static void
print_text(struct covered *covered)
{
	for (size_t i = 0; i < covered->rules->rules; i++) {
		const struct rule *rule = &covered->rules->rule[i];
		const struct coverage *coverage = covered->rule[i];
		print_counts(covered, rule->id, coverage->reached, coverage->count, rule->title[covered->language]);
		for (size_t j = 0; j < coverage->count; j++)
			if (!coverage->item[j].is_reached)
				print_item(covered, &coverage->item[j]);
	}
	print_counts(covered, covered->language == LANGUAGE_ZH ? "合计" : "total", covered->reached, covered->count, "");
}

/* ---- JSON ---- */

static void
text_member(struct buffer *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void
item_write(struct buffer *json, const struct cover *item)
{
	json_open(json, '{');
	text_member(json, "kind", cover_kind_names[item->kind]);
	text_member(json, "key", item->key);
	text_member(json, "text", item->text);
	text_member(json, "outcome", item->outcome);
	text_member(json, "file", item->file);
	json_key(json, "line");
	json_integer(json, item->line);
	json_key(json, "column");
	json_integer(json, item->column);
	json_close(json, '}');
}

static void
counts_write(struct buffer *json, size_t reached, size_t count)
{
	json_key(json, "reached");
	json_unsigned(json, reached);
	json_key(json, "count");
	json_unsigned(json, count);
}

static void
rule_write(struct buffer *json, const struct rule *rule, const struct coverage *coverage)
{
	json_open(json, '{');
	text_member(json, "id", rule->id);
	counts_write(json, coverage->reached, coverage->count);
	json_key(json, "unreached");
	json_open(json, '[');
	for (size_t i = 0; i < coverage->count; i++)
		if (!coverage->item[i].is_reached)
			item_write(json, &coverage->item[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void
print_json(struct covered *covered)
{
	struct buffer json = {0};
	json_open(&json, '{');
	json_key(&json, "rules");
	json_open(&json, '[');
	for (size_t i = 0; i < covered->rules->rules; i++)
		rule_write(&json, &covered->rules->rule[i], covered->rule[i]);
	json_close(&json, ']');
	counts_write(&json, covered->reached, covered->count);
	json_close(&json, '}');
	sink_line(&covered->sink, (struct slice){json.data, json.length});
	buffer_free(&json);
}

/* ---- running ---- */

/* What a failing test reaches says nothing: the failures are told first. */
static bool
tests_pass(struct ruleset *rules, enum language language)
{
	struct diags diags = {0};
	size_t failed = 0;
	trial_run(rules, &diags, &failed);
	diags_print(&diags, language, stderr);
	diags_free(&diags);
	if (failed)
		TELL(language, "有 %zu 个测试未通过，先改好它们", "tests that fail: %zu; mend them first", failed);
	return failed == 0;
}

static int
run_coverage(struct ruleset *rules, const struct coverage_options *options)
{
	struct covered covered = {.rules = rules, .language = (enum language)options->common.language};
	if (!tests_pass(rules, covered.language))
		return EXIT_ALERTS;
	covered.rule = memory_get(rules->rules, sizeof *covered.rule);
	for (size_t i = 0; i < rules->rules; i++) {
		covered.rule[i] = coverage_run(rules, i, &covered.arena);
		covered.count += covered.rule[i]->count;
		covered.reached += covered.rule[i]->reached;
	}
	sink_open(&covered.sink, "-", covered.language);
	if (options->common.json)
		print_json(&covered);
	else
		print_text(&covered);
	free(covered.rule);
	arena_free(&covered.arena);
	if (sink_close(&covered.sink) != OPTIONS_GO_ON)
		return EX_IOERR;
	return permille(covered.reached, covered.count) < 10 * (unsigned)options->fail_under ? EXIT_ALERTS : EX_OK;
}

int
command_coverage(int argc, char **argv)
{
	struct coverage_options options = {0};
	struct operands operands;
	int result = options_parse(&coverage_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	struct ruleset *rules = rules_open(&options.common, operands.count ? operands.item[0] : options_rules(&options.common));
	result = EX_CONFIG;
	if (rules) {
		result = run_coverage(rules, &options);
		ruleset_free(rules);
	}
	options_free(&coverage_form, &options, &operands);
	return result;
}
