/* Data quality: problems that leave a claim usable, counted per institution and told when a month of the pool closes. */
#include "core/score/private.h"

#include <stdlib.h>

const char *const quality_names[QUALITY_REASONS] = {
	"year_unlike_setl_time", "replaced_without_newer_updt_time", "no_institution", "refund_not_negative", "not_enrolled", "no_visit",
	"no_township"};

struct quality_count *
quality_of(struct pool *pool, uint32_t institution)
{
	if (institution >= pool->quality_places) {
		size_t places = 2 * (size_t)institution + 64;
		pool->quality_place = memory_resize(pool->quality_place, places * sizeof *pool->quality_place);
		memset(pool->quality_place + pool->quality_places, 0, (places - pool->quality_places) * sizeof *pool->quality_place);
		pool->quality_places = places;
	}
	if (!pool->quality_place[institution]) {
		pool->quality = memory_resize(pool->quality, (pool->quality_count + 1) * sizeof *pool->quality);
		pool->quality[pool->quality_count] = (struct quality_count){.institution = institution};
		pool->quality_place[institution] = (uint32_t)++pool->quality_count;
	}
	return &pool->quality[pool->quality_place[institution] - 1];
}

void
quality_note(struct scorer *scorer, uint32_t pool_name, uint32_t institution, enum quality_reason reason)
{
	scorer->quality[reason]++;
	quality_of(pool_get(scorer, pool_name), institution)->count[reason]++;
}

static void
quality_write(struct scorer *scorer, const struct pool *pool, int32_t month, const struct quality_count *quality)
{
	struct buffer *line = &scorer->line;
	char text[TIME_TEXT_SIZE];
	line->length = 0;
	json_open(line, '{');
	json_key(line, "type");
	json_text(line, "data_quality");
	json_key(line, "pool");
	json_string(line, names_text(&scorer->names, pool->name));
	json_key(line, "fixmedins_code");
	if (quality->institution)
		json_string(line, names_text(&scorer->names, quality->institution));
	else
		json_null(line);
	json_key(line, "period");
	json_text(line, month_text(month, text));
	json_key(line, "counts");
	json_open(line, '{');
	for (size_t reason = 0; reason < QUALITY_REASONS; reason++) {
		if (quality->count[reason] == 0)
			continue;
		json_key(line, quality_names[reason]);
		json_unsigned(line, quality->count[reason]);
	}
	json_close(line, '}');
	json_close(line, '}');
	struct output *output = output_add(scorer, OUTPUT_DATA_QUALITY, (struct slice){line->data, line->length},
	    names_text(&scorer->names, pool->name));
	output->region = names_text(&scorer->names, pool->name);
	output->institution = names_text(&scorer->names, quality->institution);
	output->event_time = (int64_t)month_first_day(month + 1) * DAY_SECONDS - 1;
	output->day = time_day(output->event_time);
}

static int
quality_order(const void *a, const void *b, void *scorer)
{
	const struct names *names = &((struct scorer *)scorer)->names;
	const struct quality_count *left = a, *right = b;
	return slice_compare(names_text(names, left->institution), names_text(names, right->institution));
}

void
say_quality(struct scorer *scorer, struct pool *pool, int32_t month)
{
	if (pool->quality_count)
		qsort_r(pool->quality, pool->quality_count, sizeof *pool->quality, quality_order, scorer);
	for (size_t i = 0; i < pool->quality_count; i++) {
		pool->quality_place[pool->quality[i].institution] = 0;
		quality_write(scorer, pool, month, &pool->quality[i]);
	}
	pool->quality_count = 0;
}

void
scorer_data_quality(const struct scorer *scorer, struct buffer *buffer)
{
	json_open(buffer, '{');
	for (size_t i = 0; i < QUALITY_REASONS; i++) {
		if (scorer->quality[i] == 0)
			continue;
		json_key(buffer, quality_names[i]);
		json_unsigned(buffer, scorer->quality[i]);
	}
	json_close(buffer, '}');
}
