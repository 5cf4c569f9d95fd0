"""A broker that dies, is not there, or lacks a topic."""
import json
import os
import subprocess

import clients
from daemon import SECONDS, Daemon, Replay, until
from feeds import make_topics, same, values

EX_CONFIG = 78
FEED_SECONDS = 8        # of a feeder that goes on over the broker's death


def killed_broker(context, hold):
    """a broker killed with SIGKILL and started again in the middle loses nothing and doubles nothing."""
    county, prefix = context.county, "killed"
    broker = context.broker("killed")
    broker.start()
    make_topics(broker, prefix)
    clients.produce(broker.bootstrap, f"{prefix}.enrolment", county.enrolments)
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables)
    hold(daemon)
    daemon.start().wait_ready()
    lines = county.settlements
    feed = subprocess.Popen([context.feeder, broker.bootstrap, f"{prefix}.settlement", str(FEED_SECONDS), county.settlements_file])
    until("a quarter of the records received", lambda: daemon.received() > len(lines) // 4, alive=daemon.alive)
    broker.kill()
    assert daemon.received() < len(lines), "the broker was killed after the last record"
    broker.start()
    assert feed.wait(timeout=SECONDS) == 0, "the feeder did not deliver everything"
    same("records in the topic", [one.value for one in clients.consume(broker.bootstrap, f"{prefix}.settlement")], lines)
    daemon.wait_received(len(lines))
    assert daemon.stop() == 0
    replay = Replay(context.fundwatch, context.scratch("replay-killed"), lines, county.enrolment_file, county.tables)
    for kind, kind_type in (("alerts", "alert"), ("indicators", "indicator")):
        same(kind, values(broker, f"{prefix}.{kind}", kind_type), replay.lines(kind))
    broker.close()


def dead_broker(context, hold):
    """with a dead broker at start the daemon waits, is not ready and says why; it recovers when the broker comes."""
    county, prefix = context.county, "late"
    broker = context.broker("late")
    broker.start()
    make_topics(broker, prefix)
    clients.produce(broker.bootstrap, f"{prefix}.settlement", county.settlements[:500])
    broker.stop()
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables)
    hold(daemon)
    daemon.start()
    status, body = until("an answer of /readyz", lambda: daemon.get("/readyz") if daemon.get("/readyz")[0] else None, alive=daemon.alive)
    assert status == 503, f"/readyz says {status} without a broker"
    assert "kafka" in body.lower() or "broker" in body.lower(), f"/readyz does not name the failing part: {body}"
    json.loads(body)
    assert daemon.get("/healthz")[0] == 200, "/healthz must answer 200 while it waits"
    broker.start()
    daemon.wait_ready()
    daemon.wait_received(500)
    assert daemon.stop() == 0
    broker.close()


def missing_topic(context, hold):
    """a missing topic is named, in both languages, and ends the daemon with 78."""
    broker, county, prefix = context.shared, context.county, "missing"
    for name in ("settlement", "enrolment", "indicators", "refused", "shadow", "stats"):
        broker.create(f"{prefix}.{name}")
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables)
    hold(daemon)
    for language in ("en_US.UTF-8", "zh_CN.UTF-8"):
        done = subprocess.run([context.fundwatchd, "--config", daemon.config], env=dict(os.environ, LC_ALL=language), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
        assert done.returncode == EX_CONFIG, f"exit status {done.returncode}: {done.stdout.decode()[-300:]}"
        assert f"{prefix}.alerts" in done.stdout.decode(), f"the topic is not named: {done.stdout.decode()[-300:]}"
    # Created on request instead.
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables, "create_topics: true\n")
    hold(daemon)
    daemon.start().wait_ready()
    assert daemon.stop() == 0
    assert not values(broker, f"{prefix}.alerts", "alert")


def create_fails(broker, name):
    """Deletion goes on for a moment after it was answered."""
    try:
        broker.create(name, max_message_bytes=clients.LARGEST)
        return False
    except subprocess.CalledProcessError:
        return True


def recreated_topic(context, hold):
    """a topic that is deleted and made again under the daemon stops its partition, loudly; nothing of the new one is judged."""
    broker, county, prefix = context.shared, context.county, "again"
    make_topics(broker, prefix)
    clients.produce(broker.bootstrap, f"{prefix}.settlement", county.settlements[:300])
    daemon = Daemon(context.fundwatchd, context.scratch(prefix), broker.bootstrap, prefix, county.tables, "check_every: 1\n")
    hold(daemon)
    daemon.start().wait_received(300)
    daemon.wait_ready()
    broker.delete(f"{prefix}.settlement")
    until("not ready", lambda: daemon.get("/readyz")[0] == 503, alive=daemon.alive)
    assert f"{prefix}.settlement[0]" in daemon.get("/readyz")[1], "/readyz does not name the partition"
    until("the stop in the log", lambda: "is stopped at offset 300" in daemon.log_text())
    until("the name is free again", lambda: not create_fails(broker, f"{prefix}.settlement"))
    clients.produce(broker.bootstrap, f"{prefix}.settlement", county.settlements[:900])
    until("the end of the new topic is seen", lambda: daemon.metric("fundwatch_lag_records", topic=f"{prefix}.settlement") == 600, alive=daemon.alive)
    # Three more stats records, one a second: by then the client, which knows the topic again, has offered its records.
    seen = len(values(broker, f"{prefix}.stats"))
    until("three more stats records", lambda: len(values(broker, f"{prefix}.stats")) >= seen + 3, alive=daemon.alive)
    assert daemon.received() == 300, f"{daemon.received() - 300} records of another topic were judged"
    assert daemon.get("/readyz")[0] == 503
    assert daemon.get("/healthz")[0] == 200
    assert daemon.stop() == 0


TESTS = [killed_broker, dead_broker, missing_topic, recreated_topic]
