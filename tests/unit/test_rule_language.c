/* What a rule may say besides its detector's settings: scenes, the code of the libraries, bands of severity, a minimum,
 * exclusions.  How alerts follow from them is tested by the rules of tests/rules/language themselves. */
#include "core/rule/matcher.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LANGUAGE TEST_DATA "/rules/language"
#define TABLES TEST_DATA "/rules/tables"

static struct ruleset *
load(const char *directory)
{
	struct diags diags = {0};
	struct ruleset *set = ruleset_load(detectors_registry(), directory, TABLES, &diags);
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

START_TEST(test_what_is_read)
{
	struct ruleset *set = load(LANGUAGE);
	const struct rule *bands = rule_of(set, "BANDS"), *few = rule_of(set, "FEW"), *exclude = rule_of(set, "EXCLUDE");
	ck_assert_uint_eq(bands->scenes, 2);
	ck_assert_str_eq(bands->scene[0], "outpatient");        /* in the order of the libraries */
	ck_assert_str_eq(bands->scene[1], "internet");
	ck_assert_uint_eq(bands->bands, 3);
	ck_assert_int_eq(bands->band[1].over, 200000);
	ck_assert_str_eq(bands->band[2].severity, "high");
	ck_assert_ptr_null(bands->library);
	ck_assert_int_eq(bands->where, bands->where_written);
	ck_assert_int_eq(few->minimum, 3);
	ck_assert_str_eq(exclude->library, "GZ10000204001000");
	ck_assert_uint_eq(exclude->exclusions, 2);
	ck_assert_str_eq(exclude->exclusion[0].name, "cycles");
	ck_assert_str_eq(exclude->exclusion[1].because[LANGUAGE_EN], "a small amount");
	ck_assert_int_ne(exclude->where, exclude->where_written);
	ck_assert_str_eq(set->condition[exclude->where_written].text, "med_type in $inpatient or hifp_pay > 900.00");
	ck_assert_ptr_nonnull(strstr(exclude->settings_text, " unless dise_codg in [\"M01\", \"M02\"] unless "));
	ruleset_free(set);
}
END_TEST

static int
entry_remove(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static void
write_rule(const char *folder, struct ruleset *set, const struct rule *rule)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, rule->family);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/%s/%s.yaml", folder, rule->family, rule->id);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(rule_text(set, rule), file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(test_canonical_text_loads_to_the_same)
{
	char folder[] = "/tmp/fw_language_XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(folder));
	struct ruleset *set = load(LANGUAGE);
	for (size_t i = 0; i < set->rules; i++)
		write_rule(folder, set, &set->rule[i]);
	struct ruleset *again = load(folder);
	ck_assert_uint_eq(again->rules, set->rules);
	for (size_t i = 0; i < set->rules; i++)
		ck_assert_str_eq(rule_text(set, &set->rule[i]), rule_text(again, &again->rule[i]));
	ck_assert_str_eq(set->digest, again->digest);
	ruleset_free(again);
	ruleset_free(set);
	nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

/* ---- bands ---- */

static const char *
severity_of(const struct rule *rule, enum verdict_word word, __int128 numerator, __int128 denominator)
{
	struct verdict verdict = {.word = word, .over_numerator = numerator, .over_denominator = denominator};
	return rule_severity(rule, &verdict);
}

START_TEST(test_bands_are_exact)
{
	struct ruleset *set = load(LANGUAGE);
	const struct rule *rule = rule_of(set, "BANDS");
	__int128 large = (__int128)INT64_MAX * 100000000;
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, 0, 30000), "low");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, 6000, 30000), "low");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, 6001, 30000), "medium");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, 1, 5), "low");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, large / 5 - 1, large), "low");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, large / 5 + 1, large), "medium");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, large, large), "medium");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, large + 1, large), "high");
	ck_assert_str_eq(severity_of(rule, VERDICT_ALERT, 1, 0), "high");
	ck_assert_str_eq(severity_of(rule, VERDICT_OK, large + 1, large), "critical");
	ck_assert_str_eq(severity_of(rule, VERDICT_INSUFFICIENT, large + 1, large), "critical");
	ck_assert_str_eq(severity_of(rule_of(set, "FEW"), VERDICT_ALERT, 1, 0), "high");
	ruleset_free(set);
}
END_TEST

/* Other bands, and nothing else: what stands comes into another band, and that is said, cause `rules`; the second time nothing
 * is. */
static void
need_line(const struct scored *scored, const char *const *part, size_t parts)
{
	ck_assert_uint_eq(scored->outputs, 1);
	for (size_t i = 0; i < parts; i++) {
		struct slice line = scored->output[0].line;
		ck_assert_msg(memmem(line.data, line.length, part[i], strlen(part[i])) != NULL, "no %s: %.*s", part[i], (int)line.length, line.data);
	}
}

START_TEST(test_other_bands_are_said)
{
	static const char *const before[] = {"\"id\":\"BANDS\"", "\"status\":\"open\"", "\"severity\":\"low\""};
	static const char *const after[] = {"\"id\":\"BANDS\"", "\"revision\":2,\"status\":\"updated\",\"cause\":\"rules\"", "\"severity\":\"high\""};
	char folder[] = "/tmp/fw_language_XXXXXX", command[512];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(command, sizeof command, "cp -r '" LANGUAGE "/policy' '%s' && rm '%s/policy/FEW.yaml' && cp -r '%s' '%s.2'"
	    " && sed -i 's/over: 0.00, severity: low/over: 0.00, severity: high/' '%s.2/policy/BANDS.yaml'", folder, folder, folder, folder, folder);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof command, "%s.2", folder);
	struct ruleset *first = load(folder), *second = load(command), *old;
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct scorer *scorer = scorer_open(first, &limits);
	char text[512] = "{\"setl_id\":\"a\",\"psn_no\":\"p\",\"insutype\":\"390\",\"insu_admdvs\":\"140902\",\"hifp_pay\":310.00,"
	    "\"setl_time\":\"2024-03-05 10:00:00\"}";
	struct record record = {.kind = RECORD_SETTLEMENT, .bytes = text, .length = strlen(text), .arrival_ms = ARRIVAL_UNKNOWN, .file = "feed", .line = 1};
	enum fate fate;
	struct scored scored = {.fate = &fate};
	ck_assert_uint_eq(scorer_score(scorer, &record, 1, &scored), 1);
	need_line(&scored, before, 3);
	scorer_use(scorer, second, &old);
	ck_assert(!scorer_rejudge(scorer, &scored));
	need_line(&scored, after, 3);
	scorer_rejudge(scorer, &scored);
	ck_assert_uint_eq(scored.outputs, 0);
	scorer_close(scorer);
	ruleset_free(first);
	ruleset_free(second);
	nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	nftw(command, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

/* ---- exclusions: every combination of where and when, each true, false or unknown ---- */

static void
put(struct claim *claim, unsigned field, const char *text, int64_t number)
{
	claim->present[field >> 6] |= UINT64_C(1) << (field & 63);
	if (text)
		claim->value[field].text = slice_of(text);
	else
		claim->value[field].number = number;
}

/* where: med_type in $inpatient or hifp_pay > 900.00; when: dise_codg in [...], medfee_sumamt < 10.00 or no mdtrt_id */
static void
claim_make(struct claim *claim, enum truth where, enum truth first, enum truth second)
{
	*claim = (struct claim){.present = {0}};
	put(claim, FIELD_hifp_pay, NULL, 20000);
	if (where != TRUTH_UNKNOWN)
		put(claim, FIELD_med_type, where == TRUTH_TRUE ? "21" : "11", 0);
	if (first != TRUTH_UNKNOWN)
		put(claim, FIELD_dise_codg, first == TRUTH_TRUE ? "M02" : "M03", 0);
	put(claim, FIELD_mdtrt_id, "v", 0);
	if (second != TRUTH_UNKNOWN)
		put(claim, FIELD_medfee_sumamt, NULL, second == TRUTH_TRUE ? 999 : 1000);
}

static enum truth
wanted(enum truth where, enum truth first, enum truth second)
{
	if (where == TRUTH_FALSE || first == TRUTH_TRUE || second == TRUTH_TRUE)
		return TRUTH_FALSE;
	return where;
}

START_TEST(test_exclusions_in_three_values)
{
	struct ruleset *set = load(LANGUAGE);
	struct matcher *matcher = matcher_open(set);
	const struct rule *rule = rule_of(set, "EXCLUDE");
	const struct area *area = matcher_area(matcher, SLICE("140902"));
	uint64_t truth[8] = {0}, falsehood[8] = {0}, bit = UINT64_C(1) << (rule->where & 63);
	ck_assert_uint_le(MATCH_WORDS(set), 8);
	for (int i = 0; i < 27; i++) {
		enum truth where = (enum truth)(i / 9), first = (enum truth)(i / 3 % 3), second = (enum truth)(i % 3);
		struct claim claim;
		claim_make(&claim, where, first, second);
		matcher_run(matcher, area, &claim, truth, falsehood);
		enum truth found = truth[rule->where >> 6] & bit ? TRUTH_TRUE : falsehood[rule->where >> 6] & bit ? TRUTH_FALSE : TRUTH_UNKNOWN;
		ck_assert_msg(found == wanted(where, first, second), "where %d, exclusions %d %d: %d", where, first, second, found);
		ck_assert(!(truth[rule->where >> 6] & falsehood[rule->where >> 6]));
	}
	matcher_close(matcher);
	ruleset_free(set);
}
END_TEST

RUN_TESTS("rule_language", test_what_is_read, test_canonical_text_loads_to_the_same, test_bands_are_exact, test_other_bands_are_said,
    test_exclusions_in_three_values)
