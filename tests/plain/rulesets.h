/* Rulesets as analysts would have them by the hundred, and claims for them.  The same seed gives the same rules and claims. */
#ifndef FW_RULESETS_H
#define FW_RULESETS_H

#include "core/rule/ruleset.h"

struct rulesets_mix {
	size_t rules;
	uint64_t seed;
	bool with_state;                /* every tenth rule a variant of a shipped one that adds up: caps and shares */
	bool rare;                      /* what they assert hardly ever fails */
	bool odd;                       /* rare forms too: absent fields with defaults, alternatives, negations, times beside dates */
};

/* Writes rules/FAMILY/ID.yaml below the folder, which exists; false: it could not. */
bool rulesets_write(const char *folder, const struct rulesets_mix *);

/* A whole ruleset from the folder of its own that is made and removed again; exits with the mistakes on stderr. */
struct ruleset *rulesets_make(const struct rulesets_mix *, const char *tables);

/* A claim; of `absent` in a hundred fields there is no value.  Texts live as long as the program. */
void rulesets_claim(struct claim *, uint64_t *seed, unsigned absent);

#endif
