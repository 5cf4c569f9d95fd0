/* What the tests of the decoder share: one decoder, one record at a time, every answer asked for with padding of several
 * kinds behind the record. */
#ifndef FW_TEST_DECODE_CHECKS_H
#define FW_TEST_DECODE_CHECKS_H

#include "core/claim/decode.h"
#include "tests/unit/run.h"

#include <stdio.h>

static struct decoder *decoder;
static struct claim claim;
static struct enrolment enrolment;
static struct refusal why;

static inline void
open_decoder(void)
{
	if (!decoder)
		decoder = decoder_open(DECODE_LIMITS_DEFAULT);
}

/* A copy with nothing but its padding behind it: what is read beyond that, AddressSanitizer tells.  Padding of several
 * kinds must not change anything. */
static inline bool
settlement_with(const char *bytes, size_t length, int padding)
{
	static char *copy;
	free(copy);
	copy = malloc(length + RECORD_PADDING);
	memcpy(copy, bytes, length);
	memset(copy + length, padding, RECORD_PADDING);
	open_decoder();
	return decode_settlement(decoder, copy, length, &claim, &why);
}

static inline bool
enrolment_of(const char *text)
{
	static char *copy;
	size_t length = strlen(text);
	free(copy);
	copy = calloc(1, length + RECORD_PADDING);
	memcpy(copy, text, length);
	open_decoder();
	return decode_enrolment(decoder, copy, length, &enrolment, &why);
}

static inline bool
settlement(const char *text)
{
	static const char paddings[] = {'\0', '"', '0', '}', ' ', ',', '\\', '\xff', 'e', 'l'};
	struct refusal first = {0};
	bool accepted = false;
	for (size_t i = 0; i < sizeof paddings; i++) {
		bool now = settlement_with(text, strlen(text), paddings[i]);
		if (i == 0) {
			accepted = now;
			first = why;
		}
		NEED(now == accepted, "padding %d changes %s", paddings[i], text);
		NEED(now || (why.reason == first.reason && why.byte == first.byte), "padding %d changes %s", paddings[i], text);
	}
	return settlement_with(text, strlen(text), 0);
}

static inline void
refused(const char *text, enum refusal_reason reason, const char *field, int64_t byte)
{
	ck_assert_msg(!settlement(text), "accepted: %s", text);
	ck_assert_msg(why.reason == reason, "%s: %s, not %s", text, refusal_names[why.reason], refusal_names[reason]);
	ck_assert_pstr_eq(why.field, field);
	ck_assert_msg(why.byte == byte, "%s: byte %lld, not %lld", text, (long long)why.byte, (long long)byte);
}

#define REQUIRED "\"setl_id\":\"s1\",\"psn_no\":\"p1\",\"setl_time\":\"2024-03-01 09:00:00\",\"insu_admdvs\":\"140902\""

#define WHOLE ((int64_t)sizeof("{" REQUIRED "}") - 1)     /* bytes of the smallest record */

/* A whole record with those members in front, which begin at byte 1. */
static inline const char *
with(const char *members)
{
	static char text[8192];
	snprintf(text, sizeof text, "{%s," REQUIRED "}", members);
	return text;
}

static inline void
accepted(const char *members)
{
	const char *text = with(members);
	NEED(settlement(text), "%s: %s %s at %lld", text, refusal_names[why.reason], why.field ? why.field : "", (long long)why.byte);
}

static inline void
member_refused(const char *members, enum refusal_reason reason, const char *field, int64_t byte)
{
	refused(with(members), reason, field, byte);
}

static inline void
expect_text(unsigned field, const char *wanted)
{
	ck_assert(claim_has(&claim, field));
	struct slice text = claim_text(&claim, field);
	ck_assert_msg(slice_equal(text, slice_of(wanted)), "%.*s, not %s", (int)text.length, text.data, wanted);
}

static inline void
expect_amount(unsigned field, int64_t wanted)
{
	ck_assert(claim_has(&claim, field));
	ck_assert_int_eq(claim.value[field].number, wanted);
}

/* The fingerprint of a record with those members in front. */
static inline struct hash128
content(const char *members)
{
	accepted(members);
	return claim.content;
}

static inline bool
same(const char *one, const char *other)
{
	struct hash128 a = content(one), b = content(other);
	return a.low == b.low && a.high == b.high;
}

#endif
