/* Streams of records for tests of saving: random worlds with other people, and a county whose rates are judged. */
#ifndef FW_TEST_SAVE_STREAMS_H
#define FW_TEST_SAVE_STREAMS_H

#include "core/base/buffer.h"
#include "core/score/scorer.h"
#include "tests/property/order.h"

#include <stdio.h>
#include <stdlib.h>

#define STREAM_MOST 700
#define DAYS_SECONDS 86400

struct stream {
	struct record record[STREAM_MOST];
	int64_t tick[STREAM_MOST];      /* after the record; 0: none */
	size_t count;
	struct buffer bytes;
};

static void
replace(char *text, size_t length, const char *from, const char *to)
{
	char *at = memmem(text, length, from, strlen(from));
	if (at)
		memcpy(at, to, strlen(from));
}

/* Other people than those of the worlds: both sexes and none, all ages, numbers too long to be kept in place. */
static void
people_change(struct buffer *line, struct chance *chance)
{
	static const char *const born[] = {"\"1980-01-01\"", "\"2023-12-31\"", "\"1931-02-28\"", "\"2024-02-29\"", "\"1959-07-01\""};
	static const char *const sex[] = {"\"gend\":\"1\"", "\"gend\":\"2\"", "\"gend\":\"9\""};
	buffer_char(line, '\0');       /* for atoi */
	line->length--;
	const char *person = memmem(line->data, line->length, "\"psn_no\":\"p", 11);
	int number = person ? atoi(person + 11) : 0;
	replace(line->data, line->length, born[0], born[number % 5]);
	replace(line->data, line->length, sex[0], sex[below(chance, 10) ? number % 2 : 2]);
	if (number % 3 != 1)
		return;
	struct buffer longer = {0};
	size_t before = (size_t)(person - line->data) + 10;
	buffer_add(&longer, line->data, before);
	buffer_text(&longer, "synthetic-person-with-a-number-longer-than-most-");
	buffer_add(&longer, line->data + before, line->length - before);
	buffer_free(line);
	*line = longer;
}

/* Identities with dates, up to sixteen, other ones for each record. */
static void
identities_change(struct buffer *line, struct chance *chance)
{
	if (!memmem(line->data, line->length, "\"township\"", 10) || percent(chance, 30))
		return;
	line->length--;
	buffer_text(line, ",\"identities\":[");
	unsigned count = below(chance, 17);
	for (unsigned i = 0; i < count; i++)
		buffer_printf(line, "%s{\"psn_idet_type\":\"%u\",\"begndate\":\"2023-%02u-01\",\"enddate\":\"202%u-%02u-28\"}", i ? "," : "",
		    1 + below(chance, 12), 1 + below(chance, 12), 3 + below(chance, 4), 1 + below(chance, 12));
	buffer_text(line, "]}");
}

static void
event_add(struct stream *stream, const struct world *world, const struct event *event, bool arrivals, struct chance *chance)
{
	struct buffer line = {0};
	event_line(world, event, &line);
	people_change(&line, chance);
	if (!memmem(line.data, line.length, "identities", 10))
		identities_change(&line, chance);
	size_t number = stream->count++;
	int64_t arrival_ms = (event->time - 8 * 3600 + (int64_t)below(chance, 5 * DAYS_SECONDS)) * 1000;
	stream->record[number] = (struct record){.kind = event->kind == EVENT_ENROLMENT ? RECORD_ENROLMENT : RECORD_SETTLEMENT,
	    .offset = (int64_t)stream->bytes.length, .length = line.length, .file = "stream", .line = (int64_t)number + 1,
	    .arrival_ms = arrivals && percent(chance, 90) ? arrival_ms : ARRIVAL_UNKNOWN};
	stream->tick[number] = percent(chance, 3) ? event->time + (int64_t)below(chance, 60) * DAYS_SECONDS : 0;
	buffer_add(&stream->bytes, line.data, line.length);
	buffer_free(&line);
}

static void
stream_end(struct stream *stream)
{
	buffer_reserve(&stream->bytes, RECORD_PADDING);
	for (size_t i = 0; i < stream->count; i++)
		stream->record[i].bytes = stream->bytes.data + stream->record[i].offset;
}

static void
stream_make(struct stream *stream, uint64_t seed)
{
	static struct world world;
	struct chance chance = {seed * 7919};
	stream->count = stream->bytes.length = 0;
	bool arrivals = percent(&chance, 40);
	for (unsigned worlds = 1 + below(&chance, 6); worlds; worlds--) {
		struct order order;
		world_make(&world, chance_next(&chance));
		order_make(&order, &world, (enum order_kind)below(&chance, ORDER_KINDS), &chance);
		for (size_t i = 0; i < order.count; i++)
			event_add(stream, &world, &world.event[order.event[i]], arrivals, &chance);
	}
	stream_end(stream);
}

/* A county with so many stays of poor persons in one township that alerts are raised, some of them claims that are wrong by
 * themselves; then corrections of closed months. */

#define COUNTY_PERSONS 120
#define COUNTY_STAYS 45                 /* a month */
#define COUNTY_MONTHS 7

struct stay {
	unsigned person, month, day, institution;
};

static void
line_add(struct stream *stream, enum record_kind kind, struct buffer *line)
{
	size_t number = stream->count++;
	stream->tick[number] = 0;
	stream->record[number] = (struct record){.kind = kind, .offset = (int64_t)stream->bytes.length, .length = line->length,
	    .arrival_ms = ARRIVAL_UNKNOWN, .file = "county", .line = (int64_t)number + 1};
	buffer_add(&stream->bytes, line->data, line->length);
	line->length = 0;
}

/* extra: a refund, a void, or a later version. */
static void
stay_add(struct stream *stream, const struct stay *stay, size_t id, const char *prefix, const char *sign, const char *extra)
{
	struct buffer line = {0};
	buffer_printf(&line, "{\"setl_id\":\"%s%zu\",\"mdtrt_id\":\"v%zu\",\"psn_no\":\"p%u\",\"insu_admdvs\":\"140502\",\"insutype\":\"390\","
	    "\"med_type\":\"21\",\"fixmedins_code\":\"H%u\",\"setl_time\":\"2024-%02u-%02u 09:00:00\",\"medfee_sumamt\":%s900.00,"
	    "\"hifp_pay\":%s600.00,\"clr_type\":\"%s\"%s}", prefix, id, id, stay->person, stay->institution, stay->month, stay->day, sign, sign,
	    id % 5 ? "21" : "31", extra);
	line_add(stream, RECORD_SETTLEMENT, &line);
	buffer_free(&line);
}

static void
correction_add(struct stream *stream, const struct stay *all, size_t stays, struct chance *chance)
{
	size_t of = below(chance, (unsigned)stays);
	struct stay stay = all[of];
	char extra[96] = ",\"vali_flag\":\"0\"";
	unsigned kind = below(chance, 4);
	if (kind == 0) {
		snprintf(extra, sizeof extra, ",\"refd_setl_flag\":\"1\",\"init_setl_id\":\"s%zu\"", of);
		stay_add(stream, &stay, of, "r", "-", extra);
		return;
	}
	if (kind > 1) {
		stay.person = below(chance, COUNTY_PERSONS);
		snprintf(extra, sizeof extra, ",\"updt_time\":\"2025-01-01 00:%02u:%02u\"", below(chance, 60), below(chance, 60));
	}
	stay_add(stream, &stay, of, "s", "", extra);
}

static void
county_make(struct stream *stream, uint64_t seed)
{
	struct chance chance = {seed};
	struct buffer line = {0};
	struct stay all[COUNTY_STAYS * COUNTY_MONTHS];
	size_t stays = 0;
	stream->count = 0;
	stream->bytes.length = 0;
	for (unsigned person = 0; person < COUNTY_PERSONS; person++) {
		buffer_printf(&line, "{\"psn_no\":\"p%u\",\"year\":\"2024\",\"insu_admdvs\":\"140502\",\"insutype\":\"390\",\"gend\":\"%u\","
		    "\"township\":\"T%u\"%s}", person, 1 + person / 6 % 2, person % 3, person % 2 ? "" : ",\"identities\":[{\"psn_idet_type\":\"1\"}]");
		line_add(stream, RECORD_ENROLMENT, &line);
	}
	for (unsigned month = 1; month <= COUNTY_MONTHS; month++) {
		for (unsigned i = 0; i < COUNTY_STAYS; i++, stays++) {
			unsigned person = percent(&chance, 40) ? 6 * below(&chance, COUNTY_PERSONS / 6) : below(&chance, COUNTY_PERSONS);
			all[stays] = (struct stay){person, month, 1 + i * 28 / COUNTY_STAYS, 1 + person % 3};
			stay_add(stream, &all[stays], stays, "s", "", "");
			if (month > 2 && i % 3 == 0)
				correction_add(stream, all, stays, &chance);
		}
	}
	buffer_free(&line);
	stream_end(stream);
}

#endif
