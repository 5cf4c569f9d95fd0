/* Remembered settlements.  One booking a setl_id: enough to know a duplicate, to take the settlement out again when it
 * is restated, voided or refunded, and to list it as evidence.  Behind the fixed part stand the truth bits of the
 * ruleset's conditions (as they were for this settlement) and the amounts that the ruleset's aggregates add up. */
#ifndef FW_BOOKING_H
#define FW_BOOKING_H

#include "core/base/hash.h"
#include "core/base/slice.h"
#include "core/state/chunks.h"
#include "core/state/table.h"
#include "core/state/texts.h"

#define NOBODY UINT32_MAX               /* no booking, no person */

enum booking_flag {
	BOOKING_VOID = 1,               /* vali_flag 0: counts nowhere */
	BOOKING_REFUND = 2,             /* refd_setl_flag 1 */
	BOOKING_INTERIM = 4,            /* mid_setl_flag 1: money, but no stay, visit or case */
	BOOKING_BEYOND = 8,             /* older than the history: judged by claim rules alone, in no aggregate */
	BOOKING_UPDATED = 16,           /* updt_time was given */
	BOOKING_NAMED = 32,             /* a refund linked by its init_setl_id */
	BOOKING_UNLINKED = 64,          /* a refund without an original */
	BOOKING_GATHERED = 128          /* a refund whose original is looked for again, while one record is judged */
};

/* In the flags too: the month in which the benefit year begins (0 January) by the settlement's own person and area, and where
 * its amounts stand: the original's for a linked refund. */
#define BOOKING_BEGINS_SHIFT 8
#define BOOKING_BOOKED_SHIFT 12
#define BOOKING_MONTH 15u

/* And the level of the institution as the table says: 1 + its place in level_names, 0: unknown, or no rule asks. */
#define BOOKING_LEVEL_SHIFT 16
#define BOOKING_LEVEL 7u

/* Times are Beijing seconds: 40 bits reach 17,000 years either way. */
struct booking {
	struct hash128 content;
	int64_t setl_time : 40;
	uint64_t flags : 24;
	int64_t booked_time : 40;       /* where its amounts stand: the original's setl_time for a linked refund */
	uint64_t mdtrt_hash : 24;       /* to compare visits cheaply; the id itself decides */
	int64_t updt_time : 40;         /* with BOOKING_UPDATED */
	int64_t stay_month : 24;        /* month whose list of stays holds this booking, -1: none */
	uint32_t ids;                   /* in bookings.ids: length, setl_id, length, mdtrt_id, length, a refund's init_setl_id */
	uint32_t person, previous;      /* previous booking of the same person, in order of first arrival */
	union {
		uint32_t original;      /* of a linked refund, else NOBODY */
		uint32_t first_refund;  /* of any other settlement: the first that is linked to it, NOBODY: none */
	};
	union {
		uint32_t next_refund;   /* of a linked refund: of the same original, NOBODY: it is the last */
		uint32_t refunds;       /* of any other settlement: how many are or were linked to it */
	};
	uint32_t institution, area;     /* numbers in names */
	uint32_t stay_slot;             /* place in the list of stay_month */
	int64_t refunded_medfee, refunded_hifp; /* sum over the refunds linked to this one (negative) */
	int64_t data[];                 /* where words, then amounts */
};

struct bookings {
	struct chunks chunks;
	struct table table;             /* by setl_id */
	struct table named;             /* refunds by init_setl_id, and by those that they named before */
	struct texts ids;
	uint32_t *ids_from;             /* by chunk: the block of ids that was the newest when the chunk began */
	size_t chunk_slots, words, amounts;
};

void bookings_init(struct bookings *, size_t words, size_t amounts);
void bookings_free(struct bookings *);
uint64_t setl_hash(struct slice setl_id);
uint32_t bookings_find(const struct bookings *, struct slice setl_id, uint64_t hash);
uint32_t bookings_add(struct bookings *, struct slice setl_id, uint64_t hash, struct slice mdtrt_id, struct slice init_setl_id);

/* The settlement is of another visit, or names another original, than was said before. */
void bookings_ids_change(struct bookings *, uint32_t number, struct slice mdtrt_id, struct slice init_setl_id);

/* Finds the booking by its init_setl_id too; bookings_add and bookings_ids_change do it by themselves. */
void bookings_name(struct bookings *, uint32_t number);

/* Takes a linked refund out of its original's list. */
void booking_leave_original(struct bookings *, uint32_t number);

/* Gives back whole chunks of bookings that are all older than the time.  Refunds that are kept stay booked where they are, as
 * their originals were. */
void bookings_forget(struct bookings *, int64_t before);
size_t bookings_bytes(const struct bookings *);

/* Changes the layout behind the fixed part: for every remembered booking data is rewritten from the old one. */
void bookings_relayout(struct bookings *, size_t words, size_t amounts,
    void (*rewrite)(const void *plan, const int64_t *old_data, int64_t *new_data), const void *plan);

static inline struct booking *
booking_at(const struct bookings *bookings, uint32_t number)
{
	return chunks_at(&bookings->chunks, number);
}

static inline uint32_t
booking_begins(const struct booking *booking)
{
	return booking->flags >> BOOKING_BEGINS_SHIFT & BOOKING_MONTH;
}

static inline uint32_t
booking_booked_begins(const struct booking *booking)
{
	return booking->flags >> BOOKING_BOOKED_SHIFT & BOOKING_MONTH;
}

static inline void
booking_book_begins(struct booking *booking, uint32_t begins)
{
	booking->flags = (booking->flags & ~(BOOKING_MONTH << BOOKING_BOOKED_SHIFT)) | (begins & BOOKING_MONTH) << BOOKING_BOOKED_SHIFT;
}

static inline uint8_t
booking_level(const struct booking *booking)
{
	return (uint8_t)(booking->flags >> BOOKING_LEVEL_SHIFT & BOOKING_LEVEL);
}

static inline struct slice
booking_setl_id(const struct bookings *bookings, const struct booking *booking)
{
	const char *ids = texts_at(&bookings->ids, booking->ids);
	return (struct slice){ids + 1, (uint8_t)ids[0]};
}

static inline struct slice
booking_mdtrt_id(const struct bookings *bookings, const struct booking *booking)
{
	const char *ids = texts_at(&bookings->ids, booking->ids), *second = ids + 1 + (uint8_t)ids[0];
	return (struct slice){second + 1, (uint8_t)second[0]};
}

static inline struct slice
booking_init_setl_id(const struct bookings *bookings, const struct booking *booking)
{
	struct slice second = booking_mdtrt_id(bookings, booking);
	const char *third = second.data + second.length;
	return (struct slice){third + 1, (uint8_t)third[0]};
}

static inline bool
booking_bit(const struct booking *booking, uint32_t bit)
{
	return (uint64_t)booking->data[bit >> 6] >> (bit & 63) & 1;
}

static inline int64_t
booking_amount(const struct bookings *bookings, const struct booking *booking, size_t amount)
{
	return booking->data[bookings->words + amount];
}

#endif
