/* Keys of a record to fields.  Exporters write the same keys in the same order again and again, so the key that
 * followed last time is compared first; a hash table has the rest, and learns.  For the decoder alone. */
#ifndef FW_KEYS_H
#define FW_KEYS_H

#include "core/claim/scan.h"

#define KEY_NONE (-1)                   /* no known field */
#define KEY_PATTERN 32
#define KEYS_MAX 255                    /* spellings; their numbers fit a byte */
#define KEY_SLOTS 1024

struct key {
	char pattern[KEY_PATTERN];      /* "name": as it is written when nothing is blank */
	uint32_t mask;                  /* a bit for each byte of it */
	uint8_t length;
	uint8_t field;
	uint8_t next;                   /* the key that came behind this one last time; 0: not known */
};

struct keys {
	struct key key[KEYS_MAX + 1];   /* [0] stands before the first */
	unsigned count;
	unsigned last;                  /* the last known key of this record */
	uint8_t slot[KEY_SLOTS];        /* 0: free */
};

void keys_init(struct keys *, const struct field *, size_t fields, const struct field_alias *, size_t aliases);

/* The key of that spelling, any case: its field, KEY_NONE when there is none.  What came behind the last is learnt. */
int keys_find(struct keys *, struct slice name);

static inline bool
key_matches(const struct key *key, const char *at)
{
#ifdef __SSE2__
	__m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), _mm_loadu_si128((const __m128i *)key->pattern));
	__m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(at + 16)), _mm_loadu_si128((const __m128i *)(key->pattern + 16)));
	uint32_t equal = (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
	return (equal & key->mask) == key->mask;
#else
	return memcmp(at, key->pattern, key->length) == 0;
#endif
}

/* The expected key at `at`, or the one behind it (a field left out this time).  NULL: neither. */
static inline const struct key *
keys_guess(struct keys *keys, const char *at)
{
	unsigned guess = keys->key[keys->last].next;
	if (likely(guess && key_matches(&keys->key[guess], at))) {
		keys->last = guess;
		return &keys->key[guess];
	}
	guess = keys->key[guess].next;
	if (guess && key_matches(&keys->key[guess], at)) {
		keys->last = guess;
		return &keys->key[guess];
	}
	return NULL;
}

#endif
