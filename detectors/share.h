/* The projection behind `share`, apart so that it can be compared with reference values. */
#ifndef FW_SHARE_H
#define FW_SHARE_H

#include "core/detector.h"

/* Everything is NAN where it is not defined. */
struct share_projection {
	double completion;              /* part of the year's denominator that is there by this month */
	double total;                   /* denominator at the end of the year */
	double run_rate;                /* share of the last twelve months, the newest weigh most */
	double year_end;                /* share at the end of the year */
	double error;                   /* its standard error */
	double reach;                   /* probability that the year-end share reaches the target */
};

/* Year to date of input->through, and the months before it as history. */
void share_project(const struct series_input *, struct share_projection *);

#endif
