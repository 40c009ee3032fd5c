"""Municipalities: a coverage of the extent, neighbours sharing every vertex of a fractal border."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.shapes import RHOMBUS, Extent, laid, rough_line

if TYPE_CHECKING:
    from benchmarks.shapes import Floats, Shapes

_SPACING = 1.0  # metres within which two corners are one
_RELAXED = 4  # rounds that even out the cells


def municipalities(extent: Extent, count: int, rng: np.random.Generator, *, longest: float) -> Shapes:
    """Return polygons that cover an extent without gap or overlap.

    The cells of a relaxed Voronoi diagram, each edge once replaced by a fractal line that both its neighbours use.

    Parameters
    ----------
    extent
        What they cover, but for the roughness of its own outline.
    count
        How many.
    rng
        Source of the cells and the lines.
    longest
        The longest segment of a border in metres.

    Returns
    -------
    numpy.ndarray
        Shape (count,), valid polygons that form a coverage.

    Raises
    ------
    RuntimeError
        If no coverage came out, which no seed has shown so far.
    """
    rings = [np.round(shapely.get_coordinates(cell) / _SPACING) * _SPACING for cell in _cells(extent, count, rng)]
    steep = float(np.tan(RHOMBUS))
    for _ in range(6):
        lines: dict[tuple[float, ...], Floats] = {}
        cells = np.array([shapely.Polygon(_rough(ring, lines, rng, longest, steep)) for ring in rings], dtype=object)
        if shapely.is_valid(cells).all() and shapely.coverage_is_valid(cells):
            return cells
        # Two edges of a narrow cell have met: flatter lines stay apart.
        steep *= 0.7
    msg = f"{count} cells did not become a coverage; try another seed"
    raise RuntimeError(msg)


def _cells(extent: Extent, count: int, rng: np.random.Generator) -> Shapes:
    """Return the cells of a relaxed Voronoi diagram of an extent."""
    low, size = np.array([extent.left, extent.bottom]), np.array([extent.width, extent.height])
    high = low + size
    points = rng.uniform(low, high, (count, 2))
    reach = shapely.box(*(low - size).tolist(), *(high + size).tolist())
    for _ in range(_RELAXED):
        # Mirror images beyond each side make the extent's outline an edge of the diagram.
        images = [points]
        for axis in (0, 1):
            for side in (low[axis], high[axis]):
                mirrored = points.copy()
                mirrored[:, axis] = 2 * side - points[:, axis]
                images.append(mirrored)
        diagram = shapely.voronoi_polygons(shapely.MultiPoint(np.concatenate(images)), extend_to=reach, ordered=True)
        cells = np.asarray(shapely.get_parts(diagram)[:count], dtype=object)
        points = shapely.get_coordinates(shapely.centroid(cells))
    return cells


def _rough(
    ring: Floats, lines: dict[tuple[float, ...], Floats], rng: np.random.Generator, longest: float, steep: float
) -> Floats:
    """Return a ring with its edges made rough; `lines` keeps each edge for the neighbour."""
    pieces = []
    for start, end in itertools.pairwise(ring):
        length = float(np.hypot(*(end - start)))
        if length == 0:
            continue
        first, second = sorted([tuple(start), tuple(end)])
        key = (*first, *second)
        if key not in lines:
            line = rough_line(rng, longest=longest / length)
            flat = steep / float(np.tan(RHOMBUS))
            lines[key] = np.round(laid(line, np.array(first), np.array(second), flat=flat), 3)
        piece = lines[key] if tuple(start) == first else lines[key][::-1]
        pieces.append(piece[:-1])
    return np.concatenate([*pieces, pieces[0][:1]])
