/* A compressed file may be several members (gzip) or frames (zstd) one after another, as `cat a.gz b.gz` makes them.
 * A file that ends inside one is truncated; anything else that does not decode is corrupt. */
#include "replay/inflate.h"

#include "replay/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_BYTES ((size_t)1 << 18)

int
source_open(struct source *source, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat status;
	*source = (struct source){.descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)};
	if (source->descriptor < 0)
		return errno;
	int error = fstat(source->descriptor, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
	if (error) {
		source_close(source);
		return error;
	}
	source->regular = S_ISREG(status.st_mode);
	source->size = source->regular ? (uint64_t)status.st_size : 0;
	source->device = status.st_dev;
	source->file = status.st_ino;
	return 0;
}

void
source_close(struct source *source)
{
	if (source->form == FORM_GZIP && source->inflater) {
		inflateEnd(source->inflater);
		free(source->inflater);
	} else if (source->form == FORM_ZSTD) {
		ZSTD_freeDStream(source->inflater);
	}
	source->inflater = NULL;
	free(source->raw);
	source->raw = NULL;
	if (source->descriptor > STDIN_FILENO)
		close(source->descriptor);
	source->descriptor = -1;
}

/* read(2): 0 at the end, after a failure, or when a signal came (prompt). */
static size_t
file_read(struct source *source, void *to, size_t room)
{
	ssize_t bytes;
	do
		bytes = read(source->descriptor, to, room);
	while (bytes < 0 && errno == EINTR && !source->prompt);
	if (bytes > 0) {
		source->bytes += (uint64_t)bytes;
		return (size_t)bytes;
	}
	if (bytes == 0) {
		source->raw_ended = true;
	} else if (errno != EINTR && errno != EAGAIN) {
		source->state = READER_FAILED;
		source->error = errno;
	}
	return 0;
}

static size_t
raw_left(const struct source *source)
{
	return source->raw_length - source->raw_at;
}

static void
raw_fill(struct source *source)
{
	if (raw_left(source))
		memmove(source->raw, source->raw + source->raw_at, raw_left(source));
	source->raw_length = raw_left(source);
	source->raw_at = 0;
	source->raw_length += file_read(source, source->raw + source->raw_length, RAW_BYTES - source->raw_length);
}

static void
inflater_open(struct source *source)
{
	bool ready = true;
	if (source->form == FORM_GZIP) {
		source->inflater = memory_get(1, sizeof(z_stream));
		ready = inflateInit2((z_stream *)source->inflater, 15 + 16) == Z_OK;    /* 16: gzip and nothing else */
	} else if (source->form == FORM_ZSTD) {
		source->inflater = ZSTD_createDStream();
		ready = source->inflater != NULL;
	}
	source->inside = source->form != FORM_PLAIN;
	if (ready)
		return;
	source->state = READER_FAILED;
	source->error = ENOMEM;
}

/* Four bytes or the end tell the form. */
static void
form_find(struct source *source)
{
	static const unsigned char zstd[] = {0x28, 0xB5, 0x2F, 0xFD}, skippable[] = {0x2A, 0x4D, 0x18};
	if (!source->raw)
		source->raw = memory_get(1, RAW_BYTES);
	while (raw_left(source) < 4 && !source->raw_ended && source->state == READER_GOING) {
		size_t before = raw_left(source);
		raw_fill(source);
		if (raw_left(source) == before && !source->raw_ended)
			return;
	}
	const unsigned char *raw = source->raw + source->raw_at;
	size_t left = raw_left(source);
	if (source->state != READER_GOING || (left == 0 && source->follow))
		return;
	if (left >= 2 && raw[0] == 0x1F && raw[1] == 0x8B)
		source->form = FORM_GZIP;
	else if (left >= 4 && (memcmp(raw, zstd, 4) == 0 || ((raw[0] & 0xF0) == 0x50 && memcmp(raw + 1, skippable, 3) == 0)))
		source->form = FORM_ZSTD;
	else
		source->form = FORM_PLAIN;
	inflater_open(source);
}

static size_t
plain_read(struct source *source, char *to, size_t room)
{
	size_t left = raw_left(source);
	if (!left)
		return source->raw_ended ? 0 : file_read(source, to, room);
	size_t bytes = left < room ? left : room;
	memcpy(to, source->raw + source->raw_at, bytes);
	source->raw_at += bytes;
	return bytes;
}

/* Between members: zeros are padding, another member may begin, anything else is damage.  False: nothing to inflate. */
static bool
gzip_next_member(struct source *source)
{
	while (raw_left(source) && source->raw[source->raw_at] == 0)
		source->raw_at++;
	if (!raw_left(source))
		return false;
	source->inside = true;
	if (source->raw[source->raw_at] != 0x1F || inflateReset(source->inflater) != Z_OK)
		source->state = READER_CORRUPT;
	return source->state == READER_GOING;
}

static size_t
gzip_step(struct source *source, char *to, size_t room)
{
	if (!source->inside && !gzip_next_member(source))
		return 0;
	z_stream *stream = source->inflater;
	stream->next_in = source->raw + source->raw_at;
	stream->avail_in = (uInt)raw_left(source);
	stream->next_out = (Bytef *)to;
	stream->avail_out = (uInt)room;
	int result = inflate(stream, Z_NO_FLUSH);
	source->raw_at = source->raw_length - stream->avail_in;
	if (result == Z_STREAM_END)
		source->inside = false;
	else if (result != Z_OK && result != Z_BUF_ERROR)
		source->state = READER_CORRUPT;
	return room - stream->avail_out;
}

static size_t
zstd_step(struct source *source, char *to, size_t room)
{
	ZSTD_inBuffer in = {source->raw, source->raw_length, source->raw_at};
	ZSTD_outBuffer out = {to, room, 0};
	size_t result = ZSTD_decompressStream(source->inflater, &out, &in);
	bool moved = in.pos > source->raw_at || out.pos;
	source->raw_at = in.pos;
	if (ZSTD_isError(result))
		source->state = READER_CORRUPT;
	else
		source->inside = result != 0 && (source->inside || moved);
	return out.pos;
}

static size_t
inflate_read(struct source *source, char *to, size_t room)
{
	for (;;) {
		size_t before = raw_left(source);
		size_t bytes = source->form == FORM_GZIP ? gzip_step(source, to, room) : zstd_step(source, to, room);
		if (bytes || source->state != READER_GOING)
			return bytes;
		if (raw_left(source) && raw_left(source) < before)
			continue;
		if (source->raw_ended && !raw_left(source)) {
			source->state = source->inside ? READER_TRUNCATED : READER_ENDED;
			return 0;
		}
		size_t left = raw_left(source);
		raw_fill(source);
		if (raw_left(source) == left && !source->raw_ended)
			return 0;
		if (raw_left(source) == left && left)
			source->state = READER_TRUNCATED;
	}
}

/* A followed file that is shorter than what was read of it was written anew. */
static bool
follow_again(struct source *source)
{
	struct stat status;
	source->raw_ended = false;
	if (!source->regular || fstat(source->descriptor, &status) != 0 || (uint64_t)status.st_size >= source->bytes)
		return false;
	if (lseek(source->descriptor, 0, SEEK_SET) != 0)
		return false;
	source->bytes = 0;
	return true;
}

size_t
source_read(struct source *source, char *to, size_t room, bool *again)
{
	if (source->state == READER_GOING && source->form == FORM_UNKNOWN)
		form_find(source);
	if (source->state != READER_GOING)
		return 0;
	if (source->form == FORM_UNKNOWN) {
		*again = source->follow && follow_again(source);
		return 0;
	}
	if (source->form != FORM_PLAIN)
		return inflate_read(source, to, room);
	size_t bytes = plain_read(source, to, room);
	if (bytes || source->state != READER_GOING || !source->raw_ended)
		return bytes;
	if (source->follow)
		*again = follow_again(source);
	else
		source->state = READER_ENDED;
	return 0;
}
