/* Judging from an archive: as recorded, or by other rules.
 *
 * As recorded, the rules change where the archive says so, and the settings are those of then.  What is said is then what
 * the daemon said, byte for byte, when the key of the pseudonyms is the same. */
#include "replay/past.h"

#include "core/archive/backfill.h"
#include "core/archive/snapshot.h"
#include "replay/resume.h"

#include <stdlib.h>
#include <sysexits.h>

#define SAYS(replay) (!(replay)->options->common.quiet && !(replay)->options->common.json)

/* ---- rules and settings of then ---- */

/* NULL after telling why. */
static struct ruleset *
stored_rules(const struct replay *replay, struct slice digest)
{
	enum language language = replay->session.language;
	char rules[4096], tables[4096];
	if (!archive_ruleset_paths(replay->options->place.dir, digest, rules, tables)) {
		TELL(language, "档案中没有完好的规则集 %.*s", "the archive has no whole ruleset %.*s", (int)digest.length, digest.data);
		return NULL;
	}
	struct common_options stored = {.language = replay->options->common.language, .tables = tables, .quiet = true};
	struct ruleset *set = rules_open(&stored, rules);
	if (!set || slice_equal(slice_of(set->digest), digest))
		return set;
	TELL(language, "规则集 %.*s 在本版本程序下摘要不同，不能按当时的规则判定",
	    "ruleset %.*s has another digest in this version of the program: it cannot judge as then", (int)digest.length, digest.data);
	ruleset_free(set);
	return NULL;
}

/* The limits that the recorded settings mean for this run; a person may be named otherwise than then. */
static struct scorer_limits
limits_as(const struct replay *replay, const struct entry_settings *recorded)
{
	struct scorer_limits limits = replay->session.limits;
	archive_settings_use(recorded, &limits);
	limits.person_clear = recorded->person_clear || replay->options->common.person_clear;
	return limits;
}

static bool
names_as_then(const struct replay *replay, const struct entry_settings *recorded)
{
	struct scorer_limits limits = limits_as(replay, recorded);
	struct entry_settings mine;
	archive_settings_of(&limits, &mine);
	return archive_settings_name_alike(&mine, recorded);
}

static void
warn_of_names(const struct replay *replay, uint64_t position)
{
	if (SAYS(replay))
		TELL(replay->session.language, "警告：位置 %llu 起，记录时的假名密钥不是这一把，人员的写法与当时不同",
		    "warning: from position %llu on the pseudonym key was another one than yours: persons are written otherwise than then",
		    (unsigned long long)position);
}

static void
settings_take(struct replay *replay, const struct entry_settings *recorded, uint64_t position)
{
	replay->past.recorded = *recorded;
	replay->session.limits = limits_as(replay, recorded);
	if (!names_as_then(replay, recorded))
		warn_of_names(replay, position);
}

/* The running set is let go; the state is kept where both ask for the same, or made from the entries before this one. */
static int
rules_use(struct replay *replay, const struct entry *entry, struct ruleset *set)
{
	struct session *session = &replay->session;
	struct ruleset *old = session->rules;
	if (entry->rules.backfilled) {
		struct scorer *fresh = backfill_until(replay->options->place.dir, &replay->past.keys, set, &session->limits, entry->position,
		    &replay->past.diags);
		if (!fresh) {
			diags_print(&replay->past.diags, session->language, stderr);
			ruleset_free(set);
			return EX_DATAERR;
		}
		scorer_adopt(fresh, session->scorer);
		scorer_close(session->scorer);
		session->scorer = fresh;
	} else {
		scorer_use(session->scorer, set, &old);
	}
	if (old == set)
		TELL(session->language, "位置 %llu：规则集 %.*s 会移动统筹区，与当时一样未采用",
		    "position %llu: ruleset %.*s would move an area to another pool and is not taken, as then",
		    (unsigned long long)entry->position, (int)entry->rules.digest.length, entry->rules.digest.data);
	else
		session->rules = set;
	ruleset_free(old);
	return OPTIONS_GO_ON;
}

static int
rules_rejudge(struct replay *replay)
{
	int result = OPTIONS_GO_ON;
	bool more = true;
	while (more && result == OPTIONS_GO_ON) {
		more = scorer_rejudge(replay->session.scorer, &replay->scored);
		result = replay_outputs(replay);
	}
	return result;
}

/* An entry that changes rules or settings; with rules of one's own the settings alone.  OPTIONS_GO_ON or 65 after telling. */
static int
rules_change(struct replay *replay, const struct entry *entry)
{
	struct session *session = &replay->session;
	const struct entry_settings *settings = &entry->rules.settings, *before = &replay->past.recorded;
	if (!archive_settings_alike(before, settings)) {
		settings_take(replay, settings, entry->position);
		scorer_set_limits(session->scorer, &session->limits);
		replay->past.one_ruleset = false;
	}
	if (replay->past.own_rules || slice_equal(slice_of(session->rules->digest), entry->rules.digest))
		return OPTIONS_GO_ON;
	struct ruleset *set = stored_rules(replay, entry->rules.digest);
	if (!set)
		return EX_DATAERR;
	replay->past.one_ruleset = false;
	int result = rules_use(replay, entry, set);
	return result == OPTIONS_GO_ON && entry->rules.rejudged ? rules_rejudge(replay) : result;
}

/* ---- where to begin ---- */

/* With a snapshot, lines that were said before it are not said again.  That is right when none of them would be shown: every
 * line bears the time of a settlement among the entries or the last day of a month that had closed.  So a snapshot fits when
 * its newest settlement and the last month it closed (a tick closes months that no settlement has passed) lie before --from.
 * Refused records have no day and are all shown: who wants them reads from the beginning.
 *
 * The hash of what was said last about a person is part of the state and covers the person's name as it was written: the key
 * must be the same too, or things would be said a second time. */
static bool
head_fits(const struct replay *replay, const struct snapshot_head *head)
{
	const struct past *past = &replay->past;
	uint8_t chain[32];
	if (head->position < past->first || head->position > past->end || !names_as_then(replay, &head->settings))
		return false;
	if (past->own_rules && (!head->one_ruleset || strcmp(head->ruleset, replay->session.rules->digest) != 0))
		return false;
	if (head->newest_event != EVENT_TIME_NONE && time_day(head->newest_event) >= replay->options->from)
		return false;
	return archive_chain_at(replay->options->place.dir, &past->keys, head->position, chain)
	    && memcmp(chain, head->chain, sizeof chain) == 0;
}

/* False: the snapshot cannot be loaded; everything is as before. */
static bool
snapshot_take(struct replay *replay, struct snapshot *snapshot, struct snapshot_head *head, struct diags *diags)
{
	struct past *past = &replay->past;
	struct session *session = &replay->session;
	struct ruleset *rules = past->own_rules ? session->rules : stored_rules(replay, slice_of(head->ruleset));
	if (!rules)
		return false;
	struct scorer_limits limits = limits_as(replay, &head->settings);
	struct scorer *scorer = snapshot_load(snapshot, rules, &limits, NULL, diags);
	if (!scorer || (!past->resume.found && scorer_closed_through(scorer) >= replay->options->from)) {
		scorer_close(scorer);
		if (!past->own_rules)
			ruleset_free(rules);
		return false;
	}
	session->scorer = scorer;
	session->rules = rules;
	settings_take(replay, &head->settings, head->position);
	replay->digest = head->feed;
	head->feed = NULL;
	replay->alerts = head->alerts;
	past->start = head->position;
	past->one_ruleset = head->one_ruleset;
	past->newest_event = head->newest_event;
	const struct scorer_counts *counts = scorer_counts(session->scorer);
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		replay->summary.offered[kind] = counts->received[kind];
	replay->summary.before = counts->received[RECORD_SETTLEMENT];
	return true;
}

/* The newest snapshot that fits.  False: none. */
static bool
snapshot_begin(struct replay *replay)
{
	const char *dir = replay->options->place.dir;
	uint64_t *position = NULL;
	size_t count = snapshot_list(dir, &position);
	bool taken = false;
	for (size_t i = 0; i < count && !taken; i++) {
		struct snapshot_head head;
		struct diags diags = {0};
		struct snapshot *snapshot = snapshot_open(dir, &replay->past.keys, position[i], &head, &diags);
		if (snapshot) {
			taken = head_fits(replay, &head) && snapshot_take(replay, snapshot, &head, &diags);
			snapshot_head_free(&head);
			snapshot_close(snapshot);
		}
		diags_print(&diags, replay->session.language, stderr);
		diags_free(&diags);
	}
	free(position);
	if (taken && SAYS(replay))
		TELL(replay->session.language, "从位置 %llu 的快照判起", "judging begins at the snapshot at position %llu",
		    (unsigned long long)replay->past.start);
	return taken;
}

/* The first entry of rules, at the start or (own rules) anywhere behind it.  Digest "": there is none. */
static int
rules_first(struct replay *replay, char digest[DIGEST_TEXT_SIZE], struct entry_settings *settings)
{
	const struct archive_place *place = &replay->options->place;
	struct diags diags = {0};
	enum archive_failure failure;
	enum archive_step step;
	struct entry entry;
	digest[0] = '\0';
	struct archive_reader *reader = archive_read(place->dir, &replay->past.keys, replay->past.first, &failure, &diags);
	if (!reader)
		return archive_failed(place, replay->session.language, failure, &diags);
	while ((step = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY) {
		bool found = entry.kind == ENTRY_RULES && entry.rules.digest.length < DIGEST_TEXT_SIZE;
		if (found) {
			memcpy(digest, entry.rules.digest.data, entry.rules.digest.length);
			digest[entry.rules.digest.length] = '\0';
			*settings = entry.rules.settings;
		}
		if (found || !replay->past.own_rules)
			break;
		archive_recycle(reader);
	}
	archive_reader_free(reader);
	if (step == ARCHIVE_DAMAGED && digest[0] == '\0')
		return archive_failed(place, replay->session.language, ARCHIVE_BROKEN, &diags);
	diags_free(&diags);
	return OPTIONS_GO_ON;
}

static int
pruned(const struct replay *replay)
{
	const struct archive_place *place = &replay->options->place;
	enum language language = replay->session.language;
	uint64_t *position = NULL;
	size_t count = snapshot_list(place->dir, &position);
	struct snapshot_head head;
	char day[TIME_TEXT_SIZE] = "?";
	struct snapshot *snapshot = count ? snapshot_open(place->dir, &replay->past.keys, position[count - 1], &head, NULL) : NULL;
	if (snapshot) {
		if (head.newest_event != EVENT_TIME_NONE)
			day_text(time_day(head.newest_event) + 1, day);
		snapshot_head_free(&head);
		snapshot_close(snapshot);
	}
	free(position);
	TELL(language, "%s：位置 %llu 以前的条目已删除，只能从快照判起：用 --from 给出 %s 或以后的日期，并用当时的假名密钥",
	    "%s: entries before position %llu were pruned, so judging has to begin at a snapshot: give --from %s or later, and the pseudonym key "
	    "of then", place->dir, (unsigned long long)replay->past.first, day);
	return EX_NOINPUT;
}

static int
fresh_begin(struct replay *replay)
{
	struct past *past = &replay->past;
	struct session *session = &replay->session;
	char digest[DIGEST_TEXT_SIZE];
	struct entry_settings settings;
	archive_settings_of(&session->limits, &settings);
	if (past->first > 0 && !past->own_rules)
		return pruned(replay);
	int result = rules_first(replay, digest, &settings);
	if (result != OPTIONS_GO_ON)
		return result;
	if (digest[0] == '\0' && !past->own_rules) {
		TELL(session->language, "%s 不以规则开头，无法按当时的规则判定；用 --rules 给出规则",
		    "%s does not begin with rules and cannot be judged as recorded; give some with --rules", replay->options->place.dir);
		return EX_DATAERR;
	}
	if (past->first > 0 && SAYS(replay))
		TELL(session->language, "警告：位置 %llu 以前的条目已删除，不参与判定", "warning: entries before position %llu were pruned and count nowhere",
		    (unsigned long long)past->first);
	if (!past->own_rules)
		session->rules = stored_rules(replay, slice_of(digest));
	if (!session->rules)
		return EX_DATAERR;
	settings_take(replay, &settings, past->first);
	past->one_ruleset = past->first == 0;
	session->scorer = scorer_open(session->rules, &session->limits);
	if (session->scorer)
		return OPTIONS_GO_ON;
	TELL(session->language, "内存不足：%s", "out of memory: %s", "scorer");
	return EX_OSERR;
}

/* Where the interrupted run was. */
static int
resume_begin(struct replay *replay)
{
	const struct resume *resume = &replay->past.resume;
	enum language language = replay->session.language;
	struct diags diags = {0};
	struct snapshot_head head;
	struct snapshot *snapshot = snapshot_open(replay->options->resume, &replay->past.keys, resume->position, &head, &diags);
	bool taken = false, named = true;
	if (snapshot) {
		named = names_as_then(replay, &head.settings);
		taken = named && snapshot_take(replay, snapshot, &head, &diags);
		snapshot_head_free(&head);
		snapshot_close(snapshot);
	}
	diags_print(&diags, language, stderr);
	diags_free(&diags);
	if (!named)
		TELL(language, "%s 里的重放用的是另一把假名密钥", "the replay in %s was begun with another pseudonym key", replay->options->resume);
	else if (!taken)
		TELL(language, "%s 里的进度已损坏；删除它即从头判起", "the progress in %s is damaged; remove it to begin anew", replay->options->resume);
	else if (SAYS(replay))
		TELL(language, "从位置 %llu 接着判", "goes on at position %llu", (unsigned long long)resume->position);
	return !named ? EX_CONFIG : taken ? OPTIONS_GO_ON : EX_DATAERR;
}

static int
begin(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	struct past *past = &replay->past;
	int result = options->resume ? resume_read(replay) : OPTIONS_GO_ON;
	if (result != OPTIONS_GO_ON)
		return result;
	if (past->resume.found)
		return resume_begin(replay);
	bool wanted = options->from != INT32_MIN && !options->no_snapshot && !options->path[SINK_REFUSED];
	if ((wanted || past->first > 0) && snapshot_begin(replay))
		return OPTIONS_GO_ON;
	return fresh_begin(replay);
}

static int
entries_begin(struct replay *replay)
{
	struct past *past = &replay->past;
	enum archive_failure failure;
	struct entries_options reading = {.from = past->start, .to = UINT64_MAX, .batch = (size_t)replay->options->batch, .decode = true,
	    .follow = true, .limits = replay->session.limits.decode};
	past->entries = entries_open(replay->options->place.dir, &past->keys, &reading, &failure, &past->diags);
	return past->entries ? OPTIONS_GO_ON : archive_failed(&replay->options->place, replay->session.language, failure, &past->diags);
}

int
past_open(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	struct past *past = &replay->past;
	struct session *session = &replay->session;
	struct archive_segment *segment = NULL;
	size_t segments;
	past->newest_event = EVENT_TIME_NONE;
	if (options->resume)
		resume_watch();
	int result = archive_place_keys(&options->place, "replay", session->language, &past->keys);
	if (result == OPTIONS_GO_ON)
		result = archive_place_segments(&options->place, session->language, &segment, &segments);
	if (result != OPTIONS_GO_ON)
		return result;
	past->first = past->start = segment[0].first;
	past->end = segment[segments - 1].first + segment[segments - 1].entries;
	past->keys.cipher = segment[segments - 1].cipher;       /* of what --resume keeps */
	free(segment);
	past->least = archive_least_end(options->place.dir, &past->keys);
	result = session_start(session, &options->common);
	past->own_rules = options->common.rules || options->common.tables;
	if (result == OPTIONS_GO_ON && past->own_rules)
		session->rules = rules_open(&options->common, options_rules(&options->common));
	if (result == OPTIONS_GO_ON && past->own_rules && !session->rules)
		result = EX_CONFIG;
	if (result == OPTIONS_GO_ON)
		result = begin(replay);
	return result == OPTIONS_GO_ON ? entries_begin(replay) : result;
}

/* ---- judging ---- */

static void
event_note(struct past *past, int64_t time)
{
	if (time > past->newest_event)
		past->newest_event = time;
}

static int
other_judge(struct replay *replay, const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_RULES:
		return rules_change(replay, entry);
	case ENTRY_TICK:
		scorer_tick(replay->session.scorer, entry->tick.time, &replay->scored);
		return replay_outputs(replay);
	case ENTRY_GAP:
	case ENTRY_RECORD:
		break;
	}
	return OPTIONS_GO_ON;
}

static int
batch_judge(struct replay *replay, const struct entry_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->record[i];
		replay->summary.offered[record->kind]++;
		if (record->kind == RECORD_SETTLEMENT && record->decoded->good)
			event_note(&replay->past, record->decoded->claim.value[FIELD_setl_time].number);
	}
	int result = replay_records(replay, batch->record, batch->count);
	if (result == OPTIONS_GO_ON && batch->has_other)
		result = other_judge(replay, &batch->other);
	resume_mark(replay, batch);
	progress_show(&replay->progress, batch->bytes, batch->next - replay->past.start);
	return result;
}

/* The archive was read to its end. */
static int
past_end(struct replay *replay, uint64_t position, enum archive_step end)
{
	const struct replay_options *options = replay->options;
	enum language language = replay->session.language;
	if (end == ARCHIVE_DAMAGED || position < replay->past.least) {
		progress_close(&replay->progress);
		diags_print(&replay->past.diags, language, stderr);
		TELL(language, "%s 已损坏：判到位置 %llu 为止", "%s is damaged: judged up to position %llu", options->place.dir,
		    (unsigned long long)position);
		return EX_DATAERR;
	}
	if (options->resume && options->close_all)
		resume_drop(replay);
	return options->resume && !options->close_all ? resume_save(replay, position) : OPTIONS_GO_ON;
}

static int
interrupted(struct replay *replay, uint64_t position)
{
	progress_close(&replay->progress);
	int result = resume_save(replay, position);
	if (result != OPTIONS_GO_ON)
		return result;
	TELL(replay->session.language, "已中断，判到位置 %llu；同样的命令从那里接着判", "interrupted at position %llu; the same command goes on there",
	    (unsigned long long)position);
	return EX_TEMPFAIL;
}

int
past_judge(struct replay *replay)
{
	struct past *past = &replay->past;
	struct entry_batch *batch;
	enum archive_step end = ARCHIVE_ENTRY;
	uint64_t position = past->start;
	int result = OPTIONS_GO_ON;
	/* A batch at least: who is always interrupted early comes to the end all the same. */
	while (result == OPTIONS_GO_ON && (position == past->start || !resume_interrupted()) && (batch = entries_next(past->entries, &end))) {
		result = batch_judge(replay, batch);
		position = batch->next;
		entries_done(past->entries, batch);
	}
	if (result != OPTIONS_GO_ON)
		return result;
	if (end == ARCHIVE_ENTRY)
		return interrupted(replay, position);
	replay->session.decoders = entries_decoders(past->entries, &replay->session.decoder);
	return past_end(replay, position, end);
}

void
past_close(struct replay *replay)
{
	entries_close(replay->past.entries);
	diags_free(&replay->past.diags);
}
