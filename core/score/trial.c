/* The tests inside rule files: each rule alone with the tables, each test with a scorer of its own.  An expectation names
 * values of the alert line; what it does not name may be anything. */
#include "core/score/private.h"

#include "core/base/money.h"
#include "core/rule/source.h"
#include "core/rule/trial.h"

#include <stdlib.h>

struct trial {
	const struct rule_test *test;
	struct diags *diags;
	size_t seen;                    /* alert lines so far */
	bool failed;
};

static void
fail(struct trial *trial, int line, int column, enum mistake mistake, ...)
{
	const struct source source = source_of(trial->test->file, trial->test->source, trial->diags);
	va_list list;
	va_start(list, mistake);
	source_mistake_list(&source, (struct extent){source_offset(&source, line, column), 1}, NO_HINT, mistake, list);
	va_end(list);
	trial->failed = true;
}

/* ---- reading one's own line ---- */

/* The value of a key inside the part of the line that begins with the marker; strings without their quotes. */
static bool
member_find(struct slice line, const char *marker, const char *key, const char *suffix, struct slice *value)
{
	char wanted[96];
	const char *part = *marker ? memmem(line.data, line.length, marker, strlen(marker)) : line.data;
	if (!part)
		return false;
	size_t left = line.length - (size_t)(part - line.data);
	const char *end = *marker ? memchr(part, '}', left) : part + left;
	int length = snprintf(wanted, sizeof wanted, "\"%s%s\":", key, suffix);
	const char *at = end ? memmem(part, (size_t)(end - part), wanted, (size_t)length) : NULL;
	if (!at)
		return false;
	at += length;
	bool quoted = *at == '"';
	at += quoted;
	size_t bytes = 0;
	while (at + bytes < line.data + line.length && (quoted ? at[bytes] != '"' : at[bytes] != ',' && at[bytes] != '}'))
		bytes++;
	*value = (struct slice){at, bytes};
	return true;
}

static bool
is_equal(struct slice found, const char *wanted, bool fen)
{
	int64_t left, right;
	size_t length = strlen(wanted);
	if (slice_equal(found, slice_of(wanted)))
		return true;
	if (fen)
		return money_parse(wanted, length, &right) && decimal_parse(found.data, found.length, 0, &left) && left == right;
	return decimal_parse(found.data, found.length, 6, &left) && decimal_parse(wanted, length, 6, &right) && left == right;
}

/* finding (amounts in yuan), then subject, then the line's own members. */
static bool
value_find(struct slice line, const char *name, struct slice *value, bool *fen)
{
	*fen = member_find(line, "\"finding\":{", name, "_fen", value);
	if (*fen || member_find(line, "\"finding\":{", name, "", value) || member_find(line, "\"subject\":{", name, "", value))
		return true;
	*fen = member_find(line, "", name, "_fen", value);
	return *fen || member_find(line, "", name, "", value);
}

static void
value_check(struct trial *trial, struct slice line, const struct trial_expectation *expect, const struct trial_value *wanted)
{
	struct slice found;
	bool fen;
	if (!value_find(line, wanted->name, &found, &fen)) {
		fail(trial, expect->line, expect->column, MISTAKE_trial_no_value, trial->test->name, wanted->name);
		return;
	}
	if (is_equal(found, wanted->text, fen))
		return;
	char money[MONEY_TEXT_SIZE];
	int64_t number;
	if (fen && decimal_parse(found.data, found.length, 0, &number))
		found = slice_of(money_text(number, money));
	fail(trial, expect->line, expect->column, MISTAKE_trial_value, trial->test->name, wanted->name, wanted->text, SLICE_ARG(found));
}

/* ---- running ---- */

static void
line_check(struct trial *trial, const struct output *output, const char *setl_id)
{
	const struct rule_test *test = trial->test;
	if (trial->seen++ >= test->expectations) {
		fail(trial, test->line, test->column, MISTAKE_trial_line_more, test->name, SLICE_ARG(output->line));
		return;
	}
	const struct trial_expectation *expect = &test->expect[trial->seen - 1];
	const char *on = expect->on ? expect->on : "";
	bool at_close = output->setl_time == INT64_MIN;
	const char *raised = at_close || !setl_id ? "" : setl_id;
	if (strcmp(on, raised) != 0)
		fail(trial, expect->line, expect->column, MISTAKE_trial_raised, test->name, *on ? on : "close", *raised ? raised : "close");
	for (size_t i = 0; i < expect->values; i++)
		value_check(trial, output->line, expect, &expect->value[i]);
}

static void
outputs_check(struct trial *trial, const struct scored *scored, const char *setl_id)
{
	for (size_t i = 0; i < scored->outputs; i++)
		if (scored->output[i].kind == OUTPUT_ALERT)
			line_check(trial, &scored->output[i], setl_id);
}

void
trial_record_make(const struct rule_test *test, const struct trial_record *from, struct record *record)
{
	char *bytes = calloc(1, from->length + RECORD_PADDING);
	if (!bytes)
		abort();
	memcpy(bytes, from->json, from->length);
	*record = (struct record){.kind = from->enrolment ? RECORD_ENROLMENT : RECORD_SETTLEMENT, .bytes = bytes, .length = from->length,
	    .arrival_ms = ARRIVAL_UNKNOWN, .file = test->file, .line = test->line};
}

static void
record_run(struct trial *trial, struct scorer *scorer, const struct trial_record *from)
{
	const struct rule_test *test = trial->test;
	struct record record;
	trial_record_make(test, from, &record);
	enum fate fate;
	struct scored scored = {.fate = &fate};
	scorer_score(scorer, &record, 1, &scored);
	if (fate == FATE_REFUSED)
		for (size_t i = 0; i < scored.outputs; i++)
			fail(trial, test->line, test->column, MISTAKE_trial_refused, test->name, SLICE_ARG(scored.output[i].line));
	outputs_check(trial, &scored, from->setl_id);
	free((char *)record.bytes);
}

static bool
test_run(struct ruleset *alone, const struct rule_test *test, struct diags *diags)
{
	struct trial trial = {test, diags, 0, false};
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.person_clear = true;
	struct scorer *scorer = scorer_open(alone, &limits);
	for (size_t i = 0; i < test->records; i++)
		record_run(&trial, scorer, &test->record[i]);
	if (test->close_all) {
		struct scored scored = {0};
		scorer_close_windows(scorer, &scored);
		outputs_check(&trial, &scored, NULL);
	}
	if (trial.seen < test->expectations)
		fail(&trial, test->expect[trial.seen].line, test->expect[trial.seen].column, MISTAKE_trial_lines_less, test->name,
		    test->expectations, trial.seen);
	scorer_close(scorer);
	return !trial.failed;
}

size_t
trial_run(struct ruleset *rules, struct diags *diags, size_t *failed)
{
	size_t run = 0;
	*failed = 0;
	for (size_t i = 0; i < rules->rules; i++) {
		struct rule rule = rules->rule[i];
		struct ruleset alone = *rules;
		rule.mode = MODE_ENFORCE;       /* a rule that is off or on trial is tested as if it spoke */
		alone.suppressions = 0;         /* what a site hides does not change what the rule says */
		alone.rule = &rule;
		alone.rules = 1;
		for (size_t j = 0; j < rule.tests; j++, run++)
			*failed += !test_run(&alone, &rule.test[j], diags);
	}
	return run;
}
