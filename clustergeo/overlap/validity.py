"""Whether polygons are valid, and their repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustergeo.errors import InputError, warn
from clustergeo.overlap.curve import along
from clustergeo.overlap.plain import POLYGONAL
from clustergeo.overlap.ragged import ranges
from clustergeo.overlap.rings import Polygons, joined
from clustergeo.overlap.threads import CHUNK, chunks, in_threads, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Shapes

_TOLD = 3
# Below these numbers of polygons and of vertices GEOS is done before the kernels are loaded.
_FEW = 20_000
_MUCH = 500_000
# About as many vertices as GEOS checks in some milliseconds: so threads end at the same time.
_VERTICES = 20_000
_PIECE = 200_000


def invalid_rows(shapes: Shapes, *, threads: int | None = None) -> NDArray[np.int64]:
    """Return the rows that are invalid polygons by the rules of the OGC, as GEOS finds them.

    Parameters
    ----------
    shapes
        n polygons and others.
    threads
        How many threads work; by default one a processor.

    Returns
    -------
    numpy.ndarray
        The numbers of the invalid ones, sorted. What is no polygon is not among them.

    Examples
    --------
    >>> bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> invalid_rows(np.array([shapely.box(0, 0, 1, 1), bow, None])).tolist()
    [1]
    """
    if not isinstance(shapes, Polygons):
        return _by_geos(shapes, threads)
    if shapes.invalid is not None:
        return np.flatnonzero(shapes.invalid)
    left = np.flatnonzero(shapes.areal)
    if len(left) >= _FEW:
        left = _not_small(shapes, threads)
    if len(left) and _vertices(shapes, left).sum() >= _MUCH:
        left = _not_large(shapes, left, threads)
    bad = left[_by_geos(shapes.take(left).to_shapely(), threads)]
    shapes.remember(bad)
    return bad


def repaired(shapes: Shapes, rows: NDArray[np.int64]) -> Shapes:
    """Return the shapes with these rows made valid; the given ones stay as they are.

    All that an exterior goes round belongs to a repaired polygon, and all that is in a hole does not. What has no area
    is left out, so that a polygon may become empty.

    Parameters
    ----------
    shapes
        n polygons and others.
    rows
        Which ones to repair.

    Returns
    -------
    Polygons or numpy.ndarray
        In the form that was given.

    Examples
    --------
    >>> bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> shapely.area(repaired(np.array([bow]), np.array([0]))).tolist()
    [2.0]
    """
    if isinstance(shapes, Polygons):
        mended = Polygons.from_shapely(_made_valid(shapes.take(rows).to_shapely()))
        order = np.arange(len(shapes))
        order[rows] = len(shapes) + np.arange(len(rows))
        return joined([shapes, mended]).take(order)
    out = shapes.copy()
    out[rows] = _made_valid(shapes[rows])
    return out


def sound(shapes: Shapes, what: str, *, repair: bool, threads: int | None) -> Shapes:
    """Return shapes that are valid: refuse invalid ones, or repair them and tell how many.

    Parameters
    ----------
    shapes
        n polygons and others.
    what
        What they are, for the message: `"sites"` or `"zones"`.
    repair
        Whether invalid ones are repaired.
    threads
        How many threads work; by default one a processor.

    Raises
    ------
    InputError
        Some are invalid and are not to be repaired.
    """
    rows = invalid_rows(shapes, threads=threads)
    if not len(rows):
        return shapes
    first = shapes.take(rows[:_TOLD]).to_shapely() if isinstance(shapes, Polygons) else shapes[rows[:_TOLD]]
    reasons = shapely.is_valid_reason(first)
    told = "; ".join(f"row {row}: {reason}" for row, reason in zip(rows[:_TOLD], reasons, strict=True))
    told += f"; and {len(rows) - _TOLD} more" if len(rows) > _TOLD else ""
    if not repair:
        msg = (
            f"{len(rows)} {what} are invalid ({told}). Their area is not defined. "
            "Pass repair=True, or mend them, for example with shapely.make_valid."
        )
        raise InputError(msg)
    warn(f"{len(rows)} {what} were invalid and are repaired ({told}). Mend the source to be sure of their shape.")
    return repaired(shapes, rows)


def _vertices(shapes: Polygons, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many vertices these entries have."""
    return shapes.rings[shapes.polygons[rows + 1]] - shapes.rings[shapes.polygons[rows]]


def _not_small(shapes: Polygons, threads: int | None) -> NDArray[np.int64]:
    """Return the rows of polygons other than small rings that are certainly valid."""
    from clustergeo.overlap.crossing import MOST, certain  # noqa: PLC0415 - compiles

    valid = np.empty(len(shapes), dtype=bool)

    def one(rows: slice) -> None:
        part = shapes[rows]
        certain(part.xy, part.rings, part.polygons, part.kinds, np.empty((MOST, 4)), valid[rows])

    in_threads(one, chunks(len(shapes), CHUNK), threads)
    return np.flatnonzero(~valid)


def _not_large(shapes: Polygons, rows: NDArray[np.int64], threads: int | None) -> NDArray[np.int64]:
    """Return those of these rows that are not certainly valid."""
    from clustergeo.overlap.tangling import DEPTH, LEAF, untangled  # noqa: PLC0415 - compiles

    chosen = ranges(shapes.polygons[rows], shapes.polygons[rows + 1])
    counts, sizes = shapes.polygons[rows + 1] - shapes.polygons[rows], _vertices(shapes, rows)
    order = np.lexsort((along(shapes.xy[shapes.rings[chosen]]), np.repeat(np.arange(len(rows)), counts)))
    parts, chosen = np.cumsum(~shapes.holes[chosen])[order], chosen[order]
    of_rings = shapes.rings[chosen], shapes.rings[chosen + 1], shapes.holes[chosen], parts
    polygons = np.concatenate([[0], np.cumsum(counts)])
    valid = np.empty(len(rows), dtype=bool)

    def one(part: NDArray[np.int64]) -> None:
        most, found = int(sizes[part].max()), np.empty(len(part), dtype=bool)
        edges, ring_of = np.empty((most, 4)), np.empty(most, dtype=np.int64)
        starts, boxes = np.empty(int(counts[part].max()) + 1, dtype=np.int64), np.empty((4 * most // LEAF + 4, 4))
        stack = np.empty(DEPTH, dtype=np.int64)
        untangled(shapes.xy, *of_rings, polygons, part, edges, ring_of, starts, boxes, stack, found)
        valid[part] = found

    in_threads(one, pieces(sizes, _PIECE), threads)
    return rows[~valid]


def _by_geos(shapes: NDArray[np.object_], threads: int | None) -> NDArray[np.int64]:
    """Return the rows that GEOS calls invalid, checked in threads."""
    rows = np.flatnonzero(np.isin(shapely.get_type_id(shapes), POLYGONAL))
    parts = [rows[part] for part in pieces(shapely.get_num_coordinates(shapes[rows]), _VERTICES)]
    valid = in_threads(lambda part: shapely.is_valid(shapes[part]), parts, threads)
    return np.asarray(rows[~np.concatenate([np.ones(0, dtype=bool), *valid])])


def _made_valid(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons with all that their exteriors go round and nothing that their holes do, valid."""
    parts, row_of = shapely.get_parts(shapes, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    solid = shapely.make_valid(shapely.polygons(rings), method="structure", keep_collapsed=False)
    first = np.diff(part_of, prepend=-1) > 0
    shells, holes = solid[first], _together(solid[~first], part_of[~first], len(parts))
    return _together(shapely.difference(shells, holes), row_of, len(shapes))


def _together(shapes: NDArray[np.object_], groups: NDArray[np.int64], size: int) -> NDArray[np.object_]:
    """Return the union of the shapes of each group, whose numbers are sorted."""
    out = np.full(size, shapely.Polygon(), dtype=object)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    for number, group in zip(groups[starts], np.split(shapes, starts)[1:], strict=True):
        united = group[0] if len(group) == 1 else shapely.union_all(group)
        if united.geom_type == "GeometryCollection":
            parts = shapely.get_parts(united)
            united = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), POLYGONAL)])
        out[number] = united
    return out
