"""Faults of Kafka: the broker away, frozen, slow; topics deleted, made again, cut, made larger, refusing."""
import os
import signal
import subprocess
import threading
import time

import control
from stage import OFFSETS_DIFFER, Stage, halves
from world import Published, archive_problems, consume, produce, until

AWAY_SECONDS, LONG_AWAY_SECONDS = 6, 180


def away(context):
    return LONG_AWAY_SECONDS if context.long else AWAY_SECONDS


def broker_killed(context):
    """broker killed with SIGKILL while lines are on their way, started again: goes on by itself; the daemon killed meanwhile too"""
    with Stage(context, "killed", broker="own") as stage:
        parts = halves(stage.world.settlements, 3)
        instance = stage.start()
        instance.control.at_step("after_publish", control.SLEEP, 1, 2000)
        stage.feed(parts[0])
        stage.delivered()
        until("lines on their way", lambda: instance.control.now.acted)
        stage.broker.kill()
        instance.control.now.action = control.NONE
        stage.broker.start()
        stage.feed(parts[1])
        stage.catch_up()
        instance.control.at_step("after_publish", control.KILL_GROUP, 1)
        stage.feed(parts[2])
        stage.delivered()
        until("the daemon is killed", lambda: instance.process.poll() is not None)
        stage.broker.kill()
        instance.control.clear()
        stage.start()
        stage.saw("waiting for Kafka")
        stage.broker.start()
        stage.same()


def broker_away(context):
    """broker unreachable (connections refused) for a while (6 s; 3 minutes with --long): not ready, said once, goes on by itself"""
    with Stage(context, "away", broker="own") as stage:
        first, second = halves(stage.world.settlements)
        instance = stage.start()
        stage.feed(first)
        stage.catch_up()
        stage.broker.stop()
        stage.saw("Kafka cannot be reached")
        end = time.monotonic() + away(context)
        stage.failing("broker")
        while time.monotonic() < end:
            assert instance.alive() and instance.get("/healthz")[0] == 200
            time.sleep(0.5)
        stage.broker.start()
        stage.saw("Kafka answers again")
        stage.feed(second)
        stage.same()


def broker_frozen(context):
    """broker frozen (SIGSTOP) for a while (6 s; 3 minutes with --long): no error from Kafka; not ready; goes on"""
    with Stage(context, "frozen", broker="own") as stage:
        first, second = halves(stage.world.settlements)
        stage.start()
        stage.feed(first)
        stage.catch_up()
        stage.feed(second[:50])
        stage.delivered()
        os.kill(stage.broker.process.pid, signal.SIGSTOP)
        begin = time.monotonic()
        stage.failing("broker")
        time.sleep(max(0, away(context) - (time.monotonic() - begin)))
        os.kill(stage.broker.process.pid, signal.SIGCONT)
        until("ready again", stage.instance.ready)
        stage.feed(second[50:])
        stage.same()


def frozen_and_killed(context):
    """requests of the dead: broker frozen with lines on their way to it, the daemon killed and started, the broker goes on: nothing twice"""
    with Stage(context, "dead", broker="own") as stage:
        parts = halves(stage.world.settlements, 5)
        instance = stage.start()
        for part in parts[:-1]:
            instance.control.at_step("before_publish", control.SLEEP, 1, 700000)
            stage.feed(part)
            stage.delivered()
            until("lines to publish", lambda: instance.control.now.acted)
            os.kill(stage.broker.process.pid, signal.SIGSTOP)
            time.sleep(1.5)             # the lines go as far as the broker's socket; its session with the controller ends
            instance.control.clear()
            instance.kill(group=True)
            instance.start()
            until("it is there again", lambda: instance.get("/healthz")[0])
            os.kill(stage.broker.process.pid, signal.SIGCONT)
            stage.catch_up()
        stage.feed(parts[-1])
        stage.same()


def broker_slow(context):
    """a slow broker (running 60 ms of every 300): slower, the same; a kill in between"""
    with Stage(context, "slow", broker="own") as stage:
        first, second = halves(stage.world.settlements)
        over = threading.Event()

        def slow():
            while not over.wait(0.06):
                os.kill(stage.broker.process.pid, signal.SIGSTOP)
                over.wait(0.24)
                os.kill(stage.broker.process.pid, signal.SIGCONT)
        thread = threading.Thread(target=slow)
        thread.start()
        try:
            stage.start()
            stage.feed(first)
            stage.catch_up()
            stage.instance.control.at_step("after_publish", control.KILL_GROUP, 1)
            stage.feed(second)
            until("the kill", lambda: stage.instance.process.poll() is not None)
            stage.instance.control.clear()
            stage.start()
            stage.catch_up()
        finally:
            over.set()
            thread.join()
        stage.same()


def partition_stalled(context):
    """one partition without a leader: named as stalled, the others go on; it goes on when it has one again"""
    with Stage(context, "stalled", partitions=2, settings="stall_after: 2\n") as stage:
        parts = [halves(part) for part in stage.world.parts(2)]
        instance = stage.start()
        for number, part in enumerate(parts):
            stage.feed(part[0], number)
        stage.catch_up()
        stage.order(f"leader {stage.name}.settlement 1 off")
        stage.feed(parts[0][1], 0)
        stage.delivered()
        wanted = {(f"{stage.name}.settlement", 0): stage.fed[0]}
        until("the other goes on", lambda: instance.alive() and instance.positions().items() >= wanted.items())
        body = until("not ready", lambda: (lambda status, text: text if status == 503 else None)(*instance.get("/readyz")))
        print(f"# stalled: /readyz: {body.strip()}")
        stage.order(f"leader {stage.name}.settlement 1 on")
        stage.feed(parts[1][1], 1)
        until("ready again", instance.ready)
        stage.same(without=OFFSETS_DIFFER)


def create_again(stage, name, partitions=1):
    """Deletion goes on for a moment after it was answered."""
    def made():
        try:
            stage.broker.create(name, partitions, max_message_bytes="4000000")
            return True
        except subprocess.CalledProcessError:
            return False
    until(f"{name} is made again", made)


def refused_start(stage, *words):
    """The daemon does not start: 78, and it says why."""
    status = stage.start().end()
    assert status == 78, f"exit status {status}: {stage.instance.log_text()[-800:]}"
    stage.saw(*words)
    stage.saw("not started", "--accept-gap")


def accepted(stage, fed, reason):
    """--accept-gap goes on and the archive says so; afterwards it starts as usual."""
    instance = stage.instance
    instance.start("--accept-gap")
    stage.saw("the gap is accepted", reason)
    instance.wait_positions(fed)
    instance.stop_well()
    assert not instance.verify()
    _, summary = instance.replayed()
    assert summary["feed_digest"] == instance.digest_told(), "replay as recorded tells another digest over the gap"
    instance.start()
    until("ready", instance.ready)
    instance.stop_well()
    return summary


def topic_recreated(context):
    """topic deleted, made again and refilled past the stored offset, daemon stopped: 78 and nothing of it judged; --accept-gap goes on"""
    with Stage(context, "again", broker="real") as stage:
        lines, topic = stage.world.settlements, "again.settlement"
        stage.start()
        stage.feed(lines[:400])
        stage.catch_up()
        stage.instance.stop_well()
        said = consume(stage.bootstrap, "again.alerts")
        stage.broker.delete(topic)
        create_again(stage, topic)
        produce(stage.bootstrap, topic, lines[300:1100])
        refused_start(stage, "again.settlement[0]", "deleted and made again")
        assert len(consume(stage.bootstrap, "again.alerts")) == len(said), "lines were published of another topic"
        summary = accepted(stage, {(topic, 0): 800}, "recreated")
        print(f"# again: after --accept-gap received {summary['received']}, duplicate {summary['duplicate']}")
        assert summary["received"] == 1200 and summary["duplicate"] >= 90


def topic_recreated_running(context):
    """the same while it runs: the partition stops, not ready; nothing of the new topic is judged; the next start refuses with 78"""
    with Stage(context, "under", broker="real") as stage:
        lines, topic = stage.world.settlements, "under.settlement"
        instance = stage.start()
        stage.feed(lines[:300])
        stage.catch_up()
        stage.broker.delete(topic)
        stage.failing("progress")
        stage.saw("is stopped at offset 300")
        create_again(stage, topic)
        produce(stage.bootstrap, topic, lines[100:900])
        until("the new end is seen", lambda: instance.metric("lag_records", f'topic="{topic}"') == 500)
        assert instance.received() == 0 or instance.metric("records_received_total", f'topic="{topic}"') == 300, "records of another topic were judged"
        assert instance.get("/readyz")[0] == 503
        instance.stop_well()
        refused_start(stage, "under.settlement[0]", "deleted and made again")


def topic_shorter(context):
    """topic deleted and made again, shorter than the stored offset: 78; --accept-gap reads it from its beginning"""
    with Stage(context, "shorter", broker="real") as stage:
        lines, topic = stage.world.settlements, "shorter.settlement"
        stage.start()
        stage.feed(lines[:400])
        stage.catch_up()
        stage.instance.stop_well()
        stage.broker.delete(topic)
        create_again(stage, topic)
        produce(stage.bootstrap, topic, lines[400:500])
        refused_start(stage, "shorter.settlement[0]", "shorter than the archive")
        summary = accepted(stage, {(topic, 0): 100}, "shortened")
        assert summary["received"] == 500, summary["received"]


def topic_truncated(context):
    """records removed past the stored offset (DeleteRecords): 78; --accept-gap goes on behind them, the archive says so"""
    with Stage(context, "cut", broker="real") as stage:
        lines, topic = stage.world.settlements, "cut.settlement"
        stage.start()
        stage.feed(lines[:300])
        stage.catch_up()
        stage.instance.stop_well()
        stage.feed(lines[300:700])
        stage.delivered()
        stage.topics("cut", topic, "0", "500")
        refused_start(stage, "cut.settlement[0]", "records that were due are gone")
        summary = accepted(stage, {(topic, 0): 700}, "truncated")
        assert summary["received"] == 500, summary["received"]


def partitions_added(context):
    """partitions added while it runs: said, not ready; a restart reads them from their beginning"""
    with Stage(context, "more", broker="real") as stage:
        parts = stage.world.parts(2)
        instance = stage.start()
        stage.feed(parts[0])
        stage.catch_up()
        stage.topics("partitions", "more.settlement", "2")
        stage.feed(parts[1], 1)
        stage.delivered()
        if "partition_count" not in instance.failing():
            print(f"# more: /readyz: {stage.failing('partition_count').strip()}")
        stage.saw("partitions and has 2 now")
        instance.stop_well()
        stage.partitions = 2
        stage.same(without=OFFSETS_DIFFER)


def alerts_deleted(context):
    """the alerts topic is deleted under the daemon and made again later, with a kill in between: what was not in it before comes once"""
    with Stage(context, "deleted", broker="real") as stage:
        parts, topic = halves(stage.world.settlements, 3), "deleted.alerts"
        instance = stage.start()
        stage.feed(parts[0])
        stage.catch_up()
        before = Published(stage.bootstrap, stage.name).lines["alerts"]
        stage.broker.delete(topic)
        stage.feed(parts[1])
        stage.delivered()
        until("not ready", lambda: instance.alive() and instance.get("/readyz")[0] == 503)
        print(f"# deleted: /readyz: {instance.failing()}")
        instance.kill(group=True)
        status = stage.start().end()
        assert status == 78 and instance.said("the topic deleted.alerts is not in Kafka"), f"exit status {status}"
        create_again(stage, topic)
        stage.start()
        stage.feed(parts[2])
        stage.catch_up()
        instance.stop_well()
        published = Published(stage.bootstrap, stage.name)
        published.lines["alerts"] = before + published.lines["alerts"]
        found = published.differences(context.calm) + archive_problems(instance, published, sum(stage.fed.values()), True)
        assert not found, "; ".join(found)


def alerts_full(context):
    """the alerts topic takes no message of that size: said, lines are held and sent again, reading stops; goes on when it does"""
    with Stage(context, "full", broker="real") as stage:
        first, second = halves(stage.world.settlements)
        instance = stage.start()
        stage.feed(first)
        stage.catch_up()
        stage.topics("set", "full.alerts", "max.message.bytes=200")
        stage.feed(second)
        stage.delivered()
        until("lines that are held", lambda: instance.alive() and instance.metric("messages_held"))
        stage.saw("a message was not delivered and will be sent again")
        print(f"# full: /readyz: {stage.failing('publisher').strip()}")
        stage.topics("set", "full.alerts", "max.message.bytes=4000000")
        until("ready again", instance.ready)
        stage.same()


TESTS = (broker_killed, broker_away, broker_frozen, frozen_and_killed, broker_slow, partition_stalled, topic_recreated, topic_recreated_running, topic_shorter,
         topic_truncated, partitions_added, alerts_deleted, alerts_full)
