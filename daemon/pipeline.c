/* See pipeline.h. */
#include "daemon/pipeline.h"

#include "core/base/memory.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAIT_MS 100
#define COPY_NS (NS_PER_SECOND / 4)     /* between copies of the figures */
#define COMMIT_NS (5 * NS_PER_SECOND)

static uint64_t
core_clock(void)
{
	return (uint64_t)clock_monotonic_ns();
}

static struct scorer_limits
limits_of(const struct config *config, const struct key *key)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	limits.decode.depth = (uint32_t)config->limits.depth;
	limits.decode.record_bytes = (uint32_t)config->limits.record_bytes;
	limits.lateness_days = (int32_t)config->limits.lateness;
	limits.remember_days = (int32_t)config->limits.remember;
	limits.history_months = (int32_t)config->limits.history;
	limits.pseudonym_key = key->bytes;
	limits.pseudonym_key_length = key->length;
	limits.person_clear = config->person_clear;
	limits.clock = core_clock;
	return limits;
}

bool
pipeline_open(struct pipeline *pipeline, const struct config *config, struct status *status, struct ruleset *rules, const struct key *key,
    const volatile bool *stop)
{
	*pipeline = (struct pipeline){.config = config, .status = status, .rules = rules, .wake_fd = -1};
	struct scorer_limits limits = limits_of(config, key);
	pipeline->scorer = scorer_open(rules, &limits);
	pipeline->ownership = ownership_open(config, rules);
	pipeline->fate = memory_resize(NULL, (size_t)config->limits.batch * sizeof *pipeline->fate);
	reload_init(&pipeline->reload, config, status);
	pipeline->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pipeline->consumer = consumer_open(config, status);
	pipeline->publisher = publisher_open(config, status);
	if (!pipeline->scorer || pipeline->wake_fd < 0 || !pipeline->consumer || !pipeline->publisher)
		return false;
	publisher_wake_by(pipeline->publisher, pipeline->wake_fd);
	atomic_store(&status->rules_loaded_wall_ms, clock_wall_ms());
	status_copy(status, pipeline->scorer, rules, "");
	return feed_open(&pipeline->feed, config, status, pipeline->publisher, stop);
}

/* ---- judging ---- */

enum refusal_reason
refusal_of_line(struct slice line)
{
	static const char key[] = "\"reason\":\"";
	const char *at = memmem(line.data, line.length, key, sizeof key - 1);
	if (!at)
		return REFUSAL_COUNT;
	at += sizeof key - 1;
	const char *end = memchr(at, '"', line.length - (size_t)(at - line.data));
	size_t reason = 0;
	while (end && reason < REFUSAL_COUNT && !slice_equal((struct slice){at, (size_t)(end - at)}, slice_of(refusal_names[reason])))
		reason++;
	return end ? (enum refusal_reason)reason : REFUSAL_COUNT;
}

void
pipeline_account(const struct batch *batch, size_t first, size_t used, const struct scored *scored)
{
	for (size_t i = 0; i < used; i++) {
		struct partition *partition = batch->partition[first + i];
		count_add(&partition->received, 1);
		if (scored->fate[i] == FATE_JUDGED)
			count_add(&partition->judged, 1);
		else if (scored->fate[i] == FATE_DUPLICATE)
			count_add(&partition->duplicate, 1);
	}
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		if (output->kind != OUTPUT_REFUSED)
			continue;
		enum refusal_reason reason = refusal_of_line(output->line);
		count_add(&batch->partition[first + output->record]->refused[reason < REFUSAL_COUNT ? reason : REFUSAL_not_json], 1);
	}
}

static void
measure(struct pipeline *pipeline, const struct scored *scored, size_t used)
{
	/* Decoded they came: what the scorer calls decoding is the conditions and the asking for state. */
	hist_add(&pipeline->status->stage[STAGE_score], (int64_t)((scored->decode_ns + scored->score_ns) / used), used);
}

static void
judge(struct pipeline *pipeline, const struct batch *batch)
{
	size_t first = 0;
	while (first < batch->count) {
		struct scored scored = {.fate = pipeline->fate};
		size_t used = scorer_score(pipeline->scorer, batch->record + first, batch->count - first, &scored);
		if (!used)
			abort();        /* lines of the call before are gone: one record always fits */
		measure(pipeline, &scored, used);
		feed_outputs(&pipeline->feed, pipeline->rules, batch, first, used, &scored);
		pipeline_account(batch, first, used, &scored);
		first += used;
	}
}

/* Records of pools that others own go out of the batch. */
static void
keep_owned(struct pipeline *pipeline, struct batch *batch)
{
	size_t kept = 0;
	for (size_t i = 0; i < batch->count; i++) {
		if (!ownership_has(pipeline->ownership, &batch->record[i])) {
			count_add(&batch->partition[i]->foreign, 1);
			continue;
		}
		batch->record[kept] = batch->record[i];
		batch->partition[kept++] = batch->partition[i];
	}
	batch->count = kept;
}

/* ---- between batches ---- */

static void
copy_figures(struct pipeline *pipeline)
{
	char digest[DIGEST_TEXT_SIZE];
	feed_digest(&pipeline->feed, digest);
	status_copy(pipeline->status, pipeline->scorer, pipeline->rules, digest);
}

/* The set is the scorer's from now on, or freed. */
static void
rules_use(struct pipeline *pipeline, struct ruleset *set)
{
	struct ruleset *old = NULL;
	const char *state = NULL;
	bool same = strcmp(set->digest, pipeline->rules->digest) == 0;
	if (!same)
		state = scorer_use(pipeline->scorer, set, &old);
	if (same) {
		log_say(LEVEL_INFO, "规则没有变化（%s）", "the rules have not changed (%s)", set->digest);
		old = set;
	} else if (old == set) {
		log_say(LEVEL_ERROR, "新规则未采用，旧规则继续运行：%s", "the new rules are refused, the old ones go on: %s", state);
		reload_refused(&pipeline->reload);
	} else {
		log_say(LEVEL_INFO, "已采用新规则 %s，取代 %s", "new rules %s in place of %s", set->digest, old->digest);
		feed_rules_changed(&pipeline->feed, old->digest, set->digest, state);
		pipeline->rules = set;
		if (pipeline->ownership)
			ownership_use(pipeline->ownership, set);
		copy_figures(pipeline);
		atomic_store(&pipeline->status->rules_loaded_wall_ms, clock_wall_ms());
	}
	ruleset_free(old);
	notify_ready("running");
}

static bool
due(int64_t *next_ns, int64_t now_ns, int64_t every_ns)
{
	if (now_ns < *next_ns)
		return false;
	*next_ns = now_ns + every_ns;
	return true;
}

static void
chores(struct pipeline *pipeline, int64_t now_ns)
{
	struct ruleset *set = reload_step(&pipeline->reload);
	if (set)
		rules_use(pipeline, set);
	if (due(&pipeline->copy_ns, now_ns, COPY_NS))
		copy_figures(pipeline);
	if (due(&pipeline->heartbeat_ns, now_ns, pipeline->config->heartbeat * NS_PER_SECOND))
		feed_heartbeat(&pipeline->feed);
	if (due(&pipeline->stats_ns, now_ns, pipeline->config->stats_every * NS_PER_SECOND))
		feed_stats(&pipeline->feed);
	if (due(&pipeline->commit_ns, now_ns, COMMIT_NS))
		consumer_commit(pipeline->consumer, false);
}

static void
wait_for_more(struct pipeline *pipeline)
{
	struct pollfd wake = {.fd = pipeline->wake_fd, .events = POLLIN};
	uint64_t count;
	poll(&wake, 1, WAIT_MS);
	while (read(pipeline->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
		;
}

void
pipeline_begin(struct pipeline *pipeline)
{
	publisher_begin(pipeline->publisher);
	consumer_begin(pipeline->consumer, pipeline->wake_fd);
	int64_t now = clock_monotonic_ns();
	pipeline->stats_ns = now + pipeline->config->stats_every * NS_PER_SECOND;
	pipeline->commit_ns = now + COMMIT_NS;
}

void
pipeline_turn(struct pipeline *pipeline)
{
	int64_t now = clock_monotonic_ns();
	atomic_store_explicit(&pipeline->status->turn_ns, now, memory_order_relaxed);
	notify_alive(now);
	publisher_serve(pipeline->publisher);
	/* What failed must go first: nothing new is taken while lines wait to be sent again. */
	struct batch *batch = publisher_blocked(pipeline->publisher) ? NULL : consumer_take(pipeline->consumer);
	if (batch) {
		if (pipeline->ownership)
			keep_owned(pipeline, batch);
		judge(pipeline, batch);
		consumer_done(pipeline->consumer, batch);
	}
	chores(pipeline, now);
	mirror_write(&pipeline->feed.mirror, now);
	if (!batch)
		wait_for_more(pipeline);
}

uint64_t
pipeline_drain(struct pipeline *pipeline, int64_t deadline_ns)
{
	copy_figures(pipeline);
	feed_stats(&pipeline->feed);
	mirror_write(&pipeline->feed.mirror, clock_monotonic_ns());
	uint64_t left = publisher_flush(pipeline->publisher, deadline_ns);
	consumer_commit(pipeline->consumer, left == 0);
	return left;
}

bool
pipeline_close(struct pipeline *pipeline, int64_t deadline_ns)
{
	reload_close(&pipeline->reload);
	if (pipeline->feed.digest)
		feed_close(&pipeline->feed);
	if (pipeline->publisher)
		publisher_close(pipeline->publisher);
	if (pipeline->consumer && !consumer_close(pipeline->consumer, deadline_ns))
		return false;
	if (pipeline->ownership)
		ownership_close(pipeline->ownership);
	if (pipeline->scorer)
		scorer_close(pipeline->scorer);
	if (pipeline->rules)
		ruleset_free(pipeline->rules);
	if (pipeline->wake_fd >= 0)
		close(pipeline->wake_fd);
	free(pipeline->fate);
	return true;
}
