/* See fill.h. */
#include "daemon/fill.h"

#include "core/archive/backfill.h"
#include "core/base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICE 10                         /* judging comes first */

struct fill {
	struct backfill *backfill;
	struct diags diags;             /* of the backfill; the thread's until it is joined */
	int wake_fd;
	_Atomic bool stop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t target;                /* guarded by the lock, like the next */
	bool failed;
};

static void
wake(const struct fill *fill)
{
	uint64_t one = 1;
	if (write(fill->wake_fd, &one, sizeof one) < 0)
		return;         /* the counter is full: it is awake */
}

/* Waits until there is more than was reached or tried; false: stop. */
static bool
target_wait(struct fill *fill, uint64_t *tried)
{
	pthread_mutex_lock(&fill->lock);
	while (fill->target <= *tried && !atomic_load(&fill->stop))
		pthread_cond_wait(&fill->changed, &fill->lock);
	*tried = fill->target;
	pthread_mutex_unlock(&fill->lock);
	return !atomic_load(&fill->stop);
}

static void *
fill_run(void *opaque)
{
	struct fill *fill = opaque;
	uint64_t tried = 0;
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (target_wait(fill, &tried)) {
		enum backfill_step step = backfill_run(fill->backfill, tried, &fill->stop);
		bool failed = step == BACKFILL_FAILED || step == BACKFILL_BEHIND;       /* the target is on disk: it has to be there */
		pthread_mutex_lock(&fill->lock);
		fill->failed = failed;
		pthread_mutex_unlock(&fill->lock);
		wake(fill);
		if (failed)
			break;
	}
	return NULL;
}

struct fill *
fill_begin(const struct config *config, const struct entry_settings *settings, const struct key *key, struct ruleset *set, uint64_t target, int wake_fd,
    struct diags *diags)
{
	struct archive_options options;
	struct scorer_limits limits = limits_of(settings, key);
	struct fill *fill = memory_resize(NULL, sizeof *fill);
	*fill = (struct fill){.target = target, .wake_fd = wake_fd};
	fill->backfill = archive_options_of(config, &options, diags) ? backfill_open(config->archive.dir, &options, set, &limits, &fill->diags) : NULL;
	pthread_mutex_init(&fill->lock, NULL);
	pthread_cond_init(&fill->changed, NULL);
	if (fill->backfill && pthread_create(&fill->thread, NULL, fill_run, fill) == 0)
		return fill;
	atomic_store(&fill->stop, true);
	fill->thread = pthread_self();
	fill_end(fill, diags);
	return NULL;
}

void
fill_target(struct fill *fill, uint64_t target)
{
	pthread_mutex_lock(&fill->lock);
	if (target > fill->target) {
		fill->target = target;
		pthread_cond_signal(&fill->changed);
	}
	pthread_mutex_unlock(&fill->lock);
}

uint64_t
fill_position(const struct fill *fill)
{
	return backfill_position(fill->backfill);
}

enum fill_state
fill_state(struct fill *fill)
{
	pthread_mutex_lock(&fill->lock);
	bool failed = fill->failed;
	uint64_t target = fill->target;
	pthread_mutex_unlock(&fill->lock);
	return failed ? FILL_FAILED : fill_position(fill) >= target ? FILL_REACHED : FILL_RUNNING;
}

static void
join(struct fill *fill)
{
	pthread_mutex_lock(&fill->lock);
	atomic_store(&fill->stop, true);
	pthread_cond_signal(&fill->changed);
	pthread_mutex_unlock(&fill->lock);
	if (!pthread_equal(fill->thread, pthread_self()))
		pthread_join(fill->thread, NULL);
	pthread_mutex_destroy(&fill->lock);
	pthread_cond_destroy(&fill->changed);
}

static void
diags_move(struct diags *to, const struct diags *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct diag *diag = &from->list[i];
		diag_add(to, diag->level, diag->file, diag->line, diag->column, diag->width, diag->source_line, diag->message[LANGUAGE_ZH],
		    diag->message[LANGUAGE_EN], diag->hint[LANGUAGE_ZH], diag->hint[LANGUAGE_EN]);
	}
}

struct scorer *
fill_take(struct fill *fill)
{
	join(fill);
	struct scorer *scorer = backfill_take(fill->backfill);
	diags_free(&fill->diags);
	free(fill);
	return scorer;
}

void
fill_end(struct fill *fill, struct diags *diags)
{
	if (!fill)
		return;
	join(fill);
	backfill_close(fill->backfill);
	diags_move(diags, &fill->diags);
	diags_free(&fill->diags);
	free(fill);
}
