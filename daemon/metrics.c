/* See metrics.h. */
#include "daemon/metrics.h"

#include "core/archive/archive.h"
#include "daemon/clock.h"
#include "daemon/exposition.h"
#include "daemon/host.h"

#include <inttypes.h>

#ifndef FW_VERSION
#define FW_VERSION "unknown"
#endif

/* A label of a text that ends with NUL. */
static void
label(struct buffer *out, const char *name, const char *value)
{
	metric_label(out, name, slice_of(value));
}

/* ---- partitions ---- */

static void
partition_labels(struct buffer *out, const char *name, const struct partition *partition, const char *reason)
{
	buffer_printf(out, "fundwatch_%s{", name);
	label(out, "topic", partition->topic);
	buffer_printf(out, ",partition=\"%d\"", (int)partition->number);
	if (reason) {
		buffer_char(out, ',');
		label(out, "reason", reason);
	}
	buffer_text(out, "} ");
}

struct partition_counter {
	const char *name, *help;
	size_t offset;
};

#define AT(member) offsetof(struct partition, member)
static const struct partition_counter partition_counters[] = {
	{"records_received_total", "Records taken from Kafka.", AT(received)},
	{"records_judged_total", "Settlements judged and enrolments accepted.", AT(judged)},
	{"records_duplicate_total", "Records that were known already, or older than what is known.", AT(duplicate)},
	{"records_foreign_total", "Records of pools this instance does not own; not counted as received.", AT(foreign)},
	{"offset_gaps_total", "Times that offsets were not contiguous.", AT(gaps)},
	{"offsets_missing_total", "Offsets that were skipped.", AT(missing)},
};
#undef AT

static void
partition_counters_add(struct buffer *out, const struct partition *partition, size_t count)
{
	for (size_t c = 0; c < sizeof partition_counters / sizeof partition_counters[0]; c++) {
		const struct partition_counter *row = &partition_counters[c];
		metric_family(out, row->name, "counter", row->help);
		for (size_t i = 0; i < count; i++) {
			partition_labels(out, row->name, &partition[i], NULL);
			buffer_printf(out, "%" PRIu64 "\n", count_get((const _Atomic uint64_t *)((const char *)&partition[i] + row->offset)));
		}
	}
	metric_family(out, "records_refused_total", "counter", "Records refused, by reason; each is a dead letter.");
	for (size_t i = 0; i < count; i++) {
		for (size_t r = 0; r < REFUSAL_COUNT; r++) {
			partition_labels(out, "records_refused_total", &partition[i], refusal_names[r]);
			buffer_printf(out, "%" PRIu64 "\n", count_get(&partition[i].refused[r]));
		}
	}
}

static void
milliseconds_line(struct buffer *out, int64_t ms)
{
	buffer_printf(out, "%s%" PRId64 ".%03" PRId64 "\n", ms < 0 ? "-" : "", ms < 0 ? -ms / 1000 : ms / 1000, ms < 0 ? -ms % 1000 : ms % 1000);
}

static void
partition_gauges_add(struct buffer *out, const struct partition *partition, size_t count, const struct status *status, int64_t now_ns)
{
	metric_family(out, "lag_records", "gauge", "Records of the partition that are not judged yet.");
	for (size_t i = 0; i < count; i++) {
		partition_labels(out, "lag_records", &partition[i], NULL);
		buffer_printf(out, "%" PRId64 "\n", partition_lag(&partition[i]));
	}
	metric_family(out, "position_offset", "gauge", "Next offset that is read; -1 before the first.");
	for (size_t i = 0; i < count; i++) {
		partition_labels(out, "position_offset", &partition[i], NULL);
		buffer_printf(out, "%" PRId64 "\n", atomic_load_explicit(&partition[i].position, memory_order_relaxed));
	}
	metric_family(out, "last_record_timestamp_seconds", "gauge", "Unix time at which the last record was taken; before the first since the start, the start.");
	for (size_t i = 0; i < count; i++) {
		int64_t taken_ms = atomic_load_explicit(&partition[i].taken_wall_ms, memory_order_relaxed);
		partition_labels(out, "last_record_timestamp_seconds", &partition[i], NULL);
		milliseconds_line(out, taken_ms ? taken_ms : status->started_wall_ms);
	}
	metric_family(out, "record_ahead_seconds", "gauge", "How far Kafka's timestamp of the last record was ahead of this machine's clock when it was taken; negative: behind.");
	for (size_t i = 0; i < count; i++) {
		partition_labels(out, "record_ahead_seconds", &partition[i], NULL);
		milliseconds_line(out, atomic_load_explicit(&partition[i].ahead_ms, memory_order_relaxed));
	}
	metric_family(out, "partition_stalled", "gauge", "1 when the partition has lag and does not advance, or was stopped.");
	for (size_t i = 0; i < count; i++) {
		partition_labels(out, "partition_stalled", &partition[i], NULL);
		buffer_printf(out, "%d\n", partition_stalled(&partition[i], now_ns, status->stall_after_ns));
	}
}

/* ---- rules ---- */

static void
rule_line(struct buffer *out, const char *name, const char *id, const char *status)
{
	buffer_printf(out, "fundwatch_%s{", name);
	label(out, "rule", id);
	if (status) {
		buffer_char(out, ',');
		label(out, "status", status);
	}
	buffer_text(out, "} ");
}

static void
rule_alerts_add(struct buffer *out, const struct figures *figures, const char *name, const char *help, bool shadow)
{
	metric_family(out, name, "counter", help);
	for (size_t i = 0; i < figures->rules; i++) {
		for (size_t s = 0; s < 4; s++) {
			const struct rule_figures *rule = &figures->rule[i];
			rule_line(out, name, rule->id, alert_status_names[s]);
			buffer_printf(out, "%" PRIu64 "\n", (shadow ? rule->shadows : rule->alerts)[s]);
		}
	}
}

static void
rule_standing_add(struct buffer *out, const struct figures *figures, const char *name, const char *help, bool on_trial)
{
	metric_family(out, name, "gauge", help);
	for (size_t i = 0; i < figures->rules; i++) {
		if (!figures->rule[i].in_set || figures->rule[i].on_trial != on_trial)
			continue;
		rule_line(out, name, figures->rule[i].id, NULL);
		buffer_printf(out, "%" PRIu64 "\n", figures->rule[i].counts.open);
	}
}

static void
rule_counts_add(struct buffer *out, const struct figures *figures, const char *name, const char *help, size_t offset)
{
	metric_family(out, name, "counter", help);
	for (size_t i = 0; i < figures->rules; i++) {
		uint64_t value;
		if (!figures->rule[i].in_set)
			continue;
		memcpy(&value, (const char *)&figures->rule[i].counts + offset, sizeof value);
		rule_line(out, name, figures->rule[i].id, NULL);
		buffer_printf(out, "%" PRIu64 "\n", value);
	}
}

static void
seconds_line(struct buffer *out, uint64_t ns)
{
	buffer_printf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

/* Sampled; they begin anew with the running ruleset. */
static void
rule_costs_add(struct buffer *out, const struct figures *figures)
{
	metric_family(out, "rule_cost_seconds_total", "counter", "Time that the rule's judging took, sampled, since the ruleset was taken.");
	for (size_t i = 0; i < figures->rules; i++) {
		if (!figures->rule[i].in_set)
			continue;
		rule_line(out, "rule_cost_seconds_total", figures->rule[i].id, NULL);
		seconds_line(out, figures->rule[i].cost.ns);
	}
	metric_family(out, "conditions_cost_seconds_total", "counter", "Time that the conditions of all rules together took, sampled, since the ruleset was taken.");
	buffer_text(out, "fundwatch_conditions_cost_seconds_total ");
	seconds_line(out, figures->cost.matcher.ns);
	metric_family(out, "state_cost_seconds_total", "counter", "Time that settlements took to be booked, sampled, since the ruleset was taken.");
	buffer_text(out, "fundwatch_state_cost_seconds_total ");
	seconds_line(out, figures->cost.settling.ns);
}

static void
rules_add(struct buffer *out, const struct figures *figures)
{
	rule_alerts_add(out, figures, "alerts_total", "Alert lines published, by rule and status.", false);
	rule_alerts_add(out, figures, "shadow_alerts_total", "Alert lines of rules in shadow mode, by rule and status.", true);
	rule_counts_add(out, figures, "rule_evaluated_total", "Claims that the rule was asked about.", offsetof(struct rule_counts, evaluated));
	rule_counts_add(out, figures, "rule_matched_total", "Claims that the rule's where held for.", offsetof(struct rule_counts, matched));
	rule_costs_add(out, figures);
	rule_standing_add(out, figures, "alerts_standing", "Alerts that stand now, by rule; rules in shadow mode have none.", false);
	rule_standing_add(out, figures, "shadow_alerts_standing", "The same of rules in shadow mode.", true);
	metric_family(out, "amount_at_risk_fen", "gauge", "Money in question of the alerts that stand, in fen.");
	for (size_t i = 0; i < figures->rules; i++) {
		if (!figures->rule[i].in_set || figures->rule[i].on_trial)
			continue;
		rule_line(out, "amount_at_risk_fen", figures->rule[i].id, NULL);
		buffer_printf(out, "%" PRId64 "\n", figures->rule[i].counts.amount_at_risk_fen);
	}
}

static void
suppressions_add(struct buffer *out, const struct figures *figures)
{
	metric_family(out, "suppressed_total", "counter", "Alert lines that an entry of the suppressions kept from being said.");
	for (size_t i = 0; i < figures->suppressions; i++) {
		buffer_text(out, "fundwatch_suppressed_total{");
		label(out, "suppression", figures->suppression[i].id);
		buffer_printf(out, "} %" PRIu64 "\n", figures->suppression[i].lines);
	}
}

static void
figures_add(struct buffer *out, struct status *status)
{
	pthread_mutex_lock(&status->lock);
	const struct figures *figures = &status->figures;
	rules_add(out, figures);
	suppressions_add(out, figures);
	buffer_add(out, figures->rule_info.data, figures->rule_info.length);
	buffer_add(out, figures->indicators.data, figures->indicators.length);
	metric_family(out, "ruleset_info", "gauge", "The running ruleset: digest of its rules and tables.");
	buffer_text(out, "fundwatch_ruleset_info{");
	label(out, "digest", figures->ruleset);
	buffer_text(out, "} 1\n");
	metric_single(out, "rules", "gauge", "Rules of the running ruleset.", figures->rules_in_set);
	metric_single(out, "state_persons", "gauge", "Persons remembered.", figures->counts.persons);
	metric_single(out, "state_settlements", "gauge", "Settlements remembered.", figures->counts.settlements);
	metric_single(out, "state_bytes", "gauge", "Memory of persons and settlements.", figures->counts.state_bytes);
	metric_single(out, "refunds_total", "counter", "Refunds booked.", figures->counts.refunds);
	metric_single(out, "unlinked_refunds_total", "counter", "Refunds without an original.", figures->counts.unlinked_refunds);
	metric_single(out, "restated_total", "counter", "Settlements that replaced an earlier version.", figures->counts.restated);
	metric_single(out, "beyond_history_total", "counter", "Settlements older than the windows that are kept.", figures->counts.beyond_history);
	pthread_mutex_unlock(&status->lock);
}

/* ---- stages ---- */

static const struct {
	uint64_t ns;
	const char *seconds;
} ladder[] = {
	{100, "1e-07"}, {250, "2.5e-07"}, {500, "5e-07"}, {1000, "1e-06"}, {2500, "2.5e-06"}, {5000, "5e-06"}, {10000, "1e-05"},
	{25000, "2.5e-05"}, {50000, "5e-05"}, {100000, "0.0001"}, {250000, "0.00025"}, {500000, "0.0005"}, {1000000, "0.001"},
	{2500000, "0.0025"}, {5000000, "0.005"}, {10000000, "0.01"}, {25000000, "0.025"}, {50000000, "0.05"}, {100000000, "0.1"},
	{250000000, "0.25"}, {500000000, "0.5"}, {UINT64_C(1000000000), "1"}, {UINT64_C(2500000000), "2.5"},
	{UINT64_C(5000000000), "5"}, {UINT64_C(10000000000), "10"}, {UINT64_C(30000000000), "30"}, {UINT64_C(60000000000), "60"},
	{UINT64_C(300000000000), "300"}, {UINT64_C(3600000000000), "3600"}, {UINT64_C(86400000000000), "86400"},
};

static void
stages_add(struct buffer *out, const struct status *status)
{
	metric_family(out, "stage_seconds", "histogram", "Time a record or line spends in a stage; docs/operation.md explains the stages.");
	for (size_t s = 0; s < STAGE_COUNT; s++) {
		const struct hist *hist = &status->stage[s];
		for (size_t i = 0; i < sizeof ladder / sizeof ladder[0]; i++)
			buffer_printf(out, "fundwatch_stage_seconds_bucket{stage=\"%s\",le=\"%s\"} %" PRIu64 "\n", stage_names[s], ladder[i].seconds,
			    hist_below(hist, ladder[i].ns));
		uint64_t all = hist_below(hist, UINT64_MAX), sum = count_get(&hist->sum);
		buffer_printf(out, "fundwatch_stage_seconds_bucket{stage=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", stage_names[s], all);
		buffer_printf(out, "fundwatch_stage_seconds_sum{stage=\"%s\"} %" PRIu64 ".%09" PRIu64 "\n", stage_names[s], sum / 1000000000, sum % 1000000000);
		buffer_printf(out, "fundwatch_stage_seconds_count{stage=\"%s\"} %" PRIu64 "\n", stage_names[s], all);
	}
	metric_family(out, "stage_negative_total", "counter", "Measurements below zero (clocks that differ), not in the histogram.");
	for (size_t s = 0; s < STAGE_COUNT; s++)
		buffer_printf(out, "fundwatch_stage_negative_total{stage=\"%s\"} %" PRIu64 "\n", stage_names[s], count_get(&status->stage[s].negative));
}

/* ---- the daemon itself ---- */

static void
build_add(struct buffer *out)
{
	metric_family(out, "build_info", "gauge", "Version of the program.");
	buffer_text(out, "fundwatch_build_info{");
	label(out, "version", FW_VERSION);
	buffer_text(out, "} 1\n");
}

static void
publisher_add(struct buffer *out, const struct status *status)
{
	static const char *const kinds[OUTPUT_KINDS] = {"alert", "shadow", "indicator", "refused", "data_quality"};
	metric_family(out, "lines_total", "counter", "Lines that the core said, by kind.");
	for (size_t i = 0; i < OUTPUT_KINDS; i++)
		buffer_printf(out, "fundwatch_lines_total{kind=\"%s\"} %" PRIu64 "\n", kinds[i], count_get(&status->outputs[i]));
	metric_single(out, "delivered_total", "counter", "Messages that the broker acknowledged.", count_get(&status->delivered));
	metric_single(out, "delivery_failures_total", "counter", "Messages that failed and were sent again.", count_get(&status->delivery_failures));
	metric_single(out, "producer_queue_full_total", "counter", "Times the producer's queue was full and was waited for.", count_get(&status->queue_full));
	metric_single(out, "producer_rebuilds_total", "counter", "Producers made anew after a fatal error.", count_get(&status->producer_rebuilds));
	metric_single(out, "messages_in_flight", "gauge", "Messages handed over and not acknowledged yet.", count_get(&status->in_flight));
	metric_single(out, "messages_held", "gauge", "Messages that failed and wait to be sent again.", count_get(&status->held));
	metric_single(out, "kafka_errors_total", "counter", "Errors that the Kafka client reported.", count_get(&status->kafka_errors));
}

static void
seconds(struct buffer *out, const char *name, const char *help, uint64_t ns)
{
	metric_family(out, name, "gauge", help);
	buffer_printf(out, "fundwatch_%s %" PRIu64 ".%09" PRIu64 "\n", name, ns / 1000000000, ns % 1000000000);
}

static void
archive_add(struct buffer *out, const struct status *status)
{
	if (!atomic_load(&status->archive_on))
		return;
	metric_single(out, "archive_position", "gauge", "Entries handed to the archive.", count_get(&status->archive_next));
	metric_single(out, "archive_synced_position", "gauge", "Entries of the archive that are on disk.", count_get(&status->archive_synced));
	metric_single(out, "archive_bytes", "gauge", "Bytes of the archive on disk.", archive_bytes(status->archive_dir));
	metric_single(out, "archive_commits_total", "counter", "Frames written and synced.", count_get(&status->archive_commits));
	metric_single(out, "archive_failures_total", "counter", "Commits that failed and were tried again.", count_get(&status->archive_failures));
	metric_single(out, "archive_failing", "gauge", "1 while the archive cannot be written.", atomic_load(&status->archive_errno) != 0);
	metric_single(out, "archive_cut_bytes", "gauge", "Bytes of a torn tail that the start cut off.", count_get(&status->archive_cut_bytes));
	metric_single(out, "lines_waiting", "gauge", "Lines that wait until their record is on disk.", count_get(&status->waiting));
	metric_single(out, "recovered_entries", "gauge", "Entries that the start judged again.", count_get(&status->recovered));
	metric_single(out, "known_lines_total", "counter", "Lines derived again that the topics held already.", count_get(&status->known_lines));
	metric_single(out, "gaps_accepted_total", "counter", "Gaps that the operator accepted.", count_get(&status->gaps_accepted));
	metric_single(out, "topics_suspect", "gauge", "1 while the topics are held against the archive.", atomic_load(&status->suspect));
	metric_single(out, "snapshots_total", "counter", "Snapshots made since the start.", count_get(&status->snapshots));
	metric_single(out, "snapshot_failures_total", "counter", "Snapshots that failed.", count_get(&status->snapshot_failures));
	metric_single(out, "snapshot_position", "gauge", "Position of the newest snapshot.", count_get(&status->snapshot_position));
	metric_single(out, "snapshot_bytes", "gauge", "Bytes of the newest snapshot made since the start.", count_get(&status->snapshot_bytes));
	metric_single(out, "snapshot_timestamp_seconds", "gauge", "Unix time of the newest snapshot; 0: none.",
	    (uint64_t)(atomic_load(&status->snapshot_wall_ms) / 1000));
	seconds(out, "snapshot_duration_seconds", "How long the newest snapshot took that was made since the start.", (uint64_t)atomic_load(&status->snapshot_ms) * NS_PER_MS);
}

static void
reload_add(struct buffer *out, const struct status *status)
{
	metric_single(out, "rules_generation", "gauge", "Rulesets that ran since the start, the running one too.", count_get(&status->rules_generation));
	seconds(out, "rules_load_seconds", "Building the last set that was read and running its tests.", count_get(&status->rules_load_ns));
	seconds(out, "rules_pause_seconds", "How long judging stood still for the last swap.", count_get(&status->rules_pause_ns));
	metric_family(out, "rules_state_bytes", "gauge", "State at the last swap: sums and windows that went on, began, were given up.");
	buffer_printf(out, "fundwatch_rules_state_bytes{state=\"kept\"} %" PRIu64 "\n", count_get(&status->rules_kept_bytes));
	buffer_printf(out, "fundwatch_rules_state_bytes{state=\"new\"} %" PRIu64 "\n", count_get(&status->rules_new_bytes));
	buffer_printf(out, "fundwatch_rules_state_bytes{state=\"dropped\"} %" PRIu64 "\n", count_get(&status->rules_dropped_bytes));
	metric_single(out, "backfill_under_way", "gauge", "1 while what is new is derived from the archive.", atomic_load(&status->backfilling));
	metric_single(out, "backfill_entries", "gauge", "Entries judged again for the backfill under way, else for the last one.", count_get(&status->backfill_entries));
	seconds(out, "backfill_seconds", "How long the backfill under way, else the last one, took so far.", count_get(&status->backfill_ns));
}

void
metrics_text(struct status *status, struct buffer *out)
{
	int64_t now_ns = clock_monotonic_ns();
	const struct partition *partition = atomic_load(&status->partition);
	size_t count = atomic_load(&status->partitions);
	struct buffer unused = {0};
	build_add(out);
	partition_counters_add(out, partition, count);
	partition_gauges_add(out, partition, count, status, now_ns);
	figures_add(out, status);
	stages_add(out, status);
	publisher_add(out, status);
	archive_add(out, status);
	metric_single(out, "ticks_total", "counter", "Times the clock closed months where no record came.", count_get(&status->ticks));
	metric_single(out, "clock_jumped", "gauge", "1 after the wall clock jumped: months are not closed by it any more.", atomic_load(&status->clock_jumped));
	metric_single(out, "ready", "gauge", "1 when /readyz says so.", status_ready(status, now_ns, &unused));
	buffer_free(&unused);
	metric_single(out, "rules_reload_successful", "gauge", "1 when the last reload of the rules was taken.", atomic_load(&status->rules_reload_ok));
	metric_single(out, "rules_reload_timestamp_seconds", "gauge", "Unix time at which the last reload ended, taken or not; 0: there was none.",
	    (uint64_t)(atomic_load(&status->rules_reload_wall_ms) / 1000));
	metric_single(out, "rules_reload_success_timestamp_seconds", "gauge", "Unix time at which the running ruleset was taken.",
	    (uint64_t)(atomic_load(&status->rules_loaded_wall_ms) / 1000));
	metric_single(out, "rules_reloads_total", "counter", "Rulesets taken while running.", count_get(&status->rules_reloads));
	metric_single(out, "rules_refusals_total", "counter", "Rulesets refused while running.", count_get(&status->rules_refusals));
	reload_add(out, status);
	metric_single(out, "mirror_failed", "gauge", "1 while the mirror cannot be written.", atomic_load(&status->mirror_failed));
	metric_single(out, "mirror_lines_total", "counter", "Lines written to the mirror.", count_get(&status->mirror_lines));
	metric_single(out, "mirror_lost_lines_total", "counter", "Lines that never came to the mirror.", count_get(&status->mirror_lost));
	filesystem_metrics(out, status);
	process_metrics(out, status);
}
