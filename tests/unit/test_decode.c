/* The decoder against contract 1.1 and 1.2: form, limits and keys; what is refused, why, which field and where. */
#include "core/base/time.h"
#include "tests/unit/decode_checks.h"

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
	refused("{\"x\":\"\\ud83d\\ue000\"}", REFUSAL_invalid_utf8, NULL, 6);
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

RUN_TESTS("decode", the_smallest_record_is_taken, blanks_may_stand_between_tokens, only_an_object_is_a_record,
    a_record_cut_short_is_refused_at_its_end, nothing_may_follow, what_is_no_json_is_refused_where_it_stops,
    numbers_are_those_of_json, strings_are_those_of_json, text_is_utf8_everywhere, lone_surrogates_are_refused_everywhere,
    the_first_mistake_is_told, nesting_is_limited, records_are_limited, limits_are_settings, text_of_any_length_is_read_over,
    keys_come_in_any_order_and_case, every_field_is_known_by_all_its_names, a_known_field_comes_once,
    aliases_stand_for_their_fields, unknown_fields_are_counted_by_name, names_of_unknown_fields_are_cut_between_characters)
