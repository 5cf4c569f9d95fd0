#!/usr/bin/python3
"""`fundwatch doc`: pages that say what the rule files say, escaped, bilingual, and naming nothing outside themselves.

usage: test_doc.py FUNDWATCH RULES
"""
import html.parser
import os
import re
import subprocess
import sys
import tempfile

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")
EMPTY = {"meta", "br", "link", "img"}

# Characters that mean something to HTML, to Markdown and to both.
NASTY = """\
id: T-1
revision: 3
title: {zh: "标题<b>&\\"'", en: "title <script>alert(1)</script> | `x` *y*"}
family: policy
grade: violation
stage: [before, after]
scene: [outpatient, cross_region]
library: GZ10000101001000
severity: critical
bands:
  - {over: 0.00, severity: low}
  - {over: 0.205, severity: critical}
mode: shadow
where: fixmedins_code =~ "^<H|`1`$" and med_type in $outpatient
exclude:
  - name: cycles
    when: dise_codg == "M&01"
    because: {zh: 周期<治疗>, en: cycles & more}
minimum: 2
repeat_after: 30
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap:
    unit: yuan
    rows:
      - {region: "14", from: 2024-01-01, to: 2024-12-31, value: 300.00, basis: A, note: 附注 <i>}
      - {region: "1409", tier: "2", from: 2024-01-01, value: 250.00, final: true, final_basis: B, basis: A}
      - {region: "", from: 2020-01-01, floor: 100.00, basis: A}
basis:
  A: {document: 文件〔2024〕1号 <A>, quote: "原文 \\"引\\" | 文"}
  B: {document: 文件B, quote: 不得另定}
evidence: {zh: "{person} 超出 {excess|yuan} 元", en: "{person} over by {excess|yuan}"}
tests:
  - name: nothing at all <1>
    claims: [{setl_id: z, psn_no: p, insu_admdvs: "990000", setl_time: 2024-01-01}]
    expect: []
  - name: one fen & more
    defaults: {psn_no: "p<1>", insu_admdvs: "140502", med_type: "11", fixmedins_code: "<H1", setl_time: 2024-03-01}
    claims:
      - {setl_id: a, hifp_pay: 300.00}
      - {setl_id: b, hifp_pay: 0.01}
    expect: [{on: b, status: open, severity: low}]
"""


class Failed(Exception):
    pass


def expect(condition, *said):
    if not condition:
        raise Failed(" ".join(str(part) for part in said))


def doc(code, *words):
    done = subprocess.run([PROGRAM, "doc", "--tables", TABLES, *words], capture_output=True, timeout=120, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    expect(done.returncode == code, f"exit {done.returncode}, not {code}:", words, done.out[:500], done.err)
    return done


class Reader(html.parser.HTMLParser):
    """The text of a page by cells and headings; every element must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.texts, self.names = [], [], [""], set()
        self.feed(text)
        self.close()
        expect(not self.open, "not closed:", self.open)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        for name, value in attrs:
            expect(name in ("lang", "charset", "http-equiv", "content", "name", "class", "href"), "an attribute:", tag, name)
            if name == "href":
                self.links.append(value)
        if tag not in EMPTY:
            self.open.append(tag)
            self.texts.append("")

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag, "closed:", tag, "open:", self.open)
        self.open.pop()
        self.texts.append("")

    def handle_data(self, data):
        self.texts[-1] += data


def make(folder, text=NASTY):
    os.makedirs(os.path.join(folder, "policy"))
    with open(os.path.join(folder, "policy", "T-1.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    return folder


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_page():
    make("rules")
    done = doc(0, "--output", "pages", "rules")
    expect("pages: pages written: 2" in done.err and sorted(os.listdir("pages")) == ["T-1.html", "index.html"], done.err)
    text = read("pages/T-1.html")
    page = Reader(text)
    expect(not page.names & {"script", "b", "i", "link", "img", "iframe"}, page.names)
    for wanted in ("标题<b>&\"'", "title <script>alert(1)</script> | `x` *y*", "T-1 · 修订 revision 3", "政策类", "policy", "明确违规", "clear violation",
                   "事前、事后", "before, after", "门急诊、异地", "outpatient, other regions", "GZ10000101001000", "严重", "critical", "试运行", "shadow",
                   'fixmedins_code =~ "^<H|`1`$" and med_type in $outpatient', "fixmedins_code", "医疗类别", "cycles", 'dise_codg == "M&01"',
                   "周期<治疗>", "cycles & more", "20.5 %", "1409", "2", "2024-01-01 至 2024-12-31", "2024-01-01 to 2024-12-31", "from 2024-01-01",
                   "300.00 元", "不得低于 100.00 元", "各地", "everywhere", "250.00 元；下级不得另定", "文件〔2024〕1号 <A>：“原文 \"引\" | 文”（附注 <i>）",
                   "文件〔2024〕1号 <A>：“原文 \"引\" | 文”；文件B：“不得另定”", "{person} 超出 {excess|yuan} 元",
                   "例（测试“one fen & more”）：p<1> 超出 0.01 元", "Example (test \"one fen & more\"): p<1> over by 0.01",
                   "nothing at all <1>", "setl_id: b, hifp_pay: 0.01", "on: b, status: open, severity: low", "无", "none"):
        expect(wanted in page.texts, wanted, "is not in the page:", page.texts)
    expect(any("有 1 种情形除外" in part and "样本不足 2 时不下结论" in part and "最早隔 30 天再报" in part for part in page.texts), "the sentence")
    expect(not page.links and "http:" not in text and "https:" not in text and "url(" not in text, "something outside")
    expect("default-src 'none'" in text, "no policy")


def check_index():
    doc(0, "--output", "pages", RULES)
    names = sorted(os.listdir("pages"))
    index = Reader(read("pages/index.html"))
    expect(sorted(index.links) == [name for name in names if name != "index.html"], index.links, names)
    ids = [name[:-5] for _, _, files in os.walk(RULES) for name in files if name.endswith(".yaml")]
    expect(sorted(ids) == [name[:-5] for name in names if name != "index.html"], ids, names)
    order = [index.texts.index(family) for family in ("政策类", "管理类", "基金运行")]
    expect(order == sorted(order), order)
    for name in names:
        text = read(os.path.join("pages", name))
        Reader(text)
        expect("http:" not in text and "https:" not in text, name)
        expect(name == "index.html" or "例（测试“" in text, name, "has no example")


def check_markdown():
    make("rules")
    text = doc(0, "--format", "md", "rules").out
    expect(text.startswith("# 标题\\<b\\>\\&\"' / title \\<script\\>alert(1)\\</script\\> \\| \\`x\\` \\*y\\*\n"), text[:200])
    expect('``` fixmedins' not in text and '`` fixmedins_code =~ "^<H|`1`$" and med_type in $outpatient ``' in text, text)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    for row, after in zip(rows, rows[1:]):
        cells = len(re.findall(r"(?<!\\)\|", row))
        if re.fullmatch(r"[|-]+", after):
            width = cells
        expect(cells == width, "a row of", cells, "cells in a table of", width, ":", row)
    doc(0, "--format", "md", "--output", "pages", "rules")
    expect(sorted(os.listdir("pages")) == ["T-1.md", "index.md"] and "[T-1](T-1.md)" in read("pages/index.md"), os.listdir("pages"))


def check_choice():
    done = doc(0, "--rule", "OP-CAP-001", RULES)
    expect(done.out.startswith("<!DOCTYPE html>") and done.out.count("<html") == 1 and "OP-CAP-001" in done.out, done.out[:200])
    expect("did you mean OP-CAP-001?" in doc(64, "--rule", "OP-CAP-01", RULES).err, "a wrong id")
    expect("--output DIR" in doc(64, RULES).err, "several pages on one output")
    expect("cannot create the folder" in doc(73, "--output", "no/such", RULES).err, "no folder")
    doc(78, make("wrong", NASTY.replace("grade: violation", "grade: violatoin")))


CHECKS = [check_page, check_index, check_markdown, check_choice]


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
