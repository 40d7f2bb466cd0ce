"""The ids and attributes of a vector tile, read by the book (Mapbox Vector Tile 2.1) without its geometries."""

import struct
from collections.abc import Iterator
from typing import Any

Features = dict[int, dict[str, Any]]


def fields(body: memoryview) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protobuf message; strings and messages as views."""
    at, end = 0, len(body)
    while at < end:
        key, at = varint(body, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(body, at)
            yield number, value
        elif kind == 2:
            length, at = varint(body, at)
            yield number, body[at : at + length]
            at += length
        elif kind in (1, 5):
            size, form = (8, "<d") if kind == 1 else (4, "<f")
            yield number, struct.unpack(form, body[at : at + size])[0]
            at += size
        else:
            raise ValueError(f"field {number} has type {kind}")


def varint(body: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def decoded(body: bytes) -> dict[str, Features]:
    """Layer → id → attributes. Raises ValueError where a layer, or an id in it, comes twice."""
    found: dict[str, Features] = {}
    for number, layer in fields(memoryview(body)):
        assert number == 3
        name, features = _layer(layer)
        if name in found:
            raise ValueError(f"{name} comes twice")
        found[name] = features
    return found


def _layer(body: memoryview) -> tuple[str, Features]:
    name, keys, values, features = "", [], [], []
    for number, value in fields(body):
        if number == 1:
            name = bytes(value).decode()
        elif number == 2:
            features.append(value)
        elif number == 3:
            keys.append(bytes(value).decode())
        elif number == 4:
            values.append(_value(value))
    found: Features = {}
    for feature in features:
        parts = dict(fields(feature))
        tags = list(_packed(parts.get(2, memoryview(b""))))
        if parts[1] in found:
            raise ValueError(f"{name} has {parts[1]} twice")
        found[parts[1]] = {keys[tags[at]]: values[tags[at + 1]] for at in range(0, len(tags), 2)}
    return name, found


def _packed(body: memoryview) -> Iterator[int]:
    at = 0
    while at < len(body):
        value, at = varint(body, at)
        yield value


def _value(body: memoryview) -> Any:
    ((number, value),) = fields(body)
    if number == 1:
        return bytes(value).decode()
    if number == 4 and value >= 1 << 63:
        return value - (1 << 64)
    if number == 6:
        return (value >> 1) ^ -(value & 1)
    return bool(value) if number == 7 else value
