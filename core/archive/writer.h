/* PRIVATE to core/archive: the one who writes.
 *
 * Entries are encoded as they come (raw).  A commit packs them into a frame, which from then on never changes: its bytes wait
 * in the segment they belong to until a sync has succeeded, and are written again at the same place until it has.  So a
 * failed or short write costs nothing but time, and no nonce ever meets another text. */
#ifndef FW_WRITER_H
#define FW_WRITER_H

#include "core/archive/code.h"
#include "core/archive/index.h"
#include "core/base/pack.h"

struct out {                            /* a segment that is not sealed, or not on disk as a whole */
	struct segment_head head;
	struct cipher *cipher;          /* NULL: none */
	int descriptor;                 /* -1: the file is not there */
	bool is_named;                  /* the folder was synced after the file was made */
	uint64_t synced_bytes;          /* of the file */
	struct buffer bytes;            /* to be written from there on */
	uint64_t entries, raw;
	uint32_t frames;
	struct spread spread;
	struct index index;
	bool sealed;
	struct out *next;
};

struct archive {
	char *dir;
	int lock;
	struct archive_options options;
	uint64_t session;
	struct coder *coder;
	struct packer *packer;
	struct buffer raw, packed;      /* entries since the last frame; scratch */
	uint32_t raw_entries;
	struct spread raw_spread;
	bool begin;                     /* the frame being gathered begins a stream */
	uint64_t stream_raw;            /* in the stream before it */
	uint64_t framed, synced;        /* positions: below are in frames, on disk */
	int64_t newest_event;
	uint8_t chain[CHAIN_BYTES], entry_chain[CHAIN_BYTES];
	struct out *first, *last;
};

struct out *out_new(struct archive *, const struct segment_head *);
void out_seal(struct archive *, struct out *);
int out_write(struct archive *, struct out *);  /* what waits, and syncs; 0 or errno */
void out_free(struct out *);

/* recover.c: brings the folder into a state to be written to.  FINE, or diags tell. */
enum archive_failure recover(struct archive *, uint64_t *cut, struct diags *);

#endif
