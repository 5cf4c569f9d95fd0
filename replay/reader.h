/* Lines of NDJSON from a file, a pipe or standard input; plain, gzip or zstd, told apart by their first bytes and
 * never by their names.
 *
 * Lines are handed over where they were read: nothing is copied but the part of a line that crosses the end of a
 * block.  Behind every line RECORD_PADDING bytes are readable.  Numbers of lines are physical, from 1; blank lines are
 * skipped but counted; a byte order mark at the very start is taken off; a last line without newline is a line.
 * A line longer than the limit is handed on cut to limit + 1 bytes, so that it is refused as too large with the right
 * number, whatever its length: memory is bounded. */
#ifndef FW_READER_H
#define FW_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct line {
	const char *bytes;
	size_t length;                  /* without its newline */
	int64_t number;
};

enum reader_state {
	READER_GOING,                   /* more may come */
	READER_ENDED,                   /* all lines were given */
	READER_TRUNCATED,               /* a compressed file ends too early */
	READER_CORRUPT,                 /* a compressed file is damaged */
	READER_FAILED                   /* read(2) failed: reader_error */
};

struct reader;

/* path "-" is standard input.  NULL: *error is errno (EISDIR for a directory).  Nothing is read yet.  limit: longest
 * line in bytes. */
struct reader *reader_open(const char *path, size_t limit, int *error);

/* Up to count lines; their bytes live until the next call.  Fewer come when a file's end, a damaged place or the
 * memory set aside for one batch (64 MiB and one line) is reached.  0 with READER_GOING only after reader_prompt; else
 * 0 says that there are no more: see reader_state.  What a damaged file gave before the damage is handed over first. */
size_t reader_lines(struct reader *, struct line *lines, size_t count);

enum reader_state reader_state(const struct reader *);
int reader_error(const struct reader *);

/* Lines read so far, and bytes taken from the file as it lies there, compressed or not; its size, 0 when unknown. */
int64_t reader_line(const struct reader *);
uint64_t reader_bytes(const struct reader *);
uint64_t reader_size(const struct reader *);

/* Device and file number, to know whether two paths are the same file. */
void reader_identity(const struct reader *, dev_t *, ino_t *);

/* For a reader that is watched: reader_lines gives what is there and reads at most once; it gives 0 with READER_GOING when
 * no whole line has come yet or a signal came.  With follow the end of a plain file is not final: lines that are added
 * later are given, a last line without newline waits for it, and a file that became shorter is read from its start. */
void reader_prompt(struct reader *, bool follow);

/* The file descriptor, to wait on. */
int reader_descriptor(const struct reader *);

void reader_close(struct reader *);

#endif
