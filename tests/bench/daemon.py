#!/usr/bin/python3
"""The daemon against a bare consumer (bench_daemon.py) on a real Apache Kafka broker, or on the embedded one where there
is no Java or Maven.

    tests/bench/daemon.py BUILD [NAME=VALUE]...       of bench_daemon.py
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import measured

HERE = os.path.dirname(os.path.abspath(__file__))


def county(build, folder):
    """Settlements of a generated county; every one of them is invented."""
    subprocess.run([os.path.join(build, "fundwatch"), "generate", "--seed", "1", "--persons", "10000", "--from", "2024-01-01", "--to",
                    "2024-12-31", "--quiet", "--out", folder], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "settlements.ndjson")


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = sys.argv[1]
    folder = tempfile.mkdtemp(prefix="fundwatch-bench-")
    real = None
    try:
        bootstrap, more = "embedded", []
        try:
            real = measured.Broker(os.path.join(folder, "broker"), os.path.join(build, "kafka_topics"))
            real.start()
            bootstrap, more = real.bootstrap, [f"broker={real.process.pid}"]
        except measured.kafka.Unavailable as why:
            print(f"on the embedded broker: {why}", file=sys.stderr)
        words = [os.path.join(HERE, "bench_daemon.py"), build, bootstrap, county(build, os.path.join(folder, "county")), *more, *sys.argv[2:]]
        return subprocess.run(words, check=False).returncode
    finally:
        if real:
            real.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
