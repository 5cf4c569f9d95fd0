/* See rewrite.h. */
#include "replay/rewrite.h"

#include "core/base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
write_all(int file, struct slice bytes)
{
	while (bytes.length > 0) {
		ssize_t written = write(file, bytes.data, bytes.length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes.data += written;
		bytes.length -= (size_t)written;
	}
	return true;
}

bool
write_file(const char *path, struct slice bytes)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0)
		return false;
	bool is_good = write_all(file, bytes);
	int error = errno;
	if (close(file) != 0 && is_good)
		return false;
	errno = error;
	return is_good;
}

/* The file's permissions; the owner only where the system lets us. */
static bool
take_rights(int file, const struct stat *status)
{
	if (fchown(file, status->st_uid, status->st_gid) != 0 && errno != EPERM)
		return false;
	return fchmod(file, status->st_mode & 07777) == 0;
}

static void
sync_folder(const char *path, size_t length)
{
	struct buffer folder = {0};
	buffer_printf(&folder, "%.*s", length ? (int)length : 1, length ? path : ".");
	int file = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file >= 0) {
		fsync(file);
		close(file);
	}
	buffer_free(&folder);
}

static bool
rewrite_real(const char *path, struct slice bytes)
{
	const char *name = strrchr(path, '/') + 1;
	struct buffer beside = {0};
	struct stat status;
	buffer_printf(&beside, "%.*s.%s.XXXXXX", (int)(name - path), path, name);
	int file = stat(path, &status) == 0 ? mkostemp(beside.data, O_CLOEXEC) : -1;
	bool is_good = file >= 0 && write_all(file, bytes) && take_rights(file, &status) && fsync(file) == 0;
	is_good = is_good && rename(beside.data, path) == 0;
	int error = errno;
	if (file >= 0)
		close(file);
	if (is_good)
		sync_folder(path, (size_t)(name - path));
	else if (file >= 0)
		unlink(beside.data);
	buffer_free(&beside);
	errno = error;
	return is_good;
}

bool
rewrite_file(const char *path, struct slice bytes)
{
	char *real = realpath(path, NULL);
	bool is_good = real && rewrite_real(real, bytes);
	int error = errno;
	free(real);
	errno = error;
	return is_good;
}
