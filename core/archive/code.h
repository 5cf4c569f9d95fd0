/* PRIVATE to core/archive: one entry as bytes and back.  Bytes of a stream of entries: names are spelled out at their first
 * use in it, offsets and arrivals are told by what they differ from the one before. */
#ifndef FW_ARCHIVE_CODE_H
#define FW_ARCHIVE_CODE_H

#include "core/archive/entry.h"
#include "core/base/buffer.h"

struct coder;
struct coder *coder_open(void);
void coder_close(struct coder *);

/* A new stream: nothing was said yet.  Names given out by coder_take live on. */
void coder_begin(struct coder *);

void coder_add(struct coder *, const struct entry *, struct buffer *);

/* Takes one entry off the bytes; its slices point into them, names of sources into the coder.  position is left alone.
 * False: these are no entry's bytes. */
bool coder_take(struct coder *, struct slice *bytes, struct entry *);

/* Offsets of a source in the stream so far; lines of a file are offsets. */
struct source_range {
	struct slice name;
	int32_t partition;
	bool is_file;
	int64_t low, high;
};

/* The source of that number, from 0; false: there are no more. */
bool coder_source(const struct coder *, size_t number, struct source_range *);

#endif
