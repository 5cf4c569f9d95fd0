/* PRIVATE to replay: an interrupted replay of an archive goes on where it was.
 *
 *     DIR/run                  position, the last record's hash, lengths of the outputs, a digest of the options
 *     DIR/snapshots/           the scorer at that position, in the form of an archive's snapshots
 *
 * What must hold: outputs and the state beside them are of one moment.  Outputs are synced first, then the state, then `run`
 * is replaced; on going on an output is cut to the length that `run` names. */
#ifndef FW_RESUME_H
#define FW_RESUME_H

#include "core/archive/snapshot.h"
#include "replay/replay.h"

/* Reads DIR/run when there is one.  OPTIONS_GO_ON, or after telling why: 64 other options, 65 damaged or another archive. */
int resume_read(struct replay *);

/* The record judged last. */
void resume_mark(struct replay *, const struct entry_batch *);

/* Keeps the state after the entries below position.  OPTIONS_GO_ON or 74 after telling why. */
int resume_save(struct replay *, uint64_t position);

/* A run that was brought to its end with --close-all cannot go on. */
void resume_drop(const struct replay *);

/* From now on SIGINT and SIGTERM only ask for the end. */
void resume_watch(void);
bool resume_interrupted(void);

#endif
