/* PRIVATE to core/archive: a snapshot's file as a stream of checked blocks.  Layout: block.c. */
#ifndef FW_BLOCK_H
#define FW_BLOCK_H

#include "core/archive/segment.h"
#include "core/archive/snapshot.h"
#include "core/base/pack.h"

#define BLOCK_RAW_BYTES ((size_t)2 << 20)       /* a block of the state is this long, but for the last one */
#define BLOCK_RAW_MOST ((uint32_t)64 << 20)     /* no block is longer */

enum block_kind { BLOCK_HEAD = 1, BLOCK_STATE, BLOCK_END };

/* ---- writing: the first error stays, what comes after it is not written ---- */

struct block_writer {
	int descriptor, error;
	uint64_t at;                    /* byte of the file */
	struct packer *packer;
	struct cipher *cipher;          /* NULL: not encrypted */
	uint32_t number;                /* of the next block */
	uint64_t total, raw;            /* checksum over all checksums, bytes unpacked: of the blocks so far */
	struct buffer state, block;     /* of the state what is not a whole block yet; the block being written */
};

void block_writer_open(struct block_writer *, int descriptor, uint64_t position, const struct archive_options *keys);
void block_write(struct block_writer *, enum block_kind, const void *bytes, size_t length);
void block_write_state(void *writer, const void *bytes, size_t length);         /* as scorer_save wants it */

/* The rest of the state and the end.  0 or errno; frees, but leaves the descriptor open. */
int block_writer_close(struct block_writer *);

/* ---- reading ---- */

enum block_wrong {
	BLOCK_FINE,
	BLOCK_SYSTEM,                   /* a read failed: reader.error is its errno */
	BLOCK_FORMAT,                   /* no snapshot, or of another format */
	BLOCK_KEY,                      /* encrypted, and the key is missing or another one */
	BLOCK_DAMAGED
};

struct block {                          /* unpacked */
	enum block_kind kind;
	char *raw;
	size_t length, room;
};

struct block_reader {
	int descriptor, error;
	enum block_wrong wrong;
	struct unpacker *unpacker;
	struct cipher *cipher;
	uint32_t number;
	uint64_t total, raw;
	struct buffer packed;
	struct block ready, ahead;      /* the one that is taken over, and the one that is made meanwhile */
	size_t taken;                   /* bytes of `ready` */
	const struct snapshot_helper *helper;
	bool begun;                     /* the helper works at `ahead` */
};

/* Reads what stands before the first block: its position is the one the file is named after. */
void block_reader_open(struct block_reader *, int descriptor, uint64_t position, const struct archive_options *keys);

/* The next block into `ready`; false: there is none that is whole. */
bool block_next(struct block_reader *);
bool block_read_state(void *reader, void *bytes, size_t length);                /* as scorer_load wants it */

/* Nothing is left of the state, the end says what was read, and nothing is behind it. */
bool block_reader_ended(struct block_reader *);
void block_reader_close(struct block_reader *);         /* frees, closes the descriptor */

#endif
