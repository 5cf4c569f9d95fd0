/* All conditions of a ruleset for one claim.  The steady state allocates nothing. */
#include "core/rule/matcher.h"

#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/rule/dictionary.h"
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

static struct presence *
presence_of(struct matcher *matcher, int field)
{
	for (size_t i = 0; i < matcher->presences; i++)
		if (matcher->presence[i].field == field)
			return &matcher->presence[i];
	struct presence *presence = &matcher->presence[matcher->presences++];
	*presence = (struct presence){.field = field, .absent = zeroed(matcher, matcher->words, sizeof(uint64_t)),
	    .there = zeroed(matcher, matcher->words, sizeof(uint64_t))};
	return presence;
}

/* Until all terms are known a vector holds what is struck out. */
static void
add_presence(struct matcher *matcher, uint32_t term, const struct literal *literal)
{
	struct presence *presence = presence_of(matcher, literal->atom->field);
	presence->literals++;
	uint64_t *struck = literal->negated ? presence->there : presence->absent;
	struck[term >> 6] |= UINT64_C(1) << (term & 63);
}

static void
finish_presences(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->presences; i++)
		for (size_t w = 0; w < matcher->words; w++) {
			matcher->presence[i].absent[w] = matcher->all[w] & ~matcher->presence[i].absent[w];
			matcher->presence[i].there[w] = matcher->all[w] & ~matcher->presence[i].there[w];
		}
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
add_other(struct matcher *matcher, uint32_t term, const struct literal *literal)
{
	struct other_term *others = &matcher->other_term[term];
	others->literal[others->count++] = (struct other_literal){other_number(matcher, literal->atom), literal->negated};
	matcher->has_other[term >> 6] |= UINT64_C(1) << (term & 63);
}

static void
add_term(struct matcher *matcher, uint32_t number, const struct term *term)
{
	matcher->all[number >> 6] |= UINT64_C(1) << (number & 63);
	matcher->other_term[number].literal = zeroed(matcher, term->count, sizeof(struct other_literal));
	for (size_t i = 0; i < term->count; i++) {
		const struct literal *literal = &term->literal[i];
		if (atom_is_of_code(literal->atom))
			dictionary_add(dictionary_of(matcher, literal->atom->field), number, literal);
		else if (literal->atom->kind == ATOM_PRESENT)
			add_presence(matcher, number, literal);
		else if (!scales_take(matcher, number, literal))
			add_other(matcher, number, literal);
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
	matcher->words = (matcher->terms + 64 * LANE_WORDS - 1) / (64 * LANE_WORDS) * LANE_WORDS;
	matcher->used_words = (matcher->terms + 63) / 64;
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
		for (size_t t = 1; t < program->count; t++) {
			matcher->condition_of[next - set->conditions] = (uint32_t)c;
			add_term(matcher, next++, &program->term[t]);
		}
	}
	scales_finish(matcher, add_other);
	finish_presences(matcher);
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

/* Columns that only rules with mode off ask about. */
static void
find_columns_off(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->dictionaries; i++) {
		struct dictionary *dictionary = &matcher->dictionary[i];
		dictionary->only_off = true;
		for (size_t j = 0; j < dictionary->literals; j++)
			dictionary->only_off &= !has_bit(matcher->in_force, dictionary->literal[j].term);
	}
	for (size_t i = 0; i < matcher->scales; i++) {
		struct scale *scale = &matcher->scale[i];
		scale->only_off = true;
		for (size_t j = 0; j < scale->literals; j++)
			scale->only_off &= !has_bit(matcher->in_force, scale->literal[j].term);
	}
	for (size_t i = 0; i < matcher->presences; i++) {
		struct presence *presence = &matcher->presence[i];
		presence->only_off = true;
		for (size_t w = 0; w < matcher->words; w++)
			presence->only_off &= (matcher->in_force[w] & ~(presence->absent[w] & presence->there[w])) == 0;
	}
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
	find_columns_off(matcher);
}

void
matcher_ask_off(struct matcher *matcher, bool asked)
{
	matcher->start = asked ? matcher->all : matcher->in_force;
	matcher->asked.dictionaries = matcher->asked.fields = matcher->asked.sums = matcher->asked.presences = 0;
	for (size_t i = 0; i < matcher->dictionaries; i++)
		if (asked || !matcher->dictionary[i].only_off)
			matcher->asked.dictionary[matcher->asked.dictionaries++] = &matcher->dictionary[i];
	for (size_t i = 0; i < matcher->scales; i++) {
		const struct scale *scale = &matcher->scale[i];
		if (scale->only_off && !asked)
			continue;
		if (scale->field >= 0)
			matcher->asked.field[matcher->asked.fields++] = scale;
		else
			matcher->asked.sum[matcher->asked.sums++] = scale;
	}
	for (size_t i = 0; i < matcher->presences; i++)
		if (asked || !matcher->presence[i].only_off)
			matcher->asked.presence[matcher->asked.presences++] = &matcher->presence[i];
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
	matcher->condition_of = zeroed(matcher, matcher->terms - set->conditions, sizeof *matcher->condition_of);
	matcher->presence = zeroed(matcher, SETTLEMENT_FIELDS, sizeof *matcher->presence);
	matcher->answered = zeroed(matcher, literals, sizeof *matcher->answered);
	add_conditions(matcher);
	size_t columns = matcher->dictionaries + matcher->scales + matcher->presences;
	matcher->mask = zeroed(matcher, columns, sizeof *matcher->mask);
	matcher->doubt = zeroed(matcher, columns, sizeof *matcher->doubt);
	find_off(matcher);
	matcher->asked.dictionary = zeroed(matcher, matcher->dictionaries, sizeof *matcher->asked.dictionary);
	matcher->asked.field = zeroed(matcher, matcher->scales, sizeof *matcher->asked.field);
	matcher->asked.sum = zeroed(matcher, matcher->scales, sizeof *matcher->asked.sum);
	matcher->asked.presence = zeroed(matcher, matcher->presences, sizeof *matcher->asked.presence);
	matcher_ask_off(matcher, false);
	matcher->stamp = zeroed(matcher, matcher->others, sizeof *matcher->stamp);
	matcher->answer = zeroed(matcher, matcher->others, sizeof *matcher->answer);
	areas_init(matcher);
	return matcher;
}

static void
measure_scales(const struct matcher *matcher, struct matcher_figures *out)
{
	for (size_t i = 0; i < matcher->scales; i++) {
		const struct scale *scale = &matcher->scale[i];
		out->literals += scale->literals;
		out->thresholds += scale->thresholds;
		out->vectors += scale->thresholds + 3;
		out->bytes += (scale->thresholds + SCALE_STEPS) * sizeof *scale->threshold + (scale->bucket ? (scale->last_bucket + 2) * sizeof *scale->bucket : 0);
	}
}

void
matcher_measure(const struct matcher *matcher, struct matcher_figures *out)
{
	*out = (struct matcher_figures){.conditions = matcher->set->conditions, .terms = matcher->terms,
	    .vector_bytes = matcher->words * sizeof(uint64_t), .dictionaries = matcher->asked.dictionaries, .fields = matcher->asked.fields,
	    .sums = matcher->asked.sums, .presences = matcher->asked.presences};
	measure_scales(matcher, out);
	out->vectors += 2 * matcher->presences;
	for (size_t i = 0; i < matcher->presences; i++)
		out->literals += matcher->presence[i].literals;
	for (size_t i = 0; i < matcher->dictionaries; i++) {
		const struct dictionary *dictionary = &matcher->dictionary[i];
		out->literals += dictionary->literals;
		out->bytes += dictionary->slots * sizeof *dictionary->entry + dictionary->outcomes * 2 * out->vector_bytes;
	}
	for (size_t i = 0; i < matcher->terms; i++) {
		out->literals += matcher->other_term[i].count;
		out->other_terms += matcher->other_term[i].count > 0;
	}
	out->bytes += out->vectors * out->vector_bytes;
	out->passes = out->dictionaries + out->fields + out->sums + out->presences;
}

void
matcher_close(struct matcher *matcher)
{
	if (!matcher)
		return;
	for (size_t i = 0; i < matcher->dictionaries; i++)
		dictionary_free(&matcher->dictionary[i]);
	areas_free(matcher);
	scales_free(matcher);
	pattern_scratch_close(matcher->scratch);
	arena_free(&matcher->arena);
	free(matcher);
}

/* ---- atoms that are in no column ---- */

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
	if (atom->kind == ATOM_SAME)
		return is_same_text(atom, claim);
	return sum_decides(atom->kind, sum_of(&atom->sum[0], claim), atom->kind == ATOM_BETWEEN ? sum_of(&atom->sum[1], claim) : 0);
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

/* The literals of a term that are in no column: false as soon as one is.  The one that was moves forward, so that those
 * that rule out most come first; which order they are asked in changes no answer. */
static enum truth
term_ask(struct matcher *matcher, struct other_term *term, const struct claim *claim)
{
	enum truth all = TRUTH_TRUE;
	for (size_t i = 0; i < term->count; i++) {
		struct other_literal literal = term->literal[i];
		enum truth truth = other_ask(matcher, literal.other, claim);
		if (truth == (literal.negated ? TRUTH_TRUE : TRUTH_FALSE)) {
			if (i > 0) {
				term->literal[i] = term->literal[i - 1];
				term->literal[i - 1] = literal;
			}
			return TRUTH_FALSE;
		}
		if (truth == TRUTH_UNKNOWN)
			all = TRUTH_UNKNOWN;
	}
	return all;
}

/* How many thresholds are not above the value.  The steps are as many whatever it is, and none is a jump. */
static inline size_t
interval_search(const int64_t *threshold, size_t count, int64_t value)
{
	const int64_t *base = threshold;
	if (count == 0)
		return 0;
	while (count > 1) {
		size_t half = count / 2;
		base += (size_t)(base[half - 1] <= value) * half;
		count -= half;
	}
	return (size_t)(base - threshold) + (*base <= value);
}

static inline size_t
interval_of(const struct scale *scale, int64_t value)
{
	if (!scale->bucket)
		return interval_search(scale->threshold, scale->thresholds, value);
	int64_t from = value > scale->low ? value : scale->low;
	uint64_t bucket = ((uint64_t)from - (uint64_t)scale->low) >> scale->shift;
	size_t interval = scale->bucket[bucket < scale->last_bucket ? bucket : scale->last_bucket];
	for (unsigned step = 0; step < SCALE_STEPS; step++)
		interval += scale->threshold[interval] <= value;
	return interval;
}

static inline bool
sum_is_there(const struct scale *scale, const struct claim *claim)
{
	return (claim->present[0] & scale->need[0]) == scale->need[0] && (claim->present[1] & scale->need[1]) == scale->need[1];
}

/* Two words: what every machine of 64 bits has registers for.  Four of them are a lane; written out, because compilers
 * keep a vector that is wider than the machine's in memory. */
typedef uint64_t pair __attribute__((vector_size(16), may_alias));

struct lane {
	pair a, b, c, d;
};

static inline struct lane
lane_load(const uint64_t *words)
{
	const pair *from = (const pair *)words;
	return (struct lane){from[0], from[1], from[2], from[3]};
}

static inline void
lane_and(struct lane *lane, const uint64_t *words)
{
	const pair *from = (const pair *)words;
	lane->a &= from[0];
	lane->b &= from[1];
	lane->c &= from[2];
	lane->d &= from[3];
}

static inline void
lane_store(uint64_t *words, const struct lane *lane)
{
	pair *to = (pair *)words;
	to[0] = lane->a;
	to[1] = lane->b;
	to[2] = lane->c;
	to[3] = lane->d;
}

struct outcomes {                       /* to be ANDed: first vectors, and second ones where they differ */
	const uint64_t **mask, **doubt;
	size_t masks, doubts;
};

static inline void
take_absent(struct outcomes *outcomes, const uint64_t *both, size_t words)
{
	outcomes->mask[outcomes->masks++] = both;
	outcomes->doubt[outcomes->doubts++] = both + words;
}

static inline void
ask_dictionaries(struct matcher *matcher, const struct area *area, const struct claim *claim, struct outcomes *outcomes)
{
	size_t words = matcher->words, count = matcher->asked.dictionaries;
	struct dictionary **asked = matcher->asked.dictionary;
	for (size_t i = 0; i < count; i++) {
		struct dictionary *dictionary = asked[i];
		bool is_there = claim_has(claim, (unsigned)dictionary->field), has_doubt;
		const uint64_t *outcome = dictionary_find(matcher, dictionary, area, is_there, claim->value[dictionary->field].text, &has_doubt);
		outcomes->mask[outcomes->masks++] = outcome;
		if (has_doubt)
			outcomes->doubt[outcomes->doubts++] = outcome + words;
	}
}

static inline void
ask_scales(const struct matcher *matcher, const struct claim *claim, struct outcomes *outcomes)
{
	size_t words = matcher->words, fields = matcher->asked.fields, sums = matcher->asked.sums;
	const struct scale **field = matcher->asked.field, **sum = matcher->asked.sum;
	for (size_t i = 0; i < fields; i++) {
		const struct scale *scale = field[i];
		if (claim_has(claim, (unsigned)scale->field))
			outcomes->mask[outcomes->masks++] = scale->interval + interval_of(scale, claim->value[scale->field].number) * words;
		else
			take_absent(outcomes, scale->absent, words);
	}
	for (size_t i = 0; i < sums; i++) {
		const struct scale *scale = sum[i];
		if (sum_is_there(scale, claim))
			outcomes->mask[outcomes->masks++] = scale->interval + interval_of(scale, sum_of(&scale->form, claim)) * words;
		else
			take_absent(outcomes, scale->absent, words);
	}
}

/* The outcome of every column for the claim, then all of them ANDed, a lane at a time. */
static inline void
ask_columns(struct matcher *matcher, const struct area *area, const struct claim *claim, uint64_t *possible, uint64_t *certain)
{
	struct outcomes outcomes = {matcher->mask, matcher->doubt, 0, 0};
	ask_dictionaries(matcher, area, claim, &outcomes);
	ask_scales(matcher, claim, &outcomes);
	for (size_t i = 0; i < matcher->asked.presences; i++) {
		const struct presence *presence = matcher->asked.presence[i];
		outcomes.mask[outcomes.masks++] = claim_has(claim, (unsigned)presence->field) ? presence->there : presence->absent;
	}
	const uint64_t *start = matcher->start;
	for (size_t w = 0, words = matcher->words; w < words; w += LANE_WORDS) {
		struct lane lane = lane_load(start + w);
		for (size_t i = 0; i < outcomes.masks; i++)
			lane_and(&lane, outcomes.mask[i] + w);
		lane_store(possible + w, &lane);
		for (size_t i = 0; i < outcomes.doubts; i++)
			lane_and(&lane, outcomes.doubt[i] + w);
		lane_store(certain + w, &lane);
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
	}
}

/* Further terms of conditions: true when one is, false when all are.  Only those that are still possible are gone over. */
static inline void
join_terms(const struct matcher *matcher, const uint64_t *possible, const uint64_t *certain, uint64_t *truth, uint64_t *falsehood)
{
	size_t conditions = matcher->set->conditions;
	for (size_t w = conditions / 64; w < matcher->used_words; w++) {
		uint64_t left = possible[w];
		if (w == conditions / 64)
			left &= ~((UINT64_C(1) << (conditions & 63)) - 1);
		for (; left; left &= left - 1) {
			size_t term = 64 * w + (size_t)__builtin_ctzll(left);
			uint32_t condition = matcher->condition_of[term - conditions];
			uint64_t bit = UINT64_C(1) << (condition & 63);
			falsehood[condition >> 6] &= ~bit;
			if (certain[w] >> (term & 63) & 1)
				truth[condition >> 6] |= bit;
		}
	}
}

void
matcher_run(struct matcher *matcher, const struct area *area, const struct claim *claim, uint64_t *truth, uint64_t *falsehood)
{
	size_t set_words = matcher->set_words;
	uint64_t *possible = matcher->work, *certain = matcher->work + matcher->words;
	if (++matcher->now == 0) {      /* the stamps went round */
		memset(matcher->stamp, 0, matcher->others * sizeof *matcher->stamp);
		matcher->now = 1;
	}
	ask_columns(matcher, area, claim, possible, certain);
	ask_others(matcher, claim, possible, certain, matcher->used_words);
	for (size_t w = 0; w < set_words; w++) {
		truth[w] = certain[w];
		falsehood[w] = ~possible[w];
	}
	truth[set_words - 1] &= matcher->last_mask;
	falsehood[set_words - 1] &= matcher->last_mask;
	join_terms(matcher, possible, certain, truth, falsehood);
	exclusions_apply(matcher->set, truth, falsehood);
}
