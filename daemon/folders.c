/* See folders.h. */
#include "daemon/folders.h"

#include "core/base/memory.h"
#include "daemon/clock.h"
#include "daemon/log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANGES (IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define LOOK_AGAIN_MS 5000              /* for folders that were replaced without a sound */
#define ROOTS 2

struct root {
	char path[PATH_MAX];
	dev_t device;                   /* what the path led to when it was looked at last; 0: nothing */
	ino_t inode;
};

struct folders {
	struct reload *reload;
	int64_t quiet_ns;
	int notify_fd, stop_fd, wake_fd;
	struct root root[ROOTS];
	size_t roots;
	pthread_t thread;
};

/* ---- what is watched ---- */

/* The folder and those in it: rules/<family>/, rules/params/, rules/tables/.  Links are followed, as the loader does. */
static void
folder_watch(struct folders *folders, const char *path)
{
	char below[PATH_MAX];
	struct stat found;
	if (inotify_add_watch(folders->notify_fd, path, CHANGES) < 0)
		return;         /* it has gone meanwhile, and is looked for again */
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.' || snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= PATH_MAX)
			continue;
		if (stat(below, &found) == 0 && S_ISDIR(found.st_mode))
			inotify_add_watch(folders->notify_fd, below, CHANGES);
	}
	if (folder)
		closedir(folder);
}

/* True: a root leads to another folder than before. */
static bool
roots_look(struct folders *folders)
{
	bool changed = false;
	for (size_t i = 0; i < folders->roots; i++) {
		struct root *root = &folders->root[i];
		struct stat found = {0};
		if (stat(root->path, &found) != 0)
			found = (struct stat){0};
		changed = changed || found.st_dev != root->device || found.st_ino != root->inode;
		root->device = found.st_dev;
		root->inode = found.st_ino;
		if (root->inode)
			folder_watch(folders, root->path);
	}
	return changed;
}

/* ---- what happened ---- */

static bool
ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), more = strlen(end);
	return length > more && strcmp(name + length - more, end) == 0;
}

/* Files of an editor beside the real ones say nothing. */
static bool
is_meant(const struct inotify_event *event)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_ISDIR))
		return true;
	return event->len && event->name[0] != '.' && (ends_in(event->name, ".yaml") || ends_in(event->name, ".csv"));
}

/* Everything that was reported so far; true: something of it is meant. */
static bool
events_read(struct folders *folders)
{
	_Alignas(struct inotify_event) char bytes[16384];
	bool meant = false;
	for (ssize_t got; (got = read(folders->notify_fd, bytes, sizeof bytes)) > 0;) {
		for (const char *at = bytes; at < bytes + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
			meant = meant || is_meant(event);
			at += sizeof *event + event->len;
		}
	}
	return meant;
}

static void
ask(struct folders *folders)
{
	uint64_t one = 1;
	reload_ask(folders->reload, (struct reload_wish){.quietly = true});
	if (write(folders->wake_fd, &one, sizeof one) < 0)
		return;         /* the counter is full: it is awake */
}

static void *
folders_run(void *opaque)
{
	struct folders *folders = opaque;
	/* When something changed last; 0: it was asked for since.  Something may have changed since the start read the rules. */
	int64_t changed_ns = clock_monotonic_ns();
	for (;;) {
		struct pollfd event[] = {{.fd = folders->notify_fd, .events = POLLIN}, {.fd = folders->stop_fd, .events = POLLIN}};
		int64_t left = changed_ns ? changed_ns + folders->quiet_ns - clock_monotonic_ns() : LOOK_AGAIN_MS * NS_PER_MS;
		if (left > 0 && poll(event, 2, (int)(left / NS_PER_MS + 1)) < 0 && errno != EINTR)
			break;
		if (event[1].revents)
			break;
		bool changed = events_read(folders);
		/* New folders are watched before their files are read: what comes later is reported. */
		changed = roots_look(folders) || changed;
		if (changed) {
			changed_ns = clock_monotonic_ns();
		} else if (changed_ns && clock_monotonic_ns() - changed_ns >= folders->quiet_ns) {
			changed_ns = 0;
			ask(folders);
		}
	}
	return NULL;
}

/* ---- begin and end ---- */

struct folders *
folders_open(const char *rules, const char *tables, int64_t quiet_ms, struct reload *reload, int wake_fd)
{
	struct folders *folders = memory_resize(NULL, sizeof *folders);
	*folders = (struct folders){.reload = reload, .quiet_ns = quiet_ms * NS_PER_MS, .wake_fd = wake_fd,
	    .notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .stop_fd = eventfd(0, EFD_CLOEXEC)};
	snprintf(folders->root[folders->roots++].path, PATH_MAX, "%s", rules);
	if (tables[0])
		snprintf(folders->root[folders->roots++].path, PATH_MAX, "%s", tables);
	if (folders->notify_fd >= 0 && folders->stop_fd >= 0) {
		roots_look(folders);
		if (pthread_create(&folders->thread, NULL, folders_run, folders) == 0)
			return folders;
	}
	log_say(LEVEL_ERROR, "不能监视规则目录：%s；关掉 rules_watch", "the folders of the rules cannot be watched: %s; switch rules_watch off", strerror(errno));
	if (folders->notify_fd >= 0)
		close(folders->notify_fd);
	if (folders->stop_fd >= 0)
		close(folders->stop_fd);
	free(folders);
	return NULL;
}

void
folders_close(struct folders *folders)
{
	uint64_t one = 1;
	if (write(folders->stop_fd, &one, sizeof one) > 0)
		pthread_join(folders->thread, NULL);
	close(folders->notify_fd);
	close(folders->stop_fd);
	free(folders);
}
