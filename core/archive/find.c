/* From topic, partition and offset to the position. */
#include "core/archive/index.h"

#include <stdlib.h>

struct search {
	struct slice source;
	bool is_file;
	int32_t partition;
	int64_t offset;
	bool found;
	uint64_t position;
};

static void
entry_look(struct search *search, struct index *index, const struct entry *entry)
{
	if (entry->kind != ENTRY_RECORD)
		return;
	struct source_range range = {entry->record.source, entry->record.partition, entry->record.is_file, entry->record.offset,
	    entry->record.offset};
	index_note_source(index, &range);
	if (range.low == search->offset && range.is_file == search->is_file && (range.is_file || range.partition == search->partition)
	    && slice_equal(range.name, search->source)) {
		search->found = true;
		search->position = entry->position;
	}
}

/* Reads the segment, to the position behind it, and learns its sources. */
static enum archive_failure
segment_read(const char *dir, const struct archive_options *keys, struct search *search, struct index *index, uint64_t end,
    struct diags *diags)
{
	enum archive_failure failure;
	struct entry entry;
	enum archive_step step = ARCHIVE_ENTRY;
	struct archive_reader *reader = archive_read(dir, keys, index->first, &failure, diags);
	if (!reader)
		return failure;
	for (uint64_t at = index->first; at < end && (step = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY; at++) {
		entry_look(search, index, &entry);
		archive_recycle(reader);
	}
	archive_reader_free(reader);
	return step == ARCHIVE_DAMAGED ? ARCHIVE_BROKEN : ARCHIVE_FINE;
}

static enum archive_failure
segment_search(const char *dir, const struct archive_options *keys, struct search *search, const struct segment_file *file, uint64_t end,
    struct diags *diags)
{
	struct index index = {0};
	bool is_indexed = index_read(dir, file, &index), knew = is_indexed && index.knows_sources;
	const struct source_range *range = knew ? index_source(&index, search->source, search->partition, search->is_file) : NULL;
	enum archive_failure failure = ARCHIVE_FINE;
	if (!knew || (range && search->offset >= range->low && search->offset <= range->high)) {
		index.first = file->first;
		failure = segment_read(dir, keys, search, &index, end, diags);
	}
	if (is_indexed && !knew && !failure) {
		index.knows_sources = true;
		index_write(dir, &index);
	}
	index_free(&index);
	return failure;
}

bool
archive_find(const char *dir, const struct archive_options *keys, struct slice source, bool is_file, int32_t partition, int64_t offset,
    uint64_t *position, enum archive_failure *failure, struct diags *diags)
{
	struct search search = {.source = source, .is_file = is_file, .partition = partition, .offset = offset};
	struct segment_files files;
	int error = segment_files_read(dir, &files);
	*failure = error ? ARCHIVE_SYSTEM : ARCHIVE_FINE;
	if (error)
		tell_errno(diags, dir, "读不了档案目录", "cannot read the folder of the archive", error);
	for (size_t i = files.count; i-- > 0 && !*failure && !search.found;)
		*failure = segment_search(dir, keys, &search, &files.file[i], i + 1 < files.count ? files.file[i + 1].first : UINT64_MAX, diags);
	segment_files_free(&files);
	*position = search.position;
	return search.found && !*failure;
}
