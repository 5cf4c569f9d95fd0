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
	return digit_at(at) <= 9 || *at == '-';
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

const char *
value_amount_slow(struct scan *scan, const char *field, const char *at, int64_t *fen, bool *empty)
{
	struct text text;
	struct number number;
	const char *behind;
	struct slice digits;
	if (*at == '"') {
		behind = scan_string(scan, at + 1, &text);
		digits = (struct slice){text.data, text.length};
	} else if (starts_number(at)) {
		behind = scan_number(scan, at, &number);
		digits = (struct slice){number.data, number.length};
	} else {
		return value_other(scan, field, at, empty);
	}
	if (!behind)
		return NULL;
	*empty = !digits.length;
	if (digits.length && !money_parse(digits.data, digits.length, fen))
		return scan_refuse(scan, REFUSAL_bad_amount, field, at);
	return behind;
}

const char *
value_decimal(struct scan *scan, const char *field, const char *at, int64_t *scaled, bool *empty)
{
	struct text text;
	struct number number;
	const char *behind;
	struct slice digits;
	if (*at == '"') {
		behind = scan_string(scan, at + 1, &text);
		digits = (struct slice){text.data, text.length};
	} else if (starts_number(at)) {
		behind = scan_number(scan, at, &number);
		digits = (struct slice){number.data, number.length};
	} else {
		return value_other(scan, field, at, empty);
	}
	if (!behind)
		return NULL;
	*empty = !digits.length;
	if (digits.length && !decimal_parse(digits.data, digits.length, DECIMAL_PLACES, scaled))
		return scan_refuse(scan, REFUSAL_bad_amount, field, at);
	return behind;
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

/* A string or an integer by its characters. */
static const char *
characters_read(struct scan *scan, const char *field, const char *at, struct slice *characters, bool *escaped, bool *empty)
{
	struct text text;
	struct number number;
	const char *behind;
	*escaped = false;
	if (*at == '"') {
		behind = scan_string(scan, at + 1, &text);
		if (!behind)
			return NULL;
		*characters = (struct slice){text.data, text.length};
		*escaped = text.escaped;
		*empty = !text.length;
		return behind;
	}
	if (!starts_number(at))
		return value_other(scan, field, at, empty);
	behind = scan_number(scan, at, &number);
	if (!behind)
		return NULL;
	*characters = (struct slice){number.data, number.length};
	return number.integer ? behind : scan_refuse(scan, REFUSAL_wrong_type, field, at);
}

const char *
value_code_slow(struct scan *scan, struct kept *kept, const char *field, const char *at, struct slice *code, bool *empty)
{
	struct slice characters;
	bool escaped;
	const char *behind = characters_read(scan, field, at, &characters, &escaped, empty);
	if (!behind || *empty)
		return behind;
	if (characters.length > CODE_BYTES || has_control(characters.data, characters.length))
		return scan_refuse(scan, REFUSAL_bad_code, field, at);
	*code = zeros_strip(characters.data, characters.length);
	if (escaped)
		code->data = kept_add(kept, code->data, code->length);
	return behind;
}

const char *
value_id_slow(struct scan *scan, struct kept *kept, const char *field, size_t most, const char *at, struct slice *id, bool *empty)
{
	bool escaped;
	const char *behind = characters_read(scan, field, at, id, &escaped, empty);
	if (!behind || *empty)
		return behind;
	if (escaped && memchr(id->data, 0, id->length))
		return scan_refuse(scan, REFUSAL_invalid_utf8, field, at);
	if (id->length > most)
		return scan_refuse(scan, REFUSAL_too_long, field, at);
	if (escaped)
		id->data = kept_add(kept, id->data, id->length);
	return behind;
}

const char *
value_date_slow(struct scan *scan, const char *field, const char *at, int64_t *day, bool *empty)
{
	struct text text;
	int32_t parsed;
	if (*at != '"')
		return value_other(scan, field, at, empty);
	const char *behind = scan_string(scan, at + 1, &text);
	if (!behind)
		return NULL;
	*empty = !text.length;
	if (*empty)
		return behind;
	if (!date_parse(text.data, text.length, &parsed))
		return scan_refuse(scan, REFUSAL_bad_date, field, at);
	*day = parsed;
	return behind;
}

const char *
value_time_slow(struct scan *scan, const char *field, const char *at, int64_t *time, bool *empty)
{
	struct text text;
	if (*at != '"')
		return value_other(scan, field, at, empty);
	const char *behind = scan_string(scan, at + 1, &text);
	if (!behind)
		return NULL;
	*empty = !text.length;
	if (text.length && !time_parse(text.data, text.length, time))
		return scan_refuse(scan, REFUSAL_bad_date, field, at);
	return behind;
}

const char *
value_skipped(struct scan *scan, uint32_t depth, const char *at, struct hash128 *hash, bool *empty)
{
	struct text text;
	const char *behind;
	if (*at == '"') {
		behind = scan_string(scan, at + 1, &text);
		if (!behind)
			return NULL;
		*empty = !text.length;
		*hash = hash128(text.data, text.length);
		return behind;
	}
	if (*at == 'n') {
		*empty = true;
		return scan_literal(scan, at, "null");
	}
	bool nested = *at == '{' || *at == '[';
	scan->canon.length = 0;
	behind = scan_any(scan, at, depth, nested);
	if (!behind)
		return NULL;
	*hash = nested ? hash128(scan->canon.data, scan->canon.length) : hash128(at, (size_t)(behind - at));
	return behind;
}

bool
date_read_usual(const char *at, int64_t *day)
{
	int32_t parsed;
	if (at[4] != '-' || !date_parse(at, 10, &parsed))
		return false;
	*day = parsed;
	return true;
}

bool
time_read_usual(const char *at, int64_t *time)
{
	return at[10] == ' ' && time_parse(at, 19, time);
}
