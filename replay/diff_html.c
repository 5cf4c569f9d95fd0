/* The page: its head, key figures and order.  Light, for a screen and for A4. */
#include "replay/diff_html.h"

#include "core/base/money.h"

void
html_add(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];
		switch (c) {
		case '&': buffer_text(out, "&amp;"); break;
		case '<': buffer_text(out, "&lt;"); break;
		case '>': buffer_text(out, "&gt;"); break;
		case '"': buffer_text(out, "&quot;"); break;
		case '\'': buffer_text(out, "&#39;"); break;
		default: buffer_char(out, c < 0x20 || c == 0x7F ? ' ' : (char)c); break;
		}
	}
}

void
html_text(struct page *page, const char *text)
{
	html_add(page->out, slice_of(text));
}

void
html_say(struct page *page, const char *zh, const char *en)
{
	buffer_text(page->out, page->zh ? zh : en);
}

/* Digits in threes, up to the point. */
static void
add_grouped(struct buffer *out, const char *digits)
{
	size_t whole = strcspn(digits, ".");
	for (size_t i = 0; i < whole; i++) {
		if (i && (whole - i) % 3 == 0 && digits[i - 1] != '-')
			buffer_char(out, ',');
		buffer_char(out, digits[i]);
	}
	buffer_text(out, digits + whole);
}

void
html_money(struct page *page, int64_t fen, bool sign)
{
	char text[MONEY_TEXT_SIZE];
	if (sign && fen > 0)
		buffer_char(page->out, '+');
	add_grouped(page->out, money_text(fen, text));
}

void
html_count(struct page *page, uint64_t count)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)count);
	add_grouped(page->out, text);
}

void
html_section(struct page *page, const char *zh, const char *en)
{
	buffer_text(page->out, "<section>\n<h2>");
	html_say(page, zh, en);
	buffer_text(page->out, "</h2>\n");
}

/* ---- style ---- */

static const char style[] =
    "@page{size:A4;margin:14mm 12mm}\n"
    "*{box-sizing:border-box}\n"
    "html{background:#fff;color:#1c2128}\n"
    "body{margin:0 auto;padding:24px;max-width:1040px;font:14px/1.55 \"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",\"PingFang SC\",system-ui,sans-serif}\n"
    "h1{font-size:24px;line-height:1.25;margin:0 0 12px}\n"
    "h2{font-size:17px;margin:28px 0 8px;padding-bottom:4px;border-bottom:2px solid #1f5fa8;break-after:avoid}\n"
    "h3{font-size:14px;margin:18px 0 6px;break-after:avoid}\n"
    "p{margin:6px 0}\n"
    ".head{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}\n"
    ".head dt{color:#57606a}.head dd{margin:0;overflow-wrap:anywhere}\n"
    ".mono{font-family:\"Noto Sans Mono CJK SC\",ui-monospace,monospace;font-size:12px;overflow-wrap:anywhere}\n"
    ".cards{display:grid;grid-template-columns:repeat(4,1fr);gap:10px;margin:10px 0}\n"
    ".card{border:1px solid #d0d7de;border-radius:6px;padding:8px 12px;break-inside:avoid}\n"
    ".card b{display:block;font-size:20px;line-height:1.3;font-variant-numeric:tabular-nums}\n"
    ".card span{color:#57606a;font-size:12px}\n"
    ".note{color:#57606a;font-size:12px}\n"
    ".warning{border-left:4px solid #b35900;background:#fff6e9;padding:8px 12px;break-inside:avoid}\n"
    "table{width:100%;border-collapse:collapse;margin:8px 0;font-size:12.5px}\n"
    "thead{display:table-header-group}\n"
    "th,td{padding:4px 6px;border-bottom:1px solid #d8dee4;text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
    "thead th{background:#f2f5f8;border-bottom:1px solid #afb8c1;white-space:nowrap;overflow-wrap:normal}\n"
    "th[scope=row]{font-weight:600}\n"
    "td.n,th.n{text-align:right;white-space:nowrap;overflow-wrap:normal;font-variant-numeric:tabular-nums}\n"
    "tr{break-inside:avoid}\n"
    "tr.why td{border-top:0;color:#424a53;font-size:12px;padding-top:0}\n"
    "tr.has-why{break-after:avoid}tr.has-why>*{border-bottom:0}tr.has-why .note{font-weight:400}\n"
    "tr.sum>*{font-weight:700;border-top:1px solid #afb8c1}\n"
    "blockquote{margin:4px 0 0;padding:0 0 0 8px;border-left:3px solid #d0d7de;color:#424a53}\n"
    "ul.plain{list-style:none;margin:4px 0 0;padding:0;color:#424a53;font-size:11.5px}\n"
    "svg{display:block;width:100%;height:auto;margin:6px 0;break-inside:avoid}\n"
    "svg text{font-size:12px;fill:#1c2128}svg .dim{fill:#57606a}\n"
    "footer{margin-top:28px;padding-top:8px;border-top:1px solid #d0d7de}\n"
    "@media(max-width:700px){.cards{grid-template-columns:repeat(2,1fr)}body{padding:12px}}\n"
    "@media print{body{padding:0 1px;max-width:none;font-size:11pt}table{font-size:8.5pt}.note,ul.plain,tr.why td{font-size:8pt}\n"
    ".card b{font-size:13pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

/* ---- head ---- */

static void
term(struct page *page, const char *zh, const char *en)
{
	buffer_text(page->out, "<dt>");
	html_say(page, zh, en);
	buffer_text(page->out, "</dt><dd>");
}

static void
term_end(struct page *page)
{
	buffer_text(page->out, "</dd>\n");
}

static void
head_side(struct page *page, const struct diff_side *side, const char *zh, const char *en)
{
	term(page, zh, en);
	html_text(page, side->directory);
	buffer_printf(page->out, page->zh ? "（规则 %zu 条）" : " (%zu rules)", side->rules->rules);
	buffer_text(page->out, " <span class=\"mono\">");
	html_text(page, side->rules->digest);
	buffer_text(page->out, "</span>");
	term_end(page);
}

static void
head_source(struct page *page)
{
	const struct diff *diff = page->diff;
	term(page, "数据来源", "Source");
	if (diff->options->place.dir) {
		html_say(page, "档案 ", "archive ");
		html_text(page, diff->options->place.dir);
	}
	for (size_t i = 0; i < diff->session.inputs; i++) {
		if (i)
			html_say(page, "，", ", ");
		html_text(page, diff->session.input[i].path);
	}
	term_end(page);
}

static void
head_days(struct page *page)
{
	const struct diff_options *options = page->diff->options;
	const struct filters *filters = &page->diff->new.filters;
	char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
	if (filters->first_day <= filters->last_day) {
		term(page, "数据的结算日期", "Settled");
		buffer_printf(page->out, page->zh ? "%s 至 %s" : "%s to %s", day_text(filters->first_day, first), day_text(filters->last_day, last));
		term_end(page);
	}
	term(page, "显示范围", "Shown");
	if (options->from == INT32_MIN && options->to == INT32_MAX)
		html_say(page, "全部告警", "all alerts");
	else
		buffer_printf(page->out, page->zh ? "告警日期 %s 至 %s（判定不受影响）" : "alerts dated %s to %s (judging is not affected)",
		    options->from == INT32_MIN ? "…" : day_text(options->from, first), options->to == INT32_MAX ? "…" : day_text(options->to, last));
	term_end(page);
	if (options->date == INT32_MIN)
		return;
	term(page, "制表日期", "Date");
	buffer_text(page->out, day_text(options->date, first));
	term_end(page);
}

static void
head_records(struct page *page)
{
	const struct scorer_counts *counts = scorer_counts(page->diff->new.scorer);
	term(page, "结算", "Settlements");
	html_count(page, counts->received[RECORD_SETTLEMENT]);
	html_say(page, " 笔：已判 ", ": judged ");
	html_count(page, counts->judged[RECORD_SETTLEMENT]);
	html_say(page, "，拒收 ", ", refused ");
	html_count(page, counts->refused[RECORD_SETTLEMENT]);
	html_say(page, "，重复 ", ", duplicate ");
	html_count(page, counts->duplicate[RECORD_SETTLEMENT]);
	term_end(page);
	if (page->diff->options->no_cost)
		return;
	term(page, "判定用时", "Cost");
	buffer_printf(page->out, page->zh ? "每笔旧规则 %.0f 纳秒，新规则 %.0f 纳秒（本机本次运行的测量值，不含解码）"
	    : "%.0f ns a settlement under the old rules, %.0f under the new ones (measured on this machine in this run, without decoding)",
	    side_cost(&page->diff->old), side_cost(&page->diff->new));
	term_end(page);
}

static const char *
title_of(const struct page *page)
{
	const char *title = page->diff->options->title;
	return title ? title : page->zh ? "规则改动试算报告" : "What a change of rules would bring";
}

static void
page_head(struct page *page)
{
	buffer_printf(page->out, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>", page->zh ? "zh-CN" : "en");
	html_text(page, title_of(page));
	buffer_printf(page->out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>", style);
	html_text(page, title_of(page));
	buffer_text(page->out, "</h1>\n<dl class=\"head\">\n");
	head_side(page, &page->diff->old, "旧规则", "Old rules");
	head_side(page, &page->diff->new, "新规则", "New rules");
	head_source(page);
	head_days(page);
	head_records(page);
	buffer_text(page->out, "</dl>\n</header>\n<main>\n");
	if (page->diff->incomplete)
		html_say(page, "<p class=\"warning\">档案已损坏，本报告只到损坏之处。</p>\n",
		    "<p class=\"warning\">The archive is damaged: this report goes as far as the damage.</p>\n");
}

/* ---- key figures ---- */

static void
card_begin(struct page *page, const char *zh, const char *en)
{
	buffer_text(page->out, "<div class=\"card\"><span>");
	html_say(page, zh, en);
	buffer_text(page->out, "</span><b>");
}

static void
card_count(struct page *page, const char *zh, const char *en, uint64_t count)
{
	card_begin(page, zh, en);
	html_count(page, count);
	buffer_text(page->out, "</b></div>\n");
}

static void
card_money(struct page *page, const char *zh, const char *en, int64_t fen, bool sign)
{
	card_begin(page, zh, en);
	html_money(page, fen, sign);
	buffer_text(page->out, "</b></div>\n");
}

static void
key_figures(struct page *page)
{
	const struct sums *sums = &page->comparison->all;
	html_section(page, "主要数字", "Key figures");
	buffer_text(page->out, "<div class=\"cards\">\n");
	card_count(page, "旧规则告警（件）", "alerts, old rules", sums->old_alerts);
	card_count(page, "新规则告警（件）", "alerts, new rules", sums->new_alerts);
	card_count(page, "新增", "gained", sums->count[CHANGE_GAINED]);
	card_count(page, "消失", "lost", sums->count[CHANGE_LOST]);
	card_money(page, "旧规则涉及金额（元）", "at risk, old rules (yuan)", sums->old_fen, false);
	card_money(page, "新规则涉及金额（元）", "at risk, new rules (yuan)", sums->new_fen, false);
	card_money(page, "差额（元）", "difference (yuan)", sums->new_fen - sums->old_fen, true);
	card_count(page, "变化", "changed", sums->count[CHANGE_CHANGED]);
	html_say(page, "</div>\n<p class=\"note\">只比较告警的最终状态；同一笔钱可能为几条规则涉及，合计按规则相加。</p>\n</section>\n",
	    "</div>\n<p class=\"note\">Only the final state of an alert counts. Several rules may speak of the same money: sums are over rules.</p>\n</section>\n");
}

void
diff_html(const struct diff *diff, const struct comparison *comparison, struct buffer *out)
{
	struct page page = {diff, comparison, out, diff->language == LANGUAGE_ZH, 0};
	page_head(&page);
	key_figures(&page);
	html_rules(&page);
	html_groups(&page, &comparison->areas, "参保地", "area", "无", "none");
	html_groups(&page, &comparison->institutions, "定点医药机构", "institution", "不涉及单个机构", "no single institution");
	html_variants(&page);
	html_samples(&page);
	html_say(&page, "</main>\n<footer class=\"note\">由 fundwatch diff 生成。人员以假名列示。告警是线索，须经核查。</footer>\n",
	    "</main>\n<footer class=\"note\">Made by fundwatch diff. Persons stand under pseudonyms. An alert is a lead, to be checked.</footer>\n");
	buffer_text(out, "</body>\n</html>");
}
