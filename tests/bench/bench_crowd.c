/* Writes a crowd (crowd.h) as NDJSON, or sends part of it to Kafka at a steady pace.
 *
 *     bench_crowd settlements PERSONS FIRST COUNT DAYS              to standard output
 *     bench_crowd enrolments PERSONS YEAR                           to standard output
 *     bench_crowd send PERSONS FIRST COUNT DAYS BROKERS TOPIC PARTITIONS RATE       RATE a second
 *
 * DAYS: in which every person comes once. */
#include "core/base/time.h"
#include "tests/bench/bench.h"
#include "tests/bench/crowd.h"

#include <librdkafka/rdkafka.h>
#include <string.h>
#include <unistd.h>

#define OUT_BYTES (1u << 20)

static int
usage(void)
{
	fprintf(stderr, "bench_crowd settlements PERSONS FIRST COUNT DAYS | enrolments PERSONS YEAR | send PERSONS FIRST COUNT DAYS BROKERS TOPIC PARTITIONS RATE\n");
	return 64;
}

static bool
write_all(const char *bytes, size_t length)
{
	for (ssize_t done; length; bytes += done, length -= (size_t)done)
		if ((done = write(STDOUT_FILENO, bytes, length)) < 0)
			return false;
	return true;
}

/* Lines one behind the other, written by the megabyte. */
static int
print_lines(uint64_t first, uint64_t count, size_t (*make)(const void *, uint64_t, char *), const void *context)
{
	static char out[OUT_BYTES + CROWD_MESSAGE_MAX];
	size_t length = 0;
	for (uint64_t i = 0; i < count; i++) {
		length += make(context, first + i, out + length);
		out[length++] = '\n';
		if (length < OUT_BYTES && i + 1 < count)
			continue;
		if (!write_all(out, length))
			return 74;
		length = 0;
	}
	return 0;
}

static size_t
make_settlement(const void *crowd, uint64_t number, char *out)
{
	return crowd_settlement(crowd, number, out);
}

static size_t
make_enrolment(const void *year, uint64_t person, char *out)
{
	return crowd_enrolment(person, *(const int *)year, out);
}

static void
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char error[256];
	if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
		fprintf(stderr, "bench_crowd: %s\n", error);
		exit(64);
	}
}

/* Each at its moment: what is late is sent at once. */
static int
settlements_send(const struct crowd *crowd, uint64_t first, uint64_t count, char **words)
{
	char message[CROWD_MESSAGE_MAX], error[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	set(conf, "bootstrap.servers", words[0]);
	set(conf, "linger.ms", "1");
	rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, words[1], NULL);
	int32_t partitions = atoi(words[2]);
	double start = bench_seconds(), rate = atof(words[3]);
	for (uint64_t i = 0; i < count; i++) {
		double wait = start + (double)i / rate - bench_seconds();
		if (wait > 0.001)
			usleep((useconds_t)(wait * 1e6));
		size_t length = crowd_settlement(crowd, first + i, message);
		while (rd_kafka_produce(topic, (int32_t)(i % (uint64_t)partitions), RD_KAFKA_MSG_F_COPY, message, length, NULL, 0, NULL) != 0)
			rd_kafka_poll(kafka, 10);
		rd_kafka_poll(kafka, 0);
	}
	int result = rd_kafka_flush(kafka, 60000) == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 69;
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(kafka);
	return result;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return usage();
	struct crowd crowd = {.persons = strtoull(argv[2], NULL, 10)};
	if (strcmp(argv[1], "enrolments") == 0) {
		int year = atoi(argv[3]);
		return print_lines(0, crowd.persons, make_enrolment, &year);
	}
	if (argc < 6)
		return usage();
	uint64_t first = strtoull(argv[3], NULL, 10), count = strtoull(argv[4], NULL, 10);
	crowd.days = atoi(argv[5]);
	if (strcmp(argv[1], "settlements") == 0 && argc == 6)
		return print_lines(first, count, make_settlement, &crowd);
	if (strcmp(argv[1], "send") == 0 && argc == 10)
		return settlements_send(&crowd, first, count, argv + 6);
	return usage();
}
