/* property_feed: judges a feed record by record and says which record brought every line about.
 *
 *     property_feed RULES_DIR < FEED > LINES
 *
 * A line of the feed is a kind and a record: "settlement {...}", "enrolment {...}", "tick 2024-03-01 08:00:00", "close"
 * (every window).  A line said is the number of the line of the feed from 1, what it is, and the JSON.  This is what a
 * replay of files cannot show: the state after any record, and ticks.  Exit: 0, 65 a line of no kind, 78 rules. */
#include "core/base/buffer.h"
#include "core/base/time.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void
print_outputs(size_t number, const struct scored *scored)
{
	static const char *const kinds[OUTPUT_KINDS] = {"alert", "shadow", "indicator", "refused", "data_quality"};
	for (size_t i = 0; i < scored->outputs; i++) {
		struct slice line = scored->output[i].line;
		printf("%zu %s %.*s\n", number, kinds[scored->output[i].kind], (int)line.length, line.data);
	}
}

static void
judge_record(struct scorer *scorer, enum record_kind kind, struct slice text, size_t number)
{
	enum fate fate;
	struct scored scored = {.fate = &fate};
	struct buffer bytes = {0};
	buffer_add(&bytes, text.data, text.length);
	buffer_reserve(&bytes, RECORD_PADDING);
	struct record record = {.kind = kind, .bytes = bytes.data, .length = bytes.length, .arrival_ms = ARRIVAL_UNKNOWN, .partition = -1,
	    .offset = -1, .file = "feed", .line = (int64_t)number};
	for (size_t used = 0; used == 0;) {             /* lines still waiting come before the record is taken */
		used = scorer_score(scorer, &record, 1, &scored);
		print_outputs(number, &scored);
	}
	buffer_free(&bytes);
}

static bool
take(struct slice line, const char *word, struct slice *rest)
{
	size_t length = strlen(word);
	if (line.length < length || memcmp(line.data, word, length) != 0)
		return false;
	*rest = (struct slice){line.data + length, line.length - length};
	return true;
}

static bool
feed_line(struct scorer *scorer, struct slice line, size_t number)
{
	struct slice rest;
	struct scored scored = {0};
	int64_t time;
	if (take(line, "settlement ", &rest)) {
		judge_record(scorer, RECORD_SETTLEMENT, rest, number);
	} else if (take(line, "enrolment ", &rest)) {
		judge_record(scorer, RECORD_ENROLMENT, rest, number);
	} else if (take(line, "tick ", &rest) && time_parse(rest.data, rest.length, &time)) {
		scorer_tick(scorer, time, &scored);
		print_outputs(number, &scored);
	} else if (take(line, "close", &rest) && rest.length == 0) {
		scorer_close_windows(scorer, &scored);
		print_outputs(number, &scored);
	} else {
		fprintf(stderr, "property_feed: line %zu is of no kind\n", number);
		return false;
	}
	return true;
}

static int
feed(struct ruleset *rules)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.person_clear = true;
	struct scorer *scorer = scorer_open(rules, &limits);
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	bool good = true;
	for (size_t number = 1; good && (length = getline(&line, &capacity, stdin)) >= 0; number++) {
		if (length && line[length - 1] == '\n')
			length--;
		good = feed_line(scorer, (struct slice){line, (size_t)length}, number);
	}
	free(line);
	scorer_close(scorer);
	return good ? EXIT_SUCCESS : EX_DATAERR;
}

int
main(int count, char **words)
{
	if (count != 2) {
		fprintf(stderr, "property_feed RULES_DIR < FEED\n");
		return EX_USAGE;
	}
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), words[1], NULL, &diags);
	if (!rules)
		diags_print(&diags, LANGUAGE_EN, stderr);
	int status = rules ? feed(rules) : EX_CONFIG;
	if (rules)
		ruleset_free(rules);
	diags_free(&diags);
	return status;
}
