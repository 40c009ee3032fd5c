"""Overlaps by plain shapely: exact, and fast enough for thousands of sites."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.zones import Zones

# How many units in the last place of a coordinate an edge may be off after an intersection.
_ULPS = 16

# GEOS makes the tree of a prepared polygon when it is first asked, and two threads must not make it at once.
_PREPARED = Lock()

# The error of a share that is promised, or that of the coordinates, if it is larger.
_SHARE = 1e-9

POLYGONAL = [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON]
PLACED = [shapely.GeometryType.POINT, *POLYGONAL]


def only(values: Any, keep: Any) -> NDArray[np.object_]:
    """Return an array of objects with the values where they are kept and None elsewhere.

    Examples
    --------
    >>> only(np.array(["a", "b"]), np.array([True, False])).tolist()
    ['a', None]
    """
    out = np.full(len(keep), None, dtype=object)
    chosen = np.broadcast_to(np.asarray(values, dtype=object), out.shape)
    out[keep] = chosen[keep]
    return out


def dissolve(zones: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return disjoint polygons that cover what the zones cover together.

    Parameters
    ----------
    zones
        Shape (n,), valid polygons; null and empty ones are left out.

    Returns
    -------
    numpy.ndarray
        Shape (m,), polygons that overlap nowhere.

    Examples
    --------
    >>> parts = dissolve(np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]))
    >>> len(parts), float(shapely.area(parts).sum())
    (1, 3.0)
    """
    kept = zones[~(shapely.is_missing(zones) | shapely.is_empty(zones))]
    if len(kept) == 0:
        return np.empty(0, dtype=object)
    merged: NDArray[np.object_] = shapely.get_parts(shapely.disjoint_subset_union_all(shapely.force_2d(kept)))
    areal: NDArray[np.object_] = merged[shapely.get_dimensions(merged) == 2]  # noqa: PLR2004
    return areal


def pair_areas(
    sites: NDArray[np.object_], zones: NDArray[np.object_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the area of overlap of each pair of a site and a zone that overlap.

    Parameters
    ----------
    sites, zones
        Shape (n,) and (m,), valid polygons in one plane; points, null and empty geometries overlap nothing.

    Returns
    -------
    rows, columns, areas
        The site's and the zone's position and the area in square units, sorted by site and zone. A pair that only
        touches is not among them; a site inside a zone has its whole area.

    Examples
    --------
    >>> rows, columns, areas = pair_areas(
    ...     np.array([shapely.box(0, 0, 2, 1)]), np.array([shapely.box(1, 0, 3, 1), shapely.box(2, 0, 3, 1)])
    ... )
    >>> rows.tolist(), columns.tolist(), areas.tolist()
    ([0], [0], [1.0])
    """
    areal = shapely.get_dimensions(sites) == 2  # noqa: PLR2004
    tree = shapely.STRtree(zones)
    candidates = only(shapely.force_2d(sites), areal)
    rows, columns = tree.query(candidates, predicate="intersects")
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    whole = shapely.area(sites)
    areas = np.asarray(shapely.area(shapely.intersection(candidates[rows], zones[columns])), dtype=np.float64)
    noise, other = rounding(sites)[rows], rounding(zones)[columns]
    least = np.minimum(noise, other)
    inside = np.abs(areas - whole[rows]) <= noise
    areas[inside] = whole[rows][inside]
    kept = areas > least
    return rows[kept], columns[kept], areas[kept]


def rounding(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the area of each shape that rounding of its coordinates may make or lose."""
    if len(shapes) == 0:
        return np.empty(0)
    largest = np.nan_to_num(np.abs(shapely.bounds(shapes)).max(axis=1))
    return np.asarray(_ULPS * np.finfo(np.float64).eps * largest * shapely.length(shapes), dtype=np.float64)


def label_areas(
    sites: NDArray[np.object_], zones: Zones
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the area of overlap of each pair of a site and a label that overlap.

    Parameters
    ----------
    sites
        Shape (n,), valid polygons and others.
    zones
        Zones of which those of one label overlap nowhere.

    Returns
    -------
    rows, labels, areas
        The site's position, the label's number and the area in square units, sorted by site and label. A site inside
        the zones of a label has its whole area.
    """
    sites = only(sites, np.isin(shapely.get_type_id(sites), POLYGONAL))
    rows, columns, areas = pair_areas(sites, zones.shapes)
    keys, inverse = np.unique(rows * max(zones.labels, 1) + zones.numbers[columns], return_inverse=True)
    rows, labels = np.divmod(keys, max(zones.labels, 1))
    sums = np.bincount(inverse, weights=areas, minlength=len(keys))
    # parts of one label are disjoint: together they have the whole site, or what rounding leaves of it
    whole = shapely.area(sites)[rows]
    noise = rounding(sites)[rows]
    near = whole - sums <= np.minimum(noise, np.maximum(noise / _ULPS, _SHARE * whole))
    return rows, labels, np.where(near, whole, sums)


def holders(points: NDArray[np.float64], zones: Zones) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first label that holds each point, boundary included, or -1, and how many labels do.

    Parameters
    ----------
    points
        Shape (n, 2), finite.
    zones
        Zones with labels.
    """
    first, count = np.full(len(points), -1, dtype=np.int64), np.zeros(len(points), dtype=np.int64)
    if not len(points) or not len(zones):
        return first, count
    rows, columns = zones.tree.query(shapely.points(points))
    with _PREPARED:
        shapely.prepare(zones.shapes[np.unique(columns)])
        held = shapely.intersects_xy(zones.shapes[columns], points[rows, 0], points[rows, 1])
    rows, labels = np.divmod(np.unique(rows[held] * zones.labels + zones.numbers[columns[held]]), zones.labels)
    at = np.flatnonzero(np.diff(rows, prepend=-1))
    first[rows[at]], count[:] = labels[at], np.bincount(rows, minlength=len(points))
    return first, count


def distances(sites: NDArray[np.object_], lines: shapely.Geometry) -> NDArray[np.float64]:
    """Return the distance of each polygon or point to lines; not-a-number for other shapes, infinite without lines."""
    kept = np.isin(shapely.get_type_id(sites), PLACED) & ~shapely.is_empty(sites)
    if shapely.is_empty(lines):
        return np.where(kept, np.inf, np.nan)
    return np.where(kept, shapely.distance(sites, lines), np.nan)
