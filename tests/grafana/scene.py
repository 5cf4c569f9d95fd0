"""A county with planted problems, live: embedded broker, fundwatchd, and Prometheus that scrapes it every second."""
import json
import os
import re
import shutil
import subprocess
import time

from prometheus import Prometheus
from stand import ROOT, SECONDS, Daemon, until

TOPICS = ["fundwatch.enrolment:4"] + [f"fundwatch.{name}:1" for name in ("settlement", "alerts", "alerts.shadow", "indicators", "stats", "refused")]
AREAS = ("141121", "140525", "370811")          # between them they fall under every rule that is shipped
SUPPRESSIONS = """- id: GRAFANA-1
  rule: OP-CAP-001
  author: tests
  reason: {zh: 已核查, en: looked into}
  scope: {region: "141121"}
  from: 2024-03-01
  until: 2024-12-31
"""
MORE = """archive:
  dir: {folder}/archive
  snapshot_records: {snapshot}
control: {folder}/control.sock
mirror: {folder}/mirror.ndjson
metrics: {{townships: 5000, institutions: 5000}}
kafka:
  consumer: {{fetch.wait.max.ms: 5}}
"""


def change(path, pattern, text):
    with open(path, encoding="utf-8") as source:
        old = source.read()
    new = re.sub(pattern, text, old, count=1, flags=re.M)
    assert new != old, f"{path}: {pattern} is not there"
    with open(path, "w", encoding="utf-8") as out:
        out.write(new)


class Scene:
    """Everything that runs, below one folder; play() lets the county's months pass."""

    def __init__(self, build, folder, persons=12000, last="2024-03-31", stop="", seconds=25, rule_files=()):
        self.build, self.folder, self.seconds = build, folder, seconds
        self.rules, self.county = os.path.join(folder, "rules"), os.path.join(folder, "county")
        self.processes, self.daemon, self.prometheus = [], None, None
        self.make_rules()
        subprocess.run([self.tool("fundwatch"), "generate", "--quiet", "--rules", self.rules, "--seed", "7", "--persons", str(persons), "--from", "2024-01-01", "--to", last,
                        *[word for area in AREAS for word in ("--area", area)], "--out", self.county], check=True, timeout=SECONDS)
        self.cut(stop)
        with open(self.path("settlements.ndjson"), "rb") as lines:
            self.count = sum(1 for line in lines if line.strip())
        self.broker = self.start([self.tool("fundwatch-broker")] + [word for topic in TOPICS for word in ("--topic", topic)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bootstrap = self.broker.stdout.readline().decode().strip()
        self.feed("enrolment", 0, "enrolment.ndjson").wait(timeout=SECONDS)
        self.daemon = Daemon(build, os.path.join(folder, "daemon"), self.bootstrap, self.path("tables"), rules=self.rules, more=MORE.format(folder=folder, snapshot=self.count // 3))
        self.prometheus = Prometheus(os.path.join(folder, "prometheus"), f"127.0.0.1:{self.daemon.port}", list(rule_files))
        until("the daemon to be ready", self.daemon.ready)

    def cut(self, stop):
        """The county as it was at the beginning of a day, problems of later days being known to nobody."""
        with open(self.path("settlements.ndjson"), "rb") as source:
            lines = source.readlines()
        day = b'"setl_time":"' + stop.encode()
        end = next((index for index, line in enumerate(lines) if stop and day in line), len(lines))
        with open(self.path("settlements.ndjson"), "wb") as out:
            out.writelines(lines[:end])

    def tool(self, name):
        return os.path.join(self.build, name)

    def path(self, name):
        return os.path.join(self.county, name)

    def start(self, words, **more):
        process = subprocess.Popen(words, **more)
        self.processes.append(process)
        return process

    def feed(self, topic, seconds, name):
        return self.start([self.tool("demo_feed"), self.bootstrap, f"fundwatch.{topic}", str(seconds), self.path(name)])

    def make_rules(self):
        """The shipped rules, one more on trial, and an entry of the suppressions."""
        shutil.copytree(os.path.join(ROOT, "rules"), self.rules)
        self.trial = os.path.join(self.rules, "policy", "OP-CAP-901.yaml")
        shutil.copy(os.path.join(self.rules, "policy", "OP-CAP-001.yaml"), self.trial)
        change(self.trial, "^id: .*", "id: OP-CAP-901")
        change(self.trial, "^mode: .*", "mode: shadow")
        os.makedirs(os.path.join(self.rules, "suppressions"))
        with open(os.path.join(self.rules, "suppressions", "tests.yaml"), "w", encoding="utf-8") as out:
            out.write(SUPPRESSIONS)

    def reload(self):
        change(self.trial, "^revision: .*", "revision: 2")
        subprocess.run([self.tool("fundwatchd"), "--config", self.daemon.config, "--reload", "--wait"], check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)

    def play(self):
        """Feeds the settlements, changes the rules half way, waits for a snapshot and for the scrape after everything."""
        self.begin = time.time()
        feed = self.feed("settlement", self.seconds, "settlements.ndjson")
        until("half of the settlements", lambda: self.daemon.received() * 2 >= self.count, SECONDS + self.seconds)
        self.reload()
        assert feed.wait(timeout=SECONDS + self.seconds) == 0, "not every settlement was delivered"
        until("all settlements", lambda: self.daemon.received() >= self.count)
        until("all lines to be delivered", lambda: self.daemon.metric("messages_in_flight") == 0 and self.daemon.metric("lines_waiting") == 0)
        until("a snapshot", lambda: self.daemon.metric("snapshots_total") > 0)
        self.text = self.daemon.get("/metrics")[1]
        done = time.time()
        until("the scrape after it", lambda: any(float(value[1]) > done for _, value in self.scrapes()))
        self.end = time.time()

    def scrapes(self):
        return [(row, values[-1]) for row, values in self.prometheus.instant('timestamp(up{job="fundwatch"})', time.time())]

    def replay(self):
        """Indicators and summary of `fundwatch replay` of the same records by the same rules: the independent figures."""
        indicators, summary = os.path.join(self.folder, "indicators"), os.path.join(self.folder, "summary")
        subprocess.run([self.tool("fundwatch"), "replay", "--quiet", "--rules", self.rules, "--tables", self.path("tables"), "--record", f"enrolment={self.path('enrolment.ndjson')}",
                        "--indicators", indicators, "--summary", summary, self.path("settlements.ndjson")], check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
        with open(indicators, encoding="utf-8") as lines, open(summary, encoding="utf-8") as text:
            return [json.loads(line) for line in lines], json.load(text)

    def close(self):
        if self.prometheus:
            self.prometheus.close()
        if self.daemon:
            self.daemon.close()
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=SECONDS)
