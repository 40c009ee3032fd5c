"""How far sites lie from a border: a tree of boxes over its segments, and the grid for the side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clustergeo.overlap.grid import NOTHING, power_below
from clustergeo.overlap.nearest import LEAF, nearest
from clustergeo.overlap.summing import labels_at
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.grid import Grid
    from clustergeo.overlap.rings import Polygons

_HINTS = 2**14
_DEPTH = 128


@dataclass(frozen=True, eq=False)
class Border:
    """The segments of a border, the boxes of the tree over them, and a near segment for each cell of a coarse grid."""

    segments: NDArray[np.float64]
    boxes: NDArray[np.float64]
    hints: NDArray[np.int64]
    hinted: NDArray[np.float64]


def build(zones: Polygons) -> Border:
    """Prepare the rings of zones that do not overlap as a border.

    Parameters
    ----------
    zones
        Polygons; edges that two of them share are no border and must have been dissolved.
    """
    segments = np.hstack([zones.xy[:-1], zones.xy[1:]])
    if len(segments):
        segments = np.delete(segments, zones.rings[1:-1] - 1, axis=0)
    segments = _sorted_along(zones, segments)
    leaves = 1
    while leaves * LEAF < len(segments):
        leaves *= 2
    boxes = np.full((2 * leaves, 4), np.inf)
    boxes[:, 2:] = -np.inf
    at = np.arange(0, len(segments), LEAF)
    if len(segments):
        lows, highs = np.minimum(segments[:, :2], segments[:, 2:]), np.maximum(segments[:, :2], segments[:, 2:])
        boxes[leaves : leaves + len(at), :2] = np.minimum.reduceat(lows, at)
        boxes[leaves : leaves + len(at), 2:] = np.maximum.reduceat(highs, at)
    level = leaves
    while level > 1:
        below = boxes[level : 2 * level]
        level //= 2
        boxes[level : 2 * level, :2] = np.minimum(below[::2, :2], below[1::2, :2])
        boxes[level : 2 * level, 2:] = np.maximum(below[::2, 2:], below[1::2, 2:])
    return _with_hints(segments, boxes)


def distances(sites: Polygons, border: Border, grid: Grid, threads: int | None) -> NDArray[np.float64]:
    """Return the distance of each site to the border, negative where it lies inside the zones of the grid."""
    out = np.empty(len(sites))

    def one(rows: slice) -> None:
        part, found = sites[rows], np.empty(rows.stop - rows.start, dtype=np.int64)
        _search((part.xy, part.rings, part.polygons, part.bounds()), border, out[rows], found)
        present = np.flatnonzero(part.polygons[:-1] < part.polygons[1:])
        # the border does not cross it: all of a site lies on the side of any one of its vertices
        vertices = part.xy[part.rings[part.polygons[present]]]
        label, number = labels_at(np.hstack([vertices, vertices]), grid)
        inside = present[(label != NOTHING) & (number > 0)]
        out[rows][inside] *= -1.0

    if not len(border.segments):
        return np.where(sites.polygons[:-1] < sites.polygons[1:], np.inf, np.nan)
    in_threads(one, chunks(len(sites), CHUNK), threads)
    return out + 0.0


def _search(
    shapes: tuple[NDArray[Any], ...], border: Border, out: NDArray[np.float64], found: NDArray[np.int64]
) -> None:
    """Search for coordinates, where rings and entries begin, and bounds."""
    stack, gaps = np.empty(_DEPTH, dtype=np.int64), np.empty(_DEPTH)
    leaves = len(border.boxes) // 2
    tree = border.segments, border.boxes, leaves, border.hints, border.hinted
    nearest(*shapes, *tree, stack, gaps, out, found)


def _sorted_along(zones: Polygons, segments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the segments ring by ring, rings that lie near each other one after the other."""
    sizes = np.diff(zones.rings) - 1
    if len(sizes) <= 1:
        return segments
    corner = zones.xy[zones.rings[:-1]]
    extent = np.ptp(corner, axis=0).max() or 1.0
    cells = ((corner - corner.min(axis=0)) / extent * 65_535.0).astype(np.uint64)
    key = np.zeros(len(cells), dtype=np.uint64)
    for bit in range(16):
        for axis in (0, 1):
            key |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + axis)
    order = np.argsort(np.repeat(key, sizes), kind="stable")
    return np.ascontiguousarray(segments[order])


def _with_hints(segments: NDArray[np.float64], boxes: NDArray[np.float64]) -> Border:
    """Return the border with a near segment for the centre of each cell of a coarse grid."""
    first = Border(segments, boxes, np.zeros(1, dtype=np.int64), np.array([0.0, 0.0, 1.0, 1.0, 1.0]))
    if not len(segments):
        return first
    left, bottom, right, top = boxes[1]
    # sites lie round the border too: the grid reaches as far beyond it as it is wide
    beyond = max(right - left, top - bottom)
    left, bottom, right, top = left - beyond, bottom - beyond, right + beyond, top + beyond
    width = power_below(
        max(np.sqrt(max((right - left) * (top - bottom), 0.0) / _HINTS), max(right - left, top - bottom) / _HINTS)
    )
    columns, lines = int((right - left) / width) + 1, int((top - bottom) / width) + 1
    x, y = np.meshgrid(left + (np.arange(columns) + 0.5) * width, bottom + (np.arange(lines) + 0.5) * width)
    points = np.column_stack([x.ravel(), y.ravel()])
    numbers = np.arange(len(points) + 1)
    hints = np.empty(len(points), dtype=np.int64)
    _search((points, numbers, numbers, np.hstack([points, points])), first, np.empty(len(points)), hints)
    return Border(segments, boxes, hints, np.array([left, bottom, width, columns, lines]))
