/* See layout.h.  The tree decides what is written, its comments go where the pieces say, and scalars are copied as they
 * stand: no value is spelled anew unless its new place needs quotes. */
#include "core/rule/layout.h"

#include "core/base/utf8.h"
#include "core/rule/layout_pieces.h"
#include "core/rule/layout_shapes.h"
#include "core/rule/print.h"
#include "core/rule/wants.h"

#define LINE_COLUMNS 160                /* a list or map that fits no line of this is written in several */
#define COMMENT_COLUMN 32               /* of a comment beside a shorter line */
#define INDENT 2

struct layout {
	const struct source *source;
	struct buffer *out;
};

/* ---- order of keys ---- */

/* Keys that the order does not name stay behind the one they stood behind. */
static void
rank_members(struct piece *piece, const char *const *order)
{
	size_t rank = 0;
	for (struct piece *member = piece->first; member; member = member->next) {
		for (size_t i = 0; order[i]; i++)
			if (strcmp(order[i], member->node->key->text.data) == 0)
				rank = i + 1;
		member->rank = rank;
	}
}

/* Stable, by rank. */
static void
sort_members(struct piece *piece)
{
	struct piece *sorted = NULL, *next;
	for (struct piece *member = piece->first; member; member = next) {
		next = member->next;
		struct piece **at = &sorted;
		while (*at && (*at)->rank <= member->rank)
			at = &(*at)->next;
		member->next = *at;
		*at = member;
	}
	piece->first = sorted;
}

static const struct shape *
shape_of(const struct shape *parent, const struct piece *member)
{
	for (size_t i = 0; parent->member && member->node->key && parent->member[i].key; i++)
		if (strcmp(parent->member[i].key, member->node->key->text.data) == 0)
			return parent->member[i].shape;
	return parent->each;
}

static void
arrange(struct piece *piece, const struct shape *shape)
{
	if (shape->order && piece->node->kind == YAML_MAP) {
		rank_members(piece, shape->order);
		sort_members(piece);
	}
	for (struct piece *member = piece->first; member; member = member->next)
		arrange(member, shape_of(shape, member));
}

/* ---- scalars ---- */

static struct slice
raw_text(const struct layout *layout, const struct yaml *scalar)
{
	return (struct slice){layout->source->text + scalar->at.offset, scalar->at.length};
}

static void
put_raw(struct layout *layout, const struct yaml *scalar)
{
	struct slice raw = raw_text(layout, scalar);
	char quote = scalar_quote(layout->source, scalar);
	if (quote)
		buffer_char(layout->out, quote);
	buffer_add(layout->out, raw.data, raw.length);
	if (quote)
		buffer_char(layout->out, quote);
}

static bool
is_plain_in_flow(struct slice raw)
{
	for (size_t i = 0; i < raw.length; i++)
		if (strchr(",[]{}", raw.data[i]))
			return false;
	return true;
}

static void
put_in_line(struct layout *layout, const struct yaml *scalar)
{
	if (yaml_is_missing(scalar))
		return;
	if (scalar_quote(layout->source, scalar) || (!scalar->quoted && is_plain_in_flow(raw_text(layout, scalar))))
		put_raw(layout, scalar);
	else
		print_quoted(layout->out, scalar->text);
}

static size_t
line_length(struct slice text)
{
	const char *newline = memchr(text.data, '\n', text.length);
	return newline ? (size_t)(newline - text.data) : text.length;
}

static size_t
leading_blanks(struct slice line)
{
	size_t count = 0;
	while (count < line.length && (line.data[count] == ' ' || line.data[count] == '\t'))
		count++;
	return count;
}

static struct slice
rest_of(struct slice text, size_t count)
{
	return (struct slice){text.data + count, text.length - count};
}

/* Text over several lines, plain or in quotes: the lines stay, each behind the same blanks. */
static void
put_lines(struct layout *layout, const struct yaml *scalar, size_t indent)
{
	struct slice raw = raw_text(layout, scalar);
	char quote = scalar_quote(layout->source, scalar);
	if (quote)
		buffer_char(layout->out, quote);
	for (bool is_first = true;; is_first = false) {
		size_t length = line_length(raw);
		bool is_last = length == raw.length;
		struct slice line = {raw.data, length};
		line = rest_of(line, is_first ? 0 : leading_blanks(line));
		while (!is_last && line.length > 0 && (line.data[line.length - 1] == ' ' || line.data[line.length - 1] == '\t'))
			line.length--;
		if (!is_first && (line.length > 0 || is_last))
			buffer_printf(layout->out, "%*s", (int)indent, "");
		buffer_add(layout->out, line.data, line.length);
		if (is_last)
			break;
		buffer_char(layout->out, '\n');
		raw = rest_of(raw, length + 1);
	}
	if (quote)
		buffer_char(layout->out, quote);
}

/* From the | or > to the blanks behind it. */
static struct slice
block_header(const struct layout *layout, const struct yaml *scalar)
{
	const char *text = layout->source->text;
	size_t at = scalar->key ? scalar->key->at.offset + scalar->key->at.length : 0, end = at;
	if (!scalar->key)
		for (at = scalar->at.offset - 1; at > 0 && text[at] != '|' && text[at] != '>';)
			at--;
	while (at < scalar->at.offset && text[at] != '|' && text[at] != '>')
		at++;
	for (end = at; end < scalar->at.offset && !strchr(" \t\n", text[end]);)
		end++;
	return (struct slice){text + at, end - at};
}

static size_t
common_blanks(struct slice text)
{
	size_t least = SIZE_MAX;
	while (text.length > 0) {
		struct slice line = {text.data, line_length(text)};
		size_t blanks = leading_blanks(line);
		if (blanks < line.length && blanks < least)
			least = blanks;
		text = rest_of(text, line.length < text.length ? line.length + 1 : line.length);
	}
	return least == SIZE_MAX ? 0 : least;
}

/* The blanks before its lines and the line ends behind it are no part of the text, but one newline when it is not cut. */
static bool
is_plain_block(struct slice header, struct slice text)
{
	bool is_cut = header.length > 1 && header.data[1] == '-';
	if (header.length > (is_cut ? 2 : 1) || text.length == 0)
		return false;
	return is_cut != (text.data[text.length - 1] == '\n');
}

static void
put_block_scalar(struct layout *layout, const struct yaml *scalar, size_t indent)
{
	struct slice header = block_header(layout, scalar), text = raw_text(layout, scalar);
	if (!is_plain_block(header, scalar->text)) {
		print_quoted(layout->out, scalar->text);
		return;
	}
	size_t blanks = common_blanks(text);
	buffer_add(layout->out, header.data, header.length);
	while (text.length > 0 && strchr(" \t\n", text.data[text.length - 1]))
		text.length--;
	while (text.length > 0) {
		struct slice line = {text.data, line_length(text)};
		text = rest_of(text, line.length < text.length ? line.length + 1 : line.length);
		line = rest_of(line, line.length < blanks ? line.length : blanks);
		buffer_printf(layout->out, "\n%*s", line.length ? (int)indent : 0, "");
		buffer_add(layout->out, line.data, line.length);
	}
}

static void
put_scalar(struct layout *layout, const struct yaml *scalar, size_t indent)
{
	struct slice raw = raw_text(layout, scalar);
	if (scalar_is_block(layout->source, scalar))
		put_block_scalar(layout, scalar, indent);
	else if (memchr(raw.data, '\n', raw.length))
		put_lines(layout, scalar, indent);
	else if (!yaml_is_missing(scalar))
		put_raw(layout, scalar);
}

/* ---- in one line ---- */

static void
put_flow(struct layout *layout, const struct piece *piece)
{
	const struct yaml *node = piece->node;
	if (node->kind == YAML_SCALAR) {
		put_in_line(layout, node);
		return;
	}
	buffer_char(layout->out, node->kind == YAML_LIST ? '[' : '{');
	for (const struct piece *member = piece->first; member; member = member->next) {
		if (node->kind == YAML_MAP) {
			put_in_line(layout, member->node->key);
			buffer_text(layout->out, ": ");
		}
		put_flow(layout, member);
		if (member->next)
			buffer_text(layout->out, ", ");
	}
	buffer_char(layout->out, node->kind == YAML_LIST ? ']' : '}');
}

static size_t
text_columns(const char *text, size_t length)
{
	size_t columns = 0;
	for (size_t at = 0; at < length;) {
		int32_t code_point;
		at += utf8_next(text + at, length - at, &code_point);
		columns += (size_t)utf8_width(code_point);
	}
	return columns;
}

/* Of the line that the output ends with. */
static size_t
columns_so_far(const struct buffer *out)
{
	size_t start = out->length;
	while (start > 0 && out->data[start - 1] != '\n')
		start--;
	return text_columns(out->data + start, out->length - start);
}

/* Of the line that the output ends with, were the piece written behind it. */
static size_t
line_columns(struct layout *layout, const struct piece *piece)
{
	size_t before = layout->out->length;
	put_flow(layout, piece);
	size_t columns = columns_so_far(layout->out);
	layout->out->length = before;
	return columns;
}

static bool
is_nested(const struct piece *piece)
{
	for (const struct piece *member = piece->first; member; member = member->next)
		if (member->node->kind == YAML_MAP || (member->node->kind == YAML_LIST && is_nested(member)))
			return true;
	return false;
}

static bool
goes_in_line(struct layout *layout, const struct piece *piece, const struct shape *shape)
{
	if (!piece->first || piece->needs_lines)
		return !piece->needs_lines;
	switch (shape->style) {
	case STYLE_FLOW: return true;
	case STYLE_FIT: return !is_nested(piece) && line_columns(layout, piece) < LINE_COLUMNS;
	case STYLE_FEW: return !piece->first->next && line_columns(layout, piece) < LINE_COLUMNS;
	default: return false;
	}
}

/* ---- in lines of its own ---- */

static void
end_line(struct layout *layout)
{
	struct buffer *out = layout->out;
	if (out->length > 0 && out->data[out->length - 1] != '\n')
		buffer_char(out, '\n');
}

/* A blank line, but never at the beginning or a second one. */
static void
put_blank_line(struct layout *layout)
{
	struct buffer *out = layout->out;
	end_line(layout);
	if (out->length >= 2 && out->data[out->length - 2] != '\n')
		buffer_char(out, '\n');
}

static void
put_comments(struct layout *layout, const struct comments *list, size_t indent, bool may_be_blank)
{
	for (const struct comment *comment = list->first; comment; comment = comment->next) {
		end_line(layout);
		if (comment->blank_before && may_be_blank)
			put_blank_line(layout);
		buffer_printf(layout->out, "%*s%.*s\n", (int)indent, "", SLICE_ARG(comment->text));
		may_be_blank = true;
	}
}

static void put_members(struct layout *, const struct piece *, const struct shape *, size_t indent, bool in_item);

static void
put_beside(struct layout *layout, struct slice comment)
{
	size_t columns = columns_so_far(layout->out);
	buffer_printf(layout->out, "%*s%.*s", columns < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - columns) : 1, "", SLICE_ARG(comment));
}

/* The value behind "key:" or "-" and the comment beside it. */
static void
put_value(struct layout *layout, const struct piece *piece, const struct shape *shape, size_t indent)
{
	const struct yaml *node = piece->node;
	struct buffer *out = layout->out;
	bool is_block_scalar = scalar_is_block(layout->source, node), is_item = !node->key;
	size_t before = out->length;
	buffer_char(out, ' ');
	bool in_line = node->kind != YAML_SCALAR && goes_in_line(layout, piece, shape);
	if (node->kind == YAML_SCALAR)
		put_scalar(layout, node, indent + INDENT);
	else if (in_line)
		put_flow(layout, piece);
	if (out->length == before + 1)
		out->length = before;
	if (piece->beside.length > 0 && !is_block_scalar && (!is_item || node->kind == YAML_SCALAR || in_line))
		put_beside(layout, piece->beside);
	if (node->kind != YAML_SCALAR && !in_line)
		put_members(layout, piece, shape, indent + INDENT, is_item);
}

/* An item whose first member begins in the line of its dash. */
static bool
begins_in_item(struct layout *layout, const struct piece *piece, const struct shape *shape, size_t indent)
{
	if (piece->node->key || piece->node->kind == YAML_SCALAR)
		return false;
	size_t before = layout->out->length;
	buffer_printf(layout->out, "%*s- ", (int)indent, "");
	bool in_line = goes_in_line(layout, piece, shape);
	layout->out->length = before;
	return !in_line;
}

/* What stands before the line of the piece; of an item also what would stand before its first member. */
static void
put_lead(struct layout *layout, const struct piece *piece, const struct shape *shape, size_t indent, bool may_be_blank)
{
	bool is_opened = begins_in_item(layout, piece, shape, indent);
	put_comments(layout, &piece->lead, indent, may_be_blank);
	if (piece->beside.length > 0 && (is_opened || scalar_is_block(layout->source, piece->node)))
		buffer_printf(layout->out, "%*s%.*s\n", (int)indent, "", SLICE_ARG(piece->beside));
	if (is_opened && piece->first)
		put_lead(layout, piece->first, shape_of(shape, piece->first), indent, true);
}

/* in_item: the first member begins in the line of the item's dash. */
static void
put_members(struct layout *layout, const struct piece *piece, const struct shape *shape, size_t indent, bool in_item)
{
	for (const struct piece *member = piece->first; member; member = member->next) {
		bool is_first = member == piece->first, in_line = is_first && in_item;
		const struct yaml *node = member->node;
		if (!in_line) {
			bool may_be_blank = !is_first || layout->out->length == 0;
			end_line(layout);
			if (!is_first && shape->style == STYLE_APART)
				put_blank_line(layout);
			put_lead(layout, member, shape_of(shape, member), indent, may_be_blank);
			if (member->blank_before && (!is_first || member->lead.first))
				put_blank_line(layout);
			buffer_printf(layout->out, "%*s", (int)indent, "");
		} else {
			buffer_char(layout->out, ' ');
		}
		if (node->key)
			put_raw(layout, node->key);
		buffer_char(layout->out, node->key ? ':' : '-');
		put_value(layout, member, shape_of(shape, member), indent);
	}
	put_comments(layout, &piece->trail, indent, true);
}

/* ---- the file ---- */

/* What stands above the first key stays at the top of the file, whatever key comes first. */
static void
put_file(struct layout *layout, struct piece *root, const struct shape *shape)
{
	struct piece *top = root->first;
	put_comments(layout, &root->lead, 0, false);
	if (top) {
		put_comments(layout, &top->lead, 0, false);
		if (top->blank_before && layout->out->length > 0)
			put_blank_line(layout);
		top->lead = (struct comments){NULL, NULL};
		top->blank_before = false;
	}
	arrange(root, shape);
	put_members(layout, root, shape, 0, false);
	end_line(layout);
}

#define KEYS_MAX 128

/* The top keys of a canonical text, in its order. */
static void
read_order(struct arena *arena, const char *canonical, const char *order[KEYS_MAX + 1])
{
	size_t count = 0;
	for (const char *line = canonical; line && *line && count < KEYS_MAX;) {
		size_t length = strcspn(line, ":\n");
		if (line[length] == ':' && *line != ' ')
			order[count++] = arena_copy(arena, line, length);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	order[count] = NULL;
}

static bool
is_same(const struct yaml *a, const struct yaml *b)
{
	if (!b || a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == YAML_SCALAR)
		return slice_equal(a->text, b->text) && yaml_is_missing(a) == yaml_is_missing(b);
	const struct yaml *other = b->first;
	for (const struct yaml *member = a->first; member; member = member->next) {
		if (!is_same(member, member->key ? yaml_get(b, member->key->text.data) : other))
			return false;
		other = other->next;
	}
	return true;
}

/* Comments and their bytes, so that none is lost. */
static size_t
weigh_comments(const struct piece *piece)
{
	size_t weight = piece->beside.length + (piece->beside.length > 0);
	for (const struct comment *comment = piece->lead.first; comment; comment = comment->next)
		weight += comment->text.length + 1;
	for (const struct comment *comment = piece->trail.first; comment; comment = comment->next)
		weight += comment->text.length + 1;
	for (const struct piece *member = piece->first; member; member = member->next)
		weight += weigh_comments(member);
	return weight;
}

/* Gives the weight of the comments that were there. */
static size_t
write_once(const struct source *source, struct arena *arena, const struct yaml *root, const struct shape *shape, struct buffer *out)
{
	struct layout layout = {source, out};
	struct piece *pieces = pieces_of(source, arena, root);
	size_t comments = weigh_comments(pieces);
	put_file(&layout, pieces, shape);
	return comments;
}

/* Reads what was written as the loader would, and lays it out once more. */
static bool
is_safe(struct arena *arena, const struct yaml *root, const struct shape *shape, size_t comments, const struct buffer *out)
{
	struct diags diags = {0};
	struct source again = source_of("", arena_copy(arena, out->data, out->length), &diags);
	const struct yaml *read = yaml_load(&again, arena);
	bool is_good = read && is_same(root, read);
	if (is_good) {
		struct buffer twice = {0};
		is_good = write_once(&again, arena, read, shape, &twice) == comments && twice.length == out->length && memcmp(twice.data, out->data, out->length) == 0;
		buffer_free(&twice);
	}
	diags_free(&diags);
	return is_good;
}

static const char *
canonical_text(struct ruleset *set, const char *name)
{
	for (size_t i = 0; i < set->rules; i++) {
		const struct rule *rule = &set->rule[i];
		if (strcmp(name, arena_printf(&set->arena, "rules/%s/%s.yaml", rule->family, rule->id)) == 0)
			return rule_text(set, rule);
	}
	return NULL;
}

bool
layout_knows(const struct ruleset_file *file)
{
	return slice_starts_with(slice_of(file->name), SLICE("rules/"));
}

enum layout_result
layout_file(struct ruleset *set, const struct ruleset_file *file, struct buffer *out)
{
	const char *order[KEYS_MAX + 1], *canonical = canonical_text(set, file->name);
	const struct shape rule = {.style = STYLE_BLOCK, .order = order, .member = rule_members, .each = &shape_any}, *shape = &rule;
	struct diags diags = {0};
	struct source source;
	read_order(&set->arena, canonical, order);
	if (!canonical)
		shape = strncmp(file->name, "rules/suppressions/", 19) == 0 ? &shape_suppressions_file : &shape_params_file;
	const struct yaml *root = source_take(&source, &set->arena, file->name, file->bytes, &diags) ? yaml_load(&source, &set->arena) : NULL;
	diags_free(&diags);
	if (!root || root->kind == YAML_SCALAR)
		return LAYOUT_UNSAFE;
	size_t comments = write_once(&source, &set->arena, root, shape, out);
	return is_safe(&set->arena, root, shape, comments, out) ? LAYOUT_DONE : LAYOUT_UNSAFE;
}
