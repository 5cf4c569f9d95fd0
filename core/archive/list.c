/* What is in an archive, from heads, seals and the heads of frames; no entry is decoded. */
#include "core/archive/index.h"

#include "core/base/memory.h"

#include <stdlib.h>

static void
segment_totals(struct walk *walk, struct archive_segment *segment, struct spread *spread)
{
	struct frame frame;
	uint8_t chain[CHAIN_BYTES];
	if (segment_seal_read(walk, &frame, &segment->entries, &segment->raw_bytes, chain)) {
		segment->sealed = true;
		*spread = frame.spread;
		return;
	}
	*spread = SPREAD_NONE;
	while (walk_hop(walk, &frame) == WALK_FRAME) {
		segment->entries += frame.entries;
		segment->raw_bytes += frame.raw;
		spread_join(spread, &frame.spread);
	}
}

static int
segment_look(const char *dir, const struct segment_file *file, struct archive_segment *segment)
{
	char path[PATH_BYTES];
	struct walk walk;
	struct segment_head head;
	bool has_head;
	struct spread spread = SPREAD_NONE;
	segment_path(dir, file->first, ".fwa", path);
	int error = segment_open(&walk, path, &head, &has_head);
	if (error)
		return error;
	*segment = (struct archive_segment){.first = file->first, .bytes = file->bytes};
	snprintf(segment->name, sizeof segment->name, "%.63s", strrchr(path, '/') + 1);
	if (has_head) {
		segment->cipher = head.cipher;
		segment_totals(&walk, segment, &spread);
	}
	segment->event_low = spread.event_low;
	segment->event_high = spread.event_high;
	segment->arrival_low = spread.arrival_low;
	segment->arrival_high = spread.arrival_high;
	error = walk.error;
	segment_close(&walk);
	return error;
}

bool
archive_list(const char *dir, struct archive_segment **segment, size_t *count, enum archive_failure *failure, struct diags *diags)
{
	struct segment_files files;
	int error = segment_files_read(dir, &files);
	*failure = error ? ARCHIVE_SYSTEM : ARCHIVE_FINE;
	*count = 0;
	*segment = memory_resize(NULL, (files.count + 1) * sizeof **segment);
	for (size_t i = 0; !error && i < files.count; i++) {
		error = segment_look(dir, &files.file[i], &(*segment)[*count]);
		*count += !error;
	}
	segment_files_free(&files);
	if (!error)
		return true;
	tell_errno(diags, dir, "读不了档案", "cannot read the archive", error);
	*failure = ARCHIVE_SYSTEM;
	free(*segment);
	*segment = NULL;
	return false;
}

/* Opens the segment that holds the entry at the position.  False: there is none, or it has no whole head. */
static bool
segment_of(const char *dir, uint64_t position, struct segment_file *file, struct walk *walk, struct segment_head *head)
{
	struct segment_files files;
	char path[PATH_BYTES];
	bool has_head = false;
	if (segment_files_read(dir, &files) != 0)
		return false;
	int64_t number = segment_files_find(&files, position);
	if (number >= 0)
		*file = files.file[number];
	segment_files_free(&files);
	if (number < 0)
		return false;
	segment_path(dir, file->first, ".fwa", path);
	if (segment_open(walk, path, head, &has_head) != 0)
		return false;
	if (!has_head)
		segment_close(walk);
	return has_head;
}

bool
archive_chain_at(const char *dir, const struct archive_options *keys, uint64_t position, uint8_t chain[32])
{
	struct segment_file file;
	struct segment_head head;
	struct walk walk;
	struct frame frame;
	const uint8_t *bytes;
	bool found = false;
	(void)keys;                                     /* the chain stands in the clear beside every frame */
	if (position > 0 && segment_of(dir, position - 1, &file, &walk, &head)) {
		index_seek(&walk, dir, &file, position - 1);
		while (walk.position < position && walk_next(&walk, &frame, &bytes) == WALK_FRAME && !(frame.flags & FRAME_SEAL))
			memcpy(chain, bytes + FRAME_HEAD + frame.payload, CHAIN_BYTES);
		found = walk.position == position;
		segment_close(&walk);
		return found;
	}
	if (segment_of(dir, position, &file, &walk, &head)) {
		found = file.first == position;
		memcpy(chain, head.entry_chain, CHAIN_BYTES);
		segment_close(&walk);
		return found;
	}
	memset(chain, 0, CHAIN_BYTES);
	return position == 0;
}

int64_t
archive_newest_event(const char *dir, const struct archive_options *keys, uint64_t position)
{
	struct segment_file file;
	struct segment_head head;
	struct walk walk;
	struct frame frame;
	struct spread spread = SPREAD_NONE;
	(void)keys;
	if (position == 0 || !segment_of(dir, position - 1, &file, &walk, &head))
		return EVENT_TIME_NONE;
	spread_note(&spread, head.newest_event, ARRIVAL_UNKNOWN);
	while (walk.position < position && walk_hop(&walk, &frame) == WALK_FRAME && !(frame.flags & FRAME_SEAL))
		spread_join(&spread, &frame.spread);
	segment_close(&walk);
	return spread.event_high;
}
