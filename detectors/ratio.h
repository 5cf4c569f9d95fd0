/* How far a ratio of two sums may be off by chance, apart so that it can be compared with reference values. */
#ifndef FW_RATIO_H
#define FW_RATIO_H

#include "core/detector.h"

/* Sums over settlements, each with its two amounts. */
struct ratio_sums {
	__int128 numerator, denominator;
	int64_t settlements;
	unsigned __int128 squares[SQUARES];
};

/* The standard error of numerator / denominator by linearisation (Cochran, Sampling Techniques, 1977, 6.3):
 * n / (n - 1) * sum of (f - R c)^2 / (sum of c)^2.  The sum is worked out with integers, centred at R to six places, so that
 * nothing cancels.  NAN where it is not defined: fewer than two settlements, or a denominator that is not positive. */
double ratio_error(const struct ratio_sums *);

/* (numerator / denominator - target) / error; NAN where that is not defined, or nothing varies.  target: six places. */
double ratio_z(const struct ratio_sums *, int64_t target);

#endif
