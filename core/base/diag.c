/* See diag.h. */
#include "core/base/diag.h"

#include "core/base/memory.h"
#include "core/base/utf8.h"

#include <stdlib.h>

#define TAB_COLUMNS 8
#define WINDOW_COLUMNS 120              /* of a longer line the part around the place is shown */
#define BEFORE_COLUMNS 40
#define WORD_MAX 64                     /* longer is no mistyped word */

static const char *
copy_or_null(struct diags *diags, const char *text)
{
	return text ? arena_copy(&diags->arena, text, strlen(text)) : NULL;
}

void
diag_add(struct diags *diags, enum diag_level level, const char *file, int line, int column, int width,
    const char *source_line, const char *message_zh, const char *message_en, const char *hint_zh, const char *hint_en)
{
	if (diags->count == diags->capacity) {
		diags->capacity = diags->capacity ? diags->capacity * 2 : 16;
		diags->list = memory_resize(diags->list, diags->capacity * sizeof *diags->list);
	}
	diags->list[diags->count++] = (struct diag){
		.level = level,
		.file = copy_or_null(diags, file),
		.line = line,
		.column = column,
		.width = width > 0 ? width : 1,
		.source_line = copy_or_null(diags, source_line),
		.message = {copy_or_null(diags, message_zh), copy_or_null(diags, message_en)},
		.hint = {copy_or_null(diags, hint_zh), copy_or_null(diags, hint_en)},
	};
	diags->errors += level == DIAG_ERROR;
}

void
diag_code(struct diags *diags, const char *code)
{
	diags->list[diags->count - 1].code = code;
}

void
diag_left_out(struct diags *diags, int characters)
{
	diags->list[diags->count - 1].left_out = characters;
}

static int
diag_compare(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left, *b = *(const struct diag *const *)right;
	int order = slice_compare(slice_of(a->file), slice_of(b->file));
	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = (a->column > b->column) - (a->column < b->column);
	return order ? order : (a > b) - (a < b);      /* then as they were found */
}

/* Prints one character and gives its columns; what would steer the terminal is shown as '?'. */
static int
character_print(const char *text, size_t bytes, int32_t code_point, int column, FILE *out)
{
	if (code_point == '\t') {
		int columns = TAB_COLUMNS - column % TAB_COLUMNS;
		if (out)
			fprintf(out, "%*s", columns, "");
		return columns;
	}
	bool control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
	if (control || (bytes == 1 && (unsigned char)*text >= 0x80)) {
		if (out)
			fputc('?', out);
		return 1;
	}
	if (out)
		fwrite(text, 1, bytes, out);
	return utf8_width(code_point);
}

/* The columns before the marked characters and theirs. */
static void
caret_measure(const struct diag *diag, int *before, int *marked)
{
	struct slice line = slice_of(diag->source_line);
	int column = 0, character = 1 + diag->left_out;
	*before = *marked = 0;
	for (size_t at = 0; at < line.length && character < diag->column + diag->width; character++) {
		int32_t code_point;
		size_t bytes = utf8_next(line.data + at, line.length - at, &code_point);
		int columns = character_print(line.data + at, bytes, code_point, column, NULL);
		*(character < diag->column ? before : marked) += columns;
		column += columns;
		at += bytes;
	}
	if (character <= diag->column)
		*before += diag->column - character;    /* the place is behind the line's end */
	if (*marked < 1)
		*marked = 1;
}

/* The columns from first on, at most WINDOW_COLUMNS; gives the columns of what was left out in front. */
static int
line_print_part(struct slice line, int first, FILE *out)
{
	int column = 0, left_out = 0;
	for (size_t at = 0; at < line.length;) {
		int32_t code_point;
		size_t bytes = utf8_next(line.data + at, line.length - at, &code_point);
		int columns = character_print(line.data + at, bytes, code_point, column, NULL);
		if (column >= first && column + columns > first + WINDOW_COLUMNS) {
			fputs("...", out);
			break;
		}
		if (column >= first)
			character_print(line.data + at, bytes, code_point, column, out);
		else
			left_out = column + columns;
		column += columns;
		at += bytes;
	}
	fputc('\n', out);
	return left_out;
}

static void
line_print(const struct diag *diag, FILE *out)
{
	int before = 0, marked = 0;
	caret_measure(diag, &before, &marked);
	int first = before + marked > WINDOW_COLUMNS && before > BEFORE_COLUMNS ? before - BEFORE_COLUMNS : 0;
	bool is_part = first > 0 || diag->left_out > 0;
	fputs(is_part ? "  ..." : "  ", out);
	before -= line_print_part(slice_of(diag->source_line), first, out);
	if (diag->column < 1)
		return;
	if (marked > WINDOW_COLUMNS - before)
		marked = WINDOW_COLUMNS - before;
	fprintf(out, "  %*s", before + (is_part ? 3 : 0), "");
	while (marked--)
		fputc('^', out);
	fputc('\n', out);
}

static void
diag_print(const struct diag *diag, enum language language, FILE *out)
{
	static const char *const level[][2] = {[DIAG_ERROR] = {"错误：", "error: "}, [DIAG_WARNING] = {"警告：", "warning: "}};
	static const char *const hint[] = {"提示：", "hint: "};
	if (diag->file)
		fprintf(out, "%s:", diag->file);
	if (diag->line > 0)
		fprintf(out, "%d:", diag->line);
	if (diag->line > 0 && diag->column > 0)
		fprintf(out, "%d:", diag->column);
	fprintf(out, "%s%s%s", diag->file || diag->line > 0 ? " " : "", level[diag->level][language], diag->message[language]);
	if (diag->code)
		fprintf(out, " [%s]", diag->code);
	fputc('\n', out);
	if (diag->source_line)
		line_print(diag, out);
	if (diag->hint[language])
		fprintf(out, "  %s%s\n", hint[language], diag->hint[language]);
}

void
diags_print(struct diags *diags, enum language language, FILE *out)
{
	if (!diags->count)
		return;
	const struct diag **order = memory_resize(NULL, diags->count * sizeof *order);
	for (size_t i = 0; i < diags->count; i++)
		order[i] = &diags->list[i];
	qsort(order, diags->count, sizeof *order, diag_compare);
	for (size_t i = 0; i < diags->count; i++)
		diag_print(order[i], language, out);
	free(order);
}

void
diags_free(struct diags *diags)
{
	arena_free(&diags->arena);
	free(diags->list);
	*diags = (struct diags){0};
}

static unsigned
smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;
	return least < c ? least : c;
}

/* Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).  Both at most WORD_MAX. */
static unsigned
edit_distance(struct slice a, struct slice b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *two_ago = rows[0], *ago = rows[1], *now = rows[2];
	for (size_t j = 0; j <= b.length; j++)
		ago[j] = (unsigned)j;
	for (size_t i = 1; i <= a.length; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.length; j++) {
			bool same = a.data[i - 1] == b.data[j - 1];
			now[j] = smallest(ago[j] + 1, now[j - 1] + 1, ago[j - 1] + !same);
			bool swapped = i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
			if (swapped && two_ago[j - 2] + 1 < now[j])
				now[j] = two_ago[j - 2] + 1;
		}
		unsigned *oldest = two_ago;
		two_ago = ago;
		ago = now;
		now = oldest;
	}
	return ago[b.length];
}

const char *
nearest_word(struct slice word, const char *const candidates[], size_t count)
{
	if (!word.length || word.length > WORD_MAX)
		return NULL;
	const char *nearest = NULL;
	unsigned least = (unsigned)(word.length < 3 ? 1 : word.length / 3) + 1;
	for (size_t i = 0; i < count; i++) {
		struct slice candidate = slice_of(candidates[i]);
		if (!candidate.length || candidate.length > WORD_MAX)
			continue;
		unsigned distance = edit_distance(word, candidate);
		bool all_differs = distance >= word.length || distance >= candidate.length;
		if (distance < least && !all_differs) {
			least = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}
