#!/usr/bin/python3
"""Runs the benchmarks one after another and puts their figures together.

    tests/bench/run.py BUILD

Each benchmark prints one line of JSON: {"name": {"median":..,"min":..,"max":..,"n":..,"unit":".."}, ...}. The table goes
to standard output, the figures to BUILD/bench.json; what was not measured is said with its reason and left out.
"""
import json
import os
import subprocess
import sys

SECONDS = 1200


def steps(build):
    return [
        ("decode against cJSON", [os.path.join(build, "bench_decode")]),
        ("core from memory, shipped rules, 1 M persons", [os.path.join(build, "bench_core"), "rules", "1000000", "7"]),
        ("daemon against a bare consumer", ["tests/bench/daemon.py", build]),
    ]


def measure(words):
    """The figures that a benchmark printed, or why there are none."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return None, str(problem)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing was printed").split("\n")
        return None, f"exit {done.returncode}: {said[-1]}"
    return json.loads(lines[-1]), None


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    figures, missing = {}, 0
    print(f"{'figure':28}{'median':>14}{'min':>14}{'max':>14}{'n':>5}  unit")
    for name, words in steps(build):
        found, why = measure(words)
        if found is None:
            missing += 1
            print(f"not measured: {name}: {why}")
            continue
        for key, row in found.items():
            figures[key] = row
            print(f"{key:28}{row['median']:14.6g}{row['min']:14.6g}{row['max']:14.6g}{row['n']:5}  {row['unit']}", flush=True)
    with open(os.path.join(build, "bench.json"), "w", encoding="utf-8") as out:
        json.dump(figures, out, indent=1)
        out.write("\n")
    return 1 if missing and not figures else 0


if __name__ == "__main__":
    sys.exit(main())
