/* See reload.h. */
#include "daemon/reload.h"

#include "core/score/scorer.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "detectors/registry.h"

#ifndef FW_DATA_DIR
#define FW_DATA_DIR "/usr/local/share/fundwatch"
#endif

struct ruleset *
rules_load(const struct config *config, struct diags *diags)
{
	const char *rules = config->rules[0] ? config->rules : FW_DATA_DIR "/rules";
	struct ruleset *set = ruleset_load(detectors_registry(), rules, config->tables[0] ? config->tables : NULL, diags);
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
}

void
reload_ask(struct reload *reload)
{
	reload->wanted = true;
}

static void *
reload_run(void *opaque)
{
	struct reload *reload = opaque;
	struct diags diags = {0};
	reload->set = rules_load(reload->config, &diags);
	log_diags(&diags);
	if (!reload->set)
		log_say(LEVEL_ERROR, "新规则有 %zu 处错误，未采用；旧规则继续运行", "the new rules are refused, errors: %zu; the old ones go on", diags.errors);
	diags_free(&diags);
	atomic_store(&reload->finished, true);
	return NULL;
}

static void
begin(struct reload *reload)
{
	reload->wanted = false;
	notify_reloading(clock_monotonic_ns());
	log_say(LEVEL_INFO, "重新读取规则%s", "reading the rules again%s", "");
	atomic_store(&reload->finished, false);
	atomic_store(&reload->status->rules_reloading, true);
	reload->running = pthread_create(&reload->thread, NULL, reload_run, reload) == 0;
	if (!reload->running)
		log_say(LEVEL_ERROR, "无法创建线程，规则未重读%s", "no thread can be made, the rules are not read%s", "");
}

void
reload_refused(struct reload *reload)
{
	atomic_store(&reload->status->rules_reload_ok, false);
	count_add(&reload->status->rules_refusals, 1);
	notify_ready("rules refused, the old ones run");
}

struct ruleset *
reload_step(struct reload *reload)
{
	if (!reload->running && reload->wanted)
		begin(reload);
	if (!reload->running || !atomic_load(&reload->finished))
		return NULL;
	pthread_join(reload->thread, NULL);
	reload->running = false;
	struct ruleset *set = reload->set;
	reload->set = NULL;
	atomic_store(&reload->status->rules_reloading, false);
	if (set) {
		atomic_store(&reload->status->rules_reload_ok, true);
		count_add(&reload->status->rules_reloads, 1);
	} else {
		reload_refused(reload);
	}
	return set;
}

void
reload_close(struct reload *reload)
{
	if (!reload->running)
		return;
	pthread_join(reload->thread, NULL);
	if (reload->set)
		ruleset_free(reload->set);
}
