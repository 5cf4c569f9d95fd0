/* Before anything is appended: the heads and seals of all segments fit together; the newest one is walked frame by frame, and
 * what is torn at its end is cut off.  Torn is what cannot be whole and was never synced: a later frame that says that the
 * place was on disk makes it damage, and damage is refused.  Sealed segments are checked by archive_verify. */
#include "core/archive/writer.h"

#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct recovery {
	struct archive *archive;
	struct segment_files files;
	bool again;                     /* the newest was removed: the one before is the newest now */
	uint64_t *cut;
	struct diags *diags;
};

static enum archive_failure
broken(const struct recovery *recovery, const char *path, uint64_t position, uint64_t byte, const char *zh, const char *en)
{
	struct diags *diags = recovery->diags;
	tell(diags, path, say(diags, "档案已损坏：第 %llu 条、第 %llu 字节处%s；请运行 fundwatch archive verify", (unsigned long long)position,
	    (unsigned long long)byte, zh), say(diags, "the archive is damaged: at position %llu, byte %llu: %s; run fundwatch archive verify",
	    (unsigned long long)position, (unsigned long long)byte, en));
	return ARCHIVE_BROKEN;
}

static enum archive_failure
system_error(const struct recovery *recovery, const char *path, int error)
{
	tell_errno(recovery->diags, path, "不能读写档案", "cannot read or write the archive", error);
	return ARCHIVE_SYSTEM;
}

static enum archive_failure
keys_check(const struct recovery *recovery, const struct segment_head *head, const char *path)
{
	uint8_t id[KEY_ID_BYTES];
	enum archive_failure failure;
	key_id(chain_key(&recovery->archive->options), id);
	if (memcmp(id, head->chain_key_id, KEY_ID_BYTES) != 0) {
		tell(recovery->diags, path, "链密钥不是写这个档案的那一把", "the chain key is not the one that this archive was written with");
		return ARCHIVE_KEY;
	}
	cipher_close(segment_cipher(&recovery->archive->options, head, path, &failure, recovery->diags));
	return failure;
}

/* ---- all but the newest: head and seal ---- */

static enum archive_failure
sealed_look(const struct recovery *recovery, struct walk *walk, const struct segment_head *head, const char *path)
{
	struct archive *archive = recovery->archive;
	struct frame seal;
	uint64_t entries, raw;
	uint8_t chain[CHAIN_BYTES];
	if (!segment_seal_read(walk, &seal, &entries, &raw, chain) || seal.first != head->first + entries)
		return broken(recovery, path, head->first, walk->bytes, "没有封口", "the seal is missing");
	archive->framed = seal.first;
	memcpy(archive->chain, chain, CHAIN_BYTES);
	return keys_check(recovery, head, path);
}

static enum archive_failure
sealed_check(const struct recovery *recovery, size_t number)
{
	struct archive *archive = recovery->archive;
	uint64_t first = recovery->files.file[number].first;
	char path[PATH_BYTES];
	struct walk walk;
	struct segment_head head;
	bool has_head;
	segment_path(archive->dir, first, ".fwa", path);
	int error = segment_open(&walk, path, &head, &has_head);
	if (error)
		return system_error(recovery, path, error);
	enum archive_failure failure;
	if (!has_head || head.first != first)
		failure = broken(recovery, path, first, 0, "段首不完整", "the head of the segment is not whole");
	else if (number > 0 && (head.first != archive->framed || memcmp(head.chain, archive->chain, CHAIN_BYTES) != 0))
		failure = broken(recovery, path, first, 0, "与前一段不相接", "it does not go on from the segment before");
	else
		failure = sealed_look(recovery, &walk, &head, path);
	segment_close(&walk);
	return failure;
}

/* ---- the newest ---- */

static int
cut_file(const struct recovery *recovery, const char *path, uint64_t from, uint64_t bytes)
{
	int descriptor = open(path, O_RDWR | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	int error = ftruncate(descriptor, (off_t)from) == 0 && fdatasync(descriptor) == 0 ? 0 : errno;
	close(descriptor);
	*recovery->cut += error ? 0 : bytes - from;
	return error;
}

/* The frames of the newest segment into an out that writing goes on in. */
static void
frames_take(struct archive *archive, struct out *out, struct walk *walk)
{
	struct frame frame;
	const uint8_t *bytes;
	for (uint64_t at = walk->at; !out->sealed && walk_next(walk, &frame, &bytes) == WALK_FRAME; at = walk->at) {
		memcpy(archive->chain, bytes + FRAME_HEAD + frame.payload, CHAIN_BYTES);
		index_note(&out->index, &frame, at);
		out->frames++;
		out->sealed = frame.flags & FRAME_SEAL;
		if (out->sealed)
			continue;
		memcpy(archive->entry_chain, archive->chain, CHAIN_BYTES);
		out->entries += frame.entries;
		out->raw += frame.raw;
		spread_join(&out->spread, &frame.spread);
	}
	archive->framed = archive->synced = walk->position;
	if (out->spread.event_high > archive->newest_event)
		archive->newest_event = out->spread.event_high;
}

static enum archive_failure
tail_check(const struct recovery *recovery, struct walk *walk, const char *path, struct out *out)
{
	out->synced_bytes = walk->at;
	if (walk->error)
		return system_error(recovery, path, walk->error);
	if (walk->at == walk->bytes)
		return ARCHIVE_FINE;
	if (out->sealed || walk_was_synced(walk))
		return broken(recovery, path, walk->position, walk->at, "已落盘的内容不完整", "what had been synced is not whole");
	int error = cut_file(recovery, path, walk->at, walk->bytes);
	return error ? system_error(recovery, path, error) : ARCHIVE_FINE;
}

static enum archive_failure
newest_take(const struct recovery *recovery, struct walk *walk, const struct segment_head *head, const char *path)
{
	struct archive *archive = recovery->archive;
	enum archive_failure failure = keys_check(recovery, head, path);
	if (failure)
		return failure;
	struct out *out = out_new(archive, head);
	segment_chain(chain_key(&archive->options), head, archive->chain);
	memcpy(archive->entry_chain, head->entry_chain, CHAIN_BYTES);
	archive->newest_event = head->newest_event;
	frames_take(archive, out, walk);
	failure = tail_check(recovery, walk, path, out);
	if (failure || out->sealed)
		return failure;
	out->descriptor = open(path, O_RDWR | O_CLOEXEC);
	out->is_named = true;
	return out->descriptor < 0 ? system_error(recovery, path, errno) : ARCHIVE_FINE;
}

/* A file that never had a whole head synced holds nothing. */
static enum archive_failure
headless_remove(struct recovery *recovery, struct walk *walk, const char *path)
{
	uint64_t first = recovery->files.file[recovery->files.count - 1].first;
	walk_to(walk, 0, 0, first);
	if (walk_was_synced(walk))
		return broken(recovery, path, first, 0, "段首不完整", "the head of the segment is not whole");
	if (unlink(path) != 0)
		return system_error(recovery, path, errno);
	*recovery->cut += walk->bytes;
	recovery->again = true;
	return ARCHIVE_FINE;
}

static enum archive_failure
newest_check(struct recovery *recovery)
{
	struct archive *archive = recovery->archive;
	uint64_t first = recovery->files.file[recovery->files.count - 1].first;
	size_t count = recovery->files.count;
	char path[PATH_BYTES];
	struct walk walk;
	struct segment_head head;
	bool has_head;
	segment_path(archive->dir, first, ".fwa", path);
	int error = segment_open(&walk, path, &head, &has_head);
	if (error)
		return system_error(recovery, path, error);
	enum archive_failure failure;
	if (!has_head || head.first != first)
		failure = headless_remove(recovery, &walk, path);
	else if (count > 1 && (head.first != archive->framed || memcmp(head.chain, archive->chain, CHAIN_BYTES) != 0))
		failure = broken(recovery, path, first, 0, "与前一段不相接", "it does not go on from the segment before");
	else
		failure = newest_take(recovery, &walk, &head, path);
	segment_close(&walk);
	return failure;
}

/* ---- what is left to do ---- */

/* Entries that were there when the archive was last closed or sealed are still there. */
static enum archive_failure
end_check(const struct recovery *recovery)
{
	struct archive *archive = recovery->archive;
	char path[PATH_BYTES];
	uint64_t position;
	uint8_t chain[CHAIN_BYTES];
	path_join(path, archive->dir, "end");
	if (end_read(archive->dir, chain_key(&archive->options), &position, chain) != END_GOOD || position <= archive->framed)
		return ARCHIVE_FINE;
	return broken(recovery, path, archive->framed, 0, "以后的条目曾经落盘，现在没有了", "entries from here on had been synced and are gone");
}

/* A sealed segment is done with.  One without an entry, or with another cipher than the one asked for, is not gone on with. */
static enum archive_failure
settle(const struct recovery *recovery)
{
	struct archive *archive = recovery->archive;
	struct out *out = archive->last;
	char path[PATH_BYTES];
	if (!out)
		return ARCHIVE_FINE;
	segment_path(archive->dir, out->head.first, ".fwa", path);
	if (!out->sealed && !out->entries) {
		if (unlink(path) != 0)
			return system_error(recovery, path, errno);
		memcpy(archive->chain, out->head.chain, CHAIN_BYTES);
	} else if (!out->sealed && out->head.cipher == archive->options.cipher) {
		return ARCHIVE_FINE;
	} else if (!out->sealed) {
		out_seal(archive, out);
		int error = out_write(archive, out);
		if (error)
			return system_error(recovery, path, error);
	}
	archive->first = archive->last = NULL;
	out_free(out);
	return ARCHIVE_FINE;
}

/* Indexes that are missing, or do not fit, are made again. */
static void
indexes_make(const struct recovery *recovery)
{
	struct segment_files files;
	if (segment_files_read(recovery->archive->dir, &files) != 0)
		return;
	for (size_t i = 0; i < files.count; i++) {
		struct index index = {0};
		bool good = index_read(recovery->archive->dir, &files.file[i], &index);
		index_free(&index);
		if (!good && index_make(recovery->archive->dir, &files.file[i], &index))
			index_write(recovery->archive->dir, &index);
		if (!good)
			index_free(&index);
	}
	segment_files_free(&files);
}

/* Were the oldest segments pruned, or are they missing? */
static enum archive_failure
start_check(const struct recovery *recovery)
{
	uint64_t first = recovery->files.count ? recovery->files.file[0].first : 0;
	char path[PATH_BYTES];
	if (first <= start_read(recovery->archive->dir))
		return ARCHIVE_FINE;
	segment_path(recovery->archive->dir, first, ".fwa", path);
	return broken(recovery, path, 0, 0, "前面的段缺失", "the segments before are missing");
}

static enum archive_failure
segments_check(struct recovery *recovery)
{
	recovery->again = false;
	int error = segment_files_read(recovery->archive->dir, &recovery->files);
	if (error)
		return system_error(recovery, recovery->archive->dir, error);
	enum archive_failure failure = start_check(recovery);
	for (size_t i = 0; !failure && i + 1 < recovery->files.count; i++)
		failure = sealed_check(recovery, i);
	if (!failure && recovery->files.count)
		failure = newest_check(recovery);
	segment_files_free(&recovery->files);
	return failure;
}

enum archive_failure
recover(struct archive *archive, uint64_t *cut, struct diags *diags)
{
	struct recovery recovery = {.archive = archive, .again = true, .cut = cut, .diags = diags};
	enum archive_failure failure = ARCHIVE_FINE;
	while (!failure && recovery.again)
		failure = segments_check(&recovery);
	if (!failure)
		failure = end_check(&recovery);
	if (!failure)
		failure = settle(&recovery);
	if (!failure)
		indexes_make(&recovery);
	return failure;
}
