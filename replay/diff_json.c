/* The comparison as one JSON object, contract 5.  Alerts are the lines as they were printed. */
#include "replay/diff.h"

static void
member_text(struct buffer *json, const char *name, const char *text)
{
	json_key(json, name);
	json_text(json, text);
}

static void
member_count(struct buffer *json, const char *name, uint64_t count)
{
	json_key(json, name);
	json_unsigned(json, count);
}

static void
member_fen(struct buffer *json, const char *name, int64_t fen)
{
	json_key(json, name);
	json_integer(json, fen);
}

/* ---- a ruleset ---- */

static void
json_records(struct buffer *json, const struct diff_side *side)
{
	const struct scorer_counts *counts = scorer_counts(side->scorer);
	json_key(json, "records");
	json_open(json, '{');
	for (int kind = 0; kind < RECORD_KINDS; kind++) {
		if (counts->received[kind] == 0)
			continue;
		json_key(json, record_kind_names[kind]);
		json_open(json, '{');
		member_count(json, "received", counts->received[kind]);
		member_count(json, "judged", counts->judged[kind]);
		member_count(json, "refused", counts->refused[kind]);
		member_count(json, "duplicate", counts->duplicate[kind]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void
json_ruleset(struct buffer *json, const struct diff *diff, const char *name, const struct diff_side *side)
{
	json_key(json, name);
	json_open(json, '{');
	member_text(json, "ruleset", side->rules->digest);
	member_count(json, "rules", side->rules->rules);
	json_records(json, side);
	if (!diff->options->no_cost) {
		json_key(json, "cost_ns_per_claim");
		buffer_printf(json, "%.1f", side_cost(side));
	}
	json_close(json, '}');
}

/* ---- alerts ---- */

static void
json_line(struct buffer *json, const struct standing *alert)
{
	if (json->data[json->length - 1] == '}')
		buffer_char(json, ',');
	buffer_add(json, alert->line, alert->length);
}

static void
json_alerts(struct buffer *json, const struct comparison *comparison, const char *name, enum change_kind kind)
{
	json_key(json, name);
	json_open(json, '[');
	for (size_t i = 0; i < comparison->changes; i++) {
		const struct change *change = &comparison->change[i];
		if (change->kind == kind)
			json_line(json, kind == CHANGE_LOST ? change->old : change->new);
	}
	json_close(json, ']');
}

static void
json_changed(struct buffer *json, const struct comparison *comparison)
{
	json_key(json, "changed");
	json_open(json, '[');
	for (size_t i = 0; i < comparison->changes; i++) {
		const struct change *change = &comparison->change[i];
		if (change->kind != CHANGE_CHANGED)
			continue;
		json_open(json, '{');
		json_key(json, "old");
		json_line(json, change->old);
		json_key(json, "new");
		json_line(json, change->new);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* ---- sums ---- */

static void
json_sums(struct buffer *json, const struct sums *sums)
{
	member_count(json, "old_alerts", sums->old_alerts);
	member_count(json, "new_alerts", sums->new_alerts);
	member_count(json, "gained", sums->count[CHANGE_GAINED]);
	member_count(json, "lost", sums->count[CHANGE_LOST]);
	member_count(json, "changed", sums->count[CHANGE_CHANGED]);
	member_count(json, "same", sums->count[CHANGE_SAME]);
	member_fen(json, "old_fen", sums->old_fen);
	member_fen(json, "new_fen", sums->new_fen);
	member_fen(json, "difference_fen", sums->new_fen - sums->old_fen);
	member_fen(json, "gained_fen", sums->gained_fen);
	member_fen(json, "lost_fen", sums->lost_fen);
	member_fen(json, "changed_fen", sums->changed_fen);
}

static void
json_groups(struct buffer *json, const char *name, const struct groups *groups)
{
	json_key(json, name);
	json_open(json, '{');
	for (size_t i = 0; i < groups->count; i++) {
		json_string(json, groups->group[i].name);
		buffer_char(json, ':');
		json_open(json, '{');
		json_sums(json, &groups->group[i].sums);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void
json_why(struct buffer *json, const char *name, const struct diff_side *side, const char *rule, uint64_t alerts)
{
	struct why why;
	why_of(side, rule, alerts, &why);
	json_key(json, name);
	if (why.outcome == OUTCOME_absent) {
		json_null(json);
		return;
	}
	json_open(json, '{');
	json_key(json, "revision");
	json_integer(json, why.revision);
	member_text(json, "mode", why.mode);
	member_text(json, "outcome", outcome_names[why.outcome]);
	member_count(json, "matched", why.met.matched);
	member_count(json, "matched_without_row", why.met.without_row);
	member_count(json, "subjects", why.subjects);
	member_count(json, "insufficient", why.judged[WORD_INSUFFICIENT]);
	member_count(json, "too_few", why.few);
	member_count(json, "suppressed", why.suppressed);
	if (why.has_nearest) {
		member_fen(json, "nearest_fen", why.nearest);
		member_fen(json, "nearest_limit_fen", why.limit);
	}
	json_close(json, '}');
}

static void
json_rule(struct buffer *json, const struct diff *diff, const struct comparison *comparison, const char *id)
{
	const struct sums none = {0}, *sums = group_sums(&comparison->rules, slice_of(id));
	if (!sums)
		sums = &none;
	json_key(json, id);
	json_open(json, '{');
	json_sums(json, sums);
	json_why(json, "old", &diff->old, id, sums->old_alerts);
	json_why(json, "new", &diff->new, id, sums->new_alerts);
	json_close(json, '}');
}

/* ---- variants ---- */

static void
json_variant(struct buffer *json, const struct diff *diff, const struct variant *variant)
{
	json_open(json, '{');
	json_key(json, "set");
	json_open(json, '{');
	for (size_t i = 0; i < diff->variants.axes; i++)
		member_text(json, diff->variants.axis[i].name, diff->variants.axis[i].value[variant->choice[i]]);
	json_close(json, '}');
	member_text(json, "ruleset", variant->side.rules->digest);
	member_count(json, "alerts", variant->sums.alerts);
	member_count(json, "persons", variant->sums.persons);
	member_fen(json, "amount_at_risk_fen", variant->sums.fen);
	member_count(json, "gained", variant->sums.gained);
	member_count(json, "lost", variant->sums.lost);
	member_fen(json, "gained_fen", variant->sums.gained_fen);
	member_fen(json, "lost_fen", variant->sums.lost_fen);
	json_close(json, '}');
}

static void
json_variants(struct buffer *json, const struct diff *diff)
{
	json_key(json, "variants");
	json_open(json, '[');
	for (size_t i = 0; i < diff->variants.count; i++)
		json_variant(json, diff, &diff->variants.variant[i]);
	json_close(json, ']');
}

void
diff_json(const struct diff *diff, const struct comparison *comparison, struct buffer *json)
{
	json_open(json, '{');
	if (diff->incomplete) {
		json_key(json, "incomplete");
		json_bool(json, true);
	}
	json_ruleset(json, diff, "old", &diff->old);
	json_ruleset(json, diff, "new", &diff->new);
	json_alerts(json, comparison, "gained", CHANGE_GAINED);
	json_alerts(json, comparison, "lost", CHANGE_LOST);
	json_changed(json, comparison);
	json_key(json, "per_rule");
	json_open(json, '{');
	const char *id;
	for (struct rule_walk walk = {0}; (id = rules_next(diff, &walk));)
		json_rule(json, diff, comparison, id);
	json_close(json, '}');
	json_key(json, "money");
	json_open(json, '{');
	json_sums(json, &comparison->all);
	json_groups(json, "per_area", &comparison->areas);
	json_groups(json, "per_institution", &comparison->institutions);
	json_close(json, '}');
	if (diff->variants.count)
		json_variants(json, diff);
	json_close(json, '}');
}
