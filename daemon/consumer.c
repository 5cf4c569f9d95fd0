/* See consumer.h. */
#include "daemon/consumer.h"

#include "core/archive/cursor.h"
#include "core/base/memory.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/rights.h"
#include "daemon/watch.h"

#include <stdlib.h>
#include <unistd.h>

#define BATCHES 16                      /* while the archive syncs, so many are taken and judged */
#define WAIT_MS 100
#define ASLEEP_NS (10 * NS_PER_SECOND)  /* longer than one look at the queue with all that follows */

struct batches {                        /* guarded by the consumer's lock */
	struct batch *first, **last;
};

struct consumer {
	const struct config *config;
	struct status *status;
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	struct watch *watch;
	struct kafka_topic topic[KAFKA_TOPICS_MAX];
	size_t topics;
	struct partition *partition;    /* settlements first, then enrolments, by number */
	size_t partitions;

	/* between the reading and the turn thread */
	struct batch memory[BATCHES];
	pthread_mutex_t lock;
	pthread_cond_t emptied;
	struct batches empty, full;
	bool stop, reading;
	bool guarded;                   /* there is an archive to hold the topics against */
	int wake_fd;
	pthread_t thread;

	/* the reading thread */
	bool settlements_assigned;
	rd_kafka_topic_t *known;        /* the last message's topic: the same handle comes again and again */
	size_t known_first, known_count;
	struct batch *batch;            /* that is being filled */
	struct log_limit said;
};

static void
batches_put(struct batches *batches, struct batch *batch)
{
	batch->after = NULL;
	*batches->last = batch;
	batches->last = &batch->after;
}

/* To the front: what was given back last is still in the cache when it is taken next. */
static void
batches_give_back(struct batches *batches, struct batch *batch)
{
	if (!batches->first)
		batches->last = &batch->after;
	batch->after = batches->first;
	batches->first = batch;
}

static struct batch *
batches_get(struct batches *batches)
{
	struct batch *batch = batches->first;
	if (!batch)
		return NULL;
	batches->first = batch->after;
	if (!batches->first)
		batches->last = &batches->first;
	return batch;
}

static void
batches_init(struct consumer *consumer)
{
	consumer->empty.last = &consumer->empty.first;
	consumer->full.last = &consumer->full.first;
	pthread_mutex_init(&consumer->lock, NULL);
	pthread_cond_init(&consumer->emptied, NULL);
	struct decode_limits limits = DECODE_LIMITS_DEFAULT;
	limits.depth = (uint32_t)consumer->config->limits.depth;
	limits.record_bytes = (uint32_t)consumer->config->limits.record_bytes;
	for (size_t i = 0; i < BATCHES; i++) {
		batch_init(&consumer->memory[i], (size_t)consumer->config->limits.batch, limits);
		batches_put(&consumer->empty, &consumer->memory[i]);
	}
}

struct consumer *
consumer_open(const struct config *config, struct status *status)
{
	struct consumer *consumer = memory_resize(NULL, sizeof *consumer);
	*consumer = (struct consumer){.config = config, .status = status};
	char error[512];
	rd_kafka_conf_t *conf = kafka_conf(config, KAFKA_CONSUMER, status);
	consumer->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
	if (!consumer->client) {
		log_say(LEVEL_ERROR, "Kafka 消费端建不起来：%s", "the Kafka consumer cannot be made: %s", error);
		rd_kafka_conf_destroy(conf);
		free(consumer);
		return NULL;
	}
	batches_init(consumer);
	rd_kafka_poll_set_consumer(consumer->client);
	consumer->queue = rd_kafka_queue_get_consumer(consumer->client);
	status->group_commits = kafka_property(config, KAFKA_CONSUMER, "group.id") != NULL;
	return consumer;
}

/* ---- topics ---- */

static void
tell_missing(const struct config *config, const char *name)
{
	log_say(LEVEL_ERROR,
	    "Kafka 里没有主题 %s；创建：kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions 1，或在配置中设 create_topics: true",
	    "the topic %s is not in Kafka; create it: kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions 1, or set create_topics: true",
	    name, config->brokers.item[0], name);
}

static const struct kafka_topic *
topic_find(const struct consumer *consumer, const char *name)
{
	for (size_t i = 0; i < consumer->topics; i++)
		if (strcmp(consumer->topic[i].name, name) == 0)
			return &consumer->topic[i];
	return NULL;
}

static void
partitions_make(struct consumer *consumer)
{
	const struct {
		const char *topic;
		enum record_kind kind;
	} read[] = {{consumer->config->topics.settlement, RECORD_SETTLEMENT}, {consumer->config->topics.enrolment, RECORD_ENROLMENT}};
	for (size_t r = 0; r < 2; r++) {
		const struct kafka_topic *topic = read[r].topic[0] ? topic_find(consumer, read[r].topic) : NULL;
		size_t more = topic ? (size_t)topic->partitions : 0;
		if (!more)
			continue;
		consumer->partition = memory_resize(consumer->partition, (consumer->partitions + more) * sizeof *consumer->partition);
		for (size_t i = 0; i < more; i++)
			consumer->partition[consumer->partitions++] = (struct partition){.topic = read[r].topic, .number = (int32_t)i,
			    .kind = read[r].kind, .next = OFFSET_UNKNOWN, .told = OFFSET_UNKNOWN, .marked = OFFSET_UNKNOWN, .position = OFFSET_UNKNOWN, .low = OFFSET_UNKNOWN, .high = OFFSET_UNKNOWN};
	}
	atomic_store(&consumer->status->partition, consumer->partition);
	atomic_store(&consumer->status->partitions, consumer->partitions);
}

enum topics_answer
consumer_find_topics(struct consumer *consumer, int timeout_ms)
{
	consumer->topics = kafka_topics(consumer->config, consumer->topic);
	if (kafka_ask_topics(consumer->client, consumer->topic, consumer->topics, timeout_ms))
		return TOPICS_UNREACHABLE;
	atomic_store(&consumer->status->broker_answered_ns, clock_monotonic_ns());
	atomic_store(&consumer->status->broker_down, false);
	size_t missing = 0;
	for (size_t i = 0; i < consumer->topics; i++)
		missing += consumer->topic[i].partitions < 0;
	if (missing && consumer->config->create_topics) {
		if (!kafka_create_topics(consumer->client, consumer->config, consumer->topic, consumer->topics))
			return TOPICS_MISSING;
		if (kafka_ask_topics(consumer->client, consumer->topic, consumer->topics, timeout_ms))
			return TOPICS_UNREACHABLE;
	}
	missing = 0;
	for (size_t i = 0; i < consumer->topics; i++) {
		if (consumer->topic[i].partitions >= 0)
			continue;
		missing++;
		/* Created a moment ago: the next look finds it. */
		if (rights_is_hidden(consumer->client, consumer->topic[i].name, timeout_ms))
			rights_tell(consumer->config, RIGHT_DESCRIBE, consumer->topic[i].name);
		else if (!consumer->config->create_topics)
			tell_missing(consumer->config, consumer->topic[i].name);
	}
	if (missing)
		return consumer->config->create_topics ? TOPICS_UNREACHABLE : TOPICS_MISSING;
	partitions_make(consumer);
	return TOPICS_THERE;
}

/* ---- assignment ---- */

static int64_t
start_of(const struct consumer *consumer, const struct partition *partition)
{
	if (partition->next != OFFSET_UNKNOWN)
		return partition->next;
	bool latest = partition->kind == RECORD_SETTLEMENT && consumer->config->start == START_LATEST;
	return latest ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
}

static void
assign(struct consumer *consumer, bool settlements)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)consumer->partitions);
	int64_t now = clock_monotonic_ns();
	for (size_t i = 0; i < consumer->partitions; i++) {
		struct partition *partition = &consumer->partition[i];
		if (partition->kind == RECORD_SETTLEMENT && !settlements)
			continue;
		rd_kafka_topic_partition_list_add(list, partition->topic, partition->number)->offset = start_of(consumer, partition);
		atomic_store(&partition->advanced_ns, now);
		atomic_store(&partition->assigned, true);
	}
	rd_kafka_resp_err_t error = rd_kafka_assign(consumer->client, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (error)
		log_say(LEVEL_ERROR, "分配分区失败：%s", "the partitions cannot be assigned: %s", rd_kafka_err2str(error));
	consumer->settlements_assigned = settlements;
	atomic_store(&consumer->status->phase, settlements ? PHASE_RUNNING : PHASE_ENROLMENTS);
	log_say(LEVEL_INFO, settlements ? "开始读结算，分区数 %zu" : "先读参保记录，分区数 %zu",
	    settlements ? "reading settlements; partitions: %zu" : "reading enrolments first; partitions: %zu",
	    consumer->partitions);
}

static bool
enrolments_ended(const struct consumer *consumer)
{
	for (size_t i = 0; i < consumer->partitions; i++)
		if (consumer->partition[i].kind == RECORD_ENROLMENT && !consumer->partition[i].ended)
			return false;
	return true;
}

/* ---- messages ---- */

static struct partition *
partition_of(struct consumer *consumer, const rd_kafka_message_t *message)
{
	if (!message->rkt)
		return NULL;
	if (message->rkt != consumer->known) {
		const char *name = rd_kafka_topic_name(message->rkt);
		consumer->known_first = consumer->known_count = 0;
		for (size_t i = 0; i < consumer->partitions; i++) {
			if (strcmp(consumer->partition[i].topic, name) != 0)
				continue;
			if (!consumer->known_count++)
				consumer->known_first = i;
		}
		consumer->known = message->rkt;
	}
	if (message->partition < 0 || (size_t)message->partition >= consumer->known_count)
		return NULL;
	return &consumer->partition[consumer->known_first + (size_t)message->partition];
}

static void
error_take(struct consumer *consumer, struct partition *partition, const rd_kafka_message_t *message)
{
	rd_kafka_resp_err_t error = message->err;
	if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF && partition) {
		partition->ended = true;
		/* Markers of transactions at the end are no records: they do not come, and are no lag either. */
		if (partition->next == OFFSET_UNKNOWN || partition->next < message->offset)
			partition->next = message->offset;
		return;
	}
	if (error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED && !consumer->status->group_commits)
		return;         /* the client asks for a group that we make no use of */
	atomic_fetch_add(&consumer->status->kafka_errors, 1);
	if (partition && error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
		rights_tell(consumer->config, RIGHT_READ, partition->topic);
		return;
	}
	if (error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
		rights_tell(consumer->config, RIGHT_GROUP, kafka_property(consumer->config, KAFKA_CONSUMER, "group.id"));
		return;
	}
	if (partition && (error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE
	    || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)) {
		atomic_store(&partition->stopped, true);
		log_say(LEVEL_ERROR, "%s[%d] 停读，下一位移 %lld，日志范围 %lld 至 %lld：%s（%s）",
		    "%s[%d] is stopped at offset %lld, the log holds %lld to %lld: %s (%s)", partition->topic, (int)partition->number,
		    (long long)partition->next, (long long)atomic_load(&partition->low), (long long)atomic_load(&partition->high),
		    kafka_explain(error, log_language()), rd_kafka_err2name(error));
		return;
	}
	uint64_t withheld;
	if (log_allowed(&consumer->said, clock_monotonic_ns(), &withheld))
		log_say(LEVEL_ERROR, "%s（%s）", "%s (%s)", kafka_explain(error, log_language()), rd_kafka_err2name(error));
}

static void
contiguity_check(struct consumer *consumer, struct partition *partition, int64_t offset)
{
	if (partition->next == OFFSET_UNKNOWN || partition->next == offset)
		return;
	int64_t missing = offset - partition->next;
	count_add(&partition->gaps, 1);
	count_add(&partition->missing, missing > 0 ? (uint64_t)missing : 1);
	if (consumer->status->gaps_alarm)
		log_say(LEVEL_ERROR, "%s[%d]：应为位移 %lld，却来了 %lld，可能缺记录；事务性或压缩主题请设 gaps: accept",
		    "%s[%d]: offset %lld was due and %lld came, records may be missing; for a transactional or compacted topic set gaps: accept",
		    partition->topic, (int)partition->number, (long long)partition->next, (long long)offset);
}

static void
message_take(rd_kafka_message_t *message, void *opaque)
{
	struct consumer *consumer = opaque;
	struct partition *partition = partition_of(consumer, message);
	/* A topic that was deleted and made again is read on by the client, in silence: those are not the records that were due. */
	if (partition && atomic_load_explicit(&partition->stopped, memory_order_relaxed))
		return;
	if (message->err || !partition) {
		error_take(consumer, partition, message);
		return;
	}
	rd_kafka_timestamp_type_t type;
	int64_t stamp = rd_kafka_message_timestamp(message, &type);
	contiguity_check(consumer, partition, message->offset);
	partition->next = message->offset + 1;
	batch_add(consumer->batch, partition, (struct record){
		.kind = partition->kind,
		.length = message->len,
		.arrival_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || stamp < 0 ? ARRIVAL_UNKNOWN : stamp,
		.topic = partition->topic,
		.partition = partition->number,
		.offset = message->offset,
	}, message->payload);
	if (batch_full(consumer->batch))
		rd_kafka_yield(consumer->client);       /* the rest goes back to the head of the queue */
}

void
consumer_wait(struct consumer *consumer, int timeout_ms)
{
	rd_kafka_consume_callback_queue(consumer->queue, timeout_ms, message_take, consumer);
}

/* ---- the reading thread ---- */

static struct batch *
empty_wait(struct consumer *consumer)
{
	pthread_mutex_lock(&consumer->lock);
	while (!consumer->empty.first && !consumer->stop)
		pthread_cond_wait(&consumer->emptied, &consumer->lock);
	struct batch *batch = consumer->stop ? NULL : batches_get(&consumer->empty);
	pthread_mutex_unlock(&consumer->lock);
	return batch;
}

/* What is there, at once; else waits a little for the first. */
static void
batch_fill(struct consumer *consumer, struct batch *batch)
{
	int64_t begin = clock_monotonic_ns();
	consumer->batch = batch;
	rd_kafka_consume_callback_queue(consumer->queue, 0, message_take, consumer);
	if (!batch->count) {
		rd_kafka_consume_callback_queue(consumer->queue, WAIT_MS, message_take, consumer);
		begin = 0;      /* with a wait in it, it is no measurement */
	}
	batch_seal(batch);
	batch->taken_ns = clock_monotonic_ns();
	batch->taken_wall_ms = clock_wall_ms();
	if (batch->count && begin)
		hist_add(&consumer->status->stage[STAGE_poll], (batch->taken_ns - begin) / (int64_t)batch->count, batch->count);
	batch_decode(batch);
	if (batch->count)
		hist_add(&consumer->status->stage[STAGE_decode], batch->decode_ns / (int64_t)batch->count, batch->count);
	for (size_t i = 0; i < consumer->partitions; i++) {
		struct partition *partition = &consumer->partition[i];
		if (partition->next != partition->told)
			batch_progress(batch, partition, partition->next);
		partition->told = partition->next;
	}
}

static void
batch_hand_over(struct consumer *consumer, struct batch *batch)
{
	uint64_t one = 1;
	atomic_store(&batch->users, 1);         /* the turn */
	bool something = batch->count || batch->progresses;
	pthread_mutex_lock(&consumer->lock);
	if (something)
		batches_put(&consumer->full, batch);
	else
		batches_give_back(&consumer->empty, batch);
	pthread_mutex_unlock(&consumer->lock);
	if (something && write(consumer->wake_fd, &one, sizeof one) < 0)
		return;         /* the counter is full: it is awake */
}

/* A process that slept (SIGSTOP, a frozen machine) was told nothing: the topics may have been made anew meanwhile. */
static void
sleep_notice(struct consumer *consumer, int64_t *looked_ns)
{
	int64_t now = clock_monotonic_ns();
	if (*looked_ns && now - *looked_ns > ASLEEP_NS)
		atomic_store(&consumer->status->suspect, true);
	*looked_ns = now;
}

/* While the topics are held against the archive nothing is taken from them. */
static bool
suspect_wait(struct consumer *consumer)
{
	if (!consumer->guarded || !atomic_load(&consumer->status->suspect))
		return false;
	struct timespec pause = {0, WAIT_MS * NS_PER_MS};
	nanosleep(&pause, NULL);
	return true;
}

static void *
read_run(void *opaque)
{
	pthread_setname_np(pthread_self(), "reader");
	struct consumer *consumer = opaque;
	struct batch *batch;
	int64_t looked_ns = 0;
	assign(consumer, enrolments_ended(consumer));
	while ((batch = empty_wait(consumer))) {
		sleep_notice(consumer, &looked_ns);
		if (!suspect_wait(consumer))
			batch_fill(consumer, batch);
		batch_hand_over(consumer, batch);
		/* Batches keep their order: every enrolment is judged before the first settlement. */
		if (!consumer->settlements_assigned && enrolments_ended(consumer))
			assign(consumer, true);
	}
	return NULL;
}

rd_kafka_t *
consumer_client(const struct consumer *consumer)
{
	return consumer->client;
}

void
consumer_begin(struct consumer *consumer, int wake_fd, struct archivist *archivist)
{
	consumer->wake_fd = wake_fd;
	consumer->guarded = archivist != NULL;
	atomic_store(&consumer->status->suspect, false);        /* they were compared a moment ago */
	consumer->reading = pthread_create(&consumer->thread, NULL, read_run, consumer) == 0;
	if (!consumer->reading)
		abort();
	consumer->watch = watch_start(consumer->client, consumer->config, consumer->status, consumer->topic, consumer->topics, archivist);
}

/* ---- the turn thread ---- */

struct batch *
consumer_take(struct consumer *consumer)
{
	pthread_mutex_lock(&consumer->lock);
	struct batch *batch = batches_get(&consumer->full);
	pthread_mutex_unlock(&consumer->lock);
	return batch;
}

void
consumer_done(struct batch *batch)
{
	int64_t now = clock_monotonic_ns();
	for (size_t i = 0; i < batch->progresses; i++) {
		struct progress *progress = &batch->progress[i];
		atomic_store_explicit(&progress->partition->position, progress->next, memory_order_relaxed);
		atomic_store_explicit(&progress->partition->advanced_ns, now, memory_order_relaxed);
	}
}

void
consumer_release(struct consumer *consumer, struct batch *batch)
{
	if (atomic_fetch_sub(&batch->users, 1) > 1)
		return;
	batch_clear(batch);
	pthread_mutex_lock(&consumer->lock);
	batches_give_back(&consumer->empty, batch);
	pthread_cond_signal(&consumer->emptied);
	pthread_mutex_unlock(&consumer->lock);
}

void
consumer_go_on(struct consumer *consumer, const struct cursors *cursors)
{
	for (size_t i = 0; i < consumer->partitions; i++) {
		struct partition *partition = &consumer->partition[i];
		const struct cursor *cursor = cursors_find(cursors, partition->topic, partition->number);
		if (!cursor)
			continue;
		partition->next = partition->told = cursor->next;
		atomic_store(&partition->position, cursor->next);
	}
}

void
consumer_mark(struct consumer *consumer)
{
	for (size_t i = 0; i < consumer->partitions; i++)
		consumer->partition[i].marked = atomic_load(&consumer->partition[i].position);
}

void
consumer_commit(struct consumer *consumer, bool wait)
{
	if (!consumer->status->group_commits)
		return;
	if (atomic_exchange(&consumer->status->group_denied, false))
		rights_tell(consumer->config, RIGHT_GROUP, kafka_property(consumer->config, KAFKA_CONSUMER, "group.id"));
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)consumer->partitions);
	for (size_t i = 0; i < consumer->partitions; i++) {
		const struct partition *partition = &consumer->partition[i];
		if (partition->marked != OFFSET_UNKNOWN)
			rd_kafka_topic_partition_list_add(list, partition->topic, partition->number)->offset = partition->marked;
	}
	if (list->cnt)
		rd_kafka_commit(consumer->client, list, !wait);
	rd_kafka_topic_partition_list_destroy(list);
}

/* ---- the end ---- */

static bool
reading_stop(struct consumer *consumer, const struct timespec *until)
{
	if (!consumer->reading)
		return true;
	pthread_mutex_lock(&consumer->lock);
	consumer->stop = true;
	pthread_cond_signal(&consumer->emptied);
	pthread_mutex_unlock(&consumer->lock);
	return pthread_timedjoin_np(consumer->thread, NULL, until) == 0;
}

static void *
destroy(void *client)
{
	rd_kafka_destroy(client);
	return NULL;
}

static void
until_of(int64_t deadline_ns, struct timespec *until)
{
	clock_gettime(CLOCK_REALTIME, until);
	int64_t left = deadline_ns - clock_monotonic_ns();
	until->tv_sec += left > 0 ? left / NS_PER_SECOND + 1 : 1;
}

bool
consumer_stop(struct consumer *consumer, int64_t deadline_ns)
{
	struct timespec until;
	until_of(deadline_ns, &until);
	bool stopped = reading_stop(consumer, &until) && (!consumer->watch || watch_stop(consumer->watch, &until));
	consumer->reading = consumer->reading && !stopped;
	consumer->watch = stopped ? NULL : consumer->watch;
	return stopped;
}

bool
consumer_close(struct consumer *consumer, int64_t deadline_ns)
{
	/* The client of Debian 12 may hang while it closes; what matters is saved by now. */
	struct timespec until;
	until_of(deadline_ns, &until);
	rd_kafka_queue_destroy(consumer->queue);
	pthread_t thread;
	if (pthread_create(&thread, NULL, destroy, consumer->client) != 0)
		return false;
	if (pthread_timedjoin_np(thread, NULL, &until) != 0)
		return false;
	for (size_t i = 0; i < BATCHES; i++)
		batch_free(&consumer->memory[i]);
	pthread_mutex_destroy(&consumer->lock);
	pthread_cond_destroy(&consumer->emptied);
	free(consumer);                 /* the partitions belong to the status now */
	return true;
}
