/* Special functions and exact tails for the statistical detectors.  Every function is pure and takes doubles in a fixed
 * order of operations: the same arguments give the same bits on one C library.  Far tails keep their relative
 * accuracy (1e-11 while counts and sizes stay below 10^6) and are given as logarithms where they leave the range of a
 * double.  Arguments outside the stated range give NAN, never an error. */
#ifndef FW_SPECIAL_H
#define FW_SPECIAL_H

#include <stddef.h>

/* A probability near 0 or near 1: both sides, and the logarithms, each computed without cancellation. */
struct tail {
	double lower, upper;            /* lower + upper = 1 */
	double log_lower, log_upper;    /* natural; -INFINITY when the side is empty */
};

/* ln Gamma(a), a > 0. */
double log_gamma(double a);

/* Regularised incomplete gamma: lower P(a, x), upper Q(a, x); a > 0, x >= 0. */
struct tail gamma_tail(double a, double x);

/* Regularised incomplete beta: lower I_x(a, b), upper 1 - I_x(a, b); a, b > 0, x and y = 1 - x in [0, 1].  Both are
 * asked for, because 1 - x is not exact when x is tiny. */
struct tail beta_tail(double a, double b, double x, double y);

/* The standard normal law: P(Z <= z); the other side is normal_lower(-z). */
double normal_lower(double z);

/* A law of counts with that mean: negative binomial of that size (variance mean + mean^2 / size), or Poisson when size
 * is INFINITY.  mean >= 0, size > 0, count >= 0 and whole. */
double count_log_mass(double count, double mean, double size);          /* ln P(X = count) */
struct tail count_tail(double count, double mean, double size);         /* upper P(X >= count), lower P(X < count) */
double count_upper_mid(double count, double mean, double size);         /* P(X > count) + P(X = count) / 2 */

/* Ascending, in place, without taking memory.  No NAN among them. */
void doubles_sort(double *list, size_t count);

/* Benjamini and Hochberg (1995): p-values in ascending order become adjusted ones (q-values), ascending too. */
void false_discovery_adjust(double *sorted, size_t count);

#endif
