/* See utf8.h. */
#include "core/base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT 0xfffd

static bool
continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Bytes of the character, 0: it is not well-formed. */
static size_t
character_read(const unsigned char *text, size_t length, int32_t *code_point)
{
	unsigned char first = text[0];
	if (first < 0x80) {
		*code_point = first;
		return 1;
	}
	if (first >= 0xc2 && first < 0xe0 && length >= 2 && continues(text[1])) {
		*code_point = (first & 0x1f) << 6 | (text[1] & 0x3f);
		return 2;
	}
	if ((first & 0xf0) == 0xe0 && length >= 3 && continues(text[1]) && continues(text[2])) {
		*code_point = (first & 0x0f) << 12 | (text[1] & 0x3f) << 6 | (text[2] & 0x3f);
		bool surrogate = *code_point >= 0xd800 && *code_point < 0xe000;
		return *code_point >= 0x800 && !surrogate ? 3 : 0;
	}
	if (first >= 0xf0 && first < 0xf5 && length >= 4 && continues(text[1]) && continues(text[2]) && continues(text[3])) {
		*code_point = (first & 0x07) << 18 | (text[1] & 0x3f) << 12 | (text[2] & 0x3f) << 6 | (text[3] & 0x3f);
		return *code_point >= 0x10000 && *code_point < 0x110000 ? 4 : 0;
	}
	return 0;
}

/* Three bytes from U+1000 on that are no surrogates: nearly all of Chinese. */
static bool
usual_wide(const unsigned char *text)
{
	return text[0] >= 0xe1 && text[0] <= 0xef && text[0] != 0xed && continues(text[1]) && continues(text[2]);
}

bool
utf8_valid(const char *text, size_t length, size_t *bad)
{
	const unsigned char *bytes = (const unsigned char *)text;
	for (size_t at = 0; at < length;) {
		uint64_t eight;
		if (length - at >= 8 && (memcpy(&eight, text + at, 8), !(eight & UINT64_C(0x8080808080808080)))) {
			at += 8;
			continue;
		}
		if (length - at >= 3 && usual_wide(bytes + at)) {
			at += 3;
			continue;
		}
		int32_t code_point;
		size_t taken = character_read(bytes + at, length - at, &code_point);
		if (!taken) {
			*bad = at;
			return false;
		}
		at += taken;
	}
	return true;
}

size_t
utf8_next(const char *text, size_t length, int32_t *code_point)
{
	size_t taken = character_read((const unsigned char *)text, length, code_point);
	if (taken)
		return taken;
	*code_point = REPLACEMENT;
	return 1;
}

int
utf8_width(int32_t code_point)
{
	return utf8proc_charwidth(code_point);
}
