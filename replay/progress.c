/* One line on stderr that is drawn over itself. */
#include "replay/progress.h"

#include "replay/terminal.h"

#include <time.h>

#define DRAW_NS UINT64_C(100000000)
#define BAR_CELLS 24

uint64_t
clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void
progress_open(struct progress *progress, enum language language, bool wanted, uint64_t total)
{
	struct terminal terminal = terminal_of(stderr);
	*progress = (struct progress){.shown = wanted && terminal.is_terminal, .language = language, .width = terminal.width,
	    .total = total, .start_ns = clock_ns()};
	progress->next_ns = progress->start_ns + 3 * DRAW_NS;
}

/* "1:02:03", "02:03". */
static const char *
duration_text(uint64_t seconds, char text[32])
{
	unsigned hours = (unsigned)(seconds / 3600), minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);
	if (hours)
		snprintf(text, 32, "%u:%02u:%02u", hours, minutes, rest);
	else
		snprintf(text, 32, "%02u:%02u", minutes, rest);
	return text;
}

static void
bar_add(struct buffer *line, double part)
{
	int full = (int)(part * BAR_CELLS + 0.5);
	buffer_char(line, '[');
	for (int i = 0; i < BAR_CELLS; i++)
		buffer_char(line, i < full ? '#' : '.');
	buffer_printf(line, "] %3.0f%%  ", part * 100);
}

static void
progress_draw(struct progress *progress, uint64_t done, uint64_t records, double seconds)
{
	struct buffer line = {0}, cut = {0};
	bool zh = progress->language == LANGUAGE_ZH;
	char left[32];
	double part = progress->total && done < progress->total ? (double)done / (double)progress->total : 1;
	if (progress->total)
		bar_add(&line, part);
	buffer_printf(&line, zh ? "%llu 条，%.0f 条/秒" : "%llu records, %.0f/s", (unsigned long long)records, (double)records / seconds);
	if (progress->total && part > 0) {
		duration_text((uint64_t)(seconds / part - seconds + 0.5), left);
		buffer_printf(&line, zh ? "，剩余 %s" : ", %s left", left);
	}
	text_add_cut(&cut, (struct slice){line.data, line.length}, (size_t)progress->width - (progress->width > 1));
	fprintf(stderr, "\r%.*s\033[K", (int)cut.length, cut.data);
	fflush(stderr);
	progress->drawn = true;
	buffer_free(&line);
	buffer_free(&cut);
}

void
progress_show(struct progress *progress, uint64_t done, uint64_t records)
{
	if (!progress->shown)
		return;
	uint64_t now = clock_ns();
	if (now < progress->next_ns)
		return;
	progress->next_ns = now + DRAW_NS;
	progress_draw(progress, done, records, (double)(now - progress->start_ns) / 1e9);
}

void
progress_close(struct progress *progress)
{
	if (progress->drawn)
		fprintf(stderr, "\r\033[K");
	progress->drawn = false;
	progress->shown = false;
}
