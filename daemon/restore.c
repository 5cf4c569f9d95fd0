/* See restore.h. */
#include "daemon/restore.h"

#include "core/archive/backfill.h"
#include "core/base/memory.h"
#include "core/base/step.h"
#include "daemon/beside.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "detectors/registry.h"

#include <stdlib.h>
#include <sysexits.h>

#define BATCH_RECORDS 4096

struct run {
	struct restored *restored;
	const struct config *config;
	const struct archive_options *options;
	const struct key *key;
	const struct restore_taker *taker;
	struct status *status;
	struct diags diags;
	struct archive_reader *reader;
	struct batch batch;
	bool batch_open;
	struct scored scored;
	struct names sources;           /* topics and files, as C strings that stay */
};

/* ---- settings ---- */

bool
archive_options_of(const struct config *config, struct archive_options *options, struct diags *diags)
{
	size_t errors = diags->errors;
	*options = (struct archive_options){
		.segment_bytes = (uint64_t)config->archive.segment_mb << 20, .level = (int)config->archive.level,
		.cipher = (enum archive_cipher)config->archive.cipher, .has_chain_key = config->archive.chain_key_file[0] != '\0',
	};
	if (options->has_chain_key)
		archive_key_read(config->archive.chain_key_file, options->chain_key, diags);
	if (config->archive.cipher_key_file[0])
		archive_key_read(config->archive.cipher_key_file, options->cipher_key, diags);
	if (options->cipher != CIPHER_NONE && !config->archive.cipher_key_file[0])
		diag_add(diags, DIAG_ERROR, config->file, 0, 0, 1, NULL, "设了 archive.cipher 就要设 archive.cipher_key_file",
		    "archive.cipher wants archive.cipher_key_file", NULL, NULL);
	if (!archive_cipher_is_known(options->cipher))
		diag_add(diags, DIAG_ERROR, config->file, 0, 0, 1, NULL, "本机的 OpenSSL 没有 SM4-GCM（要 3.1 及以上）",
		    "this machine's OpenSSL has no SM4-GCM (3.1 or later has)", "用 aes-256-gcm", "use aes-256-gcm");
	return diags->errors == errors;
}

struct entry_settings
settings_of(const struct config *config, const struct key *key)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct entry_settings settings = {
		.lateness_days = (int32_t)config->limits.lateness, .remember_days = (int32_t)config->limits.remember,
		.history_months = (int32_t)config->limits.history, .depth = (uint32_t)config->limits.depth,
		.record_bytes = (uint32_t)config->limits.record_bytes, .identifier_bytes = limits.decode.identifier_bytes,
		.person_clear = config->person_clear,
	};
	if (!config->person_clear) {
		uint8_t digest[DIGEST_BYTES];
		sha256(key->bytes, key->length, digest);
		hex_text(digest, (sizeof settings.pseudonym_key_id - 1) / 2, settings.pseudonym_key_id);
	}
	return settings;
}

static uint64_t
core_clock(void)
{
	return (uint64_t)clock_monotonic_ns();
}

struct scorer_limits
limits_of(const struct entry_settings *settings, const struct key *key)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	archive_settings_use(settings, &limits);
	limits.pseudonym_key = key->bytes;
	limits.pseudonym_key_length = key->length;
	limits.clock = core_clock;
	return limits;
}

/* ---- the snapshot ---- */

static struct ruleset *
stored_rules(struct run *run, struct slice digest)
{
	char rules[4096], tables[4096];
	struct diags diags = {0};
	struct ruleset *set = NULL;
	if (archive_ruleset_paths(run->config->archive.dir, digest, rules, tables))
		set = ruleset_load(detectors_registry(), rules, tables, &diags);
	if (set && !slice_equal(slice_of(set->digest), digest)) {
		ruleset_free(set);
		set = NULL;
	}
	if (!set)
		log_say(LEVEL_ERROR, "档案中的规则集 %.*s 读不回来", "the ruleset %.*s of the archive cannot be loaded again", (int)digest.length, digest.data);
	diags_free(&diags);
	return set;
}

static bool
chain_fits(const struct run *run, const struct snapshot_head *head)
{
	uint8_t chain[32];
	return archive_chain_at(run->config->archive.dir, run->options, head->position, chain) && memcmp(chain, head->chain, sizeof chain) == 0;
}

static bool
snapshot_take(struct run *run, uint64_t position)
{
	struct restored *restored = run->restored;
	struct snapshot *snapshot = snapshot_open(run->config->archive.dir, run->options, position, &restored->head, &run->diags);
	if (!snapshot)
		return false;
	if (chain_fits(run, &restored->head))
		restored->rules = stored_rules(run, slice_of(restored->head.ruleset));
	if (restored->rules) {
		struct scorer_limits limits = limits_of(&restored->head.settings, run->key);
		struct beside *beside = beside_open();
		struct snapshot_helper helper = beside_helper(beside);
		restored->scorer = snapshot_load(snapshot, restored->rules, &limits, beside ? &helper : NULL, &run->diags);
		beside_close(beside);
	}
	snapshot_close(snapshot);
	if (restored->scorer)
		return true;
	if (restored->rules)
		ruleset_free(restored->rules);
	restored->rules = NULL;
	snapshot_head_free(&restored->head);
	restored->head = (struct snapshot_head){0};
	return false;
}

/* The newest that is not beyond the position, whole, and of this archive. */
static void
snapshot_find(struct run *run, uint64_t until)
{
	uint64_t *position;
	size_t count = snapshot_list(run->config->archive.dir, &position);
	for (size_t i = 0; i < count && !run->restored->scorer; i++) {
		if (position[i] > until)
			continue;
		if (snapshot_take(run, position[i])) {
			run->restored->has_snapshot = true;
			run->restored->from = position[i];
			continue;
		}
		log_diags(&run->diags);
		log_say(LEVEL_WARNING, "快照 %llu 不能用，改用更旧的", "the snapshot at %llu is of no use, an older one is taken", (unsigned long long)position[i]);
	}
	free(position);
	if (run->restored->scorer)
		return;
	run->restored->head.feed = digest_open();
	run->restored->head.newest_event = EVENT_TIME_NONE;
	run->restored->head.one_ruleset = true;
}

/* ---- the archive behind it ---- */

static void
batch_judge(struct run *run)
{
	struct restored *restored = run->restored;
	struct batch *batch = &run->batch;
	if (!run->batch_open || !batch->count)
		return;
	batch_seal(batch);
	batch->taken_wall_ms = clock_wall_ms();
	batch_decode(batch);
	for (size_t first = 0; first < batch->count;) {
		size_t used = scorer_score(restored->scorer, batch->record + first, batch->count - first, &run->scored);
		run->taker->lines(run->taker->context, restored->rules, batch, first, used, &run->scored, batch->first);
		first += used;
	}
	for (size_t i = 0; i < batch->count; i++) {
		const struct decoded_record *decoded = batch->record[i].decoded;
		if (batch->record[i].kind == RECORD_SETTLEMENT && decoded->good && decoded->claim.value[FIELD_setl_time].number > restored->head.newest_event)
			restored->head.newest_event = decoded->claim.value[FIELD_setl_time].number;
	}
	batch_clear(batch);
}

static const char *
source_of_entry(struct run *run, struct slice source)
{
	return names_text(&run->sources, names_number(&run->sources, source)).data;
}

static int
record_take(struct run *run, const struct entry *entry)
{
	if (!run->restored->scorer) {
		log_say(LEVEL_ERROR, "档案位置 %llu 之前没有规则集", "there is no ruleset before the archive's position %llu", (unsigned long long)entry->position);
		return EX_DATAERR;
	}
	if (!run->batch.count)
		run->batch.first = entry->position;
	const char *source = source_of_entry(run, entry->record.source);
	bool is_file = entry->record.is_file;
	batch_add(&run->batch, NULL, (struct record){
		.kind = entry->record.kind, .length = entry->record.bytes.length, .arrival_ms = entry->record.arrival_ms,
		.topic = is_file ? NULL : source, .partition = entry->record.partition, .offset = is_file ? 0 : entry->record.offset,
		.file = is_file ? source : NULL, .line = is_file ? entry->record.offset : 0,
	}, entry->record.bytes.data);
	if (batch_full(&run->batch))
		batch_judge(run);
	return 0;
}

static void
batch_reopen(struct run *run)
{
	if (run->batch_open)
		batch_free(&run->batch);
	batch_init(&run->batch, BATCH_RECORDS, limits_of(&run->restored->head.settings, run->key).decode);
	run->batch_open = true;
}

/* The state under a set that begins to hold: that of the set before, as far as both ask for the same, or made from the entries
 * before it.  False: told why. */
static bool
rules_use(struct run *run, const struct entry *entry, struct ruleset *set, const struct scorer_limits *limits)
{
	struct restored *restored = run->restored;
	struct ruleset *old = NULL;
	if (!restored->scorer) {
		restored->scorer = scorer_open(set, limits);
	} else if (entry->rules.backfilled) {
		struct scorer *fresh = backfill_until(run->config->archive.dir, run->options, set, limits, entry->position, &run->diags);
		if (!fresh)
			return false;
		scorer_adopt(fresh, restored->scorer);
		scorer_close(restored->scorer);
		restored->scorer = fresh;
		old = restored->rules;
	} else {
		scorer_use(restored->scorer, set, &old);
	}
	if (old == set) {
		log_say(LEVEL_ERROR, "档案中的规则集 %s 接不上前一个", "the ruleset %s of the archive does not follow the one before it", set->digest);
		return false;
	}
	restored->rules = set;
	if (old)
		ruleset_free(old);
	return true;
}

/* Lines of what is judged again by other rules belong to no record, as those of a tick. */
static void
rules_rejudge(struct run *run, const struct entry *entry)
{
	struct restored *restored = run->restored;
	bool more = true;
	run->batch.first = entry->position;
	while (more) {
		more = scorer_rejudge(restored->scorer, &run->scored);
		run->taker->lines(run->taker->context, restored->rules, &run->batch, 0, 0, &run->scored, entry->position);
	}
}

static int
rules_take(struct run *run, const struct entry *entry)
{
	struct restored *restored = run->restored;
	struct snapshot_head *head = &restored->head;
	bool same_rules = restored->rules && slice_equal(slice_of(restored->rules->digest), entry->rules.digest);
	struct ruleset *set = same_rules ? NULL : stored_rules(run, entry->rules.digest);
	if (!same_rules && !set)
		return EX_DATAERR;
	if (restored->scorer)
		head->one_ruleset = head->one_ruleset && same_rules && archive_settings_alike(&head->settings, &entry->rules.settings);
	head->settings = entry->rules.settings;
	struct scorer_limits limits = limits_of(&head->settings, run->key);
	if (set && !rules_use(run, entry, set, &limits)) {
		ruleset_free(set);
		return EX_DATAERR;
	}
	scorer_set_limits(restored->scorer, &limits);
	strcpy(head->ruleset, restored->rules->digest);
	batch_reopen(run);
	if (set && entry->rules.rejudged)
		rules_rejudge(run, entry);
	return 0;
}

/* A tick's lines belong to no record: the batch is empty, and its first position is the tick's. */
static void
tick_take(struct run *run, const struct entry *entry)
{
	struct restored *restored = run->restored;
	run->batch.first = entry->position;
	scorer_tick(restored->scorer, entry->tick.time, &run->scored);
	run->taker->lines(run->taker->context, restored->rules, &run->batch, 0, 0, &run->scored, entry->position);
}

static int
entry_take(struct run *run, const struct entry *entry)
{
	if (entry->kind == ENTRY_RECORD)
		return record_take(run, entry);
	batch_judge(run);
	if (entry->kind == ENTRY_RULES)
		return rules_take(run, entry);
	if (entry->kind == ENTRY_TICK && run->restored->scorer)
		tick_take(run, entry);
	return 0;
}

#define ENTRIES_BETWEEN_LOOKS 4096

static int
entries_take(struct run *run, uint64_t until)
{
	struct restored *restored = run->restored;
	struct entry entry;
	int result = 0;
	while (!result && restored->head.position < until) {
		enum archive_step found = archive_reader_next(run->reader, &entry);
		if (found == ARCHIVE_DAMAGED)
			return EX_DATAERR;
		if (found == ARCHIVE_END)
			break;
		cursors_note(&restored->head.cursors, &entry);
		result = entry_take(run, &entry);
		restored->head.position = entry.position + 1;
		if (++restored->entries % ENTRIES_BETWEEN_LOOKS)
			continue;
		archive_recycle(run->reader);
		atomic_store(&run->status->recovered, restored->entries);
		atomic_store(&run->status->turn_ns, clock_monotonic_ns());
		notify_alive(clock_monotonic_ns());
		if (*run->taker->stop)
			return EX_TEMPFAIL;
	}
	batch_judge(run);
	if (!result && until != UINT64_MAX && restored->head.position != until) {
		log_say(LEVEL_ERROR, "档案只到 %llu，没有位置 %llu", "the archive ends at %llu, there is no position %llu",
		    (unsigned long long)restored->head.position, (unsigned long long)until);
		result = EX_DATAERR;
	}
	return result;
}

int
restore_run(struct restored *restored, const struct config *config, const struct archive_options *options, const struct key *key, uint64_t until,
    const struct restore_taker *taker, struct status *status)
{
	*restored = (struct restored){0};
	struct run run = {.restored = restored, .config = config, .options = options, .key = key, .taker = taker, .status = status};
	enum archive_failure failure;
	names_init(&run.sources);
	run.scored.fate = memory_resize(NULL, BATCH_RECORDS * sizeof *run.scored.fate);
	step("recover_begin");
	snapshot_find(&run, until);
	if (restored->scorer)
		batch_reopen(&run);
	step("recover_tail");
	run.reader = archive_read(config->archive.dir, options, restored->from, &failure, &run.diags);
	int result = !run.reader ? failure == ARCHIVE_KEY ? EX_CONFIG : EX_DATAERR : entries_take(&run, until);
	log_diags(&run.diags);
	if (run.reader)
		archive_reader_free(run.reader);
	if (run.batch_open)
		batch_free(&run.batch);
	free(run.scored.fate);
	atomic_store(&status->recovered, restored->entries);
	restored->sources = run.sources;
	diags_free(&run.diags);
	return result;
}

void
restored_free(struct restored *restored)
{
	if (restored->scorer)
		scorer_close(restored->scorer);
	if (restored->rules)
		ruleset_free(restored->rules);
	snapshot_head_free(&restored->head);
	names_free(&restored->sources);
}
