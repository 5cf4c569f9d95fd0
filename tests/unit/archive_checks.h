/* Entries that can be made again from their number, folders to write them to, and files to hurt. */
#ifndef FW_ARCHIVE_CHECKS_H
#define FW_ARCHIVE_CHECKS_H

#include "core/archive/archive.h"
#include "tests/unit/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static inline void
scratch_make(void)
{
	strcpy(scratch, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fw_archive_XXXXXX" : "/tmp/fw_archive_XXXXXX");
	ck_assert(mkdtemp(scratch) != NULL);
}

static inline void
scratch_remove(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", scratch);
	ck_assert_int_eq(system(command), 0);
}

static inline const char *
scratch_path(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *to = path[turn++ % 4];
	snprintf(to, sizeof path[0], "%s/%s", scratch, name);
	return to;
}

/* A number that looks like chance and is the same every time. */
static inline uint64_t
mixed(uint64_t number)
{
	number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

#define MADE_DIGEST "00000000000000000000000000000000000000000000000000000000000ba5e5"

struct made {
	struct entry entry;
	char bytes[4200], source[32];
};

static inline void
made_record(struct made *made, uint64_t number, uint64_t chance)
{
	static const char *const sources[] = {"settlements", "settlements-2", "enrolments", "data/2024 年.ndjson"};
	size_t source = chance % 4, length = 0, wanted = chance >> 8 & 31 ? 40 + (chance >> 16) % 400 : (chance >> 16) % 4000;
	while (length < wanted)
		length += (size_t)snprintf(made->bytes + length, sizeof made->bytes - length, "{\"setl_id\":\"%016llx\",\"hifp_pay\":%llu}",
		    (unsigned long long)mixed(number + length), (unsigned long long)(number % 97));
	length = (size_t)wanted;
	strcpy(made->source, sources[source]);
	made->entry.kind = ENTRY_RECORD;
	made->entry.record.kind = source == 2 ? RECORD_ENROLMENT : RECORD_SETTLEMENT;
	made->entry.record.bytes = (struct slice){made->bytes, length};
	made->entry.record.arrival_ms = chance >> 3 & 7 ? INT64_C(1700000000000) + (int64_t)(number * 37 + (chance >> 40) % 1000) : ARRIVAL_UNKNOWN;
	made->entry.record.source = slice_of(made->source);
	made->entry.record.is_file = source == 3;
	made->entry.record.partition = source == 3 ? 0 : (int32_t)(chance >> 5 & 3);
	made->entry.record.offset = (int64_t)(number / 3 + (chance >> 7 & 1));
	made->entry.record.event_time = chance >> 9 & 7 ? INT64_C(1704067200) + (int64_t)(number * 60) : EVENT_TIME_NONE;
}

/* The entry of that number: mostly records, every other kind too. */
static inline void
made_make(struct made *made, uint64_t number)
{
	uint64_t chance = mixed(number * 1000003 + 17);
	memset(made, 0, sizeof *made);
	made->entry.position = number;
	switch (chance >> 50 & 31) {
	case 0:
		made->entry.kind = ENTRY_RULES;
		made->entry.rules.digest = SLICE(MADE_DIGEST);
		made->entry.rules.settings = (struct entry_settings){(int32_t)(chance % 30) - 3, 400, 36, 32, 1u << 20, 64, chance & 1, ""};
		if (!(chance & 1))
			strcpy(made->entry.rules.settings.pseudonym_key_id, "0123456789abcdef");
		return;
	case 1:
		made->entry.kind = ENTRY_TICK;
		made->entry.tick.time = (int64_t)(chance >> 20) * (chance & 1 ? 1 : -1);
		return;
	case 2:
		made->entry.kind = ENTRY_GAP;
		strcpy(made->source, "settlements");
		made->entry.gap.topic = slice_of(made->source);
		made->entry.gap.partition = (int32_t)(chance & 3);
		made->entry.gap.expected = (int64_t)(number * 10);
		made->entry.gap.found = (int64_t)(chance % 1000);
		made->entry.gap.reason = SLICE("truncated");
		return;
	default:
		made_record(made, number, chance);
	}
}

static inline void
need_equal(const struct entry *got, const struct entry *made)
{
	unsigned long long at = made->position;
	NEED(got->kind == made->kind, "position %llu", at);
	NEED(got->position == made->position, "position %llu", at);
	switch (made->kind) {
	case ENTRY_RECORD:
		NEED(slice_equal(got->record.bytes, made->record.bytes), "position %llu", at);
		NEED(slice_equal(got->record.source, made->record.source), "position %llu", at);
		NEED(got->record.kind == made->record.kind && got->record.is_file == made->record.is_file, "position %llu", at);
		NEED(got->record.partition == made->record.partition && got->record.offset == made->record.offset, "position %llu", at);
		NEED(got->record.arrival_ms == made->record.arrival_ms, "position %llu", at);
		NEED(got->record.event_time == EVENT_TIME_NONE, "position %llu", at);
		break;
	case ENTRY_RULES:
		NEED(slice_equal(got->rules.digest, made->rules.digest), "position %llu", at);
		NEED(archive_settings_alike(&got->rules.settings, &made->rules.settings), "position %llu", at);
		NEED(got->rules.rejudged == made->rules.rejudged && got->rules.backfilled == made->rules.backfilled, "position %llu", at);
		break;
	case ENTRY_TICK:
		NEED(got->tick.time == made->tick.time, "position %llu", at);
		break;
	default:
		NEED(slice_equal(got->gap.topic, made->gap.topic) && slice_equal(got->gap.reason, made->gap.reason), "position %llu", at);
		NEED(got->gap.partition == made->gap.partition && got->gap.expected == made->gap.expected && got->gap.found == made->gap.found,
		    "position %llu", at);
	}
}

static inline struct archive *
must_open(const char *dir, const struct archive_options *options, uint64_t *cut)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct archive *archive = archive_open(dir, options, &failure, cut, &diags);
	NEED(archive != NULL, "%s", diags.count ? diags.list[0].message[LANGUAGE_EN] : "no word");
	ck_assert_int_eq(failure, ARCHIVE_FINE);
	diags_free(&diags);
	return archive;
}

/* The failure of an opening that must fail, and that it tells something in both languages. */
static inline enum archive_failure
open_failure(const char *dir, const struct archive_options *options)
{
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t cut;
	ck_assert(archive_open(dir, options, &failure, &cut, &diags) == NULL);
	ck_assert_uint_ge(diags.errors, 1);
	ck_assert(diags.list[0].message[LANGUAGE_ZH][0] && diags.list[0].message[LANGUAGE_EN][0]);
	diags_free(&diags);
	return failure;
}

static inline void
append_some(struct archive *archive, uint64_t count)
{
	struct made made;
	for (uint64_t i = 0; i < count; i++) {
		made_make(&made, archive_next(archive));
		archive_append(archive, &made.entry);
	}
}

static char read_trouble[1024];         /* what the last read_all was told */

/* Reads from the position to the end; every entry must be the one of its number.  Gives the position behind the last. */
static inline uint64_t
read_all(const char *dir, const struct archive_options *keys, uint64_t from, enum archive_step *last)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct archive_reader *reader = archive_read(dir, keys, from, &failure, &diags);
	struct entry entry;
	struct made made;
	NEED(reader != NULL, "%s", diags.count ? diags.list[0].message[LANGUAGE_EN] : "no word");
	while ((*last = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY) {
		made_make(&made, from++);
		need_equal(&entry, &made.entry);
		if (from % 1000 == 0)
			archive_recycle(reader);
	}
	ck_assert_uint_eq(diags.errors > 0, *last == ARCHIVE_DAMAGED);
	snprintf(read_trouble, sizeof read_trouble, "%s", diags.count ? diags.list[0].message[LANGUAGE_EN] : "the end");
	archive_reader_free(reader);
	diags_free(&diags);
	return from;
}

/* A ruleset of two files under the digest that made entries name. */
static inline void
made_ruleset_store(const char *dir)
{
	struct ruleset_file file[] = {{"rules/policy/A.yaml", SLICE("id: A\n")}, {"tables/pools.csv", SLICE("prefix,pool\n")}};
	struct ruleset set = {.digest = MADE_DIGEST, .file = file, .files = 2};
	ck_assert_int_eq(archive_store_ruleset(dir, &set), 0);
}

static inline size_t
verify_quietly(const char *dir, const struct archive_options *keys)
{
	struct diags diags = {0};
	size_t damages = archive_verify(dir, keys, &diags);
	NEED(damages == diags.errors, "%zu told", diags.errors);
	for (size_t i = 0; i < diags.count; i++)
		NEED(diags.list[i].message[LANGUAGE_ZH] && diags.list[i].message[LANGUAGE_EN] && diags.list[i].file, "diag %zu", i);
	diags_free(&diags);
	return damages;
}

static inline void
must_be_whole(const char *dir, const struct archive_options *keys)
{
	struct diags diags = {0};
	size_t damages = archive_verify(dir, keys, &diags);
	NEED(damages == 0, "%s: %s", diags.list[0].file, diags.list[0].message[LANGUAGE_EN]);
	diags_free(&diags);
}

static inline int
run_with_scratch(const char *name, const TTest *const tests[], size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	tcase_set_timeout(tcase, 600);
	tcase_add_checked_fixture(tcase, scratch_make, scratch_remove);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define RUN_ARCHIVE_TESTS(name, ...) \
	int \
	main(void) \
	{ \
		const TTest *const tests[] = {__VA_ARGS__}; \
		return run_with_scratch(name, tests, sizeof tests / sizeof *tests); \
	}

static inline size_t
file_size(const char *path)
{
	struct stat status;
	ck_assert_int_eq(stat(path, &status), 0);
	return (size_t)status.st_size;
}

static inline void
file_flip(const char *path, size_t byte, int bit)
{
	int file = open(path, O_RDWR);
	unsigned char value;
	ck_assert(file >= 0 && pread(file, &value, 1, (off_t)byte) == 1);
	value ^= (unsigned char)(1 << bit);
	ck_assert(pwrite(file, &value, 1, (off_t)byte) == 1);
	close(file);
}

#endif
