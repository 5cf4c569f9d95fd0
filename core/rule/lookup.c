/* Questions to the tables: the longest region that says anything about a code decides. */
#include "core/rule/tables.h"

int
tables_set(const struct tables *tables, int field, struct slice name)
{
	for (size_t i = 0; i < tables->set_count; i++)
		if (tables->set[i].field == field && slice_equal(name, slice_of(tables->set[i].name)))
			return (int)i;
	return -1;
}

size_t
tables_set_names(const struct tables *tables, int field, const char *list[TABLES_SETS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < tables->set_count; i++)
		if (tables->set[i].field == field)
			list[count++] = tables->set[i].name;
	return count;
}

/* First row of the field and code whose region holds the area, NULL: none.  It has the longest such region; rows of the
 * same region follow it. */
static const struct code_row *
code_find(const struct code_table *table, int field, struct slice code, struct slice area)
{
	size_t low = 0, high = table->rows;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct code_row *row = &table->row[middle];
		if (row->field < field || (row->field == field && slice_compare(slice_of(row->code), code) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < table->rows; low++) {
		const struct code_row *row = &table->row[low];
		if (row->field != field || !slice_equal(slice_of(row->code), code))
			return NULL;
		if (slice_starts_with(area, slice_of(row->region)))
			return row;
	}
	return NULL;
}

bool
tables_in_set(const struct tables *tables, int field, struct slice code, struct slice area, int set)
{
	const struct code_row *first = code_find(&tables->sets, field, code, area);
	const struct code_row *end = tables->sets.row + tables->sets.rows;
	if (!first)
		return false;
	for (const struct code_row *row = first; row < end && row->field == field && strcmp(row->code, first->code) == 0
	    && strcmp(row->region, first->region) == 0; row++)
		if (row->value == set)
			return true;
	return false;
}

static struct slice
area_code(const struct area *area)
{
	return area ? slice_of(area->code) : (struct slice){NULL, 0};
}

enum identity_class
tables_class(const struct ruleset *set, const struct area *area, struct slice psn_idet_type)
{
	const struct code_row *row = code_find(&set->tables->identity, NO_FIELD, psn_idet_type, area_code(area));
	return row ? (enum identity_class)row->value : CLASS_other;
}

int
tables_level(const struct ruleset *set, const struct area *area, const struct claim *claim)
{
	static const int fields[] = {FIELD_dedc_hosp_lv, FIELD_hosp_lv};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!claim_has(claim, (unsigned)fields[i]))
			continue;
		const struct code_row *row = code_find(&set->tables->level, fields[i],
		    claim_text(claim, (unsigned)fields[i]), area_code(area));
		if (row)
			return (int)row->value;
	}
	return -1;
}

uint32_t
tables_begins(const struct ruleset *set, const struct area *area, struct slice psn_type, int32_t day)
{
	const struct tables *tables = set->tables;
	struct slice code = area_code(area);
	for (size_t i = 0; i < tables->benefits; i++) {
		const struct benefit_row *row = &tables->benefit[i];
		bool is_of_kind = *row->psn_type == '\0' || slice_equal(psn_type, slice_of(row->psn_type));
		if (is_of_kind && row->from <= day && day <= row->to && slice_starts_with(code, slice_of(row->region)))
			return (uint32_t)row->begins;
	}
	return 0;
}

uint32_t
tables_beginnings(const struct ruleset *set)
{
	uint32_t months = 1;
	for (size_t i = 0; i < set->tables->benefits; i++)
		months |= 1u << set->tables->benefit[i].begins;
	return months;
}

const char *
tables_pool(const struct tables *tables, struct arena *arena, struct slice area)
{
	const struct pool_row *best = NULL;
	for (size_t i = 0; i < tables->pools; i++)
		if (slice_starts_with(area, slice_of(tables->pool[i].prefix))
		    && (!best || strlen(tables->pool[i].prefix) > strlen(best->prefix)))
			best = &tables->pool[i];
	if (best)
		return best->pool;
	static const char *const whole_provinces[] = {"11", "12", "31", "50"};
	size_t digits = 4;
	for (size_t i = 0; i < sizeof whole_provinces / sizeof whole_provinces[0]; i++)
		if (slice_starts_with(area, slice_of(whole_provinces[i])))
			digits = 2;
	return arena_copy(arena, area.data, area.length < digits ? area.length : digits);
}

int64_t
tables_population(const struct ruleset *set, const char *pool, struct slice township, enum identity_class class, int32_t month)
{
	const struct tables *tables = set->tables;
	size_t low = 0, high = tables->populations;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct population_row *row = &tables->population[middle];
		int order = strcmp(row->pool, pool);
		if (order == 0)
			order = slice_compare(slice_of(row->township), township);
		if (order == 0)
			order = (row->class > class) - (row->class < class);
		if (order == 0)
			order = (row->month > month) - (row->month < month);
		if (order == 0)
			return row->persons;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}
