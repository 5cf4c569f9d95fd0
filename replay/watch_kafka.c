/* The alerts topic: the door of this folder to librdkafka.  A reader of its own, without a group's offsets: every partition
 * from its end, or from its beginning, as it stands when the topic is first seen. */
#include "replay/watch.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>

#define QUERY_MS 3000

struct feed_topic {
	rd_kafka_t *client;
	rd_kafka_message_t *message;
	char *topic, error[512];
	bool from_beginning, assigned, fatal;
	bool down;                              /* something went wrong, and no query was answered since */
};

static bool
property_set(rd_kafka_conf_t *conf, const char *name, const char *value, char **why)
{
	char text[512];
	if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
		return true;
	*why = strdup(text);
	return false;
}

static bool
properties_set(rd_kafka_conf_t *conf, const char *brokers, const struct text_list *properties, char **why)
{
	bool good = property_set(conf, "bootstrap.servers", brokers, why) && property_set(conf, "client.id", "fundwatch-watch", why)
	    && property_set(conf, "group.id", "fundwatch-watch", why) && property_set(conf, "enable.auto.commit", "false", why)
	    && property_set(conf, "auto.offset.reset", "error", why) && property_set(conf, "allow.auto.create.topics", "false", why)
	    && property_set(conf, "fetch.wait.max.ms", "100", why)
	    && property_set(conf, "socket.timeout.ms", "10000", why);
	for (size_t i = 0; good && i < properties->count; i++) {
		const char *text = properties->item[i], *equals = strchr(text, '=');
		char name[128];
		if (!equals || (size_t)(equals - text) >= sizeof name) {
			*why = strdup(text);
			return false;
		}
		snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
		good = property_set(conf, name, equals + 1, why);
	}
	return good;
}

static void
on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
	struct feed_topic *feed = opaque;
	char text[512];
	snprintf(feed->error, sizeof feed->error, "%s", reason);
	feed->down = true;              /* perhaps: feed_topic_poll asks */
	if (error == RD_KAFKA_RESP_ERR__FATAL) {
		rd_kafka_fatal_error(client, text, sizeof text);
		snprintf(feed->error, sizeof feed->error, "%s", text);
		feed->fatal = true;
	}
}

struct feed_topic *
feed_topic_open(const char *brokers, const char *topic, bool from_beginning, const struct text_list *properties, char **why)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (!properties_set(conf, brokers, properties, why)) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	struct feed_topic *feed = memory_get(1, sizeof *feed);
	rd_kafka_conf_set_opaque(conf, feed);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, NULL);
	feed->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (!feed->client) {
		*why = strdup(text);
		rd_kafka_conf_destroy(conf);
		free(feed);
		return NULL;
	}
	rd_kafka_poll_set_consumer(feed->client);
	feed->topic = strdup(topic);
	feed->from_beginning = from_beginning;
	return feed;
}

/* ---- where to begin ---- */

static enum feed_topic_state
partition_add(struct feed_topic *feed, rd_kafka_topic_partition_list_t *list, int32_t partition)
{
	int64_t low = 0, high = 0;
	rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(feed->client, feed->topic, partition, &low, &high, QUERY_MS);
	if (error) {
		snprintf(feed->error, sizeof feed->error, "%s", rd_kafka_err2str(error));
		return TOPIC_UNREACHABLE;
	}
	rd_kafka_topic_partition_list_add(list, feed->topic, partition)->offset = feed->from_beginning ? low : high;
	return TOPIC_NOTHING;
}

static enum feed_topic_state
topic_assign(struct feed_topic *feed, const rd_kafka_metadata_topic_t *topic)
{
	enum feed_topic_state state = TOPIC_NOTHING;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(topic->partition_cnt);
	for (int i = 0; i < topic->partition_cnt && state == TOPIC_NOTHING; i++)
		state = partition_add(feed, list, topic->partitions[i].id);
	if (state == TOPIC_NOTHING) {
		rd_kafka_resp_err_t error = rd_kafka_assign(feed->client, list);
		feed->assigned = !error;
		if (error) {
			snprintf(feed->error, sizeof feed->error, "%s", rd_kafka_err2str(error));
			state = TOPIC_FAILED;
		}
	}
	rd_kafka_topic_partition_list_destroy(list);
	return state;
}

/* One try to find the topic and its partitions. */
static enum feed_topic_state
topic_find(struct feed_topic *feed, int timeout_ms)
{
	const rd_kafka_metadata_t *metadata;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(feed->client, feed->topic, NULL);
	rd_kafka_resp_err_t error = handle ? rd_kafka_metadata(feed->client, 0, handle, &metadata, timeout_ms) : rd_kafka_last_error();
	enum feed_topic_state state = TOPIC_UNREACHABLE;
	if (error) {
		if (!feed->error[0])
			snprintf(feed->error, sizeof feed->error, "%s", rd_kafka_err2str(error));
	} else {
		const rd_kafka_metadata_topic_t *topic = &metadata->topics[0];
		if (metadata->topic_cnt == 1 && !topic->err && topic->partition_cnt > 0)
			state = topic_assign(feed, topic);
		else
			state = metadata->topic_cnt == 1 && topic->err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ? TOPIC_NOTHING : TOPIC_MISSING;
		rd_kafka_metadata_destroy(metadata);
	}
	if (handle)
		rd_kafka_topic_destroy(handle);
	return state;
}

/* ---- reading ---- */

/* Asked for metadata and not for offsets: a query of offsets waits for a broker that is gone beyond its own timeout. */
static bool
is_answered(struct feed_topic *feed, int timeout_ms)
{
	const rd_kafka_metadata_t *metadata;
	if (rd_kafka_metadata(feed->client, 0, NULL, &metadata, timeout_ms))
		return false;
	rd_kafka_metadata_destroy(metadata);
	feed->down = false;
	return true;
}

enum feed_topic_state
feed_topic_poll(struct feed_topic *feed, int timeout_ms, struct slice *value)
{
	if (feed->message)
		rd_kafka_message_destroy(feed->message);
	feed->message = NULL;
	if (!feed->assigned) {
		enum feed_topic_state state = topic_find(feed, timeout_ms > 500 ? timeout_ms : 500);
		if (state != TOPIC_NOTHING || !feed->assigned)
			return state;
		feed->error[0] = '\0';
		feed->down = false;
	}
	feed->message = rd_kafka_consumer_poll(feed->client, timeout_ms);
	if (feed->fatal)
		return TOPIC_FAILED;
	if (!feed->message)
		return feed->down && !is_answered(feed, timeout_ms) ? TOPIC_UNREACHABLE : TOPIC_NOTHING;
	if (!feed->message->err) {
		feed->down = false;
	} else {
		bool gone = feed->message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || feed->message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
		    || feed->message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
		snprintf(feed->error, sizeof feed->error, "%s", rd_kafka_message_errstr(feed->message));
		return gone ? TOPIC_MISSING : feed->message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ? TOPIC_FAILED : TOPIC_UNREACHABLE;
	}
	*value = (struct slice){feed->message->payload, feed->message->len};
	return TOPIC_RECORD;
}

void
feed_topic_group(const struct feed_topic *feed, char group[GROUP_BYTES])
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t length;
	group[0] = '\0';
	if (feed->message && !rd_kafka_message_headers(feed->message, &headers) && !rd_kafka_header_get_last(headers, "ce_group", &value, &length))
		snprintf(group, GROUP_BYTES, "%.*s", (int)length, (const char *)value);
}

const char *
feed_topic_error(const struct feed_topic *feed)
{
	return feed->error;
}

void
feed_topic_close(struct feed_topic *feed)
{
	if (feed->message)
		rd_kafka_message_destroy(feed->message);
	rd_kafka_consumer_close(feed->client);
	rd_kafka_destroy(feed->client);
	free(feed->topic);
	free(feed);
}
