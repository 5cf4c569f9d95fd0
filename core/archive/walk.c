/* From frame to frame through one segment file, which somebody may be writing to. */
#include "core/archive/segment.h"

#include "core/archive/bytes.h"
#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_BYTES ((size_t)1 << 20)

static void
look_again(struct walk *walk)
{
	struct stat status;
	walk->length = 0;
	if (fstat(walk->descriptor, &status) == 0)
		walk->bytes = (uint64_t)status.st_size;
}

/* pread until all is there or the file ends. */
static size_t
read_at(struct walk *walk, uint64_t at, uint8_t *to, size_t bytes)
{
	size_t done = 0;
	while (done < bytes) {
		ssize_t got = pread(walk->descriptor, to + done, bytes - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			walk->error = errno;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* The bytes of the file at that place; NULL: the file ends before, or cannot be read. */
static const uint8_t *
need(struct walk *walk, uint64_t at, size_t bytes)
{
	if (at >= walk->start && at + bytes <= walk->start + walk->length)
		return walk->buffer + (at - walk->start);
	if (at + bytes > walk->bytes)
		return NULL;
	uint64_t left = walk->bytes - at;
	size_t wanted = bytes > WINDOW_BYTES ? bytes : left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
	if (wanted > walk->capacity) {
		walk->capacity = wanted > WINDOW_BYTES ? wanted : WINDOW_BYTES;
		walk->buffer = memory_resize(walk->buffer, walk->capacity);
	}
	walk->start = at;
	walk->length = read_at(walk, at, walk->buffer, wanted);
	return walk->length >= bytes ? walk->buffer : NULL;
}

int
segment_open(struct walk *walk, const char *path, struct segment_head *head, bool *has_head)
{
	*walk = (struct walk){.descriptor = open(path, O_RDONLY | O_CLOEXEC)};
	if (walk->descriptor < 0)
		return errno;
	look_again(walk);
	const uint8_t *bytes = need(walk, 0, SEGMENT_HEAD);
	*has_head = bytes && segment_head_read(bytes, head);
	walk_to(walk, SEGMENT_HEAD, 0, *has_head ? head->first : 0);
	int error = walk->error;
	if (error)
		segment_close(walk);
	return error;
}

void
segment_close(struct walk *walk)
{
	if (walk->descriptor >= 0)
		close(walk->descriptor);
	free(walk->buffer);
	*walk = (struct walk){.descriptor = -1};
}

void
walk_to(struct walk *walk, uint64_t at, uint32_t number, uint64_t position)
{
	walk->at = at;
	walk->number = number;
	walk->position = position;
}

static void
go_on(struct walk *walk, const struct frame *frame)
{
	walk->at += frame_bytes(frame);
	walk->number++;
	walk->position += frame->entries;
}

/* A seal has no entries and seals some. */
static bool
is_due(const struct walk *walk, const struct frame *frame)
{
	bool is_seal = frame->flags & FRAME_SEAL;
	return frame->number == walk->number && frame->first == walk->position && is_seal == (frame->entries == 0)
	    && (!is_seal || frame->number > 0);
}

static bool
step_to(struct walk *walk, struct frame *frame, const uint8_t **bytes)
{
	*bytes = need(walk, walk->at, FRAME_HEAD);
	if (!*bytes || !frame_head_read(*bytes, frame))
		return false;
	*bytes = need(walk, walk->at, frame_bytes(frame));
	return *bytes && frame_is_whole(*bytes, frame) && is_due(walk, frame);
}

static bool
hop_to(struct walk *walk, struct frame *frame)
{
	uint8_t head[FRAME_HEAD];
	return walk->at + FRAME_HEAD <= walk->bytes && read_at(walk, walk->at, head, FRAME_HEAD) == FRAME_HEAD
	    && frame_head_read(head, frame) && walk->at + frame_bytes(frame) <= walk->bytes && is_due(walk, frame);
}

/* A writer may have been at it: what is not whole is looked at once more before it is said. */
enum walk_step
walk_next(struct walk *walk, struct frame *frame, const uint8_t **bytes)
{
	bool good = step_to(walk, frame, bytes);
	if (!good) {
		look_again(walk);
		good = step_to(walk, frame, bytes);
	}
	if (!good)
		return walk->at == walk->bytes ? WALK_END : WALK_TORN;
	go_on(walk, frame);
	return WALK_FRAME;
}

enum walk_step
walk_hop(struct walk *walk, struct frame *frame)
{
	bool good = hop_to(walk, frame);
	if (!good) {
		look_again(walk);
		good = hop_to(walk, frame);
	}
	if (!good)
		return walk->at == walk->bytes ? WALK_END : WALK_TORN;
	go_on(walk, frame);
	return WALK_FRAME;
}

/* From the place of the walk to the end of the file; the caller frees. */
static uint8_t *
rest_read(struct walk *walk, size_t *length)
{
	look_again(walk);
	*length = walk->at < walk->bytes ? (size_t)(walk->bytes - walk->at) : 0;
	uint8_t *rest = memory_resize(NULL, *length + 1);
	*length = read_at(walk, walk->at, rest, *length);
	return rest;
}

bool
walk_was_synced(struct walk *walk)
{
	size_t length;
	uint8_t *rest = rest_read(walk, &length);
	struct frame frame;
	bool was = false;
	for (size_t at = 1; !was && (at = frame_search(rest, length, at, &frame)) < length; at += frame_bytes(&frame))
		was = frame.synced > walk->position;
	free(rest);
	return was;
}

bool
walk_resume(struct walk *walk, bool *stranger)
{
	size_t length;
	uint8_t *rest = rest_read(walk, &length);
	struct frame frame;
	size_t at = frame_search(rest, length, 0, &frame);
	*stranger = length > 0 && at == 0;
	if (*stranger && frame.number <= walk->number)  /* it stands here again, or a younger one does */
		at = frame_search(rest, length, 1, &frame);
	free(rest);
	if (at < length)
		walk_to(walk, walk->at + at, frame.number, frame.first);
	return at < length;
}

bool
segment_seal_read(struct walk *walk, struct frame *frame, uint64_t *entries, uint64_t *raw, uint8_t chain[CHAIN_BYTES])
{
	uint8_t seal[FRAME_SEAL_BYTES];
	if (walk->bytes < SEGMENT_HEAD + sizeof seal || read_at(walk, walk->bytes - sizeof seal, seal, sizeof seal) < sizeof seal
	    || !frame_head_read(seal, frame) || frame->flags != FRAME_SEAL || frame->payload != FRAME_SEAL_PAYLOAD || !frame_is_whole(seal, frame))
		return false;
	*entries = get64(seal + FRAME_HEAD);
	*raw = get64(seal + FRAME_HEAD + 8);
	memcpy(chain, seal + FRAME_HEAD + FRAME_SEAL_PAYLOAD, CHAIN_BYTES);
	return *entries > 0;
}
