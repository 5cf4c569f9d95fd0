/* State as bytes and back, both ways through one function: it names each thing once; a codec that saves writes it, one that
 * loads reads it.  What is saved and what is loaded cannot differ.  Bytes are those of this machine: they are for the same
 * program.
 *
 * Loading believes nothing: after the first byte that is missing or contradicts, `bad` is set, everything read is zero
 * and every count is 0. */
#ifndef FW_CODEC_H
#define FW_CODEC_H

#include "core/base/buffer.h"
#include "core/state/chunks.h"
#include "core/state/names.h"
#include "core/state/texts.h"

struct codec {
	void (*write)(void *context, const void *bytes, size_t length);         /* NULL: it loads */
	bool (*read)(void *context, void *bytes, size_t length);                /* false: the bytes end before */
	void *context;
	bool bad;
	struct buffer out;              /* waits to be written */
	char *scratch;
	size_t scratch_bytes;
};

static inline bool
codec_loads(const struct codec *codec)
{
	return codec->write == NULL;
}

/* Writes what waits and frees the codec's own memory.  Gives !bad. */
bool codec_end(struct codec *);

/* Loading: what was read is impossible. */
void codec_refuse(struct codec *);

void codec_bytes(struct codec *, void *bytes, size_t length);
#define CODEC(codec, field) codec_bytes(codec, &(field), sizeof(field))

/* A number that must be the same when it is loaded. */
void codec_same(struct codec *, uint64_t number);

/* A count of at most `most`. */
void codec_count(struct codec *, size_t *count, size_t most);

/* Words of which most are zero. */
void codec_words(struct codec *, int64_t *word, size_t words);

void codec_names(struct codec *, struct names *);
void codec_texts(struct codec *, struct texts *);

/* Records that are mostly zero words.  Loading calls `loaded` for each group of them in order: it may add to tables and
 * refuse what cannot be. */
#define CODEC_GROUP 256
void codec_chunks(struct codec *, struct chunks *, void (*loaded)(struct codec *, void *context, uint32_t first, uint32_t count), void *context);

#endif
