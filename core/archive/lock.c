/* An open file description lock: of the descriptor, not of the process, and gone with it however it ends. */
#include "core/archive/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void
owner_read(int descriptor, char owner[24])
{
	ssize_t length = pread(descriptor, owner, 23, 0);
	owner[length > 0 ? length : 0] = '\0';
	owner[strcspn(owner, "\n")] = '\0';
}

/* Who holds it is for people: a full disk is no reason to go without the lock. */
static void
owner_write(int descriptor)
{
	char owner[24];
	int length = snprintf(owner, sizeof owner, "%-22ld\n", (long)getpid());
	write_at(descriptor, owner, (size_t)length, 0);
}

int
lock_take(const char *path, int *descriptor, char owner[24])
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	*descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*descriptor < 0)
		return errno;
	if (fcntl(*descriptor, F_OFD_SETLK, &lock) == 0) {
		owner_write(*descriptor);
		return 0;
	}
	int error = errno == EACCES ? EAGAIN : errno;
	owner_read(*descriptor, owner);
	close(*descriptor);
	*descriptor = -1;
	return error;
}

bool
lock_is_held(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return false;
	bool held = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(descriptor);
	return held;
}
