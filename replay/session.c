/* Opening and closing of what replay and explain work with. */
#include "replay/session.h"

#include "detectors/registry.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>

struct ruleset *
rules_open(const struct common_options *common, const char *directory)
{
	enum language language = (enum language)common->language;
	struct diags diags = {0};
	struct ruleset *rules = ruleset_load(detectors_registry(), directory, common->tables, &diags);
	if (!rules || !common->quiet)
		diags_print(&diags, language, stderr);
	if (!rules)
		TELL(language, "%s：规则有 %zu 处错误，未采用", "%s: the rules are refused, errors: %zu", directory, diags.errors);
	diags_free(&diags);
	return rules;
}

/* Many files may be given at once, and all are opened first. */
static void
allow_files(size_t count)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count + 64)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int
input_open(struct session *session, enum record_kind kind, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	for (size_t i = 0; standard && i < session->inputs; i++) {
		if (strcmp(session->input[i].path, "-") != 0)
			continue;
		TELL(session->language, "标准输入（%s）只能读一次", "standard input (%s) can be read once only", path);
		return EX_USAGE;
	}
	int error;
	struct reader *reader = reader_open(path, session->limits.decode.record_bytes, &error);
	if (!reader) {
		TELL(session->language, "读不了 %s：%s", "cannot read %s: %s", path, error_text(error, session->language));
		return EX_NOINPUT;
	}
	session->input[session->inputs++] = (struct input){kind, path, reader};
	return OPTIONS_GO_ON;
}

static enum record_kind
kind_of(const char *text)
{
	struct slice kind = {text, (size_t)(strchr(text, '=') - text)};
	size_t k = 0;
	while (k + 1 < RECORD_KINDS && !slice_equal(kind, slice_of(record_kind_names[k])))
		k++;
	return (enum record_kind)k;
}

int
session_inputs(struct session *session, const struct common_options *common, const struct operands *files)
{
	size_t count = common->records.count + files->count;
	session->input = memory_get(count, sizeof *session->input);
	allow_files(count);
	int result = OPTIONS_GO_ON;
	for (size_t i = 0; i < common->records.count && result == OPTIONS_GO_ON; i++) {
		const char *text = common->records.item[i];
		result = input_open(session, kind_of(text), strchr(text, '=') + 1);
	}
	for (size_t i = 0; i < files->count && result == OPTIONS_GO_ON; i++)
		result = input_open(session, RECORD_SETTLEMENT, files->item[i]);
	return result;
}

int
session_start(struct session *session, const struct common_options *common)
{
	*session = (struct session){.language = (enum language)common->language, .limits = SCORER_LIMITS_DEFAULT};
	session->limits.pseudonym_key = session->key.bytes;
	session->limits.person_clear = common->person_clear;
	int result = options_key(common, &session->key);
	session->limits.pseudonym_key_length = session->key.length;
	return result;
}

int
session_open(struct session *session, const struct common_options *common, const struct operands *files)
{
	int result = session_start(session, common);
	if (result == OPTIONS_GO_ON)
		result = session_inputs(session, common, files);
	if (result != OPTIONS_GO_ON)
		return result;
	session->rules = rules_open(common, options_rules(common));
	if (!session->rules)
		return EX_CONFIG;
	session->scorer = scorer_open(session->rules, &session->limits);
	if (session->scorer)
		return OPTIONS_GO_ON;
	TELL(session->language, "内存不足：%s", "out of memory: %s", "scorer");
	return EX_OSERR;
}

void
session_close(struct session *session)
{
	for (size_t i = 0; i < session->inputs; i++)
		reader_close(session->input[i].reader);
	free(session->input);
	free(session->decoder);
	if (session->scorer)
		scorer_close(session->scorer);
	if (session->rules)
		ruleset_free(session->rules);
	*session = (struct session){0};
}

size_t
input_batch(struct input *input, struct line *lines, struct record *batch, size_t count)
{
	size_t got = reader_lines(input->reader, lines, count);
	for (size_t i = 0; i < got; i++)
		batch[i] = (struct record){.kind = input->kind, .bytes = lines[i].bytes, .length = lines[i].length,
		    .arrival_ms = ARRIVAL_UNKNOWN, .partition = -1, .offset = -1, .file = input->path, .line = lines[i].number};
	return got;
}

int
input_end(const struct session *session, const struct input *input)
{
	enum language language = session->language;
	const char *path = input->path;
	long long line = reader_line(input->reader);
	switch (reader_state(input->reader)) {
	case READER_TRUNCATED:
		TELL(language, "%s：压缩文件不完整，只读到第 %lld 行", "%s: the compressed file ends too early; read up to line %lld", path, line);
		return EX_DATAERR;
	case READER_CORRUPT:
		TELL(language, "%s：压缩文件已损坏，只读到第 %lld 行", "%s: the compressed file is damaged; read up to line %lld", path, line);
		return EX_DATAERR;
	case READER_FAILED:
		TELL(language, "%s：第 %lld 行之后读不下去：%s", "%s: cannot read on after line %lld: %s", path, line,
		    error_text(reader_error(input->reader), language));
		return EX_IOERR;
	case READER_GOING:
	case READER_ENDED:
		break;
	}
	return OPTIONS_GO_ON;
}
