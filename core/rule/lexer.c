/* Text to words.  Dates are told from numbers by their form; a word that looks like an operator of another language
 * is refused with the operator that is meant. */
#include "core/rule/expression.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const struct {
	const char *text;
	enum word_kind kind;
} names[] = {
	{"and", WORD_AND}, {"or", WORD_OR}, {"not", WORD_NOT}, {"in", WORD_IN}, {"between", WORD_BETWEEN},
	{"present", WORD_PRESENT}, {"default", WORD_DEFAULT},
}, marks[] = {   /* longer ones first */
	{"==", WORD_EQUAL}, {"!=", WORD_UNEQUAL}, {"<=", WORD_LESS_EQUAL}, {">=", WORD_GREATER_EQUAL}, {"=~", WORD_MATCHES},
	{"<", WORD_LESS}, {">", WORD_GREATER}, {"+", WORD_PLUS}, {"-", WORD_MINUS}, {"(", WORD_OPEN}, {")", WORD_CLOSE},
	{"[", WORD_LIST_OPEN}, {"]", WORD_LIST_CLOSE}, {",", WORD_COMMA},
};

static const struct {
	const char *text, *zh, *en;
} strangers[] = {
	{"&&", "写 and", "write and"}, {"||", "写 or", "write or"}, {"=", "相等写 ==", "write == for equality"},
	{"!~", "写 not field =~ \"...\"", "write not field =~ \"...\""}, {"!", "写 not", "write not"},
	{"'", "文字用双引号 \"...\"", "texts stand in double quotes"},
	{"“", "用英文的双引号 \"", "use the plain double quote \""}, {"”", "用英文的双引号 \"", "use the plain double quote \""},
	{"，", "用英文的逗号 ,", "use the plain comma ,"}, {"（", "用英文的括号 ( )", "use plain parentheses ( )"},
	{"）", "用英文的括号 ( )", "use plain parentheses ( )"},
	{"*", "只有 + 和 -", "there are only + and -"}, {"/", "只有 + 和 -", "there are only + and -"},
};

static struct word
wrong(struct writing *writing, size_t offset, size_t length, struct message hint, enum mistake mistake)
{
	struct extent at = {offset, length};
	writing_mistake(writing, at, hint, mistake);
	return (struct word){.kind = WORD_WRONG, .at = at};
}

static struct word
take(struct writing *writing, enum word_kind kind, size_t start, size_t end, size_t *offset)
{
	*offset = end;
	return (struct word){kind, {start, end - start}, {writing->text.data + start, end - start}};
}

static struct word
take_name(struct writing *writing, size_t start, size_t *offset)
{
	struct slice text = writing->text;
	size_t end = start;
	while (end < text.length && (is_letter(text.data[end]) || is_digit(text.data[end])))
		end++;
	struct word word = take(writing, WORD_NAME, start, end, offset);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_equal(word.text, slice_of(names[i].text)))
			word.kind = names[i].kind;
	return word;
}

static struct word
take_set(struct writing *writing, size_t start, size_t *offset)
{
	struct slice text = writing->text;
	size_t end = start + 1;
	while (end < text.length && (is_letter(text.data[end]) || is_digit(text.data[end])))
		end++;
	if (end == start + 1)
		return wrong(writing, start, 1, NO_HINT, MISTAKE_set_name_missing);
	struct word word = take(writing, WORD_SET, start, end, offset);
	word.text.data++;
	word.text.length--;
	return word;
}

static struct word
take_string(struct writing *writing, size_t start, size_t *offset)
{
	struct slice text = writing->text;
	char *plain = arena_alloc(writing->shared->arena, text.length - start + 1);
	size_t used = 0, end = start + 1;
	for (; end < text.length && text.data[end] != '"'; end++) {
		char c = text.data[end];
		/* A backslash is taken off before a quote only; two stay two: patterns keep theirs. */
		if (c == '\\' && end + 1 < text.length && (text.data[end + 1] == '"' || text.data[end + 1] == '\\')) {
			if (text.data[end + 1] == '\\')
				plain[used++] = '\\';
			c = text.data[++end];
		}
		plain[used++] = c;
	}
	if (end >= text.length)
		return wrong(writing, start, text.length - start, NO_HINT, MISTAKE_string_open);
	struct word word = take(writing, WORD_STRING, start, end + 1, offset);
	word.text = (struct slice){plain, used};
	return word;
}

/* Does the text at that place have the form, in which 0 stands for a digit? */
static bool
has_form(struct slice text, size_t at, const char *form)
{
	for (; *form; form++, at++)
		if (at >= text.length || (*form == '0' ? !is_digit(text.data[at]) : text.data[at] != *form))
			return false;
	return true;
}

static struct word
take_number(struct writing *writing, size_t start, size_t *offset)
{
	struct slice text = writing->text;
	size_t end = start;
	if (has_form(text, start, "0000-00-00")) {
		if (has_form(text, start + 10, "T00:00:00") || has_form(text, start + 10, " 00:00:00"))
			return take(writing, WORD_TIME, start, start + 19, offset);
		return take(writing, WORD_DATE, start, start + 10, offset);
	}
	while (end < text.length && is_digit(text.data[end]))
		end++;
	if (end + 1 < text.length && text.data[end] == '.' && is_digit(text.data[end + 1]))
		for (end++; end < text.length && is_digit(text.data[end]);)
			end++;
	if (end < text.length && (is_letter(text.data[end]) || text.data[end] == '.'))
		return wrong(writing, start, end + 1 - start, NO_HINT, MISTAKE_number_form);
	return take(writing, WORD_NUMBER, start, end, offset);
}

static struct word
take_mark(struct writing *writing, size_t start, size_t *offset)
{
	struct slice rest = {writing->text.data + start, writing->text.length - start};
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (slice_starts_with(rest, slice_of(marks[i].text)))
			return take(writing, marks[i].kind, start, start + strlen(marks[i].text), offset);
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
		if (slice_starts_with(rest, slice_of(strangers[i].text)))
			return wrong(writing, start, strlen(strangers[i].text),
			    (struct message){strangers[i].zh, strangers[i].en}, MISTAKE_sign_unknown);
	size_t length = 1;
	while (length < rest.length && (rest.data[length] & 0xc0) == 0x80)
		length++;
	return wrong(writing, start, length, NO_HINT, MISTAKE_sign_unknown);
}

struct word
lexer_next(struct writing *writing, size_t *offset)
{
	struct slice text = writing->text;
	size_t at = *offset;
	while (at < text.length && strchr(" \t\n", text.data[at]))
		at++;
	if (at >= text.length)
		return (struct word){.kind = WORD_END, .at = {text.length, 0}};
	char c = text.data[at];
	if (is_letter(c))
		return take_name(writing, at, offset);
	if (is_digit(c))
		return take_number(writing, at, offset);
	if (c == '$')
		return take_set(writing, at, offset);
	if (c == '"')
		return take_string(writing, at, offset);
	return take_mark(writing, at, offset);
}
