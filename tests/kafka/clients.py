"""Records into and out of topics: kcat (librdkafka) and Apache Kafka's own Java console producer, which shares no code with it."""
import subprocess

SECONDS = 120
LARGEST = 4 << 20       # bytes of a message: the county's records that are too large must reach the daemon
IN_ORDER = ["-X", "enable.idempotence=true", "-X", "linger.ms=5", "-X", f"message.max.bytes={LARGEST}"]
KCAT = ["kcat", "-q", "-X", "reconnect.backoff.max.ms=200"]


def produce(bootstrap, topic, lines, partition=0, codec="none"):
    """Puts lines (bytes without newline) into one partition, in this order even over a broker's death."""
    words = KCAT + ["-P", "-b", bootstrap, "-t", topic, "-p", str(partition), "-z", codec, *IN_ORDER]
    subprocess.run(words, input=b"".join(line + b"\n" for line in lines), timeout=SECONDS, check=True)


def produce_keyed(bootstrap, topic, pairs):
    """The same for (key, line) pairs: the key's hash chooses the partition."""
    words = KCAT + ["-P", "-b", bootstrap, "-t", topic, "-K", "\t", *IN_ORDER]
    subprocess.run(words, input=b"".join(key + b"\t" + line + b"\n" for key, line in pairs), timeout=SECONDS, check=True)


def produce_java(broker, topic, pairs, client=None):
    """(key, line) pairs through Java's console producer; client: a broker of another version, whose jars make the client."""
    words = (client or broker).java_words("kafka-console-producer.sh", "--bootstrap-server", broker.bootstrap, "--topic", topic,
                              "--property", "parse.key=true", "--property", "key.separator=\t", "--producer-property", "acks=all",
                              "--producer-property", "linger.ms=5", "--producer-property", f"max.request.size={LARGEST}")
    subprocess.run(words, input=b"".join(key + b"\t" + line + b"\n" for key, line in pairs), stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, timeout=SECONDS, check=True)


class Message:
    """One message of a topic."""

    def __init__(self, partition, offset, headers, key, value):
        self.partition, self.offset, self.headers, self.key, self.value = partition, offset, headers, key, value


def consume(bootstrap, topic, partition=None):
    """Every message of a topic, partition by partition in the order of its offsets."""
    words = KCAT + ["-C", "-b", bootstrap, "-t", topic, "-o", "beginning", "-e", "-f", "%p\\x1f%o\\x1f%h\\x1f%k\\x1f%s\\x1e"]
    if partition is not None:
        words += ["-p", str(partition)]
    said = subprocess.run(words, stdout=subprocess.PIPE, timeout=SECONDS, check=True).stdout
    found = []
    for part in said.split(b"\x1e"):
        if part:
            number, offset, headers, key, value = part.split(b"\x1f", 4)
            found.append(Message(int(number), int(offset), headers.decode(), key.decode(), value))
    found.sort(key=lambda one: (one.partition, one.offset))
    return found
