/* The replay of an archive that a daemon wrote: records of a topic, ticks, gaps, settings that change.  What it writes is what
 * the same entries say to a scorer here; a snapshot is begun at only where nothing is left out. */
#include "core/archive/backfill.h"
#include "core/archive/snapshot.h"
#include "core/base/pseudonym.h"
#include "core/base/time.h"
#include "detectors/registry.h"
#include "replay/commands.h"
#include "tests/unit/archive_checks.h"

#include <sysexits.h>

#define RULES TEST_DATA "/../rules"
#define LINE_BYTES 400
#define MARCH_31 INT64_C(1711843200)    /* of Beijing, in its seconds */

enum { OUT_ALERTS, OUT_INDICATORS, OUT_REFUSED, OUTS };
static const char *const out_names[OUTS] = {"alerts", "indicators", "refused"};

struct world {                          /* one archive, and a scorer that is told the same */
	struct ruleset *rules;
	struct scorer_limits limits;
	struct entry_settings settings;
	struct archive *archive;
	struct scorer *scorer;
	struct digest *feed;
	uint64_t alerts;
	int64_t offset, newest_event;
	struct buffer said[OUTS];
	uint64_t marks[8];              /* positions worth a snapshot */
};

static void
settings_fill(struct world *world)
{
	uint8_t value[DIGEST_BYTES];
	const struct scorer_limits *limits = &world->limits;
	world->settings = (struct entry_settings){.lateness_days = limits->lateness_days, .remember_days = limits->remember_days,
	    .history_months = limits->history_months, .depth = limits->decode.depth, .record_bytes = limits->decode.record_bytes,
	    .identifier_bytes = limits->decode.identifier_bytes};
	sha256(limits->pseudonym_key, limits->pseudonym_key_length, value);
	hex_text(value, 8, world->settings.pseudonym_key_id);
}

static void
rules_add(struct world *world)
{
	settings_fill(world);
	archive_append(world->archive, &(struct entry){.kind = ENTRY_RULES, .rules = {.digest = slice_of(world->rules->digest), .settings = world->settings}});
	ck_assert_int_eq(archive_commit(world->archive), 0);
}

static void
world_open(struct world *world)
{
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t cut;
	scratch_make();
	*world = (struct world){.limits = SCORER_LIMITS_DEFAULT, .newest_event = EVENT_TIME_NONE};
	world->rules = ruleset_load(detectors_registry(), RULES, NULL, &diags);
	ck_assert_ptr_nonnull(world->rules);
	world->limits.pseudonym_key = (const uint8_t *)PSEUDONYM_DEFAULT_KEY;
	world->limits.pseudonym_key_length = strlen(PSEUDONYM_DEFAULT_KEY);
	world->archive = archive_open(scratch_path("A"), &(struct archive_options){0}, &failure, &cut, &diags);
	ck_assert_ptr_nonnull(world->archive);
	ck_assert_int_eq(archive_store_ruleset(scratch_path("A"), world->rules), 0);
	world->scorer = scorer_open(world->rules, &world->limits);
	world->feed = digest_open();
	rules_add(world);
	diags_free(&diags);
}

static void
world_close(struct world *world)
{
	archive_close(world->archive);
	scorer_close(world->scorer);
	ruleset_free(world->rules);
	digest_close(world->feed);
	for (int i = 0; i < OUTS; i++)
		buffer_free(&world->said[i]);
	scratch_remove();
}

static void
said_keep(struct world *world, const struct scored *scored)
{
	static const int place[OUTPUT_KINDS] = {[OUTPUT_ALERT] = OUT_ALERTS, [OUTPUT_SHADOW] = -1, [OUTPUT_INDICATOR] = OUT_INDICATORS,
	    [OUTPUT_REFUSED] = OUT_REFUSED, [OUTPUT_DATA_QUALITY] = -1};
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		if (place[output->kind] < 0)
			continue;
		struct buffer *said = &world->said[place[output->kind]];
		buffer_add(said, output->line.data, output->line.length);
		buffer_char(said, '\n');
		if (output->kind != OUTPUT_ALERT)
			continue;
		digest_add(world->feed, output->line.data, output->line.length);
		digest_add(world->feed, "\n", 1);
		world->alerts++;
	}
}

/* A message of the topic; arrived on the day after it was settled, unless arrival_ms says otherwise. */
static void
message(struct world *world, const char *bytes, int64_t setl_time, int64_t arrival_ms)
{
	char padded[LINE_BYTES + RECORD_PADDING] = {0};
	strcpy(padded, bytes);
	struct record record = {.kind = RECORD_SETTLEMENT, .bytes = padded, .length = strlen(bytes), .arrival_ms = arrival_ms,
	    .topic = "settlements", .partition = 3, .offset = world->offset++};
	enum fate fate;
	struct scored scored = {.fate = &fate};
	archive_append(world->archive, &(struct entry){.kind = ENTRY_RECORD, .record = {.kind = record.kind, .bytes = {bytes, record.length},
	    .arrival_ms = arrival_ms, .source = SLICE("settlements"), .partition = 3, .offset = record.offset, .event_time = setl_time}});
	ck_assert_uint_eq(scorer_score(world->scorer, &record, 1, &scored), 1);
	said_keep(world, &scored);
	if (setl_time > world->newest_event)
		world->newest_event = setl_time;
}

static int64_t
arrival(int64_t setl_time)
{
	return (setl_time - BEIJING_OFFSET_SECONDS + DAY_SECONDS) * 1000;
}

/* A stay and a visit a day: months of a share, and persons that come over their cap. */
static void
days(struct world *world, int32_t from, int32_t to)
{
	for (int32_t day = from; day <= to; day++) {
		char bytes[LINE_BYTES], text[TIME_TEXT_SIZE];
		int64_t time = (int64_t)day * DAY_SECONDS + 36000;
		for (int visit = 0; visit < 2; visit++) {
			snprintf(bytes, sizeof bytes, "{\"setl_id\":\"S%d-%d\",\"mdtrt_id\":\"M%d-%d\",\"psn_no\":\"P%d\",\"insu_admdvs\":\"141121\",\"insutype\":\"390\","
			    "\"med_type\":\"%s\",\"setl_time\":\"%s\",\"medfee_sumamt\":300,\"hifp_pay\":120,\"clr_way\":\"%d\",\"fixmedins_code\":\"H1\"}", day, visit,
			    day, visit, day % 7, visit ? "21" : "11", time_text(time, text), day % 3 ? 1 : 40);
			message(world, bytes, time, arrival(time));
		}
	}
	ck_assert_int_eq(archive_commit(world->archive), 0);
}

static void
tick(struct world *world, int64_t time)
{
	struct scored scored = {0};
	ck_assert(scorer_wants_tick(world->scorer, time));
	archive_append(world->archive, &(struct entry){.kind = ENTRY_TICK, .tick = {time}});
	ck_assert_int_eq(archive_commit(world->archive), 0);
	scorer_tick(world->scorer, time, &scored);
	said_keep(world, &scored);
}

static uint64_t
snapshot_here(struct world *world)
{
	struct snapshot_head head = {.position = archive_synced(world->archive), .settings = world->settings, .one_ruleset = true,
	    .newest_event = world->newest_event, .alerts = world->alerts, .feed = world->feed};
	memcpy(head.ruleset, world->rules->digest, sizeof head.ruleset);
	ck_assert(archive_chain_at(scratch_path("A"), NULL, head.position, head.chain));
	ck_assert_int_eq(snapshot_write(scratch_path("A"), &(struct archive_options){0}, &head, world->scorer), 0);
	return head.position;
}

/* ---- the command ---- */

static struct buffer
file_read(const char *name)
{
	struct buffer bytes = {0};
	FILE *file = fopen(scratch_path(name), "rb");
	ck_assert_msg(file != NULL, "%s", name);
	for (int c = getc(file); c != EOF; c = getc(file))
		buffer_char(&bytes, (char)c);
	fclose(file);
	return bytes;
}

/* Runs `replay --archive A` into files called after `name`; what it says on stderr goes to NAME-told. */
static int
replay(const char *name, const char *from, const char *more, bool refused)
{
	char path[OUTS + 2][300];
	const char *words[24] = {"replay", "--archive", scratch_path("A"), "--lang", "en", "--json"};
	int count = 6;
	for (int i = 0; i < (refused ? OUTS : OUT_REFUSED); i++) {
		snprintf(path[i], sizeof path[i], "%s/%s-%s", scratch, name, out_names[i]);
		words[count++] = i == OUT_ALERTS ? "--alerts" : i == OUT_INDICATORS ? "--indicators" : "--refused";
		words[count++] = path[i];
	}
	snprintf(path[OUTS], sizeof path[OUTS], "%s/%s-summary", scratch, name);
	words[count++] = "--summary";
	words[count++] = path[OUTS];
	if (from) {
		words[count++] = "--from";
		words[count++] = from;
	}
	if (more)
		words[count++] = more;
	snprintf(path[OUTS + 1], sizeof path[OUTS + 1], "%s/%s-told", scratch, name);
	ck_assert_ptr_nonnull(freopen(path[OUTS + 1], "w", stderr));
	int result = command_replay(count, (char **)words);
	fflush(stderr);
	return result;
}

static void
need_file(const char *name, const char *bytes, size_t length)
{
	struct buffer found = file_read(name);
	NEED(found.length == length && (length == 0 || memcmp(found.data, bytes, length) == 0), "%s: %zu bytes, not %zu", name, found.length, length);
	buffer_free(&found);
}

static bool
summary_has(const char *name, const char *text)
{
	struct buffer summary = file_read(name);
	buffer_char(&summary, '\0');
	bool has = strstr(summary.data, text) != NULL;
	buffer_free(&summary);
	return has;
}

static void
need_as_said(struct world *world, const char *name)
{
	char digest[DIGEST_TEXT_SIZE + 32], hex[DIGEST_TEXT_SIZE];
	uint8_t value[DIGEST_BYTES];
	for (int i = 0; i < OUTS; i++) {
		char file[64];
		snprintf(file, sizeof file, "%s-%s", name, out_names[i]);
		need_file(file, world->said[i].data, world->said[i].length);
	}
	digest_value(world->feed, value);
	snprintf(digest, sizeof digest, "\"feed_digest\":\"%s\"", hex_text(value, DIGEST_BYTES, hex));
	char summary[64];
	snprintf(summary, sizeof summary, "%s-summary", name);
	ck_assert(summary_has(summary, digest));
}

/* ---- tests ---- */

/* Dead letters bear topic, partition and offset; a record from the future is refused by its arrival; a gap says nothing. */
START_TEST(test_topic)
{
	struct world world;
	world_open(&world);
	int32_t first = day_from_civil(2024, 3, 1);
	days(&world, first, first + 40);
	message(&world, "{\"setl_id\":\"poison\"", EVENT_TIME_NONE, arrival(MARCH_31));
	archive_append(world.archive, &(struct entry){.kind = ENTRY_GAP, .gap = {SLICE("settlements"), 3, 83, 90, SLICE("truncated")}});
	world.offset = 90;
	message(&world, "{\"setl_id\":\"F\",\"psn_no\":\"P1\",\"insu_admdvs\":\"141121\",\"setl_time\":\"2024-05-01 10:00:00\"}", MARCH_31, arrival(MARCH_31));
	days(&world, first + 41, first + 70);
	ck_assert_uint_gt(world.alerts, 0);
	ck_assert_uint_gt(world.said[OUT_INDICATORS].length, 0);
	ck_assert_int_eq(replay("all", NULL, NULL, true), EX_OK);
	need_as_said(&world, "all");
	struct buffer refused = file_read("all-refused");
	buffer_char(&refused, '\0');
	ck_assert_ptr_nonnull(strstr(refused.data, "\"topic\":\"settlements\",\"partition\":3,\"offset\":82}\n"));
	ck_assert_ptr_nonnull(strstr(refused.data, "\"reason\":\"time_in_future\""));
	ck_assert_ptr_nonnull(strstr(refused.data, "\"offset\":90}\n"));
	buffer_free(&refused);
	world_close(&world);
}
END_TEST

/* Settings that change on the way are followed: here a month closes sooner. */
START_TEST(test_settings)
{
	struct world world;
	world_open(&world);
	int32_t first = day_from_civil(2024, 3, 1);
	days(&world, first, first + 33);
	size_t before = world.said[OUT_INDICATORS].length;
	world.limits.lateness_days = 2;
	world.limits.decode.depth = 1;
	scorer_set_limits(world.scorer, &world.limits);
	rules_add(&world);
	message(&world, "{\"setl_id\":\"deep\",\"x\":{}}", EVENT_TIME_NONE, arrival(MARCH_31));
	days(&world, first + 34, first + 36);
	ck_assert_uint_gt(world.said[OUT_INDICATORS].length, before);
	ck_assert_int_eq(replay("all", NULL, NULL, true), EX_OK);
	need_as_said(&world, "all");
	world_close(&world);
}
END_TEST

/* `diff` of the rules with themselves: what it says of the archive as JSON, in the file `name`. */
static void
diff(const char *name)
{
	const char *words[] = {"diff", "--old", RULES, "--new", RULES, "--archive", scratch_path("A"), "--json", "--quiet", "--no-cost", NULL};
	char path[300];
	snprintf(path, sizeof path, "%s/%s", scratch, name);
	ck_assert_ptr_nonnull(freopen(path, "w", stdout));
	ck_assert_int_eq(command_diff(sizeof words / sizeof words[0] - 1, (char **)words), EX_OK);
	fflush(stdout);
}

/* A month that a tick alone closes is judged, and settings that change on the way are followed, by both rulesets. */
START_TEST(test_diff)
{
	struct world world;
	world_open(&world);
	int32_t first = day_from_civil(2024, 3, 1);
	days(&world, first, first + 19);
	diff("before");
	ck_assert(summary_has("before", "\"outcome\":\"no_window_closed\"") && !summary_has("before", "\"subjects\":1,"));
	tick(&world, MARCH_31 + 20 * DAY_SECONDS);
	diff("ticked");
	ck_assert(!summary_has("ticked", "\"outcome\":\"no_window_closed\"") && summary_has("ticked", "\"subjects\":1,"));
	message(&world, "{\"setl_id\":\"deep\",\"psn_no\":\"P1\",\"insu_admdvs\":\"141121\",\"setl_time\":\"2024-03-21 10:00:00\",\"x\":{}}",
	    (int64_t)first * DAY_SECONDS, arrival(MARCH_31));
	world.limits.decode.depth = 1;
	scorer_set_limits(world.scorer, &world.limits);
	rules_add(&world);
	message(&world, "{\"setl_id\":\"deeper\",\"psn_no\":\"P1\",\"insu_admdvs\":\"141121\",\"setl_time\":\"2024-03-21 10:00:00\",\"x\":{}}",
	    (int64_t)first * DAY_SECONDS, arrival(MARCH_31));
	ck_assert_int_eq(archive_commit(world.archive), 0);
	diff("deep");
	ck_assert(summary_has("deep", "\"received\":42,\"judged\":41,\"refused\":1,\"duplicate\":0"));
	world_close(&world);
}
END_TEST

static void
need_same(const char *from, bool begins_at_snapshot)
{
	ck_assert_int_eq(replay("with", from, NULL, false), EX_OK);
	ck_assert_int_eq(replay("without", from, "--no-snapshot", false), EX_OK);
	for (int i = 0; i < OUT_REFUSED; i++) {
		char with[64], without[64];
		snprintf(with, sizeof with, "with-%s", out_names[i]);
		snprintf(without, sizeof without, "without-%s", out_names[i]);
		struct buffer bytes = file_read(without);
		need_file(with, bytes.data, bytes.length);
		buffer_free(&bytes);
	}
	/* Records of unknown fields are counted by the run that sees them: that tells where it began. */
	bool saw = summary_has("with-summary", "\"seen_early\":1");
	NEED(saw != begins_at_snapshot, "from %s: begins at the snapshot: %d", from, !saw);
}

/* A tick closes March though the last settlement is of the 20th: who asks for the 25th on wants what that close said. */
START_TEST(test_snapshot_behind_tick)
{
	struct world world;
	world_open(&world);
	int32_t first = day_from_civil(2024, 3, 1);
	message(&world, "{\"setl_id\":\"u\",\"psn_no\":\"P1\",\"insu_admdvs\":\"141121\",\"setl_time\":\"2024-03-01 10:00:00\",\"seen_early\":1}",
	    (int64_t)first * DAY_SECONDS, arrival((int64_t)first * DAY_SECONDS));
	days(&world, first, first + 19);
	size_t before = world.said[OUT_INDICATORS].length;
	tick(&world, MARCH_31 + 20 * DAY_SECONDS);
	ck_assert_uint_gt(world.said[OUT_INDICATORS].length, before);
	snapshot_here(&world);
	days(&world, first + 31, first + 75);
	need_same("2024-03-20", false);
	need_same("2024-03-25", false);
	need_same("2024-03-31", false);
	need_same("2024-04-01", true);
	ck_assert_int_eq(replay("all", NULL, NULL, true), EX_OK);
	need_as_said(&world, "all");
	/* Dead letters have no day: who wants them reads from the beginning. */
	ck_assert_int_eq(replay("refused", "2024-04-01", NULL, true), EX_OK);
	ck_assert(summary_has("refused-summary", "\"seen_early\":1"));
	world_close(&world);
}
END_TEST

/* ---- rules that change on the way ---- */

/* The shipped rules, changed by a command that is run in a copy of their folder. */
static struct ruleset *
rules_changed(const char *name, const char *command)
{
	char words[1024];
	struct diags diags = {0};
	snprintf(words, sizeof words, "cp -r '%s' '%s' && cd '%s' && %s", RULES, scratch_path(name), scratch_path(name), command);
	ck_assert_int_eq(system(words), 0);
	struct ruleset *rules = ruleset_load(detectors_registry(), scratch_path(name), NULL, &diags);
	ck_assert_ptr_nonnull(rules);
	diags_free(&diags);
	return rules;
}

static void
scorer_change(struct world *world, struct ruleset *rules, bool backfilled)
{
	struct diags diags = {0};
	struct ruleset *old;
	if (!backfilled) {
		scorer_use(world->scorer, rules, &old);
		ck_assert_ptr_eq(old, world->rules);
		return;
	}
	struct scorer *fresh = backfill_until(scratch_path("A"), &(struct archive_options){0}, rules, &world->limits, archive_synced(world->archive), &diags);
	ck_assert_ptr_nonnull(fresh);
	scorer_adopt(fresh, world->scorer);
	scorer_close(world->scorer);
	world->scorer = fresh;
}

/* Gives the alert lines that the change brought about. */
static uint64_t
rules_switch(struct world *world, struct ruleset *rules, bool backfilled)
{
	uint64_t before = world->alerts;
	struct scored scored = {0};
	bool more = true;
	ck_assert_int_eq(archive_store_ruleset(scratch_path("A"), rules), 0);
	scorer_change(world, rules, backfilled);
	ruleset_free(world->rules);
	world->rules = rules;
	archive_append(world->archive, &(struct entry){.kind = ENTRY_RULES, .rules = {slice_of(rules->digest), world->settings, true, backfilled}});
	ck_assert_int_eq(archive_commit(world->archive), 0);
	while (more) {
		more = scorer_rejudge(world->scorer, &scored);
		said_keep(world, &scored);
	}
	return world->alerts - before;
}

/* A lower cap is judged again where the archive says so, by the daemon and by a replay alike; then a higher one takes back. */
START_TEST(test_rejudged)
{
	struct world world;
	world_open(&world);
	int32_t first = day_from_civil(2024, 3, 1);
	days(&world, first, first + 13);
	ck_assert_uint_eq(world.alerts, 0);
	ck_assert_uint_eq(rules_switch(&world, rules_changed("lower", "sed -i 's/value: 300.00/value: 230.00/' policy/*.yaml"), false), 7);
	days(&world, first + 14, first + 20);
	ck_assert_uint_eq(world.alerts, 14);
	ck_assert_uint_eq(rules_switch(&world, rules_changed("higher", "sed -i 's/value: 300.00/value: 2300.00/' policy/*.yaml"), false), 7);
	days(&world, first + 21, first + 70);
	ck_assert_int_eq(replay("all", NULL, NULL, true), EX_OK);
	need_as_said(&world, "all");
	world_close(&world);
}
END_TEST

/* A rule that is new adds up what came before it: its sums are made from the archive, there and in a replay. */
START_TEST(test_backfilled)
{
	struct world world;
	world_open(&world);
	int32_t first = day_from_civil(2024, 3, 1);
	rules_switch(&world, rules_changed("fewer", "rm -r policy fund"), false);
	days(&world, first, first + 40);
	tick(&world, MARCH_31 + 45 * DAY_SECONDS);
	ck_assert_uint_eq(world.alerts, 0);
	ck_assert_uint_gt(rules_switch(&world, rules_changed("all", "true"), true), 7);
	ck_assert_ptr_nonnull(memmem(world.said[OUT_ALERTS].data, world.said[OUT_ALERTS].length, "\"sum_fen\":72000,", 16));
	days(&world, first + 41, first + 70);
	ck_assert_int_eq(replay("all", NULL, NULL, true), EX_OK);
	need_as_said(&world, "all");
	world_close(&world);
}
END_TEST

RUN_TESTS("past", test_topic, test_settings, test_diff, test_snapshot_behind_tick, test_rejudged, test_backfilled)
