/* The comparison as tables on a terminal. */
#include "replay/diff.h"

#include "core/base/money.h"
#include "replay/line.h"
#include "replay/terminal.h"

#define NAME_COLUMNS 24
#define COUNT_COLUMNS 9
#define MONEY_COLUMNS 17
#define GROUPS_SHOWN 10
#define VALUES_BYTES 120                /* of a difference; longer ones are named and not shown */

static void
add_right(struct buffer *out, const char *text, size_t columns)
{
	struct slice slice = slice_of(text);
	for (size_t wide = text_columns(slice); wide < columns; wide++)
		buffer_char(out, ' ');
	buffer_text(out, text);
}

static void
add_count(struct buffer *out, uint64_t count)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)count);
	add_right(out, text, COUNT_COLUMNS);
}

static void
add_money(struct buffer *out, int64_t fen, bool sign)
{
	char text[MONEY_TEXT_SIZE + 1] = "+";
	money_text(fen, text + 1);
	add_right(out, sign && fen > 0 ? text : text + 1, MONEY_COLUMNS);
}

/* ---- head ---- */

static void
text_side(struct buffer *out, const struct diff *diff, const char *name, const struct diff_side *side)
{
	text_add_padded(out, slice_of(name), 8);
	buffer_printf(out, diff->language == LANGUAGE_ZH ? "%s：规则 %zu 条，摘要 %.16s" : "%s: rules %zu, digest %.16s", side->directory,
	    side->rules->rules, side->rules->digest);
	if (!diff->options->no_cost)
		buffer_printf(out, diff->language == LANGUAGE_ZH ? "，判定每笔 %.0f 纳秒" : ", %.0f ns a settlement", side_cost(side));
	buffer_char(out, '\n');
}

static void
text_head(struct buffer *out, const struct diff *diff)
{
	bool zh = diff->language == LANGUAGE_ZH;
	const struct scorer_counts *counts = scorer_counts(diff->new.scorer);
	const struct filters *filters = &diff->new.filters;
	char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
	if (diff->incomplete)
		buffer_text(out, zh ? "不完整：档案已损坏，以下只到损坏之处\n" : "INCOMPLETE: the archive is damaged; what follows goes as far as the damage\n");
	text_side(out, diff, zh ? "旧规则" : "old", &diff->old);
	text_side(out, diff, zh ? "新规则" : "new", &diff->new);
	if (!diff->options->no_cost)
		buffer_text(out, zh ? "（每笔用时是本机本次的测量值，不含解码）\n" : "(the time is a measurement of this machine in this run, without decoding)\n");
	buffer_printf(out, zh ? "结算 %llu 笔：已判 %llu，拒收 %llu，重复 %llu" : "settlements %llu: judged %llu, refused %llu, duplicate %llu",
	    (unsigned long long)counts->received[RECORD_SETTLEMENT], (unsigned long long)counts->judged[RECORD_SETTLEMENT],
	    (unsigned long long)counts->refused[RECORD_SETTLEMENT], (unsigned long long)counts->duplicate[RECORD_SETTLEMENT]);
	if (filters->first_day <= filters->last_day)
		buffer_printf(out, zh ? "；结算日期 %s 至 %s" : "; settled from %s to %s", day_text(filters->first_day, first),
		    day_text(filters->last_day, last));
	buffer_char(out, '\n');
	if (diff->options->from != INT32_MIN)
		buffer_printf(out, zh ? "只显示 %s 及以后的\n" : "shown: from %s on\n", day_text(diff->options->from, first));
	if (diff->options->to != INT32_MAX)
		buffer_printf(out, zh ? "只显示 %s 及以前的\n" : "shown: up to %s\n", day_text(diff->options->to, last));
}

/* ---- tables ---- */

static void
text_columns_head(struct buffer *out, bool zh, const char *name)
{
	static const char *const count[2][6] = {{"旧", "新", "新增", "消失", "变化", "不变"}, {"old", "new", "gained", "lost", "changed", "same"}};
	static const char *const money[2][3] = {{"旧金额（元）", "新金额（元）", "差额（元）"}, {"old yuan", "new yuan", "difference"}};
	buffer_char(out, '\n');
	text_add_padded(out, slice_of(name), NAME_COLUMNS);
	for (size_t i = 0; i < 6; i++)
		add_right(out, count[zh ? 0 : 1][i], COUNT_COLUMNS);
	for (size_t i = 0; i < 3; i++)
		add_right(out, money[zh ? 0 : 1][i], MONEY_COLUMNS);
	buffer_char(out, '\n');
}

static void
text_sums(struct buffer *out, struct slice name, const struct sums *sums)
{
	static const enum change_kind kind[] = {CHANGE_GAINED, CHANGE_LOST, CHANGE_CHANGED, CHANGE_SAME};
	text_add_padded(out, name, NAME_COLUMNS);
	add_count(out, sums->old_alerts);
	add_count(out, sums->new_alerts);
	for (size_t i = 0; i < sizeof kind / sizeof kind[0]; i++)
		add_count(out, sums->count[kind[i]]);
	add_money(out, sums->old_fen, false);
	add_money(out, sums->new_fen, false);
	add_money(out, sums->new_fen - sums->old_fen, true);
	buffer_char(out, '\n');
}

/* Those that the change moves most. */
static void
text_groups(struct buffer *out, bool zh, const char *name, const struct groups *groups)
{
	if (groups->count == 0)
		return;
	text_columns_head(out, zh, name);
	for (size_t i = 0; i < groups->count && i < GROUPS_SHOWN; i++) {
		const struct group *group = groups->by_weight[i];
		text_sums(out, group->name.length ? group->name : SLICE("-"), &group->sums);
	}
	if (groups->count > GROUPS_SHOWN)
		buffer_printf(out, zh ? "  另有 %zu 个（--json 或 --html 列出全部）\n" : "  and %zu more (--json or --html has all)\n",
		    groups->count - GROUPS_SHOWN);
}

static void
text_why(struct buffer *out, const char *name, struct slice text)
{
	buffer_printf(out, "    %s%.*s\n", name, (int)text.length, text.data);
}

/* Said once where both sets have the same to say. */
static void
text_whys(struct buffer *out, const struct diff *diff, const char *id, const struct sums *sums)
{
	bool zh = diff->language == LANGUAGE_ZH;
	struct why old, new;
	struct buffer before = {0}, now = {0};
	why_of(&diff->old, id, sums->old_alerts, &old);
	why_of(&diff->new, id, sums->new_alerts, &new);
	why_text(&old, diff->language, &before);
	why_text(&new, diff->language, &now);
	struct slice first = {before.data, before.length}, second = {now.data, now.length};
	if (slice_equal(first, second)) {
		text_why(out, zh ? "旧、新：" : "old and new: ", second);
	} else {
		text_why(out, zh ? "旧：" : "old: ", first);
		text_why(out, zh ? "新：" : "new: ", second);
	}
	buffer_free(&before);
	buffer_free(&now);
}

static void
text_rules(struct buffer *out, const struct diff *diff, const struct comparison *comparison)
{
	bool zh = diff->language == LANGUAGE_ZH;
	const struct sums none = {0};
	const char *id;
	text_columns_head(out, zh, zh ? "规则" : "rule");
	text_sums(out, slice_of(zh ? "合计" : "all"), &comparison->all);
	for (struct rule_walk walk = {0}; (id = rules_next(diff, &walk));) {
		const struct sums *sums = group_sums(&comparison->rules, slice_of(id));
		sums = sums ? sums : &none;
		text_sums(out, slice_of(id), sums);
		text_whys(out, diff, id, sums);
	}
}

/* ---- samples ---- */

static void
text_evidence(struct buffer *out, const struct diff *diff, const struct standing *alert)
{
	struct slice line = {alert->line, alert->length};
	struct buffer text = {0};
	line_text(&text, line_at(line, "evidence", diff->language == LANGUAGE_ZH ? "zh" : "en"));
	text_add_cut(out, (struct slice){text.data, text.length}, 0);
	buffer_free(&text);
}

static void
text_differences(struct buffer *out, const struct change *change)
{
	struct difference list[DIFFERENCES_MAX];
	size_t count = change_differences(change, list);
	buffer_text(out, "      ");
	for (size_t i = 0; i < count; i++) {
		struct buffer values = {0};
		difference_value(&list[i], list[i].old, &values);
		buffer_text(&values, " -> ");
		difference_value(&list[i], list[i].new, &values);
		buffer_printf(out, "%s%.*s", i ? ", " : "", difference_name_length(&list[i]), list[i].name);
		if (values.length <= VALUES_BYTES) {
			buffer_char(out, ' ');
			text_add_cut(out, (struct slice){values.data, values.length}, 0);
		}
		buffer_free(&values);
	}
	buffer_char(out, '\n');
}

static void
text_samples(struct buffer *out, const struct diff *diff, const struct comparison *comparison)
{
	static const char *const says[CHANGE_KINDS][2] = {[CHANGE_GAINED] = {"新增", "gained"}, [CHANGE_LOST] = {"消失", "lost"},
	    [CHANGE_CHANGED] = {"变化", "changed"}};
	int64_t shown = 0;
	for (size_t i = 0; i < comparison->changes; i++) {
		const struct change *change = &comparison->change[i], *before = i ? change - 1 : NULL;
		bool begins = !before || before->kind != change->kind || strcmp(before->rule, change->rule) != 0;
		shown = begins ? 1 : shown + 1;
		if (change->kind == CHANGE_SAME || shown > diff->options->samples)
			continue;
		if (begins)
			buffer_printf(out, "\n%s  %s\n", change->rule, says[change->kind][diff->language]);
		buffer_printf(out, "  %c ", "+-~"[change->kind]);
		text_evidence(out, diff, change->new ? change->new : change->old);
		buffer_char(out, '\n');
		if (change->kind == CHANGE_CHANGED)
			text_differences(out, change);
	}
}

/* ---- variants ---- */

#define VALUE_COLUMNS 40

static void
text_variant(struct buffer *out, struct slice name, const struct variant_sums *sums)
{
	text_add_padded(out, name, VALUE_COLUMNS);
	add_count(out, sums->alerts);
	add_count(out, sums->persons);
	add_money(out, sums->fen, false);
	add_count(out, sums->gained);
	add_count(out, sums->lost);
	buffer_char(out, '\n');
}

static void
text_variants(struct buffer *out, const struct diff *diff)
{
	static const char *const head[2][5] = {{"告警", "人数", "金额（元）", "新增", "消失"}, {"alerts", "persons", "yuan", "gained", "lost"}};
	const struct diff_variants *variants = &diff->variants;
	bool zh = diff->language == LANGUAGE_ZH;
	if (variants->count == 0)
		return;
	buffer_char(out, '\n');
	text_add_padded(out, slice_of(zh ? "试算（只计所列规则；与新规则相比）" : "tried values (of these rules alone)"), VALUE_COLUMNS);
	for (size_t i = 0; i < 5; i++)
		add_right(out, head[zh ? 0 : 1][i], i == 2 ? MONEY_COLUMNS : COUNT_COLUMNS);
	buffer_char(out, '\n');
	text_variant(out, slice_of(zh ? "新规则原值" : "as the new rules say"), &variants->base);
	for (size_t i = 0; i < variants->count; i++) {
		struct buffer name = {0};
		variant_name(variants, &variants->variant[i], &name);
		text_variant(out, (struct slice){name.data, name.length}, &variants->variant[i].sums);
		buffer_free(&name);
	}
	buffer_text(out, zh ? "试算的值没有依据：发布之前须有文件载明，写成参数行。\n"
	    : "A tried value has no legal basis of its own: before it is put into force a document must state it, and a row cite it.\n");
}

void
diff_text(const struct diff *diff, const struct comparison *comparison, struct buffer *out)
{
	bool zh = diff->language == LANGUAGE_ZH;
	text_head(out, diff);
	text_rules(out, diff, comparison);
	text_groups(out, zh, zh ? "区划" : "area", &comparison->areas);
	text_groups(out, zh, zh ? "机构" : "institution", &comparison->institutions);
	text_variants(out, diff);
	text_samples(out, diff, comparison);
}
