#!/usr/bin/python3
"""fundwatchd against a bare librdkafka consumer of the same topics, turn about, in the same run.

    tests/bench/bench_daemon.py BUILD BOOTSTRAP FILE [records=600000] [rounds=5] [broker=PID] [codecs=none,lz4,zstd]

BOOTSTRAP is the address of a broker, or "embedded". FILE is NDJSON of settlements; each line is loaded so
often, as other persons', that so many records are in a topic: they stay in the order of time, or almost each would correct a
closed month. There is a topic a codec. A round is one pass of the bare consumer,
one of the daemon with an archive and one of the daemon without; all are pinned to the same two cores and have a fetch
queue of 1 GB. The daemon's rate is that between two looks at its /metrics while records flow.

Beside the ratios it says what a record costs the processor, by thread, over the same time: of the broker (when its process
is given), of the client, of the daemon. So many nanoseconds over so many cores are the most that is possible with them:
`..._bound` is that rate by the bare consumer's. Prints one line of JSON.
"""
import collections
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = ("settlement", "enrolment", "alerts", "shadow", "indicators", "stats", "refused")
SECONDS = 120
LOOK_EVERY = 0.2       # a look costs the daemon's machine some milliseconds
TICK_NS = 1e9 / os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))[:2]
PARTITIONS, EMBEDDED_PARTITIONS = 1, 256       # of several one gets ahead by days of a year that goes by in seconds: all corrections


def embedded(build, prefixes):
    """The embedded broker; it keeps 5 MB of a partition, so there are many."""
    words = [os.path.join(build, "fundwatch-broker")]
    for prefix in prefixes:
        for name in NAMES:
            words += ["--topic", f"{prefix}.{name}:{EMBEDDED_PARTITIONS if name == 'settlement' else 1}"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return process, process.stdout.readline().decode().strip()


def pin():
    os.sched_setaffinity(0, CORES)


def run_tool(build, *words):
    done = subprocess.run([os.path.join(build, "bench_daemon"), *map(str, words)], stdout=subprocess.PIPE, check=True, timeout=10 * SECONDS, preexec_fn=pin)
    return json.loads(done.stdout)


def processor(pid, by_thread=True):
    """Nanoseconds of processor so far: by the names of its threads, or of the process."""
    spent = collections.Counter()
    paths = [f"/proc/{pid}/task/{task}/stat" for task in os.listdir(f"/proc/{pid}/task")] if by_thread else [f"/proc/{pid}/stat"]
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as source:
                text = source.read()
        except OSError:
            continue                    # it ended
        name, rest = text[text.index("(") + 1:].rsplit(")", 1)
        fields = rest.split()
        spent["librdkafka" if name.startswith("rdk:") else name] += (int(fields[11]) + int(fields[12])) * TICK_NS
    return spent


def received(port, topic):
    """How many settlements were taken; None while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    start = text.index("# TYPE fundwatch_records_received_total")
    lines = text[start:text.index("# HELP", start)].split("\n")
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if f'topic="{topic}"' in line)


class Bench:
    def __init__(self, build, bootstrap, partitions, broker_pid, folder):
        self.build, self.bootstrap, self.partitions, self.broker_pid, self.folder = build, bootstrap, partitions, broker_pid, folder

    def broker_spent(self):
        return sum(processor(self.broker_pid, False).values()) if self.broker_pid else 0

    def bare(self, topic, count):
        """Rate, and nanoseconds a record by thread."""
        before = self.broker_spent()
        spent = run_tool(self.build, "read", self.bootstrap, topic, self.partitions, count)
        rate = spent.pop("rate")
        return rate, {**spent, "broker": (self.broker_spent() - before) / count}

    def write_config(self, prefix, archive):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config, kept = os.path.join(self.folder, "daemon.yaml"), os.path.join(self.folder, "archive")
        shutil.rmtree(kept, ignore_errors=True)
        with open(config, "w", encoding="utf-8") as out:
            topics = "".join(f"  {name}: {prefix}.{name}\n" for name in NAMES)
            out.write(f"brokers: ['{self.bootstrap}']\ntopics:\n{topics}create_topics: true\nkafka: {{consumer: {{queued.max.messages.kbytes: 1000000}}}}\n"
                      f"rules: {ROOT}/rules\nlisten: 127.0.0.1:{port}\n" + (f"archive: {{dir: {kept}}}\n" if archive else ""))
        return config, port

    def look(self, daemon, port, topic):
        """(when, how many, nanoseconds by thread); None while nothing listens."""
        got = received(port, topic)
        if got is None:
            return None
        return time.monotonic(), got, {**processor(daemon.pid), "broker": self.broker_spent()}

    def daemon(self, prefix, count, archive):
        """Rate, and nanoseconds a record by thread."""
        config, port = self.write_config(prefix, archive)
        with open(config + ".log", "wb") as log:
            daemon = subprocess.Popen([os.path.join(self.build, "fundwatchd"), "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      preexec_fn=pin)
        looks = []      # while records flow: neither the wait for the first nor that after the last counts
        try:
            end = time.monotonic() + SECONDS
            while True:
                if daemon.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"the daemon ended or took too long: {open(config + '.log', encoding='utf-8').read()[-1000:]}")
                look = self.look(daemon, port, f"{prefix}.settlement")
                if look and look[1] >= count:
                    break
                if look and look[1]:
                    looks.append(look)
                time.sleep(LOOK_EVERY)
            daemon.send_signal(signal.SIGTERM)
            if daemon.wait(timeout=SECONDS):
                raise SystemExit("the daemon did not end with 0")
        finally:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()
        if len(looks) < 3:
            raise SystemExit("too few records to measure: they were judged within a few looks")
        (begin, first, before), (finish, last, after) = looks[0], looks[-1]
        return (last - first) / (finish - begin), {name: (spent - before.get(name, 0)) / (last - first) for name, spent in after.items()}


def summary(values):
    return {"median": round(statistics.median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4), "n": len(values), "unit": "ratio"}


def most(spent):
    """Records a second when no core is ever idle, or the busiest thread is not; a broker has many threads."""
    threads = [ns for name, ns in spent.items() if name != "broker"]
    return min(len(CORES) * 1e9 / sum(spent.values()), 1e9 / max(threads))


def tell(who, rate, spent):
    threads = ", ".join(f"{name} {ns:.0f}" for name, ns in sorted(spent.items(), key=lambda item: -item[1]) if ns >= 5)
    print(f"    {who}: {rate:.0f}/s; ns a record: {threads}; all {sum(spent.values()):.0f}", file=sys.stderr, flush=True)


def table(codec, costs):
    """Medians over the rounds: what a record costs, and what two cores could do with that."""
    names = sorted({name for rows in costs.values() for row in rows for name in row})
    print(f"{codec}: processor nanoseconds a record, medians", file=sys.stderr)
    for who, rows in costs.items():
        medians = {name: statistics.median(row.get(name, 0) for row in rows) for name in names}
        whole = statistics.median(sum(row.values()) for row in rows)
        threads = "  ".join(f"{name} {ns:.0f}" for name, ns in medians.items() if ns >= 5)
        print(f"    {who}: {threads}  all {whole:.0f}: at most {statistics.median(map(most, rows)):.0f}/s", file=sys.stderr, flush=True)


def compare(bench, codec, prefix, count, rounds):
    """The figures of one topic."""
    suffix = "" if codec == "none" else "_" + codec
    figures, costs = collections.defaultdict(list), collections.defaultdict(list)
    for number in range(rounds):
        print(f"{codec}, round {number + 1}", file=sys.stderr)
        bare, spent = bench.bare(f"{prefix}.settlement", count)
        costs["bare consumer"].append(spent)
        bare_most = most(spent)
        tell("bare consumer", bare, spent)
        for who, archive in (("with archive", True), ("without", False)):
            rate, spent = bench.daemon(prefix, count, archive)
            name = f"daemon_vs_bare_consumer{suffix}" + ("" if archive else "_no_archive")
            costs["daemon " + who].append(spent)
            figures[name].append(rate / bare)
            figures[name + "_bound"].append(most(spent) / bare_most)
            tell(f"daemon {who}", rate, spent)
    table(codec, costs)
    return {name: summary(values) for name, values in figures.items()}


def main():
    options = {"records": "600000", "rounds": "5", "broker": "0", "codecs": "none,lz4,zstd"}
    options.update(word.split("=", 1) for word in sys.argv[4:])
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 64
    build, bootstrap, path = sys.argv[1:4]
    codecs, broker, partitions, figures = options["codecs"].split(","), None, PARTITIONS, {}
    prefixes = {codec: f"bench.{os.getpid()}.{codec}" for codec in codecs}
    if bootstrap == "embedded":
        broker, bootstrap = embedded(build, prefixes.values())
        partitions = EMBEDDED_PARTITIONS
    try:
        with tempfile.TemporaryDirectory(prefix="fundwatch-bench-") as folder:
            bench = Bench(build, bootstrap, partitions, int(options["broker"]), folder)
            for codec, prefix in prefixes.items():
                count = int(run_tool(build, "load", bootstrap, f"{prefix}.settlement", partitions, path, options["records"], codec))
                figures.update(compare(bench, codec, prefix, count, int(options["rounds"])))
    finally:
        if broker:
            broker.terminate()
            broker.wait()
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
