/* PRIVATE to core/rule: where a code lies in its dictionary.  Here and not in dictionary.c, because every claim asks for each of
 * its codes: a call for each cost as much as the rest. */
#ifndef FW_DICTIONARY_H
#define FW_DICTIONARY_H

#include "core/base/hash.h"
#include "core/rule/matcher.h"

/* The code that the key was made of meets every question about its field; gives its outcome, see struct entry. */
uint32_t dictionary_learn(struct matcher *, struct dictionary *, const struct area *, struct entry *key, struct slice code);
/* The outcome where the field is absent. */
uint32_t dictionary_absent(struct matcher *, struct dictionary *, const struct area *, uint32_t view);

/* What is not there is read from here instead: choosing an address is no jump, and lengths differ too much from code to
 * code for jumps. */
static const char nothing[8];

static inline uint64_t
load_eight_of(const char *at)
{
	uint64_t bytes;
	memcpy(&bytes, at, sizeof bytes);
	return bytes;
}

static inline uint64_t
load_four_of(const char *at)
{
	uint32_t bytes;
	memcpy(&bytes, at, sizeof bytes);
	return bytes;
}

/* The first and the last eight bytes, or all there are; never a byte outside the text. */
static inline struct entry
make_short_key(struct slice text, uint32_t view)
{
	const char *data = text.data;
	size_t length = text.length;
	bool is_eight = length >= 8, is_four = length >= 4 && !is_eight, is_less = length < 4 && length > 0;
	uint64_t eight = load_eight_of(is_eight ? data : nothing), last_eight = load_eight_of(is_eight ? data + length - 8 : nothing);
	uint64_t four = load_four_of(is_four ? data : nothing), last_four = load_four_of(is_four ? data + length - 4 : nothing);
	const char *few = is_less ? data : nothing;
	size_t last = is_less ? length - 1 : 0;
	uint64_t one = (uint8_t)few[0], middle = (uint8_t)few[(last + 1) / 2], end = (uint8_t)few[last];
	return (struct entry){.first = eight | four | one | middle << 8 | end << 16, .last = last_eight | last_four,
	    .length = (uint32_t)length, .view = view};
}

static inline struct entry
make_long_key(struct slice text, uint32_t view)
{
	struct hash128 hash = hash128(text.data, text.length);
	return (struct entry){.first = hash.low, .last = hash.high, .length = (uint32_t)text.length, .view = view};
}

static inline struct entry
make_key(struct slice text, uint32_t view)
{
	return text.length <= 16 ? make_short_key(text, view) : make_long_key(text, view);
}

static inline uint64_t
key_hash(const struct entry *key)
{
	uint64_t mixed = (key->first ^ (uint64_t)key->view << 56 ^ key->length) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 32 ^ key->last) * UINT64_C(0xd6e8feb86659fd93);
	return mixed ^ mixed >> 32;
}

static inline bool
key_equal(const struct entry *entry, const struct entry *key, struct slice text)
{
	return entry->first == key->first && entry->last == key->last && entry->length == key->length
	    && entry->view == key->view && (text.length <= 16 || memcmp(entry->text, text.data, text.length) == 0);
}

static inline struct entry *
slot_find(const struct dictionary *dictionary, const struct entry *key, struct slice text)
{
	size_t mask = dictionary->slots - 1;
	size_t slot = key_hash(key) & mask;
	while (dictionary->entry[slot].outcome && !key_equal(&dictionary->entry[slot], key, text))
		slot = (slot + 1) & mask;
	return &dictionary->entry[slot];
}

/* Two times words bit words, valid until the next call; *has_doubt: the two vectors differ. */
static inline const uint64_t *
dictionary_find(struct matcher *matcher, struct dictionary *dictionary, const struct area *area, bool is_present, struct slice code,
    bool *has_doubt)
{
	uint32_t view = dictionary->asks_area && area ? ((const struct view *)area->sets)->number : 0;
	uint32_t outcome;
	if (!is_present) {
		outcome = dictionary_absent(matcher, dictionary, area, view);
	} else {
		struct entry key = make_key(code, view);
		outcome = slot_find(dictionary, &key, code)->outcome;
		if (!outcome)
			outcome = dictionary_learn(matcher, dictionary, area, &key, code);
	}
	*has_doubt = (outcome - 1) & 1;
	return dictionary->outcome + (size_t)(outcome - 1) / 2 * 2 * matcher->words;
}

#endif
