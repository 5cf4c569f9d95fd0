/* Typed tree to normal form: an OR of ANDs of atoms.  Negation is pushed down to the atoms (De Morgan), AND is
 * distributed over OR; both are exact in the three-valued logic of the rules. */
#include "core/rule/expression.h"

#include "core/base/buffer.h"

#include <stdlib.h>

struct terms {
	struct term *term;
	size_t count, longest;          /* terms, literals of the longest */
	bool is_too_many;
};

struct expansion {
	struct expressions *all;
	struct arena work;              /* of terms that are joined further; the last ones are copied */
};

/* ---- atoms ---- */

static const struct atom *
atom_share(struct expressions *all, struct atom atom)
{
	for (size_t i = 0; i < all->atoms; i++)
		if (strcmp(all->atom[i]->text, atom.text) == 0)
			return all->atom[i];
	if (all->atoms == all->atom_slots) {
		all->atom_slots = all->atom_slots ? 2 * all->atom_slots : 64;
		all->atom = realloc(all->atom, all->atom_slots * sizeof *all->atom);
		if (!all->atom)
			abort();
	}
	struct atom *kept = arena_alloc(all->arena, sizeof *kept);
	*kept = atom;
	kept->number = (uint32_t)all->atoms;
	all->atom[all->atoms++] = kept;
	return kept;
}

static void
need(struct atom *atom, int field)
{
	atom->need[field >> 6] |= UINT64_C(1) << (field & 63);
}

/* The field of a text side, and its default. */
static void
set_text_side(struct atom *atom, const struct node *side)
{
	atom->field = side->field;
	if (side->kind == NODE_DEFAULT) {
		atom->has_default = true;
		atom->fallback = side->right->text;
	} else {
		need(atom, side->field);
	}
}

static void
add_to_sum(struct expressions *all, struct atom *atom, struct sum *sum, const struct node *node, int sign, bool as_day)
{
	if (node->kind == NODE_ADD || node->kind == NODE_SUBTRACT) {
		add_to_sum(all, atom, sum, node->left, sign, as_day);
		add_to_sum(all, atom, sum, node->right, node->kind == NODE_ADD ? sign : -sign, as_day);
		return;
	}
	if (node->kind == NODE_LITERAL) {
		sum->constant += sign * node->number;
		return;
	}
	struct addend *longer = arena_alloc(all->arena, (sum->addends + 1) * sizeof *longer);
	if (sum->addends)
		memcpy(longer, sum->addend, sum->addends * sizeof *longer);
	longer[sum->addends] = (struct addend){node->field, sign, as_day, node->kind == NODE_DEFAULT,
	    node->kind == NODE_DEFAULT ? node->right->number : 0};
	sum->addend = longer;
	sum->addends++;
	if (node->kind != NODE_DEFAULT)
		need(atom, node->field);
}

/* a - b; a time beside a date counts as its day. */
static void
set_difference(struct expressions *all, struct atom *atom, struct sum *sum, const struct node *a, const struct node *b)
{
	bool mixed = a->type != b->type;
	add_to_sum(all, atom, sum, a, 1, mixed && a->type == EXPRESSION_TIME);
	add_to_sum(all, atom, sum, b, -1, mixed && b->type == EXPRESSION_TIME);
}

static const char *
pair_text(struct expressions *all, const struct node *a, const char *mark, const struct node *b)
{
	return arena_printf(all->arena, "%s %s %s", node_text(all->arena, a), mark, node_text(all->arena, b));
}

static struct literal
text_equality(struct expressions *all, const struct node *a, const struct node *b, bool negated)
{
	struct atom atom = {.kind = ATOM_EQUAL};
	if (a->kind == NODE_LITERAL) {
		const struct node *swapped = a;
		a = b;
		b = swapped;
	}
	atom.text = pair_text(all, a, "==", b);
	set_text_side(&atom, a);
	if (b->kind == NODE_LITERAL) {
		atom.list = arena_alloc(all->arena, sizeof *atom.list);
		atom.list[0] = b->text;
		atom.count = 1;
		return (struct literal){atom_share(all, atom), negated};
	}
	atom.kind = ATOM_SAME;
	atom.other = b->field;
	/* Both may have defaults: list[0] is the one of the field, list[1] the one of the other. */
	atom.list = arena_alloc(all->arena, 2 * sizeof *atom.list);
	atom.list[0] = atom.fallback;
	if (b->kind == NODE_DEFAULT)
		atom.list[1] = b->right->text;
	else
		need(&atom, b->field);
	return (struct literal){atom_share(all, atom), negated};
}

/* a > b is b < a; a >= b is b <= a; != is not ==. */
static struct literal
comparison(struct expressions *all, const struct node *node)
{
	const struct node *a = node->left, *b = node->right;
	enum word_kind op = node->op;
	bool negated = op == WORD_UNEQUAL;
	if (a->type == EXPRESSION_CODE || a->type == EXPRESSION_ID)
		return text_equality(all, a, b, negated);
	if (op == WORD_GREATER || op == WORD_GREATER_EQUAL) {
		const struct node *swapped = a;
		a = b;
		b = swapped;
		op = op == WORD_GREATER ? WORD_LESS : WORD_LESS_EQUAL;
	}
	struct atom atom = {.kind = op == WORD_LESS ? ATOM_NEGATIVE : op == WORD_LESS_EQUAL ? ATOM_NOT_POSITIVE : ATOM_ZERO};
	atom.text = pair_text(all, a, op == WORD_LESS ? "<" : op == WORD_LESS_EQUAL ? "<=" : "==", b);
	set_difference(all, &atom, &atom.sum[0], a, b);
	return (struct literal){atom_share(all, atom), negated};
}

static struct literal
between(struct expressions *all, const struct node *node)
{
	struct atom atom = {.kind = ATOM_BETWEEN, .text = node_text(all->arena, node)};
	set_difference(all, &atom, &atom.sum[0], node->left, node->right);
	set_difference(all, &atom, &atom.sum[1], node->third, node->left);
	return (struct literal){atom_share(all, atom), false};
}

static struct literal
membership(struct expressions *all, const struct node *node)
{
	struct node plain = *node;
	plain.negated = false;
	struct atom atom = {.text = node_text(all->arena, &plain), .set = node->set, .pattern = node->pattern};
	atom.kind = node->kind == NODE_IN_SET ? ATOM_IN_SET : node->kind == NODE_MATCHES ? ATOM_MATCHES : ATOM_IN_LIST;
	set_text_side(&atom, node->left);
	if (node->kind == NODE_IN_LIST) {
		for (const struct node *item = node->right; item; item = item->next)
			atom.count++;
		atom.list = arena_alloc(all->arena, atom.count * sizeof *atom.list);
		size_t i = 0;
		for (const struct node *item = node->right; item; item = item->next)
			atom.list[i++] = item->text;
	}
	return (struct literal){atom_share(all, atom), node->negated};
}

static struct literal
make_literal(struct expressions *all, const struct node *node)
{
	switch (node->kind) {
	case NODE_COMPARE: return comparison(all, node);
	case NODE_BETWEEN: return between(all, node);
	case NODE_PRESENT: return (struct literal){atom_share(all,
	    (struct atom){.kind = ATOM_PRESENT, .text = node_text(all->arena, node), .field = node->field}), false};
	default: return membership(all, node);
	}
}

/* ---- normal form ---- */

static bool
has_literal(const struct term *term, struct literal literal)
{
	for (size_t i = 0; i < term->count; i++)
		if (term->literal[i].atom == literal.atom && term->literal[i].negated == literal.negated)
			return true;
	return false;
}

static struct term
join(struct arena *work, const struct term *a, const struct term *b)
{
	struct term both = {.literal = arena_alloc(work, (a->count + b->count) * sizeof *both.literal), .count = a->count};
	memcpy(both.literal, a->literal, a->count * sizeof *both.literal);
	for (size_t i = 0; i < b->count; i++)
		if (!has_literal(&both, b->literal[i]))
			both.literal[both.count++] = b->literal[i];
	return both;
}

static struct terms
limited(struct terms out, bool is_too_many)
{
	if (is_too_many || out.count > EXPRESSION_TERMS_MAX || out.count * out.longest > EXPRESSION_LITERALS_MAX)
		return (struct terms){.is_too_many = true};
	return out;
}

static struct terms
either(struct expansion *expansion, struct terms a, struct terms b)
{
	struct terms out = limited((struct terms){.count = a.count + b.count,
	    .longest = a.longest > b.longest ? a.longest : b.longest}, a.is_too_many || b.is_too_many);
	if (out.is_too_many)
		return out;
	out.term = arena_alloc(&expansion->work, out.count * sizeof *out.term);
	memcpy(out.term, a.term, a.count * sizeof *out.term);
	memcpy(out.term + a.count, b.term, b.count * sizeof *out.term);
	return out;
}

static struct terms
every(struct expansion *expansion, struct terms a, struct terms b)
{
	struct terms out = limited((struct terms){.count = a.count * b.count, .longest = a.longest + b.longest},
	    a.is_too_many || b.is_too_many);
	if (out.is_too_many)
		return out;
	out.term = arena_alloc(&expansion->work, out.count * sizeof *out.term);
	for (size_t i = 0; i < a.count; i++)
		for (size_t j = 0; j < b.count; j++)
			out.term[i * b.count + j] = join(&expansion->work, &a.term[i], &b.term[j]);
	return out;
}

static struct terms
expand(struct expansion *expansion, const struct node *node, bool negated)
{
	if (node->kind == NODE_NOT)
		return expand(expansion, node->left, !negated);
	if (node->kind == NODE_AND || node->kind == NODE_OR) {
		struct terms a = expand(expansion, node->left, negated), b = expand(expansion, node->right, negated);
		return (node->kind == NODE_OR) != negated ? either(expansion, a, b) : every(expansion, a, b);
	}
	struct term *term = arena_alloc(&expansion->work, sizeof *term);
	term->literal = arena_alloc(&expansion->work, sizeof *term->literal);
	term->literal[0] = make_literal(expansion->all, node);
	term->literal[0].negated ^= negated;
	term->count = 1;
	return (struct terms){.term = term, .count = 1, .longest = 1};
}

static struct program *
keep_terms(struct arena *arena, const struct terms *terms)
{
	struct program *program = arena_alloc(arena, sizeof *program);
	program->count = terms->count;
	program->term = arena_alloc(arena, terms->count * sizeof *program->term);
	for (size_t i = 0; i < terms->count; i++) {
		const struct term *from = &terms->term[i];
		struct term *to = &program->term[i];
		to->count = from->count;
		to->literal = arena_alloc(arena, from->count * sizeof *to->literal);
		memcpy(to->literal, from->literal, from->count * sizeof *to->literal);
	}
	return program;
}

struct program *
normal_form(struct expressions *all, const struct node *root)
{
	struct expansion expansion = {.all = all};
	struct terms terms = expand(&expansion, root, false);
	struct program *program = terms.is_too_many ? NULL : keep_terms(all->arena, &terms);
	arena_free(&expansion.work);
	return program;
}
