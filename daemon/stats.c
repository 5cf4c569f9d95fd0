/* See stats.h. */
#include "daemon/stats.h"

#include "daemon/clock.h"

static void
field_unsigned(struct buffer *out, const char *name, uint64_t value)
{
	json_key(out, name);
	json_unsigned(out, value);
}

static void
stage_add(struct buffer *out, const struct hist *hist)
{
	static const struct {
		const char *name;
		double q;
	} quantile[] = {{"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}, {"p999_ns", 0.999}, {"p9999_ns", 0.9999}};
	json_open(out, '{');
	field_unsigned(out, "count", count_get(&hist->count));
	field_unsigned(out, "sum_ns", count_get(&hist->sum));
	for (size_t i = 0; i < sizeof quantile / sizeof quantile[0]; i++)
		field_unsigned(out, quantile[i].name, hist_quantile(hist, quantile[i].q));
	field_unsigned(out, "max_ns", count_get(&hist->max));
	field_unsigned(out, "negative", count_get(&hist->negative));
	/* Only buckets that hold something; a bound is the largest value of its bucket. */
	json_key(out, "bounds_ns");
	json_open(out, '[');
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		if (count_get(&hist->bucket[i]))
			json_unsigned(out, hist_bucket_upper(i));
	json_close(out, ']');
	json_key(out, "counts");
	json_open(out, '[');
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		uint64_t count = count_get(&hist->bucket[i]);
		if (count)
			json_unsigned(out, count);
	}
	json_close(out, ']');
	json_close(out, '}');
}

static void
partition_add(struct buffer *out, const struct partition *partition)
{
	json_open(out, '{');
	json_key(out, "topic");
	json_text(out, partition->topic);
	json_key(out, "partition");
	json_integer(out, partition->number);
	uint64_t refused = 0;
	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		refused += count_get(&partition->refused[i]);
	field_unsigned(out, "received", count_get(&partition->received));
	field_unsigned(out, "judged", count_get(&partition->judged));
	field_unsigned(out, "refused", refused);
	field_unsigned(out, "duplicate", count_get(&partition->duplicate));
	field_unsigned(out, "foreign", count_get(&partition->foreign));
	field_unsigned(out, "missing", count_get(&partition->missing));
	json_key(out, "position");
	json_integer(out, atomic_load_explicit(&partition->position, memory_order_relaxed));
	json_key(out, "high");
	json_integer(out, atomic_load_explicit(&partition->high, memory_order_relaxed));
	json_key(out, "lag");
	json_integer(out, partition_lag(partition));
	json_close(out, '}');
}

static void
rule_add(struct buffer *out, const struct rule_figures *rule)
{
	json_key(out, rule->id);
	json_open(out, '{');
	field_unsigned(out, "evaluated", rule->in_set ? rule->counts.evaluated : 0);
	field_unsigned(out, "matched", rule->in_set ? rule->counts.matched : 0);
	field_unsigned(out, "cost_ns", rule->in_set ? rule->cost.ns : 0);
	for (size_t i = 0; i < 4; i++)
		field_unsigned(out, alert_status_names[i], rule->alerts[i]);
	uint64_t shadows = 0;
	for (size_t i = 0; i < 4; i++)
		shadows += rule->shadows[i];
	field_unsigned(out, "shadow_lines", shadows);
	bool counts = rule->in_set && !rule->on_trial;
	field_unsigned(out, "standing", counts ? rule->counts.open : 0);
	field_unsigned(out, "shadow_standing", rule->in_set && rule->on_trial ? rule->counts.open : 0);
	json_key(out, "amount_at_risk_fen");
	json_integer(out, counts ? rule->counts.amount_at_risk_fen : 0);
	json_close(out, '}');
}

static void
figures_add(struct buffer *out, struct status *status)
{
	const struct figures *figures = &status->figures;
	pthread_mutex_lock(&status->lock);
	json_key(out, "ruleset");
	json_text(out, figures->ruleset);
	json_key(out, "feed_digest");
	json_text(out, figures->feed);
	json_key(out, "rules");
	json_open(out, '{');
	for (size_t i = 0; i < figures->rules; i++)
		rule_add(out, &figures->rule[i]);
	json_close(out, '}');
	json_key(out, "data_quality");
	if (figures->quality.length)
		buffer_add(out, figures->quality.data, figures->quality.length);
	else
		buffer_text(out, "{}");
	json_key(out, "open_windows");
	if (figures->open_windows.length)
		buffer_add(out, figures->open_windows.data, figures->open_windows.length);
	else
		buffer_text(out, "[]");
	json_key(out, "suppressed");
	if (figures->suppressed.length)
		buffer_add(out, figures->suppressed.data, figures->suppressed.length);
	else
		buffer_text(out, "{}");
	json_key(out, "state");
	json_open(out, '{');
	field_unsigned(out, "persons", figures->counts.persons);
	field_unsigned(out, "settlements", figures->counts.settlements);
	field_unsigned(out, "bytes", figures->counts.state_bytes);
	json_close(out, '}');
	pthread_mutex_unlock(&status->lock);
}

void
stats_reload(const struct status *status, struct buffer *out)
{
	json_open(out, '{');
	field_unsigned(out, "generation", count_get(&status->rules_generation));
	json_key(out, "successful");
	json_bool(out, atomic_load(&status->rules_reload_ok));
	json_key(out, "under_way");
	json_bool(out, atomic_load(&status->rules_reloading) || atomic_load(&status->backfilling));
	field_unsigned(out, "taken", count_get(&status->rules_reloads));
	field_unsigned(out, "refused", count_get(&status->rules_refusals));
	field_unsigned(out, "last_ms", (uint64_t)atomic_load(&status->rules_reload_wall_ms));
	field_unsigned(out, "live_since_ms", (uint64_t)atomic_load(&status->rules_loaded_wall_ms));
	field_unsigned(out, "load_ns", count_get(&status->rules_load_ns));
	field_unsigned(out, "pause_ns", count_get(&status->rules_pause_ns));
	field_unsigned(out, "kept_bytes", count_get(&status->rules_kept_bytes));
	field_unsigned(out, "new_bytes", count_get(&status->rules_new_bytes));
	field_unsigned(out, "dropped_bytes", count_get(&status->rules_dropped_bytes));
	field_unsigned(out, "backfill_entries", count_get(&status->backfill_entries));
	field_unsigned(out, "backfill_ns", count_get(&status->backfill_ns));
	json_close(out, '}');
}

void
stats_line(struct status *status, const char *instance, int64_t now_wall_ms, int64_t now_ns, struct buffer *out)
{
	char time[CLOCK_TEXT_SIZE];
	json_open(out, '{');
	json_key(out, "type");
	json_text(out, "stats");
	json_key(out, "time");
	json_text(out, clock_text(now_wall_ms, time));
	json_key(out, "instance");
	json_text(out, instance);
	json_key(out, "uptime_ms");
	json_integer(out, (now_ns - status->started_ns) / NS_PER_MS);
	json_key(out, "stages");
	json_open(out, '{');
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		json_key(out, stage_names[i]);
		stage_add(out, &status->stage[i]);
	}
	json_close(out, '}');
	json_key(out, "partitions");
	json_open(out, '[');
	const struct partition *partition = atomic_load(&status->partition);
	for (size_t i = 0; i < atomic_load(&status->partitions); i++)
		partition_add(out, &partition[i]);
	json_close(out, ']');
	json_key(out, "published");
	json_open(out, '{');
	field_unsigned(out, "delivered", count_get(&status->delivered));
	field_unsigned(out, "failures", count_get(&status->delivery_failures));
	field_unsigned(out, "in_flight", count_get(&status->in_flight));
	json_close(out, '}');
	figures_add(out, status);
	json_key(out, "reload");
	stats_reload(status, out);
	json_close(out, '}');
}
