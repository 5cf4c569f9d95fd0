/* Which records belong to the pools that this instance owns.  Several instances may read the same partitions, each
 * judging its own pools. */
#ifndef FW_OWNERSHIP_H
#define FW_OWNERSHIP_H

#include "core/score/scorer.h"
#include "daemon/config.h"

struct ownership;

/* NULL: every pool is owned, nothing is to be asked. */
struct ownership *ownership_open(const struct config *, const struct ruleset *);

/* False: the record is of a pool that another instance owns.  A record that cannot be decoded is ours: it has to be
 * refused by somebody. */
bool ownership_has(struct ownership *, const struct record *);

/* After another ruleset was taken: its pools.csv decides from now on. */
void ownership_use(struct ownership *, const struct ruleset *);
void ownership_close(struct ownership *);

#endif
