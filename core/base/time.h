/* Civil time of Beijing (UTC+8, no daylight saving), never from TZ.
 *
 * A day is an int32_t: days since 1970-01-01.  A time is an int64_t: seconds since 1970-01-01 00:00:00 Beijing
 * time, so time / 86400 is the day (no leap seconds).  A month is an int32_t: year * 12 + (month - 1).
 * Nothing here reads a clock. */
#ifndef FW_TIME_H
#define FW_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEIJING_OFFSET_SECONDS 28800
#define DAY_SECONDS 86400
#define TIME_TEXT_SIZE 32

/* Proleptic Gregorian.  month 1..12, day 1..31; the caller has checked them (day_is_valid). */
int32_t day_from_civil(int32_t year, int32_t month, int32_t day);
void day_to_civil(int32_t day, int32_t *year, int32_t *month, int32_t *day_of_month);
bool day_is_valid(int32_t year, int32_t month, int32_t day);

static inline int32_t
time_day(int64_t time)
{
	return (int32_t)(time >= 0 ? time / DAY_SECONDS : (time - DAY_SECONDS + 1) / DAY_SECONDS);
}

int32_t day_year(int32_t day);
int32_t day_month(int32_t day);         /* year * 12 + month - 1 */
int32_t month_first_day(int32_t month);

/* "2024-03-01", "2024-03", "2024-03-01T09:00:00+08:00"; into TIME_TEXT_SIZE bytes; gives the buffer back. */
char *day_text(int32_t day, char buffer[TIME_TEXT_SIZE]);
char *month_text(int32_t month, char buffer[TIME_TEXT_SIZE]);
/* A year of twelve months by its first: "2024" of a calendar year, else its days, "2022-09-01/2023-08-31". */
char *year_text(int32_t first_month, char buffer[TIME_TEXT_SIZE]);
char *time_text(int64_t time, char buffer[TIME_TEXT_SIZE]);

/* Dates and times of contract 1.1: YYYY-MM-DD or YYYYMMDD, a time part allowed (blank or T, HH:MM:SS, a fraction
 * that is cut, an offset +08:00 / +0800 / Z that is converted).  date_parse takes the civil day of Beijing.
 * time_parse also takes a bare date as midnight.  False: not of that form, 24:00:00, second 60, impossible date. */
bool date_parse(const char *text, size_t length, int32_t *day);
bool time_parse(const char *text, size_t length, int64_t *time);

#endif
