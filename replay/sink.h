/* A place where lines are written, every write checked.  The first failure is told once, with the file and the reason;
 * what comes after is dropped, because the command ends with exit 74. */
#ifndef FW_SINK_H
#define FW_SINK_H

#include "core/base/slice.h"
#include "replay/options.h"

struct sink {
	FILE *file;                     /* NULL: nothing is wanted here */
	const char *name;
	enum language language;
	bool owned, failed;
};

/* path NULL: a sink that takes nothing; "-": standard output; else the file is made or emptied.  OPTIONS_GO_ON or 73 after
 * telling why. */
int sink_open(struct sink *, const char *path, enum language);

/* Goes on with a file of an earlier run: what stands behind length is cut off.  OPTIONS_GO_ON, or 65 (the file is shorter) or
 * 73 after telling why. */
int sink_open_at(struct sink *, const char *path, int64_t length, enum language);

/* The text and a newline. */
void sink_line(struct sink *, struct slice text);

/* Writes out what is waiting; OPTIONS_GO_ON or 74 after telling why. */
int sink_close(struct sink *);

#endif
