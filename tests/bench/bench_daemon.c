/* What bench_daemon.py needs of Kafka: filling a topic, and reading it as a bare consumer does.
 *
 *     bench_daemon load BROKERS TOPIC PARTITIONS FILE COUNT CODEC      settlements of the file, in turn; prints how many
 *     bench_daemon read BROKERS TOPIC PARTITIONS COUNT                 prints a line of JSON: records a second from the first to the
 *                                                                      last, nanoseconds of processor a record by thread
 *
 * Each line of the file is sent as often as it takes, as that of other persons and settlements (two bytes of their numbers are
 * replaced): a larger county, its settlements still in the order of time.  The bare consumer takes records the way that is fastest in librdkafka:
 * assigned by hand, a callback a message, and touches one byte of each. */
#include "tests/bench/bench.h"

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#define LENGTH_MAX 900000              /* a longer one no broker takes */

static char error[512];

static void
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
		fprintf(stderr, "bench_daemon: %s\n", error);
		exit(1);
	}
}

static rd_kafka_t *
client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers)
{
	set(conf, "bootstrap.servers", brokers);
	set(conf, "log_level", "3");
	rd_kafka_t *made = rd_kafka_new(type, conf, error, sizeof error);
	if (!made) {
		fprintf(stderr, "bench_daemon: %s\n", error);
		exit(1);
	}
	return made;
}

/* ---- load ---- */

static const char *const own_fields[] = {"\"setl_id\":\"", "\"mdtrt_id\":\"", "\"psn_no\":\"", "\"medins_setl_id\":\"", "\"init_setl_id\":\""};

static void
make_own(char *line, size_t length, unsigned copy)
{
	for (size_t i = 0; i < sizeof own_fields / sizeof own_fields[0]; i++) {
		char *at = memmem(line, length, own_fields[i], strlen(own_fields[i]));
		char *digit = at ? at + strlen(own_fields[i]) : NULL;
		if (!digit || digit + 2 >= line + length || digit[0] == '"' || digit[1] == '"')
			continue;
		digit[0] = (char)('A' + copy / 26 % 26);
		digit[1] = (char)('A' + copy % 26);
	}
}

static void
topic_create(rd_kafka_t *kafka, const char *name, int partitions)
{
	/* A broker that cannot (the embedded one) has the topic already. */
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, error, sizeof error);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
	rd_kafka_CreateTopics(kafka, &topic, 1, NULL, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 10000);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
}

static void
send_line(rd_kafka_t *kafka, rd_kafka_topic_t *topic, int32_t partition, char *line, size_t length)
{
	while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, line, length, NULL, 0, NULL)) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
			fprintf(stderr, "bench_daemon: %s\n", rd_kafka_err2str(rd_kafka_last_error()));
			exit(1);
		}
		rd_kafka_poll(kafka, 20);
	}
}

static long
lines_of(FILE *file)
{
	long lines = 0;
	for (int c; (c = getc(file)) != EOF;)
		lines += c == '\n';
	rewind(file);
	return lines;
}

static int
load(const char *brokers, const char *name, int32_t partitions, const char *path, long count, const char *codec)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	set(conf, "compression.type", codec);
	set(conf, "linger.ms", "50");
	rd_kafka_t *kafka = client(RD_KAFKA_PRODUCER, conf, brokers);
	topic_create(kafka, name, partitions);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, name, NULL);
	FILE *file = fopen(path, "rb");
	char *line = NULL;
	size_t capacity = 0;
	long lines = file ? lines_of(file) : 0, sent = 0;
	long copies = lines ? (count + lines - 1) / lines : 0;
	while (sent < count && copies) {
		ssize_t got = getline(&line, &capacity, file);
		if (got <= 0)
			break;
		size_t length = (size_t)got - (line[got - 1] == '\n');
		for (long copy = 0; copy < copies && sent < count && length <= LENGTH_MAX; copy++) {
			make_own(line, length, (unsigned)copy);
			send_line(kafka, topic, (int32_t)(sent++ % partitions), line, length);
		}
	}
	free(line);
	rd_kafka_resp_err_t left = rd_kafka_flush(kafka, 60000);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(kafka);
	if (!sent || left)
		return 1;
	fclose(file);
	printf("%ld\n", sent);
	return 0;
}

/* ---- read ---- */

struct reading {
	long got, before, bytes;        /* before: taken when the clock was started */
	uint64_t touched;
	double first, last;
	long errors;
};

static void
take(rd_kafka_message_t *message, void *opaque)
{
	struct reading *reading = opaque;
	if (message->err) {
		reading->errors += message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF;
		return;
	}
	reading->touched += message->len ? ((unsigned char *)message->payload)[message->len / 2] : 0;
	reading->bytes += (long)message->len;
	reading->got++;
}

static double
processor_seconds(int who)
{
	struct rusage usage;
	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int
read_all(const char *brokers, const char *name, int32_t partitions, long count)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	set(conf, "group.id", "bench");
	set(conf, "enable.auto.commit", "false");
	set(conf, "enable.auto.offset.store", "false");
	/* The same as the daemon's. */
	set(conf, "queued.min.messages", "1000000");
	set(conf, "queued.max.messages.kbytes", "1000000");
	set(conf, "fetch.wait.max.ms", "100");
	set(conf, "socket.nagle.disable", "true");
	set(conf, "check.crcs", "true");
	rd_kafka_t *kafka = client(RD_KAFKA_CONSUMER, conf, brokers);
	rd_kafka_poll_set_consumer(kafka);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	for (int32_t i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, name, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(kafka, list);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(kafka);
	struct reading reading = {0};
	double deadline = bench_seconds() + 60;
	while (reading.got < count && bench_seconds() < deadline) {
		long before = reading.got;
		rd_kafka_consume_callback_queue(queue, 100, take, &reading);
		double now = bench_seconds();
		if (reading.got > before)
			reading.last = now;
		if (!before && reading.got) {
			reading.first = now;
			reading.before = reading.got;
		}
	}
	double own = processor_seconds(RUSAGE_THREAD);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(kafka);
	if (reading.got < count || reading.errors)
		fprintf(stderr, "bench_daemon: %ld of %ld records, %ld errors\n", reading.got, count, reading.errors);
	printf("{\"rate\":%.0f,\"consumer\":%.0f,\"librdkafka\":%.0f}\n", (double)(reading.got - reading.before) / (reading.last - reading.first),
	    own * 1e9 / (double)count, (processor_seconds(RUSAGE_SELF) - own) * 1e9 / (double)count);
	return reading.got < count;
}

int
main(int argc, char **argv)
{
	if (argc == 8 && strcmp(argv[1], "load") == 0)
		return load(argv[2], argv[3], atoi(argv[4]), argv[5], atol(argv[6]), argv[7]);
	if (argc == 6 && strcmp(argv[1], "read") == 0)
		return read_all(argv[2], argv[3], atoi(argv[4]), atol(argv[5]));
	fprintf(stderr, "bench_daemon load BROKERS TOPIC PARTITIONS FILE COUNT CODEC | read BROKERS TOPIC PARTITIONS COUNT\n");
	return 64;
}
