/* The only file that includes libzstd.  Packing fails for want of memory alone: then the process ends. */
#include "core/base/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

static size_t
must(size_t result)
{
	if (ZSTD_isError(result)) {
		fprintf(stderr, "fundwatch: libzstd cannot pack: %s\n", ZSTD_getErrorName(result));
		abort();
	}
	return result;
}

static void *
must_have(void *made)
{
	if (!made) {
		fprintf(stderr, "fundwatch: out of memory (libzstd)\n");
		abort();
	}
	return made;
}

struct packer *
packer_open(int level)
{
	ZSTD_CCtx *context = must_have(ZSTD_createCCtx());
	must(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level ? level : 1));
	must(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0));
	return (struct packer *)context;
}

void
packer_begin(struct packer *packer)
{
	must(ZSTD_CCtx_reset((ZSTD_CCtx *)packer, ZSTD_reset_session_only));
}

void
packer_add(struct packer *packer, const void *bytes, size_t length, struct buffer *out)
{
	ZSTD_inBuffer in = {bytes, length, 0};
	size_t left = 1;
	while (left) {
		buffer_reserve(out, ZSTD_compressBound(length - in.pos) + 64);
		ZSTD_outBuffer to = {out->data, out->capacity, out->length};
		left = must(ZSTD_compressStream2((ZSTD_CCtx *)packer, &to, &in, ZSTD_e_flush));
		out->length = to.pos;
	}
}

void
packer_whole(struct packer *packer, const void *bytes, size_t length, struct buffer *out)
{
	size_t most = ZSTD_compressBound(length);
	packer_begin(packer);
	buffer_reserve(out, most);
	out->length += must(ZSTD_compress2((ZSTD_CCtx *)packer, out->data + out->length, most, bytes, length));
}

void
packer_close(struct packer *packer)
{
	ZSTD_freeCCtx((ZSTD_CCtx *)packer);
}

struct unpacker *
unpacker_open(void)
{
	return (struct unpacker *)must_have(ZSTD_createDCtx());
}

void
unpacker_begin(struct unpacker *unpacker)
{
	ZSTD_DCtx_reset((ZSTD_DCtx *)unpacker, ZSTD_reset_session_only);
}

enum unpack_state
unpacker_step(struct unpacker *unpacker, const void *bytes, size_t length, size_t *at, void *to, size_t room, size_t *got)
{
	ZSTD_inBuffer in = {bytes, length, *at};
	ZSTD_outBuffer out = {to, room, 0};
	size_t result = ZSTD_decompressStream((ZSTD_DCtx *)unpacker, &out, &in);
	*at = in.pos;
	*got = out.pos;
	return ZSTD_isError(result) ? UNPACK_CORRUPT : result ? UNPACK_INSIDE : UNPACK_ENDED;
}

bool
unpacker_exact(struct unpacker *unpacker, const void *bytes, size_t packed, void *to, size_t length)
{
	ZSTD_inBuffer in = {bytes, packed, 0};
	ZSTD_outBuffer out = {to, length, 0};
	for (size_t moved = 1; moved; ) {
		size_t before = in.pos + out.pos;
		if (ZSTD_isError(ZSTD_decompressStream((ZSTD_DCtx *)unpacker, &out, &in)))
			return false;
		moved = in.pos + out.pos - before;
	}
	return in.pos == packed && out.pos == length;
}

bool
unpacker_whole(struct unpacker *unpacker, const void *bytes, size_t packed, void *to, size_t length)
{
	size_t got = ZSTD_decompressDCtx((ZSTD_DCtx *)unpacker, to, length, bytes, packed);
	return !ZSTD_isError(got) && got == length;
}

void
unpacker_close(struct unpacker *unpacker)
{
	ZSTD_freeDCtx((ZSTD_DCtx *)unpacker);
}
