/* `fundwatch diff`: what a changed ruleset would have said over the same records, before it is put into force. */
#include "replay/commands.h"
#include "replay/diff.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define AT(member) offsetof(struct diff_options, member)
static const struct option_row diff_row[] = {
	{"old", OPTION_TEXT, AT(old_rules), "DIR", {"旧规则目录", "folder of the old rules"}, 0, 0, NULL},
	{"new", OPTION_TEXT, AT(new_rules), "DIR", {"新规则目录", "folder of the new rules"}, 0, 0, NULL},
	{"from", OPTION_DATE, AT(from), "DATE", {"只显示该日及以后的告警，不影响判定", "show only alerts of this day or later; never changes what is judged"}, 0, 0, NULL},
	{"to", OPTION_DATE, AT(to), "DATE", {"只显示该日及以前的告警", "show only alerts of this day or earlier"}, 0, 0, NULL},
	{"set", OPTION_LIST, AT(sets), "RULE.PARAM[@REGION]=V1,V2", {"另以这些参数值试算新规则，可重复（取各种组合，最多 64 个）",
	    "try the new rules with these values of a parameter too; repeatable: their combinations, at most 64"}, 0, 0, NULL},
	{"html", OPTION_TEXT, AT(html), "FILE", {"另写成一个网页文件：含图表，可打印，不联网", "write one HTML file too: charts, for a printer, loads nothing"}, 0, 0, NULL},
	{"title", OPTION_TEXT, AT(title), "TEXT", {"网页的标题", "title of the HTML file"}, 0, 0, NULL},
	{"date", OPTION_DATE, AT(date), "DATE", {"写在网页上的制表日期，默认不写", "date to print on the HTML file; default: none"}, 0, 0, NULL},
	{"samples", OPTION_NUMBER, AT(samples), "N", {"每条规则每类变化列出金额最大的几件，默认 5", "samples a rule and kind, the dearest first; default 5"}, 0, 1000, NULL},
	{"shadow", OPTION_FLAG, AT(shadow), NULL, {"试运行规则的告警也计入", "count alerts of shadow rules too"}, 0, 0, NULL},
	{"close-all", OPTION_FLAG, AT(close_all), NULL, {"结束时关闭所有未到期的窗口", "close every window that is still open at the end"}, 0, 0, NULL},
	{"no-cost", OPTION_FLAG, AT(no_cost), NULL, {"不写测得的用时：同样的输入给出同样的字节", "leave the measured time out: the same input gives the same bytes"}, 0, 0, NULL},
	{"batch", OPTION_NUMBER, AT(batch), "N", {"每批记录数，默认 1024，不影响结果", "records a batch, default 1024; never changes the result"}, 1, 1 << 16, NULL},
	{"threads", OPTION_NUMBER, AT(threads), "N", {"判定线程数，默认为处理器数，不影响结果", "threads that judge, default one a processor; never changes the result"}, 1, 256, NULL},
	ARCHIVE_PLACE_ROWS(struct diff_options),
};
#undef AT

static const struct command_form diff_form = {
	.name = "diff", .operands = "FILE...|-|--archive DIR", .operands_least = 0, .operands_most = SIZE_MAX,
	.summary = {"用两套规则判定同一批结算（文件或档案），列出新增、消失、变化的告警和涉及金额。只比较告警的最终状态。",
	    "Judges the same settlements (files or an archive) by two sets of rules and lists the alerts gained, lost and changed,\n"
	    "and the money at risk. Only the final state of an alert counts."},
	.row = diff_row, .rows = sizeof diff_row / sizeof diff_row[0],
	.common = COMMON_RECORD | COMMON_PERSON | COMMON_JSON,
	.example = {
		{"fundwatch diff --old rules --new rules-next --record enrolment=enrolment.ndjson settlements.ndjson",
		    {"改动会带来哪些告警", "which alerts a change would bring"}},
		{"fundwatch diff --old rules --new rules-next --archive /var/lib/fundwatch/1409 --set OP-CAP-001.op_cap@1409=250,300,350 --html report.html",
		    {"档案上的报告，并试算三个限额", "a report over an archive, with three values of a cap tried"}}},
};

static int
usage(enum language language, const char *zh, const char *en)
{
	TELL(language, "%s", "%s", language == LANGUAGE_ZH ? zh : en);
	return EX_USAGE;
}

static int
options_check(const struct diff_options *options, const struct operands *files)
{
	enum language language = (enum language)options->common.language;
	bool archive = options->place.dir != NULL;
	if (!options->old_rules || !options->new_rules)
		return usage(language, "diff 要有 --old DIR 和 --new DIR；用法见 fundwatch diff --help",
		    "diff wants --old DIR and --new DIR; see fundwatch diff --help");
	if (!archive && files->count == 0)
		return usage(language, "diff 缺少 FILE...|-|--archive DIR；用法见 fundwatch diff --help",
		    "diff wants FILE...|-|--archive DIR; see fundwatch diff --help");
	if (archive && (files->count || options->common.records.count))
		return usage(language, "--archive 已含全部记录，不能再给文件或 --record", "--archive holds all records: no files and no --record beside it");
	if (options->html && strcmp(options->html, "-") == 0)
		return usage(language, "--html 要写入文件", "--html wants a file");
	return options_days(options->from, options->to, language);
}

static int
side_start(struct diff *diff, struct diff_side *side, const char *directory)
{
	struct ruleset *rules = rules_open(&diff->options->common, directory);
	side->directory = directory;
	if (!rules)
		return EX_CONFIG;
	if (side_open(side, rules, diff->options, &diff->session.limits, (size_t)diff->options->batch))
		return OPTIONS_GO_ON;
	TELL(diff->language, "内存不足：%s", "out of memory: %s", "scorer");
	return EX_OSERR;
}

/* A file that is read must not be overwritten. */
static int
page_open(struct diff *diff)
{
	const char *path = diff->options->html;
	struct stat status;
	bool is_file = path && stat(path, &status) == 0 && S_ISREG(status.st_mode);
	for (size_t i = 0; is_file && i < diff->session.inputs; i++) {
		dev_t device;
		ino_t file;
		reader_identity(diff->session.input[i].reader, &device, &file);
		if (device != status.st_dev || file != status.st_ino)
			continue;
		TELL(diff->language, "%s 既要读又要写", "%s would be both read and written", path);
		return EX_USAGE;
	}
	return sink_open(&diff->page, path, diff->language);
}

static size_t
threads_wanted(const struct diff_options *options)
{
	long processors = options->threads ? (long)options->threads : sysconf(_SC_NPROCESSORS_ONLN);
	return processors > 0 ? (size_t)processors : 1;
}

static void
page_print(struct diff *diff, const struct comparison *comparison)
{
	struct buffer out = {0};
	if (!diff->options->html)
		return;
	diff_html(diff, comparison, &out);
	sink_line(&diff->page, (struct slice){out.data, out.length});
	buffer_free(&out);
}

static int
diff_print(const struct diff *diff, const struct comparison *comparison)
{
	struct buffer out = {0};
	struct sink sink;
	int result = sink_open(&sink, "-", diff->language);
	if (result != OPTIONS_GO_ON)
		return result;
	if (diff->options->common.json) {
		diff_json(diff, comparison, &out);
	} else {
		diff_text(diff, comparison, &out);
		out.length -= out.length > 0;           /* sink_line ends the last line */
	}
	sink_line(&sink, (struct slice){out.data, out.length});
	buffer_free(&out);
	return sink_close(&sink);
}

/* Does every record have one fate on either side? */
static bool
is_whole(const struct diff_side *side)
{
	const struct scorer_counts *counts = scorer_counts(side->scorer);
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		if (counts->received[kind] != counts->judged[kind] + counts->refused[kind] + counts->duplicate[kind]
		    || counts->received[kind] != side->offered[kind])
			return false;
	return true;
}

static int
diff_finish(struct diff *diff)
{
	struct comparison comparison;
	if (!is_whole(&diff->old) || !is_whole(&diff->new)) {
		TELL(diff->language, "内部错误：%s", "internal error: %s",
		    diff->language == LANGUAGE_ZH ? "收到 ≠ 已判 + 拒收 + 重复" : "received is not judged + refused + duplicate");
		return EX_SOFTWARE;
	}
	compare(diff, &comparison);
	variants_compare(diff);
	page_print(diff, &comparison);
	int result = diff_print(diff, &comparison);
	comparison_free(&comparison);
	return result == OPTIONS_GO_ON ? EX_OK : result;
}

static int
diff_run(struct diff *diff)
{
	const struct diff_options *options = diff->options;
	int result = options_check(options, diff->files);
	if (result == OPTIONS_GO_ON)
		result = diff_inputs_open(diff);
	if (result == OPTIONS_GO_ON)
		result = page_open(diff);
	if (result == OPTIONS_GO_ON)
		result = side_start(diff, &diff->old, options->old_rules);
	if (result == OPTIONS_GO_ON)
		result = side_start(diff, &diff->new, options->new_rules);
	if (result == OPTIONS_GO_ON)
		result = variants_open(diff);
	if (result != OPTIONS_GO_ON)
		return result;
	struct diff_side *side[2 + VARIANTS_MAX] = {&diff->old, &diff->new};
	for (size_t i = 0; i < diff->variants.count; i++)
		side[2 + i] = &diff->variants.variant[i].side;
	diff->crew = crew_open(side, 2 + diff->variants.count, threads_wanted(options));
	result = diff_judge(diff);
	crew_close(diff->crew);
	if (result != OPTIONS_GO_ON && !diff->incomplete)
		return result;
	int finished = diff_finish(diff);
	return diff->incomplete && finished == EX_OK ? EX_DATAERR : finished;
}

int
command_diff(int argc, char **argv)
{
	struct diff_options options = {.from = INT32_MIN, .to = INT32_MAX, .date = INT32_MIN, .batch = 1024, .samples = 5};
	struct operands files;
	int result = options_parse(&diff_form, argc, argv, &options, &files);
	if (result != OPTIONS_GO_ON)
		return result;
	struct diff diff = {.options = &options, .files = &files, .language = (enum language)options.common.language};
	result = diff_run(&diff);
	if (sink_close(&diff.page) != OPTIONS_GO_ON)
		result = EX_IOERR;
	side_close(&diff.old);
	side_close(&diff.new);
	variants_close(&diff.variants);
	diff_inputs_close(&diff);
	options_free(&diff_form, &options, &files);
	return result;
}
