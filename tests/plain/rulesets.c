/* See rulesets.h. */
#include "tests/plain/rulesets.h"

#include "core/base/buffer.h"
#include "core/base/time.h"
#include "detectors/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned
roll(uint64_t *seed, unsigned sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % sides;
}

/* ---- what stands in claims ---- */

#define TEXTS(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)
static const struct {
	unsigned field;
	const char *const *text;
	size_t count;
} code[] = {
	{FIELD_med_type, TEXTS("11", "12", "14", "21", "22", "24", "41", "52", "2106", "9901")},
	{FIELD_insutype, TEXTS("310", "320", "340", "390")},
	{FIELD_hosp_lv, TEXTS("1", "2", "3", "4", "5", "6", "9")},
	{FIELD_gend, TEXTS("1", "2")},
	{FIELD_psn_type, TEXTS("11", "12", "1101", "1102", "13", "14", "15", "1501", "1502", "16")},
	{FIELD_clr_way, TEXTS("1", "10", "40", "50")},
	{FIELD_refd_setl_flag, TEXTS("0", "0", "0", "0", "0", "0", "0", "1")},
	{FIELD_fixmedins_poolarea, TEXTS("140900", "141100", "140200", "500200")},
	{FIELD_insu_admdvs, TEXTS("140902", "141121", "141122", "500230", "370800")},
};
#define CODES (sizeof code / sizeof code[0])

static const struct {
	unsigned field;
	unsigned most;                  /* yuan */
} amount[] = {
	{FIELD_medfee_sumamt, 20000}, {FIELD_fulamt_ownpay_amt, 2000}, {FIELD_overlmt_selfpay, 500}, {FIELD_preselfpay_amt, 1000},
	{FIELD_hifp_pay, 12000}, {FIELD_acct_pay, 3000}, {FIELD_psn_cash_pay, 5000}, {FIELD_psn_part_amt, 8000},
	{FIELD_fund_pay_sumamt, 13000}, {FIELD_hifmi_pay, 4000}, {FIELD_maf_pay, 2000}, {FIELD_act_pay_dedc, 1300},
};
#define AMOUNTS (sizeof amount / sizeof amount[0])

#define DISEASES 3000
static char disease[DISEASES][12];

static void
diseases_make(void)
{
	uint64_t seed = 4;
	for (size_t i = 0; i < DISEASES && !disease[DISEASES - 1][0]; i++)
		snprintf(disease[i], sizeof disease[i], "%c%02u.%u%02u", "ABCDEFGHIJKLMNOPQRSTZ"[roll(&seed, 21)], roll(&seed, 100), roll(&seed, 10),
		    roll(&seed, 100));
}

static void
put_text(struct claim *claim, unsigned field, const char *text)
{
	claim->present[field >> 6] |= UINT64_C(1) << (field & 63);
	claim->value[field].text = slice_of(text);
}

static void
put_number(struct claim *claim, unsigned field, int64_t number)
{
	claim->present[field >> 6] |= UINT64_C(1) << (field & 63);
	claim->value[field].number = number;
}

/* Round sums are frequent, so that thresholds are met exactly. */
static int64_t
random_fen(uint64_t *seed, unsigned most)
{
	unsigned yuan = roll(seed, 10) ? roll(seed, most / 10 + 1) : roll(seed, most + 1);
	return roll(seed, 4) ? 100 * (int64_t)yuan + roll(seed, 100) : 5000 * (int64_t)(yuan / 50);
}

void
rulesets_claim(struct claim *claim, uint64_t *seed, unsigned absent)
{
	diseases_make();
	*claim = (struct claim){0};
	for (size_t i = 0; i < CODES; i++)
		if (roll(seed, 100) >= absent)
			put_text(claim, code[i].field, code[i].text[roll(seed, (unsigned)code[i].count)]);
	for (size_t i = 0; i < AMOUNTS; i++)
		if (roll(seed, 100) >= absent)
			put_number(claim, amount[i].field, random_fen(seed, amount[i].most));
	if (roll(seed, 100) >= absent)
		put_number(claim, FIELD_age, 10000 * (int64_t)roll(seed, 95) + (roll(seed, 8) ? 0 : 5000));
	int64_t day = day_from_civil(2024, 1, 1) + (int64_t)roll(seed, 366);
	if (roll(seed, 100) >= absent)
		put_number(claim, FIELD_begndate, day - (roll(seed, 4) ? 0 : (int64_t)roll(seed, 60)));
	if (roll(seed, 100) >= absent)
		put_number(claim, FIELD_enddate, day);
	if (roll(seed, 100) >= absent)
		put_number(claim, FIELD_setl_time, day * DAY_SECONDS + (int64_t)roll(seed, DAY_SECONDS));
	if (roll(seed, 100) >= absent)
		put_text(claim, FIELD_dise_codg, disease[roll(seed, 10) < 7 ? roll(seed, 300) : roll(seed, DISEASES)]);
	if (roll(seed, 100) >= absent)
		put_text(claim, FIELD_psn_no, "14110000000000000001");
}

/* ---- rules ---- */

static const char *
name_of(unsigned field)
{
	return settlement_fields[field].name;
}

static void
and_then(struct buffer *out)
{
	if (out->length)
		buffer_text(out, " and ");
}

static void
put_codes(struct buffer *out, uint64_t *seed, size_t which, unsigned most)
{
	unsigned wanted = 1 + roll(seed, most);
	and_then(out);
	buffer_printf(out, "%s in [", name_of(code[which].field));
	for (unsigned i = 0; i < wanted; i++)
		buffer_printf(out, "%s\"%s\"", i ? ", " : "", code[which].text[roll(seed, (unsigned)code[which].count)]);
	buffer_char(out, ']');
}

static void
put_amount(struct buffer *out, uint64_t *seed, size_t which)
{
	static const char *const mark[] = {">", ">=", "<", "<="};
	and_then(out);
	buffer_printf(out, "%s %s %u.00", name_of(amount[which].field), mark[roll(seed, 8) ? roll(seed, 2) : 2 + roll(seed, 2)],
	    50 * roll(seed, amount[which].most / 50));
}

static void
put_pattern(struct buffer *out, uint64_t *seed)
{
	static const char heads[] = "ABCDEFGHIJKLMNOPQRSTZ";
	and_then(out);
	buffer_printf(out, "dise_codg =~ \"^(?:%c[%u-%u][0-9]|%c%u[0-9]\\.[0-4]|%c%02u)\"", heads[roll(seed, 21)], roll(seed, 4), 4 + roll(seed, 5),
	    heads[roll(seed, 21)], roll(seed, 10), heads[roll(seed, 21)], roll(seed, 100));
}

/* What few rules have: an alternative, a negation, a value that stands for an absent one, a time beside a date. */
static void
put_odd(struct buffer *out, uint64_t *seed)
{
	unsigned day = 1 + roll(seed, 28), money = roll(seed, 1000);
	and_then(out);
	switch (roll(seed, 12)) {
	case 0: buffer_printf(out, "(gend == \"1\" or medfee_sumamt > %u.00)", money); break;
	case 1: buffer_printf(out, "not (hifp_pay between %u.00 and %u.00)", money, 2 * money); break;
	case 2: buffer_printf(out, "default(maf_pay, %u.00) == %u.00", roll(seed, 3), roll(seed, 3)); break;
	case 3: buffer_printf(out, "setl_time >= 2024-03-%02u", day); break;
	case 4: buffer_printf(out, "setl_time < 2024-03-%02u 09:00:00", day); break;
	case 5: buffer_text(out, "begndate <= setl_time"); break;
	case 6: buffer_printf(out, "present(%s)", roll(seed, 2) ? "dise_codg" : "age"); break;
	case 7: buffer_text(out, "insu_admdvs != fixmedins_poolarea"); break;
	case 8: buffer_printf(out, "default(med_type, \"11\") in $outpatient"); break;
	case 9: buffer_printf(out, "(present(gend) or not (present(age) and acct_pay != %u.00))", money); break;
	case 10: buffer_printf(out, "default(acct_pay, 1.00) + psn_cash_pay >= hifp_pay - %u.00", money); break;
	default: buffer_printf(out, "%u.00 between hifp_pay and medfee_sumamt", money); break;
	}
}

/* Like systems of the trade have them: codes, ranges, a diagnosis, comparisons of two amounts. */
static void
put_where(struct buffer *out, uint64_t *seed, bool odd)
{
	static const struct {
		unsigned which, percent, most;
	} codes[] = {{0, 80, 4}, {1, 50, 2}, {2, 30, 4}, {3, 15, 1}, {4, 10, 3}, {5, 10, 2}, {7, 10, 2}};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (roll(seed, 100) < codes[i].percent)
			put_codes(out, seed, codes[i].which, codes[i].most);
	if (roll(seed, 100) < 85)
		put_amount(out, seed, 0);
	if (roll(seed, 100) < 40)
		put_amount(out, seed, 1 + roll(seed, AMOUNTS - 1));
	if (roll(seed, 100) < 30) {
		unsigned low = roll(seed, 80);
		and_then(out);
		buffer_printf(out, "age between %u and %u", low, low + 5 + roll(seed, 20));
	}
	if (roll(seed, 100) < 20) {
		and_then(out);
		buffer_printf(out, "begndate >= 2024-%02u-%02u", 1 + roll(seed, 12), 1 + roll(seed, 28));
	}
	if (roll(seed, 100) < 40)
		put_pattern(out, seed);
	for (unsigned i = 0; odd && i < 1 + roll(seed, 3); i++)
		put_odd(out, seed);
	if (out->length == 0)
		buffer_text(out, "med_type in $inpatient");
}

static const char *const sets[] = {"outpatient", "inpatient", "chronic", "pharmacy"};

static void
put_head(struct buffer *out, const char *id, const char *family, const char *mode)
{
	buffer_printf(out, "id: %s\nrevision: 1\ntitle: {zh: 合成规则, en: a synthetic rule}\nfamily: %s\ngrade: clue\nstage: [after]\nseverity: low\n"
	    "mode: %s\n", id, family, mode);
}

static void
put_tail(struct buffer *out)
{
	buffer_text(out, "basis:\n  A: {document: d, quote: q}\nevidence: {zh: 合成, en: synthetic}\n"
	    "tests:\n  - {name: none, claims: [], expect: []}\n");
}

static void
put_rows(struct buffer *out, uint64_t *seed, const char *unit, const char *form)
{
	static const char *const region[] = {"14", "1409", "141121", "50", "500230", "37"};
	buffer_printf(out, "params:\n  p:\n    unit: %s\n    rows:\n", unit);
	for (size_t i = 0; i < 6; i++) {
		buffer_printf(out, "      - {region: \"%s\", from: 2023-01-01, value: ", region[i]);
		if (*form == 'y')
			buffer_printf(out, "%u.00", 200 + 10 * roll(seed, 60));
		else
			buffer_printf(out, "0.%u0", 5 + roll(seed, 5));
		buffer_text(out, ", basis: A}\n");
	}
}

/* A cap or a share with another scope, other limits and other regions. */
static void
put_sum(struct buffer *out, uint64_t *seed, const char *id)
{
	const char *set = sets[roll(seed, 4)];
	if (roll(seed, 2)) {
		put_head(out, id, "policy", "enforce");
		buffer_printf(out, "where: insutype == \"%s\" and med_type in $%s\ndetector: cap\nkey: psn_no\nsum: hifp_pay\nperiod: benefit_year\nlimit: $p\n",
		    roll(seed, 2) ? "390" : "310", set);
		put_rows(out, seed, "yuan", "y");
	} else {
		put_head(out, id, "policy", "enforce");
		buffer_printf(out, "where: med_type in $%s\ndetector: share\nof: money\nsum: hifp_pay\nnumerator: clr_way in $drg_dip or insutype == \"%s\"\n"
		    "target: $p\n", set, roll(seed, 2) ? "390" : "310");
		put_rows(out, seed, "ratio", "r");
	}
	put_tail(out);
}

/* An identity of the claim's amounts with another tolerance and scope. */
static void
put_identity(struct buffer *out, uint64_t *seed, const char *id, bool rare)
{
	put_head(out, id, "policy", "enforce");
	buffer_printf(out, "where: med_type in $%s and insutype == \"%s\"\ndetector: check\nassert: ", sets[roll(seed, 4)], roll(seed, 2) ? "390" : "310");
	if (roll(seed, 2))
		buffer_printf(out, "medfee_sumamt <= fund_pay_sumamt + psn_part_amt + default(hosp_part_amt, 0.00) + %u.00\n", (rare ? 1000000 : 1000) + roll(seed, 20000));
	else
		buffer_printf(out, "psn_part_amt <= acct_pay + psn_cash_pay + default(acct_mulaid_pay, 0.00) + %u.00\n", (rare ? 1000000 : 1000) + roll(seed, 8000));
	put_tail(out);
}

static void
put_check(struct buffer *out, uint64_t *seed, const char *id, const struct rulesets_mix *mix)
{
	bool odd = mix->odd;
	struct buffer where = {0};
	put_where(&where, seed, odd);
	put_head(out, id, "policy", odd && roll(seed, 10) == 0 ? "\"off\"" : "enforce");
	buffer_printf(out, "where: >-\n  %.*s\ndetector: check\nassert: ", (int)where.length, where.data);
	buffer_free(&where);
	if (roll(seed, 10) < 3)
		buffer_printf(out, "hifp_pay <= medfee_sumamt %c %u.00\n", mix->rare ? '+' : '-', 50 * roll(seed, 20));
	else
		buffer_printf(out, "%s <= %u.00\n", name_of(amount[1 + roll(seed, AMOUNTS - 1)].field), (mix->rare ? 1000000 : 100) + 50 * roll(seed, 60));
	put_tail(out);
}

static bool
file_write(const char *path, const struct buffer *text)
{
	FILE *file = fopen(path, "we");
	if (!file)
		return false;
	bool whole = fwrite(text->data, 1, text->length, file) == text->length;
	return fclose(file) == 0 && whole;
}

bool
rulesets_write(const char *folder, const struct rulesets_mix *mix)
{
	char path[512], id[32];
	uint64_t seed = mix->seed * 7919 + 1;
	snprintf(path, sizeof path, "%s/policy", folder);
	mkdir(path, 0700);
	for (size_t i = 0; i < mix->rules; i++) {
		struct buffer text = {0};
		snprintf(id, sizeof id, "GEN-%04zu", i);
		if (mix->with_state && i % 10 == 3)
			put_sum(&text, &seed, id);
		else if (i % 10 == 7)
			put_identity(&text, &seed, id, mix->rare);
		else
			put_check(&text, &seed, id, mix);
		snprintf(path, sizeof path, "%s/policy/%s.yaml", folder, id);
		bool written = file_write(path, &text);
		buffer_free(&text);
		if (!written)
			return false;
	}
	return true;
}

static void
folder_remove(const char *folder, size_t rules)
{
	char path[512];
	for (size_t i = 0; i < rules; i++) {
		snprintf(path, sizeof path, "%s/policy/GEN-%04zu.yaml", folder, i);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/policy", folder);
	rmdir(path);
	rmdir(folder);
}

struct ruleset *
rulesets_make(const struct rulesets_mix *mix, const char *tables)
{
	char folder[] = "/tmp/fundwatch-rulesets-XXXXXX";
	struct diags diags = {0};
	if (!mkdtemp(folder) || !rulesets_write(folder, mix)) {
		perror(folder);
		exit(EXIT_FAILURE);
	}
	struct ruleset *set = ruleset_load(detectors_registry(), folder, tables, &diags);
	folder_remove(folder, mix->rules);
	if (!set) {
		diags_print(&diags, LANGUAGE_EN, stderr);
		exit(EXIT_FAILURE);
	}
	diags_free(&diags);
	return set;
}
