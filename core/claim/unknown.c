/* See unknown.h. */
#include "core/claim/unknown.h"

#define NAME_BYTES (sizeof((struct unknown_field *)NULL)->name - 1)

/* Cut before a character that does not fit; what would disturb a terminal or a log is shown as '?'. */
static size_t
name_copy(char *out, struct slice name)
{
	size_t length = name.length < NAME_BYTES ? name.length : NAME_BYTES;
	while (length < name.length && length && ((unsigned char)name.data[length] & 0xc0) == 0x80)
		length--;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)name.data[i];
		out[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
	}
	out[length] = '\0';
	return length;
}

void
unknown_count(struct unknown *unknown, struct slice name)
{
	char cut[NAME_BYTES + 1];
	size_t length = name_copy(cut, name);
	unsigned slot = (unsigned)(hash64(cut, length) & (UNKNOWN_SLOTS - 1));
	for (; unknown->slot[slot]; slot = (slot + 1) & (UNKNOWN_SLOTS - 1)) {
		struct unknown_field *field = &unknown->field[unknown->slot[slot] - 1];
		if (strcmp(field->name, cut) == 0) {
			field->count++;
			return;
		}
	}
	if (unknown->count == UNKNOWN_MAX) {
		unknown->more++;
		return;
	}
	struct unknown_field *field = &unknown->field[unknown->count++];
	memcpy(field->name, cut, length + 1);
	field->count = 1;
	unknown->slot[slot] = (uint16_t)unknown->count;
}
