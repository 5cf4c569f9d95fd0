/* The decoder against cJSON, over generated messages and mutated ones: whatever the decoder accepts has the values
 * that cJSON gives, whatever it refuses has the mistake that it names.  Where cJSON takes what is no JSON (anything
 * behind the object, numbers like 01, control characters, bytes that are no UTF-8) strict_json.h decides; where it loses
 * digits (its numbers are doubles) values are compared as doubles. */
#include "core/base/money.h"
#include "core/base/time.h"
#include "core/claim/decode.h"
#include "tests/unit/run.h"
#include "tests/unit/strict_json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>

#define MESSAGES 120000
#define MESSAGE_BYTES 16384

static uint64_t state;

static unsigned
below(unsigned bound)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)((state >> 33) % bound);
}

struct message {
	char bytes[MESSAGE_BYTES + RECORD_PADDING];
	size_t length;
};

static void
put(struct message *message, const char *text)
{
	size_t length = strlen(text);
	if (message->length + length < MESSAGE_BYTES) {
		memcpy(message->bytes + message->length, text, length);
		message->length += length;
	}
}

static const char *
one_of(const char *const words[], size_t count)
{
	return words[below((unsigned)count)];
}

#define ONE_OF(...) one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
put_blank(struct message *message)
{
	if (below(12) == 0)
		put(message, ONE_OF(" ", "\n", "\t\r", "   "));
}

static void
put_text(struct message *message)
{
	put(message, "\"");
	for (unsigned i = below(40); i > 0; i--)
		put(message, below(3) ? ONE_OF("a", "b", "0", "7", "-", " ", ":")
		    : ONE_OF("居", "é", "😀", "\\n", "\\\"", "\\\\", "\\u5c45", "\\ud83d\\ude00", "\\u0041", "\\/", "{", "}", ",", "\\u0000"));
	put(message, "\"");
}

static void
put_any(struct message *message, unsigned depth)
{
	unsigned kind = below(depth < 5 ? 8 : 6);
	if (kind == 0)
		put(message, ONE_OF("null", "true", "false"));
	else if (kind < 3)
		put(message, ONE_OF("0", "-0", "1.5", "1e5", "-2.5E-3", "123456789012345678901234567890", "7"));
	else if (kind < 6)
		put_text(message);
	else {
		put(message, kind == 6 ? "[" : "{");
		for (unsigned i = 0, count = below(4); i < count; i++) {
			put(message, i ? "," : "");
			put_blank(message);
			if (kind == 7) {
				put_text(message);
				put(message, ":");
			}
			put_any(message, depth + 1);
		}
		put(message, kind == 6 ? "]" : "}");
	}
}

/* A value that mostly suits the field. */
static void
put_value(struct message *message, const struct field *field)
{
	char text[64];
	bool odd = below(150) == 0;
	if (below(200) == 0) {
		put_any(message, 1);
		return;
	}
	if (below(15) == 0) {
		if (!field->required || odd)
			put(message, ONE_OF("null", "\"\""));
		else
			put(message, field->type == TYPE_TIME ? "\"2024-03-01 09:00:00\"" : "\"140902\"");
		return;
	}
	switch (field->type) {
	case TYPE_ID:
		snprintf(text, sizeof text, below(3) ? "\"%s%u%06u\"" : "%.0s%u%06u", ONE_OF("", "H14", "S-", "居"), 1 + below(99999), below(1000000));
		break;
	case TYPE_CODE:
		snprintf(text, sizeof text, below(3) ? "\"%s%u\"" : "%.0s%u", odd ? "00000000000" : ONE_OF("", "0", "00", "A"),
		    below(1000000));
		break;
	case TYPE_AMOUNT:
		snprintf(text, sizeof text, below(3) ? "%s%u%s" : "\"%s%u%s\"", ONE_OF("", "", "-"), below(below(2) ? 100 : 1000000000),
		    odd ? ".125" : ONE_OF("", ".0", ".00", ".5", ".25", ".99", ".1000"));
		break;
	case TYPE_DECIMAL:
		snprintf(text, sizeof text, below(3) ? "%u%s" : "\"%u%s\"", below(120),
		    odd ? ".00001" : ONE_OF("", ".5", ".1234", ".12340"));
		break;
	case TYPE_DATE:
	case TYPE_TIME:
		snprintf(text, sizeof text, below(2) ? "\"%04u-%02u-%02u%s\"" : "\"%04u%02u%02u%s\"", 1900 + below(200), 1 + below(12),
		    1 + below(odd ? 31 : 28), odd ? " 24:00:00" : ONE_OF("", " 09:00:00", "T23:59:59", " 16:00:00Z", "T01:02:03.5+08:00"));
		break;
	default:
		put_any(message, 1);
		return;
	}
	put(message, text);
}

static void
put_key(struct message *message, const struct field *field)
{
	char name[64];
	snprintf(name, sizeof name, "\"%s\"", field->name);
	unsigned spelling = below(20);
	for (size_t i = 0; i < settlement_alias_count && spelling == 0; i++)
		if (strcmp(settlement_aliases[i].name, field->name) == 0)
			snprintf(name, sizeof name, "\"%s\"", settlement_aliases[i].alias);
	if (spelling == 1)
		for (char *at = name; *at; at++)
			*at = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
	if (spelling == 2)
		snprintf(name, sizeof name, "\"\\u%04x%s\"", (unsigned)field->name[0], field->name + 1);
	put(message, name);
}

static void
message_make(struct message *message)
{
	message->length = 0;
	put_blank(message);
	put(message, "{");
	unsigned start = below(SETTLEMENT_FIELDS), left_out = below(8) ? below(100) : 0;
	for (unsigned i = 0, written = 0; i < SETTLEMENT_FIELDS; i++) {
		const struct field *field = &settlement_fields[(start + i) % SETTLEMENT_FIELDS];
		if (below(100) < left_out && (!field->required || below(100) == 0))
			continue;
		put(message, written++ ? "," : "");
		put_blank(message);
		if (below(40) == 0) {
			put_text(message);
			put(message, ":");
			put_any(message, 1);
			put(message, ",");
		}
		put_key(message, below(5000) ? field : &settlement_fields[below(SETTLEMENT_FIELDS)]);
		put_blank(message);
		put(message, ":");
		put_blank(message);
		put_value(message, field);
		put_blank(message);
	}
	put(message, "}");
	put_blank(message);
}

static void
message_mutate(struct message *message)
{
	for (unsigned i = 1 + below(3); i > 0 && message->length > 2; i--) {
		size_t at = below((unsigned)message->length), other = below((unsigned)message->length);
		size_t count = 1 + below(below(4) ? 3 : 40);
		switch (below(6)) {
		case 0:
			message->bytes[at] = (char)below(256);
			break;
		case 1:
			message->bytes[at] = ONE_OF("\"", "\\", ",", ":", "{", "}", "[", "]", "0", "e", ".", "-", "\xe5", "\x80", " ")[0];
			break;
		case 2:
			if (at + count < message->length) {
				memmove(message->bytes + at, message->bytes + at + count, message->length - at - count);
				message->length -= count;
			}
			break;
		case 3:
			if (at + count < message->length && other + count < message->length)
				memmove(message->bytes + at, message->bytes + other, count);
			break;
		case 4:
			if (below(4) == 0)
				message->length = at;
			break;
		default:
			if (message->length + count < MESSAGE_BYTES) {
				memmove(message->bytes + at + count, message->bytes + at, message->length - at);
				message->length += count;
			}
		}
	}
}

/* The field that a key stands for, looked for in the tables one by one; -1: none. */
static int
field_of(const char *key)
{
	char lower[64];
	size_t length = strlen(key);
	if (length >= sizeof lower)
		return -1;
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] + 32 : key[i]);
	for (size_t i = 0; i < settlement_alias_count; i++)
		if (strcmp(settlement_aliases[i].alias, lower) == 0)
			return field_of(settlement_aliases[i].name);
	for (int i = 0; i < SETTLEMENT_FIELDS; i++)
		if (strcmp(settlement_fields[i].name, lower) == 0)
			return i;
	return -1;
}

static bool
is_absent(const cJSON *item)
{
	return !item || cJSON_IsNull(item) || (cJSON_IsString(item) && !*item->valuestring);
}

static bool
matches(const char *pattern, const char *text)
{
	static struct { const char *pattern; regex_t compiled; } known[4];
	size_t i = 0;
	while (known[i].pattern && known[i].pattern != pattern)
		i++;
	if (!known[i].pattern) {
		known[i].pattern = pattern;
		ck_assert_int_eq(regcomp(&known[i].compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	}
	return regexec(&known[i].compiled, text, 0, NULL, 0) == 0;
}

static const char AMOUNT[] = "^-?[0-9]+(\\.[0-9]{1,2}0*)?$", DECIMAL[] = "^-?[0-9]+(\\.[0-9]{1,4}0*)?$";

static bool
text_is(struct slice text, const char *wanted)
{
	return slice_equal(text, slice_of(wanted));
}

/* The text of a code or identifier against cJSON's value. */
static bool
characters_agree(struct slice text, const cJSON *item, bool code)
{
	if (cJSON_IsNumber(item)) {
		char digits[80];
		snprintf(digits, sizeof digits, "%.*s", (int)text.length, text.data);
		return strtod(digits, NULL) == item->valuedouble;
	}
	const char *wanted = item->valuestring;
	while (code && wanted[0] == '0' && wanted[1])
		wanted++;
	return cJSON_IsString(item) && text_is(text, wanted);
}

static bool
number_agrees(int64_t number, const cJSON *item, const char *pattern, double scale)
{
	if (cJSON_IsString(item) && !matches(pattern, item->valuestring))
		return false;
	double value = cJSON_IsString(item) ? strtod(item->valuestring, NULL) : item->valuedouble;
	return fabs((double)number - value * scale) <= fabs(value * scale) * 1e-15 + 0.01;
}

static bool
value_agrees(const struct claim *claim, unsigned field, const cJSON *item)
{
	int32_t day;
	int64_t time;
	const union value *value = &claim->value[field];
	switch (settlement_fields[field].type) {
	case TYPE_ID:
		return characters_agree(value->text, item, false);
	case TYPE_CODE:
		return characters_agree(value->text, item, true);
	case TYPE_AMOUNT:
		return number_agrees(value->number, item, AMOUNT, 100);
	case TYPE_DECIMAL:
		return number_agrees(value->number, item, DECIMAL, 10000);
	case TYPE_DATE:
		return cJSON_IsString(item) && date_parse(item->valuestring, strlen(item->valuestring), &day) && day == value->number;
	case TYPE_TIME:
		return cJSON_IsString(item) && time_parse(item->valuestring, strlen(item->valuestring), &time) && time == value->number;
	default:
		return true;
	}
}

/* cJSON ends a string at \u0000: then nothing is compared. */
static bool
has_nul_escape(const struct message *message)
{
	return memmem(message->bytes, message->length, "\\u0000", 6) != NULL;
}

static void
check_accepted(const struct message *message, const struct claim *claim, const cJSON *object)
{
	const cJSON *found[SETTLEMENT_FIELDS] = {0};
	for (const cJSON *item = object->child; item; item = item->next) {
		int field = field_of(item->string);
		NEED(field < 0 || !found[field] || has_nul_escape(message), "%s twice", item->string);
		if (field >= 0)
			found[field] = item;
	}
	if (has_nul_escape(message))
		return;
	for (unsigned field = 0; field < SETTLEMENT_FIELDS; field++) {
		NEED(claim_has(claim, field) == !is_absent(found[field]), "%s in %.*s", settlement_fields[field].name, (int)message->length, message->bytes);
		NEED(is_absent(found[field]) || value_agrees(claim, field, found[field]), "%s in %.*s", settlement_fields[field].name,
		    (int)message->length, message->bytes);
	}
}

/* Whether that value deserves that reason. */
static bool
value_is_wrong(const struct field *field, const cJSON *item, enum refusal_reason reason)
{
	const char *text = cJSON_IsString(item) ? item->valuestring : NULL;
	bool number = cJSON_IsNumber(item), amount = field->type == TYPE_AMOUNT;
	int64_t time, fen;
	switch (reason) {
	case REFUSAL_wrong_type:
		return !text && !cJSON_IsNull(item);
	case REFUSAL_bad_amount:
		if (text && matches(amount ? AMOUNT : DECIMAL, text))
			return amount ? !money_parse(text, strlen(text), &fen) : fabs(strtod(text, NULL)) >= 1e14;
		return text || number;
	case REFUSAL_bad_date:
		return text && !time_parse(text, strlen(text), &time);
	case REFUSAL_bad_code:
		return number || strlen(text) > 16 || strpbrk(text, "\n\x7f\x01") != NULL;
	case REFUSAL_too_long:
		return number || strlen(text) > 64;
	default:
		return false;
	}
}

static void
check_refused(const struct message *message, const struct refusal *why, const cJSON *object)
{
	unsigned same = 0, missing = 0;
	bool wrong = false;
	for (const cJSON *item = object->child; item; item = item->next) {
		int field = field_of(item->string);
		if (field < 0 || !why->field || strcmp(settlement_fields[field].name, why->field) != 0)
			continue;
		same++;
		missing += is_absent(item);
		wrong |= value_is_wrong(&settlement_fields[field], item, why->reason);
	}
	bool right = why->reason == REFUSAL_duplicate_key ? same > 1 : why->reason == REFUSAL_missing_required ? same == missing : wrong;
	NEED(right || has_nul_escape(message), "%s %s in %.*s", refusal_names[why->reason], why->field, (int)message->length, message->bytes);
}

static struct { unsigned accepted, refused[REFUSAL_COUNT]; } seen;

static void
check(struct decoder *decoder, struct message *message)
{
	struct claim claim;
	struct refusal why;
	memset(message->bytes + message->length, (int)below(256), RECORD_PADDING);
	bool accepted = decode_settlement(decoder, message->bytes, message->length, &claim, &why);
	enum strict_verdict verdict = strict_json(message->bytes, message->length);
	cJSON *object = cJSON_ParseWithLength(message->bytes, message->length);
	if (accepted) {
		seen.accepted++;
		NEED(verdict == STRICT_VALID && object, "accepted: %.*s", (int)message->length, message->bytes);
		check_accepted(message, &claim, object);
	} else {
		bool form = why.reason == REFUSAL_not_json || why.reason == REFUSAL_trailing_bytes;
		seen.refused[why.reason]++;
		NEED(!form || verdict == STRICT_INVALID, "%s at %lld: %.*s", refusal_names[why.reason], (long long)why.byte, (int)message->length, message->bytes);
		NEED(form || why.reason != REFUSAL_invalid_utf8 || verdict != STRICT_VALID || has_nul_escape(message), "invalid_utf8 at %lld: %.*s",
		    (long long)why.byte, (int)message->length, message->bytes);
		NEED(why.byte >= -1 && why.byte <= (int64_t)message->length, "byte %lld", (long long)why.byte);
		if (verdict == STRICT_VALID && object && why.reason != REFUSAL_invalid_utf8 && why.reason != REFUSAL_too_deep)
			check_refused(message, &why, object);
	}
	cJSON_Delete(object);
	decoder_reset(decoder);
}

START_TEST(what_cjson_says_is_what_was_decoded)
{
	struct decoder *decoder = decoder_open(DECODE_LIMITS_DEFAULT);
	static struct message message;
	state = 20240301;
	setlocale(LC_CTYPE, "C.UTF-8");
	for (int i = 0; i < MESSAGES; i++) {
		message_make(&message);
		if (i % 2)
			message_mutate(&message);
		check(decoder, &message);
	}
	decoder_close(decoder);
	/* The generator reaches every kind of outcome often enough to mean something. */
	ck_assert_uint_gt(seen.accepted, MESSAGES / 10);
	static const enum refusal_reason common[] = {REFUSAL_not_json, REFUSAL_invalid_utf8, REFUSAL_duplicate_key, REFUSAL_missing_required,
		REFUSAL_wrong_type, REFUSAL_bad_amount, REFUSAL_bad_date, REFUSAL_bad_code};
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		ck_assert_msg(seen.refused[common[i]] > 50, "%s: %u", refusal_names[common[i]], seen.refused[common[i]]);
}
END_TEST

RUN_TESTS("decode against cJSON", what_cjson_says_is_what_was_decoded)
