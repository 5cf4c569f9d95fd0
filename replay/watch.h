/* PRIVATE to replay/watch*.c: the alert feed, read and shown. */
#ifndef FW_WATCH_H
#define FW_WATCH_H

#include "replay/options.h"
#include "replay/terminal.h"

/* ---- one record of the feed (watch_record.c, the door to cJSON) ---- */

enum feed_kind { FEED_ALERT, FEED_OTHER, FEED_BAD };

struct feed_claim {
	const char *setl_id, *date, *institution;
	int64_t fen;
};

struct feed_basis {
	const char *document, *quote;
};

struct feed_pair {
	const char *name;
	char text[40];
};

#define FEED_CLAIMS 20                  /* an alert carries no more */
#define FEED_BASES 8
#define FEED_FINDINGS 24

/* Texts belong to the tree; what a record does not say is "". */
struct feed_record {
	enum feed_kind kind;
	const char *type;
	const char *alert_id, *status, *cause, *event_time;
	const char *rule, *detector, *family, *grade, *severity, *mode, *title[2], *sentence[2];
	const char *subject, *pool, *area, *person, *institution, *township, *class, *setl_id, *period;
	const char *param, *param_value, *param_unit, *param_from;
	int64_t revision, money_fen;
	bool has_money;
	struct feed_pair finding[FEED_FINDINGS];
	struct feed_basis basis[FEED_BASES];
	struct feed_claim claim[FEED_CLAIMS];
	size_t findings, bases, claims;
	int64_t claims_total;
	void *tree;
};

/* Always fills *record; FEED_BAD: no JSON object, or an alert without id, rule or status.  Free it in every case. */
void feed_record_read(struct feed_record *record, const char *bytes, size_t length);
void feed_record_free(struct feed_record *record);

/* ---- how it looks (watch_print.c) ---- */

/* One line without its newline; on a terminal cut to its width. */
void print_alert_line(struct buffer *, const struct feed_record *, const struct terminal *, enum language);
void print_other_line(struct buffer *, const struct feed_record *, struct slice raw, const struct terminal *, enum language);
/* The whole alert: several lines, each with its newline. */
void print_alert_whole(struct buffer *, const struct feed_record *, const struct terminal *, enum language);

/* 0 low .. 3 critical; -1 for another word. */
int severity_rank(const char *severity);
extern const char *const severity_words[], *const status_words[];

/* ---- groups (watch_fold.c) ---- */

#define GROUP_BYTES 64

struct fold {
	char group[GROUP_BYTES];
	struct buffer raw;              /* the latest alert of the group */
	uint64_t alerts;
};

struct folds {                          /* in order of first sight; all-zero: none */
	struct fold *fold;
	size_t count;
};

void folds_add(struct folds *, const char *group, struct slice raw);
/* One line a group, each with its newline; empties the list. */
void folds_print(struct folds *, struct buffer *, const struct terminal *, enum language);

/* ---- a topic (watch_kafka.c, the door to librdkafka) ---- */

struct feed_topic;

enum feed_topic_state { TOPIC_RECORD, TOPIC_NOTHING, TOPIC_UNREACHABLE, TOPIC_MISSING, TOPIC_FAILED };

/* NULL: *why (freed by the caller) says which property is wrong.  Nothing is connected yet. */
struct feed_topic *feed_topic_open(const char *brokers, const char *topic, bool from_beginning, const struct text_list *properties,
    char **why);

/* Waits up to timeout_ms.  TOPIC_RECORD: *value lives until the next call.  TOPIC_UNREACHABLE: no broker answers, it will be
 * tried again.  TOPIC_MISSING, TOPIC_FAILED: over. */
enum feed_topic_state feed_topic_poll(struct feed_topic *, int timeout_ms, struct slice *value);
/* The header ce_group of the record read last, into at most GROUP_BYTES; "": none. */
void feed_topic_group(const struct feed_topic *, char group[GROUP_BYTES]);
const char *feed_topic_error(const struct feed_topic *);
void feed_topic_close(struct feed_topic *);

#endif
