/* Civil days by eras of 400 years (146,097 days) that begin on 1 March, so that the leap day is a year's last. */
#include "core/base/time.h"

#include <stdio.h>
#include <string.h>

#define ERA_DAYS 146097
#define EPOCH_DAYS 719468               /* 0000-03-01 to 1970-01-01 */
#define YEAR_MIN 1
#define YEAR_MAX 9999
#define FIRST_DAY (-719162)             /* 0001-01-01 */
#define LAST_DAY 2932896                /* 9999-12-31 */

int32_t
day_from_civil(int32_t year, int32_t month, int32_t day)
{
	year -= month <= 2;
	int32_t era = (year >= 0 ? year : year - 399) / 400;
	int32_t year_of_era = year - era * 400;
	int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

void
day_to_civil(int32_t day, int32_t *year, int32_t *month, int32_t *day_of_month)
{
	int64_t shifted = (int64_t)day + EPOCH_DAYS;
	int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
	int32_t day_of_era = (int32_t)(shifted - era * ERA_DAYS);
	int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int32_t month_from_march = (5 * day_of_year + 2) / 153;
	*day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*year = year_of_era + (int32_t)(era * 400) + (*month <= 2);
}

static bool
year_is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool
day_is_valid(int32_t year, int32_t month, int32_t day)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && year_is_leap(year));
}

int32_t
day_year(int32_t day)
{
	int32_t year, month, day_of_month;
	day_to_civil(day, &year, &month, &day_of_month);
	return year;
}

int32_t
day_month(int32_t day)
{
	int32_t year, month, day_of_month;
	day_to_civil(day, &year, &month, &day_of_month);
	return year * 12 + month - 1;
}

int32_t
month_first_day(int32_t month)
{
	int32_t year = (month >= 0 ? month : month - 11) / 12;
	return day_from_civil(year, month - year * 12 + 1, 1);
}

/* At least width digits, zeros in front; gives the end. */
static char *
number_put(char *at, int32_t value, int width)
{
	char reversed[10];
	int count = 0;
	if (value < 0)
		*at++ = '-';
	uint32_t rest = value < 0 ? 0 - (uint32_t)value : (uint32_t)value;
	for (; rest || count < width; rest /= 10)
		reversed[count++] = (char)('0' + rest % 10);
	while (count)
		*at++ = reversed[--count];
	return at;
}

static char *
day_put(char *at, int32_t day)
{
	int32_t year, month, day_of_month;
	day_to_civil(day, &year, &month, &day_of_month);
	at = number_put(at, year, 4);
	*at++ = '-';
	at = number_put(at, month, 2);
	*at++ = '-';
	return number_put(at, day_of_month, 2);
}

char *
day_text(int32_t day, char buffer[TIME_TEXT_SIZE])
{
	*day_put(buffer, day) = '\0';
	return buffer;
}

char *
month_text(int32_t month, char buffer[TIME_TEXT_SIZE])
{
	int32_t year = (month >= 0 ? month : month - 11) / 12;
	char *at = number_put(buffer, year, 4);
	*at++ = '-';
	*number_put(at, month - year * 12 + 1, 2) = '\0';
	return buffer;
}

char *
year_text(int32_t first_month, char buffer[TIME_TEXT_SIZE])
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
	if (first_month % 12 == 0)
		snprintf(buffer, TIME_TEXT_SIZE, "%d", first_month / 12);
	else
		snprintf(buffer, TIME_TEXT_SIZE, "%.10s/%.10s", day_text(month_first_day(first_month), from),
		    day_text(month_first_day(first_month + 12) - 1, to));
	return buffer;
}

char *
time_text(int64_t time, char buffer[TIME_TEXT_SIZE])
{
	int32_t day = time_day(time);
	int32_t second = (int32_t)(time - (int64_t)day * DAY_SECONDS);
	char *at = day_put(buffer, day);
	*at++ = 'T';
	at = number_put(at, second / 3600, 2);
	*at++ = ':';
	at = number_put(at, second / 60 % 60, 2);
	*at++ = ':';
	at = number_put(at, second % 60, 2);
	memcpy(at, "+08:00", sizeof "+08:00");
	return buffer;
}

/* Reads count digits; -1: one of them is none. */
static int32_t
digits(const char *text, int count)
{
	int32_t value = 0;
	for (int i = 0; i < count; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';
		if (digit > 9)
			return -1;
		value = value * 10 + (int32_t)digit;
	}
	return value;
}

/* Bytes of the date at text, 0: none. */
static size_t
date_read(const char *text, size_t length, int32_t *day)
{
	if (length < 8)
		return 0;
	bool dashes = length >= 10 && text[4] == '-' && text[7] == '-';
	int32_t year = digits(text, 4);
	int32_t month = digits(text + (dashes ? 5 : 4), 2);
	int32_t day_of_month = digits(text + (dashes ? 8 : 6), 2);
	if (!day_is_valid(year, month, day_of_month))
		return 0;
	*day = day_from_civil(year, month, day_of_month);
	return dashes ? 10 : 8;
}

/* What follows the seconds: a fraction that is cut, then nothing, Z, +HH:MM or +HHMM. */
static bool
zone_read(const char *text, size_t length, int32_t *offset)
{
	if (length && *text == '.') {
		size_t fraction = 1;
		while (fraction < length && (unsigned)(unsigned char)text[fraction] - '0' <= 9)
			fraction++;
		if (fraction == 1)
			return false;
		text += fraction;
		length -= fraction;
	}
	*offset = BEIJING_OFFSET_SECONDS;
	if (!length)
		return true;
	if (length == 1 && *text == 'Z') {
		*offset = 0;
		return true;
	}
	bool colon = length == 6 && text[3] == ':';
	if ((*text != '+' && *text != '-') || (length != 5 && !colon))
		return false;
	int32_t hour = digits(text + 1, 2), minute = digits(text + (colon ? 4 : 3), 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*offset = (hour * 3600 + minute * 60) * (*text == '-' ? -1 : 1);
	return true;
}

bool
time_parse(const char *text, size_t length, int64_t *time)
{
	int32_t day, offset;
	size_t taken = date_read(text, length, &day);
	if (!taken)
		return false;
	if (taken == length) {
		*time = (int64_t)day * DAY_SECONDS;
		return true;
	}
	text += taken;
	length -= taken;
	if (length < 9 || (*text != ' ' && *text != 'T') || text[3] != ':' || text[6] != ':')
		return false;
	int32_t hour = digits(text + 1, 2), minute = digits(text + 4, 2), second = digits(text + 7, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59
	    || !zone_read(text + 9, length - 9, &offset))
		return false;
	int64_t seconds = (int64_t)day * DAY_SECONDS + hour * 3600 + minute * 60 + second + BEIJING_OFFSET_SECONDS - offset;
	if (time_day(seconds) < FIRST_DAY || time_day(seconds) > LAST_DAY)
		return false;
	*time = seconds;
	return true;
}

bool
date_parse(const char *text, size_t length, int32_t *day)
{
	int64_t time;
	if (!time_parse(text, length, &time))
		return false;
	*day = time_day(time);
	return true;
}
