/* `fundwatch archive export`: raw records of an archive as NDJSON, exactly as they were received and in their order.
 *
 * A filter looks into the record: what cannot be decoded is exported only when nothing is asked but the kind. */
#include "replay/archive.h"
#include "replay/entries.h"
#include "replay/progress.h"
#include "replay/sink.h"
#include "replay/terminal.h"

#include "core/base/digest.h"
#include "core/base/pseudonym.h"
#include "core/base/time.h"

#include <stdlib.h>
#include <sysexits.h>

#define KIND_ANY RECORD_KINDS

struct export_options {
	struct common_options common;
	struct archive_place place;
	int32_t from, to, kind;
	const char *person, *institution, *record, *output;
};

struct export {
	const struct export_options *options;
	enum language language;
	struct archive_options keys;
	struct archive_segment *segment;
	size_t segments;
	struct pseudonym_key key;
	struct sink sink;
	struct progress progress;
	struct buffer line;             /* a record with newlines, made one line */
	uint64_t read, written, broken; /* records; broken: had newlines inside */
	uint64_t bytes;                 /* compressed, of the runs before */
};

static const char *const kind_words[] = {[RECORD_SETTLEMENT] = "settlement", [RECORD_ENROLMENT] = "enrolment", [KIND_ANY] = NULL};

#define AT(member) offsetof(struct export_options, member)
static const struct option_row export_row[] = {
	ARCHIVE_PLACE_ROWS(struct export_options),
	{"from", OPTION_DATE, AT(from), "DATE", {"该日及以后的（按结算时间；参保登记按到达时间，无到达时间的都导出）",
	    "of this day or later (by setl_time; enrolments by arrival, all of unknown arrival)"}, 0, 0, NULL},
	{"to", OPTION_DATE, AT(to), "DATE", {"该日及以前的", "of this day or earlier"}, 0, 0, NULL},
	{"person", OPTION_TEXT, AT(person), "NO", {"该人员的（人员编号，或 pn_ 假名加 --pseudonym-key）",
	    "of this person (psn_no, or the pn_ pseudonym with --pseudonym-key)"}, 0, 0, NULL},
	{"institution", OPTION_TEXT, AT(institution), "CODE", {"该定点医药机构的结算", "settlements of this institution"}, 0, 0, NULL},
	{"kind", OPTION_WORD, AT(kind), "KIND", {"只导出 settlement 或 enrolment，默认全部", "settlement or enrolment alone; default: both, in their order"},
	    0, 0, kind_words},
	{"offset", OPTION_TEXT, AT(record), "PLACE", {"只导出这一条：TOPIC:PARTITION:OFFSET（告警的消息头里有），或 FILE:LINE",
	    "this record alone: TOPIC:PARTITION:OFFSET (an alert's headers name it), or FILE:LINE"}, 0, 0, NULL},
	{"output", OPTION_TEXT, AT(output), "FILE", {"写入该文件，默认为标准输出", "write here; default: standard output"}, 0, 0, NULL},
};
#undef AT

static const struct command_form export_form = {
	.name = "archive export", .operands = "", .operands_least = 0, .operands_most = 0,
	.summary = {"按档案次序导出原始记录（NDJSON，与收到时逐字节相同）。含真实的人员编号。",
	    "Writes raw records as NDJSON, byte for byte as received, in the order of the archive. Persons' numbers are in the clear."},
	.row = export_row, .rows = sizeof export_row / sizeof export_row[0], .common = COMMON_PERSON,
	.example = {
		{"fundwatch archive export --archive 1409 --from 2024-03-01 --to 2024-03-31 --kind settlement --output march.ndjson",
		    {"三月份的结算", "the settlements of March"}},
		{"fundwatch archive export --archive 1409 --person pn_8c1f0e7d2b3a4596877869504a3b2c1d --pseudonym-key key > person.ndjson",
		    {"一个人的全部记录", "all records of one person"}}},
};

/* ---- what is wanted ---- */

static bool
looks_inside(const struct export_options *options)
{
	return options->from != INT32_MIN || options->to != INT32_MAX || options->person || options->institution;
}

static bool
person_is(const struct export *export, struct slice psn_no)
{
	const char *person = export->options->person;
	if (slice_equal(psn_no, slice_of(person)))
		return true;
	if (strncmp(person, "pn_", 3) != 0)
		return false;
	uint8_t code[DIGEST_BYTES];
	char text[DIGEST_TEXT_SIZE];
	hmac_sha256(export->key.bytes, export->key.length, psn_no.data, psn_no.length, code);
	hex_text(code, 16, text);
	return strcmp(person + 3, text) == 0;
}

static bool
day_is(const struct export_options *options, int32_t day)
{
	return day >= options->from && day <= options->to;
}

static bool
is_wanted(const struct export *export, const struct record *record)
{
	const struct export_options *options = export->options;
	if (options->kind != KIND_ANY && (int32_t)record->kind != options->kind)
		return false;
	if (!looks_inside(options))
		return true;
	const struct decoded_record *decoded = record->decoded;
	if (!decoded->good)
		return false;
	if (record->kind == RECORD_SETTLEMENT)
		return day_is(options, time_day(decoded->claim.value[FIELD_setl_time].number))
		    && (!options->person || person_is(export, decoded->claim.value[FIELD_psn_no].text))
		    && (!options->institution || slice_equal(claim_text(&decoded->claim, FIELD_fixmedins_code), slice_of(options->institution)));
	bool known = record->arrival_ms != ARRIVAL_UNKNOWN;
	return !options->institution
	    && (!known || day_is(options, time_day(record->arrival_ms / 1000 + BEIJING_OFFSET_SECONDS)))
	    && (!options->person || person_is(export, decoded->enrolment.value[ENROLMENT_psn_no].text));
}

/* Nothing in the segment can be of these days.  Of enrolments the index knows no day, and an open segment may still grow. */
static bool
segment_is_out(const struct export_options *options, const struct archive_segment *segment)
{
	if (!segment->sealed || (options->kind != RECORD_SETTLEMENT && !options->institution))
		return false;
	if (segment->event_low == EVENT_TIME_NONE)
		return looks_inside(options);
	return time_day(segment->event_high) < options->from || time_day(segment->event_low) > options->to;
}

/* ---- writing ---- */

/* Outside of strings a newline means nothing in JSON and inside it is not allowed: a blank in its place keeps the meaning. */
static void
record_write(struct export *export, const struct record *record)
{
	struct slice bytes = {record->bytes, record->length};
	export->written++;
	if (memchr(bytes.data, '\n', bytes.length)) {
		export->broken++;
		export->line.length = 0;
		buffer_add(&export->line, bytes.data, bytes.length);
		for (size_t i = 0; i < export->line.length; i++)
			if (export->line.data[i] == '\n')
				export->line.data[i] = ' ';
		bytes.data = export->line.data;
	}
	sink_line(&export->sink, bytes);
}

static int
run_end(struct export *export, enum archive_step end, uint64_t reached, uint64_t least, struct diags *diags)
{
	if (export->sink.failed)
		return EX_IOERR;
	if (end == ARCHIVE_DAMAGED || reached < least)
		return archive_failed(&export->options->place, export->language, ARCHIVE_BROKEN, diags);
	diags_free(diags);
	return OPTIONS_GO_ON;
}

/* Entries from one position to another: segments that lie behind each other. */
static int
run_export(struct export *export, uint64_t from, uint64_t to)
{
	struct diags diags = {0};
	enum archive_failure failure;
	enum archive_step end = ARCHIVE_END;
	struct entries_options reading = {.from = from, .to = to, .batch = SIZE_MAX, .decode = looks_inside(export->options),
	    .limits = DECODE_LIMITS_DEFAULT};
	uint64_t reached = from, least = to == UINT64_MAX ? archive_least_end(export->options->place.dir, &export->keys) : to;
	struct entries *entries = entries_open(export->options->place.dir, &export->keys, &reading, &failure, &diags);
	if (!entries)
		return archive_failed(&export->options->place, export->language, failure, &diags);
	struct entry_batch *batch;
	while (!export->sink.failed && (batch = entries_next(entries, &end))) {
		for (size_t i = 0; i < batch->count; i++)
			if (is_wanted(export, &batch->record[i]))
				record_write(export, &batch->record[i]);
		export->read += batch->count;
		progress_show(&export->progress, export->bytes + batch->bytes, export->read);
		reached = batch->next;
		entries_done(entries, batch);
	}
	entries_close(entries);
	return run_end(export, end, reached, least, &diags);
}

static int
runs_export(struct export *export)
{
	const struct export_options *options = export->options;
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < export->segments && result == OPTIONS_GO_ON;) {
		size_t last = i;
		uint64_t bytes = 0;
		for (; last < export->segments && !segment_is_out(options, &export->segment[last]); last++)
			bytes += export->segment[last].bytes;
		if (last > i)
			result = run_export(export, export->segment[i].first, last < export->segments ? export->segment[last].first : UINT64_MAX);
		export->bytes += bytes;
		i = last > i ? last : i + 1;
	}
	return result;
}

/* The number behind the last colon of the text; takes it off. */
static bool
number_take(struct slice *text, int64_t most, int64_t *number)
{
	const char *colon = memrchr(text->data, ':', text->length);
	const char *end = text->data + text->length;
	if (!colon || colon + 1 == end)
		return false;
	*number = 0;
	for (const char *at = colon + 1; at < end; at++) {
		if (*at < '0' || *at > '9' || *number > (most - (*at - '0')) / 10)
			return false;
		*number = *number * 10 + (*at - '0');
	}
	text->length = (size_t)(colon - text->data);
	return text->length > 0;
}

/* TOPIC:PARTITION:OFFSET or FILE:LINE, whichever of the two is there. */
static bool
record_find(const struct export *export, uint64_t *position, enum archive_failure *failure, struct diags *diags)
{
	const char *dir = export->options->place.dir;
	struct slice file = slice_of(export->options->record), topic;
	int64_t offset, partition;
	*failure = ARCHIVE_FINE;
	if (!number_take(&file, INT64_MAX, &offset))
		return false;
	topic = file;
	if (number_take(&topic, INT32_MAX, &partition)
	    && archive_find(dir, &export->keys, topic, false, (int32_t)partition, offset, position, failure, diags))
		return true;
	return !*failure && archive_find(dir, &export->keys, file, true, 0, offset, position, failure, diags);
}

static int
record_export(struct export *export)
{
	const struct export_options *options = export->options;
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t position;
	bool found = record_find(export, &position, &failure, &diags);
	if (failure)
		return archive_failed(&options->place, export->language, failure, &diags);
	diags_free(&diags);
	if (found)
		return run_export(export, position, position + 1);
	TELL(export->language, "档案里没有 %s（TOPIC:PARTITION:OFFSET 或 FILE:LINE）", "%s is not in the archive (TOPIC:PARTITION:OFFSET or FILE:LINE)",
	    options->record);
	return EX_NOINPUT;
}

static int
export_open(struct export *export)
{
	const struct export_options *options = export->options;
	int result = archive_place_keys(&options->place, "archive export", export->language, &export->keys);
	if (result == OPTIONS_GO_ON)
		result = options_days(options->from, options->to, export->language);
	if (result == OPTIONS_GO_ON && options->person && strncmp(options->person, "pn_", 3) == 0)
		result = options_key(&options->common, &export->key);
	if (result == OPTIONS_GO_ON)
		result = archive_place_segments(&options->place, export->language, &export->segment, &export->segments);
	if (result == OPTIONS_GO_ON)
		result = sink_open(&export->sink, options->output ? options->output : "-", export->language);
	if (result != OPTIONS_GO_ON)
		return result;
	uint64_t total = 0;
	for (size_t i = 0; i < export->segments; i++)
		total += segment_is_out(options, &export->segment[i]) ? 0 : export->segment[i].bytes;
	bool lines_on_screen = export->sink.file == stdout && terminal_of(stdout).is_terminal;
	progress_open(&export->progress, export->language, !options->common.quiet && !lines_on_screen, total);
	return OPTIONS_GO_ON;
}

static void
say_done(const struct export *export)
{
	if (export->options->common.quiet)
		return;
	TELL(export->language, "读了 %llu 条记录，导出 %llu 条", "records read %llu, exported %llu", (unsigned long long)export->read,
	    (unsigned long long)export->written);
	if (export->broken)
		TELL(export->language, "其中 %llu 条含换行，已换成空格", "records with newlines inside, now blanks: %llu",
		    (unsigned long long)export->broken);
}

int
archive_export_command(int argc, char **argv)
{
	struct export_options options = {.from = INT32_MIN, .to = INT32_MAX, .kind = KIND_ANY};
	struct operands none;
	int result = options_parse(&export_form, argc, argv, &options, &none);
	if (result != OPTIONS_GO_ON)
		return result;
	struct export export = {.options = &options, .language = (enum language)options.common.language};
	result = export_open(&export);
	if (result == OPTIONS_GO_ON)
		result = options.record ? record_export(&export) : runs_export(&export);
	progress_close(&export.progress);
	bool written = sink_close(&export.sink) == OPTIONS_GO_ON;
	if (result == OPTIONS_GO_ON) {
		say_done(&export);
		result = EX_OK;
	}
	if (!written)
		result = EX_IOERR;
	buffer_free(&export.line);
	free(export.segment);
	options_free(&export_form, &options, &none);
	return result;
}
