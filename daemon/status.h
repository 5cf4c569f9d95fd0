/* What the daemon knows of itself, written by the thread that owns the turn and read by the others: numbers as relaxed
 * atomics with one writer each, figures with text in them under a lock. */
#ifndef FW_STATUS_H
#define FW_STATUS_H

#include "core/base/hist.h"
#include "core/score/scorer.h"
#include "daemon/config.h"
#include "daemon/indicators.h"

#include <pthread.h>

/* ---- latencies ---- */

#define STAGES(X) \
	X(poll, "taking one record out of the client's queue") \
	X(decode, "decoding one record") \
	X(score, "judging one record") \
	X(archive, "one commit of the archive: written and synced") \
	X(publish, "handing one line to the producer") \
	X(record_to_alert, "Kafka timestamp of the record to the broker's acknowledgement of the alert") \
	X(settlement_to_alert, "setl_time of the settlement to the broker's acknowledgement of the alert")

enum stage {
#define X(name, help) STAGE_##name,
	STAGES(X)
#undef X
	STAGE_COUNT
};

extern const char *const stage_names[STAGE_COUNT];

/* ---- partitions ---- */

#define OFFSET_UNKNOWN INT64_C(-1)

struct partition {                      /* one that is read */
	const char *topic;
	int32_t number;
	enum record_kind kind;

	/* the reading thread only */
	int64_t next, told;             /* offset that must come next, OFFSET_UNKNOWN before the first; as the last batch said it */
	bool ended;                     /* its end was reached at least once */

	/* written by the reading thread */
	_Atomic uint64_t gaps, missing; /* offsets that were skipped: how often, how many */
	_Atomic bool assigned, stopped; /* stopped: the broker has no such offset; nothing more will come */

	/* the turn thread only */
	int64_t marked;                 /* position at consumer_mark */

	/* written by the turn thread */
	_Atomic uint64_t received, judged, duplicate, foreign, refused[REFUSAL_COUNT];
	_Atomic int64_t position;       /* next offset to be judged, OFFSET_UNKNOWN: not known yet */
	_Atomic int64_t advanced_ns;    /* monotonic, when position last moved, or it was assigned */
	_Atomic int64_t taken_wall_ms, ahead_ms;        /* when the last record was taken (0: none), and its Kafka timestamp minus that */

	/* written by the watch thread */
	_Atomic int64_t low, high;      /* of the log, OFFSET_UNKNOWN: not known yet */
	_Atomic bool silent;            /* they cannot be had for stall_after seconds, although the brokers answer */
};

/* Records behind the end; 0 when not known. */
int64_t partition_lag(const struct partition *);
/* Lag, and no progress for the time given; or stopped, or silent. */
bool partition_stalled(const struct partition *, int64_t now_ns, int64_t after_ns);

/* ---- figures that are copied ---- */

#define RULE_ID_SIZE 64

struct rule_figures {
	char id[RULE_ID_SIZE];
	bool in_set, on_trial;          /* of the running ruleset; there in shadow mode */
	struct rule_counts counts;      /* of the running ruleset */
	struct cost cost;               /* of the rule's judging, since the set was taken */
	uint64_t alerts[4], shadows[4]; /* lines published since the start, by status */
};

struct suppression_figures {            /* of an entry of the running ruleset */
	char id[RULE_ID_SIZE];          /* an id of a suppression is no longer than that of a rule */
	uint64_t lines;
};

struct figures {
	char ruleset[DIGEST_TEXT_SIZE], feed[DIGEST_TEXT_SIZE];
	size_t rules_in_set;
	struct rule_figures *rule;
	size_t rules;
	struct scorer_counts counts;
	struct shared_cost cost;        /* since the set was taken */
	struct buffer quality;          /* JSON object of data-quality counts */
	struct buffer open_windows;     /* JSON array */
	struct buffer suppressed;       /* JSON object by id: lines, alerts, amount_at_risk_fen */
	struct suppression_figures *suppression;
	size_t suppressions;
	struct buffer rule_info, indicators;    /* text of their metrics */
	uint64_t indicator_changes;     /* of the scorer, when the text was made */
};

enum phase { PHASE_STARTING, PHASE_RECOVERING, PHASE_WAITING, PHASE_ENROLMENTS, PHASE_RUNNING, PHASE_DRAINING };

struct status {
	int64_t started_wall_ms, started_ns;
	int64_t stall_after_ns, check_every_ns;
	bool gaps_alarm, group_commits;
	const char *archive_dir, *mirror_file;  /* of the configuration; NULL or "": none */
	struct indicator_bounds bounds;
	atomic_bool group_denied;       /* the last commit of positions was refused for want of the right */
	_Atomic int phase;              /* enum phase */
	_Atomic int64_t turn_ns;        /* monotonic, begin of the last turn */

	_Atomic(struct partition *) partition;  /* set once, when the topics are known */
	_Atomic size_t partitions;

	struct hist stage[STAGE_COUNT];

	_Atomic uint64_t outputs[OUTPUT_KINDS];
	_Atomic uint64_t delivered, delivery_failures, queue_full, producer_rebuilds;
	_Atomic uint64_t in_flight, held;       /* messages handed over and not acknowledged; failed and to be sent again */
	_Atomic uint64_t kafka_errors;
	_Atomic int64_t broker_answered_ns;     /* monotonic; 0: never */
	_Atomic bool broker_down, partitions_changed;
	_Atomic bool suspect;                   /* the topics may be others now: they are compared before reading goes on */

	/* the rules and the last reload */
	_Atomic bool rules_reload_ok, rules_reloading;
	_Atomic int64_t rules_loaded_wall_ms;   /* when the running set was taken */
	_Atomic int64_t rules_reload_wall_ms;   /* when a reload ended last, taken or not; 0: never */
	_Atomic uint64_t rules_generation;      /* sets that ran since the start, this one too */
	_Atomic uint64_t rules_reloads, rules_refusals;
	_Atomic uint64_t rules_load_ns, rules_pause_ns; /* of the last reload: building the set, judging stood still */
	_Atomic uint64_t rules_kept_bytes, rules_new_bytes, rules_dropped_bytes;        /* of the last set taken */
	_Atomic bool backfilling;
	_Atomic uint64_t backfill_entries, backfill_ns; /* of the backfill under way, else of the last one */

	/* the archive */
	_Atomic bool archive_on;
	_Atomic int archive_errno;              /* of the last failing commit; 0: it is written */
	_Atomic uint64_t archive_next, archive_synced, archive_commits, archive_failures, archive_cut_bytes;
	_Atomic uint64_t recovered;             /* entries judged again at the start */
	_Atomic uint64_t known_lines;           /* lines derived again that the topics held already */
	_Atomic uint64_t waiting;               /* lines that wait for the archive */
	_Atomic uint64_t ticks, gaps_accepted;
	_Atomic bool clock_jumped;
	_Atomic uint64_t snapshot_position, snapshot_bytes, snapshots, snapshot_failures;
	_Atomic int64_t snapshot_wall_ms, snapshot_ms;  /* when the newest was made (0: none), how long it took */

	_Atomic bool mirror_configured, mirror_failed;
	_Atomic uint64_t mirror_lines, mirror_lost;

	pthread_mutex_t lock;           /* of figures */
	struct figures figures;
};

void status_init(struct status *, const struct config *);
void status_free(struct status *);

/* One writer: a load and a store. */
static inline void
count_add(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_relaxed);
}

static inline uint64_t
count_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Copies what the scorer counted; the turn thread only. */
void status_copy(struct status *, struct scorer *, const struct ruleset *, const char *feed_digest);

/* One more published line of a rule; the turn thread only. */
void status_line(struct status *, const char *rule_id, bool shadow, enum alert_status);

/* Whether the brokers answer and every partition was read to its end, as far as the last look at the ends says. */
bool status_caught_up(const struct status *, int64_t now_ns);

/* ---- is it ready? ---- */

#define BROKER_SILENCE_SECONDS 10       /* beyond the interval of the looks at the broker */
#define TURN_SILENCE_SECONDS 30

/* One JSON object with "ready", "failing" (names of parts) and every part with what is wrong.  Any thread. */
bool status_ready(struct status *, int64_t now_ns, struct buffer *);
/* The same for "alive": does the turn thread still turn? */
bool status_alive(struct status *, int64_t now_ns, struct buffer *);

#endif
