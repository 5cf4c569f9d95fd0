/* See scan.h. */
#include "core/claim/scan.h"

#include "core/base/utf8.h"

#include <endian.h>

const char *
scan_refuse(struct scan *scan, enum refusal_reason reason, const char *field, const char *at)
{
	if (reason == REFUSAL_not_json && at > scan->end)
		at = scan->end;
	*scan->why = (struct refusal){reason, field, at ? at - scan->begin : -1};
	return NULL;
}

const char *
scan_blank_slow(struct scan *scan, const char *at)
{
	while (at < scan->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

/* Four hexadecimal digits, -1: they are not. */
static int32_t
hex_read(const char *at)
{
	int32_t value = 0;
	for (int i = 0; i < 4; i++) {
		unsigned digit = (unsigned)(unsigned char)at[i] - '0';
		if (digit > 9) {
			digit = ((unsigned)(unsigned char)at[i] | 0x20) - 'a' + 10;
			if (digit < 10 || digit > 15)
				return -1;
		}
		value = value << 4 | (int32_t)digit;
	}
	return value;
}

static void
code_point_add(struct buffer *out, int32_t code_point)
{
	char *at = out->data + out->length;
	if (code_point < 0x80) {
		at[0] = (char)code_point;
		out->length += 1;
	} else if (code_point < 0x800) {
		at[0] = (char)(0xc0 | code_point >> 6);
		at[1] = (char)(0x80 | (code_point & 0x3f));
		out->length += 2;
	} else if (code_point < 0x10000) {
		at[0] = (char)(0xe0 | code_point >> 12);
		at[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
		at[2] = (char)(0x80 | (code_point & 0x3f));
		out->length += 3;
	} else {
		at[0] = (char)(0xf0 | code_point >> 18);
		at[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
		at[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
		at[3] = (char)(0x80 | (code_point & 0x3f));
		out->length += 4;
	}
}

/* \uXXXX, or the two of a surrogate pair; at: the backslash. */
static const char *
unicode_escape(struct scan *scan, const char *at, const char *end)
{
	int32_t high = end - at >= 6 ? hex_read(at + 2) : -1;
	if (high < 0)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	if (high < 0xd800 || high > 0xdfff) {
		code_point_add(&scan->plain, high);
		return at + 6;
	}
	bool pair = high < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u';
	int32_t low = pair ? hex_read(at + 8) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return scan_refuse(scan, REFUSAL_invalid_utf8, NULL, at);
	code_point_add(&scan->plain, 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00));
	return at + 12;
}

static const char *
escape_read(struct scan *scan, const char *at, const char *end)
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	if (at[1] == 'u')
		return unicode_escape(scan, at, end);
	const char *found = at[1] ? strchr(escapes, at[1]) : NULL;
	if (!found)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	scan->plain.data[scan->plain.length++] = meant[found - escapes];
	return at + 2;
}

/* The string [at, end) into scan.plain, checked from left to right. */
static bool
unescape(struct scan *scan, const char *at, const char *end)
{
	struct buffer *plain = &scan->plain;
	plain->length = 0;
	buffer_reserve(plain, (size_t)(end - at) + RECORD_PADDING);
	while (at < end) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));
		size_t run = (size_t)((backslash ? backslash : end) - at), bad;
		if (!utf8_valid(at, run, &bad)) {
			scan_refuse(scan, REFUSAL_invalid_utf8, NULL, at + bad);
			return false;
		}
		memcpy(plain->data + plain->length, at, run);
		plain->length += run;
		at += run;
		if (backslash) {
			at = escape_read(scan, backslash, end);
			if (!at)
				return false;
		}
	}
	memset(plain->data + plain->length, 0, RECORD_PADDING);
	return true;
}

/* Over characters of three bytes from U+1000 to U+CFFF, nearly all of Chinese: those are well-formed whenever the
 * second and third byte continue them. */
static inline const char *
chinese_skip(const char *at, const char *end)
{
	while (end - at >= 3) {
		uint32_t bytes;
		memcpy(&bytes, at, sizeof bytes);
		bytes = le32toh(bytes);
		if ((bytes & 0xc0c0f0) != 0x8080e0 || (bytes & 0x0f) - 1 > 0x0b)
			break;
		at += 3;
	}
	return at;
}

/* The closing quote.  *wide: there are characters of other forms, to be checked. */
static const char *
string_end(struct scan *scan, const char *at, bool *escaped, bool *wide)
{
	for (;;) {
		if (at >= scan->end)
			return scan_refuse(scan, REFUSAL_not_json, NULL, scan->end);
		unsigned plain = block_plain(at);
		at += plain;
		if (plain == 16)
			continue;
		unsigned char byte = (unsigned char)*at;
		if (at >= scan->end || byte < 0x20)
			return scan_refuse(scan, REFUSAL_not_json, NULL, at);
		if (byte == '"')
			return at;
		if (byte == '\\') {
			*escaped = true;
			at += 2;
			continue;
		}
		const char *behind = chinese_skip(at, scan->end);
		*wide |= behind == at && byte >= 0x80;
		at = behind == at ? at + 1 : behind;
	}
}

const char *
scan_string_slow(struct scan *scan, const char *at, struct text *text)
{
	bool escaped = false, wide = false;
	const char *end = string_end(scan, at, &escaped, &wide);
	size_t bad;
	if (!end)
		return NULL;
	*text = (struct text){at, (size_t)(end - at), escaped};
	if (escaped) {
		if (!unescape(scan, at, end))
			return NULL;
		*text = (struct text){scan->plain.data, scan->plain.length, true};
	} else if (wide && !utf8_valid(at, text->length, &bad)) {
		return scan_refuse(scan, REFUSAL_invalid_utf8, NULL, at + bad);
	}
	return end + 1;
}

static const char *
digits_skip(const char *at, const char *end)
{
	while (at < end && (unsigned char)(*at - '0') <= 9)
		at++;
	return at;
}

const char *
scan_number(struct scan *scan, const char *at, struct number *number)
{
	const char *first = at, *end = scan->end;
	at += *at == '-';
	const char *digits = at;
	at = digits_skip(at, end);
	if (at == digits)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	if (*digits == '0' && at - digits > 1)
		return scan_refuse(scan, REFUSAL_not_json, NULL, digits + 1);
	number->integer = true;
	if (at < end && *at == '.') {
		number->integer = false;
		digits = ++at;
		at = digits_skip(at, end);
		if (at == digits)
			return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	}
	if (at < end && (*at | 0x20) == 'e') {
		number->integer = false;
		at++;
		at += at < end && (*at == '+' || *at == '-');
		digits = at;
		at = digits_skip(at, end);
		if (at == digits)
			return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	}
	number->data = first;
	number->length = (size_t)(at - first);
	return at;
}

const char *
scan_literal(struct scan *scan, const char *at, const char *word)
{
	for (; *word; word++, at++)
		if (at >= scan->end || *at != *word)
			return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	return at;
}

/* A tag and the length before the bytes, so that no two values have the same canonical form. */
static void
canon_add(struct scan *scan, char tag, const char *data, size_t length)
{
	uint32_t count = (uint32_t)length;
	buffer_char(&scan->canon, tag);
	buffer_add(&scan->canon, &count, sizeof count);
	buffer_add(&scan->canon, data, length);
}

static const char *
any_string(struct scan *scan, const char *at, bool canonical)
{
	struct text text;
	at = scan_string(scan, at + 1, &text);
	if (at && canonical)
		canon_add(scan, '"', text.data, text.length);
	return at;
}

static const char *
any_scalar(struct scan *scan, const char *at, bool canonical)
{
	const char *first = at;
	struct number number;
	switch (*at) {
	case '"':
		return any_string(scan, at, canonical);
	case 't':
		at = scan_literal(scan, at, "true");
		break;
	case 'f':
		at = scan_literal(scan, at, "false");
		break;
	case 'n':
		at = scan_literal(scan, at, "null");
		break;
	default:
		at = scan_number(scan, at, &number);
	}
	if (at && canonical)
		canon_add(scan, '0', first, (size_t)(at - first));
	return at;
}

/* Behind a member or an element: the next one's first byte, or behind the closing bracket (*closed). */
static const char *
any_next(struct scan *scan, const char *at, char closing, bool *closed)
{
	at = scan_blank(scan, at);
	if (at >= scan->end || (*at != ',' && *at != closing))
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	*closed = *at == closing;
	return *closed ? at + 1 : scan_blank(scan, at + 1);
}

static const char *
any_member(struct scan *scan, const char *at, uint32_t depth, bool canonical)
{
	if (at >= scan->end || *at != '"')
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	at = any_string(scan, at, canonical);
	if (!at)
		return NULL;
	at = scan_blank(scan, at);
	if (at >= scan->end || *at != ':')
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	return scan_any(scan, scan_blank(scan, at + 1), depth, canonical);
}

/* The members' fingerprints are added up: their order in an object says nothing. */
static const char *
any_object(struct scan *scan, const char *at, uint32_t depth, bool canonical)
{
	size_t mark = scan->canon.length;
	struct hash128 sum = {0, 0};
	bool closed = false;
	at = scan_blank(scan, at + 1);
	if (at < scan->end && *at == '}') {
		closed = true;
		at++;
	}
	while (!closed) {
		at = any_member(scan, at, depth, canonical);
		if (!at)
			return NULL;
		if (canonical) {
			struct hash128 member = hash128(scan->canon.data + mark, scan->canon.length - mark);
			sum.low += member.low;
			sum.high += member.high;
			scan->canon.length = mark;
		}
		at = any_next(scan, at, '}', &closed);
		if (!at)
			return NULL;
	}
	if (canonical)
		canon_add(scan, '{', (const char *)&sum, sizeof sum);
	return at;
}

static const char *
any_array(struct scan *scan, const char *at, uint32_t depth, bool canonical)
{
	bool closed = false;
	if (canonical)
		buffer_char(&scan->canon, '[');
	at = scan_blank(scan, at + 1);
	if (at < scan->end && *at == ']') {
		closed = true;
		at++;
	}
	while (!closed) {
		at = scan_any(scan, at, depth, canonical);
		if (!at)
			return NULL;
		at = any_next(scan, at, ']', &closed);
		if (!at)
			return NULL;
	}
	if (canonical)
		buffer_char(&scan->canon, ']');
	return at;
}

const char *
scan_any(struct scan *scan, const char *at, uint32_t depth, bool canonical)
{
	if (at >= scan->end)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	if (*at != '{' && *at != '[')
		return any_scalar(scan, at, canonical);
	if (depth >= scan->depth_limit)
		return scan_refuse(scan, REFUSAL_too_deep, NULL, at);
	return *at == '{' ? any_object(scan, at, depth + 1, canonical) : any_array(scan, at, depth + 1, canonical);
}
