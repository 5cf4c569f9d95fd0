/* One row of the table of mistakes, explained. */
#include "replay/mistake.h"
#include "replay/sink.h"

#include "core/rule/mistakes.h"

#include <ctype.h>
#include <sysexits.h>

static const char *const levels[][2] = {[DIAG_ERROR] = {"错误", "error"}, [DIAG_WARNING] = {"警告", "warning"}};

static void
put_text(struct buffer *out, const struct mistake_row *row, enum language language)
{
	bool zh = language == LANGUAGE_ZH;
	buffer_printf(out, zh ? "%s：%s，%s\n  消息：  " : "%s: %s, %s\n  message:     ", row->code, levels[row->level][language],
	    mistake_group(row)->title[language]);
	mistake_message(out, row, language);
	buffer_printf(out, zh ? "\n  怎么办：%s" : "\n  what to do:  %s", row->remedy[language]);
}

static void
put_both(struct buffer *json, const char *key, const char *zh, const char *en)
{
	json_key(json, key);
	json_open(json, '{');
	json_key(json, "zh");
	json_text(json, zh);
	json_key(json, "en");
	json_text(json, en);
	json_close(json, '}');
}

static void
put_json(struct buffer *json, const struct mistake_row *row)
{
	struct buffer message[2] = {{0}, {0}};
	for (int language = LANGUAGE_ZH; language <= LANGUAGE_EN; language++) {
		mistake_message(&message[language], row, (enum language)language);
		buffer_char(&message[language], '\0');
	}
	json_open(json, '{');
	json_key(json, "code");
	json_text(json, row->code);
	json_key(json, "level");
	json_text(json, levels[row->level][LANGUAGE_EN]);
	put_both(json, "message", message[LANGUAGE_ZH].data, message[LANGUAGE_EN].data);
	put_both(json, "remedy", row->remedy[LANGUAGE_ZH], row->remedy[LANGUAGE_EN]);
	json_close(json, '}');
	buffer_free(&message[LANGUAGE_ZH]);
	buffer_free(&message[LANGUAGE_EN]);
}

/* Code as typed, in capitals, so that r0510 is near R0501. */
static int
tell_unknown(const char *code, enum language language)
{
	const char *codes[MISTAKE_COUNT];
	char typed[16] = "";
	for (size_t i = 0; i < MISTAKE_COUNT; i++)
		codes[i] = mistake_rows[i].code;
	for (size_t i = 0; code[i] && i + 1 < sizeof typed; i++)
		typed[i] = (char)toupper((unsigned char)code[i]);
	const char *near = nearest_word(slice_of(typed), codes, MISTAKE_COUNT);
	if (near)
		TELL(language, "没有错误代码 %s；是不是 %s ？", "there is no mistake with the code %s; did you mean %s?", code, near);
	else
		TELL(language, "没有错误代码 %s；代码写作 R0501 的样子", "there is no mistake with the code %s; codes are written like R0501", code);
	return EX_USAGE;
}

int
mistake_explain(const char *code, const struct common_options *options)
{
	enum language language = (enum language)options->language;
	const struct mistake_row *row = mistake_find(code);
	if (!row)
		return tell_unknown(code, language);
	struct buffer out = {0};
	struct sink sink;
	if (options->json)
		put_json(&out, row);
	else
		put_text(&out, row, language);
	sink_open(&sink, "-", language);
	sink_line(&sink, (struct slice){out.data, out.length});
	buffer_free(&out);
	return sink_close(&sink) == OPTIONS_GO_ON ? EX_OK : EX_IOERR;
}
