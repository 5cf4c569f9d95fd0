"""fundwatch watch: what an officer sees, from a file, a pipe, a terminal and a topic."""
import fcntl
import gzip
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
FEED = os.path.join(HERE, "watch", "feed.ndjson")
DEADLINE = 20


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LC_ALL", "LC_MESSAGES", "LANG", "TERM", "COLUMNS")}
    return dict(kept, TERM="xterm", **more)


def watch(*words, stdin=None, text=True):
    return subprocess.run([PROGRAM, "watch", *words], capture_output=True, text=text, stdin=stdin, env=environment(), timeout=DEADLINE)


def golden(name):
    with open(os.path.join(HERE, "watch", name), encoding="utf-8") as file:
        return file.read()


class Lines(unittest.TestCase):
    def test_one_line_an_alert(self):
        for language in ("zh", "en"):
            run = watch("--lang", language, FEED)
            self.assertEqual((run.returncode, run.stdout), (0, golden(f"lines.{language}")))
        self.assertEqual(run.stderr, "fundwatch: alerts shown: 4, filtered out: 0, bad lines: 1\n")

    def test_the_whole_alert_is_its_last_revision(self):
        for language in ("zh", "en"):
            shown = "".join(watch("--lang", language, "--show", start, FEED).stdout for start in ("5d0c", "aa11", "bb22"))
            self.assertEqual(shown, golden(f"whole.{language}"))

    def test_control_characters_do_not_reach_the_terminal(self):
        self.assertIn("\\u001b", golden("feed.ndjson"))
        self.assertNotIn("\x1b", watch(FEED).stdout + watch("--show", "5d0c", FEED).stdout)

    def test_filters(self):
        def rules(*words):
            return [json.loads(line)["rule"]["id"] for line in watch("--json", *words, FEED).stdout.splitlines()]
        self.assertEqual(rules(), ["OP-CAP-001", "DRG-SHARE-001", "OP-CAP-001", "ADM-POOR-TOWN-001"])
        self.assertEqual(rules("--severity", "medium"), ["OP-CAP-001", "DRG-SHARE-001", "OP-CAP-001"])
        self.assertEqual(rules("--severity", "critical"), [])
        self.assertEqual(rules("--rule", "DRG-SHARE-001", "--rule", "ADM-POOR-TOWN-001"), ["DRG-SHARE-001", "ADM-POOR-TOWN-001"])
        self.assertEqual(rules("--region", "140902"), ["OP-CAP-001", "OP-CAP-001"])
        self.assertEqual(rules("--region", "1409", "--status", "retracted"), ["OP-CAP-001"])
        self.assertEqual(rules("--region", "1405"), ["ADM-POOR-TOWN-001"])
        self.assertEqual(rules("--region", "37"), [])

    def test_an_alert_of_another_kind_is_not_lost(self):
        line = golden("feed.ndjson").splitlines()[1].replace('"severity":"high"', '"severity":"extreme"').encode()
        run = subprocess.run([PROGRAM, "watch", "--lang", "en", "-"], input=line, capture_output=True, env=environment(), timeout=DEADLINE)
        self.assertIn(b"extreme", run.stdout)

    def test_json_lines_pass_unchanged(self):
        with open(FEED, encoding="utf-8") as file:
            alerts = [line for line in file if '"type":"alert"' in line]
        self.assertEqual(watch("--json", FEED).stdout, "".join(alerts))
        self.assertEqual(watch("--json", "--show", "5d0c", FEED).stdout, alerts[2])

    def test_exit_after(self):
        run = watch("--exit-after", "2", FEED)
        self.assertEqual((run.returncode, len(run.stdout.splitlines())), (0, 2))
        self.assertEqual(watch("--exit-after", "9", FEED).returncode, 75)

    def test_standard_input_and_gzip(self):
        with open(FEED, "rb") as file:
            self.assertEqual(watch("--lang", "en", "-", stdin=file).stdout, golden("lines.en"))
        with tempfile.TemporaryDirectory() as folder:
            packed = os.path.join(folder, "feed.gz")
            with open(FEED, "rb") as file, gzip.open(packed, "wb") as out:
                out.write(file.read())
            self.assertEqual(watch("--lang", "en", packed).stdout, golden("lines.en"))
            with open(packed, "rb") as file:
                cut = file.read()[:-200]
            with open(packed, "wb") as file:
                file.write(cut)
            self.assertEqual(watch("--lang", "en", packed).returncode, 65)


class Mistakes(unittest.TestCase):
    def refuse(self, code, says, *words):
        run = watch("--lang", "en", *words)
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertIn(says, run.stderr)

    def test_mistakes(self):
        self.refuse(64, "a file, \"-\" or --brokers LIST is needed")
        self.refuse(64, "do not go together", "--brokers", "x:1", FEED)
        self.refuse(64, "need --brokers", "--topic", "t", FEED)
        self.refuse(64, "need --brokers", "--group", FEED)
        self.refuse(64, "did you mean medium", "--severity", "mediun", FEED)
        self.refuse(64, "wrong Kafka setting", "--brokers", "x:1", "--property", "no.such=1")
        self.refuse(64, "wrong Kafka setting", "--brokers", "x:1", "--property", "nothing")
        self.refuse(66, "cannot read", os.path.join(HERE, "no such file"))
        self.refuse(65, "no alert whose id begins with ffff", "--show", "ffff", FEED)

    def test_a_broker_that_is_not_there(self):
        run = watch("--lang", "en", "--brokers", "127.0.0.1:1", "--timeout", "2")
        self.assertEqual(run.returncode, 69)
        self.assertIn("cannot reach 127.0.0.1:1", run.stderr)
        self.assertEqual(run.stderr.count("cannot reach"), 1)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([PROGRAM, "watch", "--lang", "en", FEED], stdout=full, stderr=subprocess.PIPE, text=True, env=environment())
        self.assertEqual(run.returncode, 74)
        self.assertIn("cannot write standard output", run.stderr)

    def test_a_reader_that_goes_away_is_no_error(self):
        with tempfile.TemporaryDirectory() as folder:
            many = os.path.join(folder, "many.ndjson")
            with open(FEED, encoding="utf-8") as file, open(many, "w", encoding="utf-8") as out:
                out.write(file.read() * 2000)
            run = subprocess.Popen([PROGRAM, "watch", many], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
            run.stdout.readline()
            run.stdout.close()
            self.assertEqual((run.wait(DEADLINE), run.stderr.read()), (0, b""))
            run.stderr.close()


def read_until(descriptor, wanted, seconds=DEADLINE):
    """What comes until wanted is in it."""
    got, end = b"", time.monotonic() + seconds
    while wanted not in got and time.monotonic() < end:
        if select.select([descriptor], [], [], 0.1)[0]:
            try:
                block = os.read(descriptor, 65536)
            except OSError:
                break
            if not block:
                break
            got += block
    return got


class Following(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "feed.ndjson")
        with open(FEED, encoding="utf-8") as file:
            self.lines = file.readlines()
        self.append(self.lines[1])

    def append(self, text):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)

    def start(self, *words):
        run = subprocess.Popen([PROGRAM, "watch", "--lang", "en", "--follow", *words, self.path], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment())
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.stderr.close)
        self.addCleanup(lambda: run.poll() is None and run.kill())
        return run

    def test_new_lines_are_shown_and_ctrl_c_ends_well(self):
        run = self.start()
        self.assertIn(b"OP-CAP-001", read_until(run.stdout.fileno(), b"\n"))
        self.append(self.lines[3][:100])
        self.append(self.lines[3][100:])
        self.assertIn(b"DRG-SHARE-001", read_until(run.stdout.fileno(), b"\n"))
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(DEADLINE), 0)

    def test_the_number_asked_for_ends_it(self):
        run = self.start("--exit-after", "2")
        read_until(run.stdout.fileno(), b"\n")
        self.append(self.lines[3])
        self.assertEqual(run.wait(DEADLINE), 0)

    def test_the_time_asked_for_ends_it(self):
        self.assertEqual(self.start("--timeout", "1").wait(DEADLINE), 0)
        self.assertEqual(self.start("--timeout", "1", "--exit-after", "2").wait(DEADLINE), 75)


class Terminal(Following):
    """On a terminal: colours, the width, the keyboard."""

    def start(self, *words, **more):
        self.outer, inner = pty.openpty()
        self.addCleanup(os.close, self.outer)
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90, 0, 0))
        run = subprocess.Popen([PROGRAM, "watch", "--lang", "en", *words, self.path], stdin=inner, stdout=inner, stderr=inner,
                               env=environment(**more), start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(inner)
        self.addCleanup(lambda: run.poll() is None and run.kill())
        return run

    def shown(self, *words, **more):
        run = self.start(*words, **more)
        got = read_until(self.outer, b"bad lines: 0").decode()
        self.assertEqual(run.wait(DEADLINE), 0)
        return got

    def test_new_lines_are_shown_and_ctrl_c_ends_well(self):
        run = self.start("--follow")
        self.assertIn(b"OP-CAP-001", read_until(self.outer, b"OP-CAP-001"))
        self.append(self.lines[3])
        self.assertIn(b"DRG-SHARE-001", read_until(self.outer, b"DRG-SHARE-001"))
        os.write(self.outer, b"\x03")
        self.assertEqual(run.wait(DEADLINE), 0)

    def test_the_number_asked_for_ends_it(self):
        run = self.start("--follow", "--exit-after", "1")
        read_until(self.outer, b"OP-CAP-001")
        self.assertEqual(run.wait(DEADLINE), 0)

    def test_the_time_asked_for_ends_it(self):
        self.assertEqual(self.start("--follow", "--timeout", "1").wait(DEADLINE), 0)

    def test_colours_and_width(self):
        coloured = self.shown().splitlines()[0]
        self.assertTrue(coloured.startswith("\x1b[31m"))
        plain = coloured.replace("\x1b[31m", "").replace("\x1b[0m", "")
        self.assertNotIn("\x1b", plain)
        self.assertEqual(plain, "04-01 09:00 high     OP-CAP-001 person pn_8c1f0a12 2024 10.00 yuan  310.00 yuan paid in 2…")
        self.assertEqual(len(plain), 90)

    def test_no_colour_when_not_wanted(self):
        self.assertNotIn("\x1b", self.shown(NO_COLOR="1"))

    def test_other_records_are_dim(self):
        self.append(self.lines[4] + self.lines[0])
        got = self.shown()
        self.assertIn("\x1b[2mrules changed", got)
        self.assertNotIn("heartbeat", got)

    def test_enter_shows_the_last_alert_and_an_id_another(self):
        self.append(self.lines[3])
        run = self.start("--follow")
        read_until(self.outer, b"DRG-SHARE-001")
        os.write(self.outer, b"\n")
        self.assertIn("文医保发〔2023〕10号".encode(), read_until(self.outer, b"claims"))
        os.write(self.outer, b"5d0c\n")
        self.assertIn(b"H14090200002", read_until(self.outer, b"H14090200002"))
        os.write(self.outer, b"none\n")
        self.assertIn(b"no alert whose id begins with none", read_until(self.outer, b"begins with none"))
        os.write(self.outer, b"q\n")
        self.assertEqual(run.wait(DEADLINE), 0)


class Topic(unittest.TestCase):
    """Against a broker of the demo's kind, which keeps its records in memory."""

    def setUp(self):
        broker = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "fundwatch-broker")
        if not os.path.exists(broker):
            self.skipTest("fundwatch-broker was not built")
        if not shutil.which("kcat"):
            self.skipTest("kcat is not installed")
        self.broker = subprocess.Popen([broker, "--topic", "fundwatch.alerts:3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.broker.stdout.close)
        self.addCleanup(self.broker.wait, DEADLINE)
        self.addCleanup(self.broker.stdin.close)
        self.address = self.broker.stdout.readline().strip()
        with open(FEED, encoding="utf-8") as file:
            self.lines = file.readlines()

    def produce(self, *lines, headers=()):
        subprocess.run(["kcat", "-q", "-P", "-b", self.address, "-t", "fundwatch.alerts", "-p", "1", *headers], input="".join(lines), text=True, check=True,
                       timeout=DEADLINE)

    def start(self, *words):
        run = subprocess.Popen([PROGRAM, "watch", "--lang", "en", "--brokers", self.address, *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment())
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.stderr.close)
        self.addCleanup(lambda: run.poll() is None and run.kill())
        return run

    def test_from_the_beginning(self):
        self.produce(*self.lines)
        run = self.start("--from-beginning", "--exit-after", "4")
        self.assertEqual(run.stdout.read().decode(), golden("lines.en"))
        self.assertEqual(run.wait(DEADLINE), 0)

    def test_groups_are_folded(self):
        alert = next(line for line in self.lines if '"type":"alert"' in line)
        self.produce(*[alert] * 30, headers=("-H", "ce_group=a"))
        self.produce(*[alert] * 20, headers=("-H", "ce_group=b"))
        self.produce(alert, alert)
        run = self.start("--from-beginning", "--group", "--exit-after", "52")
        lines = run.stdout.read().decode().splitlines()
        self.assertEqual(run.wait(DEADLINE), 0)
        counts = [int(found.group(1)) if (found := re.search(r"  \((\d+) alerts\)$", line)) else 1 for line in lines]
        self.assertEqual(sum(counts), 52)
        self.assertLess(len(lines), 26)         # what comes together is folded, however the fetches fell

    def test_new_alerts_only(self):
        self.produce(*self.lines[:3])
        run = self.start("--timeout", str(DEADLINE), "--exit-after", "1", "--json")
        end = time.monotonic() + DEADLINE
        while run.poll() is None and time.monotonic() < end:        # what comes before the reader is there is not for it
            self.produce(self.lines[3])
            if select.select([run.stdout], [], [], 0.2)[0]:
                break
        self.assertEqual(run.stdout.read().decode(), self.lines[3])
        self.assertEqual(run.wait(DEADLINE), 0)

    def test_one_alert_of_the_topic(self):
        self.produce(*self.lines)
        run = self.start("--show", "5d0c", "--exit-after", "2")
        shown = run.stdout.read().decode()
        self.assertEqual(run.wait(DEADLINE), 0)
        self.assertTrue(shown.endswith(golden("whole.en").split("DRG/DIP share")[0]))
        self.assertIn("revision 1, new", shown)

    def test_a_broker_that_dies_is_told_once(self):
        self.produce(self.lines[1])
        run = self.start("--from-beginning")
        self.assertIn(b"OP-CAP-001", read_until(run.stdout.fileno(), b"\n"))
        self.broker.kill()
        said = read_until(run.stderr.fileno(), b"trying again")
        self.assertIn(f"cannot reach {self.address}".encode(), said)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(DEADLINE), 0)
        self.assertNotIn(b"cannot reach", run.stderr.read())

    def test_another_property_reaches_the_client(self):
        run = self.start("--timeout", "2", "--property", "security.protocol=ssl")
        self.assertEqual(run.wait(DEADLINE), 69)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
