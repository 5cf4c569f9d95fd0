/* See feed.h. */
#include "daemon/feed.h"

#include "core/base/memory.h"
#include "core/base/step.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/stats.h"

#include <stdio.h>
#include <stdlib.h>

bool
feed_open(struct feed *feed, const struct config *config, struct status *status, struct publisher *publisher, const volatile bool *stop)
{
	*feed = (struct feed){.config = config, .status = status, .publisher = publisher, .stop = stop};
	feed->digest = digest_open();
	feed->last = &feed->first;
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

struct waiting {
	struct waiting *next;
	uint64_t position;
	enum output_kind kind;
	bool is_own, is_archived;       /* the daemon's own line: kind means nothing; its position goes along */
	enum alert_status status;
	char group[17];                 /* "": none */
	char rule[RULE_ID_SIZE];        /* "": none; the ruleset may be gone when the line goes */
	struct origin origin;
	int64_t setl_time;
	size_t key, value, sealed;      /* lengths of what lies behind, in this order */
	char bytes[];
};

/* ---- lines come ---- */

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

static const struct origin no_origin = {.record_ms = INT64_MIN};

static char *
append(char *to, struct slice text)
{
	if (text.length)
		memcpy(to, text.data, text.length);
	return to + text.length;
}

static void
waiting_add(struct feed *feed, const struct ruleset *rules, const struct output *output, const struct origin *origin, uint64_t position, struct slice sealed)
{
	struct waiting *waiting = memory_resize(NULL, sizeof *waiting + output->key.length + output->line.length + sealed.length);
	*waiting = (struct waiting){.position = position, .kind = output->kind, .status = output->status, .origin = *origin,
	    .setl_time = output->setl_time, .key = output->key.length, .value = output->line.length, .sealed = sealed.length};
	snprintf(waiting->group, sizeof waiting->group, "%.*s", (int)output->group.length, output->group.length ? output->group.data : "");
	if (output->rule >= 0)
		snprintf(waiting->rule, sizeof waiting->rule, "%s", rules->rule[output->rule].id);
	append(append(append(waiting->bytes, output->key), output->line), sealed);
	*feed->last = waiting;
	feed->last = &waiting->next;
	count_add(&feed->status->waiting, 1);
}

void
feed_outputs(struct feed *feed, const struct ruleset *rules, const struct batch *batch, size_t first, size_t used, const struct scored *scored, uint64_t position)
{
	for (size_t i = 0; i < scored->outputs; i++) {
		const struct output *output = &scored->output[i];
		size_t index = first + output->record;
		struct origin origin = used ? origin_of(batch, index, scored, used) : no_origin;
		struct slice sealed = {NULL, 0};
		if (used && output->kind == OUTPUT_REFUSED && feed->seal
		    && seal_bytes(feed->seal, (struct slice){batch->record[index].bytes, batch->record[index].length}, &feed->sealed))
			sealed = (struct slice){feed->sealed.data, feed->sealed.length};
		waiting_add(feed, rules, output, &origin, position + (used ? index : 0), sealed);
	}
}

/* ---- lines go ---- */

static void
counts_add(struct feed *feed, const struct waiting *waiting, struct slice line)
{
	count_add(&feed->status->outputs[waiting->kind], 1);
	bool shadow = waiting->kind == OUTPUT_SHADOW;
	if ((waiting->kind == OUTPUT_ALERT || shadow) && waiting->rule[0])
		status_line(feed->status, waiting->rule, shadow, waiting->status);
	if (waiting->kind != OUTPUT_ALERT)
		return;
	feed->alerts++;
	digest_add(feed->digest, line.data, line.length);
	digest_add(feed->digest, "\n", 1);
}

static void
line_send(struct feed *feed, const struct waiting *waiting, struct slice key, struct slice line)
{
	struct headers headers;
	headers_make(&headers, feed->config->instance, places[waiting->kind].type, line, &waiting->origin, clock_wall_ms());
	if (waiting->group[0])
		headers_group(&headers, waiting->group);
	struct message message = {
		.topic = places[waiting->kind].topic,
		.key = key,
		.value = line,
		.headers = &headers,
		.sealed = {line.data + line.length, waiting->sealed},
		.is_alert = waiting->kind == OUTPUT_ALERT || waiting->kind == OUTPUT_SHADOW,
		.record_ms = waiting->origin.record_ms,
		.setl_time = waiting->setl_time,
		.position = waiting->position,
	};
	publisher_send(feed->publisher, &message, feed->stop);
}

struct own {                            /* a line of the daemon itself */
	const char *type;
	enum feed_topic topic;
	uint64_t position;
	bool is_archived;
};

static void
own_send(struct feed *feed, const struct own *own, struct slice key, struct slice line)
{
	struct headers headers;
	headers_make(&headers, feed->config->instance, own->type, line, NULL, clock_wall_ms());
	if (own->is_archived)
		headers_position(&headers, own->position);
	publisher_send(feed->publisher, &(struct message){.topic = own->topic, .key = key, .value = line, .headers = &headers,
	    .record_ms = INT64_MIN, .setl_time = INT64_MIN, .position = UINT64_MAX}, feed->stop);
	if (own->topic == TOPIC_ALERTS)
		mirror_line(&feed->mirror, line);
}

static void
go(struct feed *feed, const struct waiting *waiting)
{
	struct slice key = {waiting->bytes, waiting->key}, line = {waiting->bytes + waiting->key, waiting->value};
	if (waiting->is_own) {
		own_send(feed, &(struct own){"rules.changed", TOPIC_ALERTS, waiting->position, waiting->is_archived}, key, line);
		return;
	}
	counts_add(feed, waiting, line);
	if (feed->known && known_take(feed->known, places[waiting->kind].topic, waiting->kind, key, line)) {
		count_add(&feed->status->known_lines, 1);
		return;
	}
	line_send(feed, waiting, key, line);
	if (places[waiting->kind].on_feed)
		mirror_line(&feed->mirror, line);
}

void
feed_release(struct feed *feed, uint64_t synced)
{
	int64_t begin = clock_monotonic_ns();
	uint64_t gone = 0;
	if (!feed->is_open || !feed->first || feed->first->position >= synced)
		return;
	step("before_publish");
	while (feed->first && feed->first->position < synced) {
		struct waiting *waiting = feed->first;
		feed->first = waiting->next;
		if (!feed->first)
			feed->last = &feed->first;
		go(feed, waiting);
		free(waiting);
		gone++;
	}
	step("after_publish");
	count_add(&feed->status->waiting, -gone);
	hist_add(&feed->status->stage[STAGE_publish], (clock_monotonic_ns() - begin) / (int64_t)gone, gone);
}

uint64_t
feed_oldest(const struct feed *feed)
{
	return feed->first ? feed->first->position : UINT64_MAX;
}

uint64_t
feed_acknowledged(const struct feed *feed)
{
	uint64_t sent = publisher_oldest(feed->publisher), waiting = feed_oldest(feed);
	return sent < waiting ? sent : waiting;
}

void
feed_begin(struct feed *feed, struct known *known)
{
	feed->known = known;
	feed->is_open = true;
}

void
feed_forget_known(struct feed *feed)
{
	if (feed->known)
		known_close(feed->known);
	feed->known = NULL;
}

void
feed_go_on(struct feed *feed, struct digest *digest, uint64_t alerts)
{
	digest_close(feed->digest);
	feed->digest = digest;
	feed->alerts = alerts;
}

/* ---- the daemon's own lines ---- */

static void
own_line(struct feed *feed, const char *type, enum feed_topic topic)
{
	own_send(feed, &(struct own){.type = type, .topic = topic}, slice_of(feed->config->instance), (struct slice){feed->line.data, feed->line.length});
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
feed_rules_changed(struct feed *feed, const struct rules_change *change)
{
	struct slice key = slice_of(feed->config->instance);
	own_begin(feed, "rules.changed");
	json_key(&feed->line, "old");
	json_text(&feed->line, change->old_digest);
	json_key(&feed->line, "new");
	json_text(&feed->line, change->new_digest);
	json_key(&feed->line, "generation");
	json_unsigned(&feed->line, change->generation);
	json_key(&feed->line, "backfilled");
	json_bool(&feed->line, change->backfilled);
	json_key(&feed->line, "state");
	buffer_add(&feed->line, change->state.data, change->state.length);
	json_close(&feed->line, '}');
	struct waiting *waiting = memory_resize(NULL, sizeof *waiting + key.length + feed->line.length);
	*waiting = (struct waiting){.position = change->position, .is_own = true, .is_archived = change->is_archived, .setl_time = INT64_MIN,
	    .key = key.length, .value = feed->line.length};
	append(append(waiting->bytes, key), (struct slice){feed->line.data, feed->line.length});
	*feed->last = waiting;
	feed->last = &waiting->next;
	count_add(&feed->status->waiting, 1);
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
	while (feed->first) {
		struct waiting *waiting = feed->first;
		feed->first = waiting->next;
		free(waiting);
	}
	feed_forget_known(feed);
	mirror_close(&feed->mirror);
	digest_close(feed->digest);
	if (feed->seal)
		seal_close(feed->seal);
	buffer_free(&feed->line);
	buffer_free(&feed->sealed);
}
