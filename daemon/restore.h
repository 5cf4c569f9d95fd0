/* The state as it was: the newest snapshot that fits, and the archive behind it judged again.
 *
 * The daemon does this at its start; the process that makes a snapshot does it up to the snapshot's position.  One thread. */
#ifndef FW_RESTORE_H
#define FW_RESTORE_H

#include "core/archive/snapshot.h"
#include "core/state/names.h"
#include "daemon/batch.h"
#include "daemon/config.h"
#include "daemon/key.h"
#include "daemon/status.h"

struct restored {
	struct ruleset *rules;          /* in force at the position; NULL: none was yet */
	struct scorer *scorer;          /* likewise */
	struct snapshot_head head;      /* of the position reached: settings, cursors, floors, newest event; feed and alerts as the
	                                 * snapshot had them: the taker of lines moves them on */
	bool has_snapshot;
	uint64_t from;                  /* position of the snapshot, 0 */
	uint64_t entries;               /* judged again */
	struct names sources;           /* topics and files that the lines name: they stay as long as this */
};

struct restore_taker {
	/* Lines of batch[first..first + used); position is that of batch->record[0]. */
	void (*lines)(void *context, const struct ruleset *, const struct batch *, size_t first, size_t used, const struct scored *, uint64_t position);
	void *context;
	const volatile bool *stop;
};

/* What the options of the archive say, with the keys read; false: told in diags. */
bool archive_options_of(const struct config *, struct archive_options *, struct diags *);

/* Settings as the configuration wants them. */
struct entry_settings settings_of(const struct config *, const struct key *);
struct scorer_limits limits_of(const struct entry_settings *, const struct key *);

/* Goes to the position `until` (UINT64_MAX: the end).  0, or an exit code after telling why (65: damaged, 78: a ruleset is
 * missing or a key is wrong); EX_TEMPFAIL: stop became true.  restored_free in every case. */
int restore_run(struct restored *, const struct config *, const struct archive_options *, const struct key *, uint64_t until,
    const struct restore_taker *, struct status *);

void restored_free(struct restored *);  /* what is not taken out of it (set to NULL) */

#endif
