/* PRIVATE to replay/diff*.c: two rulesets and their variants over the same records, and what sets them apart.
 *
 * A side is one ruleset with a scorer of its own.  The records of a batch go through all sides; sides share nothing that
 * changes, so how many threads judge them never changes a result.  Only the final state of an alert counts: its last line. */
#ifndef FW_DIFF_H
#define FW_DIFF_H

#include "core/base/time.h"
#include "core/state/names.h"
#include "replay/archive.h"
#include "replay/entries.h"
#include "replay/progress.h"
#include "replay/session.h"
#include "replay/sink.h"

struct diff_options {
	struct common_options common;
	struct archive_place place;     /* dir NULL: files are judged */
	const char *old_rules, *new_rules, *html, *title;
	struct text_list sets;
	int32_t from, to, date;
	int64_t batch, samples, threads;
	bool close_all, shadow, no_cost;
};

#define ALERT_ID_BYTES 32

struct standing {                       /* an alert by its last line */
	char id[ALERT_ID_BYTES + 1];
	bool stands, is_few, has_fen;   /* is_few: too few cases to judge, the last word about it */
	int32_t rule;                   /* index in the side's ruleset */
	int32_t day;
	int64_t fen;
	uint32_t area, institution, person;     /* numbers in the side's names; 0: none */
	char *line;                     /* NULL: the side keeps no lines, or the alert does not stand */
	size_t length;
};

enum { WORD_OK, WORD_WATCH, WORD_ALERT, WORD_INSUFFICIENT, WORDS };     /* an indicator's verdict */

struct judged {                         /* a subject and period by its last indicator */
	uint32_t key;                   /* number in names */
	int32_t rule, day, word;
};

struct met {                            /* what a rule's where met among the judged claims of the range */
	uint64_t matched, without_row;
};

struct filters {                        /* the same conditions once more, to count by day what the scorer counts in all */
	struct matcher *matcher;
	uint64_t *truth, *falsehood;
	struct met *met;                /* by rule */
	int32_t first_day, last_day;    /* of the judged claims; first > last: none */
};

struct diff_side {
	const char *directory;
	const struct diff_options *options;
	struct ruleset *rules;
	struct scorer *scorer;
	struct scored scored;
	bool is_variant;                /* counts alone: no lines, no filters */
	struct table alert_index;
	struct standing *alert;
	size_t alerts, alert_slots;
	struct table judged_index;
	struct judged *judged;          /* by key */
	size_t judgements, judged_slots;
	struct names names;
	struct filters filters;
	uint64_t offered[RECORD_KINDS], judge_ns;       /* time of the processor that judging took */
};

/* ---- diff_side.c ---- */

/* Opens scorer and tables; the ruleset is the side's from now on.  False: out of memory. */
bool side_open(struct diff_side *, struct ruleset *, const struct diff_options *, const struct scorer_limits *, size_t batch);
void side_close(struct diff_side *);

enum work_kind { WORK_RECORDS, WORK_TICK, WORK_LIMITS, WORK_CLOSE };

struct work {
	enum work_kind kind;
	const struct record *record;    /* decoded */
	size_t count;
	int64_t time;
	struct scorer_limits limits;
};
void side_work(struct diff_side *, const struct work *);

/* The alert by its id; NULL: never said. */
const struct standing *side_find(const struct diff_side *, const char *id);
/* The rule by its id; NULL: the side has none. */
const struct rule *side_rule(const struct diff_side *, const char *id);

/* ---- diff_filter.c ---- */
void filters_open(struct filters *, const struct ruleset *);
void filters_close(struct filters *);
/* Counts a judged settlement whose day lies in the range. */
void filters_count(struct filters *, const struct diff_side *, const struct claim *);

/* ---- diff_crew.c: threads that do a work for every side ---- */
struct crew;
struct crew *crew_open(struct diff_side *const *side, size_t sides, size_t threads);
void crew_work(struct crew *, const struct work *);     /* comes back when all sides have done it */
void crew_close(struct crew *);

/* ---- diff_set.c: the new ruleset with other values ---- */

#define VARIANTS_MAX 64
#define AXES_MAX 8

struct axis {                           /* one --set */
	char *rule, *param, *region;    /* region NULL: rows of all regions */
	char **value;
	size_t values;
	char *name;                     /* RULE.PARAM or RULE.PARAM@REGION */
};

struct variant_sums {                   /* of the rules that a --set names */
	uint64_t alerts, persons, gained, lost;
	int64_t fen, gained_fen, lost_fen;
};

struct variant {
	size_t choice[AXES_MAX];        /* by axis: index of its value */
	struct diff_side side;
	struct variant_sums sums;
};

struct diff_variants {
	struct axis *axis;
	size_t axes;
	struct variant *variant;        /* the last axis changes first */
	size_t count;
	struct variant_sums base;       /* the new ruleset as it is */
};

/* ---- diff_judge.c ---- */

struct diff {
	const struct diff_options *options;
	const struct operands *files;
	enum language language;
	struct session session;
	struct diff_side old, new;
	struct diff_variants variants;
	struct crew *crew;
	struct archive_options keys;
	struct entry_settings recorded;
	struct entries *entries;
	struct diags diags;             /* of the entries' thread */
	uint64_t first, least;
	struct progress progress;
	struct sink page;               /* --html */
	bool incomplete;                /* a damaged archive ended it */
};

/* Opens the files or the archive.  OPTIONS_GO_ON or an exit code after telling why. */
int diff_inputs_open(struct diff *);
/* Judges everything.  OPTIONS_GO_ON, or an exit code after telling why; 65 with `incomplete`: what came before counts. */
int diff_judge(struct diff *);
void diff_inputs_close(struct diff *);

/* ---- diff_set.c ---- */

/* Reads the --set words against the new ruleset and loads every variant.  OPTIONS_GO_ON or an exit code after telling why. */
int variants_open(struct diff *);
/* After judging: the sums of every variant, gained and lost against the new ruleset as it is. */
void variants_compare(struct diff *);
/* "OP-CAP-001.op_cap=250, ..." */
void variant_name(const struct diff_variants *, const struct variant *, struct buffer *);
void variants_close(struct diff_variants *);

/* ---- diff_compare.c ---- */

enum change_kind { CHANGE_GAINED, CHANGE_LOST, CHANGE_CHANGED, CHANGE_SAME, CHANGE_KINDS };

struct change {
	enum change_kind kind;
	const char *rule;               /* id */
	const struct standing *old, *new;       /* NULL: does not stand there */
};

struct sums {
	uint64_t count[CHANGE_KINDS], old_alerts, new_alerts;
	int64_t old_fen, new_fen, gained_fen, lost_fen, changed_fen;    /* changed: new less old */
};

struct group {                          /* what sums are of: a rule, an institution, an area */
	struct slice name;
	struct sums sums;
};

struct groups {
	struct group *group;            /* by name */
	const struct group **by_weight; /* by how many alerts and how much money the change moves, the most first */
	size_t count;
};

struct comparison {
	struct change *change;          /* by rule, kind, the dearest first, id */
	size_t changes;
	struct sums all;
	struct groups rules, institutions, areas;
};

void compare(const struct diff *, struct comparison *);
void comparison_free(struct comparison *);
void sums_add(struct sums *, const struct change *);
/* NULL: nothing of that name stands. */
const struct sums *group_sums(const struct groups *, struct slice name);

/* The ids of the rules of both sets, in order; NULL: no more. */
struct rule_walk {
	size_t old, new;
};
const char *rules_next(const struct diff *, struct rule_walk *);

/* What differs between two lines of a changed alert: names such as finding.limit_fen with both values.  The sentences and claims
 * of the evidence, which follow from the rest, are named only where nothing else differs. */
struct difference {
	char name[64];
	struct slice old, new;          /* JSON; empty: absent */
};
/* For people: the name without _fen, and a value in plain text, money in yuan. */
int difference_name_length(const struct difference *);
void difference_value(const struct difference *, struct slice value, struct buffer *);
#define DIFFERENCES_MAX 32
size_t change_differences(const struct change *, struct difference list[DIFFERENCES_MAX]);

/* ---- diff_why.c ---- */

enum outcome {
	OUTCOME_absent,                 /* the ruleset has no such rule */
	OUTCOME_off, OUTCOME_shadow,
	OUTCOME_alerts,                 /* some stand in the range */
	OUTCOME_filter_matched_nothing, OUTCOME_no_parameter_row, OUTCOME_insufficient, OUTCOME_no_window_closed,
	OUTCOME_suppressed,             /* what would be said is hidden by suppressions */
	OUTCOME_limit_never_reached,
	OUTCOME_nothing_found,          /* judged, and nothing stood out; there is no limit to be near to */
	OUTCOME_taken_back,             /* alerts were said and none of them stands in the range */
	OUTCOMES
};
extern const char *const outcome_names[OUTCOMES];

struct why {
	enum outcome outcome;
	int32_t revision;
	const char *mode;
	struct met met;
	uint64_t judged[WORDS], subjects;       /* of indicators in the range */
	bool has_nearest;
	int64_t nearest, limit;         /* fen: the sum that came nearest, and its limit */
	uint64_t few;                   /* alert ids of the range whose last word is `insufficient` */
	uint64_t suppressed;            /* alert ids that the set's suppressions hide, of any day */
	bool was_said;                  /* some alert stood at some time, of any day */
};
void why_of(const struct diff_side *, const char *rule, uint64_t alerts, struct why *);
/* A sentence for people. */
void why_text(const struct why *, enum language, struct buffer *);

/* ---- diff_json.c, diff_text.c, diff_html.c ---- */
void diff_json(const struct diff *, const struct comparison *, struct buffer *);
void diff_text(const struct diff *, const struct comparison *, struct buffer *);
void diff_html(const struct diff *, const struct comparison *, struct buffer *);

/* Nanoseconds of the processor a settlement. */
double side_cost(const struct diff_side *);

#endif
