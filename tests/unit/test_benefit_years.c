/* Benefit years that are not calendar years, against a plain recount: persons who are students and are not, months that two of
 * their years share, refunds across the end of a year, in any order of arrival, saved and loaded half way, and through
 * changes of the table. */
#include "core/base/buffer.h"
#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULES TEST_DATA "/rules/years"
#define CALENDAR TEST_DATA "/rules/tables"      /* no benefit_years.csv */
#define PERSONS 9
#define RECORDS_MOST 1200
#define LIMIT_FEN 30000

static uint64_t
next(uint64_t *state)           /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* ---- a feed and what it comes to ---- */

struct sum {
	int person;
	char period[TIME_TEXT_SIZE];
	int64_t fen;
	bool stands;                    /* of an alert */
};

struct sums {
	struct sum sum[PERSONS * 16];
	size_t count;
};

static struct sum *
sum_of(struct sums *sums, int person, const char *period)
{
	for (size_t i = 0; i < sums->count; i++)
		if (sums->sum[i].person == person && strcmp(sums->sum[i].period, period) == 0)
			return &sums->sum[i];
	ck_assert_uint_lt(sums->count, PERSONS * 16);
	struct sum *sum = &sums->sum[sums->count++];
	*sum = (struct sum){.person = person};
	strcpy(sum->period, period);
	return sum;
}

struct feed {
	struct record record[RECORDS_MOST];
	size_t count;
	struct sums truth;
};

/* By the table's words alone: students' years begin in September, from 2022-09-01 to 2024-08-31. */
static void
period_of(int32_t day, bool student, char period[TIME_TEXT_SIZE])
{
	int year = day < day_from_civil(2023, 1, 1) ? 2022 : day < day_from_civil(2024, 1, 1) ? 2023 : 2024;
	sprintf(period, "%d", year);
	if (student && day >= day_from_civil(2022, 9, 1) && day <= day_from_civil(2023, 8, 31))
		strcpy(period, "2022-09-01/2023-08-31");
	if (student && day >= day_from_civil(2023, 9, 1) && day <= day_from_civil(2024, 8, 31))
		strcpy(period, "2023-09-01/2024-08-31");
}

static void
feed_add(struct feed *feed, const char *text)
{
	char *bytes = memory_resize(NULL, strlen(text) + RECORD_PADDING);
	memset(bytes, 0, strlen(text) + RECORD_PADDING);
	memcpy(bytes, text, strlen(text));
	feed->record[feed->count] = (struct record){.kind = RECORD_SETTLEMENT, .bytes = bytes, .length = strlen(text),
	    .arrival_ms = ARRIVAL_UNKNOWN, .file = "feed", .line = (int64_t)feed->count + 1};
	feed->count++;
}

static void
settlement_add(struct feed *feed, uint64_t *random, bool calendar)
{
	static const char *const kinds[] = {",\"psn_type\":\"14\"", ",\"psn_type\":\"014\"", ",\"psn_type\":\"15\"", ""};
	char text[512], date[TIME_TEXT_SIZE], period[TIME_TEXT_SIZE];
	int person = (int)(next(random) % PERSONS), kind = (int)(next(random) % 4), fen = (int)(next(random) % 6000);
	int32_t day = day_from_civil(2022, 1, 1) + (int32_t)(next(random) % 1020);
	size_t number = feed->count;
	snprintf(text, sizeof text, "{\"setl_id\":\"S%zu\",\"mdtrt_id\":\"V%zu\",\"psn_no\":\"P%d\",\"insutype\":\"390\",\"insu_admdvs\":\"500101\","
	    "\"med_type\":\"11\",\"medfee_sumamt\":%d.%02d,\"hifp_pay\":%d.%02d,\"setl_time\":\"%s 10:00:00\"%s}", number, number, person,
	    fen / 100, fen % 100, fen / 100, fen % 100, day_text(day, date), kinds[kind]);
	feed_add(feed, text);
	period_of(day, kind < 2 && !calendar, period);
	sum_of(&feed->truth, person, period)->fen += fen;
	if (next(random) % 5)
		return;
	snprintf(text, sizeof text, "{\"setl_id\":\"R%zu\",\"init_setl_id\":\"S%zu\",\"mdtrt_id\":\"V%zu\",\"psn_no\":\"P%d\",\"insutype\":\"390\","
	    "\"insu_admdvs\":\"500101\",\"med_type\":\"11\",\"refd_setl_flag\":\"1\",\"medfee_sumamt\":-%d.%02d,\"hifp_pay\":-%d.%02d,"
	    "\"setl_time\":\"%s 11:00:00\"}", number, number, number, person, fen / 100, fen % 100, fen / 100, fen % 100,
	    day_text(day + (int32_t)(next(random) % 40), date));
	feed_add(feed, text);
	sum_of(&feed->truth, person, period)->fen -= fen;
}

static struct feed *
feed_make(uint64_t seed, bool calendar)
{
	struct feed *feed = memory_resize(NULL, sizeof *feed);
	uint64_t random = seed;
	*feed = (struct feed){.count = 0};
	while (feed->count + 2 <= RECORDS_MOST / 2)
		settlement_add(feed, &random, calendar);
	for (size_t i = feed->count - 1; i > 0; i--) {  /* any order of arrival */
		size_t with = next(&random) % (i + 1);
		struct record kept = feed->record[i];
		feed->record[i] = feed->record[with];
		feed->record[with] = kept;
	}
	return feed;
}

static void
feed_free(struct feed *feed)
{
	for (size_t i = 0; i < feed->count; i++)
		free((void *)feed->record[i].bytes);
	free(feed);
}

/* ---- runs ---- */

static struct ruleset *
rules_of(const char *tables)
{
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), RULES, tables, &diags);
	if (!rules)
		diags_print(&diags, LANGUAGE_EN, stderr);
	ck_assert_ptr_nonnull(rules);
	diags_free(&diags);
	return rules;
}

static struct scorer_limits
limits_make(void)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.person_clear = true;
	limits.remember_days = 4000;
	limits.history_months = 60;
	return limits;
}

static const char *
after(struct slice line, const char *key)
{
	const char *at = memmem(line.data, line.length, key, strlen(key));
	ck_assert_ptr_nonnull(at);
	return at + strlen(key);
}

static void
lines_take(const struct scored *scored, struct sums *said, struct buffer *lines)
{
	for (size_t i = 0; i < scored->outputs; i++) {
		struct slice line = scored->output[i].line;
		char period[TIME_TEXT_SIZE] = "";
		if (scored->output[i].kind != OUTPUT_ALERT)
			continue;
		const char *text = after(line, "\"period\":\"");
		memcpy(period, text, strcspn(text, "\""));
		struct sum *sum = sum_of(said, atoi(after(line, "\"psn_no\":\"P")), period);
		sum->fen = atoll(after(line, "\"sum_fen\":"));
		sum->stands = scored->output[i].status == STATUS_OPEN || scored->output[i].status == STATUS_UPDATED;
		buffer_add(lines, line.data, line.length);
	}
}

static void
records_run(struct scorer *scorer, const struct feed *feed, size_t from, size_t to, struct sums *said, struct buffer *lines)
{
	static enum fate fate[RECORDS_MOST];
	struct scored scored = {.fate = fate};
	while (from < to) {
		from += scorer_score(scorer, feed->record + from, to - from, &scored);
		lines_take(&scored, said, lines);
	}
}

static void
said_check(struct sums *said, struct sums *truth)
{
	for (size_t i = 0; i < truth->count; i++) {
		const struct sum *wanted = &truth->sum[i], *found = sum_of(said, wanted->person, wanted->period);
		NEED(found->stands == (wanted->fen > LIMIT_FEN), "P%d %s: %lld fen", wanted->person, wanted->period, (long long)wanted->fen);
		NEED(!found->stands || found->fen == wanted->fen, "P%d %s: %lld, said %lld", wanted->person, wanted->period,
		    (long long)wanted->fen, (long long)found->fen);
	}
	for (size_t i = 0; i < said->count; i++)
		NEED(!said->sum[i].stands || sum_of(truth, said->sum[i].person, said->sum[i].period)->fen > LIMIT_FEN, "%s", said->sum[i].period);
}

START_TEST(test_recount)
{
	struct ruleset *rules = rules_of(NULL);
	struct scorer_limits limits = limits_make();
	size_t standing = 0;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct feed *feed = feed_make(seed, false);
		struct sums said = {.count = 0};
		struct buffer lines = {0};
		struct scorer *scorer = scorer_open(rules, &limits);
		records_run(scorer, feed, 0, feed->count, &said, &lines);
		said_check(&said, &feed->truth);
		for (size_t i = 0; i < said.count; i++)
			standing += said.sum[i].stands && strchr(said.sum[i].period, '/') != NULL;
		scorer_close(scorer);
		buffer_free(&lines);
		feed_free(feed);
	}
	ck_assert_uint_gt(standing, 100);       /* of school years: else nothing was tested */
	ruleset_free(rules);
}
END_TEST

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

START_TEST(test_saved_and_loaded)
{
	struct ruleset *rules = rules_of(NULL);
	struct scorer_limits limits = limits_make();
	for (uint64_t seed = 100; seed < 120; seed++) {
		struct feed *feed = feed_make(seed, false);
		struct sums said = {.count = 0}, again = {.count = 0};
		struct buffer whole = {0}, cut = {0}, saved = {0}, ends[2] = {{0}};
		struct scorer *scorer = scorer_open(rules, &limits);
		size_t half = seed % 7 * feed->count / 7;
		records_run(scorer, feed, 0, half, &said, &whole);
		scorer_save(scorer, keep, &saved);
		records_run(scorer, feed, half, feed->count, &said, &whole);
		struct slice left = {saved.data, saved.length};
		struct scorer *loaded = scorer_load(rules, &limits, give, &left);
		ck_assert_ptr_nonnull(loaded);
		records_run(loaded, feed, half, feed->count, &again, &cut);
		ck_assert_uint_ge(whole.length, cut.length);
		ck_assert_mem_eq(whole.data + whole.length - cut.length, cut.data, cut.length);
		scorer_save(scorer, keep, &ends[0]);
		scorer_save(loaded, keep, &ends[1]);
		NEED(ends[0].length == ends[1].length && memcmp(ends[0].data, ends[1].data, ends[0].length) == 0, "seed %d", (int)seed);
		scorer_close(loaded);
		scorer_close(scorer);
		buffer_free(&whole), buffer_free(&cut), buffer_free(&saved), buffer_free(&ends[0]), buffer_free(&ends[1]);
		feed_free(feed);
	}
	ruleset_free(rules);
}
END_TEST

/* Rules take turns: with the table and without.  Calendar years go through it untouched. */
START_TEST(test_another_table)
{
	struct ruleset *first = rules_of(CALENDAR);
	struct scorer_limits limits = limits_make();
	for (uint64_t seed = 200; seed < 210; seed++) {
		struct feed *feed = feed_make(seed, true);
		struct sums said = {.count = 0};
		struct buffer lines = {0};
		struct ruleset *old;
		struct scorer *scorer = scorer_open(first, &limits);
		records_run(scorer, feed, 0, feed->count / 2, &said, &lines);
		struct ruleset *second = rules_of(NULL), *third = rules_of(CALENDAR);
		scorer_use(scorer, second, &old);
		ck_assert_ptr_eq(old, first);
		scorer_use(scorer, third, &old);
		ck_assert_ptr_eq(old, second);
		records_run(scorer, feed, feed->count / 2, feed->count, &said, &lines);
		said_check(&said, &feed->truth);
		scorer_close(scorer);
		ruleset_free(second);
		ruleset_free(third);
		buffer_free(&lines);
		feed_free(feed);
	}
	ruleset_free(first);
}
END_TEST

/* Years that began under a table that is gone are forgotten; what still comes for them changes nothing and breaks nothing. */
START_TEST(test_a_beginning_is_taken_out)
{
	struct scorer_limits limits = limits_make();
	struct ruleset *with = rules_of(NULL), *without = rules_of(CALENDAR), *old;
	struct feed *feed = feed_make(300, false);
	struct sums said = {.count = 0};
	struct buffer lines = {0}, saved = {0};
	struct scorer *scorer = scorer_open(with, &limits);
	records_run(scorer, feed, 0, feed->count / 2, &said, &lines);
	scorer_use(scorer, without, &old);
	records_run(scorer, feed, feed->count / 2, feed->count, &said, &lines);
	scorer_save(scorer, keep, &saved);
	struct slice left = {saved.data, saved.length};
	struct scorer *loaded = scorer_load(without, &limits, give, &left);
	ck_assert_ptr_nonnull(loaded);
	scorer_close(loaded);
	scorer_close(scorer);
	ruleset_free(with);
	ruleset_free(without);
	buffer_free(&lines), buffer_free(&saved);
	feed_free(feed);
}
END_TEST

START_TEST(test_periods)
{
	char text[TIME_TEXT_SIZE];
	ck_assert_str_eq(year_text(2024 * 12, text), "2024");
	ck_assert_str_eq(year_text(2022 * 12 + 8, text), "2022-09-01/2023-08-31");
	ck_assert_str_eq(year_text(2023 * 12 + 2, text), "2023-03-01/2024-02-29");
	ck_assert_str_eq(year_text(2022 * 12 + 1, text), "2022-02-01/2023-01-31");
}
END_TEST

RUN_TESTS("benefit_years", test_recount, test_saved_and_loaded, test_another_table, test_a_beginning_is_taken_out, test_periods)
