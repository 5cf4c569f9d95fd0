/* `fundwatch archive import`: files of records become entries of an archive, in the order in which `fundwatch replay` of the
 * same files would judge them, behind the rules that hold for them. */
#include "replay/archive.h"
#include "replay/progress.h"
#include "replay/session.h"

#include "core/archive/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#define BATCH 1024
#define COMMIT_BYTES ((uint64_t)4 << 20)

struct import_options {
	struct common_options common;
	struct archive_place place;
	int32_t cipher;
	int64_t segment_mb, level;
};

struct import {
	struct session session;
	const struct import_options *options;
	struct archive *archive;
	struct decoder *decoder;        /* for the event time alone: the index wants it */
	struct decoded_record decoded;
	struct line line[BATCH];
	struct record batch[BATCH];
	struct progress progress;
	uint64_t records, waiting;      /* appended; bytes of them not committed */
};

#define AT(member) offsetof(struct import_options, member)
static const struct option_row import_row[] = {
	ARCHIVE_PLACE_ROWS(struct import_options),
	{"cipher", OPTION_WORD, AT(cipher), "NAME", {"新内容的加密方式：none、aes-256-gcm 或 sm4-gcm，默认 none",
	    "cipher of what is written: none, aes-256-gcm or sm4-gcm; default: none"}, 0, 0, archive_cipher_words},
	{"segment-mb", OPTION_NUMBER, AT(segment_mb), "N", {"每段约多少 MiB，默认 256", "MiB a segment, about; default 256"}, 1, 1 << 20, NULL},
	{"level", OPTION_NUMBER, AT(level), "N", {"zstd 压缩级别，默认 1", "level of zstd, default 1"}, 1, 19, NULL},
};
#undef AT

static const struct command_form import_form = {
	.name = "archive import", .operands = "FILE...|-", .operands_least = 1, .operands_most = SIZE_MAX,
	.summary = {"把结算文件（NDJSON，可为 .gz 或 .zst）写入档案，没有档案则建立。规则或设置与档案中最后生效的不同时，先写入规则。",
	    "Appends files of settlements (NDJSON, plain, gzip or zstd) to an archive, which is made when there is none. The rules\n"
	    "go first when they or the settings differ from those last in force there."},
	.row = import_row, .rows = sizeof import_row / sizeof import_row[0],
	.common = COMMON_RULES | COMMON_RECORD | COMMON_PERSON,
	.example = {
		{"fundwatch archive import --archive 1409 --record enrolment=enrolment.ndjson 2024.ndjson.zst",
		    {"先参保登记，再结算", "the enrolments, then the settlements"}},
		{"fundwatch archive import --archive 1409 --rules rules-2025 2025-01.ndjson",
		    {"延长档案；从此用另一套规则", "goes on, under other rules from here"}}},
};

/* ---- the rules ---- */

/* Where to look for the rules last in force: the newest snapshot names those at its position. */
static uint64_t
search_from(const char *dir, const struct archive_options *keys, char digest[DIGEST_TEXT_SIZE], struct entry_settings *settings)
{
	uint64_t *position = NULL, from = 0;
	size_t count = snapshot_list(dir, &position);
	for (size_t i = 0; i < count && from == 0; i++) {
		struct snapshot_head head;
		struct snapshot *snapshot = snapshot_open(dir, keys, position[i], &head, NULL);
		if (!snapshot)
			continue;
		from = head.position;
		memcpy(digest, head.ruleset, DIGEST_TEXT_SIZE);
		*settings = head.settings;
		snapshot_head_free(&head);
		snapshot_close(snapshot);
	}
	free(position);
	return from;
}

/* The last rules of the archive; digest "" when there are none.  OPTIONS_GO_ON or an exit code after telling why. */
static int
rules_last(const struct import *import, const struct archive_options *keys, char digest[DIGEST_TEXT_SIZE], struct entry_settings *settings)
{
	const struct archive_place *place = &import->options->place;
	struct diags diags = {0};
	enum archive_failure failure;
	struct entry entry;
	enum archive_step step;
	digest[0] = '\0';
	uint64_t from = search_from(place->dir, keys, digest, settings);
	struct archive_segment *segment = NULL;
	size_t segments = 0;
	if (archive_list(place->dir, &segment, &segments, &failure, &diags) && segments && segment[0].first > from)
		from = segment[0].first;
	free(segment);
	if (segments == 0 || from == archive_next(import->archive)) {
		diags_free(&diags);
		return OPTIONS_GO_ON;
	}
	struct archive_reader *reader = archive_read(place->dir, keys, from, &failure, &diags);
	if (!reader)
		return archive_failed(place, import->session.language, failure, &diags);
	while ((step = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY) {
		if (entry.kind == ENTRY_RULES && entry.rules.digest.length < DIGEST_TEXT_SIZE) {
			memcpy(digest, entry.rules.digest.data, entry.rules.digest.length);
			digest[entry.rules.digest.length] = '\0';
			*settings = entry.rules.settings;
		}
		archive_recycle(reader);
	}
	archive_reader_free(reader);
	if (step == ARCHIVE_DAMAGED)
		return archive_failed(place, import->session.language, ARCHIVE_BROKEN, &diags);
	diags_free(&diags);
	return OPTIONS_GO_ON;
}

static int
write_failed(const struct import *import, int error)
{
	TELL(import->session.language, "写不了 %s：%s", "cannot write %s: %s", import->options->place.dir,
	    error_text(error, import->session.language));
	return EX_IOERR;
}

static int
rules_append(struct import *import, const struct archive_options *keys)
{
	char digest[DIGEST_TEXT_SIZE];
	struct entry_settings now, last;
	archive_settings_of(&import->session.limits, &now);
	int result = rules_last(import, keys, digest, &last);
	if (result != OPTIONS_GO_ON)
		return result;
	const struct ruleset *rules = import->session.rules;
	if (strcmp(digest, rules->digest) == 0 && archive_settings_alike(&now, &last))
		return OPTIONS_GO_ON;
	int error = archive_store_ruleset(import->options->place.dir, rules);
	if (error)
		return write_failed(import, error);
	archive_append(import->archive, &(struct entry){.kind = ENTRY_RULES, .rules = {.digest = slice_of(rules->digest), .settings = now}});
	return OPTIONS_GO_ON;
}

/* ---- the records ---- */

static int64_t
event_time(struct import *import, const struct record *record)
{
	if (record->kind != RECORD_SETTLEMENT)
		return EVENT_TIME_NONE;
	record_decode(import->decoder, record, &import->decoded);
	int64_t time = import->decoded.good ? import->decoded.claim.value[FIELD_setl_time].number : EVENT_TIME_NONE;
	decoder_reset(import->decoder);
	return time;
}

static int
commit(struct import *import)
{
	import->waiting = 0;
	int error = archive_commit(import->archive);
	return error ? write_failed(import, error) : OPTIONS_GO_ON;
}

static int
batch_append(struct import *import, size_t count)
{
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < count && result == OPTIONS_GO_ON; i++) {
		const struct record *record = &import->batch[i];
		archive_append(import->archive, &(struct entry){.kind = ENTRY_RECORD, .record = {.kind = record->kind,
		    .bytes = {record->bytes, record->length}, .arrival_ms = ARRIVAL_UNKNOWN, .source = slice_of(record->file), .is_file = true,
		    .partition = -1, .offset = record->line, .event_time = event_time(import, record)}});
		import->records++;
		import->waiting += record->length;
		if (import->waiting >= COMMIT_BYTES)
			result = commit(import);
	}
	return result;
}

static int
input_append(struct import *import, struct input *input, uint64_t bytes_before)
{
	size_t count;
	while ((count = input_batch(input, import->line, import->batch, BATCH)) > 0) {
		int result = batch_append(import, count);
		if (result != OPTIONS_GO_ON)
			return result;
		progress_show(&import->progress, bytes_before + reader_bytes(input->reader), import->records);
	}
	return input_end(&import->session, input);
}

static int
inputs_append(struct import *import)
{
	struct session *session = &import->session;
	uint64_t bytes = 0, total = 0;
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < session->inputs; i++)
		total += reader_size(session->input[i].reader);
	progress_open(&import->progress, session->language, !import->options->common.quiet, total);
	for (size_t i = 0; i < session->inputs && result == OPTIONS_GO_ON; i++) {
		result = input_append(import, &session->input[i], bytes);
		bytes += reader_bytes(session->input[i].reader);
	}
	progress_close(&import->progress);
	return result;
}

/* ---- the command ---- */

static int
archive_begin(struct import *import, struct archive_options *keys)
{
	const struct import_options *options = import->options;
	enum language language = import->session.language;
	if (options->cipher != CIPHER_NONE && !options->place.cipher_key) {
		TELL(language, "--cipher %s 需要 --cipher-key", "--cipher %s wants --cipher-key", archive_cipher_words[options->cipher]);
		return EX_USAGE;
	}
	if (!archive_cipher_is_known((enum archive_cipher)options->cipher)) {
		TELL(language, "这里的 OpenSSL 没有 %s", "the OpenSSL here has no %s", archive_cipher_words[options->cipher]);
		return EX_CONFIG;
	}
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t cut = 0;
	keys->cipher = (enum archive_cipher)options->cipher;
	keys->segment_bytes = (uint64_t)options->segment_mb << 20;
	keys->level = (int)options->level;
	import->archive = archive_open(options->place.dir, keys, &failure, &cut, &diags);
	if (!import->archive)
		return archive_failed(&options->place, language, failure, &diags);
	diags_free(&diags);
	if (cut)
		TELL(language, "%s：末尾不完整的 %llu 字节已截去", "%s: cut off at its end, not whole: %llu bytes", options->place.dir,
		    (unsigned long long)cut);
	return OPTIONS_GO_ON;
}

static int
import_run(struct import *import, const struct operands *files)
{
	const struct import_options *options = import->options;
	struct archive_options keys;
	int result = archive_place_keys(&options->place, "archive import", (enum language)options->common.language, &keys);
	if (result == OPTIONS_GO_ON)
		result = session_start(&import->session, &options->common);
	if (result == OPTIONS_GO_ON)
		result = session_inputs(&import->session, &options->common, files);
	if (result != OPTIONS_GO_ON)
		return result;
	import->session.rules = rules_open(&options->common, options_rules(&options->common));
	if (!import->session.rules)
		return EX_CONFIG;
	import->decoder = decoder_open(import->session.limits.decode);
	result = archive_begin(import, &keys);
	if (result == OPTIONS_GO_ON)
		result = rules_append(import, &keys);
	if (result != OPTIONS_GO_ON)
		return result;
	result = inputs_append(import);
	if (result == OPTIONS_GO_ON)
		return commit(import);
	archive_commit(import->archive);        /* what a damaged file gave before the damage stays; the failure was told */
	return result;
}

static void
say_done(const struct import *import, int result)
{
	enum language language = import->session.language;
	if (!import->archive || (result == EX_OK && import->options->common.quiet))
		return;
	TELL(language, "%s：写入 %llu 条记录，下一位置 %llu", "%s: records appended %llu, next position %llu", import->options->place.dir,
	    (unsigned long long)import->records, (unsigned long long)archive_synced(import->archive));
}

int
archive_import_command(int argc, char **argv)
{
	struct import_options options = {.level = 1, .segment_mb = 256};
	struct operands files;
	int result = options_parse(&import_form, argc, argv, &options, &files);
	if (result != OPTIONS_GO_ON)
		return result;
	struct import *import = memory_get(1, sizeof *import);
	import->options = &options;
	import->session.language = (enum language)options.common.language;
	result = import_run(import, &files);
	if (result == OPTIONS_GO_ON)
		result = EX_OK;
	say_done(import, result);
	if (import->archive)
		archive_close(import->archive);
	if (import->decoder)
		decoder_close(import->decoder);
	session_close(&import->session);
	free(import);
	options_free(&import_form, &options, &files);
	return result;
}
