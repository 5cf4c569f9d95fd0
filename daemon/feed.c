/* See feed.h. */
#include "daemon/feed.h"

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/stats.h"

bool
feed_open(struct feed *feed, const struct config *config, struct status *status, struct publisher *publisher, const volatile bool *stop)
{
	*feed = (struct feed){.config = config, .status = status, .publisher = publisher, .stop = stop};
	feed->digest = digest_open();
	mirror_open(&feed->mirror, config->mirror, status);
	if (!config->refused_certificate[0])
		return true;
	feed->seal = seal_open(config->refused_certificate);
	if (!feed->seal)
		log_say(LEVEL_ERROR, "读不了证书 %s（PEM，RSA 或 EC）", "cannot read the certificate %s (PEM, RSA or EC)", config->refused_certificate);
	return feed->seal != NULL;
}

static const struct {
	enum feed_topic topic;
	const char *type;               /* ce_type */
	bool on_feed;
} places[OUTPUT_KINDS] = {
	[OUTPUT_ALERT] = {TOPIC_ALERTS, "alert", true},
	[OUTPUT_SHADOW] = {TOPIC_SHADOW, "alert.shadow", false},
	[OUTPUT_INDICATOR] = {TOPIC_INDICATORS, "indicator", false},
	[OUTPUT_REFUSED] = {TOPIC_REFUSED, "refused", false},
	[OUTPUT_DATA_QUALITY] = {TOPIC_ALERTS, "data_quality", true},
};

static void
counts_add(struct feed *feed, const struct ruleset *rules, const struct output *output)
{
	count_add(&feed->status->outputs[output->kind], 1);
	bool shadow = output->kind == OUTPUT_SHADOW;
	if ((output->kind == OUTPUT_ALERT || shadow) && output->rule >= 0)
		status_line(feed->status, rules->rule[output->rule].id, shadow, output->status);
	if (output->kind != OUTPUT_ALERT)
		return;
	feed->alerts++;
	digest_add(feed->digest, output->line.data, output->line.length);
	digest_add(feed->digest, "\n", 1);
}

static struct origin
origin_of(const struct batch *batch, size_t index, const struct scored *scored, size_t used)
{
	const struct record *record = &batch->record[index];
	return (struct origin){
		.topic = record->topic,
		.partition = record->partition,
		.offset = record->offset,
		.record_ms = record->arrival_ms,
		.taken_ms = batch->taken_wall_ms,
		.decode_ns = batch->decode_ns / (int64_t)(batch->count ? batch->count : 1),
		.score_ns = (int64_t)((scored->decode_ns + scored->score_ns) / used),
	};
}

static void
output_send(struct feed *feed, const struct batch *batch, size_t index, const struct output *output, const struct origin *origin)
{
	struct headers headers;
	headers_make(&headers, feed->config->instance, places[output->kind].type, output->line, origin, clock_wall_ms());
	struct message message = {
		.topic = places[output->kind].topic,
		.key = output->key,
		.value = output->line,
		.headers = &headers,
		.is_alert = output->kind == OUTPUT_ALERT || output->kind == OUTPUT_SHADOW,
		.record_ms = origin->record_ms,
		.setl_time = output->setl_time,
	};
	if (output->kind == OUTPUT_REFUSED && feed->seal
	    && seal_bytes(feed->seal, (struct slice){batch->record[index].bytes, batch->record[index].length}, &feed->sealed))
		message.sealed = (struct slice){feed->sealed.data, feed->sealed.length};
	publisher_send(feed->publisher, &message, feed->stop);
}

void
feed_outputs(struct feed *feed, const struct ruleset *rules, const struct batch *batch, size_t first, size_t used, const struct scored *scored)
{
	int64_t begin = clock_monotonic_ns();
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		size_t index = first + output->record;
		struct origin origin = origin_of(batch, index, scored, used);
		counts_add(feed, rules, output);
		output_send(feed, batch, index, output, &origin);
		if (places[output->kind].on_feed)
			mirror_line(&feed->mirror, output->line);
	}
	if (scored->outputs)
		hist_add(&feed->status->stage[STAGE_publish], (clock_monotonic_ns() - begin) / (int64_t)scored->outputs, scored->outputs);
}

/* ---- the daemon's own lines ---- */

static void
own_line(struct feed *feed, const char *type, enum feed_topic topic)
{
	struct headers headers;
	struct slice line = {feed->line.data, feed->line.length};
	headers_make(&headers, feed->config->instance, type, line, NULL, clock_wall_ms());
	publisher_send(feed->publisher, &(struct message){.topic = topic, .key = slice_of(feed->config->instance), .value = line,
	    .headers = &headers, .record_ms = INT64_MIN, .setl_time = INT64_MIN}, feed->stop);
	if (topic == TOPIC_ALERTS)
		mirror_line(&feed->mirror, line);
}

static void
own_begin(struct feed *feed, const char *type)
{
	char time[CLOCK_TEXT_SIZE];
	feed->line.length = 0;
	json_open(&feed->line, '{');
	json_key(&feed->line, "type");
	json_text(&feed->line, type);
	json_key(&feed->line, "time");
	json_text(&feed->line, clock_text(clock_wall_ms(), time));
	json_key(&feed->line, "instance");
	json_text(&feed->line, feed->config->instance);
}

static uint64_t
sum_of_partitions(struct status *status, size_t offset)
{
	const struct partition *partition = atomic_load(&status->partition);
	uint64_t sum = 0;
	for (size_t i = 0; i < atomic_load(&status->partitions); i++)
		sum += count_get((const _Atomic uint64_t *)((const char *)&partition[i] + offset));
	return sum;
}

static uint64_t
lag_sum(struct status *status)
{
	const struct partition *partition = atomic_load(&status->partition);
	uint64_t sum = 0;
	for (size_t i = 0; i < atomic_load(&status->partitions); i++)
		sum += (uint64_t)partition_lag(&partition[i]);
	return sum;
}

void
feed_heartbeat(struct feed *feed)
{
	char digest[DIGEST_TEXT_SIZE];
	struct buffer ready = {0};
	own_begin(feed, "heartbeat");
	json_key(&feed->line, "ready");
	json_bool(&feed->line, status_ready(feed->status, clock_monotonic_ns(), &ready));
	json_key(&feed->line, "ruleset");
	json_text(&feed->line, feed->status->figures.ruleset);
	json_key(&feed->line, "received");
	json_unsigned(&feed->line, sum_of_partitions(feed->status, offsetof(struct partition, received)));
	json_key(&feed->line, "lag");
	json_unsigned(&feed->line, lag_sum(feed->status));
	json_key(&feed->line, "alerts");
	json_unsigned(&feed->line, feed->alerts);
	feed_digest(feed, digest);
	json_key(&feed->line, "feed_digest");
	json_text(&feed->line, digest);
	json_close(&feed->line, '}');
	buffer_free(&ready);
	own_line(feed, "heartbeat", TOPIC_ALERTS);
}

void
feed_rules_changed(struct feed *feed, const char *old_digest, const char *new_digest, const char *state_json)
{
	own_begin(feed, "rules.changed");
	json_key(&feed->line, "old");
	json_text(&feed->line, old_digest);
	json_key(&feed->line, "new");
	json_text(&feed->line, new_digest);
	json_key(&feed->line, "state");
	buffer_text(&feed->line, state_json && state_json[0] ? state_json : "{}");
	json_close(&feed->line, '}');
	own_line(feed, "rules.changed", TOPIC_ALERTS);
}

void
feed_stats(struct feed *feed)
{
	feed->line.length = 0;
	stats_line(feed->status, feed->config->instance, clock_wall_ms(), clock_monotonic_ns(), &feed->line);
	own_line(feed, "stats", TOPIC_STATS);
}

void
feed_digest(const struct feed *feed, char text[DIGEST_TEXT_SIZE])
{
	uint8_t value[DIGEST_BYTES];
	digest_value(feed->digest, value);
	hex_text(value, DIGEST_BYTES, text);
}

void
feed_close(struct feed *feed)
{
	mirror_close(&feed->mirror);
	digest_close(feed->digest);
	if (feed->seal)
		seal_close(feed->seal);
	buffer_free(&feed->line);
	buffer_free(&feed->sealed);
}
