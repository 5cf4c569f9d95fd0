/* What rules share, what they are asked, and what they cost: aggregates by definition, counters per rule, a clock that
 * changes no byte of any line. */
#include "core/base/digest.h"
#include "core/score/private.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TABLES TEST_DATA "/../rules/tables"

static char folder[64];

static void
rule_write(const char *id, const char *where, const char *rest)
{
	char path[160];
	snprintf(path, sizeof path, "%s/policy/%s.yaml", folder, id);
	FILE *file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "id: %s\nrevision: 1\ntitle: {zh: 甲, en: a}\nfamily: policy\ngrade: clue\nstage: [after]\nseverity: low\nmode: enforce\n"
	    "where: %s\n%sbasis:\n  A: {document: d, quote: q}\nevidence: {zh: 甲, en: a}\ntests:\n  - {name: none, claims: [], expect: []}\n",
	    id, where, rest);
	fclose(file);
}

static void
cap_write(const char *id, const char *where, const char *limit)
{
	char rest[400];
	snprintf(rest, sizeof rest, "detector: cap\nkey: psn_no\nsum: hifp_pay\nperiod: benefit_year\nlimit: $p\nparams:\n  p:\n    unit: yuan\n"
	    "    rows:\n      - {region: \"14\", from: 2024-01-01, value: %s, basis: A}\n", limit);
	rule_write(id, where, rest);
}

static void
folder_make(void)
{
	char policy[80];
	strcpy(folder, "/tmp/fundwatch-cost-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(policy, sizeof policy, "%s/policy", folder);
	ck_assert_int_eq(mkdir(policy, 0700), 0);
}

static struct ruleset *
folder_load(void)
{
	char command[96];
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(detectors_registry(), folder, TABLES, &diags);
	ck_assert_msg(set, "%s", diags.count ? diags.list[0].message[LANGUAGE_EN] : "?");
	diags_free(&diags);
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	ck_assert_int_eq(system(command), 0);
	return set;
}

/* The same sum under two limits is one slot and one addition; another scope is a slot of its own. */
START_TEST(one_slot_a_definition)
{
	struct layout layout;
	folder_make();
	cap_write("A", "med_type in $outpatient and insutype == \"390\"", "300.00");
	cap_write("B", "(med_type in $outpatient) and insutype == \"0390\"", "250.00");
	struct ruleset *set = folder_load();
	layout_make(&layout, set);
	ck_assert_uint_eq(layout.ledger_rules, 2);
	ck_assert_uint_eq(layout.ledgers, 1);
	ck_assert_uint_eq(layout.ledger_rule[0].ledger, layout.ledger_rule[1].ledger);
	ck_assert_int_eq(set->rule[0].where, set->rule[1].where);
	layout_free(&layout);
	ruleset_free(set);
	folder_make();
	cap_write("A", "med_type in $outpatient and insutype == \"390\"", "300.00");
	cap_write("B", "med_type in $outpatient and insutype == \"310\"", "300.00");
	set = folder_load();
	layout_make(&layout, set);
	ck_assert_uint_eq(layout.ledgers, 2);
	layout_free(&layout);
	ruleset_free(set);
}
END_TEST

/* ---- counters ---- */

#define CLAIMS 2540                     /* twenty of them are timed */
#define BYTES 512

static uint64_t fake_now;

static uint64_t
fake_clock(void)
{
	return fake_now += 10;
}

static struct ruleset *
four_rules(void)
{
	folder_make();
	cap_write("CAP", "med_type == \"11\"", "50.00");
	rule_write("DEAR", "med_type == \"21\"", "detector: check\nassert: hifp_pay < 20.00\n");
	rule_write("NEVER", "med_type == \"99\"", "detector: check\nassert: hifp_pay < 20.00\n");
	rule_write("SOME", "hifp_pay between 5.00 and 9.00", "detector: check\nassert: med_type != \"21\"\n");
	return folder_load();
}

static void
feed_digest(struct scorer *scorer, char text[DIGEST_TEXT_SIZE])
{
	static char bytes[CLAIMS * BYTES];
	static struct record record[CLAIMS];
	static enum fate fate[CLAIMS];
	struct digest *digest = digest_open();
	struct scored scored = {.fate = fate};
	uint8_t value[DIGEST_BYTES];
	for (size_t i = 0; i < CLAIMS; i++) {
		char *at = bytes + i * BYTES;
		int length = snprintf(at, BYTES, "{\"setl_id\":\"S%zu\",\"psn_no\":\"P%zu\",\"insutype\":\"390\",\"insu_admdvs\":\"140902\",\"med_type\":\"%s\","
		    "\"setl_time\":\"2024-03-%02zu 10:00:00\",\"hifp_pay\":%zu.00,\"medfee_sumamt\":%zu.00}", i, i % 400, i % 4 ? "11" : "21", 1 + i / 100,
		    i % 25, i % 25);
		record[i] = (struct record){.kind = RECORD_SETTLEMENT, .bytes = at, .length = (size_t)length, .arrival_ms = ARRIVAL_UNKNOWN};
	}
	for (size_t done = 0; done < CLAIMS;) {
		done += scorer_score(scorer, record + done, CLAIMS - done < 37 ? CLAIMS - done : 37, &scored);
		for (size_t i = 0; i < scored.outputs; i++)
			digest_add(digest, scored.output[i].line.data, scored.output[i].line.length);
	}
	digest_value(digest, value);
	digest_close(digest);
	hex_text(value, DIGEST_BYTES, text);
}

START_TEST(rules_count_what_they_are_asked)
{
	char with[DIGEST_TEXT_SIZE], without[DIGEST_TEXT_SIZE];
	struct ruleset *set = four_rules();
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct scorer *plain = scorer_open(set, &limits);
	feed_digest(plain, without);
	ck_assert_uint_eq(scorer_shared_cost(plain).matcher.samples, 0);
	limits.clock = fake_clock;
	struct scorer *timed = scorer_open(set, &limits);
	feed_digest(timed, with);
	ck_assert_str_eq(with, without);
	enum { CAP, DEAR, NEVER, SOME };
	static const uint64_t matched[] = {[CAP] = 1905, [DEAR] = 635, [NEVER] = 0, [SOME] = 510};
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(scorer_rule_counts(timed, i)->evaluated, CLAIMS);
		ck_assert_uint_eq(scorer_rule_counts(timed, i)->matched, matched[i]);
	}
	ck_assert_uint_eq(scorer_rule_counts(timed, DEAR)->lines, 127);
	struct shared_cost shared = scorer_shared_cost(timed);
	ck_assert_uint_eq(shared.claims, CLAIMS);
	ck_assert_uint_eq(shared.matcher.samples, CLAIMS / COST_EVERY);
	ck_assert_uint_eq(shared.matcher.ns, CLAIMS / COST_EVERY * COST_EVERY * 10);
	ck_assert_uint_eq(scorer_rule_cost(timed, NEVER)->ns, 0);
	ck_assert_uint_gt(scorer_rule_cost(timed, CAP)->ns, 0);
	scorer_close(plain);
	scorer_close(timed);
	ruleset_free(set);
}
END_TEST

RUN_TESTS("cost", one_slot_a_definition, rules_count_what_they_are_asked)
