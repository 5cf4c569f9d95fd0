/* How fast the core is: settlements from memory, decode included, with the rules given, at N persons, on one core.
 *
 *     bench_core [RULES_DIR [PERSONS [RUNS [RULES [DAYS]]]]]     defaults: rules 1000000 7, the rules of the folder, 400
 *
 * RULES: so many rules in all, the folder's and generated ones that judge single claims; a rule that adds up for a person
 * would cost memory, not time.  DAYS: how long settlements are remembered, for more persons than memory has room for.
 *
 * The steady state of a city: every person has been seen, SETTLEMENTS_A_YEAR settlements a person and year come, and what
 * is remembered has reached its full length before the clock starts.  Messages are made outside the clock; months that
 * close are inside it.  Prints one JSON line. */
#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/bench/bench.h"
#include "tests/plain/rulesets.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH 4096
#define SETTLEMENTS_A_YEAR 7
#define YEAR_SECONDS (365 * DAY_SECONDS)
#define MESSAGE_BYTES 4096

struct world {
	struct scorer *scorer;
	struct record record[BATCH];
	enum fate fate[BATCH];
	char *bytes;
	uint64_t made, persons, random, clock;
	int64_t time, judged, lines;
};

static uint64_t
next(uint64_t *state)           /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* A whole settlement: every field that a platform sends, about 2 kB. */
static size_t
message(char *out, uint64_t number, uint64_t person, int64_t time, uint64_t random)
{
	char when[TIME_TEXT_SIZE], day[TIME_TEXT_SIZE];
	bool inpatient = random % 20 == 0;
	unsigned fund = inpatient ? 80000 + (unsigned)(random >> 8) % 400000 : (unsigned)(random >> 8) % 1500;
	unsigned total = fund * 2 + 100, institution = (unsigned)(random >> 40) % 400;
	time_text(time, when);
	when[10] = ' ';
	when[19] = '\0';
	day_text(time_day(time), day);
	return (size_t)sprintf(out,
	    "{\"setl_id\":\"S%019llu\",\"mdtrt_id\":\"M%019llu\",\"psn_no\":\"1411%018llu\",\"psn_name\":\"合成人员\",\"psn_cert_type\":\"01\","
	    "\"certno\":\"000000000000000000\",\"gend\":\"1\",\"naty\":\"01\",\"brdy\":\"1970-05-05\",\"age\":54.0,\"insutype\":\"390\","
	    "\"psn_type\":\"1501\",\"cvlserv_flag\":\"0\",\"flxempe_flag\":\"0\",\"nwb_flag\":\"0\",\"insu_admdvs\":\"141121\",\"emp_name\":\"\","
	    "\"pay_loc\":\"2\",\"fixmedins_code\":\"H1411210%04u\",\"fixmedins_name\":\"合成县人民医院\",\"hosp_lv\":\"05\","
	    "\"fixmedins_poolarea\":\"141100\",\"lmtpric_hosp_lv\":\"05\",\"dedc_hosp_lv\":\"05\",\"begndate\":\"%s\",\"enddate\":\"%s\","
	    "\"setl_time\":\"%s\",\"mdtrt_cert_type\":\"02\",\"med_type\":\"%s\",\"clr_type\":\"%s\",\"clr_way\":\"%s\",\"clr_optins\":\"141121\","
	    "\"medfee_sumamt\":%u.%02u,\"fulamt_ownpay_amt\":0.00,\"overlmt_selfpay\":0.00,\"preselfpay_amt\":0.00,\"inscp_scp_amt\":%u.%02u,"
	    "\"act_pay_dedc\":0.00,\"hifp_pay\":%u.%02u,\"pool_prop_selfpay\":0.5000,\"cvlserv_pay\":0.00,\"hifes_pay\":0.00,"
	    "\"hifmi_pay\":0.00,\"hifob_pay\":0.00,\"hifdm_pay\":0.00,\"maf_pay\":0.00,\"oth_pay\":0.00,\"fund_pay_sumamt\":%u.%02u,"
	    "\"psn_part_amt\":%u.%02u,\"acct_pay\":0.00,\"psn_cash_pay\":%u.%02u,\"hosp_part_amt\":0.00,\"balc\":0.00,"
	    "\"acct_mulaid_pay\":0.00,\"medins_setl_id\":\"H1411210%04u20240301%06llu\",\"refd_setl_flag\":\"0\",\"mid_setl_flag\":\"0\","
	    "\"setl_type\":\"2\",\"year\":\"%.4s\",\"dise_codg\":\"\",\"dise_name\":\"\",\"invono\":\"0000000001\",\"psn_setlway\":\"01\","
	    "\"acct_used_flag\":\"0\",\"opter_id\":\"op1\",\"opter_name\":\"合成经办\",\"opt_time\":\"%s\",\"exp_content\":null,"
	    "\"updt_time\":\"%s\",\"vali_flag\":\"1\"}",
	    (unsigned long long)number, (unsigned long long)number, (unsigned long long)person, institution, day, day, when,
	    inpatient ? "21" : "11", inpatient ? "21" : "11", inpatient && random % 4 ? "40" : "10", total / 100, total % 100,
	    total / 100, total % 100, fund / 100, fund % 100, fund / 100, fund % 100, (total - fund) / 100, (total - fund) % 100,
	    (total - fund) / 100, (total - fund) % 100, institution, (unsigned long long)(number % 1000000), day, when, when);
}

/* One message behind the other, as a reader's block holds them. */
static void
batch_make(struct world *world, bool each_person_once)
{
	char *bytes = world->bytes;
	for (size_t i = 0; i < BATCH; i++) {
		uint64_t random = next(&world->random);
		uint64_t person = each_person_once ? world->made % world->persons : (random >> 20) % world->persons;
		world->clock += YEAR_SECONDS;           /* in parts of a second, SETTLEMENTS_A_YEAR * persons of them */
		world->time += (int64_t)(world->clock / (SETTLEMENTS_A_YEAR * world->persons));
		world->clock %= SETTLEMENTS_A_YEAR * world->persons;
		world->record[i] = (struct record){.kind = RECORD_SETTLEMENT, .bytes = bytes,
		    .length = message(bytes, world->made++, person, world->time, random), .arrival_ms = ARRIVAL_UNKNOWN,
		    .topic = "bench", .partition = 0, .offset = (int64_t)world->made};
		bytes += world->record[i].length + 1;
	}
}

/* The folder's rules and generated ones beside them. */
static struct ruleset *
rules_load(const char *directory, size_t rules, struct diags *diags)
{
	char folder[] = "/tmp/fundwatch-bench-XXXXXX", words[1024], tables[512];
	struct ruleset *set = ruleset_load(detectors_registry(), directory, NULL, diags);
	if (!set || rules <= set->rules)
		return set;
	struct rulesets_mix mix = {.rules = rules - set->rules, .seed = 200, .rare = true};
	snprintf(tables, sizeof tables, "%s/tables", directory);
	ruleset_free(set);
	if (!mkdtemp(folder))
		return NULL;
	snprintf(words, sizeof words, "cp -r '%s'/. '%s'", directory, folder);
	set = system(words) == 0 && rulesets_write(folder, &mix) ? ruleset_load(detectors_registry(), folder, tables, diags) : NULL;
	snprintf(words, sizeof words, "rm -r '%s'", folder);
	return system(words) == 0 ? set : NULL;
}

static double
batch_seconds(struct world *world)
{
	struct scored scored = {.fate = world->fate};
	double start = bench_seconds();
	for (size_t done = 0; done < BATCH; world->lines += (int64_t)scored.outputs)
		done += scorer_score(world->scorer, world->record + done, BATCH - done, &scored);
	return bench_seconds() - start;
}

#define RUN_BATCHES 64

static double
rate_of_run(struct world *world)
{
	double seconds = 0;
	for (int batch = 0; batch < RUN_BATCHES; batch++) {
		batch_make(world, false);
		seconds += batch_seconds(world);
	}
	return RUN_BATCHES * BATCH / seconds;
}

static void
print(const struct world *world, double *rate, int runs, size_t rules, bool generated)
{
	const struct scorer_counts *counts = scorer_counts(world->scorer);
	double person_bytes = (double)counts->person_bytes / (double)counts->persons;
	double settlement_bytes = (double)counts->settlement_bytes / (double)counts->settlements;
	fprintf(stderr, "%llu persons, %llu settlements, %lld lines, %zu rules, message %zu bytes\n", (unsigned long long)counts->persons,
	    (unsigned long long)counts->settlements, (long long)world->lines, rules, world->record[0].length);
	char name[64];
	snprintf(name, sizeof name, "core_claims_per_second_%zu", rules);
	printf("{");
	bench_print(generated ? name : "core_claims_per_second", rate, runs, "claims/s");
	if (generated) {
		printf("}\n");
		return;
	}
	printf(",");
	bench_print("bytes_per_person", &person_bytes, 1, "bytes");
	printf(",");
	bench_print("bytes_per_settlement", &settlement_bytes, 1, "bytes");
	printf("}\n");
}

int
main(int argc, char **argv)
{
	struct world world = {.persons = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000, .random = 1,
	    .time = (int64_t)day_from_civil(2024, 1, 2) * DAY_SECONDS};
	int runs = argc > 3 ? atoi(argv[3]) : 7;
	size_t wanted = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	if (runs < 1 || runs > BENCH_RUNS_MAX || world.persons == 0) {
		fprintf(stderr, "bench_core [RULES_DIR [PERSONS [RUNS [RULES [DAYS]]]]]: PERSONS at least 1, RUNS 1 to %d\n", BENCH_RUNS_MAX);
		return 64;
	}
	struct diags diags = {0};
	struct ruleset *rules = rules_load(argc > 1 ? argv[1] : "rules", wanted, &diags);
	if (!rules) {
		diags_print(&diags, LANGUAGE_EN, stderr);
		return 78;
	}
	bench_pin();
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	if (argc > 5)
		limits.remember_days = atoi(argv[5]);
	world.scorer = scorer_open(rules, &limits);
	world.bytes = memory_resize(NULL, (size_t)BATCH * MESSAGE_BYTES);
	int64_t remembered = world.time + (int64_t)(limits.remember_days + 45) * DAY_SECONDS;
	while (world.time < remembered) {
		batch_make(&world, world.made < world.persons);
		batch_seconds(&world);
	}
	double rate[BENCH_RUNS_MAX];
	for (int run = 0; run < runs; run++)
		rate[run] = rate_of_run(&world);
	print(&world, rate, runs, rules->rules, wanted > 0);
	scorer_close(world.scorer);
	ruleset_free(rules);
	diags_free(&diags);
	free(world.bytes);
	return 0;
}
