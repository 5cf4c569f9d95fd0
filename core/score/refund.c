/* Which settlement a refund belongs to (contract 1.3), as a function of what stands and never of the order of arrival:
 *
 *   first    the one that its init_setl_id names, through standing refunds of refunds to the first that is none
 *   then     the refunds that found none, in order of (setl_time, setl_id): one whose chain ends at a refund that was linked
 *            before it belongs to the same original; else, within its visit, the latest standing settlement, not later than
 *            the refund, of exactly opposite amounts and not refunded in full yet
 *
 * Whatever a record may have changed is gathered and unlinked, linked again, and only what really moved is booked anew. */
#include "core/score/private.h"

#include <stdlib.h>

static struct booking *
at(const struct scorer *scorer, uint32_t number)
{
	return booking_at(&scorer->bookings, number);
}

bool
booking_is_refunded(const struct scorer *scorer, const struct booking *booking)
{
	return booking->refunds > 0
	    && booking->refunded_medfee == -booking_amount(&scorer->bookings, booking, AMOUNT_MEDFEE)
	    && booking->refunded_hifp == -booking_amount(&scorer->bookings, booking, AMOUNT_HIFP);
}

bool
is_linkable(const struct booking *booking)
{
	return booking->flags & BOOKING_REFUND && !(booking->flags & BOOKING_VOID);
}

/* ---- links ---- */

static void
link_to(struct scorer *scorer, uint32_t number, uint32_t original)
{
	struct booking *refund = at(scorer, number), *booking = at(scorer, original);
	refund->original = original;
	refund->next_refund = booking->first_refund;
	booking->first_refund = number;
	booking->refunds++;
	booking->refunded_medfee += booking_amount(&scorer->bookings, refund, AMOUNT_MEDFEE);
	booking->refunded_hifp += booking_amount(&scorer->bookings, refund, AMOUNT_HIFP);
}

static void
unlink_from(struct scorer *scorer, uint32_t number, uint32_t original)
{
	struct booking *refund = at(scorer, number), *booking = at(scorer, original);
	booking_leave_original(&scorer->bookings, number);
	booking->refunds--;
	booking->refunded_medfee -= booking_amount(&scorer->bookings, refund, AMOUNT_MEDFEE);
	booking->refunded_hifp -= booking_amount(&scorer->bookings, refund, AMOUNT_HIFP);
}

/* ---- gathering ---- */

/* A refund stays with an original that is no longer remembered. */
static void
gather(struct scorer *scorer, uint32_t number)
{
	struct booking *refund = at(scorer, number);
	bool is_settled = refund->original != NOBODY && !is_remembered(scorer, refund->original);
	if (refund->flags & BOOKING_GATHERED || is_settled)
		return;
	if (scorer->relinks == scorer->relink_slots) {
		scorer->relink_slots = 2 * scorer->relink_slots + 16;
		scorer->relink = memory_resize(scorer->relink, scorer->relink_slots * sizeof *scorer->relink);
	}
	scorer->relink[scorer->relinks++] = (struct relink){number, refund->original, NOBODY, true};
	if (refund->original != NOBODY)
		unlink_from(scorer, number, refund->original);
	scorer->counts.unlinked_refunds -= (refund->flags & BOOKING_UNLINKED) != 0;
	refund->flags = (refund->flags & ~(uint64_t)(BOOKING_NAMED | BOOKING_UNLINKED)) | BOOKING_GATHERED;
}

static void
gather_naming(struct scorer *scorer, struct slice setl_id, uint64_t hash)
{
	if (scorer->bookings.named.used == 0)
		return;
	struct probe probe = table_probe(&scorer->bookings.named, hash);
	uint32_t number;
	while (table_next(&scorer->bookings.named, &probe, &number)) {
		const struct booking *booking = at(scorer, number);
		if (booking->flags & BOOKING_REFUND && slice_equal(booking_init_setl_id(&scorer->bookings, booking), setl_id))
			gather(scorer, number);
	}
}

/* The refunds of a visit that no init_setl_id settles: what changes about the visit may change theirs. */
static void
gather_visit(struct scorer *scorer, uint32_t of)
{
	const struct booking *visit = at(scorer, of);
	const struct person *person = person_at(&scorer->persons, visit->person);
	if (!(person->refund_visits >> (visit->mdtrt_hash & 15) & 1) || booking_mdtrt_id(&scorer->bookings, visit).length == 0)
		return;
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = at(scorer, n)->previous) {
		const struct booking *booking = at(scorer, n);
		if (booking->flags & BOOKING_REFUND && !(booking->flags & BOOKING_NAMED) && same_visit(scorer, booking, visit))
			gather(scorer, n);
	}
}

/* What follows from the refunds gathered from there on. */
static void
gather_rest(struct scorer *scorer, size_t from)
{
	for (size_t i = from; i < scorer->relinks; i++) {
		uint32_t number = scorer->relink[i].refund, before = scorer->relink[i].before;
		struct slice setl_id = booking_setl_id(&scorer->bookings, at(scorer, number));
		gather_naming(scorer, setl_id, setl_hash(setl_id));
		gather_visit(scorer, number);
		if (before != NOBODY)
			gather_visit(scorer, before);
	}
}

void
refunds_gather(struct scorer *scorer, uint32_t number, uint64_t hash)
{
	size_t from = scorer->relinks;
	const struct booking *booking = at(scorer, number);
	gather_naming(scorer, booking_setl_id(&scorer->bookings, booking), hash);
	if (booking->flags & BOOKING_REFUND)
		gather(scorer, number);
	else
		while (booking->first_refund != NOBODY)
			gather(scorer, booking->first_refund);
	gather_visit(scorer, number);
	gather_rest(scorer, from);
}

/* ---- linking ---- */

#define CHAIN_MOST 64                   /* refunds of refunds of ...; further ones are taken as in a circle */

static uint32_t
named_by(const struct scorer *scorer, uint32_t number)
{
	struct slice init = booking_init_setl_id(&scorer->bookings, at(scorer, number));
	return init.length ? bookings_find(&scorer->bookings, init, setl_hash(init)) : NOBODY;
}

/* Where its init_setl_id leads, through refunds that stand: a settlement that is no refund, or the last refund, which names
 * nobody known.  NOBODY: nowhere. */
static uint32_t
end_of_chain(const struct scorer *scorer, uint32_t number)
{
	uint32_t end = named_by(scorer, number);
	for (int i = 0; i < CHAIN_MOST && end != NOBODY && end != number; i++) {
		uint32_t next = is_linkable(at(scorer, end)) ? named_by(scorer, end) : NOBODY;
		if (next == NOBODY)
			return at(scorer, end)->flags & BOOKING_REFUND && !is_linkable(at(scorer, end)) ? NOBODY : end;
		end = next;
	}
	return NOBODY;
}

static bool
is_opposite(const struct scorer *scorer, const struct booking *original, const struct booking *refund)
{
	return booking_amount(&scorer->bookings, original, AMOUNT_MEDFEE) == -booking_amount(&scorer->bookings, refund, AMOUNT_MEDFEE)
	    && booking_amount(&scorer->bookings, original, AMOUNT_HIFP) == -booking_amount(&scorer->bookings, refund, AMOUNT_HIFP);
}

static uint32_t
original_by_amounts(const struct scorer *scorer, const struct booking *refund)
{
	uint32_t found = NOBODY;
	const struct person *person = person_at(&scorer->persons, refund->person);
	for (uint32_t n = person->last_booking; is_remembered(scorer, n); n = at(scorer, n)->previous) {
		const struct booking *booking = at(scorer, n);
		if (!booking_is_standing(booking) || booking_is_refunded(scorer, booking))
			continue;
		if (booking->setl_time > refund->setl_time)
			continue;       /* what is settled again afterwards is not what was refunded */
		if (!same_visit(scorer, booking, refund) || !is_opposite(scorer, booking, refund))
			continue;
		if (found == NOBODY || booking_is_later(scorer, booking, at(scorer, found)))
			found = n;
	}
	return found;
}

static uint32_t
original_by_visit(const struct scorer *scorer, const struct relink *relink)
{
	const struct booking *refund = at(scorer, relink->refund), *end = relink->end == NOBODY ? NULL : at(scorer, relink->end);
	if (end && is_remembered(scorer, end->original) && booking_is_later(scorer, refund, end))
		return end->original;           /* a refund taken back belongs to the first original */
	return booking_mdtrt_id(&scorer->bookings, refund).length ? original_by_amounts(scorer, refund) : NOBODY;
}

/* What the visit of the end has may be matched otherwise with this refund, or without it. */
static void
find_ends(struct scorer *scorer)
{
	for (size_t i = 0; i < scorer->relinks; i++) {
		uint32_t number = scorer->relink[i].refund;
		uint32_t end = is_linkable(at(scorer, number)) ? end_of_chain(scorer, number) : NOBODY;
		size_t from = scorer->relinks;
		scorer->relink[i].end = end;
		if (end == NOBODY)
			continue;
		gather_visit(scorer, end);
		gather_rest(scorer, from);
	}
}

static void
link_by_name(struct scorer *scorer)
{
	for (size_t i = 0; i < scorer->relinks; i++) {
		const struct relink *relink = &scorer->relink[i];
		if (relink->end == NOBODY || at(scorer, relink->end)->flags & BOOKING_REFUND)
			continue;
		link_to(scorer, relink->refund, relink->end);
		at(scorer, relink->refund)->flags |= BOOKING_NAMED;
	}
}

static int
relink_order(const void *a, const void *b, void *scorer)
{
	const struct booking *left = at(scorer, ((const struct relink *)a)->refund), *right = at(scorer, ((const struct relink *)b)->refund);
	return booking_is_later(scorer, left, right) ? 1 : left == right ? 0 : -1;
}

static void
link_by_visit(struct scorer *scorer)
{
	for (size_t i = 0; i < scorer->relinks; i++) {
		uint32_t number = scorer->relink[i].refund;
		struct booking *refund = at(scorer, number);
		if (!is_linkable(refund) || refund->flags & BOOKING_NAMED)
			continue;
		struct person *person = person_at(&scorer->persons, refund->person);
		person->refund_visits |= (uint16_t)(1u << (refund->mdtrt_hash & 15));
		uint32_t original = original_by_visit(scorer, &scorer->relink[i]);
		if (original != NOBODY) {
			link_to(scorer, number, original);
			continue;
		}
		refund->flags |= BOOKING_UNLINKED;
		scorer->counts.unlinked_refunds++;
	}
}

void
refunds_link(struct scorer *scorer)
{
	if (scorer->relinks == 0)
		return;
	find_ends(scorer);
	qsort_r(scorer->relink, scorer->relinks, sizeof *scorer->relink, relink_order, scorer);
	link_by_name(scorer);
	link_by_visit(scorer);
	for (size_t i = 0; i < scorer->relinks; i++)
		at(scorer, scorer->relink[i].refund)->flags &= ~(uint64_t)BOOKING_GATHERED;
}
