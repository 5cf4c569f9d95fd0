/* The table of mistakes. */
#include "core/rule/mistakes.h"

#include <strings.h>

const struct mistake_row mistake_rows[MISTAKE_COUNT] = {
#define MISTAKE(name, code, level, zh, en, remedy_zh, remedy_en) {#name, code, DIAG_##level, {zh, en}, {remedy_zh, remedy_en}},
#include "core/rule/mistakes.def"
#undef MISTAKE
};

const struct mistake_group mistake_groups[MISTAKE_GROUPS] = {
	{"R01", {"文件", "files"}}, {"R02", {"YAML 写法", "YAML"}}, {"R03", {"键和词", "keys and words"}},
	{"R04", {"表达式", "expressions"}}, {"R05", {"参数和依据", "parameters and basis"}}, {"R06", {"检测器的设置", "settings of detectors"}},
	{"R07", {"证据句子", "evidence"}}, {"R08", {"规则内的测试", "tests"}}, {"R09", {"参照表", "tables"}},
	{"R10", {"压制", "suppressions"}},
};

const struct mistake_row *
mistake_find(const char *code)
{
	for (size_t i = 0; i < MISTAKE_COUNT; i++)
		if (strcasecmp(mistake_rows[i].code, code) == 0)
			return &mistake_rows[i];
	return NULL;
}

const struct mistake_group *
mistake_group(const struct mistake_row *row)
{
	size_t i = 0;
	while (i + 1 < MISTAKE_GROUPS && strncmp(row->code, mistake_groups[i].code, 3) != 0)
		i++;
	return &mistake_groups[i];
}

void
mistake_message(struct buffer *out, const struct mistake_row *row, enum language language)
{
	for (const char *at = row->message[language]; *at; at++) {
		if (*at != '%') {
			buffer_char(out, *at);
		} else if (*++at == '%') {
			buffer_char(out, '%');
		} else {
			buffer_text(out, "…");
			at += strcspn(at, "sdwu");      /* to the conversion's last letter */
		}
	}
}
