/* Reading the words of a command line against the command's table.  Every option is a row: nothing is parsed that
 * --help does not say, and every mistake names the word and the nearest one that is known. */
#include "replay/options.h"

#include "core/base/time.h"
#include "core/score/scorer.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

static const char *const language_words[] = {"zh", "en", NULL};

#define AT(member) offsetof(struct common_options, member)
static const struct option_row common_row[] = {
	{"rules", OPTION_TEXT, AT(rules), "DIR", {"规则目录，默认为当前目录下的 rules/，否则为随软件安装的规则",
	    "folder of the rules; default: rules/ here, else the installed rules"}, 0, 0, NULL},
	{"tables", OPTION_TEXT, AT(tables), "DIR", {"参照表目录，默认为规则目录下的 tables/",
	    "folder of the tables; default: tables/ in the folder of the rules"}, 0, 0, NULL},
	{"record", OPTION_LIST, AT(records), "KIND=FILE", {"先于结算单读入的其他记录，如 enrolment=FILE，可重复",
	    "records of another kind, read before the settlements, e.g. enrolment=FILE; repeatable"}, 0, 0, NULL},
	{"pseudonym-key", OPTION_TEXT, AT(key_file), "FILE", {"人员编号假名的密钥文件",
	    "file that holds the key of the pseudonyms of persons"}, 0, 0, NULL},
	{"person-clear", OPTION_FLAG, AT(person_clear), NULL, {"输出真实的人员编号，不用假名",
	    "print psn_no as it is, not a pseudonym"}, 0, 0, NULL},
	{"json", OPTION_FLAG, AT(json), NULL, {"以 JSON 输出结果", "print the result as JSON"}, 0, 0, NULL},
	{"lang", OPTION_WORD, AT(language), "zh|en", {"界面语言，默认取自环境变量", "language of messages; default: from the environment"},
	    0, 0, language_words},
	{"quiet", OPTION_FLAG, AT(quiet), NULL, {"不显示进度、提示和摘要", "no progress, no notices, no summary text"}, 0, 0, NULL},
	{"help", OPTION_FLAG, AT(help), NULL, {"显示本说明", "print this help"}, 0, 0, NULL},
};
#undef AT
#define COMMON_ROWS (sizeof common_row / sizeof common_row[0])
static const unsigned common_of_row[COMMON_ROWS] = {
	COMMON_RULES, COMMON_RULES, COMMON_RECORD, COMMON_PERSON, COMMON_PERSON, COMMON_JSON, 0, 0, 0};

static size_t
words_count(const char *const *words)
{
	size_t count = 0;
	while (words && words[count])
		count++;
	return count;
}

/* ---- errors ---- */

static int
usage_hint(const struct command_form *form, enum language language)
{
	TELL(language, "用法见 fundwatch %s --help", "see fundwatch %s --help", form->name);
	return EX_USAGE;
}

static int
unknown_option(const struct command_form *form, enum language language, const char *word, size_t length)
{
	const char *names[64];
	size_t count = 0;
	for (size_t i = 0; i < form->rows && count < 48; i++)
		names[count++] = form->row[i].name;
	for (size_t i = 0; i < COMMON_ROWS; i++)
		names[count++] = common_row[i].name;
	const char *near = nearest_word((struct slice){word, length}, names, count);
	if (near)
		TELL(language, "没有选项 --%.*s，是否指 --%s？", "no option --%.*s; did you mean --%s?", (int)length, word, near);
	else
		TELL(language, "没有选项 --%.*s", "no option --%.*s", (int)length, word);
	return usage_hint(form, language);
}

static int
wrong_word(const struct command_form *form, enum language language, const struct option_row *row, const char *text)
{
	const char *near = nearest_word(slice_of(text), row->words, words_count(row->words));
	TELL(language, "--%s 不接受“%s”", "--%s does not take \"%s\"", row->name, text);
	if (near)
		TELL(language, "是否指 %s？", "did you mean %s?", near);
	for (const char *const *word = row->words; !near && *word; word++)
		TELL(language, "可用：%s", "one of: %s", *word);
	return usage_hint(form, language);
}

static int
wrong_value(const struct command_form *form, enum language language, const struct option_row *row, const char *text)
{
	if (row->type == OPTION_DATE)
		TELL(language, "--%s 要一个日期，如 2024-03-01，而不是“%s”", "--%s wants a date such as 2024-03-01, not \"%s\"", row->name, text);
	else
		TELL(language, "--%s 要 %lld 到 %lld 之间的整数，而不是“%s”", "--%s wants a whole number from %lld to %lld, not \"%s\"",
		    row->name, (long long)row->low, (long long)row->high, text);
	return usage_hint(form, language);
}

/* ---- one option ---- */

static void
list_add(struct text_list *list, const char *text)
{
	list->item = memory_grow(list->item, list->count + 1, sizeof *list->item);
	list->item[list->count++] = text;
}

static bool
number_read(const char *text, int64_t *number)
{
	char *end;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}

static bool
word_find(const char *const *words, const char *text, int32_t *index)
{
	for (*index = 0; words[*index]; ++*index)
		if (strcmp(words[*index], text) == 0)
			return true;
	return false;
}

static int
value_set(const struct command_form *form, const struct option_row *row, const char *text, void *options, enum language language)
{
	void *place = (char *)options + row->offset;
	int32_t index;
	int64_t number;
	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)place = true;
		break;
	case OPTION_TEXT:
		*(const char **)place = text;
		break;
	case OPTION_LIST:
		if (row->words && !word_find(row->words, text, &index))
			return wrong_word(form, language, row, text);
		list_add(place, text);
		break;
	case OPTION_WORD:
		if (!word_find(row->words, text, &index))
			return wrong_word(form, language, row, text);
		*(int32_t *)place = index;
		break;
	case OPTION_NUMBER:
		if (!number_read(text, &number) || number < row->low || number > row->high)
			return wrong_value(form, language, row, text);
		*(int64_t *)place = number;
		break;
	case OPTION_DATE:
		if (!date_parse(text, strlen(text), place))
			return wrong_value(form, language, row, text);
		break;
	}
	return OPTIONS_GO_ON;
}

static const struct option_row *
row_find(const struct command_form *form, const char *name, size_t length)
{
	for (size_t i = 0; i < form->rows + COMMON_ROWS; i++) {
		const struct option_row *row = i < form->rows ? &form->row[i] : &common_row[i - form->rows];
		if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
			return row;
	}
	return NULL;
}

/* The option at argv[*at]; *at is moved over its value. */
static int
option_read(const struct command_form *form, int argc, char **argv, int *at, void *options, enum language language)
{
	const char *word = argv[*at] + 2;
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_row *row = row_find(form, word, length);
	if (!row)
		return unknown_option(form, language, word, length);
	if (row->type == OPTION_FLAG && equals) {
		TELL(language, "--%s 不带值", "--%s takes no value", row->name);
		return usage_hint(form, language);
	}
	if (row->type == OPTION_FLAG)
		return value_set(form, row, NULL, options, language);
	if (!equals && *at + 1 >= argc) {
		TELL(language, "--%s 后面缺少 %s", "--%s needs its %s", row->name, row->argument);
		return usage_hint(form, language);
	}
	return value_set(form, row, equals ? equals + 1 : argv[++*at], options, language);
}

/* ---- the whole line ---- */

/* KIND=FILE: the kind is one of the table, the file is named. */
static int
records_check(const struct command_form *form, const struct common_options *common)
{
	enum language language = (enum language)common->language;
	for (size_t i = 0; i < common->records.count; i++) {
		const char *text = common->records.item[i], *equals = strchr(text, '=');
		if (!equals || equals[1] == '\0') {
			TELL(language, "--record 的形式是 KIND=FILE，而不是“%s”", "--record wants KIND=FILE, not \"%s\"", text);
			return usage_hint(form, language);
		}
		struct slice kind = {text, (size_t)(equals - text)};
		size_t k = 0;
		while (k < RECORD_KINDS && !slice_equal(kind, slice_of(record_kind_names[k])))
			k++;
		if (k < RECORD_KINDS)
			continue;
		const char *near = nearest_word(kind, record_kind_names, RECORD_KINDS);
		TELL(language, "没有记录种类“%.*s”，可用 settlement 和 enrolment%s%s",
		    "no kind of record \"%.*s\"; there are settlement and enrolment%s%s",
		    (int)kind.length, kind.data, near ? (language == LANGUAGE_ZH ? "；是否指 " : "; did you mean ") : "", near ? near : "");
		return usage_hint(form, language);
	}
	return OPTIONS_GO_ON;
}

static int
operands_check(const struct command_form *form, const struct operands *operands, enum language language)
{
	if (operands->count < form->operands_least)
		TELL(language, "%s 缺少 %s", "%s wants %s", form->name, form->operands);
	else if (operands->count > form->operands_most)
		TELL(language, "%s 不接受多出的“%s”", "%s has no use for \"%s\"", form->name, operands->item[form->operands_most]);
	else
		return OPTIONS_GO_ON;
	return usage_hint(form, language);
}

static int
words_read(const struct command_form *form, int argc, char **argv, void *options, struct operands *operands)
{
	struct common_options *common = options;
	bool ended = false;
	for (int at = 1; at < argc; at++) {
		const char *word = argv[at];
		int result = OPTIONS_GO_ON;
		if (ended || word[0] != '-' || word[1] == '\0') {
			operands->item[operands->count++] = word;
		} else if (strcmp(word, "--") == 0) {
			ended = true;
		} else if (strcmp(word, "-h") == 0) {
			common->help = true;
		} else if (word[1] != '-') {
			TELL((enum language)common->language, "没有短选项 %s", "no short option %s", word);
			result = usage_hint(form, (enum language)common->language);
		} else {
			result = option_read(form, argc, argv, &at, options, (enum language)common->language);
		}
		if (result != OPTIONS_GO_ON)
			return result;
	}
	return OPTIONS_GO_ON;
}

int
options_parse(const struct command_form *form, int argc, char **argv, void *options, struct operands *operands)
{
	struct common_options *common = options;
	common->language = (int32_t)language_of_words(argc, argv);
	*operands = (struct operands){memory_get((size_t)argc + 1, sizeof(char *)), 0};
	int result = words_read(form, argc, argv, options, operands);
	enum language language = (enum language)common->language;
	if (result == OPTIONS_GO_ON && common->help) {
		options_print_help(form, language, stdout);
		result = fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	if (result == OPTIONS_GO_ON)
		result = records_check(form, common);
	if (result == OPTIONS_GO_ON)
		result = operands_check(form, operands, language);
	if (result != OPTIONS_GO_ON)
		options_free(form, options, operands);
	return result;
}

void
options_free(const struct command_form *form, void *options, struct operands *operands)
{
	for (size_t i = 0; i < form->rows + COMMON_ROWS; i++) {
		const struct option_row *row = i < form->rows ? &form->row[i] : &common_row[i - form->rows];
		if (row->type != OPTION_LIST)
			continue;
		struct text_list *list = (struct text_list *)((char *)options + row->offset);
		free(list->item);
		*list = (struct text_list){NULL, 0};
	}
	free(operands->item);
	*operands = (struct operands){NULL, 0};
}

/* ---- help ---- */

static void
row_print(const struct option_row *row, enum language language, FILE *file)
{
	char left[64];
	snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
	fprintf(file, "  %-24s  %s", left, row->help[language]);
	if (row->words && row->type == OPTION_LIST) {
		for (const char *const *word = row->words; *word; word++)
			fprintf(file, "%s%s", word == row->words ? ": " : " ", *word);
	}
	fputc('\n', file);
}

void
options_print_help(const struct command_form *form, enum language language, FILE *file)
{
	bool zh = language == LANGUAGE_ZH;
	fprintf(file, "%s fundwatch %s [%s]... %s\n\n%s\n", zh ? "用法：" : "Usage:", form->name, zh ? "选项" : "OPTION",
	    form->operands, form->summary[language]);
	if (form->rows)
		fprintf(file, "\n%s\n", zh ? "选项：" : "Options:");
	for (size_t i = 0; i < form->rows; i++)
		row_print(&form->row[i], language, file);
	fprintf(file, "\n%s\n", zh ? "通用选项：" : "Common options:");
	for (size_t i = 0; i < COMMON_ROWS; i++)
		if (!common_of_row[i] || (common_of_row[i] & form->common))
			row_print(&common_row[i], language, file);
	fprintf(file, "\n%s\n", zh ? "例：" : "Examples:");
	for (size_t i = 0; i < 2; i++)
		fprintf(file, "  %s\n      %s\n", form->example[i].words, form->example[i].says[language]);
	fprintf(file, "\n%s\n", zh
	    ? "退出码：0 成功；64 用法错误；65 数据损坏；66 输入读不了；73、74 输出写不了；78 规则或配置有误。"
	    : "Exit codes: 0 done; 64 usage; 65 broken data; 66 no input; 73, 74 output; 78 rules or configuration.");
}
