/* PRIVATE to core/archive: numbers as bytes.  Fixed ones are little endian; small ones are varints (seven bits a byte, the
 * lowest first); signed ones are folded first (0, -1, 1, -2 ... as 0, 1, 2, 3 ...). */
#ifndef FW_ARCHIVE_BYTES_H
#define FW_ARCHIVE_BYTES_H

#include "core/base/buffer.h"

static inline void
put32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static inline void
put64(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static inline uint32_t
get32(const uint8_t *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static inline uint64_t
get64(const uint8_t *from)
{
	return get32(from) | (uint64_t)get32(from + 4) << 32;
}

static inline uint64_t
fold(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t
unfold(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static inline void
varint_add(struct buffer *buffer, uint64_t value)
{
	buffer_reserve(buffer, 10);
	while (value >= 0x80) {
		buffer->data[buffer->length++] = (char)(value | 0x80);
		value >>= 7;
	}
	buffer->data[buffer->length++] = (char)value;
}

static inline void
slice_add(struct buffer *buffer, struct slice bytes)
{
	varint_add(buffer, bytes.length);
	buffer_add(buffer, bytes.data, bytes.length);
}

/* Takes a number off the slice; false: it ends early or the number is too long. */
static inline bool
varint_take(struct slice *from, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 64 && from->length; shift += 7) {
		uint8_t byte = (uint8_t)*from->data;
		from->data++;
		from->length--;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return shift < 63 || byte < 2;
	}
	return false;
}

static inline bool
signed_take(struct slice *from, int64_t *value)
{
	uint64_t folded;
	bool good = varint_take(from, &folded);
	*value = unfold(folded);
	return good;
}

static inline bool
slice_take(struct slice *from, struct slice *bytes)
{
	uint64_t length;
	if (!varint_take(from, &length) || length > from->length)
		return false;
	*bytes = (struct slice){from->data, (size_t)length};
	from->data += length;
	from->length -= (size_t)length;
	return true;
}

#endif
