/* Evidence sentences: {name} and {name|yuan}, checked against the names that the detector's finding has. */
#include "core/rule/load.h"

static const char *const common_names[] = {
	"person", "period", "basis", "institution", "township", "class", "pool", "area", "title", "count_claims",
};

/* Names an evidence text of this rule may use: common ones, the detector's, and amounts that a claim's assertion names. */
static size_t
allowed_names(struct load *load, const struct rule *rule, const char *names[], size_t most)
{
	size_t count = 0;
	for (size_t i = 0; i < COUNT(common_names); i++)
		names[count++] = common_names[i];
	for (size_t i = 0; rule->detector->evidence_names && rule->detector->evidence_names[i] && count < most; i++)
		names[count++] = rule->detector->evidence_names[i];
	for (size_t i = 0; rule->detector->shape == SHAPE_CLAIM && i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		int32_t index = -1;
		if (setting->type == SETTING_CONDITION)
			memcpy(&index, (const char *)rule->config + setting->offset, sizeof index);
		if (index < 0)
			continue;
		const struct condition *condition = &load->expressions.condition[index];
		for (size_t j = 0; j < condition->amount_fields && count < most; j++)
			names[count++] = settlement_fields[condition->amount_field[j]].name;
	}
	return count;
}

/* The text between { and }. */
static bool
check_place(const struct source *source, const struct yaml *node, struct slice inner, const char *const *names, size_t count)
{
	size_t offset = (size_t)(inner.data - node->text.data);
	const char *bar = memchr(inner.data, '|', inner.length);
	struct slice name = {inner.data, bar ? (size_t)(bar - inner.data) : inner.length};
	size_t i = 0;
	while (i < count && !slice_equal(name, slice_of(names[i])))
		i++;
	if (i == count) {
		source_mistake(source, yaml_extent(source, node, offset, name.length ? name.length : 1),
		    hint_word(source->diags, name, names, count), MISTAKE_evidence_name, SLICE_ARG(name));
		return false;
	}
	if (!bar || slice_equal((struct slice){bar + 1, inner.length - name.length - 1}, SLICE("yuan")))
		return true;
	source_mistake(source, yaml_extent(source, node, offset + name.length + 1, inner.length - name.length - 1), NO_HINT,
	    MISTAKE_evidence_format);
	return false;
}

bool
evidence_check(struct load *load, struct rule_draft *draft, const struct yaml *node, const char *text)
{
	const char *names[128];
	size_t count = allowed_names(load, &draft->rule, names, COUNT(names));
	const struct source *source = &draft->source;
	bool is_good = true;
	for (const char *at = text; (at = strpbrk(at, "{}")); at++) {
		const char *end = strpbrk(at + 1, "{}");
		if (*at == '}' || !end || *end == '{') {
			source_mistake(source, yaml_extent(source, node, (size_t)(at - text), 1), NO_HINT, MISTAKE_evidence_braces);
			return false;
		}
		is_good &= check_place(source, node, (struct slice){at + 1, (size_t)(end - at - 1)}, names, count);
		at = end;
	}
	return is_good;
}
