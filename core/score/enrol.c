/* Enrolments: who is insured where, in which tier, township and identity class (contract 1.4).  The newest updt_time
 * wins, without it the later arrival.  A tier that changes the limit of a sum is judged at once, and so is a class that
 * changes a ratio; who was counted in the admissions of a closed month stays counted as he was. */
#include "core/score/private.h"

#include <stdlib.h>

static struct enrolment_record *
record_at(const struct scorer *scorer, uint32_t number)
{
	return chunks_at(&scorer->enrolments, number);
}

/* The person's enrolment of that year; insutype 0: any, the smallest type by text. */
const struct enrolment_record *
enrolment_find(const struct scorer *scorer, const struct person *person, int32_t year, uint32_t insutype)
{
	const struct enrolment_record *found = NULL;
	for (uint32_t n = person->last_enrolment; n != NOBODY; n = record_at(scorer, n)->previous) {
		const struct enrolment_record *record = record_at(scorer, n);
		if (record->year != year || (insutype && record->insutype != insutype))
			continue;
		if (!found || slice_compare(names_text(&scorer->names, record->insutype), names_text(&scorer->names, found->insutype)) < 0)
			found = record;
	}
	return found;
}

struct slice
enrolment_tier(const struct scorer *scorer, const struct person *person, int32_t year)
{
	const struct enrolment_record *enrolment = enrolment_find(scorer, person, year, 0);
	return enrolment ? names_text(&scorer->names, enrolment->tier) : SLICE("");
}

/* The highest class whose dates hold the day (就高). */
enum identity_class
enrolment_class(const struct scorer *scorer, const struct enrolment_record *record, int32_t day)
{
	enum identity_class highest = CLASS_general;
	if (record->identities == 0)
		return highest;
	const struct enrolment_identity *identity = (const void *)texts_at(&scorer->identities, record->identity);
	for (size_t i = 0; i < record->identities; i++)
		if (identity[i].from <= day && day <= identity[i].to && identity[i].class < highest)
			highest = identity[i].class;
	return highest;
}

static void
identities_fill(struct scorer *scorer, struct enrolment_record *record, const struct turn *turn)
{
	const struct enrolment *from = turn->enrolment;
	char *place;
	record->identities = (uint8_t)from->identities;
	if (record->identities > record->room) {
		record->identity = texts_add(&scorer->identities, from->identities * sizeof(struct enrolment_identity), &place);
		record->room = record->identities;
	}
	for (size_t i = 0; i < from->identities; i++)
		((struct enrolment_identity *)texts_at(&scorer->identities, record->identity))[i] = (struct enrolment_identity){
			from->identity[i].begndate, from->identity[i].enddate,
			(uint32_t)tables_class(scorer->rules, turn->area, from->identity[i].psn_idet_type)};
}

static void
record_fill(struct scorer *scorer, struct enrolment_record *record, const struct turn *turn)
{
	const struct enrolment *from = turn->enrolment;
	struct slice gend = from->present >> ENROLMENT_gend & 1 ? from->value[ENROLMENT_gend].text : SLICE("");
	record->insutype = turn->insutype;
	record->tier = turn->tier;
	record->township = turn->township;
	record->area = turn->area_name;
	record->brdy = from->present >> ENROLMENT_brdy & 1 ? (int32_t)from->value[ENROLMENT_brdy].number : INT32_MIN;
	record->gend = gend.length == 1 && (gend.data[0] == '1' || gend.data[0] == '2') ? (uint8_t)gend.data[0] : 0;
	record->updated = from->present >> ENROLMENT_updt_time & 1;
	record->updt_time = record->updated ? from->value[ENROLMENT_updt_time].number : INT64_MIN;
	record->content = from->content;
	identities_fill(scorer, record, turn);
}

static int32_t
enrolment_year(const struct enrolment *enrolment)
{
	struct slice text = enrolment->value[ENROLMENT_year].text;
	int32_t year = 0;
	for (size_t i = 0; i < text.length && text.data[i] >= '0' && text.data[i] <= '9' && year < 100000; i++)
		year = year * 10 + (text.data[i] - '0');
	return year;
}

static uint32_t
record_find(struct scorer *scorer, const struct person *person, int32_t year, uint32_t insutype)
{
	uint32_t n = person->last_enrolment;
	while (n != NOBODY && (record_at(scorer, n)->year != year || record_at(scorer, n)->insutype != insutype))
		n = record_at(scorer, n)->previous;
	return n;
}

/* Every benefit year that ends in the calendar year. */
static void
judge_years(struct scorer *scorer, uint32_t number, int32_t year)
{
	for (int32_t begins = 0; begins < 12; begins++)
		if (scorer->persons.beginnings >> begins & 1)
			ledger_judge(scorer, number, begins ? (year - 1) * 12 + begins : year * 12, NULL, CAUSE_LATE);
}

static bool
same_identities(const struct scorer *scorer, const struct enrolment_record *record, const struct turn *turn)
{
	const struct enrolment *from = turn->enrolment;
	if (record->identities != from->identities)
		return false;
	for (size_t i = 0; i < from->identities; i++) {
		const struct enrolment_identity *old = (const struct enrolment_identity *)(const void *)texts_at(&scorer->identities, record->identity) + i;
		if (old->from != from->identity[i].begndate || old->to != from->identity[i].enddate
		    || old->class != (uint32_t)tables_class(scorer->rules, turn->area, from->identity[i].psn_idet_type))
			return false;
	}
	return true;
}

/* What the person was paid in a year goes with his class, where sums are kept by it. */
static void
record_change(struct scorer *scorer, uint32_t number, uint32_t place, bool is_new, const struct turn *turn)
{
	struct enrolment_record *record = record_at(scorer, place);
	struct person *person = person_at(&scorer->persons, number);
	bool moves = scorer->layout.has_classes && (is_new || !same_identities(scorer, record, turn));
	if (moves)
		pairs_move(scorer, number, record->year, -1);
	if (is_new) {
		record->previous = person->last_enrolment;
		person->last_enrolment = place;
	}
	record_fill(scorer, record, turn);
	if (moves)
		pairs_move(scorer, number, record->year, 1);
}

enum fate
enrol(struct scorer *scorer, const struct turn *turn)
{
	const struct enrolment *enrolment = turn->enrolment;
	struct slice psn_no = enrolment->value[ENROLMENT_psn_no].text;
	uint32_t number = persons_find(&scorer->persons, turn->pool_name, psn_no, turn->person_hash);
	if (number == NOBODY)
		number = persons_add(&scorer->persons, turn->pool_name, psn_no, turn->person_hash);
	struct person *person = person_at(&scorer->persons, number);
	int32_t year = enrolment_year(enrolment);
	uint32_t found = record_find(scorer, person, year, turn->insutype);
	bool is_new = found == NOBODY;
	if (!is_new) {
		const struct enrolment_record *old = record_at(scorer, found);
		bool dated = enrolment->present >> ENROLMENT_updt_time & 1;
		if (old->content.low == enrolment->content.low && old->content.high == enrolment->content.high)
			return FATE_DUPLICATE;
		if (dated && old->updated && enrolment->value[ENROLMENT_updt_time].number < old->updt_time)
			return FATE_DUPLICATE;
	} else {
		found = chunks_add(&scorer->enrolments);
		record_at(scorer, found)->year = year;
	}
	struct slice before = enrolment_tier(scorer, person, year);
	record_change(scorer, number, found, is_new, turn);
	if (!slice_equal(before, enrolment_tier(scorer, person, year)))
		judge_years(scorer, number, year);
	pools_judge_changed(scorer, CAUSE_LATE);
	return FATE_JUDGED;
}
