/* PRIVATE to core/score: what the parts of the scorer share.  Prototypes are grouped by file. */
#ifndef FW_SCORE_PRIVATE_H
#define FW_SCORE_PRIVATE_H

#include "core/base/buffer.h"
#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/score/latest.h"
#include "core/score/quiet.h"
#include "core/state/names.h"
#include "core/state/person.h"

/* ---- layout.c: what a ruleset needs the core to keep ---- */

struct ledger {                         /* distinct sum per person and year */
	int32_t where;
	uint32_t bit;                   /* of a booking: whether where was true */
	size_t amount;                  /* index in layout.amount_field */
};

struct ledger_rule {                    /* one judgement of a ledger; a notice is a judgement of its own */
	int32_t rule, limit;            /* parameter index */
	size_t ledger;
	bool notice;
	int64_t notice_at;              /* six places */
	int64_t smallest_limit;         /* fen: nothing can stand at or below it */
};

enum series_keys { KEYS_ANY, KEYS_EACH, KEYS_SOME };   /* not asked for; each known one by itself; one level, or the poor classes */

struct series_rule {
	int32_t rule, target, where, numerator;
	size_t amount;                  /* index in layout.amount_field; CASES for cases */
	uint32_t where_bit, numerator_bit;      /* of a booking */
	/* A ratio of two amounts: `amount` is the one below the line, and numerator is -1. */
	bool is_pair;
	size_t above;                   /* index in layout.amount_field of the one above it */
	enum series_keys levels, classes;
	uint8_t level;                  /* KEYS_SOME: 1 + its place in level_names */
};
#define CASES SIZE_MAX

struct family_rule {
	int32_t rule, applies, where;
	bool institutions;              /* else townships */
	uint32_t bit;                   /* of a booking: whether where was true */
};

struct claim_rule {
	int32_t rule, where, assertion;
};

struct where_index {                    /* from a condition to the rules whose where it is */
	uint64_t *mask;                 /* conditions that are one */
	uint32_t *first, *rule;         /* by condition: those from first[c] to first[c + 1] */
};

struct layout {
	struct where_index where;
	int32_t *claim_rule_of;         /* by rule: number of its claim rule, -1: none */
	uint64_t *ledger_rules_of;      /* by ledger: ledger_words words, a bit a ledger rule */
	size_t ledger_words;
	int32_t *kept;                  /* conditions whose truth a booking keeps, one bit each: those of aggregates; BIT_INPATIENT first */
	size_t keeps, words;            /* words: of a booking's bits */
	int32_t *amount_field;          /* settlement fields kept behind a booking; medfee_sumamt and hifp_pay first */
	size_t amounts;
	size_t *net;                    /* amounts of pairs: behind a booking's amounts stands what is booked of each, net of its refunds */
	size_t nets;
	struct ledger *ledger;
	size_t ledgers;
	struct ledger_rule *ledger_rule;
	size_t ledger_rules;
	struct series_rule *series_rule;
	size_t series_rules;
	struct family_rule *family_rule;
	size_t family_rules;
	struct claim_rule *claim_rule;
	size_t claim_rules;
	uint32_t beginnings;            /* months in which benefit years begin */
	bool has_townships;             /* a family of townships is judged */
	bool has_pairs, has_levels, has_classes;        /* ratios of two amounts; by level, by class */
};

enum { AMOUNT_MEDFEE, AMOUNT_HIFP };
enum { BIT_INPATIENT };

void layout_make(struct layout *, const struct ruleset *);
void layout_free(struct layout *);
/* The value of a setting in the rule's config, NULL when the detector has none of that name. */
const void *rule_setting(const struct rule *, const char *name);

/* ---- windows ---- */

enum cause { CAUSE_CLAIM, CAUSE_LATE, CAUSE_REFUND, CAUSE_RESTATED, CAUSE_CLOSE, CAUSE_RULES };

struct series_month {
	int64_t numerator, denominator; /* fen or stays of this month alone */
	int64_t entries;                /* bookings or stays that stand in it; of a pair settlements, each with its refunds */
	bool watch;                     /* the probability to reach was below one half at this close */
	struct said indicator;
	unsigned __int128 squares[SQUARES];     /* of a pair; they wrap, so that what is taken out leaves nothing behind */
};

struct series_year {
	int32_t year;
	struct said alert;
};

#define EVIDENCE_CLAIMS 20              /* listed in an alert, contract 3 */
#define EVIDENCE_MONTHS 48

struct month_evidence {                 /* a month's stays that keep a share down */
	int32_t month;
	bool is_whole;                  /* false: to be collected again */
	uint32_t remembered_from;       /* bookings.chunks.first when they were collected */
	size_t total, count;
	uint32_t booking[EVIDENCE_CLAIMS];      /* the dearest */
};

struct series {                         /* one subject of a series rule */
	size_t series_rule;
	uint32_t subject;               /* name: the pool or a longer area */
	uint8_t level, class;           /* of a pair: 1 + its number; 0: all together */
	struct series_month *month;     /* from first_month on */
	int32_t first_month;
	size_t months;
	struct series_year *year;
	size_t years;
	struct month_evidence *evidence;        /* EVIDENCE_MONTHS of them, a month at month % EVIDENCE_MONTHS; NULL: none yet; not saved */
};

/* Strata of the standardised rates (statistics 1.2): sex unknown, 1, 2; eighteen age bands of five years, and unknown. */
#define AGE_BANDS 19
#define STRATA (3 * AGE_BANDS)

struct cell {                           /* persons of one township, class and stratum on the first day of a month */
	uint32_t township;
	uint8_t class, stratum;
	int64_t persons;
};

struct unit_said {                      /* what was said about one unit and class of a family */
	uint32_t unit;
	uint8_t class;
	struct said alert, indicator;
	struct family_memo memo;        /* this and what was seen last save time and change nothing: neither is saved */
	uint64_t seen;                  /* hash of the verdict that was said last; 0: none, or under other rules */
};

struct unit_count {                     /* stays of one unit: institution or township */
	uint32_t unit;                  /* name */
	uint32_t stays;                 /* of persons known or not */
	uint32_t observed[CLASS_COUNT];
};

struct family_month {                   /* of one family rule and month */
	struct unit_said *said;
	size_t count, cursor;           /* where the last one was found: they are asked for in order */
	bool stays_counted;             /* from then on each stay that comes or goes changes the counts */
	int64_t observed[CLASS_COUNT][STRATA];
	struct unit_count *unit;        /* in order of first sight */
	size_t units;
};

/* Who stayed: class on the day of settlement.  An unknown person is of no class and lives nowhere, unless nobody's
 * enrolment is known and the population comes from a table: then everybody is `general`. */
struct stay_of {
	uint32_t township;
	uint8_t class, stratum;
	bool known;
};

struct stay {
	uint32_t booking;               /* that decides it; NOBODY: taken out */
	uint32_t institution;
	struct stay_of of;              /* as the month's census found it, or when it came later */
};

struct pool_month {
	int32_t month;
	int64_t entries;                /* settlements and refunds whose amounts stand in it */
	struct stay *stay;              /* in order of arrival */
	size_t stays, stay_slots;
	bool stale;                     /* closed, and changed since: what depends on it is judged again at the next close */
	enum cause stale_cause;
	bool persons_counted, has_enrolments;
	struct cell *cell;              /* sorted by township name, class, stratum */
	size_t cells;
	int64_t population[CLASS_COUNT][STRATA];
	struct family_month *family;    /* by family rule */
};

struct quality_count {
	uint32_t institution;
	uint32_t count[8];
};

#define NO_MONTH INT32_MIN
#define BASELINE_MONTHS 12              /* closed months behind an expected admission rate, contract 4 */

struct pool {
	uint32_t name;
	int64_t newest_setl_time, newest_arrival, newest_tick;  /* Beijing seconds; INT64_MIN: none */
	int32_t next_close;             /* month that closes next, NO_MONTH: no settlement yet */
	int32_t closed_through;         /* last closed month, NO_MONTH: none */
	int32_t newest_month;           /* NO_MONTH: no settlement yet */
	struct pool_month **month;      /* by month - first_month; NULL where nothing happened */
	int32_t first_month;
	size_t months;
	struct series *series;
	size_t series_count;
	struct quality_count *quality;  /* since the last close */
	size_t quality_count;
	uint32_t *quality_place;        /* by institution name: index + 1 */
	size_t quality_places;
};

enum quality_reason {
	QUALITY_year_unlike_setl_time, QUALITY_replaced_without_newer_updt_time, QUALITY_no_institution,
	QUALITY_refund_not_negative, QUALITY_not_enrolled, QUALITY_no_visit, QUALITY_no_township, QUALITY_REASONS
};
extern const char *const quality_names[QUALITY_REASONS];

/* ---- the turn ---- */

#define GROUP 16                        /* records decoded and prefetched together */

struct turn {                           /* one record on its way */
	const struct record *record;
	size_t index;                   /* in the batch */
	bool decoded;
	struct refusal refusal;
	const struct claim *claim;      /* a settlement's, in the record's own decoded form or in `own` */
	const struct enrolment *enrolment;
	struct decoded_record own;
	const struct area *area;
	uint32_t area_name, pool_name, institution;     /* numbers in names */
	uint32_t insutype, tier, township;      /* an enrolment's; all names are numbered before the group is judged */
	uint64_t setl_hash, person_hash;
	bool is_timed;
};

struct pair_place {                     /* the series of a pair for one subject, by level and class; 0: none yet */
	size_t series_rule;
	uint32_t subject;
	uint32_t number[LEVELS + 1][CLASS_COUNT + 1];
};

struct area_series {                    /* which series of its pool the bookings of an area go into */
	uint32_t *series;
	size_t count;
	struct pair_place *pair;
	size_t pairs;
	bool known;
};

struct touched {                        /* a person's year that the record changed */
	uint32_t person;
	int32_t year;                   /* its first month */
};

struct relink {                         /* a refund whose original is looked for again */
	uint32_t refund;
	uint32_t before, end;           /* its original until now; where its init_setl_id leads; NOBODY: none */
	bool is_booked;                 /* its amounts still stand where they stood */
};

struct changed_month {                  /* a closed month that the record changed */
	size_t pool;                    /* index in scorer.pool */
	int32_t month;
};

struct evidence_claim {
	int64_t time;
	struct slice setl_id;
	uint32_t institution, area;
	uint32_t booking;
	int64_t fen;
};

struct evidence_list {
	struct evidence_claim *claim;
	size_t count, capacity;
};

struct claim_said {                     /* said about single claims: only those that ever raised something */
	struct names keys;              /* rule id, pool, setl_id */
	struct said *said;
	size_t capacity;
	size_t kept;                    /* how many there were when those of forgotten settlements were last taken out */
};

struct rejudge {                        /* how far scorer_rejudge has come */
	bool *wanted;                   /* by rule */
	bool on;
	size_t pool, step;
	uint32_t person;
};

struct scorer {
	struct ruleset *rules;
	struct matcher *matcher;
	struct scorer_limits limits;
	struct decoder *decoder;
	struct layout layout;
	size_t words;                   /* of truth bits of all conditions */
	struct names names;
	const struct area **area;       /* by name number of insu_admdvs; NULL: not asked for since the rules changed */
	uint32_t *area_pool;            /* by name number of insu_admdvs: name number of the pool */
	struct area_series *area_series; /* by name number of insu_admdvs */
	size_t area_slots;
	struct bookings bookings;
	struct persons persons;
	struct chunks enrolments;       /* struct enrolment_record */
	struct texts identities;        /* of enrolments */
	struct claim_said claim_said;
	struct pool *pool;              /* in order of first sight */
	size_t pools;
	uint32_t *pool_index;           /* by name number: index + 1 */
	size_t pool_index_slots;

	struct {
		int32_t day, month;
	} month_memo[64];               /* by day: what day_month said; month 0: nothing yet */

	struct slice last_area;         /* of the settlement before, and its number: the next is often of the same */
	uint32_t last_area_name;

	struct turn group[GROUP];
	uint64_t *truth, *falsehood;    /* GROUP * words each */
	bool is_new_visit;              /* no other settlement of the person is of the visit that is being booked */
	struct touched *touched;
	size_t touched_count, touched_slots;
	struct relink *relink;
	size_t relinks, relink_slots;
	struct changed_month *changed;  /* by pool, then month */
	size_t changed_count, changed_slots;
	struct evidence_list evidence;

	struct arena lines;
	struct output *output;
	size_t outputs, output_capacity;
	struct buffer body, line, answer;
	const struct turn *now;         /* the record being judged; NULL at a close of all windows */
	enum cause cause;               /* why it changes what it changes */
	bool closing;                   /* months are being judged */
	struct rejudge rejudge;         /* never half done where anything is saved */

	struct scorer_counts counts;
	struct rule_counts *rule_counts;
	uint64_t asked;                 /* claims the rules were asked about that rule_counts do not have yet */
	uint32_t *failed;               /* claim rules whose where holds and whose assertion fails, ascending */
	size_t failed_count;
	uint64_t *ledger_changed;       /* ledger rules whose sum the record changed, a bit each */
	struct {
		struct cost *rule;
		struct cost matcher, settling;
		uint64_t judging;       /* ns of rules within settling */
		uint64_t seen;          /* claims */
		bool is_timed;          /* the one at hand */
	} cost;
	uint64_t quality[QUALITY_REASONS];
	struct hiding hiding;
	struct holding holding;
	struct latest latest;
};

static inline bool
is_remembered(const struct scorer *scorer, uint32_t number)
{
	return number != NOBODY && number >= scorer->bookings.chunks.first;
}

/* ---- matches.c; the rest of it in matches.h ---- */
void where_index_make(struct where_index *, const struct ruleset *);
void where_index_free(struct where_index *);

/* ---- scorer.c ---- */
void outputs_clear(struct scorer *);                    /* lines given last are let go */
void scorer_bind(struct scorer *, struct ruleset *);     /* matcher, layout and scratch for the set */
/* Decodes, finds area and hashes, and runs the conditions; changes nothing that is remembered about persons. */
void turn_prepare(struct scorer *, struct turn *, uint64_t *truth, uint64_t *falsehood);
const struct area *scorer_area(struct scorer *, uint32_t area_name);
/* An area of a record: everything that is ever named on its account is numbered now, so that judging numbers nothing. */
void scorer_meet_area(struct scorer *, uint32_t area_name);

/* ---- save.c: everything that is remembered, named once for saving and loading ---- */
struct codec;
void scorer_state(struct codec *, struct scorer *);

/* ---- load.c: groups of records that were just read into their chunks: into the tables when they are sound ---- */
struct loading {
	struct scorer *scorer;
	size_t persons, bookings, enrolments;   /* that there will be */
};
void persons_loaded(struct codec *, void *loading, uint32_t first, uint32_t count);
void enrolments_loaded(struct codec *, void *loading, uint32_t first, uint32_t count);
void bookings_loaded(struct codec *, void *loading, uint32_t first, uint32_t count);

/* ---- quality.c: problems that leave a claim usable, counted per institution and told when a month closes ---- */
void quality_note(struct scorer *, uint32_t pool_name, uint32_t institution, enum quality_reason);
struct quality_count *quality_of(struct pool *, uint32_t institution);          /* made when there is none */
void say_quality(struct scorer *, struct pool *, int32_t month);

/* day_month(time_day(time)), remembered: settlements come by day. */
static inline int32_t
scorer_month(struct scorer *scorer, int64_t time)
{
	int32_t day = time_day(time);
	size_t slot = (size_t)day & 63;
	if (scorer->month_memo[slot].day != day || scorer->month_memo[slot].month == 0) {
		scorer->month_memo[slot].day = day;
		scorer->month_memo[slot].month = day_month(day);
	}
	return scorer->month_memo[slot].month;
}

/* ---- settle.c: what one settlement does to everything remembered ---- */
enum fate settle(struct scorer *, const struct turn *, const uint64_t *truth, const uint64_t *falsehood);
bool booking_is_standing(const struct booking *);       /* counts as a visit, stay or case */
bool booking_is_later(const struct scorer *, const struct booking *, const struct booking *);   /* by setl_time, setl_id */
bool same_visit(const struct scorer *, const struct booking *, const struct booking *);         /* a booking without one: only itself */
int64_t booking_amount_field(const struct scorer *, const struct booking *, int32_t field);

/* ---- refund.c: which settlement a refund belongs to ---- */
/* Its linked refunds add up to minus its medfee_sumamt and hifp_pay: no longer a visit, stay or case. */
bool booking_is_refunded(const struct scorer *, const struct booking *);
bool is_linkable(const struct booking *);               /* a refund that stands */
/* Unlinks, into scorer.relink, every refund whose original may change when this settlement, as it stands, comes or goes. */
void refunds_gather(struct scorer *, uint32_t number, uint64_t hash);
/* Links those that were gathered again; they stay listed. */
void refunds_link(struct scorer *);

/* ---- single.c: rules that judge one claim by itself ---- */
struct claim_place {                    /* where a version of a settlement stands; pool 0: there is none */
	uint32_t pool, area, institution, person;
	int64_t setl_time;
};
struct claim_place claim_place(const struct scorer *, uint32_t number);
/* before: of the version that is replaced; what was said in another pool is taken back there. */
void judge_claim_rules(struct scorer *, const struct turn *, uint32_t number, const struct claim_place *before, const uint64_t *truth,
    const uint64_t *falsehood, enum cause);         /* after matches_find */
/* What was said about settlements that are no longer remembered goes, whenever there is twice as much as was kept. */
void claim_said_forget(struct scorer *);

/* ---- ledger.c: a benefit year has the number of its first month ---- */
/* Into every sum of the person's year that the bits are for; false: there is none.  Notes the rules of the sums that changed. */
bool ledger_add(struct scorer *, uint32_t person, int32_t year, const struct booking *bits, const struct booking *amounts, int sign);
/* The ledger rules whose bits are set in `changed`; NULL: all. */
void ledger_judge(struct scorer *, uint32_t person, int32_t year, const uint64_t *changed, enum cause);
/* One judgement of the year, cause `close`. */
void ledger_judge_one(struct scorer *, const struct hold_key *);
/* Whether the year is still there and the judgement may speak. */
bool ledger_is_there(const struct scorer *, const struct hold_key *);
/* Every year of the person, the rules that are wanted alone, cause `rules`. */
void ledger_rejudge(struct scorer *, uint32_t person, const bool *wanted);
/* The row that holds for the person's sum; NULL: none. */
const struct param_row *ledger_row(struct scorer *, uint32_t person, int32_t year, size_t ledger_rule);
void evidence_clear(struct evidence_list *);
void evidence_add(struct evidence_list *, struct evidence_claim);
void evidence_sort(struct evidence_list *);
/* Of all claims given since evidence_clear the EVIDENCE_CLAIMS dearest stay, the dearest first. */
void evidence_keep_dearest(struct evidence_list *, struct evidence_claim);

/* ---- enrol.c ---- */
enum fate enrol(struct scorer *, const struct turn *);
struct slice enrolment_tier(const struct scorer *, const struct person *, int32_t year);  /* "": unknown */
const struct enrolment_record *enrolment_find(const struct scorer *, const struct person *, int32_t year, uint32_t insutype);
enum identity_class enrolment_class(const struct scorer *, const struct enrolment_record *, int32_t day);

/* ---- window.c: months of a pool, which stays they hold, and when they close ---- */
struct pool *pool_get(struct scorer *, uint32_t name);
struct pool_month *pool_month(struct scorer *, struct pool *, int32_t month);
struct pool_month *pool_month_if(const struct pool *, int32_t month);
bool pool_is_closed(const struct pool *, int32_t month);
bool pool_beyond(const struct scorer *, const struct pool *, int32_t month);
/* Amounts come to the month (sign 1) or leave it (-1). */
void pool_note(struct scorer *, struct pool *, int32_t month, int sign);
/* The first month in which something stands, NO_MONTH: none.  What was said of earlier ones is all that they have. */
int32_t pool_begins(const struct pool *);
/* Sums or stays of the month changed: a closed one is judged again after the record. */
void pool_change(struct scorer *, struct pool *, int32_t month);
/* After a record: the closed months that it changed, and what follows from them within their year, at once. */
void pools_judge_changed(struct scorer *, enum cause);
/* After a settlement was judged: the watermark moves on and closes what it passes. */
void pool_advance(struct scorer *, struct pool *, int64_t setl_time, int64_t arrival_ms);
void pool_tick(struct scorer *, struct pool *, int64_t time);
void pool_close_all(struct scorer *, struct pool *);
void pool_free(struct scorer *, struct pool *);
void stay_put(struct scorer *, struct pool *, uint32_t number, int32_t month);
void stay_take(struct scorer *, struct pool *, uint32_t number);

/* ---- series.c ---- */
/* Numbers the regions of parameter rows that series of this area's bookings are about. */
void series_name_regions(struct scorer *, uint32_t area);
void series_add(struct scorer *, const struct booking *bits, const struct booking *amounts, int sign);
void series_add_stay(struct scorer *, const struct booking *, int32_t month, int sign);
/* Judges the months from first to last (all closed) of every series of the rule; the alert is that of the last month
 * of each year.  The cause is that of the first month's year; later years changed late, except at a close. */
void series_close(struct scorer *, struct pool *, size_t series_rule, int32_t first, int32_t last, enum cause);
/* A stay came to the month or left it. */
void series_stays_changed(struct pool *, int32_t month);
void series_trim(struct scorer *, struct pool *, int32_t oldest);
void series_free(struct series *);
void series_unsay(struct series *);                     /* as if nothing had been said of it */
struct series_month *series_month(struct series *, int32_t month);      /* made when there is none */
/* Of the rule and subject; level and class 0: not by them.  Made when there is none. */
uint32_t series_number(struct pool *, size_t series_rule, uint32_t subject, uint8_t level, uint8_t class);
const struct area_series *area_series(struct scorer *, struct pool *, uint32_t area);
struct series_year *series_year(struct series *, int32_t year);        /* made when there is none */

/* ---- pair.c: ratios of two amounts, by level and class, with the squares that say how sure they are ---- */
/* Amounts come to what stands of the target (itself, or the original of a refund), sign 1, or leave it, sign -1. */
void pairs_add(struct scorer *, uint32_t target, const struct booking *amounts, int sign);
/* All that stands of the person's settlements of the year leaves its series (sign -1) or comes to them (sign 1): around a
 * change of the person's class. */
void pairs_move(struct scorer *, uint32_t person, int32_t year, int sign);
/* Whether the settlement is of the series' level and class. */
bool pair_has(struct scorer *, const struct series *, const struct booking *);

/* ---- family.c ---- */
void family_close(struct scorer *, struct pool *, size_t family_rule, int32_t month, enum cause);

/* ---- census.c: persons and stays of a month by class, stratum and unit ---- */
/* The persons of a month, and who its stays so far are of: from then on later enrolments change neither. */
void census_persons(struct scorer *, const struct pool *, struct pool_month *);
void census_stays(struct scorer *, const struct pool_month *, const struct family_rule *, struct family_month *);
/* One stay more (sign 1) or less (-1) in every count of the month that was made already. */
void census_change(struct scorer *, struct pool_month *, const struct stay *, int sign);
struct stay_of census_stay(const struct scorer *, const struct booking *, const struct pool_month *);

/* ---- line.c: JSON lines ---- */
struct subject {
	const char *kind;
	uint32_t pool, area, institution, township;     /* name numbers, 0: not in the subject */
	struct slice psn_no;            /* clear */
	const char *class, *level;      /* NULL: not in the subject */
	char period[TIME_TEXT_SIZE];
	bool area_is_identity;          /* the area is who it is about, not just where */
	struct slice setl_id;           /* a rule that judges one claim */
	const char *variant;            /* "" or "notice" */
};

struct statement {                      /* all that is said about a subject at once */
	int32_t rule;
	const struct subject *subject;
	const struct verdict *verdict;
	const struct param_row *row;    /* NULL: none */
	int32_t param;
	bool tier_unknown;
	enum cause cause;
	int64_t event_time;
	const struct evidence_list *evidence;   /* NULL: none */
	const struct hold_key *hold;    /* the rule has repeat_after; NULL: every change is said */
	bool tells_few;                 /* `insufficient` is said where an alert would be: no indicator says it */
	size_t claims_total;            /* when more made the finding than the list holds; 0: as many as the list */
};

void say_alert(struct scorer *, struct said *, const struct statement *);
/* Whether say_alert would say something: evidence that costs to gather is gathered only then. */
bool alert_may_speak(const struct said *, const struct verdict *);
void say_indicator(struct scorer *, struct said *, const struct statement *);
void say_refused(struct scorer *, const struct turn *);
struct output *output_add(struct scorer *, enum output_kind, struct slice line, struct slice key);

/* ---- finding.c ---- */
#define FINDING_NAME_SIZE 64
/* As it is written: amounts end in _fen.  Gives the buffer back. */
char *finding_name(const struct finding_value *, char buffer[FINDING_NAME_SIZE]);
void finding_write(struct buffer *, const struct verdict *);
/* The value as a sentence shows it; false: the finding has no such name. */
bool finding_word(struct buffer *, const struct verdict *, struct slice name, bool yuan);

/* ---- sentence.c ---- */
void sentence_write(struct scorer *, struct buffer *, const struct statement *, enum language, const char *person);
const char *psn_text(const struct scorer *, struct slice psn_no, char text[80]);

/* trial.c: a record of a test as the scorer takes it; free its bytes. */
struct rule_test;
struct trial_record;
void trial_record_make(const struct rule_test *, const struct trial_record *, struct record *);

#endif
