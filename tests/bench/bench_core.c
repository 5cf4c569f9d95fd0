/* How fast the core is: settlements from memory with the rules given, in the steady state of a city of N persons.
 *
 *     bench_core [--rules DIR] [--count N] [--persons N] [--days N] [--pools N] [--cores N] [--runs N]
 *
 * --count: so many rules in all, the folder's and generated ones that judge single claims; a rule that adds up for a person
 * would cost memory, not time.  --days: how long settlements are remembered, for more persons than memory has room for.
 * --pools: so many pools share the persons.  --cores: as many processes, each with its own pools and pinned to its own core,
 * as instances of the daemon share pools; rates are those of all together.
 *
 * Everybody has been seen and what is remembered has reached its full length before the clock starts.  Messages are made
 * outside the clock; months that close are inside it.  A run is three parts over different claims: batches that are decoded and
 * judged, batches that were decoded beforehand (as the daemon's reading thread does), and claims one at a time, each timed
 * from its bytes to its lines.  Prints one JSON line. */
#include "core/base/hist.h"
#include "core/base/memory.h"
#include "core/base/time.h"
#include "core/score/scorer.h"
#include "detectors/registry.h"
#include "tests/bench/bench.h"
#include "tests/bench/stream.h"
#include "tests/plain/rulesets.h"

#include <getopt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 4096
#define RUN_BATCHES 64
#define CORES_MAX 16

struct options {
	const char *rules;
	size_t count;
	uint64_t persons;
	int days, runs;
	unsigned pools, cores;
};

struct world {
	struct scorer *scorer;
	struct stream stream;
	struct decoder *decoder;
	struct record record[BATCH];
	struct decoded_record *decoded;
	enum fate fate[BATCH];
	char *bytes;
};

/* What the processes share. */
struct results {
	pthread_barrier_t barrier;
	struct {
		double whole[BENCH_RUNS_MAX], judged[BENCH_RUNS_MAX];
		struct hist claim[BENCH_RUNS_MAX];
		double person_bytes, settlement_bytes;
	} core[CORES_MAX];
};

static void
batch_make(struct world *world)
{
	char *bytes = world->bytes;
	for (size_t i = 0; i < BATCH; i++) {
		world->record[i] = (struct record){.kind = RECORD_SETTLEMENT, .bytes = bytes, .length = stream_next(&world->stream, bytes),
		    .arrival_ms = ARRIVAL_UNKNOWN, .topic = "bench", .partition = 0, .offset = (int64_t)world->stream.made};
		bytes += world->record[i].length + 1;
	}
}

static void
batch_decode(struct world *world)
{
	decoder_reset(world->decoder);
	for (size_t i = 0; i < BATCH; i++) {
		record_decode(world->decoder, &world->record[i], &world->decoded[i]);
		world->record[i].decoded = &world->decoded[i];
	}
}

static void
score_all(struct world *world, const struct record *record, size_t count)
{
	struct scored scored = {.fate = world->fate};
	for (size_t done = 0; done < count;)
		done += scorer_score(world->scorer, record + done, count - done, &scored);
}

static double
batches_seconds(struct world *world, bool beforehand)
{
	double seconds = 0;
	for (int batch = 0; batch < RUN_BATCHES; batch++) {
		batch_make(world);
		if (beforehand)
			batch_decode(world);
		double start = bench_seconds();
		score_all(world, world->record, BATCH);
		seconds += bench_seconds() - start;
	}
	return seconds;
}

static void
claims_time(struct world *world, struct hist *claim)
{
	for (int batch = 0; batch < RUN_BATCHES; batch++) {
		batch_make(world);
		for (size_t i = 0; i < BATCH; i++) {
			double start = bench_seconds();
			score_all(world, &world->record[i], 1);
			hist_add(claim, (int64_t)((bench_seconds() - start) * 1e9), 1);
		}
	}
}

/* ---- rules ---- */

/* A copy of the folder with generated rules beside its own and a pool for each area of the stream. */
static bool
folder_make(const struct options *options, char *folder, size_t generated)
{
	char words[1024];
	struct rulesets_mix mix = {.rules = generated, .seed = 200, .rare = true};
	if (!mkdtemp(folder))
		return false;
	snprintf(words, sizeof words, "cp -r '%s'/. '%s'", options->rules, folder);
	if (system(words) != 0 || (generated && !rulesets_write(folder, &mix)))
		return false;
	snprintf(words, sizeof words, "%s/tables/pools.csv", folder);
	FILE *pools = fopen(words, "a");
	for (unsigned i = 0; pools && i < options->pools; i++) {
		char row[64];
		stream_pool_row(i, row, sizeof row);
		fputs(row, pools);
	}
	return pools && fclose(pools) == 0;
}

static struct ruleset *
rules_load(const struct options *options, struct diags *diags)
{
	char folder[] = "/tmp/fundwatch-bench-XXXXXX", words[64];
	struct ruleset *set = ruleset_load(detectors_registry(), options->rules, NULL, diags);
	size_t own = set ? set->rules : 0;
	if (!set || (options->count <= own && options->pools == 1))
		return set;
	ruleset_free(set);
	bool made = folder_make(options, folder, options->count > own ? options->count - own : 0);
	set = made ? ruleset_load(detectors_registry(), folder, NULL, diags) : NULL;
	snprintf(words, sizeof words, "rm -rf '%s'", folder);
	return system(words) == 0 ? set : NULL;
}

/* ---- one process, one core ---- */

static void
pin(unsigned core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof set, &set);
}

static void
world_open(struct world *world, struct ruleset *rules, const struct options *options, unsigned core)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	unsigned pools = options->pools / options->cores;
	limits.remember_days = options->days;
	world->stream = (struct stream){.persons = options->persons / options->cores, .pools = pools, .first_pool = core * pools,
	    .one_area = options->pools == 1, .random = core + 1, .time = (int64_t)day_from_civil(2024, 1, 2) * DAY_SECONDS};
	world->scorer = scorer_open(rules, &limits);
	world->decoder = decoder_open(limits.decode);
	world->decoded = memory_resize(NULL, BATCH * sizeof *world->decoded);
	world->bytes = memory_resize(NULL, (size_t)BATCH * STREAM_MESSAGE_MAX);
	int64_t steady = world->stream.time + (int64_t)(limits.remember_days + 45) * DAY_SECONDS;
	while (world->stream.time < steady || world->stream.made < world->stream.persons) {
		batch_make(world);
		score_all(world, world->record, BATCH);
	}
}

static void
world_close(struct world *world)
{
	scorer_close(world->scorer);
	decoder_close(world->decoder);
	free(world->decoded);
	free(world->bytes);
}

static void
core_run(struct results *results, struct ruleset *rules, const struct options *options, unsigned core)
{
	static struct world world;
	pin(core + (unsigned)sysconf(_SC_NPROCESSORS_ONLN) - options->cores);
	world_open(&world, rules, options, core);
	for (int run = 0; run < options->runs; run++) {
		pthread_barrier_wait(&results->barrier);
		results->core[core].whole[run] = RUN_BATCHES * BATCH / batches_seconds(&world, false);
		pthread_barrier_wait(&results->barrier);
		results->core[core].judged[run] = RUN_BATCHES * BATCH / batches_seconds(&world, true);
		pthread_barrier_wait(&results->barrier);
		claims_time(&world, &results->core[core].claim[run]);
	}
	const struct scorer_counts *counts = scorer_counts(world.scorer);
	results->core[core].person_bytes = (double)counts->person_bytes / (double)counts->persons;
	results->core[core].settlement_bytes = (double)counts->settlement_bytes / (double)counts->settlements;
	fprintf(stderr, "core %u: %llu persons, %llu settlements, %zu rules, message %zu bytes\n", core, (unsigned long long)counts->persons,
	    (unsigned long long)counts->settlements, rules->rules, world.record[0].length);
	world_close(&world);
}

/* ---- all of them ---- */

static void
print_rates(const struct results *results, const struct options *options)
{
	double whole[BENCH_RUNS_MAX] = {0}, judged[BENCH_RUNS_MAX] = {0};
	for (unsigned core = 0; core < options->cores; core++) {
		for (int run = 0; run < options->runs; run++) {
			whole[run] += results->core[core].whole[run];
			judged[run] += results->core[core].judged[run];
		}
	}
	bench_print("core_claims_per_second", whole, options->runs, "claims/s");
	printf(",");
	bench_print("core_judged_per_second", judged, options->runs, "claims/s");
}

/* The slowest core's. */
static void
print_quantile(struct results *results, const struct options *options, const char *name, double q)
{
	double us[BENCH_RUNS_MAX] = {0};
	for (int run = 0; run < options->runs; run++) {
		for (unsigned core = 0; core < options->cores; core++) {
			double of_core = (double)hist_quantile(&results->core[core].claim[run], q) / 1e3;
			us[run] = of_core > us[run] ? of_core : us[run];
		}
	}
	printf(",");
	bench_print(name, us, options->runs, "us");
}

static void
print(struct results *results, const struct options *options)
{
	printf("{");
	print_rates(results, options);
	print_quantile(results, options, "claim_p50_us", 0.5);
	print_quantile(results, options, "claim_p99_us", 0.99);
	print_quantile(results, options, "claim_p999_us", 0.999);
	print_quantile(results, options, "claim_p9999_us", 0.9999);
	printf(",");
	bench_print("bytes_per_person", &results->core[0].person_bytes, 1, "bytes");
	printf(",");
	bench_print("bytes_per_settlement", &results->core[0].settlement_bytes, 1, "bytes");
	printf("}\n");
}

static bool
cores_run(struct results *results, struct ruleset *rules, const struct options *options)
{
	bool good = true;
	pthread_barrierattr_t shared;
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&results->barrier, &shared, options->cores);
	for (unsigned core = 0; core < options->cores; core++) {
		if (fork() == 0) {
			core_run(results, rules, options, core);
			_exit(0);
		}
	}
	for (unsigned core = 0; core < options->cores; core++) {
		int status;
		good = wait(&status) > 0 && status == 0 && good;
	}
	return good;
}

static bool
options_read(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {{"rules", 1, NULL, 'r'}, {"count", 1, NULL, 'c'}, {"persons", 1, NULL, 'p'}, {"days", 1, NULL, 'd'},
	    {"pools", 1, NULL, 'o'}, {"cores", 1, NULL, 'k'}, {"runs", 1, NULL, 'n'}, {NULL, 0, NULL, 0}};
	for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		uint64_t number = option == 'r' || option == '?' ? 0 : strtoull(optarg, NULL, 10);
		switch (option) {
		case 'r': options->rules = optarg; break;
		case 'c': options->count = number; break;
		case 'p': options->persons = number; break;
		case 'd': options->days = (int)number; break;
		case 'o': options->pools = (unsigned)number; break;
		case 'k': options->cores = (unsigned)number; break;
		case 'n': options->runs = (int)number; break;
		default: return false;
		}
	}
	return optind == argc && options->persons >= options->pools && options->days >= 1 && options->runs >= 1 && options->runs <= BENCH_RUNS_MAX
	    && options->cores >= 1 && options->cores <= CORES_MAX && options->pools >= 1 && options->pools % options->cores == 0;
}

int
main(int argc, char **argv)
{
	struct options options = {.rules = "rules", .persons = 1000000, .days = 400, .runs = 7, .pools = 1, .cores = 1};
	struct diags diags = {0};
	if (!options_read(argc, argv, &options)) {
		fprintf(stderr, "bench_core [--rules DIR] [--count N] [--persons N] [--days N] [--pools N] [--cores N] [--runs N]: "
		    "at least one person a pool, runs 1 to %d, as many pools for each core\n", BENCH_RUNS_MAX);
		return 64;
	}
	struct ruleset *rules = rules_load(&options, &diags);
	if (!rules) {
		diags_print(&diags, LANGUAGE_EN, stderr);
		return 78;
	}
	struct results *results = mmap(NULL, sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool good = results != MAP_FAILED && cores_run(results, rules, &options);
	if (good)
		print(results, &options);
	ruleset_free(rules);
	diags_free(&diags);
	return good ? 0 : EXIT_FAILURE;
}
