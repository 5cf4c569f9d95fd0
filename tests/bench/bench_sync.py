#!/usr/bin/python3
"""What syncing the archive costs in latency: from the record's Kafka timestamp to the acknowledgement of its alert, with no
archive and with archive.sync_ms 0, 5 and 20, turn about, the same settlements at the same pace.

    tests/bench/bench_sync.py BUILD [RATE [SECONDS [ROUNDS]]]      default 2000 records/s, 10 s, 3 rounds

On a real Apache Kafka broker, or on the embedded one where there is no Java or Maven (said). Prints a table and one line of JSON.
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, "..", "kafka"), os.path.join(HERE, "..", "daemon")]
import broker as kafka  # noqa: E402
from stand import ROOT, Daemon, until  # noqa: E402

WAYS = (("none", None), ("0", 0), ("5", 5), ("20", 20))


def county(build, folder, count):
    subprocess.run([os.path.join(build, "fundwatch"), "generate", "--seed", "3", "--persons", "20000", "--from", "2024-01-01", "--to", "2024-12-31",
                    "--quiet", "--out", folder], check=True, stdout=subprocess.DEVNULL)
    path = os.path.join(folder, "paced.ndjson")
    with open(os.path.join(folder, "settlements.ndjson"), "rb") as all_of_them, open(path, "wb") as out:
        kept = [line for _, line in zip(range(count), all_of_them) if len(line) < 100000]       # without those that are too large for a topic
        out.writelines(kept)
    return path, len(kept)


def one(build, bootstrap, folder, prefix, way, path, count, seconds):
    """The stages of one run, as the stats topic has them."""
    more = f"topics:\n  enrolment: ''\n" + "".join(f"  {name}: {prefix}.{name}\n" for name in ("settlement", "alerts", "shadow", "indicators", "stats", "refused"))
    more += "create_topics: true\n"
    if way is not None:
        more += f"archive:\n  dir: {os.path.join(folder, prefix)}\n  sync_ms: {way}\n"
    daemon = Daemon(build, os.path.join(folder, "daemon-" + prefix), bootstrap, os.path.join(ROOT, "rules", "tables"), more=more)
    try:
        until("ready", daemon.ready)
        subprocess.run([os.path.join(build, "demo_feed"), bootstrap, f"{prefix}.settlement", str(seconds), path], check=True, timeout=120)
        until("all judged", lambda: daemon.alive() and daemon.metric("records_received_total") == count)
        until("all delivered", lambda: daemon.metric("messages_in_flight") == 0 and daemon.metric("lines_waiting") == 0)
        assert daemon.stop() == 0
    finally:
        daemon.close()
    done = subprocess.run(["kcat", "-q", "-C", "-b", bootstrap, "-t", f"{prefix}.stats", "-o", "-1", "-e"], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout.split(b"\n")[0])["stages"]


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = os.path.abspath(sys.argv[1])
    rate, seconds, rounds = (int(sys.argv[i]) if len(sys.argv) > i else value for i, value in ((2, 2000), (3, 10), (4, 3)))
    folder = tempfile.mkdtemp(prefix="fundwatch-sync-")
    broker = kafka.Broker(os.path.join(folder, "broker"), os.path.join(build, "kafka_topics"))
    figures = {name: {"p50": [], "p99": [], "commit": []} for name, _ in WAYS}
    try:
        broker.start()
        path, count = county(build, os.path.join(folder, "county"), rate * seconds)
        for number in range(rounds + 1):                # the first warms the broker and is not counted
            for name, way in WAYS:
                stages = one(build, broker.bootstrap, folder, f"sync-{os.getpid()}-{number}-{name}", way, path, count, seconds)
                if number:
                    figures[name]["p50"].append(stages["record_to_alert"]["p50_ns"] / 1e6)
                    figures[name]["p99"].append(stages["record_to_alert"]["p99_ns"] / 1e6)
                    figures[name]["commit"].append(stages["archive"]["p50_ns"] / 1e6)
    finally:
        broker.close()
        shutil.rmtree(folder)
    print(f"{count / seconds:.0f} records/s for {seconds} s; record to alert acknowledged, ms, median (least-most) of {rounds} rounds")
    print(f"{'sync_ms':10}{'p50':>22}{'p99':>22}{'one commit, p50':>22}")
    for name, of in figures.items():
        cells = [f"{statistics.median(of[key]):.2f} ({min(of[key]):.2f}-{max(of[key]):.2f})" for key in ("p50", "p99", "commit")]
        print(f"{name:10}" + "".join(f"{cell:>22}" for cell in cells))
    print(json.dumps({f"sync_{name}_p50_ms": {"median": statistics.median(of["p50"]), "min": min(of["p50"]), "max": max(of["p50"]), "n": rounds, "unit": "ms"}
                      for name, of in figures.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
