/* `fundwatch watch`: the alert feed for an officer's terminal, from a topic, a file or a pipe. */
#include "replay/commands.h"
#include "replay/reader.h"
#include "replay/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES (1u << 20)
#define BATCH 256
#define WAIT_MS 200
#define FOLDS_MOST 256                  /* groups that wait to be shown */
#define RECENT 512                      /* alerts that can be asked for again */

struct watch_options {
	struct common_options common;
	const char *brokers, *topic, *show;
	struct text_list properties, rules, regions, statuses;
	int32_t severity;
	int64_t exit_after, timeout;
	bool follow, from_beginning, group;
};

struct watch {
	const struct watch_options *options;
	enum language language;
	struct terminal terminal;
	bool interactive, broken_pipe, ended;
	int write_error;
	struct buffer out, found;               /* found: last line of the alert that --show names */
	char group[GROUP_BYTES];                /* of the record at hand, with --group; "": none */
	struct folds folds;
	struct buffer recent[RECENT];
	size_t recents;
	uint64_t shown, hidden, bad;
	struct timespec deadline;
	char keys[128];
	size_t key_count;
};

#define AT(member) offsetof(struct watch_options, member)
static const struct option_row watch_row[] = {
	{"brokers", OPTION_TEXT, AT(brokers), "LIST", {"从 Kafka 读取，如 127.0.0.1:9092", "read from Kafka, e.g. 127.0.0.1:9092"}, 0, 0, NULL},
	{"topic", OPTION_TEXT, AT(topic), "NAME", {"告警主题，默认 fundwatch.alerts", "topic of the alerts, default fundwatch.alerts"}, 0, 0, NULL},
	{"from-beginning", OPTION_FLAG, AT(from_beginning), NULL, {"从主题开头读起，默认只看新告警", "from the topic's beginning; default: new alerts only"}, 0, 0, NULL},
	{"property", OPTION_LIST, AT(properties), "NAME=VALUE", {"librdkafka 的任何属性，可重复", "any property of librdkafka; repeatable"}, 0, 0, NULL},
	{"follow", OPTION_FLAG, AT(follow), NULL, {"文件到末尾后等待新行", "wait for more lines at a file's end"}, 0, 0, NULL},
	{"severity", OPTION_WORD, AT(severity), "WORD", {"只看该严重程度及以上：low medium high critical", "this severity or a higher one: low medium high critical"},
	    0, 0, severity_words},
	{"rule", OPTION_LIST, AT(rules), "ID", {"只看该规则，可重复", "this rule only; repeatable"}, 0, 0, NULL},
	{"region", OPTION_LIST, AT(regions), "CODE", {"只看该区划（前缀）或统筹区，可重复", "areas or pools that begin so; repeatable"}, 0, 0, NULL},
	{"status", OPTION_LIST, AT(statuses), "WORD", {"只看该状态，可重复", "this status only; repeatable"}, 0, 0, status_words},
	{"group", OPTION_FLAG, AT(group), NULL, {"同组的告警（规则写了 group）一起到达的合为一行，注明条数；要和 --brokers 一起用",
	    "alerts of one group (the rule says group) that come together in one line with their count; needs --brokers"}, 0, 0, NULL},
	{"show", OPTION_TEXT, AT(show), "ID", {"显示该告警全文：结算单和依据条款；可只写编号的开头", "the whole of this alert, with its claims and clause; the beginning of an id will do"},
	    0, 0, NULL},
	{"exit-after", OPTION_NUMBER, AT(exit_after), "N", {"显示 N 条告警后退出", "end after N alerts were shown"}, 1, INT64_C(1) << 40, NULL},
	{"timeout", OPTION_NUMBER, AT(timeout), "S", {"S 秒后退出", "end after S seconds"}, 1, 1000000, NULL},
};
#undef AT

static const struct command_form watch_form = {
	.name = "watch", .operands = "[FILE|-]", .operands_least = 0, .operands_most = 1,
	.summary = {"在终端查看告警，每条一行：时间、严重程度、状态、性质、规则、对象、金额、说明。\n"
	    "在终端上按回车显示最近一条告警全文，输入编号再按回车显示该告警，q 退出。\n"
	    "--exit-after 未达到条数而超时的，以 75 退出；一直连不上 Kafka 或没有该主题的，以 69 退出。",
	    "Shows alerts on a terminal, one line each: time, severity, status, grade, rule, subject, money, sentence.\n"
	    "On a terminal Enter shows the whole of the last alert, an id and Enter that alert, q ends.\n"
	    "Exits 75 when the time is over before --exit-after was reached, 69 when Kafka or the topic was never there."},
	.row = watch_row, .rows = sizeof watch_row / sizeof watch_row[0],
	.common = COMMON_JSON,
	.example = {
		{"fundwatch watch --brokers 127.0.0.1:9092 --severity high --region 1411",
		    {"实时查看 1411 统筹区的高级别告警", "live alerts of pool 1411, high and critical"}},
		{"fundwatch watch alerts.ndjson --show 5d0c3c1e", {"显示文件中一条告警的全文", "the whole of one alert of a file"}}},
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* ---- output ---- */

static void
out_flush(struct watch *watch)
{
	size_t at = 0;
	while (at < watch->out.length && !watch->broken_pipe && !watch->write_error) {
		ssize_t written = write(STDOUT_FILENO, watch->out.data + at, watch->out.length - at);
		if (written >= 0)
			at += (size_t)written;
		else if (errno == EPIPE)
			watch->broken_pipe = true;
		else if (errno != EINTR && errno != EAGAIN)
			watch->write_error = errno;
		else if (stopped)
			break;
	}
	watch->out.length = 0;
}

static void
remember(struct watch *watch, struct slice raw)
{
	struct buffer *place = &watch->recent[watch->recents++ % RECENT];
	place->length = 0;
	buffer_add(place, raw.data, raw.length);
}

static void
show_whole(struct watch *watch, struct slice raw)
{
	struct feed_record record;
	feed_record_read(&record, raw.data, raw.length);
	if (watch->options->common.json) {
		buffer_add(&watch->out, raw.data, raw.length);
		buffer_char(&watch->out, '\n');
	} else {
		print_alert_whole(&watch->out, &record, &watch->terminal, watch->language);
	}
	feed_record_free(&record);
}

/* ---- filters ---- */

static bool
list_has(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->item[i], text) == 0)
			return true;
	return list->count == 0;
}

static bool
in_region(const struct text_list *regions, const struct feed_record *record)
{
	for (size_t i = 0; i < regions->count; i++) {
		size_t length = strlen(regions->item[i]);
		if (strncmp(record->area, regions->item[i], length) == 0 || strncmp(record->pool, regions->item[i], length) == 0)
			return true;
	}
	return regions->count == 0;
}

static bool
is_shown(const struct watch_options *options, const struct feed_record *record)
{
	if (options->show)
		return strncmp(record->alert_id, options->show, strlen(options->show)) == 0;
	return severity_rank(record->severity) >= options->severity && list_has(&options->rules, record->rule)
	    && list_has(&options->statuses, record->status) && in_region(&options->regions, record);
}

/* ---- one record ---- */

static void
take_alert(struct watch *watch, const struct feed_record *record, struct slice raw)
{
	const struct watch_options *options = watch->options;
	if (!is_shown(options, record)) {
		watch->hidden++;
		return;
	}
	watch->shown++;
	if (options->show) {
		watch->found.length = 0;
		buffer_add(&watch->found, raw.data, raw.length);
		if (options->brokers || options->follow)
			show_whole(watch, raw);
	} else if (options->common.json) {
		buffer_add(&watch->out, raw.data, raw.length);
		buffer_char(&watch->out, '\n');
	} else if (watch->group[0]) {
		folds_add(&watch->folds, watch->group, raw);
	} else {
		print_alert_line(&watch->out, record, &watch->terminal, watch->language);
		buffer_char(&watch->out, '\n');
	}
	if (watch->interactive)
		remember(watch, raw);
	watch->ended = watch->ended || (options->exit_after && watch->shown >= (uint64_t)options->exit_after);
}

static void
take_line(struct watch *watch, struct slice raw)
{
	struct feed_record record;
	feed_record_read(&record, raw.data, raw.length);
	if (record.kind == FEED_ALERT) {
		take_alert(watch, &record, raw);
	} else if (record.kind == FEED_BAD) {
		watch->bad++;
	} else if (watch->terminal.is_terminal && !watch->options->common.json && !watch->options->show
	    && (strcmp(record.type, "rules.changed") == 0 || strcmp(record.type, "data_quality") == 0)) {
		print_other_line(&watch->out, &record, raw, &watch->terminal, watch->language);
		buffer_char(&watch->out, '\n');
	}
	feed_record_free(&record);
	if (watch->out.length > 1 << 15)
		out_flush(watch);
}

/* ---- the keyboard ---- */

static void
key_line(struct watch *watch, const char *text)
{
	size_t kept = watch->recents < RECENT ? watch->recents : RECENT;
	if (strcmp(text, "q") == 0)
		watch->ended = true;
	for (size_t i = 0; i < kept && !watch->ended; i++) {
		const struct buffer *recent = &watch->recent[(watch->recents - 1 - i) % RECENT];
		struct feed_record record;
		feed_record_read(&record, recent->data, recent->length);
		bool wanted = strncmp(record.alert_id, text, strlen(text)) == 0;
		feed_record_free(&record);
		if (wanted) {
			show_whole(watch, (struct slice){recent->data, recent->length});
			return;
		}
	}
	if (!watch->ended && *text)
		TELL(watch->language, "没有编号以 %s 开头的告警", "no alert whose id begins with %s", text);
}

static void
keys_read(struct watch *watch)
{
	ssize_t got = read(STDIN_FILENO, watch->keys + watch->key_count, sizeof watch->keys - 1 - watch->key_count);
	if (got <= 0) {
		watch->interactive = watch->interactive && got < 0 && errno == EINTR;
		return;
	}
	watch->key_count += (size_t)got;
	watch->keys[watch->key_count] = '\0';
	char *start = watch->keys, *end;
	for (; (end = strchr(start, '\n')); start = end + 1) {
		*end = '\0';
		key_line(watch, start);
	}
	watch->key_count = strlen(start);
	memmove(watch->keys, start, watch->key_count);
	if (watch->key_count == sizeof watch->keys - 1)
		watch->key_count = 0;
}

/* Waits for the descriptor (-1: none), the keyboard or so many milliseconds. */
static void
wait_for(struct watch *watch, int descriptor, int timeout_ms)
{
	struct pollfd wait[2] = {{descriptor, POLLIN, 0}, {watch->interactive ? STDIN_FILENO : -1, POLLIN, 0}};
	if (poll(wait, 2, timeout_ms) > 0 && wait[1].revents)
		keys_read(watch);
}

/* ---- sources ---- */

static bool
goes_on(struct watch *watch)
{
	struct timespec now;
	out_flush(watch);
	if (stopped || watch->ended || watch->broken_pipe || watch->write_error)
		return false;
	if (!watch->options->timeout)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < watch->deadline.tv_sec || (now.tv_sec == watch->deadline.tv_sec && now.tv_nsec < watch->deadline.tv_nsec);
}

static int
file_end(const struct watch *watch, const struct reader *reader, const char *path)
{
	long long line = (long long)reader_line(reader);
	switch (reader_state(reader)) {
	case READER_TRUNCATED:
	case READER_CORRUPT:
		TELL(watch->language, "%s 第 %lld 行之后：压缩数据损坏或不完整", "%s after line %lld: compressed data damaged or cut short", path, line);
		return EX_DATAERR;
	case READER_FAILED:
		TELL(watch->language, "%s 第 %lld 行之后读不下去：%s", "%s after line %lld: cannot read on: %s", path, line,
		    error_text(reader_error(reader), watch->language));
		return EX_IOERR;
	default:
		return EX_OK;
	}
}

static int
watch_file(struct watch *watch, const char *path)
{
	int error;
	struct reader *reader = reader_open(path, LINE_BYTES, &error);
	if (!reader) {
		TELL(watch->language, "读不了 %s：%s", "cannot read %s: %s", path, error_text(error, watch->language));
		return EX_NOINPUT;
	}
	struct stat status;
	bool regular = fstat(reader_descriptor(reader), &status) == 0 && S_ISREG(status.st_mode);
	reader_prompt(reader, watch->options->follow);
	struct line *lines = memory_get(BATCH, sizeof *lines);
	while (goes_on(watch)) {
		if (!regular)
			wait_for(watch, reader_descriptor(reader), WAIT_MS);
		struct pollfd ready = {reader_descriptor(reader), POLLIN, 0};
		if (!regular && poll(&ready, 1, 0) <= 0)
			continue;
		size_t count = reader_lines(reader, lines, BATCH);
		for (size_t i = 0; i < count && !watch->ended; i++)
			take_line(watch, (struct slice){lines[i].bytes, lines[i].length});
		if (count == 0 && reader_state(reader) != READER_GOING)
			break;
		if (regular)
			wait_for(watch, -1, count ? 0 : WAIT_MS);
	}
	int result = file_end(watch, reader, path);
	free(lines);
	reader_close(reader);
	return result;
}

/* Says once what is wrong with the topic, and once that it is well again. */
static enum feed_topic_state
tell_state(const struct watch *watch, const struct feed_topic *feed, enum feed_topic_state told, enum feed_topic_state state, const char *topic)
{
	if (state == TOPIC_RECORD || state == TOPIC_NOTHING) {
		if (told != TOPIC_NOTHING)
			TELL(watch->language, "已连上主题 %s", "reading topic %s", topic);
		return TOPIC_NOTHING;
	}
	if (state == told)
		return told;
	if (state == TOPIC_MISSING)
		TELL(watch->language, "没有主题 %s，等待它出现", "there is no topic %s yet; waiting for it", topic);
	else if (state == TOPIC_UNREACHABLE)
		TELL(watch->language, "连不上 %s（%s），继续尝试", "cannot reach %s (%s); trying again", watch->options->brokers, feed_topic_error(feed));
	else
		TELL(watch->language, "主题 %s 读不下去：%s", "topic %s: cannot read on: %s", topic, feed_topic_error(feed));
	return state;
}

static int
watch_topic(struct watch *watch)
{
	const struct watch_options *options = watch->options;
	const char *topic = options->topic ? options->topic : "fundwatch.alerts";
	char *why = NULL;
	struct feed_topic *feed = feed_topic_open(options->brokers, topic, options->from_beginning || options->show, &options->properties, &why);
	if (!feed) {
		TELL(watch->language, "Kafka 设置有误：%s", "wrong Kafka setting: %s", why ? why : "");
		free(why);
		return EX_USAGE;
	}
	enum feed_topic_state state = TOPIC_NOTHING, told = TOPIC_NOTHING;
	bool found = false;
	while (goes_on(watch) && state != TOPIC_FAILED) {
		struct slice value;
		state = feed_topic_poll(feed, WAIT_MS, &value);
		found = found || state == TOPIC_RECORD || state == TOPIC_NOTHING;
		told = tell_state(watch, feed, told, state, topic);
		if (state == TOPIC_RECORD && options->group)
			feed_topic_group(feed, watch->group);
		if (state == TOPIC_RECORD)
			take_line(watch, value);
		if (state != TOPIC_RECORD || watch->ended || watch->folds.count == FOLDS_MOST)
			folds_print(&watch->folds, &watch->out, &watch->terminal, watch->language);
		wait_for(watch, -1, state == TOPIC_MISSING || state == TOPIC_UNREACHABLE ? WAIT_MS : 0);
	}
	folds_print(&watch->folds, &watch->out, &watch->terminal, watch->language);
	feed_topic_close(feed);
	return state == TOPIC_FAILED || (!found && !stopped) ? EX_UNAVAILABLE : EX_OK;
}

/* ---- the command ---- */

static void
watch_start(struct watch *watch, const char *path)
{
	const struct watch_options *options = watch->options;
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	watch->language = (enum language)options->common.language;
	watch->terminal = terminal_of(stdout);
	watch->interactive = watch->terminal.is_terminal && isatty(STDIN_FILENO) && !(path && strcmp(path, "-") == 0)
	    && (options->brokers || options->follow) && !options->show;
	clock_gettime(CLOCK_MONOTONIC, &watch->deadline);
	watch->deadline.tv_sec += options->timeout;
	if (watch->interactive && !options->common.quiet)
		TELL(watch->language, "回车：最近一条告警全文；编号加回车：该告警；%s：退出", "Enter: the last alert in full; id and Enter: that alert; %s: end", "q");
}

/* After the source: the alert that was asked for, what was counted, the exit code. */
static int
watch_finish(struct watch *watch, int result)
{
	const struct watch_options *options = watch->options;
	bool once = options->show && !options->brokers && !options->follow;
	if (once && watch->found.length)
		show_whole(watch, (struct slice){watch->found.data, watch->found.length});
	out_flush(watch);
	if (result == EX_OK && options->show && !watch->found.length && !stopped) {
		TELL(watch->language, "没有编号以 %s 开头的告警", "no alert whose id begins with %s", options->show);
		result = EX_DATAERR;
	}
	if (!options->common.quiet && !options->show && !watch->broken_pipe)
		TELL(watch->language, "显示 %llu 条告警，筛去 %llu 条，无法解读 %llu 行", "alerts shown: %llu, filtered out: %llu, bad lines: %llu",
		    (unsigned long long)watch->shown, (unsigned long long)watch->hidden, (unsigned long long)watch->bad);
	if (watch->write_error) {
		TELL(watch->language, "写不了标准输出：%s", "cannot write standard output: %s", error_text(watch->write_error, watch->language));
		return EX_IOERR;
	}
	bool short_of = options->exit_after && watch->shown < (uint64_t)options->exit_after && !stopped && !watch->broken_pipe;
	return result == EX_OK && short_of ? EX_TEMPFAIL : result;
}

static int
check_source(const struct watch_options *options, const struct operands *operands)
{
	enum language language = (enum language)options->common.language;
	if (!options->brokers && operands->count == 0)
		TELL(language, "要一个文件、“-”或 --brokers %s", "a file, \"-\" or --brokers %s is needed", "LIST");
	else if (options->brokers && operands->count)
		TELL(language, "--brokers 和文件 %s 只能选一个", "--brokers and the file %s do not go together", operands->item[0]);
	else if (!options->brokers && (options->topic || options->from_beginning || options->properties.count || options->group))
		TELL(language, "--topic、--from-beginning、--property、--group 要和 %s 一起用", "--topic, --from-beginning, --property and --group need %s",
		    "--brokers");
	else
		return OPTIONS_GO_ON;
	TELL(language, "用法见 fundwatch %s --help", "see fundwatch %s --help", "watch");
	return EX_USAGE;
}

int
command_watch(int argc, char **argv)
{
	struct watch_options options = {.severity = -1};        /* any, also one that is not known */
	struct operands operands;
	int result = options_parse(&watch_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	result = check_source(&options, &operands);
	if (result == OPTIONS_GO_ON) {
		struct watch *watch = memory_get(1, sizeof *watch);
		watch->options = &options;
		watch_start(watch, operands.count ? operands.item[0] : NULL);
		result = watch_finish(watch, options.brokers ? watch_topic(watch) : watch_file(watch, operands.item[0]));
		for (size_t i = 0; i < RECENT; i++)
			buffer_free(&watch->recent[i]);
		buffer_free(&watch->out);
		buffer_free(&watch->found);
		free(watch);
	}
	options_free(&watch_form, &options, &operands);
	return result;
}
