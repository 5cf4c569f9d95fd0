#!/usr/bin/python3
"""Asking fundwatchd for a reload: the control socket, the watch of the folders, what is kept and refused. Prints TAP.

    tests/daemon/reloads.py BUILD [WORD]...     as run.py
"""
import json
import os
import shutil
import signal
import socket
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import run                                                                        # noqa: E402
from asking import CAP, Line, call, controlled, reload, rules_copy, status        # noqa: E402
from run import validate, with_archive                                            # noqa: E402
from stand import ROOT, SECONDS, until                                            # noqa: E402


# ---- tests ----

def wait_answers(context):
    """--reload --wait: the live digest with what is kept; every mistake with place and code; exit 0, 78, 69"""
    rules, rewrite = rules_copy(context, "wait-rules")
    broker, daemon, path = controlled(context, "wait", context.county.settlements[:800], rules=rules, more=with_archive(context, "wait-archive"))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and stat.S_ISSOCK(os.stat(path).st_mode)
    before = status(path)
    assert before["reload"]["generation"] == 1
    code, answer = reload(context, path)
    assert (code, answer["result"], answer["ruleset"]) == (0, "unchanged", before["ruleset"])
    rewrite(("severity: high", "severity: critical"))
    code, answer = reload(context, path)
    assert (code, answer["result"], answer["generation"]) == (0, "taken", 2), answer
    live = json.loads(daemon.get("/healthz")[1])["ruleset"]
    assert answer["ruleset"] == live != before["ruleset"]
    state = answer["state"]
    assert state["changed"] == ["OP-CAP-001"] and not state["new"] and not state["dropped"] and state["kept_bytes"] > 0
    assert any(one["rule"] == "OP-CAP-001" and "sum=hifp_pay" in one["aggregate"] and one["bytes"] > 0 for one in state["kept"])
    synced = daemon.metric("archive_synced_position")
    assert answer["position"] < synced, "answered before the archive had it"
    print(f"# judging stood still for {answer['pause_ns'] / 1e6:.2f} ms; the set was read in {answer['load_ns'] / 1e6:.0f} ms")
    rewrite(("detector: cap", "detector: capp"))
    code, answer = reload(context, path)
    assert (code, answer["result"], answer["ruleset"]) == (78, "refused", live) and answer["errors"] == len([one for one in answer["diagnostics"] if one["level"] == "error"])
    for language, words in (("en", ("error: ", "did you mean cap?", "the old ones go on")), ("zh", ("错误：", "旧规则继续运行"))):
        done = call(context, path, "--reload", "--wait", language=language)
        text = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 78 and f"{os.path.join(rules, CAP)}:" in text and all(word in text for word in words), text
    assert daemon.metric("rules_reload_successful") == 0 and daemon.metric("rules_generation") == 2
    rewrite()
    done = call(context, path, "--reload", "--wait")
    assert done.returncode == 0 and before["ruleset"] in done.stdout.decode() and "kept" in done.stdout.decode()
    assert daemon.metric("rules_reload_successful") == 1 and daemon.metric("rules_generation") == 3
    assert daemon.metric("rules_reload_timestamp_seconds") > 1700000000 and daemon.metric("rules_state_bytes", 'state="kept"') > 0
    done = call(context, path, "--reload")
    assert done.returncode == 0 and b"--wait" in done.stdout
    until("it is done", lambda: status(path)["reload"]["taken"] >= 3 and not status(path)["reload"]["under_way"])
    assert daemon.stop() == 0 and not os.path.exists(path)
    done = call(context, path, "--reload", "--wait")
    assert done.returncode == 69 and path in done.stderr.decode()
    changed = broker.typed("alerts", "rules.changed")
    assert len(changed) == 2 and [json.loads(one)["generation"] for one in changed] == [2, 3]
    for one in changed:
        validate("rules.changed", one)
    headers = broker.consume("alerts", "%h|%s\n")
    positions = [dict(pair.split(b"=", 1) for pair in one.split(b"|", 1)[0].split(b",")).get(b"ce_archiveposition") for one in headers if b'"rules.changed"' in one]
    assert len(positions) == 2 and 0 < int(positions[0]) < int(positions[1])


def dropping(context):
    """state that nothing asks for any more: refused with 75 over socket, signal and watch; --accept-drop drops it"""
    rules, rewrite = rules_copy(context, "drop-rules")
    broker, daemon, path = controlled(context, "drop", context.county.settlements[:800], rules=rules)
    old = status(path)["ruleset"]
    rewrite(("mode: enforce", "mode: off"))
    code, answer = reload(context, path)
    assert (code, answer["result"], answer["ruleset"]) == (75, "would_drop", old), answer
    dropped = answer["state"]["dropped"]
    assert [one["rule"] for one in dropped] == ["OP-CAP-001"] and dropped[0]["bytes"] == answer["state"]["dropped_bytes"] > 0
    done = call(context, path, "--reload", "--wait")
    assert done.returncode == 75 and b"--accept-drop" in done.stderr and b"dropped" in done.stdout
    refusals = daemon.metric("rules_refusals_total")
    daemon.process.send_signal(signal.SIGHUP)
    until("the refusal", lambda: daemon.metric("rules_refusals_total") == refusals + 1)
    assert status(path)["ruleset"] == old
    code, answer = reload(context, path, "--accept-drop")
    assert (code, answer["result"]) == (0, "taken") and answer["state"]["dropped_bytes"] > 0
    assert daemon.metric("rules_state_bytes", 'state="dropped"') == answer["state"]["dropped_bytes"]
    rewrite()
    code, answer = reload(context, path)
    assert (code, answer["result"], answer["ruleset"]) == (0, "taken", old)
    assert [(one["rule"], one["backfill"]) for one in answer["state"]["new"]] == [("OP-CAP-001", False)], answer["state"]["new"]
    assert daemon.stop() == 0
    for one in broker.typed("alerts", "rules.changed"):
        validate("rules.changed", one)


def hostile(context):
    """malformed, endless, slow and vanishing clients disturb nobody"""
    _, daemon, path = controlled(context, "hostile", context.county.settlements[:300])
    line = Line(path)
    for bad in (b"", b"{", b"[]", b"17", b'"reload"', b"{}", b'{"request":"reboot"}', b'{"request":"status","more":1}', b'{"request":"reload","wait":1}', b'{"request":"status"}x',
                b'{"request":"sta\xfftus"}', b"[" * 4000, b'{"a":' * 600, b"\x00" * 100):
        answer = line.ask(bad)
        assert answer["answer"] == "error" and answer["error"], bad
    assert line.ask(b'{"request":"status"}')["answer"] == "status"
    line.close()
    line = Line(path)
    line.send(b"x" * 5000)
    assert line.answer()["error"] == "the request is too long" and line.answer() is None, "a request without an end is read on"
    line.close()
    silent = []                 # more than there are places; the oldest make room
    for number in range(40):
        silent.append(Line(path))
        if number % 2:
            silent[-1].send(b'{"request":"st')
    assert status(path)["answer"] == "status"
    for one in silent:
        one.close()
    greedy = Line(path)         # asks and never reads
    greedy.socket.setblocking(False)
    try:
        while True:
            greedy.socket.send(b'{"request":"status"}\n' * 100)
    except BlockingIOError:
        pass
    assert status(path)["answer"] == "status"
    for _ in range(30):         # ask for a reload and go
        gone = Line(path)
        gone.send(b'{"request":"reload","wait":true}\n')
        gone.close()
    half = Line(path)           # closes its side and still gets its answer
    half.send(b'{"request":"reload","wait":true}\n')
    half.socket.shutdown(socket.SHUT_WR)
    assert half.answer()["result"] == "unchanged"
    both = Line(path)           # two requests in one piece: two answers, in order
    both.send(b'{"request":"reload","wait":true}\n{"request":"status"}\n')
    assert [both.answer()["answer"], both.answer()["answer"]] == ["reload", "status"]
    for one in (half, both, greedy):
        one.close()
    assert daemon.ready() and daemon.stop() == 0


def stale_socket(context):
    """a socket left by a killed daemon is replaced; one in use, and what is no socket, is not"""
    lines = context.county.settlements[:200]
    broker, daemon, path = controlled(context, "stale", lines)
    second = context.daemon("stale-second", broker.bootstrap, more=f"control: {path}\n")
    assert second.process.wait(timeout=SECONDS) == 69 and "another fundwatchd uses the control socket" in second.log_text()
    assert status(path)["answer"] == "status"
    daemon.process.kill()
    daemon.process.wait()
    assert os.path.exists(path)
    third = context.daemon("stale-third", broker.bootstrap, more=f"control: {path}\n")
    until("it answers", lambda: third.alive() and call(context, path, "--status").returncode == 0)
    assert third.stop() == 0 and not os.path.exists(path)
    with open(path, "w", encoding="utf-8") as out:
        out.write("a file of somebody\n")
    fourth = context.daemon("stale-fourth", broker.bootstrap, more=f"control: {path}\n")
    assert fourth.process.wait(timeout=SECONDS) == 69
    with open(path, encoding="utf-8") as kept:
        assert kept.read() == "a file of somebody\n"


class Gate:
    """A table as a named pipe: whoever reads the tables waits until it is let through."""

    def __init__(self, path):
        with open(path, "rb") as text:
            self.text = text.read()
        os.remove(path)
        os.mkfifo(path)
        self.path = path

    def wait(self):
        """A reader stands at the gate."""
        def opened():
            try:
                return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return None
        return until("a load", opened)

    def let(self, fd):
        os.set_blocking(fd, True)
        os.write(fd, self.text)
        os.close(fd)

    def remove(self):
        os.remove(self.path)
        with open(self.path, "wb") as out:
            out.write(self.text)


def during_a_load(context):
    """a reload asked for during a load is not lost: every asker gets the answer of a load that began after the asking"""
    rules, rewrite = rules_copy(context, "slow-rules")
    tables = os.path.join(context.folder, "slow-tables")
    shutil.copytree(context.county.tables, tables)
    _, daemon, path = controlled(context, "slow", context.county.settlements[:500], rules=rules, tables=tables)
    old = status(path)["ruleset"]
    gate = Gate(os.path.join(tables, "level.csv"))
    first = Line(path)
    first.send(b'{"request":"reload","wait":true}\n')
    at_gate = gate.wait()                       # the first load
    others = [Line(path) for _ in range(3)]
    for one in others:
        one.send(b'{"request":"reload","wait":true}\n')
    daemon.process.send_signal(signal.SIGHUP)
    gone = Line(path)
    gone.send(b'{"request":"reload","wait":true}\n')
    gone.close()
    assert status(path)["reload"]["under_way"], "the load does not wait at the gate"
    gate.let(at_gate)
    answer = first.answer()
    assert (answer["result"], answer["ruleset"]) == ("unchanged", old), answer
    at_gate = gate.wait()                       # the second load, before it reads any rule
    rewrite(("severity: high", "severity: critical"))
    gate.let(at_gate)
    answers = [one.answer() for one in others]
    assert len({one["ruleset"] for one in answers}) == 1 and answers[0]["ruleset"] != old, answers
    assert {one["result"] for one in answers} <= {"taken", "unchanged"} and [one["generation"] for one in answers] == [2, 2, 2]
    gate.remove()
    for one in [first, *others]:
        one.close()
    assert daemon.stop() == 0


def watching(context):
    """rules_watch: on: a rename, a checkout of many files, a file written in pieces, a link that is moved: read when quiet; a refusal is told once"""
    rules, rewrite = rules_copy(context, "watched-rules")
    link = os.path.join(context.folder, "watched-link")
    os.symlink(rules, link)
    _, daemon, path = controlled(context, "watched", context.county.settlements[:300], rules=link, more="rules_watch: on\nrules_quiet: 200\n")
    seen = [status(path)["ruleset"]]

    def another(what):
        seen.append(until(what, lambda: (lambda now: now if now != seen[-1] else None)(status(path)["ruleset"])))
    rewrite(("severity: high", "severity: critical"))
    another("the renamed file")
    rewrite(("detector: cap", "detector: capp"))
    until("the refusal", lambda: daemon.metric("rules_refusals_total") == 1)
    os.utime(os.path.join(rules, CAP))
    rewrite(("detector: cap", "detector: capp"))
    until("the second refusal", lambda: daemon.metric("rules_refusals_total") == 2)
    told = sum("capp" in one for one in daemon.messages())
    assert told == 1, f"the same refusal is told {told} times"
    assert status(path)["ruleset"] == seen[-1]
    folder = os.path.join(rules, "policy")
    for name in sorted(os.listdir(folder)):     # as a checkout: every file is removed and written again
        file = os.path.join(folder, name)
        with open(file, encoding="utf-8") as text:
            content = text.read().replace("detector: capp", "detector: cap").replace("severity: high", "severity: low")
        os.remove(file)
        with open(file, "w", encoding="utf-8") as out:
            for part in range(0, len(content), 100):
                out.write(content[part:part + 100])
                out.flush()
    another("the checkout")
    assert daemon.metric("rules_refusals_total") == 2, "half of a checkout was read"
    other = os.path.join(context.folder, "watched-other")
    shutil.copytree(os.path.join(ROOT, "rules"), other)
    os.symlink(other, link + ".new")
    os.rename(link + ".new", link)
    another("the link")
    assert seen[-1] == seen[0] and daemon.stop() == 0


TESTS = (wait_answers, dropping, hostile, stale_socket, during_a_load, watching)

if __name__ == "__main__":
    sys.exit(run.main(TESTS))
