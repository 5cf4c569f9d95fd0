/* Orders in which the events of a world may arrive. */
#ifndef FW_PROPERTY_ORDER_H
#define FW_PROPERTY_ORDER_H

#include "tests/property/world.h"

enum order_kind {
	ORDER_GIVEN,                    /* by event time */
	ORDER_LATE,                     /* each event up to the allowed lateness after its time */
	ORDER_PARTITIONS,               /* one partition wholly first, or partitions by turns, each by event time */
	ORDER_ANY,                      /* any at all: late records for closed months too */
	ORDER_KINDS
};

extern const char *const order_names[ORDER_KINDS];

#define NO_CUT SIZE_MAX

struct order {
	enum order_kind kind;
	uint16_t event[EVENTS_MAX];     /* index in the world */
	size_t count;
	uint64_t batches;               /* seed of the sizes of batches; 0: one record each */
	size_t cut;                     /* after so many events the state is saved and loaded; NO_CUT: never */
};

void order_make(struct order *, const struct world *, enum order_kind, struct chance *);

/* Whether every event comes within the allowed lateness (ORDER_GIVEN, ORDER_LATE; the others need not). */
bool order_is_fair(const struct world *, const struct order *);

#endif
