"""The ground within a true distance of shapes, round, or further than that inside their border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from clustergeo import crs, overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_M = 100_000.0

# Shapes are measured in a transverse Mercator of their own neighbourhood, whose scale is true to 2.5e-4 even at the
# largest distance from its edge.
_CELL_M = 50_000.0
_STEP_M = 2_000.0

# A circle of 128 corners lies at most 3.1e-4 of its radius inside the true one, and GEOS evens out a jagged line by up
# to 4e-4 more; nothing lies outside it.
_QUARTER = 32


_FLATTER = 1.0068


def buffered(shapes: NDArray[np.object_], target: Any, distance: float) -> NDArray[np.object_]:
    """Return polygons that cover the ground within a distance of shapes, or further inside than it if it is negative.

    Parameters
    ----------
    shapes
        Shape (n,), points, lines and polygons in the target CRS; with a negative distance polygons only, which are
        dissolved first, so that a border between two of them counts for nothing.
    target
        A projected CRS in metres.
    distance
        In metres, at most 100 km; true to 1e-3, whatever the scale of the CRS.

    Returns
    -------
    numpy.ndarray
        Shape (m,), polygons in the target CRS that together cover the ground; they may overlap.

    Notes
    -----
    What lies within a distance of a whole lies within it of one of its parts, so each part is measured in a plane of
    its own neighbourhood; a setback takes away what lies within the distance of the border.

    Examples
    --------
    >>> disc = buffered(np.array([shapely.Point(0, 0)]), crs.KOREA_PLANE, 1000.0)
    >>> round(float(shapely.union_all(disc).area) / (np.pi * 1e6), 3)
    1.0
    >>> inner = buffered(np.array([shapely.box(0, 0, 1000, 1000)]), crs.KOREA_PLANE, -100.0)
    >>> round(float(shapely.area(inner).sum()) / 1e4, 1)
    64.0
    """
    kept = shapely.get_parts(shapely.force_2d(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]))
    areal = shapely.get_dimensions(kept) == 2  # noqa: PLR2004
    zones = overlap.dissolve(kept[areal])
    strips = _near(np.concatenate([shapely.boundary(zones), kept[~areal]]), target, abs(distance))
    if distance >= 0:
        return np.concatenate([zones, strips])
    tree = shapely.STRtree(strips)
    out = []
    for zone in zones:
        left = shapely.difference(zone, shapely.union_all(strips[tree.query(zone)]))
        out += [part for part in shapely.get_parts(left) if part.geom_type == "Polygon"]
    return np.array([*out, None], dtype=object)[:-1]


def scale_at(box: NDArray[np.float64], target: Any) -> float:
    """Return how many units of a CRS a metre of the ground takes at most at the corners of a box; 1 at least.

    Parameters
    ----------
    box
        The least and greatest x and y.
    target
        A projected CRS in metres.

    Examples
    --------
    >>> round(scale_at(np.array([14137575.0, 4439106.0, 14137575.0, 4439106.0]), "EPSG:3857"), 2)
    1.26
    """
    corners = crs.lonlat_of(box[[[0, 1], [0, 3], [2, 1], [2, 3]]], target)
    known = corners[np.isfinite(corners).all(axis=1)]
    scales = np.asarray(pyproj.Proj(pyproj.CRS(target)).get_factors(*known.T).tissot_semimajor)
    most = float(scales[np.isfinite(scales)].max(initial=1.0))
    # PROJ takes the earth of web Mercator for a sphere; along a meridian the ellipsoid is up to 1 / (1 - e2) smaller.
    return most * _FLATTER if crs.is_web_mercator(target) else most


def _near(shapes: NDArray[np.object_], target: Any, distance: float) -> NDArray[np.object_]:
    """Return the ground within a distance of points and lines."""
    if distance == 0 or not len(shapes):
        return np.empty(0, dtype=object)
    parts = _in_cells(shapely.get_parts(shapes))
    box = shapely.bounds(parts).reshape(-1, 4)
    middles = (box[:, :2] + box[:, 2:]) / 2
    cells, group = np.unique(np.floor(middles / _CELL_M), axis=0, return_inverse=True)
    centres = crs.lonlat_of((cells + 0.5) * _CELL_M, target)
    out = []
    for number, (east, north) in enumerate(centres):
        near = (
            f"+proj=tmerc +lat_0={north:.6f} +lon_0={east:.6f} +k=1 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 "
            "+units=m +no_defs"
        )
        own = shapely.segmentize(parts[group.ravel() == number], _STEP_M)
        grown = shapely.buffer(crs.transform(own, target, near), distance, quad_segs=_QUARTER)
        out.append(crs.transform(grown, near, target))
    return np.concatenate(out)


def _in_cells(parts: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return parts cut along a grid where they are wide."""
    box = shapely.bounds(parts).reshape(-1, 4)
    wide = (box[:, 2:] - box[:, :2]).max(axis=1, initial=0.0) > _CELL_M
    out = [parts[~wide]]
    for part, (left, bottom, right, top) in zip(parts[wide], box[wide], strict=True):
        columns = np.arange(np.floor(left / _CELL_M), np.floor(right / _CELL_M) + 1) * _CELL_M
        lines = np.arange(np.floor(bottom / _CELL_M), np.floor(top / _CELL_M) + 1) * _CELL_M
        x, y = (axis.ravel() for axis in np.meshgrid(columns, lines))
        cut = shapely.get_parts(shapely.intersection(part, shapely.box(x, y, x + _CELL_M, y + _CELL_M)))
        out.append(cut[~shapely.is_empty(cut)])
    return np.concatenate(out)
