/* See outputs.h. */
#include "daemon/outputs.h"

#include "core/base/memory.h"
#include "core/base/step.h"
#include "daemon/log.h"

#include <stdlib.h>
#include <string.h>

#define ASK_TIMEOUT_MS 5000

struct outputs {
	const struct config *config;
	const struct output_floor *floor;
	size_t floors;
	struct known *known;
	struct publisher *publisher;
	struct probe_part *part;
	size_t parts;
};

/* Lines of the scorer go to these; stats are of the daemon itself. */
static const enum feed_topic topics[] = {TOPIC_ALERTS, TOPIC_SHADOW, TOPIC_INDICATORS, TOPIC_REFUSED};

static const char *
name_of(const struct config *config, enum feed_topic topic)
{
	return topic == TOPIC_ALERTS ? config->topics.alerts : topic == TOPIC_SHADOW ? config->topics.shadow
	    : topic == TOPIC_INDICATORS ? config->topics.indicators : config->topics.refused;
}

static int64_t
floor_of(const struct outputs *outputs, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < outputs->floors; i++)
		if (outputs->floor[i].partition == partition && strcmp(outputs->floor[i].topic, topic) == 0)
			return outputs->floor[i].offset;
	return 0;
}

static bool
partition_add(struct outputs *outputs, rd_kafka_t *client, enum feed_topic topic, int32_t partition)
{
	const char *name = name_of(outputs->config, topic);
	int64_t low, high, from = floor_of(outputs, name, partition);
	if (probe_ends(client, name, partition, &low, &high))
		return false;
	outputs->part = memory_resize(outputs->part, (outputs->parts + 1) * sizeof *outputs->part);
	outputs->part[outputs->parts++] = (struct probe_part){.topic = name, .partition = partition, .from = from < low || from > high ? low : from,
	    .until = high, .tag = topic};
	publisher_floor_set(outputs->publisher, name, partition, high);
	return true;
}

/* A topic that a broker does not know for a moment is one whose lines would be said again. */
static bool
topic_add(struct outputs *outputs, rd_kafka_t *client, enum feed_topic topic, int partitions)
{
	for (int32_t p = 0; p < partitions; p++)
		if (!partition_add(outputs, client, topic, p))
			return false;
	return partitions > 0;
}

static bool
parts_make(struct outputs *outputs, rd_kafka_t *client)
{
	struct kafka_topic list[KAFKA_TOPICS_MAX];
	size_t count = kafka_topics(outputs->config, list);
	if (kafka_ask_topics(client, list, count, ASK_TIMEOUT_MS))
		return false;
	for (size_t t = 0; t < sizeof topics / sizeof topics[0]; t++)
		for (size_t i = 0; i < count; i++)
			if (strcmp(list[i].name, name_of(outputs->config, topics[t])) == 0 && !topic_add(outputs, client, topics[t], list[i].partitions))
				return false;
	return true;
}

static void
line_take(void *context, const struct probe_part *part, const rd_kafka_message_t *message)
{
	struct outputs *outputs = context;
	known_add(outputs->known, part->tag, (struct slice){message->key, message->key_len}, (struct slice){message->payload, message->len});
}

enum probe_answer
outputs_read(const struct config *config, struct status *status, rd_kafka_t *client, const struct output_floor *floor, size_t floors,
    struct known *known, struct publisher *publisher, const volatile bool *stop)
{
	struct outputs outputs = {.config = config, .floor = floor, .floors = floors, .known = known, .publisher = publisher};
	enum probe_answer answer = PROBE_NO_ANSWER;
	step("recover_outputs");
	if (parts_make(&outputs, client))
		answer = probe_read(config, status, outputs.part, outputs.parts, line_take, &outputs, stop);
	if (answer == PROBE_DONE)
		log_say(LEVEL_INFO, "输出主题已有 %zu 行，不再重复发布", "the output topics hold %zu lines already; these are not published again", known_count(known));
	free(outputs.part);
	return answer;
}
