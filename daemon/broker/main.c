/* fundwatch-broker: a Kafka broker for the demo and the tests: librdkafka's mock cluster in a process of its own.  It
 * prints its bootstrap address on standard output and runs until SIGTERM, SIGINT or the end of standard input.  Lines of
 * standard input make it misbehave, for tests:
 *     leader TOPIC PARTITION on|off      without a leader nothing of the partition can be read or written
 *     delay MILLISECONDS                 before every answer
 *     broker on|off                      connections are refused
 *
 * Kept in memory only; it drops the oldest records of a partition beyond 5 MB or 100,000, and knows neither TLS, nor
 * SASL, nor the creation of topics by a client: no broker for anything that matters. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void
on_signal(int signal)
{
	(void)signal;
	stop_asked = 1;
}

static int
usage(FILE *file, int result)
{
	fprintf(file, "Usage: fundwatch-broker [--topic NAME:PARTITIONS]...\n"
	    "Prints its bootstrap address and serves until SIGTERM or the end of standard input.\n"
	    "打印 bootstrap 地址，运行到 SIGTERM 或标准输入结束为止。仅供演示和测试。\n");
	return result;
}

static rd_kafka_t *
client_open(void)
{
	char error[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "log_level", "3", error, sizeof error);
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
	if (!client)
		fprintf(stderr, "fundwatch-broker: %s\n", error);
	return client;
}

static bool
topic_create(rd_kafka_mock_cluster_t *cluster, const char *text)
{
	char name[250];
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	long partitions = colon ? strtol(colon + 1, &end, 10) : 0;
	if (!colon || colon == text || (size_t)(colon - text) >= sizeof name || *end || partitions < 1 || partitions > 10000) {
		fprintf(stderr, "fundwatch-broker: --topic wants NAME:PARTITIONS, not \"%s\"\n", text);
		return false;
	}
	memcpy(name, text, (size_t)(colon - text));
	name[colon - text] = '\0';
	rd_kafka_resp_err_t error = rd_kafka_mock_topic_create(cluster, name, (int)partitions, 1);
	if (error)
		fprintf(stderr, "fundwatch-broker: %s: %s\n", name, rd_kafka_err2str(error));
	return !error;
}

/* ---- misbehaviour ---- */

#define BROKER 1                        /* the only one's number */

static void
obey(rd_kafka_mock_cluster_t *cluster, const char *line)
{
	char topic[250], word[4];
	int partition, delay_ms;
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__INVALID_ARG;
	if (sscanf(line, "leader %249s %d %3s", topic, &partition, word) == 3)
		error = rd_kafka_mock_partition_set_leader(cluster, topic, partition, strcmp(word, "on") == 0 ? BROKER : -1);
	else if (sscanf(line, "delay %d", &delay_ms) == 1)
		error = rd_kafka_mock_broker_set_rtt(cluster, BROKER, delay_ms);
	else if (sscanf(line, "broker %3s", word) == 1)
		error = strcmp(word, "on") == 0 ? rd_kafka_mock_broker_set_up(cluster, BROKER) : rd_kafka_mock_broker_set_down(cluster, BROKER);
	if (error)
		fprintf(stderr, "fundwatch-broker: %s: %s\n", line, rd_kafka_err2str(error));
}

/* False: the end of standard input. */
static bool
input_take(rd_kafka_mock_cluster_t *cluster)
{
	static char line[512];
	static size_t length;
	ssize_t got = read(STDIN_FILENO, line + length, sizeof line - 1 - length);
	if (got <= 0)
		return false;
	length += (size_t)got;
	for (char *end; (end = memchr(line, '\n', length)); ) {
		*end = '\0';
		obey(cluster, line);
		length -= (size_t)(end + 1 - line);
		memmove(line, end + 1, length);
	}
	if (length == sizeof line - 1)
		length = 0;     /* no command is that long */
	return true;
}

static void
serve(rd_kafka_mock_cluster_t *cluster)
{
	bool open = true;
	while (!stop_asked && open) {
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		if (poll(&input, 1, 1000) > 0)
			open = input_take(cluster);
	}
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EX_OK);
	rd_kafka_t *client = client_open();
	rd_kafka_mock_cluster_t *cluster = client ? rd_kafka_mock_cluster_new(client, 1) : NULL;
	if (!cluster)
		return EX_OSERR;
	int result = EX_OK;
	for (int at = 1; at < argc && result == EX_OK; at += 2) {
		if (strcmp(argv[at], "--topic") != 0 || at + 1 == argc)
			result = usage(stderr, EX_USAGE);
		else if (!topic_create(cluster, argv[at + 1]))
			result = EX_USAGE;
	}
	if (result == EX_OK) {
		printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
		fflush(stdout);
		serve(cluster);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(client);
	return result;
}
