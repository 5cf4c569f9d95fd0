/* Interval -> outcome.  Comparing one sum of amounts, dates or decimals with constants cuts the number line at a few
 * thresholds; between two of them every literal has one answer.  The answers are made once, when the rules are bound;
 * for a claim the sum is added up and its interval found by a search without branches. */
#include "core/rule/matcher.h"

#include "core/base/memory.h"
#include "core/base/time.h"

#include <stdlib.h>

#define BUCKETS_A_THRESHOLD 8

int64_t
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

/* ---- forms: sums that differ in sign, order and constant alone are one ---- */

static int
addend_order(const void *a, const void *b)
{
	const struct addend *left = a, *right = b;
	if (left->field != right->field)
		return left->field < right->field ? -1 : 1;
	if (left->as_day != right->as_day)
		return left->as_day ? 1 : -1;
	if (left->has_default != right->has_default)
		return left->has_default ? 1 : -1;
	if (left->fallback != right->fallback)
		return left->fallback < right->fallback ? -1 : 1;
	return left->sign - right->sign;
}

/* The form of the sum, in memory for its addends; true: it is the sum's opposite.  What stands for one absent field is
 * left to the literals, so that all questions about the field are one scale. */
static bool
form_make(const struct sum *sum, struct addend *memory, struct sum *form)
{
	memcpy(memory, sum->addend, sum->addends * sizeof *memory);
	qsort(memory, sum->addends, sizeof *memory, addend_order);
	bool opposite = memory[0].sign < 0;
	for (size_t i = 0; i < sum->addends && opposite; i++)
		memory[i].sign = -memory[i].sign;
	if (sum->addends == 1) {
		memory[0].has_default = false;
		memory[0].fallback = 0;
	}
	*form = (struct sum){.addend = memory, .addends = sum->addends};
	return opposite;
}

static bool
form_equal(const struct sum *a, const struct sum *b)
{
	if (a->addends != b->addends)
		return false;
	for (size_t i = 0; i < a->addends; i++)
		if (a->addend[i].sign != b->addend[i].sign || addend_order(&a->addend[i], &b->addend[i]) != 0)
			return false;
	return true;
}

static bool
has_form(const struct atom *atom, const struct sum *form)
{
	struct sum other;
	if (atom->kind != ATOM_BETWEEN)
		return true;
	if (atom->sum[1].addends != form->addends)
		return false;
	struct addend *memory = memory_resize(NULL, form->addends * sizeof *memory);
	form_make(&atom->sum[1], memory, &other);
	bool equal = form_equal(form, &other);
	free(memory);
	return equal;
}

static struct scale *
scale_of(struct matcher *matcher, const struct sum *form)
{
	for (size_t i = 0; i < matcher->scales; i++)
		if (form_equal(&matcher->scale[i].form, form))
			return &matcher->scale[i];
	if (matcher->scales == matcher->scale_slots) {
		matcher->scale_slots = matcher->scale_slots ? 2 * matcher->scale_slots : 16;
		matcher->scale = memory_resize(matcher->scale, matcher->scale_slots * sizeof *matcher->scale);
	}
	struct scale *scale = &matcher->scale[matcher->scales++];
	*scale = (struct scale){.form = *form, .field = form->addends == 1 && !form->addend[0].as_day ? form->addend[0].field : -1};
	scale->form.addend = arena_alloc(&matcher->arena, form->addends * sizeof *form->addend);
	memcpy(scale->form.addend, form->addend, form->addends * sizeof *form->addend);
	for (size_t i = 0; i < form->addends; i++)
		if (!form->addend[i].has_default)
			scale->need[form->addend[i].field >> 6] |= UINT64_C(1) << (form->addend[i].field & 63);
	return scale;
}

bool
scales_take(struct matcher *matcher, uint32_t term, const struct literal *literal)
{
	const struct atom *atom = literal->atom;
	struct sum form;
	if (atom->kind < ATOM_ZERO || atom->sum[0].addends == 0)
		return false;
	struct addend *memory = memory_resize(NULL, atom->sum[0].addends * sizeof *memory);
	form_make(&atom->sum[0], memory, &form);
	struct scale *scale = has_form(atom, &form) ? scale_of(matcher, &form) : NULL;
	free(memory);
	if (!scale)
		return false;
	if (scale->literals == scale->literal_slots) {
		scale->literal_slots = scale->literal_slots ? 2 * scale->literal_slots : 16;
		scale->literal = memory_resize(scale->literal, scale->literal_slots * sizeof *scale->literal);
	}
	scale->literal[scale->literals++] = (struct scale_literal){term, literal->negated, atom};
	return true;
}

/* ---- thresholds ---- */

/* An atom is about the form where its sum has the form's sign in the first addend (in order of fields), else about its
 * opposite. */
static bool
is_opposite(const struct sum *sum)
{
	const struct addend *first = &sum->addend[0];
	for (size_t i = 1; i < sum->addends; i++)
		if (addend_order(&sum->addend[i], first) < 0)
			first = &sum->addend[i];
	return first->sign < 0;
}

static __int128
sum_at(const struct sum *sum, int64_t form)
{
	if (sum->addends == 0)
		return sum->constant;
	return (is_opposite(sum) ? -(__int128)form : (__int128)form) + sum->constant;
}

static bool
atom_at(const struct atom *atom, int64_t form)
{
	return sum_decides(atom->kind, sum_at(&atom->sum[0], form), atom->kind == ATOM_BETWEEN ? sum_at(&atom->sum[1], form) : 0);
}

/* The two values of the form between which the sum passes zero: the answer changes at one of them or at both. */
static void
threshold_add(struct scale *scale, const struct sum *sum)
{
	__int128 zero = is_opposite(sum) ? (__int128)sum->constant : -(__int128)sum->constant;
	for (int i = 0; i < 2; i++)
		if (zero + i > INT64_MIN && zero + i < INT64_MAX)
			scale->threshold[scale->thresholds++] = (int64_t)(zero + i);
}

static int
number_order(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static void
thresholds_find(struct matcher *matcher, struct scale *scale)
{
	scale->threshold = arena_alloc(&matcher->arena, (4 * scale->literals + SCALE_STEPS) * sizeof *scale->threshold);
	for (size_t i = 0; i < scale->literals; i++) {
		const struct atom *atom = scale->literal[i].atom;
		threshold_add(scale, &atom->sum[0]);
		if (atom->kind == ATOM_BETWEEN)
			threshold_add(scale, &atom->sum[1]);
	}
	qsort(scale->threshold, scale->thresholds, sizeof *scale->threshold, number_order);
	size_t kept = 0;
	for (size_t i = 0; i < scale->thresholds; i++)
		if (kept == 0 || scale->threshold[i] != scale->threshold[kept - 1])
			scale->threshold[kept++] = scale->threshold[i];
	scale->thresholds = kept;
}

/* ---- vectors ---- */

static void
strike(uint64_t *vector, uint32_t term)
{
	vector[term >> 6] &= ~(UINT64_C(1) << (term & 63));
}

static void
interval_make(const struct matcher *matcher, const struct scale *scale, int64_t form, uint64_t *out)
{
	memcpy(out, matcher->all, matcher->words * sizeof *out);
	for (size_t i = 0; i < scale->literals; i++)
		if (atom_at(scale->literal[i].atom, form) == scale->literal[i].negated)
			strike(out, scale->literal[i].term);
}

/* Intervals in which all literals answer alike are joined. */
static void
intervals_make(struct matcher *matcher, struct scale *scale)
{
	size_t words = matcher->words, kept = 0;
	scale->interval = memory_resize(NULL, (scale->thresholds + 1) * words * sizeof *scale->interval);
	interval_make(matcher, scale, scale->thresholds ? scale->threshold[0] - 1 : 0, scale->interval);
	for (size_t i = 0; i < scale->thresholds; i++) {
		uint64_t *before = scale->interval + kept * words;
		interval_make(matcher, scale, scale->threshold[i], before + words);
		if (memcmp(before, before + words, words * sizeof *before) == 0)
			continue;
		scale->threshold[kept++] = scale->threshold[i];
	}
	scale->thresholds = kept;
	scale->interval = memory_resize(scale->interval, (kept + 1) * words * sizeof *scale->interval);
}

/* Buckets of one width over the thresholds, so narrow that hardly any lie in one: where they do, the place of a value is
 * read from a table and counted on from there. */
static void
buckets_make(struct matcher *matcher, struct scale *scale)
{
	size_t count = scale->thresholds, most = 0;
	if (count == 0 || count >= UINT16_MAX)
		return;
	uint64_t span = (uint64_t)scale->threshold[count - 1] - (uint64_t)scale->threshold[0];
	scale->low = scale->threshold[0];
	while (span >> scale->shift >= BUCKETS_A_THRESHOLD * count)
		scale->shift++;
	scale->last_bucket = span >> scale->shift;
	uint16_t *bucket = arena_alloc(&matcher->arena, (scale->last_bucket + 2) * sizeof *bucket);
	for (size_t i = 0; i < count; i++)
		bucket[(((uint64_t)scale->threshold[i] - (uint64_t)scale->low) >> scale->shift) + 1]++;
	for (uint64_t b = 1; b <= scale->last_bucket + 1; b++) {
		most = bucket[b] > most ? bucket[b] : most;
		bucket[b] = (uint16_t)(bucket[b] + bucket[b - 1]);
	}
	for (size_t i = 0; i < SCALE_STEPS; i++)
		scale->threshold[count + i] = INT64_MAX;
	scale->bucket = most <= SCALE_STEPS ? bucket : NULL;
}

/* The answer where the sum's fields are not there: what was given instead of the one field decides, or nothing does. */
static enum truth
absent_answer(const struct scale *scale, const struct atom *atom)
{
	const struct addend *addend = &atom->sum[0].addend[0];
	if (scale->form.addends > 1 || !addend->has_default)
		return TRUTH_UNKNOWN;
	return atom_at(atom, addend->as_day ? time_day(addend->fallback) : addend->fallback) ? TRUTH_TRUE : TRUTH_FALSE;
}

static void
absent_make(struct matcher *matcher, struct scale *scale)
{
	size_t words = matcher->words;
	uint64_t *possible = scale->absent = arena_alloc(&matcher->arena, 2 * words * sizeof *scale->absent), *certain = possible + words;
	memcpy(possible, matcher->all, words * sizeof *possible);
	memcpy(certain, matcher->all, words * sizeof *certain);
	for (size_t i = 0; i < scale->literals; i++) {
		const struct scale_literal *literal = &scale->literal[i];
		enum truth truth = absent_answer(scale, literal->atom);
		if (truth == (literal->negated ? TRUTH_TRUE : TRUTH_FALSE))
			strike(possible, literal->term);
		if (truth != (literal->negated ? TRUTH_FALSE : TRUTH_TRUE))
			strike(certain, literal->term);
	}
}

void
scales_finish(struct matcher *matcher, void (*give)(struct matcher *, uint32_t term, const struct literal *))
{
	size_t kept = 0;
	for (size_t i = 0; i < matcher->scales; i++) {
		struct scale *scale = &matcher->scale[i];
		bool is_worth_it = scale->form.addends == 1 || scale->literals >= SCALE_LITERALS_LEAST;
		for (size_t j = 0; j < scale->literals && !is_worth_it; j++)
			give(matcher, scale->literal[j].term, &(struct literal){scale->literal[j].atom, scale->literal[j].negated});
		if (!is_worth_it) {
			free(scale->literal);
			continue;
		}
		thresholds_find(matcher, scale);
		intervals_make(matcher, scale);
		buckets_make(matcher, scale);
		absent_make(matcher, scale);
		matcher->scale[kept++] = *scale;
	}
	matcher->scales = kept;
}

void
scales_free(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->scales; i++) {
		free(matcher->scale[i].literal);
		free(matcher->scale[i].interval);
	}
	free(matcher->scale);
}
