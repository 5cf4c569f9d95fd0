#!/usr/bin/python3
"""fundwatch replay from the archive against DuckDB, on the same claims, for the same caps, shares and admission counts.

    tests/bench/bench_duckdb.py BUILD [PERSONS [ROUNDS]]        defaults: 1000000 7

A generated city is brought into an archive, and into tables of DuckDB with types of their own (loading is not part of the
rates, its time is printed). fundwatch reads, unpacks, decodes and judges the archive (`replay --archive`); DuckDB, on both
cores and warm, answers for the whole year who is over the outpatient cap and by how much, the DRG/DIP shares of money and
of stays month by month, and the stays and persons of each poor class by township, institution and month. The figures must
be equal, every one of them; otherwise this ends with 65 and no ratio. Rounds alternate. Prints one line of JSON.

DuckDB is optional: python3 -m venv BUILD/duckdb && BUILD/duckdb/bin/pip install duckdb
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

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
THREADS = 2
MEMORY = "8GB"


def tell(text):
    print(text, file=sys.stderr, flush=True)


def fundwatch(build, *words):
    done = subprocess.run([os.path.join(build, "fundwatch"), *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"fundwatch {words[0]} ended with {done.returncode}: {done.stderr[-1000:]}")


def city(build, folder, persons):
    """Files of a generated city; every one of its people is invented."""
    fundwatch(build, "generate", "--seed", "1", "--persons", str(persons), "--from", "2024-01-01", "--to", "2024-12-31", "--rules", "rules",
              "--quiet", "--out", folder)
    return os.path.join(folder, "settlements.ndjson"), os.path.join(folder, "enrolment.ndjson"), os.path.join(folder, "tables")


def import_archive(build, folder, files):
    settlements, enrolments, tables = files
    archive = os.path.join(folder, "archive")
    fundwatch(build, "archive", "import", "--archive", archive, "--rules", "rules", "--tables", tables, "--record", f"enrolment={enrolments}",
              "--person-clear", "--quiet", settlements)
    return archive


def replay(build, archive, folder):
    """Judges the archive; gives seconds by the clock on the wall, and leaves alerts, indicators, refused and summary in the folder."""
    start = time.monotonic()
    fundwatch(build, "replay", "--archive", archive, "--as-recorded", "--no-snapshot", "--close-all", "--person-clear", "--quiet",
              *(word for name in ("alerts", "indicators", "refused", "summary") for word in (f"--{name}", os.path.join(folder, name))))
    return time.monotonic() - start


def refused_lines(folder):
    with open(os.path.join(folder, "refused"), encoding="utf-8") as lines:
        return {json.loads(line)["line"] for line in lines}


def connect(folder):
    import duckdb
    tell(f"DuckDB {duckdb.__version__}, {THREADS} threads")
    return duckdb.connect(os.path.join(folder, "duckdb"), config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": folder})


def check_equal(base, sets, folder):
    import duckdb_ask
    theirs = duckdb_ask.of_duckdb(duckdb_ask.ask(base, sets))
    ours = duckdb_ask.of_fundwatch(os.path.join(folder, "alerts"), os.path.join(folder, "indicators"))
    wrong = duckdb_ask.differences(theirs, ours)
    if wrong or not ours:
        tell("\n".join(wrong[:20]))
        tell(f"not equal: {len(wrong)} figures of {len(ours)}")
        raise SystemExit(65)
    kinds = {}
    for key in ours:
        kinds[key[0]] = kinds.get(key[0], 0) + 1
    tell("equal: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


def figure(values, unit):
    return {"median": float(f"{statistics.median(values):.6g}"), "min": float(f"{min(values):.6g}"), "max": float(f"{max(values):.6g}"),
            "n": len(values), "unit": unit}


def measure(build, folder, persons, rounds):
    import duckdb_ask
    import duckdb_load
    files = city(build, os.path.join(folder, "city"), persons)
    archive = import_archive(build, folder, files)
    replay(build, archive, folder)
    with open(os.path.join(folder, "summary"), encoding="utf-8") as source:
        claims = json.load(source)["received"]
    base = connect(folder)
    start = time.monotonic()
    sets = duckdb_load.load(base, duckdb_load.without(files[0], refused_lines(folder), folder), files[1], files[2])
    duckdb_ask.prepare(base)
    tell(f"{persons} persons, {claims} settlements; loaded into DuckDB in {time.monotonic() - start:.1f} s")
    check_equal(base, sets, folder)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(claims / replay(build, archive, folder))
        start = time.monotonic()
        duckdb_ask.ask(base, sets)
        theirs.append(claims / (time.monotonic() - start))
        tell(f"round {number + 1}: fundwatch {ours[-1]:.0f} claims/s, DuckDB {theirs[-1]:.0f} claims/s, ratio {ours[-1] / theirs[-1]:.3f}")
    base.close()
    kept = sum(os.path.getsize(os.path.join(archive, name)) for name in os.listdir(archive) if name.endswith(".fwa"))
    return {"archive_bytes_per_claim": figure([kept / claims], "bytes"), "replay_vs_duckdb": figure([a / b for a, b in zip(ours, theirs)], "ratio"), "replay_city_claims_per_second": figure(ours, "claims/s"),
            "duckdb_claims_per_second": figure(theirs, "claims/s")}


def with_duckdb(build):
    """This Python when it has DuckDB, else that of BUILD/duckdb."""
    try:
        import duckdb  # noqa: F401  (is it there?)
        return
    except ImportError:
        python = os.path.join(build, "duckdb", "bin", "python")
        if os.path.exists(python) and os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(build, "duckdb")):
            os.execv(python, [python, *sys.argv])
    tell("no DuckDB: python3 -m venv BUILD/duckdb && BUILD/duckdb/bin/pip install duckdb")
    raise SystemExit(69)


def main():
    if len(sys.argv) not in (2, 3, 4):
        print(__doc__, file=sys.stderr)
        return 64
    build = os.path.abspath(sys.argv[1])
    with_duckdb(build)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = tempfile.mkdtemp(prefix="fundwatch-duckdb-")
    try:
        persons, rounds = (int(word) for word in (sys.argv[2:] + ["1000000", "7"][len(sys.argv) - 2:]))
        print(json.dumps(measure(build, folder, persons, rounds)))
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
