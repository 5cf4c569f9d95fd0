/* --set RULE.PARAM[@REGION]=V1,V2,...: every value a variant of the new ruleset, several --set their product.  A variant is a
 * calculation: its value stands in no document. */
#include "replay/diff.h"

#include "detectors/registry.h"

#include <stdlib.h>
#include <sysexits.h>

/* ---- the words ---- */

static char *
copy_of(const char *text, size_t length)
{
	char *copy = memory_get(length + 1, 1);
	memcpy(copy, text, length);
	return copy;
}

static int
axis_wrong(enum language language, const char *word)
{
	TELL(language, "--set 的写法是 规则.参数[@区划]=值1,值2,…，不是“%s”", "--set wants RULE.PARAM[@REGION]=V1,V2,..., not \"%s\"", word);
	return EX_USAGE;
}

/* False: not of that form. */
static bool
axis_split(struct axis *axis, const char *word)
{
	const char *equals = strchr(word, '='), *dot = strchr(word, '.');
	if (!equals || !dot || dot > equals)
		return false;
	const char *at = memchr(dot, '@', (size_t)(equals - dot));
	const char *param_end = at ? at : equals;
	axis->name = copy_of(word, (size_t)(equals - word));
	axis->rule = copy_of(word, (size_t)(dot - word));
	axis->param = copy_of(dot + 1, (size_t)(param_end - dot - 1));
	axis->region = at ? copy_of(at + 1, (size_t)(equals - at - 1)) : NULL;
	for (const char *value = equals + 1, *end; ; value = end + 1) {
		end = value + strcspn(value, ",");
		axis->value = memory_grow(axis->value, axis->values + 1, sizeof *axis->value);
		axis->value[axis->values++] = copy_of(value, (size_t)(end - value));
		if (end == value)
			return false;
		if (*end == '\0')
			return true;
	}
}

static int
rule_unknown(const struct diff *diff, const struct axis *axis)
{
	const struct ruleset *rules = diff->new.rules;
	const char **names = memory_get(rules->rules, sizeof *names);
	for (size_t i = 0; i < rules->rules; i++)
		names[i] = rules->rule[i].id;
	const char *near = nearest_word(slice_of(axis->rule), names, rules->rules);
	if (near)
		TELL(diff->language, "--set：没有规则 %s，是否指 %s？", "--set: no rule %s; did you mean %s?", axis->rule, near);
	else
		TELL(diff->language, "--set：没有规则 %s", "--set: no rule %s", axis->rule);
	free(names);
	return EX_USAGE;
}

static int
param_unknown(const struct diff *diff, const struct axis *axis, const struct rule *rule)
{
	struct buffer list = {0};
	for (size_t i = 0; i < rule->params; i++)
		buffer_printf(&list, "%s%s", i ? ", " : "", rule->param[i].name);
	buffer_char(&list, '\0');
	TELL(diff->language, "--set：规则 %s 没有参数 %s；有：%s", "--set: rule %s has no parameter %s; it has: %s", rule->id, axis->param,
	    list.length > 1 ? list.data : "-");
	buffer_free(&list);
	return EX_USAGE;
}

static bool
has_row(const struct param *param, const char *region)
{
	for (size_t i = 0; i < param->rows; i++)
		if (!param->row[i].is_floor && (!region || strcmp(param->row[i].region, region) == 0))
			return true;
	return false;
}

static int
axis_check(const struct diff *diff, const struct axis *axis)
{
	const struct rule *rule = side_rule(&diff->new, axis->rule);
	if (!rule)
		return rule_unknown(diff, axis);
	const struct param *param = NULL;
	for (size_t i = 0; i < rule->params; i++)
		if (strcmp(rule->param[i].name, axis->param) == 0)
			param = &rule->param[i];
	if (!param)
		return param_unknown(diff, axis, rule);
	if (has_row(param, axis->region))
		return OPTIONS_GO_ON;
	TELL(diff->language, "--set：%s.%s 没有区划“%s”的值", "--set: %s.%s has no value for region \"%s\"", rule->id, param->name,
	    axis->region ? axis->region : "");
	return EX_USAGE;
}

static int
axes_read(struct diff *diff)
{
	struct diff_variants *variants = &diff->variants;
	const struct text_list *words = &diff->options->sets;
	size_t product = 1;
	if (words->count > AXES_MAX) {
		TELL(diff->language, "--set 最多 %d 个", "at most %d times --set", AXES_MAX);
		return EX_USAGE;
	}
	variants->axis = memory_get(words->count, sizeof *variants->axis);
	for (size_t i = 0; i < words->count; i++) {
		struct axis *axis = &variants->axis[variants->axes++];
		if (!axis_split(axis, words->item[i]))
			return axis_wrong(diff->language, words->item[i]);
		int result = axis_check(diff, axis);
		if (result != OPTIONS_GO_ON)
			return result;
		for (size_t j = 0; j < i; j++)
			if (strcmp(variants->axis[j].name, axis->name) == 0)
				return axis_wrong(diff->language, words->item[i]);
		product *= axis->values;
		if (product <= VARIANTS_MAX)
			continue;
		TELL(diff->language, "--set 的组合超过 %d 个", "more than %d combinations of --set", VARIANTS_MAX);
		return EX_USAGE;
	}
	variants->count = words->count ? product : 0;
	return OPTIONS_GO_ON;
}

/* ---- the rulesets ---- */

static struct ruleset *
variant_load(struct diff *diff, const struct variant *variant)
{
	const struct diff_variants *variants = &diff->variants;
	struct param_override override[AXES_MAX];
	struct diags diags = {0};
	for (size_t i = 0; i < variants->axes; i++) {
		const struct axis *axis = &variants->axis[i];
		override[i] = (struct param_override){axis->rule, axis->param, axis->region, axis->value[variant->choice[i]], axis->name};
	}
	struct ruleset *rules = ruleset_variant(detectors_registry(), diff->options->new_rules, diff->options->common.tables, override,
	    variants->axes, &diags);
	if (!rules) {
		diags_print(&diags, diff->language, stderr);
		TELL(diff->language, "%s：这些值不能采用，错误 %zu 处", "%s: these values cannot be taken, errors: %zu", diff->options->new_rules,
		    diags.errors);
	}
	diags_free(&diags);
	return rules;
}

static int
variant_open(struct diff *diff, struct variant *variant, size_t number)
{
	struct diff_variants *variants = &diff->variants;
	for (size_t i = variants->axes; i > 0; i--) {
		variant->choice[i - 1] = number % variants->axis[i - 1].values;
		number /= variants->axis[i - 1].values;
	}
	struct ruleset *rules = variant_load(diff, variant);
	if (!rules)
		return EX_CONFIG;
	variant->side.is_variant = true;
	variant->side.directory = diff->options->new_rules;
	if (side_open(&variant->side, rules, diff->options, &diff->session.limits, (size_t)diff->options->batch))
		return OPTIONS_GO_ON;
	TELL(diff->language, "内存不足：%s", "out of memory: %s", "scorer");
	return EX_OSERR;
}

int
variants_open(struct diff *diff)
{
	struct diff_variants *variants = &diff->variants;
	int result = axes_read(diff);
	if (result != OPTIONS_GO_ON) {
		variants->count = 0;
		return result;
	}
	variants->variant = memory_get(variants->count, sizeof *variants->variant);
	for (size_t i = 0; i < variants->count && result == OPTIONS_GO_ON; i++)
		result = variant_open(diff, &variants->variant[i], i);
	return result;
}

void
variants_close(struct diff_variants *variants)
{
	for (size_t i = 0; i < variants->axes; i++) {
		struct axis *axis = &variants->axis[i];
		for (size_t j = 0; j < axis->values; j++)
			free(axis->value[j]);
		free(axis->value);
		free(axis->name);
		free(axis->rule);
		free(axis->param);
		free(axis->region);
	}
	for (size_t i = 0; i < variants->count; i++)
		side_close(&variants->variant[i].side);
	free(variants->axis);
	free(variants->variant);
	*variants = (struct diff_variants){0};
}

void
variant_name(const struct diff_variants *variants, const struct variant *variant, struct buffer *out)
{
	for (size_t i = 0; i < variants->axes; i++)
		buffer_printf(out, "%s%s=%s", i ? ", " : "", variants->axis[i].name, variants->axis[i].value[variant->choice[i]]);
}

/* ---- their sums ---- */

static bool
is_counted(const struct diff *diff, const struct diff_side *side, const struct standing *alert)
{
	if (!alert || !alert->stands || alert->day < diff->options->from || alert->day > diff->options->to)
		return false;
	for (size_t i = 0; i < diff->variants.axes; i++)
		if (strcmp(side->rules->rule[alert->rule].id, diff->variants.axis[i].rule) == 0)
			return true;
	return false;
}

/* What one side says that the other does not. */
static uint64_t
surplus(const struct diff *diff, const struct diff_side *side, const struct diff_side *other, int64_t *fen)
{
	uint64_t count = 0;
	*fen = 0;
	for (size_t i = 0; i < side->alerts; i++) {
		const struct standing *alert = &side->alert[i];
		if (!is_counted(diff, side, alert) || is_counted(diff, other, side_find(other, alert->id)))
			continue;
		count++;
		*fen += alert->fen;
	}
	return count;
}

static void
sums_make(const struct diff *diff, const struct diff_side *side, struct variant_sums *sums)
{
	bool *seen = memory_get(side->names.count + 1, sizeof *seen);
	for (size_t i = 0; i < side->alerts; i++) {
		const struct standing *alert = &side->alert[i];
		if (!is_counted(diff, side, alert))
			continue;
		sums->alerts++;
		sums->fen += alert->fen;
		sums->persons += alert->person && !seen[alert->person];
		seen[alert->person] = true;
	}
	free(seen);
	sums->gained = surplus(diff, side, &diff->new, &sums->gained_fen);
	sums->lost = surplus(diff, &diff->new, side, &sums->lost_fen);
}

void
variants_compare(struct diff *diff)
{
	struct diff_variants *variants = &diff->variants;
	if (variants->count)
		sums_make(diff, &diff->new, &variants->base);
	for (size_t i = 0; i < variants->count; i++)
		sums_make(diff, &variants->variant[i].side, &variants->variant[i].sums);
}
