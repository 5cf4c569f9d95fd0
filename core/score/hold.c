/* Lines of standing alerts that wait: a rule with repeat_after says the next revision of an alert so many days of event time after
 * the line before, unless its severity or status changes.  What waits is said when a month of its pool closes, so that after
 * every close all that was said is what stands, whatever the order of arrival. */
#include "core/score/plan.h"
#include "core/state/codec.h"

#include <stdlib.h>

static uint64_t
key_hash(const struct hold_key *key)
{
	return hash64(key, sizeof *key);
}

static struct held *
held_find(const struct holding *holding, const struct hold_key *key)
{
	uint32_t number;
	if (holding->count == 0)
		return NULL;
	struct probe probe = table_probe(&holding->table, key_hash(key));
	while (table_next(&holding->table, &probe, &number))
		if (memcmp(&holding->held[number].key, key, sizeof *key) == 0)
			return &holding->held[number];
	return NULL;
}

static struct held *
held_add(struct holding *holding, struct held held)
{
	if (holding->count == holding->slots) {
		holding->slots = 2 * holding->slots + 16;
		holding->held = memory_resize(holding->held, holding->slots * sizeof *holding->held);
	}
	if (!holding->table.slot)
		table_init(&holding->table);
	table_add(&holding->table, key_hash(&held.key), (uint32_t)holding->count);
	holding->held[holding->count] = held;
	return &holding->held[holding->count++];
}

static void
waiting_add(struct holding *holding, uint32_t number)
{
	if (holding->waitings == holding->waiting_slots) {
		holding->waiting_slots = 2 * holding->waiting_slots + 16;
		holding->waiting = memory_resize(holding->waiting, holding->waiting_slots * sizeof *holding->waiting);
	}
	holding->waiting[holding->waitings++] = number;
}

static uint8_t
severity_of(const struct scorer *scorer, const struct statement *statement)
{
	static const char *const words[] = {"low", "medium", "high", "critical"};
	const char *severity = rule_severity(&scorer->rules->rule[statement->rule], statement->verdict);
	uint8_t place = 0;
	while (place < sizeof words / sizeof words[0] && strcmp(words[place], severity) != 0)
		place++;
	return place;
}

bool
is_held_back(struct scorer *scorer, const struct statement *statement)
{
	struct holding *holding = &scorer->holding;
	struct held *held = held_find(holding, statement->hold);
	int32_t day = time_day(statement->event_time);
	if (!held || scorer->closing || statement->cause == CAUSE_RULES || held->severity != severity_of(scorer, statement)
	    || day - held->day >= scorer->rules->rule[statement->rule].repeat_after)
		return false;
	if (!held->listed)
		waiting_add(holding, (uint32_t)(held - holding->held));
	held->waiting = held->listed = 1;
	return true;
}

void
hold_said(struct scorer *scorer, const struct statement *statement, enum alert_status status)
{
	struct held *held = held_find(&scorer->holding, statement->hold);
	bool stands = status == STATUS_OPEN || status == STATUS_UPDATED;
	if (!held && stands)
		held = held_add(&scorer->holding, (struct held){.key = *statement->hold});
	if (!held)
		return;
	held->day = time_day(statement->event_time);
	held->severity = severity_of(scorer, statement);
	held->stands = stands;
	held->waiting = 0;
}

/* ---- what is over goes ---- */

/* Builds the list anew from those that go on; ledger_rule: new number by old one, -1: gone; NULL: as they were. */
static void
holding_rebuild(struct scorer *scorer, const int32_t *ledger_rule)
{
	struct holding old = scorer->holding, *holding = &scorer->holding;
	uint32_t *number = memory_resize(NULL, (old.count + 1) * sizeof *number);
	*holding = (struct holding){0};
	for (size_t i = 0; i < old.count; i++) {
		struct held held = old.held[i];
		bool goes_on = ledger_is_there(scorer, &held.key) && (held.stands || held.listed);
		int32_t place = ledger_rule ? ledger_rule[held.key.ledger_rule] : (int32_t)held.key.ledger_rule;
		number[i] = NOBODY;
		if (!goes_on || place < 0)
			continue;
		held.key.ledger_rule = (uint32_t)place;
		number[i] = (uint32_t)holding->count;
		held_add(holding, held);
	}
	for (size_t i = 0; i < old.waitings; i++)
		if (number[old.waiting[i]] != NOBODY)
			waiting_add(holding, number[old.waiting[i]]);
	holding->kept = holding->count;
	free(number);
	free(old.held);
	free(old.waiting);
	table_free(&old.table);
}

void
hold_close(struct scorer *scorer, const struct pool *pool)
{
	struct holding *holding = &scorer->holding;
	size_t left = 0;
	for (size_t i = 0; i < holding->waitings; i++) {
		uint32_t number = holding->waiting[i];
		struct held *held = &holding->held[number];
		if (held->waiting && person_at(&scorer->persons, held->key.person)->pool != pool->name) {
			holding->waiting[left++] = number;
			continue;
		}
		bool waits = held->waiting;
		held->waiting = held->listed = 0;
		struct hold_key key = held->key;
		if (waits)
			ledger_judge_one(scorer, &key);
	}
	holding->waitings = left;
	if (holding->count > 2 * holding->kept + 1024)
		holding_rebuild(scorer, NULL);
}

void
hold_move(struct scorer *scorer, const struct plan *plan)
{
	if (scorer->holding.count == 0)
		return;
	int32_t *place = memory_resize(NULL, (plan->old_layout.ledger_rules + 1) * sizeof *place);
	for (size_t i = 0; i < plan->old_layout.ledger_rules; i++)
		place[i] = -1;
	for (size_t i = 0; i < plan->new_layout.ledger_rules; i++)
		if (plan->ledger_rule[i] >= 0)
			place[plan->ledger_rule[i]] = (int32_t)i;
	holding_rebuild(scorer, place);
	free(place);
}

void
hold_free(struct scorer *scorer)
{
	free(scorer->holding.held);
	free(scorer->holding.waiting);
	table_free(&scorer->holding.table);
}

/* ---- saving: after the persons ---- */

static void
held_state(struct codec *codec, const struct scorer *scorer, struct held *held)
{
	CODEC(codec, *held);
	if (held->key.person >= scorer->persons.chunks.count || held->key.ledger_rule >= scorer->layout.ledger_rules || held->key.year < 0
	    || held->stands > 1 || held->waiting > 1 || held->listed > 1)
		codec_refuse(codec);
}

void
hold_state(struct codec *codec, struct scorer *scorer)
{
	struct holding *holding = &scorer->holding;
	size_t count = holding->count, waitings = holding->waitings;
	codec_count(codec, &count, UINT32_MAX);
	for (size_t i = 0; i < count && !codec->bad; i++) {
		struct held held = codec_loads(codec) ? (struct held){0} : holding->held[i];
		held_state(codec, scorer, &held);
		if (codec_loads(codec) && !codec->bad)
			held_add(holding, held);
	}
	codec_count(codec, &waitings, count);
	for (size_t i = 0; i < waitings && !codec->bad; i++) {
		uint32_t number = codec_loads(codec) ? 0 : holding->waiting[i];
		CODEC(codec, number);
		if (number >= count)
			codec_refuse(codec);
		else if (codec_loads(codec))
			waiting_add(holding, number);
	}
	CODEC(codec, holding->kept);
}
