/* The reader of requests and answers: what is JSON against a reader by the letter (strict_json.h), its values against cJSON. */
#include "daemon/json.h"
#include "tests/unit/run.h"
#include "tests/unit/strict_json.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#define TEXTS 200000

static uint64_t state;

static unsigned
chance(unsigned count)          /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return (unsigned)((z ^ z >> 31) % count);
}

static void
make_string(struct buffer *out)
{
	static const char *const pieces[] = {"a", "wait", "结算", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\uD83D\\uDE00", " ", "\xc3\xa9", "\\t"};
	buffer_char(out, '"');
	for (unsigned i = chance(4); i > 0; i--)
		buffer_text(out, pieces[chance(sizeof pieces / sizeof pieces[0])]);
	buffer_char(out, '"');
}

static void
make_value(struct buffer *out, int depth)
{
	static const char *const words[] = {"true", "false", "null", "0", "-1", "17", "1.5", "2e3", "-0.0E-2", "184467440737095516"};
	unsigned kind = chance(depth < 4 ? 4 : 2);
	if (kind == 0)
		make_string(out);
	if (kind == 1)
		buffer_text(out, words[chance(sizeof words / sizeof words[0])]);
	if (kind < 2)
		return;
	buffer_text(out, kind == 2 ? "{" : "[ ");
	for (unsigned i = chance(4); i > 0; i--) {
		if (kind == 2) {
			make_string(out);
			buffer_text(out, chance(2) ? ":" : " :\t");
		}
		make_value(out, depth + 1);
		buffer_text(out, i > 1 ? ", " : "");
	}
	buffer_text(out, kind == 2 ? " }" : "]");
}

static void
make_object(struct buffer *out)
{
	out->length = 0;
	buffer_text(out, "{\"request\": ");
	make_value(out, 0);
	buffer_text(out, ",\"more\":");
	make_value(out, 0);
	buffer_text(out, chance(3) ? "}" : " }\n");
}

static void
spoil(struct buffer *text)
{
	static const char bytes[] = "{}[]\",:\\u0e-+. \n\x01\xff\xc3ntf";
	for (unsigned i = chance(3); i > 0; i--) {
		size_t at = chance((unsigned)text->length);
		if (chance(3) == 0)
			text->length = at + 1;
		text->data[at] = bytes[chance(sizeof bytes - 1)];
	}
}

START_TEST(what_is_json_is_decided_by_the_letter)
{
	struct buffer text = {0};
	unsigned good = 0;
	setlocale(LC_CTYPE, "C.UTF-8");
	state = 5;
	for (int i = 0; i < TEXTS; i++) {
		make_object(&text);
		spoil(&text);
		struct slice whole = {text.data, text.length};
		bool is_object = json_walk(whole).is_object, valid = strict_json(text.data, text.length) == STRICT_VALID;
		bool taken = json_is_whole(whole) && is_object;
		NEED(taken == valid, "text %d: %d, by the letter %d: %.*s", i, taken, valid, (int)text.length, text.data);
		good += valid;
	}
	ck_assert_uint_gt(good, TEXTS / 10);
	ck_assert_uint_lt(good, TEXTS * 9 / 10);
	buffer_free(&text);
}
END_TEST

static void
same(struct slice value, const cJSON *wanted)
{
	struct buffer plain = {0};
	struct json_walk walk = json_walk(value);
	struct slice key, item;
	if (cJSON_IsString(wanted)) {
		NEED(json_plain(value, &plain) && strcmp(plain.data, wanted->valuestring) == 0, "%.*s", (int)value.length, value.data);
	} else if (cJSON_IsBool(wanted)) {
		NEED(json_is(value, cJSON_IsTrue(wanted) ? "true" : "false"), "%.*s", (int)value.length, value.data);
	} else if (cJSON_IsObject(wanted) || cJSON_IsArray(wanted)) {
		const cJSON *child = wanted->child;
		for (; json_next(&walk, &key, &item); child = child->next) {
			NEED(child, "more members than cJSON has: %.*s", (int)value.length, value.data);
			plain.length = 0;
			NEED(!child->string || (json_plain(key, &plain) && strcmp(plain.data, child->string) == 0), "%.*s", (int)key.length, key.data);
			same(item, child);
		}
		NEED(!child, "fewer members than cJSON has: %.*s", (int)value.length, value.data);
	}
	buffer_free(&plain);
}

START_TEST(values_are_those_of_cjson)
{
	struct buffer text = {0};
	state = 6;
	for (int i = 0; i < TEXTS / 10; i++) {
		make_object(&text);
		cJSON *wanted = cJSON_ParseWithLength(text.data, text.length);
		struct slice whole = {text.data, text.length};
		NEED(wanted && json_is_whole(whole), "%.*s", (int)text.length, text.data);
		same(whole, wanted);
		same(json_get(whole, "more"), cJSON_GetObjectItemCaseSensitive(wanted, "more"));
		cJSON_Delete(wanted);
	}
	buffer_free(&text);
}
END_TEST

START_TEST(members_and_numbers)
{
	struct slice object = SLICE(" {\"a\":{\"b\":[1,{}]},\"ab\":18446744073709551615,\"n\":07}");
	uint64_t number;
	ck_assert(!json_is_whole(object));
	object = SLICE(" {\"a\":{\"b\":[1,{}]},\"ab\":1844674407370955160,\"n\":-7} ");
	ck_assert(json_is_whole(object));
	ck_assert(json_is(json_get(json_get(object, "a"), "b"), "[1,{}]"));
	ck_assert_uint_eq(json_get(object, "abc").length, 0);
	ck_assert_uint_eq(json_get(SLICE("[\"a\",1]"), "a").length, 0);
	ck_assert(json_is_unsigned(json_get(object, "ab"), &number));
	ck_assert_uint_eq(number, UINT64_C(1844674407370955160));
	ck_assert(!json_is_unsigned(json_get(object, "n"), &number) && !json_is_unsigned(SLICE("99999999999999999999"), &number));
	char deep[2 * JSON_DEPTH_MAX + 3] = "";
	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(deep, '[', (size_t)depth);
		memset(deep + depth, ']', (size_t)depth);
		ck_assert(json_is_whole((struct slice){deep, 2 * (size_t)depth}) == (depth == JSON_DEPTH_MAX));
	}
}
END_TEST

RUN_TESTS("daemon_json", what_is_json_is_decided_by_the_letter, values_are_those_of_cjson, members_and_numbers)
