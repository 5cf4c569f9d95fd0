/* PRIVATE to replay/replay.c: judging from an archive. */
#ifndef FW_PAST_H
#define FW_PAST_H

#include "replay/replay.h"

/* Opens the archive, the rules and a scorer: as it was at the newest snapshot that may be used, or a fresh one.  OPTIONS_GO_ON,
 * or an exit code after telling why.  past_close in every case. */
int past_open(struct replay *);

/* Judges what comes from there.  OPTIONS_GO_ON, or an exit code after telling why: 65 damaged (what comes before the damage was
 * judged), 74 an output, 75 interrupted and ready to go on. */
int past_judge(struct replay *);

void past_close(struct replay *);

#endif
