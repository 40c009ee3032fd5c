"""Whether polygons are valid, and their repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustergeo.errors import InputError, warn
from clustergeo.overlap.plain import POLYGONAL
from clustergeo.overlap.rings import Polygons, joined
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Shapes

_TOLD = 3
# About as many vertices as GEOS checks in some milliseconds: so threads end at the same time.
_VERTICES = 20_000


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
    from clustergeo.overlap.crossing import MOST, certain  # noqa: PLC0415 - compiles

    valid = np.empty(len(shapes), dtype=bool)

    def one(rows: slice) -> None:
        part, corners, ends = shapes[rows], np.empty((MOST + 1, 2)), np.empty(MOST + 2, dtype=np.int64)
        certain(part.xy, part.rings, part.holes, part.polygons, part.kinds, corners, ends, valid[rows])

    in_threads(one, chunks(len(shapes), CHUNK), threads)
    left = np.flatnonzero(~valid)
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


def _by_geos(shapes: NDArray[np.object_], threads: int | None) -> NDArray[np.int64]:
    """Return the rows that GEOS calls invalid, checked in threads."""
    rows = np.flatnonzero(np.isin(shapely.get_type_id(shapes), POLYGONAL))
    ends = np.cumsum(shapely.get_num_coordinates(shapes[rows]))
    cuts = np.flatnonzero(np.diff(ends // _VERTICES)) + 1
    parts = np.split(rows, cuts)
    valid = in_threads(lambda part: shapely.is_valid(shapes[part]), parts, threads)
    return np.asarray(rows[~np.concatenate([np.ones(0, dtype=bool), *valid])])


def _made_valid(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return what of each polygon has an area, valid."""
    valid = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    out = np.full(len(valid), shapely.Polygon(), dtype=object)
    areal = np.isin(shapely.get_type_id(valid), POLYGONAL)
    out[areal] = valid[areal]
    for row in np.flatnonzero(shapely.get_type_id(valid) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(valid[row])
        out[row] = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), POLYGONAL)])
    return out
