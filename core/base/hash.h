/* The door to xxHash: table hashes and content fingerprints.  Never an identity by itself. */
#ifndef FW_HASH_H
#define FW_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t low, high;
};

uint64_t hash64(const void *data, size_t length);
struct hash128 hash128(const void *data, size_t length);

#endif
