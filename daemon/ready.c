/* /readyz and /healthz: one JSON object that names the part that fails and says in both languages what is wrong. */
#include "daemon/clock.h"
#include "daemon/status.h"

struct answer {
	struct buffer *out;             /* the parts */
	struct buffer failing;          /* their names */
};

static void
part(struct answer *answer, const char *name, bool ok, const char *zh, const char *en)
{
	json_key(answer->out, name);
	json_open(answer->out, '{');
	json_key(answer->out, "ok");
	json_bool(answer->out, ok);
	if (!ok) {
		json_key(answer->out, "zh");
		json_text(answer->out, zh);
		json_key(answer->out, "en");
		json_text(answer->out, en);
		json_text(&answer->failing, name);
	}
}

static void
part_end(struct answer *answer)
{
	json_close(answer->out, '}');
}

static void
broker_part(struct answer *answer, struct status *status, int64_t now_ns)
{
	int64_t answered = atomic_load(&status->broker_answered_ns);
	bool silent = !answered || now_ns - answered > status->check_every_ns + BROKER_SILENCE_SECONDS * NS_PER_SECOND;
	bool down = atomic_load(&status->broker_down);
	part(answer, "broker", !silent && !down, "没有 broker 应答；检查 brokers 设置、网络和登录信息", "no broker answers; check brokers, the network and the login");
	part_end(answer);
}

static void
records_part(struct answer *answer, struct status *status)
{
	int phase = atomic_load(&status->phase);
	part(answer, "recovery", phase != PHASE_RECOVERING, "正在从档案恢复", "the state is being brought back from the archive");
	part_end(answer);
	part(answer, "enrolments", phase == PHASE_RUNNING || phase == PHASE_DRAINING, "参保记录尚未读完，结算还没有开始",
	    "the enrolments are not read to their end yet; the settlements have not begun");
	part_end(answer);
}

static void
partition_name(struct buffer *out, const struct partition *partition)
{
	char name[300];
	snprintf(name, sizeof name, "%s[%d]", partition->topic, (int)partition->number);
	json_text(out, name);
}

static void
partitions_part(struct answer *answer, struct status *status, int64_t now_ns)
{
	const struct partition *partition = atomic_load(&status->partition);
	size_t count = atomic_load(&status->partitions), stalled = 0;
	for (size_t i = 0; i < count; i++)
		stalled += partition_stalled(&partition[i], now_ns, status->stall_after_ns);
	part(answer, "progress", count > 0 && stalled == 0, count ? "有积压的分区没有前进；检查 broker 和读权限" : "还没有找到主题",
	    count ? "a partition with lag does not advance; check the broker and the right to read" : "the topics are not found yet");
	json_key(answer->out, "stalled");
	json_open(answer->out, '[');
	for (size_t i = 0; i < count; i++)
		if (partition_stalled(&partition[i], now_ns, status->stall_after_ns))
			partition_name(answer->out, &partition[i]);
	json_close(answer->out, ']');
	part_end(answer);
}

static void
contiguity_part(struct answer *answer, struct status *status)
{
	const struct partition *partition = atomic_load(&status->partition);
	size_t count = atomic_load(&status->partitions);
	uint64_t missing = 0;
	for (size_t i = 0; i < count; i++)
		missing += count_get(&partition[i].missing);
	part(answer, "contiguity", !missing || !status->gaps_alarm, "有位移被跳过，可能缺记录；核对主题后重启",
	    "offsets were skipped, records may be missing; look into the topic, then restart");
	json_key(answer->out, "missing");
	json_unsigned(answer->out, missing);
	part_end(answer);
	part(answer, "partition_count", !atomic_load(&status->partitions_changed), "主题的分区数变了，新分区没有在读；请重启",
	    "a topic changed its number of partitions and the new ones are not read; restart");
	part_end(answer);
}

static void
publisher_part(struct answer *answer, struct status *status)
{
	uint64_t held = count_get(&status->held);
	part(answer, "publisher", held == 0, "有告警没有送达，正在重发；检查输出主题和写权限",
	    "lines could not be delivered and are sent again; check the output topics and the right to write");
	json_key(answer->out, "held");
	json_unsigned(answer->out, held);
	part_end(answer);
}

static void
archive_part(struct answer *answer, struct status *status)
{
	int error = atomic_load(&status->archive_errno);
	if (!atomic_load(&status->archive_on))
		return;
	part(answer, "archive", error == 0, "档案写不进去，已停止读取；空出磁盘或修好，会自动继续", "the archive cannot be written and reading has stopped; free the disk or repair it, it goes on by itself");
	json_key(answer->out, "errno");
	json_integer(answer->out, error);
	json_key(answer->out, "synced");
	json_unsigned(answer->out, count_get(&status->archive_synced));
	json_key(answer->out, "recovered");
	json_unsigned(answer->out, count_get(&status->recovered));
	part_end(answer);
	part(answer, "topics", !atomic_load(&status->suspect), "正在核对主题是否还是档案读过的那个", "it is being checked whether the topics are still those that the archive was read from");
	part_end(answer);
}

static void
turn_part(struct answer *answer, struct status *status, int64_t now_ns)
{
	bool turning = now_ns - atomic_load(&status->turn_ns) < TURN_SILENCE_SECONDS * NS_PER_SECOND;
	part(answer, "turn", turning, "主循环没有前进", "the main loop does not turn");
	part_end(answer);
}

static bool
finish(struct answer *answer, const char *word, struct buffer *out, struct buffer *parts)
{
	bool ok = answer->failing.length == 0;
	json_open(out, '{');
	json_key(out, word);
	json_bool(out, ok);
	json_key(out, "failing");
	json_open(out, '[');
	buffer_add(out, answer->failing.data, answer->failing.length);
	json_close(out, ']');
	json_key(out, "parts");
	buffer_add(out, parts->data, parts->length);
	buffer_free(parts);
	buffer_free(&answer->failing);
	return ok;
}

bool
status_ready(struct status *status, int64_t now_ns, struct buffer *out)
{
	struct buffer parts = {0};
	struct answer answer = {.out = &parts};
	json_open(&parts, '{');
	broker_part(&answer, status, now_ns);
	partitions_part(&answer, status, now_ns);
	records_part(&answer, status);
	contiguity_part(&answer, status);
	publisher_part(&answer, status);
	archive_part(&answer, status);
	turn_part(&answer, status, now_ns);
	part(&answer, "draining", atomic_load(&status->phase) != PHASE_DRAINING, "正在停止", "stopping");
	part_end(&answer);
	json_close(&parts, '}');
	bool ok = finish(&answer, "ready", out, &parts);
	json_close(out, '}');
	return ok;
}

bool
status_alive(struct status *status, int64_t now_ns, struct buffer *out)
{
	struct buffer parts = {0};
	struct answer answer = {.out = &parts};
	json_open(&parts, '{');
	turn_part(&answer, status, now_ns);
	json_close(&parts, '}');
	bool ok = finish(&answer, "alive", out, &parts);
	pthread_mutex_lock(&status->lock);
	json_key(out, "ruleset");
	json_text(out, status->figures.ruleset);
	json_key(out, "feed_digest");
	json_text(out, status->figures.feed);
	pthread_mutex_unlock(&status->lock);
	json_key(out, "rules_reload_successful");
	json_bool(out, atomic_load(&status->rules_reload_ok));
	json_key(out, "mirror_failed");
	json_bool(out, atomic_load(&status->mirror_failed));
	json_key(out, "uptime_seconds");
	json_integer(out, (now_ns - status->started_ns) / NS_PER_SECOND);
	json_close(out, '}');
	return ok;
}
