/* The ways to read members of the usual spelling against the general way.  A decoder that has learnt nothing reads every
 * member the general way, so it is the truth here: whatever the record, a decoder that has learnt the order of the keys must
 * say the same, with every one of its ways. */
#include "tests/unit/decode_checks.h"

#define RECORDS 12000
#define BYTES 16384
#define WALKS_MAX 8

static uint64_t state = 20240301;

static unsigned
below(unsigned bound)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)((state >> 33) % bound);
}

#define ONE_OF(list) (list)[below(sizeof(list) / sizeof *(list))]

static const char *const amounts[] = {"0", "0.00", "1", "12", "123", "1234567", "9999999.99", "10000000.01", "99999999999999.99", "0.5",
	"0.05", "7.10", "-0.01", "-12345.67", "\"0\"", "\"12.34\"", "\"-12.34\"", "\"\"", "null", "12345.6", "123456.78", "1.230"};
static const char *const codes[] = {"\"1\"", "\"0\"", "\"00\"", "\"01\"", "\"0012\"", "\"310\"", "\"140902\"", "\"ABCDEFGHIJKLMNOP\"",
	"\"0000000000000001\"", "\"\"", "null", "11", "0", "\"a\\u0062\"", "\"\xe4\xb8\xad\"", "\" x\""};
static const char *const ids[] = {"\"1\"", "\"0001\"", "\"14000000000000012345\"", "\"0123456789012345678901234567890\"",
	"\"01234567890123456789012345678901\"", "\"012345678901234567890123456789012\"",
	"\"0123456789012345678901234567890123456789012345678901234567890123\"", "\"\x7f\"", "\"\xe4\xb8\xad\"", "17", "\"x\\ny\""};
static const char *const dates[] = {"\"2024-02-29\"", "\"2023-12-31\"", "\"1900-03-01\"", "\"2000-02-29\"", "\"0001-01-01\"", "\"9999-12-31\"",
	"\"2024-01-31\"", "\"2024-06-30\"", "\"20240301\"", "\"\"", "null"};
static const char *const times[] = {"\"2024-02-29 00:00:00\"", "\"2023-12-31 23:59:59\"", "\"1970-01-01 08:00:00\"", "\"0001-01-01 00:00:00\"",
	"\"2024-03-01T09:00:00+08:00\"", "\"20240301090000\"", "\"2024-03-01\"", "\"2024-11-30 12:34:56\""};
static const char *const decimals[] = {"0", "64", "0.5", "0.1234", "1234567", "12345678", "\"0.5\"", "-1", "\"\"", "null", "1.50000"};
static const char *const bad[] = {"01", "00", "1.234", "1e2", ".5", "5.", "--1", "-", "\"1", "\"2023-02-29\"", "\"1900-02-29\"", "\"2024-13-01\"",
	"\"2024-00-10\"", "\"2024-04-31\"", "\"2024-01-00\"", "\"2024-01-32\"", "\"0000-01-01\"", "\"2024-1-1\"", "\"2024-03-01 24:00:00\"",
	"\"2024-03-01 09:60:00\"", "\"2024-03-01 09:00:60\"", "\"2024/03/01\"", "\"2024-03-01x09:00:00\"", "\"01234567890123456\"", "\"\x7f\"", "\"\x01\"",
	"\"\xc3\x28\"", "\"\xed\xa0\x80\"", "\"\xe4\xb8\"", "\"\\ud800\"", "nul", "nulls", "true", "{", "[1]", "\"\\x\"", "12 34", "123456789012345678", "1.2.3"};

/* Text of every length around the blocks that are looked at at once, of characters of one to four bytes. */
static const char *
text_any(void)
{
	static const char *const characters[] = {"a", "\xe4\xb8\xad", "\xe5\x8c\xbb", "\xef\xbc\x88", "\xea\xb0\x80", "\xed\x95\x9c", "\xc3\xa9",
		"\xf0\x9f\x98\x80", "\xe0\xa4\x95", "\x7f", "!", "\\\""};
	static char text[512];
	unsigned length = 1, wanted = below(72), kinds = below(4) ? 4 : sizeof characters / sizeof *characters;
	text[0] = '"';
	while (length < wanted) {
		const char *character = characters[below(kinds)];
		memcpy(text + length, character, strlen(character));
		length += (unsigned)strlen(character);
	}
	memcpy(text + length, "\"", 2);
	return text;
}

static const char *
value_any(const struct field *field)
{
	if (below(400) == 0)
		return ONE_OF(bad);
	switch (field->type) {
	case TYPE_ID: return below(3) ? ids[below(4)] : ONE_OF(ids);
	case TYPE_CODE: return ONE_OF(codes);
	case TYPE_AMOUNT: return ONE_OF(amounts);
	case TYPE_DATE: return ONE_OF(dates);
	case TYPE_TIME: return ONE_OF(times);
	case TYPE_DECIMAL: return ONE_OF(decimals);
	case TYPE_TEXT: return text_any();
	default: return below(3) ? "\"\"" : below(2) ? "null" : "[{\"a\":1}]";
	}
}

/* Some fields are left out, some come twice, some are not known; the blanks are those of three exporters. */
static size_t
record_make(char *bytes)
{
	static const char *const commas[] = {",", ", ", ",\n\t"}, *const colons[] = {":", ": ", ": "};
	unsigned spelling = below(8) ? 0 : below(3), length = 0, leave_out = below(30), twice = below(8) ? SETTLEMENT_FIELDS : below(SETTLEMENT_FIELDS);
	const char *comma = "{";
	for (unsigned i = 0; i < SETTLEMENT_FIELDS; i++) {
		if (!settlement_fields[i].required && leave_out && below(leave_out) == 0)
			continue;
		if (below(600) == 0) {
			length += (unsigned)sprintf(bytes + length, "%s\"unknown%u\"%s[]", comma, i, colons[spelling]);
			comma = below(20) ? commas[spelling] : "{";
		}
		for (unsigned times_said = 0; times_said <= (i == twice); times_said++) {
			const char *value = settlement_fields[i].required && below(30) ? (settlement_fields[i].type == TYPE_TIME ? times[0] : "\"140902\"")
				: value_any(&settlement_fields[i]);
			length += (unsigned)sprintf(bytes + length, "%s\"%s\"%s%s", comma, settlement_fields[i].name, colons[spelling], value);
			comma = commas[spelling];
		}
	}
	bytes[length++] = '}';
	return length;
}

static size_t
record_spoil(char *bytes, size_t length)
{
	static const char favourites[] = "\"\\,:{}0 .-\xe4\x80\x1f";
	if (below(4) == 0)
		return below((unsigned)length);
	size_t at = below((unsigned)length);
	bytes[at] = below(2) ? favourites[below(sizeof favourites)] : (char)below(256);
	return length;
}

static void
need_same_values(const struct claim *one, const struct claim *other, const char *bytes, size_t length)
{
	NEED(one->present[0] == other->present[0] && one->present[1] == other->present[1], "%.*s", (int)length, bytes);
	NEED(one->content.low == other->content.low && one->content.high == other->content.high, "%.*s", (int)length, bytes);
	for (unsigned i = 0; i < SETTLEMENT_FIELDS; i++) {
		bool is_text = settlement_fields[i].type == TYPE_ID || settlement_fields[i].type == TYPE_CODE;
		bool is_same = is_text ? slice_equal(one->value[i].text, other->value[i].text) : one->value[i].number == other->value[i].number;
		NEED(is_same, "%s in %.*s", settlement_fields[i].name, (int)length, bytes);
	}
}

static void
need_same_refusal(const struct refusal *one, const struct refusal *other, const char *bytes, size_t length)
{
	NEED(one->reason == other->reason && one->field == other->field && one->byte == other->byte, "%s %s %lld, not %s %s %lld: %.*s",
	    refusal_names[one->reason], one->field ? one->field : "", (long long)one->byte, refusal_names[other->reason],
	    other->field ? other->field : "", (long long)other->byte, (int)length, bytes);
}

START_TEST(every_walk_reads_what_the_general_way_reads)
{
	static char bytes[BYTES];
	struct decoder *learnt[WALKS_MAX] = {NULL};
	unsigned walks = 0, taken = 0;
	while (walks < WALKS_MAX && (learnt[walks] = decoder_open_walking(DECODE_LIMITS_DEFAULT, walks)))
		walks++;
	ck_assert_uint_ge(walks, 1);
	for (unsigned i = 0; i < RECORDS; i++) {
		size_t length = record_make(bytes);
		if (i % 3 == 0)
			length = record_spoil(bytes, length);
		char *copy = malloc(length + RECORD_PADDING);
		memcpy(copy, bytes, length);
		memset(copy + length, (int)below(256), RECORD_PADDING);
		static struct claim general, walked;
		struct refusal why_general, why_walked;
		struct decoder *fresh = decoder_open(DECODE_LIMITS_DEFAULT);
		bool good = decode_settlement(fresh, copy, length, &general, &why_general);
		taken += good;
		for (unsigned w = 0; w < walks; w++) {
			bool walked_good = decode_settlement(learnt[w], copy, length, &walked, &why_walked);
			NEED(walked_good == good, "%.*s", (int)length, copy);
			if (good)
				need_same_values(&walked, &general, copy, length);
			else
				need_same_refusal(&why_walked, &why_general, copy, length);
			decoder_reset(learnt[w]);
		}
		decoder_close(fresh);
		free(copy);
	}
	for (unsigned w = 0; w < walks; w++)
		decoder_close(learnt[w]);
	ck_assert_uint_gt(taken, RECORDS / 4);
	ck_assert_uint_lt(taken, RECORDS * 3 / 4);
}
END_TEST

/* Remembered settlements keep their fingerprints: another one for the same record would take them all for changed.  Whoever
 * changes it on purpose gives states another layout. */
START_TEST(fingerprints_stay_what_they_are)
{
	accepted("\"hifp_pay\":12.34,\"med_type\":\"011\",\"psn_name\":\"\xe5\xbc\xa0\xe4\xb8\x89\",\"age\":64,\"medins_setl_id\":\"H14090200001000000000000001\"");
	ck_assert_uint_eq(claim.content.high, UINT64_C(0x30b20a0cf2e08109));
	ck_assert_uint_eq(claim.content.low, UINT64_C(0x6485a023f878e3ae));
}
END_TEST

/* Where no key was learnt there is a pattern of zeros, which a record may hold. */
START_TEST(a_run_of_zeros_is_no_key)
{
	static char bytes[512] = "{" REQUIRED;
	size_t length = strlen(bytes);
	for (int i = 0; i < 3; i++)
		ck_assert(settlement_with("{" REQUIRED "}", length + 1, 0));
	memcpy(bytes + length + 32, "\"7\"}", 4);
	ck_assert(!settlement_with(bytes, length + 36, 0));
	ck_assert_int_eq(why.reason, REFUSAL_not_json);
	ck_assert_int_eq(why.byte, (int64_t)length);
}
END_TEST

RUN_TESTS("ways to read members", a_run_of_zeros_is_no_key, every_walk_reads_what_the_general_way_reads, fingerprints_stay_what_they_are)
