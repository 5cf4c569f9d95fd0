/* How long a snapshot takes to write and to load, and what it weighs.
 *
 *     bench_snapshot DIR [PERSONS [SETTLEMENTS [RULES_DIR [RUNS]]]]      defaults: 1000000, as many, rules, 3
 *
 * Every person is enrolled and SETTLEMENTS settlements are spread over them; DIR gets the snapshot and should be on the disk
 * that is meant.  Loading is from a warm page cache, by one thread and then with a helper beside it.  Prints one JSON line. */
#include "core/archive/snapshot.h"
#include "core/base/memory.h"
#include "core/base/time.h"
#include "detectors/registry.h"
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 1024
#define MESSAGE_BYTES 1024

struct world {
	struct scorer *scorer;
	struct record record[BATCH];
	enum fate fate[BATCH];
	char *bytes;
	uint64_t persons, settlements;
};

static uint64_t
mixed(uint64_t number)          /* splitmix64 (Steele, Lea, Flood 2014) */
{
	uint64_t z = number * UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static size_t
enrolment(char *out, uint64_t person)
{
	return (size_t)sprintf(out, "{\"psn_no\":\"1411%018llu\",\"year\":\"2024\",\"insu_admdvs\":\"141121\",\"insutype\":\"390\",\"gend\":\"%d\","
	    "\"brdy\":\"19%02llu-05-05\",\"township\":\"141121%03llu\"}", (unsigned long long)person, person % 2 ? 1 : 2,
	    (unsigned long long)(person % 100), (unsigned long long)(person % 14));
}

static size_t
settlement(char *out, uint64_t number, uint64_t persons, uint64_t settlements)
{
	uint64_t random = mixed(number);
	char when[TIME_TEXT_SIZE];
	bool inpatient = random % 20 == 0;
	unsigned fund = inpatient ? 80000 + (unsigned)(random >> 8) % 400000 : (unsigned)(random >> 8) % 1500;
	int64_t first = (int64_t)day_from_civil(2024, 1, 2) * DAY_SECONDS;
	time_text(first + (int64_t)((double)number * 360.0 * DAY_SECONDS / (double)settlements), when);
	when[10] = ' ';
	when[19] = '\0';
	return (size_t)sprintf(out, "{\"setl_id\":\"S%019llu\",\"mdtrt_id\":\"M%019llu\",\"psn_no\":\"1411%018llu\",\"insutype\":\"390\","
	    "\"insu_admdvs\":\"141121\",\"fixmedins_code\":\"H1411210%04u\",\"setl_time\":\"%s\",\"med_type\":\"%s\",\"clr_way\":\"%s\","
	    "\"medfee_sumamt\":%u.%02u,\"hifp_pay\":%u.%02u,\"year\":\"2024\",\"updt_time\":\"%s\",\"vali_flag\":\"1\"}",
	    (unsigned long long)number, (unsigned long long)number, (unsigned long long)((random >> 20) % persons), (unsigned)(random >> 44) % 400,
	    when, inpatient ? "21" : "11", inpatient && random % 4 ? "40" : "10", fund / 50, fund % 50, fund / 100, fund % 100, when);
}

static void
fill(struct world *world, enum record_kind kind, uint64_t count)
{
	struct scored scored = {.fate = world->fate};
	for (uint64_t made = 0; made < count;) {
		size_t batch = count - made < BATCH ? (size_t)(count - made) : BATCH;
		for (size_t i = 0; i < batch; i++, made++) {
			char *bytes = world->bytes + i * MESSAGE_BYTES;
			world->record[i] = (struct record){.kind = kind, .bytes = bytes, .arrival_ms = ARRIVAL_UNKNOWN, .topic = "bench",
			    .length = kind == RECORD_ENROLMENT ? enrolment(bytes, made) : settlement(bytes, made, world->persons, count)};
		}
		for (size_t done = 0; done < batch;)
			done += scorer_score(world->scorer, world->record + done, batch - done, &scored);
	}
}

/* ---- the helper ---- */

struct thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void (*work)(void *argument);
	void *argument;
	bool busy, ends;
};

static void *
thread_run(void *context)
{
	struct thread *thread = context;
	pthread_mutex_lock(&thread->lock);
	for (;;) {
		while (!thread->busy && !thread->ends)
			pthread_cond_wait(&thread->changed, &thread->lock);
		if (thread->ends)
			break;
		pthread_mutex_unlock(&thread->lock);
		thread->work(thread->argument);
		pthread_mutex_lock(&thread->lock);
		thread->busy = false;
		pthread_cond_broadcast(&thread->changed);
	}
	pthread_mutex_unlock(&thread->lock);
	return NULL;
}

static void
thread_set(struct thread *thread, bool busy, bool ends)
{
	pthread_mutex_lock(&thread->lock);
	thread->busy = busy;
	thread->ends = ends;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
}

static void
thread_begin(void *context, void (*work)(void *argument), void *argument)
{
	struct thread *thread = context;
	thread->work = work;
	thread->argument = argument;
	thread_set(thread, true, false);
}

static void
thread_finish(void *context)
{
	struct thread *thread = context;
	pthread_mutex_lock(&thread->lock);
	while (thread->busy)
		pthread_cond_wait(&thread->changed, &thread->lock);
	pthread_mutex_unlock(&thread->lock);
}

/* ---- the measuring ---- */

static double
save_seconds(const struct world *world, const char *dir, const struct ruleset *rules)
{
	struct snapshot_head head = {.position = 1, .feed = digest_open()};
	memcpy(head.ruleset, rules->digest, sizeof head.ruleset);
	double start = bench_seconds();
	int error = snapshot_write(dir, NULL, &head, world->scorer);
	double seconds = bench_seconds() - start;
	snapshot_head_free(&head);
	if (error) {
		fprintf(stderr, "%s: %s\n", dir, strerror(error));
		exit(74);
	}
	return seconds;
}

/* Of all threads: what it costs, however busy the machine is. */
static double
cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
load_seconds(struct world *world, const char *dir, struct ruleset *rules, const struct snapshot_helper *helper)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	struct snapshot_head head;
	struct diags diags = {0};
	double start = bench_seconds();
	struct snapshot *snapshot = snapshot_open(dir, NULL, 1, &head, &diags);
	world->scorer = snapshot ? snapshot_load(snapshot, rules, &limits, helper, &diags) : NULL;
	double seconds = bench_seconds() - start;
	diags_print(&diags, LANGUAGE_EN, stderr);
	if (!world->scorer)
		exit(65);
	snapshot_close(snapshot);
	snapshot_head_free(&head);
	return seconds;
}

static void
measure(struct world *world, const char *dir, struct ruleset *rules, int runs)
{
	double alone[BENCH_RUNS_MAX], helped[BENCH_RUNS_MAX], cpu[BENCH_RUNS_MAX], save = save_seconds(world, dir, rules), file = (double)snapshot_bytes(dir, 1);
	struct thread thread = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct snapshot_helper helper = {thread_begin, thread_finish, &thread};
	const struct scorer_counts *counts = scorer_counts(world->scorer);
	double person = (double)counts->person_bytes / (double)counts->persons, state = (double)counts->state_bytes;
	double booked = counts->settlements ? (double)counts->settlement_bytes / (double)counts->settlements : 0;
	fprintf(stderr, "%llu persons, %llu settlements remembered\n", (unsigned long long)counts->persons, (unsigned long long)counts->settlements);
	if (pthread_create(&thread.thread, NULL, thread_run, &thread) != 0)
		exit(75);
	for (int run = 0; run < runs; run++) {
		scorer_close(world->scorer);
		double start = cpu_seconds();
		alone[run] = load_seconds(world, dir, rules, NULL);
		cpu[run] = cpu_seconds() - start;
		scorer_close(world->scorer);
		helped[run] = load_seconds(world, dir, rules, &helper);
	}
	thread_set(&thread, false, true);
	pthread_join(thread.thread, NULL);
	printf("{");
	bench_print("bytes_per_person", &person, 1, "bytes");
	printf(",");
	bench_print("bytes_per_settlement", &booked, 1, "bytes");
	printf(",");
	bench_print("state_bytes", &state, 1, "bytes");
	printf(",");
	bench_print("snapshot_file_bytes", &file, 1, "bytes");
	printf(",");
	bench_print("snapshot_write_seconds", &save, 1, "s");
	printf(",");
	bench_print("snapshot_load_seconds", helped, runs, "s");
	printf(",");
	bench_print("snapshot_load_alone_seconds", alone, runs, "s");
	printf(",");
	bench_print("snapshot_load_cpu_seconds", cpu, runs, "s");
	printf("}\n");
}

int
main(int argc, char **argv)
{
	struct world world = {.persons = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000};
	world.settlements = argc > 3 ? strtoull(argv[3], NULL, 10) : world.persons;
	int runs = argc > 5 ? atoi(argv[5]) : 3;
	if (argc < 2 || runs < 1 || runs > BENCH_RUNS_MAX || world.persons == 0) {
		fprintf(stderr, "bench_snapshot DIR [PERSONS [SETTLEMENTS [RULES_DIR [RUNS]]]]: PERSONS at least 1, RUNS 1 to %d\n", BENCH_RUNS_MAX);
		return 64;
	}
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), argc > 4 ? argv[4] : "rules", NULL, &diags);
	if (!rules) {
		diags_print(&diags, LANGUAGE_EN, stderr);
		return 78;
	}
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	world.scorer = scorer_open(rules, &limits);
	world.bytes = memory_resize(NULL, (size_t)BATCH * MESSAGE_BYTES);
	fill(&world, RECORD_ENROLMENT, world.persons);
	fill(&world, RECORD_SETTLEMENT, world.settlements);
	measure(&world, argv[1], rules, runs);
	scorer_close(world.scorer);
	ruleset_free(rules);
	diags_free(&diags);
	free(world.bytes);
	return 0;
}
