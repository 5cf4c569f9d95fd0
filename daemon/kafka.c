/* librdkafka's properties, its errors and logs in words. */
#include "daemon/kafka.h"

#include "core/base/diag.h"
#include "daemon/clock.h"
#include "daemon/log.h"

#include <stdlib.h>

#define SCRAM_FIXED_VERSION 0x020601ff  /* 2.6.1: the client nonce is no longer doubled */
#define BACKOFF_VERSION 0x020200ff      /* 2.2.0: a full queue no longer costs a fixed second */

struct setting_text {
	const char *name, *value;
};

/* See docs/operation.md, "Kafka settings", for the reasons. */
static const struct setting_text both_settings[] = {
	{"client.id", "fundwatchd"}, {"reconnect.backoff.max.ms", "1000"}, {"socket.timeout.ms", "10000"},
	{"socket.nagle.disable", "true"}, {"socket.keepalive.enable", "true"}, {"topic.metadata.refresh.interval.ms", "60000"},
};
static const struct setting_text consumer_settings[] = {
	{"group.id", "fundwatchd"}, {"queued.min.messages", "1000000"}, {"queued.max.messages.kbytes", "262144"},
	{"fetch.wait.max.ms", "100"}, {"fetch.error.backoff.ms", "50"}, {"check.crcs", "true"},
};
static const struct setting_text consumer_settings_since_backoff[] = {
	{"queued.max.messages.kbytes", "131072"}, {"fetch.queue.backoff.ms", "5"},
};
static const struct setting_text producer_settings[] = {
	{"linger.ms", "1"}, {"message.timeout.ms", "0"}, {"partitioner", "murmur2_random"}, {"message.max.bytes", "4194304"},
};

/* What the daemon's promises rest on; the map may not change it. */
static const struct setting_text fixed_consumer[] = {
	{"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"}, {"auto.offset.reset", "error"},
	{"enable.partition.eof", "true"},
};
static const struct setting_text fixed_producer[] = {{"enable.idempotence", "true"}, {"acks", "all"}};
static const char *const fixed_names[] = {"bootstrap.servers", "metadata.broker.list", "enable.auto.commit", "auto.commit.enable",
	"enable.auto.offset.store", "auto.offset.reset", "enable.partition.eof", "enable.idempotence", "acks", "request.required.acks",
	"transactional.id", "log.queue", "opaque"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the map checked ---- */

static bool
is_fixed(const char *name)
{
	size_t length = strlen(name);
	if (length > 3 && strcmp(name + length - 3, "_cb") == 0)
		return true;
	for (size_t i = 0; i < COUNT(fixed_names); i++)
		if (strcmp(name, fixed_names[i]) == 0)
			return true;
	return false;
}

/* Names of all properties, from the table that the library prints: its dump leaves out those without a value. */
static size_t
property_names(char *table, const char **name, size_t most)
{
	size_t count = 0;
	char *save = NULL;
	for (char *line = strtok_r(table, "\n", &save); line && count < most; line = strtok_r(NULL, "\n", &save)) {
		size_t length = strcspn(line, " |");
		if (!length || !memchr(line, '.', length) || line[length] == '\0' || !strchr(line, '|'))
			continue;
		line[length] = '\0';
		name[count++] = line;
	}
	return count;
}

#define PROPERTIES_MAX 512

/* Into the diagnostics' memory; NULL: none is near. */
static const char *
nearest_property(struct diags *diags, const char *word)
{
	char *table = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&table, &size);
	if (!memory)
		return NULL;
	rd_kafka_conf_properties_show(memory);
	fclose(memory);
	const char *name[PROPERTIES_MAX];
	size_t count = property_names(table, name, PROPERTIES_MAX);
	const char *near = nearest_word(slice_of(word), name, count);
	near = near ? arena_copy(&diags->arena, near, strlen(near)) : NULL;
	free(table);
	return near;
}

static void
property_wrong(const struct config *config, const struct kafka_property *property, struct diags *diags, const char *zh,
    const char *en, const char *near)
{
	char text[2][400], hint[2][200];
	snprintf(text[0], sizeof text[0], zh, property->name);
	snprintf(text[1], sizeof text[1], en, property->name);
	snprintf(hint[0], sizeof hint[0], "是不是 %s ？", near ? near : "");
	snprintf(hint[1], sizeof hint[1], "did you mean %s?", near ? near : "");
	diag_add(diags, DIAG_ERROR, config->file, property->line, property->column, 1, NULL, text[0], text[1], near ? hint[0] : NULL,
	    near ? hint[1] : NULL);
}

void
kafka_check(const struct config *config, struct diags *diags)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[512];
	for (size_t i = 0; i < config->properties; i++) {
		const struct kafka_property *property = &config->property[i];
		rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, property->name, property->value, error, sizeof error);
		if (is_fixed(property->name))
			property_wrong(config, property, diags, "属性 %s 由 fundwatchd 自己设置，不能更改",
			    "the property %s is set by fundwatchd itself and cannot be changed", NULL);
		else if (result == RD_KAFKA_CONF_UNKNOWN)
			property_wrong(config, property, diags, "librdkafka 没有属性 %s", "librdkafka has no property %s", nearest_property(diags, property->name));
		else if (result == RD_KAFKA_CONF_INVALID)
			property_wrong(config, property, diags, "属性 %s 的值不对", "the property %s does not take this value", NULL);
	}
	rd_kafka_conf_destroy(conf);
}

const char *
kafka_property(const struct config *config, enum kafka_side side, const char *name)
{
	const char *value = NULL;
	for (size_t i = 0; i < config->properties; i++) {
		const struct kafka_property *property = &config->property[i];
		if ((property->side == KAFKA_BOTH || property->side == side) && strcmp(property->name, name) == 0)
			value = property->value;
	}
	return value;
}

void
kafka_warn_scram(const struct config *config)
{
	const char *mechanism = kafka_property(config, KAFKA_CONSUMER, "sasl.mechanism");
	if (!mechanism)
		mechanism = kafka_property(config, KAFKA_CONSUMER, "sasl.mechanisms");
	if (mechanism && strncmp(mechanism, "SCRAM", 5) == 0 && rd_kafka_version() < SCRAM_FIXED_VERSION)
		log_say(LEVEL_WARNING, "librdkafka %s 的 SCRAM 登录不被 Kafka 4.x 接受；请用 2.6.1 及以上版本，或改用 mTLS",
		    "Kafka 4.x refuses the SCRAM login of librdkafka %s; use version 2.6.1 or later, or mTLS", rd_kafka_version_str());
}

/* ---- errors in words ---- */

const char *
kafka_explain(rd_kafka_resp_err_t error, enum language language)
{
	bool zh = language == LANGUAGE_ZH;
	switch (error) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
		return zh ? "连不上 Kafka；检查 brokers 设置、broker 是否运行、网络和 security.protocol；会一直重试"
		    : "Kafka cannot be reached; check brokers, that the broker runs, the network and security.protocol; it is tried again and again";
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		return zh ? "Kafka 拒绝登录；检查 sasl.mechanism、sasl.username、sasl.password（Kafka 4.x 的 SCRAM 要 librdkafka 2.6.1 及以上）"
		    : "Kafka refuses the login; check sasl.mechanism, sasl.username, sasl.password (SCRAM with Kafka 4.x needs librdkafka 2.6.1 or later)";
	case RD_KAFKA_RESP_ERR__SSL:
		return zh ? "TLS 握手失败；检查 ssl.ca.location、证书和密钥" : "the TLS handshake failed; check ssl.ca.location, certificate and key";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return zh ? "没有该主题的权限；请授予输入主题 READ、输出主题 WRITE" : "no right to the topic; grant READ on the input topics and WRITE on the output topics";
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return zh ? "没有消费组的权限；请授予 group.id 的 READ，或去掉 group.id" : "no right to the consumer group; grant READ on group.id, or take group.id away";
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return zh ? "主题或分区不见了；重新创建后重启 fundwatchd" : "a topic or partition is gone; create it again and restart fundwatchd";
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		return zh ? "要读的位移已不在该分区；分区已停读，绝不自行跳过；核对保留时间或主题是否被重建，然后重启"
		    : "the offset to read is no longer in the partition; it is stopped, nothing is skipped silently; check retention and whether the topic was recreated, then restart";
	default:
		return zh ? "Kafka 客户端报错" : "the Kafka client reports an error";
	}
}

/* ---- callbacks; any thread ---- */

#define LIMITS 64

static struct {
	pthread_mutex_t lock;
	struct {
		uint64_t key;
		struct log_limit limit;
	} row[LIMITS];
} limits = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
allowed(uint64_t key, uint64_t *withheld)
{
	pthread_mutex_lock(&limits.lock);
	size_t at = key % LIMITS;
	if (limits.row[at].key != key) {
		limits.row[at].key = key;
		limits.row[at].limit = (struct log_limit){0};
	}
	bool now = log_allowed(&limits.row[at].limit, clock_monotonic_ns(), withheld);
	pthread_mutex_unlock(&limits.lock);
	return now;
}

bool
kafka_may_say(uint64_t key)
{
	uint64_t withheld;
	return allowed(key, &withheld);
}

/* TLS 1.3 refuses a client after the handshake: to the library it is a connection that failed, and only its text says why. */
static void
certificate_tell(const char *text)
{
	bool alert = strstr(text, "alert bad certificate") || strstr(text, "alert certificate required") || strstr(text, "alert unknown ca");
	if (alert && kafka_may_say(hash64("certificate", 11)))
		log_say(LEVEL_ERROR, "broker 不接受我方证书（双向 TLS）：把 ssl.certificate.location 和 ssl.key.location 设为由 broker 信任的签发者签发的证书和密钥%s",
		    "the broker does not accept our certificate (mutual TLS): set ssl.certificate.location and ssl.key.location to one that an authority it trusts has signed%s", "");
}

static void
log_callback(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
	uint64_t withheld;
	certificate_tell(text);
	/* Positions are committed without waiting: the log alone says that the group is refused.  Told at the next commit. */
	if (strcmp(facility, "COMMITFAIL") == 0 && strstr(text, "Group authorization failed"))
		atomic_store(&((struct status *)rd_kafka_opaque(client))->group_denied, true);
	if (!allowed(hash64(facility, strlen(facility)), &withheld))
		return;
	enum log_level ours = level <= 3 ? LEVEL_WARNING : LEVEL_INFO;
	if (withheld)
		log_say(ours, "librdkafka %s：%s（另有 %llu 条未列出）", "librdkafka %s: %s (%llu more not shown)", facility, text, (unsigned long long)withheld);
	else
		log_say(ours, "librdkafka %s：%s", "librdkafka %s: %s", facility, text);
}

static void
error_callback(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
	struct status *status = opaque;
	rd_kafka_resp_err_t error = (rd_kafka_resp_err_t)code;
	uint64_t withheld;
	(void)client;
	atomic_fetch_add(&status->kafka_errors, 1);
	if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR__SSL)
		atomic_store(&status->broker_down, true);
	if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
	    || error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		atomic_store(&status->suspect, true);
	/* One broker of many: the library goes to another, and says so when none is left. */
	enum log_level level = error == RD_KAFKA_RESP_ERR__TRANSPORT ? LEVEL_WARNING : LEVEL_ERROR;
	if (allowed((uint64_t)(1000 + code), &withheld))
		log_say(level, "%s（%s：%s）", "%s (%s: %s)", kafka_explain(error, log_language()), rd_kafka_err2name(error), reason);
}

/* ---- properties ---- */

static void
settings_set(rd_kafka_conf_t *conf, const struct setting_text *list, size_t count)
{
	char error[512];
	for (size_t i = 0; i < count; i++)
		if (rd_kafka_conf_set(conf, list[i].name, list[i].value, error, sizeof error) != RD_KAFKA_CONF_OK)
			log_say(LEVEL_WARNING, "librdkafka 不接受 %s：%s", "librdkafka does not take %s: %s", list[i].name, error);
}

rd_kafka_conf_t *
kafka_conf(const struct config *config, enum kafka_side side, struct status *status)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[512];
	bool consumer = side == KAFKA_CONSUMER;
	struct buffer brokers = {0};
	config_brokers(config, &brokers);
	rd_kafka_conf_set(conf, "bootstrap.servers", brokers.data, error, sizeof error);
	buffer_free(&brokers);
	settings_set(conf, both_settings, COUNT(both_settings));
	if (consumer)
		settings_set(conf, consumer_settings, COUNT(consumer_settings));
	if (consumer && rd_kafka_version() >= BACKOFF_VERSION)
		settings_set(conf, consumer_settings_since_backoff, COUNT(consumer_settings_since_backoff));
	if (!consumer)
		settings_set(conf, producer_settings, COUNT(producer_settings));
	for (size_t i = 0; i < config->properties; i++) {
		const struct kafka_property *property = &config->property[i];
		if (property->side == KAFKA_BOTH || property->side == side)
			rd_kafka_conf_set(conf, property->name, property->value, error, sizeof error);
	}
	if (consumer)
		settings_set(conf, fixed_consumer, COUNT(fixed_consumer));
	else
		settings_set(conf, fixed_producer, COUNT(fixed_producer));
	rd_kafka_conf_set_log_cb(conf, log_callback);
	rd_kafka_conf_set_error_cb(conf, error_callback);
	rd_kafka_conf_set_opaque(conf, status);
	return conf;
}
