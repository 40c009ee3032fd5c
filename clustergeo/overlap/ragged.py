"""Coordinates, and where rings and entries begin: out of geometries and well-known binary, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from clustergeo.errors import InputError
from clustergeo.overlap.kinds import EMPTY, MISSING, OTHER, POINT, POLYGON
from clustergeo.overlap.plain import only
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS = {
    -1: MISSING,
    shapely.GeometryType.POINT: POINT,
    shapely.GeometryType.POLYGON: POLYGON,
    shapely.GeometryType.MULTIPOLYGON: POLYGON,
}
_FEWEST = 4


class Ragged(NamedTuple):
    """Coordinates, where each ring and each entry begins, which rings are holes, and the kind of each entry."""

    xy: NDArray[np.float64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    holes: NDArray[np.bool_]
    kinds: NDArray[np.int8]


def ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers from each start up to its end, one range after the other.

    Examples
    --------
    >>> ranges(np.array([3, 8]), np.array([5, 9])).tolist()
    [3, 4, 8]
    """
    sizes = ends - starts
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(sizes.sum()) + np.repeat(starts - before, sizes), dtype=np.int64)


def of_shapes(shapes: Any) -> Ragged:
    """Return the coordinates of polygons and points; z and m are left out.

    Examples
    --------
    >>> of_shapes(np.array([shapely.box(0, 0, 1, 1), None, shapely.Point(7, 8)])).polygons.tolist()
    [0, 1, 1, 2]
    """
    shapes = np.asarray(shapes, dtype=object)
    types = shapely.get_type_id(shapes)
    kinds = np.full(len(shapes), OTHER, dtype=np.int8)
    for type_id, kind in _KINDS.items():
        kinds[types == type_id] = kind
    kinds[(kinds != MISSING) & shapely.is_empty(shapes)] = EMPTY
    areal = kinds == POLYGON
    # shapely 2.1 takes no array that may only be read
    kept = shapes.copy() if areal.all() else only(shapes, areal)
    if areal.any():
        kind, xy, offsets = shapely.to_ragged_array(kept, include_z=False, include_m=False)
        whole = [np.ascontiguousarray(offset, dtype=np.int64) for offset in offsets]
        rings, parts = whole[:2]
        polygons = parts[whole[2]] if kind == shapely.GeometryType.MULTIPOLYGON else parts
    else:
        xy, rings, parts = np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        polygons = np.zeros(len(shapes) + 1, dtype=np.int64)
    holes = np.ones(len(rings) - 1, dtype=bool)
    holes[parts[:-1][parts[:-1] < parts[1:]]] = False
    found = Ragged(np.ascontiguousarray(xy, dtype=np.float64), rings, polygons, holes, kinds)
    pointed = np.flatnonzero(kinds == POINT)
    return _with_points(shapes, pointed, found) if len(pointed) else found


def of_binary(binary: Any, threads: int | None) -> Ragged:
    """Return the coordinates of polygons and points in an Arrow array of well-known binary.

    Raises
    ------
    InputError
        The array is not binary, or a row of it is malformed.
    """
    from clustergeo.overlap.wkb import scan  # noqa: PLC0415 - compiles

    data, offsets, missing = _buffers(binary)
    entries = len(missing)
    kinds = np.empty(entries, dtype=np.int8)
    cuts = chunks(entries, CHUNK)
    unused = np.empty(0, dtype=np.int64)
    none = np.empty(0, dtype=bool), np.empty(0, dtype=np.uint8)

    def count(rows: slice) -> tuple[int, int]:
        part = offsets[rows.start : rows.stop + 1], missing[rows], kinds[rows]
        rings, vertices, bad = scan(data, *part, none[1], unused, none[0], unused, 0, 0, False)  # noqa: FBT003
        if bad >= 0:
            msg = f"Row {rows.start + bad} is not well-known binary of a geometry. Write the column anew."
            raise InputError(msg)
        return rings, vertices

    counted = np.array(in_threads(count, cuts, threads), dtype=np.int64).reshape(-1, 2)
    ends = np.vstack([np.zeros((1, 2), dtype=np.int64), np.cumsum(counted, axis=0)])
    total_rings, total = ends[-1]
    xy = np.empty((total, 2))
    rings, polygons = np.zeros(total_rings + 1, dtype=np.int64), np.zeros(entries + 1, dtype=np.int64)
    holes = np.zeros(total_rings, dtype=bool)
    bytes_of_xy = xy.reshape(-1).view(np.uint8)

    def fill(number: int) -> None:
        rows, (ring, vertex) = cuts[number], ends[number]
        part = offsets[rows.start : rows.stop + 1], missing[rows], kinds[rows]
        scan(data, *part, bytes_of_xy, rings[1:], holes, polygons[1:][rows], ring, vertex, True)  # noqa: FBT003

    in_threads(fill, range(len(cuts)), threads)
    return Ragged(xy, rings, polygons, holes, kinds)


def to_shapes(given: Ragged) -> NDArray[np.object_]:
    """Return polygons and points as shapely geometries; missing, empty and other entries as None.

    A ring of fewer than four points, which is invalid and which shapely cannot hold, ends in its last point again.

    Examples
    --------
    >>> to_shapes(of_shapes(np.array([shapely.box(0, 0, 1, 1)])))[0].area
    1.0
    """
    out = np.full(len(given.kinds), None, dtype=object)
    areal = np.flatnonzero(given.kinds == POLYGON)
    starts, ends = given.polygons[areal], given.polygons[areal + 1]
    chosen = ranges(starts, ends)
    first, last = given.rings[chosen], given.rings[chosen + 1]
    sizes = np.maximum(last - first, _FEWEST)
    at = ranges(first, first + sizes)
    if (last - first < _FEWEST).any():
        at = np.minimum(at, np.repeat(last - 1, sizes))
    rings = np.concatenate([[0], np.cumsum(sizes)])
    exterior = np.flatnonzero(~given.holes[chosen])
    parts = np.append(exterior, len(chosen))
    before = np.concatenate([[0], np.cumsum(ends - starts)])
    polygons = np.searchsorted(exterior, before)
    shapes = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, given.xy[at], (rings, parts, polygons))
    single = np.diff(polygons) == 1
    out[areal[~single]] = shapes[~single]
    out[areal[single]] = shapely.get_geometry(shapes[single], 0)
    pointed = np.flatnonzero(given.kinds == POINT)
    out[pointed] = shapely.points(given.xy[given.rings[given.polygons[pointed]]])
    return out


def _with_points(shapes: NDArray[np.object_], rows: NDArray[np.intp], found: Ragged) -> Ragged:
    """Put points among the polygons, each a ring of one vertex."""
    ring_at = found.polygons[rows]
    vertex_at = found.rings[ring_at]
    sizes = np.insert(np.diff(found.rings), ring_at, 1)
    counts = np.diff(found.polygons)
    counts[rows] = 1
    return Ragged(
        np.insert(found.xy, vertex_at, shapely.get_coordinates(shapes[rows]), axis=0),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([[0], np.cumsum(counts)]),
        np.insert(found.holes, ring_at, False),
        found.kinds,
    )


def _buffers(binary: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the bytes of an Arrow binary array, where each row begins, and which rows are null."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    binary = getattr(binary, "storage", binary)
    if pa.types.is_large_binary(binary.type):
        width: Any = np.int64
    elif pa.types.is_binary(binary.type):
        width = np.int32
    else:
        msg = f"Well-known binary is read from an Arrow column of type binary or large_binary, not {binary.type}."
        raise InputError(msg)
    _, starts, values = binary.buffers()
    offsets = np.zeros(1, dtype=np.int64)
    if len(binary):
        offsets = np.frombuffer(starts, dtype=width)[binary.offset : binary.offset + len(binary) + 1].astype(np.int64)
    data = np.frombuffer(values, dtype=np.uint8) if values is not None else np.empty(0, dtype=np.uint8)
    missing = np.zeros(len(binary), dtype=bool)
    if binary.null_count:
        missing = np.array(binary.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    return data, offsets, missing
