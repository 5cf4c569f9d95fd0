/* Which rules judge: how a set that was loaded takes over between two batches, or is refused, and what is told of it. */
#include "daemon/pipeline.h"

#include "core/base/step.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <string.h>

/* ---- taking over ---- */

static bool
is_stored(int error)
{
	if (error)
		log_say(LEVEL_ERROR, "规则集存不进档案：%s；不采用", "the ruleset cannot be stored in the archive: %s; it is not used", strerror(error));
	return !error;
}

bool
rules_store(struct pipeline *pipeline, const struct ruleset *set)
{
	return is_stored(pipeline->archivist ? archive_store_ruleset(pipeline->config->archive.dir, set) : 0);
}

uint64_t
rules_note(struct pipeline *pipeline, bool rejudged, bool backfilled)
{
	struct entry entry = {.kind = ENTRY_RULES, .rules = {slice_of(pipeline->rules->digest), pipeline->settings, rejudged, backfilled}};
	uint64_t position = pipeline->judged;
	if (pipeline->archivist) {
		position = archivist_entry(pipeline->archivist, &entry);
		pipeline->judged = position + 1;
	}
	atomic_store(&pipeline->status->rules_loaded_wall_ms, clock_wall_ms());
	count_add(&pipeline->status->rules_generation, 1);
	return position;
}

static void
change_tell(struct pipeline *pipeline, const struct outcome *outcome, const char *old_digest, bool backfilled)
{
	struct status *status = pipeline->status;
	atomic_store(&status->rules_kept_bytes, outcome->change.kept_bytes);
	atomic_store(&status->rules_new_bytes, outcome->change.new_bytes);
	atomic_store(&status->rules_dropped_bytes, outcome->change.dropped_bytes);
	log_say(LEVEL_INFO, "已采用新规则 %s，取代 %s；状态保留 %llu 字节，新增 %llu 字节，丢弃 %llu 字节",
	    "new rules %s in place of %s; bytes of state kept %llu, new %llu, dropped %llu", pipeline->rules->digest, old_digest,
	    (unsigned long long)outcome->change.kept_bytes, (unsigned long long)outcome->change.new_bytes, (unsigned long long)outcome->change.dropped_bytes);
	feed_rules_changed(&pipeline->feed, &(struct rules_change){old_digest, pipeline->rules->digest, count_get(&status->rules_generation),
	    {outcome->state.data, outcome->state.length}, outcome->position, pipeline->archivist != NULL, backfilled});
}

/* What stands is judged again by the new law: its lines are those of the entry. */
static void
rules_rejudge(struct pipeline *pipeline, uint64_t position)
{
	struct scored scored = {.fate = pipeline->fate};
	bool more = true;
	while (more) {
		more = scorer_rejudge(pipeline->scorer, &scored);
		feed_outputs(&pipeline->feed, pipeline->rules, NULL, 0, 0, &scored, position);
	}
}

/* The scorer judges by the set from here on. */
static void
rules_begin_to_hold(struct pipeline *pipeline, struct ruleset *set, bool backfilled, struct outcome *outcome)
{
	struct ruleset *old = pipeline->rules;
	pipeline->rules = set;
	if (pipeline->ownership)
		ownership_use(pipeline->ownership, set);
	step("before_rules");
	outcome->position = rules_note(pipeline, true, backfilled);
	step("after_rules");
	change_tell(pipeline, outcome, old->digest, backfilled);
	rules_rejudge(pipeline, outcome->position);
	ruleset_free(old);
}

/* The set is the scorer's from now on, or still the caller's. */
static enum reload_result
swap(struct pipeline *pipeline, struct ruleset *set, struct outcome *outcome)
{
	struct ruleset *old = NULL;
	const char *state = scorer_use(pipeline->scorer, set, &old);
	if (old == set) {
		log_say(LEVEL_ERROR, "新规则未采用，旧规则继续运行：%s", "the new rules are refused, the old ones go on: %s", state);
		return RESULT_MOVES_POOL;
	}
	rules_begin_to_hold(pipeline, set, false, outcome);
	return RESULT_TAKEN;
}

static void
drop_tell(const struct outcome *outcome)
{
	log_say(LEVEL_ERROR, "新规则会丢弃 %llu 字节的状态，未采用，旧规则继续运行；确要丢弃，用 fundwatchd --reload --accept-drop：%.*s",
	    "the new rules would drop %llu bytes of state and are refused, the old ones go on; to drop it all the same: fundwatchd --reload --accept-drop: %.*s",
	    (unsigned long long)outcome->change.dropped_bytes, (int)outcome->state.length, outcome->state.data);
}

/* ---- filling from the archive ---- */

#define HOLD_ENTRIES 8192       /* so near to the end judging waits for the fill: some milliseconds of work */

static uint64_t
synced_of(const struct pipeline *pipeline)
{
	return archivist_synced(pipeline->archivist);
}

/* Takes over the load, or says why not. */
static enum reload_result
filling_begin(struct pipeline *pipeline, struct loaded *loaded)
{
	struct filling *filling = &pipeline->filling;
	if (scorer_moves_pool(pipeline->scorer, loaded->set))
		return RESULT_MOVES_POOL;
	if (!pipeline->archivist)
		return RESULT_NO_BACKFILL;
	filling->fill = fill_begin(pipeline->config, &pipeline->settings, pipeline->key, loaded->set, synced_of(pipeline), pipeline->wake_fd, &loaded->diags);
	if (!filling->fill)
		return RESULT_NO_BACKFILL;
	filling->loaded = *loaded;
	filling->begin_ns = clock_monotonic_ns();
	atomic_store(&pipeline->status->backfilling, true);
	log_say(LEVEL_INFO, "新增的状态先从档案回填，条目数 %llu；判定照常进行", "what is new is filled from the archive first, entries: %llu; judging goes on",
	    (unsigned long long)pipeline->judged);
	return RESULT_FILLING;
}

/* True: everything that was judged is in the fill too and nothing is being judged, or it failed. */
static bool
filling_look(struct pipeline *pipeline)
{
	struct filling *filling = &pipeline->filling;
	uint64_t position = fill_position(filling->fill);
	atomic_store(&pipeline->status->backfill_entries, position);
	atomic_store(&pipeline->status->backfill_ns, (uint64_t)(clock_monotonic_ns() - filling->begin_ns));
	if (fill_state(filling->fill) == FILL_FAILED)
		return true;
	fill_target(filling->fill, synced_of(pipeline));
	if (!filling->hold && pipeline->judged - position <= HOLD_ENTRIES) {
		filling->hold = true;
		filling->hold_ns = clock_monotonic_ns();
	}
	return filling->hold && synced_of(pipeline) >= pipeline->judged && fill_state(filling->fill) == FILL_REACHED;
}

static enum reload_result
adopt(struct pipeline *pipeline, struct outcome *outcome)
{
	struct filling *filling = &pipeline->filling;
	struct ruleset *set = filling->loaded.set;
	struct scorer_limits limits = limits_of(&pipeline->settings, pipeline->key);
	if (fill_state(filling->fill) == FILL_FAILED) {
		fill_end(filling->fill, &filling->loaded.diags);
		return RESULT_NO_BACKFILL;
	}
	struct scorer *fresh = fill_take(filling->fill);
	outcome->change = scorer_compare(pipeline->scorer, set, true, &outcome->state);
	scorer_adopt(fresh, pipeline->scorer);
	scorer_set_limits(fresh, &limits);
	scorer_close(pipeline->scorer);
	pipeline->scorer = fresh;
	rules_begin_to_hold(pipeline, set, true, outcome);
	return RESULT_TAKEN;
}

/* ---- deciding ---- */

static enum reload_result
decide(struct pipeline *pipeline, struct loaded *loaded, struct outcome *outcome)
{
	if (!loaded->set)
		return RESULT_REFUSED;
	if (strcmp(loaded->set->digest, pipeline->rules->digest) == 0)
		return RESULT_UNCHANGED;
	if (!is_stored(loaded->store_error))
		return RESULT_FAILED;
	int64_t begin = clock_monotonic_ns();
	outcome->change = scorer_compare(pipeline->scorer, loaded->set, loaded->can_backfill, &outcome->state);
	if (outcome->change.dropped_bytes && !loaded->wish.accept_drop && !pipeline->config->accept_drop)
		return RESULT_WOULD_DROP;
	if (loaded->wish.backfill && outcome->change.new_aggregates)
		return filling_begin(pipeline, loaded);
	enum reload_result result = swap(pipeline, loaded->set, outcome);
	outcome->pause_ns = clock_monotonic_ns() - begin;
	return result;
}

bool
pipeline_rules(struct pipeline *pipeline, struct ruleset *set)
{
	struct outcome outcome = {0};
	outcome.change = scorer_compare(pipeline->scorer, set, false, &outcome.state);
	outcome.result = rules_store(pipeline, set) ? swap(pipeline, set, &outcome) : RESULT_FAILED;
	if (outcome.result != RESULT_TAKEN)
		ruleset_free(set);
	else if (outcome.change.dropped_bytes)
		log_say(LEVEL_WARNING, "启动时的新规则丢弃了状态，字节数 %llu", "the rules of this start dropped state, bytes: %llu", (unsigned long long)outcome.change.dropped_bytes);
	buffer_free(&outcome.state);
	return outcome.result == RESULT_TAKEN;
}

/* ---- what is told ---- */

/* The watch of the folders asks again and again: the same refusal is told once. */
static bool
was_told(struct pipeline *pipeline, const struct loaded *loaded, const struct outcome *outcome)
{
	struct buffer text = {0};
	uint8_t digest[DIGEST_BYTES];
	json_open(&text, '{');
	json_key(&text, "result");
	json_text(&text, result_names[outcome->result]);
	json_key(&text, "ruleset");
	json_text(&text, loaded->set ? loaded->set->digest : NULL);
	answer_diags(&text, &loaded->diags);
	sha256(text.data, text.length, digest);
	buffer_free(&text);
	bool same = memcmp(digest, pipeline->refused_digest, sizeof digest) == 0;
	memcpy(pipeline->refused_digest, digest, sizeof digest);
	return same && loaded->wish.quietly;
}

static void
refusal_tell(struct pipeline *pipeline, const struct loaded *loaded, const struct outcome *outcome)
{
	if (was_told(pipeline, loaded, outcome))
		return;
	log_diags(&loaded->diags);
	if (outcome->result == RESULT_REFUSED)
		log_say(LEVEL_ERROR, "新规则有 %zu 处错误，未采用；旧规则继续运行", "the new rules are refused, errors: %zu; the old ones go on", loaded->diags.errors);
	else if (outcome->result == RESULT_WOULD_DROP)
		drop_tell(outcome);
	else if (outcome->result == RESULT_NO_BACKFILL)
		log_say(LEVEL_ERROR, "不能从档案回填，新规则未采用%s", "nothing can be filled from the archive, the new rules are not taken%s", "");
}

static void
result_note(struct pipeline *pipeline, const struct loaded *loaded, const struct outcome *outcome)
{
	struct status *status = pipeline->status;
	bool good = outcome->result == RESULT_TAKEN || outcome->result == RESULT_UNCHANGED;
	atomic_store(&status->rules_reload_ok, good);
	atomic_store(&status->rules_reload_wall_ms, clock_wall_ms());
	atomic_store(&status->rules_load_ns, (uint64_t)loaded->load_ns);
	atomic_store(&status->rules_pause_ns, (uint64_t)outcome->pause_ns);
	count_add(good ? &status->rules_reloads : &status->rules_refusals, 1);
	if (good)
		memset(pipeline->refused_digest, 0, sizeof pipeline->refused_digest);
	if (outcome->result == RESULT_UNCHANGED)
		log_say(LEVEL_INFO, "规则没有变化（%s）", "the rules have not changed (%s)", pipeline->rules->digest);
	else if (good)
		log_diags(&loaded->diags);
	else
		refusal_tell(pipeline, loaded, outcome);
	notify_ready(good ? "running" : "rules refused, the old ones run");
}

static void
finish(struct pipeline *pipeline, struct loaded *loaded, struct outcome *outcome)
{
	struct buffer answer = {0};
	result_note(pipeline, loaded, outcome);
	outcome->ruleset = pipeline->rules->digest;
	outcome->generation = count_get(&pipeline->status->rules_generation);
	outcome->is_archived = pipeline->archivist != NULL;
	answer_write(&answer, loaded, outcome);
	reload_tell(&pipeline->reload, (struct slice){answer.data, answer.length}, outcome->result == RESULT_TAKEN ? outcome->position + 1 : 0);
	if (loaded->set && outcome->result != RESULT_TAKEN)
		ruleset_free(loaded->set);
	diags_free(&loaded->diags);
	buffer_free(&outcome->state);
	buffer_free(&answer);
}

static bool
filling_step(struct pipeline *pipeline)
{
	struct filling *filling = &pipeline->filling;
	struct outcome outcome = {0};
	if (!filling_look(pipeline))
		return false;
	outcome.fill_entries = fill_position(filling->fill);
	outcome.fill_ns = clock_monotonic_ns() - filling->begin_ns;
	outcome.result = adopt(pipeline, &outcome);
	outcome.pause_ns = filling->hold ? clock_monotonic_ns() - filling->hold_ns : 0;
	struct loaded loaded = filling->loaded;
	*filling = (struct filling){0};
	atomic_store(&pipeline->status->backfilling, false);
	finish(pipeline, &loaded, &outcome);
	return true;
}

bool
pipeline_reload(struct pipeline *pipeline)
{
	struct loaded loaded;
	if (pipeline->filling.fill)
		return filling_step(pipeline);
	if (!reload_step(&pipeline->reload, &loaded))
		return false;
	struct outcome outcome = {0};
	outcome.result = decide(pipeline, &loaded, &outcome);
	if (outcome.result == RESULT_FILLING)
		buffer_free(&outcome.state);
	else
		finish(pipeline, &loaded, &outcome);
	return true;
}

void
pipeline_ask_no_more(struct pipeline *pipeline)
{
	struct filling *filling = &pipeline->filling;
	struct buffer answer = {0};
	if (filling->fill) {
		fill_end(filling->fill, &filling->loaded.diags);
		diags_free(&filling->loaded.diags);
		ruleset_free(filling->loaded.set);
		*filling = (struct filling){0};
	}
	answer_short(&answer, RESULT_STOPPING);
	reload_stop(&pipeline->reload, (struct slice){answer.data, answer.length});
	buffer_free(&answer);
}
