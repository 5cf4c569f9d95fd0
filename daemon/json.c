/* See json.h. */
#include "daemon/json.h"

#include "core/base/utf8.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
over_blank(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* ---- checking: every function gives the position behind the token, NULL: it is none ---- */

static int
hex_of(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
unit_at(const char *at, const char *end)
{
	int unit = 0;
	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_of(at[i]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* An escape behind its backslash; *code: what it stands for.  Surrogates come in pairs. */
static const char *
escape(const char *at, const char *end, int32_t *code)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (at == end)
		return NULL;
	const char *found = *at ? strchr(from, *at) : NULL;
	if (found) {
		*code = to[found - from];
		return at + 1;
	}
	int unit = *at == 'u' ? unit_at(at + 1, end) : -1;
	if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000))
		return NULL;
	*code = unit;
	if (unit < 0xd800 || unit >= 0xe000)
		return at + 5;
	int low = end - at >= 11 && at[5] == '\\' && at[6] == 'u' ? unit_at(at + 7, end) : -1;
	if (low < 0xdc00 || low >= 0xe000)
		return NULL;
	*code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	return at + 11;
}

static const char *
string(const char *at, const char *end)
{
	int32_t code;
	for (at++; at && at < end && *at != '"';) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		at = *at == '\\' ? escape(at + 1, end, &code) : at + 1;
	}
	return at && at < end ? at + 1 : NULL;
}

static const char *
digits(const char *at, const char *end)
{
	const char *begin = at;
	while (at < end && is_digit(*at))
		at++;
	return at > begin ? at : NULL;
}

static const char *
number(const char *at, const char *end)
{
	at += *at == '-';
	const char *begin = at;
	at = digits(at, end);
	if (!at || (*begin == '0' && at > begin + 1))
		return NULL;
	if (at < end && *at == '.')
		at = digits(at + 1, end);
	if (at && at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		at = digits(at, end);
	}
	return at;
}

static const char *
word(const char *at, const char *end)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t length = strlen(words[i]);
		if ((size_t)(end - at) >= length && memcmp(at, words[i], length) == 0)
			return at + length;
	}
	return NULL;
}

static const char *value(const char *at, const char *end, int depth);

static const char *
member(const char *at, const char *end, bool is_object, int depth)
{
	if (is_object) {
		at = at < end && *at == '"' ? string(at, end) : NULL;
		at = at ? over_blank(at, end) : NULL;
		if (!at || at == end || *at != ':')
			return NULL;
		at = over_blank(at + 1, end);
	}
	return value(at, end, depth);
}

static const char *
container(const char *at, const char *end, int depth)
{
	bool is_object = *at == '{';
	char close = is_object ? '}' : ']';
	if (depth == JSON_DEPTH_MAX)
		return NULL;
	at = over_blank(at + 1, end);
	if (at < end && *at == close)
		return at + 1;
	for (;;) {
		at = member(at, end, is_object, depth + 1);
		at = at ? over_blank(at, end) : NULL;
		if (!at || at == end || (*at != ',' && *at != close))
			return NULL;
		if (*at == close)
			return at + 1;
		at = over_blank(at + 1, end);
	}
}

static const char *
value(const char *at, const char *end, int depth)
{
	if (at == end)
		return NULL;
	if (*at == '{' || *at == '[')
		return container(at, end, depth);
	if (*at == '"')
		return string(at, end);
	return *at == '-' || is_digit(*at) ? number(at, end) : word(at, end);
}

bool
json_is_whole(struct slice text)
{
	const char *end = text.data + text.length;
	size_t bad;
	if (!utf8_valid(text.data, text.length, &bad))
		return false;
	const char *behind = value(over_blank(text.data, end), end, 0);
	return behind && over_blank(behind, end) == end;
}

/* ---- walking through what was checked ---- */

struct json_walk
json_walk(struct slice text)
{
	const char *end = text.data + text.length, *at = over_blank(text.data, end);
	if (at == end || (*at != '{' && *at != '['))
		return (struct json_walk){end, end, false};
	return (struct json_walk){at + 1, end, *at == '{'};
}

bool
json_next(struct json_walk *walk, struct slice *key, struct slice *found)
{
	const char *at = over_blank(walk->at, walk->end);
	*key = *found = (struct slice){NULL, 0};
	if (at < walk->end && *at == ',')
		at = over_blank(at + 1, walk->end);
	if (at == walk->end || *at == '}' || *at == ']')
		return false;
	if (walk->is_object) {
		const char *behind = string(at, walk->end);
		*key = (struct slice){at, (size_t)(behind - at)};
		at = over_blank(over_blank(behind, walk->end) + 1, walk->end);
	}
	walk->at = value(at, walk->end, 0);
	*found = (struct slice){at, (size_t)(walk->at - at)};
	return true;
}

struct slice
json_get(struct slice object, const char *name)
{
	struct json_walk walk = json_walk(object);
	struct slice key, found;
	size_t length = strlen(name);
	while (walk.is_object && json_next(&walk, &key, &found))
		if (key.length == length + 2 && memcmp(key.data + 1, name, length) == 0)
			return found;
	return (struct slice){NULL, 0};
}

static void
code_add(struct buffer *out, int32_t code)
{
	if (code < 0x80) {
		buffer_char(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buffer_char(out, (char)(0xc0 | code >> 6));
	} else {
		buffer_char(out, (char)(code < 0x10000 ? 0xe0 | code >> 12 : 0xf0 | code >> 18));
		if (code >= 0x10000)
			buffer_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buffer_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buffer_char(out, (char)(0x80 | (code & 0x3f)));
}

bool
json_plain(struct slice text, struct buffer *out)
{
	const char *end = text.data + text.length;
	if (text.length < 2 || *text.data != '"' || string(text.data, end) != end)
		return false;
	for (const char *at = text.data + 1; at < end - 1;) {
		int32_t code;
		if (*at != '\\') {
			buffer_char(out, *at++);
			continue;
		}
		at = escape(at + 1, end, &code);
		code_add(out, code);
	}
	buffer_char(out, '\0');
	out->length--;
	return true;
}

bool
json_is_unsigned(struct slice text, uint64_t *result)
{
	*result = 0;
	for (size_t i = 0; i < text.length; i++) {
		if (!is_digit(text.data[i]) || *result > (UINT64_MAX - 9) / 10)
			return false;
		*result = *result * 10 + (uint64_t)(text.data[i] - '0');
	}
	return text.length > 0;
}
