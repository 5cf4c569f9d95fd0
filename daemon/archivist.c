/* See archivist.h. */
#include "daemon/archivist.h"

#include "core/base/memory.h"
#include "daemon/clock.h"
#include "daemon/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_NS (NS_PER_SECOND / 4)

struct item {                           /* one batch, or one entry that is not a record */
	struct item *next;
	struct batch *batch;
	struct entry entry;
	char text[];                    /* what the entry's slices point to */
};

struct archivist {
	struct status *status;
	struct archive *archive;
	struct archivist_release back;
	int64_t sync_ns;
	uint64_t sync_records;
	int wake_fd;
	uint64_t next;                  /* the turn thread */

	/* the archivist's own */
	uint64_t uncommitted;
	int64_t oldest_ns;              /* when the first of them was appended */
	struct cursors moving;          /* with what is appended and not synced */
	struct log_limit failing;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t something;
	struct item *first, **last;     /* guarded by the lock, like all below */
	bool stop;
	int64_t deadline_ns;            /* of the stop */
	struct cursors synced_cursors;
	_Atomic uint64_t synced;
};

/* ---- from the turn thread ---- */

static void
hand_over(struct archivist *archivist, struct item *item)
{
	item->next = NULL;
	pthread_mutex_lock(&archivist->lock);
	*archivist->last = item;
	archivist->last = &item->next;
	pthread_cond_signal(&archivist->something);
	pthread_mutex_unlock(&archivist->lock);
	atomic_store_explicit(&archivist->status->archive_next, archivist->next, memory_order_relaxed);
}

uint64_t
archivist_batch(struct archivist *archivist, struct batch *batch)
{
	uint64_t position = archivist->next;
	struct item *item = memory_resize(NULL, sizeof *item);
	*item = (struct item){.batch = batch};
	atomic_fetch_add(&batch->users, 1);
	archivist->next += batch->count;
	hand_over(archivist, item);
	return position;
}

static size_t
text_copy(struct slice *slice, char *to)
{
	if (slice->length)
		memcpy(to, slice->data, slice->length);
	slice->data = to;
	return slice->length;
}

uint64_t
archivist_entry(struct archivist *archivist, const struct entry *entry)
{
	uint64_t position = archivist->next++;
	size_t length = entry->kind == ENTRY_RULES ? entry->rules.digest.length
	    : entry->kind == ENTRY_GAP ? entry->gap.topic.length + entry->gap.reason.length : 0;
	struct item *item = memory_resize(NULL, sizeof *item + length + 1);
	*item = (struct item){.entry = *entry};
	if (entry->kind == ENTRY_RULES) {
		text_copy(&item->entry.rules.digest, item->text);
	} else if (entry->kind == ENTRY_GAP) {
		size_t topic = text_copy(&item->entry.gap.topic, item->text);
		text_copy(&item->entry.gap.reason, item->text + topic);
	}
	hand_over(archivist, item);
	return position;
}

uint64_t
archivist_next(const struct archivist *archivist)
{
	return archivist->next;
}

uint64_t
archivist_synced(const struct archivist *archivist)
{
	return atomic_load_explicit(&archivist->synced, memory_order_acquire);
}

uint64_t
archivist_boundary(struct archivist *archivist)
{
	return archivist_synced(archivist);     /* every commit ends a frame */
}

void
archivist_cursors(struct archivist *archivist, struct cursors *copy)
{
	pthread_mutex_lock(&archivist->lock);
	cursors_copy(copy, &archivist->synced_cursors);
	pthread_mutex_unlock(&archivist->lock);
}

/* ---- the thread ---- */

/* One item; NULL: the time is up for what is appended, or everything is done and it is asked to stop. */
static struct item *
item_wait(struct archivist *archivist, bool *stopping)
{
	struct timespec until = {0};
	if (archivist->uncommitted) {
		int64_t due = archivist->oldest_ns + archivist->sync_ns;
		until = (struct timespec){due / NS_PER_SECOND, due % NS_PER_SECOND};
	}
	pthread_mutex_lock(&archivist->lock);
	bool in_time = true;
	while (!archivist->first && !archivist->stop && in_time) {
		if (archivist->uncommitted)
			in_time = pthread_cond_timedwait(&archivist->something, &archivist->lock, &until) == 0;
		else
			pthread_cond_wait(&archivist->something, &archivist->lock);
	}
	struct item *item = archivist->first;
	if (item) {
		archivist->first = item->next;
		if (!archivist->first)
			archivist->last = &archivist->first;
	}
	*stopping = archivist->stop && !item;
	pthread_mutex_unlock(&archivist->lock);
	return item;
}

static int64_t
event_time_of(const struct record *record)
{
	const struct decoded_record *decoded = record->decoded;
	bool has = record->kind == RECORD_SETTLEMENT && decoded && decoded->good;
	return has ? decoded->claim.value[FIELD_setl_time].number : EVENT_TIME_NONE;
}

static struct entry
entry_of(const struct record *record)
{
	return (struct entry){.kind = ENTRY_RECORD, .record = {
		.kind = record->kind, .bytes = {record->bytes, record->length}, .arrival_ms = record->arrival_ms,
		.source = slice_of(record->topic), .partition = record->partition, .offset = record->offset, .event_time = event_time_of(record),
	}};
}

/* Whether no later record of the batch is of the same partition: only the last one's bytes are worth a hash. */
static bool
is_last_of_partition(const struct batch *batch, size_t index)
{
	return index + 1 == batch->count || batch->partition[index + 1] != batch->partition[index];
}

static void
batch_append(struct archivist *archivist, struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct entry entry = entry_of(&batch->record[i]);
		archive_append(archivist->archive, &entry);
		if (is_last_of_partition(batch, i))
			cursors_note(&archivist->moving, &entry);
	}
	archivist->uncommitted += batch->count;
	archivist->back.release(archivist->back.context, batch);
}

static void
item_append(struct archivist *archivist, struct item *item)
{
	if (!archivist->uncommitted)
		archivist->oldest_ns = clock_monotonic_ns();
	if (item->batch) {
		batch_append(archivist, item->batch);
	} else {
		archive_append(archivist->archive, &item->entry);
		cursors_note(&archivist->moving, &item->entry);
		archivist->uncommitted++;
	}
	free(item);
}

static void
failure_tell(struct archivist *archivist, int error)
{
	uint64_t withheld;
	atomic_store(&archivist->status->archive_errno, error);
	count_add(&archivist->status->archive_failures, 1);
	if (log_allowed(&archivist->failing, clock_monotonic_ns(), &withheld))
		log_say(LEVEL_ERROR, "档案写不进去：%s；不再读取也不再发布，空出磁盘或修好后自动继续",
		    "the archive cannot be written: %s; nothing more is read or said until it can, then it goes on by itself", strerror(error));
}

static void
committed(struct archivist *archivist, int64_t took_ns)
{
	struct status *status = archivist->status;
	uint64_t one = 1, synced = archive_synced(archivist->archive);
	hist_add(&status->stage[STAGE_archive], took_ns, 1);
	if (atomic_exchange(&status->archive_errno, 0)) {
		log_say(LEVEL_INFO, "档案又能写了，继续%s", "the archive can be written again, going on%s", "");
		archivist->failing = (struct log_limit){0};
	}
	count_add(&status->archive_commits, 1);
	atomic_store_explicit(&status->archive_synced, synced, memory_order_relaxed);
	pthread_mutex_lock(&archivist->lock);
	cursors_copy(&archivist->synced_cursors, &archivist->moving);
	pthread_mutex_unlock(&archivist->lock);
	atomic_store_explicit(&archivist->synced, synced, memory_order_release);
	archivist->uncommitted = 0;
	if (write(archivist->wake_fd, &one, sizeof one) < 0)
		return;         /* the counter is full: it is awake */
}

static bool
is_late(struct archivist *archivist)
{
	pthread_mutex_lock(&archivist->lock);
	bool late = archivist->stop && clock_monotonic_ns() > archivist->deadline_ns;
	pthread_mutex_unlock(&archivist->lock);
	return late;
}

static void
pause_for(struct archivist *archivist, int64_t ns)
{
	int64_t due = clock_monotonic_ns() + ns;
	struct timespec until = {due / NS_PER_SECOND, due % NS_PER_SECOND};
	pthread_mutex_lock(&archivist->lock);
	while (pthread_cond_timedwait(&archivist->something, &archivist->lock, &until) == 0)
		;
	pthread_mutex_unlock(&archivist->lock);
}

/* For ever, until it is written; false: asked to stop, and the time is over. */
static bool
commit(struct archivist *archivist)
{
	for (;;) {
		int64_t begin = clock_monotonic_ns();
		int error = archive_commit(archivist->archive);
		if (!error) {
			committed(archivist, clock_monotonic_ns() - begin);
			return true;
		}
		failure_tell(archivist, error);
		if (is_late(archivist))
			return false;
		pause_for(archivist, RETRY_NS);
	}
}

static void *
archivist_run(void *opaque)
{
	pthread_setname_np(pthread_self(), "archivist");
	struct archivist *archivist = opaque;
	bool stopping = false;
	while (!stopping) {
		struct item *item = item_wait(archivist, &stopping);
		if (item)
			item_append(archivist, item);
		/* Without a time to wait for, what waits already goes along: a sync costs as much as packing hundreds of records. */
		bool late = archivist->sync_ns && clock_monotonic_ns() - archivist->oldest_ns >= archivist->sync_ns;
		bool due = archivist->uncommitted && (stopping || !item || late || archivist->uncommitted >= archivist->sync_records);
		if (due && !commit(archivist))
			break;
	}
	return NULL;
}

/* ---- begin and end ---- */

struct archivist *
archivist_open(const struct config *config, struct status *status, struct archive *archive, const struct cursors *cursors, int wake_fd,
    struct archivist_release back)
{
	struct archivist *archivist = memory_resize(NULL, sizeof *archivist);
	*archivist = (struct archivist){.status = status, .archive = archive, .back = back, .wake_fd = wake_fd,
	    .sync_ns = config->archive.sync_ms * NS_PER_MS, .sync_records = (uint64_t)config->archive.sync_records,
	    .next = archive_next(archive)};
	cursors_copy(&archivist->moving, cursors);
	cursors_copy(&archivist->synced_cursors, cursors);
	archivist->last = &archivist->first;
	atomic_store(&archivist->synced, archive_synced(archive));
	atomic_store(&status->archive_synced, archive_synced(archive));
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&archivist->something, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&archivist->lock, NULL);
	if (pthread_create(&archivist->thread, NULL, archivist_run, archivist) != 0)
		abort();
	return archivist;
}

bool
archivist_close(struct archivist *archivist, int64_t deadline_ns)
{
	pthread_mutex_lock(&archivist->lock);
	archivist->stop = true;
	archivist->deadline_ns = deadline_ns;
	pthread_cond_signal(&archivist->something);
	pthread_mutex_unlock(&archivist->lock);
	pthread_join(archivist->thread, NULL);
	bool written = archivist_synced(archivist) == archivist->next;
	while (archivist->first) {
		struct item *item = archivist->first;
		archivist->first = item->next;
		if (item->batch)
			archivist->back.release(archivist->back.context, item->batch);
		free(item);
	}
	archive_close(archivist->archive);
	cursors_free(&archivist->moving);
	cursors_free(&archivist->synced_cursors);
	pthread_mutex_destroy(&archivist->lock);
	pthread_cond_destroy(&archivist->something);
	free(archivist);
	return written;
}
