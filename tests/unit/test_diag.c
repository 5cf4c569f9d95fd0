/* Diagnostics: order, carets under wide characters, both languages; the nearest word. */
#include "core/base/diag.h"
#include "tests/unit/run.h"

static char *
printed(struct diags *diags, enum language language)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	diags_print(diags, language, out);
	fclose(out);
	diags_free(diags);
	return text;
}

static void
add(struct diags *diags, enum diag_level level, const char *file, int line, int column, int width, const char *source)
{
	diag_add(diags, level, file, line, column, width, source, "不对", "wrong", NULL, NULL);
}

static void
expect(struct diags *diags, enum language language, const char *wanted)
{
	char *text = printed(diags, language);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(errors_are_sorted_by_file_line_and_column)
{
	struct diags diags = {0};
	add(&diags, DIAG_ERROR, "b.yaml", 1, 1, 1, NULL);
	add(&diags, DIAG_ERROR, "a.yaml", 10, 2, 1, NULL);
	add(&diags, DIAG_WARNING, "a.yaml", 9, 7, 1, NULL);
	add(&diags, DIAG_ERROR, "a.yaml", 9, 3, 1, NULL);
	add(&diags, DIAG_ERROR, "a.yaml", 0, 0, 1, NULL);
	ck_assert_uint_eq(diags.count, 5);
	ck_assert_uint_eq(diags.errors, 4);
	expect(&diags, LANGUAGE_EN, "a.yaml: error: wrong\na.yaml:9:3: error: wrong\na.yaml:9:7: warning: wrong\n"
	    "a.yaml:10:2: error: wrong\nb.yaml:1:1: error: wrong\n");
}
END_TEST

START_TEST(equal_places_keep_their_order)
{
	struct diags diags = {0};
	for (int i = 0; i < 40; i++) {
		char text[16];
		snprintf(text, sizeof text, "%d", i);
		diag_add(&diags, DIAG_ERROR, "a", 1, 1, 1, NULL, text, text, NULL, NULL);
	}
	char *text = printed(&diags, LANGUAGE_EN), *at = text;
	for (int i = 0; i < 40; i++) {
		char wanted[32];
		int length = snprintf(wanted, sizeof wanted, "a:1:1: error: %d\n", i);
		ck_assert(strncmp(at, wanted, (size_t)length) == 0);
		at += length;
	}
	free(text);
}
END_TEST

START_TEST(both_languages_have_their_words)
{
	struct diags diags = {0};
	diag_add(&diags, DIAG_WARNING, "a", 2, 0, 1, NULL, "可疑", "odd", "改为 cap", "write cap");
	expect(&diags, LANGUAGE_ZH, "a:2: 警告：可疑\n  提示：改为 cap\n");
	add(&diags, DIAG_ERROR, "a", 2, 1, 1, NULL);
	expect(&diags, LANGUAGE_ZH, "a:2:1: 错误：不对\n");
	diag_add(&diags, DIAG_WARNING, "a", 2, 0, 1, NULL, "可疑", "odd", "改为 cap", "write cap");
	expect(&diags, LANGUAGE_EN, "a:2: warning: odd\n  hint: write cap\n");
}
END_TEST

START_TEST(long_lines_are_shown_around_the_place)
{
	struct diags diags = {0};
	char line[401], wanted[700];
	for (int i = 0; i < 400; i++)
		line[i] = (char)('a' + i % 26);
	line[400] = '\0';
	add(&diags, DIAG_ERROR, "a", 1, 201, 3, line);
	snprintf(wanted, sizeof wanted, "a:1:201: error: wrong\n  ...%.120s...\n     %40s^^^\n", line + 160, "");
	expect(&diags, LANGUAGE_EN, wanted);
	add(&diags, DIAG_ERROR, "a", 1, 11, 400, line);
	char carets[111];
	memset(carets, '^', 110);
	carets[110] = '\0';
	snprintf(wanted, sizeof wanted, "a:1:11: error: wrong\n  %.120s...\n  %10s%s\n", line, "", carets);
	expect(&diags, LANGUAGE_EN, wanted);
	add(&diags, DIAG_ERROR, "a", 1, 399, 1, line);
	snprintf(wanted, sizeof wanted, "a:1:399: error: wrong\n  ...%s\n     %40s^\n", line + 358, "");
	expect(&diags, LANGUAGE_EN, wanted);
}
END_TEST

START_TEST(a_caret_stands_under_wide_characters)
{
	struct diags diags = {0};
	add(&diags, DIAG_ERROR, "a", 1, 4, 2, "居民 门诊 x");
	expect(&diags, LANGUAGE_EN, "a:1:4: error: wrong\n  居民 门诊 x\n       ^^^^\n");
	add(&diags, DIAG_ERROR, "a", 1, 7, 1, "居民 门诊 x");
	expect(&diags, LANGUAGE_EN, "a:1:7: error: wrong\n  居民 门诊 x\n            ^\n");
}
END_TEST

START_TEST(a_caret_stands_behind_tabs)
{
	struct diags diags = {0};
	add(&diags, DIAG_ERROR, "a", 1, 2, 3, "\tabc");
	expect(&diags, LANGUAGE_EN, "a:1:2: error: wrong\n          abc\n          ^^^\n");
	add(&diags, DIAG_ERROR, "a", 1, 5, 1, "居a\tb");
	expect(&diags, LANGUAGE_EN, "a:1:5: error: wrong\n  居a     b\n           ^\n");
}
END_TEST

START_TEST(a_place_behind_the_line_is_marked_once)
{
	struct diags diags = {0};
	add(&diags, DIAG_ERROR, "a", 1, 4, 9, "ab");
	expect(&diags, LANGUAGE_EN, "a:1:4: error: wrong\n  ab\n     ^\n");
}
END_TEST

START_TEST(a_source_line_cannot_steer_the_terminal)
{
	struct diags diags = {0};
	add(&diags, DIAG_ERROR, "a", 1, 4, 1, "\x1b[\xffz");
	expect(&diags, LANGUAGE_EN, "a:1:4: error: wrong\n  ?[?z\n     ^\n");
}
END_TEST

START_TEST(nothing_is_printed_for_nothing)
{
	struct diags diags = {0};
	expect(&diags, LANGUAGE_EN, "");
}
END_TEST

START_TEST(what_was_added_is_copied)
{
	struct diags diags = {0};
	char file[] = "a", message[] = "one";
	diag_add(&diags, DIAG_ERROR, file, 1, 1, 1, NULL, message, message, NULL, NULL);
	file[0] = 'x';
	message[0] = 'x';
	expect(&diags, LANGUAGE_EN, "a:1:1: error: one\n");
}
END_TEST

static const char *const words[] = {"hifp_pay", "hifmi_pay", "setl_time", "cap", "share", "居民"};

static const char *
near(const char *word)
{
	return nearest_word(slice_of(word), words, sizeof words / sizeof *words);
}

START_TEST(a_typing_mistake_finds_its_word)
{
	ck_assert_str_eq(near("hifp_pya"), "hifp_pay");        /* neighbours swapped */
	ck_assert_str_eq(near("hifp_py"), "hifp_pay");         /* left out */
	ck_assert_str_eq(near("hifmii_pay"), "hifmi_pay");     /* too many */
	ck_assert_str_eq(near("setl_tine"), "setl_time");      /* another one */
	ck_assert_str_eq(near("cpa"), "cap");
	ck_assert_str_eq(near("shares"), "share");
	ck_assert_str_eq(near("share"), "share");
}
END_TEST

START_TEST(a_far_word_finds_none)
{
	ck_assert_ptr_null(near("budget"));
	ck_assert_ptr_null(near(""));
	ck_assert_ptr_null(near("xyz"));
	ck_assert_ptr_null(near("a"));
	char longest[200];
	memset(longest, 'a', sizeof longest);
	ck_assert_ptr_null(nearest_word((struct slice){longest, sizeof longest}, words, 6));
	ck_assert_ptr_null(nearest_word(SLICE("cap"), NULL, 0));
}
END_TEST

START_TEST(the_nearest_of_several_is_taken)
{
	static const char *const close[] = {"maf_pay", "acct_pay", "oth_pay"};
	ck_assert_str_eq(nearest_word(SLICE("act_pay"), close, 3), "acct_pay");
	static const char *const equal[] = {"abcx", "abcy"};
	ck_assert_str_eq(nearest_word(SLICE("abcz"), equal, 2), "abcx");
}
END_TEST

RUN_TESTS("diag", errors_are_sorted_by_file_line_and_column, equal_places_keep_their_order, both_languages_have_their_words,
    long_lines_are_shown_around_the_place, a_caret_stands_under_wide_characters, a_caret_stands_behind_tabs, a_place_behind_the_line_is_marked_once,
    a_source_line_cannot_steer_the_terminal, nothing_is_printed_for_nothing, what_was_added_is_copied,
    a_typing_mistake_finds_its_word, a_far_word_finds_none, the_nearest_of_several_is_taken)
