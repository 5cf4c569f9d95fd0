/* Every way of hurting a small archive: what verify finds, what opening cuts off and what it refuses. */
#include "tests/unit/archive_checks.h"

#include "core/archive/frame.h"
#include "core/archive/segment.h"

static const struct archive_options small = {.segment_bytes = 1500};
static const uint64_t commits[] = {2, 1, 5, 1, 1, 3, 1, 1, 2, 1, 1, 2};

#define COMMITS (sizeof commits / sizeof *commits)

/* Some sealed segments and one that is not, a ruleset; closed in good order. */
static const char *
small_make(void)
{
	static char dir[512];
	uint64_t cut;
	strcpy(dir, scratch_path("a"));
	made_ruleset_store(dir);
	struct archive *archive = must_open(dir, &small, &cut);
	for (size_t i = 0; i < COMMITS; i++) {
		append_some(archive, commits[i]);
		ck_assert_int_eq(archive_commit(archive), 0);
	}
	archive_close(archive);
	must_be_whole(dir, NULL);
	return dir;
}

struct paths {
	char path[64][512];
	size_t count;
};

/* Files below the folder, without the lock; only those whose name ends so. */
static void
paths_take(struct paths *paths, const char *dir, const char *end)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	ck_assert(folder != NULL);
	while ((entry = readdir(folder))) {
		char path[512];
		struct stat status;
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "lock") == 0)
			continue;
		ck_assert_int_lt(snprintf(path, sizeof path, "%.250s/%.250s", dir, entry->d_name), (int)sizeof path);
		ck_assert_int_eq(stat(path, &status), 0);
		size_t length = strlen(path);
		if (S_ISDIR(status.st_mode))
			paths_take(paths, path, end);
		else if (length > strlen(end) && strcmp(path + length - strlen(end), end) == 0)
			strcpy(paths->path[paths->count++], path);
	}
	closedir(folder);
}

static int
path_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The segment files in order; gives how many. */
static size_t
segments_take(struct paths *paths, const char *dir)
{
	paths->count = 0;
	paths_take(paths, dir, ".fwa");
	qsort(paths->path, paths->count, sizeof paths->path[0], path_order);
	return paths->count;
}

#ifdef __SANITIZE_ADDRESS__
#define BIT_STEP 7                      /* it takes its time */
#else
#define BIT_STEP 1
#endif

START_TEST(every_flipped_bit_is_found)
{
	const char *dir = small_make();
	static struct paths paths;
	size_t bits = 0, segments = segments_take(&paths, dir);
	ck_assert_uint_ge(segments, 3);
	paths.count = 0;
	paths_take(&paths, dir, "");
	ck_assert_uint_ge(paths.count, 2 * segments - 1 + 1 + 3);       /* indexes, end, two files and a manifest */
	for (size_t i = 0; i < paths.count; i++) {
		size_t size = file_size(paths.path[i]);
		bool is_segment = strstr(paths.path[i], ".fwa") != NULL;
		for (size_t bit = 0; bit < 8 * size; bit += BIT_STEP, bits++) {
			struct diags diags = {0};
			file_flip(paths.path[i], bit / 8, (int)(bit % 8));
			NEED(archive_verify(dir, NULL, &diags) > 0, "%s byte %zu bit %zu", paths.path[i], bit / 8, bit % 8);
			NEED(!is_segment || strcmp(diags.list[0].file, paths.path[i]) == 0, "%s byte %zu: told of %s", paths.path[i], bit / 8,
			    diags.list[0].file);
			diags_free(&diags);
			file_flip(paths.path[i], bit / 8, (int)(bit % 8));
		}
	}
	must_be_whole(dir, NULL);
	ck_assert_uint_gt(bits * BIT_STEP, 20000);
}
END_TEST

static uint8_t *
bytes_read(const char *path, size_t *length)
{
	*length = file_size(path);
	uint8_t *bytes = malloc(*length + 1);
	int file = open(path, O_RDONLY);
	ck_assert(bytes && file >= 0 && read(file, bytes, *length) == (ssize_t)*length);
	close(file);
	return bytes;
}

static void
bytes_write(const char *path, const void *bytes, size_t length)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert(file >= 0 && write(file, bytes, length) == (ssize_t)length);
	close(file);
}

START_TEST(every_cut_of_every_segment_is_found)
{
	const char *dir = small_make();
	static struct paths paths;
	size_t count = segments_take(&paths, dir), length;
	for (size_t i = 0; i < count; i++) {
		uint8_t *bytes = bytes_read(paths.path[i], &length);
		for (size_t left = 0; left < length; left++) {
			ck_assert_int_eq(truncate(paths.path[i], (off_t)left), 0);
			NEED(verify_quietly(dir, NULL) > 0, "%s cut to %zu", paths.path[i], left);
			bytes_write(paths.path[i], bytes, length);
		}
		bytes_write(paths.path[i], bytes, length);
		ck_assert_int_eq(rename(paths.path[i], scratch_path("away")), 0);
		NEED(verify_quietly(dir, NULL) > 0, "%s removed", paths.path[i]);
		ck_assert_int_eq(rename(scratch_path("away"), paths.path[i]), 0);
		free(bytes);
	}
	must_be_whole(dir, NULL);
}
END_TEST

/* Places of the frames of a segment; gives how many. */
static size_t
frames_of(const uint8_t *bytes, size_t length, size_t at[64])
{
	struct frame frame;
	size_t count = 0;
	for (at[0] = SEGMENT_HEAD; at[count] < length; count++) {
		ck_assert(frame_head_read(bytes + at[count], &frame) && frame_is_whole(bytes + at[count], &frame));
		at[count + 1] = at[count] + frame_bytes(&frame);
	}
	return count;
}

START_TEST(frames_removed_doubled_or_moved_are_found)
{
	const char *dir = small_make();
	static struct paths paths;
	size_t count = segments_take(&paths, dir), length, at[64];
	for (size_t i = 0; i < count; i++) {
		uint8_t *bytes = bytes_read(paths.path[i], &length), *other = malloc(2 * length);
		size_t frames = frames_of(bytes, length, at);
		for (size_t j = 0; j < frames; j++) {
			size_t size = at[j + 1] - at[j];
			memcpy(other, bytes, at[j]);
			memcpy(other + at[j], bytes + at[j + 1], length - at[j + 1]);
			bytes_write(paths.path[i], other, length - size);
			NEED(verify_quietly(dir, NULL) > 0, "%s: frame %zu removed", paths.path[i], j);
			memcpy(other, bytes, at[j + 1]);
			memcpy(other + at[j + 1], bytes + at[j], length - at[j]);
			bytes_write(paths.path[i], other, length + size);
			NEED(verify_quietly(dir, NULL) > 0, "%s: frame %zu doubled", paths.path[i], j);
			if (j + 1 < frames) {
				size_t next = at[j + 2] - at[j + 1];
				memcpy(other, bytes, length);
				memcpy(other + at[j], bytes + at[j + 1], next);
				memcpy(other + at[j] + next, bytes + at[j], size);
				bytes_write(paths.path[i], other, length);
				NEED(verify_quietly(dir, NULL) > 0, "%s: frames %zu and the next changed places", paths.path[i], j);
			}
			bytes_write(paths.path[i], bytes, length);
		}
		free(other);
		free(bytes);
	}
	must_be_whole(dir, NULL);
}
END_TEST

START_TEST(segments_exchanged_are_found)
{
	const char *dir = small_make();
	static struct paths paths;
	size_t count = segments_take(&paths, dir);
	for (size_t i = 0; i + 1 < count; i++) {
		for (int turn = 0; turn < 2; turn++) {
			ck_assert_int_eq(rename(paths.path[i], scratch_path("away")), 0);
			ck_assert_int_eq(rename(paths.path[i + 1], paths.path[i]), 0);
			ck_assert_int_eq(rename(scratch_path("away"), paths.path[i + 1]), 0);
			NEED((verify_quietly(dir, NULL) > 0) == (turn == 0), "segments %zu and the next, turn %d", i, turn);
		}
	}
}
END_TEST

/* Somebody who does not know the chain key changes a frame and makes its checksum fit: checksums do not find it. */
START_TEST(a_forged_frame_is_found_by_the_chain)
{
	struct archive_options keyed = {.has_chain_key = true, .chain_key = "known to the writer alone"}, forger = {0};
	const char *dir = scratch_path("a");
	struct diags diags = {0};
	uint64_t cut;
	made_ruleset_store(dir);
	struct archive *archive = must_open(dir, &keyed, &cut);
	for (int i = 0; i < 5; i++) {
		append_some(archive, 3);
		ck_assert_int_eq(archive_commit(archive), 0);
	}
	archive_close(archive);
	must_be_whole(dir, &keyed);
	static struct paths paths;
	ck_assert_uint_eq(segments_take(&paths, dir), 1);
	size_t length, at[64];
	uint8_t *bytes = bytes_read(paths.path[0], &length), chain[CHAIN_BYTES] = {0};
	ck_assert_uint_eq(frames_of(bytes, length, at), 5);
	struct frame frame;
	struct buffer forged = {0};
	frame_head_read(bytes + at[2], &frame);
	frame.spread.event_high++;
	frame_add(&frame, chain_key(&forger), chain, bytes + at[2] + FRAME_HEAD, &forged);
	memcpy(bytes + at[2], forged.data, forged.length);
	bytes_write(paths.path[0], bytes, length);
	ck_assert_uint_ge(archive_verify(dir, &keyed, &diags), 1);
	ck_assert(strstr(diags.list[0].message[LANGUAGE_EN], "the chain does not fit") != NULL);
	ck_assert(strstr(diags.list[0].message[LANGUAGE_EN], "position 6") != NULL);
	buffer_free(&forged);
	free(bytes);
	diags_free(&diags);
}
END_TEST

START_TEST(another_chain_key_is_told_once)
{
	const char *dir = small_make();
	struct archive_options other = {.has_chain_key = true, .chain_key = "another"};
	struct diags diags = {0};
	ck_assert_uint_eq(archive_verify(dir, &other, &diags), 1);
	ck_assert(strstr(diags.list[0].message[LANGUAGE_EN], "key") != NULL);
	ck_assert_int_eq(open_failure(dir, &other), ARCHIVE_KEY);
	diags_free(&diags);
}
END_TEST

/* ---- opening ---- */

/* The positions at which the frames of the newest segment end, and its file. */
static size_t
newest(const char *dir, char path[512], uint64_t *first, size_t at[64], uint64_t ends[64])
{
	static struct paths paths;
	size_t count = segments_take(&paths, dir), length;
	strcpy(path, paths.path[count - 1]);
	uint8_t *bytes = bytes_read(path, &length);
	size_t frames = frames_of(bytes, length, at);
	for (size_t i = 0; i < frames; i++) {
		struct frame frame;
		frame_head_read(bytes + at[i], &frame);
		if (i == 0)
			*first = frame.first;
		ends[i] = frame.first + frame.entries;
	}
	free(bytes);
	return frames;
}

/* A process that was killed wrote no end. */
static void
end_forget(const char *dir)
{
	char path[512];
	snprintf(path, sizeof path, "%s/end", dir);
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(every_cut_is_opened_at_the_last_whole_frame)
{
	const char *dir = small_make();
	char path[512];
	uint64_t first, ends[64], cut;
	size_t at[64], length, frames = newest(dir, path, &first, at, ends);
	enum archive_step last;
	ck_assert_uint_ge(frames, 2);
	end_forget(dir);
	uint8_t *bytes = bytes_read(path, &length);
	for (size_t left = 0; left <= length; left++) {
		bytes_write(path, bytes, left);
		uint64_t whole = first;
		size_t kept = left >= SEGMENT_HEAD ? SEGMENT_HEAD : 0;
		for (size_t i = 0; i < frames && at[i + 1] <= left; i++) {
			whole = ends[i];
			kept = at[i + 1];
		}
		uint64_t read = read_all(dir, NULL, 0, &last);
		NEED(read == whole && last == ARCHIVE_END, "cut to %zu: %llu, %s", left, (unsigned long long)read, read_trouble);
		struct archive *archive = must_open(dir, &small, &cut);
		NEED(archive_next(archive) == whole, "cut to %zu", left);
		NEED(cut == left - kept, "cut to %zu", left);
		append_some(archive, 3);
		archive_close(archive);
		ck_assert_uint_eq(read_all(dir, NULL, 0, &last), whole + 3);
		must_be_whole(dir, NULL);
		end_forget(dir);
	}
	free(bytes);
}
END_TEST

START_TEST(damage_of_what_was_synced_is_refused)
{
	const char *dir = small_make();
	char path[512];
	uint64_t first, ends[64], cut;
	size_t at[64], length, frames = newest(dir, path, &first, at, ends);
	enum archive_step last;
	end_forget(dir);
	uint8_t *bytes = bytes_read(path, &length);
	for (size_t byte = 0; byte < length; byte++) {
		bytes_write(path, bytes, length);
		file_flip(path, byte, (int)(byte % 8));
		if (byte < at[frames - 1]) {            /* a later frame says that it had been there */
			NEED(open_failure(dir, &small) == ARCHIVE_BROKEN, "byte %zu", byte);
			NEED(file_size(path) == length, "byte %zu: cut", byte);
			read_all(dir, NULL, 0, &last);
			NEED(last == ARCHIVE_DAMAGED || byte < SEGMENT_HEAD, "byte %zu: %d", byte, last);
		} else {
			struct archive *archive = must_open(dir, &small, &cut);
			NEED(archive_next(archive) == ends[frames - 2] && cut == length - at[frames - 1], "byte %zu", byte);
			archive_close(archive);
			end_forget(dir);
		}
	}
	free(bytes);
}
END_TEST

START_TEST(entries_that_were_there_at_the_close_are_missed)
{
	const char *dir = small_make();
	char path[512];
	uint64_t first, ends[64];
	size_t at[64], frames = newest(dir, path, &first, at, ends);
	ck_assert_int_eq(truncate(path, (off_t)at[frames - 1]), 0);
	ck_assert_int_eq(open_failure(dir, &small), ARCHIVE_BROKEN);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(open_failure(dir, &small), ARCHIVE_BROKEN);
}
END_TEST

START_TEST(a_hole_between_segments_is_refused)
{
	const char *dir = small_make();
	static struct paths paths;
	uint64_t cut;
	size_t count = segments_take(&paths, dir);
	for (size_t i = 1; i + 1 < count; i++) {
		ck_assert_int_eq(rename(paths.path[i], scratch_path("away")), 0);
		ck_assert_int_eq(open_failure(dir, &small), ARCHIVE_BROKEN);
		struct diags diags = {0};
		enum archive_failure failure;
		struct archive_reader *reader = archive_read(dir, NULL, 0, &failure, &diags);
		struct entry entry;
		enum archive_step step;
		while ((step = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY)
			;
		ck_assert_int_eq(step, ARCHIVE_DAMAGED);
		ck_assert_uint_ge(diags.errors, 1);
		archive_reader_free(reader);
		diags_free(&diags);
		ck_assert_int_eq(rename(scratch_path("away"), paths.path[i]), 0);
	}
	archive_close(must_open(dir, &small, &cut));
}
END_TEST

RUN_ARCHIVE_TESTS("archive_damage", every_flipped_bit_is_found, every_cut_of_every_segment_is_found,
    frames_removed_doubled_or_moved_are_found, segments_exchanged_are_found, a_forged_frame_is_found_by_the_chain,
    another_chain_key_is_told_once, every_cut_is_opened_at_the_last_whole_frame, damage_of_what_was_synced_is_refused,
    entries_that_were_there_at_the_close_are_missed, a_hole_between_segments_is_refused)
