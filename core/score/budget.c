/* See budget.h. */
#include "core/score/budget.h"

#include "core/score/private.h"

static void
member(struct buffer *out, const char *name, size_t bytes)
{
	json_key(out, name);
	json_unsigned(out, bytes);
}

void
scorer_state_budget(const struct ruleset *rules, struct buffer *out)
{
	struct layout layout;
	layout_make(&layout, rules);
	size_t slot = sizeof(struct table_slot) * 2;    /* at the usual load of the tables */
	size_t year = ledger_year_words(layout.ledgers, layout.ledger_rules) * sizeof(int64_t);
	size_t ids = 2 * 32;                            /* setl_id and mdtrt_id of up to 30 bytes */
	json_open(out, '{');
	member(out, "person", sizeof(struct person) + persons_years(layout.beginnings) * year + slot);
	member(out, "settlement", sizeof(struct booking) + (layout.words + layout.amounts + layout.nets) * sizeof(int64_t) + ids + slot);
	member(out, "enrolment", sizeof(struct enrolment_record));
	member(out, "pool_month", sizeof(struct pool_month) + layout.family_rules * sizeof(struct family_month)
	    + layout.series_rules * sizeof(struct series_month));
	member(out, "institution_month", layout.family_rules ? sizeof(struct unit_count) + CLASS_COUNT * sizeof(struct unit_said) : 0);
	for (size_t i = 0; i < rules->rules; i++)
		if (rules->rule[i].repeat_after) {
			member(out, "standing_alert", sizeof(struct held) + sizeof(uint32_t) + slot);
			break;
		}
	json_close(out, '}');
	layout_free(&layout);
}
