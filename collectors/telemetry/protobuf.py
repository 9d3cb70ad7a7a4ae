"""Reads the protobuf wire format (protobuf.dev/programming-guides/encoding) by a description of the messages.

A generated decoder and its runtime would cost the daemon some 8 MB for the dozen fields that are looked at here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

_MOST_FIELDS = 200_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Kind = Literal["text", "bool", "int", "uint64", "double", "hex"]


class MalformedError(ValueError):
    """The bytes are no such message."""


@dataclass(frozen=True, slots=True)
class Part:
    """A field: its name in the JSON form, its type, and whether there may be several."""

    name: str
    type: Kind | Message
    repeated: bool = False


@dataclass(slots=True)
class Message:
    """The fields that are read, by number; all others are passed over."""

    fields: dict[int, Part] = field(default_factory=dict)


def decode(data: memoryview, message: Message) -> dict[str, Any]:
    """The message in its JSON form (protobuf.dev/programming-guides/json), without what is not described. Raises
    `MalformedError`."""
    return _decode(data, message, [_MOST_FIELDS])


def _decode(data: memoryview, message: Message, left: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, wire, value in _fields(data):
        left[0] -= 1
        if left[0] < 0:
            raise MalformedError
        part = message.fields.get(number)
        if part is None:
            continue
        read = _value(part.type, wire, value, left)
        if part.repeated:
            found.setdefault(part.name, []).append(read)
        else:
            found[part.name] = read
    return found


def _value(kind: Kind | Message, wire: int, value: Any, left: list[int]) -> Any:
    if isinstance(kind, Message) and wire == _BYTES:
        return _decode(value, kind, left)
    if kind == "text" and wire == _BYTES:
        return bytes(value).decode(errors="replace")
    if kind == "hex" and wire == _BYTES:
        return bytes(value).hex()
    if kind == "bool" and wire == _VARINT:
        return value != 0
    if kind == "int" and wire == _VARINT:
        return value - (1 << 64) if value >> 63 else value
    if kind == "uint64" and wire in (_VARINT, _FIXED64):
        return value
    if kind == "double" and wire == _FIXED64:
        return struct.unpack("<d", value.to_bytes(8, "little"))[0]
    raise MalformedError


def _fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and raw value of each field."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(wire, -1)
        if size < 0 or at + size > len(data):
            raise MalformedError
        raw = data[at : at + size]
        yield number, wire, raw if wire == _BYTES else int.from_bytes(raw, "little")
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise MalformedError
