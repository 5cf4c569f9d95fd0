"""Running the program over a feed, and what it said."""
import itertools
import json
import subprocess

import records


class Failure(Exception):
    """The program did not run, or said something that is no JSON."""


def joined(lines):
    return b"".join(line + b"\n" for line in lines)


def segments_of(lines):
    """[(kind, [bytes])]: what goes into one file each."""
    return [(kind, [line for _, line in run]) for kind, run in itertools.groupby(lines, key=lambda one: one[0])]


def write(folder, lines):
    """The files of a feed, named in the order in which they are read."""
    for number, (kind, run) in enumerate(segments_of(lines)):
        (folder / f"{number:03d}-{kind}s.ndjson").write_bytes(joined(run))


def files_of(folder):
    """[(kind, path)] of a folder, in the order of their names."""
    return [("enrolment" if "enrolment" in path.name else "settlement", path) for path in sorted(folder.glob("*.ndjson"))]


def feed_of(folder):
    """The feed that is read from the files: (kind, (file, physical line), bytes) without blank lines."""
    return [(kind, (path.name, number), line) for kind, path in files_of(folder) for number, line in records.lines_of(path.read_bytes())]


class Said:
    """Lines said so far."""

    def __init__(self, alerts, indicators, refused):
        self.alerts, self.indicators, self.refused = alerts, indicators, refused

    def final_alerts(self):
        return {alert["alert_id"]: alert for alert in self.alerts}


class Run(Said):
    """One run of the program over the files of a folder."""

    def __init__(self, program, rules, folder, batch=None):
        outputs = {name: folder / f"{name}.{batch or 'default'}" for name in ("alerts", "indicators", "refused", "summary")}
        command = [program, "replay", "--close-all", "--rules", rules, "--person-clear", "--quiet"]
        command += [part for name, path in outputs.items() for part in (f"--{name}", path)]
        command += ["--batch", str(batch)] if batch else []
        command += [part for kind, path in files_of(folder) for part in ("--record", f"{kind}={path}")] + ["/dev/null"]
        done = subprocess.run([str(part) for part in command], capture_output=True, timeout=60)
        if done.returncode != 0:
            raise Failure(f"exit {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
        self.bytes = {name: path.read_bytes() if path.exists() else b"" for name, path in outputs.items()}
        super().__init__(*(self.lines(name) for name in ("alerts", "indicators", "refused")))
        self.summary = json.loads(self.bytes["summary"] or b"{}")

    def lines(self, name):
        try:
            return [json.loads(line) for line in self.bytes[name].split(b"\n") if line]
        except ValueError as error:
            raise Failure(f"{name}: {error}") from None


class FeedRun:
    """One run of property_feed: what was said up to any line of the feed."""

    def __init__(self, feeder, rules, lines):
        text = b"".join(kind.encode() + b" " + line + b"\n" for kind, line in lines) + b"close\n"
        done = subprocess.run([str(feeder), str(rules)], input=text, capture_output=True, timeout=60)
        if done.returncode != 0:
            raise Failure(f"property_feed, exit {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
        self.said = [line.split(b" ", 2) for line in done.stdout.split(b"\n") if line]

    def until(self, count):
        """After the first count lines."""
        kinds = {name: [] for name in (b"alert", b"indicator", b"refused", b"data_quality", b"shadow")}
        for number, kind, line in self.said:
            if int(number) <= count:
                kinds[kind].append(json.loads(line))
        run = Said(kinds[b"alert"], kinds[b"indicator"], kinds[b"refused"])
        run.numbered = [(int(number), json.loads(line)) for number, kind, line in self.said if kind == b"alert" and int(number) <= count]
        return run
