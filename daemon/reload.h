/* Rules read again beside the running ones, in a thread of its own.  A bad set is refused and the old one stays. */
#ifndef FW_RELOAD_H
#define FW_RELOAD_H

#include "core/rule/ruleset.h"
#include "daemon/status.h"

#include <pthread.h>

struct reload {
	const struct config *config;
	struct status *status;
	bool wanted, running;
	_Atomic bool finished;
	struct ruleset *set;            /* the result; NULL: refused */
	pthread_t thread;
};

/* Loads the set of the configuration and runs its tests; NULL when anything fails, diags then says what.  Any thread. */
struct ruleset *rules_load(const struct config *, struct diags *);

void reload_init(struct reload *, const struct config *, struct status *);

/* A reload asked for while one runs is done after it: none is lost. */
void reload_ask(struct reload *);

/* Between batches: gives a new ruleset when one is ready, else NULL.  Never waits. */
struct ruleset *reload_step(struct reload *);

/* The scorer would not take the set after all. */
void reload_refused(struct reload *);

/* The end: waits for a running one and drops its result. */
void reload_close(struct reload *);

#endif
