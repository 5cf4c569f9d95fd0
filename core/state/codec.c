/* See codec.h.  Words that are mostly zero are written as a bit for each, padded to bytes, and then those that are not. */
#include "core/state/codec.h"

#include "core/base/memory.h"

#include <stdlib.h>

#define OUT_BYTES 65536

static void
out_write(struct codec *codec)
{
	if (codec->out.length)
		codec->write(codec->context, codec->out.data, codec->out.length);
	codec->out.length = 0;
}

bool
codec_end(struct codec *codec)
{
	if (!codec_loads(codec))
		out_write(codec);
	buffer_free(&codec->out);
	free(codec->scratch);
	codec->scratch = NULL;
	return !codec->bad;
}

void
codec_refuse(struct codec *codec)
{
	codec->bad = true;
}

static void
codec_save(struct codec *codec, const void *bytes, size_t length)
{
	bool large = length > OUT_BYTES / 2;
	if (large || codec->out.length + length > OUT_BYTES)
		out_write(codec);
	if (large)
		codec->write(codec->context, bytes, length);
	else
		buffer_add(&codec->out, bytes, length);
}

void
codec_bytes(struct codec *codec, void *bytes, size_t length)
{
	if (length == 0)
		return;
	if (!codec_loads(codec)) {
		codec_save(codec, bytes, length);
		return;
	}
	if (!codec->bad && !codec->read(codec->context, bytes, length))
		codec->bad = true;
	if (codec->bad)
		memset(bytes, 0, length);
}

void
codec_same(struct codec *codec, uint64_t number)
{
	uint64_t found = number;
	CODEC(codec, found);
	if (found != number)
		codec->bad = true;
}

void
codec_count(struct codec *codec, size_t *count, size_t most)
{
	uint64_t number = *count;
	CODEC(codec, number);
	if (codec_loads(codec) && number > most)
		codec->bad = true;
	*count = codec->bad ? 0 : (size_t)number;
}

/* ---- words that are mostly zero ---- */

static char *
scratch_of(struct codec *codec, size_t bytes)
{
	if (codec->scratch_bytes < bytes) {
		codec->scratch = memory_resize(codec->scratch, bytes);
		memset(codec->scratch, 0, bytes);
		codec->scratch_bytes = bytes;
	}
	return codec->scratch;
}

static size_t
packed_most(size_t words)
{
	return (words + 7) / 8 + words * sizeof(int64_t);
}

static char *
words_pack(const int64_t *word, size_t words, char *out)
{
	uint8_t *bits = (uint8_t *)out;
	size_t bit_bytes = (words + 7) / 8;
	memset(bits, 0, bit_bytes);
	out += bit_bytes;
	for (size_t i = 0; i < words; i++) {
		if (word[i] == 0)
			continue;
		bits[i / 8] |= (uint8_t)(1u << i % 8);
		memcpy(out, &word[i], sizeof *word);
		out += sizeof *word;
	}
	return out;
}

/* Into words that are zero.  Takes at most packed_most bytes, which scratch has for every record: where the bytes of a piece
 * really end is asked once, behind its last record. */
static const char *
words_unpack(const char *from, int64_t *word, size_t words)
{
	size_t bit_bytes = (words + 7) / 8;
	const uint8_t *bits = (const uint8_t *)from;
	from += bit_bytes;
	for (size_t i = 0; i < bit_bytes; i++) {
		unsigned byte = bits[i];
		if (words < 8 * i + 8)
			byte &= (1u << (words - 8 * i)) - 1;
		for (; byte; byte &= byte - 1, from += sizeof *word)
			memcpy(&word[8 * i + (unsigned)__builtin_ctz(byte)], from, sizeof *word);
	}
	return from;
}

/* The bytes of one piece: their number, then they.  Loading: NULL, or the end of what is in scratch. */
static char *
piece_read(struct codec *codec, size_t most)
{
	size_t bytes = 0;
	codec_count(codec, &bytes, most);
	if (codec->bad)
		return NULL;
	char *scratch = scratch_of(codec, most);
	codec_bytes(codec, scratch, bytes);
	return codec->bad ? NULL : scratch + bytes;
}

static void
piece_write(struct codec *codec, const char *end)
{
	size_t bytes = (size_t)(end - codec->scratch);
	codec_count(codec, &bytes, bytes);
	codec_save(codec, codec->scratch, bytes);
}

void
codec_words(struct codec *codec, int64_t *word, size_t words)
{
	if (!codec_loads(codec)) {
		piece_write(codec, words_pack(word, words, scratch_of(codec, packed_most(words))));
		return;
	}
	memset(word, 0, words * sizeof *word);
	const char *end = piece_read(codec, packed_most(words));
	if (end && words_unpack(codec->scratch, word, words) != end)
		codec->bad = true;
}

/* ---- chunks ---- */

static void
group_save(struct codec *codec, const struct chunks *chunks, uint32_t first, uint32_t count)
{
	size_t words = chunks->stride / sizeof(int64_t);
	char *end = scratch_of(codec, CODEC_GROUP * packed_most(words));
	for (uint32_t i = 0; i < count; i++)
		end = words_pack(chunks_at(chunks, first + i), words, end);
	piece_write(codec, end);
}

static void
group_load(struct codec *codec, struct chunks *chunks, uint32_t count)
{
	size_t words = chunks->stride / sizeof(int64_t);
	const char *end = piece_read(codec, CODEC_GROUP * packed_most(words)), *at = codec->scratch;
	for (uint32_t i = 0; end && i < count; i++)
		at = words_unpack(at, chunks_at(chunks, chunks_add(chunks)), words);
	if (end && at != end)
		codec->bad = true;
}

void
codec_chunks(struct codec *codec, struct chunks *chunks, void (*loaded)(struct codec *, void *context, uint32_t first, uint32_t count), void *context)
{
	size_t first = chunks->first, count = chunks->count;
	codec_count(codec, &count, UINT32_MAX);
	codec_count(codec, &first, count);
	if (first % CHUNK_RECORDS)
		codec->bad = true;
	if (codec_loads(codec) && !codec->bad)
		chunks->first = chunks->count = (uint32_t)first;
	for (size_t at = first; at < count && !codec->bad; at += CODEC_GROUP) {
		uint32_t group = count - at < CODEC_GROUP ? (uint32_t)(count - at) : CODEC_GROUP;
		if (!codec_loads(codec)) {
			group_save(codec, chunks, (uint32_t)at, group);
			continue;
		}
		group_load(codec, chunks, group);
		if (!codec->bad)
			loaded(codec, context, (uint32_t)at, group);
	}
}

/* ---- names and texts ---- */

#define NAME_BYTES_MOST 512

void
codec_names(struct codec *codec, struct names *names)
{
	size_t count = names->count;
	codec_count(codec, &count, UINT32_MAX);
	for (uint32_t i = 1; i < count && !codec->bad; i++) {
		char text[NAME_BYTES_MOST];
		size_t length = codec_loads(codec) ? 0 : names_text(names, i).length;
		codec_count(codec, &length, sizeof text);
		if (!codec_loads(codec))
			codec_save(codec, names_text(names, i).data, length);
		else
			codec_bytes(codec, text, length);
		if (codec_loads(codec) && !codec->bad && names_number(names, (struct slice){text, length}) != i)
			codec->bad = true;
	}
}

void
codec_texts(struct codec *codec, struct texts *texts)
{
	size_t first = texts->first, blocks = texts->blocks, used = texts->used;
	codec_count(codec, &first, TEXT_BLOCKS - 1);
	codec_count(codec, &blocks, TEXT_BLOCKS);
	codec_count(codec, &used, 1u << TEXT_BLOCK_SHIFT);
	if (blocks && used == 0)
		codec->bad = true;
	if (codec_loads(codec))
		texts->first = (uint32_t)first;
	for (size_t i = 0; i < blocks && !codec->bad; i++) {
		char *block = codec_loads(codec) ? texts_extend(texts) : texts->block[(first + i) % TEXT_BLOCKS];
		codec_bytes(codec, block, i + 1 < blocks ? TEXT_BLOCK_BYTES : used * TEXT_UNIT);
	}
	if (codec_loads(codec) && blocks)
		texts->used = codec->bad ? 1 : (uint32_t)used;
}
