/* See pipeline.h. */
#include "daemon/pipeline.h"

#include "core/base/memory.h"
#include "core/base/step.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define WAIT_MS 100
#define COPY_NS (NS_PER_SECOND / 4)     /* between copies of the figures */
#define COMMIT_NS (5 * NS_PER_SECOND)
#define NOTHING_MARKED UINT64_MAX

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

/* When the last of a run of records was taken, and what Kafka's clock said of it. */
static void
note_time(struct partition *partition, const struct batch *batch, size_t index)
{
	int64_t arrival_ms = batch->record[index].arrival_ms;
	atomic_store_explicit(&partition->taken_wall_ms, batch->taken_wall_ms, memory_order_relaxed);
	if (arrival_ms != ARRIVAL_UNKNOWN)
		atomic_store_explicit(&partition->ahead_ms, arrival_ms - batch->taken_wall_ms, memory_order_relaxed);
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
		if (i + 1 == used || batch->partition[first + i + 1] != partition)
			note_time(partition, batch, first + i);
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
	step("before_score");
	while (first < batch->count) {
		struct scored scored = {.fate = pipeline->fate};
		size_t used = scorer_score(pipeline->scorer, batch->record + first, batch->count - first, &scored);
		if (!used)
			abort();        /* lines of the call before are gone: one record always fits */
		measure(pipeline, &scored, used);
		feed_outputs(&pipeline->feed, pipeline->rules, batch, first, used, &scored, batch->first);
		pipeline_account(batch, first, used, &scored);
		first += used;
	}
	step("after_score");
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

/* To the archivist first: it writes while this thread judges, and the order of both is the same. */
static void
batch_take(struct pipeline *pipeline, struct batch *batch)
{
	if (pipeline->ownership)
		keep_owned(pipeline, batch);
	batch->first = pipeline->judged;
	if (batch->count && pipeline->archivist)
		batch->first = archivist_batch(pipeline->archivist, batch);
	pipeline->judged = batch->first + batch->count;
	judge(pipeline, batch);
	consumer_done(batch);
	consumer_release(pipeline->consumer, batch);
}

/* ---- between batches ---- */

/* Entries below are on disk; without an archive everything is as good as that. */
static uint64_t
synced_of(const struct pipeline *pipeline)
{
	return pipeline->archivist ? archivist_synced(pipeline->archivist) : UINT64_MAX;
}

static void
copy_figures(struct pipeline *pipeline)
{
	char digest[DIGEST_TEXT_SIZE];
	feed_digest(&pipeline->feed, digest);
	status_copy(pipeline->status, pipeline->scorer, pipeline->rules, digest);
}

/* What was derived again from the archive has gone.  What had been said of records that the archive lost (a tail that was cut by
 * hand, a disk that lies about syncs, an archive that is gone) comes again from Kafka: known until that is read. */
static void
known_forget(struct pipeline *pipeline, int64_t now_ns)
{
	if (pipeline->feed.known && !pipeline->feed.first && status_caught_up(pipeline->status, now_ns))
		feed_forget_known(&pipeline->feed);
}

static bool
due(int64_t *next_ns, int64_t now_ns, int64_t every_ns)
{
	if (now_ns < *next_ns)
		return false;
	*next_ns = now_ns + every_ns;
	return true;
}

/* The group hears only of what is synced. */
static void
group_tell(struct pipeline *pipeline, int64_t now_ns)
{
	if (pipeline->commit_at == NOTHING_MARKED) {
		if (!due(&pipeline->commit_ns, now_ns, COMMIT_NS))
			return;
		consumer_mark(pipeline->consumer);
		pipeline->commit_at = pipeline->judged;
	}
	if (synced_of(pipeline) < pipeline->commit_at)
		return;
	step("before_commit");
	consumer_commit(pipeline->consumer, false);
	step("after_commit");
	pipeline->commit_at = NOTHING_MARKED;
}

static void
tick(struct pipeline *pipeline, int64_t now_ns)
{
	int64_t time = ticks_time(&pipeline->ticks, now_ns);
	if (time == INT64_MIN || pipeline->filling.hold || !scorer_wants_tick(pipeline->scorer, time))
		return;
	struct scored scored = {.fate = pipeline->fate};
	struct entry entry = {.kind = ENTRY_TICK, .tick.time = time};
	uint64_t position = pipeline->archivist ? archivist_entry(pipeline->archivist, &entry) : pipeline->judged;
	pipeline->judged = position + 1;
	scorer_tick(pipeline->scorer, time, &scored);
	feed_outputs(&pipeline->feed, pipeline->rules, NULL, 0, 0, &scored, position);
	count_add(&pipeline->status->ticks, 1);
}

static void
chores(struct pipeline *pipeline, int64_t now_ns)
{
	if (pipeline_reload(pipeline))
		copy_figures(pipeline);
	reload_synced(&pipeline->reload, synced_of(pipeline));
	if (due(&pipeline->copy_ns, now_ns, COPY_NS)) {
		copy_figures(pipeline);
		known_forget(pipeline, now_ns);
	}
	if (due(&pipeline->heartbeat_ns, now_ns, pipeline->config->heartbeat * NS_PER_SECOND))
		feed_heartbeat(&pipeline->feed);
	if (due(&pipeline->stats_ns, now_ns, pipeline->config->stats_every * NS_PER_SECOND))
		feed_stats(&pipeline->feed);
	group_tell(pipeline, now_ns);
	tick(pipeline, now_ns);
	if (pipeline->archivist)
		snapshots_step(&pipeline->snapshots, pipeline->archivist, &pipeline->feed, now_ns);
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
pipeline_turn(struct pipeline *pipeline)
{
	int64_t now = clock_monotonic_ns();
	atomic_store_explicit(&pipeline->status->turn_ns, now, memory_order_relaxed);
	notify_alive(now);
	publisher_serve(pipeline->publisher);
	/* What failed must go first: nothing new is taken while lines wait to be sent again. */
	struct batch *batch = publisher_blocked(pipeline->publisher) || pipeline->filling.hold ? NULL : consumer_take(pipeline->consumer);
	if (batch)
		batch_take(pipeline, batch);
	feed_release(&pipeline->feed, synced_of(pipeline));
	chores(pipeline, now);
	mirror_write(&pipeline->feed.mirror, now);
	if (!batch)
		wait_for_more(pipeline);
}

/* What is judged is synced and said, as far as the time allows. */
static void
rest_release(struct pipeline *pipeline, int64_t deadline_ns)
{
	while (synced_of(pipeline) < pipeline->judged && clock_monotonic_ns() < deadline_ns) {
		feed_release(&pipeline->feed, synced_of(pipeline));
		publisher_serve(pipeline->publisher);
		wait_for_more(pipeline);
	}
	feed_release(&pipeline->feed, synced_of(pipeline));
}

uint64_t
pipeline_drain(struct pipeline *pipeline, int64_t deadline_ns)
{
	rest_release(pipeline, deadline_ns);
	copy_figures(pipeline);
	feed_stats(&pipeline->feed);
	mirror_write(&pipeline->feed.mirror, clock_monotonic_ns());
	uint64_t left = publisher_flush(pipeline->publisher, deadline_ns);
	if (synced_of(pipeline) >= pipeline->judged) {
		consumer_mark(pipeline->consumer);
		consumer_commit(pipeline->consumer, left == 0);
	}
	return left + count_get(&pipeline->status->waiting);
}

bool
pipeline_close(struct pipeline *pipeline, int64_t deadline_ns)
{
	pipeline_ask_no_more(pipeline);
	reload_close(&pipeline->reload);
	snapshots_close(&pipeline->snapshots);
	bool stopped = !pipeline->consumer || consumer_stop(pipeline->consumer, deadline_ns);
	if (pipeline->archivist && !archivist_close(pipeline->archivist, deadline_ns))
		log_say(LEVEL_ERROR, "有记录没能写入档案；重启后从 Kafka 再读%s", "records could not be written to the archive; they are read from Kafka again after a restart%s", "");
	if (pipeline->feed.digest)
		feed_close(&pipeline->feed);
	if (pipeline->publisher)
		publisher_close(pipeline->publisher);
	if (!stopped || (pipeline->consumer && !consumer_close(pipeline->consumer, deadline_ns)))
		return false;
	if (pipeline->ownership)
		ownership_close(pipeline->ownership);
	if (pipeline->scorer)
		scorer_close(pipeline->scorer);
	if (pipeline->rules)
		ruleset_free(pipeline->rules);
	if (pipeline->wanted)
		ruleset_free(pipeline->wanted);
	restored_free(&pipeline->restored);
	if (pipeline->wake_fd >= 0)
		close(pipeline->wake_fd);
	free(pipeline->fate);
	return true;
}
