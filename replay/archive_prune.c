/* `fundwatch archive prune`: whole sealed segments go, the oldest first, never what the oldest snapshot needs. */
#include "replay/archive.h"

#include "core/archive/snapshot.h"
#include "core/base/time.h"

#include <stdlib.h>
#include <sysexits.h>

struct prune_options {
	struct common_options common;
	struct archive_place place;
	int32_t before;
	int64_t keep_bytes;
	bool dry_run;
};

#define AT(member) offsetof(struct prune_options, member)
static const struct option_row prune_row[] = {
	ARCHIVE_PLACE_ROWS(struct prune_options),
	{"before", OPTION_DATE, AT(before), "DATE", {"只含该日以前结算的段可以删除", "segments with settlements of earlier days only may go"}, 0, 0, NULL},
	{"keep-bytes", OPTION_NUMBER, AT(keep_bytes), "N", {"最旧的段可以删除，直到只剩这么多字节", "the oldest segments may go until this many bytes are left"},
	    1, INT64_MAX, NULL},
	{"dry-run", OPTION_FLAG, AT(dry_run), NULL, {"只说会删除什么，不删除", "say what would go and remove nothing"}, 0, 0, NULL},
};
#undef AT

static const struct command_form prune_form = {
	.name = "archive prune", .operands = "", .operands_least = 0, .operands_most = 0,
	.summary = {"删除最旧的已封存的段。最旧的快照之后的一切都保留：重放和恢复从快照开始；没有快照时什么也不删。",
	    "Removes the oldest sealed segments. Everything behind the oldest snapshot stays, because replay and recovery begin\n"
	    "there; without a snapshot nothing goes."},
	.row = prune_row, .rows = sizeof prune_row / sizeof prune_row[0],
	.example = {
		{"fundwatch archive prune --archive /var/lib/fundwatch/1409 --before 2022-01-01 --dry-run",
		    {"2022 年以前的段有哪些可以删除", "which segments of before 2022 could go"}},
		{"fundwatch archive prune --archive /var/lib/fundwatch/1409 --keep-bytes 500000000000",
		    {"最多留 500 GB", "keeps 500 GB at most"}}},
};

/* Position of the oldest snapshot that can be read; false: there is none. */
static bool
floor_find(const char *dir, const struct archive_options *keys, uint64_t *floor)
{
	uint64_t *position = NULL;
	size_t count = snapshot_list(dir, &position);
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		struct snapshot_head head;
		struct snapshot *snapshot = snapshot_open(dir, keys, position[i], &head, NULL);
		if (!snapshot)
			continue;
		found = true;
		*floor = head.position;
		snapshot_head_free(&head);
		snapshot_close(snapshot);
	}
	free(position);
	return found;
}

static int
prune(const struct prune_options *options)
{
	enum language language = (enum language)options->common.language;
	const struct archive_place *place = &options->place;
	struct archive_options keys;
	struct archive_segment *segment = NULL;
	size_t segments;
	int result = archive_place_keys(place, "archive prune", language, &keys);
	if (result == OPTIONS_GO_ON && options->before == INT32_MIN && options->keep_bytes == 0) {
		TELL(language, "%s 要给出 --before 或 --keep-bytes", "%s wants --before or --keep-bytes", "archive prune");
		result = EX_USAGE;
	}
	if (result == OPTIONS_GO_ON)
		result = archive_place_segments(place, language, &segment, &segments);
	free(segment);
	if (result != OPTIONS_GO_ON)
		return result;
	struct archive_limits limits = {.bytes = (uint64_t)options->keep_bytes,
	    .keep_from = options->before == INT32_MIN ? EVENT_TIME_NONE : (int64_t)options->before * DAY_SECONDS};
	if (!floor_find(place->dir, &keys, &limits.floor)) {
		TELL(language, "%s：没有可读的快照，什么也不删：从头重放需要全部条目",
		    "%s: there is no snapshot that can be read; nothing goes, because a replay from the beginning needs every entry", place->dir);
		return EX_OK;
	}
	struct diags diags = {0};
	size_t gone = archive_prune(place->dir, &limits, options->dry_run, &diags);
	size_t errors = diags.errors;
	diags_print(&diags, language, stderr);
	diags_free(&diags);
	if (!options->common.quiet && options->dry_run)
		TELL(language, "%s：会删除 %zu 段，共 %zu 段", "%s: segments that would go: %zu of %zu", place->dir, gone, segments);
	else if (!options->common.quiet)
		TELL(language, "%s：已删除 %zu 段，共 %zu 段", "%s: segments removed: %zu of %zu", place->dir, gone, segments);
	return errors ? EX_IOERR : EX_OK;
}

int
archive_prune_command(int argc, char **argv)
{
	struct prune_options options = {.before = INT32_MIN};
	struct operands none;
	int result = options_parse(&prune_form, argc, argv, &options, &none);
	if (result != OPTIONS_GO_ON)
		return result;
	result = prune(&options);
	options_free(&prune_form, &options, &none);
	return result;
}
