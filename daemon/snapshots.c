/* See snapshots.h.  The request is lines of text: position, then one line an output partition: topic, partition, offset. */
#include "daemon/snapshots.h"

#include "core/archive/snapshot.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_NS (30 * NS_PER_SECOND)

extern char **environ;

void
snapshots_open(struct snapshots *snapshots, const struct config *config, struct status *status, uint64_t newest)
{
	*snapshots = (struct snapshots){.config = config, .status = status, .newest = newest,
	    .due_ns = clock_monotonic_ns() + config->archive.snapshot_every * NS_PER_SECOND};
	atomic_store(&status->snapshot_position, newest);
	if (newest)
		atomic_store(&status->snapshot_wall_ms, snapshot_wall_ms(config->archive.dir, newest));
}

/* ---- beginning ---- */

/* Lines from the position on were never sent yet: they wait for a later sync.  So the floors of now are right for it. */
static void
choose(struct snapshots *snapshots, struct archivist *archivist, const struct feed *feed)
{
	size_t floors;
	const struct output_floor *floor = publisher_floors(feed->publisher, &floors);
	if (feed->known)
		return;         /* lines may come again that are before the ends that the topics had at the start */
	snapshots->position = archivist_boundary(archivist);
	if (feed_oldest(feed) < snapshots->position)
		return;         /* more was synced since the lines were released: at the next turn */
	snapshots->chosen = true;
	feed_digest(feed, snapshots->digest);
	snapshots->request.length = 0;
	buffer_printf(&snapshots->request, "%llu\n", (unsigned long long)snapshots->position);
	for (size_t i = 0; i < floors; i++)
		buffer_printf(&snapshots->request, "%s %d %lld\n", floor[i].topic, (int)floor[i].partition, (long long)floor[i].offset);
}

/* A file in memory with the request, at its beginning. */
static int
request_file(const struct buffer *request)
{
	int fd = memfd_create("snapshot-request", MFD_CLOEXEC);
	bool whole = fd >= 0 && write(fd, request->data, request->length) == (ssize_t)request->length && lseek(fd, 0, SEEK_SET) == 0;
	if (whole || fd < 0)
		return fd;
	close(fd);
	return -1;
}

static void
failed(struct snapshots *snapshots, const char *zh, const char *en)
{
	count_add(&snapshots->status->snapshot_failures, 1);
	snapshots->retry_ns = clock_monotonic_ns() + RETRY_NS;
	log_say(LEVEL_ERROR, "快照没有做成：%s；判定不受影响，下次再做", "no snapshot was made: %s; judging goes on, the next try comes",
	    log_language() == LANGUAGE_ZH ? zh : en);
}

static void
begin(struct snapshots *snapshots, int64_t now_ns)
{
	const char *const arguments[] = {"fundwatchd", "--config", snapshots->config->file, "--lang", log_language() == LANGUAGE_ZH ? "zh" : "en",
	    "--make-snapshot", NULL};
	posix_spawn_file_actions_t actions;
	int request = request_file(&snapshots->request);
	snapshots->chosen = false;
	snapshots->begun_ns = now_ns;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, request, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	int error = request < 0 ? errno : posix_spawn(&snapshots->process, "/proc/self/exe", &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (request >= 0)
		close(request);
	if (!error)
		return;
	snapshots->process = 0;
	failed(snapshots, strerror(error), strerror(error));
}

/* ---- its end ---- */

/* The one that was made says what it judged: its digest must be ours. */
static void
made(struct snapshots *snapshots, int64_t now_ns)
{
	struct snapshot_head head = {0};
	struct archive_options options;
	struct diags diags = {0};
	struct snapshot *snapshot = archive_options_of(snapshots->config, &options, &diags)
	    ? snapshot_open(snapshots->config->archive.dir, &options, snapshots->position, &head, &diags) : NULL;
	diags_free(&diags);
	if (!snapshot) {
		failed(snapshots, "文件读不回来", "its file cannot be read again");
		return;
	}
	uint8_t value[DIGEST_BYTES];
	char text[DIGEST_TEXT_SIZE];
	digest_value(head.feed, value);
	hex_text(value, DIGEST_BYTES, text);
	snapshot_close(snapshot);
	snapshot_head_free(&head);
	if (strcmp(text, snapshots->digest) != 0) {
		log_say(LEVEL_ERROR, "快照 %llu 的告警流摘要 %s 与运行中的 %s 不同：内存或磁盘有错，该快照已弃用，请停机核查",
		    "the snapshot at %llu has the feed digest %s and the daemon %s: memory or disk is at fault; the snapshot is not used, stop and look into it",
		    (unsigned long long)snapshots->position, text, snapshots->digest);
		snapshot_remove(snapshots->config->archive.dir, snapshots->position);
		count_add(&snapshots->status->snapshot_failures, 1);
		snapshots->retry_ns = now_ns + RETRY_NS;
		return;
	}
	struct status *status = snapshots->status;
	snapshots->newest = snapshots->position;
	count_add(&status->snapshots, 1);
	atomic_store(&status->snapshot_position, snapshots->newest);
	atomic_store(&status->snapshot_bytes, snapshot_bytes(snapshots->config->archive.dir, snapshots->newest));
	atomic_store(&status->snapshot_ms, (now_ns - snapshots->begun_ns) / NS_PER_MS);
	atomic_store(&status->snapshot_wall_ms, clock_wall_ms());
	log_say(LEVEL_INFO, "快照 %llu 已完成，用时 %lld 毫秒", "snapshot at %llu made in %lld ms", (unsigned long long)snapshots->newest,
	    (long long)((now_ns - snapshots->begun_ns) / NS_PER_MS));
}

static void
look(struct snapshots *snapshots, int64_t now_ns)
{
	int state;
	pid_t ended = waitpid(snapshots->process, &state, WNOHANG);
	if (ended == 0)
		return;
	snapshots->process = 0;
	if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
		made(snapshots, now_ns);
	else
		failed(snapshots, "制作进程异常结束（原因见上面的日志）", "the process that makes it did not end well (its log lines say why)");
}

void
snapshots_step(struct snapshots *snapshots, struct archivist *archivist, const struct feed *feed, int64_t now_ns)
{
	if (snapshots->process) {
		look(snapshots, now_ns);
		return;
	}
	uint64_t synced = archivist_synced(archivist);
	bool due = synced >= snapshots->newest + (uint64_t)snapshots->config->archive.snapshot_records
	    || (now_ns >= snapshots->due_ns && synced > snapshots->newest);
	if (!snapshots->chosen && due && now_ns >= snapshots->retry_ns)
		choose(snapshots, archivist, feed);
	if (!snapshots->chosen || feed_acknowledged(feed) < snapshots->position)
		return;
	snapshots->due_ns = now_ns + snapshots->config->archive.snapshot_every * NS_PER_SECOND;
	begin(snapshots, now_ns);
}

void
snapshots_close(struct snapshots *snapshots)
{
	if (snapshots->process) {
		kill(snapshots->process, SIGKILL);
		waitpid(snapshots->process, NULL, 0);
	}
	buffer_free(&snapshots->request);
}
