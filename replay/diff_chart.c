/* Charts as SVG: titles for screen readers, a title on every mark, no script. */
#include "replay/diff_html.h"

#include "core/base/money.h"
#include "replay/terminal.h"

#include <stdlib.h>

#define WIDTH 960
#define LABEL 210                       /* room for names on the left */
#define VALUE 190                       /* and for figures on the right */
#define ROW 26
#define TOP 34
#define LABEL_COLUMNS 30

static const char *const kind_colour[CHANGE_KINDS] = {[CHANGE_GAINED] = "#1f5fa8", [CHANGE_LOST] = "#c4610a", [CHANGE_CHANGED] = "#8c95a0"};
static const char *const kind_says[CHANGE_KINDS][2] = {[CHANGE_GAINED] = {"新增", "gained"}, [CHANGE_LOST] = {"消失", "lost"},
    [CHANGE_CHANGED] = {"变化", "changed"}};
static const char *const line_colour[] = {"#1f5fa8", "#c4610a", "#2e7d4f", "#8a3ffc", "#b3261e", "#57606a"};
#define LINES_MAX (sizeof line_colour / sizeof line_colour[0])

static void
chart_open(struct page *page, int height, const char *title)
{
	page->charts++;
	buffer_printf(page->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"chart%d\"><title id=\"chart%d\">", WIDTH, height,
	    page->charts, page->charts);
	html_text(page, title);
	buffer_text(page->out, "</title>\n<text x=\"0\" y=\"14\" font-weight=\"600\">");
	html_text(page, title);
	buffer_text(page->out, "</text>\n");
}

static void
label(struct page *page, int y, struct slice name)
{
	struct buffer cut = {0};
	text_add_cut(&cut, name.length ? name : SLICE("–"), LABEL_COLUMNS);
	buffer_printf(page->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LABEL - 8, y);
	html_add(page->out, (struct slice){cut.data, cut.length});
	buffer_text(page->out, "</text>");
	buffer_free(&cut);
}

/* A mark's own title, for who points at it or hears it. */
static void
bar(struct page *page, double x, int y, double width, int height, const char *colour)
{
	buffer_printf(page->out, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>", x, y, width, height, colour);
}

static void
legend(struct page *page, int place, const char *colour, const char *text)
{
	int x = WIDTH - 330 + place * 110;
	buffer_printf(page->out, "<rect x=\"%d\" y=\"5\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%d\" y=\"14\">", x, colour, x + 15);
	html_text(page, text);
	buffer_text(page->out, "</text>");
}

static double
scaled(double value, double most)
{
	return most > 0 ? value / most * (WIDTH - LABEL - VALUE) : 0;
}

static uint64_t
moved(const struct sums *sums)
{
	return sums->count[CHANGE_GAINED] + sums->count[CHANGE_LOST] + sums->count[CHANGE_CHANGED];
}

/* ---- counts ---- */

static void
counts_row(struct page *page, const struct group *group, int y, double most)
{
	double x = LABEL;
	label(page, y + 15, group->name);
	for (enum change_kind kind = CHANGE_GAINED; kind <= CHANGE_CHANGED; kind++) {
		uint64_t count = group->sums.count[kind];
		double width = scaled((double)count, most);
		if (count == 0)
			continue;
		bar(page, x, y + 3, width < 1.5 ? 1.5 : width, ROW - 9, kind_colour[kind]);
		html_add(page->out, group->name);
		buffer_printf(page->out, " %s ", kind_says[kind][page->zh ? 0 : 1]);
		html_count(page, count);
		buffer_text(page->out, "</title></rect>");
		x += width < 1.5 ? 1.5 : width;
	}
	buffer_printf(page->out, "<text class=\"dim\" x=\"%.1f\" y=\"%d\">+%llu −%llu ~%llu</text>\n", x + 6, y + 15,
	    (unsigned long long)group->sums.count[CHANGE_GAINED], (unsigned long long)group->sums.count[CHANGE_LOST],
	    (unsigned long long)group->sums.count[CHANGE_CHANGED]);
}

void
chart_counts(struct page *page, const struct groups *groups, const char *title)
{
	size_t rows = 0;
	double most = 0;
	for (size_t i = 0; i < groups->count && rows < CHART_ROWS; i++) {
		uint64_t count = moved(&groups->by_weight[i]->sums);
		rows += count > 0;
		most = (double)count > most ? (double)count : most;
	}
	if (rows == 0)
		return;
	chart_open(page, TOP + (int)rows * ROW, title);
	for (int kind = CHANGE_GAINED; kind <= CHANGE_CHANGED; kind++)
		legend(page, kind, kind_colour[kind], kind_says[kind][page->zh ? 0 : 1]);
	size_t drawn = 0;
	for (size_t i = 0; drawn < rows; i++)
		if (moved(&groups->by_weight[i]->sums))
			counts_row(page, groups->by_weight[i], TOP + (int)drawn++ * ROW, most);
	buffer_text(page->out, "</svg>\n");
}

/* ---- money ---- */

static void
money_bar(struct page *page, const struct group *group, int y, int64_t fen, double most, const char *colour, const char *says)
{
	double width = scaled(fen > 0 ? (double)fen : 0, most);
	bar(page, LABEL, y, width, 9, colour);
	html_add(page->out, group->name);
	buffer_printf(page->out, " %s ", says);
	html_money(page, fen, false);
	buffer_printf(page->out, "</title></rect><text class=\"dim\" x=\"%.1f\" y=\"%d\" style=\"font-size:10.5px\">", LABEL + width + 6, y + 9);
	html_money(page, fen, false);
	buffer_text(page->out, "</text>");
}

static bool
has_money(const struct sums *sums)
{
	return sums->old_fen != sums->new_fen || sums->changed_fen;
}

void
chart_money(struct page *page, const struct groups *groups, const char *title)
{
	static const char *const says[2][2] = {{"旧", "old"}, {"新", "new"}};
	size_t rows = 0, drawn = 0;
	double most = 0;
	for (size_t i = 0; i < groups->count && rows < CHART_ROWS; i++) {
		const struct sums *sums = &groups->by_weight[i]->sums;
		if (!has_money(sums))
			continue;
		rows++;
		most = (double)sums->old_fen > most ? (double)sums->old_fen : most;
		most = (double)sums->new_fen > most ? (double)sums->new_fen : most;
	}
	if (rows == 0)
		return;
	chart_open(page, TOP + (int)rows * ROW, title);
	legend(page, 1, "#8c95a0", says[0][page->zh ? 0 : 1]);
	legend(page, 2, "#1f5fa8", says[1][page->zh ? 0 : 1]);
	for (size_t i = 0; drawn < rows; i++) {
		const struct group *group = groups->by_weight[i];
		if (!has_money(&group->sums))
			continue;
		int y = TOP + (int)drawn++ * ROW;
		label(page, y + 15, group->name);
		money_bar(page, group, y + 1, group->sums.old_fen, most, "#8c95a0", says[0][page->zh ? 0 : 1]);
		money_bar(page, group, y + 12, group->sums.new_fen, most, "#1f5fa8", says[1][page->zh ? 0 : 1]);
		buffer_char(page->out, '\n');
	}
	buffer_text(page->out, "</svg>\n");
}

/* ---- curves ---- */

#define PLOT_TOP 30
#define PLOT_HEIGHT 210
#define PLOT_LEFT 90
#define PLOT_RIGHT 250                  /* names of the lines */
#define CURVE_HEIGHT (PLOT_TOP + PLOT_HEIGHT + 44)

struct curve {
	const struct diff_variants *variants;
	bool money;
	size_t order[VARIANTS_MAX];     /* values of the first axis, the smallest first */
	double x[VARIANTS_MAX];         /* by value */
	double least, greatest, most;   /* of x; of y, from 0 */
};

static double
y_of(const struct curve *curve, const struct variant_sums *sums)
{
	return curve->money ? (double)sums->fen : (double)sums->alerts;
}

static double
plot_x(const struct curve *curve, size_t value)
{
	double width = WIDTH - PLOT_LEFT - PLOT_RIGHT, span = curve->greatest - curve->least;
	return PLOT_LEFT + (span > 0 ? (curve->x[value] - curve->least) / span * width : width / 2);
}

static double
plot_y(const struct curve *curve, double y)
{
	return PLOT_TOP + PLOT_HEIGHT - (curve->most > 0 ? y / curve->most * PLOT_HEIGHT : 0);
}

static void
curve_scale(struct curve *curve)
{
	const struct axis *axis = &curve->variants->axis[0];
	for (size_t i = 0; i < axis->values; i++) {
		int64_t value = 0;
		decimal_parse(axis->value[i], strlen(axis->value[i]), 6, &value);
		curve->x[i] = (double)value / 1e6;
		curve->least = i == 0 || curve->x[i] < curve->least ? curve->x[i] : curve->least;
		curve->greatest = i == 0 || curve->x[i] > curve->greatest ? curve->x[i] : curve->greatest;
		size_t place = i;
		for (; place > 0 && curve->x[curve->order[place - 1]] > curve->x[i]; place--)
			curve->order[place] = curve->order[place - 1];
		curve->order[place] = i;
	}
	curve->most = y_of(curve, &curve->variants->base);
	for (size_t i = 0; i < curve->variants->count; i++) {
		double y = y_of(curve, &curve->variants->variant[i].sums);
		curve->most = y > curve->most ? y : curve->most;
	}
}

static void
figure(struct page *page, bool money, double y)
{
	if (money)
		html_money(page, (int64_t)y, false);
	else
		html_count(page, (uint64_t)y);
}

static void
curve_frame(struct page *page, const struct curve *curve)
{
	const struct axis *axis = &curve->variants->axis[0];
	int bottom = PLOT_TOP + PLOT_HEIGHT;
	for (int i = 0; i <= 4; i++) {
		double y = bottom - i * PLOT_HEIGHT / 4.0;
		buffer_printf(page->out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#e1e5ea\"/>", PLOT_LEFT, y, WIDTH - PLOT_RIGHT, y);
	}
	buffer_printf(page->out, "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text><text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
	    PLOT_LEFT - 8, bottom + 4, PLOT_LEFT - 8, PLOT_TOP + 4);
	figure(page, curve->money, curve->most);
	buffer_text(page->out, "</text>");
	double last = -1e9;
	for (size_t i = 0; i < axis->values; i++) {
		double x = plot_x(curve, curve->order[i]);
		if (x < last + 44)
			continue;               /* no room for the figure */
		last = x;
		buffer_printf(page->out, "<text class=\"dim\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x, bottom + 18);
		html_text(page, axis->value[curve->order[i]]);
		buffer_text(page->out, "</text>");
	}
	buffer_printf(page->out, "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (PLOT_LEFT + WIDTH - PLOT_RIGHT) / 2, bottom + 36);
	html_text(page, axis->name);
	buffer_text(page->out, "</text>\n");
}

/* The new rules as they are: a broken line across. */
static void
curve_base(struct page *page, const struct curve *curve)
{
	double y = plot_y(curve, y_of(curve, &curve->variants->base));
	buffer_printf(page->out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#57606a\" stroke-dasharray=\"5 4\"/>"
	    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#57606a\" stroke-dasharray=\"5 4\"/><text class=\"dim\" x=\"%d\" y=\"%d\">", PLOT_LEFT, y,
	    WIDTH - PLOT_RIGHT, y, WIDTH - PLOT_RIGHT + 14, PLOT_TOP + 8, WIDTH - PLOT_RIGHT + 40, PLOT_TOP + 8, WIDTH - PLOT_RIGHT + 46, PLOT_TOP + 12);
	html_say(page, "新规则原值", "as the new rules say");
	buffer_text(page->out, "</text>\n");
}

/* What the other axes are at in this line. */
static void
curve_name(struct page *page, const struct curve *curve, size_t line, size_t lines)
{
	const struct diff_variants *variants = curve->variants;
	int x = WIDTH - PLOT_RIGHT + 14, y = PLOT_TOP + 30 + (int)line * 20;
	struct buffer name = {0}, cut = {0};
	if (lines < 2)
		return;
	for (size_t i = 1; i < variants->axes; i++)
		buffer_printf(&name, "%s%s=%s", i > 1 ? ", " : "", variants->axis[i].name + strlen(variants->axis[i].rule) + 1,
		    variants->axis[i].value[variants->variant[line].choice[i]]);
	text_add_cut(&cut, (struct slice){name.data, name.length}, 30);
	buffer_printf(page->out, "<rect x=\"%d\" y=\"%d\" width=\"26\" height=\"3\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">", x, y, line_colour[line], x + 32, y + 5);
	html_add(page->out, (struct slice){cut.data, cut.length});
	buffer_text(page->out, "</text>\n");
	buffer_free(&name);
	buffer_free(&cut);
}

/* lines is the number of combinations of the other axes: the first axis changes slowest. */
static void
curve_line(struct page *page, const struct curve *curve, size_t line, size_t lines)
{
	const struct diff_variants *variants = curve->variants;
	size_t values = variants->axis[0].values;
	buffer_printf(page->out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", line_colour[line]);
	for (size_t i = 0; i < values; i++) {
		size_t value = curve->order[i];
		buffer_printf(page->out, "%s%.1f,%.1f", i ? " " : "", plot_x(curve, value),
		    plot_y(curve, y_of(curve, &variants->variant[value * lines + line].sums)));
	}
	buffer_text(page->out, "\"/>");
	for (size_t i = 0; i < values; i++) {
		const struct variant *variant = &variants->variant[curve->order[i] * lines + line];
		struct buffer name = {0};
		variant_name(variants, variant, &name);
		buffer_printf(page->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"><title>", plot_x(curve, curve->order[i]),
		    plot_y(curve, y_of(curve, &variant->sums)), line_colour[line]);
		html_add(page->out, (struct slice){name.data, name.length});
		html_say(page, "：", ": ");
		figure(page, curve->money, y_of(curve, &variant->sums));
		buffer_text(page->out, "</title></circle>");
		buffer_free(&name);
	}
	buffer_char(page->out, '\n');
	curve_name(page, curve, line, lines);
}

void
chart_curve(struct page *page, bool money, const char *title)
{
	const struct diff_variants *variants = &page->diff->variants;
	struct curve curve = {.variants = variants, .money = money};
	size_t lines = variants->count / variants->axis[0].values;
	if (variants->axis[0].values < 2)
		return;
	curve_scale(&curve);
	chart_open(page, CURVE_HEIGHT, title);
	curve_frame(page, &curve);
	curve_base(page, &curve);
	for (size_t line = 0; line < lines && line < LINES_MAX; line++)
		curve_line(page, &curve, line, lines);
	buffer_text(page->out, "</svg>\n");
	if (lines > LINES_MAX)
		html_say(page, "<p class=\"note\">图中只画前六种组合，表中列出全部。</p>\n", "<p class=\"note\">The first six combinations are drawn; the table has all.</p>\n");
}
