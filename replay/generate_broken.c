/* Records that must be refused: one way for each reason of contract 1.2 but time_in_future, which needs a time of arrival
 * and would pull the watermark along where there is none. */
#include "replay/generate.h"

#include "core/claim/decode.h"

#include <stdlib.h>

const char *const breakage_names[] = {"not_json", "trailing_bytes", "invalid_utf8", "duplicate_key", "missing_required", "wrong_type",
	"bad_amount", "bad_date", "bad_code", "too_long", "too_deep", "too_large"};
const size_t breakage_count = sizeof breakage_names / sizeof breakage_names[0];

/* Puts text where cut bytes were, at the first place of the key. */
static void
replace_value(struct buffer *line, const char *key, const char *text)
{
	char *found = memmem(line->data, line->length, key, strlen(key));
	if (!found)
		return;
	size_t at = (size_t)(found - line->data) + strlen(key), end = at;
	bool quoted = line->data[at] == '"';
	for (end += quoted; quoted ? line->data[end] != '"' : !strchr(",}", line->data[end]); end++)
		;
	end += quoted;
	size_t length = strlen(text), rest = line->length - end;
	char *tail = memory_get(rest + 1, 1);
	memcpy(tail, line->data + end, rest);
	line->length = at;
	buffer_add(line, text, length);
	buffer_add(line, tail, rest);
	free(tail);
}

static void
add_field(struct buffer *line, const char *text, char filler, size_t times, const char *end)
{
	line->length--;                 /* the closing brace */
	buffer_text(line, text);
	for (size_t i = 0; i < times; i++)
		buffer_char(line, filler);
	buffer_text(line, end);
	buffer_char(line, '}');
}

static void
nest(struct buffer *line)
{
	add_field(line, ",\"exp_content\":", '[', 40, "");
	line->length--;
	for (int i = 0; i < 40; i++)
		buffer_char(line, ']');
	buffer_char(line, '}');
}

void
break_line(struct buffer *line, size_t breakage)
{
	switch (breakage) {
	case 0:
		line->length = line->length * 2 / 3;
		break;
	case 1:
		buffer_text(line, "}");
		break;
	case 2:
		add_field(line, ",\"exp_content\":\"", '\xFF', 1, "\"");
		break;
	case 3:
		add_field(line, ",\"HIFP_PAY\":0.00", ' ', 0, "");
		break;
	case 4:
		replace_value(line, "\"psn_no\":", "null");
		break;
	case 5:
		replace_value(line, "\"hifp_pay\":", "true");
		break;
	case 6:
		replace_value(line, "\"medfee_sumamt\":", "\"1,234.567\"");
		break;
	case 7:
		replace_value(line, "\"setl_time\":", "\"2024-02-30 09:00:00\"");
		break;
	case 8:
		replace_value(line, "\"med_type\":", "\"12345678901234567\"");
		break;
	case 9:
		replace_value(line, "\"mdtrt_id\":", "\"V0123456789012345678901234567890123456789012345678901234567890123456789\"");
		break;
	case 10:
		nest(line);
		break;
	case 11:
		add_field(line, ",\"exp_content\":\"", 'x', DECODE_LIMITS_DEFAULT.record_bytes, "\"");
		break;
	}
}
