"""Rules: what each rule says, what it costs, what it would say on trial, what is kept from being said."""
from source.form import Column, Dashboard, Panel, Query, Row, Variable

RATE = '{@,rule=~"$rule"}[$__rate_interval]'
OPENED = '{@,rule=~"$rule",status="open"}[$__rate_interval]'
INFO = "* on (job, instance, rule) group_left (severity) fundwatch_rule_info{@}"

GLANCE = [
    Row("概况", "At a glance"),
    Panel("规则数", "Rules", ("运行中规则集的规则数。", "Rules of the running ruleset."), "stat", "none", [Query("max(fundwatch_rules{@})")], (6, 3), decimals=0),
    Panel("规则集", "Ruleset", ("运行中规则和表的摘要（SHA-256）。", "Digest (SHA-256) of the running rules and tables."), "stat", "none",
          [Query("fundwatch_ruleset_info{@}", "{{digest}}")], (12, 3), name=True),
    Panel("规则集代次", "Generation", ("启动以来运行过的规则集数。", "Rulesets that ran since the start."), "stat", "none", [Query("max(fundwatch_rules_generation{@})")], (6, 3), decimals=0),
    Panel("未结告警", "Alerts standing", ("当前成立的告警数；试运行的规则没有。", "Alerts that stand now; rules on trial have none."), "stat", "short",
          [Query('sum(fundwatch_alerts_standing{@,rule=~"$rule"})')], (8, 3), decimals=0),
    Panel("涉及金额（元）", "Money at risk (yuan)", ("当前成立的告警涉及的金额。", "Money in question of the alerts that stand."), "stat", "short",
          [Query('sum(fundwatch_amount_at_risk_fen{@,rule=~"$rule"}) / 100')], (8, 3)),
    Panel("每分钟新告警", "New alerts a minute", ("当前每分钟新告警数。", "New alerts a minute, now."), "stat", "cpm", [Query(f"60 * sum(rate(fundwatch_alerts_total{OPENED}))")], (8, 3)),
]

ALERTS = [
    Row("告警", "Alerts"),
    Panel("各规则新告警", "New alerts by rule", ("每分钟新告警数，按规则。", "New alerts a minute, by rule."), "timeseries", "cpm",
          [Query(f"60 * sum by (rule) (rate(fundwatch_alerts_total{OPENED}))", "{{rule}}")], (12, 8), least=0),
    Panel("按严重程度", "By severity", ("每分钟新告警数，按规则声明的严重程度。", "New alerts a minute, by the severity that the rule declares."), "timeseries", "cpm",
          [Query(f"60 * sum by (severity) (rate(fundwatch_alerts_total{OPENED}) {INFO})", "{{severity}}")], (6, 8), stacked=True, least=0),
    Panel("按状态", "By status", ("每分钟告警行数：新开、更新、撤回、数据不足。", "Alert lines a minute: open, updated, retracted, insufficient."), "timeseries", "cpm",
          [Query(f"60 * sum by (status) (rate(fundwatch_alerts_total{RATE}))", "{{status}}")], (6, 8), stacked=True, least=0),
    Panel("规则一览", "All rules", ("各规则：标题、严重程度、模式、当前告警数与涉及金额、所选时段内的告警行。", "Each rule: title, severity, mode, alerts that stand and their money, alert lines within the chosen time."),
          "table", "short", [
              Query('max by (rule, title_zh, title_en, severity, mode, detector) (fundwatch_rule_info{@,rule=~"$rule"})'), Query('sum by (rule) (fundwatch_alerts_standing{@,rule=~"$rule"})'),
              Query('sum by (rule) (fundwatch_amount_at_risk_fen{@,rule=~"$rule"}) / 100'), Query('sum by (rule) (increase(fundwatch_alerts_total{@,rule=~"$rule"}[$__range]))')], (24, 11),
          columns=[Column("rule", "规则 rule"), Column("title_zh", "标题"), Column("title_en", "title"), Column("severity", "严重程度 severity"), Column("mode", "模式 mode"), Column("detector", "检测器 detector"),
                   Column("B", "未结 standing", "none", 0), Column("C", "金额（元） yuan", "short", 2), Column("D", "告警行 lines", "none", 0)]),
    Panel("各规则涉及金额（元）", "Money at risk by rule (yuan)", ("当前成立的告警涉及的金额，按规则。", "Money in question of the alerts that stand, by rule."), "bargauge", "short",
          [Query('sort_desc(sum by (rule) (fundwatch_amount_at_risk_fen{@,rule=~"$rule"}) / 100 > 0)', "{{rule}}")], (12, 6), least=0),
    Panel("各规则未结告警", "Standing by rule", ("当前成立的告警数，按规则，由高到低。", "Alerts that stand now, by rule, highest first."), "bargauge", "none",
          [Query('sort_desc(sum by (rule) (fundwatch_alerts_standing{@,rule=~"$rule"}) > 0)', "{{rule}}")], (12, 6), least=0, decimals=0),
]

COST = [
    Row("判定与开销", "Judging and its cost"),
    Panel("询问", "Evaluated", ("每秒询问各规则的结算数。", "Claims a second that each rule was asked about."), "timeseries", "cps",
          [Query(f"sum by (rule) (rate(fundwatch_rule_evaluated_total{RATE}))", "{{rule}}")], (8, 8), least=0),
    Panel("命中条件", "Matched", ("每秒满足各规则 where 条件的结算数。", "Claims a second that the rule's where held for."), "timeseries", "cps",
          [Query(f"sum by (rule) (rate(fundwatch_rule_matched_total{RATE}))", "{{rule}}")], (8, 8), least=0),
    Panel("命中占比", "Matched share", ("满足 where 条件的结算占被询问的比例，所选时段。", "Part of the claims asked about that the where held for, over the chosen time."), "bargauge", "percentunit",
          [Query('sort_desc(sum by (rule) (increase(fundwatch_rule_matched_total{@,rule=~"$rule"}[$__range])) / (sum by (rule) (increase(fundwatch_rule_evaluated_total{@,rule=~"$rule"}[$__range])) > 0))',
                 "{{rule}}")], (8, 8), least=0, most=1),
    Panel("各规则用时", "Time by rule", ("每秒判定各规则所用的时间（占一个核的比例），抽样；所有条件和记账另列。",
                                    "Seconds a second that each rule's judging takes (part of one core), sampled; conditions of all rules and booking apart."), "timeseries", "percentunit", [
        Query(f"sum by (rule) (rate(fundwatch_rule_cost_seconds_total{RATE}))", "{{rule}}"),
        Query("sum(rate(fundwatch_conditions_cost_seconds_total{@}[$__rate_interval]))", "全部条件 all conditions"),
        Query("sum(rate(fundwatch_state_cost_seconds_total{@}[$__rate_interval]))", "记账 booking")], (12, 8), stacked=True, least=0),
    Panel("每次命中用时", "Time a matched claim", ("各规则判定每条命中结算的平均用时，所选时段，抽样；包含关闭月份。", "Mean time of each rule for a claim that it matched, over the chosen time, sampled; the closing of months is in it."),
          "bargauge", "s", [Query('sort_desc((sum by (rule) (increase(fundwatch_rule_cost_seconds_total{@,rule=~"$rule"}[$__range])) > 0) '
                                  '/ (sum by (rule) (increase(fundwatch_rule_matched_total{@,rule=~"$rule"}[$__range])) > 0))', "{{rule}}")], (12, 8), least=0),
]

TRIAL = [
    Row("试运行与抑制", "On trial, and suppressed"),
    Panel("试运行与正式", "Shadow against live", ("每分钟新告警：正式规则与试运行规则。", "New alerts a minute: rules that are live, rules in shadow mode."), "timeseries", "cpm", [
        Query(f"60 * sum(rate(fundwatch_alerts_total{OPENED}))", "正式 live"), Query(f"60 * sum(rate(fundwatch_shadow_alerts_total{OPENED}))", "试运行 shadow")], (8, 8), least=0),
    Panel("试运行规则的告警", "Alerts of shadow rules", ("试运行规则若转为正式，当前会成立的告警数。", "Alerts that would stand now if the shadow rule were live."), "bargauge", "short",
          [Query('sort_desc(sum by (rule) (fundwatch_shadow_alerts_standing{@,rule=~"$rule"}))', "{{rule}}")], (8, 8), least=0),
    Panel("被抑制的告警行", "Suppressed alert lines", ("所选时段内各抑制条目挡下的告警行。", "Alert lines that each entry of the suppressions kept back, within the chosen time."), "bargauge", "short",
          [Query("sort_desc(sum by (suppression) (increase(fundwatch_suppressed_total{@}[$__range])))", "{{suppression}}")], (8, 8), least=0),
]

DASHBOARD = Dashboard("fundwatch-rules", "规则", "Rules",
                      ("每条规则说了什么、开销多少、试运行会说什么、什么被抑制。", "What each rule says, what it costs, what it would say on trial, what is kept from being said."),
                      [Variable("rule", "规则 rule", "label_values(fundwatch_rule_evaluated_total{@}, rule)")], GLANCE + ALERTS + COST + TRIAL)
