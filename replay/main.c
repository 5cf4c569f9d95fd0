/* `fundwatch`: the analyst's and investigator's command.  Finds the command by its first word; everything else is the
 * command's own. */
#include "replay/commands.h"
#include "replay/options.h"

#include <sysexits.h>

#ifndef FW_VERSION
#define FW_VERSION "unknown"
#endif

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *says[2];
} command[] = {
	{"check", command_check, {"检查规则文件，输出规范文本", "check the rule files and print their canonical text"}},
	{"coverage", command_coverage, {"列出规则内的测试没有测到的地方", "what no test inside the rule files reaches"}},
	{"doc", command_doc, {"由规则文件生成中英文说明页", "pages about the rules, from their files"}},
	{"fmt", command_fmt, {"把规则文件排成统一版式", "write the rule files in one layout"}},
	{"test", command_test, {"运行规则文件内的测试", "run the tests inside the rule files"}},
	{"explain", command_explain, {"说明每条规则对一笔结算是否命中、由哪些值决定", "say for a settlement which rules match, and by which values"}},
	{"replay", command_replay, {"用规则重放结算文件或档案，输出告警", "judge files of settlements or an archive and print the alerts"}},
	{"params", command_params, {"说明某地某日适用哪些参数、依据是什么", "say which parameters are in force in an area on a day, and why"}},
	{"diff", command_diff, {"在同一批记录上比较两套规则", "compare two sets of rules over the same records"}},
	{"cost", command_cost, {"列出每条规则的判定次数和耗时", "what every rule is asked, matches and costs"}},
	{"archive", command_archive, {"查看、校验、导入、导出、清理档案", "list, verify, import, export or prune an archive"}},
	{"generate", command_generate, {"生成合成的县域数据，可植入问题", "make a synthetic county, with planted problems if asked"}},
	{"watch", command_watch, {"在终端查看告警", "read the alerts on a terminal"}},
};
#define COMMANDS (sizeof command / sizeof command[0])

static void
print_help(enum language language, FILE *file)
{
	bool zh = language == LANGUAGE_ZH;
	fprintf(file, "%s\n\n%s\n", zh ? "fundwatch：医保基金监测" : "fundwatch: monitoring of medical-insurance funds",
	    zh ? "用法： fundwatch 命令 [选项]..." : "Usage: fundwatch COMMAND [OPTION]...");
	fputc('\n', file);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(file, "  %-10s %s\n", command[i].name, command[i].says[language]);
	fprintf(file, "\n%s\n", zh ? "fundwatch 命令 --help 说明该命令；fundwatch --version 显示版本。"
	    : "fundwatch COMMAND --help explains a command; fundwatch --version prints the version.");
}

static int
unknown_command(const char *word, enum language language)
{
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = command[i].name;
	const char *near = nearest_word(slice_of(word), names, COMMANDS);
	if (near)
		TELL(language, "没有命令“%s”，是否指 %s？", "no command \"%s\"; did you mean %s?", word, near);
	else
		TELL(language, "没有命令“%s”；用法见 fundwatch --help", "no command \"%s\"; see fundwatch --help", word);
	return EX_USAGE;
}

static int
run_command(int argc, char **argv, enum language language)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[0], command[i].name) == 0)
			return command[i].run(argc, argv);
	return unknown_command(argv[0], language);
}

int
main(int argc, char **argv)
{
	enum language language = language_of_words(argc, argv);
	if (argc < 2) {
		print_help(language, stderr);
		return EX_USAGE;
	}
	const char *word = argv[1];
	if (strcmp(word, "--version") == 0) {
		printf("fundwatch %s\n", FW_VERSION);
	} else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (strcmp(word, "help") == 0 && argc == 2)) {
		print_help(language, stdout);
	} else if (strcmp(word, "help") == 0) {
		char help[] = "--help", *words[] = {argv[2], help, NULL};
		return run_command(2, words, language);
	} else {
		return run_command(argc - 1, argv + 1, language);
	}
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
