/* One entry of the archive: what happened, in the order in which it was judged. */
#ifndef FW_ARCHIVE_ENTRY_H
#define FW_ARCHIVE_ENTRY_H

#include "core/base/slice.h"
#include "core/score/scorer.h"

enum entry_kind {
	ENTRY_RECORD = 1,               /* a record as it was received */
	ENTRY_RULES,                    /* a ruleset with its settings begins to hold */
	ENTRY_TICK,                     /* the clock moves on where no record comes */
	ENTRY_GAP                       /* an operator accepted that offsets are missing */
};

#define EVENT_TIME_NONE INT64_MIN

/* What besides the rules decides a verdict.  Replayed as recorded, the settings of then are used again. */
struct entry_settings {
	int32_t lateness_days, remember_days, history_months;
	uint32_t depth, record_bytes, identifier_bytes;
	bool person_clear;
	char pseudonym_key_id[17];      /* first 16 hex digits of SHA-256 over the key, "" for person_clear; tells keys apart */
};

struct entry {
	enum entry_kind kind;
	uint64_t position;              /* 0, 1, 2, ... without a gap; set by the reader, ignored by the writer */
	union {
		struct {
			enum record_kind kind;
			struct slice bytes;     /* as received; from the reader RECORD_PADDING readable bytes follow */
			int64_t arrival_ms;     /* ARRIVAL_UNKNOWN */
			struct slice source;    /* topic, or the file's name as it was given */
			bool is_file;           /* then offset is the physical line, from 1 */
			int32_t partition;
			int64_t offset;
			int64_t event_time;     /* setl_time, Beijing seconds, or EVENT_TIME_NONE: for the index; the reader gives none */
		} record;
		struct {
			struct slice digest;    /* of the ruleset, as text */
			struct entry_settings settings;
			bool rejudged;          /* what stood was judged again by it (scorer_rejudge); false in archives of before */
			bool backfilled;        /* its state was made from the entries before it (core/archive/backfill.h) */
		} rules;
		struct {
			int64_t time;           /* Beijing seconds */
		} tick;
		struct {
			struct slice topic;
			int32_t partition;
			int64_t expected, found;        /* the offset that was due and the one that reading goes on at */
			struct slice reason;    /* one word: truncated, recreated, shortened */
		} gap;
	};
};

/* ---- settings.c ---- */
void archive_settings_of(const struct scorer_limits *, struct entry_settings *);
void archive_settings_use(const struct entry_settings *, struct scorer_limits *);       /* key and clock stay the caller's */
bool archive_settings_alike(const struct entry_settings *, const struct entry_settings *);
bool archive_settings_name_alike(const struct entry_settings *, const struct entry_settings *);         /* a person is written the same */

#endif
