/* See buffer.h. */
#include "core/base/buffer.h"

#include "core/base/memory.h"
#include "core/base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
buffer_reserve(struct buffer *buffer, size_t more)
{
	if (buffer->capacity - buffer->length >= more)
		return;
	size_t capacity = buffer->capacity ? buffer->capacity : 256;
	while (capacity - buffer->length < more)
		capacity *= 2;
	buffer->data = memory_resize(buffer->data, capacity);
	buffer->capacity = capacity;
}

void
buffer_add(struct buffer *buffer, const void *data, size_t length)
{
	if (!length)
		return;
	buffer_reserve(buffer, length);
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

void
buffer_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void
buffer_char(struct buffer *buffer, char c)
{
	buffer_reserve(buffer, 1);
	buffer->data[buffer->length++] = c;
}

void
buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length > 0) {
		buffer_reserve(buffer, (size_t)length + 1);
		vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
		buffer->length += (size_t)length;
	}
	va_end(again);
}

void
buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

/* A comma, unless what stands before opens something: a bracket, a key, a line or the buffer. */
static void
json_separate(struct buffer *buffer)
{
	if (buffer->length && !strchr("{[:,\n", buffer->data[buffer->length - 1]))
		buffer_char(buffer, ',');
}

static void
json_quoted(struct buffer *buffer, struct slice text)
{
	buffer_char(buffer, '"');
	for (size_t at = 0, bytes; at < text.length; at += bytes) {
		unsigned char c = (unsigned char)text.data[at];
		bytes = 1;
		if (c == '"' || c == '\\') {
			buffer_char(buffer, '\\');
			buffer_char(buffer, (char)c);
		} else if (c < 0x20) {
			buffer_printf(buffer, "\\u%04x", c);
		} else if (c < 0x80) {
			buffer_char(buffer, (char)c);
		} else {
			int32_t code_point;
			bytes = utf8_next(text.data + at, text.length - at, &code_point);
			if (bytes == 1)
				buffer_text(buffer, "\xef\xbf\xbd");    /* no UTF-8: the line stays valid JSON */
			else
				buffer_add(buffer, text.data + at, bytes);
		}
	}
	buffer_char(buffer, '"');
}

void
json_open(struct buffer *buffer, char bracket)
{
	json_separate(buffer);
	buffer_char(buffer, bracket);
}

void
json_close(struct buffer *buffer, char bracket)
{
	buffer_char(buffer, bracket);
}

void
json_key(struct buffer *buffer, const char *name)
{
	json_separate(buffer);
	json_quoted(buffer, slice_of(name));
	buffer_char(buffer, ':');
}

void
json_string(struct buffer *buffer, struct slice text)
{
	json_separate(buffer);
	json_quoted(buffer, text);
}

void
json_text(struct buffer *buffer, const char *text)
{
	if (text)
		json_string(buffer, slice_of(text));
	else
		json_null(buffer);
}

static void
json_digits(struct buffer *buffer, uint64_t value)
{
	char digits[20];
	size_t first = sizeof digits;
	do
		digits[--first] = (char)('0' + value % 10);
	while (value /= 10);
	buffer_add(buffer, digits + first, sizeof digits - first);
}

void
json_unsigned(struct buffer *buffer, uint64_t value)
{
	json_separate(buffer);
	json_digits(buffer, value);
}

void
json_integer(struct buffer *buffer, int64_t value)
{
	json_separate(buffer);
	if (value < 0)
		buffer_char(buffer, '-');
	json_digits(buffer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
json_bool(struct buffer *buffer, bool value)
{
	json_separate(buffer);
	buffer_text(buffer, value ? "true" : "false");
}

void
json_null(struct buffer *buffer)
{
	json_separate(buffer);
	buffer_text(buffer, "null");
}

void
json_double(struct buffer *buffer, double value)
{
	if (!isfinite(value)) {
		json_null(buffer);
		return;
	}
	char text[64];
	snprintf(text, sizeof text, "%.6e", value);
	/* The locale may print another decimal point, of any length. */
	char *point = text + (*text == '-') + 1;
	char *digits = point + strcspn(point, "0123456789");
	json_separate(buffer);
	buffer_char(buffer, '"');
	buffer_add(buffer, text, (size_t)(point - text));
	buffer_char(buffer, '.');
	buffer_text(buffer, digits);
	buffer_char(buffer, '"');
}
