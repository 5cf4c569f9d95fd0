/* Why a rule says what it says, or nothing. */
#include "replay/diff.h"

#include "core/base/money.h"
#include "core/detector.h"

const char *const outcome_names[OUTCOMES] = {
	[OUTCOME_absent] = "absent", [OUTCOME_off] = "off", [OUTCOME_shadow] = "shadow", [OUTCOME_alerts] = "alerts",
	[OUTCOME_filter_matched_nothing] = "filter_matched_nothing", [OUTCOME_no_parameter_row] = "no_parameter_row",
	[OUTCOME_insufficient] = "insufficient", [OUTCOME_no_window_closed] = "no_window_closed",
	[OUTCOME_limit_never_reached] = "limit_never_reached", [OUTCOME_nothing_found] = "nothing_found",
	[OUTCOME_suppressed] = "suppressed", [OUTCOME_taken_back] = "taken_back",
};

static const char *const mode_names[] = {[MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", [MODE_OFF] = "off"};

static void
indicators_count(const struct diff_side *side, int32_t rule, struct why *why)
{
	const struct diff_options *options = side->options;
	for (size_t i = 0; i < side->judgements; i++) {
		const struct judged *judged = &side->judged[i];
		if (judged->rule != rule || judged->day < options->from || judged->day > options->to)
			continue;
		why->judged[judged->word]++;
		why->subjects++;
	}
}

static void
few_count(const struct diff_side *side, int32_t rule, struct why *why)
{
	for (size_t i = 0; i < side->alerts; i++) {
		const struct standing *alert = &side->alert[i];
		why->few += alert->rule == rule && alert->is_few && alert->day >= side->options->from && alert->day <= side->options->to;
	}
}

static void
suppressed_count(const struct diff_side *side, const struct rule *rule, struct why *why)
{
	for (size_t i = 0; i < side->rules->suppressions; i++)
		if (strcmp(side->rules->suppression[i].rule, rule->id) == 0)
			why->suppressed += scorer_suppression_counts(side->scorer, i)->alerts;
}

/* Judged at a window's close, with an indicator for every subject. */
static bool
judges_windows(const struct rule *rule)
{
	return rule->detector->shape == SHAPE_SERIES || rule->detector->shape == SHAPE_FAMILY;
}

static enum outcome
outcome_of(const struct diff_side *side, const struct rule *rule, uint64_t alerts, const struct why *why)
{
	if (rule->mode == MODE_OFF)
		return OUTCOME_off;
	if (rule->mode == MODE_SHADOW && !side->options->shadow)
		return OUTCOME_shadow;
	if (alerts)
		return OUTCOME_alerts;
	if (why->met.matched == 0)
		return OUTCOME_filter_matched_nothing;
	if (why->met.without_row == why->met.matched)
		return OUTCOME_no_parameter_row;
	if (why->was_said)
		return OUTCOME_taken_back;
	if (why->suppressed)
		return OUTCOME_suppressed;
	if (judges_windows(rule) && rule->mode == MODE_ENFORCE && why->subjects == 0)
		return OUTCOME_no_window_closed;
	if (why->few || (why->subjects && why->judged[WORD_INSUFFICIENT] == why->subjects))
		return OUTCOME_insufficient;
	return rule->detector->shape == SHAPE_LEDGER ? OUTCOME_limit_never_reached : OUTCOME_nothing_found;
}

void
why_of(const struct diff_side *side, const char *id, uint64_t alerts, struct why *why)
{
	const struct rule *rule = side_rule(side, id);
	*why = (struct why){.outcome = OUTCOME_absent};
	if (!rule)
		return;
	int32_t number = (int32_t)(rule - side->rules->rule);
	why->revision = rule->revision;
	why->mode = mode_names[rule->mode];
	why->met = side->filters.met[number];
	why->was_said = scorer_rule_counts(side->scorer, (size_t)number)->by_status[STATUS_OPEN] > 0;
	few_count(side, number, why);
	suppressed_count(side, rule, why);
	indicators_count(side, number, why);
	why->outcome = outcome_of(side, rule, alerts, why);
	if (why->outcome == OUTCOME_limit_never_reached)
		why->has_nearest = scorer_nearest(side->scorer, (size_t)number, &why->nearest, &why->limit);
}

/* ---- in words ---- */

static void
nearest_text(const struct why *why, bool zh, struct buffer *out)
{
	char sum[MONEY_TEXT_SIZE], limit[MONEY_TEXT_SIZE], ratio[MONEY_TEXT_SIZE];
	int64_t millionths;
	if (!why->has_nearest || why->limit <= 0)
		return;
	ratio_text(why->nearest, why->limit, ratio);
	decimal_parse(ratio, strlen(ratio), 6, &millionths);
	buffer_printf(out, zh ? "（最接近的 %s 元，为限额 %s 元的 %lld.%lld%%）" : " (nearest: %s of %s yuan, %lld.%lld %% of the limit)",
	    money_text(why->nearest, sum), money_text(why->limit, limit), (long long)(millionths / 10000), (long long)(millionths / 1000 % 10));
}

static void
windows_text(const struct why *why, bool zh, struct buffer *out)
{
	if (why->subjects)
		buffer_printf(out, zh ? "；判定对象 %llu 个，其中样本不足 %llu 个" : "; subjects judged: %llu, of them insufficient: %llu",
		    (unsigned long long)why->subjects, (unsigned long long)why->judged[WORD_INSUFFICIENT]);
}

void
why_text(const struct why *why, enum language language, struct buffer *out)
{
	static const char *const says[OUTCOMES][2] = {
		[OUTCOME_absent] = {"该规则集没有这条规则", "not in this ruleset"},
		[OUTCOME_off] = {"规则已停用", "the rule is off"},
		[OUTCOME_shadow] = {"规则在试运行，不计入告警", "the rule is on trial (shadow): it counts nowhere"},
		[OUTCOME_alerts] = {"有告警", "alerts stand"},
		[OUTCOME_filter_matched_nothing] = {"筛选条件没有命中任何结算", "the filter matched nothing"},
		[OUTCOME_no_parameter_row] = {"筛选条件命中了结算，但当地当日没有有效的参数行", "the filter matched claims, but no parameter row holds there"},
		[OUTCOME_insufficient] = {"样本不足，不作判断", "insufficient: too few cases to judge"},
		[OUTCOME_no_window_closed] = {"尚无已关闭的窗口（--close-all 全部关闭）", "no window has closed yet (--close-all closes all)"},
		[OUTCOME_suppressed] = {"应报的告警都被压下不报", "what it would say is hidden by suppressions"},
		[OUTCOME_limit_never_reached] = {"从未超过限额", "the limit was never exceeded"},
		[OUTCOME_nothing_found] = {"已判定，没有发现问题", "judged, nothing stood out"},
		[OUTCOME_taken_back] = {"有过告警，但在该范围内均不成立", "alerts were said, but none stands in the range"},
	};
	bool zh = language == LANGUAGE_ZH;
	buffer_text(out, says[why->outcome][language]);
	nearest_text(why, zh, out);
	if (why->outcome > OUTCOME_off)
		buffer_printf(out, zh ? "；命中结算 %llu 笔" : "; claims matched: %llu", (unsigned long long)why->met.matched);
	if (why->met.without_row)
		buffer_printf(out, zh ? "，其中无参数行 %llu 笔" : ", without a parameter row: %llu", (unsigned long long)why->met.without_row);
	windows_text(why, zh, out);
	if (why->few)
		buffer_printf(out, zh ? "；样本不足 %llu 件" : "; too few cases: %llu", (unsigned long long)why->few);
	if (why->suppressed)
		buffer_printf(out, zh ? "；压下不报 %llu 件" : "; hidden by suppressions: %llu", (unsigned long long)why->suppressed);
}
