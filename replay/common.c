/* What every command needs from its surroundings: the language, the rules folder, the key, memory, words for errno. */
#include "replay/options.h"

#include "core/base/pseudonym.h"
#include "core/base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

#ifndef FW_DATA_DIR
#define FW_DATA_DIR "/usr/local/share/fundwatch"
#endif

enum language
language_of_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
	}
	return LANGUAGE_EN;
}

enum language
language_of_words(int argc, char **argv)
{
	enum language language = language_of_environment();
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = NULL;
		if (strncmp(argv[i], "--lang=", 7) == 0)
			value = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0)
			value = argv[i + 1];            /* argv ends with NULL */
		if (value && strcmp(value, "zh") == 0)
			language = LANGUAGE_ZH;
		else if (value && strcmp(value, "en") == 0)
			language = LANGUAGE_EN;
	}
	return language;
}

const char *
options_rules(const struct common_options *common)
{
	struct stat status;
	if (common->rules)
		return common->rules;
	if (stat("rules", &status) == 0 && S_ISDIR(status.st_mode))
		return "rules";
	return FW_DATA_DIR "/rules";
}

int
options_days(int32_t from, int32_t to, enum language language)
{
	char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
	if (from <= to)
		return OPTIONS_GO_ON;
	TELL(language, "--from %s 晚于 --to %s，没有这样的日子", "--from %s is after --to %s: there is no such day", day_text(from, first),
	    day_text(to, last));
	return EX_USAGE;
}

/* ---- the key of the pseudonyms ---- */

static int
key_default(const struct common_options *common, struct pseudonym_key *key)
{
	key->length = sizeof PSEUDONYM_DEFAULT_KEY - 1;
	memcpy(key->bytes, PSEUDONYM_DEFAULT_KEY, key->length);
	if (!common->quiet && !common->json && !common->person_clear)
		TELL((enum language)common->language, "%s：假名用公开的默认密钥生成，仅供演示；请用 --pseudonym-key 给出自己的密钥",
		    "%s: pseudonyms are made with the published default key, fit for demonstration only; give your own with --pseudonym-key",
		    common->language == LANGUAGE_ZH ? "警告" : "warning");
	return OPTIONS_GO_ON;
}

int
options_key(const struct common_options *common, struct pseudonym_key *key)
{
	enum language language = (enum language)common->language;
	const char *path = common->key_file;
	if (!path)
		return key_default(common, key);
	char bytes[sizeof key->bytes + 3];
	errno = 0;
	FILE *file = fopen(path, "rb");
	size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
	if (!file || ferror(file)) {
		TELL(language, "读不了密钥文件 %s：%s", "cannot read the key file %s: %s", path, error_text(errno, language));
		if (file)
			fclose(file);
		return EX_NOINPUT;
	}
	fclose(file);
	if (length && bytes[length - 1] == '\n')
		length--;
	if (length && bytes[length - 1] == '\r')
		length--;
	if (length == 0 || length > sizeof key->bytes) {
		TELL(language, "密钥文件 %s 须有 1 到 %zu 字节", "the key file %s must hold 1 to %zu bytes", path, sizeof key->bytes);
		return EX_CONFIG;
	}
	memcpy(key->bytes, bytes, length);
	key->length = length;
	return OPTIONS_GO_ON;
}

/* ---- words for errno ---- */

static const struct {
	int error;
	const char *zh;
} error_word[] = {
	{ENOENT, "没有这个文件或目录"}, {EACCES, "没有权限"}, {EPERM, "不允许这样操作"}, {EISDIR, "这是一个目录"},
	{ENOTDIR, "路径中有一段不是目录"}, {ENOSPC, "磁盘已满"}, {EDQUOT, "超出磁盘配额"}, {EIO, "输入输出错误"},
	{EROFS, "文件系统只读"}, {EPIPE, "管道另一端已关闭"}, {EMFILE, "打开的文件太多"}, {ENFILE, "系统打开的文件太多"},
	{EFBIG, "文件太大"}, {ENAMETOOLONG, "文件名太长"}, {ELOOP, "符号链接层数太多"}, {ENOMEM, "内存不足"},
	{ETXTBSY, "文件正被使用"}, {EEXIST, "文件已存在"}, {EINVAL, "参数无效"}, {ENXIO, "没有这个设备"},
};

const char *
error_text(int error, enum language language)
{
	for (size_t i = 0; language == LANGUAGE_ZH && i < sizeof error_word / sizeof error_word[0]; i++)
		if (error_word[i].error == error)
			return error_word[i].zh;
	return strerror(error);
}

/* ---- memory ---- */

static void *
memory_checked(void *memory)
{
	if (!memory) {
		fprintf(stderr, "fundwatch: out of memory\n");
		abort();
	}
	return memory;
}

void *
memory_get(size_t count, size_t bytes)
{
	return memory_checked(calloc(count ? count : 1, bytes ? bytes : 1));
}

void *
memory_grow(void *memory, size_t count, size_t bytes)
{
	return memory_checked(reallocarray(memory, count ? count : 1, bytes ? bytes : 1));
}
