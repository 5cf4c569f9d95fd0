"""Key panels against an independent figure: what `fundwatch replay` says of the same records."""


def expr(everything, dashboard, title, letter="A"):
    """The query of a panel, by the English end of its title."""
    for panel in everything[dashboard]["panels"]:
        if panel["title"].endswith(" " + title):
            return next(target["expr"] for target in panel["targets"] if target["refId"] == letter)
    raise AssertionError(f"no panel {title} in {dashboard}")


def same(wanted, got, what="", within=1e-9):
    if isinstance(wanted, dict):
        missing = [f"{key}: replay {value}, panel none" for key, value in wanted.items() if key not in got]
        return missing + [f"{key}: replay none, panel {value}" for key, value in got.items() if key not in wanted and value] \
            + [problem for key, value in wanted.items() if key in got for problem in same(value, got[key], key, within)]
    return [] if abs(wanted - got) <= within * max(1.0, abs(wanted)) else [f"{what} replay {wanted}, panel {got}"]


def rules(window, everything, summary):
    """Alerts that stand and their money, by rule; rules on trial say nothing here."""
    per_rule = {rule: row for rule, row in summary["per_rule"].items() if rule != "OP-CAP-901"}
    money = {(rule,): row["amount_at_risk_fen"] / 100 for rule, row in per_rule.items() if row["amount_at_risk_fen"]}
    yield "money at risk by rule", same(money, window.numbers(expr(everything, "rules", "Money at risk by rule (yuan)"), "rule"))
    yield "alerts standing by rule", same({(rule,): row["open"] for rule, row in per_rule.items()}, window.numbers(expr(everything, "rules", "All rules", "A"), "rule"))


def compare(window, everything, indicators, summary):
    """(name, problems) of every comparison."""
    yield from rules(window, everything, summary)
