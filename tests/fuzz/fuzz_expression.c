/* Expressions and claims from the bytes.  Each expression is written as text and worked out by the manual's rules at the same
 * time, value by value and without any normal form; compiled together and matched, all must answer the same, twice. */
#include "core/rule/expression.h"
#include "tests/fuzz/world.h"

#include "core/base/money.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

#define CONDITIONS_MAX 6
#define DEPTH_MAX 7

#define T TRUTH_TRUE
#define F TRUTH_FALSE
#define U TRUTH_UNKNOWN

struct answer {                                 /* by claim */
	enum truth of[CLAIMS];
};

struct number {
	bool there[CLAIMS];
	__int128 value[CLAIMS];
	bool is_literal;
};

static struct ruleset common;                   /* the tables */
static struct diags common_diags;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[160];
	(void)argc, (void)argv;
	scratch_open();
	snprintf(path, sizeof path, "%s/tables", scratch);
	common.tables = tables_load(&common.arena, path, &common_diags);
	if (common_diags.errors)
		abort();
	return 0;
}

/* ---- three values ---- */

static enum truth
both(enum truth a, enum truth b)
{
	return a == F || b == F ? F : a == T && b == T ? T : U;
}

static enum truth
turned(enum truth a)
{
	return a == T ? F : a == F ? T : U;
}

static struct answer
turned_all(struct answer a)
{
	for (int i = 0; i < CLAIMS; i++)
		a.of[i] = turned(a.of[i]);
	return a;
}

/* ---- texts ---- */

struct word_side {                              /* by claim; NULL: absent */
	const char *text[CLAIMS];
	unsigned field;
};

static char kept[32][80];                       /* texts of the claims as C strings, by claim and field */

static const char *
claim_word(const struct world *world, int number, unsigned field)
{
	const struct claim *claim = &world->claim[number];
	static unsigned next;
	char *out = kept[next++ % 32];
	if (!claim_has(claim, field))
		return NULL;
	snprintf(out, sizeof kept[0], "%.*s", (int)claim->value[field].text.length, claim->value[field].text.data);
	return out;
}

/* A literal of codes may have zeros in front, which mean nothing there. */
static const char *
put_word(struct world *world, bool is_code)
{
	const char *word = is_code ? codes[roll(world, LENGTH(codes))] : ids[roll(world, LENGTH(ids))];
	buffer_printf(&world->text, "\"%s%s\"", is_code && roll(world, 4) == 1 ? "00" : "", word);
	return word;
}

static struct word_side
put_word_side(struct world *world, bool is_code)
{
	struct word_side side = {.field = is_code ? code_field[roll(world, LENGTH(code_field))] : id_field[roll(world, LENGTH(id_field))]};
	bool has_default = roll(world, 4) == 1;
	const char *name = settlement_fields[side.field].name, *fallback = NULL;
	buffer_printf(&world->text, has_default ? "default(%s, " : "%s", name);
	if (has_default) {
		fallback = put_word(world, is_code);
		buffer_char(&world->text, ')');
	}
	for (int i = 0; i < CLAIMS; i++) {
		const char *word = claim_word(world, i, side.field);
		side.text[i] = word ? word : fallback;
	}
	return side;
}

static struct answer
put_word_equality(struct world *world, bool is_code)
{
	struct answer answer;
	bool is_swapped = roll(world, 8) == 1, is_negated = roll(world, 2);
	const char *literal = NULL;
	if (is_swapped) {
		literal = put_word(world, is_code);
		buffer_text(&world->text, is_negated ? "!=" : " == ");
	}
	struct word_side a = put_word_side(world, is_code), b = {0};
	if (!is_swapped) {
		buffer_text(&world->text, is_negated ? " != " : "==");
		if (roll(world, 3) == 1)
			b = put_word_side(world, is_code);
		else
			literal = put_word(world, is_code);
	}
	for (int i = 0; i < CLAIMS; i++) {
		const char *right = literal ? literal : b.text[i];
		answer.of[i] = !a.text[i] || !right ? U : strcmp(a.text[i], right) == 0 ? T : F;
	}
	return is_negated ? turned_all(answer) : answer;
}

static struct answer
put_word_list(struct world *world, bool is_code)
{
	struct answer answer;
	struct word_side side = put_word_side(world, is_code);
	bool is_negated = roll(world, 2);
	buffer_text(&world->text, is_negated ? " not in [" : " in [");
	for (int i = 0; i < CLAIMS; i++)
		answer.of[i] = side.text[i] ? F : U;
	for (unsigned left = 1 + roll(world, 4); left > 0; left--) {
		const char *word = put_word(world, is_code);
		for (int i = 0; i < CLAIMS; i++)
			if (side.text[i] && strcmp(side.text[i], word) == 0)
				answer.of[i] = T;
		buffer_text(&world->text, left > 1 ? ", " : "]");
	}
	return is_negated ? turned_all(answer) : answer;
}

/* Patterns whose answer is plain to see. */
static struct answer
put_pattern(struct world *world, bool is_code)
{
	struct answer answer;
	struct word_side side = put_word_side(world, is_code);
	const char *word = codes[roll(world, LENGTH(codes))];
	size_t length = strlen(word);
	unsigned anchors = roll(world, 4);
	buffer_printf(&world->text, " =~ \"%s%s%s\"", anchors & 1 ? "^" : "", word, anchors & 2 ? "$" : "");
	for (int i = 0; i < CLAIMS; i++) {
		const char *text = side.text[i];
		bool starts = text && strncmp(text, word, length) == 0;
		bool ends = text && strlen(text) >= length && strcmp(text + strlen(text) - length, word) == 0;
		bool holds = anchors == 0 ? text && strstr(text, word) : anchors == 1 ? starts : anchors == 2 ? ends : text && strcmp(text, word) == 0;
		answer.of[i] = !text ? U : holds ? T : F;
	}
	return answer;
}

/* The sets of the tables in scratch.h: 11 is outpatient everywhere, 21 is inpatient, but outpatient in 50; clr_way 40. */
static struct answer
put_set(struct world *world)
{
	static const char *const sets[] = {"outpatient", "inpatient"};
	struct answer answer;
	const char *set = roll(world, 3) == 2 ? "drg_dip" : sets[roll(world, 2)];
	unsigned field = strcmp(set, "drg_dip") == 0 ? FIELD_clr_way : FIELD_med_type;
	bool is_negated = roll(world, 2);
	buffer_printf(&world->text, is_negated ? "%s not in $%s" : "%s in $%s", settlement_fields[field].name, set);
	for (int i = 0; i < CLAIMS; i++) {
		const char *code = claim_word(world, i, field), *found = NULL;
		bool is_50 = strncmp(world->area[i], "50", 2) == 0;
		if (code && field == FIELD_clr_way)
			found = strcmp(code, "40") == 0 ? "drg_dip" : NULL;
		else if (code)
			found = strcmp(code, "11") == 0 || (strcmp(code, "21") == 0 && is_50) ? "outpatient" : strcmp(code, "21") == 0 ? "inpatient" : NULL;
		answer.of[i] = !code ? U : found && strcmp(found, set) == 0 ? T : F;
	}
	return is_negated ? turned_all(answer) : answer;
}

static struct answer
put_present(struct world *world)
{
	static const unsigned fields[] = {FIELD_med_type, FIELD_hifp_pay, FIELD_setl_time, FIELD_age, FIELD_certno, FIELD_psn_no};
	struct answer answer;
	unsigned field = fields[roll(world, LENGTH(fields))];
	buffer_printf(&world->text, "present(%s)", settlement_fields[field].name);
	for (int i = 0; i < CLAIMS; i++)
		answer.of[i] = claim_has(&world->claim[i], field) ? T : F;
	return answer;
}

/* ---- numbers ---- */

enum scale { AMOUNT, DECIMAL, DAY, SCALES };

static void
put_literal(struct world *world, enum scale scale, int64_t value)
{
	char text[MONEY_TEXT_SIZE];
	if (scale == AMOUNT)
		buffer_text(&world->text, money_text(value, text));
	else if (scale == DECIMAL)
		buffer_printf(&world->text, "%lld.%04lld", (long long)(value / 10000), (long long)(value % 10000));
	else
		buffer_text(&world->text, day_text((int32_t)value, text));
}

static int64_t
take_literal(struct world *world, enum scale scale)
{
	if (scale == AMOUNT)
		return amounts[roll(world, LENGTH(amounts))];
	return scale == DECIMAL ? roll(world, 4) * INT64_C(5000) : FIRST_DAY + (int64_t)roll(world, 4);
}

/* A field, a field with a default, or (where it may) a literal. */
static struct number
put_plain_number(struct world *world, enum scale scale, bool may_be_literal)
{
	struct number number = {0};
	unsigned way = roll(world, 4);
	int64_t literal = take_literal(world, scale);
	if (way == 0 && may_be_literal) {
		put_literal(world, scale, literal);
		number.is_literal = true;
		for (int i = 0; i < CLAIMS; i++) {
			number.there[i] = true;
			number.value[i] = literal;
		}
		return number;
	}
	unsigned field = scale == AMOUNT ? amount_field[roll(world, LENGTH(amount_field))]
	    : scale == DECIMAL ? decimal_field[roll(world, LENGTH(decimal_field))] : day_field[roll(world, LENGTH(day_field))];
	buffer_printf(&world->text, way == 1 ? "default(%s, " : "%s", settlement_fields[field].name);
	if (way == 1) {
		put_literal(world, scale, literal);
		buffer_char(&world->text, ')');
	}
	for (int i = 0; i < CLAIMS; i++) {
		bool has = claim_has(&world->claim[i], field);
		number.there[i] = has || way == 1;
		number.value[i] = has ? world->claim[i].value[field].number : literal;
	}
	return number;
}

static struct number
put_sum(struct world *world, int depth)
{
	if (depth == 0 || roll(world, 3) == 0)
		return put_plain_number(world, AMOUNT, true);
	struct number left = put_sum(world, depth - 1);
	bool is_minus = roll(world, 2);
	buffer_text(&world->text, is_minus ? " - (" : " + (");
	struct number right = put_sum(world, depth - 1);
	buffer_char(&world->text, ')');
	for (int i = 0; i < CLAIMS; i++) {
		left.there[i] &= right.there[i];
		left.value[i] += is_minus ? -right.value[i] : right.value[i];
	}
	left.is_literal = false;
	return left;
}

/* Two fields in either order, again and again, so that many comparisons ask about the same sum. */
static struct number
put_pair(struct world *world)
{
	struct number number = {0};
	bool is_swapped = roll(world, 2), is_minus = roll(world, 2);
	unsigned first = is_swapped ? FIELD_acct_pay : FIELD_hifp_pay, second = is_swapped ? FIELD_hifp_pay : FIELD_acct_pay;
	buffer_printf(&world->text, "%s %c %s", settlement_fields[first].name, is_minus ? '-' : '+', settlement_fields[second].name);
	for (int i = 0; i < CLAIMS; i++) {
		const struct claim *claim = &world->claim[i];
		int64_t added = claim->value[second].number;
		number.there[i] = claim_has(claim, first) && claim_has(claim, second);
		number.value[i] = (__int128)claim->value[first].number + (is_minus ? -added : added);
	}
	return number;
}

static struct number
put_number(struct world *world, enum scale scale, bool may_be_literal)
{
	if (scale == AMOUNT && roll(world, 4) == 3)
		return put_pair(world);
	return scale == AMOUNT && roll(world, 3) == 2 ? put_sum(world, 2) : put_plain_number(world, scale, may_be_literal);
}

static bool
holds(unsigned op, __int128 a, __int128 b)
{
	return op == 0 ? a == b : op == 1 ? a != b : op == 2 ? a < b : op == 3 ? a <= b : op == 4 ? a > b : a >= b;
}

static struct answer
compared(unsigned op, const struct number *a, const struct number *b)
{
	struct answer answer;
	for (int i = 0; i < CLAIMS; i++)
		answer.of[i] = !a->there[i] || !b->there[i] ? U : holds(op, a->value[i], b->value[i]) ? T : F;
	return answer;
}

static const char *const operators[] = {" == ", " != ", " < ", "<=", " > ", " >= "};

static struct answer
put_comparison(struct world *world)
{
	enum scale scale = (enum scale)roll(world, SCALES);
	struct number a = put_number(world, scale, true);
	unsigned op = roll(world, 6);
	buffer_text(&world->text, operators[op]);
	struct number b = a.is_literal ? put_plain_number(world, scale, false) : put_number(world, scale, true);
	return compared(op, &a, &b);
}

/* Both bounds hold; where one is absent nothing is said, even if the other one fails already. */
static struct answer
put_between(struct world *world)
{
	enum scale scale = (enum scale)roll(world, SCALES);
	struct answer answer;
	struct number x = put_plain_number(world, scale, false);
	buffer_text(&world->text, " between ");
	struct number low = put_number(world, scale, true);
	buffer_text(&world->text, " and ");
	struct number high = put_number(world, scale, !low.is_literal);
	for (int i = 0; i < CLAIMS; i++) {
		bool is_known = x.there[i] && low.there[i] && high.there[i];
		answer.of[i] = !is_known ? U : x.value[i] >= low.value[i] && x.value[i] <= high.value[i] ? T : F;
	}
	return answer;
}

/* The time against a date counts by its day; against a time to the second. */
static struct answer
put_time(struct world *world)
{
	struct number time = {0}, other;
	bool by_day = roll(world, 2);
	buffer_text(&world->text, "setl_time");
	unsigned op = roll(world, 6);
	buffer_text(&world->text, operators[op]);
	if (by_day) {
		other = put_plain_number(world, DAY, true);
	} else {
		int64_t day = FIRST_DAY + (int64_t)roll(world, 4), second = roll(world, 3) * INT64_C(43199);
		put_literal(world, DAY, day);
		buffer_printf(&world->text, "T%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
		for (int i = 0; i < CLAIMS; i++) {
			other.there[i] = true;
			other.value[i] = day * DAY_SECONDS + second;
		}
	}
	for (int i = 0; i < CLAIMS; i++) {
		time.there[i] = claim_has(&world->claim[i], FIELD_setl_time);
		time.value[i] = by_day ? world->claim[i].value[FIELD_setl_time].number / DAY_SECONDS : world->claim[i].value[FIELD_setl_time].number;
	}
	return compared(op, &time, &other);
}

/* ---- conditions ---- */

static struct answer
put_atom(struct world *world)
{
	switch (roll(world, 12)) {
	case 0: return put_word_equality(world, true);
	case 1: return put_word_equality(world, false);
	case 2: return put_word_list(world, true);
	case 3: return put_word_list(world, false);
	case 4: return put_pattern(world, true);
	case 5: return put_pattern(world, false);
	case 6: return put_set(world);
	case 7: return put_present(world);
	case 8: return put_between(world);
	case 9: return put_time(world);
	default: return put_comparison(world);
	}
}

static struct answer
put_condition(struct world *world, int depth)
{
	unsigned kind = depth == 0 ? 9 : roll(world, 10);
	if (kind > 6)
		return put_atom(world);
	if (kind == 6) {
		buffer_text(&world->text, "not (");
		struct answer answer = turned_all(put_condition(world, depth - 1));
		buffer_char(&world->text, ')');
		return answer;
	}
	bool is_and = kind < 3;
	buffer_char(&world->text, '(');
	struct answer a = put_condition(world, depth - 1);
	buffer_text(&world->text, is_and ? ") and (" : ") or (");
	struct answer b = put_condition(world, depth - 1);
	buffer_char(&world->text, ')');
	for (int i = 0; i < CLAIMS; i++)
		a.of[i] = is_and ? both(a.of[i], b.of[i]) : turned(both(turned(a.of[i]), turned(b.of[i])));
	return a;
}

/* ---- against the matcher ---- */

struct asked {
	int32_t condition;
	struct answer answer;
};

/* Only for what the manual says is too much may an expression be refused. */
static bool
is_too_much(const struct diags *diags)
{
	static const enum mistake known[] = {MISTAKE_expression_long, MISTAKE_amounts_many, MISTAKE_expression_complex, MISTAKE_expression_depth,
	    MISTAKE_between_never};
	const char *code = diags->count ? diags->list[diags->count - 1].code : NULL;
	for (size_t i = 0; code && i < LENGTH(known); i++)
		if (strcmp(code, mistake_rows[known[i]].code) == 0)
			return true;
	return false;
}

static size_t
add_conditions(struct world *world, struct expressions *all, struct asked *asked)
{
	size_t count = 0;
	for (unsigned left = 1 + roll(world, CONDITIONS_MAX); left > 0; left--) {
		world->text.length = 0;
		struct answer answer = put_condition(world, DEPTH_MAX);
		int32_t number = expression_builtin(all, arena_copy(all->arena, world->text.data, world->text.length));
		if (number >= 0)
			asked[count++] = (struct asked){number, answer};
		else if (!is_too_much(all->diags)) {
			diags_print(all->diags, LANGUAGE_EN, stderr);
			abort();
		}
	}
	return count;
}

/* The first one, except what one of the others holds true: their being unknown takes nothing away. */
static size_t
add_exclusion(struct expressions *all, struct asked *asked, size_t count)
{
	int32_t unless[CONDITIONS_MAX];
	struct answer answer = asked[0].answer;
	for (size_t i = 1; i < count; i++) {
		unless[i - 1] = asked[i].condition;
		for (int c = 0; c < CLAIMS; c++)
			if (asked[i].answer.of[c] == T)
				answer.of[c] = F;
	}
	asked[count] = (struct asked){expression_unless(all, asked[0].condition, unless, count - 1), answer};
	return count + 1;
}

static void
compare(const struct ruleset *set, struct matcher *matcher, const struct world *world, const struct asked *asked, size_t count)
{
	uint64_t truth[4], falsehood[4];
	if (MATCH_WORDS(set) > 4)
		abort();
	for (int run = 0; run < 2 * CLAIMS; run++) {
		int number = run % CLAIMS;
		matcher_run(matcher, matcher_area(matcher, slice_of(world->area[number])), &world->claim[number], truth, falsehood);
		for (size_t i = 0; i < count; i++) {
			int32_t c = asked[i].condition;
			bool is_true = truth[c >> 6] >> (c & 63) & 1, is_false = falsehood[c >> 6] >> (c & 63) & 1;
			enum truth found = is_true ? T : is_false ? F : U;
			if ((is_true && is_false) || found != asked[i].answer.of[number]) {
				fprintf(stderr, "%s: %d, not %d\n", set->condition[c].text, found, asked[i].answer.of[number]);
				abort();
			}
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = {.bytes = {data, size}};
	struct ruleset set = {.tables = common.tables};
	struct diags diags = {0};
	struct expressions all;
	struct asked asked[CONDITIONS_MAX + 1];
	int32_t excluding;
	for (int i = 0; i < CLAIMS; i++) {
		take_claim(&world, &world.claim[i]);
		world.area[i] = areas[draw(&world, LENGTH(areas))];
	}
	expressions_init(&all, &set.arena, set.tables, &diags);
	if (expression_builtin(&all, "med_type in $inpatient") != CONDITION_INPATIENT)
		abort();
	size_t count = add_conditions(&world, &all, asked);
	if (count > 1) {
		count = add_exclusion(&all, asked, count);
		excluding = asked[count - 1].condition;
		set.excluding = &excluding;
		set.excludings = 1;
	}
	set.condition = all.condition;
	set.conditions = all.conditions;
	struct matcher *matcher = matcher_open(&set);
	compare(&set, matcher, &world, asked, count);
	matcher_close(matcher);
	expressions_free(&all);
	arena_free(&set.arena);
	diags_free(&diags);
	buffer_free(&world.text);
	return 0;
}
