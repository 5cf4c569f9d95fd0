/* Persons of a pool and their enrolments.  A person is (pool, psn_no), kept exact.  Behind the fixed part of a person
 * stand YEARS_KEPT benefit years for every month in which some benefit year begins; a year is the number of its first
 * month, then one sum per ledger aggregate, then what was last said per ledger rule. */
#ifndef FW_PERSON_H
#define FW_PERSON_H

#include "core/state/booking.h"

#define YEARS_KEPT 4
#define PERSON_INLINE 33

/* What was last said about one subject and period: enough to number revisions and to say nothing twice. */
struct said {
	uint64_t body;                  /* hash of finding, parameter, basis and evidence */
	int64_t at_risk_fen;
	uint32_t revision;              /* 0: nothing was ever said */
	uint16_t status;                /* enum alert_status of the last line */
	uint16_t stood;                 /* it was open once: no longer standing it counts as retracted */
};

struct person {
	uint32_t pool;                  /* number in names */
	uint32_t last_booking;          /* NOBODY: none */
	uint32_t last_enrolment;        /* NOBODY: none */
	uint8_t length;                 /* of psn_no */
	union {
		char text[PERSON_INLINE];
		char long_number[4];    /* when length > PERSON_INLINE: uint32_t, number in long_texts */
	};
	uint16_t refund_visits;         /* bit mdtrt_hash % 16 of every visit with a refund that was not linked by init_setl_id */
	uint64_t visits;                /* bit mdtrt_hash % 64 of every visit there was: not set means never seen */
	int64_t data[];
};

struct ledger_year {
	int64_t year;                   /* its first month; 0: empty */
	int64_t sum[];                  /* ledgers sums, then said[ledger_rules] */
};

struct persons {
	struct chunks chunks;
	struct table table;
	struct texts long_texts;
	size_t ledgers, ledger_rules;
	uint32_t beginnings;            /* months in which a benefit year may begin, bit 0 January */
};

/* One person, insurance type and benefit year; the newest updt_time wins, without it the later arrival. */
struct enrolment_identity {
	int32_t from, to;               /* days, both included */
	uint32_t class;                 /* enum identity_class */
};

struct enrolment_record {
	uint32_t previous;              /* of the same person */
	int32_t year;
	uint32_t insutype, tier, township, area;        /* numbers in names */
	int32_t brdy;                   /* day, INT32_MIN: unknown */
	uint8_t gend;                   /* '1' '2' or 0 */
	uint8_t identities;
	uint8_t updated;                /* updt_time was given */
	uint8_t room;                   /* identities that `identity` has room for */
	int64_t updt_time;
	struct hash128 content;
	uint32_t identity;              /* in the scorer's identities: struct enrolment_identity each; few persons have one */
};

void persons_init(struct persons *, size_t ledgers, size_t ledger_rules, uint32_t beginnings);
void persons_free(struct persons *);
uint64_t person_hash(uint32_t pool, struct slice psn_no);
uint32_t persons_find(const struct persons *, uint32_t pool, struct slice psn_no, uint64_t hash);
uint32_t persons_add(struct persons *, uint32_t pool, struct slice psn_no, uint64_t hash);
size_t persons_bytes(const struct persons *);
size_t ledger_year_words(size_t ledgers, size_t ledger_rules);

/* How many years there is room for. */
size_t persons_years(uint32_t beginnings);

/* As bookings_relayout, for one year's block at a time.  Years that begin in a month that is no longer among the beginnings
 * are dropped. */
void persons_relayout(struct persons *, size_t ledgers, size_t ledger_rules, uint32_t beginnings,
    void (*rewrite)(const void *plan, const struct ledger_year *old_year, struct ledger_year *new_year), const void *plan);

static inline struct person *
person_at(const struct persons *persons, uint32_t number)
{
	return chunks_at(&persons->chunks, number);
}

static inline struct slice
person_psn_no(const struct persons *persons, const struct person *person)
{
	uint32_t number;
	if (person->length <= PERSON_INLINE)
		return (struct slice){person->text, person->length};
	memcpy(&number, person->long_number, sizeof number);
	return (struct slice){texts_at(&persons->long_texts, number), person->length};
}

/* A benefit year has the number of its first month: the one that holds the month, of those that begin in that month of the
 * calendar (0 January). */
static inline int32_t
year_holding(int32_t month, uint32_t begins)
{
	return month - (month % 12 - (int32_t)begins + 12) % 12;
}

/* The calendar year in which it ends: who is enrolled for that one, in its tier, has this benefit year. */
static inline int32_t
year_calendar(int32_t year)
{
	return (year + 11) / 12;
}

static inline struct ledger_year *
person_year_at(const struct persons *persons, struct person *person, size_t slot)
{
	return (struct ledger_year *)(person->data + slot * ledger_year_words(persons->ledgers, persons->ledger_rules));
}

/* Where the year stands; NULL when no benefit year begins in its month.  Years of two beginnings never share a place. */
static inline struct ledger_year *
person_year_slot(const struct persons *persons, struct person *person, int32_t year)
{
	uint32_t bit = 1u << year % 12;
	size_t before = (size_t)__builtin_popcount(persons->beginnings & (bit - 1));
	return persons->beginnings & bit ? person_year_at(persons, person, before * YEARS_KEPT + (size_t)(year / 12 % YEARS_KEPT)) : NULL;
}

static inline struct said *
ledger_said(const struct persons *persons, struct ledger_year *year, size_t ledger_rule)
{
	return (struct said *)(year->sum + persons->ledgers) + ledger_rule;
}

#endif
