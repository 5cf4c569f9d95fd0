/* Every byte of an archive: heads, frames, chain, entries, seals, indexes, the end that was written down, stored rulesets. */
#include "core/archive/code.h"
#include "core/archive/index.h"
#include "core/archive/rulesets.h"

#include "core/base/memory.h"
#include "core/base/pack.h"

#include <stdlib.h>

struct verify {
	const char *dir;
	const struct archive_options *keys;
	struct diags *diags;
	size_t damages;
	bool chain_unknown;             /* written with another chain key: told once */
	bool cipher_told;
	bool is_live;                   /* somebody writes: an unfinished end is no damage */

	/* so far */
	uint64_t position;              /* behind the last entry */
	bool knows_chain;               /* of what follows here */
	uint8_t chain[CHAIN_BYTES], entry_chain[CHAIN_BYTES];
	int64_t newest_event;
	enum end_state end;
	uint64_t end_position;
	uint8_t end_chain[CHAIN_BYTES];
	bool end_met;

	/* of the segment */
	char path[PATH_BYTES];
	struct walk walk;
	struct cipher *cipher;
	struct unpacker *unpacker;
	struct coder *coder;
	bool in_stream, can_open;
	struct buffer opened, raw;
	struct index index;
	uint64_t entries, raw_bytes;
	struct spread spread;
	bool sealed;
};

static void
damage(struct verify *verify, uint64_t position, uint64_t byte, const char *zh, const char *en)
{
	struct diags *diags = verify->diags;
	tell(diags, verify->path, say(diags, "第 %llu 条，第 %llu 字节：%s", (unsigned long long)position, (unsigned long long)byte, zh),
	    say(diags, "position %llu, byte %llu: %s", (unsigned long long)position, (unsigned long long)byte, en));
	verify->damages++;
}

/* ---- entries ---- */

/* The rulesets that came into force must be there. */
static void
entry_check(struct verify *verify, const struct entry *entry, uint64_t position, uint64_t byte)
{
	char rules[PATH_BYTES], tables[PATH_BYTES];
	if (entry->kind != ENTRY_RULES || archive_ruleset_paths(verify->dir, entry->rules.digest, rules, tables))
		return;
	struct diags *diags = verify->diags;
	const char *digest = say(diags, "%.*s", (int)entry->rules.digest.length, entry->rules.digest.data);
	damage(verify, position, byte, say(diags, "存放的规则集 %s 缺失或已损坏", digest),
	    say(diags, "the stored ruleset %s is missing or damaged", digest));
}

static bool
entries_check(struct verify *verify, const struct frame *frame, uint64_t byte)
{
	struct slice left = {verify->raw.data, frame->raw};
	struct entry entry;
	for (uint32_t i = 0; i < frame->entries; i++) {
		if (!coder_take(verify->coder, &left, &entry))
			return false;
		entry_check(verify, &entry, frame->first + i, byte);
	}
	return left.length == 0;
}

/* Decrypts, unpacks and decodes.  NULL: good; else what is wrong, zh then en. */
static const char *const *
payload_check(struct verify *verify, const struct frame *frame, const uint8_t *bytes, uint64_t byte)
{
	static const char *const no_begin[] = {"流没有开头", "a stream has no beginning"}, *const locked[] = {"密文与密钥不符",
	    "the encrypted bytes do not fit the key"}, *const packed[] = {"解压失败", "the packed bytes cannot be unpacked"}, *const entry[] = {
	    "条目无法解码", "an entry cannot be decoded"};
	const uint8_t *payload = bytes + FRAME_HEAD;
	size_t length = frame->payload;
	if (frame->flags & FRAME_BEGIN) {
		index_note_stream(&verify->index, verify->coder);
		unpacker_begin(verify->unpacker);
		coder_begin(verify->coder);
		verify->in_stream = true;
	}
	if (!verify->in_stream)
		return no_begin;
	if (verify->cipher) {
		uint8_t nonce[CIPHER_NONCE_BYTES];
		frame_nonce(frame, nonce);
		verify->opened.length = 0;
		buffer_reserve(&verify->opened, length + 1);
		if (!cipher_unseal(verify->cipher, nonce, frame_beside(bytes), payload, length, verify->opened.data))
			return locked;
		payload = (const uint8_t *)verify->opened.data;
		length -= CIPHER_TAG_BYTES;
	}
	verify->raw.length = 0;
	buffer_reserve(&verify->raw, (size_t)frame->raw + 1);
	if (!unpacker_exact(verify->unpacker, payload, length, verify->raw.data, frame->raw))
		return packed;
	return entries_check(verify, frame, byte) ? NULL : entry;
}

/* ---- frames ---- */

static void
chain_check(struct verify *verify, const struct frame *frame, const uint8_t *bytes, uint64_t byte)
{
	const uint8_t *said = bytes + FRAME_HEAD + frame->payload;
	if (!verify->chain_unknown && verify->knows_chain) {
		chain_next(chain_key(verify->keys), verify->chain, bytes + FRAME_CHECKED, FRAME_HEAD - FRAME_CHECKED + frame->payload);
		if (memcmp(verify->chain, said, CHAIN_BYTES) != 0)
			damage(verify, frame->first, byte, "链不相符：这一帧或它前面的内容被改动过",
			    "the chain does not fit: this frame, or what stood before it, was changed");
	}
	memcpy(verify->chain, said, CHAIN_BYTES);
	verify->knows_chain = true;
}

static void
seal_check(struct verify *verify, const struct frame *seal, const uint8_t *bytes, uint64_t byte)
{
	uint8_t payload[FRAME_SEAL_PAYLOAD];
	seal_payload(verify->entries, verify->raw_bytes, payload);
	verify->sealed = true;
	if (seal->payload != sizeof payload || memcmp(payload, bytes + FRAME_HEAD, sizeof payload) != 0
	    || memcmp(&seal->spread, &verify->spread, sizeof seal->spread) != 0)
		damage(verify, seal->first, byte, "封口与内容不符", "the seal does not fit what it seals");
}

static void
end_check(struct verify *verify, const struct frame *frame, uint64_t byte)
{
	uint64_t behind = frame->first + frame->entries;
	if (verify->end != END_GOOD || verify->end_met || behind < verify->end_position)
		return;
	verify->end_met = true;
	if (behind != verify->end_position || memcmp(verify->end_chain, verify->entry_chain, CHAIN_BYTES) != 0)
		damage(verify, frame->first, byte, "与 end 文件记下的链不符", "the chain is not the one that the file end holds");
}

static void
frame_check(struct verify *verify, const struct frame *frame, const uint8_t *bytes, uint64_t byte)
{
	chain_check(verify, frame, bytes, byte);
	index_note(&verify->index, frame, byte);
	if (frame->flags & FRAME_SEAL) {
		seal_check(verify, frame, bytes, byte);
		return;
	}
	memcpy(verify->entry_chain, verify->chain, CHAIN_BYTES);
	end_check(verify, frame, byte);
	verify->entries += frame->entries;
	verify->raw_bytes += frame->raw;
	spread_join(&verify->spread, &frame->spread);
	const char *const *wrong = verify->can_open ? payload_check(verify, frame, bytes, byte) : NULL;
	if (wrong) {
		damage(verify, frame->first, byte, wrong[0], wrong[1]);
		verify->in_stream = false;
	}
}

/* No whole frame, or not the due one.  False: nothing follows. */
static bool
break_tell(struct verify *verify, bool is_last)
{
	struct walk *walk = &verify->walk;
	uint64_t position = walk->position, byte = walk->at;
	uint32_t number = walk->number;
	bool stranger;
	if (is_last && verify->is_live && !walk_was_synced(walk))
		return false;
	bool more = walk_resume(walk, &stranger);
	if (verify->sealed)
		damage(verify, position, byte, "封口后面还有内容", "something stands behind the seal");
	else if (stranger)
		damage(verify, position, byte, say(verify->diags, "应为第 %u 帧，却是另一帧：有帧被删除、重复或移动", (unsigned)number),
		    say(verify->diags, "frame %u is due and another one stands here: one was removed, doubled or moved", (unsigned)number));
	else if (more)
		damage(verify, position, byte, "这里没有完整的帧", "no whole frame stands here");
	else
		damage(verify, position, byte, "文件末尾不完整：被截断或已损坏", "the end of the file is not whole: cut off or damaged");
	verify->knows_chain = false;
	verify->in_stream = false;
	return more;
}

static void
frames_check(struct verify *verify, bool is_last)
{
	struct frame frame;
	const uint8_t *bytes;
	for (;;) {
		uint64_t byte = verify->walk.at;
		enum walk_step step = walk_next(&verify->walk, &frame, &bytes);
		if (step == WALK_END)
			return;
		if (step == WALK_FRAME && !verify->sealed) {
			frame_check(verify, &frame, bytes, byte);
			continue;
		}
		if (step == WALK_FRAME)                         /* behind a seal */
			walk_to(&verify->walk, byte, frame.number + 1, frame.first);
		if (!break_tell(verify, is_last))
			return;
	}
}

/* ---- segments ---- */

static void
keys_check(struct verify *verify, const struct segment_head *head)
{
	uint8_t id[KEY_ID_BYTES];
	enum archive_failure failure;
	key_id(chain_key(verify->keys), id);
	if (!verify->chain_unknown && memcmp(id, head->chain_key_id, KEY_ID_BYTES) != 0) {
		damage(verify, head->first, 24, "链密钥不是写这个档案的那一把：链没有核对", "the chain key is not the one that this was written with: no chain is checked");
		verify->chain_unknown = true;
	}
	verify->cipher = segment_cipher(verify->keys, head, verify->path, &failure, verify->cipher_told ? NULL : verify->diags);
	verify->can_open = failure == ARCHIVE_FINE;
	verify->damages += failure && !verify->cipher_told;
	verify->cipher_told |= failure != ARCHIVE_FINE;
}

/* Does the segment go on from the one before? */
static void
joint_check(struct verify *verify, const struct segment_head *head, bool is_first)
{
	struct diags *diags = verify->diags;
	static const uint8_t zero[CHAIN_BYTES];
	bool is_start = head->first == 0;
	if (is_first && !is_start) {
		if (head->first > start_read(verify->dir))      /* else what was before has been pruned */
			damage(verify, 0, 0, "前面的段缺失", "the segments before are missing");
		return;
	}
	if (!is_first && head->first != verify->position)
		damage(verify, verify->position, 0, say(diags, "与前一段不相接：应从第 %llu 条开始，有段缺失或多余", (unsigned long long)verify->position),
		    say(diags, "it does not go on from the segment before, which ends at %llu: a segment is missing or too many",
		    (unsigned long long)verify->position));
	else if (!is_first && !verify->sealed)
		damage(verify, head->first, 0, "前一段没有封口", "the segment before has no seal");
	else if (memcmp(head->chain, is_first ? zero : verify->chain, CHAIN_BYTES) != 0
	    || memcmp(head->entry_chain, is_first ? zero : verify->entry_chain, CHAIN_BYTES) != 0
	    || head->newest_event != verify->newest_event)
		damage(verify, head->first, 0, "段首与前一段的链不相符", "the head does not fit the chain of the segment before");
}

static void
index_check(struct verify *verify, const struct segment_file *file)
{
	struct buffer there = {0}, full = {0}, plain = {0};
	segment_path(verify->dir, file->first, ".fwx", verify->path);
	int error = store_read(verify->path, &there);
	index_bytes(&verify->index, &plain);
	index_note_stream(&verify->index, verify->coder);
	verify->index.knows_sources = true;
	index_bytes(&verify->index, &full);
	struct slice bytes = {there.data, there.length};
	if (!error && verify->can_open && !slice_equal(bytes, (struct slice){full.data, full.length})
	    && !slice_equal(bytes, (struct slice){plain.data, plain.length}))
		damage(verify, file->first, 0, "索引与段不符；删去后会重建", "the index does not fit its segment; it is made again when it is removed");
	buffer_free(&there);
	buffer_free(&full);
	buffer_free(&plain);
}

static void
segment_begin(struct verify *verify, const struct segment_head *head, bool is_first)
{
	keys_check(verify, head);
	joint_check(verify, head, is_first);
	coder_begin(verify->coder);
	index_free(&verify->index);
	verify->index = (struct index){.first = head->first, .end = head->first};
	verify->entries = verify->raw_bytes = 0;
	verify->spread = SPREAD_NONE;
	verify->sealed = verify->in_stream = false;
	verify->knows_chain = true;
	segment_chain(chain_key(verify->keys), head, verify->chain);
	memcpy(verify->entry_chain, head->entry_chain, CHAIN_BYTES);
	verify->newest_event = head->newest_event;
}

static void
segment_check(struct verify *verify, const struct segment_file *file, bool is_first, bool is_last)
{
	struct segment_head head;
	bool has_head;
	segment_path(verify->dir, file->first, ".fwa", verify->path);
	int error = segment_open(&verify->walk, verify->path, &head, &has_head);
	if (error) {
		tell_errno(verify->diags, verify->path, "读不了这一段", "cannot read the segment", error);
		verify->damages++;
		return;
	}
	if (!has_head || head.first != file->first) {
		if (!is_last || !verify->is_live)
			damage(verify, file->first, 0, "段首不完整或与文件名不符", "the head of the segment is not whole, or not that of the file's name");
		verify->position = file->first;
		segment_close(&verify->walk);
		return;
	}
	segment_begin(verify, &head, is_first);
	frames_check(verify, is_last);
	verify->position = verify->walk.position;
	if (verify->spread.event_high > verify->newest_event)
		verify->newest_event = verify->spread.event_high;
	segment_close(&verify->walk);
	cipher_close(verify->cipher);
	verify->cipher = NULL;
	if (verify->sealed)
		index_check(verify, file);
}

/* ---- all ---- */

static void
end_of_all_check(struct verify *verify)
{
	path_join(verify->path, verify->dir, "end");
	if (verify->end == END_BAD && !verify->chain_unknown)
		damage(verify, verify->position, 0, "end 文件已损坏", "the file end is damaged");
	if (verify->end == END_GOOD && verify->end_position > verify->position)
		damage(verify, verify->position, 0, say(verify->diags, "到第 %llu 条为止的条目曾经落盘，现在没有了", (unsigned long long)verify->end_position),
		    say(verify->diags, "entries up to position %llu had been synced and are gone", (unsigned long long)verify->end_position));
}

size_t
archive_verify(const char *dir, const struct archive_options *keys, struct diags *diags)
{
	struct segment_files files;
	struct verify *verify = memory_resize(NULL, sizeof *verify);
	*verify = (struct verify){.dir = dir, .keys = keys, .diags = diags, .walk = {.descriptor = -1}, .newest_event = EVENT_TIME_NONE};
	int error = segment_files_read(dir, &files);
	if (error) {
		tell_errno(diags, dir, "读不了档案目录", "cannot read the folder of the archive", error);
		free(verify);
		return 1;
	}
	path_join(verify->path, dir, "lock");
	verify->is_live = lock_is_held(verify->path);
	verify->unpacker = unpacker_open();
	verify->coder = coder_open();
	verify->end = end_read(dir, chain_key(keys), &verify->end_position, verify->end_chain);
	for (size_t i = 0; i < files.count; i++)
		segment_check(verify, &files.file[i], i == 0, i + 1 == files.count);
	end_of_all_check(verify);
	size_t damages = verify->damages + rulesets_verify(dir, diags);
	segment_files_free(&files);
	index_free(&verify->index);
	unpacker_close(verify->unpacker);
	coder_close(verify->coder);
	buffer_free(&verify->opened);
	buffer_free(&verify->raw);
	free(verify);
	return damages;
}
