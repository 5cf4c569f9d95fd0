/* The public face of the core: records in, lines out.  No thread, no clock, no network in here; the same records in
 * the same order give the same bytes, in batches of any size. */
#ifndef FW_SCORER_H
#define FW_SCORER_H

#include "core/claim/decode.h"
#include "core/rule/ruleset.h"

enum record_kind { RECORD_SETTLEMENT, RECORD_ENROLMENT, RECORD_KINDS };
extern const char *const record_kind_names[RECORD_KINDS];

#define ARRIVAL_UNKNOWN INT64_MIN

/* Bytes as they came.  bytes has RECORD_PADDING readable bytes behind its end. */
struct record {
	enum record_kind kind;
	const char *bytes;
	size_t length;
	int64_t arrival_ms;             /* Kafka timestamp, Unix ms; ARRIVAL_UNKNOWN in a file */
	const char *topic;              /* NULL: from a file */
	int32_t partition;
	int64_t offset;
	const char *file;               /* NULL: from Kafka */
	int64_t line;                   /* physical line from 1 */
	const struct decoded_record *decoded;   /* decoded beforehand, on whatever thread; NULL: the scorer does it */
};

/* Decodes a record of either kind.  Its bytes and the decoder (until decoder_reset) must outlive the judging. */
void record_decode(struct decoder *, const struct record *, struct decoded_record *);

enum fate { FATE_JUDGED, FATE_REFUSED, FATE_DUPLICATE };   /* enrolments: judged = accepted */

enum output_kind { OUTPUT_ALERT, OUTPUT_SHADOW, OUTPUT_INDICATOR, OUTPUT_REFUSED, OUTPUT_DATA_QUALITY, OUTPUT_KINDS };
enum alert_status { STATUS_OPEN, STATUS_UPDATED, STATUS_RETRACTED, STATUS_INSUFFICIENT };
extern const char *const alert_status_names[4];

struct output {
	enum output_kind kind;
	struct slice line;              /* one JSON object, no newline */
	struct slice key;               /* Kafka key: alert_id, or rule and subject */
	size_t record;                  /* index in the batch of the record that brought it about */
	int32_t rule;                   /* index in the ruleset, -1: none */
	enum alert_status status;       /* OUTPUT_ALERT, OUTPUT_SHADOW */
	int64_t event_time;             /* Beijing seconds */
	int64_t setl_time;              /* of the record that brought it about; INT64_MIN at a close */
	struct slice region, person;    /* for display filters: area of the subject; clear psn_no ("" when none): never printed */
	struct slice institution;       /* institution of the subject or of the judged claim, "" */
	struct slice group;             /* of an alert whose rule says group: hexadecimal, the same for alerts of one group; "" */
	int32_t day;                    /* of event_time, for --from / --to */
};

struct scored {
	enum fate *fate;                /* one per record used; memory of the caller, count entries */
	struct output *output;          /* owned by the scorer, until the next call */
	size_t outputs;
	uint64_t decode_ns, score_ns;   /* only when limits.clock is given */
};

struct scorer_limits {
	struct decode_limits decode;
	int32_t lateness_days;          /* 7 */
	int32_t remember_days;          /* 400 */
	int32_t history_months;         /* 36 */
	size_t outputs_max;             /* a batch ends early when so many lines are waiting */
	const uint8_t *pseudonym_key;   /* may be empty */
	size_t pseudonym_key_length;
	bool person_clear;              /* print psn_no as it is */
	uint64_t (*clock)(void);        /* monotonic ns from the caller, or NULL: the core has none of its own */
};

#define SCORER_LIMITS_DEFAULT ((struct scorer_limits){ \
	.decode = {32, 1u << 20, 64}, .lateness_days = 7, .remember_days = 400, .history_months = 36, .outputs_max = 4096})

struct scorer;
struct scorer *scorer_open(struct ruleset *, const struct scorer_limits *);

/* Scores records in order and returns how many were used (less than count only when the lines waiting reached
 * outputs_max: offer the rest again).  out->fate is filled for the records used. */
size_t scorer_score(struct scorer *, const struct record *batch, size_t count, struct scored *out);

/* Between batches.  The set that is no longer used is given back through *old and the caller frees it.  The answer, in
 * the scorer's memory until the next call, is one JSON object: {"ruleset":digest,"kept":[rule ids],"new":[],"dropped":[]}.
 * A set that would move an area to another pool is refused: *old is then the set that was offered, the running one
 * stays, and the answer is {"refused":"why"}. */
const char *scorer_use(struct scorer *, struct ruleset *, struct ruleset **old);

/* After scorer_use or scorer_adopt, before anything else is judged: what stands, and what is above a limit now, is judged again
 * where the rules changed, cause `rules`.  Lines as from scorer_tick.  True: there is more to say, ask again. */
bool scorer_rejudge(struct scorer *, struct scored *out);

/* fresh has judged the same records from the first one on under its own set; what the live one said is carried over into it,
 * rule by rule where the rule goes on, and what fresh itself said is forgotten: nobody heard it.  fresh then takes live's
 * place.  The answer is that of scorer_use. */
const char *scorer_adopt(struct scorer *fresh, const struct scorer *live);

/* Whether scorer_use would refuse the set for that. */
bool scorer_moves_pool(const struct scorer *, const struct ruleset *);

/* What scorer_use would do to the state, before it is done: bytes of sums and windows that the set asks for as well, that begin
 * empty, and that no rule asks for any more.  An aggregate counts once, however many rules share it. */
struct state_change {
	uint64_t kept_bytes, new_bytes, dropped_bytes;
	size_t new_aggregates;          /* of each rule by itself */
};

/* Changes nothing.  Appends one JSON object: {"ruleset":digest,"changed":[ids of rules whose text differs, new and gone ones
 * too],"kept":[{"rule","aggregate","bytes"}],"new":[{..., "backfill":can_backfill}],"dropped":[...],"kept_bytes","new_bytes",
 * "dropped_bytes"}.  What was said of single claims is always kept and not listed.  can_backfill: the caller can derive what is new
 * from the past. */
struct buffer;
struct state_change scorer_compare(const struct scorer *, const struct ruleset *, bool can_backfill, struct buffer *json);

/* Between batches: other limits from now on, as the settings of the archive say.  Counts of unknown fields begin anew when
 * the limits of decoding change. */
void scorer_set_limits(struct scorer *, const struct scorer_limits *);

/* Closes every window still open, as if the watermark had passed (replay --close-all, tests). */
void scorer_close_windows(struct scorer *, struct scored *out);

/* Windows not yet passed by the watermark, as a JSON array of {"pool","month"} in order; caller's buffer. */
void scorer_open_windows(struct scorer *, struct buffer *);

/* The clock moves on where no record comes: the watermark of every pool that has a settlement by now is at least time -
 * lateness (Beijing seconds) from now on, and months that it passes close; a pool that begins later begins without it.
 * Lines as from scorer_score; their record is 0 and means nothing. */
void scorer_tick(struct scorer *, int64_t time, struct scored *out);

/* The last day of all months closed so far, in any pool; INT32_MIN: none.  No line of a close bears a later day. */
int32_t scorer_closed_through(const struct scorer *);

/* Whether a tick at that time would close a month somewhere: only then is it worth an entry. */
bool scorer_wants_tick(const struct scorer *, int64_t time);

/* Everything remembered, as bytes for scorer_load of the same program: state, names, counts, what was said.  The same
 * records in the same order give the same bytes, in batches of any size.  write never fails here: it keeps its error. */
void scorer_save(const struct scorer *, void (*write)(void *context, const void *bytes, size_t length), void *context);

/* The scorer that was saved; rules is the same ruleset, limits the same limits (key and clock are the caller's).  read
 * fills all the bytes or gives false.  NULL: the bytes end early or contradict each other. */
struct scorer *scorer_load(struct ruleset *, const struct scorer_limits *, bool (*read)(void *context, void *bytes, size_t length),
    void *context);

struct rule_counts {
	uint64_t evaluated;             /* claims the rule was asked about */
	uint64_t matched;               /* claims its where held for */
	uint64_t lines;                 /* alert lines said */
	uint64_t by_status[4];
	uint64_t open, retracted;       /* ids standing, ids retracted, now */
	int64_t amount_at_risk_fen;     /* of the standing ones */
};

struct suppression_counts {
	uint64_t lines;                 /* that were not said on account of the entry */
	uint64_t alerts;                /* ids that it hides, as they were judged last */
	int64_t amount_at_risk_fen;     /* of these */
};

struct scorer_counts {
	uint64_t received[RECORD_KINDS], judged[RECORD_KINDS], refused[RECORD_KINDS], duplicate[RECORD_KINDS];
	uint64_t refused_by_reason[REFUSAL_COUNT];
	uint64_t refunds, unlinked_refunds, voids, restated, beyond_history;
	uint64_t persons, settlements, areas;   /* remembered now */
	uint64_t person_bytes, settlement_bytes, state_bytes;   /* state_bytes: with enrolments, the sum */
};

const struct scorer_counts *scorer_counts(const struct scorer *);
const struct rule_counts *scorer_rule_counts(const struct scorer *, size_t rule);

/* What judging costs, sampled with limits.clock since the rules were bound; without a clock all of it is 0.  One claim in
 * COST_EVERY is timed and counts that many times; the close of a month is timed whenever it happens.  No output depends on
 * any of this, and none of it is saved. */
#define COST_EVERY 127                  /* a prime: no place in a group or batch is timed more often than another */

struct cost {
	uint64_t ns, samples;
};

struct shared_cost {
	uint64_t claims;                /* that conditions were asked about */
	struct cost matcher;            /* all conditions of all rules together */
	struct cost settling;           /* what a settlement does to the state, without the rules' own judging */
};

const struct cost *scorer_rule_cost(const struct scorer *, size_t rule);        /* the judging part of one rule alone */
struct shared_cost scorer_shared_cost(const struct scorer *);
const struct suppression_counts *scorer_suppression_counts(const struct scorer *, size_t suppression);      /* of the ruleset's */
const struct unknown_field *scorer_unknown_fields(const struct scorer *, size_t *count, uint64_t *more);

/* The figures of an indicator in the last month that it was judged for; texts are the scorer's, until the next call that changes it. */
struct latest_indicator {
	int32_t rule;                   /* in the running ruleset; rules in shadow mode have figures too */
	int32_t month;                  /* year * 12 + month - 1 */
	enum verdict_word verdict;
	struct slice kind, pool, area, class, level, township, institution;     /* of the subject, "" where it has none */
	size_t figures;
};

/* How many subjects there are, and a number that changes when any of their figures does.  Between batches. */
size_t scorer_indicators(const struct scorer *, uint64_t *changes);
struct latest_indicator scorer_indicator(const struct scorer *, size_t index);
/* The name as in the indicator's finding (and those that no line shows), its number (fen, ratios as they are; a month or an
 * undefined value: not a number). */
struct slice scorer_figure(const struct scorer *, size_t index, size_t figure, double *number);

/* Of every entry of the ruleset's suppressions, as a JSON object {"id":{"lines":n,"alerts":n,"amount_at_risk_fen":n},...}. */
void scorer_suppressed(const struct scorer *, struct buffer *);

/* Data-quality counts by reason since the start, as a JSON object {"reason":n,...}. */
void scorer_data_quality(const struct scorer *, struct buffer *);

/* explain: for one settlement record, every rule: matched or not and the values that decided, in zh or en text.
 * Changes nothing. */
void scorer_explain(struct scorer *, const struct record *, enum language, struct buffer *);

/* Of all persons and years that are remembered the sum of a cap that is the greatest part of its limit, between batches.
 * False: no cap, or no sum with a limit.  Changes nothing. */
bool scorer_nearest(struct scorer *, size_t rule, int64_t *sum_fen, int64_t *limit_fen);

void scorer_close(struct scorer *);

/* Runs the tests inside the set's rules, each rule alone with the tables.  Failures go to diags.  Gives the number
 * of tests run; *failed counts those that failed. */
size_t trial_run(struct ruleset *, struct diags *, size_t *failed);

/* Adds the line of the first alert that a test inside the rule raises, whatever the rule's mode, and gives that test; persons of
 * tests are made up and shown as they are.  NULL: no test raises one. */
const struct rule_test *trial_example(const struct ruleset *, size_t rule, struct buffer *line);

#endif
