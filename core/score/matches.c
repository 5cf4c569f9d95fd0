/* Which rules a claim is of, from the truth bits of their conditions: only the rules that are, not those that are not, cost
 * anything here.  And what the rules are asked and cost. */
#include "core/score/matches.h"

#include <stdlib.h>

/* ---- layout: from a condition to the rules whose where it is ---- */

void
where_index_make(struct where_index *index, const struct ruleset *rules)
{
	size_t words = MATCH_WORDS(rules);
	*index = (struct where_index){
		.mask = calloc(words + 1, sizeof(uint64_t)),
		.first = calloc(rules->conditions + 2, sizeof(uint32_t)),
		.rule = calloc(rules->rules + 1, sizeof(uint32_t)),
	};
	for (size_t i = 0; i < rules->rules; i++) {
		int32_t where = rules->rule[i].where;
		index->mask[where >> 6] |= UINT64_C(1) << (where & 63);
		index->first[where + 1]++;
	}
	for (size_t c = 0; c < rules->conditions; c++)
		index->first[c + 1] += index->first[c];
	uint32_t *next = memory_resize(NULL, (rules->conditions + 1) * sizeof *next);
	memcpy(next, index->first, (rules->conditions + 1) * sizeof *next);
	for (size_t i = 0; i < rules->rules; i++)
		index->rule[next[rules->rule[i].where]++] = (uint32_t)i;
	free(next);
}

void
where_index_free(struct where_index *index)
{
	free(index->mask);
	free(index->first);
	free(index->rule);
}

/* ---- a claim ---- */

/* The claim rule of the rule when its assertion fails. */
static void
note_failed(struct scorer *scorer, uint32_t rule, const uint64_t *falsehood)
{
	int32_t number = scorer->layout.claim_rule_of[rule];
	if (number < 0)
		return;
	int32_t assertion = scorer->layout.claim_rule[number].assertion;
	if (falsehood[assertion >> 6] >> (assertion & 63) & 1)
		scorer->failed[scorer->failed_count++] = (uint32_t)number;
}

static int
number_order(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

void
matches_find(struct scorer *scorer, const uint64_t *truth, const uint64_t *falsehood)
{
	const struct where_index *index = &scorer->layout.where;
	scorer->asked++;
	scorer->failed_count = 0;
	for (size_t w = 0; w < scorer->words; w++) {
		for (uint64_t left = truth[w] & index->mask[w]; left; left &= left - 1) {
			size_t condition = 64 * w + (size_t)__builtin_ctzll(left);
			for (uint32_t i = index->first[condition]; i < index->first[condition + 1]; i++) {
				scorer->rule_counts[index->rule[i]].matched++;
				note_failed(scorer, index->rule[i], falsehood);
			}
		}
	}
	if (scorer->failed_count > 1)
		qsort(scorer->failed, scorer->failed_count, sizeof *scorer->failed, number_order);
}

/* ---- counts and costs ---- */

void
asked_settle(struct scorer *scorer)
{
	for (size_t i = 0; i < scorer->rules->rules; i++)
		if (scorer->rules->rule[i].mode != MODE_OFF)
			scorer->rule_counts[i].evaluated += scorer->asked;
	scorer->asked = 0;
}

void
cost_add(struct scorer *scorer, struct cost *cost, uint64_t start, uint64_t weight)
{
	cost->ns += (scorer->limits.clock() - start) * weight;
	cost->samples++;
}

const struct rule_counts *
scorer_rule_counts(const struct scorer *scorer, size_t rule)
{
	asked_settle((struct scorer *)scorer);
	return &scorer->rule_counts[rule];
}

const struct cost *
scorer_rule_cost(const struct scorer *scorer, size_t rule)
{
	return &scorer->cost.rule[rule];
}

struct shared_cost
scorer_shared_cost(const struct scorer *scorer)
{
	struct cost settling = scorer->cost.settling;
	settling.ns -= settling.ns < scorer->cost.judging ? settling.ns : scorer->cost.judging;
	return (struct shared_cost){scorer->cost.seen, scorer->cost.matcher, settling};
}
