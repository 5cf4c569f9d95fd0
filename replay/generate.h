/* PRIVATE to replay/generate*.c: the synthetic county.
 *
 * Everything a run makes follows from the seed and the options; no clock, locale, libm or environment decides.
 * Persons are one compact array, days pass in order, and what arrives later waits in a ring of days: memory does not grow
 * with the length of the range. */
#ifndef FW_GENERATE_H
#define FW_GENERATE_H

#include "replay/generate_random.h"
#include "replay/options.h"
#include "replay/progress.h"

#include "core/base/buffer.h"
#include "core/base/time.h"

#define AREAS_MAX 8
#define TOWNSHIPS 14
#define RING_DAYS 128                   /* longer than any delay */
#define YEARS_MAX 21

enum identity_code {                    /* the default codes of identity.csv; 0: no identity */
	IDENTITY_NONE, IDENTITY_HARDSHIP, IDENTITY_ORPHAN, IDENTITY_DIBAO, IDENTITY_DIBAO_MARGINAL, IDENTITY_RELAPSED,
	IDENTITY_UNSTABLE, IDENTITY_MARGINAL, IDENTITY_SUDDEN, IDENTITY_STABLE, IDENTITY_DISABLED, IDENTITY_PREFERENTIAL,
	IDENTITY_ILLNESS, IDENTITY_OTHER, IDENTITIES
};
extern const char *const identity_class_names[IDENTITIES];      /* classes of contract 1.4 */

/* ---- what an area's notices say, as far as planting needs it ---- */

struct world;
struct scenario;

struct area_facts {
	const char *prefix, *name;
	int32_t cap_from, cap_to;               /* days; from > to: no cap of its own */
	int32_t cap_fen[2];                     /* by tier 1, 2 */
	bool share_money, share_cases, admissions;
	int32_t ratio_from, ratio_to;           /* years in which residents' stays are to be paid at about 70 % */
};

struct area {
	char code[7], pool[7];
	const char *name;
	const struct area_facts *facts;
};

/* ---- institutions: the same plan in every area ---- */

enum place {
	PLACE_CITY, PLACE_PROVINCE,             /* tertiary, outside the area */
	PLACE_COUNTY, PLACE_CHINESE, PLACE_PRIVATE_SECONDARY,
	PLACE_PRIVATE_A, PLACE_PRIVATE_B,       /* private, primary */
	PLACE_CENTRE,                           /* one a township */
	PLACE_CLINIC = PLACE_CENTRE + TOWNSHIPS,
	PLACE_PHARMACY = PLACE_CLINIC + TOWNSHIPS,
	PLACES = PLACE_PHARMACY + 6
};

enum level { LEVEL_TERTIARY, LEVEL_SECONDARY, LEVEL_PRIMARY, LEVEL_PHARMACY };

struct institution {
	char code[13], area[7];
	char name[96];
	enum level level;
	const char *type;
};

/* ---- persons ---- */

enum { PERSON_FEMALE = 1, PERSON_EMPLOYEE = 2, PERSON_CHRONIC = 4, PERSON_SCRIPTED = 8, PERSON_TIER_2 = 16 };

struct person {
	uint32_t rate;                          /* chance of a settlement a day, in 2^-32, before the day's factor */
	int32_t birth;
	int32_t ledger;                         /* pooled outpatient money of this year, fen: the system pays up to the cap */
	int32_t busy;                           /* last day of a visit */
	uint8_t area, township, identity, band;
	uint8_t frailty, flags;
};

enum care { CARE_OUTPATIENT, CARE_CHRONIC, CARE_STAY, CARE_PHARMACY, CARES };

/* ---- settlements before they are written ---- */

enum variant { VARIANT_FIRST, VARIANT_RESTATED, VARIANT_VOID, VARIANT_REFUND, VARIANT_AGAIN, VARIANT_BROKEN, VARIANTS };
enum { EVENT_INTERIM = 1, EVENT_LINKED = 2, EVENT_PARTIAL = 4, EVENT_LATE = 8, EVENT_PLANTED = 16 };

/* A settlement is named by its person, the day it came into being and a letter; a visit likewise. */
struct event {
	int64_t arrival, time, updated;
	uint32_t person;
	int32_t day, visit_day, original_day, begin;
	int32_t fee, own, over, first, deductible, hifp, hifmi, hifob, maf, account;    /* fen */
	int32_t previous_hifp;                  /* of the version that a restatement or a void replaces */
	int16_t ratio;                          /* 1/1000 */
	uint16_t institution;                   /* area * PLACES + place */
	uint8_t care, variant, payment, disease, flags, refusal;
	char letter, visit_letter, original_letter;
};

enum payment { PAYMENT_ITEM, PAYMENT_DRG, PAYMENT_DIP, PAYMENT_BED_DAY };

/* ---- the plan of planted problems ---- */

enum plan_what { PLAN_OUTPATIENT, PLAN_STAY, PLAN_REFUND };

struct plan {                                   /* one planted settlement */
	int64_t time, draw;                     /* draw: names its stream; a refund has that of its original */
	uint32_t person, truth;                 /* truth: which entry */
	int32_t fen;                            /* outpatient: hifp_pay exactly */
	int32_t original_day;                   /* refund: of which planted settlement */
	enum plan_what what;
	uint8_t place;
	char letter, original_letter;
	bool linked;                            /* refund: says init_setl_id */
};

enum expectation { EXPECT_ALERT, EXPECT_RETRACTED, EXPECT_SILENCE };

struct truth {
	const struct scenario *scenario;
	enum expectation expect;
	const char *kind;                       /* of the alert's subject; "feed" for record-level scenarios */
	uint32_t person;                        /* kind person */
	int area;
	int township, place;                    /* -1: none */
	int identity;
	char period[TIME_TEXT_SIZE];
	int64_t amount_fen;                     /* over the cap, or paid by the pooled fund for the planted stays */
};

struct scenario {
	const char *name, *family, *detector, *rule;
	const char *says[2];
	/* Adds plans and truth entries; NULL or why it cannot be planted in this world (English, for truth.json). */
	const char *(*plant)(struct world *, const struct scenario *);
};

struct share_tally {                            /* of one area and year, standing settlements written so far */
	int64_t drg_fen, all_fen, drg_cases, all_cases;
};

struct share_plan {                             /* running sums that keep an area's DRG/DIP share where it belongs */
	int64_t item_fen, all_fen, item_cases, all_cases;
	int64_t dear_cases, cheap_cases;        /* planted: dear stays paid by the day, cheap ones by item */
};

struct bucket {
	struct event *event;
	size_t count, capacity;
	struct seed {                           /* a stay that will end on this day */
		uint32_t person;
		int32_t begin, visit_day;
		uint16_t institution;
		char visit_letter;
		bool final;                     /* of a long stay */
	} *seed;
	size_t seeds, seed_capacity;
};

struct generate_options {
	struct common_options common;
	int64_t seed, persons;
	int32_t from, to;
	struct text_list plants, areas;
	bool clean;
	const char *out;
};

struct counts {
	uint64_t lines, bytes, settlements, variant[VARIANTS], linked_refunds, partial_refunds, interim, late, late_closed;
	uint64_t planted, care[CARES], refused[16], enrolments;
};

struct world {
	const struct generate_options *options;
	uint64_t seed;
	int32_t from, to;
	struct area area[AREAS_MAX];
	size_t areas;
	struct institution *institution;        /* areas * PLACES */
	struct person *person;
	uint32_t persons;

	bool duplicates, broken;
	bool low_money[AREAS_MAX], low_cases[AREAS_MAX], low_ratio[AREAS_MAX];  /* planted, in low_year */
	int32_t low_year;
	struct plan *plan;
	size_t plans, plan_at;
	struct truth *truth;
	size_t truths;
	struct {
		const char *scenario, *why;
	} skipped[16];
	size_t skips;

	struct bucket ring[RING_DAYS];
	struct share_plan share_plan[AREAS_MAX];
	struct share_tally tally[AREAS_MAX][YEARS_MAX];
	struct counts counts;

	FILE *settlements;
	struct progress progress;               /* in days; on a terminal only, decides nothing */
	struct buffer line;
	int failed;                             /* errno of the first failed write */
};

/* generate_world.c */
bool world_area_add(struct world *, const char *code);          /* false: not six digits, or there already */
void world_build(struct world *);
void world_free(struct world *);
void person_rates(const struct person *, uint32_t rate[CARES]); /* a year, in 1/10,000, frailty in it */
int person_age(const struct person *, int32_t day);
char *person_number(const struct world *, uint32_t person, char text[24]);
char *township_code(const struct world *, int area, int township, char text[16]);
int32_t world_cap(const struct world *, const struct person *); /* fen a year that the system pays at most */
uint32_t day_factor(int32_t day);                               /* 1/1024 */

/* generate_care.c: one settlement from a person and a day */
struct event care_outpatient(struct world *, uint32_t person, int64_t time, uint8_t place, int32_t exact_hifp, struct chance *);
struct event care_chronic(struct world *, uint32_t person, int64_t time, struct chance *);
struct event care_pharmacy(struct world *, uint32_t person, int64_t time, struct chance *);
struct event care_stay(struct world *, uint32_t person, int64_t time, uint8_t place, struct chance *);
void care_pay_stay(const struct world *, struct event *);       /* again, after the fee changed */
void care_scale(struct event *, int32_t permille);              /* every amount */
uint8_t care_stay_place(const struct person *, struct chance *);

/* generate_life.c */
void life_run(struct world *);

/* generate_plant.c */
extern const struct scenario scenarios[];
extern const size_t scenario_count;
void plant_all(struct world *);

/* generate_write.c */
void write_event(struct world *, const struct event *);
char *settlement_id(const struct world *, uint32_t person, int32_t day, char letter, char text[40]);

/* generate_broken.c: the ways a record can be refused; time_in_future needs an arrival time and is not among them */
extern const char *const breakage_names[];
extern const size_t breakage_count;
void break_line(struct buffer *line, size_t breakage);

/* generate_files.c; each gives 0 or errno */
int write_enrolment(struct world *, const char *path);
int write_institutions(const struct world *, const char *path);
int write_population(const struct world *, const char *path);
int write_truth(const struct world *, const char *path);

#endif
