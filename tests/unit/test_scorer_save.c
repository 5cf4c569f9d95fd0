/* Saving and loading the scorer.  Random worlds (those of the property test, some after each other, with long numbers, all
 * kinds of people, arrivals and ticks) are cut at random places: saved, loaded, gone on with.  All lines and the bytes
 * saved at the end must be those of an undisturbed run: a forgotten field does not get through that. */
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"
#include "tests/unit/save_streams.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define RULES TEST_DATA "/../rules"
#define ORACLE_RULES TEST_DATA "/oracle/rules"
#define WORLDS 400
#define COUNTIES 25

/* ---- runs ---- */

static struct ruleset *
rules_of(const char *directory)
{
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), directory, NULL, &diags);
	if (!rules)
		diags_print(&diags, LANGUAGE_EN, stderr);
	ck_assert_ptr_nonnull(rules);
	diags_free(&diags);
	return rules;
}

static void
keep(void *buffer, const void *bytes, size_t length)
{
	buffer_add(buffer, bytes, length);
}

static bool
give(void *slice, void *bytes, size_t length)
{
	struct slice *left = slice;
	if (left->length < length)
		return false;
	memcpy(bytes, left->data, length);
	*left = (struct slice){left->data + length, left->length - length};
	return true;
}

struct run {
	struct ruleset *rules;
	struct scorer_limits limits;
	struct scorer *scorer;
	struct digest *lines;
	size_t line_count;
};

static void
run_open(struct run *run, struct ruleset *rules, struct chance *chance)
{
	*run = (struct run){.rules = rules, .limits = SCORER_LIMITS_DEFAULT, .lines = digest_open()};
	run->limits.person_clear = true;
	run->limits.outputs_max = 1 + below(chance, 50);
	run->limits.remember_days = 30 + (int32_t)below(chance, 400);
	run->limits.history_months = 1 + (int32_t)below(chance, 36);
	run->scorer = scorer_open(rules, &run->limits);
}

static void
run_take(struct run *run, const struct scored *scored)
{
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		uint8_t kind = (uint8_t)output->kind;
		digest_add(run->lines, &kind, 1);
		digest_add(run->lines, output->line.data, output->line.length);
		digest_add(run->lines, output->key.data, output->key.length);
	}
	run->line_count += scored->outputs;
}

static void
run_records(struct run *run, const struct stream *stream, size_t from, size_t to, struct chance *chance)
{
	static enum fate fate[STREAM_MOST];
	struct scored scored = {.fate = fate};
	while (from < to) {
		size_t batch = chance ? 1 + below(chance, 40) : 1, ticked = from;
		while (ticked < to && !stream->tick[ticked])
			ticked++;
		if (batch > to - from)
			batch = to - from;
		if (batch > ticked - from + 1)
			batch = ticked - from + 1;
		from += scorer_score(run->scorer, stream->record + from, batch, &scored);
		run_take(run, &scored);
		if (!stream->tick[from - 1])
			continue;
		scorer_tick(run->scorer, stream->tick[from - 1], &scored);
		run_take(run, &scored);
	}
}

static void
run_save(const struct run *run, struct buffer *saved)
{
	saved->length = 0;
	scorer_save(run->scorer, keep, saved);
}

static void
run_load(struct run *run, const struct buffer *saved, struct buffer *again)
{
	struct slice left = {saved->data, saved->length};
	scorer_close(run->scorer);
	run->scorer = scorer_load(run->rules, &run->limits, give, &left);
	ck_assert_ptr_nonnull(run->scorer);
	ck_assert_uint_eq(left.length, 0);
	run_save(run, again);
	NEED(again->length == saved->length && memcmp(again->data, saved->data, saved->length) == 0, "%zu and %zu bytes", again->length, saved->length);
}

/* What is counted, but said in no line. */
static void
run_counts(const struct run *run)
{
	const struct scorer_counts *counts = scorer_counts(run->scorer);
	struct buffer text = {0};
	digest_add(run->lines, counts, offsetof(struct scorer_counts, person_bytes));
	for (size_t i = 0; i < run->rules->rules; i++)
		digest_add(run->lines, scorer_rule_counts(run->scorer, i), sizeof(struct rule_counts));
	scorer_data_quality(run->scorer, &text);
	scorer_open_windows(run->scorer, &text);
	scorer_suppressed(run->scorer, &text);
	digest_add(run->lines, text.data, text.length);
	buffer_free(&text);
}

/* Ends the run: what it said and what it remembers. */
static void
run_end(struct run *run, char lines[DIGEST_TEXT_SIZE], struct buffer *saved)
{
	struct scored scored = {0};
	uint8_t value[DIGEST_BYTES];
	run_counts(run);
	scorer_close_windows(run->scorer, &scored);
	run_take(run, &scored);
	run_counts(run);
	digest_value(run->lines, value);
	hex_text(value, DIGEST_BYTES, lines);
	run_save(run, saved);
	scorer_close(run->scorer);
	digest_close(run->lines);
}

/* ---- the tests ---- */

static size_t
same(const struct buffer *a, const struct buffer *b)
{
	size_t at = 0;
	while (at < a->length && at < b->length && a->data[at] == b->data[at])
		at++;
	return at;
}

static size_t
world_cut(struct ruleset *rules, uint64_t seed, void (*make)(struct stream *, uint64_t seed))
{
	static struct stream stream;
	static struct buffer whole, cut, again;
	char undisturbed[DIGEST_TEXT_SIZE], disturbed[DIGEST_TEXT_SIZE];
	make(&stream, seed);
	struct chance first = {seed}, second = {seed};
	struct run run;
	run_open(&run, rules, &first);
	run_records(&run, &stream, 0, stream.count, &first);
	run_end(&run, undisturbed, &whole);
	run_open(&run, rules, &second);
	second.state = ~seed;           /* other batches */
	for (size_t done = 0; done < stream.count;) {
		size_t until = done + 1 + below(&second, (unsigned)stream.count);
		if (until > stream.count)
			until = stream.count;
		run_records(&run, &stream, done, until, &second);
		run_save(&run, &cut);
		run_load(&run, &cut, &again);
		done = until;
	}
	run_end(&run, disturbed, &cut);
	NEED(strcmp(disturbed, undisturbed) == 0, "world %llu", (unsigned long long)seed);
	NEED(cut.length == whole.length && same(&cut, &whole) == whole.length, "world %llu: %zu and %zu bytes, the same up to %zu",
	    (unsigned long long)seed, cut.length, whole.length, same(&cut, &whole));
	return run.line_count;
}

START_TEST(a_run_that_is_cut_goes_on_as_if_nothing_had_happened)
{
	struct ruleset *oracle = rules_of(ORACLE_RULES), *shipped = rules_of(RULES);
	size_t lines = 0;
	for (uint64_t seed = 1; seed <= WORLDS; seed++)
		lines += world_cut(seed % 5 ? oracle : shipped, seed, stream_make);
	ck_assert_uint_gt(lines, 10 * WORLDS);
	for (uint64_t seed = 1; seed <= COUNTIES; seed++)
		ck_assert_uint_gt(world_cut(oracle, seed, county_make), 100);
	ruleset_free(oracle);
	ruleset_free(shipped);
}
END_TEST

START_TEST(batches_of_any_size_save_the_same_bytes)
{
	struct ruleset *rules = rules_of(ORACLE_RULES);
	static struct stream stream;
	struct buffer first = {0}, second = {0};
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct run run;
		char lines[2][DIGEST_TEXT_SIZE];
		struct chance chance = {seed};
		stream_make(&stream, seed);
		run_open(&run, rules, &(struct chance){seed});
		run_records(&run, &stream, 0, stream.count, NULL);
		run_end(&run, lines[0], &first);
		run_open(&run, rules, &(struct chance){seed});
		run_records(&run, &stream, 0, stream.count, &chance);
		run_end(&run, lines[1], &second);
		ck_assert_str_eq(lines[0], lines[1]);
		NEED(first.length == second.length && same(&first, &second) == first.length, "world %llu", (unsigned long long)seed);
	}
	buffer_free(&first);
	buffer_free(&second);
	ruleset_free(rules);
}
END_TEST

START_TEST(a_change_of_rules_between_is_kept)
{
	struct ruleset *shipped = rules_of(RULES), *oracle = rules_of(ORACLE_RULES), *old;
	static struct stream stream;
	struct buffer first = {0}, second = {0}, again = {0};
	for (uint64_t seed = 1; seed <= 40; seed++) {
		char lines[2][DIGEST_TEXT_SIZE];
		stream_make(&stream, seed);
		size_t middle = stream.count / 2;
		for (int way = 0; way < 2; way++) {
			struct run run;
			struct chance chance = {seed * 31 + (uint64_t)way};
			run_open(&run, shipped, &(struct chance){seed});
			run_records(&run, &stream, 0, middle, &chance);
			scorer_use(run.scorer, oracle, &old);
			run.rules = old == shipped ? oracle : shipped;
			if (way) {
				run_save(&run, &second);
				run_load(&run, &second, &again);
			}
			run_records(&run, &stream, middle, stream.count, &chance);
			run_end(&run, lines[way], way ? &second : &first);
		}
		ck_assert_str_eq(lines[0], lines[1]);
		NEED(first.length == second.length && same(&first, &second) == first.length, "world %llu", (unsigned long long)seed);
	}
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&again);
	ruleset_free(shipped);
	ruleset_free(oracle);
}
END_TEST

/* Entries that hide much for a while, some of it said before and some after. */
static struct ruleset *
silent_rules(int last_month)
{
	static struct suppression entry[2][3];
	struct suppression *list = entry[last_month > 6];
	static const char *const rule[] = {"ORACLE-CAP-1", "ORACLE-CHECK", "ORACLE-ADM-TOWNSHIP"};
	for (int i = 0; i < 3; i++)
		list[i] = (struct suppression){.id = rule[i], .rule = rule[i], .region = "1", .from = day_from_civil(2024, 2, 1),
		    .until = day_from_civil(2024, last_month, 15)};
	struct ruleset *rules = rules_of(ORACLE_RULES);
	rules->suppression = list;
	rules->suppressions = 3;
	return rules;
}

START_TEST(what_is_hidden_is_saved)
{
	struct ruleset *silent = silent_rules(6), *shorter = silent_rules(12), *oracle = rules_of(ORACLE_RULES), *old;
	static struct stream stream;
	struct buffer first = {0}, second = {0}, again = {0};
	uint64_t hidden = 0;
	shorter->suppressions = 2;      /* the last is withdrawn */
	for (uint64_t seed = 1; seed <= 60; seed++) {
		world_cut(silent, seed, stream_make);
		char lines[2][DIGEST_TEXT_SIZE];
		stream_make(&stream, seed);
		for (int way = 0; way < 2; way++) {
			struct run run;
			struct chance chance = {seed * 31 + (uint64_t)way};
			run_open(&run, silent, &(struct chance){seed});
			run_records(&run, &stream, 0, stream.count / 3, &chance);
			scorer_use(run.scorer, run.rules = shorter, &old);
			if (way) {
				run_save(&run, &second);
				run_load(&run, &second, &again);
			}
			run_records(&run, &stream, stream.count / 3, 2 * stream.count / 3, &chance);
			for (size_t i = 0; i < shorter->suppressions; i++)
				hidden += scorer_suppression_counts(run.scorer, i)->lines;
			scorer_use(run.scorer, run.rules = oracle, &old);
			run_records(&run, &stream, 2 * stream.count / 3, stream.count, &chance);
			run_end(&run, lines[way], way ? &second : &first);
		}
		ck_assert_str_eq(lines[0], lines[1]);
		NEED(first.length == second.length && same(&first, &second) == first.length, "world %llu", (unsigned long long)seed);
	}
	ck_assert_uint_gt(hidden, 200);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&again);
	ruleset_free(silent);
	ruleset_free(shorter);
	ruleset_free(oracle);
}
END_TEST

static struct ruleset *
slow_rules(int32_t days)
{
	struct ruleset *rules = rules_of(ORACLE_RULES);
	for (size_t i = 0; i < rules->rules; i++)
		if (strncmp(rules->rule[i].id, "ORACLE-CAP", 10) == 0)
			rules->rule[i].repeat_after = days;
	return rules;
}

static size_t
slow_run(struct ruleset *const rules[3], const struct stream *stream, uint64_t seed, bool saves, char lines[DIGEST_TEXT_SIZE], struct buffer *end)
{
	struct run run;
	struct chance chance = {seed * 31 + saves};
	struct buffer cut = {0}, again = {0};
	struct ruleset *old;
	run_open(&run, rules[0], &(struct chance){seed});
	for (size_t part = 0; part < 3; part++) {
		if (part > 0)
			scorer_use(run.scorer, run.rules = rules[part], &old);
		if (saves) {
			run_save(&run, &cut);
			run_load(&run, &cut, &again);
		}
		run_records(&run, stream, part * stream->count / 3, (part + 1) * stream->count / 3, &chance);
	}
	run_end(&run, lines, end);
	buffer_free(&cut);
	buffer_free(&again);
	return run.line_count;
}

START_TEST(what_is_held_back_is_saved)
{
	struct ruleset *slow = slow_rules(40), *slower = slow_rules(300), *plain = rules_of(ORACLE_RULES);
	static struct stream stream;
	struct buffer first = {0}, second = {0};
	size_t every = 0, fewer = 0;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		char lines[3][DIGEST_TEXT_SIZE];
		world_cut(slower, seed, stream_make);
		stream_make(&stream, seed);
		fewer += slow_run((struct ruleset *const[]){slow, slower, plain}, &stream, seed, false, lines[0], &first);
		slow_run((struct ruleset *const[]){slow, slower, plain}, &stream, seed, true, lines[1], &second);
		ck_assert_str_eq(lines[0], lines[1]);
		NEED(first.length == second.length && same(&first, &second) == first.length, "world %llu", (unsigned long long)seed);
		every += slow_run((struct ruleset *const[]){plain, plain, plain}, &stream, seed, false, lines[2], &first);
	}
	ck_assert_uint_lt(fewer, every);
	buffer_free(&first);
	buffer_free(&second);
	ruleset_free(slow);
	ruleset_free(slower);
	ruleset_free(plain);
}
END_TEST

/* ---- more settlements than are remembered: chunks and blocks of ids have been given back ---- */

#define MANY 210000
#define MANY_BATCH 500

static size_t
many_line(char *out, size_t number)
{
	size_t of = number % 50 == 49 ? number - 7 : number;    /* some change their visit */
	size_t day = number / 600;
	return (size_t)sprintf(out, "{\"setl_id\":\"settlement-%zu-of-many\",\"mdtrt_id\":\"visit-%zu\",\"psn_no\":\"P%zu\",\"insu_admdvs\":\"141121\","
	    "\"insutype\":\"390\",\"med_type\":\"%s\",\"fixmedins_code\":\"H%zu\",\"setl_time\":\"%zu-%02zu-%02zu 08:00:00\",\"medfee_sumamt\":%zu,"
	    "\"hifp_pay\":%zu}", of, number, of % 5003, of % 20 ? "11" : "21", of % 90, 2024 + day / 336, day / 28 % 12 + 1, day % 28 + 1,
	    of % 900 + 1, of % 500);
}

static void
many_score(struct run *run, size_t from, size_t to)
{
	static char bytes[MANY_BATCH][512];
	static struct record record[MANY_BATCH];
	static enum fate fate[MANY_BATCH];
	struct scored scored = {.fate = fate};
	for (; from < to; from += MANY_BATCH) {
		for (size_t i = 0; i < MANY_BATCH; i++)
			record[i] = (struct record){.kind = RECORD_SETTLEMENT, .bytes = bytes[i], .length = many_line(bytes[i], from + i),
			    .arrival_ms = ARRIVAL_UNKNOWN, .file = "many", .line = (int64_t)(from + i)};
		for (size_t done = 0; done < MANY_BATCH;) {
			done += scorer_score(run->scorer, record + done, MANY_BATCH - done, &scored);
			run_take(run, &scored);
		}
	}
}

START_TEST(what_was_forgotten_stays_forgotten)
{
	struct ruleset *rules = rules_of(RULES);
	struct buffer first = {0}, second = {0}, again = {0};
	char lines[2][DIGEST_TEXT_SIZE];
	struct run run;
	run_open(&run, rules, &(struct chance){1});
	run.limits.remember_days = 30;
	scorer_close(run.scorer);
	run.scorer = scorer_open(rules, &run.limits);
	many_score(&run, 0, MANY);
	ck_assert_uint_lt(scorer_counts(run.scorer)->settlements, MANY / 2);
	run_end(&run, lines[0], &first);
	run_open(&run, rules, &(struct chance){1});
	run.limits.remember_days = 30;
	scorer_close(run.scorer);
	run.scorer = scorer_open(rules, &run.limits);
	many_score(&run, 0, 100000);
	for (size_t done = 100000; done < MANY; done += 55000) {
		run_save(&run, &second);
		run_load(&run, &second, &again);
		many_score(&run, done, done + 55000 < MANY ? done + 55000 : MANY);
	}
	run_end(&run, lines[1], &second);
	ck_assert_str_eq(lines[0], lines[1]);
	ck_assert(first.length == second.length && same(&first, &second) == first.length);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&again);
	ruleset_free(rules);
}
END_TEST

/* ---- damage ---- */

static struct scorer *
load_bytes(const struct run *run, const char *bytes, size_t length)
{
	struct slice left = {bytes, length};
	return scorer_load(run->rules, &run->limits, give, &left);
}

/* A state with something of everything in it, and as small as that. */
static void
some_state(struct run *run, struct ruleset *rules, struct buffer *saved)
{
	static struct stream stream;
	stream_make(&stream, 3);
	run_open(run, rules, &(struct chance){1});
	run_records(run, &stream, 0, stream.count, NULL);
	run_save(run, saved);
	scorer_close(run->scorer);
	digest_close(run->lines);
}

START_TEST(a_state_cut_anywhere_is_refused)
{
	struct ruleset *rules = rules_of(ORACLE_RULES);
	struct buffer saved = {0};
	struct run run;
	some_state(&run, rules, &saved);
	for (size_t length = 0; length < saved.length; length += 1 + length / 40)
		NEED(load_bytes(&run, saved.data, length) == NULL, "%zu of %zu bytes", length, saved.length);
	buffer_free(&saved);
	ruleset_free(rules);
}
END_TEST

/* No checksum stands before this: whatever the bytes, nothing outside of memory is touched.  What is not refused can be
 * saved again and closed. */
START_TEST(any_damage_is_refused_or_harmless)
{
	struct ruleset *rules = rules_of(ORACLE_RULES);
	struct buffer saved = {0}, damaged = {0}, again = {0};
	struct run run;
	struct chance chance = {5};
	size_t refused = 0, tries = 1500;
	some_state(&run, rules, &saved);
	for (size_t i = 0; i < tries; i++) {
		damaged.length = 0;
		buffer_add(&damaged, saved.data, saved.length);
		for (unsigned changes = 1 + below(&chance, 4); changes; changes--) {
			char *at = damaged.data + below(&chance, (unsigned)damaged.length);
			*at = percent(&chance, 30) ? (char)0xff : percent(&chance, 50) ? (char)(*at ^ 1 << below(&chance, 8)) : (char)chance_next(&chance);
		}
		struct scorer *scorer = load_bytes(&run, damaged.data, damaged.length);
		refused += scorer == NULL;
		again.length = 0;
		if (scorer)
			scorer_save(scorer, keep, &again);
		scorer_close(scorer);
	}
	ck_assert_uint_gt(refused, tries / 10);
	buffer_free(&saved);
	buffer_free(&damaged);
	buffer_free(&again);
	ruleset_free(rules);
}
END_TEST

START_TEST(another_ruleset_does_not_load_it)
{
	struct ruleset *rules = rules_of(ORACLE_RULES), *other = rules_of(RULES);
	struct buffer saved = {0};
	struct run run;
	some_state(&run, rules, &saved);
	run.rules = other;
	ck_assert_ptr_null(load_bytes(&run, saved.data, saved.length));
	buffer_free(&saved);
	ruleset_free(rules);
	ruleset_free(other);
}
END_TEST

RUN_TESTS("scorer_save", a_run_that_is_cut_goes_on_as_if_nothing_had_happened, batches_of_any_size_save_the_same_bytes,
    a_change_of_rules_between_is_kept, what_is_hidden_is_saved, what_is_held_back_is_saved, what_was_forgotten_stays_forgotten, a_state_cut_anywhere_is_refused,
    any_damage_is_refused_or_harmless, another_ruleset_does_not_load_it)
