/* Anything as an archive: the bytes of a segment file as they are, frames around anything whose checksums fit, entries.  Reading
 * ends, says damage or end, and gives the same to all: to the reader, to verify and to the one who opens it for writing. */
#include "core/archive/code.h"
#include "core/archive/segment.h"
#include "core/base/hash.h"
#include "core/base/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

static char scratch[64], segment[128];

static void
scratch_remove(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r '%s'", scratch);
	if (system(command) != 0)
		perror(scratch);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	strcpy(scratch, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fw_fuzz_XXXXXX" : "/tmp/fw_fuzz_XXXXXX");
	if (!mkdtemp(scratch))
		abort();
	atexit(scratch_remove);
	snprintf(segment, sizeof segment, "%s/segment-%020d.fwa", scratch, 0);
	return 0;
}

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
file_write(const void *bytes, size_t length)
{
	int file = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(file >= 0 && write(file, bytes, length) == (ssize_t)length);
	close(file);
}

static void
leftovers_remove(void)
{
	static const char *const names[] = {"end", "lock", "segment-00000000000000000000.fwx", "segment-00000000000000000000.fwa"};
	char path[200];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", scratch, names[i]);
		unlink(path);
	}
}

/* Entries until the reading ends; *damaged says how. */
static uint64_t
read_through(bool *is_damaged)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct entry entry;
	enum archive_step step;
	uint64_t count = 0;
	struct archive_reader *reader = archive_read(scratch, NULL, 0, &failure, &diags);
	*is_damaged = !reader;
	while (reader && (step = archive_reader_next(reader, &entry)) != ARCHIVE_END) {
		*is_damaged = step == ARCHIVE_DAMAGED;
		if (*is_damaged)
			break;
		must(entry.position == count++);
		if (entry.kind == ENTRY_RECORD && entry.record.bytes.length)
			must(hash64(entry.record.bytes.data, entry.record.bytes.length + RECORD_PADDING) != 1);
		if (count % 16 == 0)
			archive_recycle(reader);
	}
	must(*is_damaged == (diags.errors > 0));
	archive_reader_free(reader);
	diags_free(&diags);
	return count;
}

static void
archive_try(void)
{
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t cut;
	bool is_damaged;
	uint64_t count = read_through(&is_damaged);
	size_t damages = archive_verify(scratch, NULL, &diags);
	must(!is_damaged || damages);
	struct archive *archive = archive_open(scratch, &(struct archive_options){0}, &failure, &cut, &diags);
	must(archive || diags.errors);
	if (archive && !is_damaged)
		must(archive_next(archive) == count);
	archive_close(archive);
	diags_free(&diags);
	leftovers_remove();
}

/* Frames of one segment: a byte for flags, one for entries, one that says how long its text is. */
static void
fuzz_frames(const uint8_t *data, size_t size, bool pack)
{
	struct segment_head head = {.newest_event = EVENT_TIME_NONE, .level = 1};
	struct buffer file = {0}, packed = {0};
	struct packer *packer = packer_open(1);
	uint8_t bytes[SEGMENT_HEAD], chain[CHAIN_BYTES];
	struct frame frame = {.spread = SPREAD_NONE};
	key_id(chain_key(NULL), head.chain_key_id);
	segment_head_write(&head, bytes);
	segment_chain(chain_key(NULL), &head, chain);
	buffer_add(&file, bytes, sizeof bytes);
	while (size > 3) {
		size_t length = (size_t)data[2] * 4 < size - 3 ? (size_t)data[2] * 4 : size - 3;
		frame.flags = data[0] & 3;
		frame.entries = data[1];
		frame.raw = (uint32_t)length + (data[0] >> 4 == 15);
		frame.synced = data[0] & 4 ? frame.first : 0;
		packed.length = 0;
		if (frame.flags & FRAME_BEGIN)
			packer_begin(packer);
		if (pack)
			packer_add(packer, data + 3, length, &packed);
		else
			buffer_add(&packed, data + 3, length);
		frame.payload = (uint32_t)packed.length;
		frame_add(&frame, chain_key(NULL), chain, packed.data, &file);
		frame.first += frame.entries;
		frame.number++;
		data += 3 + length;
		size -= 3 + length;
	}
	file_write(file.data, file.length);
	archive_try();
	packer_close(packer);
	buffer_free(&file);
	buffer_free(&packed);
}

/* What is taken as entries is written down and taken again as the same. */
static void
fuzz_entries(const uint8_t *data, size_t size)
{
	struct coder *from = coder_open(), *to = coder_open(), *back = coder_open();
	struct slice bytes = {(const char *)data, size};
	struct entry entry, again;
	memset(&entry, 0, sizeof entry);
	while (coder_take(from, &bytes, &entry)) {
		struct buffer out = {0}, once = {0}, twice = {0};
		coder_add(to, &entry, &out);
		struct slice written = {out.data, out.length};
		must(coder_take(back, &written, &again) && written.length == 0 && again.kind == entry.kind);
		struct coder *third = coder_open(), *fourth = coder_open();
		coder_add(third, &entry, &once);
		coder_add(fourth, &again, &twice);
		must(slice_equal((struct slice){once.data, once.length}, (struct slice){twice.data, twice.length}));
		coder_close(third);
		coder_close(fourth);
		buffer_free(&out);
		buffer_free(&once);
		buffer_free(&twice);
	}
	coder_close(from);
	coder_close(to);
	coder_close(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] % 8) {
	case 0:
		file_write(data + 1, size - 1);
		archive_try();
		break;
	case 1:
	case 2:
		fuzz_frames(data + 1, size - 1, false);
		break;
	case 3:
	case 4:
	case 5:
		fuzz_frames(data + 1, size - 1, true);
		break;
	default:
		fuzz_entries(data + 1, size - 1);
	}
	return 0;
}
