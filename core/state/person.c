/* See person.h. */
#include "core/state/person.h"

size_t
ledger_year_words(size_t ledgers, size_t ledger_rules)
{
	return 1 + ledgers + ledger_rules * (sizeof(struct said) / sizeof(int64_t));
}

size_t
persons_years(uint32_t beginnings)
{
	return (size_t)__builtin_popcount(beginnings) * YEARS_KEPT;
}

static size_t
person_stride(size_t ledgers, size_t ledger_rules, uint32_t beginnings)
{
	return sizeof(struct person) + persons_years(beginnings) * ledger_year_words(ledgers, ledger_rules) * sizeof(int64_t);
}

uint64_t
person_hash(uint32_t pool, struct slice psn_no)
{
	return hash64(psn_no.data, psn_no.length) ^ (uint64_t)pool * UINT64_C(0x9E3779B97F4A7C15);
}

void
persons_init(struct persons *persons, size_t ledgers, size_t ledger_rules, uint32_t beginnings)
{
	*persons = (struct persons){.ledgers = ledgers, .ledger_rules = ledger_rules, .beginnings = beginnings};
	chunks_init(&persons->chunks, person_stride(ledgers, ledger_rules, beginnings));
	table_init(&persons->table);
}

uint32_t
persons_find(const struct persons *persons, uint32_t pool, struct slice psn_no, uint64_t hash)
{
	struct probe probe = table_probe(&persons->table, hash);
	uint32_t number;
	while (table_next(&persons->table, &probe, &number)) {
		const struct person *person = person_at(persons, number);
		if (person->pool == pool && slice_equal(person_psn_no(persons, person), psn_no))
			return number;
	}
	return NOBODY;
}

uint32_t
persons_add(struct persons *persons, uint32_t pool, struct slice psn_no, uint64_t hash)
{
	uint32_t number = chunks_add(&persons->chunks);
	struct person *person = person_at(persons, number);
	person->pool = pool;
	person->last_booking = person->last_enrolment = NOBODY;
	person->length = (uint8_t)psn_no.length;
	char *text = person->text;
	if (psn_no.length > PERSON_INLINE) {
		uint32_t at = texts_add(&persons->long_texts, psn_no.length, &text);
		memcpy(person->long_number, &at, sizeof at);
	}
	memcpy(text, psn_no.data, psn_no.length);
	table_add(&persons->table, hash, number);
	return number;
}

void
persons_relayout(struct persons *persons, size_t ledgers, size_t ledger_rules, uint32_t beginnings,
    void (*rewrite)(const void *plan, const struct ledger_year *old_year, struct ledger_year *new_year), const void *plan)
{
	struct persons old = *persons;
	chunks_init(&persons->chunks, person_stride(ledgers, ledger_rules, beginnings));
	persons->ledgers = ledgers;
	persons->ledger_rules = ledger_rules;
	persons->beginnings = beginnings;
	for (uint32_t number = 0; number < old.chunks.count; number++) {
		struct person *from = person_at(&old, number), *to = chunks_at(&persons->chunks, chunks_add(&persons->chunks));
		memcpy(to, from, sizeof *to);
		for (size_t slot = 0; slot < persons_years(old.beginnings); slot++) {
			const struct ledger_year *year = person_year_at(&old, from, slot);
			struct ledger_year *place = year->year ? person_year_slot(persons, to, (int32_t)year->year) : NULL;
			if (place)
				rewrite(plan, year, place);
		}
	}
	chunks_free(&old.chunks);
}

size_t
persons_bytes(const struct persons *persons)
{
	return chunks_bytes(&persons->chunks) + table_bytes(&persons->table) + texts_bytes(&persons->long_texts);
}

void
persons_free(struct persons *persons)
{
	chunks_free(&persons->chunks);
	table_free(&persons->table);
	texts_free(&persons->long_texts);
}
