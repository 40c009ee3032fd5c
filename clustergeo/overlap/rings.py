"""Polygons as the engine sees them: coordinates of rings, one entry a site."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from clustergeo.errors import InputError
from clustergeo.overlap.kinds import EMPTY, MISSING, POINT, POLYGON
from clustergeo.overlap.ragged import Ragged, of_binary, of_shapes, ranges, to_shapes
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Shapes: TypeAlias = "Polygons | NDArray[np.object_]"

_VERTICES = 131_072


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
    invalid
        Shape (entries,), whether each is an invalid polygon, once `invalid_rows` has found it out; None before.

    Examples
    --------
    >>> import shapely
    >>> polygons = Polygons.from_shapely(np.array([shapely.box(0, 0, 2, 1), None, shapely.Point(5, 5)]))
    >>> polygons.areas().tolist(), polygons.areal.tolist(), polygons.pointed.tolist()
    ([2.0, 0.0, 0.0], [True, False, False], [False, False, True])
    """

    xy: NDArray[np.float64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    holes: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    turns: NDArray[np.int8]
    _areas: NDArray[np.float64]
    _bounds: NDArray[np.float64]
    invalid: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.kinds)

    def __getitem__(self, rows: slice) -> Polygons:
        """Return consecutive entries; coordinates are shared, not copied."""
        first, last, step = rows.indices(len(self))
        if step != 1:
            msg = "Polygons can be cut into consecutive entries only, as in polygons[10:20]; see also take."
            raise InputError(msg)
        last = max(first, last)
        return replace(
            self,
            polygons=self.polygons[first : last + 1],
            kinds=self.kinds[first:last],
            _areas=self._areas[first:last],
            _bounds=self._bounds[first:last],
            invalid=None if self.invalid is None else self.invalid[first:last],
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: of consecutive entries their own coordinates only."""
        own = self._own()
        return {part.name: getattr(own, part.name) for part in fields(own)}

    @property
    def areal(self) -> NDArray[np.bool_]:
        """Which entries are polygons, shape (entries,)."""
        return np.asarray(self.kinds == POLYGON)

    @property
    def pointed(self) -> NDArray[np.bool_]:
        """Which entries are points, shape (entries,)."""
        return np.asarray(self.kinds == POINT)

    def areas(self) -> NDArray[np.float64]:
        """Return the area of each entry, 0 where it is no polygon."""
        return self._areas

    def bounds(self) -> NDArray[np.float64]:
        """Return the least and greatest x and y of each entry, shape (entries, 4), not-a-number where it has none."""
        return self._bounds

    def remember(self, rows: NDArray[np.int64]) -> None:
        """Keep which entries are invalid, so that they need not be checked again."""
        invalid = np.zeros(len(self), dtype=bool)
        invalid[rows] = True
        object.__setattr__(self, "invalid", invalid)

    def take(self, rows: Any) -> Polygons:
        """Return a copy of some entries, with their own coordinates only.

        Parameters
        ----------
        rows
            The numbers of the entries in any order, or a mask of shape (entries,).

        Examples
        --------
        >>> import shapely
        >>> boxes = Polygons.from_shapely(shapely.box(0, 0, [1, 2, 3], 1))
        >>> boxes.take([2, 0]).areas().tolist(), boxes.take(boxes.areas() > 1).areas().tolist()
        ([3.0, 1.0], [2.0, 3.0])
        """
        rows = np.asarray(rows)
        # an empty list has no type of its own
        rows = np.arange(len(self))[rows if rows.size else rows.astype(np.int64)]
        return self._selected(rows, self.polygons[rows + 1], self.kinds[rows])

    def only(self, keep: NDArray[np.bool_]) -> Polygons:
        """Return these entries where they are kept; the others are missing.

        Examples
        --------
        >>> import shapely
        >>> Polygons.from_shapely(shapely.box(0, 0, [1, 2], 1)).only(np.array([False, True])).areas().tolist()
        [0.0, 2.0]
        """
        keep = np.asarray(keep, dtype=bool)
        if keep.all():
            return self
        rows = np.arange(len(self))
        ends = np.where(keep, self.polygons[1:], self.polygons[:-1])
        found = self._selected(rows, ends, np.where(keep, self.kinds, MISSING).astype(np.int8))
        areas, bounds = np.where(keep, found.areas(), 0.0), np.where(keep[:, None], found.bounds(), np.nan)
        return replace(found, _areas=areas, _bounds=bounds)

    def moved(
        self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]], *, threads: int | None = None
    ) -> Polygons:
        """Return these polygons with every vertex carried elsewhere, as a map projection does.

        Parameters
        ----------
        change
            Takes x and y of some vertices, shape (m, 2), and returns where they go, shape (m, 2). It is called in
            threads.
        threads
            How many threads work; by default one a processor.

        Raises
        ------
        InputError
            A vertex goes where a coordinate is not finite.

        Examples
        --------
        >>> import shapely
        >>> Polygons.from_shapely(np.array([shapely.box(0, 0, 2, 1)])).moved(lambda xy: 3 * xy).areas().tolist()
        [18.0]
        """
        own = self._own()
        xy = np.empty_like(own.xy)

        def one(part: slice) -> None:
            xy[part] = change(own.xy[part])

        in_threads(one, chunks(len(xy), _VERTICES), threads)
        # a change may round by where a vertex stands in its array; rings must stay closed
        xy[own.rings[1:] - 1] = xy[own.rings[:-1]]
        return self._measured(Ragged(xy, own.rings, own.polygons, own.holes, own.kinds), threads)

    def grouped(self, starts: NDArray[np.int64]) -> Polygons:
        """Return the polygons with each run of entries, from one start to the next, as one entry.

        Examples
        --------
        >>> import shapely
        >>> boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)])
        >>> Polygons.from_shapely(boxes).grouped(np.array([0, 2, 3])).areas().tolist()
        [2.0, 1.0]
        """
        kinds = np.where(np.diff(starts) > 0, POLYGON, EMPTY).astype(np.int8)
        return self._measured(Ragged(self.xy, self.rings, self.polygons[starts], self.holes, kinds), None)

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
        return cls._measured(of_shapes(shapes), threads)

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
        >>> import shapely
        >>> square = shapely.to_wkb(shapely.box(0, 0, 3, 3))
        >>> Polygons.from_wkb(pa.array([square, None])).areas().tolist()
        [9.0, 0.0]
        """
        if hasattr(binary, "chunks"):
            return joined([cls.from_wkb(chunk, threads=threads) for chunk in binary.chunks])
        return cls._measured(of_binary(binary, threads), threads)

    @classmethod
    def from_points(cls, xy: Any) -> Polygons:
        """Take points from their x and y; those that are not finite are missing.

        Parameters
        ----------
        xy
            Shape (n, 2).

        Examples
        --------
        >>> Polygons.from_points(np.array([[1.0, 2.0], [np.nan, 0.0]])).kinds.tolist()
        [3, 0]
        """
        xy = np.asarray(xy, dtype=np.float64)
        known = np.isfinite(xy).all(axis=1)
        polygons = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(known)])
        kinds = np.where(known, POINT, MISSING).astype(np.int8)
        own, ones = np.ascontiguousarray(xy[known]), np.ones(int(known.sum()), dtype=np.int8)
        bounds = np.where(known[:, None], np.hstack([xy, xy]), np.nan)
        holes, areas = np.zeros(len(own), dtype=bool), np.zeros(len(xy))
        return cls(own, np.arange(len(own) + 1), polygons, holes, kinds, ones, areas, bounds, np.zeros(len(xy), bool))

    def to_shapely(self) -> NDArray[np.object_]:
        """Return polygons and points as shapely geometries; missing, empty and other entries as None.

        Examples
        --------
        >>> import shapely
        >>> Polygons.from_shapely(np.array([shapely.box(0, 0, 1, 1)])).to_shapely()[0].area
        1.0
        """
        return to_shapes(Ragged(self.xy, self.rings, self.polygons, self.holes, self.kinds))

    def _own(self) -> Polygons:
        """Return these entries with arrays that hold no other ones; nothing is copied."""
        first, last = self.polygons[0], self.polygons[-1]
        begin, end = self.rings[first], self.rings[last]
        return replace(
            self,
            xy=self.xy[begin:end],
            rings=self.rings[first : last + 1] - begin,
            polygons=self.polygons - first,
            holes=self.holes[first:last],
            turns=self.turns[first:last],
        )

    def _selected(self, rows: NDArray[np.intp], ends: NDArray[np.int64], kinds: NDArray[np.int8]) -> Polygons:
        """Return a copy of entries, whose rings end here and whose kinds are these."""
        starts = self.polygons[rows]
        chosen = ranges(starts, ends)
        first, last = self.rings[chosen], self.rings[chosen + 1]
        begin = np.zeros(1, dtype=np.int64)
        return Polygons(
            self.xy[ranges(first, last)],
            np.concatenate([begin, np.cumsum(last - first)]),
            np.concatenate([begin, np.cumsum(ends - starts)]),
            self.holes[chosen],
            kinds,
            self.turns[chosen],
            self._areas[rows],
            self._bounds[rows],
            None if self.invalid is None else self.invalid[rows] & (kinds == POLYGON),
        )

    @classmethod
    def _measured(cls, given: Ragged, threads: int | None) -> Polygons:
        from clustergeo.overlap.measuring import measure  # noqa: PLC0415 - compiles

        xy, rings, polygons, holes, kinds = given
        turns, areas = np.empty(len(holes), dtype=np.int8), np.empty(len(kinds))
        bounds = np.empty((len(kinds), 4))

        def one(rows: slice) -> None:
            ends = polygons[rows.start : rows.stop + 1]
            bad = measure(xy, rings, holes, ends, turns, areas[rows], bounds[rows])
            if bad >= 0:
                row, why = (
                    rows.start + bad // 2,
                    ("a coordinate that is not finite or too large", "a ring that is not closed"),
                )
                msg = f"Row {row} has {why[bad % 2]}. Repair or leave out this geometry."
                raise InputError(msg)

        in_threads(one, chunks(len(kinds), CHUNK), threads)
        return cls(xy, rings, polygons, holes, kinds, turns, areas, bounds)


def joined(pieces: list[Polygons]) -> Polygons:
    """Return the entries of several pieces, one after the other.

    Examples
    --------
    >>> import shapely
    >>> one = Polygons.from_shapely(shapely.box(0, 0, [1, 2], 1))
    >>> joined([one, one[1:]]).areas().tolist()
    [1.0, 2.0, 2.0]
    """
    if len(pieces) == 1:
        return pieces[0]
    pieces = [piece._own() for piece in pieces]  # noqa: SLF001 - its own kind
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
