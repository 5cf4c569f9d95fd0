#!/usr/bin/python3
"""Reloads of fundwatchd: the control socket, the watch of the folders, what is kept and refused, under load. Prints TAP.

    tests/daemon/reloads.py BUILD [WORD]...     as run.py
"""
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import run                                                                        # noqa: E402
from run import fundwatch, loaded, sha, validate, with_archive                    # noqa: E402
from stand import ROOT, SECONDS, until                                            # noqa: E402

CAP = os.path.join("policy", "OP-CAP-001.yaml")


def rules_copy(context, name):
    """A folder of rules of one's own, and a function that rewrites the cap rule: text -> text, in one rename."""
    folder = os.path.join(context.folder, name)
    shutil.copytree(os.path.join(ROOT, "rules"), folder)
    path = os.path.join(folder, CAP)
    with open(path, encoding="utf-8") as text:
        shipped = text.read()

    def rewrite(*pairs):
        changed = shipped
        for old, new in pairs:
            assert old in changed, old
            changed = changed.replace(old, new)
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(changed)
        os.rename(path + ".new", path)
    return folder, rewrite


def socket_of(context, name):
    return os.path.join(context.folder, name + ".sock")


def controlled(context, name, lines, more="", **others):
    """As loaded, with a control socket."""
    path = socket_of(context, name)
    broker, daemon = loaded(context, name, lines, more=f"control: {path}\n{more}", **others)
    until("the socket", lambda: os.path.exists(path))
    return broker, daemon, path


def call(context, path, *words, language="en"):
    return subprocess.run([os.path.join(context.build, "fundwatchd"), "--control", path, "--lang", language, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=SECONDS)


def reload(context, path, *words):
    """(exit code, answer)"""
    done = call(context, path, "--reload", "--wait", "--json", *words)
    return done.returncode, json.loads(done.stdout)


class Line:
    """A raw client of the socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(SECONDS)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """None: the daemon has closed."""
        try:
            line = self.stream.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None

    def ask(self, data):
        self.send(data + b"\n")
        return self.answer()

    def close(self):
        self.stream.close()
        self.socket.close()


def status(path):
    line = Line(path)
    answer = line.ask(b'{"request":"status"}')
    line.close()
    return answer


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


# ---- under load ----

def said_in_order(lines):
    """Every alert id has the revisions 1, 2, 3, ...: no gap, nothing twice."""
    last = {}
    for line in lines:
        one = json.loads(line)
        assert one["revision"] == last.get(one["alert_id"], 0) + 1, f"revision {one['revision']} of {one['alert_id']} after {last.get(one['alert_id'], 0)}"
        last[one["alert_id"]] = one["revision"]


def same_as_recorded(context, archive, broker):
    """A replay of the archive as recorded prints the lines of the topics, in batches of any size."""
    wanted = {"alerts": broker.typed("alerts", "alert"), "indicators": broker.consume("indicators"), "shadow": broker.consume("alerts.shadow")}
    for batch in ("1", "4096"):
        out = {name: os.path.join(context.folder, "as-recorded-" + name) for name in (*wanted, "summary")}
        words = [word for name, path in out.items() for word in (f"--{name}", path)]
        done = fundwatch(context, "replay", "--archive", archive, "--as-recorded", "--json", "--batch", batch, "--quiet", *words)
        assert done.returncode == 0, done.stdout.decode()
        for name, lines in wanted.items():
            with open(out[name], "rb") as stream:
                assert stream.read() == b"".join(line + b"\n" for line in lines), f"batch {batch}: {name} differ"
        with open(out["summary"], "rb") as stream:
            assert json.load(stream)["feed_digest"] == sha(wanted["alerts"]), "feed digest"
    return wanted


class Flow(threading.Thread):
    """Settlements that go in bit by bit until all are there."""

    def __init__(self, broker, lines, piece=40):
        super().__init__()
        self.broker, self.lines, self.piece, self.sent = broker, lines, piece, 0
        self.start()

    def run(self):
        while self.sent < len(self.lines):
            self.broker.produce("settlement", self.lines[self.sent:self.sent + self.piece])
            self.sent = min(self.sent + self.piece, len(self.lines))


ONE_TEST = """tests:
  - name: over in any case
    defaults: {insutype: "390", med_type: "11", insu_admdvs: "141121", psn_no: p1}
    claims: [{setl_id: a, hifp_pay: 500.00, setl_time: 2024-03-01 09:00:00}]
    expect: [{on: a, status: open}]
"""


def lowered(folder):
    """The cap rule as shipped, and with the cap of one county lowered."""
    path = os.path.join(folder, CAP)
    with open(path, encoding="utf-8") as text:
        shipped = text.read()
    changed = shipped.split("tests:")[0].replace('"141121", from: 2024-01-01, value: 300.00', '"141121", from: 2024-01-01, value: 180.00')
    assert changed.count("180.00") == 1
    return shipped, changed + ONE_TEST


def put(folder, text):
    path = os.path.join(folder, CAP)
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(text)
    os.rename(path + ".new", path)


def under_load(context):
    """dozens of reloads while records flow, asked for in every way: no gap, nothing twice, and a replay as recorded has the same bytes and digest"""
    rules, _ = rules_copy(context, "load-rules")
    both = lowered(rules)
    lines, archive = context.county.settlements, os.path.join(context.folder, "load-archive")
    path = socket_of(context, "load")
    broker = context.broker()
    broker.produce("enrolment", context.county.enrolments)
    daemon = context.daemon("load", broker.bootstrap, rules=rules,
                            more=f"control: {path}\nrules_watch: on\nrules_quiet: 50\n" + with_archive(context, "load-archive"))
    until("the socket", lambda: daemon.alive() and os.path.exists(path))
    digests = [until("the first rules", lambda: status(path)["ruleset"])]
    flow = Flow(broker, lines, max(1, len(lines) // 80))
    for turn in range(1, 41):
        put(rules, both[turn % 2])
        if turn % 3 == 0:
            code, answer = reload(context, path)        # or the watch was faster
            assert code == 0 and answer["result"] in ("taken", "unchanged"), answer
        elif turn % 3 == 1:
            daemon.process.send_signal(signal.SIGHUP)
        digests.append(until("the new rules", lambda: (lambda now: now if now != digests[-1] else None)(status(path)["ruleset"])))
    flow.join()
    daemon.wait_received(len(lines))
    label = 'topic="fundwatch.settlement"'
    assert daemon.metric("records_received_total", label) == sum(daemon.metric(f"records_{fate}_total", label) for fate in ("judged", "refused", "duplicate"))
    assert daemon.metric("rules_refusals_total") == 0
    assert daemon.stop() == 0
    assert len(set(digests)) == 2 and all(a != b for a, b in zip(digests, digests[1:])), "the sets do not alternate"
    wanted = same_as_recorded(context, archive, broker)
    said_in_order(wanted["alerts"])
    assert {json.loads(line)["rule"]["ruleset"] for line in wanted["alerts"]} == set(digests), "one of the sets said nothing"
    assert sha(wanted["alerts"]) in daemon.messages()[-1]
    changed = [json.loads(line) for line in broker.typed("alerts", "rules.changed")]
    assert [one["new"] for one in changed] == digests[1:] and [one["old"] for one in changed] == digests[:-1]
    ruleset = digests[0]
    for line in broker.consume("alerts"):       # every line is by the set that was told last
        one = json.loads(line)
        ruleset = one["new"] if one["type"] == "rules.changed" else ruleset
        assert one["type"] != "alert" or one["rule"]["ruleset"] == ruleset, "a line by other rules than were told last"
    done = fundwatch(context, "archive", "verify", "--archive", archive)
    assert done.returncode == 0, done.stdout.decode()


def killed(context):
    """killed while rules change, again and again: nothing is missing or said twice, a replay as recorded has the same bytes"""
    rules, _ = rules_copy(context, "killed-rules")
    both = lowered(rules)
    lines, archive = context.county.settlements, os.path.join(context.folder, "killed-archive")
    path, broker = socket_of(context, "killed"), context.broker()
    broker.produce("enrolment", context.county.enrolments)
    flow = Flow(broker, lines, max(1, len(lines) // 40))
    for turn in range(8):
        daemon = context.daemon("killed", broker.bootstrap, rules=rules, more=f"control: {path}\n" + with_archive(context, "killed-archive"))
        until("it answers", lambda: daemon.alive() and call(context, path, "--status").returncode == 0)
        generation = status(path)["reload"]["generation"]
        put(rules, both[(turn + 1) % 2])
        ask = Line(path)
        ask.send(b'{"request":"reload","wait":true}\n')
        if turn % 2:
            assert ask.answer()["result"] == "taken"
        else:
            until("the swap", lambda: status(path)["reload"]["generation"] > generation)
        daemon.process.kill()
        daemon.process.wait()
        ask.close()
    flow.join()
    daemon = context.daemon("killed", broker.bootstrap, rules=rules, more=f"control: {path}\n" + with_archive(context, "killed-archive"))
    until("ready", daemon.ready)
    until("caught up", lambda: daemon.alive() and daemon.metric("lag_records") == 0 and daemon.metric("position_offset", "settlement") == len(lines))
    until("released", lambda: daemon.metric("lines_waiting") == 0)
    assert daemon.stop() == 0
    wanted = same_as_recorded(context, archive, broker)
    said_in_order(wanted["alerts"])
    assert sha(wanted["alerts"]) in daemon.messages()[-1]


def on_trial(context):
    """a rule in shadow mode: its lines are on the shadow topic and nowhere else, in no count, digest or heartbeat; enforced, it begins at revision 1"""
    rules, _ = rules_copy(context, "trial-rules")
    with open(os.path.join(rules, CAP), encoding="utf-8") as text:
        trial = text.read().split("tests:")[0].replace("id: OP-CAP-001", "id: OP-CAP-900").replace("value: 300.00", "value: 200.00").replace("mode: enforce", "mode: shadow")
    file = os.path.join(rules, "policy", "OP-CAP-900.yaml")
    lines, half = context.county.settlements, len(context.county.settlements) * 2 // 3

    def write(mode):
        with open(file + ".new", "w", encoding="utf-8") as out:
            out.write(trial.replace("mode: shadow", f"mode: {mode}") + ONE_TEST)
        os.rename(file + ".new", file)
    plain = run.replay(context.build, os.path.join(context.folder, "trial-replay"), context.county, lines[:half])
    write("shadow")
    broker, daemon, path = controlled(context, "trial", lines[:half], rules=rules, more=with_archive(context, "trial-archive"))
    until("released", lambda: daemon.metric("lines_waiting") == 0)
    shadows = until("shadow lines", lambda: broker.consume("alerts.shadow"))
    assert len(shadows) > 3 and all(json.loads(one)["rule"]["id"] == "OP-CAP-900" and json.loads(one)["rule"]["mode"] == "shadow" for one in shadows)

    def settled():
        beat = json.loads(broker.typed("alerts", "heartbeat")[-1])
        return beat if beat["alerts"] == len(broker.typed("alerts", "alert")) == len(plain["alerts"]) else None
    beat = until("a heartbeat after the last alert", settled)
    unruled = [strip(line) for line in broker.typed("alerts", "alert")]
    assert unruled == [strip(line) for line in plain["alerts"]], "the rule on trial changes what others say"
    assert beat["feed_digest"] == sha(broker.typed("alerts", "alert"))
    assert daemon.metric("alerts_total", 'rule="OP-CAP-900"') == 0 and daemon.metric("shadow_alerts_total", 'rule="OP-CAP-900"') == len(shadows)
    assert 'alerts_standing{rule="OP-CAP-900"}' not in daemon.get("/metrics")[1].replace("shadow_alerts_standing", "") and daemon.metric("shadow_alerts_standing") > 0
    assert daemon.metric("alerts_standing") == plain["summary"]["alerts"]
    until("stats with it", lambda: b"OP-CAP-900" in broker.consume("stats")[-1])
    figures = json.loads(broker.consume("stats")[-1])["rules"]["OP-CAP-900"]
    assert figures["shadow_lines"] == len(shadows) and not any(figures[name] for name in ("open", "updated", "retracted", "standing", "amount_at_risk_fen")), figures
    validate("stats", broker.consume("stats")[-1])
    write("enforce")
    code, answer = reload(context, path)
    assert (code, answer["result"]) == (0, "taken"), answer
    assert not answer["state"]["dropped"] and not answer["state"]["new"], "the sum of a rule on trial is kept when it is enforced"
    broker.produce("settlement", lines[half:])
    daemon.wait_received(len(lines))
    assert daemon.stop() == 0
    assert len(broker.consume("alerts.shadow")) == len(shadows), "a rule that is enforced still speaks on the shadow topic"
    wanted = same_as_recorded(context, os.path.join(context.folder, "trial-archive"), broker)
    enforced = [line for line in wanted["alerts"] if b'"OP-CAP-900"' in line]
    assert enforced and all(json.loads(line)["rule"]["mode"] == "enforce" for line in enforced)
    said_in_order(enforced)


def final_states(lines, rule):
    """What stands last of every alert of a rule, without what tells when it was said."""
    states = {}
    for line in lines:
        one = json.loads(line)
        if one["rule"]["id"] == rule:
            states[one["alert_id"]] = {name: one[name] for name in ("subject", "finding", "amount_at_risk_fen", "param", "evidence")} | {
                "stands": one["status"] in ("open", "updated")}
    return {number: state for number, state in states.items() if state["stands"]}


def whole_fund(context, folder):
    """Adds a rule with a sum that no other rule has."""
    with open(os.path.join(folder, CAP), encoding="utf-8") as text:
        other = text.read().split("tests:")[0].replace("id: OP-CAP-001", "id: OP-CAP-901").replace("value: 300.00", "value: 400.00")
    other = other.replace('where: insutype == "390" and med_type in $outpatient', 'where: insutype == "390"').replace("value: 500.00", "value: 600.00")
    file = os.path.join(folder, "policy", "OP-CAP-901.yaml")
    with open(file + ".new", "w", encoding="utf-8") as out:
        out.write(other + ONE_TEST)
    os.rename(file + ".new", file)


def backfilled(context):
    """a new sum filled from the archive while records flow: it ends as if the rule had always been there; recovery and replay do the same"""
    rules, _ = rules_copy(context, "fill-rules")
    lines, half = context.county.settlements, len(context.county.settlements) // 2
    archive = os.path.join(context.folder, "fill-archive")
    broker, daemon, path = controlled(context, "fill", lines[:half], rules=rules, more=with_archive(context, "fill-archive"))
    whole_fund(context, rules)
    always = run.replay(context.build, os.path.join(context.folder, "fill-replay"), context.county, lines, "--rules", rules)["alerts"]
    truth = final_states(always, "OP-CAP-901")
    spanning = [state for state in truth.values() if state["finding"]["count"] > 1]
    assert len(truth) > 5 and spanning, f"{len(truth)} alerts would show nothing"
    flow = Flow(broker, lines[half:], 20)
    code, answer = reload(context, path, "--backfill")
    flow.join()
    assert (code, answer["result"]) == (0, "taken"), answer
    assert [(one["rule"], one["backfill"]) for one in answer["state"]["new"]] == [("OP-CAP-901", True)]
    assert answer["backfill_entries"] == answer["position"] > half and answer["backfill_ns"] > 0 and answer["pause_ns"] > 0
    print(f"# {answer['backfill_entries']} entries in {answer['backfill_ns'] / 1e6:.0f} ms, judging stood still for {answer['pause_ns'] / 1e6:.2f} ms")
    assert daemon.metric("backfill_entries") == answer["position"] and daemon.metric("backfill_under_way") == 0
    daemon.wait_received(len(lines))
    daemon.process.kill()                       # it comes back with the filled state
    daemon.process.wait()
    daemon = context.daemon("fill", broker.bootstrap, rules=rules, more=f"control: {path}\n" + with_archive(context, "fill-archive"))
    until("ready", daemon.ready)
    until("caught up", lambda: daemon.alive() and daemon.metric("lag_records") == 0 and daemon.metric("position_offset", "settlement") == len(lines))
    until("released", lambda: daemon.metric("lines_waiting") == 0)
    assert daemon.stop() == 0
    wanted = same_as_recorded(context, archive, broker)
    said_in_order(wanted["alerts"])
    assert final_states(wanted["alerts"], "OP-CAP-901") == truth, "the filled rule does not stand where it would have stood"
    assert final_states(wanted["alerts"], "OP-CAP-001") == final_states(always, "OP-CAP-001"), "another rule is disturbed"
    changed = broker.typed("alerts", "rules.changed")
    assert len(changed) == 1 and json.loads(changed[0])["backfilled"]
    validate("rules.changed", changed[0])
    causes = {json.loads(line)["cause"] for line in wanted["alerts"] if b'"OP-CAP-901"' in line}
    assert "rules" in causes, f"nothing was said at the change: {causes}"


def not_filled(context):
    """--backfill without an archive, or with one whose first entries are gone: refused with 75; without --backfill what is new begins empty"""
    rules, _ = rules_copy(context, "unfilled-rules")
    _, daemon, path = controlled(context, "unfilled", context.county.settlements[:900], rules=rules)
    old = status(path)["ruleset"]
    whole_fund(context, rules)
    code, answer = reload(context, path, "--backfill")
    assert (code, answer["result"], answer["ruleset"]) == (75, "no_backfill", old), answer
    done = call(context, path, "--reload", "--wait", "--backfill", language="zh")
    assert done.returncode == 75 and "不能从档案回填" in done.stderr.decode()
    code, answer = reload(context, path)
    assert (code, answer["result"], answer["backfill_entries"]) == (0, "taken", 0)
    assert [(one["rule"], one["backfill"]) for one in answer["state"]["new"]] == [("OP-CAP-901", False)]
    assert daemon.stop() == 0


def strip(line):
    """An alert line without the digest of the ruleset."""
    one = json.loads(line)
    del one["rule"]["ruleset"]
    return one


TESTS = (wait_answers, dropping, hostile, stale_socket, during_a_load, watching, under_load, killed, on_trial, backfilled, not_filled)

if __name__ == "__main__":
    sys.exit(run.main(TESTS))
