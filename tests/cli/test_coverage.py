#!/usr/bin/python3
"""`fundwatch coverage`: what tests reach, against lists worked out by hand; the shipped rules are reached whole.

usage: test_coverage.py FUNDWATCH RULES
"""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")

HEAD = """\
id: T-1
revision: 1
title: {zh: 标题, en: title}
family: policy
grade: violation
stage: [after]
severity: high
bands:
  - {over: 0.00, severity: low}
  - {over: 0.50, severity: high}
mode: "off"
where: (insutype == "390" or insutype == "310") and med_type in $outpatient and present(setl_id)
exclude:
  - name: cycles
    when: dise_codg == "M01"
    because: {zh: 周期, en: cycles}
minimum: 2
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap:
    unit: yuan
    rows:
      - {region: "14", from: 2024-01-01, to: 2024-12-31, value: 300.00, basis: A}
      - {region: "14", from: 2025-01-01, value: 400.00, basis: A}
      - {region: "1409", tier: "1", from: 2024-01-01, value: 200.00, basis: A}
      - {region: "", from: 2020-01-01, floor: 100.00, basis: A}
basis:
  A: {document: 文件, quote: 原文}
evidence: {zh: "{sum|yuan}", en: "{sum|yuan}"}
tests:
"""
ONE = """\
  - name: one
    defaults: {psn_no: p, insu_admdvs: "140502", med_type: "11", insutype: "390", setl_time: 2024-03-01}
    claims:
      - {setl_id: a, hifp_pay: 300.00}
      - {setl_id: b, hifp_pay: 0.01}
    expect: [{on: b, status: open, severity: low}]
"""
MORE = """\
  - name: far above, then revised, then taken back
    defaults: {psn_no: p, insu_admdvs: "140902", med_type: "11", insutype: "310", setl_time: 2024-03-01, dise_codg: "M02"}
    enrolments:
      - {psn_no: p, year: "2024", tier: "1", insu_admdvs: "140902"}
    claims:
      - {setl_id: a, mdtrt_id: v, medfee_sumamt: 400.00, hifp_pay: 250.00}
      - {setl_id: b, hifp_pay: 60.00}
      - {setl_id: x, hifp_pay: 60.00, insutype: "340"}
      - {setl_id: y, hifp_pay: 60.00, med_type: "21"}
      - {setl_id: z, hifp_pay: 60.00, dise_codg: "M01"}
      - {setl_id: c, hifp_pay: 10.00}
      - {setl_id: r, mdtrt_id: v, medfee_sumamt: -400.00, hifp_pay: -250.00, refd_setl_flag: "1", init_setl_id: a}
    expect:
      - {on: a, status: insufficient}
      - {on: b, status: open, severity: high}
      - {on: c, status: updated, severity: high}
      - {on: r, status: retracted}
"""
LATER = """\
  - name: the second year
    claims: [{setl_id: a, psn_no: p, insu_admdvs: "140502", med_type: "11", insutype: "390", setl_time: 2025-03-01, hifp_pay: 1.00}]
    expect: []
"""

# By hand: every outcome of every expression and of what it compares; rows but no floor; bands; statuses.  That setl_id is
# there is no question: without it no settlement is taken.
WHERE = '(insutype == "390" or insutype == "310") and med_type in $outpatient and present(setl_id)'
ALL = 2 * (1 + 3) + 2 + 3 + 2 + 4
ONLY_ONE = {
    ("expression", "where", WHERE, "false"), ("comparison", "where", 'insutype == "390"', "false"),
    ("comparison", "where", 'insutype == "310"', "true"), ("comparison", "where", "med_type in $outpatient", "false"),
    ("expression", "exclude cycles", 'dise_codg == "M01"', "true"), ("expression", "exclude cycles", 'dise_codg == "M01"', "false"),
    ("row", "cap", "14 2025-01-01", None), ("row", "cap", "1409/1 2024-01-01", None), ("band", "bands", "high", None),
    ("status", None, "updated", None), ("status", None, "retracted", None), ("status", None, "insufficient", None),
}


class Failed(Exception):
    pass


def expect(condition, *said):
    if not condition:
        raise Failed(" ".join(str(part) for part in said))


def coverage(code, *words):
    done = subprocess.run([PROGRAM, "coverage", "--tables", TABLES, *words], capture_output=True, timeout=120, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    expect(done.returncode == code, f"exit {done.returncode}, not {code}:", words, done.out, done.err)
    return done


def make(name, tests):
    os.makedirs(os.path.join(name, "policy"))
    with open(os.path.join(name, "policy", "T-1.yaml"), "w", encoding="utf-8") as file:
        file.write(HEAD + tests)
    return name


def unreached(folder):
    said = json.loads(coverage(0, "--json", folder).out)
    rule = said["rules"][0]
    expect((said["reached"], said["count"]) == (rule["reached"], rule["count"]), said)
    expect(rule["count"] - rule["reached"] == len(rule["unreached"]), said)
    return said["count"], {(item["kind"], item["key"], item["text"], item["outcome"]): item for item in rule["unreached"]}


def check_lists():
    count, items = unreached(make("one", ONE))
    expect(set(items) == ONLY_ONE, "not reached:", sorted(map(str, set(items) ^ ONLY_ONE)))
    expect(count == ALL, count, "not", ALL)
    item = items[("row", "cap", "1409/1 2024-01-01", None)]
    line = HEAD.split("\n").index('      - {region: "1409", tier: "1", from: 2024-01-01, value: 200.00, basis: A}') + 1
    expect((item["file"], item["line"]) == ("one/policy/T-1.yaml", line), item)
    item = items[("expression", "where", WHERE, "false")]
    expect(HEAD.split("\n")[item["line"] - 1].startswith("where:"), item)
    _, items = unreached(make("more", ONE + MORE))
    expect(set(items) == {("row", "cap", "14 2025-01-01", None)}, "not reached:", list(items))
    _, items = unreached(make("all", ONE + MORE + LATER))
    expect(not items, "not reached:", list(items))


def check_text():
    make("text", ONE)
    done = coverage(0, "text")
    for part in ("text/policy/T-1.yaml:12:1: where: never false: insutype == \"390\"", "no settlement was judged by this row: 14 2025-01-01",
                 "no alert has the status retracted", f"{ALL - len(ONLY_ONE)}/{ALL}", "total"):
        expect(part in done.out, part, "is not in", done.out)
    done = coverage(0, "--lang", "zh", "text")
    for part in ("where：从未不成立：", "没有用到这一行：14 2025-01-01", "没有这种状态的告警：retracted", "分档：没有这样严重的告警：high", "合计"):
        expect(part in done.out, part, "is not in", done.out)


def check_exit():
    make("exit", ONE)
    percent = 100 * (ALL - len(ONLY_ONE)) // ALL
    coverage(0, "--fail-under", str(percent), "exit")
    coverage(1, "--fail-under", str(percent + 1), "exit")
    coverage(64, "--fail-under", "101", "exit")
    coverage(0, "--fail-under", "100", make("whole", ONE + MORE + LATER))
    make("fails", ONE.replace("severity: low", "severity: medium"))
    expect("tests that fail: 1" in coverage(1, "fails").err, "a failing test")
    coverage(78, make("wrong", ONE.replace("hifp_pay: 300", "hifp_pai: 300")))


def check_shipped():
    done = coverage(0, "--fail-under", "100", RULES)
    expect("never" not in done.out, done.out)


CHECKS = [check_lists, check_text, check_exit, check_shipped]


def main():
    failed = 0
    for check in CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                check()
                print("ok", check.__name__)
            except Failed as failure:
                failed += 1
                print("FAILED", check.__name__, failure)
            os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
