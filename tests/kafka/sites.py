"""What the rows of the matrix share: a broker as a site has it, certificates, the records, and the independent check."""
import functools
import json
import os
import subprocess

import clients
import examples
from broker import free_ports
from daemon import Daemon, Replay, until
from feeds import by_pool, make_topics, plain_text, pool_key, same, sha, values

VERSIONS = {"3.9": "3.9.1", "4.1": "4.1.1"}
USER, PASSWORD = "fundwatch", "a-password-of-the-test"
PRINCIPAL = "User:CN=" + USER
LINE_BYTES = 1000000    # a broker's default limit: the records are sent through topics that the daemon makes too
ALERTS_LEAST = 15       # fewer would show nothing

# Plain for the tests' own clients, who may do everything; TLS, TLS with a certificate of the client, TLS with a login.
LISTENERS = """
listeners=PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER_PORT@,TLS://127.0.0.1:{tls},MTLS://127.0.0.1:{mtls},SCRAM://127.0.0.1:{scram}
advertised.listeners=PLAINTEXT://127.0.0.1:@PORT@,TLS://127.0.0.1:{tls},MTLS://127.0.0.1:{mtls},SCRAM://127.0.0.1:{scram}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MTLS:SSL,SCRAM:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location={files}/broker.keystore
ssl.truststore.type=PEM
ssl.truststore.location={files}/ca.pem
listener.name.mtls.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, stderr=subprocess.DEVNULL)


def make_files(folder):
    """ca.pem, client.pem, client.key, kafka-password: the names of the document; broker.keystore; other-ca.pem, which signed nothing."""
    os.makedirs(folder)
    for name in ("ca", "other-ca"):
        openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", name + ".key", "-out", name + ".pem")
    with open(os.path.join(folder, "address"), "w", encoding="ascii") as out:
        out.write("subjectAltName=IP:127.0.0.1\n")
    for name, subject in (("broker", "/CN=broker"), ("client", "/CN=" + USER)):
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", name + ".key", "-out", name + ".csr")
        openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "address",
                "-out", name + ".pem")
    with open(os.path.join(folder, "broker.keystore"), "w", encoding="ascii") as out:
        for part in ("broker.key", "broker.pem"):
            with open(os.path.join(folder, part), encoding="ascii") as text:
                out.write(text.read())
    with open(os.path.join(folder, "kafka-password"), "w", encoding="ascii") as out:
        out.write(PASSWORD + "\n")


class Records:
    """A small county, and what `fundwatch replay` makes of it: the truth of every row."""

    def __init__(self, context, county):
        self.county = county
        self.lines = [line for line in county.settlements if plain_text(line) and len(line) < LINE_BYTES]
        replay = Replay(context.fundwatch, context.scratch("replay-matrix"), self.lines, county.enrolment_file, county.tables)
        self.alerts = replay.lines("alerts")
        self.digest = replay.summary()["feed_digest"]
        assert len(self.alerts) >= ALERTS_LEAST, f"only {len(self.alerts)} alert lines"
        assert self.digest == sha(self.alerts)


class Site:
    """One version's broker with all its listeners, and the records; the rows of the matrix take topics of their own on it."""

    def __init__(self, context, name):
        self.context, self.name, self.records = context, name, context.records
        self.files = context.scratch("files")
        if not os.path.isdir(self.files):
            make_files(self.files)
        tls, mtls, scram = free_ports(3)
        self.tls, self.mtls, self.scram = (f"127.0.0.1:{port}" for port in (tls, mtls, scram))
        self.broker = context.broker("site-" + name, version=VERSIONS[name], more=LISTENERS.format(tls=tls, mtls=mtls, scram=scram, files=self.files))
        self.broker.start()

    @functools.cached_property
    def scram_user(self):
        """Made once, by the document's command."""
        return examples.shell("scram-user", self.broker, self.context.scratch("scram-" + self.name), "unused", ("PASSWORD", PASSWORD))

    def prefix(self, row):
        return f"{row}-{self.name}"

    def acl(self, *words):
        subprocess.run([os.path.join(self.context.build, "kafka_acls"), self.broker.bootstrap, *words], check=True)

    def make(self, prefix, partitions=1):
        make_topics(self.broker, prefix, partitions)
        clients.produce(self.broker.bootstrap, f"{prefix}.enrolment", self.records.county.enrolments)

    def feed(self, prefix, codec="none"):
        clients.produce(self.broker.bootstrap, f"{prefix}.settlement", self.records.lines, codec=codec)

    def daemon(self, hold, prefix, more, name=None):
        """With `more`, which names the brokers too."""
        one = Daemon(self.context.fundwatchd, self.context.scratch(name or prefix), None, prefix, self.records.county.tables, more)
        hold(one)
        return one

    def plain(self):
        return f'brokers: ["{self.broker.bootstrap}"]\n'

    def finish(self, daemon, prefix, bootstrap=None, restarted=False):
        """Every record sent was received and is accounted for; the alerts have the digest of the replay.
        restarted: the records were received before, and counted in another process."""
        records, bootstrap = self.records, bootstrap or self.broker.bootstrap
        if not restarted:
            daemon.wait_received(len(records.county.enrolments), "enrolment")
            daemon.wait_received(len(records.lines))
        assert daemon.stop() == 0, "exit status"
        sent = [one.value for one in clients.consume(bootstrap, f"{prefix}.settlement")]
        same("records in the topic", sent, records.lines)
        alerts = [one.value for one in clients.consume(bootstrap, f"{prefix}.alerts")]
        alerts = [value for value in alerts if json.loads(value)["type"] == "alert"]
        same("alerts", alerts, records.alerts)
        assert sha(alerts) == records.digest
        print(f"# {prefix}: {len(sent)} records sent and received, {len(alerts)} alert lines, sha256 {records.digest}", flush=True)

    def run(self, hold, prefix, more, feed=None, env=None):
        """The whole way: topics, enrolments, the daemon, the settlements, the check."""
        self.make(prefix)
        daemon = self.daemon(hold, prefix, more)
        daemon.start(env).wait_ready()
        (feed or self.feed)(prefix)
        self.finish(daemon, prefix)
        return daemon

    def finish_by_pool(self, daemon, prefix):
        """The same for several partitions: every pool in one partition, and the replay's alerts pool by pool."""
        daemon.wait_received(len(self.records.lines))
        assert daemon.stop() == 0, "exit status"
        messages = clients.consume(self.broker.bootstrap, f"{prefix}.settlement")
        assert len(messages) == len(self.records.lines)
        places = {}
        for one in messages:
            places.setdefault(pool_key(one.value), set()).add(one.partition)
        assert len(set.union(*places.values())) > 1, "all pools went to one partition"
        assert all(len(partitions) == 1 for partitions in places.values()), f"a pool stands in several partitions: {places}"
        got, wanted = by_pool(values(self.broker, f"{prefix}.alerts", "alert")), by_pool(self.records.alerts)
        assert wanted and sorted(got) == sorted(wanted), f"pools {sorted(got)} instead of {sorted(wanted)}"
        for pool in wanted:
            same(f"alerts of pool {pool}", got[pool], wanted[pool])


def refused(daemon, words, what):
    """The daemon says these words, goes on trying, and is not ready."""
    until(what, lambda: all(word in daemon.log_text() for word in words), alive=daemon.alive)
    assert daemon.get("/readyz")[0] == 503, "ready"
