"""What the tests of faults stand on: one small world of records, brokers, fundwatchd under the preloaded library, and the
comparison of everything that it published with an undisturbed run."""
import collections
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("daemon", "kafka"):
    sys.path.append(os.path.join(ROOT, "tests", folder))

import stand                                            # noqa: E402
from broker import Broker as RealBroker                 # noqa: E402
from broker import Unavailable                          # noqa: E402, F401
from control import Control                             # noqa: E402
from stand import SECONDS, free_port, pool_of, until    # noqa: E402

OUTPUTS = ("alerts", "shadow", "indicators", "refused")     # of which every line depends on the records alone
TOPICS = ("settlement", "enrolment", "alerts", "shadow", "indicators", "stats", "refused")
LARGEST = "4000000"
AREAS = ("141121", "140902", "140525")
SHARED_RULES = ("fund/DRG-SHARE-001.yaml", "fund/DRG-CASES-001.yaml", "management/ADM-POOR-TOWN-001.yaml",
                "management/ADM-POOR-INST-001.yaml", "policy/OP-CAP-001.yaml")


# ---- the world ----

def make_rules(folder):
    """The shipped rules that look at windows and two of the tests' own that speak often; of the tests in
    them only the first: a start is quicker by what the others take."""
    shutil.copytree(os.path.join(HERE, "rules"), folder)
    for name in SHARED_RULES:
        with open(os.path.join(ROOT, "rules", name), encoding="utf-8") as text:
            body = text.read().split("\n\n  - name:")[0] + "\n"
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(body)


class World:
    """The same records in every run: settlements in order of arrival, with refunds, restatements, void, late, broken and
    doubled ones, and the enrolments of their persons."""

    def __init__(self, build, folder, persons=700, seed=5):
        self.folder = folder
        words = [os.path.join(build, "fundwatch"), "generate", "--seed", str(seed), "--persons", str(persons), "--from", "2023-10-01",
                 "--to", "2024-03-31", "--quiet", "--rules", os.path.join(ROOT, "rules"), "--out", folder]
        for area in AREAS:
            words += ["--area", area]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        self.rules, self.tables = os.path.join(folder, "rules"), os.path.join(folder, "tables")
        make_rules(self.rules)
        self.settlements = self.read("settlements.ndjson")
        self.enrolments = self.read("enrolment.ndjson")

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as stream:
            return [line for line in stream.read().split(b"\n") if line]

    def parts(self, count):
        """The settlements by partition; a pool is in one partition."""
        pools = sorted({pool_of(line) for line in self.settlements} - {b""})
        parts = [[] for _ in range(count)]
        for number, line in enumerate(self.settlements):
            pool = pool_of(line)
            parts[(pools.index(pool) if pool else number) % count].append(line)
        return parts


# ---- brokers ----

class EmbeddedBroker:
    """fundwatch-broker: its topics are named at its start."""

    def __init__(self, build, topics):
        words = [os.path.join(build, "fundwatch-broker")]
        for name, partitions in topics.items():
            words += ["--topic", f"{name}:{partitions}"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bootstrap = self.process.stdout.readline().decode().strip()
        assert self.bootstrap, "the embedded broker printed no address"

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(timeout=SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()


def real_broker(build, folder):
    broker = RealBroker(folder, os.path.join(build, "kafka_topics"))
    broker.start()
    return broker


def topics_of(prefix, partitions=1, alerts=1):
    return {f"{prefix}.{name}": {"settlement": partitions, "alerts": alerts}.get(name, 1) for name in TOPICS}


def make_topics(broker, prefix, partitions=1, alerts=1):
    for name, count in topics_of(prefix, partitions, alerts).items():
        broker.create(name, count, max_message_bytes=LARGEST)


class Feeder:
    """A producer of one partition that stays: what is fed is sent at once, in order."""

    def __init__(self, bootstrap, topic, partition=0):
        self.process = subprocess.Popen(["kcat", "-q", "-P", "-b", bootstrap, "-t", topic, "-p", str(partition), "-X", "enable.idempotence=true",
                                         "-X", "linger.ms=2", "-X", f"message.max.bytes={LARGEST}", "-X", "reconnect.backoff.max.ms=200"],
                                        stdin=subprocess.PIPE)
        self.fed = 0

    def feed(self, lines):
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()
        self.fed += len(lines)

    def close(self):
        """Everything fed is delivered when it returns."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
            assert self.process.wait(timeout=SECONDS) == 0, "the feeder did not deliver everything"


def produce(bootstrap, topic, lines, partition=0):
    feeder = Feeder(bootstrap, topic, partition)
    feeder.feed(lines)
    feeder.close()


def consume(bootstrap, topic):
    """(partition, offset, key, value) of everything in the topic; AssertionError when its beginning is gone."""
    words = ["kcat", "-q", "-C", "-b", bootstrap, "-t", topic, "-o", "beginning", "-e", "-f", "%p\\x1f%o\\x1f%k\\x1f%s\\x1e",
             "-X", f"fetch.message.max.bytes={LARGEST}"]
    said = subprocess.run(words, stdout=subprocess.PIPE, timeout=SECONDS, check=True).stdout
    found = []
    for part in said.split(b"\x1e"):
        if part:
            number, offset, key, value = part.split(b"\x1f", 3)
            found.append((int(number), int(offset), key, value))
    found.sort(key=lambda one: one[:2])
    lowest = {}
    for number, offset, _, _ in found:
        lowest[number] = min(offset, lowest.get(number, offset))
    assert not any(lowest.values()), f"{topic}: the broker dropped its oldest messages"
    return found


# ---- what was published ----

def pool_of_line(value):
    known = json.loads(value)
    return known.get("pool") or known.get("subject", {}).get("pool")


class Published:
    """The lines of the output topics, those that depend on records alone."""

    def __init__(self, bootstrap, prefix, inputs=None):
        self.lines = {}
        for name in OUTPUTS:
            self.lines[name] = [(number, key, self.plain(inputs or prefix, value)) for number, _, key, value in consume(bootstrap, f"{prefix}.{name}")
                                if json.loads(value)["type"] not in ("heartbeat", "rules.changed")]

    @staticmethod
    def plain(prefix, value):
        """Without the prefix of the topics of this run: dead letters name where a record was."""
        return value.replace(b'"topic":"' + prefix.encode() + b".", b'"topic":"')

    def alerts(self):
        return [value for _, _, value in self.lines["alerts"] if b'"type":"alert"' in value]

    def digest(self):
        """Of the feed, where the topic has one partition."""
        return hashlib.sha256(b"".join(line + b"\n" for line in self.alerts())).hexdigest()

    def count(self):
        return {name: len(lines) for name, lines in self.lines.items()}

    def differences(self, wanted):
        """Every way in which this is not the wanted: lines lost, of nobody, twice, or in another order within a pool."""
        found = []
        for name in OUTPUTS:
            got = collections.Counter((key, value) for _, key, value in self.lines[name])
            due = collections.Counter((key, value) for _, key, value in wanted.lines[name])
            twice = sum(count - due.get(line, 1) for line, count in got.items() if count > max(due.get(line, 1), 1))
            lost, strange = sum((due - got).values()), len([line for line in got if line not in due])
            if twice or lost or strange:
                found.append(f"{name}: {lost} lost, {twice} doubled, {strange} that the undisturbed run does not have, of {sum(due.values())}")
                found += [f"  lost: {line[1][:300]}" for line in list(due - got)[:2]]
                found += [f"  strange: {line[1][:300]}" for line in list(line for line in got if line not in due)[:2]]
            elif name != "refused" and self.by_pool(name) != wanted.by_pool(name):
                found.append(f"{name}: the same lines in another order within a pool")
        return found

    def by_pool(self, name):
        """In the order of the topic; with several partitions, by partition."""
        pools = collections.defaultdict(list)
        for number, _, value in self.lines[name]:
            pools[pool_of_line(value)].append((number, value))
        return pools


# ---- fundwatchd ----

def processes_with(argument):
    """Numbers of the processes that have exactly this argument."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as words:
                if argument.encode() in words.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            pass
    return found


class Instance(stand.Daemon):
    """One fundwatchd that can be started again and again on its archive. `settings` are lines of its configuration."""

    def __init__(self, build, folder, bootstrap, world, prefix, settings="", inputs=None):
        os.makedirs(folder, exist_ok=True)
        self.build, self.folder, self.prefix, self.process, self.lives = build, folder, prefix, None, 0
        self.archive = os.path.join(folder, "archive")
        self.config, self.log = os.path.join(folder, "daemon.yaml"), os.path.join(folder, "daemon.log")
        self.journal = os.path.join(folder, "journal")
        self.control = Control(os.path.join(folder, "control"))
        self.port = free_port()
        self.base = (f"brokers: ['{bootstrap}']\nrules: {world.rules}\ntables: {world.tables}\nlisten: 127.0.0.1:{self.port}\n"
                     f"stats: 1\nheartbeat: 3600\ncheck_every: 1\ntick_after: 0\ntopics:\n"
                     + "".join(f"  {name}: {(inputs or prefix) if name in ('settlement', 'enrolment') else prefix}.{name}\n" for name in TOPICS))
        self.configure(settings)

    def configure(self, settings="", archive=""):
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"{self.base}archive:\n  dir: {self.archive}\n{archive}{settings}")

    def start(self, *options, journal=False):
        self.lives += 1
        environment = self.control.environment(os.path.join(self.build, "libfundwatch_faults.so"), self.archive, self.journal if journal else None)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.path.join(self.build, "fundwatchd"), "--config", self.config, "--lang", "en", *options],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True)
        return self

    def kill(self, group=False):
        """SIGKILL to the daemon, or to its whole group: what it started dies with it."""
        if self.process.poll() is None:         # not waited for: the number is its own
            (os.killpg if group else os.kill)(self.process.pid, signal.SIGKILL)
        status = self.process.wait(timeout=SECONDS)
        if group:
            self.kill_rest()
        return status

    def kill_rest(self):
        """Ends what outlived its daemon; how many those were. Found by the configuration in their command lines: the number
        of a group whose first process has been waited for may be somebody else's by now."""
        left = rest = processes_with(self.config)
        while left:
            for one in left:
                try:
                    os.kill(one, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            left = processes_with(self.config)
        return len(rest)

    def close(self):
        if self.process:
            self.control.clear()
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGCONT)
            self.kill(group=True)

    def end(self, seconds=SECONDS):
        """Its exit status, when it ends by itself."""
        return self.process.wait(timeout=seconds)

    def caught_up(self):
        """Every partition is at its end, as seen from the broker, and nothing is on its way."""
        text = self.get("/metrics")[1]
        lag = re.findall(r"^fundwatch_lag_records\{[^}]*\} (\S+)$", text, re.M)
        waiting = re.findall(r"^fundwatch_messages_(?:in_flight|held) (\S+)$", text, re.M)
        return bool(lag) and not any(float(one) for one in lag + waiting)

    def positions(self):
        """Next offset by (topic, partition)."""
        found = re.findall(r'^fundwatch_position_offset\{topic="([^"]*)",partition="(\d+)"\} (\S+)$', self.get("/metrics")[1], re.M)
        return {(topic, int(number)): int(float(value)) for topic, number, value in found}

    def wait_positions(self, wanted, seconds=SECONDS):
        """Until it has judged up to these offsets and published what follows."""
        until(f"offsets {wanted}", lambda: self.alive() and self.positions().items() >= wanted.items() and self.caught_up(), seconds)

    def digest_told(self):
        """The feed digest of the last line that tells one."""
        told = re.findall(r"feed digest ([0-9a-f]{64})", self.log_text())
        return told[-1] if told else None

    def stop_well(self):
        """SIGTERM; AssertionError unless it ends with 0."""
        status = self.stop()
        assert status == 0, f"exit status {status} after SIGTERM: {self.log_text()[-1500:]}"

    def said(self, *words):
        """The first message of the log with all of these words."""
        return next((one for one in self.messages() if all(word in one for word in words)), None)

    # ---- the archive, with fundwatch ----

    def fundwatch(self, *words):
        return subprocess.run([os.path.join(self.build, "fundwatch"), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                              check=False)

    def verify(self):
        done = self.fundwatch("archive", "verify", "--archive", self.archive, "--lang", "en")
        return [] if done.returncode == 0 else [f"archive verify: exit status {done.returncode}: {done.stdout.decode(errors='replace')[-400:]}"]

    def replayed(self):
        """(alert lines, summary) of the archive replayed as recorded."""
        out = os.path.join(self.folder, "replayed")
        os.makedirs(out, exist_ok=True)
        done = self.fundwatch("replay", "--quiet", "--json", "--archive", self.archive, "--as-recorded", "--alerts", os.path.join(out, "alerts"),
                              "--summary", os.path.join(out, "summary"))
        assert done.returncode == 0, f"replay of the archive: exit status {done.returncode}: {done.stdout.decode(errors='replace')[-400:]}"
        with open(os.path.join(out, "alerts"), "rb") as lines, open(os.path.join(out, "summary"), "rb") as summary:
            return lines.read().split(b"\n")[:-1], json.load(summary)


def archive_problems(instance, published, fed, one_partition):
    """What `fundwatch` finds wrong with the archive, and where its replay differs from what was published. fed: settlements
    in Kafka."""
    found = instance.verify()
    alerts, summary = instance.replayed()
    if collections.Counter(alerts) != collections.Counter(published.alerts()):
        found.append(f"replay as recorded: {len(alerts)} alert lines, published {len(published.alerts())}, not the same")
    if one_partition and alerts != published.alerts():
        found.append("replay as recorded: another order than the topic's")
    if instance.digest_told() != summary["feed_digest"]:
        found.append(f"feed digest: the daemon says {instance.digest_told()}, the replay {summary['feed_digest']}")
    parts = [summary["judged"], summary["refused"], summary["duplicate"]]
    if summary["received"] != fed or sum(parts) != fed:
        found.append(f"{fed} settlements in Kafka, {summary['received']} in the archive, judged + refused + duplicate = {parts}")
    return found


def pieces(lines, chance, low, high):
    """The lines in pieces of random length."""
    at = 0
    while at < len(lines):
        take = chance.randint(low, high)
        yield lines[at:at + take]
        at += take


def chance_of(seed):
    return random.Random(seed)
