"""The tools of these tests do what they say: tried on a small program of known writes, syncs and names."""
import os
import random
import signal
import subprocess
import sys

import control
import powercut

# What the program does, one line at a time: a file that is synced, more bytes that are not, a name that is, one that is not.
PROGRAM = """
import os, sys
folder = sys.argv[1]
def make(name, text):
    fd = os.open(os.path.join(folder, name), os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(fd, text)
    return fd
def sync_folder():
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
whole = make("whole", b"a" * 10000)
os.fdatasync(whole)
sync_folder()
os.write(whole, b"b" * 10000)
new = make("new.tmp", b"new")
os.fsync(new)
os.rename(os.path.join(folder, "new.tmp"), os.path.join(folder, "new"))
nameless = make("nameless", b"n" * 5000)
os.fsync(nameless)
failed = make("failed", b"f" * 5000)
try:
    os.fdatasync(failed)
except OSError as problem:
    assert problem.errno == 5
os.fdatasync(failed)
"""


def run(build, folder, program, told, journal=None):
    os.makedirs(os.path.join(folder, "data"), exist_ok=True)
    environment = told.environment(os.path.join(build, "libfundwatch_faults.so"), os.path.join(folder, "data"), journal)
    return subprocess.run([sys.executable, "-c", program, os.path.join(folder, "data")], env=environment, stderr=subprocess.PIPE, check=False)


def after_cut(folder, journal, keep, seed):
    data = powercut.Folder(folder)
    for name in list(data.names):                       # how it was before: nothing
        del data.files[data.names.pop(name)]
    data.apply(journal)
    lost = data.cut(random.Random(seed), keep)
    return {os.path.basename(path): bytes(data.files[inode].disk) for path, inode in data.names.items()}, lost


def power_cut(build, folder):
    told, journal = control.Control(os.path.join(folder, "self-control")), os.path.join(folder, "self-journal")
    told.now.journal, told.now.sync_error, told.now.sync_count, told.now.path = 1, 5, 1, b"failed"
    done = run(build, folder, PROGRAM, told, journal)
    assert done.returncode == 0, done.stderr.decode()
    data = os.path.join(folder, "data")
    left, lost = after_cut(data, journal, 0, 0)
    assert left == {"whole": b"a" * 10000}, f"everything unsynced dropped, and left is {[(name, len(text)) for name, text in left.items()]}"
    assert lost >= 7, f"only {lost} blocks and names lost"
    seen = set()
    for seed in range(200):
        left, _ = after_cut(data, journal, 0.5, seed)
        assert left["whole"][:10000] == b"a" * 10000, "synced bytes changed"
        assert set(left["whole"][10000:]) <= set(b"b\0") and left.get("new", b"new") == b"new"
        assert set(left.get("failed", b"")) <= {0}, "bytes written before a failing sync are there"
        seen.add((len(left["whole"]), left["whole"].count(b"b"), tuple(sorted(left))))
    assert len(seen) > 10, f"only {len(seen)} different outcomes of 200 cuts"


def failing_calls(build, folder):
    told = control.Control(os.path.join(folder, "self-control"))
    write = "import os, sys\nfd = os.open(sys.argv[1] + '/x', os.O_CREAT | os.O_WRONLY)\nprint(os.write(fd, b'12345678'), file=sys.stderr)\n"
    told.now.write_error, told.now.partial = 28, 1
    assert run(build, folder, write, told).stderr == b"4\n", "the first failing write is not partial"
    assert b"No space left" in run(build, folder, write, told).stderr
    told.clear()
    told.now.open_error = 30
    assert b"Read-only file system" in run(build, folder, write, told).stderr
    told.clear()
    assert run(build, folder, write, told).stderr == b"8\n"
    told.at_step("here", control.KILL, 3)
    step = "import ctypes\nfor i in range(9): ctypes.CDLL(None).fundwatch_step(b'here')\n"
    assert run(build, folder, step, told).returncode == -signal.SIGKILL
    assert told.passes() == {"here": 3} and told.now.acted == 1
