/* The decoder against contract 1.1 and 1.2, edge by edge: what is taken, what is refused, why, which field and where. */
#include "core/base/time.h"
#include "core/claim/decode.h"
#include "tests/unit/run.h"

#include <stdio.h>

static struct decoder *decoder;
static struct claim claim;
static struct enrolment enrolment;
static struct refusal why;

static void
open_decoder(void)
{
	if (!decoder)
		decoder = decoder_open(DECODE_LIMITS_DEFAULT);
}

/* A copy with nothing but its padding behind it: what is read beyond that, AddressSanitizer tells.  Padding of several
 * kinds must not change anything. */
static bool
settlement_with(const char *bytes, size_t length, int padding)
{
	static char *copy;
	free(copy);
	copy = malloc(length + RECORD_PADDING);
	memcpy(copy, bytes, length);
	memset(copy + length, padding, RECORD_PADDING);
	open_decoder();
	return decode_settlement(decoder, copy, length, &claim, &why);
}

static bool
enrolment_of(const char *text)
{
	static char *copy;
	size_t length = strlen(text);
	free(copy);
	copy = calloc(1, length + RECORD_PADDING);
	memcpy(copy, text, length);
	open_decoder();
	return decode_enrolment(decoder, copy, length, &enrolment, &why);
}

static bool
settlement(const char *text)
{
	static const char paddings[] = {'\0', '"', '0', '}', ' ', ',', '\\', '\xff', 'e', 'l'};
	struct refusal first = {0};
	bool accepted = false;
	for (size_t i = 0; i < sizeof paddings; i++) {
		bool now = settlement_with(text, strlen(text), paddings[i]);
		if (i == 0) {
			accepted = now;
			first = why;
		}
		ck_assert_msg(now == accepted, "padding %d changes %s", paddings[i], text);
		if (!now)
			ck_assert_msg(why.reason == first.reason && why.byte == first.byte, "padding %d changes %s", paddings[i], text);
	}
	return settlement_with(text, strlen(text), 0);
}

static void
refused(const char *text, enum refusal_reason reason, const char *field, int64_t byte)
{
	ck_assert_msg(!settlement(text), "accepted: %s", text);
	ck_assert_msg(why.reason == reason, "%s: %s, not %s", text, refusal_names[why.reason], refusal_names[reason]);
	ck_assert_pstr_eq(why.field, field);
	ck_assert_msg(why.byte == byte, "%s: byte %lld, not %lld", text, (long long)why.byte, (long long)byte);
}

#define REQUIRED "\"setl_id\":\"s1\",\"psn_no\":\"p1\",\"setl_time\":\"2024-03-01 09:00:00\",\"insu_admdvs\":\"140902\""

#define WHOLE ((int64_t)sizeof("{" REQUIRED "}") - 1)     /* bytes of the smallest record */

/* A whole record with those members in front, which begin at byte 1. */
static const char *
with(const char *members)
{
	static char text[8192];
	snprintf(text, sizeof text, "{%s," REQUIRED "}", members);
	return text;
}

static void
accepted(const char *members)
{
	const char *text = with(members);
	ck_assert_msg(settlement(text), "%s: %s %s at %lld", text, refusal_names[why.reason], why.field ? why.field : "", (long long)why.byte);
}

static void
member_refused(const char *members, enum refusal_reason reason, const char *field, int64_t byte)
{
	refused(with(members), reason, field, byte);
}

static void
expect_text(unsigned field, const char *wanted)
{
	ck_assert(claim_has(&claim, field));
	struct slice text = claim_text(&claim, field);
	ck_assert_msg(slice_equal(text, slice_of(wanted)), "%.*s, not %s", (int)text.length, text.data, wanted);
}

static void
expect_amount(unsigned field, int64_t wanted)
{
	ck_assert(claim_has(&claim, field));
	ck_assert_int_eq(claim.value[field].number, wanted);
}

/* The fingerprint of a record with those members in front. */
static struct hash128
content(const char *members)
{
	accepted(members);
	return claim.content;
}

static bool
same(const char *one, const char *other)
{
	struct hash128 a = content(one), b = content(other);
	return a.low == b.low && a.high == b.high;
}

/* ---- form ---- */

START_TEST(the_smallest_record_is_taken)
{
	ck_assert(settlement("{" REQUIRED "}"));
	expect_text(FIELD_setl_id, "s1");
	expect_text(FIELD_psn_no, "p1");
	expect_text(FIELD_insu_admdvs, "140902");
	char text[TIME_TEXT_SIZE];
	ck_assert_str_eq(time_text(claim.value[FIELD_setl_time].number, text), "2024-03-01T09:00:00+08:00");
	ck_assert_int_eq(__builtin_popcountll(claim.present[0]) + __builtin_popcountll(claim.present[1]), 4);
	ck_assert_int_eq(claim_amount(&claim, FIELD_hifp_pay), 0);
	ck_assert_uint_eq(claim_text(&claim, FIELD_mdtrt_id).length, 0);
}
END_TEST

START_TEST(blanks_may_stand_between_tokens)
{
	ck_assert(settlement(" \t\r\n{ \"setl_id\" : \"s1\" , \"psn_no\"\n:\n\"p1\",\"setl_time\":\"2024-03-01 09:00:00\"\t,\r\"insu_admdvs\":140902 } \n"));
	struct hash128 blank = claim.content;
	ck_assert(settlement("{" REQUIRED "}"));
	ck_assert_uint_eq(blank.low, claim.content.low);
	refused("\v{}", REFUSAL_not_json, NULL, 0);
	refused("{\f}", REFUSAL_not_json, NULL, 1);
	refused("{\xc2\xa0}", REFUSAL_not_json, NULL, 1);
}
END_TEST

START_TEST(only_an_object_is_a_record)
{
	refused("", REFUSAL_not_json, NULL, 0);
	refused("   ", REFUSAL_not_json, NULL, 3);
	refused("[]", REFUSAL_not_json, NULL, 0);
	refused("\"a\"", REFUSAL_not_json, NULL, 0);
	refused(" 12", REFUSAL_not_json, NULL, 1);
	refused("null", REFUSAL_not_json, NULL, 0);
	refused("\xef\xbb\xbf{" REQUIRED "}", REFUSAL_not_json, NULL, 0);
}
END_TEST

START_TEST(a_record_cut_short_is_refused_at_its_end)
{
	const char *whole = "{\"x\":[1,-2.5e+3,{\"y\":true}],\"hifp_pay\":12.50,\"age\":3.5,\"begndate\":\"2024-03-01\",\"psn_name\":\"\\u5c45\","
	    "\"med_type\":null,\"med_fee_sumamt\":\"1.00\"," REQUIRED "}";
	ck_assert(settlement(whole));
	char cut[512];
	for (size_t length = 0; length < strlen(whole); length++) {
		memcpy(cut, whole, length);
		cut[length] = '\0';
		refused(cut, REFUSAL_not_json, NULL, (int64_t)length);
	}
}
END_TEST

START_TEST(nothing_may_follow)
{
	refused("{" REQUIRED "}x", REFUSAL_trailing_bytes, NULL, WHOLE);
	refused("{" REQUIRED "} {}", REFUSAL_trailing_bytes, NULL, WHOLE + 1);
	refused("{" REQUIRED "},", REFUSAL_trailing_bytes, NULL, WHOLE);
	refused("{" REQUIRED "}\xff", REFUSAL_trailing_bytes, NULL, WHOLE);
	ck_assert(!settlement_with("{" REQUIRED "}\0", WHOLE + 1, 0));
	ck_assert_int_eq(why.reason, REFUSAL_trailing_bytes);
	refused("{}x", REFUSAL_trailing_bytes, NULL, 2);
}
END_TEST

START_TEST(what_is_no_json_is_refused_where_it_stops)
{
	refused("{,}", REFUSAL_not_json, NULL, 1);
	refused("{\"a\"}", REFUSAL_not_json, NULL, 4);
	refused("{\"a\":}", REFUSAL_not_json, NULL, 5);
	refused("{\"a\":1,}", REFUSAL_not_json, NULL, 7);
	refused("{\"a\":1 \"b\":2}", REFUSAL_not_json, NULL, 7);
	refused("{a:1}", REFUSAL_not_json, NULL, 1);
	refused("{'a':1}", REFUSAL_not_json, NULL, 1);
	refused("{\"a\":[1,]}", REFUSAL_not_json, NULL, 8);
	refused("{\"a\":[1 2]}", REFUSAL_not_json, NULL, 8);
	refused("{\"a\":{\"b\" 1}}", REFUSAL_not_json, NULL, 10);
	refused("{\"a\":tru}", REFUSAL_not_json, NULL, 8);
	refused("{\"a\":True}", REFUSAL_not_json, NULL, 5);
	refused("{\"a\":nul1}", REFUSAL_not_json, NULL, 8);
	refused("{\"a\":NaN}", REFUSAL_not_json, NULL, 5);
	refused("{\"hifp_pay\":NaN}", REFUSAL_not_json, NULL, 12);
	refused("{\"a\":1]", REFUSAL_not_json, NULL, 6);
	refused("{\"a\":/**/1}", REFUSAL_not_json, NULL, 5);
}
END_TEST

START_TEST(numbers_are_those_of_json)
{
	static const struct { const char *number; int64_t byte; } wrong[] = {{"01", 1}, {"-01", 2}, {"00", 1}, {"+1", 0}, {".5", 0},
		{"1.", 2}, {"1.e3", 2}, {"1e", 2}, {"1e+", 3}, {"-", 1}, {"--1", 1}, {"0x10", 1}, {"1.5.5", 3}, {"1_0", 1}};
	static const char *const fields[] = {"unknown", "hifp_pay", "age", "med_type", "setl_id", "psn_name", "exp_content"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		for (size_t j = 0; j < sizeof fields / sizeof *fields; j++) {
			char text[64];
			int before = snprintf(text, sizeof text, "{\"%s\":", fields[j]);
			strcat(strcat(text, wrong[i].number), "}");
			/* 0x10 or 1_0 is a number with something behind it; a field may find its type wrong before that. */
			if (settlement(text) || why.reason != REFUSAL_not_json)
				ck_assert_msg(strcmp(wrong[i].number, "1.5.5") == 0 && why.reason == REFUSAL_wrong_type, "%s", text);
			else
				ck_assert_msg(why.byte == before + wrong[i].byte, "%s: %lld", text, (long long)why.byte);
		}
	accepted("\"x\":[0,-0,1.50,1e5,1E-5,-1.5e+10,123456789012345678901234567890]");
}
END_TEST

START_TEST(strings_are_those_of_json)
{
	refused("{\"x\":\"a\nb\"}", REFUSAL_not_json, NULL, 7);
	refused("{\"x\":\"a\\q\"}", REFUSAL_not_json, NULL, 7);
	refused("{\"x\":\"a\\u12g4\"}", REFUSAL_not_json, NULL, 7);
	refused("{\"x\":\"a\\u12\"}", REFUSAL_not_json, NULL, 7);
	refused("{\"x\":\"a\\\"}", REFUSAL_not_json, NULL, 10);
	refused("{\"x\":\"0123456789012345678901234567890123456789\x01\"}", REFUSAL_not_json, NULL, 46);
	refused("{\"psn_name\":\"\t\"}", REFUSAL_not_json, NULL, 13);
	refused("{\"setl_id\":\"\t\"}", REFUSAL_not_json, NULL, 12);
	ck_assert(!settlement_with("{\"x\":\"a\0b\"}", 11, 0));
	ck_assert_int_eq(why.reason, REFUSAL_not_json);
	ck_assert_int_eq(why.byte, 7);
	accepted("\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\x7f\"");
}
END_TEST

START_TEST(text_is_utf8_everywhere)
{
	refused("{\"x\":\"\xff\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"\xff\":1}", REFUSAL_invalid_utf8, NULL, 2);
	refused("{\"x\":[{\"y\":\"ab\xe5\xb1\"}]}", REFUSAL_invalid_utf8, NULL, 14);
	refused("{\"x\":[{\"\xc0\x80\":1}]}", REFUSAL_invalid_utf8, NULL, 8);
	refused("{\"psn_name\":\"\xe5\xb1\x85\xe6\xb0\"}", REFUSAL_invalid_utf8, NULL, 16);
	refused("{\"setl_id\":\"\xed\xa0\x80\"}", REFUSAL_invalid_utf8, NULL, 12);
	refused("{\"med_type\":\"\x80\"}", REFUSAL_invalid_utf8, NULL, 13);
	refused("{\"setl_time\":\"\xf5\"}", REFUSAL_invalid_utf8, NULL, 14);
	refused("{\"hifp_pay\":\"\xf5\"}", REFUSAL_invalid_utf8, NULL, 13);
	refused("{\"exp_content\":{\"a\":\"\xf5\"}}", REFUSAL_invalid_utf8, NULL, 21);
	accepted("\"psn_name\":\"居民 é 😀 \\u5c45\",\"居\":1");
}
END_TEST

START_TEST(lone_surrogates_are_refused_everywhere)
{
	refused("{\"x\":\"\\ud800\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\\udc00\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\\ud83d\\u0041\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\\ud83d\\ud83d\\ude00\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\\ude00\\ud83d\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\\ud83dabcdefg\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"\\ud800\":1}", REFUSAL_invalid_utf8, NULL, 2);
	refused("{\"psn_name\":\"a\\ud800\"}", REFUSAL_invalid_utf8, NULL, 14);
	refused("{\"med_type\":\"\\ud800\"}", REFUSAL_invalid_utf8, NULL, 13);
	refused("{\"x\":[\"\\ud800\"]}", REFUSAL_invalid_utf8, NULL, 7);
	refused("{\"setldetail\":[{\"\\ud800\":1}]}", REFUSAL_invalid_utf8, NULL, 17);
}
END_TEST

START_TEST(the_first_mistake_is_told)
{
	refused("{\"x\":\"\\ud800\xff\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\xff\\ud800\"}", REFUSAL_invalid_utf8, NULL, 6);
	refused("{\"x\":\"\\q\xff\"}", REFUSAL_not_json, NULL, 6);
	refused("{\"hifp_pay\":\"x\",\"setl_time\":\"y\",}", REFUSAL_bad_amount, "hifp_pay", 12);
	refused("{\"setl_time\":\"y\",\"hifp_pay\":\"x\",}", REFUSAL_bad_date, "setl_time", 13);
}
END_TEST

/* ---- limits ---- */

static const char *
nested(unsigned brackets)
{
	static char text[512];
	char *at = text + sprintf(text, "{" REQUIRED ",\"x\":");
	for (unsigned i = 0; i < brackets; i++)
		at += sprintf(at, "%s", i % 2 ? "{\"a\":" : "[");
	*at++ = '1';
	for (unsigned i = brackets; i-- > 0;)
		*at++ = i % 2 ? '}' : ']';
	strcpy(at, "}");
	return text;
}

START_TEST(nesting_is_limited)
{
	ck_assert(settlement(nested(31)));
	ck_assert(!settlement(nested(32)));
	ck_assert_int_eq(why.reason, REFUSAL_too_deep);
	ck_assert_int_eq(why.byte, WHOLE + 4 + 16 + 15 * 5);
	static char deep[100100];
	strcpy(deep, "{\"setldetail\":");
	memset(deep + strlen(deep), '[', 100000);
	ck_assert(!settlement_with(deep, sizeof deep - 1, 0));
	ck_assert_int_eq(why.reason, REFUSAL_too_deep);
	ck_assert_int_eq(why.byte, 14 + 31);
}
END_TEST

START_TEST(records_are_limited)
{
	size_t limit = 1 << 20;
	char *bytes = malloc(limit + 1);
	memset(bytes, ' ', limit + 1);
	memcpy(bytes, "{" REQUIRED "}", WHOLE);
	ck_assert(settlement_with(bytes, limit, 0));
	ck_assert(!settlement_with(bytes, limit + 1, 0));
	ck_assert_int_eq(why.reason, REFUSAL_too_large);
	ck_assert_int_eq(why.byte, -1);
	ck_assert_ptr_null(why.field);
	free(bytes);
}
END_TEST

START_TEST(limits_are_settings)
{
	struct decoder *small = decoder_open((struct decode_limits){.depth = 1, .record_bytes = 100, .identifier_bytes = 1});
	static const char deep[164] = "{\"x\":[]}", ids[164] = "{\"setl_id\":\"ab\"}";
	ck_assert(!decode_settlement(small, deep, 8, &claim, &why));
	ck_assert_int_eq(why.reason, REFUSAL_too_deep);
	ck_assert_int_eq(why.byte, 5);
	ck_assert(!decode_settlement(small, ids, strlen(ids), &claim, &why));
	ck_assert_int_eq(why.reason, REFUSAL_too_long);
	ck_assert(!decode_settlement(small, ids, 100, &claim, &why));
	ck_assert_int_eq(why.reason, REFUSAL_too_long);
	decoder_close(small);
}
END_TEST

START_TEST(text_of_any_length_is_read_over)
{
	char *bytes = malloc(700000);
	char *at = bytes + sprintf(bytes, "{" REQUIRED ",\"psn_name\":\"");
	for (int i = 0; i < 100000; i++)
		at += sprintf(at, "%s", i % 3 ? "居" : "\\u5c45");
	at += sprintf(at, "\"}");
	ck_assert(settlement_with(bytes, (size_t)(at - bytes), 0));
	ck_assert(claim_has(&claim, FIELD_psn_name));
	ck_assert_ptr_null(claim_text(&claim, FIELD_psn_name).data);
	free(bytes);
}
END_TEST

/* ---- keys ---- */

START_TEST(keys_come_in_any_order_and_case)
{
	ck_assert(settlement("{\"hifp_pay\":1," REQUIRED ",\"med_type\":\"11\"}"));
	struct hash128 first = claim.content;
	static const char *const others[] = {
		"{\"MED_TYPE\":\"11\",\"INSU_ADMDVS\":\"140902\",\"SETL_TIME\":\"2024-03-01 09:00:00\",\"PSN_NO\":\"p1\",\"SETL_ID\":\"s1\",\"HIFP_PAY\":1}",
		"{\"Med_Type\":\"11\",\"insu_ADMDVS\":\"140902\",\"sETL_tIME\":\"2024-03-01 09:00:00\",\"psn_nO\":\"p1\",\"Setl_Id\":\"s1\",\"hifp_paY\":1}",
		"{\"\\u006ded_type\":\"11\",\"insu\\u005fadmdvs\":\"140902\",\"setl_time\":\"2024-03-01 09:00:00\",\"psn_no\":\"p1\",\"setl_i\\u0064\":\"s1\",\"HIFP\\u005FPAY\":1}",
	};
	for (size_t i = 0; i < 3; i++) {
		ck_assert_msg(settlement(others[i]), "%s: %s", others[i], refusal_names[why.reason]);
		ck_assert_uint_eq(claim.content.low, first.low);
		ck_assert_uint_eq(claim.content.high, first.high);
	}
}
END_TEST

START_TEST(every_field_is_known_by_all_its_names)
{
	for (unsigned field = 0; field < SETTLEMENT_FIELDS; field++) {
		char text[256];
		snprintf(text, sizeof text, "{\"%s\":1,\"%s\":1}", settlement_fields[field].name, settlement_fields[field].name);
		bool judged_first = settlement_fields[field].type == TYPE_DATE || settlement_fields[field].type == TYPE_TIME;
		ck_assert(!settlement(text));
		ck_assert_int_eq(why.reason, judged_first ? REFUSAL_wrong_type : REFUSAL_duplicate_key);
		ck_assert_str_eq(why.field, settlement_fields[field].name);
		ck_assert_int_eq(settlement_field_find(slice_of(settlement_fields[field].name)), (int)field);
	}
	for (size_t i = 0; i < settlement_alias_count; i++) {
		char text[256];
		snprintf(text, sizeof text, "{\"%s\":null,\"%s\":null}", settlement_aliases[i].alias, settlement_aliases[i].name);
		refused(text, REFUSAL_duplicate_key, settlement_aliases[i].name, (int64_t)strlen(settlement_aliases[i].alias) + 9);
		ck_assert_int_eq(settlement_field_find(slice_of(settlement_aliases[i].alias)), settlement_field_find(slice_of(settlement_aliases[i].name)));
	}
	ck_assert_int_eq(settlement_field_find(SLICE("SETL_ID")), -1);
	ck_assert_int_eq(settlement_field_find(SLICE("setl_i")), -1);
	ck_assert_int_eq(settlement_field_find(SLICE("")), -1);
}
END_TEST

START_TEST(a_known_field_comes_once)
{
	refused("{\"setl_id\":\"a\",\"setl_id\":\"a\"}", REFUSAL_duplicate_key, "setl_id", 15);
	refused("{\"setl_id\":\"a\",\"SETL_ID\":\"a\"}", REFUSAL_duplicate_key, "setl_id", 15);
	refused("{\"setl_id\":null, \"setl\\u005fid\":\"a\"}", REFUSAL_duplicate_key, "setl_id", 17);
	refused("{\"oth_pay\":1,\"OTHFUND_PAY\":1}", REFUSAL_duplicate_key, "oth_pay", 13);
	refused("{\"cash_payamt\":1,\"pdn_cash_pay\":1}", REFUSAL_duplicate_key, "psn_cash_pay", 17);
	refused("{\"psn_name\":\"a\",\"psn_name\":\"a\"}", REFUSAL_duplicate_key, "psn_name", 16);
	accepted("\"x\":1,\"x\":2,\"setldetail\":[{\"setl_id\":1,\"setl_id\":2}]");
}
END_TEST

START_TEST(aliases_stand_for_their_fields)
{
	accepted("\"begntime\":\"2024-02-01 08:00:00\",\"endtime\":\"2024-02-03\",\"CASH_PAYAMT\":\"1.00\",\"psn_part_am\":2,\"dise_code\":\"I10\"");
	ck_assert_int_eq((int32_t)claim.value[FIELD_begndate].number, day_from_civil(2024, 2, 1));
	ck_assert_int_eq((int32_t)claim.value[FIELD_enddate].number, day_from_civil(2024, 2, 3));
	expect_amount(FIELD_psn_cash_pay, 100);
	expect_amount(FIELD_psn_part_amt, 200);
	expect_text(FIELD_dise_codg, "I10");
	member_refused("\"cash_payamt\":\"x\"", REFUSAL_bad_amount, "psn_cash_pay", 15);
}
END_TEST

START_TEST(unknown_fields_are_counted_by_name)
{
	struct decoder *own = decoder_open(DECODE_LIMITS_DEFAULT);
	static char text[512];
	size_t count;
	uint64_t more;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 300; i++) {
			sprintf(text, "{\"new_%d\":[{\"inner\":1}],\"居\":\"\"," REQUIRED "}", i);
			ck_assert(decode_settlement(own, text, strlen(text), &claim, &why));
		}
	const struct unknown_field *unknown = decoder_unknown(own, &count, &more);
	ck_assert_uint_eq(count, 256);
	ck_assert_uint_eq(more, 3 * (300 - 255));
	ck_assert_str_eq(unknown[0].name, "new_0");
	ck_assert_uint_eq(unknown[0].count, 3);
	ck_assert_str_eq(unknown[1].name, "居");
	ck_assert_uint_eq(unknown[1].count, 900);
	decoder_close(own);
}
END_TEST

START_TEST(names_of_unknown_fields_are_cut_between_characters)
{
	struct decoder *own = decoder_open(DECODE_LIMITS_DEFAULT);
	static char text[700];
	size_t count;
	uint64_t more;
	strcpy(text, "{\"a");
	for (int i = 0; i < 30; i++)
		strcat(text, "居");
	strcat(text, "\":1,\"\\u001b\\u0000\":2," REQUIRED "}");
	ck_assert(decode_settlement(own, text, strlen(text), &claim, &why));
	const struct unknown_field *unknown = decoder_unknown(own, &count, &more);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(strlen(unknown[0].name), 1 + 20 * 3);
	ck_assert_str_eq(unknown[1].name, "??");
	decoder_close(own);
}
END_TEST

/* ---- presence ---- */

START_TEST(null_and_empty_are_absent)
{
	for (unsigned field = 0; field < SETTLEMENT_FIELDS; field++) {
		static const char *const values[] = {"null", "\"\""};
		const char *name = settlement_fields[field].name;
		for (int i = 0; i < 2 && !settlement_fields[field].required; i++) {
			char text[128];
			snprintf(text, sizeof text, "\"%s\":%s", name, values[i]);
			accepted(text);
			ck_assert(!claim_has(&claim, field));
		}
	}
	ck_assert(same("\"hifp_pay\":null,\"med_type\":\"\",\"psn_name\":null,\"setldetail\":\"\"", "\"unknown\":1"));
}
END_TEST

START_TEST(required_fields_are_needed)
{
	refused("{}", REFUSAL_missing_required, "setl_id", -1);
	refused("{\"setl_id\":\"a\"}", REFUSAL_missing_required, "psn_no", -1);
	refused("{\"setl_id\":null,\"psn_no\":\"p\",\"setl_time\":\"20240301\",\"insu_admdvs\":1}", REFUSAL_missing_required, "setl_id", -1);
	refused("{\"setl_id\":\"a\",\"psn_no\":\"\",\"setl_time\":\"20240301\",\"insu_admdvs\":1}", REFUSAL_missing_required, "psn_no", -1);
	refused("{\"setl_id\":\"a\",\"psn_no\":\"p\",\"setl_time\":\"\",\"insu_admdvs\":1}", REFUSAL_missing_required, "setl_time", -1);
	refused("{\"setl_id\":\"a\",\"psn_no\":\"p\",\"setl_time\":\"20240301\"}", REFUSAL_missing_required, "insu_admdvs", -1);
	ck_assert(settlement("{\"setl_id\":\"a\",\"psn_no\":\"p\",\"setl_time\":\"20240301\",\"insuplc_admdvs\":1}"));
}
END_TEST

/* ---- identifiers and codes ---- */

START_TEST(identifiers_are_exact)
{
	accepted("\"mdtrt_id\":123456789012345678901234567890,\"medins_setl_id\":\"0001\",\"init_setl_id\":0");
	expect_text(FIELD_mdtrt_id, "123456789012345678901234567890");
	expect_text(FIELD_medins_setl_id, "0001");
	expect_text(FIELD_init_setl_id, "0");
	accepted("\"mdtrt_id\":\"a\\u0062\\n\",\"medins_setl_id\":\"\\u5c45\",\"fixmedins_code\":\"H\x7f居\"");
	expect_text(FIELD_mdtrt_id, "ab\n");
	expect_text(FIELD_medins_setl_id, "居");
	expect_text(FIELD_fixmedins_code, "H\x7f居");
	ck_assert(!same("\"mdtrt_id\":\"1\"", "\"mdtrt_id\":\"01\""));
	ck_assert(same("\"mdtrt_id\":\"1234567890123456789\"", "\"mdtrt_id\":1234567890123456789"));
	ck_assert(!same("\"mdtrt_id\":9007199254740993", "\"mdtrt_id\":9007199254740992"));
}
END_TEST

START_TEST(identifiers_of_every_length_up_to_64)
{
	for (int length = 1; length <= 70; length++)
		for (int kind = 0; kind < 3; kind++) {
			char id[80], text[200];
			memset(id, kind == 1 ? '7' : 'x', (size_t)length);
			id[length] = '\0';
			if (kind == 2)
				snprintf(text, sizeof text, "\"mdtrt_id\":\"%.*s\\u0078\"", length - 1, id);
			else
				snprintf(text, sizeof text, kind ? "\"mdtrt_id\":%s" : "\"mdtrt_id\":\"%s\"", id);
			if (length <= 64) {
				accepted(text);
				expect_text(FIELD_mdtrt_id, id);
			} else {
				member_refused(text, REFUSAL_too_long, "mdtrt_id", 12);
			}
		}
}
END_TEST

START_TEST(identifiers_have_a_type)
{
	member_refused("\"mdtrt_id\":1.5", REFUSAL_wrong_type, "mdtrt_id", 12);
	member_refused("\"mdtrt_id\":1e5", REFUSAL_wrong_type, "mdtrt_id", 12);
	member_refused("\"mdtrt_id\":true", REFUSAL_wrong_type, "mdtrt_id", 12);
	member_refused("\"mdtrt_id\":[1]", REFUSAL_wrong_type, "mdtrt_id", 12);
	member_refused("\"mdtrt_id\": {}", REFUSAL_wrong_type, "mdtrt_id", 13);
	member_refused("\"mdtrt_id\":\"a\\u0000b\"", REFUSAL_invalid_utf8, "mdtrt_id", 12);
}
END_TEST

START_TEST(codes_differ_in_more_than_leading_zeros)
{
	accepted("\"hosp_lv\":\"02\",\"med_type\":11,\"gend\":\"0\",\"naty\":\"000\",\"insutype\":0,\"clr_way\":\"A01\",\"clr_type\":\"\\u0030\\u0031\"");
	expect_text(FIELD_hosp_lv, "2");
	expect_text(FIELD_med_type, "11");
	expect_text(FIELD_gend, "0");
	expect_text(FIELD_naty, "0");
	expect_text(FIELD_insutype, "0");
	expect_text(FIELD_clr_way, "A01");
	expect_text(FIELD_clr_type, "1");
	ck_assert(same("\"hosp_lv\":\"02\"", "\"hosp_lv\":2"));
	ck_assert(!same("\"hosp_lv\":\"20\"", "\"hosp_lv\":2"));
}
END_TEST

START_TEST(bad_codes_are_refused)
{
	accepted("\"med_type\":\"1234567890123456\"");
	expect_text(FIELD_med_type, "1234567890123456");
	accepted("\"med_type\":1234567890123456");
	accepted("\"med_type\":\"\\u0031234567890123456\"");
	member_refused("\"med_type\":\"12345678901234567\"", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":12345678901234567", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":\"居居居居居居\"", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":\"1\\n\"", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":\"1\\u0000\"", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":\"1\x7f\"", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":\"\xc2\x85\"", REFUSAL_bad_code, "med_type", 12);
	member_refused("\"med_type\":1.0", REFUSAL_wrong_type, "med_type", 12);
	member_refused("\"med_type\":false", REFUSAL_wrong_type, "med_type", 12);
	member_refused("\"med_type\":{}", REFUSAL_wrong_type, "med_type", 12);
	accepted("\"med_type\":\"门诊 a\"");
	expect_text(FIELD_med_type, "门诊 a");
}
END_TEST

/* ---- amounts, decimals, dates ---- */

START_TEST(amounts_are_exact)
{
	static const struct { const char *text; int64_t fen; } amounts[] = {{"0", 0}, {"-0", 0}, {"1", 100}, {"1.5", 150}, {"1.05", 105},
		{"-1234567.89", -123456789}, {"12345678.9", 1234567890}, {"0.10000000", 10}, {"99999999999999.99", 9999999999999999},
		{"-99999999999999.990", -9999999999999999}, {"9999999", 999999900}, {"10000000", 1000000000}, {"0.00", 0}};
	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
		static const char *const forms[] = {"\"hifp_pay\":%s", "\"hifp_pay\":\"%s\"", "\"hifp_pay\" : %s "};
		for (size_t j = 0; j < 3; j++) {
			char text[128];
			snprintf(text, sizeof text, forms[j], amounts[i].text);
			accepted(text);
			expect_amount(FIELD_hifp_pay, amounts[i].fen);
		}
	}
	accepted("\"hifp_pay\":\"007.50\"");
	expect_amount(FIELD_hifp_pay, 750);
	accepted("\"hifp_pay\":\"\\u0031.00\"");
	expect_amount(FIELD_hifp_pay, 100);
	ck_assert(settlement("{" REQUIRED ",\"hifp_pay\":7.25}"));
	expect_amount(FIELD_hifp_pay, 725);
}
END_TEST

START_TEST(bad_amounts_are_refused)
{
	static const char *const wrong[] = {"1.005", "1e2", "1E2", "-1.999", "100000000000000", "-100000000000000.00", "9223372036854775808",
		"\"+1\"", "\"1e2\"", "\"1,000\"", "\" 1\"", "\"1 \"", "\"abc\"", "\".5\"", "\"5.\"", "\"-\"", "\"1.005\"", "\"１\"", "\"\\u0000\"",
		"\"100000000000000\""};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[128];
		snprintf(text, sizeof text, "\"hifp_pay\":%s", wrong[i]);
		member_refused(text, REFUSAL_bad_amount, "hifp_pay", 12);
	}
	member_refused("\"hifp_pay\":true", REFUSAL_wrong_type, "hifp_pay", 12);
	member_refused("\"hifp_pay\":[]", REFUSAL_wrong_type, "hifp_pay", 12);
	member_refused("\"hifp_pay\":{}", REFUSAL_wrong_type, "hifp_pay", 12);
}
END_TEST

START_TEST(decimals_have_four_places)
{
	accepted("\"age\":34.5,\"pool_prop_selfpay\":\"0.6500\"");
	expect_amount(FIELD_age, 345000);
	expect_amount(FIELD_pool_prop_selfpay, 6500);
	accepted("\"age\":0,\"pool_prop_selfpay\":0.123400");
	expect_amount(FIELD_age, 0);
	expect_amount(FIELD_pool_prop_selfpay, 1234);
	accepted("\"age\":-1");
	expect_amount(FIELD_age, -10000);
	member_refused("\"age\":0.12345", REFUSAL_bad_amount, "age", 7);
	member_refused("\"age\":\"old\"", REFUSAL_bad_amount, "age", 7);
	member_refused("\"age\":1e1", REFUSAL_bad_amount, "age", 7);
	member_refused("\"age\":[]", REFUSAL_wrong_type, "age", 7);
}
END_TEST

START_TEST(dates_and_times_are_of_beijing)
{
	static const struct { const char *text, *day, *time; } forms[] = {
		{"2024-02-29", "2024-02-29", "2024-02-29T00:00:00+08:00"},
		{"20240229", "2024-02-29", "2024-02-29T00:00:00+08:00"},
		{"2024-02-29 23:59:59", "2024-02-29", "2024-02-29T23:59:59+08:00"},
		{"2024-02-29T23:59:59.999", "2024-02-29", "2024-02-29T23:59:59+08:00"},
		{"2024-02-29T16:00:00Z", "2024-03-01", "2024-03-01T00:00:00+08:00"},
		{"2024-02-29 08:00:00+08:00", "2024-02-29", "2024-02-29T08:00:00+08:00"},
		{"2024-02-2\\u0039", "2024-02-29", "2024-02-29T00:00:00+08:00"},
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char text[200], written[TIME_TEXT_SIZE];
		snprintf(text, sizeof text, "\"begndate\":\"%s\",\"updt_time\":\"%s\"", forms[i].text, forms[i].text);
		accepted(text);
		ck_assert_str_eq(day_text((int32_t)claim.value[FIELD_begndate].number, written), forms[i].day);
		ck_assert_str_eq(time_text(claim.value[FIELD_updt_time].number, written), forms[i].time);
	}
}
END_TEST

START_TEST(bad_dates_are_refused)
{
	static const char *const wrong[] = {"2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-03-32", "0000-01-01", "2024-3-1",
		"2024/03/01", "2024-03-01 24:00:00", "2024-03-01 23:60:00", "2024-03-01 23:59:60", "2024-03-01 9:00:00", "2024-03-01 ", "x",
		"2024-03-01T09:00:00+8", "202403", "2024-0x-01", "2024-03-0:", "2024-03-01 0::00:00"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[128];
		snprintf(text, sizeof text, "\"begndate\":\"%s\"", wrong[i]);
		member_refused(text, REFUSAL_bad_date, "begndate", 12);
		snprintf(text, sizeof text, "\"updt_time\":\"%s\"", wrong[i]);
		member_refused(text, REFUSAL_bad_date, "updt_time", 13);
	}
	member_refused("\"begndate\":20240301", REFUSAL_wrong_type, "begndate", 12);
	member_refused("\"updt_time\":1709251200000", REFUSAL_wrong_type, "updt_time", 13);
	member_refused("\"updt_time\":false", REFUSAL_wrong_type, "updt_time", 13);
	member_refused("\"begndate\":[]", REFUSAL_wrong_type, "begndate", 12);
}
END_TEST

/* ---- content ---- */

START_TEST(the_same_content_in_another_spelling)
{
	ck_assert(same("\"psn_name\":\"居\"", "\"psn_name\":\"\\u5c45\""));
	ck_assert(same("\"certno\":140902199001011234", "\"certno\":\"140902199001011234\""));
	ck_assert(same("\"hifp_pay\":1.5", "\"hifp_pay\":\"1.500\""));
	ck_assert(same("\"hifp_pay\":-0", "\"hifp_pay\":0.00"));
	ck_assert(same("\"begndate\":\"2024-02-01\"", "\"begntime\":\"20240201 10:00:00\""));
	ck_assert(same("\"updt_time\":\"2024-02-01 08:00:00\"", "\"updt_time\":\"2024-02-01T00:00:00Z\""));
	ck_assert(same("\"age\":3", "\"age\":\"3.0\""));
	ck_assert(same("\"unknown\":1", "\"unknown\":2,\"other\":[]"));
	ck_assert(same("\"setldetail\":[{\"a\":1,\"b\":\"居\"}]", "\"setldetail\":[ { \"b\" : \"\\u5c45\" , \"\\u0061\" : 1 } ]"));
}
END_TEST

START_TEST(other_content_is_told_apart)
{
	static const char *const different[] = {"\"unknown\":1", "\"psn_name\":\"a\"", "\"psn_name\":\"b\"", "\"emp_name\":\"a\"", "\"hifp_pay\":0",
		"\"hifp_pay\":1", "\"hifes_pay\":1", "\"hifp_pay\":-1", "\"med_type\":\"1\"", "\"med_type\":\"10\"", "\"setl_type\":\"1\"", "\"mdtrt_id\":\"1\"",
		"\"begndate\":\"2024-02-01\"", "\"begndate\":\"1970-01-01\"", "\"enddate\":\"2024-02-01\"", "\"setldetail\":[]", "\"setldetail\":{}",
		"\"setldetail\":[1]", "\"setldetail\":[1,2]", "\"setldetail\":[2,1]", "\"setldetail\":[[1],2]", "\"setldetail\":[[1,2]]",
		"\"setldetail\":[\"1\"]", "\"setldetail\":[null]", "\"setldetail\":[\"\"]", "\"setldetail\":[{\"a\":1}]", "\"setldetail\":[{\"a\":2}]",
		"\"setldetail\":[{\"b\":1}]", "\"setldetail\":[{\"a\":1},{}]", "\"setldetail\":{\"a\":{\"b\":1}}", "\"setldetail\":{\"a\":{},\"b\":1}",
		"\"setldetail\":{\"a\":1,\"b\":2}", "\"setldetail\":{\"a\":2,\"b\":1}", "\"exp_content\":\"x\"", "\"exp_content\":{\"x\":1}",
		"\"setldetail\":[true]", "\"setldetail\":[false]"};
	enum { COUNT = sizeof different / sizeof *different };
	struct hash128 hash[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		hash[i] = content(different[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(hash[i].low != hash[j].low && hash[i].high != hash[j].high, "%s and %s", different[i], different[j]);
	}
}
END_TEST

/* ---- memory and order ---- */

START_TEST(escaped_strings_live_until_the_reset)
{
	enum { RECORDS = 5000 };
	static char text[RECORDS][300];
	static struct claim claims[RECORDS];
	struct decoder *own = decoder_open(DECODE_LIMITS_DEFAULT);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < RECORDS; i++) {
			sprintf(text[i], "{\"mdtrt_id\":\"\\u0041-%d-%d-and-something-longer-than-sixteen\"," REQUIRED "}", round, i);
			ck_assert(decode_settlement(own, text[i], strlen(text[i]), &claims[i], &why));
		}
		for (int i = 0; i < RECORDS; i++) {
			char wanted[100];
			sprintf(wanted, "A-%d-%d-and-something-longer-than-sixteen", round, i);
			NEED(slice_equal(claims[i].value[FIELD_mdtrt_id].text, slice_of(wanted)), "%s", wanted);
		}
		decoder_reset(own);
	}
	decoder_close(own);
}
END_TEST

START_TEST(what_was_learnt_never_changes_a_record)
{
	static const char *const records[] = {
		"{\"hifp_pay\":1,\"med_type\":\"11\"," REQUIRED "}", "{" REQUIRED ",\"med_type\":\"11\",\"hifp_pay\":1}",
		"{\"new\":{},\"MED_TYPE\":\"0011\"," REQUIRED ",\"HIFP_PAY\":1.00}", "{\"hifp_pay\":\"1\"," REQUIRED ",\"other\":0,\"med_type\":11}",
	};
	struct hash128 first = {0, 0};
	unsigned state = 7;
	for (int i = 0; i < 2000; i++) {
		state = state * 1103515245 + 12345;
		const char *record = records[state >> 16 & 3];
		bool taken = settlement_with(record, strlen(record), 0);
		NEED(taken, "%s", record);
		if (i == 0)
			first = claim.content;
		NEED(claim.content.low == first.low && claim.content.high == first.high, "%s", record);
	}
}
END_TEST

/* ---- enrolments ---- */

#define PERSON "\"psn_no\":\"p1\",\"year\":\"2024\",\"insu_admdvs\":\"140902\""

static void
enrolment_refused(const char *text, enum refusal_reason reason, const char *field, int64_t byte)
{
	ck_assert_msg(!enrolment_of(text), "accepted: %s", text);
	ck_assert_msg(why.reason == reason, "%s: %s, not %s", text, refusal_names[why.reason], refusal_names[reason]);
	ck_assert_pstr_eq(why.field, field);
	ck_assert_msg(why.byte == byte, "%s: byte %lld, not %lld", text, (long long)why.byte, (long long)byte);
}

START_TEST(an_enrolment_is_read)
{
	ck_assert(enrolment_of("{" PERSON ",\"tier\":\"01\",\"township\":\"t1\",\"amount\":380,\"BRDY\":\"1950-01-01\",\"identities\":["
	    "{\"psn_idet_type\":\"01\",\"begndate\":\"2024-01-01\",\"enddate\":\"2024-12-31\"}, {\"PSN_IDET_TYPE\":2,\"new\":[1]},"
	    "{\"psn_idet_type\":\"\\u0033\",\"begntime\":\"2024-05-01 10:00:00\",\"enddate\":null}]}"));
	ck_assert_uint_eq(enrolment.identities, 3);
	ck_assert(slice_equal(enrolment.identity[0].psn_idet_type, SLICE("1")));
	ck_assert_int_eq(enrolment.identity[0].begndate, day_from_civil(2024, 1, 1));
	ck_assert_int_eq(enrolment.identity[0].enddate, day_from_civil(2024, 12, 31));
	ck_assert(slice_equal(enrolment.identity[1].psn_idet_type, SLICE("2")));
	ck_assert_int_eq(enrolment.identity[1].begndate, INT32_MIN);
	ck_assert_int_eq(enrolment.identity[1].enddate, INT32_MAX);
	ck_assert(slice_equal(enrolment.identity[2].psn_idet_type, SLICE("3")));
	ck_assert_int_eq(enrolment.identity[2].begndate, day_from_civil(2024, 5, 1));
	ck_assert_int_eq(enrolment.identity[2].enddate, INT32_MAX);
	ck_assert(slice_equal(enrolment.value[ENROLMENT_tier].text, SLICE("1")));
	ck_assert(slice_equal(enrolment.value[ENROLMENT_township].text, SLICE("t1")));
	ck_assert_int_eq((int64_t)enrolment.value[ENROLMENT_amount].number, 38000);
	ck_assert(enrolment.present >> ENROLMENT_identities & 1);
}
END_TEST

START_TEST(identities_may_be_absent_or_none)
{
	static const char *const absent[] = {"", ",\"identities\":null", ",\"identities\":\"\"", ",\"identities\": [ ]"};
	for (int i = 0; i < 4; i++) {
		char text[200];
		snprintf(text, sizeof text, "{" PERSON "%s}", absent[i]);
		ck_assert(enrolment_of(text));
		ck_assert_uint_eq(enrolment.identities, 0);
		ck_assert_int_eq((int)(enrolment.present >> ENROLMENT_identities & 1), i == 3);
	}
}
END_TEST

START_TEST(bad_enrolments_are_refused)
{
	enrolment_refused("{}", REFUSAL_missing_required, "psn_no", -1);
	enrolment_refused("{\"psn_no\":\"p\",\"year\":2024}", REFUSAL_missing_required, "insu_admdvs", -1);
	enrolment_refused("{\"identities\":5}", REFUSAL_wrong_type, "identities", 14);
	enrolment_refused("{\"identities\":{}}", REFUSAL_wrong_type, "identities", 14);
	enrolment_refused("{\"identities\":\"x\"}", REFUSAL_wrong_type, "identities", 14);
	enrolment_refused("{\"identities\":[5]}", REFUSAL_wrong_type, "identities", 15);
	enrolment_refused("{\"identities\":[null]}", REFUSAL_wrong_type, "identities", 15);
	enrolment_refused("{\"identities\":[{}]}", REFUSAL_missing_required, "psn_idet_type", -1);
	enrolment_refused("{\"identities\":[{\"psn_idet_type\":\"1\",\"psn_idet_type\":\"1\"}]}", REFUSAL_duplicate_key, "psn_idet_type", 36);
	enrolment_refused("{\"identities\":[{\"psn_idet_type\":\"1\",\"begndate\":\"2024-02-30\"}]}", REFUSAL_bad_date, "begndate", 47);
	enrolment_refused("{\"identities\":[{\"psn_idet_type\":\"1\"},]}", REFUSAL_not_json, NULL, 37);
	enrolment_refused("{\"identities\":[{\"psn_idet_type\":\"1\"}", REFUSAL_not_json, NULL, 36);
	enrolment_refused("{\"insuplc_admdvs\":1,\"insu_admdvs\":1}", REFUSAL_duplicate_key, "insu_admdvs", 20);
	enrolment_refused("{\"amount\":1.234}", REFUSAL_bad_amount, "amount", 10);
}
END_TEST

START_TEST(identities_are_limited)
{
	char text[2000] = "{" PERSON ",\"identities\":[";
	for (int i = 0; i < IDENTITIES_MAX; i++)
		strcat(text, i ? ",{\"psn_idet_type\":1}" : "{\"psn_idet_type\":1}");
	strcat(text, "]}");
	ck_assert(enrolment_of(text));
	ck_assert_uint_eq(enrolment.identities, IDENTITIES_MAX);
	text[strlen(text) - 2] = '\0';
	int64_t byte = (int64_t)strlen(text) + 1;
	strcat(text, ",{\"psn_idet_type\":1}]}");
	enrolment_refused(text, REFUSAL_too_long, "identities", byte);
}
END_TEST

START_TEST(identities_enter_the_content)
{
	static const char *const lists[] = {"[]", "[{\"psn_idet_type\":1}]", "[{\"psn_idet_type\":2}]", "[{\"psn_idet_type\":1},{\"psn_idet_type\":2}]",
		"[{\"psn_idet_type\":1,\"begndate\":\"2024-01-01\"}]", "[{\"psn_idet_type\":1,\"enddate\":\"2024-01-01\"}]"};
	struct hash128 hash[6];
	for (size_t i = 0; i < 6; i++) {
		char text[300];
		snprintf(text, sizeof text, "{" PERSON ",\"identities\":%s}", lists[i]);
		ck_assert(enrolment_of(text));
		hash[i] = enrolment.content;
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(hash[i].low, hash[j].low);
	}
	ck_assert(enrolment_of("{\"IDENTITIES\":[ {\"new\":1,\"enddate\":\"\", \"PSN_IDET_TYPE\":\"01\"} ]," PERSON "}"));
	ck_assert_uint_eq(enrolment.content.low, hash[1].low);
}
END_TEST

RUN_TESTS("decode", the_smallest_record_is_taken, blanks_may_stand_between_tokens, only_an_object_is_a_record,
    a_record_cut_short_is_refused_at_its_end, nothing_may_follow, what_is_no_json_is_refused_where_it_stops, numbers_are_those_of_json,
    strings_are_those_of_json, text_is_utf8_everywhere, lone_surrogates_are_refused_everywhere, the_first_mistake_is_told,
    nesting_is_limited, records_are_limited, limits_are_settings, text_of_any_length_is_read_over, keys_come_in_any_order_and_case,
    every_field_is_known_by_all_its_names, a_known_field_comes_once, aliases_stand_for_their_fields, unknown_fields_are_counted_by_name,
    names_of_unknown_fields_are_cut_between_characters, null_and_empty_are_absent, required_fields_are_needed, identifiers_are_exact,
    identifiers_of_every_length_up_to_64, identifiers_have_a_type, codes_differ_in_more_than_leading_zeros, bad_codes_are_refused,
    amounts_are_exact, bad_amounts_are_refused, decimals_have_four_places, dates_and_times_are_of_beijing, bad_dates_are_refused,
    the_same_content_in_another_spelling, other_content_is_told_apart, escaped_strings_live_until_the_reset,
    what_was_learnt_never_changes_a_record, an_enrolment_is_read, identities_may_be_absent_or_none, bad_enrolments_are_refused,
    identities_are_limited, identities_enter_the_content)
