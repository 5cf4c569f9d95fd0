/* PRIVATE to core/archive: segment files: their names, heads and seals, and the walk over their frames. */
#ifndef FW_SEGMENT_H
#define FW_SEGMENT_H

#include "core/archive/frame.h"
#include "core/archive/store.h"
#include "core/base/cipher.h"

#define SEGMENT_HEAD 160
#define SEGMENT_FORMAT 1
#define KEY_ID_BYTES 8
#define SALT_BYTES 16

struct segment_head {
	uint64_t first;                 /* position of its first entry */
	enum archive_cipher cipher;
	int8_t level;                   /* of zstd, for information */
	uint8_t chain_key_id[KEY_ID_BYTES], cipher_key_id[KEY_ID_BYTES];
	uint8_t salt[SALT_BYTES];       /* of the segment's own cipher key */
	int64_t newest_event;           /* largest event time of all entries before it */
	uint8_t chain[CHAIN_BYTES];     /* after the seal of the segment before */
	uint8_t entry_chain[CHAIN_BYTES];       /* after the last entry of the segment before */
};

void segment_head_write(const struct segment_head *, uint8_t bytes[SEGMENT_HEAD]);
bool segment_head_read(const uint8_t bytes[SEGMENT_HEAD], struct segment_head *);

/* The chain that the first frame goes on from. */
void segment_chain(const uint8_t key[ARCHIVE_KEY_BYTES], const struct segment_head *, uint8_t chain[CHAIN_BYTES]);

/* ---- keys ---- */

void key_id(const uint8_t key[ARCHIVE_KEY_BYTES], uint8_t id[KEY_ID_BYTES]);
const uint8_t *chain_key(const struct archive_options *);       /* NULL options or none in them: the published one */

/* The cipher of a segment: its own key is derived from the archive's and its salt.  NULL with *failure FINE: not encrypted;
 * ARCHIVE_KEY: the key is another one or this OpenSSL does not know the cipher; file is named in diags. */
struct cipher *segment_cipher(const struct archive_options *, const struct segment_head *, const char *file, enum archive_failure *,
    struct diags *);
const char *cipher_name(enum archive_cipher);           /* OpenSSL's, NULL for none */
void frame_nonce(const struct frame *, uint8_t nonce[CIPHER_NONCE_BYTES]);

/* ---- files ---- */

struct segment_file {
	uint64_t first, bytes;
};

struct segment_files {
	struct segment_file *file;
	size_t count;
};

/* Segments in the folder by position.  0 or errno (ENOENT: no folder). */
int segment_files_read(const char *dir, struct segment_files *);
void segment_files_free(struct segment_files *);
int64_t segment_files_find(const struct segment_files *, uint64_t position);    /* the one that holds it or would; -1: before all */

void segment_path(const char *dir, uint64_t first, const char *suffix, char path[PATH_BYTES]);  /* ".fwa", ".fwx" */

/* ---- one file ---- */

struct walk {
	int descriptor;
	uint64_t at;                    /* byte of the next frame */
	uint32_t number;                /* it must have */
	uint64_t position;              /* its entries must begin at */
	uint64_t bytes;                 /* of the file when it was last looked at */
	uint8_t *buffer;                /* bytes [start, start + length) of the file */
	uint64_t start;
	size_t length, capacity;
	int error;                      /* errno of a failed read */
};

enum walk_step {
	WALK_FRAME,
	WALK_END,                       /* the file ends behind a whole frame */
	WALK_TORN                       /* what follows is no whole frame, or not the one that is due */
};

/* errno or 0.  The walk begins behind the head; the head is read by segment_open. */
int segment_open(struct walk *, const char *path, struct segment_head *, bool *has_head);
void segment_close(struct walk *);

/* The next frame, in the walk's memory until the next call.  After END and TORN the file is looked at again. */
enum walk_step walk_next(struct walk *, struct frame *, const uint8_t **bytes);

/* As walk_next, but the head alone is read, and believed. */
enum walk_step walk_hop(struct walk *, struct frame *);
void walk_to(struct walk *, uint64_t at, uint32_t number, uint64_t position);

/* After TORN: does a whole frame behind the place say that the entry due there had been synced?  Then it is damage. */
bool walk_was_synced(struct walk *);

/* After TORN: goes on at the next whole frame, wherever it belongs.  False: there is none.  *stranger: a whole frame stood here, and
 * is not the one that was due. */
bool walk_resume(struct walk *, bool *stranger);

/* The seal at the end of the file. */
bool segment_seal_read(struct walk *, struct frame *, uint64_t *entries, uint64_t *raw, uint8_t chain[CHAIN_BYTES]);

/* ---- end.c: what is known of both ends ---- */

/* "At least so far": position and chain at the last seal or close. */
enum end_state { END_NONE, END_GOOD, END_BAD };
int end_write(const char *dir, const uint8_t key[ARCHIVE_KEY_BYTES], uint64_t position, const uint8_t chain[CHAIN_BYTES]);
enum end_state end_read(const char *dir, const uint8_t key[ARCHIVE_KEY_BYTES], uint64_t *position, uint8_t chain[CHAIN_BYTES]);

/* "Pruned up to here": segments that begin before the position may be gone.  0 when nothing is written, or it is damaged. */
int start_write(const char *dir, uint64_t position);
uint64_t start_read(const char *dir);

/* ---- telling ---- */

void tell(struct diags *, const char *file, const char *zh, const char *en);            /* diags may be NULL */
void tell_errno(struct diags *, const char *file, const char *zh, const char *en, int error);
const char *say(struct diags *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
