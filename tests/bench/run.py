#!/usr/bin/python3
"""Runs the benchmarks one after another and puts their figures together.

    tests/bench/run.py BUILD [NAME...]        those of the names below, or all but `scale` (which is there with 1 M persons)
    tests/bench/run.py BUILD scale [PERSONS]  the state of a large city alone, with 20 M persons

Each benchmark prints one line of JSON: {"name": {"median":..,"min":..,"max":..,"n":..,"unit":".."}, ...}. The table goes
to standard output, the figures to BUILD/bench.json, what else it said to BUILD/bench-NAME.log; what was not measured is
said with its reason and left out. When only some are measured their figures are replaced in the file and the others stay;
`scale_persons` says of how many persons those of the large city are.
"""
import json
import os
import subprocess
import sys

SECONDS = 3600
PERSONS, MANY_PERSONS = "1000000", "20000000"


def scale_step(build, persons):
    return ("scale", f"state, snapshots and recovery of a city of {int(persons):,} persons", ["tests/bench/bench_scale.py", build, persons], "")


def steps(build):
    """Name, title, command, and what is put behind the names of its figures."""
    core = [os.path.join(build, "bench_core"), "--runs", "7"]
    return [
        ("decode", "decode against cJSON", [os.path.join(build, "bench_decode")], ""),
        ("rules", "conditions of 20, 200 and 1,000 rules against a plain interpreter", [os.path.join(build, "bench_rules")], ""),
        ("core", "core from memory, 200 rules, 20 M persons, settlements remembered for 20 days",
         [*core, "--count", "200", "--persons", "20000000", "--days", "20"], ""),
        ("core-shipped", "core from memory, shipped rules, 1 M persons, remembered for 400 days", [*core, "--persons", "1000000"], "_shipped"),
        ("sweep", "core by persons, rules, pools and cores; plots", ["tests/bench/sweep.py", build], ""),
        ("daemon", "daemon against a bare consumer", ["tests/bench/daemon.py", build], ""),
        ("latency", "Kafka to alert against a bare relay", ["tests/bench/latency.py", build], ""),
        ("duckdb", "replay from the archive against DuckDB, a year of 300,000 persons", ["tests/bench/bench_duckdb.py", build, "300000"], ""),
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


def choose(build, words):
    """The steps that were asked for; None: one of the words is no step."""
    if words[:1] == ["scale"]:
        return [scale_step(build, (words[1:] or [MANY_PERSONS])[0])]
    known = {step[0]: step for step in steps(build)}
    return [known[word] for word in words or known] if all(word in known for word in words) else None


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    path, chosen = os.path.join(build, "bench.json"), choose(build, sys.argv[2:])
    if chosen is None:
        print(f"tests/bench/run.py: names: {' '.join(step[0] for step in steps(build))}", file=sys.stderr)
        return 64
    figures, missing = kept(path) if sys.argv[2:] else {}, 0
    print(f"{'figure':36}{'median':>14}{'min':>14}{'max':>14}{'n':>5}  unit")
    for name, title, words, suffix in chosen:
        print(f"-- {title}", flush=True)
        found, why = measure(words, os.path.join(build, f"bench-{name}.log"))
        if found is None:
            missing += 1
            print(f"not measured: {title}: {why}")
            continue
        for key, row in found.items():
            figures[key + suffix] = row
            print(f"{key + suffix:36}{row['median']:14.6g}{row['min']:14.6g}{row['max']:14.6g}{row['n']:5}  {row['unit']}", flush=True)
    with open(path, "w", encoding="utf-8") as out:
        json.dump(figures, out, indent=1)
        out.write("\n")
    return 1 if missing == len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
