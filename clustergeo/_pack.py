"""Shapes, columns and the whole data of a page as few bytes, and the same read back."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustergeo import _digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

POINTS, LINES, POLYGONS = 0, 1, 2
# Of degrees: a millionth is a tenth of a metre, for parcels; a hundred-thousandth is a metre, for areas.
FINE, COARSE = 1e-6, 1e-5
# Below this size a page whose data one can read is worth more than the bytes that deflating would save.
_READABLE = 200_000
_SMALL_DEGREES = 0.01
# An area that is less than what is shown of any.
_LEAST, _FINEST = 1e-7, 7
_SEVEN, _MORE = 0x7F, 0x80
_LONGEST = 10


def quantum_for(shapes: NDArray[np.object_]) -> float:
    """Return the step of the coordinates that shapes are drawn with: finer for small ones.

    Examples
    --------
    >>> quantum_for(np.array([shapely.box(127, 37, 127.001, 37.001)])), quantum_for(np.array([shapely.box(1, 1, 2, 2)]))
    (1e-06, 1e-05)
    """
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    sizes = np.maximum(east - west, north - south)
    sizes = sizes[~np.isnan(sizes)]
    return FINE if len(sizes) and float(np.median(sizes)) < _SMALL_DEGREES else COARSE


def shape_bytes(shapes: NDArray[np.object_], quantum: float) -> bytes:
    r"""Return shapes as bytes: how each is made, then the steps from vertex to vertex in whole quanta.

    A shape is points, lines or rings; the rings of a polygon or of several are one even-odd area. Of a collection the
    parts of the highest dimension are kept. An empty or missing shape has no pieces.

    Parameters
    ----------
    shapes
        Geometries in longitude and latitude, shape (n,).
    quantum
        The step in degrees; a coordinate is off by half of it at most.

    Examples
    --------
    >>> shape_bytes(np.array([shapely.Point(1e-5, 2e-5)]), 1e-5)
    b'\x01\x01\x00\x01\x01\x02\x04'
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    # A collection may hold multi-part shapes.
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    parts, owner = parts[~shapely.is_empty(parts)], owner[~shapely.is_empty(parts)]
    dimension = shapely.get_dimensions(parts)
    kind = np.zeros(len(shapes), dtype=np.int64)
    np.maximum.at(kind, owner, dimension)
    keep = dimension == kind[owner]
    parts, owner, dimension = parts[keep], owner[keep], dimension[keep]
    rings, of = shapely.get_rings(parts[dimension == POLYGONS], return_index=True)
    pieces = np.concatenate([parts[dimension < POLYGONS], rings])
    owners = np.concatenate([owner[dimension < POLYGONS], owner[dimension == POLYGONS][of]])
    order = np.argsort(owners, kind="stable")
    pieces, owners = pieces[order], owners[order]
    points, piece = shapely.get_coordinates(pieces, return_index=True)
    counts = np.bincount(piece, minlength=len(pieces))
    if len(pieces):
        # The page closes a ring itself.
        closed = kind[owners] == POLYGONS
        points = np.delete(points, np.cumsum(counts)[closed] - 1, axis=0)
        counts = counts - closed
    steps = np.diff(np.rint(points / quantum).astype(np.int64), axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    head = np.concatenate([[len(shapes), len(pieces)], kind, np.bincount(owners, minlength=len(shapes)), counts])
    return varints(np.concatenate([head, zigzag(steps.ravel())]))


def shapes_of(data: bytes, quantum: float) -> list[tuple[int, list[NDArray[np.float64]]]]:
    r"""Return the kind and the pieces of each shape, as the page's script reads them.

    Examples
    --------
    >>> shapes_of(b"\x01\x01\x00\x01\x01\x02\x04", 1e-5)
    [(0, [array([[1.e-05, 2.e-05]])])]
    """
    numbers = numbers_of(data)
    shapes, pieces = int(numbers[0]), int(numbers[1])
    kinds, owned, counts, steps = np.split(numbers[2:], np.cumsum([shapes, shapes, pieces]))
    steps = (steps >> 1) ^ -(steps & 1)
    points = np.cumsum(steps.reshape(-1, 2), axis=0) * quantum
    lines = np.split(points, np.cumsum(counts)[:-1]) if pieces else []
    ends = np.concatenate([[0], np.cumsum(owned)])
    return [(int(kind), lines[ends[row] : ends[row + 1]]) for row, kind in enumerate(kinds)]


def zigzag(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return whole numbers of either sign as whole numbers from 0 up, small ones small.

    Examples
    --------
    >>> zigzag(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    return (values << 1) ^ (values >> 63)


def varints(values: NDArray[np.int64]) -> bytes:
    r"""Return whole numbers from 0 up as bytes: seven bits each, the eighth says that more follow.

    Examples
    --------
    >>> varints(np.array([1, 127, 128, 300]))
    b'\x01\x7f\x80\x01\xac\x02'
    """
    left = np.asarray(values, dtype=np.uint64)
    size = np.ones(len(left), dtype=np.int64)
    for step in range(1, _LONGEST):
        size += left >= np.uint64(1 << (7 * step)) if step * 7 < 64 else 0  # noqa: PLR2004 - bits of the number
    starts = np.cumsum(size) - size
    out = np.zeros(int(size.sum()), dtype=np.uint8)
    for step in range(int(size.max(initial=0))):
        held = size > step
        seven = (left[held] >> np.uint64(7 * step)) & np.uint64(_SEVEN)
        out[starts[held] + step] = seven.astype(np.uint8) | np.where(size[held] > step + 1, _MORE, 0).astype(np.uint8)
    return out.tobytes()


def numbers_of(data: bytes) -> NDArray[np.int64]:
    """Return the whole numbers that `varints` wrote."""
    signs = np.frombuffer(data, dtype=np.uint8)
    if not len(signs):
        return np.zeros(0, dtype=np.int64)
    ends = np.flatnonzero(signs < _MORE)
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(signs)) - np.repeat(starts, ends - starts + 1)
    values = (signs & _SEVEN).astype(np.int64) << (7 * place)
    return np.asarray(np.add.reduceat(values, starts), dtype=np.int64)


def words(cells: Sequence[str | None] | NDArray[np.object_]) -> dict[str, Any]:
    """Return texts, None where there is none: each different one once, and which stands where.

    Examples
    --------
    >>> words(["a", None, "b", "a"])
    {'words': ['a', 'b'], 'codes': [0, -1, 1, 0]}
    """
    codes, held = pd.factorize(np.asarray(cells, dtype=object))
    return {"words": [str(one) for one in held], "codes": codes.tolist()}


def numbers(cells: Iterable[Any], places: int) -> dict[str, Any]:
    """Return numbers with at most so many decimals; null stays null.

    Examples
    --------
    >>> numbers([1.0, float("nan"), 0.12345], 3)
    {'numbers': [1, None, 0.123]}
    """
    values = np.round(
        pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan), places
    )
    whole = values == np.trunc(values)
    listed = [
        None if not finite else int(one) if flat else one
        for one, flat, finite in zip(values.tolist(), whole.tolist(), np.isfinite(values).tolist(), strict=True)
    ]
    return {"numbers": listed}


def areas(km2: NDArray[np.float64]) -> dict[str, Any]:
    """Return areas in km² with the digits that are shown of them; the smallest stays more than none.

    Examples
    --------
    >>> areas(np.array([7.28, 0.6361234, 0.0003333, 4e-8, 0, np.nan]))
    {'numbers': [7.28, 0.636, 0.00033, 1e-07, 0, None]}
    """
    values = np.asarray(km2, dtype=np.float64)
    known = np.isfinite(values)
    shown = [_digits.area(one) for one in values[known].tolist()]
    rounded = np.full(len(values), np.nan)
    rounded[known] = [_LEAST if one.startswith("<") else float(one.replace(",", "")) for one in shown]
    return numbers(rounded, _FINEST)


def payload(head: dict[str, Any], blobs: Sequence[bytes]) -> dict[str, Any]:
    """Return what the page carries: its data in the open while small, deflated where that pays.

    Parameters
    ----------
    head
        Data of JSON's kinds; `blobs` in it are named by their place.
    blobs
        The bytes.

    Examples
    --------
    >>> payload({"a": 1}, [b"xy"])
    {'head': {'a': 1}, 'blobs': ['eHk=']}
    """
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
    if len(text) + sum(map(len, blobs)) < _READABLE:
        return {"head": head, "blobs": [base64.b64encode(one).decode("ascii") for one in blobs]}
    sizes = varints(np.array([len(text), *map(len, blobs)], dtype=np.int64))
    whole = bytes([len(blobs)]) + sizes + text + b"".join(blobs)
    return {"deflated": base64.b64encode(zlib.compress(whole, 9)).decode("ascii")}


def unpacked(found: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return the data and the bytes of a payload.

    Examples
    --------
    >>> unpacked(payload({"a": 1}, [b"xy"]))
    ({'a': 1}, [b'xy'])
    """
    if "deflated" not in found:
        return found["head"], [base64.b64decode(one) for one in found["blobs"]]
    whole = zlib.decompress(base64.b64decode(found["deflated"]))
    sizes, at = [], 1
    for _ in range(whole[0] + 1):
        end = at
        while whole[end] >= _MORE:
            end += 1
        sizes.append(int(numbers_of(whole[at : end + 1])[0]))
        at = end + 1
    ends = at + np.cumsum(sizes)
    parts = [whole[end - size : end] for end, size in zip(ends.tolist(), sizes, strict=True)]
    return json.loads(parts[0]), parts[1:]
