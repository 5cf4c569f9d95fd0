"""What a power cut leaves of a folder: put together from a copy of how it was when all of it was on disk, and the journal
of what was done since (journal.c).

What holds of a file system that promises no more than POSIX:
- written bytes are on disk after a sync of their file that succeeded; before, every block of 4 KiB by itself is there or not;
- so is the file's length, apart from its blocks: a block that is missing inside it reads as zeros, or as it was before;
- after a sync that failed, what was written before it is gone for good, whatever later syncs say, unless it is written again;
- names made, changed and removed are on disk after a sync of their folder; before, the later ones may be missing.
"""
import os
import shutil
import struct

HEAD = struct.Struct("=IIIIQqII")
WRITE, TRUNCATE, SYNC, SYNC_FAILED, CREATE, RENAME, UNLINK, MKDIR, SYNC_FOLDER = range(1, 10)
BLOCK = 4096


def events(journal):
    """(kind, inode, offset, path, other, data) of every whole event."""
    with open(journal, "rb") as file:
        text = file.read()
    at = 0
    while at + HEAD.size <= len(text):
        kind, path, other, length, inode, offset, _, _ = HEAD.unpack_from(text, at)
        end = at + HEAD.size + path + other + length
        if end > len(text):
            return
        parts = text[at + HEAD.size:end]
        yield kind, inode, offset, parts[:path].decode(), parts[path:path + other].decode(), parts[path + other:]
        at = end


class File:
    """A file's bytes on disk, and what was done to it since its last sync."""

    def __init__(self, data=b""):
        self.disk, self.pending = bytearray(data), []

    def settle(self, changes):
        for kind, offset, data in changes:
            if kind == TRUNCATE:
                self.disk = self.disk[:offset] + bytes(max(0, offset - len(self.disk)))
            else:
                self.disk.extend(bytes(max(0, offset + len(data) - len(self.disk))))
                self.disk[offset:offset + len(data)] = data

    def sync(self):
        self.settle(self.pending)
        self.pending = []

    def cut(self, chance, keep):
        """Every block of what is pending is there with the chance `keep`; the length is any that the file had."""
        pieces = []
        for kind, offset, data in self.pending:
            if kind == TRUNCATE:
                pieces.append((kind, offset, data))
                continue
            while data:
                take = BLOCK - offset % BLOCK
                pieces.append((kind, offset, data[:take]))
                offset, data = offset + take, data[take:]
        lengths = [len(self.disk)]
        for kind, offset, data in pieces:
            lengths.append(offset if kind == TRUNCATE else max(lengths[-1], offset + len(data)))
        kept = [piece for piece in pieces if chance.random() < keep]
        self.settle(kept)
        if pieces and keep:
            length = max(chance.choice(lengths), 0)
            self.settle([(TRUNCATE, length, b"")])
        return len(pieces) - len(kept)


class Folder:
    """A folder as it is on disk. Names are by path below it; files by inode, for a name can move."""

    def __init__(self, folder):
        self.folder = os.path.realpath(folder)
        self.names, self.folders, self.files, self.pending = {}, set(), {}, []
        for base, below, files in os.walk(self.folder):
            self.folders.update(os.path.join(base, name) for name in below)
            for name in files:
                path = os.path.join(base, name)
                with open(path, "rb") as file:
                    inode = os.fstat(file.fileno()).st_ino
                    self.files[inode] = File(file.read())
                self.names[path] = inode

    def rename(self, change):
        """A change of names that is on disk now."""
        kind, inode, path, other = change
        if kind == CREATE:
            self.names[path] = inode
        elif kind == UNLINK:
            self.names.pop(path, None)
        elif path in self.names:
            self.names[other] = self.names.pop(path)
        else:
            self.move(path, other)

    def move(self, path, other):
        """A folder with all that is in it."""
        def moved(name):
            return other + name[len(path):] if name == path or name.startswith(path + "/") else name
        self.names = {moved(name): inode for name, inode in self.names.items()}
        self.folders = {moved(name) for name in self.folders}
        self.pending = [(kind, inode, moved(one), moved(two)) for kind, inode, one, two in self.pending]

    def apply(self, journal):
        for kind, inode, offset, path, other, data in events(journal):
            if kind in (WRITE, TRUNCATE):
                self.files.setdefault(inode, File()).pending.append((kind, offset, data))
            elif kind == SYNC and inode in self.files:
                self.files[inode].sync()
            elif kind == SYNC_FAILED and inode in self.files:
                self.files[inode].pending = []
            elif kind == MKDIR:
                self.folders.add(path)          # folders are made once, at the start: taken as there
            elif kind == SYNC_FOLDER:
                self.sync_names(path)
            elif kind in (CREATE, RENAME, UNLINK):
                if kind == CREATE:
                    self.files[inode] = File()  # a number that is used again is another file
                self.pending.append((kind, inode, path, other))

    def sync_names(self, folder):
        """What was done to names in this folder is on disk, in its order."""
        at = 0
        while at < len(self.pending):
            if folder in (os.path.dirname(self.pending[at][2]), os.path.dirname(self.pending[at][3])):
                self.rename(self.pending.pop(at))
            else:
                at += 1

    def cut(self, chance, keep):
        """The cut. Gives how many blocks and changes of names are gone."""
        lost = sum(file.cut(chance, keep) for file in self.files.values())
        done = chance.randint(0, len(self.pending)) if keep else 0      # names go to disk in their order
        for _ in range(done):
            self.rename(self.pending.pop(0))
        return lost + len(self.pending)

    def write(self):
        """The folder itself becomes what was left."""
        shutil.rmtree(self.folder)
        os.makedirs(self.folder)
        for path in sorted(self.folders):
            os.makedirs(path, exist_ok=True)
        for path, inode in self.names.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(self.files[inode].disk)
