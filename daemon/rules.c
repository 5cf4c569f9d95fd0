/* Which rules judge: how a set that was loaded takes over between two batches, or is refused, and what is told of it. */
#include "daemon/pipeline.h"

#include "core/base/step.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <string.h>

#define DIAGNOSTICS_MAX 10000

static const char *const result_names[] = {
	[RESULT_TAKEN] = "taken", [RESULT_UNCHANGED] = "unchanged", [RESULT_REFUSED] = "refused", [RESULT_WOULD_DROP] = "would_drop",
	[RESULT_MOVES_POOL] = "moves_pool", [RESULT_NO_BACKFILL] = "no_backfill", [RESULT_FAILED] = "failed", [RESULT_STOPPING] = "stopping",
};

struct outcome {                        /* what became of one set */
	enum reload_result result;
	struct buffer state;            /* JSON of scorer_compare; empty: it was not compared */
	struct state_change change;
	uint64_t position;              /* of its entry in the archive */
	int64_t pause_ns;
};

/* ---- the answer ---- */

static void
field_text(struct buffer *out, const char *name, const char *text)
{
	json_key(out, name);
	json_text(out, text);
}

static void
field_unsigned(struct buffer *out, const char *name, uint64_t value)
{
	json_key(out, name);
	json_unsigned(out, value);
}

static void
diag_write(struct buffer *out, const struct diag *diag)
{
	json_open(out, '{');
	field_text(out, "level", diag->level == DIAG_ERROR ? "error" : "warning");
	field_text(out, "code", diag->code);
	field_text(out, "file", diag->file);
	field_unsigned(out, "line", (uint64_t)diag->line);
	field_unsigned(out, "column", (uint64_t)diag->column);
	field_unsigned(out, "width", (uint64_t)diag->width);
	field_text(out, "source_line", diag->source_line);
	field_text(out, "zh", diag->message[LANGUAGE_ZH]);
	field_text(out, "en", diag->message[LANGUAGE_EN]);
	field_text(out, "hint_zh", diag->hint[LANGUAGE_ZH]);
	field_text(out, "hint_en", diag->hint[LANGUAGE_EN]);
	json_close(out, '}');
}

static void
diags_write(struct buffer *out, const struct diags *diags)
{
	json_key(out, "diagnostics");
	json_open(out, '[');
	for (size_t i = 0; i < diags->count && i < DIAGNOSTICS_MAX; i++)
		diag_write(out, &diags->list[i]);
	json_close(out, ']');
}

static void
answer_write(struct buffer *out, const struct pipeline *pipeline, const struct loaded *loaded, const struct outcome *outcome)
{
	json_open(out, '{');
	field_text(out, "answer", "reload");
	field_text(out, "result", result_names[outcome->result]);
	field_text(out, "ruleset", pipeline->rules->digest);
	field_unsigned(out, "generation", count_get(&pipeline->status->rules_generation));
	json_key(out, "position");
	if (outcome->result == RESULT_TAKEN && pipeline->archivist)
		json_unsigned(out, outcome->position);
	else
		json_null(out);
	field_unsigned(out, "load_ns", (uint64_t)loaded->load_ns);
	field_unsigned(out, "pause_ns", (uint64_t)outcome->pause_ns);
	json_key(out, "state");
	if (outcome->state.length)
		buffer_add(out, outcome->state.data, outcome->state.length);
	else
		json_null(out);
	field_unsigned(out, "errors", loaded->diags.errors);
	diags_write(out, &loaded->diags);
	json_close(out, '}');
}

void
pipeline_ask_no_more(struct pipeline *pipeline)
{
	struct buffer out = {0};
	json_open(&out, '{');
	field_text(&out, "answer", "reload");
	field_text(&out, "result", result_names[RESULT_STOPPING]);
	json_close(&out, '}');
	reload_stop(&pipeline->reload, (struct slice){out.data, out.length});
	buffer_free(&out);
}

/* ---- taking over ---- */

bool
rules_store(struct pipeline *pipeline, const struct ruleset *set)
{
	int error = pipeline->archivist ? archive_store_ruleset(pipeline->config->archive.dir, set) : 0;
	if (error)
		log_say(LEVEL_ERROR, "规则集存不进档案：%s；不采用", "the ruleset cannot be stored in the archive: %s; it is not used", strerror(error));
	return !error;
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
change_tell(struct pipeline *pipeline, const struct outcome *outcome, const char *old_digest)
{
	struct status *status = pipeline->status;
	atomic_store(&status->rules_kept_bytes, outcome->change.kept_bytes);
	atomic_store(&status->rules_new_bytes, outcome->change.new_bytes);
	atomic_store(&status->rules_dropped_bytes, outcome->change.dropped_bytes);
	log_say(LEVEL_INFO, "已采用新规则 %s，取代 %s；状态保留 %llu 字节，新增 %llu 字节，丢弃 %llu 字节",
	    "new rules %s in place of %s; bytes of state kept %llu, new %llu, dropped %llu", pipeline->rules->digest, old_digest,
	    (unsigned long long)outcome->change.kept_bytes, (unsigned long long)outcome->change.new_bytes, (unsigned long long)outcome->change.dropped_bytes);
	feed_rules_changed(&pipeline->feed, &(struct rules_change){old_digest, pipeline->rules->digest, count_get(&status->rules_generation),
	    {outcome->state.data, outcome->state.length}, outcome->position, pipeline->archivist != NULL});
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

/* The set is the scorer's from now on, or still the caller's. */
static enum reload_result
swap(struct pipeline *pipeline, struct ruleset *set, struct outcome *outcome)
{
	struct ruleset *old = NULL;
	if (!rules_store(pipeline, set))
		return RESULT_FAILED;
	const char *state = scorer_use(pipeline->scorer, set, &old);
	if (old == set) {
		log_say(LEVEL_ERROR, "新规则未采用，旧规则继续运行：%s", "the new rules are refused, the old ones go on: %s", state);
		return RESULT_MOVES_POOL;
	}
	pipeline->rules = set;
	if (pipeline->ownership)
		ownership_use(pipeline->ownership, set);
	step("before_rules");
	outcome->position = rules_note(pipeline, true, false);
	step("after_rules");
	change_tell(pipeline, outcome, old->digest);
	rules_rejudge(pipeline, outcome->position);
	ruleset_free(old);
	return RESULT_TAKEN;
}

static void
drop_tell(const struct outcome *outcome)
{
	log_say(LEVEL_ERROR, "新规则会丢弃 %llu 字节的状态，未采用，旧规则继续运行；确要丢弃，用 fundwatchd --reload --accept-drop：%.*s",
	    "the new rules would drop %llu bytes of state and are refused, the old ones go on; to drop it all the same: fundwatchd --reload --accept-drop: %.*s",
	    (unsigned long long)outcome->change.dropped_bytes, (int)outcome->state.length, outcome->state.data);
}

static enum reload_result
decide(struct pipeline *pipeline, const struct loaded *loaded, struct outcome *outcome)
{
	if (!loaded->set)
		return RESULT_REFUSED;
	if (strcmp(loaded->set->digest, pipeline->rules->digest) == 0)
		return RESULT_UNCHANGED;
	int64_t begin = clock_monotonic_ns();
	outcome->change = scorer_compare(pipeline->scorer, loaded->set, false, &outcome->state);
	if (loaded->wish.backfill)
		return RESULT_NO_BACKFILL;
	if (outcome->change.dropped_bytes && !loaded->wish.accept_drop && !pipeline->config->accept_drop)
		return RESULT_WOULD_DROP;
	enum reload_result result = swap(pipeline, loaded->set, outcome);
	outcome->pause_ns = clock_monotonic_ns() - begin;
	return result;
}

bool
pipeline_rules(struct pipeline *pipeline, struct ruleset *set)
{
	struct outcome outcome = {0};
	outcome.change = scorer_compare(pipeline->scorer, set, false, &outcome.state);
	outcome.result = swap(pipeline, set, &outcome);
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
	field_text(&text, "result", result_names[outcome->result]);
	field_text(&text, "ruleset", loaded->set ? loaded->set->digest : NULL);
	diags_write(&text, &loaded->diags);
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

bool
pipeline_reload(struct pipeline *pipeline)
{
	struct loaded loaded;
	if (!reload_step(&pipeline->reload, &loaded))
		return false;
	struct outcome outcome = {0};
	struct buffer answer = {0};
	outcome.result = decide(pipeline, &loaded, &outcome);
	result_note(pipeline, &loaded, &outcome);
	answer_write(&answer, pipeline, &loaded, &outcome);
	reload_tell(&pipeline->reload, (struct slice){answer.data, answer.length}, outcome.result == RESULT_TAKEN ? outcome.position + 1 : 0);
	if (loaded.set && outcome.result != RESULT_TAKEN)
		ruleset_free(loaded.set);
	diags_free(&loaded.diags);
	buffer_free(&outcome.state);
	buffer_free(&answer);
	return true;
}
