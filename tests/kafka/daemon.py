"""fundwatchd as a test sees it: a configuration, a process, its HTTP answers; and `fundwatch` beside it."""
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

from broker import free_ports

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 90            # for anything that should be a matter of a few: the machine may be busy
LOOK_EVERY = 0.05
METRIC = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

TOPICS = ("settlement", "enrolment", "alerts", "shadow", "indicators", "stats", "refused")


def until(what, condition, seconds=SECONDS, alive=None):
    """The first true value of condition(); AssertionError when the time is over or the process has ended."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and not alive():
            raise AssertionError(f"the daemon ended while waiting: {what}")
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(LOOK_EVERY)


class Daemon:
    """One fundwatchd. Topics are PREFIX.settlement and so on; `more` is YAML text appended to the configuration;
    with bootstrap None it says where the brokers are."""

    def __init__(self, program, folder, bootstrap, prefix, tables, more=""):
        os.makedirs(folder, exist_ok=True)
        self.program, self.process = program, None
        self.port = free_ports(1)[0]
        self.config = os.path.join(folder, "fundwatchd.yaml")
        self.log = os.path.join(folder, "fundwatchd.log")
        self.prefix = prefix
        topics = "".join(f"  {name}: {prefix}.{name}\n" for name in TOPICS)
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"brokers: [\"{bootstrap}\"]\n" if bootstrap else "")
            out.write(f"topics:\n{topics}rules: {ROOT}/rules\ntables: {tables}\n"
                      f"listen: 127.0.0.1:{self.port}\nstats: 1\n{more}")

    def start(self, env=None):
        """env: what is added to the environment."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", self.program, "--config", self.config], cwd=ROOT, env=dict(os.environ, **(env or {})),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        return self

    def alive(self):
        return self.process.poll() is None

    def get(self, path):
        """(status, body); (0, "") while nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name, **labels):
        """The sum of a metric over its series that carry these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].split("\n"):
            found = METRIC.match(line)
            if found and found.group(1) == name:
                have = dict(LABEL.findall(found.group(2) or ""))
                if all(have.get(key) == str(value) for key, value in labels.items()):
                    total += float(found.group(3))
        return int(total)

    def received(self, kind="settlement"):
        return self.metric("fundwatch_records_received_total", topic=f"{self.prefix}.{kind}")

    def balance(self, kind="settlement", **labels):
        """(received, judged + refused + duplicate) of one topic, or of one of its partitions."""
        labels["topic"] = f"{self.prefix}.{kind}"
        return (self.metric("fundwatch_records_received_total", **labels),
                sum(self.metric(f"fundwatch_records_{fate}_total", **labels) for fate in ("judged", "refused", "duplicate")))

    def wait_ready(self):
        until("the daemon is ready", lambda: self.get("/readyz")[0] == 200, alive=self.alive)

    def wait_received(self, count, kind="settlement"):
        """Until so many records of a kind have been received and every one of them is accounted for."""
        until(f"{count} records of {self.prefix}.{kind}", lambda: self.balance(kind) == (count, count), alive=self.alive)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=SECONDS)

    def close(self):
        if self.process and self.alive():
            self.process.kill()
            self.process.wait()

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()


class Replay:
    """What `fundwatch replay` says about the same lines, written into a folder."""

    def __init__(self, program, folder, lines, enrolment, tables, *options):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        source = os.path.join(folder, "settlements.ndjson")
        with open(source, "wb") as out:
            out.writelines(line + b"\n" for line in lines)
        words = [program, "replay", "--quiet", "--json", "--rules", os.path.join(ROOT, "rules"), "--tables", tables,
                 "--record", f"enrolment={enrolment}", "--alerts", self.path("alerts"), "--indicators", self.path("indicators"),
                 "--refused", self.path("refused"), "--summary", self.path("summary"), *options, source]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
        if done.returncode:
            raise AssertionError(f"fundwatch replay: exit status {done.returncode}: {done.stdout.decode(errors='replace')}")

    def path(self, name):
        return os.path.join(self.folder, name + ".ndjson")

    def lines(self, name):
        with open(self.path(name), "rb") as stream:
            return stream.read().split(b"\n")[:-1]

    def summary(self):
        with open(self.path("summary"), "rb") as stream:
            return json.load(stream)
