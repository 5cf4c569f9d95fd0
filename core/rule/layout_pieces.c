/* Which comment belongs to what.  The text is walked once beside the tree: comments can only stand in the gaps between
 * scalars.  A comment at the end of a line belongs to what ended there, a line of comments to what follows, or, when it is
 * indented deeper than that, to the end of what it stands in. */
#include "core/rule/layout_pieces.h"

struct walk {
	const struct source *source;
	struct arena *arena;
	size_t at;                      /* everything before was walked over */
	struct piece *last;             /* what a comment at the end of the line belongs to */
	bool blank;                     /* a blank line ended the gap that was walked over last */
};

char
scalar_quote(const struct source *source, const struct yaml *scalar)
{
	char before = scalar->at.offset > 0 ? source->text[scalar->at.offset - 1] : '\0';
	return scalar->quoted && (before == '"' || before == '\'') ? before : '\0';
}

bool
scalar_is_block(const struct source *source, const struct yaml *scalar)
{
	return scalar->kind == YAML_SCALAR && scalar->quoted && !scalar_quote(source, scalar);
}

static bool
is_flow(const struct walk *walk, const struct yaml *node)
{
	char c = walk->source->text[node->at.offset];
	return node->kind != YAML_SCALAR && node->at.length == 1 && (c == '{' || c == '[');
}

static size_t
column_of(const struct walk *walk, size_t offset)
{
	size_t start = offset;
	while (start > 0 && walk->source->text[start - 1] != '\n')
		start--;
	return offset - start;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Nothing but the dashes of list items stands before it in its line. */
static bool
is_own_line(const struct walk *walk, size_t offset)
{
	const char *text = walk->source->text;
	while (offset > 0 && (is_blank(text[offset - 1]) || text[offset - 1] == '-'))
		offset--;
	return offset == 0 || text[offset - 1] == '\n';
}

static void
comments_add(struct walk *walk, struct comments *list, struct slice text, bool blank_before)
{
	struct comment *comment = arena_alloc(walk->arena, sizeof *comment);
	*comment = (struct comment){.text = text, .blank_before = blank_before};
	if (list->last)
		list->last->next = comment;
	else
		list->first = comment;
	list->last = comment;
}

/* The comment that begins at walk->at. */
static void
take_comment(struct walk *walk, struct comments *list, bool blank_before)
{
	const struct source *source = walk->source;
	const char *start = source->text + walk->at, *newline = memchr(start, '\n', source->length - walk->at);
	size_t length = newline ? (size_t)(newline - start) : source->length - walk->at;
	bool is_beside = !is_own_line(walk, walk->at) && walk->last && walk->last->beside.length == 0;
	walk->at += length;
	while (length > 1 && is_blank(start[length - 1]))
		length--;
	if (is_beside)
		walk->last->beside = (struct slice){start, length};
	else
		comments_add(walk, list, (struct slice){start, length}, blank_before);
}

/* Walks to until, or to the bracket when one is given, and over it; the comments on the way go to the list. */
static void
walk_gap(struct walk *walk, size_t until, char bracket, struct comments *list)
{
	const char *text = walk->source->text;
	size_t newlines = walk->at > 0 && text[walk->at - 1] == '\n';
	walk->blank = false;
	while (walk->at < until && (!bracket || text[walk->at] != bracket)) {
		char c = text[walk->at];
		if (c == '#' && (walk->at == 0 || is_blank(text[walk->at - 1]) || text[walk->at - 1] == '\n')) {
			take_comment(walk, list, walk->blank);
			walk->blank = false;
			newlines = 0;
			continue;
		}
		newlines = c == '\n' ? newlines + 1 : is_blank(c) ? newlines : 0;
		walk->blank |= newlines >= 2;
		walk->at++;
	}
	if (bracket && walk->at < until)
		walk->at++;
}

/* Lines of comments behind a block that are indented as deep as it is. */
static void
walk_trail(struct walk *walk, size_t floor, struct comments *list)
{
	const char *text = walk->source->text;
	for (;;) {
		size_t at = walk->at, newlines = at > 0 && text[at - 1] == '\n';
		for (; is_blank(text[at]) || text[at] == '\n'; at++)
			newlines += text[at] == '\n';
		if (text[at] != '#' || (is_own_line(walk, at) && column_of(walk, at) < floor))
			return;
		walk->at = at;
		take_comment(walk, list, newlines >= 2);
	}
}

static size_t
node_start(const struct walk *walk, const struct yaml *node)
{
	return node->at.offset - (node->kind == YAML_SCALAR && scalar_quote(walk->source, node) ? 1 : 0);
}

static void
step_over(struct walk *walk, const struct yaml *scalar)
{
	size_t end = scalar->at.offset + scalar->at.length + (scalar_quote(walk->source, scalar) ? 1 : 0);
	if (end > walk->at)
		walk->at = end;
}

static void fill(struct walk *, struct piece *, size_t floor);

/* The member's key and what stands between it and a value that is written in its line. */
static void
fill_key(struct walk *walk, struct piece *member)
{
	const struct yaml *value = member->node;
	step_over(walk, value->key);
	walk->last = member;
	if (value->kind == YAML_SCALAR || is_flow(walk, value))
		walk_gap(walk, node_start(walk, value), '\0', &member->lead);
}

/* An item that is nothing cannot be written between brackets. */
static bool
breaks_line(const struct piece *piece)
{
	return piece->lead.first || piece->beside.length > 0 || piece->needs_lines || (!piece->node->key && yaml_is_missing(piece->node));
}

static void
fill_members(struct walk *walk, struct piece *piece, size_t floor)
{
	struct piece **next = &piece->first;
	for (const struct yaml *node = piece->node->first; node; node = node->next) {
		struct piece *member = arena_alloc(walk->arena, sizeof *member);
		member->node = node;
		walk_gap(walk, node_start(walk, node->key ? node->key : node), '\0', &member->lead);
		member->blank_before = walk->blank;
		if (node->key)
			fill_key(walk, member);
		fill(walk, member, floor);
		*next = member;
		next = &member->next;
	}
}

/* An empty list or map has no lines of its own: its comments go before it. */
static void
lift_trail(struct piece *piece)
{
	if (piece->lead.last && piece->trail.first)
		piece->lead.last->next = piece->trail.first;
	else if (piece->trail.first)
		piece->lead.first = piece->trail.first;
	if (piece->trail.last)
		piece->lead.last = piece->trail.last;
	piece->trail = (struct comments){NULL, NULL};
}

/* floor: a comment that is indented less is no part of the piece. */
static void
fill(struct walk *walk, struct piece *piece, size_t floor)
{
	const struct yaml *node = piece->node;
	if (node->kind == YAML_SCALAR) {
		step_over(walk, node);
		walk->last = piece;
		piece->needs_lines = memchr(walk->source->text + node->at.offset, '\n', node->at.length);
		return;
	}
	if (is_flow(walk, node)) {
		walk->at = node->at.offset + 1;
		walk->last = piece;
		fill_members(walk, piece, floor);
		walk_gap(walk, walk->source->length, node->kind == YAML_LIST ? ']' : '}', &piece->trail);
		walk->last = piece;
	} else {
		const struct yaml *first = node->first;
		size_t column = column_of(walk, first && first->key ? node_start(walk, first->key) : node->at.offset);
		size_t own = column > floor ? column : floor;
		fill_members(walk, piece, own + 1);
		walk_trail(walk, own, &piece->trail);
	}
	if (!piece->first)
		lift_trail(piece);
	piece->needs_lines = piece->trail.first;
	for (const struct piece *member = piece->first; member; member = member->next)
		piece->needs_lines |= breaks_line(member);
}

struct piece *
pieces_of(const struct source *source, struct arena *arena, const struct yaml *root)
{
	struct walk walk = {.source = source, .arena = arena};
	struct piece *piece = arena_alloc(arena, sizeof *piece);
	piece->node = root;
	if (is_flow(&walk, root))
		walk_gap(&walk, root->at.offset, '\0', &piece->lead);
	fill(&walk, piece, 0);
	walk_gap(&walk, source->length, '\0', &piece->trail);
	return piece;
}
