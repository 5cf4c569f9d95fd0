/* Tables of the page. */
#include "replay/diff_html.h"

#define GROUP_ROWS 500

static const struct {
	const char *says[2];
} column[] = {{{"旧", "old"}}, {{"新", "new"}}, {{"新增", "gained"}}, {{"消失", "lost"}}, {{"变化", "changed"}}, {{"不变", "same"}},
    {{"旧金额（元）", "old yuan"}}, {{"新金额（元）", "new yuan"}}, {{"差额（元）", "difference"}}};
#define COLUMNS (sizeof column / sizeof column[0])

static void
table_open(struct page *page, const char *zh, const char *en)
{
	buffer_text(page->out, "<table>\n<thead><tr><th scope=\"col\">");
	html_say(page, zh, en);
	buffer_text(page->out, "</th>");
	for (size_t i = 0; i < COLUMNS; i++)
		buffer_printf(page->out, "<th scope=\"col\" class=\"n\">%s</th>", column[i].says[page->zh ? 0 : 1]);
	buffer_text(page->out, "</tr></thead>\n<tbody>\n");
}

static void
cell_count(struct page *page, uint64_t count)
{
	buffer_text(page->out, "<td class=\"n\">");
	html_count(page, count);
	buffer_text(page->out, "</td>");
}

static void
cell_money(struct page *page, int64_t fen, bool sign)
{
	buffer_text(page->out, "<td class=\"n\">");
	html_money(page, fen, sign);
	buffer_text(page->out, "</td>");
}

static void
sums_row(struct page *page, const char *class, struct slice name, const char *below, const struct sums *sums)
{
	buffer_printf(page->out, "<tr%s><th scope=\"row\">", class);
	html_add(page->out, name);
	if (below) {
		buffer_text(page->out, "<br><span class=\"note\">");
		html_text(page, below);
		buffer_text(page->out, "</span>");
	}
	buffer_text(page->out, "</th>");
	cell_count(page, sums->old_alerts);
	cell_count(page, sums->new_alerts);
	cell_count(page, sums->count[CHANGE_GAINED]);
	cell_count(page, sums->count[CHANGE_LOST]);
	cell_count(page, sums->count[CHANGE_CHANGED]);
	cell_count(page, sums->count[CHANGE_SAME]);
	cell_money(page, sums->old_fen, false);
	cell_money(page, sums->new_fen, false);
	cell_money(page, sums->new_fen - sums->old_fen, true);
	buffer_text(page->out, "</tr>\n");
}

static void
table_close(struct page *page)
{
	sums_row(page, " class=\"sum\"", slice_of(page->zh ? "合计" : "all"), NULL, &page->comparison->all);
	buffer_text(page->out, "</tbody>\n</table>\n");
}

/* ---- rules ---- */

static void
why_say(struct page *page, const struct why *why, const char *zh, const char *en)
{
	struct buffer text = {0};
	why_text(why, page->zh ? LANGUAGE_ZH : LANGUAGE_EN, &text);
	html_say(page, zh, en);
	html_add(page->out, (struct slice){text.data, text.length});
	buffer_free(&text);
}

static bool
whys_alike(const struct why *old, const struct why *new)
{
	struct buffer first = {0}, second = {0};
	why_text(old, LANGUAGE_EN, &first);
	why_text(new, LANGUAGE_EN, &second);
	bool alike = slice_equal((struct slice){first.data, first.length}, (struct slice){second.data, second.length});
	buffer_free(&first);
	buffer_free(&second);
	return alike;
}

static void
rule_row(struct page *page, const char *id)
{
	const struct sums none = {0}, *sums = group_sums(&page->comparison->rules, slice_of(id));
	const struct rule *rule = side_rule(&page->diff->new, id);
	struct why old, new;
	sums = sums ? sums : &none;
	rule = rule ? rule : side_rule(&page->diff->old, id);
	why_of(&page->diff->old, id, sums->old_alerts, &old);
	why_of(&page->diff->new, id, sums->new_alerts, &new);
	sums_row(page, " class=\"has-why\"", slice_of(id), rule->title[page->zh ? LANGUAGE_ZH : LANGUAGE_EN], sums);
	buffer_printf(page->out, "<tr class=\"why\"><td colspan=\"%zu\">", COLUMNS + 1);
	if (whys_alike(&old, &new)) {
		why_say(page, &new, "新旧相同：", "Old and new: ");
	} else {
		why_say(page, &old, "旧：", "Old: ");
		buffer_text(page->out, "<br>");
		why_say(page, &new, "新：", "New: ");
	}
	buffer_text(page->out, "</td></tr>\n");
}

void
html_rules(struct page *page)
{
	const char *id;
	html_section(page, "按规则", "By rule");
	chart_counts(page, &page->comparison->rules, page->zh ? "各规则新增、消失、变化的告警（件）" : "Alerts gained, lost and changed by rule");
	chart_money(page, &page->comparison->rules, page->zh ? "各规则涉及金额（元）" : "Money at risk by rule (yuan)");
	table_open(page, "规则", "rule");
	for (struct rule_walk walk = {0}; (id = rules_next(page->diff, &walk));)
		rule_row(page, id);
	table_close(page);
	buffer_text(page->out, "</section>\n");
}

/* ---- areas and institutions ---- */

void
html_groups(struct page *page, const struct groups *groups, const char *zh, const char *en, const char *none_zh, const char *none_en)
{
	if (groups->count == 0)
		return;
	buffer_printf(page->out, page->zh ? "<section>\n<h2>按%s</h2>\n" : "<section>\n<h2>By %s</h2>\n", page->zh ? zh : en);
	chart_counts(page, groups, page->zh ? "新增、消失、变化的告警（件）" : "Alerts gained, lost and changed");
	chart_money(page, groups, page->zh ? "涉及金额（元）" : "Money at risk (yuan)");
	table_open(page, zh, en);
	for (size_t i = 0; i < groups->count && i < GROUP_ROWS; i++) {
		const struct group *group = groups->by_weight[i];
		sums_row(page, "", group->name.length ? group->name : slice_of(page->zh ? none_zh : none_en), NULL, &group->sums);
	}
	table_close(page);
	if (groups->count > GROUP_ROWS)
		buffer_printf(page->out, page->zh ? "<p class=\"note\">另有 %zu 个未列，--json 列出全部。</p>\n"
		    : "<p class=\"note\">%zu more are not listed; --json has all.</p>\n", groups->count - GROUP_ROWS);
	buffer_text(page->out, "</section>\n");
}

/* ---- variants ---- */

static void
variant_row(struct page *page, struct slice name, const struct variant_sums *sums)
{
	buffer_text(page->out, "<tr><th scope=\"row\">");
	html_add(page->out, name);
	buffer_text(page->out, "</th>");
	cell_count(page, sums->alerts);
	cell_count(page, sums->persons);
	cell_money(page, sums->fen, false);
	cell_count(page, sums->gained);
	cell_count(page, sums->lost);
	cell_money(page, sums->gained_fen, false);
	cell_money(page, sums->lost_fen, false);
	buffer_text(page->out, "</tr>\n");
}

void
html_variants(struct page *page)
{
	const struct diff_variants *variants = &page->diff->variants;
	if (variants->count == 0)
		return;
	html_section(page, "试算", "Tried values");
	html_say(page, "<p class=\"warning\">试算的值没有依据：发布之前须有文件载明，写成参数行。</p>\n",
	    "<p class=\"warning\">A tried value has no legal basis of its own: before it is put into force a document must state it, and a row cite it.</p>\n");
	chart_curve(page, false, page->zh ? "告警件数随取值的变化" : "Alerts against the value");
	chart_curve(page, true, page->zh ? "涉及金额（元）随取值的变化" : "Money at risk (yuan) against the value");
	html_say(page, "<p>只计 --set 所列的规则；新增、消失与新规则原值相比。</p>\n<table>\n<thead><tr><th scope=\"col\">取值</th>"
	    "<th scope=\"col\" class=\"n\">告警</th><th scope=\"col\" class=\"n\">人数</th><th scope=\"col\" class=\"n\">金额（元）</th>"
	    "<th scope=\"col\" class=\"n\">新增</th><th scope=\"col\" class=\"n\">消失</th><th scope=\"col\" class=\"n\">新增金额</th>"
	    "<th scope=\"col\" class=\"n\">消失金额</th></tr></thead>\n<tbody>\n",
	    "<p>Of the rules that a --set names alone; gained and lost against the new rules as they are.</p>\n<table>\n<thead><tr>"
	    "<th scope=\"col\">value</th><th scope=\"col\" class=\"n\">alerts</th><th scope=\"col\" class=\"n\">persons</th>"
	    "<th scope=\"col\" class=\"n\">yuan</th><th scope=\"col\" class=\"n\">gained</th><th scope=\"col\" class=\"n\">lost</th>"
	    "<th scope=\"col\" class=\"n\">gained yuan</th><th scope=\"col\" class=\"n\">lost yuan</th></tr></thead>\n<tbody>\n");
	variant_row(page, slice_of(page->zh ? "新规则原值" : "as the new rules say"), &variants->base);
	for (size_t i = 0; i < variants->count; i++) {
		struct buffer name = {0};
		variant_name(variants, &variants->variant[i], &name);
		variant_row(page, (struct slice){name.data, name.length}, &variants->variant[i].sums);
		buffer_free(&name);
	}
	buffer_text(page->out, "</tbody>\n</table>\n</section>\n");
}
