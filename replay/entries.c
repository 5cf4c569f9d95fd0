/* See entries.h.  One mutex, two conditions, a few batches that go round. */
#include "replay/entries.h"

#include "replay/options.h"

#include <pthread.h>
#include <stdlib.h>

#define BATCHES 8
#define BATCH_BYTES ((size_t)512 << 10)         /* full then, whatever its count: judged while it is in the cache */
#define BATCH_RECORDS 1024

struct names {                          /* topics and files: a record points to its name */
	struct arena arena;
	const char **name;
	size_t count, last;
};

struct entries {
	struct entries_options options;
	struct archive_reader *reader;
	struct names names;
	struct entry_batch batch[BATCHES];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct entry_batch *ready[BATCHES], *empty[BATCHES];
	size_t ready_at, readies, empties;      /* ready is a ring: the order counts */
	bool stop, ended;
	enum archive_step end;
	uint64_t total;
};

/* ---- filling a batch; the reading thread ---- */

static const char *
name_keep(struct names *names, struct slice text)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t at = (names->last + i) % names->count;
		if (slice_equal(slice_of(names->name[at]), text)) {
			names->last = at;
			return names->name[at];
		}
	}
	names->name = memory_grow(names->name, names->count + 1, sizeof *names->name);
	names->last = names->count;
	return names->name[names->count++] = arena_copy(&names->arena, text.data, text.length);
}

static void
record_add(struct entries *entries, struct entry_batch *batch, const struct entry *entry)
{
	const char *source = name_keep(&entries->names, entry->record.source);
	size_t length = entry->record.bytes.length;
	buffer_reserve(&batch->data, length + RECORD_PADDING);
	batch->start[batch->count] = batch->data.length;
	memcpy(batch->data.data + batch->data.length, entry->record.bytes.data, length + RECORD_PADDING);
	batch->data.length += length + RECORD_PADDING;
	bool file = entry->record.is_file;
	batch->record[batch->count++] = (struct record){.kind = entry->record.kind, .length = length,
	    .arrival_ms = entry->record.arrival_ms, .topic = file ? NULL : source, .partition = file ? -1 : entry->record.partition,
	    .offset = file ? -1 : entry->record.offset, .file = file ? source : NULL, .line = file ? entry->record.offset : 0};
}

/* The texts are copied: those of the reader are let go with the batch. */
static void
other_set(struct entry_batch *batch, const struct entry *entry)
{
	batch->has_other = true;
	batch->other = *entry;
	struct slice *text[2] = {NULL, NULL};
	if (entry->kind == ENTRY_RULES)
		text[0] = &batch->other.rules.digest;
	if (entry->kind == ENTRY_GAP) {
		text[0] = &batch->other.gap.topic;
		text[1] = &batch->other.gap.reason;
	}
	for (int i = 0; i < 2 && text[i]; i++)
		buffer_add(&batch->text, text[i]->data, text[i]->length);
	for (size_t i = 0, at = 0; i < 2 && text[i]; at += text[i++]->length)
		text[i]->data = batch->text.data + at;
}

static void
decoder_renew(struct entry_batch *batch, struct decode_limits limits)
{
	if (batch->decoder)
		decoder_close(batch->decoder);
	batch->decoder = decoder_open(limits);
	batch->limits = limits;
}

static void
batch_clear(const struct entries *entries, struct entry_batch *batch)
{
	const struct decode_limits *now = &entries->options.limits, *then = &batch->limits;
	batch->count = batch->data.length = batch->text.length = 0;
	batch->has_other = false;
	if (now->depth != then->depth || now->record_bytes != then->record_bytes || now->identifier_bytes != then->identifier_bytes)
		decoder_renew(batch, *now);
	else
		decoder_reset(batch->decoder);
}

/* Behind rules and settings, in the batches to come. */
static void
limits_follow(struct entries *entries, const struct entry *entry)
{
	const struct entry_settings *settings = &entry->rules.settings;
	if (entry->kind == ENTRY_RULES && entries->options.follow)
		entries->options.limits = (struct decode_limits){settings->depth, settings->record_bytes, settings->identifier_bytes};
}

static bool
batch_is_full(const struct entries *entries, const struct entry_batch *batch)
{
	return batch->has_other || batch->count == entries->options.batch || batch->data.length >= BATCH_BYTES;
}

static enum archive_step
batch_fill(struct entries *entries, struct entry_batch *batch)
{
	enum archive_step step = ARCHIVE_ENTRY;
	struct entry entry;
	batch_clear(entries, batch);
	while (!batch_is_full(entries, batch)) {
		step = archive_reader_next(entries->reader, &entry);
		if (step == ARCHIVE_ENTRY && entry.position >= entries->options.to)
			step = ARCHIVE_END;
		if (step != ARCHIVE_ENTRY)
			break;
		if (batch->count == 0)
			batch->first = entry.position;
		batch->next = entry.position + 1;
		if (entry.kind == ENTRY_RECORD) {
			record_add(entries, batch, &entry);
		} else {
			other_set(batch, &entry);
			limits_follow(entries, &entry);
		}
	}
	archive_recycle(entries->reader);
	batch->bytes = archive_reader_bytes(entries->reader);
	return step;
}

static void
batch_decode(const struct entries *entries, struct entry_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->record[i].bytes = batch->data.data + batch->start[i];
	for (size_t i = 0; i < batch->count && entries->options.decode; i++) {
		record_decode(batch->decoder, &batch->record[i], &batch->decoded[i]);
		batch->record[i].decoded = &batch->decoded[i];
	}
}

/* ---- handing over ---- */

/* NULL: nobody wants more. */
static struct entry_batch *
empty_take(struct entries *entries)
{
	pthread_mutex_lock(&entries->lock);
	while (entries->empties == 0 && !entries->stop)
		pthread_cond_wait(&entries->emptied, &entries->lock);
	struct entry_batch *batch = entries->stop ? NULL : entries->empty[--entries->empties];
	pthread_mutex_unlock(&entries->lock);
	return batch;
}

static void
ready_put(struct entries *entries, struct entry_batch *batch, enum archive_step step)
{
	pthread_mutex_lock(&entries->lock);
	if (batch->count || batch->has_other)
		entries->ready[(entries->ready_at + entries->readies++) % BATCHES] = batch;
	entries->ended = step != ARCHIVE_ENTRY;
	entries->end = step;
	pthread_cond_signal(&entries->filled);
	pthread_mutex_unlock(&entries->lock);
}

static void *
read_ahead(void *context)
{
	struct entries *entries = context;
	enum archive_step step = ARCHIVE_ENTRY;
	struct entry_batch *batch;
	while (step == ARCHIVE_ENTRY && (batch = empty_take(entries))) {
		step = batch_fill(entries, batch);
		batch_decode(entries, batch);
		ready_put(entries, batch, step);
	}
	return NULL;
}

struct entry_batch *
entries_next(struct entries *entries, enum archive_step *end)
{
	struct entry_batch *batch = NULL;
	pthread_mutex_lock(&entries->lock);
	while (entries->readies == 0 && !entries->ended)
		pthread_cond_wait(&entries->filled, &entries->lock);
	if (entries->readies) {
		batch = entries->ready[entries->ready_at];
		entries->ready_at = (entries->ready_at + 1) % BATCHES;
		entries->readies--;
	}
	*end = batch ? ARCHIVE_ENTRY : entries->end;
	pthread_mutex_unlock(&entries->lock);
	return batch;
}

void
entries_done(struct entries *entries, struct entry_batch *batch)
{
	pthread_mutex_lock(&entries->lock);
	entries->empty[entries->empties++] = batch;
	pthread_cond_signal(&entries->emptied);
	pthread_mutex_unlock(&entries->lock);
}

/* ---- opening and closing ---- */

static void
batch_open(const struct entries *entries, struct entry_batch *batch)
{
	size_t records = entries->options.batch;
	batch->record = memory_get(records, sizeof *batch->record);
	batch->start = memory_get(records, sizeof *batch->start);
	batch->decoded = memory_get(entries->options.decode ? records : 0, sizeof *batch->decoded);
	decoder_renew(batch, entries->options.limits);
}

static void
entries_free(struct entries *entries)
{
	for (size_t i = 0; i < BATCHES; i++) {
		struct entry_batch *batch = &entries->batch[i];
		free(batch->record);
		free(batch->start);
		free(batch->decoded);
		decoder_close(batch->decoder);
		buffer_free(&batch->data);
		buffer_free(&batch->text);
	}
	archive_reader_free(entries->reader);
	arena_free(&entries->names.arena);
	free(entries->names.name);
	pthread_mutex_destroy(&entries->lock);
	pthread_cond_destroy(&entries->filled);
	pthread_cond_destroy(&entries->emptied);
	free(entries);
}

struct entries *
entries_open(const char *dir, const struct archive_options *keys, const struct entries_options *options, enum archive_failure *failure,
    struct diags *diags)
{
	struct archive_reader *reader = archive_read(dir, keys, options->from, failure, diags);
	if (!reader)
		return NULL;
	struct entries *entries = memory_get(1, sizeof *entries);
	entries->options = *options;
	entries->reader = reader;
	if (entries->options.batch > BATCH_RECORDS)
		entries->options.batch = BATCH_RECORDS;
	entries->total = archive_reader_total(reader);
	for (size_t i = 0; i < BATCHES; i++) {
		batch_open(entries, &entries->batch[i]);
		entries->empty[entries->empties++] = &entries->batch[i];
	}
	pthread_mutex_init(&entries->lock, NULL);
	pthread_cond_init(&entries->filled, NULL);
	pthread_cond_init(&entries->emptied, NULL);
	if (pthread_create(&entries->thread, NULL, read_ahead, entries) == 0)
		return entries;
	*failure = ARCHIVE_SYSTEM;
	diag_add(diags, DIAG_ERROR, dir, 0, 0, 1, NULL, "起不了读取线程", "cannot start the thread that reads", NULL, NULL);
	entries_free(entries);
	return NULL;
}

uint64_t
entries_total(const struct entries *entries)
{
	return entries->total;
}

size_t
entries_decoders(const struct entries *entries, struct decoder ***list)
{
	*list = memory_get(BATCHES, sizeof **list);
	for (size_t i = 0; i < BATCHES; i++)
		(*list)[i] = entries->batch[i].decoder;
	return BATCHES;
}

void
entries_close(struct entries *entries)
{
	if (!entries)
		return;
	pthread_mutex_lock(&entries->lock);
	entries->stop = true;
	pthread_cond_signal(&entries->emptied);
	pthread_mutex_unlock(&entries->lock);
	pthread_join(entries->thread, NULL);
	entries_free(entries);
}
