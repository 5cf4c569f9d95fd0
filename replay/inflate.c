/* A compressed file may be several members (gzip) or frames (zstd) one after another, as `cat a.gz b.gz` makes them.
 * A file that ends inside one is truncated; anything else that does not decode is corrupt. */
#include "replay/inflate.h"

#include "core/base/pack.h"
#include "replay/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define RAW_BYTES ((size_t)1 << 18)

int
inlet_open(struct inlet *inlet, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat status;
	*inlet = (struct inlet){.descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)};
	if (inlet->descriptor < 0)
		return errno;
	int error = fstat(inlet->descriptor, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
	if (error) {
		inlet_close(inlet);
		return error;
	}
	inlet->regular = S_ISREG(status.st_mode);
	inlet->size = inlet->regular ? (uint64_t)status.st_size : 0;
	inlet->device = status.st_dev;
	inlet->file = status.st_ino;
	return 0;
}

void
inlet_close(struct inlet *inlet)
{
	if (inlet->form == FORM_GZIP && inlet->inflater) {
		inflateEnd(inlet->inflater);
		free(inlet->inflater);
	} else if (inlet->form == FORM_ZSTD) {
		unpacker_close(inlet->inflater);
	}
	inlet->inflater = NULL;
	free(inlet->raw);
	inlet->raw = NULL;
	if (inlet->descriptor > STDIN_FILENO)
		close(inlet->descriptor);
	inlet->descriptor = -1;
}

/* read(2): 0 at the end, after a failure, or when a signal came (prompt). */
static size_t
file_read(struct inlet *inlet, void *to, size_t room)
{
	ssize_t bytes;
	do
		bytes = read(inlet->descriptor, to, room);
	while (bytes < 0 && errno == EINTR && !inlet->prompt);
	if (bytes > 0) {
		inlet->bytes += (uint64_t)bytes;
		return (size_t)bytes;
	}
	if (bytes == 0) {
		inlet->raw_ended = true;
	} else if (errno != EINTR && errno != EAGAIN) {
		inlet->state = READER_FAILED;
		inlet->error = errno;
	}
	return 0;
}

static size_t
raw_left(const struct inlet *inlet)
{
	return inlet->raw_length - inlet->raw_at;
}

static void
raw_fill(struct inlet *inlet)
{
	if (raw_left(inlet))
		memmove(inlet->raw, inlet->raw + inlet->raw_at, raw_left(inlet));
	inlet->raw_length = raw_left(inlet);
	inlet->raw_at = 0;
	inlet->raw_length += file_read(inlet, inlet->raw + inlet->raw_length, RAW_BYTES - inlet->raw_length);
}

static void
inflater_open(struct inlet *inlet)
{
	bool ready = true;
	if (inlet->form == FORM_GZIP) {
		inlet->inflater = memory_get(1, sizeof(z_stream));
		ready = inflateInit2((z_stream *)inlet->inflater, 15 + 16) == Z_OK;    /* 16: gzip and nothing else */
	} else if (inlet->form == FORM_ZSTD) {
		inlet->inflater = unpacker_open();
	}
	inlet->inside = inlet->form != FORM_PLAIN;
	if (ready)
		return;
	inlet->state = READER_FAILED;
	inlet->error = ENOMEM;
}

/* Four bytes or the end tell the form. */
static void
form_find(struct inlet *inlet)
{
	static const unsigned char zstd[] = {0x28, 0xB5, 0x2F, 0xFD}, skippable[] = {0x2A, 0x4D, 0x18};
	if (!inlet->raw)
		inlet->raw = memory_get(1, RAW_BYTES);
	while (raw_left(inlet) < 4 && !inlet->raw_ended && inlet->state == READER_GOING) {
		size_t before = raw_left(inlet);
		raw_fill(inlet);
		if (raw_left(inlet) == before && !inlet->raw_ended)
			return;
	}
	const unsigned char *raw = inlet->raw + inlet->raw_at;
	size_t left = raw_left(inlet);
	if (inlet->state != READER_GOING || (left == 0 && inlet->follow))
		return;
	if (left >= 2 && raw[0] == 0x1F && raw[1] == 0x8B)
		inlet->form = FORM_GZIP;
	else if (left >= 4 && (memcmp(raw, zstd, 4) == 0 || ((raw[0] & 0xF0) == 0x50 && memcmp(raw + 1, skippable, 3) == 0)))
		inlet->form = FORM_ZSTD;
	else
		inlet->form = FORM_PLAIN;
	inflater_open(inlet);
}

static size_t
plain_read(struct inlet *inlet, char *to, size_t room)
{
	size_t left = raw_left(inlet);
	if (!left)
		return inlet->raw_ended ? 0 : file_read(inlet, to, room);
	size_t bytes = left < room ? left : room;
	memcpy(to, inlet->raw + inlet->raw_at, bytes);
	inlet->raw_at += bytes;
	return bytes;
}

/* Between members: zeros are padding, another member may begin, anything else is damage.  False: nothing to inflate. */
static bool
gzip_next_member(struct inlet *inlet)
{
	while (raw_left(inlet) && inlet->raw[inlet->raw_at] == 0)
		inlet->raw_at++;
	if (!raw_left(inlet))
		return false;
	inlet->inside = true;
	if (inlet->raw[inlet->raw_at] != 0x1F || inflateReset(inlet->inflater) != Z_OK)
		inlet->state = READER_CORRUPT;
	return inlet->state == READER_GOING;
}

static size_t
gzip_step(struct inlet *inlet, char *to, size_t room)
{
	if (!inlet->inside && !gzip_next_member(inlet))
		return 0;
	z_stream *stream = inlet->inflater;
	stream->next_in = inlet->raw + inlet->raw_at;
	stream->avail_in = (uInt)raw_left(inlet);
	stream->next_out = (Bytef *)to;
	stream->avail_out = (uInt)room;
	int result = inflate(stream, Z_NO_FLUSH);
	inlet->raw_at = inlet->raw_length - stream->avail_in;
	if (result == Z_STREAM_END)
		inlet->inside = false;
	else if (result != Z_OK && result != Z_BUF_ERROR)
		inlet->state = READER_CORRUPT;
	return room - stream->avail_out;
}

static size_t
zstd_step(struct inlet *inlet, char *to, size_t room)
{
	size_t before = inlet->raw_at, got;
	enum unpack_state state = unpacker_step(inlet->inflater, inlet->raw, inlet->raw_length, &inlet->raw_at, to, room, &got);
	bool moved = inlet->raw_at > before || got;
	if (state == UNPACK_CORRUPT)
		inlet->state = READER_CORRUPT;
	else
		inlet->inside = state == UNPACK_INSIDE && (inlet->inside || moved);
	return got;
}

static size_t
inflate_read(struct inlet *inlet, char *to, size_t room)
{
	for (;;) {
		size_t before = raw_left(inlet);
		size_t bytes = inlet->form == FORM_GZIP ? gzip_step(inlet, to, room) : zstd_step(inlet, to, room);
		if (bytes || inlet->state != READER_GOING)
			return bytes;
		if (raw_left(inlet) && raw_left(inlet) < before)
			continue;
		if (inlet->raw_ended && !raw_left(inlet)) {
			inlet->state = inlet->inside ? READER_TRUNCATED : READER_ENDED;
			return 0;
		}
		size_t left = raw_left(inlet);
		raw_fill(inlet);
		if (raw_left(inlet) == left && !inlet->raw_ended)
			return 0;
		if (raw_left(inlet) == left && left)
			inlet->state = READER_TRUNCATED;
	}
}

/* A followed file that is shorter than what was read of it was written anew. */
static bool
follow_again(struct inlet *inlet)
{
	struct stat status;
	inlet->raw_ended = false;
	if (!inlet->regular || fstat(inlet->descriptor, &status) != 0 || (uint64_t)status.st_size >= inlet->bytes)
		return false;
	if (lseek(inlet->descriptor, 0, SEEK_SET) != 0)
		return false;
	inlet->bytes = 0;
	return true;
}

size_t
inlet_read(struct inlet *inlet, char *to, size_t room, bool *again)
{
	if (inlet->state == READER_GOING && inlet->form == FORM_UNKNOWN)
		form_find(inlet);
	if (inlet->state != READER_GOING)
		return 0;
	if (inlet->form == FORM_UNKNOWN) {
		*again = inlet->follow && follow_again(inlet);
		return 0;
	}
	if (inlet->form != FORM_PLAIN)
		return inflate_read(inlet, to, room);
	size_t bytes = plain_read(inlet, to, room);
	if (bytes || inlet->state != READER_GOING || !inlet->raw_ended)
		return bytes;
	if (inlet->follow)
		*again = follow_again(inlet);
	else
		inlet->state = READER_ENDED;
	return 0;
}
