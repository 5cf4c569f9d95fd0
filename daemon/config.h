/* The configuration: one YAML file, strict.  Every option is one row of a table (options.c); reading, defaults, --help
 * and the example file come from there. */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H

#include "core/base/buffer.h"
#include "core/base/diag.h"

#include <stdint.h>

struct config_list {
	const char **item;
	size_t count;
};

enum kafka_side { KAFKA_BOTH, KAFKA_CONSUMER, KAFKA_PRODUCER };

struct kafka_property {                 /* of the kafka: map, in file order */
	enum kafka_side side;
	const char *name, *value;
	int line, column;
};

enum { START_EARLIEST, START_LATEST };
enum { GAPS_ALARM, GAPS_ACCEPT };

struct config {
	const char *file;
	struct config_list brokers;
	const char *instance;
	struct {
		const char *settlement, *enrolment, *alerts, *shadow, *indicators, *stats, *refused;
	} topics;
	bool create_topics;
	int64_t create_partitions, create_replication;
	struct config_list pools;       /* the single word all: every pool */
	int64_t start, gaps;            /* START_, GAPS_ */
	const char *rules, *tables;     /* "": the installed rules; the tables beside the rules */
	int64_t accept_drop;            /* 1: a reload may give up state without being told so */
	int64_t rules_watch, rules_quiet;       /* 1: changed files are read by themselves, after so many quiet milliseconds */
	const char *control;            /* socket; "": in the runtime directory of systemd, else none */
	const char *pseudonym_key_file; /* "": the published key */
	bool person_clear;
	struct {
		int64_t lateness, remember, history, batch, record_bytes, depth;
	} limits;
	struct {
		const char *dir;                /* "": none */
		int64_t sync_ms, sync_records, segment_mb, level;
		const char *chain_key_file, *cipher_key_file;
		int64_t cipher;                 /* enum archive_cipher */
		int64_t snapshot_every, snapshot_records, snapshots, keep_days, keep_gb;
	} archive;
	int64_t tick_after;             /* seconds, 0: never */
	const char *listen;             /* host:port, or off */
	struct {
		int64_t pools, townships, institutions; /* subjects of indicators that get gauges */
	} metrics;
	const char *mirror;             /* "": none */
	const char *refused_certificate;        /* "": the bytes of a refused record are left out */
	int64_t heartbeat, stats_every, check_every, stall_after, drain;       /* seconds */
	struct kafka_property *property;
	size_t properties;
	struct arena arena;             /* everything above lives here */
};

/* Reads the file over the defaults.  All mistakes go to diags; false when there is at least one.  Free in both cases. */
bool config_read(struct config *, const char *path, struct diags *);
void config_free(struct config *);

bool config_all_pools(const struct config *);

/* "127.0.0.1:9850", "[::1]:9850"; false: not of that form. */
bool config_address(const char *text, char host[64], uint16_t *port);

/* brokers as librdkafka wants them, separated by commas; caller's buffer, ends with NUL. */
void config_brokers(const struct config *, struct buffer *);

/* The options with their defaults, for --help, and the commented example file. */
void config_help(enum language, FILE *);
void config_example(struct buffer *);

/* ---- options.c: the table ---- */

enum option_type { OPTION_TEXT, OPTION_LIST, OPTION_BOOL, OPTION_NUMBER, OPTION_WORD, OPTION_PROPERTIES };

struct option {
	const char *name;               /* as written in the file; group.name within a group */
	enum option_type type;
	size_t offset;                  /* in struct config */
	const char *fallback;           /* text of the default */
	int64_t low, high;              /* OPTION_NUMBER, both allowed */
	const char *const *words;       /* OPTION_WORD, ends with NULL; its index is kept */
	const char *help[2];            /* by enum language */
};

extern const struct option option_rows[];
extern const size_t option_count;

#endif
