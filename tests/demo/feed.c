/* Sends the lines of a file to a topic, evenly over some seconds, each line at its moment; to any of its partitions, so
 * only a topic of one partition keeps their order.
 *   demo_feed BOOTSTRAP TOPIC SECONDS FILE          0 seconds: as fast as the broker takes them
 * Exit status: 0 all delivered, 64 usage, 66 no file, 69 something was not delivered. */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define FLUSH_MS 30000

static size_t undelivered;

static void
delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
	(void)client;
	(void)opaque;
	undelivered += message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_t *
client_open(const char *bootstrap)
{
	char why[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const char *const settings[][2] = {
		{"bootstrap.servers", bootstrap}, {"linger.ms", "1"}, {"enable.idempotence", "true"}, {"log_level", "3"},
		{"message.max.bytes", "4194304"}, {"sticky.partitioning.linger.ms", "0"},
	};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why) != RD_KAFKA_CONF_OK) {
			fprintf(stderr, "demo_feed: %s\n", why);
			exit(EX_USAGE);
		}
	}
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (!client) {
		fprintf(stderr, "demo_feed: %s\n", why);
		exit(EX_UNAVAILABLE);
	}
	return client;
}

static size_t
lines_count(FILE *file)
{
	size_t count = 0;
	for (int byte; (byte = getc(file)) != EOF;)
		count += byte == '\n';
	rewind(file);
	return count;
}

/* Sleeps until a moment, given as a part of the whole time after the start. */
static void
wait_for(const struct timespec *start, double seconds)
{
	struct timespec due = *start;
	due.tv_sec += (time_t)seconds;
	due.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (due.tv_nsec >= 1000000000) {
		due.tv_sec++;
		due.tv_nsec -= 1000000000;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static bool
send_line(rd_kafka_t *client, const char *topic, char *line, size_t length)
{
	for (;;) {
		rd_kafka_resp_err_t error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic),
		    RD_KAFKA_V_VALUE(line, length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return error == RD_KAFKA_RESP_ERR_NO_ERROR;
		rd_kafka_poll(client, 50);
	}
}

static size_t
send_file(rd_kafka_t *client, const char *topic, double seconds, FILE *file)
{
	size_t count = lines_count(file), sent = 0, refused = 0, room = 0;
	char *line = NULL;
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (ssize_t length; (length = getline(&line, &room, file)) > 0; sent++) {
		if (seconds > 0)
			wait_for(&start, seconds * (double)sent / (double)count);
		size_t bytes = (size_t)length - (line[length - 1] == '\n');
		refused += bytes && !send_line(client, topic, line, bytes);
		rd_kafka_poll(client, 0);
	}
	free(line);
	return refused;
}

int
main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: demo_feed BOOTSTRAP TOPIC SECONDS FILE\n");
		return EX_USAGE;
	}
	FILE *file = fopen(argv[4], "rbe");
	if (!file) {
		fprintf(stderr, "demo_feed: %s: %s\n", argv[4], strerror(errno));
		return EX_NOINPUT;
	}
	rd_kafka_t *client = client_open(argv[1]);
	size_t refused = send_file(client, argv[2], atof(argv[3]), file);
	fclose(file);
	bool flushed = rd_kafka_flush(client, FLUSH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_destroy(client);
	if (refused || undelivered || !flushed)
		fprintf(stderr, "demo_feed: %zu records were refused, %zu not delivered\n", refused, undelivered);
	return refused || undelivered || !flushed ? EX_UNAVAILABLE : EX_OK;
}
