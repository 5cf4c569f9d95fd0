/* The archivist's thread: what it syncs together. */
#include "daemon/archivist.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "tests/unit/archive_checks.h"

#include <semaphore.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCHES 6

static sem_t at_sync, go_on;
static bool hold;
static const struct archive_options plain;

/* The archive says where it is (core/base/step.h): its first sync waits here. */
void fundwatch_step(const char *name);

void
fundwatch_step(const char *name)
{
	if (!hold || strcmp(name, "before_sync") != 0)
		return;
	hold = false;
	sem_post(&at_sync);
	sem_wait(&go_on);
}

static void
released(void *context, struct batch *batch)
{
	(void)context;
	atomic_fetch_sub(&batch->users, 1);
}

static void
wait_synced(struct archivist *archivist, int wake_fd, uint64_t position)
{
	uint64_t count;
	while (archivist_synced(archivist) < position)
		ck_assert_int_eq(read(wake_fd, &count, sizeof count), sizeof count);
}

/* How many syncs it took: one batch, and while that is synced the others. */
static uint64_t
commits(void)
{
	struct batch batch[BATCHES];
	struct partition partition = {.topic = "t"};
	struct config config = {.mirror = "", .archive = {.sync_records = 4096}};
	struct status status;
	struct cursors cursors = {0};
	uint64_t cut, position = 0;
	int wake_fd = eventfd(0, 0);
	log_open(LANGUAGE_EN, false);
	status_init(&status, &config);
	sem_init(&at_sync, 0, 0);
	sem_init(&go_on, 0, 0);
	hold = true;
	struct archivist *archivist = archivist_open(&config, &status, must_open(scratch_path("a"), &plain, &cut), &cursors, wake_fd,
	    (struct archivist_release){released, NULL});
	for (size_t i = 0; i < BATCHES; i++) {
		batch_init(&batch[i], 4, DECODE_LIMITS_DEFAULT);
		batch_add(&batch[i], &partition, (struct record){.length = 2, .topic = "t", .offset = (int64_t)i, .arrival_ms = 1}, "{}");
		batch_seal(&batch[i]);
		position = archivist_batch(archivist, &batch[i]) + 1;
		if (i == 0)
			sem_wait(&at_sync);
	}
	ck_assert_uint_eq(archivist_synced(archivist), 0);
	sem_post(&go_on);
	wait_synced(archivist, wake_fd, position);
	uint64_t syncs = count_get(&status.archive_commits);
	ck_assert(archivist_close(archivist, clock_monotonic_ns() + 10 * NS_PER_SECOND));
	for (size_t i = 0; i < BATCHES; i++) {
		ck_assert_uint_eq(batch[i].users, 0);
		batch_free(&batch[i]);
	}
	close(wake_fd);
	return syncs;
}

START_TEST(what_comes_while_a_sync_is_at_work_goes_together_with_the_next)
{
	ck_assert_uint_eq(commits(), 2);
}
END_TEST

RUN_ARCHIVE_TESTS("daemon_archivist", what_comes_while_a_sync_is_at_work_goes_together_with_the_next)
