/* Made-up settlements as a data centre writes them: all fields of the table but the four optional ones of the
 * contract, in its order, amounts as numbers, codes as strings, no blanks.  The same seed gives the same bytes. */
#ifndef FW_BENCH_MESSAGES_H
#define FW_BENCH_MESSAGES_H

#include "core/base/slice.h"

struct messages {
	char *bytes;                    /* RECORD_PADDING more bytes can be read */
	struct slice *message;
	size_t count;
};

void messages_make(struct messages *, size_t count, unsigned long long seed);
void messages_free(struct messages *);

#endif
