/* See special.h.  The factor in front of every series is written as exp(-deviance) with the correction of Stirling's
 * formula (Loader 2000), which has no large terms that cancel; the rest is the classical series and continued fractions
 * (Abramowitz and Stegun 6.5.29, 6.5.31, 26.5.8). */
#include "core/base/special.h"

#include <float.h>
#include <math.h>

#define LOG_TWO_PI 1.8378770664093454836
#define ROUNDS_MAX 2000000      /* series and fractions need about 8 * sqrt(a) rounds near the mean, fewer elsewhere */
#define TINY 1e-300

double
log_gamma(double a)
{
	int sign;
	return lgamma_r(a, &sign);
}

/* ln(a!) - ln(sqrt(2 pi a) (a/e)^a), a > 0. */
static double
stirling_rest(double a)
{
	if (a < 16.0)
		return log_gamma(a + 1.0) - (a + 0.5) * log(a) + a - 0.5 * LOG_TWO_PI;
	double b = 1.0 / (a * a);
	return (1.0 / 12 - b * (1.0 / 360 - b * (1.0 / 1260 - b * (1.0 / 1680 - b * (1.0 / 1188 - b * (691.0 / 360360)))))) / a;
}

/* x ln(x/m) + m - x, without cancellation where x is near m; x, m > 0. */
static double
deviance(double x, double m)
{
	double difference = x - m, v = difference / (x + m);
	if (fabs(v) >= 0.1)
		return x * log(x / m) - difference;
	double sum = difference * v, power = 2.0 * x * v;
	for (int j = 3; j < 100; j += 2) {
		power *= v * v;
		double next = sum + power / j;
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

/* ln(x^a e^-x / Gamma(a + 1)) */
static double
gamma_log_front(double a, double x)
{
	if (a < 1e-8)
		return a * log(x) - x - log_gamma(a + 1.0);
	return -stirling_rest(a) - deviance(a, x) - 0.5 * (LOG_TWO_PI + log(a));
}

/* ln(x^a y^b / (a B(a, b))) */
static double
beta_log_front(double a, double b, double x, double y)
{
	double n = a + b;
	if (a < 1e-8 || b < 1e-8)
		return a * log(x) + b * log(y) + log_gamma(n) - log_gamma(a + 1.0) - log_gamma(b);
	double rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
	return rest - deviance(a, n * x) - deviance(b, n * y) + 0.5 * (log(b) - log(n) - log(a) - LOG_TWO_PI);
}

static struct tail
from_log_lower(double log_lower)
{
	struct tail tail = {.log_lower = log_lower > 0.0 ? 0.0 : log_lower};
	tail.lower = exp(tail.log_lower);
	tail.upper = -expm1(tail.log_lower);
	tail.log_upper = tail.lower < 0.5 ? log1p(-tail.lower) : log(tail.upper);
	return tail;
}

static struct tail
turned(struct tail tail)
{
	return (struct tail){tail.upper, tail.lower, tail.log_upper, tail.log_lower};
}

static struct tail
undefined(void)
{
	return (struct tail){NAN, NAN, NAN, NAN};
}

/* 1 + x/(a+1) + x^2/((a+1)(a+2)) + ... */
static double
gamma_series(double a, double x)
{
	double term = 1.0, sum = 1.0;
	for (int n = 1; n < ROUNDS_MAX && term > sum * (DBL_EPSILON / 8); n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum;
}

/* Continued fraction of Gamma(a, x) e^x x^-a by Lentz's method. */
static double
gamma_fraction(double a, double x)
{
	double b = x + 1.0 - a, c = 1.0 / TINY, d = 1.0 / b, value = d;
	for (int n = 1; n < ROUNDS_MAX; n++) {
		double an = -n * (n - a);
		b += 2.0;
		d = an * d + b;
		c = b + an / c;
		d = 1.0 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		value *= d * c;
		if (fabs(d * c - 1.0) < DBL_EPSILON)
			break;
	}
	return value;
}

struct tail
gamma_tail(double a, double x)
{
	if (!(a > 0.0) || !(x >= 0.0))
		return undefined();
	if (x == 0.0)
		return from_log_lower(-INFINITY);
	if (isinf(x))
		return turned(from_log_lower(-INFINITY));
	double front = gamma_log_front(a, x);
	if (x < a + 1.0)
		return from_log_lower(front + log(gamma_series(a, x)));
	return turned(from_log_lower(front + log(a * gamma_fraction(a, x))));
}

/* Continued fraction of I_x(a, b) a B(a, b) / (x^a y^b) by Lentz's method. */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
	d = 1.0 / (fabs(d) < TINY ? TINY : d);
	double value = d;
	for (int n = 1; n < ROUNDS_MAX; n++) {
		double step = n * (b - n) * x / ((a + 2.0 * n - 1.0) * (a + 2.0 * n));
		d = 1.0 + step * d;
		c = 1.0 + step / c;
		d = 1.0 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		value *= d * c;
		step = -(a + n) * (a + b + n) * x / ((a + 2.0 * n) * (a + 2.0 * n + 1.0));
		d = 1.0 + step * d;
		c = 1.0 + step / c;
		d = 1.0 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		value *= d * c;
		if (fabs(d * c - 1.0) < DBL_EPSILON)
			break;
	}
	return value;
}

struct tail
beta_tail(double a, double b, double x, double y)
{
	if (!(a > 0.0) || !(b > 0.0) || !(x >= 0.0) || !(y >= 0.0))
		return undefined();
	if (x == 0.0)
		return from_log_lower(-INFINITY);
	if (y == 0.0)
		return turned(from_log_lower(-INFINITY));
	if (x < (a + 1.0) / (a + b + 2.0))
		return from_log_lower(beta_log_front(a, b, x, y) + log(beta_fraction(a, b, x)));
	return turned(from_log_lower(beta_log_front(b, a, y, x) + log(beta_fraction(b, a, y))));
}

double
normal_lower(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
}

double
count_log_mass(double count, double mean, double size)
{
	if (!(count >= 0.0) || !(mean >= 0.0) || !(size > 0.0))
		return NAN;
	if (mean == 0.0)
		return count == 0.0 ? 0.0 : -INFINITY;
	if (isinf(size))
		return count == 0.0 ? -mean : gamma_log_front(count, mean);
	if (count == 0.0)
		return -size * log1p(mean / size);
	return beta_log_front(count, size, mean / (mean + size), size / (mean + size));
}

struct tail
count_tail(double count, double mean, double size)
{
	if (!(count >= 0.0) || !(mean >= 0.0) || !(size > 0.0))
		return undefined();
	if (count == 0.0)
		return from_log_lower(-INFINITY);
	if (mean == 0.0)
		return turned(from_log_lower(-INFINITY));
	if (isinf(size))
		return turned(gamma_tail(count, mean));
	return turned(beta_tail(count, size, mean / (mean + size), size / (mean + size)));
}

double
count_upper_mid(double count, double mean, double size)
{
	return count_tail(count + 1.0, mean, size).upper + 0.5 * exp(count_log_mass(count, mean, size));
}

static void
sift(double *heap, size_t root, size_t count)
{
	double value = heap[root];
	for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
		if (child + 1 < count && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= value)
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = value;
}

/* Heap sort: qsort may take memory. */
void
doubles_sort(double *list, size_t count)
{
	for (size_t i = count / 2; i > 0; i--)
		sift(list, i - 1, count);
	for (size_t end = count; end > 1; end--) {
		double largest = list[0];
		list[0] = list[end - 1];
		list[end - 1] = largest;
		sift(list, 0, end - 1);
	}
}

void
false_discovery_adjust(double *sorted, size_t count)
{
	double least = 1.0;
	for (size_t i = count; i > 0; i--) {
		double adjusted = (double)count / (double)i * sorted[i - 1];
		least = adjusted < least ? adjusted : least;
		sorted[i - 1] = least;
	}
}
