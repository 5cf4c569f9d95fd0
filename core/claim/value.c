/* See value.h. */
#include "core/claim/value.h"

#include "core/base/memory.h"
#include "core/base/money.h"
#include "core/base/time.h"

#include <stdlib.h>

#define KEPT_BYTES 65536
#define KEPT_SLACK 16                   /* texts are read sixteen bytes at once */
#define DECIMAL_PLACES 4

struct kept_block {
	struct kept_block *next;
	size_t used;
	char data[KEPT_BYTES];
};

/* length is at most an identifier's. */
static const char *
kept_add(struct kept *kept, const char *data, size_t length)
{
	struct kept_block *block = kept->current;
	if (!block || KEPT_BYTES - block->used < length + KEPT_SLACK) {
		struct kept_block *next = block ? block->next : kept->first;
		if (!next) {
			next = memory_resize(NULL, sizeof *next);
			memset(next, 0, sizeof *next);
			*(block ? &block->next : &kept->first) = next;
		}
		next->used = 0;
		block = kept->current = next;
	}
	char *copy = block->data + block->used;
	memcpy(copy, data, length);
	block->used += length;
	return copy;
}

void
kept_reset(struct kept *kept)
{
	kept->current = kept->first;
	if (kept->first)
		kept->first->used = 0;
}

void
kept_free(struct kept *kept)
{
	for (struct kept_block *block = kept->first, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	*kept = (struct kept){0};
}

static bool
starts_number(const char *at)
{
	return (*at >= '0' && *at <= '9') || *at == '-';
}

const char *
value_wrong(struct scan *scan, const char *field, const char *at)
{
	const char *behind = at;
	struct text text;
	struct number number;
	if (at >= scan->end)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	switch (*at) {
	case '{':
	case '[':
		break;
	case '"':
		behind = scan_string(scan, at + 1, &text);
		break;
	case 't':
		behind = scan_literal(scan, at, "true");
		break;
	case 'f':
		behind = scan_literal(scan, at, "false");
		break;
	case 'n':
		behind = scan_literal(scan, at, "null");
		break;
	default:
		behind = scan_number(scan, at, &number);
	}
	return behind ? scan_refuse(scan, REFUSAL_wrong_type, field, at) : NULL;
}

const char *
value_other(struct scan *scan, const char *field, const char *at, bool *empty)
{
	if (*at != 'n')
		return value_wrong(scan, field, at);
	*empty = true;
	return scan_literal(scan, at, "null");
}

/* The characters of a string or a number, NULL in characters->data: neither. */
static const char *
characters_read(struct scan *scan, const char *at, struct text *characters, bool *integer)
{
	struct number number;
	*characters = (struct text){0};
	*integer = true;
	if (*at == '"')
		return scan_string(scan, at + 1, characters);
	if (!starts_number(at))
		return at;
	at = scan_number(scan, at, &number);
	if (at) {
		*characters = (struct text){.data = number.data, .length = number.length};
		*integer = number.integer;
	}
	return at;
}

/* A control character of ASCII, or one of U+0080..U+009F. */
static bool
has_control(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)data[i];
		if (byte < 0x20 || byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < length && (unsigned char)data[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static const char *
code_take(struct scan *scan, const struct place *place, const char *at, const struct text *text, struct slice *code)
{
	if (text->length > CODE_BYTES || has_control(text->data, text->length))
		return scan_refuse(scan, REFUSAL_bad_code, place->field->name, at);
	*code = (struct slice){text->data, text->length};
	while (code->length > 1 && *code->data == '0') {
		code->data++;
		code->length--;
	}
	if (text->escaped)
		code->data = kept_add(place->kept, code->data, code->length);
	return at;
}

static const char *
id_take(struct scan *scan, const struct place *place, const char *at, const struct text *text, struct slice *id)
{
	if (text->escaped && memchr(text->data, 0, text->length))
		return scan_refuse(scan, REFUSAL_invalid_utf8, place->field->name, at);
	if (text->length > place->identifier_bytes)
		return scan_refuse(scan, REFUSAL_too_long, place->field->name, at);
	*id = (struct slice){text->data, text->length};
	if (text->escaped)
		id->data = kept_add(place->kept, id->data, id->length);
	return at;
}

/* What the characters mean to the field. */
static const char *
characters_take(struct scan *scan, const struct place *place, const char *at, const struct text *text, union value *value)
{
	int32_t day;
	const char *name = place->field->name;
	switch (place->field->type) {
	case TYPE_ID:
		return id_take(scan, place, at, text, &value->text);
	case TYPE_CODE:
		return code_take(scan, place, at, text, &value->text);
	case TYPE_AMOUNT:
		return money_parse(text->data, text->length, &value->number) ? at : scan_refuse(scan, REFUSAL_bad_amount, name, at);
	case TYPE_DECIMAL:
		return decimal_parse(text->data, text->length, DECIMAL_PLACES, &value->number)
		    ? at : scan_refuse(scan, REFUSAL_bad_amount, name, at);
	case TYPE_DATE:
		if (!date_parse(text->data, text->length, &day))
			return scan_refuse(scan, REFUSAL_bad_date, name, at);
		value->number = day;
		return at;
	case TYPE_TIME:
		return time_parse(text->data, text->length, &value->number) ? at : scan_refuse(scan, REFUSAL_bad_date, name, at);
	case TYPE_TEXT:
	case TYPE_NESTED:
		break;
	}
	return at;
}

/* Text and nested fields.  A scalar that is no string counts by its characters. */
static const char *
skipped_read(struct scan *scan, const struct place *place, const char *at, bool *empty)
{
	struct text text;
	if (*at == '"') {
		const char *behind = scan_string(scan, at + 1, &text);
		if (!behind)
			return NULL;
		*empty = !text.length;
		*place->skipped = hash128(text.data, text.length);
		return behind;
	}
	if (*at == 'n')
		return value_other(scan, NULL, at, empty);
	bool nested = *at == '{' || *at == '[';
	scan->canon.length = 0;
	const char *behind = scan_any(scan, at, place->depth, nested);
	if (behind)
		*place->skipped = nested ? hash128(scan->canon.data, scan->canon.length) : hash128(at, (size_t)(behind - at));
	return behind;
}

const char *
value_read(struct scan *scan, const struct place *place, const char *at, union value *value, bool *empty)
{
	enum field_type type = place->field->type;
	if (at >= scan->end)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	if (type == TYPE_TEXT || type == TYPE_NESTED) {
		value->text = (struct slice){NULL, 0};
		return skipped_read(scan, place, at, empty);
	}
	struct text text;
	bool integer, quoted = *at == '"';
	const char *behind = characters_read(scan, at, &text, &integer);
	if (!behind)
		return NULL;
	if (!text.data)
		return value_other(scan, place->field->name, at, empty);
	bool number_allowed = type == TYPE_AMOUNT || type == TYPE_DECIMAL || (integer && (type == TYPE_ID || type == TYPE_CODE));
	if (!quoted && !number_allowed)
		return scan_refuse(scan, REFUSAL_wrong_type, place->field->name, at);
	*empty = !text.length;
	if (*empty)
		return behind;
	return characters_take(scan, place, at, &text, value) ? behind : NULL;
}
