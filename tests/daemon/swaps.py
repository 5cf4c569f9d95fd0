#!/usr/bin/python3
"""What a reload of fundwatchd does to what is said: under load, killed around it, on trial, filled from the archive. Prints TAP.

    tests/daemon/swaps.py BUILD [WORD]...     as run.py
"""
import json
import os
import signal
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "faults")]

import control                                                                          # noqa: E402
import run                                                                              # noqa: E402
from asking import CAP, Line, call, controlled, reload, rules_copy, socket_of, status   # noqa: E402
from run import fundwatch, sha, validate, with_archive                                  # noqa: E402
from stand import SECONDS, County, until                                                       # noqa: E402


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


def faults_of(context, name, archive):
    """The control of the faults and the environment of a daemon under it."""
    library = os.path.join(context.build, "libfundwatch_faults.so")
    if not os.path.exists(library):
        raise run.Skip("this build has no libfundwatch_faults.so")
    faults = control.Control(os.path.join(context.folder, name))
    return faults, faults.environment(library, archive)


def killed(context):
    """killed right before and behind the swap, and as soon as it shows or is answered: nothing is missing or said twice, a replay as recorded has the same bytes"""
    rules, _ = rules_copy(context, "killed-rules")
    both = lowered(rules)
    lines, archive = context.county.settlements, os.path.join(context.folder, "killed-archive")
    path, broker = socket_of(context, "killed"), context.broker()
    faults, environment = faults_of(context, "killed-faults", archive)

    def start():
        daemon = context.daemon("killed", broker.bootstrap, rules=rules, more=f"control: {path}\n" + with_archive(context, "killed-archive"), environment=environment)
        until("it answers", lambda: daemon.alive() and call(context, path, "--status").returncode == 0)
        until("its rules", lambda: status(path)["ruleset"])
        return daemon
    broker.produce("enrolment", context.county.enrolments)
    flow = Flow(broker, lines, max(1, len(lines) // 40))
    for turn, way in enumerate(("before_rules", "after_rules", "shown", "answered") * 3):
        daemon = start()
        generation = status(path)["reload"]["generation"]
        put(rules, both[(turn + 1) % 2])
        faults.at_step(way, control.KILL)
        ask = Line(path)
        ask.send(b'{"request":"reload","wait":true}\n')
        if way == "answered":
            assert ask.answer()["result"] == "taken"
        elif way == "shown":
            until("the swap", lambda: status(path)["reload"]["generation"] > generation)
        else:
            assert daemon.process.wait(timeout=SECONDS) == -signal.SIGKILL and faults.now.acted == 1
        faults.clear()
        daemon.process.kill()
        daemon.process.wait()
        ask.close()
    flow.join()
    daemon = start()
    until("ready", daemon.ready)
    until("caught up", lambda: daemon.alive() and daemon.metric("lag_records") == 0 and daemon.metric("position_offset", "settlement") == len(lines))
    until("released", lambda: daemon.metric("lines_waiting") == 0)
    assert daemon.stop() == 0
    wanted = same_as_recorded(context, archive, broker)
    said_in_order(wanted["alerts"])
    assert sha(wanted["alerts"]) in daemon.messages()[-1]
    done = fundwatch(context, "archive", "verify", "--archive", archive)
    assert done.returncode == 0, done.stdout.decode()


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
    standing = set(final_states(shadows, "OP-CAP-900"))
    at_once = until("what stood on trial", lambda: [json.loads(line) for line in broker.typed("alerts", "alert") if b'"OP-CAP-900"' in line])
    until("all of it", lambda: {json.loads(line)["alert_id"] for line in broker.typed("alerts", "alert") if b'"OP-CAP-900"' in line} == standing)
    assert all((one["revision"], one["status"], one["cause"]) == (1, "open", "rules") for one in at_once), at_once[0]
    assert daemon.metric("alerts_standing", 'rule="OP-CAP-900"') == len(standing) and daemon.metric("shadow_alerts_standing") == 0
    broker.produce("settlement", lines[half:])
    daemon.wait_received(len(lines))
    until("released", lambda: daemon.metric("lines_waiting") == 0 and daemon.metric("messages_in_flight") == 0)
    assert len(broker.consume("alerts.shadow")) == len(shadows), "a rule that is enforced still speaks on the shadow topic"
    said = len(broker.typed("alerts", "alert"))
    write("shadow")
    code, answer = reload(context, path)
    assert (code, answer["result"]) == (0, "taken"), answer
    again = until("the shadow topic hears it anew", lambda: [json.loads(line) for line in broker.consume("alerts.shadow")[len(shadows):]])
    assert again[0]["revision"] == 1 and again[0]["cause"] == "rules", again[0]
    assert daemon.stop() == 0
    assert len(broker.typed("alerts", "alert")) == said, "back on trial, something was said on the alert topic"
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


def filled_killed(context):
    """killed right before and behind the swap to a filled state: recovery and a replay as recorded say the same"""
    rules, _ = rules_copy(context, "fill-killed-rules")
    lines, archive = context.county.settlements, os.path.join(context.folder, "fill-killed-archive")
    path, broker = socket_of(context, "fill-killed"), context.broker()
    faults, environment = faults_of(context, "fill-killed-faults", archive)

    def start(count):
        daemon = context.daemon("fill-killed", broker.bootstrap, rules=rules, more=f"control: {path}\n" + with_archive(context, "fill-killed-archive"), environment=environment)
        until("ready", lambda: daemon.alive() and daemon.ready())
        until("caught up", lambda: daemon.alive() and daemon.metric("position_offset", "settlement") == count and daemon.metric("lag_records") == 0)
        return daemon
    broker.produce("enrolment", context.county.enrolments)
    third = len(lines) // 3
    for turn, way in enumerate(("before_rules", "after_rules"), 1):
        broker.produce("settlement", lines[(turn - 1) * third:turn * third])
        daemon = start(turn * third)
        if turn > 1:            # begun empty by the start after the kill: once more from the beginning
            os.remove(os.path.join(rules, "policy", "OP-CAP-901.yaml"))
            assert reload(context, path, "--accept-drop")[1]["result"] == "taken"
        whole_fund(context, rules)
        faults.at_step(way, control.KILL)
        ask = Line(path)
        ask.send(b'{"request":"reload","wait":true,"backfill":true}\n')
        assert daemon.process.wait(timeout=SECONDS) == -signal.SIGKILL and faults.now.acted == 1
        faults.clear()
        ask.close()
    broker.produce("settlement", lines[2 * third:])
    daemon = start(len(lines))
    until("released", lambda: daemon.metric("lines_waiting") == 0)
    assert daemon.stop() == 0
    wanted = same_as_recorded(context, archive, broker)
    said_in_order([line for line in wanted["alerts"] if b'"OP-CAP-901"' not in line])
    assert sha(wanted["alerts"]) in daemon.messages()[-1]


def filled_beside(context):
    """a larger archive is filled beside judging: it goes on meanwhile, and the end is the same"""
    context.county, usual = County(os.path.join(context.build, "fundwatch"), os.path.join(context.folder, "large"), persons=9000), context.county
    try:
        rules, _ = rules_copy(context, "beside-rules")
        lines, most = context.county.settlements, len(context.county.settlements) * 4 // 5
        broker, daemon, path = controlled(context, "beside", lines[:2000], rules=rules, more=with_archive(context, "beside-archive"))
        for begin in range(2000, most, 2000):   # the embedded broker keeps a few megabytes only
            broker.produce("settlement", lines[begin:min(begin + 2000, most)])
            daemon.wait_received(min(begin + 2000, most))
        whole_fund(context, rules)
        truth = final_states(run.replay(context.build, os.path.join(context.folder, "beside-replay"), context.county, lines, "--rules", rules)["alerts"], "OP-CAP-901")
        flow = Flow(broker, lines[most:], 500)
        code, answer = reload(context, path, "--backfill")
        flow.join()
        assert (code, answer["result"]) == (0, "taken") and answer["backfill_entries"] == answer["position"] > 16384, answer
        print(f"# {answer['backfill_entries']} entries in {answer['backfill_ns'] / 1e6:.0f} ms, judging stood still for {answer['pause_ns'] / 1e6:.2f} ms")
        assert answer["pause_ns"] < answer["backfill_ns"]
        daemon.wait_received(len(lines))
        assert daemon.stop() == 0
        wanted = same_as_recorded(context, os.path.join(context.folder, "beside-archive"), broker)
        assert final_states(wanted["alerts"], "OP-CAP-901") == truth
    finally:
        context.county = usual


TESTS = (under_load, killed, on_trial, backfilled, filled_killed, filled_beside, not_filled)

if __name__ == "__main__":
    sys.exit(run.main(TESTS))
