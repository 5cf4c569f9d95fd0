"""What the tests of `fundwatch archive` and of the replay of an archive share: running the program, small worlds, a county."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

PROGRAM, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TABLES = os.path.join(RULES, "tables")
SEED = int(os.environ.get("FW_SEED", "20240301"))
P1, P2, P3 = "110101199001010011", "p2", "p3"
H1, H2, H3 = "H14090200001", "H14090200002", "H14090200003"


def settlement(setl_id, psn_no, when, hifp_pay, institution, **more):
    return json.dumps({"setl_id": setl_id, "psn_no": psn_no, "setl_time": when, "insu_admdvs": "140902", "insutype": "390",
                       "med_type": "11", "hifp_pay": hifp_pay, "medfee_sumamt": hifp_pay, "fixmedins_code": institution, **more})


def enrolment(psn_no):
    return json.dumps({"psn_no": psn_no, "year": "2024", "insu_admdvs": "140902", "insutype": "390"})


# Three persons over the cap of 300 yuan; a duplicate, a blank line, two refusals, a field that nobody knows.
LINES = [
    settlement("a", P1, "2024-03-01 09:00:00", 290.00, H1),
    settlement("b", P1, "2024-04-01 09:00:00", 20.00, H2, nobody_knows="1"),
    "",
    settlement("a", P1, "2024-03-01 09:00:00", 290.00, H1),
    settlement("x", "p9", "2024-04-01 09:00:00", "1e3", H1),
    settlement("c", P2, "2024-05-01 09:00:00", 400.00, H1),
    settlement("cr", P2, "2024-05-02 09:00:00", -400.00, H1, refd_setl_flag="1", init_setl_id="c"),
    settlement("d", P3, "2024-06-01 09:00:00", 350.00, H3),
    settlement("y", "p9", "2024-04-01 09:00:00", 1.00, H1) + " trailing",
]
PLAIN = "\n".join(LINES).encode() + b"\n"
KEPT = b"".join(line.encode() + b"\n" for line in LINES if line)
ENROLMENTS = "".join(enrolment(psn_no) + "\n" for psn_no in (P1, P2, P3)).encode()

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
  cap: {unit: yuan, rows: [{region: "14", from: 2024-01-01, value: LIMIT, basis: A}]}
basis:
  A: {document: 文件, quote: 原文}
evidence: {zh: "{sum|yuan}", en: "{sum|yuan}"}
tests:
  - name: over
    defaults: {psn_no: p, insu_admdvs: "140902", med_type: "11"}
    claims: [{setl_id: a, hifp_pay: 1000.00, setl_time: 2024-01-01}]
    expect: [{on: a, excess: EXCESS}]
"""


class Failed(Exception):
    pass


def expect(condition, *said):
    if not condition:
        raise Failed(" ".join(str(part) for part in said)[:3000])


def run(*words, stdin=None, **environment):
    done = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, env={**os.environ, "LC_ALL": "C", **environment},
                          timeout=240)
    done.err, done.out = done.stderr.decode(), done.stdout.decode(errors="replace")
    return done


def told(code, *parts):
    """Checks the exit code and that stderr or stdout says each part."""
    def check(done):
        expect(done.returncode == code, f"exit {done.returncode}, not {code}:", done.args, done.err)
        for part in parts:
            expect(part in done.err or part in done.out, f"{part!r} is not said by", done.args, ":", done.err, done.out[:300])
        return done
    return check


def archive(command, *words, folder="A", code=0, said=(), **more):
    return told(code, *said)(run("archive", command, "--archive", folder, *words, **more))


def imported(*words, folder="A", rules=RULES, **more):
    return archive("import", "--rules", rules, *words, folder=folder, **more)


def replay(*words, code=0, said=(), **more):
    return told(code, *said)(run("replay", *words, **more))


def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return name


def read(name):
    with open(name, "rb") as file:
        return file.read()


def rules_make(name, limit):
    os.makedirs(os.path.join(name, "policy"), exist_ok=True)
    write(os.path.join(name, "policy", "T-1.yaml"), RULE.replace("LIMIT", limit).replace("EXCESS", f"{1000 - float(limit):.2f}"))
    if not os.path.isdir(os.path.join(name, "tables")):
        shutil.copytree(TABLES, os.path.join(name, "tables"))
    return name


def segments(folder="A"):
    return sorted(name for name in os.listdir(folder) if name.endswith(".fwa"))


def listing(folder="A", *words):
    return json.loads(archive("list", "--json", *words, folder=folder).out)


OUTPUTS = ("alerts", "indicators", "refused")


def outputs(name, *words, **more):
    """Everything that a replay writes, and its summary."""
    paths = [part for output in OUTPUTS for part in ("--" + output, f"{name}-{output}")]
    done = replay(*paths, "--json", *words, **more)
    return [read(f"{name}-{output}") for output in OUTPUTS], json.loads(done.err.splitlines()[-1])


def same(mine, other, *about):
    for output, a, b in zip(OUTPUTS, mine[0], other[0]):
        expect(a == b, output, "differ:", *about, len(a), len(b))
    differing = [key for key in mine[1] if key not in ("seconds", "claims_per_second") and mine[1][key] != other[1].get(key)]
    expect(not differing, "summary:", *about, [(key, mine[1][key], other[1].get(key)) for key in differing])


def county(months=("2024-01-01", "2024-12-31"), persons="6000"):
    """A synthetic county in the current folder; made once for all checks."""
    if "made" not in county.__dict__:
        county.made = tempfile.TemporaryDirectory()
        told(0)(run("generate", "--rules", RULES, "--out", county.made.name, "--seed", "7", "--persons", persons, "--from", months[0],
                    "--to", months[1]))
    return os.path.join(county.made.name, "enrolment.ndjson"), os.path.join(county.made.name, "settlements.ndjson")


def kept(name):
    """A file as an archive keeps it: no blank lines, and lines that are too long cut to a byte more than is allowed."""
    lines = [line[:(1 << 20) + 1] for line in read(name).split(b"\n")]
    return b"".join(line + b"\n" for line in lines if line.strip(b" \t\r"))


def county_archive(folder="A", *words):
    people, claims = county()
    imported("--record", "enrolment=" + people, "--segment-mb", "1", *words, claims, folder=folder)
    return people, claims


def imported_raw(*words):
    return run("archive", "import", "--archive", "A", "--rules", RULES, *words)


def snapshot_make(folder="A"):
    """A replay to the end keeps what a snapshot keeps."""
    shutil.rmtree("kept", ignore_errors=True)
    replay("--archive", folder, "--resume", "kept", "--alerts", "kept-alerts", "--no-snapshot")
    os.makedirs(os.path.join(folder, "snapshots"), exist_ok=True)
    name, = os.listdir(os.path.join("kept", "snapshots"))
    shutil.copy(os.path.join("kept", "snapshots", name), os.path.join(folder, "snapshots", name))
    return int(name.split("-")[1].split(".")[0])


def county_halves():
    """The county's claims in two files, cut at the middle of the year by arrival, and the day that --from may name."""
    people, claims = county()
    lines = read(claims).splitlines(keepends=True)
    half = len(lines) // 2
    write("one", b"".join(lines[:half]))
    write("two", b"".join(lines[half:]))
    days = []
    for line in lines[:half]:
        try:
            days.append(json.loads(line)["setl_time"][:10])
        except (ValueError, KeyError, TypeError):
            pass
    return people, max(days)


def next_month(day):
    year, month = int(day[:4]), int(day[5:7])
    return f"{year + month // 12}-{month % 12 + 1:02}-01"


def main(checks):
    """Runs the functions check_* among the names, or those that the command line asks for; gives the exit status."""
    checks = {name[6:]: check for name, check in checks.items() if name.startswith("check_")}
    failed, wanted = 0, sys.argv[3:] or list(checks)
    for name in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            try:
                checks[name]()
                print("ok  ", name, flush=True)
            except Failed as why:
                failed += 1
                print("FAIL", name, why, flush=True)
            os.chdir("/")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0
