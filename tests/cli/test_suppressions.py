"""rules/suppressions: what an entry hides, held against a plain reading of the lines that are said without it.

usage: test_suppressions.py FUNDWATCH RULES
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")

CAP = """id: {id}
revision: 1
title: {{zh: 标题, en: title}}
family: policy
grade: violation
stage: [after]
severity: low
mode: {mode}
where: med_type in $outpatient
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap: {{unit: yuan, rows: [{{region: "14", from: 2020-01-01, value: 300.00, basis: A}}]}}
basis:
  A: {{document: 文件, quote: 原文}}
evidence: {{zh: "{{sum|yuan}}", en: "{{sum|yuan}}"}}
tests:
  - name: over
    claims: [{{setl_id: a, psn_no: p1, insu_admdvs: "140902", med_type: "11", hifp_pay: 300.01, setl_time: 2024-01-01}}]
    expect: [{{on: a, excess: 0.01}}]
"""
CHECK = """id: DEAR
revision: 1
title: {zh: 标题, en: title}
family: policy
grade: clue
stage: [after]
severity: low
mode: enforce
where: med_type in $outpatient
detector: check
assert: hifp_pay <= 250.00
basis:
  A: {document: 文件, quote: 原文}
evidence: {zh: "贵", en: "dear"}
tests:
  - name: dear
    claims: [{setl_id: a, psn_no: p, insu_admdvs: "140902", med_type: "11", hifp_pay: 250.01, setl_time: 2024-01-01}]
    expect: [{on: a}]
"""


def make(folder, entries="", mode="enforce"):
    os.makedirs(os.path.join(folder, "policy"))
    for name, text in (("CAP", CAP.format(id="CAP", mode=mode)), ("DEAR", CHECK)):
        with open(os.path.join(folder, "policy", name + ".yaml"), "w", encoding="utf-8") as out:
            out.write(text)
    if entries:
        os.makedirs(os.path.join(folder, "suppressions"))
        with open(os.path.join(folder, "suppressions", "known.yaml"), "w", encoding="utf-8") as out:
            out.write(entries)
    return folder


def entry(name, rule, scope, start, until):
    words = ", ".join(f'{key}: "{value}"' for key, value in scope.items())
    return f"- {{id: {name}, rule: {rule}, author: 某某, reason: {{zh: 已知, en: known}}, scope: {{{words}}}, from: {start}, until: {until}}}\n"


def claim(setl_id, psn_no, time, yuan, area="140902", place="H1", **more):
    return {"setl_id": setl_id, "psn_no": psn_no, "setl_time": time, "hifp_pay": f"{yuan:.2f}", "medfee_sumamt": f"{yuan:.2f}",
            "insu_admdvs": area, "fixmedins_code": place, "insutype": "390", "med_type": "11", "mdtrt_id": "v" + setl_id, **more}


def run(*words, code=0, tables=("--tables", TABLES)):
    done = subprocess.run([PROGRAM, *words, *tables, "--lang", "en"], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.args, done.returncode, done.stderr)
    return done


def replay(folder, claims, *words):
    """The alert lines, the summary."""
    path = os.path.join(os.path.dirname(folder), "claims.ndjson")
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(record) + "\n" for record in claims)
    done = run("replay", "--rules", folder, "--person-clear", "--json", *words, path)
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr)


def body(line):
    return {key: value for key, value in line.items() if key not in ("revision", "status", "cause", "rule")}


class Model:
    """What is said beside the entries, from what is said without them."""
    def __init__(self, entries):
        self.entries, self.said, self.hidden = entries, {}, {}
        self.lines = {name: 0 for name, *_ in entries}

    def cover(self, line):
        subject, day = line["subject"], line["event_time"][:10]
        for name, rule, scope, start, until in sorted(self.entries):
            values = {"psn_no": subject.get("psn_no"), "fixmedins_code": subject.get("fixmedins_code"), "setl_id": subject.get("setl_id"),
                      "region": subject["insu_admdvs"]}
            hits = all(values[key] == value if key != "region" else values[key].startswith(value) for key, value in scope.items())
            if rule == line["rule"]["id"] and start <= day <= until and hits:
                return name
        return None

    def take(self, line):
        """The line as it is said now, or None."""
        key, speaks = line["alert_id"], line["status"] in ("open", "updated")
        revision, standing, last = self.said.get(key, (0, False, None))
        if not speaks and not standing:
            return None
        if speaks and standing and body(line) == last:
            return None
        name = self.cover(line) if speaks else None
        if name:
            if self.hidden.get(key) != (name, body(line)):
                self.hidden[key] = (name, body(line))
                self.lines[name] += 1
            return None
        self.hidden.pop(key, None)
        self.said[key] = (revision + 1, speaks, body(line))
        return dict(line, revision=revision + 1, status="updated" if speaks and standing else "open" if speaks else line["status"])


def world(chance, count):
    out = []
    for i in range(count):
        person = f"p{chance.randint(1, 6)}"
        time = f"{chance.choice((2023, 2024, 2024, 2024))}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} {chance.randint(8, 17):02}:00:00"
        record = claim(f"s{i}", person, time, chance.choice((60, 120, 260, 310)), chance.choice(("140902", "140921", "140502")),
                       f"H{chance.randint(1, 3)}")
        out.append(record)
        if chance.random() < 0.25:
            old = chance.choice(out)
            if "refd_setl_flag" not in old:
                out.append(dict(old, setl_id="r" + old["setl_id"], refd_setl_flag="1", init_setl_id=old["setl_id"],
                                hifp_pay="-" + old["hifp_pay"], medfee_sumamt="-" + old["medfee_sumamt"]))
        if chance.random() < 0.15:
            old = chance.choice(out)
            out.append(dict(old, vali_flag=chance.choice("01"), updt_time=f"2025-01-{i % 28 + 1:02} 00:00:00"))
    return out


class Random(unittest.TestCase):
    def test_worlds(self):
        chance = random.Random(7)
        hidden = taken_back = 0
        for round_ in range(40):
            entries = []
            for i in range(chance.randint(1, 5)):
                scope = chance.choice(({"psn_no": f"p{chance.randint(1, 6)}"}, {"region": chance.choice(("1409", "140921", "15"))},
                                       {"fixmedins_code": "H2"}, {"setl_id": f"s{chance.randint(0, 40)}"},
                                       {"psn_no": f"p{chance.randint(1, 6)}", "region": "14"}))
                month = chance.randint(1, 8)
                entries.append((f"E{i}", chance.choice(("CAP", "DEAR")), scope, f"2024-{month:02}-01", f"2024-{month + chance.randint(1, 4):02}-15"))
            claims = world(chance, 90)
            with tempfile.TemporaryDirectory() as scratch:
                plain, _ = replay(make(os.path.join(scratch, "plain")), claims)
                said, summary = replay(make(os.path.join(scratch, "silent"), "".join(entry(*one) for one in entries)), claims)
            model = Model(entries)
            wanted = [line for line in (model.take(line) for line in plain) if line]
            for line in wanted + said:
                line["rule"].pop("ruleset")
            self.assertEqual(said, wanted)
            self.assertEqual({name: counts["lines"] for name, counts in summary["suppressed"].items()}, model.lines)
            hidden += sum(model.lines.values())
            taken_back += sum(line["status"] == "retracted" for line in said)
        self.assertGreater(hidden, 100)
        self.assertGreater(taken_back, 20)


class Plain(unittest.TestCase):
    CLAIMS = [claim("a", "110101199001010011", "2024-03-01 09:00:00", 400), claim("b", "110101199001010011", "2024-05-01 09:00:00", 20),
              claim("c", "110101199001010011", "2024-07-01 09:00:00", 30), claim("d", "p2", "2024-03-01 09:00:00", 220), claim("e", "p2", "2024-03-02 09:00:00", 90)]

    def setUp(self):
        self.scratch = tempfile.mkdtemp()

    def tearDown(self):
        shutil.rmtree(self.scratch)

    def said(self, *entries, mode="enforce", claims=None, words=()):
        folder = make(os.path.join(self.scratch, "rules"), "".join(entries), mode)
        lines, summary = replay(folder, claims or self.CLAIMS, *words)
        shutil.rmtree(folder)
        return [(line["subject"]["psn_no"], line["revision"], line["status"], line["finding"]["sum_fen"] // 100)
                for line in lines if line["rule"]["id"] == "CAP"], summary

    P = {"psn_no": "110101199001010011"}

    def test_until_it_ends(self):
        lines, summary = self.said(entry("K", "CAP", self.P, "2024-01-01", "2024-06-30"))
        p1 = [line[1:] for line in lines if line[0] != "p2"]
        self.assertEqual(p1, [(1, "open", 450)])        # as if for the first time
        self.assertEqual([line[1:] for line in lines if line[0] == "p2"], [(1, "open", 310)])
        self.assertEqual(summary["suppressed"], {"K": {"lines": 2, "alerts": 0, "amount_at_risk_fen": 0}})

    def test_what_stands_stays(self):
        lines, summary = self.said(entry("K", "CAP", self.P, "2024-04-01", "2024-06-30"))
        self.assertEqual([line[1:] for line in lines if line[0] != "p2"], [(1, "open", 400), (2, "updated", 450)])
        self.assertEqual(summary["suppressed"]["K"]["lines"], 1)

    def test_what_is_hidden_now(self):
        _, summary = self.said(entry("K", "CAP", self.P, "2024-01-01", "2025-06-30"), entry("NOBODY", "CAP", {"psn_no": "x"}, "2024-01-01", "2025-06-30"))
        self.assertEqual(summary["suppressed"], {"K": {"lines": 3, "alerts": 1, "amount_at_risk_fen": 15000},
                                                 "NOBODY": {"lines": 0, "alerts": 0, "amount_at_risk_fen": 0}})

    def test_what_is_over_is_taken_back(self):
        claims = self.CLAIMS[:1] + [dict(self.CLAIMS[0], setl_id="r", refd_setl_flag="1", init_setl_id="a", hifp_pay="-400.00",
                                         medfee_sumamt="-400.00", setl_time="2024-04-05 09:00:00")]
        lines, _ = self.said(entry("K", "CAP", self.P, "2024-03-02", "2024-12-31"), claims=claims)
        self.assertEqual([line[2] for line in lines], ["open", "retracted"])

    def test_shadow(self):
        shadow = os.path.join(self.scratch, "shadow.ndjson")
        _, summary = self.said(entry("K", "CAP", self.P, "2024-01-01", "2024-12-31"), mode="shadow")
        self.assertEqual(summary["suppressed"]["K"]["lines"], 3)
        self.assertFalse(os.path.exists(shadow))

    def test_tests_of_the_rule_do_not_mind(self):
        folder = make(os.path.join(self.scratch, "rules"), entry("K", "CAP", {"psn_no": "p1"}, "2024-01-01", "2024-12-31"))
        run("test", folder)

    def test_digest_and_check(self):
        digests = set()
        for number, entries in enumerate(("", entry("K", "CAP", self.P, "2024-01-01", "2024-12-31"), entry("K", "CAP", self.P, "2024-01-01", "2025-12-31"),
                                          entry("K", "CAP", {"psn_no": "q"}, "2024-01-01", "2024-12-31"))):
            folder = make(os.path.join(self.scratch, str(number)), entries)
            done = run("check", folder)
            said = json.loads(run("check", "--json", folder).stdout)
            digests.add(said["ruleset"])
            self.assertEqual(len(said["suppressions"]), bool(entries))
            self.assertNotIn(self.P["psn_no"], done.stdout + done.stderr + json.dumps(said))
            if entries:
                self.assertIn("suppression K: rule CAP, 2024-01-01 to ", done.stderr)
                self.assertIn("by 某某: known (", done.stderr)
        self.assertEqual(len(digests), 4)

    def test_archive(self):
        """The archive keeps the entries with the rules: what was recorded is replayed the same."""
        folder, archive = make(os.path.join(self.scratch, "rules"), entry("K", "CAP", self.P, "2024-01-01", "2024-06-30")), os.path.join(self.scratch, "archive")
        lines, summary = replay(folder, self.CLAIMS)
        run("archive", "import", "--archive", archive, "--rules", folder, os.path.join(self.scratch, "claims.ndjson"))
        shutil.rmtree(folder)
        done = run("replay", "--archive", archive, "--as-recorded", "--person-clear", "--json", tables=())
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], lines)
        self.assertEqual(json.loads(done.stderr)["suppressed"], summary["suppressed"])

    def test_indicators_are_untouched(self):
        folder = os.path.join(self.scratch, "shipped")
        shutil.copytree(RULES, folder)
        claims = [claim(f"s{i}", f"p{i}", "2024-03-01 09:00:00", 1000, "141121", "H1", med_type="21", clr_way="10") for i in range(5)]
        words = ("--close-all", "--indicators", os.path.join(self.scratch, "indicators"))
        def lines():
            alerts, summary = replay(folder, claims, *words)
            with open(words[2], encoding="utf-8") as file:
                told = [json.loads(line) for line in file]
            for line in told:
                line["rule"].pop("ruleset")
            return [line for line in alerts if line["rule"]["id"] == "DRG-SHARE-001"], told, summary
        alerts, before, _ = lines()
        self.assertTrue(alerts)
        os.makedirs(os.path.join(folder, "suppressions"))
        with open(os.path.join(folder, "suppressions", "a.yaml"), "w", encoding="utf-8") as out:
            out.write(entry("K", "DRG-SHARE-001", {"region": "1411"}, "2024-01-01", "2024-12-31"))
        alerts, after, summary = lines()
        self.assertEqual((alerts, after), ([], before))
        self.assertEqual(summary["suppressed"]["K"]["alerts"], 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
