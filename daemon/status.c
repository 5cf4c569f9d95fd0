/* See status.h. */
#include "daemon/status.h"

#include "core/base/memory.h"
#include "daemon/clock.h"

#include <stdio.h>
#include <stdlib.h>

const char *const stage_names[STAGE_COUNT] = {
#define X(name, help) #name,
	STAGES(X)
#undef X
};

void
status_init(struct status *status, const struct config *config)
{
	*status = (struct status){
		.started_wall_ms = clock_wall_ms(),
		.started_ns = clock_monotonic_ns(),
		.stall_after_ns = config->stall_after * NS_PER_SECOND,
		.check_every_ns = config->check_every * NS_PER_SECOND,
		.gaps_alarm = config->gaps == GAPS_ALARM,
		.mirror_configured = config->mirror[0] != '\0',
		.rules_reload_ok = true,
		.archive_dir = config->archive.dir,
		.mirror_file = config->mirror,
		.bounds = {{[SORT_POOL] = (uint64_t)config->metrics.pools, [SORT_TOWNSHIP] = (uint64_t)config->metrics.townships,
		    [SORT_INSTITUTION] = (uint64_t)config->metrics.institutions}},
	};
	atomic_store(&status->turn_ns, status->started_ns);
	pthread_mutex_init(&status->lock, NULL);
	strcpy(status->figures.ruleset, "");
	strcpy(status->figures.feed, "");
}

void
status_free(struct status *status)
{
	free(atomic_load(&status->partition));
	free(status->figures.rule);
	buffer_free(&status->figures.quality);
	buffer_free(&status->figures.open_windows);
	buffer_free(&status->figures.suppressed);
	free(status->figures.suppression);
	buffer_free(&status->figures.rule_info);
	buffer_free(&status->figures.indicators);
	pthread_mutex_destroy(&status->lock);
}

int64_t
partition_lag(const struct partition *partition)
{
	int64_t high = atomic_load_explicit(&partition->high, memory_order_relaxed);
	int64_t position = atomic_load_explicit(&partition->position, memory_order_relaxed);
	int64_t low = atomic_load_explicit(&partition->low, memory_order_relaxed);
	if (high == OFFSET_UNKNOWN)
		return 0;
	if (position == OFFSET_UNKNOWN)
		position = low;
	return high > position ? high - position : 0;
}

bool
partition_stalled(const struct partition *partition, int64_t now_ns, int64_t after_ns)
{
	if (!atomic_load_explicit(&partition->assigned, memory_order_relaxed))
		return false;
	if (atomic_load_explicit(&partition->stopped, memory_order_relaxed) || atomic_load_explicit(&partition->silent, memory_order_relaxed))
		return true;
	int64_t advanced = atomic_load_explicit(&partition->advanced_ns, memory_order_relaxed);
	return partition_lag(partition) > 0 && now_ns - advanced > after_ns;
}

/* ---- figures ---- */

static struct rule_figures *
rule_find(struct figures *figures, const char *id)
{
	for (size_t i = 0; i < figures->rules; i++)
		if (strcmp(figures->rule[i].id, id) == 0)
			return &figures->rule[i];
	figures->rule = memory_resize(figures->rule, (figures->rules + 1) * sizeof *figures->rule);
	struct rule_figures *added = &figures->rule[figures->rules++];
	*added = (struct rule_figures){0};
	snprintf(added->id, sizeof added->id, "%s", id);
	return added;
}

static void
rules_copy(struct figures *figures, struct scorer *scorer, const struct ruleset *rules)
{
	for (size_t i = 0; i < figures->rules; i++)
		figures->rule[i].in_set = false;
	for (size_t i = 0; i < rules->rules; i++) {
		struct rule_figures *rule = rule_find(figures, rules->rule[i].id);
		rule->in_set = true;
		rule->on_trial = rules->rule[i].mode == MODE_SHADOW;
		rule->counts = *scorer_rule_counts(scorer, i);
		rule->cost = *scorer_rule_cost(scorer, i);
	}
	figures->rules_in_set = rules->rules;
}

static void
suppressions_copy(struct figures *figures, const struct scorer *scorer, const struct ruleset *rules)
{
	figures->suppressions = rules->suppressions;
	figures->suppression = memory_resize(figures->suppression, (rules->suppressions + 1) * sizeof *figures->suppression);
	for (size_t i = 0; i < rules->suppressions; i++) {
		struct suppression_figures *entry = &figures->suppression[i];
		snprintf(entry->id, sizeof entry->id, "%s", rules->suppression[i].id);
		entry->lines = scorer_suppression_counts(scorer, i)->lines;
	}
	figures->suppressed.length = 0;
	scorer_suppressed(scorer, &figures->suppressed);
}

/* Indicators change when a month closes, rules when they are read again: in between their text stays. */
static void
texts_make(struct status *status, const struct scorer *scorer, const struct ruleset *rules)
{
	struct figures *figures = &status->figures;
	uint64_t changes;
	bool other_rules = strcmp(figures->ruleset, rules->digest) != 0;
	scorer_indicators(scorer, &changes);
	if (!other_rules && changes == figures->indicator_changes)
		return;
	figures->indicator_changes = changes;
	figures->rule_info.length = figures->indicators.length = 0;
	rule_info_text(&figures->rule_info, rules);
	indicators_text(&figures->indicators, scorer, rules, &status->bounds);
}

void
status_copy(struct status *status, struct scorer *scorer, const struct ruleset *rules, const char *feed_digest)
{
	struct figures *figures = &status->figures;
	pthread_mutex_lock(&status->lock);
	texts_make(status, scorer, rules);
	snprintf(figures->ruleset, sizeof figures->ruleset, "%s", rules->digest);
	snprintf(figures->feed, sizeof figures->feed, "%s", feed_digest);
	rules_copy(figures, scorer, rules);
	suppressions_copy(figures, scorer, rules);
	figures->counts = *scorer_counts(scorer);
	figures->cost = scorer_shared_cost(scorer);
	figures->quality.length = figures->open_windows.length = 0;
	scorer_data_quality(scorer, &figures->quality);
	scorer_open_windows(scorer, &figures->open_windows);
	pthread_mutex_unlock(&status->lock);
}

void
status_line(struct status *status, const char *rule_id, bool shadow, enum alert_status alert)
{
	pthread_mutex_lock(&status->lock);
	struct rule_figures *rule = rule_find(&status->figures, rule_id);
	(shadow ? rule->shadows : rule->alerts)[alert]++;
	pthread_mutex_unlock(&status->lock);
}

static bool
is_at_end(const struct partition *partition)
{
	int64_t high = atomic_load_explicit(&partition->high, memory_order_relaxed);
	return high != OFFSET_UNKNOWN && atomic_load(&partition->assigned) && !atomic_load(&partition->stopped) && partition_lag(partition) == 0;
}

bool
status_caught_up(const struct status *status, int64_t now_ns)
{
	const struct partition *partition = atomic_load(&status->partition);
	size_t count = atomic_load(&status->partitions);
	bool answers = !atomic_load(&status->broker_down) && now_ns - atomic_load(&status->broker_answered_ns) < 2 * status->check_every_ns + 5 * NS_PER_SECOND;
	for (size_t i = 0; i < count; i++)
		if (!is_at_end(&partition[i]))
			return false;
	return answers && count > 0 && atomic_load(&status->phase) == PHASE_RUNNING;
}
