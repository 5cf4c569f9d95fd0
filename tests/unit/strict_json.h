/* RFC 8259 by the letter, one byte at a time and slow: whether the decoder was right to call something JSON or not.
 * UTF-8 is checked by the C library (setlocale first).  Nothing here is shared with the decoder. */
#ifndef FW_TEST_STRICT_JSON_H
#define FW_TEST_STRICT_JSON_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

struct strict {
	const char *at, *end;
	bool lone_surrogate;
};

static inline bool
strict_utf8(const char *bytes, size_t length)
{
	mbstate_t state = {0};
	for (size_t at = 0; at < length;) {
		if ((unsigned char)bytes[at] < 0x80 && mbsinit(&state)) {
			at++;
			continue;
		}
		size_t taken = mbrtowc(NULL, bytes + at, length - at, &state);
		if (taken == (size_t)-1 || taken == (size_t)-2)
			return false;
		at += taken ? taken : 1;
	}
	return true;
}

static inline void
strict_blank(struct strict *s)
{
	while (s->at < s->end && memchr(" \t\r\n", *s->at, 4))
		s->at++;
}

static inline bool
strict_byte(struct strict *s, char byte)
{
	return s->at < s->end && *s->at == byte ? s->at++, true : false;
}

static inline bool
strict_digits(struct strict *s)
{
	const char *first = s->at;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first;
}

static inline bool
strict_number(struct strict *s)
{
	strict_byte(s, '-');
	if (!strict_byte(s, '0') && !strict_digits(s))
		return false;
	if (strict_byte(s, '.') && !strict_digits(s))
		return false;
	if (strict_byte(s, 'e') || strict_byte(s, 'E')) {
		if (!strict_byte(s, '+'))
			strict_byte(s, '-');
		return strict_digits(s);
	}
	return true;
}

static inline int
strict_hex(struct strict *s)
{
	int value = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *found = s->at < s->end && *s->at ? strchr(digits, *s->at) : NULL;
		if (!found)
			return -1;
		int digit = (int)(found - digits);
		value = value * 16 + (digit < 16 ? digit : digit - 6);
	}
	return value;
}

static inline bool
strict_escape(struct strict *s)
{
	if (!strict_byte(s, 'u'))
		return s->at < s->end && *s->at && strchr("\"\\/bfnrt", *s->at++);
	int unit = strict_hex(s);
	if (unit < 0)
		return false;
	if (unit >= 0xdc00 && unit < 0xe000)
		s->lone_surrogate = true;
	if (unit >= 0xd800 && unit < 0xdc00) {
		struct strict next = *s;
		if (strict_byte(&next, '\\') && strict_byte(&next, 'u') && (unit = strict_hex(&next)) >= 0xdc00 && unit < 0xe000)
			s->at = next.at;
		else
			s->lone_surrogate = true;
	}
	return true;
}

static inline bool
strict_string(struct strict *s)
{
	if (!strict_byte(s, '"'))
		return false;
	while (s->at < s->end && *s->at != '"') {
		unsigned char byte = (unsigned char)*s->at++;
		if (byte < 0x20 || (byte == '\\' && !strict_escape(s)))
			return false;
	}
	return strict_byte(s, '"');
}

static inline bool
strict_word(struct strict *s, const char *word)
{
	size_t length = strlen(word);
	if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
		return false;
	s->at += length;
	return true;
}

static inline bool strict_value(struct strict *s, int depth);

static inline bool
strict_list(struct strict *s, int depth, bool object)
{
	char closing = object ? '}' : ']';
	s->at++;
	strict_blank(s);
	if (strict_byte(s, closing))
		return true;
	do {
		strict_blank(s);
		if (object) {
			if (!strict_string(s))
				return false;
			strict_blank(s);
			if (!strict_byte(s, ':'))
				return false;
		}
		if (!strict_value(s, depth + 1))
			return false;
		strict_blank(s);
	} while (strict_byte(s, ','));
	return strict_byte(s, closing);
}

static inline bool
strict_value(struct strict *s, int depth)
{
	strict_blank(s);
	if (s->at >= s->end || depth > 1000)
		return false;
	if (*s->at == '{' || *s->at == '[')
		return strict_list(s, depth, *s->at == '{');
	if (*s->at == '"')
		return strict_string(s);
	return strict_word(s, "true") || strict_word(s, "false") || strict_word(s, "null") || strict_number(s);
}

enum strict_verdict { STRICT_VALID, STRICT_INVALID, STRICT_TEXT_INVALID };

/* One object and nothing else.  STRICT_TEXT_INVALID: it is, but for its text (UTF-8, lone surrogates). */
static inline enum strict_verdict
strict_json(const char *bytes, size_t length)
{
	struct strict s = {bytes, bytes + length, false};
	strict_blank(&s);
	if (s.at >= s.end || *s.at != '{' || !strict_value(&s, 0))
		return STRICT_INVALID;
	strict_blank(&s);
	if (s.at != s.end)
		return STRICT_INVALID;
	return s.lone_surrogate || !strict_utf8(bytes, length) ? STRICT_TEXT_INVALID : STRICT_VALID;
}

#endif
