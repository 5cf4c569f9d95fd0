/* The least that a program between two topics can do, with librdkafka as fundwatchd uses it: takes every message, and for one
 * in EVERY sends one of BYTES bytes on, idempotent and with acks=all.  No decoding, no state, no disk.
 *
 *     bench_relay brokers=HOST:PORT in=TOPIC out=TOPIC [partitions=1] [every=20] [bytes=1500] [consumer.NAME=VALUE]... [producer.NAME=VALUE]...
 *
 * Which one is told by the message's key, 20 digits of which the last 14 are its number (bench_latency writes them).  Says
 * "ready" when it reads; at SIGTERM it prints one line of JSON: messages in and out, and in ms how long after the message's time
 * stamp, which is the intended time of sending, its own message was acknowledged. */
#include "core/base/hist.h"
#include "tests/bench/bench.h"
#include "tests/bench/client.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#define KEY_DIGITS 20
#define NUMBER_DIGITS 14
#define WAIT_MS 100
#define BYTES_MAX 65536

static volatile sig_atomic_t stop;

struct relay {
	rd_kafka_t *producer;
	rd_kafka_topic_t *out;
	int64_t every;
	size_t bytes;
	uint64_t taken, sent, failed;
	struct hist acknowledged;       /* of the thread that serves the producer */
	char value[BYTES_MAX];
};

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int64_t
wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void
delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
	struct relay *relay = opaque;
	(void)client;
	if (message->err)
		relay->failed++;
	else
		hist_add(&relay->acknowledged, wall_ns() - (int64_t)(intptr_t)message->_private * 1000000, 1);
}

static void *
serve(void *opaque)
{
	struct relay *relay = opaque;
	while (!stop)
		rd_kafka_poll(relay->producer, WAIT_MS);
	return NULL;
}

static int64_t
number_of(const char *key)
{
	char digits[NUMBER_DIGITS + 1] = "";
	memcpy(digits, key + KEY_DIGITS - NUMBER_DIGITS, NUMBER_DIGITS);
	return strtoll(digits, NULL, 10);
}

static void
take(rd_kafka_message_t *message, void *opaque)
{
	struct relay *relay = opaque;
	if (message->err || message->key_len != KEY_DIGITS)
		return;
	relay->taken++;
	if (number_of(message->key) % relay->every)
		return;
	int length = snprintf(relay->value, sizeof relay->value, "{\"kind\":\"claim\",\"setl_id\":\"%.*s\"", KEY_DIGITS, (const char *)message->key);
	relay->value[length] = ',';
	intptr_t stamp = (intptr_t)rd_kafka_message_timestamp(message, NULL);
	relay->sent += rd_kafka_produce(relay->out, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, relay->value, relay->bytes, message->key, KEY_DIGITS, (void *)stamp) == 0;
}

static void
report(const struct relay *relay)
{
	printf("{\"taken\":%llu,\"sent\":%llu,\"failed\":%llu", (unsigned long long)relay->taken, (unsigned long long)relay->sent, (unsigned long long)relay->failed);
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"ack_p50_ms", .5}, {"ack_p99_ms", .99}, {"ack_p999_ms", .999}};
	for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		printf(",\"%s\":%.3f", quantiles[i].name, (double)hist_quantile(&relay->acknowledged, quantiles[i].q) / 1e6);
	printf("}\n");
}

int
main(int argc, char **argv)
{
	static struct relay relay;
	static const char *const reading[] = {"group.id", "relay", "enable.auto.commit", "false", "socket.nagle.disable", "true", "fetch.wait.max.ms", "100",
		"queued.min.messages", "1000000", "queued.max.messages.kbytes", "262144", NULL};
	static const char *const writing[] = {"enable.idempotence", "true", "acks", "all", "linger.ms", "1", "socket.nagle.disable", "true", NULL};
	char **words = argv + (argc > 0);
	pthread_t thread;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	rd_kafka_conf_t *conf = client_conf(words, writing, "producer.");
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, &relay);
	relay.producer = client_make(RD_KAFKA_PRODUCER, conf);
	relay.out = rd_kafka_topic_new(relay.producer, option(words, "out", NULL), NULL);
	relay.every = option_number(words, "every", 20);
	relay.bytes = (size_t)option_number(words, "bytes", 1500);
	if (relay.every < 1 || relay.bytes < 64 || relay.bytes > BYTES_MAX)
		return 64;
	memset(relay.value, ' ', sizeof relay.value);
	const struct rd_kafka_metadata *metadata;
	if (rd_kafka_metadata(relay.producer, 0, relay.out, &metadata, 5000) == 0)
		rd_kafka_metadata_destroy(metadata);
	rd_kafka_t *consumer = client_make(RD_KAFKA_CONSUMER, client_conf(words, reading, "consumer."));
	client_assign(consumer, option(words, "in", NULL), (int32_t)option_number(words, "partitions", 1));
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
	pthread_create(&thread, NULL, serve, &relay);
	puts("ready");
	fflush(stdout);
	while (!stop)
		rd_kafka_consume_callback_queue(queue, WAIT_MS, take, &relay);
	pthread_join(thread, NULL);
	rd_kafka_flush(relay.producer, 5000);
	report(&relay);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(consumer);
	rd_kafka_topic_destroy(relay.out);
	rd_kafka_destroy(relay.producer);
	return relay.failed ? 1 : 0;
}
