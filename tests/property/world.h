/* Small random worlds: a few persons in a few pools, and what a feed does to their settlements.  A world is a set of
 * events without an order of arrival; it comes from its seed alone. */
#ifndef FW_PROPERTY_WORLD_H
#define FW_PROPERTY_WORLD_H

#include "core/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_MAX 96
#define PARTITIONS 3

struct chance {
	uint64_t state;
};

uint64_t chance_next(struct chance *);
unsigned below(struct chance *, unsigned bound);                /* 0 .. bound - 1 */
bool percent(struct chance *, unsigned of_hundred);

/* Areas of the worlds, with the pools that tests/oracle/rules/tables/pools.csv gives them. */
struct place {
	const char *area, *pool;
	bool has_admissions;            /* a rule judges admission rates there */
};
extern const struct place places[];
#define PLACES 9

enum care { CARE_OUTPATIENT, CARE_SPECIAL, CARE_CHRONIC, CARE_INPATIENT, CARE_INPATIENT_ABROAD, CARES };

/* Numbers stand for what is printed: person 3 is "p3".  0 is absent where that is possible. */
struct settlement {
	int id, original;               /* original: init_setl_id */
	int visit, person, place, institution;
	int64_t time;                   /* Beijing seconds */
	int64_t total, fund;            /* fen */
	int changed;                    /* updt_time, minutes after the world's first day */
	enum care care;
	bool is_employee, by_case, is_refund, is_interim, is_void;
};

struct enrolment_of {
	int person, place, year, tier, township, class_code;
	int changed;
};

enum event_kind { EVENT_SETTLEMENT, EVENT_ENROLMENT, EVENT_BROKEN, EVENT_TICK };

struct event {
	enum event_kind kind;
	int64_t time;                   /* where it stands in event time */
	int partition;
	int64_t delay;                  /* seconds until it arrived, in worlds that know arrivals */
	struct settlement settlement;
	struct enrolment_of enrolment;
};

struct world {
	uint64_t seed;
	struct event event[EVENTS_MAX];
	size_t events;
	int64_t first_day;
	bool is_compact;                /* everything within the allowed lateness: any order is */
	bool has_admissions;            /* then enrolments come before any month closes */
	bool has_arrivals;              /* a record's arrival is known: its own, whatever the order */
};

void world_make(struct world *, uint64_t seed);

/* One line of NDJSON without the newline; a tick: "tick 2024-03-01 08:00:00". */
void event_line(const struct world *, const struct event *, struct buffer *);

/* What the contract leaves to the order of arrival is not in the world: two contents of one id with the same updt_time
 * or without. */
bool world_is_fair(const struct world *);

/* Whether this is the version of a settlement that stands: the newest of its id, the first of equal ones. */
bool event_is_newest(const struct world *, const struct event *);

const char *place_pool(int place);

#endif
