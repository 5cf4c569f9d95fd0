/* The daemon's log on stderr: text on a terminal, else one JSON object a line.  Any thread.
 *
 * Always holds: no bytes of a record go through here, so no name, number or telephone of a person can. */
#ifndef FW_LOG_H
#define FW_LOG_H

#include "core/base/diag.h"

#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO };

/* Before any other thread is there.  as_text: for a person, else JSON lines. */
void log_open(enum language, bool as_text);
enum language log_language(void);

/* One line in the language of the log; both formats take the same arguments. */
void log_say(enum log_level, const char *zh, const char *en, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/* Keeps what repeats from filling the log: said at once, then at most every LOG_QUIET_SECONDS. */
#define LOG_QUIET_SECONDS 30

struct log_limit {
	int64_t next_ns;                /* 0: never said */
	uint64_t withheld;              /* since it was last said */
};

/* May it be said now?  *withheld is how often it was not since the last time.  The caller guards the limit. */
bool log_allowed(struct log_limit *, int64_t now_ns, uint64_t *withheld);

/* Every diagnostic as a log line of its own, with its place. */
void log_diags(const struct diags *);

#endif
