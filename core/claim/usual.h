/* Members as exporters usually write them, many in a row and without a question more than needed.  For the decoder alone.
 *
 * A walk reads member after member as long as each is spelt as expected, and stops before the first that is not: that
 * one is for the decoder's general way, which alone refuses.  There is one walk for every machine and one for machines
 * with AVX2; they accept the same members and give the same values. */
#ifndef FW_USUAL_H
#define FW_USUAL_H

#include "core/claim/keys.h"

struct walk {
	struct key *last;               /* key of the last member; keys.start before the first */
	const char *end;                /* of the record */
	union value *value;             /* by field */
	struct hash128 *skipped;        /* by field: fingerprints of texts that are read over */
	uint64_t seen[2], absent[2];    /* absent: seen, but null or "" */
	uint32_t identifier_bytes;
};

/* at: the brace before the first member, or behind a member's value.  Gives the position behind the last one read, or at. */
typedef const char *usual_walk(struct walk *, const char *at);

extern const struct usual {
	const char *name;
	usual_walk *walk;
	bool (*runs_here)(void);
} usual_walks[];                        /* the fastest first; the last one runs everywhere */
extern const size_t usual_walk_count;

#endif
