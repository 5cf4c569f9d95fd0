"""Faults of the process and of what comes in: kills at every step, stops, signals, two daemons, clocks, doubles, poison."""
import json
import os
import signal
import subprocess
import sys
import time

import control
from kill_loop import STEPS
from stage import OFFSETS_DIFFER, Stage, halves
from world import Published, archive_problems, consume, until

STOP_SECONDS, LONG_STOP_SECONDS = 5, 60


def every_step(context):
    """kill -9 at every named step, the daemon's and the snapshot process's"""
    with Stage(context, "steps") as stage:
        instance = stage.instance
        parts = halves(stage.world.settlements, 2 * len(STEPS) + 1)
        for number, name in enumerate(sorted(STEPS) * 2):
            stage.feed(parts[number])
            instance.control.at_step(name, control.KILL if number < len(STEPS) else control.KILL_GROUP)
            stage.start()
            until(f"the step {name}", lambda: instance.control.now.acted)
            if number < len(STEPS) and name.startswith("snapshot_"):
                stage.saw("no snapshot was made", "did not end well")
            instance.kill(group=True)
        stage.feed(parts[-1])
        print(f"# steps: passes in {instance.lives} lives: {instance.control.passes()}")
        stage.same()


def kill_loop(context):
    """25 kills of all sorts on one archive with 2 partitions of records and of alerts (tests/faults/kill_loop.py)"""
    words = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "kill_loop.py"), "--loops", "25", "--broker", "embedded",
             "--alert-partitions", "2", context.build]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240, check=False)
    said = done.stdout.decode(errors="replace").strip().split("\n")
    print("\n".join(line for line in said if line.startswith("# ")), flush=True)
    assert done.returncode == 0, said[-1] + " " + " ".join(line for line in said if not line.startswith("#"))[:1000]


def stopped(context):
    """SIGSTOP for a while (5 s; a minute with --long): goes on, nothing lost"""
    seconds = LONG_STOP_SECONDS if context.long else STOP_SECONDS
    with Stage(context, "stopped") as stage:
        first, second, third = halves(stage.world.settlements, 3)
        instance = stage.start()
        stage.feed(first)
        instance.control.at_step("after_append", control.STOP, 200)
        until("the stop", lambda: instance.control.now.acted)
        stage.feed(second)
        time.sleep(seconds)             # the fault itself
        assert instance.get("/healthz")[0] == 0, "it answers though it is stopped"
        os.killpg(instance.process.pid, signal.SIGCONT)
        stage.feed(third)
        stage.same()


def two_daemons(context):
    """two daemons on one archive: the second ends with 73 and says why, the first goes on"""
    with Stage(context, "two") as stage:
        first, second = halves(stage.world.settlements)
        stage.start()
        stage.feed(first)
        stage.catch_up()
        other = stage.daemon("other")
        other.archive = stage.instance.archive
        other.configure(stage.settings, stage.archive)
        status = other.start().end()
        assert status == 73, f"exit status {status}: {other.log_text()[-800:]}"
        assert other.said("another fundwatchd writes to the archive"), other.log_text()
        print(f"# two: log: {other.said('another fundwatchd')}")
        stage.feed(second)
        stage.same()


TERM_STEPS = ("recover_begin", "recover_tail", "recover_outputs", "recover_end", "before_append", "before_sync", "before_score",
              "before_publish", "before_commit", "snapshot_write")


def term_everywhere(context):
    """SIGTERM in every state: at the steps of start, recovery, work and snapshot it ends with 0 and nothing is lost"""
    with Stage(context, "term") as stage:
        instance = stage.instance
        parts = halves(stage.world.settlements, len(TERM_STEPS) + 1)
        for name, part in zip(TERM_STEPS, parts):
            stage.feed(part)
            instance.control.at_step(name, control.SLEEP, sleep_us=100000)
            stage.start()
            until(f"the step {name}", lambda: instance.control.now.acted)
            instance.control.now.action = control.NONE
            instance.stop_well()
        stage.feed(parts[-1])
        stage.same()


def term_in_trouble(context):
    """SIGTERM while the broker is away at the start: 0; while the archive cannot be written: 75, and nothing is lost"""
    with Stage(context, "trouble") as stage:
        first, second = halves(stage.world.settlements)
        instance = stage.instance
        stage.settings = "drain: 2\n"
        instance.configure(stage.settings, stage.archive)
        stage.order("broker off")
        stage.start()
        stage.saw("waiting for Kafka")
        instance.stop_well()
        stage.order("broker on")
        stage.start()
        stage.feed(first)
        stage.catch_up()
        instance.control.now.write_error = 28
        stage.feed(second)
        stage.failing("archive")
        status = instance.stop()
        assert status == 75, f"exit status {status} with an archive that cannot be written"
        instance.control.clear()
        stage.same()


def clock_jumps(context):
    """the clock jumps by days, ahead and back: bytes do not change; months are not closed by a clock that jumped, and that is said"""
    with Stage(context, "clock", settings="") as stage:
        instance = stage.instance
        parts = halves(stage.world.settlements, 4)
        # The clock of a machine that is right in the days of the records; ticks would close nothing that the records do not.
        base = stage_clock(parts[0][0]) - time.time()
        instance.control.now.clock_ns = int(base * 1e9)
        instance.base = instance.base.replace("tick_after: 0", "tick_after: 2")
        instance.configure(stage.settings, stage.archive)
        stage.start()
        for days, part in zip((0, 400, -800), parts):
            instance.control.now.clock_ns = int((base + days * 86400) * 1e9)
            stage.feed(part)
            if days:
                stage.saw("the wall clock jumped by")
            stage.catch_up()
        ticks = instance.metric("ticks_total")
        time.sleep(3)                   # longer than tick_after: a tick would have come
        assert instance.metric("ticks_total") == ticks, "a clock that jumped closes months"
        print(f"# clock: /readyz: {instance.get('/readyz')[0]} {instance.failing()}")
        instance.stop_well()
        instance.base = instance.base.replace("tick_after: 2", "tick_after: 0")
        instance.configure(stage.settings, stage.archive)
        stage.feed(parts[3])
        stage.same()


def stage_clock(line):
    text = json.loads(line)["setl_time"]
    return time.mktime(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S"))


def idle_shard(context):
    """an idle shard closes its months by ticks, through a kill; the archive replayed as recorded says the same"""
    with Stage(context, "idle") as stage:
        instance = stage.instance
        instance.base = instance.base.replace("tick_after: 0", "tick_after: 1")
        instance.configure(stage.settings, stage.archive)
        instance.start()
        stage.feed(stage.world.settlements[:700])
        stage.catch_up()
        before = len(context.calm.lines["indicators"])
        until("a tick", lambda: instance.alive() and instance.metric("ticks_total"))
        instance.kill(group=True)
        instance.start()
        stage.catch_up()
        instance.stop_well()
        published = Published(stage.bootstrap, stage.name)
        found = archive_problems(instance, published, 700, True)
        assert not found, "; ".join(found)
        months = {json.loads(value)["subject"]["period"] for _, _, value in published.lines["indicators"]}
        print(f"# idle: {published.count()} lines (undisturbed {before} indicators of the whole world), periods {sorted(months)}")


def doubled_delivery(context):
    """every record delivered twice, at other offsets: duplicates are counted, nothing is said twice"""
    with Stage(context, "twice", broker="real") as stage:
        stage.start()
        lines = stage.world.settlements
        twice = [line for one in lines for line in (one, one)]
        stage.feed(twice)
        stage.catch_up()
        label = f'topic="{stage.name}.settlement"'
        received, duplicate = (stage.instance.metric(f"records_{what}_total", label) for what in ("received", "duplicate"))
        assert received == len(twice) and duplicate > len(lines) * 0.9, (received, duplicate)
        print(f"# twice: received {received}, duplicate {duplicate}")
        stage.same(without=OFFSETS_DIFFER)


def poison(context):
    """poison records in the middle, of all sorts, through a kill: one dead letter each, the partition goes on"""
    sorts = (b"", b"{", b"null", b"[" * 200, b'{"setl_id":"x"}', b"\xff\xfe", b'{"setl_id":"a","setl_id":"b"}', b'{"setl_id":' + b"9" * 70 + b"}",
             b'{"a":' * 40 + b"1" + b"}" * 40, b"\x00" * 100, b'{"setl_id":"y","psn_no":"p","setl_time":"2024-02-30 10:00:00","insu_admdvs":"141121"}')
    sorts = [one for one in sorts if one]
    with Stage(context, "poison") as stage:
        stage.start()
        bad = 0
        for number, part in enumerate(halves(stage.world.settlements, 10)):
            stage.feed(part + sorts * 5)
            bad += 5 * len(sorts)
            if number == 5:
                stage.catch_up()
                stage.instance.kill(group=True)
                stage.start()
        stage.catch_up()
        published = len(context.calm.lines["refused"]) + bad
        stage.same(without=OFFSETS_DIFFER)
        letters = [json.loads(value) for _, _, _, value in consume(stage.bootstrap, f"{stage.name}.refused")]
        offsets = {(one["kind"], one["offset"]) for one in letters}
        assert len(letters) == len(offsets) == published, f"{len(letters)} dead letters of {len(offsets)} offsets, {published} records were bad"


TESTS = (every_step, kill_loop, stopped, two_daemons, term_everywhere, term_in_trouble, clock_jumps, idle_shard, poison)
