#!/usr/bin/python3
"""What the core costs against how much work there is: by persons, rules, and pools on one and two cores.

    tests/bench/sweep.py BUILD [PERSONS_MAX [RUNS]]         defaults: 50000000 5

Prints one line of JSON and writes BUILD/bench-persons.svg, bench-rules.svg and bench-pools.svg. A point that there is not enough
memory for is left out and said. Settlements are remembered for fewer days the more persons there are (REMEMBERED).
"""
import json
import os
import subprocess
import sys

import plot

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATE, LATENCY = "core_claims_per_second", "claim_p99_us"
REMEMBERED = {1000: 400, 100000: 400, 1000000: 400, 20000000: 20, 50000000: 10}
RULES = (20, 200, 1000)
POOLS = (1, 4, 16)
PERSONS_OF_OTHERS, DAYS_OF_OTHERS = 1000000, 60
BYTES_A_PERSON = 330            # with the settlements that are remembered at the largest sizes, and room
TARGET = 1200000


def memory_free():
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


def point(build, runs, **options):
    words = [os.path.join(build, "bench_core"), "--runs", str(runs)]
    for name, value in options.items():
        words += ["--" + name, str(value)]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    print(" ".join(words[1:]), done.stdout, file=sys.stderr, flush=True)
    return json.loads(done.stdout)


def draw(build, name, title, along, places, rates, latencies, target=None):
    panels = [plot.Panel("claims a second, decoding included", places, rates, target), plot.Panel("p99 of one claim alone, us", places, latencies)]
    with open(os.path.join(build, f"bench-{name}.svg"), "w", encoding="utf-8") as out:
        out.write(plot.figure(title, along, panels))


def words_of(number):
    return f"{number // 1000000} M" if number >= 1000000 else f"{number // 1000} k" if number >= 1000 else str(number)


def by_persons(build, most, runs, figures):
    found = {}
    for persons, days in REMEMBERED.items():
        if persons > most or persons * BYTES_A_PERSON > memory_free():
            print(f"{persons} persons: not asked for, or not enough memory", file=sys.stderr)
            continue
        found[persons] = point(build, runs, persons=persons, days=days)
        figures[f"core_persons_{persons}"], figures[f"claim_p99_us_persons_{persons}"] = found[persons][RATE], found[persons][LATENCY]
    draw(build, "persons", "The core by persons: shipped rules, one core", "persons", [words_of(one) for one in found],
         {"claims/s": [one[RATE] for one in found.values()]}, {"p99": [one[LATENCY] for one in found.values()]})


def by_rules(build, runs, figures):
    found = [point(build, runs, persons=PERSONS_OF_OTHERS, days=DAYS_OF_OTHERS, count=count) for count in RULES]
    for count, one in zip(RULES, found):
        figures[f"core_rules_{count}"], figures[f"claim_p99_us_rules_{count}"] = one[RATE], one[LATENCY]
    draw(build, "rules", "The core by rules: 1 M persons, one core", "rules", [str(one) for one in RULES],
         {"claims/s": [one[RATE] for one in found]}, {"p99": [one[LATENCY] for one in found]}, TARGET)


def by_pools(build, runs, figures):
    rates, latencies = {}, {}
    for cores in (1, 2):
        name = "1 core" if cores == 1 else f"{cores} cores"
        rates[name], latencies[name] = [], []
        for pools in POOLS:
            one = point(build, runs, persons=PERSONS_OF_OTHERS, days=DAYS_OF_OTHERS, pools=pools, cores=cores) if pools >= cores else None
            rates[name].append(one and one[RATE])
            latencies[name].append(one and one[LATENCY])
            if one:
                figures[f"core_pools_{pools}_cores_{cores}"], figures[f"claim_p99_us_pools_{pools}_cores_{cores}"] = one[RATE], one[LATENCY]
    draw(build, "pools", "The core by pools: 1 M persons; one pool is one order and stays on one core", "pools", [str(one) for one in POOLS],
         rates, latencies)


def main():
    if len(sys.argv) not in (2, 3, 4):
        print(__doc__, file=sys.stderr)
        return 64
    build, most, runs = os.path.abspath(sys.argv[1]), int((sys.argv[2:] or ["50000000"])[0]), int((sys.argv[3:] or ["5"])[0])
    figures = {}
    by_persons(build, most, runs, figures)
    by_rules(build, runs, figures)
    by_pools(build, runs, figures)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
