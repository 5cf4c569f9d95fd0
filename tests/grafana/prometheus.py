"""Debian's Prometheus: scrapes a live daemon, answers queries."""
import json
import math
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from stand import SECONDS, free_port, until


class Prometheus:
    """One server with its files below a folder; scrapes every second."""

    def __init__(self, folder, target, rule_files):
        os.makedirs(folder)
        self.port, config = free_port(), os.path.join(folder, "prometheus.yml")
        self.log = os.path.join(folder, "prometheus.log")
        with open(config, "w", encoding="utf-8") as out:
            json.dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": rule_files,
                       "scrape_configs": [{"job_name": "fundwatch", "static_configs": [{"targets": [target]}]}]}, out)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                                             "--log.level=warn"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("Prometheus to be ready", self.ready)

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("Prometheus ended: " + open(self.log, encoding="utf-8", errors="replace").read()[-1500:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, path, **values):
        """The data of an answer; AssertionError with Prometheus's words when it refuses."""
        body = urllib.parse.urlencode(values, doseq=True).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", data=body, timeout=SECONDS) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(json.load(refused)["error"]) from refused

    def instant(self, query, moment):
        return [(row["metric"], [row["value"]]) for row in self.ask("query", query=query, time=moment)["result"]]

    def range(self, query, start, end, step=1):
        return [(row["metric"], row["values"]) for row in self.ask("query_range", query=query, start=start, end=end, step=step)["result"]]

    def series(self, match, start, end):
        """Label sets of what a selector finds."""
        return self.ask("series", start=start, end=end, **{"match[]": match})

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=SECONDS)


class Window:
    """A stretch of time as Grafana would ask for it: expands the variables of a query, all values chosen."""

    def __init__(self, prometheus, start, end, step=1):
        self.prometheus, self.start, self.end, self.step = prometheus, start, end, step
        self.values = {"__rate_interval": "10s", "__interval": f"{step}s", "__range": f"{max(1, int(end - start))}s", "job": ".+", "instance": ".+"}

    def expand(self, expr):
        text = re.sub(r"\$\{?(\w+)\}?", lambda found: self.values.get(found.group(1), ".*"), expr)
        assert "$" not in text, f"a variable is left: {text}"
        return text

    def run(self, target):
        """The series of a query of a panel: [(labels, [(time, text)])]."""
        query = self.expand(target["expr"])
        if target["instant"]:
            return self.prometheus.instant(query, self.end)
        return self.prometheus.range(query, self.start, self.end, self.step)

    def number(self, expr):
        """The one number that a query gives."""
        rows = self.prometheus.instant(self.expand(expr), self.end)
        assert len(rows) == 1, f"{len(rows)} series: {expr}"
        return float(rows[0][1][0][1])

    def numbers(self, expr, *labels):
        """Labels -> number."""
        return {tuple(row.get(label, "") for label in labels): float(values[0][1]) for row, values in self.prometheus.instant(self.expand(expr), self.end)}


def unfit(rows, instant):
    """Why the answer to a query does not count as data; "" when it does."""
    samples = [float(value) for _, values in rows for _, value in values]
    if not samples:
        return "no data"
    if any(math.isinf(value) for value in samples):
        return "infinite"
    if instant and any(math.isnan(value) for value in samples):
        return "not a number"
    return "" if any(math.isfinite(value) for value in samples) else "no number"
