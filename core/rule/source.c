/* The text of one file that an analyst wrote: reading it strictly, and telling its mistakes with their place. */
#include "core/rule/source.h"

#include "core/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct mistake_row mistake_rows[MISTAKE_COUNT] = {
#define MISTAKE(name, code, level, zh, en, remedy_zh, remedy_en) {#name, code, DIAG_##level, {zh, en}, {remedy_zh, remedy_en}},
#include "core/rule/mistakes.def"
#undef MISTAKE
};

static const char *
say_list(struct diags *diags, const char *format, va_list list)
{
	va_list again;
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, list);
	char *text = arena_alloc(&diags->arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

const char *
source_say(struct diags *diags, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	const char *text = say_list(diags, format, list);
	va_end(list);
	return text;
}

struct message
source_because(struct diags *diags, struct message what, int error)
{
	static const struct {
		int error;
		const char *zh;
	} reasons[] = {{ENOENT, "没有这个文件或目录"}, {EACCES, "没有权限"}, {EISDIR, "这是一个目录"}, {ENOTDIR, "这不是目录"}};
	const char *zh = strerror(error);
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].error == error)
			zh = reasons[i].zh;
	return (struct message){source_say(diags, "%s：%s", what.zh, zh), source_say(diags, "%s: %s", what.en, strerror(error))};
}

static void
file_error(struct diags *diags, const char *file, struct message what)
{
	diag_add(diags, DIAG_ERROR, file, 0, 0, 1, NULL, what.zh, what.en, NULL, NULL);
}

/* The whole file in the arena with a NUL behind it; NULL when it cannot be read. */
static char *
read_all(struct arena *arena, const char *path, size_t most, size_t *length, struct diags *diags)
{
	FILE *stream = fopen(path, "rb");
	if (!stream) {
		file_error(diags, path, source_because(diags, (struct message){"打不开文件", "cannot open the file"}, errno));
		return NULL;
	}
	char *text = NULL;
	size_t capacity = 0, used = 0, got = 1;
	while (got > 0 && used <= most) {
		if (used == capacity) {
			capacity = capacity ? 2 * capacity : 16384;
			char *longer = realloc(text, capacity);
			if (!longer)
				abort();
			text = longer;
		}
		got = fread(text + used, 1, capacity - used, stream);
		used += got;
	}
	char *copy = NULL;
	if (ferror(stream))
		file_error(diags, path, source_because(diags, (struct message){"读文件失败", "cannot read the file"}, errno));
	else if (used > most)
		file_error(diags, path, (struct message){source_say(diags, "文件太大：超过 %zu 字节", most),
		    source_say(diags, "the file is too large: more than %zu bytes", most)});
	else
		copy = arena_copy(arena, text, used);
	free(text);
	fclose(stream);
	*length = used;
	return copy;
}

static size_t
without_carriage_returns(char *text, size_t length)
{
	size_t to = 0;
	for (size_t from = 0; from < length; from++)
		if (text[from] != '\r' || from + 1 >= length || text[from + 1] != '\n')
			text[to++] = text[from];
	text[to] = '\0';
	return to;
}

bool
source_read(struct source *source, struct arena *arena, const char *path, size_t most, struct diags *diags)
{
	size_t length = 0;
	char *text = read_all(arena, path, most, &length, diags);
	if (!text)
		return false;
	struct slice raw = {text, length};
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	if (memchr(text, '\r', length)) {
		text = arena_copy(arena, text, length);
		length = without_carriage_returns(text, length);
	}
	*source = (struct source){arena_copy(arena, path, strlen(path)), text, length, diags, raw};
	size_t bad = 0;
	const char *nul = memchr(text, '\0', length);
	if (nul)
		bad = (size_t)(nul - text);
	else if (utf8_valid(text, length, &bad))
		return true;
	int line = 1;
	for (size_t i = 0; i < bad; i++)
		line += text[i] == '\n';
	diag_add(diags, DIAG_ERROR, source->file, line, 0, 1, NULL,
	    nul ? "文件里有 NUL 字节" : "这一行不是合法的 UTF-8",
	    nul ? "the file holds a NUL byte" : "this line is not valid UTF-8", "请把文件存为 UTF-8", "save the file as UTF-8");
	return false;
}

struct source
source_of(const char *file, const char *text, struct diags *diags)
{
	return (struct source){.file = file, .text = text, .length = strlen(text), .diags = diags};
}

static size_t
line_start(const struct source *source, size_t offset)
{
	while (offset > 0 && source->text[offset - 1] != '\n')
		offset--;
	return offset;
}

static int
count_characters(const char *text, size_t length)
{
	int characters = 0;
	for (size_t i = 0; i < length; i++)
		characters += (text[i] & 0xc0) != 0x80;
	return characters;
}

void
source_place(const struct source *source, size_t offset, int *line, int *column)
{
	if (offset > source->length)
		offset = source->length;
	size_t start = line_start(source, offset);
	*line = 1;
	for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(source->text + start - at))); at++)
		++*line;
	*column = count_characters(source->text + start, offset - start) + 1;
}

void
source_report(const struct source *source, enum diag_level level, struct extent at, struct message what,
    struct message hint)
{
	if (at.offset > source->length)
		at.offset = source->length;
	int line, column;
	source_place(source, at.offset, &line, &column);
	size_t start = line_start(source, at.offset);
	const char *newline = memchr(source->text + at.offset, '\n', source->length - at.offset);
	size_t end = newline ? (size_t)(newline - source->text) : source->length;
	size_t marked = at.length < end - at.offset ? at.length : end - at.offset;
	int width = count_characters(source->text + at.offset, marked);
	const char *text = source_say(source->diags, "%.*s", (int)(end - start), source->text + start);
	diag_add(source->diags, level, source->file, line, column, width > 0 ? width : 1, text, what.zh, what.en,
	    hint.zh, hint.en);
}

void
source_mistake(const struct source *source, struct extent at, struct message hint, enum mistake mistake, ...)
{
	const struct mistake_row *row = &mistake_rows[mistake];
	const char *text[2];
	for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		va_list list;
		va_start(list, mistake);
		text[language] = say_list(source->diags, row->message[language], list);
		va_end(list);
	}
	if (!hint.zh)
		hint = (struct message){row->remedy[LANGUAGE_ZH], row->remedy[LANGUAGE_EN]};
	source_report(source, row->level, at, (struct message){text[LANGUAGE_ZH], text[LANGUAGE_EN]}, hint);
	diag_code(source->diags, row->code);
}

struct message
hint_word(struct diags *diags, struct slice word, const char *const candidates[], size_t count)
{
	const char *near = nearest_word(word, candidates, count);
	if (near)
		return (struct message){source_say(diags, "是不是 %s ？", near), source_say(diags, "did you mean %s?", near)};
	if (count == 0 || count > 16)
		return NO_HINT;
	const char *list = "";
	for (size_t i = 0; i < count; i++)
		list = source_say(diags, "%s%s%s", list, i ? ", " : "", candidates[i]);
	return (struct message){source_say(diags, "可用：%s", list), source_say(diags, "known: %s", list)};
}
