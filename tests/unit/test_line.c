/* Lines of our own writer taken apart: values as they stand; anything else gives nothing. */
#include "replay/line.h"
#include "tests/unit/run.h"

static void
need_value(struct slice value, const char *wanted)
{
	NEED(slice_equal(value, slice_of(wanted)), "%.*s, not %s", (int)value.length, value.data, wanted);
}

START_TEST(test_members)
{
	struct slice line = SLICE("{\"a\":1,\"b\":\"x,}\\\"]\",\"rule\":{\"id\":\"R\",\"a\":[1,{\"c\":2}]},\"d\":null,\"e\":[],\"f\":-5}");
	need_value(line_member(line, "a"), "1");
	need_value(line_member(line, "b"), "\"x,}\\\"]\"");
	need_value(line_at(line, "rule", "id"), "\"R\"");
	need_value(line_at(line, "rule", "a"), "[1,{\"c\":2}]");
	need_value(line_member(line, "d"), "null");
	need_value(line_member(line, "e"), "[]");
	need_value(line_member(line, "f"), "-5");
	ck_assert_ptr_null(line_member(line, "id").data);
	ck_assert_ptr_null(line_at(line, "a", "id").data);
	ck_assert_ptr_null(line_at(line, "nobody", "id").data);
}
END_TEST

START_TEST(test_items)
{
	static const char *const wanted[] = {"1", "\"two\"", "{\"a\":[3]}", "[4,5]", "null"};
	struct slice rest = SLICE("[1,\"two\",{\"a\":[3]},[4,5],null]"), name, value;
	size_t count = 0;
	while (line_next(&rest, &name, &value)) {
		ck_assert_uint_lt(count, 5);
		ck_assert_uint_eq(name.length, 0);
		need_value(value, wanted[count++]);
	}
	ck_assert_uint_eq(count, 5);
}
END_TEST

static void
need_text(const char *value, const char *wanted)
{
	struct buffer out = {0};
	line_text(&out, slice_of(value));
	need_value((struct slice){out.data, out.length}, wanted);
	buffer_free(&out);
}

START_TEST(test_text)
{
	need_text("\"plain 文件\"", "plain 文件");
	need_text("\"a\\\"b\\\\c\\/\\n\\t\\u0001\\u00e9\\u6587\"", "a\"b\\c/\n\t\x01\xC3\xA9\xE6\x96\x87");
	need_text("null", "");
	need_text("", "");
	need_text("12", "12");
	need_text("\"\"", "");
}
END_TEST

/* What the writer writes comes back as it was. */
START_TEST(test_back)
{
	char text[256];
	struct buffer json = {0}, out = {0};
	for (int i = 0; i < 255; i++)
		text[i] = (char)(i < 127 ? i + 1 : 'x');
	json_string(&json, (struct slice){text, 255});
	line_text(&out, (struct slice){json.data, json.length});
	ck_assert(slice_equal((struct slice){text, 255}, (struct slice){out.data, out.length}));
	buffer_free(&json);
	buffer_free(&out);
}
END_TEST

START_TEST(test_integers)
{
	int64_t number;
	ck_assert(line_integer(SLICE("9007199254740993"), &number) && number == INT64_C(9007199254740993));
	ck_assert(line_integer(SLICE("-1"), &number) && number == -1);
	ck_assert(!line_integer(SLICE("null"), &number) && !line_integer(SLICE(""), &number) && !line_integer(SLICE("1.5"), &number));
	ck_assert(!line_integer((struct slice){NULL, 0}, &number));
}
END_TEST

/* Cut anywhere, a line gives fewer members and never a byte behind its end. */
START_TEST(test_cut)
{
	static const char line[] = "{\"a\":{\"b\":[1,\"x\\\"\"]},\"c\":\"\\u0041\"}";
	for (size_t length = 0; length < sizeof line; length++) {
		char *copy = malloc(length + 1);
		memcpy(copy, line, length);
		struct slice rest = {copy, length}, name, value;
		size_t count = 0;
		while (line_next(&rest, &name, &value)) {
			struct buffer out = {0};
			line_text(&out, value);
			buffer_free(&out);
			count++;
		}
		NEED(count <= 2, "%zu members in %zu bytes", count, length);
		free(copy);
	}
}
END_TEST

RUN_TESTS("line", test_members, test_items, test_text, test_back, test_integers, test_cut)
