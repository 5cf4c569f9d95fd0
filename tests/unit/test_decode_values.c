/* The decoder against contract 1.1 to 1.4: presence, values of every type, content, memory, enrolments. */
#include "core/base/time.h"
#include "tests/unit/decode_checks.h"

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

START_TEST(every_byte_of_an_identifier_counts)
{
	for (size_t length = 1; length <= 64; length++) {
		char id[65], text[128];
		memset(id, 'x', length);
		id[length] = '\0';
		snprintf(text, sizeof text, "\"mdtrt_id\":\"%s\"", id);
		struct hash128 plain = content(text);
		for (size_t place = 0; place < length; place++) {
			text[12 + place] = 'y';
			struct hash128 changed = content(text);
			NEED(changed.low != plain.low && changed.high != plain.high, "%s", text);
			text[12 + place] = 'x';
		}
		struct hash128 again = content(text);
		NEED(again.low == plain.low && again.high == plain.high, "%s", text);
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

RUN_TESTS("decode values", null_and_empty_are_absent, required_fields_are_needed, identifiers_are_exact,
    identifiers_of_every_length_up_to_64, identifiers_have_a_type, codes_differ_in_more_than_leading_zeros,
    bad_codes_are_refused, amounts_are_exact, bad_amounts_are_refused, decimals_have_four_places,
    dates_and_times_are_of_beijing, bad_dates_are_refused, the_same_content_in_another_spelling, other_content_is_told_apart,
    every_byte_of_an_identifier_counts,
    escaped_strings_live_until_the_reset, what_was_learnt_never_changes_a_record, an_enrolment_is_read,
    identities_may_be_absent_or_none, bad_enrolments_are_refused, identities_are_limited, identities_enter_the_content)
