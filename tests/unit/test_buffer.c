/* The buffer and the JSON writer on it, byte by byte. */
#include "core/base/buffer.h"
#include "tests/unit/run.h"

#include <locale.h>
#include <math.h>

static void
expect(struct buffer *buffer, const char *wanted)
{
	buffer_char(buffer, '\0');
	ck_assert_str_eq(buffer->data, wanted);
	buffer_free(buffer);
	ck_assert_ptr_null(buffer->data);
	ck_assert_uint_eq(buffer->length + buffer->capacity, 0);
}

START_TEST(a_buffer_grows)
{
	struct buffer buffer = {0};
	for (int i = 0; i < 100000; i++)
		buffer_printf(&buffer, "%d,", i % 10);
	ck_assert_uint_eq(buffer.length, 200000);
	for (size_t i = 0; i < buffer.length; i += 2)
		NEED(buffer.data[i] == (char)('0' + i / 2 % 10) && buffer.data[i + 1] == ',', "at %zu", i);
	buffer_free(&buffer);
}
END_TEST

START_TEST(reserve_leaves_what_is_there)
{
	struct buffer buffer = {0};
	buffer_text(&buffer, "abc");
	buffer_reserve(&buffer, 5000);
	ck_assert_uint_ge(buffer.capacity - buffer.length, 5000);
	buffer_add(&buffer, NULL, 0);
	expect(&buffer, "abc");
}
END_TEST

START_TEST(commas_are_set_by_the_writer)
{
	struct buffer buffer = {0};
	json_open(&buffer, '{');
	json_key(&buffer, "a");
	json_integer(&buffer, 1);
	json_key(&buffer, "b");
	json_open(&buffer, '[');
	json_open(&buffer, '{');
	json_close(&buffer, '}');
	json_open(&buffer, '[');
	json_close(&buffer, ']');
	json_bool(&buffer, true);
	json_bool(&buffer, false);
	json_null(&buffer);
	json_text(&buffer, NULL);
	json_text(&buffer, "{");
	json_text(&buffer, ",");
	json_text(&buffer, ":");
	json_close(&buffer, ']');
	json_key(&buffer, "c");
	json_unsigned(&buffer, 2);
	json_close(&buffer, '}');
	buffer_char(&buffer, '\n');
	json_open(&buffer, '[');
	json_close(&buffer, ']');
	expect(&buffer, "{\"a\":1,\"b\":[{},[],true,false,null,null,\"{\",\",\",\":\"],\"c\":2}\n[]");
}
END_TEST

START_TEST(integers_are_whole)
{
	struct buffer buffer = {0};
	json_open(&buffer, '[');
	json_integer(&buffer, INT64_MIN);
	json_integer(&buffer, -1);
	json_integer(&buffer, 0);
	json_integer(&buffer, INT64_MAX);
	json_unsigned(&buffer, UINT64_MAX);
	json_close(&buffer, ']');
	expect(&buffer, "[-9223372036854775808,-1,0,9223372036854775807,18446744073709551615]");
}
END_TEST

START_TEST(strings_are_escaped)
{
	struct buffer buffer = {0};
	json_string(&buffer, SLICE("q\" b\\ n\n t\t z\0 u\x1f d\x7f 居"));
	expect(&buffer, "\"q\\\" b\\\\ n\\u000a t\\u0009 z\\u0000 u\\u001f d\x7f 居\"");
	json_string(&buffer, (struct slice){NULL, 0});
	expect(&buffer, "\"\"");
}
END_TEST

START_TEST(a_string_that_is_no_utf8_stays_valid_json)
{
	struct buffer buffer = {0};
	json_string(&buffer, SLICE("a\xff" "b\xe5\xb1"));
	expect(&buffer, "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\"");
}
END_TEST

START_TEST(doubles_are_strings_of_seven_digits)
{
	struct buffer buffer = {0};
	json_open(&buffer, '[');
	json_double(&buffer, 0.05);
	json_double(&buffer, -12345.678);
	json_double(&buffer, 0);
	json_double(&buffer, 1e-300);
	json_double(&buffer, INFINITY);
	json_double(&buffer, NAN);
	json_close(&buffer, ']');
	expect(&buffer, "[\"5.000000e-02\",\"-1.234568e+04\",\"0.000000e+00\",\"1.000000e-300\",null,null]");
}
END_TEST

START_TEST(doubles_never_read_a_locale)
{
	/* Where no locale with a comma is installed the second half says the same as above. */
	static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
	for (size_t i = 0; i < 3 && !setlocale(LC_ALL, with_comma[i]); i++)
		;
	struct buffer buffer = {0};
	json_double(&buffer, -1.5);
	expect(&buffer, "\"-1.500000e+00\"");
	setlocale(LC_ALL, "C");
}
END_TEST

RUN_TESTS("buffer", a_buffer_grows, reserve_leaves_what_is_there, commas_are_set_by_the_writer, integers_are_whole,
    strings_are_escaped, a_string_that_is_no_utf8_stays_valid_json, doubles_are_strings_of_seven_digits, doubles_never_read_a_locale)
