/* Settlements at a steady pace into one topic and their alerts out of another: how long after its intended time of sending a
 * settlement's alert can be read, and whether each came, once.
 *
 *     bench_latency brokers=HOST:PORT in=TOPIC out=TOPIC [partitions=1] [rate=20000] [warm=5] [seconds=20] [every=20] [odd=0]
 *         [persons=2000000] [days=60] [interval=0] [grace=60] [producer.NAME=VALUE]... [consumer.NAME=VALUE]...
 *
 * Open loop: settlement i is due at the start + i / rate, whatever became of those before it; that is its time stamp in Kafka
 * (in ms), and what its alert's latency is counted from (in ns, one clock: this process sends and reads).  One settlement in
 * `every` does not add up, which ARITH-001 tells; its number is in its setl_id, and that in the alert.  Of each `odd` settlements one
 * is sent twice and one is cut in half (0: none).  The first `warm` seconds are not measured.  It ends when every alert has been
 * read, or `grace` seconds after the last settlement.
 *
 * Prints one line of JSON: what was sent and read, quantiles in ms, and the same for each `interval` seconds; a table of the
 * quantiles goes to standard error.  "digest": SHA-256 over all lines of type alert in the order of the topic. */
#include "core/base/digest.h"
#include "core/base/hist.h"
#include "core/base/memory.h"
#include "core/base/slice.h"
#include "tests/bench/bench.h"
#include "tests/bench/client.h"
#include "tests/bench/crowd.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

#define NS INT64_C(1000000000)
#define WAKE_NS (200 * 1000)            /* the feeder sleeps no shorter: what is due meanwhile goes together, counted from when it was due */
#define UNSEEN INT64_MIN
#define DIGITS 14                       /* of a number in setl_id, behind the area */
#define AREA_DIGITS 6
#define SAID_FIRST 65536                /* a power of two */

struct said {                           /* hashes of ids with their revision; 0: empty */
	uint64_t *slot;
	size_t capacity, count;
};

struct run {
	char **words;
	struct crowd crowd;
	int64_t rate, every, odd, count, warm, grace;
	int32_t partitions;
	int64_t begin_ns, begin_wall_ms;

	/* the feeder's */
	rd_kafka_t *producer;
	rd_kafka_topic_t *in;
	uint64_t sent, delivered, failed, twice, broken, full;
	struct hist late;               /* how long after its time a settlement was handed to the client */

	/* the reader's */
	rd_kafka_t *consumer;
	int64_t *latency;               /* of the alert of settlement i * every */
	uint64_t seen, again, alerts, doubled, others;
	struct said said;
	struct digest *digest;
	_Atomic bool stop;
	_Atomic uint64_t seen_now;
};

static int64_t
now_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

static int64_t
due_of(const struct run *run, int64_t number)
{
	return run->begin_ns + number / run->rate * NS + number % run->rate * NS / run->rate;
}

/* ---- settlements ---- */

static bool
is_twice(const struct run *run, int64_t number)
{
	return run->odd && number % run->odd == run->odd / 2 + 1;
}

static bool
is_broken(const struct run *run, int64_t number)
{
	return run->odd && number % run->odd == run->odd / 2 + 3;
}

static size_t
settlement(struct run *run, int64_t number, char *out)
{
	static const char name[] = "\"hosp_part_amt\":";
	size_t length = crowd_settlement(&run->crowd, (uint64_t)number, out);
	if (number % run->every)
		return length;
	char *at = memmem(out, length, name, sizeof name - 1);
	if (at)
		at[sizeof name - 1] = '9';      /* nine yuan that nobody's share has */
	return length;
}

static void
send_one(struct run *run, int64_t number)
{
	char message[CROWD_MESSAGE_MAX];
	int64_t of = is_twice(run, number) ? number - 1 : number;       /* into the same partition: behind the first */
	size_t length = settlement(run, of, message);
	const char *key = message + sizeof "{\"setl_id\":\"" - 1;
	int64_t due = due_of(run, number);
	run->twice += of != number;
	if (is_broken(run, number)) {
		run->broken++;
		length /= 2;
	}
	hist_add(&run->late, now_ns(CLOCK_MONOTONIC) - due, 1);
	while (rd_kafka_producev(run->producer, RD_KAFKA_V_RKT(run->in), RD_KAFKA_V_PARTITION((int32_t)(of % run->partitions)),
	    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(message, length), RD_KAFKA_V_KEY(key, AREA_DIGITS + DIGITS),
	    RD_KAFKA_V_TIMESTAMP(run->begin_wall_ms + (due - run->begin_ns) / 1000000), RD_KAFKA_V_END)) {
		run->full++;
		rd_kafka_poll(run->producer, 1);
	}
	run->sent++;
}

static void
sleep_until(int64_t ns)
{
	struct timespec until = {ns / NS, ns % NS};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static void *
feed(void *opaque)
{
	struct run *run = opaque;
	prctl(PR_SET_TIMERSLACK, 1000);
	for (int64_t number = 0; number < run->count; number++) {
		int64_t now = now_ns(CLOCK_MONOTONIC), due = due_of(run, number);
		if (due > now) {
			rd_kafka_poll(run->producer, 0);
			sleep_until(due > now + WAKE_NS ? due : now + WAKE_NS);
		}
		send_one(run, number);
	}
	rd_kafka_flush(run->producer, (int)(run->grace * 1000));
	return NULL;
}

static void
delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
	struct run *run = opaque;
	(void)client;
	if (message->err)
		run->failed++;
	else
		run->delivered++;
}

/* ---- alerts ---- */

/* Whether it is there already. */
static bool
said_put(struct said *said, uint64_t hash)
{
	size_t at = hash & (said->capacity - 1);
	while (said->slot[at] && said->slot[at] != hash)
		at = (at + 1) & (said->capacity - 1);
	bool there = said->slot[at] == hash;
	said->slot[at] = hash;
	said->count += !there;
	return there;
}

static bool
said_add(struct said *said, uint64_t hash)
{
	if (2 * said->count >= said->capacity) {
		struct said wider = {.capacity = said->capacity ? 2 * said->capacity : SAID_FIRST};
		wider.slot = memory_resize(NULL, wider.capacity * sizeof *wider.slot);
		memset(wider.slot, 0, wider.capacity * sizeof *wider.slot);
		for (size_t i = 0; i < said->capacity; i++)
			if (said->slot[i])
				said_put(&wider, said->slot[i]);
		free(said->slot);
		*said = wider;
	}
	return said_put(said, hash | 1);
}

static uint64_t
hashed(uint64_t hash, struct slice text)        /* FNV-1a, Fowler, Noll, Vo */
{
	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* What stands between name and the next comma or quote; empty: it is not there. */
static struct slice
behind(struct slice line, const char *name)
{
	char *at = memmem(line.data, line.length, name, strlen(name));
	if (!at)
		return (struct slice){NULL, 0};
	at += strlen(name);
	size_t length = 0, most = line.length - (size_t)(at - line.data);
	while (length < most && at[length] != ',' && at[length] != '"')
		length++;
	return (struct slice){at, length};
}

static void
alert_note(struct run *run, struct slice line)
{
	run->alerts++;
	digest_add(run->digest, line.data, line.length);
	digest_add(run->digest, "\n", 1);
	uint64_t hash = hashed(hashed(UINT64_C(0xcbf29ce484222325), behind(line, "\"alert_id\":\"")), behind(line, "\"revision\":"));
	run->doubled += said_add(&run->said, hash);
}

static void
seen_note(struct run *run, struct slice line, int64_t now)
{
	struct slice id = behind(line, "\"setl_id\":\"");
	if (id.length != AREA_DIGITS + DIGITS) {
		run->others++;
		return;
	}
	char digits[DIGITS + 1] = "";
	memcpy(digits, id.data + AREA_DIGITS, DIGITS);
	int64_t number = strtoll(digits, NULL, 10);
	if (number < 0 || number >= run->count || number % run->every) {
		run->others++;
		return;
	}
	int64_t *latency = &run->latency[number / run->every];
	if (*latency != UNSEEN) {
		run->again++;
		return;
	}
	*latency = now - due_of(run, number);
	atomic_store_explicit(&run->seen_now, ++run->seen, memory_order_relaxed);
}

static void *
read_alerts(void *opaque)
{
	static const char type[] = "{\"type\":\"alert\"", claim[] = "\"kind\":\"claim\"";
	struct run *run = opaque;
	while (!atomic_load(&run->stop)) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(run->consumer, 50);
		if (!message)
			continue;
		int64_t now = now_ns(CLOCK_MONOTONIC);
		struct slice line = {message->payload, message->len};
		bool good = !message->err && line.length;
		if (good && line.length > sizeof type && memcmp(line.data, type, sizeof type - 1) == 0)
			alert_note(run, line);
		if (good && memmem(line.data, line.length, claim, sizeof claim - 1))
			seen_note(run, line, now);
		else
			run->others += good;
		rd_kafka_message_destroy(message);
	}
	return NULL;
}

/* ---- what came of it ---- */

static int
order(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static double
ms_at(const int64_t *sorted, int64_t count, double q)
{
	int64_t rank = (int64_t)(q * (double)count);
	return count ? (double)sorted[rank < count ? rank : count - 1] / 1e6 : 0;
}

/* The alerts of settlements first to end - 1, those that came; lost: how many did not. */
static void
print_span(const struct run *run, int64_t first, int64_t end)
{
	int64_t from = (first + run->every - 1) / run->every, to = (end + run->every - 1) / run->every, count = 0;
	int64_t *sorted = memory_resize(NULL, (size_t)(to - from + 1) * sizeof *sorted);
	for (int64_t i = from; i < to; i++)
		if (run->latency[i] != UNSEEN)
			sorted[count++] = run->latency[i];
	qsort(sorted, (size_t)count, sizeof *sorted, order);
	printf("{\"n\":%lld,\"lost\":%lld,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"p9999_ms\":%.3f,\"max_ms\":%.3f}", (long long)count,
	    (long long)(to - from - count), ms_at(sorted, count, .5), ms_at(sorted, count, .99), ms_at(sorted, count, .999), ms_at(sorted, count, .9999),
	    ms_at(sorted, count, 1));
	free(sorted);
}

static void
print_table(const struct run *run)
{
	static const double row[] = {0, .25, .5, .75, .9, .95, .99, .995, .999, .9995, .9999, 1};
	static struct hist hist;
	for (int64_t i = (run->warm * run->rate + run->every - 1) / run->every; i * run->every < run->count; i++)
		if (run->latency[i] != UNSEEN)
			hist_add(&hist, run->latency[i], 1);
	fprintf(stderr, "%12s %12s %12s\n", "ms", "quantile", "alerts");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t ns = hist_quantile(&hist, row[i] > 0 ? row[i] : 1e-12);
		fprintf(stderr, "%12.3f %12.4f %12llu\n", (double)ns / 1e6, row[i], (unsigned long long)hist_below(&hist, ns));
	}
}

static void
report(const struct run *run)
{
	uint8_t digest[DIGEST_BYTES];
	char text[DIGEST_TEXT_SIZE];
	int64_t interval = option_number(run->words, "interval", 0) * run->rate;
	digest_value(run->digest, digest);
	printf("{\"sent\":%llu,\"delivered\":%llu,\"failed\":%llu,\"twice\":%llu,\"broken\":%llu,\"queue_full\":%llu,", (unsigned long long)run->sent,
	    (unsigned long long)run->delivered, (unsigned long long)run->failed, (unsigned long long)run->twice, (unsigned long long)run->broken,
	    (unsigned long long)run->full);
	printf("\"expected\":%lld,\"seen\":%llu,\"again\":%llu,\"others\":%llu,\"alerts\":%llu,\"doubled\":%llu,\"digest\":\"%s\",",
	    (long long)((run->count + run->every - 1) / run->every), (unsigned long long)run->seen, (unsigned long long)run->again,
	    (unsigned long long)run->others, (unsigned long long)run->alerts, (unsigned long long)run->doubled, hex_text(digest, DIGEST_BYTES, text));
	printf("\"feeder_late_p99_ms\":%.3f,\"feeder_late_max_ms\":%.3f,\"latency\":", (double)hist_quantile(&run->late, .99) / 1e6,
	    (double)hist_quantile(&run->late, 1) / 1e6);
	print_span(run, run->warm * run->rate, run->count);
	printf(",\"intervals\":[");
	for (int64_t first = 0; interval && first < run->count; first += interval) {
		printf("%s", first ? "," : "");
		print_span(run, first, first + interval < run->count ? first + interval : run->count);
	}
	printf("]}\n");
}

/* ---- the run ---- */

static void
clients_open(struct run *run)
{
	static const char *const writing[] = {"acks", "1", "linger.ms", "5", "socket.nagle.disable", "true", "queue.buffering.max.messages", "5000000",
		"queue.buffering.max.kbytes", "2000000", NULL};
	static const char *const reading[] = {"group.id", "bench_latency", "enable.auto.commit", "false", "socket.nagle.disable", "true", NULL};
	rd_kafka_conf_t *conf = client_conf(run->words, writing, "producer.");
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, run);
	run->producer = client_make(RD_KAFKA_PRODUCER, conf);
	run->in = rd_kafka_topic_new(run->producer, option(run->words, "in", NULL), NULL);
	run->consumer = client_make(RD_KAFKA_CONSUMER, client_conf(run->words, reading, "consumer."));
	client_assign(run->consumer, option(run->words, "out", NULL), 1);
	const struct rd_kafka_metadata *metadata;
	if (rd_kafka_metadata(run->producer, 0, run->in, &metadata, 5000) == 0)
		rd_kafka_metadata_destroy(metadata);
}

static void
clients_close(struct run *run)
{
	rd_kafka_topic_destroy(run->in);
	rd_kafka_destroy(run->producer);
	rd_kafka_destroy(run->consumer);
	digest_close(run->digest);
	free(run->said.slot);
	free(run->latency);
}

static bool
options_read(struct run *run)
{
	run->rate = option_number(run->words, "rate", 20000);
	run->warm = option_number(run->words, "warm", 5);
	run->every = option_number(run->words, "every", 20);
	run->odd = option_number(run->words, "odd", 0);
	run->grace = option_number(run->words, "grace", 60);
	run->partitions = (int32_t)option_number(run->words, "partitions", 1);
	run->count = (run->warm + option_number(run->words, "seconds", 20)) * run->rate;
	run->crowd = (struct crowd){.persons = (uint64_t)option_number(run->words, "persons", 2000000),
	    .days = (int32_t)option_number(run->words, "days", 60), .slower = 1};
	bool odd_fits = !run->odd || (run->odd % run->every == 0 && run->odd / 2 % run->every == 0 && run->every > 3);
	return run->rate > 0 && run->every > 0 && run->count > 0 && run->partitions > 0 && run->crowd.persons > 0 && odd_fits;
}

int
main(int argc, char **argv)
{
	static struct run run;
	pthread_t feeder, reader;
	run.words = argv + (argc > 0);
	if (!options_read(&run)) {
		fprintf(stderr, "bench_latency: rate, seconds, every, partitions and persons are above 0, odd is a multiple of 2 * every\n");
		return 64;
	}
	size_t alerts = (size_t)((run.count + run.every - 1) / run.every);
	run.latency = memory_resize(NULL, alerts * sizeof *run.latency);
	for (size_t i = 0; i < alerts; i++)
		run.latency[i] = UNSEEN;
	run.digest = digest_open();
	clients_open(&run);
	run.begin_ns = now_ns(CLOCK_MONOTONIC) + NS / 10;
	run.begin_wall_ms = (now_ns(CLOCK_REALTIME) + NS / 10) / 1000000;
	pthread_create(&reader, NULL, read_alerts, &run);
	pthread_create(&feeder, NULL, feed, &run);
	pthread_join(feeder, NULL);
	int64_t end = now_ns(CLOCK_MONOTONIC) + run.grace * NS;
	while (atomic_load(&run.seen_now) < alerts && now_ns(CLOCK_MONOTONIC) < end)
		sleep_until(now_ns(CLOCK_MONOTONIC) + NS / 100);
	sleep_until(now_ns(CLOCK_MONOTONIC) + NS);      /* what would come a second time */
	atomic_store(&run.stop, true);
	pthread_join(reader, NULL);
	report(&run);
	print_table(&run);
	bool whole = run.seen == alerts && !run.doubled && !run.again && !run.failed && run.delivered == run.sent;
	clients_close(&run);
	return whole ? 0 : 1;
}
