#!/usr/bin/python3
"""A year of a city through a real broker into the archive, then one month of it replayed as recorded, and by another cap.

    tests/bench/city.py BUILD [PERSONS [MONTH]]         default 1000000 persons, 2024-11; needs Java and Maven, and about
                                                        25 GB of disk for a million persons, below TMPDIR

Prints how long each step took, whether the month's alerts have the bytes that the daemon published, and how the alerts of the
same month differ with the outpatient cap at 250 yuan in place of 300. Exit status: 0 identical, 1 not.
"""
import calendar
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, "..", "kafka"), os.path.join(HERE, "..", "daemon")]
import broker as kafka  # noqa: E402
import stand  # noqa: E402

HOUR = 3600


class Clock:
    def __init__(self):
        self.begin = time.monotonic()

    def say(self, what, count=None):
        seconds = time.monotonic() - self.begin
        rate = f", {count / seconds:,.0f}/s" if count else ""
        print(f"{what}: {seconds:.1f} s{rate}", flush=True)
        self.begin = time.monotonic()


def run(*words, **more):
    return subprocess.run(words, check=True, timeout=HOUR, **more)


def city(build, folder, persons):
    run(os.path.join(build, "fundwatch"), "generate", "--seed", "11", "--persons", str(persons), "--from", "2024-01-01", "--to", "2024-12-31", "--quiet",
        "--out", folder, stdout=subprocess.DEVNULL)
    return [int(run("wc", "-l", os.path.join(folder, name), stdout=subprocess.PIPE).stdout.split()[0]) for name in ("settlements.ndjson", "enrolment.ndjson")]


def produce(broker, topic, path):
    run("kcat", "-q", "-P", "-b", broker.bootstrap, "-t", topic, "-p", "0", "-z", "lz4", "-X", "acks=1", "-X", "message.timeout.ms=0", "-X", "message.max.bytes=4000000", "-l", path)


def live(build, folder, broker, county, settlements):
    """The daemon reads the year while it is being produced; its log's last line has the digest of the feed."""
    for name in ("settlement", "enrolment"):
        broker.create(f"fundwatch.{name}", **{"max.message.bytes": "4194304"})       # records that are too large are among them
    produce(broker, "fundwatch.enrolment", os.path.join(county, "enrolment.ndjson"))
    more = (f"create_topics: true\ndrain: 300\narchive:\n  dir: {folder}/archive\n  snapshots: 100\n"
            f"  snapshot_records: {max(1000, settlements // 12)}\n")
    daemon = stand.Daemon(build, os.path.join(folder, "daemon"), broker.bootstrap, os.path.join(county, "tables"), more=more)
    try:
        stand.until("the topics", lambda: daemon.alive() and daemon.get("/readyz")[0] in (200, 503) and "recovery" not in daemon.failing(), 120)
        produce(broker, "fundwatch.settlement", os.path.join(county, "settlements.ndjson"))
        stand.until("all judged", lambda: daemon.alive() and daemon.metric("records_received_total", 'topic="fundwatch.settlement"') == settlements, HOUR)
        stand.until("all said", lambda: daemon.metric("lines_waiting") == 0 and daemon.metric("messages_in_flight") == 0, 300)
        figures = {name: daemon.metric(name) for name in ("archive_bytes", "snapshots_total", "snapshot_failures_total", "archive_commits_total")}
        assert daemon.stop() == 0, daemon.log_text()[-2000:]
        return daemon.messages()[-1], figures
    finally:
        daemon.close()


def published(broker, first, last):
    """Alert lines of the topic about days of the month, as the daemon published them."""
    done = run("kcat", "-q", "-C", "-b", broker.bootstrap, "-t", "fundwatch.alerts", "-o", "beginning", "-e", "-X", "fetch.message.max.bytes=4000000", stdout=subprocess.PIPE)
    lines = [line for line in done.stdout.split(b"\n") if line.startswith(b'{"type":"alert"')]
    return lines, [line for line in lines if first <= json.loads(line)["event_time"][:10] <= last]


def replay(build, folder, *words):
    out, summary = os.path.join(folder, "month.ndjson"), os.path.join(folder, "month.json")
    run(os.path.join(build, "fundwatch"), "replay", "--archive", os.path.join(folder, "archive"), "--alerts", out, "--summary", summary, "--quiet", *words)
    with open(out, "rb") as lines, open(summary, encoding="utf-8") as text:
        return lines.read().split(b"\n")[:-1], json.load(text)


def other_cap(folder, tables):
    rules = os.path.join(folder, "rules")
    shutil.copytree(os.path.join(stand.ROOT, "rules"), rules)
    shutil.rmtree(os.path.join(rules, "tables"))
    shutil.copytree(tables, os.path.join(rules, "tables"))
    path = os.path.join(rules, "policy", "OP-CAP-001.yaml")
    with open(path, encoding="utf-8") as text:
        old = text.read()
    new = old.replace("value: 300.00", "value: 250.00")
    assert new != old
    with open(path, "w", encoding="utf-8") as text:
        text.write(new)
    return rules


def standing(lines):
    last = {}
    for line in map(json.loads, lines):
        last[line["alert_id"]] = line
    return {name: line for name, line in last.items() if line["status"] in ("open", "updated")}


def caps(lines):
    return {name: line for name, line in standing(lines).items() if line["rule"]["id"] == "OP-CAP-001"}


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = os.path.abspath(sys.argv[1])
    persons, month = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000, sys.argv[3] if len(sys.argv) > 3 else "2024-11"
    first, last = f"{month}-01", f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]}"
    folder = tempfile.mkdtemp(prefix="fundwatch-city-")
    county, clock = os.path.join(folder, "city"), Clock()
    broker = kafka.Broker(os.path.join(folder, "broker"), os.path.join(build, "kafka_topics"))
    try:
        settlements, enrolments = city(build, county, persons)
        clock.say(f"generated {settlements:,} settlements and {enrolments:,} enrolments of {persons:,} persons")
        broker.start()
        said, figures = live(build, folder, broker, county, settlements)
        clock.say("through Apache Kafka into the archive, judged and published", settlements + enrolments)
        print(f"archive {figures['archive_bytes']:,} bytes, {figures['archive_bytes'] / (settlements + enrolments):.0f} a record; commits {figures['archive_commits_total']:,}; "
              f"snapshots {figures['snapshots_total']}, failed {figures['snapshot_failures_total']}")
        everything, wanted = published(broker, first, last)
        clock.say(f"read {len(everything):,} alert lines back from the topic, {len(wanted):,} about {month}")
        got, summary = replay(build, folder, "--as-recorded", "--from", first, "--to", last)
        clock.say(f"{month} replayed as recorded")
        same = got == wanted and summary["feed_digest"] in said
        print(f"{month}: {len(got):,} lines, bytes {'identical' if got == wanted else 'DIFFER'}; feed digest {summary['feed_digest']} {'is' if summary['feed_digest'] in said else 'IS NOT'} the daemon's")
        other, summary = replay(build, folder, "--rules", other_cap(folder, os.path.join(county, "tables")), "--from", first, "--to", last)
        clock.say(f"{month} with the cap at 250 yuan, the whole archive judged", settlements + enrolments)
        old, new = caps(got), caps(other)
        print(f"caps overrun, alerts of {month} that stand at its end of lines: {len(old):,} at 300 yuan, {len(new):,} at 250; gained {len(new.keys() - old.keys()):,}, lost {len(old.keys() - new.keys()):,}, "
              f"changed {sum(new[name]['finding'] != old[name]['finding'] for name in old.keys() & new.keys()):,}; "
              f"at risk {sum(line['amount_at_risk_fen'] for line in old.values()) / 100:,.2f} and {sum(line['amount_at_risk_fen'] for line in new.values()) / 100:,.2f} yuan")
        return 0 if same else 1
    finally:
        broker.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
