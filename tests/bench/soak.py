#!/usr/bin/python3
"""fundwatchd under a steady load for as long as one likes, and an account of every record and alert at the end.

    tests/bench/soak.py BUILD [MINUTES [RATE]]      default 30 minutes, 20,000 settlements/s; 3 minutes at least

A real broker; fundwatchd with archive and snapshots; bench_latency sends at the rate, whatever becomes of it. Of each 1,000 settlements ten do not add up
(an alert each), one is sent twice and one is cut in half. The rules are reloaded in every sixth part of the run, the cap one yuan up and down again; in the
middle the broker is stopped, and started again after some seconds.

The population is fixed (a person for each 18 settlements of the run); three years of settlements go by, whatever the length of the run, of which 60 days are
remembered and 13 months of windows kept. So all persons are known and everything that is forgotten in time has begun to be before the first half is over: in the
second half memory is flat when it grows by no more than 2 % of itself; a run of less than 10 minutes is too short to judge that, and only tells it. Kafka keeps half a gigabyte of each partition (lz4); the archive is kept whole, for the
replay at the end: about 130 bytes a settlement, 5 GB for 36 million.

Writes BUILD/soak.json and BUILD/soak.md, the table also to standard output. Exit status 1 when a record or an alert was lost, said twice or differs from the
replay of the archive, or memory was not flat; 69: there can be no real broker here.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import measured
from stand import until

PARTITIONS, EVERY, ODD, GRACE = 4, 100, 1000, 300
PERSON_SETTLEMENTS, PERSON_DAYS, REMEMBERED, HISTORY = 18, 60, 60, 13
BROKER_AWAY = 5
FLAT_SHARE, FLAT_MINUTES = 0.02, 10
KEPT_BYTES, SEGMENT_BYTES = 512 << 20, 64 << 20
TICKS = os.sysconf("SC_CLK_TCK")
CAP, CAP_CHANGED = "value: 300.00, basis: WS", "value: 301.00, basis: WS"


def process_figures(pid):
    """(seconds of processor time, resident MB)"""
    with open(f"/proc/{pid}/stat", encoding="ascii") as text:
        fields = text.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/statm", encoding="ascii") as text:
        resident = int(text.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return (int(fields[11]) + int(fields[12])) / TICKS, resident / 1e6


def folder_mb(folder):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(folder) for name in names
               if os.path.exists(os.path.join(where, name))) / 1e6


def metrics(daemon):
    """Sums over the series of each metric."""
    sums = {}
    for text in daemon.get("/metrics")[1].split("\n"):
        if not text or text[0] == "#":
            continue
        name, value = text.rsplit(" ", 1)
        name = name.split("{")[0].removeprefix("fundwatch_")
        sums[name] = sums.get(name, 0) + float(value)
    return sums


class Run:
    """Everything that goes on at the same time."""

    def __init__(self, build, folder, minutes, rate):
        self.build, self.folder, self.minutes, self.rate = build, folder, minutes, rate
        self.rows, self.events, self.reloads, self.before = [], [], [], None
        self.rules = os.path.join(folder, "rules")
        self.archive = os.path.join(folder, "archive")
        self.rewrite = measured.rules_copy(self.rules)
        self.broker = measured.Broker(os.path.join(folder, "broker"), os.path.join(build, "kafka_topics"))
        self.broker.start()
        self.broker.make_topics("soak", PARTITIONS, retention_bytes=KEPT_BYTES, segment_bytes=SEGMENT_BYTES)
        self.daemon = measured.Daemon(build, os.path.join(folder, "daemon"), self.broker.bootstrap, "soak", self.rules,
                                      f"limits: {{remember: {REMEMBERED}, history: {HISTORY}}}\narchive: {{dir: {self.archive}}}\n")
        self.log = open(os.path.join(build, "soak-feed.log"), "wb")
        persons = minutes * 60 * rate // PERSON_SETTLEMENTS
        self.feed = measured.drive(build, self.broker.bootstrap, "soak", f"partitions={PARTITIONS}", f"rate={rate}", "warm=0", f"seconds={minutes * 60}",
                                   f"every={EVERY}", f"odd={ODD}", f"persons={persons}", f"days={PERSON_DAYS}", "interval=60", f"grace={GRACE}",
                                   "producer.acks=all", "producer.enable.idempotence=true", "producer.message.timeout.ms=0", "producer.compression.type=lz4",
                                   "producer.reconnect.backoff.max.ms=1000", "consumer.reconnect.backoff.max.ms=1000", log=self.log)
        self.begin = time.monotonic()

    def at(self):
        return time.monotonic() - self.begin

    def event(self, text):
        self.events.append({"minute": round(self.at() / 60, 2), "what": text})
        print(f"{self.at() / 60:7.2f} min  {text}", flush=True)

    def restart_broker(self):
        self.event("broker stops")
        self.broker.stop()
        time.sleep(BROKER_AWAY)
        self.broker.start()
        self.event("broker is there again")

    def reload(self, number):
        self.rewrite(CAP, CAP_CHANGED if number in (1, 4) else CAP)
        answer = self.daemon.reload()
        self.reloads.append(answer["result"])
        self.event(f"rules {answer['result']}, judging stood still for {answer.get('pause_ns', 0) / 1e6:.1f} ms")

    def sample(self, before):
        """One row of the table; before: the sample of a minute ago."""
        now, (cpu, resident), sums = time.monotonic(), process_figures(self.daemon.process.pid), metrics(self.daemon)
        current = {"when": now, "cpu": cpu, "judged": sums["records_received_total"]}
        if before:
            seconds = now - before["when"]
            self.rows.append({"minute": len(self.rows) + 1, "rate": round((current["judged"] - before["judged"]) / seconds), "rss_mb": round(resident, 1),
                              "persons": int(sums["state_persons"]), "settlements": int(sums["state_settlements"]), "lag": int(sums["lag_records"]),
                              "cpu_percent": round(100 * (cpu - before["cpu"]) / seconds, 1), "archive_mb": round(folder_mb(self.archive)),
                              "kafka_mb": round(folder_mb(os.path.join(self.folder, "broker", "data")))})
            print(f"{self.at() / 60:7.2f} min  {json.dumps(self.rows[-1])}", flush=True)
        return current

    def take_sample(self):
        self.before = self.sample(self.before)

    def watch(self):
        """Reloads, the restart and a row a minute, each at its time, until the feeder has sent everything. All in this thread: a broker ends with
        the thread that started it."""
        part = self.minutes * 60 / 6
        plan = [(part * number, lambda number=number: self.reload(number)) for number in (1, 2, 4, 5)] + [(part * 3, self.restart_broker)]
        plan += [(60 * minute, self.take_sample) for minute in range(1, self.minutes + 1)]
        self.take_sample()
        for when, what in sorted(plan, key=lambda one: one[0]):
            time.sleep(max(0, when - self.at()))
            self.daemon.alive()
            what()
        return json.loads(self.feed.communicate(timeout=2 * GRACE)[0])

    def end(self):
        """The daemon's last word on its own account."""
        until("everything is delivered", lambda: self.daemon.metric("messages_in_flight") == 0 and self.daemon.metric("lines_waiting") == 0
              and self.daemon.metric("lag_records") == 0, GRACE)
        sums = metrics(self.daemon)
        status = self.daemon.stop()
        return {"received": int(sums["records_received_total"]), "judged": int(sums["records_judged_total"]), "refused": int(sums["records_refused_total"]),
                "duplicate": int(sums["records_duplicate_total"]), "snapshots": int(sums.get("snapshots_total", 0)), "exit_status": status,
                "feed_digest": measured.last_stats(self.broker.bootstrap, "soak")["feed_digest"]}

    def replay(self):
        begin = time.monotonic()
        summary = os.path.join(self.folder, "summary.json")
        subprocess.run([os.path.join(self.build, "fundwatch"), "replay", "--quiet", "--summary", summary, "--archive", self.archive,
                        "--as-recorded"], stdout=subprocess.DEVNULL, check=True)
        with open(summary, encoding="utf-8") as text:
            found = json.load(text)
        return {**{key: found[key] for key in ("received", "judged", "refused", "duplicate", "alert_lines", "feed_digest")}, "seconds": round(time.monotonic() - begin, 1)}

    def close(self):
        for process in (self.feed, self.daemon.process):
            if process.poll() is None:
                process.kill()
                process.wait()
        self.broker.close()
        self.log.close()


def slope(rows):
    """MB a minute by least squares."""
    count = len(rows)
    middle = sum(one["minute"] for one in rows) / count, sum(one["rss_mb"] for one in rows) / count
    over = sum((one["minute"] - middle[0]) * (one["rss_mb"] - middle[1]) for one in rows)
    return over / sum((one["minute"] - middle[0]) ** 2 for one in rows)


def judge(run, feed, own, replayed):
    """(what must be so, whether it is) in order."""
    half = run.rows[len(run.rows) // 2:]
    growth = slope(half) if len(half) > 1 else 0.0
    share = growth * (len(half) - 1) / half[0]["rss_mb"]
    fates = ("received", "judged", "refused", "duplicate")
    checks = [
        (f"every settlement was delivered once to Kafka: {feed['delivered']:,} of {feed['sent']:,}", feed["delivered"] == feed["sent"] and not feed["failed"]),
        (f"received {own['received']:,} = judged {own['judged']:,} + refused {own['refused']:,} + duplicate {own['duplicate']:,} = sent",
         own["received"] == own["judged"] + own["refused"] + own["duplicate"] == feed["sent"]),
        (f"refused are those that were cut, duplicate those that were sent twice: {feed['broken']:,} and {feed['twice']:,}",
         own["refused"] == feed["broken"] and own["duplicate"] == feed["twice"]),
        (f"every settlement that does not add up has its alert, once: {feed['seen']:,} of {feed['expected']:,}", feed["seen"] == feed["expected"] and not feed["again"]),
        (f"no line of an alert twice among {feed['alerts']:,}: {feed['doubled']} doubled", not feed["doubled"]),
        ("replay of the archive: the same counts", all(replayed[key] == own[key] for key in fates)),
        (f"replay of the archive: the same {replayed['alert_lines']:,} lines, byte for byte, as in the daemon and as read from Kafka",
         replayed["feed_digest"] == own["feed_digest"] == feed["digest"] and replayed["alert_lines"] == feed["alerts"]),
        (f"all {len(run.reloads)} reloads were taken", len(run.reloads) == 4 and all(one == "taken" for one in run.reloads)),
        ("fundwatchd ended with 0", own["exit_status"] == 0),
    ]
    if run.minutes >= FLAT_MINUTES:
        checks.append((f"memory in the second half: {growth:+.2f} MB a minute, {100 * share:+.2f} %", share <= FLAT_SHARE))
    else:
        run.event(f"memory in the second half: {growth:+.2f} MB a minute, {100 * share:+.2f} %; too short a run to judge it")
    return growth, checks


def table(run, feed, checks):
    names = ("minute", "rate", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "lag", "CPU %", "RSS MB", "persons", "settlements", "archive MB", "Kafka MB")
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for one, span in zip(run.rows, feed["intervals"]):
        cells = (one["minute"], f"{one['rate']:,}", *(f"{span[key]:.1f}" for key in ("p50_ms", "p99_ms", "p999_ms", "max_ms")), f"{one['lag']:,}",
                 one["cpu_percent"], one["rss_mb"], f"{one['persons']:,}", f"{one['settlements']:,}", one["archive_mb"], one["kafka_mb"])
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += [""] + [f"- {one['minute']} min: {one['what']}" for one in run.events]
    return "\n".join(lines + [""] + [f"- {'yes' if good else '**NO**'}: {text}" for text, good in checks]) + "\n"


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = os.path.abspath(sys.argv[1])
    minutes, rate = (int(sys.argv[i]) if len(sys.argv) > i else value for i, value in ((2, 30), (3, 20000)))
    if minutes < 3:
        print(__doc__, file=sys.stderr)
        return 64
    folder = tempfile.mkdtemp(prefix="fundwatch-soak-")
    run = None
    try:
        run = Run(build, folder, minutes, rate)
        feed = run.watch()
        own = run.end()
        replayed = run.replay()
        growth, checks = judge(run, feed, own, replayed)
    except measured.kafka.Unavailable as why:
        print(f"no real broker: {why}", file=sys.stderr)
        return 69
    finally:
        if run:
            run.close()
            shutil.copy(run.daemon.log, os.path.join(build, "soak-daemon.log"))
        shutil.rmtree(folder)
    text = table(run, feed, checks)
    with open(os.path.join(build, "soak.md"), "w", encoding="utf-8") as out:
        out.write(text)
    with open(os.path.join(build, "soak.json"), "w", encoding="utf-8") as out:
        json.dump({"minutes": minutes, "rate": rate, "rows": run.rows, "events": run.events, "feed": feed, "daemon": own, "replay": replayed,
                   "second_half_mb_a_minute": round(growth, 3), "checks": [{"what": what, "good": good} for what, good in checks]}, out, indent=1)
        out.write("\n")
    print("\n" + text, end="")
    return 0 if all(good for _, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
