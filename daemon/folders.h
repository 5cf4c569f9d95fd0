/* Watching the folders of rules and tables: when something changed and nothing more has changed for a while, a reload is asked
 * for.  An editor that writes beside and renames, a checkout of many files, a file that is written slowly: all of them end in
 * one reload.  Folders that are replaced (a symbolic link that is moved) are found again.  A thread of its own. */
#ifndef FW_FOLDERS_H
#define FW_FOLDERS_H

#include "daemon/reload.h"

struct folders;

/* rules and tables ("": none) are copied.  wake_fd is written with every reload that is asked for.  NULL after telling why. */
struct folders *folders_open(const char *rules, const char *tables, int64_t quiet_ms, struct reload *, int wake_fd);
void folders_close(struct folders *);

#endif
