/* A key that is absent never aggregates: no sum of nobody, no township without a name, no institution without a code.  What is
 * left out is counted per institution, or the record is refused. */
#include "core/base/memory.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/unit/run.h"

#include <stdio.h>

#define RULES TEST_DATA "/../rules"

struct world {
	struct ruleset *rules;
	struct scorer *scorer;
	struct scored scored;
	enum fate fate;
	size_t indicators, with_name;   /* of townships and institutions; of T1 and H1 */
	char quality[512];              /* the last line that tells of claims without an institution */
	char quality_h1[512];
};

static void
outputs_take(struct world *world)
{
	for (size_t i = 0; i < world->scored.outputs; i++) {
		const struct output *output = &world->scored.output[i];
		struct slice line = output->line;
		if (output->kind == OUTPUT_DATA_QUALITY)
			snprintf(memmem(line.data, line.length, "\"H1\"", 4) ? world->quality_h1 : world->quality, 512, "%.*s", (int)line.length, line.data);
		if (output->kind != OUTPUT_INDICATOR || !memmem(line.data, line.length, "\"ADM-POOR-", 10))
			continue;
		world->indicators++;
		world->with_name += memmem(line.data, line.length, "\"township\":\"T1\"", 15) || memmem(line.data, line.length, "\"fixmedins_code\":\"H1\"", 21);
	}
}

static void
give(struct world *world, enum record_kind kind, const char *text)
{
	char *bytes = memory_resize(NULL, strlen(text) + RECORD_PADDING);
	memset(bytes, 0, strlen(text) + RECORD_PADDING);
	memcpy(bytes, text, strlen(text));
	struct record record = {.kind = kind, .bytes = bytes, .length = strlen(text), .arrival_ms = ARRIVAL_UNKNOWN, .file = "feed", .line = 1};
	world->scored.fate = &world->fate;
	ck_assert_uint_eq(scorer_score(world->scorer, &record, 1, &world->scored), 1);
	outputs_take(world);
	free(bytes);
}

static void
enrol_person(struct world *world, const char *psn_no, const char *township)
{
	char text[256];
	snprintf(text, sizeof text, "{\"psn_no\":\"%s\",\"year\":\"2024\",\"insu_admdvs\":\"140502\",\"insutype\":\"390\"%s,"
	    "\"identities\":[{\"psn_idet_type\":\"3\",\"begndate\":\"2024-01-01\"}]}", psn_no, township);
	give(world, RECORD_ENROLMENT, text);
	ck_assert_int_eq(world->fate, FATE_JUDGED);
}

static void
stay(struct world *world, const char *setl_id, const char *person, const char *further)
{
	char text[384];
	snprintf(text, sizeof text, "{\"setl_id\":\"%s\",\"insutype\":\"390\",\"insu_admdvs\":\"140502\",\"med_type\":\"21\",\"hifp_pay\":900.00,"
	    "\"medfee_sumamt\":900.00,\"setl_time\":\"2024-03-05 10:00:00\"%s%s}", setl_id, person, further);
	give(world, RECORD_SETTLEMENT, text);
}

static struct world *
world_open(void)
{
	struct world *world = calloc(1, sizeof *world);
	struct diags diags = {0};
	world->rules = ruleset_load(detectors_registry(), RULES, NULL, &diags);
	ck_assert_ptr_nonnull(world->rules);
	diags_free(&diags);
	world->scorer = scorer_open(world->rules, &SCORER_LIMITS_DEFAULT);
	return world;
}

static void
world_close(struct world *world)
{
	scorer_close(world->scorer);
	ruleset_free(world->rules);
	free(world);
}

#define PERSON(number) ",\"psn_no\":\"" number "\""
#define VISIT(number) ",\"mdtrt_id\":\"" number "\""
#define H1 ",\"fixmedins_code\":\"H1\""

START_TEST(test_units_without_a_name)
{
	struct world *world = world_open();
	enrol_person(world, "p1", ",\"township\":\"T1\"");
	enrol_person(world, "p2", "");
	enrol_person(world, "p3", ",\"township\":null");
	enrol_person(world, "p4", ",\"township\":\"\"");
	stay(world, "a", PERSON("p1"), VISIT("v1") H1);
	stay(world, "b", PERSON("p2"), VISIT("v2") H1);
	stay(world, "c", PERSON("p3"), VISIT("v3") H1);
	stay(world, "d", PERSON("p4"), VISIT("v4"));
	stay(world, "e", PERSON("p1"), VISIT("v5") ",\"fixmedins_code\":null");
	stay(world, "f", PERSON("p1"), VISIT("v6") ",\"fixmedins_code\":\"\"");
	stay(world, "g", PERSON("p9"), VISIT("v7") H1);
	stay(world, "h", PERSON("p1"), H1);
	scorer_close_windows(world->scorer, &world->scored);
	outputs_take(world);
	ck_assert_uint_eq(world->indicators, 2);        /* one township, one institution */
	ck_assert_uint_eq(world->with_name, 2);
	ck_assert_msg(strstr(world->quality, "\"fixmedins_code\":null") && strstr(world->quality, "\"counts\":{\"no_institution\":3,\"no_township\":1}"),
	    "%s", world->quality);
	ck_assert_msg(strstr(world->quality_h1, "\"counts\":{\"not_enrolled\":1,\"no_visit\":1,\"no_township\":2}") != NULL, "%s", world->quality_h1);
	world_close(world);
}
END_TEST

START_TEST(test_nobody_has_no_sum)
{
	static const char *const nobody[] = {"", ",\"psn_no\":null", ",\"psn_no\":\"\""};
	struct world *world = world_open();
	for (int i = 0; i < 6; i++) {
		stay(world, i % 2 ? "a" : "b", nobody[i / 2], VISIT("v") H1);
		ck_assert_int_eq(world->fate, FATE_REFUSED);
		ck_assert_ptr_nonnull(memmem(world->scored.output[0].line.data, world->scored.output[0].line.length, "missing_required", 16));
	}
	give(world, RECORD_SETTLEMENT, "{\"setl_id\":\"c\",\"psn_no\":\"p\",\"insu_admdvs\":\"\",\"hifp_pay\":1.00,\"setl_time\":\"2024-03-05 10:00:00\"}");
	ck_assert_int_eq(world->fate, FATE_REFUSED);    /* no pool either */
	ck_assert_uint_eq(scorer_counts(world->scorer)->judged[RECORD_SETTLEMENT], 0);
	world_close(world);
}
END_TEST

RUN_TESTS("missing_keys", test_units_without_a_name, test_nobody_has_no_sum)
