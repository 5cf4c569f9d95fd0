/* See latest.h. */
#include "core/score/private.h"
#include "core/state/codec.h"

#include "core/base/hash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- keys ---- */

static uint64_t
rule_key(const struct rule *rule)
{
	uint64_t settings = hash64(rule->settings_text, strlen(rule->settings_text));
	return hash64(rule->id, strlen(rule->id)) ^ (settings << 1 | settings >> 63);
}

static uint64_t
entry_hash(const struct latest_entry *entry)
{
	const uint64_t key[] = {entry->rule_key, entry->pool, entry->area, entry->township, entry->institution, entry->kind, entry->class, entry->level};
	return hash64(key, sizeof key);
}

static bool
is_same(const struct latest_entry *one, const struct latest_entry *other)
{
	return one->rule_key == other->rule_key && one->pool == other->pool && one->area == other->area && one->township == other->township
	    && one->institution == other->institution && one->kind == other->kind && one->class == other->class && one->level == other->level;
}

static struct latest_entry *
entry_add(struct latest *latest, const struct latest_entry *entry)
{
	if (latest->count == latest->slots) {
		latest->slots = latest->slots ? 2 * latest->slots : 16;
		latest->entry = memory_resize(latest->entry, latest->slots * sizeof *latest->entry);
	}
	if (!latest->table.slot)
		table_init(&latest->table);
	table_add(&latest->table, entry_hash(entry), (uint32_t)latest->count);
	latest->entry[latest->count] = *entry;
	return &latest->entry[latest->count++];
}

/* With the key's members filled; made when there is none, with the month NO_MONTH. */
static struct latest_entry *
entry_get(struct latest *latest, const struct latest_entry *key)
{
	uint32_t number;
	struct probe probe = {0};
	if (latest->table.slot)
		probe = table_probe(&latest->table, entry_hash(key));
	while (latest->table.slot && table_next(&latest->table, &probe, &number))
		if (is_same(&latest->entry[number], key))
			return &latest->entry[number];
	return entry_add(latest, key);
}

/* ---- figures ---- */

static double
number_of(const struct finding_value *value)
{
	switch (value->type) {
	case FINDING_FEN:
	case FINDING_COUNT:
		return (double)value->number;
	case FINDING_RATIO:
		return value->denominator ? (double)value->number / (double)value->denominator : NAN;
	case FINDING_STATISTIC:
	case FINDING_REAL:
		return value->real;
	case FINDING_MONTH:
	case FINDING_NULL:
		break;
	}
	return NAN;
}

static uint32_t
word_number(struct latest *latest, const char *word)
{
	return word ? names_number(&latest->words, slice_of(word)) : 0;
}

/* In the place of the ones before, as far as they are as many. */
static void
values_put(struct latest *latest, struct latest_entry *entry, const struct verdict *verdict)
{
	if (entry->count != verdict->count)
		entry->first = latest->values;
	entry->count = verdict->count;
	while (entry->first + entry->count > latest->value_slots) {
		latest->value_slots = latest->value_slots ? 2 * latest->value_slots : 64;
		latest->value = memory_resize(latest->value, latest->value_slots * sizeof *latest->value);
	}
	for (size_t i = 0; i < verdict->count; i++) {
		char name[FINDING_NAME_SIZE];
		latest->value[entry->first + i] = (struct latest_value){word_number(latest, finding_name(&verdict->value[i], name)), number_of(&verdict->value[i])};
	}
	if (entry->first + entry->count > latest->values)
		latest->values = entry->first + entry->count;
}

/* "2024-03" */
static int32_t
period_month(const char *period)
{
	int year, month;
	return sscanf(period, "%d-%d", &year, &month) == 2 ? year * 12 + month - 1 : NO_MONTH;
}

void
latest_note(struct scorer *scorer, const struct statement *statement)
{
	struct latest *latest = &scorer->latest;
	const struct subject *subject = statement->subject;
	int32_t month = period_month(subject->period);
	struct latest_entry key = {.rule_key = rule_key(&scorer->rules->rule[statement->rule]), .rule = statement->rule, .month = NO_MONTH,
	    .pool = subject->pool, .area = subject->area, .township = subject->township, .institution = subject->institution,
	    .kind = word_number(latest, subject->kind), .class = word_number(latest, subject->class), .level = word_number(latest, subject->level)};
	struct latest_entry *entry = entry_get(latest, &key);
	if (month < entry->month)
		return;
	entry->month = month;
	entry->verdict = (int32_t)statement->verdict->word;
	values_put(latest, entry, statement->verdict);
	latest->changes++;
}

/* ---- rules that change ---- */

static int32_t
rule_of(const struct ruleset *rules, uint64_t key)
{
	for (size_t i = 0; i < rules->rules; i++)
		if (rule_key(&rules->rule[i]) == key)
			return (int32_t)i;
	return -1;
}

void
latest_bind(struct scorer *scorer)
{
	struct latest old = scorer->latest;
	scorer->latest = (struct latest){.words = old.words, .value = old.value, .values = old.values, .value_slots = old.value_slots, .changes = old.changes + 1};
	for (size_t i = 0; i < old.count; i++) {
		old.entry[i].rule = rule_of(scorer->rules, old.entry[i].rule_key);
		if (old.entry[i].rule >= 0)
			entry_add(&scorer->latest, &old.entry[i]);
	}
	free(old.entry);
	if (old.table.slot)
		table_free(&old.table);
}

/* ---- saving ---- */

static void
place_state(struct codec *codec, uint32_t *number, const struct names *names)
{
	CODEC(codec, *number);
	if (*number >= names->count)
		codec_refuse(codec);
}

static void
entry_state(struct codec *codec, const struct scorer *scorer, struct latest_entry *entry)
{
	const struct names *names = &scorer->names, *words = &scorer->latest.words;
	CODEC(codec, entry->rule_key);
	CODEC(codec, entry->month);
	CODEC(codec, entry->verdict);
	place_state(codec, &entry->pool, names);
	place_state(codec, &entry->area, names);
	place_state(codec, &entry->township, names);
	place_state(codec, &entry->institution, names);
	place_state(codec, &entry->kind, words);
	place_state(codec, &entry->class, words);
	place_state(codec, &entry->level, words);
	codec_count(codec, &entry->count, FINDING_VALUES_MAX);
	if (entry->verdict < VERDICT_OK || entry->verdict > VERDICT_INSUFFICIENT)
		codec_refuse(codec);
}

static void
values_state(struct codec *codec, struct latest *latest, const struct latest_entry *entry)
{
	for (size_t i = 0; i < entry->count && !codec->bad; i++) {
		struct latest_value value = codec_loads(codec) ? (struct latest_value){0} : latest->value[entry->first + i];
		place_state(codec, &value.name, &latest->words);
		CODEC(codec, value.number);
		if (!codec_loads(codec))
			continue;
		if (latest->values == latest->value_slots) {
			latest->value_slots = latest->value_slots ? 2 * latest->value_slots : 64;
			latest->value = memory_resize(latest->value, latest->value_slots * sizeof *latest->value);
		}
		latest->value[latest->values++] = value;
	}
}

void
latest_state(struct codec *codec, struct scorer *scorer)
{
	struct latest *latest = &scorer->latest;
	size_t count = latest->count;
	codec_names(codec, &latest->words);
	codec_count(codec, &count, UINT32_MAX);
	for (size_t i = 0; i < count && !codec->bad; i++) {
		struct latest_entry entry = codec_loads(codec) ? (struct latest_entry){.first = latest->values} : latest->entry[i];
		entry_state(codec, scorer, &entry);
		values_state(codec, latest, &entry);
		entry.rule = rule_of(scorer->rules, entry.rule_key);
		if (entry.rule < 0)
			codec_refuse(codec);
		else if (codec_loads(codec) && !codec->bad)
			entry_add(latest, &entry);
	}
}

void
latest_open(struct scorer *scorer)
{
	names_init(&scorer->latest.words);
}

void
latest_free(struct scorer *scorer)
{
	struct latest *latest = &scorer->latest;
	free(latest->entry);
	free(latest->value);
	if (latest->table.slot)
		table_free(&latest->table);
	names_free(&latest->words);
}

/* ---- asking ---- */

size_t
scorer_indicators(const struct scorer *scorer, uint64_t *changes)
{
	*changes = scorer->latest.changes;
	return scorer->latest.count;
}

struct latest_indicator
scorer_indicator(const struct scorer *scorer, size_t index)
{
	const struct latest *latest = &scorer->latest;
	const struct latest_entry *entry = &latest->entry[index];
	const struct names *names = &scorer->names, *words = &latest->words;
	return (struct latest_indicator){.rule = entry->rule, .month = entry->month, .verdict = (enum verdict_word)entry->verdict,
	    .pool = names_text(names, entry->pool), .area = names_text(names, entry->area), .township = names_text(names, entry->township),
	    .institution = names_text(names, entry->institution), .kind = names_text(words, entry->kind), .class = names_text(words, entry->class),
	    .level = names_text(words, entry->level), .figures = entry->count};
}

struct slice
scorer_figure(const struct scorer *scorer, size_t index, size_t figure, double *number)
{
	const struct latest *latest = &scorer->latest;
	const struct latest_value *value = &latest->value[latest->entry[index].first + figure];
	*number = value->number;
	return names_text(&latest->words, value->name);
}
