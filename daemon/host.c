/* See host.h. */
#include "daemon/host.h"

#include "daemon/exposition.h"

#include <dirent.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- the process ---- */

static void
whole(struct buffer *out, const char *name, const char *help, uint64_t value)
{
	buffer_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name, help, name, name, value);
}

/* Without the one that looks. */
static uint64_t
open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint64_t count = 0;
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count > 3 ? count - 3 : 0;
}

static void
memory_add(struct buffer *out)
{
	unsigned long virtual_pages = 0, pages = 0, page = (unsigned long)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");
	if (file) {
		if (fscanf(file, "%lu %lu", &virtual_pages, &pages) != 2)
			pages = virtual_pages = 0;
		fclose(file);
	}
	whole(out, "process_resident_memory_bytes", "Resident memory.", pages * page);
	whole(out, "process_virtual_memory_bytes", "Virtual memory.", virtual_pages * page);
}

void
process_metrics(struct buffer *out, const struct status *status)
{
	struct rusage usage;
	struct rlimit files = {0};
	getrusage(RUSAGE_SELF, &usage);
	getrlimit(RLIMIT_NOFILE, &files);
	long long cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	buffer_printf(out, "# HELP process_cpu_seconds_total Time on all processors.\n# TYPE process_cpu_seconds_total counter\n"
	    "process_cpu_seconds_total %lld.%06lld\n", cpu_us / 1000000, cpu_us % 1000000);
	buffer_printf(out, "# HELP process_start_time_seconds Unix time of the start.\n# TYPE process_start_time_seconds gauge\n"
	    "process_start_time_seconds %" PRId64 ".%03" PRId64 "\n", status->started_wall_ms / 1000, status->started_wall_ms % 1000);
	memory_add(out);
	whole(out, "process_open_fds", "Open file descriptors.", open_files());
	whole(out, "process_max_fds", "Most file descriptors that may be open.", files.rlim_cur);
}

/* ---- disks ---- */

struct disk {
	const char *name, *path;
	struct statvfs is;
	bool known;
};

static void
disk_look(struct disk *disk)
{
	char copy[PATH_MAX];
	if (!disk->path || !disk->path[0])
		return;
	disk->known = statvfs(disk->path, &disk->is) == 0;
	if (disk->known)
		return;
	snprintf(copy, sizeof copy, "%s", disk->path);        /* a file that is not there yet */
	disk->known = statvfs(dirname(copy), &disk->is) == 0;
}

static void
disks_add(struct buffer *out, const struct disk *disk, size_t count, const char *name, const char *help, bool free_room)
{
	metric_family(out, name, "gauge", help);
	for (size_t i = 0; i < count; i++) {
		uint64_t blocks = free_room ? disk[i].is.f_bavail : disk[i].is.f_blocks;
		if (disk[i].known)
			buffer_printf(out, "fundwatch_%s{of=\"%s\"} %" PRIu64 "\n", name, disk[i].name, blocks * disk[i].is.f_frsize);
	}
}

void
filesystem_metrics(struct buffer *out, const struct status *status)
{
	struct disk disk[] = {{.name = "archive", .path = status->archive_dir}, {.name = "mirror", .path = status->mirror_file}};
	size_t count = sizeof disk / sizeof disk[0];
	for (size_t i = 0; i < count; i++)
		disk_look(&disk[i]);
	disks_add(out, disk, count, "filesystem_free_bytes", "Room that is left to the daemon on the file system of its archive or mirror.", true);
	disks_add(out, disk, count, "filesystem_size_bytes", "Size of that file system.", false);
}
