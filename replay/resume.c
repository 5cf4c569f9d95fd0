/* See resume.h. */
#include "replay/resume.h"

#include "core/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define FORM 1

static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void
resume_watch(void)
{
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool
resume_interrupted(void)
{
	return interrupted;
}

static void
run_path(const struct replay *replay, const char *name, char path[4096])
{
	snprintf(path, 4096, "%s/%s", replay->options->resume, name);
}

/* Everything that decides what is written and where.  A digest, because --person may be a person's number. */
static void
options_digest(const struct replay *replay, char text[DIGEST_TEXT_SIZE])
{
	const struct replay_options *options = replay->options;
	struct buffer json = {0};
	uint8_t value[DIGEST_BYTES];
	json_open(&json, '[');
	json_integer(&json, options->from);
	json_integer(&json, options->to);
	json_text(&json, options->person);
	json_text(&json, options->institution);
	json_text(&json, replay->past.own_rules ? replay->session.rules->digest : NULL);
	json_bool(&json, options->common.person_clear);
	for (int i = 0; i < SINKS; i++)
		json_text(&json, i == SINK_SUMMARY ? NULL : options->path[i]);
	json_close(&json, ']');
	sha256(json.data, json.length, value);
	hex_text(value, DIGEST_BYTES, text);
	buffer_free(&json);
}

void
resume_mark(struct replay *replay, const struct entry_batch *batch)
{
	if (batch->count == 0)
		return;
	const struct record *record = &batch->record[batch->count - 1];
	replay->past.resume.mark = batch->first + batch->count - 1;
	replay->past.resume.mark_bytes = hash128(record->bytes, record->length);
}

/* ---- reading ---- */

static bool
run_parse(FILE *file, struct resume *resume, char digest[DIGEST_TEXT_SIZE], uint64_t *shown)
{
	int form = 0, end = 0;
	char text[DIGEST_TEXT_SIZE];
	int got = fscanf(file, "fundwatch-replay %d options %64s position %" SCNu64 " mark %" SCNu64 " %" SCNx64 " %" SCNx64 " shown %" SCNu64
	    " lengths %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", &form, text, &resume->position, &resume->mark,
	    &resume->mark_bytes.low, &resume->mark_bytes.high, shown, &resume->length[0], &resume->length[1], &resume->length[2],
	    &resume->length[3], &end);
	memcpy(digest, text, sizeof text);
	return got == 11 && form == FORM && end > 0 && fgetc(file) == EOF;
}

/* The record judged last is still at its place: it is the same archive. */
static bool
mark_is_there(const struct replay *replay)
{
	const struct resume *resume = &replay->past.resume;
	struct diags diags = {0};
	enum archive_failure failure;
	struct entry entry;
	if (resume->mark == UINT64_MAX)
		return true;
	struct archive_reader *reader = archive_read(replay->options->place.dir, &replay->past.keys, resume->mark, &failure, &diags);
	bool there = reader && archive_reader_next(reader, &entry) == ARCHIVE_ENTRY && entry.position == resume->mark
	    && entry.kind == ENTRY_RECORD;
	if (there) {
		struct hash128 now = hash128(entry.record.bytes.data, entry.record.bytes.length);
		there = now.low == resume->mark_bytes.low && now.high == resume->mark_bytes.high;
	}
	if (reader)
		archive_reader_free(reader);
	diags_free(&diags);
	return there;
}

static int
run_damaged(const struct replay *replay)
{
	TELL(replay->session.language, "%s 里的进度已损坏；删除它即从头判起", "the progress in %s is damaged; remove it to begin anew",
	    replay->options->resume);
	return EX_DATAERR;
}

int
resume_read(struct replay *replay)
{
	enum language language = replay->session.language;
	struct resume *resume = &replay->past.resume;
	char path[4096], then[DIGEST_TEXT_SIZE], now[DIGEST_TEXT_SIZE];
	resume->mark = UINT64_MAX;
	run_path(replay, "run", path);
	FILE *file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return OPTIONS_GO_ON;
	bool whole = file && run_parse(file, resume, then, &replay->shown_standing);
	if (file)
		fclose(file);
	if (!whole)
		return run_damaged(replay);
	options_digest(replay, now);
	if (strcmp(then, now) != 0) {
		TELL(language, "%s 里的重放用的是别的选项或规则；换一个目录", "the replay in %s was begun with other options or rules; take another folder",
		    replay->options->resume);
		return EX_USAGE;
	}
	if (!mark_is_there(replay)) {
		TELL(language, "%s 里的重放属于另一份档案", "the replay in %s is of another archive", replay->options->resume);
		return EX_DATAERR;
	}
	resume->found = true;
	return OPTIONS_GO_ON;
}

/* ---- writing ---- */

static int
save_failed(const struct replay *replay, int error)
{
	enum language language = replay->session.language;
	TELL(language, "进度写不进 %s：%s", "cannot keep the progress in %s: %s", replay->options->resume, error_text(error, language));
	return EX_IOERR;
}

/* 0 or errno. */
static int
outputs_sync(struct replay *replay)
{
	for (int i = 0; i < SINK_SUMMARY; i++) {
		FILE *file = replay->sink[i].file;
		replay->past.resume.length[i] = 0;
		if (!file)
			continue;
		if (fflush(file) != 0 || (fsync(fileno(file)) != 0 && errno != EINVAL && errno != EROFS))
			return errno;
		off_t length = ftello(file);
		replay->past.resume.length[i] = length > 0 ? length : 0;
	}
	return 0;
}

static void
run_print(const struct replay *replay, FILE *file)
{
	const struct resume *resume = &replay->past.resume;
	char digest[DIGEST_TEXT_SIZE];
	options_digest(replay, digest);
	fprintf(file, "fundwatch-replay %d\noptions %s\nposition %" PRIu64 "\nmark %" PRIu64 " %016" PRIx64 " %016" PRIx64 "\nshown %" PRIu64
	    "\nlengths %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", FORM, digest, resume->position, resume->mark,
	    resume->mark_bytes.low, resume->mark_bytes.high, replay->shown_standing, resume->length[0], resume->length[1], resume->length[2],
	    resume->length[3]);
}

static int
folder_sync(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return errno;
	int error = fsync(folder) == 0 ? 0 : errno;
	close(folder);
	return error;
}

/* Replaces DIR/run.  0 or errno. */
static int
run_write(const struct replay *replay)
{
	char path[4096], temporary[4096];
	run_path(replay, "run", path);
	run_path(replay, "run.new", temporary);
	FILE *file = fopen(temporary, "we");
	if (!file)
		return errno;
	run_print(replay, file);
	bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;
	int error = good ? 0 : errno;
	if (fclose(file) != 0 && error == 0)
		error = errno;
	if (error == 0 && rename(temporary, path) != 0)
		error = errno;
	return error ? error : folder_sync(replay->options->resume);
}

static int
folders_make(const struct replay *replay)
{
	char path[4096];
	run_path(replay, "snapshots", path);
	if (mkdir(replay->options->resume, 0700) != 0 && errno != EEXIST)
		return errno;
	return mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
}

int
resume_save(struct replay *replay, uint64_t position)
{
	struct past *past = &replay->past;
	struct snapshot_head head = {.position = position, .one_ruleset = past->one_ruleset, .newest_event = past->newest_event,
	    .alerts = replay->alerts, .feed = replay->digest};
	memcpy(head.ruleset, replay->session.rules->digest, sizeof head.ruleset);
	archive_settings_of(&replay->session.limits, &head.settings);
	archive_chain_at(replay->options->place.dir, &past->keys, position, head.chain);        /* only where a frame ends */
	past->resume.position = position;
	int error = outputs_sync(replay);
	if (error == 0)
		error = folders_make(replay);
	if (error == 0)
		error = snapshot_write(replay->options->resume, &past->keys, &head, replay->session.scorer);
	if (error == 0)
		error = run_write(replay);
	if (error)
		return save_failed(replay, error);
	snapshot_sweep(replay->options->resume, 1);
	return OPTIONS_GO_ON;
}

void
resume_drop(const struct replay *replay)
{
	char path[4096];
	run_path(replay, "run", path);
	unlink(path);
	snapshot_sweep(replay->options->resume, 0);
}
