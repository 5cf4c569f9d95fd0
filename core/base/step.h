/* Named places on the way of a record, for the tests of faults: a preloaded library that defines fundwatch_step is told
 * of each and may end, stop or slow the process there.  Without one it costs a load and a branch. */
#ifndef FW_STEP_H
#define FW_STEP_H

extern void fundwatch_step(const char *name) __attribute__((weak));

static inline void
step(const char *name)
{
	if (fundwatch_step)
		fundwatch_step(name);
}

#endif
