/* The settings of an entry of rules, from the limits of a scorer and back. */
#include "core/archive/entry.h"

#include "core/base/digest.h"

void
archive_settings_of(const struct scorer_limits *limits, struct entry_settings *settings)
{
	*settings = (struct entry_settings){.lateness_days = limits->lateness_days, .remember_days = limits->remember_days,
	    .history_months = limits->history_months, .depth = limits->decode.depth, .record_bytes = limits->decode.record_bytes,
	    .identifier_bytes = limits->decode.identifier_bytes, .person_clear = limits->person_clear};
	uint8_t value[DIGEST_BYTES];
	if (limits->person_clear)
		return;
	sha256(limits->pseudonym_key, limits->pseudonym_key_length, value);
	hex_text(value, (sizeof settings->pseudonym_key_id - 1) / 2, settings->pseudonym_key_id);
}

void
archive_settings_use(const struct entry_settings *settings, struct scorer_limits *limits)
{
	limits->lateness_days = settings->lateness_days;
	limits->remember_days = settings->remember_days;
	limits->history_months = settings->history_months;
	limits->decode = (struct decode_limits){settings->depth, settings->record_bytes, settings->identifier_bytes};
	limits->person_clear = settings->person_clear;
}

bool
archive_settings_name_alike(const struct entry_settings *a, const struct entry_settings *b)
{
	return a->person_clear == b->person_clear && strcmp(a->pseudonym_key_id, b->pseudonym_key_id) == 0;
}

bool
archive_settings_alike(const struct entry_settings *a, const struct entry_settings *b)
{
	return a->lateness_days == b->lateness_days && a->remember_days == b->remember_days && a->history_months == b->history_months
	    && a->depth == b->depth && a->record_bytes == b->record_bytes && a->identifier_bytes == b->identifier_bytes
	    && archive_settings_name_alike(a, b);
}
