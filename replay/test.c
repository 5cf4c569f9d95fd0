/* `fundwatch test`: runs the tests that stand inside the rule files. */
#include "replay/commands.h"
#include "replay/session.h"
#include "replay/sink.h"

#include "core/base/buffer.h"

#include <sysexits.h>

static const struct command_form test_form = {
	.name = "test", .operands = "[DIR]", .operands_least = 0, .operands_most = 1,
	.summary = {"运行规则文件内的测试；有测试未通过时以 1 退出。", "Runs the tests inside the rule files; exits 1 when one fails."},
	.common = COMMON_RULES | COMMON_JSON,
	.example = {
		{"fundwatch test", {"测试当前目录下的 rules/", "tests rules/ in the current folder"}},
		{"fundwatch test --lang en my-rules", {"测试 my-rules/，用英文报告", "tests my-rules/ and reports in English"}}},
};

/* trial_run tells each failure with the file of its rule. */
static bool
rule_failed(const struct diags *diags, const struct rule *rule)
{
	for (size_t i = 0; i < diags->count; i++)
		if (diags->list[i].level == DIAG_ERROR && diags->list[i].file && strcmp(diags->list[i].file, rule->file) == 0)
			return true;
	return false;
}

static void
print_text(const struct ruleset *rules, const struct diags *diags, enum language language, size_t passed, size_t failed,
    struct sink *sink)
{
	bool zh = language == LANGUAGE_ZH;
	struct buffer line = {0};
	for (size_t i = 0; i < rules->rules; i++) {
		const struct rule *rule = &rules->rule[i];
		line.length = 0;
		buffer_printf(&line, zh ? "%s %-16s 测试 %zu 个  %s" : "%s %-16s %zu tests  %s",
		    rule_failed(diags, rule) ? (zh ? "失败" : "FAIL") : (zh ? "通过" : "ok  "), rule->id, rule->tests,
		    rule->title[language]);
		sink_line(sink, (struct slice){line.data, line.length});
	}
	line.length = 0;
	buffer_printf(&line, language == LANGUAGE_ZH ? "通过 %zu 个，失败 %zu 个" : "%zu passed, %zu failed", passed, failed);
	sink_line(sink, (struct slice){line.data, line.length});
	buffer_free(&line);
}

static void
print_json(const struct ruleset *rules, const struct diags *diags, size_t passed, size_t failed, struct sink *sink)
{
	struct buffer json = {0};
	json_open(&json, '{');
	json_key(&json, "rules");
	json_open(&json, '[');
	for (size_t i = 0; i < rules->rules; i++) {
		json_open(&json, '{');
		json_key(&json, "id");
		json_text(&json, rules->rule[i].id);
		json_key(&json, "tests");
		json_unsigned(&json, rules->rule[i].tests);
		json_key(&json, "ok");
		json_bool(&json, !rule_failed(diags, &rules->rule[i]));
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_key(&json, "passed");
	json_unsigned(&json, passed);
	json_key(&json, "failed");
	json_unsigned(&json, failed);
	json_close(&json, '}');
	sink_line(sink, (struct slice){json.data, json.length});
	buffer_free(&json);
}

static int
run_tests(struct ruleset *rules, const struct common_options *options)
{
	enum language language = (enum language)options->language;
	struct diags diags = {0};
	struct sink sink;
	size_t failed = 0, run = trial_run(rules, &diags, &failed);
	diags_print(&diags, language, stderr);
	sink_open(&sink, "-", language);
	if (options->json)
		print_json(rules, &diags, run - failed, failed, &sink);
	else
		print_text(rules, &diags, language, run - failed, failed, &sink);
	diags_free(&diags);
	if (sink_close(&sink) != OPTIONS_GO_ON)
		return EX_IOERR;
	return failed ? EXIT_ALERTS : EX_OK;
}

int
command_test(int argc, char **argv)
{
	struct common_options options = {0};
	struct operands operands;
	int result = options_parse(&test_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	struct ruleset *rules = rules_open(&options, operands.count ? operands.item[0] : options_rules(&options));
	result = EX_CONFIG;
	if (rules) {
		result = run_tests(rules, &options);
		ruleset_free(rules);
	}
	options_free(&test_form, &options, &operands);
	return result;
}
