/* The thread that writes the archive.  The turn thread hands over what it judges, in that order; the archivist appends it and
 * syncs it in groups (every archive.sync_ms or archive.sync_records, whichever comes first).  Lines wait until the entry
 * that they come from is synced.
 *
 * Always holds: entries reach the archive in the order in which they were handed over; what could not be written is
 * tried again for ever, and nothing more is taken meanwhile: batches that it holds are not given back, so reading stops. */
#ifndef FW_ARCHIVIST_H
#define FW_ARCHIVIST_H

#include "core/archive/archive.h"
#include "core/archive/cursor.h"
#include "daemon/batch.h"
#include "daemon/status.h"

struct archivist;

struct archivist_release {              /* how a batch is given back */
	void (*release)(void *context, struct batch *);
	void *context;
};

/* Takes over the archive and the cursors.  wake_fd is an eventfd that is written when more is synced.  Starts the thread. */
struct archivist *archivist_open(const struct config *, struct status *, struct archive *, const struct cursors *, int wake_fd,
    struct archivist_release);

/* Hands over; gives the position of the (first) entry.  The turn thread.  The batch counts one user more until it is written. */
uint64_t archivist_batch(struct archivist *, struct batch *);
uint64_t archivist_entry(struct archivist *, const struct entry *);

uint64_t archivist_next(const struct archivist *);      /* position of what is handed over next; the turn thread */
uint64_t archivist_synced(const struct archivist *);    /* entries below are on disk; any thread */

/* A position below which everything is synced and at which the archive has a frame's end; any thread. */
uint64_t archivist_boundary(struct archivist *);

/* A copy of how far every partition is synced; any thread.  The caller frees it. */
void archivist_cursors(struct archivist *, struct cursors *);

/* Writes what it has and ends, at most about the deadline; false: something is not written.  The archive is closed. */
bool archivist_close(struct archivist *, int64_t deadline_ns);

#endif
