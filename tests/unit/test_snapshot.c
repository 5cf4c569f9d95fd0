/* The snapshot's file: what was written is read, with and without keys and a helper; what is damaged, torn or put together
 * otherwise is refused; an older one stays when a newer one cannot be written. */
#include "core/archive/snapshot.h"
#include "core/base/memory.h"
#include "core/base/step.h"
#include "detectors/registry.h"
#include "tests/unit/archive_checks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define RULES TEST_DATA "/../rules"
#define LINE_BYTES 320

/* ---- the steps that were taken ---- */

static char steps[512];

void fundwatch_step(const char *name);

void
fundwatch_step(const char *name)
{
	size_t length = strlen(steps), more = strlen(name);
	bool again = length > more && strcmp(steps + length - more, name) == 0;
	if (!again && length + more + 2 < sizeof steps)
		snprintf(steps + length, sizeof steps - length, " %s", name);
}

/* ---- a state and its head ---- */

static struct ruleset *
rules_load(void)
{
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), RULES, NULL, &diags);
	ck_assert_ptr_nonnull(rules);
	diags_free(&diags);
	return rules;
}

static struct scorer *
scorer_make(struct ruleset *rules, size_t settlements)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct scorer *scorer = scorer_open(rules, &limits);
	for (size_t i = 0; i < settlements; i++) {
		char bytes[LINE_BYTES];
		enum fate fate;
		struct scored scored = {.fate = &fate};
		int length = snprintf(bytes, sizeof bytes, "{\"setl_id\":\"S%016llx\",\"mdtrt_id\":\"M%zu\",\"psn_no\":\"P%zu\",\"insu_admdvs\":\"141121\","
		    "\"insutype\":\"390\",\"med_type\":\"11\",\"setl_time\":\"2024-%02zu-01 10:00:00\",\"medfee_sumamt\":300,\"hifp_pay\":%zu}",
		    (unsigned long long)mixed(i), i, i / 3, i % 12 + 1, i % 400);
		struct record record = {.kind = RECORD_SETTLEMENT, .bytes = bytes, .length = (size_t)length, .arrival_ms = ARRIVAL_UNKNOWN, .file = "x"};
		ck_assert_uint_eq(scorer_score(scorer, &record, 1, &scored), 1);
	}
	return scorer;
}

static struct snapshot_head
head_make(uint64_t position, const struct ruleset *rules)
{
	struct snapshot_head head = {.position = position, .one_ruleset = true, .newest_event = 123456789, .alerts = 77, .feed = digest_open(),
	    .settings = {7, 400, 36, 32, 1u << 20, 64, false, "0123456789abcdef"}};
	struct entry entry = {.kind = ENTRY_RECORD, .record = {.kind = RECORD_SETTLEMENT, .bytes = SLICE("{}"), .arrival_ms = 5,
	    .source = SLICE("settlements"), .partition = 3, .offset = 41}};
	memset(head.chain, 0xab, sizeof head.chain);
	memcpy(head.ruleset, rules->digest, sizeof head.ruleset);
	cursors_note(&head.cursors, &entry);
	head.floor = memory_resize(NULL, sizeof *head.floor);
	head.floor[0] = (struct output_floor){strdup("alerts"), 2, 1000};
	head.floors = 1;
	digest_add(head.feed, "the first lines\n", 16);
	return head;
}

static void
head_need_equal(struct snapshot_head *a, struct snapshot_head *b)
{
	uint8_t left[DIGEST_BYTES], right[DIGEST_BYTES];
	ck_assert_uint_eq(a->position, b->position);
	ck_assert_mem_eq(a->chain, b->chain, sizeof a->chain);
	ck_assert_str_eq(a->ruleset, b->ruleset);
	ck_assert(archive_settings_alike(&a->settings, &b->settings));
	ck_assert(a->one_ruleset == b->one_ruleset && a->newest_event == b->newest_event && a->alerts == b->alerts);
	ck_assert_uint_eq(a->cursors.count, b->cursors.count);
	const struct cursor *cursor = cursors_find(&a->cursors, "settlements", 3);
	ck_assert(cursor && cursor->next == 42 && cursor->last_arrival_ms == 5);
	ck_assert_uint_eq(a->floors, b->floors);
	ck_assert(strcmp(a->floor[0].topic, b->floor[0].topic) == 0 && a->floor[0].partition == b->floor[0].partition
	    && a->floor[0].offset == b->floor[0].offset);
	digest_add(a->feed, "and more\n", 9);           /* both go on */
	digest_add(b->feed, "and more\n", 9);
	digest_value(a->feed, left);
	digest_value(b->feed, right);
	ck_assert_mem_eq(left, right, DIGEST_BYTES);
}

static void
keep(void *buffer, const void *bytes, size_t length)
{
	buffer_add(buffer, bytes, length);
}

static bool
saves_the_same(const struct scorer *a, const struct scorer *b)
{
	struct buffer left = {0}, right = {0};
	scorer_save(a, keep, &left);
	scorer_save(b, keep, &right);
	bool same = left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
	buffer_free(&left);
	buffer_free(&right);
	return same;
}

/* Loads the snapshot of that position whole; NULL: refused, and something was told. */
static struct scorer *
load(const struct archive_options *keys, uint64_t position, struct ruleset *rules, struct snapshot_head *head, const struct snapshot_helper *helper)
{
	struct diags diags = {0};
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct snapshot *snapshot = snapshot_open(scratch, keys, position, head, &diags);
	struct scorer *scorer = snapshot ? snapshot_load(snapshot, rules, &limits, helper, &diags) : NULL;
	NEED(diags.errors == !scorer, "%zu errors", diags.errors);
	if (snapshot)
		snapshot_close(snapshot);
	diags_free(&diags);
	return scorer;
}

static bool
is_refused(const struct archive_options *keys, uint64_t position, struct ruleset *rules)
{
	struct snapshot_head head;
	struct scorer *scorer = load(keys, position, rules, &head, NULL);
	snapshot_head_free(&head);
	scorer_close(scorer);
	return scorer == NULL;
}

/* ---- a helper on a thread of its own ---- */

struct thread {
	pthread_t thread;
	void (*work)(void *argument);
	void *argument;
	size_t times;
};

static void *
thread_run(void *context)
{
	struct thread *thread = context;
	thread->work(thread->argument);
	return NULL;
}

static void
thread_begin(void *context, void (*work)(void *argument), void *argument)
{
	struct thread *thread = context;
	thread->work = work;
	thread->argument = argument;
	thread->times++;
	ck_assert_int_eq(pthread_create(&thread->thread, NULL, thread_run, thread), 0);
}

static void
thread_finish(void *context)
{
	ck_assert_int_eq(pthread_join(((struct thread *)context)->thread, NULL), 0);
}

/* ---- the tests ---- */

static void
write_and_read(const struct archive_options *keys, size_t settlements)
{
	struct ruleset *rules = rules_load();
	struct scorer *scorer = scorer_make(rules, settlements);
	struct thread thread = {0};
	struct snapshot_helper helper = {thread_begin, thread_finish, &thread};
	for (int way = 0; way < 2; way++) {
		struct snapshot_head head = head_make(1234, rules), read;
		steps[0] = '\0';
		ck_assert_int_eq(snapshot_write(scratch, keys, &head, scorer), 0);
		ck_assert_str_eq(steps, " snapshot_begin snapshot_write snapshot_before_rename snapshot_after_rename");
		struct scorer *loaded = load(keys, 1234, rules, &read, way ? &helper : NULL);
		ck_assert_ptr_nonnull(loaded);
		head_need_equal(&read, &head);
		ck_assert(saves_the_same(loaded, scorer));
		scorer_close(loaded);
		snapshot_head_free(&head);
		snapshot_head_free(&read);
	}
	ck_assert_uint_ge(thread.times, settlements ? 2 : 1);
	scorer_close(scorer);
	ruleset_free(rules);
}

START_TEST(what_is_written_is_read)
{
	scratch_make();
	write_and_read(NULL, 0);
	write_and_read(NULL, 40000);
	scratch_remove();
}
END_TEST

START_TEST(what_is_encrypted_needs_its_key)
{
	static const enum archive_cipher cipher[] = {CIPHER_AES_256_GCM, CIPHER_SM4_GCM};
	scratch_make();
	for (size_t i = 0; i < sizeof cipher / sizeof cipher[0]; i++) {
		struct archive_options keys = {.cipher = cipher[i], .cipher_key = "0123456789abcdef0123456789abcde"}, other = keys;
		if (!archive_cipher_is_known(cipher[i]))
			continue;
		write_and_read(&keys, 20000);
		struct ruleset *rules = rules_load();
		other.cipher_key[0] ^= 1;
		ck_assert(is_refused(&other, 1234, rules));
		ck_assert(is_refused(NULL, 1234, rules));
		ck_assert(!is_refused(&keys, 1234, rules));
		ruleset_free(rules);
	}
	scratch_remove();
}
END_TEST

static const char *
the_file(uint64_t position)
{
	char name[64];
	snprintf(name, sizeof name, "snapshots/snapshot-%020llu.fws", (unsigned long long)position);
	return scratch_path(name);
}

static size_t
write_some(uint64_t position, struct ruleset *rules, const struct archive_options *keys, size_t settlements)
{
	struct scorer *scorer = scorer_make(rules, settlements);
	struct snapshot_head head = head_make(position, rules);
	ck_assert_int_eq(snapshot_write(scratch, keys, &head, scorer), 0);
	snapshot_head_free(&head);
	scorer_close(scorer);
	return file_size(the_file(position));
}

START_TEST(every_flipped_bit_is_found)
{
	struct archive_options keys = {.cipher = CIPHER_AES_256_GCM, .cipher_key = "0123456789abcdef0123456789abcde"};
	scratch_make();
	struct ruleset *rules = rules_load();
	for (int way = 0; way < 2; way++) {
		size_t bytes = write_some(5, rules, way ? &keys : NULL, 12);
		ck_assert_uint_gt(bytes, 600);
		for (size_t i = 0; i < bytes; i++) {
			file_flip(the_file(5), i, (int)(mixed(i) & 7));
			NEED(is_refused(way ? &keys : NULL, 5, rules), "byte %zu of %zu", i, bytes);
			file_flip(the_file(5), i, (int)(mixed(i) & 7));
		}
		ck_assert(!is_refused(way ? &keys : NULL, 5, rules));
	}
	ruleset_free(rules);
	scratch_remove();
}
END_TEST

START_TEST(every_cut_and_every_addition_is_found)
{
	scratch_make();
	struct ruleset *rules = rules_load();
	size_t bytes = write_some(5, rules, NULL, 12);
	ck_assert_int_eq(truncate(the_file(5), (off_t)bytes + 1), 0);
	ck_assert(is_refused(NULL, 5, rules));
	ck_assert_int_eq(truncate(the_file(5), (off_t)bytes), 0);
	ck_assert(!is_refused(NULL, 5, rules));
	for (size_t length = bytes; length-- > 0;) {
		ck_assert_int_eq(truncate(the_file(5), (off_t)length), 0);
		NEED(is_refused(NULL, 5, rules), "%zu of %zu bytes", length, bytes);
	}
	ruleset_free(rules);
	scratch_remove();
}
END_TEST

/* ---- blocks that are whole, but not where they were ---- */

#define PREFIX_BYTES 64
#define HEAD_BYTES 24
#define BLOCKS_MOST 64

struct file {
	char *bytes;
	size_t at[BLOCKS_MOST + 1], blocks;
};

static void
file_read(struct file *file, uint64_t position)
{
	size_t length = file_size(the_file(position));
	FILE *in = fopen(the_file(position), "rb");
	file->bytes = memory_resize(NULL, length);
	ck_assert_uint_eq(fread(file->bytes, 1, length, in), length);
	fclose(in);
	file->blocks = 0;
	for (size_t at = PREFIX_BYTES; at < length; file->blocks++) {
		uint32_t payload;
		memcpy(&payload, file->bytes + at + 20, sizeof payload);
		file->at[file->blocks] = at;
		at += HEAD_BYTES + payload;
		file->at[file->blocks + 1] = at;
	}
}

static void
file_write(const struct file *file, uint64_t position, const size_t *block, size_t count)
{
	FILE *out = fopen(the_file(position), "wb");
	fwrite(file->bytes, 1, PREFIX_BYTES, out);
	for (size_t i = 0; i < count; i++)
		fwrite(file->bytes + file->at[block[i]], 1, file->at[block[i] + 1] - file->at[block[i]], out);
	ck_assert_int_eq(fclose(out), 0);
}

START_TEST(blocks_in_another_order_are_found)
{
	scratch_make();
	struct ruleset *rules = rules_load();
	struct file file;
	size_t order[BLOCKS_MOST];
	write_some(5, rules, NULL, 40000);
	file_read(&file, 5);
	ck_assert_uint_ge(file.blocks, 4);
	for (size_t i = 0; i < file.blocks; i++)
		order[i] = i;
	file_write(&file, 5, order, file.blocks);
	ck_assert(!is_refused(NULL, 5, rules));
	for (size_t i = 0; i + 1 < file.blocks; i++) {
		order[i] = i + 1;
		order[i + 1] = i;
		file_write(&file, 5, order, file.blocks);
		NEED(is_refused(NULL, 5, rules), "blocks %zu and %zu", i, i + 1);
		order[i] = i;
		order[i + 1] = i + 1;
	}
	for (size_t gone = 0; gone < file.blocks; gone++) {
		for (size_t i = 0; i + 1 < file.blocks; i++)
			order[i] = i < gone ? i : i + 1;
		file_write(&file, 5, order, file.blocks - 1);
		NEED(is_refused(NULL, 5, rules), "without block %zu", gone);
	}
	free(file.bytes);
	ruleset_free(rules);
	scratch_remove();
}
END_TEST

START_TEST(a_snapshot_is_the_one_of_its_position)
{
	scratch_make();
	struct ruleset *rules = rules_load();
	write_some(5, rules, NULL, 3);
	char from[512];
	strcpy(from, the_file(5));
	ck_assert_int_eq(rename(from, the_file(6)), 0);
	ck_assert(is_refused(NULL, 5, rules));
	ck_assert(is_refused(NULL, 6, rules));
	ruleset_free(rules);
	scratch_remove();
}
END_TEST

/* A head may be read and then the state must fit the rules. */
START_TEST(other_rules_are_told)
{
	struct diags diags = {0};
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	scratch_make();
	struct ruleset *rules = rules_load(), *other = ruleset_load(detectors_registry(), TEST_DATA "/oracle/rules", NULL, &diags);
	write_some(5, rules, NULL, 3);
	struct snapshot_head head;
	struct snapshot *snapshot = snapshot_open(scratch, NULL, 5, &head, &diags);
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_str_eq(head.ruleset, rules->digest);
	ck_assert_ptr_null(snapshot_load(snapshot, other, &limits, NULL, &diags));
	ck_assert_ptr_nonnull(strstr(diags.list[0].message[LANGUAGE_EN], "does not fit"));
	snapshot_close(snapshot);
	snapshot_head_free(&head);
	diags_free(&diags);
	ruleset_free(rules);
	ruleset_free(other);
	scratch_remove();
}
END_TEST

/* ---- the folder ---- */

START_TEST(the_newest_are_kept)
{
	static const uint64_t made[] = {30, 7, 100000, 200};
	uint64_t *position;
	scratch_make();
	struct ruleset *rules = rules_load();
	ck_assert_uint_eq(snapshot_list(scratch, &position), 0);
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		size_t bytes = write_some(made[i], rules, NULL, i);
		ck_assert_uint_eq(snapshot_bytes(scratch, made[i]), bytes);
	}
	fclose(fopen(scratch_path("snapshots/snapshot-00000000000000000300.fws.tmp"), "w"));
	fclose(fopen(scratch_path("snapshots/notes.txt"), "w"));
	ck_assert_uint_eq(snapshot_list(scratch, &position), 4);
	ck_assert(position[0] == 100000 && position[1] == 200 && position[2] == 30 && position[3] == 7);
	free(position);
	snapshot_sweep(scratch, 2);
	ck_assert_uint_eq(snapshot_list(scratch, &position), 2);
	ck_assert(position[0] == 100000 && position[1] == 200);
	free(position);
	ck_assert_int_ne(access(scratch_path("snapshots/snapshot-00000000000000000300.fws.tmp"), F_OK), 0);
	ck_assert_int_eq(access(scratch_path("snapshots/notes.txt"), F_OK), 0);
	snapshot_remove(scratch, 200);
	ck_assert_uint_eq(snapshot_list(scratch, &position), 1);
	free(position);
	ck_assert_uint_eq(snapshot_bytes(scratch, 200), 0);
	ruleset_free(rules);
	scratch_remove();
}
END_TEST

START_TEST(one_that_cannot_be_written_leaves_the_older_one)
{
	scratch_make();
	struct ruleset *rules = rules_load();
	struct scorer *scorer = scorer_make(rules, 30000);
	struct snapshot_head head = head_make(9, rules);
	write_some(5, rules, NULL, 3);
	struct rlimit most = {300000, RLIM_INFINITY};
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &most), 0);
	ck_assert_int_eq(snapshot_write(scratch, NULL, &head, scorer), EFBIG);
	most.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &most), 0);
	uint64_t *position;
	ck_assert_uint_eq(snapshot_list(scratch, &position), 1);
	ck_assert_int_ne(access(scratch_path("snapshots/snapshot-00000000000000000009.fws.tmp"), F_OK), 0);
	ck_assert(!is_refused(NULL, position[0], rules));
	ck_assert_int_eq(snapshot_write(scratch, NULL, &head, scorer), 0);
	ck_assert(!is_refused(NULL, 9, rules));
	ck_assert_int_eq(snapshot_write("/nowhere/at/all", NULL, &head, scorer), ENOENT);
	free(position);
	snapshot_head_free(&head);
	scorer_close(scorer);
	ruleset_free(rules);
	scratch_remove();
}
END_TEST

RUN_TESTS("snapshot", what_is_written_is_read, what_is_encrypted_needs_its_key, every_flipped_bit_is_found,
    every_cut_and_every_addition_is_found, blocks_in_another_order_are_found, a_snapshot_is_the_one_of_its_position,
    other_rules_are_told, the_newest_are_kept, one_that_cannot_be_written_leaves_the_older_one)
