/* The archive written, read, read while it is written, opened again and locked. */
#include "tests/unit/archive_checks.h"

#include <errno.h>

static const struct archive_options plain = {.segment_bytes = 200000};

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
	ck_assert_uint_gt(archive_bytes(archive), 0);
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

int
main(void)
{
	Suite *suite = suite_create("archive");
	TCase *tcase = tcase_create("archive");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, scratch_make, scratch_remove);
	tcase_add_test(tcase, what_is_written_is_read_in_commits_of_any_size);
	tcase_add_test(tcase, a_reader_follows_the_writer);
	tcase_add_test(tcase, what_was_not_committed_is_not_there);
	tcase_add_test(tcase, writing_goes_on_where_it_ended);
	tcase_add_test(tcase, the_second_writer_is_refused);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
