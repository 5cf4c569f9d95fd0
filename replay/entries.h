/* Entries of an archive, read ahead by a thread of its own: unpacked, copied, decoded, and handed over in their order, so
 * that reading and judging have a core each.
 *
 * Records come in batches; an entry of another kind ends the batch before it, because rules change and the clock moves
 * between two batches.  How they are cut changes the speed and nothing else. */
#ifndef FW_ENTRIES_H
#define FW_ENTRIES_H

#include "core/archive/archive.h"
#include "core/base/buffer.h"

struct entry_batch {
	struct record *record;          /* decoded already when that was asked for */
	size_t count;
	uint64_t first, next;           /* position of the first entry in it, and of the one behind the last */
	bool has_other;
	struct entry other;             /* what comes behind the records and is none; its texts live as long as the batch */
	uint64_t bytes;                 /* compressed bytes read when it was full, for progress */

	/* PRIVATE */
	size_t *start;
	struct buffer data, text;
	struct decoder *decoder;
	struct decode_limits limits;    /* of the decoder */
	struct decoded_record *decoded;
};

struct entries_options {
	uint64_t from, to;              /* positions; to is not in it, UINT64_MAX: to the end */
	size_t batch;                   /* most records a batch */
	bool decode, follow;            /* follow: settings on the way change the limits */
	struct decode_limits limits;
};

struct entries;

/* Starts the thread.  NULL: failure and diags say why; diags are the thread's until entries_close. */
struct entries *entries_open(const char *dir, const struct archive_options *, const struct entries_options *, enum archive_failure *,
    struct diags *);

/* The next batch, waiting for it; NULL: there are no more, *end says whether the archive ended or is damaged. */
struct entry_batch *entries_next(struct entries *, enum archive_step *end);

/* The batch was judged: its memory is used again. */
void entries_done(struct entries *, struct entry_batch *);

uint64_t entries_total(const struct entries *);         /* compressed bytes there are to read */

/* Decoders of the batches, which hold the counts of unknown fields; the list is the caller's.  After entries_next gave NULL. */
size_t entries_decoders(const struct entries *, struct decoder ***list);

void entries_close(struct entries *);

#endif
