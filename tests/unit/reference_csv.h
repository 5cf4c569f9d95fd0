/* Reads a file of tests/reference and compares columns with what the program says; keeps the largest deviation. */
#ifndef FW_REFERENCE_CSV_H
#define FW_REFERENCE_CSV_H

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_COLUMNS 24
#define REFERENCE_ROWS 512

struct reference {
	char name[64];
	char column[REFERENCE_COLUMNS][32];
	size_t columns, rows;
	char first[REFERENCE_ROWS][24];                 /* text of the first column: names of families and units */
	double value[REFERENCE_ROWS][REFERENCE_COLUMNS];        /* NAN where a cell is no number */
};

static double
reference_cell(const char *text)
{
	char *end;
	double value = strtod(text, &end);
	return *text && *end == '\0' ? value : NAN;
}

/* One file at a time: the memory is shared by all calls. */
static const struct reference *
reference_open(const char *name)
{
	static struct reference file;
	char path[512], line[1024];
	memset(&file, 0, sizeof file);
	snprintf(file.name, sizeof file.name, "%s", name);
	snprintf(path, sizeof path, "%s/reference/%s.csv", TEST_DATA, name);
	FILE *in = fopen(path, "r");
	ck_assert_msg(in != NULL, "%s cannot be opened", path);
	for (size_t number = 0; fgets(line, sizeof line, in); number++) {
		line[strcspn(line, "\r\n")] = '\0';
		char *rest = line;
		ck_assert_uint_le(number, REFERENCE_ROWS);
		for (size_t column = 0; rest; column++) {
			const char *cell = strsep(&rest, ",");
			ck_assert_uint_lt(column, REFERENCE_COLUMNS);
			if (number == 0) {
				snprintf(file.column[column], sizeof file.column[column], "%s", cell);
				file.columns++;
				continue;
			}
			if (column == 0)
				snprintf(file.first[number - 1], sizeof file.first[0], "%s", cell);
			file.value[number - 1][column] = reference_cell(cell);
		}
		file.rows = number;
	}
	fclose(in);
	return &file;
}

static double
reference_get(const struct reference *file, size_t row, const char *column)
{
	for (size_t i = 0; i < file->columns; i++)
		if (strcmp(file->column[i], column) == 0)
			return file->value[row][i];
	ck_abort_msg("%s has no column %s", file->name, column);
	return NAN;
}

struct deviation {
	double relative, absolute;      /* tolerance: |actual - expected| <= absolute + relative * |expected| */
	double worst;                   /* largest |actual - expected| / |expected| seen */
	size_t cells;
};

static void
deviation_check(struct deviation *deviation, const struct reference *file, size_t row, const char *column, double actual)
{
	double expected = reference_get(file, row, column);
	deviation->cells++;
	if (actual == expected)
		return;
	double difference = fabs(actual - expected);
	ck_assert_msg(difference <= deviation->absolute + deviation->relative * fabs(expected),
	    "%s row %zu %s: %.17g, expected %.17g, difference %.3e", file->name, row + 1, column, actual, expected, difference);
	if (fabs(expected) > 1e-290 && difference / fabs(expected) > deviation->worst)
		deviation->worst = difference / fabs(expected);
}

static void
deviation_print(const struct deviation *deviation, const char *what)
{
	ck_assert_uint_gt(deviation->cells, 0);
	printf("%-28s %5zu cells, largest relative deviation %.1e (allowed %.0e)\n", what, deviation->cells, deviation->worst,
	    deviation->relative);
}

#endif
