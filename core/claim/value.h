/* Values of known fields, by their type.  For the decoder alone.
 *
 * All that is allowed is read here, and what is refused is said here; usual_members.h reads what is usual. */
#ifndef FW_VALUE_H
#define FW_VALUE_H

#include "core/claim/scan.h"

#include <endian.h>

#define CODE_BYTES 16

/* Strings that had escapes, kept until the end of a batch; the blocks are used again. */
struct kept_block;
struct kept {
	struct kept_block *first, *current;
};

void kept_reset(struct kept *);
void kept_free(struct kept *);

/* A value at its first byte; gives the position behind it, NULL when it is refused.  *empty is set when it is null or
 * "": then the value is not to be used.  For text and nested fields the fingerprint of what was read over goes to
 * *skipped; depth is that of the object that the field stands in. */
struct place {
	const struct field *field;
	uint32_t identifier_bytes, depth;
	struct hash128 *skipped;
	struct kept *kept;
};
const char *value_read(struct scan *, const struct place *, const char *at, union value *, bool *empty);

/* A value of a type that the field does not take, refused as such when it is JSON at all. */
const char *value_wrong(struct scan *, const char *field, const char *at);
/* The same, but null is empty. */
const char *value_other(struct scan *, const char *field, const char *at, bool *empty);

static inline uint64_t
load_eight(const char *at)
{
	uint64_t bytes;
	memcpy(&bytes, at, sizeof bytes);
	return le64toh(bytes);
}

#endif
