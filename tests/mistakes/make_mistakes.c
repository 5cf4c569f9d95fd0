/* docs/mistakes.md and docs/mistakes.zh-CN.md, from the table of mistakes.
 *
 *     make_mistakes DOCS            writes both
 *     make_mistakes --check DOCS    exits 1 when they are not what would be written
 */
#include "core/rule/mistakes.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const intro[] = {
	[LANGUAGE_ZH] = "# 错误代码\n\n"
	    "<!-- 由 make_mistakes 从 core/rule/mistakes.def 写出；两者不一致时 `ctest -R mistakes` 失败。 -->\n\n"
	    "`fundwatch check` 和 `fundwatch test` 报告的每个错误后面有代码，如 `[R0501]`；`fundwatch check --explain R0501` 说明其中一个。一个代码永远只指一种错误。\n"
	    "“…”处在报告时填上名字或数。“怎么办”是通常的办法；报告时若有更近的提示（如拼写相近的词），就说那个提示。“警告”不妨碍规则生效。\n"
	    "规则的写法见 [rules.zh-CN.md](rules.zh-CN.md)。\n",
	[LANGUAGE_EN] = "# Mistakes\n\n"
	    "<!-- Written by make_mistakes from core/rule/mistakes.def; `ctest -R mistakes` fails when the two differ. -->\n\n"
	    "Every mistake that `fundwatch check` and `fundwatch test` tell ends with a code, like `[R0501]`; `fundwatch check --explain R0501` explains one. A code never\n"
	    "means anything else. Names and numbers stand in place of \"…\" when it is told. *What to do* is what helps as a rule; where there is a nearer hint, such\n"
	    "as a word spelt alike, that is said instead. A warning does not keep rules from being used. How rules are written is in [rules.md](rules.md).\n",
};

/* A cell: the bars of a table are escaped, and what would be markup stands as it is. */
static void
put_cell(struct buffer *page, const char *text)
{
	for (; *text; text++) {
		if (strchr("|<*_", *text))
			buffer_char(page, '\\');
		buffer_char(page, *text);
	}
}

static void
put_row(struct buffer *page, const struct mistake_row *row, enum language language)
{
	struct buffer message = {0};
	mistake_message(&message, row, language);
	buffer_printf(page, "| %s | ", row->code);
	if (row->level == DIAG_WARNING)
		buffer_text(page, language == LANGUAGE_ZH ? "警告：" : "warning: ");
	buffer_char(&message, '\0');
	put_cell(page, message.data);
	buffer_text(page, " | ");
	put_cell(page, row->remedy[language]);
	buffer_text(page, " |\n");
	buffer_free(&message);
}

static void
put_group(struct buffer *page, const struct mistake_group *group, enum language language)
{
	static const char *const head[] = {[LANGUAGE_ZH] = "| 代码 | 消息 | 怎么办 |\n|---|---|---|\n",
	    [LANGUAGE_EN] = "| code | message | what to do |\n|---|---|---|\n"};
	bool is_empty = true;
	for (size_t i = 0; i < MISTAKE_COUNT; i++) {
		if (mistake_group(&mistake_rows[i]) != group)
			continue;
		if (is_empty)
			buffer_printf(page, "\n## %s: %s\n\n%s", group->code, group->title[language], head[language]);
		is_empty = false;
		put_row(page, &mistake_rows[i], language);
	}
}

static struct slice
file_read(const char *path)
{
	static char bytes[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
	if (file)
		fclose(file);
	return (struct slice){bytes, length};
}

/* True: written, or the same. */
static bool
settle(const char *folder, const char *name, enum language language, bool check)
{
	char path[4096];
	struct buffer page = {0};
	snprintf(path, sizeof path, "%s/%s", folder, name);
	buffer_text(&page, intro[language]);
	for (size_t i = 0; i < MISTAKE_GROUPS; i++)
		put_group(&page, &mistake_groups[i], language);
	bool done;
	if (check) {
		done = slice_equal(file_read(path), (struct slice){page.data, page.length});
		if (!done)
			fprintf(stderr, "%s is not what the table of mistakes gives: run make_mistakes %s\n", path, folder);
	} else {
		FILE *file = fopen(path, "wb");
		done = file && fwrite(page.data, 1, page.length, file) == page.length;
		done = file && fclose(file) == 0 && done;
		if (!done)
			fprintf(stderr, "%s cannot be written\n", path);
	}
	buffer_free(&page);
	return done;
}

int
main(int count, char **argument)
{
	bool check = count == 3 && strcmp(argument[1], "--check") == 0;
	if (count != 2 + check) {
		fprintf(stderr, "usage: make_mistakes [--check] DOCS\n");
		return 64;
	}
	bool done = settle(argument[1 + check], "mistakes.md", LANGUAGE_EN, check);
	done &= settle(argument[1 + check], "mistakes.zh-CN.md", LANGUAGE_ZH, check);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
