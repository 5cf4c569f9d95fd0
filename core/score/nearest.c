/* How near persons' sums came to a rule's limit, for who asks at the end why the rule said nothing. */
#include "core/score/private.h"

struct nearest {
	int64_t sum, limit;             /* fen; limit 0: none yet */
};

/* sum / limit is the greater fraction; limits are positive. */
static bool
is_nearer(int64_t sum, int64_t limit, const struct nearest *best)
{
	return best->limit == 0 || (__int128)sum * best->limit > (__int128)best->sum * limit;
}

static void
year_look(struct scorer *scorer, uint32_t person, const struct ledger_year *block, size_t index, struct nearest *best)
{
	const struct ledger_rule *made = &scorer->layout.ledger_rule[index];
	int64_t sum = block->year ? block->sum[made->ledger] : 0;
	/* No row is below the smallest limit: a sum that is not nearer by that one need not be looked at. */
	if (sum <= 0 || made->smallest_limit <= 0 || !is_nearer(sum, made->smallest_limit, best))
		return;
	const struct param_row *row = ledger_row(scorer, person, (int32_t)block->year, index);
	if (row && row->value > 0 && is_nearer(sum, row->value, best))
		*best = (struct nearest){sum, row->value};
}

static void
persons_look(struct scorer *scorer, size_t index, struct nearest *best)
{
	size_t years = persons_years(scorer->persons.beginnings);
	for (uint32_t n = 0; n < scorer->persons.chunks.count; n++) {
		struct person *person = person_at(&scorer->persons, n);
		for (size_t slot = 0; slot < years; slot++)
			year_look(scorer, n, person_year_at(&scorer->persons, person, slot), index, best);
	}
}

bool
scorer_nearest(struct scorer *scorer, size_t rule, int64_t *sum_fen, int64_t *limit_fen)
{
	struct nearest best = {0};
	for (size_t i = 0; i < scorer->layout.ledger_rules; i++)
		if ((size_t)scorer->layout.ledger_rule[i].rule == rule && !scorer->layout.ledger_rule[i].notice)
			persons_look(scorer, i, &best);
	*sum_fen = best.sum;
	*limit_fen = best.limit;
	return best.limit > 0;
}
