/* What a command can be told, said once: one table a command, from which come the parsing, --help and the errors.
 *
 * Every command's options are a struct of its own that begins with struct common_options.  A row of the table says
 * where in that struct its value goes; what was not given keeps what the caller put there before. */
#ifndef FW_OPTIONS_H
#define FW_OPTIONS_H

#include "core/base/diag.h"

#include <stdint.h>
#include <stdio.h>

#define EXIT_ALERTS 1           /* --fail-on-alert, or a test that failed; the rest are those of sysexits.h */

enum option_type {
	OPTION_FLAG,            /* no value         -> bool */
	OPTION_TEXT,            /* anything         -> const char * */
	OPTION_LIST,            /* may be repeated  -> struct text_list */
	OPTION_NUMBER,          /* low .. high      -> int64_t */
	OPTION_DATE,            /* YYYY-MM-DD       -> int32_t day */
	OPTION_WORD             /* one of words     -> int32_t index */
};

struct text_list {
	const char **item;      /* the words of argv */
	size_t count;
};

struct option_row {
	const char *name;                       /* without "--" */
	enum option_type type;
	size_t offset;                          /* in the command's struct */
	const char *argument;                   /* as --help shows it: "DIR"; NULL for a flag */
	const char *help[2];                    /* by enum language */
	int64_t low, high;                      /* OPTION_NUMBER, both allowed */
	const char *const *words;               /* OPTION_WORD, and OPTION_LIST when only these are allowed; ends with NULL */
};

struct common_options {
	const char *rules;                      /* --rules, NULL: not given */
	const char *tables;                     /* --tables, NULL: the rules' own */
	struct text_list records;               /* --record KIND=FILE */
	int32_t language;                       /* enum language; from the environment when not given */
	const char *key_file;                   /* --pseudonym-key, NULL: not given */
	bool person_clear, quiet, json, help;
};

/* Which common options a command makes use of: --help shows these.  The others are taken too, so that one set of
 * common options suits every command, and mean nothing there. */
enum {
	COMMON_RULES = 1,                       /* --rules --tables */
	COMMON_RECORD = 2,                      /* --record */
	COMMON_PERSON = 4,                      /* --pseudonym-key --person-clear */
	COMMON_JSON = 8                         /* --json */
};                                              /* --lang --quiet --help: always */

struct command_form {
	const char *name;
	const char *operands;                   /* "[DIR]", as --help shows them */
	size_t operands_least, operands_most;   /* how many may be given */
	const char *summary[2];                 /* what the command is for; one sentence or several lines */
	const struct option_row *row;
	size_t rows;
	unsigned common;
	struct {
		const char *words;              /* the whole command line */
		const char *says[2];
	} example[2];
};

struct operands {                               /* what is no option, in order */
	const char **item;
	size_t count;
};

#define OPTIONS_GO_ON (-1)

/* Reads argv[1..]; "--name value" and "--name=value", in any order with the operands; "--" ends the options; "-" is an
 * operand.  Gives OPTIONS_GO_ON, or the exit code: 0 after --help (printed on stdout), 64 after an error (told on
 * stderr with the nearest word).  options begins with struct common_options.  Free with options_free. */
int options_parse(const struct command_form *, int argc, char **argv, void *options, struct operands *);
void options_free(const struct command_form *, void *options, struct operands *);

void options_print_help(const struct command_form *, enum language, FILE *);

/* zh when LC_ALL, else LC_MESSAGES, else LANG (the first that is set) begins with "zh"; else en. */
enum language language_of_environment(void);
/* The same, but a --lang zh|en among the words decides.  For what is said before the words are understood. */
enum language language_of_words(int argc, char **argv);

/* The rules folder: --rules, else rules/ in the current folder when there is one, else the installed rules. */
const char *options_rules(const struct common_options *);

/* --from must not be after --to: OPTIONS_GO_ON or 64 after telling. */
int options_days(int32_t from, int32_t to, enum language);

struct pseudonym_key {
	uint8_t bytes[1024];
	size_t length;
};

/* The key of --pseudonym-key (the file's bytes without a newline at its end), else the published default key, with a
 * warning on stderr unless --quiet, --json or --person-clear.  Gives OPTIONS_GO_ON or an exit code after telling why:
 * 66 cannot be read, 78 empty or longer than 1,024 bytes. */
int options_key(const struct common_options *, struct pseudonym_key *);

/* What errno means, in the language. */
const char *error_text(int error, enum language);

/* One line on stderr: "fundwatch: " and the message in the language.  Both formats take the same arguments. */
#define TELL(language, zh, en, ...) \
	fprintf(stderr, (language) == LANGUAGE_ZH ? "fundwatch: " zh "\n" : "fundwatch: " en "\n", __VA_ARGS__)

/* Memory or the end of the program with a message. */
void *memory_get(size_t count, size_t bytes);           /* zeroed */
void *memory_grow(void *memory, size_t count, size_t bytes);

#endif
