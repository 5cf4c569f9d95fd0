/* One thread that works beside its owner: one piece of work at a time. */
#ifndef FW_BESIDE_H
#define FW_BESIDE_H

#include "core/archive/snapshot.h"

struct beside;

/* NULL: no thread can be had, the owner does the work alone. */
struct beside *beside_open(void);
void beside_close(struct beside *);     /* NULL is allowed */

/* As snapshot_load wants it. */
struct snapshot_helper beside_helper(struct beside *);

#endif
