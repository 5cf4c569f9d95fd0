/* The page of one rule: what it asks, of whom, by which limits and documents, what it says, and its tests. */
#include "replay/doc.h"

#include "core/base/time.h"
#include "core/rule/trial.h"
#include "core/score/scorer.h"
#include "replay/line.h"

#include <ctype.h>
#include <stdlib.h>

#define ROWS_SHOWN 8                    /* records of a test; more are counted */

struct doc {
	struct page *page;
	struct ruleset *set;
	const struct rule *rule;
	size_t index;
	const char *canonical;
	struct buffer zh, en;           /* scratch */
};

static void
clear(struct doc *doc)
{
	doc->zh.length = doc->en.length = 0;
	buffer_text(&doc->zh, "");
	buffer_text(&doc->en, "");
}

/* What stands in the scratch. */
static struct both
said(struct doc *doc)
{
	buffer_char(&doc->zh, '\0');
	buffer_char(&doc->en, '\0');
	return (struct both){doc->zh.data, doc->en.data};
}

/* ---- what it is ---- */

static void
list_words(struct doc *doc, const char *const *word, size_t count)
{
	clear(doc);
	for (size_t i = 0; i < count; i++) {
		struct both says = doc_word(word[i]);
		buffer_printf(&doc->zh, "%s%s", i ? "、" : "", says.zh);
		buffer_printf(&doc->en, "%s%s", i ? ", " : "", says.en);
	}
}

#define FACTS_MAX 8

static void
put_facts(struct doc *doc)
{
	static const char *const modes[] = {[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"};
	const struct rule *rule = doc->rule;
	struct both head[FACTS_MAX] = {{"类别", "family"}, {"结果类型", "grade"}, {"严重程度", "severity"}, {"运行方式", "mode"}, {"环节", "stage"}};
	size_t facts = 5;
	if (rule->scenes)
		head[facts++] = (struct both){"场景", "scene"};
	if (rule->library)
		head[facts++] = (struct both){"两库编码", "official code"};
	page_table(doc->page, head, facts);
	page_row(doc->page);
	page_cell_both(doc->page, doc_word(rule->family));
	page_cell_both(doc->page, doc_word(rule->grade));
	page_cell_both(doc->page, doc_word(rule->severity));
	page_cell_both(doc->page, doc_word(modes[rule->mode]));
	list_words(doc, rule->stage, rule->stages);
	page_cell_both(doc->page, said(doc));
	list_words(doc, rule->scene, rule->scenes);
	if (rule->scenes)
		page_cell_both(doc->page, said(doc));
	if (rule->library)
		page_cell(doc->page, rule->library);
	page_table_end(doc->page);
}

/* ---- what it asks ---- */

/* The value behind "name: " at the beginning of a line of the canonical text; NULL: it is not written. */
static const char *
canonical_value(struct doc *doc, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = doc->canonical; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, name, length) == 0 && strncmp(line + length, ": ", 2) == 0)
			return arena_printf(&doc->set->arena, "%.*s", (int)strcspn(line + length + 2, "\n"), line + length + 2);
	return NULL;
}

static int32_t
condition_of(const struct rule *rule, const struct setting *setting)
{
	int32_t condition = -1;
	if (setting->type == SETTING_CONDITION)
		memcpy(&condition, (const char *)rule->config + setting->offset, sizeof condition);
	return condition;
}

static void
put_settings(struct doc *doc)
{
	static const struct both head[] = {{"设置", "setting"}, {"含义", "meaning"}, {"值", "value"}};
	const struct detector *detector = doc->rule->detector;
	page_table(doc->page, head, 3);
	for (size_t i = 0; i < detector->setting_count; i++) {
		const struct setting *setting = &detector->settings[i];
		int32_t condition = condition_of(doc->rule, setting);
		const char *value = condition >= 0 ? doc->set->condition[condition].text : canonical_value(doc, setting->name);
		if (!value)
			continue;
		page_row(doc->page);
		page_cell_code(doc->page, setting->name);
		page_cell_both(doc->page, (struct both){setting->help_zh, setting->help_en});
		page_cell_code(doc->page, value);
	}
	page_table_end(doc->page);
}

static void
put_question(struct doc *doc)
{
	const struct rule *rule = doc->rule;
	struct both grade = doc_word(rule->grade), severity = doc_word(rule->severity);
	clear(doc);
	buffer_printf(&doc->zh, "在满足下列条件的结算中，%s。", rule->detector->help_zh);
	buffer_printf(&doc->en, "Among the settlements for which the condition below holds: %s.", rule->detector->help_en);
	if (rule->exclusions) {
		buffer_printf(&doc->zh, "有 %zu 种情形除外。", rule->exclusions);
		buffer_printf(&doc->en, " Cases left out: %zu.", rule->exclusions);
	}
	if (rule->minimum) {
		buffer_printf(&doc->zh, "样本不足 %lld 时不下结论。", (long long)rule->minimum);
		buffer_printf(&doc->en, " A sample below %lld is not judged.", (long long)rule->minimum);
	}
	buffer_printf(&doc->zh, "告警的结果类型为“%s”，严重程度%s%s。", grade.zh, rule->bands ? "最高为" : "为", severity.zh);
	buffer_printf(&doc->en, " An alert is graded %s, its severity is %s%s.", grade.en, rule->bands ? "at most " : "", severity.en);
	if (rule->repeat_after) {
		buffer_printf(&doc->zh, "已成立的告警，变化最早隔 %d 天再报。", rule->repeat_after);
		buffer_printf(&doc->en, " What changes of a standing alert is said %d days later at the earliest.", rule->repeat_after);
	}
	page_heading(doc->page, (struct both){"问什么", "What it asks"});
	page_paragraph(doc->page, said(doc));
	put_settings(doc);
}

/* ---- of which settlements ---- */

/* Marks the fields that the expression's canonical text names. */
static void
find_fields(const char *text, bool named[SETTLEMENT_FIELDS])
{
	for (const char *at = text; *at;) {
		size_t length = 0;
		if (*at == '"') {
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\' && at[1];
			at += *at == '"';
			continue;
		}
		while (isalnum((unsigned char)at[length]) || at[length] == '_')
			length++;
		int field = length > 0 && (at == text || at[-1] != '$') ? settlement_field_find((struct slice){at, length}) : -1;
		if (field >= 0)
			named[field] = true;
		at += length ? length : 1;
	}
}

static void
put_fields(struct doc *doc)
{
	static const struct both head[] = {{"字段", "field"}, {"含义", "meaning"}};
	const struct rule *rule = doc->rule;
	bool named[SETTLEMENT_FIELDS] = {false};
	find_fields(doc->set->condition[rule->where_written].text, named);
	for (size_t i = 0; i < rule->exclusions; i++)
		find_fields(doc->set->condition[rule->exclusion[i].when].text, named);
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		if (condition_of(rule, setting) >= 0)
			find_fields(doc->set->condition[condition_of(rule, setting)].text, named);
		else if (setting->type == SETTING_AMOUNT_FIELD && canonical_value(doc, setting->name))
			find_fields(canonical_value(doc, setting->name), named);
	}
	page_table(doc->page, head, 2);
	for (int i = 0; i < SETTLEMENT_FIELDS; i++) {
		if (!named[i])
			continue;
		page_row(doc->page);
		page_cell_code(doc->page, settlement_fields[i].name);
		page_cell_both(doc->page, (struct both){settlement_fields[i].zh, settlement_fields[i].en});
	}
	page_table_end(doc->page);
}

static void
put_condition(struct doc *doc)
{
	page_heading(doc->page, (struct both){"看哪些结算", "Which settlements it looks at"});
	page_code(doc->page, doc->set->condition[doc->rule->where_written].text);
	put_fields(doc);
}

static void
put_exclusions(struct doc *doc)
{
	static const struct both head[] = {{"除外", "left out"}, {"条件", "when"}, {"理由", "because"}};
	const struct rule *rule = doc->rule;
	if (rule->exclusions == 0)
		return;
	page_heading(doc->page, (struct both){"哪些除外", "What is left out"});
	page_table(doc->page, head, 3);
	for (size_t i = 0; i < rule->exclusions; i++) {
		const struct exclusion *exclusion = &rule->exclusion[i];
		page_row(doc->page);
		page_cell_code(doc->page, exclusion->name);
		page_cell_code(doc->page, doc->set->condition[exclusion->when].text);
		page_cell_both(doc->page, (struct both){exclusion->because[LANGUAGE_ZH], exclusion->because[LANGUAGE_EN]});
	}
	page_table_end(doc->page);
}

static void
put_bands(struct doc *doc)
{
	static const struct both head[] = {{"超出界限", "beyond the limit by more than"}, {"严重程度", "severity"}};
	const struct rule *rule = doc->rule;
	if (rule->bands == 0)
		return;
	page_heading(doc->page, (struct both){"严重程度分档", "Bands of severity"});
	page_table(doc->page, head, 2);
	for (size_t i = 0; i < rule->bands; i++) {
		char text[32];
		snprintf(text, sizeof text, "%.10g %%", (double)rule->band[i].over / 1e4);
		page_row(doc->page);
		page_cell(doc->page, text);
		page_cell_both(doc->page, doc_word(rule->band[i].severity));
	}
	page_table_end(doc->page);
}

/* ---- by which limits ---- */

static void
put_region(struct doc *doc, const struct param_row *row)
{
	if (!*row->region)
		page_cell_both(doc->page, (struct both){"各地", "everywhere"});
	else
		page_cell(doc->page, row->region);
}

static void
put_days(struct doc *doc, const struct param_row *row)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE], due[TIME_TEXT_SIZE];
	clear(doc);
	if (row->to == INT32_MAX) {
		buffer_printf(&doc->zh, "%s 起", day_text(row->from, from));
		buffer_printf(&doc->en, "from %s", day_text(row->from, from));
	} else {
		buffer_printf(&doc->zh, "%s 至 %s", day_text(row->from, from), day_text(row->to, to));
		buffer_printf(&doc->en, "%s to %s", day_text(row->from, from), day_text(row->to, to));
	}
	if (row->due != INT32_MAX) {
		buffer_printf(&doc->zh, "，%s 前达到", day_text(row->due, due));
		buffer_printf(&doc->en, ", due %s", day_text(row->due, due));
	}
	page_cell_short(doc->page, said(doc));
}

static void
put_value(struct doc *doc, const struct param *param, const struct param_row *row)
{
	struct both unit = doc_word(param->unit == UNIT_YUAN ? "yuan" : param->unit == UNIT_DAYS ? "days" : NULL);
	clear(doc);
	buffer_printf(&doc->zh, "%s%s%s%s", row->is_floor ? "不得低于 " : "", row->value_text, *unit.zh ? " " : "", unit.zh);
	buffer_printf(&doc->en, "%s%s%s%s", row->is_floor ? "at least " : "", *unit.en || row->is_floor ? row->value_text : "", *unit.en ? " " : "", unit.en);
	if (row->is_final) {
		buffer_text(&doc->zh, "；下级不得另定");
		buffer_printf(&doc->en, "%sfinal: no other below", doc->en.length ? "; " : "");
	}
	page_cell_both(doc->page, said(doc));
}

static void
put_basis(struct doc *doc, const struct param_row *row)
{
	clear(doc);
	buffer_printf(&doc->zh, "%s：“%s”", row->basis->document, row->basis->quote);
	if (row->final_basis)
		buffer_printf(&doc->zh, "；%s：“%s”", row->final_basis->document, row->final_basis->quote);
	if (row->note)
		buffer_printf(&doc->zh, "（%s）", row->note);
	page_cell_both(doc->page, said(doc));
}

static void
put_param(struct doc *doc, const struct param *param)
{
	static const struct both head[] = {{"区划", "region"}, {"档次", "tier"}, {"期间", "days"}, {"数值", "value"}, {"文件与原文", "document and quote"}};
	struct both unit = doc_word((const char *const[]){"yuan", "ratio", "count", "days"}[param->unit]);
	clear(doc);
	buffer_printf(&doc->zh, "参数 $%s（%s）", param->name, unit.zh);
	buffer_printf(&doc->en, "Parameter $%s (%s)", param->name, unit.en);
	page_heading(doc->page, said(doc));
	page_table(doc->page, head, 5);
	for (size_t i = 0; i < param->rows; i++) {
		const struct param_row *row = &param->row[i];
		page_row(doc->page);
		put_region(doc, row);
		page_cell(doc->page, row->tier ? row->tier : "");
		put_days(doc, row);
		put_value(doc, param, row);
		put_basis(doc, row);
	}
	page_table_end(doc->page);
}

/* Of a rule without parameters: with them, each row names its own. */
static void
put_bases(struct doc *doc)
{
	static const struct both head[] = {{"文件", "document"}, {"原文", "quote"}};
	page_heading(doc->page, (struct both){"依据", "Documents"});
	page_table(doc->page, head, 2);
	for (size_t i = 0; i < doc->rule->bases; i++) {
		page_row(doc->page);
		page_cell(doc->page, doc->rule->basis[i].document);
		page_cell(doc->page, doc->rule->basis[i].quote);
	}
	page_table_end(doc->page);
}

/* ---- what it says ---- */

static void
put_evidence(struct doc *doc)
{
	struct buffer line = {0}, zh = {0}, en = {0};
	const struct rule_test *test = trial_example(doc->set, doc->index, &line);
	page_heading(doc->page, (struct both){"告警怎么说", "What an alert says"});
	page_paragraph(doc->page, (struct both){doc->rule->evidence[LANGUAGE_ZH], doc->rule->evidence[LANGUAGE_EN]});
	if (test) {
		struct slice evidence = line_member((struct slice){line.data, line.length}, "evidence");
		line_text(&zh, line_member(evidence, "zh"));
		line_text(&en, line_member(evidence, "en"));
		buffer_char(&zh, '\0');
		buffer_char(&en, '\0');
		clear(doc);
		buffer_printf(&doc->zh, "例（测试“%s”）：%s", test->name, zh.data);
		buffer_printf(&doc->en, "Example (test \"%s\"): %s", test->name, en.data);
		page_paragraph(doc->page, said(doc));
	}
	buffer_free(&line);
	buffer_free(&zh);
	buffer_free(&en);
}

/* ---- its tests ---- */

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* A record in canonical form without quotes and outer braces. */
static void
add_plain(struct buffer *out, const char *text, size_t length)
{
	if (length >= 2 && *text == '{') {
		text++;
		length -= 2;
	}
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\' && i + 1 < length)
			buffer_char(out, text[++i]);
		else if (text[i] != '"')
			buffer_char(out, text[i]);
	}
	buffer_char(out, '\n');
}

static void
add_more(struct buffer *out, size_t rows)
{
	if (rows > ROWS_SHOWN)
		buffer_printf(out, "… +%zu\n", rows - ROWS_SHOWN);
}

static const char *
next_line(const char *line)
{
	const char *newline = strchr(line, '\n');
	return newline ? newline + 1 : line + strlen(line);
}

/* One test from its first line: what is given and what is expected; gives the line behind it. */
static const char *
read_test(const char *line, struct buffer *given, struct buffer *expected)
{
	struct buffer *into = given;
	size_t rows = 0;
	bool has_enrolments = false;
	for (line = next_line(line); *line && !begins(line, "  - name: "); line = next_line(line)) {
		size_t length = strcspn(line, "\n");
		if (begins(line, "      - ")) {
			if (rows++ < ROWS_SHOWN)
				add_plain(into, line + 8, length - 8);
			continue;
		}
		add_more(into, rows);
		rows = 0;
		into = begins(line, "    expect:") ? expected : given;
		if (begins(line, "    close_all:")) {
			buffer_text(given, "close_all\n");
		} else if (begins(line, "    defaults: ") || begins(line, "    enrolment_defaults: ")) {
			const char *value = strchr(line, '{');
			buffer_printf(given, "%.*s ", (int)(value - line) - 5, line + 4);
			add_plain(given, value, length - (size_t)(value - line));
		} else if (begins(line, "    enrolments:")) {
			buffer_text(given, "enrolments:\n");
			has_enrolments = true;
		} else if (begins(line, "    claims:") && has_enrolments) {
			buffer_text(given, "claims:\n");
		}
	}
	add_more(into, rows);
	return line;
}

static void
put_tests(struct doc *doc)
{
	static const struct both head[] = {{"测试", "test"}, {"给出", "given"}, {"期望的告警", "alerts expected"}};
	struct buffer given = {0}, expected = {0};
	const char *line = next_line(doc->rule->tests_text);
	page_heading(doc->page, (struct both){"测试", "Tests"});
	page_table(doc->page, head, 3);
	for (size_t i = 0; i < doc->rule->tests; i++) {
		given.length = expected.length = 0;
		line = read_test(line, &given, &expected);
		buffer_char(&given, '\0');
		bool is_silent = expected.length == 0;
		buffer_char(&expected, '\0');
		page_row(doc->page);
		page_cell(doc->page, doc->rule->test[i].name);
		page_cell_lines(doc->page, given.data);
		if (is_silent)
			page_cell_both(doc->page, (struct both){"无", "none"});
		else
			page_cell_lines(doc->page, expected.data);
	}
	page_table_end(doc->page);
	buffer_free(&given);
	buffer_free(&expected);
}

void
doc_rule(struct page *page, struct ruleset *set, size_t index)
{
	const struct rule *rule = &set->rule[index];
	struct doc doc = {.page = page, .set = set, .rule = rule, .index = index, .canonical = rule_text(set, rule)};
	page_begin(page, (struct both){rule->title[LANGUAGE_ZH], rule->title[LANGUAGE_EN]},
	    arena_printf(&set->arena, "%s · 修订 revision %d", rule->id, rule->revision));
	put_facts(&doc);
	put_question(&doc);
	put_condition(&doc);
	put_exclusions(&doc);
	put_bands(&doc);
	for (size_t i = 0; i < rule->params; i++)
		put_param(&doc, &rule->param[i]);
	if (rule->params == 0)
		put_bases(&doc);
	put_evidence(&doc);
	put_tests(&doc);
	page_end(page, (struct both){arena_printf(&set->arena, "由规则文件 %s/%s.yaml 生成；规则集 %.12s。", rule->family, rule->id, set->digest),
	    arena_printf(&set->arena, "Made from the rule file %s/%s.yaml; ruleset %.12s.", rule->family, rule->id, set->digest)});
	buffer_free(&doc.zh);
	buffer_free(&doc.en);
}
