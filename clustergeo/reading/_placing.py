"""Where coordinates would lie: which Korean plane places them in Korea, how far borders are off the shipped ones."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyproj
import shapely

from clustergeo import crs, datasets

if TYPE_CHECKING:
    from numpy.typing import NDArray

KOREA = (124.0, 33.0, 132.0, 39.0)
# A little beyond: the outermost islands, and the sea between.
_BEYOND = 0.6
PLANES = (5186, 5185, 5187, 5188, 5179, 5181, 5174, 5173, 5175, 5176, 5178, 2097, 2096, 2098)
# Sources of one border differ by some tens of metres; datums taken for each other differ by 200 m and more.
_NEAR_M = 30.0
LEAST_OFFSET_M = 100.0
_ALIKE = 0.05
_FEWEST = 3
_SPREAD = 0.35
_MOST_KM2 = 0.2
_MOST_SHAPES = 5_000
_LOOKED_AT = 500


class Offset(NamedTuple):
    """How far polygons are off the shipped ones: metres east and north, how many agree, and the CRS that end it."""

    east: float
    north: float
    shapes: int
    cures: tuple[str, ...]

    @property
    def metres(self) -> float:
        """The length of the offset."""
        return float(np.hypot(self.east, self.north))


def in_korea(lonlat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which longitudes and latitudes, shape (n, 2), lie in Korea or a little beyond.

    Examples
    --------
    >>> in_korea(np.array([[127.0, 37.0], [37.0, 127.0]])).tolist()
    [True, False]
    """
    low, high = np.array(KOREA[:2]) - _BEYOND, np.array(KOREA[2:]) + _BEYOND
    return np.asarray(((lonlat >= low) & (lonlat <= high)).all(axis=1), dtype=bool)


def planes_in_korea(points: NDArray[np.float64]) -> tuple[str, ...]:
    """Return the Korean planes in which all of these coordinates, shape (n, 2), would lie in Korea.

    Examples
    --------
    >>> planes_in_korea(np.array([[1_000_000.0, 2_000_000.0]]))
    ('EPSG:5179', 'EPSG:5178')
    """
    with np.errstate(invalid="ignore"):
        return tuple(
            f"EPSG:{code}" for code in PLANES if bool(in_korea(crs.lonlat_of(points, f"EPSG:{code}").copy()).all())
        )


class _Shipped(NamedTuple):
    """The shipped areas on the Korean plane: centre and size of each, in a tree of centres."""

    tree: shapely.STRtree
    centres: NDArray[np.float64]
    sizes: NDArray[np.float64]


@functools.cache
def _shipped(level: str) -> _Shipped:
    shapes = np.asarray(datasets.load_regions(level).geometry.values, dtype=object)
    plane = crs.transform(shapes, crs.LONLAT, crs.KOREA_PLANE)
    centres = shapely.get_coordinates(shapely.centroid(plane))
    return _Shipped(shapely.STRtree(shapely.points(centres)), centres, shapely.area(plane))


def datum_offset(shapes: NDArray[np.object_], source: Any) -> Offset | None:
    """Return by how much polygons that are administrative areas are off the shipped ones, all in one direction.

    Each polygon is held against the shipped municipality or locality of about its size whose centre is nearest. One
    datum taken for another moves all of them alike; a border drawn otherwise moves each its own way.

    Parameters
    ----------
    shapes
        Valid polygons; only some thousands of the size of localities and more are looked at.
    source
        Their CRS.

    Returns
    -------
    Offset or None
        None where the polygons are no administrative areas, or agree with the shipped ones.
    """
    rows = np.flatnonzero(shapely.get_dimensions(shapes) == 2)  # noqa: PLR2004
    if not _FEWEST <= len(rows) <= _MOST_SHAPES:
        return None
    kept = shapes[rows[:: len(rows) // _LOOKED_AT + 1]]
    found = _shift(kept, source)
    if found is None:
        return _elsewhere(kept, source)
    if found.metres < LEAST_OFFSET_M:
        return None
    cures = [name for name in _readings(source) if _agrees(kept, name, found.shapes)]
    return found._replace(cures=tuple(cures))


def _elsewhere(shapes: NDArray[np.object_], source: Any) -> Offset | None:
    """Return the offset of shapes that are shipped areas in another CRS, too far off in theirs to be known there."""
    if _matches(shapes, source) >= _FEWEST:
        return None
    least = max(_FEWEST, round(len(shapes) / 2))
    there = [name for name in _readings(source) if _agrees(shapes, name, least)]
    if not there:
        return None
    one, other = (crs.transform(shapes, named, crs.KOREA_PLANE) for named in (source, there[0]))
    ways = shapely.get_coordinates(shapely.centroid(one)) - shapely.get_coordinates(shapely.centroid(other))
    if not np.isfinite(ways).all():
        return None
    east, north = np.median(ways, axis=0)
    return Offset(float(east), float(north), len(shapes), tuple(there))


def _agrees(shapes: NDArray[np.object_], source: str, least: int) -> bool:
    """Say whether about as many shapes have a shipped area in this CRS, and are not off it all alike."""
    one = _shift(shapes, source)
    return (one is None or one.metres < _NEAR_M) and _matches(shapes, source) >= least * (1 - _ALIKE)


def _readings(source: Any) -> list[str]:
    """Return the Korean planes that the same coordinates may be of."""
    return [name for code in PLANES if not crs.same(source, name := f"EPSG:{code}")]


def _pairs(shapes: NDArray[np.object_], source: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the way from the nearest shipped area of about its size to each shape, and which have one."""
    plane = crs.transform(shapes, source, crs.KOREA_PLANE)
    sizes = shapely.area(plane)
    centres = shapely.get_coordinates(shapely.centroid(plane))
    best = np.full((len(shapes), 2), np.nan)
    for level in ("municipality", "locality"):
        held = _shipped(level)
        fine = np.flatnonzero(np.isfinite(centres).all(axis=1) & (sizes > _MOST_KM2 * 1e6))
        if not len(fine):
            continue
        near = held.tree.nearest(shapely.points(centres[fine]))
        alike = np.abs(sizes[fine] / held.sizes[near] - 1) < _ALIKE
        close = np.hypot(*(centres[fine] - held.centres[near]).T) < np.sqrt(held.sizes[near]) / 2
        at = fine[alike & close]
        best[at] = centres[at] - held.centres[near[alike & close]]
    return best, np.isfinite(best).all(axis=1)


def _matches(shapes: NDArray[np.object_], source: Any) -> int:
    """Return how many shapes have a shipped area of their size where they are."""
    return int(_pairs(shapes, source)[1].sum())


def _shift(shapes: NDArray[np.object_], source: Any) -> Offset | None:
    """Return the common offset of shapes; None where fewer than half of them have one."""
    ways, matched = _pairs(shapes, source)
    if matched.sum() < max(_FEWEST, len(shapes) / 2):
        return None
    middle = np.median(ways[matched], axis=0)
    spread = float(np.median(np.hypot(*(ways[matched] - middle).T)))
    if spread > max(_SPREAD * float(np.hypot(*middle)), _NEAR_M):
        return None
    return Offset(float(middle[0]), float(middle[1]), int(matched.sum()), ())


def provinces_at(shapes: NDArray[np.object_], source: Any) -> NDArray[np.object_]:
    """Return the 2018 KOSTAT code of the province in which a point of each shape lies, None where in none."""
    table = datasets.load_regions("municipality")
    points = crs.transform(shapely.point_on_surface(shapes), source, crs.LONLAT)
    tree = shapely.STRtree(np.asarray(table.geometry.values, dtype=object))
    rows, held = tree.query(points, predicate="intersects")
    out = np.full(len(shapes), None, dtype=object)
    out[rows] = table["municipality_code_kostat"].str[:2].to_numpy(dtype=object)[held]
    return out


def is_geographic(source: Any) -> bool:
    """Say whether a CRS is one of longitude and latitude."""
    return bool(pyproj.CRS(source).is_geographic)
