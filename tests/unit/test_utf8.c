/* UTF-8 by the letter: every code point, every pair and triple of bytes; widths. */
#include "core/base/utf8.h"
#include "tests/unit/run.h"

#include <string.h>

static size_t
encode(int32_t code_point, char out[4])
{
	uint32_t c = (uint32_t)code_point;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t bytes = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = bytes - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf0u << (4 - bytes) & 0xff) | c);
	return bytes;
}

START_TEST(every_code_point_is_read)
{
	for (int32_t code_point = 0; code_point < 0x110000; code_point++) {
		char text[4];
		int32_t back;
		size_t bytes = encode(code_point, text), bad = 99;
		bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
		NEED(utf8_valid(text, bytes, &bad) == !surrogate && bad == (surrogate ? 0 : 99), "U+%04X", code_point);
		NEED(utf8_next(text, bytes, &back) == (surrogate ? 1 : bytes), "U+%04X", code_point);
		NEED(back == (surrogate ? 0xfffd : code_point), "U+%04X", code_point);
	}
}
END_TEST

START_TEST(code_points_beyond_the_last_are_refused)
{
	size_t bad;
	ck_assert(!utf8_valid("\xf4\x90\x80\x80", 4, &bad));
	ck_assert(!utf8_valid("\xf5\x80\x80\x80", 4, &bad));
	ck_assert(!utf8_valid("\xf8\x88\x80\x80\x80", 5, &bad));
}
END_TEST

START_TEST(overlong_forms_are_refused)
{
	static const char *const overlong[] = {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf"};
	for (size_t i = 0; i < sizeof overlong / sizeof *overlong; i++) {
		size_t bad = 99;
		ck_assert(!utf8_valid(overlong[i], strlen(overlong[i]), &bad));
		ck_assert_uint_eq(bad, 0);
	}
}
END_TEST

START_TEST(every_triple_of_bytes_is_judged_by_the_standard)
{
	for (unsigned word = 0; word < 1u << 24; word += 1 + (word >> 16 < 0x80) * 6) {
		char text[3] = {(char)(word >> 16), (char)(word >> 8), (char)word};
		size_t at = 0, bad = 99;
		while (at < 3) {
			int32_t code_point;
			size_t bytes = utf8_next(text + at, 3 - at, &code_point);
			char again[4];
			if (encode(code_point, again) != bytes || memcmp(again, text + at, bytes) != 0)
				break;
			at += bytes;
		}
		NEED(utf8_valid(text, 3, &bad) == (at == 3), "%06x", word);
		NEED(at == 3 || bad == at, "%06x", word);
	}
}
END_TEST

START_TEST(the_first_bad_byte_is_told_wherever_it_stands)
{
	char text[64];
	for (size_t length = 1; length <= sizeof text; length++)
		for (size_t place = 0; place < length; place++) {
			size_t bad = 99;
			memset(text, 'a', sizeof text);
			text[place] = '\x80';
			ck_assert(!utf8_valid(text, length, &bad));
			ck_assert_uint_eq(bad, place);
		}
}
END_TEST

START_TEST(a_character_cut_short_is_refused)
{
	static const char *const whole[] = {"é", "居", "😀"};
	for (size_t i = 0; i < 3; i++)
		for (size_t length = 1; length < strlen(whole[i]); length++) {
			size_t bad;
			int32_t code_point;
			ck_assert(!utf8_valid(whole[i], length, &bad));
			ck_assert_uint_eq(utf8_next(whole[i], length, &code_point), 1);
			ck_assert_int_eq(code_point, 0xfffd);
		}
}
END_TEST

START_TEST(chinese_is_two_columns_wide)
{
	ck_assert_int_eq(utf8_width('a'), 1);
	ck_assert_int_eq(utf8_width(0x5c45), 2);        /* 居 */
	ck_assert_int_eq(utf8_width(0xff0c), 2);        /* ， */
	ck_assert_int_eq(utf8_width(0x301), 0);         /* combining acute */
	ck_assert_int_eq(utf8_width(0xe9), 1);
	ck_assert_int_eq(utf8_width(0), 0);
}
END_TEST

RUN_TESTS("utf8", every_code_point_is_read, code_points_beyond_the_last_are_refused, overlong_forms_are_refused,
    every_triple_of_bytes_is_judged_by_the_standard, the_first_bad_byte_is_told_wherever_it_stands, a_character_cut_short_is_refused,
    chinese_is_two_columns_wide)
