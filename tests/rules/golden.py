#!/usr/bin/python3
"""What `fundwatch check` says about wrong rule files.

Every folder of tests/rules/bad is a set of rules with mistakes; expected.en and expected.zh beside them are what must
be said, byte for byte.  In tests/rules/failing the rules are right and their tests are not: there `fundwatch test` speaks.
Mistakes that need large or binary files are made here in a scratch folder.  At the end every row of mistakes.def must have been
seen in both languages: a new mistake without a case fails.

usage: golden.py FUNDWATCH            compares
       golden.py FUNDWATCH --update   writes what is said now as what is expected
"""
import difflib
import glob
import itertools
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "..", "..", "core", "rule")
HAN = re.compile("[\u4e00-\u9fff]")

# Said only when the machine fails, or for shapes of YAML that the library reports under another name first.
UNREACHED_CODES = {
    "R0202",        # the library stops without a word
}
PERSON = "110101199001010011"       # in the files of suppressions: never to be shown
UNREACHED_WORDS = {
    "没有权限",     # tests may run as root
}


def check(program, folder, language, cwd, command="check"):
    own = os.path.join(folder, "tables")
    tables = own if os.path.isdir(os.path.join(cwd, own)) else os.path.join(HERE, "tables")
    run = subprocess.run([program, command, "--lang", language, "--tables", tables, folder], cwd=cwd,
                         capture_output=True, text=True)
    # The summary, and what the layout costs, come behind the mistakes.
    lines = itertools.takewhile(lambda line: not line.startswith("fundwatch: "), run.stderr.splitlines())
    said = "".join(line + "\n" for line in lines)
    return run.returncode, said, run.stdout


def differences(folder, language, expected, said):
    return "".join(difflib.unified_diff(expected.splitlines(True), said.splitlines(True),
                                        f"{folder}/expected.{language}", "said"))


def settle(path, said, update):
    """What is expected; with --update that is what was said."""
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(said)
    with open(path, encoding="utf-8") as file:
        return file.read()


def failing(program, update, spoken):
    """Rules without a mistake whose tests fail."""
    failures = []
    for language in ("en", "zh"):
        code, said, _ = check(program, "failing", language, HERE, "test")
        expected = settle(os.path.join(HERE, "failing", "expected." + language), said, update)
        if said != expected:
            failures.append(differences("failing", language, expected, said))
        if code != 1:
            failures.append(f"failing: exit {code}, not 1\n")
        spoken[language] += said
    return failures


def golden(program, update):
    """All that was said, and what was wrong."""
    spoken, failures = {"en": "", "zh": ""}, []
    root = os.path.join(HERE, "bad")
    for folder in sorted(os.listdir(root)):
        for language in ("en", "zh"):
            code, said, out = check(program, folder, language, root)
            expected = settle(os.path.join(root, folder, "expected." + language), said, update)
            if said != expected:
                failures.append(differences(folder, language, expected, said))
            if PERSON in said:
                failures.append(f"{folder}: the number of a person is shown\n")
            word = {"en": ": error: ", "zh": ": 错误："}[language]
            wanted = 78 if word in expected else 0
            if code != wanted:
                failures.append(f"{folder}: exit {code}, not {wanted}\n")
            if wanted == 78 and out:
                failures.append(f"{folder}: a refused set was printed\n")
            spoken[language] += said
    return spoken, failures


RULE = """id: BIG
revision: 1
title: {{zh: 标题, en: title{title}}}
family: policy
grade: violation
stage: [after]
severity: low
mode: enforce
where: {where}
detector: cap
key: psn_no
sum: hifp_pay
period: benefit_year
limit: $cap
params:
  cap:
    unit: yuan
    rows:
      - {{region: "14", from: 2024-01-01, value: 300.00, basis: A}}
basis:
  A: {{document: 文件, quote: 原文}}
evidence: {{zh: 超出, en: over}}
tests:
{tests}"""
TEST = """  - name: nothing
    claims: [{setl_id: a, psn_no: p, setl_time: 2024-01-01, insu_admdvs: "140902"}]
    expect: []
"""


def rule(title="", where="present(setl_id)", tests=TEST):
    return RULE.format(title=title, where=where, tests=tests).encode()


def made():
    """name -> (files, what must be said in English; None: nothing)."""
    plain = rule()
    long_folder = {"policy/BIG.yaml": plain}
    tables = {}
    for name in ("identity", "level", "medtype", "payment", "pools"):
        with open(os.path.join(HERE, "tables", name + ".csv"), "rb") as file:
            tables["tables/" + name + ".csv"] = file.read()
    many_sets = tables["tables/medtype.csv"] + b"".join(b",%d,s%d\n" % (i + 100, i) for i in range(256))
    return {
        "plain": (long_folder, None),
        "crlf": ({"policy/BIG.yaml": b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")}, None),
        "crlf-tables": ({"policy/BIG.yaml": plain, **{name: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")
                                                      for name, text in tables.items()}}, None),
        "nul": ({"policy/BIG.yaml": plain.replace(b"low", b"lo\0")}, "BIG.yaml:7: error: the file holds a NUL byte"),
        "gbk": ({"policy/BIG.yaml": plain.decode().encode("gbk")}, "BIG.yaml:3: error: this line is not valid UTF-8"),
        "large": ({"policy/BIG.yaml": plain + b"#" * (1 << 20)}, "BIG.yaml: error: the file is too large"),
        "folder": ({"policy/BIG.yaml": plain, "policy/DIR.yaml/x": b""}, "DIR.yaml: error: cannot read the file: Is a directory"),
        "long-text": ({"policy/BIG.yaml": rule(title="x" * 4097)}, "BIG.yaml:3:21: error: too long, at most 4096 bytes"),
        "long-expression": ({"policy/BIG.yaml": rule(where=" or ".join(["present(age)"] * 300))},
                            "BIG.yaml:9:8: error: the expression is too long (at most 4096 bytes)"),
        "many-tests": ({"policy/BIG.yaml": rule(tests=TEST * 1001)}, "error: 1 to 1000 tests are wanted"),
        "many-sets": ({"policy/BIG.yaml": plain, **tables, "tables/medtype.csv": many_sets},
                      "error: too many sets (at most 256)"),
        "no-inpatient": ({"policy/BIG.yaml": plain, **tables, "tables/medtype.csv": b"region,code,set\n,11,outpatient\n"},
                         "medtype.csv:1:1: error: there is no set inpatient"),
        "large-records": ({"policy/BIG.yaml": rule(tests=TEST.replace('setl_id: a,', 'setl_id: "a#", repeat: 1000, mdtrt_id: "' + "m" * 70000 + '",'))},
                          "error: the records of a rule's tests have at most 64 MiB together"),
        "crowded": ({"policy/BIG.yaml": plain + b"".join(b"k%d: %s\n" % (i, b"v" * 100) for i in range(300))},
                    "BIG.yaml: error: more than 200 mistakes in this file"),
        "one-line": ({"policy/BIG.yaml": b"{id: BIG, " + b", ".join(b"%d: [%d]" % (i, i) for i in range(900)) + b"}\n"},
                     "BIG.yaml: error: more than 200 mistakes in this file"),
        "many-keys": ({"policy/BIG.yaml": plain + b"".join(b"k%d: v\n" % i for i in range(50000))},
                      "error: too many keys in one place (at most 1000)"),
        "hopeless": ({"policy/BIG.yaml": plain, **tables, "tables/pools.csv": b"prefix,pool\n" + b"x,1\n" * 1000},
                     "pools.csv:102:1: error: too many mistakes in this table"),
        "unreadable": ({}, "unreadable: error: cannot open the rules directory: No such file or directory"),
    }


def generated(program, spoken):
    failures, canonical = [], {}
    with tempfile.TemporaryDirectory() as root:
        for name, (files, wanted) in made().items():
            for path, text in files.items():
                path = os.path.join(root, name, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(text)
            for language in ("en", "zh"):
                code, said, out = check(program, name, language, root)
                spoken[language] += said
                if code != (78 if wanted else 0) or (language == "en" and wanted and wanted not in said):
                    failures.append(f"{name}: exit {code}, said:\n{said[:400]}\nwanted: {wanted}\n")
                canonical[name] = out
    if not canonical["plain"] or canonical["plain"] != canonical["crlf"] or canonical["plain"] != canonical["crlf-tables"]:
        failures.append("a byte order mark and CRLF change the canonical text\n")
    return failures


def rows():
    """The codes of mistakes.def."""
    with open(os.path.join(SOURCES, "mistakes.def"), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    return re.findall(r'^MISTAKE\(\w+, "(R\d{4})"', text, flags=re.M)


def words():
    """Chinese words in the loader's sources: parts of messages, and hints that are better than a row's remedy."""
    literal = re.compile(r'\'(?:[^\'\\]|\\.)\'|((?:"(?:[^"\\]|\\.)*"\s*)+)')
    for path in sorted(glob.glob(os.path.join(SOURCES, "*.c"))):
        if os.path.basename(path) == "mistakes.c":
            continue        # names of the groups of codes
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for match in literal.finditer(text):
            word = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1))) if match.group(1) else ""
            if HAN.search(word):
                yield os.path.basename(path), word


def unspoken(spoken):
    missing = []
    for code in rows():
        for language in ("en", "zh"):
            if f" [{code}]\n" not in spoken[language] and code not in UNREACHED_CODES:
                missing.append(f"mistakes.def: no case says {code} ({language})\n")
    for path, word in words():
        plain = word.replace('\\"', '"').replace("\\\\", "\\")
        pattern = ".*".join(re.escape(part) for part in re.split(r"%\.?\*?(?:ll|z)?[dsu]", plain))
        is_word = path == "tables.c" and plain in CLASSES
        if plain not in UNREACHED_WORDS and not is_word and not re.search(pattern, spoken["zh"]):
            missing.append(f"{path}: no case says: {plain}\n")
    return missing


# Names of the identity classes, which are no messages.
CLASSES = set()
with open(os.path.join(SOURCES, "ruleset.h"), encoding="utf-8") as header:
    CLASSES.update(re.findall(r'X\((?:\w+), "([^"]+)"\)', header.read()))


def main():
    program = os.path.abspath(sys.argv[1])
    spoken, failures = golden(program, sys.argv[2:] == ["--update"])
    failures += failing(program, sys.argv[2:] == ["--update"], spoken)
    failures += generated(program, spoken)
    failures += unspoken(spoken)
    sys.stdout.write("".join(failures))
    print(f"golden: {len(os.listdir(os.path.join(HERE, 'bad')))} folders, {len(made())} made, "
          f"{spoken['en'].count(': error: ')} errors, {spoken['en'].count(': warning: ')} warnings; "
          f"{'failed' if failures else 'ok'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
