/* Records: members to fields, required fields, the fingerprint of what was decoded. */
#include "core/claim/decode.h"

#include "core/base/memory.h"
#include "core/claim/fingerprint.h"
#include "core/claim/unknown.h"
#include "core/claim/usual.h"
#include "core/claim/value.h"

#include <assert.h>
#include <stdlib.h>

enum { IDENTITY_psn_idet_type, IDENTITY_begndate, IDENTITY_enddate, IDENTITY_FIELDS };

static const struct field identity_fields[IDENTITY_FIELDS] = {
	{"psn_idet_type", TYPE_CODE, true, OPEN, "", "人员身份类别", "identity class"},
	{"begndate", TYPE_DATE, false, OPEN, "day", "开始日期", "first day"},
	{"enddate", TYPE_DATE, false, OPEN, "day", "结束日期", "last day"},
};

static const struct field_alias identity_aliases[] = {{"begntime", "begndate"}, {"endtime", "enddate"}};

const char *const refusal_names[REFUSAL_COUNT] = {
#define X(name) #name,
	REFUSALS(X)
#undef X
};

/* What decodes one kind of object. */
struct form {
	const struct field *fields;
	unsigned count;
	struct keys keys;
	struct layout layout;
};

struct decoder {
	struct decode_limits limits;
	struct scan scan;
	struct kept kept;
	usual_walk *usual;
	struct form settlement, enrolment, identity;
	struct unknown unknown;
	struct hash128 skipped[SETTLEMENT_FIELDS];      /* fingerprints of the fields that are read over */
	struct buffer list;                             /* canonical form of the identities */
};

/* An object being read. */
struct object {
	struct form *form;
	struct walk walk;
	uint32_t depth;
	struct enrolment *enrolment;                    /* for the identities, else NULL */
};

static void
form_init(struct form *form, const struct field *fields, unsigned count, const struct field_alias *aliases, size_t alias_count)
{
	form->fields = fields;
	form->count = count;
	keys_init(&form->keys, fields, count, aliases, alias_count);
	layout_init(&form->layout, fields, count);
}

/* The n-th of those that this machine can, NULL: there are not so many. */
static usual_walk *
walk_choose(size_t number)
{
	for (size_t i = 0; i < usual_walk_count; i++)
		if (usual_walks[i].runs_here() && number-- == 0)
			return usual_walks[i].walk;
	return NULL;
}

struct decoder *
decoder_open_walking(struct decode_limits limits, size_t number)
{
	assert(limits.identifier_bytes <= 64 && limits.depth >= 1);
	usual_walk *walk = walk_choose(number);
	if (!walk)
		return NULL;
	struct decoder *decoder = memory_aligned(_Alignof(struct decoder), sizeof *decoder);
	decoder->usual = walk;
	decoder->limits = limits;
	decoder->scan.depth_limit = limits.depth;
	form_init(&decoder->settlement, settlement_fields, SETTLEMENT_FIELDS, settlement_aliases, settlement_alias_count);
	form_init(&decoder->enrolment, enrolment_fields, ENROLMENT_FIELDS, enrolment_aliases, enrolment_alias_count);
	form_init(&decoder->identity, identity_fields, IDENTITY_FIELDS, identity_aliases,
	    sizeof identity_aliases / sizeof *identity_aliases);
	return decoder;
}

struct decoder *
decoder_open(struct decode_limits limits)
{
	return decoder_open_walking(limits, 0);
}

void
decoder_close(struct decoder *decoder)
{
	if (!decoder)
		return;
	kept_free(&decoder->kept);
	buffer_free(&decoder->scan.plain);
	buffer_free(&decoder->scan.canon);
	buffer_free(&decoder->list);
	free(decoder);
}

void
decoder_reset(struct decoder *decoder)
{
	kept_reset(&decoder->kept);
}

const struct unknown_field *
decoder_unknown(const struct decoder *decoder, size_t *count, uint64_t *more)
{
	*count = decoder->unknown.count;
	*more = decoder->unknown.more;
	return decoder->unknown.field;
}

static inline uint64_t
object_present(const struct object *object, unsigned word)
{
	return object->walk.seen[word] & ~object->walk.absent[word];
}

/* An object of that form before its first member. */
static struct object
object_new(struct decoder *decoder, struct form *form, union value *value, const char *end, uint32_t depth)
{
	return (struct object){.form = form, .depth = depth, .walk = {.last = &form->keys.start, .end = end, .value = value,
	    .skipped = decoder->skipped, .identifier_bytes = decoder->limits.identifier_bytes}};
}

static const char *identities_read(struct decoder *, struct object *, const char *at, bool *empty);

/* Any value of a known field. */
static const char *
value_general(struct decoder *decoder, struct object *object, const struct key *key, const char *at)
{
	struct place place = {
		.field = &object->form->fields[key->field],
		.identifier_bytes = decoder->limits.identifier_bytes,
		.depth = object->depth,
		.skipped = &decoder->skipped[key->field],
		.kept = &decoder->kept,
	};
	bool empty = false;
	if (object->enrolment && key->field == ENROLMENT_identities)
		at = identities_read(decoder, object, at, &empty);
	else
		at = value_read(&decoder->scan, &place, at, &object->walk.value[key->field], &empty);
	if (empty) {
		object->walk.absent[0] |= key->bits[0];
		object->walk.absent[1] |= key->bits[1];
	}
	return at;
}

/* A known field for the second time; first is its key's first byte, at its value's. */
static const char *
duplicate_refuse(struct scan *scan, const struct object *object, const struct key *key, const char *first, const char *at)
{
	if (at >= scan->end)
		return scan_refuse(scan, REFUSAL_not_json, NULL, scan->end);
	return scan_refuse(scan, REFUSAL_duplicate_key, object->form->fields[key->field].name, first);
}

/* A member of any spelling, at its comma or at the brace before the first.  Gives the position behind it. */
static const char *
member_read(struct decoder *decoder, struct object *object, const char *from)
{
	struct scan *scan = &decoder->scan;
	struct walk *walk = &object->walk;
	struct text name;
	const char *first = scan_blank(scan, from + 1);
	if (first >= scan->end || *first != '"')
		return scan_refuse(scan, REFUSAL_not_json, NULL, first);
	const char *at = scan_string(scan, first + 1, &name);
	if (!at)
		return NULL;
	at = scan_blank(scan, at);
	if (at >= scan->end || *at != ':')
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	at = scan_blank(scan, at + 1);
	struct slice text = {name.data, name.length};
	struct key *key = keys_find(&object->form->keys, text);
	walk->last = keys_learn(&object->form->keys, walk->last, key, from, at);
	if (!key) {
		unknown_count(&decoder->unknown, text);
		return scan_any(scan, at, object->depth, false);
	}
	if ((walk->seen[0] & key->bits[0]) | (walk->seen[1] & key->bits[1]))
		return duplicate_refuse(scan, object, key, first, at);
	walk->seen[0] |= key->bits[0];
	walk->seen[1] |= key->bits[1];
	return value_general(decoder, object, key, at);
}

/* at: the opening brace.  Gives the position behind the closing one. */
static const char *
members_read(struct decoder *decoder, struct object *object, const char *at)
{
	struct scan *scan = &decoder->scan;
	const char *brace = at, *behind = scan_blank(scan, at + 1);
	if (behind < scan->end && *behind == '}')
		return behind + 1;
	for (;;) {
		at = scan_blank(scan, decoder->usual(&object->walk, at));
		if (at >= scan->end || (at != brace && *at != ','))
			break;
		at = member_read(decoder, object, at);
		if (!at)
			return NULL;
		at = scan_blank(scan, at);
	}
	return at < scan->end && *at == '}' ? at + 1 : scan_refuse(scan, REFUSAL_not_json, NULL, at);
}

static bool
required_present(struct scan *scan, const struct object *object)
{
	const struct layout *layout = &object->form->layout;
	for (unsigned word = 0; word < 2; word++) {
		uint64_t missing = layout->required[word] & ~object_present(object, word);
		if (missing) {
			unsigned number = word * 64 + (unsigned)__builtin_ctzll(missing);
			scan_refuse(scan, REFUSAL_missing_required, object->form->fields[number].name, NULL);
			return false;
		}
	}
	return true;
}

/* The whole record, with nothing but white space around the object. */
static bool
record_read(struct decoder *decoder, struct object *object, const char *bytes, size_t length, struct refusal *why)
{
	struct scan *scan = &decoder->scan;
	scan->begin = bytes;
	scan->end = bytes + length;
	scan->why = why;
	if (length > decoder->limits.record_bytes) {
		scan_refuse(scan, REFUSAL_too_large, NULL, NULL);
		return false;
	}
	const char *at = scan_blank(scan, bytes);
	if (at >= scan->end || *at != '{') {
		scan_refuse(scan, REFUSAL_not_json, NULL, at);
		return false;
	}
	at = members_read(decoder, object, at);
	if (!at)
		return false;
	at = scan_blank(scan, at);
	if (at < scan->end) {
		scan_refuse(scan, REFUSAL_trailing_bytes, NULL, at);
		return false;
	}
	return required_present(scan, object);
}

static const char *
identity_read(struct decoder *decoder, struct object *list, const char *at)
{
	struct scan *scan = &decoder->scan;
	struct enrolment *enrolment = list->enrolment;
	if (at >= scan->end || *at != '{')
		return value_wrong(scan, "identities", at);
	if (list->depth + 1 >= scan->depth_limit)
		return scan_refuse(scan, REFUSAL_too_deep, NULL, at);
	if (enrolment->identities == IDENTITIES_MAX)
		return scan_refuse(scan, REFUSAL_too_long, "identities", at);
	union value value[IDENTITY_FIELDS] = {0};
	struct object object = object_new(decoder, &decoder->identity, value, scan->end, list->depth + 2);
	at = members_read(decoder, &object, at);
	if (!at || !required_present(scan, &object))
		return NULL;
	uint64_t present[2] = {object_present(&object, 0), 0};
	bool begins = present[0] >> IDENTITY_begndate & 1, ends = present[0] >> IDENTITY_enddate & 1;
	enrolment->identity[enrolment->identities++] = (struct identity){
		.psn_idet_type = value[IDENTITY_psn_idet_type].text,
		.begndate = begins ? (int32_t)value[IDENTITY_begndate].number : INT32_MIN,
		.enddate = ends ? (int32_t)value[IDENTITY_enddate].number : INT32_MAX,
	};
	struct hash128 hash = layout_hash(&decoder->identity.layout, present, value, NULL);
	buffer_add(&decoder->list, &hash, sizeof hash);
	return at;
}

static const char *
identities_read(struct decoder *decoder, struct object *object, const char *at, bool *empty)
{
	struct scan *scan = &decoder->scan;
	if (at >= scan->end)
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	*empty = at + 1 < scan->end && at[0] == '"' && at[1] == '"';
	if (*empty)
		return at + 2;
	if (*at != '[')
		return value_other(scan, "identities", at, empty);
	if (object->depth >= scan->depth_limit)
		return scan_refuse(scan, REFUSAL_too_deep, NULL, at);
	decoder->list.length = 0;
	at = scan_blank(scan, at + 1);
	bool closed = at < scan->end && *at == ']';
	at += closed;
	while (!closed) {
		at = identity_read(decoder, object, at);
		if (!at)
			return NULL;
		at = scan_blank(scan, at);
		if (at >= scan->end || (*at != ',' && *at != ']'))
			return scan_refuse(scan, REFUSAL_not_json, NULL, at);
		closed = *at == ']';
		at = closed ? at + 1 : scan_blank(scan, at + 1);
	}
	decoder->skipped[ENROLMENT_identities] = hash128(decoder->list.length ? decoder->list.data : "", decoder->list.length);
	return at;
}

bool
decode_settlement(struct decoder *decoder, const char *bytes, size_t length, struct claim *claim, struct refusal *why)
{
	struct form *form = &decoder->settlement;
	struct object object = object_new(decoder, form, claim->value, bytes + length, 1);
	memset(claim->value, 0, sizeof claim->value);
	if (!record_read(decoder, &object, bytes, length, why))
		return false;
	claim->present[0] = object_present(&object, 0);
	claim->present[1] = object_present(&object, 1);
	claim->content = layout_hash(&form->layout, claim->present, claim->value, decoder->skipped);
	return true;
}

bool
decode_enrolment(struct decoder *decoder, const char *bytes, size_t length, struct enrolment *enrolment, struct refusal *why)
{
	struct form *form = &decoder->enrolment;
	struct object object = object_new(decoder, form, enrolment->value, bytes + length, 1);
	object.enrolment = enrolment;
	enrolment->identities = 0;
	memset(enrolment->value, 0, sizeof enrolment->value);
	if (!record_read(decoder, &object, bytes, length, why))
		return false;
	uint64_t present[2] = {object_present(&object, 0), 0};
	enrolment->present = present[0];
	enrolment->content = layout_hash(&form->layout, present, enrolment->value, decoder->skipped);
	return true;
}
