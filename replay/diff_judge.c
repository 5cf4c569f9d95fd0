/* One pass over the records: each is decoded once and judged by every side.
 *
 * An archive is judged by the rules that were given: what it records of rules is passed over; its settings and ticks hold. */
#include "replay/diff.h"

#include <stdlib.h>
#include <sysexits.h>

/* ---- files ---- */

struct decoding {                       /* a batch of lines, and what became of them */
	struct line *line;
	struct record *record;
	struct decoded_record *decoded;
	struct decoder *decoder;
};

static uint64_t
offered_all(const struct diff *diff)
{
	uint64_t sum = 0;
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		sum += diff->old.offered[kind];
	return sum;
}

static int
input_judge(struct diff *diff, struct decoding *decoding, struct input *input, uint64_t bytes_before)
{
	size_t count;
	while ((count = input_batch(input, decoding->line, decoding->record, (size_t)diff->options->batch)) > 0) {
		for (size_t i = 0; i < count; i++) {
			record_decode(decoding->decoder, &decoding->record[i], &decoding->decoded[i]);
			decoding->record[i].decoded = &decoding->decoded[i];
		}
		crew_work(diff->crew, &(struct work){.kind = WORK_RECORDS, .record = decoding->record, .count = count});
		decoder_reset(decoding->decoder);
		progress_show(&diff->progress, bytes_before + reader_bytes(input->reader), offered_all(diff));
	}
	return input_end(&diff->session, input);
}

static int
inputs_judge(struct diff *diff)
{
	size_t batch = (size_t)diff->options->batch;
	struct decoding decoding = {
		.line = memory_get(batch, sizeof *decoding.line), .record = memory_get(batch, sizeof *decoding.record),
		.decoded = memory_get(batch, sizeof *decoding.decoded), .decoder = decoder_open(diff->session.limits.decode),
	};
	uint64_t bytes = 0;
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < diff->session.inputs && result == OPTIONS_GO_ON; i++) {
		result = input_judge(diff, &decoding, &diff->session.input[i], bytes);
		bytes += reader_bytes(diff->session.input[i].reader);
	}
	free(decoding.line);
	free(decoding.record);
	free(decoding.decoded);
	decoder_close(decoding.decoder);
	return result;
}

/* ---- an archive ---- */

/* The name of a person is written as this run's key says; all else as recorded. */
static void
settings_take(struct diff *diff, const struct entry_settings *settings)
{
	diff->recorded = *settings;
	archive_settings_use(settings, &diff->session.limits);
	diff->session.limits.person_clear = settings->person_clear || diff->options->common.person_clear;
}

/* The settings that hold at the beginning: those of the first entry of rules. */
static int
settings_first(struct diff *diff)
{
	struct diags diags = {0};
	enum archive_failure failure;
	enum archive_step step;
	struct entry entry;
	bool found = false;
	struct archive_reader *reader = archive_read(diff->options->place.dir, &diff->keys, diff->first, &failure, &diags);
	if (!reader)
		return archive_failed(&diff->options->place, diff->language, failure, &diags);
	while (!found && (step = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY) {
		found = entry.kind == ENTRY_RULES;
		if (found)
			settings_take(diff, &entry.rules.settings);
		archive_recycle(reader);
	}
	archive_reader_free(reader);
	if (!found && step == ARCHIVE_DAMAGED)
		return archive_failed(&diff->options->place, diff->language, ARCHIVE_BROKEN, &diags);
	diags_free(&diags);
	return OPTIONS_GO_ON;
}

static int
place_open(struct diff *diff)
{
	const struct archive_place *place = &diff->options->place;
	struct archive_segment *segment = NULL;
	size_t segments;
	int result = archive_place_keys(place, "diff", diff->language, &diff->keys);
	if (result == OPTIONS_GO_ON)
		result = archive_place_segments(place, diff->language, &segment, &segments);
	if (result != OPTIONS_GO_ON)
		return result;
	diff->first = segment[0].first;
	free(segment);
	diff->least = archive_least_end(place->dir, &diff->keys);
	archive_settings_of(&diff->session.limits, &diff->recorded);
	if (diff->first > 0 && !diff->options->common.quiet)
		TELL(diff->language, "警告：位置 %llu 以前的条目已删除，不参与判定", "warning: entries before position %llu were pruned and count nowhere",
		    (unsigned long long)diff->first);
	result = settings_first(diff);
	if (result != OPTIONS_GO_ON)
		return result;
	enum archive_failure failure;
	struct entries_options reading = {.from = diff->first, .to = UINT64_MAX, .batch = (size_t)diff->options->batch, .decode = true,
	    .follow = true, .limits = diff->session.limits.decode};
	diff->entries = entries_open(place->dir, &diff->keys, &reading, &failure, &diff->diags);
	return diff->entries ? OPTIONS_GO_ON : archive_failed(place, diff->language, failure, &diff->diags);
}

static void
other_judge(struct diff *diff, const struct entry *entry)
{
	if (entry->kind == ENTRY_TICK)
		crew_work(diff->crew, &(struct work){.kind = WORK_TICK, .time = entry->tick.time});
	if (entry->kind != ENTRY_RULES || archive_settings_alike(&diff->recorded, &entry->rules.settings))
		return;
	settings_take(diff, &entry->rules.settings);
	crew_work(diff->crew, &(struct work){.kind = WORK_LIMITS, .limits = diff->session.limits});
}

static int
entries_judge(struct diff *diff)
{
	struct entry_batch *batch;
	enum archive_step end;
	uint64_t position = diff->first;
	while ((batch = entries_next(diff->entries, &end))) {
		crew_work(diff->crew, &(struct work){.kind = WORK_RECORDS, .record = batch->record, .count = batch->count});
		if (batch->has_other)
			other_judge(diff, &batch->other);
		position = batch->next;
		progress_show(&diff->progress, batch->bytes, position - diff->first);
		entries_done(diff->entries, batch);
	}
	if (end != ARCHIVE_DAMAGED && position >= diff->least)
		return OPTIONS_GO_ON;
	progress_close(&diff->progress);
	diags_print(&diff->diags, diff->language, stderr);
	TELL(diff->language, "%s 已损坏：判到位置 %llu 为止", "%s is damaged: judged up to position %llu", diff->options->place.dir,
	    (unsigned long long)position);
	diff->incomplete = true;
	return EX_DATAERR;
}

/* ---- both ---- */

int
diff_inputs_open(struct diff *diff)
{
	int result = session_start(&diff->session, &diff->options->common);
	if (result != OPTIONS_GO_ON)
		return result;
	return diff->options->place.dir ? place_open(diff) : session_inputs(&diff->session, &diff->options->common, diff->files);
}

static void
progress_begin(struct diff *diff)
{
	uint64_t total = 0;
	bool known = true;
	for (size_t i = 0; i < diff->session.inputs; i++) {
		uint64_t size = reader_size(diff->session.input[i].reader);
		known = known && size;
		total += size;
	}
	if (diff->entries)
		total = entries_total(diff->entries);
	progress_open(&diff->progress, diff->language, !diff->options->common.quiet, known ? total : 0);
}

int
diff_judge(struct diff *diff)
{
	progress_begin(diff);
	int result = diff->entries ? entries_judge(diff) : inputs_judge(diff);
	progress_close(&diff->progress);
	if (result == OPTIONS_GO_ON && diff->options->close_all)
		crew_work(diff->crew, &(struct work){.kind = WORK_CLOSE});
	return result;
}

void
diff_inputs_close(struct diff *diff)
{
	entries_close(diff->entries);
	diags_free(&diff->diags);
	session_close(&diff->session);
}
