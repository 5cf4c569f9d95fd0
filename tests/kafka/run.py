#!/usr/bin/python3
"""fundwatchd against a real Apache Kafka broker. Prints TAP.

    tests/kafka/run.py BUILD [WORD]...      BUILD holds the programs; only tests whose name has a WORD

Every test is skipped, by name and reason, where Java or Maven is missing or Kafka cannot be fetched.
"""
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import broker as brokers   # noqa: E402
import faults              # noqa: E402
import feeds               # noqa: E402
import matrix              # noqa: E402
import security            # noqa: E402
import sites               # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = feeds.TESTS + faults.TESTS + security.TESTS + matrix.TESTS
MATRIX_PERSONS = 4000
SHOWN = 40              # lines of the daemon's log that a failure shows


class County:
    """The generated world of the demo, so that one value is the sha256 of its alerts everywhere: two areas of two pools,
    problems of all three families planted."""

    def __init__(self, program, folder, persons=20000):
        words = [program, "generate", "--seed", "7", "--persons", str(persons), "--from", "2024-01-01", "--to", "2024-04-20", "--quiet",
                 "--rules", os.path.join(ROOT, "rules"), "--out", folder]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        self.enrolment_file = os.path.join(folder, "enrolment.ndjson")
        self.tables = os.path.join(folder, "tables")
        self.settlements_file = os.path.join(folder, "settlements.ndjson")
        self.settlements = self.read(self.settlements_file)
        self.enrolments = self.read(self.enrolment_file)

    @staticmethod
    def read(path):
        with open(path, "rb") as stream:
            return [line for line in stream.read().split(b"\n") if line]


class Context:
    """What a test is handed: programs, the county, running brokers that the tests share, a folder and topic prefix of its own."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.topics_tool = os.path.join(build, "kafka_topics")
        self.fundwatch = os.path.join(build, "fundwatch")
        self.fundwatchd = os.path.join(build, "fundwatchd")
        self.feeder = os.path.join(build, "demo_feed")
        self.opened, self.sites = [], {}

    @functools.cached_property
    def shared(self):
        one = self.broker("shared")
        one.start()
        return one

    @functools.cached_property
    def county(self):
        return County(self.fundwatch, os.path.join(self.folder, "county"))

    @functools.cached_property
    def records(self):
        """Of the matrix."""
        return sites.Records(self, County(self.fundwatch, os.path.join(self.folder, "small-county"), persons=MATRIX_PERSONS))

    def site(self, version):
        if version not in self.sites:
            self.sites[version] = sites.Site(self, version)
        return self.sites[version]

    def broker(self, name, **options):
        one = brokers.Broker(os.path.join(self.folder, "broker-" + name), self.topics_tool, **options)
        self.opened.append(one)
        return one

    def scratch(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        for one in self.opened:
            one.close()


def title(test):
    return test.__doc__.split("\n")[0].rstrip(".")


def run_one(context, test):
    """(status, reason). The daemon's log of a failed test goes to stderr."""
    held = []
    try:
        test(context, held.append)
        return "ok", ""
    except brokers.Unavailable as why:
        return "ok", f"SKIP {why}"
    except Exception as wrong:
        traceback.print_exc()
        for one in held:
            print("\n".join(one.log_text().split("\n")[-SHOWN:]), file=sys.stderr)
        return "not ok", " ".join(str(wrong).split("\n")[0].split())
    finally:
        for one in held:
            one.close()


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    chosen = [test for test in TESTS if not sys.argv[2:] or any(word in title(test) for word in sys.argv[2:])]
    folder = tempfile.mkdtemp(prefix="fundwatch-kafka-")
    context, failed = None, 0
    try:
        context = Context(os.path.abspath(sys.argv[1]), folder)
        for number, test in enumerate(chosen, 1):
            status, reason = run_one(context, test)
            failed += status != "ok"
            print(f"{status} {number} - {title(test)}{' # ' + reason if reason else ''}", flush=True)
    except brokers.Unavailable as why:
        for number, test in enumerate(chosen, 1):
            print(f"ok {number} - {title(test)} # SKIP {why}")
    finally:
        if context:
            context.close()
        shutil.rmtree(folder)
    print(f"1..{len(chosen)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
