/* `fundwatch archive ...`: finds the command below it; and what these commands share. */
#include "replay/archive.h"

#include "replay/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *says[2];
} command[] = {
	{"list", archive_list_command, {"列出段、快照、规则集", "list segments, snapshots and rulesets"}},
	{"verify", archive_verify_command, {"校验每个字节，指出损坏之处", "check every byte and say where it is damaged"}},
	{"import", archive_import_command, {"由结算文件建立或延长档案", "make or extend an archive from files of records"}},
	{"export", archive_export_command, {"按时间、人员或机构导出原始记录", "write raw records of a time, a person or an institution"}},
	{"prune", archive_prune_command, {"删除最旧的段，快照所需的除外", "remove the oldest segments, never what a snapshot needs"}},
};
#define COMMANDS (sizeof command / sizeof command[0])

static void
print_help(enum language language, FILE *file)
{
	bool zh = language == LANGUAGE_ZH;
	fprintf(file, "%s\n\n", zh ? "用法： fundwatch archive 命令 --archive DIR [选项]..." : "Usage: fundwatch archive COMMAND --archive DIR [OPTION]...");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(file, "  %-10s %s\n", command[i].name, command[i].says[language]);
	fprintf(file, "\n%s\n", zh ? "fundwatch archive 命令 --help 说明该命令。重放档案用 fundwatch replay --archive DIR。"
	    : "fundwatch archive COMMAND --help explains a command. fundwatch replay --archive DIR judges an archive again.");
}

static int
unknown_command(const char *word, enum language language)
{
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = command[i].name;
	const char *near = nearest_word(slice_of(word), names, COMMANDS);
	if (near)
		TELL(language, "没有命令“archive %s”，是否指 archive %s？", "no command \"archive %s\"; did you mean archive %s?", word, near);
	else
		TELL(language, "没有命令“archive %s”；用法见 fundwatch archive --help", "no command \"archive %s\"; see fundwatch archive --help",
		    word);
	return EX_USAGE;
}

int
command_archive(int argc, char **argv)
{
	enum language language = language_of_words(argc, argv);
	const char *word = argc > 1 ? argv[1] : NULL;
	if (!word) {
		print_help(language, stderr);
		return EX_USAGE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		print_help(language, stdout);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, command[i].name) == 0)
			return command[i].run(argc - 1, argv + 1);
	return unknown_command(word, language);
}

/* ---- the place ---- */

const char *const archive_cipher_words[] = {
	[CIPHER_NONE] = "none", [CIPHER_AES_256_GCM] = "aes-256-gcm", [CIPHER_SM4_GCM] = "sm4-gcm", NULL};

int
archive_place_keys(const struct archive_place *place, const char *name, enum language language, struct archive_options *options)
{
	*options = (struct archive_options){0};
	if (!place->dir) {
		TELL(language, "%s 缺少 --archive DIR", "%s wants --archive DIR", name);
		return EX_USAGE;
	}
	struct diags diags = {0};
	bool good = true;
	if (place->chain_key)
		good = options->has_chain_key = archive_key_read(place->chain_key, options->chain_key, &diags);
	if (place->cipher_key)
		good = archive_key_read(place->cipher_key, options->cipher_key, &diags) && good;
	diags_print(&diags, language, stderr);
	diags_free(&diags);
	return good ? OPTIONS_GO_ON : EX_CONFIG;
}

int
archive_failed(const struct archive_place *place, enum language language, enum archive_failure failure, struct diags *diags)
{
	static const struct {
		int code;
		const char *says[2];
	} kind[] = {
		[ARCHIVE_FINE] = {EX_SOFTWARE, {"内部错误", "internal error"}},
		[ARCHIVE_LOCKED] = {EX_CANTCREAT, {"另一个进程正在写入", "another process writes to it"}},
		[ARCHIVE_BROKEN] = {EX_DATAERR, {"档案已损坏，fundwatch archive verify 指出何处", "the archive is damaged: fundwatch archive verify says where"}},
		[ARCHIVE_KEY] = {EX_CONFIG, {"密钥缺少或不对", "a key is missing or wrong"}},
		[ARCHIVE_SYSTEM] = {EX_CANTCREAT, {"档案打不开", "the archive cannot be opened"}},
	};
	diags_print(diags, language, stderr);
	diags_free(diags);
	TELL(language, "%s：%s", "%s: %s", place->dir, kind[failure].says[language]);
	return kind[failure].code;
}

int
archive_place_segments(const struct archive_place *place, enum language language, struct archive_segment **segment, size_t *count)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct stat status;
	*segment = NULL;
	*count = 0;
	if (stat(place->dir, &status) != 0) {
		TELL(language, "读不了 %s：%s", "cannot read %s: %s", place->dir, error_text(errno, language));
		return EX_NOINPUT;
	}
	if (!archive_list(place->dir, segment, count, &failure, &diags)) {
		int code = archive_failed(place, language, failure, &diags);
		return failure == ARCHIVE_SYSTEM ? EX_NOINPUT : code;
	}
	diags_free(&diags);
	if (*count)
		return OPTIONS_GO_ON;
	free(*segment);
	*segment = NULL;
	TELL(language, "%s 里没有档案", "there is no archive in %s", place->dir);
	return EX_NOINPUT;
}

/* ---- settings ---- */
