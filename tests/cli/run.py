#!/usr/bin/python3
"""The commands of `fundwatch` as a user types them: exit codes, messages of typical mistakes, filters, the summary.

usage: run.py FUNDWATCH [NAME...]     (the names of checks; all without)
"""
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
RULES = os.path.abspath(os.path.join(ROOT, "rules"))
TABLES = os.path.join(RULES, "tables")
PROGRAM = os.path.abspath(sys.argv[1])

P1, P2, P3 = "110101199001010011", "p2", "p3"
H1, H2, H3 = "H14090200001", "H14090200002", "H14090200003"


def settlement(setl_id, psn_no, time, hifp_pay, institution, **more):
    return json.dumps({"setl_id": setl_id, "psn_no": psn_no, "setl_time": time, "insu_admdvs": "140902", "insutype": "390",
                       "med_type": "11", "hifp_pay": hifp_pay, "medfee_sumamt": hifp_pay, "fixmedins_code": institution,
                       **more})


# Two persons over the cap of 300 yuan, one whose alert a refund takes back; a duplicate, a blank line, two refusals.
LINES = [
    settlement("a", P1, "2024-03-01 09:00:00", 290.00, H1),
    settlement("b", P1, "2024-04-01 09:00:00", 20.00, H2),
    "",
    settlement("a", P1, "2024-03-01 09:00:00", 290.00, H1),
    settlement("x", "p9", "2024-04-01 09:00:00", "1e3", H1),
    settlement("c", P2, "2024-05-01 09:00:00", 400.00, H1),
    settlement("cr", P2, "2024-05-02 09:00:00", -400.00, H1, refd_setl_flag="1", init_setl_id="c"),
    settlement("d", P3, "2024-06-01 09:00:00", 350.00, H3),
    settlement("y", "p9", "2024-04-01 09:00:00", 1.00, H1) + " trailing",
]
PLAIN = "\n".join(LINES).encode() + b"\n"

RULE = """id: T-1
revision: 1
title: {zh: 标题, en: title}
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
  cap: {unit: yuan, rows: [{region: "14", from: 2024-01-01, value: 300.00, basis: A}]}
basis:
  A: {document: 文件, quote: 原文}
evidence: {zh: "{sum|yuan}", en: "{sum|yuan}"}
tests:
  - name: the limit itself
    defaults: {psn_no: p, insu_admdvs: "140902", med_type: "11"}
    claims: [{setl_id: a, hifp_pay: 300.00, setl_time: 2024-01-01}, {setl_id: b, hifp_pay: 0.01, setl_time: 2024-01-02}]
    expect: [{on: b, excess: 0.01}]
"""


class Failed(Exception):
    pass


def expect(condition, *said):
    if not condition:
        raise Failed(" ".join(str(part) for part in said))


def run(*words, stdin=None, stdout=subprocess.PIPE, **environment):
    done = subprocess.run([PROGRAM, *words], input=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          env={**os.environ, "LC_ALL": "C", **environment}, timeout=120)
    done.err = done.stderr.decode()
    done.out = done.stdout.decode() if done.stdout is not None else ""
    return done


def told(code, *parts):
    """Checks the exit code and that stderr says each part."""
    def check(done):
        expect(done.returncode == code, f"exit {done.returncode}, not {code}:", done.args, done.err)
        for part in parts:
            expect(part in done.err, f"{part!r} is not said by", done.args, ":", done.err)
        return done
    return check


def replay(*words, **more):
    return run("replay", "--rules", RULES, *words, **more)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return name


def rules_make(name, text=RULE):
    os.makedirs(os.path.join(name, "policy"), exist_ok=True)
    write(os.path.join(name, "policy", "T-1.yaml"), text)
    return name


# ---- how a command is called ----

def check_usage():
    told(64, "Usage: fundwatch COMMAND")(run())
    told(64, "用法： fundwatch 命令")(run(LC_ALL="zh_CN.UTF-8"))
    told(64, 'no command "chek"; did you mean check?')(run("chek"))
    told(64, "没有命令“chek”，是否指 check？")(run("chek", "--lang", "zh"))
    told(64, "no option --clsoe-all; did you mean --close-all?", "see fundwatch replay --help")(run("replay", "--clsoe-all", "x"))
    told(64, "没有选项 --form，是否指 --from？")(run("replay", "--form", "2024-01-01", "x", "--lang=zh"))
    told(64, "no short option -x")(run("replay", "-x"))
    told(64, "--from wants a date such as 2024-03-01, not \"yesterday\"")(run("replay", "--from", "yesterday", "x"))
    told(64, "--from wants a date")(run("replay", "--from", "2024-02-30", "x"))
    told(64, "--from 2024-06-01 is after --to 2024-05-31")(run("replay", "--from", "2024-06-01", "--to", "20240531", "x"))
    told(64, "--batch wants a whole number from 1 to")(run("replay", "--batch", "0", "x"))
    told(64, "--batch wants a whole number")(run("replay", "--batch=7k", "x"))
    told(64, "--lang does not take \"fr\"")(run("check", "--lang", "fr"))
    told(64, "--close-all takes no value")(run("replay", "--close-all=yes", "x"))
    told(64, "--alerts needs its FILE")(run("replay", "x", "--alerts"))
    told(64, "replay wants FILE...|-")(run("replay"))
    told(64, "check has no use for \"b\"")(run("check", "a", "b"))
    told(64, "--record wants KIND=FILE")(run("replay", "--record", "enrolment", "x"))
    told(64, "no kind of record \"enrollment\"", "did you mean enrolment")(run("replay", "--record", "enrollment=x", "x"))
    told(64, "standard input (-) can be read once only")(replay("-", "-", stdin=b""))


def check_help():
    for command in ("check", "test", "explain", "replay"):
        for language, word in (("en", "Usage:"), ("zh", "用法：")):
            done = told(0)(run(command, "--help", "--lang", language))
            expect(word in done.out and "--lang zh|en" in done.out and not done.err, command, "--help:", done.out)
        expect(run("help", command).out == run(command, "--help").out, "help", command)
    for option in "--from --to --person --institution --batch --alerts --indicators --refused --summary --close-all " \
                  "--fail-on-alert --record --pseudonym-key --person-clear --quiet --json --rules --tables".split():
        expect(option + " " in run("replay", "--help").out, option, "is not explained")
    expect(run("--version").out.startswith("fundwatch "), "--version")


# ---- what cannot be read ----

def check_inputs():
    write("s", PLAIN)
    told(66, "cannot read missing: No such file or directory")(replay("missing"))
    told(66, "读不了 missing：没有这个文件或目录")(replay("missing", "--lang", "zh"))
    told(66, "Is a directory")(replay("."))
    told(66, "cannot read nobody: No such file")(replay("--record", "enrolment=nobody", "s"))
    told(66, "cannot read the key file nokey")(replay("--pseudonym-key", "nokey", "s"))
    told(78, "the key file key must hold 1 to 1024 bytes")(replay("--pseudonym-key", write("key", "\n"), "s"))
    told(78, "cannot open the rules directory", "the rules are refused, errors:")(run("replay", "--rules", "norules", "s"))
    told(78, "norules: 错误：打不开规则目录：没有这个文件或目录", "规则有")(run("check", "norules", "--lang", "zh"))
    told(78, "did you mean severity?")(run("replay", "--tables", TABLES, "--rules",
                                           rules_make("wrong", RULE.replace("severity:", "severty:")), "s"))
    done = replay("s", "missing")
    expect(done.returncode == 66 and not done.out, "something was judged before every file was open")
    told(66, "no settlement nobody")(run("explain", "--rules", RULES, "--setl-id", "nobody", "s"))


def check_compressed():
    write("s", PLAIN)
    plain = told(0)(replay("s")).out
    expect(plain.count("\n") == 4, "alert lines:", plain)
    packed = gzip.compress(PLAIN)
    half = PLAIN.index(b"\n", len(PLAIN) // 2) + 1
    write("s.gz", packed)
    write("two.gz", gzip.compress(PLAIN[:half]) + gzip.compress(PLAIN[half:]))
    for name in ("s.gz", "two.gz"):
        expect(told(0)(replay(name)).out == plain, name)
    told(65, "short.gz: the compressed file ends too early")(replay(write("short.gz", packed[:-20])))
    told(65, "short.gz：压缩文件不完整")(replay("short.gz", "--lang", "zh"))
    broken = bytearray(packed)
    broken[len(broken) // 2] ^= 0xff
    told(65, "broken.gz: the compressed file is damaged")(replay(write("broken.gz", bytes(broken))))
    if shutil.which("zstd"):
        subprocess.run(["zstd", "-q", "-f", "s", "-o", "s.zst"], check=True)
        expect(told(0)(replay("s.zst")).out == plain, "zstd")
        with open("s.zst", "rb") as file:
            told(65, "ends too early")(replay(write("short.zst", file.read()[:-9])))
    expect(told(0)(replay("-", stdin=packed)).out == plain, "standard input")


def check_forms():
    """A byte order mark, CRLF, batches, several files: the same bytes."""
    plain = told(0)(replay(write("s", PLAIN))).out
    write("bom", b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r\n"))
    write("no-end", PLAIN.rstrip(b"\n"))
    for name in ("bom", "no-end"):
        expect(told(0)(replay(name)).out == plain, name)
    for batch in ("1", "7", "4096"):
        expect(told(0)(replay("--batch", batch, "s")).out == plain, "batches of", batch)
    half = PLAIN.index(b"\n", len(PLAIN) // 2) + 1
    write("first", PLAIN[:half])
    write("second", PLAIN[half:])
    expect(told(0)(replay("first", "second")).out == plain, "two files")
    told(0)(replay("second", "first"))
    told(0)(replay(write("empty", b"")))
    text = RULE.encode()
    rules_make("unix", RULE)
    rules_make("dos", b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    a, b = (run("check", "--tables", TABLES, "--quiet", name) for name in ("unix", "dos"))
    expect(a.returncode == b.returncode == 0 and a.out == b.out and not a.err + b.err, "rules with CRLF")


def check_outputs():
    write("s", PLAIN)
    told(73, "cannot create no/such: No such file or directory")(replay("s", "--alerts", "no/such"))
    told(74, "cannot write /dev/full: No space left on device")(replay("s", "--alerts", "/dev/full"))
    told(74, "写不了 /dev/full：磁盘已满")(replay("s", "--summary", "/dev/full", "--lang", "zh"))
    with open("/dev/full", "wb") as full:
        for words in (["replay", "--rules", RULES, "s"], ["check", RULES], ["check", "--json", RULES], ["test", RULES],
                      ["explain", "--rules", RULES, "s"]):
            told(74, "cannot write standard output: No space left on device")(run(*words, stdout=full))
        for words in (["--help"], ["--version"], ["replay", "--help"]):
            told(74)(run(*words, stdout=full))
    told(64, "s would be both read and written")(replay("s", "--alerts", "s"))
    told(64, "written twice")(replay("s", "--alerts", write("out", ""), "--refused", "out"))
    with open("s", "rb") as file:
        expect(file.read() == PLAIN, "an input was overwritten")
    for option in ("--alerts", "--refused", "--indicators", "--summary"):
        done = told(0)(replay("s", option, "-"))
        expect(done.out.startswith("{"), option, "-")


# ---- what is said ----

def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def check_summary():
    done = told(0)(replay(write("s", PLAIN), "--json", "--refused", "refused", "--summary", "summary"))
    said = json.loads(done.err)
    with open("summary", encoding="utf-8") as file:
        kept = json.load(file)
    expect({**kept, "seconds": 0, "claims_per_second": 0} == {**said, "seconds": 0, "claims_per_second": 0}, kept, said)
    for key in "received judged refused duplicate unlinked_refunds beyond_history refused_by_reason alerts retracted " \
               "alert_lines per_rule open_windows seconds claims_per_second feed_digest records".split():
        expect(key in said, key, "is missing in the summary")
    try:
        import jsonschema
        with open(os.path.join(ROOT, "docs", "schema", "summary.schema.json"), encoding="utf-8") as file:
            jsonschema.validate(said, json.load(file))
    except ImportError:
        print("  python3-jsonschema is not installed: the summary was not validated against its schema")
    counts = [said[key] for key in ("received", "judged", "refused", "duplicate")]
    expect(counts == [8, 5, 2, 1] and counts[0] == sum(counts[1:]), counts)
    expect(said["refused_by_reason"] == {"bad_amount": 1, "trailing_bytes": 1}, said["refused_by_reason"])
    expect((said["alerts"], said["retracted"], said["alert_lines"]) == (2, 1, 4), said)
    expect(said["per_rule"]["OP-CAP-001"] == {"open": 2, "retracted": 1, "lines": 4, "amount_at_risk_fen": 6000}, said)
    expect(said["feed_digest"] == hashlib.sha256(done.stdout).hexdigest(), "feed_digest")
    expect([(alert["status"], alert["finding"]["sum_fen"]) for alert in lines(done.out)]
           == [("open", 31000), ("open", 40000), ("retracted", 0), ("open", 35000)], done.out)
    with open("refused", encoding="utf-8") as file:
        refused = lines(file.read())
    expect([(line["reason"], line["field"], line["file"], line["line"]) for line in refused]
           == [("bad_amount", "hifp_pay", "s", 5), ("trailing_bytes", None, "s", 9)], refused)


def check_windows():
    write("s", PLAIN)
    opened = json.loads(replay("s", "--json", "--indicators", "open").err)["open_windows"]
    expect(opened == [{"pool": "1409", "month": "2024-05"}, {"pool": "1409", "month": "2024-06"}], opened)
    closed = json.loads(replay("s", "--json", "--close-all", "--indicators", "closed").err)["open_windows"]
    expect(closed == [], closed)
    told(0, "windows still open 2 (--close-all closes them): 1409 2024-05, 1409 2024-06")(replay("s"))
    expect("windows still open" not in replay("s", "--close-all").err, "--close-all")


def check_filters():
    write("s", PLAIN)
    whole = replay("s", "--json")
    everything, digest = whole.out.splitlines(), json.loads(whole.err)["feed_digest"]
    pseudonym = lines(whole.out)[0]["subject"]["psn_no"]

    def shown(*words):
        done = told(0)(replay("s", "--json", *words))
        summary = json.loads(done.err)
        expect(summary["feed_digest"] == digest and summary["alert_lines"] == 4, "a filter changed what is judged:", words)
        return [everything.index(line) for line in done.out.splitlines()]
    for words, wanted in ((["--from", "2024-05-02"], [3]), (["--to", "2024-05-01"], [0, 1, 2]),
                          (["--from", "2024-05-01", "--to", "2024-05-31"], [1, 2]), (["--from", "2025-01-01"], []),
                          (["--person", P1], [0]), (["--person", pseudonym], [0]), (["--person", "1101"], []),
                          (["--institution", H1], [0, 1, 2]), (["--institution", H2], [0]), (["--institution", H3], [3]),
                          (["--institution", "H1409020000"], []),
                          (["--person", P2, "--from", "2024-05-01"], [1, 2])):
        expect(shown(*words) == wanted, words, shown(*words))


def check_fail_on_alert():
    write("s", PLAIN)
    told(1)(replay("s", "--fail-on-alert"))
    told(0)(replay("s"))
    told(0)(replay("s", "--fail-on-alert", "--person", "nobody"))
    told(0)(replay(write("few", LINES[0] + "\n"), "--fail-on-alert"))


def check_persons():
    write("s", PLAIN)
    done = told(0, "published default key")(replay("s", "--indicators", "i", "--refused", "r"))
    with open("i", encoding="utf-8") as i, open("r", encoding="utf-8") as r:
        everything = done.out + done.err + i.read() + r.read()
    expect(P1 not in everything and '"psn_no":"pn_' in everything, "a person's number was printed")
    expect(P1 in replay("s", "--person-clear").out, "--person-clear")
    other = told(0)(replay("s", "--pseudonym-key", write("key", "a key of one's own\n")))
    expect("default key" not in other.err and other.out != done.out, "--pseudonym-key")
    same = replay("s", "--pseudonym-key", write("dos-key", "a key of one's own\r\n"))
    expect(same.out == other.out, "the newline of a key file counts")
    explained = told(0)(run("explain", "--rules", RULES, "s"))
    expect(P1 not in explained.out + explained.err, "explain printed a person's number")


def check_quiet():
    write("s", PLAIN)
    expect(replay("s", "--quiet").err == "", "--quiet says something")
    expect(replay("s", "--quiet").out == replay("s").out, "--quiet changes the feed")
    expect(run("check", RULES, "--quiet").err == "", "check --quiet")


def check_check():
    done = told(0, "rules 13 (enforced", "bytes of state for each: person ")(run("check", RULES))
    expect(done.out.startswith("# management/") and done.out.count("\nid: ") == 13, done.out[:200])
    as_json = json.loads(told(0)(run("check", "--json", RULES)).out)
    expect(len(as_json["rules"]) == 13 and len(as_json["ruleset"]) == 64 and as_json["bytes_per"]["person"] > 0, as_json)
    # What is printed is a rule file again.
    for document in done.out.split("---\n"):
        head, text = document.split("\n", 1)
        path = os.path.join("again", head[2:])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, text)
    again = told(0)(run("check", "again", "--tables", TABLES))
    expect(again.out == done.out, "the canonical text does not load to itself")
    expect(json.loads(run("check", "--json", "again", "--tables", TABLES).out)["ruleset"] == as_json["ruleset"], "digest")


def check_explain_code():
    done = told(0)(run("check", "--explain", "R0501", "--lang", "en"))
    expect("R0501: error, parameters and basis" in done.out and "is before from" in done.out and "swapped?" in done.out, done.out)
    done = told(0)(run("check", "--explain", "r0516", "--lang", "zh"))
    expect(done.out.startswith("R0516：警告，参数和依据") and "怎么办：" in done.out, done.out)
    as_json = json.loads(told(0)(run("check", "--explain", "R0908", "--json")).out)
    expect(as_json["code"] == "R0908" and as_json["level"] == "error" and "…" in as_json["message"]["en"]
           and as_json["remedy"]["zh"], as_json)
    told(64, "no mistake with the code r501; did you mean R0501?")(run("check", "--explain", "r501"))
    told(64, "没有错误代码 nonsense")(run("check", "--explain", "nonsense", "--lang", "zh"))


def typed(node):
    """Values as an editor types them: whole numbers and true and false, the rest text."""
    if isinstance(node, dict):
        return {key: typed(value) for key, value in node.items()}
    if isinstance(node, list):
        return [typed(value) for value in node]
    if node in ("true", "false"):
        return node == "true"
    return int(node) if isinstance(node, str) and node.isdigit() else node


def check_schema():
    schema = json.loads(told(0)(run("check", "--schema")).out)
    try:
        import jsonschema
    except ImportError:
        print("  python3-jsonschema is not installed: no rule was validated against the schema")
        return
    sys.path.insert(0, os.path.join(ROOT, "tests", "oracle"))
    import yamlish
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    seen = 0
    for folder in ("policy", "management", "fund"):
        for name in sorted(os.listdir(os.path.join(RULES, folder))):
            with open(os.path.join(RULES, folder, name), encoding="utf-8") as file:
                rule = typed(yamlish.load(file.read()))
            mistakes = [mistake.message for mistake in validator.iter_errors(rule)]
            expect(not mistakes, name, mistakes)
            for key, wrong in (("grade", "violaton"), ("titel", "x"), ("detector", "capp"), ("stage", []), ("revision", "one")):
                expect(not validator.is_valid({**rule, key: wrong}), name, "with", key, wrong, "is valid")
            for setting in ("sum", "assert", "level"):
                expect(setting not in rule or not validator.is_valid({**rule, setting: 5}), name, setting)
            seen += 1
    expect(seen == 13, seen, "rules")


def check_test():
    done = told(0)(run("test", RULES))
    expect(" 0 failed" in done.out and "OP-CAP-001" in done.out, done.out)
    rules_make("tested")
    expect("1 passed, 0 failed" in told(0)(run("test", "--tables", TABLES, "tested")).out, "test")
    rules_make("tested", RULE.replace("excess: 0.01", "excess: 0.02"))
    done = told(1, "T-1.yaml:24:14: error:", "excess should be 0.02, but is 0.01", "expect: [{on: b")(
        run("test", "--tables", TABLES, "tested"))
    expect("FAIL T-1" in done.out and "0 passed, 1 failed" in done.out, done.out)
    as_json = json.loads(run("test", "--tables", TABLES, "tested", "--json").out)
    expect(as_json == {"rules": [{"id": "T-1", "tests": 1, "ok": False}], "passed": 0, "failed": 1}, as_json)
    told(78)(run("test", rules_make("tested", RULE.replace("revision: 1", "revision: 0")), "--tables", TABLES))


def check_explain():
    write("s", PLAIN)
    done = told(0)(run("explain", "--rules", RULES, "--setl-id", "b", "s"))
    for part in ("s:2\n", "OP-CAP-001: matched", "insutype = \"390\"", "$op_cap = 300.00", "DRG-SHARE-001: not matched",
                 "ARITH-001 (off): matched"):
        expect(part in done.out, part, "is missing:", done.out)
    expect("OP-CAP-001：命中" in run("explain", "--rules", RULES, "--setl-id", "b", "s", "--lang", "zh").out, "zh")
    excluding = RULE.replace("detector: cap", "exclude: [{name: first_house, when: fixmedins_code == \"" + H1 + "\", because: {zh: 甲, en: the first}}]\n"
                             "detector: cap")
    folder = rules_make("excluding", excluding)
    said = {setl_id: told(0)(run("explain", "--rules", folder, "--tables", TABLES, "--setl-id", setl_id, "s")).out for setl_id in ("a", "b")}
    expect("T-1: not matched" in said["a"] and "excluded by first_house: the first (fixmedins_code == \"" + H1 in said["a"], said["a"])
    expect("T-1: matched" in said["b"] and "excluded" not in said["b"], said["b"])
    every = told(0)(run("explain", "--rules", RULES, "s")).out
    expect(every.count("\nOP-CAP-001: ") == 6 and every.count("refused: ") == 2, every)
    as_json = lines(told(0)(run("explain", "--rules", RULES, "--setl-id", "d", "--json", "s")).out)
    expect(len(as_json) == 1 and as_json[0]["line"] == 8 and "OP-CAP-001" in as_json[0]["text"], as_json)


def main():
    checks = {name[6:]: check for name, check in globals().items() if name.startswith("check_")}
    failed, wanted = 0, sys.argv[2:] or list(checks)
    for name in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            try:
                checks[name]()
                print("ok  ", name)
            except Failed as why:
                failed += 1
                print("FAIL", name, why)
            os.chdir("/")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
