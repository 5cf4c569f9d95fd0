/* See probe.h. */
#include "daemon/probe.h"

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/rights.h"

#include <string.h>

#define ASK_TIMEOUT_MS 5000
#define POLL_MS 200
#define SILENCE_NS (20 * NS_PER_SECOND)

rd_kafka_resp_err_t
probe_ends(rd_kafka_t *client, const char *topic, int32_t partition, int64_t *low, int64_t *high)
{
	return rd_kafka_query_watermark_offsets(client, topic, partition, low, high, ASK_TIMEOUT_MS);
}

static struct probe_part *
part_of(struct probe_part *part, size_t count, const rd_kafka_message_t *message)
{
	const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
	for (size_t i = 0; i < count; i++)
		if (part[i].partition == message->partition && strcmp(part[i].topic, topic) == 0)
			return &part[i];
	return NULL;
}

static size_t
left(const struct probe_part *part, size_t count)
{
	size_t open = 0;
	for (size_t i = 0; i < count; i++)
		open += !part[i].done;
	return open;
}

/* The end of a partition ends its part.  False: an error, and so nothing is known of the rest. */
static bool
message_take(const struct config *config, struct probe_part *part, size_t count, const rd_kafka_message_t *message, probe_take *take, void *context)
{
	struct probe_part *at = part_of(part, count, message);
	if (!at || at->done)
		return true;
	if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		rights_tell(config, RIGHT_READ, at->topic);
	else if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		log_say(LEVEL_WARNING, "%s[%d] 读不了：%s（%s），重试", "%s[%d] cannot be read: %s (%s); trying again", at->topic, (int)at->partition,
		    kafka_explain(message->err, log_language()), rd_kafka_err2name(message->err));
	if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return false;
	if (!message->err && message->offset < at->until)
		take(context, at, message);
	at->done = message->err || message->offset + 1 >= at->until;
	return true;
}

static rd_kafka_t *
client_open(const struct config *config, struct status *status)
{
	char error[512];
	rd_kafka_conf_t *conf = kafka_conf(config, KAFKA_CONSUMER, status);
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
	if (client) {
		rd_kafka_poll_set_consumer(client);
		return client;
	}
	rd_kafka_conf_destroy(conf);
	log_say(LEVEL_ERROR, "Kafka 消费端建不起来：%s", "the Kafka consumer cannot be made: %s", error);
	return NULL;
}

static void
assign(rd_kafka_t *client, const struct probe_part *part, size_t count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
	for (size_t i = 0; i < count; i++)
		if (!part[i].done)
			rd_kafka_topic_partition_list_add(list, part[i].topic, part[i].partition)->offset = part[i].from;
	rd_kafka_assign(client, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static enum probe_answer
parts_read(const struct config *config, rd_kafka_t *client, struct status *status, struct probe_part *part, size_t count, probe_take *take,
    void *context, const volatile bool *stop)
{
	int64_t heard = clock_monotonic_ns();
	while (left(part, count)) {
		int64_t now = clock_monotonic_ns();
		atomic_store(&status->turn_ns, now);
		notify_alive(now);
		if (*stop)
			return PROBE_STOPPED;
		if (now - heard > SILENCE_NS)
			return PROBE_NO_ANSWER;
		rd_kafka_message_t *message = rd_kafka_consumer_poll(client, POLL_MS);
		if (!message)
			continue;
		heard = now;
		bool good = message_take(config, part, count, message, take, context);
		rd_kafka_message_destroy(message);
		if (!good)
			return PROBE_NO_ANSWER;
	}
	return PROBE_DONE;
}

enum probe_answer
probe_read(const struct config *config, struct status *status, struct probe_part *part, size_t count, probe_take *take, void *context,
    const volatile bool *stop)
{
	for (size_t i = 0; i < count; i++)
		part[i].done = part[i].from >= 0 && part[i].from >= part[i].until;
	if (!left(part, count))
		return PROBE_DONE;
	rd_kafka_t *client = client_open(config, status);
	if (!client)
		return PROBE_NO_ANSWER;
	assign(client, part, count);
	enum probe_answer answer = parts_read(config, client, status, part, count, take, context, stop);
	rd_kafka_assign(client, NULL);
	rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);   /* of a group it is no member */
	return answer;
}
