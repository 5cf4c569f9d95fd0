/* `fundwatch archive list`: what an archive holds, without reading the records. */
#include "replay/archive.h"
#include "replay/sink.h"
#include "replay/terminal.h"

#include "core/archive/snapshot.h"
#include "core/base/time.h"

#include <dirent.h>
#include <stdlib.h>
#include <sysexits.h>

struct list_options {
	struct common_options common;
	struct archive_place place;
};

static const struct option_row list_row[] = {
	ARCHIVE_PLACE_ROWS(struct list_options),
};

static const struct command_form list_form = {
	.name = "archive list", .operands = "", .operands_least = 0, .operands_most = 0,
	.summary = {"列出档案的段、快照和规则集。", "Lists the segments, snapshots and rulesets of an archive."},
	.row = list_row, .rows = sizeof list_row / sizeof list_row[0], .common = COMMON_JSON,
	.example = {
		{"fundwatch archive list --archive /var/lib/fundwatch/1409", {"一个统筹区的档案", "the archive of one pool"}},
		{"fundwatch archive list --archive /var/lib/fundwatch/1409 --json", {"同上，JSON", "the same as JSON"}}},
};

struct listed_snapshot {
	uint64_t position, bytes;
	bool whole;                     /* its head could be read */
	char ruleset[DIGEST_TEXT_SIZE];
	int64_t newest_event;
};

struct listing {
	struct archive_segment *segment;
	struct listed_snapshot *snapshot;
	char (*ruleset)[DIGEST_TEXT_SIZE];
	size_t segments, snapshots, rulesets;
	uint64_t entries, bytes, raw_bytes, snapshot_bytes;
};

/* ---- looking ---- */

static void
snapshots_look(struct listing *listing, const char *dir, const struct archive_options *keys)
{
	uint64_t *position = NULL;
	listing->snapshots = snapshot_list(dir, &position);
	listing->snapshot = memory_get(listing->snapshots, sizeof *listing->snapshot);
	for (size_t i = 0; i < listing->snapshots; i++) {
		struct listed_snapshot *listed = &listing->snapshot[i];
		struct snapshot_head head;
		*listed = (struct listed_snapshot){.position = position[i], .bytes = snapshot_bytes(dir, position[i]), .newest_event = EVENT_TIME_NONE};
		listing->snapshot_bytes += listed->bytes;
		struct snapshot *snapshot = snapshot_open(dir, keys, position[i], &head, NULL);
		if (!snapshot)
			continue;
		listed->whole = true;
		memcpy(listed->ruleset, head.ruleset, sizeof listed->ruleset);
		listed->newest_event = head.newest_event;
		snapshot_head_free(&head);
		snapshot_close(snapshot);
	}
	free(position);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
rulesets_look(struct listing *listing, const char *dir)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/rulesets", dir);
	DIR *folder = opendir(path);
	struct dirent *found;
	while (folder && (found = readdir(folder))) {
		if (strlen(found->d_name) != DIGEST_TEXT_SIZE - 1)
			continue;
		listing->ruleset = memory_grow(listing->ruleset, listing->rulesets + 1, sizeof *listing->ruleset);
		memcpy(listing->ruleset[listing->rulesets++], found->d_name, DIGEST_TEXT_SIZE);
	}
	if (folder)
		closedir(folder);
	if (listing->rulesets)
		qsort(listing->ruleset, listing->rulesets, sizeof *listing->ruleset, by_name);
}

static int
look(const struct list_options *options, struct listing *listing)
{
	enum language language = (enum language)options->common.language;
	struct archive_options keys;
	int result = archive_place_keys(&options->place, "archive list", language, &keys);
	if (result == OPTIONS_GO_ON)
		result = archive_place_segments(&options->place, language, &listing->segment, &listing->segments);
	if (result != OPTIONS_GO_ON)
		return result;
	for (size_t i = 0; i < listing->segments; i++) {
		listing->entries += listing->segment[i].entries;
		listing->bytes += listing->segment[i].bytes;
		listing->raw_bytes += listing->segment[i].raw_bytes;
	}
	snapshots_look(listing, options->place.dir, &keys);
	rulesets_look(listing, options->place.dir);
	return OPTIONS_GO_ON;
}

/* ---- JSON ---- */

static void
json_count(struct buffer *json, const char *name, uint64_t count)
{
	json_key(json, name);
	json_unsigned(json, count);
}

static void
json_time(struct buffer *json, const char *name, int64_t time)
{
	char text[TIME_TEXT_SIZE];
	json_key(json, name);
	json_text(json, time == EVENT_TIME_NONE ? NULL : time_text(time, text));
}

static void
json_segment(struct buffer *json, const struct archive_segment *segment)
{
	json_open(json, '{');
	json_key(json, "name");
	json_text(json, segment->name);
	json_count(json, "first", segment->first);
	json_count(json, "entries", segment->entries);
	json_count(json, "bytes", segment->bytes);
	json_count(json, "raw_bytes", segment->raw_bytes);
	json_time(json, "event_from", segment->event_low);
	json_time(json, "event_to", segment->event_high);
	json_key(json, "sealed");
	json_bool(json, segment->sealed);
	json_key(json, "cipher");
	json_text(json, archive_cipher_words[segment->cipher]);
	json_close(json, '}');
}

static void
json_snapshot(struct buffer *json, const struct listed_snapshot *snapshot)
{
	json_open(json, '{');
	json_count(json, "position", snapshot->position);
	json_count(json, "bytes", snapshot->bytes);
	json_key(json, "readable");
	json_bool(json, snapshot->whole);
	json_key(json, "ruleset");
	json_text(json, snapshot->whole ? snapshot->ruleset : NULL);
	json_time(json, "newest_event", snapshot->newest_event);
	json_close(json, '}');
}

static void
print_json(const struct listing *listing, struct buffer *json)
{
	json_open(json, '{');
	json_key(json, "segments");
	json_open(json, '[');
	for (size_t i = 0; i < listing->segments; i++)
		json_segment(json, &listing->segment[i]);
	json_close(json, ']');
	json_key(json, "snapshots");
	json_open(json, '[');
	for (size_t i = 0; i < listing->snapshots; i++)
		json_snapshot(json, &listing->snapshot[i]);
	json_close(json, ']');
	json_key(json, "rulesets");
	json_open(json, '[');
	for (size_t i = 0; i < listing->rulesets; i++)
		json_text(json, listing->ruleset[i]);
	json_close(json, ']');
	json_count(json, "entries", listing->entries);
	json_count(json, "bytes", listing->bytes);
	json_count(json, "raw_bytes", listing->raw_bytes);
	json_count(json, "snapshot_bytes", listing->snapshot_bytes);
	json_close(json, '}');
}

/* ---- for people ---- */

static void
cell(struct buffer *text, const char *word, size_t columns, bool right)
{
	size_t wide = text_columns(slice_of(word));
	for (size_t i = wide; right && i < columns; i++)
		buffer_char(text, ' ');
	text_add_padded(text, slice_of(word), right ? wide : columns);
	buffer_text(text, "  ");
}

static void
cell_number(struct buffer *text, uint64_t number, size_t columns)
{
	char word[24];
	snprintf(word, sizeof word, "%llu", (unsigned long long)number);
	cell(text, word, columns, true);
}

static const char *
day_or_none(int64_t time, char text[TIME_TEXT_SIZE])
{
	return time == EVENT_TIME_NONE ? "-" : day_text(time_day(time), text);
}

static void
text_segments(const struct listing *listing, enum language language, struct buffer *text)
{
	bool zh = language == LANGUAGE_ZH;
	cell(text, zh ? "段" : "segment", 34, false);
	cell(text, zh ? "起始位置" : "first", 12, true);
	cell(text, zh ? "条目" : "entries", 12, true);
	cell(text, zh ? "字节" : "bytes", 14, true);
	cell(text, zh ? "压缩比" : "ratio", 6, true);
	cell(text, zh ? "结算日期" : "settlements of", 24, false);
	cell(text, zh ? "状态" : "state", 6, false);
	buffer_text(text, zh ? "加密\n" : "cipher\n");
	for (size_t i = 0; i < listing->segments; i++) {
		const struct archive_segment *segment = &listing->segment[i];
		char ratio[24], from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE], days[2 * TIME_TEXT_SIZE + 8];
		snprintf(ratio, sizeof ratio, "%.1f", segment->bytes ? (double)segment->raw_bytes / (double)segment->bytes : 0);
		snprintf(days, sizeof days, "%s .. %s", day_or_none(segment->event_low, from), day_or_none(segment->event_high, to));
		cell(text, segment->name, 34, false);
		cell_number(text, segment->first, 12);
		cell_number(text, segment->entries, 12);
		cell_number(text, segment->bytes, 14);
		cell(text, ratio, 6, true);
		cell(text, segment->event_low == EVENT_TIME_NONE ? "-" : days, 24, false);
		cell(text, segment->sealed ? (zh ? "已封存" : "sealed") : (zh ? "写入中" : "open"), 6, false);
		buffer_printf(text, "%s\n", archive_cipher_words[segment->cipher]);
	}
}

static void
text_rest(const struct listing *listing, enum language language, struct buffer *text)
{
	bool zh = language == LANGUAGE_ZH;
	char day[TIME_TEXT_SIZE];
	buffer_printf(text, zh ? "共 %zu 段，%llu 条，%llu 字节（原始 %llu 字节）\n" : "segments %zu, entries %llu, bytes %llu (raw %llu)\n",
	    listing->segments, (unsigned long long)listing->entries, (unsigned long long)listing->bytes, (unsigned long long)listing->raw_bytes);
	for (size_t i = 0; i < listing->snapshots; i++) {
		const struct listed_snapshot *snapshot = &listing->snapshot[i];
		buffer_printf(text, zh ? "快照 位置 %llu，%llu 字节，" : "snapshot at %llu, bytes %llu, ", (unsigned long long)snapshot->position,
		    (unsigned long long)snapshot->bytes);
		if (snapshot->whole)
			buffer_printf(text, zh ? "结算截至 %s，规则集 %.12s\n" : "settlements up to %s, ruleset %.12s\n",
			    day_or_none(snapshot->newest_event, day), snapshot->ruleset);
		else
			buffer_text(text, zh ? "读不了（已损坏或缺少密钥）\n" : "cannot be read (damaged, or a key is missing)\n");
	}
	for (size_t i = 0; i < listing->rulesets; i++)
		buffer_printf(text, zh ? "规则集 %s\n" : "ruleset %s\n", listing->ruleset[i]);
}

int
archive_list_command(int argc, char **argv)
{
	struct list_options options = {0};
	struct operands none;
	int result = options_parse(&list_form, argc, argv, &options, &none);
	if (result != OPTIONS_GO_ON)
		return result;
	enum language language = (enum language)options.common.language;
	struct listing listing = {0};
	struct buffer text = {0};
	struct sink sink;
	result = look(&options, &listing);
	if (result == OPTIONS_GO_ON && options.common.json) {
		print_json(&listing, &text);
	} else if (result == OPTIONS_GO_ON) {
		text_segments(&listing, language, &text);
		text_rest(&listing, language, &text);
		text.length--;                  /* the last newline comes with the line */
	}
	if (result == OPTIONS_GO_ON) {
		sink_open(&sink, "-", language);
		sink_line(&sink, (struct slice){text.data, text.length});
		result = sink_close(&sink) == OPTIONS_GO_ON ? EX_OK : EX_IOERR;
	}
	buffer_free(&text);
	free(listing.segment);
	free(listing.snapshot);
	free(listing.ruleset);
	options_free(&list_form, &options, &none);
	return result;
}
