/* Digests against published values (FIPS 180-4, RFC 4231); fingerprints against xxHash's own published ones. */
#include "core/base/digest.h"
#include "core/base/hash.h"
#include "core/base/slice.h"
#include "tests/unit/run.h"

static void
expect(const uint8_t value[DIGEST_BYTES], const char *wanted)
{
	char text[DIGEST_TEXT_SIZE];
	ck_assert_str_eq(hex_text(value, DIGEST_BYTES, text), wanted);
}

#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

START_TEST(sha256_has_the_published_values)
{
	uint8_t value[DIGEST_BYTES];
	sha256("abc", 3, value);
	expect(value, OF_ABC);
	sha256("", 0, value);
	expect(value, OF_NOTHING);
}
END_TEST

START_TEST(a_running_digest_tells_its_value_and_goes_on)
{
	uint8_t value[DIGEST_BYTES];
	struct digest *digest = digest_open();
	digest_value(digest, value);
	expect(value, OF_NOTHING);
	digest_add(digest, "a", 1);
	digest_value(digest, value);
	digest_add(digest, "bc", 2);
	digest_value(digest, value);
	expect(value, OF_ABC);
	digest_value(digest, value);
	expect(value, OF_ABC);
	digest_close(digest);
}
END_TEST

/* Saved at every length, gone on with from the bytes. */
START_TEST(a_running_digest_goes_on_from_its_bytes)
{
	char text[300];
	uint8_t state[DIGEST_STATE_BYTES], value[DIGEST_BYTES], whole[DIGEST_BYTES];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 31);
	sha256(text, sizeof text, whole);
	for (size_t cut = 0; cut <= sizeof text; cut++) {
		struct digest *digest = digest_open();
		digest_add(digest, text, cut);
		digest_save(digest, state);
		digest_close(digest);
		digest = digest_load(state);
		ck_assert_ptr_nonnull(digest);
		digest_add(digest, text + cut, sizeof text - cut);
		digest_value(digest, value);
		ck_assert_mem_eq(value, whole, DIGEST_BYTES);
		digest_close(digest);
	}
	state[DIGEST_STATE_BYTES - 1] = 1;
	ck_assert_ptr_null(digest_load(state));
}
END_TEST

/* The state is the published one of SHA-256, most significant byte first: the same on every machine. */
START_TEST(the_bytes_of_a_running_digest_are_portable)
{
	uint8_t state[DIGEST_STATE_BYTES];
	static const uint8_t begin[] = {0x6a, 0x09, 0xe6, 0x67, 0xbb, 0x67, 0xae, 0x85};
	struct digest *digest = digest_open();
	digest_add(digest, "abc", 3);
	digest_save(digest, state);
	ck_assert_mem_eq(state, begin, sizeof begin);
	ck_assert_uint_eq(state[39], 24);
	ck_assert_mem_eq(state + 40, "abc\0", 4);
	digest_close(digest);
}
END_TEST

START_TEST(hmac_has_the_published_values)
{
	uint8_t value[DIGEST_BYTES], key[20];
	memset(key, 0x0b, sizeof key);
	hmac_sha256(key, sizeof key, "Hi There", 8, value);
	expect(value, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, value);
	expect(value, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hmac_sha256(NULL, 0, "", 0, value);
	expect(value, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
END_TEST

START_TEST(hexadecimal_is_lower_case)
{
	char text[7];
	ck_assert_str_eq(hex_text((const uint8_t[]){0x00, 0xaf, 0xfe}, 3, text), "00affe");
	ck_assert_str_eq(hex_text(NULL, 0, text), "");
}
END_TEST

START_TEST(fingerprints_are_those_of_xxh3)
{
	ck_assert_uint_eq(hash64("", 0), UINT64_C(0x2d06800538d394c2));
	struct hash128 empty = hash128("", 0);
	ck_assert_uint_eq(empty.high, UINT64_C(0x99aa06d3014798d8));
	ck_assert_uint_eq(empty.low, UINT64_C(0x6001c324468d497f));
	ck_assert_uint_ne(hash64("a", 1), hash64("b", 1));
	ck_assert_uint_ne(hash128("a", 1).low, hash128("b", 1).low);
}
END_TEST

RUN_TESTS("digest", sha256_has_the_published_values, a_running_digest_tells_its_value_and_goes_on,
    a_running_digest_goes_on_from_its_bytes, the_bytes_of_a_running_digest_are_portable, hmac_has_the_published_values,
    hexadecimal_is_lower_case, fingerprints_are_those_of_xxh3)
