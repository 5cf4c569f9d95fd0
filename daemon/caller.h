/* fundwatchd --reload and --status: asks the daemon that runs, over its control socket, and prints what it answers. */
#ifndef FW_CALLER_H
#define FW_CALLER_H

#include "core/base/diag.h"

struct call {
	const char *config;             /* file that names the socket, when control is NULL */
	const char *control;            /* the socket */
	bool status, wait, accept_drop, backfill, json;
	enum language language;
};

/* Exit code: 0; 69 no daemon there, or it stops; 74 it answers nothing, or could not do it; 75 a decision is wanted; 78 refused. */
int caller_run(const struct call *);

#endif
