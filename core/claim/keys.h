/* Keys of a record to fields.  Exporters write the same keys in the same order and with the same blanks again and again,
 * so the key that followed last time is compared first, together with the comma before it; a hash table has the rest, and
 * learns.  For the decoder alone. */
#ifndef FW_KEYS_H
#define FW_KEYS_H

#include "core/claim/scan.h"

#define KEY_PATTERN 32
#define KEYS_MAX 255                    /* spellings; their numbers fit a byte */
#define KEY_SLOTS 1024

/* A cache line. */
struct key {
	_Alignas(64) char pattern[KEY_PATTERN];         /* ,"name": as it was written last time, up to the value */
	struct key *next;               /* the key that came behind this one last time; never NULL */
	uint64_t bits[2];               /* the field's presence bit */
	uint32_t mask;                  /* a bit for each byte of the pattern */
	uint8_t length, type, field;    /* length: of the pattern */
	uint8_t usual;                  /* length of the value that was read last time, for a guess */
};

struct keys {
	struct key key[KEYS_MAX + 1];   /* [0] stands where nothing is known: its pattern is zeros, which the walk does not take for a key */
	struct key start;               /* before the first member; only its next one may begin with the brace */
	struct key first;               /* copy of the key that came first last time */
	struct key other;               /* stands for a first member of no known field */
	unsigned count;
	uint8_t slot[KEY_SLOTS];        /* 0: free */
	struct {
		char text[KEY_PATTERN];
		size_t length;
	} name[KEYS_MAX + 1];
};

void keys_init(struct keys *, const struct field *, size_t fields, const struct field_alias *, size_t aliases);

/* The key of that spelling in any case, NULL: there is none. */
struct key *keys_find(struct keys *, struct slice name);

/* That this key came behind last, and how: from its comma, or the brace, up to its value; NULL: one of no known field.
 * Gives the key to go on from. */
struct key *keys_learn(struct keys *, struct key *last, struct key *, const char *from, const char *value);

#endif
