/* Parts of a turn without a daemon: batches, accounts, the mirror, sealing, and a publisher against the mock cluster. */
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/mirror.h"
#include "daemon/pipeline.h"
#include "tests/unit/run.h"

#include <fcntl.h>
#include <librdkafka/rdkafka_mock.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct status status;
static struct config config;

static void
fresh(void)
{
	static const char *const brokers[] = {"127.0.0.1:1"};
	config = (struct config){.stall_after = 30, .check_every = 5, .mirror = "", .instance = "a", .brokers = {(const char **)brokers, 1}};
	status_init(&status, &config);
	log_open(LANGUAGE_EN, false);
}

START_TEST(a_batch_copies_and_pads)
{
	struct batch batch;
	struct partition partition = {.topic = "t"};
	batch_init(&batch, 1000, DECODE_LIMITS_DEFAULT);
	char bytes[] = "0123456789";
	for (size_t i = 0; i < 1000; i++) {
		bytes[9] = (char)('a' + i % 26);
		ck_assert(!batch_full(&batch));
		batch_add(&batch, &partition, (struct record){.length = i % 11, .offset = (int64_t)i}, bytes);
	}
	ck_assert(batch_full(&batch));
	memset(bytes, 'x', sizeof bytes);
	batch_seal(&batch);
	for (size_t i = 0; i < 1000; i++) {
		const struct record *record = &batch.record[i];
		ck_assert_uint_eq(record->length, i % 11);
		for (size_t k = 0; k < record->length; k++)
			ck_assert_int_eq(record->bytes[k], k == 9 ? (int)('a' + i % 26) : (int)('0' + k));
		for (size_t k = 0; k < RECORD_PADDING; k++)
			ck_assert_int_eq(record->bytes[record->length + k], 0);
	}
	batch_clear(&batch);
	char *large = calloc(1, BATCH_BYTES_MAX);
	batch_add(&batch, &partition, (struct record){.length = BATCH_BYTES_MAX}, large);
	ck_assert(batch_full(&batch));
	free(large);
	batch_free(&batch);
}
END_TEST

START_TEST(a_dead_letter_tells_its_reason)
{
	ck_assert_int_eq(refusal_of_line(SLICE("{\"type\":\"refused\",\"kind\":\"settlement\",\"reason\":\"bad_amount\",\"field\":\"x\"}")), REFUSAL_bad_amount);
	ck_assert_int_eq(refusal_of_line(SLICE("{\"type\":\"refused\",\"reason\":\"too_large\"")), REFUSAL_too_large);
	ck_assert_int_eq(refusal_of_line(SLICE("{\"type\":\"refused\",\"reason\":\"unheard_of\"")), REFUSAL_COUNT);
	ck_assert_int_eq(refusal_of_line(SLICE("{\"type\":\"refused\",\"reason\":\"bad_am")), REFUSAL_COUNT);
	ck_assert_int_eq(refusal_of_line(SLICE("")), REFUSAL_COUNT);
}
END_TEST

START_TEST(every_record_is_accounted_for)
{
	struct batch batch;
	struct partition partition[2] = {{.topic = "t"}, {.topic = "t", .number = 1}};
	batch_init(&batch, 4, DECODE_LIMITS_DEFAULT);
	for (size_t i = 0; i < 4; i++)
		batch_add(&batch, &partition[i % 2], (struct record){.length = 1}, "x");
	enum fate fate[3] = {FATE_REFUSED, FATE_DUPLICATE, FATE_JUDGED};
	struct output output = {.kind = OUTPUT_REFUSED, .line = SLICE("{\"type\":\"refused\",\"kind\":\"settlement\",\"reason\":\"bad_date\"}"), .record = 0};
	struct scored scored = {.fate = fate, .output = &output, .outputs = 1};
	pipeline_account(&batch, 1, 3, &scored);        /* records 1, 2, 3: partitions 1, 0, 1 */
	ck_assert_uint_eq(count_get(&partition[0].received), 1);
	ck_assert_uint_eq(count_get(&partition[0].duplicate), 1);
	ck_assert_uint_eq(count_get(&partition[1].received), 2);
	ck_assert_uint_eq(count_get(&partition[1].refused[REFUSAL_bad_date]), 1);
	ck_assert_uint_eq(count_get(&partition[1].judged), 1);
	batch_free(&batch);
}
END_TEST

static size_t
file_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	size_t length = fread(text, 1, size - 1, file);
	fclose(file);
	text[length] = '\0';
	return length;
}

START_TEST(the_mirror_follows_a_rotation)
{
	fresh();
	char folder[] = "/tmp/fundwatch-mirror-XXXXXX", path[80], old[80], text[200];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/m", folder);
	snprintf(old, sizeof old, "%s/m.1", folder);
	struct mirror mirror;
	mirror_open(&mirror, path, &status);
	int64_t now = clock_monotonic_ns();
	mirror_line(&mirror, SLICE("one"));
	mirror_write(&mirror, now);
	ck_assert_int_eq(rename(path, old), 0);
	mirror_line(&mirror, SLICE("two"));
	mirror_write(&mirror, now + 2 * NS_PER_SECOND);
	mirror_close(&mirror);
	file_read(old, text, sizeof text);
	ck_assert_str_eq(text, "one\n");
	file_read(path, text, sizeof text);
	ck_assert_str_eq(text, "two\n");
	ck_assert_uint_eq(count_get(&status.mirror_lines), 2);
	unlink(path);
	unlink(old);
	rmdir(folder);
	status_free(&status);
}
END_TEST

START_TEST(a_full_mirror_keeps_lines_then_counts_what_it_loses)
{
	fresh();
	struct mirror mirror;
	static char line[1 << 20];
	memset(line, 'x', sizeof line);
	mirror_open(&mirror, "/dev/full", &status);
	int64_t now = clock_monotonic_ns();
	for (int i = 0; i < 8; i++) {
		mirror_line(&mirror, (struct slice){line, sizeof line});
		mirror_write(&mirror, now + i * 2 * NS_PER_SECOND);
	}
	ck_assert(atomic_load(&status.mirror_failed));
	ck_assert_uint_eq(mirror.lines_waiting + count_get(&status.mirror_lost), 8);
	ck_assert_uint_ge(count_get(&status.mirror_lost), 4);
	ck_assert_uint_le(mirror.waiting.length, MIRROR_WAITING_MAX + sizeof line + 1);
	mirror.path = "/dev/null";                      /* there is room again */
	mirror_write(&mirror, now + 100 * NS_PER_SECOND);
	ck_assert(!atomic_load(&status.mirror_failed));
	ck_assert_uint_eq(mirror.lines_waiting, 0);
	mirror_close(&mirror);
	status_free(&status);
}
END_TEST

static void
certificate_write(const char *path, EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	FILE *file = fopen(path, "wb");
	ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
	fclose(file);
	X509_free(certificate);
}

START_TEST(sealed_bytes_open_with_the_key_only)
{
	char path[] = "/tmp/fundwatch-certificate-XXXXXX";
	close(mkstemp(path));
	EVP_PKEY *key = EVP_RSA_gen(2048);
	certificate_write(path, key);
	struct seal *seal = seal_open(path);
	ck_assert_ptr_nonnull(seal);
	struct buffer out = {0};
	struct slice secret = SLICE("{\"psn_name\":\"somebody\"}");
	ck_assert(seal_bytes(seal, secret, &out));
	ck_assert_ptr_null(memmem(out.data, out.length, "somebody", 8));
	BIO *in = BIO_new_mem_buf(out.data, (int)out.length), *clear = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);
	ck_assert_ptr_nonnull(cms);
	ck_assert_int_eq(CMS_decrypt(cms, key, NULL, NULL, clear, 0), 1);
	char *data;
	long length = BIO_get_mem_data(clear, &data);
	ck_assert(slice_equal(secret, (struct slice){data, (size_t)length}));
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(clear);
	EVP_PKEY_free(key);
	seal_close(seal);
	buffer_free(&out);
	ck_assert_ptr_null(seal_open("/nowhere"));
	unlink(path);
}
END_TEST

/* ---- the publisher ---- */

struct world {
	rd_kafka_t *owner;
	rd_kafka_mock_cluster_t *cluster;
	struct publisher *publisher;
};

static void
world_open(struct world *world)
{
	fresh();
	char error[200];
	world->owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
	world->cluster = rd_kafka_mock_cluster_new(world->owner, 1);
	static const char *brokers[1];
	brokers[0] = rd_kafka_mock_cluster_bootstraps(world->cluster);
	config.brokers = (struct config_list){brokers, 1};
	config.topics.alerts = config.topics.shadow = config.topics.indicators = config.topics.stats = config.topics.refused = "alerts";
	ck_assert_int_eq(rd_kafka_mock_topic_create(world->cluster, "alerts", 1, 1), 0);
	world->publisher = publisher_open(&config, &status);
	ck_assert_ptr_nonnull(world->publisher);
	publisher_begin(world->publisher);
}

static void
world_close(struct world *world)
{
	publisher_close(world->publisher);
	rd_kafka_mock_cluster_destroy(world->cluster);
	rd_kafka_destroy(world->owner);
	status_free(&status);
}

static void
send_number(struct world *world, int number)
{
	char value[20];
	snprintf(value, sizeof value, "%d", number);
	publisher_send(world->publisher, &(struct message){.topic = TOPIC_ALERTS, .key = SLICE("k"), .value = slice_of(value), .is_alert = true,
	    .record_ms = clock_wall_ms() - 50, .setl_time = INT64_MIN}, NULL);
}

/* How often each of the numbers 0..count-1 is in the topic. */
static void
topic_read(struct world *world, int *seen, int count)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[200];
	rd_kafka_conf_set(conf, "bootstrap.servers", config.brokers.item[0], error, sizeof error);
	rd_kafka_conf_set(conf, "group.id", "g", error, sizeof error);
	rd_kafka_conf_set(conf, "enable.partition.eof", "true", error, sizeof error);
	rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, "alerts", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(reader, list);
	rd_kafka_topic_partition_list_destroy(list);
	int64_t deadline = clock_monotonic_ns() + 30 * NS_PER_SECOND;
	for (bool ended = false; !ended && clock_monotonic_ns() < deadline;) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
		if (!message)
			continue;
		ended = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
		int number = message->err ? -1 : atoi(strndupa(message->payload, message->len));
		if (number >= 0 && number < count)
			seen[number]++;
		rd_kafka_message_destroy(message);
	}
	rd_kafka_destroy(reader);
	(void)world;
}

START_TEST(what_was_acknowledged_is_measured)
{
	struct world world;
	world_open(&world);
	for (int i = 0; i < 100; i++)
		send_number(&world, i);
	ck_assert_uint_eq(publisher_flush(world.publisher, clock_monotonic_ns() + 30 * NS_PER_SECOND), 0);
	ck_assert_uint_eq(count_get(&status.delivered), 100);
	ck_assert_uint_eq(count_get(&status.stage[STAGE_record_to_alert].count), 100);
	ck_assert_uint_eq(count_get(&status.stage[STAGE_settlement_to_alert].count), 0);
	ck_assert_uint_ge(hist_quantile(&status.stage[STAGE_record_to_alert], 0.01), 50 * NS_PER_MS);
	world_close(&world);
}
END_TEST

START_TEST(a_refused_message_is_held_and_sent_again)
{
	struct world world;
	world_open(&world);
	rd_kafka_resp_err_t denied = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	rd_kafka_mock_push_request_errors(world.cluster, 0, 1, denied);
	for (int i = 0; i < 10; i++)
		send_number(&world, i);
	int64_t deadline = clock_monotonic_ns() + 30 * NS_PER_SECOND;
	while (!publisher_blocked(world.publisher) && clock_monotonic_ns() < deadline)
		publisher_serve(world.publisher);
	ck_assert(publisher_blocked(world.publisher));
	ck_assert_uint_eq(publisher_flush(world.publisher, clock_monotonic_ns() + 30 * NS_PER_SECOND), 0);
	ck_assert(!publisher_blocked(world.publisher));
	int seen[10] = {0};
	topic_read(&world, seen, 10);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(seen[i], 1);
	world_close(&world);
}
END_TEST

START_TEST(a_broken_producer_is_replaced_without_loss)
{
	struct world world;
	world_open(&world);
	for (int i = 0; i < 20; i++)
		send_number(&world, i);
	publisher_break(world.publisher);
	for (int i = 20; i < 40; i++)
		send_number(&world, i);
	ck_assert_uint_eq(publisher_flush(world.publisher, clock_monotonic_ns() + 30 * NS_PER_SECOND), 0);
	ck_assert_uint_eq(count_get(&status.producer_rebuilds), 1);
	int seen[40] = {0};
	topic_read(&world, seen, 40);
	for (int i = 0; i < 40; i++)
		ck_assert_msg(seen[i] >= 1, "%d was lost", i);  /* twice is harmless: alert ids are the same */
	world_close(&world);
}
END_TEST

RUN_TESTS("daemon_turn", a_batch_copies_and_pads, a_dead_letter_tells_its_reason, every_record_is_accounted_for, the_mirror_follows_a_rotation,
    a_full_mirror_keeps_lines_then_counts_what_it_loses, sealed_bytes_open_with_the_key_only, what_was_acknowledged_is_measured,
    a_refused_message_is_held_and_sent_again, a_broken_producer_is_replaced_without_loss)
