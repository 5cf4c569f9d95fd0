/* Exclusions: claims that a rule does not look at, each with its reason.  A claim is excluded when `when` is true; where
 * that cannot be told it is looked at like any other, so that an absent field never hides a claim. */
#include "core/rule/load.h"

#include "core/rule/print.h"

#define EXCLUSIONS_MAX 16

static bool
load_name(const struct rule_draft *draft, const struct yaml *node, struct exclusion *exclusion)
{
	const struct rule *rule = &draft->rule;
	if (!want_kind(&draft->source, node, YAML_SCALAR))
		return false;
	exclusion->name = node->text.data;
	if (!is_name(node->text)) {
		source_mistake(&draft->source, node->at, NO_HINT, MISTAKE_exclusion_name);
		return false;
	}
	for (size_t i = 0; i < rule->exclusions; i++)
		if (strcmp(rule->exclusion[i].name, exclusion->name) == 0) {
			source_mistake(&draft->source, node->at, NO_HINT, MISTAKE_exclusion_twice, exclusion->name);
			return false;
		}
	return true;
}

static bool
load_exclusion(struct load *load, struct rule_draft *draft, const struct yaml *node, struct exclusion *exclusion)
{
	static const char *const keys[] = {"name", "when", "because"};
	const struct source *source = &draft->source;
	if (!want_kind(source, node, YAML_MAP))
		return false;
	bool is_good = want_keys(source, node, keys, COUNT(keys));
	const struct yaml *name = want_member(source, node, "name"), *when = want_member(source, node, "when"),
	    *because = want_member(source, node, "because");
	exclusion->when = -1;
	exclusion->name = "";
	is_good &= name && load_name(draft, name, exclusion);
	if (when && want_kind(source, when, YAML_SCALAR))
		exclusion->when = expression_compile(&load->expressions, source, when);
	is_good &= exclusion->when >= 0;
	is_good &= because && want_both_languages(source, because, exclusion->because);
	return is_good;
}

bool
exclusions_load(struct load *load, struct rule_draft *draft)
{
	const struct yaml *list = yaml_get(draft->root, "exclude");
	struct rule *rule = &draft->rule;
	rule->where_written = rule->where;
	if (!list)
		return true;
	if (!want_kind(&draft->source, list, YAML_LIST) || !want_entries(&draft->source, list, EXCLUSIONS_MAX))
		return false;
	int32_t when[EXCLUSIONS_MAX];
	bool is_good = true;
	rule->exclusion = arena_alloc(load->arena, list->count * sizeof *rule->exclusion);
	for (const struct yaml *item = list->first; item; item = item->next) {
		struct exclusion *exclusion = &rule->exclusion[rule->exclusions];
		is_good &= load_exclusion(load, draft, item, exclusion);
		when[rule->exclusions++] = exclusion->when;
	}
	if (is_good && rule->where >= 0)
		rule->where = expression_unless(&load->expressions, rule->where, when, rule->exclusions);
	return is_good;
}

void
exclusions_print(struct buffer *out, const struct ruleset *set, const struct rule *rule)
{
	if (rule->exclusions)
		buffer_text(out, "exclude:\n");
	for (size_t i = 0; i < rule->exclusions; i++) {
		const struct exclusion *exclusion = &rule->exclusion[i];
		buffer_printf(out, "  - name: %s\n    when: ", exclusion->name);
		print_quoted(out, slice_of(set->condition[exclusion->when].text));
		buffer_text(out, "\n    because:\n      zh: ");
		print_quoted(out, slice_of(exclusion->because[LANGUAGE_ZH]));
		buffer_text(out, "\n      en: ");
		print_quoted(out, slice_of(exclusion->because[LANGUAGE_EN]));
		buffer_char(out, '\n');
	}
}

static inline bool
has_bit(const uint64_t *words, int32_t bit)
{
	return words[bit >> 6] >> (bit & 63) & 1;
}

/* What the matcher answered for such a condition is its `where` alone. */
void
exclusions_apply(const struct ruleset *set, uint64_t *truth, uint64_t *falsehood)
{
	for (size_t i = 0; i < set->excludings; i++) {
		int32_t number = set->excluding[i];
		const struct condition *condition = &set->condition[number];
		uint64_t bit = UINT64_C(1) << (number & 63);
		for (size_t j = 0; j < condition->unlesses; j++) {
			if (!has_bit(truth, condition->unless[j]))
				continue;
			truth[number >> 6] &= ~bit;
			falsehood[number >> 6] |= bit;
		}
	}
}
