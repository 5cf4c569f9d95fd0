/* The folder of an archive: which segment files there are. */
#include "core/archive/segment.h"

#include "core/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PREFIX "segment-"
#define DIGITS 20

void
segment_path(const char *dir, uint64_t first, const char *suffix, char path[PATH_BYTES])
{
	char name[64];
	snprintf(name, sizeof name, PREFIX "%020llu%s", (unsigned long long)first, suffix);
	path_join(path, dir, name);
}

/* segment-<20 digits>.fwa */
static bool
name_read(const char *name, uint64_t *first)
{
	if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0)
		return false;
	name += sizeof PREFIX - 1;
	if (strspn(name, "0123456789") != DIGITS || strcmp(name + DIGITS, ".fwa") != 0)
		return false;
	errno = 0;
	*first = strtoull(name, NULL, 10);
	return errno == 0;
}

static int
file_order(const void *a, const void *b)
{
	const struct segment_file *x = a, *y = b;
	return (x->first > y->first) - (x->first < y->first);
}

static void
files_add(struct segment_files *files, struct segment_file file)
{
	if ((files->count & (files->count - 1)) == 0)
		files->file = memory_resize(files->file, (files->count ? 2 * files->count : 1) * sizeof *files->file);
	files->file[files->count++] = file;
}

int
segment_files_read(const char *dir, struct segment_files *files)
{
	*files = (struct segment_files){0};
	DIR *folder = opendir(dir);
	if (!folder)
		return errno;
	const struct dirent *entry;
	struct segment_file file;
	struct stat status;
	while ((entry = readdir(folder)))
		if (name_read(entry->d_name, &file.first) && fstatat(dirfd(folder), entry->d_name, &status, 0) == 0) {
			file.bytes = (uint64_t)status.st_size;
			files_add(files, file);
		}
	closedir(folder);
	if (files->count)
		qsort(files->file, files->count, sizeof *files->file, file_order);
	return 0;
}

void
segment_files_free(struct segment_files *files)
{
	free(files->file);
	*files = (struct segment_files){0};
}

int64_t
segment_files_find(const struct segment_files *files, uint64_t position)
{
	int64_t found = -1;
	for (size_t i = 0; i < files->count && files->file[i].first <= position; i++)
		found = (int64_t)i;
	return found;
}
