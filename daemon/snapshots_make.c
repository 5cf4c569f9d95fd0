/* The process that makes one snapshot: fundwatchd --make-snapshot.  It reads the archive that the daemon goes on writing, at
 * the lowest priority, and dies with the daemon. */
#include "daemon/snapshots.h"

#include "core/base/memory.h"
#include "core/base/time.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/restore.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#define IOPRIO_IDLE (3 << 13)
#define IOPRIO_WHO_PROCESS 1

/* Lines are not said, they are counted: the digest of the alert lines is part of the snapshot. */
static void
lines_count(void *context, const struct ruleset *rules, const struct batch *batch, size_t first, size_t used, const struct scored *scored, uint64_t position)
{
	struct restored *restored = context;
	(void)rules, (void)batch, (void)first, (void)used, (void)position;
	for (size_t i = 0; i < scored->outputs; i++) {
		if (scored->output[i].kind != OUTPUT_ALERT)
			continue;
		restored->head.alerts++;
		digest_add(restored->head.feed, scored->output[i].line.data, scored->output[i].line.length);
		digest_add(restored->head.feed, "\n", 1);
	}
}

static void
floors_free(struct snapshot_head *head)
{
	for (size_t i = 0; i < head->floors; i++)
		free(head->floor[i].topic);
	free(head->floor);
	head->floor = NULL;
	head->floors = 0;
}

static bool
request_read(FILE *file, uint64_t *position)
{
	unsigned long long number;
	bool good = fscanf(file, "%llu\n", &number) == 1;
	*position = good ? number : 0;
	return good;
}

static void
floors_read(FILE *file, struct snapshot_head *head)
{
	char topic[256];
	int partition;
	long long offset;
	floors_free(head);
	while (fscanf(file, "%255s %d %lld\n", topic, &partition, &offset) == 3) {
		head->floor = memory_resize(head->floor, (head->floors + 1) * sizeof *head->floor);
		head->floor[head->floors++] = (struct output_floor){strdup(topic), partition, offset};
	}
}

static void
priority_lower(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setpriority(PRIO_PROCESS, 0, 19) != 0 || syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE) != 0)
		log_say(LEVEL_WARNING, "快照进程不能降低优先级%s", "the snapshot's process cannot lower its priority%s", "");
}

static void
prune(const struct config *config, int64_t newest_event)
{
	uint64_t *position;
	size_t count = snapshot_list(config->archive.dir, &position);
	struct archive_limits limits = {
		.keep_from = config->archive.keep_days && newest_event != EVENT_TIME_NONE ? newest_event - config->archive.keep_days * DAY_SECONDS : EVENT_TIME_NONE,
		.bytes = (uint64_t)config->archive.keep_gb << 30, .floor = count ? position[count - 1] : 0,
	};
	free(position);
	if (!config->archive.keep_days && !config->archive.keep_gb)
		return;
	struct diags diags = {0};
	size_t gone = archive_prune(config->archive.dir, &limits, false, &diags);
	if (gone)
		log_say(LEVEL_INFO, "按保留期限删除了 %zu 个档案分段", "segments removed from the archive because their time is over: %zu", gone);
	diags_free(&diags);
}

static int
make(const struct config *config, const struct archive_options *options, struct restored *restored, FILE *request)
{
	struct snapshot_head *head = &restored->head;
	if (!restored->scorer) {
		log_say(LEVEL_ERROR, "档案里还没有可做快照的内容%s", "the archive holds nothing to make a snapshot of%s", "");
		return EX_DATAERR;
	}
	floors_read(request, head);
	if (!archive_chain_at(config->archive.dir, options, head->position, head->chain)) {
		log_say(LEVEL_ERROR, "档案位置 %llu 不是帧的结尾", "the archive's position %llu is not the end of a frame", (unsigned long long)head->position);
		return EX_DATAERR;
	}
	int error = snapshot_write(config->archive.dir, options, head, restored->scorer);
	if (error) {
		log_say(LEVEL_ERROR, "快照写不进去：%s", "the snapshot cannot be written: %s", strerror(error));
		return EX_IOERR;
	}
	snapshot_sweep(config->archive.dir, (size_t)config->archive.snapshots);
	prune(config, head->newest_event);
	return EX_OK;
}

int
snapshots_make(const struct config *config, const struct key *key)
{
	static const volatile bool never;
	static struct status status;
	struct archive_options options;
	struct restored restored;
	struct diags diags = {0};
	uint64_t position;
	priority_lower();
	status_init(&status, config);
	bool good = archive_options_of(config, &options, &diags) && request_read(stdin, &position);
	log_diags(&diags);
	diags_free(&diags);
	if (!good)
		return EX_USAGE;
	struct restore_taker taker = {lines_count, &restored, &never};
	int result = restore_run(&restored, config, &options, key, position, &taker, &status);
	if (!result)
		result = make(config, &options, &restored, stdin);
	restored_free(&restored);
	status_free(&status);
	return result;
}
