/* Other rules in the middle of a stream.  What they leave standing must be what they would have left had they held from the
 * first record on: judged again where only numbers changed, and made from the archive's records where an aggregate is new.
 * The undisturbed run under the new rules is the truth; the worlds are those of the property test. */
#include "core/base/memory.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/property/order.h"
#include "tests/unit/archive_checks.h"

#include <stdlib.h>

#define ORACLE_RULES TEST_DATA "/oracle/rules"
#define WORLDS 300

/* ---- rules ---- */

static struct ruleset *
rules_of(const char *folder)
{
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), folder, NULL, &diags);
	if (!rules)
		diags_print(&diags, LANGUAGE_EN, stderr);
	ck_assert_ptr_nonnull(rules);
	diags_free(&diags);
	return rules;
}

/* A copy of the rules, changed by a shell command that is run in its folder. */
static struct ruleset *
rules_changed(const char *name, const char *command)
{
	char words[1024];
	snprintf(words, sizeof words, "cp -r '%s' '%s' && cd '%s' && %s", ORACLE_RULES, scratch_path(name), scratch_path(name), command);
	ck_assert_int_eq(system(words), 0);
	return rules_of(scratch_path(name));
}

#define OTHER_NUMBERS "sed -i -e 's/value: 300.00/value: 200.00/; s/value: 500.00/value: 900.00/; s/value: 1000.00/value: 700.00/' policy/*.yaml " \
	"&& sed -i -e 's/value: 0.70/value: 0.95/; s/value: 0.90/value: 0.10/' fund/*.yaml " \
	"&& sed -i -e '/^minimum: /d; s/^mode: /minimum: 2\\nbands: [{over: 0, severity: low}, {over: 0.3, severity: high}]\\nmode: /' policy/*.yaml fund/*.yaml"
#define FEWER_RULES "rm policy/ORACLE-CAP-2.yaml fund/ORACLE-SHARE-CASES.yaml fund/ORACLE-RATIO-CLASS.yaml " \
	"management/ORACLE-ADM-TOWNSHIP.yaml"
#define HIDDEN "mkdir -p suppressions && echo '- {id: K, rule: ORACLE-CAP-1, author: a, reason: {zh: x, en: x}, " \
	"scope: {region: \"14\"}, from: 2023-01-01, until: 2025-12-31}' > suppressions/known.yaml"
#define ON_TRIAL "sed -i 's/^mode: enforce/mode: shadow/' policy/*.yaml fund/*.yaml management/*.yaml"

/* ---- streams ---- */

struct stream {
	struct record record[EVENTS_MAX];
	int64_t tick[EVENTS_MAX];       /* after the record; 0: none */
	size_t count;
	struct buffer bytes;
};

static void
stream_make(struct stream *stream, uint64_t seed)
{
	static struct world world;
	struct order order;
	struct chance chance = {seed};
	struct buffer line = {0};
	world_make(&world, seed);
	order_make(&order, &world, ORDER_GIVEN, &chance);
	stream->count = stream->bytes.length = 0;
	for (size_t i = 0; i < order.count; i++) {
		const struct event *event = &world.event[order.event[i]];
		if (event->kind == EVENT_TICK) {
			if (stream->count)
				stream->tick[stream->count - 1] = event->time;
			continue;
		}
		size_t before = stream->bytes.length, number = stream->count++;
		line.length = 0;
		event_line(&world, event, &line);
		buffer_add(&stream->bytes, line.data, line.length);
		stream->tick[number] = 0;
		stream->record[number] = (struct record){.kind = event->kind == EVENT_ENROLMENT ? RECORD_ENROLMENT : RECORD_SETTLEMENT,
		    .offset = (int64_t)before, .length = stream->bytes.length - before, .file = "stream", .line = (int64_t)number + 1,
		    .arrival_ms = ARRIVAL_UNKNOWN};
	}
	buffer_free(&line);
	buffer_reserve(&stream->bytes, RECORD_PADDING);
	for (size_t i = 0; i < stream->count; i++)
		stream->record[i].bytes = stream->bytes.data + stream->record[i].offset;
}

/* ---- what stands ---- */

struct standing {                       /* the last that was said under one key */
	char key[128];
	unsigned revision, lines;
	bool stands, numbered;
	char *body;
};

struct heard {
	struct standing list[2000];
	size_t count;
};

static struct standing *
standing_of(struct heard *heard, struct slice key)
{
	size_t i = 0;
	while (i < heard->count && !slice_equal(slice_of(heard->list[i].key), key))
		i++;
	ck_assert_uint_lt(i, sizeof heard->list / sizeof heard->list[0]);
	if (i == heard->count) {
		struct standing *standing = &heard->list[heard->count++];
		*standing = (struct standing){.numbered = true};
		ck_assert_uint_lt(key.length, sizeof standing->key);
		memcpy(standing->key, key.data, key.length);
	}
	return &heard->list[i];
}

/* From the subject on an alert, from the finding on an indicator, says what it is about; before it stand revision and digest. */
static void
hear(struct heard *heard, const struct scored *scored)
{
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		bool indicator = output->kind == OUTPUT_INDICATOR;
		if (output->kind != OUTPUT_ALERT && !indicator)
			continue;
		char key[128];
		const char *period = memmem(output->line.data, output->line.length, "\"period\":", 9);
		ck_assert_ptr_nonnull(period);
		snprintf(key, sizeof key, "%.*s %.17s", (int)output->key.length, output->key.data, indicator ? period : "");
		struct standing *standing = standing_of(heard, slice_of(key));
		const char *from = indicator ? "\"finding\":" : "\"subject\":";
		const char *body = memmem(output->line.data, output->line.length, from, strlen(from));
		ck_assert_ptr_nonnull(body);
		const char *before = indicator ? period : output->line.data;    /* the rule has a revision too */
		const char *revision = memmem(before, output->line.length - (size_t)(before - output->line.data), "\"revision\":", 11);
		ck_assert_ptr_nonnull(revision);
		standing->revision = (unsigned)atoi(revision + 11);
		standing->numbered &= standing->revision == ++standing->lines;
		/* A month whose bookings have all gone is insufficient once something was said of it, and else nothing is said. */
		standing->stands = indicator ? !memmem(output->line.data, output->line.length, "\"verdict\":\"insufficient\"", 24) : output->status == STATUS_OPEN || output->status == STATUS_UPDATED;
		free(standing->body);
		standing->body = strndup(body, output->line.length - (size_t)(body - output->line.data));
	}
}

static void
heard_clear(struct heard *heard)
{
	for (size_t i = 0; i < heard->count; i++)
		free(heard->list[i].body);
	heard->count = 0;
}

/* ---- runs ---- */

static void
judge(struct scorer *scorer, const struct stream *stream, size_t first, size_t last, struct heard *heard)
{
	for (size_t i = first; i < last; i++) {
		enum fate fate;
		struct scored scored = {.fate = &fate};
		ck_assert_uint_eq(scorer_score(scorer, &stream->record[i], 1, &scored), 1);
		hear(heard, &scored);
		if (!stream->tick[i])
			continue;
		scorer_tick(scorer, stream->tick[i], &scored);
		hear(heard, &scored);
	}
}

static void
close_all(struct scorer *scorer, struct heard *heard)
{
	struct scored scored = {0};
	scorer_close_windows(scorer, &scored);
	hear(heard, &scored);
}

static unsigned
rejudge(struct scorer *scorer, struct heard *heard)
{
	struct scored scored = {0};
	bool more = true;
	unsigned lines = 0;
	while (more) {
		more = scorer_rejudge(scorer, &scored);
		for (size_t i = 0; i < scored.outputs; i++) {
			struct slice line = scored.output[i].line;
			ck_assert(scored.output[i].kind == OUTPUT_INDICATOR || scored.output[i].kind == OUTPUT_SHADOW
			    || memmem(line.data, line.length, "\"cause\":\"rules\"", 15));
		}
		lines += (unsigned)scored.outputs;
		hear(heard, &scored);
	}
	return lines;
}

/* Everything that stands in the one stands in the other, with the same words. */
static void
need_stands(const struct heard *wanted, struct heard *found, uint64_t seed, const char *which)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct standing *one = &wanted->list[i];
		if (!one->stands)
			continue;
		struct standing *other = standing_of(found, slice_of(one->key));
		NEED(other->stands && strcmp(other->body, one->body) == 0, "world %llu, %s: %s\n%s\n%s", (unsigned long long)seed, which, one->key,
		    one->body, other->body ? other->body : "nothing");
	}
}

static void
need_numbered(const struct heard *heard, uint64_t seed)
{
	for (size_t i = 0; i < heard->count; i++)
		NEED(heard->list[i].numbered, "world %llu: %s, revision %u of %u lines", (unsigned long long)seed, heard->list[i].key,
		    heard->list[i].revision, heard->list[i].lines);
}

static struct scorer_limits
limits_of_a_few_lines(size_t outputs)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.outputs_max = outputs;
	return limits;
}

/* ---- tests ---- */

static void
truth(struct ruleset *rules, const struct stream *stream, struct heard *heard)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct scorer *scorer = scorer_open(rules, &limits);
	judge(scorer, stream, 0, stream->count, heard);
	close_all(scorer, heard);
	scorer_close(scorer);
}

/* Other limits and targets from anywhere on: at the end what stands is what they would have said from the first record on. */
START_TEST(other_numbers_are_judged_again)
{
	static struct stream stream;
	static struct heard wanted, found;
	scratch_make();
	unsigned said = 0;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct ruleset *before = rules_of(ORACLE_RULES), *old;
		struct ruleset *after = seed == 1 ? rules_changed("numbers", OTHER_NUMBERS)
		    : rules_of(scratch_path("numbers"));
		struct scorer_limits limits = limits_of_a_few_lines(1 + seed % 7);
		struct scorer *scorer = scorer_open(before, &limits);
		stream_make(&stream, seed);
		size_t cut = stream.count ? mixed(seed) % (stream.count + 1) : 0;
		judge(scorer, &stream, 0, cut, &found);
		scorer_use(scorer, after, &old);
		ck_assert_ptr_eq(old, before);
		said += rejudge(scorer, &found);
		ck_assert_uint_eq(rejudge(scorer, &found), 0);
		judge(scorer, &stream, cut, stream.count, &found);
		close_all(scorer, &found);
		truth(after, &stream, &wanted);
		need_stands(&wanted, &found, seed, "missing");
		need_stands(&found, &wanted, seed, "too many");
		need_numbered(&found, seed);
		heard_clear(&found);
		heard_clear(&wanted);
		scorer_close(scorer);
		ruleset_free(before);
		ruleset_free(after);
	}
	ck_assert_uint_gt(said, 300);
	buffer_free(&stream.bytes);
	scratch_remove();
}
END_TEST

/* Rules that are new, their aggregates made by a scorer that judged the same records beside the running one. */
START_TEST(new_aggregates_are_adopted)
{
	static struct stream stream;
	static struct heard wanted, found, nobody;
	scratch_make();
	unsigned said = 0;
	struct ruleset *before = rules_changed("fewer", FEWER_RULES), *after = rules_changed("all", OTHER_NUMBERS);
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct scorer_limits limits = limits_of_a_few_lines(4096);
		struct scorer *live = scorer_open(before, &limits), *fresh = scorer_open(after, &limits);
		stream_make(&stream, seed);
		size_t cut = stream.count ? mixed(seed + 1) % (stream.count + 1) : 0;
		judge(live, &stream, 0, cut, &found);
		judge(fresh, &stream, 0, cut, &nobody);
		const char *answer = scorer_adopt(fresh, live);
		ck_assert_ptr_nonnull(strstr(answer, "ORACLE-CAP-2"));
		scorer_close(live);
		said += rejudge(fresh, &found);
		judge(fresh, &stream, cut, stream.count, &found);
		close_all(fresh, &found);
		truth(after, &stream, &wanted);
		need_stands(&wanted, &found, seed, "missing");
		need_stands(&found, &wanted, seed, "too many");
		need_numbered(&found, seed);
		heard_clear(&found);
		heard_clear(&wanted);
		heard_clear(&nobody);
		scorer_close(fresh);
	}
	ck_assert_uint_gt(said, 300);
	ruleset_free(before);
	ruleset_free(after);
	buffer_free(&stream.bytes);
	scratch_remove();
}
END_TEST

/* From trial to force: the alerts' topic has heard nothing yet, so each begins with revision 1; and back nothing is said there. */
START_TEST(what_was_on_trial_begins_anew)
{
	static struct stream stream;
	static struct heard wanted, found;
	scratch_make();
	struct ruleset *trial = rules_changed("trial", ON_TRIAL), *enforced = rules_changed("enforced", "true"), *old;
	unsigned said = 0;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct scorer_limits limits = limits_of_a_few_lines(64);
		struct scorer *scorer = scorer_open(trial, &limits);
		stream_make(&stream, seed);
		judge(scorer, &stream, 0, stream.count, &found);
		for (size_t i = 0; i < found.count; i++)
			ck_assert_ptr_nonnull(strstr(found.list[i].body, "\"kind\":\"claim\""));         /* the one rule that is in force */
		scorer_use(scorer, enforced, &old);
		said += rejudge(scorer, &found);
		close_all(scorer, &found);
		truth(enforced, &stream, &wanted);
		need_stands(&wanted, &found, seed, "missing");
		need_stands(&found, &wanted, seed, "too many");
		need_numbered(&found, seed);
		heard_clear(&found);
		scorer_use(scorer, trial, &old);
		rejudge(scorer, &found);
		ck_assert_uint_eq(found.count, 0);
		heard_clear(&wanted);
		scorer_close(scorer);
	}
	ck_assert_uint_gt(said, 300);
	ruleset_free(trial);
	ruleset_free(enforced);
	buffer_free(&stream.bytes);
	scratch_remove();
}
END_TEST

/* What an entry of the suppressions hid is counted on, whoever judged it: the counts are the running one's. */
START_TEST(what_was_hidden_is_counted_on)
{
	static struct stream stream;
	static struct heard nobody;
	scratch_make();
	uint64_t hidden = 0;
	struct ruleset *before = rules_changed("hidden", HIDDEN), *after = rules_changed("hidden-others", HIDDEN " && " OTHER_NUMBERS);
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct scorer_limits limits = limits_of_a_few_lines(4096);
		struct scorer *live = scorer_open(before, &limits), *fresh = scorer_open(after, &limits);
		stream_make(&stream, seed);
		judge(live, &stream, 0, stream.count, &nobody);
		judge(fresh, &stream, 0, stream.count, &nobody);
		struct suppression_counts counts = *scorer_suppression_counts(live, 0);
		scorer_adopt(fresh, live);
		NEED(scorer_suppression_counts(fresh, 0)->lines == counts.lines, "world %llu: %llu lines were hidden, %llu are counted",
		    (unsigned long long)seed, (unsigned long long)counts.lines, (unsigned long long)scorer_suppression_counts(fresh, 0)->lines);
		hidden += counts.lines;
		heard_clear(&nobody);
		scorer_close(live);
		scorer_close(fresh);
	}
	ck_assert_uint_gt(hidden, 100);
	ruleset_free(before);
	ruleset_free(after);
	buffer_free(&stream.bytes);
	scratch_remove();
}
END_TEST

RUN_TESTS("rejudge", other_numbers_are_judged_again, new_aggregates_are_adopted, what_was_on_trial_begins_anew, what_was_hidden_is_counted_on)
