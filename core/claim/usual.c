/* The walk for every machine: bytes one by one. */
#include "core/claim/usual.h"

typedef uint64_t fields __attribute__((vector_size(16)));

static inline bool
key_is_here(const struct key *key, const char *at)
{
	return memcmp(at, key->pattern, key->length) == 0;
}

/* The first one is enough: nobody asks for the others. */
static inline uint32_t
stops_of_code(const char *at)
{
	for (unsigned i = 0; i < 16; i++)
		if (at[i] == '"' || at[i] == '\\' || (unsigned char)(at[i] - 0x20) >= 0x7f - 0x20)
			return 1u << i;
	return 0;
}

static inline uint32_t
stops_of_text(const char *at)
{
	for (unsigned i = 0; i < 32; i++)
		if (at[i] == '"' || at[i] == '\\' || (unsigned char)(at[i] - 0x20) >= 0x80 - 0x20)
			return 1u << i;
	return 0;
}

/* Characters of three bytes that are well-formed whenever the second and third byte continue them. */
static inline bool
is_wide(const char *at)
{
	unsigned char first = (unsigned char)at[0];
	return first > 0xe0 && first < 0xf0 && first != 0xed && ((unsigned char)at[1] & 0xc0) == 0x80
	    && ((unsigned char)at[2] & 0xc0) == 0x80;
}

static inline unsigned
text_length(const char *at)
{
	unsigned length = 0;
	while (length < 62) {
		unsigned char byte = (unsigned char)at[length];
		if (byte == '"')
			return length;
		if (byte < 0x20 || byte == '\\' || (byte >= 0x80 && !is_wide(at + length)))
			return 0;
		length += byte < 0x80 ? 1 : 3;
	}
	return length < 64 && at[length] == '"' ? length : 0;
}

static inline bool
fields_meet(fields a, fields b)
{
	fields both = a & b;
	return (both[0] | both[1]) != 0;
}

#include "core/claim/usual_members.h"

static const char *
walk_anywhere(struct walk *walk, const char *at)
{
	return members_walk(walk, at);
}

static bool
runs_anywhere(void)
{
	return true;
}

#if defined(__x86_64__)
extern usual_walk usual_walk_avx2;
extern bool usual_runs_avx2(void);
#endif

const struct usual usual_walks[] = {
#if defined(__x86_64__)
	{"avx2", usual_walk_avx2, usual_runs_avx2},
#endif
	{"any", walk_anywhere, runs_anywhere},
};

const size_t usual_walk_count = sizeof usual_walks / sizeof *usual_walks;
