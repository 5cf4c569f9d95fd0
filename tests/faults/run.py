#!/usr/bin/python3
"""fundwatchd under every fault that it must survive. Prints TAP.

    tests/faults/run.py [--long] BUILD [WORD]...

BUILD holds the programs and libfundwatch_faults.so; only tests whose name has a WORD. --long: stops and absences of minutes.
Tests that need a real broker are skipped, by name and reason, where Java or Maven is missing or Kafka cannot be fetched.
"""
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import disk             # noqa: E402
import outside          # noqa: E402
import process          # noqa: E402
import selftest         # noqa: E402
import stage            # noqa: E402
import world            # noqa: E402

SHOWN = 40              # lines of a daemon's log that a failure shows


def self_power_cut(context):
    """the tools themselves: what a simulated power cut drops"""
    selftest.power_cut(context.build, context.folder)


def self_failing_calls(context):
    """the tools themselves: failing writes, syncs and opens, and steps"""
    selftest.failing_calls(context.build, context.folder)


# Two rows of tests side by side: most of their time is waiting.  Those on the real broker are in one: it ends with the thread
# that started it.
ROWS = ((self_power_cut, self_failing_calls) + disk.TESTS + process.TESTS, outside.TESTS + (process.doubled_delivery,))


def show_logs(context, test, begun):
    for base, _, files in os.walk(context.folder):
        if "daemon.log" in files and os.path.getmtime(os.path.join(base, "daemon.log")) > begun:
            with open(os.path.join(base, "daemon.log"), encoding="utf-8", errors="replace") as text:
                print(f"--- {test.__name__}: {os.path.basename(base)}\n" + "\n".join(text.read().split("\n")[-SHOWN:]), file=sys.stderr)


def run_one(context, test):
    """(status, reason)"""
    begun = time.time()
    try:
        test(context)
        return "ok", ""
    except world.Unavailable as why:
        return "ok", f"SKIP {why}"
    except Exception as wrong:      # noqa: BLE001
        traceback.print_exc()
        show_logs(context, test, begun)
        return "not ok", " ".join(str(wrong).split("\n")[0].split())[:600]


class Results:
    def __init__(self):
        self.lock, self.number, self.failed = threading.Lock(), 0, 0

    def row(self, context, tests):
        for test in tests:
            status, reason = run_one(context, test)
            with self.lock:
                self.number += 1
                self.failed += status != "ok"
                print(f"{status} {self.number} - {test.__doc__}{' # ' + reason if reason else ''}", flush=True)


def main():
    words = [word for word in sys.argv[1:] if word != "--long"]
    if not words:
        print(__doc__, file=sys.stderr)
        return 64
    build = os.path.abspath(words[0])
    rows = [[test for test in row if not words[1:] or any(word in test.__doc__ or word == test.__name__ for word in words[1:])] for row in ROWS]
    if not shutil.which("kcat"):
        print("1..0 # SKIP kcat is not installed")
        return 77
    folder, results, context = tempfile.mkdtemp(prefix="fundwatch-faults-"), Results(), None
    try:
        context = stage.Context(build, folder, "--long" in sys.argv)
        print(f"1..{sum(map(len, rows))}", flush=True)
        threads = [threading.Thread(target=results.row, args=(context, row)) for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        if context:
            context.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
