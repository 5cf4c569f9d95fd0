/* property: the promise of contract 2 over random worlds.
 *
 *     property [--seeds N] [--from S] [--orders K] [--rules DIR] [--survey] [--keep DIR]
 *              [--break versions|refunds --must-fail RECORDS]
 *
 * Every world is judged by event time and in K other orders: within the allowed lateness, by partitions, any; in random
 * batches; and by event time with a save and a load somewhere.  At the end every window is closed.  The last line of every alert and indicator must be the same, received =
 * judged + refused + duplicate, and the caps' sums must be those of a plain count over the settlements that stand.
 * The first world that fails is shrunk and printed as NDJSON in both orders (--keep: as files too); --survey counts all
 * failures instead.  --break breaks the promise on purpose: with --must-fail the run is good when a failure is found and
 * shrunk to at most so many records.  Exit: 0 good, 1 failed, 64 usage, 78 rules. */
#include "detectors/registry.h"
#include "tests/property/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

struct options {
	uint64_t seeds, from, orders, must_fail;
	const char *rules, *keep;
	enum breakage breakage;
	bool is_survey;
};

struct tally {
	uint64_t worlds, records, orders[ORDER_KINDS], lines, finals;
	uint64_t failed[FAILURE_KINDS], failed_orders[ORDER_KINDS], failing_worlds;
};

/* ---- telling ---- */

static const char *
kind_name(const struct trial *trial, const struct order *order, size_t i)
{
	return record_kind_names[trial->world.event[order->event[i]].kind == EVENT_ENROLMENT ? RECORD_ENROLMENT : RECORD_SETTLEMENT];
}

static bool
is_tick(const struct trial *trial, const struct order *order, size_t i)
{
	return trial->world.event[order->event[i]].kind == EVENT_TICK;
}

static void
print_line(const struct trial *trial, const struct order *order, size_t i, FILE *out)
{
	struct buffer line = {0};
	event_line(&trial->world, &trial->world.event[order->event[i]], &line);
	fprintf(out, "%.*s\n", (int)line.length, line.data);
	buffer_free(&line);
}

/* A run of one kind, as --record reads one file after the other; ticks are left out, a replay of files has none. */
static size_t
keep_run(const struct trial *trial, const struct order *order, size_t from, FILE *out)
{
	size_t i = from;
	for (; i < order->count && kind_name(trial, order, i) == kind_name(trial, order, from); i++)
		if (!is_tick(trial, order, i))
			print_line(trial, order, i, out);
	return i - from;
}

/* Writes an order as files, prints the command that replays them; the whole with ticks as property_feed reads it. */
static void
keep_order(const struct trial *trial, int number, const struct options *options)
{
	const struct order *order = &trial->order[number];
	char path[512];
	mkdir(options->keep, 0777);
	printf("fundwatch replay --close-all --person-clear --rules %s", options->rules);
	for (size_t from = 0, part = 1; from < order->count; part++) {
		snprintf(path, sizeof path, "%s/order%d-%02zu-%s.ndjson", options->keep, number + 1, part, kind_name(trial, order, from));
		FILE *out = fopen(path, "w");
		if (!out) {
			fprintf(stderr, "property: %s: %s\n", path, strerror(errno));
			return;
		}
		printf(" --record %s=%s", kind_name(trial, order, from), path);
		from += keep_run(trial, order, from, out);
		fclose(out);
	}
	snprintf(path, sizeof path, "%s/order%d.feed", options->keep, number + 1);
	FILE *out = fopen(path, "w");
	for (size_t i = 0; out && i < order->count; i++) {
		fprintf(out, "%s%s", is_tick(trial, order, i) ? "" : kind_name(trial, order, i), is_tick(trial, order, i) ? "" : " ");
		print_line(trial, order, i, out);
	}
	if (out)
		fclose(out);
	printf(" /dev/null\nproperty_feed %s < %s\n", options->rules, path);
}

static void
tell_trial(const struct trial *trial, const struct failure *failure, const struct options *options)
{
	printf("\n== seed %llu: %s, %s, %zu records\n%.*s", (unsigned long long)trial->world.seed, failure_names[failure->kind],
	    failure->rule < 0 ? "no rule" : trial->rules->rule[failure->rule].id, trial->world.events, (int)failure->text.length, failure->text.data);
	if (trial->world.has_arrivals)
		printf("arrivals are known, up to nine days after a record's time: a replay of files does not know them\n");
	for (int i = 0; i < 2; i++) {
		const struct order *order = &trial->order[i];
		printf("-- order %d, %s, %s", i + 1, order_names[order->kind], order->batches ? "random batches" : "one by one");
		if (order->cut == NO_CUT)
			printf("\n");
		else
			printf(", saved and loaded after %zu\n", order->cut);
		for (size_t k = 0; k < order->count; k++)
			print_line(trial, order, k, stdout);
		if (options->keep)
			keep_order(trial, i, options);
	}
}

/* ---- trying ---- */

static void
tell_survey(const struct trial *trial, const struct failure *failure)
{
	printf("seed %llu: %s, %s, %s\n", (unsigned long long)trial->world.seed, failure_names[failure->kind],
	    failure->rule < 0 ? "no rule" : trial->rules->rule[failure->rule].id, order_names[trial->order[1].kind]);
}

static bool
next_order_fails(struct trial *trial, const struct outcome *first, struct tally *tally, struct failure *failure)
{
	struct outcome second;
	judge(trial->rules, &trial->world, &trial->order[1], trial->breakage, &second);
	tally->orders[trial->order[1].kind]++;
	tally->records += trial->world.events;
	tally->lines += second.lines;
	bool fails = outcomes_differ(trial, first, &second, failure) || outcome_fails(trial, &second, failure);
	outcome_free(&second);
	if (!fails)
		return false;
	tally->failed[failure->kind]++;
	tally->failed_orders[trial->order[1].kind]++;
	return true;
}

/* The first two other orders are the same in other batches, and with a save and a load somewhere; then each kind in turn. */
static bool
world_fails(struct trial *trial, const struct options *options, struct tally *tally, struct failure *failure)
{
	struct chance chance = {trial->world.seed ^ UINT64_C(0x5851F42D4C957F2D)};
	order_make(&trial->order[0], &trial->world, ORDER_GIVEN, &chance);
	struct outcome first;
	judge(trial->rules, &trial->world, &trial->order[0], trial->breakage, &first);
	tally->worlds++;
	tally->orders[ORDER_GIVEN]++;
	tally->records += trial->world.events;
	tally->lines += first.lines;
	tally->finals += first.count;
	bool fails = false;
	for (uint64_t i = 0; i < options->orders && (!fails || options->is_survey); i++) {
		enum order_kind kind = i < 2 ? ORDER_GIVEN : (enum order_kind)(1 + (i - 2) % (ORDER_KINDS - 1));
		order_make(&trial->order[1], &trial->world, kind, &chance);
		if (i == 1)
			trial->order[1].cut = 1 + below(&chance, (unsigned)trial->world.events);
		bool differs = next_order_fails(trial, &first, tally, failure);
		if (differs && options->is_survey)
			tell_survey(trial, failure);
		fails |= differs;
	}
	outcome_free(&first);
	tally->failing_worlds += fails;
	return fails;
}

/* ---- options ---- */

static bool
number_take(const char *text, uint64_t *number)
{
	char *end;
	*number = strtoull(text, &end, 10);
	return *text && !*end;
}

static bool
break_take(const char *text, enum breakage *breakage)
{
	*breakage = strcmp(text, "versions") == 0 ? BREAK_VERSIONS : strcmp(text, "refunds") == 0 ? BREAK_REFUNDS : BREAK_NOTHING;
	return *breakage != BREAK_NOTHING;
}

static bool
option_take(struct options *options, const char *name, const char *value)
{
	if (strcmp(name, "--seeds") == 0)
		return number_take(value, &options->seeds);
	if (strcmp(name, "--from") == 0)
		return number_take(value, &options->from);
	if (strcmp(name, "--orders") == 0)
		return number_take(value, &options->orders);
	if (strcmp(name, "--must-fail") == 0)
		return number_take(value, &options->must_fail);
	if (strcmp(name, "--break") == 0)
		return break_take(value, &options->breakage);
	if (strcmp(name, "--rules") == 0)
		options->rules = value;
	else if (strcmp(name, "--keep") == 0)
		options->keep = value;
	else
		return false;
	return true;
}

static bool
options_take(struct options *options, int count, char **words)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(words[i], "--survey") == 0) {
			options->is_survey = true;
			continue;
		}
		if (i + 1 == count || !option_take(options, words[i], words[i + 1])) {
			fprintf(stderr, "property: what is %s?\n", words[i]);
			return false;
		}
		i++;
	}
	return true;
}

static void
tell_tally(const struct tally *tally)
{
	printf("%llu worlds, %llu records judged, %llu lines, %llu final states compared\norders:", (unsigned long long)tally->worlds,
	    (unsigned long long)tally->records, (unsigned long long)tally->lines, (unsigned long long)tally->finals);
	for (int i = 0; i < ORDER_KINDS; i++)
		printf(" %llu %s%s", (unsigned long long)tally->orders[i], order_names[i], i + 1 < ORDER_KINDS ? "," : "\nfailures:");
	for (int i = 0; i < FAILURE_KINDS; i++)
		printf(" %llu %s,", (unsigned long long)tally->failed[i], failure_names[i]);
	printf(" in %llu worlds\n", (unsigned long long)tally->failing_worlds);
}

static int
run(struct trial *trial, const struct options *options)
{
	struct tally tally = {0};
	struct failure failure = {0};
	bool fails = false;
	for (uint64_t i = 0; i < options->seeds && (!fails || options->is_survey); i++) {
		world_make(&trial->world, options->from + i);
		fails |= world_fails(trial, options, &tally, &failure);
	}
	printf("seeds %llu to %llu\n", (unsigned long long)options->from, (unsigned long long)(options->from + tally.worlds - 1));
	tell_tally(&tally);
	if (fails && !options->is_survey) {
		trial_shrink(trial, &failure);
		trial_fails(trial, &failure);
		tell_trial(trial, &failure, options);
	}
	failure_free(&failure);
	if (options->must_fail)
		return fails && trial->world.events <= options->must_fail ? EXIT_SUCCESS : EXIT_FAILURE;
	return fails ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int count, char **words)
{
	struct options options = {.seeds = 2000, .orders = 8, .rules = PROPERTY_RULES};
	if (!options_take(&options, count, words))
		return EX_USAGE;
	struct diags diags = {0};
	struct trial *trial = calloc(1, sizeof *trial);
	if (!trial)
		return EX_OSERR;
	trial->breakage = options.breakage;
	trial->rules = ruleset_load(detectors_registry(), options.rules, NULL, &diags);
	if (!trial->rules)
		diags_print(&diags, LANGUAGE_EN, stderr);
	int status = trial->rules ? run(trial, &options) : EX_CONFIG;
	if (trial->rules)
		ruleset_free(trial->rules);
	diags_free(&diags);
	free(trial);
	return status;
}
