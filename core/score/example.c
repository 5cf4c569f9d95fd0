/* The first alert that a rule's own tests raise: what it would say, shown to people who read about the rule. */
#include "core/rule/trial.h"
#include "core/score/private.h"

#include <stdlib.h>

static bool
take_open(const struct scored *scored, struct buffer *line)
{
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		if (output->kind != OUTPUT_ALERT || output->status != STATUS_OPEN)
			continue;
		buffer_add(line, output->line.data, output->line.length);
		return true;
	}
	return false;
}

static bool
run_until_open(struct ruleset *alone, const struct rule_test *test, struct buffer *line)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.person_clear = true;
	struct scorer *scorer = scorer_open(alone, &limits);
	bool found = false;
	for (size_t i = 0; i < test->records && !found; i++) {
		enum fate fate;
		struct scored scored = {.fate = &fate};
		struct record record;
		trial_record_make(test, &test->record[i], &record);
		scorer_score(scorer, &record, 1, &scored);
		found = take_open(&scored, line);
		free((char *)record.bytes);
	}
	if (test->close_all && !found) {
		struct scored scored = {0};
		scorer_close_windows(scorer, &scored);
		found = take_open(&scored, line);
	}
	scorer_close(scorer);
	return found;
}

const struct rule_test *
trial_example(const struct ruleset *rules, size_t index, struct buffer *line)
{
	struct rule rule = rules->rule[index];
	struct ruleset alone = *rules;
	rule.mode = MODE_ENFORCE;
	alone.rule = &rule;
	alone.rules = 1;
	for (size_t i = 0; i < rule.tests; i++)
		if (run_until_open(&alone, &rule.test[i], line))
			return &rules->rule[index].test[i];
	return NULL;
}
