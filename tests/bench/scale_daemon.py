"""A real fundwatchd over the archive of a large city: how long it takes to be ready after kill -9, and how long judging
pauses while a snapshot is made beside it.  Settlements come from the embedded broker all the while."""
import mmap
import os
import signal
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request

NAMES = ("settlement", "alerts", "shadow", "indicators", "stats", "refused")
PARTITIONS = 32         # the embedded broker keeps 5 MB of each
SECONDS = 900           # nothing here may take longer
TURNS = struct.Struct("<4Q")    # struct turns of turns.c
NS = 1e9


def wait_for(what, ready, seconds=SECONDS, pause=0.02):
    end = time.monotonic() + seconds
    while not (answer := ready()):
        if time.monotonic() > end:
            raise SystemExit(f"no {what} after {seconds} s")
        time.sleep(pause)
    return answer


class City:
    """Broker, configuration and feed; the archive was made by the caller."""

    def __init__(self, build, root, folder, archive, crowd):
        self.build, self.root, self.folder, self.archive, self.crowd = build, root, folder, archive, crowd
        self.sent = 0
        self.daemon = self.sender = None
        words = [os.path.join(build, "fundwatch-broker")]
        for name in NAMES:
            words += ["--topic", f"scale.{name}:{PARTITIONS if name == 'settlement' else 1}"]
        self.broker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bootstrap = self.broker.stdout.readline().decode().strip()

    def config(self, snapshot_every):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.path = os.path.join(self.folder, "daemon.yaml")
        with open(self.path, "w", encoding="utf-8") as out:
            topics = "".join(f"  {name}: scale.{name}\n" for name in NAMES)
            out.write(f"brokers: ['{self.bootstrap}']\ntopics:\n{topics}  enrolment: ''\nrules: {self.root}/rules\nlisten: 127.0.0.1:{self.port}\n"
                      f"archive:\n  dir: {self.archive}\n  snapshot_every: {snapshot_every}\n  snapshot_records: 1000000000\n")

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except (OSError, urllib.error.HTTPError):
            return None

    def is_ready(self):
        if self.daemon.poll() is not None:
            with open(os.path.join(self.folder, "daemon.log"), encoding="utf-8", errors="replace") as log:
                raise SystemExit(f"fundwatchd ended with {self.daemon.returncode}: {log.read()[-1500:]}")
        return self.get("/readyz") is not None

    def start(self, **environment):
        """Seconds from its start to ready."""
        begin = time.monotonic()
        with open(os.path.join(self.folder, "daemon.log"), "ab") as log:
            self.daemon = subprocess.Popen([os.path.join(self.build, "fundwatchd"), "--config", self.path, "--lang", "en"], stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, env={**os.environ, **environment})
        wait_for("ready daemon", self.is_ready)
        return time.monotonic() - begin

    def judged(self):
        text = self.get("/metrics") or ""
        return sum(int(line.rsplit(" ", 1)[1]) for line in text.split("\n") if line.startswith("fundwatch_records_judged_total{"))

    def send(self, count, rate):
        """Starts to send the next settlements of the crowd."""
        first = self.crowd["claims"] + self.sent
        self.sent += count
        self.sender = subprocess.Popen([os.path.join(self.build, "bench_crowd"), "send", *map(str, (self.crowd["persons"], first, count, self.crowd["days"],
                                        self.bootstrap, "scale.settlement", PARTITIONS, rate))])

    def end_sending(self):
        self.sender.kill()
        self.sender.wait()

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        if self.daemon.wait(timeout=SECONDS):
            raise SystemExit("fundwatchd did not end with 0")

    def close(self):
        for process in (self.daemon, self.sender, self.broker):
            if process and process.poll() is None:
                process.kill()
                process.wait()


def drop_cache(folder):
    """The pages of every file below the folder leave the cache of the system."""
    for where, _, names in os.walk(folder):
        for name in names:
            file = os.open(os.path.join(where, name), os.O_RDONLY)
            os.fdatasync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def recovery(city, rounds, tail, rate, cold, tell):
    """Kills the daemon while settlements come; each time `tail` more of them have been judged since the snapshot."""
    seconds = []
    city.config(86400)
    tell(f"first start: ready in {city.start():.2f} s")
    for _ in range(rounds):
        before = city.judged()
        city.send(2 * tail, rate)
        wait_for("judged tail", lambda: city.judged() - before >= tail)
        city.kill()
        city.end_sending()
        if cold:
            drop_cache(city.archive)
        seconds.append(city.start())
        tell(f"kill -9, {'cold' if cold else 'warm'} cache: ready again in {seconds[-1]:.2f} s")
    city.stop()
    return seconds


def is_making(city):
    """Whether the process that makes a snapshot runs: it is a child of the daemon."""
    try:
        with open(f"/proc/{city.daemon.pid}/task/{city.daemon.pid}/children", encoding="ascii") as children:
            return bool(children.read().split())
    except OSError:
        return False


class Turns:
    """The figures that turns.c keeps."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as out:
            out.write(bytes(TURNS.size))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), TURNS.size)

    def begin(self):
        self.memory[:TURNS.size] = bytes(TURNS.size)

    def end(self):
        """(turns, longest turn in s, longest gap in s)"""
        count, turn, gap, _ = TURNS.unpack(self.memory[:TURNS.size])
        return count, turn / NS, gap / NS


def pauses(city, rounds, every, rate, tell):
    """For each snapshot: the longest turn and the longest gap before it is made and while it is made."""
    turns = Turns(os.path.join(city.folder, "turns"))
    city.config(every)
    city.start(LD_PRELOAD=os.path.join(city.build, "libbench_turns.so"), FUNDWATCH_TURNS=turns.path)
    city.send(10 ** 9, rate)
    wait_for("judging", lambda: turns.end()[0] > 100)
    quiet, busy = [], []
    for _ in range(rounds):
        turns.begin()
        wait_for("snapshot", lambda: is_making(city))
        quiet.append(turns.end())
        turns.begin()
        begin = time.monotonic()
        wait_for("end of the snapshot", lambda: not is_making(city))
        seconds = time.monotonic() - begin
        time.sleep(0.5)         # its end is noticed and its file looked at between two turns
        busy.append((*turns.end(), seconds))
        tell("without a snapshot {} turns, longest {:.2f} ms, longest gap {:.2f} ms; ".format(quiet[-1][0], quiet[-1][1] * 1e3, quiet[-1][2] * 1e3)
             + "with one ({:.1f} s) {} turns, longest {:.2f} ms, longest gap {:.2f} ms".format(seconds, busy[-1][0], busy[-1][1] * 1e3, busy[-1][2] * 1e3))
    city.end_sending()
    city.stop()
    return quiet, busy
