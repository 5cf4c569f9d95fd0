/* Corrections (contract 1.3 and 2): records in, and what is said after each, line by line: kind, rule, revision, status and
 * cause, who and when, the figures that matter, the claims.  All of it by the rules in tests/oracle/rules. */
#include "core/base/buffer.h"
#include "core/base/memory.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct ruleset *rules;
static struct scorer *scorer;
static struct scored scored;
static enum fate fate;
static struct buffer said;

static void
open_with(struct scorer_limits limits)
{
	struct diags diags = {0};
	rules = ruleset_load(detectors_registry(), TEST_DATA "/oracle/rules", NULL, &diags);
	if (!rules)
		diags_print(&diags, LANGUAGE_EN, stderr);
	ck_assert_ptr_nonnull(rules);
	diags_free(&diags);
	limits.person_clear = true;
	scorer = scorer_open(rules, &limits);
	scored.fate = &fate;
}

static void
setup(void)
{
	open_with(SCORER_LIMITS_DEFAULT);
}

static void
teardown(void)
{
	scorer_close(scorer);
	ruleset_free(rules);
	buffer_free(&said);
}

/* ---- a line in few words ---- */

static const char *
text_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(item) ? item->valuestring : "";
}

static void
subject_words(const cJSON *subject)
{
	static const char *const names[] = {"insu_admdvs", "psn_no", "fixmedins_code", "township", "class", "setl_id", "period"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (*text_of(subject, names[i]))
			buffer_printf(&said, " %s", text_of(subject, names[i]));
}

static void
finding_words(const cJSON *finding)
{
	static const char *const names[] = {"sum_fen", "limit_fen", "numerator_fen", "denominator_fen", "numerator", "denominator",
	    "admissions", "population", "expected"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(finding, names[i]);
		if (cJSON_IsNumber(item))
			buffer_printf(&said, " %.0f", item->valuedouble);
		else if (cJSON_IsString(item))
			buffer_printf(&said, " %.2f", strtod(item->valuestring, NULL));
	}
}

static void
claim_words(const cJSON *evidence)
{
	const cJSON *claim;
	cJSON_ArrayForEach(claim, cJSON_GetObjectItemCaseSensitive(evidence, "claims"))
		buffer_printf(&said, " %s@%s:%.0f", text_of(claim, "setl_id"), text_of(claim, "date") + 5,
		    cJSON_GetObjectItemCaseSensitive(claim, "fen")->valuedouble);
}

static void
line_words(struct slice bytes)
{
	cJSON *line = cJSON_ParseWithLength(bytes.data, bytes.length);
	const cJSON *rule = cJSON_GetObjectItemCaseSensitive(line, "rule");
	bool is_alert = strcmp(text_of(line, "type"), "alert") == 0;
	ck_assert_ptr_nonnull(rule);
	buffer_printf(&said, "%s %.0f %s%s%s:", text_of(rule, "id") + strlen("ORACLE-"),
	    cJSON_GetObjectItemCaseSensitive(line, "revision")->valuedouble, is_alert ? text_of(line, "status") : text_of(line, "verdict"),
	    is_alert ? " " : "", text_of(line, "cause"));
	subject_words(cJSON_GetObjectItemCaseSensitive(line, "subject"));
	finding_words(cJSON_GetObjectItemCaseSensitive(line, "finding"));
	claim_words(cJSON_GetObjectItemCaseSensitive(line, "evidence"));
	buffer_char(&said, '\n');
	cJSON_Delete(line);
}

/* Alerts, and with indicators those too; the data-quality lines of a close are another matter. */
static void
take(bool indicators)
{
	for (size_t i = 0; i < scored.outputs; i++)
		if (scored.output[i].kind == OUTPUT_ALERT || (indicators && scored.output[i].kind == OUTPUT_INDICATOR))
			line_words(scored.output[i].line);
}

static void
said_is(const char *expected)
{
	buffer_char(&said, '\0');
	ck_assert_str_eq(said.data, expected);
	said.length = 0;
}

/* ---- records ---- */

static void
record(enum record_kind kind, const char *json)
{
	char bytes[1024] = {0};
	struct record one = {.kind = kind, .bytes = bytes, .length = strlen(json), .arrival_ms = ARRIVAL_UNKNOWN, .file = "test", .line = 1};
	ck_assert_uint_lt(one.length + RECORD_PADDING, sizeof bytes);
	memcpy(bytes, json, one.length);
	ck_assert_uint_eq(scorer_score(scorer, &one, 1, &scored), 1);
	ck_assert_int_ne(fate, FATE_REFUSED);
	for (size_t i = 0; i < scored.outputs; i++)
		ck_assert_uint_eq(scored.output[i].record, 0);
}

/* A settlement; what `more` names comes on top, "" for none. */
static void
paid(const char *area, const char *med_type, const char *setl_id, const char *psn_no, const char *when, const char *fund, const char *more)
{
	char json[900];
	snprintf(json, sizeof json,
	    "{\"setl_id\":\"%s\",\"psn_no\":\"%s\",\"insutype\":\"390\",\"insu_admdvs\":\"%s\",\"med_type\":\"%s\",\"fixmedins_code\":\"H1\","
	    "\"setl_time\":\"%s\",\"hifp_pay\":%s%s%s}", setl_id, psn_no, area, med_type, when, fund, *more ? "," : "", more);
	record(RECORD_SETTLEMENT, json);
}

#define OUT "11"
#define IN "21"
#define REFUND "\"refd_setl_flag\":\"1\""

static void
outpatient(const char *setl_id, const char *when, const char *fund, const char *more)
{
	paid("140902", OUT, setl_id, "p", when, fund, more);
	take(false);
}

static void
unlinked_is(uint64_t unlinked)
{
	ck_assert_uint_eq(scorer_counts(scorer)->unlinked_refunds, unlinked);
}

/* ---- refunds before their originals ---- */

START_TEST(a_refund_waits_for_the_original_that_it_names)
{
	outpatient("r", "2025-01-05", "-50.00", REFUND ",\"init_setl_id\":\"a\"");
	unlinked_is(1);
	outpatient("a", "2024-12-30", "340.00", "");
	unlinked_is(0);
	said_is("");            /* 340 alone would have been over */
	outpatient("b", "2024-12-31", "20.00", "");
	said_is("CAP-1 1 open claim: 140902 p 2024 31000 30000 a@12-30:29000 b@12-31:2000\n");
}
END_TEST

START_TEST(a_refund_waits_for_its_visit)
{
	outpatient("r", "2024-03-05", "-340.00", REFUND ",\"mdtrt_id\":\"v\"");
	outpatient("b", "2024-03-06", "340.00", "\"mdtrt_id\":\"v\"");
	unlinked_is(1);         /* what is settled afterwards is not what was refunded */
	outpatient("a", "2024-03-04", "340.00", "\"mdtrt_id\":\"v\"");
	unlinked_is(0);
	said_is("CAP-1 1 open claim: 140902 p 2024 34000 30000 b@03-06:34000\n");
}
END_TEST

START_TEST(a_chain_of_refunds_waits_for_the_first_original)
{
	outpatient("r2", "2025-01-20", "40.00", REFUND ",\"init_setl_id\":\"r1\"");
	outpatient("r1", "2025-01-10", "-50.00", REFUND ",\"init_setl_id\":\"a\"");
	unlinked_is(2);
	outpatient("a", "2024-12-30", "320.00", "");
	unlinked_is(0);
	said_is("CAP-1 1 open claim: 140902 p 2024 31000 30000 a@12-30:31000\n");
}
END_TEST

START_TEST(a_refund_by_visit_moves_to_the_one_that_fits_better)
{
	outpatient("a", "2024-03-01", "200.00", "\"mdtrt_id\":\"v\"");
	outpatient("r", "2024-03-10", "-200.00", REFUND ",\"mdtrt_id\":\"v\"");
	outpatient("b", "2024-03-02", "250.00", "");
	said_is("");
	outpatient("c", "2024-03-05", "200.00", "\"mdtrt_id\":\"v\"");
	said_is("CAP-1 1 open claim: 140902 p 2024 45000 30000 a@03-01:20000 b@03-02:25000\n");
	unlinked_is(0);
}
END_TEST

START_TEST(a_refund_by_visit_moves_to_the_one_that_it_names)
{
	outpatient("a", "2024-12-01", "310.00", "\"mdtrt_id\":\"v\"");
	outpatient("r", "2025-03-10", "-310.00", REFUND ",\"mdtrt_id\":\"v\",\"init_setl_id\":\"c\"");
	said_is("CAP-1 1 open claim: 140902 p 2024 31000 30000 a@12-01:31000\n"
	    "CAP-1 2 retracted refund: 140902 p 2024 0 30000\n");
	outpatient("c", "2025-03-01", "400.00", "");
	said_is("CAP-1 3 open claim: 140902 p 2024 31000 30000 a@12-01:31000\n");
}
END_TEST

/* ---- restatements and voids ---- */

START_TEST(refunds_move_with_their_original_to_another_year)
{
	outpatient("a", "2024-12-31", "400.00", "\"updt_time\":\"2025-01-01\"");
	outpatient("r", "2025-01-10", "-50.00", REFUND ",\"init_setl_id\":\"a\"");
	said_is("CAP-1 1 open claim: 140902 p 2024 40000 30000 a@12-31:40000\n"
	    "CAP-1 2 updated refund: 140902 p 2024 35000 30000 a@12-31:35000\n");
	outpatient("a", "2025-01-01", "400.00", "\"updt_time\":\"2025-01-02\"");
	said_is("CAP-1 3 retracted restated: 140902 p 2024 0 30000\n"
	    "CAP-1 1 open restated: 140902 p 2025 35000 30000 a@01-01:35000\n");
}
END_TEST

START_TEST(refunds_move_with_their_original_to_another_person)
{
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-02\"");
	outpatient("r", "2024-03-10", "-50.00", REFUND ",\"init_setl_id\":\"a\"");
	said.length = 0;
	paid("140902", OUT, "a", "q", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-12\"");
	take(false);
	said_is("CAP-1 3 retracted restated: 140902 p 2024 0 30000\n"
	    "CAP-1 1 open restated: 140902 q 2024 35000 30000 a@03-01:35000\n");
	paid("370812", OUT, "a", "q", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-13\"");
	take(false);            /* a pool without a cap */
	said_is("CAP-1 2 retracted restated: 1409 q 2024 0 30000\n");
	unlinked_is(0);
}
END_TEST

START_TEST(a_restated_original_lets_its_refunds_by_visit_go)
{
	outpatient("a", "2024-03-01", "310.00", "\"mdtrt_id\":\"v\",\"updt_time\":\"2024-03-02\"");
	outpatient("r", "2024-03-10", "-310.00", REFUND ",\"mdtrt_id\":\"v\"");
	said.length = 0;
	outpatient("a", "2024-03-01", "320.00", "\"mdtrt_id\":\"v\",\"updt_time\":\"2024-03-12\"");
	unlinked_is(1);
	outpatient("b", "2024-03-05", "310.00", "\"mdtrt_id\":\"v\"");
	unlinked_is(0);
	said_is("CAP-1 3 open claim: 140902 p 2024 32000 30000 a@03-01:32000\n");
}
END_TEST

START_TEST(a_void_and_back)
{
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-02\"");
	outpatient("r", "2024-03-10", "-50.00", REFUND ",\"init_setl_id\":\"a\",\"updt_time\":\"2024-03-11\"");
	said.length = 0;
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-12\",\"vali_flag\":\"0\"");
	said_is("CAP-1 3 retracted restated: 140902 p 2024 -5000 30000 r@03-01:-5000\n");
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-13\"");
	outpatient("r", "2024-03-10", "-50.00", REFUND ",\"init_setl_id\":\"a\",\"updt_time\":\"2024-03-14\",\"vali_flag\":\"0\"");
	said_is("CAP-1 4 open restated: 140902 p 2024 35000 30000 a@03-01:35000\n"
	    "CAP-1 5 updated restated: 140902 p 2024 40000 30000 a@03-01:40000\n");
	ck_assert_uint_eq(scorer_counts(scorer)->refunds, 0);
}
END_TEST

/* Neither where nor when it is said depends on the record that emptied the sum. */
START_TEST(what_is_retracted_speaks_of_the_year_that_it_is_about)
{
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-02\"");
	paid("140981", OUT, "r", "p", "2024-05-10", "-400.00", REFUND ",\"init_setl_id\":\"a\"");
	take(false);
	said_is("CAP-1 1 open claim: 140902 p 2024 40000 30000 a@03-01:40000\n"
	    "CAP-1 2 retracted refund: 140902 p 2024 0 30000\n");
	ck_assert_ptr_nonnull(memmem(scored.output[0].line.data, scored.output[0].line.length, "\"event_time\":\"2024-03-01T", 25));
}
END_TEST

START_TEST(a_single_rule_takes_back_what_it_said_in_another_pool)
{
	paid("140902", OUT, "a", "p", "2024-03-01", "40.00", "\"medfee_sumamt\":30.00,\"mid_setl_flag\":\"0\",\"updt_time\":\"2024-03-02\"");
	take(false);
	said_is("CHECK 1 open claim: 140902 p H1 a 2024-03 a@03-01:4000\n");
	paid("370812", OUT, "a", "p", "2024-04-01", "40.00", "\"medfee_sumamt\":30.00,\"mid_setl_flag\":\"0\",\"updt_time\":\"2024-03-03\"");
	take(false);
	said_is("CHECK 2 retracted restated: 140902 p H1 a 2024-03\n"
	    "CHECK 1 open restated: 370812 p H1 a 2024-04 a@04-01:4000\n");
}
END_TEST

START_TEST(a_duplicate_or_a_stale_version_says_nothing)
{
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-02\"");
	said.length = 0;
	outpatient("a", "2024-03-01", "400.00", "\"updt_time\":\"2024-03-02\"");
	ck_assert_int_eq(fate, FATE_DUPLICATE);
	outpatient("a", "2024-03-01", "4.00", "\"updt_time\":\"2024-03-01\"");
	ck_assert_int_eq(fate, FATE_DUPLICATE);
	said_is("");
}
END_TEST

/* ---- closed months ---- */

static void
inpatient(const char *setl_id, const char *when, const char *fund, const char *more)
{
	char text[300];
	snprintf(text, sizeof text, "\"mdtrt_id\":\"v-%s\"%s%s", setl_id, *more ? "," : "", more);
	paid("140902", IN, setl_id, "p", when, fund, text);
	take(true);
}

#define DRG "\"clr_way\":\"40\""

/* Two closed months, of which the second met its target; then a third month is open. */
static void
close_two(void)
{
	inpatient("a", "2024-11-10", "100.00", DRG);
	inpatient("b", "2024-12-10", "50.00", "");
	inpatient("c", "2025-01-10", "10.00", DRG);
	said_is("SHARE-CASES 1 ok: 2024-11 1 1\nSHARE-MONEY 1 ok: 2024-11 10000 10000\n"
	    "SHARE-CASES 1 alert: 2024-12 1 2\nSHARE-CASES 1 open close: 2024 1 2 b@12-10:5000\n"
	    "SHARE-MONEY 1 ok: 2024-12 10000 15000\n");
}

START_TEST(a_late_claim_judges_its_closed_month_and_the_rest_of_its_year)
{
	close_two();
	inpatient("d", "2024-11-20", "60.00", "");
	said_is("SHARE-CASES 2 alert: 2024-11 1 2\nSHARE-CASES 2 alert: 2024-12 1 3\n"
	    "SHARE-CASES 2 updated late: 2024 1 3 d@11-20:6000 b@12-10:5000\n"
	    "SHARE-MONEY 2 ok: 2024-11 10000 16000\nSHARE-MONEY 2 alert: 2024-12 10000 21000\n"
	    "SHARE-MONEY 1 open late: 2024 10000 21000 d@11-20:6000 b@12-10:5000\n");
	inpatient("e", "2025-02-10", "10.00", DRG);
	said_is("SHARE-CASES 1 ok: 2025-01 1 1\nSHARE-MONEY 1 ok: 2025-01 1000 1000\n");
}
END_TEST

START_TEST(a_refund_judges_the_closed_month_of_its_original)
{
	close_two();
	inpatient("r", "2025-01-11", "-50.00", REFUND ",\"init_setl_id\":\"b\"");
	said_is("SHARE-CASES 2 ok: 2024-12 1 1\nSHARE-CASES 2 retracted refund: 2024 1 1\n"
	    "SHARE-MONEY 2 ok: 2024-12 10000 10000\n");
}
END_TEST

START_TEST(a_restatement_judges_the_months_that_it_leaves_and_comes_to)
{
	close_two();
	inpatient("b", "2024-11-11", "50.00", DRG ",\"updt_time\":\"2025-01-12\"");
	said_is("SHARE-CASES 2 ok: 2024-11 2 2\nSHARE-CASES 2 ok: 2024-12 2 2\nSHARE-CASES 2 retracted restated: 2024 2 2\n"
	    "SHARE-MONEY 2 ok: 2024-11 15000 15000\nSHARE-MONEY 2 ok: 2024-12 15000 15000\n");
}
END_TEST

START_TEST(what_adds_up_elsewhere_judges_no_month_again)
{
	close_two();
	outpatient("x", "2024-11-20", "10.00", "");
	said.length = 0;
	paid("140902", OUT, "y", "p", "2024-12-20", "10.00", "");
	take(true);
	said_is("RATIO-ABOUT 2 insufficient: 2024-12 2000 0\n");       /* the ratio of outpatient payment and neither share */
	inpatient("d", "2025-01-20", "60.00", DRG);
	said_is("");
}
END_TEST

/* ---- admissions ---- */

static void
enrolled(const char *psn_no, const char *more)
{
	char json[600];
	snprintf(json, sizeof json, "{\"psn_no\":\"%s\",\"year\":\"2024\",\"insu_admdvs\":\"140502\",\"insutype\":\"390\",\"township\":\"T1\"%s%s}",
	    psn_no, *more ? "," : "", more);
	record(RECORD_ENROLMENT, json);
	take(true);
}

#define DISABLED "\"identities\":[{\"psn_idet_type\":\"1\"}]"

static void
stay(const char *setl_id, const char *psn_no, const char *when)
{
	char more[64];
	snprintf(more, sizeof more, "\"mdtrt_id\":\"v-%s\",\"clr_way\":\"40\"", setl_id);
	paid("140581", IN, setl_id, psn_no, when, "1.00", more);
	for (size_t i = 0; i < scored.outputs; i++)
		if (memmem(scored.output[i].line.data, scored.output[i].line.length, "ADM-TOWNSHIP", 12))
			line_words(scored.output[i].line);
}

START_TEST(a_late_stay_is_judged_at_once_and_where_it_is_a_baseline_at_the_next_close)
{
	enrolled("p", DISABLED);
	enrolled("q", DISABLED);
	stay("a", "p", "2024-01-10");
	stay("b", "p", "2024-02-10");
	stay("c", "p", "2024-03-10");
	said_is("ADM-TOWNSHIP 1 ok: T1 severe_disability 2024-01 1 2 1.00\n"
	    "ADM-TOWNSHIP 1 ok: T1 severe_disability 2024-02 1 2 1.00\n");
	stay("d", "q", "2024-01-20");
	said_is("ADM-TOWNSHIP 2 ok: T1 severe_disability 2024-01 2 2 2.00\n");
	stay("e", "p", "2024-04-10");
	said_is("ADM-TOWNSHIP 2 ok: T1 severe_disability 2024-02 1 2 2.00\n"
	    "ADM-TOWNSHIP 1 ok: T1 severe_disability 2024-03 1 2 1.50\n");
}
END_TEST

/* Who was counted in a month that closed stays counted as he was; a stay that comes later is of whom it is of then. */
START_TEST(later_enrolments_leave_closed_months_alone)
{
	enrolled("p", DISABLED);
	stay("a", "p", "2024-01-10");
	stay("b", "p", "2024-02-10");
	said_is("ADM-TOWNSHIP 1 ok: T1 severe_disability 2024-01 1 1 1.00\n");
	enrolled("q", DISABLED);
	enrolled("p", "\"identities\":[]");
	said_is("");
	stay("c", "q", "2024-01-20");
	said_is("ADM-TOWNSHIP 2 ok: T1 severe_disability 2024-01 2 1 2.00\n");
}
END_TEST

/* ---- tiers ---- */

START_TEST(a_tier_that_comes_later_judges_the_sum_again)
{
	char json[200];
	paid("500230", OUT, "a", "p", "2024-03-01", "400.00", "");
	take(false);
	said_is("");            /* tier unknown: the highest limit */
	for (int tier = 1; tier <= 2; tier++) {
		snprintf(json, sizeof json, "{\"psn_no\":\"p\",\"year\":\"2024\",\"insu_admdvs\":\"500230\",\"tier\":\"%d\"}", tier);
		record(RECORD_ENROLMENT, json);
		take(false);
	}
	said_is("CAP-1 1 open late: 500230 p 2024 40000 30000 a@03-01:40000\n"
	    "CAP-1 2 retracted late: 500230 p 2024 40000 50000 a@03-01:40000\n");
	record(RECORD_ENROLMENT, "{\"psn_no\":\"p\",\"year\":\"2024\",\"insu_admdvs\":\"500230\",\"tier\":\"2\",\"township\":\"T2\"}");
	ck_assert_uint_eq(scored.outputs, 0);
}
END_TEST

/* ---- ticks ---- */

#define DAY (INT64_C(86400))
#define DECEMBER_8 (INT64_C(1733616000))        /* 2024-12-08 00:00:00 */

START_TEST(a_tick_closes_what_it_passes)
{
	inpatient("a", "2024-11-10", "100.00", DRG);
	ck_assert(!scorer_wants_tick(scorer, DECEMBER_8 - 1));
	scorer_tick(scorer, DECEMBER_8 - 1, &scored);
	ck_assert_uint_eq(scored.outputs, 0);
	ck_assert(scorer_wants_tick(scorer, DECEMBER_8));
	scorer_tick(scorer, DECEMBER_8, &scored);
	take(true);
	said_is("SHARE-CASES 1 ok: 2024-11 1 1\nSHARE-MONEY 1 ok: 2024-11 10000 10000\n");
	ck_assert(!scorer_wants_tick(scorer, DECEMBER_8));
	scorer_tick(scorer, DECEMBER_8 - DAY, &scored);
	ck_assert_uint_eq(scored.outputs, 0);
	inpatient("b", "2024-11-11", "300.00", "");
	said_is("SHARE-CASES 2 alert: 2024-11 1 2\nSHARE-CASES 1 open late: 2024 1 2 b@11-11:30000\n"
	    "SHARE-MONEY 2 alert: 2024-11 10000 40000\nSHARE-MONEY 1 open late: 2024 10000 40000 b@11-11:30000\n");
}
END_TEST

START_TEST(a_tick_leaves_pools_alone_that_have_nothing)
{
	enrolled("p", DISABLED);
	ck_assert(!scorer_wants_tick(scorer, DECEMBER_8 + 400 * DAY));
	scorer_tick(scorer, DECEMBER_8 + 400 * DAY, &scored);
	ck_assert_uint_eq(scored.outputs, 0);
	inpatient("a", "2024-11-10", "100.00", DRG);
	said_is("");            /* the pool begins without the tick: nothing of it is late yet */
}
END_TEST

/* ---- memory ---- */

START_TEST(an_older_record_than_the_history_is_in_no_sum)
{
	outpatient("a", "2024-03-01", "310.00", "");
	said.length = 0;
	outpatient("b", "2028-03-01", "310.00", "");
	said_is("CAP-1 1 open claim: 140902 p 2028 31000 30000 b@03-01:31000\n");
	outpatient("c", "2024-04-01", "310.00", "");
	outpatient("r", "2028-03-02", "-5.00", REFUND ",\"init_setl_id\":\"c\"");
	said_is("");
	ck_assert_uint_eq(scorer_counts(scorer)->beyond_history, 1);
}
END_TEST

/* Many bookings of one day, so that the oldest chunk can go. */
static void
crowd(const char *when, unsigned count, const char *fund)
{
	for (unsigned i = 0; i < count; i++) {
		char setl_id[32], psn_no[32];
		snprintf(setl_id, sizeof setl_id, "%s-%u", when, i);
		snprintf(psn_no, sizeof psn_no, "q%u", i % 1000);
		paid("370812", OUT, setl_id, psn_no, when, fund, "\"medfee_sumamt\":0.01,\"mid_setl_flag\":\"0\"");
	}
}

START_TEST(what_is_forgotten_leaves_nothing_behind)
{
	outpatient("a", "2024-03-01", "400.00", "");
	paid("140902", OUT, "w", "p", "2024-03-01", "0.02", "\"medfee_sumamt\":0.01,\"mid_setl_flag\":\"0\"");
	outpatient("r", "2024-03-10", "-50.00", REFUND ",\"init_setl_id\":\"a\",\"updt_time\":\"2024-03-10\"");
	crowd("2024-03-11", 2000, "0.02");
	crowd("2024-03-12", 66000, "0.01");
	outpatient("b", "2025-09-20", "1.00", "");
	said.length = 0;
	uint64_t before = scorer_counts(scorer)->settlements;
	crowd("2025-09-21", 1, "0.01");
	ck_assert_uint_eq(scorer_counts(scorer)->settlements, before + 1);
	paid("140902", OUT, "w", "p", "2025-09-21", "0.02", "\"medfee_sumamt\":0.01,\"mid_setl_flag\":\"0\"");
	take(false);
	said_is("CHECK 1 open claim: 140902 p H1 w 2025-09 w@09-21:2\n");       /* not the second revision */
	outpatient("r", "2024-03-10", "-60.00", REFUND ",\"init_setl_id\":\"a\",\"updt_time\":\"2024-03-12\"");
	unlinked_is(1);         /* as never seen before */
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_refund_waits_for_the_original_that_it_names, a_refund_waits_for_its_visit,
	    a_chain_of_refunds_waits_for_the_first_original, a_refund_by_visit_moves_to_the_one_that_fits_better,
	    a_refund_by_visit_moves_to_the_one_that_it_names, refunds_move_with_their_original_to_another_year,
	    refunds_move_with_their_original_to_another_person, a_restated_original_lets_its_refunds_by_visit_go, a_void_and_back,
	    what_is_retracted_speaks_of_the_year_that_it_is_about, a_single_rule_takes_back_what_it_said_in_another_pool,
	    a_duplicate_or_a_stale_version_says_nothing, a_late_claim_judges_its_closed_month_and_the_rest_of_its_year,
	    a_refund_judges_the_closed_month_of_its_original, a_restatement_judges_the_months_that_it_leaves_and_comes_to,
	    what_adds_up_elsewhere_judges_no_month_again, a_late_stay_is_judged_at_once_and_where_it_is_a_baseline_at_the_next_close,
	    later_enrolments_leave_closed_months_alone, a_tier_that_comes_later_judges_the_sum_again, a_tick_closes_what_it_passes,
	    a_tick_leaves_pools_alone_that_have_nothing, an_older_record_than_the_history_is_in_no_sum,
	    what_is_forgotten_leaves_nothing_behind};
	Suite *suite = suite_create("corrections");
	TCase *tcase = tcase_create("corrections");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
