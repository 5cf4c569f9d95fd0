/* See log.h. */
#include "daemon/log.h"

#include "core/base/buffer.h"
#include "daemon/clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

static enum language language = LANGUAGE_EN;
static bool text_form = true;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const level_word[] = {[LEVEL_ERROR] = "error", [LEVEL_WARNING] = "warning", [LEVEL_INFO] = "info"};
static const char *const level_mark[][2] = {
	[LEVEL_ERROR] = {"错误", "ERROR"}, [LEVEL_WARNING] = {"警告", "WARN "}, [LEVEL_INFO] = {"信息", "INFO "}};

void
log_open(enum language wanted, bool as_text)
{
	language = wanted;
	text_form = as_text;
}

enum language
log_language(void)
{
	return language;
}

static void
line_write(enum log_level level, const char *message)
{
	char time[CLOCK_TEXT_SIZE];
	struct buffer line = {0};
	clock_text(clock_wall_ms(), time);
	if (text_form) {
		buffer_printf(&line, "%.23s %s %s", time, level_mark[level][language], message);
	} else {
		json_open(&line, '{');
		json_key(&line, "time");
		json_text(&line, time);
		json_key(&line, "level");
		json_text(&line, level_word[level]);
		json_key(&line, "message");
		json_text(&line, message);
		json_close(&line, '}');
	}
	buffer_char(&line, '\n');
	pthread_mutex_lock(&lock);
	fwrite(line.data, 1, line.length, stderr);
	fflush(stderr);
	pthread_mutex_unlock(&lock);
	buffer_free(&line);
}

void
log_say(enum log_level level, const char *zh, const char *en, ...)
{
	va_list arguments;
	char *message = NULL;
	va_start(arguments, en);
	int length = vasprintf(&message, language == LANGUAGE_ZH ? zh : en, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	line_write(level, message);
	free(message);
}

bool
log_allowed(struct log_limit *limit, int64_t now_ns, uint64_t *withheld)
{
	if (limit->next_ns && now_ns < limit->next_ns) {
		limit->withheld++;
		return false;
	}
	*withheld = limit->withheld;
	*limit = (struct log_limit){.next_ns = now_ns + LOG_QUIET_SECONDS * NS_PER_SECOND};
	return true;
}

void
log_diags(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->list[i];
		enum log_level level = diag->level == DIAG_ERROR ? LEVEL_ERROR : LEVEL_WARNING;
		const char *file = diag->file ? diag->file : "-";
		log_say(level, "%s:%d:%d: %s%s%s", "%s:%d:%d: %s%s%s", file, diag->line, diag->column, diag->message[language],
		    diag->hint[language] ? "; " : "", diag->hint[language] ? diag->hint[language] : "");
	}
}
