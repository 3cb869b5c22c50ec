"""The files of the journal: heads, records and checkpoints (`spec/journal.md`)."""

import functools, re
from dataclasses import dataclass

from cursor import MIB, Cursor, demand, path_of_checkpoint, path_of_record, short_hash, unpack
from sealing import Sealed


@dataclass
class Version:
    order: int
    writer: bytes
    seq: int
    size: int | None = None  # None: a deletion
    digest: bytes = b""
    place: tuple = ()  # a frame, and where in it; a frame is (path, where it begins, codec, stored bytes, raw bytes)
    parts: tuple = ()  # of each (no, codec, stored bytes, raw bytes, hash)


def place(frames, versions):
    """Says where the bodies are that lie one behind the other in frames (J17)."""
    frames, frame, at = iter(frames), None, 0
    for version in (v for v in versions if v.size):
        if not frame or at + version.size > frame[4]:
            demand(not frame or at == frame[4], "a frame is not full")
            frame, at = next(frames, None), 0
            demand(frame and version.size <= frame[4], "a body has no frame")
        version.place, at = (frame, at), at + version.size
    demand((not frame or at == frame[4]) and not next(frames, None), "a frame is not full")


class Journal(Sealed):
    """What the files say, each on its own."""

    def indexed(self, path, kind):
        """Reads a head part (J8); returns its index, the id of its key, its size and its hash."""
        content, key = self.read(path)
        file = Cursor(content)
        file.begin(kind)
        codec, raw, stored = file.take(1)[0], file.number(), file.number()
        index = Cursor(unpack(codec, file.take(stored), raw))
        hash = short_hash(content[: file.at])
        demand(path.endswith("-" + hash[:8].hex()), f"{path} is not what its name says")
        demand(index.take(16) == self.id, f"{path} is another vault's")
        return index, key, file.at, hash

    def frames(self, index, path, start):
        """Reads the table of frames (J11), which are all that a file has from `start` on (J18)."""
        frames = []
        for codec, stored, raw, _ in index.each(index.number(), lambda: (index.take(1)[0], *index.numbers(2), index.take(16))):
            demand(raw >= 1, "a frame is empty")
            frames.append((path, start, codec, stored, raw))
            start += stored
        demand(len(frames) <= 65536 and start == len(self.read(path)[0]), f"{path} has another length than its frames")
        return frames

    def parts(self, index, versions):
        one = lambda: (index.number(), index.take(1)[0], *index.numbers(2), index.take(16))
        for version, count in zip(versions, index.numbers(len(versions))):
            version.parts = count
        for version in versions:
            version.parts = index.each(version.parts, one)

    def record(self, path, writer, link):
        """Reads a record (section 2); returns the link before it, and its changes: id, replaced dots, version or None."""
        index, key, start, hash = self.indexed(path, b"j")
        seq, order = link[:2]
        named = (index.take(14), *index.numbers(2)) == (writer, seq, order) and hash.startswith(link[2])
        demand(named, f"{path} is not the record that is named")
        demand(self.keyring.counts(path, key), f"{path} is sealed under a closed key")
        before = index.link() if seq > 1 else None
        demand(not before or before[0] == seq - 1 and before[1] < order, f"{path} does not continue a chain")
        index.number(), index.name(256)
        frames, count = self.frames(index, path, start), index.number()
        kinds = index.take(count)
        demand(count <= 1_000_000 and all(k < 16 and k & 11 != 11 for k in kinds), "a change is of no known kind")
        ids = index.texts(count, 1, 1024)
        versions = [Version(order, writer, seq) if k & 3 < 3 else None for k in kinds]
        of = lambda *some: [v for v, k in zip(versions, kinds) if k & 3 in some]
        index.texts(len(of(0, 1, 2)), 0, 4096)
        for version, size in zip(of(0, 1), index.numbers(len(of(0, 1)))):
            version.size = size
        writers, replaced = index.writers(), index.numbers(count)
        places, seqs = index.numbers(sum(replaced)), index.numbers(sum(replaced))
        demand(set(places) == set(range(len(writers))), "a writer is not named, or not there")
        dots = iter([(writers[place], seq) for place, seq in zip(places, seqs)])
        self.parts(index, of(1))
        for version in of(0, 1):
            version.digest = index.take(16)
        index.end()
        place(frames, of(0))
        brought = [id for id, version in zip(ids, versions) if version]
        demand(len(brought) == len(set(brought)), f"{path} has two versions of a document")
        changes = [(id, [next(dots) for _ in range(n)], version) for id, n, version in zip(ids, replaced, versions)]
        demand(all(version or dots for _, dots, version in changes), f"{path} withdraws nothing")
        demand(all(a < b for _, dots, _ in changes for a, b in zip(dots, dots[1:])), "dots are not in ascending order")
        return before, changes

    def checkpoint(self, path):
        """Reads a checkpoint (section 7); returns what it covers, and its documents as pairs of an id and a version."""
        index, key, start, _ = self.indexed(path, b"c")
        demand(self.keyring.counts(path, key), f"{path} is sealed under a closed key")
        demand(index.take(1) == b"\0", f"{path} is no root")
        index.numbers(3)
        if index.number():
            index.checkpoint_name()
        covered = index.vector()
        file = lambda: (index.checkpoint_name(), *index.numbers(4))
        more, history = index.each(index.number(), file), index.each(index.number(), file)
        documents = self.rows(index, path, start, False)
        for kind, name in [(1, name) for name, *_ in more] + [(2, name) for name, *_ in history]:
            path = path_of_checkpoint(*name)
            index, _, start, _ = self.indexed(path, b"c")
            demand(index.take(1)[0] == kind == (2 if name[2] >= 32768 else 1), f"{path} is another kind of file")
            rows = self.rows(index, path, start, kind == 2)
            documents += rows if kind == 1 else []
        return covered, documents

    def rows(self, index, path, start, history):
        """Reads the columns of a checkpoint's file (J91)."""
        frames, count = self.frames(index, path, start), index.number()
        ids = index.texts(count, 1, 1024)
        ids = [id for id, n in zip(ids, index.numbers(count)) for _ in range(n)]
        kinds, writers = index.take(len(ids)), index.writers()
        columns = [index.numbers(len(ids)) for _ in range(4)]
        demand(all(place < len(writers) for place in columns[0]), "a writer is not there")
        versions = [Version(order, writers[place], seq) for place, seq, order, _ in zip(*columns)]
        of = lambda *some: [v for v, k in zip(versions, kinds) if k & 3 in some]
        index.texts(len(ids), 0, 4096)
        for version, size in zip(of(0, 1, 3), index.numbers(len(of(0, 1, 3)))):
            version.size = size
        files = [(path_of_checkpoint if kind else path_of_record)(*name) for kind, name in index.ascending(index.file_name)]
        elsewhere = index.ascending(lambda: (*index.numbers(2), index.take(1)[0], *index.numbers(2)))
        which, gaps, ends = index.numbers(len(of(3))), index.numbers(len(of(3))), {}
        for version, n, gap in zip(of(3), which, gaps):
            demand(n < len(elsewhere) and elsewhere[n][0] < len(files), "a body has no frame")
            at = gap // 2 + (0 if gap % 2 else ends.get(n, 0))
            ends[n] = at + version.size
            version.place = (files[elsewhere[n][0]], *elsewhere[n][1:]), at
        self.parts(index, of(1))
        if history:
            index.numbers(3 * len(ids))
        for version in of(0, 1, 3):
            version.digest = index.take(16)
        index.end()
        place(frames, of(0))
        return list(zip(ids, versions))

    def newest(self):
        """Finds the last record of each writer, and the checkpoints (section 11)."""
        if self.strategy == "listing":
            last, there = {}, [p for p in self.files if p.startswith("j/") and self.keyring.counts(p, self.read(p)[1])]
            for order, writer, seq, hash in (re.split("[/-]", p)[1:] for p in there if p[2] != "c"):
                link = int(seq, 16), int(order, 16), bytes.fromhex(hash)
                last[bytes.fromhex(writer)] = max(link, last.get(bytes.fromhex(writer), link))
            return last, sorted(p for p in there if p[2] == "c")
        slots = [p for p in self.files if p.startswith("h/")]
        content, key = self.read(max(slots, default="h/") if self.strategy == "slots" else "head")
        head = Cursor(content)
        head.begin(b"h")
        demand(len(content) <= 4 * MIB and key not in self.keyring.closed, "the head is sealed under a closed key")
        demand(head.take(16) == self.id, "the head is another vault's")
        head.take(16)
        demand((head.number(), head.take(1)) == (self.epoch, b"\0"), "the head is of another epoch, or closed")
        checkpoint, last = Cursor(head.take(head.number())), head.vector()
        demand(short_hash(content[: head.at]) == head.take(16), "the head is damaged")
        head.end()
        if not checkpoint.data:
            return last, []
        root = path_of_checkpoint(*checkpoint.checkpoint_name())
        checkpoint.take(16), checkpoint.end()
        return last, [root]

    @functools.lru_cache(16)
    def frame(self, path, start, codec, stored, raw):
        return unpack(codec, self.read(path)[0][start : start + stored], raw)

    def body(self, version):
        """Gets a body and compares it with its digest (J19, J20)."""
        data = b""
        if version.place:
            frame, at = version.place
            data = self.frame(*frame)[at : at + version.size]
        for no, codec, stored, raw, hash in version.parts:
            part = self.read(f"p/{version.writer.hex()}-{no:016x}")[0]
            demand(len(part) == stored and short_hash(part) == hash, "a part is not the named one")
            data += unpack(codec, part, raw)
        demand(len(data) == version.size and short_hash(data) == version.digest, "a body is not the named one")
        return data
