/* See arguments.h. */
#include "daemon/arguments.h"

#include "daemon/config.h"

#include <stdlib.h>
#include <sysexits.h>

static const struct argument {
	const char *name, *value, *help[2];
} argument[] = {
	{"--config", "FILE", {"配置文件，默认 " CONFIG_DEFAULT, "configuration file; default " CONFIG_DEFAULT}},
	{"--check-config", NULL, {"检查配置、规则和表，然后退出（0 或 78）", "check configuration, rules and tables, then leave (0 or 78)"}},
	{"--print-config", NULL, {"输出带注释的示例配置", "print a commented example configuration"}},
	{"--accept-gap", NULL, {"主题与档案对不上时：把缺口记入档案，从主题现有的最早处读起", "when topics do not fit the archive: record the gap there and read on at the earliest that the topic has"}},
	{"--reload", NULL, {"让运行中的 fundwatchd 重读规则和参照表", "ask the fundwatchd that runs to read rules and tables again"}},
	{"--wait", NULL, {"与 --reload：等到结果，并输出它", "with --reload: wait for the outcome and print it"}},
	{"--accept-drop", NULL, {"与 --reload：可丢弃不再需要的状态", "with --reload: state that no rule asks for any more may go"}},
	{"--backfill", NULL, {"与 --reload：新增的状态先从档案回填", "with --reload: what is new is filled from the archive first"}},
	{"--status", NULL, {"输出运行中的 fundwatchd 的规则", "print which rules the fundwatchd that runs has"}},
	{"--control", "PATH", {"它的控制套接字；不写则取自配置文件", "its control socket; without it that of the configuration file"}},
	{"--json", NULL, {"与 --reload、--status：原样输出 JSON 应答", "with --reload, --status: print the answer as JSON"}},
	{"--make-snapshot", NULL, {"（内部）由 fundwatchd 自己启动，做一个快照", "(internal) started by fundwatchd itself: makes one snapshot"}},
	{"--lang", "zh|en", {"日志和提示的语言，默认取自环境变量", "language of log and messages; default: from the environment"}},
	{"--version", NULL, {"显示版本", "print the version"}},
	{"--help", NULL, {"显示本说明", "print this help"}},
};
#define ARGUMENTS (sizeof argument / sizeof argument[0])

static enum language
language_from_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);
		if (value && value[0])
			return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
	}
	return LANGUAGE_EN;
}

static int
unknown(const char *word, enum language language)
{
	const char *names[ARGUMENTS];
	for (size_t i = 0; i < ARGUMENTS; i++)
		names[i] = argument[i].name;
	const char *near = nearest_word((struct slice){word, strcspn(word, "=")}, names, ARGUMENTS);
	bool zh = language == LANGUAGE_ZH;
	fprintf(stderr, zh ? "fundwatchd: 不认识“%s”" : "fundwatchd: \"%s\" is not known", word);
	if (near)
		fprintf(stderr, zh ? "，是否指 %s？" : "; did you mean %s?", near);
	fprintf(stderr, zh ? "\n用法见 fundwatchd --help\n" : "\nsee fundwatchd --help\n");
	return EX_USAGE;
}

static int
bad_value(const struct argument *row, enum language language)
{
	fprintf(stderr, language == LANGUAGE_ZH ? "fundwatchd: %s 要 %s\n" : "fundwatchd: %s wants %s\n", row->name, row->value);
	return EX_USAGE;
}

static bool
value_set(struct arguments *arguments, const char *name, const char *value)
{
	if (strcmp(name, "--config") == 0) {
		arguments->config = arguments->call.config = value;
		return value[0] != '\0';
	}
	if (strcmp(name, "--control") == 0) {
		arguments->call.control = value;
		return value[0] != '\0';
	}
	arguments->language = strcmp(value, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
	return strcmp(value, "zh") == 0 || strcmp(value, "en") == 0;
}

static void
flag_set(struct arguments *arguments, const char *name)
{
	arguments->check |= strcmp(name, "--check-config") == 0;
	arguments->example |= strcmp(name, "--print-config") == 0;
	arguments->accept_gap |= strcmp(name, "--accept-gap") == 0;
	arguments->make_snapshot |= strcmp(name, "--make-snapshot") == 0;
	arguments->reload |= strcmp(name, "--reload") == 0;
	arguments->call.status |= strcmp(name, "--status") == 0;
	arguments->call.wait |= strcmp(name, "--wait") == 0;
	arguments->call.accept_drop |= strcmp(name, "--accept-drop") == 0;
	arguments->call.backfill |= strcmp(name, "--backfill") == 0;
	arguments->call.json |= strcmp(name, "--json") == 0;
	arguments->version |= strcmp(name, "--version") == 0;
	arguments->help |= strcmp(name, "--help") == 0;
}

/* Options that say something about a call want one; a call is one. */
static int
call_check(const struct arguments *arguments)
{
	const struct call *call = &arguments->call;
	bool zh = arguments->language == LANGUAGE_ZH, alone = call->wait || call->accept_drop || call->backfill;
	if (arguments->reload && call->status)
		fprintf(stderr, zh ? "fundwatchd: --reload 和 --status 只能有一个\n" : "fundwatchd: --reload and --status exclude each other\n");
	else if (!arguments->reload && alone)
		fprintf(stderr, zh ? "fundwatchd: --wait、--accept-drop、--backfill 要与 --reload 同用\n" : "fundwatchd: --wait, --accept-drop, --backfill go with --reload\n");
	else if (!arguments->reload && !call->status && (call->json || call->control))
		fprintf(stderr, zh ? "fundwatchd: --json、--control 要与 --reload 或 --status 同用\n" : "fundwatchd: --json, --control go with --reload or --status\n");
	else
		return -1;
	return EX_USAGE;
}

int
arguments_read(struct arguments *arguments, int argc, char **argv)
{
	*arguments = (struct arguments){.config = CONFIG_DEFAULT, .call.config = CONFIG_DEFAULT, .language = language_from_environment()};
	for (int at = 1; at + 1 < argc; at++)   /* first, so that every mistake is told in the language asked for */
		if (strcmp(argv[at], "--lang") == 0)
			value_set(arguments, "--lang", argv[at + 1]);
	for (int at = 1; at < argc; at++) {
		size_t length = strcspn(argv[at], "="), row = 0;
		while (row < ARGUMENTS && !slice_equal((struct slice){argv[at], length}, slice_of(argument[row].name)))
			row++;
		bool has_value = argv[at][length] == '=';
		if (row == ARGUMENTS || (has_value && !argument[row].value))
			return unknown(argv[at], arguments->language);
		if (!argument[row].value) {
			flag_set(arguments, argument[row].name);
			continue;
		}
		const char *value = has_value ? argv[at] + length + 1 : at + 1 < argc ? argv[++at] : "";
		if (!value_set(arguments, argument[row].name, value))
			return bad_value(&argument[row], arguments->language);
	}
	arguments->call.language = arguments->language;
	return call_check(arguments);
}

void
arguments_help(enum language language, FILE *file)
{
	bool zh = language == LANGUAGE_ZH;
	fprintf(file, "%s\n\n%s fundwatchd [%s]...\n\n", zh ? "fundwatchd：从 Kafka 读结算，按规则审核，发布告警" :
	    "fundwatchd: reads settlements from Kafka, judges them by rules, publishes alerts", zh ? "用法：" : "Usage:", zh ? "选项" : "OPTION");
	for (size_t i = 0; i < ARGUMENTS; i++) {
		char left[48];
		snprintf(left, sizeof left, "%s%s%s", argument[i].name, argument[i].value ? " " : "", argument[i].value ? argument[i].value : "");
		fprintf(file, "  %-20s  %s\n", left, argument[i].help[language]);
	}
	fprintf(file, "\n%s\n", zh ? "配置文件的选项 [默认值]：" : "Options of the configuration file [default]:");
	config_help(language, file);
	fprintf(file, "\n%s\n", zh ? "信号：SIGHUP 重读规则；SIGTERM、SIGINT 处理完手头的记录后停止。\n"
	    "退出码：0 正常停止；64 用法错误；65 档案损坏；69 地址或控制套接字被占用；73 档案打不开或已有另一个进程在写；75 停止时仍有消息未送达；78 配置或规则有误、缺少主题、主题与档案对不上。\n"
	    "--reload --wait：0 已采用或没有变化；69 没有运行中的 fundwatchd；75 要先决定（见所说的选项）；78 规则有误，未采用。" :
	    "Signals: SIGHUP reads the rules again; SIGTERM, SIGINT finish what is in hand and stop.\n"
	    "Exit codes: 0 stopped; 64 usage; 65 the archive is damaged; 69 address or control socket in use; 73 the archive cannot be opened or another process writes to it;\n"
	    "75 stopped with messages not delivered; 78 configuration, rules, a missing topic, or topics that do not fit the archive.\n"
	    "--reload --wait: 0 taken, or nothing changed; 69 no fundwatchd runs there; 75 a decision is wanted first (the option is named); 78 the rules are refused.");
}
