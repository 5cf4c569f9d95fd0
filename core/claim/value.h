/* Values of known fields, by their type.  For the decoder alone.
 *
 * Every function takes the position of the value's first byte and gives the position behind the value, NULL when it
 * is refused.  *empty is set when the value is null or "", and nothing is written then.  Short values of the usual
 * spelling are read here in the header; whatever is unusual is read again from its first byte by the slow function. */
#ifndef FW_VALUE_H
#define FW_VALUE_H

#include "core/claim/scan.h"

#define CODE_BYTES 16

/* Strings that had escapes, kept until the end of a batch; the blocks are used again. */
struct kept_block;
struct kept {
	struct kept_block *first, *current;
};

void kept_reset(struct kept *);
void kept_free(struct kept *);

/* A value that is neither of the types the field takes: null is empty, anything else wrong_type or not_json. */
const char *value_other(struct scan *, const char *field, const char *at, bool *empty);
/* The same where null is wrong too. */
const char *value_wrong(struct scan *, const char *field, const char *at);

const char *value_amount_slow(struct scan *, const char *field, const char *at, int64_t *fen, bool *empty);
const char *value_code_slow(struct scan *, struct kept *, const char *field, const char *at, struct slice *, bool *empty);
const char *value_id_slow(struct scan *, struct kept *, const char *field, size_t most, const char *at, struct slice *, bool *empty);
const char *value_date_slow(struct scan *, const char *field, const char *at, int64_t *day, bool *empty);
const char *value_time_slow(struct scan *, const char *field, const char *at, int64_t *time, bool *empty);
const char *value_decimal(struct scan *, const char *field, const char *at, int64_t *scaled, bool *empty);

/* Text and nested fields: checked, never kept.  depth: of the object that the field stands in. */
const char *value_skipped(struct scan *, uint32_t depth, const char *at, struct hash128 *, bool *empty);

/* YYYY-MM-DD in ten bytes; with a blank and HH:MM:SS in nineteen.  False: something else. */
bool date_read_usual(const char *at, int64_t *day);
bool time_read_usual(const char *at, int64_t *time);

static inline unsigned
digit_at(const char *at)
{
	return (unsigned)(unsigned char)*at - '0';
}

/* Up to fourteen digits and two decimals.  NULL: something else. */
static inline const char *
amount_usual(const char *at, int64_t *fen)
{
	bool negative = *at == '-';
	at += negative;
	const char *first = at;
	uint64_t value = digit_at(at);
	if (value > 9 || (value == 0 && digit_at(at + 1) <= 9))
		return NULL;
	for (at++; digit_at(at) <= 9; at++) {
		if (at - first == 14)
			return NULL;
		value = value * 10 + digit_at(at);
	}
	value *= 100;
	if (*at == '.') {
		if (digit_at(at + 1) > 9)
			return NULL;
		value += digit_at(at + 1) * 10;
		at += 2;
		if (digit_at(at) <= 9)
			value += digit_at(at++);
		if (digit_at(at) <= 9)
			return NULL;
	}
	*fen = negative ? -(int64_t)value : (int64_t)value;
	return at;
}

static inline const char *
value_amount(struct scan *scan, const char *field, const char *at, int64_t *fen, bool *empty)
{
	bool quoted = *at == '"';
	const char *behind = amount_usual(at + quoted, fen);
	if (likely(behind && behind < scan->end)) {
		if (quoted && *behind == '"')
			return behind + 1;
		if (!quoted && (*behind == ',' || *behind == '}'))
			return behind;
	}
	return value_amount_slow(scan, field, at, fen, empty);
}

static inline bool
block_has_delete(const char *data, size_t length)
{
#ifdef __SSE2__
	__m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)data), _mm_set1_epi8(0x7f));
	return (uint32_t)_mm_movemask_epi8(equal) & ((1u << length) - 1);
#else
	return memchr(data, 0x7f, length) != NULL;
#endif
}

static inline struct slice
zeros_strip(const char *data, size_t length)
{
	while (length > 1 && *data == '0') {
		data++;
		length--;
	}
	return (struct slice){data, length};
}

static inline const char *
value_code(struct scan *scan, struct kept *kept, const char *field, const char *at, struct slice *code, bool *empty)
{
	struct text text;
	if (likely(*at == '"')) {
		const char *behind = scan_string(scan, at + 1, &text);
		if (unlikely(!behind))
			return NULL;
		bool plain = !text.escaped && !text.wide && text.length && text.length <= CODE_BYTES;
		if (likely(plain && !block_has_delete(text.data, text.length))) {
			*code = zeros_strip(text.data, text.length);
			return behind;
		}
	}
	return value_code_slow(scan, kept, field, at, code, empty);
}

static inline const char *
value_id(struct scan *scan, struct kept *kept, const char *field, size_t most, const char *at, struct slice *id, bool *empty)
{
	struct text text;
	if (likely(*at == '"')) {
		const char *behind = scan_string(scan, at + 1, &text);
		if (unlikely(!behind))
			return NULL;
		if (likely(!text.escaped && text.length && text.length <= most)) {
			*id = (struct slice){text.data, text.length};
			return behind;
		}
	}
	return value_id_slow(scan, kept, field, most, at, id, empty);
}

static inline const char *
value_date(struct scan *scan, const char *field, const char *at, int64_t *day, bool *empty)
{
	if (likely(scan->end - at > 12 && at[0] == '"' && at[11] == '"' && date_read_usual(at + 1, day)))
		return at + 12;
	return value_date_slow(scan, field, at, day, empty);
}

static inline const char *
value_time(struct scan *scan, const char *field, const char *at, int64_t *time, bool *empty)
{
	if (likely(scan->end - at > 21 && at[0] == '"' && at[20] == '"' && time_read_usual(at + 1, time)))
		return at + 21;
	return value_time_slow(scan, field, at, time, empty);
}

#endif
