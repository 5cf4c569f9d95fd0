/* repeat_after and group: how often an alert is told and together with what; neither changes a verdict. */
#include "core/rule/load.h"

#include "core/base/buffer.h"

#define DAYS_MOST 366

const char *const group_words[GROUP_WORDS] = {"rule", "pool", "insu_admdvs", "psn_no", "fixmedins_code", "township", "class", "period"};

static bool
load_days(struct rule_draft *draft)
{
	const struct yaml *node = yaml_get(draft->root, "repeat_after");
	const struct detector *detector = draft->rule.detector;
	int64_t days = 0;
	if (!node)
		return true;
	if (detector && detector->shape != SHAPE_LEDGER) {
		source_mistake(&draft->source, node->key->at, NO_HINT, MISTAKE_repeat_shape, detector->name);
		return false;
	}
	if (!want_integer(&draft->source, node, 1, DAYS_MOST, &days))
		return false;
	draft->rule.repeat_after = (int32_t)days;
	return true;
}

static bool
load_group(struct rule_draft *draft)
{
	const struct yaml *node = yaml_get(draft->root, "group");
	bool is_good = true;
	if (!node)
		return true;
	if (!want_kind(&draft->source, node, YAML_LIST))
		return false;
	for (const struct yaml *item = node->first; item; item = item->next) {
		int word = want_word(&draft->source, item, group_words, GROUP_WORDS);
		uint32_t bit = word >= 0 ? UINT32_C(1) << word : 0;
		is_good &= bit && !(draft->rule.group & bit);
		if (draft->rule.group & bit)
			source_mistake(&draft->source, item->at, NO_HINT, MISTAKE_group_twice, group_words[word]);
		draft->rule.group |= bit;
	}
	if (node->count == 0)
		source_mistake(&draft->source, node->at, NO_HINT, MISTAKE_group_empty);
	return is_good && node->count > 0;
}

bool
repeat_load(struct rule_draft *draft)
{
	bool is_good = load_days(draft);
	return load_group(draft) && is_good;
}

void
repeat_print(struct buffer *out, const struct rule *rule)
{
	const char *before = "group: [";
	if (rule->repeat_after)
		buffer_printf(out, "repeat_after: %d\n", rule->repeat_after);
	for (int i = 0; i < GROUP_WORDS; i++)
		if (rule->group >> i & 1) {
			buffer_printf(out, "%s%s", before, group_words[i]);
			before = ", ";
		}
	if (rule->group)
		buffer_text(out, "]\n");
}
