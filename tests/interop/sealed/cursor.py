"""The bytes of the journal's files: numbers, texts, lists, names, and what is compressed."""

import hashlib, zlib

import zstandard

MIB = 1 << 20


class Refused(Exception):
    """The vault, or the key, is not what it must be."""


def demand(holds, why):
    if not holds:
        raise Refused(why)


def short_hash(data):
    return hashlib.sha256(data).digest()[:16]


def unpack(codec, stored, raw):
    """Decompresses one piece (J29 to J32)."""
    possible = len(stored) == raw if codec == 0 else len(stored) < raw
    demand(codec <= 2 and possible and raw <= 64 * MIB, "a piece has no known codec, or an impossible size")
    if codec == 0:
        return stored
    try:
        if codec == 1:
            inflate = zlib.decompressobj(-15)
            out = inflate.decompress(stored, raw + 1)
            demand(inflate.eof and not inflate.unused_data, "a piece has another length")
        else:
            frame = zstandard.get_frame_parameters(stored)
            demand(frame.content_size in (raw, zstandard.CONTENTSIZE_UNKNOWN), "a piece has another length")
            odd = frame.dict_id or frame.has_checksum or frame.window_size > max(8 * MIB, raw)
            demand(not odd, "a piece is another Zstandard frame")
            out = zstandard.ZstdDecompressor().decompress(stored, max_output_size=raw, allow_extra_data=False)
    except (zlib.error, zstandard.ZstdError) as e:
        raise Refused(f"a piece does not decompress: {e}") from None
    demand(len(out) == raw, "a piece has another length")
    return out


class Cursor:
    """Reads the bytes of one file, or of one index, from the beginning."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        demand(length <= len(self.data) - self.at, "a file ends early")
        self.at += length
        return self.data[self.at - length : self.at]

    def begin(self, kind):
        demand(self.take(5) == b"kite" + kind, "a file is of another kind")
        demand(self.take(1) == b"\1", "a file is of another version")

    def end(self):
        demand(self.at == len(self.data), "something follows the end of a file")

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            demand(value < 1 << 64 and (byte or not shift), "a number is too large, or not in its shortest form")
            if byte < 128:
                return value
            shift += 7

    def text(self, length):
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise Refused("a text is no UTF-8") from None

    def name(self, most):
        """Reads a prefixed text for people."""
        length = self.number()
        demand(length <= most, "a text is too long")
        return self.text(length)

    def each(self, count, one):
        demand(count <= len(self.data) - self.at, "a file ends early")
        return [one() for _ in range(count)]

    def numbers(self, count):
        return self.each(count, self.number)

    def texts(self, count, least, most):
        lengths = self.numbers(count)
        demand(all(least <= n <= most for n in lengths), "a text has an impossible length")
        return [self.text(n) for n in lengths]

    def ascending(self, one):
        found = self.each(self.number(), one)
        demand(all(a < b for a, b in zip(found, found[1:])), "a list is not in ascending order")
        return found

    def writers(self):
        return self.ascending(lambda: self.take(14))

    def link(self):
        """Reads a record as other files name it: `seq`, order, hash."""
        seq, order = self.numbers(2)
        demand(1 <= seq < 1 << 24 and order < 1 << 40, "a record has an impossible number")
        return seq, order, self.take(16)

    def vector(self):
        """Reads the last record of each writer."""
        found = self.each(self.number(), lambda: (self.take(14), self.link()))
        demand(all(a[0] < b[0] for a, b in zip(found, found[1:])), "writers are not in ascending order")
        return dict(found)

    def checkpoint_name(self):
        """Reads the name of a checkpoint's file (J90): generation, id, `no`, hash."""
        generation, id, no, hash = self.number(), self.take(8), self.number(), self.take(8)
        demand(1 <= generation < 1 << 32 and no < 1 << 16, "a checkpoint has an impossible number")
        return generation, id, no, hash

    def file_name(self):
        """Reads the name of a file that has bodies (J91): 0 and a record's, or 1 and that of a checkpoint's file."""
        kind = self.take(1)[0]
        demand(kind <= 1, "a file is neither a record nor a checkpoint's")
        return kind, self.checkpoint_name() if kind else (self.number(), self.take(14), self.number(), self.take(8))


def path_of_record(order, writer, seq, hash):
    return f"j/{order:010x}-{writer.hex()}-{seq:06x}-{hash[:8].hex()}"


def path_of_checkpoint(generation, id, no, hash):
    middle = f"{generation:08x}-{id.hex()}"
    return f"c/{middle}-{no:04x}-{hash.hex()}" if no else f"j/c-{middle}-{hash.hex()}"
