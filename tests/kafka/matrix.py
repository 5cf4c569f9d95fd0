"""What sites do with Kafka, on every version that is supported. ROWS is the matrix; a test is "kafka 4.1: mutual TLS"."""
import glob
import os
import struct

import clients
import cluster
import examples
import newer
import rights
from feeds import pool_key
from security import library_version
from sites import PASSWORD, VERSIONS, refused

SCRAM_FIXED = (2, 6, 1)
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")      # by their number in a batch
PARTITIONS = 8


# ---- who may connect ----

def tls(site, hold):
    site.run(hold, site.prefix("tls"), examples.yaml("tls", [site.tls], site.files))


def tls_other_authority(site, hold):
    prefix = site.prefix("other-ca")
    site.make(prefix)
    text = examples.yaml("tls", [site.tls], site.files)
    daemon = site.daemon(hold, prefix, text.replace("ca.pem", "other-ca.pem")).start()
    refused(daemon, ("the TLS handshake failed; check ssl.ca.location",), "the refused certificate in the log")
    assert daemon.stop() == 0


def mutual_tls(site, hold):
    prefix = site.prefix("mtls")
    site.make(prefix)
    examples.shell("rights", site.broker, site.context.scratch("rights-" + prefix), prefix, ("User:fundwatch", "User:CN=fundwatch"))
    daemon = site.daemon(hold, prefix, examples.yaml("mtls", [site.mtls], site.files)).start()
    daemon.wait_ready()
    site.feed(prefix)
    site.finish(daemon, prefix)


def mutual_tls_nobody(site, hold):
    prefix = site.prefix("no-certificate")
    site.make(prefix)
    daemon = site.daemon(hold, prefix, examples.yaml("tls", [site.mtls], site.files)).start()
    refused(daemon, ("ssl.certificate.location",), "the wish for a certificate in the log")
    assert daemon.stop() == 0


def scram_run(site, hold, prefix, env=None):
    assert site.scram_user
    site.make(prefix)
    examples.shell("rights", site.broker, site.context.scratch("rights-" + prefix), prefix)
    daemon = site.daemon(hold, prefix, examples.yaml("scram", [site.scram], site.files)).start(env)
    if site.name >= "4" and not env and library_version() < SCRAM_FIXED:
        refused(daemon, ("Kafka 4.x refuses the SCRAM login of librdkafka", "use version 2.6.1 or later, or mTLS", "Kafka refuses the login"), "the refused login")
        said = daemon.log_text()
        assert said.index("refuses the SCRAM login of") < said.index("Kafka refuses the login"), "the reason comes after the login"
        assert daemon.stop() == 0
    else:
        daemon.wait_ready()
        site.feed(prefix)
        site.finish(daemon, prefix)
    assert PASSWORD not in daemon.log_text(), "the password is shown"


def scram(site, hold):
    scram_run(site, hold, site.prefix("scram"))


def scram_newer(site, hold):
    env = newer.library(site.context.build)
    scram_run(site, hold, site.prefix("scram-newer"), env)


# ---- what the topics are like ----

def codecs_of(site, topic):
    """The numbers of the codecs of the batches in a topic's segments, read from the files."""
    found = set()
    for path in glob.glob(os.path.join(site.broker.folder, "data", f"{topic}-*", "*.log")):
        with open(path, "rb") as stream:
            data = stream.read()
        at = 0
        while at + 23 <= len(data) and struct.unpack_from(">i", data, at + 8)[0] > 0:
            found.add(struct.unpack_from(">h", data, at + 21)[0] & 7)
            at += 12 + struct.unpack_from(">i", data, at + 8)[0]
    return found


def codec(name):
    def case(site, hold):
        prefix = site.prefix(name)
        site.run(hold, prefix, site.plain(), lambda prefix: site.feed(prefix, name))
        found = codecs_of(site, f"{prefix}.settlement")
        assert found == {CODECS.index(name)}, f"batches of the codecs {found}"
    return case


def eight_partitions(site, hold):
    prefix = site.prefix("eight")
    site.make(prefix, PARTITIONS)
    daemon = site.daemon(hold, prefix, site.plain()).start()
    daemon.wait_ready()
    clients.produce_keyed(site.broker.bootstrap, f"{prefix}.settlement", [(pool_key(line), line) for line in site.records.lines])
    site.finish_by_pool(daemon, prefix)


# ---- who feeds ----

def java_other(site, hold):
    """Java's client of the other version: older than the broker, or newer."""
    other = site.context.site([name for name in VERSIONS if name != site.name][0]).broker
    site.run(hold, site.prefix("java"), site.plain(),
             lambda prefix: clients.produce_java(site.broker, f"{prefix}.settlement", [(b"", line) for line in site.records.lines], other))


def librdkafka_newer(site, hold):
    version = []
    site.run(hold, site.prefix("newer"), site.plain(),
             lambda prefix: version.append(newer.produce(site.context.build, site.broker.bootstrap, f"{prefix}.settlement", site.records.lines)))
    assert tuple(int(part) for part in version[0].split(".")) > library_version(), f"librdkafka {version[0]}"


def whole_newer(site, hold):
    """The daemon itself with the newer library."""
    env = newer.library(site.context.build)
    site.run(hold, site.prefix("runs-newer"), site.plain(), env=env)


ROWS = (
    ("TLS", tls),
    ("TLS, a broker that another authority signed", tls_other_authority),
    ("mutual TLS, with the rights of the document", mutual_tls),
    ("mutual TLS, no certificate of the client", mutual_tls_nobody),
    ("SASL SCRAM-SHA-512", scram),
    ("SASL SCRAM-SHA-512, newer librdkafka", scram_newer),
    *rights.ROWS,
    *((f"compression {name}, one partition", codec(name)) for name in CODECS),
    (f"{PARTITIONS} partitions, a pool in one of them", eight_partitions),
    ("a Java client of the other version feeds", java_other),
    ("a newer librdkafka feeds", librdkafka_newer),
    ("the daemon runs with a newer librdkafka", whole_newer),
    ("three brokers: rolling restart and a killed leader", cluster.three_brokers),
)


class Row:
    """One test of the matrix: a case on a version."""

    def __init__(self, version, name, case):
        self.version, self.case = version, case
        self.__doc__ = f"kafka {version}: {name}."

    def __call__(self, context, hold):
        self.case(context.site(self.version), hold)


TESTS = [Row(version, name, case) for version in VERSIONS for name, case in ROWS]
