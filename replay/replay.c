/* `fundwatch replay`: judges files of settlements in the order given, or an archive in its own, and prints the alerts.
 *
 * What must hold: everything that is read is opened before anything is judged; filters choose what is shown and never
 * what is judged; the same files and rules give the same bytes, whatever the batch. */
#include "replay/commands.h"
#include "replay/past.h"
#include "replay/replay.h"
#include "replay/resume.h"
#include "replay/terminal.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

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
	ARCHIVE_PLACE_ROWS(struct replay_options),
	{"as-recorded", OPTION_FLAG, AT(as_recorded), NULL, {"档案按当时的规则判定；不给 --rules 时即如此",
	    "judge the archive by the rules of then; so without --rules too"}, 0, 0, NULL},
	{"no-snapshot", OPTION_FLAG, AT(no_snapshot), NULL, {"从档案开头判起，不从快照开始", "judge the archive from its beginning, not from a snapshot"},
	    0, 0, NULL},
	{"resume", OPTION_TEXT, AT(resume), "DIR", {"在该目录记下进度：中断后同样的命令接着判",
	    "keep the progress here: after an interruption the same command goes on"}, 0, 0, NULL},
	{"close-all", OPTION_FLAG, AT(close_all), NULL, {"结束时关闭所有未到期的窗口", "close every window that is still open at the end"}, 0, 0, NULL},
	{"fail-on-alert", OPTION_FLAG, AT(fail_on_alert), NULL, {"有告警时以 1 退出", "exit 1 when alerts stand at the end"}, 0, 0, NULL},
};
#undef AT

static const struct command_form replay_form = {
	.name = "replay", .operands = "FILE...|-|--archive DIR", .operands_least = 0, .operands_most = SIZE_MAX,
	.summary = {"按规则判定结算文件（NDJSON，可为 .gz 或 .zst）或档案，输出告警。筛选只决定显示什么，不影响判定。",
	    "Judges files of settlements (NDJSON, plain, gzip or zstd) or an archive by the rules and prints the alerts.\n"
	    "Filters choose what is shown, never what is judged."},
	.row = replay_row, .rows = sizeof replay_row / sizeof replay_row[0],
	.common = COMMON_RULES | COMMON_RECORD | COMMON_PERSON | COMMON_JSON,
	.example = {
		{"fundwatch replay --record enrolment=enrolment.ndjson settlements.ndjson > alerts.ndjson",
		    {"先读参保登记，再判结算，告警写入文件", "reads the enrolments first, then judges the settlements"}},
		{"fundwatch replay --archive /var/lib/fundwatch/1409 --from 2024-03-01 --to 2024-03-31 --institution H14090200002",
		    {"一家机构三月份的告警，按当时的规则", "one institution's alerts of March, by the rules of then"}}},
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

static bool
sinks_failed(const struct replay *replay)
{
	for (int i = 0; i < SINKS; i++)
		if (replay->sink[i].failed)
			return true;
	return false;
}

/* The digest is of the whole feed, like every count of the summary: filters do not change it. */
static void
feed_add(struct replay *replay, const struct output *output)
{
	digest_add(replay->digest, output->line.data, output->line.length);
	digest_add(replay->digest, "\n", 1);
	replay->alerts++;
}

static void
output_write(struct replay *replay, const struct output *output)
{
	static const int place[OUTPUT_KINDS] = {[OUTPUT_ALERT] = SINK_ALERTS, [OUTPUT_SHADOW] = SINK_SHADOW,
	    [OUTPUT_INDICATOR] = SINK_INDICATORS, [OUTPUT_REFUSED] = SINK_REFUSED};
	if (output->kind == OUTPUT_ALERT)
		feed_add(replay, output);
	bool shown = output->kind == OUTPUT_REFUSED || output_is_shown(replay->options, output);
	if (!shown || output->kind == OUTPUT_DATA_QUALITY)
		return;
	sink_line(&replay->sink[place[output->kind]], output->line);
	if (output->kind == OUTPUT_ALERT)
		replay->shown_standing += output->status == STATUS_OPEN || output->status == STATUS_UPDATED;
}

int
replay_outputs(struct replay *replay)
{
	for (size_t i = 0; i < replay->scored.outputs; i++)
		output_write(replay, &replay->scored.output[i]);
	return sinks_failed(replay) ? EX_IOERR : OPTIONS_GO_ON;
}

/* ---- judging ---- */

int
replay_records(struct replay *replay, const struct record *record, size_t count)
{
	int result = OPTIONS_GO_ON;
	for (size_t done = 0; done < count && result == OPTIONS_GO_ON;) {
		done += scorer_score(replay->session.scorer, record + done, count - done, &replay->scored);
		result = replay_outputs(replay);
	}
	return result;
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
		int result = replay_records(replay, replay->batch, count);
		if (result != OPTIONS_GO_ON)
			return result;
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

/* The summary is made anew by every run. */
static int
output_open(struct replay *replay, int which)
{
	const char *path = replay->options->path[which];
	const struct resume *resume = &replay->past.resume;
	if (which == SINK_ALERTS && !path)
		path = "-";
	if (path && resume->found && which != SINK_SUMMARY)
		return sink_open_at(&replay->sink[which], path, resume->length[which], replay->session.language);
	return sink_open(&replay->sink[which], path, replay->session.language);
}

static int
outputs_open(struct replay *replay)
{
	int result = OPTIONS_GO_ON;
	for (int i = 0; i < SINKS && result == OPTIONS_GO_ON; i++) {
		result = output_check(replay, i);
		if (result == OPTIONS_GO_ON)
			result = output_open(replay, i);
	}
	return result;
}

static void
replay_open(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	size_t batch = (size_t)options->batch;
	if (!replay->digest)
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
	if (replay->past.entries)
		total = entries_total(replay->past.entries);
	progress_open(&replay->progress, replay->session.language, !options->common.quiet && !lines_on_screen, known ? total : 0);
}

/* Options that do not go together. */
static int
usage(enum language language, const char *zh, const char *en)
{
	TELL(language, "%s", "%s", language == LANGUAGE_ZH ? zh : en);
	return EX_USAGE;
}

static int
options_check(const struct replay_options *options, const struct operands *files)
{
	enum language language = (enum language)options->common.language;
	bool archive = options->place.dir != NULL;
	if (!archive && files->count == 0)
		return usage(language, "replay 缺少 FILE...|-|--archive DIR；用法见 fundwatch replay --help",
		    "replay wants FILE...|-|--archive DIR; see fundwatch replay --help");
	if (archive && (files->count || options->common.records.count))
		return usage(language, "--archive 已含全部记录，不能再给文件或 --record", "--archive holds all records: no files and no --record beside it");
	if (!archive && (options->as_recorded || options->no_snapshot || options->resume))
		return usage(language, "--as-recorded、--no-snapshot、--resume 只用于 --archive",
		    "--as-recorded, --no-snapshot and --resume are for --archive alone");
	if (options->as_recorded && (options->common.rules || options->common.tables))
		return usage(language, "--as-recorded 与 --rules、--tables 只能取其一", "--as-recorded goes without --rules and --tables");
	for (int i = 0; options->resume && i < SINK_SUMMARY; i++)
		if (i == SINK_ALERTS ? !options->path[i] || strcmp(options->path[i], "-") == 0
		    : options->path[i] && strcmp(options->path[i], "-") == 0)
			return usage(language, "--resume 要求输出写入文件：给出 --alerts FILE", "--resume wants outputs in files: give --alerts FILE");
	return options_days(options->from, options->to, language);
}

static int
replay_judge(struct replay *replay)
{
	int result = replay->past.entries ? past_judge(replay) : inputs_judge(replay);
	progress_close(&replay->progress);
	if (result != OPTIONS_GO_ON || !replay->options->close_all)
		return result;
	scorer_close_windows(replay->session.scorer, &replay->scored);
	return replay_outputs(replay);
}

static int
replay_run(struct replay *replay, const struct operands *files)
{
	uint64_t start_ns = clock_ns();
	const struct replay_options *options = replay->options;
	replay->session.language = (enum language)options->common.language;
	int result = options_check(options, files);
	if (result == OPTIONS_GO_ON)
		result = options->place.dir ? past_open(replay) : session_open(&replay->session, &options->common, files);
	if (result == OPTIONS_GO_ON)
		result = outputs_open(replay);
	if (result != OPTIONS_GO_ON)
		return result;
	replay_open(replay);
	result = replay_judge(replay);
	replay->summary.incomplete = result == EX_DATAERR && options->place.dir;
	if (result != OPTIONS_GO_ON && !replay->summary.incomplete)
		return result;
	int finished = replay_finish(replay, start_ns);
	return replay->summary.incomplete && finished != EX_SOFTWARE ? EX_DATAERR : finished;
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
	past_close(&replay);
	session_close(&replay.session);
	options_free(&replay_form, &options, &files);
	return result;
}
