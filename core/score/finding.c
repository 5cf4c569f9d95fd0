/* A finding as JSON and as words in a sentence: amounts are integers in fen, ratios have six decimals (half to even),
 * statistics are strings (contract 3). */
#include "core/score/private.h"

#include "core/base/money.h"

#include <math.h>
#include <stdio.h>

static const struct finding_value *
finding_get(const struct verdict *verdict, struct slice name)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (slice_equal(name, slice_of(verdict->value[i].name)))
			return &verdict->value[i];
	return NULL;
}

/* |numerator| / denominator with its sign; ratio_text takes both as they are. */
static void
ratio_write(struct buffer *out, const struct finding_value *value)
{
	char text[MONEY_TEXT_SIZE];
	if (value->denominator == 0) {
		json_null(out);
		return;
	}
	bool flip = value->denominator < 0;
	json_text(out, ratio_text(flip ? -value->number : value->number, flip ? -value->denominator : value->denominator, text));
}

static void
value_write(struct buffer *out, const struct finding_value *value)
{
	char text[64];
	switch (value->type) {
	case FINDING_FEN:
	case FINDING_COUNT:
		json_integer(out, value->number);
		break;
	case FINDING_RATIO:
		ratio_write(out, value);
		break;
	case FINDING_STATISTIC:
		json_double(out, value->real);
		break;
	case FINDING_REAL:
		snprintf(text, sizeof text, "%.6f", value->real);
		if (isfinite(value->real))
			json_text(out, text);
		else
			json_null(out);
		break;
	case FINDING_MONTH:
		json_text(out, month_text((int32_t)value->number, text));
		break;
	case FINDING_NULL:
		json_null(out);
		break;
	}
}

char *
finding_name(const struct finding_value *value, char buffer[FINDING_NAME_SIZE])
{
	bool fen = value->type == FINDING_FEN || (value->type == FINDING_NULL && value->denominator == 0);
	snprintf(buffer, FINDING_NAME_SIZE, "%s%s", value->name, fen ? "_fen" : "");
	return buffer;
}

void
finding_write(struct buffer *out, const struct verdict *verdict)
{
	json_open(out, '{');
	for (size_t i = 0; i < verdict->count; i++) {
		const struct finding_value *value = &verdict->value[i];
		char name[FINDING_NAME_SIZE];
		if (value->is_silent)
			continue;
		json_key(out, finding_name(value, name));
		value_write(out, value);
	}
	json_close(out, '}');
}

/* numerator / denominator as per cent with two decimals, half to even. */
static void
percent_word(struct buffer *out, const struct finding_value *value)
{
	char text[MONEY_TEXT_SIZE];
	int64_t scaled;
	if (value->denominator <= 0) {
		buffer_char(out, '-');
		return;
	}
	ratio_text(value->number, value->denominator, text);
	decimal_parse(text, strlen(text), 6, &scaled);
	int64_t hundredths = scaled / 100, rest = scaled % 100;
	if (rest > 50 || (rest == 50 && hundredths % 2))
		hundredths++;
	buffer_printf(out, "%lld.%02lld%%", (long long)(hundredths / 100), (long long)(hundredths % 100));
}

/* Two decimals; a statistic too small or large for them in scientific form. */
static void
real_word(struct buffer *out, const struct finding_value *value)
{
	double magnitude = fabs(value->real);
	bool plain = value->type == FINDING_REAL || magnitude == 0.0 || (magnitude >= 0.01 && magnitude < 1e6);
	if (isfinite(value->real))
		buffer_printf(out, plain ? "%.2f" : "%.2e", value->real);
	else
		buffer_char(out, '-');
}

bool
finding_word(struct buffer *out, const struct verdict *verdict, struct slice name, bool yuan)
{
	const struct finding_value *value = finding_get(verdict, name);
	char text[64];
	if (!value)
		return false;
	switch (value->type) {
	case FINDING_FEN:
		if (yuan)
			buffer_text(out, money_text(value->number, text));
		else
			buffer_printf(out, "%lld", (long long)value->number);
		break;
	case FINDING_COUNT:
		buffer_printf(out, "%lld", (long long)value->number);
		break;
	case FINDING_RATIO:
		percent_word(out, value);
		break;
	case FINDING_STATISTIC:
	case FINDING_REAL:
		real_word(out, value);
		break;
	case FINDING_MONTH:
		buffer_text(out, month_text((int32_t)value->number, text));
		break;
	case FINDING_NULL:
		buffer_char(out, '-');
		break;
	}
	return true;
}
