/* Laws of chance in integers. */
#include "replay/generate_random.h"

size_t
chance_pick(struct chance *chance, const uint16_t *weights, size_t count)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += weights[i];
	uint32_t at = chance_below(chance, sum);
	size_t i = 0;
	while (at >= weights[i])
		at -= weights[i++];
	return i;
}

int32_t
chance_normal(struct chance *chance)
{
	uint64_t bits = chance_bits(chance);
	int64_t sum = (int64_t)((bits & 65535) + (bits >> 16 & 65535) + (bits >> 32 & 65535) + (bits >> 48)) - 2 * 65535;
	return (int32_t)(sum * 113512 / 65536);         /* the square root of 3 */
}

/* e to the power of x, both in 1/65536; |x| below 10. */
static int64_t
exponential(int64_t x)
{
	int64_t power = x * 94548 / 65536 + (INT64_C(32) << 16);        /* to base 2, made positive */
	int64_t whole = (power >> 16) - 32, part = power & 65535;
	int64_t value = 65536 + part * (43024 + part * 22512 / 65536) / 65536;
	return whole >= 0 ? value << whole : value >> -whole;
}

int64_t
lognormal_value(int64_t mean, int32_t sigma, int32_t z)
{
	int64_t x = (int64_t)sigma * z / 1000 - (int64_t)sigma * sigma * 65536 / 2000000;
	return mean * exponential(x) / 65536;
}
