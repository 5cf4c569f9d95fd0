"""fundwatch params: what is in force, held against a plain reading of the same YAML; and what a county may not do.

usage: test_params.py FUNDWATCH RULES
"""
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "oracle"))
import yamlish                          # noqa: E402

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")

RULE = """id: LAYERS
revision: 1
title: {{zh: 标题, en: title}}
family: policy
grade: violation
stage: [after]
severity: low
mode: enforce
where: med_type in $outpatient
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap:
    unit: yuan
    rows:
{rows}basis:
  A: {{document: 文件, quote: 原文}}
evidence: {{zh: 超出, en: over}}
tests:
  - name: nothing
    claims: [{{setl_id: a, psn_no: p, setl_time: 2024-01-01, insu_admdvs: "99"}}]
    expect: []
"""
PARAMS = """region: "{region}"
params:
  cap:
    unit: yuan
    rows:
{rows}basis:
  A: {{document: 文件 {region}, quote: 原文}}
"""


def run(*words, folder=None, language="en"):
    return subprocess.run([PROGRAM, *words, "--lang", language, "--tables", TABLES], capture_output=True, text=True, cwd=folder, timeout=60)


def asked(folder, region, day, *words):
    done = run("params", "--rules", folder, "--at", day, "--region", region, "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read(path):
    with open(path, encoding="utf-8") as file:
        return yamlish.load(file.read())


def rows_of(folder):
    """(rule, parameter) -> (unit, rows), from the files."""
    out = {}
    for path in glob.glob(os.path.join(folder, "*", "*.yaml")):
        if os.path.basename(os.path.dirname(path)) == "params":
            continue
        rule = read(path)
        for name, param in rule.get("params", {}).items():
            out[rule["id"], name] = (param["unit"], [dict(row, **{"clause": rule["basis"][row["basis"]]}) for row in param["rows"]])
    for path in glob.glob(os.path.join(folder, "params", "*.yaml")):
        more = read(path)
        for name, param in more["params"].items():
            for (_, declared), (_, rows) in out.items():
                if declared == name:
                    rows += [dict(row, **{"clause": more["basis"][row["basis"]]}) for row in param["rows"]]
    return out


def in_force(rows, region, day, tier):
    """The longest region first; there the tier's own row, else the one of any tier."""
    holding = [row for row in rows if "floor" not in row and region.startswith(row["region"])
               and row["from"] <= day <= row.get("to", "9999-12-31")]
    for length in sorted({len(row["region"]) for row in holding}, reverse=True):
        here = [row for row in holding if len(row["region"]) == length]
        for wanted in ([tier] if tier else []) + [None]:
            for row in here:
                if row.get("tier") == wanted:
                    return row
    return None


class Reading(unittest.TestCase):
    def hold(self, folder, region, day):
        said = asked(folder, region, day)
        wanted = rows_of(folder)
        self.assertEqual({(item["rule"], item["name"]) for item in said}, set(wanted))
        for (rule, name), (unit, rows) in wanted.items():
            items = {item["tier"]: item for item in said if (item["rule"], item["name"]) == (rule, name)}
            self.assertIn(None, items)
            tiers = {row["tier"] for row in rows if "tier" in row} | {None}
            for tier in tiers:
                row = in_force(rows, region, day, tier)
                item = items.get(tier, items[None])     # a tier that is not told of is as everybody else
                plain = (item["region"], item["from"], item["to"], item["value"] and float(item["value"]), item["basis"])
                expected = (None, None, None, None, []) if row is None else \
                    (row["region"], row["from"], row.get("to"), float(row["value"]), [row["clause"]])
                self.assertEqual(plain, expected, (rule, name, region, day, tier))
                self.assertEqual(item["unit"], unit)
        return said

    def test_shipped_rules(self):
        chance = random.Random(1)
        regions = ["140902", "141121", "141122", "500230", "370811", "140502", "110101", "14"]
        for _ in range(40):
            self.hold(RULES, chance.choice(regions), f"{chance.randint(2022, 2026)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}")

    def test_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        with open(os.path.join(HERE, "..", "..", "docs", "schema", "params.schema.json"), encoding="utf-8") as file:
            schema = jsonschema.Draft202012Validator(json.load(file))
        for region, day in (("140902", "2024-05-01"), ("500230", "2023-05-01"), ("99", "2023-05-01")):
            schema.validate(asked(RULES, region, day))

    def made(self, chance, folder):
        """A rule and files of regions with rows that never overlap, with gaps and tiers."""
        regions = ["", "14", "1409", "140902", "15", "1501"]
        where = {}
        for region in regions:
            for tier in (None, "1", "2"):
                year = 2018 + chance.randint(0, 3)
                while chance.random() < 0.6 and year < 2027:
                    end = year + chance.randint(0, 2)
                    to = "" if chance.random() < 0.15 else f", to: {end}-{chance.choice(('06-30', '12-31'))}"
                    file = chance.choice([f for f in ("", "14", "1409", "15") if region.startswith(f)])
                    tiers = f", tier: {tier}" if tier else ""
                    where.setdefault(file, []).append(
                        f'      - {{region: "{region}"{tiers}, from: {year}-01-01{to}, value: {chance.randint(1, 9)}00.00, basis: A}}\n')
                    year = 9999 if not to else end + 1 + chance.randint(0, 1)
        os.makedirs(os.path.join(folder, "policy"))
        os.makedirs(os.path.join(folder, "params"))
        for file, rows in where.items():
            if file:
                with open(os.path.join(folder, "params", file + ".yaml"), "w", encoding="utf-8") as out:
                    out.write(PARAMS.format(region=file, rows="".join(rows)))
        with open(os.path.join(folder, "policy", "LAYERS.yaml"), "w", encoding="utf-8") as out:
            own = "".join(where.get("", [])) or '      - {region: "99", from: 2020-01-01, value: 1.00, basis: A}\n'
            out.write(RULE.format(rows=own))

    def test_random_layers(self):
        chance = random.Random(20)
        told = 0
        for round_ in range(25):
            with tempfile.TemporaryDirectory() as folder:
                self.made(chance, folder)
                for _ in range(12):
                    region = chance.choice(["140902", "140903", "1405", "150101", "15", "330101"])
                    said = self.hold(folder, region, f"{chance.randint(2017, 2028)}-{chance.choice(('01-01', '06-30', '07-01', '12-31'))}")
                    told += any(item["tier"] for item in said)
        self.assertGreater(told, 20)


class Words(unittest.TestCase):
    def say(self, region, day, *words, language="en"):
        done = run("params", "--rules", RULES, "--at", day, "--region", region, *words, language=language)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_why(self):
        said = self.say("140902", "2024-05-01", "--rule", "OP-CAP-001")
        self.assertRegex(said, r"op_cap: 300\.00 yuan, region 1409, from 2024-01-01\n      by 忻医保发〔2024〕11号: 普通门诊统筹年度支付限额为 300 元\n"
                               r"      stands in \S+OP-CAP-001\.yaml:21\n")
        self.assertIn("final, no longer region may differ; by 忻医保发〔2024〕11号", said)
        said = self.say("500230", "2023-05-01", "--rule", "OP-CAP-001")
        for part in ("op_cap, tier 1: 300.00 yuan", "op_cap, tier 2: 500.00 yuan", "from 2024-01-01 on: nothing is in force",
                     "op_cap, everybody else: nothing is in force: the rows of that day are for other tiers",
                     "judged by the highest row: 500.00"):
            self.assertIn(part, said)

    def test_why_nothing(self):
        for region, day, part in (("110101", "2024-05-01", "there is no row for the area"),
                                  ("140902", "2023-05-01", "the first row has not begun; the nearest row: 300.00"),
                                  ("500230", "2024-05-01", "the last row has ended; the nearest row: ")):
            self.assertIn(part, self.say(region, day, "--rule", "OP-CAP-001"))
        self.assertIn("floor 300.00, region 37, from 2025-01-01", self.say("370811", "2025-05-01", "--rule", "OP-CAP-001"))
        self.assertIn("没有适用的值：没有这个区划的行", self.say("110101", "2024-05-01", language="zh"))
        self.assertIn("has no parameters", self.say("110101", "2024-05-01", "--rule", "ARITH-001"))

    def test_gap_and_next(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "policy"))
            with open(os.path.join(folder, "policy", "LAYERS.yaml"), "w", encoding="utf-8") as out:
                out.write(RULE.format(rows='      - {region: "14", from: 2020-01-01, to: 2020-12-31, value: 100.00, basis: A}\n'
                                           '      - {region: "14", from: 2022-01-01, value: 200.00, basis: A}\n'
                                           '      - {region: "1409", from: 2023-01-01, value: 300.00, basis: A}\n'))
            def ask(day):
                return run("params", "--rules", folder, "--at", day, "--region", "140902", "--quiet").stdout
            self.assertIn("there is a gap between two rows; the nearest row: 100.00", ask("2021-05-01"))
            self.assertIn("from 2022-01-01 on: 200.00, region 14", ask("2021-05-01"))
            self.assertIn("from 2023-01-01 on: 300.00, region 1409", ask("2022-05-01"))
            self.assertIn("stands before 200.00, region 14, from 2022-01-01 (", ask("2023-01-01"))

    def test_mistakes(self):
        for words, part in ((("--region", "14"), "--at DATE must be given"), (("--at", "2024-01-01"), "--region CODE must be given"),
                            (("--at", "2024-01-01", "--region", "14x"), "digits of an area code"),
                            (("--at", "2024-01-01", "--region", "14", "--rule", "OP-CAP-01"), "did you mean OP-CAP-001?"),
                            (("--at", "2024-01-01", "--region", "14", "--rule", "zzzzzzzzzzzzz"), 'no rule "zzz')):
            done = run("params", "--rules", RULES, *words)
            self.assertEqual((done.returncode, done.stdout), (64, ""), done.stderr)
            self.assertIn(part, done.stderr)


class Layers(unittest.TestCase):
    """忻州: counties may not make benefit policies of their own."""
    def check(self, region, days):
        with tempfile.TemporaryDirectory() as scratch:
            folder = os.path.join(scratch, "rules")
            shutil.copytree(RULES, folder)
            os.makedirs(os.path.join(folder, "params"), exist_ok=True)
            with open(os.path.join(folder, "params", region + ".yaml"), "w", encoding="utf-8") as out:
                out.write(PARAMS.format(region=region, rows=f'      - {{region: "{region}", {days}, value: 400.00, basis: A}}\n')
                          .replace("  cap:", "  op_cap:"))
            return run("check", folder)

    def test_a_county_may_not(self):
        done = self.check("140902", "from: 2025-01-01")
        self.assertEqual(done.returncode, 78)
        for part in ("params/140902.yaml:6:9: error: ", "policy/OP-CAP-001.yaml:21, 忻医保发〔2024〕11号", "不得自行出台任何待遇保障政策"):
            self.assertIn(part, done.stderr)

    def test_elsewhere_and_before(self):
        self.assertEqual(self.check("141122", "from: 2025-01-01").returncode, 0)
        self.assertEqual(self.check("140902", "from: 2022-01-01, to: 2023-12-31").returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
