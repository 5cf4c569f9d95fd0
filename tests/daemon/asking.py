"""What tests of reloads share: rules of one's own, and asking a daemon over its control socket."""
import json
import os
import shutil
import socket
import subprocess

from run import loaded
from stand import ROOT, SECONDS, until

CAP = os.path.join("policy", "OP-CAP-001.yaml")


def rules_copy(context, name):
    """A folder of rules of one's own, and a function that rewrites the cap rule: text -> text, in one rename."""
    folder = os.path.join(context.folder, name)
    shutil.copytree(os.path.join(ROOT, "rules"), folder)
    path = os.path.join(folder, CAP)
    with open(path, encoding="utf-8") as text:
        shipped = text.read()

    def rewrite(*pairs):
        changed = shipped
        for old, new in pairs:
            assert old in changed, old
            changed = changed.replace(old, new)
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(changed)
        os.rename(path + ".new", path)
    return folder, rewrite


def socket_of(context, name):
    return os.path.join(context.folder, name + ".sock")


def controlled(context, name, lines, more="", **others):
    """As loaded, with a control socket."""
    path = socket_of(context, name)
    broker, daemon = loaded(context, name, lines, more=f"control: {path}\n{more}", **others)
    until("the socket", lambda: os.path.exists(path))
    return broker, daemon, path


def call(context, path, *words, language="en"):
    return subprocess.run([os.path.join(context.build, "fundwatchd"), "--control", path, "--lang", language, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=SECONDS)


def reload(context, path, *words):
    """(exit code, answer)"""
    done = call(context, path, "--reload", "--wait", "--json", *words)
    return done.returncode, json.loads(done.stdout)


class Line:
    """A raw client of the socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(SECONDS)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """None: the daemon has closed."""
        try:
            line = self.stream.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None

    def ask(self, data):
        self.send(data + b"\n")
        return self.answer()

    def close(self):
        self.stream.close()
        self.socket.close()


def status(path):
    line = Line(path)
    answer = line.ask(b'{"request":"status"}')
    line.close()
    return answer
