/* What was done to the files of the folder, in order, so that a test can put the folder together again as a power cut would
 * have left it (powercut.py reads it).
 *
 * One event: 40 bytes in the machine's order (kind u32, length of path u32, of the other path u32, of the data u32, inode u64,
 * offset i64, process u32, zero u32), the path, the other path, the data.  A write is noted before it is done, a sync after
 * it succeeded: what is noted as synced was synced. */
#include "tests/faults/control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct journal_head {
	uint32_t kind, path, other, data;
	uint64_t inode;
	int64_t offset;
	uint32_t process, zero;
};

static int
journal_fd(void)
{
	static _Atomic int fd = -1;
	const char *path = getenv("FUNDWATCH_FAULTS_JOURNAL");
	if (fd < 0 && path)
		fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	return fd;
}

void
journal_add(enum journal_kind kind, uint64_t inode, int64_t offset, const char *path, const char *other, const void *data, uint32_t length)
{
	struct journal_head head = {.kind = kind, .data = length, .inode = inode, .offset = offset, .process = (uint32_t)getpid()};
	head.path = path ? (uint32_t)strlen(path) : 0;
	head.other = other ? (uint32_t)strlen(other) : 0;
	struct iovec part[] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)other, head.other}, {(void *)data, length}};
	if (syscall(SYS_writev, journal_fd(), part, 4) < 0)
		abort();
}
