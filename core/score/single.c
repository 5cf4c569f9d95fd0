/* Rules that judge one claim by itself: what was said about a settlement is kept while the settlement is remembered. */
#include "core/score/private.h"

#include <stdio.h>
#include <stdlib.h>

static struct said *
claim_said_add(struct claim_said *store, struct slice key)
{
	uint32_t number = names_number(&store->keys, key);
	if (number >= store->capacity) {
		size_t capacity = 2 * ((size_t)number + 16);
		store->said = memory_resize(store->said, capacity * sizeof *store->said);
		memset(store->said + store->capacity, 0, (capacity - store->capacity) * sizeof *store->said);
		store->capacity = capacity;
	}
	return &store->said[number];
}

/* A rule's id has no space. */
static struct said *
claim_said_get(struct claim_said *store, const struct rule *rule, struct slice setl_id, bool add)
{
	char text[256];
	struct slice key = {text, (size_t)snprintf(text, sizeof text, "%s %.*s", rule->id, (int)setl_id.length, setl_id.data)};
	uint32_t number;
	if (names_find(&store->keys, key, &number))
		return &store->said[number];
	return add ? claim_said_add(store, key) : NULL;
}

#define SAID_FEW 1024           /* not worth to be gone through */

void
claim_said_forget(struct scorer *scorer)
{
	struct claim_said *store = &scorer->claim_said, kept = {0};
	if (store->keys.count < 2 * store->kept + SAID_FEW)
		return;
	names_init(&kept.keys);
	for (uint32_t i = 1; i < store->keys.count; i++) {
		struct slice key = names_text(&store->keys, i), setl_id = key;
		const char *space = memchr(key.data, ' ', key.length);
		setl_id.data = space + 1;
		setl_id.length -= (size_t)(setl_id.data - key.data);
		if (bookings_find(&scorer->bookings, setl_id, setl_hash(setl_id)) != NOBODY)
			*claim_said_add(&kept, key) = store->said[i];
	}
	kept.kept = kept.keys.count;
	names_free(&store->keys);
	free(store->said);
	*store = kept;
}

static void
judge_claim_rule(struct scorer *scorer, const struct turn *turn, const struct claim_rule *made, const struct booking *booking,
    enum truth assertion, bool matched, enum cause cause)
{
	const struct rule *rule = &scorer->rules->rule[made->rule];
	const struct condition *condition = &scorer->rules->condition[made->assertion];
	struct claim_input input = {turn->claim, assertion, condition->amount_field, condition->amount_fields};
	struct verdict verdict = {0};
	rule->detector->judge_claim(rule->config, &input, &verdict);
	if (!matched || booking->flags & BOOKING_VOID)
		verdict.word = VERDICT_OK;
	struct slice setl_id = booking_setl_id(&scorer->bookings, booking);
	struct said *said = claim_said_get(&scorer->claim_said, rule, setl_id, verdict.word == VERDICT_ALERT);
	if (!said)
		return;
	struct subject subject = {
		.kind = "claim", .pool = turn->pool_name, .area = turn->area_name, .institution = booking->institution,
		.psn_no = turn->claim->value[FIELD_psn_no].text, .setl_id = setl_id, .variant = "",
	};
	month_text(scorer_month(scorer, booking->setl_time), subject.period);
	evidence_clear(&scorer->evidence);
	evidence_add(&scorer->evidence, (struct evidence_claim){booking->setl_time, setl_id, booking->institution, booking->area,
	    NOBODY, booking_amount(&scorer->bookings, booking, AMOUNT_HIFP)});
	say_alert(scorer, said, &(struct statement){
		.rule = made->rule, .subject = &subject, .verdict = &verdict, .param = -1, .cause = cause,
		.event_time = booking->setl_time, .evidence = &scorer->evidence,
	});
}

void
judge_claim_rules(struct scorer *scorer, const struct turn *turn, uint32_t number, const uint64_t *truth,
    const uint64_t *falsehood, enum cause cause)
{
	for (size_t i = 0; i < scorer->layout.claim_rules; i++) {
		const struct claim_rule *made = &scorer->layout.claim_rule[i];
		bool matched = truth[made->where >> 6] >> (made->where & 63) & 1;
		bool holds = truth[made->assertion >> 6] >> (made->assertion & 63) & 1;
		bool fails = falsehood[made->assertion >> 6] >> (made->assertion & 63) & 1;
		enum truth assertion = holds ? TRUTH_TRUE : fails ? TRUTH_FALSE : TRUTH_UNKNOWN;
		if ((matched && fails) || cause == CAUSE_RESTATED)
			judge_claim_rule(scorer, turn, made, booking_at(&scorer->bookings, number), assertion, matched, cause);
	}
}
