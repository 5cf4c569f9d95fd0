/* What stands under one ruleset and not under the other, and the sums of it. */
#include "replay/diff.h"

#include "core/base/money.h"
#include "replay/line.h"

#include <stdlib.h>

/* ---- two lines ---- */

/* What makes an alert another one; not its revision, status and cause, which tell how it came about, and not the words of the
 * rule's head. */
static const char *const part[] = {"subject", "finding", "amount_at_risk_fen", "param", "basis", "evidence", "event_time"};
static const char *const head_part[] = {"family", "grade", "severity", "mode", "detector"};

static bool
lines_differ(struct slice old, struct slice new)
{
	for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
		if (!slice_equal(line_member(old, part[i]), line_member(new, part[i])))
			return true;
	for (size_t i = 0; i < sizeof head_part / sizeof head_part[0]; i++)
		if (!slice_equal(line_at(old, "rule", head_part[i]), line_at(new, "rule", head_part[i])))
			return true;
	return false;
}

static size_t
difference_add(struct difference *list, size_t count, const char *outer, struct slice inner, struct slice old, struct slice new)
{
	if (count == DIFFERENCES_MAX || slice_equal(old, new))
		return count;
	struct difference *difference = &list[count];
	*difference = (struct difference){.old = old, .new = new};
	snprintf(difference->name, sizeof difference->name, "%s%s%.*s", outer, inner.length ? "." : "", (int)inner.length, inner.data);
	return count + 1;
}

/* Members of both, those of the new one first in their order. */
static size_t
members_compare(struct difference *list, size_t count, const char *name, struct slice old, struct slice new)
{
	struct slice member, value, rest = new;
	while (line_next(&rest, &member, &value)) {
		char text[64];
		snprintf(text, sizeof text, "%.*s", (int)member.length, member.data);
		count = difference_add(list, count, name, member, line_member(old, text), value);
	}
	rest = old;
	while (line_next(&rest, &member, &value)) {
		char text[64];
		snprintf(text, sizeof text, "%.*s", (int)member.length, member.data);
		if (!line_member(new, text).data)
			count = difference_add(list, count, name, member, value, (struct slice){NULL, 0});
	}
	return count;
}

size_t
change_differences(const struct change *change, struct difference list[DIFFERENCES_MAX])
{
	struct slice old = {change->old->line, change->old->length}, new = {change->new->line, change->new->length};
	size_t count = 0;
	for (size_t i = 0; i < sizeof head_part / sizeof head_part[0]; i++)
		count = difference_add(list, count, head_part[i], (struct slice){NULL, 0}, line_at(old, "rule", head_part[i]),
		    line_at(new, "rule", head_part[i]));
	for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
		struct slice before = line_member(old, part[i]), now = line_member(new, part[i]);
		bool follows = strcmp(part[i], "evidence") == 0 && count;
		bool is_object = now.length && now.data[0] == '{';
		if (follows)
			continue;
		count = is_object ? members_compare(list, count, part[i], before, now)
		    : difference_add(list, count, part[i], (struct slice){NULL, 0}, before, now);
	}
	return count;
}

static bool
is_money(const struct difference *difference)
{
	size_t length = strlen(difference->name);
	return length > 4 && strcmp(difference->name + length - 4, "_fen") == 0;
}

int
difference_name_length(const struct difference *difference)
{
	return (int)strlen(difference->name) - (is_money(difference) ? 4 : 0);
}

void
difference_value(const struct difference *difference, struct slice value, struct buffer *out)
{
	char text[MONEY_TEXT_SIZE];
	int64_t fen;
	if (is_money(difference) && line_integer(value, &fen))
		buffer_text(out, money_text(fen, text));
	else if (value.length == 0 || slice_equal(value, SLICE("null")))
		buffer_char(out, '-');
	else
		line_text(out, value);
}

/* ---- sums ---- */

void
sums_add(struct sums *sums, const struct change *change)
{
	int64_t old_fen = change->old ? change->old->fen : 0, new_fen = change->new ? change->new->fen : 0;
	sums->count[change->kind]++;
	sums->old_alerts += change->old != NULL;
	sums->new_alerts += change->new != NULL;
	sums->old_fen += old_fen;
	sums->new_fen += new_fen;
	sums->gained_fen += change->kind == CHANGE_GAINED ? new_fen : 0;
	sums->lost_fen += change->kind == CHANGE_LOST ? old_fen : 0;
	sums->changed_fen += change->kind == CHANGE_CHANGED ? new_fen - old_fen : 0;
}

struct named {                          /* a change under one of its names */
	struct slice name;
	const struct change *change;
};

static int
named_order(const void *a, const void *b)
{
	return slice_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int
weight_order(const void *a, const void *b)
{
	const struct group *left = *(const struct group *const *)a, *right = *(const struct group *const *)b;
	const struct sums *x = &left->sums, *y = &right->sums;
	int64_t mine = x->gained_fen + x->lost_fen + llabs(x->changed_fen), other = y->gained_fen + y->lost_fen + llabs(y->changed_fen);
	uint64_t moved = x->count[CHANGE_GAINED] + x->count[CHANGE_LOST] + x->count[CHANGE_CHANGED];
	uint64_t other_moved = y->count[CHANGE_GAINED] + y->count[CHANGE_LOST] + y->count[CHANGE_CHANGED];
	int order = (mine < other) - (mine > other);
	if (order == 0)
		order = (moved < other_moved) - (moved > other_moved);
	return order ? order : slice_compare(left->name, right->name);
}

/* Names without an alert are not there. */
static void
groups_make(struct groups *groups, struct named *named, size_t count)
{
	if (count)
		qsort(named, count, sizeof *named, named_order);
	groups->group = memory_get(count, sizeof *groups->group);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !slice_equal(named[i].name, named[i - 1].name))
			groups->group[groups->count++].name = named[i].name;
		sums_add(&groups->group[groups->count - 1].sums, named[i].change);
	}
	groups->by_weight = memory_get(groups->count, sizeof *groups->by_weight);
	for (size_t i = 0; i < groups->count; i++)
		groups->by_weight[i] = &groups->group[i];
	if (groups->count)
		qsort(groups->by_weight, groups->count, sizeof *groups->by_weight, weight_order);
}

/* Area and institution as the new ruleset says them, else as the old one. */
static void
sums_make(const struct diff *diff, struct comparison *comparison)
{
	size_t count = comparison->changes;
	struct named *rule = memory_get(count, sizeof *rule), *area = memory_get(count, sizeof *area);
	struct named *institution = memory_get(count, sizeof *institution);
	for (size_t i = 0; i < count; i++) {
		const struct change *change = &comparison->change[i];
		const struct standing *alert = change->new ? change->new : change->old;
		const struct names *names = change->new ? &diff->new.names : &diff->old.names;
		sums_add(&comparison->all, change);
		rule[i] = (struct named){slice_of(change->rule), change};
		area[i] = (struct named){names_text(names, alert->area), change};
		institution[i] = (struct named){names_text(names, alert->institution), change};
	}
	groups_make(&comparison->rules, rule, count);
	groups_make(&comparison->areas, area, count);
	groups_make(&comparison->institutions, institution, count);
	free(rule);
	free(area);
	free(institution);
}

const struct sums *
group_sums(const struct groups *groups, struct slice name)
{
	for (size_t i = 0; i < groups->count; i++)
		if (slice_equal(groups->group[i].name, name))
			return &groups->group[i].sums;
	return NULL;
}

const char *
rules_next(const struct diff *diff, struct rule_walk *walk)
{
	const struct ruleset *old = diff->old.rules, *new = diff->new.rules;
	const char *first = walk->old < old->rules ? old->rule[walk->old].id : NULL;
	const char *second = walk->new < new->rules ? new->rule[walk->new].id : NULL;
	int order = !first ? 1 : !second ? -1 : strcmp(first, second);
	walk->old += first && order <= 0;
	walk->new += second && order >= 0;
	return order <= 0 ? first : second;
}

/* ---- pairs ---- */

static bool
is_shown(const struct diff *diff, const struct standing *alert)
{
	return alert && alert->day >= diff->options->from && alert->day <= diff->options->to;
}

static const struct standing *
standing_of(const struct diff_side *side, const char *id)
{
	const struct standing *alert = side_find(side, id);
	return alert && alert->stands ? alert : NULL;
}

static void
change_add(const struct diff *diff, struct comparison *comparison, const struct standing *old, const struct standing *new)
{
	if (!is_shown(diff, old) && !is_shown(diff, new))
		return;
	enum change_kind kind = !old ? CHANGE_GAINED : !new ? CHANGE_LOST : CHANGE_SAME;
	if (old && new && lines_differ((struct slice){old->line, old->length}, (struct slice){new->line, new->length}))
		kind = CHANGE_CHANGED;
	const struct rule *rule = new ? &diff->new.rules->rule[new->rule] : &diff->old.rules->rule[old->rule];
	comparison->change[comparison->changes++] = (struct change){kind, rule->id, old, new};
}

static int64_t
weight(const struct change *change)
{
	int64_t old_fen = change->old ? change->old->fen : 0, new_fen = change->new ? change->new->fen : 0;
	return change->kind == CHANGE_CHANGED ? llabs(new_fen - old_fen) : change->new ? new_fen : old_fen;
}

static int
change_order(const void *a, const void *b)
{
	const struct change *left = a, *right = b;
	int order = strcmp(left->rule, right->rule);
	if (order == 0)
		order = (left->kind > right->kind) - (left->kind < right->kind);
	if (order == 0)
		order = (weight(left) < weight(right)) - (weight(left) > weight(right));
	return order ? order : strcmp((left->new ? left->new : left->old)->id, (right->new ? right->new : right->old)->id);
}

void
compare(const struct diff *diff, struct comparison *comparison)
{
	*comparison = (struct comparison){.change = memory_get(diff->old.alerts + diff->new.alerts, sizeof *comparison->change)};
	for (size_t i = 0; i < diff->new.alerts; i++) {
		const struct standing *alert = &diff->new.alert[i];
		if (alert->stands)
			change_add(diff, comparison, standing_of(&diff->old, alert->id), alert);
	}
	for (size_t i = 0; i < diff->old.alerts; i++) {
		const struct standing *alert = &diff->old.alert[i];
		if (alert->stands && !standing_of(&diff->new, alert->id))
			change_add(diff, comparison, alert, NULL);
	}
	if (comparison->changes)
		qsort(comparison->change, comparison->changes, sizeof *comparison->change, change_order);
	sums_make(diff, comparison);
}

void
comparison_free(struct comparison *comparison)
{
	free(comparison->change);
	struct groups *groups[] = {&comparison->rules, &comparison->areas, &comparison->institutions};
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		free(groups[i]->group);
		free(groups[i]->by_weight);
	}
	*comparison = (struct comparison){0};
}
