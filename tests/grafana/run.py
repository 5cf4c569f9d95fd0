#!/usr/bin/python3
"""The dashboards, without a Grafana server: their files are checked, and every query of every panel is run on Debian's Prometheus,
which scrapes a live fundwatchd that judges a county with planted problems.  Prints TAP, one line a panel.

    tests/grafana/run.py BUILD [--pictures DIR] [--seconds N] [--persons N] [--last DATE] [--stop DATE]

--pictures also draws the panels from their queries (draw.py).  DASHBOARD_LINTER names the dashboard-linter of the Grafana project;
without it the one in PATH is taken, and where there is none that test is skipped.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GRAFANA = os.path.join(ROOT, "grafana")
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "daemon"), GRAFANA]
sys.dont_write_bytecode = True

import draw                                     # noqa: E402
import figures                                  # noqa: E402
import lint                                     # noqa: E402
import make_dashboards                          # noqa: E402
from prometheus import Window, unfit            # noqa: E402
from scene import Scene                         # noqa: E402

LABELS = {"job", "instance", "topic", "partition", "reason", "rule", "status", "suppression", "digest", "stage", "le", "kind", "version", "state", "__name__",
          "detector", "family", "grade", "severity", "mode", "title_zh", "title_en", "pool", "area", "class", "level", "township", "institution", "of", "sort"}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def say(self, name, problems, skip=""):
        self.count += 1
        self.failed += bool(problems)
        end = f" # {problems[0]}" + (f" and {len(problems) - 1} more" if len(problems) > 1 else "") if problems else f" # SKIP {skip}" if skip else ""
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}{end}".replace("\n", " "), flush=True)
        for problem in problems[1:]:
            print(problem, file=sys.stderr)


def read(*path):
    with open(os.path.join(GRAFANA, *path), encoding="utf-8") as text:
        return text.read()


def dashboards():
    return {name: json.loads(read("dashboards", f"{name}.json")) for name in make_dashboards.DASHBOARDS}


# ---- the files ----

def links_lead(everything):
    uids = {f"/d/{one['uid']}" for one in everything.values()}
    return [f"{name}: links to {sorted(link['url'] for link in one['links'])}" for name, one in everything.items()
            if {link["url"] for link in one["links"]} != uids - {f"/d/{one['uid']}"}]


def provisioning():
    """Fixed uids, and a path that the installation fills."""
    source, provider = read("provisioning", "datasources", "prometheus.yaml"), read("provisioning", "dashboards", "fundwatch.yaml")
    wanted = [(source, "uid: fundwatch-prometheus"), (provider, "folderUid: fundwatch"), (provider, "allowUiUpdates: false"), (provider, "path: /usr/share/fundwatch/grafana/dashboards")]
    return [f"no {words}" for text, words in wanted if words not in text]


def mutations(dashboard):
    """Each check must find something in a dashboard that was spoilt for it: a check that cannot fail is none."""
    spoilt = json.loads(json.dumps(dashboard))
    spoilt.update(id=7, uid="x", editable=True)
    spoilt["templating"]["list"] = [dict(one, name="x", query="x", refresh=1) for one in spoilt["templating"]["list"]]
    first = next(panel for panel in spoilt["panels"] if panel["type"] == "timeseries")
    first.update(title="", description="", gridPos={"x": 20, "y": 0, "w": 9, "h": 9}, datasource={"uid": "prometheus"})
    first["fieldConfig"]["defaults"]["unit"] = "furlongs"
    first["targets"][0].update(expr="rate(fundwatch_lines_total[5m]) + fundwatch_lines_total{psn_no=\"1\"}")
    spoilt["panels"] += [dict(first, type="heatmap", title="x", targets=[first["targets"][0]]), dict(first, title="x", targets=[])]
    found = {problem.split(":")[0] for problem in lint.findings(spoilt)}
    return [f"{name} finds nothing" for name in {**lint.LINTER, **lint.HOUSE} if name not in found]


def projects_linter(tap, everything):
    """The linter of the Grafana project itself, strict, with its .lint file; only where it is installed."""
    program = os.environ.get("DASHBOARD_LINTER") or shutil.which("dashboard-linter")
    for name in everything:
        if not program:
            tap.say(f"{name}: dashboard-linter lint --strict", [], "dashboard-linter is not installed; see grafana/README.md")
            continue
        done = subprocess.run([program, "lint", "--strict", os.path.join(GRAFANA, "dashboards", f"{name}.json")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        tap.say(f"{name}: dashboard-linter lint --strict", [done.stdout.strip()] if done.returncode else [])


def files(tap, everything):
    tap.say("the dashboards are what grafana/make_dashboards.py makes", make_dashboards.stale())
    excluded = lint.exclusions(read("dashboards", ".lint"))
    tap.say("every exclusion of the linter has a reason", [f"{rule}: no reason" for rule, reason in excluded.items() if not reason])
    for name, dashboard in everything.items():
        tap.say(f"{name}: rules of the linter and of the house", lint.findings(dashboard, excluded))
    tap.say("each rule of the linter can fail", mutations(everything["operations"]))
    tap.say("the dashboards link to each other", links_lead(everything))
    tap.say("provisioning has fixed uids", provisioning())
    projects_linter(tap, everything)


# ---- the queries ----

def panel_problems(window, panel):
    problems = []
    for target in panel["targets"]:
        try:
            why = unfit(window.run(target), target["instant"])
        except AssertionError as refused:
            why = str(refused)
        if why:
            problems.append(f"query {target['refId']}: {why}: {target['expr']}")
    return problems


def variable_problems(window, dashboard):
    """Each variable of a dashboard has values: label_values(SELECTOR, LABEL)."""
    problems = []
    for one in lint.variables(dashboard, "query"):
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", one["query"]).groups()
        if not {row[label] for row in window.prometheus.series(window.expand(selector), window.start, window.end) if row.get(label)}:
            problems.append(f"{one['name']}: no value")
    return problems


# ---- the metrics ----

def exported(text):
    """Names of the families in a scrape."""
    return {line.split()[2] for line in text.split("\n") if line.startswith("# TYPE ")}


def rule_texts():
    """What the recording and alerting rules say: their queries count as use."""
    return "\n".join(open(path, encoding="utf-8").read() for path in rule_files())


def rule_files():
    return sorted(path for path in glob.glob(os.path.join(GRAFANA, "rules", "*.yaml")))


def family_of(name, families):
    return next((name[:-len(end)] for end in ("_bucket", "_sum", "_count") if name.endswith(end) and name[:-len(end)] in families), name)


def metrics_used(everything, families):
    text = "\n".join(target["expr"] for one in everything.values() for _, target in lint.queries(one))
    return {family_of(name, families) for name, _ in lint.selectors(text)}


def metric_tests(tap, everything, scene):
    families, recorded = exported(scene.text), set(re.findall(r"record: *(\S+)", rule_texts()))
    used = metrics_used(everything, families)
    unused = dict(re.findall(r"^(\w+): (.+)$", read("unused.txt"), re.M))
    alerting = {family_of(name, families) for name, _ in lint.selectors(rule_texts())}
    tap.say("every metric that a panel asks for is exported", [f"{name}: not in the scrape" for name in sorted(used - families - recorded)])
    tap.say("every exported metric has a panel or an alert, or a reason in unused.txt", [f"{name}: nobody looks at it" for name in sorted(families - used - alerting - set(unused))])
    tap.say("unused.txt lists what is exported and unused", [f"{name}: is used, or not exported" for name in sorted(unused) if name in used or name not in families])
    tap.say("no metric shows a person", person_problems(scene))


def person_problems(scene):
    """No label but known ones, and no number of a person of this county, clear or as a pseudonym, anywhere."""
    labels = set(re.findall(r'[{,](\w+)="', scene.text))
    with open(scene.path("enrolment.ndjson"), encoding="utf-8") as lines:
        persons = {json.loads(line)["psn_no"] for line in lines}
    words = set(re.findall(r'="((?:[^"\\]|\\.)*)"', scene.text))
    return [f"label {name}" for name in sorted(labels - LABELS)] + [f"a person: {word}" for word in sorted(words & persons)] + [f"a pseudonym: {word}" for word in words if word.startswith("pn_")]


def live(tap, everything, scene, options):
    scene.play()
    window = Window(scene.prometheus, scene.begin, scene.end)
    for name, dashboard in everything.items():
        tap.say(f"{name}: variables have values", variable_problems(window, dashboard))
        for panel in lint.panels(dashboard):
            tap.say(f"{name}: {panel['title']}", panel_problems(window, panel))
    metric_tests(tap, everything, scene)
    indicators, summary = scene.replay()
    for name, problems in figures.compare(window, everything, indicators, summary):
        tap.say(f"as the replay has it: {name}", problems)
    if options.pictures:
        months = f"2024-01-01 – {options.stop or options.last}"
        picture = Window(scene.prometheus, scene.begin, scene.end, max(1, round((scene.end - scene.begin) / 240)))
        draw.pictures(picture, everything, options.pictures, (f"合成的县，{months}，{options.seconds} 秒内送入。", f"A synthetic county, {months}, fed within {options.seconds} s."))


def main():
    parser = argparse.ArgumentParser(description="Test the dashboards.")
    parser.add_argument("build")
    parser.add_argument("--pictures", help="folder to draw the panels into")
    parser.add_argument("--seconds", type=int, default=25, help="how long the county's months take")
    parser.add_argument("--persons", type=int, default=12000)
    parser.add_argument("--last", default="2024-03-31", help="the last day of the county's settlements, which begin on 2024-01-01")
    parser.add_argument("--stop", default="", help="feed only what comes before this day")
    options = parser.parse_args()
    tap, everything = Tap(), dashboards()
    files(tap, everything)
    if not shutil.which("prometheus"):
        tap.say("queries of the panels", [], "prometheus is not installed")
        print(f"1..{tap.count}")
        return 1 if tap.failed else 0
    with tempfile.TemporaryDirectory(prefix="fundwatch-grafana.") as folder:
        scene = None
        try:
            scene = Scene(os.path.abspath(options.build), folder, options.persons, options.last, options.stop, options.seconds, rule_files=rule_files())
            live(tap, everything, scene, options)
        finally:
            if scene:
                scene.close()
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
