/* Waits for a broker, makes, changes and deletes topics: what the tests need from an admin client, without a JVM a call.
 *   kafka_topics BOOTSTRAP wait SECONDS
 *   kafka_topics BOOTSTRAP create NAME PARTITIONS [KEY=VALUE]...
 *   kafka_topics BOOTSTRAP delete NAME
 *   kafka_topics BOOTSTRAP set NAME KEY=VALUE           all other settings of the topic go back to their defaults
 *   kafka_topics BOOTSTRAP partitions NAME COUNT        so many from now on
 *   kafka_topics BOOTSTRAP cut NAME PARTITION OFFSET    removes the records below the offset
 * Exit status: 0 done, 64 usage, 69 the broker did not answer or refused. */
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define ANSWER_MS 20000

static double
seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static rd_kafka_t *
client_open(const char *bootstrap)
{
	char why[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const char *const settings[][2] = {
		{"bootstrap.servers", bootstrap}, {"reconnect.backoff.max.ms", "100"}, {"log_level", "0"},
	};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why) != RD_KAFKA_CONF_OK) {
			fprintf(stderr, "kafka_topics: %s\n", why);
			exit(EX_USAGE);
		}
	}
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (!client) {
		fprintf(stderr, "kafka_topics: %s\n", why);
		exit(EX_UNAVAILABLE);
	}
	return client;
}

static int
wait_ready(rd_kafka_t *client, double seconds)
{
	double until = seconds_now() + seconds;
	do {
		const struct rd_kafka_metadata *metadata = NULL;
		if (rd_kafka_metadata(client, 0, NULL, &metadata, 150) == RD_KAFKA_RESP_ERR_NO_ERROR) {
			int brokers = metadata->broker_cnt;
			rd_kafka_metadata_destroy(metadata);
			if (brokers > 0)
				return EX_OK;
		}
	} while (seconds_now() < until);
	fprintf(stderr, "kafka_topics: no broker answered within %.0f s\n", seconds);
	return EX_UNAVAILABLE;
}

static int
failed(const char *name, const char *why)
{
	fprintf(stderr, "kafka_topics: %s: %s\n", name, why);
	return EX_UNAVAILABLE;
}

static const rd_kafka_topic_result_t **
topic_results(rd_kafka_event_t *event, size_t *count)
{
	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
		return rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), count);
	case RD_KAFKA_EVENT_DELETETOPICS_RESULT:
		return rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), count);
	default:
		return rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), count);
	}
}

/* What came back for a changed setting or for records that were removed. */
static int
other_result(rd_kafka_event_t *event)
{
	size_t count = 0;
	if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ALTERCONFIGS_RESULT) {
		const rd_kafka_ConfigResource_t **changed = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
		return count == 1 && !rd_kafka_ConfigResource_error(changed[0]) ? EX_OK : failed("set", "refused");
	}
	const rd_kafka_topic_partition_list_t *cut = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
	return cut->cnt == 1 && !cut->elems[0].err ? EX_OK : failed("cut", "refused");
}

/* Takes the answer of an admin request from its queue. */
static int
answer(rd_kafka_queue_t *queue)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
	if (!event || rd_kafka_event_error(event))
		return failed("broker", event ? rd_kafka_event_error_string(event) : "no answer");
	rd_kafka_event_type_t type = rd_kafka_event_type(event);
	if (type == RD_KAFKA_EVENT_ALTERCONFIGS_RESULT || type == RD_KAFKA_EVENT_DELETERECORDS_RESULT) {
		int result = other_result(event);
		rd_kafka_event_destroy(event);
		return result;
	}
	size_t count = 0;
	const rd_kafka_topic_result_t **results = topic_results(event, &count);
	int status = count == 1 ? EX_OK : EX_UNAVAILABLE;
	for (size_t i = 0; i < count; i++) {
		if (rd_kafka_topic_result_error(results[i])) {
			fprintf(stderr, "kafka_topics: %s: %s\n", rd_kafka_topic_result_name(results[i]),
			    rd_kafka_err2str(rd_kafka_topic_result_error(results[i])));
			status = EX_UNAVAILABLE;
		}
	}
	rd_kafka_event_destroy(event);
	return status;
}

static int
create(rd_kafka_t *client, const char *name, int partitions, char **settings, int count)
{
	char why[512];
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, why, sizeof why);
	if (!topic) {
		fprintf(stderr, "kafka_topics: %s\n", why);
		return EX_USAGE;
	}
	for (int i = 0; i < count; i++) {
		char *equals = strchr(settings[i], '=');
		if (!equals) {
			fprintf(stderr, "kafka_topics: %s is not KEY=VALUE\n", settings[i]);
			return EX_USAGE;
		}
		*equals = '\0';
		rd_kafka_NewTopic_set_config(topic, settings[i], equals + 1);
	}
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_CreateTopics(client, &topic, 1, NULL, queue);
	int status = answer(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
	return status;
}

static int
delete(rd_kafka_t *client, const char *name)
{
	rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_DeleteTopics(client, &topic, 1, NULL, queue);
	int status = answer(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_DeleteTopic_destroy(topic);
	return status;
}

static int
set(rd_kafka_t *client, const char *name, char *setting)
{
	char *equals = strchr(setting, '=');
	if (!equals)
		return EX_USAGE;
	*equals = '\0';
	rd_kafka_ConfigResource_t *topic = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
	rd_kafka_ConfigResource_set_config(topic, setting, equals + 1);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_AlterConfigs(client, &topic, 1, NULL, queue);
	int status = answer(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_ConfigResource_destroy(topic);
	return status;
}

static int
partitions(rd_kafka_t *client, const char *name, int count)
{
	char why[512];
	rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(name, (size_t)count, why, sizeof why);
	if (!more)
		return failed(name, why);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_CreatePartitions(client, &more, 1, NULL, queue);
	int status = answer(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewPartitions_destroy(more);
	return status;
}

static int
cut(rd_kafka_t *client, const char *name, int partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, name, partition)->offset = offset;
	rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(list);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_DeleteRecords(client, &records, 1, NULL, queue);
	int status = answer(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_DeleteRecords_destroy(records);
	rd_kafka_topic_partition_list_destroy(list);
	return status;
}

int
main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: kafka_topics BOOTSTRAP wait SECONDS | create NAME PARTITIONS [KEY=VALUE]... | delete NAME"
		    " | set NAME KEY=VALUE | partitions NAME COUNT | cut NAME PARTITION OFFSET\n");
		return EX_USAGE;
	}
	rd_kafka_t *client = client_open(argv[1]);
	int status = EX_USAGE;
	if (strcmp(argv[2], "wait") == 0)
		status = wait_ready(client, atof(argv[3]));
	else if (strcmp(argv[2], "create") == 0 && argc >= 5)
		status = create(client, argv[3], atoi(argv[4]), argv + 5, argc - 5);
	else if (strcmp(argv[2], "delete") == 0)
		status = delete(client, argv[3]);
	else if (strcmp(argv[2], "set") == 0 && argc == 5)
		status = set(client, argv[3], argv[4]);
	else if (strcmp(argv[2], "partitions") == 0 && argc == 5)
		status = partitions(client, argv[3], atoi(argv[4]));
	else if (strcmp(argv[2], "cut") == 0 && argc == 6)
		status = cut(client, argv[3], atoi(argv[4]), atoll(argv[5]));
	rd_kafka_destroy(client);
	return status;
}
