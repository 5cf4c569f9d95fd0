/* Samples: what an alert says, by which clause, over which settlements. */
#include "replay/diff_html.h"

#include "replay/line.h"

#define CLAIMS_SHOWN 5
#define VALUE_BYTES 80                  /* longer values of a difference are named and not shown */

static void
add_value(struct page *page, struct slice value)
{
	struct buffer text = {0};
	line_text(&text, value);
	html_add(page->out, (struct slice){text.data, text.length});
	buffer_free(&text);
}

static void
cell_evidence(struct page *page, struct slice line)
{
	buffer_text(page->out, "<td>");
	add_value(page, line_at(line, "evidence", page->zh ? "zh" : "en"));
	buffer_text(page->out, "<br><span class=\"mono note\">");
	add_value(page, line_member(line, "alert_id"));
	buffer_text(page->out, "</span>");
}

static void
cell_basis(struct page *page, struct slice line)
{
	struct slice rest = line_member(line, "basis"), name, basis;
	buffer_text(page->out, "<td>");
	while (line_next(&rest, &name, &basis)) {
		buffer_text(page->out, "<div>");
		add_value(page, line_member(basis, "document"));
		buffer_text(page->out, "<blockquote>");
		add_value(page, line_member(basis, "quote"));
		buffer_text(page->out, "</blockquote></div>");
	}
	buffer_text(page->out, "</td>");
}

static void
claim_item(struct page *page, struct slice claim)
{
	int64_t fen;
	buffer_text(page->out, "<li>");
	add_value(page, line_member(claim, "date"));
	buffer_char(page->out, ' ');
	add_value(page, line_member(claim, "setl_id"));
	buffer_char(page->out, ' ');
	add_value(page, line_member(claim, "fixmedins_code"));
	if (line_integer(line_member(claim, "fen"), &fen)) {
		buffer_char(page->out, ' ');
		html_money(page, fen, false);
	}
	buffer_text(page->out, "</li>");
}

/* The last ones, as in the alert itself. */
static void
cell_claims(struct page *page, struct slice line)
{
	struct slice list = line_at(line, "evidence", "claims"), rest = list, name, claim;
	int64_t total = 0;
	size_t count = 0;
	while (line_next(&rest, &name, &claim))
		count++;
	line_integer(line_at(line, "evidence", "claims_total"), &total);
	buffer_printf(page->out, page->zh ? "<td>共 %lld 笔<ul class=\"plain\">" : "<td>%lld in all<ul class=\"plain\">", (long long)total);
	for (size_t i = 0; line_next(&list, &name, &claim); i++)
		if (i + CLAIMS_SHOWN >= count)
			claim_item(page, claim);
	buffer_text(page->out, "</ul></td>");
}

static void
cell_money(struct page *page, const struct change *change)
{
	const struct standing *old = change->old, *new = change->new;
	buffer_text(page->out, "<td class=\"n\">");
	if (!(new ? new : old)->has_fen)
		buffer_text(page->out, "–");
	else if (change->kind == CHANGE_CHANGED && old->fen != new->fen) {
		html_money(page, old->fen, false);
		buffer_text(page->out, "<br>→ ");
		html_money(page, new->fen, false);
	} else {
		html_money(page, (new ? new : old)->fen, false);
	}
	buffer_text(page->out, "</td>");
}

static void
difference_add(struct page *page, const struct difference *difference)
{
	struct buffer old = {0}, new = {0};
	difference_value(difference, difference->old, &old);
	difference_value(difference, difference->new, &new);
	buffer_text(page->out, "<li>");
	html_add(page->out, (struct slice){difference->name, (size_t)difference_name_length(difference)});
	if (old.length <= VALUE_BYTES && new.length <= VALUE_BYTES) {
		html_say(page, "：", ": ");
		html_add(page->out, (struct slice){old.data, old.length});
		buffer_text(page->out, " → ");
		html_add(page->out, (struct slice){new.data, new.length});
	}
	buffer_text(page->out, "</li>");
	buffer_free(&old);
	buffer_free(&new);
}

static void
differences(struct page *page, const struct change *change)
{
	struct difference list[DIFFERENCES_MAX];
	size_t count = change_differences(change, list);
	buffer_text(page->out, "<ul class=\"plain\">");
	for (size_t i = 0; i < count; i++)
		difference_add(page, &list[i]);
	buffer_text(page->out, "</ul>");
}

static void
sample_row(struct page *page, const struct change *change)
{
	const struct standing *alert = change->new ? change->new : change->old;
	struct slice line = {alert->line, alert->length};
	buffer_text(page->out, "<tr>");
	cell_evidence(page, line);
	if (change->kind == CHANGE_CHANGED)
		differences(page, change);
	buffer_text(page->out, "</td>");
	cell_money(page, change);
	cell_basis(page, line);
	cell_claims(page, line);
	buffer_text(page->out, "</tr>\n");
}

static void
samples_open(struct page *page, const struct change *change, uint64_t count)
{
	static const char *const says[CHANGE_KINDS][2] = {[CHANGE_GAINED] = {"新增", "gained"}, [CHANGE_LOST] = {"消失", "lost"},
	    [CHANGE_CHANGED] = {"变化", "changed"}, [CHANGE_SAME] = {"不变", "same"}};
	buffer_text(page->out, "<h3>");
	html_text(page, change->rule);
	buffer_printf(page->out, page->zh ? " · %s（共 " : " · %s (of ", says[change->kind][page->zh ? 0 : 1]);
	html_count(page, count);
	html_say(page, " 件）</h3>\n<table>\n<thead><tr><th scope=\"col\">事实</th><th scope=\"col\" class=\"n\">金额（元）</th>"
	    "<th scope=\"col\">依据</th><th scope=\"col\">结算（最近几笔：日期、结算号、机构、元）</th></tr></thead>\n<tbody>\n",
	    ")</h3>\n<table>\n<thead><tr><th scope=\"col\">what it says</th><th scope=\"col\" class=\"n\">yuan</th><th scope=\"col\">clause</th>"
	    "<th scope=\"col\">settlements (the last: date, number, institution, yuan)</th></tr></thead>\n<tbody>\n");
}

static bool
is_of_table(const struct change *change, const struct change *first)
{
	return change->kind == first->kind && strcmp(change->rule, first->rule) == 0;
}

void
html_samples(struct page *page)
{
	const struct comparison *comparison = page->comparison;
	size_t samples = (size_t)page->diff->options->samples;
	if (samples == 0 || comparison->all.count[CHANGE_SAME] == comparison->changes)
		return;
	html_section(page, "样例（每类按金额从大到小）", "Samples (the dearest of each kind)");
	for (size_t i = 0, next; i < comparison->changes; i = next) {
		const struct change *first = &comparison->change[i];
		for (next = i + 1; next < comparison->changes && is_of_table(&comparison->change[next], first);)
			next++;
		if (first->kind == CHANGE_SAME)
			continue;
		samples_open(page, first, next - i);
		for (size_t j = i; j < next && j - i < samples; j++)
			sample_row(page, &comparison->change[j]);
		buffer_text(page->out, "</tbody>\n</table>\n");
	}
	buffer_text(page->out, "</section>\n");
}
