/* Encryption at rest, keys and who is told what about them; rulesets stored by content. */
#include "tests/unit/archive_checks.h"

#include "core/base/cipher.h"
#include "core/base/digest.h"
#include "detectors/registry.h"

static struct archive_options
hidden(enum archive_cipher cipher)
{
	return (struct archive_options){.segment_bytes = 20000, .cipher = cipher, .cipher_key = "a key of thirty-two bytes length"};
}

static void
fill(const char *dir, const struct archive_options *options)
{
	uint64_t cut;
	struct archive *archive = must_open(dir, options, &cut);
	for (int i = 0; i < 100; i++) {
		append_some(archive, 7);
		ck_assert_int_eq(archive_commit(archive), 0);
	}
	archive_close(archive);
}

/* Is the text anywhere in the files of the folder? */
static bool
is_in_clear(const char *dir, const char *text)
{
	char command[700];
	snprintf(command, sizeof command, "grep -rqa '%s' '%s'", text, dir);
	return system(command) == 0;
}

START_TEST(an_encrypted_archive_is_read_with_its_key_alone)
{
	static const enum archive_cipher ciphers[] = {CIPHER_AES_256_GCM, CIPHER_SM4_GCM};
	for (size_t i = 0; i < 2; i++) {
		if (!archive_cipher_is_known(ciphers[i]))
			continue;
		struct archive_options right = hidden(ciphers[i]), wrong = right;
		const char *dir = scratch_path(i ? "b" : "a");
		struct diags diags = {0};
		enum archive_failure failure;
		enum archive_step last;
		made_ruleset_store(dir);
		fill(dir, &right);
		ck_assert_uint_eq(read_all(dir, &right, 0, &last), 700);
		ck_assert_uint_eq(read_all(dir, &right, 333, &last), 700);
		must_be_whole(dir, &right);
		ck_assert(!is_in_clear(dir, "setl_id"));
		wrong.cipher_key[31] ^= 1;
		ck_assert(archive_read(dir, &wrong, 0, &failure, &diags) == NULL);
		ck_assert_int_eq(failure, ARCHIVE_KEY);
		ck_assert(archive_read(dir, NULL, 0, &failure, &diags) == NULL);
		ck_assert_int_eq(failure, ARCHIVE_KEY);
		ck_assert_uint_eq(diags.errors, 2);
		ck_assert_int_eq(open_failure(dir, &wrong), ARCHIVE_KEY);
		ck_assert_uint_eq(verify_quietly(dir, &wrong), 1);
		diags_free(&diags);
	}
}
END_TEST

START_TEST(the_cipher_may_change_with_the_next_segment)
{
	struct archive_options none = hidden(CIPHER_NONE), aes = hidden(CIPHER_AES_256_GCM);
	const char *dir = scratch_path("a");
	enum archive_step last;
	made_ruleset_store(dir);
	fill(dir, &none);
	fill(dir, &aes);
	fill(dir, &none);
	ck_assert_uint_eq(read_all(dir, &aes, 0, &last), 2100);
	must_be_whole(dir, &aes);
}
END_TEST

START_TEST(every_flipped_bit_of_an_encrypted_frame_is_found)
{
	struct archive_options options = hidden(CIPHER_AES_256_GCM);
	const char *dir = scratch_path("a");
	char path[512];
	uint64_t cut;
	struct archive *archive = must_open(dir, &options, &cut);
	for (int i = 0; i < 3; i++) {
		struct made made;
		made_record(&made, 3, 40);
		archive_append(archive, &made.entry);
		ck_assert_int_eq(archive_commit(archive), 0);
	}
	archive_close(archive);
	must_be_whole(dir, &options);
	snprintf(path, sizeof path, "%s/segment-%020d.fwa", dir, 0);
	size_t size = file_size(path);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		file_flip(path, bit / 8, (int)(bit % 8));
		NEED(verify_quietly(dir, &options) > 0, "bit %zu", bit);
		file_flip(path, bit / 8, (int)(bit % 8));
	}
}
END_TEST

START_TEST(sealing_binds_text_nonce_and_what_stands_beside)
{
	uint8_t key[CIPHER_KEY_BYTES] = "0123456789abcdef", nonce[CIPHER_NONCE_BYTES] = {1}, other[CIPHER_NONCE_BYTES] = {2}, sealed[21], plain[21];
	struct cipher *cipher = cipher_open("AES-256-GCM", key);
	ck_assert(cipher != NULL && cipher_open("NO-SUCH", key) == NULL && !cipher_is_known("NO-SUCH"));
	cipher_seal(cipher, nonce, SLICE("beside"), "plain", 5, sealed);
	ck_assert(cipher_unseal(cipher, nonce, SLICE("beside"), sealed, 21, plain));
	ck_assert_mem_eq(plain, "plain", 5);
	ck_assert(!cipher_unseal(cipher, other, SLICE("beside"), sealed, 21, plain));
	ck_assert(!cipher_unseal(cipher, nonce, SLICE("besidf"), sealed, 21, plain));
	ck_assert(!cipher_unseal(cipher, nonce, SLICE("beside"), sealed, 20, plain));
	ck_assert(!cipher_unseal(cipher, nonce, SLICE("beside"), sealed, 15, plain));
	sealed[0] ^= 1;
	ck_assert(!cipher_unseal(cipher, nonce, SLICE("beside"), sealed, 21, plain));
	cipher_close(cipher);
}
END_TEST

static void
file_write(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");
	ck_assert(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

START_TEST(a_key_is_32_bytes_or_64_digits)
{
	static const char digits[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n";
	struct diags diags = {0};
	uint8_t key[ARCHIVE_KEY_BYTES];
	const char *path = scratch_path("key");
	file_write(path, digits, sizeof digits - 1);
	ck_assert(archive_key_read(path, key, &diags));
	for (uint8_t i = 0; i < ARCHIVE_KEY_BYTES; i++)
		ck_assert_uint_eq(key[i], i);
	file_write(path, "\0bytes of any kind, more than 32 of them", 40);
	ck_assert(archive_key_read(path, key, &diags));
	ck_assert_mem_eq(key, "\0bytes of any kind, more than 32 of them", 32);
	file_write(path, "too short", 9);
	ck_assert(!archive_key_read(path, key, &diags));
	ck_assert(!archive_key_read(scratch_path("none"), key, &diags));
	ck_assert(!archive_key_read(scratch, key, &diags));
	ck_assert_uint_eq(diags.errors, 3);
	diags_free(&diags);
}
END_TEST

/* ---- rulesets ---- */

static struct ruleset *
load(const char *rules, const char *tables)
{
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(detectors_registry(), rules, tables, &diags);
	NEED(set != NULL, "%s: %s", diags.count ? diags.list[0].file : rules, diags.count ? diags.list[0].message[LANGUAGE_EN] : "");
	diags_free(&diags);
	return set;
}

static void
store_and_load(const char *dir, const char *rules_dir, const char *tables_dir, char digest[DIGEST_TEXT_SIZE])
{
	char rules[4096], tables[4096];
	struct ruleset *set = load(rules_dir, tables_dir);
	strcpy(digest, set->digest);
	ck_assert(!archive_ruleset_paths(dir, slice_of(set->digest), rules, tables));
	ck_assert_int_eq(archive_store_ruleset(dir, set), 0);
	ck_assert_int_eq(archive_store_ruleset(dir, set), 0);
	ck_assert(archive_ruleset_paths(dir, slice_of(set->digest), rules, tables));
	struct ruleset *again = load(rules, tables);
	ck_assert_str_eq(again->digest, set->digest);
	ck_assert_uint_eq(again->files, set->files);
	ruleset_free(set);
	ruleset_free(again);
}

static void
copy(const char *from, const char *to)
{
	char command[1200];
	snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_stored_ruleset_loads_again_to_the_same)
{
	char digest[DIGEST_TEXT_SIZE];
	store_and_load(scratch_path("a"), TEST_DATA "/../rules", NULL, digest);
	must_be_whole(scratch_path("a"), NULL);
}
END_TEST

START_TEST(tables_from_another_folder_are_stored_too)
{
	char digest[DIGEST_TEXT_SIZE], command[1200];
	copy(TEST_DATA "/../rules", scratch_path("rules"));
	ck_assert_int_eq(rename(scratch_path("rules/tables"), scratch_path("elsewhere")), 0);
	store_and_load(scratch_path("a"), scratch_path("rules"), scratch_path("elsewhere"), digest);
	/* What is stored is what was loaded, byte for byte, with its BOM and CRLF. */
	snprintf(command, sizeof command, "cd '%s' && sed -i -e 's/$/\\r/' -e '1s/^/\\xef\\xbb\\xbf/' rules/policy/*.yaml elsewhere/*.csv", scratch);
	ck_assert_int_eq(system(command), 0);
	store_and_load(scratch_path("b"), scratch_path("rules"), scratch_path("elsewhere"), digest);
	snprintf(command, sizeof command, "cd '%s' && diff -r rules/policy b/rulesets/%s/rules/policy && diff -r -x README.md elsewhere b/rulesets/%s/tables",
	    scratch, digest, digest);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof command, "cd '%s/b/rulesets/%s' && sha256sum --quiet -c manifest", scratch, digest);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(a_damaged_ruleset_is_not_used_and_is_stored_again)
{
	char digest[DIGEST_TEXT_SIZE], rules[4096], tables[4096], path[5000];
	const char *dir = scratch_path("a");
	store_and_load(dir, TEST_DATA "/../rules", NULL, digest);
	struct ruleset *set = load(TEST_DATA "/../rules", NULL);
	archive_ruleset_paths(dir, slice_of(digest), rules, tables);
	snprintf(path, sizeof path, "%s/medtype.csv", tables);
	file_flip(path, 5, 0);
	ck_assert(!archive_ruleset_paths(dir, slice_of(digest), rules, tables));
	ck_assert_uint_eq(verify_quietly(dir, NULL), 1);
	ck_assert_int_eq(archive_store_ruleset(dir, set), 0);
	must_be_whole(dir, NULL);
	file_write(scratch_path("more"), "more", 4);
	snprintf(path, sizeof path, "%s/more.csv", tables);
	ck_assert_int_eq(rename(scratch_path("more"), path), 0);
	ck_assert_uint_eq(verify_quietly(dir, NULL), 1);
	ck_assert(!archive_ruleset_paths(dir, SLICE("../../etc"), rules, tables));
	ruleset_free(set);
}
END_TEST

/* A ruleset that came into force and is not stored leaves a hole in the record. */
START_TEST(a_ruleset_that_is_not_stored_is_missed)
{
	uint64_t cut;
	const char *dir = scratch_path("a");
	struct entry entry = {.kind = ENTRY_RULES, .rules = {.digest = SLICE(MADE_DIGEST)}};
	struct archive *archive = must_open(dir, &(struct archive_options){0}, &cut);
	archive_append(archive, &entry);
	archive_close(archive);
	ck_assert_uint_eq(verify_quietly(dir, NULL), 1);
	made_ruleset_store(dir);
	must_be_whole(dir, NULL);
}
END_TEST

RUN_ARCHIVE_TESTS("archive_keys", an_encrypted_archive_is_read_with_its_key_alone, the_cipher_may_change_with_the_next_segment,
    every_flipped_bit_of_an_encrypted_frame_is_found, sealing_binds_text_nonce_and_what_stands_beside, a_key_is_32_bytes_or_64_digits,
    a_stored_ruleset_loads_again_to_the_same, tables_from_another_folder_are_stored_too,
    a_damaged_ruleset_is_not_used_and_is_stored_again, a_ruleset_that_is_not_stored_is_missed)
