/* See headers.h. */
#include "daemon/headers.h"

#include "core/base/digest.h"
#include "daemon/clock.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 3, 4)))
add(struct headers *headers, const char *name, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	headers->item[headers->count].name = name;
	vsnprintf(headers->item[headers->count++].value, HEADER_VALUE_SIZE, format, arguments);
	va_end(arguments);
}

void
headers_event_id(struct slice line, char id[EVENT_ID_SIZE])
{
	uint8_t digest[DIGEST_BYTES];
	sha256(line.data, line.length, digest);
	hex_text(digest, (EVENT_ID_SIZE - 1) / 2, id);
}

void
headers_make(struct headers *headers, const char *instance, const char *type, struct slice line, const struct origin *origin, int64_t now_ms)
{
	char id[EVENT_ID_SIZE], time[CLOCK_TEXT_SIZE];
	headers->count = 0;
	headers_event_id(line, id);
	add(headers, "ce_specversion", "%s", "1.0");
	add(headers, "ce_id", "%s", id);
	add(headers, "ce_source", "/fundwatch/%s", instance);
	add(headers, "ce_type", "fundwatch.%s", type);
	add(headers, "ce_time", "%s", clock_text(now_ms, time));
	add(headers, "content-type", "%s", "application/json");
	if (!origin || !origin->topic)
		return;
	add(headers, "ce_sourcetopic", "%s", origin->topic);
	add(headers, "ce_sourcepartition", "%d", (int)origin->partition);
	add(headers, "ce_sourceoffset", "%lld", (long long)origin->offset);
	if (origin->record_ms != INT64_MIN)
		add(headers, "ce_recordtime", "%s", clock_text(origin->record_ms, time));
	add(headers, "ce_takentime", "%s", clock_text(origin->taken_ms, time));
	add(headers, "ce_decodens", "%lld", (long long)origin->decode_ns);
	add(headers, "ce_scorens", "%lld", (long long)origin->score_ns);
}

void
headers_group(struct headers *headers, const char *group)
{
	add(headers, "ce_group", "%s", group);
}

void
headers_position(struct headers *headers, uint64_t position)
{
	add(headers, "ce_archiveposition", "%llu", (unsigned long long)position);
}
