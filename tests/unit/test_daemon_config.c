/* The configuration file against the table of options. */
#include "daemon/config.h"
#include "daemon/kafka.h"
#include "tests/unit/run.h"

#include <stdio.h>
#include <unistd.h>

static char path[] = "/tmp/fundwatch-config-XXXXXX";

static void
file_write(const char *name, const char *text)
{
	FILE *file = fopen(name, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
	ck_assert_int_eq(fclose(file), 0);
}

static bool
read_text(struct config *config, struct diags *diags, const char *text)
{
	strcpy(path + sizeof path - 7, "XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	file_write(path, text);
	bool good = config_read(config, path, diags);
	kafka_check(config, diags);
	unlink(path);
	return good && diags->errors == 0;
}

START_TEST(what_is_not_said_has_its_default)
{
	struct config config;
	struct diags diags = {0};
	ck_assert(read_text(&config, &diags, "instance: a\n"));
	ck_assert_str_eq(config.instance, "a");
	ck_assert_str_eq(config.brokers.item[0], "127.0.0.1:9092");
	ck_assert_str_eq(config.topics.settlement, "fundwatch.settlement");
	ck_assert_str_eq(config.topics.shadow, "fundwatch.alerts.shadow");
	ck_assert_str_eq(config.listen, "127.0.0.1:9850");
	ck_assert(!config.create_topics && !config.person_clear && config_all_pools(&config));
	ck_assert_int_eq(config.limits.lateness, 7);
	ck_assert_int_eq(config.limits.remember, 400);
	ck_assert_int_eq(config.limits.history, 36);
	ck_assert_int_eq(config.limits.batch, 4096);
	ck_assert_int_eq(config.start, START_EARLIEST);
	config_free(&config);
	diags_free(&diags);
}
END_TEST

START_TEST(every_kind_of_option_is_read)
{
	struct config config;
	struct diags diags = {0};
	struct buffer brokers = {0};
	ck_assert(read_text(&config, &diags, "brokers: [a:1, 'b:2']\npools: ['1411', \"1409\"]\ntopics: {enrolment: \"\", alerts: x}\n"
	    "limits:\n  lateness: 30\ncreate_topics: true\nstart: latest\nkafka:\n  security.protocol: ssl\n"
	    "  consumer: {fetch.wait.max.ms: 7}\n  producer: {linger.ms: 3}\n"));
	config_brokers(&config, &brokers);
	ck_assert_str_eq(brokers.data, "a:1,b:2");
	ck_assert_uint_eq(config.pools.count, 2);
	ck_assert_str_eq(config.pools.item[1], "1409");
	ck_assert(!config_all_pools(&config) && config.create_topics && config.start == START_LATEST);
	ck_assert_str_eq(config.topics.enrolment, "");
	ck_assert_str_eq(config.topics.alerts, "x");
	ck_assert_str_eq(config.topics.refused, "fundwatch.refused");
	ck_assert_int_eq(config.limits.lateness, 30);
	ck_assert_str_eq(kafka_property(&config, KAFKA_PRODUCER, "security.protocol"), "ssl");
	ck_assert_str_eq(kafka_property(&config, KAFKA_CONSUMER, "fetch.wait.max.ms"), "7");
	ck_assert_ptr_null(kafka_property(&config, KAFKA_PRODUCER, "fetch.wait.max.ms"));
	ck_assert_ptr_null(kafka_property(&config, KAFKA_CONSUMER, "linger.ms"));
	buffer_free(&brokers);
	config_free(&config);
	diags_free(&diags);
}
END_TEST

START_TEST(every_mistake_is_told_with_its_place)
{
	static const struct {
		const char *text;
		int line, column;
		const char *says;
	} row[] = {
		{"a: 1\nbrocers: x\n", 2, 1, "brocers"},
		{"limits:\n  latenes: 3\n", 2, 3, "limits.latenes"},
		{"limits: {lateness: -1}\n", 1, 20, "from 0 to 366"},
		{"limits: {lateness: 367}\n", 1, 20, "from 0 to 366"},
		{"limits: {lateness: 0x10}\n", 1, 20, "from 0 to 366"},
		{"limits: {batch: 0}\n", 1, 17, "from 1 to"},
		{"create_topics: yes\n", 1, 16, "yes"},
		{"start: first\n", 1, 8, "first"},
		{"brokers: []\n", 1, 10, "at least one"},
		{"brokers: [a, [b]]\n", 1, 14, "one word"},
		{"instance: {a: b}\n", 1, 11, "one value"},
		{"instance:\n", 1, 1, "no value"},
		{"listen: 9850\n", 1, 9, "127.0.0.1:9850"},
		{"listen: a:b\n", 1, 9, "127.0.0.1:9850"},
		{"listen: a:65536\n", 1, 9, "127.0.0.1:9850"},
		{"topics: {alerts: ''}\n", 1, 19, "empty"},
		{"topics: alerts\n", 1, 9, "option: value"},
		{"instance: a\ninstance: b\n", 2, 1, "repeated"},
		{"kafka: {linger.ms: soon}\n", 1, 9, "linger.ms"},
		{"kafka: {lingr.ms: 1}\n", 1, 9, "lingr.ms"},
		{"kafka: {enable.auto.commit: true}\n", 1, 9, "enable.auto.commit"},
		{"kafka: {sasl.password: {file: /nowhere/secret}}\n", 1, 31, "/nowhere/secret"},
		{"kafka: {sasl.password: [a]}\n", 1, 24, "{file: PATH}"},
	};
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct config config;
		struct diags diags = {0};
		ck_assert_msg(!read_text(&config, &diags, row[i].text), "taken: %s", row[i].text);
		bool found = false;
		for (size_t k = 0; k < diags.count; k++) {
			const struct diag *diag = &diags.list[k];
			found |= diag->line == row[i].line && diag->column == row[i].column && strstr(diag->message[LANGUAGE_EN], row[i].says);
			ck_assert(strlen(diag->message[LANGUAGE_ZH]) > 0 && strcmp(diag->message[LANGUAGE_ZH], diag->message[LANGUAGE_EN]) != 0);
		}
		ck_assert_msg(found, "%s: %d:%d: %s", row[i].text, diags.count ? diags.list[0].line : 0, diags.count ? diags.list[0].column : 0,
		    diags.count ? diags.list[0].message[LANGUAGE_EN] : "nothing");
		config_free(&config);
		diags_free(&diags);
	}
}
END_TEST

START_TEST(a_secret_is_read_from_its_file_and_never_shown)
{
	struct config config;
	struct diags diags = {0};
	char secret[] = "/tmp/fundwatch-secret-XXXXXX", text[200];
	close(mkstemp(secret));
	file_write(secret, "s3cret\n");
	snprintf(text, sizeof text, "kafka: {sasl.password: {file: %s}}\n", secret);
	ck_assert(read_text(&config, &diags, text));
	ck_assert_str_eq(kafka_property(&config, KAFKA_CONSUMER, "sasl.password"), "s3cret");
	config_free(&config);
	ck_assert(!read_text(&config, &diags, "kafka: {sasl.pasword: hunter2, acks: hunter2}\n"));
	for (size_t i = 0; i < diags.count; i++) {
		ck_assert_ptr_null(diags.list[i].source_line);
		ck_assert_ptr_null(strstr(diags.list[i].message[LANGUAGE_EN], "hunter2"));
	}
	ck_assert_str_eq(diags.list[0].hint[LANGUAGE_EN], "did you mean sasl.password?");
	unlink(secret);
	config_free(&config);
	diags_free(&diags);
}
END_TEST

/* The example is made from the table; what is in the tree must be what the table says, and with every # away it is
 * the default configuration. */
START_TEST(the_example_file_is_the_table)
{
	struct buffer example = {0};
	config_example(&example);
	FILE *file = fopen(TEST_DATA "/../daemon/fundwatchd.yaml", "rb");
	ck_assert_ptr_nonnull(file);
	char *text = malloc(example.length + 2);
	size_t length = fread(text, 1, example.length + 2, file);
	fclose(file);
	ck_assert_msg(length == example.length && memcmp(text, example.data, length) == 0,
	    "daemon/fundwatchd.yaml is old: make it again with fundwatchd --print-config");
	struct buffer all = {0};
	bool line_start = true;
	for (size_t i = 0; i < length; i++) {
		bool commented = line_start && text[i] == '#' && i + 1 < length && text[i + 1] != ' ';
		bool member = line_start && text[i] == '#' && i + 3 < length && text[i + 1] == ' ' && text[i + 2] == ' ';
		line_start = text[i] == '\n';
		if (!commented && !member)
			buffer_char(&all, text[i]);
	}
	buffer_char(&all, '\0');
	char *kafka = strstr(all.data, "\nkafka:");     /* its members are examples, not defaults */
	ck_assert_ptr_nonnull(kafka);
	kafka[1] = '\0';
	struct config config, defaults;
	struct diags diags = {0};
	ck_assert_msg(read_text(&config, &diags, all.data), "%s", diags.count ? diags.list[0].message[LANGUAGE_EN] : "");
	ck_assert(read_text(&defaults, &diags, "instance: fundwatch\n"));
	ck_assert_int_eq(config.drain, defaults.drain);
	ck_assert_int_eq(config.limits.record_bytes, defaults.limits.record_bytes);
	ck_assert_str_eq(config.topics.refused, defaults.topics.refused);
	for (size_t i = 0; i < option_count; i++) {
		const char *dot = strchr(option_rows[i].name, '.');
		ck_assert_msg(option_rows[i].type == OPTION_PROPERTIES || strstr(all.data, dot ? dot + 1 : option_rows[i].name), "%s", option_rows[i].name);
	}
	free(text);
	buffer_free(&all);
	buffer_free(&example);
	config_free(&config);
	config_free(&defaults);
	diags_free(&diags);
}
END_TEST

START_TEST(addresses)
{
	char host[64];
	uint16_t port;
	ck_assert(config_address("127.0.0.1:9850", host, &port) && strcmp(host, "127.0.0.1") == 0 && port == 9850);
	ck_assert(config_address("[::1]:0", host, &port) && strcmp(host, "::1") == 0 && port == 0);
	ck_assert(!config_address("::1:9850", host, &port));
	ck_assert(!config_address(":9850", host, &port));
	ck_assert(!config_address("127.0.0.1:", host, &port));
	ck_assert(!config_address("127.0.0.1", host, &port));
}
END_TEST

RUN_TESTS("daemon_config", what_is_not_said_has_its_default, every_kind_of_option_is_read, every_mistake_is_told_with_its_place,
    a_secret_is_read_from_its_file_and_never_shown, the_example_file_is_the_table, addresses)
