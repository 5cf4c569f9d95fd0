/* The command line of fundwatchd. */
#ifndef FW_ARGUMENTS_H
#define FW_ARGUMENTS_H

#include "core/base/diag.h"

#define CONFIG_DEFAULT "/etc/fundwatch/fundwatchd.yaml"

struct arguments {
	const char *config;
	bool check, example, version, help, accept_gap, make_snapshot;
	enum language language;
};

/* -1, or EX_USAGE after telling what is wrong on stderr. */
int arguments_read(struct arguments *, int argc, char **argv);
void arguments_help(enum language, FILE *);

#endif
