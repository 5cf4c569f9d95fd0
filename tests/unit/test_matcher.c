/* The matcher against the plain interpreter of the same conditions: rulesets and claims by chance, fields that are absent,
 * several areas.  And what the matcher does not do: run a pattern twice over the same text. */
#include "core/rule/matcher.h"
#include "detectors/registry.h"
#include "tests/plain/plain.h"
#include "tests/plain/rulesets.h"
#include "tests/unit/run.h"

#include <stdio.h>
#include <sys/stat.h>

#define TABLES TEST_DATA "/../rules/tables"
#define WORDS_MAX 64

struct answer {
	uint64_t truth[WORDS_MAX], falsehood[WORDS_MAX];
};

static const struct area *
area_of(struct matcher *matcher, const struct claim *claim)
{
	return matcher_area(matcher, claim_text(claim, FIELD_insu_admdvs));
}

static void
need_same(const struct ruleset *set, struct matcher *matcher, const struct plain *plain, const struct claim *claim, uint64_t seed)
{
	struct answer said, wanted;
	const struct area *area = area_of(matcher, claim);
	matcher_run(matcher, area, claim, said.truth, said.falsehood);
	plain_run(plain, area, claim, wanted.truth, wanted.falsehood);
	for (size_t c = 0; c < set->conditions; c++) {
		uint64_t bit = UINT64_C(1) << c % 64;
		NEED(((said.truth[c / 64] ^ wanted.truth[c / 64]) & bit) == 0, "seed %llu: %s", (unsigned long long)seed, set->condition[c].text);
		NEED(((said.falsehood[c / 64] ^ wanted.falsehood[c / 64]) & bit) == 0, "seed %llu: %s", (unsigned long long)seed,
		    set->condition[c].text);
	}
}

static void
compare(size_t rules, size_t claims, uint64_t seed, unsigned absent)
{
	struct ruleset *set = rulesets_make(&(struct rulesets_mix){.rules = rules, .seed = seed, .with_state = true, .odd = true}, TABLES);
	struct matcher *matcher = matcher_open(set);
	struct plain *plain = plain_open(set);
	ck_assert_ptr_nonnull(plain);
	ck_assert_uint_le(MATCH_WORDS(set), WORDS_MAX);
	matcher_ask_off(matcher, true);
	for (size_t i = 0; i < claims; i++) {
		struct claim claim;
		rulesets_claim(&claim, &seed, absent);
		need_same(set, matcher, plain, &claim, seed);
	}
	plain_close(plain);
	matcher_close(matcher);
	ruleset_free(set);
}

START_TEST(same_as_the_plain_walk)
{
	for (uint64_t seed = 1; seed <= 12; seed++)
		compare(40, 400, seed, 5 * (unsigned)(seed % 8));
}
END_TEST

START_TEST(same_with_a_thousand_rules)
{
	compare(1000, 300, 77, 10);
}
END_TEST

static void
write_rules(char *folder, const char *const *where, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char path[256];
		snprintf(path, sizeof path, "%s/policy/R-%zu.yaml", folder, i);
		FILE *file = fopen(path, "we");
		ck_assert_ptr_nonnull(file);
		fprintf(file, "id: R-%zu\nrevision: 1\ntitle: {zh: 甲, en: a}\nfamily: policy\ngrade: clue\nstage: [after]\nseverity: low\nmode: enforce\n"
		    "where: %s\ndetector: check\nassert: medfee_sumamt < %zu.00\nbasis:\n  A: {document: d, quote: q}\nevidence: {zh: 甲, en: a}\n"
		    "tests:\n  - {name: none, claims: [], expect: []}\n",
		    i, where[i], 1000 + i);
		fclose(file);
	}
}

/* One pattern in three rules and another one: two runs a distinct code, however often it comes. */
START_TEST(a_pattern_meets_a_code_once)
{
	static const char *const where[] = {
		"dise_codg =~ \"^E1[0-4]\"", "dise_codg =~ \"^E1[0-4]\" and gend == \"1\"", "not dise_codg =~ \"^E1[0-4]\" or gend == \"2\"",
		"dise_codg =~ \"^I[12]\"",
	};
	char folder[] = "/tmp/fundwatch-matcher-XXXXXX", command[300], policy[64];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(policy, sizeof policy, "%s/policy", folder);
	ck_assert_int_eq(mkdir(policy, 0700), 0);
	write_rules(folder, where, 4);
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(detectors_registry(), folder, TABLES, &diags);
	ck_assert_msg(set, "%s", diags.count ? diags.list[0].message[LANGUAGE_EN] : "?");
	diags_free(&diags);
	struct matcher *matcher = matcher_open(set);
	struct answer answer;
	for (int round = 0; round < 100; round++)
		for (int i = 0; i < 50; i++) {
			char text[16];
			struct claim claim = {0};
			snprintf(text, sizeof text, "E%02d.%d", i, i % 7);
			claim.present[FIELD_dise_codg >> 6] |= UINT64_C(1) << (FIELD_dise_codg & 63);
			claim.value[FIELD_dise_codg].text = slice_of(text);
			matcher_run(matcher, area_of(matcher, &claim), &claim, answer.truth, answer.falsehood);
		}
	ck_assert_uint_eq(matcher->pattern_runs, 2 * 50);
	matcher_close(matcher);
	ruleset_free(set);
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

RUN_TESTS("matcher", same_as_the_plain_walk, same_with_a_thousand_rules, a_pattern_meets_a_code_once)
