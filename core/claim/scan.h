/* Tokens of JSON (RFC 8259), for the decoder alone.  Every function takes the position of a token's first byte and
 * gives the position behind it, or NULL when the record is refused: then *why is filled.
 *
 * RECORD_PADDING bytes behind the record are read, but never decide anything: a token that reaches past the end is
 * reported as a record cut short, whatever stands there. */
#ifndef FW_SCAN_H
#define FW_SCAN_H

#include "core/base/buffer.h"
#include "core/claim/decode.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

struct scan {
	const char *begin, *end;        /* the record; end is one behind its last byte */
	uint32_t depth_limit;
	struct refusal *why;
	struct buffer plain;            /* the last string that had escapes, without them */
	struct buffer canon;            /* canonical form of the nested value being read */
};

struct text {
	const char *data;               /* in the record, or in scan.plain when escaped; 16 bytes may be read in any case */
	size_t length;
	bool escaped;
};

struct number {
	const char *data;
	size_t length;
	bool integer;                   /* no fraction, no exponent */
};

const char *scan_refuse(struct scan *, enum refusal_reason, const char *field, const char *at);

/* at: behind the opening quote. */
const char *scan_string_slow(struct scan *, const char *at, struct text *);
const char *scan_number(struct scan *, const char *at, struct number *);
const char *scan_literal(struct scan *, const char *at, const char *word);

/* Any value; depth is that of the container it stands in.  canonical: its canonical form is added to scan.canon
 * (docs/fields.md says what that is); otherwise it is only checked. */
const char *scan_any(struct scan *, const char *at, uint32_t depth, bool canonical);

const char *scan_blank_slow(struct scan *, const char *at);

/* Sixteen bytes at once: how many of the first are plain text inside a string, that is no quote, no backslash, no
 * control character, no delete and nothing beyond ASCII. */
static inline unsigned
block_plain(const char *at)
{
#ifdef __SSE2__
	__m128i bytes = _mm_loadu_si128((const __m128i *)at);
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	/* One more and signed: 0x7f..0xff become negative or zero, 0x00..0x1f at most 0x20. */
	__m128i inside = _mm_cmpgt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(1)), _mm_set1_epi8(0x20));
	__m128i plain = _mm_andnot_si128(_mm_or_si128(quote, backslash), inside);
	return (unsigned)__builtin_ctz(~(unsigned)_mm_movemask_epi8(plain));
#else
	unsigned count = 0;
	while (count < 16 && at[count] != '"' && at[count] != '\\' && at[count] >= 0x20 && at[count] < 0x7f)
		count++;
	return count;
#endif
}

/* Whether a plain string of at most sixteen bytes begins here, behind the opening quote. */
static inline bool
string_usual(const char *end, const char *at, unsigned *length)
{
	*length = block_plain(at);
	return likely(at[*length] == '"' && at + *length < end);
}

static inline const char *
scan_string(struct scan *scan, const char *at, struct text *text)
{
	unsigned length;
	if (!string_usual(scan->end, at, &length))
		return scan_string_slow(scan, at, text);
	*text = (struct text){.data = at, .length = length};
	return at + length + 1;
}

/* Over white space; at may be the end. */
static inline const char *
scan_blank(struct scan *scan, const char *at)
{
	return likely((unsigned char)*at > ' ') ? at : scan_blank_slow(scan, at);
}

#endif
