/* See guard.h. */
#include "daemon/guard.h"

#include "core/base/memory.h"
#include "daemon/log.h"
#include "daemon/probe.h"

#include <stdlib.h>
#include <string.h>

#define ASK_TIMEOUT_MS 5000

struct look {                           /* of one cursor */
	const struct cursor *cursor;
	int64_t low, high;
	bool read, same;
};

struct looking {
	const struct config *config;
	struct look *look;
	struct probe_part *part;
	size_t count, parts;
};

static void
gap_add(struct guard *guard, const struct look *look, const char *reason)
{
	guard->gap = memory_resize(guard->gap, (guard->gaps + 1) * sizeof *guard->gap);
	struct guard_gap *gap = &guard->gap[guard->gaps++];
	*gap = (struct guard_gap){.topic = look->cursor->topic, .partition = look->cursor->partition, .expected = look->cursor->next, .found = look->low};
	strcpy(gap->reason, reason);
}

static void
say(const struct look *look, const char *zh, const char *en)
{
	log_say(LEVEL_ERROR, "%s[%d]：档案读到位移 %lld，主题现有 %lld 至 %lld：%s", "%s[%d]: the archive was read to offset %lld, the topic holds %lld to %lld: %s",
	    look->cursor->topic, (int)look->cursor->partition, (long long)look->cursor->next, (long long)look->low, (long long)look->high,
	    log_language() == LANGUAGE_ZH ? zh : en);
}

static void
record_take(void *context, const struct probe_part *part, const rd_kafka_message_t *message)
{
	struct looking *looking = context;
	struct look *look = &looking->look[part->tag];
	struct hash128 hash = hash128(message->len ? message->payload : "", message->len);
	look->read = true;
	look->same = hash.low == look->cursor->last_bytes.low && hash.high == look->cursor->last_bytes.high;
}

/* A topic that is configured no longer has cursors too: it is not read, and so not looked at. */
static bool
is_read(const struct config *config, const char *topic)
{
	return strcmp(topic, config->topics.settlement) == 0 || strcmp(topic, config->topics.enrolment) == 0;
}

/* A partition without a leader is said to be unknown too, for a moment after every start of a broker: it is gone only when
 * the topic is there and says that it has fewer. */
static bool
is_gone(rd_kafka_t *client, const struct cursor *cursor)
{
	struct kafka_topic topic = {.name = cursor->topic};
	return !kafka_ask_topics(client, &topic, 1, ASK_TIMEOUT_MS) && topic.partitions > 0 && cursor->partition >= topic.partitions;
}

static bool
ends_ask(struct looking *looking, rd_kafka_t *client, const struct cursors *cursors)
{
	for (size_t i = 0; i < cursors->count; i++) {
		const struct cursor *cursor = &cursors->cursor[i];
		struct look *look = &looking->look[looking->count];
		if (!is_read(looking->config, cursor->topic))
			continue;
		*look = (struct look){.cursor = cursor};
		rd_kafka_resp_err_t error = probe_ends(client, cursor->topic, cursor->partition, &look->low, &look->high);
		if (error && !is_gone(client, cursor))
			return false;
		if (error)
			look->low = look->high = 0;     /* made again with fewer partitions */
		bool is_there = look->cursor->last >= look->low && look->cursor->last < look->high;
		if (is_there)
			looking->part[looking->parts++] = (struct probe_part){.topic = cursor->topic, .partition = cursor->partition, .from = cursor->last,
			    .until = cursor->last + 1, .tag = looking->count};
		looking->count++;
	}
	return true;
}

static void
verdict(const struct look *look, struct guard *guard)
{
	int64_t last = look->cursor->last;
	if (look->cursor->next > look->high) {
		say(look, "主题比档案短，可能被删除重建", "it is shorter than the archive: it may have been deleted and made again");
		gap_add(guard, look, "shortened");
	} else if (last >= look->low && last < look->high && look->read && !look->same) {
		say(look, "最后一条记录的内容不同：主题被删除重建过", "the last record is another one: the topic was deleted and made again");
		gap_add(guard, look, "recreated");
	} else if (look->cursor->next < look->low) {
		say(look, "要读的记录已被删除（保留时间）", "records that were due are gone (retention)");
		gap_add(guard, look, "truncated");
	} else if (!look->read && last >= 0 && last < look->high) {
		/* Compaction or retention took it: the offsets fit, which is all that can be said. */
		log_say(LEVEL_WARNING, "%s[%d]：位移 %lld 的记录已不在，无法核对内容，从 %lld 继续",
		    "%s[%d]: the record at offset %lld is gone, its bytes cannot be compared; going on at %lld", look->cursor->topic,
		    (int)look->cursor->partition, (long long)last, (long long)look->cursor->next);
	}
}

enum guard_answer
guard_look(const struct config *config, struct status *status, rd_kafka_t *client, const struct cursors *cursors, struct guard *guard,
    const volatile bool *stop)
{
	*guard = (struct guard){0};
	struct looking looking = {.config = config,
		.look = memory_resize(NULL, (cursors->count + 1) * sizeof *looking.look),
		.part = memory_resize(NULL, (cursors->count + 1) * sizeof *looking.part)};
	enum guard_answer answer = GUARD_NO_ANSWER;
	if (ends_ask(&looking, client, cursors)) {
		enum probe_answer read = probe_read(config, status, looking.part, looking.parts, record_take, &looking, stop);
		answer = read == PROBE_DONE ? GUARD_LOOKED : read == PROBE_STOPPED ? GUARD_STOPPED : GUARD_NO_ANSWER;
	}
	for (size_t i = 0; answer == GUARD_LOOKED && i < looking.count; i++)
		verdict(&looking.look[i], guard);
	free(looking.look);
	free(looking.part);
	return answer;
}
