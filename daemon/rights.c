/* See rights.h. */
#include "daemon/rights.h"

#include "core/base/hash.h"
#include "daemon/log.h"

/* As kafka-acls.sh writes it.  Only the broker knows whom it makes of a certificate. */
static void
principal(const struct config *config, char *out, size_t size)
{
	const char *user = kafka_property(config, KAFKA_CONSUMER, "sasl.username");
	const char *certificate = kafka_property(config, KAFKA_CONSUMER, "ssl.certificate.location");
	if (user)
		snprintf(out, size, "'User:%s'", user);
	else if (certificate)
		snprintf(out, size, "'User:%s %s'", log_language() == LANGUAGE_ZH ? "证书的主体名" : "SUBJECT OF", certificate);
	else
		snprintf(out, size, "User:ANONYMOUS");
}

void
rights_tell(const struct config *config, enum right right, const char *name)
{
	static const char *const word[] = {[RIGHT_DESCRIBE] = "DESCRIBE", [RIGHT_READ] = "READ", [RIGHT_WRITE] = "WRITE", [RIGHT_GROUP] = "READ"};
	const char *option = right == RIGHT_GROUP ? "group" : "topic";
	char who[400];
	if (!kafka_may_say(hash64(name, strlen(name)) + right))
		return;
	principal(config, who, sizeof who);
	log_say(LEVEL_ERROR,
	    "Kafka 不给 %s 权限（%s %s）；授权：kafka-acls.sh --bootstrap-server %s --add --allow-principal %s --operation %s --%s '%s'；如有拒绝规则，先用 --remove 去掉（--list 查看）",
	    "Kafka denies the right %s on the %s %s; grant it: kafka-acls.sh --bootstrap-server %s --add --allow-principal %s --operation %s --%s '%s'; a rule that denies it goes first: see --list, take it away with --remove",
	    word[right], option, name, config->brokers.item[0], who, word[right], option, name);
}

void
rights_tell_outputs(const struct config *config)
{
	struct kafka_topic list[KAFKA_TOPICS_MAX];
	size_t count = kafka_topics(config, list);
	for (size_t i = 0; i < count; i++)
		if (!list[i].is_read)
			rights_tell(config, RIGHT_WRITE, list[i].name);
}

bool
rights_is_hidden(rd_kafka_t *client, const char *name, int timeout_ms)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
	if (!topic)
		return false;
	bool hidden = false;
	if (rd_kafka_metadata(client, 0, topic, &metadata, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		hidden = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
		rd_kafka_metadata_destroy(metadata);
	}
	rd_kafka_topic_destroy(topic);
	return hidden;
}
