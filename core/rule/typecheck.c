/* Types of an expression: every mistake is reported with both types; literals get their value once the other side
 * says what they are. */
#include "core/rule/expression.h"

#include "core/base/money.h"
#include "core/base/time.h"

#define DECIMAL_PLACES 4                /* of TYPE_DECIMAL fields */
#define CODE_BYTES_MAX 16
#define IDENTIFIER_BYTES_MAX 64

const struct message *
expression_type_name(enum expression_type type)
{
	static const struct message names[] = {
		[EXPRESSION_WRONG] = {"?", "?"}, [EXPRESSION_TRUTH] = {"条件", "a condition"},
		[EXPRESSION_CODE] = {"编码", "a code"}, [EXPRESSION_ID] = {"标识", "an identifier"},
		[EXPRESSION_AMOUNT] = {"金额", "an amount"}, [EXPRESSION_DECIMAL] = {"小数", "a decimal"},
		[EXPRESSION_DATE] = {"日期", "a date"}, [EXPRESSION_TIME] = {"时间", "a time"},
		[EXPRESSION_UNKEPT] = {"?", "?"},
		[EXPRESSION_STRING_LITERAL] = {"引号里的文字", "a text in quotes"},
		[EXPRESSION_NUMBER_LITERAL] = {"数字", "a number"},
		[EXPRESSION_DATE_LITERAL] = {"日期", "a date"}, [EXPRESSION_TIME_LITERAL] = {"时间", "a time"},
	};
	return &names[type];
}

static bool
is_text(enum expression_type type)
{
	return type == EXPRESSION_CODE || type == EXPRESSION_ID;
}

static bool
is_literal(const struct node *node)
{
	return node->kind == NODE_LITERAL;
}

/* A literal whose type is not known yet. */
static bool
is_open_literal(const struct node *node)
{
	return is_literal(node) && node->type >= EXPRESSION_STRING_LITERAL;
}

static enum expression_type
wrong(struct writing *writing, const struct node *node, struct message hint, enum mistake mistake, ...)
{
	va_list list;
	va_start(list, mistake);
	writing_mistake_list(writing, node->at, hint, mistake, list);
	va_end(list);
	return EXPRESSION_WRONG;
}

/* ---- literals ---- */

static bool
normalise_code(struct node *literal)
{
	while (literal->text.length > 1 && literal->text.data[0] == '0') {
		literal->text.data++;
		literal->text.length--;
	}
	return literal->text.length >= 1 && literal->text.length <= CODE_BYTES_MAX;
}

static bool
parse_literal_time(struct node *literal, enum expression_type type)
{
	int32_t day;
	if (type == EXPRESSION_TIME)
		return time_parse(literal->text.data, literal->text.length, &literal->number);
	if (!date_parse(literal->text.data, literal->text.length, &day))
		return false;
	literal->number = day;
	return true;
}

/* Makes the literal one of the given type; false: reported. */
static bool
settle_literal(struct writing *writing, struct node *literal, enum expression_type type)
{
	struct slice text = literal->text;
	literal->type = type;
	switch (type) {
	case EXPRESSION_AMOUNT:
		if (money_parse(text.data, text.length, &literal->number))
			return true;
		wrong(writing, literal, NO_HINT, MISTAKE_amount_form);
		return false;
	case EXPRESSION_DECIMAL:
		if (decimal_parse(text.data, text.length, DECIMAL_PLACES, &literal->number))
			return true;
		wrong(writing, literal, NO_HINT, MISTAKE_decimal_form);
		return false;
	case EXPRESSION_CODE:
		if (normalise_code(literal))
			return true;
		wrong(writing, literal, NO_HINT, MISTAKE_code_length);
		return false;
	case EXPRESSION_ID:
		if (text.length >= 1 && text.length <= IDENTIFIER_BYTES_MAX)
			return true;
		wrong(writing, literal, NO_HINT, MISTAKE_identifier_length);
		return false;
	case EXPRESSION_DATE:
	case EXPRESSION_TIME:
		if (parse_literal_time(literal, type))
			return true;
		wrong(writing, literal, NO_HINT, MISTAKE_date_unknown);
		return false;
	default:
		return false;
	}
}

/* The type that a literal can take beside the type; EXPRESSION_WRONG: none. */
static enum expression_type
literal_beside(enum expression_type literal, enum expression_type type)
{
	if (literal == EXPRESSION_STRING_LITERAL && is_text(type))
		return type;
	if (literal == EXPRESSION_NUMBER_LITERAL && (type == EXPRESSION_AMOUNT || type == EXPRESSION_DECIMAL))
		return type;
	if (literal == EXPRESSION_DATE_LITERAL && (type == EXPRESSION_DATE || type == EXPRESSION_TIME))
		return EXPRESSION_DATE;
	if (literal == EXPRESSION_TIME_LITERAL && type == EXPRESSION_TIME)
		return type;
	return EXPRESSION_WRONG;
}

static struct message
mismatch_hint(enum expression_type a, enum expression_type b)
{
	if (b == EXPRESSION_NUMBER_LITERAL && is_text(a))
		return (struct message){"编码和标识要加双引号，如 \"390\"", "codes and identifiers stand in double quotes: \"390\""};
	if (b == EXPRESSION_STRING_LITERAL && a == EXPRESSION_AMOUNT)
		return (struct message){"金额不加引号，如 300.00", "amounts stand without quotes: 300.00"};
	if (b == EXPRESSION_STRING_LITERAL && (a == EXPRESSION_DATE || a == EXPRESSION_TIME))
		return (struct message){"日期不加引号，如 2024-01-01", "dates stand without quotes: 2024-01-01"};
	if (b == EXPRESSION_STRING_LITERAL && a == EXPRESSION_DECIMAL)
		return (struct message){"小数不加引号，如 0.70", "decimals stand without quotes: 0.70"};
	return NO_HINT;
}

static bool
mismatch(struct writing *writing, const struct node *at, enum expression_type a, enum expression_type b)
{
	struct message hint = mismatch_hint(a, b);
	if (!hint.zh)
		hint = mismatch_hint(b, a);
	wrong(writing, at, hint, MISTAKE_types_differ, expression_type_name(a), expression_type_name(b));
	return false;
}

static bool
is_date_and_time(enum expression_type a, enum expression_type b)
{
	return (a == EXPRESSION_DATE && b == EXPRESSION_TIME) || (a == EXPRESSION_TIME && b == EXPRESSION_DATE);
}

/* Makes both sides of a comparison comparable: one type, or a time (which is then taken by its day) and a date. */
static bool
unify(struct writing *writing, const struct node *at, struct node *a, struct node *b)
{
	if (a->type == EXPRESSION_WRONG || b->type == EXPRESSION_WRONG)
		return false;
	if (is_literal(a) && is_literal(b)) {
		wrong(writing, at, NO_HINT, MISTAKE_both_fixed);
		return false;
	}
	struct node *literal = is_open_literal(b) ? b : is_open_literal(a) ? a : NULL;
	if (literal) {
		enum expression_type other = literal == b ? a->type : b->type;
		enum expression_type type = literal_beside(literal->type, other);
		if (type == EXPRESSION_WRONG)
			return mismatch(writing, literal, other, literal->type);
		if (!settle_literal(writing, literal, type))
			return false;
	}
	return a->type == b->type || is_date_and_time(a->type, b->type) || mismatch(writing, at, a->type, b->type);
}

/* ---- nodes ---- */

static enum expression_type check(struct writing *, struct node *);

static enum expression_type
field_type(int field)
{
	static const enum expression_type types[] = {
		[TYPE_ID] = EXPRESSION_ID, [TYPE_CODE] = EXPRESSION_CODE, [TYPE_AMOUNT] = EXPRESSION_AMOUNT,
		[TYPE_DATE] = EXPRESSION_DATE, [TYPE_TIME] = EXPRESSION_TIME, [TYPE_DECIMAL] = EXPRESSION_DECIMAL,
		[TYPE_TEXT] = EXPRESSION_UNKEPT, [TYPE_NESTED] = EXPRESSION_UNKEPT};
	return types[settlement_fields[field].type];
}

static enum expression_type
check_field(struct writing *writing, const struct node *node)
{
	if (node->field < 0)
		return EXPRESSION_WRONG;
	enum expression_type type = field_type(node->field);
	if (type != EXPRESSION_UNKEPT)
		return type;
	const char *name = settlement_fields[node->field].name;
	struct diags *diags = writing->shared->diags;
	struct message hint = {source_say(diags, "只能用 present(%s)", name), source_say(diags, "only present(%s) is known", name)};
	return wrong(writing, node, hint, MISTAKE_field_unkept, name);
}

static enum expression_type
check_default(struct writing *writing, struct node *node)
{
	enum expression_type type = check_field(writing, node);
	if (type == EXPRESSION_WRONG)
		return type;
	struct node *literal = node->right;
	enum expression_type wanted = literal_beside(literal->type, type);
	if (wanted == EXPRESSION_DATE && type == EXPRESSION_TIME)
		wanted = EXPRESSION_TIME;       /* a bare date is midnight */
	if (wanted == EXPRESSION_WRONG) {
		mismatch(writing, literal, type, literal->type);
		return EXPRESSION_WRONG;
	}
	return settle_literal(writing, literal, wanted) ? type : EXPRESSION_WRONG;
}

/* + and -: amounts, and numbers that are amounts beside them. */
static enum expression_type
check_sum(struct writing *writing, struct node *node)
{
	enum expression_type type = EXPRESSION_AMOUNT;
	struct node *sides[2] = {node->left, node->right};
	for (int i = 0; i < 2; i++) {
		enum expression_type side = check(writing, sides[i]);
		if (side == EXPRESSION_NUMBER_LITERAL && settle_literal(writing, sides[i], EXPRESSION_AMOUNT))
			side = EXPRESSION_AMOUNT;
		if (side == EXPRESSION_AMOUNT)
			continue;
		if (side != EXPRESSION_WRONG && side != EXPRESSION_NUMBER_LITERAL)
			wrong(writing, sides[i], NO_HINT, MISTAKE_sum_kind, expression_type_name(side));
		type = EXPRESSION_WRONG;
	}
	return type;
}

static enum expression_type
check_compare(struct writing *writing, struct node *node)
{
	check(writing, node->left);
	check(writing, node->right);
	if (!unify(writing, node, node->left, node->right))
		return EXPRESSION_WRONG;
	enum expression_type type = node->left->type;
	if (type == EXPRESSION_TRUTH)
		return wrong(writing, node, NO_HINT, MISTAKE_conditions_compared);
	if (is_text(type) && node->op != WORD_EQUAL && node->op != WORD_UNEQUAL)
		return wrong(writing, node, NO_HINT, MISTAKE_no_order, expression_type_name(type));
	return EXPRESSION_TRUTH;
}

/* A text field, or default() of one, stands left of in and =~. */
static enum expression_type
check_text_side(struct writing *writing, struct node *left, const char *what)
{
	enum expression_type type = check(writing, left);
	if (type == EXPRESSION_WRONG || (is_text(type) && !is_literal(left)))
		return type;
	return wrong(writing, left, NO_HINT, MISTAKE_text_side, what, expression_type_name(type));
}

static struct node *
sorted_list(struct node *list)
{
	struct node *sorted = NULL;
	while (list) {
		struct node *item = list, **place = &sorted;
		list = list->next;
		int order = 1;
		while (*place && (order = slice_compare((*place)->text, item->text)) < 0)
			place = &(*place)->next;
		if (*place && order == 0)
			continue;       /* written twice */
		item->next = *place;
		*place = item;
	}
	return sorted;
}

static enum expression_type
check_list(struct writing *writing, struct node *node)
{
	enum expression_type type = check_text_side(writing, node->left, "in");
	bool is_good = type != EXPRESSION_WRONG;
	for (struct node *item = node->right; item && type != EXPRESSION_WRONG; item = item->next) {
		if (item->type != EXPRESSION_STRING_LITERAL)
			is_good = mismatch(writing, item, type, item->type);
		else
			is_good &= settle_literal(writing, item, type);
	}
	if (!is_good)
		return EXPRESSION_WRONG;
	node->right = sorted_list(node->right);
	return EXPRESSION_TRUTH;
}

/* Could the table be read in which the field's sets stand? */
static bool
table_is_read(const struct tables *tables, int field)
{
	if (field == FIELD_med_type)
		return tables->has_medtype;
	return field == FIELD_clr_way || field == FIELD_hi_paymtd ? tables->has_payment : tables->has_codes;
}

static enum expression_type
check_set(struct writing *writing, struct node *node)
{
	if (check_text_side(writing, node->left, "in") == EXPRESSION_WRONG)
		return EXPRESSION_WRONG;
	const struct tables *tables = writing->shared->tables;
	struct diags *diags = writing->shared->diags;
	const char *field = settlement_fields[node->left->field].name;
	node->set = tables_set(tables, node->left->field, node->text);
	if (node->set >= 0)
		return EXPRESSION_TRUTH;
	if (!table_is_read(tables, node->left->field)) {
		writing->failed = true;         /* the table's own mistake was reported */
		return EXPRESSION_WRONG;
	}
	const char *names[TABLES_SETS_MAX];
	size_t count = tables_set_names(tables, node->left->field, names);
	return wrong(writing, node->right, hint_word(diags, node->text, names, count), MISTAKE_set_unknown, field, SLICE_ARG(node->text));
}

static enum expression_type
check_matches(struct writing *writing, struct node *node)
{
	if (check_text_side(writing, node->left, "=~") == EXPRESSION_WRONG)
		return EXPRESSION_WRONG;
	size_t offset;
	const char *why;
	node->pattern = pattern_compile(writing->shared->arena, node->right->text, &offset, &why);
	if (node->pattern)
		return EXPRESSION_TRUTH;
	struct extent at = {node->right->at.offset + 1 + offset, 1};
	writing_mistake(writing, at, NO_HINT, MISTAKE_pattern_wrong, why);
	return EXPRESSION_WRONG;
}

static enum expression_type
check_between(struct writing *writing, struct node *node)
{
	check(writing, node->left);
	check(writing, node->right);
	check(writing, node->third);
	struct node *left = node->left;
	if (!unify(writing, node, left, node->right) || !unify(writing, node, left, node->third))
		return EXPRESSION_WRONG;
	if (is_text(left->type) || left->type == EXPRESSION_TRUTH)
		return wrong(writing, node, NO_HINT, MISTAKE_between_kind);
	if (is_literal(node->right) && is_literal(node->third) && node->right->type == node->third->type
	    && node->right->number > node->third->number)
		return wrong(writing, node->right, NO_HINT, MISTAKE_between_never);
	return EXPRESSION_TRUTH;
}

static enum expression_type
check_logic(struct writing *writing, struct node *node)
{
	enum expression_type type = EXPRESSION_TRUTH;
	struct node *sides[2] = {node->left, node->right};
	for (int i = 0; i < 2 && sides[i]; i++) {
		enum expression_type side = check(writing, sides[i]);
		if (side == EXPRESSION_TRUTH)
			continue;
		if (side != EXPRESSION_WRONG)
			wrong(writing, sides[i], NO_HINT, MISTAKE_logic_kind, expression_type_name(side));
		type = EXPRESSION_WRONG;
	}
	return type;
}

static enum expression_type
check_kind(struct writing *writing, struct node *node)
{
	switch (node->kind) {
	case NODE_OR:
	case NODE_AND:
	case NODE_NOT: return check_logic(writing, node);
	case NODE_COMPARE: return check_compare(writing, node);
	case NODE_BETWEEN: return check_between(writing, node);
	case NODE_IN_LIST: return check_list(writing, node);
	case NODE_IN_SET: return check_set(writing, node);
	case NODE_MATCHES: return check_matches(writing, node);
	case NODE_PRESENT: return node->field < 0 ? EXPRESSION_WRONG : EXPRESSION_TRUTH;
	case NODE_ADD:
	case NODE_SUBTRACT: return check_sum(writing, node);
	case NODE_FIELD: return check_field(writing, node);
	case NODE_DEFAULT: return check_default(writing, node);
	case NODE_LITERAL: return node->type;
	}
	return EXPRESSION_WRONG;
}

static enum expression_type
check(struct writing *writing, struct node *node)
{
	return node->type = check_kind(writing, node);
}

bool
typecheck(struct writing *writing, struct node *root)
{
	enum expression_type type = check(writing, root);
	if (type == EXPRESSION_WRONG || type == EXPRESSION_TRUTH)
		return type == EXPRESSION_TRUTH;
	wrong(writing, root, NO_HINT, MISTAKE_no_condition, expression_type_name(type));
	return false;
}
