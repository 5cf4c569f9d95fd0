#!/usr/bin/python3
"""Kills fundwatchd again and again on one archive, at random moments and at named steps, cuts its power, stops it with SIGTERM,
while records keep coming; then compares everything it published with a run that nobody disturbed.

    tests/faults/kill_loop.py [--loops KILLS] [--seed S] [--broker real|embedded] [--partitions N] [--alert-partitions N] [--keep DIR] BUILD

BUILD holds the programs and libfundwatch_faults.so. Exit: 0 nothing lost, nothing doubled, one digest; 1 otherwise (--keep DIR
then has the archive, the log and the configuration); 77 no real broker on this machine.
"""
import argparse
import collections
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import control                                                                      # noqa: E402
import powercut                                                                     # noqa: E402
from world import (EmbeddedBroker, Feeder, Instance, Published, Unavailable, World, archive_problems, chance_of, make_topics, produce,  # noqa: E402
                   real_broker, topics_of)

# Steps and the highest pass of a life at which the process is killed there.
STEPS = {"before_append": 12, "after_append": 12, "before_sync": 2, "after_sync": 2, "before_score": 3, "after_score": 3,
         "before_publish": 2, "after_publish": 2, "before_commit": 1, "after_commit": 1, "snapshot_begin": 1, "snapshot_write": 1,
         "snapshot_before_rename": 1, "snapshot_after_rename": 1, "recover_begin": 1, "recover_tail": 2, "recover_outputs": 1, "recover_end": 1}
LIFE_SECONDS = 1.0          # a life whose step does not come ends then, at the latest
SNAPSHOT_SECONDS = 3.0      # a snapshot comes a second after the start, when there is something new
CATCH_UP_EVERY = 10         # of so many lives one runs until it has read everything
LOOK_EVERY = 50             # lives between looks for doubled lines
BATCHES, SYNC_MS, SYNC_RECORDS = (1, 7, 64, 4096), (0, 1, 5), (1, 16, 4096)


class Plan:
    """How one life ends."""

    def __init__(self, chance):
        kinds = ("step", "moment", "power", "term")
        self.kind = chance.choices(kinds, (45, 35, 12, 8))[0]
        self.step = chance.choice(sorted(STEPS)) if self.kind == "step" else None
        self.passes = chance.randint(1, STEPS[self.step]) if self.step else 0
        self.group = chance.random() < 0.7
        self.after = chance.uniform(0, 0.3) if chance.random() < 0.25 else chance.uniform(0.2, LIFE_SECONDS)
        if self.step:
            self.after = SNAPSHOT_SECONDS if self.step.startswith("snapshot_") else LIFE_SECONDS
        self.keep = chance.choice((0, 0.5, 0.9))        # of unsynced blocks, by a power cut
        self.settings = f"limits:\n  batch: {chance.choice(BATCHES)}\n"
        self.archive = (f"  segment_mb: 1\n  snapshot_records: 100\n  snapshot_every: 1\n  sync_ms: {chance.choice(SYNC_MS)}\n"
                        f"  sync_records: {chance.choice(SYNC_RECORDS)}\n")

    def __str__(self):
        what = {"step": f"kill -9 at {self.step}, pass {self.passes}", "moment": "kill -9", "power": f"power cut, {self.keep:.0%} of blocks kept",
                "term": "SIGTERM"}[self.kind]
        return f"{what}{' of the group' if self.group and self.kind in ('step', 'moment') else ''} after {self.after:.2f} s at most"


class Loop:
    def __init__(self, options, broker, world, folder):
        self.options, self.broker, self.world = options, broker, world
        self.chance = chance_of(options.seed)
        self.counts, self.kills = collections.Counter(), 0
        self.instance = Instance(options.build, os.path.join(folder, "loop"), broker.bootstrap, world, "loop")
        self.parts = world.parts(options.partitions)
        self.feeders = [Feeder(broker.bootstrap, "loop.settlement", number) for number in range(options.partitions)]
        self.enrolments = Feeder(broker.bootstrap, "loop.enrolment")

    # ---- what comes in ----

    def feed(self, lives_left):
        """A piece of every partition, so that the last life gets the last; sometimes enrolments that are known already."""
        for part, feeder in zip(self.parts, self.feeders):
            take = len(part) if lives_left == 0 else min(len(part), self.chance.randint(0, max(1, 2 * len(part) // lives_left)))
            feeder.feed(part[:take])
            del part[:take]
        if self.chance.random() < 0.3:
            self.enrolments.feed(self.chance.sample(self.world.enrolments, 3))

    def ends(self):
        return {("loop.settlement", number): feeder.fed for number, feeder in enumerate(self.feeders)} \
            | {("loop.enrolment", 0): self.enrolments.fed}

    # ---- one life ----

    def wait_end(self, seconds):
        try:
            return self.instance.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def live(self, number):
        plan, instance = Plan(self.chance), self.instance
        instance.configure(plan.settings, plan.archive)
        instance.control.clear()
        with open(instance.log, "ab") as log:
            log.write(f"== life {number}: {plan}\n".encode())
        before = None
        if plan.kind == "power":
            before = self.power_before()
        if plan.step:
            instance.control.at_step(plan.step, control.KILL_GROUP if plan.group else control.KILL, plan.passes)
        instance.start(journal=plan.kind == "power")
        if number % CATCH_UP_EVERY == CATCH_UP_EVERY - 1 and not plan.step:
            self.catch_up()
        status = self.wait_end(plan.after)
        if status is None and plan.kind == "term":
            instance.process.terminate()
            status = self.wait_end(60)
            assert status in (0, -signal.SIGTERM), f"life {number}: exit status {status} after SIGTERM"
            self.kills -= 1         # it is none
        elif status is None:
            status = instance.kill(plan.group or plan.kind == "power")
        elif not plan.step:
            raise AssertionError(f"life {number} ended by itself with exit status {status}: {instance.log_text()[-1500:]}")
        self.settle(number, plan, status, before)

    def settle(self, number, plan, status, before):
        """Counts the end of a life; a power cut takes back what was not synced."""
        instance = self.instance
        reached = plan.kind == "step" and instance.control.now.acted
        if plan.kind == "step" and status not in (-signal.SIGKILL,):
            raise AssertionError(f"life {number} ended by itself with exit status {status}: {instance.log_text()[-1500:]}")
        self.counts[f"at {plan.step}" if reached else "step not reached" if plan.step else plan.kind] += 1
        if before:
            instance.kill_rest()
            before.apply(instance.journal)
            self.counts["blocks and names lost by power cuts"] += before.cut(self.chance, plan.keep)
            before.write()
            instance.control.now.journal = 0

    def power_before(self):
        """Everything that is in the folder counts as on disk; nobody else may be writing to it."""
        self.counts["snapshot processes that outlived the daemon"] += self.instance.kill_rest()
        if os.path.exists(self.instance.journal):
            os.remove(self.instance.journal)
        open(self.instance.journal, "wb").close()
        os.makedirs(self.instance.archive, exist_ok=True)
        self.instance.control.now.journal = 1
        return powercut.Folder(self.instance.archive)

    def catch_up(self):
        begin = time.monotonic()
        while self.instance.alive() and not self.instance.caught_up():
            assert time.monotonic() < begin + 60, f"not caught up within 60 s: {self.instance.get('/readyz')[1]}"
            time.sleep(0.02)

    # ---- all of it ----

    def doubled(self):
        published = Published(self.broker.bootstrap, "loop")
        for name, lines in published.lines.items():
            twice = [line for line, count in collections.Counter((key, value) for _, key, value in lines).items() if count > 1]
            if twice:
                return f"{name}: {len(twice)} lines twice, the first: {twice[0][1][:300]}"
        return None

    def run(self):
        number = 0
        while self.kills < self.options.loops:
            self.feed(self.options.loops - self.kills)
            self.kills += 1
            self.live(number)
            number += 1
            if number % LOOK_EVERY == 0:
                twice = self.doubled()
                assert not twice, f"after life {number}: {twice}"
                print(f"# {number} lives, {self.kills} killed, {sum(feeder.fed for feeder in self.feeders)} settlements fed", flush=True)
        self.lives = number
        self.feed(0)
        for feeder in [*self.feeders, self.enrolments]:
            feeder.close()
        self.instance.kill_rest()
        instance = self.instance
        instance.control.clear()
        instance.configure()
        instance.start()
        instance.wait_positions(self.ends())
        instance.stop_well()

    def problems(self, folder):
        """What differs from the run that nobody disturbed, over the same input topics."""
        options, bootstrap = self.options, self.broker.bootstrap
        calm = Instance(options.build, os.path.join(folder, "calm"), bootstrap, self.world, "calm", inputs="loop")
        try:
            calm.start()
            calm.wait_positions(self.ends())
            calm.stop_well()
        finally:
            calm.close()
        got, wanted = Published(bootstrap, "loop"), Published(bootstrap, "calm", inputs="loop")
        found = got.differences(wanted)
        if options.partitions == 1 and options.alert_partitions == 1 and self.instance.digest_told() != calm.digest_told():
            found.append(f"feed digest {self.instance.digest_told()}, undisturbed {calm.digest_told()}")
        fed = sum(feeder.fed for feeder in self.feeders)
        found += archive_problems(self.instance, got, fed, options.alert_partitions == 1)
        print(f"# {fed} settlements, {self.enrolments.fed} enrolments; lines {got.count()}; feed digest {self.instance.digest_told()}")
        return found

    def close(self):
        self.instance.close()
        for feeder in [*self.feeders, self.enrolments]:
            feeder.process.kill()
            feeder.process.wait()


def run(options, folder):
    topics = {**topics_of("loop", options.partitions, options.alert_partitions), **topics_of("calm", 1, options.alert_partitions)}
    if options.broker == "real":
        broker = real_broker(options.build, os.path.join(folder, "broker"))
        make_topics(broker, "loop", options.partitions, options.alert_partitions)
        make_topics(broker, "calm", 1, options.alert_partitions)
    else:
        broker = EmbeddedBroker(options.build, topics)
    try:
        world = World(options.build, os.path.join(folder, "world"), persons=max(300, min(options.loops * 4, 60000)), seed=options.seed)
        produce(broker.bootstrap, "loop.enrolment", world.enrolments)
        loop = Loop(options, broker, world, folder)
        loop.enrolments.fed = len(world.enrolments)
        begin = time.monotonic()
        try:
            loop.run()
            spent = time.monotonic() - begin
            found = loop.problems(folder)
        finally:
            loop.close()
        print(f"# {loop.lives} lives, {loop.kills} of them ended by kill -9 or a power cut, in {spent:.0f} s, seed {options.seed}, {options.broker} broker, partitions {options.partitions}")
        for what, count in sorted(loop.counts.items()):
            print(f"#   {what}: {count}")
        return found
    finally:
        broker.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--loops", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=("real", "embedded"), default="real")
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--alert-partitions", type=int, default=1)
    parser.add_argument("--keep", metavar="DIR", help="where to leave everything when something is wrong")
    parser.add_argument("build", metavar="BUILD")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    folder = tempfile.mkdtemp(prefix="fundwatch-kill-")
    try:
        found = run(options, folder)
    except Unavailable as why:
        print(f"SKIP {why}")
        return 77
    except AssertionError as wrong:
        found = [str(wrong)]
    finally:
        if options.keep and os.path.exists(folder) and (sys.exc_info()[0] or "found" not in locals() or found):
            shutil.copytree(folder, options.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("broker", "world"))
        shutil.rmtree(folder, ignore_errors=True)
    for line in found:
        print(line)
    print("kill loop: " + ("not the same" if found else "nothing lost, nothing doubled, the same bytes and one digest"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
