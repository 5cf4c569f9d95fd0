/* PRIVATE to usual.c and usual_avx2.c: the walk, written once.  Whoever includes this has said how blocks of bytes are looked at:
 *
 *   key_is_here(key, at)       the key's pattern stands at `at`, where 32 bytes can be read
 *   stops_of_code(at)          16 bytes: a bit for each that is no plain one, that is a quote, a backslash, a control
 *                              character, delete or beyond ASCII
 *   stops_of_text(at)          32 bytes: the same, but delete is plain
 *   text_length(at)            of a text that ends with a quote and holds only ASCII and characters of three bytes; 0 when it is
 *                              another one or longer than 63 bytes, which may all be read
 *   fields_meet(a, b)          two sets of fields have one in common
 *
 * Values give the position behind themselves, or `end` when they are not of the usual spelling; nothing is stored then.
 * They never read more than 64 bytes from a place before the end, and what they find there counts only when all of it
 * lies before the end. */

#include "core/base/time.h"
#include "core/claim/value.h"

static inline fields
fields_load(const uint64_t words[2])
{
	fields loaded;
	memcpy(&loaded, words, sizeof loaded);
	return loaded;
}

static inline __attribute__((always_inline)) uint32_t
load_four(const char *at)
{
	uint32_t bytes;
	memcpy(&bytes, at, sizeof bytes);
	return le32toh(bytes);
}

/* Behind the closing quote of a string of that length.  Most fields have values of one length, so the place is guessed
 * from the last one and the guess compared: the processor goes on without waiting for the length. */
static inline __attribute__((always_inline)) const char *
string_behind(const char *at, unsigned length, struct key *key)
{
	const char *guess = at + key->usual + 1;
	__asm__("" : "+r"(guess));      /* or the compiler puts the length back */
	if (likely(length == key->usual))
		return guess;
	key->usual = (uint8_t)length;
	return at + length + 1;
}

/* One to sixteen plain bytes. */
static inline __attribute__((always_inline)) const char *
usual_code(const char *end, const char *at, struct key *key, struct slice *code)
{
	unsigned length = (unsigned)__builtin_ctz(stops_of_code(at + 1) | 1u << 16);
	if (unlikely(*at != '"' || at[1 + length] != '"' || !length))
		return end;
	const char *behind = string_behind(++at, length, key);
	while (*at == '0' && length > 1) {
		at++;
		length--;
	}
	*code = (struct slice){at, length};
	return behind;
}

/* One to thirty-one bytes. */
static inline __attribute__((always_inline)) const char *
usual_id(const char *end, const char *at, uint32_t most, struct key *key, struct slice *id)
{
	unsigned length = (unsigned)__builtin_ctz(stops_of_text(at + 1) | 1u << 31);
	if (unlikely(*at != '"' || at[1 + length] != '"' || length - 1 >= most))
		return end;
	*id = (struct slice){at + 1, length};
	return string_behind(at + 1, length, key);
}

/* Eight bytes as digits, against a pattern that has '0' where a digit is wanted; spread has 0x76 there and 0x7f where the
 * pattern's own byte is wanted.  False: they are not. */
static inline bool
digits_match(uint64_t bytes, uint64_t pattern, uint64_t spread, uint64_t *digits)
{
	*digits = bytes ^ pattern;
	return (((*digits + spread) | *digits) & UINT64_C(0x8080808080808080)) == 0;
}

/* Byte i of a word that holds pairs of digits. */
static inline uint32_t
pair_at(uint64_t pairs, unsigned byte)
{
	return (uint32_t)(pairs >> (8 * byte)) & 0xff;
}

/* YYYY-MM-DD, without a jump that depends on which day it is; years begin on 1 March here, as in core/base/time.c. */
static inline __attribute__((always_inline)) bool
usual_day(const char *at, int32_t *day)
{
	static const uint8_t days[2][16] = {{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}, {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}};
	static const uint16_t before[16] = {0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
	uint64_t digits;
	if (!digits_match(load_eight(at), UINT64_C(0x2d30302d30303030), UINT64_C(0x7f76767f76767676), &digits))
		return false;
	uint32_t tens = (unsigned char)at[8] - (uint32_t)'0', ones = (unsigned char)at[9] - (uint32_t)'0';
	uint64_t pairs = digits * 10 + (digits >> 8);
	uint32_t century = pair_at(pairs, 0), of_century = pair_at(pairs, 2), month = pair_at(pairs, 5), of_month = tens * 10 + ones;
	bool is_leap = ((of_century ? of_century : century) & 3) == 0;
	uint32_t year = century * 100 + of_century;
	if (unlikely(month > 12 || tens > 3 || ones > 9 || of_month - 1 >= days[is_leap][month] || year == 0))
		return false;
	year -= month <= 2;
	*day = (int32_t)(year * 365 + year / 4 - year / 100 + year / 400 + before[month] + of_month) - 719469;
	return true;
}

static inline __attribute__((always_inline)) const char *
usual_date(const char *end, const char *at, int64_t *date)
{
	int32_t day;
	if (unlikely(at[0] != '"' || at[11] != '"' || !usual_day(at + 1, &day)))
		return end;
	*date = day;
	return at + 12;
}

/* A date, a blank and HH:MM:SS. */
static inline __attribute__((always_inline)) const char *
usual_time(const char *end, const char *at, int64_t *time)
{
	int32_t day;
	uint64_t digits;
	if (unlikely(at[0] != '"' || at[11] != ' ' || at[20] != '"' || !usual_day(at + 1, &day)
	    || !digits_match(load_eight(at + 12), UINT64_C(0x30303a30303a3030), UINT64_C(0x76767f76767f7676), &digits)))
		return end;
	uint64_t pairs = digits * 10 + (digits >> 8);
	uint32_t hour = pair_at(pairs, 0), minute = pair_at(pairs, 3), second = pair_at(pairs, 6);
	if (unlikely(hour > 23 || minute > 59 || second > 59))
		return end;
	*time = (int64_t)day * DAY_SECONDS + hour * 3600 + minute * 60 + second;
	return at + 21;
}

/* An amount up to 9999999.99 without a sign, whole or with two decimals, before `closing`. */
static inline __attribute__((always_inline)) const char *
usual_fen(const char *end, const char *at, char closing, int64_t *fen)
{
	uint64_t digits = load_eight(at) ^ UINT64_C(0x3030303030303030);
	uint64_t other = ((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080);
	unsigned bits = (other ? (unsigned)__builtin_ctzll(other) : 64) & 0x78;        /* of the bytes that are digits */
	if (unlikely(bits - 8 > 48 || (bits > 8 && (digits & 0xff) == 0)))
		return end;
	at += bits >> 3;
	digits <<= 64 - bits;
	digits = digits * 10 + (digits >> 8);
	uint64_t value = ((digits & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)
	    + (digits >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >> 32;
	value *= 100;
	uint32_t rest = load_four(at) ^ ((uint32_t)(unsigned char)closing << 24 | 0x30302e);
	if (likely((((rest + 0x767600) | rest) & 0xff8080ff) == 0)) {
		*fen = (int64_t)(value + (rest >> 8 & 0xff) * 10 + (rest >> 16 & 0xff));
		return at + 3;
	}
	if (*at != closing)
		return end;
	*fen = (int64_t)value;
	return at;
}

static inline __attribute__((always_inline)) const char *
usual_amount(const char *end, const char *at, int64_t *fen)
{
	if (at[0] == '0' && at[1] == ',') {
		*fen = 0;
		return at + 1;
	}
	if (likely((unsigned char)(*at - '0') <= 9))
		return usual_fen(end, at, ',', fen);
	bool quoted = *at == '"', negative = at[quoted] == '-';
	const char *behind = usual_fen(end, at + quoted + negative, quoted ? '"' : ',', fen);
	if (behind >= end)
		return end;
	*fen = negative ? -*fen : *fen;
	return behind + quoted;
}

/* Up to seven digits and as many as four decimals, not in quotes. */
static inline __attribute__((always_inline)) const char *
usual_decimal(const char *end, const char *at, int64_t *scaled)
{
	const char *first = at;
	unsigned digit;
	int64_t value = 0;
	for (; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++) {
		if (at - first == 7)
			return end;
		value = value * 10 + digit;
	}
	if (at == first || (*first == '0' && at - first > 1))
		return end;
	int places = 0;
	if (*at == '.') {
		for (at++; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++) {
			if (places++ == 4)
				return end;
			value = value * 10 + digit;
		}
		if (!places)
			return end;
	}
	if (*at != ',')
		return end;
	for (; places < 4; places++)
		value *= 10;
	*scaled = value;
	return at;
}

/* A string of one to 63 bytes that is read over. */
static inline __attribute__((always_inline)) const char *
usual_text(const char *end, const char *at, struct hash128 *skipped)
{
	if (unlikely(*at != '"' || at >= end))
		return end;
	unsigned length = text_length(++at);
	const char *behind = at + length + 1;
	if (unlikely(at[length] != '"' || !length || behind >= end))
		return end;
	*skipped = hash128(at, length);
	return behind;
}

/* null or "". */
static inline const char *
usual_absent(const char *end, const char *at)
{
	if (at[0] == '"' && at[1] == '"')
		return at + 2;
	return memcmp(at, "null,", 5) == 0 ? at + 4 : end;
}

static inline __attribute__((always_inline)) const char *
usual_value(const struct walk *walk, const char *end, struct key *key, const char *at)
{
	union value *value = &walk->value[key->field];
	switch (key->type) {
	case TYPE_AMOUNT:
		return usual_amount(end, at, &value->number);
	case TYPE_CODE:
		return usual_code(end, at, key, &value->text);
	case TYPE_ID:
		return usual_id(end, at, walk->identifier_bytes, key, &value->text);
	case TYPE_DATE:
		return usual_date(end, at, &value->number);
	case TYPE_TIME:
		return usual_time(end, at, &value->number);
	case TYPE_DECIMAL:
		return usual_decimal(end, at, &value->number);
	case TYPE_TEXT:
		return usual_text(end, at, &walk->skipped[key->field]);
	default:
		return end;
	}
}

/* What every member needs is in locals: nothing that is stored can change them, so that they are not loaded again and
 * again.  A key that is not the expected one may be the one behind it: a field left out this time. */
static inline __attribute__((always_inline)) const char *
members_walk(struct walk *walk, const char *at)
{
	const char *const end = walk->end;
	if (at >= end)
		return at;
	struct key *last = walk->last;
	fields seen = fields_load(walk->seen);
	for (;;) {
		struct key *key = last->next;
		if (unlikely(!key_is_here(key, at))) {
			key = key->next;
			if (!key_is_here(key, at))
				break;
		}
		if (unlikely(!*key->pattern))   /* nothing was learnt there, but the record has as many zeros */
			break;
		fields field = fields_load(key->bits);
		const char *from = at + key->length, *behind = usual_value(walk, end, key, from);
		if (unlikely(behind >= end)) {
			behind = usual_absent(end, from);
			if (behind >= end)
				break;
			walk->absent[0] |= key->bits[0];
			walk->absent[1] |= key->bits[1];
		}
		if (unlikely(fields_meet(seen, field)))
			break;
		seen |= field;
		last = key;
		at = behind;
	}
	walk->last = last;
	memcpy(walk->seen, &seen, sizeof seen);
	return at;
}
