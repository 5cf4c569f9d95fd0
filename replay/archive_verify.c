/* `fundwatch archive verify`: every byte of an archive, and every snapshot against the chain of its archive. */
#include "replay/archive.h"
#include "replay/sink.h"

#include "core/archive/snapshot.h"
#include "core/base/buffer.h"

#include <stdlib.h>
#include <sysexits.h>

struct verify_options {
	struct common_options common;
	struct archive_place place;
};

static const struct option_row verify_row[] = {
	ARCHIVE_PLACE_ROWS(struct verify_options),
};

static const struct command_form verify_form = {
	.name = "archive verify", .operands = "", .operands_least = 0, .operands_most = 0,
	.summary = {"校验档案的每个字节：校验和、哈希链、次序、封存、索引、规则集、快照。有损坏时逐处指出段、位置和字节，退出码 65。",
	    "Checks every byte of an archive: checksums, chain, order, seals, indexes, rulesets, snapshots. Every damage is told\n"
	    "with its segment, position and byte, and the exit code is 65."},
	.row = verify_row, .rows = sizeof verify_row / sizeof verify_row[0], .common = COMMON_JSON,
	.example = {
		{"fundwatch archive verify --archive /var/lib/fundwatch/1409", {"校验一个统筹区的档案", "checks the archive of one pool"}},
		{"fundwatch archive verify --archive /mnt/copy/1409 --chain-key chain.key",
		    {"用自己的链密钥校验副本，可发现篡改", "checks a copy with the site's own chain key: shows tampering"}}},
};

struct findings {
	size_t segments, snapshots, damages;
	uint64_t entries;
};

static void
damage(struct diags *diags, const char *dir, uint64_t position, const char *zh, const char *en)
{
	char file[4200];
	snprintf(file, sizeof file, "%s/snapshots/snapshot-%020llu.fws", dir, (unsigned long long)position);
	diag_add(diags, DIAG_ERROR, file, 0, 0, 1, NULL, zh, en, NULL, NULL);
}

/* A snapshot is opened, and stands on the archive that is here: the chain below its position is the one it names. */
static void
snapshot_check(const char *dir, const struct archive_options *keys, uint64_t position, uint64_t first, struct diags *diags)
{
	struct snapshot_head head;
	uint8_t chain[32];
	size_t before = diags->count;
	struct snapshot *snapshot = snapshot_open(dir, keys, position, &head, diags);
	if (!snapshot) {
		if (diags->count == before)
			damage(diags, dir, position, "快照已损坏", "the snapshot is damaged");
		return;
	}
	if (head.position < first)
		damage(diags, dir, position, "快照之后的条目已不在档案中，不能从它开始", "entries behind the snapshot are gone: nothing can start from it");
	else if (head.position > first && (!archive_chain_at(dir, keys, head.position, chain) || memcmp(chain, head.chain, sizeof chain) != 0))
		damage(diags, dir, position, "快照不属于这份档案：哈希链不同", "the snapshot is not of this archive: the chain differs");
	snapshot_head_free(&head);
	snapshot_close(snapshot);
}

static int
verify(const struct verify_options *options, struct findings *findings, struct diags *diags)
{
	enum language language = (enum language)options->common.language;
	const char *dir = options->place.dir;
	struct archive_options keys;
	struct archive_segment *segment = NULL;
	int result = archive_place_keys(&options->place, "archive verify", language, &keys);
	if (result == OPTIONS_GO_ON)
		result = archive_place_segments(&options->place, language, &segment, &findings->segments);
	if (result != OPTIONS_GO_ON) {
		free(segment);
		return result;
	}
	for (size_t i = 0; i < findings->segments; i++)
		findings->entries += segment[i].entries;
	uint64_t *position = NULL, first = segment[0].first;
	free(segment);
	archive_verify(dir, &keys, diags);
	findings->snapshots = snapshot_list(dir, &position);
	for (size_t i = 0; i < findings->snapshots; i++)
		snapshot_check(dir, &keys, position[i], first, diags);
	free(position);
	findings->damages = diags->errors;
	return OPTIONS_GO_ON;
}

static void
print_json(const struct findings *findings, const struct diags *diags, struct buffer *json)
{
	json_open(json, '{');
	json_key(json, "good");
	json_bool(json, findings->damages == 0);
	json_key(json, "segments");
	json_unsigned(json, findings->segments);
	json_key(json, "entries");
	json_unsigned(json, findings->entries);
	json_key(json, "snapshots");
	json_unsigned(json, findings->snapshots);
	json_key(json, "damages");
	json_open(json, '[');
	for (size_t i = 0; i < diags->count; i++) {
		if (diags->list[i].level != DIAG_ERROR)
			continue;
		json_open(json, '{');
		json_key(json, "file");
		json_text(json, diags->list[i].file);
		json_key(json, "zh");
		json_text(json, diags->list[i].message[LANGUAGE_ZH]);
		json_key(json, "en");
		json_text(json, diags->list[i].message[LANGUAGE_EN]);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static int
print(const struct verify_options *options, const struct findings *findings, const struct diags *diags)
{
	enum language language = (enum language)options->common.language;
	struct buffer text = {0};
	struct sink sink;
	if (options->common.json)
		print_json(findings, diags, &text);
	else if (findings->damages)
		buffer_printf(&text, language == LANGUAGE_ZH ? "已损坏：%zu 处" : "damaged: %zu places", findings->damages);
	else
		buffer_printf(&text, language == LANGUAGE_ZH ? "完好：%zu 段，%llu 条，%zu 个快照" : "good: %zu segments, %llu entries, %zu snapshots",
		    findings->segments, (unsigned long long)findings->entries, findings->snapshots);
	sink_open(&sink, "-", language);
	sink_line(&sink, (struct slice){text.data, text.length});
	int result = sink_close(&sink);
	buffer_free(&text);
	if (result != OPTIONS_GO_ON)
		return EX_IOERR;
	return findings->damages ? EX_DATAERR : EX_OK;
}

int
archive_verify_command(int argc, char **argv)
{
	struct verify_options options = {0};
	struct operands none;
	int result = options_parse(&verify_form, argc, argv, &options, &none);
	if (result != OPTIONS_GO_ON)
		return result;
	struct findings findings = {0};
	struct diags diags = {0};
	result = verify(&options, &findings, &diags);
	if (result == OPTIONS_GO_ON) {
		diags_print(&diags, (enum language)options.common.language, stderr);
		result = print(&options, &findings, &diags);
	}
	diags_free(&diags);
	options_free(&verify_form, &options, &none);
	return result;
}
