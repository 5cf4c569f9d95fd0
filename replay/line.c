/* See line.h.  The writer puts no blank between tokens (core/base/buffer.h); none is looked for. */
#include "replay/line.h"

#include <stdlib.h>

/* Length of the string that begins with a quote, with both quotes; 0: it does not end. */
static size_t
string_length(const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		if (text[i] == '\\')
			i++;
		else if (text[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Length of the value at the beginning of the text; 0: none. */
static size_t
value_length(const char *text, size_t length)
{
	size_t depth = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (c == '"') {
			size_t string = string_length(text + i, length - i);
			if (string == 0)
				return 0;
			i += string - 1;
		}
		bool closes = c == '}' || c == ']';
		if (depth == 0 && (closes || c == ','))
			return i;
		depth += c == '{' || c == '[';
		depth -= closes;
		if (depth == 0 && (closes || c == '"'))
			return i + 1;
	}
	return 0;
}

static void
skip(struct slice *text, size_t length)
{
	text->data += length;
	text->length -= length;
}

bool
line_next(struct slice *rest, struct slice *name, struct slice *value)
{
	if (rest->length < 2 || !strchr("{[,", rest->data[0]))
		return false;
	skip(rest, 1);
	*name = (struct slice){rest->data, 0};
	size_t quoted = rest->data[0] == '"' ? string_length(rest->data, rest->length) : 0;
	if (quoted && quoted < rest->length && rest->data[quoted] == ':') {
		*name = (struct slice){rest->data + 1, quoted - 2};
		skip(rest, quoted + 1);
	}
	size_t length = value_length(rest->data, rest->length);
	*value = (struct slice){rest->data, length};
	skip(rest, length);
	return length > 0;
}

struct slice
line_member(struct slice object, const char *name)
{
	struct slice member, value;
	if (object.length == 0 || object.data[0] != '{')
		return (struct slice){NULL, 0};
	while (line_next(&object, &member, &value))
		if (slice_equal(member, slice_of(name)))
			return value;
	return (struct slice){NULL, 0};
}

struct slice
line_at(struct slice object, const char *outer, const char *inner)
{
	return line_member(line_member(object, outer), inner);
}

/* \uXXXX of the writer is a control character; of anything else its UTF-8 in at most three bytes. */
static void
add_unit(struct buffer *out, const char *digits)
{
	char text[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};
	unsigned long unit = strtoul(text, NULL, 16);
	if (unit < 0x80) {
		buffer_char(out, (char)unit);
		return;
	}
	if (unit < 0x800) {
		buffer_char(out, (char)(0xC0 | unit >> 6));
	} else {
		buffer_char(out, (char)(0xE0 | unit >> 12));
		buffer_char(out, (char)(0x80 | (unit >> 6 & 0x3F)));
	}
	buffer_char(out, (char)(0x80 | (unit & 0x3F)));
}

void
line_text(struct buffer *out, struct slice value)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	if (value.length == 0 || slice_equal(value, SLICE("null")))
		return;
	if (value.data[0] != '"') {
		buffer_add(out, value.data, value.length);
		return;
	}
	for (size_t i = 1; i + 1 < value.length; i++) {
		char c = value.data[i];
		if (c != '\\') {
			buffer_char(out, c);
			continue;
		}
		c = value.data[++i];
		const char *control = strchr(from, c);
		if (c == 'u' && i + 5 < value.length) {
			add_unit(out, value.data + i + 1);
			i += 4;
		} else {
			buffer_char(out, control && c ? to[control - from] : c);
		}
	}
}

bool
line_integer(struct slice value, int64_t *number)
{
	char text[24], *end;
	if (value.length == 0 || value.length >= sizeof text)
		return false;
	memcpy(text, value.data, value.length);
	text[value.length] = '\0';
	*number = strtoll(text, &end, 10);
	return *end == '\0';
}
