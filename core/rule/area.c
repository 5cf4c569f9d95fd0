/* Areas: the pool, the sets and the parameter rows that an insu_admdvs sees.  What costs memory is worked out once for
 * all areas that see the same: an area by itself is its code and a few pointers. */
#include "core/rule/matcher.h"

#include "core/base/hash.h"
#include "core/base/memory.h"

#include <stdlib.h>

#define FIRST_SLOTS 256

static int
text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
collect_row_regions(struct matcher *matcher)
{
	const struct ruleset *set = matcher->set;
	size_t rows = 0, count = 0;
	for (size_t i = 0; i < set->rules; i++)
		for (size_t j = 0; j < set->rule[i].params; j++)
			rows += set->rule[i].param[j].rows;
	const char **region = arena_alloc(&matcher->arena, (rows + 1) * sizeof *region);
	for (size_t i = 0; i < set->rules; i++)
		for (size_t j = 0; j < set->rule[i].params; j++)
			for (size_t k = 0; k < set->rule[i].param[j].rows; k++)
				region[count++] = set->rule[i].param[j].row[k].region;
	qsort(region, count, sizeof *region, text_order);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(region[i], region[i - 1]) != 0)
			region[matcher->row_regions++] = region[i];
	matcher->row_region = region;
}

void
areas_init(struct matcher *matcher)
{
	const struct ruleset *set = matcher->set;
	matcher->area_slots = FIRST_SLOTS;
	matcher->area = memory_resize(NULL, FIRST_SLOTS * sizeof *matcher->area);
	memset(matcher->area, 0, FIRST_SLOTS * sizeof *matcher->area);
	matcher->first_param = arena_alloc(&matcher->arena, (set->rules + 1) * sizeof *matcher->first_param);
	for (size_t i = 0; i < set->rules; i++) {
		matcher->first_param[i] = (uint32_t)matcher->params;
		matcher->params += set->rule[i].params;
	}
	collect_row_regions(matcher);
	matcher->rows = arena_alloc(&matcher->arena, (matcher->row_regions + 1) * sizeof *matcher->rows);
	matcher->view = arena_alloc(&matcher->arena, (set->tables->set_regions + 1) * sizeof *matcher->view);
	for (size_t i = 0; i <= set->tables->set_regions; i++)
		matcher->view[i].number = (uint32_t)i;
}

void
areas_free(struct matcher *matcher)
{
	free(matcher->area);
}

/* ---- what an area sees ---- */

/* Number of the longest region that holds the code + 1; 0: none. */
static size_t
longest_region(const char *const *region, size_t count, struct slice code)
{
	size_t longest = 0;
	for (size_t i = 0; i < count; i++)
		if (slice_starts_with(code, slice_of(region[i])))
			longest = i + 1;        /* sorted: a longer prefix of the code comes later */
	return longest;
}

static void
candidates_make(struct matcher *matcher, struct candidates *out, const struct param *param, struct slice code)
{
	out->row = arena_alloc(&matcher->arena, (param->rows + 1) * sizeof *out->row);
	for (size_t i = 0; i < param->rows; i++) {
		const struct param_row *row = &param->row[i];
		if (row->is_floor || !slice_starts_with(code, slice_of(row->region)))
			continue;
		size_t place = out->count++;
		for (; place > 0 && strlen(out->row[place - 1]->region) < strlen(row->region); place--)
			out->row[place] = out->row[place - 1];
		out->row[place] = row;
	}
}

static const struct area_rows *
rows_make(struct matcher *matcher, struct slice code)
{
	const struct ruleset *set = matcher->set;
	struct area_rows *rows = arena_alloc(&matcher->arena, sizeof *rows + (matcher->params + 1) * sizeof rows->param[0]);
	rows->rule = set->rule;
	rows->first = matcher->first_param;
	for (size_t i = 0; i < set->rules; i++)
		for (size_t j = 0; j < set->rule[i].params; j++)
			candidates_make(matcher, &rows->param[matcher->first_param[i] + j], &set->rule[i].param[j], code);
	return rows;
}

static const struct area_rows *
rows_find(struct matcher *matcher, struct slice code)
{
	size_t number = longest_region(matcher->row_region, matcher->row_regions, code);
	if (!matcher->rows[number])
		matcher->rows[number] = rows_make(matcher, code);
	return matcher->rows[number];
}

static const struct area *
area_make(struct matcher *matcher, struct slice insu_admdvs)
{
	const struct tables *tables = matcher->set->tables;
	struct area *area = arena_alloc(&matcher->arena, sizeof *area);
	area->number = (uint32_t)matcher->areas;
	area->code = arena_copy(&matcher->arena, insu_admdvs.data, insu_admdvs.length);
	area->pool = tables_pool(tables, &matcher->arena, insu_admdvs);
	area->rows = rows_find(matcher, slice_of(area->code));
	area->sets = &matcher->view[longest_region(tables->set_region, tables->set_regions, slice_of(area->code))];
	return area;
}

/* ---- by code ---- */

static const struct area **
slot_find(const struct matcher *matcher, struct slice code)
{
	size_t mask = matcher->area_slots - 1;
	size_t slot = hash64(code.data, code.length) & mask;
	while (matcher->area[slot] && !slice_equal(slice_of(matcher->area[slot]->code), code))
		slot = (slot + 1) & mask;
	return &matcher->area[slot];
}

static void
areas_grow(struct matcher *matcher)
{
	const struct area **old = matcher->area;
	size_t slots = matcher->area_slots;
	matcher->area_slots = 2 * slots;
	matcher->area = memory_resize(NULL, matcher->area_slots * sizeof *matcher->area);
	memset(matcher->area, 0, matcher->area_slots * sizeof *matcher->area);
	for (size_t i = 0; i < slots; i++)
		if (old[i])
			*slot_find(matcher, slice_of(old[i]->code)) = old[i];
	free(old);
}

const struct area *
matcher_area(struct matcher *matcher, struct slice insu_admdvs)
{
	if (insu_admdvs.length == 0)
		insu_admdvs = SLICE("");
	const struct area **slot = slot_find(matcher, insu_admdvs);
	if (*slot)
		return *slot;
	if (2 * (matcher->areas + 1) > matcher->area_slots) {
		areas_grow(matcher);
		slot = slot_find(matcher, insu_admdvs);
	}
	*slot = area_make(matcher, insu_admdvs);
	matcher->areas++;
	return *slot;
}

/* ---- parameters ---- */

/* Rows of one region that hold on the day: the one of the tier, else the one of any tier.  An unknown tier gives the
 * highest value, so that what is above it is above in any case. */
static const struct param_row *
choose(const struct param_row *const *row, size_t count, struct slice tier, int32_t day, bool *tier_unknown)
{
	const struct param_row *of_any = NULL, *of_tier = NULL, *highest = NULL;
	bool has_tiers = false;
	for (size_t i = 0; i < count; i++) {
		if (day < row[i]->from || day > row[i]->to)
			continue;
		has_tiers |= row[i]->tier != NULL;
		if (!row[i]->tier)
			of_any = row[i];
		else if (slice_equal(slice_of(row[i]->tier), tier))
			of_tier = row[i];
		if (!highest || row[i]->value > highest->value)
			highest = row[i];
	}
	if (tier.length > 0 || !has_tiers)
		return of_tier ? of_tier : of_any;
	*tier_unknown = true;
	return highest;
}

const struct param_row *
param_find(const struct rule *rule, int32_t param, const struct area *area, struct slice tier, int32_t day, bool *tier_unknown)
{
	bool ignored;
	if (!tier_unknown)
		tier_unknown = &ignored;
	*tier_unknown = false;
	if (param < 0)
		return NULL;
	const struct area_rows *rows = area->rows;
	const struct candidates *list = &rows->param[rows->first[rule - rows->rule] + (uint32_t)param];
	for (size_t start = 0, end; start < list->count; start = end) {
		size_t length = strlen(list->row[start]->region);
		for (end = start + 1; end < list->count && strlen(list->row[end]->region) == length;)
			end++;
		const struct param_row *row = choose(list->row + start, end - start, tier, day, tier_unknown);
		if (row)
			return row;
	}
	return NULL;
}
