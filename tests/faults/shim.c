/* Preloaded into fundwatchd by the tests of faults: ends or stops the process at a named step, lets writes and syncs of the
 * archive fail, moves the wall clock, writes down what is done to files so that a test can take back what was not synced.
 * Told what to do through shared memory, see control.h; without it every call goes through as it is. */
#include "tests/faults/control.h"

#include "core/base/step.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct fault_control *control;
static char below[PATH_MAX];
static size_t below_length;
static uintptr_t program_low, program_high;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- start ---- */

static int
program_find(struct dl_phdr_info *info, size_t size, void *opaque)
{
	(void)size;
	(void)opaque;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t low = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (!program_low || low < program_low))
			program_low = low;
		if (info->dlpi_phdr[i].p_type == PT_LOAD && low + info->dlpi_phdr[i].p_memsz > program_high)
			program_high = low + info->dlpi_phdr[i].p_memsz;
	}
	return 1;       /* the first one is the program */
}

__attribute__((constructor)) static void
shim_open(void)
{
	const char *path = getenv("FUNDWATCH_FAULTS_CONTROL"), *folder = getenv("FUNDWATCH_FAULTS_BELOW");
	dl_iterate_phdr(program_find, NULL);
	if (folder && strlen(folder) < sizeof below)
		below_length = strlen(strcpy(below, folder));
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *page = fd >= 0 ? mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (page != MAP_FAILED)
		control = page;
	if (fd >= 0)
		syscall(SYS_close, fd);
}

struct fault_control *
fault_control(void)
{
	return control;
}

int
fault_is_below(const char *path)
{
	return below_length && strncmp(path, below, below_length) == 0 && (path[below_length] == '/' || !path[below_length]);
}

int
fault_is_meant(const char *path)
{
	return fault_is_below(path) && strstr(path, control->path);
}

/* ---- steps ---- */

static void
step_count(const char *name)
{
	for (size_t i = 0; i < FAULT_STEPS; i++) {
		struct fault_step *seen = &control->seen[i];
		if (!seen->name[0])
			strncpy(seen->name, name, FAULT_NAME - 1);
		if (strcmp(seen->name, name) == 0) {
			atomic_fetch_add(&seen->passes, 1);
			return;
		}
	}
}

static void
step_act(enum fault_action action)
{
	struct timespec pause = {(time_t)(control->sleep_us / 1000000), (long)(control->sleep_us % 1000000) * 1000};
	atomic_fetch_add(&control->acted, 1);
	if (action == FAULT_KILL)
		kill(getpid(), SIGKILL);
	else if (action == FAULT_KILL_GROUP)
		kill(0, SIGKILL);
	else if (action == FAULT_STOP)
		kill(getpid(), SIGSTOP);
	else if (action == FAULT_SLEEP)
		nanosleep(&pause, NULL);
}

void
fundwatch_step(const char *name)
{
	if (!control)
		return;
	step_count(name);
	enum fault_action action = atomic_load(&control->action);
	if (action == FAULT_NONE || strcmp(control->step, name) != 0)
		return;
	int64_t left = atomic_fetch_sub(&control->countdown, 1) - 1;
	if (left == 0 || (left < 0 && action == FAULT_SLEEP))
		step_act(action);
}

/* ---- which file ---- */

static bool
watching(void)
{
	return control && (control->journal || control->write_error || control->open_error || control->sync_error);
}

/* The path of an open file, when it is below the folder. */
static bool
path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, PATH_MAX - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return fault_is_below(path);
}

static void
absolute(int folder, const char *name, char path[PATH_MAX])
{
	char base[PATH_MAX] = "";
	if (name[0] == '/' || (folder == AT_FDCWD && !getcwd(base, sizeof base))) {
		snprintf(path, PATH_MAX, "%s", name);
		return;
	}
	if (folder != AT_FDCWD) {
		char link[64];
		snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
		ssize_t length = readlink(link, base, sizeof base - 1);
		base[length > 0 ? length : 0] = '\0';
	}
	if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX)
		path[0] = '\0';
}

static uint64_t
inode_of(int fd)
{
	struct stat about;
	return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

static bool
fails(_Atomic int32_t *error, const char *path)
{
	if (!*error || !fault_is_meant(path))
		return false;
	atomic_fetch_add(&control->failed, 1);
	errno = *error;
	return true;
}

/* ---- writes ---- */

static size_t
vector_bytes(const struct iovec *part, int count)
{
	size_t bytes = 0;
	for (int i = 0; i < count; i++)
		bytes += part[i].iov_len;
	return bytes;
}

static int64_t
place_of(int fd)
{
	if (fcntl(fd, F_GETFL) & O_APPEND) {
		struct stat about;
		return fstat(fd, &about) == 0 ? about.st_size : 0;
	}
	return lseek(fd, 0, SEEK_CUR);
}

/* Before a write of a watched file: writes it down; or says with how many bytes of it the write is to end. */
static ssize_t
write_before(int fd, const struct iovec *part, int count, int64_t offset)
{
	char path[PATH_MAX];
	if (!watching() || !path_of(fd, path))
		return (ssize_t)vector_bytes(part, count);
	atomic_fetch_add(&control->writes, 1);
	ssize_t take = (ssize_t)vector_bytes(part, count);
	if (fails(&control->write_error, path)) {
		if (take < 2 || atomic_fetch_sub(&control->partial, 1) <= 0)
			return -1;
		take /= 2;
	}
	int64_t at = offset >= 0 ? offset : place_of(fd), left = take;
	for (int i = 0; i < count && control->journal && left > 0; i++) {
		size_t length = part[i].iov_len < (size_t)left ? part[i].iov_len : (size_t)left;
		journal_add(JOURNAL_WRITE, inode_of(fd), at, NULL, NULL, part[i].iov_base, (uint32_t)length);
		at += (int64_t)length;
		left -= (int64_t)length;
	}
	return take;
}

ssize_t
write(int fd, const void *data, size_t length)
{
	struct iovec part = {(void *)data, length};
	ssize_t take = write_before(fd, &part, 1, -1);
	return take < 0 ? -1 : NEXT(write)(fd, data, (size_t)take);
}

ssize_t
pwrite(int fd, const void *data, size_t length, off_t offset)
{
	struct iovec part = {(void *)data, length};
	ssize_t take = write_before(fd, &part, 1, offset);
	return take < 0 ? -1 : NEXT(pwrite)(fd, data, (size_t)take, offset);
}

ssize_t
pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
	return pwrite(fd, data, length, offset);
}

/* A part of a vector is written piece by piece: the files here know one writer. */
static ssize_t
vector_write(int fd, const struct iovec *part, int count, int64_t offset)
{
	ssize_t take = write_before(fd, part, count, offset), done = 0;
	for (int i = 0; i < count && done < take; i++) {
		size_t length = part[i].iov_len < (size_t)(take - done) ? part[i].iov_len : (size_t)(take - done);
		ssize_t now = offset >= 0 ? NEXT(pwrite)(fd, part[i].iov_base, length, offset + done) : NEXT(write)(fd, part[i].iov_base, length);
		if (now < 0)
			return done ? done : -1;
		done += now;
	}
	return take < 0 ? -1 : done;
}

ssize_t
writev(int fd, const struct iovec *part, int count)
{
	char path[PATH_MAX];
	return watching() && path_of(fd, path) ? vector_write(fd, part, count, -1) : NEXT(writev)(fd, part, count);
}

ssize_t
pwritev(int fd, const struct iovec *part, int count, off_t offset)
{
	char path[PATH_MAX];
	return watching() && path_of(fd, path) ? vector_write(fd, part, count, offset) : NEXT(pwritev)(fd, part, count, offset);
}

ssize_t
pwritev64(int fd, const struct iovec *part, int count, off64_t offset)
{
	return pwritev(fd, part, count, offset);
}

int
ftruncate(int fd, off_t size)
{
	char path[PATH_MAX];
	if (watching() && path_of(fd, path)) {
		if (fails(&control->open_error, path))
			return -1;
		if (control->journal)
			journal_add(JOURNAL_TRUNCATE, inode_of(fd), size, NULL, NULL, NULL, 0);
	}
	return NEXT(ftruncate)(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int
fallocate(int fd, int mode, off_t offset, off_t length)
{
	char path[PATH_MAX];
	struct stat about;
	if (watching() && path_of(fd, path)) {
		if (fails(&control->write_error, path))
			return -1;
		if (control->journal && fstat(fd, &about) == 0 && offset + length > about.st_size)
			journal_add(JOURNAL_TRUNCATE, about.st_ino, offset + length, NULL, NULL, NULL, 0);
	}
	return NEXT(fallocate)(fd, mode, offset, length);
}

/* ---- syncs ---- */

static bool
sync_fails(int fd, const char *path)
{
	if (!control->sync_error || !fault_is_meant(path) || atomic_fetch_sub(&control->sync_after, 1) > 0)
		return false;
	if (atomic_fetch_sub(&control->sync_count, 1) <= 0)
		return false;
	atomic_fetch_add(&control->failed, 1);
	if (control->journal)
		journal_add(JOURNAL_SYNC_FAILED, inode_of(fd), 0, path, NULL, NULL, 0);
	errno = control->sync_error;
	return true;
}

static int
sync_watched(int fd, int (*call)(int))
{
	char path[PATH_MAX];
	struct stat about;
	if (!watching() || !path_of(fd, path))
		return call(fd);
	atomic_fetch_add(&control->syncs, 1);
	if (sync_fails(fd, path))
		return -1;
	int result = call(fd);
	if (result == 0 && control->journal && fstat(fd, &about) == 0)
		journal_add(S_ISDIR(about.st_mode) ? JOURNAL_SYNC_FOLDER : JOURNAL_SYNC, about.st_ino, 0, path, NULL, NULL, 0);
	return result;
}

int
fsync(int fd)
{
	return sync_watched(fd, NEXT(fsync));
}

int
fdatasync(int fd)
{
	return sync_watched(fd, NEXT(fdatasync));
}

/* ---- names ---- */

static int
open_watched(int folder, const char *name, int flags, mode_t mode)
{
	char path[PATH_MAX];
	bool changes = flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC);
	if (!watching() || !changes)
		return (int)syscall(SYS_openat, folder, name, flags, mode);
	absolute(folder, name, path);
	if (!fault_is_below(path))
		return (int)syscall(SYS_openat, folder, name, flags, mode);
	if (fails(&control->open_error, path))
		return -1;
	bool was = access(path, F_OK) == 0;
	int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
	if (fd >= 0 && control->journal && !was)
		journal_add(JOURNAL_CREATE, inode_of(fd), 0, path, NULL, NULL, 0);
	else if (fd >= 0 && control->journal && (flags & O_TRUNC))
		journal_add(JOURNAL_TRUNCATE, inode_of(fd), 0, NULL, NULL, NULL, 0);
	return fd;
}

static mode_t
mode_of(int flags, va_list rest)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name) \
int \
name(const char *path, int flags, ...) \
{ \
	va_list rest; \
	va_start(rest, flags); \
	mode_t mode = mode_of(flags, rest); \
	va_end(rest); \
	return open_watched(AT_FDCWD, path, flags, mode); \
}
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
int \
name(int folder, const char *path, int flags, ...) \
{ \
	va_list rest; \
	va_start(rest, flags); \
	mode_t mode = mode_of(flags, rest); \
	va_end(rest); \
	return open_watched(folder, path, flags, mode); \
}
OPENAT(openat)
OPENAT(openat64)

int
renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	char one[PATH_MAX], other[PATH_MAX];
	if (watching()) {
		absolute(from_folder, from, one);
		absolute(to_folder, to, other);
		if (fails(&control->open_error, other))
			return -1;
		if (control->journal && fault_is_below(other))
			journal_add(JOURNAL_RENAME, 0, 0, one, other, NULL, 0);
	}
	return NEXT(renameat)(from_folder, from, to_folder, to);
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
unlinkat(int folder, const char *name, int flags)
{
	char path[PATH_MAX];
	if (watching()) {
		absolute(folder, name, path);
		if (fails(&control->open_error, path))
			return -1;
		if (control->journal && fault_is_below(path))
			journal_add(JOURNAL_UNLINK, 0, 0, path, NULL, NULL, 0);
	}
	return NEXT(unlinkat)(folder, name, flags);
}

int
unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

int
mkdirat(int folder, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	if (watching()) {
		absolute(folder, name, path);
		if (fails(&control->open_error, path))
			return -1;
		if (control->journal && fault_is_below(path) && access(path, F_OK))
			journal_add(JOURNAL_MKDIR, 0, 0, path, NULL, NULL, 0);
	}
	return NEXT(mkdirat)(folder, name, mode);
}

int
mkdir(const char *name, mode_t mode)
{
	return mkdirat(AT_FDCWD, name, mode);
}

/* ---- the wall clock ---- */

/* Libraries wait for moments of the real clock: only what the program reads itself is moved. */
static bool
is_program(const void *caller)
{
	return control && control->clock_ns && (uintptr_t)caller >= program_low && (uintptr_t)caller < program_high;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, time);
	bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
	if (result || !wall || !is_program(__builtin_return_address(0)))
		return result;
	int64_t moved = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + control->clock_ns;
	*time = (struct timespec){.tv_sec = moved / 1000000000, .tv_nsec = moved % 1000000000};
	return 0;
}

int
gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	(void)zone;
	struct timespec now;
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	int64_t moved = is_program(__builtin_return_address(0)) ? control->clock_ns : 0;
	moved += (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	*time = (struct timeval){.tv_sec = moved / 1000000000, .tv_usec = moved % 1000000000 / 1000};
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	int64_t moved = is_program(__builtin_return_address(0)) ? control->clock_ns / 1000000000 : 0;
	if (out)
		*out = now.tv_sec + moved;
	return now.tv_sec + moved;
}
