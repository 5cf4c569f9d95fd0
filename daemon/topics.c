/* Are the configured topics there, and with how many partitions. */
#include "daemon/kafka.h"
#include "daemon/log.h"

size_t
kafka_topics(const struct config *config, struct kafka_topic list[KAFKA_TOPICS_MAX])
{
	const struct kafka_topic wanted[KAFKA_TOPICS_MAX] = {
		{config->topics.settlement, -1, true}, {config->topics.enrolment, -1, true}, {config->topics.alerts, -1, false},
		{config->topics.shadow, -1, false}, {config->topics.indicators, -1, false}, {config->topics.stats, -1, false},
		{config->topics.refused, -1, false},
	};
	size_t count = 0;
	for (size_t i = 0; i < KAFKA_TOPICS_MAX; i++) {
		bool known = wanted[i].name[0] == '\0';
		for (size_t k = 0; k < count && !known; k++)
			known = strcmp(list[k].name, wanted[i].name) == 0;
		if (!known)
			list[count++] = wanted[i];
	}
	return count;
}

rd_kafka_resp_err_t
kafka_ask_topics(rd_kafka_t *client, struct kafka_topic *list, size_t count, int timeout_ms)
{
	/* The whole list is asked for: asking for one by name creates it on brokers that are set to do so. */
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t error = rd_kafka_metadata(client, 1, NULL, &metadata, timeout_ms);
	if (error)
		return error;
	for (size_t k = 0; k < count; k++) {
		list[k].partitions = -1;
		for (int i = 0; i < metadata->topic_cnt; i++)
			if (strcmp(metadata->topics[i].topic, list[k].name) == 0 && metadata->topics[i].partition_cnt > 0)
				list[k].partitions = metadata->topics[i].partition_cnt;
	}
	rd_kafka_metadata_destroy(metadata);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool
results_check(rd_kafka_event_t *event)
{
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	size_t count = 0;
	const rd_kafka_topic_result_t **topics = result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
	bool all = event && !rd_kafka_event_error(event);
	if (!all)
		log_say(LEVEL_ERROR, "创建主题失败：%s", "topics could not be created: %s", event ? rd_kafka_event_error_string(event) : "time-out");
	for (size_t i = 0; i < count; i++) {
		rd_kafka_resp_err_t error = rd_kafka_topic_result_error(topics[i]);
		const char *name = rd_kafka_topic_result_name(topics[i]);
		if (!error) {
			log_say(LEVEL_INFO, "已创建主题 %s", "created the topic %s", name);
		} else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
			log_say(LEVEL_ERROR, "创建主题 %s 失败：%s", "the topic %s could not be created: %s", name, rd_kafka_err2str(error));
			all = false;
		}
	}
	return all;
}

bool
kafka_create_topics(rd_kafka_t *client, const struct config *config, const struct kafka_topic *list, size_t count)
{
	rd_kafka_NewTopic_t *topic[KAFKA_TOPICS_MAX];
	size_t topics = 0;
	char error[256];
	for (size_t i = 0; i < count; i++)
		if (list[i].partitions < 0)
			topic[topics++] = rd_kafka_NewTopic_new(list[i].name, (int)config->create_partitions, (int)config->create_replication, error, sizeof error);
	if (!topics)
		return true;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_AdminOptions_set_operation_timeout(options, 10000, error, sizeof error);
	rd_kafka_CreateTopics(client, topic, topics, options, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20000);
	bool done = results_check(event);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy_array(topic, topics);
	return done;
}
