/* The longest common lines of what is left after the common beginning and end, by the plain table of lengths. */
#include "replay/text_diff.h"

#include "replay/options.h"

#include <stdlib.h>

#define CELLS_MAX (16u << 20)
#define AROUND 3

struct lines {
	struct slice *line;             /* with their newlines */
	size_t count;
};

/* One step from the old text to the new one. */
struct edit {
	char mark;                      /* ' ' '-' '+' */
	struct slice line;
};

struct edits {
	struct edit *edit;
	size_t count;
};

static struct lines
split(struct slice text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.length; i++)
		count += text.data[i] == '\n';
	struct lines lines = {memory_get(count + 1, sizeof *lines.line), 0};
	while (text.length > 0) {
		const char *newline = memchr(text.data, '\n', text.length);
		size_t length = newline ? (size_t)(newline - text.data) + 1 : text.length;
		lines.line[lines.count++] = (struct slice){text.data, length};
		text = (struct slice){text.data + length, text.length - length};
	}
	return lines;
}

static void
add(struct edits *edits, char mark, struct slice line)
{
	edits->edit[edits->count++] = (struct edit){mark, line};
}

/* longest[i * (m + 1) + j]: how many lines old[i..] and new[j..] have in common. */
static uint32_t *
measure(const struct slice *old, size_t n, const struct slice *new, size_t m)
{
	uint32_t *longest = memory_get((n + 1) * (m + 1), sizeof *longest);
	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			uint32_t *here = &longest[i * (m + 1) + j];
			uint32_t down = here[m + 1], right = here[1];
			*here = slice_equal(old[i], new[j]) ? here[m + 2] + 1 : down > right ? down : right;
		}
	return longest;
}

static void
compare_middle(struct edits *edits, const struct slice *old, size_t n, const struct slice *new, size_t m)
{
	bool is_large = (n + 1) * (m + 1) > CELLS_MAX;
	uint32_t *longest = is_large ? NULL : measure(old, n, new, m);
	size_t i = 0, j = 0;
	while (i < n || j < m) {
		const uint32_t *here = longest ? &longest[i * (m + 1) + j] : NULL;
		if (here && i < n && j < m && slice_equal(old[i], new[j])) {
			add(edits, ' ', old[i++]);
			j++;
		} else if (i < n && (!here || j == m || here[m + 1] >= here[1])) {
			add(edits, '-', old[i++]);
		} else {
			add(edits, '+', new[j++]);
		}
	}
	free(longest);
}

static struct edits
compare(const struct lines *old, const struct lines *new)
{
	struct edits edits = {memory_get(old->count + new->count, sizeof *edits.edit), 0};
	size_t n = old->count, m = new->count, start = 0;
	while (start < n && start < m && slice_equal(old->line[start], new->line[start]))
		add(&edits, ' ', old->line[start++]);
	while (n > start && m > start && slice_equal(old->line[n - 1], new->line[m - 1])) {
		n--;
		m--;
	}
	compare_middle(&edits, old->line + start, n - start, new->line + start, m - start);
	for (; n < old->count; n++)
		add(&edits, ' ', old->line[n]);
	return edits;
}

static void
put_hunk(const struct edits *edits, size_t from, size_t to, const size_t at[2], struct buffer *out)
{
	size_t count[2] = {0};
	for (size_t i = from; i < to; i++) {
		count[0] += edits->edit[i].mark != '+';
		count[1] += edits->edit[i].mark != '-';
	}
	buffer_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", at[0] + (count[0] > 0), count[0], at[1] + (count[1] > 0), count[1]);
	for (size_t i = from; i < to; i++) {
		struct slice line = edits->edit[i].line;
		buffer_char(out, edits->edit[i].mark);
		buffer_add(out, line.data, line.length);
		if (line.data[line.length - 1] != '\n')
			buffer_text(out, "\n\\ No newline at end of file\n");
	}
}

/* Where the hunk that begins at a change ends: behind the last change that has no more than twice AROUND equal lines before
 * it. */
static size_t
hunk_end(const struct edits *edits, size_t from)
{
	size_t end = from, equal = 0;
	for (size_t i = from; i < edits->count && equal <= 2 * AROUND; i++) {
		equal = edits->edit[i].mark == ' ' ? equal + 1 : 0;
		if (equal == 0)
			end = i + 1;
	}
	return end + AROUND < edits->count ? end + AROUND : edits->count;
}

static void
put_hunks(const struct edits *edits, struct buffer *out)
{
	size_t at[2] = {0};             /* lines of each text before edit i */
	for (size_t i = 0; i < edits->count;) {
		size_t change = i;
		while (change < edits->count && change <= i + AROUND && edits->edit[change].mark == ' ')
			change++;
		bool begins = change < edits->count && edits->edit[change].mark != ' ' && change <= i + AROUND;
		size_t end = begins ? hunk_end(edits, change) : i + 1;
		if (begins)
			put_hunk(edits, i, end, at, out);
		for (; i < end; i++) {
			at[0] += edits->edit[i].mark != '+';
			at[1] += edits->edit[i].mark != '-';
		}
	}
}

void
text_diff(const char *name, struct slice old, struct slice new, struct buffer *out)
{
	if (slice_equal(old, new))
		return;
	struct lines lines[2] = {split(old), split(new)};
	struct edits edits = compare(&lines[0], &lines[1]);
	buffer_printf(out, "--- %s\n+++ %s\n", name, name);
	put_hunks(&edits, out);
	free(edits.edit);
	free(lines[0].line);
	free(lines[1].line);
}
