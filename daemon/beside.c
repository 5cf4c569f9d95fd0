/* See beside.h. */
#include "daemon/beside.h"

#include "core/base/memory.h"

#include <pthread.h>
#include <stdlib.h>

struct beside {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void (*work)(void *argument);   /* NULL: none; guarded by the lock, like all below */
	void *argument;
	bool stop;
};

static void *
beside_run(void *opaque)
{
	struct beside *beside = opaque;
	pthread_mutex_lock(&beside->lock);
	for (;;) {
		while (!beside->work && !beside->stop)
			pthread_cond_wait(&beside->changed, &beside->lock);
		if (!beside->work)
			break;
		pthread_mutex_unlock(&beside->lock);
		beside->work(beside->argument);
		pthread_mutex_lock(&beside->lock);
		beside->work = NULL;
		pthread_cond_broadcast(&beside->changed);
	}
	pthread_mutex_unlock(&beside->lock);
	return NULL;
}

struct beside *
beside_open(void)
{
	struct beside *beside = memory_resize(NULL, sizeof *beside);
	*beside = (struct beside){0};
	pthread_mutex_init(&beside->lock, NULL);
	pthread_cond_init(&beside->changed, NULL);
	if (pthread_create(&beside->thread, NULL, beside_run, beside) == 0)
		return beside;
	free(beside);
	return NULL;
}

static void
begin(void *context, void (*work)(void *argument), void *argument)
{
	struct beside *beside = context;
	pthread_mutex_lock(&beside->lock);
	beside->argument = argument;
	beside->work = work;
	pthread_cond_broadcast(&beside->changed);
	pthread_mutex_unlock(&beside->lock);
}

static void
finish(void *context)
{
	struct beside *beside = context;
	pthread_mutex_lock(&beside->lock);
	while (beside->work)
		pthread_cond_wait(&beside->changed, &beside->lock);
	pthread_mutex_unlock(&beside->lock);
}

struct snapshot_helper
beside_helper(struct beside *beside)
{
	return (struct snapshot_helper){begin, finish, beside};
}

void
beside_close(struct beside *beside)
{
	if (!beside)
		return;
	pthread_mutex_lock(&beside->lock);
	beside->stop = true;
	pthread_cond_broadcast(&beside->changed);
	pthread_mutex_unlock(&beside->lock);
	pthread_join(beside->thread, NULL);
	pthread_mutex_destroy(&beside->lock);
	pthread_cond_destroy(&beside->changed);
	free(beside);
}
