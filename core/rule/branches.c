/* See branches.h. */
#include "core/rule/branches.h"

#include "core/rule/load.h"

static void
add_branch(struct branches *all, struct branch branch)
{
	all->branch[all->count++] = branch;
}

static bool
is_always(const struct atom *atom)
{
	return atom->kind == ATOM_PRESENT && settlement_fields[atom->field].required;
}

static bool
has_atom(const struct branches *all, const char *key, const char *text)
{
	for (size_t i = 0; i < all->count; i++)
		if (!all->branch[i].is_whole && strcmp(all->branch[i].key, key) == 0 && strcmp(all->branch[i].text, text) == 0)
			return true;
	return false;
}

/* A condition that asks for this one comparison. */
static int32_t
add_condition(struct branches *all, struct arena *arena, const struct atom *atom)
{
	struct program *program = arena_alloc(arena, sizeof *program);
	program->term = arena_alloc(arena, sizeof *program->term);
	program->term->literal = arena_alloc(arena, sizeof *program->term->literal);
	program->term->literal[0].atom = atom;
	program->term->count = program->count = 1;
	all->set.condition[all->set.conditions] = (struct condition){.text = atom->text, .program = program};
	return (int32_t)all->set.conditions++;
}

static size_t
count_literals(const struct ruleset *set, int32_t condition)
{
	const struct program *program = set->condition[condition].program;
	size_t count = 0;
	for (size_t i = 0; i < program->count; i++)
		count += program->term[i].count;
	return count;
}

static void
add_expression(struct branches *all, struct arena *arena, struct place place, const char *key, int32_t condition, bool is_where)
{
	const struct ruleset *set = &all->set;
	const struct program *program = set->condition[condition].program;
	bool is_one = count_literals(set, condition) == 1;
	add_branch(all, (struct branch){.key = key, .text = set->condition[condition].text, .is_whole = true, .is_where = is_where,
	    .is_always = is_one && is_always(program->term->literal->atom), .condition = condition, .place = place});
	if (is_one)
		return;
	for (size_t i = 0; i < program->count; i++)
		for (size_t j = 0; j < program->term[i].count; j++) {
			const struct atom *atom = program->term[i].literal[j].atom;
			if (!has_atom(all, key, atom->text))
				add_branch(all, (struct branch){.key = key, .text = atom->text, .is_where = is_where, .is_always = is_always(atom),
				    .condition = add_condition(all, arena, atom), .place = place});
		}
}

/* -1: the setting is no expression, or not given. */
static int32_t
setting_condition(const struct rule *rule, const struct setting *setting)
{
	int32_t condition = -1;
	if (setting->type == SETTING_CONDITION)
		memcpy(&condition, (const char *)rule->config + setting->offset, sizeof condition);
	return condition;
}

static size_t
count_branches(const struct ruleset *set, const struct rule *rule)
{
	size_t most = count_literals(set, rule->where_written) + 1;
	for (size_t i = 0; i < rule->exclusions; i++)
		most += count_literals(set, rule->exclusion[i].when) + 1;
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		int32_t condition = setting_condition(rule, &rule->detector->settings[i]);
		most += condition >= 0 ? count_literals(set, condition) + 1 : 0;
	}
	return most;
}

static void
add_exclusions(struct branches *all, struct arena *arena, const struct rule *rule)
{
	struct place place = rule_place(&all->set, rule, "exclude", arena);
	for (size_t i = 0; i < rule->exclusions; i++) {
		size_t before = all->count;
		add_expression(all, arena, place, arena_printf(arena, "exclude %s", rule->exclusion[i].name), rule->exclusion[i].when, false);
		for (size_t j = before; j < all->count; j++)
			all->branch[j].is_exclusion = true;
	}
}

struct branches *
branches_of(const struct ruleset *set, const struct rule *rule, struct arena *arena)
{
	struct branches *all = arena_alloc(arena, sizeof *all);
	size_t most = count_branches(set, rule);
	all->set = *set;
	all->branch = arena_alloc(arena, most * sizeof *all->branch);
	all->set.condition = arena_alloc(arena, (set->conditions + most) * sizeof *all->set.condition);
	memcpy(all->set.condition, set->condition, set->conditions * sizeof *set->condition);
	add_expression(all, arena, rule_place(set, rule, "where", arena), "where", rule->where_written, true);
	add_exclusions(all, arena, rule);
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		if (setting_condition(rule, setting) >= 0)
			add_expression(all, arena, rule_place(set, rule, setting->name, arena), setting->name, setting_condition(rule, setting), false);
	}
	return all;
}

/* ---- places ---- */

struct place
rule_place(const struct ruleset *set, const struct rule *rule, const char *key, struct arena *arena)
{
	const char *name = arena_printf(arena, "rules/%s/%s.yaml", rule->family, rule->id);
	struct place place = {0, 0};
	for (size_t i = 0; i < set->files; i++) {
		struct diags diags = {0};
		struct source source;
		if (strcmp(set->file[i].name, name) != 0)
			continue;
		const struct yaml *root = source_take(&source, arena, rule->file, set->file[i].bytes, &diags) ? yaml_load(&source, arena) : NULL;
		const struct yaml *member = root && root->kind == YAML_MAP ? yaml_get(root, key) : NULL;
		if (member)
			source_place(&source, member->key->at.offset, &place.line, &place.column);
		diags_free(&diags);
	}
	return place;
}
