/* PRIVATE to core/score: of every subject of an indicator the figures of the last month that was judged, for gauges.
 * No line depends on them; they are saved, so that a restart has them again at once. */
#ifndef FW_SCORE_LATEST_H
#define FW_SCORE_LATEST_H

#include "core/detector.h"
#include "core/score/scorer.h"
#include "core/state/names.h"

struct codec;
struct statement;

struct latest_value {
	uint32_t name;                  /* of latest.words */
	double number;
};

struct latest_entry {
	uint64_t rule_key;              /* hash of the rule's id and aggregate definition */
	int32_t rule;                   /* in the running ruleset; not saved */
	int32_t month, verdict;
	uint32_t pool, area, township, institution;     /* of scorer.names, 0: not in the subject */
	uint32_t kind, class, level;    /* of latest.words, 0: not in the subject */
	size_t first, count;            /* of latest.value */
};

struct latest {
	struct latest_entry *entry;     /* in order of first sight */
	size_t count, slots;
	struct latest_value *value;
	size_t values, value_slots;
	struct names words;
	struct table table;             /* by rule and subject; no slots before the first */
	uint64_t changes;
};

void latest_open(struct scorer *);
/* The indicator was said, or would be were its rule not in shadow mode.  One of an earlier month than is there changes nothing. */
void latest_note(struct scorer *, const struct statement *);
/* Entries of rules that the running ruleset has not, or with another aggregate, go. */
void latest_bind(struct scorer *);
void latest_state(struct codec *, struct scorer *);
void latest_free(struct scorer *);

#endif
