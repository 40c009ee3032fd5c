"""Which form suits how many shapes, and parts of them in either form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustergeo.overlap import plain
from clustergeo.overlap.rings import Polygons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Shapes

# Fewer sites than this are answered by plain shapely before the kernels are loaded.
MANY = 20_000


def taken(shapes: NDArray[np.object_]) -> Shapes:
    """Return shapely geometries in the form that suits their number.

    Examples
    --------
    >>> type(taken(np.array([shapely.box(0, 0, 1, 1)]))).__name__
    'ndarray'
    """
    return Polygons.from_shapely(shapes) if len(shapes) >= MANY else shapes


def areal(shapes: Shapes) -> NDArray[np.bool_]:
    """Say which entries are polygons.

    Examples
    --------
    >>> areal(np.array([shapely.box(0, 0, 1, 1), shapely.Point(0, 0), None])).tolist()
    [True, False, False]
    """
    if isinstance(shapes, Polygons):
        return shapes.areal
    kinds = shapely.get_type_id(shapes)
    return np.asarray(np.isin(kinds, plain.POLYGONAL) & ~shapely.is_empty(shapes), dtype=bool)


def pointed(shapes: Shapes) -> NDArray[np.bool_]:
    """Say which entries are points.

    Examples
    --------
    >>> pointed(np.array([shapely.box(0, 0, 1, 1), shapely.Point(0, 0), None])).tolist()
    [False, True, False]
    """
    if isinstance(shapes, Polygons):
        return shapes.pointed
    kinds = shapely.get_type_id(shapes)
    return np.asarray((kinds == shapely.GeometryType.POINT) & ~shapely.is_empty(shapes), dtype=bool)


def rows_of(shapes: Shapes, rows: NDArray[np.intp]) -> Shapes:
    """Return some of the entries, in the order given.

    Examples
    --------
    >>> len(rows_of(np.array([shapely.Point(0, 0), shapely.Point(1, 1)]), np.array([1])))
    1
    """
    if len(rows) == len(shapes) and (np.diff(rows) == 1).all():
        return shapes
    return shapes.take(rows) if isinstance(shapes, Polygons) else shapes[rows]


def as_array(shapes: Shapes) -> NDArray[np.object_]:
    """Return shapes in either form as shapely geometries.

    Examples
    --------
    >>> as_array(Polygons.from_shapely(np.array([shapely.Point(1, 2)]))).tolist()
    [<POINT (1 2)>]
    """
    return shapes.to_shapely() if isinstance(shapes, Polygons) else shapes


def points_like(xy: NDArray[np.float64], shapes: Shapes) -> Shapes:
    """Return positions, shape (n, 2), as points in the form of the shapes; missing where they are not finite.

    Examples
    --------
    >>> points_like(np.array([[1.0, 2.0], [np.nan, 0.0]]), np.empty(0, dtype=object)).tolist()
    [<POINT (1 2)>, None]
    """
    if isinstance(shapes, Polygons):
        return Polygons.from_points(xy)
    known = np.isfinite(xy).all(axis=1)
    out = np.full(len(xy), None, dtype=object)
    out[known] = shapely.points(xy[known])
    return out
