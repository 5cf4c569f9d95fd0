/* `fundwatch cost`: judges records by the rules and says what every rule was asked, matched, said and cost.  Times are
 * sampled and differ from run to run; counts do not. */
#include "replay/commands.h"
#include "replay/archive.h"
#include "replay/entries.h"
#include "replay/progress.h"
#include "replay/session.h"
#include "replay/sink.h"

#include "core/base/buffer.h"

#include <stdlib.h>
#include <sysexits.h>

struct cost_options {
	struct common_options common;
	struct archive_place place;     /* dir NULL: files are judged */
	int64_t batch;
	bool close_all;
};

static const struct option_row cost_row[] = {
	ARCHIVE_PLACE_ROWS(struct cost_options),
	{"batch", OPTION_NUMBER, offsetof(struct cost_options, batch), "N", {"每批记录数，默认 4096", "records a batch, default 4096"}, 1, 1 << 20, NULL},
	{"close-all", OPTION_FLAG, offsetof(struct cost_options, close_all), NULL, {"结束时关闭所有未到期的窗口",
	    "close every window that is still open at the end"}, 0, 0, NULL},
};

static const struct command_form cost_form = {
	.name = "cost", .operands = "FILE...|-|--archive DIR", .operands_least = 0, .operands_most = SIZE_MAX,
	.summary = {"按规则判定结算文件或档案，列出每条规则被问及、命中、告警的次数和每笔结算的耗时（抽样）。\n档案中所记的规则不用，只用给出的规则。",
	    "Judges files of settlements or an archive by the rules and lists what every rule was asked, matched and said, and\n"
	    "what it costs a claim (sampled).  Rules that an archive records are passed over: those that were given judge."},
	.row = cost_row, .rows = sizeof cost_row / sizeof cost_row[0],
	.common = COMMON_RULES | COMMON_RECORD | COMMON_JSON,
	.example = {
		{"fundwatch cost settlements.ndjson", {"每条规则的耗时，最费时的在前", "what every rule costs, the dearest first"}},
		{"fundwatch cost --json --archive /var/lib/fundwatch/1409", {"用档案测，以 JSON 输出", "over an archive, as JSON"}}},
};

struct costing {
	const struct cost_options *options;
	struct session session;
	struct scored scored;
	struct progress progress;
	uint64_t seen;
};

/* ---- judging ---- */

static void
records_judge(struct costing *costing, const struct record *record, size_t count)
{
	for (size_t done = 0; done < count;)
		done += scorer_score(costing->session.scorer, record + done, count - done, &costing->scored);
	costing->seen += count;
}

static int
files_judge(struct costing *costing)
{
	size_t batch = (size_t)costing->options->batch, count;
	struct line *line = memory_get(batch, sizeof *line);
	struct record *record = memory_get(batch, sizeof *record);
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < costing->session.inputs && result == OPTIONS_GO_ON; i++) {
		struct input *input = &costing->session.input[i];
		while ((count = input_batch(input, line, record, batch)) > 0) {
			records_judge(costing, record, count);
			progress_show(&costing->progress, reader_bytes(input->reader), costing->seen);
		}
		result = input_end(&costing->session, input);
	}
	free(line);
	free(record);
	return result;
}

static void
other_judge(struct costing *costing, const struct entry *entry)
{
	if (entry->kind == ENTRY_TICK)
		scorer_tick(costing->session.scorer, entry->tick.time, &costing->scored);
	if (entry->kind != ENTRY_RULES)
		return;
	archive_settings_use(&entry->rules.settings, &costing->session.limits);
	scorer_set_limits(costing->session.scorer, &costing->session.limits);
}

static int
archive_judge(struct costing *costing)
{
	const struct archive_place *place = &costing->options->place;
	enum language language = costing->session.language;
	struct archive_options keys = {0};
	struct diags diags = {0};
	enum archive_failure failure;
	enum archive_step end;
	int result = archive_place_keys(place, "cost", language, &keys);
	if (result != OPTIONS_GO_ON)
		return result;
	struct entries_options reading = {.from = 0, .to = UINT64_MAX, .batch = (size_t)costing->options->batch, .decode = true, .follow = true,
	    .limits = costing->session.limits.decode};
	struct entries *entries = entries_open(place->dir, &keys, &reading, &failure, &diags);
	if (!entries)
		return archive_failed(place, language, failure, &diags);
	for (struct entry_batch *batch; (batch = entries_next(entries, &end)); entries_done(entries, batch)) {
		records_judge(costing, batch->record, batch->count);
		if (batch->has_other)
			other_judge(costing, &batch->other);
		progress_show(&costing->progress, batch->bytes, costing->seen);
	}
	entries_close(entries);
	if (end == ARCHIVE_DAMAGED)
		return archive_failed(place, language, ARCHIVE_BROKEN, &diags);
	diags_free(&diags);
	return OPTIONS_GO_ON;
}

/* ---- what it came to ---- */

struct row {
	const char *name;
	const struct rule *rule;        /* NULL: shared by all */
	uint64_t evaluated, matched, alerts, ns;
};

static int
row_order(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	if (left->ns != right->ns)
		return left->ns > right->ns ? -1 : 1;
	return strcmp(left->name, right->name);
}

struct bill {
	struct row *row;
	size_t rows;
	uint64_t claims, ns;
};

static void
bill_make(struct bill *bill, const struct costing *costing)
{
	const struct ruleset *rules = costing->session.rules;
	const struct scorer *scorer = costing->session.scorer;
	struct shared_cost shared = scorer_shared_cost(scorer);
	bool zh = costing->session.language == LANGUAGE_ZH, json = costing->options->common.json;
	*bill = (struct bill){.row = memory_get(rules->rules + 2, sizeof *bill->row), .claims = shared.claims};
	bill->row[bill->rows++] = (struct row){json ? "conditions" : zh ? "（所有规则的条件）" : "(conditions of all rules)", .ns = shared.matcher.ns};
	bill->row[bill->rows++] = (struct row){json ? "state" : zh ? "（状态）" : "(state)", .ns = shared.settling.ns};
	for (size_t i = 0; i < rules->rules; i++) {
		const struct rule_counts *counts = scorer_rule_counts(scorer, i);
		if (rules->rule[i].mode != MODE_OFF)
			bill->row[bill->rows++] = (struct row){rules->rule[i].id, &rules->rule[i], counts->evaluated, counts->matched, counts->lines,
			    scorer_rule_cost(scorer, i)->ns};
	}
	for (size_t i = 0; i < bill->rows; i++)
		bill->ns += bill->row[i].ns;
	qsort(bill->row, bill->rows, sizeof *bill->row, row_order);
}

static double
part(uint64_t of, uint64_t whole)
{
	return whole ? (double)of / (double)whole : 0;
}

static void
bill_text(const struct bill *bill, enum language language, struct sink *sink)
{
	bool zh = language == LANGUAGE_ZH;
	struct buffer line = {0};
	buffer_printf(&line, zh ? "%-26s %12s %12s %9s %12s %7s" : "%-26s %12s %12s %9s %12s %7s", zh ? "规则" : "rule", zh ? "被问" : "evaluated",
	    zh ? "命中" : "matched", zh ? "告警" : "alerts", zh ? "纳秒/笔" : "ns/claim", zh ? "占比" : "share");
	sink_line(sink, (struct slice){line.data, line.length});
	for (size_t i = 0; i < bill->rows; i++) {
		const struct row *row = &bill->row[i];
		line.length = 0;
		buffer_printf(&line, "%-26s ", row->name);
		if (row->rule)
			buffer_printf(&line, "%12llu %12llu %9llu", (unsigned long long)row->evaluated, (unsigned long long)row->matched,
			    (unsigned long long)row->alerts);
		else
			buffer_printf(&line, "%12s %12s %9s", "-", "-", "-");
		buffer_printf(&line, " %12.1f %6.1f%%", part(row->ns, bill->claims), 100 * part(row->ns, bill->ns));
		sink_line(sink, (struct slice){line.data, line.length});
	}
	buffer_free(&line);
}

static void
member(struct buffer *json, const char *name, uint64_t value)
{
	json_key(json, name);
	json_unsigned(json, value);
}

static void
member_double(struct buffer *json, const char *name, double value)
{
	json_key(json, name);
	buffer_printf(json, "%.6g", value);
}

static void
row_json(struct buffer *json, const struct bill *bill, const struct row *row)
{
	if (row->rule) {
		json_open(json, '{');
		json_key(json, "id");
		json_text(json, row->name);
		member(json, "evaluated", row->evaluated);
		member(json, "matched", row->matched);
		member(json, "alerts", row->alerts);
	} else {
		json_key(json, row->name);
		json_open(json, '{');
	}
	member_double(json, "ns_per_claim", part(row->ns, bill->claims));
	member_double(json, "share", part(row->ns, bill->ns));
	json_close(json, '}');
}

static void
bill_json(const struct bill *bill, const struct ruleset *rules, struct sink *sink)
{
	struct buffer json = {0};
	json_open(&json, '{');
	json_key(&json, "ruleset");
	json_text(&json, rules->digest);
	member(&json, "claims", bill->claims);
	member(&json, "sampled_every", COST_EVERY);
	member_double(&json, "ns_per_claim", part(bill->ns, bill->claims));
	for (size_t i = 0; i < bill->rows; i++)
		if (!bill->row[i].rule)
			row_json(&json, bill, &bill->row[i]);
	json_key(&json, "rules");
	json_open(&json, '[');
	for (size_t i = 0; i < bill->rows; i++)
		if (bill->row[i].rule)
			row_json(&json, bill, &bill->row[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	sink_line(sink, (struct slice){json.data, json.length});
	buffer_free(&json);
}

static int
bill_print(const struct costing *costing)
{
	struct bill bill;
	struct sink sink;
	bill_make(&bill, costing);
	sink_open(&sink, "-", costing->session.language);
	if (costing->options->common.json)
		bill_json(&bill, costing->session.rules, &sink);
	else
		bill_text(&bill, costing->session.language, &sink);
	free(bill.row);
	return sink_close(&sink) == OPTIONS_GO_ON ? EX_OK : EX_IOERR;
}

static int
costing_open(struct costing *costing, const struct operands *files)
{
	const struct cost_options *options = costing->options;
	enum language language = (enum language)options->common.language;
	bool archive = options->place.dir != NULL;
	if (archive ? files->count > 0 || options->common.records.count > 0 : files->count == 0) {
		TELL(language, "%s", "%s", language == LANGUAGE_ZH ? "cost 需要 FILE...|-|--archive DIR 之一；用法见 fundwatch cost --help"
		    : "cost wants one of FILE...|-|--archive DIR; see fundwatch cost --help");
		return EX_USAGE;
	}
	int result = session_open(&costing->session, &options->common, files);
	if (result != OPTIONS_GO_ON)
		return result;
	costing->session.limits.clock = clock_ns;
	scorer_set_limits(costing->session.scorer, &costing->session.limits);
	costing->scored.fate = memory_get((size_t)options->batch, sizeof *costing->scored.fate);
	progress_open(&costing->progress, language, !options->common.quiet, 0);
	return OPTIONS_GO_ON;
}

int
command_cost(int argc, char **argv)
{
	struct cost_options options = {.batch = 4096};
	struct operands files;
	int result = options_parse(&cost_form, argc, argv, &options, &files);
	if (result != OPTIONS_GO_ON)
		return result;
	struct costing costing = {.options = &options};
	result = costing_open(&costing, &files);
	if (result == OPTIONS_GO_ON) {
		result = options.place.dir ? archive_judge(&costing) : files_judge(&costing);
		progress_close(&costing.progress);
	}
	if (result == OPTIONS_GO_ON && options.close_all)
		scorer_close_windows(costing.session.scorer, &costing.scored);
	if (result == OPTIONS_GO_ON)
		result = bill_print(&costing);
	free(costing.scored.fate);
	session_close(&costing.session);
	options_free(&cost_form, &options, &files);
	return result;
}
