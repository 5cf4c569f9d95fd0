"""Fund monitoring: caps overrun and the money at risk."""
from source.form import Dashboard, Panel, Query, Row

CAPS = [
    Row("年度支付限额", "Yearly caps"),
    Panel("超限额告警数", "Caps overrun", ("当前成立的年度限额告警数，按规则。", "Alerts of yearly caps that stand, by rule."), "timeseries", "short",
          [Query('sum by (rule) (fundwatch_alerts_standing{@,rule=~"OP-CAP-.*"})', "{{rule}}")], (8, 8), least=0),
    Panel("超限金额（元）", "Money above the caps (yuan)", ("超出限额的金额合计，按规则。", "Money above the caps, by rule."), "timeseries", "short",
          [Query('sum by (rule) (fundwatch_amount_at_risk_fen{@,rule=~"OP-CAP-.*"}) / 100', "{{rule}}")], (8, 8), least=0, axes=("", "元 yuan")),
    Panel("各规则涉及金额（元）", "Money at risk by rule (yuan)", ("当前成立的告警涉及的金额，按规则，由高到低。", "Money in question of the alerts that stand, by rule, highest first."), "bargauge", "short",
          [Query("sort_desc(sum by (rule) (fundwatch_amount_at_risk_fen{@}) / 100 > 0)", "{{rule}}")], (8, 8), least=0),
]

DASHBOARD = Dashboard("fundwatch-fund", "基金监测", "Fund monitoring",
                      ("限额超支与涉及金额。", "Caps overrun and money at risk."),
                      [], CAPS, time="now-30d", refresh="5m")
