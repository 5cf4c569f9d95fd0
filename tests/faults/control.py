"""The shared memory through which a test tells the preloaded library what goes wrong (control.h has the same layout)."""
import ctypes
import mmap
import os

STEPS, NAME = 40, 32
NONE, KILL, KILL_GROUP, STOP, SLEEP = range(5)


class Step(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * NAME), ("passes", ctypes.c_uint64)]


class Layout(ctypes.Structure):
    _fields_ = [("step", ctypes.c_char * NAME), ("action", ctypes.c_uint32), ("acted", ctypes.c_uint32), ("countdown", ctypes.c_int64),
                ("sleep_us", ctypes.c_uint64), ("path", ctypes.c_char * 64), ("write_error", ctypes.c_int32), ("partial", ctypes.c_int32),
                ("open_error", ctypes.c_int32), ("sync_error", ctypes.c_int32), ("sync_after", ctypes.c_int32),
                ("sync_count", ctypes.c_int32), ("failed", ctypes.c_uint64), ("writes", ctypes.c_uint64), ("syncs", ctypes.c_uint64),
                ("journal", ctypes.c_uint32), ("unused", ctypes.c_uint32), ("clock_ns", ctypes.c_int64), ("seen", Step * STEPS)]


class Control:
    """One control file, mapped. `now` is the structure itself: what is assigned there is seen at the next call."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as out:
            out.write(bytes(ctypes.sizeof(Layout)))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), ctypes.sizeof(Layout))
        self.now = Layout.from_buffer(self.memory)

    def clear(self):
        """Nothing goes wrong any more; what was counted stays."""
        now = self.now
        now.action = NONE
        now.write_error = now.open_error = now.sync_error = now.partial = now.sync_after = now.sync_count = 0
        now.clock_ns = 0
        now.path = b""

    def at_step(self, name, action, passes=1, sleep_us=0):
        """Does the action at the so manieth pass of the step from now on."""
        now = self.now
        now.action = NONE
        now.step, now.countdown, now.sleep_us, now.acted = name.encode(), passes, sleep_us, 0
        now.action = action

    def passes(self):
        """How often every step was passed, by name."""
        return {one.name.decode(): one.passes for one in self.now.seen if one.name}

    def environment(self, library, folder, journal=None):
        more = {"LD_PRELOAD": library, "FUNDWATCH_FAULTS_CONTROL": self.path, "FUNDWATCH_FAULTS_BELOW": os.path.realpath(folder)}
        if journal:
            more["FUNDWATCH_FAULTS_JOURNAL"] = journal
        return {**os.environ, **more}
