/* See publisher.h. */
#include "daemon/publisher.h"

#include "core/archive/snapshot.h"
#include "core/base/memory.h"
#include "core/base/time.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/rights.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_NS (1 * NS_PER_SECOND)
#define QUEUE_FULL_WAIT_MS 10

struct sent {                           /* what is remembered of a message on its way */
	struct sent *next;
	struct sent *younger, *older;   /* of those not acknowledged, in the order of their positions */
	uint64_t position;
	enum feed_topic topic;
	bool is_alert;
	int64_t record_ms, setl_time;
	/* when it is held to be sent again */
	char *value, *key;
	size_t value_length, key_length;
	rd_kafka_headers_t *headers;
};

struct publisher {
	const struct config *config;
	struct status *status;
	rd_kafka_t *client;
	rd_kafka_topic_t *topic[TOPIC_COUNT];
	int wake_fd;
	struct sent *free;
	struct sent *held, **held_last; /* in the order of their failure */
	struct sent *oldest, *youngest; /* of an entry, and not acknowledged */
	struct output_floor *floor;
	size_t floors;
	uint64_t held_count, on_the_way;
	int64_t retry_ns;
	struct log_limit said;
};

/* The delivery report finds its publisher here: the client's opaque is the status, for its errors. */
static _Thread_local struct publisher *serving;

/* ---- what is on its way ---- */

static struct sent *
sent_new(struct publisher *publisher)
{
	struct sent *sent = publisher->free;
	if (sent)
		publisher->free = sent->next;
	else
		sent = memory_resize(NULL, sizeof *sent);
	*sent = (struct sent){0};
	return sent;
}

static void
sent_note(struct publisher *publisher, struct sent *sent, uint64_t position)
{
	sent->position = position;
	if (position == UINT64_MAX)
		return;
	sent->older = publisher->youngest;
	if (publisher->youngest)
		publisher->youngest->younger = sent;
	else
		publisher->oldest = sent;
	publisher->youngest = sent;
}

static void
sent_free(struct publisher *publisher, struct sent *sent)
{
	if (sent->position != UINT64_MAX) {
		*(sent->older ? &sent->older->younger : &publisher->oldest) = sent->younger;
		*(sent->younger ? &sent->younger->older : &publisher->youngest) = sent->older;
	}
	sent->next = publisher->free;
	publisher->free = sent;
}

static struct output_floor *
floor_of(struct publisher *publisher, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < publisher->floors; i++)
		if (publisher->floor[i].partition == partition && strcmp(publisher->floor[i].topic, topic) == 0)
			return &publisher->floor[i];
	publisher->floor = memory_resize(publisher->floor, (publisher->floors + 1) * sizeof *publisher->floor);
	publisher->floor[publisher->floors] = (struct output_floor){strdup(topic), partition, 0};
	return &publisher->floor[publisher->floors++];
}

void
publisher_floor_set(struct publisher *publisher, const char *topic, int32_t partition, int64_t offset)
{
	struct output_floor *floor = floor_of(publisher, topic, partition);
	if (floor->offset < offset)
		floor->offset = offset;
}

const struct output_floor *
publisher_floors(const struct publisher *publisher, size_t *count)
{
	*count = publisher->floors;
	return publisher->floor;
}

uint64_t
publisher_oldest(const struct publisher *publisher)
{
	return publisher->oldest ? publisher->oldest->position : UINT64_MAX;
}

static void
figures_set(struct publisher *publisher)
{
	atomic_store_explicit(&publisher->status->in_flight, publisher->on_the_way, memory_order_relaxed);
	atomic_store_explicit(&publisher->status->held, publisher->held_count, memory_order_relaxed);
}

static void
hold(struct publisher *publisher, struct sent *sent)
{
	sent->next = NULL;
	*publisher->held_last = sent;
	publisher->held_last = &sent->next;
	publisher->held_count++;
	publisher->retry_ns = clock_monotonic_ns() + RETRY_NS;
}

static char *
copy_of(const void *data, size_t length)
{
	char *copy = memory_resize(NULL, length + 1);
	if (length)
		memcpy(copy, data, length);
	return copy;
}

static void
measure(struct publisher *publisher, const struct sent *sent)
{
	if (!sent->is_alert)
		return;
	int64_t now_ms = clock_wall_ms();
	if (sent->record_ms != INT64_MIN)
		hist_add(&publisher->status->stage[STAGE_record_to_alert], (now_ms - sent->record_ms) * NS_PER_MS, 1);
	if (sent->setl_time != INT64_MIN)
		hist_add(&publisher->status->stage[STAGE_settlement_to_alert],
		    (now_ms - (sent->setl_time - BEIJING_OFFSET_SECONDS) * 1000) * NS_PER_MS, 1);
}

static void
failure_tell(struct publisher *publisher, rd_kafka_resp_err_t error, const char *topic)
{
	uint64_t withheld;
	if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		rights_tell(publisher->config, RIGHT_WRITE, topic);
	if (log_allowed(&publisher->said, clock_monotonic_ns(), &withheld))
		log_say(LEVEL_ERROR, "消息没有送达，将重发：%s（%s）", "a message was not delivered and will be sent again: %s (%s)",
		    kafka_explain(error, log_language()), rd_kafka_err2name(error));
}

static void
delivery_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
	struct publisher *publisher = serving;
	struct sent *sent = message->_private;
	(void)client;
	(void)opaque;
	publisher->on_the_way--;
	if (!message->err) {
		measure(publisher, sent);
		if (sent->position != UINT64_MAX && message->offset >= 0)
			publisher_floor_set(publisher, rd_kafka_topic_name(message->rkt), message->partition, message->offset + 1);
		count_add(&publisher->status->delivered, 1);
		sent_free(publisher, sent);
		return;
	}
	count_add(&publisher->status->delivery_failures, 1);
	failure_tell(publisher, message->err, rd_kafka_topic_name(message->rkt));
	sent->value = copy_of(message->payload, message->len);
	sent->value_length = message->len;
	sent->key = copy_of(message->key, message->key_len);
	sent->key_length = message->key_len;
	rd_kafka_headers_t *headers;
	sent->headers = rd_kafka_message_headers(message, &headers) ? NULL : rd_kafka_headers_copy(headers);
	hold(publisher, sent);
}

static void
poll_client(struct publisher *publisher, int timeout_ms)
{
	serving = publisher;
	rd_kafka_poll(publisher->client, timeout_ms);
	figures_set(publisher);
}

/* ---- the client ---- */

static bool
client_open(struct publisher *publisher)
{
	char error[512];
	rd_kafka_conf_t *conf = kafka_conf(publisher->config, KAFKA_PRODUCER, publisher->status);
	rd_kafka_conf_set_dr_msg_cb(conf, delivery_report);
	publisher->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
	if (!publisher->client) {
		log_say(LEVEL_ERROR, "Kafka 生产端建不起来：%s", "the Kafka producer cannot be made: %s", error);
		rd_kafka_conf_destroy(conf);
		return false;
	}
	if (publisher->wake_fd >= 0)
		publisher_wake_by(publisher, publisher->wake_fd);
	return true;
}

static void
topics_open(struct publisher *publisher)
{
	const char *const names[TOPIC_COUNT] = {
		[TOPIC_ALERTS] = publisher->config->topics.alerts, [TOPIC_SHADOW] = publisher->config->topics.shadow,
		[TOPIC_INDICATORS] = publisher->config->topics.indicators, [TOPIC_STATS] = publisher->config->topics.stats,
		[TOPIC_REFUSED] = publisher->config->topics.refused,
	};
	for (size_t i = 0; i < TOPIC_COUNT; i++)
		publisher->topic[i] = rd_kafka_topic_new(publisher->client, names[i], NULL);
}

static void
client_close(struct publisher *publisher)
{
	for (size_t i = 0; i < TOPIC_COUNT; i++) {
		if (publisher->topic[i])
			rd_kafka_topic_destroy(publisher->topic[i]);
		publisher->topic[i] = NULL;
	}
	serving = publisher;
	rd_kafka_destroy(publisher->client);
	publisher->client = NULL;
}

struct publisher *
publisher_open(const struct config *config, struct status *status)
{
	struct publisher *publisher = memory_resize(NULL, sizeof *publisher);
	*publisher = (struct publisher){.config = config, .status = status, .wake_fd = -1};
	publisher->held_last = &publisher->held;
	if (client_open(publisher))
		return publisher;
	free(publisher);
	return NULL;
}

void
publisher_wake_by(struct publisher *publisher, int fd)
{
	uint64_t one = 1;
	publisher->wake_fd = fd;
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(publisher->client);
	rd_kafka_queue_io_event_enable(queue, fd, &one, sizeof one);
	rd_kafka_queue_destroy(queue);
}

void
publisher_begin(struct publisher *publisher)
{
	topics_open(publisher);
	for (size_t i = 0; i < TOPIC_COUNT; i++) {
		const struct rd_kafka_metadata *metadata;
		if (rd_kafka_metadata(publisher->client, 0, publisher->topic[i], &metadata, 5000) == RD_KAFKA_RESP_ERR_NO_ERROR)
			rd_kafka_metadata_destroy(metadata);
	}
}

/* ---- sending ---- */

static rd_kafka_headers_t *
headers_of(const struct message *message)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(HEADERS_MAX);
	for (size_t i = 0; message->headers && i < message->headers->count; i++)
		rd_kafka_header_add(headers, message->headers->item[i].name, -1, message->headers->item[i].value, -1);
	if (message->sealed.length)
		rd_kafka_header_add(headers, "fundwatch_record", -1, message->sealed.data, (ssize_t)message->sealed.length);
	return headers;
}

/* The headers are the client's when it took the message.  No partition is named: with headers that is unsafe in 2.0.2
 * when the partition does not exist. */
static rd_kafka_resp_err_t
produce(struct publisher *publisher, struct sent *sent, const void *value, size_t value_length, const void *key, size_t key_length,
    rd_kafka_headers_t *headers)
{
	rd_kafka_resp_err_t error = rd_kafka_producev(publisher->client, RD_KAFKA_V_RKT(publisher->topic[sent->topic]),
	    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)value, value_length),
	    RD_KAFKA_V_KEY(key_length ? (void *)key : NULL, key_length), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(sent), RD_KAFKA_V_END);
	publisher->on_the_way += !error;
	return error;
}

void
publisher_send(struct publisher *publisher, const struct message *message, const volatile bool *stop)
{
	struct sent *sent = sent_new(publisher);
	sent_note(publisher, sent, message->position);
	sent->topic = message->topic;
	sent->is_alert = message->is_alert;
	sent->record_ms = message->record_ms;
	sent->setl_time = message->setl_time;
	rd_kafka_headers_t *headers = headers_of(message);
	rd_kafka_resp_err_t error;
	while ((error = produce(publisher, sent, message->value.data, message->value.length, message->key.data, message->key.length, headers))
	    == RD_KAFKA_RESP_ERR__QUEUE_FULL && !(stop && *stop)) {
		count_add(&publisher->status->queue_full, 1);
		atomic_store_explicit(&publisher->status->turn_ns, clock_monotonic_ns(), memory_order_relaxed);
		poll_client(publisher, QUEUE_FULL_WAIT_MS);
	}
	if (!error)
		return;
	if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
		failure_tell(publisher, error, rd_kafka_topic_name(publisher->topic[message->topic]));
	sent->value = copy_of(message->value.data, message->value.length);
	sent->value_length = message->value.length;
	sent->key = copy_of(message->key.data, message->key.length);
	sent->key_length = message->key.length;
	sent->headers = headers;
	hold(publisher, sent);
}

static void
send_again(struct publisher *publisher)
{
	while (publisher->held) {
		struct sent *sent = publisher->held;
		rd_kafka_headers_t *headers = sent->headers ? rd_kafka_headers_copy(sent->headers) : rd_kafka_headers_new(1);
		if (produce(publisher, sent, sent->value, sent->value_length, sent->key, sent->key_length, headers)) {
			rd_kafka_headers_destroy(headers);
			publisher->retry_ns = clock_monotonic_ns() + RETRY_NS;
			return;
		}
		publisher->held = sent->next;
		if (!publisher->held)
			publisher->held_last = &publisher->held;
		publisher->held_count--;
		free(sent->value);
		free(sent->key);
		if (sent->headers)
			rd_kafka_headers_destroy(sent->headers);
		sent->value = sent->key = NULL;
		sent->headers = NULL;
	}
}

/* An idempotent producer that lost its sequence refuses everything for ever: what it had comes back through the
 * delivery reports, and a new one sends it again. */
static void
rebuild(struct publisher *publisher, const char *reason)
{
	log_say(LEVEL_ERROR, "Kafka 生产端出现致命错误，重建：%s", "fatal error of the Kafka producer, a new one is made: %s", reason);
	rd_kafka_purge(publisher->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	int64_t deadline = clock_monotonic_ns() + 5 * NS_PER_SECOND;
	while (publisher->on_the_way && clock_monotonic_ns() < deadline)
		poll_client(publisher, 100);
	client_close(publisher);
	publisher->on_the_way = 0;
	count_add(&publisher->status->producer_rebuilds, 1);
	if (!client_open(publisher))
		abort();        /* the same settings made one at the start */
	topics_open(publisher);
}

void
publisher_serve(struct publisher *publisher)
{
	char reason[256];
	poll_client(publisher, 0);
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(publisher->client, reason, sizeof reason);
	if (fatal == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
		rights_tell_outputs(publisher->config);
	if (fatal)
		rebuild(publisher, reason);
	if (publisher->held && clock_monotonic_ns() >= publisher->retry_ns)
		send_again(publisher);
	figures_set(publisher);
}

bool
publisher_blocked(const struct publisher *publisher)
{
	return publisher->held != NULL;
}

uint64_t
publisher_flush(struct publisher *publisher, int64_t deadline_ns)
{
	while ((publisher->on_the_way || publisher->held) && clock_monotonic_ns() < deadline_ns) {
		publisher_serve(publisher);
		poll_client(publisher, 20);
	}
	return publisher->on_the_way + publisher->held_count;
}

void
publisher_break(struct publisher *publisher)
{
	rd_kafka_test_fatal_error(publisher->client, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
}

void
publisher_close(struct publisher *publisher)
{
	rd_kafka_purge(publisher->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	poll_client(publisher, 100);
	client_close(publisher);
	while (publisher->held) {
		struct sent *sent = publisher->held;
		publisher->held = sent->next;
		free(sent->value);
		free(sent->key);
		if (sent->headers)
			rd_kafka_headers_destroy(sent->headers);
		free(sent);
	}
	for (size_t i = 0; i < publisher->floors; i++)
		free(publisher->floor[i].topic);
	free(publisher->floor);
	while (publisher->free) {
		struct sent *sent = publisher->free;
		publisher->free = sent->next;
		free(sent);
	}
	free(publisher);
}
