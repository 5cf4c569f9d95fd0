/* Loading of rules: what a good set becomes, that its canonical text loads again to the same, that all mistakes of all
 * files are told in one run, what areas see, and that the matcher's memory is bounded. */
#include "core/rule/matcher.h"
#include "core/rule/trial.h"
#include "tests/unit/rule_fakes.h"

#include "core/base/buffer.h"
#include "core/base/time.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD TEST_DATA "/rules/good"
#define TABLES TEST_DATA "/rules/tables"

static struct ruleset *
load(const char *directory, const char *tables)
{
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(&fakes, directory, tables, &diags);
	if (!set)
		diags_print(&diags, LANGUAGE_EN, stderr);
	ck_assert_msg(set != NULL, "%s does not load", directory);
	diags_free(&diags);
	return set;
}

static const struct rule *
rule_of(const struct ruleset *set, const char *id)
{
	for (size_t i = 0; i < set->rules; i++)
		if (strcmp(set->rule[i].id, id) == 0)
			return &set->rule[i];
	ck_abort_msg("no rule %s", id);
	return NULL;
}

/* ---- scratch folders ---- */

static char scratch[64];

static void
scratch_make(void)
{
	strcpy(scratch, "/tmp/fw_rules_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static int
entry_remove(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static void
scratch_remove(void)
{
	nftw(scratch, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void
scratch_write(const char *folder, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", scratch, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/%s/%s", scratch, folder, name);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
	ck_assert_int_eq(fclose(file), 0);
}

static void
scratch_write_rule(struct ruleset *set, const struct rule *rule)
{
	char name[80];
	snprintf(name, sizeof name, "%s.yaml", rule->id);
	scratch_write(rule->family, name, rule_text(set, rule));
}

/* ---- a good set ---- */

START_TEST(good_set)
{
	struct ruleset *set = load(GOOD, TABLES);
	ck_assert_uint_eq(set->rules, 3);
	ck_assert_str_eq(set->rule[0].id, "CAP-1");
	ck_assert_str_eq(set->rule[1].id, "SHARE-1");
	ck_assert_str_eq(set->rule[2].id, "SUM-1");
	ck_assert_str_eq(set->condition[CONDITION_INPATIENT].text, "med_type in $inpatient");
	ck_assert_int_eq(set->rule[1].where, CONDITION_INPATIENT);
	ck_assert_uint_eq(strlen(set->digest), 64);

	const struct rule *cap = rule_of(set, "CAP-1"), *share = rule_of(set, "SHARE-1"), *sum = rule_of(set, "SUM-1");
	ck_assert_int_eq(cap->revision, 4);
	ck_assert_int_eq(cap->mode, MODE_ENFORCE);
	ck_assert_int_eq(share->mode, MODE_SHADOW);
	ck_assert_int_eq(sum->mode, MODE_OFF);
	ck_assert_str_eq(cap->title[LANGUAGE_ZH], "居民普通门诊统筹年度支付超限额");
	ck_assert_uint_eq(cap->stages, 2);
	ck_assert_str_eq(cap->stage[0], "during");
	ck_assert_str_eq(cap->settings_text,
	    "where=insutype == \"390\" and med_type in $outpatient;key=psn_no;sum=hifp_pay;period=benefit_year");
	const struct fake_cap *config = cap->config;
	ck_assert_int_eq(config->sum, FIELD_hifp_pay);
	ck_assert_int_eq(config->limit, 0);
	ck_assert_int_eq(config->notice_at, 950000);
	const char *text = rule_text(set, cap);
	ck_assert_ptr_nonnull(strstr(text, "{region: \"1409\", from: 2024-01-01, value: 300.00, final: true, final_basis: FD, basis: XZ}"));
	const struct fake_share *share_config = share->config;
	ck_assert_int_eq(share_config->months, 12);
	ck_assert_int_eq(share->param[0].row[0].value, 700000);
	ck_assert_str_eq(share->param[0].row[0].value_text, "0.70");
	ck_assert_int_eq(share->param[0].row[0].due, day_from_civil(2023, 12, 31));
	const struct condition *assertion = &set->condition[((const struct fake_check *)sum->config)->assertion];
	ck_assert_str_eq(assertion->text, "fund_pay_sumamt + psn_part_amt + default(hosp_part_amt, 0.00) == medfee_sumamt");
	ck_assert_uint_eq(assertion->amount_fields, 4);
	ruleset_free(set);
}
END_TEST

START_TEST(rows_of_region_files_are_joined)
{
	struct ruleset *set = load(GOOD, TABLES);
	const struct rule *cap = rule_of(set, "CAP-1");
	ck_assert_uint_eq(cap->param[0].rows, 5);
	const struct param_row *joined = NULL;
	for (size_t i = 0; i < cap->param[0].rows; i++)
		if (strcmp(cap->param[0].row[i].region, "141121") == 0)
			joined = &cap->param[0].row[i];
	ck_assert_ptr_nonnull(joined);
	ck_assert_int_eq(joined->value, 32050);
	ck_assert_str_eq(joined->basis->document, "吕医保发〔2024〕1号");
	ck_assert_str_eq(joined->basis->name, "XZ_141121");
	ck_assert_ptr_nonnull(strstr(joined->file, "params/141121.yaml"));
	ruleset_free(set);
}
END_TEST

START_TEST(tests_become_records)
{
	struct ruleset *set = load(GOOD, TABLES);
	const struct rule *cap = rule_of(set, "CAP-1");
	ck_assert_uint_eq(cap->tests, 2);
	const struct rule_test *crosses = &cap->test[0], *many = &cap->test[1];
	ck_assert_uint_eq(crosses->records, 3);
	ck_assert(crosses->record[0].enrolment && !crosses->record[1].enrolment);
	ck_assert_str_eq(crosses->record[0].json, "{\"psn_no\":\"p1\",\"year\":\"2024\",\"tier\":\"1\",\"insu_admdvs\":\"140902\","
	    "\"identities\":[{\"psn_idet_type\":\"1\",\"begndate\":\"2024-01-01\"}]}");
	ck_assert_str_eq(crosses->record[2].setl_id, "b");
	ck_assert_ptr_null(strstr(crosses->record[2].json, "dise_codg"));      /* written down as absent */
	ck_assert_uint_eq(crosses->expectations, 2);
	ck_assert_str_eq(crosses->expect[0].on, "b");
	ck_assert_uint_eq(crosses->expect[0].values, 3);
	ck_assert_uint_eq(many->records, 3);
	ck_assert(many->close_all);
	ck_assert_str_eq(many->record[2].setl_id, "s3");
	/* # counts in identifiers only */
	ck_assert_ptr_nonnull(strstr(many->record[2].json, "\"setl_id\":\"s3\",\"psn_no\":\"p3\",\"dise_codg\":\"3\",\"med_type\":\"#\""));
	ruleset_free(set);
}
END_TEST

/* ---- canonical text ---- */

static void
check_same(struct ruleset *a, struct ruleset *b)
{
	ck_assert_uint_eq(a->rules, b->rules);
	for (size_t i = 0; i < a->rules; i++)
		ck_assert_str_eq(rule_text(a, &a->rule[i]), rule_text(b, &b->rule[i]));
	ck_assert_str_eq(a->digest, b->digest);
}

START_TEST(canonical_text_loads_to_the_same)
{
	struct ruleset *set = load(GOOD, TABLES);
	scratch_make();
	for (size_t i = 0; i < set->rules; i++)
		scratch_write_rule(set, &set->rule[i]);
	struct ruleset *again = load(scratch, TABLES);
	check_same(set, again);
	ruleset_free(again);
	ruleset_free(set);
	scratch_remove();
}
END_TEST

static uint64_t seed;

static unsigned
roll(unsigned sides)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % sides;
}

/* Any text, in double quotes: what YAML can write down and what a terminal or an editor may stumble on. */
static void
random_text(struct buffer *out)
{
	static const char *const parts[] = {"a", "Z", "0", "居民", "统筹", " ", "  ", "\\n", "\\t", "\\\"", "\\\\", ":", ": ", " #", "#", "'", "-",
		"- ", "{", "}", "[", "]", "%", "|", ">", "?", "&", "*", "!", "@", "`", ",", "\\x01", "\\x7f", "\\x85", "\\u2028", "\\ufeff",
		"\\U0001F600", "no", "~", "null", "1e3", "010", "..."};
	buffer_text(out, "\"x");
	for (unsigned i = roll(12); i > 0; i--) {
		const char *part = parts[roll(sizeof parts / sizeof parts[0])];
		buffer_text(out, part);
	}
	buffer_char(out, '"');
}

static void
random_rows(struct buffer *out)
{
	static const char *const regions[] = {"", "14", "1409", "140902", "37", "500230"};
	for (unsigned region = 0; region < 6; region++) {
		unsigned year = 2015;
		for (unsigned rows = roll(4); rows > 0; rows--) {
			buffer_printf(out, "      - {region: \"%s\", from: %u-0%u-01, to: %u-12-%u, %s: %u.%02u, basis: %s", regions[region], year,
			    1 + roll(9), year, 10 + roll(20), roll(2) ? "tier: 01, value" : "value", 100 + roll(1000), roll(100), roll(2) ? "A" : "B");
			if (roll(2))
				buffer_printf(out, ", due: %u-06-30", year + 1);
			if (roll(2)) {
				buffer_text(out, ", note: ");
				random_text(out);
			}
			buffer_text(out, "}\n");
			year += 1 + roll(2);
		}
	}
	buffer_text(out, "      - {region: \"9\", from: 2020-01-01, floor: 1, basis: A}\n");
}

static void
random_rule(struct buffer *out, const char *id)
{
	static const char *const wheres[] = {"present(age)", "insutype == \"0390\" and (hifp_pay > 1 or age < 60.50)",
		"not (med_type in [\"12\", \"011\"] or dise_codg =~ \"^E1[01]\\\\.\")", "setl_time >= 2024-01-01 08:00:00",
		"default(clr_way, \"\\\"x\") != \"40\"", "hifp_pay - (balc - 1.5) between 0 and 10"};
	buffer_printf(out, "id: %s\nrevision: %u\ntitle:\n  zh: ", id, 1 + roll(100));
	random_text(out);
	buffer_text(out, "\n  en: ");
	random_text(out);
	buffer_printf(out, "\nfamily: policy\ngrade: clue\nstage: [%s]\nseverity: high\nmode: %s\nwhere: >-\n  %s\ndetector: cap\n",
	    roll(2) ? "after, before" : "during", roll(2) ? "shadow" : "off", wheres[roll(6)]);
	buffer_printf(out, "sum: balc\nlimit: $cap\nnotice_at: 0.%u\nparams:\n  cap:\n    unit: yuan\n    rows:\n", roll(1000000));
	random_rows(out);
	buffer_text(out, "basis:\n  A: {document: ");
	random_text(out);
	buffer_text(out, ", quote: ");
	random_text(out);
	buffer_text(out, "}\n  B: {document: b, quote: ");
	random_text(out);
	buffer_text(out, "}\nevidence: {zh: \"{sum|yuan} {count}\", en: \"{person}\\n{basis}\"}\ntests:\n  - name: ");
	random_text(out);
	buffer_text(out, "\n    defaults: {insu_admdvs: 0140902, setl_time: 2024-01-01, dise_codg: ");
	random_text(out);
	buffer_text(out, "}\n    claims:\n      - {setl_id: ");
	random_text(out);
	buffer_text(out, ", psn_no: 007, dise_codg: }\n    expect:\n      - {excess: 1.00, status: ");
	random_text(out);
	buffer_text(out, "}\n");
}

START_TEST(any_canonical_text_loads_to_the_same)
{
	char id[16], name[32];
	seed = (uint64_t)_i + 1;
	scratch_make();
	for (unsigned i = 0; i < 20; i++) {
		struct buffer text = {0};
		snprintf(id, sizeof id, "R-%u", i);
		snprintf(name, sizeof name, "R-%u.yaml", i);
		random_rule(&text, id);
		buffer_char(&text, '\0');
		scratch_write("policy", name, text.data);
		buffer_free(&text);
	}
	struct ruleset *set = load(scratch, TABLES);
	scratch_remove();
	scratch_make();
	for (size_t i = 0; i < set->rules; i++)
		scratch_write_rule(set, &set->rule[i]);
	struct ruleset *again = load(scratch, TABLES);
	check_same(set, again);
	ruleset_free(again);
	ruleset_free(set);
	scratch_remove();
}
END_TEST

/* ---- the digest ---- */

static const char tiny[] = "id: T\nrevision: 1\ntitle: {zh: 甲, en: a}\nfamily: fund\ngrade: clue\nstage: [after]\nseverity: low\nmode: off\n"
    "where: present(age)\ndetector: check\nassert: present(gend)\nbasis:\n  A: {document: d, quote: q}\nevidence: {zh: 甲, en: a}\n"
    "tests:\n  - name: n\n    claims: []\n    expect: []\n";

static void
digest_of(const char *rule, const char *tables, char digest[DIGEST_TEXT_SIZE])
{
	scratch_write("fund", "T.yaml", rule);
	struct ruleset *set = load(scratch, tables);
	strcpy(digest, set->digest);
	ruleset_free(set);
}

START_TEST(digest_is_of_what_is_meant)
{
	char plain[DIGEST_TEXT_SIZE], other[DIGEST_TEXT_SIZE], text[2048], tables[80];
	scratch_make();
	digest_of(tiny, TABLES, plain);
	snprintf(text, sizeof text, "# a comment\n%s", tiny);
	digest_of(text, TABLES, other);
	ck_assert_str_eq(plain, other);
	snprintf(text, sizeof text, "%s", tiny);
	memcpy(strstr(text, "revision: 1"), "revision: 2", 11);
	digest_of(text, TABLES, other);
	ck_assert_str_ne(plain, other);
	/* the order of a table's lines means nothing, a line more does */
	snprintf(tables, sizeof tables, "%s/t", scratch);
	scratch_write("t", "identity.csv", "class,code,region\ngeneral,003,\ndibao_marginal,2,1405\nextreme_hardship,1,\ndibao,2,\n");
	scratch_write("t", "level.csv",
	    "region,field,code,level\n50,hosp_lv,2,primary\n,hosp_lv,1,tertiary\n,hosp_lv,2,secondary\n,dedc_hosp_lv,3,primary\n");
	scratch_write("t", "medtype.csv", "region,code,set\n5002,21,two_disease\n,12,outpatient\n,11,outpatient\n,14,chronic\n,14,outpatient\n"
	    ",21,inpatient\n,22,\"inpatient\"\n50,14, chronic \n");
	scratch_write("t", "payment.csv",
	    "region,field,code,set\n,clr_way,40,drg_dip\n,clr_way,50,drg_dip\n,hi_paymtd,3,drg_dip\n,hi_paymtd,4,drg_dip\n");
	scratch_write("t", "pools.csv", "prefix,pool\n469,46\n4600,46\n");
	scratch_write("t", "codes.csv", "set,region,field,code\nown,,fixmedins_code,H1\nstudents,,psn_type,014\ndialysis,5002,dise_codg,0M3\n"
	    "chemotherapy,,dise_codg,M02\nchemotherapy,50,dise_codg,M01\ndialysis,,dise_codg,M01\ndialysis,,dise_codg,M02\n");
	digest_of(tiny, tables, other);
	ck_assert_str_eq(plain, other);
	scratch_write("t", "pools.csv", "prefix,pool\n469,46\n4600,46\n4602,46\n");
	digest_of(tiny, tables, other);
	ck_assert_str_ne(plain, other);
	scratch_remove();
}
END_TEST

/* ---- mistakes ---- */

static bool
has_error(const struct diags *diags, const char *file, const char *message)
{
	for (size_t i = 0; i < diags->count; i++)
		if (diags->list[i].level == DIAG_ERROR && strstr(diags->list[i].file, file)
		    && strstr(diags->list[i].message[LANGUAGE_EN], message))
			return true;
	return false;
}

START_TEST(all_mistakes_of_all_files)
{
	struct diags diags = {0};
	ck_assert_ptr_null(ruleset_load(&fakes, TEST_DATA "/rules/bad/all", NULL, &diags));
	ck_assert(has_error(&diags, "policy/CAP.yaml", "severity has no value hihg"));
	ck_assert(has_error(&diags, "management/SUM.yaml", "no field insutyp"));
	ck_assert(has_error(&diags, "fund/SHARE.yaml", "sum must be an amount field"));
	ck_assert(has_error(&diags, "params/14.yaml", "areas that begin with 14 only"));
	ck_assert(has_error(&diags, "tables/medtype.csv", "the same key as line 2"));
	for (size_t i = 0; i < diags.count; i++) {
		ck_assert_ptr_nonnull(diags.list[i].message[LANGUAGE_ZH]);
		ck_assert_int_ge(diags.list[i].line, 1);
		ck_assert_int_ge(diags.list[i].column, 1);
		ck_assert_ptr_nonnull(diags.list[i].source_line);
	}
	diags_free(&diags);
}
END_TEST

/* A region's floor is enforced against rows of another file. */
START_TEST(floors_hold_across_files)
{
	struct diags diags = {0};
	scratch_make();
	struct ruleset *set = load(GOOD, TABLES);
	scratch_write_rule(set, rule_of(set, "CAP-1"));
	ruleset_free(set);
	scratch_write("params", "3708.yaml", "region: 3708\nparams:\n  op_cap:\n    unit: yuan\n    rows:\n"
	    "      - {region: \"3708\", from: 2019-01-01, to: 2019-12-31, value: 99.99, basis: A}\n"
	    "      - {region: \"370801\", from: 2020-01-01, value: 99.99, basis: A}\nbasis:\n  A: {document: d, quote: q}\n");
	ck_assert_ptr_null(ruleset_load(&fakes, scratch, TABLES, &diags));
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert(has_error(&diags, "params/3708.yaml", "below what region \"\" demands at least, 100.00"));
	ck_assert_int_eq(diags.list[diags.count - 1].line, 7);
	ck_assert_int_eq(diags.list[diags.count - 1].column, 53);
	diags_free(&diags);
	scratch_remove();
}
END_TEST

/* ---- what areas see ---- */

static const struct param_row *
row_of(struct matcher *matcher, const struct rule *rule, const char *area, const char *tier, int32_t day, bool *unknown)
{
	return param_find(rule, 0, matcher_area(matcher, slice_of(area)), slice_of(tier), day, unknown);
}

START_TEST(the_row_that_holds)
{
	struct ruleset *set = load(GOOD, TABLES);
	struct matcher *matcher = matcher_open(set);
	const struct rule *cap = rule_of(set, "CAP-1");
	int32_t in_2023 = day_from_civil(2023, 6, 1), in_2024 = day_from_civil(2024, 6, 1);
	bool unknown = true;
	ck_assert_int_eq(row_of(matcher, cap, "140902", "", in_2024, &unknown)->value, 30000);
	ck_assert(!unknown);
	ck_assert_ptr_null(row_of(matcher, cap, "140902", "", day_from_civil(2023, 12, 31), &unknown));
	ck_assert_ptr_nonnull(row_of(matcher, cap, "140902", "", day_from_civil(2024, 1, 1), &unknown));
	ck_assert_int_eq(row_of(matcher, cap, "141121", "", in_2024, &unknown)->value, 32050);
	ck_assert_ptr_null(row_of(matcher, cap, "141102", "", in_2024, &unknown));     /* a floor is no value */
	ck_assert_int_eq(row_of(matcher, cap, "500230", "1", in_2023, &unknown)->value, 30000);
	ck_assert_int_eq(row_of(matcher, cap, "500230", "2", in_2023, &unknown)->value, 50000);
	ck_assert(!unknown);
	ck_assert_int_eq(row_of(matcher, cap, "500230", "", in_2023, &unknown)->value, 50000);
	ck_assert(unknown);
	ck_assert_ptr_null(row_of(matcher, cap, "500230", "3", in_2023, &unknown));
	ck_assert_ptr_null(row_of(matcher, cap, "500230", "1", day_from_civil(2024, 1, 1), &unknown));
	ck_assert_ptr_null(param_find(cap, -1, matcher_area(matcher, SLICE("140902")), SLICE(""), in_2024, &unknown));
	matcher_close(matcher);
	ruleset_free(set);
}
END_TEST

START_TEST(the_longest_region_wins_for_each_code)
{
	struct ruleset *set = load(GOOD, TABLES);
	struct matcher *matcher = matcher_open(set);
	const struct area *jincheng = matcher_area(matcher, SLICE("140502")), *xinzhou = matcher_area(matcher, SLICE("140902"));
	const struct area *chongqing = matcher_area(matcher, SLICE("500230"));
	ck_assert_int_eq(tables_class(set, jincheng, SLICE("2")), CLASS_dibao_marginal);
	ck_assert_int_eq(tables_class(set, jincheng, SLICE("1")), CLASS_extreme_hardship);
	ck_assert_int_eq(tables_class(set, xinzhou, SLICE("2")), CLASS_dibao);
	ck_assert_int_eq(tables_class(set, xinzhou, SLICE("99")), CLASS_other);
	struct claim claim = {0};
	ck_assert_int_eq(tables_level(set, xinzhou, &claim), -1);
	claim.present[FIELD_hosp_lv >> 6] |= UINT64_C(1) << (FIELD_hosp_lv & 63);
	claim.value[FIELD_hosp_lv].text = SLICE("2");
	ck_assert_str_eq(level_names[tables_level(set, xinzhou, &claim)], "secondary");
	ck_assert_str_eq(level_names[tables_level(set, chongqing, &claim)], "primary");
	claim.present[FIELD_dedc_hosp_lv >> 6] |= UINT64_C(1) << (FIELD_dedc_hosp_lv & 63);
	claim.value[FIELD_dedc_hosp_lv].text = SLICE("3");
	ck_assert_str_eq(level_names[tables_level(set, xinzhou, &claim)], "primary");
	ck_assert_str_eq(xinzhou->pool, "1409");
	ck_assert_str_eq(chongqing->pool, "50");
	ck_assert_str_eq(matcher_area(matcher, SLICE("460105"))->pool, "4601");
	ck_assert_str_eq(matcher_area(matcher, SLICE("469001"))->pool, "46");
	ck_assert_str_eq(matcher_area(matcher, SLICE("460001"))->pool, "46");
	ck_assert_ptr_eq(matcher_area(matcher, SLICE("140902")), xinzhou);
	ck_assert_uint_eq(xinzhou->number, 1);
	matcher_close(matcher);
	ruleset_free(set);
}
END_TEST

START_TEST(population_table)
{
	scratch_make();
	char tables[80], path[160], line[512];
	snprintf(tables, sizeof tables, "%s/t", scratch);
	static const char *const names[] = {"identity", "level", "medtype", "payment", "pools"};
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof path, TABLES "/%s.csv", names[i]);
		FILE *file = fopen(path, "rb");
		size_t length = fread(line, 1, sizeof line - 1, file);
		fclose(file);
		line[length] = '\0';
		snprintf(path, sizeof path, "%s.csv", names[i]);
		scratch_write("t", path, line);
	}
	scratch_write("t", "population.csv",
	    "pool,township,class,month,persons\n1405,,dibao,2024-03,120\n1405,T1,dibao,2024-03,20\n1405,T1,dibao,2024-04,21\n");
	scratch_write("fund", "T.yaml", tiny);
	struct ruleset *set = load(scratch, tables);
	int32_t march = 2024 * 12 + 2;
	ck_assert_int_eq(tables_population(set, "1405", SLICE(""), CLASS_dibao, march), 120);
	ck_assert_int_eq(tables_population(set, "1405", SLICE("T1"), CLASS_dibao, march), 20);
	ck_assert_int_eq(tables_population(set, "1405", SLICE("T1"), CLASS_dibao, march + 1), 21);
	ck_assert_int_eq(tables_population(set, "1405", SLICE("T1"), CLASS_orphan, march), -1);
	ck_assert_int_eq(tables_population(set, "1405", SLICE("T2"), CLASS_dibao, march), -1);
	ruleset_free(set);
	scratch_remove();
}
END_TEST

/* A rule that is off costs nothing and matches nothing, until somebody wants to know. */
START_TEST(off_is_not_asked)
{
	struct ruleset *set = load(GOOD, TABLES);
	struct matcher *matcher = matcher_open(set);
	const struct rule *sum = rule_of(set, "SUM-1");
	const struct area *area = matcher_area(matcher, SLICE("140902"));
	struct claim claim = {0};
	uint64_t truth[1], falsehood[1], where = UINT64_C(1) << sum->where;
	claim.present[FIELD_medfee_sumamt >> 6] |= UINT64_C(1) << (FIELD_medfee_sumamt & 63);
	claim.present[FIELD_refd_setl_flag >> 6] |= UINT64_C(1) << (FIELD_refd_setl_flag & 63);
	claim.value[FIELD_refd_setl_flag].text = SLICE("0");
	matcher_run(matcher, area, &claim, truth, falsehood);
	ck_assert(!(truth[0] & where) && (falsehood[0] & where));
	matcher_ask_off(matcher, true);
	matcher_run(matcher, area, &claim, truth, falsehood);
	ck_assert((truth[0] & where) && !(falsehood[0] & where));
	matcher_ask_off(matcher, false);
	matcher_run(matcher, area, &claim, truth, falsehood);
	ck_assert(!(truth[0] & where));
	matcher_close(matcher);
	ruleset_free(set);
}
END_TEST

/* ---- memory ---- */

static size_t
dictionary_bytes(const struct matcher *matcher)
{
	size_t bytes = 0;
	for (size_t i = 0; i < matcher->dictionaries; i++)
		bytes += matcher->dictionary[i].slots * sizeof(struct entry) + matcher->dictionary[i].texts.bytes
		    + matcher->dictionary[i].outcome_slots * 16 * matcher->words;
	return bytes;
}

/* Codes and areas that never end. */
START_TEST(memory_is_bounded)
{
	struct ruleset *set = load(GOOD, TABLES);
	struct matcher *matcher = matcher_open(set);
	struct claim claim = {0};
	uint64_t truth[1], falsehood[1];
	char code[32], number[16];
	size_t at_first = 0;
	for (unsigned i = 0; i < 400000; i++) {
		snprintf(code, sizeof code, "a-code-that-is-long-%09u", i);
		claim.present[FIELD_insutype >> 6] |= UINT64_C(1) << (FIELD_insutype & 63);
		claim.value[FIELD_insutype].text = slice_of(code);
		matcher_run(matcher, matcher_area(matcher, SLICE("140902")), &claim, truth, falsehood);
		if (i == 65535)                 /* just full */
			at_first = dictionary_bytes(matcher);
	}
	ck_assert_uint_le(dictionary_bytes(matcher), at_first);
	ck_assert_uint_lt(at_first, (size_t)12 << 20);
	size_t before = matcher->arena.bytes;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(number, sizeof number, "%06u", 100000 + i);
		matcher_area(matcher, slice_of(number));
	}
	ck_assert_uint_lt(matcher->arena.bytes - before, (size_t)100000 * 96);
	matcher_close(matcher);
	ruleset_free(set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rules_load");
	TCase *sets = tcase_create("sets"), *areas = tcase_create("areas");
	tcase_add_test(sets, good_set);
	tcase_add_test(sets, rows_of_region_files_are_joined);
	tcase_add_test(sets, tests_become_records);
	tcase_add_test(sets, canonical_text_loads_to_the_same);
	tcase_add_loop_test(sets, any_canonical_text_loads_to_the_same, 0, 20);
	tcase_add_test(sets, digest_is_of_what_is_meant);
	tcase_add_test(sets, all_mistakes_of_all_files);
	tcase_add_test(sets, floors_hold_across_files);
	tcase_add_test(areas, the_row_that_holds);
	tcase_add_test(areas, the_longest_region_wins_for_each_code);
	tcase_add_test(areas, population_table);
	tcase_add_test(areas, off_is_not_asked);
	tcase_add_test(areas, memory_is_bounded);
	tcase_set_timeout(sets, 60);
	tcase_set_timeout(areas, 60);
	suite_add_tcase(suite, sets);
	suite_add_tcase(suite, areas);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
