/* `fundwatch generate`: a synthetic county with planted problems and the truth about them. */
#include "replay/commands.h"
#include "replay/generate.h"
#include "replay/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

#define AT(member) offsetof(struct generate_options, member)
static const char *const plant_words[] = {
#define SCENARIO(name, family, detector, rule, zh, en) #name,
#include "replay/generate_scenarios.def"
#undef SCENARIO
	NULL
};

static const struct option_row generate_row[] = {
	{"seed", OPTION_NUMBER, AT(seed), "N", {"随机种子；种子和选项相同则输出逐字节相同，默认 1", "seed; the same seed and options give the same bytes; default 1"},
	    0, INT64_MAX, NULL},
	{"persons", OPTION_NUMBER, AT(persons), "N", {"人数，默认 20000", "persons, default 20000"}, 100, 20000000, NULL},
	{"from", OPTION_DATE, AT(from), "DATE", {"第一天，默认 2024-01-01", "first day, default 2024-01-01"}, 0, 0, NULL},
	{"to", OPTION_DATE, AT(to), "DATE", {"最后一天，默认 2024-12-31", "last day, default 2024-12-31"}, 0, 0, NULL},
	{"area", OPTION_LIST, AT(areas), "CODE", {"六位参保区划，可重复，默认 141121 和 140525", "six digits of an insured area; repeatable; default 141121 and 140525"},
	    0, 0, NULL},
	{"plant", OPTION_LIST, AT(plants), "SCENARIO", {"只植入该问题，可重复（默认全部）", "plant this problem only, repeatable (default: all)"}, 0, 0, plant_words},
	{"clean", OPTION_FLAG, AT(clean), NULL, {"不植入任何问题", "plant nothing"}, 0, 0, NULL},
	{"out", OPTION_TEXT, AT(out), "DIR", {"输出目录（必须）", "folder to write to (needed)"}, 0, 0, NULL},
};
#undef AT

static const struct command_form generate_form = {
	.name = "generate", .operands = "", .operands_least = 0, .operands_most = 0,
	.summary = {"生成合成的县域数据：人员、机构和姓名均为虚构。\n"
	    "  settlements.ndjson   结算，按到达顺序；含退费、重报、作废、中途结算、迟到的记录\n"
	    "  enrolment.ndjson     参保登记\n"
	    "  tables/              institutions.csv、population.csv，以及规则目录中其余参照表的副本\n"
	    "  truth.json           植入了什么：场景、规则、主体、期间、结算单、金额，以及各类记录数\n\n可植入的问题："
#define SCENARIO(name, family, detector, rule, zh, en) "\n  " #name "：" zh
#include "replay/generate_scenarios.def"
#undef SCENARIO
	    ,
	    "Makes a synthetic county; every person, institution and name in it is invented.\n"
	    "  settlements.ndjson   settlements in order of arrival, with refunds, restatements, void, interim and late ones\n"
	    "  enrolment.ndjson     enrolments\n"
	    "  tables/              institutions.csv, population.csv, and copies of the other tables of the rules folder\n"
	    "  truth.json           what was planted: scenario, rule, subject, period, settlements, money; counts of records\n\n"
	    "Problems that can be planted:"
#define SCENARIO(name, family, detector, rule, zh, en) "\n  " #name ": " en
#include "replay/generate_scenarios.def"
#undef SCENARIO
	},
	.row = generate_row, .rows = sizeof generate_row / sizeof generate_row[0],
	.common = COMMON_RULES | COMMON_JSON,
	.example = {
		{"fundwatch generate --seed 7 --persons 20000 --from 2024-01-01 --to 2024-12-31 --out county",
		    {"两万人一年，植入全部问题", "20,000 persons, one year, every problem planted"}},
		{"fundwatch generate --clean --persons 1000000 --area 141121 --out clean",
		    {"一百万人，没有植入问题，用于数误报", "a million persons and nothing planted, to count false alarms"}}},
};

/* ---- files ---- */

static char *
path_of(const struct generate_options *options, const char *name)
{
	size_t size = strlen(options->out) + strlen(name) + 2;
	char *path = memory_get(size, 1);
	snprintf(path, size, "%s/%s", options->out, name);
	return path;
}

/* 74 when the place is full or broken, 73 when nothing could be made there at all. */
static int
cannot_write(const struct generate_options *options, const char *path, int error)
{
	TELL((enum language)options->common.language, "写不了 %s：%s", "cannot write %s: %s", path,
	    error_text(error, (enum language)options->common.language));
	return error == ENOSPC || error == EIO || error == EDQUOT || error == EFBIG ? EX_IOERR : EX_CANTCREAT;
}

static int
make_folder(const struct generate_options *options, const char *name)
{
	char *path = path_of(options, name);
	int result = OPTIONS_GO_ON;
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		result = cannot_write(options, path, errno);
	free(path);
	return result;
}

/* One table of the rules folder; one that it does not have is told. */
static int
copy_table(const struct generate_options *options, const char *name)
{
	char from[4096], to[128], block[1 << 14];
	if (options->common.tables)
		snprintf(from, sizeof from, "%s/%s", options->common.tables, name);
	else
		snprintf(from, sizeof from, "%s/tables/%s", options_rules(&options->common), name);
	FILE *source = fopen(from, "rbe");
	if (!source) {
		enum language language = (enum language)options->common.language;
		TELL(language, "警告：参照表 %s 读不了（%s），tables/ 里没有它；用 --rules 或 --tables 指明", "warning: the table %s cannot be read (%s) and is not in tables/; name it with --rules or --tables",
		    from, error_text(errno, language));
		return OPTIONS_GO_ON;
	}
	snprintf(to, sizeof to, "tables/%s", name);
	char *path = path_of(options, to);
	FILE *copy = fopen(path, "wbe");
	int error = copy ? 0 : errno;
	for (size_t length; copy && !error && (length = fread(block, 1, sizeof block, source)) > 0;)
		if (fwrite(block, 1, length, copy) != length)
			error = errno;
	if (copy && fclose(copy) != 0 && !error)
		error = errno;
	fclose(source);
	int result = error ? cannot_write(options, path, error) : OPTIONS_GO_ON;
	free(path);
	return result;
}

static int
write_tables(const struct generate_options *options, const struct world *world)
{
	static const char *const shipped[] = {"identity.csv", "level.csv", "medtype.csv", "payment.csv", "pools.csv"};
	int result = make_folder(options, "tables");
	for (size_t i = 0; result == OPTIONS_GO_ON && i < sizeof shipped / sizeof shipped[0]; i++)
		result = copy_table(options, shipped[i]);
	char *institutions = path_of(options, "tables/institutions.csv"), *population = path_of(options, "tables/population.csv");
	int error;
	if (result == OPTIONS_GO_ON && (error = write_institutions(world, institutions)))
		result = cannot_write(options, institutions, error);
	if (result == OPTIONS_GO_ON && (error = write_population(world, population)))
		result = cannot_write(options, population, error);
	free(institutions);
	free(population);
	return result;
}

static int
write_settlements(const struct generate_options *options, struct world *world)
{
	char *path = path_of(options, "settlements.ndjson");
	world->settlements = fopen(path, "wbe");
	int result = OPTIONS_GO_ON;
	if (world->settlements) {
		setvbuf(world->settlements, NULL, _IOFBF, (size_t)1 << 20);
		progress_open(&world->progress, (enum language)options->common.language, !options->common.quiet && !options->common.json,
		    (uint64_t)(world->to - world->from) + 1);
		life_run(world);
		progress_close(&world->progress);
		errno = 0;
		if (fclose(world->settlements) != 0 && !world->failed)
			world->failed = errno ? errno : EIO;
	} else {
		world->failed = errno;
	}
	if (world->failed)
		result = cannot_write(options, path, world->failed);
	free(path);
	return result;
}

static int
write_named(const struct generate_options *options, struct world *world, const char *name, bool truth)
{
	char *path = path_of(options, name);
	int error = truth ? write_truth(world, path) : write_enrolment(world, path);
	int result = error ? cannot_write(options, path, error) : OPTIONS_GO_ON;
	free(path);
	return result;
}

/* ---- what is told ---- */

static void
tell_skips(const struct world *world)
{
	for (size_t i = 0; i < world->skips; i++)
		TELL((enum language)world->options->common.language, "没有植入 %s：%s", "not planted: %s: %s",
		    world->skipped[i].scenario, world->skipped[i].why);
}

static void
tell_counts(const struct world *world)
{
	enum language language = (enum language)world->options->common.language;
	const struct counts *counts = &world->counts;
	TELL(language, "%s：%u 人，%llu 行（%.1f MiB），参保登记 %llu 条，植入问题 %zu 个",
	    "%s: %u persons, %llu lines (%.1f MiB), %llu enrolments, %zu planted problems", world->options->out, world->persons,
	    (unsigned long long)counts->lines, (double)counts->bytes / 1048576.0, (unsigned long long)counts->enrolments, world->truths);
}

static int
print_json(const struct world *world)
{
	struct buffer json = {0};
	struct sink sink;
	json_open(&json, '{');
	json_key(&json, "out");
	json_text(&json, world->options->out);
	json_key(&json, "lines");
	json_unsigned(&json, world->counts.lines);
	json_key(&json, "bytes");
	json_unsigned(&json, world->counts.bytes);
	json_key(&json, "enrolments");
	json_unsigned(&json, world->counts.enrolments);
	json_key(&json, "planted");
	json_unsigned(&json, world->truths);
	json_close(&json, '}');
	sink_open(&sink, "-", (enum language)world->options->common.language);
	sink_line(&sink, (struct slice){json.data, json.length});
	buffer_free(&json);
	return sink_close(&sink);
}

/* ---- the command ---- */

static int
check_options(const struct generate_options *options, struct world *world)
{
	enum language language = (enum language)options->common.language;
	static const char *const usual[] = {"141121", "140525"};
	if (!options->out || !*options->out) {
		TELL(language, "缺少 --out %s", "--out %s is needed", "DIR");
		return EX_USAGE;
	}
	if (options->clean && options->plants.count) {
		TELL(language, "--clean 和 --plant 不能同时使用%s", "--clean and --plant do not go together%s", "");
		return EX_USAGE;
	}
	if (options->from > options->to || day_year(options->from) < 2000 || day_year(options->to) - day_year(options->from) >= YEARS_MAX
	    || day_year(options->to) > 2099) {
		TELL(language, "--from 到 --to 须在 2000 到 2099 年之间，不超过 %d 年", "--from to --to must lie between 2000 and 2099 and span at most %d years",
		    YEARS_MAX - 1);
		return EX_USAGE;
	}
	for (size_t i = 0; i < options->areas.count; i++) {
		if (!world_area_add(world, options->areas.item[i])) {
			TELL(language, "--area 要六位数字、不重复、最多 %d 个，而不是“%s”", "--area wants six digits, none twice, at most %d of them, not \"%s\"",
			    AREAS_MAX, options->areas.item[i]);
			return EX_USAGE;
		}
	}
	for (size_t i = 0; options->areas.count == 0 && i < 2; i++)
		world_area_add(world, usual[i]);
	return OPTIONS_GO_ON;
}

static int
generate(const struct generate_options *options, struct world *world)
{
	int result = check_options(options, world);
	if (result != OPTIONS_GO_ON)
		return result;
	world_build(world);
	plant_all(world);
	if (!options->common.quiet)
		tell_skips(world);
	if (options->plants.count && world->skips)
		return EX_USAGE;
	result = make_folder(options, "");
	if (result == OPTIONS_GO_ON)
		result = write_tables(options, world);
	if (result == OPTIONS_GO_ON)
		result = write_named(options, world, "enrolment.ndjson", false);
	if (result == OPTIONS_GO_ON)
		result = write_settlements(options, world);
	if (result == OPTIONS_GO_ON)
		result = write_named(options, world, "truth.json", true);
	if (result == OPTIONS_GO_ON && options->common.json)
		result = print_json(world);
	if (result == OPTIONS_GO_ON && !options->common.quiet && !options->common.json)
		tell_counts(world);
	return result == OPTIONS_GO_ON ? EX_OK : result;
}

int
command_generate(int argc, char **argv)
{
	struct generate_options options = {
		.seed = 1, .persons = 20000, .from = day_from_civil(2024, 1, 1), .to = day_from_civil(2024, 12, 31)};
	struct operands operands;
	int result = options_parse(&generate_form, argc, argv, &options, &operands);
	if (result != OPTIONS_GO_ON)
		return result;
	struct world *world = memory_get(1, sizeof *world);
	world->options = &options;
	world->seed = (uint64_t)options.seed;
	world->persons = (uint32_t)options.persons;
	world->from = options.from;
	world->to = options.to;
	result = generate(&options, world);
	world_free(world);
	free(world);
	options_free(&generate_form, &options, &operands);
	return result;
}
