/* The command line of fundwatchd. */
#ifndef FW_ARGUMENTS_H
#define FW_ARGUMENTS_H

#include "daemon/caller.h"

#define CONFIG_DEFAULT "/etc/fundwatch/fundwatchd.yaml"

struct arguments {
	const char *config;
	bool check, example, version, help, accept_gap, make_snapshot;
	bool reload;                    /* or call.status: asks the daemon that runs */
	struct call call;
	enum language language;
};

/* -1, or EX_USAGE after telling what is wrong on stderr. */
int arguments_read(struct arguments *, int argc, char **argv);
void arguments_help(enum language, FILE *);

#endif
