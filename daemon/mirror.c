/* See mirror.h. */
#include "daemon/mirror.h"

#include "daemon/clock.h"
#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_NS (1 * NS_PER_SECOND)

static void
failure(struct mirror *mirror, int error, int64_t now_ns)
{
	mirror->retry_ns = now_ns + RETRY_NS;
	if (mirror->failed)
		return;
	mirror->failed = true;
	atomic_store(&mirror->status->mirror_failed, true);
	log_say(LEVEL_ERROR, "镜像文件 %s 写不了：%s；告警照常发布，腾出空间后自动续写", "the mirror %s cannot be written: %s; alerts go on, and so does the mirror when there is room",
	    mirror->path, strerror(error));
}

static void
file_open(struct mirror *mirror, int64_t now_ns)
{
	struct stat state;
	mirror->fd = open(mirror->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (mirror->fd < 0 || fstat(mirror->fd, &state) != 0) {
		failure(mirror, errno, now_ns);
		return;
	}
	mirror->device = state.st_dev;
	mirror->inode = state.st_ino;
}

void
mirror_open(struct mirror *mirror, const char *path, struct status *status)
{
	*mirror = (struct mirror){.path = path, .status = status, .fd = -1};
	if (path[0])
		file_open(mirror, clock_monotonic_ns());
}

void
mirror_line(struct mirror *mirror, struct slice line)
{
	if (!mirror->path[0])
		return;
	if (mirror->failed && mirror->waiting.length + line.length > MIRROR_WAITING_MAX) {
		count_add(&mirror->status->mirror_lost, 1);
		return;
	}
	buffer_add(&mirror->waiting, line.data, line.length);
	buffer_char(&mirror->waiting, '\n');
	mirror->lines_waiting++;
}

/* Log rotation: the name leads to another file now, or to none. */
static void
rotation_look(struct mirror *mirror, int64_t now_ns)
{
	struct stat state;
	if (now_ns < mirror->look_ns)
		return;
	mirror->look_ns = now_ns + RETRY_NS;
	if (mirror->fd >= 0 && stat(mirror->path, &state) == 0 && state.st_dev == mirror->device && state.st_ino == mirror->inode)
		return;
	if (mirror->fd >= 0)
		close(mirror->fd);
	file_open(mirror, now_ns);
}

/* A line that is only half written is taken back, so that the file holds whole lines at all times. */
static void
half_line_undo(struct mirror *mirror, size_t written)
{
	size_t whole = written;
	while (whole > 0 && mirror->waiting.data[whole - 1] != '\n')
		whole--;
	off_t end = lseek(mirror->fd, 0, SEEK_END);
	if (whole < written && end >= (off_t)(written - whole) && ftruncate(mirror->fd, end - (off_t)(written - whole)) != 0)
		whole = written;        /* no regular file: what went out is out */
	uint64_t lines = 0;
	for (size_t i = 0; i < whole; i++)
		lines += mirror->waiting.data[i] == '\n';
	memmove(mirror->waiting.data, mirror->waiting.data + whole, mirror->waiting.length - whole);
	mirror->waiting.length -= whole;
	mirror->lines_waiting -= lines;
	count_add(&mirror->status->mirror_lines, lines);
}

void
mirror_write(struct mirror *mirror, int64_t now_ns)
{
	if (!mirror->path[0] || (mirror->failed && now_ns < mirror->retry_ns))
		return;
	rotation_look(mirror, now_ns);
	if (!mirror->waiting.length || mirror->fd < 0)
		return;
	size_t written = 0;
	int error = 0;
	while (written < mirror->waiting.length && !error) {
		ssize_t got = write(mirror->fd, mirror->waiting.data + written, mirror->waiting.length - written);
		if (got > 0)
			written += (size_t)got;
		else if (got < 0 && errno != EINTR)
			error = errno;
	}
	half_line_undo(mirror, written);
	if (error) {
		failure(mirror, error, now_ns);
	} else if (mirror->failed) {
		mirror->failed = false;
		atomic_store(&mirror->status->mirror_failed, false);
		log_say(LEVEL_INFO, "镜像文件 %s 恢复写入，期间丢失 %llu 行", "the mirror %s is written again; lines lost meanwhile: %llu", mirror->path,
		    (unsigned long long)count_get(&mirror->status->mirror_lost));
	}
}

void
mirror_close(struct mirror *mirror)
{
	mirror->retry_ns = 0;
	mirror_write(mirror, clock_monotonic_ns());
	if (mirror->lines_waiting)
		log_say(LEVEL_ERROR, "镜像文件 %s 有 %llu 行没有写入", "the mirror %s lacks %llu lines", mirror->path, (unsigned long long)mirror->lines_waiting);
	if (mirror->fd >= 0)
		close(mirror->fd);
	buffer_free(&mirror->waiting);
}
