#!/usr/bin/python3
"""fundwatchd against a bare librdkafka consumer of the same topic, turn about, in the same run.

    tests/bench/bench_daemon.py BUILD BOOTSTRAP FILE [RECORDS [ROUNDS]]

BOOTSTRAP is the address of a broker, or "embedded". FILE is NDJSON of settlements; it is loaded again and again, with
other persons, until RECORDS (default 600000) are in the topic. A round is one pass of the bare consumer and one of the
daemon, both with a fetch queue of 1 GB. The daemon's rate is that between two looks at its /metrics while records flow.
Prints one line of JSON.
"""
import json
import os
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


def embedded(build, prefix):
    """The embedded broker; it keeps 5 MB of a partition, so there are many."""
    words = [os.path.join(build, "fundwatch-broker")]
    for name in NAMES:
        words += ["--topic", f"{prefix}.{name}:{256 if name == 'settlement' else 1}"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return process, process.stdout.readline().decode().strip()


def run_tool(build, *words):
    done = subprocess.run([os.path.join(build, "bench_daemon"), *map(str, words)], stdout=subprocess.PIPE, check=True, timeout=10 * SECONDS)
    return float(done.stdout)


def received(port, topic):
    """(when, how many settlements were taken); None while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    when = time.monotonic()
    start = text.index("# TYPE fundwatch_records_received_total")
    lines = text[start:text.index("# HELP", start)].split("\n")
    return when, sum(int(line.rsplit(" ", 1)[1]) for line in lines if f'topic="{topic}"' in line)


def daemon_rate(build, config, port, topic, count):
    with open(config + ".log", "wb") as log:
        daemon = subprocess.Popen([os.path.join(build, "fundwatchd"), "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    looks = []          # (when, how many) while records flow: neither the wait for the first nor that after the last counts
    try:
        end = time.monotonic() + SECONDS
        while True:
            if daemon.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the daemon ended or took too long: {open(config + '.log', encoding='utf-8').read()[-1000:]}")
            look = received(port, topic)
            if look and look[1] >= count:
                break
            if look and look[1]:
                looks.append(look)
            time.sleep(LOOK_EVERY)
        daemon.send_signal(signal.SIGTERM)
        if daemon.wait(timeout=SECONDS):
            raise SystemExit("the daemon did not end with 0")
        if len(looks) < 3:
            raise SystemExit("too few records to measure: they were judged within a few looks")
        return (looks[-1][1] - looks[0][1]) / (looks[-1][0] - looks[0][0])
    finally:
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait()


def write_config(folder, bootstrap, prefix):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = os.path.join(folder, "daemon.yaml")
    with open(config, "w", encoding="utf-8") as out:
        topics = "".join(f"  {name}: {prefix}.{name}\n" for name in NAMES)
        out.write(f"brokers: ['{bootstrap}']\ntopics:\n{topics}create_topics: true\nkafka: {{consumer: {{queued.max.messages.kbytes: 1000000}}}}\nrules: {ROOT}/rules\nlisten: 127.0.0.1:{port}\n")
    return config, port


def main():
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 64
    build, bootstrap, path = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 600000
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 5
    prefix, broker, partitions = f"bench.{os.getpid()}", None, 4
    topic = prefix + ".settlement"
    if bootstrap == "embedded":
        broker, bootstrap = embedded(build, prefix)
        partitions = 256
    try:
        with tempfile.TemporaryDirectory(prefix="fundwatch-bench-") as folder:
            config, port = write_config(folder, bootstrap, prefix)
            count = int(run_tool(build, "load", bootstrap, topic, partitions, path, count))
            ratios = []
            for number in range(rounds):
                bare = run_tool(build, "read", bootstrap, topic, partitions, count)
                ours = daemon_rate(build, config, port, topic, count)
                ratios.append(ours / bare)
                print(f"round {number + 1}: bare consumer {bare:.0f}/s, daemon {ours:.0f}/s, ratio {ratios[-1]:.3f}", file=sys.stderr, flush=True)
    finally:
        if broker:
            broker.terminate()
            broker.wait()
    print(json.dumps({"daemon_vs_bare_consumer": {"median": round(statistics.median(ratios), 4), "min": round(min(ratios), 4),
                                                  "max": round(max(ratios), 4), "n": len(ratios), "unit": "ratio"}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
