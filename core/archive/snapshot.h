/* A snapshot: everything that the entries below a position have done to the scorer, so that judging goes on from there.
 *
 * It is made beside the daemon by a process of its own (an older snapshot plus the archive up to the position), never out of
 * the memory of the one that judges: judging does not stop for it.  Its position is one below which every line is
 * acknowledged by Kafka, so nothing is pending in it. */
#ifndef FW_SNAPSHOT_H
#define FW_SNAPSHOT_H

#include "core/archive/archive.h"
#include "core/archive/cursor.h"
#include "core/base/digest.h"

#define SNAPSHOT_FORMAT 1               /* grows with every change of what is written; another one is not read */

struct output_floor {                   /* lines derived from the position on are at this offset of an output topic or behind it */
	char *topic;
	int32_t partition;
	int64_t offset;
};

struct snapshot_head {
	uint64_t position;
	uint8_t chain[32];              /* of the archive at the position */
	char ruleset[DIGEST_TEXT_SIZE];
	struct entry_settings settings;
	bool one_ruleset;               /* the same ruleset and settings held from position 0 on */
	int64_t newest_event;           /* largest setl_time among the entries, EVENT_TIME_NONE */
	uint64_t alerts;                /* alert lines so far */
	struct digest *feed;            /* running digest of the alert lines; made by snapshot_open */
	struct cursors cursors;
	struct output_floor *floor;
	size_t floors;
};

void snapshot_head_free(struct snapshot_head *);

/* Writes DIR/snapshots/snapshot-POSITION.fws: temporary name, sync, rename, sync of the folder.  0 or errno.
 * Encrypted with the cipher of keys when there is one: it holds psn_no in the clear. */
int snapshot_write(const char *archive_dir, const struct archive_options *keys, const struct snapshot_head *, const struct scorer *);

struct snapshot;

/* Opens the one at this position and reads its head.  NULL: not there, damaged, or of another format; diags (may be NULL)
 * say which. */
struct snapshot *snapshot_open(const char *archive_dir, const struct archive_options *keys, uint64_t position, struct snapshot_head *,
    struct diags *);

/* Somebody who works beside the caller, on a thread that core/ does not have: unpacks the next block while this one is
 * taken over.  begin starts the work and comes back; finish waits for its end; never two at a time. */
struct snapshot_helper {
	void (*begin)(void *context, void (*work)(void *argument), void *argument);
	void (*finish)(void *context);
	void *context;
};

/* The scorer as it was.  rules is the ruleset that the head names; helper may be NULL.  NULL: damaged; diags (may be NULL).
 * A snapshot is loaded once. */
struct scorer *snapshot_load(struct snapshot *, struct ruleset *, const struct scorer_limits *, const struct snapshot_helper *helper,
    struct diags *);
void snapshot_close(struct snapshot *);

/* Positions of the snapshots there are, newest first; caller frees.  Temporary files of the dead are removed by
 * snapshot_sweep, which keeps the newest `keep` and removes the others. */
size_t snapshot_list(const char *archive_dir, uint64_t **positions);
void snapshot_sweep(const char *archive_dir, size_t keep);
void snapshot_remove(const char *archive_dir, uint64_t position);
uint64_t snapshot_bytes(const char *archive_dir, uint64_t position);
/* Unix ms at which its file was written, 0: it is not there. */
int64_t snapshot_wall_ms(const char *archive_dir, uint64_t position);

#endif
