/* PRIVATE to core/rule: CSV with a header line, columns by name, quoted fields (RFC 4180), every cell with its place. */
#ifndef FW_CSV_H
#define FW_CSV_H

#include "core/rule/source.h"

#define CSV_COLUMNS_MAX 16
#define CSV_ERRORS_MAX 100              /* a table with more mistakes is not read on */

struct csv {
	const struct source *source;
	struct arena *arena;
	const char *const *column;      /* the table's columns, in the order of its schema */
	size_t columns;
	int place[CSV_COLUMNS_MAX];     /* schema column of each column of the file */
	size_t file_columns;
	size_t offset;                  /* of the next line */
	size_t errors;                  /* told before this table */
};

struct csv_row {
	struct slice cell[CSV_COLUMNS_MAX];     /* by schema column; ends with NUL, blanks at both ends taken off */
	struct extent at[CSV_COLUMNS_MAX];
	struct extent line;
};

/* Reads the header.  Unknown, repeated and missing columns are reported; false: no row can be read. */
bool csv_open(struct csv *, const struct source *, struct arena *, const char *const *columns, size_t count);

/* Have so many mistakes of this table been told that more would not help? */
bool csv_is_hopeless(const struct csv *);

/* The next row; blank lines are skipped.  A row of the wrong width is reported and skipped.  False: no more, or too many
 * mistakes, which is reported. */
bool csv_next(struct csv *, struct csv_row *);

#endif
