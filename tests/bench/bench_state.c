/* The state of a city out of its archive: how large it is, how fast it is made again, how long a snapshot takes.
 *
 *     bench_state judge ARCHIVE [RUNS]          reads, unpacks, decodes and judges every entry, all in one thread
 *     bench_state load ARCHIVE SCRATCH [cold]   loads the newest snapshot in one thread, then writes it again into SCRATCH
 *     bench_state warm GIGABYTES                touches so much memory and lets it go
 *
 * The rate is that of each of RUNS (default 7) equal parts of the archive.  cold: the snapshot's pages are dropped from the
 * cache first.  A virtual machine may get its memory from its host only when it is first touched, which costs seconds a
 * gigabyte: `warm` has that behind it.  Each prints one JSON line. */
#include "core/archive/snapshot.h"
#include "core/base/memory.h"
#include "detectors/registry.h"
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 4096
#define PAGE 4096

struct city {
	struct archive_options keys;
	struct diags diags;
	struct ruleset *rules;
	struct scorer *scorer;
	struct record record[BATCH];
	enum fate fate[BATCH];
	size_t waiting;                 /* records in the batch */
	uint64_t entries, lines;
	double begin;                   /* of the part that is being measured */
	uint64_t begin_entries, part;
	double rate[BENCH_RUNS_MAX];
	int runs;
};

static int
give_up(struct city *city, const char *what)
{
	diags_print(&city->diags, LANGUAGE_EN, stderr);
	fprintf(stderr, "bench_state: %s\n", what);
	return 65;
}

static struct ruleset *
rules_of(const char *archive, struct slice digest, struct diags *diags)
{
	char rules[4096], tables[4096];
	return archive_ruleset_paths(archive, digest, rules, tables) ? ruleset_load(detectors_registry(), rules, tables, diags) : NULL;
}

static struct scorer_limits
limits_of(const struct entry_settings *settings)
{
	struct scorer_limits limits = SCORER_LIMITS_DEFAULT;
	archive_settings_use(settings, &limits);
	return limits;
}

/* ---- judge ---- */

static void
batch_judge(struct city *city)
{
	struct scored scored = {.fate = city->fate};
	for (size_t done = 0; done < city->waiting; city->lines += scored.outputs)
		done += scorer_score(city->scorer, city->record + done, city->waiting - done, &scored);
	city->entries += city->waiting;
	city->waiting = 0;
	double now = bench_seconds();
	if (city->entries - city->begin_entries < city->part || city->runs == BENCH_RUNS_MAX)
		return;
	city->rate[city->runs++] = (double)(city->entries - city->begin_entries) / (now - city->begin);
	city->begin = now;
	city->begin_entries = city->entries;
}

static void
record_add(struct city *city, const struct entry *entry)
{
	city->record[city->waiting++] = (struct record){.kind = entry->record.kind, .bytes = entry->record.bytes.data,
	    .length = entry->record.bytes.length, .arrival_ms = entry->record.arrival_ms, .topic = "bench", .partition = entry->record.partition,
	    .offset = entry->record.offset};
}

/* One ruleset from the first entry on is all that is measured here. */
static bool
rules_begin(struct city *city, const char *archive, const struct entry *entry)
{
	if (city->scorer)
		return false;
	city->rules = rules_of(archive, entry->rules.digest, &city->diags);
	if (!city->rules)
		return false;
	struct scorer_limits limits = limits_of(&entry->rules.settings);
	city->scorer = scorer_open(city->rules, &limits);
	city->begin = bench_seconds();
	return true;
}

static enum archive_step
entries_judge(struct city *city, const char *archive, struct archive_reader *reader)
{
	struct entry entry;
	enum archive_step step;
	while ((step = archive_reader_next(reader, &entry)) == ARCHIVE_ENTRY) {
		if (entry.kind == ENTRY_RULES && !rules_begin(city, archive, &entry))
			return ARCHIVE_DAMAGED;
		if (entry.kind != ENTRY_RECORD)
			continue;
		record_add(city, &entry);
		if (city->waiting < BATCH)
			continue;
		batch_judge(city);
		archive_recycle(reader);
	}
	if (city->waiting)
		batch_judge(city);
	return step;
}

static uint64_t
archive_entries(const char *archive, uint64_t *bytes)
{
	struct archive_segment *segment;
	size_t count;
	enum archive_failure failure;
	uint64_t entries = 0;
	*bytes = 0;
	if (!archive_list(archive, &segment, &count, &failure, NULL))
		return 0;
	for (size_t i = 0; i < count; i++) {
		entries += segment[i].entries;
		*bytes += segment[i].bytes;
	}
	free(segment);
	return entries;
}

static void
print_state(struct city *city, uint64_t archive_bytes)
{
	const struct scorer_counts *counts = scorer_counts(city->scorer);
	uint64_t received = counts->received[RECORD_SETTLEMENT] + counts->received[RECORD_ENROLMENT];
	double person = counts->persons ? (double)counts->person_bytes / (double)counts->persons : 0;
	double settlement = counts->settlements ? (double)counts->settlement_bytes / (double)counts->settlements : 0;
	double claim = (double)archive_bytes / (double)received;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "%llu persons, %llu settlements remembered of %llu, %llu enrolments, %llu lines, state %.2f GB, process %.2f GB, archive %.2f GB\n",
	    (unsigned long long)counts->persons, (unsigned long long)counts->settlements, (unsigned long long)counts->received[RECORD_SETTLEMENT],
	    (unsigned long long)counts->received[RECORD_ENROLMENT], (unsigned long long)city->lines, (double)counts->state_bytes / 1e9,
	    (double)usage.ru_maxrss * 1024 / 1e9, (double)archive_bytes / 1e9);
	printf("{");
	bench_print("replay_one_thread_per_second", city->rate, city->runs, "claims/s");
	printf(",");
	bench_print("bytes_per_person", &person, 1, "bytes");
	printf(",");
	bench_print("bytes_per_settlement", &settlement, 1, "bytes");
	printf(",");
	bench_print("crowd_archive_bytes_per_claim", &claim, 1, "bytes");
	printf("}\n");
}

static int
judge(const char *archive, int runs)
{
	static struct city city;
	enum archive_failure failure;
	uint64_t bytes, entries = archive_entries(archive, &bytes);
	struct archive_reader *reader = archive_read(archive, &city.keys, 0, &failure, &city.diags);
	city.part = entries / (uint64_t)runs > BATCH ? entries / (uint64_t)runs - BATCH : 1;
	if (!reader)
		return give_up(&city, "the archive cannot be read");
	bench_pin();
	if (entries_judge(&city, archive, reader) != ARCHIVE_END || !city.scorer || city.runs == 0)
		return give_up(&city, "the archive cannot be judged: damaged, empty, or more than one ruleset");
	print_state(&city, bytes);
	archive_reader_free(reader);
	scorer_close(city.scorer);
	ruleset_free(city.rules);
	return 0;
}

/* ---- load ---- */

/* Nothing of the file stays in the page cache. */
static bool
cache_drop(const char *archive, uint64_t position)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/snapshots/snapshot-%020llu.fws", archive, (unsigned long long)position);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool good = file >= 0 && fdatasync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
	if (file >= 0)
		close(file);
	return good;
}

static bool
write_again(struct city *city, const char *scratch, const struct snapshot_head *head, double *seconds)
{
	double start = bench_seconds();
	mkdir(scratch, 0700);
	int error = snapshot_write(scratch, &city->keys, head, city->scorer);
	*seconds = bench_seconds() - start;
	if (error)
		fprintf(stderr, "bench_state: %s: %s\n", scratch, strerror(error));
	return error == 0;
}

static int
load(const char *archive, const char *scratch, bool cold)
{
	static struct city city;
	uint64_t *position;
	size_t count = snapshot_list(archive, &position);
	if (count == 0 || (cold && !cache_drop(archive, position[0])))
		return give_up(&city, "there is no snapshot, or its pages cannot be dropped");
	struct snapshot_head head;
	double start = bench_seconds(), write_seconds, bytes = (double)snapshot_bytes(archive, position[0]);
	struct snapshot *snapshot = snapshot_open(archive, &city.keys, position[0], &head, &city.diags);
	city.rules = snapshot ? rules_of(archive, slice_of(head.ruleset), &city.diags) : NULL;
	struct scorer_limits limits = limits_of(&head.settings);
	city.scorer = city.rules ? snapshot_load(snapshot, city.rules, &limits, NULL, &city.diags) : NULL;
	if (!city.scorer)
		return give_up(&city, "the snapshot cannot be loaded");
	double seconds = bench_seconds() - start;
	snapshot_close(snapshot);
	if (!write_again(&city, scratch, &head, &write_seconds))
		return 74;
	fprintf(stderr, "%llu persons, snapshot of %.2f GB\n", (unsigned long long)scorer_counts(city.scorer)->persons, bytes / 1e9);
	printf("{");
	bench_print(cold ? "snapshot_load_alone_cold_seconds" : "snapshot_load_alone_seconds", &seconds, 1, "s");
	printf(",");
	bench_print("snapshot_write_seconds", &write_seconds, 1, "s");
	printf(",");
	bench_print("snapshot_bytes", &bytes, 1, "bytes");
	printf("}\n");
	snapshot_head_free(&head);
	scorer_close(city.scorer);
	ruleset_free(city.rules);
	free(position);
	return 0;
}

/* ---- warm ---- */

static int
warm(double gigabytes)
{
	size_t bytes = (size_t)(gigabytes * 1e9) / PAGE * PAGE;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double start = bench_seconds();
	if (memory == MAP_FAILED)
		return 71;
	for (size_t at = 0; at < bytes; at += PAGE)
		memory[at] = 1;
	printf("{\"touched_seconds\":%.1f}\n", bench_seconds() - start);
	munmap(memory, bytes);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "judge") == 0) {
		int runs = argc > 3 ? atoi(argv[3]) : 7;
		if (runs >= 1 && runs <= BENCH_RUNS_MAX)
			return judge(argv[2], runs);
	}
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "load") == 0)
		return load(argv[2], argv[3], argc == 5 && strcmp(argv[4], "cold") == 0);
	if (argc == 3 && strcmp(argv[1], "warm") == 0)
		return warm(atof(argv[2]));
	fprintf(stderr, "bench_state judge ARCHIVE [RUNS] | load ARCHIVE SCRATCH [cold] | warm GIGABYTES\n");
	return 64;
}
