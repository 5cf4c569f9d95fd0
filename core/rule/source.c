/* The text of one file that an analyst wrote: reading it strictly, and telling its mistakes with their place. */
#include "core/rule/source.h"

#include "core/base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- words of the messages ---- */

/* Writes the argument of the conversion that begins at the format; gives what follows the conversion. */
static const char *
put_argument(struct buffer *out, const char *format, enum language language, va_list *list)
{
	struct slice rest = slice_of(format);
	if (slice_starts_with(rest, SLICE("%s"))) {
		buffer_text(out, va_arg(*list, const char *));
	} else if (slice_starts_with(rest, SLICE("%w"))) {
		const struct message *words = va_arg(*list, const struct message *);
		buffer_text(out, language == LANGUAGE_ZH ? words->zh : words->en);
	} else if (slice_starts_with(rest, SLICE("%d"))) {
		buffer_printf(out, "%d", va_arg(*list, int));
	} else if (slice_starts_with(rest, SLICE("%zu"))) {
		buffer_printf(out, "%zu", va_arg(*list, size_t));
		return format + 3;
	} else if (slice_starts_with(rest, SLICE("%lld"))) {
		buffer_printf(out, "%lld", va_arg(*list, long long));
		return format + 4;
	} else if (slice_starts_with(rest, SLICE("%.*s"))) {
		int length = va_arg(*list, int);
		buffer_add(out, va_arg(*list, const char *), (size_t)length);
		return format + 4;
	} else {
		buffer_char(out, '%');
	}
	return format + 2;
}

static const char *
say_row(struct diags *diags, const char *format, enum language language, va_list arguments)
{
	struct buffer out = {0};
	va_list list;
	va_copy(list, arguments);
	while (*format)
		if (*format == '%')
			format = put_argument(&out, format, language, &list);
		else
			buffer_char(&out, *format++);
	va_end(list);
	const char *text = arena_copy(&diags->arena, out.data ? out.data : "", out.length);
	buffer_free(&out);
	return text;
}

/* The row's message, filled; the hint or else the remedy is left in the hint. */
static struct message
say_mistake(struct diags *diags, const struct mistake_row *row, va_list arguments, struct message *hint)
{
	if (!hint->zh)
		*hint = (struct message){row->remedy[LANGUAGE_ZH], row->remedy[LANGUAGE_EN]};
	return (struct message){say_row(diags, row->message[LANGUAGE_ZH], LANGUAGE_ZH, arguments),
	    say_row(diags, row->message[LANGUAGE_EN], LANGUAGE_EN, arguments)};
}

const char *
source_say(struct diags *diags, const char *format, ...)
{
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	char *text = arena_alloc(&diags->arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

struct message
error_words(int error)
{
	static const struct {
		int error;
		const char *zh;
	} reasons[] = {{ENOENT, "没有这个文件或目录"}, {EACCES, "没有权限"}, {EISDIR, "这是一个目录"}, {ENOTDIR, "这不是目录"}};
	const char *en = strerror(error), *zh = en;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].error == error)
			zh = reasons[i].zh;
	return (struct message){zh, en};
}

/* The whole file in the arena with a NUL behind it; NULL when it cannot be read. */
static char *
read_all(struct arena *arena, const char *path, size_t most, size_t *length, struct diags *diags)
{
	FILE *stream = fopen(path, "rb");
	if (!stream) {
		struct message why = error_words(errno);
		file_mistake(diags, path, 0, NO_HINT, MISTAKE_file_open, &why);
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
	struct message why = error_words(errno);
	if (ferror(stream))
		file_mistake(diags, path, 0, NO_HINT, MISTAKE_file_read, &why);
	else if (used > most)
		file_mistake(diags, path, 0, NO_HINT, MISTAKE_file_large, most);
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
	const char *text = read_all(arena, path, most, &length, diags);
	return text && source_take(source, arena, path, (struct slice){text, length}, diags);
}

bool
source_take(struct source *source, struct arena *arena, const char *path, struct slice raw, struct diags *diags)
{
	char *text = (char *)raw.data;
	size_t length = raw.length;
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	if (memchr(text, '\r', length)) {
		text = arena_copy(arena, text, length);
		length = without_carriage_returns(text, length);
	}
	*source = (struct source){arena_copy(arena, path, strlen(path)), text, length, diags, raw,
	    arena_alloc(arena, sizeof *source->told), NULL};
	size_t bad = 0;
	const char *nul = memchr(text, '\0', length);
	if (nul)
		bad = (size_t)(nul - text);
	else if (utf8_valid(text, length, &bad))
		return true;
	int line = 1;
	for (size_t i = 0; i < bad; i++)
		line += text[i] == '\n';
	file_mistake(diags, source->file, line, NO_HINT, nul ? MISTAKE_file_nul : MISTAKE_file_encoding);
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

size_t
source_offset(const struct source *source, int line, int column)
{
	size_t offset = 0;
	while (line > 1 && offset < source->length)
		if (source->text[offset++] == '\n')
			line--;
	while (column > 1 && offset < source->length && source->text[offset] != '\n') {
		do
			offset++;
		while (offset < source->length && (source->text[offset] & 0xc0) == 0x80);
		column--;
	}
	return offset;
}

#define NUMBER_DIGITS 7
#define LINE_BYTES 1024                 /* on each side of the place, at most, are kept of a line */

void
source_mask_numbers(char *text)
{
	while (*text) {
		size_t digits = strspn(text, "0123456789");
		if (digits >= NUMBER_DIGITS)
			memset(text, 'x', digits);
		text += digits ? digits : strcspn(text, "0123456789");
	}
}

static const char *
without_numbers(struct diags *diags, const char *text)
{
	if (!text)
		return NULL;
	char *copy = arena_copy(&diags->arena, text, strlen(text));
	source_mask_numbers(copy);
	return copy;
}

/* Is one more mistake of the file told?  A file that is wrong in every line would fill the memory with them. */
static bool
may_tell(const struct source *source)
{
	if (!source->told || ++*source->told <= MISTAKES_MAX)
		return true;
	if (*source->told == MISTAKES_MAX + 1)
		file_mistake(source->diags, source->file, 0, NO_HINT, MISTAKE_file_crowded, MISTAKES_MAX);
	return false;
}

static bool
is_continuation(char c)
{
	return (c & 0xc0) == 0x80;
}

/* The line around the place, as much of it as anybody will look at; gives the characters left out in front. */
static const char *
line_around(const struct source *source, size_t offset, size_t start, size_t end, int *left_out)
{
	const char *shown = source->shown ? source->shown : source->text;
	size_t from = offset - start > LINE_BYTES ? offset - LINE_BYTES : start;
	while (from < offset && is_continuation(shown[from]))
		from++;
	if (end - offset > LINE_BYTES)
		for (end = offset + LINE_BYTES; end > offset && is_continuation(shown[end]);)
			end--;
	*left_out = count_characters(source->text + start, from - start);
	return source_say(source->diags, "%.*s", (int)(end - from), shown + from);
}

bool
source_report(const struct source *source, enum diag_level level, struct extent at, struct message what,
    struct message hint)
{
	if (!may_tell(source))
		return false;
	if (at.offset > source->length)
		at.offset = source->length;
	int line, column;
	source_place(source, at.offset, &line, &column);
	size_t start = line_start(source, at.offset);
	const char *newline = memchr(source->text + at.offset, '\n', source->length - at.offset);
	size_t end = newline ? (size_t)(newline - source->text) : source->length;
	size_t marked = at.length < end - at.offset ? at.length : end - at.offset;
	int width = count_characters(source->text + at.offset, marked);
	int left_out;
	const char *text = line_around(source, at.offset, start, end, &left_out);
	if (source->shown) {
		what = (struct message){without_numbers(source->diags, what.zh), without_numbers(source->diags, what.en)};
		hint = (struct message){without_numbers(source->diags, hint.zh), without_numbers(source->diags, hint.en)};
	}
	diag_add(source->diags, level, source->file, line, column, width > 0 ? width : 1, text, what.zh, what.en,
	    hint.zh, hint.en);
	diag_left_out(source->diags, left_out);
	return true;
}

void
source_mistake_list(const struct source *source, struct extent at, struct message hint, enum mistake mistake, va_list list)
{
	const struct mistake_row *row = &mistake_rows[mistake];
	struct message what = say_mistake(source->diags, row, list, &hint);
	if (source_report(source, row->level, at, what, hint))
		diag_code(source->diags, row->code);
}

void
source_mistake(const struct source *source, struct extent at, struct message hint, enum mistake mistake, ...)
{
	va_list list;
	va_start(list, mistake);
	source_mistake_list(source, at, hint, mistake, list);
	va_end(list);
}

void
file_mistake(struct diags *diags, const char *file, int line, struct message hint, enum mistake mistake, ...)
{
	const struct mistake_row *row = &mistake_rows[mistake];
	va_list list;
	va_start(list, mistake);
	struct message what = say_mistake(diags, row, list, &hint);
	va_end(list);
	diag_add(diags, row->level, file, line, 0, 1, NULL, what.zh, what.en, hint.zh, hint.en);
	diag_code(diags, row->code);
}

struct message
hint_word(struct diags *diags, struct slice word, const char *const candidates[], size_t count)
{
	const char *near = nearest_word(word, candidates, count);
	if (near)
		return (struct message){source_say(diags, "是不是 %s ？", near), source_say(diags, "did you mean %s?", near)};
	if (count == 0 || count > 16)
		return NO_HINT;
	struct buffer list = {0};
	for (size_t i = 0; i < count; i++)
		buffer_printf(&list, "%s%s", i ? ", " : "", candidates[i]);
	struct message hint = {source_say(diags, "可用：%.*s", (int)list.length, list.data), source_say(diags, "known: %.*s", (int)list.length, list.data)};
	buffer_free(&list);
	return hint;
}
