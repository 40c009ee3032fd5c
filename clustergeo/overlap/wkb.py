"""The kernel that reads polygons out of well-known binary."""

# ruff: noqa: C901, FBT001, PLR0911, PLR0912, PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, FLAG, compiled, given, inner, made
from clustergeo.overlap.kinds import EMPTY, MISSING, OTHER, POINT, POLYGON

_BYTES = given(types.uint8)
_COUNTS = given(COUNT)
_HEADER, _WORD, _DOUBLE = 5, 4, 8
_HAS_Z, _HAS_M, _HAS_SRID, _TYPE = 0x80000000, 0x40000000, 0x20000000, 0x1FFFFFFF
_WKB_POINT, _WKB_POLYGON, _WKB_MULTIPOLYGON = 1, 3, 6


@inner(_BYTES, COUNT, FLAG)
def _word(data: Any, at: int, little: bool) -> Any:
    """Return the unsigned 32-bit number at a position."""
    if little:
        return (
            np.int64(data[at])
            | (np.int64(data[at + 1]) << 8)
            | (np.int64(data[at + 2]) << 16)
            | (np.int64(data[at + 3]) << 24)
        )
    return (
        np.int64(data[at + 3])
        | (np.int64(data[at + 2]) << 8)
        | (np.int64(data[at + 1]) << 16)
        | (np.int64(data[at]) << 24)
    )


@compiled(
    _BYTES,
    _COUNTS,
    given(FLAG),
    made(types.int8),
    made(types.uint8),
    made(COUNT),
    made(FLAG),
    made(COUNT),
    COUNT,
    COUNT,
    FLAG,
)
def scan(
    data: Any,
    offsets: Any,
    missing: Any,
    kinds: Any,
    coordinates: Any,
    rings: Any,
    holes: Any,
    polygons: Any,
    ring: int,
    vertex: int,
    fill: bool,
) -> tuple[int, int, int]:
    """Count the rings and vertices of rows of well-known binary or, once they are counted, fill them in.

    `coordinates` are the bytes of the x and y of all vertices; `ring` and `vertex` are the numbers of the first ring
    and vertex of these rows. Returned are the numbers after the last ones, and the first malformed row or -1. In
    `rings` and `polygons` the end of each ring and row is written.
    """
    for row in range(len(kinds)):
        at, end = np.int64(offsets[row]), np.int64(offsets[row + 1])
        kind, parts, nested, first_ring = MISSING, 1, False, ring
        if missing[row]:
            parts = 0
        while parts > 0:
            if at + _HEADER + _WORD > end or data[at] > 1:
                return ring, vertex, row
            little = data[at] == 1
            code = _word(data, at + 1, little)
            at += _HEADER
            width = 2
            if code & _HAS_Z:
                width += 1
            if code & _HAS_M:
                width += 1
            if code & _HAS_SRID:
                at += _WORD
            code &= _TYPE
            # ISO writes Z as 1000, M as 2000 and ZM as 3000 above the type
            width += (code // 1000 + 1) // 2
            code %= 1000
            size = width * _DOUBLE
            if code == _WKB_POLYGON or (code == _WKB_MULTIPOLYGON and not nested):
                if at + _WORD > end:
                    return ring, vertex, row
                number = _word(data, at, little)
                at += _WORD
                kind = POLYGON
                if code == _WKB_MULTIPOLYGON:
                    parts, nested = number, True
                    continue
                lone = False
            elif code == _WKB_POINT and not nested:
                if at + size > end:
                    return ring, vertex, row
                # an empty point is written as not-a-number
                top = at + 7 if little else at
                below = at + 6 if little else at + 1
                empty = (data[top] & 0x7F) == 0x7F and (data[below] & 0xF0) == 0xF0  # noqa: PLR2004
                kind = EMPTY if empty else POINT
                number = 0 if empty else 1
                if empty:
                    at += size
                lone = True
            else:
                if nested:
                    return ring, vertex, row
                kind, at = OTHER, end
                break
            for index in range(number):
                points = 1
                if not lone:
                    if at + _WORD > end:
                        return ring, vertex, row
                    points = _word(data, at, little)
                    at += _WORD
                if points * size > end - at:
                    return ring, vertex, row
                if points == 0:
                    continue
                if fill:
                    to = vertex * 2 * _DOUBLE
                    if little and width == 2:  # noqa: PLR2004
                        for byte in range(points * size):
                            coordinates[to + byte] = data[at + byte]
                    else:
                        for point in range(points):
                            for byte in range(2 * _DOUBLE):
                                source = byte if little else (byte // _DOUBLE) * 2 * _DOUBLE + _DOUBLE - 1 - byte
                                coordinates[to + point * 2 * _DOUBLE + byte] = data[at + point * size + source]
                    rings[ring] = vertex + points
                    holes[ring] = index > 0
                at += points * size
                vertex += points
                ring += 1
            parts -= 1
        if not missing[row]:
            if at != end:
                return ring, vertex, row
            if kind == POLYGON and ring == first_ring:
                kind = EMPTY
        kinds[row] = kind
        if fill:
            polygons[row] = ring
    return ring, vertex, -1
