/* `fundwatch explain`: for settlements of a file, every rule: matched or not, and the values that decided.
 *
 * The file is judged in order, and a settlement is explained before it is judged itself: what the officer reads is
 * what the rules saw. */
#include "replay/commands.h"
#include "replay/session.h"
#include "replay/sink.h"

#include "core/base/buffer.h"

#include <stdlib.h>
#include <sysexits.h>

#define EXPLAIN_BATCH 1024
#define EXPLAIN_MOST 1000       /* records explained when none is named */

struct explain_options {
	struct common_options common;
	const char *setl_id;
};

struct explain {
	struct session session;
	const struct explain_options *options;
	struct decoder *decoder;        /* only to read the setl_id */
	struct sink sink;
	struct buffer text, json;
	struct line line[EXPLAIN_BATCH];
	struct record batch[EXPLAIN_BATCH];
	struct scored scored;
	enum fate fate[EXPLAIN_BATCH];
	uint64_t explained;
	bool capped;
};

static const struct option_row explain_row[] = {
	{"setl-id", OPTION_TEXT, offsetof(struct explain_options, setl_id), "ID", {"只说明该结算单", "only the settlement with this setl_id"}, 0, 0, NULL},
};

static const struct command_form explain_form = {
	.name = "explain", .operands = "FILE...|-", .operands_least = 1, .operands_most = SIZE_MAX,
	.summary = {"按顺序判定文件，并在判定一笔结算之前说明每条规则是否命中、由哪些值决定；不指定结算单时最多说明 1000 笔。",
	    "Judges the file in order and says, before a settlement is judged, for every rule: matched or not, and the\n"
	    "values that decided. Without --setl-id at most 1,000 settlements are explained."},
	.row = explain_row, .rows = sizeof explain_row / sizeof explain_row[0],
	.common = COMMON_RULES | COMMON_RECORD | COMMON_PERSON | COMMON_JSON,
	.example = {
		{"fundwatch explain --setl-id S0001 settlements.ndjson", {"说明结算单 S0001", "explains the settlement S0001"}},
		{"fundwatch explain --record enrolment=enrolment.ndjson --lang en march.ndjson.gz",
		    {"先读参保登记，逐笔说明", "reads the enrolments first, then explains one after another"}}},
};

static bool
is_wanted(struct explain *explain, const struct record *record)
{
	if (record->kind != RECORD_SETTLEMENT)
		return false;
	const char *wanted = explain->options->setl_id;
	if (!wanted)
		return !explain->capped;
	struct claim claim;
	struct refusal why;
	bool decoded = decode_settlement(explain->decoder, record->bytes, record->length, &claim, &why);
	bool same = decoded && slice_equal(claim_text(&claim, FIELD_setl_id), slice_of(wanted));
	decoder_reset(explain->decoder);
	return same;
}

static void
print_record(struct explain *explain, const struct record *record)
{
	struct buffer *text = &explain->text, *json = &explain->json;
	text->length = json->length = 0;
	if (explain->options->common.json) {
		scorer_explain(explain->session.scorer, record, explain->session.language, text);
		json_open(json, '{');
		json_key(json, "file");
		json_text(json, record->file);
		json_key(json, "line");
		json_integer(json, record->line);
		json_key(json, "text");
		json_string(json, (struct slice){text->data, text->length});
		json_close(json, '}');
		sink_line(&explain->sink, (struct slice){json->data, json->length});
	} else {
		buffer_printf(text, "%s%s:%lld\n", explain->explained ? "\n" : "", record->file, (long long)record->line);
		scorer_explain(explain->session.scorer, record, explain->session.language, text);
		if (text->length && text->data[text->length - 1] == '\n')
			text->length--;
		sink_line(&explain->sink, (struct slice){text->data, text->length});
	}
	explain->explained++;
}

static void
judge(struct explain *explain, const struct record *record, size_t count)
{
	for (size_t done = 0; done < count;)
		done += scorer_score(explain->session.scorer, record + done, count - done, &explain->scored);
}

static void
explain_batch(struct explain *explain, size_t count)
{
	size_t judged = 0;
	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(explain, &explain->batch[i]))
			continue;
		judge(explain, explain->batch + judged, i - judged);
		judged = i;
		print_record(explain, &explain->batch[i]);
		if (!explain->options->setl_id && explain->explained == EXPLAIN_MOST)
			explain->capped = true;
	}
	judge(explain, explain->batch + judged, count - judged);
}

static int
explain_inputs(struct explain *explain)
{
	for (size_t i = 0; i < explain->session.inputs; i++) {
		struct input *input = &explain->session.input[i];
		size_t count;
		while (!explain->capped && (count = input_batch(input, explain->line, explain->batch, EXPLAIN_BATCH)) > 0) {
			explain_batch(explain, count);
			if (explain->sink.failed)
				return EX_IOERR;
		}
		int result = explain->capped ? OPTIONS_GO_ON : input_end(&explain->session, input);
		if (result != OPTIONS_GO_ON)
			return result;
	}
	return OPTIONS_GO_ON;
}

static int
explain_run(struct explain *explain, const struct operands *files)
{
	enum language language = (enum language)explain->options->common.language;
	int result = session_open(&explain->session, &explain->options->common, files);
	if (result == OPTIONS_GO_ON)
		result = explain_inputs(explain);
	if (result != OPTIONS_GO_ON)
		return result;
	const char *wanted = explain->options->setl_id;
	if (wanted && explain->explained == 0) {
		TELL(language, "文件中没有结算单 %s", "no settlement %s in what was read", wanted);
		return EX_NOINPUT;
	}
	if (explain->capped && !explain->options->common.quiet)
		TELL(language, "只说明了前 %d 笔；用 --setl-id 指定一笔", "only the first %d are explained; name one with --setl-id", EXPLAIN_MOST);
	return EX_OK;
}

int
command_explain(int argc, char **argv)
{
	struct explain_options options = {0};
	struct operands files;
	int result = options_parse(&explain_form, argc, argv, &options, &files);
	if (result != OPTIONS_GO_ON)
		return result;
	struct explain *explain = memory_get(1, sizeof *explain);
	explain->options = &options;
	explain->scored.fate = explain->fate;
	explain->decoder = decoder_open(DECODE_LIMITS_DEFAULT);
	sink_open(&explain->sink, "-", (enum language)options.common.language);
	result = explain_run(explain, &files);
	if (sink_close(&explain->sink) != OPTIONS_GO_ON)
		result = EX_IOERR;
	decoder_close(explain->decoder);
	buffer_free(&explain->text);
	buffer_free(&explain->json);
	session_close(&explain->session);
	free(explain);
	options_free(&explain_form, &options, &files);
	return result;
}
