/* A scorer that judges an archive from its first entry on under one ruleset, saying nothing: the state of a new aggregate as
 * if it had always been asked for.  Beside the running one it may be on a thread of its own; scorer_adopt then gives it what
 * the running one said. */
#ifndef FW_ARCHIVE_BACKFILL_H
#define FW_ARCHIVE_BACKFILL_H

#include "core/archive/archive.h"

enum backfill_step {
	BACKFILL_REACHED,               /* every entry below the position is judged */
	BACKFILL_BEHIND,                /* the archive has no more whole frames yet: ask again when it is synced further */
	BACKFILL_STOPPED,
	BACKFILL_FAILED                 /* diags say why: damaged, pruned */
};

struct backfill;

/* The ruleset stays the caller's and outlives the scorer; key and clock are those of the limits, the rest comes from the
 * archive's own entries.  NULL: the archive does not begin with its first entry any more, or cannot be read; diags say which. */
struct backfill *backfill_open(const char *dir, const struct archive_options *keys, struct ruleset *, const struct scorer_limits *,
    struct diags *);

/* Judges the entries below the position that are not judged yet.  stop (may be NULL) is looked at now and then. */
enum backfill_step backfill_run(struct backfill *, uint64_t until, const _Atomic bool *stop);

/* The next entry to be judged; any thread. */
uint64_t backfill_position(const struct backfill *);

/* The scorer, the caller's from now on; the rest is freed.  NULL only when not one entry was judged. */
struct scorer *backfill_take(struct backfill *);
void backfill_close(struct backfill *);

/* All at once: what an archive's own entry of rules says was done there.  NULL: diags. */
struct scorer *backfill_until(const char *dir, const struct archive_options *keys, struct ruleset *, const struct scorer_limits *,
    uint64_t until, struct diags *);

#endif
