/* PRIVATE to replay/replay.c, past.c and resume.c: one run of `fundwatch replay`. */
#ifndef FW_REPLAY_H
#define FW_REPLAY_H

#include "core/base/digest.h"
#include "core/base/time.h"
#include "replay/archive.h"
#include "replay/entries.h"
#include "replay/progress.h"
#include "replay/sink.h"
#include "replay/summary.h"

enum { SINK_ALERTS, SINK_SHADOW, SINK_INDICATORS, SINK_REFUSED, SINK_SUMMARY, SINKS };

struct replay_options {
	struct common_options common;
	struct archive_place place;     /* dir NULL: files are judged */
	int32_t from, to;
	const char *person, *institution, *path[SINKS], *resume;
	int64_t batch;
	bool close_all, fail_on_alert, as_recorded, no_snapshot;
};

struct resume {
	bool found;                     /* there is a run to go on with */
	uint64_t position;              /* of the next entry */
	uint64_t mark;                  /* the last record judged: its position and a hash of its bytes; UINT64_MAX: none yet */
	struct hash128 mark_bytes;
	int64_t length[SINKS];          /* of the outputs then */
};

struct past {                           /* where judging of an archive stands */
	struct archive_options keys;
	uint64_t first, end, start;     /* entries there are; where judging begins */
	uint64_t least;                 /* who ends before it met a damaged archive */
	bool own_rules;                 /* --rules: what is recorded of rules is passed over */
	bool one_ruleset;               /* neither rules nor settings changed since position 0 */
	struct entry_settings recorded; /* in force, as recorded */
	int64_t newest_event;           /* of settlements judged */
	struct diags diags;             /* of the entries' thread */
	struct entries *entries;
	struct resume resume;
};

struct replay {
	struct session session;
	const struct replay_options *options;
	struct sink sink[SINKS];
	struct digest *digest;
	uint64_t alerts;                /* lines in it */
	struct scored scored;
	struct line *lines;
	struct record *batch;
	struct progress progress;
	struct summary summary;
	uint64_t shown_standing;        /* alert lines shown that open or update an alert */
	bool filtered;
	struct past past;
};

/* Judges records in order and writes what is said about them.  OPTIONS_GO_ON, or 74: an output failed. */
int replay_records(struct replay *, const struct record *, size_t count);

/* Writes what the last call of the scorer said.  The same answer. */
int replay_outputs(struct replay *);

#endif
