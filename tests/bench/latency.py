#!/usr/bin/python3
"""From a settlement's time in Kafka to its alert: fundwatchd against a bare relay of the same messages, turn about, on a real broker.

    tests/bench/latency.py BUILD [ROUNDS [SECONDS [RATE]]]      default 5 rounds of 20 s, 20,000 settlements/s

A round is bench_latency (open loop, see there) through the relay (bench_relay.c: one message in twenty sent on, with as many bytes as an
alert and its headers have), through fundwatchd with an archive (nothing is said before it is synced) and through fundwatchd without one, each in
topics of its own and on the same cores. The broker has run under this load for 30 s before. Producer of the settlements: linger 5 ms,
acks=1; alerts: linger 1 ms, acks=all, idempotent, on both sides. The alert is seen by a reading consumer in the process that sends, so that one
clock measures; when its sender had it acknowledged is what fundwatchd's stats and the relay say of themselves (from the time stamp, in whole ms).

Tables and stages go to standard error. Prints one line of JSON. FW_CORES=0,1 names the cores of relay and daemon; otherwise all.
Exit status 69: there can be no real broker here.
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import measured

PARTITIONS, EVERY, WARM, WARM_BROKER = 4, 20, 5, 30
QUANTILES = ("p50", "p99", "p999", "p9999")
STAGES = ("poll", "decode", "score", "archive", "publish", "record_to_alert")


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Stand:
    """One broker; each run has topics and folders of its own."""

    def __init__(self, build, folder, rate):
        self.build, self.folder, self.rate, self.count = build, folder, rate, 0
        self.cores = [int(core) for core in os.environ["FW_CORES"].split(",")] if "FW_CORES" in os.environ else None
        self.rules = os.path.join(folder, "rules")
        measured.rules_copy(self.rules)
        self.broker = measured.Broker(os.path.join(folder, "broker"), os.path.join(build, "kafka_topics"))
        self.broker.start()

    def begin(self):
        self.count += 1
        prefix = f"lat{self.count}"
        self.broker.make_topics(prefix, PARTITIONS)
        return prefix

    def drive(self, prefix, seconds, warm=WARM):
        process = measured.drive(self.build, self.broker.bootstrap, prefix, f"partitions={PARTITIONS}", f"rate={self.rate}", f"seconds={seconds}",
                                 f"warm={warm}", f"every={EVERY}")
        said = process.communicate()[0]
        figures = json.loads(said)
        if process.returncode:
            raise SystemExit(f"alerts were lost or doubled: {figures}")
        return figures

    def end(self, prefix):
        for name in ("settlement", *measured.OUTPUTS):
            self.broker.delete(f"{prefix}.{name}")

    def relay(self, seconds, size):
        prefix = self.begin()
        words = [os.path.join(self.build, "bench_relay"), f"brokers={self.broker.bootstrap}", f"in={prefix}.settlement", f"out={prefix}.alerts",
                 f"partitions={PARTITIONS}", f"every={EVERY}", f"bytes={size}"]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=measured.pin(self.cores))
        try:
            assert process.stdout.readline() == "ready\n"
            figures = self.drive(prefix, seconds)
            process.send_signal(signal.SIGTERM)
            figures["ack"] = json.loads(process.communicate()[0])
        finally:
            process.kill()
            process.wait()
        self.end(prefix)
        return figures

    def daemon(self, seconds, archive):
        prefix = self.begin()
        folder = os.path.join(self.folder, prefix)
        more = f"archive:\n  dir: {os.path.join(folder, 'archive')}\n" if archive else ""
        daemon = measured.Daemon(self.build, folder, self.broker.bootstrap, prefix, self.rules, more, self.cores)
        try:
            figures = self.drive(prefix, seconds)
            if daemon.stop():
                raise SystemExit(f"fundwatchd did not end with 0: {daemon.log_text()[-1000:]}")
            figures["stages"] = measured.last_stats(self.broker.bootstrap, prefix)["stages"]
        finally:
            daemon.close()
        self.end(prefix)
        shutil.rmtree(folder)
        return figures

    def alert_bytes(self):
        """Of a message that fundwatchd sends for a settlement that does not add up: value and headers."""
        prefix = self.begin()
        daemon = measured.Daemon(self.build, os.path.join(self.folder, prefix), self.broker.bootstrap, prefix, self.rules)
        try:
            self.drive(prefix, 1, 0)
            daemon.stop()
        finally:
            daemon.close()
        done = subprocess.run(["kcat", "-q", "-C", "-b", self.broker.bootstrap, "-t", f"{prefix}.alerts", "-o", "beginning", "-e", "-f", "%S|%h\\n"],
                              stdout=subprocess.PIPE, check=True)
        messages = [line.split("|", 1) for line in done.stdout.decode().split("\n") if "ce_type=fundwatch.alert," in line]
        self.end(prefix)
        return round(statistics.mean(int(size) + len(headers) for size, headers in messages))


def line(name, figures):
    one = figures["latency"]
    return f"{name:24}" + "".join(f"{one[q + '_ms']:10.2f}" for q in QUANTILES) + f"{one['max_ms']:10.2f}{one['n']:9}   feeder late {figures['feeder_late_p99_ms']:.2f}"


def stages_line(figures):
    return "  stages, p50/p99 in us: " + ", ".join(f"{name} {figures['stages'][name]['p50_ns'] / 1e3:.1f}/{figures['stages'][name]['p99_ns'] / 1e3:.1f}"
                                                  for name in STAGES)


def row(values, unit):
    return {"median": round(statistics.median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4), "n": len(values), "unit": unit}


def figures_of(rounds):
    """rounds: list of {"relay", "archive", "none"}."""
    result = {}
    for way, name in (("archive", "latency"), ("none", "latency_no_archive"), ("relay", "latency_relay")):
        for q in QUANTILES:
            result[f"{name}_{q}_ms"] = row([one[way]["latency"][q + "_ms"] for one in rounds], "ms")
    for way, name in (("archive", "latency"), ("none", "latency_no_archive")):
        for q in ("p50", "p99"):
            result[f"{name}_{q}_vs_relay"] = row([one[way]["latency"][q + "_ms"] / one["relay"]["latency"][q + "_ms"] for one in rounds], "ratio")
    for q in ("p50", "p99"):
        result[f"latency_ack_{q}_ms"] = row([one["archive"]["stages"]["record_to_alert"][q + "_ns"] / 1e6 for one in rounds], "ms")
        result[f"latency_relay_ack_{q}_ms"] = row([one["relay"]["ack"][f"ack_{q}_ms"] for one in rounds], "ms")
    result["archive_sync_p50_ms"] = row([one["archive"]["stages"]["archive"]["p50_ns"] / 1e6 for one in rounds], "ms")
    return result


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = os.path.abspath(sys.argv[1])
    count, seconds, rate = (int(sys.argv[i]) if len(sys.argv) > i else value for i, value in ((2, 5), (3, 20), (4, 20000)))
    folder = tempfile.mkdtemp(prefix="fundwatch-latency-")
    stand, rounds = None, []
    try:
        stand = Stand(build, folder, rate)
        size = stand.alert_bytes()
        stand.relay(WARM_BROKER - WARM, size)
        tell(f"an alert and its headers: {size} bytes; one settlement in {EVERY}\n{'ms':24}{'p50':>10}{'p99':>10}{'p99.9':>10}{'p99.99':>10}{'max':>10}{'alerts':>9}")
        for number in range(count):
            one = {"relay": stand.relay(seconds, size), "archive": stand.daemon(seconds, True), "none": stand.daemon(seconds, False)}
            rounds.append(one)
            for way, name in (("relay", "bare relay"), ("archive", "fundwatchd, archive"), ("none", "fundwatchd, no archive")):
                tell(line(f"{number + 1} {name}", one[way]))
            tell(stages_line(one["archive"]))
    except measured.kafka.Unavailable as why:
        tell(f"no real broker: {why}")
        return 69
    finally:
        if stand:
            stand.broker.close()
        shutil.rmtree(folder)
    print(json.dumps(figures_of(rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
