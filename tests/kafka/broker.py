#!/usr/bin/python3
"""A real Apache Kafka broker (KRaft, from Maven artifacts) on loopback ports of its own.

As a module: Broker(folder, topics_tool), and Cluster for several. As a program, to try things by hand:
    tests/kafka/broker.py BUILD [NAME:PARTITIONS]...      runs until interrupted, prints its address

The jars are fetched once into $XDG_CACHE_HOME/fundwatch/kafka (~/.cache by default), outside the source tree.
"""
import base64
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = os.environ.get("FW_KAFKA_VERSION", "3.9.1")
READY_SECONDS = 60
FETCH_SECONDS = 300
JVM = ["-Xms192m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto", "-Xlog:cds=off",
       "-Xlog:cds+dynamic=off", "-Dlog4j.configuration=file:" + os.path.join(HERE, "log4j.properties"),
       "-Dlog4j2.configurationFile=" + os.path.join(HERE, "log4j2.xml")]
# Kafka's own programs by the name of their script: the classes of Kafka 3, where Kafka 4 has moved them.
TOOLS = {"kafka-acls.sh": ("kafka.admin.AclCommand", "org.apache.kafka.tools.AclCommand"),
         "kafka-configs.sh": ("kafka.admin.ConfigCommand", "kafka.admin.ConfigCommand"),
         "kafka-console-producer.sh": ("kafka.tools.ConsoleProducer", "org.apache.kafka.tools.ConsoleProducer")}


USER, PASSWORD = "fundwatch", "a-password-of-the-test"
# A second listener with TLS and SCRAM beside the plain one.
SECURE = """
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},SASL_SSL://127.0.0.1:{secure}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location={folder}/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/certificate.pem
sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class Unavailable(Exception):
    """There can be no broker on this machine; the text says why."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "fundwatch", "kafka")


def java_version():
    if not shutil.which("java"):
        raise Unavailable("Java is missing; make deps-kafka installs it")
    said = subprocess.run(["java", "-version"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False).stderr
    found = re.search(r'version "(\d+)([^"]*)"', said)
    if not found or int(found.group(1)) < 11:
        raise Unavailable(f"Java 11 or later is needed, found {found.group(0) if found else 'none'}")
    return found.group(1) + found.group(2)


def fetch(target, version):
    """Copies the broker's jars with Maven into a new folder, then gives it its name: half a folder is never used."""
    if not shutil.which("mvn"):
        raise Unavailable("Maven is missing; make deps-kafka installs it")
    partial = tempfile.mkdtemp(prefix="partial-", dir=os.path.dirname(target))
    words = ["mvn", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"), f"-Dkafka.version={version}", f"-Plogging-{version[0]}",
             "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=FETCH_SECONDS, check=False)
        said = done.stdout.strip().split("\n")[0] if done.returncode else ""
    except subprocess.TimeoutExpired:
        said = f"no end after {FETCH_SECONDS} s"
    if said or not any(name.startswith("kafka_") for name in os.listdir(partial)):
        shutil.rmtree(partial)
        raise Unavailable(f"Maven could not fetch Apache Kafka {version}: {said or 'no broker among the jars'}")
    os.rename(partial, target)


def class_path(version=VERSION):
    """The jars in a fixed order (the class archive depends on it), fetched when they are not there yet."""
    folder = os.path.join(cache_folder(), version)
    os.makedirs(cache_folder(), exist_ok=True)
    with open(os.path.join(cache_folder(), "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            fetch(folder, version)
    return ":".join(os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jar"))


def free_ports(count):
    """Ports that nobody listens on now, taken together so that they differ."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def make_certificate(folder):
    """certificate.pem, of a key of its own, for this address; keystore.pem with both, as the broker reads it."""
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    with open(os.path.join(folder, "keystore.pem"), "w", encoding="ascii") as out:
        for path in (key, certificate):
            with open(path, encoding="ascii") as part:
                out.write(part.read())


def cluster_name():
    """As kafka-storage.sh random-uuid makes one, without a JVM."""
    return "a" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]


class Broker:
    """One broker with its data in a folder. start, stop, kill and start again keep data and address.
    more: settings that come after the common ones and so stand above them, with @FOLDER@ and the ports @PORT@, @CONTROLLER_PORT@, @SECURE_PORT@."""

    def __init__(self, folder, topics_tool, secure=False, version=VERSION, more="", cluster=None, ports=None):
        self.java = java_version()
        self.version, self.classes = version, class_path(version)
        self.folder, self.topics_tool, self.process = folder, topics_tool, None
        self.port, controller, secure_port = ports or free_ports(3)
        self.bootstrap, self.secure_bootstrap = f"127.0.0.1:{self.port}", f"127.0.0.1:{secure_port}"
        os.makedirs(folder)
        self.properties = os.path.join(folder, "server.properties")
        self.log = os.path.join(folder, "broker.log")
        with open(os.path.join(HERE, "server.properties.in"), encoding="utf-8") as form:
            text = form.read()
        for name, value in (("PORT", self.port), ("CONTROLLER_PORT", controller), ("DATA", os.path.join(folder, "data"))):
            text = text.replace(f"@{name}@", str(value))
        with open(self.properties, "w", encoding="utf-8") as out:
            out.write(text)
            if secure:
                make_certificate(folder)
                out.write(SECURE.format(port=self.port, controller=controller, secure=secure_port, folder=folder))
            for name, value in (("PORT", self.port), ("CONTROLLER_PORT", controller), ("SECURE_PORT", secure_port), ("FOLDER", folder)):
                more = more.replace(f"@{name}@", str(value))
            out.write(more)
        users = ["--add-scram", f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]"] if secure else []
        self.tool("kafka.tools.StorageTool", "format", "-t", cluster or cluster_name(), "-c", self.properties, *users)

    def java_words(self, *words):
        words = [TOOLS[word][self.version[0] >= "4"] if word in TOOLS else word for word in words]
        return ["java", *JVM, "-cp", self.classes, *words]

    def tool(self, *words, **options):
        """Runs one of Kafka's own command-line tools and returns what it printed."""
        done = subprocess.run(self.java_words(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=READY_SECONDS,
                              check=False, **options)
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def archive_option(self):
        """Shared class data: written at the first clean stop, halves the start afterwards. Java ignores one that does not fit."""
        path = os.path.join(cache_folder(), f"{self.version}-{re.sub(r'[^0-9A-Za-z.]', '-', self.java)}.jsa")
        return f"-XX:SharedArchiveFile={path}" if os.path.exists(path) else f"-XX:ArchiveClassesAtExit={path}"

    def start(self, wait=True):
        words = self.java_words("kafka.Kafka", self.properties)
        words.insert(1, self.archive_option())
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        subprocess.run([self.topics_tool, self.bootstrap, "wait", str(READY_SECONDS)], check=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=READY_SECONDS)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=READY_SECONDS)

    def close(self):
        if self.process and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()

    def create(self, name, partitions=1, **settings):
        words = [f"{key.replace('_', '.')}={value}" for key, value in settings.items()]
        subprocess.run([self.topics_tool, self.bootstrap, "create", name, str(partitions), *words], check=True)

    def delete(self, name):
        subprocess.run([self.topics_tool, self.bootstrap, "delete", name], check=True)


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    folder = tempfile.mkdtemp(prefix="fundwatch-broker-")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        broker = Broker(os.path.join(folder, "broker"), os.path.join(sys.argv[1], "kafka_topics"))
        broker.start()
        for word in sys.argv[2:]:
            name, _, partitions = word.partition(":")
            broker.create(name, int(partitions or 1))
        print(broker.bootstrap, flush=True)
        try:
            broker.process.wait()
        finally:
            broker.close()
    except KeyboardInterrupt:
        pass
    except Unavailable as why:
        print(f"broker.py: {why}", file=sys.stderr)
        return 69
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
