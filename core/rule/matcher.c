/* All conditions of a ruleset for one claim.  The steady state allocates nothing. */
#include "core/rule/matcher.h"

#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/rule/load.h"

#include <stdlib.h>

static void *
zeroed(struct matcher *matcher, size_t count, size_t size)
{
	return arena_alloc(&matcher->arena, (count + 1) * size);
}

/* ---- opening ---- */

static inline bool
has_bit(const uint64_t *words, uint32_t bit)
{
	return words[bit >> 6] >> (bit & 63) & 1;
}

static const struct program *
program_of(const struct ruleset *set, size_t condition)
{
	return set->condition[condition].program;
}

static struct dictionary *
dictionary_of(struct matcher *matcher, int field)
{
	for (size_t i = 0; i < matcher->dictionaries; i++)
		if (matcher->dictionary[i].field == field)
			return &matcher->dictionary[i];
	dictionary_init(&matcher->dictionary[matcher->dictionaries], field);
	return &matcher->dictionary[matcher->dictionaries++];
}

static void
add_text_literal(struct matcher *matcher, uint32_t term, const struct literal *literal)
{
	struct dictionary *dictionary = dictionary_of(matcher, literal->atom->field);
	if (dictionary->literals == dictionary->literal_slots) {
		dictionary->literal_slots = dictionary->literal_slots ? 2 * dictionary->literal_slots : 16;
		dictionary->literal = memory_resize(dictionary->literal, dictionary->literal_slots * sizeof *dictionary->literal);
	}
	dictionary->literal[dictionary->literals++] = (struct text_literal){term, literal->negated, literal->atom};
	dictionary->asks_area |= literal->atom->kind == ATOM_IN_SET;
}

static uint32_t
other_number(struct matcher *matcher, const struct atom *atom)
{
	for (size_t i = 0; i < matcher->others; i++)
		if (matcher->other[i] == atom)
			return (uint32_t)i;
	matcher->other[matcher->others] = atom;
	return (uint32_t)matcher->others++;
}

static void
add_term(struct matcher *matcher, uint32_t number, const struct term *term)
{
	uint64_t bit = UINT64_C(1) << (number & 63);
	struct other_term *others = &matcher->other_term[number];
	matcher->all[number >> 6] |= bit;
	others->literal = zeroed(matcher, term->count, sizeof *others->literal);
	for (size_t i = 0; i < term->count; i++) {
		if (atom_is_of_code(term->literal[i].atom)) {
			add_text_literal(matcher, number, &term->literal[i]);
			continue;
		}
		others->literal[others->count++] = (struct other_literal){other_number(matcher, term->literal[i].atom),
		    term->literal[i].negated};
		matcher->has_other[number >> 6] |= bit;
	}
}

static void
count_all(struct matcher *matcher, size_t *literals)
{
	const struct ruleset *set = matcher->set;
	*literals = 0;
	for (size_t c = 0; c < set->conditions; c++) {
		const struct program *program = program_of(set, c);
		matcher->terms += program->count;
		for (size_t t = 0; t < program->count; t++)
			*literals += program->term[t].count;
	}
	matcher->words = (matcher->terms + 63) / 64;
	matcher->set_words = MATCH_WORDS(set);
	matcher->last_mask = set->conditions % 64 ? (UINT64_C(1) << (set->conditions % 64)) - 1 : UINT64_MAX;
}

static void
add_conditions(struct matcher *matcher)
{
	const struct ruleset *set = matcher->set;
	uint32_t next = (uint32_t)set->conditions;
	for (size_t c = 0; c < set->conditions; c++) {
		const struct program *program = program_of(set, c);
		add_term(matcher, (uint32_t)c, &program->term[0]);
		if (program->count == 1)
			continue;
		matcher->many[matcher->manys++] = (struct many){(uint32_t)c, next, (uint32_t)program->count - 1};
		for (size_t t = 1; t < program->count; t++)
			add_term(matcher, next++, &program->term[t]);
	}
}

/* ---- rules that are off ---- */

static void
mark(uint64_t *bits, int32_t condition)
{
	if (condition >= 0)
		bits[condition >> 6] |= UINT64_C(1) << (condition & 63);
}

static void
mark_rule(uint64_t *bits, const struct rule *rule)
{
	mark(bits, rule->where);
	for (size_t i = 0; i < rule->exclusions; i++)
		mark(bits, rule->exclusion[i].when);
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		int32_t condition;
		if (setting->type != SETTING_CONDITION)
			continue;
		memcpy(&condition, (const char *)rule->config + setting->offset, sizeof condition);
		mark(bits, condition);
	}
}

static void
drop_term(struct matcher *matcher, uint32_t term)
{
	matcher->in_force[term >> 6] &= ~(UINT64_C(1) << (term & 63));
}

static void
find_off(struct matcher *matcher)
{
	const struct ruleset *set = matcher->set;
	uint64_t *used = zeroed(matcher, 2 * matcher->set_words, sizeof *used), *off = used + matcher->set_words;
	mark(used, CONDITION_INPATIENT);
	for (size_t i = 0; i < set->rules; i++)
		mark_rule(set->rule[i].mode == MODE_OFF ? off : used, &set->rule[i]);
	memcpy(matcher->in_force, matcher->all, matcher->words * sizeof *matcher->in_force);
	for (uint32_t c = 0; c < set->conditions; c++)
		if (has_bit(off, c) && !has_bit(used, c))
			drop_term(matcher, c);
	for (size_t i = 0; i < matcher->manys; i++)
		for (uint32_t t = 0; t < matcher->many[i].count && !has_bit(matcher->in_force, matcher->many[i].condition); t++)
			drop_term(matcher, matcher->many[i].first + t);
	for (size_t i = 0; i < matcher->dictionaries; i++) {
		struct dictionary *dictionary = &matcher->dictionary[i];
		dictionary->only_off = true;
		for (size_t j = 0; j < dictionary->literals; j++)
			dictionary->only_off &= !has_bit(matcher->in_force, dictionary->literal[j].term);
	}
}

void
matcher_ask_off(struct matcher *matcher, bool asked)
{
	matcher->start = asked ? matcher->all : matcher->in_force;
}

struct matcher *
matcher_open(const struct ruleset *set)
{
	struct matcher *matcher = calloc(1, sizeof *matcher);
	if (!matcher)
		abort();
	size_t literals;
	matcher->set = set;
	matcher->scratch = pattern_scratch_open();
	count_all(matcher, &literals);
	matcher->dictionary = zeroed(matcher, SETTLEMENT_FIELDS, sizeof *matcher->dictionary);
	matcher->work = zeroed(matcher, 2 * matcher->words, sizeof *matcher->work);
	matcher->direct = zeroed(matcher, 2 * matcher->words, sizeof *matcher->direct);
	matcher->all = zeroed(matcher, matcher->words, sizeof *matcher->all);
	matcher->in_force = zeroed(matcher, matcher->words, sizeof *matcher->in_force);
	matcher->has_other = zeroed(matcher, matcher->words, sizeof *matcher->has_other);
	matcher->other_term = zeroed(matcher, matcher->terms, sizeof *matcher->other_term);
	matcher->other = zeroed(matcher, literals, sizeof *matcher->other);
	matcher->many = zeroed(matcher, set->conditions, sizeof *matcher->many);
	add_conditions(matcher);
	find_off(matcher);
	matcher_ask_off(matcher, false);
	matcher->stamp = zeroed(matcher, matcher->others, sizeof *matcher->stamp);
	matcher->answer = zeroed(matcher, matcher->others, sizeof *matcher->answer);
	areas_init(matcher);
	return matcher;
}

void
matcher_close(struct matcher *matcher)
{
	if (!matcher)
		return;
	for (size_t i = 0; i < matcher->dictionaries; i++)
		dictionary_free(&matcher->dictionary[i]);
	areas_free(matcher);
	pattern_scratch_close(matcher->scratch);
	arena_free(&matcher->arena);
	free(matcher);
}

/* ---- atoms that are not of one code ---- */

static int64_t
sum_of(const struct sum *sum, const struct claim *claim)
{
	int64_t total = sum->constant;
	for (size_t i = 0; i < sum->addends; i++) {
		const struct addend *addend = &sum->addend[i];
		int64_t value = addend->fallback;
		if (!addend->has_default || claim_has(claim, (unsigned)addend->field))
			value = claim->value[addend->field].number;
		if (addend->as_day)
			value = time_day(value);
		total += addend->sign < 0 ? -value : value;
	}
	return total;
}

static bool
is_same_text(const struct atom *atom, const struct claim *claim)
{
	struct slice a = claim_has(claim, (unsigned)atom->field) ? claim->value[atom->field].text : atom->list[0];
	struct slice b = claim_has(claim, (unsigned)atom->other) ? claim->value[atom->other].text : atom->list[1];
	return slice_equal(a, b);
}

static bool
atom_holds(const struct atom *atom, const struct claim *claim)
{
	switch (atom->kind) {
	case ATOM_PRESENT: return claim_has(claim, (unsigned)atom->field);
	case ATOM_SAME: return is_same_text(atom, claim);
	case ATOM_ZERO: return sum_of(&atom->sum[0], claim) == 0;
	case ATOM_NEGATIVE: return sum_of(&atom->sum[0], claim) < 0;
	case ATOM_NOT_POSITIVE: return sum_of(&atom->sum[0], claim) <= 0;
	case ATOM_BETWEEN: return sum_of(&atom->sum[0], claim) >= 0 && sum_of(&atom->sum[1], claim) >= 0;
	default: return false;
	}
}

static enum truth
other_ask(struct matcher *matcher, uint32_t number, const struct claim *claim)
{
	if (matcher->stamp[number] == matcher->now)
		return matcher->answer[number];
	const struct atom *atom = matcher->other[number];
	enum truth truth = TRUTH_UNKNOWN;
	if ((claim->present[0] & atom->need[0]) == atom->need[0] && (claim->present[1] & atom->need[1]) == atom->need[1])
		truth = atom_holds(atom, claim) ? TRUTH_TRUE : TRUTH_FALSE;
	matcher->stamp[number] = matcher->now;
	matcher->answer[number] = (uint8_t)truth;
	return truth;
}

/* ---- running ---- */

/* The literals of a term that are not of one code: false as soon as one is. */
static enum truth
term_ask(struct matcher *matcher, const struct other_term *term, const struct claim *claim)
{
	enum truth all = TRUTH_TRUE;
	for (size_t i = 0; i < term->count; i++) {
		enum truth truth = other_ask(matcher, term->literal[i].other, claim);
		if (truth == (term->literal[i].negated ? TRUTH_TRUE : TRUTH_FALSE))
			return TRUTH_FALSE;
		if (truth == TRUTH_UNKNOWN)
			all = TRUTH_UNKNOWN;
	}
	return all;
}

static inline void
ask_codes(struct matcher *matcher, const struct area *area, const struct claim *claim, uint64_t *possible, uint64_t *certain,
    size_t words)
{
	for (size_t w = 0; w < words; w++)
		possible[w] = certain[w] = matcher->start[w];
	for (size_t i = 0; i < matcher->dictionaries; i++) {
		struct dictionary *dictionary = &matcher->dictionary[i];
		if (dictionary->only_off && matcher->start == matcher->in_force)
			continue;
		unsigned field = (unsigned)dictionary->field;
		const uint64_t *outcome = dictionary_find(matcher, dictionary, area, claim_has(claim, field), claim->value[field].text);
		for (size_t w = 0; w < words; w++) {
			possible[w] &= outcome[w];
			certain[w] &= outcome[words + w];
		}
	}
}

static inline void
ask_others(struct matcher *matcher, const struct claim *claim, uint64_t *possible, uint64_t *certain, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		for (uint64_t left = possible[w] & matcher->has_other[w]; left; left &= left - 1) {
			uint64_t bit = left & -left;
			size_t term = 64 * w + (size_t)__builtin_ctzll(left);
			enum truth truth = term_ask(matcher, &matcher->other_term[term], claim);
			if (truth == TRUTH_FALSE)
				possible[w] &= ~bit;
			if (truth != TRUTH_TRUE)
				certain[w] &= ~bit;
		}
		certain[w] &= possible[w];
	}
}

/* Conditions of several terms: true when one is, false when all are. */
static void
join_terms(const struct matcher *matcher, const uint64_t *possible, const uint64_t *certain, uint64_t *truth, uint64_t *falsehood)
{
	for (size_t i = 0; i < matcher->manys; i++) {
		const struct many *many = &matcher->many[i];
		uint64_t bit = UINT64_C(1) << (many->condition & 63);
		for (uint32_t term = many->first; term < many->first + many->count; term++) {
			if (has_bit(certain, term))
				truth[many->condition >> 6] |= bit;
			if (has_bit(possible, term))
				falsehood[many->condition >> 6] &= ~bit;
		}
	}
}

void
matcher_run(struct matcher *matcher, const struct area *area, const struct claim *claim, uint64_t *truth, uint64_t *falsehood)
{
	size_t words = matcher->words, set_words = matcher->set_words;
	uint64_t *possible = matcher->work, *certain = matcher->work + words;
	if (++matcher->now == 0) {      /* the stamps went round */
		memset(matcher->stamp, 0, matcher->others * sizeof *matcher->stamp);
		matcher->now = 1;
	}
	ask_codes(matcher, area, claim, possible, certain, words);
	ask_others(matcher, claim, possible, certain, words);
	for (size_t w = 0; w < set_words; w++) {
		truth[w] = certain[w];
		falsehood[w] = ~possible[w];
	}
	truth[set_words - 1] &= matcher->last_mask;
	falsehood[set_words - 1] &= matcher->last_mask;
	join_terms(matcher, possible, certain, truth, falsehood);
	exclusions_apply(matcher->set, truth, falsehood);
}
