/* See watch.h. */
#include "daemon/watch.h"

#include "core/base/memory.h"
#include "daemon/archivist.h"
#include "daemon/clock.h"
#include "daemon/guard.h"
#include "daemon/log.h"
#include "daemon/rights.h"

#include <stdlib.h>
#include <string.h>

#define ASK_TIMEOUT_MS 5000
#define COUNT_EVERY_SECONDS 60
#define SUSPECT_NS (NS_PER_SECOND / 4)

/* librdkafka before 2.2.0 looks again at a partition whose queue was full when its connection next wakes, at the latest
 * after a second.  While there is much to catch up on, a small question wakes it: then the queue can be small, and its
 * memory is used again while it is warm. */
#define NUDGE_LAG 5000
#define NUDGE_NS (5 * NS_PER_MS)
#define NUDGE_VERSION_END 0x020200ff

struct watch {
	const struct config *config;
	struct archivist *archivist;    /* NULL: no archive to hold the topics against */
	rd_kafka_t *client;
	struct status *status;
	int64_t every_ns, counted_ns;
	struct kafka_topic topic[KAFKA_TOPICS_MAX];
	size_t topics;
	bool was_down;
	int64_t *silent_ns;             /* by partition: since when its end cannot be had, 0: it can */
	struct log_limit silence, changed, lost;
	size_t nudged;                  /* partition that was asked last */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopping;
	volatile bool stop;
};

static bool
stopped(struct watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	bool stop = watch->stop;
	pthread_mutex_unlock(&watch->lock);
	return stop;
}

static void
broker_said(struct watch *watch, rd_kafka_resp_err_t error)
{
	uint64_t withheld;
	if (!error) {
		bool was_down = atomic_exchange(&watch->status->broker_down, false);    /* the client may have said so, and waited */
		if (watch->was_down || was_down)
			log_say(LEVEL_INFO, "Kafka 又有应答了", "Kafka answers again");
		watch->was_down = false;
		watch->silence = (struct log_limit){0};
		atomic_store(&watch->status->broker_answered_ns, clock_monotonic_ns());
		return;
	}
	watch->was_down = true;
	if (log_allowed(&watch->silence, clock_monotonic_ns(), &withheld))
		log_say(LEVEL_WARNING, "查询分区末端没有应答：%s（%s）", "no answer about the end of a partition: %s (%s)",
		    kafka_explain(error, log_language()), rd_kafka_err2name(error));
}

/* About one partition only: the brokers themselves do answer. */
static bool
is_of_partition(rd_kafka_resp_err_t error)
{
	return error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
	    || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
	    || error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

static void
partition_silent(struct watch *watch, size_t index, struct partition *partition, rd_kafka_resp_err_t error)
{
	uint64_t withheld;
	int64_t now = clock_monotonic_ns();
	if (!watch->silent_ns[index])
		watch->silent_ns[index] = now;
	if (now - watch->silent_ns[index] > watch->status->stall_after_ns)
		atomic_store(&partition->silent, true);
	if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		rights_tell(watch->config, RIGHT_DESCRIBE, partition->topic);
	if (log_allowed(&watch->lost, clock_monotonic_ns(), &withheld))
		log_say(LEVEL_WARNING, "%s[%d] 的末端查不到：%s（%s）", "the end of %s[%d] cannot be had: %s (%s)", partition->topic, (int)partition->number,
		    kafka_explain(error, log_language()), rd_kafka_err2name(error));
}

static void
ends_ask(struct watch *watch)
{
	struct partition *partition = atomic_load(&watch->status->partition);
	size_t count = atomic_load(&watch->status->partitions);
	bool answered = false;
	for (size_t i = 0; i < count && !stopped(watch); i++) {
		int64_t low, high;
		rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(watch->client, partition[i].topic, partition[i].number, &low, &high, ASK_TIMEOUT_MS);
		if (is_of_partition(error)) {
			partition_silent(watch, i, &partition[i], error);
			continue;
		}
		if (error) {
			broker_said(watch, error);
			return;
		}
		answered = true;
		atomic_store_explicit(&partition[i].low, low, memory_order_relaxed);
		atomic_store_explicit(&partition[i].high, high, memory_order_relaxed);
		watch->silent_ns[i] = 0;
		atomic_store(&partition[i].silent, false);
	}
	if (answered)
		broker_said(watch, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static int64_t
lag_sum(const struct status *status)
{
	const struct partition *partition = atomic_load(&status->partition);
	int64_t sum = 0;
	for (size_t i = 0; i < atomic_load(&status->partitions); i++)
		if (atomic_load_explicit(&partition[i].assigned, memory_order_relaxed))
			sum += partition_lag(&partition[i]);
	return sum;
}

/* Partitions in turn, so that every broker's connection is woken. */
static void
nudge(struct watch *watch)
{
	const struct partition *partition = atomic_load(&watch->status->partition);
	int64_t low, high;
	watch->nudged = (watch->nudged + 1) % atomic_load(&watch->status->partitions);
	rd_kafka_query_watermark_offsets(watch->client, partition[watch->nudged].topic, partition[watch->nudged].number, &low, &high, ASK_TIMEOUT_MS);
}

static void
partitions_count(struct watch *watch)
{
	struct kafka_topic now[KAFKA_TOPICS_MAX];
	memcpy(now, watch->topic, sizeof now);
	if (kafka_ask_topics(watch->client, now, watch->topics, ASK_TIMEOUT_MS))
		return;
	bool changed = false;
	for (size_t i = 0; i < watch->topics; i++) {
		uint64_t withheld;
		if (!now[i].is_read || now[i].partitions == watch->topic[i].partitions)
			continue;
		changed = true;
		if (log_allowed(&watch->changed, clock_monotonic_ns(), &withheld))
			log_say(LEVEL_ERROR, "主题 %s 的分区数由 %d 变为 %d；新分区没有在读，请重启 fundwatchd",
			    "the topic %s had %d partitions and has %d now; the new ones are not read: restart fundwatchd", now[i].name,
			    (int)watch->topic[i].partitions, (int)now[i].partitions);
	}
	atomic_store(&watch->status->partitions_changed, changed);
}

static void
pause_for(struct watch *watch, int64_t ns)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t sum = until.tv_nsec + ns;
	until.tv_sec += sum / NS_PER_SECOND;
	until.tv_nsec = sum % NS_PER_SECOND;
	pthread_mutex_lock(&watch->lock);
	while (!watch->stop && pthread_cond_timedwait(&watch->stopping, &watch->lock, &until) == 0)
		;
	pthread_mutex_unlock(&watch->lock);
}

static void
partition_stop(struct watch *watch, const struct guard_gap *gap)
{
	struct partition *partition = atomic_load(&watch->status->partition);
	for (size_t i = 0; i < atomic_load(&watch->status->partitions); i++)
		if (partition[i].number == gap->partition && strcmp(partition[i].topic, gap->topic) == 0)
			atomic_store(&partition[i].stopped, true);
}

/* After a silence: are these still the topics that were read?  Reading waits for the answer. */
static void
topics_look(struct watch *watch)
{
	struct cursors cursors = {0};
	struct guard guard;
	archivist_cursors(watch->archivist, &cursors);
	enum guard_answer answer = guard_look(watch->config, watch->status, watch->client, &cursors, &guard, &watch->stop);
	for (size_t i = 0; answer == GUARD_LOOKED && i < guard.gaps; i++)
		partition_stop(watch, &guard.gap[i]);
	if (answer == GUARD_LOOKED && guard.gaps)
		log_say(LEVEL_ERROR, "与档案对不上的 %zu 个分区已停读；查明原因后重启", "partitions that do not fit the archive are stopped: %zu; find the reason, then restart", guard.gaps);
	if (answer == GUARD_LOOKED)
		atomic_store(&watch->status->suspect, false);
	free(guard.gap);
	cursors_free(&cursors);
}

static void *
watch_run(void *opaque)
{
	struct watch *watch = opaque;
	while (!stopped(watch)) {
		ends_ask(watch);
		bool suspect = watch->archivist && atomic_load(&watch->status->suspect);
		if (suspect && !watch->was_down)
			topics_look(watch);
		int64_t now = clock_monotonic_ns(), next = now + (suspect ? SUSPECT_NS : watch->every_ns);
		if (now - watch->counted_ns > COUNT_EVERY_SECONDS * NS_PER_SECOND) {
			watch->counted_ns = now;
			partitions_count(watch);
		}
		while (rd_kafka_version() < NUDGE_VERSION_END && lag_sum(watch->status) > NUDGE_LAG && clock_monotonic_ns() < next && !stopped(watch)) {
			nudge(watch);
			pause_for(watch, NUDGE_NS);
		}
		now = clock_monotonic_ns();
		pause_for(watch, next > now ? next - now : 0);
	}
	return NULL;
}

struct watch *
watch_start(rd_kafka_t *client, const struct config *config, struct status *status, const struct kafka_topic *topics, size_t count,
    struct archivist *archivist)
{
	struct watch *watch = memory_resize(NULL, sizeof *watch);
	*watch = (struct watch){.config = config, .archivist = archivist, .client = client, .status = status, .every_ns = config->check_every * NS_PER_SECOND,
	    .counted_ns = clock_monotonic_ns(), .topics = count};
	memcpy(watch->topic, topics, count * sizeof *topics);
	watch->silent_ns = calloc(atomic_load(&status->partitions) + 1, sizeof *watch->silent_ns);
	if (!watch->silent_ns)
		abort();
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->stopping, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&watch->lock, NULL);
	if (pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
		log_say(LEVEL_ERROR, "无法创建监视线程%s", "the watch thread cannot be made%s", "");
		abort();
	}
	return watch;
}

bool
watch_stop(struct watch *watch, const struct timespec *until)
{
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_signal(&watch->stopping);
	pthread_mutex_unlock(&watch->lock);
	if (pthread_timedjoin_np(watch->thread, NULL, until) != 0)
		return false;
	pthread_cond_destroy(&watch->stopping);
	pthread_mutex_destroy(&watch->lock);
	free(watch->silent_ns);
	free(watch);
	return true;
}
