/* See trial.h. */
#include "tests/property/trial.h"

#include "tests/property/truth.h"

#include <stdlib.h>
#include <string.h>

const char *const failure_names[FAILURE_KINDS] = {"order", "batch", "state", "count", "sum"};

#define EVERYTHING_LIMIT 100000         /* fen, of ORACLE-CAP-2 */

void
failure_free(struct failure *failure)
{
	buffer_free(&failure->text);
}

static void
failure_set(struct failure *failure, enum failure_kind kind, int rule)
{
	failure->kind = kind;
	failure->rule = rule;
	failure->text.length = 0;
}

/* ---- one outcome by itself ---- */

static bool
counts_fail(const struct trial *trial, const struct outcome *outcome, struct failure *failure)
{
	const struct scorer_counts *counts = &outcome->counts;
	uint64_t given[RECORD_KINDS] = {0};
	for (size_t i = 0; i < trial->world.events; i++) {
		enum event_kind kind = trial->world.event[i].kind;
		given[RECORD_ENROLMENT] += kind == EVENT_ENROLMENT;
		given[RECORD_SETTLEMENT] += kind == EVENT_SETTLEMENT || kind == EVENT_BROKEN;
	}
	for (int kind = 0; kind < RECORD_KINDS; kind++) {
		uint64_t known = counts->judged[kind] + counts->refused[kind] + counts->duplicate[kind];
		if (counts->received[kind] == given[kind] && known == given[kind])
			continue;
		failure_set(failure, FAILURE_COUNT, -1);
		buffer_printf(&failure->text, "%s: given %llu, received %llu, judged + refused + duplicate %llu\n", record_kind_names[kind],
		    (unsigned long long)given[kind], (unsigned long long)counts->received[kind], (unsigned long long)known);
		return true;
	}
	return false;
}

/* The number behind a member of an alert, or fallback. */
static int64_t
number_of(const char *text, const char *member, int64_t fallback)
{
	const char *found = strstr(text, member);
	return found ? strtoll(found + strlen(member), NULL, 10) : fallback;
}

static bool
is_of(const char *text, const struct ledger *ledger)
{
	char subject[96];
	snprintf(subject, sizeof subject, "\"psn_no\":\"p%d\",\"period\":\"%d\"", ledger->person, ledger->year);
	if (!strstr(text, subject))
		return false;
	snprintf(subject, sizeof subject, "\"pool\":\"%s\",", ledger->pool);
	return strstr(text, subject) != NULL;
}

static const struct said *
alert_of(const struct outcome *outcome, int rule, const struct ledger *ledger)
{
	for (size_t i = 0; i < outcome->count; i++)
		if (outcome->said[i].is_alert && outcome->said[i].rule == rule && is_of(outcome->said[i].text, ledger))
			return &outcome->said[i];
	return NULL;
}

static bool
ledger_fails(const struct outcome *outcome, int rule, const struct ledger *ledger, bool of_everything, struct failure *failure)
{
	int64_t sum = of_everything ? ledger->everything : ledger->outpatient;
	int count = of_everything ? ledger->everything_count : ledger->outpatient_count;
	const struct said *alert = alert_of(outcome, rule, ledger);
	bool must_stand = of_everything && sum > EVERYTHING_LIMIT;
	if (!alert && !must_stand)
		return false;
	if (alert && number_of(alert->text, "\"sum_fen\":", INT64_MIN) == sum && number_of(alert->text, "\"count\":", -1) == count)
		return false;
	failure_set(failure, FAILURE_SUM, rule);
	buffer_printf(&failure->text, "p%d in %s, %d: the plain count is %lld fen, %d claims; said is: %s\n", ledger->person, ledger->pool,
	    ledger->year, (long long)sum, count, alert ? strstr(alert->text, "\"subject\"") : "nothing");
	return true;
}

static bool
sums_fail(const struct trial *trial, const struct outcome *outcome, struct failure *failure)
{
	struct ledger ledger[EVENTS_MAX];
	size_t ledgers = truth_ledgers(&trial->world, ledger);
	for (size_t r = 0; r < trial->rules->rules; r++) {
		const char *id = trial->rules->rule[r].id;
		bool of_everything = strcmp(id, "ORACLE-CAP-2") == 0;
		if (!of_everything && strcmp(id, "ORACLE-CAP-1") != 0)
			continue;
		for (size_t i = 0; i < ledgers; i++)
			if (ledger_fails(outcome, (int)r, &ledger[i], of_everything, failure))
				return true;
	}
	return false;
}

bool
outcome_fails(const struct trial *trial, const struct outcome *outcome, struct failure *failure)
{
	return counts_fail(trial, outcome, failure) || sums_fail(trial, outcome, failure);
}

/* ---- two orders ---- */

static void
tell_difference(struct failure *failure, const struct said *first, const struct said *second)
{
	failure_set(failure, FAILURE_ORDER, first ? first->rule : second->rule);
	const char *text[2] = {first ? first->text : NULL, second ? second->text : NULL};
	for (int i = 0; i < 2; i++) {
		const char *subject = text[i] ? strstr(text[i], "\"subject\"") : NULL;
		buffer_printf(&failure->text, "order %d: %s\n", i + 1, subject ? subject : "nothing stands");
	}
}

static bool
finals_differ(const struct outcome *first, const struct outcome *second, struct failure *failure)
{
	for (size_t i = 0, k = 0; i < first->count || k < second->count;) {
		int way = i == first->count ? 1 : k == second->count ? -1 : strcmp(first->said[i].key, second->said[k].key);
		if (way == 0 && strcmp(first->said[i].text, second->said[k].text) == 0) {
			i++;
			k++;
			continue;
		}
		tell_difference(failure, way <= 0 ? &first->said[i] : NULL, way >= 0 ? &second->said[k] : NULL);
		return true;
	}
	return false;
}

static bool
is_same_order(const struct order *a, const struct order *b)
{
	return a->count == b->count && memcmp(a->event, b->event, a->count * sizeof a->event[0]) == 0;
}

bool
outcomes_differ(const struct trial *trial, const struct outcome *first, const struct outcome *second, struct failure *failure)
{
	bool is_same = trial->order[1].kind == ORDER_GIVEN && is_same_order(&trial->order[0], &trial->order[1]);
	if (first->state == 0 || second->state == 0) {
		failure_set(failure, FAILURE_STATE, -1);
		buffer_printf(&failure->text, "what was saved after %zu events cannot be loaded\n", trial->order[1].cut);
		return true;
	}
	if (is_same && first->digest != second->digest) {
		failure_set(failure, trial->order[1].cut == NO_CUT ? FAILURE_BATCH : FAILURE_STATE, -1);
		buffer_printf(&failure->text, "the same order in other batches, or through a save, gives other lines\n");
		return true;
	}
	if (finals_differ(first, second, failure))
		return true;
	if (!is_same || first->state == second->state)
		return false;
	failure_set(failure, FAILURE_STATE, -1);
	buffer_printf(&failure->text, "the same order in other batches, or through a save, leaves another state\n");
	return true;
}

bool
trial_fails(const struct trial *trial, struct failure *failure)
{
	struct outcome outcome[2];
	for (int i = 0; i < 2; i++)
		judge(trial->rules, &trial->world, &trial->order[i], trial->breakage, &outcome[i]);
	bool fails = outcomes_differ(trial, &outcome[0], &outcome[1], failure) || outcome_fails(trial, &outcome[0], failure) ||
	    outcome_fails(trial, &outcome[1], failure);
	for (int i = 0; i < 2; i++)
		outcome_free(&outcome[i]);
	return fails;
}
