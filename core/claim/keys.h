/* Keys of a record to fields.  Exporters write the same keys in the same order again and again, so the key that
 * followed last time is compared first; a hash table has the rest, and learns.  For the decoder alone. */
#ifndef FW_KEYS_H
#define FW_KEYS_H

#include "core/claim/scan.h"

#define KEY_PATTERN 32
#define KEYS_MAX 255                    /* spellings; their numbers fit a byte */
#define KEY_SLOTS 1024

struct key {
	_Alignas(64) char pattern[KEY_PATTERN];         /* "name": as it is written when nothing is blank */
	struct key *next;               /* the key that came behind this one last time, NULL: not known */
	uint64_t bits[2];               /* the field's presence bit */
	uint32_t mask;                  /* a bit for each byte of the pattern */
	uint8_t length, type, field;
	uint8_t usual;                  /* length of the value that was read last time, for a guess */
};

struct keys {
	struct key key[KEYS_MAX + 1];   /* [0] stands before the first */
	unsigned count;
	uint8_t slot[KEY_SLOTS];        /* 0: free */
};

void keys_init(struct keys *, const struct field *, size_t fields, const struct field_alias *, size_t aliases);

/* The key of that spelling in any case, NULL: there is none.  That it came behind last is learnt. */
struct key *keys_find(struct keys *, struct key *last, struct slice name);

static inline bool
key_matches(const struct key *key, const char *at)
{
#ifdef __SSE2__
	const __m128i *pattern = (const __m128i *)key->pattern, *bytes = (const __m128i *)at;
	uint32_t equal = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(bytes), _mm_load_si128(pattern)));
	if (key->mask >> 16)
		equal |= (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(bytes + 1), _mm_load_si128(pattern + 1))) << 16;
	return (~equal & key->mask) == 0;
#else
	return memcmp(at, key->pattern, key->length) == 0;
#endif
}

/* The key at `at` when it is the expected one, or the one behind it (a field left out this time).  NULL: neither. */
static inline struct key *
keys_guess(const struct key *last, const char *at)
{
	struct key *guess = last->next;
	if (likely(guess && key_matches(guess, at)))
		return guess;
	guess = guess ? guess->next : NULL;
	return guess && key_matches(guess, at) ? guess : NULL;
}

#endif
