/* PRIVATE to core/rule: the text of one file that an analyst wrote, and how its mistakes are told.
 *
 * Every place in a file is an extent: byte offset and length in the normalised text (no BOM, LF only).  Lines and
 * columns are worked out when something is reported. */
#ifndef FW_SOURCE_H
#define FW_SOURCE_H

#include "core/base/diag.h"
#include "core/base/slice.h"
#include "core/rule/mistakes.h"

#include <stdarg.h>

struct extent {
	size_t offset, length;
};

struct source {
	const char *file;               /* as shown to the user */
	const char *text;               /* UTF-8, ends with NUL */
	size_t length;
	struct diags *diags;
	struct slice raw;               /* the file's bytes as they were read; empty: not from a file */
	size_t *told;                   /* mistakes told so far; NULL: as many as there are */
	const char *shown;              /* NULL, or the text as it may be shown, of the same length: the file names persons */
};

#define SOURCE_BYTES_MAX (1u << 20)     /* rule and parameter files */
#define MISTAKES_MAX 200                /* told of one file */
#define TABLE_BYTES_MAX (256u << 20)    /* tables */

/* Reads the file; takes off a BOM, makes CRLF to LF, refuses what is not UTF-8, holds NUL or is longer than most bytes.
 * False: the reason was reported.  Text and bytes live in the arena. */
bool source_read(struct source *, struct arena *, const char *path, size_t most, struct diags *);

/* The same for bytes in the arena that were read before; a NUL stands behind them. */
bool source_take(struct source *, struct arena *, const char *file, struct slice raw, struct diags *);

/* A text from memory, for what the core itself writes down. */
struct source source_of(const char *file, const char *text, struct diags *);

/* Line from 1, column from 1 in characters; and back, to the line's end at most. */
void source_place(const struct source *, size_t offset, int *line, int *column);
size_t source_offset(const struct source *, int line, int column);

struct message {
	const char *zh, *en;
};

#define NO_HINT ((struct message){NULL, NULL})

/* False: MISTAKES_MAX of the file were told before; that there are more was told once.  Of a file that names persons, lines
 * are taken from the text that may be shown, and of long numbers in the words the digits are x as well. */
bool source_report(const struct source *, enum diag_level, struct extent, struct message what, struct message hint);

static inline void
source_error(const struct source *source, struct extent at, struct message what, struct message hint)
{
	source_report(source, DIAG_ERROR, at, what, hint);
}

/* ---- mistakes with a code: rows of mistakes.def ---- */

/* Reports the mistake at the place.  What follows fills the message in both languages alike:
 *
 *     %s const char *   %.*s int, const char * (SLICE_ARG)   %d int   %zu size_t   %lld long long   %% a percent sign
 *     %w const struct message *: words that differ by language, of which each message takes its own
 *
 * A hint (hint_word, or a text of one's own) stands in place of the row's remedy; NO_HINT: the remedy. */
void source_mistake(const struct source *, struct extent, struct message hint, enum mistake, ...);
void source_mistake_list(const struct source *, struct extent, struct message hint, enum mistake, va_list);

/* The same for a file that has no text to show: the line from 1, 0: the whole file. */
void file_mistake(struct diags *, const char *file, int line, struct message hint, enum mistake, ...);

/* Writes x over the digits of numbers of seven digits and more: longer than any day, amount of yuan or area that is asked for. */
void source_mask_numbers(char *text);

/* Text in the memory of the diagnostics. */
const char *source_say(struct diags *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What an errno means. */
struct message error_words(int error);

/* "did you mean ...?" when a candidate is near, else the list of the candidates when they are few. */
struct message hint_word(struct diags *, struct slice word, const char *const candidates[], size_t count);

#define SLICE_ARG(slice) (int)(slice).length, (slice).data

#endif
