/* PRIVATE to replay/diff_html*.c and diff_chart.c: the comparison as one HTML file that loads nothing and needs no script.
 * Every text that comes from rules or records goes through html_add; nothing else writes such text. */
#ifndef FW_DIFF_HTML_H
#define FW_DIFF_HTML_H

#include "replay/diff.h"

struct page {
	const struct diff *diff;
	const struct comparison *comparison;
	struct buffer *out;
	bool zh;
	int charts;                     /* drawn so far: their ids */
};

/* ---- diff_html.c ---- */
/* The text with what HTML reads otherwise escaped and control characters made to blanks. */
void html_add(struct buffer *, struct slice);
void html_text(struct page *, const char *text);
/* Markup of the program's own, one of two languages. */
void html_say(struct page *, const char *zh, const char *en);
void html_money(struct page *, int64_t fen, bool sign);        /* "-1,234.50" */
void html_count(struct page *, uint64_t count);
/* An h2 in a section that it opens. */
void html_section(struct page *, const char *zh, const char *en);

/* ---- diff_html_tables.c ---- */
void html_rules(struct page *);
/* zh and en: the word for what the groups are; none: for those of no name. */
void html_groups(struct page *, const struct groups *, const char *zh, const char *en, const char *none_zh, const char *none_en);
void html_variants(struct page *);

/* ---- diff_html_samples.c ---- */
void html_samples(struct page *);

/* ---- diff_chart.c: SVG; each draws nothing when there is nothing to draw ---- */
#define CHART_ROWS 20
/* Alerts gained, lost and changed by name. */
void chart_counts(struct page *, const struct groups *, const char *title);
/* Money at risk under both by name. */
void chart_money(struct page *, const struct groups *, const char *title);
/* Alerts, or money, against the values of the first --set; a line for every combination of the others. */
void chart_curve(struct page *, bool money, const char *title);

#endif
