/* Snapshots, made by a process of their own beside the daemon: judging does not stop for one, and what it holds is derived
 * from the archive a second time, so that its feed digest checks the daemon's.
 *
 * A position is chosen at which the archive is synced; when every line from before it is acknowledged, `fundwatchd
 * --make-snapshot` is started with it.  It takes the newest older snapshot, judges the archive up to the position, writes
 * the new one, and removes what is older than archive.snapshots of them and what archive.keep_days and keep_gb let go. */
#ifndef FW_SNAPSHOTS_H
#define FW_SNAPSHOTS_H

#include "core/base/digest.h"
#include "daemon/archivist.h"
#include "daemon/feed.h"
#include "daemon/key.h"

#include <sys/types.h>

struct snapshots {
	const struct config *config;
	struct status *status;
	uint64_t newest;                /* position of the newest there is, 0: none */
	int64_t due_ns, retry_ns;       /* not before, after one that failed */
	bool chosen;                    /* a position, whose lines are waited for */
	uint64_t position;
	char digest[DIGEST_TEXT_SIZE];  /* of the feed at it */
	struct buffer request;
	pid_t process;                  /* that makes one; 0: none */
	int64_t begun_ns;
};

void snapshots_open(struct snapshots *, const struct config *, struct status *, uint64_t newest);

/* Once a turn, after the lines of what is synced were released: begins one when it is due, sees one end. */
void snapshots_step(struct snapshots *, struct archivist *, const struct feed *, int64_t now_ns);

/* Ends a process that is still at work. */
void snapshots_close(struct snapshots *);

/* What `--make-snapshot` does: reads the request from standard input.  An exit code. */
int snapshots_make(const struct config *, const struct key *);

#endif
