/* Appending and committing.  See writer.h. */
#include "core/archive/writer.h"

#include "core/archive/store.h"
#include "core/base/memory.h"
#include "core/base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define SEGMENT_BYTES ((uint64_t)256 << 20)
#define FRAME_RAW ((size_t)1 << 20)             /* a frame is closed when it holds so much */
#define STREAM_RAW ((uint64_t)1 << 20)          /* a stream of packed entries is begun anew behind so much */
#define IDLE_BUFFER ((size_t)8 << 20)           /* a larger one is given back */

/* ---- one segment ---- */

struct out *
out_new(struct archive *archive, const struct segment_head *head)
{
	struct out *out = memory_resize(NULL, sizeof *out);
	enum archive_failure failure;
	*out = (struct out){.head = *head, .descriptor = -1, .spread = SPREAD_NONE, .index = {.first = head->first, .end = head->first}};
	out->cipher = segment_cipher(&archive->options, head, NULL, &failure, NULL);
	if (archive->last)
		archive->last->next = out;
	else
		archive->first = out;
	return archive->last = out;
}

void
out_free(struct out *out)
{
	if (out->descriptor >= 0)
		close(out->descriptor);
	cipher_close(out->cipher);
	buffer_free(&out->bytes);
	index_free(&out->index);
	free(out);
}

static struct out *
segment_begin(struct archive *archive)
{
	uint8_t bytes[SEGMENT_HEAD];
	struct segment_head head = {
		.first = archive->framed,
		.cipher = archive->options.cipher,
		.level = (int8_t)archive->options.level,
		.newest_event = archive->newest_event,
	};
	key_id(chain_key(&archive->options), head.chain_key_id);
	if (head.cipher != CIPHER_NONE) {
		key_id(archive->options.cipher_key, head.cipher_key_id);
		cipher_random(head.salt, sizeof head.salt);
	}
	memcpy(head.chain, archive->chain, CHAIN_BYTES);
	memcpy(head.entry_chain, archive->entry_chain, CHAIN_BYTES);
	struct out *out = out_new(archive, &head);
	out->index.knows_sources = true;
	segment_head_write(&head, bytes);
	buffer_add(&out->bytes, bytes, sizeof bytes);
	segment_chain(chain_key(&archive->options), &head, archive->chain);
	return out;
}

static void
out_add(struct archive *archive, struct out *out, const struct frame *frame, const void *payload)
{
	index_note(&out->index, frame, out->synced_bytes + out->bytes.length);
	frame_add(frame, chain_key(&archive->options), archive->chain, payload, &out->bytes);
	out->frames++;
}

void
out_seal(struct archive *archive, struct out *out)
{
	uint8_t payload[FRAME_SEAL_PAYLOAD];
	struct frame seal = {
		.flags = FRAME_SEAL,
		.payload = sizeof payload,
		.number = out->frames,
		.first = archive->framed,
		.synced = archive->synced,
		.spread = out->spread,
	};
	seal_payload(out->entries, out->raw, payload);
	index_note_stream(&out->index, archive->coder);
	out_add(archive, out, &seal, payload);
	out->sealed = true;
}

static int
out_create(struct archive *archive, struct out *out)
{
	char path[PATH_BYTES];
	segment_path(archive->dir, out->head.first, ".fwa", path);
	out->descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return out->descriptor < 0 ? errno : 0;
}

int
out_write(struct archive *archive, struct out *out)
{
	if (!out->bytes.length)
		return 0;
	int error = out->descriptor < 0 ? out_create(archive, out) : 0;
	if (!error)
		error = write_at(out->descriptor, out->bytes.data, out->bytes.length, out->synced_bytes);
	if (error)
		return error;
	step("before_sync");
	if (fdatasync(out->descriptor) != 0)
		return errno;
	if (!out->is_named && (error = store_sync_folder(archive->dir)) != 0)
		return error;
	step("after_sync");
	out->is_named = true;
	out->synced_bytes += out->bytes.length;
	out->bytes.length = 0;
	if (out->bytes.capacity > IDLE_BUFFER)
		buffer_free(&out->bytes);
	archive->synced = out->head.first + out->entries;
	return 0;
}

/* ---- frames ---- */

/* Packs and hides what was gathered; the payload is then in archive->packed. */
static void
payload_make(struct archive *archive, const struct out *out, struct frame *frame)
{
	struct buffer *packed = &archive->packed;
	packed->length = 0;
	packer_add(archive->packer, archive->raw.data, archive->raw.length, packed);
	frame->payload = (uint32_t)packed->length;
	if (!out->cipher)
		return;
	uint8_t head[FRAME_HEAD], nonce[CIPHER_NONCE_BYTES];
	frame->payload += CIPHER_TAG_BYTES;
	frame->session = archive->session;
	buffer_reserve(packed, CIPHER_TAG_BYTES);
	frame_head_write(frame, head);
	frame_nonce(frame, nonce);
	cipher_seal(out->cipher, nonce, frame_beside(head), packed->data, packed->length, packed->data);
}

static void
frame_close(struct archive *archive)
{
	struct out *out = archive->last && !archive->last->sealed ? archive->last : segment_begin(archive);
	struct frame frame = {
		.flags = archive->begin ? FRAME_BEGIN : 0,
		.raw = (uint32_t)archive->raw.length,
		.entries = archive->raw_entries,
		.number = out->frames,
		.first = archive->framed,
		.synced = archive->synced,
		.spread = archive->raw_spread,
	};
	payload_make(archive, out, &frame);
	out_add(archive, out, &frame, archive->packed.data);
	memcpy(archive->entry_chain, archive->chain, CHAIN_BYTES);
	spread_join(&out->spread, &frame.spread);
	out->entries += frame.entries;
	out->raw += frame.raw;
	archive->framed += frame.entries;
	archive->stream_raw += frame.raw;
	if (frame.spread.event_high > archive->newest_event)
		archive->newest_event = frame.spread.event_high;
	archive->raw.length = 0;
	archive->raw_entries = 0;
	archive->raw_spread = SPREAD_NONE;
	archive->begin = archive->stream_raw >= STREAM_RAW;
	if (out->synced_bytes + out->bytes.length >= archive->options.segment_bytes) {
		out_seal(archive, out);
		coder_begin(archive->coder);
		archive->begin = true;
	}
}

void
archive_append(struct archive *archive, const struct entry *entry)
{
	step("before_append");
	if (archive->raw_entries == 0 && archive->begin) {
		if (archive->last && !archive->last->sealed)
			index_note_stream(&archive->last->index, archive->coder);
		coder_begin(archive->coder);
		packer_begin(archive->packer);
		archive->stream_raw = 0;
	}
	coder_add(archive->coder, entry, &archive->raw);
	archive->raw_entries++;
	if (entry->kind == ENTRY_RECORD)
		spread_note(&archive->raw_spread, entry->record.event_time, entry->record.arrival_ms);
	if (archive->raw.length >= FRAME_RAW)
		frame_close(archive);
	step("after_append");
}

/* A sealed segment that is on disk is done with. */
static void
out_finish(struct archive *archive, struct out *out)
{
	index_write(archive->dir, &out->index);         /* a cache: made again when it fails */
	end_write(archive->dir, chain_key(&archive->options), archive->synced, archive->entry_chain);
	archive->first = out->next;
	if (!archive->first)
		archive->last = NULL;
	out_free(out);
}

int
archive_commit(struct archive *archive)
{
	if (archive->raw_entries)
		frame_close(archive);
	while (archive->first) {
		struct out *out = archive->first;
		int error = out_write(archive, out);
		if (error)
			return error;
		if (!out->sealed)
			break;
		out_finish(archive, out);
	}
	return 0;
}

uint64_t
archive_next(const struct archive *archive)
{
	return archive->framed + archive->raw_entries;
}

uint64_t
archive_synced(const struct archive *archive)
{
	return archive->synced;
}

uint64_t
archive_bytes(const char *dir)
{
	struct segment_files files;
	uint64_t bytes = 0;
	if (segment_files_read(dir, &files) != 0)
		return 0;
	for (size_t i = 0; i < files.count; i++)
		bytes += files.file[i].bytes;
	segment_files_free(&files);
	return bytes;
}

/* ---- opening and closing ---- */

static enum archive_failure
lock_get(struct archive *archive, struct diags *diags)
{
	char path[PATH_BYTES], owner[24];
	path_join(path, archive->dir, "lock");
	int error = lock_take(path, &archive->lock, owner);
	if (!error)
		return ARCHIVE_FINE;
	if (error != EAGAIN) {
		tell_errno(diags, path, "不能加锁", "cannot take the lock", error);
		return ARCHIVE_SYSTEM;
	}
	owner[strcspn(owner, " ")] = '\0';
	tell(diags, path, say(diags, "另一个进程（%s）正在写这个档案", owner), say(diags, "another process (%s) is writing to this archive", owner));
	return ARCHIVE_LOCKED;
}

static enum archive_failure
open_all(struct archive *archive, uint64_t *cut, struct diags *diags)
{
	if (!archive_cipher_is_known(archive->options.cipher)) {
		tell(diags, archive->dir, say(diags, "本机的 OpenSSL 没有 %s", cipher_name(archive->options.cipher)),
		    say(diags, "this OpenSSL has no %s", cipher_name(archive->options.cipher)));
		return ARCHIVE_KEY;
	}
	int error = store_make_folder(archive->dir);
	if (error) {
		tell_errno(diags, archive->dir, "不能建立档案目录", "cannot make the folder of the archive", error);
		return ARCHIVE_SYSTEM;
	}
	enum archive_failure failure = lock_get(archive, diags);
	return failure ? failure : recover(archive, cut, diags);
}

static void
archive_free(struct archive *archive)
{
	while (archive->first) {
		struct out *out = archive->first;
		archive->first = out->next;
		out_free(out);
	}
	coder_close(archive->coder);
	packer_close(archive->packer);
	buffer_free(&archive->raw);
	buffer_free(&archive->packed);
	if (archive->lock >= 0)
		close(archive->lock);
	free(archive->dir);
	free(archive);
}

struct archive *
archive_open(const char *dir, const struct archive_options *options, enum archive_failure *failure, uint64_t *cut, struct diags *diags)
{
	struct archive *archive = memory_resize(NULL, sizeof *archive);
	*archive = (struct archive){.dir = strdup(dir), .lock = -1, .options = *options, .begin = true, .raw_spread = SPREAD_NONE,
	    .newest_event = EVENT_TIME_NONE};
	if (!archive->dir)
		abort();
	if (!archive->options.segment_bytes)
		archive->options.segment_bytes = SEGMENT_BYTES;
	if (!archive->options.level)
		archive->options.level = 1;
	cipher_random(&archive->session, sizeof archive->session);
	archive->coder = coder_open();
	archive->packer = packer_open(archive->options.level);
	*cut = 0;
	*failure = open_all(archive, cut, diags);
	if (*failure == ARCHIVE_FINE)
		return archive;
	archive_free(archive);
	return NULL;
}

void
archive_close(struct archive *archive)
{
	if (!archive)
		return;
	if (archive_commit(archive) == 0 && archive->synced)
		end_write(archive->dir, chain_key(&archive->options), archive->synced, archive->entry_chain);
	archive_free(archive);
}
