/* What the conditions of a ruleset cost: the matcher against the plain interpreter of the same conditions, over the same
 * claims, in turns.
 *
 *     bench_rules [TABLES_DIR [ROUNDS]]        defaults: rules/tables 31
 *
 * Rulesets of 20, 200 and 1,000 generated rules, compiled by the loader from their YAML text.  Decoding is not in it.  Both
 * sides must say the same of every claim, or there is no figure.  Prints one JSON line. */
#include "tests/bench/bench.h"
#include "tests/plain/plain.h"
#include "tests/plain/rulesets.h"

#include <string.h>

#define CLAIMS 8192
#define ROUND_CLAIMS 2048               /* the matcher is asked about so many a round */
#define PLAIN_CLAIMS 128                /* and the plain interpreter */
#define WORDS_MAX 64

static struct claim claim[CLAIMS];
static const struct area *area[CLAIMS];

struct sides {
	struct matcher *matcher;
	struct plain *plain;
	size_t words;
	uint64_t hits;
};

/* The core asks about claims that it has just decoded, sixteen at a time: they are near.  So they are here. */
#define GROUP 16
static struct claim near[GROUP];

static double
matcher_group(struct sides *sides, size_t from, uint64_t *sum)
{
	uint64_t truth[WORDS_MAX], falsehood[WORDS_MAX];
	memcpy(near, claim + from, sizeof near);
	double start = bench_seconds();
	for (size_t i = 0; i < GROUP; i++) {
		matcher_run(sides->matcher, area[from + i], &near[i], truth, falsehood);
		*sum += truth[0];
	}
	return bench_seconds() - start;
}

static double
plain_group(struct sides *sides, size_t from, uint64_t *sum)
{
	uint64_t truth[WORDS_MAX], falsehood[WORDS_MAX];
	memcpy(near, claim + from, sizeof near);
	double start = bench_seconds();
	for (size_t i = 0; i < GROUP; i++) {
		plain_run(sides->plain, area[from + i], &near[i], truth, falsehood);
		*sum += truth[0];
	}
	return bench_seconds() - start;
}

/* Nanoseconds a claim. */
static double
round_of(double (*group)(struct sides *, size_t, uint64_t *), struct sides *sides, size_t claims)
{
	double seconds = 0;
	uint64_t sum = 0;
	for (size_t from = 0; from < claims; from += GROUP)
		seconds += group(sides, from, &sum);
	__asm__ volatile("" : : "r"(sum));
	return seconds * 1e9 / (double)claims;
}

static void
must_agree(struct sides *sides)
{
	uint64_t truth[2][WORDS_MAX], falsehood[2][WORDS_MAX];
	for (size_t i = 0; i < CLAIMS; i++) {
		matcher_run(sides->matcher, area[i], &claim[i], truth[0], falsehood[0]);
		plain_run(sides->plain, area[i], &claim[i], truth[1], falsehood[1]);
		if (memcmp(truth[0], truth[1], 8 * sides->words) || memcmp(falsehood[0], falsehood[1], 8 * sides->words)) {
			fprintf(stderr, "claim %zu: the matcher and the plain interpreter differ\n", i);
			exit(EXIT_FAILURE);
		}
		for (size_t w = 0; w < sides->words; w++)
			sides->hits += (uint64_t)__builtin_popcountll(truth[0][w]);
	}
}

static void
print(const char *form, size_t rules, double *value, int rounds, const char *unit)
{
	char name[64];
	snprintf(name, sizeof name, form, rules);
	bench_print(name, value, rounds, unit);
}

static void
measure(size_t rules, const char *tables, int rounds)
{
	struct ruleset *set = rulesets_make(&(struct rulesets_mix){.rules = rules, .seed = rules, .with_state = true}, tables);
	struct sides sides = {matcher_open(set), plain_open(set), MATCH_WORDS(set), 0};
	if (!sides.plain || sides.words > WORDS_MAX)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < CLAIMS; i++)
		area[i] = matcher_area(sides.matcher, claim_text(&claim[i], FIELD_insu_admdvs));
	must_agree(&sides);
	double matched[BENCH_RUNS_MAX], walked[BENCH_RUNS_MAX], ratio[BENCH_RUNS_MAX];
	for (int i = 0; i < rounds; i++) {
		matched[i] = round_of(matcher_group, &sides, ROUND_CLAIMS);
		walked[i] = round_of(plain_group, &sides, PLAIN_CLAIMS);
		ratio[i] = walked[i] / matched[i];
	}
	fprintf(stderr, "%zu rules, %zu conditions, %.1f of them true a claim\n", rules, set->conditions, (double)sides.hits / CLAIMS);
	print("rule_ns_%zu", rules, matched, rounds, "ns/claim");
	printf(",");
	print("rule_plain_ns_%zu", rules, walked, rounds, "ns/claim");
	printf(",");
	print("rule_ratio_%zu", rules, ratio, rounds, "times");
	matcher_close(sides.matcher);
	plain_close(sides.plain);
	ruleset_free(set);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = {20, 200, 1000};
	const char *tables = argc > 1 ? argv[1] : "rules/tables";
	int rounds = argc > 2 ? atoi(argv[2]) : 31;
	uint64_t seed = 1;
	if (rounds < 1 || rounds > BENCH_RUNS_MAX) {
		fprintf(stderr, "bench_rules [TABLES_DIR [ROUNDS]]: ROUNDS 1 to %d\n", BENCH_RUNS_MAX);
		return 64;
	}
	bench_pin();
	for (size_t i = 0; i < CLAIMS; i++)
		rulesets_claim(&claim[i], &seed, 2);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		printf(i ? "," : "{");
		measure(sizes[i], tables, rounds);
	}
	printf("}\n");
	return 0;
}
