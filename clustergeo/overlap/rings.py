"""Polygons as the engine sees them: coordinates of rings, one entry a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, eq=False)
class Polygons:
    """Coordinates of many polygons, one entry a site, in arrays that kernels and threads can share.

    The vertices of ring `r` are `xy[rings[r]:rings[r + 1]]`, first and last equal; the rings of entry `p` are
    `polygons[p]` to `polygons[p + 1]`, of all its parts. A point is a ring of one vertex; entries that are missing,
    empty or of another type have no ring. Coordinates stay as they were written, whatever the orientation: `turns`
    says which way each ring runs.

    Attributes
    ----------
    xy
        Shape (vertices, 2).
    rings, polygons
        Shape (rings + 1,) and (entries + 1,), where each ring and each entry begins.
    holes
        Shape (rings,), whether a ring is a hole.
    kinds
        Shape (entries,), one of `kinds.MISSING`, `EMPTY`, `POLYGON`, `POINT` and `OTHER`.
    turns
        Shape (rings,), 1 where the inside lies below the ring's edges that run to the right, else -1.

    Examples
    --------
    >>> polygons = Polygons.from_shapely(np.array([shapely.box(0, 0, 2, 1), None, shapely.Point(5, 5)]))
    >>> polygons.areas().tolist(), polygons.kinds.tolist()
    ([2.0, 0.0, 0.0], [2, 0, 3])
    """

    xy: NDArray[np.float64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    holes: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    turns: NDArray[np.int8]
    _areas: NDArray[np.float64]
    _bounds: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.kinds)

    def __getitem__(self, rows: slice) -> Polygons:
        """Return consecutive entries; coordinates are shared, not copied."""
        first, last, step = rows.indices(len(self))
        if step != 1:
            msg = "Polygons can be cut into consecutive entries only, as in polygons[10:20]."
            raise InputError(msg)
        last = max(first, last)
        return Polygons(
            self.xy,
            self.rings,
            self.polygons[first : last + 1],
            self.holes,
            self.kinds[first:last],
            self.turns,
            self._areas[first:last],
            self._bounds[first:last],
        )

    def areas(self) -> NDArray[np.float64]:
        """Return the area of each entry, 0 where it is no polygon."""
        return self._areas

    def bounds(self) -> NDArray[np.float64]:
        """Return the least and greatest x and y of each entry, shape (entries, 4), not-a-number where it has none."""
        return self._bounds

    def grouped(self, starts: NDArray[np.int64]) -> Polygons:
        """Return the polygons with each run of entries, from one start to the next, as one entry.

        Examples
        --------
        >>> boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)])
        >>> Polygons.from_shapely(boxes).grouped(np.array([0, 2, 3])).areas().tolist()
        [2.0, 1.0]
        """
        kinds = np.where(np.diff(starts) > 0, POLYGON, EMPTY).astype(np.int8)
        return self._measured(self.xy, self.rings, self.polygons[starts], self.holes, kinds, threads=None)

    @classmethod
    def from_shapely(cls, shapes: Any, *, threads: int | None = None) -> Polygons:
        """Take polygons from an array of shapely geometries; z and m are left out.

        Parameters
        ----------
        shapes
            Shape (n,), geometries of any type or None.
        threads
            How many threads measure them; by default one a processor.

        Raises
        ------
        InputError
            A coordinate is not finite.
        """
        shapes = np.asarray(shapes, dtype=object)
        types = shapely.get_type_id(shapes)
        kinds = np.full(len(shapes), OTHER, dtype=np.int8)
        for type_id, kind in _KINDS.items():
            kinds[types == type_id] = kind
        kinds[(kinds != MISSING) & shapely.is_empty(shapes)] = EMPTY
        areal = kinds == POLYGON
        kept = shapes if areal.all() else only(shapes, areal)
        xy, rings, parts, polygons = _ragged(kept)
        holes = np.ones(len(rings) - 1, dtype=bool)
        holes[parts[:-1][parts[:-1] < parts[1:]]] = False
        pointed = np.flatnonzero(kinds == POINT)
        if len(pointed):
            xy, rings, holes, polygons = _with_points(shapes, pointed, (xy, rings, holes, polygons))
        return cls._measured(xy, rings, polygons, holes, kinds, threads=threads)

    @classmethod
    def from_wkb(cls, binary: Any, *, threads: int | None = None) -> Polygons:
        """Take polygons from well-known binary in an Arrow array, without a geometry object in between.

        Parameters
        ----------
        binary
            An Arrow array (or chunked array) of `binary` or `large_binary`, or an extension type stored so, such as
            `geoarrow.wkb`. Little and big endian, ISO and EWKB are read; SRID, z and m are left out.
        threads
            How many threads read; by default one a processor.

        Raises
        ------
        InputError
            A row is malformed, has a ring that is not closed or a coordinate that is not finite.

        Examples
        --------
        >>> import pyarrow as pa
        >>> square = shapely.to_wkb(shapely.box(0, 0, 3, 3))
        >>> Polygons.from_wkb(pa.array([square, None])).areas().tolist()
        [9.0, 0.0]
        """
        if hasattr(binary, "chunks"):
            return _joined([cls.from_wkb(chunk, threads=threads) for chunk in binary.chunks])
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
        return cls._measured(xy, rings, polygons, holes, kinds, threads=threads)

    def to_shapely(self) -> NDArray[np.object_]:
        """Return polygons and points as shapely geometries; missing, empty and other entries as None.

        Examples
        --------
        >>> Polygons.from_shapely(np.array([shapely.box(0, 0, 1, 1)])).to_shapely()[0].area
        1.0
        """
        out = np.full(len(self), None, dtype=object)
        areal = np.flatnonzero(self.kinds == POLYGON)
        starts, ends = self.polygons[areal], self.polygons[areal + 1]
        chosen = _ranges(starts, ends)
        sizes = np.diff(self.rings)[chosen]
        xy = self.xy[_ranges(self.rings[chosen], self.rings[chosen + 1])]
        rings = np.concatenate([[0], np.cumsum(sizes)])
        exterior = np.flatnonzero(~self.holes[chosen])
        parts = np.append(exterior, len(chosen))
        before = np.concatenate([[0], np.cumsum(ends - starts)])
        polygons = np.searchsorted(exterior, before)
        shapes = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, xy, (rings, parts, polygons))
        single = np.diff(polygons) == 1
        out[areal[~single]] = shapes[~single]
        out[areal[single]] = shapely.get_geometry(shapes[single], 0)
        pointed = np.flatnonzero(self.kinds == POINT)
        out[pointed] = shapely.points(self.xy[self.rings[self.polygons[pointed]]])
        return out

    @classmethod
    def _measured(
        cls,
        xy: NDArray[np.float64],
        rings: NDArray[np.int64],
        polygons: NDArray[np.int64],
        holes: NDArray[np.bool_],
        kinds: NDArray[np.int8],
        *,
        threads: int | None,
    ) -> Polygons:
        from clustergeo.overlap.measuring import measure  # noqa: PLC0415 - compiles

        turns, areas = np.empty(len(holes), dtype=np.int8), np.empty(len(kinds))
        bounds = np.empty((len(kinds), 4))

        def one(rows: slice) -> None:
            ends = polygons[rows.start : rows.stop + 1]
            bad = measure(xy, rings, holes, ends, turns, areas[rows], bounds[rows])
            if bad >= 0:
                row, why = rows.start + bad // 2, ("a coordinate that is not finite", "a ring that is not closed")
                msg = f"Row {row} has {why[bad % 2]}. Repair or leave out this geometry."
                raise InputError(msg)

        in_threads(one, chunks(len(kinds), CHUNK), threads)
        return cls(xy, rings, polygons, holes, kinds, turns, areas, bounds)


def _ragged(shapes: NDArray[np.object_]) -> tuple[NDArray[Any], ...]:
    """Return coordinates, and where rings, parts and entries begin, of polygons and None."""
    if not len(shapes) or shapely.is_missing(shapes).all():
        none, one = np.zeros(len(shapes) + 1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        return np.empty((0, 2)), one, one, none
    kind, xy, offsets = shapely.to_ragged_array(shapes, include_z=False, include_m=False)
    whole = [np.ascontiguousarray(offset, dtype=np.int64) for offset in offsets]
    xy = np.ascontiguousarray(xy, dtype=np.float64)
    if kind == shapely.GeometryType.MULTIPOLYGON:
        rings, parts, polygons = whole
        return xy, rings, parts, parts[polygons]
    rings, parts = whole
    return xy, rings, parts, parts


def _with_points(
    shapes: NDArray[np.object_], rows: NDArray[np.intp], ragged: tuple[NDArray[Any], ...]
) -> tuple[NDArray[Any], ...]:
    """Put points among the polygons, each a ring of one vertex."""
    xy, rings, holes, polygons = ragged
    ring_at = polygons[rows]
    vertex_at = rings[ring_at]
    sizes = np.insert(np.diff(rings), ring_at, 1)
    counts = np.diff(polygons)
    counts[rows] = 1
    return (
        np.insert(xy, vertex_at, shapely.get_coordinates(shapes[rows]), axis=0),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.insert(holes, ring_at, False),
        np.concatenate([[0], np.cumsum(counts)]),
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


def _joined(pieces: list[Polygons]) -> Polygons:
    """Return the entries of several pieces, one after the other."""
    if len(pieces) == 1:
        return pieces[0]
    vertices = np.cumsum([0, *(len(piece.xy) for piece in pieces)])
    rings = np.cumsum([0, *(len(piece.holes) for piece in pieces)])
    first = np.zeros(1, dtype=np.int64)
    return Polygons(
        np.concatenate([np.empty((0, 2)), *(piece.xy for piece in pieces)]),
        np.concatenate([first, *(piece.rings[1:] + at for piece, at in zip(pieces, vertices, strict=False))]),
        np.concatenate([first, *(piece.polygons[1:] + at for piece, at in zip(pieces, rings, strict=False))]),
        np.concatenate([np.empty(0, dtype=bool), *(piece.holes for piece in pieces)]),
        np.concatenate([np.empty(0, dtype=np.int8), *(piece.kinds for piece in pieces)]),
        np.concatenate([np.empty(0, dtype=np.int8), *(piece.turns for piece in pieces)]),
        np.concatenate([np.empty(0), *(piece._areas for piece in pieces)]),  # noqa: SLF001 - its own kind
        np.concatenate([np.empty((0, 4)), *(piece._bounds for piece in pieces)]),  # noqa: SLF001
    )


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers from each start up to its end, one range after the other.

    Examples
    --------
    >>> _ranges(np.array([3, 8]), np.array([5, 9])).tolist()
    [3, 4, 8]
    """
    sizes = ends - starts
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(sizes.sum()) + np.repeat(starts - before, sizes), dtype=np.int64)
