/* DIR/snapshots/snapshot-<20 digits of the position>.fws: what it is, its head, then the scorer's state, in the blocks of
 * block.c.  The head holds, in this order: chain, ruleset, settings, one_ruleset, newest_event, alerts, feed, cursors,
 * floors; numbers as in bytes.h. */
#include "core/archive/snapshot.h"

#include "core/archive/block.h"
#include "core/archive/bytes.h"
#include "core/base/memory.h"
#include "core/base/step.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "snapshots"
#define PREFIX "snapshot-"
#define SUFFIX ".fws"
#define TEMPORARY ".tmp"
#define DIGITS 20

struct snapshot {
	char path[PATH_BYTES];
	struct block_reader reader;
};

static void
snapshot_path(const char *dir, uint64_t position, const char *suffix, char path[PATH_BYTES])
{
	char name[96];
	snprintf(name, sizeof name, FOLDER "/" PREFIX "%0*llu" SUFFIX "%s", DIGITS, (unsigned long long)position, suffix);
	path_join(path, dir, name);
}

/* ---- the head ---- */

static void
settings_write(const struct entry_settings *settings, struct buffer *out)
{
	varint_add(out, fold(settings->lateness_days));
	varint_add(out, fold(settings->remember_days));
	varint_add(out, fold(settings->history_months));
	varint_add(out, settings->depth);
	varint_add(out, settings->record_bytes);
	varint_add(out, settings->identifier_bytes);
	varint_add(out, settings->person_clear);
	slice_add(out, slice_of(settings->pseudonym_key_id));
}

static void
head_write(const struct snapshot_head *head, struct buffer *out)
{
	uint8_t feed[DIGEST_STATE_BYTES];
	buffer_add(out, head->chain, sizeof head->chain);
	slice_add(out, slice_of(head->ruleset));
	settings_write(&head->settings, out);
	varint_add(out, head->one_ruleset);
	varint_add(out, fold(head->newest_event));
	varint_add(out, head->alerts);
	digest_save(head->feed, feed);
	buffer_add(out, feed, sizeof feed);
	cursors_write(&head->cursors, out);
	varint_add(out, head->floors);
	for (size_t i = 0; i < head->floors; i++) {
		slice_add(out, slice_of(head->floor[i].topic));
		varint_add(out, fold(head->floor[i].partition));
		varint_add(out, fold(head->floor[i].offset));
	}
}

static bool
bytes_take(struct slice *from, void *bytes, size_t length)
{
	if (from->length < length)
		return false;
	memcpy(bytes, from->data, length);
	*from = (struct slice){from->data + length, from->length - length};
	return true;
}

static bool
signed32_take(struct slice *from, int32_t *value)
{
	int64_t number;
	bool good = signed_take(from, &number) && number == (int32_t)number;
	*value = good ? (int32_t)number : 0;
	return good;
}

static bool
unsigned32_take(struct slice *from, uint32_t *value)
{
	uint64_t number;
	bool good = varint_take(from, &number) && number <= UINT32_MAX;
	*value = good ? (uint32_t)number : 0;
	return good;
}

static bool
flag_take(struct slice *from, bool *flag)
{
	uint64_t number;
	bool good = varint_take(from, &number) && number <= 1;
	*flag = good && number;
	return good;
}

/* Into an array of room bytes, ended with NUL. */
static bool
text_take(struct slice *from, char *text, size_t room)
{
	struct slice bytes;
	if (!slice_take(from, &bytes) || bytes.length >= room)
		return false;
	memcpy(text, bytes.data, bytes.length);
	text[bytes.length] = '\0';
	return true;
}

static bool
settings_read(struct entry_settings *settings, struct slice *from)
{
	return signed32_take(from, &settings->lateness_days) && signed32_take(from, &settings->remember_days)
	    && signed32_take(from, &settings->history_months) && unsigned32_take(from, &settings->depth)
	    && unsigned32_take(from, &settings->record_bytes) && unsigned32_take(from, &settings->identifier_bytes)
	    && flag_take(from, &settings->person_clear)
	    && text_take(from, settings->pseudonym_key_id, sizeof settings->pseudonym_key_id);
}

static bool
floor_read(struct snapshot_head *head, struct slice *from)
{
	struct output_floor floor = {0};
	struct slice topic;
	if (!slice_take(from, &topic) || !signed32_take(from, &floor.partition) || !signed_take(from, &floor.offset))
		return false;
	floor.topic = memory_resize(NULL, topic.length + 1);
	memcpy(floor.topic, topic.data, topic.length);
	floor.topic[topic.length] = '\0';
	head->floor = memory_resize(head->floor, (head->floors + 1) * sizeof floor);
	head->floor[head->floors++] = floor;
	return true;
}

static bool
head_read(struct snapshot_head *head, struct slice from)
{
	uint8_t feed[DIGEST_STATE_BYTES];
	uint64_t floors;
	if (!bytes_take(&from, head->chain, sizeof head->chain) || !text_take(&from, head->ruleset, sizeof head->ruleset)
	    || !settings_read(&head->settings, &from) || !flag_take(&from, &head->one_ruleset) || !signed_take(&from, &head->newest_event)
	    || !varint_take(&from, &head->alerts) || !bytes_take(&from, feed, sizeof feed))
		return false;
	head->feed = digest_load(feed);
	if (!head->feed || !cursors_read(&head->cursors, &from) || !varint_take(&from, &floors))
		return false;
	for (uint64_t i = 0; i < floors; i++)
		if (!floor_read(head, &from))
			return false;
	return from.length == 0;
}

void
snapshot_head_free(struct snapshot_head *head)
{
	if (head->feed)
		digest_close(head->feed);
	cursors_free(&head->cursors);
	for (size_t i = 0; i < head->floors; i++)
		free(head->floor[i].topic);
	free(head->floor);
	*head = (struct snapshot_head){0};
}

/* ---- writing ---- */

static int
file_write(int descriptor, const struct archive_options *keys, const struct snapshot_head *head, const struct scorer *scorer)
{
	struct block_writer writer;
	struct buffer bytes = {0};
	block_writer_open(&writer, descriptor, head->position, keys);
	head_write(head, &bytes);
	block_write(&writer, BLOCK_HEAD, bytes.data, bytes.length);
	scorer_save(scorer, block_write_state, &writer);
	int error = block_writer_close(&writer);
	buffer_free(&bytes);
	if (!error && fsync(descriptor) != 0)
		error = errno;
	return error;
}

int
snapshot_write(const char *dir, const struct archive_options *keys, const struct snapshot_head *head, const struct scorer *scorer)
{
	char folder[PATH_BYTES], path[PATH_BYTES], temporary[PATH_BYTES];
	step("snapshot_begin");
	path_join(folder, dir, FOLDER);
	snapshot_path(dir, head->position, "", path);
	snapshot_path(dir, head->position, TEMPORARY, temporary);
	int error = store_make_folder(folder);
	if (error)
		return error;
	int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return errno;
	error = file_write(descriptor, keys, head, scorer);
	if (close(descriptor) != 0 && !error)
		error = errno;
	step("snapshot_before_rename");
	if (!error && rename(temporary, path) != 0)
		error = errno;
	if (error) {
		unlink(temporary);
		return error;
	}
	step("snapshot_after_rename");
	return store_sync_folder(folder);
}

/* ---- reading ---- */

static void
tell_wrong(const struct snapshot *snapshot, struct diags *diags)
{
	switch (snapshot->reader.wrong) {
	case BLOCK_SYSTEM:
		tell_errno(diags, snapshot->path, "读不了快照", "cannot read the snapshot", snapshot->reader.error);
		break;
	case BLOCK_FORMAT:
		tell(diags, snapshot->path, "不是快照，或是另一版本的快照", "no snapshot, or one of another version");
		break;
	case BLOCK_KEY:
		tell(diags, snapshot->path, "快照已加密，密钥不对或没有给出", "the snapshot is encrypted and the key is missing or another one");
		break;
	case BLOCK_DAMAGED:
		tell(diags, snapshot->path, "快照已损坏", "the snapshot is damaged");
		break;
	case BLOCK_FINE:
		tell(diags, snapshot->path, "快照完整，但与本程序或这套规则不符", "the snapshot is whole, but does not fit this program or these rules");
		break;
	}
}

struct snapshot *
snapshot_open(const char *dir, const struct archive_options *keys, uint64_t position, struct snapshot_head *head, struct diags *diags)
{
	struct snapshot *snapshot = memory_resize(NULL, sizeof *snapshot);
	struct block_reader *reader = &snapshot->reader;
	*head = (struct snapshot_head){.position = position};
	snapshot_path(dir, position, "", snapshot->path);
	int descriptor = open(snapshot->path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0) {
		tell_errno(diags, snapshot->path, "打不开快照", "cannot open the snapshot", errno);
		free(snapshot);
		return NULL;
	}
	block_reader_open(reader, descriptor, position, keys);
	if (block_next(reader) && reader->ready.kind == BLOCK_HEAD && head_read(head, (struct slice){reader->ready.raw, reader->ready.length}))
		return snapshot;
	tell_wrong(snapshot, diags);
	snapshot_head_free(head);
	snapshot_close(snapshot);
	return NULL;
}

struct scorer *
snapshot_load(struct snapshot *snapshot, struct ruleset *rules, const struct scorer_limits *limits, const struct snapshot_helper *helper,
    struct diags *diags)
{
	struct block_reader *reader = &snapshot->reader;
	reader->helper = helper;
	struct scorer *scorer = scorer_load(rules, limits, block_read_state, reader);
	if (scorer && block_reader_ended(reader))
		return scorer;
	tell_wrong(snapshot, diags);
	scorer_close(scorer);
	return NULL;
}

void
snapshot_close(struct snapshot *snapshot)
{
	block_reader_close(&snapshot->reader);
	free(snapshot);
}

/* ---- the folder ---- */

/* The position in a name; false: another file.  *temporary: one that was not finished. */
static bool
name_read(const char *name, uint64_t *position, bool *temporary)
{
	if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0)
		return false;
	name += sizeof PREFIX - 1;
	if (strspn(name, "0123456789") != DIGITS)
		return false;
	*temporary = strcmp(name + DIGITS, SUFFIX TEMPORARY) == 0;
	errno = 0;
	*position = strtoull(name, NULL, 10);
	return errno == 0 && (*temporary || strcmp(name + DIGITS, SUFFIX) == 0);
}

static int
newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x < y) - (x > y);
}

static size_t
positions_read(const char *dir, bool temporaries, uint64_t **positions)
{
	char path[PATH_BYTES];
	size_t count = 0;
	*positions = NULL;
	path_join(path, dir, FOLDER);
	DIR *folder = opendir(path);
	if (!folder)
		return 0;
	const struct dirent *entry;
	while ((entry = readdir(folder))) {
		uint64_t position;
		bool temporary;
		if (!name_read(entry->d_name, &position, &temporary) || temporary != temporaries)
			continue;
		*positions = memory_resize(*positions, (count + 1) * sizeof **positions);
		(*positions)[count++] = position;
	}
	closedir(folder);
	if (count)
		qsort(*positions, count, sizeof **positions, newest_first);
	return count;
}

size_t
snapshot_list(const char *dir, uint64_t **positions)
{
	return positions_read(dir, false, positions);
}

static void
file_remove(const char *dir, uint64_t position, const char *suffix)
{
	char path[PATH_BYTES];
	snapshot_path(dir, position, suffix, path);
	unlink(path);
}

void
snapshot_remove(const char *dir, uint64_t position)
{
	file_remove(dir, position, "");
}

void
snapshot_sweep(const char *dir, size_t keep)
{
	uint64_t *position;
	size_t count = positions_read(dir, true, &position);
	for (size_t i = 0; i < count; i++)
		file_remove(dir, position[i], TEMPORARY);
	free(position);
	count = positions_read(dir, false, &position);
	for (size_t i = keep; i < count; i++)
		file_remove(dir, position[i], "");
	free(position);
}

uint64_t
snapshot_bytes(const char *dir, uint64_t position)
{
	char path[PATH_BYTES];
	struct stat status;
	snapshot_path(dir, position, "", path);
	return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

int64_t
snapshot_wall_ms(const char *dir, uint64_t position)
{
	char path[PATH_BYTES];
	struct stat status;
	snapshot_path(dir, position, "", path);
	return stat(path, &status) == 0 ? status.st_mtim.tv_sec * INT64_C(1000) + status.st_mtim.tv_nsec / 1000000 : 0;
}
