/* `fundwatch params`: which value of every parameter is in force in an area on a day, by which clause, what it stands before,
 * what binds it and what comes next. */
#include "replay/commands.h"
#include "replay/params_why.h"
#include "replay/session.h"
#include "replay/sink.h"

#include "core/base/buffer.h"
#include "core/base/time.h"

#include <stdlib.h>
#include <sysexits.h>

struct params_options {
	struct common_options common;
	int32_t at;
	const char *region, *rule;
};

#define AT(member) offsetof(struct params_options, member)
static const struct option_row params_row[] = {
	{"at", OPTION_DATE, AT(at), "DATE", {"问哪一天，必须给出", "the day that is asked about; must be given"}, 0, 0, NULL},
	{"region", OPTION_TEXT, AT(region), "CODE", {"问哪个参保区划（insu_admdvs），必须给出", "the area that is asked about (insu_admdvs); must be given"}, 0, 0, NULL},
	{"rule", OPTION_TEXT, AT(rule), "ID", {"只问这条规则", "only this rule"}, 0, 0, NULL},
};
#undef AT

static const struct command_form params_form = {
	.name = "params", .operands = "", .operands_least = 0, .operands_most = 0,
	.summary = {"逐条规则、逐个参数说明该地该日适用的值、依据、出处，压过哪些行，受哪些下限约束，下一次何时变化。",
	    "Says for every rule and parameter which value is in force in the area on that day, by which clause and row, which\n"
	    "less specific rows it stands before, which floors bind it, and when it changes next."},
	.row = params_row, .rows = sizeof params_row / sizeof params_row[0],
	.common = COMMON_RULES | COMMON_JSON,
	.example = {
		{"fundwatch params --at 2024-05-01 --region 140902", {"忻府区 2024 年 5 月 1 日适用的参数", "what holds in 140902 on 1 May 2024"}},
		{"fundwatch params --at 2023-05-01 --region 500230 --rule OP-CAP-001 --json",
		    {"一条规则的参数，以 JSON 输出", "the parameters of one rule, as JSON"}}},
};

static const char *const unit_names[] = {"yuan", "ratio", "count", "days"};

struct asking {
	const struct params_options *options;
	bool zh;
	struct ruleset *rules;
	struct matcher *matcher;
	const struct area *area;
	struct buffer out;
};

/* ---- JSON ---- */

static void
json_day(struct buffer *out, const char *key, int32_t day)
{
	char text[TIME_TEXT_SIZE];
	json_key(out, key);
	json_text(out, day == INT32_MAX || day == INT32_MIN ? NULL : day_text(day, text));
}

/* As an alert's `param` and `basis`; where nothing is in force the value is null and there is no basis. */
static void
json_why(struct asking *asking, const struct whys *whys, const struct why *why)
{
	const struct param *param = &whys->rule->param[whys->param];
	const struct param_row *row = why->row;
	struct buffer *out = &asking->out;
	json_open(out, '{');
	json_key(out, "rule");
	json_text(out, whys->rule->id);
	json_key(out, "name");
	json_text(out, param->name);
	json_key(out, "region");
	json_text(out, row ? row->region : NULL);
	json_key(out, "tier");
	json_text(out, why->tier);
	json_day(out, "from", row ? row->from : INT32_MAX);
	json_day(out, "to", row ? row->to : INT32_MAX);
	json_key(out, "value");
	json_text(out, row ? row->value_text : NULL);
	json_key(out, "unit");
	json_text(out, unit_names[param->unit]);
	json_key(out, "basis");
	json_open(out, '[');
	if (row) {
		json_open(out, '{');
		json_key(out, "document");
		json_text(out, row->basis->document);
		json_key(out, "quote");
		json_text(out, row->basis->quote);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

/* ---- text ---- */

static void
text_days(struct asking *asking, const struct param_row *row)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
	day_text(row->from, from);
	if (row->to == INT32_MAX)
		buffer_printf(&asking->out, asking->zh ? "自 %s" : "from %s", from);
	else
		buffer_printf(&asking->out, asking->zh ? "%s 至 %s" : "%s to %s", from, day_text(row->to, to));
}

static void
text_region(struct asking *asking, const char *region)
{
	if (*region)
		buffer_printf(&asking->out, asking->zh ? "区划 %s" : "region %s", region);
	else
		buffer_text(&asking->out, asking->zh ? "全国" : "everywhere");
}

/* Value, region, days, place: a row in one line. */
static void
text_row(struct asking *asking, const struct param_row *row)
{
	buffer_printf(&asking->out, "%s%s", row->value_text, asking->zh ? "，" : ", ");
	text_region(asking, row->region);
	buffer_text(&asking->out, asking->zh ? "，" : ", ");
	text_days(asking, row);
	buffer_printf(&asking->out, asking->zh ? "（%s:%d）" : " (%s:%d)", row->file, row->line);
}

static void
text_basis(struct asking *asking, const char *zh, const char *en, const struct basis *basis)
{
	buffer_printf(&asking->out, asking->zh ? "      %s %s：%s\n" : "      %s %s: %s\n", asking->zh ? zh : en, basis->document, basis->quote);
}

static void
text_nothing(struct asking *asking, const struct why *why)
{
	static const char *const reason[][2] = {
		[NOTHING_SO] = {"", ""},
		[NOTHING_IN_REGION] = {"没有这个区划的行", "there is no row for the area"},
		[NOTHING_BEFORE] = {"第一行尚未生效", "the first row has not begun"},
		[NOTHING_AFTER] = {"最后一行已经失效", "the last row has ended"},
		[NOTHING_BETWEEN] = {"两行之间有空档", "there is a gap between two rows"},
		[NOTHING_FOR_TIER] = {"当日的行只管其他档次", "the rows of that day are for other tiers"},
	};
	buffer_printf(&asking->out, asking->zh ? "没有适用的值：%s" : "nothing is in force: %s", reason[why->nothing][asking->zh ? 0 : 1]);
	if (why->nearest) {
		buffer_text(&asking->out, asking->zh ? "；最近的一行：" : "; the nearest row: ");
		text_row(asking, why->nearest);
	}
	buffer_char(&asking->out, '\n');
}

static void
text_beside(struct asking *asking, const struct whys *whys, const struct why *why)
{
	const struct param_row *row;
	for (size_t index = 0; (row = whys_beside(whys, why, BESIDE_BEATEN, &index));) {
		buffer_text(&asking->out, asking->zh ? "      压过 " : "      stands before ");
		text_row(asking, row);
		buffer_char(&asking->out, '\n');
	}
	for (size_t index = 0; (row = whys_beside(whys, why, BESIDE_FLOOR, &index));) {
		buffer_text(&asking->out, asking->zh ? "      下限 " : "      floor ");
		text_row(asking, row);
		buffer_char(&asking->out, '\n');
		text_basis(asking, "  下限依据", "  floor by", row->basis);
	}
	if (why->row && why->row->is_final)
		text_basis(asking, "最终规定，下级不得另立；依据", "final, no longer region may differ; by",
		    why->row->final_basis ? why->row->final_basis : why->row->basis);
}

static void
text_next(struct asking *asking, const struct why *why)
{
	char day[TIME_TEXT_SIZE];
	if (why->next_day == INT32_MAX)
		return;
	day_text(why->next_day, day);
	buffer_printf(&asking->out, asking->zh ? "      %s 起：" : "      from %s on: ", day);
	if (why->next)
		text_row(asking, why->next);
	else
		buffer_text(&asking->out, asking->zh ? "没有适用的值" : "nothing is in force");
	buffer_char(&asking->out, '\n');
}

static void
text_why(struct asking *asking, const struct whys *whys, const struct why *why)
{
	const struct param *param = &whys->rule->param[whys->param];
	struct buffer *out = &asking->out;
	buffer_printf(out, "  %s", param->name);
	if (why->tier)
		buffer_printf(out, asking->zh ? "，档次 %s" : ", tier %s", why->tier);
	else if (whys->count > 1)
		buffer_text(out, asking->zh ? "，其他人" : ", everybody else");
	buffer_text(out, asking->zh ? "：" : ": ");
	if (why->row) {
		buffer_printf(out, "%s %s%s", why->row->value_text, unit_names[param->unit], asking->zh ? "，" : ", ");
		text_region(asking, why->row->region);
		buffer_text(out, asking->zh ? "，" : ", ");
		text_days(asking, why->row);
		buffer_char(out, '\n');
		text_basis(asking, "依据", "by", why->row->basis);
		buffer_printf(out, asking->zh ? "      写在 %s:%d\n" : "      stands in %s:%d\n", why->row->file, why->row->line);
	} else {
		text_nothing(asking, why);
	}
	text_beside(asking, whys, why);
	text_next(asking, why);
}

/* Where tiers decide and the person's is not known. */
static void
text_unknown(struct asking *asking, const struct whys *whys)
{
	bool unknown;
	const struct param_row *row = param_find(whys->rule, whys->param, asking->area, SLICE(""), asking->options->at, &unknown);
	if (!unknown)
		return;
	buffer_text(&asking->out, asking->zh ? "  档次不明的人按最高的一行判：" : "  a person whose tier is not known is judged by the highest row: ");
	text_row(asking, row);
	buffer_char(&asking->out, '\n');
}

/* ---- asking ---- */

static void
ask_param(struct asking *asking, const struct rule *rule, int32_t param)
{
	struct whys whys = whys_make(rule, param, asking->area, asking->options->at);
	for (size_t i = 0; i < whys.count; i++)
		if (asking->options->common.json)
			json_why(asking, &whys, &whys.why[i]);
		else
			text_why(asking, &whys, &whys.why[i]);
	if (!asking->options->common.json)
		text_unknown(asking, &whys);
	whys_free(&whys);
}

static void
ask_rule(struct asking *asking, const struct rule *rule)
{
	static const char *const modes[][2] = {[MODE_ENFORCE] = {"", ""}, [MODE_SHADOW] = {"（试运行）", " (shadow)"}, [MODE_OFF] = {"（停用）", " (off)"}};
	if (rule->params == 0 && !asking->options->rule)
		return;
	if (!asking->options->common.json)
		buffer_printf(&asking->out, "%s%s  %s%s\n", asking->out.length ? "\n" : "", rule->id, rule->title[asking->zh ? LANGUAGE_ZH : LANGUAGE_EN],
		    modes[rule->mode][asking->zh ? 0 : 1]);
	for (size_t i = 0; i < rule->params; i++)
		ask_param(asking, rule, (int32_t)i);
	if (rule->params == 0 && !asking->options->common.json)
		buffer_text(&asking->out, asking->zh ? "  这条规则没有参数\n" : "  this rule has no parameters\n");
}

static void
ask_all(struct asking *asking)
{
	const struct params_options *options = asking->options;
	if (options->common.json)
		json_open(&asking->out, '[');
	for (size_t i = 0; i < asking->rules->rules; i++)
		if (!options->rule || strcmp(asking->rules->rule[i].id, options->rule) == 0)
			ask_rule(asking, &asking->rules->rule[i]);
	if (options->common.json)
		json_close(&asking->out, ']');
	else if (asking->out.length)
		asking->out.length--;           /* sink_line ends the last line */
}

/* OPTIONS_GO_ON, or 64 after telling the nearest rule. */
static int
check_rule(const struct ruleset *rules, const char *wanted, enum language language)
{
	const char **names = memory_get(rules->rules, sizeof *names);
	bool is_known = false;
	for (size_t i = 0; i < rules->rules; i++) {
		names[i] = rules->rule[i].id;
		is_known |= strcmp(names[i], wanted) == 0;
	}
	const char *near = is_known ? NULL : nearest_word(slice_of(wanted), names, rules->rules);
	if (near)
		TELL(language, "没有规则“%s”，是否指 %s？", "no rule \"%s\"; did you mean %s?", wanted, near);
	else if (!is_known)
		TELL(language, "没有规则“%s”", "no rule \"%s\"", wanted);
	free(names);
	return is_known ? OPTIONS_GO_ON : EX_USAGE;
}

static int
check_options(const struct params_options *options)
{
	enum language language = (enum language)options->common.language;
	if (options->at == INT32_MIN || !options->region) {
		TELL(language, "要给出 %s", "%s must be given", options->region ? "--at DATE" : "--region CODE");
		return EX_USAGE;
	}
	size_t digits = strspn(options->region, "0123456789");
	if (digits > 0 && digits <= 16 && !options->region[digits])
		return OPTIONS_GO_ON;
	TELL(language, "--region %s 应是区划代码的数字", "--region %s: digits of an area code are wanted", options->region);
	return EX_USAGE;
}

static int
ask(const struct params_options *options)
{
	enum language language = (enum language)options->common.language;
	struct asking asking = {.options = options, .zh = language == LANGUAGE_ZH};
	struct sink sink;
	asking.rules = rules_open(&options->common, options_rules(&options->common));
	if (!asking.rules)
		return EX_CONFIG;
	int result = options->rule ? check_rule(asking.rules, options->rule, language) : OPTIONS_GO_ON;
	if (result == OPTIONS_GO_ON) {
		asking.matcher = matcher_open(asking.rules);
		asking.area = matcher_area(asking.matcher, slice_of(options->region));
		ask_all(&asking);
		sink_open(&sink, "-", language);
		sink_line(&sink, (struct slice){asking.out.data, asking.out.length});
		result = sink_close(&sink) == OPTIONS_GO_ON ? EX_OK : EX_IOERR;
		matcher_close(asking.matcher);
	}
	buffer_free(&asking.out);
	ruleset_free(asking.rules);
	return result;
}

int
command_params(int argc, char **argv)
{
	struct params_options options = {.at = INT32_MIN};
	struct operands operands;
	int result = options_parse(&params_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	result = check_options(&options);
	if (result == OPTIONS_GO_ON)
		result = ask(&options);
	options_free(&params_form, &options, &operands);
	return result;
}
