#!/usr/bin/python3
"""fundwatchd end to end against the embedded broker. Prints TAP.

    tests/daemon/run.py BUILD [WORD]...     BUILD holds fundwatch, fundwatchd, fundwatch-broker; only tests whose name has a WORD
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from stand import ROOT, Broker, County, Daemon, pool_of, replay, until   # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

NAMES = ("fundwatch_records_received_total", "fundwatch_records_judged_total", "fundwatch_records_refused_total",
         "fundwatch_records_duplicate_total", "fundwatch_alerts_total", "fundwatch_stage_seconds_bucket", "fundwatch_lag_records",
         "fundwatch_build_info", "fundwatch_ruleset_info", "fundwatch_rules_reload_successful")


class Skip(Exception):
    pass


class Context:
    """Programs, the county, a folder; what a test opened is closed after it."""

    def __init__(self, build, folder):
        self.build, self.folder, self.opened = build, folder, []
        self.county = County(os.path.join(build, "fundwatch"), os.path.join(folder, "county"))

    def broker(self, **more):
        self.opened.append(Broker(self.build, **more))
        return self.opened[-1]

    def daemon(self, name, bootstrap, **more):
        self.opened.append(Daemon(self.build, os.path.join(self.folder, name), bootstrap, more.pop("tables", self.county.tables), **more))
        return self.opened[-1]

    def close(self):
        for one in reversed(self.opened):
            one.close()
        self.opened = []


def sha(lines):
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def validate(name, line):
    if jsonschema:
        with open(os.path.join(ROOT, "docs", "schema", f"{name}.schema.json"), encoding="utf-8") as schema:
            jsonschema.Draft202012Validator(json.load(schema)).validate(json.loads(line))


def loaded(context, name, lines, **more):
    """A broker and a daemon that has judged these settlements."""
    broker = context.broker()
    broker.produce("enrolment", context.county.enrolments)
    broker.produce("settlement", lines)
    daemon = context.daemon(name, broker.bootstrap, **more)
    daemon.wait_received(len(lines))
    daemon.wait_received(len(context.county.enrolments), "enrolment")
    return broker, daemon


# ---- tests ----

def same_bytes(context):
    """alerts, indicators and dead letters are those of the replay, byte for byte; SIGTERM ends with 0"""
    lines = context.county.settlements
    broker, daemon = loaded(context, "same", lines)
    for kind in ("settlement", "enrolment"):
        label = f'topic="fundwatch.{kind}"'
        parts = [daemon.metric(f"records_{fate}_total", label) for fate in ("judged", "refused", "duplicate")]
        assert daemon.metric("records_received_total", label) == sum(parts), f"{kind}: {parts}"
        assert kind == "enrolment" or all(parts), f"a fate that did not happen shows nothing: {parts}"
    assert daemon.stop() == 0
    wanted = replay(context.build, os.path.join(context.folder, "replay"), context.county, lines)
    alerts = broker.typed("alerts", "alert")
    assert len(alerts) > 5, f"{len(alerts)} alerts would show nothing"
    assert alerts == wanted["alerts"], "alerts differ"
    assert broker.consume("indicators") == wanted["indicators"], "indicators differ"
    digest = sha(alerts)
    assert wanted["summary"]["feed_digest"] == digest
    assert digest in daemon.messages()[-1], f"the last line of the log does not tell the digest: {daemon.messages()[-1]}"
    got = [(one["offset"], one["reason"], one.get("field"), one.get("byte")) for one in map(json.loads, broker.consume("refused"))]
    said = [(one["line"] - 1, one["reason"], one.get("field"), one.get("byte")) for one in map(json.loads, wanted["refused"])]
    assert got == said and len(got) > 5, "dead letters differ"


def two_partitions(context):
    """two partitions, a pool each: every pool's alerts have the replay's bytes and order"""
    lines = context.county.settlements
    broker = context.broker(partitions=2)
    broker.produce("enrolment", context.county.enrolments)
    daemon = context.daemon("two", broker.bootstrap)
    until("ready", daemon.ready)
    parts = [[line for line in lines if (pool_of(line) == b"1411") == (number == 0)] for number in (0, 1)]
    assert all(parts)
    for number, part in enumerate(parts):
        broker.produce("settlement", part, number)
    daemon.wait_received(len(lines))
    for number, part in enumerate(parts):
        assert daemon.metric("records_received_total", 'topic="fundwatch.settlement"', f'partition="{number}"') == len(part)
    assert daemon.stop() == 0
    wanted = replay(context.build, os.path.join(context.folder, "replay-two"), context.county, lines)["alerts"]
    got = broker.typed("alerts", "alert")
    for pool in ("1411", "1409"):
        assert [line for line in got if json.loads(line)["subject"]["pool"] == pool] \
            == [line for line in wanted if json.loads(line)["subject"]["pool"] == pool], f"alerts of pool {pool} differ"
    assert len(got) == len(wanted) > 0


def metrics(context):
    """/metrics has the names that are promised and passes promtool; no person is in it"""
    _, daemon = loaded(context, "metrics", context.county.settlements[:1500])
    text = daemon.get("/metrics")[1]
    for name in NAMES:
        assert any(line.startswith(name) for line in text.split("\n")), f"{name} is missing"
    person = json.loads(context.county.enrolments[0])["psn_no"]
    assert person not in text and person not in daemon.log_text()
    assert daemon.get("/nowhere")[0] == 404 and daemon.get("/healthz")[0] == 200
    if not shutil.which("promtool"):
        raise Skip("promtool is not installed")
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()


def own_records(context):
    """stats, heartbeats and data quality match their schemas; headers say where an alert came from"""
    if not jsonschema:
        raise Skip("python3-jsonschema is not installed")
    lines = context.county.settlements
    strange = [{**json.loads(line), "setl_id": f"strange-{number}", "year": "1999"} for number, line in enumerate(lines[200:203])]
    lines = lines[:300] + [json.dumps(one, ensure_ascii=False).encode() for one in strange] + lines[300:]
    broker, daemon = loaded(context, "records", lines, more=with_archive(context, "records-archive"))
    until("stats and heartbeats", lambda: broker.consume("stats") and broker.typed("alerts", "heartbeat"))
    stats = until("stats after the alerts", lambda: [one for one in broker.consume("stats")
                                                     if json.loads(one)["stages"]["record_to_alert"]["count"]])[-1]
    for line in broker.consume("stats"):
        validate("stats", line)
    for line in broker.consume("alerts"):
        validate({"alert": "alert", "heartbeat": "heartbeat", "data_quality": "data_quality"}[json.loads(line)["type"]], line)
    assert broker.typed("alerts", "data_quality"), "no data_quality line: nothing was shown"
    for stage in json.loads(stats)["stages"].values():
        assert sum(stage["counts"]) + 0 >= stage["count"] > 0 and len(stage["counts"]) == len(stage["bounds_ns"])
        assert stage["bounds_ns"] == sorted(stage["bounds_ns"]) and stage["p50_ns"] <= stage["p99_ns"] <= stage["bounds_ns"][-1]
    for shown in broker.consume("alerts", "%k|%h|%s\n"):
        key, headers, value = shown.split(b"|", 2)
        if json.loads(value)["type"] != "alert":
            continue
        known = dict(pair.split(b"=", 1) for pair in headers.split(b","))
        assert key.decode() == json.loads(value)["alert_id"]
        assert known[b"ce_specversion"] == b"1.0" and known[b"ce_type"] == b"fundwatch.alert" and known[b"ce_source"] == b"/fundwatch/fundwatch"
        assert known[b"ce_sourcetopic"] == b"fundwatch.settlement" and int(known[b"ce_sourceoffset"]) < len(lines)
        assert known[b"ce_id"].decode() == hashlib.sha256(value).hexdigest()[:32]
    assert daemon.stop() == 0


def suppressed(context):
    """what a suppression hides is on no topic; it is counted in /metrics and in stats"""
    rules = os.path.join(context.folder, "silent-rules")
    shutil.copytree(os.path.join(ROOT, "rules"), rules)
    os.makedirs(os.path.join(rules, "suppressions"))
    with open(os.path.join(rules, "suppressions", "known.yaml"), "w", encoding="utf-8") as out:
        for entry, region in (("ALL", "1"), ("ELSEWHERE", "99")):
            out.write(f"- {{id: {entry}, rule: OP-CAP-001, author: a, reason: r, scope: {{region: \"{region}\"}}, from: 2000-01-01, until: 2099-12-31}}\n")
    broker, daemon = loaded(context, "suppressed", context.county.settlements, rules=rules)
    lines = until("the count", lambda: daemon.metric("suppressed_total", 'suppression="ALL"'))
    assert daemon.metric("suppressed_total", 'suppression="ELSEWHERE"') == 0
    stats = until("stats with the count", lambda: [one for one in map(json.loads, broker.consume("stats")) if one["suppressed"].get("ALL", {}).get("lines")])[-1]
    assert stats["suppressed"]["ALL"]["lines"] == lines and stats["suppressed"]["ALL"]["amount_at_risk_fen"] > 0
    assert daemon.stop() == 0
    assert not [line for line in broker.typed("alerts", "alert") if json.loads(line)["rule"]["id"] == "OP-CAP-001"], "a hidden alert was published"
    if jsonschema:
        validate("stats", json.dumps(stats))


def groups(context):
    """alerts carry their group in a header: the same for one period and area, another for another; the value does not change"""
    rules = os.path.join(context.folder, "grouped-rules")
    shutil.copytree(os.path.join(ROOT, "rules"), rules)
    path = os.path.join(rules, "policy", "OP-CAP-001.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as out:
        out.write(text.replace("\nwhere:", "\ngroup: [period, insu_admdvs]\nwhere:", 1))
    broker, daemon = loaded(context, "groups", context.county.settlements, rules=rules)
    assert daemon.stop() == 0
    seen = {}
    for shown in broker.consume("alerts", "%h|%s\n"):
        headers, value = shown.split(b"|", 1)
        line, known = json.loads(value), dict(pair.split(b"=", 1) for pair in headers.split(b","))
        if line["type"] != "alert" or line["rule"]["id"] != "OP-CAP-001":
            assert b"ce_group" not in known
            continue
        validate("alert", value)
        seen.setdefault((line["subject"]["period"], line["subject"]["insu_admdvs"]), set()).add(known[b"ce_group"])
    assert seen and all(len(group) == 1 for group in seen.values()), seen
    assert len(set.union(*seen.values())) == len(seen), "two groups have one hash"


def reload(context):
    """SIGHUP: a bad set is refused and the old one goes on, a good one is taken and told on the feed"""
    rules = os.path.join(context.folder, "rules")
    shutil.copytree(os.path.join(ROOT, "rules"), rules)
    lines = context.county.settlements
    broker, daemon = loaded(context, "reload", lines[:1000], rules=rules)
    old = json.loads(daemon.get("/healthz")[1])["ruleset"]
    cap = os.path.join(rules, "policy", "OP-CAP-001.yaml")
    with open(cap, encoding="utf-8") as text:
        good = text.read()
    with open(cap, "w", encoding="utf-8") as out:
        out.write(good.replace("detector: cap", "detector: capp"))
    daemon.process.send_signal(signal.SIGHUP)
    until("the refusal", lambda: daemon.alive() and daemon.metric("rules_refusals_total") == 1)
    assert daemon.metric("rules_reload_successful") == 0 and f'digest="{old}"' in daemon.get("/metrics")[1]
    assert any("OP-CAP-001.yaml" in one and "capp" in one for one in daemon.messages()), "the log does not name the mistake"
    with open(cap, "w", encoding="utf-8") as out:
        out.write(good.replace("severity: high", "severity: critical"))
    daemon.process.send_signal(signal.SIGHUP)
    until("the new rules", lambda: daemon.alive() and daemon.metric("rules_reloads_total") == 1)
    new = until("the new digest", lambda: (lambda now: now if now != old else None)(json.loads(daemon.get("/healthz")[1])["ruleset"]))
    assert daemon.metric("rules_reload_successful") == 1
    broker.produce("settlement", lines[1000:])
    daemon.wait_received(len(lines))
    assert daemon.stop() == 0
    changed = broker.typed("alerts", "rules.changed")
    assert len(changed) == 1, f"{len(changed)} rules.changed on the feed"
    validate("rules.changed", changed[0])
    assert (json.loads(changed[0])["old"], json.loads(changed[0])["new"]) == (old, new)
    feed = broker.consume("alerts")
    after = [json.loads(line) for line in feed[feed.index(changed[0]):] if b'"OP-CAP-001"' in line and b'"type":"alert"' in line]
    assert after and all(one["rule"]["severity"] == "critical" and one["rule"]["ruleset"] == new for one in after), "old rules after the change"


def readiness(context):
    """a frozen broker makes the daemon not ready and names the part; it recovers by itself, without loss"""
    lines = context.county.settlements[:1200]
    broker, daemon = loaded(context, "frozen", lines[:600])
    until("ready", daemon.ready)
    broker.process.send_signal(signal.SIGSTOP)
    until("the broker is missed", lambda: "broker" in daemon.failing())
    assert daemon.get("/readyz")[0] == 503 and daemon.get("/healthz")[0] == 200
    broker.process.send_signal(signal.SIGCONT)
    until("ready again", daemon.ready)
    broker.produce("settlement", lines[600:])
    daemon.wait_received(len(lines))
    assert daemon.metric("offsets_missing_total") == 0 and daemon.stop() == 0


def mirror(context):
    """a mirror that cannot grow does not stop the daemon: said, counted, whole lines only, goes on in a new file"""
    path = os.path.join(context.folder, "mirror.ndjson")
    lines = context.county.settlements
    broker, daemon = loaded(context, "mirror", lines, more=f"mirror: {path}\n", file_limit=20000)
    until("the failure", lambda: daemon.alive() and daemon.metric("mirror_failed") == 1)
    assert any("mirror" in one and "cannot be written" in one for one in daemon.messages())
    assert daemon.ready()
    parts = []
    while daemon.metric("mirror_failed"):       # rotation: room again
        parts.append(f"{path}.{len(parts)}")
        os.rename(path, parts[-1])
        until("a new file", lambda: os.path.exists(path) and (os.path.getsize(path) > 15000 or not daemon.metric("mirror_failed")))
    assert daemon.metric("mirror_lost_lines_total") == 0
    assert daemon.stop() == 0
    got = []
    for part in parts + [path]:
        with open(part, "rb") as stream:
            text = stream.read()
        assert 0 < len(text) <= 20000 and text.endswith(b"\n"), f"half a line in the mirror: {text[-100:]}"
        got += [line for line in text.split(b"\n") if b'"type":"alert"' in line]
    wanted = broker.typed("alerts", "alert")
    assert len(parts) > 0 and len(wanted) > 5 and got == wanted, f"{len(got)} alert lines in the mirror, {len(wanted)} in the topic"


def full_disk(context):
    """a mirror on a full device: the daemon judges everything and says so"""
    lines = context.county.settlements[:1500]
    _, daemon = loaded(context, "full", lines, more="mirror: /dev/full\n")
    until("the failure", lambda: daemon.alive() and daemon.metric("mirror_failed") == 1)
    assert daemon.ready() and daemon.metric("records_received_total", 'topic="fundwatch.settlement"') == len(lines)
    assert daemon.stop() == 0


def owned_pools(context):
    """pools of other instances are counted and not judged"""
    lines = context.county.settlements[:1500]
    broker = context.broker()
    broker.produce("settlement", lines)
    daemon = context.daemon("pools", broker.bootstrap, more="pools: ['1411']\n")
    until("all are seen", lambda: daemon.alive() and daemon.received() + daemon.metric("records_foreign_total") == len(lines))
    foreign = sum(pool_of(line) == b"1409" for line in lines)
    assert foreign - 20 <= daemon.metric("records_foreign_total") <= foreign
    daemon.stop()
    assert all(json.loads(one)["subject"]["pool"] == "1411" for one in broker.typed("alerts", "alert"))


def missing_topic(context):
    """a missing topic: exit 78, the topic named, the command to create it, in both languages"""
    for language, words in (("en", "is not in Kafka"), ("zh", "没有主题")):
        broker = context.broker(leave_out=("indicators",))      # of its own: the embedded broker makes a topic that is asked for by name
        daemon = context.daemon("missing-" + language, broker.bootstrap, language=language)
        assert daemon.process.wait(timeout=60) == 78
        said = [one for one in daemon.messages() if "fundwatch.indicators" in one]
        assert len(said) == 1 and words in said[0] and "kafka-topics.sh" in said[0] and "create_topics" in said[0], daemon.log_text()


def dead_broker(context):
    """no broker at the start: not ready, one sentence, and SIGTERM still ends with 0"""
    daemon = context.daemon("dead", "127.0.0.1:9")
    until("it listens", lambda: daemon.alive() and daemon.get("/readyz")[0] == 503)
    assert "broker" in daemon.failing()
    until("the sentence", lambda: any("waiting for Kafka" in one for one in daemon.messages()))
    assert daemon.stop() == 0
    assert sum("waiting for Kafka" in one for one in daemon.messages()) == 1, "said more than once in a few seconds"


def bad_configuration(context):
    """a wrong configuration: exit 78, place, nearest word, and no password in what is said; unknown argument: 64"""
    path = os.path.join(context.folder, "bad.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write("broker: x\nlimits:\n  lateness: soon\nkafka:\n  sasl.pasword: topsecret\n  acks: 0\n")
    program = os.path.join(context.build, "fundwatchd")
    for language, words in (("en", ("did you mean brokers?", "did you mean sasl.password?")), ("zh", ("是不是 brokers", "是不是 sasl.password"))):
        done = subprocess.run([program, "--config", path, "--check-config", "--lang", language], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode()
        assert done.returncode == 78 and f"{path}:1:1: " in text and f"{path}:3:13: " in text and f"{path}:5:3: " in text and f"{path}:6:3: " in text, text
        assert all(word in text for word in words) and "topsecret" not in text, text
    done = subprocess.run([program, "--chek-config"], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 64 and b"--check-config" in done.stderr


# ---- with an archive ----

def with_archive(context, name, more=""):
    return f"archive:\n  dir: {os.path.join(context.folder, name)}\n  snapshot_records: 1000\n{more}"


def fundwatch(context, *words):
    return subprocess.run([os.path.join(context.build, "fundwatch"), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)


def accounted(broker, daemon):
    return daemon.alive() and daemon.metric("records_received_total") + daemon.metric("recovered_entries")


def restart(context):
    """killed and stopped in the middle, the feed is the replay's: nothing twice, nothing missing, one digest; the archive is whole"""
    lines, broker = context.county.settlements, context.broker()
    wanted = replay(context.build, os.path.join(context.folder, "restart-replay"), context.county, lines)
    broker.produce("enrolment", context.county.enrolments)
    more, third = with_archive(context, "restart-archive"), len(lines) // 3
    for turn, end in enumerate((lambda daemon: daemon.process.kill(), lambda daemon: daemon.stop(), lambda daemon: daemon.stop())):
        broker.produce("settlement", lines[turn * third:(turn + 1) * third if turn < 2 else len(lines)])
        daemon = context.daemon("restart", broker.bootstrap, more=more)
        until("ready", daemon.ready)
        until("caught up", lambda: daemon.alive() and daemon.metric("lag_records") == 0 and daemon.metric("position_offset", "settlement") == (
            third * (turn + 1) if turn < 2 else len(lines)))
        if turn == 1:
            until("a snapshot", lambda: daemon.alive() and daemon.metric("snapshots_total") > 0)
            assert daemon.metric("recovered_entries") + daemon.metric("snapshot_position") >= third, "nothing was brought back after the kill"
        end(daemon)
        daemon.process.wait()
    alerts = broker.typed("alerts", "alert")
    assert alerts == wanted["alerts"], f"{len(alerts)} alerts, wanted {len(wanted['alerts'])}"
    assert broker.consume("indicators") == wanted["indicators"], "indicators differ"
    assert len(broker.consume("refused")) == len(wanted["refused"]), "dead letters differ"
    assert sha(alerts) in daemon.messages()[-1], daemon.messages()[-1]
    done = fundwatch(context, "archive", "verify", "--archive", os.path.join(context.folder, "restart-archive"))
    assert done.returncode == 0, done.stdout.decode()


def as_recorded(context):
    """rules change while it runs: a replay of the archive as recorded prints the daemon's bytes"""
    rules = os.path.join(context.folder, "as-recorded-rules")
    shutil.copytree(os.path.join(ROOT, "rules"), rules)
    lines, half = context.county.settlements, 1300         # most caps are overrun by then, some later
    archive = os.path.join(context.folder, "recorded-archive")
    broker, daemon = loaded(context, "recorded", lines[:half], rules=rules, more=with_archive(context, "recorded-archive"))
    path = os.path.join(rules, "policy", "OP-CAP-001.yaml")
    with open(path, encoding="utf-8") as text:
        changed = text.read().replace("severity: high", "severity: critical")
    with open(path, "w", encoding="utf-8") as text:
        text.write(changed)
    daemon.process.send_signal(signal.SIGHUP)
    until("the new rules", lambda: daemon.metric("rules_reloads_total") == 1)
    broker.produce("settlement", lines[half:])
    daemon.wait_received(len(lines))
    assert daemon.stop() == 0
    alerts = broker.typed("alerts", "alert")
    assert {b'"severity":"high"' in line for line in alerts if b"OP-CAP-001" in line} == {True, False}, "the change shows nowhere"
    for batch in ("1", "4096"):
        out = os.path.join(context.folder, "recorded-out")
        done = fundwatch(context, "replay", "--archive", archive, "--as-recorded", "--batch", batch, "--alerts", out, "--quiet")
        assert done.returncode == 0, done.stdout.decode()
        with open(out, "rb") as stream:
            assert stream.read() == b"".join(line + b"\n" for line in alerts), f"batch {batch}: bytes differ"


def second_daemon(context):
    """a second daemon on the same archive is refused with 73 and says why; the first goes on"""
    lines = context.county.settlements[:500]
    broker, daemon = loaded(context, "first", lines, more=with_archive(context, "one-archive"))
    second = context.daemon("second", broker.bootstrap, more=with_archive(context, "one-archive"))
    assert second.process.wait(timeout=60) == 73
    assert "another fundwatchd writes to the archive" in second.log_text()
    broker.produce("settlement", context.county.settlements[500:600])
    daemon.wait_received(600)


def ticks(context):
    """a pool that nothing comes for has its months closed by the clock, once; a replay of the archive closes the same"""
    archive = os.path.join(context.folder, "tick-archive")
    lines = context.county.settlements
    broker, daemon = loaded(context, "ticks", lines, more=with_archive(context, "tick-archive") + "tick_after: 1\n")
    until("a tick", lambda: daemon.metric("ticks_total") > 0)
    until("released", lambda: daemon.metric("lines_waiting") == 0)
    assert daemon.stop() == 0
    indicators = broker.consume("indicators")
    assert any(b'"period":"2024-03"' in line for line in indicators), "the last month did not close"
    out = os.path.join(context.folder, "tick-out")
    done = fundwatch(context, "replay", "--archive", archive, "--indicators", out, "--alerts", os.devnull, "--quiet")
    assert done.returncode == 0, done.stdout.decode()
    with open(out, "rb") as stream:
        assert stream.read() == b"".join(line + b"\n" for line in indicators), "indicators differ"


TESTS = (same_bytes, two_partitions, metrics, own_records, suppressed, groups, reload, readiness, mirror, full_disk, owned_pools, missing_topic, dead_broker,
         bad_configuration, restart, as_recorded, second_daemon, ticks)


def run_one(context, test):
    """(passed, reason). A daemon's log of a failed test goes to stderr."""
    try:
        test(context)
        return True, ""
    except Skip as reason:
        return True, f"SKIP {reason}"
    except Exception as wrong:   # noqa: BLE001
        traceback.print_exc()
        for one in context.opened:
            if isinstance(one, Daemon):
                print("\n".join(one.log_text().split("\n")[-30:]), file=sys.stderr)
        return False, str(wrong).split("\n")[0][:300]
    finally:
        context.close()


def main(tests):
    build, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if not shutil.which("kcat"):
        print("1..0 # SKIP kcat is not installed")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory(prefix="fundwatch-daemon-") as folder:
        context = Context(build, folder)
        tests = [test for test in tests if not words or any(word in test.__name__ for word in words)]
        print(f"1..{len(tests)}")
        for number, test in enumerate(tests, 1):
            passed, reason = run_one(context, test)
            failed += not passed
            print(f"{'ok' if passed else 'not ok'} {number} - {test.__doc__}{' # ' + reason if reason else ''}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(TESTS))
