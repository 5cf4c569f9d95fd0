#!/usr/bin/python3
"""The state of a large city: its size, its snapshots, its recovery, its replay.

    tests/bench/bench_scale.py BUILD [PERSONS [DAYS [ENROLLED [ROUNDS]]]]       defaults: 20000000 800 no 5

A crowd (crowd.h) in which every one of PERSONS persons has one settlement in DAYS days is brought into an archive with
the shipped rules; settlements older than 400 days are forgotten, so that with 800 days half of them are remembered.
(ENROLLED `yes`: all are enrolled too.) Then, one after another:

  replay of the archive in one thread (bench_state judge), and by `fundwatch replay --archive`, which reads beside judging
  a snapshot from nothing by the program that makes them (fundwatchd --make-snapshot), loaded and written alone
  kill -9 of a real fundwatchd while settlements come, and the time from its start to ready, cache warm and dropped
  longest turn and longest gap between two turns of a daemon that judges 5000 settlements a second, without and with a
  snapshot being made beside it

Needs about PERSONS * 1 kB of memory and PERSONS * 0.7 kB of disk below TMPDIR, which it gives back. Memory is touched once
before anything is timed. Prints one line of JSON.
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import scale_daemon

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATE = 5000             # settlements a second while the daemon is measured
TAIL = 20000            # settlements since the snapshot when the daemon is killed
MEMORY_A_PERSON = 1000  # bytes, two copies of the state


def tell(text):
    print(text, file=sys.stderr, flush=True)


def run(build, name, *words, **more):
    done = subprocess.run([os.path.join(build, name), *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **more)
    if done.returncode:
        raise SystemExit(f"{name} {words[0] if words else ''} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done


def figures_of(build, *words):
    done = run(build, "bench_state", *words)
    tell(done.stderr.strip())
    return json.loads(done.stdout)


def figure(values, unit):
    return {"median": float(f"{statistics.median(values):.6g}"), "min": float(f"{min(values):.6g}"), "max": float(f"{max(values):.6g}"),
            "n": len(values), "unit": unit}


def memory_free():
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


def make_archive(build, folder, crowd, enrolled):
    archive, start = os.path.join(folder, "archive"), time.monotonic()
    words = [os.path.join(build, "fundwatch"), "archive", "import", "--archive", archive, "--rules", "rules", "--quiet"]
    people = None
    if enrolled:
        fifo = os.path.join(folder, "enrolments")
        os.mkfifo(fifo)
        words += ["--record", f"enrolment={fifo}"]
        people = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" enrolments "$1" 2024 > "$2"', os.path.join(build, "bench_crowd"), str(crowd["persons"]), fifo])
    settlements = subprocess.Popen([os.path.join(build, "bench_crowd"), "settlements", str(crowd["persons"]), "0", str(crowd["claims"]),
                                    str(crowd["days"])], stdout=subprocess.PIPE)
    result = subprocess.run([*words, "-"], cwd=ROOT, stdin=settlements.stdout, stderr=subprocess.PIPE, text=True, check=False)
    settlements.stdout.close()
    if result.returncode or settlements.wait() or (people and people.wait()):
        raise SystemExit(f"the archive could not be made: {result.stderr[-1000:]}")
    tell(f"archive of {crowd['claims']} settlements made in {time.monotonic() - start:.0f} s")
    return archive


def replay_rates(build, folder, archive, rounds):
    rates, summary = [], os.path.join(folder, "summary.json")
    for _ in range(rounds):
        start = time.monotonic()
        run(build, "fundwatch", "replay", "--archive", archive, "--as-recorded", "--no-snapshot", "--alerts", os.path.join(folder, "alerts"), "--indicators",
            os.path.join(folder, "indicators"), "--summary", summary, "--quiet")
        with open(summary, encoding="utf-8") as source:
            received = json.load(source)["received"]
        rates.append(received / (time.monotonic() - start))
        tell(f"fundwatch replay --archive: {rates[-1]:.0f} claims/s")
    return rates


def first_snapshot(build, city, entries):
    city.config(86400)
    start = time.monotonic()
    run(build, "fundwatchd", "--config", city.path, "--make-snapshot", input=f"{entries}\n")
    seconds = time.monotonic() - start
    tell(f"a snapshot out of the whole archive: {seconds:.1f} s")
    return seconds


def snapshots_alone(build, folder, archive, rounds):
    figures = {}
    for words in ((), ("cold",)):
        for _ in range(rounds):
            scratch = os.path.join(folder, "scratch")
            for key, row in figures_of(build, "load", archive, scratch, *words).items():
                figures.setdefault(key, []).append(row)
            shutil.rmtree(scratch)
    return {key: figure([row["median"] for row in rows], rows[0]["unit"]) for key, rows in figures.items()}


def daemon_figures(city, rounds):
    """Warm recoveries in every round, what takes longer in every other."""
    warm = scale_daemon.recovery(city, rounds, TAIL, RATE, False, tell)
    cold = scale_daemon.recovery(city, (rounds + 1) // 2, TAIL, RATE, True, tell)
    every = 20 + city.crowd["persons"] // 250000        # seconds: longer than one takes, so that there is time without one
    quiet, busy = scale_daemon.pauses(city, (rounds + 1) // 2, every, RATE, tell)
    return {"recovery_seconds": figure(warm, "s"), "recovery_cold_seconds": figure(cold, "s"),
            "judging_gap_quiet_ms": figure([row[2] * 1e3 for row in quiet], "ms"), "snapshot_pause_ms": figure([row[2] * 1e3 for row in busy], "ms"),
            "longest_turn_quiet_ms": figure([row[1] * 1e3 for row in quiet], "ms"), "longest_turn_snapshot_ms": figure([row[1] * 1e3 for row in busy], "ms"),
            "snapshot_beside_seconds": figure([row[3] for row in busy], "s")}


def measure(build, folder, crowd, enrolled, rounds):
    size = min(crowd["persons"] * MEMORY_A_PERSON / 1e9, memory_free() / 1e9 - 3)
    tell(f"{size:.1f} GB touched: {run(build, 'bench_state', 'warm', size).stdout.strip()}")
    archive = make_archive(build, folder, crowd, enrolled)
    figures = {"scale_persons": figure([crowd["persons"]], "persons"), **figures_of(build, "judge", archive)}
    figures["replay_claims_per_second"] = figure(replay_rates(build, folder, archive, rounds), "claims/s")
    city = scale_daemon.City(build, ROOT, folder, archive, crowd)
    try:
        entries = 1 + crowd["claims"] + (crowd["persons"] if enrolled else 0)
        figures["snapshot_from_nothing_seconds"] = figure([first_snapshot(build, city, entries)], "s")
        figures.update(snapshots_alone(build, folder, archive, (rounds + 1) // 2))
        figures.update(daemon_figures(city, rounds))
    finally:
        city.close()
    return figures


def main():
    if len(sys.argv) not in range(2, 7):
        print(__doc__, file=sys.stderr)
        return 64
    build = os.path.abspath(sys.argv[1])
    persons, days, enrolled, rounds = (sys.argv[2:] + ["20000000", "800", "no", "5"][len(sys.argv) - 2:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = tempfile.mkdtemp(prefix="fundwatch-scale-")
    try:
        print(json.dumps(measure(build, folder, {"persons": int(persons), "claims": int(persons), "days": int(days)}, enrolled == "yes", int(rounds))))
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
