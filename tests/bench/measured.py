"""What latency.py and soak.py stand on: a real broker with the memory and compiler of a site's, rules of one's own, fundwatchd with the
defaults of a site."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, "..", "kafka"), os.path.join(HERE, "..", "daemon")]
import broker as kafka  # noqa: E402  (the recipe of the tests)
import stand  # noqa: E402

OUTPUTS = ("alerts", "shadow", "indicators", "stats", "refused")
CHECK, CAP = os.path.join("management", "ARITH-001.yaml"), os.path.join("policy", "OP-CAP-001.yaml")


class Broker(kafka.Broker):
    """As the tests have it, but with 512 MB and every level of the compiler."""

    def java_words(self, *words):
        plain = [word for word in super().java_words(*words) if not word.startswith(("-Xms", "-Xmx", "-XX:TieredStopAtLevel"))]
        return [plain[0], "-Xms512m", "-Xmx512m", *plain[1:]]

    def make_topics(self, prefix, partitions, **settings):
        self.create(f"{prefix}.settlement", partitions, **settings)
        for name in OUTPUTS:
            self.create(f"{prefix}.{name}")


def rules_copy(folder):
    """The shipped rules with ARITH-001 enforced; and a function that replaces text in the cap rule as shipped, in one rename. Of its tests
    those are left that hold for a slightly higher cap too."""
    shutil.copytree(os.path.join(stand.ROOT, "rules"), folder)
    path = os.path.join(folder, CHECK)
    with open(path, encoding="utf-8") as text:
        check = text.read()
    assert 'mode: "off"' in check
    with open(path, "w", encoding="utf-8") as out:
        out.write(check.replace('mode: "off"', "mode: enforce"))
    with open(os.path.join(folder, CAP), encoding="utf-8") as text:
        shipped = text.read().split("  - name: one fen above the limit\n")[0]

    def rewrite(old="", new=""):
        assert old in shipped, old
        path = os.path.join(folder, CAP)
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(shipped.replace(old, new))
        os.rename(path + ".new", path)
    rewrite()
    return rewrite


class Daemon(stand.Daemon):
    """fundwatchd with the topics PREFIX.settlement and so on, and defaults but for what `more` says; on these cores."""

    def __init__(self, build, folder, bootstrap, prefix, rules, more="", cores=None):
        os.makedirs(folder, exist_ok=True)
        self.build, self.folder, self.port = build, folder, stand.free_port()
        self.config, self.log = os.path.join(folder, "daemon.yaml"), os.path.join(folder, "daemon.log")
        self.control = os.path.join(folder, "control.sock")
        topics = "".join(f"  {name}: {prefix}.{name}\n" for name in ("settlement", *OUTPUTS))
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"brokers: ['{bootstrap}']\ntopics:\n{topics}  enrolment: ''\nrules: {rules}\nlisten: 127.0.0.1:{self.port}\ncontrol: {self.control}\n{more}")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.path.join(build, "fundwatchd"), "--config", self.config, "--lang", "en"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=pin(cores))
        stand.until("the daemon is ready", self.ready)

    def reload(self):
        """The daemon's answer; the old rules go on when it is refused."""
        done = subprocess.run([os.path.join(self.build, "fundwatchd"), "--control", self.control, "--reload", "--wait", "--json"], stdout=subprocess.PIPE,
                              timeout=10 * stand.SECONDS, check=False)
        return json.loads(done.stdout)


def pin(cores):
    """For preexec_fn: the process stays on these cores."""
    return (lambda: os.sched_setaffinity(0, cores)) if cores else None


def last_stats(bootstrap, prefix):
    """The last line of the stats topic."""
    done = subprocess.run(["kcat", "-q", "-C", "-b", bootstrap, "-t", f"{prefix}.stats", "-o", "-1", "-e"], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout.split(b"\n")[0])


def drive(build, bootstrap, prefix, *options, log=None):
    """bench_latency as a process; its figures go to its standard output."""
    words = [os.path.join(build, "bench_latency"), f"brokers={bootstrap}", f"in={prefix}.settlement", f"out={prefix}.alerts", *options]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
