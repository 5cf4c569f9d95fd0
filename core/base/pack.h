/* The door to libzstd: bytes made smaller and back, in pieces.  One thread each. */
#ifndef FW_PACK_H
#define FW_PACK_H

#include "core/base/buffer.h"

/* ---- packing ---- */

struct packer;
struct packer *packer_open(int level);          /* of zstd: 1 .. 19, below 0 faster and larger; 0: 1 */

/* Forgets what came before: the next bytes begin a zstd frame of their own. */
void packer_begin(struct packer *);

/* Packs the bytes behind what came since packer_begin and adds all of it to out, so that a reader who has so much can
 * unpack so much. */
void packer_add(struct packer *, const void *bytes, size_t length, struct buffer *out);

/* The bytes by themselves, as one whole zstd frame added to out; what came since packer_begin is forgotten. */
void packer_whole(struct packer *, const void *bytes, size_t length, struct buffer *out);
void packer_close(struct packer *);

/* ---- unpacking ---- */

struct unpacker;
struct unpacker *unpacker_open(void);
void unpacker_begin(struct unpacker *);

enum unpack_state { UNPACK_INSIDE, UNPACK_ENDED, UNPACK_CORRUPT };     /* inside a zstd frame, behind its end, no zstd */

/* Unpacks from bytes[*at ..) into to[0 .. room); *at moves on and *got is how many came out. */
enum unpack_state unpacker_step(struct unpacker *, const void *bytes, size_t length, size_t *at, void *to, size_t room, size_t *got);

/* The bytes, continuing those since unpacker_begin, are exactly length bytes unpacked; false: they are not. */
bool unpacker_exact(struct unpacker *, const void *bytes, size_t packed, void *to, size_t length);

/* What packer_whole made is exactly length bytes unpacked; faster than unpacker_exact, since nothing is kept. */
bool unpacker_whole(struct unpacker *, const void *bytes, size_t packed, void *to, size_t length);
void unpacker_close(struct unpacker *);

#endif
