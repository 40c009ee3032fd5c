"""What is asked of shapes in either form: polygons for the kernels, or an array of shapely geometries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
import shapely

from clustergeo.overlap import plain
from clustergeo.overlap.kinds import POINT, POLYGON
from clustergeo.overlap.rings import Polygons
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Shapes


def areas_of(shapes: Shapes) -> NDArray[np.float64]:
    """Return the area of each, 0 where it is no polygon.

    Parameters
    ----------
    shapes
        n polygons and others.

    Returns
    -------
    numpy.ndarray
        Shape (n,), square units.

    Examples
    --------
    >>> areas_of(np.array([shapely.box(0, 0, 2, 1), None, shapely.Point(1, 1)])).tolist()
    [2.0, 0.0, 0.0]
    """
    if isinstance(shapes, Polygons):
        return shapes.areas()
    return np.where(np.isin(shapely.get_type_id(shapes), plain.POLYGONAL), shapely.area(shapes), 0.0)


def bounds_of(shapes: Shapes) -> NDArray[np.float64]:
    """Return the least and greatest x and y of each, not-a-number where it has none.

    Parameters
    ----------
    shapes
        n polygons and others.

    Returns
    -------
    numpy.ndarray
        Shape (n, 4): least x and y, greatest x and y.

    Examples
    --------
    >>> bounds_of(np.array([shapely.box(0, 0, 2, 1)])).tolist()
    [[0.0, 0.0, 2.0, 1.0]]
    """
    return shapes.bounds() if isinstance(shapes, Polygons) else np.asarray(shapely.bounds(shapes)).reshape(-1, 4)


def centroids(shapes: Shapes, threads: int | None = None) -> NDArray[np.float64]:
    """Return the centroid of each polygon, and each point itself.

    Parameters
    ----------
    shapes
        n polygons, points and others.
    threads
        How many threads work; by default one a processor. The answers are the same to the bit.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2); not-a-number where a shape is missing, empty or of another type.

    Examples
    --------
    >>> centroids(np.array([shapely.box(0, 0, 2, 1), shapely.Point(7, 8), None])).tolist()
    [[1.0, 0.5], [7.0, 8.0], [nan, nan]]
    """
    if not isinstance(shapes, Polygons):
        kept = np.isin(shapely.get_type_id(shapes), plain.PLACED) & ~shapely.is_empty(shapes)
        centres = shapely.centroid(plain.only(shapes, kept))
        return np.column_stack([shapely.get_x(centres), shapely.get_y(centres)]).reshape(-1, 2)
    from clustergeo.overlap.centring import centre  # noqa: PLC0415 - compiles

    out = np.empty((len(shapes), 2))

    def one(rows: slice) -> None:
        part = shapes[rows]
        centre(part.xy, part.rings, part.holes, part.polygons, out[rows])

    in_threads(one, chunks(len(shapes), CHUNK), threads)
    # what has no area has the centroid of its lines, as shapely says
    flat = np.flatnonzero((shapes.kinds == POLYGON) & np.isnan(out[:, 0]))
    if len(flat):
        out[flat] = centroids(shapes.take(flat).to_shapely())
    pointed = np.flatnonzero(shapes.kinds == POINT)
    out[pointed] = shapes.xy[shapes.rings[shapes.polygons[pointed]]]
    return out


@overload
def only(values: Polygons, keep: Any) -> Polygons: ...
@overload
def only(values: Any, keep: Any) -> NDArray[np.object_]: ...
def only(values: Any, keep: Any) -> Any:
    """Return values where they are kept: polygons with the others missing, or an array of objects with None elsewhere.

    Parameters
    ----------
    values
        n shapes in either form, an array of any values, or one value.
    keep
        Shape (n,), which are kept.

    Examples
    --------
    >>> only(np.array(["a", "b"]), np.array([True, False])).tolist()
    ['a', None]
    """
    return values.only(keep) if isinstance(values, Polygons) else plain.only(values, keep)


def points_of(shapes: Shapes) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which shapes are points, and x and y of these.

    Examples
    --------
    >>> points_of(np.array([None, shapely.Point(7, 8)]))
    (array([1]), array([[7., 8.]]))
    """
    if isinstance(shapes, Polygons):
        rows = np.flatnonzero(shapes.pointed)
        return rows, shapes.xy[shapes.rings[shapes.polygons[rows]]]
    pointed = (shapely.get_type_id(shapes) == shapely.GeometryType.POINT) & ~shapely.is_empty(shapes)
    return np.flatnonzero(pointed), np.asarray(shapely.get_coordinates(shapes[pointed]))
