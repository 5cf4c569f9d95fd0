"""What every test of a fault is handed: the world, what an undisturbed run says of it, a stage with a broker and a daemon."""
import os
import subprocess
import threading

from world import (SECONDS, EmbeddedBroker, Feeder, Instance, Published, Unavailable, World, archive_problems, make_topics, produce,
                   real_broker, topics_of, until)

ARCHIVE = "  segment_mb: 1\n  snapshot_records: 100\n  snapshot_every: 1\n"     # so that snapshots and segments come often

# Differences of dead letters that are there where records stand at other offsets on purpose.
OFFSETS_DIFFER = ("refused", "  lost: b'{\"type\":\"refused\"", "  strange: b'{\"type\":\"refused\"")


class Context:
    """Programs, the world and the undisturbed run that all tests are compared with."""

    def __init__(self, build, folder, long):
        self.build, self.folder, self.long, self.real, self.why_not, self.lock = build, folder, long, None, None, threading.Lock()
        self.world = World(build, os.path.join(folder, "world"), persons=500)
        with Stage(self, "calm") as calm:
            calm.start()
            calm.feed(self.world.settlements)
            calm.catch_up()
            calm.instance.stop_well()
            self.calm = Published(calm.bootstrap, "calm")
            self.digest = calm.instance.digest_told()
        assert self.calm.digest() == self.digest, "the undisturbed run tells another digest than its topic has"

    def real_broker(self):
        """One for all tests that do not harm it."""
        with self.lock:
            if self.why_not:
                raise Unavailable(self.why_not)
            if not self.real:
                try:
                    self.real = real_broker(self.build, os.path.join(self.folder, "broker"))
                except Unavailable as why:
                    self.why_not = str(why)
                    raise
            return self.real

    def close(self):
        if self.real:
            self.real.close()


class Stage:
    """A broker, the topics of one prefix, a daemon with its archive, feeders."""

    def __init__(self, context, name, broker="embedded", partitions=1, settings="", archive=ARCHIVE):
        self.context, self.name, self.world, self.opened = context, name, context.world, []
        self.settings, self.archive, self.partitions = settings, archive, partitions
        self.given = broker
        self.seen = []

    def __enter__(self):
        context, given = self.context, self.given
        self.folder = os.path.join(context.folder, self.name)
        os.makedirs(self.folder)
        if given == "embedded":
            self.broker = EmbeddedBroker(context.build, topics_of(self.name, self.partitions))
            self.opened.append(self.broker)
        elif given == "own":                    # a real one that the test may harm
            context.real_broker()
            self.broker = real_broker(context.build, os.path.join(self.folder, "broker"))
            self.opened.append(self.broker)
        else:
            self.broker = context.real_broker()
        if given != "embedded":
            make_topics(self.broker, self.name, self.partitions)
        self.bootstrap = self.broker.bootstrap
        produce(self.bootstrap, f"{self.name}.enrolment", self.world.enrolments)
        self.instance = self.daemon("daemon")
        self.feeders, self.fed = {}, {}
        return self

    def __exit__(self, *wrong):
        for feeder in self.feeders.values():
            feeder.process.kill()
            feeder.process.wait()
        for one in reversed(self.opened):
            one.close()

    def daemon(self, name, prefix=None, inputs=None):
        one = Instance(self.context.build, os.path.join(self.folder, name), self.bootstrap, self.world, prefix or self.name, inputs=inputs)
        one.configure(self.settings, self.archive)
        self.opened.append(one)
        return one

    def start(self, *options, **more):
        self.instance.start(*options, **more)
        return self.instance

    def feed(self, lines, partition=0):
        if partition not in self.feeders:
            self.feeders[partition] = Feeder(self.bootstrap, f"{self.name}.settlement", partition)
        self.feeders[partition].feed(lines)
        self.fed[partition] = self.fed.get(partition, 0) + len(lines)

    def delivered(self):
        """Everything that was fed is in Kafka."""
        for feeder in self.feeders.values():
            feeder.close()
        self.feeders = {}

    def ends(self):
        return {(f"{self.name}.settlement", number): count for number, count in self.fed.items()} \
            | {(f"{self.name}.enrolment", 0): len(self.world.enrolments)}

    def catch_up(self, seconds=SECONDS):
        """Until everything fed so far is judged, and what follows from it published."""
        self.delivered()
        self.instance.wait_positions(self.ends(), seconds)

    def failing(self, part):
        """Until /readyz names the part as failing."""
        until(f"/readyz names {part}", lambda: self.instance.alive() and part in self.instance.failing())
        assert self.instance.get("/healthz")[0] == 200, "not ready must not mean not healthy"
        return self.instance.get("/readyz")[1]

    def saw(self, *words):
        """Waits for a message of the log with all of these words, and shows it as what the operator sees."""
        line = until(f"a log line with {words}", lambda: self.instance.said(*words))
        if line not in self.seen:
            self.seen.append(line)
            print(f"# {self.name}: log: {line}", flush=True)
        return line

    def same(self, without=()):
        """Everything is fed and judged, the daemon stops with 0: what it published, and its archive, are those of the run
        that nobody disturbed. without: outputs that the test changes on purpose."""
        instance, context = self.instance, self.context
        instance.control.clear()
        if not instance.process or instance.process.poll() is not None:
            instance.start()
        self.catch_up()
        instance.stop_well()
        published = Published(self.bootstrap, self.name)
        found = [one for one in published.differences(context.calm) if not one.startswith(tuple(without))]
        if self.partitions == 1 and instance.digest_told() != context.digest:
            found.append(f"feed digest {instance.digest_told()}, undisturbed {context.digest}")
        found += archive_problems(instance, published, sum(self.fed.values()), True)
        assert not found, "; ".join(found)
        return published

    def topics(self, *words):
        subprocess.run([self.broker.topics_tool, self.bootstrap, *words], check=True)

    def order(self, line):
        """A command to the embedded broker."""
        self.broker.process.stdin.write(line.encode() + b"\n")
        self.broker.process.stdin.flush()


def halves(lines, count=2):
    """The lines in so many parts of about one length, in order."""
    bounds = [len(lines) * number // count for number in range(count + 1)]
    return [lines[low:high] for low, high in zip(bounds, bounds[1:])]
