/* Code -> outcome.  A code meets every question about its field once, when it is first seen; afterwards it is one probe.
 * A dictionary that is full forgets everything and learns again: a stream of ever new codes (visit numbers) costs the
 * questions once a code, as it would anyway, and the codes that come again and again are soon back. */
#include "core/rule/dictionary.h"

#include "core/base/memory.h"

#include <stdlib.h>

#define FIRST_SLOTS 256                 /* few codes: hardly two of them at one place */

void
dictionary_init(struct dictionary *dictionary, int field)
{
	*dictionary = (struct dictionary){.field = field, .slots = FIRST_SLOTS};
	dictionary->entry = calloc(FIRST_SLOTS, sizeof *dictionary->entry);
	if (!dictionary->entry)
		abort();
}

void
dictionary_free(struct dictionary *dictionary)
{
	free(dictionary->literal);
	free(dictionary->question);
	free(dictionary->entry);
	free(dictionary->outcome);
	free(dictionary->absent);
	arena_free(&dictionary->texts);
}

static uint32_t
question_number(struct dictionary *dictionary, const struct atom *atom)
{
	for (size_t i = 0; i < dictionary->questions; i++)
		if (dictionary->question[i] == atom)
			return (uint32_t)i;
	if (dictionary->questions == dictionary->question_slots) {
		dictionary->question_slots = dictionary->question_slots ? 2 * dictionary->question_slots : 16;
		dictionary->question = memory_resize(dictionary->question, dictionary->question_slots * sizeof *dictionary->question);
	}
	dictionary->question[dictionary->questions] = atom;
	return (uint32_t)dictionary->questions++;
}

void
dictionary_add(struct dictionary *dictionary, uint32_t term, const struct literal *literal)
{
	if (dictionary->literals == dictionary->literal_slots) {
		dictionary->literal_slots = dictionary->literal_slots ? 2 * dictionary->literal_slots : 16;
		dictionary->literal = memory_resize(dictionary->literal, dictionary->literal_slots * sizeof *dictionary->literal);
	}
	dictionary->literal[dictionary->literals++] = (struct text_literal){term, question_number(dictionary, literal->atom),
	    literal->negated};
	dictionary->asks_area |= literal->atom->kind == ATOM_IN_SET;
}

static void
dictionary_forget(struct dictionary *dictionary)
{
	memset(dictionary->entry, 0, dictionary->slots * sizeof *dictionary->entry);
	if (dictionary->absent_slots)
		memset(dictionary->absent, 0, dictionary->absent_slots * sizeof *dictionary->absent);
	arena_free(&dictionary->texts);
	dictionary->entries = dictionary->outcomes = 0;
}

/* ---- the questions themselves ---- */

static bool
list_holds(const struct atom *atom, struct slice text)
{
	for (size_t i = 0; i < atom->count; i++)
		if (slice_equal(atom->list[i], text))
			return true;
	return false;
}

static enum truth
atom_ask(struct matcher *matcher, const struct atom *atom, const struct area *area, bool is_present, struct slice text)
{
	if (!is_present && !atom->has_default)
		return TRUTH_UNKNOWN;
	if (!is_present)
		text = atom->fallback;
	switch (atom->kind) {
	case ATOM_EQUAL:
	case ATOM_IN_LIST:
		return list_holds(atom, text) ? TRUTH_TRUE : TRUTH_FALSE;
	case ATOM_IN_SET: {
		struct slice code = area ? slice_of(area->code) : SLICE("");
		return tables_in_set(matcher->set->tables, atom->field, text, code, atom->set) ? TRUTH_TRUE : TRUTH_FALSE;
	}
	case ATOM_MATCHES:
		matcher->pattern_runs++;
		return pattern_match(atom->pattern, matcher->scratch, text);
	default:
		return TRUTH_UNKNOWN;
	}
}

/* Answers every question about the field once, and every literal from that, into two bit vectors. */
static void
ask_all(struct matcher *matcher, const struct dictionary *dictionary, const struct area *area, bool is_present, struct slice text,
    uint64_t *out)
{
	uint64_t *possible = out, *certain = out + matcher->words;
	memcpy(possible, matcher->all, matcher->words * sizeof *possible);
	memcpy(certain, matcher->all, matcher->words * sizeof *certain);
	for (size_t i = 0; i < dictionary->questions; i++)
		matcher->answered[i] = atom_ask(matcher, dictionary->question[i], area, is_present, text);
	for (size_t i = 0; i < dictionary->literals; i++) {
		const struct text_literal *literal = &dictionary->literal[i];
		enum truth truth = matcher->answered[literal->question];
		uint64_t bit = UINT64_C(1) << (literal->term & 63);
		if (truth == (literal->negated ? TRUTH_TRUE : TRUTH_FALSE))
			possible[literal->term >> 6] &= ~bit;
		if (truth != (literal->negated ? TRUTH_FALSE : TRUTH_TRUE))
			certain[literal->term >> 6] &= ~bit;
	}
}

/* Codes that all rules treat alike have one outcome; see struct entry for its number. */
static uint32_t
outcome_intern(struct dictionary *dictionary, const uint64_t *made, size_t words)
{
	size_t size = 2 * words;
	uint32_t has_doubt = memcmp(made, made + words, words * sizeof *made) != 0;
	for (size_t i = 0; i < dictionary->outcomes; i++)
		if (memcmp(dictionary->outcome + i * size, made, size * sizeof *made) == 0)
			return (uint32_t)(2 * i) + has_doubt + 1;
	if (dictionary->outcomes == dictionary->outcome_slots) {
		dictionary->outcome_slots = dictionary->outcome_slots ? 2 * dictionary->outcome_slots : 8;
		dictionary->outcome = memory_resize(dictionary->outcome, dictionary->outcome_slots * size * sizeof *made);
	}
	memcpy(dictionary->outcome + dictionary->outcomes * size, made, size * sizeof *made);
	return (uint32_t)(2 * dictionary->outcomes++) + has_doubt + 1;
}

/* ---- learning ---- */

static void
dictionary_grow(struct dictionary *dictionary)
{
	struct entry *old = dictionary->entry;
	size_t slots = dictionary->slots;
	dictionary->slots = 2 * slots;
	dictionary->entry = calloc(dictionary->slots, sizeof *dictionary->entry);
	if (!dictionary->entry)
		abort();
	for (size_t i = 0; i < slots; i++)
		if (old[i].outcome)
			*slot_find(dictionary, &old[i], (struct slice){old[i].text, old[i].length}) = old[i];
	free(old);
}

uint32_t
dictionary_learn(struct matcher *matcher, struct dictionary *dictionary, const struct area *area, struct entry *key, struct slice text)
{
	ask_all(matcher, dictionary, area, true, text, matcher->direct);
	if (dictionary->entries == DICTIONARY_ENTRIES_MAX)
		dictionary_forget(dictionary);
	if (2 * (dictionary->entries + 1) > dictionary->slots)
		dictionary_grow(dictionary);
	key->outcome = outcome_intern(dictionary, matcher->direct, matcher->words);
	if (text.length > 16)
		key->text = arena_copy(&dictionary->texts, text.data, text.length);
	*slot_find(dictionary, key, text) = *key;
	dictionary->entries++;
	return key->outcome;
}

uint32_t
dictionary_absent(struct matcher *matcher, struct dictionary *dictionary, const struct area *area, uint32_t view)
{
	if (view >= dictionary->absent_slots) {
		size_t slots = 2 * (size_t)view + 8;
		dictionary->absent = realloc(dictionary->absent, slots * sizeof *dictionary->absent);
		if (!dictionary->absent)
			abort();
		memset(dictionary->absent + dictionary->absent_slots, 0, (slots - dictionary->absent_slots) * sizeof *dictionary->absent);
		dictionary->absent_slots = slots;
	}
	if (!dictionary->absent[view]) {
		ask_all(matcher, dictionary, area, false, (struct slice){NULL, 0}, matcher->direct);
		dictionary->absent[view] = outcome_intern(dictionary, matcher->direct, matcher->words);
	}
	return dictionary->absent[view];
}
