/* PRIVATE to core/archive: where the streams of packed entries begin in a sealed segment and what times they hold; which offsets
 * of which source the segment holds.  A cache: a reader that finds none, or a damaged one, walks over the heads of the frames. */
#ifndef FW_INDEX_H
#define FW_INDEX_H

#include "core/archive/code.h"
#include "core/archive/segment.h"

struct index_point {
	uint64_t position, at;          /* of the first entry of the stream; byte of its first frame */
	uint32_t number;                /* of that frame */
	struct spread spread;           /* of all frames of the stream */
};

struct index {
	uint64_t first, end, bytes;     /* positions; bytes of the sealed file */
	struct index_point *point;
	size_t count;
	bool knows_sources;             /* false: it was made from heads alone */
	struct source_range *source;
	size_t sources;
	struct arena names;
};

/* A frame that was added at that byte. */
void index_note(struct index *, const struct frame *, uint64_t at);
void index_note_source(struct index *, const struct source_range *);
void index_note_stream(struct index *, const struct coder *);   /* all sources of its stream */
/* NULL: the segment has nothing of it.  A file has no partitions. */
const struct source_range *index_source(const struct index *, struct slice name, int32_t partition, bool is_file);
void index_free(struct index *);

/* The file's bytes, whole. */
void index_bytes(const struct index *, struct buffer *);

int index_write(const char *dir, const struct index *);         /* temporary name, rename; 0 or errno */
bool index_read(const char *dir, const struct segment_file *, struct index *);

/* From the heads of the frames.  False: no seal is met. */
bool index_make(const char *dir, const struct segment_file *, struct index *);

/* The walk goes to the last stream that begins at or before the position. */
void index_seek(struct walk *, const char *dir, const struct segment_file *, uint64_t position);

#endif
