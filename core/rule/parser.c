/* Words to tree, by recursive descent with a bounded depth.  Stops at the first mistake of an expression. */
#include "core/rule/expression.h"

struct parser {
	struct writing *writing;
	size_t offset;                  /* behind the word at hand */
	struct word word;
	size_t end;                     /* of the word before */
};

static struct node *parse_or(struct parser *);

static void
advance(struct parser *parser)
{
	parser->end = parser->word.at.offset + parser->word.at.length;
	parser->word = lexer_next(parser->writing, &parser->offset);
}

static bool
accept(struct parser *parser, enum word_kind kind)
{
	if (parser->word.kind != kind)
		return false;
	advance(parser);
	return true;
}

/* Reports what was expected where the parser stands; a wrong word was reported already. */
static void *
expected(struct parser *parser, const char *zh, const char *en)
{
	const struct message wanted = {zh, en};
	if (parser->word.kind == WORD_WRONG)
		parser->writing->failed = true;
	else
		writing_mistake(parser->writing, parser->word.at, NO_HINT,
		    parser->word.kind == WORD_END ? MISTAKE_expression_ends : MISTAKE_expression_expected, &wanted);
	return NULL;
}

static struct node *
new_node(struct parser *parser, enum node_kind kind, size_t start)
{
	struct node *node = arena_alloc(parser->writing->shared->arena, sizeof *node);
	node->kind = kind;
	node->field = -1;
	node->at = (struct extent){start, parser->end > start ? parser->end - start : 1};
	return node;
}

static struct node *
new_pair(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = new_node(parser, kind, left->at.offset);
	node->left = left;
	node->right = right;
	return node;
}

static const char *const field_names[SETTLEMENT_FIELDS] = {
#define FIELD(name, type, required, sensitivity, unit, zh, en) #name,
#include "core/claim/settlement.def"
#undef FIELD
};

static int
field_number(struct parser *parser, const struct word *word)
{
	for (int i = 0; i < SETTLEMENT_FIELDS; i++)
		if (slice_equal(word->text, slice_of(field_names[i])))
			return i;
	struct diags *diags = parser->writing->shared->diags;
	struct message hint = hint_word(diags, word->text, field_names, SETTLEMENT_FIELDS);
	int alias = settlement_field_find(word->text);
	if (alias >= 0)
		hint = (struct message){source_say(diags, "规范名是 %s", field_names[alias]),
		    source_say(diags, "its canonical name is %s", field_names[alias])};
	writing_mistake(parser->writing, word->at, hint, MISTAKE_field_unknown, SLICE_ARG(word->text));
	return -1;
}

static struct node *
parse_field(struct parser *parser)
{
	struct word word = parser->word;
	if (word.kind != WORD_NAME)
		return expected(parser, "字段名", "a field name");
	int field = field_number(parser, &word);
	advance(parser);
	struct node *node = new_node(parser, NODE_FIELD, word.at.offset);
	node->field = field;
	return node;
}

static struct node *
parse_literal(struct parser *parser)
{
	static const enum expression_type types[] = {
		[WORD_STRING] = EXPRESSION_STRING_LITERAL, [WORD_NUMBER] = EXPRESSION_NUMBER_LITERAL,
		[WORD_DATE] = EXPRESSION_DATE_LITERAL, [WORD_TIME] = EXPRESSION_TIME_LITERAL};
	struct word word = parser->word;
	size_t start = word.at.offset;
	if (word.kind == WORD_MINUS) {
		advance(parser);
		word = parser->word;
		if (word.kind != WORD_NUMBER)
			return expected(parser, "数字", "a number");
		word.text = (struct slice){parser->writing->text.data + start, word.at.offset + word.at.length - start};
		if (word.at.offset != start + 1)
			return expected(parser, "紧跟负号的数字", "the number right behind the minus sign");
	}
	if (word.kind < WORD_STRING || word.kind > WORD_TIME)
		return expected(parser, "数字、日期或引号里的文字", "a number, a date or a text in quotes");
	advance(parser);
	struct node *node = new_node(parser, NODE_LITERAL, start);
	node->type = types[word.kind];
	node->text = word.text;
	return node;
}

/* present(field), default(field, literal) */
static struct node *
parse_call(struct parser *parser)
{
	struct word name = parser->word;
	advance(parser);
	if (!accept(parser, WORD_OPEN))
		return expected(parser, "左括号 (", "an opening parenthesis (");
	struct node *field = parse_field(parser), *fallback = NULL;
	if (!field)
		return NULL;
	if (name.kind == WORD_DEFAULT) {
		if (!accept(parser, WORD_COMMA))
			return expected(parser, "逗号和缺省值", "a comma and the default value");
		if (!(fallback = parse_literal(parser)))
			return NULL;
	}
	if (!accept(parser, WORD_CLOSE))
		return expected(parser, "右括号 )", "a closing parenthesis )");
	struct node *node = new_node(parser, name.kind == WORD_DEFAULT ? NODE_DEFAULT : NODE_PRESENT, name.at.offset);
	node->field = field->field;
	node->left = field;
	node->right = fallback;
	return node;
}

static struct node *
parse_primary(struct parser *parser)
{
	size_t start = parser->word.at.offset;
	switch (parser->word.kind) {
	case WORD_OPEN: {
		advance(parser);
		struct node *inner = parse_or(parser);
		if (!inner)
			return NULL;
		if (!accept(parser, WORD_CLOSE))
			return expected(parser, "右括号 )", "a closing parenthesis )");
		inner->at = (struct extent){start, parser->end - start};
		return inner;
	}
	case WORD_PRESENT:
	case WORD_DEFAULT:
		return parse_call(parser);
	case WORD_NAME:
		return parse_field(parser);
	case WORD_STRING: case WORD_NUMBER: case WORD_DATE: case WORD_TIME: case WORD_MINUS:
		return parse_literal(parser);
	default:
		return expected(parser, "字段、值或左括号", "a field, a value or an opening parenthesis");
	}
}

static struct node *
parse_sum(struct parser *parser)
{
	struct node *left = parse_primary(parser);
	while (left && (parser->word.kind == WORD_PLUS || parser->word.kind == WORD_MINUS)) {
		enum node_kind kind = parser->word.kind == WORD_PLUS ? NODE_ADD : NODE_SUBTRACT;
		advance(parser);
		struct node *right = parse_primary(parser);
		left = right ? new_pair(parser, kind, left, right) : NULL;
	}
	return left;
}

static struct node *
parse_list(struct parser *parser, struct node *left)
{
	struct node *node = new_pair(parser, NODE_IN_LIST, left, NULL), **last = &node->right;
	do {
		if (!(*last = parse_literal(parser)))
			return NULL;
		last = &(*last)->next;
	} while (accept(parser, WORD_COMMA));
	if (!accept(parser, WORD_LIST_CLOSE))
		return expected(parser, "逗号或右方括号 ]", "a comma or a closing bracket ]");
	node->at.length = parser->end - node->at.offset;
	return node;
}

static struct node *
parse_in(struct parser *parser, struct node *left)
{
	struct word set = parser->word;
	if (accept(parser, WORD_LIST_OPEN))
		return parse_list(parser, left);
	if (!accept(parser, WORD_SET))
		return expected(parser, "集合（如 $outpatient）或列表 [\"11\", \"12\"]",
		    "a set ($outpatient) or a list ([\"11\", \"12\"])");
	struct node *node = new_pair(parser, NODE_IN_SET, left, NULL);
	node->text = set.text;
	node->right = new_node(parser, NODE_LITERAL, set.at.offset);    /* keeps the place of the set's name */
	return node;
}

static struct node *
parse_between(struct parser *parser, struct node *left)
{
	struct node *low = parse_sum(parser);
	if (!low)
		return NULL;
	if (!accept(parser, WORD_AND))
		return expected(parser, "and 和上界", "and with the upper bound");
	struct node *high = parse_sum(parser);
	if (!high)
		return NULL;
	struct node *node = new_pair(parser, NODE_BETWEEN, left, low);
	node->third = high;
	return node;
}

static struct node *
parse_matches(struct parser *parser, struct node *left)
{
	if (parser->word.kind != WORD_STRING)
		return expected(parser, "引号里的正则表达式", "a pattern in quotes");
	struct node *right = parse_literal(parser);
	return right ? new_pair(parser, NODE_MATCHES, left, right) : NULL;
}

static struct node *
parse_not_in(struct parser *parser, struct node *left)
{
	advance(parser);
	if (!accept(parser, WORD_IN))
		return expected(parser, " in（not in）", "in (not in)");
	struct node *node = parse_in(parser, left);
	if (node)
		node->negated = true;
	return node;
}

static struct node *
parse_comparison(struct parser *parser)
{
	struct node *left = parse_sum(parser);
	if (!left)
		return NULL;
	enum word_kind op = parser->word.kind;
	if (op == WORD_NOT)
		return parse_not_in(parser, left);
	if (accept(parser, WORD_IN))
		return parse_in(parser, left);
	if (accept(parser, WORD_BETWEEN))
		return parse_between(parser, left);
	if (accept(parser, WORD_MATCHES))
		return parse_matches(parser, left);
	if (op < WORD_EQUAL || op > WORD_GREATER_EQUAL)
		return left;
	advance(parser);
	struct node *right = parse_sum(parser);
	if (!right)
		return NULL;
	struct node *node = new_pair(parser, NODE_COMPARE, left, right);
	node->op = op;
	return node;
}

static struct node *
parse_not(struct parser *parser)
{
	size_t start = parser->word.at.offset;
	struct node *node = NULL;
	if (++parser->writing->depth > EXPRESSION_DEPTH_MAX) {
		writing_mistake(parser->writing, parser->word.at, NO_HINT, MISTAKE_expression_depth);
	} else if (accept(parser, WORD_NOT)) {
		struct node *inner = parse_not(parser);
		if (inner) {
			node = new_node(parser, NODE_NOT, start);
			node->left = inner;
		}
	} else {
		node = parse_comparison(parser);
	}
	parser->writing->depth--;
	return node;
}

static struct node *
parse_and(struct parser *parser)
{
	struct node *left = parse_not(parser);
	while (left && accept(parser, WORD_AND)) {
		struct node *right = parse_not(parser);
		left = right ? new_pair(parser, NODE_AND, left, right) : NULL;
	}
	return left;
}

static struct node *
parse_or(struct parser *parser)
{
	struct node *left = parse_and(parser);
	while (left && accept(parser, WORD_OR)) {
		struct node *right = parse_and(parser);
		left = right ? new_pair(parser, NODE_OR, left, right) : NULL;
	}
	return left;
}

struct node *
parser_run(struct writing *writing)
{
	struct parser parser = {.writing = writing};
	advance(&parser);
	parser.end = 0;
	struct node *node = parse_or(&parser);
	if (node && parser.word.kind != WORD_END)
		node = expected(&parser, " and、or、比较符，或表达式的结尾", "and, or, a comparison or the end of the expression");
	return node;
}
