/* See plain.h.  Words and types are read by the rule language's own parser; what follows from them is written down here
 * once more, without normal form, vectors or dictionaries. */
#include "tests/plain/plain.h"

#include "core/base/time.h"
#include "core/rule/expression.h"

#include <stdlib.h>

struct plain {
	const struct ruleset *set;
	struct arena arena;
	struct diags diags;
	struct expressions shared;
	struct node **root;             /* by condition */
	struct pattern_scratch *scratch;
	uint64_t *pattern_runs;
};

struct asked {
	const struct plain *plain;
	struct slice area;
	const struct claim *claim;
};

struct plain *
plain_open(const struct ruleset *set)
{
	struct plain *plain = calloc(1, sizeof *plain);
	if (!plain)
		abort();
	plain->set = set;
	plain->scratch = pattern_scratch_open();
	plain->root = arena_alloc(&plain->arena, (set->conditions + 1) * sizeof(struct node *));
	plain->pattern_runs = arena_alloc(&plain->arena, sizeof *plain->pattern_runs);
	expressions_init(&plain->shared, &plain->arena, set->tables, &plain->diags);
	for (size_t i = 0; i < set->conditions; i++) {
		struct source source = source_of("(plain)", set->condition[i].text, &plain->diags);
		struct writing writing = {.shared = &plain->shared, .source = &source, .text = slice_of(set->condition[i].text)};
		plain->root[i] = parser_run(&writing);
		if (plain->root[i] && typecheck(&writing, plain->root[i]) && !writing.failed)
			continue;
		plain_close(plain);
		return NULL;
	}
	return plain;
}

void
plain_close(struct plain *plain)
{
	pattern_scratch_close(plain->scratch);
	expressions_free(&plain->shared);
	diags_free(&plain->diags);
	arena_free(&plain->arena);
	free(plain);
}

uint64_t
plain_pattern_runs(const struct plain *plain)
{
	return *plain->pattern_runs;
}

/* ---- values: false, it is not known ---- */

static bool
text_value(const struct asked *asked, const struct node *node, struct slice *out)
{
	*out = node->text;
	if (node->kind == NODE_LITERAL)
		return true;
	if (claim_has(asked->claim, (unsigned)node->field))
		*out = asked->claim->value[node->field].text;
	else if (node->kind == NODE_DEFAULT)
		*out = node->right->text;
	else
		return false;
	return true;
}

static bool
number_value(const struct asked *asked, const struct node *node, int64_t *out)
{
	int64_t left, right;
	switch (node->kind) {
	case NODE_ADD:
	case NODE_SUBTRACT:
		if (!number_value(asked, node->left, &left) || !number_value(asked, node->right, &right))
			return false;
		*out = node->kind == NODE_ADD ? left + right : left - right;
		return true;
	case NODE_LITERAL:
		*out = node->number;
		return true;
	default:
		if (claim_has(asked->claim, (unsigned)node->field))
			*out = asked->claim->value[node->field].number;
		else if (node->kind == NODE_DEFAULT)
			*out = node->right->number;
		else
			return false;
		return true;
	}
}

/* ---- questions ---- */

static enum truth
said(bool holds)
{
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth
turned(enum truth truth)
{
	return truth == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : said(truth == TRUTH_FALSE);
}

static bool
is_text(const struct node *node)
{
	return node->type == EXPRESSION_CODE || node->type == EXPRESSION_ID;
}

static bool
holds(enum word_kind op, int64_t difference)
{
	switch (op) {
	case WORD_EQUAL: return difference == 0;
	case WORD_UNEQUAL: return difference != 0;
	case WORD_LESS: return difference < 0;
	case WORD_LESS_EQUAL: return difference <= 0;
	case WORD_GREATER: return difference > 0;
	default: return difference >= 0;
	}
}

/* a - b; a time beside a date counts as its day. */
static bool
difference(const struct asked *asked, const struct node *a, const struct node *b, int64_t *out)
{
	int64_t left, right;
	if (!number_value(asked, a, &left) || !number_value(asked, b, &right))
		return false;
	bool mixed = a->type != b->type;
	if (mixed && a->type == EXPRESSION_TIME)
		left = time_day(left);
	if (mixed && b->type == EXPRESSION_TIME)
		right = time_day(right);
	*out = left - right;
	return true;
}

static enum truth
compare(const struct asked *asked, const struct node *node)
{
	struct slice left, right;
	int64_t far;
	if (!is_text(node->left))
		return difference(asked, node->left, node->right, &far) ? said(holds(node->op, far)) : TRUTH_UNKNOWN;
	if (!text_value(asked, node->left, &left) || !text_value(asked, node->right, &right))
		return TRUTH_UNKNOWN;
	return said(slice_equal(left, right) == (node->op == WORD_EQUAL));
}

static enum truth
between(const struct asked *asked, const struct node *node)
{
	int64_t low, high;
	if (!difference(asked, node->left, node->right, &low) || !difference(asked, node->third, node->left, &high))
		return TRUTH_UNKNOWN;
	return said(low >= 0 && high >= 0);
}

static enum truth
member(const struct asked *asked, const struct node *node)
{
	struct slice text;
	if (!text_value(asked, node->left, &text))
		return TRUTH_UNKNOWN;
	if (node->kind == NODE_MATCHES) {
		++*asked->plain->pattern_runs;
		return pattern_match(node->pattern, asked->plain->scratch, text);
	}
	if (node->kind == NODE_IN_SET)
		return said(tables_in_set(asked->plain->set->tables, node->left->field, text, asked->area, node->set));
	for (const struct node *item = node->right; item; item = item->next)
		if (slice_equal(item->text, text))
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}

static enum truth
ask(const struct asked *asked, const struct node *node)
{
	enum truth left, right, decides;
	switch (node->kind) {
	case NODE_OR:
	case NODE_AND:
		decides = node->kind == NODE_OR ? TRUTH_TRUE : TRUTH_FALSE;
		left = ask(asked, node->left);
		if (left == decides)
			return left;
		right = ask(asked, node->right);
		return right == decides ? right : left == TRUTH_UNKNOWN ? left : right;
	case NODE_NOT: return turned(ask(asked, node->left));
	case NODE_COMPARE: return compare(asked, node);
	case NODE_BETWEEN: return between(asked, node);
	case NODE_PRESENT: return said(claim_has(asked->claim, (unsigned)node->field));
	default: return node->negated ? turned(member(asked, node)) : member(asked, node);
	}
}

void
plain_run(const struct plain *plain, const struct area *area, const struct claim *claim, uint64_t *truth, uint64_t *falsehood)
{
	struct asked asked = {plain, area ? slice_of(area->code) : SLICE(""), claim};
	memset(truth, 0, MATCH_WORDS(plain->set) * sizeof *truth);
	memset(falsehood, 0, MATCH_WORDS(plain->set) * sizeof *falsehood);
	for (size_t i = 0; i < plain->set->conditions; i++) {
		enum truth answer = ask(&asked, plain->root[i]);
		truth[i / 64] |= (uint64_t)(answer == TRUTH_TRUE) << i % 64;
		falsehood[i / 64] |= (uint64_t)(answer == TRUTH_FALSE) << i % 64;
	}
}
