"""The kernel that prints polygons and points as GeoJSON: longitude and latitude at six decimals."""

# ruff: noqa: C901, PLR0917

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, made
from clustergeo.overlap.kinds import POINT, POLYGON

SCALE = 1_000_000.0

# The most bytes that a vertex, a ring and a row take.
VERTEX, RING, ROW = 40, 8, 64

_TEXT = made(types.uint8)
_ZERO, _POINT, _MINUS, _COMMA, _OPEN, _CLOSE, _END = (ord(sign) for sign in "0.-,[]}")
_UNIT = 1_000_000
_TEN, _HUNDRED, _THOUSAND = 10, 100, 1000
_EXPONENT = 100  # a number below so many millionths is printed with one


def _bytes(text: str) -> Any:
    """Return a text as an array that a kernel copies from."""
    return np.frombuffer(text.encode(), dtype=np.uint8)


_NULL = _bytes("null")
_AT_POINT = _bytes('{"type":"Point","coordinates":')
_AT_POLYGON = _bytes('{"type":"Polygon","coordinates":[')
_AT_MULTI = _bytes('{"type":"MultiPolygon","coordinates":[[')
_DIGITS = _bytes("".join(f"{number:03}" for number in range(1000)))
_SIXTH, _FIFTH = _bytes("e-06"), _bytes("e-05")


@compiled(_TEXT, COUNT, given(types.uint8))
def _copy(out: Any, at: int, text: Any) -> Any:
    """Write a text and return how long it is."""
    for byte in range(len(text)):
        out[at + byte] = text[byte]
    return len(text)


@compiled(_TEXT, COUNT, NUMBER)
def _number(out: Any, at: int, value: float) -> Any:
    """Write a number at six decimals, as Python prints what numpy rounds, and return where it ends."""
    if math.copysign(1.0, value) < 0.0:
        out[at] = _MINUS
        at += 1
    millionths: Any = np.int64(np.rint(abs(value) * SCALE))
    if 0 < millionths < _EXPONENT:
        tens, ones = millionths // 10, millionths % 10
        if tens == 0:
            out[at] = _ZERO + ones
            return at + 1 + _copy(out, at + 1, _SIXTH)
        out[at] = _ZERO + tens
        at += 1
        if ones > 0:
            out[at], out[at + 1] = _POINT, _ZERO + ones
            at += 2
        return at + _copy(out, at, _FIFTH)
    whole, rest = millionths // _UNIT, millionths % _UNIT
    if whole < _THOUSAND:
        skip = int(whole < _TEN) + int(whole < _HUNDRED)
        for place in range(skip, 3):
            out[at] = _DIGITS[3 * whole + place]
            at += 1
    else:
        size, power = 1, 10
        while power <= whole:
            size, power = size + 1, power * 10
        for place in range(size - 1, -1, -1):
            out[at + place] = _ZERO + whole % 10
            whole //= 10
        at += size
    out[at] = _POINT
    high, low = 3 * (rest // _THOUSAND), 3 * (rest % _THOUSAND)
    for place in range(3):
        out[at + 1 + place] = _DIGITS[high + place]
        out[at + 4 + place] = _DIGITS[low + place]
    last = at + 6
    while last > at + 1 and out[last] == _ZERO:
        last -= 1
    return last + 1


@compiled(_TEXT, COUNT, NUMBER, NUMBER)
def _position(out: Any, at: int, x: float, y: float) -> Any:
    """Write a position and return where it ends."""
    out[at] = _OPEN
    at = _number(out, at + 1, x)
    out[at] = _COMMA
    at = _number(out, at + 1, y)
    out[at] = _CLOSE
    return at + 1


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(COUNT),
    given(FLAG),
    given(types.int8),
    given(types.int8),
    given(FLAG),
    _TEXT,
    made(COUNT),
)
def print_shapes(
    xy: Any, rings: Any, polygons: Any, holes: Any, turns: Any, kinds: Any, multi: Any, out: Any, ends: Any
) -> None:
    """Write each row as a GeoJSON geometry: exteriors counterclockwise, holes clockwise; null for others.

    The arrays are those of `Polygons`, its coordinates rounded; `multi` says which rows are multipolygons. `out` has
    room for VERTEX, RING and ROW bytes for each; `ends` is where each row ends in it.
    """
    at = np.int64(0)
    for row in range(len(kinds)):
        first, last = polygons[row], polygons[row + 1]
        if kinds[row] == POINT:
            at += _copy(out, at, _AT_POINT)
            at = _position(out, at, xy[rings[first], 0], xy[rings[first], 1])
            out[at] = _END
            at += 1
        elif kinds[row] == POLYGON and last > first:
            at += _copy(out, at, _AT_MULTI if multi[row] else _AT_POLYGON)
            for ring in range(first, last):
                if ring > first:
                    if not holes[ring]:
                        out[at] = _CLOSE
                        at += 1
                    out[at] = _COMMA
                    at += 1
                    if not holes[ring]:
                        out[at] = _OPEN
                        at += 1
                out[at] = _OPEN
                at += 1
                start, end = rings[ring], rings[ring + 1]
                for step in range(end - start):
                    vertex = end - 1 - step if turns[ring] > 0 else start + step
                    if step > 0:
                        out[at] = _COMMA
                        at += 1
                    at = _position(out, at, xy[vertex, 0], xy[vertex, 1])
                out[at] = _CLOSE
                at += 1
            if multi[row]:
                out[at] = _CLOSE
                at += 1
            out[at], out[at + 1] = _CLOSE, _END
            at += 2
        else:
            at += _copy(out, at, _NULL)
        ends[row] = at
