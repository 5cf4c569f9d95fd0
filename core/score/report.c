/* What a ruleset compiles to, for people and programs: which rules share which aggregate, and what the conditions cost. */
#include "core/score/budget.h"

#include "core/score/private.h"

/* One aggregate: an entity's slot, its definition, and the rules that read it. */
struct aggregate {
	const char *entity[2];          /* by enum language */
	const char *name;               /* in JSON */
	int32_t where, numerator;       /* -1: none */
	int32_t field;                  /* that is added up; -1: cases, or stays */
	size_t bytes;                   /* of the entity's record */
};

/* Whether ledger rule or series rule i reads the aggregate of number. */
typedef bool reads_fn(const struct layout *, size_t i, size_t number);

static bool
ledger_reads(const struct layout *layout, size_t i, size_t number)
{
	return layout->ledger_rule[i].ledger == number;
}

static bool
series_same(const struct series_rule *a, const struct series_rule *b)
{
	return a->where == b->where && a->numerator == b->numerator && a->amount == b->amount && a->is_pair == b->is_pair && a->above == b->above
	    && a->levels == b->levels && a->level == b->level && a->classes == b->classes;
}

static bool
series_reads(const struct layout *layout, size_t i, size_t number)
{
	return series_same(&layout->series_rule[i], &layout->series_rule[number]);
}

static bool
family_reads(const struct layout *layout, size_t i, size_t number)
{
	return layout->family_rule[i].where == layout->family_rule[number].where
	    && layout->family_rule[i].institutions == layout->family_rule[number].institutions;
}

struct readers {
	reads_fn *reads;
	size_t rules, number;
	size_t stride, offset;          /* of int32_t rule in the list */
	const void *list;
};

static const char *
reader_id(const struct ruleset *rules, const struct readers *readers, size_t i)
{
	int32_t rule;
	memcpy(&rule, (const char *)readers->list + i * readers->stride + readers->offset, sizeof rule);
	return rules->rule[rule].id;
}

/* Each rule once, in order: a cap with a notice reads its sum twice. */
static bool
is_reader(const struct ruleset *rules, const struct layout *layout, const struct readers *readers, size_t i)
{
	return readers->reads(layout, i, readers->number)
	    && (i == 0 || !readers->reads(layout, i - 1, readers->number) || strcmp(reader_id(rules, readers, i), reader_id(rules, readers, i - 1)) != 0);
}

static void
aggregate_json(const struct ruleset *rules, const struct layout *layout, const struct aggregate *aggregate, const struct readers *readers,
    struct buffer *out)
{
	json_open(out, '{');
	json_key(out, "entity");
	json_text(out, aggregate->name);
	json_key(out, "sum");
	json_text(out, aggregate->field < 0 ? "cases" : settlement_fields[aggregate->field].name);
	json_key(out, "where");
	json_text(out, rules->condition[aggregate->where].text);
	if (aggregate->numerator >= 0) {
		json_key(out, "numerator");
		json_text(out, rules->condition[aggregate->numerator].text);
	}
	json_key(out, "bytes");
	json_unsigned(out, aggregate->bytes);
	json_key(out, "rules");
	json_open(out, '[');
	for (size_t i = 0; i < readers->rules; i++)
		if (is_reader(rules, layout, readers, i))
			json_text(out, reader_id(rules, readers, i));
	json_close(out, ']');
	json_close(out, '}');
}

static void
aggregate_text(const struct ruleset *rules, const struct layout *layout, const struct aggregate *aggregate, const struct readers *readers,
    enum language language, struct buffer *out)
{
	bool zh = language == LANGUAGE_ZH;
	const char *cases = zh ? "例数" : "cases", *sum = aggregate->field < 0 ? cases : settlement_fields[aggregate->field].name;
	buffer_printf(out, zh ? "  %s：%s，条件 %s，%zu 字节，规则" : "  %s: %s where %s, %zu bytes, rules", aggregate->entity[language], sum,
	    rules->condition[aggregate->where].text, aggregate->bytes);
	for (size_t i = 0; i < readers->rules; i++)
		if (is_reader(rules, layout, readers, i))
			buffer_printf(out, " %s", reader_id(rules, readers, i));
	buffer_char(out, '\n');
}

struct report {
	const struct ruleset *rules;
	const struct layout *layout;
	struct buffer *out;
	bool json;
	enum language language;
};

static void
aggregate_report(const struct report *report, const struct aggregate *aggregate, const struct readers *readers)
{
	if (report->json)
		aggregate_json(report->rules, report->layout, aggregate, readers, report->out);
	else
		aggregate_text(report->rules, report->layout, aggregate, readers, report->language, report->out);
}

static void
ledgers_report(const struct report *report)
{
	const struct layout *layout = report->layout;
	size_t years = persons_years(layout->beginnings);
	for (size_t i = 0; i < layout->ledgers; i++) {
		struct readers readers = {ledger_reads, layout->ledger_rules, i, sizeof *layout->ledger_rule, offsetof(struct ledger_rule, rule),
		    layout->ledger_rule};
		size_t said = 0;
		for (size_t r = 0; r < layout->ledger_rules; r++)
			said += ledger_reads(layout, r, i);
		aggregate_report(report, &(struct aggregate){{"个人每待遇年度", "person and benefit year"}, "person", layout->ledger[i].where, -1,
		    layout->amount_field[layout->ledger[i].amount], years * (sizeof(int64_t) + said * sizeof(struct said))}, &readers);
	}
}

/* A share is kept for the pool and for every region of its target rows, for each rule by itself. */
static void
series_report(const struct report *report)
{
	const struct layout *layout = report->layout;
	for (size_t i = 0; i < layout->series_rules; i++) {
		const struct series_rule *made = &layout->series_rule[i];
		struct readers readers = {series_reads, layout->series_rules, i, sizeof *made, offsetof(struct series_rule, rule), layout->series_rule};
		bool first = true;
		size_t alike = 0;
		for (size_t j = 0; j < layout->series_rules; j++) {
			first &= j >= i || !series_reads(layout, j, i);
			alike += series_reads(layout, j, i);
		}
		if (first)
			aggregate_report(report, &(struct aggregate){{"统筹区或地区每月", "pool or region, and month"}, "region", made->where,
			    made->numerator, made->amount == CASES ? -1 : layout->amount_field[made->amount], alike * sizeof(struct series_month)}, &readers);
	}
}

static void
families_report(const struct report *report)
{
	const struct layout *layout = report->layout;
	for (size_t i = 0; i < layout->family_rules; i++) {
		const struct family_rule *made = &layout->family_rule[i];
		struct readers readers = {family_reads, layout->family_rules, i, sizeof *made, offsetof(struct family_rule, rule), layout->family_rule};
		bool first = true;
		for (size_t j = 0; j < i; j++)
			first &= !family_reads(layout, j, i);
		size_t bytes = sizeof(struct unit_count) + CLASS_COUNT * sizeof(struct unit_said);
		if (first)
			aggregate_report(report, &(struct aggregate){{made->institutions ? "机构每月" : "乡镇每月",
			    made->institutions ? "institution and month" : "township and month"}, made->institutions ? "institution" : "township",
			    made->where, -1, -1, bytes}, &readers);
	}
}

static void
conditions_json(const struct matcher_figures *figures, struct buffer *out)
{
	const struct {
		const char *name;
		size_t value;
	} member[] = {{"conditions", figures->conditions}, {"terms", figures->terms}, {"literals", figures->literals},
	    {"code_columns", figures->dictionaries}, {"number_columns", figures->fields}, {"sum_columns", figures->sums},
	    {"presence_columns", figures->presences}, {"thresholds", figures->thresholds}, {"vectors", figures->vectors},
	    {"vector_bytes", figures->vector_bytes}, {"bytes", figures->bytes}, {"passes_per_claim", figures->passes},
	    {"terms_with_other_literals", figures->other_terms}};
	json_open(out, '{');
	for (size_t i = 0; i < sizeof member / sizeof member[0]; i++) {
		json_key(out, member[i].name);
		json_unsigned(out, member[i].value);
	}
	json_close(out, '}');
}

static void
conditions_text(const struct matcher_figures *figures, enum language language, struct buffer *out)
{
	bool zh = language == LANGUAGE_ZH;
	buffer_printf(out, zh ? "条件 %zu 个，展开为 %zu 项、%zu 个原子判断；列：代码 %zu，数值 %zu（阈值 %zu 个，含 %zu 个多字段之和），是否存在 %zu\n"
	    : "conditions %zu, as %zu terms of %zu literals; columns: codes %zu, numbers %zu (thresholds %zu; sums of several fields among them %zu), presence %zu\n",
	    figures->conditions, figures->terms, figures->literals, figures->dictionaries, figures->fields + figures->sums, figures->thresholds,
	    figures->sums, figures->presences);
	buffer_printf(out, zh ? "位向量 %zu 个，每个 %zu 字节，连同表共 %zu 字节；每笔结算取 %zu 个向量求与，另有 %zu 项要看其他字段\n"
	    : "bit vectors %zu of %zu bytes, with their tables %zu bytes; a claim ANDs %zu of them, and %zu terms look at other fields besides\n",
	    figures->vectors, figures->vector_bytes, figures->bytes, figures->passes, figures->other_terms);
}

static void
matcher_report(const struct report *report)
{
	struct matcher *matcher = matcher_open(report->rules);
	struct matcher_figures figures;
	matcher_measure(matcher, &figures);
	if (report->json)
		conditions_json(&figures, report->out);
	else
		conditions_text(&figures, report->language, report->out);
	matcher_close(matcher);
}

void
scorer_layout_json(const struct ruleset *rules, struct buffer *out)
{
	struct layout layout;
	layout_make(&layout, rules);
	struct report report = {rules, &layout, out, true, LANGUAGE_EN};
	json_open(out, '{');
	json_key(out, "aggregates");
	json_open(out, '[');
	ledgers_report(&report);
	series_report(&report);
	families_report(&report);
	json_close(out, ']');
	json_key(out, "conditions");
	matcher_report(&report);
	json_key(out, "copies_while_a_snapshot_is_made");
	json_unsigned(out, 2);
	json_close(out, '}');
	layout_free(&layout);
}

void
scorer_layout_text(const struct ruleset *rules, enum language language, struct buffer *out)
{
	struct layout layout;
	layout_make(&layout, rules);
	struct report report = {rules, &layout, out, false, language};
	bool zh = language == LANGUAGE_ZH;
	buffer_text(out, zh ? "累计量（个人的：定义相同的规则共用一份）：\n" : "aggregates (of a person: one slot for all rules that define it alike):\n");
	ledgers_report(&report);
	series_report(&report);
	families_report(&report);
	matcher_report(&report);
	buffer_text(out, zh ? "制作快照时状态在内存中有两份\n" : "while a snapshot is made the state is in memory twice\n");
	layout_free(&layout);
}
