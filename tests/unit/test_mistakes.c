/* The table of mistakes: codes that stand for one thing, two languages that say the same, and how messages are filled. */
#include "core/rule/source.h"
#include "tests/unit/run.h"

static bool
has_han(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9)
			return true;
	return false;
}

static bool
is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* The conversions of a format in a row, "%s%zu"; NULL: one that source.h does not name. */
static const char *
conversions(const char *format, char *out)
{
	static const char *const known[] = {"%%", "%s", "%w", "%d", "%zu", "%lld", "%.*s"};
	char *end = out;
	for (const char *at = format; (at = strchr(at, '%'));) {
		size_t i = 0;
		while (i < sizeof known / sizeof known[0] && strncmp(at, known[i], strlen(known[i])) != 0)
			i++;
		if (i == sizeof known / sizeof known[0])
			return NULL;
		at += strlen(known[i]);
		end = stpcpy(end, i ? known[i] : "");
	}
	*end = '\0';
	return out;
}

START_TEST(a_code_stands_for_one_mistake)
{
	for (size_t i = 0; i < MISTAKE_COUNT; i++) {
		const char *code = mistake_rows[i].code;
		ck_assert_msg(strlen(code) == 5 && code[0] == 'R' && strspn(code + 1, "0123456789") == 4, "%s", code);
		ck_assert_msg(strncmp(mistake_group(&mistake_rows[i])->code, code, 3) == 0, "%s has no group", code);
		ck_assert_ptr_eq(mistake_find(code), &mistake_rows[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(mistake_rows[j].code, code);
		ck_assert_msg(i == 0 || strcmp(mistake_rows[i - 1].code, code) < 0, "%s is out of order", code);
	}
}
END_TEST

START_TEST(both_languages_say_the_same)
{
	for (size_t i = 0; i < MISTAKE_COUNT; i++) {
		const struct mistake_row *row = &mistake_rows[i];
		char taken[2][128];
		for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++)
			ck_assert_msg(conversions(row->message[language], taken[language]) != NULL, "%s: %s", row->code, row->message[language]);
		ck_assert_msg(strcmp(taken[LANGUAGE_ZH], taken[LANGUAGE_EN]) == 0, "%s: %s, %s", row->code, taken[LANGUAGE_ZH],
		    taken[LANGUAGE_EN]);
		ck_assert_msg(has_han(row->message[LANGUAGE_ZH]) && is_plain(row->message[LANGUAGE_EN]), "%s", row->code);
		ck_assert_msg(row->remedy[LANGUAGE_ZH] && row->remedy[LANGUAGE_EN], "%s has no remedy", row->code);
		ck_assert_msg(has_han(row->remedy[LANGUAGE_ZH]) && is_plain(row->remedy[LANGUAGE_EN]), "%s", row->code);
	}
}
END_TEST

START_TEST(codes_are_found_as_they_are_typed)
{
	ck_assert_str_eq(mistake_find("r0501")->name, "from_after_to");
	ck_assert_ptr_null(mistake_find("R05"));
	ck_assert_ptr_null(mistake_find(""));
}
END_TEST

static void
expect_text(enum mistake mistake, enum language language, const char *wanted)
{
	struct buffer text = {0};
	mistake_message(&text, &mistake_rows[mistake], language);
	buffer_char(&text, '\0');
	ck_assert_str_eq(text.data, wanted);
	buffer_free(&text);
}

START_TEST(places_to_fill_are_dots)
{
	expect_text(MISTAKE_cells_count, LANGUAGE_EN, "this line has … cells, the header has …");
	expect_text(MISTAKE_yaml_directive, LANGUAGE_EN, "directives (%) are not used in rule files");
	expect_text(MISTAKE_set_unknown, LANGUAGE_ZH, "字段 … 没有集合 $…");
	expect_text(MISTAKE_file_read, LANGUAGE_ZH, "读文件失败：…");
}
END_TEST

START_TEST(messages_are_filled_alike)
{
	struct diags diags = {0};
	const struct source source = source_of("a.yaml", "one\ntwo", &diags);
	const struct message words = {"编码", "a code"};
	source_mistake(&source, (struct extent){4, 3}, NO_HINT, MISTAKE_text_side, "in", &words);
	source_mistake(&source, (struct extent){0, 1}, (struct message){"近", "near"}, MISTAKE_set_unknown, "med_type", 2, "abc");
	file_mistake(&diags, "b.csv", 3, NO_HINT, MISTAKE_cells_count, (size_t)2, (size_t)30);
	source_mistake(&source, (struct extent){0, 1}, NO_HINT, MISTAKE_yaml_directive);
	const struct diag *first = &diags.list[0], *second = &diags.list[1], *third = &diags.list[2];
	ck_assert_str_eq(first->message[LANGUAGE_ZH], "in 的左边应是编码或标识字段，这是编码");
	ck_assert_str_eq(first->message[LANGUAGE_EN], "a code or identifier field stands left of in, this is a code");
	ck_assert_str_eq(first->hint[LANGUAGE_EN], mistake_rows[MISTAKE_text_side].remedy[LANGUAGE_EN]);
	ck_assert_str_eq(first->code, mistake_rows[MISTAKE_text_side].code);
	ck_assert_int_eq(first->line, 2);
	ck_assert_str_eq(second->message[LANGUAGE_EN], "the field med_type has no set $ab");
	ck_assert_str_eq(second->hint[LANGUAGE_ZH], "近");
	ck_assert_str_eq(third->message[LANGUAGE_ZH], "这一行有 2 列，表头有 30 列");
	ck_assert_int_eq(third->line, 3);
	ck_assert_str_eq(diags.list[3].message[LANGUAGE_EN], "directives (%) are not used in rule files");
	diags_free(&diags);
}
END_TEST

/* Of a line as long as a file only the part around the place is kept; the caret stands where it would. */
START_TEST(a_long_line_is_kept_in_part)
{
	struct diags diags = {0};
	size_t length = 3 * 100000;
	char *text = malloc(length + 1), *printed = NULL;
	for (size_t i = 0; i < length; i += 3)
		memcpy(text + i, i == 3 * 50000 ? "abc" : "键", 3);
	text[length] = '\0';
	const struct source source = source_of("a.yaml", text, &diags);
	source_mistake(&source, (struct extent){3 * 50000, 3}, NO_HINT, MISTAKE_key_no_word);
	ck_assert_uint_le(strlen(diags.list[0].source_line), 2048);
	ck_assert_int_eq(diags.list[0].column, 50001);
	size_t bytes;
	FILE *out = open_memstream(&printed, &bytes);
	diags_print(&diags, LANGUAGE_EN, out);
	fclose(out);
	char *line = strchr(printed, '\n') + 1, *caret = strchr(line, '\n') + 1, *found = strstr(line, "abc");
	ck_assert_uint_eq(strspn(caret, " "), 2 + 3 + 2 * (size_t)(found - line - 5) / 3);
	ck_assert_int_eq(strncmp(caret + strspn(caret, " "), "^^^\n", 4), 0);
	free(printed);
	free(text);
	diags_free(&diags);
}
END_TEST

START_TEST(a_place_goes_there_and_back)
{
	struct diags diags = {0};
	const struct source source = source_of("a.yaml", "键: 值\n\nb: c\n", &diags);
	for (size_t offset = 0; offset < source.length; offset++) {
		int line, column;
		if ((source.text[offset] & 0xc0) == 0x80)
			continue;
		source_place(&source, offset, &line, &column);
		ck_assert_uint_eq(source_offset(&source, line, column), offset);
	}
	ck_assert_uint_eq(source_offset(&source, 3, 100), 14);
}
END_TEST

RUN_TESTS("mistakes", a_code_stands_for_one_mistake, both_languages_say_the_same, codes_are_found_as_they_are_typed, places_to_fill_are_dots,
    messages_are_filled_alike, a_long_line_is_kept_in_part, a_place_goes_there_and_back)
