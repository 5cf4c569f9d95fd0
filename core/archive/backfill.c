/* See backfill.h. */
#include "core/archive/backfill.h"

#include "core/base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>

#define BATCH 1024

struct backfill {
	struct ruleset *rules;
	struct scorer_limits limits;
	struct scorer *scorer;
	struct archive_reader *reader;
	struct record record[BATCH];
	size_t records;
	enum fate fate[BATCH];
	_Atomic uint64_t position;
};

static bool
is_whole(const char *dir, struct diags *diags)
{
	struct archive_segment *segment = NULL;
	size_t count = 0;
	enum archive_failure failure;
	bool listed = archive_list(dir, &segment, &count, &failure, diags);
	bool whole = listed && count > 0 && segment[0].first == 0;
	if (listed && !whole)
		diag_add(diags, DIAG_ERROR, dir, 0, 0, 1, NULL, "档案的第一条已删除，不能回填", "the archive's first entries are gone: nothing can be backfilled",
		    "延长 archive.keep_days，或不回填而采用", "keep more (archive.keep_days), or take the rules without backfilling");
	free(segment);
	return whole;
}

struct backfill *
backfill_open(const char *dir, const struct archive_options *keys, struct ruleset *rules, const struct scorer_limits *limits, struct diags *diags)
{
	enum archive_failure failure;
	if (!is_whole(dir, diags))
		return NULL;
	struct archive_reader *reader = archive_read(dir, keys, 0, &failure, diags);
	if (!reader)
		return NULL;
	struct backfill *backfill = memory_resize(NULL, sizeof *backfill);
	*backfill = (struct backfill){.rules = rules, .limits = *limits, .reader = reader};
	return backfill;
}

/* Nobody hears what it says: its lines are let go by the next call. */
static void
records_judge(struct backfill *backfill)
{
	struct scored scored = {.fate = backfill->fate};
	for (size_t done = 0; done < backfill->records;)
		done += scorer_score(backfill->scorer, backfill->record + done, backfill->records - done, &scored);
	backfill->records = 0;
	archive_recycle(backfill->reader);
}

static void
settings_take(struct backfill *backfill, const struct entry_settings *settings)
{
	archive_settings_use(settings, &backfill->limits);
	if (backfill->scorer)
		scorer_set_limits(backfill->scorer, &backfill->limits);
	else
		backfill->scorer = scorer_open(backfill->rules, &backfill->limits);
}

static void
entry_take(struct backfill *backfill, const struct entry *entry)
{
	if (entry->kind == ENTRY_RECORD) {
		backfill->record[backfill->records++] = (struct record){.kind = entry->record.kind, .bytes = entry->record.bytes.data,
		    .length = entry->record.bytes.length, .arrival_ms = entry->record.arrival_ms, .file = "", .line = 0};
		return;
	}
	records_judge(backfill);
	if (entry->kind == ENTRY_RULES)
		settings_take(backfill, &entry->rules.settings);
	if (entry->kind == ENTRY_TICK)
		scorer_tick(backfill->scorer, entry->tick.time, &(struct scored){.fate = backfill->fate});
}

static bool
is_stopped(const _Atomic bool *stop)
{
	return stop && atomic_load(stop);
}

enum backfill_step
backfill_run(struct backfill *backfill, uint64_t until, const _Atomic bool *stop)
{
	struct entry entry;
	enum archive_step step = ARCHIVE_ENTRY;
	uint64_t position = atomic_load(&backfill->position);
	while (position < until && !is_stopped(stop) && (step = archive_reader_next(backfill->reader, &entry)) == ARCHIVE_ENTRY) {
		if (!backfill->scorer && entry.kind != ENTRY_RULES)
			backfill->scorer = scorer_open(backfill->rules, &backfill->limits);
		entry_take(backfill, &entry);
		position = entry.position + 1;
		if (backfill->records == BATCH)
			records_judge(backfill);
		atomic_store(&backfill->position, position);
	}
	if (backfill->scorer)
		records_judge(backfill);
	if (step == ARCHIVE_DAMAGED)
		return BACKFILL_FAILED;
	return position >= until ? BACKFILL_REACHED : step == ARCHIVE_END ? BACKFILL_BEHIND : BACKFILL_STOPPED;
}

uint64_t
backfill_position(const struct backfill *backfill)
{
	return atomic_load(&backfill->position);
}

struct scorer *
backfill_take(struct backfill *backfill)
{
	struct scorer *scorer = backfill->scorer;
	backfill->scorer = NULL;
	backfill_close(backfill);
	return scorer;
}

void
backfill_close(struct backfill *backfill)
{
	if (!backfill)
		return;
	scorer_close(backfill->scorer);
	archive_reader_free(backfill->reader);
	free(backfill);
}

struct scorer *
backfill_until(const char *dir, const struct archive_options *keys, struct ruleset *rules, const struct scorer_limits *limits, uint64_t until,
    struct diags *diags)
{
	struct backfill *backfill = backfill_open(dir, keys, rules, limits, diags);
	if (!backfill)
		return NULL;
	if (backfill_run(backfill, until, NULL) == BACKFILL_REACHED)
		return backfill_take(backfill);
	backfill_close(backfill);
	return NULL;
}
