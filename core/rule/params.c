/* Parameters with their legal basis: rows by region, tier and days; rows of the regions' own files; overlaps, gaps and
 * floors. */
#include "core/rule/load.h"

#include "core/base/money.h"
#include "core/base/time.h"

#include <stdlib.h>

const char *const param_unit_names[4] = {"yuan", "ratio", "count", "days"};

/* ---- basis ---- */

/* A mistaken one still counts as named, so that the rows that cite it are not reported too. */
static bool
basis_load_one(const struct source *source, const struct yaml *node, struct basis *basis)
{
	*basis = (struct basis){node->key->text.data, "", ""};
	static const char *const keys[] = {"document", "quote"};
	if (!is_name(node->key->text)) {
		source_mistake(source, node->key->at, NO_HINT, MISTAKE_basis_name);
		return false;
	}
	if (!want_kind(source, node, YAML_MAP))
		return false;
	bool is_good = want_keys(source, node, keys, COUNT(keys));
	const struct yaml *document = want_member(source, node, "document"), *quote = want_member(source, node, "quote");
	const char *document_text = document ? want_text(source, document, 1024) : NULL;
	const char *quote_text = quote ? want_text(source, quote, 8192) : NULL;
	if (!document_text || !quote_text)
		return false;
	basis->document = document_text;
	basis->quote = quote_text;
	return is_good;
}

bool
basis_load(struct load *load, const struct source *source, const struct yaml *node, struct basis_list *list)
{
	if (!want_kind(source, node, YAML_MAP))
		return false;
	list->basis = arena_alloc(load->arena, (node->count + 1) * sizeof *list->basis);
	list->at = arena_alloc(load->arena, (node->count + 1) * sizeof *list->at);
	list->is_used = arena_alloc(load->arena, (node->count + 1) * sizeof *list->is_used);
	bool is_good = true;
	for (const struct yaml *member = node->first; member; member = member->next) {
		is_good &= basis_load_one(source, member, &list->basis[list->count]);
		list->at[list->count++] = member->key->at;
	}
	if (list->count == 0) {
		source_mistake(source, node->key->at, NO_HINT, MISTAKE_basis_none);
		return false;
	}
	return is_good;
}

static const struct basis *
basis_find(struct load *load, const struct source *source, const struct yaml *node, struct basis_list *list)
{
	if (!want_kind(source, node, YAML_SCALAR))
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->basis[i].name, node->text.data) == 0) {
			list->is_used[i] = true;
			return &list->basis[i];
		}
	const char **names = arena_alloc(load->arena, (list->count + 1) * sizeof *names);
	for (size_t i = 0; i < list->count; i++)
		names[i] = list->basis[i].name;
	source_mistake(source, node->at, hint_word(load->diags, node->text, names, list->count), MISTAKE_basis_unknown, node->text.data);
	return NULL;
}

/* ---- rows ---- */

static bool
is_region(struct slice text)
{
	return text.length <= 16 && strspn(text.data, "0123456789") == text.length && (text.length == 0 || text.data[0] != '0');
}

static const char *
ratio_value_text(struct arena *arena, int64_t value)
{
	char *text = arena_printf(arena, "%lld.%06lld", (long long)(value / 1000000), (long long)(value % 1000000));
	size_t length = strlen(text);
	while (text[length - 1] == '0' && text[length - 3] != '.')
		text[--length] = '\0';
	return text;
}

bool
param_row_value(struct load *load, const struct source *source, const struct yaml *node, enum param_unit unit, struct param_row *row)
{
	char text[MONEY_TEXT_SIZE];
	if (unit == UNIT_COUNT || unit == UNIT_DAYS) {
		if (!want_integer(source, node, 0, 1000000000, &row->value))
			return false;
		row->value_text = node->text.data;
		return true;
	}
	struct slice slice = node->kind == YAML_SCALAR ? node->text : (struct slice){"", 0};
	if (unit == UNIT_YUAN && money_parse(slice.data, slice.length, &row->value) && row->value >= 0) {
		money_text(row->value, text);
		row->value_text = arena_copy(load->arena, text, strlen(text));
		return true;
	}
	if (unit == UNIT_RATIO && decimal_parse(slice.data, slice.length, 6, &row->value) && row->value >= 0) {
		row->value_text = ratio_value_text(load->arena, row->value);
		return true;
	}
	source_mistake(source, node->at, NO_HINT, unit == UNIT_YUAN ? MISTAKE_value_amount : MISTAKE_value_ratio);
	return false;
}

static bool
row_region(const struct source *source, const struct yaml *node, const char *within, struct param_row *row)
{
	if (!want_kind(source, node, YAML_SCALAR))
		return false;
	row->region = node->text.data;
	if (!is_region(node->text)) {
		source_mistake(source, node->at, NO_HINT, MISTAKE_region_form);
		return false;
	}
	if (slice_starts_with(node->text, slice_of(within)))
		return true;
	source_mistake(source, node->at, NO_HINT, MISTAKE_region_outside, within);
	return false;
}

static bool
row_tier(struct load *load, const struct source *source, const struct yaml *node, struct param_row *row)
{
	if (!want_kind(source, node, YAML_SCALAR))
		return false;
	struct slice code = node->text;
	while (code.length > 1 && code.data[0] == '0') {
		code.data++;
		code.length--;
	}
	row->tier = arena_copy(load->arena, code.data, code.length);
	if (code.length >= 1 && code.length <= 16)
		return true;
	source_mistake(source, node->at, NO_HINT, MISTAKE_tier_form);
	return false;
}

static bool
row_days(const struct source *source, const struct yaml *node, struct param_row *row)
{
	const struct yaml *from = want_member(source, node, "from"), *to = yaml_get(node, "to"), *due = yaml_get(node, "due");
	row->to = row->due = INT32_MAX;
	bool is_good = from && want_date(source, from, &row->from);
	if (to)
		is_good &= want_date(source, to, &row->to);
	if (due)
		is_good &= want_date(source, due, &row->due);
	if (!is_good || row->from <= row->to)
		return is_good;
	source_mistake(source, to->at, NO_HINT, MISTAKE_from_after_to);
	return false;
}

static bool
row_has_one_value(const struct source *source, const struct yaml *node, const struct yaml **value)
{
	const struct yaml *plain = yaml_get(node, "value"), *floor = yaml_get(node, "floor");
	*value = plain ? plain : floor;
	if ((plain != NULL) != (floor != NULL))
		return true;
	source_mistake(source, plain ? floor->key->at : (struct extent){node->at.offset, 1}, NO_HINT,
	    plain ? MISTAKE_value_and_floor : MISTAKE_value_missing);
	return false;
}

/* A row that no longer region may stand beside, and what forbids it: its own basis, or another. */
static bool
row_final(struct load *load, const struct source *source, const struct yaml *node, struct basis_list *basis, struct param_row *row)
{
	const struct yaml *final = yaml_get(node, "final"), *named = yaml_get(node, "final_basis");
	if (final && !want_bool(source, final, &row->is_final))
		return false;
	const struct yaml *wrong = row->is_final ? final : named;
	if (wrong && (row->is_floor || !row->is_final)) {
		source_mistake(source, wrong->key->at, NO_HINT, row->is_floor ? MISTAKE_floor_is_final : MISTAKE_final_basis_alone);
		return false;
	}
	if (named)
		row->final_basis = basis_find(load, source, named, basis);
	return !named || row->final_basis;
}

static bool
row_load(struct load *load, const struct source *source, const struct yaml *node, const char *within, enum param_unit unit,
    struct basis_list *basis, struct row_draft *draft)
{
	static const char *const keys[] = {"region", "tier", "from", "to", "value", "floor", "final", "final_basis",
	    "basis", "due", "note"};
	if (!want_kind(source, node, YAML_MAP))
		return false;
	struct param_row *row = &draft->row;
	bool is_good = want_keys(source, node, keys, COUNT(keys));
	const struct yaml *region = yaml_get(node, "region"), *tier = yaml_get(node, "tier"), *note = yaml_get(node, "note");
	const struct yaml *named = want_member(source, node, "basis"), *value;
	if (!region || yaml_is_missing(region))
		region = want_member(source, node, "region");
	is_good &= region && row_region(source, region, within, row);
	is_good &= !tier || row_tier(load, source, tier, row);
	is_good &= row_days(source, node, row);
	is_good &= row_has_one_value(source, node, &value);
	is_good &= value && param_row_value(load, source, value, unit, row);
	is_good &= named && (row->basis = basis_find(load, source, named, basis));
	is_good &= !note || (row->note = want_text(source, note, 4096));
	row->is_floor = yaml_get(node, "floor") != NULL;
	is_good &= row_final(load, source, node, basis, row);
	row->file = source->file;
	draft->source = source;
	draft->at = (struct extent){node->at.offset, 1};
	draft->value_at = value ? value->at : draft->at;
	source_place(source, draft->at.offset, &row->line, &row->column);
	return is_good;
}

/* ---- parameters ---- */

static void
param_add(struct param_draft *param, const struct row_draft *row)
{
	if (param->rows == param->slots) {
		param->slots = param->slots ? 2 * param->slots : 16;
		param->row = realloc(param->row, param->slots * sizeof *param->row);
		if (!param->row)
			abort();
	}
	param->row[param->rows++] = *row;
}

static bool
param_load(struct load *load, const struct source *source, const struct yaml *node, const char *within,
    struct basis_list *basis, struct param_draft *param)
{
	static const char *const keys[] = {"unit", "rows"};
	param->name = node->key->text.data;
	param->at = node->key->at;
	if (!is_name(node->key->text)) {
		source_mistake(source, node->key->at, NO_HINT, MISTAKE_param_name);
		return false;
	}
	if (!want_kind(source, node, YAML_MAP))
		return false;
	bool is_good = want_keys(source, node, keys, COUNT(keys));
	const struct yaml *unit = want_member(source, node, "unit"), *rows = want_member(source, node, "rows");
	int word = unit ? want_word(source, unit, param_unit_names, COUNT(param_unit_names)) : -1;
	if (word < 0 || !rows || !want_kind(source, rows, YAML_LIST))
		return false;
	param->unit = (enum param_unit)word;
	for (const struct yaml *item = rows->first; item; item = item->next) {
		struct row_draft row = {0};
		if (row_load(load, source, item, within, param->unit, basis, &row))
			param_add(param, &row);
		else
			is_good = false;
	}
	return is_good;
}

bool
params_load(struct load *load, const struct source *source, const struct yaml *node, const char *region,
    struct basis_list *basis, struct param_list *list)
{
	if (!want_kind(source, node, YAML_MAP))
		return false;
	list->param = arena_alloc(load->arena, (node->count + 1) * sizeof *list->param);
	bool is_good = true;
	for (const struct yaml *member = node->first; member; member = member->next)
		is_good &= param_load(load, source, member, region, basis, &list->param[list->count++]);
	return is_good;
}

void
param_list_free(struct param_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->param[i].row);
	*list = (struct param_list){0};
}

/* ---- rows of the regions' files ---- */

/* A basis of a region's file within a rule: its own name when that is free, else with the region behind it. */
static const struct basis *
adopt_basis(struct load *load, struct basis_list *list, const struct basis *basis, const char *region)
{
	const char *name = basis->name;
	for (int attempt = 0;; attempt++) {
		size_t i = 0;
		while (i < list->count && strcmp(list->basis[i].name, name) != 0)
			i++;
		if (i < list->count && strcmp(list->basis[i].document, basis->document) == 0
		    && strcmp(list->basis[i].quote, basis->quote) == 0) {
			list->is_used[i] = true;
			return &list->basis[i];
		}
		if (i == list->count)
			break;
		name = attempt == 0 ? arena_printf(load->arena, "%s_%s", basis->name, region)
		    : arena_printf(load->arena, "%s_%s_%d", basis->name, region, attempt + 1);
	}
	list->basis[list->count] = (struct basis){name, basis->document, basis->quote};
	list->is_used[list->count] = true;
	return &list->basis[list->count++];
}

/* Room for the bases of all files, without moving those that rows point to already. */
static void
reserve_bases(struct load *load, struct rule_draft *rule, size_t more)
{
	struct basis_list *list = &rule->basis;
	struct basis *old = list->basis;
	struct basis *basis = arena_alloc(load->arena, (list->count + more + 1) * sizeof *basis);
	bool *is_used = arena_alloc(load->arena, (list->count + more + 1) * sizeof *is_used);
	if (list->count) {
		memcpy(basis, old, list->count * sizeof *basis);
		memcpy(is_used, list->is_used, list->count * sizeof *is_used);
	}
	for (size_t i = 0; i < rule->params.count; i++)
		for (size_t j = 0; j < rule->params.param[i].rows; j++) {
			struct param_row *row = &rule->params.param[i].row[j].row;
			row->basis = basis + (row->basis - old);
			if (row->final_basis)
				row->final_basis = basis + (row->final_basis - old);
		}
	list->basis = basis;
	list->is_used = is_used;
}

static bool
join_param(struct load *load, struct rule_draft *rule, const struct params_file *file, const struct param_draft *from)
{
	for (size_t i = 0; i < rule->params.count; i++) {
		struct param_draft *to = &rule->params.param[i];
		if (strcmp(to->name, from->name) != 0)
			continue;
		if (to->unit != from->unit)
			source_mistake(&file->source, from->at, NO_HINT, MISTAKE_unit_differs, param_unit_names[from->unit],
			    param_unit_names[to->unit], rule->rule.id);
		for (size_t j = 0; j < from->rows && to->unit == from->unit; j++) {
			struct row_draft row = from->row[j];
			row.row.basis = adopt_basis(load, &rule->basis, row.row.basis, file->region);
			if (row.row.final_basis)
				row.row.final_basis = adopt_basis(load, &rule->basis, row.row.final_basis, file->region);
			param_add(to, &row);
		}
		return true;
	}
	return false;
}

static void
report_stray(struct load *load, struct rule_draft **rule, size_t rules, const struct params_file *file,
    const struct param_draft *param)
{
	const char *names[256];
	size_t count = 0;
	for (size_t i = 0; i < rules; i++)
		for (size_t j = 0; j < rule[i]->params.count && count < COUNT(names); j++)
			names[count++] = rule[i]->params.param[j].name;
	source_mistake(&file->source, param->at, hint_word(load->diags, slice_of(param->name), names, count), MISTAKE_param_stray,
	    param->name);
}

void
params_join(struct load *load, struct rule_draft **rule, size_t rules, struct params_file **file, size_t files,
    bool has_all_rules)
{
	size_t bases = 0;
	for (size_t f = 0; f < files; f++)
		bases += file[f]->basis.count;
	for (size_t r = 0; r < rules; r++)
		reserve_bases(load, rule[r], bases);
	for (size_t f = 0; f < files; f++)
		for (size_t p = 0; p < file[f]->params.count; p++) {
			bool is_declared = false;
			for (size_t r = 0; r < rules; r++)
				is_declared |= join_param(load, rule[r], file[f], &file[f]->params.param[p]);
			if (!is_declared && has_all_rules)
				report_stray(load, rule, rules, file[f], &file[f]->params.param[p]);
		}
}

/* ---- overlaps, gaps, floors ---- */

static int
tier_order(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int
row_order(const void *a, const void *b)
{
	const struct param_row *x = &((const struct row_draft *)a)->row, *y = &((const struct row_draft *)b)->row;
	int order = strcmp(x->region, y->region);
	if (order == 0)
		order = (x->is_floor > y->is_floor) - (x->is_floor < y->is_floor);
	if (order == 0)
		order = tier_order(x->tier, y->tier);
	if (order == 0)
		order = (x->from > y->from) - (x->from < y->from);
	if (order == 0)
		order = (x->to > y->to) - (x->to < y->to);
	if (order == 0)
		order = strcmp(x->file, y->file);
	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	return order ? order : (x->column > y->column) - (x->column < y->column);
}

static bool
is_same_series(const struct param_row *a, const struct param_row *b)
{
	return strcmp(a->region, b->region) == 0 && a->is_floor == b->is_floor && tier_order(a->tier, b->tier) == 0;
}

static const char *
days_text(struct diags *diags, int32_t from, int32_t to)
{
	char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
	return source_say(diags, "%s/%s", day_text(from, first), to == INT32_MAX ? "" : day_text(to, last));
}

/* Rows sorted: a row of the same series that ends last so far, against the next one. */
static void
check_series(struct load *load, const struct row_draft *earlier, const struct row_draft *row)
{
	struct diags *diags = load->diags;
	const struct param_row *a = &earlier->row, *b = &row->row;
	if (b->from <= a->to) {
		source_mistake(row->source, row->at, NO_HINT, MISTAKE_rows_overlap, a->file, a->line, days_text(diags, a->from, a->to));
	} else if (!b->is_floor && b->from > a->to + 1) {
		const char *gap = days_text(diags, a->to + 1, b->from - 1);
		source_mistake(row->source, row->at, NO_HINT, MISTAKE_rows_gap, gap);
	}
}

static void
check_floor(const struct row_draft *floor, const struct row_draft *row)
{
	const struct param_row *f = &floor->row, *r = &row->row;
	if (r->is_floor || r->value >= f->value || !slice_starts_with(slice_of(r->region), slice_of(f->region))
	    || r->from > f->to || r->to < f->from || (f->tier && r->tier && strcmp(f->tier, r->tier) != 0))
		return;
	source_mistake(row->source, row->value_at, (struct message){f->basis->quote, f->basis->quote}, MISTAKE_below_floor, f->region,
	    f->value_text, f->basis->document, f->file, f->line);
}

static void
check_rows(struct load *load, struct param_draft *param)
{
	if (param->rows)
		qsort(param->row, param->rows, sizeof *param->row, row_order);
	const struct row_draft *last = NULL;
	for (size_t i = 0; i < param->rows; i++) {
		const struct row_draft *row = &param->row[i];
		if (last && is_same_series(&last->row, &row->row))
			check_series(load, last, row);
		if (!last || !is_same_series(&last->row, &row->row) || row->row.to > last->row.to)
			last = row;
		for (size_t j = 0; row->row.is_floor && j < param->rows; j++)
			check_floor(row, &param->row[j]);
	}
	layers_check(param);
}

void
params_settle(struct load *load, struct rule_draft *draft)
{
	struct rule *rule = &draft->rule;
	rule->params = draft->params.count;
	rule->param = arena_alloc(load->arena, (rule->params + 1) * sizeof *rule->param);
	for (size_t i = 0; i < rule->params; i++) {
		struct param_draft *from = &draft->params.param[i];
		struct param *param = &rule->param[i];
		check_rows(load, from);
		param->name = from->name;
		param->unit = from->unit;
		param->rows = from->rows;
		param->row = arena_alloc(load->arena, (from->rows + 1) * sizeof *param->row);
		for (size_t j = 0; j < from->rows; j++)
			param->row[j] = from->row[j].row;
	}
	rule->basis = draft->basis.basis;
	rule->bases = draft->basis.count;
}
