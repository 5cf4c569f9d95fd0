/* Rules that judge one claim by itself: what was said about a settlement is kept while the settlement is remembered. */
#include "core/score/matches.h"
#include "core/score/plan.h"

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

#define KEY_BREAK '\x1f'        /* between the parts of a key: no code and no rule's id has it */

static struct said *
claim_said_get(struct scorer *scorer, const struct rule *rule, const struct claim_place *place, struct slice setl_id, bool add)
{
	struct slice pool = names_text(&scorer->names, place->pool);
	struct claim_said *store = &scorer->claim_said;
	char text[320];
	int length = snprintf(text, sizeof text, "%s%c%.*s%c%.*s", rule->id, KEY_BREAK, (int)pool.length, pool.data, KEY_BREAK,
	    (int)setl_id.length, setl_id.data);
	struct slice key = {text, (size_t)length};
	uint32_t number;
	if (names_find(&store->keys, key, &number))
		return &store->said[number];
	return add ? claim_said_add(store, key) : NULL;
}

static struct slice
key_setl_id(struct slice key)
{
	const char *first = memchr(key.data, KEY_BREAK, key.length), *end = key.data + key.length;
	const char *second = memchr(first + 1, KEY_BREAK, (size_t)(end - first - 1));
	return (struct slice){second + 1, (size_t)(end - second - 1)};
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
		struct slice key = names_text(&store->keys, i), setl_id = key_setl_id(key);
		if (bookings_find(&scorer->bookings, setl_id, setl_hash(setl_id)) != NOBODY)
			*claim_said_add(&kept, key) = store->said[i];
	}
	kept.kept = kept.keys.count;
	names_free(&store->keys);
	free(store->said);
	*store = kept;
}

static bool
key_goes_on(const struct plan *plan, struct slice key)
{
	size_t length = (size_t)((const char *)memchr(key.data, KEY_BREAK, key.length) - key.data);
	char id[64];
	snprintf(id, sizeof id, "%.*s", (int)length, key.data);
	int32_t rule = rule_find(plan->new_rules, id);
	return rule >= 0 && plan_voice_of(plan, rule) >= 0;
}

/* Entries of the store whose rule goes on. */
static struct claim_said
claim_said_filter(const struct claim_said *store, const struct plan *plan)
{
	struct claim_said kept = {0};
	names_init(&kept.keys);
	for (uint32_t i = 1; i < store->keys.count; i++) {
		struct slice key = names_text(&store->keys, i);
		if (key_goes_on(plan, key))
			*claim_said_add(&kept, key) = store->said[i];
	}
	kept.kept = kept.keys.count;
	return kept;
}

static void
claim_said_replace(struct claim_said *store, struct claim_said with)
{
	names_free(&store->keys);
	free(store->said);
	*store = with;
}

void
claim_said_keep(struct scorer *scorer, const struct plan *plan)
{
	claim_said_replace(&scorer->claim_said, claim_said_filter(&scorer->claim_said, plan));
}

void
claim_said_adopt(struct scorer *scorer, const struct scorer *from, const struct plan *plan)
{
	claim_said_replace(&scorer->claim_said, claim_said_filter(&from->claim_said, plan));
}

/* What the rule says of the settlement at one place: where it stands, or, not matched, where it stood before. */
static void
judge_claim_rule(struct scorer *scorer, const struct turn *turn, const struct claim_rule *made, const struct claim_place *place,
    const struct booking *booking, enum truth assertion, bool matched, enum cause cause)
{
	const struct rule *rule = &scorer->rules->rule[made->rule];
	const struct condition *condition = &scorer->rules->condition[made->assertion];
	struct claim_input input = {turn->claim, assertion, condition->amount_field, condition->amount_fields};
	struct verdict verdict = {0};
	rule->detector->judge_claim(rule->config, &input, &verdict);
	if (!matched || booking->flags & BOOKING_VOID)
		verdict.word = VERDICT_OK;
	struct slice setl_id = booking_setl_id(&scorer->bookings, booking);
	struct said *said = claim_said_get(scorer, rule, place, setl_id, verdict.word == VERDICT_ALERT);
	if (!said)
		return;
	struct subject subject = {
		.kind = "claim", .pool = place->pool, .area = place->area, .institution = place->institution,
		.psn_no = person_psn_no(&scorer->persons, person_at(&scorer->persons, place->person)), .setl_id = setl_id, .variant = "",
	};
	month_text(scorer_month(scorer, place->setl_time), subject.period);
	evidence_clear(&scorer->evidence);
	if (place->person == booking->person)
		evidence_add(&scorer->evidence, (struct evidence_claim){booking->setl_time, setl_id, booking->institution, booking->area,
		    NOBODY, booking_amount(&scorer->bookings, booking, AMOUNT_HIFP)});
	say_alert(scorer, said, &(struct statement){
		.rule = made->rule, .subject = &subject, .verdict = &verdict, .param = -1, .cause = cause,
		.event_time = place->setl_time, .evidence = &scorer->evidence,
	});
}

struct claim_place
claim_place(const struct scorer *scorer, uint32_t number)
{
	const struct booking *booking = booking_at(&scorer->bookings, number);
	return (struct claim_place){person_at(&scorer->persons, booking->person)->pool, booking->area, booking->institution,
	    booking->person, booking->setl_time};
}

/* One rule: where the settlement stood before in another pool, and where it stands now. */
static void
judge_where_it_stands(struct scorer *scorer, const struct turn *turn, const struct claim_rule *made, const struct booking *booking,
    const struct claim_place *before, const struct claim_place *place, const uint64_t *truth, const uint64_t *falsehood, enum cause cause)
{
	uint64_t start = cost_start(scorer);
	bool matched = truth[made->where >> 6] >> (made->where & 63) & 1;
	bool holds = truth[made->assertion >> 6] >> (made->assertion & 63) & 1;
	bool fails = falsehood[made->assertion >> 6] >> (made->assertion & 63) & 1;
	enum truth assertion = holds ? TRUTH_TRUE : fails ? TRUTH_FALSE : TRUTH_UNKNOWN;
	if (before->pool && before->pool != place->pool)
		judge_claim_rule(scorer, turn, made, before, booking, assertion, false, cause);
	if ((matched && fails) || cause == CAUSE_RESTATED)
		judge_claim_rule(scorer, turn, made, place, booking, assertion, matched, cause);
	rule_stop(scorer, made->rule, start);
}

/* A new settlement is of the rules that it fails; of one that was there before others may have said something. */
void
judge_claim_rules(struct scorer *scorer, const struct turn *turn, uint32_t number, const struct claim_place *before, const uint64_t *truth,
    const uint64_t *falsehood, enum cause cause)
{
	const struct booking *booking = booking_at(&scorer->bookings, number);
	struct claim_place place = claim_place(scorer, number);
	bool all = before->pool || cause == CAUSE_RESTATED;
	size_t count = all ? scorer->layout.claim_rules : scorer->failed_count;
	for (size_t i = 0; i < count; i++) {
		const struct claim_rule *made = &scorer->layout.claim_rule[all ? i : scorer->failed[i]];
		judge_where_it_stands(scorer, turn, made, booking, before, &place, truth, falsehood, cause);
	}
}
