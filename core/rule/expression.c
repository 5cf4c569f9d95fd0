/* Canonical text, and the list of distinct conditions of a ruleset. */
#include "core/rule/expression.h"

#include "core/base/buffer.h"
#include "core/base/money.h"
#include "core/base/time.h"

#include <stdlib.h>

/* ---- canonical text ---- */

static void
put_string(struct buffer *out, struct slice text)
{
	buffer_char(out, '"');
	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] == '"')
			buffer_char(out, '\\');
		buffer_char(out, text.data[i]);
	}
	buffer_char(out, '"');
}

/* Four places, without zeros at the end. */
static void
put_decimal(struct buffer *out, int64_t value)
{
	int64_t size = value < 0 ? -value : value;
	char text[MONEY_TEXT_SIZE];
	int length = snprintf(text, sizeof text, "%s%lld.%04lld", value < 0 ? "-" : "", (long long)(size / 10000),
	    (long long)(size % 10000));
	while (text[length - 1] == '0' && text[length - 2] != '.')
		length--;
	buffer_add(out, text, (size_t)length);
}

static void
put_literal(struct buffer *out, const struct node *node)
{
	char text[TIME_TEXT_SIZE > MONEY_TEXT_SIZE ? TIME_TEXT_SIZE : MONEY_TEXT_SIZE];
	switch (node->type) {
	case EXPRESSION_AMOUNT:
		buffer_text(out, money_text(node->number, text));
		break;
	case EXPRESSION_DECIMAL:
		put_decimal(out, node->number);
		break;
	case EXPRESSION_DATE:
		buffer_text(out, day_text((int32_t)node->number, text));
		break;
	case EXPRESSION_TIME:
		buffer_add(out, time_text(node->number, text), 19);     /* without the offset: Beijing time */
		break;
	default:
		put_string(out, node->text);
		break;
	}
}

static void put_node(struct buffer *, const struct node *);

/* Binding strength: what is weaker than its surroundings stands in parentheses. */
static int
strength(const struct node *node)
{
	switch (node->kind) {
	case NODE_OR: return 0;
	case NODE_AND: return 1;
	case NODE_NOT: return 2;
	case NODE_COMPARE: case NODE_BETWEEN: case NODE_IN_LIST: case NODE_IN_SET: case NODE_MATCHES: return 3;
	case NODE_ADD: case NODE_SUBTRACT: return 4;
	default: return 5;
	}
}

static void
put_within(struct buffer *out, const struct node *node, int least)
{
	bool has_parentheses = strength(node) < least;
	if (has_parentheses)
		buffer_char(out, '(');
	put_node(out, node);
	if (has_parentheses)
		buffer_char(out, ')');
}

static void
put_pair(struct buffer *out, const struct node *node, const char *between, int left, int right)
{
	put_within(out, node->left, left);
	buffer_text(out, between);
	put_within(out, node->right, right);
}

static void
put_compare(struct buffer *out, const struct node *node)
{
	static const char *const marks[] = {
		[WORD_EQUAL] = " == ", [WORD_UNEQUAL] = " != ", [WORD_LESS] = " < ", [WORD_LESS_EQUAL] = " <= ",
		[WORD_GREATER] = " > ", [WORD_GREATER_EQUAL] = " >= "};
	put_pair(out, node, marks[node->op], 4, 4);
}

static void
put_list(struct buffer *out, const struct node *node)
{
	put_within(out, node->left, 4);
	buffer_text(out, node->negated ? " not in [" : " in [");
	for (const struct node *item = node->right; item; item = item->next) {
		put_literal(out, item);
		if (item->next)
			buffer_text(out, ", ");
	}
	buffer_char(out, ']');
}

static void
put_call(struct buffer *out, const struct node *node)
{
	buffer_text(out, node->kind == NODE_PRESENT ? "present(" : "default(");
	buffer_text(out, settlement_fields[node->field].name);
	if (node->kind == NODE_DEFAULT) {
		buffer_text(out, ", ");
		put_literal(out, node->right);
	}
	buffer_char(out, ')');
}

static void
put_node(struct buffer *out, const struct node *node)
{
	switch (node->kind) {
	case NODE_OR: put_pair(out, node, " or ", 0, 0); break;
	case NODE_AND: put_pair(out, node, " and ", 1, 1); break;
	case NODE_NOT:
		buffer_text(out, "not ");
		put_within(out, node->left, 2);
		break;
	case NODE_COMPARE: put_compare(out, node); break;
	case NODE_BETWEEN:
		put_pair(out, node, " between ", 4, 4);
		buffer_text(out, " and ");
		put_within(out, node->third, 4);
		break;
	case NODE_IN_LIST: put_list(out, node); break;
	case NODE_IN_SET:
		put_within(out, node->left, 4);
		buffer_text(out, node->negated ? " not in $" : " in $");
		buffer_add(out, node->text.data, node->text.length);
		break;
	case NODE_MATCHES: put_pair(out, node, " =~ ", 4, 5); break;
	case NODE_ADD: put_pair(out, node, " + ", 4, 5); break;
	case NODE_SUBTRACT: put_pair(out, node, " - ", 4, 5); break;
	case NODE_PRESENT:
	case NODE_DEFAULT: put_call(out, node); break;
	case NODE_FIELD: buffer_text(out, settlement_fields[node->field].name); break;
	case NODE_LITERAL: put_literal(out, node); break;
	}
}

const char *
node_text(struct arena *arena, const struct node *node)
{
	struct buffer out = {0};
	put_node(&out, node);
	const char *text = arena_copy(arena, out.data, out.length);
	buffer_free(&out);
	return text;
}

/* ---- mistakes ---- */

void
writing_mistake_list(struct writing *writing, struct extent at, struct message hint, enum mistake mistake, va_list list)
{
	struct extent place = writing->scalar ? yaml_extent(writing->source, writing->scalar, at.offset, at.length) : at;
	source_mistake_list(writing->source, place, hint, mistake, list);
	writing->failed = true;
}

void
writing_mistake(struct writing *writing, struct extent at, struct message hint, enum mistake mistake, ...)
{
	va_list list;
	va_start(list, mistake);
	writing_mistake_list(writing, at, hint, mistake, list);
	va_end(list);
}

/* ---- conditions ---- */

void
expressions_init(struct expressions *all, struct arena *arena, const struct tables *tables, struct diags *diags)
{
	*all = (struct expressions){.arena = arena, .diags = diags, .tables = tables};
}

void
expressions_free(struct expressions *all)
{
	free(all->atom);
	free(all->condition);
	*all = (struct expressions){0};
}

#define AMOUNT_FIELDS_MAX (sizeof ((struct condition *)0)->amount_field / sizeof(int32_t))

/* Amount fields of a tree in order of first mention; false: more than a finding can show. */
static bool
collect_amounts(const struct node *node, struct condition *condition)
{
	if (!node)
		return true;
	if ((node->kind == NODE_FIELD || node->kind == NODE_DEFAULT || node->kind == NODE_PRESENT)
	    && settlement_fields[node->field].type == TYPE_AMOUNT) {
		size_t i = 0;
		while (i < condition->amount_fields && condition->amount_field[i] != node->field)
			i++;
		if (i == AMOUNT_FIELDS_MAX)
			return false;
		if (i == condition->amount_fields)
			condition->amount_field[condition->amount_fields++] = node->field;
	}
	return (node->kind == NODE_DEFAULT || node->kind == NODE_PRESENT)
	    || (collect_amounts(node->left, condition) && collect_amounts(node->right, condition)
	    && collect_amounts(node->third, condition));
}

static int32_t
condition_find(const struct expressions *all, const char *text)
{
	for (size_t i = 0; i < all->conditions; i++)
		if (strcmp(all->condition[i].text, text) == 0)
			return (int32_t)i;
	return -1;
}

static int32_t
condition_append(struct expressions *all, const struct condition *condition)
{
	if (all->conditions == all->condition_slots) {
		all->condition_slots = all->condition_slots ? 2 * all->condition_slots : 32;
		all->condition = realloc(all->condition, all->condition_slots * sizeof *all->condition);
		if (!all->condition)
			abort();
	}
	all->condition[all->conditions] = *condition;
	return (int32_t)all->conditions++;
}

/* As written, or in the canonical text, which must load again. */
static int32_t
too_long(struct writing *writing)
{
	writing_mistake(writing, (struct extent){0, 1}, NO_HINT, MISTAKE_expression_long);
	return -1;
}

static int32_t
condition_add(struct writing *writing, const struct node *root)
{
	struct expressions *all = writing->shared;
	struct condition condition = {.text = node_text(all->arena, root)};
	int32_t known = condition_find(all, condition.text);
	if (known >= 0)
		return known;
	if (strlen(condition.text) > EXPRESSION_BYTES_MAX)
		return too_long(writing);
	if (!collect_amounts(root, &condition)) {
		writing_mistake(writing, (struct extent){0, writing->text.length}, NO_HINT, MISTAKE_amounts_many);
		return -1;
	}
	condition.program = normal_form(all, root);
	if (!condition.program) {
		writing_mistake(writing, (struct extent){0, writing->text.length}, NO_HINT, MISTAKE_expression_complex);
		return -1;
	}
	return condition_append(all, &condition);
}

int32_t
expression_unless(struct expressions *all, int32_t where, const int32_t *unless, size_t count)
{
	struct buffer text = {0};
	buffer_text(&text, all->condition[where].text);
	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, " unless %s", all->condition[unless[i]].text);
	struct condition condition = all->condition[where];
	condition.text = arena_copy(all->arena, text.data, text.length);
	buffer_free(&text);
	int32_t known = condition_find(all, condition.text);
	if (known >= 0)
		return known;
	int32_t *list = arena_alloc(all->arena, count * sizeof *list);
	memcpy(list, unless, count * sizeof *list);
	condition.unless = list;
	condition.unlesses = count;
	return condition_append(all, &condition);
}

static int32_t
compile(struct writing *writing)
{
	if (writing->text.length > EXPRESSION_BYTES_MAX)
		return too_long(writing);
	struct node *root = parser_run(writing);
	if (!root || !typecheck(writing, root) || writing->failed)
		return -1;
	return condition_add(writing, root);
}

int32_t
expression_compile(struct expressions *all, const struct source *source, const struct yaml *scalar)
{
	return compile(&(struct writing){.shared = all, .source = source, .scalar = scalar, .text = scalar->text});
}

int32_t
expression_builtin(struct expressions *all, const char *text)
{
	struct source source = source_of("(built in)", text, all->diags);
	return compile(&(struct writing){.shared = all, .source = &source, .text = slice_of(text)});
}
