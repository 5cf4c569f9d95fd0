/* See params_why.h. */
#include "replay/params_why.h"

#include "core/base/memory.h"

#include <stdlib.h>

/* No row names a tier so long: whoever is of it is of none that has rows of its own. */
#define EVERYBODY_ELSE SLICE("everybody else is here")

static const struct param *
param_of(const struct whys *whys)
{
	return &whys->rule->param[whys->param];
}

static bool
holds_area(const struct whys *whys, const struct param_row *row)
{
	return slice_starts_with(slice_of(whys->area->code), slice_of(row->region));
}

static bool
holds_tier(const struct param_row *row, const char *tier)
{
	return !row->tier || (tier && strcmp(row->tier, tier) == 0);
}

static bool
holds_day(const struct param_row *row, int32_t day)
{
	return row->from <= day && day <= row->to;
}

static const struct param_row *
find(const struct whys *whys, const char *tier, int32_t day)
{
	return param_find(whys->rule, whys->param, whys->area, tier ? slice_of(tier) : EVERYBODY_ELSE, day, NULL);
}

/* ---- which tiers ---- */

static void
tier_add(struct whys *whys, const char *tier)
{
	size_t place = 0;
	while (place < whys->count && whys->why[place].tier && strcmp(whys->why[place].tier, tier) < 0)
		place++;
	if (place < whys->count && whys->why[place].tier && strcmp(whys->why[place].tier, tier) == 0)
		return;
	memmove(whys->why + place + 1, whys->why + place, (whys->count - place) * sizeof *whys->why);
	whys->why[place] = (struct why){.tier = tier};
	whys->count++;
}

/* ---- what comes next ---- */

/* The first day after `day` on which any row begins or has just ended; INT32_MAX: none. */
static int32_t
next_edge(const struct whys *whys, int32_t day)
{
	int32_t next = INT32_MAX;
	const struct param *param = param_of(whys);
	for (size_t i = 0; i < param->rows; i++) {
		const struct param_row *row = &param->row[i];
		if (row->from > day && row->from < next)
			next = row->from;
		if (row->to >= day && row->to < INT32_MAX && row->to + 1 < next)
			next = row->to + 1;
	}
	return next;
}

static void
find_next(const struct whys *whys, struct why *why)
{
	int32_t day = next_edge(whys, whys->day);
	while (day < INT32_MAX && find(whys, why->tier, day) == why->row)
		day = next_edge(whys, day);
	why->next_day = day;
	why->next = day < INT32_MAX ? find(whys, why->tier, day) : NULL;
}

/* ---- why nothing ---- */

static bool
is_nearer(const struct param_row *row, const struct param_row *than, int32_t day)
{
	if (!than)
		return true;
	bool row_comes = row->from > day, than_comes = than->from > day;
	if (row_comes != than_comes)
		return !row_comes;              /* what held before says more than what is to come */
	return row_comes ? row->from < than->from : row->to > than->to;
}

static void
find_reason(const struct whys *whys, struct why *why)
{
	const struct param *param = param_of(whys);
	bool earlier = false, later = false, other_tier = false;
	for (size_t i = 0; i < param->rows; i++) {
		const struct param_row *row = &param->row[i];
		if (row->is_floor || !holds_area(whys, row))
			continue;
		if (!holds_tier(row, why->tier)) {
			other_tier |= holds_day(row, whys->day);
			continue;
		}
		earlier |= row->to < whys->day;
		later |= row->from > whys->day;
		if (is_nearer(row, why->nearest, whys->day))
			why->nearest = row;
	}
	why->nothing = other_tier ? NOTHING_FOR_TIER : earlier && later ? NOTHING_BETWEEN : earlier ? NOTHING_AFTER
	    : later ? NOTHING_BEFORE : NOTHING_IN_REGION;
}

/* Of tiers whose rows are all of other days only what is in force for everybody is told. */
static bool
is_told(const struct whys *whys, const struct why *why, const struct why *everybody)
{
	return why == everybody || why->row != everybody->row || why->next != everybody->next || why->next_day != everybody->next_day
	    || (!why->row && why->nothing != everybody->nothing && whys->count > 1);
}

struct whys
whys_make(const struct rule *rule, int32_t param, const struct area *area, int32_t day)
{
	struct whys whys = {.rule = rule, .param = param, .area = area, .day = day};
	const struct param *rows = &rule->param[param];
	whys.why = memory_resize(NULL, (rows->rows + 1) * sizeof *whys.why);
	whys.why[whys.count++] = (struct why){0};
	for (size_t i = 0; i < rows->rows; i++)
		if (rows->row[i].tier && !rows->row[i].is_floor && holds_area(&whys, &rows->row[i]))
			tier_add(&whys, rows->row[i].tier);
	for (size_t i = 0; i < whys.count; i++) {
		struct why *why = &whys.why[i];
		why->row = find(&whys, why->tier, day);
		find_next(&whys, why);
		if (!why->row)
			find_reason(&whys, why);
	}
	struct why everybody = whys.why[whys.count - 1];
	size_t kept = 0;
	for (size_t i = 0; i + 1 < whys.count; i++)
		if (is_told(&whys, &whys.why[i], &everybody))
			whys.why[kept++] = whys.why[i];
	whys.why[kept++] = everybody;
	whys.count = kept;
	return whys;
}

void
whys_free(struct whys *whys)
{
	free(whys->why);
	*whys = (struct whys){0};
}

const struct param_row *
whys_beside(const struct whys *whys, const struct why *why, enum beside beside, size_t *index)
{
	const struct param *param = param_of(whys);
	while (*index < param->rows) {
		const struct param_row *row = &param->row[(*index)++];
		if (row == why->row || !holds_area(whys, row) || !holds_tier(row, why->tier) || !holds_day(row, whys->day))
			continue;
		enum beside is = row->is_floor ? BESIDE_FLOOR : BESIDE_BEATEN;
		if (is == beside)
			return row;
	}
	return NULL;
}
