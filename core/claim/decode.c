/* Records: members to fields, required fields, the fingerprint of what was decoded. */
#include "core/claim/decode.h"

#include "core/base/memory.h"
#include "core/claim/fingerprint.h"
#include "core/claim/keys.h"
#include "core/claim/unknown.h"
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
	struct form settlement, enrolment, identity;
	struct unknown unknown;
	struct hash128 skipped[SETTLEMENT_FIELDS];      /* fingerprints of the fields that are read over */
	struct buffer list;                             /* canonical form of the identities */
};

/* An object being read. */
struct object {
	struct form *form;
	union value *value;
	uint64_t seen[2], present[2];
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

struct decoder *
decoder_open(struct decode_limits limits)
{
	assert(limits.identifier_bytes <= 64 && limits.depth >= 1);
	struct decoder *decoder = memory_resize(NULL, sizeof *decoder);
	memset(decoder, 0, sizeof *decoder);
	decoder->limits = limits;
	decoder->scan.depth_limit = limits.depth;
	form_init(&decoder->settlement, settlement_fields, SETTLEMENT_FIELDS, settlement_aliases, settlement_alias_count);
	form_init(&decoder->enrolment, enrolment_fields, ENROLMENT_FIELDS, enrolment_aliases, enrolment_alias_count);
	form_init(&decoder->identity, identity_fields, IDENTITY_FIELDS, identity_aliases,
	    sizeof identity_aliases / sizeof *identity_aliases);
	return decoder;
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

/* A key that is not the expected one: reads it, up to its value. */
static const char *
key_read_slow(struct decoder *decoder, struct form *form, const char *at, int *field)
{
	struct scan *scan = &decoder->scan;
	struct text name;
	if (at >= scan->end || *at != '"')
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	at = scan_string(scan, at + 1, &name);
	if (!at)
		return NULL;
	*field = keys_find(&form->keys, (struct slice){name.data, name.length});
	if (*field == KEY_NONE)
		unknown_count(&decoder->unknown, (struct slice){name.data, name.length});
	at = scan_blank(scan, at);
	if (at >= scan->end || *at != ':')
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	return at + 1;
}

static inline const char *
key_read(struct decoder *decoder, struct form *form, const char *at, int *field)
{
	const struct key *key = keys_guess(&form->keys, at);
	if (unlikely(!key || at + key->length > decoder->scan.end))
		return key_read_slow(decoder, form, at, field);
	*field = key->field;
	return at + key->length;
}

static const char *identities_read(struct decoder *, struct object *, const char *at, bool *empty);

/* A value of a known field.  *empty: null or "". */
static inline const char *
value_read(struct decoder *decoder, struct object *object, unsigned number, const char *at, bool *empty)
{
	const struct field *field = &object->form->fields[number];
	union value *value = &object->value[number];
	struct scan *scan = &decoder->scan;
	switch (field->type) {
	case TYPE_AMOUNT:
		return value_amount(scan, field->name, at, &value->number, empty);
	case TYPE_CODE:
		return value_code(scan, &decoder->kept, field->name, at, &value->text, empty);
	case TYPE_ID:
		return value_id(scan, &decoder->kept, field->name, decoder->limits.identifier_bytes, at, &value->text, empty);
	case TYPE_DATE:
		return value_date(scan, field->name, at, &value->number, empty);
	case TYPE_TIME:
		return value_time(scan, field->name, at, &value->number, empty);
	case TYPE_DECIMAL:
		return value_decimal(scan, field->name, at, &value->number, empty);
	case TYPE_TEXT:
	case TYPE_NESTED:
		break;
	}
	value->text = (struct slice){NULL, 0};
	if (object->enrolment && number == ENROLMENT_identities)
		return identities_read(decoder, object, at, empty);
	return value_skipped(scan, object->depth, at, &decoder->skipped[number], empty);
}

static inline const char *
member_read(struct decoder *decoder, struct object *object, const char *at)
{
	const char *key = at;
	struct scan *scan = &decoder->scan;
	int field = KEY_NONE;
	at = key_read(decoder, object->form, at, &field);
	if (unlikely(!at))
		return NULL;
	at = scan_blank(scan, at);
	if (unlikely(at >= scan->end))
		return scan_refuse(scan, REFUSAL_not_json, NULL, at);
	if (unlikely(field == KEY_NONE))
		return scan_any(scan, at, object->depth, false);
	unsigned number = (unsigned)field;
	uint64_t bit = UINT64_C(1) << (number & 63);
	if (unlikely(object->seen[number >> 6] & bit))
		return scan_refuse(scan, REFUSAL_duplicate_key, object->form->fields[number].name, key);
	object->seen[number >> 6] |= bit;
	bool empty = false;
	at = value_read(decoder, object, number, at, &empty);
	if (!empty)
		object->present[number >> 6] |= bit;
	return at;
}

/* at: behind the opening brace.  Gives the position behind the closing one. */
static const char *
members_read(struct decoder *decoder, struct object *object, const char *at)
{
	struct scan *scan = &decoder->scan;
	object->form->keys.last = 0;
	at = scan_blank(scan, at);
	if (at < scan->end && *at == '}')
		return at + 1;
	for (;;) {
		at = member_read(decoder, object, at);
		if (unlikely(!at))
			return NULL;
		at = scan_blank(scan, at);
		if (unlikely(at >= scan->end))
			return scan_refuse(scan, REFUSAL_not_json, NULL, at);
		if (unlikely(*at != ','))
			break;
		at = scan_blank(scan, at + 1);
	}
	return *at == '}' ? at + 1 : scan_refuse(scan, REFUSAL_not_json, NULL, at);
}

static bool
required_present(struct scan *scan, const struct object *object)
{
	const struct layout *layout = &object->form->layout;
	for (unsigned word = 0; word < 2; word++) {
		uint64_t missing = layout->required[word] & ~object->present[word];
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
	at = members_read(decoder, object, at + 1);
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
	union value value[IDENTITY_FIELDS];
	struct object object = {.form = &decoder->identity, .value = value, .depth = list->depth + 2};
	at = members_read(decoder, &object, at + 1);
	if (!at || !required_present(scan, &object))
		return NULL;
	bool begins = object.present[0] >> IDENTITY_begndate & 1, ends = object.present[0] >> IDENTITY_enddate & 1;
	enrolment->identity[enrolment->identities++] = (struct identity){
		.psn_idet_type = value[IDENTITY_psn_idet_type].text,
		.begndate = begins ? (int32_t)value[IDENTITY_begndate].number : INT32_MIN,
		.enddate = ends ? (int32_t)value[IDENTITY_enddate].number : INT32_MAX,
	};
	struct hash128 hash = layout_hash(&decoder->identity.layout, object.present, value, NULL);
	buffer_add(&decoder->list, &hash, sizeof hash);
	return at;
}

static const char *
identities_read(struct decoder *decoder, struct object *object, const char *at, bool *empty)
{
	struct scan *scan = &decoder->scan;
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
	struct object object = {.form = form, .value = claim->value, .depth = 1};
	if (!record_read(decoder, &object, bytes, length, why))
		return false;
	memcpy(claim->present, object.present, sizeof claim->present);
	claim->content = layout_hash(&form->layout, object.present, claim->value, decoder->skipped);
	return true;
}

bool
decode_enrolment(struct decoder *decoder, const char *bytes, size_t length, struct enrolment *enrolment, struct refusal *why)
{
	struct form *form = &decoder->enrolment;
	struct object object = {.form = form, .value = enrolment->value, .depth = 1, .enrolment = enrolment};
	enrolment->identities = 0;
	if (!record_read(decoder, &object, bytes, length, why))
		return false;
	enrolment->present = object.present[0];
	enrolment->content = layout_hash(&form->layout, object.present, enrolment->value, decoder->skipped);
	return true;
}
