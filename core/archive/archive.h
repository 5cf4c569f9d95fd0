/* The archive of one shard: an append-only log of entries in the order of judging.  It is the write-ahead log of the
 * daemon, the history that a replay reads and the legal record.  Byte layout and validity rules: docs/archive.md and
 * the head of frame.c.
 *
 *     DIR/lock                          held by the one who writes
 *     DIR/segment-00000000000000000000.fwa   named after the position of its first entry
 *     DIR/segment-....fwx               index of a sealed segment; made again when it is missing
 *     DIR/start, DIR/end            pruned up to here; at least so far (end.c)
 *     DIR/rulesets/DIGEST/rules, .../tables, .../manifest      files of every ruleset that was in force
 *     DIR/snapshots/                    see snapshot.h
 *
 * No clock and no thread in here: the caller decides when to commit and which thread does it. */
#ifndef FW_ARCHIVE_H
#define FW_ARCHIVE_H

#include "core/archive/entry.h"
#include "core/base/diag.h"

#define ARCHIVE_KEY_BYTES 32

enum archive_cipher { CIPHER_NONE, CIPHER_AES_256_GCM, CIPHER_SM4_GCM };

struct archive_options {
	uint64_t segment_bytes;         /* a segment is sealed when it is about this long; 0: 256 MiB */
	int level;                      /* of zstd; 0: 1 */
	uint8_t chain_key[ARCHIVE_KEY_BYTES];   /* of the hash chain */
	bool has_chain_key;             /* false: the published key; a chain then shows accidents, not intent */
	enum archive_cipher cipher;     /* of frames written from now on; what is there is read with the cipher it names */
	uint8_t cipher_key[ARCHIVE_KEY_BYTES];
};

/* SM4-GCM needs OpenSSL 3.1. */
bool archive_cipher_is_known(enum archive_cipher);

/* 32 bytes from a file of at least 32 bytes or 64 hex digits; mistakes go to diags. */
bool archive_key_read(const char *path, uint8_t key[ARCHIVE_KEY_BYTES], struct diags *);

/* ---- writing ---- */

struct archive;

enum archive_failure {
	ARCHIVE_FINE,
	ARCHIVE_LOCKED,                 /* another process writes to it: exit 73 */
	ARCHIVE_BROKEN,                 /* bytes that had been synced are damaged: exit 65, `archive verify` says where */
	ARCHIVE_KEY,                    /* wrong or missing key: exit 78 */
	ARCHIVE_SYSTEM                  /* errno: exit 73 */
};

/* Opens for writing, makes the folder when it is not there, takes the lock, cuts a torn tail at its last whole frame.
 * NULL: *failure and diags say why.  *cut: bytes that were cut off. */
struct archive *archive_open(const char *dir, const struct archive_options *, enum archive_failure *failure, uint64_t *cut,
    struct diags *);

/* Takes the entry into memory; it is on disk after archive_commit.  Copies. */
void archive_append(struct archive *, const struct entry *);

/* Writes what was appended as one frame and syncs it.  0, or errno: then nothing is lost, everything not synced stays in
 * memory, and the same call later writes the whole of it again (after a failing fsync nothing about the written pages may
 * be believed). */
int archive_commit(struct archive *);

uint64_t archive_next(const struct archive *);          /* position of the next entry appended */
uint64_t archive_synced(const struct archive *);        /* entries below are on disk */

/* Bytes on disk of all segments in the folder; 0 when it cannot be read.  Any thread, beside one that writes. */
uint64_t archive_bytes(const char *dir);

/* Commits, seals nothing, lets the lock go. */
void archive_close(struct archive *);

/* ---- rulesets by content ---- */

/* Stores the files of a ruleset under its digest, when they are not there yet: temporary name, sync, rename.  0 or errno. */
int archive_store_ruleset(const char *dir, const struct ruleset *);

/* The folders to load it from again; false: it is not there or its manifest does not fit (damaged). */
bool archive_ruleset_paths(const char *dir, struct slice digest, char rules[4096], char tables[4096]);

/* ---- reading ---- */

struct archive_reader;

/* Reads entries from the position on, of an archive that somebody may be writing to: it ends at the last whole frame.
 * NULL: failure and diags. */
struct archive_reader *archive_read(const char *dir, const struct archive_options *keys, uint64_t from, enum archive_failure *,
    struct diags *);

enum archive_step { ARCHIVE_ENTRY, ARCHIVE_END, ARCHIVE_DAMAGED };

/* The next entry; its slices hold until archive_reader_free or archive_recycle.  ARCHIVE_END: no whole frame follows (asked
 * again later, it looks again).  ARCHIVE_DAMAGED: diags of archive_read say segment, position and what. */
enum archive_step archive_reader_next(struct archive_reader *, struct entry *);
void archive_recycle(struct archive_reader *);          /* slices given so far are let go */
uint64_t archive_reader_bytes(const struct archive_reader *);   /* compressed bytes read so far, for progress */
uint64_t archive_reader_total(const struct archive_reader *);   /* bytes there are from its start on */
void archive_reader_free(struct archive_reader *);

/* Value of the hash chain after the entries below position: a snapshot names it.  False: position is not at the end of a
 * frame or not there; archive_commit ends a frame, so every synced position of the writer is one. */
bool archive_chain_at(const char *dir, const struct archive_options *keys, uint64_t position, uint8_t chain[32]);

/* ---- looking, checking, pruning ---- */

struct archive_segment {
	char name[64];
	uint64_t first, entries, bytes, raw_bytes;
	int64_t event_low, event_high;  /* Beijing seconds, EVENT_TIME_NONE: no settlement in it */
	int64_t arrival_low, arrival_high;      /* Unix ms, ARRIVAL_UNKNOWN */
	bool sealed;
	enum archive_cipher cipher;
};

/* Segments in order; caller frees.  False: failure. */
bool archive_list(const char *dir, struct archive_segment **segment, size_t *count, enum archive_failure *, struct diags *);

/* Checks every byte: checksums, chain, order, seals, indexes, stored rulesets.  Every damage is one error in diags with
 * segment, position and byte.  Gives the number of damages. */
size_t archive_verify(const char *dir, const struct archive_options *keys, struct diags *);

/* Entries below it were on disk when a segment was sealed or the archive closed last: a reader that ends before it has lost
 * some.  0: not known. */
uint64_t archive_least_end(const char *dir, const struct archive_options *keys);

/* Position of the record of that offset, by the indexes and then in the one segment that may hold it; where offsets were used
 * twice (a topic made again) the newest.  source is a topic, or a file as it was named and then the offset is the line and
 * the partition is not asked.  An index that did not know its segment's sources does afterwards.  False: it is not there, or failure. */
bool archive_find(const char *dir, const struct archive_options *keys, struct slice source, bool is_file, int32_t partition,
    int64_t offset, uint64_t *position, enum archive_failure *, struct diags *);

/* Newest largest event time among the entries below a position (index and headers only); EVENT_TIME_NONE: none. */
int64_t archive_newest_event(const char *dir, const struct archive_options *keys, uint64_t position);

struct archive_limits {
	int64_t keep_from;              /* event time: whole segments with nothing at or after it may go; EVENT_TIME_NONE: no bound */
	uint64_t bytes;                 /* oldest segments go until this much is left; 0: no bound */
	uint64_t floor;                 /* nothing at or after this position goes (the oldest snapshot needs it) */
};

/* Removes whole sealed segments from the oldest on.  Gives how many; names of the removed in diags as notes. */
size_t archive_prune(const char *dir, const struct archive_limits *, bool dry_run, struct diags *);

#endif
