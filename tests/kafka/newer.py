"""A librdkafka newer than Debian 12's: the one inside the Python client of PyPI, which needs nothing but the C library."""
import glob
import os
import shutil
import subprocess

from broker import Unavailable

PACKAGE = "confluent-kafka==2.16.1"
SECONDS = 180
FEED = """
import sys, confluent_kafka
out = confluent_kafka.Producer({"bootstrap.servers": sys.argv[1], "enable.idempotence": True, "linger.ms": 5})
failed = []
for line in sys.stdin.buffer:
    while True:
        try:
            out.produce(sys.argv[2], line[:-1], partition=0, on_delivery=lambda error, message: error and failed.append(error))
            break
        except BufferError:
            out.poll(1)
    out.poll(0)
left = out.flush(60)
print(confluent_kafka.libversion()[0])
sys.exit(1 if left or failed else 0)
"""


def tried(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise Unavailable(f"{PACKAGE} cannot be had: {' '.join(done.stdout.strip().split())[-160:]}")


def environment(build):
    """The folder of a Python environment with the client, below build; made once, whole or not at all."""
    folder = os.path.join(build, "newer-librdkafka")
    if os.path.exists(os.path.join(folder, "done")):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    tried(["/usr/bin/python3", "-m", "venv", folder])
    tried([os.path.join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", PACKAGE])
    found = glob.glob(os.path.join(folder, "lib", "python3*", "site-packages", "confluent_kafka.libs", "librdkafka-*.so.1"))
    if len(found) != 1:
        raise Unavailable(f"{PACKAGE} holds no librdkafka")
    os.makedirs(os.path.join(folder, "library"))
    os.symlink(found[0], os.path.join(folder, "library", "librdkafka.so.1"))
    with open(os.path.join(folder, "done"), "w", encoding="ascii"):
        pass
    return folder


def library(build):
    """Of the environment of a process that is to run with it."""
    return {"LD_LIBRARY_PATH": os.path.join(environment(build), "library")}


def produce(build, bootstrap, topic, lines):
    """Lines into partition 0; returns the version of the library that sent them."""
    words = [os.path.join(environment(build), "bin", "python"), "-c", FEED, bootstrap, topic]
    done = subprocess.run(words, input=b"".join(line + b"\n" for line in lines), stdout=subprocess.PIPE, timeout=SECONDS, check=True)
    return done.stdout.decode().strip()


def main():
    import sys
    try:
        print(environment(os.path.abspath(sys.argv[1])))
    except Unavailable as why:
        print(f"newer.py: {why}", file=sys.stderr)
        return 69
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
