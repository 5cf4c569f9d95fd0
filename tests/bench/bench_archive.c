/* What the archive costs: bytes per claim, and how fast it is written and read, for commits of 1, 16, 512 and 4096 records and
 * several levels of zstd.
 *
 *     build/bench_archive CLAIMS.ndjson FOLDER
 *
 * Nanoseconds and megabytes (of records as received) are of processor time: what a core pays, whoever else runs.  Seconds are of
 * the clock, the syncs of that folder's disk included. */
#include "core/archive/archive.h"

#include "core/base/buffer.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct claims {
	struct buffer bytes;
	struct slice *line;
	size_t count;
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void
claims_read(struct claims *claims, const char *path, size_t most)
{
	FILE *file = fopen(path, "rb");
	char *line = NULL;
	size_t room = 0, slots = 0, *at = NULL;
	ssize_t length;
	must(file != NULL, path);
	while (claims->count < most && (length = getline(&line, &room, file)) > 0) {
		if (claims->count == slots) {
			slots = slots ? 2 * slots : 1 << 16;
			at = realloc(at, slots * sizeof *at);
			claims->line = realloc(claims->line, slots * sizeof *claims->line);
			must(at && claims->line, "memory");
		}
		at[claims->count] = claims->bytes.length;
		claims->line[claims->count++].length = (size_t)length - 1;
		buffer_add(&claims->bytes, line, (size_t)length - 1);
	}
	for (size_t i = 0; i < claims->count; i++)
		claims->line[i].data = claims->bytes.data + at[i];
	free(at);
	free(line);
	fclose(file);
}

static double
processor_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t
write_all(const struct claims *claims, size_t count, const char *dir, const struct archive_options *options, size_t commit)
{
	struct diags diags = {0};
	enum archive_failure failure;
	uint64_t cut;
	struct archive *archive = archive_open(dir, options, &failure, &cut, &diags);
	must(archive != NULL, dir);
	for (size_t i = 0; i < count; i++) {
		struct entry entry = {.kind = ENTRY_RECORD, .record = {.kind = RECORD_SETTLEMENT, .bytes = claims->line[i],
		    .arrival_ms = INT64_C(1704067200000) + (int64_t)i * 3, .source = SLICE("settlements"), .partition = (int32_t)(i % 8),
		    .offset = (int64_t)(i / 8), .event_time = 1704067200 + (int64_t)i}};
		archive_append(archive, &entry);
		if ((i + 1) % commit == 0)
			must(archive_commit(archive) == 0, "commit");
	}
	archive_close(archive);
	return archive_bytes(dir);
}

static size_t
read_all(const char *dir, const struct archive_options *options)
{
	struct diags diags = {0};
	enum archive_failure failure;
	struct entry entry;
	size_t count = 0;
	struct archive_reader *reader = archive_read(dir, options, 0, &failure, &diags);
	must(reader != NULL, dir);
	while (archive_reader_next(reader, &entry) == ARCHIVE_ENTRY)
		if (++count % 1024 == 0)
			archive_recycle(reader);
	archive_reader_free(reader);
	return count;
}

static void
run(const struct claims *claims, const char *folder, int level, size_t commit, enum archive_cipher cipher)
{
	char dir[4096], command[5000];
	struct archive_options options = {.level = level, .cipher = cipher};
	size_t count = commit * 5000 < claims->count ? commit * 5000 : claims->count;  /* a sync costs milliseconds */
	snprintf(dir, sizeof dir, "%s/archive-bench", folder);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	must(system(command) == 0, command);
	double before = bench_seconds(), processor = processor_seconds();
	uint64_t bytes = write_all(claims, count, dir, &options, commit);
	double wrote = bench_seconds() - before, write_processor = processor_seconds() - processor;
	processor = processor_seconds();
	must(read_all(dir, &options) == count, "not all was read");
	double read_processor = processor_seconds() - processor;
	struct diags diags = {0};
	processor = processor_seconds();
	must(archive_verify(dir, &options, &diags) == 0, "verify");
	double verify_processor = processor_seconds() - processor;
	size_t raw = 0;
	for (size_t i = 0; i < count; i++)
		raw += claims->line[i].length;
	double each = 1e9 / (double)count;
	printf("{\"level\":%d,\"commit\":%zu,\"cipher\":%d,\"claims\":%zu,\"raw_bytes_per_claim\":%.1f,\"bytes_per_claim\":%.1f,\"write_seconds\":%.3f,"
	    "\"write_ns\":%.0f,\"read_ns\":%.0f,\"verify_ns\":%.0f,\"write_mb_per_second\":%.0f,\"read_mb_per_second\":%.0f}\n", level, commit, (int)cipher,
	    count, (double)raw / (double)count, (double)bytes / (double)count, wrote, write_processor * each, read_processor * each,
	    verify_processor * each, (double)raw / write_processor / 1e6, (double)raw / read_processor / 1e6);
	fflush(stdout);
	must(system(command) == 0, command);
}

int
main(int count, char **argument)
{
	static const int levels[] = {-5, -1, 3};
	static const size_t commits[] = {1, 16, 512, 4096};
	struct claims claims = {0};
	if (count != 3) {
		fprintf(stderr, "usage: bench_archive CLAIMS.ndjson FOLDER\n");
		return 64;
	}
	claims_read(&claims, argument[1], 1000000);
	for (size_t j = 0; j < sizeof commits / sizeof *commits; j++)
		run(&claims, argument[2], 1, commits[j], CIPHER_NONE);
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		run(&claims, argument[2], levels[i], 512, CIPHER_NONE);
	run(&claims, argument[2], 1, 512, CIPHER_AES_256_GCM);
	free(claims.line);
	buffer_free(&claims.bytes);
	return 0;
}
