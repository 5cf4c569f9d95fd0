/* The walk for machines with AVX2: thirty-two bytes at once. */
#include "core/claim/usual.h"

#if defined(__x86_64__)

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#endif

typedef uint64_t fields __attribute__((vector_size(16)));

static inline __m256i
load_block(const char *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

static inline uint32_t
bits_of(__m256i bytes)
{
	return (uint32_t)_mm256_movemask_epi8(bytes);
}

static inline bool
key_is_here(const struct key *key, const char *at)
{
	__m256i pattern = _mm256_load_si256((const __m256i *)key->pattern);
	return (~bits_of(_mm256_cmpeq_epi8(load_block(at), pattern)) & key->mask) == 0;
}

static inline uint32_t
stops_of_code(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)at);
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	/* One more and signed: 0x7f..0xff become negative or zero, 0x00..0x1f at most 0x20. */
	__m128i outside = _mm_cmpgt_epi8(_mm_set1_epi8(0x21), _mm_add_epi8(bytes, _mm_set1_epi8(1)));
	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), outside));
}

/* With bit 1 turned over, the quote stands right above the control characters and nothing else does. */
static inline uint32_t
stops_of_text(const char *at)
{
	__m256i bytes = load_block(at);
	__m256i outside = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), _mm256_xor_si256(bytes, _mm256_set1_epi8(2)));
	return bits_of(_mm256_or_si256(outside, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))));
}

/* Quotes, backslashes and control characters. */
static inline uint64_t
ends_of_text(__m256i bytes)
{
	__m256i turned = _mm256_xor_si256(bytes, _mm256_set1_epi8(2));
	__m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(turned, _mm256_set1_epi8(0x20)), turned);
	return bits_of(_mm256_or_si256(low, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))));
}

/* Bytes that continue a character; as signed numbers 0x80..0xbf are the lowest. */
static inline uint64_t
continuing(__m256i bytes)
{
	return bits_of(_mm256_cmpgt_epi8(_mm256_set1_epi8((char)0xc0), bytes));
}

/* First bytes of characters of three that are well-formed whenever the second and third continue them. */
static inline uint64_t
leading(__m256i bytes)
{
	__m256i three = _mm256_and_si256(_mm256_cmpgt_epi8(bytes, _mm256_set1_epi8((char)0xe0)),
	    _mm256_cmpgt_epi8(_mm256_set1_epi8((char)0xf0), bytes));
	return bits_of(_mm256_andnot_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)0xed)), three));
}

static inline unsigned
text_length(const char *at)
{
	__m256i first = load_block(at), second = _mm256_setzero_si256();
	uint64_t ends = ends_of_text(first);
	if (!ends) {
		second = load_block(at + 32);
		ends = ends_of_text(second) << 32;
		if (!ends)
			return 0;
	}
	uint64_t inside = (ends ^ (ends - 1)) >> 1, beyond_ascii = (bits_of(first) | (uint64_t)bits_of(second) << 32) & inside;
	if (beyond_ascii) {
		uint64_t continued = (continuing(first) | continuing(second) << 32) & inside;
		uint64_t leads = (leading(first) | leading(second) << 32) & inside;
		if ((leads | continued) != beyond_ascii || (leads << 1 | leads << 2) != continued)
			return 0;
	}
	return (unsigned)__builtin_ctzll(ends);
}

static inline bool
fields_meet(fields a, fields b)
{
	return !_mm_testz_si128((__m128i)a, (__m128i)b);
}

#include "core/claim/usual_members.h"

usual_walk usual_walk_avx2;
bool usual_runs_avx2(void);

const char *
usual_walk_avx2(struct walk *walk, const char *at)
{
	return members_walk(walk, at);
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

bool
usual_runs_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

#else

typedef int usual_needs_x86;            /* or the file would hold nothing, which C does not allow */

#endif
