/* The bytes of an entry (docs/archive.md has them as a table):
 *
 *     tag         bits 0-2 kind; of a record: bit 3 its source is new, bit 4 arrival is known, bit 5 offset is the next one
 *     record      [new source: bit 0 file, bits 1-7 record kind; partition; name] or [number of the source]
 *                 [offset: difference to the one before of this source] [arrival: difference to the one before] bytes
 *     rules       digest, lateness, remember, history, depth, record bytes, identifier bytes, bits (persons in the clear, rejudged,
 *                 backfilled), key id
 *     tick        time
 *     gap         topic, partition, expected, found, reason
 *
 * All numbers are varints, signed ones folded; texts are a length and their bytes. */
#include "core/archive/code.h"

#include "core/archive/bytes.h"
#include "core/base/arena.h"
#include "core/base/memory.h"

#include <stdlib.h>

enum { TAG_KIND = 7, TAG_NEW = 8, TAG_ARRIVAL = 16, TAG_FOLLOWS = 32 };
enum { RULES_CLEAR = 1, RULES_REJUDGED = 2, RULES_BACKFILLED = 4, RULES_BITS = 7 };

#define BUCKETS 256

struct place {                          /* where records come from: one number a stream */
	struct slice name;
	int32_t partition;
	bool is_file;
	enum record_kind kind;
	int64_t offset;                 /* of the last one */
	int64_t low, high;              /* smallest and largest */
	int32_t next;                   /* of the same bucket, -1: none */
};

struct coder {
	struct place *place;
	size_t places, slots;
	int32_t bucket[BUCKETS];
	int64_t arrival_ms;             /* of the last one that had one */
	struct arena names;
	struct slice *name;             /* distinct ones, in names */
	size_t name_count, name_slots;
};

struct coder *
coder_open(void)
{
	struct coder *coder = memory_resize(NULL, sizeof *coder);
	*coder = (struct coder){0};
	coder_begin(coder);
	return coder;
}

void
coder_close(struct coder *coder)
{
	if (!coder)
		return;
	arena_free(&coder->names);
	free(coder->name);
	free(coder->place);
	free(coder);
}

void
coder_begin(struct coder *coder)
{
	coder->places = 0;
	coder->arrival_ms = 0;
	memset(coder->bucket, 0xff, sizeof coder->bucket);
}

/* The name in memory that outlives the stream. */
static struct slice
name_keep(struct coder *coder, struct slice name)
{
	for (size_t i = coder->name_count; i-- > 0;)
		if (slice_equal(coder->name[i], name))
			return coder->name[i];
	if (coder->name_count == coder->name_slots) {
		coder->name_slots = coder->name_slots ? 2 * coder->name_slots : 8;
		coder->name = memory_resize(coder->name, coder->name_slots * sizeof *coder->name);
	}
	struct slice kept = {arena_copy(&coder->names, name.data, name.length), name.length};
	return coder->name[coder->name_count++] = kept;
}

static struct place *
place_add(struct coder *coder, struct place place, size_t bucket)
{
	if (coder->places == coder->slots) {
		coder->slots = coder->slots ? 2 * coder->slots : 16;
		coder->place = memory_resize(coder->place, coder->slots * sizeof *coder->place);
	}
	place.name = name_keep(coder, place.name);
	place.low = INT64_MAX;
	place.high = INT64_MIN;
	place.next = coder->bucket[bucket];
	coder->bucket[bucket] = (int32_t)coder->places;
	coder->place[coder->places] = place;
	return &coder->place[coder->places++];
}

static void
place_move(struct place *place, int64_t offset)
{
	place->offset = offset;
	place->low = offset < place->low ? offset : place->low;
	place->high = offset > place->high ? offset : place->high;
}

bool
coder_source(const struct coder *coder, size_t number, struct source_range *range)
{
	if (number >= coder->places)
		return false;
	const struct place *place = &coder->place[number];
	*range = (struct source_range){place->name, place->partition, place->is_file, place->low, place->high};
	return true;
}

/* ---- to bytes ---- */

static struct place *
place_of(struct coder *coder, const struct entry *entry, bool *is_new)
{
	size_t bucket = ((uint32_t)entry->record.partition * 31 + entry->record.source.length + entry->record.kind) % BUCKETS;
	for (int32_t at = coder->bucket[bucket]; at >= 0; at = coder->place[at].next) {
		struct place *place = &coder->place[at];
		if (place->partition == entry->record.partition && place->kind == entry->record.kind
		    && place->is_file == entry->record.is_file && slice_equal(place->name, entry->record.source)) {
			*is_new = false;
			return place;
		}
	}
	*is_new = true;
	return place_add(coder, (struct place){.name = entry->record.source, .partition = entry->record.partition,
	    .is_file = entry->record.is_file, .kind = entry->record.kind, .offset = -1}, bucket);
}

static void
record_add(struct coder *coder, const struct entry *entry, struct buffer *out)
{
	bool is_new, has_arrival = entry->record.arrival_ms != ARRIVAL_UNKNOWN;
	struct place *place = place_of(coder, entry, &is_new);
	bool follows = (uint64_t)entry->record.offset == (uint64_t)place->offset + 1;
	buffer_char(out, (char)(ENTRY_RECORD | (is_new ? TAG_NEW : 0) | (has_arrival ? TAG_ARRIVAL : 0) | (follows ? TAG_FOLLOWS : 0)));
	if (is_new) {
		buffer_char(out, (char)(place->is_file | place->kind << 1));
		varint_add(out, fold(place->partition));
		slice_add(out, place->name);
	} else {
		varint_add(out, (uint64_t)(place - coder->place));
	}
	if (!follows)
		varint_add(out, fold((int64_t)((uint64_t)entry->record.offset - (uint64_t)place->offset)));
	place_move(place, entry->record.offset);
	if (has_arrival) {
		varint_add(out, fold((int64_t)((uint64_t)entry->record.arrival_ms - (uint64_t)coder->arrival_ms)));
		coder->arrival_ms = entry->record.arrival_ms;
	}
	slice_add(out, entry->record.bytes);
}

static void
rules_add(const struct entry *entry, struct buffer *out)
{
	const struct entry_settings *settings = &entry->rules.settings;
	slice_add(out, entry->rules.digest);
	varint_add(out, fold(settings->lateness_days));
	varint_add(out, fold(settings->remember_days));
	varint_add(out, fold(settings->history_months));
	varint_add(out, settings->depth);
	varint_add(out, settings->record_bytes);
	varint_add(out, settings->identifier_bytes);
	buffer_char(out, (char)((settings->person_clear ? RULES_CLEAR : 0) | (entry->rules.rejudged ? RULES_REJUDGED : 0)
	    | (entry->rules.backfilled ? RULES_BACKFILLED : 0)));
	slice_add(out, slice_of(settings->pseudonym_key_id));
}

void
coder_add(struct coder *coder, const struct entry *entry, struct buffer *out)
{
	if (entry->kind == ENTRY_RECORD) {
		record_add(coder, entry, out);
		return;
	}
	buffer_char(out, (char)entry->kind);
	if (entry->kind == ENTRY_RULES) {
		rules_add(entry, out);
	} else if (entry->kind == ENTRY_TICK) {
		varint_add(out, fold(entry->tick.time));
	} else {
		slice_add(out, entry->gap.topic);
		varint_add(out, fold(entry->gap.partition));
		varint_add(out, fold(entry->gap.expected));
		varint_add(out, fold(entry->gap.found));
		slice_add(out, entry->gap.reason);
	}
}

/* ---- and back ---- */

static bool
byte_take(struct slice *bytes, uint8_t *byte)
{
	if (!bytes->length)
		return false;
	*byte = (uint8_t)*bytes->data;
	bytes->data++;
	bytes->length--;
	return true;
}

static bool
int32_take(struct slice *bytes, int32_t *value)
{
	int64_t wide;
	bool good = signed_take(bytes, &wide) && wide >= INT32_MIN && wide <= INT32_MAX;
	*value = good ? (int32_t)wide : 0;
	return good;
}

static bool
uint32_take(struct slice *bytes, uint32_t *value)
{
	uint64_t wide;
	bool good = varint_take(bytes, &wide) && wide <= UINT32_MAX;
	*value = good ? (uint32_t)wide : 0;
	return good;
}

static struct place *
place_take(struct coder *coder, struct slice *bytes, bool is_new)
{
	uint64_t number;
	uint8_t flags;
	struct place place = {.offset = -1};
	if (!is_new)
		return varint_take(bytes, &number) && number < coder->places ? &coder->place[number] : NULL;
	if (!byte_take(bytes, &flags) || flags >> 1 >= RECORD_KINDS || !int32_take(bytes, &place.partition) || !slice_take(bytes, &place.name))
		return NULL;
	place.is_file = flags & 1;
	place.kind = (enum record_kind)(flags >> 1);
	return place_add(coder, place, 0);
}

static bool
record_take(struct coder *coder, uint8_t tag, struct slice *bytes, struct entry *entry)
{
	int64_t difference = 1;
	struct place *place = place_take(coder, bytes, tag & TAG_NEW);
	if (!place || (!(tag & TAG_FOLLOWS) && !signed_take(bytes, &difference)))
		return false;
	place_move(place, (int64_t)((uint64_t)place->offset + (uint64_t)difference));
	entry->record.kind = place->kind;
	entry->record.source = place->name;
	entry->record.is_file = place->is_file;
	entry->record.partition = place->partition;
	entry->record.offset = place->offset;
	entry->record.event_time = EVENT_TIME_NONE;
	entry->record.arrival_ms = ARRIVAL_UNKNOWN;
	if (tag & TAG_ARRIVAL) {
		if (!signed_take(bytes, &difference))
			return false;
		coder->arrival_ms = (int64_t)((uint64_t)coder->arrival_ms + (uint64_t)difference);
		entry->record.arrival_ms = coder->arrival_ms;
	}
	return slice_take(bytes, &entry->record.bytes);
}

static bool
rules_take(struct slice *bytes, struct entry *entry)
{
	struct entry_settings *settings = &entry->rules.settings;
	struct slice key_id;
	uint8_t bits;
	*settings = (struct entry_settings){0};
	if (!slice_take(bytes, &entry->rules.digest) || !int32_take(bytes, &settings->lateness_days)
	    || !int32_take(bytes, &settings->remember_days) || !int32_take(bytes, &settings->history_months)
	    || !uint32_take(bytes, &settings->depth) || !uint32_take(bytes, &settings->record_bytes)
	    || !uint32_take(bytes, &settings->identifier_bytes) || !byte_take(bytes, &bits) || bits > RULES_BITS
	    || !slice_take(bytes, &key_id) || key_id.length >= sizeof settings->pseudonym_key_id)
		return false;
	settings->person_clear = bits & RULES_CLEAR;
	entry->rules.rejudged = bits & RULES_REJUDGED;
	entry->rules.backfilled = bits & RULES_BACKFILLED;
	memcpy(settings->pseudonym_key_id, key_id.data, key_id.length);
	return true;
}

static bool
gap_take(struct slice *bytes, struct entry *entry)
{
	return slice_take(bytes, &entry->gap.topic) && int32_take(bytes, &entry->gap.partition)
	    && signed_take(bytes, &entry->gap.expected) && signed_take(bytes, &entry->gap.found)
	    && slice_take(bytes, &entry->gap.reason);
}

bool
coder_take(struct coder *coder, struct slice *bytes, struct entry *entry)
{
	uint8_t tag;
	if (!byte_take(bytes, &tag))
		return false;
	entry->kind = tag & TAG_KIND;
	if (entry->kind == ENTRY_RECORD)
		return !(tag & ~(TAG_KIND | TAG_NEW | TAG_ARRIVAL | TAG_FOLLOWS)) && record_take(coder, tag, bytes, entry);
	if (tag & ~TAG_KIND)
		return false;
	switch (entry->kind) {
	case ENTRY_RULES:
		return rules_take(bytes, entry);
	case ENTRY_TICK:
		return signed_take(bytes, &entry->tick.time);
	case ENTRY_GAP:
		return gap_take(bytes, entry);
	default:
		return false;
	}
}
