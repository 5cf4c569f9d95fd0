/* The scorer as a whole: the same bytes in batches of any size and through a change of rules, every record counted,
 * sums that survive another threshold.  What the lines say is checked by the oracle and by the tests inside the rules. */
#include "core/base/buffer.h"
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define RULES TEST_DATA "/../rules"
#define ORACLE_RULES TEST_DATA "/oracle/rules"
#define RECORDS 6000
#define BYTES 640

struct feed {
	struct record record[RECORDS];
	char *bytes;
};

static uint64_t
next(uint64_t *state)           /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* Few persons and large payments, so that caps are crossed often; refunds, resent and broken records among them. */
static size_t
settlement(char *out, size_t number, uint64_t random)
{
	static const char *const area[] = {"141121", "140902", "140525"};
	size_t of = random % 40 == 0 && number > 50 ? number - 1 - random / 40 % 50 : number;
	bool refund = random % 9 == 0 && number > 10;
	unsigned person = (unsigned)(of % 37), day = (unsigned)(number / 18), fen = (unsigned)(of * 7919 % 20000);
	unsigned month = day / 28 % 12 + 1, year = 2024 + day / (28 * 12);
	if (random % 97 == 0)
		return (size_t)sprintf(out, "{\"setl_id\":\"S%zu\",\"psn_no\":\"P%u\",\"hifp_pay\":1e3}", number, person);
	return (size_t)sprintf(out,
	    "{\"setl_id\":\"S%zu\",\"init_setl_id\":\"%s%zu\",\"mdtrt_id\":\"M%zu\",\"psn_no\":\"P%u\",\"insutype\":\"390\",\"insu_admdvs\":\"%s\","
	    "\"fixmedins_code\":\"H1%04zu\",\"med_type\":\"%s\",\"clr_way\":\"%s\",\"setl_time\":\"%u-%02u-%02u 10:%02zu:00\","
	    "\"medfee_sumamt\":%s%u.%02u,\"hifp_pay\":%s%u.%02u,\"refd_setl_flag\":\"%d\"}",
	    of, refund ? "S" : "", refund ? of - 1 - random / 9 % 10 : of, refund ? of - 1 - random / 9 % 10 : of, person, area[of % 3],
	    of % 11, of % 4 == 0 ? "21" : "11", of % 3 ? "40" : "10", year, month, day % 28 + 1, number % 60, refund ? "-" : "",
	    fen / 50, fen % 50, refund ? "-" : "", fen / 100, fen % 100, refund);
}

static struct feed *
feed_make(void)
{
	struct feed *feed = memory_resize(NULL, sizeof *feed);
	uint64_t random = 42;
	feed->bytes = memory_resize(NULL, (size_t)RECORDS * BYTES);
	for (size_t i = 0; i < RECORDS; i++) {
		char *bytes = feed->bytes + i * BYTES;
		feed->record[i] = (struct record){.kind = RECORD_SETTLEMENT, .bytes = bytes, .length = settlement(bytes, i, next(&random)),
		    .arrival_ms = ARRIVAL_UNKNOWN, .file = "feed", .line = (int64_t)i + 1};
		ck_assert_uint_lt(feed->record[i].length + RECORD_PADDING, BYTES);
	}
	return feed;
}

static void
feed_free(struct feed *feed)
{
	free(feed->bytes);
	free(feed);
}

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

struct run {
	struct scorer *scorer;
	struct digest *digest;
	struct scored scored;
	size_t lines;
};

static void
run_open(struct run *run, struct ruleset *rules, size_t outputs_max)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.outputs_max = outputs_max;
	*run = (struct run){.scorer = scorer_open(rules, &limits), .digest = digest_open()};
	run->scored.fate = memory_resize(NULL, RECORDS * sizeof *run->scored.fate);
}

static void
run_take(struct run *run)
{
	for (size_t i = 0; i < run->scored.outputs; i++) {
		digest_add(run->digest, run->scored.output[i].line.data, run->scored.output[i].line.length);
		digest_add(run->digest, "\n", 1);
		run->lines++;
	}
}

static void
run_score(struct run *run, const struct record *record, size_t count, size_t batch)
{
	for (size_t done = 0; done < count;) {
		size_t offered = count - done < batch ? count - done : batch;
		size_t used = scorer_score(run->scorer, record + done, offered, &run->scored);
		ck_assert_uint_gt(used, 0);
		run_take(run);
		done += used;
	}
}

static void
run_close(struct run *run, char text[DIGEST_TEXT_SIZE])
{
	uint8_t value[DIGEST_BYTES];
	scorer_close_windows(run->scorer, &run->scored);
	run_take(run);
	digest_value(run->digest, value);
	hex_text(value, DIGEST_BYTES, text);
	digest_close(run->digest);
	scorer_close(run->scorer);
	free(run->scored.fate);
}

START_TEST(batches_of_any_size_give_the_same_bytes)
{
	static const struct {
		size_t batch, outputs_max;
	} way[] = {{1, 4096}, {7, 4096}, {4096, 4096}, {RECORDS, 3}};
	struct feed *feed = feed_make();
	struct ruleset *rules = rules_of(ORACLE_RULES);
	char first[DIGEST_TEXT_SIZE], text[DIGEST_TEXT_SIZE];
	for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
		struct run run;
		run_open(&run, rules, way[i].outputs_max);
		run_score(&run, feed->record, RECORDS, way[i].batch);
		ck_assert_uint_gt(run.lines, 500);
		run_close(&run, i ? text : first);
		if (i)
			ck_assert_str_eq(text, first);
	}
	ruleset_free(rules);
	feed_free(feed);
}
END_TEST

/* As the daemon does it: on another thread, or at least before. */
START_TEST(records_decoded_beforehand_give_the_same_bytes)
{
	struct feed *feed = feed_make();
	struct ruleset *rules = rules_of(ORACLE_RULES);
	struct decoder *decoder = decoder_open(DECODE_LIMITS_DEFAULT);
	struct decoded_record *decoded = memory_resize(NULL, RECORDS * sizeof *decoded);
	char first[DIGEST_TEXT_SIZE], text[DIGEST_TEXT_SIZE];
	struct run run;
	run_open(&run, rules, 4096);
	run_score(&run, feed->record, RECORDS, 100);
	run_close(&run, first);
	size_t good = 0;
	for (size_t i = 0; i < RECORDS; i++) {
		record_decode(decoder, &feed->record[i], &decoded[i]);
		feed->record[i].decoded = &decoded[i];
		good += decoded[i].good;
	}
	ck_assert_uint_gt(good, RECORDS / 2);
	ck_assert_uint_lt(good, RECORDS);
	run_open(&run, rules, 4096);
	run_score(&run, feed->record, RECORDS, 100);
	run_close(&run, text);
	ck_assert_str_eq(text, first);
	decoder_close(decoder);
	free(decoded);
	ruleset_free(rules);
	feed_free(feed);
}
END_TEST

START_TEST(every_record_is_counted)
{
	struct feed *feed = feed_make();
	struct ruleset *rules = rules_of(RULES);
	struct run run;
	char text[DIGEST_TEXT_SIZE];
	size_t fate[3] = {0};
	run_open(&run, rules, 4096);
	for (size_t i = 0; i < RECORDS; i++) {
		ck_assert_uint_eq(scorer_score(run.scorer, &feed->record[i], 1, &run.scored), 1);
		fate[run.scored.fate[0]]++;
	}
	const struct scorer_counts *counts = scorer_counts(run.scorer);
	ck_assert_uint_eq(counts->received[RECORD_SETTLEMENT], RECORDS);
	ck_assert_uint_eq(counts->judged[RECORD_SETTLEMENT], fate[FATE_JUDGED]);
	ck_assert_uint_eq(counts->refused[RECORD_SETTLEMENT], fate[FATE_REFUSED]);
	ck_assert_uint_eq(counts->duplicate[RECORD_SETTLEMENT], fate[FATE_DUPLICATE]);
	ck_assert_uint_eq(fate[FATE_JUDGED] + fate[FATE_REFUSED] + fate[FATE_DUPLICATE], RECORDS);
	ck_assert_uint_gt(fate[FATE_REFUSED], 10);
	ck_assert_uint_gt(counts->restated, 10);
	ck_assert_uint_gt(counts->refunds, counts->unlinked_refunds);
	run_close(&run, text);
	ruleset_free(rules);
	feed_free(feed);
}
END_TEST

/* The same rules read again in the middle change nothing; nor does a set with other rules beside them, for these. */
START_TEST(rules_read_again_keep_all_state)
{
	struct feed *feed = feed_make();
	char undisturbed[DIGEST_TEXT_SIZE], changed[DIGEST_TEXT_SIZE];
	struct run run;
	struct ruleset *rules = rules_of(ORACLE_RULES), *old;
	run_open(&run, rules, 4096);
	run_score(&run, feed->record, RECORDS, 100);
	run_close(&run, undisturbed);
	run_open(&run, rules, 4096);
	run_score(&run, feed->record, 2500, 100);
	for (int i = 0; i < 2; i++) {
		struct ruleset *again = rules_of(ORACLE_RULES);
		const char *answer = scorer_use(run.scorer, again, &old);
		ck_assert_ptr_eq(old, rules);
		ck_assert_ptr_nonnull(strstr(answer, "\"new\":[]"));
		ck_assert_ptr_nonnull(strstr(answer, "\"dropped\":[]"));
		ruleset_free(old);
		rules = again;
		run_score(&run, feed->record + 2500 + 1000 * i, 1000, 100);
	}
	run_score(&run, feed->record + 4500, RECORDS - 4500, 100);
	run_close(&run, changed);
	ck_assert_str_eq(changed, undisturbed);
	ruleset_free(rules);
	feed_free(feed);
}
END_TEST

static size_t
score_text(struct run *run, const char *text)
{
	char bytes[BYTES] = {0};
	struct record record = {.kind = RECORD_SETTLEMENT, .bytes = bytes, .length = strlen(text), .arrival_ms = ARRIVAL_UNKNOWN,
	    .file = "text", .line = 1};
	memcpy(bytes, text, record.length);
	ck_assert_uint_eq(scorer_score(run->scorer, &record, 1, &run->scored), 1);
	return run->scored.outputs;
}

#define PAID(id, when, pay) "{\"setl_id\":\"" id "\",\"psn_no\":\"p\",\"insutype\":\"390\",\"med_type\":\"11\",\"insu_admdvs\":\"141121\"," \
	"\"setl_time\":\"" when "\",\"hifp_pay\":" pay "}"

/* A sum belongs to its definition, not to a rule: under another rule that asks for the same it goes on. */
START_TEST(another_ruleset_keeps_what_it_still_asks_for)
{
	struct ruleset *shipped = rules_of(RULES), *other = rules_of(ORACLE_RULES), *old;
	struct run run;
	char text[DIGEST_TEXT_SIZE];
	run_open(&run, shipped, 4096);
	ck_assert_uint_eq(score_text(&run, PAID("a", "2024-03-01", "290.00")), 0);
	const char *answer = scorer_use(run.scorer, other, &old);
	ck_assert_ptr_eq(old, shipped);
	ck_assert_ptr_nonnull(strstr(answer, "OP-CAP-001"));
	ck_assert_ptr_nonnull(strstr(answer, "\"kept\":[]"));
	ck_assert_uint_eq(score_text(&run, PAID("b", "2024-03-02", "20.00")), 1);
	struct slice line = run.scored.output[0].line;
	ck_assert_ptr_nonnull(memmem(line.data, line.length, "\"id\":\"ORACLE-CAP-1\"", 19));
	ck_assert_ptr_nonnull(memmem(line.data, line.length, "\"sum_fen\":31000,", 16));
	run_close(&run, text);
	ruleset_free(shipped);
	ruleset_free(other);
}
END_TEST

/* The comparison says beforehand what the other set will do to the state, and does nothing. */
START_TEST(a_comparison_tells_what_is_kept_new_and_dropped)
{
	struct ruleset *shipped = rules_of(RULES), *other = rules_of(ORACLE_RULES), *old;
	struct buffer said = {0};
	struct run run;
	char text[DIGEST_TEXT_SIZE];
	run_open(&run, shipped, 4096);
	score_text(&run, PAID("a", "2024-03-01", "290.00"));
	score_text(&run, "{\"setl_id\":\"s\",\"mdtrt_id\":\"m\",\"psn_no\":\"q\",\"insutype\":\"390\",\"med_type\":\"21\",\"insu_admdvs\":\"141121\","
	    "\"setl_time\":\"2024-03-02\",\"medfee_sumamt\":900,\"hifp_pay\":500,\"fixmedins_code\":\"H1\"}");
	struct state_change same = scorer_compare(run.scorer, shipped, false, &said);
	buffer_char(&said, '\0');
	ck_assert_ptr_nonnull(strstr(said.data, "\"changed\":[],"));
	ck_assert_ptr_nonnull(strstr(said.data, "\"new\":[],\"dropped\":[]"));
	ck_assert_uint_eq(same.new_bytes + same.dropped_bytes + same.new_aggregates, 0);
	ck_assert_uint_gt(same.kept_bytes, 2 * 4 * 8);  /* one sum of two persons in four years, and the windows of the pool */
	said.length = 0;
	struct state_change change = scorer_compare(run.scorer, other, true, &said);
	buffer_char(&said, '\0');
	ck_assert_ptr_nonnull(strstr(said.data, "\"kept\":[{\"rule\":\"ORACLE-CAP-1\",\"aggregate\":\"sum=hifp_pay;where=insutype == \\\"390\\\" and med_type in $outpatient\",\"bytes\":64}"));
	ck_assert_ptr_nonnull(strstr(said.data, "\"backfill\":true}"));
	ck_assert_ptr_nonnull(strstr(strstr(said.data, "\"dropped\":["), "\"rule\":\"DRG-SHARE-001\""));
	ck_assert_ptr_null(strstr(strstr(said.data, "\"dropped\":["), "OP-CAP-001"));
	ck_assert_uint_gt(change.dropped_bytes, 0);
	ck_assert_uint_gt(change.new_aggregates, 0);
	ck_assert_uint_eq(change.kept_bytes + change.dropped_bytes, same.kept_bytes);
	scorer_use(run.scorer, other, &old);
	ck_assert_uint_eq(score_text(&run, PAID("b", "2024-03-02", "20.00")), 1);       /* the sum went on */
	run_close(&run, text);
	buffer_free(&said);
	ruleset_free(shipped);
	ruleset_free(other);
}
END_TEST

RUN_TESTS("scorer", batches_of_any_size_give_the_same_bytes, records_decoded_beforehand_give_the_same_bytes,
    every_record_is_counted, rules_read_again_keep_all_state,
    another_ruleset_keeps_what_it_still_asks_for, a_comparison_tells_what_is_kept_new_and_dropped)
