/* Bytes of one input with its compression taken off; the door to zlib.  Which compression it is, is told
 * by the first four bytes. */
#ifndef FW_INFLATE_H
#define FW_INFLATE_H

#include "replay/reader.h"

enum inlet_form { FORM_UNKNOWN, FORM_PLAIN, FORM_GZIP, FORM_ZSTD };

struct inlet {
	int descriptor, error;          /* error: errno of READER_FAILED */
	enum reader_state state;
	enum inlet_form form;
	bool regular, prompt, follow;   /* a regular file; see reader_prompt */
	bool inside;                    /* in a gzip member or a zstd frame */
	uint64_t bytes, size;           /* read so far; of the file, 0: unknown */
	dev_t device;
	ino_t file;
	unsigned char *raw;             /* bytes as they lie in the file: raw[raw_at .. raw_length) are still to be used */
	size_t raw_at, raw_length;
	bool raw_ended;
	void *inflater;                 /* z_stream or struct unpacker */
};

/* 0, or errno. */
int inlet_open(struct inlet *, const char *path);

/* Up to room bytes; 0 when there are none: inlet->state says why, and READER_GOING means none yet (prompt only).  *again is set when a
 * followed file became shorter: what comes is its start. */
size_t inlet_read(struct inlet *, char *to, size_t room, bool *again);

void inlet_close(struct inlet *);

#endif
