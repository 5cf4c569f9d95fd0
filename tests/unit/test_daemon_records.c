/* What the daemon says of itself and beside its messages: headers, stats, metrics, readiness, times. */
#include "daemon/clock.h"
#include "daemon/headers.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/stats.h"
#include "tests/unit/run.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static struct status status;
static struct config config = {.stall_after = 30, .check_every = 5, .mirror = "", .gaps = GAPS_ACCEPT};

static struct partition *
fresh(size_t partitions)
{
	status_init(&status, &config);
	struct partition *partition = calloc(partitions, sizeof *partition);
	for (size_t i = 0; i < partitions; i++)
		partition[i] = (struct partition){.topic = "t", .number = (int32_t)i, .next = OFFSET_UNKNOWN, .position = OFFSET_UNKNOWN,
		    .low = OFFSET_UNKNOWN, .high = OFFSET_UNKNOWN};
	atomic_store(&status.partition, partition);
	atomic_store(&status.partitions, partitions);
	return partition;
}

START_TEST(times_have_beijing_and_milliseconds)
{
	char text[CLOCK_TEXT_SIZE];
	ck_assert_str_eq(clock_text(0, text), "1970-01-01T08:00:00.000+08:00");
	ck_assert_str_eq(clock_text(1711933200123, text), "2024-04-01T09:00:00.123+08:00");
	ck_assert_str_eq(clock_text(-1, text), "1970-01-01T07:59:59.999+08:00");
}
END_TEST

static const char *
header(const struct headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strcmp(headers->item[i].name, name) == 0)
			return headers->item[i].value;
	return NULL;
}

START_TEST(headers_are_cloudevents)
{
	struct headers headers;
	struct slice line = SLICE("{\"type\":\"alert\"}");
	struct origin origin = {"in", 3, 77, 1711933200123, 1711933200125, 300, 900};
	headers_make(&headers, "a", "alert", line, &origin, 1711933200130);
	ck_assert_str_eq(header(&headers, "ce_specversion"), "1.0");
	ck_assert_str_eq(header(&headers, "ce_type"), "fundwatch.alert");
	ck_assert_str_eq(header(&headers, "ce_source"), "/fundwatch/a");
	ck_assert_str_eq(header(&headers, "ce_time"), "2024-04-01T09:00:00.130+08:00");
	ck_assert_str_eq(header(&headers, "content-type"), "application/json");
	ck_assert_str_eq(header(&headers, "ce_sourcetopic"), "in");
	ck_assert_str_eq(header(&headers, "ce_sourcepartition"), "3");
	ck_assert_str_eq(header(&headers, "ce_sourceoffset"), "77");
	ck_assert_str_eq(header(&headers, "ce_recordtime"), "2024-04-01T09:00:00.123+08:00");
	ck_assert_str_eq(header(&headers, "ce_takentime"), "2024-04-01T09:00:00.125+08:00");
	ck_assert_str_eq(header(&headers, "ce_decodens"), "300");
	ck_assert_str_eq(header(&headers, "ce_scorens"), "900");
	/* printf '{"type":"alert"}' | sha256sum | head -c 32 */
	ck_assert_str_eq(header(&headers, "ce_id"), "7a3db1fa977d7236b98909b57f18b5ee");
	for (size_t i = 0; i < headers.count; i++)      /* CloudEvents: attribute names are lower-case letters and digits */
		if (strncmp(headers.item[i].name, "ce_", 3) == 0)
			ck_assert_uint_eq(strspn(headers.item[i].name + 3, "abcdefghijklmnopqrstuvwxyz0123456789"), strlen(headers.item[i].name + 3));
	headers_make(&headers, "a", "heartbeat", line, NULL, 0);
	ck_assert_ptr_null(header(&headers, "ce_sourcetopic"));
	origin.record_ms = INT64_MIN;
	headers_make(&headers, "a", "alert", line, &origin, 0);
	ck_assert_ptr_null(header(&headers, "ce_recordtime"));
}
END_TEST

static double
number(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	ck_assert_msg(cJSON_IsNumber(member), "%s is no number", name);
	return member->valuedouble;
}

START_TEST(stats_hold_histograms_partitions_and_rules)
{
	struct partition *partition = fresh(1);
	partition->received = 10;
	partition->judged = 6;
	partition->duplicate = 1;
	partition->refused[REFUSAL_bad_amount] = 2;
	partition->refused[REFUSAL_bad_date] = 1;
	partition->position = 10;
	partition->high = 25;
	hist_add(&status.stage[STAGE_score], 900, 99);
	hist_add(&status.stage[STAGE_score], 1000000, 1);
	hist_add(&status.stage[STAGE_score], -5, 1);
	status_line(&status, "R-1", false, STATUS_OPEN);
	status_line(&status, "R-1", false, STATUS_OPEN);
	status_line(&status, "R-1", true, STATUS_UPDATED);
	struct buffer line = {0};
	stats_line(&status, "a", 1711933200123, status.started_ns + 2500 * NS_PER_MS, &line);
	buffer_char(&line, '\0');
	cJSON *root = cJSON_Parse(line.data);
	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(cJSON_GetObjectItem(root, "type")->valuestring, "stats");
	ck_assert(number(root, "uptime_ms") == 2500);
	const cJSON *score = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "stages"), "score");
	ck_assert(number(score, "count") == 100 && number(score, "negative") == 1 && number(score, "max_ns") == 1000000);
	ck_assert(number(score, "p50_ns") >= 900 && number(score, "p50_ns") < 1000 && number(score, "p999_ns") >= 1000000);
	const cJSON *bounds = cJSON_GetObjectItem(score, "bounds_ns"), *counts = cJSON_GetObjectItem(score, "counts");
	ck_assert_int_eq(cJSON_GetArraySize(bounds), 2);
	ck_assert_int_eq(cJSON_GetArraySize(counts), 2);
	ck_assert(cJSON_GetArrayItem(counts, 0)->valuedouble == 99 && cJSON_GetArrayItem(counts, 1)->valuedouble == 1);
	const cJSON *shown = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "partitions"), 0);
	ck_assert(number(shown, "received") == 10 && number(shown, "judged") == 6 && number(shown, "duplicate") == 1);
	ck_assert(number(shown, "refused") == 3 && number(shown, "lag") == 15);
	const cJSON *rule = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "rules"), "R-1");
	ck_assert(number(rule, "open") == 2 && number(rule, "updated") == 0 && number(rule, "shadow_lines") == 1);
	cJSON_Delete(root);
	buffer_free(&line);
	status_free(&status);
}
END_TEST

static bool
has_line(const struct buffer *text, const char *line)
{
	size_t length = strlen(line);
	const char *at = text->data;
	while ((at = memmem(at, text->length - (size_t)(at - text->data), line, length))) {
		bool starts = at == text->data || at[-1] == '\n', ends = at + length < text->data + text->length && at[length] == '\n';
		if (starts && ends)
			return true;
		at++;
	}
	return false;
}

START_TEST(metrics_have_the_promised_names)
{
	struct partition *partition = fresh(2);
	partition[1].received = 7;
	partition[1].refused[REFUSAL_not_json] = 3;
	partition[1].high = 9;
	partition[1].position = 7;
	hist_add(&status.stage[STAGE_publish], 2000, 4);
	hist_add(&status.stage[STAGE_publish], INT64_C(90000) * NS_PER_SECOND, 1);
	status_line(&status, "R\"1\\", false, STATUS_RETRACTED);
	strcpy(status.figures.ruleset, "abc");
	status_line(&status, "C", false, STATUS_OPEN);
	struct rule_figures *rule = &status.figures.rule[status.figures.rules - 1];
	rule->in_set = true;
	rule->counts = (struct rule_counts){.evaluated = 90, .matched = 7};
	rule->cost.ns = 2000000127;
	status.figures.cost = (struct shared_cost){.matcher = {.ns = 1270}, .settling = {.ns = 2540}};
	struct buffer text = {0};
	metrics_text(&status, &text);
	static const char *const lines[] = {
		"fundwatch_records_received_total{topic=\"t\",partition=\"1\"} 7",
		"fundwatch_records_judged_total{topic=\"t\",partition=\"0\"} 0",
		"fundwatch_records_refused_total{topic=\"t\",partition=\"1\",reason=\"not_json\"} 3",
		"fundwatch_records_duplicate_total{topic=\"t\",partition=\"1\"} 0",
		"fundwatch_alerts_total{rule=\"R\\\"1\\\\\",status=\"retracted\"} 1",
		"fundwatch_stage_seconds_bucket{stage=\"publish\",le=\"1e-06\"} 0",
		"fundwatch_stage_seconds_bucket{stage=\"publish\",le=\"2.5e-06\"} 4",
		"fundwatch_stage_seconds_bucket{stage=\"publish\",le=\"86400\"} 4",
		"fundwatch_stage_seconds_bucket{stage=\"publish\",le=\"+Inf\"} 5",
		"fundwatch_stage_seconds_sum{stage=\"publish\"} 90000.000008000",
		"fundwatch_stage_seconds_count{stage=\"publish\"} 5",
		"fundwatch_lag_records{topic=\"t\",partition=\"1\"} 2",
		"fundwatch_ruleset_info{digest=\"abc\"} 1",
		"fundwatch_rules_reload_successful 1",
		"# TYPE fundwatch_rule_evaluated_total counter",
		"fundwatch_rule_evaluated_total{rule=\"C\"} 90",
		"fundwatch_rule_matched_total{rule=\"C\"} 7",
		"fundwatch_rule_cost_seconds_total{rule=\"C\"} 2.000000127",
		"fundwatch_conditions_cost_seconds_total 0.000001270",
		"fundwatch_state_cost_seconds_total 0.000002540",
		"# TYPE fundwatch_build_info gauge",
		"# TYPE fundwatch_stage_seconds histogram",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ck_assert_msg(has_line(&text, lines[i]), "not there: %s", lines[i]);
	buffer_free(&text);
	status_free(&status);
}
END_TEST

static bool
fails(const char *part)
{
	struct buffer text = {0};
	bool ready = status_ready(&status, clock_monotonic_ns(), &text);
	buffer_char(&text, '\0');
	cJSON *root = cJSON_Parse(text.data);
	ck_assert_msg(root, "no JSON: %s", text.data);
	ck_assert_int_eq(cJSON_IsTrue(cJSON_GetObjectItem(root, "ready")), ready);
	bool found = false;
	const cJSON *name;
	cJSON_ArrayForEach(name, cJSON_GetObjectItem(root, "failing"))
		found |= strcmp(name->valuestring, part) == 0;
	ck_assert_int_eq(ready, cJSON_GetArraySize(cJSON_GetObjectItem(root, "failing")) == 0);
	const cJSON *entry = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "parts"), part);
	ck_assert_msg(entry, "no part %s", part);
	ck_assert_int_eq(cJSON_IsTrue(cJSON_GetObjectItem(entry, "ok")), !found);
	ck_assert_int_eq(cJSON_IsString(cJSON_GetObjectItem(entry, "zh")), found);
	cJSON_Delete(root);
	buffer_free(&text);
	return found;
}

START_TEST(readiness_names_the_part_that_fails)
{
	struct partition *partition = fresh(1);
	int64_t now = clock_monotonic_ns();
	ck_assert(fails("broker") && fails("enrolments") && !fails("turn"));
	atomic_store(&status.broker_answered_ns, now);
	atomic_store(&status.phase, PHASE_RUNNING);
	ck_assert(!fails("broker") && !fails("enrolments") && !fails("progress"));
	atomic_store(&status.broker_down, true);
	ck_assert(fails("broker"));
	atomic_store(&status.broker_down, false);
	atomic_store(&status.broker_answered_ns, now - 16 * NS_PER_SECOND);    /* look every 5 s, and 10 s more */
	ck_assert(fails("broker"));
	atomic_store(&status.broker_answered_ns, now);
	partition->assigned = true;
	partition->high = 10;
	partition->position = 4;
	partition->advanced_ns = now - 29 * NS_PER_SECOND;
	ck_assert(!fails("progress"));
	partition->advanced_ns = now - 31 * NS_PER_SECOND;
	ck_assert(fails("progress"));
	partition->position = 10;                       /* no lag: nothing to advance to */
	ck_assert(!fails("progress"));
	partition->stopped = true;
	ck_assert(fails("progress"));
	partition->stopped = false;
	partition->missing = 2;
	ck_assert(!fails("contiguity"));                /* gaps: accept */
	status.gaps_alarm = true;
	ck_assert(fails("contiguity"));
	partition->missing = 0;
	atomic_store(&status.held, 1);
	ck_assert(fails("publisher"));
	atomic_store(&status.held, 0);
	atomic_store(&status.partitions_changed, true);
	ck_assert(fails("partition_count"));
	atomic_store(&status.partitions_changed, false);
	atomic_store(&status.phase, PHASE_DRAINING);
	ck_assert(fails("draining"));
	atomic_store(&status.phase, PHASE_RUNNING);
	atomic_store(&status.turn_ns, now - 31 * NS_PER_SECOND);
	ck_assert(fails("turn"));
	status_free(&status);
}
END_TEST

START_TEST(what_repeats_is_withheld)
{
	struct log_limit limit = {0};
	uint64_t withheld = 99;
	ck_assert(log_allowed(&limit, 1000, &withheld) && withheld == 0);
	ck_assert(!log_allowed(&limit, 2000, &withheld));
	ck_assert(!log_allowed(&limit, 1000 + (LOG_QUIET_SECONDS * NS_PER_SECOND) - 1, &withheld));
	ck_assert(log_allowed(&limit, 1000 + LOG_QUIET_SECONDS * NS_PER_SECOND, &withheld) && withheld == 2);
}
END_TEST

RUN_TESTS("daemon_records", times_have_beijing_and_milliseconds, headers_are_cloudevents, stats_hold_histograms_partitions_and_rules,
    metrics_have_the_promised_names, readiness_names_the_part_that_fails, what_repeats_is_withheld)
