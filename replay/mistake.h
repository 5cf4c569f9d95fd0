/* `fundwatch check --explain CODE`: what a mistake's code stands for and what to do about it. */
#ifndef FW_MISTAKE_H
#define FW_MISTAKE_H

#include "replay/options.h"

/* Prints the code's row in the language of the options, or as JSON with both.  Gives 0; 64 after telling that there is no such
 * code, with the nearest one; 74 when stdout cannot be written. */
int mistake_explain(const char *code, const struct common_options *);

#endif
