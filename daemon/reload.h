/* Rules read again beside the running ones, in a thread of its own, for those who asked: a signal, the control socket, the watch
 * of the folders.  A bad set is refused and the old one stays.
 *
 * Always holds: whoever asks gets the answer of a load that began after the asking, and gets it when what the answer says is done
 * and on disk. */
#ifndef FW_RELOAD_H
#define FW_RELOAD_H

#include "core/rule/ruleset.h"
#include "daemon/status.h"

#include <pthread.h>

struct reload_wish {
	bool accept_drop;               /* state that no rule asks for any more may go */
	bool backfill;                  /* what is new is derived from the archive first */
	bool quietly;                   /* of the watch: a refusal that was told already is not told again */
};

struct ask;                             /* one who asked and waits */

struct loaded {                         /* what a load came to */
	struct ruleset *set;            /* NULL: refused, diags say why */
	struct diags diags;
	struct reload_wish wish;
	int64_t load_ns;
	int store_error;                /* errno: its files are not in the archive */
	bool can_backfill;              /* there is an archive, from its first entry on */
};

struct reload {
	const struct config *config;
	struct status *status;
	pthread_mutex_t lock;
	struct ask *waiting;            /* guarded by the lock, like the next two: no load that is theirs has begun */
	struct ask *served;             /* the load under way is theirs */
	struct ask *syncing;            /* answered, and what was done is not on disk yet */
	bool stopping;                  /* nothing more is begun */

	/* the turn thread's own, until the thread runs */
	bool running;
	_Atomic bool finished;
	struct loaded loaded;
	pthread_t thread;
};

/* Where the rules are: those of the configuration, else the installed ones. */
const char *rules_folder(const struct config *);

/* Loads the set of the configuration and runs its tests; NULL when anything fails, diags then says what.  Any thread. */
struct ruleset *rules_load(const struct config *, struct diags *);

void reload_init(struct reload *, const struct config *, struct status *);

/* ---- any thread ---- */

/* Nobody waits for the answer. */
void reload_ask(struct reload *, struct reload_wish);

/* wake_fd (an eventfd) is written when the answer is there.  NULL: the daemon is stopping.  The ask is given back by
 * reload_answer (true) or reload_abandon. */
struct ask *reload_post(struct reload *, struct reload_wish, int wake_fd);

/* True: the answer, one JSON object, is appended, and the ask is gone. */
bool reload_answer(struct reload *, struct ask *, struct buffer *answer);

/* Nobody waits any more; what was asked for is done all the same. */
void reload_abandon(struct reload *, struct ask *);

/* ---- the turn thread ---- */

/* Begins a load when one is asked for; true: one has ended, the result is the caller's.  Never waits. */
bool reload_step(struct reload *, struct loaded *);

/* The answer to all whom the load that ended last is for; they get it when entries below the position are on disk. */
void reload_tell(struct reload *, struct slice answer, uint64_t position);
void reload_synced(struct reload *, uint64_t synced);

/* The end: waits for a load that runs and drops its result; all who wait are told the answer. */
void reload_stop(struct reload *, struct slice answer);
void reload_close(struct reload *);     /* nobody may ask any more */

#endif
