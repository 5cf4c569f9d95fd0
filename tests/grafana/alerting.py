#!/usr/bin/python3
"""Recording and alerting rules, the runbook, and what a live fundwatchd exports.  Prints TAP.

    tests/grafana/alerting.py BUILD
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "daemon")]
sys.dont_write_bytecode = True

from stand import Broker, County, Daemon, until     # noqa: E402

RULES = [os.path.join(ROOT, "grafana", "rules", f"{name}.yaml") for name in ("recording", "alerts")]
CASES = os.path.join(HERE, "alerts_test.yaml")
MANUALS = ("operation.md", "operation.zh-CN.md")
LEVELS = {"ok": 0, "watch": 1, "alert": 2, "insufficient": -1}
MORE = """archive: {{dir: {0}/archive, snapshot_records: 1000}}
mirror: {0}/mirror.ndjson
metrics: {{townships: 5, institutions: 3}}
accept_drop: yes
"""


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def promtool(*words, text=None):
    done = subprocess.run(["promtool", *words], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return [done.stdout.strip()] if done.returncode else []


# ---- files ----

def cases_missing(alerts):
    """Only the watchdog has no quiet case: it is never quiet."""
    text = read(CASES)
    return [f"{name} {word}: no case" for name in alerts for word in ("fires", "is quiet")
            if f"name: {name} {word}" not in text and (name, word) != ("FundwatchWatchdog", "is quiet")]


def sections_missing(alerts, text):
    problems = [f"{manual}: no section {name}" for manual in MANUALS for name in alerts
                if f"\n### {name}\n" not in read(os.path.join(ROOT, "docs", manual))]
    return problems + [f"{name}: no runbook_url" for name in alerts if f"runbook_url: docs/operation.md#{name.lower()}\n" not in text]


# ---- a live daemon ----

class Mixed(County):
    """Shares and ratios of one pool, admission rates by township and institution of another; small enough for the embedded broker."""

    def __init__(self, fundwatch, folder):
        subprocess.run([fundwatch, "generate", "--seed", "5", "--persons", "900", "--from", "2024-01-01", "--to", "2024-03-31", "--quiet", "--rules", os.path.join(ROOT, "rules"),
                        "--area", "141121", "--area", "140502", "--out", folder], check=True, stdout=subprocess.DEVNULL, timeout=120)
        self.tables = os.path.join(folder, "tables")
        self.folder = folder
        self.enrolments, self.settlements = self.lines("enrolment.ndjson"), self.lines("settlements.ndjson")


def families(text):
    return {line.split()[2] for line in text.split("\n") if line.startswith("# TYPE ")}


def used_missing(text, exported):
    recorded = set(re.findall(r"record: *(\S+)", text))
    used = set(re.findall(r"(?<![\w:])(?:fundwatch|process)_\w+", "\n".join(re.findall(r"expr: (?:>-\n)?((?:.|\n)*?)\n +(?:- |for:|labels:)", text + "\n  - "))))
    bases = {re.sub(r"_bucket$", "", name) for name in used}
    return [f"{name}: not in the scrape" for name in sorted(bases - exported - recorded)] + ([] if used else ["no metric found in the rules"])


def undocumented(exported):
    """A figure of an indicator is listed by its end."""
    problems = []
    for manual in MANUALS:
        text = read(os.path.join(ROOT, "docs", manual))
        for name in sorted(exported):
            bare = re.sub("^fundwatch_", "", name)
            ends = [bare, bare.replace("indicator_", "_", 1)] if bare.startswith("indicator_") else [bare]
            if not any(re.search(rf"`{re.escape(end)}[`{{]", text) for end in ends):
                problems.append(f"{manual}: {name} is not listed")
    return problems


def gauges(text):
    """(metric, rule, labels of the subject) -> number."""
    found = {}
    for line in text.split("\n"):
        match = re.match(r"fundwatch_indicator_(\w+)\{(rule=.*)\} (\S+)$", line)
        if match:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2)))
            found[match.group(1), tuple(sorted(labels.items()))] = float(match.group(3))
    return found


def latest_lines(broker):
    """The last revision of the last month of each subject, as the topic has it."""
    newest = {}
    for line in map(json.loads, broker.consume("indicators")):
        if line["type"] != "indicator":
            continue
        subject = dict(line["subject"])
        period = subject.pop("period")
        names = {"insu_admdvs": "area", "fixmedins_code": "institution"}
        key = tuple(sorted([("rule", line["rule"]["id"])] + [(names.get(name, name), value) for name, value in subject.items()]))
        if key not in newest or (period, line["revision"]) > newest[key][0]:
            newest[key] = (period, line["revision"]), line
    return {key: line for key, (_, line) in newest.items()}


def unlike(lines, found):
    """Every figure on the topic against its gauge; lines have ratios and statistics with six digits."""
    problems, compared = [], 0
    for key, line in lines.items():
        sort = "institution" if "institution" in dict(key) else "township" if "township" in dict(key) else ""
        if sort and ("verdict", key) not in found:
            continue                            # beyond the bound
        wanted = {name: float(value) for name, value in line["finding"].items() if value is not None and name != "through"}
        wanted["verdict"] = LEVELS[line["verdict"]]
        for name, value in wanted.items():
            compared += 1
            got = found.get((name, key))
            if got is None or abs(got - value) > 2e-6 * max(1, abs(value)):
                problems.append(f"{name} {dict(key)}: line {value}, gauge {got}")
    return problems + ([] if compared > 20 else [f"only {compared} figures compared"])


def bound_problems(lines, scrape):
    """As many townships and institutions as the configuration lets in, and the others counted."""
    problems = []
    for name, most in (("township", 5), ("institution", 3)):
        there = sum(1 for key in lines if name in dict(key))
        shown = sum(1 for metric, key in gauges(scrape) if metric == "verdict" and name in dict(key))
        beyond = int(re.search(rf'^fundwatch_indicator_subjects_beyond\{{sort="{name}"\}} (\d+)$', scrape, re.M).group(1))
        if there <= most or shown != most or beyond != there - most:
            problems.append(f"{name}: {there} on the topic, {shown} shown, {beyond} counted beyond")
    return problems


def other_rules(daemon, rules, found):
    """A rule that is gone, and one that goes on trial, have no gauges from the reload on; the others stay as they are."""
    os.remove(os.path.join(rules, "fund", "DRG-CASES-001.yaml"))
    path = os.path.join(rules, "fund", "DRG-SHARE-001.yaml")
    text = read(path).replace("\nmode: enforce\n", "\nmode: shadow\n")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    daemon.process.send_signal(signal.SIGHUP)
    until("the other rules", lambda: daemon.metric("rules_reloads_total") == 1)
    scrape = daemon.get("/metrics")[1]
    now, gone = gauges(scrape), ("DRG-CASES-001", "DRG-SHARE-001")
    went = [key for key in found if dict(key[1])["rule"] in gone]
    problems = [] if went else ["nothing was to go"]
    problems += [f"{key} is still there" for key in now if dict(key[1])["rule"] in gone]
    problems += [f"{key}: {value}, now {now.get(key)}" for key, value in found.items() if key not in went and now.get(key) != value]
    mode = re.search(r'fundwatch_rule_info\{rule="DRG-SHARE-001",.*mode="(\w+)"', scrape).group(1)
    return problems + ([] if mode == "shadow" else [f"rule_info says {mode}"])


def live(say, build, folder, text):
    county, broker = Mixed(os.path.join(build, "fundwatch"), os.path.join(folder, "county")), Broker(build)
    daemon = None
    try:
        rules = shutil.copytree(os.path.join(ROOT, "rules"), os.path.join(folder, "rules"))

        def start():
            return Daemon(build, os.path.join(folder, "daemon"), broker.bootstrap, county.tables, rules=rules, more=MORE.format(folder))
        broker.produce("enrolment", county.enrolments)
        broker.produce("settlement", county.settlements)
        daemon = start()
        until("the daemon to be ready", daemon.ready)
        daemon.wait_received(len(county.settlements))
        until("a snapshot", lambda: daemon.metric("snapshots_total") > 0)
        lines = latest_lines(broker)
        until("all lines to be delivered", lambda: daemon.metric("messages_in_flight") == 0 and daemon.metric("lines_waiting") == 0)
        lines = latest_lines(broker)
        until("the figures", lambda: lines.keys() <= {key for _, key in gauges(daemon.get("/metrics")[1])} or daemon.metric("indicator_subjects_beyond") > 0)
        scrape = daemon.get("/metrics")[1]
        exported, found = families(scrape), gauges(scrape)
        say("promtool check metrics", promtool("check", "metrics", text=scrape))
        say("every metric of a rule is exported", used_missing(text, exported))
        say("every exported metric is in the manual", undocumented(exported))
        say("gauges are what the indicators topic says", unlike(lines, found))
        say("townships and institutions within their bounds", bound_problems(lines, scrape))
        assert daemon.stop() == 0
        daemon = start()
        until("the daemon to be ready again", daemon.ready)
        say("the same gauges after a restart", [] if gauges(daemon.get("/metrics")[1]) == found else ["they differ"])
        say("the age of the snapshot after a restart", [] if daemon.metric("snapshot_timestamp_seconds") > 0 else ["not known"])
        say("rules that are gone or on trial have no gauges", other_rules(daemon, rules, found))
    finally:
        if daemon:
            daemon.close()
        broker.close()


def main():
    if not shutil.which("promtool"):
        print("1..0 # SKIP promtool (Debian: prometheus) is not installed")
        return 77
    count, failed, text = 0, 0, "\n".join(read(path) for path in RULES)
    alerts = re.findall(r"alert: *(\w+)", text)

    def say(name, problems):
        nonlocal count, failed
        count, failed = count + 1, failed + bool(problems)
        print(f"{'not ok' if problems else 'ok'} {count} - {name}" + "".join(f"\n# {problem}" for problem in problems), flush=True)
    say("promtool check rules", promtool("check", "rules", *RULES))
    say("promtool test rules", promtool("test", "rules", CASES))
    say("each alert has a case that fires and one that does not", cases_missing(alerts))
    say("each alert has its section in both manuals", sections_missing(alerts, text))
    with tempfile.TemporaryDirectory(prefix="fundwatch-alerting.") as folder:
        live(say, os.path.abspath(sys.argv[1]), folder, text)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
