/* See known.h. */
#include "daemon/known.h"

#include "core/base/hash.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct slot {                           /* all zero: empty */
	struct hash128 hash;
	uint64_t revision;              /* of a key: the newest of its lines; 0: the slot is a line */
	uint64_t left;                  /* copies of a line, lines of a key, that were not asked for yet */
};

struct known {
	struct slot *slot;
	size_t slots, used, lines;
	bool newest_only;
};

struct known *
known_open(bool newest_only)
{
	struct known *known = memory_resize(NULL, sizeof *known);
	*known = (struct known){.newest_only = newest_only, .slots = 1024};
	known->slot = calloc(known->slots, sizeof *known->slot);
	if (!known->slot)
		abort();
	return known;
}

/* The topic and what it is about are part of the hash: a line in one topic says nothing about another. */
static struct hash128
hash_of(size_t topic, bool is_key, struct slice text)
{
	struct hash128 hash = hash128(text.data ? text.data : "", text.length);
	hash.low ^= (topic * 2 + is_key + 1) * UINT64_C(0x9E3779B97F4A7C15);
	if (!hash.low && !hash.high)
		hash.high = 1;
	return hash;
}

static struct slot *
slot_of(const struct known *known, struct hash128 hash)
{
	size_t at = hash.high & (known->slots - 1);
	while (known->slot[at].hash.low | known->slot[at].hash.high) {
		if (known->slot[at].hash.low == hash.low && known->slot[at].hash.high == hash.high)
			break;
		at = (at + 1) & (known->slots - 1);
	}
	return &known->slot[at];
}

static void
grow(struct known *known)
{
	struct known old = *known;
	known->slots *= 2;
	known->slot = calloc(known->slots, sizeof *known->slot);
	if (!known->slot)
		abort();
	for (size_t i = 0; i < old.slots; i++)
		if (old.slot[i].hash.low | old.slot[i].hash.high)
			*slot_of(known, old.slot[i].hash) = old.slot[i];
	free(old.slot);
}

static struct slot *
put(struct known *known, struct hash128 hash)
{
	if (known->used * 2 >= known->slots)
		grow(known);
	struct slot *slot = slot_of(known, hash);
	known->used += !(slot->hash.low | slot->hash.high);
	slot->hash = hash;
	return slot;
}

static uint64_t
digits(const char *at, const char *end)
{
	uint64_t number = 0;
	while (at < end && *at >= '0' && *at <= '9' && number < UINT64_MAX / 16)
		number = number * 10 + (uint64_t)(*at++ - '0');
	return number;
}

uint64_t
line_revision(enum output_kind kind, struct slice line)
{
	static const char member[] = "\"revision\":";
	const char *at = line.data, *end = line.data + line.length, *found = NULL;
	bool first_counts = kind == OUTPUT_ALERT || kind == OUTPUT_SHADOW;
	if (!first_counts && kind != OUTPUT_INDICATOR)
		return 0;
	while (at < end && (at = memmem(at, (size_t)(end - at), member, sizeof member - 1))) {
		at += sizeof member - 1;
		found = at;
		if (first_counts)
			break;
	}
	return found ? digits(found, end) : 0;
}

static enum output_kind
kind_of(struct slice line)
{
	static const struct {
		const char *start;
		enum output_kind kind;
	} starts[] = {{"{\"type\":\"alert\",", OUTPUT_ALERT}, {"{\"type\":\"indicator\",", OUTPUT_INDICATOR}};
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (slice_starts_with(line, slice_of(starts[i].start)))
			return starts[i].kind;
	return OUTPUT_REFUSED;
}

void
known_add(struct known *known, size_t topic, struct slice key, struct slice value)
{
	put(known, hash_of(topic, false, value))->left++;
	known->lines++;
	uint64_t revision = line_revision(kind_of(value), value);
	if (!revision)
		return;
	struct slot *slot = put(known, hash_of(topic, true, key));
	slot->left++;
	if (slot->revision < revision)
		slot->revision = revision;
}

bool
known_take(struct known *known, size_t topic, enum output_kind kind, struct slice key, struct slice value)
{
	struct slot *line = slot_of(known, hash_of(topic, false, value)), *of_key = slot_of(known, hash_of(topic, true, key));
	uint64_t revision = line_revision(kind, value);
	if (line->left) {
		line->left--;
		of_key->left -= revision && of_key->left;
		return true;
	}
	return known->newest_only && revision && of_key->left && of_key->revision > revision;
}

size_t
known_count(const struct known *known)
{
	return known->lines;
}

void
known_close(struct known *known)
{
	free(known->slot);
	free(known);
}
