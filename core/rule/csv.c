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
		source_mistake(source, (struct extent){start, 1}, NO_HINT, MISTAKE_cell_quote_open);
		keep_cell(cells, (struct slice){plain, used}, (struct extent){start, 1});
		return source->length;
	}
	keep_cell(cells, (struct slice){plain, used}, (struct extent){start, closing + 1 - start});
	at = closing + 1;
	if (text[at] != ',' && text[at] != '\n' && text[at] != '\0') {
		source_mistake(source, (struct extent){at, 1}, NO_HINT, MISTAKE_cell_quote_followed);
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
	int column = column_find(csv, name);
	if (column < 0) {
		source_mistake(csv->source, at, hint_word(csv->source->diags, name, csv->column, csv->columns), MISTAKE_column_unknown,
		    SLICE_ARG(name));
		return false;
	}
	if (seen[column]) {
		source_mistake(csv->source, at, NO_HINT, MISTAKE_column_repeated, SLICE_ARG(name));
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
	if (!take_line(csv, &cells, &line)) {
		source_mistake(source, (struct extent){0, 0}, NO_HINT, MISTAKE_header_missing);
		return false;
	}
	bool seen[CSV_COLUMNS_MAX] = {false}, is_good = cells.count <= CSV_COLUMNS_MAX;
	for (size_t i = 0; i < cells.count && i < CSV_COLUMNS_MAX; i++)
		is_good &= place_column(csv, cells.text[i], cells.at[i], seen);
	for (size_t i = 0; i < count; i++) {
		if (seen[i])
			continue;
		source_mistake(source, line, NO_HINT, MISTAKE_column_missing, columns[i]);
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
	while (take_line(csv, &cells, &row->line)) {
		if (csv_is_hopeless(csv)) {
			source_mistake(csv->source, row->line, NO_HINT, MISTAKE_table_hopeless);
			return false;
		}
		if (cells.count != csv->file_columns) {
			source_mistake(csv->source, row->line, NO_HINT, MISTAKE_cells_count, cells.count, csv->file_columns);
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
