/* See fingerprint.h. */
#include "core/claim/fingerprint.h"

void
layout_init(struct layout *layout, const struct field *fields, unsigned count)
{
	memset(layout, 0, sizeof *layout);
	for (unsigned i = 0; i < count; i++) {
		layout->required[i >> 6] |= (uint64_t)fields[i].required << (i & 63);
		switch (fields[i].type) {
		case TYPE_ID:
		case TYPE_CODE:
			layout->text[layout->texts++] = (uint8_t)i;
			break;
		case TYPE_TEXT:
		case TYPE_NESTED:
			layout->skipped[layout->skips++] = (uint8_t)i;
			break;
		default:
			layout->number[layout->numbers++] = (uint8_t)i;
		}
	}
}

static inline char *
text_put(char *out, struct slice text)
{
	*out++ = (char)text.length;
	if (!text.length)
		return out;
	memcpy(out, text.data, 16);
	if (text.length > 16)
		memcpy(out + 16, text.data + 16, text.length - 16);
	return out + text.length;
}

struct hash128
layout_hash(struct layout *layout, const uint64_t present[2], const union value *value, const struct hash128 *skipped)
{
	char *out = layout->bytes;
	memcpy(out, present, 16);
	out += 16;
	for (unsigned i = 0; i < layout->numbers; i++, out += 8)
		memcpy(out, &value[layout->number[i]].number, 8);
	for (unsigned i = 0; i < layout->texts; i++)
		out = text_put(out, value[layout->text[i]].text);
	for (unsigned i = 0; i < layout->skips; i++) {
		unsigned field = layout->skipped[i];
		if (present[field >> 6] >> (field & 63) & 1) {
			memcpy(out, &skipped[field], 16);
			out += 16;
		}
	}
	return hash128(layout->bytes, (size_t)(out - layout->bytes));
}
