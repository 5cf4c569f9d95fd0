/* See page.h. */
#include "replay/page.h"

static const char style[] =
    "@page{size:A4;margin:16mm 14mm}"
    "*{box-sizing:border-box}"
    "body{font:10.5pt/1.55 'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif;color:#1b1f24;"
    "max-width:190mm;margin:0 auto;padding:8mm 4mm;background:#fff}"
    "h1{font-size:17pt;line-height:1.3;margin:0 0 1mm}"
    "h1 .en,h2 .en{display:block;font-weight:normal;color:#57606a}"
    "h1{margin-bottom:4mm}h1 .en{font-size:11.5pt}h2 .en{display:inline;font-size:9.5pt;margin-left:2mm}"
    "h2{font-size:12pt;margin:7mm 0 2mm;padding-bottom:1mm;border-bottom:1px solid #b8c0c8;break-after:avoid}"
    ".above{color:#57606a;font-size:9.5pt;margin:0 0 2mm;letter-spacing:.03em}"
    "p{margin:0 0 2mm}p .en{display:block;color:#57606a;font-size:9.5pt}"
    "table{border-collapse:collapse;width:100%;margin:0 0 3mm;font-size:9.5pt}"
    "th,td{border:1px solid #d0d7de;padding:1.2mm 1.8mm;text-align:left;vertical-align:top;overflow-wrap:break-word}"
    "th{background:#f2f5f8;font-weight:600;white-space:nowrap}th .en,td .en{display:block;color:#57606a;font-weight:normal;font-size:8.5pt}"
    "tr{break-inside:avoid}thead{display:table-header-group}"
    ".short{white-space:nowrap}td code,td .lines{overflow-wrap:anywhere}"
    "code,pre{font-family:'DejaVu Sans Mono','Noto Sans Mono CJK SC',Consolas,monospace;font-size:8.5pt}"
    "pre{background:#f6f8fa;border:1px solid #d0d7de;padding:2mm 3mm;margin:0 0 3mm;white-space:pre-wrap;overflow-wrap:anywhere}"
    "td .lines{display:block;font-family:'DejaVu Sans Mono','Noto Sans Mono CJK SC',Consolas,monospace;font-size:7.5pt;line-height:1.4;"
    "padding-left:3mm;text-indent:-3mm}"
    "a{color:#0b5cad}footer{margin-top:8mm;padding-top:2mm;border-top:1px solid #d0d7de;color:#57606a;font-size:8.5pt}"
    "footer .en{display:block}"
    "@media print{body{padding:0;max-width:none}a{color:inherit;text-decoration:none}th{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

/* ---- text ---- */

static void
put_html(struct buffer *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&': buffer_text(out, "&amp;"); break;
		case '<': buffer_text(out, "&lt;"); break;
		case '>': buffer_text(out, "&gt;"); break;
		case '"': buffer_text(out, "&quot;"); break;
		case '\'': buffer_text(out, "&#39;"); break;
		default: buffer_char(out, *text);
		}
}

/* In a line of its own or a cell: a character that means something gets a backslash, a line end becomes a blank. */
static void
put_markdown(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n') {
			buffer_char(out, ' ');
			continue;
		}
		if (strchr("\\`*_[]<>#|~&", *text))
			buffer_char(out, '\\');
		buffer_char(out, *text);
	}
}

static void
put(struct page *page, const char *text)
{
	if (page->format == PAGE_HTML)
		put_html(&page->out, text);
	else
		put_markdown(&page->out, text);
}

/* Between one more backtick than stand in it; in a table | ends a cell wherever it stands. */
static void
put_code(struct page *page, const char *text, bool in_table)
{
	struct buffer *out = &page->out;
	if (page->format == PAGE_HTML) {
		buffer_text(out, "<code>");
		put_html(out, text);
		buffer_text(out, "</code>");
		return;
	}
	size_t run = 0, longest = 0;
	for (const char *c = text; *c; c++) {
		run = *c == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buffer_char(out, '`');
	buffer_text(out, longest ? " " : "");
	for (; *text; text++) {
		if (*text == '|' && in_table)
			buffer_char(out, '\\');
		buffer_char(out, *text == '\n' ? ' ' : *text);
	}
	buffer_text(out, longest ? " " : "");
	for (size_t i = 0; i <= longest; i++)
		buffer_char(out, '`');
}

/* Chinese, then English in its own line of HTML, or behind a slash. */
static void
put_both(struct page *page, struct both text, const char *between)
{
	put(page, text.zh);
	if (!*text.en)
		return;
	if (page->format == PAGE_HTML) {
		buffer_text(&page->out, "<span class=\"en\" lang=\"en\">");
		put(page, text.en);
		buffer_text(&page->out, "</span>");
	} else {
		buffer_text(&page->out, between);
		put(page, text.en);
	}
}

/* ---- the page ---- */

void
page_begin(struct page *page, struct both title, const char *above)
{
	struct buffer *out = &page->out;
	if (page->format == PAGE_MARKDOWN) {
		buffer_text(out, "# ");
		put_both(page, title, " / ");
		buffer_text(out, "\n\n");
		put(page, above);
		buffer_text(out, *above ? "\n\n" : "");
		return;
	}
	buffer_text(out, "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	put_html(out, title.zh);
	buffer_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
	if (*above) {
		buffer_text(out, "<p class=\"above\">");
		put_html(out, above);
		buffer_text(out, "</p>\n");
	}
	buffer_text(out, "<h1>");
	put_both(page, title, "");
	buffer_text(out, "</h1>\n");
}

void
page_end(struct page *page, struct both says)
{
	bool is_html = page->format == PAGE_HTML;
	buffer_text(&page->out, is_html ? "<footer>" : "---\n\n");
	put_both(page, says, " / ");
	buffer_text(&page->out, is_html ? "</footer>\n</body>\n</html>\n" : "\n");
}

void
page_heading(struct page *page, struct both text)
{
	bool is_html = page->format == PAGE_HTML;
	buffer_text(&page->out, is_html ? "<h2>" : "## ");
	put_both(page, text, " / ");
	buffer_text(&page->out, is_html ? "</h2>\n" : "\n\n");
}

void
page_paragraph(struct page *page, struct both text)
{
	bool is_html = page->format == PAGE_HTML;
	buffer_text(&page->out, is_html ? "<p>" : "");
	put_both(page, text, "\n\n");
	buffer_text(&page->out, is_html ? "</p>\n" : "\n\n");
}

void
page_code(struct page *page, const char *text)
{
	bool is_html = page->format == PAGE_HTML;
	buffer_text(&page->out, is_html ? "<pre>" : "");
	if (is_html)
		put_html(&page->out, text);
	else
		put_code(page, text, false);
	buffer_text(&page->out, is_html ? "</pre>\n" : "\n\n");
}

/* ---- tables ---- */

void
page_table(struct page *page, const struct both *head, size_t columns)
{
	struct buffer *out = &page->out;
	bool is_html = page->format == PAGE_HTML;
	buffer_text(out, is_html ? "<table>\n<thead><tr>" : "|");
	for (size_t i = 0; i < columns; i++) {
		buffer_text(out, is_html ? "<th>" : " ");
		put_both(page, head[i], " / ");
		buffer_text(out, is_html ? "</th>" : " |");
	}
	buffer_text(out, is_html ? "</tr></thead>\n<tbody>\n" : "\n|");
	for (size_t i = 0; i < columns && !is_html; i++)
		buffer_text(out, "---|");
	page->cells = 0;
}

static void
row_end(struct page *page)
{
	if (page->format == PAGE_HTML && page->cells)
		buffer_text(&page->out, "</tr>\n");
	page->cells = 0;
}

void
page_row(struct page *page)
{
	row_end(page);
	buffer_text(&page->out, page->format == PAGE_HTML ? "<tr>" : "\n|");
}

static void
cell_begin(struct page *page)
{
	page->cells++;
	buffer_text(&page->out, page->format == PAGE_HTML ? "<td>" : " ");
}

static void
cell_end(struct page *page)
{
	buffer_text(&page->out, page->format == PAGE_HTML ? "</td>" : " |");
}

void
page_cell_both(struct page *page, struct both text)
{
	cell_begin(page);
	put_both(page, text, " / ");
	cell_end(page);
}

void
page_cell_short(struct page *page, struct both text)
{
	page->cells++;
	buffer_text(&page->out, page->format == PAGE_HTML ? "<td class=\"short\">" : " ");
	put_both(page, text, " / ");
	cell_end(page);
}

void
page_cell(struct page *page, const char *text)
{
	page_cell_both(page, (struct both){text, ""});
}

void
page_cell_code(struct page *page, const char *text)
{
	cell_begin(page);
	if (*text)
		put_code(page, text, true);
	cell_end(page);
}

void
page_cell_lines(struct page *page, const char *text)
{
	struct buffer line = {0};
	cell_begin(page);
	for (bool is_first = true; *text; is_first = false) {
		size_t length = strcspn(text, "\n");
		line.length = 0;
		buffer_printf(&line, "%.*s", (int)length, text);
		text += length + (text[length] == '\n');
		if (page->format == PAGE_MARKDOWN) {
			buffer_text(&page->out, is_first ? "" : "<br>");
			put_code(page, line.data, true);
			continue;
		}
		buffer_text(&page->out, "<span class=\"lines\">");
		put_html(&page->out, line.data);
		buffer_text(&page->out, "</span>");
	}
	buffer_free(&line);
	cell_end(page);
}

void
page_cell_link(struct page *page, const char *page_name, const char *text)
{
	cell_begin(page);
	if (page->format == PAGE_HTML) {
		buffer_text(&page->out, "<a href=\"");
		put_html(&page->out, page_name);
		buffer_text(&page->out, "\">");
		put_html(&page->out, text);
		buffer_text(&page->out, "</a>");
	} else {
		buffer_char(&page->out, '[');
		put_markdown(&page->out, text);
		buffer_printf(&page->out, "](%s)", page_name);
	}
	cell_end(page);
}

void
page_table_end(struct page *page)
{
	row_end(page);
	buffer_text(&page->out, page->format == PAGE_HTML ? "</tbody>\n</table>\n" : "\n\n");
}
