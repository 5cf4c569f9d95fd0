/* Bands of severity: how far beyond the limit decides how severe an alert is.  The excess is an exact fraction that the
 * detector gives, compared with integers. */
#include "core/rule/load.h"

#include "core/base/money.h"
#include "core/rule/print.h"

#define BANDS_MAX 8
#define OVER_MAX INT64_C(1000000000)    /* a thousand times the limit, six places */

static const char *const severities[] = RULE_SEVERITIES;

/* One {over, severity}; before: the band below it, NULL: this is the first. */
static bool
load_band(const struct rule_draft *draft, const struct yaml *node, const struct band *before, struct band *band)
{
	static const char *const keys[] = {"over", "severity"};
	const struct source *source = &draft->source;
	if (!want_kind(source, node, YAML_MAP))
		return false;
	bool is_good = want_keys(source, node, keys, COUNT(keys));
	const struct yaml *over = want_member(source, node, "over"), *severity = want_member(source, node, "severity");
	int word = severity ? want_word(source, severity, severities, COUNT(severities)) : -1;
	if (!over || !want_kind(source, over, YAML_SCALAR) || word < 0)
		return false;
	band->severity = severities[word];
	if (!decimal_parse(over->text.data, over->text.length, 6, &band->over) || band->over < 0 || band->over > OVER_MAX) {
		source_mistake(source, over->at, NO_HINT, MISTAKE_band_over);
		return false;
	}
	if (!before && band->over != 0) {
		source_mistake(source, over->at, NO_HINT, MISTAKE_band_first);
		return false;
	}
	if (before && band->over <= before->over) {
		source_mistake(source, over->at, NO_HINT, MISTAKE_band_order);
		return false;
	}
	return is_good;
}

bool
bands_load(struct load *load, struct rule_draft *draft)
{
	const struct yaml *list = yaml_get(draft->root, "bands");
	struct rule *rule = &draft->rule;
	if (!list)
		return true;
	if (!want_kind(&draft->source, list, YAML_LIST) || !want_entries(&draft->source, list, BANDS_MAX))
		return false;
	if (rule->detector && !rule->detector->gives_over) {
		source_mistake(&draft->source, list->key->at, NO_HINT, MISTAKE_bands_without_over, rule->detector->name);
		return false;
	}
	struct band *band = arena_alloc(load->arena, list->count * sizeof *band);
	bool is_good = true;
	for (const struct yaml *item = list->first; item && is_good; item = item->next) {
		is_good = load_band(draft, item, rule->bands ? &band[rule->bands - 1] : NULL, &band[rule->bands]);
		rule->bands++;
	}
	rule->band = band;
	return is_good;
}

void
bands_print(struct buffer *out, const struct rule *rule)
{
	if (rule->bands)
		buffer_text(out, "bands:\n");
	for (size_t i = 0; i < rule->bands; i++) {
		buffer_text(out, "  - {over: ");
		print_decimal(out, rule->band[i].over);
		buffer_printf(out, ", severity: %s}\n", rule->band[i].severity);
	}
}

const char *
rule_severity(const struct rule *rule, const struct verdict *verdict)
{
	if (rule->bands == 0 || verdict->word != VERDICT_ALERT)
		return rule->severity;
	size_t band = rule->bands - 1;
	while (band > 0 && verdict->over_numerator * 1000000 <= verdict->over_denominator * rule->band[band].over)
		band--;
	return rule->band[band].severity;
}
