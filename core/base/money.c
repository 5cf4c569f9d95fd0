/* See money.h. */
#include "core/base/money.h"

#include <assert.h>
#include <string.h>

#define SCALED_MAX UINT64_C(999999999999999999)

static bool
digit_add(uint64_t *value, unsigned digit)
{
	if (*value > (SCALED_MAX - digit) / 10)
		return false;
	*value = *value * 10 + digit;
	return true;
}

static unsigned
digit_of(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

bool
decimal_parse(const char *text, size_t length, int places, int64_t *scaled)
{
	const char *at = text, *end = text + length;
	bool negative = at < end && *at == '-';
	at += negative;
	uint64_t value = 0;
	const char *first = at;
	for (; at < end && digit_of(*at) <= 9; at++)
		if (!digit_add(&value, digit_of(*at)))
			return false;
	if (at == first)
		return false;
	int taken = 0;
	if (at < end && *at == '.') {
		first = ++at;
		for (; at < end && digit_of(*at) <= 9; at++) {
			if (taken < places ? !digit_add(&value, digit_of(*at)) : digit_of(*at) != 0)
				return false;
			taken += taken < places;
		}
		if (at == first)
			return false;
	}
	for (; taken < places; taken++)
		if (!digit_add(&value, 0))
			return false;
	*scaled = negative ? -(int64_t)value : (int64_t)value;
	return at == end;
}

bool
money_parse(const char *text, size_t length, int64_t *fen)
{
	int64_t value;
	if (!decimal_parse(text, length, 2, &value) || value > MONEY_MAX_FEN || value < -MONEY_MAX_FEN)
		return false;
	*fen = value;
	return true;
}

/* magnitude * 10^-places, written from the back. */
static char *
fixed_text(unsigned __int128 magnitude, bool negative, int places, char buffer[MONEY_TEXT_SIZE])
{
	char digits[MONEY_TEXT_SIZE];
	char *first = digits + sizeof digits;
	*--first = '\0';
	for (int place = 0; place <= places || magnitude; place++) {
		if (place == places)
			*--first = '.';
		*--first = (char)('0' + (int)(magnitude % 10));
		magnitude /= 10;
	}
	if (negative)
		*--first = '-';
	return memcpy(buffer, first, (size_t)(digits + sizeof digits - first));
}

char *
money_text(int64_t fen, char buffer[MONEY_TEXT_SIZE])
{
	return fixed_text(fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen, fen < 0, 2, buffer);
}

char *
ratio_text(int64_t numerator, int64_t denominator, char buffer[MONEY_TEXT_SIZE])
{
	assert(denominator > 0);
	unsigned __int128 scaled = numerator < 0 ? 0 - (uint64_t)numerator : (uint64_t)numerator;
	scaled *= 1000000;
	uint64_t divisor = (uint64_t)denominator;
	unsigned __int128 quotient = scaled / divisor;
	uint64_t rest = (uint64_t)(scaled % divisor);
	if (rest > divisor - rest || (rest == divisor - rest && (quotient & 1)))
		quotient++;
	return fixed_text(quotient, numerator < 0 && quotient, 6, buffer);
}
