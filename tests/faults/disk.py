"""Faults of the disk: torn files, power cuts, no room, failing syncs, read-only."""
import glob
import os

import control
import powercut
from stage import Stage, halves
from world import chance_of, until

ENOSPC, EIO, EROFS = 28, 5, 30
CUTS = 6


def newest(pattern):
    return max(glob.glob(pattern), default=None)


def segment_of(instance):
    return newest(os.path.join(instance.archive, "segment-*.fwa"))


def snapshot_of(instance):
    return newest(os.path.join(instance.archive, "snapshots", "snapshot-*.fws"))


def snapshot_made(instance):
    return until("a snapshot", lambda: instance.alive() and snapshot_of(instance))


def sizes(instance):
    return {path: os.path.getsize(path) for path in sorted(glob.glob(os.path.join(instance.archive, "segment-*.fwa")))}


def torn_tail(context):
    """torn tail: killed between write and sync, what was not synced cut short, zeros, noise: cut at the last whole frame, the rest comes again"""
    chance = chance_of(11)
    with Stage(context, "tail") as stage:
        parts = halves(stage.world.settlements, 13)
        for number, (first, second) in enumerate(zip(parts[:-1:2], parts[1::2])):
            stage.start()
            stage.feed(first)
            stage.catch_up()
            stage.instance.stop_well()
            before = sizes(stage.instance)
            stage.instance.control.at_step("before_sync", control.KILL_GROUP)
            stage.start()
            stage.feed(second)
            until("the kill before the sync", lambda: stage.instance.process.poll() is not None)
            path, written = next((path, size) for path, size in sizes(stage.instance).items() if size > before.get(path, 0))
            synced = before.get(path, 0)
            with open(path, "r+b") as file:
                file.truncate(chance.randint(synced + 1, written - 1))
                file.seek(0, os.SEEK_END)
                file.write((b"", bytes(4096), chance.randbytes(777))[number % 3])
            stage.instance.control.clear()
        stage.start()
        stage.saw("tail was torn", "bytes are cut off")
        stage.feed(parts[-1])
        stage.same()


def lying_disk(context):
    """a disk that lies: the end of what had been synced is gone after a kill; those records come again and nothing is said twice"""
    chance = chance_of(14)
    with Stage(context, "lies") as stage:
        parts = halves(stage.world.settlements, 5)
        for part in parts[:-1]:
            stage.start()
            stage.feed(part)
            stage.catch_up()
            stage.instance.kill(group=True)
            path = segment_of(stage.instance)
            os.truncate(path, os.path.getsize(path) - chance.randint(1, 40))
        stage.start()
        stage.saw("tail was torn", "bytes are cut off")
        stage.feed(parts[-1])
        stage.same()


def damaged_segment(context):
    """a flipped bit in what was synced: refused at the start with 65, archive verify says where"""
    with Stage(context, "bit") as stage:
        stage.start()
        stage.feed(stage.world.settlements)
        stage.catch_up()
        stage.instance.stop_well()
        path = min(glob.glob(os.path.join(stage.instance.archive, "segment-*.fwa")))
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 4]))
        for name in glob.glob(os.path.join(stage.instance.archive, "snapshots", "*")):
            os.remove(name)             # so that all of it is judged again
        found = stage.instance.verify()
        assert found and os.path.basename(path) in found[0], f"archive verify does not name the segment: {found}"
        print(f"# bit: {found[0]}")
        status = stage.start().end()
        assert status == 65, f"exit status {status}: {stage.instance.log_text()[-800:]}"
        stage.saw("archive verify")


def torn_snapshot(context):
    """torn snapshot: the newest cut short, then all of them flipped: an older one, then the whole archive is taken"""
    with Stage(context, "snap") as stage:
        parts = halves(stage.world.settlements, 3)
        stage.start()
        for part in halves(parts[0], 4):
            stage.feed(part)
            stage.catch_up()
            snapshot_made(stage.instance)
        until("two snapshots", lambda: len(glob.glob(os.path.join(stage.instance.archive, "snapshots", "*.fws"))) >= 2)
        stage.instance.kill(group=True)
        path = snapshot_of(stage.instance)
        os.truncate(path, os.path.getsize(path) * 2 // 3)
        with open(os.path.join(os.path.dirname(path), "snapshot-left.tmp"), "wb") as file:
            file.write(b"half a snapshot")
        stage.start()
        stage.saw("is of no use, an older one is taken")
        stage.feed(parts[1])
        stage.catch_up()
        stage.instance.kill(group=True)
        for path in glob.glob(os.path.join(stage.instance.archive, "snapshots", "*.fws")):
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                file.write(b"\xff\x00\xff\x00")
        stage.start()
        stage.saw("snapshot at 0,")
        stage.feed(parts[2])
        stage.same()


def power_cuts(context):
    """power cuts: what was not synced is lost in blocks of 4 KiB, names too: all of it, or some of it in any order"""
    chance = chance_of(12)
    lost = 0
    with Stage(context, "power") as stage:
        instance = stage.instance
        os.makedirs(instance.archive)
        for number, part in enumerate(halves(stage.world.settlements, CUTS)):
            before = powercut.Folder(instance.archive)
            open(instance.journal, "wb").close()
            instance.control.now.journal = 1
            stage.start(journal=True)
            first, rest = halves(part)
            stage.feed(first)
            step = chance.choice(("after_append", "before_sync", "before_publish", "after_publish", "snapshot_write", "snapshot_before_rename"))
            instance.control.at_step(step, control.KILL_GROUP)
            stage.feed(rest)        # behind it: all that was fed before may have passed the step already
            until(f"the cut at {step}", lambda: instance.process.poll() is not None)
            instance.kill(group=True)
            before.apply(instance.journal)
            lost += before.cut(chance, (0, 0.5, 0.9)[number % 3])
            before.write()
        instance.control.now.journal = 0
        print(f"# power: {CUTS} cuts, {lost} blocks and names lost")
        stage.same()


def no_room_for_archive(context):
    """ENOSPC on the archive, the first write half done: stays alive, not ready, says so, publishes nothing; goes on when there is room"""
    with Stage(context, "room") as stage:
        first, second = halves(stage.world.settlements)
        stage.start()
        stage.feed(first)
        stage.catch_up()
        now = stage.instance.control.now
        until("all delivered", lambda: stage.instance.metric("lines_waiting") == 0 and stage.instance.metric("messages_in_flight") == 0)
        before = stage.instance.metric("delivered_total")
        now.path, now.partial, now.write_error = b"segment-", 1, ENOSPC
        stage.feed(second)
        print(f"# room: /readyz: {stage.failing('archive')}")
        stage.saw("the archive cannot be written", "No space left on device")
        until("more tries", lambda: now.failed >= 3)
        lines = stage.instance.metric("lines_total")
        assert stage.instance.metric("delivered_total") - before < 20 + lines // 10, "lines were published that no synced archive has"
        now.write_error = 0
        until("ready again", stage.instance.ready)
        stage.saw("can be written again")
        stage.same()


def no_room_for_snapshot(context):
    """ENOSPC on a snapshot: said, judging goes on, the next one is made when there is room"""
    with Stage(context, "snaproom") as stage:
        first, second = halves(stage.world.settlements)
        now = stage.instance.control.now
        now.path, now.partial, now.write_error = b"/snapshots/", 1, ENOSPC
        stage.start()
        stage.feed(first)
        stage.saw("no snapshot was made")
        stage.catch_up()
        assert not snapshot_of(stage.instance), "a snapshot was made without room"
        now.write_error = 0
        stage.feed(second)
        snapshot_made(stage.instance)
        stage.same()


def failing_sync(context):
    """a failing fdatasync (EIO), and what was written before it is lost: all of it is written again before anything is said"""
    with Stage(context, "sync") as stage:
        instance = stage.instance
        first, second, third = halves(stage.world.settlements, 3)
        os.makedirs(instance.archive)
        before = powercut.Folder(instance.archive)
        open(instance.journal, "wb").close()
        now = instance.control.now
        now.journal = 1
        stage.start(journal=True)
        stage.feed(first)
        stage.catch_up()
        now.path, now.sync_after, now.sync_count, now.sync_error = b"segment-", 0, 2, EIO
        stage.feed(second)
        stage.saw("the archive cannot be written", "Input/output error")
        until("it goes on", lambda: now.failed >= 2)
        stage.catch_up()
        instance.kill(group=True)
        before.apply(instance.journal)
        before.cut(chance_of(13), 0)
        before.write()
        instance.control.clear()
        now.journal = 0
        stage.start()
        stage.feed(third)
        stage.same()


def read_only(context):
    """a disk that becomes read-only: as without room; one that is read-only at the start: exit 73 and why"""
    with Stage(context, "readonly") as stage:
        first, second = halves(stage.world.settlements)
        now = stage.instance.control.now
        stage.start()
        stage.feed(first)
        stage.catch_up()
        now.write_error = now.open_error = now.sync_error = EROFS
        now.sync_count = 1 << 30
        stage.feed(second)
        stage.failing("archive")
        stage.saw("the archive cannot be written", "Read-only file system")
        stage.instance.kill(group=True)
        status = stage.start().end()
        assert status == 73, f"exit status {status}: {stage.instance.log_text()[-800:]}"
        stage.saw("cannot be opened")
        stage.same()


TESTS = (torn_tail, lying_disk, damaged_segment, torn_snapshot, power_cuts, no_room_for_archive, no_room_for_snapshot, failing_sync, read_only)
