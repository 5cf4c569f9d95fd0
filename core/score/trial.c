/* The tests inside rule files: each rule alone with the tables, each test with a scorer of its own.  An expectation names
 * values of the alert line; what it does not name may be anything. */
#include "core/score/private.h"

#include "core/base/money.h"
#include "core/rule/trial.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct trial {
	const struct rule_test *test;
	struct diags *diags;
	size_t seen;                    /* alert lines so far */
	bool failed;
};

static void
fail(struct trial *trial, int line, int column, const char *zh, const char *en)
{
	const char *start = trial->test->source;
	for (int at = 1; at < line && strchr(start, '\n'); at++)
		start = strchr(start, '\n') + 1;
	char *text = strndup(start, strcspn(start, "\n"));
	trial->failed = true;
	diag_add(trial->diags, DIAG_ERROR, trial->test->file, line, column, 1, text, zh, en, NULL, NULL);
	free(text);
}

static void fail_text(struct trial *, int line, int column, const char *zh, const char *en, ...) __attribute__((format(printf, 5, 6)));

/* Both texts are formats for the same arguments. */
static void
fail_text(struct trial *trial, int line, int column, const char *zh, const char *en, ...)
{
	char text[2][2048];
	va_list arguments;
	va_start(arguments, en);
	vsnprintf(text[0], sizeof text[0], zh, arguments);
	va_end(arguments);
	va_start(arguments, en);
	vsnprintf(text[1], sizeof text[1], en, arguments);
	va_end(arguments);
	fail(trial, line, column, text[0], text[1]);
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
		fail_text(trial, expect->line, expect->column, "测试 %s：告警里没有 %s", "test %s: the alert has no %s", trial->test->name,
		    wanted->name);
		return;
	}
	if (is_equal(found, wanted->text, fen))
		return;
	char money[MONEY_TEXT_SIZE];
	int64_t number;
	if (fen && decimal_parse(found.data, found.length, 0, &number))
		found = slice_of(money_text(number, money));
	fail_text(trial, expect->line, expect->column, "测试 %s：%s 应为 %s，得到 %.*s", "test %s: %s should be %s, but is %.*s",
	    trial->test->name, wanted->name, wanted->text, (int)found.length, found.data);
}

/* ---- running ---- */

static void
line_check(struct trial *trial, const struct output *output, const char *setl_id)
{
	const struct rule_test *test = trial->test;
	if (trial->seen++ >= test->expectations) {
		fail_text(trial, test->line, test->column, "测试 %s：多出一行告警：%.*s", "test %s: one alert line too many: %.*s", test->name,
		    (int)output->line.length, output->line.data);
		return;
	}
	const struct trial_expectation *expect = &test->expect[trial->seen - 1];
	const char *on = expect->on ? expect->on : "";
	bool at_close = output->setl_time == INT64_MIN;
	const char *raised = at_close || !setl_id ? "" : setl_id;
	if (strcmp(on, raised) != 0)
		fail_text(trial, expect->line, expect->column, "测试 %s：应由 %s 引起，实为 %s", "test %s: should be raised by %s, but is by %s",
		    test->name, *on ? on : "close", *raised ? raised : "close");
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

static void
record_run(struct trial *trial, struct scorer *scorer, const struct trial_record *from)
{
	const struct rule_test *test = trial->test;
	char *bytes = calloc(1, from->length + RECORD_PADDING);
	if (!bytes)
		abort();
	memcpy(bytes, from->json, from->length);
	struct record record = {.kind = from->enrolment ? RECORD_ENROLMENT : RECORD_SETTLEMENT, .bytes = bytes, .length = from->length,
	    .arrival_ms = ARRIVAL_UNKNOWN, .file = test->file, .line = test->line};
	enum fate fate;
	struct scored scored = {.fate = &fate};
	scorer_score(scorer, &record, 1, &scored);
	if (fate == FATE_REFUSED)
		for (size_t i = 0; i < scored.outputs; i++)
			fail_text(trial, test->line, test->column, "测试 %s：记录被拒收：%.*s", "test %s: a record was refused: %.*s", test->name,
			    (int)scored.output[i].line.length, scored.output[i].line.data);
	outputs_check(trial, &scored, from->setl_id);
	free(bytes);
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
		fail_text(&trial, test->expect[trial.seen].line, test->expect[trial.seen].column, "测试 %s：应有 %zu 行告警，只有 %zu 行",
		    "test %s: %zu alert lines expected, but there are %zu", test->name, test->expectations, trial.seen);
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
		alone.rule = &rule;
		alone.rules = 1;
		for (size_t j = 0; j < rule.tests; j++, run++)
			*failed += !test_run(&alone, &rule.test[j], diags);
	}
	return run;
}
