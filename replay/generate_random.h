/* Chance that is the same on every machine: splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators, OOPSLA 2014) and integer arithmetic, no libm.
 *
 * A stream is named by the seed, a purpose and two numbers (a person, a day).  What one stream gives does not depend on
 * how much was taken from another, so that planting a problem changes nothing but what it is about. */
#ifndef FW_GENERATE_RANDOM_H
#define FW_GENERATE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

enum chance_purpose { CHANCE_PERSON = 1, CHANCE_DAY, CHANCE_VISIT, CHANCE_CORRECTION, CHANCE_FEED, CHANCE_PLANT, CHANCE_ENROLMENT };

#define CHANCE_STEP UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t
chance_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static inline struct chance
chance_of(uint64_t seed, enum chance_purpose purpose, uint64_t a, uint64_t b)
{
	uint64_t state = chance_mix(seed + CHANCE_STEP * (uint64_t)purpose);
	state = chance_mix(state ^ (a * CHANCE_STEP));
	return (struct chance){chance_mix(state ^ (b * CHANCE_STEP))};
}

static inline uint64_t
chance_bits(struct chance *chance)
{
	chance->state += CHANCE_STEP;
	return chance_mix(chance->state);
}

/* 0 .. count - 1; count at least 1. */
static inline uint32_t
chance_below(struct chance *chance, uint32_t count)
{
	return (uint32_t)((chance_bits(chance) >> 32) * count >> 32);
}

static inline int64_t
chance_between(struct chance *chance, int64_t low, int64_t high)
{
	return low + chance_below(chance, (uint32_t)(high - low + 1));
}

/* True in share of 10,000 cases. */
static inline int
chance_is(struct chance *chance, uint32_t share)
{
	return chance_below(chance, 10000) < share;
}

/* Index into weights, by weight. */
size_t chance_pick(struct chance *, const uint16_t *weights, size_t count);

/* A standard normal value in 1/65536, from the sum of four uniform ones: never beyond 3.47. */
int32_t chance_normal(struct chance *);

/* Log-normal around mean (the mean of the law, not its median); sigma in 1/1000, z as chance_normal gives it. */
int64_t lognormal_value(int64_t mean, int32_t sigma, int32_t z);

#endif
