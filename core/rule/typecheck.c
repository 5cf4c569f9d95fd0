/* Types of an expression: every mistake is reported with both types; literals get their value once the other side
 * says what they are. */
#include "core/rule/expression.h"

#include "core/base/money.h"
#include "core/base/time.h"

#define DECIMAL_PLACES 4                /* of TYPE_DECIMAL fields */
#define CODE_BYTES_MAX 16
#define IDENTIFIER_BYTES_MAX 64

const char *
expression_type_name(enum expression_type type, enum language language)
{
	static const char *const names[][2] = {
		[EXPRESSION_WRONG] = {"?", "?"}, [EXPRESSION_TRUTH] = {"条件", "a condition"},
		[EXPRESSION_CODE] = {"编码", "a code"}, [EXPRESSION_ID] = {"标识", "an identifier"},
		[EXPRESSION_AMOUNT] = {"金额", "an amount"}, [EXPRESSION_DECIMAL] = {"小数", "a decimal"},
		[EXPRESSION_DATE] = {"日期", "a date"}, [EXPRESSION_TIME] = {"时间", "a time"},
		[EXPRESSION_UNKEPT] = {"?", "?"},
		[EXPRESSION_STRING_LITERAL] = {"引号里的文字", "a text in quotes"},
		[EXPRESSION_NUMBER_LITERAL] = {"数字", "a number"},
		[EXPRESSION_DATE_LITERAL] = {"日期", "a date"}, [EXPRESSION_TIME_LITERAL] = {"时间", "a time"},
	};
	return names[type][language];
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
wrong(struct writing *writing, const struct node *node, const char *zh, const char *en, struct message hint)
{
	writing_error(writing, node->at, (struct message){zh, en}, hint);
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
		wrong(writing, literal, "不是金额", "this is not an amount",
		    (struct message){"单位元，最多两位小数", "in yuan, at most two decimals"});
		return false;
	case EXPRESSION_DECIMAL:
		if (decimal_parse(text.data, text.length, DECIMAL_PLACES, &literal->number))
			return true;
		wrong(writing, literal, "不是小数", "this is not a decimal", (struct message){"最多四位小数", "at most four decimals"});
		return false;
	case EXPRESSION_CODE:
		if (normalise_code(literal))
			return true;
		wrong(writing, literal, "编码有 1 到 16 个字节", "a code has 1 to 16 bytes", NO_HINT);
		return false;
	case EXPRESSION_ID:
		if (text.length >= 1 && text.length <= IDENTIFIER_BYTES_MAX)
			return true;
		wrong(writing, literal, "标识有 1 到 64 个字节", "an identifier has 1 to 64 bytes", NO_HINT);
		return false;
	case EXPRESSION_DATE:
	case EXPRESSION_TIME:
		if (parse_literal_time(literal, type))
			return true;
		wrong(writing, literal, "没有这个日期或时间", "there is no such date or time", NO_HINT);
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
	struct diags *diags = writing->shared->diags;
	struct message hint = mismatch_hint(a, b);
	if (!hint.zh)
		hint = mismatch_hint(b, a);
	wrong(writing, at, source_say(diags, "%s不能和%s比较", expression_type_name(a, LANGUAGE_ZH),
	    expression_type_name(b, LANGUAGE_ZH)),
	    source_say(diags, "%s cannot be compared with %s", expression_type_name(a, LANGUAGE_EN),
	    expression_type_name(b, LANGUAGE_EN)), hint);
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
		wrong(writing, at, "两边都是固定的值", "both sides are fixed values",
		    (struct message){"至少一边要有字段", "at least one side must name a field"});
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
	return wrong(writing, node, source_say(diags, "字段 %s 的内容不保存，不能比较", name),
	    source_say(diags, "the content of %s is never kept and cannot be compared", name),
	    (struct message){source_say(diags, "只能用 present(%s)", name), source_say(diags, "only present(%s) is known", name)});
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
		if (side != EXPRESSION_WRONG && side != EXPRESSION_NUMBER_LITERAL) {
			struct diags *diags = writing->shared->diags;
			wrong(writing, sides[i], source_say(diags, "+ 和 - 只用于金额，这是%s", expression_type_name(side, LANGUAGE_ZH)),
			    source_say(diags, "+ and - are for amounts, this is %s", expression_type_name(side, LANGUAGE_EN)), NO_HINT);
		}
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
		return wrong(writing, node, "条件之间不能比较", "conditions are not compared with each other",
		    (struct message){"用 and、or、not", "use and, or, not"});
	if (is_text(type) && node->op != WORD_EQUAL && node->op != WORD_UNEQUAL)
		return wrong(writing, node, source_say(writing->shared->diags, "%s只能用 == 和 != 比较，没有大小",
		    expression_type_name(type, LANGUAGE_ZH)),
		    source_say(writing->shared->diags, "%s has no order: only == and != compare it",
		    expression_type_name(type, LANGUAGE_EN)), NO_HINT);
	return EXPRESSION_TRUTH;
}

/* A text field, or default() of one, stands left of in and =~. */
static enum expression_type
check_text_side(struct writing *writing, struct node *left, const char *what)
{
	enum expression_type type = check(writing, left);
	if (type == EXPRESSION_WRONG || (is_text(type) && !is_literal(left)))
		return type;
	struct diags *diags = writing->shared->diags;
	return wrong(writing, left, source_say(diags, "%s 的左边应是编码或标识字段，这是%s", what,
	    expression_type_name(type, LANGUAGE_ZH)),
	    source_say(diags, "a code or identifier field stands left of %s, this is %s", what,
	    expression_type_name(type, LANGUAGE_EN)),
	    (struct message){"金额和日期用 between", "amounts and dates have between"});
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
	if (node->left->field == FIELD_med_type ? !tables->has_medtype : !tables->has_payment) {
		writing->failed = true;         /* the table's own mistake was reported */
		return EXPRESSION_WRONG;
	}
	const char *names[TABLES_SETS_MAX];
	size_t count = tables_set_names(tables, node->left->field, names);
	return wrong(writing, node->right, source_say(diags, "字段 %s 没有集合 $%.*s", field, SLICE_ARG(node->text)),
	    source_say(diags, "there is no set $%.*s for %s", SLICE_ARG(node->text), field), hint_word(diags, node->text, names, count));
}

static enum expression_type
check_matches(struct writing *writing, struct node *node)
{
	if (check_text_side(writing, node->left, "=~") == EXPRESSION_WRONG)
		return EXPRESSION_WRONG;
	struct diags *diags = writing->shared->diags;
	size_t offset;
	const char *why;
	node->pattern = pattern_compile(writing->shared->arena, node->right->text, &offset, &why);
	if (node->pattern)
		return EXPRESSION_TRUTH;
	struct extent at = {node->right->at.offset + 1 + offset, 1};
	writing_error(writing, at, (struct message){source_say(diags, "正则表达式有误：%s", why),
	    source_say(diags, "the pattern is wrong: %s", why)}, NO_HINT);
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
		return wrong(writing, node, "between 用于金额、小数、日期和时间", "between is for amounts, decimals, dates and times", NO_HINT);
	if (is_literal(node->right) && is_literal(node->third) && node->right->type == node->third->type
	    && node->right->number > node->third->number)
		return wrong(writing, node->right, "下界大于上界，永远不成立", "the lower bound is above the upper one: never true", NO_HINT);
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
		if (side != EXPRESSION_WRONG) {
			struct diags *diags = writing->shared->diags;
			wrong(writing, sides[i], source_say(diags, "and、or、not 连接条件，这是%s", expression_type_name(side, LANGUAGE_ZH)),
			    source_say(diags, "and, or, not join conditions, this is %s", expression_type_name(side, LANGUAGE_EN)),
			    (struct message){"缺少比较，如 == \"390\" 或 > 0.00 ？", "is a comparison missing, like == \"390\" or > 0.00?"});
		}
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
	struct diags *diags = writing->shared->diags;
	wrong(writing, root, source_say(diags, "表达式应是一个条件，这是%s", expression_type_name(type, LANGUAGE_ZH)),
	    source_say(diags, "the expression must be a condition, this is %s", expression_type_name(type, LANGUAGE_EN)),
	    (struct message){"加上比较，如 == \"390\" 或 > 0.00", "add a comparison, like == \"390\" or > 0.00"});
	return false;
}
