/* A decoded record.  Slices point into the record's bytes or the decoder's scratch: they live until the next record
 * is decoded into the same scratch, and no longer. */
#ifndef FW_CLAIM_H
#define FW_CLAIM_H

#include "core/base/hash.h"
#include "core/claim/field.h"

#define IDENTITIES_MAX 16

union value {
	struct slice text;      /* TYPE_ID, TYPE_CODE */
	int64_t number;         /* TYPE_AMOUNT fen, TYPE_DATE day, TYPE_TIME seconds, TYPE_DECIMAL 1e-4 */
};

struct claim {
	uint64_t present[2];                    /* bit FIELD_x: the field was there and not null or "" */
	union value value[SETTLEMENT_FIELDS];
	struct hash128 content;                 /* of all known fields as decoded, whatever their order or spelling */
};

static inline bool
claim_has(const struct claim *claim, unsigned field)
{
	return claim->present[field >> 6] >> (field & 63) & 1;
}

static inline int64_t
claim_amount(const struct claim *claim, unsigned field)
{
	return claim_has(claim, field) ? claim->value[field].number : 0;
}

static inline struct slice
claim_text(const struct claim *claim, unsigned field)
{
	return claim_has(claim, field) ? claim->value[field].text : (struct slice){NULL, 0};
}

struct identity {
	struct slice psn_idet_type;             /* code */
	int32_t begndate, enddate;              /* days, both included; INT32_MIN / INT32_MAX when absent */
};

struct enrolment {
	uint64_t present;
	union value value[ENROLMENT_FIELDS];    /* ENROLMENT_identities has no value here */
	struct identity identity[IDENTITIES_MAX];
	size_t identities;
	struct hash128 content;
};

#endif
