"""Fund monitoring: shares and ratios against their targets, admissions against what is expected, caps overrun.

Indicators change when a month closes; between two closes the lines are level.
"""
from source.form import Column, Dashboard, Panel, Query, Row, Variable

POOL = '{@,pool=~"$pool"}'
VERDICTS = {-1: ("不足 insufficient", "warn"), 0: ("正常 ok", "good"), 1: ("关注 watch", "warn"), 2: ("异常 alert", "bad")}


def of(figure, matchers=""):
    return f'fundwatch_indicator_{figure}{{@,pool=~"$pool"{matchers}}}'


def by(labels, figure, matchers=""):
    """One series a subject, whichever instance has it."""
    return f"max by ({labels}) ({of(figure, matchers)})"


def count(verdict):
    return f"count(fundwatch_indicator_verdict{POOL} == {verdict}) or vector(0)"


GLANCE = [
    Row("概况", "At a glance"),
    Panel("异常指标", "Indicators at alert", ("最近一期结论为异常的指标数。", "Indicators whose latest verdict is alert."), "stat", "none", [Query(count(2))], (6, 3), ((None, "good"), (1, "bad")), decimals=0),
    Panel("关注指标", "Indicators to watch", ("最近一期结论为关注的指标数。", "Indicators whose latest verdict is watch."), "stat", "none", [Query(count(1))], (6, 3), ((None, "good"), (1, "warn")), decimals=0),
    Panel("数据不足", "Insufficient", ("人数或金额太少、未作结论的指标数。", "Indicators with too few people or too little money to judge."), "stat", "none", [Query(count(-1))], (6, 3), decimals=0),
    Panel("数据截至", "Figures through", ("最新指标所含最后一个月的月初。", "First day of the last month that the newest indicators go through."), "stat", "dateTimeAsIso",
          [Query(f"1000 * max(fundwatch_indicator_period_timestamp_seconds{POOL})")], (6, 3)),
    Panel("未导出的对象", "Subjects without figures", ("超出 metrics.pools、townships、institutions 所设个数、因而没有指标序列的对象数（乡镇、机构默认不导出）。", "Subjects beyond metrics.pools, townships or institutions, which have no figures here (of townships and institutions none by default)."),
          "stat", "none", [Query("sum(fundwatch_indicator_subjects_beyond{@})")], (6, 3), decimals=0),
    Panel("全部对象", "Subjects", ("最近一期有指标的对象数，按类别合计。", "Subjects that have indicators."), "stat", "none", [Query("sum(fundwatch_indicator_subjects{@})")], (6, 3), decimals=0),
    Panel("超限额告警", "Caps overrun, now", ("当前成立的年度限额告警数。", "Alerts of yearly caps that stand now."), "stat", "short", [Query('sum(fundwatch_alerts_standing{@,rule=~"OP-CAP-.*"})')], (6, 3), decimals=0),
    Panel("全部涉及金额（元）", "All money at risk (yuan)", ("全部规则当前成立的告警涉及的金额。", "Money in question of all alerts that stand."), "stat", "short", [Query("sum(fundwatch_amount_at_risk_fen{@}) / 100")], (6, 3)),
]


def share(zh, en, about, rule):
    matchers = f', rule=~"{rule}"'
    labels = "pool, area"
    return Panel(zh, en, about, "timeseries", "percentunit", [
        Query(by(labels, "value", matchers), "{{pool}} {{area}} 本年累计 year to date"),
        Query(by(labels, "target", matchers), "{{pool}} {{area}} 目标 target", "line"),
        Query(by(labels, "year_end", matchers), "{{pool}} {{area}} 年末预测 year end", "watch")], (12, 8), least=0, most=1)


def either(name):
    """Money in yuan where the rule sums money, else stays."""
    matchers = ', rule=~"DRG-.*"'
    return f"{by('rule, pool, area', name + '_fen', matchers)} / 100 or {by('rule, pool, area', name, matchers)}"


SHARES = [
    Row("DRG/DIP 支付改革", "DRG/DIP payment"),
    share("DRG/DIP 基金占比", "Share of the fund", ("住院统筹基金中按 DRG/DIP 付费的比例（本年累计）、目标、年末预测。", "Part of the inpatient pooled fund paid by DRG/DIP (year to date), its target, and the year end that is foreseen."), "DRG-SHARE-.*"),
    share("DRG/DIP 病例占比", "Share of the stays", ("住院病例中按 DRG/DIP 付费的比例（本年累计）、目标、年末预测。", "Part of the inpatient stays paid by DRG/DIP (year to date), its target, and the year end that is foreseen."), "DRG-CASES-.*"),
    Panel("占比明细", "Shares in figures", ("分子、分母：金额（元）或病例数；所需：余下月份所需占比，大于 1 则年内已不可能达标；概率：年末达标的概率。", "Numerator and denominator: yuan, or stays; need: share that the rest of the year must have, above 1 the target is out of reach; probability: of meeting it by year end."),
          "table", "percentunit", [
              Query(by("rule, pool, area", "value", ', rule=~"DRG-.*"')), Query(by("rule, pool, area", "target", ', rule=~"DRG-.*"')), Query(by("rule, pool, area", "year_end", ', rule=~"DRG-.*"')),
              Query(by("rule, pool, area", "need", ', rule=~"DRG-.*"')), Query(by("rule, pool, area", "reach_probability", ', rule=~"DRG-.*"')),
              Query(by("rule, pool, area", "verdict", ', rule=~"DRG-.*"')), Query(either("numerator")), Query(either("denominator"))], (24, 6), values=VERDICTS,
          columns=[Column("rule", "规则 rule"), Column("pool", "统筹区 pool"), Column("area", "参保地 area"), Column("G", "分子 numerator", "short", 0), Column("H", "分母 denominator", "short", 0),
                   Column("A", "累计 year to date", "percentunit", 2), Column("B", "目标 target", "percentunit", 0), Column("C", "年末预测 year end", "percentunit", 2), Column("D", "所需 need", "percentunit", 2), Column("E", "达标概率 probability", "percentunit", 1), Column("F", "结论 verdict")]),
]

RATIO = ', rule=~".*-RATIO-.*"'
SUBJECT = "rule, pool, area, level, class"
RATIOS = [
    Row("支付比例", "Payment ratios"),
    Panel("各级支付比例", "Payment ratio by level", ("统筹基金支付占政策范围内费用的比例（本年累计），按规则与机构级别；虚线为目标。",
                                                "Pooled fund over costs within the policy (year to date), by rule and level of the institution; dashed: the targets."), "timeseries", "percentunit", [
        Query(by(SUBJECT, "value", RATIO), "{{rule}} {{pool}} {{area}} {{level}} {{class}}"), Query(by(SUBJECT, "target", RATIO), "目标 target {{rule}} {{pool}} {{area}} {{level}} {{class}}", "line")],
          (12, 9), least=0, most=1),
    Panel("与目标之差", "Distance from the target", ("支付比例减目标；0 以下为低于目标。“左右”的目标另有容许范围，见下表。", "Payment ratio less its target; below 0 it is under the target. Targets of \"about\" have a band, in the table below."),
          "bargauge", "percentunit", [Query(f"sort({by(SUBJECT, 'value', RATIO)} - {by(SUBJECT, 'target', RATIO)})", "{{rule}} {{pool}} {{area}} {{level}} {{class}}")], (12, 9),
          ((None, "bad"), (-0.05, "warn"), (0, "good")), decimals=2),
    Panel("支付比例明细", "Ratios in figures", ("band：目标为“左右”时的容许范围，0 表示下限；z：偏离的标准误倍数；n：笔数。", "band: what is allowed where the target says about, 0 for a floor; z: standard errors from the target; n: settlements."),
          "table", "percentunit", [Query(by(SUBJECT, figure, RATIO)) for figure in ("value", "target", "band", "z", "n", "verdict")], (24, 7), values=VERDICTS,
          columns=[Column("rule", "规则 rule"), Column("pool", "统筹区 pool"), Column("area", "参保地 area"), Column("level", "级别 level"), Column("class", "人群 class"), Column("A", "累计 year to date", "percentunit", 2),
                   Column("B", "目标 target", "percentunit", 0), Column("C", "容许 band", "percentunit", 0), Column("D", "z", "none", 1), Column("E", "笔数 n", "none", 0), Column("F", "结论 verdict")]),
]

CAPS = [
    Row("年度支付限额", "Yearly caps"),
    Panel("超限额告警数", "Caps overrun", ("当前成立的年度限额告警数，按规则。", "Alerts of yearly caps that stand, by rule."), "timeseries", "short",
          [Query('sum by (rule) (fundwatch_alerts_standing{@,rule=~"OP-CAP-.*"})', "{{rule}}")], (8, 8), least=0),
    Panel("超限金额（元）", "Money above the caps (yuan)", ("超出限额的金额合计，按规则。", "Money above the caps, by rule."), "timeseries", "short",
          [Query('sum by (rule) (fundwatch_amount_at_risk_fen{@,rule=~"OP-CAP-.*"}) / 100', "{{rule}}")], (8, 8), least=0, axes=("", "元 yuan")),
    Panel("各规则涉及金额（元）", "Money at risk by rule (yuan)", ("当前成立的告警涉及的金额，按规则，由高到低。", "Money in question of the alerts that stand, by rule, highest first."), "bargauge", "short",
          [Query("sort_desc(sum by (rule) (fundwatch_amount_at_risk_fen{@}) / 100 > 0)", "{{rule}}")], (8, 8), least=0),
]

UNIT = "rule, pool, class, township, institution"
ADMISSION = ', rule=~"ADM-.*"'
IN_TOWNSHIP = ADMISSION + ', township!=""'
JUDGED = f"and {by(UNIT, 'verdict', ADMISSION)} >= 0"
LOWEST = f"bottomk(15, {by(UNIT, 'q_value', ADMISSION)})"
ADMISSIONS = [
    Row("困难人群住院率", "Admissions of poor classes"),
    Panel("住院率漏斗图", "Funnel of admissions", ("每点：一个乡镇（或机构）的一类人群，数据不足者除外。横轴：应有人次；纵轴：实际与应有之比。控制线为 1 + 2/√应有；横线 1.25 为规则的界限。",
                                            "Each point: one class of a township (or institution), without those that are insufficient. Across: stays expected; up: observed over expected. "
                                            "The limit is 1 + 2/√expected; the line at 1.25 is the rule's own."), "xychart", "none", [
        Query(f"{by(UNIT, 'expected', ADMISSION)} {JUDGED}"), Query(f"{by(UNIT, 'ratio', ADMISSION)} {JUDGED}", "实际/应有 observed/expected"),
        Query(f"1 + 2 / sqrt({by(UNIT, 'expected', ADMISSION)} {JUDGED})", "控制线 limit", "line")], (12, 10), ((None, "good"), (1.25, "bad")), least=0, decimals=2,
          axes=("应有人次 expected stays", "实际/应有 observed/expected")),
    Panel("各类人群住院率", "Admissions by class", ("各类人群：各乡镇（数据不足者除外）实际住院人次与应有人次之比。", "By class: stays of the townships that were judged, over what is expected."), "bargauge", "none",
          [Query(f"sum by (class) ({by(UNIT, 'admissions', IN_TOWNSHIP)} {JUDGED}) / sum by (class) ({by(UNIT, 'expected', IN_TOWNSHIP)} {JUDGED})", "{{class}}")],
          (12, 10), ((None, "good"), (1.1, "warn"), (1.25, "bad")), least=0, decimals=2),
    Panel("最可疑的乡镇与机构", "Lowest q-values", ("q 值（经多重检验校正）最小的 15 行：实际、应有、比值；可检出：该处以多大的比值才能检出。",
                                            "The 15 lowest q-values (corrected for many tests): observed, expected, ratio; detectable: the ratio that would be found there."), "table", "short", [
        Query(LOWEST)] + [Query(f"{by(UNIT, figure, ADMISSION)} and {LOWEST}") for figure in ("admissions", "expected", "ratio", "population", "verdict", "detectable_ratio")], (24, 9), values=VERDICTS,
          columns=[Column("rule", "规则 rule"), Column("pool", "统筹区 pool"), Column("township", "乡镇 township"), Column("institution", "机构 institution"), Column("class", "人群 class"),
                   Column("E", "人数 population", "none", 0), Column("B", "实际 observed", "none", 0), Column("C", "应有 expected", "none", 1), Column("D", "比值 ratio", "none", 2),
                   Column("G", "可检出 detectable", "none", 1), Column("A", "q 值 q-value", "sci"), Column("F", "结论 verdict")]),
]

DASHBOARD = Dashboard("fundwatch-fund", "基金监测", "Fund monitoring",
                      ("占比与支付比例对照目标，住院率对照应有水平，限额超支与涉及金额。", "Shares and payment ratios against their targets, admissions against what is expected, caps overrun and money at risk."),
                      [Variable("pool", "统筹区 pool", "label_values(fundwatch_indicator_verdict{@}, pool)")], GLANCE + SHARES + RATIOS + ADMISSIONS + CAPS, time="now-30d", refresh="5m")
