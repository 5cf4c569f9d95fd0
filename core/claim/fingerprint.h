/* The fingerprint of a record's known fields, whatever their order or spelling.  For the decoder alone.
 *
 * What is hashed, field by field in the order of the table: numbers (amounts, days, times, decimals) as eight bytes,
 * identifiers and codes as a length byte and their bytes, fields that are read over as their own fingerprint; the
 * presence bits come first. */
#ifndef FW_FINGERPRINT_H
#define FW_FINGERPRINT_H

#include "core/claim/claim.h"

#define FINGERPRINT_TEXT 64             /* the longest identifier */

struct layout {
	uint64_t required[2];
	uint8_t number[SETTLEMENT_FIELDS], text[SETTLEMENT_FIELDS], skipped[SETTLEMENT_FIELDS];
	unsigned numbers, texts, skips;
	char bytes[16 + SETTLEMENT_FIELDS * (1 + FINGERPRINT_TEXT) + 16];      /* what is hashed is put together here */
};

void layout_init(struct layout *, const struct field *, unsigned count);

/* The values of absent fields are all zeros; sixteen bytes may be read at the data of every text.  skipped: by field
 * number; NULL when the layout has none. */
struct hash128 layout_hash(struct layout *, const uint64_t present[2], const union value *value,
    const struct hash128 *skipped);

#endif
