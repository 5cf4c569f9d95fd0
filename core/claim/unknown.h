/* Counts of the names that no field table has.  For the decoder alone. */
#ifndef FW_UNKNOWN_H
#define FW_UNKNOWN_H

#include "core/claim/decode.h"

#define UNKNOWN_MAX 256
#define UNKNOWN_SLOTS 1024

struct unknown {
	struct unknown_field field[UNKNOWN_MAX];
	size_t count;
	uint64_t more;                  /* fields of other names, once there are UNKNOWN_MAX */
	uint16_t slot[UNKNOWN_SLOTS];   /* number + 1, 0: free */
};

void unknown_count(struct unknown *, struct slice name);

#endif
