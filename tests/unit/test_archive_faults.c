/* A disk that fails: short and refused writes, failing syncs, and what is left of the files when the power goes.
 *
 * pwrite and fdatasync of this program are the ones below.  They keep what the disk would still have: the bytes at the last
 * sync that succeeded.  A power cut is an image of it: of what was written since then, every sector is there or is not. */
#include "tests/unit/archive_checks.h"

#include <errno.h>
#include <sys/syscall.h>

#define SECTOR 64               /* smaller than a real one: more ways to tear */
#define FILES 64

struct durable {
	char name[64];
	uint8_t *bytes;
	size_t length;
};

static struct durable durable[FILES];
static size_t durables;
static int fail_sync, fail_write;       /* so many more calls fail */
static size_t write_room = SIZE_MAX;    /* bytes that the disk still has */
static bool write_short;

ssize_t pwrite(int, const void *, size_t, off_t);
int fdatasync(int);

ssize_t
pwrite(int file, const void *bytes, size_t length, off_t at)
{
	if (fail_write > 0) {
		fail_write--;
		errno = EIO;
		return -1;
	}
	if (length > write_room)
		length = write_room;
	if (!length) {
		errno = ENOSPC;
		return -1;
	}
	if (write_short && length > 1)
		length = 1 + mixed(length) % (length - 1);
	ssize_t wrote = syscall(SYS_pwrite64, file, bytes, length, at);
	if (wrote > 0 && write_room != SIZE_MAX)
		write_room -= (size_t)wrote;
	return wrote;
}

static struct durable *
durable_of(const char *name)
{
	for (size_t i = 0; i < durables; i++)
		if (strcmp(durable[i].name, name) == 0)
			return &durable[i];
	ck_assert_uint_lt(durables, FILES);
	snprintf(durable[durables].name, sizeof durable[0].name, "%.63s", name);
	return &durable[durables++];
}

int
fdatasync(int file)
{
	char link[64], path[512];
	struct stat status;
	if (fail_sync > 0) {
		fail_sync--;
		errno = EIO;
		return -1;
	}
	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	ssize_t length = readlink(link, path, sizeof path - 1);
	ck_assert(length > 0 && fstat(file, &status) == 0);
	path[length] = '\0';
	if (!strstr(path, "/a/segment-"))               /* an image is no disk */
		return 0;
	struct durable *disk = durable_of(strrchr(path, '/') + 1);
	disk->length = (size_t)status.st_size;
	disk->bytes = realloc(disk->bytes, disk->length + 1);
	ck_assert(disk->bytes != NULL);
	return pread(file, disk->bytes, disk->length, 0) == (ssize_t)disk->length ? 0 : -1;
}

/* ---- the power goes ---- */

static void
image_file(const char *from, const char *to, const char *name, uint64_t chance)
{
	static uint8_t now[1 << 20], left[1 << 20];
	char path[700];
	snprintf(path, sizeof path, "%.300s/%.300s", from, name);
	int file = open(path, O_RDONLY);
	ssize_t length = read(file, now, sizeof now);
	ck_assert(file >= 0 && length >= 0 && length < (ssize_t)sizeof now);
	close(file);
	const struct durable *disk = durable_of(name);
	size_t bytes = disk->length;
	if ((size_t)length > bytes)
		bytes += mixed(chance) % ((size_t)length - bytes + 1);
	memset(left, 0, bytes);
	memcpy(left, disk->bytes ? disk->bytes : left, disk->length);
	for (size_t at = disk->length / SECTOR * SECTOR; at < bytes; at += SECTOR) {
		size_t part = bytes - at < SECTOR ? bytes - at : SECTOR;
		if (mixed(chance + at) & 1)
			memcpy(left + at, now + at, part);
	}
	snprintf(path, sizeof path, "%.300s/%.300s", to, name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert(file >= 0 && write(file, left, bytes) == (ssize_t)bytes);
	close(file);
}

static void
image_make(const char *from, const char *to, uint64_t chance)
{
	DIR *folder = opendir(from);
	const struct dirent *entry;
	char command[3000];
	snprintf(command, sizeof command, "rm -rf '%s'; mkdir '%s'; cp -r '%s/rulesets' '%s'; test ! -f '%s/end' || cp '%s/end' '%s'", to, to, from, to,
	    from, from, to);
	ck_assert(folder != NULL && system(command) == 0);
	while ((entry = readdir(folder)))
		if (strstr(entry->d_name, ".fwa"))
			image_file(from, to, entry->d_name, chance);
	closedir(folder);
}

static const struct archive_options plain = {.segment_bytes = 8000};

/* What is left of a power cut is opened: nothing synced is missing, nothing is there that was not appended; writing goes on. */
static void
power_cut(const char *dir, const struct archive_options *options, const struct archive *archive, uint64_t chance)
{
	const char *image = scratch_path("image");
	enum archive_step last;
	uint64_t cut;
	image_make(dir, image, chance);
	struct archive *after = must_open(image, options, &cut);
	uint64_t next = archive_next(after);
	NEED(next >= archive_synced(archive) && next <= archive_next(archive), "%llu of %llu to %llu", (unsigned long long)next,
	    (unsigned long long)archive_synced(archive), (unsigned long long)archive_next(archive));
	append_some(after, 5);
	ck_assert_int_eq(archive_commit(after), 0);
	archive_close(after);
	ck_assert_uint_eq(read_all(image, options, 0, &last), next + 5);
	ck_assert_int_eq(last, ARCHIVE_END);
	must_be_whole(image, options);
}

static void
rounds_with_faults(const struct archive_options *options, uint64_t seed)
{
	char dir[512];
	uint64_t cut, failures = 0;
	enum archive_step last;
	strcpy(dir, scratch_path("a"));
	made_ruleset_store(dir);
	struct archive *archive = must_open(dir, options, &cut);
	for (uint64_t round = 0; round < 300; round++) {
		uint64_t chance = mixed(seed * 1000 + round);
		append_some(archive, chance % 9);
		fail_sync = chance >> 8 & 3 ? 0 : (int)(chance >> 10 & 3);
		fail_write = chance >> 12 & 7 ? 0 : 1;
		write_room = chance >> 16 & 7 ? SIZE_MAX : chance >> 20 & 2047;
		write_short = chance >> 32 & 1;
		uint64_t before = archive_synced(archive);
		int error = archive_commit(archive);
		failures += error != 0;
		NEED(error ? archive_synced(archive) >= before : archive_synced(archive) == archive_next(archive), "round %llu",
		    (unsigned long long)round);
		fail_sync = fail_write = 0;
		write_room = SIZE_MAX;
		if ((chance >> 40 & 3) == 0)
			power_cut(dir, options, archive, chance);
	}
	ck_assert_uint_gt(failures, 50);
	ck_assert_int_eq(archive_commit(archive), 0);
	uint64_t end = archive_next(archive);
	archive_close(archive);
	ck_assert_uint_eq(read_all(dir, options, 0, &last), end);
	must_be_whole(dir, options);
}

START_TEST(nothing_synced_is_lost_in_a_power_cut)
{
	rounds_with_faults(&plain, (uint64_t)_i);
}
END_TEST

START_TEST(nor_when_it_is_encrypted)
{
	struct archive_options hidden = {.segment_bytes = 8000, .cipher = CIPHER_AES_256_GCM, .cipher_key = "k"};
	rounds_with_faults(&hidden, 77);
}
END_TEST

START_TEST(a_full_disk_costs_time_alone)
{
	uint64_t cut;
	enum archive_step last;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	append_some(archive, 20);
	ck_assert_int_eq(archive_commit(archive), 0);
	write_room = 10;
	for (int i = 0; i < 10; i++) {
		append_some(archive, 7);
		ck_assert_int_eq(archive_commit(archive), ENOSPC);
		ck_assert_uint_eq(archive_synced(archive), 20);
		ck_assert_uint_eq(archive_next(archive), 20 + 7 * (uint64_t)(i + 1));
		ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), 20);
		ck_assert_int_eq(last, ARCHIVE_END);
	}
	write_room = SIZE_MAX;
	ck_assert_int_eq(archive_commit(archive), 0);
	ck_assert_uint_eq(archive_synced(archive), 90);
	archive_close(archive);
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), 90);
}
END_TEST

/* After a failed sync the pages are marked clean and may be gone: all of it is written again, not synced again. */
START_TEST(a_failed_sync_is_written_again)
{
	uint64_t cut;
	char path[512];
	enum archive_step last;
	struct archive *archive = must_open(scratch_path("a"), &plain, &cut);
	append_some(archive, 5);
	ck_assert_int_eq(archive_commit(archive), 0);
	snprintf(path, sizeof path, "%s/a/segment-%020d.fwa", scratch, 0);
	size_t synced = file_size(path);
	append_some(archive, 5);
	fail_sync = 1;
	ck_assert_int_eq(archive_commit(archive), EIO);
	size_t length = file_size(path) - synced;
	uint8_t *zero = calloc(1, length);
	int file = open(path, O_WRONLY);
	ck_assert(zero && file >= 0 && syscall(SYS_pwrite64, file, zero, length, synced) == (long)length);
	close(file);
	free(zero);
	append_some(archive, 5);
	ck_assert_int_eq(archive_commit(archive), 0);
	archive_close(archive);
	ck_assert_uint_eq(read_all(scratch_path("a"), NULL, 0, &last), 15);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_to_is_told)
{
	ck_assert_int_eq(open_failure("/proc/archive", &plain), ARCHIVE_SYSTEM);
	ck_assert_int_eq(open_failure(scratch_path("not/there"), &plain), ARCHIVE_SYSTEM);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("archive_faults");
	TCase *tcase = tcase_create("archive_faults");
	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, scratch_make, scratch_remove);
	tcase_add_loop_test(tcase, nothing_synced_is_lost_in_a_power_cut, 0, 5);
	tcase_add_test(tcase, nor_when_it_is_encrypted);
	tcase_add_test(tcase, a_full_disk_costs_time_alone);
	tcase_add_test(tcase, a_failed_sync_is_written_again);
	tcase_add_test(tcase, a_folder_that_cannot_be_written_to_is_told);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
