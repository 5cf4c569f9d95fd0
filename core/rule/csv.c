/* CSV with a header line. */
#include "core/rule/csv.h"

struct cells {
	struct slice text[CSV_COLUMNS_MAX + 1];
	struct extent at[CSV_COLUMNS_MAX + 1];
	size_t count;                   /* may be larger than what is kept */
};

static void
keep_cell(struct cells *cells, struct slice text, struct extent at)
{
	if (cells->count <= CSV_COLUMNS_MAX) {
		cells->text[cells->count] = text;
		cells->at[cells->count] = at;
	}
	cells->count++;
}

static size_t
take_plain(struct csv *csv, size_t at, struct cells *cells)
{
	const char *text = csv->source->text;
	size_t start = at, end;
	while (text[at] != ',' && text[at] != '\n' && text[at] != '\0')
		at++;
	end = at;
	while (start < end && (text[start] == ' ' || text[start] == '\t'))
		start++;
	while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t'))
		end--;
	struct slice cell = {arena_copy(csv->arena, text + start, end - start), end - start};
	keep_cell(cells, cell, (struct extent){start, end - start});
	return at;
}

static size_t
take_quoted(struct csv *csv, size_t at, struct cells *cells)
{
	const struct source *source = csv->source;
	const char *text = source->text;
	size_t start = at++, used = 0, closing = at;
	while (closing < source->length && (text[closing] != '"' || text[closing + 1] == '"'))
		closing += text[closing] == '"' ? 2 : 1;
	char *plain = arena_alloc(csv->arena, closing - at + 1);
	for (; at < closing && at < source->length; at++) {
		plain[used++] = text[at];
		at += text[at] == '"';
	}
	if (closing >= source->length) {
		source_error(source, (struct extent){start, 1},
		    (struct message){"引号没有闭合", "the quote is not closed"}, NO_HINT);
		keep_cell(cells, (struct slice){plain, used}, (struct extent){start, 1});
		return source->length;
	}
	keep_cell(cells, (struct slice){plain, used}, (struct extent){start, closing + 1 - start});
	at = closing + 1;
	if (text[at] != ',' && text[at] != '\n' && text[at] != '\0') {
		source_error(source, (struct extent){at, 1}, (struct message){"引号后面应是逗号或行尾",
		    "a comma or the line's end must follow the quote"}, NO_HINT);
		while (text[at] != ',' && text[at] != '\n' && text[at] != '\0')
			at++;
	}
	return at;
}

/* One line of cells; false: the file is at its end. */
static bool
take_line(struct csv *csv, struct cells *cells, struct extent *line)
{
	const struct source *source = csv->source;
	const char *text = source->text;
	while (csv->offset < source->length && text[csv->offset] == '\n')
		csv->offset++;
	if (csv->offset >= source->length)
		return false;
	size_t at = line->offset = csv->offset;
	cells->count = 0;
	for (;;) {
		at = text[at] == '"' ? take_quoted(csv, at, cells) : take_plain(csv, at, cells);
		if (at >= source->length || text[at] != ',')
			break;
		at++;
	}
	line->length = at - line->offset;
	csv->offset = at < source->length ? at + 1 : at;
	return true;
}

static int
column_find(const struct csv *csv, struct slice name)
{
	for (size_t i = 0; i < csv->columns; i++)
		if (slice_equal(name, slice_of(csv->column[i])))
			return (int)i;
	return -1;
}

static bool
place_column(struct csv *csv, struct slice name, struct extent at, bool *seen)
{
	struct diags *diags = csv->source->diags;
	int column = column_find(csv, name);
	if (column < 0) {
		source_error(csv->source, at, (struct message){source_say(diags, "没有列 %.*s", SLICE_ARG(name)),
		    source_say(diags, "there is no column %.*s", SLICE_ARG(name))}, hint_word(diags, name, csv->column, csv->columns));
		return false;
	}
	if (seen[column]) {
		source_error(csv->source, at, (struct message){source_say(diags, "列 %.*s 重复", SLICE_ARG(name)),
		    source_say(diags, "the column %.*s is repeated", SLICE_ARG(name))}, NO_HINT);
		return false;
	}
	seen[column] = true;
	csv->place[csv->file_columns++] = column;
	return true;
}

bool
csv_open(struct csv *csv, const struct source *source, struct arena *arena, const char *const *columns, size_t count)
{
	*csv = (struct csv){.source = source, .arena = arena, .column = columns, .columns = count, .errors = source->diags->errors};
	struct cells cells;
	struct extent line;
	struct diags *diags = source->diags;
	if (!take_line(csv, &cells, &line)) {
		source_error(source, (struct extent){0, 0}, (struct message){"没有表头", "the header line is missing"}, NO_HINT);
		return false;
	}
	bool seen[CSV_COLUMNS_MAX] = {false}, is_good = cells.count <= CSV_COLUMNS_MAX;
	for (size_t i = 0; i < cells.count && i < CSV_COLUMNS_MAX; i++)
		is_good &= place_column(csv, cells.text[i], cells.at[i], seen);
	for (size_t i = 0; i < count; i++) {
		if (seen[i])
			continue;
		source_error(source, line, (struct message){source_say(diags, "缺少列 %s", columns[i]),
		    source_say(diags, "the column %s is missing", columns[i])}, NO_HINT);
		is_good = false;
	}
	return is_good;
}

bool
csv_is_hopeless(const struct csv *csv)
{
	return csv->source->diags->errors - csv->errors >= CSV_ERRORS_MAX;
}

bool
csv_next(struct csv *csv, struct csv_row *row)
{
	struct cells cells;
	struct diags *diags = csv->source->diags;
	while (take_line(csv, &cells, &row->line)) {
		if (csv_is_hopeless(csv)) {
			source_error(csv->source, row->line, (struct message){"这张表错误太多，从这里起没有读",
			    "too many mistakes in this table; it was not read on from here"}, NO_HINT);
			return false;
		}
		if (cells.count != csv->file_columns) {
			source_error(csv->source, row->line, (struct message){
			    source_say(diags, "这一行有 %zu 列，表头有 %zu 列", cells.count, csv->file_columns),
			    source_say(diags, "this line has %zu cells, the header has %zu", cells.count, csv->file_columns)}, NO_HINT);
			continue;
		}
		for (size_t i = 0; i < cells.count; i++) {
			row->cell[csv->place[i]] = cells.text[i];
			row->at[csv->place[i]] = cells.at[i];
		}
		return true;
	}
	return false;
}
