/* The tests inside a rule file, as loaded; run by core/score (trial_run). */
#ifndef FW_TRIAL_H
#define FW_TRIAL_H

#include "core/base/slice.h"

#include <stdbool.h>

struct trial_record {
	const char *json;               /* one record as JSON, built from the YAML mapping and the test's defaults */
	size_t length;
	bool enrolment;                 /* else a settlement */
	const char *setl_id;            /* settlement: what "on" refers to; else NULL */
};

struct trial_value {
	const char *name;               /* as in the finding without _fen, or status, severity, period, through, psn_no, township, class, pool ... */
	const char *text;               /* as written */
};

struct trial_expectation {
	const char *on;                 /* setl_id that raised the alert line; NULL: raised at a close */
	struct trial_value value[24];
	size_t values;
	int line, column;
};

struct rule_test {
	const char *name;
	struct trial_record *record;    /* enrolments first, then settlements, in file order */
	size_t records;
	struct trial_expectation *expect;       /* every alert line of the rule, in order: no more, no fewer */
	size_t expectations;
	bool close_all;                 /* close all windows at the end */
	const char *file;
	const char *source;             /* text of the file, for messages */
	int line, column;
};

#endif
