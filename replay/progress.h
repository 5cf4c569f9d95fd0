/* A progress bar with the time left, on a terminal only. */
#ifndef FW_PROGRESS_H
#define FW_PROGRESS_H

#include "replay/options.h"

struct progress {
	bool shown, drawn;
	enum language language;
	int width;
	uint64_t total;                 /* bytes; 0: not known */
	uint64_t start_ns, next_ns;
};

/* The monotonic clock. */
uint64_t clock_ns(void);

/* wanted: not --quiet and no lines go to the same terminal.  Draws nothing when stderr is no terminal. */
void progress_open(struct progress *, enum language, bool wanted, uint64_t total);

/* Draws at most ten times a second. */
void progress_show(struct progress *, uint64_t done, uint64_t records);

/* Takes the bar away; before anything else is printed on stderr. */
void progress_close(struct progress *);

#endif
