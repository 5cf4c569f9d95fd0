/* PRIVATE to core/archive: the frame, the unit that is written, checked and chained.  Layout: frame.c. */
#ifndef FW_FRAME_H
#define FW_FRAME_H

#include "core/archive/archive.h"
#include "core/base/buffer.h"

#define FRAME_HEAD 88
#define FRAME_CHECKED 8                 /* checksum and chain cover the bytes from here on */
#define FRAME_TAIL 32
#define FRAME_SEAL_PAYLOAD 16
#define FRAME_SEAL_BYTES (FRAME_HEAD + FRAME_SEAL_PAYLOAD + FRAME_TAIL)
#define FRAME_RAW_MAX ((uint32_t)1 << 30)       /* no writer makes one so long */
#define CHAIN_BYTES 32

enum { FRAME_BEGIN = 1, FRAME_SEAL = 2 };

struct spread {                         /* smallest and largest; both NONE when there is none */
	int64_t event_low, event_high, arrival_low, arrival_high;
};

#define SPREAD_NONE ((struct spread){EVENT_TIME_NONE, EVENT_TIME_NONE, ARRIVAL_UNKNOWN, ARRIVAL_UNKNOWN})

void spread_note(struct spread *, int64_t event_time, int64_t arrival_ms);      /* NONE, UNKNOWN: passed over */
void spread_join(struct spread *, const struct spread *other);

struct frame {
	uint8_t flags;
	uint32_t payload;               /* bytes between head and tail */
	uint32_t raw;                   /* of the payload unpacked */
	uint32_t entries;
	uint32_t number;                /* in its segment, from 0 */
	uint64_t first;                 /* position of the first entry; of a seal: of the entry that comes next */
	uint64_t synced;                /* entries below were on disk when the frame was made */
	uint64_t session;               /* of an encrypted frame: random, one each time the archive is opened for writing */
	struct spread spread;
};

static inline size_t
frame_bytes(const struct frame *frame)
{
	return FRAME_HEAD + (size_t)frame->payload + FRAME_TAIL;
}

/* Adds head, payload and tail to out, and moves the chain on.  frame->payload counts. */
void frame_add(const struct frame *, const uint8_t key[ARCHIVE_KEY_BYTES], uint8_t chain[CHAIN_BYTES], const void *payload, struct buffer *out);

/* The head as it is hidden with the payload: what an encrypted payload is bound to. */
void frame_head_write(const struct frame *, uint8_t head[FRAME_HEAD]);
struct slice frame_beside(const uint8_t head[FRAME_HEAD]);

/* Is this a head?  Says nothing about what follows: frame_is_whole does, when all frame_bytes are there. */
bool frame_head_read(const uint8_t head[FRAME_HEAD], struct frame *);
bool frame_is_whole(const uint8_t *bytes, const struct frame *);

/* Looks for the next place in the bytes, at or behind from, where a whole frame stands; gives length when there is none. */
size_t frame_search(const uint8_t *bytes, size_t length, size_t from, struct frame *);

void seal_payload(uint64_t entries, uint64_t raw, uint8_t payload[FRAME_SEAL_PAYLOAD]);

/* What the chain is after these bytes. */
void chain_next(const uint8_t key[ARCHIVE_KEY_BYTES], uint8_t chain[CHAIN_BYTES], const void *bytes, size_t length);

#endif
