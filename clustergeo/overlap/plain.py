"""Overlaps by plain shapely: exact, and fast enough for thousands of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How many units in the last place of a coordinate an edge may be off after an intersection.
_ULPS = 16


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
    noise, other = _rounding(sites)[rows], _rounding(zones)[columns]
    least = np.minimum(noise, other)
    inside = np.abs(areas - whole[rows]) <= noise
    areas[inside] = whole[rows][inside]
    kept = areas > least
    return rows[kept], columns[kept], areas[kept]


def _rounding(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the area of each shape that rounding of its coordinates may make or lose."""
    if len(shapes) == 0:
        return np.empty(0)
    largest = np.nan_to_num(np.abs(shapely.bounds(shapes)).max(axis=1))
    return np.asarray(_ULPS * np.finfo(np.float64).eps * largest * shapely.length(shapes), dtype=np.float64)


def total_areas(sites: NDArray[np.object_], zones: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the area of each site that lies in any of the zones.

    Parameters
    ----------
    sites
        Shape (n,), valid polygons.
    zones
        Shape (m,), polygons that do not overlap one another, as `dissolve` returns them.

    Returns
    -------
    numpy.ndarray
        Shape (n,), square units, never more than the site's own area.
    """
    rows, _, areas = pair_areas(sites, zones)
    totals = np.bincount(rows, weights=areas, minlength=len(sites))
    whole = shapely.area(sites)
    near = np.abs(totals - whole) <= _rounding(sites)
    return np.asarray(np.where(near, whole, np.minimum(totals, whole)), dtype=np.float64)


def border_points(points: NDArray[np.object_], border: shapely.Geometry) -> NDArray[np.object_]:
    """Return the nearest point of a border to each point.

    Parameters
    ----------
    points
        Shape (n,), points or None.
    border
        A line or several.

    Returns
    -------
    numpy.ndarray
        Shape (n,), points or None.
    """
    lines = shapely.shortest_line(border, points)
    return np.asarray(shapely.get_point(lines, 0), dtype=object)
