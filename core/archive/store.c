/* See store.h. */
#include "core/archive/store.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void
path_join(char path[PATH_BYTES], const char *folder, const char *name)
{
	size_t length = strlen(folder), more = strlen(name);
	path[0] = '\0';
	if (length + 1 + more >= PATH_BYTES)
		return;
	memcpy(path, folder, length);
	path[length] = '/';
	memcpy(path + length + 1, name, more + 1);
}

int
write_at(int descriptor, const void *bytes, size_t length, uint64_t at)
{
	for (size_t done = 0; done < length;) {
		ssize_t wrote = pwrite(descriptor, (const char *)bytes + done, length - done, (off_t)(at + done));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? errno : ENOSPC;
		done += (size_t)wrote;
	}
	return 0;
}

int
store_sync_folder(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	int error = fsync(descriptor) == 0 ? 0 : errno;
	close(descriptor);
	return error;
}

/* A folder made is a name in its parent: synced too, or a power cut takes the folder with all that is in it. */
int
store_make_folder(const char *path)
{
	char parent[PATH_BYTES];
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0 : errno;
	if ((size_t)snprintf(parent, sizeof parent, "%s", path) >= sizeof parent)
		return ENAMETOOLONG;
	return store_sync_folder(dirname(parent));
}

static int
write_temporary(const char *path, struct slice bytes, bool sync)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return errno;
	int error = write_at(descriptor, bytes.data, bytes.length, 0);
	if (!error && sync && fdatasync(descriptor) != 0)
		error = errno;
	if (close(descriptor) != 0 && !error)
		error = errno;
	return error;
}

int
store_file(const char *path, struct slice bytes, bool sync)
{
	char temporary[PATH_BYTES], folder[PATH_BYTES];
	int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
	if (length < 0 || (size_t)length >= sizeof temporary)
		return ENAMETOOLONG;
	int error = write_temporary(temporary, bytes, sync);
	if (!error && rename(temporary, path) != 0)
		error = errno;
	if (error) {
		unlink(temporary);
		return error;
	}
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	return sync ? store_sync_folder(folder) : 0;
}

int
store_read(const char *path, struct buffer *out)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC), error = 0;
	if (descriptor < 0)
		return errno;
	for (ssize_t got = 1; got > 0 || (got < 0 && error == EINTR);) {
		buffer_reserve(out, 65536);
		got = read(descriptor, out->data + out->length, out->capacity - out->length);
		error = got < 0 ? errno : 0;
		out->length += got > 0 ? (size_t)got : 0;
	}
	close(descriptor);
	return error;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)kind, (void)walk;
	return remove(path);
}

int
store_remove_folder(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT ? 0 : errno;
}
