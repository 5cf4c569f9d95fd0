/* `fundwatch doc`: a page about each rule, and an index by family. */
#include "replay/doc.h"

#include "replay/commands.h"
#include "replay/rewrite.h"
#include "replay/session.h"
#include "replay/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

struct doc_options {
	struct common_options common;
	const char *output, *rule;
	int32_t format;
};

static const char *const formats[] = {[PAGE_HTML] = "html", [PAGE_MARKDOWN] = "md", NULL};

static const struct option_row doc_row[] = {
	{"output", OPTION_TEXT, offsetof(struct doc_options, output), "DIR",
	    {"把每条规则的页面和目录页写入 DIR；不写时输出到标准输出", "write a page for each rule and an index into DIR; without it, print"}, 0, 0, NULL},
	{"rule", OPTION_TEXT, offsetof(struct doc_options, rule), "ID", {"只要这一条规则", "this rule alone"}, 0, 0, NULL},
	{"format", OPTION_WORD, offsetof(struct doc_options, format), "html|md",
	    {"html（默认）或 md（Markdown）", "html (as a rule) or md (Markdown)"}, 0, 0, formats},
};

static const struct command_form doc_form = {
	.name = "doc", .operands = "[DIR]", .operands_least = 0, .operands_most = 1,
	.summary = {"由规则文件生成中英文说明页：问什么、看哪些结算、参数和依据、除外、告警怎么说、测试。",
	    "Makes pages in Chinese and English from the rule files: what a rule asks, of which settlements, parameters and\n"
	    "documents, exclusions, what an alert says, tests."},
	.row = doc_row, .rows = sizeof doc_row / sizeof doc_row[0],
	.common = COMMON_RULES,
	.example = {
		{"fundwatch doc --output pages", {"把所有规则的页面写入 pages/", "writes the pages of all rules into pages/"}},
		{"fundwatch doc --format md --rule OP-CAP-001", {"输出一条规则的 Markdown", "prints one rule as Markdown"}}},
};

/* ---- the index ---- */

static void
put_family(struct page *page, const struct ruleset *set, const char *family, const char *ending)
{
	static const struct both head[] = {{"规则", "rule"}, {"名称", "title"}, {"结果类型", "grade"}, {"严重程度", "severity"}, {"运行方式", "mode"}};
	static const char *const modes[] = {[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"};
	bool is_begun = false;
	struct buffer name = {0};
	for (size_t i = 0; i < set->rules; i++) {
		const struct rule *rule = &set->rule[i];
		if (strcmp(rule->family, family) != 0)
			continue;
		if (!is_begun) {
			page_heading(page, doc_word(family));
			page_table(page, head, 5);
		}
		is_begun = true;
		name.length = 0;
		buffer_printf(&name, "%s%s", rule->id, ending);
		page_row(page);
		page_cell_link(page, name.data, rule->id);
		page_cell_both(page, (struct both){rule->title[LANGUAGE_ZH], rule->title[LANGUAGE_EN]});
		page_cell_both(page, doc_word(rule->grade));
		page_cell_both(page, doc_word(rule->severity));
		page_cell_both(page, doc_word(modes[rule->mode]));
	}
	if (is_begun)
		page_table_end(page);
	buffer_free(&name);
}

void
doc_index(struct page *page, const struct ruleset *set, const char *ending)
{
	static const char *const families[] = {"policy", "management", "medical", "fund"};
	struct buffer zh = {0}, en = {0};
	page_begin(page, (struct both){"监测规则", "Monitoring rules"}, "fundwatch");
	buffer_printf(&zh, "共 %zu 条规则；规则集 %.12s。结果类型：明确违规、可疑，与国家医保局“两库”一致；线索只提示核查方向。", set->rules, set->digest);
	buffer_printf(&en, "Rules: %zu; ruleset %.12s. Grades: clear violation and suspicious as in the official two libraries; a clue only says where to look.",
	    set->rules, set->digest);
	page_paragraph(page, (struct both){zh.data, en.data});
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		put_family(page, set, families[i], ending);
	page_end(page, (struct both){"由规则文件生成。", "Made from the rule files."});
	buffer_free(&zh);
	buffer_free(&en);
}

/* ---- writing ---- */

struct making {
	struct ruleset *set;
	const struct doc_options *options;
	enum language language;
	struct sink sink;
	size_t pages;
};

/* False after telling why. */
static bool
page_put(struct making *making, const char *name, struct page *page)
{
	struct slice bytes = {page->out.data, page->out.length};
	bool is_good = true;
	making->pages++;
	if (!making->options->output) {
		sink_line(&making->sink, (struct slice){bytes.data, bytes.length - 1});
	} else {
		const char *path = arena_printf(&making->set->arena, "%s/%s.%s", making->options->output, name, formats[making->options->format]);
		is_good = write_file(path, bytes);
		if (!is_good)
			TELL(making->language, "写不了 %s：%s", "cannot write %s: %s", path, error_text(errno, making->language));
	}
	buffer_free(&page->out);
	return is_good;
}

static bool
is_wanted(const struct making *making, const struct rule *rule)
{
	return !making->options->rule || strcmp(making->options->rule, rule->id) == 0;
}

static bool
make_pages(struct making *making)
{
	enum page_format format = (enum page_format)making->options->format;
	for (size_t i = 0; i < making->set->rules; i++) {
		struct page page = {.format = format};
		if (!is_wanted(making, &making->set->rule[i]))
			continue;
		doc_rule(&page, making->set, i);
		if (!page_put(making, making->set->rule[i].id, &page))
			return false;
	}
	struct page index = {.format = format};
	if (!making->options->output || making->options->rule)
		return true;
	doc_index(&index, making->set, format == PAGE_HTML ? ".html" : ".md");
	return page_put(making, "index", &index);
}

static int
unknown_rule(const struct making *making)
{
	const char **names = memory_get(making->set->rules, sizeof *names);
	for (size_t i = 0; i < making->set->rules; i++)
		names[i] = making->set->rule[i].id;
	const char *wanted = making->options->rule, *near = nearest_word(slice_of(wanted), names, making->set->rules);
	if (near)
		TELL(making->language, "没有规则 %s，是否指 %s？", "no rule %s; did you mean %s?", wanted, near);
	else
		TELL(making->language, "没有规则 %s", "no rule %s", wanted);
	free(names);
	return EX_USAGE;
}

static int
run_doc(struct making *making)
{
	const char *output = making->options->output;
	if (output && mkdir(output, 0777) != 0 && errno != EEXIST) {
		TELL(making->language, "建不了目录 %s：%s", "cannot create the folder %s: %s", output, error_text(errno, making->language));
		return EX_CANTCREAT;
	}
	sink_open(&making->sink, "-", making->language);
	if (!make_pages(making))
		return EX_IOERR;
	if (making->pages == 0)
		return unknown_rule(making);
	if (sink_close(&making->sink) != OPTIONS_GO_ON)
		return EX_IOERR;
	if (output && !making->options->common.quiet)
		TELL(making->language, "%s：写了 %zu 页", "%s: pages written: %zu", output, making->pages);
	return EX_OK;
}

int
command_doc(int argc, char **argv)
{
	struct doc_options options = {.format = PAGE_HTML};
	struct operands operands;
	int result = options_parse(&doc_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	struct making making = {.options = &options, .language = (enum language)options.common.language};
	making.set = rules_open(&options.common, operands.count ? operands.item[0] : options_rules(&options.common));
	result = making.set ? EX_OK : EX_CONFIG;
	bool is_heap = making.set && !options.output && !options.rule && options.format == PAGE_HTML && making.set->rules > 1;
	if (is_heap) {
		TELL(making.language, "多条规则的 HTML 要写成多个文件：请用 --output %s", "HTML of several rules needs several files: give --output %s", "DIR");
		result = EX_USAGE;
	}
	if (result == EX_OK)
		result = run_doc(&making);
	ruleset_free(making.set);
	options_free(&doc_form, &options, &operands);
	return result;
}
