#!/usr/bin/python3
"""Runs the benchmarks one after another and puts their figures together.

    tests/bench/run.py BUILD                  all of them, the state of a city with 1 M persons
    tests/bench/run.py BUILD scale [PERSONS]  the state of a large city alone, with 20 M persons

Each benchmark prints one line of JSON: {"name": {"median":..,"min":..,"max":..,"n":..,"unit":".."}, ...}. The table goes
to standard output, the figures to BUILD/bench.json, what else it said to BUILD/bench-NAME.log; what was not measured is
said with its reason and left out. `scale` replaces its own figures there and leaves the others; `scale_persons` says of
how many persons they are.
"""
import json
import os
import subprocess
import sys

SECONDS = 3600
PERSONS, MANY_PERSONS = "1000000", "20000000"


def scale_step(build, persons):
    return (f"state, snapshots and recovery of a city of {int(persons):,} persons", ["tests/bench/bench_scale.py", build, persons])


def steps(build):
    return [
        ("decode against cJSON", [os.path.join(build, "bench_decode")]),
        ("conditions of 20, 200 and 1,000 rules against a plain interpreter", [os.path.join(build, "bench_rules")]),
        ("core from memory, shipped rules, 1 M persons", [os.path.join(build, "bench_core"), "rules", "1000000", "7"]),
        ("core from memory, 200 rules, 1 M persons", [os.path.join(build, "bench_core"), "rules", "1000000", "7", "200"]),
        ("daemon against a bare consumer", ["tests/bench/daemon.py", build]),
        ("replay from the archive against DuckDB, a year of 300,000 persons", ["tests/bench/bench_duckdb.py", build, "300000"]),
        scale_step(build, PERSONS),
    ]


def measure(words, log):
    """The figures that a benchmark printed, or why there are none."""
    try:
        with open(log, "w", encoding="utf-8") as said:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return None, str(problem)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        with open(log, encoding="utf-8") as said:
            last = (said.read().strip() or done.stdout.strip() or "nothing was printed").split("\n")[-1]
        return None, f"exit {done.returncode}: {last}"
    return json.loads(lines[-1]), None


def kept(path):
    """The figures of before, when only some are measured again."""
    try:
        with open(path, encoding="utf-8") as source:
            return json.load(source)
    except (OSError, ValueError):
        return {}


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    only_scale = sys.argv[2:3] == ["scale"]
    path = os.path.join(build, "bench.json")
    chosen = [scale_step(build, (sys.argv[3:] or [MANY_PERSONS])[0])] if only_scale else steps(build)
    figures, missing = kept(path) if only_scale else {}, 0
    print(f"{'figure':32}{'median':>14}{'min':>14}{'max':>14}{'n':>5}  unit")
    for name, words in chosen:
        print(f"-- {name}", flush=True)
        found, why = measure(words, os.path.join(build, "bench-" + os.path.splitext(os.path.basename(words[0]))[0].removeprefix("bench_") + ".log"))
        if found is None:
            missing += 1
            print(f"not measured: {name}: {why}")
            continue
        for key, row in found.items():
            figures[key] = row
            print(f"{key:32}{row['median']:14.6g}{row['min']:14.6g}{row['max']:14.6g}{row['n']:5}  {row['unit']}", flush=True)
    with open(path, "w", encoding="utf-8") as out:
        json.dump(figures, out, indent=1)
        out.write("\n")
    return 1 if missing == len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
