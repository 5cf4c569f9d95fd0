/* See reload.h. */
#include "daemon/reload.h"

#include "core/archive/archive.h"
#include "core/base/memory.h"
#include "core/score/scorer.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "detectors/registry.h"

#include <stdlib.h>
#include <unistd.h>

#ifndef FW_DATA_DIR
#define FW_DATA_DIR "/usr/local/share/fundwatch"
#endif

struct ask {
	struct ask *next;
	struct reload_wish wish;
	int wake_fd;                    /* -1: nobody waits */
	uint64_t position;              /* in `syncing`: entries below must be on disk */
	bool is_answered;
	struct buffer answer;
};

const char *
rules_folder(const struct config *config)
{
	return config->rules[0] ? config->rules : FW_DATA_DIR "/rules";
}

struct ruleset *
rules_load(const struct config *config, struct diags *diags)
{
	struct ruleset *set = ruleset_load(detectors_registry(), rules_folder(config), config->tables[0] ? config->tables : NULL, diags);
	size_t failed = 0;
	if (set)
		trial_run(set, diags, &failed);
	if (!failed)
		return set;
	ruleset_free(set);
	return NULL;
}

void
reload_init(struct reload *reload, const struct config *config, struct status *status)
{
	*reload = (struct reload){.config = config, .status = status};
	pthread_mutex_init(&reload->lock, NULL);
}

/* ---- asking ---- */

static struct ask *
ask_add(struct reload *reload, struct reload_wish wish, int wake_fd)
{
	struct ask *ask = memory_resize(NULL, sizeof *ask);
	*ask = (struct ask){.wish = wish, .wake_fd = wake_fd};
	pthread_mutex_lock(&reload->lock);
	bool stopping = reload->stopping;
	struct ask **last = &reload->waiting;
	while (*last)
		last = &(*last)->next;
	if (!stopping)
		*last = ask;
	pthread_mutex_unlock(&reload->lock);
	if (!stopping)
		return ask;
	free(ask);
	return NULL;
}

void
reload_ask(struct reload *reload, struct reload_wish wish)
{
	ask_add(reload, wish, -1);
}

struct ask *
reload_post(struct reload *reload, struct reload_wish wish, int wake_fd)
{
	return ask_add(reload, wish, wake_fd);
}

static void
ask_free(struct ask *ask)
{
	buffer_free(&ask->answer);
	free(ask);
}

bool
reload_answer(struct reload *reload, struct ask *ask, struct buffer *answer)
{
	pthread_mutex_lock(&reload->lock);
	bool is_answered = ask->is_answered;
	pthread_mutex_unlock(&reload->lock);
	if (!is_answered)
		return false;
	buffer_add(answer, ask->answer.data, ask->answer.length);
	ask_free(ask);
	return true;
}

void
reload_abandon(struct reload *reload, struct ask *ask)
{
	pthread_mutex_lock(&reload->lock);
	bool is_answered = ask->is_answered;
	ask->wake_fd = -1;
	pthread_mutex_unlock(&reload->lock);
	if (is_answered)
		ask_free(ask);
}

/* ---- answering; the lock is held ---- */

static void
ask_done(struct ask *ask)
{
	uint64_t one = 1;
	if (ask->wake_fd < 0) {
		ask_free(ask);
		return;
	}
	ask->is_answered = true;
	if (write(ask->wake_fd, &one, sizeof one) < 0)
		return;         /* the counter is full: it is awake */
}

static void
list_tell(struct ask *list, struct slice answer)
{
	while (list) {
		struct ask *ask = list;
		list = ask->next;
		ask->answer.length = 0;
		buffer_add(&ask->answer, answer.data, answer.length);
		ask_done(ask);
	}
}

void
reload_tell(struct reload *reload, struct slice answer, uint64_t position)
{
	pthread_mutex_lock(&reload->lock);
	while (reload->served) {
		struct ask *ask = reload->served;
		reload->served = ask->next;
		ask->next = reload->syncing;
		ask->position = position;
		buffer_add(&ask->answer, answer.data, answer.length);
		reload->syncing = ask;
	}
	pthread_mutex_unlock(&reload->lock);
}

void
reload_synced(struct reload *reload, uint64_t synced)
{
	pthread_mutex_lock(&reload->lock);
	for (struct ask **place = &reload->syncing; *place;) {
		struct ask *ask = *place;
		if (ask->position > synced) {
			place = &ask->next;
			continue;
		}
		*place = ask->next;
		ask_done(ask);
	}
	pthread_mutex_unlock(&reload->lock);
}

/* ---- loading ---- */

static bool
is_past_whole(const struct config *config)
{
	struct archive_segment *segment = NULL;
	struct diags diags = {0};
	enum archive_failure failure;
	size_t count = 0;
	bool whole = config->archive.dir[0] && archive_list(config->archive.dir, &segment, &count, &failure, &diags) && count && segment[0].first == 0;
	free(segment);
	diags_free(&diags);
	return whole;
}

static void *
reload_run(void *opaque)
{
	struct reload *reload = opaque;
	int64_t begin = clock_monotonic_ns();
	struct ruleset *set = reload->loaded.set = rules_load(reload->config, &reload->loaded.diags);
	/* Here and not at the swap: syncs take longer than judging may stand still. */
	reload->loaded.store_error = set && reload->config->archive.dir[0] ? archive_store_ruleset(reload->config->archive.dir, set) : 0;
	reload->loaded.can_backfill = is_past_whole(reload->config);
	reload->loaded.load_ns = clock_monotonic_ns() - begin;
	atomic_store(&reload->finished, true);
	return NULL;
}

static bool
same_wish(struct reload_wish a, struct reload_wish b)
{
	return a.accept_drop == b.accept_drop && a.backfill == b.backfill && a.quietly == b.quietly;
}

/* All who wish the same as the first, in their order; the others are next. */
static bool
asks_take(struct reload *reload)
{
	struct ask **last = &reload->served;
	pthread_mutex_lock(&reload->lock);
	bool any = reload->waiting && !reload->stopping;
	if (any)
		reload->loaded.wish = reload->waiting->wish;
	for (struct ask **place = &reload->waiting; any && *place;) {
		struct ask *ask = *place;
		if (!same_wish(ask->wish, reload->loaded.wish)) {
			place = &ask->next;
			continue;
		}
		*place = ask->next;
		ask->next = NULL;
		*last = ask;
		last = &ask->next;
	}
	pthread_mutex_unlock(&reload->lock);
	return any;
}

static void
begin(struct reload *reload)
{
	notify_reloading(clock_monotonic_ns());
	log_say(LEVEL_INFO, "重新读取规则%s", "reading the rules again%s", "");
	atomic_store(&reload->status->rules_reloading, true);
	atomic_store(&reload->finished, false);
	reload->running = true;
	if (pthread_create(&reload->thread, NULL, reload_run, reload) == 0)
		return;
	reload_run(reload);     /* no thread can be made: judging waits */
	reload->thread = pthread_self();
}

static void
join(struct reload *reload)
{
	if (!pthread_equal(reload->thread, pthread_self()))
		pthread_join(reload->thread, NULL);
	reload->running = false;
	atomic_store(&reload->status->rules_reloading, false);
}

bool
reload_step(struct reload *reload, struct loaded *loaded)
{
	if (!reload->running && asks_take(reload))
		begin(reload);
	if (!reload->running || !atomic_load(&reload->finished))
		return false;
	join(reload);
	*loaded = reload->loaded;
	reload->loaded = (struct loaded){0};
	return true;
}

/* ---- the end ---- */

void
reload_stop(struct reload *reload, struct slice answer)
{
	if (reload->running) {
		join(reload);
		if (reload->loaded.set)
			ruleset_free(reload->loaded.set);
		diags_free(&reload->loaded.diags);
	}
	pthread_mutex_lock(&reload->lock);
	reload->stopping = true;
	list_tell(reload->syncing, answer);     /* done, but nobody knows whether it is on disk */
	list_tell(reload->served, answer);
	list_tell(reload->waiting, answer);
	reload->syncing = reload->served = reload->waiting = NULL;
	pthread_mutex_unlock(&reload->lock);
}

void
reload_close(struct reload *reload)
{
	pthread_mutex_destroy(&reload->lock);
}
