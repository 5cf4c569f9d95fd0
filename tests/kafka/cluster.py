"""Three brokers, every topic on all of them: each restarted in turn, and the leader killed, while records come."""
import json
import os
import subprocess
import threading

import clients
import examples
from broker import cluster_name, free_ports
from daemon import SECONDS, until
from sites import VERSIONS

COUNT = 3
SETTINGS = """
node.id={node}
controller.quorum.voters={voters}
default.replication.factor=3
min.insync.replicas=2
unclean.leader.election.enable=false
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
"""
PACE_LINES, PACE_SECONDS = 5, 0.05


def make(context, name):
    ports = free_ports(3 * COUNT)
    nodes = [ports[3 * i:3 * i + 3] for i in range(COUNT)]
    voters = ",".join(f"{number}@127.0.0.1:{node[1]}" for number, node in enumerate(nodes, 1))
    identity = cluster_name()
    brokers = [context.broker(f"cluster-{name}-{number}", version=VERSIONS[name], ports=node, cluster=identity, more=SETTINGS.format(node=number, voters=voters))
               for number, node in enumerate(nodes, 1)]
    for one in brokers:
        one.start(wait=False)
    for one in brokers:
        one.wait_ready()
    return brokers


def look(brokers):
    """(brokers that are there, {(topic, partition): (leader, replicas in sync)}), of whoever answers."""
    bootstrap = ",".join(one.bootstrap for one in brokers)
    done = subprocess.run(["kcat", "-L", "-J", "-m", "5", "-b", bootstrap], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        return 0, {}
    said = json.loads(done.stdout)
    return len(said["brokers"]), {(topic["topic"], part["partition"]): (part["leader"], len(part["isrs"])) for topic in said["topics"]
                                  for part in topic["partitions"]}


def whole(brokers):
    """All three are there and every partition stands on all of them, in sync."""
    count, parts = look(brokers)
    return count == COUNT and all(in_sync == COUNT for _, in_sync in parts.values())


class Feed(threading.Thread):
    """Lines into one partition: a few at a time, and the rest at once after hurry()."""

    def __init__(self, bootstrap, topic, lines):
        super().__init__(daemon=True)
        self.lines, self.late = lines, threading.Event()
        words = clients.KCAT + ["-E", "-P", "-b", bootstrap, "-t", topic, "-p", "0", *clients.IN_ORDER]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE)
        self.start()

    def run(self):
        with self.process.stdin as stream:
            for at in range(0, len(self.lines), PACE_LINES):
                stream.write(b"".join(line + b"\n" for line in self.lines[at:at + PACE_LINES]))
                if not self.late.is_set():
                    stream.flush()
                    self.late.wait(PACE_SECONDS)

    def finish(self):
        self.late.set()
        self.join(SECONDS)
        assert self.process.wait(timeout=SECONDS) == 0, "the feeder did not deliver everything"


def disturb(brokers, daemon, topic, hold_back):
    """The faults, each while records come; returns the name of what was killed."""
    for one in brokers:
        before = daemon.received()
        one.stop()
        one.start()
        until("the restarted broker is in sync", lambda: whole(brokers), alive=daemon.alive)
        until("records after the restart", lambda: daemon.received() > before, alive=daemon.alive)
    leader = look(brokers)[1][(topic, 0)][0]
    brokers[leader - 1].kill()
    left = [one for number, one in enumerate(brokers, 1) if number != leader]
    until("another leader", lambda: look(left)[1].get((topic, 0), (-1, 0))[0] not in (-1, leader), alive=daemon.alive)
    before = daemon.received()
    assert before < hold_back, "all records had come before the leader was killed"
    until("records from the new leader", lambda: daemon.received() > before, alive=daemon.alive)
    brokers[leader - 1].start()
    until("the killed broker is in sync", lambda: whole(brokers), alive=daemon.alive)


def three_brokers(site, hold):
    """No record and no line is lost or doubled by either."""
    context, records, prefix = site.context, site.records, site.prefix("three")
    brokers = make(context, site.name)
    bootstrap = ",".join(one.bootstrap for one in brokers)
    until("three brokers", lambda: look(brokers)[0] == COUNT)
    text = examples.yaml("three", [one.bootstrap for one in brokers], site.files)
    text += f"archive:\n  dir: {os.path.join(context.scratch(prefix), 'archive')}\n"
    daemon = site.daemon(hold, prefix, text).start()
    daemon.wait_ready()
    assert daemon.stop() == 0
    until("every topic in sync", lambda: whole(brokers))
    assert look(brokers)[1][(f"{prefix}.alerts", 0)][1] == COUNT, "alerts do not stand on all three"
    clients.produce(bootstrap, f"{prefix}.enrolment", records.county.enrolments)
    daemon.start().wait_ready()
    feed = Feed(bootstrap, f"{prefix}.settlement", records.lines)
    try:
        disturb(brokers, daemon, f"{prefix}.settlement", len(records.lines))
        feed.finish()
    finally:
        if feed.process.poll() is None:
            feed.process.kill()
    site.finish(daemon, prefix, bootstrap)
    for one in brokers:
        one.close()
