/* One ruleset over all records: its scorer, and what stands at the end by alert id. */
#include "replay/diff.h"

#include "core/base/hash.h"
#include "replay/line.h"

#include <stdlib.h>
#include <time.h>

static uint64_t
processor_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool
side_open(struct diff_side *side, struct ruleset *rules, const struct diff_options *options, const struct scorer_limits *limits,
    size_t batch)
{
	side->options = options;
	side->rules = rules;
	side->scorer = scorer_open(rules, limits);
	side->scored.fate = memory_get(batch, sizeof *side->scored.fate);
	table_init(&side->alert_index);
	table_init(&side->judged_index);
	names_init(&side->names);
	if (!side->is_variant)
		filters_open(&side->filters, rules);
	return side->scorer != NULL;
}

void
side_close(struct diff_side *side)
{
	if (!side->rules)
		return;
	for (size_t i = 0; i < side->alerts; i++)
		free(side->alert[i].line);
	free(side->alert);
	free(side->judged);
	free(side->scored.fate);
	table_free(&side->alert_index);
	table_free(&side->judged_index);
	names_free(&side->names);
	filters_close(&side->filters);
	scorer_close(side->scorer);
	ruleset_free(side->rules);
	*side = (struct diff_side){0};
}

/* ---- alerts ---- */

static struct standing *
alert_find(const struct diff_side *side, const char *id, size_t length)
{
	struct probe probe = table_probe(&side->alert_index, hash64(id, length));
	uint32_t number;
	while (table_next(&side->alert_index, &probe, &number))
		if (strlen(side->alert[number].id) == length && memcmp(side->alert[number].id, id, length) == 0)
			return &side->alert[number];
	return NULL;
}

const struct standing *
side_find(const struct diff_side *side, const char *id)
{
	return alert_find(side, id, strlen(id));
}

static struct standing *
alert_add(struct diff_side *side, struct slice id)
{
	if (side->alerts == side->alert_slots) {
		side->alert_slots = side->alert_slots ? 2 * side->alert_slots : 1024;
		side->alert = memory_grow(side->alert, side->alert_slots, sizeof *side->alert);
	}
	struct standing *alert = &side->alert[side->alerts];
	*alert = (struct standing){.rule = -1};
	memcpy(alert->id, id.data, id.length);
	table_add(&side->alert_index, hash64(id.data, id.length), (uint32_t)side->alerts++);
	return alert;
}

static void
alert_keep_line(struct standing *alert, struct slice line)
{
	alert->line = memory_grow(alert->line, line.length, 1);
	memcpy(alert->line, line.data, line.length);
	alert->length = line.length;
}

static void
alert_note(struct diff_side *side, const struct output *output)
{
	struct standing *alert = output->key.length <= ALERT_ID_BYTES ? alert_find(side, output->key.data, output->key.length) : NULL;
	if (!alert && output->key.length <= ALERT_ID_BYTES)
		alert = alert_add(side, output->key);
	if (!alert)
		return;
	alert->stands = output->status == STATUS_OPEN || output->status == STATUS_UPDATED;
	alert->is_few = output->status == STATUS_INSUFFICIENT;
	alert->rule = output->rule;
	alert->day = output->day;
	alert->has_fen = line_integer(line_member(output->line, "amount_at_risk_fen"), &alert->fen);
	if (!alert->has_fen)
		alert->fen = 0;
	alert->area = names_number(&side->names, output->region);
	alert->institution = names_number(&side->names, output->institution);
	alert->person = names_number(&side->names, output->person);
	if (alert->stands && !side->is_variant)
		alert_keep_line(alert, output->line);
}

/* ---- indicators ---- */

static struct judged *
judged_open(struct diff_side *side, uint32_t key, uint64_t hash)
{
	struct probe probe = table_probe(&side->judged_index, hash);
	uint32_t number;
	while (table_next(&side->judged_index, &probe, &number))
		if (side->judged[number].key == key)
			return &side->judged[number];
	if (side->judgements == side->judged_slots) {
		side->judged_slots = side->judged_slots ? 2 * side->judged_slots : 256;
		side->judged = memory_grow(side->judged, side->judged_slots, sizeof *side->judged);
	}
	table_add(&side->judged_index, hash, (uint32_t)side->judgements);
	side->judged[side->judgements] = (struct judged){.key = key};
	return &side->judged[side->judgements++];
}

static void
indicator_note(struct diff_side *side, const struct output *output)
{
	static const char *const words[WORDS] = {[WORD_OK] = "\"ok\"", [WORD_WATCH] = "\"watch\"", [WORD_ALERT] = "\"alert\"",
	    [WORD_INSUFFICIENT] = "\"insufficient\""};
	struct judged *judged = judged_open(side, names_number(&side->names, output->key), hash64(output->key.data, output->key.length));
	struct slice verdict = line_member(output->line, "verdict");
	judged->rule = output->rule;
	judged->day = output->day;
	for (int word = 0; word < WORDS; word++)
		if (slice_equal(verdict, slice_of(words[word])))
			judged->word = word;
}

static void
outputs_note(struct diff_side *side)
{
	for (size_t i = 0; i < side->scored.outputs; i++) {
		const struct output *output = &side->scored.output[i];
		if (output->kind == OUTPUT_ALERT || (output->kind == OUTPUT_SHADOW && side->options->shadow))
			alert_note(side, output);
		else if (output->kind == OUTPUT_INDICATOR && !side->is_variant)
			indicator_note(side, output);
	}
}

/* ---- judging ---- */

/* Settlements that were judged, after their fates are known. */
static void
records_count(struct diff_side *side, const struct record *record, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		side->offered[record[i].kind]++;
		if (!side->is_variant && record[i].kind == RECORD_SETTLEMENT && side->scored.fate[i] == FATE_JUDGED)
			filters_count(&side->filters, side, &record[i].decoded->claim);
	}
}

static void
records_judge(struct diff_side *side, const struct work *work)
{
	for (size_t done = 0; done < work->count;) {
		uint64_t start = processor_ns();
		size_t used = scorer_score(side->scorer, work->record + done, work->count - done, &side->scored);
		side->judge_ns += processor_ns() - start;
		records_count(side, work->record + done, used);
		outputs_note(side);
		done += used;
	}
}

void
side_work(struct diff_side *side, const struct work *work)
{
	switch (work->kind) {
	case WORK_RECORDS:
		records_judge(side, work);
		return;
	case WORK_LIMITS:
		scorer_set_limits(side->scorer, &work->limits);
		return;
	case WORK_TICK:
		scorer_tick(side->scorer, work->time, &side->scored);
		break;
	case WORK_CLOSE:
		scorer_close_windows(side->scorer, &side->scored);
		break;
	}
	outputs_note(side);
}

const struct rule *
side_rule(const struct diff_side *side, const char *id)
{
	for (size_t i = 0; i < side->rules->rules; i++)
		if (strcmp(side->rules->rule[i].id, id) == 0)
			return &side->rules->rule[i];
	return NULL;
}

double
side_cost(const struct diff_side *side)
{
	uint64_t claims = side->offered[RECORD_SETTLEMENT];
	return claims ? (double)side->judge_ns / (double)claims : 0;
}
