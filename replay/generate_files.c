/* What lies beside the settlements: enrolments, institutions, populations and the truth. */
#include "replay/generate.h"

#include <errno.h>
#include <stdlib.h>

static const char *const level_words[] = {"tertiary", "secondary", "primary", "pharmacy"};

/* ---- a file that grows line by line ---- */

struct output_file {
	FILE *file;
	struct buffer text;
	int error;
};

static struct output_file
file_open(const char *path)
{
	struct output_file output = {.file = fopen(path, "wbe")};
	output.error = output.file ? 0 : errno;
	return output;
}

static void
file_write(struct output_file *output)
{
	errno = 0;
	if (!output->error && fwrite(output->text.data, 1, output->text.length, output->file) != output->text.length)
		output->error = errno ? errno : EIO;
	output->text.length = 0;
}

static int
file_close(struct output_file *output)
{
	if (output->text.length)
		file_write(output);
	errno = 0;
	if (output->file && fclose(output->file) != 0 && !output->error)
		output->error = errno ? errno : EIO;
	buffer_free(&output->text);
	return output->error;
}

/* ---- enrolment ---- */

/* What a year asks of a resident and what the fisc adds, fen. */
static void
premium(int32_t year, int32_t *personal, int32_t *fiscal)
{
	*personal = year <= 2021 ? 28000 : year == 2022 ? 32000 : year == 2023 ? 35000 : year == 2024 ? 38000 : 40000;
	*fiscal = year <= 2021 ? 55000 : year == 2022 ? 61000 : year <= 2024 ? 64000 : 67000;
}

/* Share of the premium that is paid for a class, 1/1000. */
static const uint16_t aid_share[IDENTITIES] = {0, 1000, 1000, 800, 0, 900, 737, 737, 737, 132, 700, 700, 700, 0};

static void
put_member(struct buffer *json, const char *name, const char *text)
{
	json_key(json, name);
	json_text(json, text);
}

static void
put_amount(struct buffer *json, const char *name, int32_t fen)
{
	buffer_printf(json, ",\"%s\":%d.%02d", name, fen / 100, fen % 100);
}

/* Codes of Chongqing for our classes; what has none there is "other". */
static const uint8_t chongqing_code[IDENTITIES] = {0, 13, 4, 1, 6, 6, 6, 6, 6, 12, 6, 5, 11, 6};

static void
put_identity(struct buffer *json, const struct area *area, int identity, int32_t begin, int32_t end)
{
	char number[4], day[TIME_TEXT_SIZE];
	int code = strcmp(area->pool, "50") == 0 ? chongqing_code[identity] : identity;
	snprintf(number, sizeof number, "%d", code);
	json_open(json, '{');
	put_member(json, "psn_idet_type", number);
	put_member(json, "begndate", day_text(begin, day));
	if (end)
		put_member(json, "enddate", day_text(end, day));
	json_close(json, '}');
}

/* The class, sometimes a lower one beside it, sometimes one that has ended: neither changes the class. */
static void
put_identities(struct buffer *json, const struct world *world, const struct person *person, struct chance *chance)
{
	int32_t begin = day_from_civil(day_year(world->from) - 1 - (int32_t)chance_below(chance, 3), 1, 1);
	const struct area *area = &world->area[person->area];
	bool lower = chance_is(chance, 500), ended = chance_is(chance, 200);
	if (person->identity == IDENTITY_NONE && !ended)
		return;
	json_key(json, "identities");
	json_open(json, '[');
	if (lower && person->identity != IDENTITY_NONE && person->identity < IDENTITY_STABLE)
		put_identity(json, area, IDENTITY_STABLE, begin, 0);
	if (person->identity != IDENTITY_NONE)
		put_identity(json, area, person->identity, begin, 0);
	if (ended)
		put_identity(json, area, IDENTITY_HARDSHIP, begin - 1000, day_from_civil(day_year(world->from), 1, 1) - 1);
	json_close(json, ']');
}

static void
put_payment(struct buffer *json, const struct person *person, int32_t year, struct chance *chance)
{
	char text[TIME_TEXT_SIZE];
	int32_t personal, fiscal;
	premium(year, &personal, &fiscal);
	if (person->flags & PERSON_TIER_2)
		personal = personal * 2 + 2500;
	int32_t aid = personal * aid_share[person->identity] / 1000;
	put_member(json, "pay_date", day_text(day_from_civil(year - 1, 9, 5) + (int32_t)chance_below(chance, 100), text));
	put_amount(json, "amount", personal - aid);
	put_amount(json, "aid_amount", aid);
	put_amount(json, "fiscal_amount", fiscal);
}

static void
put_enrolment(struct buffer *json, const struct world *world, uint32_t number, int32_t year, int township, const char *updated,
    struct chance chance)
{
	const struct person *person = &world->person[number];
	const struct area *area = &world->area[person->area];
	bool employee = person->flags & PERSON_EMPLOYEE;
	char text[TIME_TEXT_SIZE];
	json_open(json, '{');
	put_member(json, "psn_no", person_number(world, number, text));
	snprintf(text, sizeof text, "%d", year);
	put_member(json, "year", text);
	put_member(json, "insu_admdvs", area->code);
	put_member(json, "insutype", employee ? "310" : "390");
	put_member(json, "psn_type", employee ? (person->band >= 8 ? "1201" : "1101") : person->band < 3 ? "1403" : person->band < 8 ? "1501" : "1601");
	put_member(json, "gend", person->flags & PERSON_FEMALE ? "2" : "1");
	put_member(json, "brdy", day_text(person->birth, text));
	if (area->facts->cap_fen[0] != area->facts->cap_fen[1])
		put_member(json, "tier", person->flags & PERSON_TIER_2 ? "2" : "1");
	put_member(json, "township", township_code(world, person->area, township, text));
	if (!employee)
		put_payment(json, person, year, &chance);
	snprintf(text, sizeof text, "%d-%s", year - 1, updated);
	put_member(json, "updt_time", text);
	put_identities(json, world, person, &chance);
	json_close(json, '}');
	buffer_char(json, '\n');
}

/* One record a person and year; for one person in 200 an older version with another township, before it or after it. */
int
write_enrolment(struct world *world, const char *path)
{
	struct output_file output = file_open(path);
	for (int32_t year = day_year(world->from); year <= day_year(world->to); year++) {
		for (uint32_t i = 0; i < world->persons && !output.error; i++) {
			struct chance chance = chance_of(world->seed, CHANCE_ENROLMENT, i, (uint32_t)year);
			uint32_t odd = chance_below(&chance, 400);
			int township = world->person[i].township, other = (township + 1) % TOWNSHIPS;
			if (odd == 0)
				put_enrolment(&output.text, world, i, year, other, "10-08 09:00:00", chance);
			put_enrolment(&output.text, world, i, year, township, "12-26 10:30:00", chance);
			if (odd == 1)
				put_enrolment(&output.text, world, i, year, other, "10-08 09:00:00", chance);
			world->counts.enrolments += 1 + (odd < 2);
			if (output.text.length > 1 << 16)
				file_write(&output);
		}
	}
	return file_close(&output);
}

/* ---- tables ---- */

int
write_institutions(const struct world *world, const char *path)
{
	struct output_file output = file_open(path);
	buffer_text(&output.text, "fixmedins_code,name,area,level,type\n");
	for (size_t i = 0; i < world->areas * PLACES; i++) {
		const struct institution *at = &world->institution[i];
		buffer_printf(&output.text, "%s,%s,%s,%s,%s\n", at->code, at->name, at->area, level_words[at->level], at->type);
	}
	return file_close(&output);
}

/* Rows of one class: each township, then the whole pool (an empty township). */
static void
put_population(struct buffer *text, const struct world *world, size_t area, const uint32_t count[TOWNSHIPS][IDENTITIES],
    const uint64_t total[IDENTITIES], int32_t month)
{
	char name[TIME_TEXT_SIZE], code[16];
	month_text(month, name);
	for (int identity = 0; identity < IDENTITIES; identity++) {
		for (int township = 0; township < TOWNSHIPS; township++)
			if (count[township][identity])
				buffer_printf(text, "%s,%s,%s,%s,%u\n", world->area[area].pool, township_code(world, (int)area, township, code),
				    identity_class_names[identity], name, count[township][identity]);
		if (total[identity])
			buffer_printf(text, "%s,,%s,%s,%llu\n", world->area[area].pool, identity_class_names[identity], name,
			    (unsigned long long)total[identity]);
	}
}

int
write_population(const struct world *world, const char *path)
{
	struct output_file output = file_open(path);
	uint32_t (*count)[TOWNSHIPS][IDENTITIES] = memory_get(world->areas, sizeof *count);
	for (uint32_t i = 0; i < world->persons; i++) {
		const struct person *person = &world->person[i];
		count[person->area][person->township][person->identity]++;
	}
	buffer_text(&output.text, "pool,township,class,month,persons\n");
	for (int32_t month = day_month(world->from); month <= day_month(world->to); month++) {
		for (size_t area = 0; area < world->areas; area++) {
			uint64_t total[IDENTITIES] = {0};
			for (size_t other = 0; other < world->areas; other++)
				for (int cell = 0; strcmp(world->area[other].pool, world->area[area].pool) == 0 && cell < TOWNSHIPS * IDENTITIES; cell++)
					total[cell % IDENTITIES] += count[other][cell / IDENTITIES][cell % IDENTITIES];
			for (size_t before = 0; before < area; before++)
				if (strcmp(world->area[before].pool, world->area[area].pool) == 0)
					memset(total, 0, sizeof total);         /* the pool's total stands there already */
			put_population(&output.text, world, area, count[area], total, month);
		}
		file_write(&output);
	}
	free(count);
	return file_close(&output);
}

/* ---- truth ---- */

static const char *const expectation_words[] = {"alert", "retracted", "none"};

static void
put_count(struct buffer *json, const char *name, uint64_t value)
{
	json_key(json, name);
	json_unsigned(json, value);
}

static void
put_subject(struct buffer *json, const struct world *world, const struct truth *truth)
{
	char text[TIME_TEXT_SIZE];
	json_key(json, "subject");
	json_open(json, '{');
	put_member(json, "kind", truth->kind);
	if (truth->area >= 0)
		put_member(json, "pool", world->area[truth->area].pool);
	if (strcmp(truth->kind, "area") == 0)
		put_member(json, "insu_admdvs", world->area[truth->area].code);
	if (strcmp(truth->kind, "person") == 0)
		put_member(json, "psn_no", person_number(world, truth->person, text));
	if (truth->township >= 0)
		put_member(json, "township", township_code(world, truth->area, truth->township, text));
	if (truth->place >= 0)
		put_member(json, "fixmedins_code", world->institution[truth->area * PLACES + truth->place].code);
	if (truth->identity)
		put_member(json, "class", identity_class_names[truth->identity]);
	if (truth->period[0])
		put_member(json, "period", truth->period);
	json_close(json, '}');
}

/* The planted settlements by time. */
static void
put_claims(struct buffer *json, const struct world *world, size_t truth)
{
	char text[40];
	json_key(json, "claims");
	json_open(json, '[');
	for (size_t i = 0; i < world->plans; i++) {
		const struct plan *plan = &world->plan[i];
		if (plan->truth == truth)
			json_text(json, settlement_id(world, plan->person, time_day(plan->time), plan->letter, text));
	}
	json_close(json, ']');
}

static void
put_share(struct buffer *json, const struct world *world, const struct truth *truth)
{
	struct share_tally sum = {0};
	int32_t year = world->low_year - day_year(world->from);
	for (size_t area = 0; area < world->areas; area++) {
		bool same = strcmp(truth->kind, "area") == 0 ? area == (size_t)truth->area
		    : strcmp(world->area[area].pool, world->area[truth->area].pool) == 0;
		if (!same)
			continue;
		sum.drg_fen += world->tally[area][year].drg_fen;
		sum.all_fen += world->tally[area][year].all_fen;
		sum.drg_cases += world->tally[area][year].drg_cases;
		sum.all_cases += world->tally[area][year].all_cases;
	}
	bool money = strcmp(truth->scenario->name, "share_low_money") == 0;
	json_key(json, money ? "numerator_fen" : "numerator");
	json_integer(json, money ? sum.drg_fen : sum.drg_cases);
	json_key(json, money ? "denominator_fen" : "denominator");
	json_integer(json, money ? sum.all_fen : sum.all_cases);
	put_member(json, "target", money ? "0.70" : "0.90");
	if (money) {
		json_key(json, "amount_fen");
		json_integer(json, sum.all_fen * 7 / 10 - sum.drg_fen);
	}
}

static void
put_feed(struct buffer *json, const struct world *world, const struct truth *truth)
{
	const struct counts *counts = &world->counts;
	bool again = strcmp(truth->scenario->name, "duplicates") == 0;
	put_count(json, "records", counts->variant[again ? VARIANT_AGAIN : VARIANT_BROKEN]);
	if (again)
		return;
	json_key(json, "refused");
	json_open(json, '{');
	for (size_t i = 0; i < breakage_count; i++)
		put_count(json, breakage_names[i], counts->refused[i]);
	json_close(json, '}');
}

static void
put_truth(struct buffer *json, const struct world *world, size_t number)
{
	const struct truth *truth = &world->truth[number];
	json_open(json, '{');
	put_member(json, "scenario", truth->scenario->name);
	put_member(json, "family", truth->scenario->family);
	put_member(json, "detector", truth->scenario->detector);
	put_member(json, "rule", truth->scenario->rule);
	put_member(json, "expect", expectation_words[truth->expect]);
	put_subject(json, world, truth);
	if (strcmp(truth->scenario->detector, "share") == 0) {
		put_share(json, world, truth);
	} else if (strcmp(truth->scenario->detector, "ratio") == 0) {
		put_member(json, "target", "0.70");
	} else if (strcmp(truth->kind, "feed") == 0) {
		put_feed(json, world, truth);
	} else {
		put_count(json, "amount_fen", (uint64_t)truth->amount_fen);
		put_claims(json, world, number);
	}
	json_close(json, '}');
}

static void
put_counts(struct buffer *json, const struct world *world)
{
	const struct counts *counts = &world->counts;
	json_key(json, "counts");
	json_open(json, '{');
	put_count(json, "persons", world->persons);
	put_count(json, "enrolments", counts->enrolments);
	put_count(json, "lines", counts->lines);
	put_count(json, "bytes", counts->bytes);
	put_count(json, "settlements", counts->settlements);
	put_count(json, "outpatient", counts->care[CARE_OUTPATIENT]);
	put_count(json, "chronic", counts->care[CARE_CHRONIC]);
	put_count(json, "inpatient", counts->care[CARE_STAY]);
	put_count(json, "pharmacy", counts->care[CARE_PHARMACY]);
	put_count(json, "interim", counts->interim);
	put_count(json, "late", counts->late);
	put_count(json, "late_over_7_days", counts->late_closed);
	put_count(json, "refunds", counts->variant[VARIANT_REFUND]);
	put_count(json, "refunds_with_init_setl_id", counts->linked_refunds);
	put_count(json, "partial_refunds", counts->partial_refunds);
	put_count(json, "restated", counts->variant[VARIANT_RESTATED]);
	put_count(json, "void", counts->variant[VARIANT_VOID]);
	put_count(json, "duplicates", counts->variant[VARIANT_AGAIN]);
	put_count(json, "broken", counts->variant[VARIANT_BROKEN]);
	put_count(json, "planted", counts->planted);
	json_close(json, '}');
}

static void
put_head(struct buffer *json, const struct world *world)
{
	char text[TIME_TEXT_SIZE];
	json_open(json, '{');
	json_key(json, "seed");
	json_unsigned(json, world->seed);
	put_member(json, "from", day_text(world->from, text));
	put_member(json, "to", day_text(world->to, text));
	json_key(json, "areas");
	json_open(json, '[');
	for (size_t i = 0; i < world->areas; i++)
		json_text(json, world->area[i].code);
	json_close(json, ']');
	put_counts(json, world);
	json_key(json, "skipped");
	json_open(json, '[');
	for (size_t i = 0; i < world->skips; i++) {
		json_open(json, '{');
		put_member(json, "scenario", world->skipped[i].scenario);
		put_member(json, "why", world->skipped[i].why);
		json_close(json, '}');
	}
	json_close(json, ']');
}

int
write_truth(const struct world *world, const char *path)
{
	struct output_file output = file_open(path);
	put_head(&output.text, world);
	json_key(&output.text, "planted");
	json_open(&output.text, '[');
	for (size_t i = 0; i < world->truths; i++) {
		if (i)
			buffer_char(&output.text, ',');
		buffer_char(&output.text, '\n');
		put_truth(&output.text, world, i);
		if (output.text.length > 1 << 16)
			file_write(&output);
	}
	buffer_text(&output.text, "\n]}\n");
	return file_close(&output);
}
