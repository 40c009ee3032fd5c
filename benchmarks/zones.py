"""Restriction zones of each load: rough blobs, outlines of a million vertices, rivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from benchmarks.shapes import Extent, blobs, noise, rough_ring

if TYPE_CHECKING:
    from benchmarks.answers import Longs
    from benchmarks.shapes import Floats, Shapes

_CELL = 36.0  # metres
_REACH = 20  # river points beyond each end that no site may use


class River(NamedTuple):
    """The banks of one river; the same number of points on both, from its source to its mouth."""

    along: Floats
    left: Floats
    right: Floats
    turn: float
    source: Floats

    def placed(self, along: Floats, across: Floats) -> Floats:
        """Return points given along and across the river in coordinates of the plane, to the millimetre."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        x, y = along * cos - across * sin, along * sin + across * cos
        return np.round(np.stack([x, y], axis=-1) + self.source, 3)


def overlapping(extent: Extent, count: int, rng: np.random.Generator) -> Shapes:
    """Return zones of two laws that overlap one another: three quarters of them wide, one quarter small."""
    wide = blobs(extent, 0.17, count - count // 4, rng, cell=_CELL)
    small = blobs(extent, 0.06, count // 4, rng, cell=_CELL)
    return np.concatenate([wide, small])


def many_vertices(extent: Extent, vertices: int, rng: np.random.Generator) -> Shapes:
    """Return eight overlapping zones whose outer ring alone has at least so many vertices, each with one hole."""
    columns, rows = 2, 4
    width, height = extent.width / columns, extent.height / rows
    radius = 0.55 * max(width, height) * 0.9
    zones = []
    for place in range(columns * rows):
        column, row = place % columns, place // columns
        centre = np.array([extent.left + width * (column + 0.5), extent.bottom + height * (row + 0.5)])
        outer = rough_ring(centre, radius, vertices, rng)
        hole = rough_ring(centre, radius / 3, max(12, vertices // 8), rng)
        zones.append(shapely.Polygon(outer, [hole]))
    return np.array(zones, dtype=object)


def rivers(extent: Extent, count: int, rng: np.random.Generator, *, points: int = 3500) -> list[River]:
    """Return rivers of 3 to 60 m width that cross the extent and one another.

    A river is a function of the way along it, so its banks never cross.
    """
    found = []
    for _ in range(count):
        length = min(0.6 * extent.width, 70_000.0) * rng.uniform(0.5, 1)
        steps = max(6 * _REACH, int(points * length / 70_000))
        along = length * (np.arange(steps) + rng.uniform(-0.3, 0.3, steps)) / steps
        bed = noise(steps, 1, rng, decay=0.5)[:, 0].astype(np.float64)
        width, left, right = (noise(steps, 1, rng, octaves=6)[:, 0].astype(np.float64) for _ in range(3))
        turn = float(rng.uniform(0, 2 * np.pi))
        half = np.exp(np.clip(2.0 + 0.6 * width, np.log(1.5), np.log(30)))
        middle = 300.0 * bed
        roughness = 0.3 * half
        found.append(
            River(
                along=along,
                left=middle + half + roughness * np.tanh(left),
                right=middle - half - roughness * np.tanh(right),
                turn=turn,
                source=np.array([extent.left, extent.bottom])
                + rng.uniform(0.3, 0.7, 2) * [extent.width, extent.height]
                - length / 2 * np.array([np.cos(turn), np.sin(turn)]),
            )
        )
    return found


def river_zones(found: list[River]) -> Shapes:
    """Return the polygons between the banks of rivers."""
    zones = []
    for river in found:
        left, right = river.placed(river.along, river.left), river.placed(river.along, river.right)
        zones.append(shapely.Polygon(np.concatenate([left, right[::-1]])))
    return np.array(zones, dtype=object)


def bank_windows(found: list[River], count: int, points: int, rng: np.random.Generator) -> tuple[Longs, Longs]:
    """Return, for so many sites, the river of each and the first of its `points` consecutive bank points."""
    which = rng.integers(0, len(found), count)
    room = np.array([len(river.along) - 2 * _REACH - points for river in found])
    return which, _REACH + (rng.random(count) * room[which]).astype(np.int64)
