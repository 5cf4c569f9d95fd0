/* What the rules' conditions met: a rule that says nothing because its where never holds is another case than one whose
 * parameter has no row there, and both are another case than a limit that nobody reached. */
#include "replay/diff.h"

#include "core/detector.h"

#include <stdlib.h>

void
filters_open(struct filters *filters, const struct ruleset *rules)
{
	size_t words = MATCH_WORDS(rules) + 1;
	filters->matcher = matcher_open(rules);
	filters->truth = memory_get(words, sizeof *filters->truth);
	filters->falsehood = memory_get(words, sizeof *filters->falsehood);
	filters->met = memory_get(rules->rules, sizeof *filters->met);
	filters->first_day = INT32_MAX;
	filters->last_day = INT32_MIN;
}

void
filters_close(struct filters *filters)
{
	if (filters->matcher)
		matcher_close(filters->matcher);
	free(filters->truth);
	free(filters->falsehood);
	free(filters->met);
}

/* Whether every parameter that the rule's detector asks for has a row for any tier in that area on that day. */
static bool
rows_hold(const struct rule *rule, const struct area *area, int32_t day)
{
	for (size_t i = 0; i < rule->detector->setting_count; i++) {
		const struct setting *setting = &rule->detector->settings[i];
		int32_t param;
		bool unknown;
		if (setting->type != SETTING_PARAM)
			continue;
		memcpy(&param, (const char *)rule->config + setting->offset, sizeof param);
		if (param >= 0 && !param_find(rule, param, area, (struct slice){NULL, 0}, day, &unknown))
			return false;
	}
	return true;
}

void
filters_count(struct filters *filters, const struct diff_side *side, const struct claim *claim)
{
	const struct ruleset *rules = side->rules;
	int32_t day = time_day(claim->value[FIELD_setl_time].number);
	filters->first_day = day < filters->first_day ? day : filters->first_day;
	filters->last_day = day > filters->last_day ? day : filters->last_day;
	if (day < side->options->from || day > side->options->to)
		return;
	const struct area *area = matcher_area(filters->matcher, claim->value[FIELD_insu_admdvs].text);
	matcher_run(filters->matcher, area, claim, filters->truth, filters->falsehood);
	for (size_t i = 0; i < rules->rules; i++) {
		const struct rule *rule = &rules->rule[i];
		if (rule->mode == MODE_OFF || !(filters->truth[rule->where >> 6] >> (rule->where & 63) & 1))
			continue;
		filters->met[i].matched++;
		filters->met[i].without_row += !rows_hold(rule, area, day);
	}
}
