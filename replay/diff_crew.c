/* Threads that judge: each takes the next side that nobody has taken yet.  The one who asks works too. */
#include "replay/diff.h"

#include <pthread.h>
#include <stdlib.h>

struct crew {
	struct diff_side *const *side;
	size_t sides, helpers;
	pthread_t *helper;
	pthread_mutex_t lock;
	pthread_cond_t begun, ended;
	const struct work *work;
	uint64_t round;
	size_t taken, done;             /* sides of this round */
	bool stop;
};

/* Sides of this round until none is left; the lock is held on entry and on return.  Every round begins with another side: who
 * decoded the records has them in its cache, and no side's measured time shall gain by that more than another's. */
static void
sides_take(struct crew *crew)
{
	while (crew->taken < crew->sides) {
		struct diff_side *side = crew->side[(crew->taken++ + crew->round) % crew->sides];
		const struct work *work = crew->work;
		pthread_mutex_unlock(&crew->lock);
		side_work(side, work);
		pthread_mutex_lock(&crew->lock);
		if (++crew->done == crew->sides)
			pthread_cond_signal(&crew->ended);
	}
}

static void *
help(void *context)
{
	struct crew *crew = context;
	uint64_t seen = 0;
	pthread_mutex_lock(&crew->lock);
	while (!crew->stop) {
		if (crew->round == seen) {
			pthread_cond_wait(&crew->begun, &crew->lock);
			continue;
		}
		seen = crew->round;
		sides_take(crew);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

struct crew *
crew_open(struct diff_side *const *side, size_t sides, size_t threads)
{
	struct crew *crew = memory_get(1, sizeof *crew);
	size_t wanted = (threads < sides ? threads : sides) - 1;
	crew->side = side;
	crew->sides = sides;
	crew->helper = memory_get(wanted, sizeof *crew->helper);
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->begun, NULL);
	pthread_cond_init(&crew->ended, NULL);
	/* Fewer threads than wanted are slower and nothing else. */
	while (crew->helpers < wanted && pthread_create(&crew->helper[crew->helpers], NULL, help, crew) == 0)
		crew->helpers++;
	return crew;
}

void
crew_work(struct crew *crew, const struct work *work)
{
	pthread_mutex_lock(&crew->lock);
	crew->work = work;
	crew->taken = crew->done = 0;
	crew->round++;
	pthread_cond_broadcast(&crew->begun);
	sides_take(crew);
	while (crew->done < crew->sides)
		pthread_cond_wait(&crew->ended, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
}

void
crew_close(struct crew *crew)
{
	if (!crew)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->stop = true;
	pthread_cond_broadcast(&crew->begun);
	pthread_mutex_unlock(&crew->lock);
	for (size_t i = 0; i < crew->helpers; i++)
		pthread_join(crew->helper[i], NULL);
	pthread_mutex_destroy(&crew->lock);
	pthread_cond_destroy(&crew->begun);
	pthread_cond_destroy(&crew->ended);
	free(crew->helper);
	free(crew);
}
