/* Bytes to claim: one pass, exact decimals, no allocation per claim, indifferent to key order.  Strictness, limits and
 * reasons are those of contract 1.1 and 1.2. */
#ifndef FW_DECODE_H
#define FW_DECODE_H

#include "core/claim/claim.h"

/* Bytes that must be readable (not meaningful) behind every record given to the decoder. */
#define RECORD_PADDING 64

#define REFUSALS(X) \
	X(not_json) X(trailing_bytes) X(invalid_utf8) X(duplicate_key) X(missing_required) X(wrong_type) X(bad_amount) \
	X(bad_date) X(bad_code) X(too_long) X(too_deep) X(too_large) X(time_in_future)

enum refusal_reason {
#define X(name) REFUSAL_##name,
	REFUSALS(X)
#undef X
	REFUSAL_COUNT
};

extern const char *const refusal_names[REFUSAL_COUNT];

struct refusal {
	enum refusal_reason reason;
	const char *field;              /* canonical field name, NULL where there is none */
	int64_t byte;                   /* offset in the record, -1 where there is none */
};

struct decode_limits {
	uint32_t depth;                 /* 32 */
	uint32_t record_bytes;          /* 1 MiB */
	uint32_t identifier_bytes;      /* 64, at most 64 */
};

#define DECODE_LIMITS_DEFAULT ((struct decode_limits){32, 1u << 20, 64})

struct unknown_field {
	char name[64];                  /* cut to 63 bytes */
	uint64_t count;
};

struct decoder;                         /* scratch, learned key order, counts of unknown fields; one thread */
struct decoder *decoder_open(struct decode_limits);
/* The same with one of the ways to read usual members that this machine has, which all give the same: 0, 1, ... with the
 * fastest first, which decoder_open takes.  NULL: there are not so many. */
struct decoder *decoder_open_walking(struct decode_limits, size_t number);
void decoder_close(struct decoder *);

/* True: *claim is filled.  False: *why is filled and *claim is undefined.  The bytes are only read; they and the
 * decoder must outlive the claim's slices; slices of escaped strings are in the decoder's scratch and live until
 * decoder_reset is called (once per batch). */
bool decode_settlement(struct decoder *, const char *bytes, size_t length, struct claim *, struct refusal *why);
bool decode_enrolment(struct decoder *, const char *bytes, size_t length, struct enrolment *, struct refusal *why);
void decoder_reset(struct decoder *);

/* What came of one record. */
struct decoded_record {
	bool good;
	struct refusal refusal;         /* when it is not good */
	union {
		struct claim claim;
		struct enrolment enrolment;
	};
};

/* Names never seen in the field table, at most 256 of them; what came after is in *more. */
const struct unknown_field *decoder_unknown(const struct decoder *, size_t *count, uint64_t *more);

#endif
