"""Rights that a site forgot: each is denied by one rule, is named in the log with the command that grants it, and given back."""
import os
import subprocess

import examples
from daemon import SECONDS, until
from sites import PRINCIPAL, refused

EX_CONFIG = 78


def config(site, more=""):
    return examples.yaml("mtls", [site.mtls], site.files) + more


def message(right, kind, name):
    """What must stand in one line of the log."""
    return (f"denies the right {right} on the {kind} {name}", "kafka-acls.sh", f"--operation {right} --{kind} '{name}'")


def told(daemon, right, kind, name):
    return any(all(word in line for word in message(right, kind, name)) for line in daemon.log_text().split("\n"))


def granted(site, prefix):
    """Topics on which the daemon may do everything, and a group."""
    site.make(prefix)
    site.acl("allow", PRINCIPAL, "all", "topic", prefix + ".", "prefixed")
    site.acl("allow", PRINCIPAL, "read", "group", prefix)


def denied(site, hold, prefix, right, names):
    """A daemon that lacks a right on these topics, all records sent: it names each and is not ready; then it is given them and goes on by itself."""
    granted(site, prefix)
    for name in names:
        site.acl("deny", PRINCIPAL, right.lower(), "topic", f"{prefix}.{name}")
    site.feed(prefix)
    daemon = site.daemon(hold, prefix, config(site, "stall_after: 2\n")).start()
    for name in names:
        until(f"{right} on {name} in the log", lambda name=name: told(daemon, right, "topic", f"{prefix}.{name}"), alive=daemon.alive)
    until(f"not ready without {right}", lambda: daemon.get("/readyz")[0] == 503, alive=daemon.alive)
    for name in names:
        site.acl("remove", PRINCIPAL, right.lower(), "topic", f"{prefix}.{name}")
    daemon.wait_ready()
    site.finish(daemon, prefix)


def read_settlement(site, hold):
    denied(site, hold, site.prefix("acl-read-s"), "READ", ["settlement"])


def read_enrolment(site, hold):
    denied(site, hold, site.prefix("acl-read-e"), "READ", ["enrolment"])


def describe(site, hold):
    """At the start: exit status 78, as for a missing topic."""
    prefix = site.prefix("acl-describe")
    granted(site, prefix)
    for name in ("settlement", "enrolment", "alerts"):
        site.acl("deny", PRINCIPAL, "describe", "topic", f"{prefix}.{name}")
        daemon = site.daemon(hold, prefix, config(site), f"{prefix}-{name}")
        done = subprocess.run([site.context.fundwatchd, "--config", daemon.config], cwd=examples.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=SECONDS, check=False)
        assert done.returncode == EX_CONFIG, f"exit status {done.returncode}: {done.stdout[-300:]}"
        assert all(word in done.stdout for word in message("DESCRIBE", "topic", f"{prefix}.{name}")), done.stdout[-400:]
        assert "is not in Kafka" not in done.stdout, "a topic that is there is said to be missing"
        site.acl("remove", PRINCIPAL, "describe", "topic", f"{prefix}.{name}")


def write_alerts(site, hold):
    denied(site, hold, site.prefix("acl-write"), "WRITE", ["alerts"])


def write_others(site, hold):
    denied(site, hold, site.prefix("acl-write-o"), "WRITE", ["indicators", "stats", "refused"])


def group(site, hold):
    """Positions of the group are for dashboards only: it is told, and the reading goes on."""
    prefix = site.prefix("acl-group")
    granted(site, prefix)
    site.acl("deny", PRINCIPAL, "read", "group", prefix)
    daemon = site.daemon(hold, prefix, config(site, f"  consumer: {{group.id: {prefix}}}\n")).start()
    daemon.wait_ready()
    site.feed(prefix)
    until("READ on the group in the log", lambda: told(daemon, "READ", "group", prefix), alive=daemon.alive)
    site.finish(daemon, prefix)


def read_outputs(site, hold):
    """With an archive a restart reads what it has published already."""
    prefix = site.prefix("acl-outputs")
    granted(site, prefix)
    archive = f"archive:\n  dir: {os.path.join(site.context.scratch(prefix), 'archive')}\n"
    daemon = site.daemon(hold, prefix, config(site, archive)).start()
    daemon.wait_ready()
    site.feed(prefix)
    daemon.wait_received(len(site.records.lines))
    assert daemon.stop() == 0
    site.acl("deny", PRINCIPAL, "read", "topic", f"{prefix}.alerts")
    daemon.start()
    refused(daemon, message("READ", "topic", f"{prefix}.alerts"), "READ on the alerts in the log")
    site.acl("remove", PRINCIPAL, "read", "topic", f"{prefix}.alerts")
    daemon.wait_ready()
    site.finish(daemon, prefix, restarted=True)


ROWS = (
    ("no READ on the settlements", read_settlement),
    ("no READ on the enrolments", read_enrolment),
    ("no DESCRIBE on a topic", describe),
    ("no WRITE on the alerts", write_alerts),
    ("no WRITE on the other outputs", write_others),
    ("no READ on the group", group),
    ("no READ on the alerts after a restart", read_outputs),
)
