/* See truth.h. */
#include "tests/property/truth.h"

#include "core/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct standing {
	const struct settlement *claim;
	struct standing *original;      /* it takes money back from there; NULL: it stands by itself */
	int64_t total_back, fund_back;  /* of the refunds that belong to it */
	int refunds;
};

struct books {
	struct standing of[EVENTS_MAX];         /* newest versions, voids too, by (setl_time, setl_id) */
	size_t count;
};

static int
standing_compare(const void *one, const void *two)
{
	const struct settlement *a = ((const struct standing *)one)->claim, *b = ((const struct standing *)two)->claim;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	char id[2][16];
	snprintf(id[0], sizeof id[0], "s%d", a->id);            /* identifiers are texts */
	snprintf(id[1], sizeof id[1], "s%d", b->id);
	return strcmp(id[0], id[1]);
}

static void
books_open(struct books *books, const struct world *world)
{
	*books = (struct books){0};
	for (size_t i = 0; i < world->events; i++)
		if (event_is_newest(world, &world->event[i]))
			books->of[books->count++] = (struct standing){.claim = &world->event[i].settlement};
	qsort(books->of, books->count, sizeof books->of[0], standing_compare);
}

static struct standing *
by_id(struct books *books, int id)
{
	for (size_t i = 0; id && i < books->count; i++)
		if (books->of[i].claim->id == id)
			return &books->of[i];
	return NULL;
}

static bool
is_refunded(const struct standing *one)
{
	return one->refunds && one->total_back + one->claim->total == 0 && one->fund_back + one->claim->fund == 0;
}

static void
link_to(struct standing *refund, struct standing *original)
{
	refund->original = original;
	original->refunds++;
	original->total_back += refund->claim->total;
	original->fund_back += refund->claim->fund;
}

/* Where init_setl_id leads: a refund of a refund belongs to the first original.  What is found last may be a refund
 * that names nothing known. */
static struct standing *
end_of_chain(struct books *books, struct standing *refund)
{
	struct standing *at = by_id(books, refund->claim->original);
	for (size_t steps = 0; at && at->claim->is_refund && !at->claim->is_void && steps <= books->count; steps++) {
		struct standing *next = by_id(books, at->claim->original);
		if (!next)
			return at;
		at = next;
	}
	return at && at->claim->is_refund && !at->claim->is_void ? NULL : at;   /* a circle leads nowhere */
}

static struct standing *
by_visit(struct books *books, const struct settlement *refund)
{
	for (size_t i = books->count; i-- > 0 && refund->visit;) {
		struct standing *one = &books->of[i];
		const struct settlement *claim = one->claim;
		if (claim->is_refund || claim->is_void || claim->visit != refund->visit || claim->person != refund->person)
			continue;
		if (strcmp(place_pool(claim->place), place_pool(refund->place)) != 0)
			continue;               /* a visit is one of a pool: that is what one archive is sure to see */
		if (claim->time <= refund->time && claim->total == -refund->total && claim->fund == -refund->fund && !is_refunded(one))
			return one;
	}
	return NULL;
}

static bool
takes_back(const struct standing *one)
{
	return one->claim->is_refund && !one->claim->is_void;
}

static void
books_link(struct books *books)
{
	for (size_t i = 0; i < books->count; i++) {
		struct standing *end = takes_back(&books->of[i]) ? end_of_chain(books, &books->of[i]) : NULL;
		if (end && !end->claim->is_refund)
			link_to(&books->of[i], end);
	}
	for (size_t i = 0; i < books->count; i++) {
		struct standing *refund = &books->of[i];
		if (!takes_back(refund) || refund->original)
			continue;
		struct standing *end = end_of_chain(books, refund), *original = end ? end->original : NULL;
		if (!original)
			original = by_visit(books, refund->claim);
		if (original)
			link_to(refund, original);
	}
}

static struct ledger *
ledger_of(struct ledger *ledgers, size_t *count, const struct settlement *where)
{
	int year = day_year(time_day(where->time));
	const char *pool = place_pool(where->place);
	for (size_t i = 0; i < *count; i++)
		if (ledgers[i].person == where->person && ledgers[i].year == year && strcmp(ledgers[i].pool, pool) == 0)
			return &ledgers[i];
	ledgers[*count] = (struct ledger){.person = where->person, .year = year, .pool = pool};
	return &ledgers[(*count)++];
}

size_t
truth_ledgers(const struct world *world, struct ledger *ledgers)
{
	struct books books;
	size_t count = 0;
	books_open(&books, world);
	books_link(&books);
	for (size_t i = 0; i < books.count; i++) {
		const struct standing *one = &books.of[i];
		if (one->claim->is_void)
			continue;
		/* the original decides where a refund is booked; what belongs to one that stands is not listed by itself */
		const struct settlement *where = one->original ? one->original->claim : one->claim;
		bool is_listed = !is_refunded(one) && (!one->original || where->is_void);
		struct ledger *ledger = ledger_of(ledgers, &count, where);
		ledger->everything += one->claim->total;
		ledger->everything_count += is_listed;
		if (where->is_employee || (where->care != CARE_OUTPATIENT && where->care != CARE_SPECIAL))
			continue;
		ledger->outpatient += one->claim->fund;
		ledger->outpatient_count += is_listed;
	}
	return count;
}
