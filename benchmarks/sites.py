"""Sites of each load: parcels anywhere, parcels on a border, strips along a river bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.zones import bank_windows

if TYPE_CHECKING:
    from benchmarks.shapes import Extent, Floats, Shapes
    from benchmarks.zones import River

SMALLEST_M2, LARGEST_M2 = 500.0, 50_000.0
FEWEST_CORNERS, MOST_CORNERS = 4, 12
_TOWNS, _IN_TOWN = 80, 0.4
_ON_BANK = 0.2  # of the strips
_MARGIN = 0.02  # of the extent, where no parcel lies


def anywhere(extent: Extent, count: int, rng: np.random.Generator, *, towns_seed: int) -> Floats:
    """Return centres of parcels, shape (count, 2): 40 % in and round towns, the rest spread evenly."""
    low = np.array([extent.left, extent.bottom])
    size = np.array([extent.width, extent.height])
    # Towns belong to the load, not to one batch of its sites.
    fixed = np.random.default_rng(towns_seed)
    towns = low + size * fixed.uniform(0.1, 0.9, (_TOWNS, 2))
    spread = size.max() * fixed.uniform(0.007, 0.027, _TOWNS)
    town = rng.integers(0, _TOWNS, count)
    centres = low + size * rng.uniform(_MARGIN, 1 - _MARGIN, (count, 2))
    urban = rng.random(count) < _IN_TOWN
    centres[urban] = (towns[town] + spread[town, None] * rng.standard_normal((count, 2)))[urban]
    return np.clip(centres, low + _MARGIN * size, low + (1 - _MARGIN) * size)


def parcels(centres: Floats, rng: np.random.Generator) -> Shapes:
    """Return parcels round their centres: 500 to 50,000 m2 (as many of each magnitude) and 4 to 12 corners.

    Corners lie on rays in the order of their angle, so no parcel crosses itself; coordinates are millimetres, as in
    the cadastre.
    """
    count = len(centres)
    areas = np.exp(rng.uniform(np.log(SMALLEST_M2), np.log(LARGEST_M2), count))
    corners = rng.integers(FEWEST_CORNERS, MOST_CORNERS + 1, count)
    ends = np.concatenate([[0], np.cumsum(corners + 1)])
    owner = np.repeat(np.arange(count), corners + 1)
    place = np.arange(ends[-1]) - ends[owner]
    # The last vertex repeats the first, so it takes the first one's random numbers.
    source = ends[owner] + np.where(place == corners[owner], 0, place)
    turn = (source - ends[owner] + rng.uniform(-0.35, 0.35, ends[-1])[source]) / corners[owner]
    turn = 2 * np.pi * (turn + rng.random(count)[owner])
    reach = rng.uniform(0.7, 1.35, ends[-1])[source]
    rays = reach[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rings = np.arange(count + 1)
    unit = shapely.area(shapely.from_ragged_array(shapely.GeometryType.POLYGON, rays, (ends, rings)))
    points = np.round(centres[owner] + rays * np.sqrt(areas / unit)[owner, None], 3)
    found: Shapes = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (ends, rings))
    return found


def moved(shapes: Shapes, rng: np.random.Generator, *, most: float = 20_000.0) -> Shapes:
    """Return shapes moved together by up to `most` metres, in whole millimetres."""
    kind, points, offsets = shapely.to_ragged_array(shapes)
    shift = np.round(rng.uniform(-most, most, 2), 3)
    found: Shapes = shapely.from_ragged_array(kind, np.round(points + shift, 3), offsets)
    return found


def on_border(zones: Shapes, count: int, rng: np.random.Generator) -> Floats:
    """Return centres within 5 m of the outlines of zones, shape (count, 2), so that every parcel has two sides."""
    rings = shapely.get_rings(zones)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(ring[:-1] == ring[1:])
    steps = points[starts + 1] - points[starts]
    along = np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))
    edge = np.searchsorted(along, rng.random(count) * along[-1])
    centres: Floats = points[starts[edge]] + rng.random((count, 1)) * steps[edge] + rng.uniform(-5, 5, (count, 2))
    return centres


def along_banks(found: list[River], count: int, rng: np.random.Generator) -> Shapes:
    """Return strips 0.1 to 20 m wide that follow a river bank with 4 to 12 corners.

    One in five begins exactly on the bank and so shares its edges with the river; the others lie across it.
    """
    groups = np.array_split(np.arange(count), MOST_CORNERS // 2 - 1)
    out = np.empty(count, dtype=object)
    for points, rows in enumerate(groups, start=2):
        which, first = bank_windows(found, len(rows), points, rng)
        inside, outside = np.exp(rng.uniform(np.log(0.1), np.log(10), (2, len(rows))))
        inside[rng.random(len(rows)) < _ON_BANK] = 0
        left = rng.integers(0, 2, len(rows)) == 1
        for number, river in enumerate(found):
            mine = np.flatnonzero(which == number)
            window = first[mine, None] + np.arange(points)
            sign = np.where(left[mine], 1.0, -1.0)[:, None]
            line = np.where(left[mine, None], river.left[window], river.right[window])
            near = river.placed(river.along[window], line - sign * inside[mine, None])
            far = river.placed(river.along[window], line + sign * outside[mine, None])
            rings = np.concatenate([near, far[:, ::-1], near[:, :1]], axis=1)
            out[rows[mine]] = shapely.polygons(rings)
    order: Shapes = out[rng.permutation(count)]
    return order
