/* See indicators.h. */
#include "daemon/indicators.h"

#include "core/base/memory.h"
#include "core/base/time.h"
#include "daemon/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const sort_names[SUBJECT_SORTS] = {"pool", "township", "institution"};

struct chosen {                         /* subjects that get gauges */
	const struct scorer *scorer;
	const struct ruleset *rules;
	size_t *index;
	size_t count;
	uint64_t there[SUBJECT_SORTS];
	struct slice *name;             /* of figures, in order of first sight */
	size_t names;
};

/* ---- which ---- */

static enum subject_sort
sort_of(const struct latest_indicator *indicator)
{
	if (indicator->institution.length)
		return SORT_INSTITUTION;
	return indicator->township.length ? SORT_TOWNSHIP : SORT_POOL;
}

static void
names_note(struct chosen *chosen, size_t index, size_t figures)
{
	for (size_t i = 0; i < figures; i++) {
		double number;
		struct slice name = scorer_figure(chosen->scorer, index, i, &number);
		size_t place = 0;
		while (place < chosen->names && !slice_equal(chosen->name[place], name))
			place++;
		if (place < chosen->names || !isfinite(number))
			continue;
		chosen->name = memory_resize(chosen->name, (chosen->names + 1) * sizeof *chosen->name);
		chosen->name[chosen->names++] = name;
	}
}

static void
choose(struct chosen *chosen, const struct indicator_bounds *bounds)
{
	uint64_t changes;
	size_t count = scorer_indicators(chosen->scorer, &changes);
	chosen->index = memory_resize(NULL, (count + 1) * sizeof *chosen->index);
	for (size_t i = 0; i < count; i++) {
		struct latest_indicator indicator = scorer_indicator(chosen->scorer, i);
		enum subject_sort sort = sort_of(&indicator);
		if (chosen->rules->rule[indicator.rule].mode != MODE_ENFORCE || chosen->there[sort]++ >= bounds->most[sort])
			continue;
		chosen->index[chosen->count++] = i;
		names_note(chosen, i, indicator.figures);
	}
}

/* ---- samples ---- */

static void
sample(struct buffer *out, const struct chosen *chosen, const struct latest_indicator *indicator, struct slice name, double number)
{
	const struct {
		const char *name;
		struct slice value;
	} label[] = {{"area", indicator->area}, {"class", indicator->class}, {"level", indicator->level}, {"township", indicator->township},
	    {"institution", indicator->institution}};
	buffer_printf(out, "fundwatch_indicator_%.*s{", (int)name.length, name.data);
	metric_label(out, "rule", slice_of(chosen->rules->rule[indicator->rule].id));
	buffer_char(out, ',');
	metric_label(out, "kind", indicator->kind);
	buffer_char(out, ',');
	metric_label(out, "pool", indicator->pool);
	for (size_t i = 0; i < sizeof label / sizeof label[0]; i++) {
		if (!label[i].value.length)
			continue;
		buffer_char(out, ',');
		metric_label(out, label[i].name, label[i].value);
	}
	buffer_text(out, "} ");
	metric_number(out, number);
	buffer_char(out, '\n');
}

static void
family(struct buffer *out, struct slice name, const char *help)
{
	char text[96];
	snprintf(text, sizeof text, "indicator_%.*s", (int)name.length, name.data);
	metric_family(out, text, "gauge", help);
}

/* What cannot be said (a target that is out of time, a ratio of nothing) has no sample. */
static void
figure_add(struct buffer *out, const struct chosen *chosen, struct slice name)
{
	family(out, name, "Figure of this name in the findings of indicators, of the last month that closed.");
	for (size_t i = 0; i < chosen->count; i++) {
		struct latest_indicator indicator = scorer_indicator(chosen->scorer, chosen->index[i]);
		for (size_t j = 0; j < indicator.figures; j++) {
			double number;
			struct slice found = scorer_figure(chosen->scorer, chosen->index[i], j, &number);
			if (slice_equal(found, name) && isfinite(number))
				sample(out, chosen, &indicator, name, number);
		}
	}
}

static double
verdict_number(const struct latest_indicator *indicator)
{
	static const int number[] = {[VERDICT_OK] = 0, [VERDICT_WATCH] = 1, [VERDICT_ALERT] = 2, [VERDICT_INSUFFICIENT] = -1};
	return number[indicator->verdict];
}

static double
month_begin(const struct latest_indicator *indicator)
{
	return (double)month_first_day(indicator->month) * DAY_SECONDS - BEIJING_OFFSET_SECONDS;
}

static void
of_each(struct buffer *out, const struct chosen *chosen, const char *name, const char *help, double (*number)(const struct latest_indicator *))
{
	family(out, slice_of(name), help);
	for (size_t i = 0; i < chosen->count; i++) {
		struct latest_indicator indicator = scorer_indicator(chosen->scorer, chosen->index[i]);
		sample(out, chosen, &indicator, slice_of(name), number(&indicator));
	}
}

static void
counts_add(struct buffer *out, const struct chosen *chosen, const struct indicator_bounds *bounds)
{
	metric_family(out, "indicator_subjects", "gauge", "Subjects that indicators are about (a rule, a unit and its class or level), by sort; pool: areas too.");
	for (size_t i = 0; i < SUBJECT_SORTS; i++)
		buffer_printf(out, "fundwatch_indicator_subjects{sort=\"%s\"} %" PRIu64 "\n", sort_names[i], chosen->there[i]);
	metric_family(out, "indicator_subjects_beyond", "gauge", "Those of them that have no gauges, because metrics.pools, townships or institutions is smaller.");
	for (size_t i = 0; i < SUBJECT_SORTS; i++) {
		uint64_t beyond = chosen->there[i] > bounds->most[i] ? chosen->there[i] - bounds->most[i] : 0;
		buffer_printf(out, "fundwatch_indicator_subjects_beyond{sort=\"%s\"} %" PRIu64 "\n", sort_names[i], beyond);
	}
}

void
indicators_text(struct buffer *out, const struct scorer *scorer, const struct ruleset *rules, const struct indicator_bounds *bounds)
{
	struct chosen chosen = {.scorer = scorer, .rules = rules};
	choose(&chosen, bounds);
	for (size_t i = 0; i < chosen.names; i++)
		figure_add(out, &chosen, chosen.name[i]);
	of_each(out, &chosen, "verdict", "What the last indicator says: 0 ok, 1 watch, 2 alert, -1 insufficient.", verdict_number);
	of_each(out, &chosen, "period_timestamp_seconds", "Unix time at which the month begins that the figures go through.", month_begin);
	counts_add(out, &chosen, bounds);
	free(chosen.index);
	free(chosen.name);
}

void
rule_info_text(struct buffer *out, const struct ruleset *rules)
{
	static const char *const mode_names[] = {[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"};
	metric_family(out, "rule_info", "gauge", "What a rule of the running ruleset is; 1.");
	for (size_t i = 0; i < rules->rules; i++) {
		const struct rule *rule = &rules->rule[i];
		const struct {
			const char *name, *value;
		} label[] = {{"rule", rule->id}, {"detector", rule->detector->name}, {"family", rule->family}, {"grade", rule->grade},
		    {"severity", rule->severity}, {"mode", mode_names[rule->mode]}, {"title_zh", rule->title[LANGUAGE_ZH]}, {"title_en", rule->title[LANGUAGE_EN]}};
		for (size_t j = 0; j < sizeof label / sizeof label[0]; j++) {
			buffer_text(out, j ? "," : "fundwatch_rule_info{");
			metric_label(out, label[j].name, slice_of(label[j].value));
		}
		buffer_text(out, "} 1\n");
	}
}
