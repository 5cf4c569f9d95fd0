/* See client.h. */
#include "tests/bench/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char error[512];

const char *
option(char **words, const char *key, const char *otherwise)
{
	size_t length = strlen(key);
	for (; *words; words++)
		if (strncmp(*words, key, length) == 0 && (*words)[length] == '=')
			return *words + length + 1;
	if (otherwise)
		return otherwise;
	fprintf(stderr, "%s=... is missing\n", key);
	exit(64);
}

int64_t
option_number(char **words, const char *key, int64_t otherwise)
{
	const char *text = option(words, key, "");
	char *end;
	if (!*text)
		return otherwise;
	int64_t number = strtoll(text, &end, 10);
	if (!*end)
		return number;
	fprintf(stderr, "%s=%s is no number\n", key, text);
	exit(64);
}

static void
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	if (rd_kafka_conf_set(conf, name, value, error, sizeof error) == RD_KAFKA_CONF_OK)
		return;
	fprintf(stderr, "%s\n", error);
	exit(64);
}

static void
set_word(rd_kafka_conf_t *conf, const char *word)
{
	char name[128];
	const char *equals = strchr(word, '=');
	if (!equals)
		return;
	snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
	set(conf, name, equals + 1);
}

rd_kafka_conf_t *
client_conf(char **words, const char *const settings[], const char *prefix)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	size_t length = strlen(prefix);
	set(conf, "bootstrap.servers", option(words, "brokers", NULL));
	set(conf, "log_level", "3");
	for (; settings[0]; settings += 2)
		set(conf, settings[0], settings[1]);
	for (; *words; words++)
		if (strncmp(*words, prefix, length) == 0)
			set_word(conf, *words + length);
	return conf;
}

rd_kafka_t *
client_make(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
	rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
	if (!client) {
		fprintf(stderr, "%s\n", error);
		exit(69);
	}
	if (type == RD_KAFKA_CONSUMER)
		rd_kafka_poll_set_consumer(client);
	return client;
}

void
client_assign(rd_kafka_t *consumer, const char *topic, int32_t partitions)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	for (int32_t i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
}
