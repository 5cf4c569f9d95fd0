/* Values of known fields, by their type.  For the decoder alone.
 *
 * The functions here in the header read values of the usual spelling and give NULL for any other; value_read reads
 * all that is allowed and says what is refused. */
#ifndef FW_VALUE_H
#define FW_VALUE_H

#include "core/claim/scan.h"

#include <endian.h>

#define CODE_BYTES 16

/* Strings that had escapes, kept until the end of a batch; the blocks are used again. */
struct kept_block;
struct kept {
	struct kept_block *first, *current;
};

void kept_reset(struct kept *);
void kept_free(struct kept *);

/* A value at its first byte; gives the position behind it, NULL when it is refused.  *empty is set when it is null or
 * "": then the value is not to be used.  For text and nested fields the fingerprint of what was read over goes to
 * *skipped; depth is that of the object that the field stands in. */
struct place {
	const struct field *field;
	uint32_t identifier_bytes, depth;
	struct hash128 *skipped;
	struct kept *kept;
};
const char *value_read(struct scan *, const struct place *, const char *at, union value *, bool *empty);

/* A value of a type that the field does not take, refused as such when it is JSON at all. */
const char *value_wrong(struct scan *, const char *field, const char *at);
/* The same, but null is empty. */
const char *value_other(struct scan *, const char *field, const char *at, bool *empty);

static inline uint64_t
load_eight(const char *at)
{
	uint64_t bytes;
	memcpy(&bytes, at, sizeof bytes);
	return le64toh(bytes);
}

/* Eight bytes as digits, against a pattern that has '0' where a digit is wanted; spread has 0x76 there and 0x7f where the
 * pattern's own byte is wanted.  False: they are not. */
static inline bool
digits_match(uint64_t bytes, uint64_t pattern, uint64_t spread, uint64_t *digits)
{
	*digits = bytes ^ pattern;
	return (((*digits + spread) | *digits) & UINT64_C(0x8080808080808080)) == 0;
}

/* An amount up to 9999999.99 that ends at a quote (as it began), a comma or a brace. */
static inline const char *
amount_usual(const char *end, const char *at, int64_t *fen)
{
	if (*at == '0' && at[1] == ',' && at + 1 < end) {
		*fen = 0;
		return at + 1;
	}
	char closing = *at == '"' ? '"' : ',';
	at += *at == '"';
	bool negative = *at == '-';
	at += negative;
	uint64_t digits = load_eight(at) ^ UINT64_C(0x3030303030303030);
	uint64_t other = ((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080);
	unsigned count = other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
	if (unlikely(count - 1 > 6 || (count > 1 && *at == '0')))
		return NULL;
	digits <<= 64 - 8 * count;
	digits = digits * 10 + (digits >> 8);
	uint64_t value = ((digits & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)
	    + (digits >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >> 32;
	value = (value & UINT32_MAX) * 100;
	at += count;
	if (*at == '.') {
		unsigned tenths = (unsigned)(unsigned char)at[1] - '0', hundredths = (unsigned)(unsigned char)at[2] - '0';
		if (unlikely(tenths > 9 || hundredths > 9))
			return NULL;
		value += tenths * 10 + hundredths;
		at += 3;
	}
	if (unlikely(at >= end || (*at != closing && (*at != '}' || closing == '"'))))
		return NULL;
	*fen = negative ? -(int64_t)value : (int64_t)value;
	return at + (closing == '"');
}

/* Behind the closing quote of a string of that length.  Most fields have values of one length, so the place is guessed
 * from the last one and the guess compared: the processor goes on without waiting for the length. */
static inline const char *
string_behind(const char *at, unsigned length, uint8_t *usual)
{
	const char *guess = at + *usual + 1;
	__asm__("" : "+r"(guess));      /* or the compiler puts the length back */
	if (likely(length == *usual))
		return guess;
	*usual = (uint8_t)length;
	return at + length + 1;
}

/* A code of one to sixteen plain bytes in quotes. */
static inline const char *
code_usual(const char *end, const char *at, uint8_t *usual, struct slice *code)
{
	unsigned length;
	if (unlikely(*at++ != '"') || !string_usual(end, at, &length) || unlikely(!length))
		return NULL;
	const char *behind = string_behind(at, length, usual);
	while (length > 1 && *at == '0') {
		at++;
		length--;
	}
	*code = (struct slice){at, length};
	return behind;
}

/* An identifier of one to thirty-two plain bytes in quotes. */
static inline const char *
id_usual(const char *end, uint32_t most, const char *at, uint8_t *usual, struct slice *id)
{
	if (unlikely(*at++ != '"'))
		return NULL;
	unsigned length = block_plain(at);
	if (length == 16)
		length += block_plain(at + 16);
	if (unlikely(at[length] != '"' || length - 1 >= most || at + length >= end))
		return NULL;
	*id = (struct slice){at, length};
	return string_behind(at, length, usual);
}

/* Up to seven digits and as many as four decimals, not in quotes, before a comma or a brace. */
static inline const char *
decimal_usual(const char *end, const char *at, int64_t *scaled)
{
	const char *first = at;
	unsigned digit;
	int64_t value = 0;
	for (; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++) {
		if (at - first == 7)
			return NULL;
		value = value * 10 + digit;
	}
	if (at == first || (*first == '0' && at - first > 1))
		return NULL;
	int places = 0;
	if (*at == '.') {
		for (at++; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++) {
			if (places++ == 4)
				return NULL;
			value = value * 10 + digit;
		}
		if (!places)
			return NULL;
	}
	if (at >= end || (*at != ',' && *at != '}'))
		return NULL;
	for (; places < 4; places++)
		value *= 10;
	*scaled = value;
	return at;
}

/* A string that is read over. */
static inline const char *
text_usual(struct scan *scan, const char *at, struct hash128 *skipped)
{
	struct text text;
	if (*at != '"' || at >= scan->end)
		return NULL;
	const char *behind = scan_string(scan, at + 1, &text);
	if (!behind || !text.length)
		return NULL;
	*skipped = hash128(text.data, text.length);
	return behind;
}

/* YYYY-MM-DD in quotes, and the same with a blank and HH:MM:SS. */
const char *date_usual(const char *end, const char *at, int64_t *day);
const char *time_usual(const char *end, const char *at, int64_t *time);

#endif
