/* Waits for a broker, creates and deletes topics: what the tests need from an admin client, without a JVM a call.
 *   kafka_topics BOOTSTRAP wait SECONDS
 *   kafka_topics BOOTSTRAP create NAME PARTITIONS [KEY=VALUE]...
 *   kafka_topics BOOTSTRAP delete NAME
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

/* Takes the answer of an admin request from its queue. */
static int
answer(rd_kafka_queue_t *queue, bool created)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
	if (!event || rd_kafka_event_error(event)) {
		fprintf(stderr, "kafka_topics: %s\n", event ? rd_kafka_event_error_string(event) : "no answer");
		return EX_UNAVAILABLE;
	}
	size_t count = 0;
	const rd_kafka_topic_result_t **results = created
	    ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
	    : rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
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
	int status = answer(queue, true);
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
	int status = answer(queue, false);
	rd_kafka_queue_destroy(queue);
	rd_kafka_DeleteTopic_destroy(topic);
	return status;
}

int
main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: kafka_topics BOOTSTRAP wait SECONDS | create NAME PARTITIONS [KEY=VALUE]... | delete NAME\n");
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
	rd_kafka_destroy(client);
	return status;
}
