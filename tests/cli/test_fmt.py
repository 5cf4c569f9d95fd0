#!/usr/bin/python3
"""`fundwatch fmt`: one layout, the same meaning, every comment kept, nothing written that need not be.

usage: test_fmt.py FUNDWATCH RULES
"""
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")

UNTIDY = """\
# 这个文件由分析员维护


revision:   3      # raised for the new cap
id:  T-1
title: { en: "title # no comment",   zh: '标''题' }
# which library
family: policy
grade: violation
stage: [ after,during ]
severity: low
mode: enforce

where: med_type in $outpatient
  and insutype == "390"
limit: $cap
detector: cap
sum: hifp_pay
key: psn_no
period: benefit_year
basis:
    A: {quote: 原文, document: 文件}   # the notice
    B:
      document: 另一文件, 第二份
      quote: >
        first line
        # no comment
        second line
params:
  cap: {unit: yuan, rows: [
      {value: 300.00, region: "14", from: 2024-01-01, basis: A},   # the province
      # the city, from next year on
      {region: "1409",   from: 2025-01-01, value: 350.00, basis: B}]}
evidence: {zh: "{sum|yuan} 元", en: "{sum|yuan} yuan"}
tests:
- name: the limit itself
  defaults: {psn_no: p, insu_admdvs: "140902",
    med_type: "11", insutype: "390"}
  expect: [{on: b, excess: 0.01}]
  claims:
  - setl_id: a
    hifp_pay: 300.00
    setl_time: 2024-01-01
  - {setl_id: b, hifp_pay: 0.01, setl_time: 2024-01-02, dise_codg: }
# the second test
- {name: "nothing, at all", claims: [], expect: []} # kept
  # - name: later
"""

TIDY = """\
# 这个文件由分析员维护

id: T-1
revision: 3                     # raised for the new cap
title: {zh: '标''题', en: "title # no comment"}
# which library
family: policy
grade: violation
stage: [after, during]
severity: low
mode: enforce

where: med_type in $outpatient
  and insutype == "390"
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap:
    unit: yuan
    rows:
      - {region: "14", from: 2024-01-01, value: 300.00, basis: A} # the province
      # the city, from next year on
      - {region: "1409", from: 2025-01-01, value: 350.00, basis: B}
basis:
  A: {document: 文件, quote: 原文} # the notice
  B:
    document: 另一文件, 第二份
    quote: >
      first line
      # no comment
      second line
evidence:
  zh: "{sum|yuan} 元"
  en: "{sum|yuan} yuan"
tests:
  - name: the limit itself
    defaults: {psn_no: p, insu_admdvs: "140902", med_type: "11", insutype: "390"}
    claims:
      - {setl_id: a, hifp_pay: 300.00, setl_time: 2024-01-01}
      - {setl_id: b, hifp_pay: 0.01, setl_time: 2024-01-02, dise_codg: }
    expect: [{on: b, excess: 0.01}]

  # the second test
  # kept
  - name: "nothing, at all"
    claims: []
    expect: []
  # - name: later
"""

PARAMS = """\
basis: {C: {document: 市文件, quote: 原文}}
params: {cap: {unit: yuan, rows: [{region: "140902", from: 2026-01-01, value: 400.00, basis: C}]}}
region: "140902"
"""
PARAMS_TIDY = """\
region: "140902"
params:
  cap:
    unit: yuan
    rows:
      - {region: "140902", from: 2026-01-01, value: 400.00, basis: C}
basis:
  C: {document: 市文件, quote: 原文}
"""

SUPPRESSIONS = """\
# looked into by the office
- {id: S-1, rule: T-1, scope: {region: "140902", psn_no: "p"}, author: 某某, reason: 已核查, until: 2024-12-31, from: 2024-03-01}
- until: 2025-12-31   # one year
  id: S-2
  rule: T-1
  author: 某某
  from: 2025-01-01
  reason: { zh: 已核查,   en: looked into }
  scope:
    psn_no: q
"""
SUPPRESSIONS_TIDY = """\
# looked into by the office
- id: S-1
  rule: T-1
  author: 某某
  reason: 已核查
  scope: {psn_no: "p", region: "140902"}
  from: 2024-03-01
  until: 2024-12-31

- id: S-2
  rule: T-1
  author: 某某
  reason: {zh: 已核查, en: looked into}
  scope: {psn_no: q}
  from: 2025-01-01
  until: 2025-12-31             # one year
"""


class Failed(Exception):
    pass


def expect(condition, *said):
    if not condition:
        raise Failed(" ".join(str(part) for part in said))


def run(*words):
    done = subprocess.run([PROGRAM, *words], capture_output=True, env={**os.environ, "LC_ALL": "C"}, timeout=120)
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    return done


def fmt(code, *words):
    done = run("fmt", "--tables", TABLES, *words)
    expect(done.returncode == code, f"exit {done.returncode}, not {code}:", words, done.out, done.err)
    return done


def canonical(folder):
    done = run("check", "--tables", TABLES, "--quiet", folder)
    expect(done.returncode == 0, done.err)
    return done.out


def read(path):
    with open(path, "rb") as file:
        return file.read().decode()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text.encode())
    return path


def check_layout():
    rule, params = write("set/policy/T-1.yaml", UNTIDY), write("set/params/140902.yaml", PARAMS)
    silent = write("set/suppressions/office.yaml", SUPPRESSIONS)
    before = canonical("set")
    done = fmt(1, "--check", "set")
    expect(done.out.splitlines() == [rule, params, silent], done.out)
    expect(read(rule) == UNTIDY, "--check wrote")
    expect("would change 3" in done.err, done.err)
    done = fmt(1, "--diff", rule)
    expect(read(rule) == UNTIDY and "-stage: [ after,during ]\n+stage: [after, during]\n" in done.out, done.out)
    expect(fmt(1, "--diff", silent).out == silent + "\n", "numbers of persons are printed")
    fmt(0, "set")
    expect(read(rule) == TIDY, "the layout:", read(rule))
    expect(read(params) == PARAMS_TIDY, "the layout:", read(params))
    expect(read(silent) == SUPPRESSIONS_TIDY, "the layout:", read(silent))
    expect(canonical("set") == before, "the canonical text changed")
    expect(fmt(0, "set").out == "", "a second time")


def check_diff():
    """What --diff prints is what patch needs."""
    path = write("diff/policy/T-1.yaml", UNTIDY)
    done = fmt(1, "--diff", "diff")
    if shutil.which("patch"):
        patch = subprocess.run(["patch", "-s", "-p0"], input=done.stdout, check=False)
        expect(patch.returncode == 0 and read(path) == TIDY, "patch:", read(path))


def check_targets():
    """A file, the folder of a family, from inside; only what is meant is written."""
    for words, where in ((["set2/policy/T-1.yaml"], "."), (["set2/policy"], "."), (["policy/T-1.yaml"], "set2"),
                         (["T-1.yaml"], "set2/policy"), (["."], "set2"), (["."], "set2/policy"), (["../policy"], "set2/params")):
        rule, params = write("set2/policy/T-1.yaml", UNTIDY), write("set2/params/140902.yaml", PARAMS)
        done = subprocess.run([PROGRAM, "fmt", "--tables", TABLES, *words], cwd=where, capture_output=True, check=False)
        expect(done.returncode == 0, words, where, done.stderr.decode())
        expect(read(rule) == TIDY, words, where)
        expect((read(params) == PARAMS_TIDY) == (where == "set2" and words == ["."]), words, where)
    done = fmt(66, "set2/policy/nobody.yaml")
    expect("No such file" in done.err, done.err)
    write("set2/policy/notes.txt", "x")
    expect("is no file of the rules" in fmt(66, "set2/policy/notes.txt").err, "a file of no set")


def check_rights():
    """Permissions stay, a link is followed, what need not change is not touched, nothing is left behind."""
    path = write("rights/policy/T-1.yaml", UNTIDY)
    os.chmod(path, 0o640)
    fmt(0, "rights")
    expect(stat.S_IMODE(os.stat(path).st_mode) == 0o640, oct(os.stat(path).st_mode))
    known = os.stat(path)
    fmt(0, "rights")
    expect((os.stat(path).st_ino, os.stat(path).st_mtime_ns) == (known.st_ino, known.st_mtime_ns), "touched")
    write("elsewhere/real.yaml", UNTIDY)
    os.makedirs("linked/policy")
    os.symlink("../../elsewhere/real.yaml", "linked/policy/T-1.yaml")
    fmt(0, "linked")
    expect(os.path.islink("linked/policy/T-1.yaml") and read("elsewhere/real.yaml") == TIDY, "the link")
    for folder in ("rights/policy", "linked/policy", "elsewhere"):
        expect(len(os.listdir(folder)) == 1, os.listdir(folder))


def check_mistakes():
    wrong = write("wrong/policy/T-1.yaml", UNTIDY.replace("grade: violation", "grade: violatoin"))
    text = read(wrong)
    done = fmt(78, "wrong")
    expect("did you mean violation?" in done.err and read(wrong) == text, done.err)
    done = fmt(78, "--lang", "zh", "wrong")
    expect("错误" in done.err, done.err)
    write("wrong/policy/T-1.yaml", UNTIDY.replace("stage: [", "stage: [["))
    fmt(78, "wrong")


def check_bytes():
    """A byte order mark and CRLF go; a file without a newline at its end gets one."""
    path = write("dos/policy/T-1.yaml", "\ufeff" + UNTIDY.rstrip("\n").replace("\n", "\r\n"))
    fmt(0, "dos")
    expect(read(path) == TIDY, "CRLF")


def check_shipped():
    done = fmt(0, "--check", RULES)
    expect(done.out == "", "the shipped rules are not laid out:", done.out)


# ---- untidy at random ----

def comments(text):
    """The harness's own finding of comments: its mark is nowhere else."""
    return sorted(re.findall(r"#@\d+@", text))


def untidy(chance, text):
    """Comments, blank lines and trailing blanks at places where YAML allows them."""
    out, number = [], 0
    for line in text.split("\n"):
        indent = re.match(r" *", line).group(0)
        if line.strip() and chance.random() < 0.15:
            number += 1
            out.append(" " * chance.choice([0, len(indent), len(indent) + 2]) + f"#@{number}@ own line")
        if chance.random() < 0.1:
            out.append("")
        if line.strip() and not line.rstrip().endswith((">-", ">", "|")) and chance.random() < 0.15:
            number += 1
            line += " " * chance.randint(1, 5) + f"#@{number}@ beside"
        elif line.startswith("      - {") and chance.random() < 0.3:
            number += 1
            line = re.sub(r", (?=[a-z_]+: [^\"{}]*}$)", f",   #@{number}@ inside\n          ", line)
        out.append(line)
    return "\n".join(out)


def check_random():
    """Of the shipped rules, made untidy: laid out they are the same set with the same comments, and stay as they are."""
    wanted = canonical(RULES)
    chance = random.Random(5)
    plain = {}
    for folder, _, names in os.walk(RULES):
        for name in names:
            if name.endswith(".yaml"):
                text = read(os.path.join(folder, name))
                if ">-" not in text:
                    plain[os.path.relpath(os.path.join(folder, name), RULES)] = text
    shutil.copytree(RULES, "random")
    for turn in range(12):
        given = {name: untidy(chance, text) for name, text in plain.items()}
        for name, text in given.items():
            write(os.path.join("random", name), text)
        fmt(0, "random")
        expect(canonical("random") == wanted, "turn", turn, "the canonical text changed")
        for name, text in given.items():
            expect(comments(text) == comments(read(os.path.join("random", name))), "turn", turn, name, "comments")
        expect(fmt(0, "--check", "random").out == "", "turn", turn, "a second time")


CHECKS = [check_layout, check_diff, check_targets, check_rights, check_mistakes, check_bytes, check_shipped, check_random]


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
