/* Exact amounts, their limits, ratios half to even. */
#include "core/base/money.h"
#include "core/base/slice.h"
#include "tests/unit/run.h"

static void
amount(const char *text, int64_t wanted)
{
	int64_t fen = -77;
	ck_assert_msg(money_parse(text, strlen(text), &fen), "%s", text);
	ck_assert_int_eq(fen, wanted);
}

static void
no_amount(const char *text)
{
	int64_t fen = -77;
	ck_assert_msg(!money_parse(text, strlen(text), &fen), "%s", text);
	ck_assert_int_eq(fen, -77);
}

START_TEST(amounts_become_fen)
{
	amount("0", 0);
	amount("-0", 0);
	amount("-0.00", 0);
	amount("1", 100);
	amount("1.5", 150);
	amount("1.05", 105);
	amount("-1234.56", -123456);
	amount("0.10000000", 10);
	amount("007.50", 750);
	amount("00000000000000000000000001.00", 100);
	amount("99999999999999.99", MONEY_MAX_FEN);
	amount("-99999999999999.99", -MONEY_MAX_FEN);
	amount("99999999999999.9900", MONEY_MAX_FEN);
}
END_TEST

START_TEST(what_is_no_amount_is_refused)
{
	static const char *const wrong[] = {"", "-", ".", ".5", "5.", "-.5", "+1", "1e2", "1E2", "1,000.00", " 1", "1 ", "1.005", "0.001",
		"1.0.0", "--1", "1-", "0x10", "NaN", "Infinity", "１", "1.\xd9\xa1", "100000000000000", "100000000000000.00",
		"-100000000000000", "99999999999999999999999999", "9223372036854775807", "9223372036854775808", "18446744073709551617"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		no_amount(wrong[i]);
	int64_t fen;
	ck_assert(!money_parse("1\0", 2, &fen));
	ck_assert(money_parse("12", 1, &fen));
	ck_assert_int_eq(fen, 100);
}
END_TEST

START_TEST(every_amount_comes_back)
{
	uint64_t state = 1;
	for (int i = 0; i < 200000; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		int64_t fen = (int64_t)(state >> 1) % (MONEY_MAX_FEN + 1), back;
		if (state & 1)
			fen = -fen;
		char text[MONEY_TEXT_SIZE];
		money_text(fen, text);
		NEED(money_parse(text, strlen(text), &back) && back == fen, "%s", text);
	}
}
END_TEST

START_TEST(amounts_are_written_with_two_places)
{
	char text[MONEY_TEXT_SIZE];
	ck_assert_str_eq(money_text(0, text), "0.00");
	ck_assert_str_eq(money_text(5, text), "0.05");
	ck_assert_str_eq(money_text(-5, text), "-0.05");
	ck_assert_str_eq(money_text(-123450, text), "-1234.50");
	ck_assert_str_eq(money_text(INT64_MIN, text), "-92233720368547758.08");
	ck_assert_str_eq(money_text(INT64_MAX, text), "92233720368547758.07");
}
END_TEST

START_TEST(decimals_have_their_places)
{
	int64_t scaled = 0;
	ck_assert(decimal_parse("0.95", 4, 6, &scaled));
	ck_assert_int_eq(scaled, 950000);
	ck_assert(decimal_parse("3", 1, 0, &scaled));
	ck_assert_int_eq(scaled, 3);
	ck_assert(decimal_parse("3.000", 5, 0, &scaled));
	ck_assert_int_eq(scaled, 3);
	ck_assert(!decimal_parse("3.1", 3, 0, &scaled));
	ck_assert(!decimal_parse("0.0000001", 9, 6, &scaled));
	ck_assert(decimal_parse("999999999999.999999", 19, 6, &scaled));
	ck_assert_int_eq(scaled, INT64_C(999999999999999999));
	ck_assert(!decimal_parse("1000000000000", 13, 6, &scaled));
	ck_assert(decimal_parse("-999999999999999999", 19, 0, &scaled));
	ck_assert_int_eq(scaled, INT64_C(-999999999999999999));
	ck_assert(!decimal_parse("1000000000000000000", 19, 0, &scaled));
}
END_TEST

static void
ratio(int64_t numerator, int64_t denominator, const char *wanted)
{
	char text[MONEY_TEXT_SIZE];
	ck_assert_str_eq(ratio_text(numerator, denominator, text), wanted);
}

START_TEST(ratios_are_rounded_half_to_even)
{
	ratio(7, 10, "0.700000");
	ratio(0, 5, "0.000000");
	ratio(1, 3, "0.333333");
	ratio(2, 3, "0.666667");
	ratio(-2, 3, "-0.666667");
	ratio(1, 2000000, "0.000000");          /* 0.0000005 */
	ratio(3, 2000000, "0.000002");          /* 0.0000015 */
	ratio(5, 2000000, "0.000002");          /* 0.0000025 */
	ratio(1000001, 2000000, "0.500000");    /* 0.5000005 */
	ratio(1000003, 2000000, "0.500002");
	ratio(-1, 2000000, "0.000000");
	ratio(-1, 1999999, "-0.000001");
	ratio(1999999, 2000000, "1.000000");
	ratio(INT64_MAX, 1, "9223372036854775807.000000");
	ratio(INT64_MAX, INT64_MAX, "1.000000");
	ratio(INT64_MIN, INT64_MAX, "-1.000000");
}
END_TEST

RUN_TESTS("money", amounts_become_fen, what_is_no_amount_is_refused, every_amount_comes_back, amounts_are_written_with_two_places,
    decimals_have_their_places, ratios_are_rounded_half_to_even)
