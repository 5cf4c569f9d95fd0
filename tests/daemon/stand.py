"""What the tests stand on: a county, the embedded broker, fundwatchd as a process, kcat."""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 60            # for anything that should be a matter of a few: the machine may be busy
LOOK_EVERY = 0.03
OUTPUTS = ("alerts", "alerts.shadow", "indicators", "stats", "refused")
LARGEST = "message.max.bytes=4000000"


def until(what, condition, seconds=SECONDS):
    """The first true value of condition(); AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(LOOK_EVERY)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pool_of(line):
    """The first four digits of the claim's area: enough for the areas of the county here."""
    found = re.search(rb'"insu_admdvs"\s*:\s*"?(\d{4})', line, re.IGNORECASE)
    return found.group(1) if found else b""


class County:
    """A small generated county of two pools; the same in every run."""

    def __init__(self, fundwatch, folder, persons=700):
        subprocess.run([fundwatch, "generate", "--seed", "5", "--persons", str(persons), "--from", "2023-10-01", "--to", "2024-03-31", "--quiet",
                        "--rules", os.path.join(ROOT, "rules"), "--area", "141121", "--area", "140902", "--out", folder],
                       check=True, stdout=subprocess.DEVNULL)
        self.folder, self.tables = folder, os.path.join(folder, "tables")
        self.enrolment_file = os.path.join(folder, "enrolment.ndjson")
        self.enrolments = self.lines("enrolment.ndjson")
        self.settlements = self.lines("settlements.ndjson")

    def lines(self, name):
        with open(os.path.join(self.folder, name), "rb") as stream:
            return [line for line in stream.read().split(b"\n") if line]


class Broker:
    """fundwatch-broker with the topics of one daemon."""

    def __init__(self, build, partitions=1, leave_out=()):
        topics = {"settlement": partitions, "enrolment": 1, **{name: 1 for name in OUTPUTS}}
        words = [os.path.join(build, "fundwatch-broker")]
        for name, count in topics.items():
            if name not in leave_out:
                words += ["--topic", f"fundwatch.{name}:{count}"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bootstrap = self.process.stdout.readline().decode().strip()
        assert self.bootstrap, "the embedded broker printed no address"

    def produce(self, topic, lines, partition=0):
        subprocess.run(["kcat", "-q", "-P", "-b", self.bootstrap, "-t", f"fundwatch.{topic}", "-p", str(partition), "-X", LARGEST],
                       input=b"".join(line + b"\n" for line in lines), check=True, timeout=SECONDS)

    def consume(self, topic, form="%s\n"):
        """Everything in the topic up to now."""
        done = subprocess.run(["kcat", "-q", "-C", "-b", self.bootstrap, "-t", f"fundwatch.{topic}", "-o", "beginning", "-e", "-f", form],
                              stdout=subprocess.PIPE, check=True, timeout=SECONDS)
        return done.stdout.split(b"\n")[:-1]

    def typed(self, topic, kind):
        return [line for line in self.consume(topic) if json.loads(line)["type"] == kind]

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(timeout=SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()


class Daemon:
    """One fundwatchd; `more` is YAML text appended to its configuration."""

    def __init__(self, build, folder, bootstrap, tables, rules=None, more="", file_limit=None, language="en", environment=None):
        os.makedirs(folder, exist_ok=True)
        self.port, self.folder = free_port(), folder
        self.config, self.log = os.path.join(folder, "daemon.yaml"), os.path.join(folder, "daemon.log")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"brokers: ['{bootstrap}']\nrules: {rules or os.path.join(ROOT, 'rules')}\ntables: {tables}\n"
                      f"listen: 127.0.0.1:{self.port}\nstats: 1\nheartbeat: 1\ncheck_every: 1\n{more}")
        limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))) if file_limit else None
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.path.join(build, "fundwatchd"), "--config", self.config, "--lang", language],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=limit, env=environment)

    def get(self, path):
        """(status, body); (0, "") while nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def alive(self):
        assert self.process.poll() is None, f"the daemon ended: {self.log_text()[-2000:]}"
        return True

    def ready(self):
        return self.alive() and self.get("/readyz")[0] == 200

    def failing(self):
        body = self.get("/readyz")[1]
        return json.loads(body)["failing"] if body else []

    def metric(self, name, *labels):
        """The sum over the series that carry these label texts."""
        total = 0
        for line in self.get("/metrics")[1].split("\n"):
            if re.match(rf"fundwatch_{name}[ {{]", line) and all(label in line for label in labels):
                total += int(float(line.rsplit(" ", 1)[1]))
        return total

    def received(self, kind="settlement"):
        return self.alive() and self.metric("records_received_total", f'topic="fundwatch.{kind}"')

    def wait_received(self, count, kind="settlement"):
        until(f"{count} records of {kind}", lambda: self.received(kind) == count)

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()

    def messages(self):
        return [json.loads(line)["message"] for line in self.log_text().split("\n") if line.startswith("{")]

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=SECONDS)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def replay(build, folder, county, lines, *more):
    """Folder with alerts, indicators, refused as NDJSON lists and the summary of `fundwatch replay` of the same lines."""
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(folder, "in.ndjson")
    with open(source, "wb") as out:
        out.writelines(line + b"\n" for line in lines)
    paths = {name: os.path.join(folder, name) for name in ("alerts", "indicators", "refused", "summary")}
    words = [os.path.join(build, "fundwatch"), "replay", "--quiet", "--json", "--rules", os.path.join(ROOT, "rules"), "--tables", county.tables,
             "--record", f"enrolment={county.enrolment_file}", *more]
    for name, path in paths.items():
        words += [f"--{name}", path]
    subprocess.run(words + [source], check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
    result = {}
    for name, path in paths.items():
        with open(path, "rb") as stream:
            result[name] = stream.read().split(b"\n")[:-1]
    result["summary"] = json.loads(b"\n".join(result["summary"]))
    return result
