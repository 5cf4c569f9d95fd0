/* A frame, little endian:
 *
 *      0  8  checksum: XXH3 of everything behind it, the tail too
 *      8  4  "FWAF"
 *     12  4  flags: 1 a stream of packed entries begins here, 2 seal
 *     16  4  bytes of the payload
 *     20  4  bytes of the payload unpacked
 *     24  8  position of the first entry
 *     32  4  entries
 *     36  4  number of the frame in its segment, from 0
 *     40 32  smallest and largest event time (Beijing seconds), smallest and largest arrival (Unix ms); none: INT64_MIN
 *     72  8  synced: entries below this position were on disk when the frame was made
 *     80  8  session: part of the nonce of an encrypted frame; 0
 *     88     payload: entries (code.c), packed by zstd as one stream from a frame with flag 1 to the next such, then
 *            encrypted (tag of 16 bytes at its end); of a seal: entries and unpacked bytes of the segment, 8 bytes each
 *        32  chain: HMAC-SHA-256(key, chain before | SHA-256(bytes 8 .. end of payload))
 *
 * The checksum finds accidents and is what a reader checks; the chain finds frames that were changed, left out, put in or
 * moved by somebody who does not know the key, and is what `archive verify` checks. */
#include "core/archive/frame.h"

#include "core/archive/bytes.h"
#include "core/base/digest.h"
#include "core/base/hash.h"

#define MAGIC 0x46415746u                       /* "FWAF" */

static void
widen(int64_t *low, int64_t *high, int64_t value, int64_t none)
{
	if (value == none)
		return;
	if (*low == none || value < *low)
		*low = value;
	if (*high == none || value > *high)
		*high = value;
}

void
spread_note(struct spread *spread, int64_t event_time, int64_t arrival_ms)
{
	widen(&spread->event_low, &spread->event_high, event_time, EVENT_TIME_NONE);
	widen(&spread->arrival_low, &spread->arrival_high, arrival_ms, ARRIVAL_UNKNOWN);
}

void
spread_join(struct spread *spread, const struct spread *other)
{
	spread_note(spread, other->event_low, other->arrival_low);
	spread_note(spread, other->event_high, other->arrival_high);
}

void
chain_next(const uint8_t key[ARCHIVE_KEY_BYTES], uint8_t chain[CHAIN_BYTES], const void *bytes, size_t length)
{
	uint8_t link[CHAIN_BYTES + DIGEST_BYTES];
	memcpy(link, chain, CHAIN_BYTES);
	sha256(bytes, length, link + CHAIN_BYTES);
	hmac_sha256(key, ARCHIVE_KEY_BYTES, link, sizeof link, chain);
}

void
frame_head_write(const struct frame *frame, uint8_t head[FRAME_HEAD])
{
	put64(head, 0);
	put32(head + 8, MAGIC);
	put32(head + 12, frame->flags);
	put32(head + 16, frame->payload);
	put32(head + 20, frame->raw);
	put64(head + 24, frame->first);
	put32(head + 32, frame->entries);
	put32(head + 36, frame->number);
	put64(head + 40, (uint64_t)frame->spread.event_low);
	put64(head + 48, (uint64_t)frame->spread.event_high);
	put64(head + 56, (uint64_t)frame->spread.arrival_low);
	put64(head + 64, (uint64_t)frame->spread.arrival_high);
	put64(head + 72, frame->synced);
	put64(head + 80, frame->session);
}

struct slice
frame_beside(const uint8_t head[FRAME_HEAD])
{
	return (struct slice){(const char *)head + FRAME_CHECKED, FRAME_HEAD - FRAME_CHECKED};
}

void
frame_add(const struct frame *frame, const uint8_t key[ARCHIVE_KEY_BYTES], uint8_t chain[CHAIN_BYTES], const void *payload, struct buffer *out)
{
	size_t bytes = frame_bytes(frame);
	buffer_reserve(out, bytes);
	uint8_t *at = (uint8_t *)out->data + out->length;
	frame_head_write(frame, at);
	if (frame->payload)
		memcpy(at + FRAME_HEAD, payload, frame->payload);
	chain_next(key, chain, at + FRAME_CHECKED, FRAME_HEAD - FRAME_CHECKED + frame->payload);
	memcpy(at + FRAME_HEAD + frame->payload, chain, CHAIN_BYTES);
	put64(at, hash64(at + FRAME_CHECKED, bytes - FRAME_CHECKED));
	out->length += bytes;
}

void
seal_payload(uint64_t entries, uint64_t raw, uint8_t payload[FRAME_SEAL_PAYLOAD])
{
	put64(payload, entries);
	put64(payload + 8, raw);
}

bool
frame_head_read(const uint8_t head[FRAME_HEAD], struct frame *frame)
{
	uint32_t flags = get32(head + 12);
	*frame = (struct frame){
		.flags = (uint8_t)flags,
		.payload = get32(head + 16),
		.raw = get32(head + 20),
		.entries = get32(head + 32),
		.number = get32(head + 36),
		.first = get64(head + 24),
		.synced = get64(head + 72),
		.session = get64(head + 80),
		.spread = {(int64_t)get64(head + 40), (int64_t)get64(head + 48), (int64_t)get64(head + 56), (int64_t)get64(head + 64)},
	};
	return get32(head + 8) == MAGIC && (flags == 0 || flags == FRAME_BEGIN || flags == FRAME_SEAL)
	    && frame->payload <= FRAME_RAW_MAX && frame->raw <= FRAME_RAW_MAX;
}

bool
frame_is_whole(const uint8_t *bytes, const struct frame *frame)
{
	return hash64(bytes + FRAME_CHECKED, frame_bytes(frame) - FRAME_CHECKED) == get64(bytes);
}

size_t
frame_search(const uint8_t *bytes, size_t length, size_t from, struct frame *frame)
{
	static const uint8_t magic[] = {'F', 'W', 'A', 'F'};
	for (; from + FRAME_HEAD + FRAME_TAIL <= length; from++) {
		const uint8_t *found = memmem(bytes + from + FRAME_CHECKED, length - from - FRAME_CHECKED, magic, sizeof magic);
		if (!found)
			break;
		from = (size_t)(found - bytes) - FRAME_CHECKED;
		if (length - from >= FRAME_HEAD && frame_head_read(bytes + from, frame) && frame_bytes(frame) <= length - from
		    && frame_is_whole(bytes + from, frame))
			return from;
	}
	return length;
}
