/* See hash.h. */
#include "core/base/hash.h"

#include <xxhash.h>

uint64_t
hash64(const void *data, size_t length)
{
	return XXH3_64bits(data, length);
}

struct hash128
hash128(const void *data, size_t length)
{
	XXH128_hash_t hash = XXH3_128bits(data, length);
	return (struct hash128){hash.low64, hash.high64};
}
