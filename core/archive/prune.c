/* Retention: whole sealed segments go, the oldest first, never the newest and never what a snapshot still needs. */
#include "core/archive/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool
may_go(const struct archive_limits *limits, const struct archive_segment *segment, uint64_t left)
{
	bool is_old = limits->keep_from != EVENT_TIME_NONE
	    && (segment->event_high == EVENT_TIME_NONE || segment->event_high < limits->keep_from);
	bool is_much = limits->bytes && left > limits->bytes;
	return segment->sealed && segment->first + segment->entries <= limits->floor && (is_old || is_much);
}

/* The index goes after its segment: one without a segment is nothing, a segment without one is whole. */
static int
segment_remove(const char *dir, const struct archive_segment *segment)
{
	char path[PATH_BYTES];
	segment_path(dir, segment->first, ".fwa", path);
	if (unlink(path) != 0)
		return errno;
	segment_path(dir, segment->first, ".fwx", path);
	unlink(path);
	return 0;
}

static void
note(struct diags *diags, const struct archive_segment *segment, bool dry_run)
{
	unsigned long long last = segment->first + segment->entries - 1;
	diag_add(diags, DIAG_WARNING, segment->name, 0, 0, 1, NULL,
	    say(diags, "%s：第 %llu 条至第 %llu 条，%llu 字节", dry_run ? "将清除" : "已清除", (unsigned long long)segment->first, last,
	    (unsigned long long)segment->bytes),
	    say(diags, "%s: positions %llu to %llu, %llu bytes", dry_run ? "would be removed" : "removed", (unsigned long long)segment->first, last,
	    (unsigned long long)segment->bytes), NULL, NULL);
}

/* How many may go. */
static size_t
choose(const struct archive_limits *limits, const struct archive_segment *segment, size_t count)
{
	size_t gone = 0;
	uint64_t left = 0;
	for (size_t i = 0; i < count; i++)
		left += segment[i].bytes;
	for (; gone + 1 < count && may_go(limits, &segment[gone], left); gone++)
		left -= segment[gone].bytes;
	return gone;
}

static size_t
remove_all(const char *dir, const struct archive_segment *segment, size_t count, bool dry_run, struct diags *diags)
{
	int error = dry_run ? 0 : start_write(dir, segment[count].first);
	if (error) {
		tell_errno(diags, dir, "不能清除", "nothing can be removed", error);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		error = dry_run ? 0 : segment_remove(dir, &segment[i]);
		if (error) {
			tell_errno(diags, segment[i].name, "不能清除", "cannot be removed", error);
			count = i;
		} else {
			note(diags, &segment[i], dry_run);
		}
	}
	if (!dry_run)
		store_sync_folder(dir);
	return count;
}

size_t
archive_prune(const char *dir, const struct archive_limits *limits, bool dry_run, struct diags *diags)
{
	struct archive_segment *segment;
	enum archive_failure failure;
	size_t count;
	if (!archive_list(dir, &segment, &count, &failure, diags))
		return 0;
	size_t gone = choose(limits, segment, count);
	if (gone)
		gone = remove_all(dir, segment, gone, dry_run, diags);
	free(segment);
	return gone;
}
