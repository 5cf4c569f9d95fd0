/* How an alert looks to an officer: one line, or the whole of it. */
#include "replay/watch.h"

#include "core/base/money.h"
#include "core/rule/ruleset.h"

#include <stdlib.h>

struct word {
	const char *code, *text[2];
};

static const struct word status_names[] = {{"open", {"新增", "new"}}, {"updated", {"更新", "updated"}}, {"retracted", {"撤销", "retracted"}},
	{"insufficient", {"不足", "too few"}}, {NULL, {NULL, NULL}}};
static const struct word severity_names[] = {{"low", {"低", "low"}}, {"medium", {"中", "medium"}}, {"high", {"高", "high"}},
	{"critical", {"严重", "critical"}}, {NULL, {NULL, NULL}}};
static const struct word grade_names[] = {{"violation", {"明确违规", "violation"}}, {"suspicious", {"可疑", "suspicious"}},
	{"clue", {"线索", "clue"}}, {NULL, {NULL, NULL}}};
static const struct word family_names[] = {{"policy", {"政策类", "policy"}}, {"management", {"管理类", "management"}},
	{"medical", {"医疗类", "medical"}}, {"fund", {"基金运行", "fund"}}, {NULL, {NULL, NULL}}};
static const struct word cause_names[] = {{"claim", {"结算", "a settlement"}}, {"late", {"迟到的结算", "a late settlement"}},
	{"refund", {"退费", "a refund"}}, {"restated", {"重报或作废", "a restatement"}}, {"close", {"月度结算", "a month's close"}},
	{"rules", {"规则变更", "a change of rules"}}, {NULL, {NULL, NULL}}};
static const struct word subject_names[] = {{"claim", {"结算", "settlement"}}, {"person", {"人员", "person"}},
	{"institution", {"机构", "institution"}}, {"doctor", {"医师", "doctor"}}, {"township", {"乡镇", "township"}}, {"area", {"区划", "area"}},
	{"class", {"人群", "class"}}, {"pool", {"统筹区", "pool"}}, {"group", {"团伙", "group"}}, {NULL, {NULL, NULL}}};

static const struct word finding_names[] = {{"sum", {"合计", "sum"}}, {"limit", {"限额", "limit"}}, {"excess", {"超出", "excess"}},
	{"count", {"笔数", "count"}}, {"numerator", {"分子", "numerator"}}, {"denominator", {"分母", "denominator"}}, {"value", {"比例", "value"}},
	{"target", {"目标", "target"}}, {"need", {"余下所需", "need"}}, {"reach_probability", {"达标概率", "probability to reach"}},
	{"through", {"截至", "through"}}, {"admissions", {"住院人次", "admissions"}}, {"population", {"参保人数", "population"}},
	{"expected", {"预期", "expected"}}, {"size", {"离散参数", "size"}}, {"ratio", {"比值", "ratio"}}, {"p_value", {"p 值", "p"}},
	{"q_value", {"q 值", "q"}}, {"detectable_ratio", {"可检出比值", "detectable ratio"}}, {NULL, {NULL, NULL}}};

const char *const severity_words[] = {"low", "medium", "high", "critical", NULL};
const char *const status_words[] = {"open", "updated", "retracted", "insufficient", NULL};

int
severity_rank(const char *severity)
{
	for (int i = 0; severity_words[i]; i++)
		if (strcmp(severity_words[i], severity) == 0)
			return i;
	return -1;
}

static const char *
word_of(const struct word *words, const char *code, enum language language)
{
	for (; words->code; words++)
		if (strcmp(words->code, code) == 0)
			return words->text[language];
	return code;
}

static enum style
severity_style(const struct feed_record *record)
{
	static const enum style styles[] = {STYLE_CYAN, STYLE_YELLOW, STYLE_RED, STYLE_BOLD_RED};
	int rank = severity_rank(record->severity);
	if (strcmp(record->status, "retracted") == 0)
		return STYLE_GREEN;
	return rank < 0 ? STYLE_PLAIN : styles[rank];
}

/* ---- texts ---- */

/* 1234567 as "12,345.67 元". */
static void
money_add(struct buffer *text, int64_t fen, enum language language)
{
	char plain[MONEY_TEXT_SIZE];
	money_text(fen, plain);
	size_t whole = strcspn(plain, "."), start = plain[0] == '-';
	for (size_t i = 0; plain[i]; i++) {
		if (i > start && i < whole && (whole - i) % 3 == 0)
			buffer_char(text, ',');
		buffer_char(text, plain[i]);
	}
	buffer_text(text, language == LANGUAGE_ZH ? " 元" : " yuan");
}

/* 2024-06-13T14:02:11+08:00 as "2024-06-13 14:02:11", cut to so many characters. */
static void
time_add(struct buffer *text, const char *time, size_t characters)
{
	size_t length = strlen(time);
	for (size_t i = 0; i < characters && i < length; i++)
		buffer_char(text, time[i] == 'T' ? ' ' : time[i]);
}

static const char *
class_text(const char *class, enum language language)
{
	for (int i = 0; language == LANGUAGE_ZH && i < CLASS_COUNT; i++)
		if (strcmp(class_names[i], class) == 0)
			return class_names_zh[i];
	return class;
}

/* Who it is about; a pseudonym is cut to what tells persons apart. */
static void
subject_add(struct buffer *text, const struct feed_record *record, enum language language, bool whole)
{
	const char *who = *record->person ? record->person : *record->institution ? record->institution
	    : *record->township ? record->township : strcmp(record->subject, "area") == 0 ? record->area : record->pool;
	if (strcmp(record->subject, "claim") == 0)
		who = record->setl_id;
	buffer_text(text, word_of(subject_names, record->subject, language));
	buffer_char(text, ' ');
	bool pseudonym = !whole && strncmp(who, "pn_", 3) == 0 && strlen(who) > 11;
	buffer_add(text, who, pseudonym ? 11 : strlen(who));
	if (*record->class) {
		buffer_char(text, ' ');
		buffer_text(text, class_text(record->class, language));
	}
	if (*record->period) {
		buffer_char(text, ' ');
		buffer_text(text, record->period);
	}
}

static struct slice
slice_of_buffer(const struct buffer *buffer)
{
	return (struct slice){buffer->data ? buffer->data : "", buffer->length};
}

/* Blanks up to columns, and never a cut: what is longer pushes the rest of the line. */
static void
add_column(struct buffer *text, struct slice word, size_t columns)
{
	text_add_cut(text, word, 0);
	for (size_t wide = text_columns(word); wide < columns; wide++)
		buffer_char(text, ' ');
}

/* ---- one line ---- */

#define WIDE 130                /* columns from which every part has its own column; below, the sentence needs the room */

static void
line_money(struct buffer *head, const struct feed_record *record, enum language language, size_t columns)
{
	struct buffer money = {0};
	if (record->has_money)
		money_add(&money, record->money_fen, language);
	else
		buffer_char(&money, '-');
	for (size_t wide = text_columns(slice_of_buffer(&money)); wide < columns; wide++)
		buffer_char(head, ' ');
	text_add_cut(head, slice_of_buffer(&money), 0);
	buffer_text(head, "  ");
	buffer_free(&money);
}

static void
head_wide(struct buffer *head, const struct feed_record *record, enum language language)
{
	bool zh = language == LANGUAGE_ZH;
	struct buffer part = {0};
	time_add(&part, record->event_time, 16);
	add_column(head, slice_of_buffer(&part), 18);
	add_column(head, slice_of(word_of(severity_names, record->severity, language)), zh ? 5 : 9);
	add_column(head, slice_of(word_of(status_names, record->status, language)), zh ? 5 : 10);
	add_column(head, slice_of(word_of(grade_names, record->grade, language)), zh ? 9 : 11);
	add_column(head, slice_of(record->rule), 17);
	buffer_char(head, ' ');
	part.length = 0;
	subject_add(&part, record, language, false);
	add_column(head, slice_of_buffer(&part), zh ? 24 : 28);
	buffer_char(head, ' ');
	line_money(head, record, language, zh ? 14 : 16);
	buffer_free(&part);
}

/* Month, day and minute; the status when it is not a new alert; no grade. */
static void
head_narrow(struct buffer *head, const struct feed_record *record, enum language language)
{
	struct buffer part = {0};
	time_add(&part, record->event_time, 16);
	bool whole = part.length == 16;
	text_add_cut(head, (struct slice){part.data + (whole ? 5 : 0), part.length - (whole ? 5 : 0)}, 0);
	buffer_char(head, ' ');
	add_column(head, slice_of(word_of(severity_names, record->severity, language)), language == LANGUAGE_ZH ? 5 : 9);
	if (strcmp(record->status, "open") != 0) {
		text_add_cut(head, slice_of(word_of(status_names, record->status, language)), 0);
		buffer_char(head, ' ');
	}
	text_add_cut(head, slice_of(record->rule), 0);
	buffer_char(head, ' ');
	part.length = 0;
	subject_add(&part, record, language, false);
	text_add_cut(head, slice_of_buffer(&part), 0);
	buffer_char(head, ' ');
	line_money(head, record, language, 0);
	buffer_free(&part);
}

void
print_alert_line(struct buffer *out, const struct feed_record *record, const struct terminal *terminal, enum language language)
{
	struct buffer text = {0};
	if (terminal->width == 0 || terminal->width >= WIDE)
		head_wide(&text, record, language);
	else
		head_narrow(&text, record, language);
	size_t head = text.length;
	const char *sentence = *record->sentence[language] ? record->sentence[language] : record->title[language];
	text_add_cut(&text, slice_of(sentence), 0);
	struct buffer cut = {0};
	text_add_cut(&cut, slice_of_buffer(&text), (size_t)terminal->width);
	if (head > cut.length)
		head = cut.length;
	enum style style = severity_style(record), rest = strcmp(record->status, "retracted") == 0 ? STYLE_DIM : STYLE_PLAIN;
	buffer_text(out, terminal_style(terminal, style));
	buffer_add(out, cut.data ? cut.data : "", head);
	buffer_text(out, terminal_end(terminal, style));
	buffer_text(out, terminal_style(terminal, rest));
	buffer_add(out, cut.data ? cut.data + head : "", cut.length - head);
	buffer_text(out, terminal_end(terminal, rest));
	buffer_free(&cut);
	buffer_free(&text);
}

void
print_other_line(struct buffer *out, const struct feed_record *record, struct slice raw, const struct terminal *terminal, enum language language)
{
	struct buffer text = {0};
	buffer_text(&text, strcmp(record->type, "rules.changed") == 0 ? (language == LANGUAGE_ZH ? "规则变更  " : "rules changed  ")
	    : strcmp(record->type, "data_quality") == 0 ? (language == LANGUAGE_ZH ? "数据质量  " : "data quality  ") : "");
	text_add_cut(&text, raw, 0);
	buffer_text(out, terminal_style(terminal, STYLE_DIM));
	text_add_cut(out, slice_of_buffer(&text), (size_t)terminal->width);
	buffer_text(out, terminal_end(terminal, STYLE_DIM));
	buffer_free(&text);
}

/* ---- the whole alert ---- */

static void
label(struct buffer *out, const struct terminal *terminal, enum language language, const char *zh, const char *en)
{
	buffer_text(out, "  ");
	buffer_text(out, terminal_style(terminal, STYLE_DIM));
	text_add_padded(out, slice_of(language == LANGUAGE_ZH ? zh : en), language == LANGUAGE_ZH ? 8 : 10);
	buffer_text(out, terminal_end(terminal, STYLE_DIM));
}

static void
add_clean(struct buffer *out, const char *text)
{
	text_add_cut(out, slice_of(text), 0);
}

static void
whole_head(struct buffer *out, const struct feed_record *record, const struct terminal *terminal, enum language language)
{
	bool zh = language == LANGUAGE_ZH;
	enum style style = severity_style(record);
	buffer_text(out, terminal_style(terminal, style));
	add_clean(out, record->title[language]);
	buffer_text(out, terminal_end(terminal, style));
	buffer_char(out, '\n');
	label(out, terminal, language, "编号", "alert");
	add_clean(out, record->alert_id);
	buffer_printf(out, zh ? "  第 %lld 版，%s，因%s\n" : "  revision %lld, %s, because of %s\n", (long long)record->revision,
	    word_of(status_names, record->status, language), word_of(cause_names, record->cause, language));
	label(out, terminal, language, "规则", "rule");
	add_clean(out, record->rule);
	buffer_printf(out, zh ? "  %s，严重程度%s，%s%s\n" : "  %s, severity %s, %s%s\n", word_of(grade_names, record->grade, language),
	    word_of(severity_names, record->severity, language), word_of(family_names, record->family, language),
	    strcmp(record->mode, "shadow") != 0 ? "" : zh ? "，试运行" : ", shadow");
	label(out, terminal, language, "对象", "subject");
	subject_add(out, record, language, true);
	if (strcmp(record->subject, "pool") != 0)
		buffer_printf(out, zh ? "，统筹区 %s" : ", pool %s", record->pool);
	if (*record->area)
		buffer_printf(out, zh ? "，区划 %s" : ", area %s", record->area);
	buffer_char(out, '\n');
	label(out, terminal, language, "时间", "time");
	time_add(out, record->event_time, 19);
	buffer_char(out, '\n');
	label(out, terminal, language, "金额", "at risk");
	if (record->has_money)
		money_add(out, record->money_fen, language);
	else
		buffer_text(out, "-");
	buffer_char(out, '\n');
}

/* Ratios and statistics of the feed have more digits than an officer reads. */
static void
figure_add(struct buffer *out, const char *text)
{
	char *end;
	double number = strtod(text, &end);
	if (*text && *end == '\0' && strchr(text, '.'))
		buffer_printf(out, "%.4g", number);
	else
		add_clean(out, text);
}

static void
whole_finding(struct buffer *out, const struct feed_record *record, const struct terminal *terminal, enum language language)
{
	label(out, terminal, language, "说明", "says");
	add_clean(out, record->sentence[language]);
	buffer_char(out, '\n');
	label(out, terminal, language, "数值", "figures");
	for (size_t i = 0; i < record->findings; i++) {
		const struct feed_pair *pair = &record->finding[i];
		char name[64];
		snprintf(name, sizeof name, "%s", pair->name);
		size_t length = strlen(name);
		bool money = length > 4 && strcmp(name + length - 4, "_fen") == 0;
		if (money)
			name[length - 4] = '\0';
		buffer_text(out, i ? "  " : "");
		add_clean(out, word_of(finding_names, name, language));
		buffer_char(out, ' ');
		if (money && strcmp(pair->text, "-") != 0)
			money_add(out, strtoll(pair->text, NULL, 10), language);
		else
			figure_add(out, pair->text);
	}
	buffer_char(out, '\n');
}

static void
whole_basis(struct buffer *out, const struct feed_record *record, const struct terminal *terminal, enum language language)
{
	if (*record->param) {
		label(out, terminal, language, "参数", "parameter");
		add_clean(out, record->param);
		buffer_text(out, " = ");
		add_clean(out, record->param_value);
		buffer_printf(out, language == LANGUAGE_ZH ? "，自 %s\n" : ", from %s\n", record->param_from);
	}
	for (size_t i = 0; i < record->bases; i++) {
		label(out, terminal, language, "依据", "clause");
		add_clean(out, record->basis[i].document);
		buffer_text(out, language == LANGUAGE_ZH ? "：" : ": ");
		add_clean(out, record->basis[i].quote);
		buffer_char(out, '\n');
	}
}

static void
whole_claims(struct buffer *out, const struct feed_record *record, const struct terminal *terminal, enum language language)
{
	bool zh = language == LANGUAGE_ZH;
	label(out, terminal, language, "结算单", "claims");
	buffer_printf(out, zh ? "共 %lld 笔" : "%lld in all", (long long)record->claims_total);
	if (record->claims_total > (int64_t)record->claims)
		buffer_printf(out, zh ? "，列出最后 %zu 笔" : ", the last %zu listed", record->claims);
	buffer_char(out, '\n');
	for (size_t i = 0; i < record->claims; i++) {
		const struct feed_claim *claim = &record->claim[i];
		struct buffer money = {0};
		money_add(&money, claim->fen, language);
		buffer_text(out, "    ");
		add_column(out, slice_of(claim->date), 10);
		buffer_text(out, "  ");
		add_column(out, slice_of(*claim->institution ? claim->institution : "-"), 12);
		for (size_t wide = text_columns(slice_of_buffer(&money)); wide < 18; wide++)
			buffer_char(out, ' ');
		buffer_add(out, money.data, money.length);
		buffer_text(out, "  ");
		add_clean(out, claim->setl_id);
		buffer_char(out, '\n');
		buffer_free(&money);
	}
}

void
print_alert_whole(struct buffer *out, const struct feed_record *record, const struct terminal *terminal, enum language language)
{
	whole_head(out, record, terminal, language);
	whole_finding(out, record, terminal, language);
	whole_basis(out, record, terminal, language);
	whole_claims(out, record, terminal, language);
}
