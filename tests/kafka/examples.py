"""The examples of docs/operation.md, taken from the document itself: a wrong document fails a test.

An example is a fenced block below the line <!-- kafka: NAME -->. Only hosts, paths, topics and secrets are put in its place."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENTS = ("operation.md", "operation.zh-CN.md")
HOST = re.compile(r"kafka\d\.example:\d+")
SECONDS = 120


def block(name, document=DOCUMENTS[0]):
    """The text of an example."""
    with open(os.path.join(ROOT, "docs", document), encoding="utf-8") as stream:
        found = re.findall(rf"^<!-- kafka: {name} -->\n```\w+\n(.*?)^```$", stream.read(), re.M | re.S)
    assert len(found) == 1, f"docs/{document} has {len(found)} examples named {name}"
    return found[0]


def without_comments(text):
    return [re.sub(r"\s+#.*", "", line) for line in text.split("\n")]


def yaml(name, hosts, files):
    """A configuration: the brokers' addresses in the order of the example's hosts, paths below /etc/fundwatch in a folder."""
    text = block(name)
    other = block(name, DOCUMENTS[1])
    assert without_comments(text) == without_comments(other), f"the example {name} differs between the languages"
    names = sorted(set(HOST.findall(text)))
    assert len(names) == len(hosts), f"the example {name} names {names}"
    for host, address in zip(names, hosts):
        text = text.replace(host, address)
    return text.replace("/etc/fundwatch/", files + "/")


def shell(name, broker, folder, prefix, *changes):
    """Runs commands, each Kafka program from the broker's own jars. changes: (text of the document, text instead)."""
    text = HOST.sub(broker.bootstrap, block(name)).replace("fundwatch.", prefix + ".")
    for old, new in changes:
        assert old in text, f"the example {name} does not have {old}"
        text = text.replace(old, new)
    programs = os.path.join(folder, "programs")
    os.makedirs(programs, exist_ok=True)
    for program in set(re.findall(r"\bkafka-\w+\.sh\b", text)):
        path = os.path.join(programs, program)
        with open(path, "w", encoding="ascii") as out:
            out.write("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in broker.java_words(program)) + ' "$@"\n')
        os.chmod(path, 0o755)
    done = subprocess.run(["sh", "-eu", "-c", text], env=dict(os.environ, PATH=programs + ":" + os.environ["PATH"]), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"the example {name}: exit status {done.returncode}: {done.stdout[-600:]}"
    return done.stdout
