#!/usr/bin/python3
"""`fundwatch diff` as an analyst types it.

usage: test_diff.py FUNDWATCH RULES [NAME...]     (the names of checks; all without)

The truth is independent of diff: the files are replayed under either ruleset, and the difference of the final states is worked
out here.
"""
import glob
import html.parser
import json
import os
import re
import shutil
import sys

import jsonschema

from archive_world import (
    RULES, county, county_archive, expect, main, read, replay, run, segments, settlement, told, write)

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schema")
HEAD = ("family", "grade", "severity", "mode", "detector")
BODY = ("subject", "finding", "amount_at_risk_fen", "param", "basis", "evidence", "event_time")


def body(alert):
    return [alert[name] for name in BODY] + [alert["rule"][name] for name in HEAD]


def final(*words):
    """The alerts that stand at the end of a replay, by id, as printed."""
    last = {}
    for line in replay("--quiet", *words).out.splitlines():
        alert = json.loads(line)
        last[alert["alert_id"]] = alert
    return {name: alert for name, alert in last.items() if alert["status"] in ("open", "updated")}


def truth(old, new, first="0000", last="9999"):
    """gained, lost, changed, same as sorted lists of ids."""
    def shown(name):
        return any(first <= side[name]["event_time"][:10] <= last for side in (old, new) if name in side)
    both = sorted(name for name in old if name in new and shown(name))
    return {"gained": sorted(name for name in new if name not in old and shown(name)),
            "lost": sorted(name for name in old if name not in new and shown(name)),
            "changed": [name for name in both if body(old[name]) != body(new[name])],
            "same": [name for name in both if body(old[name]) == body(new[name])]}


def diff(*words, code=0, said=()):
    return told(code, *said)(run("diff", "--quiet", *words))


def validator():
    schemas = {}
    for path in glob.glob(os.path.join(SCHEMAS, "*.schema.json")):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        schemas[schema["$id"]] = schema
    name = "https://fundwatch.example/schema/diff.schema.json"
    return jsonschema.Draft202012Validator(schemas[name], resolver=jsonschema.RefResolver(name, schemas[name], store=schemas))


def as_json(*words, **more):
    found = json.loads(diff("--json", *words, **more).out)
    problem = jsonschema.exceptions.best_match(validator().iter_errors(found))
    expect(problem is None, problem)
    return found


def fen(alerts, names):
    return sum(alerts[name]["amount_at_risk_fen"] or 0 for name in names)


def agrees(found, old, new, **days):
    """What diff says against the truth: alerts as printed, counts, money."""
    wanted = truth(old, new, **days)
    for kind in ("gained", "lost"):
        side = new if kind == "gained" else old
        expect(sorted(alert["alert_id"] for alert in found[kind]) == wanted[kind], kind, len(found[kind]), len(wanted[kind]))
        expect(all(alert == side[alert["alert_id"]] for alert in found[kind]), kind, "are not the alerts as printed")
    expect(sorted(pair["new"]["alert_id"] for pair in found["changed"]) == wanted["changed"], "changed", wanted["changed"])
    expect(all(pair["old"] == old[pair["old"]["alert_id"]] and pair["new"] == new[pair["new"]["alert_id"]]
               for pair in found["changed"]), "changed are not the alerts as printed")
    money = found["money"]
    for kind, names in wanted.items():
        expect(money[kind] == len(names), kind, money[kind], len(names))
    old_names = wanted["lost"] + wanted["changed"] + wanted["same"]
    new_names = wanted["gained"] + wanted["changed"] + wanted["same"]
    expect(money["old_fen"] == fen(old, old_names) and money["new_fen"] == fen(new, new_names), money)
    expect(money["difference_fen"] == money["new_fen"] - money["old_fen"], money)
    expect(money["difference_fen"] == money["gained_fen"] - money["lost_fen"] + money["changed_fen"], money)
    for name in ("per_rule", "per_area", "per_institution"):
        groups = (found if name == "per_rule" else money)[name].values()
        for key in ("gained", "lost", "changed", "same", "old_fen", "new_fen"):
            expect(sum(group[key] for group in groups) == money[key], name, key)
    for name, group in found["per_rule"].items():
        mine = [alert for alert in wanted["gained"] if new[alert]["rule"]["id"] == name]
        expect(group["gained"] == len(mine) and group["gained_fen"] == fen(new, mine), name, group)
    return wanted


def edited(name, *edits, rules=RULES):
    """A copy of the rules with texts replaced: (file, old, new)."""
    shutil.copytree(rules, name)
    for path, before, after in edits:
        path = os.path.join(name, path)
        text = read(path).decode()
        expect(before in text, before, "is not in", path)
        write(path, text.replace(before, after))
    return name


CAP = "policy/OP-CAP-001.yaml"
WENSHUI = 'region: "141121", from: 2024-01-01, value: '


def lowered(name="new", value="150.00"):
    """A lower cap, a share that more miss, a rule that was off, and one that is on trial."""
    return edited(name, (CAP, WENSHUI + "300.00", WENSHUI + value), ("management/ARITH-001.yaml", 'mode: "off"', "mode: enforce"),
                  ("fund/DRG-CASES-001.yaml", "mode: enforce", "mode: shadow"))


def files():
    people, claims = county()
    return "--record", "enrolment=" + people, claims


def check_truth():
    """Files: gained, lost and changed are what two replays differ in; whatever the batch and the threads."""
    lowered()
    for rest in ([], ["--close-all"]):
        old, new = final("--rules", RULES, *rest, *files()), final("--rules", "new", *rest, *files())
        words = ["--old", RULES, "--new", "new", "--no-cost", *rest, *files()]
        found = as_json(*words)
        wanted = agrees(found, old, new)
        expect(wanted["gained"] and wanted["lost"] and wanted["changed"], "too little differs: nothing was shown", wanted)
        text = diff("--json", *words).out
        for more in (["--batch", "1"], ["--batch", "7", "--threads", "1"], ["--batch", "4096", "--threads", "2"]):
            expect(diff("--json", *more, *words).out == text, more, "change the result")
    backwards = as_json("--old", "new", "--new", RULES, *files())
    agrees(backwards, final("--rules", "new", *files()), final("--rules", RULES, *files()))


def check_days():
    """--from and --to choose what is shown and never what is judged."""
    lowered()
    old, new = final("--rules", RULES, *files()), final("--rules", "new", *files())
    found = as_json("--old", RULES, "--new", "new", "--from", "2024-05-01", "--to", "2024-08-31", *files())
    wanted = agrees(found, old, new, first="2024-05-01", last="2024-08-31")
    expect(0 < len(wanted["gained"]) < len(truth(old, new)["gained"]), wanted)


def check_archive():
    """An archive gives what its files give, judged by the rules that were given."""
    lowered()
    people, claims = county_archive()
    words = ["--old", RULES, "--new", "new", "--no-cost"]
    text = diff("--json", *words, *files()).out
    for batch in ("1", "4096"):
        expect(diff("--json", *words, "--batch", batch, "--archive", "A").out == text, "the archive differs from its files", batch)
    agrees(json.loads(text), final("--rules", RULES, "--archive", "A"), final("--rules", "new", "--archive", "A"))


def check_same():
    """Two copies of the same rules differ in nothing."""
    edited("copy")
    found = as_json("--old", RULES, "--new", "copy", *files())
    expect(not found["gained"] and not found["lost"] and not found["changed"], found["money"])
    expect(found["money"]["same"] > 0 and found["money"]["difference_fen"] == 0, found["money"])
    expect(found["old"]["ruleset"] == found["new"]["ruleset"], found["old"], found["new"])


def outcome(*words):
    found = as_json(*words)["per_rule"]
    return {name: (rule["old"] and rule["old"]["outcome"], rule["new"] and rule["new"]["outcome"]) for name, rule in found.items()}


def check_why():
    """A filter that matches nothing, a parameter without a row, a limit that nobody reached: each is said apart."""
    where = ("where: insutype", "where: insutype == \"999\" and insutype")
    write("s", "\n".join([settlement("a", "p1", "2024-03-01 09:00:00", 120.00, "H1"), settlement("b", "p1", "2024-04-01 09:00:00", 30.00, "H1"),
                          settlement("c", "p2", "2024-04-01 09:00:00", 20.00, "H1")]) + "\n")
    edited("nothing", (CAP, *where))
    edited("no-row", (CAP, 'region: "1409", from: 2024-01-01', 'region: "1409", from: 2025-01-01'))
    edited("off", (CAP, "mode: enforce", 'mode: "off"'))
    edited("without")
    os.remove(os.path.join("without", CAP))
    for name, wanted, says in (("nothing", "filter_matched_nothing", "the filter matched nothing"),
                               ("no-row", "no_parameter_row", "the filter matched claims, but no parameter row holds there"),
                               ("off", "off", "the rule is off"), ("without", None, "not in this ruleset"),
                               (RULES, "limit_never_reached", "nearest: 150.00 of 300.00 yuan, 50.0 % of the limit")):
        expect(outcome("--old", RULES, "--new", name, "s")["OP-CAP-001"] == ("limit_never_reached", wanted), name)
        diff("--old", RULES, "--new", name, "s", said=(says,))
    rule = as_json("--old", RULES, "--new", RULES, "s")["per_rule"]["OP-CAP-001"]["new"]
    expect((rule["matched"], rule["nearest_fen"], rule["nearest_limit_fen"]) == (3, 15000, 30000), rule)
    # The nearest is the greatest part of its own limit, not the greatest sum: 200 of 1000 is farther than 150 of 300.
    edited("apart", (CAP, WENSHUI + "300.00", WENSHUI + "1000.00"))
    write("t", read("s").decode() + settlement("d", "p4", "2024-05-01 09:00:00", 200.00, "H1", insu_admdvs="141121") + "\n")
    rule = as_json("--old", "apart", "--new", RULES, "t")["per_rule"]["OP-CAP-001"]
    expect([(rule[side]["nearest_fen"], rule[side]["nearest_limit_fen"]) for side in ("old", "new")] == [(15000, 30000), (20000, 30000)], rule)
    found = as_json("--old", RULES, "--new", RULES, "--from", "2024-04-01", "s")["per_rule"]["OP-CAP-001"]["new"]
    expect(found["matched"] == 2, "matched is counted in the range", found)
    expect(outcome("--old", RULES, "--new", RULES, "--from", "2025-01-01", "s")["OP-CAP-001"][1] == "filter_matched_nothing", "range")


def check_insufficient():
    """Too few to judge by, a month that has not closed, alerts that suppressions hide, alerts that were taken back."""
    def line(number, month, **more):
        return settlement(f"{month}-{number}", f"p{number}", f"2024-{month:02}-10 09:00:00", 100.00, "H1",
                          **{"insu_admdvs": "141121", "med_type": "21", "clr_way": "40", "mdtrt_id": f"m{month}{number}", **more})
    share = "fund/DRG-SHARE-001.yaml"
    edited("many", (share, "where:", "minimum: 100\nwhere:"))
    write("one", "\n".join([line(1, 1), line(2, 1)]) + "\n")
    write("two", "\n".join([line(1, 1), line(2, 1), line(3, 3)]) + "\n")
    expect(outcome("--old", RULES, "--new", "many", "one")["DRG-SHARE-001"] == ("no_window_closed", "no_window_closed"), "one month")
    expect(outcome("--old", RULES, "--new", "many", "two")["DRG-SHARE-001"] == ("nothing_found", "insufficient"), "two months")
    expect(outcome("--old", RULES, "--new", "many", "--close-all", "one")["DRG-SHARE-001"] == ("nothing_found", "insufficient"), "--close-all")
    write("over", settlement("a", "p1", "2024-03-01 09:00:00", 400.00, "H1") + "\n")
    edited("few", (CAP, "where:", "minimum: 5\nwhere:"))
    words = ["--old", RULES, "--new", "few", "over"]
    expect(outcome(*words)["OP-CAP-001"] == ("alerts", "insufficient"), outcome(*words))
    expect(as_json(*words)["per_rule"]["OP-CAP-001"]["new"]["too_few"] == 1, "too_few")
    edited("hushed")
    os.makedirs(os.path.join("hushed", "suppressions"))
    write("hushed/suppressions/x.yaml", "- {id: X-1, rule: OP-CAP-001, author: a, reason: looked into, scope: {region: \"1409\"}, "
                                        "from: 2024-01-01, until: 2024-12-31}\n")
    words = ["--old", RULES, "--new", "hushed", "over"]
    rule = as_json(*words)["per_rule"]["OP-CAP-001"]
    expect((rule["old"]["outcome"], rule["new"]["outcome"], rule["new"]["suppressed"], rule["lost"]) == ("alerts", "suppressed", 1, 1), rule)
    diff(*words, said=("hidden by suppressions: 1",))
    write("back", settlement("a", "p1", "2024-03-01 09:00:00", 400.00, "H1") + "\n"
          + settlement("b", "p1", "2024-03-02 09:00:00", -400.00, "H1", refd_setl_flag="1", init_setl_id="a") + "\n")
    expect(outcome("--old", RULES, "--new", RULES, "back")["OP-CAP-001"][1] == "taken_back", "refunded")


def check_shadow():
    """A rule on trial counts nowhere, unless it is asked for."""
    edited("trial", (CAP, "mode: enforce", "mode: shadow"))
    found = as_json("--old", RULES, "--new", "trial", *files())
    mine = [alert for alert in final("--rules", RULES, *files()).values() if alert["rule"]["id"] == "OP-CAP-001"]
    expect(found["per_rule"]["OP-CAP-001"]["lost"] == len(mine) > 0 and found["per_rule"]["OP-CAP-001"]["new"]["outcome"] == "shadow", found["money"])
    rule = as_json("--old", RULES, "--new", "trial", "--shadow", *files())["per_rule"]["OP-CAP-001"]
    expect(rule["changed"] == len(mine) and rule["lost"] == 0 and rule["new"]["outcome"] == "alerts", rule)


def check_damaged():
    """A damaged archive: what came before the damage is compared, and both the answer and the exit code say so."""
    lowered()
    county_archive()
    name = os.path.join("A", segments()[-1])
    data = bytearray(read(name))
    data[len(data) // 2] ^= 0x40
    write(name, bytes(data))
    words = ["--old", RULES, "--new", "new", "--archive", "A"]
    found = as_json(*words, "--html", "page", "--lang", "en", code=65, said=("is damaged: judged up to position",))
    expect(found["incomplete"] is True and found["money"]["gained"] > 0, found["money"])
    expect("The archive is damaged" in Page("page").text, "the page does not say so")


def variant_truth(base, other, rule):
    """What a variant's row must say: of that rule alone, against the new ruleset as it is."""
    base, other = ({name: alert for name, alert in side.items() if alert["rule"]["id"] == rule} for side in (base, other))
    return {"alerts": len(other), "persons": len({alert["subject"]["psn_no"] for alert in other.values()}),
            "amount_at_risk_fen": fen(other, other), "gained": len(set(other) - set(base)), "lost": len(set(base) - set(other)),
            "gained_fen": fen(other, set(other) - set(base)), "lost_fen": fen(base, set(base) - set(other))}


def ruleset_of(folder):
    return json.loads(run("check", "--json", folder).out)["ruleset"]


def check_variants():
    """Every value is what a folder of rules with that value gives, digest and all; the base is not changed by trying."""
    lowered()
    values = ("100", "150.00", "280.5", "1000")
    words = ["--old", RULES, "--new", "new", "--no-cost", *files()]
    found = as_json("--set", "OP-CAP-001.op_cap@141121=" + ",".join(values), *words)
    plain = as_json(*words)
    expect({name: value for name, value in found.items() if name != "variants"} == plain, "trying values changes the rest")
    base = final("--rules", "new", *files())
    for value, variant in zip(values, found["variants"], strict=True):
        folder = lowered("v" + value, f"{float(value):.2f}")
        wanted = variant_truth(base, final("--rules", folder, *files()), "OP-CAP-001")
        expect(variant == {"set": {"OP-CAP-001.op_cap@141121": value}, "ruleset": ruleset_of(folder), **wanted}, value, variant, wanted)
    expect(len({variant["alerts"] for variant in found["variants"]}) == len(values), "nothing was shown", found["variants"])
    same = ("--set", "OP-CAP-001.op_cap@141121=" + ",".join(values), *words)
    text = diff("--json", *same).out
    for more in (["--batch", "3"], ["--threads", "1"], ["--threads", "5"]):
        expect(diff("--json", *more, *same).out == text, more, "change the result")


def check_variant_products():
    """Several --set are all their combinations; rows of every region when none is named; dates choose what is counted."""
    rule = read(os.path.join(RULES, "fund", "DRG-SHARE-001.yaml")).decode()
    name = rule.split("\nparams:\n  ")[1].split(":")[0]
    found = as_json("--old", RULES, "--new", RULES, "--set", "OP-CAP-001.op_cap=200,400", "--set", f"DRG-SHARE-001.{name}=0.1,0.9",
                    *files())["variants"]
    expect([tuple(variant["set"].values()) for variant in found] == [("200", "0.1"), ("200", "0.9"), ("400", "0.1"), ("400", "0.9")], found)
    expect(found[0]["alerts"] < found[1]["alerts"] and found[2]["alerts"] < found[0]["alerts"], found)
    short = as_json("--old", RULES, "--new", RULES, "--set", "OP-CAP-001.op_cap=200", "--to", "2024-09-30", *files())["variants"]
    alerts = {key: alert for key, alert in final("--rules", edited("v", (CAP, WENSHUI + "300.00", WENSHUI + "200.00")), *files()).items()
              if alert["event_time"][:10] <= "2024-09-30" and alert["rule"]["id"] == "OP-CAP-001"}
    expect(short[0]["alerts"] == len(alerts) > 0, short, len(alerts))


def check_variant_mistakes():
    write("s", "")
    base = ["--old", RULES, "--new", RULES, "s", "--set"]
    for word, code, says in (("OP-CAP-001.op_cap", 64, "--set wants RULE.PARAM[@REGION]=V1,V2,..."), ("OP-CAP-001=3", 64, "--set wants"),
                             ("OP-CAP-001.op_cap=1,,2", 64, "--set wants"), ("OP-CAP-01.op_cap=1", 64, "did you mean OP-CAP-001?"),
                             ("OP-CAP-001.cap=1", 64, "has no parameter cap; it has: op_cap"),
                             ("OP-CAP-001.op_cap@99=1", 64, 'has no value for region "99"'),
                             ("OP-CAP-001.op_cap=" + ",".join(str(i) for i in range(65)), 64, "more than 64 combinations"),
                             ("OP-CAP-001.op_cap=3x", 78, "OP-CAP-001.op_cap:1:1: error: an amount in yuan is wanted")):
        diff(*base, word, code=code, said=(says,))
    diff(*base, "OP-CAP-001.op_cap=1", "--set", "OP-CAP-001.op_cap=2", code=64, said=("--set wants",))
    # A floor holds for a value that is only tried, too.
    floor = edited("floor", (CAP, 'region: "1409", from: 2024-01-01', 'region: "3701", from: 2025-01-01'))
    diff("--old", RULES, "--new", floor, "s", "--set", "OP-CAP-001.op_cap@3701=299.99", code=78, said=("demands at least, 300.00", "these values cannot be taken"))
    diff("--old", RULES, "--new", floor, "s", "--set", "OP-CAP-001.op_cap@3701=300", said=("has no legal basis of its own",))


class Page(html.parser.HTMLParser):
    """The text of a page, and everything in it that a browser could load; tags must match."""
    VOID = {"meta", "br"}
    LOADS = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}

    def __init__(self, name):
        super().__init__()
        self.open, self.words, self.loads, self.tags, self.style = [], [], [], set(), ""
        self.source = read(name).decode()
        self.feed(self.source)
        self.close()
        expect(not self.open, "tags are not closed:", self.open)
        self.text = " ".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loads += [value for name, value in attrs if name in self.LOADS or name.startswith("on") or "url(" in (value or "")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag, "closes", tag, "in", self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)


def yuan(fen_):
    return f"{fen_ / 100:,.2f}"


def check_html():
    """The page holds the figures of the JSON, loads nothing, names no person, and is the same for the same input."""
    lowered()
    words = ["--old", RULES, "--new", "new", "--no-cost", "--set", "OP-CAP-001.op_cap@141121=120,150,200", *files()]
    for language in ("zh", "en"):
        found = as_json(*words, "--html", "page", "--lang", language, "--title", "三月 <试算>", "--date", "2024-04-01")
        page = Page("page")
        diff(*words, "--html", "again", "--lang", language, "--title", "三月 <试算>", "--date", "2024-04-01", "--threads", "1", "--batch", "5")
        expect(read("again") == read("page"), "the same input gives another page")
        expect(not page.loads and "script" not in page.tags and "link" not in page.tags and "img" not in page.tags, page.loads, page.tags)
        expect("url(" not in page.style and "@import" not in page.style and "://" not in page.source, "the page refers to something outside")
        expect("三月 <试算>" in page.text and "2024-04-01" in page.text, "title and date")
        money = found["money"]
        for figure in [yuan(money["old_fen"]), yuan(money["new_fen"]), "+" + yuan(money["difference_fen"]), found["old"]["ruleset"],
                       found["new"]["ruleset"], f"{money['gained']:,}", f"{money['lost']:,}"]:
            expect(figure in page.words, figure, "is not in the page", language)
        for groups in (found["per_rule"], money["per_area"], money["per_institution"]):
            for name, sums in groups.items():
                expect(not name or name in page.words, name, "is not in the page")
                expect(yuan(sums["new_fen"]) in page.words, name, sums)
        for variant in found["variants"]:
            expect(f"{variant['alerts']:,}" in page.words and yuan(variant["amount_at_risk_fen"]) in page.words, variant)
        dearest = found["gained"][0]
        expect(dearest["evidence"][language] in page.text and dearest["basis"][0]["quote"] in page.text, "the dearest is no sample")
        expect(page.source.count("<svg") == page.source.count("role=\"img\"") == len(re.findall("<svg[^>]*><title id", page.source)) > 4,
               "a chart without a title")
        expect(("limit：300.00 → 150.00" if language == "zh" else "limit: 300.00 → 150.00") in page.text.replace("finding.", ""), "what changed")
        expect(("没有依据" if language == "zh" else "no legal basis of its own") in page.text, "variants")
    told(64, "--html wants a file")(run("diff", *words, "--html", "-"))
    told(73)(run("diff", *words, "--html", "nowhere/page"))


def check_hostile():
    """What records and rules say is text and nothing else; a person is a pseudonym."""
    nasty = "H<script>alert('1')</script>\"&amp;<!--"
    write("s", "\n".join(settlement(f"<i>{i}", f"person-{i}", "2024-03-01 09:00:00", 400 + i, nasty) for i in range(3)) + "\n")
    edited("new", (CAP, "quote: 普通门诊统筹年度支付限额为 300 元", "quote: \"</td></table><img src=x onerror=alert(1)>\""),
           (CAP, 'region: "1409", from: 2024-01-01, value: 300.00', 'region: "1409", from: 2024-01-01, value: 250.00'))
    diff("--old", RULES, "--new", "new", "s", "--html", "page", "--lang", "en")
    page = Page("page")
    expect(not page.tags & {"script", "img", "i"} and not page.loads, page.tags, page.loads)
    expect(nasty in page.words and "</td></table><img src=x onerror=alert(1)>" in page.words, "the texts are not in the page as they are")
    expect("<i>" not in page.source and "&lt;i&gt;2" in page.source and "<script" not in page.source, "unescaped")
    expect("person-1" not in page.source and "pn_" in page.text, "a person by number")
    found = as_json("--old", RULES, "--new", "new", "s", "--html", "page")
    expect(list(found["money"]["per_institution"]) == [nasty], found["money"])
    write("copy", read("s"))
    told(64, "both read and written")(run("diff", "--old", RULES, "--new", "new", "copy", "--html", "copy"))
    expect(read("copy") == read("s"), "the input was overwritten")


def check_usage():
    told(64, "diff wants --old DIR and --new DIR")(run("diff", "s"))
    told(64, "diff wants FILE...|-|--archive DIR")(run("diff", "--old", RULES, "--new", RULES))
    told(64, "--archive holds all records")(run("diff", "--old", RULES, "--new", RULES, "--archive", "A", "s"))
    told(66, "cannot read nowhere")(run("diff", "--old", RULES, "--new", RULES, "nowhere"))
    write("s", "")
    told(78, "cannot open the rules directory")(run("diff", "--old", RULES, "--new", "nowhere", "s"))
    expect("--close-all" in told(0)(run("diff", "--help")).out, "--help")


if __name__ == "__main__":
    sys.exit(main(globals()))
