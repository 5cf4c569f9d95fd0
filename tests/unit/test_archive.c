/* The archive written, read, read while it is written, opened again and locked. */
#include "core/archive/cursor.h"
#include "tests/unit/archive_checks.h"

#include <errno.h>

static const struct archive_options plain = {.segment_bytes = 50000};

START_TEST(what_is_written_is_read_in_commits_of_any_size)
{
	uint64_t cut;
	enum archive_step last;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	for (uint64_t round = 0; round < 400; round++) {
		append_some(archive, mixed(round) % (round % 50 ? 12 : 1500));
		ck_assert_int_eq(archive_commit(archive), 0);
		ck_assert_uint_eq(archive_synced(archive), archive_next(archive));
	}
	uint64_t end = archive_next(archive);
	archive_close(archive);
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), end);
	ck_assert_int_eq(last, ARCHIVE_END);
	for (uint64_t from = 1; from <= end + 1; from += 1 + mixed(from) % 397) {
		uint64_t read = read_all(scratch_path("a"), NULL, from, &last);
		ck_assert_uint_eq(read, from > end ? from : end);
		ck_assert_int_eq(last, ARCHIVE_END);
	}
}
END_TEST

START_TEST(a_reader_follows_the_writer)
{
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t cut, position = 0;
	struct entry entry;
	struct made made;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	struct archive_reader *reader = archive_read(scratch_path("a"), NULL, 0, &failure, &diags);
	ck_assert(reader != NULL);
	ck_assert_int_eq(archive_reader_next(reader, &entry), ARCHIVE_END);
	for (uint64_t round = 0; round < 600; round++) {
		append_some(archive, 1 + mixed(round) % 40);
		ck_assert_int_eq(archive_commit(archive), 0);
		while (archive_reader_next(reader, &entry) == ARCHIVE_ENTRY) {
			made_make(&made, position++);
			need_equal(&entry, &made.entry);
		}
		ck_assert_uint_eq(position, archive_synced(archive));
		archive_recycle(reader);
	}
	ck_assert_uint_eq(diags.count, 0);
	archive_reader_free(reader);
	archive_close(archive);
}
END_TEST

START_TEST(what_was_not_committed_is_not_there)
{
	uint64_t cut;
	enum archive_step last;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	append_some(archive, 10);
	ck_assert_uint_eq(archive_synced(archive), 0);
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), 0);
	ck_assert_int_eq(archive_commit(archive), 0);
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), 10);
	ck_assert_uint_gt(archive_bytes(scratch_path("a")), 0);
	archive_close(archive);
}
END_TEST

START_TEST(writing_goes_on_where_it_ended)
{
	uint64_t cut, end = 0;
	enum archive_step last;
	for (uint64_t round = 0; round < 60; round++) {
		struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
		ck_assert_uint_eq(cut, 0);
		ck_assert_uint_eq(archive_next(archive), end);
		ck_assert_uint_eq(archive_synced(archive), end);
		append_some(archive, mixed(round) % 300);
		end = archive_next(archive);
		archive_close(archive);
	}
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), end);
}
END_TEST

START_TEST(the_second_writer_is_refused)
{
	uint64_t cut;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	ck_assert_int_eq(open_failure(scratch_path("a"), &plain), ARCHIVE_LOCKED);
	archive_close(archive);
	archive_close(must_open(scratch_path("a"), &plain, &cut));
}
END_TEST

static void
fill(const char *dir, const struct archive_options *options, uint64_t commits, uint64_t most)
{
	uint64_t cut;
	struct archive *archive = must_open(dir, options, &cut);
	for (uint64_t i = 0; i < commits; i++) {
		append_some(archive, 1 + mixed(i) % most);
		ck_assert_int_eq(archive_commit(archive), 0);
	}
	archive_close(archive);
}

START_TEST(the_list_tells_what_is_there)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct archive_segment *segment;
	size_t count;
	fill(scratch_path("a"), &plain, 300, 30);
	ck_assert(archive_list(scratch_path("a"), &segment, &count, &failure, &diags));
	ck_assert_uint_ge(count, 3);
	uint64_t position = 0;
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(segment[i].first, position);
		ck_assert_int_eq(segment[i].sealed, i + 1 < count);
		char path[512];
		snprintf(path, sizeof path, "%s/a/%s", scratch, segment[i].name);
		ck_assert_uint_eq(segment[i].bytes, file_size(path));
		ck_assert_int_lt(segment[i].event_low, segment[i].event_high);
		ck_assert_int_lt(segment[i].arrival_low, segment[i].arrival_high);
		ck_assert_uint_gt(segment[i].raw_bytes, segment[i].bytes);
		position += segment[i].entries;
	}
	enum archive_step last;
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), position);
	free(segment);
	ck_assert(!archive_list(scratch_path("none"), &segment, &count, &failure, &diags));
	ck_assert_int_eq(failure, ARCHIVE_SYSTEM);
	diags_free(&diags);
}
END_TEST

START_TEST(the_chain_is_known_at_every_commit)
{
	uint64_t cut, position[200];
	uint8_t chain[200][32], other[32];
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	ck_assert(archive_chain_at(scratch_path("a"), NULL, 0, other));
	for (size_t i = 0; i < 200; i++) {
		append_some(archive, 2 + mixed(i) % 40);
		ck_assert_int_eq(archive_commit(archive), 0);
		position[i] = archive_synced(archive);
		ck_assert(archive_chain_at(scratch_path("a"), NULL, position[i], chain[i]));
		ck_assert(i == 0 || memcmp(chain[i], chain[i - 1], 32) != 0);
		ck_assert(!archive_chain_at(scratch_path("a"), NULL, position[i] - 1, other));
		ck_assert(!archive_chain_at(scratch_path("a"), NULL, position[i] + 1, other));
	}
	archive_close(archive);
	for (size_t i = 0; i < 200; i++) {
		ck_assert(archive_chain_at(scratch_path("a"), NULL, position[i], other));
		ck_assert_mem_eq(other, chain[i], 32);
	}
	struct diags diags = {0};
	ck_assert_uint_ge(archive_prune(scratch_path("a"), &(struct archive_limits){EVENT_TIME_NONE, 1, position[150]}, false, &diags), 1);
	ck_assert(!archive_chain_at(scratch_path("a"), NULL, position[0], other));
	for (size_t i = 150; i < 200; i++) {
		ck_assert(archive_chain_at(scratch_path("a"), NULL, position[i], other));
		ck_assert_mem_eq(other, chain[i], 32);
	}
	diags_free(&diags);
}
END_TEST

START_TEST(the_newest_event_before_a_position)
{
	struct made made;
	int64_t newest = EVENT_TIME_NONE;
	uint64_t cut;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	ck_assert_int_eq(archive_newest_event(scratch_path("a"), NULL, 0), EVENT_TIME_NONE);
	for (uint64_t i = 0; i < 3000; i++) {
		made_make(&made, i);
		archive_append(archive, &made.entry);
		if (made.entry.kind == ENTRY_RECORD && made.entry.record.event_time > newest)
			newest = made.entry.record.event_time;
		if (i % 7 == 0) {
			ck_assert_int_eq(archive_commit(archive), 0);
			NEED(archive_newest_event(scratch_path("a"), NULL, i + 1) == newest, "position %llu", (unsigned long long)i);
		}
	}
	archive_close(archive);
	ck_assert_int_eq(archive_newest_event(scratch_path("a"), NULL, 3000), newest);
}
END_TEST

/* Segments left, their first position and the bytes of all. */
static size_t
left(const char *dir, uint64_t *first, uint64_t *bytes)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct archive_segment *segment;
	size_t count;
	ck_assert(archive_list(dir, &segment, &count, &failure, &diags));
	*first = segment[0].first;
	*bytes = 0;
	for (size_t i = 0; i < count; i++)
		*bytes += segment[i].bytes;
	free(segment);
	diags_free(&diags);
	return count;
}

START_TEST(pruning_takes_the_oldest_and_what_nobody_needs)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct archive_segment *segment;
	size_t count;
	uint64_t first, bytes;
	enum archive_step last;
	const char *dir = scratch_path("a");
	fill(dir, &plain, 400, 60);
	made_ruleset_store(dir);
	ck_assert(archive_list(dir, &segment, &count, &failure, &diags));
	ck_assert_uint_ge(count, 6);
	uint64_t end = segment[count - 1].first + segment[count - 1].entries, second = segment[1].first, third = segment[2].first;
	int64_t of_second = segment[1].event_high;
	struct archive_limits none = {EVENT_TIME_NONE, 0, UINT64_MAX}, floor = {EVENT_TIME_NONE, 1, third}, old = {of_second, 0, UINT64_MAX},
	    small = {EVENT_TIME_NONE, segment[count - 1].bytes + segment[count - 2].bytes, UINT64_MAX}, all = {EVENT_TIME_NONE, 1, UINT64_MAX};
	uint64_t first_of_small = segment[count - 2].first, first_of_last = segment[count - 1].first;
	free(segment);
	ck_assert_uint_eq(archive_prune(dir, &none, false, &diags), 0);
	ck_assert_uint_eq(archive_prune(dir, &floor, true, &diags), 2);
	ck_assert_uint_eq(diags.count, 2);
	ck_assert_uint_eq(left(dir, &first, &bytes), count);
	ck_assert_uint_eq(archive_prune(dir, &old, false, &diags), 1);          /* the second still holds that time */
	ck_assert_uint_eq(left(dir, &first, &bytes), count - 1);
	ck_assert_uint_eq(first, second);
	ck_assert_uint_eq(archive_prune(dir, &floor, false, &diags), 1);
	left(dir, &first, &bytes);
	ck_assert_uint_eq(first, third);
	ck_assert(archive_read(dir, NULL, 0, &failure, &diags) == NULL);
	ck_assert_int_eq(failure, ARCHIVE_BROKEN);
	ck_assert_uint_eq(read_all(dir, NULL, third, &last), end);
	archive_prune(dir, &small, false, &diags);
	left(dir, &first, &bytes);
	ck_assert_uint_eq(first, first_of_small);
	ck_assert_uint_le(bytes, small.bytes);
	archive_prune(dir, &all, false, &diags);
	ck_assert_uint_eq(left(dir, &first, &bytes), 1);                        /* the newest stays */
	ck_assert_uint_eq(first, first_of_last);
	must_be_whole(dir, NULL);
	uint64_t cut;
	struct archive *archive = must_open(dir, &plain, &cut);
	ck_assert_uint_eq(archive_next(archive), end);
	archive_close(archive);
	diags_free(&diags);
}
END_TEST

START_TEST(an_index_is_made_again_and_does_without)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct archive_segment *segment;
	size_t count;
	uint64_t cut;
	enum archive_step last;
	char index[512];
	const char *dir = scratch_path("a");
	fill(dir, &plain, 300, 30);
	made_ruleset_store(dir);
	ck_assert(archive_list(dir, &segment, &count, &failure, &diags));
	uint64_t end = segment[count - 1].first + segment[count - 1].entries;
	for (size_t i = 0; i + 1 < count; i++) {
		snprintf(index, sizeof index, "%s/%.*sfwx", dir, (int)strlen(segment[i].name) - 3, segment[i].name);
		size_t size = file_size(index);
		if (i == 0)
			file_flip(index, size / 2, 3);
		else
			ck_assert_int_eq(unlink(index), 0);
		ck_assert_uint_eq(read_all(dir, NULL, segment[i].first + segment[i].entries / 2, &last), end);
		ck_assert_uint_eq(verify_quietly(dir, NULL), i == 0);
		archive_close(must_open(dir, &plain, &cut));
		ck_assert_uint_le(file_size(index), size);
		must_be_whole(dir, NULL);
	}
	free(segment);
	diags_free(&diags);
}
END_TEST

static bool
find(const char *dir, const struct entry *entry, uint64_t *position)
{
	struct diags diags = {0};
	enum archive_failure failure;
	bool found = archive_find(dir, NULL, entry->record.source, entry->record.is_file, entry->record.partition, entry->record.offset,
	    position, &failure, &diags);
	ck_assert_int_eq(failure, ARCHIVE_FINE);
	ck_assert_uint_eq(diags.count, 0);
	diags_free(&diags);
	return found;
}

/* Each record is found by where it came from, in sealed segments and in the newest; an index that was made from heads alone learns. */
START_TEST(a_record_is_found_by_its_offset)
{
	const char *dir = scratch_path("a");
	uint64_t cut, position;
	struct made made;
	char index[512];
	made_ruleset_store(dir);
	struct archive *archive = must_open(dir, &plain, &cut);
	for (uint64_t i = 0; i < 3000; i++) {
		made_make(&made, i);
		if (made.entry.kind == ENTRY_RECORD)
			made.entry.record.offset = (int64_t)(3 * i);
		archive_append(archive, &made.entry);
		if (i % 50 == 49)
			ck_assert_int_eq(archive_commit(archive), 0);
	}
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 3000; i += 1 + mixed(i) % 60) {
			made_make(&made, i);
			if (made.entry.kind != ENTRY_RECORD)
				continue;
			made.entry.record.offset = (int64_t)(3 * i);
			NEED(find(dir, &made.entry, &position) && position == i, "position %llu", (unsigned long long)i);
			made.entry.record.offset++;
			NEED(!find(dir, &made.entry, &position), "position %llu", (unsigned long long)i);
			made.entry.record.offset--;
			made.entry.record.partition += 7;
			NEED(made.entry.record.is_file == find(dir, &made.entry, &position), "position %llu", (unsigned long long)i);
		}
		if (round == 0)
			archive_close(archive);
		snprintf(index, sizeof index, "%s/segment-%020d.fwx", dir, 0);
		size_t size = file_size(index);
		ck_assert_int_eq(unlink(index), 0);
		archive_close(must_open(dir, &plain, &cut));
		ck_assert_uint_lt(file_size(index), size);              /* made again, without sources */
		must_be_whole(dir, NULL);
		struct entry none = {.record = {.source = SLICE("none")}};
		ck_assert(!find(dir, &none, &position));
		ck_assert_uint_eq(file_size(index), size);
		must_be_whole(dir, NULL);
	}
}
END_TEST

START_TEST(cursors_follow_records_and_gaps)
{
	struct cursors cursors = {0}, again;
	struct buffer bytes = {0};
	struct entry record = {.kind = ENTRY_RECORD, .record = {.source = SLICE("t"), .partition = 3, .offset = 41, .arrival_ms = 7, .bytes = SLICE("{}")}};
	struct entry file = {.kind = ENTRY_RECORD, .record = {.source = SLICE("t.ndjson"), .is_file = true, .offset = 9}};
	struct entry gap = {.kind = ENTRY_GAP, .gap = {.topic = SLICE("u"), .partition = 1, .expected = 5, .found = 90, .reason = SLICE("truncated")}};
	cursors_note(&cursors, &record);
	cursors_note(&cursors, &file);
	cursors_note(&cursors, &gap);
	cursors_write(&cursors, &bytes);
	struct slice left = {bytes.data, bytes.length};
	ck_assert(cursors_read(&again, &left) && left.length == 0 && again.count == 2);
	const struct cursor *cursor = cursors_find(&again, "t", 3);
	ck_assert(cursor && cursor->next == 42 && cursor->last == 41 && cursor->last_arrival_ms == 7);
	struct hash128 hash = hash128("{}", 2);
	ck_assert(cursor->last_bytes.low == hash.low && cursor->last_bytes.high == hash.high);
	cursor = cursors_find(&again, "u", 1);
	ck_assert(cursor && cursor->next == 90 && cursor->last == -1);
	ck_assert(!cursors_find(&again, "t", 1) && !cursors_find(&again, "t.ndjson", 0));
	gap.gap.topic = SLICE("t");
	gap.gap.partition = 3;
	cursors_note(&again, &gap);
	cursor = cursors_find(&again, "t", 3);
	ck_assert(cursor->next == 90 && cursor->last == -1);            /* what was last is not there any more */
	cursors_free(&again);
	for (size_t length = 0; length < bytes.length; length++) {
		left = (struct slice){bytes.data, length};
		ck_assert(!cursors_read(&again, &left));
		cursors_free(&again);
	}
	cursors_free(&cursors);
	buffer_free(&bytes);
}
END_TEST

RUN_ARCHIVE_TESTS("archive", what_is_written_is_read_in_commits_of_any_size, a_reader_follows_the_writer, what_was_not_committed_is_not_there,
    writing_goes_on_where_it_ended, the_second_writer_is_refused, the_list_tells_what_is_there, the_chain_is_known_at_every_commit,
    the_newest_event_before_a_position, pruning_takes_the_oldest_and_what_nobody_needs, an_index_is_made_again_and_does_without,
    a_record_is_found_by_its_offset, cursors_follow_records_and_gaps)
