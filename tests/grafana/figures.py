"""Key panels against an independent figure: what `fundwatch replay` says of the same records."""

AREA = ("rule", "pool", "area")
UNIT = ("rule", "pool", "class", "township", "institution")
FIELDS = {"area": "insu_admdvs", "institution": "fixmedins_code"}          # labels whose field in a line has another name
ROUNDED = 6e-7                                                            # lines have six decimals or digits


def expr(everything, dashboard, title, letter="A"):
    """The query of a panel, by the English end of its title."""
    for panel in everything[dashboard]["panels"]:
        if panel["title"].endswith(" " + title):
            return next(target["expr"] for target in panel["targets"] if target["refId"] == letter)
    raise AssertionError(f"no panel {title} in {dashboard}")


def same(wanted, got, what="", within=1e-9):
    if isinstance(wanted, dict):
        missing = [f"{key}: replay {value}, panel none" for key, value in wanted.items() if key not in got]
        return ([] if wanted else ["the replay has nothing"]) + missing + [f"{key}: replay none, panel {value}" for key, value in got.items() if key not in wanted and value] \
            + [problem for key, value in wanted.items() if key in got for problem in same(value, got[key], key, within)]
    return [] if abs(wanted - got) <= within * max(1.0, abs(wanted)) else [f"{what} replay {wanted}, panel {got}"]


def rules(window, everything, summary):
    """Alerts that stand and their money, by rule; rules on trial say nothing here."""
    per_rule = {rule: row for rule, row in summary["per_rule"].items() if rule != "OP-CAP-901"}
    money = {(rule,): row["amount_at_risk_fen"] / 100 for rule, row in per_rule.items() if row["amount_at_risk_fen"]}
    yield "money at risk by rule", same(money, window.numbers(expr(everything, "rules", "Money at risk by rule (yuan)"), "rule"))
    yield "alerts standing by rule", same({(rule,): row["open"] for rule, row in per_rule.items()}, window.numbers(expr(everything, "rules", "All rules", "B"), "rule"))


def latest(indicators, family, labels):
    """Labels -> finding, with the verdict, of the last month that the subject was judged for, its last revision."""
    found = {}
    for line in indicators:
        subject = dict(line["subject"], rule=line["rule"]["id"])
        if line["type"] != "indicator" or family not in subject["rule"]:
            continue
        key = tuple(subject.get(FIELDS.get(label, label), "") if label != "area" or subject["kind"] == "area" else "" for label in labels)
        month = line["finding"].get("through", subject["period"])
        if key not in found or month >= found[key][0]:
            found[key] = (month, dict(line["finding"], verdict=line["verdict"]))
    return {key: finding for key, (_, finding) in found.items()}


def figure(findings, name):
    return {key: float(finding[name]) for key, finding in findings.items() if finding.get(name) is not None}


def admissions(window, everything, units):
    """The funnel has every unit that was judged; the table those with the lowest q-values."""
    judged = {key: finding for key, finding in units.items() if finding["verdict"] != "insufficient"}
    for letter, name in (("A", "expected"), ("B", "ratio")):
        yield f"admissions, funnel: {name}", same(figure(judged, name), window.numbers(expr(everything, "fund", "Funnel of admissions", letter), *UNIT), within=ROUNDED)
    for letter, name in (("A", "q_value"), ("B", "admissions"), ("C", "expected"), ("D", "ratio"), ("E", "population")):
        got = window.numbers(expr(everything, "fund", "Lowest q-values", letter), *UNIT)
        yield f"admissions, lowest q-values: {name}", same({key: value for key, value in figure(units, name).items() if key in got}, got, within=ROUNDED)


def compare(window, everything, indicators, summary):
    """(name, problems) of every comparison."""
    yield from rules(window, everything, summary)
    shares = latest(indicators, "DRG-", AREA)
    for letter, name in (("A", "value"), ("B", "target"), ("D", "need"), ("E", "reach_probability")):
        yield f"DRG/DIP shares: {name}", same(figure(shares, name), window.numbers(expr(everything, "fund", "Shares in figures", letter), *AREA), within=ROUNDED)
    yield from admissions(window, everything, latest(indicators, "ADM-", UNIT))
