/* Alerts of one group that come together, folded into one line: the latest of them and how many there were. */
#include "replay/watch.h"

#include "core/base/buffer.h"

#include <stdlib.h>

#define COUNT_COLUMNS 16

void
folds_add(struct folds *folds, const char *group, struct slice raw)
{
	size_t i = 0;
	while (i < folds->count && strcmp(folds->fold[i].group, group) != 0)
		i++;
	if (i == folds->count) {
		folds->fold = memory_grow(folds->fold, folds->count + 1, sizeof *folds->fold);
		folds->fold[folds->count++] = (struct fold){0};
		snprintf(folds->fold[i].group, sizeof folds->fold[i].group, "%s", group);
	}
	struct fold *fold = &folds->fold[i];
	fold->alerts++;
	fold->raw.length = 0;
	buffer_add(&fold->raw, raw.data, raw.length);
}

static void
fold_print(const struct fold *fold, struct buffer *out, struct terminal terminal, enum language language)
{
	struct feed_record record;
	feed_record_read(&record, fold->raw.data, fold->raw.length);
	if (terminal.width > 2 * COUNT_COLUMNS)
		terminal.width -= COUNT_COLUMNS;
	print_alert_line(out, &record, &terminal, language);
	if (fold->alerts > 1)
		buffer_printf(out, language == LANGUAGE_ZH ? "  （共 %llu 条）" : "  (%llu alerts)", (unsigned long long)fold->alerts);
	buffer_char(out, '\n');
	feed_record_free(&record);
}

void
folds_print(struct folds *folds, struct buffer *out, const struct terminal *terminal, enum language language)
{
	for (size_t i = 0; i < folds->count; i++) {
		fold_print(&folds->fold[i], out, *terminal, language);
		buffer_free(&folds->fold[i].raw);
	}
	free(folds->fold);
	*folds = (struct folds){0};
}
