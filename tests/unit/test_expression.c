/* The expression language: what is accepted and its canonical text, what is refused and where, the three-valued answers
 * of the matcher, and the matcher against an independent evaluator on generated expressions. */
#include "core/rule/expression.h"

#include "core/base/time.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TABLES TEST_DATA "/rules/tables"

/* ---- a set of conditions without rule files ---- */

struct bench {
	struct ruleset set;
	struct diags diags;
	struct expressions expressions;
	struct matcher *matcher;
	uint64_t truth[64], falsehood[64];
};

static void
bench_open(struct bench *bench)
{
	*bench = (struct bench){0};
	bench->set.tables = tables_load(&bench->set.arena, TABLES, &bench->diags);
	ck_assert_uint_eq(bench->diags.errors, 0);
	expressions_init(&bench->expressions, &bench->set.arena, bench->set.tables, &bench->diags);
	ck_assert_int_eq(expression_builtin(&bench->expressions, "med_type in $inpatient"), CONDITION_INPATIENT);
}

static int32_t
bench_add(struct bench *bench, const char *text)
{
	int32_t condition = expression_builtin(&bench->expressions, arena_copy(&bench->set.arena, text, strlen(text)));
	ck_assert_msg(condition >= 0, "%s: %s", text, bench->diags.count ? bench->diags.list[0].message[LANGUAGE_EN] : "?");
	return condition;
}

static void
bench_ready(struct bench *bench)
{
	bench->set.condition = bench->expressions.condition;
	bench->set.conditions = bench->expressions.conditions;
	ck_assert_uint_le(MATCH_WORDS(&bench->set), 64);
	bench->matcher = matcher_open(&bench->set);
}

static void
bench_close(struct bench *bench)
{
	matcher_close(bench->matcher);
	buffer_free(&bench->set.tables->canonical);
	expressions_free(&bench->expressions);
	arena_free(&bench->set.arena);
	diags_free(&bench->diags);
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

static enum truth
bench_ask(struct bench *bench, const struct claim *claim, const char *area, int32_t condition)
{
	matcher_run(bench->matcher, matcher_area(bench->matcher, slice_of(area)), claim, bench->truth, bench->falsehood);
	bool is_true = bench->truth[condition >> 6] >> (condition & 63) & 1;
	bool is_false = bench->falsehood[condition >> 6] >> (condition & 63) & 1;
	ck_assert(!(is_true && is_false));
	return is_true ? TRUTH_TRUE : is_false ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

/* ---- canonical text ---- */

static const struct {
	const char *written, *canonical;
} canonical[] = {
	{"insutype==\"0390\"", "insutype == \"390\""},
	{"\"390\" == insutype", "\"390\" == insutype"},
	{"insutype == \"000\"", "insutype == \"0\""},
	{"psn_no == \"0017\"", "psn_no == \"0017\""},
	{"hifp_pay > 5", "hifp_pay > 5.00"},
	{"hifp_pay > -5.10", "hifp_pay > -5.10"},
	{"hifp_pay > 5.100", "hifp_pay > 5.10"},
	{"age >= 60.50", "age >= 60.5"},
	{"age between 0 and 6", "age between 0.0 and 6.0"},
	{"med_type in [\"12\", \"011\", \"12\"]", "med_type in [\"11\", \"12\"]"},
	{"not med_type in $outpatient", "not med_type in $outpatient"},
	{"med_type not in $outpatient", "med_type not in $outpatient"},
	{"(hifp_pay > 1.00 and (hifp_pay < 2.00 and present(age)))",
	    "hifp_pay > 1.00 and hifp_pay < 2.00 and present(age)"},
	{"(present(age) or present(gend)) and not (present(naty) and present(brdy))",
	    "(present(age) or present(gend)) and not (present(naty) and present(brdy))"},
	{"present(age) or present(gend) and present(naty)", "present(age) or present(gend) and present(naty)"},
	{"not not present(age)", "not not present(age)"},
	{"hifp_pay + acct_pay - (balc - 1.00) <= medfee_sumamt", "hifp_pay + acct_pay - (balc - 1.00) <= medfee_sumamt"},
	{"(hifp_pay + acct_pay) + balc == medfee_sumamt", "hifp_pay + acct_pay + balc == medfee_sumamt"},
	{"default( hosp_part_amt ,0 ) == 0", "default(hosp_part_amt, 0.00) == 0.00"},
	{"default(med_type, \"011\") in $outpatient", "default(med_type, \"11\") in $outpatient"},
	{"setl_time >= 2024-01-01", "setl_time >= 2024-01-01"},
	{"setl_time < 2024-01-01 08:30:00", "setl_time < 2024-01-01T08:30:00"},
	{"begndate between 2024-01-01 and enddate", "begndate between 2024-01-01 and enddate"},
	{"dise_codg =~ \"^E1[014]\\.\\d\\\"\"", "dise_codg =~ \"^E1[014]\\.\\d\\\"\""},
	{"insu_admdvs != fixmedins_poolarea", "insu_admdvs != fixmedins_poolarea"},
	{"present(certno)", "present(certno)"},
};

START_TEST(canonical_text)
{
	struct bench bench;
	bench_open(&bench);
	int32_t first = bench_add(&bench, canonical[_i].written);
	ck_assert_str_eq(bench.expressions.condition[first].text, canonical[_i].canonical);
	ck_assert_int_eq(bench_add(&bench, canonical[_i].canonical), first);
	bench_close(&bench);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
	const char *text;
	int column, width;
	const char *message, *hint;     /* parts */
} mistakes[] = {
	{"", 1, 1, "ends here", NULL},
	{"insutyp == \"390\"", 1, 7, "no field insutyp", "insutype"},
	{"cash_payamt > 0.00", 1, 11, "no field cash_payamt", "psn_cash_pay"},
	{"insutype == 390", 13, 3, "a code cannot be compared with a number", "\"390\""},
	{"hifp_pay > \"300\"", 12, 5, "an amount cannot be compared with a text", "300.00"},
	{"setl_time > \"2024-01-01\"", 13, 12, "a time cannot be compared with a text", "2024-01-01"},
	{"begndate > 2024-01-01 08:00:00", 12, 19, "a date cannot be compared with a time", NULL},
	{"hifp_pay > 0.001", 12, 5, "not an amount", "two decimals"},
	{"age > 0.00001", 7, 7, "not a decimal", "four decimals"},
	{"age > hifp_pay", 1, 14, "a decimal cannot be compared with an amount", NULL},
	{"insutype > \"390\"", 1, 16, "has no order", NULL},
	{"insutype = \"390\"", 10, 1, "no such sign", "=="},
	{"hifp_pay > 1.00 && balc > 1.00", 17, 2, "no such sign", "and"},
	{"insutype == '390'", 13, 1, "no such sign", "double quotes"},
	{"insutype == \u201c390\u201d", 13, 1, "no such sign", "plain double quote"},
	{"insutype == \"390", 13, 4, "not closed", NULL},
	{"insutype", 1, 8, "must be a condition", "=="},
	{"insutype and present(age)", 1, 8, "join conditions, this is a code", "comparison"},
	{"insutype + age > 0.00", 1, 8, "+ and - are for amounts, this is a code", NULL},
	{"\"390\" == \"390\"", 1, 14, "both sides are fixed", NULL},
	{"med_type in $outpatiant", 13, 11, "the field med_type has no set $outpatiant", "outpatient"},
	{"clr_way in $outpatient", 12, 11, "the field clr_way has no set $outpatient", "drg_dip"},
	{"insutype in $outpatient", 13, 11, "the field insutype has no set $outpatient", NULL},
	{"hifp_pay in [\"1\"]", 1, 8, "a code or identifier field stands left of in", "between"},
	{"med_type in [11]", 14, 2, "a code cannot be compared with a number", "double quotes"},
	{"med_type in []", 14, 1, "expected a number", NULL},
	{"med_type between \"1\" and \"2\"", 1, 28, "between is for amounts", NULL},
	{"hifp_pay between 5.00 and 3.00", 18, 4, "never true", NULL},
	{"hifp_pay between 5.00", 22, 1, "expected and", NULL},
	{"dise_codg =~ \"E1[\"", 18, 1, "the pattern is wrong", NULL},
	{"hifp_pay =~ \"1\"", 1, 8, "stands left of =~", NULL},
	{"psn_name == \"x\"", 1, 8, "never kept", "present(psn_name)"},
	{"present(age", 12, 1, "expected a closing parenthesis", NULL},
	{"default(age) > 1", 12, 1, "a comma and the default value", NULL},
	{"default(age, \"1\") > 1", 14, 3, "a decimal cannot be compared with a text", NULL},
	{"present(age) present(gend)", 14, 7, "expected and, or", NULL},
	{"(present(age)", 14, 1, "closing parenthesis", NULL},
	{"setl_time > 2024-02-30", 13, 10, "no such date", NULL},
	{"hifp_pay > 1e3", 12, 2, "not a number", "exponent"},
	{"insutype == \"12345678901234567\"", 13, 19, "1 to 16 bytes", NULL},
	{"present(age) == present(gend)", 1, 29, "not compared with each other", "and, or, not"},
	{"hifp_pay > 1.00 and insutyp == \"1\" and age > hifp_pay", 21, 7, "no field insutyp", NULL},
};

START_TEST(mistake)
{
	struct bench bench;
	bench_open(&bench);
	ck_assert_int_eq(expression_builtin(&bench.expressions, mistakes[_i].text), -1);
	ck_assert_uint_ge(bench.diags.count, 1);
	const struct diag *diag = &bench.diags.list[0];
	ck_assert_msg(strstr(diag->message[LANGUAGE_EN], mistakes[_i].message), "%s: %s", mistakes[_i].text,
	    diag->message[LANGUAGE_EN]);
	ck_assert_int_eq(diag->line, 1);
	ck_assert_msg(diag->column == mistakes[_i].column && diag->width == mistakes[_i].width, "%s: column %d width %d",
	    mistakes[_i].text, diag->column, diag->width);
	ck_assert_int_gt((int)strlen(diag->message[LANGUAGE_ZH]), 0);
	if (mistakes[_i].hint)
		ck_assert_msg(diag->hint[LANGUAGE_EN] && strstr(diag->hint[LANGUAGE_EN], mistakes[_i].hint), "%s: hint %s",
		    mistakes[_i].text, diag->hint[LANGUAGE_EN] ? diag->hint[LANGUAGE_EN] : "none");
	bench_close(&bench);
}
END_TEST

START_TEST(all_mistakes_of_an_expression)
{
	struct bench bench;
	bench_open(&bench);
	ck_assert_int_eq(expression_builtin(&bench.expressions, "insutyp == \"1\" and age > hifp_pay and gende == \"1\""), -1);
	ck_assert_uint_eq(bench.diags.count, 3);
	bench_close(&bench);
}
END_TEST

START_TEST(depth_is_bounded)
{
	struct bench bench;
	bench_open(&bench);
	char text[2048] = "";
	for (int i = 0; i < 200; i++)
		strcat(text, "not ");
	strcat(text, "present(age)");
	ck_assert_int_eq(expression_builtin(&bench.expressions, text), -1);
	ck_assert_ptr_nonnull(strstr(bench.diags.list[0].message[LANGUAGE_EN], "too deeply"));
	memset(text, '(', 1000);
	text[1000] = '\0';
	ck_assert_int_eq(expression_builtin(&bench.expressions, text), -1);
	bench_close(&bench);
}
END_TEST

START_TEST(alternatives_are_bounded)
{
	struct bench bench;
	bench_open(&bench);
	char text[2048] = "present(age)";
	for (int i = 0; i < 12; i++)
		sprintf(text + strlen(text), " and (med_type == \"%d\" or insutype == \"%d\")", i, i);
	ck_assert_int_eq(expression_builtin(&bench.expressions, text), -1);
	ck_assert_ptr_nonnull(strstr(bench.diags.list[0].message[LANGUAGE_EN], "too complex"));
	bench_close(&bench);
}
END_TEST

/* ---- answers ---- */

#define T TRUTH_TRUE
#define F TRUTH_FALSE
#define U TRUTH_UNKNOWN

/* The claim of the table: med_type 11, insutype 390, area 140902, hifp_pay 300.00, medfee_sumamt 500.00, age 60.5,
 * setl_time 2024-03-01 09:00:00, begndate 2024-02-28, dise_codg E11.9; clr_way, acct_pay and enddate are absent. */
static const struct {
	const char *text;
	enum truth truth;
} answers[] = {
	{"insutype == \"390\"", T}, {"insutype == \"310\"", F}, {"insutype != \"310\"", T}, {"clr_way == \"40\"", U},
	{"clr_way != \"40\"", U}, {"not clr_way == \"40\"", U}, {"present(clr_way)", F}, {"not present(clr_way)", T},
	{"present(certno)", F}, {"\"390\" == insutype", T},
	{"clr_way == \"40\" or insutype == \"390\"", T}, {"clr_way == \"40\" and insutype == \"310\"", F},
	{"clr_way == \"40\" and insutype == \"390\"", U}, {"clr_way == \"40\" or insutype == \"310\"", U},
	{"not (clr_way == \"40\" and insutype == \"310\")", T}, {"clr_way == \"40\" or clr_way != \"40\"", U},
	{"hifp_pay == 300.00", T}, {"hifp_pay > 300.00", F}, {"hifp_pay >= 300.00", T}, {"hifp_pay < 300.01", T},
	{"hifp_pay <= 299.99", F}, {"hifp_pay != 300", F}, {"acct_pay > 0.00", U}, {"300.00 < medfee_sumamt", T},
	{"default(acct_pay, 0.00) == 0.00", T}, {"default(hifp_pay, 0.00) == 0.00", F},
	{"hifp_pay + 200.00 == medfee_sumamt", T}, {"medfee_sumamt - hifp_pay - 200.00 == 0.00", T},
	{"medfee_sumamt - (hifp_pay - 100.00) == 300.00", T}, {"hifp_pay + acct_pay == 300.00", U},
	{"hifp_pay + default(acct_pay, 0.01) == 300.01", T},
	{"hifp_pay between 300.00 and 300.00", T}, {"hifp_pay between 300.01 and 400.00", F},
	{"hifp_pay between 0.00 and 299.99", F}, {"hifp_pay between acct_pay and 100.00", U},
	{"age > 60", T}, {"age == 60.5", T}, {"age between 60.5 and 61", T}, {"age < 60.5", F},
	{"setl_time == 2024-03-01", T}, {"setl_time <= 2024-03-01", T}, {"setl_time > 2024-03-01", F},
	{"setl_time < 2024-03-02", T}, {"setl_time between 2024-02-01 and 2024-03-01", T},
	{"setl_time == 2024-03-01 09:00:00", T}, {"setl_time > 2024-03-01 08:59:59", T}, {"setl_time > 2024-03-01 09:00:00", F},
	{"begndate == 2024-02-28", T}, {"begndate < setl_time", T}, {"setl_time > begndate", T}, {"enddate >= begndate", U},
	{"med_type in $outpatient", T}, {"med_type in $inpatient", F}, {"med_type not in $inpatient", T},
	{"med_type in [\"12\", \"11\"]", T}, {"med_type in [\"12\"]", F}, {"med_type not in [\"12\"]", T},
	{"clr_way in $drg_dip", U}, {"clr_way not in $drg_dip", U}, {"default(clr_way, \"40\") in $drg_dip", T},
	{"default(clr_way, \"1\") == \"1\"", T}, {"clr_way in $drg_dip or hi_paymtd in $drg_dip", U},
	{"dise_codg =~ \"^E1[014]\"", T}, {"dise_codg =~ \"^E1[23]\"", F}, {"dise_codg == \"E11.9\"", T},
	{"not dise_codg =~ \"9$\"", F}, {"mdtrt_id =~ \".\"", U},
	{"insu_admdvs == fixmedins_poolarea", F}, {"insu_admdvs != fixmedins_poolarea", T},
	{"clr_way == clr_type", U}, {"default(clr_way, \"1\") == default(clr_type, \"1\")", T},
};

static void
fill_claim(struct claim *claim)
{
	*claim = (struct claim){0};
	put_text(claim, FIELD_med_type, "11");
	put_text(claim, FIELD_insutype, "390");
	put_text(claim, FIELD_insu_admdvs, "140902");
	put_text(claim, FIELD_fixmedins_poolarea, "140900");
	put_text(claim, FIELD_dise_codg, "E11.9");
	put_number(claim, FIELD_hifp_pay, 30000);
	put_number(claim, FIELD_medfee_sumamt, 50000);
	put_number(claim, FIELD_age, 605000);
	put_number(claim, FIELD_begndate, day_from_civil(2024, 2, 28));
	put_number(claim, FIELD_setl_time, (int64_t)day_from_civil(2024, 3, 1) * DAY_SECONDS + 9 * 3600);
}

/* All at once, so that what conditions share is shared here too. */
START_TEST(three_valued_answers)
{
	struct bench bench;
	struct claim claim;
	int32_t number[sizeof answers / sizeof answers[0]];
	bench_open(&bench);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		number[i] = bench_add(&bench, answers[i].text);
	bench_ready(&bench);
	fill_claim(&claim);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
			ck_assert_msg(bench_ask(&bench, &claim, "140902", number[i]) == answers[i].truth, "%s: %d", answers[i].text,
			    bench_ask(&bench, &claim, "140902", number[i]));
	bench_close(&bench);
}
END_TEST

START_TEST(sets_depend_on_the_area)
{
	struct bench bench;
	struct claim claim;
	bench_open(&bench);
	int32_t outpatient = bench_add(&bench, "med_type in $outpatient"), chronic = bench_add(&bench, "med_type in $chronic");
	int32_t two_disease = bench_add(&bench, "med_type in $two_disease");
	bench_ready(&bench);
	fill_claim(&claim);
	put_text(&claim, FIELD_med_type, "14");
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(bench_ask(&bench, &claim, "140902", outpatient), T);
		ck_assert_int_eq(bench_ask(&bench, &claim, "140902", chronic), T);
		/* a region's rows for a code stand for the general ones */
		ck_assert_int_eq(bench_ask(&bench, &claim, "500101", outpatient), F);
		ck_assert_int_eq(bench_ask(&bench, &claim, "500101", chronic), T);
		ck_assert_int_eq(bench_ask(&bench, &claim, "510101", outpatient), T);
	}
	put_text(&claim, FIELD_med_type, "21");
	ck_assert_int_eq(bench_ask(&bench, &claim, "500101", CONDITION_INPATIENT), T);
	ck_assert_int_eq(bench_ask(&bench, &claim, "500230", CONDITION_INPATIENT), F);
	ck_assert_int_eq(bench_ask(&bench, &claim, "500230", two_disease), T);
	put_text(&claim, FIELD_med_type, "99");
	ck_assert_int_eq(bench_ask(&bench, &claim, "500230", two_disease), F);
	bench_close(&bench);
}
END_TEST

/* More codes than a dictionary keeps, short and long ones: the answers stay the same. */
START_TEST(beyond_the_dictionary)
{
	struct bench bench;
	struct claim claim = {0};
	bench_open(&bench);
	int32_t even = bench_add(&bench, "mdtrt_id =~ \"[02468]$\"");
	int32_t one = bench_add(&bench, "mdtrt_id == \"visit-with-a-long-number-000070001\"");
	bench_ready(&bench);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 70010; i++) {
			char id[64];
			snprintf(id, sizeof id, i % 3 ? "visit-with-a-long-number-%09d" : "%07d", i);
			put_text(&claim, FIELD_mdtrt_id, id);
			ck_assert_int_eq(bench_ask(&bench, &claim, "140902", even), i % 2 ? F : T);
			ck_assert_int_eq(bench_ask(&bench, &claim, "140902", one), i == 70001 ? T : F);
		}
	bench_close(&bench);
}
END_TEST

START_TEST(amount_fields_are_listed)
{
	struct bench bench;
	bench_open(&bench);
	int32_t number = bench_add(&bench,
	    "present(balc) and hifp_pay + default(acct_pay, 0.00) == medfee_sumamt - hifp_pay and insutype == \"390\"");
	const struct condition *condition = &bench.expressions.condition[number];
	const int32_t wanted[] = {FIELD_balc, FIELD_hifp_pay, FIELD_acct_pay, FIELD_medfee_sumamt};
	ck_assert_uint_eq(condition->amount_fields, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(condition->amount_field[i], wanted[i]);
	bench_close(&bench);
}
END_TEST

START_TEST(pattern_that_does_not_end)
{
	struct bench bench;
	struct claim claim = {0};
	bench_open(&bench);
	int32_t number = bench_add(&bench, "mdtrt_id =~ \"^(a+)+$\"");
	bench_ready(&bench);
	put_text(&claim, FIELD_mdtrt_id, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
	ck_assert_int_eq(bench_ask(&bench, &claim, "140902", number), U);
	bench_close(&bench);
}
END_TEST

/* ---- generated expressions against an evaluator of its own ---- */

static uint64_t seed;

static unsigned
roll(unsigned sides)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % sides;
}

static const char *const codes[] = {"1", "2", "11", "12", "14", "21", "40", "390"};
static const unsigned code_fields[] = {FIELD_med_type, FIELD_insutype, FIELD_clr_way, FIELD_hi_paymtd};
static const unsigned amount_fields[] = {FIELD_hifp_pay, FIELD_acct_pay, FIELD_balc};

/* Writes a random expression and gives its truth for the claim, by the rules of the manual alone. */
static enum truth write_random(struct buffer *, const struct claim *, int depth);

static enum truth
both(enum truth a, enum truth b)
{
	return a == F || b == F ? F : a == T && b == T ? T : U;
}

static enum truth
turn(enum truth a)
{
	return a == U ? U : a == T ? F : T;
}

static enum truth
say(bool known, bool holds)
{
	return !known ? U : holds ? T : F;
}

static enum truth
write_code_atom(struct buffer *out, const struct claim *claim)
{
	unsigned field = code_fields[roll(4)];
	const char *name = settlement_fields[field].name, *a = codes[roll(8)], *b = codes[roll(8)];
	bool known = claim_has(claim, field);
	const char *text = known ? claim->value[field].text.data : "";
	bool is_a = strcmp(text, a) == 0, is_b = strcmp(text, b) == 0;
	switch (roll(6)) {
	case 0: buffer_printf(out, "%s == \"%s\"", name, a); return say(known, is_a);
	case 1: buffer_printf(out, "\"%s\" != %s", a, name); return say(known, !is_a);
	case 2: buffer_printf(out, "%s in [\"%s\", \"%s\"]", name, a, b); return say(known, is_a || is_b);
	case 3: buffer_printf(out, "%s not in [\"%s\", \"%s\"]", name, a, b); return say(known, !is_a && !is_b);
	case 4: buffer_printf(out, "%s =~ \"^[12]\"", name); return say(known, text[0] == '1' || text[0] == '2');
	default:
		buffer_printf(out, "default(%s, \"%s\") == \"%s\"", name, a, b);
		return say(true, known ? is_b : strcmp(a, b) == 0);
	}
}

static enum truth
write_amount_atom(struct buffer *out, const struct claim *claim)
{
	static const char *const marks[] = {"==", "!=", "<", "<=", ">", ">="};
	unsigned a = amount_fields[roll(3)], b = amount_fields[roll(3)], mark = roll(6), value = roll(4);
	bool known = claim_has(claim, a);
	int64_t left = claim->value[a].number, right = value * 100;
	if (roll(2)) {
		known &= claim_has(claim, b);
		right += claim->value[b].number;
		buffer_printf(out, "%s %s %u.00 + %s", settlement_fields[a].name, marks[mark], value, settlement_fields[b].name);
	} else {
		buffer_printf(out, "%s %s %u", settlement_fields[a].name, marks[mark], value);
	}
	bool holds[] = {left == right, left != right, left < right, left <= right, left > right, left >= right};
	return say(known, holds[mark]);
}

static enum truth
write_random(struct buffer *out, const struct claim *claim, int depth)
{
	unsigned kind = depth == 0 ? 3 + roll(3) : roll(6);
	if (kind >= 5) {
		unsigned field = code_fields[roll(4)];
		buffer_printf(out, "present(%s)", settlement_fields[field].name);
		return say(true, claim_has(claim, field));
	}
	if (kind >= 3)
		return kind == 3 ? write_code_atom(out, claim) : write_amount_atom(out, claim);
	buffer_text(out, kind == 2 ? "not (" : "(");
	enum truth left = write_random(out, claim, depth - 1);
	if (kind == 2) {
		buffer_char(out, ')');
		return turn(left);
	}
	buffer_text(out, kind == 0 ? ") and (" : ") or (");
	enum truth right = write_random(out, claim, depth - 1);
	buffer_char(out, ')');
	return kind == 0 ? both(left, right) : turn(both(turn(left), turn(right)));
}

static void
random_claim(struct claim *claim)
{
	*claim = (struct claim){0};
	for (size_t i = 0; i < 4; i++)
		if (roll(3))
			put_text(claim, code_fields[i], codes[roll(8)]);
	for (size_t i = 0; i < 3; i++)
		if (roll(3))
			put_number(claim, amount_fields[i], 100 * (int64_t)roll(5));
}

#define CLAIMS 40
#define EXPRESSIONS 120

/* The same expression is written once for every claim by starting from the same seed. */
START_TEST(matcher_against_evaluator)
{
	struct bench bench;
	static struct claim claims[CLAIMS];
	static enum truth wanted[EXPRESSIONS][CLAIMS];
	static int32_t number[EXPRESSIONS];
	bench_open(&bench);
	seed = (uint64_t)_i;
	for (size_t c = 0; c < CLAIMS; c++)
		random_claim(&claims[c]);
	for (size_t e = 0; e < EXPRESSIONS; e++) {
		struct buffer text = {0};
		uint64_t start = seed;
		for (size_t c = 0; c < CLAIMS; c++) {
			seed = start;
			buffer_free(&text);
			wanted[e][c] = write_random(&text, &claims[c], (int)(e % 4));
		}
		buffer_char(&text, '\0');
		number[e] = bench_add(&bench, text.data);
		buffer_free(&text);
	}
	bench_ready(&bench);
	for (size_t c = 0; c < CLAIMS; c++)
		for (size_t e = 0; e < EXPRESSIONS; e++)
			ck_assert_msg(bench_ask(&bench, &claims[c], "140902", number[e]) == wanted[e][c], "%s",
			    bench.set.condition[number[e]].text);
	bench_close(&bench);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("expression");
	TCase *texts = tcase_create("texts"), *runs = tcase_create("answers");
	tcase_add_loop_test(texts, canonical_text, 0, (int)(sizeof canonical / sizeof canonical[0]));
	tcase_add_loop_test(texts, mistake, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
	tcase_add_test(texts, all_mistakes_of_an_expression);
	tcase_add_test(texts, depth_is_bounded);
	tcase_add_test(texts, alternatives_are_bounded);
	tcase_add_test(texts, amount_fields_are_listed);
	tcase_add_test(runs, three_valued_answers);
	tcase_add_test(runs, sets_depend_on_the_area);
	tcase_add_test(runs, beyond_the_dictionary);
	tcase_add_test(runs, pattern_that_does_not_end);
	tcase_add_loop_test(runs, matcher_against_evaluator, 0, 20);
	tcase_set_timeout(runs, 120);
	suite_add_tcase(suite, texts);
	suite_add_tcase(suite, runs);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
