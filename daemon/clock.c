/* See clock.h. */
#include "daemon/clock.h"

#include "core/base/time.h"

#include <stdio.h>
#include <string.h>

char *
clock_text(int64_t wall_ms, char buffer[CLOCK_TEXT_SIZE])
{
	int64_t seconds = wall_ms / 1000, ms = wall_ms % 1000;
	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	char text[TIME_TEXT_SIZE];
	time_text(seconds + BEIJING_OFFSET_SECONDS, text);
	size_t to_second = strlen("2024-04-01T09:00:00");
	snprintf(buffer, CLOCK_TEXT_SIZE, "%.*s.%03d%s", (int)to_second, text, (int)ms, text + to_second);
	return buffer;
}
