/* `fundwatch replay`: judges files of settlements in the order given and prints the alerts.
 *
 * What must hold: everything that is read is opened before anything is judged; filters choose what is shown and never
 * what is judged; the same files and rules give the same bytes, whatever the batch. */
#include "replay/commands.h"
#include "replay/options.h"
#include "replay/progress.h"
#include "replay/sink.h"
#include "replay/summary.h"
#include "replay/terminal.h"

#include "core/base/digest.h"
#include "core/base/time.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

enum { SINK_ALERTS, SINK_SHADOW, SINK_INDICATORS, SINK_REFUSED, SINK_SUMMARY, SINKS };

struct replay_options {
	struct common_options common;
	int32_t from, to;
	const char *person, *institution, *path[SINKS];
	int64_t batch;
	bool close_all, fail_on_alert;
};

struct replay {
	struct session session;
	const struct replay_options *options;
	struct sink sink[SINKS];
	struct digest *digest;
	struct scored scored;
	struct line *lines;
	struct record *batch;
	struct progress progress;
	struct summary summary;
	uint64_t shown_standing;        /* alert lines shown that open or update an alert */
	bool filtered;
};

#define AT(member) offsetof(struct replay_options, member)
#define FILE_ROW(name, sink, zh, en) {name, OPTION_TEXT, AT(path) + (sink) * sizeof(const char *), "FILE", {zh, en}, 0, 0, NULL}
static const struct option_row replay_row[] = {
	{"from", OPTION_DATE, AT(from), "DATE", {"只显示该日及以后的", "show only what happened on this day or later"}, 0, 0, NULL},
	{"to", OPTION_DATE, AT(to), "DATE", {"只显示该日及以前的", "show only what happened on this day or earlier"}, 0, 0, NULL},
	{"person", OPTION_TEXT, AT(person), "NO", {"只显示该人员（人员编号或 pn_ 假名）", "show only this person (psn_no, or the pn_ pseudonym)"}, 0, 0, NULL},
	{"institution", OPTION_TEXT, AT(institution), "CODE", {"只显示涉及该定点医药机构的", "show only what this institution has part in"}, 0, 0, NULL},
	{"batch", OPTION_NUMBER, AT(batch), "N", {"每批记录数，默认 4096，不影响结果", "records a batch, default 4096; never changes the result"}, 1, 1 << 20, NULL},
	FILE_ROW("alerts", SINK_ALERTS, "告警写入该文件，默认为标准输出", "write alerts here; default: standard output"),
	FILE_ROW("shadow", SINK_SHADOW, "试运行规则的告警写入该文件，默认不输出", "write alerts of shadow rules here; default: nowhere"),
	FILE_ROW("indicators", SINK_INDICATORS, "指标写入该文件，默认不输出", "write indicators here; default: nowhere"),
	FILE_ROW("refused", SINK_REFUSED, "拒收记录及原因写入该文件，默认不输出", "write refused records and reasons here; default: nowhere"),
	FILE_ROW("summary", SINK_SUMMARY, "JSON 摘要写入该文件", "write the summary here, as JSON"),
	{"close-all", OPTION_FLAG, AT(close_all), NULL, {"结束时关闭所有未到期的窗口", "close every window that is still open at the end"}, 0, 0, NULL},
	{"fail-on-alert", OPTION_FLAG, AT(fail_on_alert), NULL, {"有告警时以 1 退出", "exit 1 when alerts stand at the end"}, 0, 0, NULL},
};
#undef AT

static const struct command_form replay_form = {
	.name = "replay", .operands = "FILE...|-", .operands_least = 1, .operands_most = SIZE_MAX,
	.summary = {"按规则判定结算文件（NDJSON，可为 .gz 或 .zst），输出告警。筛选只决定显示什么，不影响判定。",
	    "Judges files of settlements (NDJSON, plain, gzip or zstd) by the rules and prints the alerts.\n"
	    "Filters choose what is shown, never what is judged."},
	.row = replay_row, .rows = sizeof replay_row / sizeof replay_row[0],
	.common = COMMON_RULES | COMMON_RECORD | COMMON_PERSON | COMMON_JSON,
	.example = {
		{"fundwatch replay --record enrolment=enrolment.ndjson settlements.ndjson > alerts.ndjson",
		    {"先读参保登记，再判结算，告警写入文件", "reads the enrolments first, then judges the settlements"}},
		{"fundwatch replay --from 2024-03-01 --to 2024-03-31 --institution H14090200002 2024.ndjson.zst",
		    {"一家机构三月份的告警；全年数据都参与判定", "one institution's alerts of March; the whole year is judged"}}},
};

/* ---- what is shown ---- */

static bool
person_is(const struct output *output, const char *person)
{
	if (slice_equal(output->person, slice_of(person)))
		return true;
	if (strncmp(person, "pn_", 3) != 0)
		return false;
	char wanted[160];
	int length = snprintf(wanted, sizeof wanted, "\"psn_no\":\"%s\"", person);
	return length > 0 && (size_t)length < sizeof wanted && memmem(output->line.data, output->line.length, wanted, (size_t)length);
}

/* An alert about the institution, one that a claim of it brought about, or one with such a claim in its evidence. */
static bool
institution_is(const struct output *output, const char *institution)
{
	if (slice_equal(output->institution, slice_of(institution)))
		return true;
	char wanted[160];
	int length = snprintf(wanted, sizeof wanted, "\"fixmedins_code\":\"%s\"", institution);
	return length > 0 && (size_t)length < sizeof wanted && memmem(output->line.data, output->line.length, wanted, (size_t)length);
}

static bool
output_is_shown(const struct replay_options *options, const struct output *output)
{
	return output->day >= options->from && output->day <= options->to
	    && (!options->person || person_is(output, options->person))
	    && (!options->institution || institution_is(output, options->institution));
}

/* The digest is of the whole feed, like every count of the summary: filters do not change it. */
static void
feed_add(struct replay *replay, const struct output *output)
{
	digest_add(replay->digest, output->line.data, output->line.length);
	digest_add(replay->digest, "\n", 1);
}

static void
alert_write(struct replay *replay, const struct output *output)
{
	sink_line(&replay->sink[SINK_ALERTS], output->line);
	replay->shown_standing += output->status == STATUS_OPEN || output->status == STATUS_UPDATED;
}

static void
outputs_write(struct replay *replay)
{
	for (size_t i = 0; i < replay->scored.outputs; i++) {
		const struct output *output = &replay->scored.output[i];
		if (output->kind == OUTPUT_ALERT)
			feed_add(replay, output);
		bool shown = output->kind == OUTPUT_REFUSED || output_is_shown(replay->options, output);
		if (!shown)
			continue;
		if (output->kind == OUTPUT_ALERT)
			alert_write(replay, output);
		else if (output->kind == OUTPUT_SHADOW)
			sink_line(&replay->sink[SINK_SHADOW], output->line);
		else if (output->kind == OUTPUT_INDICATOR)
			sink_line(&replay->sink[SINK_INDICATORS], output->line);
		else if (output->kind == OUTPUT_REFUSED)
			sink_line(&replay->sink[SINK_REFUSED], output->line);
	}
}

static bool
sinks_failed(const struct replay *replay)
{
	for (int i = 0; i < SINKS; i++)
		if (replay->sink[i].failed)
			return true;
	return false;
}

/* ---- judging ---- */

static void
batch_judge(struct replay *replay, size_t count)
{
	for (size_t done = 0; done < count;) {
		done += scorer_score(replay->session.scorer, replay->batch + done, count - done, &replay->scored);
		outputs_write(replay);
	}
}

static uint64_t
offered_all(const struct summary *summary)
{
	uint64_t sum = 0;
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		sum += summary->offered[kind];
	return sum;
}

static int
input_judge(struct replay *replay, struct input *input, uint64_t bytes_before)
{
	size_t count;
	while ((count = input_batch(input, replay->lines, replay->batch, (size_t)replay->options->batch)) > 0) {
		replay->summary.offered[input->kind] += count;
		batch_judge(replay, count);
		if (sinks_failed(replay))
			return EX_IOERR;
		progress_show(&replay->progress, bytes_before + reader_bytes(input->reader), offered_all(&replay->summary));
	}
	return input_end(&replay->session, input);
}

static int
inputs_judge(struct replay *replay)
{
	uint64_t bytes = 0;
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < replay->session.inputs && result == OPTIONS_GO_ON; i++) {
		result = input_judge(replay, &replay->session.input[i], bytes);
		bytes += reader_bytes(replay->session.input[i].reader);
	}
	return result;
}

/* ---- the summary ---- */

static void
summary_print(struct replay *replay)
{
	const struct common_options *common = &replay->options->common;
	struct buffer json = {0}, text = {0};
	summary_json(&replay->session, &replay->summary, &json);
	summary_text(&replay->session, &replay->summary, &text);
	sink_line(&replay->sink[SINK_SUMMARY], (struct slice){json.data, json.length});
	if (common->json)
		fprintf(stderr, "%.*s\n", (int)json.length, json.data);
	else if (!common->quiet)
		fprintf(stderr, "%.*s", (int)text.length, text.data);
	buffer_free(&json);
	buffer_free(&text);
}

static int
replay_finish(struct replay *replay, uint64_t start_ns)
{
	enum language language = replay->session.language;
	uint8_t value[DIGEST_BYTES];
	digest_value(replay->digest, value);
	hex_text(value, DIGEST_BYTES, replay->summary.feed_digest);
	replay->summary.seconds = (double)(clock_ns() - start_ns) / 1e9;
	if (!summary_is_whole(&replay->session, &replay->summary)) {
		TELL(language, "内部错误：%s", "internal error: %s",
		    language == LANGUAGE_ZH ? "收到 ≠ 已判 + 拒收 + 重复" : "received is not judged + refused + duplicate");
		return EX_SOFTWARE;
	}
	summary_print(replay);
	bool standing = replay->filtered ? replay->shown_standing > 0 : summary_alerts(&replay->session).open > 0;
	return replay->options->fail_on_alert && standing ? EXIT_ALERTS : EX_OK;
}

/* ---- opening ---- */

/* A file that is read, or another output, must not be overwritten. */
static int
output_check(const struct replay *replay, int which)
{
	enum language language = replay->session.language;
	const char *path = replay->options->path[which];
	struct stat status, other;
	if (!path || strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return OPTIONS_GO_ON;
	bool taken = false;
	for (size_t i = 0; i < replay->session.inputs && !taken; i++) {
		dev_t device;
		ino_t file;
		reader_identity(replay->session.input[i].reader, &device, &file);
		taken = device == status.st_dev && file == status.st_ino;
	}
	for (int i = 0; i < which && !taken; i++) {
		const char *name = replay->options->path[i];
		taken = name && stat(name, &other) == 0 && other.st_dev == status.st_dev && other.st_ino == status.st_ino;
	}
	if (!taken)
		return OPTIONS_GO_ON;
	TELL(language, "%s 既要读又要写，或要写两次", "%s would be both read and written, or written twice", path);
	return EX_USAGE;
}

static int
outputs_open(struct replay *replay)
{
	int result = OPTIONS_GO_ON;
	for (int i = 0; i < SINKS && result == OPTIONS_GO_ON; i++) {
		const char *path = replay->options->path[i];
		result = output_check(replay, i);
		if (result == OPTIONS_GO_ON)
			result = sink_open(&replay->sink[i], i == SINK_ALERTS && !path ? "-" : path, replay->session.language);
	}
	return result;
}

static void
replay_open(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	size_t batch = (size_t)options->batch;
	replay->digest = digest_open();
	replay->lines = memory_get(batch, sizeof *replay->lines);
	replay->batch = memory_get(batch, sizeof *replay->batch);
	replay->scored.fate = memory_get(batch, sizeof *replay->scored.fate);
	replay->filtered = options->from != INT32_MIN || options->to != INT32_MAX || options->person || options->institution;
	uint64_t total = 0;
	bool known = true;
	for (size_t i = 0; i < replay->session.inputs; i++) {
		uint64_t size = reader_size(replay->session.input[i].reader);
		known = known && size;
		total += size;
	}
	bool lines_on_screen = replay->sink[SINK_ALERTS].file == stdout && terminal_of(stdout).is_terminal;
	progress_open(&replay->progress, replay->session.language, !options->common.quiet && !lines_on_screen, known ? total : 0);
}

static int
days_check(const struct replay_options *options)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
	if (options->from <= options->to)
		return OPTIONS_GO_ON;
	TELL((enum language)options->common.language, "--from %s 晚于 --to %s，没有可显示的", "--from %s is after --to %s: nothing could be shown",
	    day_text(options->from, from), day_text(options->to, to));
	return EX_USAGE;
}

static int
replay_run(struct replay *replay, const struct operands *files)
{
	uint64_t start_ns = clock_ns();
	int result = days_check(replay->options);
	if (result == OPTIONS_GO_ON)
		result = session_open(&replay->session, &replay->options->common, files);
	if (result == OPTIONS_GO_ON)
		result = outputs_open(replay);
	if (result != OPTIONS_GO_ON)
		return result;
	replay_open(replay);
	result = inputs_judge(replay);
	progress_close(&replay->progress);
	if (result != OPTIONS_GO_ON)
		return result;
	if (replay->options->close_all) {
		scorer_close_windows(replay->session.scorer, &replay->scored);
		outputs_write(replay);
	}
	return replay_finish(replay, start_ns);
}

int
command_replay(int argc, char **argv)
{
	struct replay_options options = {.from = INT32_MIN, .to = INT32_MAX, .batch = 4096};
	struct operands files;
	int result = options_parse(&replay_form, argc, argv, &options, &files);
	if (result != OPTIONS_GO_ON)
		return result;
	struct replay replay = {.options = &options};
	result = replay_run(&replay, &files);
	for (int i = 0; i < SINKS; i++)
		if (sink_close(&replay.sink[i]) != OPTIONS_GO_ON)
			result = EX_IOERR;
	if (replay.digest)
		digest_close(replay.digest);
	free(replay.lines);
	free(replay.batch);
	free(replay.scored.fate);
	session_close(&replay.session);
	options_free(&replay_form, &options, &files);
	return result;
}
