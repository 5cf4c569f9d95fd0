/* Reading the tables: checked cell by cell, sorted for look-up (lookup.c) and for the digest. */
#include "core/rule/tables.h"

#include "core/base/time.h"
#include "core/rule/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

const char *const class_names[CLASS_COUNT] = {
#define X(name, zh) #name,
	IDENTITY_CLASSES(X)
#undef X
};

const char *const class_names_zh[CLASS_COUNT] = {
#define X(name, zh) zh,
	IDENTITY_CLASSES(X)
#undef X
};

const char *const level_names[LEVELS] = {"tertiary", "secondary", "primary", "pharmacy", "none"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- reading rows ---- */

/* One row as read: for order, for duplicates and for the digest.  key holds the cells that must be different. */
struct draft {
	const char *key;                /* cells of the key joined with a byte below every other */
	const char *line;               /* all cells, canonical */
	struct extent at;
	void *row;                      /* the table's own struct */
};

struct loading {
	struct tables *tables;
	struct arena *arena;
	struct diags *diags;
	struct source source;
	struct csv csv;
	struct draft *draft;
	size_t count, slots;
};

/* Where a mistake of the cell is told. */
static struct extent
cell_place(const struct csv_row *row, int column)
{
	struct extent at = row->at[column];
	return at.length ? at : (struct extent){at.offset, 1};
}

static void
cell_mistake(struct loading *load, const struct csv_row *row, int column, enum mistake mistake)
{
	source_mistake(&load->source, cell_place(row, column), NO_HINT, mistake);
}

/* A code as it is compared: without leading zeros; NULL: reported. */
static const char *
cell_code(struct loading *load, const struct csv_row *row, int column)
{
	struct slice cell = row->cell[column];
	while (cell.length > 1 && cell.data[0] == '0') {
		cell.data++;
		cell.length--;
	}
	bool has_control = false;
	for (size_t i = 0; i < cell.length; i++)
		has_control |= (unsigned char)cell.data[i] < 0x20 || cell.data[i] == 0x7f;
	if (cell.length >= 1 && cell.length <= 16 && !has_control)
		return cell.data;
	cell_mistake(load, row, column, MISTAKE_cell_code);
	return NULL;
}

static bool
is_digits(struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

static const char *
cell_region(struct loading *load, const struct csv_row *row, int column, bool may_be_empty)
{
	struct slice cell = row->cell[column];
	if (is_digits(cell) && cell.length <= 16 && (cell.length ? cell.data[0] != '0' : may_be_empty))
		return cell.data;
	cell_mistake(load, row, column, MISTAKE_cell_region);
	return NULL;
}

/* Index of the cell in the words; -1: reported. */
static int
cell_word(struct loading *load, const struct csv_row *row, int column, const char *const *words, size_t count)
{
	struct slice cell = row->cell[column];
	for (size_t i = 0; i < count; i++)
		if (slice_equal(cell, slice_of(words[i])))
			return (int)i;
	source_mistake(&load->source, cell_place(row, column), hint_word(load->diags, cell, words, count), MISTAKE_cell_word,
	    load->csv.column[column], SLICE_ARG(cell));
	return -1;
}

static const char *
cell_filled(struct loading *load, const struct csv_row *row, int column)
{
	if (row->cell[column].length > 0 && row->cell[column].length <= 256)
		return row->cell[column].data;
	cell_mistake(load, row, column, MISTAKE_cell_empty);
	return NULL;
}

/* An identifier is exact; NULL: reported. */
static const char *
cell_identifier(struct loading *load, const struct csv_row *row, int column)
{
	const char *text = cell_filled(load, row, column);
	if (!text || row->cell[column].length <= 64)
		return text;
	cell_mistake(load, row, column, MISTAKE_cell_identifier);
	return NULL;
}

/* The first key_cells of the cells are the key. */
static void
keep(struct loading *load, const struct csv_row *row, void *made, const char *const *cells, size_t count, size_t key_cells)
{
	if (load->count == load->slots) {
		load->slots = load->slots ? 2 * load->slots : 256;
		load->draft = realloc(load->draft, load->slots * sizeof *load->draft);
		if (!load->draft)
			abort();
	}
	struct buffer text = {0};
	size_t key = 0;
	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_char(&text, '\x1f');
		buffer_text(&text, cells[i]);
		if (i + 1 == key_cells)
			key = text.length;
	}
	load->draft[load->count++] = (struct draft){arena_copy(load->arena, text.data, key),
	    arena_copy(load->arena, text.data, text.length), row->line, made};
	buffer_free(&text);
}

static int
draft_order(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;
	int order = strcmp(x->key, y->key);
	return order ? order : (x->at.offset > y->at.offset) - (x->at.offset < y->at.offset);
}

/* Sorts the rows by key, reports keys that stand twice, and writes the canonical rows. */
static void
settle_rows(struct loading *load, const char *name)
{
	struct buffer *out = &load->tables->canonical;
	buffer_text(out, name);
	buffer_char(out, '\n');
	if (load->count)
		qsort(load->draft, load->count, sizeof *load->draft, draft_order);
	for (size_t i = 0; i < load->count; i++) {
		const struct draft *draft = &load->draft[i];
		buffer_text(out, draft->line);
		buffer_char(out, '\n');
		if (i == 0 || strcmp(draft[-1].key, draft->key) != 0 || csv_is_hopeless(&load->csv))
			continue;
		int line, column;
		source_place(&load->source, draft[-1].at.offset, &line, &column);
		source_mistake(&load->source, draft->at, NO_HINT, MISTAKE_line_repeated, line);
	}
}

/* ---- the tables one by one: each takes a row of its CSV and keeps it or reports why not ---- */

static void
take_identity(struct loading *load, const struct csv_row *row)
{
	const char *region = cell_region(load, row, 0, true), *code = cell_code(load, row, 1);
	int class = cell_word(load, row, 2, class_names, CLASS_COUNT);
	if (!region || !code || class < 0)
		return;
	struct code_row *made = arena_alloc(load->arena, sizeof *made);
	*made = (struct code_row){NO_FIELD, code, region, class};
	keep(load, row, made, (const char *[]){region, code, class_names[class]}, 3, 2);
}

static void
take_level(struct loading *load, const struct csv_row *row)
{
	static const char *const fields[] = {"dedc_hosp_lv", "hosp_lv"};
	static const int numbers[] = {FIELD_dedc_hosp_lv, FIELD_hosp_lv};
	const char *region = cell_region(load, row, 0, true), *code = cell_code(load, row, 2);
	int field = cell_word(load, row, 1, fields, COUNT(fields));
	int level = cell_word(load, row, 3, level_names, COUNT(level_names));
	if (!region || field < 0 || !code || level < 0)
		return;
	struct code_row *made = arena_alloc(load->arena, sizeof *made);
	*made = (struct code_row){numbers[field], code, region, level};
	keep(load, row, made, (const char *[]){region, fields[field], code, level_names[level]}, 4, 3);
}

static bool
is_set_name(struct slice name)
{
	if (name.length == 0 || name.length > 40 || (name.data[0] >= '0' && name.data[0] <= '9'))
		return false;
	for (size_t i = 0; i < name.length; i++)
		if (!((name.data[i] >= 'a' && name.data[i] <= 'z') || (name.data[i] >= '0' && name.data[i] <= '9')
		    || name.data[i] == '_'))
			return false;
	return true;
}

static int
set_number(struct loading *load, const struct csv_row *row, int column, int field)
{
	struct tables *tables = load->tables;
	struct slice name = row->cell[column];
	int known = tables_set(tables, field, name);
	if (known >= 0)
		return known;
	if (!is_set_name(name)) {
		cell_mistake(load, row, column, MISTAKE_set_name);
		return -1;
	}
	if (tables->set_count == TABLES_SETS_MAX) {
		cell_mistake(load, row, column, MISTAKE_sets_many);
		return -1;
	}
	tables->set[tables->set_count] = (struct code_set){field, name.data};
	return (int)tables->set_count++;
}

static void
take_set(struct loading *load, const struct csv_row *row, int field, const char *field_name, int code_column)
{
	bool is_exact = settlement_fields[field].type == TYPE_ID;
	const char *region = cell_region(load, row, 0, true);
	const char *code = is_exact ? cell_identifier(load, row, code_column) : cell_code(load, row, code_column);
	int set = set_number(load, row, code_column + 1, field);
	if (!region || !code || set < 0)
		return;
	struct code_row *made = arena_alloc(load->arena, sizeof *made);
	*made = (struct code_row){field, code, region, set};
	keep(load, row, made, (const char *[]){region, field_name, code, load->tables->set[set].name}, 4, 4);
}

static void
take_medtype(struct loading *load, const struct csv_row *row)
{
	take_set(load, row, FIELD_med_type, "med_type", 1);
}

static void
take_payment(struct loading *load, const struct csv_row *row)
{
	static const char *const fields[] = {"clr_way", "hi_paymtd"};
	static const int numbers[] = {FIELD_clr_way, FIELD_hi_paymtd};
	int field = cell_word(load, row, 1, fields, COUNT(fields));
	if (field >= 0)
		take_set(load, row, numbers[field], fields[field], 2);
}

/* Codes, diseases and institutions may be in sets of codes.csv; med_type, clr_way and hi_paymtd have tables of their own. */
static bool
may_be_in_codes(int field)
{
	if (field == FIELD_med_type || field == FIELD_clr_way || field == FIELD_hi_paymtd)
		return false;
	return settlement_fields[field].type == TYPE_CODE || field == FIELD_dise_codg || field == FIELD_fixmedins_code;
}

static void
take_code(struct loading *load, const struct csv_row *row)
{
	const char *names[SETTLEMENT_FIELDS];
	int numbers[SETTLEMENT_FIELDS];
	size_t count = 0;
	for (int i = 0; i < SETTLEMENT_FIELDS; i++) {
		if (!may_be_in_codes(i))
			continue;
		names[count] = settlement_fields[i].name;
		numbers[count++] = i;
	}
	int field = cell_word(load, row, 1, names, count);
	if (field >= 0)
		take_set(load, row, numbers[field], names[field], 2);
}

static void
take_pool(struct loading *load, const struct csv_row *row)
{
	const char *prefix = cell_region(load, row, 0, false), *pool = cell_region(load, row, 1, false);
	if (!prefix || !pool)
		return;
	struct pool_row *made = arena_alloc(load->arena, sizeof *made);
	*made = (struct pool_row){prefix, pool};
	keep(load, row, made, (const char *[]){prefix, pool}, 2, 1);
}

static void
take_institution(struct loading *load, const struct csv_row *row)
{
	const char *code = cell_identifier(load, row, 0), *area = cell_region(load, row, 2, false);
	int level = cell_word(load, row, 3, level_names, COUNT(level_names));
	if (!code || !area || level < 0)
		return;
	keep(load, row, NULL, (const char *[]){code, row->cell[1].data, area, level_names[level], row->cell[4].data}, 5, 1);
}

/* A day, or none where the cell may be empty; false: reported. */
static bool
cell_day(struct loading *load, const struct csv_row *row, int column, int32_t none, int32_t *day)
{
	struct slice cell = row->cell[column];
	*day = none;
	if ((cell.length == 0 && none) || (cell.length == 10 && cell.data[4] == '-' && date_parse(cell.data, cell.length, day)))
		return true;
	cell_mistake(load, row, column, MISTAKE_cell_day);
	return false;
}

static bool
cell_begins(struct loading *load, const struct csv_row *row, int column, int *begins)
{
	struct slice cell = row->cell[column];
	*begins = cell.length >= 1 && cell.length <= 2 && is_digits(cell) && cell.data[0] != '0' ? atoi(cell.data) - 1 : -1;
	if (*begins >= 0 && *begins < 12)
		return true;
	cell_mistake(load, row, column, MISTAKE_cell_begins);
	return false;
}

static void
take_benefit_year(struct loading *load, const struct csv_row *row)
{
	struct benefit_row made = {.region = cell_region(load, row, 0, true), .psn_type = ""};
	if (row->cell[1].length)
		made.psn_type = cell_code(load, row, 1);
	bool is_good = cell_begins(load, row, 2, &made.begins);
	is_good &= cell_day(load, row, 3, 0, &made.from);
	is_good &= cell_day(load, row, 4, INT32_MAX, &made.to);
	if (!is_good || !made.region || !made.psn_type)
		return;
	if (made.from > made.to) {
		source_mistake(&load->source, cell_place(row, 4), NO_HINT, MISTAKE_from_after_to);
		return;
	}
	struct benefit_row *kept = arena_alloc(load->arena, sizeof *kept);
	*kept = made;
	char from[TIME_TEXT_SIZE];
	keep(load, row, kept, (const char *[]){made.region, made.psn_type, day_text(made.from, from), row->cell[2].data, row->cell[4].data}, 5, 3);
}

/* The rows are sorted by region, kind of person and first day. */
static void
check_benefit_years(struct loading *load)
{
	for (size_t i = 1; i < load->count; i++) {
		const struct benefit_row *before = load->draft[i - 1].row, *row = load->draft[i].row;
		if (strcmp(before->region, row->region) != 0 || strcmp(before->psn_type, row->psn_type) != 0 || before->from == row->from
		    || before->to < row->from)
			continue;
		int line, column;
		source_place(&load->source, load->draft[i - 1].at.offset, &line, &column);
		source_mistake(&load->source, load->draft[i].at, NO_HINT, MISTAKE_benefit_overlap, line);
	}
}

static int
benefit_order(const void *a, const void *b)
{
	const struct benefit_row *x = a, *y = b;
	size_t x_length = strlen(x->region), y_length = strlen(y->region);
	if (x_length != y_length)
		return x_length > y_length ? -1 : 1;
	bool x_any = *x->psn_type == '\0', y_any = *y->psn_type == '\0';
	return x_any != y_any ? x_any - y_any : (x->from > y->from) - (x->from < y->from);
}

static void
keep_benefit_years(struct loading *load)
{
	struct tables *tables = load->tables;
	check_benefit_years(load);
	tables->benefit = arena_alloc(load->arena, (load->count + 1) * sizeof *tables->benefit);
	for (size_t i = 0; i < load->count; i++)
		tables->benefit[tables->benefits++] = *(const struct benefit_row *)load->draft[i].row;
	qsort(tables->benefit, tables->benefits, sizeof *tables->benefit, benefit_order);
}

static bool
parse_month(struct slice text, int32_t *month)
{
	if (text.length != 7 || text.data[4] != '-' || !is_digits((struct slice){text.data, 4})
	    || !is_digits((struct slice){text.data + 5, 2}))
		return false;
	int32_t number = atoi(text.data + 5);
	*month = atoi(text.data) * 12 + number - 1;
	return number >= 1 && number <= 12;
}

static void
take_population(struct loading *load, const struct csv_row *row)
{
	const char *pool = cell_region(load, row, 0, false);
	int class = cell_word(load, row, 2, class_names, CLASS_COUNT);
	struct slice persons = row->cell[4];
	int32_t month = 0;
	bool has_month = parse_month(row->cell[3], &month);
	bool has_persons = persons.length > 0 && persons.length <= 10 && is_digits(persons);
	if (!has_month)
		cell_mistake(load, row, 3, MISTAKE_cell_month);
	if (!has_persons)
		cell_mistake(load, row, 4, MISTAKE_cell_persons);
	if (row->cell[1].length > 64)
		cell_mistake(load, row, 1, MISTAKE_cell_identifier);
	if (!pool || class < 0 || !has_month || !has_persons || row->cell[1].length > 64)
		return;
	struct population_row *made = arena_alloc(load->arena, sizeof *made);
	*made = (struct population_row){pool, row->cell[1].data, (enum identity_class)class, month, atoll(persons.data)};
	char month_name[TIME_TEXT_SIZE];
	keep(load, row, made, (const char *[]){pool, made->township, class_names[class], month_text(month, month_name),
	    arena_printf(load->arena, "%lld", (long long)made->persons)}, 5, 4);
}

/* ---- loading ---- */

static const char *const identity_columns[] = {"region", "code", "class"};
static const char *const level_columns[] = {"region", "field", "code", "level"};
static const char *const medtype_columns[] = {"region", "code", "set"};
static const char *const payment_columns[] = {"region", "field", "code", "set"};
static const char *const codes_columns[] = {"region", "field", "code", "set"};
static const char *const pools_columns[] = {"prefix", "pool"};
static const char *const institutions_columns[] = {"fixmedins_code", "name", "area", "level", "type"};
static const char *const population_columns[] = {"pool", "township", "class", "month", "persons"};

static const char *const benefit_years_columns[] = {"region", "psn_type", "begins", "from", "to"};

static const struct schema {
	const char *name;
	const char *const *columns;
	size_t count;
	bool optional;
	void (*take)(struct loading *, const struct csv_row *);
} schemas[] = {
	{"identity", identity_columns, COUNT(identity_columns), false, take_identity},
	{"level", level_columns, COUNT(level_columns), false, take_level},
	{"medtype", medtype_columns, COUNT(medtype_columns), false, take_medtype},
	{"payment", payment_columns, COUNT(payment_columns), false, take_payment},
	{"codes", codes_columns, COUNT(codes_columns), true, take_code},
	{"pools", pools_columns, COUNT(pools_columns), false, take_pool},
	{"institutions", institutions_columns, COUNT(institutions_columns), true, take_institution},
	{"population", population_columns, COUNT(population_columns), true, take_population},
	{"benefit_years", benefit_years_columns, COUNT(benefit_years_columns), true, take_benefit_year},
};

static int
code_row_order(const void *a, const void *b)
{
	const struct code_row *x = a, *y = b;
	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	int order = strcmp(x->code, y->code);
	if (order)
		return order;
	size_t x_length = strlen(x->region), y_length = strlen(y->region);
	if (x_length != y_length)
		return x_length > y_length ? -1 : 1;
	order = strcmp(x->region, y->region);
	return order ? order : (x->value > y->value) - (x->value < y->value);
}

static void
add_code_rows(struct loading *load, struct code_table *table)
{
	struct code_row *row = arena_alloc(load->arena, (table->rows + load->count + 1) * sizeof *row);
	if (table->rows)
		memcpy(row, table->row, table->rows * sizeof *row);
	for (size_t i = 0; i < load->count; i++)
		row[table->rows + i] = *(const struct code_row *)load->draft[i].row;
	table->row = row;
	table->rows += load->count;
	qsort(table->row, table->rows, sizeof *row, code_row_order);
}

static int
population_order(const void *a, const void *b)
{
	const struct population_row *x = a, *y = b;
	int order = strcmp(x->pool, y->pool);
	if (order == 0)
		order = strcmp(x->township, y->township);
	if (order == 0)
		order = (x->class > y->class) - (x->class < y->class);
	return order ? order : (x->month > y->month) - (x->month < y->month);
}

static void
keep_table(struct loading *load, const struct schema *schema)
{
	struct tables *tables = load->tables;
	if (schema->take == take_identity)
		add_code_rows(load, &tables->identity);
	else if (schema->take == take_level)
		add_code_rows(load, &tables->level);
	else if (schema->take == take_medtype || schema->take == take_payment || schema->take == take_code)
		add_code_rows(load, &tables->sets);
	tables->has_medtype |= schema->take == take_medtype;
	tables->has_payment |= schema->take == take_payment;
	tables->has_codes |= schema->take == take_code;
	if (schema->take == take_benefit_year)
		keep_benefit_years(load);
	if (schema->take == take_pool) {
		tables->pool = arena_alloc(load->arena, (load->count + 1) * sizeof *tables->pool);
		for (size_t i = 0; i < load->count; i++)
			tables->pool[tables->pools++] = *(const struct pool_row *)load->draft[i].row;
	}
	if (schema->take == take_population) {
		tables->population = arena_alloc(load->arena, (load->count + 1) * sizeof *tables->population);
		for (size_t i = 0; i < load->count; i++)
			tables->population[tables->populations++] = *(const struct population_row *)load->draft[i].row;
		qsort(tables->population, tables->populations, sizeof *tables->population, population_order);
	}
}

static void
load_table(struct tables *tables, struct arena *arena, const char *directory, const struct schema *schema, struct diags *diags)
{
	const char *path = arena_printf(arena, "%s/%s.csv", directory, schema->name);
	struct loading load = {.tables = tables, .arena = arena, .diags = diags};
	if (schema->optional && access(path, F_OK) != 0 && errno == ENOENT) {
		tables->has_codes |= schema->take == take_code;         /* there are none, and nothing to report */
		return;
	}
	if (!source_read(&load.source, arena, path, TABLE_BYTES_MAX, diags)
	    || !csv_open(&load.csv, &load.source, arena, schema->columns, schema->count))
		return;
	struct csv_row row;
	while (csv_next(&load.csv, &row))
		schema->take(&load, &row);
	settle_rows(&load, schema->name);
	keep_table(&load, schema);
	if (schema->take == take_medtype && tables_set(tables, FIELD_med_type, SLICE("inpatient")) < 0)
		source_mistake(&load.source, (struct extent){0, 1}, NO_HINT, MISTAKE_no_inpatient);
	tables->source[tables->sources++] = load.source;
	free(load.draft);
}

static int
text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
collect_regions(struct tables *tables, struct arena *arena)
{
	size_t count = 0;
	tables->set_region = arena_alloc(arena, (tables->sets.rows + 1) * sizeof *tables->set_region);
	for (size_t i = 0; i < tables->sets.rows; i++)
		tables->set_region[count++] = tables->sets.row[i].region;
	qsort(tables->set_region, count, sizeof *tables->set_region, text_order);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(tables->set_region[i], tables->set_region[i - 1]) != 0)
			tables->set_region[tables->set_regions++] = tables->set_region[i];
}

struct tables *
tables_load(struct arena *arena, const char *directory, struct diags *diags)
{
	struct tables *tables = arena_alloc(arena, sizeof *tables);
	for (size_t i = 0; i < COUNT(schemas); i++)
		load_table(tables, arena, directory, &schemas[i], diags);
	collect_regions(tables, arena);
	return tables;
}
