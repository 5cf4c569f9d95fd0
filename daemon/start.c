/* The start of a pipeline: the archive is opened and judged again from the newest snapshot on, the topics are held against
 * it, what was said already is learned, and the rules of the configuration begin to hold. */
#include "daemon/pipeline.h"

#include "core/base/memory.h"
#include "core/base/step.h"
#include "daemon/clock.h"
#include "daemon/guard.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>

#define AGAIN_MS 500

/* ---- the archive ---- */

static void
lines_take(void *context, const struct ruleset *rules, const struct batch *batch, size_t first, size_t used, const struct scored *scored, uint64_t position)
{
	struct pipeline *pipeline = context;
	feed_outputs(&pipeline->feed, rules, batch, first, used, scored, position);
}

static void
batch_back(void *context, struct batch *batch)
{
	struct pipeline *pipeline = context;
	consumer_release(pipeline->consumer, batch);
}

static int
archive_refused(const struct pipeline *pipeline, enum archive_failure failure)
{
	const char *dir = pipeline->config->archive.dir;
	switch (failure) {
	case ARCHIVE_LOCKED:
		log_say(LEVEL_ERROR, "档案 %s 正由另一个 fundwatchd 写；同一档案只能有一个", "another fundwatchd writes to the archive %s; there can be one only", dir);
		return EX_CANTCREAT;
	case ARCHIVE_BROKEN:
		log_say(LEVEL_ERROR, "档案 %s 已落盘的内容损坏；用 fundwatch archive verify 查看", "what had been synced of the archive %s is damaged; see fundwatch archive verify", dir);
		return EX_DATAERR;
	case ARCHIVE_KEY:
		log_say(LEVEL_ERROR, "档案 %s 要另一把密钥", "the archive %s wants another key", dir);
		return EX_CONFIG;
	default:
		log_say(LEVEL_ERROR, "档案 %s 打不开", "the archive %s cannot be opened", dir);
		return EX_CANTCREAT;
	}
}

static void
restored_take(struct pipeline *pipeline, int64_t took_ns)
{
	struct restored *restored = &pipeline->restored;
	feed_go_on(&pipeline->feed, restored->head.feed, restored->head.alerts);
	restored->head.feed = NULL;
	pipeline->scorer = restored->scorer;
	pipeline->rules = restored->rules;
	restored->scorer = NULL;
	restored->rules = NULL;
	pipeline->settings = restored->head.settings;
	log_say(LEVEL_INFO, "已从档案恢复：快照 %llu，之后重判 %llu 条，用时 %lld 毫秒", "brought back from the archive: snapshot at %llu, %llu entries judged again, %lld ms",
	    (unsigned long long)restored->from, (unsigned long long)restored->entries, (long long)(took_ns / NS_PER_MS));
}

/* The digest of the lines is moved on as they are released, from what the snapshot had. */
static int
archive_bring_back(struct pipeline *pipeline)
{
	const struct config *config = pipeline->config;
	struct archive_options options;
	struct diags diags = {0};
	enum archive_failure failure = ARCHIVE_FINE;
	uint64_t cut = 0;
	bool good = archive_options_of(config, &options, &diags);
	struct archive *archive = good ? archive_open(config->archive.dir, &options, &failure, &cut, &diags) : NULL;
	log_diags(&diags);
	diags_free(&diags);
	if (!archive)
		return good ? archive_refused(pipeline, failure) : EX_CONFIG;
	atomic_store(&pipeline->status->archive_cut_bytes, cut);
	if (cut)
		log_say(LEVEL_WARNING, "档案尾部不完整，去掉 %llu 字节；相应记录从 Kafka 再读", "the archive's tail was torn, %llu bytes are cut off; those records come from Kafka again", (unsigned long long)cut);
	int64_t begin = clock_monotonic_ns();
	struct restore_taker taker = {lines_take, pipeline, pipeline->stop};
	int result = restore_run(&pipeline->restored, config, &options, pipeline->key, UINT64_MAX, &taker, pipeline->status);
	step("recover_end");
	if (result) {
		archive_close(archive);
		return result == EX_TEMPFAIL ? EX_OK : result;
	}
	restored_take(pipeline, clock_monotonic_ns() - begin);
	pipeline->judged = archive_next(archive);
	pipeline->archivist = archivist_open(config, pipeline->status, archive, &pipeline->restored.head.cursors, pipeline->wake_fd,
	    (struct archivist_release){batch_back, pipeline});
	snapshots_open(&pipeline->snapshots, config, pipeline->status, pipeline->restored.from);
	return PIPELINE_GO_ON;
}

/* ---- opening ---- */

static int
parts_open(struct pipeline *pipeline)
{
	const struct config *config = pipeline->config;
	pipeline->fate = memory_resize(NULL, (size_t)config->limits.batch * sizeof *pipeline->fate);
	pipeline->ownership = ownership_open(config, pipeline->wanted);
	pipeline->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pipeline->consumer = consumer_open(config, pipeline->status);
	pipeline->publisher = publisher_open(config, pipeline->status);
	if (pipeline->wake_fd < 0 || !pipeline->consumer || !pipeline->publisher)
		return EX_CONFIG;
	publisher_wake_by(pipeline->publisher, pipeline->wake_fd);
	return feed_open(&pipeline->feed, config, pipeline->status, pipeline->publisher, pipeline->stop) ? PIPELINE_GO_ON : EX_CONFIG;
}

int
pipeline_open(struct pipeline *pipeline, const struct config *config, struct status *status, struct ruleset *rules, const struct key *key,
    const volatile bool *stop)
{
	*pipeline = (struct pipeline){.config = config, .status = status, .wanted = rules, .key = key, .stop = stop, .wake_fd = -1, .commit_at = UINT64_MAX};
	reload_init(&pipeline->reload, config, status);
	ticks_open(&pipeline->ticks, config, status);
	int result = parts_open(pipeline);
	if (result != PIPELINE_GO_ON || !config->archive.dir[0])
		return result;
	atomic_store(&status->archive_on, true);
	atomic_store(&status->phase, PHASE_RECOVERING);
	return archive_bring_back(pipeline);
}

/* ---- rules ---- */

static int
rules_begin(struct pipeline *pipeline)
{
	struct entry_settings settings = settings_of(pipeline->config, pipeline->key);
	struct scorer_limits limits = limits_of(&settings, pipeline->key);
	struct ruleset *wanted = pipeline->wanted;
	bool first = !pipeline->scorer, other_settings = first || !archive_settings_alike(&settings, &pipeline->settings);
	pipeline->wanted = NULL;
	pipeline->settings = settings;
	if (!first && other_settings)
		scorer_set_limits(pipeline->scorer, &limits);
	if (first) {
		if (!rules_store(pipeline, wanted))
			return EX_CANTCREAT;
		pipeline->scorer = scorer_open(wanted, &limits);
		pipeline->rules = wanted;
		rules_note(pipeline, false, false);
	} else if (strcmp(wanted->digest, pipeline->rules->digest) != 0) {
		if (!pipeline_rules(pipeline, wanted))
			return EX_CONFIG;
	} else {
		ruleset_free(wanted);
		if (other_settings)
			rules_note(pipeline, false, false);
		atomic_store(&pipeline->status->rules_loaded_wall_ms, clock_wall_ms());
	}
	if (!count_get(&pipeline->status->rules_generation))
		count_add(&pipeline->status->rules_generation, 1);
	return PIPELINE_GO_ON;
}

/* ---- the topics ---- */

/* Between two tries of what needs an answer from Kafka. */
static bool
wait_again(struct pipeline *pipeline)
{
	int64_t now = clock_monotonic_ns();
	atomic_store(&pipeline->status->turn_ns, now);
	notify_alive(now);
	consumer_wait(pipeline->consumer, AGAIN_MS);
	return !*pipeline->stop;
}

static void
gaps_accept(struct pipeline *pipeline, const struct guard *guard)
{
	for (size_t i = 0; i < guard->gaps; i++) {
		const struct guard_gap *gap = &guard->gap[i];
		struct entry entry = {.kind = ENTRY_GAP, .gap = {slice_of(gap->topic), gap->partition, gap->expected, gap->found, slice_of(gap->reason)}};
		pipeline->judged = archivist_entry(pipeline->archivist, &entry) + 1;
		count_add(&pipeline->status->gaps_accepted, 1);
		log_say(LEVEL_WARNING, "%s[%d]：已接受缺口（%s），应为位移 %lld，从 %lld 读起，已记入档案",
		    "%s[%d]: the gap is accepted (%s): offset %lld was due, reading goes on at %lld; the archive says so", gap->topic, (int)gap->partition, gap->reason,
		    (long long)gap->expected, (long long)gap->found);
		cursors_note(&pipeline->restored.head.cursors, &entry);
	}
}

static int
topics_guard(struct pipeline *pipeline, bool accept_gap)
{
	struct guard guard;
	enum guard_answer answer;
	while ((answer = guard_look(pipeline->config, pipeline->status, consumer_client(pipeline->consumer), &pipeline->restored.head.cursors, &guard,
	    pipeline->stop)) == GUARD_NO_ANSWER)
		if (!wait_again(pipeline))
			return EX_OK;
	if (answer == GUARD_STOPPED)
		return EX_OK;
	int result = PIPELINE_GO_ON;
	if (guard.gaps && !accept_gap) {
		log_say(LEVEL_ERROR, "主题与档案对不上，分区数 %zu，拒绝启动；查明原因后，可用 --accept-gap 启动一次：缺口记入档案，从主题现有的最早处读起（重复的会认出来）",
		    "topics do not fit the archive, partitions: %zu; not started. When the reason is known, start once with --accept-gap: the gap is recorded in the archive and reading goes on at the earliest that the topic has (duplicates are recognised)",
		    guard.gaps);
		result = EX_CONFIG;
	} else {
		gaps_accept(pipeline, &guard);
	}
	free(guard.gap);
	return result;
}

static int
outputs_learn(struct pipeline *pipeline, struct known **known)
{
	const struct restored *restored = &pipeline->restored;
	enum probe_answer answer;
	for (;;) {
		*known = known_open(restored->head.position > 0);
		answer = outputs_read(pipeline->config, pipeline->status, consumer_client(pipeline->consumer), restored->head.floor, restored->head.floors, *known,
		    pipeline->publisher, pipeline->stop);
		bool is_needed = answer == PROBE_DONE && known_count(*known) > 0;
		if (!is_needed) {
			known_close(*known);
			*known = NULL;
		}
		if (answer == PROBE_DONE)
			return PIPELINE_GO_ON;
		if (answer == PROBE_STOPPED || !wait_again(pipeline))
			return EX_OK;
	}
}

int
pipeline_begin(struct pipeline *pipeline, bool accept_gap)
{
	struct known *known = NULL;
	int result = PIPELINE_GO_ON;
	if (pipeline->archivist)
		result = topics_guard(pipeline, accept_gap);
	if (result == PIPELINE_GO_ON && pipeline->archivist)
		result = outputs_learn(pipeline, &known);
	if (result != PIPELINE_GO_ON)
		return result;
	publisher_begin(pipeline->publisher);
	feed_begin(&pipeline->feed, known);
	feed_release(&pipeline->feed, pipeline->archivist ? archivist_synced(pipeline->archivist) : UINT64_MAX);
	result = rules_begin(pipeline);
	if (result != PIPELINE_GO_ON)
		return result;
	status_copy(pipeline->status, pipeline->scorer, pipeline->rules, "");
	consumer_go_on(pipeline->consumer, &pipeline->restored.head.cursors);
	consumer_begin(pipeline->consumer, pipeline->wake_fd, pipeline->archivist);
	int64_t now = clock_monotonic_ns();
	pipeline->stats_ns = now + pipeline->config->stats_every * NS_PER_SECOND;
	pipeline->commit_ns = now;
	return PIPELINE_GO_ON;
}
