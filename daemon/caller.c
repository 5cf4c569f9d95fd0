/* See caller.h. */
#include "daemon/caller.h"

#include "core/base/memory.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/json.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define SOCKET_INSTALLED "/run/fundwatch/control.sock"
#define ANSWER_BYTES_MAX (64u << 20)

/* ---- the socket ---- */

static const char *
in(const struct call *call, const char *zh, const char *en)
{
	return call->language == LANGUAGE_ZH ? zh : en;
}

/* False: the configuration was wrong, told. */
static bool
path_find(const struct call *call, char path[PATH_MAX])
{
	struct config config;
	struct diags diags = {0};
	if (call->control)
		return control_path(call->control, path);
	bool read = config_read(&config, call->config, &diags);
	if (read && !control_path(config.control, path))
		snprintf(path, PATH_MAX, "%s", SOCKET_INSTALLED);
	diags_print(&diags, call->language, stderr);
	diags_free(&diags);
	config_free(&config);
	return read;
}

static int
call_up(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool
request_send(int fd, const struct call *call)
{
	struct buffer out = {0};
	json_open(&out, '{');
	json_key(&out, "request");
	json_text(&out, call->status ? "status" : "reload");
	if (!call->status) {
		json_key(&out, "wait");
		json_bool(&out, call->wait);
		json_key(&out, "accept_drop");
		json_bool(&out, call->accept_drop);
		json_key(&out, "backfill");
		json_bool(&out, call->backfill);
	}
	json_close(&out, '}');
	buffer_char(&out, '\n');
	bool sent = send(fd, out.data, out.length, MSG_NOSIGNAL) == (ssize_t)out.length;
	buffer_free(&out);
	return sent;
}

/* One line, without its newline. */
static bool
answer_receive(int fd, struct buffer *answer)
{
	char bytes[65536];
	while (answer->length < ANSWER_BYTES_MAX) {
		ssize_t got = recv(fd, bytes, sizeof bytes, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		buffer_add(answer, bytes, (size_t)got);
		if (answer->data[answer->length - 1] != '\n')
			continue;
		answer->length--;
		return json_is_whole((struct slice){answer->data, answer->length});
	}
	return false;
}

/* ---- telling ---- */

/* A member's text; "" when it is none.  The caller frees it. */
static char *
text_of(struct slice object, const char *name)
{
	struct buffer text = {0};
	if (!json_plain(json_get(object, name), &text))
		buffer_char(&text, '\0');
	return text.data;
}

static uint64_t
number_of(struct slice object, const char *name)
{
	uint64_t number;
	return json_is_unsigned(json_get(object, name), &number) ? number : 0;
}

static const char *
or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void
diag_take(struct diags *diags, struct slice item)
{
	static const char *const names[] = {"code", "file", "source_line", "zh", "en", "hint_zh", "hint_en"};
	char *text[7];
	for (size_t i = 0; i < 7; i++)
		text[i] = text_of(item, names[i]);
	bool is_error = json_is(json_get(item, "level"), "\"error\"");
	diag_add(diags, is_error ? DIAG_ERROR : DIAG_WARNING, or_null(text[1]), (int)number_of(item, "line"), (int)number_of(item, "column"),
	    (int)number_of(item, "width"), json_is(json_get(item, "source_line"), "null") ? NULL : text[2], text[3], text[4], or_null(text[5]), or_null(text[6]));
	if (text[0][0])
		diag_code(diags, arena_copy(&diags->arena, text[0], strlen(text[0])));
	for (size_t i = 0; i < 7; i++)
		free(text[i]);
}

static void
diagnostics_print(const struct call *call, struct slice answer)
{
	struct diags diags = {0};
	struct json_walk walk = json_walk(json_get(answer, "diagnostics"));
	struct slice key, item;
	while (json_next(&walk, &key, &item))
		diag_take(&diags, item);
	diags_print(&diags, call->language, stderr);
	diags_free(&diags);
}

static void
aggregates_print(const struct call *call, struct slice state, const char *name, const char *title)
{
	struct json_walk walk = json_walk(json_get(state, name));
	struct slice key, item;
	while (json_next(&walk, &key, &item)) {
		char *rule = text_of(item, "rule"), *aggregate = text_of(item, "aggregate");
		printf("  %s  %s  %s  %llu %s", title, rule, aggregate, (unsigned long long)number_of(item, "bytes"), in(call, "字节", "bytes"));
		if (json_is(json_get(item, "backfill"), "true") && !call->backfill)
			printf("%s", in(call, "；可用 --backfill 从档案回填", "; --backfill fills it from the archive"));
		putchar('\n');
		free(rule);
		free(aggregate);
	}
}

static void
state_print(const struct call *call, struct slice answer)
{
	struct slice state = json_get(answer, "state"), key, item;
	struct json_walk walk = json_walk(json_get(state, "changed"));
	bool any = false;
	while (json_next(&walk, &key, &item)) {
		printf("%s %.*s", any ? "" : in(call, "改动的规则：", "rules changed:"), (int)item.length - 2, item.data + 1);
		any = true;
	}
	if (any)
		putchar('\n');
	aggregates_print(call, state, "kept", in(call, "保留", "kept   "));
	aggregates_print(call, state, "new", in(call, "新增", "new    "));
	aggregates_print(call, state, "dropped", in(call, "丢弃", "dropped"));
}

static void
live_print(const struct call *call, struct slice answer)
{
	char *digest = text_of(answer, "ruleset");
	uint64_t position;
	printf(in(call, "正在运行的规则：%s（第 %llu 代", "live: %s (generation %llu"), digest, (unsigned long long)number_of(answer, "generation"));
	if (json_is_unsigned(json_get(answer, "position"), &position))
		printf(in(call, "，自档案位置 %llu 起", ", from archive position %llu on"), (unsigned long long)position);
	printf(in(call, "；读入用时 %.3f 秒，停顿 %.6f 秒）\n", "; read in %.3f s, judging paused %.6f s)\n"),
	    (double)number_of(answer, "load_ns") / 1e9, (double)number_of(answer, "pause_ns") / 1e9);
	if (number_of(answer, "backfill_entries"))
		printf(in(call, "从档案回填：%llu 条，用时 %.3f 秒\n", "filled from the archive: %llu entries in %.3f s\n"),
		    (unsigned long long)number_of(answer, "backfill_entries"), (double)number_of(answer, "backfill_ns") / 1e9);
	free(digest);
}

static const struct result {
	const char *name;
	int code;
	const char *text[2];            /* by enum language; NULL: nothing to add */
} results[] = {
	{"\"taken\"", EX_OK, {"已采用新规则", "the new rules are taken"}},
	{"\"unchanged\"", EX_OK, {"规则没有变化", "the rules have not changed"}},
	{"\"accepted\"", EX_OK, {"已受理（要等结果用 --wait）", "asked for (--wait waits for the outcome)"}},
	{"\"refused\"", EX_CONFIG, {"新规则有误，未采用；旧规则继续运行", "the new rules are refused; the old ones go on"}},
	{"\"moves_pool\"", EX_CONFIG, {"有统筹区会改变归属，未采用；要以空状态重新启动", "an area would move to another pool: refused; that needs a start with an empty state"}},
	{"\"would_drop\"", EX_TEMPFAIL, {"会丢弃上列状态，未采用；确要丢弃，加 --accept-drop", "the state listed as dropped would go: refused; add --accept-drop to drop it"}},
	{"\"no_backfill\"", EX_TEMPFAIL, {"不能从档案回填，未采用；去掉 --backfill 则从空开始", "nothing can be filled from the archive: refused; without --backfill what is new begins empty"}},
	{"\"stopping\"", EX_UNAVAILABLE, {"fundwatchd 正在停止", "fundwatchd is stopping"}},
	{"\"failed\"", EX_IOERR, {"规则存不进档案，未采用；见 fundwatchd 的日志", "the rules could not be stored in the archive: refused; see the log of fundwatchd"}},
};

static int
reload_print(const struct call *call, struct slice answer)
{
	struct slice name = json_get(answer, "result");
	size_t row = 0, rows = sizeof results / sizeof results[0];
	while (row < rows && !json_is(name, results[row].name))
		row++;
	int code = row < rows ? results[row].code : EX_IOERR;
	if (call->json)
		return code;
	diagnostics_print(call, answer);
	state_print(call, answer);
	fprintf(code ? stderr : stdout, "%s\n", row < rows ? results[row].text[call->language] : in(call, "应答看不懂", "the answer is not understood"));
	if (json_get(answer, "ruleset").length)
		live_print(call, answer);
	return code;
}

static int
status_print(const struct call *call, struct slice answer)
{
	struct slice reload = json_get(answer, "reload");
	char *digest = text_of(answer, "ruleset");
	if (!call->json)
		printf(in(call, "正在运行的规则：%s，%llu 条，第 %llu 代；重读采用 %llu 次，拒绝 %llu 次\n",
		    "live: %s, rules: %llu, generation %llu; reloads taken: %llu, refused: %llu\n"), digest, (unsigned long long)number_of(answer, "rules"),
		    (unsigned long long)number_of(reload, "generation"), (unsigned long long)number_of(reload, "taken"), (unsigned long long)number_of(reload, "refused"));
	free(digest);
	return EX_OK;
}

int
caller_run(const struct call *call)
{
	char path[PATH_MAX];
	if (!path_find(call, path))
		return EX_CONFIG;
	int fd = call_up(path);
	if (fd < 0) {
		fprintf(stderr, in(call, "fundwatchd: %s 处没有运行中的 fundwatchd：%s\n", "fundwatchd: no fundwatchd answers at %s: %s\n"), path, strerror(errno));
		return EX_UNAVAILABLE;
	}
	struct buffer answer = {0};
	bool answered = request_send(fd, call) && answer_receive(fd, &answer);
	close(fd);
	struct slice text = {answer.data, answer.length};
	int code = EX_IOERR;
	if (answered && call->json)
		printf("%.*s\n", (int)text.length, text.data);
	if (!answered)
		fprintf(stderr, in(call, "fundwatchd: %s 没有给出应答\n", "fundwatchd: no answer from %s\n"), path);
	else if (json_is(json_get(text, "answer"), "\"reload\""))
		code = reload_print(call, text);
	else if (json_is(json_get(text, "answer"), "\"status\""))
		code = status_print(call, text);
	else if (!call->json)
		fprintf(stderr, "fundwatchd: %.*s\n", (int)text.length, text.data);
	buffer_free(&answer);
	return fflush(stdout) == 0 ? code : EX_IOERR;
}
