/* Suppressions: an alert that falls under an entry, by its subject and event time, is not said.  What was said of it before
 * stands as it is, so that after the entry's last day, or without the entry, the next judgement says it.  What was said and
 * is over is always taken back: an entry never keeps a mistaken accusation standing. */
#include "core/score/private.h"
#include "core/state/codec.h"

#include <stdlib.h>

void
suppressions_open(struct scorer *scorer)
{
	scorer->hiding.counts = calloc(scorer->rules->suppressions + 1, sizeof *scorer->hiding.counts);
	if (!scorer->hiding.counts)
		abort();
}

void
suppressions_close(struct scorer *scorer)
{
	free(scorer->hiding.hidden);
	free(scorer->hiding.counts);
	table_free(&scorer->hiding.table);
}

/* ---- what is hidden ---- */

static struct hidden *
hidden_find(struct hiding *hiding, uint64_t identity)
{
	uint32_t number;
	if (hiding->count == 0)
		return NULL;
	struct probe probe = table_probe(&hiding->table, identity);
	while (table_next(&hiding->table, &probe, &number))
		if (hiding->hidden[number].identity == identity)
			return &hiding->hidden[number];
	return NULL;
}

static struct hidden *
hidden_add(struct hiding *hiding, uint64_t identity)
{
	if (hiding->count == hiding->slots) {
		hiding->slots = 2 * hiding->slots + 16;
		hiding->hidden = memory_resize(hiding->hidden, hiding->slots * sizeof *hiding->hidden);
	}
	if (hiding->count == 0)
		table_init(&hiding->table);
	table_add(&hiding->table, identity, (uint32_t)hiding->count);
	hiding->hidden[hiding->count] = (struct hidden){.identity = identity};
	return &hiding->hidden[hiding->count++];
}

/* It counts no longer for the entry that hid it. */
static void
hidden_leave(struct hiding *hiding, struct hidden *hidden)
{
	struct suppression_counts *counts = &hiding->counts[hidden->entry];
	if (hidden->body == 0)
		return;
	counts->alerts--;
	counts->amount_at_risk_fen -= hidden->at_risk_fen;
	hidden->body = 0;
}

/* The same line is hidden once, however often it is judged. */
static void
hide(struct scorer *scorer, const struct statement *statement, uint32_t entry, uint64_t body)
{
	struct hiding *hiding = &scorer->hiding;
	struct suppression_counts *counts = &hiding->counts[entry];
	uint64_t identity = alert_identity(scorer, statement);
	struct hidden *hidden = hidden_find(hiding, identity);
	body |= 1;
	if (!hidden)
		hidden = hidden_add(hiding, identity);
	else if (hidden->body == body && hidden->entry == entry)
		return;
	hidden_leave(hiding, hidden);
	const struct verdict *verdict = statement->verdict;
	hidden->entry = entry;
	hidden->body = body;
	hidden->at_risk_fen = verdict->has_amount_at_risk ? verdict->amount_at_risk_fen : 0;
	counts->lines++;
	counts->alerts++;
	counts->amount_at_risk_fen += hidden->at_risk_fen;
}

/* ---- which entry ---- */

static bool
covers(const struct scorer *scorer, const struct suppression *entry, const struct statement *statement)
{
	const struct subject *subject = statement->subject;
	struct slice area = names_text(&scorer->names, subject->area ? subject->area : subject->pool);
	struct slice institution = names_text(&scorer->names, subject->institution);
	int32_t day = time_day(statement->event_time);
	return strcmp(entry->rule, scorer->rules->rule[statement->rule].id) == 0 && entry->from <= day && day <= entry->until
	    && (!entry->psn_no || slice_equal(subject->psn_no, slice_of(entry->psn_no)))
	    && (!entry->fixmedins_code || slice_equal(institution, slice_of(entry->fixmedins_code)))
	    && (!entry->region || slice_starts_with(area, slice_of(entry->region)))
	    && (!entry->setl_id || slice_equal(subject->setl_id, slice_of(entry->setl_id)));
}

bool
is_suppressed(struct scorer *scorer, const struct statement *statement, bool takes_back, uint64_t body)
{
	for (size_t i = 0; !takes_back && i < scorer->rules->suppressions; i++) {
		if (!covers(scorer, &scorer->rules->suppression[i], statement))
			continue;
		hide(scorer, statement, (uint32_t)i, body);
		return true;
	}
	struct hidden *hidden = scorer->hiding.count ? hidden_find(&scorer->hiding, alert_identity(scorer, statement)) : NULL;
	if (hidden)
		hidden_leave(&scorer->hiding, hidden);
	return false;
}

const struct suppression_counts *
scorer_suppression_counts(const struct scorer *scorer, size_t suppression)
{
	return &scorer->hiding.counts[suppression];
}

void
scorer_suppressed(const struct scorer *scorer, struct buffer *out)
{
	json_open(out, '{');
	for (size_t i = 0; i < scorer->rules->suppressions; i++) {
		const struct suppression_counts *counts = &scorer->hiding.counts[i];
		json_key(out, scorer->rules->suppression[i].id);
		json_open(out, '{');
		json_key(out, "lines");
		json_unsigned(out, counts->lines);
		json_key(out, "alerts");
		json_unsigned(out, counts->alerts);
		json_key(out, "amount_at_risk_fen");
		json_integer(out, counts->amount_at_risk_fen);
		json_close(out, '}');
	}
	json_close(out, '}');
}

/* ---- another ruleset ---- */

static size_t
entry_find(const struct ruleset *set, const char *id)
{
	size_t i = 0;
	while (i < set->suppressions && strcmp(set->suppression[i].id, id) != 0)
		i++;
	return i;
}

static struct hiding
hiding_carry(const struct hiding *from, const struct ruleset *old_rules, const struct ruleset *new_rules)
{
	struct hiding made = {.counts = memory_resize(NULL, (new_rules->suppressions + 1) * sizeof *made.counts)};
	memset(made.counts, 0, (new_rules->suppressions + 1) * sizeof *made.counts);
	for (size_t i = 0; i < old_rules->suppressions; i++) {
		size_t place = entry_find(new_rules, old_rules->suppression[i].id);
		if (place < new_rules->suppressions)
			made.counts[place] = from->counts[i];
	}
	for (size_t i = 0; i < from->count; i++) {
		size_t place = entry_find(new_rules, old_rules->suppression[from->hidden[i].entry].id);
		if (place == new_rules->suppressions)
			continue;
		struct hidden *hidden = hidden_add(&made, from->hidden[i].identity);
		*hidden = from->hidden[i];
		hidden->entry = (uint32_t)place;
	}
	return made;
}

static void
hiding_replace(struct scorer *scorer, struct hiding with)
{
	free(scorer->hiding.hidden);
	free(scorer->hiding.counts);
	table_free(&scorer->hiding.table);
	scorer->hiding = with;
}

void
suppressions_move(struct scorer *scorer, const struct ruleset *old_rules, const struct ruleset *new_rules)
{
	hiding_replace(scorer, hiding_carry(&scorer->hiding, old_rules, new_rules));
}

void
suppressions_adopt(struct scorer *fresh, const struct scorer *live)
{
	hiding_replace(fresh, hiding_carry(&live->hiding, live->rules, fresh->rules));
}

/* ---- saving ---- */

void
suppressions_state(struct codec *codec, struct scorer *scorer)
{
	struct hiding *hiding = &scorer->hiding;
	size_t count = hiding->count, entries = scorer->rules->suppressions;
	codec_same(codec, entries);
	for (size_t i = 0; i < entries; i++)
		CODEC(codec, hiding->counts[i]);
	codec_count(codec, &count, UINT32_MAX);
	for (size_t i = 0; i < count && !codec->bad; i++) {
		struct hidden hidden = codec_loads(codec) ? (struct hidden){0} : hiding->hidden[i];
		CODEC(codec, hidden);
		if (hidden.entry >= entries)
			codec_refuse(codec);
		else if (codec_loads(codec))
			*hidden_add(hiding, hidden.identity) = hidden;
	}
}
