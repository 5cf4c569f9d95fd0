/* State that is new, derived from the archive by a thread of its own while judging goes on (core/archive/backfill.h). */
#ifndef FW_FILL_H
#define FW_FILL_H

#include "daemon/config.h"
#include "daemon/key.h"
#include "daemon/restore.h"

struct fill;

enum fill_state {
	FILL_RUNNING,
	FILL_REACHED,                   /* everything below the target is judged */
	FILL_FAILED
};

/* Judges the archive under the set, which outlives the fill, up to the target.  wake_fd is written whenever the state changes.  NULL:
 * the archive does not begin at position 0, or cannot be read; told in diags. */
struct fill *fill_begin(const struct config *, const struct entry_settings *, const struct key *, struct ruleset *, uint64_t target, int wake_fd,
    struct diags *);

/* Entries below are on disk and wanted as well; never less than before. */
void fill_target(struct fill *, uint64_t target);
uint64_t fill_position(const struct fill *);    /* next entry to be judged */
enum fill_state fill_state(struct fill *);

/* After FILL_REACHED: the scorer, the caller's; the fill is gone. */
struct scorer *fill_take(struct fill *);

/* Stops it; what went wrong is added to diags.  NULL is none. */
void fill_end(struct fill *, struct diags *);

#endif
