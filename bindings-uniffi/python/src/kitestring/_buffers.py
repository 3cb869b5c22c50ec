"""Moves what crosses into the library, and out of it, in one piece.

The generated code moves every field by itself, which is most of what a large batch costs. The form of the bytes is its own.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

from . import _native
from ._native import Action, Body, Change, Document, Entry

_I32 = struct.Struct(">i")
_pack, _unpack = _I32.pack, _I32.unpack_from
_new_change = Change.__new__
_WHOLE = _pack(1)
_NEITHER = bytes(2)
_ACTIONS = list(Action)


class Builder:
    """Gathers what is to be written."""

    def __init__(self) -> None:
        self.gathered = bytearray()
        self.write = self.gathered.extend

    def write_i32(self, value: int) -> None:
        self.write(_pack(value))

    def _pack_into(self, size: int, form: str, value: object) -> None:
        self.write(struct.pack(form, value))

    def finalize(self) -> Any:
        size = len(self.gathered)
        buffer = getattr(_native, "_UniffiRustBuffer").alloc(size)
        if size > 0:
            ctypes.memmove(buffer.data, (ctypes.c_char * size).from_buffer(self.gathered), size)
        buffer.len = size
        return buffer

    def discard(self) -> None:
        """Nothing was taken from the library yet."""


class Stream:
    """Reads what was taken out of a buffer."""

    def __init__(self, data: Any, len: int) -> None:
        self.data, self.len, self.offset = ctypes.string_at(data, len) if len else b"", len, 0

    def read_i32(self) -> int:
        self.offset += 4
        value: int = _I32.unpack_from(self.data, self.offset - 4)[0]
        return value


def write_text(value: str, builder: Builder) -> None:
    encoded = value.encode()
    builder.write(_pack(len(encoded)) + encoded)


def write_bytes(value: bytes, builder: Builder) -> None:
    builder.write(_pack(len(value)))
    builder.write(value)


def read_text(stream: Stream) -> str:
    start = stream.offset + 4
    stream.offset = start + _unpack(stream.data, stream.offset)[0]
    return stream.data[start : stream.offset].decode()


def check_document(value: Document) -> None:
    if not (type(value.id) is type(value.revision) is str and isinstance(value.body, Body.WHOLE) and type(value.body.bytes) is bytes):
        _check_fields(value)


# Documents, entries and changes are what there are many of. Their fields in one go, in the order of the generated code.
def write_document(value: Document, builder: Builder) -> None:
    id, revision, body = value.id.encode(), value.revision.encode(), value.body
    builder.write(b"".join((_pack(len(id)), id, _pack(len(revision)), revision)))
    if isinstance(body, Body.WHOLE):
        builder.write(_WHOLE + _pack(len(body.bytes)))
        builder.write(body.bytes)
    else:
        getattr(_native, "_UniffiFfiConverterTypeBody").write(body, builder)


def write_entry(value: Entry, builder: Builder) -> None:
    id, revision = value.id.encode(), value.revision.encode()
    builder.write(b"".join((_pack(len(id)), id, _pack(len(revision)), revision)))
    if value.digest is None and value.size is None:
        builder.write(_NEITHER)
    else:
        getattr(_native, "_UniffiFfiConverterOptionalString").write(value.digest, builder)
        getattr(_native, "_UniffiFfiConverterOptionalUInt64").write(value.size, builder)


def write_change(value: Change, builder: Builder) -> None:
    id, revision = value.id.encode(), value.revision.encode()
    builder.write(b"".join((_pack(len(id)), id, _pack(len(revision)), revision, _pack(value.action.value + 1))))


def read_change(stream: Stream) -> Change:
    data, start = stream.data, stream.offset + 4
    middle = start + _unpack(data, start - 4)[0] + 4
    end = middle + _unpack(data, middle - 4)[0]
    stream.offset = end + 4
    change = _new_change(Change)
    change.id, change.revision = data[start : middle - 4].decode(), data[middle:end].decode()
    change.action = _ACTIONS[_unpack(data, end)[0] - 1]
    return change


def _check_fields(value: Document) -> None:
    """The generated check, which says what is wrong."""
    getattr(_native, "_UniffiFfiConverterString").check_lower(value.id)
    getattr(_native, "_UniffiFfiConverterString").check_lower(value.revision)
    getattr(_native, "_UniffiFfiConverterTypeBody").check_lower(value.body)


def install() -> None:
    """Puts these in the place of the generated ones, of which they inherit the rest."""
    converters: dict[str, dict[str, Callable[..., object]]] = {
        "String": {"write": write_text, "read": read_text},
        "Bytes": {"write": write_bytes},
        "TypeDocument": {"write": write_document, "check_lower": check_document},
        "TypeEntry": {"write": write_entry},
        "TypeChange": {"write": write_change, "read": read_change},
    }
    for name, methods in converters.items():
        for method, ours in methods.items():
            setattr(getattr(_native, f"_UniffiFfiConverter{name}"), method, staticmethod(ours))
    for name, part in (("_UniffiRustBufferBuilder", Builder), ("_UniffiRustBufferStream", Stream)):
        setattr(_native, name, type(name, (part, getattr(_native, name)), {}))
