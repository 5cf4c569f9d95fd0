/* Days against the C library's calendar, every day of three thousand years; what a date or time may look like. */
#include "core/base/time.h"
#include "tests/unit/run.h"

#include <string.h>
#include <time.h>

START_TEST(days_are_those_of_the_library)
{
	for (int32_t day = -719162; day <= 2932896; day++) {
		int32_t year, month, day_of_month;
		day_to_civil(day, &year, &month, &day_of_month);
		NEED(day_from_civil(year, month, day_of_month) == day, "day %d", day);
		if (day % 7 == 0) {
			time_t seconds = (time_t)day * DAY_SECONDS;
			struct tm civil;
			gmtime_r(&seconds, &civil);
			NEED(civil.tm_year + 1900 == year && civil.tm_mon + 1 == month && civil.tm_mday == day_of_month, "day %d", day);
		}
	}
}
END_TEST

START_TEST(days_before_the_first_year_come_back)
{
	for (int32_t day = -2000000; day < -719162; day += 13) {
		int32_t year, month, day_of_month;
		day_to_civil(day, &year, &month, &day_of_month);
		NEED(day_from_civil(year, month, day_of_month) == day, "day %d", day);
	}
}
END_TEST

START_TEST(impossible_days_are_known)
{
	ck_assert(day_is_valid(2024, 2, 29));
	ck_assert(day_is_valid(2000, 2, 29));
	ck_assert(!day_is_valid(2023, 2, 29));
	ck_assert(!day_is_valid(1900, 2, 29));
	ck_assert(!day_is_valid(2024, 2, 30));
	ck_assert(!day_is_valid(2024, 4, 31));
	ck_assert(!day_is_valid(2024, 0, 1));
	ck_assert(!day_is_valid(2024, 13, 1));
	ck_assert(!day_is_valid(2024, 1, 0));
	ck_assert(!day_is_valid(2024, 1, 32));
	ck_assert(!day_is_valid(0, 1, 1));
	ck_assert(!day_is_valid(10000, 1, 1));
	ck_assert(day_is_valid(9999, 12, 31));
}
END_TEST

START_TEST(months_have_numbers)
{
	int32_t day = day_from_civil(2024, 3, 31);
	ck_assert_int_eq(day_year(day), 2024);
	ck_assert_int_eq(day_month(day), 2024 * 12 + 2);
	ck_assert_int_eq(month_first_day(2024 * 12 + 2), day_from_civil(2024, 3, 1));
	ck_assert_int_eq(month_first_day(2024 * 12 + 11) + 31, month_first_day(2025 * 12));
	ck_assert_int_eq(time_day(-1), -1);
	ck_assert_int_eq(time_day(-DAY_SECONDS), -1);
	ck_assert_int_eq(time_day(-DAY_SECONDS - 1), -2);
	ck_assert_int_eq(time_day(DAY_SECONDS - 1), 0);
}
END_TEST

START_TEST(days_months_and_times_are_written)
{
	char text[TIME_TEXT_SIZE];
	int32_t day = day_from_civil(2024, 3, 1);
	ck_assert_str_eq(day_text(day, text), "2024-03-01");
	ck_assert_str_eq(month_text(2024 * 12, text), "2024-01");
	ck_assert_str_eq(month_text(2024 * 12 + 11, text), "2024-12");
	ck_assert_str_eq(time_text((int64_t)day * DAY_SECONDS + 9 * 3600 + 5 * 60 + 7, text), "2024-03-01T09:05:07+08:00");
	ck_assert_str_eq(time_text(-1, text), "1969-12-31T23:59:59+08:00");
	ck_assert_str_eq(day_text(day_from_civil(7, 1, 2), text), "0007-01-02");
	time_text(INT64_C(2147483647) * DAY_SECONDS, text);
	ck_assert_uint_lt(strlen(text), TIME_TEXT_SIZE);
	day_text(INT32_MIN, text);
	ck_assert_uint_lt(strlen(text), TIME_TEXT_SIZE);
}
END_TEST

static void
means(const char *text, const char *wanted)
{
	int64_t time = 0;
	int32_t day = 0;
	char written[TIME_TEXT_SIZE];
	ck_assert_msg(time_parse(text, strlen(text), &time), "%s", text);
	ck_assert_str_eq(time_text(time, written), wanted);
	ck_assert(date_parse(text, strlen(text), &day));
	ck_assert_int_eq(day, time_day(time));
}

START_TEST(times_of_all_forms_are_read)
{
	means("2024-03-01 09:00:00", "2024-03-01T09:00:00+08:00");
	means("2024-03-01T09:00:00", "2024-03-01T09:00:00+08:00");
	means("20240301 09:00:00", "2024-03-01T09:00:00+08:00");
	means("2024-03-01 09:00:00.999", "2024-03-01T09:00:00+08:00");
	means("2024-03-01T09:00:00.123456789+08:00", "2024-03-01T09:00:00+08:00");
	means("2024-03-01T09:00:00+0800", "2024-03-01T09:00:00+08:00");
	means("2024-03-01T01:00:00Z", "2024-03-01T09:00:00+08:00");
	means("2024-02-29T20:30:00-00:30", "2024-03-01T05:00:00+08:00");
	means("2024-12-31T16:00:00Z", "2025-01-01T00:00:00+08:00");
	means("2024-01-01T00:00:00+09:00", "2023-12-31T23:00:00+08:00");
	means("2024-03-01", "2024-03-01T00:00:00+08:00");
	means("20240229", "2024-02-29T00:00:00+08:00");
	means("2024-03-01 23:59:59", "2024-03-01T23:59:59+08:00");
}
END_TEST

START_TEST(other_forms_are_no_times)
{
	static const char *const wrong[] = {"", "2024", "2024-03", "2024-3-1", "2024/03/01", "24-03-01", "2024-03-1 09:00:00",
		"2024-02-30", "2023-02-29", "20230229", "2024-13-01", "2024-00-01", "2024-01-00", "0000-01-01", "2024-03-01 24:00:00",
		"2024-03-01 09:60:00", "2024-03-01 09:00:60", "2024-03-01 9:00:00", "2024-03-01 09:00", "2024-03-01  09:00:00",
		"2024-03-01t09:00:00", "2024-03-01T09:00:00z", "2024-03-01T09:00:00.", "2024-03-01T09:00:00.Z", "2024-03-01T09:00:00+8",
		"2024-03-01T09:00:00+08", "2024-03-01T09:00:00+24:00", "2024-03-01T09:00:00+08:60", "2024-03-01T09:00:00+08-00",
		"2024-03-01T09:00:00 +08:00", "2024-03-01T09:00:00Z ", " 2024-03-01", "2024-03-01 ", "2024-03-01T", "20240301090000",
		"2024-03-01Z", "-024-03-01", "2024-0301", "202403-01", "2024-03-01 -9:00:00", "1709251200000", "9999-12-31T23:00:00-02:00",
		"0001-01-01T00:00:00+09:00", "２０２４-03-01"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int64_t time = 7;
		int32_t day = 7;
		ck_assert_msg(!time_parse(wrong[i], strlen(wrong[i]), &time), "%s", wrong[i]);
		ck_assert_msg(!date_parse(wrong[i], strlen(wrong[i]), &day), "%s", wrong[i]);
		ck_assert_int_eq(time, 7);
		ck_assert_int_eq(day, 7);
	}
}
END_TEST

START_TEST(the_machine_s_time_zone_does_not_matter)
{
	setenv("TZ", "America/New_York", 1);
	tzset();
	means("2024-03-10 02:30:00", "2024-03-10T02:30:00+08:00");
	means("1991-04-14T02:30:00", "1991-04-14T02:30:00+08:00");
}
END_TEST

RUN_TESTS("time", days_are_those_of_the_library, days_before_the_first_year_come_back, impossible_days_are_known, months_have_numbers,
    days_months_and_times_are_written, times_of_all_forms_are_read, other_forms_are_no_times, the_machine_s_time_zone_does_not_matter)
